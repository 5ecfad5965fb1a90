"""Reading a list of Graph so that neither an odd entry nor a sudden emptiness is taken for the truth.

One entry that cannot be read costs itself and not the others; it is counted and named. A list that was not empty and
suddenly is, is not believed at once: Graph answers 200 with an empty ``value`` now and then although there are objects
(microsoft-graph-docs#15648, #17354, #4644, #5681).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from o365_exporter.errors import NoData, UnexpectedAnswerError
from o365_exporter.fields import Json
from o365_exporter.graph import Endpoint, GraphClient
from o365_exporter.source import Source

BELIEVED_AFTER = 86400.0
"""Seconds for which an empty list must be the answer before it is believed of a list that was not empty."""

_FEW, _SHARE = 3, 0.05
"""So many entries, or this share of them, may be unreadable; more means that the form of the answer has changed."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """What a list held.

    Args:
        entries: those that could be read, each once.
        left_out: how many could not be read.
        example: what was wrong with the first of them; empty where there is none.
        read_at: wall clock of the reading, seconds.
    """

    entries: tuple[T, ...]
    left_out: int
    example: str
    read_at: float

    def __iter__(self) -> Iterator[T]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)


def parsed(raw: Sequence[Json], parse: Callable[[Json], T], key: Callable[[T], str], now: float) -> Listing[T]:
    """The entries as records; of two with one key the last counts.

    Args:
        raw: as Graph gave them.
        parse: reads one, or raises ``UnexpectedAnswerError``.
        key: tells entries apart.
        now: wall clock, seconds.

    Raises:
        UnexpectedAnswerError: more than a small share cannot be read.
    """
    found: dict[str, T] = {}
    failures: list[UnexpectedAnswerError] = []
    for entry in raw:
        try:
            record = parse(entry)
        except UnexpectedAnswerError as error:
            failures.append(error)
        else:
            found[key(record)] = record
    example = failures[0].message if failures else ""
    if failures and (not found or len(failures) > max(_FEW, _SHARE * len(raw))):
        raise UnexpectedAnswerError(
            f"Graph listed {len(raw)} entries, of which {len(failures)} cannot be read. The first: {example}",
            remedy=failures[0].remedy,
        )
    return Listing(tuple(found.values()), len(failures), example, now)


def check_emptiness(noun: str, entries: int, previous: Listing[T] | None, now: float, after: float) -> None:
    """Refuse to believe that a list has become empty before that has been the answer for a while.

    Raises:
        UnexpectedAnswerError: it has something to hold that was there before.
    """
    if entries or previous is None or not previous.entries or now - previous.read_at >= after:
        return
    remedy = "Microsoft answers so now and then although there are some"
    believed = f", so this is believed after {after / 3600:g} h of it" if after < float("inf") else ""
    raise UnexpectedAnswerError(
        f"Graph suddenly lists no {noun} at all for this tenant, after {len(previous)} before.",
        remedy=f"{remedy}{believed}; look into the admin center whether they are still there.",
    )


class ListSource(Source[Listing[T]]):
    """A source that reads one list whole.

    A subclass says which (``endpoint``), of what (``noun``), how an entry is read (``parse``, ``key``) and shown.
    """

    endpoint: Endpoint
    noun: str
    """What an entry is, in the singular: "no … at all"."""
    believed_after: float = BELIEVED_AFTER
    """Seconds after which a sudden emptiness is believed; infinity where it never can be true."""

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

    async def read(self, graph: GraphClient, previous: Listing[T] | None, now: float) -> Listing[T]:
        """The list, which may be empty where it always was or has been for long enough."""
        raw = await graph.list(self.endpoint)
        check_emptiness(self.noun, len(raw), previous, now, self.believed_after)
        return parsed(raw, self.parse, self.key, now)

    def left_out(self, records: Listing[T]) -> int:
        return records.left_out

    def remarks(self, records: Listing[T]) -> Iterable[str]:
        if records.left_out:
            yield left_out_remark(records)


def left_out_remark(records: Listing[T]) -> str:
    """The sentence about entries that could not be read."""
    total = records.left_out + len(records)
    return f"{records.left_out} of {total} entries cannot be read and are left out. The first: {records.example}"
