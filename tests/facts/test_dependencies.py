"""docs/dependencies.md and the bill of materials tell of every package that is installed to run the exporter."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools import make_dependencies, sbom
from tools.dependencies import asked_for, doors, importers, locked


def lock_lines(root: Path) -> dict[str, str]:
    """Name and version of each line of the lock, read more simply than the tools do."""
    text = (root / "requirements.txt").read_text("utf-8")
    found = re.findall(r"^([a-z0-9-]+)(?:\[.*?\])?==([^ ]+)", text, re.MULTILINE)
    return dict(found)


def test_each_package_of_the_lock_has_its_row(root: Path) -> None:
    """With the version that is locked and a licence; and nothing else has one."""
    rows = re.findall(r"^\| `([a-z0-9-]+)` \| ([^ |]+) \| ([^|]+) \|", make_dependencies.document(), re.MULTILINE)
    assert {name: version for name, version, _ in rows} == lock_lines(root)
    assert all(licence.strip() for _, _, licence in rows)


def test_a_dependency_without_a_reason_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever adds one is told where to say why; so is whoever drops one."""
    wanted = (*asked_for(), Requirement("left-pad>=1"))
    monkeypatch.setattr(make_dependencies, "asked_for", lambda: wanted)
    with pytest.raises(ValueError, match=r"has no reason for \['left-pad'\], and one too many for \[\]"):
        make_dependencies.document()


@pytest.mark.parametrize("name", sorted(make_dependencies.REASONS.keys() - {"anyio", "pydantic"}))
def test_each_has_one_door(name: str) -> None:
    """A contract of import-linter says who may import it; anyio and pydantic are everywhere."""
    module = make_dependencies.MODULES.get(name, name.replace("-", "_"))
    assert doors()[module]
    assert importers(module)


def test_the_bill_of_materials(root: Path) -> None:
    """It is CycloneDX 1.6, the same each time, and has every package with version, hashes and licence."""
    text = sbom.document()
    assert sbom.faults(text) == ""
    assert text == sbom.document()
    bill = json.loads(text)
    assert {each["name"]: each["version"] for each in bill["components"]} == lock_lines(root)
    assert all(each["licenses"] and each["hashes"] and each["purl"] for each in bill["components"])
    assert "timestamp" not in bill["metadata"]


def test_the_bill_says_who_asks_for_whom(root: Path) -> None:
    """The exporter asks for what pyproject does, and everything is asked for by somebody."""
    edges = {each["ref"]: each.get("dependsOn", []) for each in json.loads(sbom.document())["dependencies"]}
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = {canonicalize_name(Requirement(line).name) for line in project["dependencies"]}
    assert {ref.partition("==")[0] for ref in edges["o365-exporter"]} == wanted
    reached, waiting = set[str](), ["o365-exporter"]
    while waiting:
        new = set(edges[waiting.pop()]) - reached
        reached |= new
        waiting.extend(new)
    assert {ref.partition("==")[0] for ref in reached} == {each.name for each in locked()}


def test_what_is_no_bill_is_told() -> None:
    """The schema is really looked at."""
    assert "bomFormat" in sbom.faults('{"specVersion": "1.6"}')
