"""What a hostile host does with what it was sent: it sends it back, where and in whatever spelling a fault says.

``{sent:WHAT}`` or ``{sent:WHAT:HOW}`` in a text of a fault: WHAT is the ``token`` of a request to Graph, the ``secret``
or ``assertion`` of a request for a token, or the ``ticket`` (the query) of the address of a report file; HOW is a key
of ``SPELLINGS``.
"""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, unquote_plus

from o365_exporter.simulator.faults import Fault
from o365_exporter.simulator.http import Request

_GAP = re.compile(r"\{sent:(\w+)(?::(\w+))?\}")


def _decoded(text: str) -> str:
    """Base64 undone, of each part of a JWT."""
    parts = (part + "=" * (-len(part) % 4) for part in text.split("."))
    return ".".join(base64.urlsafe_b64decode(part).decode("latin-1") for part in parts)


SPELLINGS: Mapping[str, Callable[[str], str]] = {
    "plain": str,
    "cut": lambda text: text[3 : 3 + max(16, len(text) // 2)],
    "upper": str.upper,
    "quoted": lambda text: quote(text, safe=""),
    "unquoted": unquote_plus,
    "escaped": html.escape,
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "decoded": _decoded,
    "host": lambda text: re.sub(r"[^a-z0-9-]", "", text.lower())[:60].strip("-"),
}


def echoing(fault: Fault, request: Request) -> Fault:
    """The fault with what this request sent in the gaps of its texts."""
    texts = {
        "text": fault.text,
        "raw": fault.raw,
        "code": fault.code,
        "message": fault.message,
        "headers": fault.headers,
        "set": fault.set,
        "next_link": fault.next_link,
    }
    filled = {name: _filled(value, request) for name, value in texts.items() if value}
    return fault.model_copy(update=filled) if filled else fault


def _filled(value: Any, request: Request) -> Any:
    match value:
        case str() if "{sent:" in value:
            return _GAP.sub(lambda gap: SPELLINGS[gap[2] or "plain"](_sent(gap[1], request)), value)
        case dict():
            return {_filled(name, request): _filled(one, request) for name, one in value.items()}
        case list():
            return [_filled(one, request) for one in value]
    return value


def _sent(what: str, request: Request) -> str:
    match what:
        case "token":
            return request.headers.get("authorization", "").removeprefix("Bearer ")
        case "ticket":
            return request.query
    return request.form.get({"secret": "client_secret", "assertion": "client_assertion"}.get(what, what), "")
