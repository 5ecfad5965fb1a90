"""Our text is what prometheus_client writes for the same families, and what its parsers read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import isnan
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text
from prometheus_client.registry import Collector

from o365_exporter.exposition import Assembler, Format, render
from o365_exporter.metrics import Metric, Sample

NASTY = st.sampled_from(
    ['"', "\\", "\n", "\r", "\u2028", "\x85", "\x00", "{", "}", ",", "=", " ", "#", "%s", "é", "🙂"]
)
LABEL_VALUE = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8), st.lists(NASTY, max_size=8).map("".join)
)
LABELS = st.lists(st.sampled_from(["zone", "app_id", "kind", "Upper", "tenants", "_x"]), unique=True, max_size=4)
GAUGE_VALUE = st.one_of(st.floats(), st.integers(-(10**7), 10**7).map(float), st.integers(-(10**18), 10**18).map(float))
COUNTER_VALUE = st.one_of(st.floats(min_value=0, allow_infinity=False), st.integers(0, 10**18).map(float))


@dataclass(frozen=True, eq=False)
class Families(Collector):
    """The samples of several tenants, family by family, as prometheus_client takes them."""

    metrics: tuple[Metric, ...]
    polls: dict[str, list[Sample]]

    def collect(self) -> Iterator[Any]:
        for metric in self.metrics:
            kind = CounterMetricFamily if metric.type == "counter" else GaugeMetricFamily
            family = kind(metric.name, metric.help, labels=("tenant", *metric.labels))
            for tenant, samples in self.polls.items():
                for sample in samples:
                    if sample.metric is metric:
                        family.add_metric((tenant, *sample.labels), sample.value)
            if family.samples:
                yield family

    def registry(self) -> CollectorRegistry:
        registry = CollectorRegistry()
        registry.register(self)
        return registry

    def page(self, form: Format) -> bytes:
        """As we serve it."""
        rendered = [render(samples, tenant) for tenant, samples in self.polls.items()]
        return b"".join(Assembler(self.metrics).page(form, rendered).pieces)


@st.composite
def families(draw: st.DrawFn) -> Families:
    """Up to four metrics, up to three tenants, no series twice."""
    metrics = []
    for number in range(draw(st.integers(1, 4))):
        labels, counter = tuple(draw(LABELS)), draw(st.booleans())
        name = f"o365_m{number}_total" if counter else f"o365_m{number}"
        text = draw(LABEL_VALUE)
        metrics.append(Metric(name, f"x{text}x", labels, type="counter" if counter else "gauge"))
    tenants = draw(st.lists(LABEL_VALUE, unique=True, min_size=1, max_size=3))
    return Families(tuple(metrics), {tenant: draw(samples_of(metrics)) for tenant in tenants})


@st.composite
def samples_of(draw: st.DrawFn, metrics: list[Metric]) -> list[Sample]:
    """A few samples of each metric, in any order."""
    found: list[Sample] = []
    for metric in metrics:
        value = COUNTER_VALUE if metric.type == "counter" else GAUGE_VALUE
        labels = st.tuples(*(LABEL_VALUE for _ in metric.labels))
        series = draw(st.lists(labels, unique=True, max_size=3))
        found += [Sample(metric, values, draw(value)) for values in series]
    return draw(st.permutations(found))


@given(families())
def test_the_same_bytes(known: Families) -> None:
    """Both formats equal what prometheus_client writes, byte for byte, whatever labels, help and values hold."""
    assert known.page(Format.TEXT) == generate_latest(known.registry())
    assert known.page(Format.OPENMETRICS) == generate_openmetrics(known.registry())  # type: ignore[no-untyped-call]


@given(families())
def test_the_parsers_read_it_back(known: Families) -> None:
    """prometheus_client's parsers find every series with its labels and its value."""
    expected = series_of(known.collect())
    assert series_of(parse_openmetrics(known.page(Format.OPENMETRICS).decode())) == expected  # type: ignore[no-untyped-call]
    assert series_of(parse_text(known.page(Format.TEXT).decode())) == expected


def series_of(found: Iterable[Any]) -> dict[tuple[str, frozenset[tuple[str, str]]], str]:
    """Every series with its value, as text because NaN equals nothing."""
    return {
        (sample.name, frozenset(sample.labels.items())): "NaN" if isnan(sample.value) else repr(float(sample.value))
        for family in found
        for sample in family.samples
    }
