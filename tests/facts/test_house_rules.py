"""Rules of the house that no linter knows, read from the sources themselves."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from o365_exporter.catalogue import all_collectors, all_metrics
from tests.order import long_ones_first

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGE = "o365_exporter"
CLOCKS = {
    "time.time",
    "time.monotonic",
    "time.sleep",
    "time.perf_counter",
    "asyncio.sleep",
    "anyio.sleep",
    "anyio.fail_after",
    "anyio.move_on_after",
    "anyio.current_time",
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
}
"""Calls that read or spend real time."""

REAL_TIME = {"web/server.py": "real sockets are given a moment to end, whatever the clock of the polls is"}
"""Modules that may, with the reason."""

INDEX_HOSTS = re.compile(
    rb"(pypi|pythonhosted|piwheels|anaconda|jfrog|artifactory|nexus)\.[a-z.]+/|(index-url|find-links)[ =]+[\"']?https?:"
)


def sources(folder: Path) -> Iterator[tuple[str, ast.Module]]:
    """Every Python file below a folder: its path from there, and its tree."""
    for path in sorted(folder.rglob("*.py")):
        yield path.relative_to(folder).as_posix(), ast.parse(path.read_text("utf-8"))


def called(tree: ast.AST) -> Iterator[str]:
    """The last two parts of the name of everything that is called."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield ".".join(ast.unparse(node.func).split(".")[-2:])


@pytest.mark.parametrize("name", all_metrics())
def test_help_says_what_is_measured(name: str) -> None:
    """HELP is a sentence, and names the unit or what is counted."""
    metric = all_metrics()[name]
    assert metric.help.endswith(".")
    assert metric.help[0].isupper()
    text = metric.help.lower()
    if name.endswith("_timestamp_seconds"):
        assert re.search(
            r"in seconds since (1970|unix epoch)|start time of the process since unix epoch in seconds", text
        )
    elif name.endswith(("_seconds", "_seconds_total")):
        assert "seconds" in text
    elif name.endswith("_bytes"):
        assert "bytes" in text
    else:
        words = ("number of", "whether", "always 1", "1 for the present", "1 open, 0 resolved")
        assert any(word in text for word in words), f"{metric.help!r} says none of {words}: name what is counted"


def test_only_the_clock_knows_real_time(root: Path) -> None:
    """Nothing but ``clock.py`` reads the time, sleeps or sets deadlines, so that tests can move it."""
    found = {
        path: names
        for path, tree in sources(root / PACKAGE)
        if (names := CLOCKS.intersection(called(tree))) and path != "clock.py"
    }
    assert set(found) <= set(REAL_TIME), found


def test_no_test_is_timed(root: Path) -> None:
    """No test reads a clock: how fast something is belongs to benchmarks, and a slow machine is no fault."""
    timed = [
        f"{path}: {node.name}"
        for path, tree in sources(root / "tests")
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and {"time.time", "time.monotonic", "time.perf_counter", "time.process_time"} & set(called(node))
    ]
    assert timed == []


def test_every_test_says_what_holds(root: Path) -> None:
    """Each test has a docstring of one sentence or two."""
    silent = [
        f"{path}: {node.name}"
        for path, tree in sources(root / "tests")
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and not (ast.get_docstring(node) or "").strip().endswith((".", "?"))
    ]
    assert silent == []


def test_names_of_test_files_differ(root: Path) -> None:
    """Test folders are no packages, so two files of one name would be taken for each other."""
    names = [path.name for path in (root / "tests").rglob("test_*.py")]
    assert sorted(set(names)) == sorted(names)


ORDER = ("metrics", "options", "record", "parse", "source", "collector")
ORDERS_OF_ROWS = (("metrics", "rows", "options", "collector"), ("metrics", "options", "rows", "collector"))


ROW = re.compile(r"\b(Resource|Report)\(")
"""Of JSON, and of a usage report."""


@pytest.mark.parametrize("name", all_collectors())
def test_collectors_follow_one_order(root: Path, name: str) -> None:
    """Docstring, then of metrics, options, records, parsing, sources or the rows of reports what it has of its own."""
    folder = root / PACKAGE / "collectors"
    module = folder / f"{name}.py"
    tree = ast.parse((module if module.is_file() else folder / name / "__init__.py").read_text("utf-8"))
    docstring = ast.get_docstring(tree) or ""
    assert docstring.splitlines()[0].endswith("?")
    assert all(
        word in docstring for word in ("Permission", "Freshness") if word != "Permission" or "Read.All" not in docstring
    )
    assert all_collectors()[name].summary == docstring.splitlines()[0]
    assert all_collectors()[name].name == name
    if not module.is_file():  # what does not fit into one file has its order by the names of its files
        return
    places: dict[str, int] = {}
    for line, node in enumerate(tree.body):
        for kind in _kinds(node):
            places.setdefault(kind, line)
    found = [kind for kind, _ in sorted(places.items(), key=lambda item: item[1])]
    orders = ORDERS_OF_ROWS if "rows" in places else (ORDER,)
    assert found in [[kind for kind in order if kind in found] for order in orders]
    assert {"rows", "source"} & places.keys() or ROW.search(ast.unparse(tree.body[-1]))
    assert places["collector"] == len(tree.body) - 1


def _kinds(node: ast.stmt) -> Iterator[str]:
    text = ast.unparse(node)
    if isinstance(node, ast.Assign) and "= Metric(" in text:
        yield "metrics"
    elif isinstance(node, ast.Assign) and not text.startswith("COLLECTOR =") and ROW.search(text):
        yield "rows"
    elif isinstance(node, ast.ClassDef) and text.startswith("class Options("):
        yield "options"
    elif isinstance(node, ast.ClassDef) and "@dataclass" in text:
        yield "record"
    elif isinstance(node, ast.FunctionDef) and node.name.startswith("parse_"):
        yield "parse"
    elif isinstance(node, ast.ClassDef) and re.match(r"class \w+\(\w*Source\[", text):
        yield "source"
    elif isinstance(node, ast.Assign) and text.startswith("COLLECTOR ="):
        yield "collector"


def test_the_layers_hold(root: Path) -> None:
    """Rooms import only downward, and each foreign library has one home: import-linter's contracts are kept."""
    done = subprocess.run(
        [Path(sysconfig.get_path("scripts")) / "lint-imports", "--no-cache"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_file_names_a_package_index(root: Path) -> None:
    """Which index packages come from is nobody's business but the machine's that installs them."""
    this = Path(__file__).resolve()
    named = [str(file) for file in ours(root) if file != this and INDEX_HOSTS.search(file.read_bytes())]
    assert named == []


def ours(root: Path) -> Iterator[Path]:
    """Every file of the repository, also of somebody else's clone; without git, all but what is made."""
    if shutil.which("git") and (root / ".git").exists():
        command = ["git", "-c", "safe.directory=*", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
        listed = subprocess.run(command, cwd=root, capture_output=True, check=True).stdout.decode().split("\0")
        yield from (root / name for name in listed if (root / name).is_file())
        return
    made = {"node_modules", "__pycache__", "dist"}
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in made and (name[0] != "." or name == ".ci")]
        yield from (Path(folder, name) for name in names)


@pytest.mark.parametrize("git", [True, False])
def test_the_files_of_the_repository_are_found(root: Path, monkeypatch: pytest.MonkeyPatch, git: bool) -> None:
    """With git and out of an archive; nothing that is installed is among them."""
    if not git:
        monkeypatch.setenv("PATH", "")
    found = {path.relative_to(root).as_posix() for path in ours(root)}
    assert {"README.md", ".ci/run", "o365_exporter/cli/__init__.py", "tools/pictures/package-lock.json"} <= found
    assert not [name for name in found if name.startswith((".venv/", ".git/")) or "node_modules/" in name]


NOTHING_ON_IMPORT = """
import importlib, pkgutil, sys, threading
import {package}
forbidden = ("socket.connect", "socket.bind", "socket.getaddrinfo", "subprocess.Popen", "os.mkdir", "os.remove")
def watch(event, arguments):
    if event == "socket.bind" and arguments[1] == ("::1", 0):
        return  # urllib3, which msal imports, looks whether there is IPv6
    writes = event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")
    if event in forbidden or writes:
        sys.exit(f"on import: {{event}} {{arguments}}")
sys.addaudithook(watch)
for module in pkgutil.walk_packages({package}.__path__, "{package}."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
names = [thread.name for thread in threading.enumerate()]
sys.exit(f"threads: {{names}}" if len(names) > 1 else 0)
"""


def test_nothing_happens_on_import(root: Path, tmp_path: Path) -> None:
    """Importing every module opens no connection, starts no thread or process, writes no file and says nothing."""
    done = subprocess.run(
        [sys.executable, "-B", "-c", NOTHING_ON_IMPORT.format(package=PACKAGE)],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(tmp_path.iterdir()) == []


def test_the_installed_command_is_the_program(root: Path) -> None:
    """``o365-exporter`` and ``python -m o365_exporter`` are one function."""
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    module, _, function = project["scripts"]["o365-exporter"].partition(":")
    assert callable(getattr(import_module(module), function))
    assert f"from {module} import {function}\n" in (root / "o365_exporter" / "__main__.py").read_text("utf-8")


class Item:
    """What orders tests looks at their marks."""

    def __init__(self, name: str, *mark: object) -> None:
        self.name, self._mark = name, mark

    def get_closest_marker(self, name: str) -> pytest.Mark | None:
        return pytest.Mark(name, self._mark, {}, _ispytest=True) if self._mark else None


def test_long_tests_begin_at_once_and_each_worker_has_its_share() -> None:
    """Blocks stay together, the longest first; a worker's share is as long as xdist makes it."""
    short = [Item(str(number)) for number in range(7)]
    slow, slower, slowest = (Item("a", "A", 10), Item("b", "B", 20), Item("c", "C", 30))
    items: Any = [*short[:2], slow, slower, *short[2:5], slowest, *short[5:], Item("a2", "A", 10)]
    ordered = [item.name for item in long_ones_first(items, 2)]
    assert ordered == ["c", "0", "1", "2", "3", "b", "a", "a2", "4", "5", "6"]
    assert [item.name for item in long_ones_first(items, 1)][:4] == ["c", "b", "a", "a2"]
    assert long_ones_first([], 3) == []


SKIPPING = {
    "in_the_test": "def test_it():\n    pytest.skip('Zopfli is missing')",
    "by_a_mark": "@pytest.mark.skipif(True, reason='Zopfli is missing')\ndef test_it(): pass",
    "in_a_fixture": "@pytest.fixture\ndef zopfli(): pytest.skip('Zopfli is missing')\ndef test_it(zopfli): pass",
    "of_the_module": "pytest.skip('Zopfli is missing', allow_module_level=True)",
    "of_an_import": "pytest.importorskip('zopfli_of_nobody', reason='Zopfli is missing')",
    "by_unittest": "import unittest\n@unittest.skip('Zopfli is missing')\nclass TestIt(unittest.TestCase):\n"
    "    def test_it(self): pass",
    "for_want_of_values": "@pytest.mark.parametrize('zopfli', [])\ndef test_it(zopfli): pass",
}


@pytest.mark.parametrize("workers", [(), ("-p", "xdist", "-n", "2")], ids=["alone", "by workers"])
def test_a_skip_is_a_failure_in_ci(root: Path, tmp_path: Path, workers: tuple[str, ...]) -> None:
    """However a test is passed over, alone in its file or not: the run fails, and each is listed with its reason."""
    passing(root, tmp_path)
    for how, text in SKIPPING.items():
        (tmp_path / f"test_{how}.py").write_text(f"import pytest\n{text}\n")
    done = in_ci("true", tmp_path, *workers)
    listed = done.stdout.partition("skipped in CI, which is a failure")[2]
    found = dict(re.findall(r"(?m)^test_(\w+)\.py\S*: .*(Zopfli is missing|empty parameter set)", listed))
    assert (done.returncode, found.keys()) == (1, SKIPPING.keys()), done.stdout


@pytest.mark.parametrize("how", ["in_the_test", "of_the_module"])
def test_a_single_skip_is_a_failure_in_ci_and_nowhere_else(root: Path, tmp_path: Path, how: str) -> None:
    """One is enough, also where pytest itself finds nothing wrong; elsewhere what cannot be tested is passed over."""
    passing(root, tmp_path)
    (tmp_path / "test_skipped.py").write_text(f"import pytest\n{SKIPPING[how]}\n")
    assert in_ci("true", tmp_path).returncode == 1
    elsewhere = in_ci("", tmp_path)
    assert (elsewhere.returncode, "which is a failure" in elsewhere.stdout) == (0, False)


def passing(root: Path, folder: Path) -> None:
    """One test that passes, under our rules."""
    (folder / "conftest.py").write_text((root / "tests" / "conftest.py").read_text("utf-8"))
    (folder / "test_passing.py").write_text("def test_passed(): pass\n")


def in_ci(ci: str, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """A run of the tests of a folder where the variable CI is this."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "CI": ci, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
