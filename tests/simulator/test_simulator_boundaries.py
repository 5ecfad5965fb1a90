"""The simulator is a tool of its own."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import o365_exporter.simulator

PACKAGE = Path(o365_exporter.simulator.__file__).parent
ALLOWED = {"o365_exporter.clock", "o365_exporter.logs", "o365_exporter.simulator"}
LIBRARIES = {"starlette", "uvicorn", "anyio", "structlog", "pydantic", "cryptography", "o365_exporter"}


def imported(path: Path) -> set[str]:
    """Modules that a file names in import statements."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return names | {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}


def test_it_imports_nothing_of_the_exporter_but_clock_and_logs() -> None:
    """It cannot share the exporter's mistakes, for it does not know the exporter."""
    for path in PACKAGE.rglob("*.py"):
        for name in imported(path):
            if name.startswith("o365_exporter"):
                assert any(name == one or name.startswith(f"{one}.") for one in ALLOWED), (path, name)
            root = name.partition(".")[0]
            assert root in LIBRARIES or root in sys.stdlib_module_names, (path, name)


def test_loading_it_loads_no_client_library() -> None:
    """In a fresh interpreter the package comes without httpx, msal and the exporter's other rooms."""
    script = "import sys, o365_exporter.simulator; print('\\n'.join(sys.modules))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = set(run.stdout.split())
    assert not loaded & {"httpx", "msal", "jwt", "prometheus_client", "o365_exporter.http", "o365_exporter.errors"}
