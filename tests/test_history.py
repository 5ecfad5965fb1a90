"""Counting what goes on at each moment."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from o365_exporter.history import Stretch, Window, counted

TIMES = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)).map(sorted).map(tuple), max_size=8)


@given(times=TIMES, window=st.tuples(st.integers(0, 30), st.integers(0, 30)).map(lambda ends: Window(*sorted(ends))))
def test_each_moment_has_its_count(times: list[tuple[float, float]], window: Window) -> None:
    """A time counts from its beginning, and no more at its end; stretches fill the window, and neighbours differ."""
    stretches = list(counted(times, window))
    for moment in range(int(window.start), int(window.end)):
        (value,) = (s.value for s in stretches if s.start <= moment < s.end)
        assert value == sum(start <= moment < end for start, end in times)
    if window.start < window.end:
        assert (stretches[0].start, stretches[-1].end) == window
    for one, other in pairwise(stretches):
        assert one.end == other.start
        assert one.value != other.value


def test_a_window_cuts() -> None:
    """What lies outside is dropped, and what reaches beyond is cut."""
    stretches = [Stretch(0, 10, 1), Stretch(10, 20, 2), Stretch(20, 30, 3)]
    assert list(Window(15, 20).cut(stretches)) == [Stretch(15, 20, 2)]
    assert list(Window(5, 25).cut(stretches)) == [Stretch(5, 10, 1), Stretch(10, 20, 2), Stretch(20, 25, 3)]
