"""Reading a list of Graph so that neither an odd entry nor a sudden loss is taken for the truth.

One entry that cannot be read costs itself and not the others; it is counted and named. A list that was not empty and
suddenly is, is not believed at once: Graph answers 200 with an empty ``value`` now and then although there are objects
(microsoft-graph-docs#15648, #17354, #4644, #5681). Nor is one that loses most of its entries between two polls.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Generic, TypeVar

import anyio.lowlevel

from o365_exporter.errors import NoData, UnexpectedAnswerError
from o365_exporter.fields import Json
from o365_exporter.graph import Endpoint, GraphClient
from o365_exporter.source import BELIEVED_AFTER, Source, format_duration

_MANY, _KEPT = 20, 0.5
"""A list of so many entries that suddenly has less than this share of them has lost too many to be believed at once."""

_FEW, _SHARE = 3, 0.05
"""So many entries, or this share of them, may be unreadable; more means that the form of the answer has changed."""

_TURN = 50
"""Entries that are read before others have their turn: one with its posts takes up to 0.1 ms."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """What a list held.

    Args:
        entries: those that could be read, each once.
        left_out: how many could not be read.
        example: what was wrong with the first of them; empty where there is none.
        read_at: wall clock of the reading, seconds.
        empty_since: wall clock since when Graph has listed nothing instead of these; None while it does not.
        fewer_since: the same of a list that lacks most of these, or all.
        lost_from: how many there were before most of them were gone, where that is believed since this reading; else 0.
    """

    entries: tuple[T, ...]
    left_out: int
    example: str
    read_at: float
    empty_since: float | None = None
    fewer_since: float | None = None
    lost_from: int = 0

    def __iter__(self) -> Iterator[T]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)


async def parsed(raw: Sequence[Json], parse: Callable[[Json], T], key: Callable[[T], str], now: float) -> Listing[T]:
    """The entries as records; of two with one key the last counts. Others have their turn in between.

    Args:
        raw: as Graph gave them.
        parse: reads one, or raises ``UnexpectedAnswerError``.
        key: tells entries apart.
        now: wall clock, seconds.

    Raises:
        UnexpectedAnswerError: more than a small share cannot be read.
    """
    found: dict[str, T] = {}
    failures, example, remedy = 0, "", ""
    for number, entry in enumerate(raw):
        if number % _TURN == _TURN - 1:
            await anyio.lowlevel.checkpoint()
        try:
            record = parse(entry)
        except UnexpectedAnswerError as error:
            if not failures:
                example, remedy = error.message, error.remedy
            failures += 1
        else:
            found[key(record)] = record
    if failures and (not found or failures > max(_FEW, _SHARE * len(raw))):
        raise UnexpectedAnswerError(
            f"Graph listed {len(raw)} entries, of which {failures} cannot be read. The first: {example}",
            remedy=remedy,
        )
    return Listing(tuple(found.values()), failures, example, now)


def doubted(previous: Listing[T], entries: int, now: float) -> Listing[T]:
    """What was known, with the moments since when Graph lists so much less that it is doubted.

    They are kept from answer to answer while each is as doubtful, and over polls that bring none at all: what counts
    is how long Graph has said so, not how long ago anything else was heard.
    """
    lost = len(previous) >= _MANY and entries < _KEPT * len(previous)
    return replace(
        previous,
        empty_since=_since(previous.empty_since, now) if len(previous) and not entries else None,
        fewer_since=_since(previous.fewer_since, now) if lost else None,
    )


def _since(before: float | None, now: float) -> float:
    return now if before is None else before


class ListSource(Source[Listing[T]]):
    """A source that reads one list whole.

    A subclass says which (``endpoint``), of what (``noun``), how an entry is read (``parse``, ``key``) and shown.
    """

    endpoint: Endpoint
    noun: str
    """What an entry is, in the singular: "no … at all"."""
    believed_after: float = BELIEVED_AFTER
    """Seconds of nothing else after which emptiness is believed; infinity where it never can be true."""

    @abstractmethod
    def parse(self, entry: Json) -> T:
        """One entry.

        Raises:
            UnexpectedAnswerError: it cannot be read, and is left out.
        """

    @abstractmethod
    def key(self, record: T) -> str:
        """By what entries are told apart."""

    async def fetch(self, graph: GraphClient, previous: Listing[T] | None, now: float) -> Listing[T]:
        listing = await self.read(graph, previous, now)
        if not listing.entries:
            raise NoData(f"Graph lists no {self.noun} at all for this tenant.")
        return listing

    async def entries(self, graph: GraphClient) -> Sequence[Json]:
        """What Graph lists."""
        return await graph.list(self.endpoint)

    async def read(self, graph: GraphClient, previous: Listing[T] | None, now: float) -> Listing[T]:
        """The list, which may be empty where it always was or has been for long enough.

        Raises:
            UnexpectedAnswerError: it has so little to hold of what was there before that it is not believed yet.
        """
        raw = await self.entries(graph)
        known = doubted(previous, len(raw), now) if previous is not None else None
        if known is not None:
            self._check(known, len(raw), now)
        lost_from = len(known) if known is not None and known.fewer_since is not None else 0
        return replace(await parsed(raw, self.parse, self.key, now), lost_from=lost_from)

    def _check(self, known: Listing[T], entries: int, now: float) -> None:
        if known.empty_since is not None:
            since, after, what = known.empty_since, self.believed_after, f"no {self.noun} at all"
        elif known.fewer_since is not None:
            since, after, what = known.fewer_since, self.interval, f"only {entries} {self.noun}s"
        else:
            return
        if now - since >= after:
            return
        believed = f", so this is believed after {format_duration(after)} of it" if after < inf else ""
        error = UnexpectedAnswerError(
            f"Graph suddenly lists {what} for this tenant, after {len(known)} before.",
            remedy=f"Microsoft answers so now and then although there are more{believed}; look into the admin center "
            "whether they are still there.",
        )
        error.unfinished = known
        raise error

    def left_out(self, records: Listing[T]) -> int:
        return records.left_out

    def remarks(self, records: Listing[T]) -> Iterable[str]:
        if records.left_out:
            yield self.left_out_remark(records)
        if records.lost_from:
            yield f"Graph lists only {len(records)} {self.noun}s for this tenant, after {records.lost_from} before."

    def left_out_remark(self, records: Listing[T]) -> str:
        """The sentence about what could not be read."""
        return left_out_remark(records)


def left_out_remark(records: Listing[T]) -> str:
    """The sentence about entries that could not be read."""
    total = records.left_out + len(records)
    return f"{records.left_out} of {total} entries cannot be read and are left out. The first: {records.example}"
