"""What a body is that should be JSON: decoded, or what it is instead and where that likely comes from."""

from __future__ import annotations

import json
from typing import Any

from o365_exporter.errors import PollError, UnavailableError, UnexpectedAnswerError
from o365_exporter.http.client import Response
from o365_exporter.http.quoting import printable

_EMPTY, _BROKEN = "an empty body", "something cut or garbled"
_OUTAGE = "It is an outage; if it stays while others reach that host, see what stands in between."
_CUT = "It was cut or garbled at Microsoft's or on the way: wait; if it stays, see which proxy rewrites answers."
_IN_BETWEEN = "Check the address in the settings, and which proxy or sign-in page stands between here and Microsoft."


def decoded(response: Response) -> Any:
    """The JSON of a body, whatever its content type says.

    Raises:
        UnavailableError: there is none.
        UnexpectedAnswerError: it is something else; the text has its first bytes and the likely cause.
    """
    try:
        return json.loads(response.body)
    except (ValueError, RecursionError):
        raise undecodable(response) from None


def undecodable(response: Response) -> PollError:
    """What to say about a body that is no JSON: its beginning and where it likely comes from."""
    start = start_of(response)
    likely, shown = likely_source(start), printable(start, response.request.secrets, 80)
    message = f"{response.host} answered {response.status} with {likely} instead of JSON" + (
        f": {shown}" if shown else "."
    )
    if likely == _EMPTY:
        return UnavailableError(message, remedy=_OUTAGE, status=response.status)
    return UnexpectedAnswerError(message, remedy=_CUT if likely == _BROKEN else _IN_BETWEEN, status=response.status)


def start_of(response: Response) -> str:
    """The first characters of a body, as text."""
    return response.body[:4096].decode("utf-8", "replace")


def likely_source(start: str) -> str:
    """What a body that is no JSON likely is, for a sentence."""
    text = start.lower()
    if not text.strip():
        return _EMPTY
    if text.lstrip("\ufeff \t\r\n")[:1] in ("{", "["):
        return _BROKEN
    if not looks_like_html(text):
        return "something else"
    if any(word in text for word in ("proxy", "squid", "firewall", "blocked", "zscaler", "gateway")):
        return "a web page, likely of a proxy,"
    if any(word in text for word in ("login", "log in", "sign in", "signin", "password")):
        return "a web page, likely a login page,"
    return "a web page"


def looks_like_html(text: str) -> bool:
    """Whether a body is a page for people."""
    return text.lstrip("\ufeff \t\r\n")[:1] == "<"
