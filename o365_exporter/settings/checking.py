"""The document is checked twice where it has errors, so that all of them are told at once.

A model looks at how its keys go together only when each is right by itself. What is wrong is therefore taken out, and
the second look tells of the contradictions between the rest.
"""

from __future__ import annotations

import re
from copy import deepcopy
from typing import Any

from pydantic import BaseModel, ValidationError

from o365_exporter.settings.arranging import SOMEBODY, Tree
from o365_exporter.settings.schema import document

Error = dict[str, Any]


def check(arranged: Tree) -> tuple[BaseModel | None, list[Error]]:
    """The document, or all its errors in pydantic's form."""
    checked, errors = _check(arranged)
    if not errors:
        return checked, []
    wrong = {tuple(map(str, error["loc"])) for error in errors}
    _, later = _check(_mended(arranged, errors))
    return None, [*errors, *(error for error in later if _is_new(error, wrong))]


def _check(arranged: Tree) -> tuple[BaseModel | None, list[Error]]:
    """Returns the errors, since a raised one would carry the values in its context."""
    try:
        return document().model_validate(arranged), []
    except ValidationError as error:
        return None, [dict(detail) for detail in error.errors(include_url=False)]


def _mended(arranged: Tree, errors: list[Error]) -> Tree:
    """Without what is wrong; an app in place of one that is wrong or missing, so that its proof is looked at."""
    mended = deepcopy(arranged)
    for error in errors:
        *parents, name = (part for part in error["loc"] if isinstance(part, str) and part != "[key]")
        table = mended
        for parent in parents:
            table = table.get(parent, {})
        table.pop(name, None)
        if name == "client_id":
            table[name] = SOMEBODY
    return mended


def _is_new(error: Error, wrong: set[tuple[str, ...]]) -> bool:
    """Whether it is a contradiction, and between keys of which none was taken out."""
    place = tuple(map(str, error["loc"]))
    if error["type"] != "value_error" or place in wrong:
        return False
    taken_out = {path[len(place)] for path in wrong if path[: len(place)] == place} - {"client_id"}
    return taken_out.isdisjoint(re.findall(r"\w+", str(error["ctx"]["error"])))
