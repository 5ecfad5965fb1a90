"""Samples as finished lines."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from math import inf, nan
from typing import Any

import pytest

from o365_exporter.errors import InternalError
from o365_exporter.exposition import render, render_in_steps
from o365_exporter.exposition.rendering import BATCH
from o365_exporter.metrics import Metric, Sample

UNITS = Metric("o365_sku_units", "Units.", ("sku_id", "state"))
UP = Metric("o365_exporter_tenant_up", "Whether a token can be had.")
REQUESTS = Metric("o365_exporter_graph_requests_total", "Requests.", ("api", "code"), type="counter")


def line(value: float) -> str:
    """The value as it is written."""
    return render([UP.at(value)], "contoso")[UP.name].decode().rpartition(" ")[2].strip()


def test_lines_stand_by_metric_with_sorted_labels() -> None:
    """Each metric has its lines in the order of its samples; labels, the tenant among them, stand by name."""
    samples = [
        UNITS.at(25, sku_id="b", state="enabled"),
        REQUESTS.at(3, code="200", api="/users"),
        UNITS.at(0, sku_id="a", state="warning"),
        UP.at(1),
    ]
    assert render(samples, "contoso") == {
        "o365_sku_units": (
            b'o365_sku_units{sku_id="b",state="enabled",tenant="contoso"} 25.0\n'
            b'o365_sku_units{sku_id="a",state="warning",tenant="contoso"} 0.0\n'
        ),
        "o365_exporter_graph_requests_total": (
            b'o365_exporter_graph_requests_total{api="/users",code="200",tenant="contoso"} 3.0\n'
        ),
        "o365_exporter_tenant_up": b'o365_exporter_tenant_up{tenant="contoso"} 1.0\n',
    }


def test_no_samples_are_no_metrics() -> None:
    """Nothing in, nothing out."""
    assert render([], "contoso") == {}


@pytest.mark.parametrize(
    ("label", "written"),
    [
        ('say "no"', r"say \"no\""),
        (r"C:\temp", r"C:\\temp"),
        ("two\nlines", r"two\nlines"),
        ("carriage\rreturn", "carriage\rreturn"),
        ("separator\u2028", "separator\u2028"),
        ("\N{GRINNING FACE} ü", "\N{GRINNING FACE} ü"),
        ("", ""),
        ("100 % {x} {0} %s", "100 % {x} {0} %s"),
        ("half \ud83d a pair", "half ? a pair"),
    ],
)
def test_labels_are_escaped(label: str, written: str) -> None:
    """Of a label only quote, backslash and line feed are escaped; what is not Unicode is replaced."""
    text = render([UNITS.at(1, sku_id=label, state="on")], label)
    assert text[UNITS.name].decode() == f'o365_sku_units{{sku_id="{written}",state="on",tenant="{written}"}} 1.0\n'


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0, "0.0"),
        (True, "1.0"),
        (-1.5, "-1.5"),
        (999999.5, "999999.5"),
        (1000000.0, "1e+06"),
        (1773144000.0, "1.773144e+09"),
        (12345678.25, "1.234567825e+07"),
        (-12345678.25, "-12345678.25"),
        (1e16, "1e+16"),
        (1e-7, "1e-07"),
        (inf, "+Inf"),
        (-inf, "-Inf"),
        (nan, "NaN"),
    ],
)
def test_values_look_as_go_writes_them(value: float, written: str) -> None:
    """Numbers have the spelling that all client libraries share."""
    assert line(value) == written


def test_a_series_served_twice_fails_the_poll() -> None:
    """Two samples with the same labels would cost Prometheus the whole page, so the poll fails and names them."""
    twice = [UNITS.at(1, sku_id="a", state="on"), UNITS.at(2, sku_id="a", state="on")]
    with pytest.raises(InternalError, match=r'sku_id="a",state="on",tenant="contoso"} would be served twice'):
        render(twice, "contoso")


def test_labels_that_only_replacement_makes_equal_fail_the_poll() -> None:
    """What counts is the line as it would be served."""
    with pytest.raises(InternalError):
        render([UNITS.at(1, sku_id="\ud83d", state="on"), UNITS.at(1, sku_id="\ud83e", state="on")], "contoso")


@pytest.mark.parametrize(
    "sample",
    [
        Sample(Metric("o365_seconds", "Seconds.", type="histogram"), (), 1),
        Sample(Metric("o365_build", "Process-wide.", per_tenant=False), (), 1),
        Sample(UNITS, ("a",), 1),
        Sample(UNITS, ("a", "on", "too many"), 1),
    ],
)
def test_what_is_no_series_of_a_tenant_is_refused(sample: Sample) -> None:
    """Histograms, process-wide metrics and samples with too few or too many labels are faults of ours."""
    with pytest.raises(ValueError, match="o365_"):
        render([sample], "contoso")


def test_two_metrics_of_one_name_are_refused() -> None:
    """A name has one set of labels."""
    with pytest.raises(ValueError, match="two metrics have one name among o365_sku_units, o365_sku_units"):
        render([UNITS.at(1, sku_id="a", state="on"), Metric("o365_sku_units", "Others.").at(1)], "contoso")


def test_a_limit_keeps_the_first_series_and_counts_the_rest() -> None:
    """What is above ``max_series`` is cut in the order of the samples, and counted."""

    def samples() -> Iterator[Sample]:
        for number in range(10):
            yield UNITS.at(number, sku_id=str(number), state="on")

    rendered, dropped = finished(render_in_steps(3, samples(), "contoso"))
    assert rendered == render([UNITS.at(n, sku_id=str(n), state="on") for n in range(3)], "contoso")
    assert dropped == 7
    assert finished(render_in_steps(10, samples(), "contoso"))[1] == 0


def finished(steps: Generator[None, None, Any]) -> Any:
    """What they come to."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def test_others_have_their_turn_after_each_batch() -> None:
    """However many series there are, and however many of them are cut."""
    samples = (UNITS.at(1, sku_id=str(number), state="on") for number in range(10 * BATCH + 1))
    assert len(list(render_in_steps(4 * BATCH, samples, "contoso"))) == 10


def test_a_series_served_twice_is_found_across_batches() -> None:
    """However far apart the two stand."""
    samples = [UNITS.at(number % 1200, sku_id=str(number % 1200), state="on") for number in range(1300)]
    with pytest.raises(InternalError, match=r'sku_id="0",state="on",tenant="contoso"} would be served twice'):
        render(samples, "contoso")


def test_series_that_share_each_of_their_labels_are_told_apart() -> None:
    """Where no label alone tells series apart, within a batch or across them, all labels together do."""
    samples = [UNITS.at(n, sku_id=str(n // 40), state=str(n % 40)) for n in range(1600)]
    assert render(samples, "contoso")[UNITS.name].count(b"\n") == 1600
    assert render(samples[:80], "contoso")[UNITS.name].count(b"\n") == 80


def test_looking_for_series_that_come_twice_and_joining_lets_others_have_their_turn() -> None:
    """Two large families yield while their labels are looked at, and once more after each is put together."""
    others = Metric("o365_others", "Others.", ("sku_id", "state"))
    samples = [metric.at(1, sku_id=str(n), state="on") for metric in (UNITS, others) for n in range(20 * BATCH)]
    steps = list(render_in_steps(len(samples), iter(samples), "contoso"))
    assert len(steps) == 40 + 2 * (1 + 1)


@pytest.mark.parametrize("whole", [1e9, 2e9, 9e9, 1773144000.0, 1773144000.5, 9999999999.0, 1e10, 999999999.0])
def test_times_look_the_same_beside_other_times(whole: float) -> None:
    """What stands in the same batch does not change how a number is written."""
    samples = [UNITS.at(value, sku_id=str(n), state="on") for n, value in enumerate([whole, 1773144001.0, whole])]
    text = render(samples, "contoso")[UNITS.name].decode()
    assert [row.rpartition(" ")[2] for row in text.splitlines()] == [line(whole), "1.773144001e+09", line(whole)]
