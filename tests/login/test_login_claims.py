"""What a token says in itself: the roles of the app, for diagnosis, and nothing that could do harm."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from o365_exporter.errors import AuthError
from o365_exporter.graph import Remembered
from o365_exporter.login.claims import roles_of, tenant_of
from tests.graph.world import APP, APPS, TENANT_ID, ImpatientClock, Microsoft, client, entra_error, grant, microsoft

NOTHING = ("", "opaque", "a.b", "a.b.c.d.e", "..", ".!!!.", "é.é.é")
"""Texts that are no readable JWT."""


def token(**claims: Any) -> str:
    """A JWT that states this; its signature is none."""
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (b"{}", _json(claims), b"s"))


def _json(claims: object) -> bytes:
    return json.dumps(claims).encode()


def raw(payload: bytes) -> str:
    """A JWT around any bytes."""
    return f"a.{base64.urlsafe_b64encode(payload).decode()}.c"


def test_roles_are_those_that_the_token_states() -> None:
    """An app-only token lists the application permissions that were granted."""
    stated = token(tid=TENANT_ID, appid=APP, roles=["Reports.Read.All", "ServiceHealth.Read.All"])
    assert roles_of(stated) == frozenset({"Reports.Read.All", "ServiceHealth.Read.All"})


@pytest.mark.parametrize("app", ["appid", "azp"])
def test_an_app_without_any_consent_has_no_role(app: str) -> None:
    """Entra ID leaves the claim out where nothing is granted: that is no role, and not nothing known."""
    assert roles_of(token(tid=TENANT_ID, **{app: APP})) == frozenset()


@pytest.mark.parametrize(
    "unreadable",
    [
        *NOTHING,
        raw(b"[1]"),
        raw(b"\xff\xfe"),
        raw(b"[" * 20_000),
        raw(b'{"roles": ' + b"9" * 5_000 + b"}"),
        token(),
        token(tid=TENANT_ID),
        token(roles="Reports.Read.All"),
        token(roles=None, tid=TENANT_ID, appid=APP),
        token(roles=["Reports.Read.All"], more="x" * 1_000_000),
    ],
    ids=lambda text: text[:12],
)
def test_what_cannot_be_read_is_not_known(unreadable: str) -> None:
    """An opaque token, another one than an app's and one of a megabyte give no roles and no error."""
    assert roles_of(unreadable) is None


def test_what_is_no_name_is_left_out() -> None:
    """Members of other types are no roles, nor is what steers a terminal or cannot be written."""
    assert roles_of(token(roles=["Reports.Read.All", 1, None, ["x"], "a\x1b[2J", "\ud800"])) == frozenset(
        {"Reports.Read.All"}
    )


@pytest.mark.parametrize("unreadable", [*NOTHING, token(), token(tid=5)], ids=lambda text: text[:12])
def test_a_tenant_that_is_not_named_is_empty(unreadable: str) -> None:
    """Whose the token is remains open then."""
    assert tenant_of(unreadable) == ""
    assert tenant_of(token(tid=TENANT_ID)) == TENANT_ID


@pytest.fixture
def world() -> Iterator[Microsoft]:
    """A fake Microsoft that lists no app."""
    with microsoft() as fake:
        fake.graph("/applications").respond(json={"value": []})
        yield fake


async def test_roles_are_those_of_the_token_in_use(world: Microsoft) -> None:
    """None before the first token; then what each states; none again when it has ended and there is no other."""
    clock = ImpatientClock()
    stated = [token(tid=TENANT_ID, appid=APP), token(tid=TENANT_ID, appid=APP, roles=["Application.Read.All"])]
    world.login.mock(side_effect=[httpx.Response(200, json=grant(each)) for each in stated])
    async with client(clock) as graph:
        assert graph.auth.roles is None
        await graph.list(APPS)
        assert graph.auth.roles == frozenset()
        clock.pass_time(3600 - 200)
        await graph.list(APPS)
        assert graph.auth.roles == frozenset({"Application.Read.All"})
        world.refuse(entra_error(7000215, "Invalid client secret provided."))
        clock.pass_time(3600)
        with pytest.raises(AuthError):
            await graph.list(APPS)
        assert graph.auth.roles is None


async def test_an_opaque_token_does_its_work(world: Microsoft) -> None:
    """Graph is asked whatever the token looks like."""
    async with client() as graph:
        assert await graph.list(APPS) == []
        assert (world.tokens, graph.auth.state, graph.auth.roles) == (1, "ok", None)


async def test_roles_of_a_former_process_hold_until_the_first_token(world: Microsoft) -> None:
    """A restart takes no series away; from then on the new token counts, also where it says nothing."""
    async with client() as graph:
        graph.recall(Remembered("ok", roles=("Application.Read.All",)))
        assert graph.auth.roles == frozenset({"Application.Read.All"})
        assert graph.remembered().roles == ("Application.Read.All",)
        await graph.list(APPS)
        assert world.tokens == 1
    assert graph.auth.roles is None


async def test_only_known_names_are_kept_for_the_next_process(world: Microsoft) -> None:
    """Whatever else a token states is nobody's concern."""
    stated = token(tid=TENANT_ID, appid=APP, roles=["Reports.Read.All", *(f"Role{each}" for each in range(1_000))])
    world.login.respond(200, json=grant(stated))
    async with client() as graph:
        await graph.list(APPS)
        assert graph.remembered().roles == ("Reports.Read.All",)
