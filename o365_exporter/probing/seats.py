"""``subscriptions``: status and use of each SKU."""

from __future__ import annotations

from collections.abc import Iterator

from o365_exporter.probing.finding import Asked, Found, Mode, Option, counting
from o365_exporter.probing.judging import Block, Counter, Item, State
from o365_exporter.probing.reading import Reading, Row
from o365_exporter.probing.sources import troubles

_STATUS = "o365_sku_status"
_UNITS = "o365_sku_units"
_CONSUMED = "o365_sku_consumed_units"

_USAGE = "usage total: {total:.0f} used: {used:.0f} ({prct_used:.2f}%) free: {free:.0f} ({prct_free:.2f}%)"
_LOOKS = (
    State(
        "status",
        "capability status: {capabilityStatus}",
        ("capabilityStatus", "skuPartNumber"),
        warning="%{capabilityStatus} =~ /warning/i",
    ),
    Counter("subscription-usage", "subscription.usage.count", _USAGE, "used", most="total"),
    Counter("subscription-usage-free", "subscription.free.count", _USAGE, "free", most="total", quiet=True),
    Counter(
        "subscription-usage-prct",
        "subscription.usage.percentage",
        _USAGE,
        "prct_used",
        unit="%",
        most="100",
        digits=2,
        quiet=True,
    ),
)


def _find(reading: Reading, asked: Asked) -> Found:
    items = list(_items(reading, asked))
    wrong = list(troubles(reading, "subscriptions", "skus"))
    if not items and not wrong:
        wrong = ["No subscriptions found. The filter leaves none: mend --filter-sku-part-number."]
    summary = "All subscriptions are ok" if len(items) > 1 else ""
    return Found([Block(_LOOKS, items, summary, dotted=True)], wrong)


def _items(reading: Reading, asked: Asked) -> Iterator[Item]:
    consumed = {_key(row): row.value for row in reading.rows(_CONSUMED)}
    enabled = {_key(row): row.value for row in reading.rows(_UNITS, state="enabled")}
    in_grace = {_key(row): row.value for row in reading.rows(_UNITS, state="warning")}
    for row in sorted(reading.rows(_STATUS), key=_key):
        key, name = _key(row), row.labels.get("sku_part_number", "")
        if asked.keeps("filter-sku-part-number", name):
            macros: dict[str, str | float] = {
                "capabilityStatus": row.labels.get("status", "").lower(),
                "skuPartNumber": name,
            }
            total = enabled.get(key, 0.0) if enabled.get(key, 0.0) > 0 else in_grace.get(key, 0.0)
            if total and key in consumed:
                macros |= _usage(total, consumed[key])
            yield Item(f"Subscriptions '{name}' ", macros, name)


def _key(row: Row) -> tuple[str, str]:
    return row.labels.get("sku_id", ""), row.labels.get("sku_part_number", "")


def _usage(total: float, used: float) -> dict[str, float]:
    share = used * 100 / total
    return {"total": total, "used": used, "free": total - used, "prct_used": share, "prct_free": 100 - share}


SUBSCRIPTIONS = Mode(
    "subscriptions",
    (),
    "The status of each SKU, and how many of its units are used.",
    (_STATUS, _UNITS, _CONSUMED),
    _LOOKS,
    (Option(("filter-sku-part-number",), "only SKUs whose part number has this pattern"), *counting()),
    _find,
    (
        (
            "Tell of seats that run out",
            "--filter-sku-part-number SPE_E5 --critical-subscription-usage-free 5:",
        ),
    ),
)
