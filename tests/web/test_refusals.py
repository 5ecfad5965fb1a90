"""Refusals are counted at once and told once a minute."""

from __future__ import annotations

from structlog.testing import capture_logs

from o365_exporter.web.refusals import Refusals
from tests.fakes import FakeClock


async def test_ten_thousand_refusals_are_two_lines() -> None:
    """The first at once, so that somebody who looks sees it; the rest a minute later, with their number."""
    clock, counted = FakeClock(), list[str]()
    await clock.advance(5)
    refusals = Refusals(clock, counted.append)
    with capture_logs() as logs:
        for _ in range(9_999):
            refusals.note("slow")
        refusals.note("tls")
        await clock.advance(59)
        refusals.tell()
        assert [line["slow"] for line in logs] == [1]
        await clock.advance(1)
        refusals.tell()
        await clock.advance(60)
        refusals.tell()
    assert len(counted) == 10_000
    first, second = logs
    assert (first["event"], first["log_level"], first["slow"]) == ("clients refused", "warning", 1)
    assert (second["slow"], second["tls"]) == (9_998, 1)
