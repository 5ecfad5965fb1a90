"""Foreign text in a sentence of ours: one short line without secrets, markup or characters that nobody can see.

Whoever answers may send back what we sent, and not only as it was: cut, in capitals, percent-encoded or decoded, in
base64, as the name of a host. So besides each spelling of a secret, every word that has a piece of one is hidden.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import quote, quote_plus, unquote_plus

LONGEST = 200
"""Characters of Microsoft's own words that a sentence of ours holds."""

_READ = 4096  # characters that are looked at: what is shown is far shorter, and the work stays small
_HIDDEN = "[hidden]"
_TOKEN = re.compile(r"(?i:bearer)\s+\S+|eyJ[\w-]{8,}[\w.-]*")  # a token begins with {" in base64
_MARKUP = re.compile(r"<(?:script|style)\b[^<>]*>?[^<]*|<[/!?a-z][^<>]*>?", re.IGNORECASE)
_BLANKS = re.compile(r"\s+")
_NO_NAME = re.compile(r"[^a-z0-9-]")
_PIECE = 8
"""Characters of a secret that no word may have in common with it; less is chance."""

_LONG = 256
"""Characters of a secret from which on only each eighth piece is looked for: whoever cuts a token leaves more of it."""

_PROBE = 32  # characters of a signature that no answer can have by chance


def printable(text: str, secrets: tuple[str, ...] = (), limit: int = LONGEST) -> str:
    """One line of at most ``limit`` characters in which no secret and nothing that looks like a token is left."""
    text = hidden(text[:_READ], secrets)
    text = hidden(_MARKUP.sub(" ", html.unescape(text)), secrets)  # what was escaped may be a secret now
    text = "".join(letter if letter.isprintable() else " " for letter in text)
    text = _BLANKS.sub(" ", text).strip()
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def repeats(body: bytes, token: str) -> bool:
    """Whether a body has enough of a token's signature in it to be of use to whoever reads it.

    Without its signature a token proves nothing, so the rest of it, which names tenant and app, may come back.
    """
    signature = token.rpartition(".")[2].encode()
    pieces = [signature[at : at + _PROBE] for at in range(0, len(signature) - _PROBE + 1, _PROBE)]
    return any(piece in body for piece in pieces or [signature] if piece)


def hidden(text: str, secrets: tuple[str, ...]) -> str:
    """The text without secrets, whatever their spelling, and without what looks like a token."""
    for secret in secrets:
        for form in (secret, quote_plus(secret), json.dumps(secret)[1:-1]):
            text = text.replace(form, _HIDDEN) if form else text
        if len(secret) >= _PIECE:
            text = _without_pieces(text, _pieces(secret))
    return _TOKEN.sub(_HIDDEN, text)


def _without_pieces(text: str, pieces: frozenset[str]) -> str:
    """The text without the words in which a piece of a secret stands."""
    lowered = text.lower()
    if len(lowered) != len(text):  # a few letters have small forms of two characters
        lowered = "".join(letter.lower() if letter.isascii() else letter for letter in text)
    found = [at for at in range(len(text) - _PIECE + 1) if lowered[at : at + _PIECE] in pieces]
    if not found:
        return text
    kept, end = [], 0
    for at in found:
        if at < end:
            continue
        start = max(text.rfind(" ", 0, at) + 1, end)
        stop = text.find(" ", at + _PIECE)
        kept += [text[end:start], _HIDDEN]
        end = stop if stop >= 0 else len(text)
    return "".join((*kept, text[end:]))


@lru_cache(maxsize=32)
def _pieces(secret: str) -> frozenset[str]:
    """What of a secret, in any spelling, may not stand in a text; in small letters."""
    step = 1 if len(secret) < _LONG else _PIECE
    return frozenset(
        form[at : at + _PIECE]
        for spelling in _spellings(secret)
        for form in (spelling.lower(),)
        for at in range(0, len(form) - _PIECE + 1, step)
        if " " not in form[at : at + _PIECE]
    )


def _spellings(secret: str) -> Iterator[str]:
    yield from (secret, quote(secret, safe=""), quote_plus(secret), unquote_plus(secret), html.escape(secret))
    yield _NO_NAME.sub("", secret.lower())
    for before in range(3):  # where in its group of three bytes it begins
        coded = base64.b64encode(b"\0" * before + secret.encode("utf-8", "replace")).decode()
        yield coded[4 if before else 0 :].rstrip("=")
