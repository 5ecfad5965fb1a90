"""What reports have in common: shares, counts, and devices by their kind."""

from __future__ import annotations

from collections.abc import Sequence

from o365_exporter.probing.judging import Counter
from o365_exporter.probing.usage.engine import Part, Series, Usage


def active(label: str, name: str, things: str) -> Counter:
    """How many were active, and their share of all."""
    text = f"Active {things} on {{date}} : {{active:.0f}}/{{total:.0f}} ({{share:.2f}}%)"
    return Counter(label, name, text, "active", things, "total", is_share=True)


def count(label: str, name: str, text: str, metric: str, **labels: str) -> Part:
    """A number without a unit."""
    series = Series(metric, tuple(labels.items()))
    return Part(Counter(label, name, f"{text}: {{{label}:.0f}}", label), series)


def devices(product: str, kinds: Sequence[tuple[str, str, str, str]], report: str) -> Usage:
    """Devices of a product: by label, the part of the perfdata's name, the text, and ours."""
    return Usage(
        f"{product}-devices-usage",
        f"On which kinds of devices {product.capitalize()} was used on the day of the report.",
        f"{product}_usage",
        "devices_usage",
        report,
        "devices",
        (
            active("active-devices", f"{product}.devices.active.count", "devices"),
            Series(f"o365_{product}_active_devices"),
            Series(f"o365_{product}_devices"),
        ),
        tuple(
            count(label, f"{product}.devices.{name}.count", text, f"o365_{product}_device_users", device=device)
            for label, name, text, device in kinds
        ),
        "Users count by device type : ",
        counters="",
    )
