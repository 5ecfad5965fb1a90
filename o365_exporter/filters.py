"""Include and exclude lists of regular expressions, as the users of the Centreon plugins know them.

Searched anywhere in the text, without regard to case. An empty include list lets everything pass; an exclude
list wins over an include list.
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from o365_exporter.texts import UnusableError


def _valid_pattern(pattern: str) -> str:
    try:
        re.compile(pattern, re.IGNORECASE)
    except (re.error, OverflowError, RecursionError) as error:
        remedy = f"{error}; write it as Python's re module reads it, with \\ before . ( [ * + ?"
        raise UnusableError("is not a regular expression", remedy) from None
    return pattern


Pattern = Annotated[str, AfterValidator(_valid_pattern)]
"""A regular expression."""


class Filter(BaseModel):
    """What to keep."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    include: tuple[Pattern, ...] = Field(
        default=(), description="Regular expressions, searched without regard to case; empty: everything."
    )
    exclude: tuple[Pattern, ...] = Field(
        default=(), description="Regular expressions, searched without regard to case; wins over `include`."
    )

    def keeps(self, *texts: str) -> bool:
        """Whether a thing with these names passes: each list looks at every name."""
        if self._any_match(self.exclude, texts):
            return False
        return not self.include or self._any_match(self.include, texts)

    @staticmethod
    def _any_match(patterns: tuple[str, ...], texts: tuple[str, ...]) -> bool:
        return any(re.search(pattern, text, re.IGNORECASE) for pattern in patterns for text in texts)
