"""The requirements files are complete in themselves: whoever installs them has nothing left to decide."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tools.later_index import normalized

LOCKS = {"requirements.txt": (), "requirements-dev.txt": ("dev",)}
CLIENTS = "requirements-clients.txt"
"""Each with the groups of development that it holds."""


def locked(text: str) -> dict[str, tuple[Requirement, list[str]]]:
    """Each requirement by its package, and its hashes."""
    entries = re.findall(r"^([a-z0-9].*?) \\\n((?:    --hash=.*\n)*)", text, re.MULTILINE)
    named = [(Requirement(line), re.findall(r"--hash=(\S+)", hashes)) for line, hashes in entries]
    return {normalized(each.name): (each, hashes) for each, hashes in named}


def asked_for(root: Path, groups: tuple[str, ...]) -> Iterator[Requirement]:
    """What pyproject asks for, and what that asks for in turn, as far as it is installed here."""
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    lines = [
        *project["project"]["dependencies"],
        *(line for each in groups for line in project["dependency-groups"][each]),
    ]
    waiting, seen = [Requirement(line) for line in lines], set[str]()
    while waiting:
        each = waiting.pop()
        if str(each) not in seen:
            seen.add(str(each))
            yield each
            waiting.extend(_asked_by(each))


def _asked_by(asking: Requirement) -> Iterator[Requirement]:
    try:
        lines = requires(asking.name) or []
    except PackageNotFoundError:  # for another platform
        return
    for each in map(Requirement, lines):
        if each.marker is None or any(each.marker.evaluate({"extra": extra}) for extra in ("", *asking.extras)):
            yield each


def lost(text: str, asked: Iterator[Requirement]) -> set[str]:
    """Packages and extras that are asked for and that a lock does not name."""
    have = {name: each.extras for name, (each, _) in locked(text).items()}
    wanted = [(normalized(each.name), each.extras) for each in asked]
    return {
        f"{name}[{','.join(sorted(extras))}]" if extras else name
        for name, extras in wanted
        if name not in have or not extras <= have[name]
    }


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_everything_with_its_extras(root: Path, name: str) -> None:
    """Old pip resolves `coverage[toml]` by itself where the lock says `coverage`, and takes what came out today."""
    assert lost((root / name).read_text("utf-8"), asked_for(root, LOCKS[name])) == set()


def test_a_lost_extra_is_seen(root: Path) -> None:
    """Proof that extras are looked at: the lock of 0.1.0 had none."""
    text = (root / "requirements-dev.txt").read_text("utf-8")
    stripped = re.sub(r"^([a-z0-9-]+)\[[^]]+\]==", r"\1==", text, flags=re.MULTILINE)
    assert "coverage[toml]" in lost(stripped, asked_for(root, ("dev",)))


@pytest.mark.parametrize("name", [*LOCKS, CLIENTS])
def test_a_lock_has_versions_and_hashes_and_no_address(root: Path, name: str) -> None:
    """Each line names one version, by which files it may come, and not from where."""
    text = (root / name).read_text("utf-8")
    for each, hashes in locked(text).values():
        assert [specifier.operator for specifier in each.specifier] == ["=="], each
        assert hashes, each
        assert all(re.fullmatch("sha256:[0-9a-f]{64}", one) for one in hashes), each
    assert re.findall(r"^(?:-|.*(?:://|@ |index-url|find-links)).*", text, re.MULTILINE) == []


def test_both_locks_agree(root: Path) -> None:
    """Tests run with the versions that users get."""
    run, test = (locked((root / name).read_text("utf-8")) for name in LOCKS)
    assert {name: (str(each.specifier), hashes) for name, (each, hashes) in run.items()} == {
        name: (str(each.specifier), hashes) for name, (each, hashes) in test.items() if name in run
    }


def test_whatever_installs_a_lock_takes_it_as_it_is(root: Path) -> None:
    """Make, the image, and what pages show: with hashes, without resolving, without building."""
    texts = {path: path.read_text("utf-8").replace("\\\n", " ") for path in (root / "Makefile", root / "Dockerfile")}
    texts |= {
        path: path.read_text("utf-8").replace("\\\n", " ") for path in [*root.glob("*.md"), *root.glob("docs/**/*.md")]
    }
    variables = dict(re.findall(r"^(\w+) := (.*)$", texts[root / "Makefile"], re.MULTILINE))
    for path, text in texts.items():
        for line in re.findall(r"^.*(?:pip install|pip --python \S+ install|\$\(PIP\)).*\.txt.*$", text, re.MULTILINE):
            command = re.sub(r"\$\((\w+)\)", lambda found: variables.get(found[1], ""), line)
            options = {"--require-hashes", "--no-deps", "--only-binary=:all:"}
            assert options <= set(command.split()), (path, line)
