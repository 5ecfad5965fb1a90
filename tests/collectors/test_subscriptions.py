"""``subscriptions``: SKUs and subscriptions, as series."""

from __future__ import annotations

from typing import Any

import pytest

from o365_exporter.collectors.subscriptions import COLLECTOR, Options
from o365_exporter.errors import NoData
from o365_exporter.filters import Filter
from tests.stubs import StubGraph, polled, text_of

SKUS = "/subscribedSkus"
SUBSCRIPTIONS = "/directory/subscriptions"


def sku(number: int, status: str, consumed: int, **units: int) -> dict[str, Any]:
    """One subscribed SKU."""
    return {
        "skuId": f"sku-{number}",
        "skuPartNumber": "ENTERPRISEPREMIUM",
        "appliesTo": "User",
        "capabilityStatus": status,
        "consumedUnits": consumed,
        "prepaidUnits": units,
    }


def subscription(**changes: Any) -> dict[str, Any]:
    """One subscription as Graph would give it."""
    return {
        "id": "sub-1",
        "skuId": "sku-1",
        "skuPartNumber": "ENTERPRISEPREMIUM",
        "status": "Enabled",
        "totalLicenses": 25,
        "isTrial": False,
        "nextLifecycleDateTime": "2026-04-01T00:00:00Z",
        **changes,
    }


async def test_oracle_of_the_original_on_skus() -> None:
    """compat: the inputs of the plugin's 56 %, 140 % and status-only answers are served as they are."""
    source, _ = COLLECTOR.sources(Options())
    entries = [
        sku(1, "Enabled", 14, enabled=25, warning=0, suspended=0, lockedOut=0),
        sku(2, "Warning", 7, enabled=0, warning=5, suspended=0, lockedOut=0),
        sku(3, "Suspended", 3, enabled=0, warning=0, suspended=10, lockedOut=0),
    ]
    text = text_of(source, await polled(source, StubGraph({SKUS: entries})))
    for number, consumed, status in ((1, 14, "Enabled"), (2, 7, "Warning"), (3, 3, "Suspended")):
        labels = f'sku_id="sku-{number}",sku_part_number="ENTERPRISEPREMIUM"'
        assert f'o365_sku_consumed_units{{{labels},tenant="contoso"}} {consumed}.0\n' in text
        assert f'o365_sku_status{{{labels},status="{status}",tenant="contoso"}} 1.0\n' in text
    assert 'sku_id="sku-1",sku_part_number="ENTERPRISEPREMIUM",state="enabled",tenant="contoso"} 25.0' in text
    assert 'sku_id="sku-2",sku_part_number="ENTERPRISEPREMIUM",state="warning",tenant="contoso"} 5.0' in text
    assert 'sku_id="sku-3",sku_part_number="ENTERPRISEPREMIUM",state="suspended",tenant="contoso"} 10.0' in text


async def test_a_sku_is_served_with_all_unit_states_and_its_product_name() -> None:
    """Exact text of one SKU; lockedOut, which old tenants leave out, has no units."""
    source, _ = COLLECTOR.sources(Options())
    records = await polled(source, StubGraph({SKUS: [sku(1, "lockedout", 14, enabled=25, warning=1, suspended=2)]}))
    labels = 'sku_id="sku-1",sku_part_number="ENTERPRISEPREMIUM"'
    assert text_of(source, records) == (
        f'o365_sku_consumed_units{{{labels},tenant="contoso"}} 14.0\n'
        'o365_sku_info{applies_to="User",product_name="Office 365 E5",'
        f'{labels},tenant="contoso"}} 1.0\n'
        f'o365_sku_status{{{labels},status="LockedOut",tenant="contoso"}} 1.0\n'
        f'o365_sku_units{{{labels},state="enabled",tenant="contoso"}} 25.0\n'
        f'o365_sku_units{{{labels},state="lockedOut",tenant="contoso"}} 0.0\n'
        f'o365_sku_units{{{labels},state="suspended",tenant="contoso"}} 2.0\n'
        f'o365_sku_units{{{labels},state="warning",tenant="contoso"}} 1.0\n'
    )


@pytest.mark.parametrize("status", ["Enabled", "Warning", "Suspended", "Deleted", "LockedOut"])
async def test_every_status_of_sku_and_subscription_is_a_status_like_others(status: str) -> None:
    """A SKU that is suspended, locked out or deleted does not vanish."""
    skus, subscriptions = COLLECTOR.sources(Options())
    graph = StubGraph({SKUS: [sku(1, status, 1, enabled=1)], SUBSCRIPTIONS: [subscription(status=status.upper())]})
    assert f'status="{status}"' in text_of(skus, await polled(skus, graph))
    assert f'status="{status}"' in text_of(subscriptions, await polled(subscriptions, graph))


async def test_an_unknown_status_is_unknown_with_a_remark() -> None:
    """A newer status is served as unknown and named in the log."""
    skus, subscriptions = COLLECTOR.sources(Options())
    graph = StubGraph({SKUS: [sku(1, "Frozen", 1)], SUBSCRIPTIONS: [subscription(status=None)]})
    records, bought = await polled(skus, graph), await polled(subscriptions, graph)
    assert 'status="unknown"' in text_of(skus, records)
    assert list(skus.remarks(records)) == [
        "The SKU ENTERPRISEPREMIUM has the status 'Frozen', which is served as unknown."
    ]
    assert list(subscriptions.remarks(bought)) == [
        "The subscription sub-1 has the status '', which is served as unknown."
    ]


async def test_what_graph_does_not_say_is_absent_and_not_zero() -> None:
    """A SKU without prepaidUnits and consumedUnits has no counts; an unknown part number is its own product name."""
    source, _ = COLLECTOR.sources(Options())
    records = await polled(source, StubGraph({SKUS: [{"skuId": "x", "skuPartNumber": "NEW_THING"}]}))
    assert text_of(source, records) == (
        'o365_sku_info{applies_to="",product_name="NEW_THING",sku_id="x",sku_part_number="NEW_THING",'
        'tenant="contoso"} 1.0\n'
        'o365_sku_status{sku_id="x",sku_part_number="NEW_THING",status="unknown",tenant="contoso"} 1.0\n'
    )


async def test_a_subscription_is_served_with_licences_status_and_next_change() -> None:
    """Exact text of one trial; without a next change there is no series for it."""
    _, source = COLLECTOR.sources(Options())
    entries = [subscription(isTrial=True), subscription(id="sub-2", nextLifecycleDateTime=None)]
    text = text_of(source, await polled(source, StubGraph({SUBSCRIPTIONS: entries})))
    labels = 'sku_id="sku-1",sku_part_number="ENTERPRISEPREMIUM"'
    assert text == (
        f'o365_subscription_licenses{{{labels},subscription_id="sub-1",tenant="contoso",trial="true"}} 25.0\n'
        f'o365_subscription_licenses{{{labels},subscription_id="sub-2",tenant="contoso",trial="false"}} 25.0\n'
        f'o365_subscription_next_lifecycle_timestamp_seconds{{{labels},subscription_id="sub-1",tenant="contoso",'
        'trial="true"} 1.7750016e+09\n'
        f'o365_subscription_status{{{labels},status="Enabled",subscription_id="sub-1",tenant="contoso",'
        'trial="true"} 1.0\n'
        f'o365_subscription_status{{{labels},status="Enabled",subscription_id="sub-2",tenant="contoso",'
        'trial="false"} 1.0\n'
    )


async def test_filters_take_skus_and_their_subscriptions() -> None:
    """One filter looks at part number, product name and id of both; an empty match is a remark."""
    options = Options(skus=Filter(exclude=("office 365 e5",)))
    skus, subscriptions = COLLECTOR.sources(options)
    graph = StubGraph({SKUS: [sku(1, "Enabled", 1)], SUBSCRIPTIONS: [subscription()]})
    records = await polled(skus, graph)
    assert text_of(skus, records) == ""
    assert text_of(subscriptions, await polled(subscriptions, graph)) == ""
    assert list(skus.remarks(records)) == ["None of the 1 SKUs passes the filter collectors.subscriptions.skus."]


async def test_a_tenant_without_skus_or_subscriptions_is_no_data() -> None:
    """An empty list is a state of its own and not a failure."""
    for source in COLLECTOR.sources(Options()):
        with pytest.raises(NoData):
            await polled(source, StubGraph())
