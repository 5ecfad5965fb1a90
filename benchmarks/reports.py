"""How much memory and time folding a usage report takes, and how long it holds up the event loop.

Run ``.venv/bin/python benchmarks/reports.py``. A mailbox report of 5 000 and of 500 000 rows (20 columns, byte order
mark, quoted names, CRLF) is folded from a stream that is made as it is read; beside it, the whole file is read into a
list of dictionaries, as the Centreon plugins do. Each in a process of its own; memory is the growth of its peak.
"""

from __future__ import annotations

import asyncio
import csv
import io
import json
import resource
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Iterator

from o365_exporter.collectors.exchange_usage import REPORTS
from o365_exporter.reports.folding import fold
from o365_exporter.reports.options import PerUserOptions
from o365_exporter.reports.recipes import Recipe

MAILBOXES = next(report for report in REPORTS if report.source == "mailbox_usage")
HEADER = (
    "Report Refresh Date,User Principal Name,Display Name,Is Deleted,Deleted Date,Created Date,Last Activity Date,"
    "Item Count,Storage Used (Byte),Issue Warning Quota (Byte),Prohibit Send Quota (Byte),"
    "Prohibit Send/Receive Quota (Byte),Deleted Item Count,Deleted Item Size (Byte),Deleted Item Quota (Byte),"
    "Has Archive,Recipient Type,Extra One,Extra Two,Report Period"
)
SIZES = (5_000, 500_000)


def lines(rows: int) -> Iterator[str]:
    """The file, line by line."""
    yield "\ufeff" + HEADER + "\r\n"
    for number in range(rows):
        day = "2026-03-10" if number % 3 else "2026-02-01"
        yield (
            f'2026-03-10,user{number}@contoso.com,"Doe, John ""{number}""",False,,2020-01-01,{day},{number % 9000},'
            f"{number * 1013},53150220288,53687091200,53687091200,12,34567,32212254720,True,UserMailbox,,,7\r\n"
        )


async def streamed(rows: int) -> AsyncGenerator[bytes, None]:
    """The file as a download would bring it: pieces of 64 KiB."""
    batch: list[str] = []
    for line in lines(rows):
        batch.append(line)
        if len(batch) == 300:  # noqa: PLR2004 - some 64 KiB
            yield "".join(batch).encode()
            batch = []
    yield "".join(batch).encode()


async def folded(rows: int) -> float:
    """Fold; returns the longest time that another task had to wait, in seconds."""
    longest = 0.0

    async def ticker() -> None:
        nonlocal longest
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.001)
            longest = max(longest, time.perf_counter() - before - 0.001)

    watch = asyncio.create_task(ticker())
    recipe = Recipe(rows=MAILBOXES.population, each=MAILBOXES.each, singles=PerUserOptions(enabled=True))
    result = await fold(streamed(rows), recipe)
    assert result is not None
    assert result.rows == rows
    watch.cancel()
    return longest


def whole(rows: int) -> int:
    """As the plugins: the file in memory, a dictionary for each row."""
    return len(list(csv.DictReader(io.StringIO("".join(lines(rows)), newline=""))))


def measure(way: str, rows: int) -> dict[str, float]:
    """One run in this process."""
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
    wait = asyncio.run(folded(rows)) if way == "folded" else float(whole(rows) * 0)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return {"seconds": seconds, "peak_mib": peak / 1024, "longest_wait_ms": wait * 1000}


def main() -> None:
    """Print the table, or one measurement for the parent process."""
    if len(sys.argv) > 1:
        print(json.dumps(measure(sys.argv[1], int(sys.argv[2]))))
        return
    print(f"{'way':8} {'rows':>8} {'seconds':>8} {'rows/s':>9} {'peak MiB':>9} {'longest wait ms':>16}")
    for way, rows in (("folded", SIZES[0]), ("folded", SIZES[1]), ("whole", SIZES[0]), ("whole", SIZES[1])):
        command = [sys.executable, __file__, way, str(rows)]
        found = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)  # noqa: S603 - ourselves
        print(
            f"{way:8} {rows:8} {found['seconds']:8.2f} {rows / found['seconds']:9.0f} {found['peak_mib']:9.1f} "
            f"{found['longest_wait_ms']:16.1f}"
        )


if __name__ == "__main__":
    main()
