"""What it costs to fold a usage report, beside a bare loop of ``csv.reader`` over the same bytes in memory.

The file comes over loopback from another process, as a download would, and all sums of the contract are made of it,
with every check; the loop adds up the same columns and checks nothing. The sums are compared first.
"""

from __future__ import annotations

import asyncio
import csv
import gc
import io
import socket
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from threading import Thread

from benchmarks.ratios import Ratio, in_turns
from o365_exporter.collectors import exchange_usage, teams_usage
from o365_exporter.reports.folding import fold
from o365_exporter.reports.recipes import Folded, Recipe
from o365_exporter.reports.rows import Report

ROWS, QUICK_ROWS = 500_000, 100_000

Sums = dict[str, float]

MAILBOXES = next(report for report in exchange_usage.REPORTS if report.source == "mailbox_usage")
TEAMS = next(report for report in teams_usage.REPORTS if report.source == "users_activity")

MAILBOX_HEADER = (
    "Report Refresh Date,User Principal Name,Display Name,Is Deleted,Deleted Date,Created Date,Last Activity Date,"
    "Item Count,Storage Used (Byte),Issue Warning Quota (Byte),Prohibit Send Quota (Byte),"
    "Prohibit Send/Receive Quota (Byte),Deleted Item Count,Deleted Item Size (Byte),Deleted Item Quota (Byte),"
    "Has Archive,Recipient Type,Extra One,Extra Two,Report Period"
)
TEAMS_HEADER = (
    "Report Refresh Date,Tenant Display Name,User Id,User Principal Name,Last Activity Date,Is Deleted,Deleted Date,"
    "Assigned Products,Team Chat Message Count,Private Chat Message Count,Call Count,Meeting Count,Report Period"
)


def mailbox(number: int, name: str) -> str:
    """A row of 20 cells."""
    day = "2026-03-10" if number % 3 else "2026-02-01"
    deleted = "True,2026-02-20" if number % 50 == 0 else "False,"
    return (
        f"2026-03-10,user{number}@contoso.com,{name},{deleted},2020-01-01,{day},{number % 9000},"
        f"{number * 1013},53150220288,53687091200,53687091200,12,34567,32212254720,True,UserMailbox,,,7\r\n"
    )


def team_user(number: int, name: str) -> str:
    """A row of 13 cells."""
    return (
        f"2026-03-10,Contoso,{number:08x}-5f3a-4c1e-9d77-2b8e1a6c0f42,user{number}@contoso.com,2026-03-10,False,,{name},"
        f"{number % 70},{number % 90},{number % 7},{number % 5},1\r\n"
    )


def looped_mailboxes(rows: Iterator[list[str]]) -> Sums:
    """The mailboxes by a bare loop."""
    count, used, gone, gone_used = [0, 0], [0, 0], [0, 0], [0, 0]
    for row in rows:
        active, storage = row[6] == row[0], int(row[8])
        count[active] += 1
        used[active] += storage
        if row[3] == "True":
            gone[active] += 1
            gone_used[active] += storage
    return {
        f"{name} {activity}": found[activity == "active"]
        for name, found in (
            ("o365_exchange_mailboxes", count),
            ("o365_exchange_mailbox_storage_bytes", used),
            ("o365_exchange_deleted_mailboxes", gone),
            ("o365_exchange_deleted_mailbox_storage_bytes", gone_used),
        )
        for activity in ("active", "inactive")
    }


def looped_teams(rows: Iterator[list[str]]) -> Sums:
    """The day of Teams by a bare loop."""
    users = channel = chat = calls = meetings = 0
    for row in rows:
        users += 1
        channel += int(row[8])
        chat += int(row[9])
        calls += int(row[10])
        meetings += int(row[11])
    return {
        "o365_teams_active_users": users,
        "o365_teams_messages team": channel,
        "o365_teams_messages private": chat,
        "o365_teams_calls": calls,
        "o365_teams_meetings": meetings,
    }


def written(header: str, row: Callable[[int, str], str], rows: int, quoted: int) -> bytes:
    """The file: of so many rows in a hundred, a cell is quoted."""
    lines = (row(n, f'"Doe, John {n}"' if n % 100 < quoted else f"John Doe {n}") for n in range(rows))
    return "".join(("\ufeff", header, "\r\n", *lines)).encode()


@contextmanager
def served(body: bytes) -> Iterator[int]:
    """The port at which another process sends the body to everybody who connects."""
    context = get_context("fork")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(body, theirs), daemon=True)
    process.start()
    try:
        yield ours.recv()
    finally:
        process.terminate()
        process.join()


def _serve(body: bytes, told: Connection) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        told.send(listening.getsockname()[1])
        while True:
            connection, _ = listening.accept()
            Thread(target=_send, args=(connection, body), daemon=True).start()


def _send(connection: socket.socket, body: bytes) -> None:
    with connection, suppress(OSError):  # who has seen enough closes
        connection.sendall(body)


async def downloaded(port: int) -> AsyncGenerator[bytes, None]:
    """The body piece by piece."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while piece := await reader.read(64 * 1024):
        yield piece
    writer.close()


async def folded(port: int, recipe: Recipe) -> Folded:
    """The file as the exporter reads it."""
    found = await fold(downloaded(port), recipe)
    assert found is not None
    return found


def looped(body: bytes, loop: Callable[[Iterator[list[str]]], Sums]) -> Sums:
    """The file as a bare loop reads it."""
    rows = csv.reader(io.TextIOWrapper(io.BytesIO(body), "utf-8-sig", newline=""))
    next(rows)
    return loop(rows)


def recipe_of(report: Report) -> Recipe:
    """As ``ReportSource`` reads its file of a day, or of a week where there is no other."""
    return Recipe(rows=report.day or report.population)


CASES = (
    ("20 columns, 8 sums", MAILBOX_HEADER, mailbox, MAILBOXES, looped_mailboxes),
    ("13 columns, 5 sums", TEAMS_HEADER, team_user, TEAMS, looped_teams),
)


def lines(quick: bool) -> Iterator[Ratio]:
    """Files of two forms, with none, some and all of the rows quoted."""
    rows = QUICK_ROWS if quick else ROWS
    for what, header, row, report, loop in CASES:
        for quoted in (0, 5, 100):
            found = _compared(written(header, row, rows, quoted), recipe_of(report), loop, 3 if quick else 7)
            yield Ratio(
                f"fold a report of {rows:,} rows, {what}, {quoted} % of the rows quoted",
                "bare loop of `csv.reader` in memory",
                1.0 if quoted else 0.8,
                found,
            )


def _compared(body: bytes, recipe: Recipe, loop: Callable[[Iterator[list[str]]], Sums], rounds: int) -> list[float]:
    with served(body) as port:
        ours, theirs = asyncio.run(folded(port, recipe)).values, looped(body, loop)
        assert ours == theirs, (ours, theirs)
        gc.collect()
        return in_turns(lambda: asyncio.run(folded(port, recipe)), lambda: looped(body, loop), rounds)
