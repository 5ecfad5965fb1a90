"""Prove that what README says installs: by old pip, on each Python at hand, and whatever is released after today.

For each case a copy of the tree, in a folder whose name has blanks, is installed by its own Makefile from an index that
offers something newer than everything (``tools.later_index``), under variables that lead elsewhere. Then it must hold
what the lock says, no more and no less, and ``make demo`` must serve. By another Python than ours the package's own
tests must pass, too. It needs the machine's index once, to fetch.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

from packaging.requirements import Requirement

from tools import interpreters
from tools.later_index import LaterIndex, normalized

ROOT = Path(__file__).resolve().parent.parent
OLD_PIPS = {"3.11": ("22.3", "23.0", "23.2.1")}
"""What came with 3.11.0, with Debian 12, and with 3.11.7; other Pythons have one that is young enough."""

QUICK = (
    "tests/test_*.py tests/app tests/collectors tests/exposition tests/graph tests/http tests/login tests/scheduler "
    "tests/settings tests/web"
)
"""Tests of the package alone that need neither programs nor much time, for the Pythons that nobody here works with."""

LOCKS = {"runtime": "requirements.txt", "dev": "requirements-dev.txt"}
OURS = f"{sys.version_info[0]}.{sys.version_info[1]}"
"""The Python by which all tests run."""

BESIDES = {"pip", "setuptools", "o365-exporter"}
"""What an environment may hold that no lock names: its tools, and the package itself."""

NOT_COPIED = shutil.ignore_patterns(".git", ".venv*", "__pycache__", "node_modules", "dist", ".*_cache", ".hypothesis")
INSTALLED = """
import json, platform
from importlib.metadata import distributions
print(json.dumps([platform.python_version(), {found.metadata["Name"]: found.version for found in distributions()}]))
"""


class UnprovenError(Exception):
    """What should have worked and did not, with what was said."""


@dataclass(frozen=True)
class Case:
    """A Python, and the pip that shall install; its own where that is empty."""

    version: str
    python: Path
    pip: str = ""

    def __str__(self) -> str:
        return f"Python {self.version} with {f'pip {self.pip}' if self.pip else 'its own pip'}"


def cases() -> list[Case]:
    """Everything to try on this machine.

    Raises:
        UnprovenError: the oldest Python that we promise is missing.
    """
    found = interpreters.at_hand()
    if missing := OLD_PIPS.keys() - found.keys():
        raise UnprovenError(f"Python {', '.join(missing)} is not at hand, which is the oldest that README promises.")
    return [Case(version, python, pip) for version, python in found.items() for pip in OLD_PIPS.get(version, ("",))]


def main() -> int:
    """Try all cases, two at a time, and say what came of them."""
    with tempfile.TemporaryDirectory(prefix="installs ") as name:
        work = Path(name)
        wheels = fetch(work)
        with LaterIndex(wheels).serve() as url, ThreadPoolExecutor(2) as pool:
            told = list(pool.map(lambda each: outcome(each, work, url), cases()))
    return 1 if any(told) else 0


def outcome(case: Case, work: Path, url: str) -> str:
    """What went wrong, or nothing; printed as well."""
    try:
        prove(case, work, url)
    except UnprovenError as error:
        print(f"{case}: {error}", file=sys.stderr)
        return str(error)
    print(f"{case}: proved", flush=True)
    return ""


def fetch(work: Path) -> Path:
    """The folder with every wheel that any case will want, from the index that this machine is set up for."""
    wheels = work / "wheels"
    for version, python in interpreters.at_hand().items():
        pip = work / f"fetch-{version}"
        run([python, "-m", "venv", pip])
        options = ["download", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:"]
        command: list[str | Path] = [pip / "bin/python", "-m", "pip", *options, "--dest", wheels]
        run([*command, "--require-hashes", "--requirement", ROOT / LOCKS["dev"]])
        run([*command, "--requirement", ROOT / LOCKS["runtime"]])
        for old in OLD_PIPS.get(version, ()):
            run([*command, f"pip=={old}"])
    return wheels


def prove(case: Case, work: Path, url: str) -> None:
    """Install and serve as README says.

    Raises:
        UnprovenError: it did not go as promised.
    """
    clone = work / f"a clone for {case}"
    shutil.copytree(ROOT, clone, ignore=NOT_COPIED)
    environment = hostile(work, url)
    make = ["make", "--no-print-directory", f"PYTHON={case.python}"]
    run([*make, ".venv/made"], clone, environment)
    if case.pip:
        (wheel,) = (work / "wheels").glob(f"pip-{case.pip}-*")
        run([clone / ".venv/bin/python", "-I", "-m", "pip", "install", "--no-index", wheel], clone, friendly(url))
    for target, lock in LOCKS.items():
        run([*make, f".venv/{target}-installed"], clone, environment)
        compare(clone, lock, url)
        serve([*make, "demo", "DEMO=--listen 127.0.0.1:0"], clone, environment)
    if case.version != OURS:
        run([*make, "test", f"TESTS={QUICK} --hypothesis-profile=same"], clone, environment)


def friendly(url: str) -> dict[str, str]:
    """A bare environment with this index."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return {**kept, "PIP_INDEX_URL": url, "PIP_CONFIG_FILE": os.devnull}


def hostile(work: Path, url: str) -> dict[str, str]:
    """The same, and everything that may be set on somebody's machine and must not lead the installation astray."""
    poison = work / "poison"
    poison.mkdir(exist_ok=True)
    for module in ("httpx", "yaml", "pytest", "pip"):
        (poison / f"{module}.py").write_text('raise SystemExit("taken from PYTHONPATH")\n', "utf-8")
    elsewhere = {name: str(work / "elsewhere") for name in ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_SRC")}
    switches = dict.fromkeys(("PIP_USER", "PIP_REQUIRE_HASHES", "PIP_DRY_RUN", "PIP_PRE", "PIP_UPGRADE"), "1")
    return {
        **friendly(url),
        **elsewhere,
        **switches,
        "PIP_CONSTRAINT": "/nowhere/constraints.txt",
        "PIP_NO_BINARY": ":all:",
        "VIRTUAL_ENV": "/nowhere",
        "PYTHONPATH": str(poison),
        "PYTHONHOME": "/nowhere",
        "PYTHONWARNINGS": "error",
        "LC_ALL": "C",
        "TZ": "Pacific/Kiritimati",
    }


def compare(clone: Path, lock: str, url: str) -> None:
    """See that the environment holds what the lock says for this Python, in one piece.

    Raises:
        UnprovenError: something is missing, is there besides, or has another version.
    """
    python = clone / ".venv/bin/python"
    version, found = json.loads(run([python, "-I", "-c", INSTALLED]))
    installed = {normalized(name): each for name, each in found.items() if normalized(name) not in BESIDES}
    wanted = dict(pins(clone / lock, {"python_full_version": version, "python_version": version.rpartition(".")[0]}))
    if differing := wanted.items() ^ installed.items():
        raise UnprovenError(f"{lock} and what was installed differ: {sorted(differing)}")
    run([python, "-I", "-m", "pip", "check"], clone, friendly(url))


def pins(lock: Path, environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Names and versions that a lock asks for in such an environment."""
    for line in re.findall(r"^([a-z0-9].*?) \\$", lock.read_text("utf-8"), re.MULTILINE):
        each = Requirement(line)
        if each.marker is None or each.marker.evaluate(dict(environment)):
            yield normalized(each.name), str(each.specifier).removeprefix("==")


def serve(command: list[str], clone: Path, environment: Mapping[str, str]) -> None:
    """Start the demo, read its metrics once, and end it.

    Raises:
        UnprovenError: it ended, or served nothing.
    """
    bounded = ["timeout", "--signal=KILL", "120", *command]
    with subprocess.Popen(  # noqa: S603 - ours
        bounded, cwd=clone, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            if address := re.search(r"http://127\.0\.0\.1:\d+/metrics", line):
                with urlopen(address[0]) as page:  # noqa: S310 - http, see above
                    served = b"o365_exporter_build_info{" in page.read()
                process.terminate()
                break
        else:
            raise UnprovenError(f"make demo ended: {''.join(said)}")
        process.stdout.read()
    if not served:
        raise UnprovenError("the demo serves no metrics")


def run(command: list[str | Path], folder: Path = ROOT, environment: Mapping[str, str] | None = None) -> str:
    """Standard output of a program.

    Raises:
        UnprovenError: it failed.
    """
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    if done.returncode:
        raise UnprovenError(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
