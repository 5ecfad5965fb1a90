"""TOML, whatever a file holds; where it is none, the mistakes that people make are told from the line they are in.

A line is never shown, since it could hold a secret; its key is, if it is one of ours: a secret in base64, alone in its
line, ends in equals signs.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import Any

from o365_exporter.settings.schema import walk
from o365_exporter.texts import UnusableError

_LARGEST_INTEGER = 2**63
_DEEPEST = 32
"""Tables and lists within each other; settings have half a dozen."""

_PART = r"""(?:"(?:\\.|[^"\\\n])*+"|'[^'\n]*+'|[\w-]++)"""
_LONG_NAME = re.compile(rf"""(?<![\w"'.\\-])(?:{_PART}[ \t]*+\.[ \t]*+){{64}}""")
"""A name of so many parts that the parser, whose time grows with their square, is not given it."""

_AT_LINE = re.compile(r"\(at line (\d+), column \d+\)")
_KEY = re.compile(r"\s*([A-Za-z0-9_.-]{1,80})\s*=\s*(.*)")
_YAML = re.compile(r"\s*-?\s*[A-Za-z0-9_.-]+\s*:(\s|$)")
_WORDS = {"True": "true", "TRUE": "true", "False": "false", "FALSE": "false"}
_SWITCHES = ("yes", "no", "on", "off", "Yes", "No", "On", "Off")
_TYPOGRAPHIC = "\u201c\u201d\u201e\u201f\u00ab\u00bb\u2018\u2019\u201a"
_UNSEEN = re.compile("[\u00a0\u00ad\u200b-\u200f\u2028\u2029\u202a-\u202f\u2060\u3000\ufeff]")


def tables_of(text: str) -> dict[str, Any]:
    """The tables of a file, whatever it holds.

    Raises:
        UnusableError: it is not TOML, or in TOML what no machine takes.
    """
    if _LONG_NAME.search(text):
        raise _too_deep()
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UnusableError("is not TOML", _remedy(text, error)) from None
    except ValueError:  # an integer of thousands of digits
        raise UnusableError("has a number with too many digits in it", "write numbers of up to 18 digits") from None
    except RecursionError:
        raise _too_deep() from None
    if is_too_deep(tree):
        raise _too_deep()
    if has_huge_number(tree):
        raise UnusableError("has a number with too many digits in it", "write numbers of up to 18 digits")
    return tree


def _too_deep() -> UnusableError:
    return UnusableError(
        "has too many brackets within each other", "write it as o365-exporter docs configuration shows"
    )


def is_too_deep(value: Any, left: int = _DEEPEST) -> bool:
    """Whether too many tables and lists are in each other: names with dots make them without any parser's limit."""
    if not isinstance(value, dict | list):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return left == 0 or any(is_too_deep(one, left - 1) for one in inner)


def has_huge_number(value: Any) -> bool:
    """Hexadecimal ones get by the limit on digits, and cannot even be printed."""
    if isinstance(value, dict | list):
        return any(map(has_huge_number, value.values() if isinstance(value, dict) else value))
    return isinstance(value, int) and abs(value) >= _LARGEST_INTEGER


def _remedy(text: str, error: tomllib.TOMLDecodeError) -> str:
    """The parser's words and where it stopped, and what to do about it where that can be told."""
    hint = next(_hints(_line_of(text, str(error)), str(error)), "")
    return f"{error}; {hint}" if hint else str(error)


def _line_of(text: str, said: str) -> str:
    """The line in which the parser stopped; the last one with something in it where that was the end."""
    lines = text.split("\n")
    found = _AT_LINE.search(said)
    if found:
        return lines[int(found[1]) - 1] if int(found[1]) <= len(lines) else ""
    return next((line for line in reversed(lines) if line.strip()), "")


def _hints(line: str, said: str) -> Iterator[str]:
    """What to do, the surest first."""
    key, value = match.groups() if (match := _KEY.match(line)) else ("", "")
    yield from _of_form(line, key)
    known = {part for path, _ in walk() for part in path}
    name = key if key.rpartition(".")[2] in known else ""
    if "overwrite" in said or "twice" in said or "more than once" in said:
        yield f"{name or ('this key' if key else 'this table')} is there twice: keep one of them"
    if key:
        yield from _of_value(name, value, said)
    if line.lstrip().startswith("["):
        yield "write a table as [name], alone in its line"


def _of_form(line: str, key: str) -> Iterator[str]:
    """About a line that another program, or another format, made so."""
    if any(quote in line for quote in _TYPOGRAPHIC):
        yield 'write plain quotes (") in place of typographic ones'
    if _UNSEEN.search(line):
        yield "remove the blanks and invisible characters that are none of ASCII, and type the line anew"
    if not key and line.lstrip().startswith("{"):
        yield "this looks like JSON: write key = value, and tables as [name]"
    if not key and _YAML.match(line):
        yield "this looks like YAML: write key = value, and tables as [name]"


def _of_value(key: str, value: str, said: str) -> Iterator[str]:
    of, word = f"the value of {key or 'this line'}", value.split("#", maxsplit=1)[0].strip()
    if "\\" in value and value.startswith('"') and re.search(r"escape|hex|\\", said):
        yield f"double each backslash in {of}, or put it in single quotes"
    if word in _WORDS:
        yield f"write {key or 'it'} = {_WORDS[word]}, in small letters"
    if word in _SWITCHES:
        yield f"write {key or 'it'} = true or {key or 'it'} = false"
    if value[:1] in ('"', "'"):
        yield f"see that the quotes around {of} are closed, and that nothing but a comment (#) follows them"
    if value[:1] in ("[", "{"):
        yield f"see that each text in {of} is in quotes and that the brackets are closed"
    yield f"put {of} in quotes if it is a text"
