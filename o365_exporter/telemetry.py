"""What a tenant's polling says about itself: its state, its sources and its traffic to Graph.

Rendered after each poll of the tenant, so that these series and the data they speak of change together.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache

from o365_exporter import permissions
from o365_exporter.errors import REASONS
from o365_exporter.graph import GraphClient
from o365_exporter.login import Cloud
from o365_exporter.metrics import Metric, Sample
from o365_exporter.store import STATES, Key, Poll

_SOURCE = ("collector", "source")

TENANT_INFO = Metric(
    "o365_tenant_info",
    "Facts about a tenant from the settings: always 1; the settings may add labels. admin_center is the address of the "
    "cloud's Microsoft 365 admin center.",
    ("tenant_id", "cloud", "admin_center"),
    open_labels=True,
)
TENANT_UP = Metric("o365_exporter_tenant_up", "Whether a token for the tenant can be had: 1 or 0.")
TENANT_STATE = Metric(
    "o365_exporter_tenant_state",
    "State of the tenant's token: 1 for the present state: ok, pending (none asked for yet) or why none can be had.",
    ("state",),
    values={"state": ("ok", "pending", *REASONS)},
)
CLOCK_SKEW = Metric(
    "o365_exporter_clock_skew_seconds",
    "Seconds by which the clock of this machine is ahead of Microsoft's, by the Date of its answers; below 0 where it "
    "is behind, absent before the first answer.",
)

COLLECTOR_SUCCESS = Metric(
    "o365_exporter_collector_success",
    "Whether the latest poll of every source of a collector succeeded: 1 or 0; absent while one has not been tried.",
    ("collector",),
)
COLLECTOR_DURATION = Metric(
    "o365_exporter_collector_duration_seconds",
    "Seconds that the latest polls of a collector's sources took together.",
    ("collector",),
)
SOURCE_SUCCESS = Metric(
    "o365_exporter_source_success",
    "Whether the latest poll of a source brought an answer (ok, no_data or unsupported): 1 or 0; absent while pending.",
    _SOURCE,
)
SOURCE_INTERVAL = Metric(
    "o365_exporter_source_interval_seconds",
    "Seconds between two polls of a source: as configured, or a week where a retired product had nothing for one.",
    _SOURCE,
)
SOURCE_LAST_SUCCESS = Metric(
    "o365_exporter_source_last_success_timestamp_seconds",
    "When a source last brought an answer, in seconds since 1970; 0 when it was tried and never has.",
    _SOURCE,
)
SOURCE_STATE = Metric(
    "o365_exporter_source_state",
    "State of a source: 1 for the present state: ok, pending, no_data, unsupported or the reason why it fails.",
    (*_SOURCE, "state"),
    values={"state": STATES},
)
SOURCE_FAILURES = Metric(
    "o365_exporter_source_failures_total",
    "Number of polls of a source that failed since the start, or since there is state, by reason.",
    (*_SOURCE, "reason"),
    type="counter",
    values={"reason": REASONS},
)
ENTRIES_LEFT_OUT = Metric(
    "o365_exporter_source_entries_left_out",
    "Number of entries, rows or cells of a source's last good answer that could not be read and are not served; "
    "0 where it was read whole.",
    _SOURCE,
)
SERIES_DROPPED = Metric(
    "o365_exporter_series_dropped",
    "Number of series that a collector would serve but that max_series cut; 0 when nothing was cut.",
    ("collector",),
)
GRAPH_REQUESTS = Metric(
    "o365_exporter_graph_requests_total",
    "Number of requests to Graph and its login since the start, by route and HTTP status, or why there was none.",
    ("api", "code"),
    type="counter",
)
GRAPH_WAIT = Metric(
    "o365_exporter_graph_wait_seconds_total",
    "Seconds that requests to Graph waited since the start: as Microsoft asked (retry_after), to stay within the "
    "published limits (budget), or after a failure (backoff).",
    ("cause",),
    type="counter",
    values={"cause": ("retry_after", "budget", "backoff")},
)
METRICS = (
    TENANT_INFO,
    TENANT_UP,
    TENANT_STATE,
    CLOCK_SKEW,
    *permissions.METRICS,
    COLLECTOR_SUCCESS,
    COLLECTOR_DURATION,
    SOURCE_SUCCESS,
    SOURCE_INTERVAL,
    SOURCE_LAST_SUCCESS,
    SOURCE_STATE,
    SOURCE_FAILURES,
    ENTRIES_LEFT_OUT,
    SERIES_DROPPED,
    GRAPH_REQUESTS,
    GRAPH_WAIT,
)


@dataclass(frozen=True, slots=True)
class TenantFacts:
    """What the settings say about a tenant; ``name`` is its ``tenant`` label."""

    name: str
    tenant_id: str
    cloud: Cloud
    labels: Mapping[str, str] = field(default_factory=dict)


def samples(
    facts: TenantFacts, graph: GraphClient, polls: Mapping[Key, Poll], needs: Collection[permissions.Need]
) -> Iterator[Sample]:
    """What a tenant's polling says about itself.

    Args:
        facts: of the settings.
        graph: the tenant's client.
        polls: of all its sources.
        needs: of these sources, see ``permissions``.
    """
    cloud = facts.cloud
    yield _info(tuple(facts.labels)).at(
        1, tenant_id=facts.tenant_id, cloud=cloud.name, admin_center=cloud.admin_center, **facts.labels
    )
    yield TENANT_UP.at(graph.auth.state == "ok")
    yield TENANT_STATE.at(1, state=graph.auth.state)
    if graph.clock_skew is not None:
        yield CLOCK_SKEW.at(graph.clock_skew)
    yield from permissions.samples(needs, graph.auth.roles)
    collectors: dict[str, list[Poll]] = {}
    for key, poll in polls.items():
        yield from _source_samples(key, poll)
        collectors.setdefault(key.collector, []).append(poll)
    for collector, its_polls in collectors.items():
        yield from _collector_samples(collector, its_polls)
    for (api, code), count in graph.traffic.requests.items():
        yield GRAPH_REQUESTS.at(count, api=api, code=code)
    for cause, seconds in graph.traffic.waits.items():
        yield GRAPH_WAIT.at(seconds, cause=cause)


@cache
def _info(more: tuple[str, ...]) -> Metric:
    """``o365_tenant_info`` with further labels; one for all polls, for what is known of families is kept by family."""
    return replace(TENANT_INFO, labels=(*TENANT_INFO.labels, *more))


def _source_samples(key: Key, poll: Poll) -> Iterator[Sample]:
    labels = {"collector": key.collector, "source": key.source}
    yield SOURCE_STATE.at(1, **labels, state=poll.state)
    yield SOURCE_INTERVAL.at(poll.interval, **labels)
    if poll.attempted_at is not None:
        yield SOURCE_SUCCESS.at(poll.succeeded, **labels)
        yield SOURCE_LAST_SUCCESS.at(poll.taken_at or 0, **labels)
    if poll.taken_at is not None:
        yield ENTRIES_LEFT_OUT.at(poll.left_out, **labels)
    for reason, count in poll.failures.items():
        yield SOURCE_FAILURES.at(count, **labels, reason=reason)


def _collector_samples(collector: str, polls: list[Poll]) -> Iterator[Sample]:
    tried = [poll for poll in polls if poll.attempted_at is not None]
    yield SERIES_DROPPED.at(sum(poll.dropped for poll in polls), collector=collector)
    if tried:
        yield COLLECTOR_DURATION.at(sum(poll.duration for poll in tried), collector=collector)
    if len(tried) == len(polls) or not all(poll.succeeded for poll in tried):
        yield COLLECTOR_SUCCESS.at(all(poll.succeeded for poll in tried), collector=collector)
