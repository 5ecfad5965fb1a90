"""Microsoft's samples of app registrations, SKUs and subscriptions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.graph.world import APP, GRAPH, SECRET, Microsoft, microsoft
from tests.samples.watching import answer, page, read_sample, watching

Golden = Callable[[str, str], None]


@pytest.fixture
def world() -> Iterator[Microsoft]:
    """A Microsoft that answers what a test tells it to; the app that asks is registered in another tenant."""
    with microsoft() as fake:
        elsewhere = {"appId": APP, "appOwnerOrganizationId": "99999999-8888-4777-8666-555555555555"}
        fake.graph("/servicePrincipals").mock(return_value=page(elsewhere))
        yield fake


async def test_applications_list(world: Microsoft, shared: Path) -> None:
    """An app that shows neither an object id nor credentials is counted, and that is all there is to say."""
    world.graph("/applications").mock(return_value=answer(shared, "applications-list.json"))
    async with watching("credential_expiry") as watch:
        await watch.poll()
    assert watch.lines("applications") == ['o365_applications{tenant="contoso"} 1.0']


async def test_applications_get(world: Microsoft, shared: Path) -> None:
    """A whole app without credentials, most of its properties null, is counted like any other."""
    world.graph("/applications").mock(return_value=page(read_sample(shared, "applications-get.json")))
    async with watching("credential_expiry") as watch:
        await watch.poll()
    assert watch.lines("applications") == ['o365_applications{tenant="contoso"} 1.0']


async def test_applications_with_credentials(world: Microsoft, shared: Path, golden: Golden) -> None:
    """All pages, a nameless secret, an end far away, a certificate that has ended, and the latest end of each kind."""
    route = world.graph("/applications")
    route.side_effect = [answer(shared, "synthetic-applications-credentials.json"), page()]
    async with watching("credential_expiry") as watch:
        await watch.poll()
    select = "$select=id,appId,displayName,keyCredentials,passwordCredentials"
    assert str(route.calls.last.request.url) == f"{GRAPH}/applications?{select}&$top=999&$skiptoken=SYNTHETIC"
    golden("applications.prom", "\n".join(watch.lines("applications")))


async def test_the_exporters_own_secret(world: Microsoft, shared: Path) -> None:
    """The app that asks is found by its client id, and the secret in use by the hint that Graph shows of it."""
    payroll = read_sample(shared, "synthetic-applications-credentials.json")["value"][0] | {"appId": APP}
    payroll["passwordCredentials"][1]["hint"] = SECRET[:3]
    world.graph("/applications").mock(return_value=page(payroll))
    async with watching("credential_expiry") as watch:
        await watch.poll()
    assert watch.about("o365_exporter_credential_expiry_timestamp_seconds") == [
        'o365_exporter_credential_expiry_timestamp_seconds{kind="secret",tenant="contoso"} 1.04137056e+10'
    ]


async def test_skus_and_subscriptions(world: Microsoft, shared: Path, golden: Golden) -> None:
    """Units in every state, product names, a suspended SKU, and a subscription with its next change."""
    world.graph("/subscribedSkus").mock(return_value=answer(shared, "subscribedskus-list.json"))
    world.graph("/directory/subscriptions").mock(return_value=answer(shared, "directory-subscriptions-list.json"))
    async with watching("subscriptions") as watch:
        await watch.poll()
    golden("subscriptions.prom", "\n".join(watch.lines("skus") + watch.lines("subscriptions")))
