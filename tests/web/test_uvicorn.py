"""What ``web/server.py`` relies on inside uvicorn, which promises nothing about it: pyproject bounds its version."""

from __future__ import annotations

import ast
import inspect
from typing import Any

import httpx
import pytest
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from o365_exporter.web import server
from tests.web.site import Site

INSIDES = {
    "config": ("load", "lifespan_class"),
    "server": ("lifespan", "startup", "main_loop", "shutdown", "server_state.connections"),
    "connection": (
        "connection_made",
        "data_received",
        "pause_writing",
        "resume_writing",
        "connection_lost",
        "cycle",
        "flow.write_paused",
        "loop.call_later",
        "transport.abort",
    ),
}
"""All of it, by the object that has it. A shorter list is a better one."""


@pytest.fixture
async def objects(site: Site, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A configuration, a server that has started and a connection over which a request came."""
    made: dict[str, Any] = {}

    class Observed(uvicorn.Server):
        def __init__(self, config: uvicorn.Config) -> None:
            super().__init__(config)
            made.update(config=config, server=self)

    monkeypatch.setattr(uvicorn, "Server", Observed)
    async with site.served() as (address,), httpx.AsyncClient(trust_env=False) as client:
        await client.get(address.url + "/-/healthy")
        (made["connection"],) = made["server"].server_state.connections
    return made


@pytest.mark.parametrize(("of", "name"), [(of, name) for of, names in INSIDES.items() for name in names])
async def test_it_is_there(objects: dict[str, Any], of: str, name: str) -> None:
    """An update that moves one of them fails here with a sentence, and not by night with a client that never ends."""
    found = objects[of]
    for part in name.split("."):
        assert hasattr(found, part), (
            f"uvicorn {uvicorn.__version__}: its {of} has no {name}; web/server.py relies on it"
        )
        found = getattr(found, part)


ROOTS = {"self": "connection", "super()": "connection", **{name: name for name in INSIDES}}
"""Names in web/server.py, and which object they mean."""


def test_nothing_else_is_used() -> None:
    """Whoever uses more of it writes it down here, and what is used no more is no longer listed."""
    nodes = [node for node in ast.walk(ast.parse(inspect.getsource(server))) if isinstance(node, ast.Attribute)]
    parts = {id(node.value) for node in nodes}  # self.loop is a part of self.loop.call_later
    chains = {ast.unparse(node).partition(".") for node in nodes if id(node) not in parts}
    used = {(ROOTS[root], name) for root, _, name in chains if root in ROOTS and not name.startswith("_")}
    assert used == {(of, name) for of, names in INSIDES.items() for name in names}


def test_it_calls_what_we_override() -> None:
    """A method of another name would never be called."""
    overridden = {name for name in vars(server._Connection) if not name.startswith("_")}
    assert [name for name in overridden if not hasattr(H11Protocol, name)] == []
