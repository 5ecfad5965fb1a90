"""What is written down is what is read back, and what cannot be read is refused with a sentence."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from hashlib import sha256
from typing import Any, get_args, get_origin

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from o365_exporter.catalogue import all_collectors, all_metrics
from o365_exporter.errors import REASONS, Cause
from o365_exporter.graph import Remembered
from o365_exporter.graph.budget import Closed, Use
from o365_exporter.listing import Listing
from o365_exporter.metrics import Metric
from o365_exporter.scheduler import Job, Memory
from o365_exporter.source import Source
from o365_exporter.state import form
from o365_exporter.state.form import (
    CLOCKS_DIFFER,
    LONG,
    LONGEST_HEAD,
    Identity,
    LongLines,
    Snapshot,
    UnusableStateError,
    read,
    written,
)
from o365_exporter.store import STATES, Key, Poll
from tests.fakes import NOON

WHO = Identity("7b2c1a90-3d5e-4f60-8a71-92b3c4d5e6f7", "global", "an-app", "", "")

st.register_type_strategy(Metric, st.sampled_from(sorted(all_metrics().values(), key=lambda metric: metric.name)))
st.register_type_strategy(Mapping, lambda form: st.dictionaries(*map(st.from_type, get_args(form)), max_size=5))
st.register_type_strategy(float, st.floats(allow_nan=False))


@cache
def jobs() -> dict[str, Job]:
    """Every source there is, as a job of contoso."""
    found = {}
    for collector in all_collectors().values():
        for source in collector.sources(collector.options()):
            key = Key("contoso", collector.name, source.name)
            found[key.within_tenant] = Job(key, source, 1000)
    return found


def snapshot(*known: tuple[Job, Poll], told: bool = False, graph: Remembered | None = None) -> Snapshot:
    """What is to be written of contoso."""
    polls = {job.key: poll for job, poll in known}
    memory = Memory(polls, frozenset(polls) if told else frozenset())
    return Snapshot("contoso", WHO, graph or Remembered(), memory, tuple(job for job, _ in known))


def file_of(*known: tuple[Job, Poll], **more: Any) -> bytes:
    """The bytes of a file written at noon."""
    lines, faulty = written(snapshot(*known, **more), NOON, LongLines())
    assert not faulty
    return b"".join(lines)


def polled(records: Any = None, **more: Any) -> Poll:
    """A poll a minute ago."""
    poll = Poll(0.0, 0.0, state="ok", records=records, taken_at=NOON - 60, attempted_at=NOON - 60, next_run=NOON)
    return replace(poll, **more)


def overviews() -> Job:
    """The job of the services' status."""
    return jobs()["service_health/overviews"]


def records_of(form: Any) -> st.SearchStrategy[Any]:
    """Any records of a source."""
    if get_origin(form) is not Listing:
        return st.from_type(form)
    entries = st.lists(st.from_type(*get_args(form)), max_size=5).map(tuple)
    moment = st.none() | times
    return st.builds(Listing, entries, st.integers(), st.text(), times, moment, moment, st.integers())


times = st.floats(0, NOON)
reasons = st.sampled_from(REASONS)


@st.composite
def any_poll(draw: st.DrawFn, source: Source[Any]) -> Poll:
    """Whatever can be known of a source."""
    records = st.none() | records_of(source.form)
    return Poll(
        interval=0.0,
        stale_after=0.0,
        state=draw(st.sampled_from(STATES)),
        message=draw(st.text()),
        cause=draw(st.none() | st.builds(Cause, reasons, st.text(), st.booleans())),
        records=draw(records),
        unfinished=draw(records),
        taken_at=draw(st.none() | times),
        attempted_at=draw(times),
        duration=draw(times),
        nothing_since=draw(st.none() | times),
        next_run=draw(times),
        remarks=draw(st.frozensets(st.text())),
        failures=draw(st.dictionaries(reasons, st.integers(1, 10**6))),
        failures_in_a_row=draw(st.integers(0, 10**6)),
    )


@pytest.mark.parametrize("name", jobs())
@settings(
    max_examples=8, phases=[Phase.generate], suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(data=st.data())
def test_every_sources_records_survive(name: str, data: st.DataObject) -> None:
    """Whatever is known of a source, and whichever records it has, is the same when it has been read back."""
    job = jobs()[name]
    poll, told = data.draw(any_poll(job.source)), data.draw(st.booleans())
    found = read(file_of((job, poll), told=told), "contoso", WHO, [job], NOON)
    assert not found.refused
    assert found.memory.polls == {job.key: poll}
    assert set(found.memory.told) == ({job.key} if told else set())
    assert type(found.memory.polls[job.key].records) is type(poll.records)


@given(
    st.builds(
        Remembered,
        login=st.text(),
        roles=st.none() | st.lists(st.text()).map(tuple),
        uses=st.lists(st.from_type(Use)).map(tuple),
        closed=st.lists(st.from_type(Closed)).map(tuple),
    )
)
def test_what_a_client_knows_survives(known: Remembered) -> None:
    """Its login, what it used of Microsoft's limits and what it was asked to leave alone."""
    assert read(file_of(graph=known), "contoso", WHO, [], NOON).graph == known


def edited(change: Callable[[dict[str, Any]], object]) -> bytes:
    """A file with another first line."""
    first, rest = file_of((overviews(), polled())).split(b"\n", 1)
    head = json.loads(first)
    change(head)
    return json.dumps(head).encode() + b"\n" + rest


WHOLE = file_of((overviews(), polled()))
OTHER = replace(WHO, tenant_id="another", cloud="china")

UNUSABLE: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "is damaged, or no file of this program's"),
    "foreign": (b"[main]\nkey = value\n", "is damaged, or no file of this program's"),
    "foreign JSON": (b'{"a": 1}\n', "is no file of this program's"),
    "deep": (b"[" * 100_000, "is damaged, or no file of this program's"),
    "long number": (b'{"format": ' + b"9" * 5000 + b"}\n", "is damaged, or no file of this program's"),
    "NUL": (b"\0" * 4096, "is damaged, or no file of this program's"),
    "cut": (WHOLE[:-10], "is damaged: it has no end"),
    "cut at a line": (WHOLE[: WHOLE.index(b"\n") + 1], "is damaged: it is not what was written"),
    "one bit": (WHOLE.replace(b'"state":"ok"', b'"state":"ol"'), "is damaged: it is not what was written"),
    "newer": (
        edited(lambda head: head.update(version=2)),
        "was written by a newer version of this program (form 2, not 1)",
    ),
    "older": (
        edited(lambda head: head.update(version=0)),
        "was written by an older version of this program (form 0, not 1)",
    ),
    "no version": (
        edited(lambda head: head.pop("version")),
        "was written by an older version of this program (form None, not 1)",
    ),
    "lacking": (edited(lambda head: head.pop("graph")), "is damaged: graph: Field required"),
    "other name": (
        edited(lambda head: head.update(tenant="fabrikam")),
        "is about another tenant or app (its name is another)",
    ),
    "other directory": (
        edited(lambda head: head["identity"].update(tenant_id="x")),
        "is about another tenant or app (tenant_id differs)",
    ),
    "other app in another cloud": (
        edited(lambda head: head["identity"].update(client_id="x", cloud="china")),
        "is about another tenant or app (cloud, client_id differ)",
    ),
    "future": (
        edited(lambda head: head.update(written_at=NOON + 86400)),
        "was written 86400 s from now by the clock of this machine, which was set back or is not set yet",
    ),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_a_file_that_cannot_be_used_is_refused(case: str) -> None:
    """Damaged, older, newer, foreign or of another tenant: none of it is believed, and the sentence says why."""
    content, sentence = UNUSABLE[case]
    with pytest.raises(UnusableStateError) as caught:
        read(content, "contoso", WHO, [overviews()], NOON)
    assert str(caught.value) == sentence


@pytest.mark.parametrize("foreign", [b"\n", b"\0"], ids=["blank lines", "one line"])
@pytest.mark.parametrize("head", [b"", WHOLE.partition(b"\n")[0] + b"\n"], ids=["from the start", "behind a head"])
def test_a_large_foreign_file_costs_little_more_than_its_bytes(head: bytes, foreign: bytes) -> None:
    """Else whoever has little memory would be ended by it before it is set aside, at each start anew."""
    content = head + foreign * (8 * LONGEST_HEAD)
    tracemalloc.start()
    try:
        with pytest.raises(UnusableStateError, match=r"^is damaged"):
            read(content, "contoso", WHO, (), NOON)
        assert tracemalloc.get_traced_memory()[1] < 4 * LONGEST_HEAD
    finally:
        tracemalloc.stop()


def spoiled(change: Callable[[dict[str, Any]], object]) -> bytes:
    """A file that is whole, and whose only source is not as this version writes it."""
    job = overviews()
    lines, _ = written(snapshot((job, polled())), NOON, LongLines())
    kept = json.loads(lines[1])
    change(kept)
    line = json.dumps(kept).encode() + b"\n"
    head = json.loads(lines[0])
    head["sha256"] = sha256(line).hexdigest()
    return json.dumps(head).encode() + b"\n" + line


def cases_of_a_source() -> Iterator[tuple[bytes, str]]:
    """Files of which one source is refused."""
    version = "was written by another version of this program: "
    yield spoiled(lambda kept: kept.update(state="splendid")), version + "state: Value error, is no state"
    yield (
        spoiled(lambda kept: kept.update(failures={"mood": 1})),
        version + "failures.mood.[key]: Value error, is no reason",
    )
    yield spoiled(lambda kept: kept.update(cause=["mood", "x", False])), version + "cause: Value error, is no reason"
    yield spoiled(lambda kept: kept.update(more=1)), version + "more: Unexpected keyword argument"
    yield spoiled(lambda kept: kept.pop("told")), version + "told: Field required"
    yield (
        spoiled(lambda kept: kept.update(records=[])),
        version + "records: Input should be an object",
    )
    yield (
        spoiled(lambda kept: kept.update(taken_at=NOON + CLOCKS_DIFFER + 1)),
        "is from the future, by the clock of this machine",
    )


@pytest.mark.parametrize("number", range(7))
def test_what_one_source_wrote_costs_that_source_alone(number: int) -> None:
    """What another version wrote otherwise, or what lies in the future, is refused by itself; the file is used."""
    content, sentence = list(cases_of_a_source())[number]
    found = read(content, "contoso", WHO, [overviews()], NOON)
    assert found.memory.polls == {}
    assert found.refused == {overviews().key: sentence}


def test_a_source_that_is_gone_or_new_is_no_fault() -> None:
    """What nobody polls any more is left out, and what was not there before begins anew."""
    issues = jobs()["service_health/issues"]
    found = read(file_of((overviews(), polled())), "contoso", WHO, [issues], NOON)
    assert found.memory.polls == {}
    assert not found.refused


def test_no_lines_are_written() -> None:
    """Samples are made of the records again: they would be most of the file, and could not be believed."""
    content = file_of((overviews(), polled(rendered={"o365_service_healthy": b"canary 1\n"})))
    assert b"canary" not in content


def test_long_lines_are_not_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has not been polled since is written as before; a poll, or that it was told, makes another line."""
    job = overviews()
    made: list[Key] = []
    real = form._line

    def counting(job: Job, poll: Poll, *, told: bool) -> bytes:
        made.append(job.key)
        return real(job, poll, told=told)

    monkeypatch.setattr(form, "_line", counting)
    long, poll = LongLines(), polled(message="x" * LONG)
    lines = [long.line(job, poll, told=False) for _ in range(3)]
    assert len(made) == len(set(lines)) == 1
    assert long.line(job, poll, told=True) != lines[0]
    assert long.line(job, replace(poll, taken_at=NOON), told=True) != lines[0]
    assert len(made) == 3
    long.forget("contoso")
    long.line(job, replace(poll, taken_at=NOON), told=True)
    assert len(made) == 4
    for _ in range(3):
        long.line(job, polled(), told=False)
    assert len(made) == 7
