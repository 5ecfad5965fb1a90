"""``app-credentials``: secrets and certificates of app registrations, and when they end."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from math import inf

from o365_exporter.probing.finding import Asked, Found, Mode, Option, counting
from o365_exporter.probing.judging import Block, Counter, Item, Look, State
from o365_exporter.probing.output import of_seconds
from o365_exporter.probing.reading import Reading, Row
from o365_exporter.probing.sources import troubles

_NONE = (
    "No application credentials found. No app that passes --filter-app-name has one: mend the filter, or take this "
    "check away."
)
_EXPIRY = "o365_application_credential_expiry_timestamp_seconds"

_UNITS = {
    "s": ("seconds", 1),
    "m": ("minutes", 60),
    "h": ("hours", 3600),
    "d": ("days", 86_400),
    "w": ("weeks", 604_800),
}
_KINDS = {"password": "secret", "key": "certificate"}
"""The plugins' words and ours, in the order in which they are told."""


def _looks(kind: str, unit: str = "s") -> tuple[Look, ...]:
    name = f"application.{kind}.expires.{_UNITS[unit][0]}"
    return (
        State(f"{kind}-status", "status: {status}", ("status", "id", "app_name"), critical="%{status} =~ /expired/i"),
        Counter(f"{kind}-expires", name, "expires in {span}", "left", unit),
    )


def _find(reading: Reading, asked: Asked) -> Found:
    apps: defaultdict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in reading.rows(_EXPIRY):
        name = row.labels.get("app_name", "")
        if asked.keeps("filter-app-name", name):
            apps[row.labels.get("app_id", ""), name].append(row)
    wrong = list(troubles(reading, "credential_expiry", "applications"))
    if not apps and not wrong:
        wrong = [_NONE]
    unit = asked.filters.get("unit", "s")
    every = "All application credentials are ok" if len(apps) > 1 else ""
    blocks = [
        block for (_, name), rows in sorted(apps.items()) for block in _blocks(name, rows, reading.now, unit, every)
    ]
    return Found(blocks, wrong)


def _blocks(name: str, rows: Sequence[Row], now: float, unit: str, every: str) -> Iterator[Block]:
    """The secrets of one app, and its certificates."""
    heading = f"checking application '{name}'"
    for kind, ours in _KINDS.items():
        own = sorted((row for row in rows if row.labels.get("kind") == ours), key=_id)
        items = [_item(kind, row, name, now, unit) for row in own]
        parent = f"application '{name}' "
        summary = every or (f"{parent}All {kind} credentials are ok" if len(items) > 1 else "")
        if items:
            yield Block(_looks(kind, unit), items, summary, parent, heading, "    ", dotted=True)
            heading = ""


def _id(row: Row) -> str:
    return row.labels.get("credential_id", "")


def _item(kind: str, row: Row, name: str, now: float, unit: str) -> Item:
    remaining = max(0.0, row.value - now)
    values: dict[str, str | float] = {
        "status": "valid" if remaining >= 1 else "expired",
        "id": _id(row),
        "app_name": name,
    }
    if remaining != inf:
        values |= {"left": float(remaining // _UNITS[unit][1]), "span": of_seconds(remaining)}
    return Item(f"{kind} credential '{_id(row)}' ", values, f"{name}~{_id(row)}")


APP_CREDENTIALS = Mode(
    "app-credentials",
    (),
    "When the secrets and certificates of app registrations end.",
    (_EXPIRY,),
    (*_looks("password"), *_looks("key")),
    (
        Option(("filter-app-name",), "only apps whose name has this pattern"),
        Option(("unit",), "of thresholds on expiry: seconds, minutes, hours, days or weeks", "s", tuple(_UNITS)),
        *counting(),
    ),
    _find,
    (
        (
            "Tell of secrets a month before they end, and again a week before",
            "--unit d --warning-password-expires 30: --critical-password-expires 7:",
        ),
    ),
)
