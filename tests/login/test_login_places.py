"""Requests to a login are bounded for all tenants together."""

from __future__ import annotations

from contextlib import suppress

import anyio
import httpx

from o365_exporter.errors import PollError
from o365_exporter.graph import GraphClient
from o365_exporter.http import open_http
from o365_exporter.http.logins import AT_ONCE
from o365_exporter.http.options import ConnectionOptions
from o365_exporter.login import CredentialOptions
from o365_exporter.login.clouds import CLOUDS
from tests.fakes import FakeClock
from tests.graph.world import APP, SECRET, TENANT_ID, Microsoft, discovery, microsoft


class Fleet:
    """Tenants at one login, which hangs while ``hangs``."""

    def __init__(self, world: Microsoft) -> None:
        self.clock = FakeClock()
        self.hangs = False
        self.under_way = self.most = 0
        world.discovery.mock(side_effect=self._discovered)

    async def _discovered(self, _: httpx.Request) -> httpx.Response:
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            if self.hangs:
                await anyio.sleep_forever()
        finally:
            self.under_way -= 1
        return httpx.Response(200, json=discovery("https://login.microsoftonline.com"))

    def client(self, http: object, number: int) -> GraphClient:
        """One more tenant."""
        return GraphClient(
            tenant_name=f"t{number}",
            tenant_id=TENANT_ID,
            cloud=CLOUDS["global"],
            credential=CredentialOptions(client_id=APP, client_secret=SECRET),
            http=http,  # type: ignore[arg-type]
            clock=self.clock,
        )

    async def sign_in(self, graph: GraphClient, failures: list[str]) -> None:
        """As a poll would."""
        with suppress(TimeoutError), self.clock.deadline(50):
            try:
                await graph.auth.token()
            except PollError as error:
                failures.append(str(error))


async def test_where_the_login_hangs_few_of_a_thousand_tenants_hang_at_it() -> None:
    """The others wait, and are told for what."""
    with microsoft() as world:
        fleet, failures = Fleet(world), list[str]()
        fleet.hangs = True
        async with open_http(ConnectionOptions()) as http, anyio.create_task_group() as tasks:
            for number in range(1000):
                tasks.start_soon(fleet.sign_in, fleet.client(http, number), failures)
            await fleet.clock.advance(49.5)
            assert fleet.most == AT_ONCE
            crowded = [text for text in failures if "no place for this login" in text]
            assert crowded[0] == (
                "For 49 s there was no place for this login: 64 others are under way at login.microsoftonline.com:443 "
                "(directly), and none of them ends."
            )
            tasks.cancel_scope.cancel()


async def test_who_could_sign_in_before_has_other_places() -> None:
    """A login that hangs for many tenants does not keep the others from renewing their tokens."""
    with microsoft() as world:
        fleet, failures = Fleet(world), list[str]()
        async with open_http(ConnectionOptions()) as http, anyio.create_task_group() as tasks:
            proven = fleet.client(http, 0)
            first = await proven.auth.token()
            await fleet.clock.advance(3590)
            fleet.hangs = True
            for number in range(1, 2 * AT_ONCE):
                tasks.start_soon(fleet.sign_in, fleet.client(http, number), failures)
            await fleet.clock.advance(1)
            assert fleet.under_way == AT_ONCE
            assert await proven.auth.token() != first
            tasks.cancel_scope.cancel()
