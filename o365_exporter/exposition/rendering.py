"""Samples as finished lines, which the text format 0.0.4 and OpenMetrics 1.0 share byte for byte.

Labels stand in the order of their names and numbers look as Go writes them, so that our text is what
prometheus_client writes for the same families.

A batch of samples is written column by column, by C functions that each run over all of its cells: per series that
costs a sixth of a call for each label and value (``benchmarks/rendering.py``). ``tests/exposition/plain.py`` writes the
same lines one by one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain, islice
from math import isfinite

from o365_exporter.errors import InternalError
from o365_exporter.metrics import Metric, Sample
from o365_exporter.store import Rendered

BATCH = 500
"""Samples that are written at once: a millisecond of work, and fewer objects than wake the garbage collector (700)."""

_CHECKED = 10_000
"""Rows that are looked at before others have their turn: a millisecond or two."""

_NOT_FINITE = {"inf": "+Inf", "-inf": "-Inf", "nan": "NaN"}
_PLAIN_DIGITS = 6
"""Most digits before the point that Go writes without an exponent."""

_EXPONENTS = {digits: f"e+{digits - 1:02d}" for digits in range(_PLAIN_DIGITS + 1, 17)}
"""What Go writes behind a number with so many digits before the point; with more, Python writes the same."""

_BILLION = 1e9
_BILLIONS = frozenset(_BILLION * digit for digit in range(1, 10))
"""Of which Go writes no digit behind the point."""

_Row = tuple[str, ...]
_Column = Sequence[str]


def render(samples: Iterable[Sample], tenant: str) -> Rendered:
    """The samples of one poll as lines by metric name; the samples are not needed afterwards.

    Half a surrogate pair in a label becomes ``?``: text that is not UTF-8 would cost Prometheus the whole page.

    Raises:
        InternalError: two samples have the same labels, which would cost Prometheus the whole page.
        ValueError: a metric that does not belong to tenants, a histogram, or not one value for each label.
    """
    lines = Lines(tenant)
    for batch in batches(samples):
        lines.add(batch)
    for _ in lines.check():
        pass
    return lines.rendered()


def batches(samples: Iterable[Sample]) -> Iterator[list[Sample]]:
    """The samples in lists of a length that is good to write at once."""
    remaining = iter(samples)
    while batch := list(islice(remaining, BATCH)):
        yield batch


def render_in_steps(limit: int, samples: Iterable[Sample], tenant: str) -> Generator[None, None, tuple[Rendered, int]]:
    """The first ``limit`` samples as ``render`` writes them, and how many were cut; raises what that raises.

    Yields after each batch, so that others may have their turn: a hundred thousand samples take a fifth of a second,
    most of which it takes to make them.
    """
    lines, remaining, dropped = Lines(tenant), iter(samples), 0
    for batch in batches(islice(remaining, limit)):
        lines.add(batch)
        if len(batch) == BATCH:
            yield
    while cut := sum(1 for _ in islice(remaining, BATCH)):
        dropped += cut
        if cut == BATCH:
            yield
    yield from lines.check()
    return lines.rendered(), dropped


def series_of(sample: Sample, tenant: str, further: Mapping[str, str]) -> str:
    """How a series is written, without a value: the labels of a poll's lines after those that are given in addition.

    Raises:
        ValueError: as ``render``.
    """
    line = render([sample], tenant)[sample.metric.name].decode()
    name, _, labels = line.rpartition(" ")[0].partition("{")
    added = "".join(f'{label}="{_escape(_unicode(value))}",' for label, value in further.items())
    return f"{name}{{{added}{labels}"


def number_of(value: float) -> str:
    """How a value is written."""
    (digits,), end = _numbers([value])
    return digits + end


class Lines:
    """The lines of one poll, written batch by batch, so that others may have their turn in between.

    Args:
        tenant: label of all samples.
    """

    def __init__(self, tenant: str) -> None:
        self._tenant = _escape(_unicode(tenant))
        self._families: dict[Metric, _Family] = {}
        self._waiting: defaultdict[Metric, list[Sample]] = defaultdict(list)

    def add(self, samples: Sequence[Sample]) -> None:
        """Take some more samples, and write those of families that have enough; raises what ``render`` raises."""
        waiting = self._waiting
        for sample in samples:
            waiting[sample[0]].append(sample)
        for metric in [metric for metric, found in waiting.items() if len(found) >= BATCH]:
            self._write(metric, waiting.pop(metric))

    def _write(self, metric: Metric, samples: Sequence[Sample]) -> None:
        if metric not in self._families:
            self._families[metric] = _Family(metric, self._tenant)
        self._families[metric].add(samples)

    def check(self) -> Iterator[None]:
        """Write what waits, and look for series that come twice; raises what ``render`` raises."""
        for metric, samples in self._waiting.items():
            self._write(metric, samples)
        self._waiting.clear()
        for family in self._families.values():
            if not family.is_small_and_sound():
                yield from family.check()
        if len({metric.name for metric in self._families}) < len(self._families):
            names = ", ".join(sorted(metric.name for metric in self._families))
            raise ValueError(f"two metrics have one name among {names}")

    def rendered(self) -> Rendered:
        """All lines by metric name, once they are checked."""
        return {metric.name: family.text() for metric, family in self._families.items()}


class _Family:
    """The lines of one metric, in pieces.

    Args:
        metric: whose samples are added.
        tenant: its label, escaped.
    """

    def __init__(self, metric: Metric, tenant: str) -> None:
        self._metric = metric
        self._line, self._places = _line(metric, tenant)
        self._batches: list[list[_Column]] = []
        self._count = 0
        self._pieces: list[bytes] = []

    def add(self, samples: Sequence[Sample]) -> None:
        """Write some more lines."""
        _, rows, values = zip(*samples, strict=True)
        columns = self._columns(rows)
        numbers, end = _numbers(values)
        try:
            text = self._written(columns, numbers, end).encode()
        except UnicodeEncodeError:
            columns = [list(map(_unicode, column)) for column in columns]
            text = self._written(columns, numbers, end).encode()
        self._pieces.append(text)
        self._batches.append(columns)
        self._count += len(rows)

    def is_small_and_sound(self) -> bool:
        """Whether this is one batch, and the values of one of its labels are all different: most families are so."""
        return len(self._batches) == 1 and any(len(set(column)) == self._count for column in self._batches[0])

    def check(self) -> Iterator[None]:
        """Look for series that come twice; all at the end, for caches are cold where it is done in between.

        Where the values of one label alone are all different, as those of an id are, the others need not be looked at.
        """
        if not (yield from self._is_sound()):
            series = (line.rpartition(b" ")[0] for line in self.text().split(b"\n"))
            twice, _ = Counter(filter(None, series)).most_common(1)[0]
            raise InternalError(f"The series {twice.decode()} would be served twice.")
        self._batches.clear()
        self._pieces = [self.text()]  # family by family: to join a hundred thousand lines takes milliseconds
        if self._count >= _CHECKED:
            yield

    def _is_sound(self) -> Generator[None, None, bool]:
        if self._count == 1:
            return True
        for column in zip(*self._batches, strict=True):
            if (yield from _all_differ(column, self._count)):
                return True
        rows = (list(zip(*columns, strict=True)) for columns in self._batches)
        return (yield from _all_differ(rows, self._count))

    def text(self) -> bytes:
        """All lines."""
        return b"".join(self._pieces)

    def _written(self, columns: Sequence[_Column], numbers: Sequence[str], end: str) -> str:
        step, end = len(self._line), f"{end}\n"
        cells = [end + self._line[0], *self._line[1:]] * len(numbers)
        for place, column in zip(self._places, columns, strict=True):
            cells[place::step] = column
        cells[step - 1 :: step] = numbers
        cells[0] = self._line[0]
        cells.append(end)
        return "".join(cells)

    def _columns(self, rows: Sequence[_Row]) -> list[_Column]:
        """The labels column by column, escaped."""
        if set(map(len, rows)) != {len(self._places)}:
            raise ValueError(f"{self._metric.name}: a sample has not one value for each of {self._metric.labels}")
        columns: list[_Column] = list(zip(*rows, strict=True))
        text = "".join(chain.from_iterable(columns))
        if '"' in text or "\\" in text or "\n" in text:
            return [list(map(_escape, column)) for column in columns]
        return columns


def _all_differ(batches: Iterable[Sequence[object]], count: int) -> Generator[None, None, bool]:
    """Whether so many values, which come in batches, have no equal among them; others have their turn in between."""
    seen: set[object] = set()
    added = 0
    for batch in batches:
        if added // _CHECKED < (added + len(batch)) // _CHECKED:
            yield
        added += len(batch)
        seen.update(batch)
        if len(seen) < added:
            return False
    return added == count


def _line(metric: Metric, tenant: str) -> tuple[list[str], list[int]]:
    """The cells of one line, with an empty place for each label and the number, and where the labels' places are."""
    before, after, places = _shape(metric)
    pieces = (*before[:-1], f"{before[-1]}{tenant}{after[0]}", *after[1:])
    return [cell for piece in pieces for cell in (piece, "")], places


@lru_cache(maxsize=1024)
def _shape(metric: Metric) -> tuple[list[str], list[str], list[int]]:
    """What stands between the values of a line: up to the tenant, from there on; and the labels' places in it."""
    if metric.type not in ("gauge", "counter") or not metric.per_tenant:
        raise ValueError(f"{metric.name}: only gauges and counters of a tenant are rendered with a poll")
    names = sorted(metric.labels)
    pairs = ",".join(f'{name}="{_TENANT if name == "tenant" else _PLACE}"' for name in sorted((*names, "tenant")))
    before, after = f"{metric.name}{{{pairs}}} ".split(_TENANT)
    return before.split(_PLACE), after.split(_PLACE), [2 * names.index(name) + 1 for name in metric.labels]


_TENANT, _PLACE = "\0", "\1"
"""Stand for values while a shape is made; no name of a metric or of a label holds them."""


def _unicode(text: str) -> str:
    """The text without halves of surrogate pairs, which JSON may hold and UTF-8 may not."""
    return text.encode("utf-8", "replace").decode()


def _escape(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def _numbers(values: Iterable[float]) -> tuple[list[str], str]:
    """The spelling of Go's client library, which all others follow, and what it ends in if that is one for all."""
    floats = list(map(float, values))
    if not isfinite(sum(floats)):
        return [_number(repr(value)) for value in floats], ""
    least, most = min(floats), max(floats)
    if most < 10**_PLAIN_DIGITS:
        if least > 0 and all(map(float.is_integer, floats)):  # not 0, which may be -0.0
            return list(map(repr, map(int, floats))), ".0"
        return list(map(repr, floats)), ""
    times = least >= _BILLION and most < 10 * _BILLION and all(map(float.is_integer, floats))
    if times and _BILLIONS.isdisjoint(floats):
        # Of so few digits none is lost or added by a division: 15 decimal ones survive a float.
        return list(map(repr, map(_BILLION.__rtruediv__, floats))), "e+09"
    return [text if 0 < (text := repr(value)).find(".") <= _PLAIN_DIGITS else _number(text) for value in floats], ""


def _number(text: str) -> str:
    """``1e+07``, where Python writes ``10000000.0``; below zero Python's spelling stays, as in prometheus_client."""
    whole, _, fraction = text.partition(".")
    if len(whole) not in _EXPONENTS or text[0] == "-":
        return _NOT_FINITE.get(text, text)
    digits = (whole if fraction == "0" else whole + fraction).rstrip("0")
    return f"{digits[0]}{digits[1:] and '.'}{digits[1:]}{_EXPONENTS[len(whole)]}"
