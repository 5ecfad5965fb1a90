"""What stands in an answer: the decoded body, or Graph's own words about an error; and how foreign text is shown.

Graph's errors are ``{"error": {"code", "message", "innerError": {"request-id", …}}}``; the code may be empty, the inner
error may be spelt ``innererror`` and nested, and a gateway or proxy may answer HTML instead.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus

from o365_exporter.errors import UnexpectedAnswerError
from o365_exporter.graph.http import Answer

_HIDDEN = "[hidden]"
_TOKEN = re.compile(r"(?i:bearer)\s+\S+|eyJ[\w-]{8,}[\w.-]*")  # a token begins with {" in base64
_CONTROL = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029]+")


@dataclass(frozen=True, slots=True)
class Fault:
    """What Graph says about an error; each text is printable, and empty where Graph says nothing."""

    code: str = ""
    message: str = ""
    request_id: str = ""

    def __str__(self) -> str:
        said = ": ".join(filter(None, (self.code, self.message)))
        return "; ".join(filter(None, (said, self.request_id and f"request-id {self.request_id}")))


def printable(text: str, secrets: tuple[str, ...] = (), limit: int = 200) -> str:
    """One line of at most ``limit`` characters in which no secret and nothing that looks like a token is left."""
    for secret in secrets:
        for form in (secret, quote_plus(secret), json.dumps(secret)[1:-1]):
            text = text.replace(form, _HIDDEN) if form else text
    text = _CONTROL.sub(" ", _TOKEN.sub(_HIDDEN, text)).strip()
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def decoded(answer: Answer) -> Any:
    """The JSON of a body, whatever its content type says.

    Raises:
        UnexpectedAnswerError: it is none; the text has its first bytes and the likely cause.
    """
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError):
        raise undecodable(answer) from None


def undecodable(answer: Answer) -> UnexpectedAnswerError:
    """What to say about a body that is no JSON: its beginning and where it likely comes from."""
    start = answer.body[:4096].decode("utf-8", "replace")
    shown = printable(start, answer.request.secrets, 80)
    return UnexpectedAnswerError(
        f"{answer.host} answered {answer.status} with {_likely(start)} instead of JSON"
        + (f": {shown}" if shown else "."),
        remedy="Check the address in the settings, and which proxy or sign-in page stands between here and Microsoft.",
        status=answer.status,
    )


def _likely(start: str) -> str:
    text = start.lower()
    if not text.strip():
        return "an empty body"
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


def fault_of(answer: Answer) -> Fault | None:
    """Graph's own words about an error; None where the body is not Graph's."""
    try:
        error = json.loads(answer.body)["error"]
    except (ValueError, RecursionError, TypeError, KeyError):
        return None
    if not isinstance(error, dict):
        return None
    inner = list(_levels(error))
    said = {key: _first_text(inner, key) for key in ("code", "message", "request-id")}
    clean = {key: printable(text, answer.request.secrets) for key, text in said.items()}
    return Fault(clean["code"], clean["message"], clean["request-id"] or answer.headers.get("request-id", ""))


def _levels(error: Any) -> Any:
    """The error and the inner errors in it, from outside to inside."""
    while isinstance(error, dict):
        yield error
        error = error.get("innerError") or error.get("innererror")


def _first_text(levels: list[dict[str, Any]], key: str) -> str:
    return next((text for level in levels if isinstance(text := level.get(key), str) and text.strip()), "")
