"""The reader of our own lines, against prometheus_client's, and what it refuses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from o365_exporter.exposition import render
from o365_exporter.metrics import Metric, Sample
from o365_exporter.probing import ProbeError
from o365_exporter.probing.reading import Reading, Row, read

METRIC = Metric("o365_made_up", "Number of things.", ("one", "two"))
LABELS = st.text(st.characters(codec="utf-8") | st.sampled_from('\\"\n,}= '), max_size=12)


@given(
    rows=st.lists(
        st.tuples(st.tuples(LABELS, LABELS), st.floats(allow_nan=False)), unique_by=lambda row: row[0], max_size=6
    ),
    tenant=LABELS.filter(bool),
)
def test_it_reads_what_prometheus_reads(rows: list[tuple[tuple[str, str], float]], tenant: str) -> None:
    """Whatever stands in labels and values, our own lines are read as prometheus_client reads them."""
    lines = render([Sample(METRIC, labels, value) for labels, value in rows], tenant)
    text = b"".join(lines.values()).decode()
    theirs = [
        Row({name: value for name, value in sample.labels.items() if name != "tenant"}, sample.value)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    ]
    found = read(f"# HELP o365_made_up x\n{text}o365_made_upon 1\n", {METRIC.name})
    assert found.get(tenant, {}).get(METRIC.name, []) == theirs
    assert set(found) <= {tenant}


def test_only_what_is_asked_for_is_read() -> None:
    """A line of another metric may be anything, also one that nobody could read."""
    text = 'o365_a{tenant="x"} 1\no365_b{{{ what?\n# o365_a\n\no365_a{tenant="y",b="c"} +Inf\no365_a 2.5e+3'
    assert read(text, {"o365_a"}) == {
        "x": {"o365_a": [Row({}, 1.0)]},
        "y": {"o365_a": [Row({"b": "c"}, float("inf"))]},
        "": {"o365_a": [Row({}, 2500.0)]},
    }


@pytest.mark.parametrize(
    "line",
    [
        'o365_a{b="c"} x',
        'o365_a{b="c} 1',
        "o365_a{b=c} 1",
        'o365_a{b="c";d="e"} 1',
        'o365_a{b="\\q"} 1',
        'o365_a{b="c"} 1 1773144000',
        'o365_a{b="c"}1',
        "o365_a",
    ],
)
def test_a_line_that_is_none_of_ours_is_refused(line: str) -> None:
    """It may be cut or another program's, and what it would have said is not known."""
    with pytest.raises(ProbeError) as refused:
        read(f"{line}\n", {"o365_a"})
    assert str(refused.value) == (
        f"The exporter's line {line!r} cannot be read: use the probe of the release that runs as the exporter, "
        "or see what stands between them."
    )


def test_rows_are_chosen_by_labels() -> None:
    """All that have them; the value is that of the first one."""
    rows = [Row({"a": "1", "b": "1"}, 1.0), Row({"a": "1", "b": "2"}, 2.0), Row({"a": "2"}, 3.0)]
    reading = Reading({"o365_a": rows}, 0.0, "contoso")
    assert reading.rows("o365_a", a="1") == rows[:2]
    assert (reading.value("o365_a", a="2"), reading.value("o365_a", a="3"), reading.value("o365_b")) == (
        3.0,
        None,
        None,
    )
