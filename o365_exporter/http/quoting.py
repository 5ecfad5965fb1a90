"""Foreign text in a sentence of ours: one short line without secrets, markup or characters that nobody can see."""

from __future__ import annotations

import html
import json
import re
from urllib.parse import quote_plus

LONGEST = 200
"""Characters of Microsoft's own words that a sentence of ours holds."""

_READ = 4096  # characters that are looked at: what is shown is far shorter, and the work stays small
_HIDDEN = "[hidden]"
_TOKEN = re.compile(r"(?i:bearer)\s+\S+|eyJ[\w-]{8,}[\w.-]*")  # a token begins with {" in base64
_MARKUP = re.compile(r"<(?:script|style)\b[^<>]*>?[^<]*|<[/!?a-z][^<>]*>?", re.IGNORECASE)
_BLANKS = re.compile(r"\s+")


def printable(text: str, secrets: tuple[str, ...] = (), limit: int = LONGEST) -> str:
    """One line of at most ``limit`` characters in which no secret and nothing that looks like a token is left."""
    text = _hidden(text[:_READ], secrets)
    text = _hidden(_MARKUP.sub(" ", html.unescape(text)), secrets)  # what was escaped may be a secret now
    text = "".join(letter if letter.isprintable() else " " for letter in text)
    text = _BLANKS.sub(" ", text).strip()
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _hidden(text: str, secrets: tuple[str, ...]) -> str:
    for secret in secrets:
        for form in (secret, quote_plus(secret), json.dumps(secret)[1:-1]):
            text = text.replace(form, _HIDDEN) if form else text
    return _TOKEN.sub(_HIDDEN, text)
