"""History as OpenMetrics for ``promtool tsdb create-blocks-from openmetrics``.

All samples of a family stand together, those of a series in the order of time, and at the end ``# EOF``. Nothing is
held but the records of one part.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import BinaryIO

from o365_exporter.backfill.plan import STEP, Plan
from o365_exporter.backfill.work import WorkFile
from o365_exporter.catalogue import all_metrics
from o365_exporter.exposition import Format, ending, header, number_of, series_of
from o365_exporter.history import Past, Stretch, Window
from o365_exporter.metrics import Metric

_AT_ONCE = 4096
"""Samples that are written at once: half a megabyte."""


@dataclass(slots=True)
class Size:
    """How much there is to write."""

    series: int = 0
    samples: int = 0
    bytes: int = 0


class Writer:
    """Writes what a work file has.

    Args:
        plan: its parts.
        work: their records.
        window: from when until when.
        labels: of every series, in addition.
    """

    def __init__(self, plan: Plan, work: WorkFile, window: Window, labels: Mapping[str, str]) -> None:
        self._plan = plan
        self._work = work
        self._window = window
        self._labels = labels

    def measure(self) -> Iterator[Size]:
        """How much it will be: again and again the same object, as far as it is counted; exact at the end."""
        size = Size()
        for metric in self._metrics():
            before = size.series
            for series, past in self._series_of(metric):
                size.series += 1
                for stretch in past.stretches:
                    count = len(_moments(stretch))
                    size.samples += count
                    size.bytes += count * _length(series, stretch)
                yield size
            if size.series > before:
                size.bytes += len(header(metric, Format.OPENMETRICS))
        size.bytes += len(ending(Format.OPENMETRICS, b""))
        yield size

    def pieces(self) -> Iterator[bytes]:
        """The file, at most half a megabyte at a time."""
        for metric in self._metrics():
            has_header = False
            for series, past in self._series_of(metric):
                if not has_header:
                    yield header(metric, Format.OPENMETRICS)
                    has_header = True
                for stretch in past.stretches:
                    yield from _lines(series, stretch)
        yield ending(Format.OPENMETRICS, b"")

    def remarks(self) -> Iterator[str]:
        """Sentences about what is left out."""
        for part in self._plan.parts:
            if why := self._work.nothing(part):
                yield f"{part.tenant.name}: nothing of {part.history.name}. {why}"
            elif (records := self._work.records(part)) is not None:
                yield from (f"{part.tenant.name}: {remark}" for remark in part.history.remarks(records, self._window))

    def _metrics(self) -> Iterator[Metric]:
        """Families with a history, in the order in which they are served."""
        wanted = {metric for part in self._plan.parts for metric in part.history.metrics}
        return (metric for metric in all_metrics().values() if metric in wanted)

    def _series_of(self, metric: Metric) -> Iterator[tuple[str, Past]]:
        for part in self._plan.parts:
            if metric in part.history.metrics and (records := self._work.records(part)) is not None:
                for past in part.history.series(records, self._window):
                    if past.series.metric is metric and any(map(_moments, past.stretches)):
                        yield series_of(past.series, part.tenant.name, self._labels), past


def _moments(stretch: Stretch) -> range:
    """The samples of a stretch, at round times: neighbours are five minutes apart, whatever lies between them."""
    return range(ceil(stretch.start / STEP) * STEP, ceil(stretch.end), STEP)


def _length(series: str, stretch: Stretch) -> int:
    """Bytes of one line: times have ten digits from 2001 to 2286."""
    return len(f"{series} {number_of(stretch.value)} 1234567890\n".encode())


def _lines(series: str, stretch: Stretch) -> Iterator[bytes]:
    beginning = f"{series} {number_of(stretch.value)} "
    moments = _moments(stretch)
    for start in range(0, len(moments), _AT_ONCE):
        yield "".join([f"{beginning}{moment}\n" for moment in moments[start : start + _AT_ONCE]]).encode()


@contextmanager
def in_place_of(output: Path) -> Iterator[Callable[[bytes], object]]:
    """Takes the pieces of a file that is there at the end, whole, or not at all.

    Raises:
        OSError: it cannot be written; what was there still is.
    """
    beside = _beside(output)
    try:
        with open(beside, "wb", opener=_not_through_links) as file:
            yield file.write
            _keep(file)
        beside.replace(output)
    except BaseException:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        raise


def clear_unfinished(output: Path) -> None:
    """Remove what a process that was killed while it wrote has left: it takes the room that the file needs.

    Raises:
        OSError: it cannot be removed.
    """
    _beside(output).unlink(missing_ok=True)


def _beside(output: Path) -> Path:
    return output.with_name(f"{output.name}.unfinished")


def _not_through_links(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)


def _keep(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())
