"""SKUs and subscriptions: a tenant that has grown for ten years.

Part numbers and ids are Microsoft's well-known ones, but for the last row, which no table of names has.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from o365_exporter.simulator.domains.base import TenantPart, operation
from o365_exporter.simulator.domains.resource import DIRECTORY, Resource, names, show_as_is
from o365_exporter.simulator.draw import Draw, draw_for
from o365_exporter.simulator.timetext import DAY, graph_time

Json = dict[str, Any]


class _Sku(NamedTuple):
    part_number: str
    sku_id: str
    enabled: int
    consumed: int
    status: str = "Enabled"
    warning: int = 0
    suspended: int = 0
    locked_out: int | None = 0
    applies_to: str = "User"
    renews_in: float | None = 200.0
    trial: bool = False


_SKUS = (
    _Sku("ENTERPRISEPREMIUM", "c7df2760-2c81-4ef7-b578-5b5392b571df", 120, 114, locked_out=None),
    _Sku("ENTERPRISEPACK", "6fd2c87f-b296-42f0-b197-1e91e994b900", 400, 391, renews_in=41),
    _Sku("SPE_E3", "05e9a617-0261-4cee-bb44-138d3ef5d965", 50, 53),  # more assigned than bought
    _Sku("SPE_E5", "06ebc4ee-1bb5-47dd-8120-11324bc54e06", 25, 25),
    _Sku("DESKLESSPACK", "4b585984-651b-448a-9e53-3b10f069cf7f", 0, 80, "Warning", warning=90, renews_in=17),
    _Sku("EXCHANGESTANDARD", "4b9405b0-7788-4568-add1-99614e613b69", 30, 12, locked_out=None),
    _Sku("EXCHANGEENTERPRISE", "19ec0d23-8335-4cbd-94ac-6050e30712fa", 10, 4),
    _Sku("EMS", "efccb6f7-5641-4e0e-bd10-b4976e1bf68e", 200, 160, warning=10),
    _Sku("EMSPREMIUM", "b05e124f-c7cc-45a0-a6aa-8cf78c946968", 60, 59),
    _Sku("AAD_PREMIUM", "078d2b04-f1bd-4111-bbd6-b4b1b354cef4", 100, 77),
    _Sku("AAD_PREMIUM_P2", "84a661c4-e949-4bd2-a560-ed7766fcaf2b", 5, 5, renews_in=6),
    _Sku("POWER_BI_PRO", "f8a1db68-be16-40ed-86d5-cb42ce701560", 40, 31),
    _Sku("POWER_BI_STANDARD", "a403ebcc-fae0-4ca2-8c8c-7a907fd6c235", 1_000_000, 212, renews_in=None),
    _Sku("FLOW_FREE", "f30db892-07e9-47e9-837c-80727f46fd3d", 10_000, 97, renews_in=None, locked_out=None),
    _Sku("VISIOCLIENT", "c5928f49-12ba-48f7-ada3-0d743a3601d5", 15, 9),
    _Sku("PROJECTPROFESSIONAL", "53818b1b-4a27-454b-8896-0dba576410e6", 8, 8, trial=True, renews_in=23),
    _Sku("CRMSTANDARD", "d17b27af-3f49-4822-99f9-56a661538792", 0, 14, "Suspended", suspended=25, renews_in=74),
    _Sku("MCOMEETADV", "0c266dff-15dd-4b49-8397-2bb16070ed52", 0, 0, "Deleted", renews_in=None),
    _Sku("STREAM", "1f2f344a-700d-42c9-9427-5cea1d5d7ba6", 0, 3, "LockedOut", locked_out=20, renews_in=None),
    _Sku("AGENT_HUB_365_PREVIEW", "9f4a1c52-7be0-4d36-8a15-3c20d7e6b481", 25, 1, applies_to="Company"),
)
_CALM = tuple(
    row._replace(consumed=min(row.consumed, row.enabled * 4 // 5), warning=0, renews_in=200.0, trial=False)
    for row in _SKUS
    if row.enabled
)
_SPLIT = {"ENTERPRISEPACK": 3, "SPE_E3": 2}
"""SKUs bought in several subscriptions."""

_PLANS = ("EXCHANGE_S_ENTERPRISE", "SHAREPOINTENTERPRISE", "TEAMS1", "MCOSTANDARD", "YAMMER_ENTERPRISE", "SWAY")


def build_licences(
    seed: str, now: float, tenant_id: str, account: str, *, calm: bool
) -> tuple[dict[str, Json], dict[str, Json]]:
    """SKUs by part number and subscriptions by id; on a calm day all are bought for long and none is full."""
    draw = draw_for(seed, "licences")
    skus: dict[str, Json] = {}
    subscriptions: dict[str, Json] = {}
    for row in _CALM if calm else _SKUS:
        plans = _service_plans(draw, row)
        bought = [_subscription(draw, now, row, plans, part) for part in _parts(row)]
        subscriptions.update({one["id"]: one for one in bought})
        skus[row.part_number] = _sku(row, tenant_id, account, plans, [one["id"] for one in bought])
    if calm:
        return skus, subscriptions
    orphan = _Sku("TEAMS_EXPLORATORY", draw.guid(), 100, 0, "Enabled", trial=True, renews_in=2)
    leftover = _subscription(draw, now, orphan, [], 100)  # its SKU is not among the tenant's
    return skus, subscriptions | {leftover["id"]: leftover}


def _service_plans(draw: Draw, row: _Sku) -> list[Json]:
    states = ("Success", "Success", "Success", "PendingProvisioning", "Disabled", "PendingInput")
    return [
        {
            "servicePlanId": draw.guid(),
            "servicePlanName": name,
            "provisioningStatus": draw.choice(states),
            "appliesTo": row.applies_to,
        }
        for name in draw.sample(_PLANS, draw.randint(1, 4))
    ]


def _parts(row: _Sku) -> list[int]:
    """Licences of each subscription behind a SKU; together they are what was bought."""
    bought = row.enabled + row.warning + row.suspended + (row.locked_out or 0)
    count = _SPLIT.get(row.part_number, 1)
    return [bought // count] * (count - 1) + [bought - bought // count * (count - 1)]


def _sku(row: _Sku, tenant_id: str, account: str, plans: list[Json], subscription_ids: list[str]) -> Json:
    units = {"enabled": row.enabled, "suspended": row.suspended, "warning": row.warning}
    if row.locked_out is not None:  # old answers lack it
        units["lockedOut"] = row.locked_out
    return {
        "accountName": account,
        "accountId": tenant_id,
        "appliesTo": row.applies_to,
        "capabilityStatus": row.status,
        "consumedUnits": row.consumed,
        "id": f"{tenant_id}_{row.sku_id}",
        "skuId": row.sku_id,
        "skuPartNumber": row.part_number,
        "subscriptionIds": subscription_ids,
        "prepaidUnits": units,
        "servicePlans": plans,
    }


def _subscription(draw: Draw, now: float, row: _Sku, plans: list[Json], licences: int) -> Json:
    next_change = None if row.renews_in is None else graph_time(now + row.renews_in * DAY)
    return {
        "createdDateTime": graph_time(now - draw.uniform(30, 2_000) * DAY, draw.choice((0, 7))),
        "commerceSubscriptionId": draw.guid(),
        "id": draw.guid(),
        "isTrial": row.trial,
        "nextLifecycleDateTime": next_change,
        "serviceStatus": plans,
        "skuId": row.sku_id,
        "skuPartNumber": row.part_number,
        "status": row.status,
        "totalLicenses": licences,
        "ownerId": draw.guid(),
        "ownerTenantId": draw.guid(),  # who bought it: often a partner
        "ownerType": "User",
    }


class LicencesPart(TenantPart):
    """``skus`` by part number and ``subscriptions`` by id, in Graph's own shape."""

    skus: dict[str, Json]
    subscriptions: dict[str, Json]

    @operation
    def change_sku(
        self,
        part_number: str,
        *,
        consumed: int | None = None,
        status: str | None = None,
        enabled: int | None = None,
        warning: int | None = None,
        suspended: int | None = None,
        locked_out: int | None = None,
    ) -> None:
        """Change units and capability status of a SKU; what is not given stays."""
        sku = self._find("SKU", self.skus, part_number)
        sku.update(_given(consumedUnits=consumed, capabilityStatus=status))
        sku["prepaidUnits"].update(_given(enabled=enabled, warning=warning, suspended=suspended, lockedOut=locked_out))

    @operation
    def remove_sku(self, part_number: str) -> None:
        """Take a SKU away; its subscriptions stay."""
        self._find("SKU", self.skus, part_number)
        del self.skus[part_number]

    @operation
    def change_subscription(
        self,
        subscription_id: str,
        *,
        status: str | None = None,
        licenses: int | None = None,
        next_lifecycle_days: float | None = None,
    ) -> None:
        """Change a subscription: status, number of licences, days until its next change; the rest stays."""
        found = self._find("subscription", self.subscriptions, subscription_id)
        found.update(_given(status=status, totalLicenses=licenses))
        if next_lifecycle_days is not None:
            found["nextLifecycleDateTime"] = graph_time(self._clock.now() + next_lifecycle_days * DAY)

    @operation
    def change_subscriptions_of(
        self, part_number: str, *, status: str | None = None, next_lifecycle_days: float | None = None
    ) -> None:
        """Change every subscription of a SKU, as with ``change_subscription``."""
        self._find("SKU", self.skus, part_number)
        for subscription_id, one in self.subscriptions.items():
            if one["skuPartNumber"] == part_number:
                self.change_subscription(subscription_id, status=status, next_lifecycle_days=next_lifecycle_days)

    @operation
    def remove_subscription(self, subscription_id: str) -> None:
        """Take a subscription away."""
        self._find("subscription", self.subscriptions, subscription_id)
        del self.subscriptions[subscription_id]


def _given(**changes: str | int | None) -> Json:
    return {name: value for name, value in changes.items() if value is not None}


RESOURCES = (
    Resource(
        path="/subscribedSkus",
        type="subscribedSku",
        rows=lambda tenant, _: tenant.skus.values(),
        show=show_as_is,
        properties=names(
            "accountId accountName appliesTo capabilityStatus consumedUnits id skuId skuPartNumber subscriptionIds "
            "prepaidUnits servicePlans"
        ),
        roles=DIRECTORY | {"LicenseAssignment.Read.All", "Organization.Read.All", "Organization.ReadWrite.All"},
        service="identity",
        page=None,
        cost=3,
        filterable=False,
    ),
    Resource(
        path="/directory/subscriptions",
        type="companySubscription",
        rows=lambda tenant, _: tenant.subscriptions.values(),
        show=show_as_is,
        properties=names(
            "commerceSubscriptionId createdDateTime id isTrial nextLifecycleDateTime ownerId ownerTenantId ownerType "
            "serviceStatus skuId skuPartNumber status totalLicenses"
        ),
        roles=DIRECTORY | {"Organization.Read.All", "Organization.ReadWrite.All"},
        service="identity",
    ),
)
"""What is licensed, and what was bought."""
