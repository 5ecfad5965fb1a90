"""A simulated tenant under a clock that stands still, and a client of it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from o365_exporter.simulator import Simulator, Tenant
from tests.fakes import FakeClock
from tests.simulator.support import GraphUser, in_process


@pytest.fixture
def clock() -> FakeClock:
    """Stands at 2026-03-10T12:00:00Z."""
    return FakeClock()


@pytest.fixture
def simulator(clock: FakeClock) -> Simulator:
    """One tenant, as it comes."""
    return Simulator(clock)


@pytest.fixture
def contoso(simulator: Simulator) -> Tenant:
    """That tenant."""
    return simulator.tenants["contoso"]


@pytest.fixture
async def http(simulator: Simulator) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a socket."""
    async with in_process(simulator) as client:
        yield client


@pytest.fixture
def user(http: httpx.AsyncClient, contoso: Tenant) -> GraphUser:
    """The tenant's app."""
    return GraphUser(http, contoso)
