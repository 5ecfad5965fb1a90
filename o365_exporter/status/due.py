"""What ends next, and seats that are in trouble."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from math import isinf

from o365_exporter.collectors import credential_expiry as credentials
from o365_exporter.collectors import subscriptions as licences
from o365_exporter.status import announcements
from o365_exporter.status.models import Ending, EndingKind, SeatView
from o365_exporter.status.seen import Seen

PAST = 30 * 86400.0
"""Seconds for which something that has ended is still listed."""

SOON = 14 * 86400.0
"""Seconds before its end at which something wants attention."""

_APPLICATIONS = credentials.COLLECTOR.name, credentials.ApplicationsSource.name
_SKUS = licences.COLLECTOR.name, licences.SKUS.source
_BOUGHT = licences.COLLECTOR.name, licences.BOUGHT.source
_MESSAGES = announcements.COLLECTOR, announcements.MESSAGES
SOURCES = (_APPLICATIONS, _SKUS, _BOUGHT, _MESSAGES)
"""By collector and name: those of which all this is made."""

_OWN = "The exporter's own {kind}"
_OFF = ("Suspended", "LockedOut", "Deleted")


def endings_of(seen: Seen) -> list[Ending]:
    """Everything with an end that is known, the next first; what ended long ago is history."""
    own = list(_own(seen))
    found = [*own, *_applications(seen, but_own=bool(own)), *_subscriptions(seen), *_messages(seen)]
    return sorted((each for each in found if each.at > seen.now - PAST), key=lambda each: (each.at, each.name))


def heard_at(seen: Seen) -> float:
    """When Microsoft was last heard about what ends, seconds since 1970; now where it never was."""
    polls = (seen.poll(*place) for place in SOURCES)
    return max((poll.taken_at for poll in polls if poll is not None and poll.taken_at is not None), default=seen.now)


def withdrawn(seen: Seen) -> Iterator[tuple[str, float]]:
    """Sources whose last good records were withdrawn, and when: what they told of is missing from ``endings_of``."""
    for place in SOURCES:
        poll = seen.poll(*place)
        if poll is not None and poll.taken_at is not None and not poll.is_fresh(seen.now):
            yield ".".join(place), poll.fresh_until


def needs_attention(ending: Ending, now: float) -> bool:
    """Whether somebody should do something about it now; of a message that is over nobody knows whether it was done."""
    if ending.kind == "trial" or (ending.kind == "message" and ending.at <= now):
        return False
    return ending.at - now < (SOON if ending.kind in ("own credential", "secret", "certificate") else SOON / 2)


def _ending(seen: Seen, kind: EndingKind, name: str, at: float, *, id: str, note: str = "") -> Ending:  # noqa: A002 - as the field
    return Ending(kind=kind, id=id, name=name, at=at, is_over=at <= seen.now, note=note)


def _own(seen: Seen) -> Iterator[Ending]:
    """The exporter's own credential: it goes blind with it."""
    records = [poll.records for poll in seen.polls.values() if poll.records is not None and poll.is_fresh(seen.now)]
    for sample in credentials.OWN_CREDENTIAL.samples(seen.watched.graph, records):
        if sample.metric is credentials.OWN_EXPIRY and not isinf(sample.value):
            yield _ending(
                seen,
                "own credential",
                _OWN.format(kind=sample.labels[0]),
                sample.value,
                id=seen.watched.graph.identity.client_id,
                note="By it this tenant is asked.",
            )


def _applications(seen: Seen, *, but_own: bool) -> Iterator[Ending]:
    """The last credential of each kind that an app has: an earlier one is superseded, and some renew themselves."""
    others = {labels["app_id"] for labels, _ in seen.of(credentials.ROTATES, *_APPLICATIONS)}
    if but_own:
        others |= {labels["app_id"] for labels, _ in seen.of(credentials.USED_BY_EXPORTER, *_APPLICATIONS)}
    for labels, end in seen.of(credentials.LATEST_EXPIRY, *_APPLICATIONS):
        if labels["app_id"] not in others and not isinf(end):
            kind: EndingKind = "certificate" if labels["kind"] == "certificate" else "secret"
            yield _ending(seen, kind, labels["app_name"] or labels["app_id"], end, id=labels["app_id"])


def _subscriptions(seen: Seen) -> Iterator[Ending]:
    names = {labels["sku_id"]: labels["product_name"] for labels, _ in seen.of(licences.SKU_INFO, *_SKUS)}
    status = {
        labels["subscription_id"]: labels["status"] for labels, _ in seen.of(licences.SUBSCRIPTION_STATUS, *_BOUGHT)
    }
    for labels, end in seen.of(licences.SUBSCRIPTION_NEXT, *_BOUGHT):
        kind: EndingKind = "trial" if labels["trial"] == "true" else "subscription"
        name = names.get(labels["sku_id"]) or labels["sku_part_number"] or labels["sku_id"]
        note = f"{status.get(labels['subscription_id'], 'unknown')}; ends, changes or renews"
        yield _ending(seen, kind, name, end, id=labels["subscription_id"], note=note)


def _messages(seen: Seen) -> Iterator[Ending]:
    for message in announcements.served(seen):
        if message.action_required_by is not None:
            note = f"{message.id}: {message.category}, {', '.join(message.services) or 'no service named'}"
            yield _ending(seen, "message", message.title, message.action_required_by, id=message.id, note=note)


def seats_known(seen: Seen) -> bool:
    """Whether seats are known; there may be none."""
    return seen.is_known(*_SKUS)


def seats_of(seen: Seen) -> list[SeatView]:
    """The seats of each SKU, those in trouble first."""
    units = defaultdict[str, dict[str, int]](dict)
    for labels, value in seen.of(licences.SKU_UNITS, *_SKUS):
        units[labels["sku_id"]][labels["state"]] = int(value)
    consumed = {labels["sku_id"]: int(value) for labels, value in seen.of(licences.SKU_CONSUMED, *_SKUS)}
    status = {labels["sku_id"]: labels["status"] for labels, _ in seen.of(licences.SKU_STATUS, *_SKUS)}
    found = []
    for labels, _ in seen.of(licences.SKU_INFO, *_SKUS):
        sku = labels["sku_id"]
        enabled, grace = units[sku].get("enabled", 0), units[sku].get("warning", 0)
        used = consumed.get(sku, 0)
        trouble = _trouble(enabled + grace, used, status.get(sku, ""), company_wide=labels["applies_to"] == "Company")
        found.append(
            SeatView(
                sku_id=sku,
                part_number=labels["sku_part_number"],
                name=labels["product_name"],
                status=status.get(sku, "unknown"),
                usable=enabled + grace,
                enabled=enabled,
                consumed=used,
                trouble=trouble,
            )
        )
    return sorted(found, key=lambda seat: (not seat.trouble, seat.name.casefold()))


def _trouble(usable: int, consumed: int, status: str, *, company_wide: bool) -> str:
    """As the alert rules see it: what nobody uses cannot be missed."""
    if consumed and status in _OFF:
        return "disabled"
    if consumed > usable and not company_wide:
        return "overassigned"
    return "in grace" if consumed and status == "Warning" else ""
