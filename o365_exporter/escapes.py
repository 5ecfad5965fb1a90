"""Text in JSON, TOML and HCL, where escapes stand for what cannot be printed: terminals and people read these, too.

The value stays the same for whoever parses it. Without this the name of a tenant could steer a terminal, turn the
order of the characters behind it, or be a line of its own.
"""

from __future__ import annotations

import json
from typing import Any

_SHORT = 0xFFFF
"""The last character whose escape has four digits; that of others has eight."""

_IN_QUOTES = {'"': r"\"", "\\": r"\\", "\n": r"\n", "\r": r"\r", "\t": r"\t"}


def as_json(value: Any, **options: Any) -> str:
    """A document of JSON; halves of surrogate pairs, which no file can hold, are escapes as well.

    Args:
        value: what ``json.dumps`` takes.
        options: of ``json.dumps``.
    """
    text = json.dumps(value, ensure_ascii=False, **options)
    return "\n".join(map(_printable, text.split("\n")))


def in_quotes(text: str) -> str:
    """A string of TOML and of HCL: both know these escapes, and not JSON's for characters beyond 16 bits."""
    return f'"{"".join(map(_in_quotes, text))}"'


def _printable(line: str) -> str:
    if line.isprintable():
        return line
    return "".join(character if character.isprintable() else json.dumps(character)[1:-1] for character in line)


def _in_quotes(character: str) -> str:
    if character in _IN_QUOTES:
        return _IN_QUOTES[character]
    if character.isprintable():
        return character
    number = ord(character)
    return f"\\u{number:04x}" if number <= _SHORT else f"\\U{number:08x}"
