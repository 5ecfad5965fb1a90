"""What is wrong with settings, as values; they become sentences only at the end."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    Args:
        keys: by which it was set, as they are spelled where that was.
        value: as it may be shown, in TOML; empty where there is none.
        place: where it was set.
        what: is wrong, as a predicate.
        remedy: what to do.
    """

    keys: tuple[str, ...]
    value: str
    place: str
    what: str
    remedy: str

    def __str__(self) -> str:
        keys = " and ".join(self.keys)
        value = f" = {self.value}" if self.value else ""
        return f"{keys}{value} in {self.place} {self.what}: {self.remedy}."
