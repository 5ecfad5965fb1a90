"""What a permitted request gets: a page, one thing, or a count."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from o365_exporter.simulator.domains.health.resources import show_issue
from o365_exporter.simulator.domains.resource import Resource, View
from o365_exporter.simulator.graph.errors import GraphError, bad_request
from o365_exporter.simulator.graph.query import Query, next_link
from o365_exporter.simulator.graph.targets import Target
from o365_exporter.simulator.http import Request, Response
from o365_exporter.simulator.options import Switches
from o365_exporter.simulator.tenant import Tenant

Json = dict[str, Any]

_GRAPH_TYPE = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"


@dataclass(frozen=True)
class Question:
    """A request of which all is known: who asks for what, and how it is to be shown."""

    request: Request
    tenant: Tenant
    target: Target
    query: Query
    view: View
    switches: Switches

    @property
    def context(self) -> str:
        """``@odata.context`` of a list."""
        path = self.target.resource.path.replace("{parent}/", "").removeprefix("/")
        parts = [*self.query.select, *(f"{name}()" for name in self.query.expand)]
        columns = f"({','.join(parts)})" if parts else ""
        return f"{self.request.origin}/v1.0/$metadata#{path}{columns}"

    @property
    def eventual(self) -> bool:
        """Whether the request asks for advanced queries."""
        return self.request.headers.get("consistencylevel", "").lower() == "eventual"


def look_up(question: Question) -> Response:
    """Answer a question.

    Raises:
        GraphError: nothing has that name, or an option is not supported here.
    """
    target, query = question.target, question.query
    rows = target.resource.rows(question.tenant, target.parent)
    if rows is None:
        raise _not_found(target.resource, target.parent)
    if target.id is not None:
        return _one(question, rows)
    kept = query.rows(target.resource, rows, question.switches)
    return _count(question, kept) if target.count else _page(question, kept)


def _count(question: Question, rows: list[Json]) -> Response:
    accepted = question.request.headers.get("accept", "*/*")
    if not any(kind in accepted for kind in ("*/*", "text/*", "text/plain")):
        raise GraphError(415, "Request_BadRequest", "The content type of a count is text/plain.")
    if question.target.resource.service == "identity" and not question.eventual:
        raise bad_request("$count is not currently supported.", "Request_BadRequest")
    return Response(200, f"{len(rows)}", content_type="text/plain")


def _one(question: Question, rows: Iterable[Json]) -> Response:
    target = question.target
    key = "appId" if target.by_app_id else "id"
    wanted = str(target.id).lower()
    row = next((one for one in rows if str(one[key]).lower() == wanted), None)
    if row is None:
        raise _not_found(target.resource, str(target.id))
    context = {"@odata.context": f"{question.context}/$entity"}
    return Response(200, context | _shape(question, row), {}, _GRAPH_TYPE)


def _page(question: Question, rows: list[Json]) -> Response:
    query, resource = question.query, question.target.resource
    body: Json = {"@odata.context": question.context}
    if query.count and (question.eventual or resource.service != "identity"):
        body["@odata.count"] = len(rows)
    size = query.page_size(resource)
    end = len(rows) if size is None else query.offset + size
    last = (
        query.top is not None
        and resource.service == "service_communications"
        and question.switches.health_top == "last_page"
    )
    if end < len(rows) and not last:  # microsoft-graph-docs#16424, #2305
        body["@odata.nextLink"] = next_link(question.request, resource, end)
    body["value"] = [_shape(question, row) for row in rows[query.offset : end]]
    return Response(200, body, {}, _GRAPH_TYPE)


def _shape(question: Question, row: Json) -> Json:
    view = question.view
    shown = question.target.resource.show(row, view)
    if view.selected:
        shown = {name: value for name, value in shown.items() if name in view.selected}
    if "issues" in view.expanded:
        issues = question.tenant.issues.values()
        mine = [one for one in issues if one["service"] == row["service"]]
        shown = shown | {"issues": [show_issue(one, View(view.enums)) for one in mine]}
    return shown


def _not_found(resource: Resource, name: str) -> GraphError:
    if resource.service == "service_communications":
        return GraphError(404, "itemNotFound", f"The item '{name}' was not found.")
    return GraphError(
        404,
        "Request_ResourceNotFound",
        f"Resource '{name}' does not exist or one of its queried reference-property objects are not present.",
    )
