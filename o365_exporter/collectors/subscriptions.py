"""How many licences are there, how many are taken, and which subscriptions are about to lapse?

Source: ``/subscribedSkus`` (seats by product, ``o365_sku_*``; LicenseAssignment.Read.All) and
``/directory/subscriptions`` (what was bought and when it changes, ``o365_subscription_*``; Organization.Read.All),
each once an hour. Freshness: the moment of the poll.
"""

from __future__ import annotations

from pydantic import Field

from o365_exporter import fields
from o365_exporter.fields import UNKNOWN, Json
from o365_exporter.filters import Filter
from o365_exporter.graph import Endpoint
from o365_exporter.metrics import Metric
from o365_exporter.product_names import product_name
from o365_exporter.resources import (
    Resource,
    State,
    Value,
    identifier,
    integer,
    moment,
    resource_collector,
    text,
    yes_or_no,
)
from o365_exporter.source import CollectorOptions

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


def _names(entry: Json) -> tuple[str, ...]:
    part_number = fields.text(entry, "skuPartNumber")
    return part_number, product_name(part_number), fields.text(entry, "skuId")


_LABELS = {"sku_id": identifier("skuId", "id"), "sku_part_number": text("skuPartNumber")}

SKUS = Resource(
    source="skus",
    endpoint=SUBSCRIBED_SKUS,
    noun="SKU",
    key=identifier("skuId", "id"),
    called=text("skuPartNumber"),
    labels=_LABELS,
    series=(
        Value(
            SKU_INFO,
            labels={
                "product_name": lambda entry: product_name(fields.text(entry, "skuPartNumber")),
                "applies_to": text("appliesTo"),
            },
        ),
        # a state that prepaidUnits leaves out, as old tenants do, has no units
        *(Value(SKU_UNITS, integer(f"prepaidUnits.{state}", missing=0.0), {"state": state}) for state in UNIT_STATES),
        Value(SKU_CONSUMED, integer("consumedUnits")),
        State(SKU_STATUS, text("capabilityStatus")),
    ),
    option="skus",
    names=_names,
)
BOUGHT = Resource(
    source="subscriptions",
    endpoint=SUBSCRIPTIONS,
    noun="subscription",
    key=identifier("id", "commerceSubscriptionId"),
    labels={
        "subscription_id": identifier("id", "commerceSubscriptionId"),
        "sku_id": text("skuId"),
        "sku_part_number": text("skuPartNumber"),
        "trial": yes_or_no("isTrial"),
    },
    series=(
        Value(SUBSCRIPTION_LICENSES, integer("totalLicenses")),
        State(SUBSCRIPTION_STATUS, text("status")),
        Value(SUBSCRIPTION_NEXT, moment("nextLifecycleDateTime")),
    ),
    option="skus",
    names=_names,
)

COLLECTOR = resource_collector(
    name="subscriptions",
    summary="How many licences are there, how many are taken, and which subscriptions are about to lapse?",
    resources=(SKUS, BOUGHT),
    options=Options,
)
