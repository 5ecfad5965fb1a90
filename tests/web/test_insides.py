"""What ``web/`` uses of h11, which pyproject bounds: all of it is documented; a release that moves it fails by name."""

from __future__ import annotations

import ast
import tomllib
from importlib.metadata import version
from pathlib import Path

import h11
import pytest

CONNECTION = {
    *("next_event", "our_state", "receive_data", "send", "send_with_data_passthrough", "start_next_cycle"),
    *("their_state", "they_are_waiting_for_100_continue", "trailing_data"),
}
NAMES = {
    *(
        "Connection",
        "Data",
        "DONE",
        "EndOfMessage",
        "IDLE",
        "InformationalResponse",
        "NEED_DATA",
        "RemoteProtocolError",
    ),
    *("Request", "Response", "SEND_RESPONSE", "SERVER"),
}


def attributes(root: Path) -> list[tuple[str, str]]:
    """Everything in ``web/`` of the form ``a.b``."""
    trees = [ast.parse(path.read_text("utf-8")) for path in sorted((root / "o365_exporter/web").rglob("*.py"))]
    nodes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    return [(ast.unparse(node.value), node.attr) for node in nodes]


def test_nothing_else_is_used(root: Path) -> None:
    """Whoever uses more of it writes it down here, and what is used no more is no longer listed."""
    found = attributes(root)
    assert {name for of, name in found if of == "h11"} == NAMES
    assert {name for of, name in found if of == "self._http"} == CONNECTION


@pytest.mark.parametrize("name", sorted(CONNECTION))
def test_a_connection_has_it(name: str) -> None:
    """As documented: no name begins with an underscore."""
    assert not name.startswith("_")
    assert hasattr(h11.Connection(h11.SERVER), name), f"h11 {version('h11')}: a connection has no {name}"


@pytest.mark.parametrize("name", sorted(NAMES))
def test_the_module_has_it(name: str) -> None:
    """In its public list."""
    assert name in h11.__all__


def test_its_version_is_bounded(root: Path) -> None:
    """From above, too."""
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    (wanted,) = [one for one in project["dependencies"] if one.startswith("h11")]
    assert "<" in wanted
