"""Series about the process itself, kept by prometheus_client; what belongs to a tenant is rendered with its poll."""

from __future__ import annotations

import platform

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

from o365_exporter.metrics import Metric

_BUILD_INFO = Metric(
    "o365_exporter_build_info",
    "The running version of the exporter and of Python; always 1.",
    ("version", "python_version"),
    per_tenant=False,
)
_DURATION = Metric(
    "o365_exporter_graph_request_duration_seconds",
    "Seconds from sending a request to Microsoft Graph until its answer was read, retries counted one by one.",
    ("api",),
    "histogram",
    per_tenant=False,
)
_TENANTS_RELOADED = Metric(
    "o365_exporter_tenants_reload_success",
    "Whether the tenants watched are those of tenants_file as it stands: 1, or 0 while a change of it cannot be used.",
    per_tenant=False,
)
_CONFIG_RELOADED = Metric(
    "o365_exporter_config_last_reload_successful",
    "Whether the last attempt to read the settings, at the start or when told to reload, succeeded: 1, or 0 while what "
    "is written cannot be used.",
    per_tenant=False,
)
_CONFIG_TIME = Metric(
    "o365_exporter_config_last_reload_success_timestamp_seconds",
    "When the settings were last read with success, at the start or when told to reload, in seconds since 1970.",
    per_tenant=False,
)
_STATE_WRITTEN = Metric(
    "o365_exporter_state_write_success",
    "Whether the last attempt to write state to state_dir succeeded: 1, or 0 while it cannot be written; absent "
    "without state_dir.",
    per_tenant=False,
)
_STATE_TIME = Metric(
    "o365_exporter_state_last_write_timestamp_seconds",
    "When state was last written to state_dir with success, in seconds since 1970; 0 before the first time.",
    per_tenant=False,
)
_RUNBOOKS = Metric(
    "o365_exporter_runbooks_info",
    "Where alerts shall lead: url is the folder runbooks_url of the settings, empty for /runbooks/ of the exporter "
    "itself; always 1.",
    ("url",),
    per_tenant=False,
)
REFUSALS = ("busy", "crowded", "files", "invalid", "rate", "replaced", "slow", "tls", "too_large")
"""Why the HTTP server turns a client away; docs/security.md explains each."""

LOGIN_FAILURES = ("certificate", "missing", "password")
"""Why a client is not let in."""

_REFUSED = Metric(
    "o365_exporter_web_refused_total",
    "Number of connections and requests that the HTTP server of the exporter turned away or cut.",
    ("reason",),
    "counter",
    values={"reason": REFUSALS},
    per_tenant=False,
)
_LOGIN_FAILURES = Metric(
    "o365_exporter_web_authentication_failures_total",
    "Number of requests that were not let in: the client certificate or the credentials are missing, or are not right.",
    ("reason",),
    "counter",
    values={"reason": LOGIN_FAILURES},
    per_tenant=False,
)
_WEB_CONFIG = Metric(
    "o365_exporter_web_config_last_reload_successful",
    "Whether the HTTP server uses web_config_file and the certificates named there as they stand now: 1, or 0 while "
    "they cannot be used.",
    per_tenant=False,
)
_PROCESS = (
    Metric("process_virtual_memory_bytes", "Virtual memory size in bytes.", per_tenant=False),
    Metric("process_resident_memory_bytes", "Resident memory size in bytes.", per_tenant=False),
    Metric("process_start_time_seconds", "Start time of the process since unix epoch in seconds.", per_tenant=False),
    Metric(
        "process_cpu_seconds_total",
        "Total user and system CPU time spent in seconds.",
        type="counter",
        per_tenant=False,
    ),
    Metric("process_open_fds", "Number of open file descriptors.", per_tenant=False),
    Metric("process_max_fds", "Maximum number of open file descriptors.", per_tenant=False),
)

METRICS: tuple[Metric, ...] = (
    _BUILD_INFO,
    _RUNBOOKS,
    _TENANTS_RELOADED,
    _CONFIG_RELOADED,
    _CONFIG_TIME,
    _STATE_WRITTEN,
    _STATE_TIME,
    _DURATION,
    _REFUSED,
    _LOGIN_FAILURES,
    _WEB_CONFIG,
    *_PROCESS,
)
"""What ``SelfMetrics`` serves; ``process_*`` only where there is a ``/proc``."""

_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Seconds: Graph answers most requests in a tenth of a second, large pages in several."""


class SelfMetrics:
    """The process-wide series of one running exporter.

    Args:
        version: of the exporter.
        runbooks_url: where the runbooks are, with a slash at its end; empty for those served by the exporter.
    """

    def __init__(self, version: str, runbooks_url: str = "") -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call] # the library gives it no type
        self._registry = CollectorRegistry()
        build_info = Gauge(_BUILD_INFO.name, _BUILD_INFO.help, _BUILD_INFO.labels, registry=self._registry)
        build_info.labels(version=version, python_version=platform.python_version()).set(1)
        runbooks = Gauge(_RUNBOOKS.name, _RUNBOOKS.help, _RUNBOOKS.labels, registry=self._registry)
        runbooks.labels(url=runbooks_url).set(1)
        self._duration = Histogram(
            _DURATION.name, _DURATION.help, _DURATION.labels, registry=self._registry, buckets=_BUCKETS
        )
        self._tenants_reloaded = Gauge(_TENANTS_RELOADED.name, _TENANTS_RELOADED.help, registry=self._registry)
        self._tenants_reloaded.set(1)
        self._config_reloaded = Gauge(_CONFIG_RELOADED.name, _CONFIG_RELOADED.help, registry=self._registry)
        self._config_time = Gauge(_CONFIG_TIME.name, _CONFIG_TIME.help, registry=self._registry)
        self._refused = self._counted(_REFUSED)
        self._login_failures = self._counted(_LOGIN_FAILURES)
        self._web_config = Gauge(_WEB_CONFIG.name, _WEB_CONFIG.help, registry=self._registry)
        self._web_config.set(1)
        self._state: tuple[Gauge, Gauge] | None = None
        self._process = CollectorRegistry()
        ProcessCollector(registry=self._process)

    def observe(self, api: str, seconds: float) -> None:
        """Count one request to Graph.

        Args:
            api: the route template, out of a closed list.
            seconds: until the answer was read.
        """
        self._duration.labels(api=api).observe(seconds)

    def _counted(self, metric: Metric) -> Counter:
        """A counter with one label, whose values are all there from the start."""
        counter = Counter(metric.name, metric.help, metric.labels, registry=self._registry)
        for (value,) in zip(*metric.values.values(), strict=True):
            counter.labels(value)
        return counter

    def refused(self, reason: str) -> None:
        """Count a client that the HTTP server turned away, by one of ``REFUSALS``."""
        self._refused.labels(reason).inc()

    def not_let_in(self, reason: str) -> None:
        """Count a request without the right to be answered, by one of ``LOGIN_FAILURES``."""
        self._login_failures.labels(reason).inc()

    def web_config_read(self, *, success: bool) -> None:
        """Note whether ``web_config_file`` as it stands could be used."""
        self._web_config.set(success)

    def tenants_reloaded(self, *, success: bool) -> None:
        """Note whether a change of the tenants' settings was taken over."""
        self._tenants_reloaded.set(success)

    def config_reloaded(self, now: float, *, success: bool) -> None:
        """Note how an attempt to read all settings ended; with the settings, the tenants are those that are written."""
        self._config_reloaded.set(success)
        if success:
            self._config_time.set(now)
            self._tenants_reloaded.set(1)

    def keeps_state(self) -> None:
        """There is a folder for state, so what comes of it has series."""
        if self._state is None:
            written, moment = (
                Gauge(metric.name, metric.help, registry=self._registry) for metric in (_STATE_WRITTEN, _STATE_TIME)
            )
            self._state = written, moment

    def state_written(self, now: float | None, *, success: bool) -> None:
        """Note how an attempt to write state ended, and when, where something was written."""
        if self._state is not None:
            written, moment = self._state
            written.set(success)
            if now is not None:
                moment.set(now)

    def render(self, *, openmetrics: bool, process: bool = True) -> bytes:
        """All families in OpenMetrics 1.0, without its ``# EOF``, or in the text format 0.0.4.

        Args:
            openmetrics: which format.
            process: whether with those that every process has (``process_*``).
        """
        registries = (self._registry, self._process) if process else (self._registry,)
        return b"".join(_rendered(registry, openmetrics=openmetrics) for registry in registries)


def _rendered(registry: CollectorRegistry, *, openmetrics: bool) -> bytes:
    if openmetrics:
        page: bytes = generate_openmetrics(registry)  # type: ignore[no-untyped-call] # the library gives it no type
        return page.removesuffix(b"# EOF\n")
    return generate_latest(registry)
