"""The bill of materials (CycloneDX 1.6, JSON) of what is installed to run the exporter: ``make sbom``.

python -m tools.sbom         writes it to standard output, once its schema has been checked
python -m tools.sbom FILE    writes it into a file

Out of requirements.txt (names, versions, hashes) and what the packages say of themselves (licences, who asks for whom).
No time and no number by chance is in it: one tree makes one file.
"""

from __future__ import annotations

import argparse
import sys
import uuid
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL
from packaging.utils import canonicalize_name

from o365_exporter import __version__
from tools.dependencies import Package, asked_for, locked

_LICENCES = LicenseFactory()


def main() -> int:
    """Write the bill, or say why it is none."""
    parser = argparse.ArgumentParser(description="Write the bill of materials of what runs (CycloneDX, JSON).")
    parser.add_argument("file", nargs="?", type=Path, help="where to write it; standard output unless given")
    file: Path | None = parser.parse_args().file
    text = document()
    if wrong := faults(text):
        print(f"This is no CycloneDX 1.6: {wrong}", file=sys.stderr)
        return 1
    if file is None:
        sys.stdout.write(text)
    else:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
        print(f"wrote {file}: {len(locked())} packages")
    return 0


def document() -> str:
    """The bill as JSON."""
    exporter = Component(
        name="o365-exporter",
        version=__version__,
        type=ComponentType.APPLICATION,
        bom_ref="o365-exporter",
        licenses=[_LICENCES.make_from_string("Apache-2.0")],
        purl=PackageURL("pypi", None, "o365-exporter", __version__),
    )
    packages = {each.name: _component(each) for each in locked()}
    bom = Bom(components=packages.values(), serial_number=_serial_number())
    bom.metadata.component = exporter
    bom.metadata.timestamp = None  # type: ignore[assignment] # it may be left out, whatever its type says
    bom.register_dependency(exporter, [packages[canonicalize_name(each.name)] for each in asked_for()])
    for each in locked():
        bom.register_dependency(packages[each.name], [packages[name] for name in each.wants])
    return JsonV1Dot6(bom).output_as_string(indent=2) + "\n"


def faults(text: str) -> str:
    """What the schema of CycloneDX 1.6 finds wrong with a bill; empty where nothing is."""
    found = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    return "" if found is None else str(found)


def _component(package: Package) -> Component:
    return Component(
        name=package.name,
        version=package.version,
        type=ComponentType.LIBRARY,
        bom_ref=f"{package.name}=={package.version}",
        scope=ComponentScope.REQUIRED,
        licenses=[_LICENCES.make_from_string(package.licence)],
        purl=PackageURL("pypi", None, package.name, package.version),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=each) for each in package.hashes],
        properties=[Property(name="o365-exporter:marker", value=package.marker)] if package.marker else (),
    )


def _serial_number() -> uuid.UUID:
    """The same for the same packages."""
    return uuid.uuid5(
        uuid.NAMESPACE_URL, " ".join((__version__, *(f"{each.name}=={each.version}" for each in locked())))
    )


if __name__ == "__main__":
    sys.exit(main())
