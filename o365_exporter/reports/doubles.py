"""Rows that come twice, found in memory that does not grow with the file."""

from __future__ import annotations

from collections.abc import Sequence

from o365_exporter.reports.tables import Grid

MOST = 1024
"""Rows that are remembered: all of a small file, an even sample of a large one."""


class Doubles:
    """Tells which rows are the same as one before, cell by cell.

    Two rows of one name that differ are no doubles: a person who was deleted and made anew has both.
    """

    def __init__(self) -> None:
        self._seen: dict[int, int] = {}  # hash of a row: hash of its name
        self._mask = 0
        self.estimate = 0
        """How many rows of the file came again; exact while every row is remembered."""

    def of(self, names: Sequence[str], rows: Grid) -> set[int]:
        """Positions of the rows, among these, that came before.

        Args:
            names: what each row is about; one without a name cannot be told from its like.
            rows: next ones of the file.
        """
        found = set()
        masked = [*map(self._mask.__and__, map(hash, names))]
        position = -1
        for _ in range(masked.count(0)):
            position = masked.index(0, position + 1)
            if names[position] and self._comes_again(hash(names[position]), hash(rows.joined(position))):
                found.add(position)
        return found

    def _comes_again(self, name: int, row: int) -> bool:
        if row in self._seen:
            self.estimate += self._mask + 1
            return True
        self._seen[row] = name
        while len(self._seen) > MOST:  # half of the names make way, and are never looked at again
            self._mask = 2 * self._mask + 1
            self._seen = {row: name for row, name in self._seen.items() if not name & self._mask}
        return False
