"""What the lock lists, and what packages say of themselves: for docs/dependencies.md and the bill of materials."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent

_LOCKED = re.compile(r"^(\S+?)(?:\[\S+\])?==(\S+)(?: ; (.+?))? \\\n((?:    --hash=\S+(?: \\)?\n)+)", re.MULTILINE)
_LICENCES = {
    "Apache Software License": "Apache-2.0",
    "Apache-2.0 License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",  # jinja2
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
"""Spellings from before metadata had SPDX expressions."""


@dataclass(frozen=True, slots=True)
class Package:
    """One package of requirements.txt: what is installed to run the exporter.

    Args:
        name: in its normal form.
        version: the one that is locked.
        marker: where it is installed; empty for everywhere.
        hashes: sha256 of each file by which it may come.
    """

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]

    @property
    def licence(self) -> str:
        """Its SPDX expression.

        Raises:
            ValueError: it names none that is known here.
        """
        metadata = _installed(self.name).metadata
        classifiers = [each for each in metadata.get_all("Classifier") or () if each.startswith("License :: OSI")]
        old = metadata["License"] or (classifiers[0].rpartition(" :: ")[2] if classifiers else "")
        found = metadata["License-Expression"] or _LICENCES.get(old, old)
        if not re.fullmatch(r"[A-Za-z0-9.+-]+(?: (?:OR|AND) [A-Za-z0-9.+-]+)*", found):
            raise ValueError(f"{self.name} calls its licence {found!r}: add its SPDX name to tools/dependencies.py")
        return str(found)

    @property
    def wants(self) -> tuple[str, ...]:
        """The packages of the lock that it asks for by itself, extras included where the lock has them."""
        lines = map(Requirement, _installed(self.name).requires or ())
        names = {canonicalize_name(each.name) for each in lines if _may_hold(each, self.name)}
        return tuple(sorted(names & {other.name for other in locked()}))


@cache
def locked() -> tuple[Package, ...]:
    """Every package that is installed to run the exporter."""
    text = (ROOT / "requirements.txt").read_text("utf-8")
    found = (match.groups() for match in _LOCKED.finditer(text))
    return tuple(
        Package(name, version, marker or "", tuple(sorted(re.findall("sha256:([0-9a-f]+)", hashes))))
        for name, version, marker, hashes in found
    )


def asked_for() -> tuple[Requirement, ...]:
    """What pyproject asks for itself."""
    return tuple(map(Requirement, _project()["project"]["dependencies"]))


def doors() -> dict[str, tuple[str, ...]]:
    """By the name of a module of somebody else's: those of ours that may import it, by a contract of import-linter."""
    found: dict[str, tuple[str, ...]] = {}
    for contract in _project()["tool"]["importlinter"]["contracts"]:
        for module in contract.get("forbidden_modules", ()):
            allowed = (line.split(" -> ") for line in contract.get("ignore_imports", ()))
            found[module] = tuple(dict.fromkeys(ours for ours, theirs in allowed if theirs == module))
    return found


def importers(module: str) -> tuple[str, ...]:
    """Our files that import a module of somebody else's."""
    statement = re.compile(rf"^\s*(?:import|from) {re.escape(module)}\b", re.MULTILINE)
    return tuple(path.relative_to(ROOT).as_posix() for path in _ours() if statement.search(path.read_text("utf-8")))


def _ours() -> Iterator[Path]:
    yield from sorted((ROOT / "o365_exporter").rglob("*.py"))


@cache
def _project() -> dict[str, dict[str, dict[str, list[dict[str, list[str]]]]]]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


@cache
def _installed(name: str) -> Distribution:
    return distribution(name)


def _may_hold(each: Requirement, by: str) -> bool:
    """Whether a package asks for it, on some platform, with the extras that the lock has."""
    text = str(each.marker or "")
    if "extra" not in text:
        return True
    locked_extras = re.findall(
        rf"^{re.escape(by)}\[(\S+)\]==", (ROOT / "requirements.txt").read_text("utf-8"), re.MULTILINE
    )
    extras = [extra for group in locked_extras for extra in group.split(",")]
    return each.marker is not None and any(each.marker.evaluate({"extra": extra}) for extra in extras)
