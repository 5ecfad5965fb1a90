"""What stands in a response: the decoded body, or Microsoft's own words about an error, unwrapped.

Graph's errors are ``{"error": {"code", "message", "innerError": {"request-id", …}}}``; the code may be empty, and the
inner error may be spelt ``innererror`` and nested. Services behind Graph put their own error as JSON text into
``message``, once or several times, as ``{"error": {"code": …}}`` or as ``{"ErrorCode": …, "Message": …}`` (Intune), or
a whole web page. A gateway or proxy may answer HTML, or nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from o365_exporter.graph import largejson
from o365_exporter.http.bodies import undecodable
from o365_exporter.http.client import Response
from o365_exporter.http.quoting import printable

_NESTED = 5  # errors within errors that are unwrapped
_LONGEST_NESTED = 65536  # characters of a message in which another error is looked for
_CODES = ("code", "errorcode")
_MESSAGES = ("message", "error_description")
_REQUEST_IDS = ("request-id", "requestid")
Levels = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Fault:
    """What Microsoft says about an error; each text is printable, and empty where Microsoft says nothing.

    Args:
        code: of the innermost error that has one.
        message: of the innermost error that has one, cut to what a sentence of ours can hold.
        request_id: by which Microsoft's support finds the request.
        words: the message at more length, to look for words and permissions in.
    """

    code: str = ""
    message: str = ""
    request_id: str = ""
    words: str = ""

    def __str__(self) -> str:
        said = ": ".join(filter(None, (self.code, self.message)))
        return "; ".join(filter(None, (said, self.request_id and f"request-id {self.request_id}")))


async def decoded_in_turns(response: Response) -> Any:
    """The JSON of a body that may be large, whatever its content type says; others have their turn meanwhile.

    Raises:
        UnavailableError, UnexpectedAnswerError: see ``undecodable``.
    """
    try:
        return await largejson.loads(response.body)
    except (ValueError, RecursionError):
        raise undecodable(response) from None


def fault_of(response: Response) -> Fault | None:
    """Microsoft's own words about an error; None where the body is no error in JSON."""
    try:
        body = json.loads(response.body)
    except (ValueError, RecursionError):
        return None
    error = _error_of(body) if isinstance(body, dict) else None
    if error is None:
        return None
    levels = list(_wrapped(error))
    secrets = response.request.secrets
    code = _last_text(levels, _CODES)
    message = _last_text(levels, _MESSAGES)
    request_id = _last_text(levels[::-1], _REQUEST_IDS) or response.headers.get("request-id", "")
    return Fault(
        printable(code, secrets, 80),
        printable(message, secrets),
        printable(request_id, secrets, 80),
        printable(message, secrets, 2000),
    )


def _error_of(body: dict[str, Any]) -> dict[str, Any] | None:
    """The error in a body, which may be wrapped, bare, or OAuth's pair of texts."""
    names = _lower(body)
    error = names.get("error", names.get("odata.error"))
    if isinstance(error, str):
        return {"code": error, "message": names.get("error_description", names.get("message"))}
    if isinstance(error, dict):
        return error
    return body if _first_text([names], _CODES) or _first_text([names], _MESSAGES) else None


def _wrapped(error: dict[str, Any]) -> Iterator[Levels]:
    """The error with its inner errors, then the error that is JSON text in its message, and so on inwards."""
    inside: dict[str, Any] | None = error
    for _ in range(_NESTED):
        if inside is None:
            return
        levels = list(_levels(inside))
        yield levels
        inside = _error_in(_first_text(levels, _MESSAGES))


def _error_in(message: str) -> dict[str, Any] | None:
    """The error that a message holds as JSON text, maybe with words before and after it."""
    start = message.find("{")
    if start < 0 or len(message) > _LONGEST_NESTED:
        return None
    try:
        found, _ = json.JSONDecoder(strict=False).raw_decode(message, start)
    except (ValueError, RecursionError):
        return None
    return _error_of(found)


def _levels(error: Any) -> Iterator[dict[str, Any]]:
    """The error and the inner errors in it, from outside to inside, with names in small letters."""
    for _ in range(100):
        if not isinstance(error, dict):
            return
        level = _lower(error)
        yield level
        error = level.get("innererror")


def _lower(error: dict[str, Any]) -> dict[str, Any]:
    return {name.lower(): value for name, value in error.items()}


def _first_text(levels: Levels, names: tuple[str, ...]) -> str:
    texts = (_text(level.get(name)) for level in levels for name in names)
    return next((text for text in texts if text.strip()), "")


def _last_text(wrapped: list[Levels], names: tuple[str, ...]) -> str:
    return next((text for levels in wrapped[::-1] if (text := _first_text(levels, names))), "")


def _text(value: Any) -> str:
    """A text, or the one in ``{"lang": …, "value": …}``, which is OData's older form."""
    if isinstance(value, dict):
        value = value.get("value")
    return value if isinstance(value, str) else ""
