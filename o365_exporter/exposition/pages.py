"""A page is assembled from finished pieces: a header for each family, then the lines of every poll.

Pages are put together for each scrape, which is a list of what polls have rendered; compressed segments alone are kept
from one to the next (``compression``).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from o365_exporter.metrics import Metric
from o365_exporter.store import Rendered, Store

_CHUNK = 256 * 1024
"""Bytes that are joined before they are sent: thousands of small writes cost more than copying."""


class Format(Enum):
    """The formats that are served, with their ``Content-Type``; the first is for clients without a wish."""

    TEXT = "text/plain; version=0.0.4; charset=utf-8"
    OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Page:
    """The bytes of one answer, in pieces that belong to the polls; ``families`` are positions at which one begins."""

    pieces: list[bytes]
    families: Sequence[int] = ()

    @property
    def length(self) -> int:
        """Bytes altogether."""
        return sum(map(len, self.pieces))

    def chunks(self) -> Iterator[bytes]:
        """The pieces joined to a size that is good to send; one that is large enough is not copied."""
        batch: list[bytes] = []
        size = 0
        for piece in self.pieces:
            if len(piece) < _CHUNK:
                batch.append(piece)
                size += len(piece)
            if batch and (size >= _CHUNK or len(piece) >= _CHUNK):
                yield b"".join(batch)
                batch, size = [], 0
            if len(piece) >= _CHUNK:
                yield piece
        if batch:
            yield b"".join(batch)


class Assembler:
    """Puts pages together.

    Args:
        metrics: every family that may occur, in the order in which families are served.
    """

    def __init__(self, metrics: Iterable[Metric]) -> None:
        known = list(metrics)
        self._headers = {form: {metric.name: header(metric, form) for metric in known} for form in Format}

    def page(self, form: Format, rendered: Iterable[Rendered], process_wide: bytes = b"") -> Page:
        """One page.

        Args:
            form: the format.
            rendered: what polls and tenants have to show; see ``shown``.
            process_wide: finished families that belong to no tenant, in the same format.
        """
        page = self.beginning(form, rendered)
        return Page([*page.pieces, ending(form, process_wide)], (*page.families, len(page.pieces)))

    def beginning(self, form: Format, rendered: Iterable[Rendered]) -> Page:
        """All but the end of a page."""
        lines = _by_family(rendered)
        pieces: list[bytes] = []
        families: list[int] = []
        for name, header in self._headers[form].items():
            if name in lines:
                families.append(len(pieces))
                pieces.append(header)
                pieces += lines.pop(name)
        for undeclared in lines.values():  # without a header, but a value that is known is not hidden
            pieces += undeclared
        return Page(pieces, families)


def ending(form: Format, process_wide: bytes) -> bytes:
    """The end of a page."""
    return process_wide + b"# EOF\n" if form is Format.OPENMETRICS else process_wide


def shown(store: Store, now: float, tenants: Collection[str] | None = None) -> Iterator[Rendered]:
    """What may be shown at this wall clock: every poll that is not withdrawn, and what tenants say about themselves.

    Args:
        store: all polls.
        now: wall clock, seconds.
        tenants: the tenants' labels; None for all.
    """
    for tenant in store.tenants() if tenants is None else sorted(filter(store.watches, tenants)):
        yield from (poll.rendered for poll in store.of(tenant).values() if poll.is_fresh(now))
        yield store.about(tenant)


def shown_until(store: Store, now: float) -> float:
    """The wall clock until which ``shown`` stays as it is now if the store does."""
    fresh = (poll for tenant in store.tenants() for poll in store.of(tenant).values() if poll.is_fresh(now))
    return min((poll.fresh_until for poll in fresh), default=math.inf)


def _by_family(rendered: Iterable[Rendered]) -> dict[str, list[bytes]]:
    lines: dict[str, list[bytes]] = {}
    for families in rendered:
        for name, text in families.items():
            lines.setdefault(name, []).append(text)
    return lines


def header(metric: Metric, form: Format) -> bytes:
    """What stands before the samples of a family."""
    name, text = metric.name, metric.help.replace("\\", r"\\").replace("\n", r"\n")
    if form is Format.OPENMETRICS:
        text = text.replace('"', r"\"")
        if metric.type == "counter":
            name = name.removesuffix("_total")
    return f"# HELP {name} {text}\n# TYPE {name} {metric.type}\n".encode("utf-8", "replace")
