"""What is in the image, and what it says of itself."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sysconfig
import tomllib
from pathlib import Path
from typing import Any

import pytest

from o365_exporter import __version__
from tests.container.engine import finished, inspected

pytestmark = pytest.mark.long("container", 80)

LABEL = "org.opencontainers.image"
PYTHON = ("--entrypoint", "python")

INSTALLED = """
import json
from importlib.metadata import distributions
print(json.dumps(sorted(found.metadata["Name"].lower().replace("_", "-") for found in distributions())))
"""

NOT_COMPILED = """
from importlib.util import cache_from_source
from pathlib import Path
for folder in ("/app", "/opt/venv/lib"):
    for source in Path(folder).rglob("*.py"):
        if not Path(cache_from_source(str(source))).exists():
            print(source)
"""

APP = """
from pathlib import Path
for path in Path("/app").rglob("*"):
    if path.is_file():
        print(path.relative_to("/app"))
"""


@pytest.fixture(scope="module")
def config(image: str) -> dict[str, Any]:
    """What a container of the image is started with."""
    return dict(inspected(image)["Config"])


@pytest.fixture(scope="module")
def dockerfile(root: Path) -> str:
    """The recipe of the image."""
    return (root / "Dockerfile").read_text("utf-8")


def test_hadolint_has_nothing_to_say(root: Path) -> None:
    """Neither an error nor a matter of style."""
    command = [f"{sysconfig.get_path('scripts')}/hadolint", str(root / "Dockerfile")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(("engine", "options"), [("docker", []), ("podman", ["--format", "docker"])])
def test_make_image(root: Path, tmp_path: Path, engine: str, options: list[str]) -> None:
    """Without a stand-in the engine that is installed builds on the Dockerfile's own base."""
    (tmp_path / engine).write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n', "utf-8")
    (tmp_path / engine).chmod(0o755)
    done = tool(root, tmp_path)
    build, *arguments = done.stdout.splitlines()
    revision = arguments[len(options) + 3]
    version = ["--build-arg", f"VERSION={__version__}", "--build-arg", revision]
    assert (build, arguments) == ("build", [*options, *version, "--tag", "o365-exporter", "."])
    assert revision.startswith("REVISION=")


def test_make_image_without_an_engine(root: Path, tmp_path: Path) -> None:
    """One sentence with the remedy."""
    done = tool(root, tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "tools/container: there is no docker, podman or buildah: install one of them\n"


def tool(root: Path, programs: Path) -> subprocess.CompletedProcess[str]:
    """Run the tool where there are few programs besides those in this folder."""
    for name in ("bash", "dirname", "git", "sed"):
        (programs / name).symlink_to(str(shutil.which(name)))
    command = ["bash", str(root / "tools" / "container")]
    return subprocess.run(command, env={"PATH": str(programs)}, capture_output=True, text=True, check=False)


def test_how_it_starts_and_stops(config: dict[str, Any]) -> None:
    """As a user that is a number and not 0, with `run` unless told otherwise, on the port of the documentation."""
    assert config["User"] == "65532:65532"
    assert config["Entrypoint"] == ["python", "-m", "o365_exporter"]
    assert config["Cmd"] == ["run"]
    assert config["ExposedPorts"] == {"10365/tcp": {}}
    assert config["StopSignal"] == "SIGTERM"


def test_labels(config: dict[str, Any], root: Path) -> None:
    """They repeat what pyproject.toml says, with the version and the commit."""
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    labels = {name: value for name, value in config["Labels"].items() if name.startswith(LABEL)}
    revision = labels.pop(f"{LABEL}.revision")
    assert re.fullmatch(r"[0-9a-f]{40}(-dirty)?", revision)
    assert labels == {
        f"{LABEL}.title": project["name"],
        f"{LABEL}.description": project["description"],
        f"{LABEL}.licenses": project["license"],
        f"{LABEL}.version": __version__,
    }


def test_the_stand_in_has_the_python_of_the_real_base(image: str, dockerfile: str) -> None:
    """What is tested here is what the Dockerfile's own base would run."""
    (wanted,) = re.findall(r"^ARG PYTHON_IMAGE=docker\.io/library/python:(\d+\.\d+)-slim$", dockerfile, re.MULTILINE)
    done = finished(image, "--version", options=PYTHON)
    assert done.stdout.startswith(f"Python {wanted}.")


def test_exactly_the_locked_packages_are_installed(image: str, root: Path) -> None:
    """All of requirements.txt, and neither pip nor anything else."""
    locked = re.findall(
        r"^([a-z0-9-]+)(?:\[[a-z,]+\])?==", (root / "requirements.txt").read_text("utf-8"), re.MULTILINE
    )
    done = finished(image, "-c", INSTALLED, options=PYTHON)
    assert json.loads(done.stdout) == sorted(locked)


def test_everything_is_compiled(image: str) -> None:
    """Nothing can be written at run time, so a module without its bytecode would be compiled at each start."""
    done = finished(image, "-c", NOT_COMPILED, options=PYTHON)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_nothing_else_of_the_clone_is_in_it(image: str) -> None:
    """The package, its bytecode for this Python, its scenarios and pages, and the licence."""
    files = finished(image, "-c", APP, options=PYTHON).stdout.splitlines()
    code = r"o365_exporter/(\w+/)*(\w+\.py|__pycache__/\w+\.cpython-313\.pyc|py\.typed)"
    pages = r"(runbooks|docs)/[a-z-]+\.html|pages/templates/[a-z]+\.(html|css|js)"
    data = rf"o365_exporter/(simulator/(scenarios/[a-z-]+|moods)\.toml|web/({pages}))"
    expected = re.compile(rf"LICENSE|{code}|{data}")
    assert "o365_exporter/__main__.py" in files
    assert "o365_exporter/simulator/scenarios/exchange-outage.toml" in files
    assert [name for name in files if not expected.fullmatch(name)] == []
