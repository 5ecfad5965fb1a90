"""What a fault does to an answer before it is sent."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from functools import partial
from typing import Any

from o365_exporter.simulator.faults import Fault, Page
from o365_exporter.simulator.http import Request, Response, Stream
from o365_exporter.simulator.reports.spoiling import spoilt
from o365_exporter.simulator.timetext import http_date

_PART = re.compile(r"@odata\.[^.]+|[^.]+")

FOREIGN_ORIGIN = "https://graph.example.net"
"""Where a ``foreign`` next link points: a token must never go there."""

_HTML = "text/html; charset=utf-8"
_PAGES: dict[Page, str] = {
    "login": (
        "<!DOCTYPE html><html><head><title>Sign in to your account</title></head><body>"
        '<form method="post" action="https://login.microsoftonline.com/common/login">'
        '<input type="email" name="loginfmt"></form></body></html>'
    ),
    "proxy": (
        "<html><head><title>Access Denied</title></head><body><h1>Network Proxy</h1>"
        "<p>The requested URL was blocked by your organization's proxy. Policy: Uncategorized.</p></body></html>"
    ),
    "gateway": (  # Microsoft's own, rknightion/graph2otel
        "<html>\r\n<head><title>403 Forbidden</title></head>\r\n<body>\r\n<center><h1>403 Forbidden</h1></center>\r\n"
        "<hr><center>Microsoft-Azure-Application-Gateway/v2</center>\r\n</body>\r\n</html>\r\n"
    ),
}


def replacement(fault: Fault) -> Response | None:
    """The page or text that stands in for an answer; None where the service's own shape is wanted."""
    if fault.page is not None:
        return page(fault.page, fault.status or 200)
    if fault.text is not None:
        return Response(fault.status or 200, (fault.text * fault.repeat).encode(fault.charset))
    return None


def page(name: Page, status: int = 200) -> Response:
    """An HTML page that somebody between client and Microsoft sends instead of an answer."""
    return Response(status, _PAGES[name], content_type=_HTML)


def spoil(fault: Fault, request: Request, response: Response, now: float) -> Response:
    """Apply everything of a fault that changes headers or content; ``now`` in seconds since 1970."""
    if isinstance(response.payload, dict):
        response.payload = _edited(fault, request, response.payload)
    if fault.csv is not None and isinstance(response.payload, Stream):
        response.payload = spoilt(fault.csv, response.payload)
    if fault.invalid_json:
        response.payload = response.body()[:-20]
    if fault.content_type is not None:
        response.content_type = fault.content_type
    if fault.retry_after is not None:
        response.headers["Retry-After"] = (
            fault.retry_after if isinstance(fault.retry_after, str) else f"{fault.retry_after:g}"
        )
    if fault.retry_after_date is not None:
        response.headers["Retry-After"] = http_date(now + fault.retry_after_date)
    response.headers |= fault.headers
    return response


def _edited(fault: Fault, request: Request, payload: dict[str, Any]) -> dict[str, Any]:
    if not (fault.remove or fault.null or fault.set or fault.next_link or fault.pad_item):
        return payload
    payload = copy.deepcopy(payload)  # rows are the tenant's own
    for path in fault.remove:
        _visit(payload, _PART.findall(path), _remove)
    for path, value in (fault.set | dict.fromkeys(fault.null)).items():
        _visit(payload, _PART.findall(path), partial(_put, value))
    if fault.next_link is not None:
        payload["@odata.nextLink"] = _link(fault.next_link, request)
    if fault.pad_item:
        for item in payload.get("value", []):
            item["ballast"] = "x" * fault.pad_item
    return payload


def _visit(holder: Any, path: list[str], act: Callable[[Any, Any], None]) -> None:
    """Call ``act`` with each place that a path names; places that are not there are passed over."""
    first, *rest = path
    for key in _keys(holder, first):
        if not rest:
            act(holder, key)
        elif isinstance(holder, list) or key in holder:
            _visit(holder[key], rest, act)


def _keys(holder: Any, name: str) -> list[Any]:
    if isinstance(holder, list):
        if name == "*":
            return list(range(len(holder)))
        return [int(name)] if name.isdecimal() and int(name) < len(holder) else []
    if isinstance(holder, dict):
        return list(holder) if name == "*" else [name]
    return []


def _remove(holder: Any, key: Any) -> None:
    if isinstance(holder, list) or key in holder:
        del holder[key]


def _put(value: Any, holder: Any, key: Any) -> None:
    holder[key] = value


def _link(wanted: str, request: Request) -> str:
    here = f"{request.path}?{request.query}" if request.query else request.path
    if wanted == "loop":
        return f"{request.origin}{here}"
    if wanted == "endless":
        return f"{request.origin}{request.path}?page={int(request.parameters.get('page', 0)) + 1}"
    return f"{FOREIGN_ORIGIN}{here}" if wanted == "foreign" else wanted
