"""Rows for JSON: what is taken of an answer, and what series its entries become."""

from __future__ import annotations

from typing import Any

import pytest

from o365_exporter.errors import NoData, UnexpectedAnswerError
from o365_exporter.fields import UNKNOWN
from o365_exporter.graph import Endpoint
from o365_exporter.metrics import Metric
from o365_exporter.resources import (
    COUNT,
    Every,
    Newest,
    Resource,
    ResourceSource,
    Series,
    Single,
    State,
    Take,
    Tally,
    Total,
    Value,
    flag,
    identifier,
    integer,
    length,
    moment,
    number,
    resource_collector,
    text,
    yes_or_no,
)
from o365_exporter.source import CollectorOptions
from tests.stubs import StubGraph, polled, text_of

ROUTE = "/things"
THINGS = Endpoint(route=ROUTE, permissions=("Things.Read.All",))
POINTS = Metric("o365_thing_points", "Points.", ("thing",))
STATE = Metric("o365_thing_state", "State.", ("thing", "state"), values={"state": ("good", "bad", UNKNOWN)})
BY_STATE = Metric("o365_things_by_state", "Number.", ("state",), values={"state": ("good", "bad", UNKNOWN)})
THINGS_TOTAL = Metric("o365_things", "Number.")
NAMED = {"thing": text("name")}


def source(*series: Series, take: Take | None = None, **more: Any) -> ResourceSource:
    """Of one resource; entries are told apart by ``id``."""
    resource = Resource("things", THINGS, "thing", series, take=take or Every(), **more)
    (made,) = resource_collector("things", "What things are there?", (resource,)).sources(CollectorOptions())
    assert isinstance(made, ResourceSource)
    return made


def thing(number: int, **fields: Any) -> dict[str, Any]:
    """An entry."""
    return {"id": f"id-{number}", "name": f"n{number}", **fields}


async def shown(made: ResourceSource, *entries: dict[str, Any]) -> str:
    """The exposition of what Graph lists."""
    return text_of(made, await polled(made, StubGraph({ROUTE: list(entries)})))


@pytest.mark.parametrize(
    ("read", "entry", "value"),
    [
        (number("a"), {"a": 3}, 3.0),
        (number("a"), {"a": 3.5}, 3.5),
        (number("a"), {"a": "12"}, 12.0),
        (number("a"), {}, None),
        (number("a.b"), {"a": {"b": 1}}, 1.0),
        (number("a.b"), {}, None),
        (number("a.b", missing=0.0), {"a": {"c": 1}}, 0.0),
        (number("a.b", missing=0.0), {"a": None}, None),
        (moment("a"), {"a": "2026-03-10T00:00:00Z"}, 1773100800.0),
        (moment("a"), {"a": None}, None),
        (flag("a"), {"a": True}, 1.0),
        (flag("a"), {}, 0.0),
        (length("a"), {"a": [{}, {}]}, 2.0),
        (length("a"), {}, 0.0),
    ],
)
def test_numbers_are_read_or_missing(read: Any, entry: dict[str, Any], value: float | None) -> None:
    """What is not there is None, never 0 unless that is what its absence means."""
    assert read(entry) == value


@pytest.mark.parametrize("value", [1.5, "1.5"])
def test_a_fraction_is_no_whole_number(value: Any) -> None:
    """Half a seat means that the field means something else."""
    with pytest.raises(UnexpectedAnswerError, match=r"with a = '1.5', which is not a whole number"):
        integer("a")({"a": value})


@pytest.mark.parametrize("odd", [True, "1_000", "NaN", "\u0663", [], {}, float("nan"), 2**70])
def test_what_is_no_number_is_refused(odd: Any) -> None:
    """A guess would be shown as a fact."""
    with pytest.raises(UnexpectedAnswerError, match=r"with a = .* which is not a number"):
        number("a")({"a": odd})


async def test_each_entry_has_its_series() -> None:
    """Numbers that are missing have none; constants and what is read make the labels."""
    made = source(Value(POINTS, number("points")), labels=NAMED)
    assert await shown(made, thing(1, points=5), thing(2), thing(3, points="7")) == (
        'o365_thing_points{tenant="contoso",thing="n1"} 5.0\no365_thing_points{tenant="contoso",thing="n3"} 7.0\n'
    )


async def test_a_member_that_is_not_known_is_unknown_and_told() -> None:
    """The series says unknown, a remark says what it was."""
    made = source(State(STATE, text("state"), label="state"), labels=NAMED, called=text("name"))
    records = await polled(made, StubGraph({ROUTE: [thing(1, state="GOOD"), thing(2, state="purple")]}))
    assert text_of(made, records) == (
        'o365_thing_state{state="good",tenant="contoso",thing="n1"} 1.0\n'
        'o365_thing_state{state="unknown",tenant="contoso",thing="n2"} 1.0\n'
    )
    assert list(made.remarks(records)) == ["The thing n2 has the state 'purple', which is served as unknown."]


async def test_a_tally_counts_and_shows_what_there_is_none_of() -> None:
    """Entries by member; the members of a closed list that no entry has are 0, ``unknown`` only where there is one."""
    made = source(Tally(BY_STATE, {"state": text("state")}), Tally(THINGS_TOTAL))
    assert await shown(made, thing(1, state="good"), thing(2, state="good")) == (
        'o365_things_by_state{state="bad",tenant="contoso"} 0.0\n'
        'o365_things_by_state{state="good",tenant="contoso"} 2.0\no365_things{tenant="contoso"} 2.0\n'
    )
    assert 'state="unknown",tenant="contoso"} 1.0' in await shown(made, thing(1, state="purple"))


async def test_one_odd_entry_costs_itself() -> None:
    """It is counted and named; the others are served."""
    made = source(Value(POINTS, number("points")), labels=NAMED)
    records = await polled(made, StubGraph({ROUTE: [thing(1, points=5), thing(2, points=[])]}))
    assert text_of(made, records) == 'o365_thing_points{tenant="contoso",thing="n1"} 5.0\n'
    assert made.left_out(records) == 1
    assert "points = '[]', which is not a number" in next(iter(made.remarks(records)))


async def test_two_entries_of_one_series_cost_the_second_only() -> None:
    """A line twice would cost the whole page; what is left out is counted and named."""
    made = source(Value(POINTS, number("points")), labels=NAMED)
    twice = [thing(1, points=5), {**thing(2, points=6), "name": "n1"}]
    records = await polled(made, StubGraph({ROUTE: twice}))
    assert text_of(made, records) == 'o365_thing_points{tenant="contoso",thing="n1"} 5.0\n'
    assert made.left_out(records) == 1
    assert "'id-2' has the labels of another entry." in next(iter(made.remarks(records)))


async def test_the_newest_of_the_first_page_counts() -> None:
    """History that lies behind it is not read."""
    made = source(Value(THINGS_TOTAL, number("n")), take=Newest("at", top=2))
    days = [thing(day, n=day, at=f"2026-03-{day:02}T00:00:00Z") for day in (9, 10, 11)]
    assert await shown(made, *days) == 'o365_things{tenant="contoso"} 10.0\n'


@pytest.mark.parametrize("answer", [{"n": 4}, {"value": {"n": 4}}])
async def test_a_single_object_may_be_wrapped(answer: dict[str, Any]) -> None:
    """Some versions put it into ``value``."""
    made = source(Value(THINGS_TOTAL, number("n")), take=Single())
    assert await shown(made, answer) == 'o365_things{tenant="contoso"} 4.0\n'


async def test_a_total_is_asked_for_and_not_counted_here() -> None:
    """One number, whatever the entries are."""
    made = source(Value(THINGS_TOTAL, number(COUNT)), take=Total())
    assert await shown(made, *({} for _ in range(3))) == 'o365_things{tenant="contoso"} 3.0\n'


async def test_a_list_without_entries_has_no_data() -> None:
    """Which is an answer."""
    with pytest.raises(NoData, match="lists no thing at all"):
        await shown(source(Value(POINTS, number("points")), labels=NAMED))


async def test_labels_may_be_yes_or_no() -> None:
    """As text, the way Prometheus has them."""
    made = source(Value(POINTS, labels={"thing": yes_or_no("trial")}), key=identifier("name"))
    assert await shown(made, thing(1, trial=True), thing(2)) == (
        'o365_thing_points{tenant="contoso",thing="false"} 1.0\no365_thing_points{tenant="contoso",thing="true"} 1.0\n'
    )
