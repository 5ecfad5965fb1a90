"""A Microsoft 365 whose truth changes by the minute, exporters that poll it, and the pages that Prometheus scrapes.

Written from the contract of the exporter's series, not from its code: polls at their intervals, failures that are tried
again, data that are withdrawn, a restart that knows nothing. Time is minutes since Thursday, 1970-01-01 00:00 UTC.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.rules.timelines.series import Series

DAY = 1440.0
NEVER = float("inf")

Sample = tuple[str, float, dict[str, str]]
Span = tuple[float, float]

HEALTHY = {"serviceOperational", "serviceRestored", "postIncidentReviewPublished", "falsePositive"}
"""What the exporter calls healthy by default."""

WELL = {"ok", "no_data", "unsupported"}
RETRIES = (1, 2, 4, 8, 15)
"""Minutes after which a failed poll is tried again."""


def at(changes: Mapping[float, Any], minute: float, default: Any = None) -> Any:
    """The value of the latest change."""
    return next((changes[when] for when in sorted(changes, reverse=True) if when <= minute), default)


@dataclass
class Issue:
    """An issue of service health; ``statuses`` and ``open`` change by the minute."""

    issue_id: str
    service: str
    opened: float
    resolved: float = NEVER
    classification: str = "incident"
    title: str = "Something fails"
    statuses: Mapping[float, str] = field(default_factory=lambda: {-NEVER: "serviceDegradation"})
    posts: tuple[float, ...] = ()
    started: float | None = None
    reopened: tuple[Span, ...] = ()
    reclassified: Mapping[float, str] = field(default_factory=dict)

    def is_open(self, minute: float) -> bool:
        """Whether the list of issues has it as open."""
        return self.opened <= minute < self.resolved or any(start <= minute < end for start, end in self.reopened)

    def samples(self, minute: float) -> Iterator[Sample]:
        """Its series, from when it was opened."""
        if minute < self.opened:
            return
        ids = {"service_id": self.service, "issue_id": self.issue_id}
        kind = at(self.reclassified, minute, self.classification)
        names = {"service_name": f"{self.service} Online", "title": self.title, "classification": kind}
        yield (
            "o365_service_issue_info",
            1,
            {**ids, **names, "origin": "microsoft", "feature": "Mail", "feature_group": "Mail"},
        )
        yield "o365_service_issue_open", self.is_open(minute), {**ids, "classification": kind}
        yield "o365_service_issue_status", 1, {**ids, "status": at(self.statuses, minute)}
        started = self.opened if self.started is None else self.started
        yield "o365_service_issue_start_timestamp_seconds", started * 60, ids
        if posted := [post for post in (self.opened, *self.posts) if post <= minute]:
            yield "o365_service_issue_last_post_timestamp_seconds", max(posted) * 60, ids


@dataclass
class Credential:
    """A secret or certificate of an app; listed between two moments."""

    app: str
    ends: float
    kind: str = "secret"
    id: str = "1"
    starts: float | None = None
    listed: Span = (-NEVER, NEVER)


@dataclass
class Sku:
    """A product; seats and status change by the minute."""

    id: str
    states: Mapping[float, Mapping[str, Any]]
    applies_to: str = "User"


@dataclass
class Subscription:
    """Part of a product's seats."""

    id: str
    sku: str
    statuses: Mapping[float, str]
    ends: float = 400 * DAY
    trial: bool = False


@dataclass
class Message:
    """A message of the message centre; listed between two moments, its date for an action changes by the minute."""

    id: str
    action_by: Mapping[float, float | None]
    listed: Span = (-NEVER, NEVER)
    title: str = "A setting is retired"


@dataclass(frozen=True)
class Fault:
    """A source that fails, or a token that cannot be had (source ``token``)."""

    source: str
    state: str
    start: float
    end: float = NEVER


@dataclass
class Tenant:
    """The truth about a tenant.

    ``watched``: when the settings have it; ``refresh`` gives the day (number since 1970) that the reports speak of;
    ``extra``: more series of a source, or of the page itself (""); ``hidden``: metrics that relabelling drops.
    """

    name: str
    overviews: dict[str, Mapping[float, str]] = field(default_factory=dict)
    issues: list[Issue] = field(default_factory=list)
    credentials: list[Credential] = field(default_factory=list)
    rotating: set[str] = field(default_factory=set)
    skus: list[Sku] = field(default_factory=lambda: [Sku("e3", {-NEVER: {}})])
    subscriptions: list[Subscription] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    own: Mapping[float, tuple[float, float | None]] = field(default_factory=dict)
    own_app: str = ""
    faults: list[Fault] = field(default_factory=list)
    watched: tuple[Span, ...] = ((-NEVER, NEVER),)
    refresh: Callable[[float], float] | None = None
    quota: Mapping[float, float] = field(default_factory=dict)
    left_out: Mapping[float, float] = field(default_factory=dict)
    tenant_id: str = ""
    dropped: Mapping[float, float] = field(default_factory=dict)
    skew: Mapping[float, float] = field(default_factory=dict)
    extra: Mapping[str, tuple[Sample, ...]] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()
    collectors: tuple[str, ...] = (
        "service_health",
        "credential_expiry",
        "subscriptions",
        "exchange_usage",
        "teams_usage",
    )

    def is_watched(self, minute: float) -> bool:
        """Whether it is in the settings."""
        return any(start <= minute < end for start, end in self.watched)

    def fault(self, source: str, minute: float) -> str | None:
        """Why a source fails, if it does."""
        found = (one for one in self.faults if one.source in (source, "*") and one.start <= minute < one.end)
        return next((one.state for one in found), None)


def _overviews(tenant: Tenant, minute: float) -> Iterator[Sample]:
    services = tenant.overviews or {"Lync": {-NEVER: "serviceOperational"}}
    for service, statuses in services.items():
        labels = {"service_id": service, "service_name": f"{service} Online"}
        status = at(statuses, minute, "serviceOperational")
        yield "o365_service_health_status", 1, {**labels, "status": status}
        yield "o365_service_healthy", status in HEALTHY, labels


def _issues(tenant: Tenant, minute: float) -> Iterator[Sample]:
    counts: Counter[tuple[str, str]] = Counter()
    for issue in tenant.issues:
        yield from issue.samples(minute)
        if issue.is_open(minute):
            counts[issue.service, at(issue.reclassified, minute, issue.classification)] += 1
    for (service, kind), count in counts.items():
        labels = {"service_id": service, "service_name": f"{service} Online", "classification": kind}
        yield "o365_service_open_issues", count, labels


def _applications(tenant: Tenant, minute: float) -> Iterator[Sample]:
    listed = [one for one in tenant.credentials if one.listed[0] <= minute < one.listed[1]]
    yield "o365_applications", len({one.app for one in listed}), {}
    for one in listed:
        names = {"app_id": one.app, "app_name": f"App {one.app}", "kind": one.kind}
        labels = {**names, "credential_id": one.id, "credential_name": f"key {one.id}"}
        yield "o365_application_credential_expiry_timestamp_seconds", one.ends * 60, labels
        if one == max(
            (each for each in listed if (each.app, each.kind) == (one.app, one.kind)), key=lambda each: each.ends
        ):
            yield "o365_application_latest_credential_expiry_timestamp_seconds", one.ends * 60, names
            if one.starts is not None:
                yield "o365_application_latest_credential_start_timestamp_seconds", one.starts * 60, names
    for app in tenant.rotating:
        yield "o365_application_rotates_itself", 1, {"app_id": app, "app_name": f"App {app}"}
    if tenant.own_app:
        names = {"app_id": tenant.own_app, "app_name": f"App {tenant.own_app}"}
        yield "o365_application_used_by_exporter", 1, names
    if tenant.own:
        end, start = at(tenant.own, minute)
        yield "o365_exporter_credential_expiry_timestamp_seconds", end * 60, {"kind": "secret"}
        if start is not None:
            yield "o365_exporter_credential_start_timestamp_seconds", start * 60, {"kind": "secret"}


def _skus(tenant: Tenant, minute: float) -> Iterator[Sample]:
    for sku in tenant.skus:
        state: dict[str, Any] = {
            "status": "Enabled",
            "enabled": 100,
            "warning": 0,
            "suspended": 0,
            "lockedOut": 0,
            "consumed": 50,
        }
        state |= at(sku.states, minute)
        labels = {"sku_id": sku.id, "sku_part_number": sku.id.upper()}
        info = {**labels, "product_name": f"Product {sku.id}", "applies_to": sku.applies_to}
        yield "o365_sku_info", 1, info
        yield "o365_sku_status", 1, {**labels, "status": str(state["status"])}
        yield "o365_sku_consumed_units", state["consumed"], labels
        for name in ("enabled", "warning", "suspended", "lockedOut"):
            yield "o365_sku_units", state[name], {**labels, "state": name}


def _subscriptions(tenant: Tenant, minute: float) -> Iterator[Sample]:
    for one in tenant.subscriptions:
        trial = {"trial": str(one.trial).lower()}
        labels = {"subscription_id": one.id, "sku_id": one.sku, "sku_part_number": one.sku.upper(), **trial}
        yield "o365_subscription_status", 1, {**labels, "status": at(one.statuses, minute)}
        yield "o365_subscription_next_lifecycle_timestamp_seconds", one.ends * 60, labels


def _messages(tenant: Tenant, minute: float) -> Iterator[Sample]:
    kind = {"category": "planForChange", "severity": "normal", "major_change": "unknown"}
    listed = [one for one in tenant.messages if one.listed[0] <= minute < one.listed[1]]
    yield "o365_messages", len(listed), kind
    for one in listed:
        ids = {"message_id": one.id}
        yield "o365_message_info", 1, {**ids, **kind, "services": "Exchange Online", "title": one.title}
        yield "o365_message_last_modified_timestamp_seconds", 0, ids
        if (date := at(one.action_by, minute)) is not None:
            yield "o365_message_action_required_timestamp_seconds", date * 60, ids


def _report(*reports: str) -> Callable[[Tenant, float], Iterator[Sample]]:
    def samples(tenant: Tenant, minute: float) -> Iterator[Sample]:
        day = tenant.refresh(minute) if tenant.refresh else minute // DAY - 2
        for report in reports:
            for period in ("D7", "day"):
                labels = {"report": report, "period": period}
                yield "o365_report_refresh_timestamp_seconds", day * 86_400, labels
                yield "o365_report_missing_columns", 0, labels
        if reports[0] == "getEmailActivityUserDetail":
            yield "o365_exchange_email_active_users", 100, {}
            yield "o365_exchange_email_users", 120, {}
        if reports[0] == "getMailboxUsageDetail" and tenant.quota:
            yield (
                "o365_exchange_mailboxes_by_quota_status",
                at(tenant.quota, minute),
                {"quota_status": "send_prohibited"},
            )

    return samples


@dataclass(frozen=True)
class Kind:
    """A source: minutes between polls, minutes after which its data are withdrawn, what it reads."""

    collector: str
    source: str
    interval: float
    stale_after: float
    read: Callable[[Tenant, float], Iterator[Sample]]


KINDS = (
    Kind("service_health", "overviews", 1, 30, _overviews),
    Kind("service_health", "issues", 5, 30, _issues),
    Kind("credential_expiry", "applications", 60, 360, _applications),
    Kind("subscriptions", "skus", 60, 360, _skus),
    Kind("subscriptions", "subscriptions", 60, 360, _subscriptions),
    Kind("message_center", "messages", 60, DAY, _messages),
    Kind("exchange_usage", "email_activity", 360, 3 * DAY, _report("getEmailActivityUserDetail")),
    Kind("exchange_usage", "mailbox_usage", 360, 3 * DAY, _report("getMailboxUsageDetail")),
    Kind("teams_usage", "users_activity", 360, 3 * DAY, _report("getTeamsUserActivityUserDetail")),
)


class _Poll:
    """What an exporter knows of one source."""

    def __init__(self, kind: Kind, due: float) -> None:
        self.kind, self.due = kind, due
        self.state = "pending"
        self.taken_at = 0.0
        self.failures = 0
        self.data: list[Sample] = []

    def run(self, tenant: Tenant, minute: float) -> None:
        """Ask, if it is time."""
        if minute < self.due:
            return
        fault = tenant.fault("token", minute) or tenant.fault(self.kind.source, minute)
        if fault in (None, *WELL):
            self.state, self.failures, self.taken_at = fault or "ok", 0, minute
            self.data = [] if fault else [*self.kind.read(tenant, minute), *tenant.extra.get(self.kind.source, ())]
            self.due = minute + self.kind.interval
        else:
            self.state = str(fault)
            self.due = minute + min(RETRIES[min(self.failures, len(RETRIES) - 1)], self.kind.interval)
            self.failures += 1

    def samples(self, minute: float) -> Iterator[Sample]:
        """What the page has of it."""
        labels = {"collector": self.kind.collector, "source": self.kind.source}
        yield "o365_exporter_source_state", 1, {**labels, "state": self.state}
        yield "o365_exporter_source_interval_seconds", self.kind.interval * 60, labels
        if self.state != "pending":
            yield "o365_exporter_source_success", self.state in WELL, labels
            yield "o365_exporter_source_last_success_timestamp_seconds", self.taken_at * 60, labels
        if self.taken_at and minute - self.taken_at < self.kind.stale_after:
            yield from self.data


@dataclass
class Exporter:
    """A process that can be down (``down``) and starts anew after each time; ``jobs`` scrape it."""

    tenants: list[Tenant]
    instance: str = "a:10365"
    job: str = "o365-exporter"
    down: tuple[Span, ...] = ()
    target: tuple[Span, ...] = ((-NEVER, NEVER),)
    polls: dict[str, list[_Poll]] = field(default_factory=dict)
    started: float = 1

    def scrape(self, minute: float) -> Iterator[Sample]:
        """The page at this minute; empty while it is down."""
        if any(start <= minute < end for start, end in self.down):
            self.polls, self.started = {}, minute + 1
            return
        yield "o365_exporter_build_info", 1, {"version": "1"}
        yield "process_start_time_seconds", self.started * 60, {}
        for tenant in self.tenants:
            if tenant.is_watched(minute):
                page = (
                    (name, value, {**labels, "tenant": tenant.name}) for name, value, labels in self._of(tenant, minute)
                )
                yield from (sample for sample in page if sample[0] not in tenant.hidden)
            else:
                self.polls.pop(tenant.name, None)

    def _of(self, tenant: Tenant, minute: float) -> Iterator[Sample]:
        kinds = [kind for kind in KINDS if kind.collector in tenant.collectors]
        polls = self.polls.setdefault(tenant.name, [_Poll(kind, minute + 0.5 * (minute > 1)) for kind in kinds])
        for poll in polls:
            poll.run(tenant, minute)
        pending = all(poll.state == "pending" for poll in polls)
        state = "pending" if pending else tenant.fault("token", minute) or "ok"
        yield "o365_tenant_info", 1, {"tenant_id": tenant.tenant_id or f"id of {tenant.name}", "cloud": "global"}
        yield "o365_exporter_tenant_up", state == "ok", {}
        yield "o365_exporter_tenant_state", 1, {"state": state}
        for poll in polls:
            yield from poll.samples(minute)
        if tenant.skew:
            yield "o365_exporter_clock_skew_seconds", at(tenant.skew, minute, 0), {}
        for collector in dict.fromkeys(kind.collector for kind in kinds):
            yield "o365_exporter_series_dropped", at(tenant.dropped, minute, 0), {"collector": collector}
        yield from tenant.extra.get("", ())
        if tenant.left_out:
            labels = {"collector": "credential_expiry", "source": "applications"}
            yield "o365_exporter_source_entries_left_out", at(tenant.left_out, minute, 0), labels


def scraped(exporters: list[Exporter], minutes: int, step: int = 1) -> Series:
    """What Prometheus has of these exporters, a scrape each ``step`` minutes."""
    series = Series(minutes // step + 1)
    for number in range(minutes // step + 1):
        first = number * step if step >= 60 else max(0, (number - 1) * step + 1)
        for minute in range(first, number * step + 1):
            for exporter in exporters:
                target = {"instance": exporter.instance, "job": exporter.job}
                if not any(start <= minute < end for start, end in exporter.target):
                    continue
                page = list(exporter.scrape(minute)) if minute else []
                if minute != number * step:
                    continue
                series.put(number, "up", bool(page), **target)
                for name, value, labels in page:
                    series.put(number, name, float(value), **labels, **target)
    return series
