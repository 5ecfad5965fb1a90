"""The fast way of writing lines equals the plain one, whatever the samples hold and wherever a batch ends."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from unittest import mock

from hypothesis import given
from hypothesis import strategies as st

from o365_exporter.errors import InternalError
from o365_exporter.exposition import render, rendering
from o365_exporter.metrics import Metric, Sample
from o365_exporter.store import Rendered
from tests.exposition import plain

METRICS = (
    Metric("o365_a", "No label.", ()),
    Metric("o365_b_total", "One label, after the tenant.", ("zone",), type="counter"),
    Metric("o365_c", "Out of order, around the tenant.", ("zone", "app", "kind")),
)
TEXT = st.one_of(
    st.sampled_from(
        ["", "a", "b", '"', "\\", "\n", '\\"', "\ud83d", "\udc00", "?", "\0", "\1", "%s", "{0}", "é", "🙂"]
    ),
    st.text(max_size=5),
)
VALUE = st.one_of(
    st.floats(),
    st.integers(-(10**18), 10**18),
    st.booleans(),
    st.integers(-9, 17).map(lambda exponent: 10.0**exponent),
    st.sampled_from([999999.5, 1e6, -1e6, 1773144000.0, 1773144000.25, 1e16, 123456789012345.6, -0.0]),
)


@st.composite
def sample(draw: st.DrawFn) -> Sample:
    """One of any metric, now and then with a label too many or too few."""
    metric = draw(st.sampled_from(METRICS))
    width = len(metric.labels) + draw(st.sampled_from([0] * 30 + [1, -1]))
    return Sample(metric, tuple(draw(TEXT) for _ in range(width)), draw(VALUE))


def outcome(write: Callable[[Iterable[Sample], str], Rendered], samples: list[Sample], tenant: str) -> object:
    """What comes out, or the kind of error; with two at once it may be either."""
    try:
        return write(samples, tenant)
    except (InternalError, ValueError) as error:
        return type(error)


TIMES = st.integers(10**9 - 5, 10**10 + 5) | st.integers(1, 10).map(lambda digit: digit * 10**9)


@given(st.lists(TIMES, min_size=1), st.booleans())
def test_times_are_written_as_the_plain_way_does(values: list[int], whole: bool) -> None:
    """Seconds since 1970, which are divided all at once, look as if each were written alone."""
    samples = [Sample(METRICS[1], (str(n),), value if whole else value + 0.25) for n, value in enumerate(values)]
    assert render(samples, "contoso") == plain.rendered(samples, "contoso")


@given(st.lists(sample(), max_size=30), TEXT, st.integers(1, 8))
def test_fast_and_plain_are_one(samples: list[Sample], tenant: str, batch: int) -> None:
    """Text or kind of error are those of the plain way."""
    with mock.patch.object(rendering, "BATCH", batch):
        found = outcome(render, samples, tenant)
    expected = outcome(plain.rendered, samples, tenant)
    if isinstance(expected, type):
        assert isinstance(found, type), expected
    else:
        assert found == expected
