"""Recorded and documented answers of Microsoft go through the real client."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from o365_exporter.errors import (
    AuthError,
    PermissionMissingError,
    PollError,
    ThrottledError,
    UnavailableError,
    UnexpectedAnswerError,
)
from o365_exporter.graph import LIMITS
from o365_exporter.http.meanings import Said, Service, look_up
from o365_exporter.login import find_cloud
from o365_exporter.login.meanings import TABLE
from tests.graph.world import APPS, TENANT_ID, ImpatientClock, Microsoft, client, microsoft

FACTS = Path(__file__).parents[3] / "shared" / "graph"
SAMPLES = FACTS / "samples"

pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples live beside the repository, in ../shared")

GRAPH_ERRORS: dict[str, tuple[type[PollError], str, str]] = {
    "error-401.json": (
        AuthError,
        "InvalidAuthenticationToken",
        "Graph refuses the token of tenant contoso (401 InvalidAuthenticationToken: Access token is empty.; "
        "request-id e6ea1bde-9f04-46a8-9705-824047cfd611).",
    ),
    "error-403.json": (
        PermissionMissingError,
        "Authorization_RequestDenied",
        "The app 66666666-7777-8888-9999-aaaaaaaaaaaa lacks the application permission Application.Read.All in tenant "
        "contoso (403 Authorization_RequestDenied: Insufficient privileges to complete the operation.; "
        "request-id 93b6f17e-c05d-4f45-ad2a-6665c708d8a0).",
    ),
    "error-429.json": (
        ThrottledError,
        "TooManyRequests",
        "graph.microsoft.com throttles (429 TooManyRequests: Please retry again later.; "
        "request-id 94fb3b52-452a-4535-a601-69e0a90e3aa2).",
    ),
    "error-503.json": (
        UnavailableError,
        "serviceNotAvailable",
        "graph.microsoft.com is not available (503 serviceNotAvailable: The service is not available. Try the request "
        "again after a delay.; request-id 0c1d2e3f-4a5b-4c6d-8e7f-90a1b2c3d4e5).",
    ),
    "error-generic-shape.json": (
        UnexpectedAnswerError,
        "invalidRange",
        "Graph does not answer what was asked for tenant contoso (400 invalidRange: Uploaded fragment overlaps with "
        "existing data.; request-id request-id).",
    ),
}
TOKEN_ERRORS: dict[str, tuple[str, str]] = {
    "token-error-7000215.json": ("AADSTS7000215", "The client secret of tenant contoso is wrong (AADSTS7000215)."),
    "token-error-70011.json": (
        "AADSTS70011",
        "login.microsoftonline.com does not know the Graph that a token is asked for, for tenant contoso "
        "(AADSTS70011).",
    ),
    "token-error-90002.json": (
        "AADSTS90002",
        f"There is no tenant {TENANT_ID} at login.microsoftonline.com (tenant contoso) (AADSTS90002).",
    ),
}


@pytest.fixture
def world() -> Iterator[Microsoft]:
    """A fake Microsoft."""
    with microsoft() as fake:
        yield fake


def _sample(name: str) -> httpx.Response:
    entries = json.loads((SAMPLES / "index.json").read_text())["samples"]
    about: dict[str, Any] = next(entry for entry in entries if entry["file"] == name)
    return httpx.Response(about["status"], content=(SAMPLES / name).read_bytes(), headers=about.get("headers"))


def test_no_sample_is_left_out() -> None:
    """Each error and token sample there is has its expectation here."""
    found = {path.name for pattern in ("error-*.json", "token-*.json") for path in SAMPLES.glob(pattern)}
    assert found == {*GRAPH_ERRORS, *TOKEN_ERRORS, "token-success.json"}


@pytest.mark.parametrize("name", GRAPH_ERRORS)
async def test_graphs_errors_become_reasons_and_sentences(world: Microsoft, name: str) -> None:
    """Each error body gives its reason, its code and a sentence with the request id."""
    kind, code, message = GRAPH_ERRORS[name]
    world.graph("/applications").mock(side_effect=lambda _: _sample(name))
    async with client() as graph:
        with pytest.raises(kind) as failure:
            await graph.list(APPS)
    assert (type(failure.value), failure.value.code, failure.value.message) == (kind, code, message)


@pytest.mark.parametrize("name", TOKEN_ERRORS)
async def test_token_errors_become_sentences(world: Microsoft, name: str) -> None:
    """Each token error gives the reason auth and a sentence, without trace ids."""
    world.login.mock(return_value=_sample(name))
    async with client() as graph:
        with pytest.raises(AuthError) as failure:
            await graph.list(APPS)
    assert (failure.value.code, failure.value.message) == TOKEN_ERRORS[name]
    assert "0000aaaa-11bb" not in str(failure.value)


async def test_a_token_answer_is_taken(world: Microsoft) -> None:
    """The documented token answer leads to a bearer header with that token, for as long as it says."""
    world.login.mock(return_value=_sample("token-success.json"))
    route = world.graph("/applications").respond(json={"value": []})
    clock = ImpatientClock()
    async with client(clock) as graph:
        await graph.list(APPS)
        clock.pass_time(3599 - 421)
        await graph.list(APPS)
    assert route.calls.last.request.headers["authorization"] == "Bearer SYNTHETIC.ACCESS.TOKEN"
    assert world.login.call_count == 1


async def test_a_recorded_wait_is_obeyed(world: Microsoft) -> None:
    """The 429 sample asks for 2.128 seconds, and the request works after them."""
    world.graph("/applications").side_effect = [_sample("error-429.json"), httpx.Response(200, json={"value": []})]
    clock = ImpatientClock()
    async with client(clock) as graph:
        assert await graph.list(APPS) == []
    assert clock.slept == [2.128]


def test_the_clouds_are_those_of_the_facts() -> None:
    """Names, aliases and addresses agree with the table of clouds."""
    for fact in json.loads((FACTS / "clouds.json").read_text())["clouds"]:
        for name in (fact["name"], *fact["aliases"]):
            cloud = find_cloud(name)
            assert cloud is not None
            assert (cloud.name, cloud.login, cloud.graph, cloud.scope, cloud.portal) == (
                fact["name"],
                fact["login"],
                fact["graph"],
                fact["scope"],
                fact["portal"],
            )


def test_every_error_number_an_app_can_meet_is_known() -> None:
    """Not one is left to Microsoft's own words."""
    facts = json.loads((FACTS / "aadsts.json").read_text())["codes"]
    rows = {fact["code"]: look_up(Said(Service.LOGIN, 400, fact["aadsts"]), TABLE) for fact in facts}
    assert not [code for code, row in rows.items() if not row.codes]


def test_the_limits_are_those_of_the_facts() -> None:
    """Our budgets have the figures of the throttling table."""
    facts = json.loads((FACTS / "throttling.json").read_text())["limits"]
    published = {(fact.get("requests", fact.get("resource_units")), fact.get("per_seconds")) for fact in facts}
    assert {(rate.amount, rate.seconds) for rates in LIMITS.values() for rate in rates} <= published
