"""How many licences are there, how many are taken, and which subscriptions are about to lapse?

Source: ``/subscribedSkus`` (seats by product, ``o365_sku_*``; LicenseAssignment.Read.All) and
``/directory/subscriptions`` (what was bought and when it changes, ``o365_subscription_*``; Organization.Read.All),
each once an hour. Freshness: the moment of the poll.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from o365_exporter import fields
from o365_exporter.fields import UNKNOWN, Json, closed, member
from o365_exporter.filters import Filter
from o365_exporter.graph import Endpoint
from o365_exporter.listing import Listing, ListSource
from o365_exporter.metrics import Metric, Sample
from o365_exporter.product_names import product_name
from o365_exporter.source import Collector, CollectorOptions

STATUSES = ("Enabled", "Warning", "Suspended", "Deleted", "LockedOut")
"""Values of subscribedSku.capabilityStatus and companySubscription.status."""

UNIT_STATES = ("enabled", "warning", "suspended", "lockedOut")

_SKU = ("sku_id", "sku_part_number")
_SUBSCRIPTION = ("subscription_id", *_SKU, "trial")
_TRIAL = ("true", "false")

SKU_INFO = Metric(
    "o365_sku_info",
    "What a SKU is, subscribedSku: always 1; product_name is Microsoft's, or the part number where none is known.",
    (*_SKU, "product_name", "applies_to"),
)
SKU_UNITS = Metric(
    "o365_sku_units",
    "Number of units of a SKU by state, subscribedSku.prepaidUnits; enabled and warning (lapsed, in grace) are usable.",
    (*_SKU, "state"),
    values={"state": UNIT_STATES},
)
SKU_CONSUMED = Metric(
    "o365_sku_consumed_units",
    "Number of units of a SKU that are assigned, subscribedSku.consumedUnits; can exceed the enabled ones.",
    _SKU,
)
SKU_STATUS = Metric(
    "o365_sku_status",
    "Status of a SKU, subscribedSku.capabilityStatus: 1 for the present status, other statuses are absent.",
    (*_SKU, "status"),
    values={"status": (*STATUSES, UNKNOWN)},
)
SUBSCRIPTION_LICENSES = Metric(
    "o365_subscription_licenses",
    "Number of licences that a subscription holds, companySubscription.totalLicenses.",
    _SUBSCRIPTION,
    values={"trial": _TRIAL},
)
SUBSCRIPTION_STATUS = Metric(
    "o365_subscription_status",
    "Status of a subscription, companySubscription.status: 1 for the present status, other statuses are absent.",
    (*_SUBSCRIPTION, "status"),
    values={"trial": _TRIAL, "status": (*STATUSES, UNKNOWN)},
)
SUBSCRIPTION_NEXT = Metric(
    "o365_subscription_next_lifecycle_timestamp_seconds",
    "When the status of a subscription changes next unless it is renewed, companySubscription.nextLifecycleDateTime, "
    "in seconds since 1970; absent where none is known.",
    _SUBSCRIPTION,
    values={"trial": _TRIAL},
)
METRICS = (
    SKU_INFO,
    SKU_UNITS,
    SKU_CONSUMED,
    SKU_STATUS,
    SUBSCRIPTION_LICENSES,
    SUBSCRIPTION_STATUS,
    SUBSCRIPTION_NEXT,
)

SUBSCRIBED_SKUS = Endpoint(
    route="/subscribedSkus",
    permissions=("LicenseAssignment.Read.All", "Organization.Read.All"),
    select=("id", "skuId", "skuPartNumber", "appliesTo", "capabilityStatus", "consumedUnits", "prepaidUnits"),
    limits="identity",
    cost=2,
)
SUBSCRIPTIONS = Endpoint(
    route="/directory/subscriptions",
    permissions=("Organization.Read.All",),
    select=("id", "skuId", "skuPartNumber", "status", "totalLicenses", "isTrial", "nextLifecycleDateTime"),
    page_sizes=(999, 100, 10),
    limits="identity",
)


class Options(CollectorOptions):
    """Settings of ``subscriptions``."""

    skus: Filter = Field(
        default=Filter(),
        description="SKUs to watch, by part number, product name or SKU id; their subscriptions go with them.",
    )


@dataclass(frozen=True, slots=True)
class Sku:
    """One subscribedSku; ``units`` by state, empty where Graph gives none; ``consumed`` None likewise."""

    id: str
    part_number: str
    applies_to: str
    status: str
    units: Mapping[str, int]
    consumed: int | None


@dataclass(frozen=True, slots=True)
class Subscription:
    """One companySubscription; ``next_lifecycle`` in seconds since 1970, None where none is known."""

    id: str
    sku_id: str
    part_number: str
    status: str
    licenses: int | None
    is_trial: bool
    next_lifecycle: float | None


Skus = Listing[Sku]
Subscriptions = Listing[Subscription]


def parse_sku(entry: Json) -> Sku:
    """One entry of /subscribedSkus. A state that ``prepaidUnits`` leaves out (as old tenants do) has no units."""
    units = fields.record(entry, "prepaidUnits")
    return Sku(
        id=fields.identifier(entry, "skuId", "id"),
        part_number=fields.text(entry, "skuPartNumber"),
        applies_to=fields.text(entry, "appliesTo"),
        status=member(fields.text(entry, "capabilityStatus"), STATUSES),
        units={state: fields.integer(units, state) or 0 for state in UNIT_STATES} if units else {},
        consumed=fields.integer(entry, "consumedUnits"),
    )


def parse_subscription(entry: Json) -> Subscription:
    """One entry of /directory/subscriptions."""
    return Subscription(
        id=fields.identifier(entry, "id", "commerceSubscriptionId"),
        sku_id=fields.text(entry, "skuId"),
        part_number=fields.text(entry, "skuPartNumber"),
        status=member(fields.text(entry, "status"), STATUSES),
        licenses=fields.integer(entry, "totalLicenses"),
        is_trial=fields.flag(entry, "isTrial"),
        next_lifecycle=fields.timestamp(entry, "nextLifecycleDateTime"),
    )


class SkusSource(ListSource[Sku]):
    """Seats by product."""

    name = "skus"
    noun = "SKU"
    endpoint = SUBSCRIBED_SKUS
    endpoints = (SUBSCRIBED_SKUS,)

    def __init__(self, options: Options) -> None:
        super().__init__(interval=options.interval, stale_after=options.stale_after)
        self._filter = options.skus

    def parse(self, entry: Json) -> Sku:
        return parse_sku(entry)

    def key(self, record: Sku) -> str:
        return record.id

    def samples(self, records: Skus, siblings: Mapping[str, Any]) -> Iterator[Sample]:
        for sku in records:
            if _keeps(self._filter, sku):
                yield from _sku_samples(sku)

    def remarks(self, records: Skus) -> Iterator[str]:
        yield from super().remarks(records)
        if not any(_keeps(self._filter, sku) for sku in records):
            yield f"None of the {len(records)} SKUs passes the filter collectors.subscriptions.skus."
        for sku in records:
            if sku.status not in STATUSES:
                yield f"The SKU {sku.part_number} has the status {sku.status!r}, which is served as unknown."


class SubscriptionsSource(ListSource[Subscription]):
    """What was bought, and when it changes."""

    name = "subscriptions"
    noun = "subscription"
    endpoint = SUBSCRIPTIONS
    endpoints = (SUBSCRIPTIONS,)

    def __init__(self, options: Options) -> None:
        super().__init__(interval=options.interval, stale_after=options.stale_after)
        self._filter = options.skus

    def parse(self, entry: Json) -> Subscription:
        return parse_subscription(entry)

    def key(self, record: Subscription) -> str:
        return record.id

    def samples(self, records: Subscriptions, siblings: Mapping[str, Any]) -> Iterator[Sample]:
        for subscription in records:
            if _keeps(self._filter, subscription):
                yield from _subscription_samples(subscription)

    def remarks(self, records: Subscriptions) -> Iterator[str]:
        yield from super().remarks(records)
        for each in records:
            if each.status not in STATUSES:
                yield f"The subscription {each.id} has the status {each.status!r}, which is served as unknown."


def _keeps(skus: Filter, thing: Sku | Subscription) -> bool:
    sku_id = thing.id if isinstance(thing, Sku) else thing.sku_id
    return skus.keeps(thing.part_number, product_name(thing.part_number), sku_id)


def _sku_samples(sku: Sku) -> Iterator[Sample]:
    labels = {"sku_id": sku.id, "sku_part_number": sku.part_number}
    yield SKU_INFO.at(1, **labels, product_name=product_name(sku.part_number), applies_to=sku.applies_to)
    yield SKU_STATUS.at(1, **labels, status=closed(sku.status, STATUSES))
    for state, units in sku.units.items():
        yield SKU_UNITS.at(units, **labels, state=state)
    if sku.consumed is not None:
        yield SKU_CONSUMED.at(sku.consumed, **labels)


def _subscription_samples(subscription: Subscription) -> Iterator[Sample]:
    labels = {
        "subscription_id": subscription.id,
        "sku_id": subscription.sku_id,
        "sku_part_number": subscription.part_number,
        "trial": "true" if subscription.is_trial else "false",
    }
    yield SUBSCRIPTION_STATUS.at(1, **labels, status=closed(subscription.status, STATUSES))
    if subscription.licenses is not None:
        yield SUBSCRIPTION_LICENSES.at(subscription.licenses, **labels)
    if subscription.next_lifecycle is not None:
        yield SUBSCRIPTION_NEXT.at(subscription.next_lifecycle, **labels)


COLLECTOR = Collector(
    name="subscriptions",
    summary="How many licences are there, how many are taken, and which subscriptions are about to lapse?",
    options=Options,
    metrics=METRICS,
    sources=lambda options: (SkusSource(options), SubscriptionsSource(options)),
)
