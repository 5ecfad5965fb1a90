"""``/api/v1/``: what it answers is what its description says, for whatever is asked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import httpx
import openapi_schema_validator
import pytest
import schemathesis
from anyio.from_thread import start_blocking_portal
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode

from o365_exporter import web
from o365_exporter.catalogue import all_metrics
from tests.app.rig import Rig, polling, rig, small

STRANGE = "../contoso & söhne/1"


def application(made: Rig) -> web.App:
    """The web side of an exporter that has polled."""
    return web.create_app(
        store=made.app.store,
        board=made.app.board,
        clock=made.clock,
        metrics=all_metrics().values(),
        selfmetrics=made.app.selfmetrics,
        version="1.2.3",
        ready=made.app.scheduler.ready,
    )


@asynccontextmanager
async def _served() -> AsyncIterator[str]:
    """The address of an exporter of one tenant with a strange name and one that answers nothing."""
    async with rig(small("contoso", "fabrikam"), {"O365_TENANTS__CONTOSO__NAME": STRANGE}) as made:
        made.simulator.add_fault(tenant="fabrikam", path="/v1.0/*", status=503)
        async with polling(made):
            app = application(made)
    async with web.listening(web.WebOptions(listen="127.0.0.1:0")) as sockets, anyio.create_task_group() as tasks:
        door = await web.open_door(web.WebOptions(), made.clock, made.app.selfmetrics)
        await tasks.start(web.serve, app, sockets, door)
        yield web.addresses(sockets)[0].url
        tasks.cancel_scope.cancel()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where an exporter is served that has polled."""
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(_served()) as address:
        yield address


@pytest.fixture
def client(address: str) -> Iterator[httpx.Client]:
    """A client of the API."""
    with httpx.Client(base_url=f"{address}/api/v1/", trust_env=False) as client:
        yield client


@pytest.fixture(scope="module")
def described(address: str) -> Any:
    """The description, as a client reads it."""
    return schemathesis.openapi.from_url(f"{address}/api/v1/openapi.json")


def test_every_answer_is_as_described(described: Any) -> None:
    """Status, type and form of each operation, for parameters that are right, odd, missing and twice."""
    operations = [result.ok() for result in described.get_all_operations()]
    assert {operation.path for operation in operations} == {
        f"/api/v1/{name}" for name in ("overview", "tenant", "issues", "issue", "messages", "message")
    }
    for operation in operations:
        for mode in GenerationMode:

            @given(case=operation.as_strategy(generation_mode=mode))
            @settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
            def check(case: Any) -> None:
                case.call_and_validate()

            if mode is GenerationMode.POSITIVE or operation.query:
                check()


@pytest.mark.parametrize("tenant", [STRANGE, "fabrikam", None])
@pytest.mark.parametrize("operation", ["overview", "tenant", "issues", "messages"])
def test_what_is_there_is_as_described(client: httpx.Client, operation: str, tenant: str | None) -> None:
    """The answers with something in them, too, which no made-up parameter finds."""
    if (tenant is None) != (operation == "overview"):
        return
    answer = client.get(operation, params={"tenant": tenant} if tenant else {})
    description = client.get("openapi.json").json()
    assert answer.status_code == httpx.codes.OK
    form = description["paths"][f"/api/v1/{operation}"]["get"]["responses"]["200"]["content"]["application/json"]
    openapi_schema_validator.validate(
        answer.json(),
        {**form["schema"], "components": description["components"]},
        cls=openapi_schema_validator.OAS31Validator,
    )


def test_an_issue_is_found_by_its_tenant_and_id(client: httpx.Client) -> None:
    """With what Microsoft wrote, the latest first, as text and as HTML."""
    where = {"tenant": STRANGE}
    first = client.get("issues", params=where).json()["issues"][0]
    issue = client.get("issue", params={**where, "id": first["id"]}).json()
    assert {name: issue[name] for name in first} == first
    times = [word["at"] for word in issue["words"]]
    assert times == sorted(times, reverse=True)
    assert issue["words"][0]["text"].startswith(first["latest"].removesuffix("…")[:100])


WANTED = "The parameter tenant is wanted once: the name of a tenant, as the label tenant of the metrics has it."


@pytest.mark.parametrize(
    ("path", "status", "sentence"),
    [
        ("tenant", 400, WANTED),
        ("tenant?tenant=a&tenant=b", 400, WANTED),
        ("tenant?tenant=nobody", 404, "No tenant is called so; /api/v1/overview lists those that are watched."),
        (
            "issue?tenant=fabrikam&id=EX0",
            404,
            "There is no such tenant, or no such issue is served of it; /api/v1/issues lists them.",
        ),
    ],
)
def test_what_has_no_answer_has_a_sentence(client: httpx.Client, path: str, status: int, sentence: str) -> None:
    """What is wrong, and where to look."""
    answer = client.get(path)
    assert (answer.status_code, answer.json()) == (status, {"detail": sentence})


async def test_none_is_not_unknown() -> None:
    """An empty list says whether it could be read."""
    lists = ("/api/v1/issues?tenant=contoso", "issues"), ("/api/v1/messages?tenant=contoso", "messages")
    async with rig(small("contoso", calm=True)) as made:
        made.simulator.add_fault(path="*/messages", status=403)
        async with polling(made):
            transport = httpx.ASGITransport(application(made))
            async with httpx.AsyncClient(transport=transport, base_url="http://exporter") as client:
                answers = [(await client.get(path)).json() for path, _ in lists]
    assert answers == [
        {"is_known": True, "total": 0, "issues": []},
        {"is_known": False, "total": 0, "messages": []},
    ]
