"""A report as a stream: memory does not grow with it, and nobody waits for its end."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import AsyncGenerator

import pytest

from o365_exporter.collectors.exchange_usage import REPORTS
from o365_exporter.errors import TruncatedError
from o365_exporter.reports.folding import Unchanged, fold
from o365_exporter.reports.options import PerUserOptions
from o365_exporter.reports.recipes import Folded, Recipe
from o365_exporter.reports.tables import PIECE
from tests.reports.files import REFRESHED, csv_of, in_pieces

HEADER = "Report Refresh Date,User Principal Name,Display Name,Last Activity Date,Item Count,Storage Used (Byte)"
MAILBOXES = next(report for report in REPORTS if report.source == "mailbox_usage")
RECIPE = Recipe(rows=MAILBOXES.population, each=MAILBOXES.each, singles=PerUserOptions(enabled=True, limit=50))


async def mailboxes(rows: int) -> AsyncGenerator[bytes, None]:
    """A file that is made while it is read."""
    yield f"{HEADER}\r\n".encode()
    for number in range(0, rows, 200):
        lines = (f'{REFRESHED},user{n}@contoso.com,"Doe, {n}",{REFRESHED},7,{n}' for n in range(number, number + 200))
        yield ("\r\n".join(lines) + "\r\n").encode()


async def folded(pieces: AsyncGenerator[bytes, None]) -> Folded:
    """What is made of it."""
    found = await fold(pieces, RECIPE)
    assert found is not None
    return found


async def peak(rows: int) -> int:
    """Bytes that folding so many rows takes at its height."""
    tracemalloc.start()
    try:
        assert (await folded(mailboxes(rows))).rows == rows
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


async def test_memory_does_not_grow_with_the_rows() -> None:
    """Twenty times the rows need no more memory, although persons have series of their own."""
    few, many = await peak(2_000), await peak(40_000)
    assert many < few + 32 * 1024


@pytest.mark.parametrize("size", [PIECE // 4, 10**9], ids=["many pieces", "one piece"])
async def test_other_tasks_get_their_turn(size: int) -> None:
    """However a file comes, a task that waits for nothing has had a turn after each 64 KiB of it."""
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    body = b"".join([piece async for piece in mailboxes(20_000)])
    task = asyncio.create_task(other())
    await folded(in_pieces(body, size))
    task.cancel()
    assert turns >= len(body) // PIECE > 10


async def test_reading_stops_at_the_refresh_date_that_is_known() -> None:
    """The pieces after the first row are never asked for, and whoever gives them is told so at once."""
    given: list[int] = []
    closed = False

    async def pieces() -> AsyncGenerator[bytes, None]:
        nonlocal closed
        try:
            async for piece in mailboxes(2_000):
                given.append(len(piece))
                yield piece
        finally:
            closed = True

    first = await folded(mailboxes(200))
    with pytest.raises(Unchanged):
        await fold(pieces(), RECIPE, known=first.refreshed)
    assert (len(given), closed) == (2, True)


async def test_what_breaks_off_gives_no_numbers() -> None:
    """An error of the download comes out as it is, and no part of the file is kept."""

    async def pieces() -> AsyncGenerator[bytes, None]:
        yield csv_of(HEADER, [REFRESHED, "a", "a", REFRESHED, 7, 8])
        raise TruncatedError("broke off")

    with pytest.raises(TruncatedError, match="broke off"):
        await fold(pieces(), RECIPE)
