"""JSON batching: up to twenty requests in one, each with an answer of its own, in any order.

Source: Microsoft Graph, "Combine multiple HTTP requests using JSON batching" (2025-02-21). The whole is 200 although
members fail; each member is throttled, refused and met by faults as if it had come alone.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from o365_exporter.clock import Clock
from o365_exporter.simulator.faults import Fault
from o365_exporter.simulator.graph import GraphError, error_answer
from o365_exporter.simulator.http import Request, Response, Stream

MOST = 20
"""Members of a batch."""

_PATH = re.compile(r"/(v1\.0|beta)/\$batch")
_FAILED_DEPENDENCY = 424
_BAD = 400

Json = dict[str, Any]


@dataclass(frozen=True)
class _Member:
    id: str
    request: Request
    after: tuple[str, ...]


class Batch:
    """Answers at ``/$batch``.

    Args:
        ask: answers a member as if it had come alone.
        clock: dates refusals.
    """

    def __init__(self, ask: Callable[[Request], Response], clock: Clock) -> None:
        self._ask = ask
        self._clock = clock

    def answers(self, path: str) -> bool:
        """Whether this is the address of batches."""
        return _PATH.fullmatch(path) is not None

    def answer(self, request: Request) -> Response:
        """Answer every member; those that failed are not the batch's failure."""
        try:
            members = _members(request)
        except GraphError as error:
            return error_answer(request, error, self._clock.now())
        answers: dict[str, Json] = {}
        for member in members:
            failed = any(answers[one]["status"] >= _BAD for one in member.after)
            answers[member.id] = _shown(member.id, _dependent() if failed else self._ask(member.request))
        return Response(
            200, {"responses": [*reversed(answers.values())]}
        )  # in any order, so not in that of the request

    def injected(self, request: Request, fault: Fault) -> Response | None:
        """The error that a fault wants for the whole batch."""
        if fault.status is None:
            return None
        error = GraphError(fault.status, fault.code or "generalException", fault.message or "An error was injected.")
        return error_answer(request, error, self._clock.now())


def _members(request: Request) -> list[_Member]:
    if request.method != "POST":
        raise GraphError(405, "Request_BadRequest", "Specified HTTP method is not allowed for the request target.")
    try:
        asked = json.loads(request.body)["requests"]
        members = [_member(request, one) for one in asked]
    except (AttributeError, KeyError, TypeError, ValueError):
        raise GraphError(_BAD, "BadRequest", "Invalid batch payload format.") from None
    if not 0 < len(members) <= MOST:
        raise GraphError(_BAD, "BadRequest", f"Number of batch requests must be between 1 and {MOST}.")
    return _in_order(members)


def _member(request: Request, asked: Json) -> _Member:
    version = request.path.split("/")[1]
    path, _, query = str(asked["url"]).lstrip("/").partition("?")
    given = {str(name).lower(): str(value) for name, value in asked.get("headers", {}).items()}
    kept = {name: value for name, value in request.headers.items() if name in ("authorization", "client-request-id")}
    body = json.dumps(asked["body"]).encode() if "body" in asked else b""
    one = replace(
        request, method=str(asked["method"]), path=f"/{version}/{path}", query=query, headers=kept | given, body=body
    )
    return _Member(str(asked["id"]), one, tuple(map(str, asked.get("dependsOn", ()))))


def _in_order(members: list[_Member]) -> list[_Member]:
    """Each after those it depends on."""
    if len({member.id.lower() for member in members}) < len(members):
        raise GraphError(_BAD, "BadRequest", "The ids of the requests in a batch must be unique.")
    ordered: list[_Member] = []
    while len(ordered) < len(members):
        done = {member.id for member in ordered}
        ready = [one for one in members if one.id not in done and done.issuperset(one.after)]
        if not ready:
            raise GraphError(_BAD, "BadRequest", "A request depends on one that is not there, or on itself.")
        ordered += ready
    return ordered


def _dependent() -> Response:
    body = {"error": {"code": "FailedDependency", "message": "A request that this one depends on has failed."}}
    return Response(_FAILED_DEPENDENCY, body)


def _shown(member_id: str, response: Response) -> Json:
    headers: Mapping[str, str] = {"Content-Type": response.content_type, **response.headers}
    return {"id": member_id, "status": response.status, "headers": dict(headers), "body": _body(response)}


def _body(response: Response) -> Any:
    """JSON as it is; anything else in base64."""
    if isinstance(response.payload, bytes | Stream) or "json" not in response.content_type:
        return base64.b64encode(response.body()).decode() or None
    return response.payload
