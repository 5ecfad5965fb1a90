"""One cell of the fault matrix, from well to ill to well again, and everything that is to hold on the way."""

from __future__ import annotations

import json
import re
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from typing import Any, Self
from unittest.mock import patch

from o365_exporter.simulator.downloads import Downloads
from o365_exporter.simulator.tokens import TokenIssuer
from o365_exporter.store import Poll
from tests.faults.rig import CLOCK, DAY, RETRY, SECRET, Case, World
from tools.make_faults import MOST_MEMORY
from tools.troubles import Cell

ANSWERS = ("ok", "no_data", "unsupported")
"""States in which Microsoft has answered."""

_PIECE = 12
"""Characters of a secret that stand nowhere."""

_ILL = ("poll failed", "tenant cannot be polled")
_WELL = ("recovered", "tenant recovered")
_INTERNAL = "fault of the exporter"


async def complaints(world: World, cell: Cell, *, from_the_start: bool = False) -> list[str]:
    """What does not hold in a cell; empty where all of it does.

    Args:
        world: where it happens.
        cell: the trouble, and the source that meets it.
        from_the_start: whether all is wrong before anything is known, and not after a good poll.
    """
    with Sent() as sent:
        async with world.case(cell) as case:
            lived = _started_ill(case) if from_the_start else _lived_through(case)
            found = [complaint async for complaint in lived]
            shown = world.told.new() + case.page() + "".join(case.shown)
            found += [f"shows a piece of what was sent: {piece!r}" for piece in sent.pieces_in(shown)]
            found += [f"asked {place}" for place in world.contacted if place[1] not in world.own_ports]
    return [f"{cell}: {complaint}" for complaint in found]


class Sent:
    """Remembers what was given out and sent and may show nowhere: secret, signatures of tokens, tickets of files."""

    def __init__(self) -> None:
        self._texts = [SECRET]

    def __enter__(self) -> Self:
        issue, sign = TokenIssuer.issue, Downloads._sign
        texts = self._texts

        def issued(issuer: TokenIssuer, *rest: Any) -> tuple[str, float]:
            token, lifetime = issue(issuer, *rest)
            texts.append(token.rpartition(".")[2])
            return token, lifetime

        def signed(downloads: Downloads, *rest: Any) -> str:
            ticket = sign(downloads, *rest)
            texts.append(ticket)
            return ticket

        self._patches = (patch.object(TokenIssuer, "issue", issued), patch.object(Downloads, "_sign", signed))
        for one in self._patches:
            one.start()
        return self

    def __exit__(self, *_: object) -> None:
        for one in self._patches:
            one.stop()

    def pieces_in(self, text: str) -> Iterator[str]:
        """Pieces of them that stand in a text, in whatever case."""
        lowered = text.lower()
        for secret in self._texts:
            form = secret.lower()
            pieces = (form[at : at + _PIECE] for at in range(0, len(form) - _PIECE + 1, 4))
            yield from (piece for piece in pieces if piece in lowered)


async def _lived_through(case: Case) -> AsyncIterator[str]:
    """Well, ill for two polls, and well again; yields what is not as it should be."""
    await case.poll(*case.ill.jobs, case.neighbour)
    well = case.now(case.job)
    if well.state != "ok":
        yield f"is {well.state} before anything is wrong: {well.message}"
        return
    case.lines()
    await case.inflict()
    CLOCK.pass_time(DAY)
    _begin_measuring(case)
    await case.poll(case.beside, case.neighbour, case.job)
    first = case.now(case.job)
    for complaint in _measured(case):
        yield complaint
    CLOCK.pass_time(RETRY)
    await case.poll(case.beside, case.job)
    ill, lines = case.now(case.job), case.lines()
    for complaint in (*_judged(case, well, ill), *_told(case, first, ill, lines)):
        yield complaint
    await case.relent()
    CLOCK.pass_time(RETRY)
    await case.poll(case.beside, case.job)
    last, lines = case.now(case.job), case.lines()
    if last.state != "ok":
        yield f"is still {last.state} when all is well again: {last.message}"
    told = [line for line in lines if line["event"] in _WELL]
    if ill.state not in ANSWERS and not told:
        yield "recovers, and the log says nothing"


async def _started_ill(case: Case) -> AsyncIterator[str]:
    """Ill from the first poll on, and well at the third; yields what is not as it should be."""
    state = case.cell.state
    if state != "ok":
        state = case.cell.trouble.at_start or state
    await case.inflict()
    await case.poll(*case.ill.jobs, case.neighbour)
    first = case.now(case.job)
    CLOCK.pass_time(RETRY)
    await case.poll(case.job)
    ill, lines = case.now(case.job), case.lines()
    if ill.state != state:
        yield f"is {ill.state} and not {state}: {ill.message}"
    if ill.state not in ANSWERS and ill.records is not None:
        yield "shows something"
    for complaint in _told(case, first, ill, lines):
        yield complaint
    await case.relent()
    CLOCK.pass_time(RETRY)
    await case.poll(case.beside, case.job)
    if (last := case.now(case.job)).state != "ok":
        yield f"is still {last.state} when all is well: {last.message}"
    case.lines()


def _begin_measuring(case: Case) -> None:
    if case.cell.trouble.measured:
        tracemalloc.start()


def _measured(case: Case) -> Iterator[str]:
    if case.cell.trouble.measured:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        if peak > MOST_MEMORY:
            yield f"takes {peak / 1024**2:.0f} MiB"


def _judged(case: Case, well: Poll, ill: Poll) -> Iterator[str]:
    """State, sentence, last good values with their age, and the others."""
    cell = case.cell
    if ill.state != cell.state:
        yield f"is {ill.state} and not {cell.state}: {ill.message}"
    if ill.state not in ANSWERS:
        if not re.search(cell.trouble.says or ".", ill.message):
            yield f"says nothing of {cell.trouble.says!r}: {ill.message}"
        if (ill.records, ill.rendered, ill.taken_at) != (well.records, well.rendered, well.taken_at):
            yield "its last good values, or their age, have changed"
    for job in (case.neighbour, *([] if case.whole_host_is_ill else [case.beside])):
        if case.now(job).state != "ok":
            yield f"{job.key} is {case.now(job).state}: {case.now(job).message}"


def _told(case: Case, first: Poll, ill: Poll, lines: list[dict[str, Any]]) -> Iterator[str]:
    """One line of the log for each cause, however often it is met, and a traceback for nothing.

    Two polls may have two causes: that one source alone is refused is known only when another is not.
    """
    if any(line["event"] == _INTERNAL for line in lines):
        yield f"a fault of the exporter: {[line for line in lines if line['event'] == _INTERNAL]}"
    mine = [
        line
        for line in lines
        if line["event"] in _ILL and (_concerns(case, line) or line["message"] == ill.message != _leads(case, line))
    ]
    if ill.state in ANSWERS:
        if mine and first.state in ANSWERS:
            yield f"is {ill.state}, and the log complains: {mine[0]['message']}"
    elif len(mine) != len({first.cause, ill.cause} - {None}):
        yield f"is told {len(mine)} times: {[line['message'] for line in mine]}"
    elif mine[-1]["reason"] != ill.state:
        yield f"is told as {mine[-1]['reason']}: {json.dumps(mine[-1])}"


def _leads(case: Case, line: dict[str, Any]) -> str:
    """What a line says of the source alone that the cell's follows, which may ask at the same address; else empty."""
    leader = (case.cell.collector, case.job.source.follows)
    return str(line["message"]) if (line.get("collector"), line.get("source")) == leader else ""


def _concerns(case: Case, line: dict[str, Any]) -> bool:
    """Whether a line is about the cell's source, alone or among others."""
    key = case.job.key
    if (line.get("collector"), line.get("source")) == (key.collector, key.source):
        return True
    return key.within_tenant in line.get("names", ()) or str(key) in line.get("names", ())
