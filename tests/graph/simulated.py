"""A Graph client of a simulated tenant, over real sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pydantic import SecretStr

from o365_exporter.clock import Clock
from o365_exporter.graph import GraphClient
from o365_exporter.http import ConnectionOptions, open_http
from o365_exporter.login import CLOUDS, CredentialOptions
from o365_exporter.simulator import Simulator


@asynccontextmanager
async def client_of(simulator: Simulator, clock: Clock) -> AsyncIterator[GraphClient]:
    """A client of the first tenant, by the same clock."""
    key, tenant = next(iter(simulator.tenants.items()))
    credential = CredentialOptions(client_id=tenant.client_id, client_secret=SecretStr(tenant.client_secret))
    async with simulator.serve() as url, open_http(ConnectionOptions()) as http:
        yield GraphClient(
            tenant_name=key,
            tenant_id=tenant.tenant_id,
            cloud=CLOUDS["global"],
            credential=credential,
            http=http,
            clock=clock,
            login_url=url,
            graph_url=url,
        )
