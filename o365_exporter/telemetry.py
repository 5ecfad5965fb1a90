"""What a tenant's polling says about itself: its state, its sources and its traffic to Graph.

Rendered after each poll of the tenant, so that these series and the data they speak of change together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from o365_exporter.errors import REASONS
from o365_exporter.graph import GraphClient
from o365_exporter.metrics import Metric, Sample
from o365_exporter.reports import NAMES_CONCEALED, names_concealed
from o365_exporter.store import STATES, Key, Poll

_SOURCE = ("collector", "source")

TENANT_INFO = Metric(
    "o365_tenant_info",
    "Facts about a tenant from the settings: always 1; the settings may add labels.",
    ("tenant_id", "cloud"),
    open_labels=True,
)
TENANT_UP = Metric("o365_exporter_tenant_up", "Whether a token for the tenant can be had: 1 or 0.")
TENANT_STATE = Metric(
    "o365_exporter_tenant_state",
    "State of the tenant's token: 1 for the present state: ok, pending (none asked for yet) or why none can be had.",
    ("state",),
    values={"state": ("ok", "pending", *REASONS)},
)
OWN_EXPIRY = Metric(
    "o365_exporter_credential_expiry_timestamp_seconds",
    "End of the credential that this exporter itself uses, in seconds since 1970; a secret is found by "
    "passwordCredentials.hint.",
    ("kind",),
    values={"kind": ("secret", "certificate")},
)
"""A certificate tells its end itself; that of a secret is known to the collector ``credential_expiry`` alone."""

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
    "o365_exporter_source_interval_seconds", "Seconds between two polls of a source, as configured.", _SOURCE
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
    "Number of polls of a source that failed since the start, by reason.",
    (*_SOURCE, "reason"),
    type="counter",
    values={"reason": REASONS},
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
    NAMES_CONCEALED,
    TENANT_INFO,
    TENANT_UP,
    TENANT_STATE,
    OWN_EXPIRY,
    COLLECTOR_SUCCESS,
    COLLECTOR_DURATION,
    SOURCE_SUCCESS,
    SOURCE_INTERVAL,
    SOURCE_LAST_SUCCESS,
    SOURCE_STATE,
    SOURCE_FAILURES,
    SERIES_DROPPED,
    GRAPH_REQUESTS,
    GRAPH_WAIT,
)


@dataclass(frozen=True, slots=True)
class TenantFacts:
    """What the settings say about a tenant; ``name`` is its ``tenant`` label."""

    name: str
    tenant_id: str
    cloud: str
    labels: Mapping[str, str] = field(default_factory=dict)


def samples(facts: TenantFacts, graph: GraphClient, polls: Mapping[Key, Poll], now: float) -> Iterator[Sample]:
    """All of a tenant's series about itself, at this wall clock."""
    info = replace(TENANT_INFO, labels=(*TENANT_INFO.labels, *facts.labels))
    yield info.at(1, tenant_id=facts.tenant_id, cloud=facts.cloud, **facts.labels)
    yield TENANT_UP.at(graph.auth.state == "ok")
    yield TENANT_STATE.at(1, state=graph.auth.state)
    if graph.auth.certificate_end is not None:
        yield OWN_EXPIRY.at(graph.auth.certificate_end, kind="certificate")
    for key, poll in polls.items():
        yield from _source_samples(key, poll)
    for collector in dict.fromkeys(key.collector for key in polls):
        yield from _collector_samples(collector, [poll for key, poll in polls.items() if key.collector == collector])
    concealed = names_concealed(poll.records for poll in polls.values() if poll.is_fresh(now))
    if concealed is not None:
        yield NAMES_CONCEALED.at(concealed)
    for (api, code), count in graph.traffic.requests.items():
        yield GRAPH_REQUESTS.at(count, api=api, code=code)
    for cause, seconds in graph.traffic.waits.items():
        yield GRAPH_WAIT.at(seconds, cause=cause)


def _source_samples(key: Key, poll: Poll) -> Iterator[Sample]:
    labels = {"collector": key.collector, "source": key.source}
    yield SOURCE_STATE.at(1, **labels, state=poll.state)
    yield SOURCE_INTERVAL.at(poll.interval, **labels)
    if poll.attempted_at is not None:
        yield SOURCE_SUCCESS.at(poll.succeeded, **labels)
        yield SOURCE_LAST_SUCCESS.at(poll.taken_at or 0, **labels)
    for reason, count in poll.failures.items():
        yield SOURCE_FAILURES.at(count, **labels, reason=reason)


def _collector_samples(collector: str, polls: list[Poll]) -> Iterator[Sample]:
    tried = [poll for poll in polls if poll.attempted_at is not None]
    yield SERIES_DROPPED.at(sum(poll.dropped for poll in polls), collector=collector)
    if tried:
        yield COLLECTOR_DURATION.at(sum(poll.duration for poll in tried), collector=collector)
    if len(tried) == len(polls) or not all(poll.succeeded for poll in tried):
        yield COLLECTOR_SUCCESS.at(all(poll.succeeded for poll in tried), collector=collector)
