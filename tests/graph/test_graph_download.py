"""The file behind a report: what is tried again, and what is not."""

from __future__ import annotations

import httpx
import pytest

from o365_exporter.errors import NetworkError, TruncatedError
from o365_exporter.graph import Endpoint
from tests.graph.world import ImpatientClock, client, microsoft

REPORT = Endpoint(
    route="/reports/getThings(period='{period}')",
    permissions=("Reports.Read.All",),
    redirects=True,
    counted_as="getThings",
)
GRAPH = "https://graph.microsoft.com/v1.0/reports/getThings(period='D7')"
FILE = "https://reports.office.com/data/download/ticket"


async def test_a_connection_that_breaks_before_the_file_begins_is_tried_again() -> None:
    """A kept connection that the host has closed meanwhile costs a request and no poll."""
    with microsoft() as world:
        world.router.get(GRAPH).mock(return_value=httpx.Response(302, headers={"location": FILE}))
        broken = httpx.RemoteProtocolError("Server disconnected without sending a response.")
        file = world.router.get(FILE).mock(
            side_effect=[broken, httpx.Response(200, headers={"content-length": "3"}, content=b"a,b")]
        )
        async with client(clock=ImpatientClock()) as graph, graph.download(REPORT, period="D7") as found:
            assert [piece async for piece in found.pieces()] == [b"a,b"]
        assert file.call_count == 2
        assert all("authorization" not in call.request.headers for call in file.calls)
        assert graph.traffic.requests["/{report download}", "network"] == 1
        assert graph.traffic.requests["/{report download}", "200"] == 1


async def test_a_host_that_stays_away_is_given_up() -> None:
    """After three attempts the poll fails with the reason: a connection that is refused is not tried for long."""
    with microsoft() as world:
        world.router.get(GRAPH).mock(return_value=httpx.Response(302, headers={"location": FILE}))
        file = world.router.get(FILE).mock(side_effect=httpx.ConnectError("no route"))
        async with client(clock=ImpatientClock()) as graph:
            with pytest.raises(NetworkError, match=r"reports\.office\.com:443 \(directly\) cannot be reached"):
                async with graph.download(REPORT, period="D7"):
                    pass
        assert file.call_count == 3


async def test_a_file_whose_end_could_not_be_told_is_refused() -> None:
    """Neither a length nor chunks: half a file would look like a whole one."""
    with microsoft() as world:
        world.router.get(GRAPH).mock(return_value=httpx.Response(302, headers={"location": FILE}))
        endless = httpx.Response(200, stream=httpx.ByteStream(b"a,b"))
        world.router.get(FILE).mock(return_value=endless)
        async with client(clock=ImpatientClock()) as graph:
            with pytest.raises(TruncatedError, match="neither the length of a report nor its end"):
                async with graph.download(REPORT, period="D7"):
                    pass
