"""SKUs and subscriptions of a tenant, and what can happen to them."""

from __future__ import annotations

from o365_exporter.simulator.tenant.base import Json, TenantPart
from o365_exporter.simulator.timetext import DAY, graph_time


class LicencesPart(TenantPart):
    """``skus`` by part number and ``subscriptions`` by id, in Graph's own shape."""

    skus: dict[str, Json]
    subscriptions: dict[str, Json]

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

    def remove_sku(self, part_number: str) -> None:
        """Take a SKU away; its subscriptions stay."""
        self._find("SKU", self.skus, part_number)
        del self.skus[part_number]

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

    def change_subscriptions_of(
        self, part_number: str, *, status: str | None = None, next_lifecycle_days: float | None = None
    ) -> None:
        """Change every subscription of a SKU, as with ``change_subscription``."""
        self._find("SKU", self.skus, part_number)
        for subscription_id, one in self.subscriptions.items():
            if one["skuPartNumber"] == part_number:
                self.change_subscription(subscription_id, status=status, next_lifecycle_days=next_lifecycle_days)

    def remove_subscription(self, subscription_id: str) -> None:
        """Take a subscription away."""
        self._find("subscription", self.subscriptions, subscription_id)
        del self.subscriptions[subscription_id]


def _given(**changes: str | int | None) -> Json:
    return {name: value for name, value in changes.items() if value is not None}
