"""What is built out of the tree: a wheel with all of the package and nothing else, and a program that runs from it."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterator
from email import message_from_bytes
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from o365_exporter import __version__
from tests.e2e.programs import Running, environment, eventually
from tests.e2e.test_demo import printed
from tests.fakes import PATIENCE

NAME = f"o365_exporter-{__version__}"


def build(folder: Path, target: Path, *kinds: str) -> None:
    """Build with the locked backend, as pip does with ``--no-build-isolation``."""
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(target), *(f"--target={kind}" for kind in kinds)]
    subprocess.run(command, cwd=folder, env=environment({"PYTHONPATH": ""}), capture_output=True, check=True)


@pytest.fixture(scope="module")
def built(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the wheel and the sdist of this tree."""
    folder = tmp_path_factory.mktemp("dist")
    build(root, folder, "wheel", "sdist")
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    """The wheel."""
    return built / f"{NAME}-py3-none-any.whl"


def contents(archive: Path) -> dict[str, bytes]:
    """Every file of a wheel; RECORD, which hashes the others, need not be looked at."""
    with zipfile.ZipFile(archive) as opened:
        return {name: opened.read(name) for name in opened.namelist() if not name.endswith("/RECORD")}


def test_the_wheel_holds_the_package_and_nothing_else(root: Path, wheel: Path) -> None:
    """Modules, data and the mark that it is typed, byte by byte as in the tree, beside what describes it."""
    files = (
        path for path in (root / "o365_exporter").rglob("*") if path.is_file() and path.parent.name != "__pycache__"
    )
    wanted = {path.relative_to(root).as_posix(): path.read_bytes() for path in files}
    found = contents(wheel)
    described = {name for name in found if name.startswith(f"{NAME}.dist-info/")}
    assert {name: found[name] for name in found.keys() - described} == wanted
    assert "o365_exporter/py.typed" in wanted
    assert {name.partition("/")[2] for name in described} == {
        "METADATA",
        "WHEEL",
        "entry_points.txt",
        "licenses/LICENSE",
    }


def test_the_same_tree_makes_the_same_bytes(root: Path, built: Path, tmp_path: Path) -> None:
    """Wheel and sdist of a copy elsewhere, of another day and with other rights, are the same to the byte."""
    copy = tmp_path / "another place"
    listed = subprocess.run(["git", "ls-files"], cwd=root, capture_output=True, text=True, check=True)
    for name in reversed(listed.stdout.splitlines()):
        if (root / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            (copy / name).write_bytes((root / name).read_bytes())
            (copy / name).chmod(0o600)
            os.utime(copy / name, (1e9, 1e9))
    build(copy, tmp_path / "dist", "wheel", "sdist")
    first, second = (
        {path.name: sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
        for folder in (built, tmp_path / "dist")
    )
    assert first == second
    assert len(first) == 2


def test_the_wheel_says_what_it_is(wheel: Path) -> None:
    """Version, licence, the Pythons it runs on, and README as the description."""
    metadata = message_from_bytes(contents(wheel)[f"{NAME}.dist-info/METADATA"])
    told = {key: metadata[key] for key in ("Name", "Version", "License-Expression", "Requires-Python")}
    assert told == {
        "Name": "o365-exporter",
        "Version": __version__,
        "License-Expression": "Apache-2.0",
        "Requires-Python": ">=3.11",
    }
    assert metadata.get_payload(decode=True).decode().lstrip().startswith("# o365_exporter\n")  # type: ignore[union-attr]


def test_the_sdist_builds_the_same_wheel(built: Path, wheel: Path, tmp_path: Path) -> None:
    """Nothing that the wheel needs is missing in the sdist."""
    subprocess.run(["tar", "xzf", str(built / f"{NAME}.tar.gz")], cwd=tmp_path, check=True)
    build(tmp_path / NAME, tmp_path, "wheel")
    assert contents(tmp_path / wheel.name) == contents(wheel)


@pytest.fixture
def installed(wheel: Path, tmp_path: Path) -> Path:
    """The folder of programs of an environment that has the wheel, and what it depends on from the one of the tests."""
    folder = tmp_path / "an environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    pip = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        str(folder / "bin" / "python"),
        "install",
        "--no-index",
        "--no-deps",
    ]
    subprocess.run([*pip, "--quiet", str(wheel)], env=environment({}), check=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"), "utf-8")
    return folder / "bin"


@pytest.fixture
def demo(installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    """The installed command while it runs the demo, far from the tree."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tests.e2e.programs.PROGRAM", (str(installed / "o365-exporter"),))
    program = Running(tmp_path, "demo", "--listen", "127.0.0.1:0", PYTHONPATH="")
    yield program
    program.process.kill()
    program.process.wait(PATIENCE)


def test_the_installed_command_runs_the_demo(installed: Path, demo: Running) -> None:
    """Data come from the wheel as well: scenarios, runbooks, and what they look like."""
    url = printed(demo, r"(?m)^  overview   (http://127\.0\.0\.1:\d+)/$")
    eventually(lambda: httpx.get(f"{url}/-/ready").is_success)
    assert 'o365_exporter_tenant_up{tenant="contoso"} 1.0' in httpx.get(f"{url}/metrics").text
    assert httpx.get(f"{url}/runbooks/").is_success
    where = "import o365_exporter; print(o365_exporter.__file__)"
    done = subprocess.run([installed / "python", "-I", "-c", where], capture_output=True, text=True, check=True)
    assert str(installed.parent) in done.stdout
    assert demo.stop() == 0
