"""What a day of one large tenant asks for at the default intervals: requests, and bytes before compression."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from unittest.mock import patch

import httpx
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.app.rig import Rig, only, polling, rig, small

DAY = 86_400
LARGE = 100_000
"""Users of the tenant that is reckoned with; files are made for fewer, and grow with the rows."""

MEGABYTE = 10**6


@dataclass
class Wire:
    """What has come."""

    received: int = 0

    def counting(self, app: ASGIApp) -> ASGIApp:
        """The app, with the bytes of its bodies counted."""

        async def counted(scope: Scope, receive: Receive, send: Send) -> None:
            async def noted(message: Message) -> None:
                self.received += len(message.get("body", b""))
                await send(message)

            await app(scope, receive, noted)

        return counted


@asynccontextmanager
async def watched(users: int, environ: dict[str, str]) -> AsyncIterator[tuple[Rig, Wire]]:
    """An exporter that has polled everything of a tenant of so many users once."""
    wire, made_of = Wire(), httpx.ASGITransport

    def transport(app: ASGIApp) -> httpx.ASGITransport:
        return made_of(wire.counting(app))

    with patch.object(httpx, "ASGITransport", transport):
        async with rig(small("contoso", users=users), environ) as made:
            made.simulator.switch(report_framing="length")
            async with polling(made):
                yield made, wire


async def received_in_a_round(*collectors: str) -> float:
    """Bytes for a tenant of ``LARGE`` users, every file once: what the others cost, and as much more for each."""
    found = []
    for users in (100, 600):
        async with watched(users, only(*collectors)) as (made, wire):
            await made.clock.advance(600)
            found.append(wire.received)
    return found[0] + (found[1] - found[0]) / 500 * (LARGE - 100)


async def test_a_day_is_less_than_two_thousand_requests() -> None:
    """Everything that is on by default, the first round included; downloads and logins are in it.

    A file is read once in the first round, and once when it has been made anew.
    """
    async with watched(10, {}) as (made, wire):
        await made.clock.advance(DAY)
        assert len(made.simulator.requests.find("*/healthOverviews")) >= DAY / 60
        assert len(made.simulator.requests) <= 2_000
        assert wire.received <= 30 * MEGABYTE, "what does not grow with the users, before compression"
        downloads = Counter(one.path for one in made.simulator.requests.find("/data/*"))
        assert len(downloads) >= 10
        assert max(downloads.values()) <= 2


async def test_the_files_of_a_hundred_thousand_users_fit_a_day() -> None:
    """Each once, as on any day: up to 50 MB of Exchange and Skype, and as much of Teams."""
    others = await received_in_a_round("exchange_usage", "skype_usage", "report_settings")
    teams = await received_in_a_round("teams_usage")
    assert 20 * MEGABYTE < others <= (90 - 25) * MEGABYTE
    assert 20 * MEGABYTE < teams <= (150 - 90) * MEGABYTE
