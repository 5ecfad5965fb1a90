"""Values as they are written in a TOML file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

MASK = "********"
"""What stands for a secret; its length says nothing."""

_USER = re.compile(r"//[^/@\s]*@")
_BARE = re.compile(r"[A-Za-z0-9_-]+")


def toml(value: Any) -> str:
    """A value in TOML; what JSON can hold, and the dates and times of a TOML file, is all there can be."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{toml_key(name)} = {toml(inner)}' for name, inner in value.items())}}}"
    return str(value)


def toml_key(name: str) -> str:
    """One part of a key, in quotes where it needs them."""
    return name if _BARE.fullmatch(name) else toml(name)


def dotted(path: Iterable[str]) -> str:
    """A key with the tables it stands in."""
    return ".".join(map(toml_key, path))


def without_user(text: str) -> str:
    """A text in which addresses show neither user nor password."""
    return _USER.sub(f"//{MASK}@", text)
