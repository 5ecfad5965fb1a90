"""``/api/v1/``: what the pages show, as JSON, described by OpenAPI at ``/api/v1/openapi.json``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from anyio import CapacityLimiter, to_thread
from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import models_json_schema
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from o365_exporter.status import (
    Board,
    IssueDetail,
    IssueView,
    MessageDetail,
    MessageView,
    Overview,
    Seen,
    TenantDetail,
    announcements,
    health,
)

ROOT = "/api/v1"
DESCRIPTION = f"{ROOT}/openapi.json"

MOST = 1000
"""Issues or messages that an answer lists: half a megabyte, written within some milliseconds."""

_REFERENCE = "#/components/schemas/{model}"


class Problem(BaseModel):
    """Why a request has no answer."""

    model_config = ConfigDict(extra="forbid")

    detail: str = Field(description="One sentence.")


class Messages(BaseModel):
    """Messages of the message centre of one tenant, the foremost first."""

    is_known: bool = Field(description="Whether they could be read; if not, that there are none says nothing.")
    total: int = Field(description=f"How many there are; {MOST} at most are listed.")
    messages: tuple[MessageView, ...]


class Issues(BaseModel):
    """Issues of one tenant: open ones first, the latest first."""

    is_known: bool = Field(description="Whether they could be read; if not, that there are none says nothing.")
    total: int = Field(description=f"How many there are; {MOST} at most are listed.")
    issues: tuple[IssueView, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """One path, which is read with GET.

    Args:
        path: below ``ROOT``.
        summary: what it answers, one sentence.
        form: of the answer.
        view: makes it out of the parameters; None where there is no such thing.
        parameters: names of the query, each wanted, with what it is.
        missing: what is said where there is no such thing.
    """

    path: str
    summary: str
    form: type[BaseModel]
    view: Callable[..., Awaitable[BaseModel | None]]
    parameters: dict[str, str]
    missing: str = ""


def api_routes(board: Board, version: str) -> Iterator[Route]:
    """The routes.

    Args:
        board: views of what is known.
        version: of the exporter.
    """
    operations = _operations(board)
    described = description(operations, version)
    writing = CapacityLimiter(1)

    async def describe(_: Request) -> Response:
        return JSONResponse(described)

    for operation in operations:
        answer = partial(_answer, operation, writing)
        yield Route(ROOT + operation.path, answer, include_in_schema=False)  # it is in the description
    yield Route(DESCRIPTION, describe)


async def _answer(operation: Operation, writing: CapacityLimiter, request: Request) -> Response:
    """The view, 400 without a parameter that is wanted, 404 where there is no such thing."""
    values = {name: request.query_params.getlist(name) for name in operation.parameters}
    if wrong := next((name for name, found in values.items() if len(found) != 1), ""):
        return _problem(400, f"The parameter {wrong} is wanted once: {operation.parameters[wrong]}.")
    found = await operation.view(*(each for (each,) in values.values()))
    if found is None:
        return _problem(404, operation.missing)
    text = await to_thread.run_sync(found.model_dump_json, limiter=writing)
    return Response(text.encode("utf-8", "replace"), media_type="application/json")


def _operations(board: Board) -> tuple[Operation, ...]:
    async def messages(tenant: str) -> Messages | None:
        return await board.read(lambda seen: _messages(seen[0]), tenant)

    async def issues(tenant: str) -> Issues | None:
        return await board.read(lambda seen: _issues(seen[0]), tenant)

    tenant = {"tenant": "the name of a tenant, as the label tenant of the metrics has it"}
    nobody = f"No tenant is called so; {ROOT}/overview lists those that are watched."
    return (
        Operation("/overview", "All tenants, the worst first.", Overview, board.overview, {}),
        Operation("/tenant", "All that is known of one tenant.", TenantDetail, board.tenant, tenant, nobody),
        Operation("/issues", "Service health issues of one tenant.", Issues, issues, tenant, nobody),
        Operation(
            "/issue",
            "One issue, with what Microsoft wrote about it.",
            IssueDetail,
            board.issue,
            {**tenant, "id": "the id of an issue, such as EX123456"},
            f"There is no such tenant, or no such issue is served of it; {ROOT}/issues lists them.",
        ),
        Operation("/messages", "Messages of the message centre.", Messages, messages, tenant, nobody),
        Operation(
            "/message",
            "One message, with what Microsoft wrote.",
            MessageDetail,
            board.message,
            {**tenant, "id": "the id of a message, such as MC123456"},
            f"There is no such tenant, or no such message is served of it; {ROOT}/messages lists them.",
        ),
    )


def _issues(seen: Seen) -> Issues:
    return Issues(
        is_known=health.issues_known(seen),
        total=len(health.served(seen)),
        issues=tuple(health.issues_of(seen, MOST)),
    )


def _messages(seen: Seen) -> Messages:
    found = announcements.messages_of(seen)
    known = announcements.messages_known(seen)
    return Messages(is_known=known, total=len(found), messages=tuple(found[:MOST]))


def description(operations: tuple[Operation, ...], version: str) -> dict[str, Any]:
    """OpenAPI 3.1 of the operations."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "o365_exporter",
            "version": version,
            "description": "What is known of Microsoft 365 tenants. Nothing here asks Microsoft.",
        },
        "paths": {ROOT + operation.path: {"get": _described(operation)} for operation in operations},
        "components": {"schemas": _schemas(tuple(operation.form for operation in operations))},
    }


@cache
def _schemas(forms: tuple[type[BaseModel], ...]) -> dict[str, Any]:
    pairs: Any = [(form, "serialization") for form in (*forms, Problem)]
    schemas: dict[str, Any] = models_json_schema(pairs, ref_template=_REFERENCE)[1]["$defs"]
    return schemas


def _described(operation: Operation) -> dict[str, Any]:
    problems = (
        {"400": "A parameter is missing or given twice.", "404": operation.missing} if operation.parameters else {}
    )
    return {
        "summary": operation.summary,
        "operationId": operation.path.strip("/"),
        "parameters": [
            {"name": name, "in": "query", "required": True, "description": text, "schema": {"type": "string"}}
            for name, text in operation.parameters.items()
        ],
        "responses": {
            "200": _content(operation.summary, operation.form),
            **{code: _content(text, Problem) for code, text in problems.items()},
        },
    }


def _content(text: str, form: type[BaseModel]) -> dict[str, Any]:
    reference = {"$ref": _REFERENCE.format(model=form.__name__)}
    return {"description": text, "content": {"application/json": {"schema": reference}}}


def _problem(status: int, sentence: str) -> Response:
    return JSONResponse({"detail": sentence}, status)
