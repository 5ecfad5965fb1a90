"""Exporter: can the other pages be believed? Polls, requests, waits, throttling, and the process itself."""

from __future__ import annotations

from tools.dashboards import looks
from tools.dashboards.boards.parts import TENANT, UNKNOWN, trust, unreachable, unwatched
from tools.dashboards.model import Dashboard, Label, Lines, Query, Section, Stat, Table, Timeline, Value, Variable
from tools.dashboards.queries import CUT, ROWS, coded, data_age, leaders, or_zero, troubled

OF = "collector=~`${collector:regex}`"
SOURCE = "tenant, collector, source"
STATE = "o365_exporter_source_state"
OK = looks.coded_states(STATE, "state")["ok"].value
RATE = "$__rate_interval"
HERE = "on (job, instance) group_left () o365_exporter_build_info"

NOW = Section(
    "now",
    "Now",
    (
        Stat(
            key="down",
            title="Down",
            about="Targets of the job o365-exporter that Prometheus cannot scrape.",
            expr=or_zero('count(up{job="o365-exporter"} == 0)', 'up{job="o365-exporter"}'),
            unit="short",
            steps=looks.NONE_IS_GOOD,
            empty=UNKNOWN,
            height=3,
            alerts=("O365ExporterDown", "O365ScrapeFailing"),
        ),
        unwatched(width=4, height=3),
        unreachable(width=4, height=3),
        *trust("${collector:regex}", width=4, height=3),
        Stat(
            key="reload",
            title="Reload",
            about="Whether what is written is in effect: the settings as last read, and tenants_file, "
            "web_config_file and its certificates as they stand.",
            expr="min(o365_exporter_tenants_reload_success)\n  * min(o365_exporter_config_last_reload_successful)\n"
            "  * min(o365_exporter_web_config_last_reload_successful)",
            unit="short",
            states=looks.YES_IS_GOOD,
            empty=UNKNOWN,
            height=3,
        ),
        Stat(
            key="clock",
            title="Clock off by",
            width=8,
            about="How far the clock of an exporter's machine is from Microsoft's, the greatest of all. "
            "From five minutes on tokens are refused, and what ends soon is judged wrongly.",
            expr="max(abs(o365_exporter_clock_skew_seconds))",
            unit="s",
            decimals=0,
            steps=looks.SECONDS_OF_CLOCK,
            empty=UNKNOWN,
            height=3,
        ),
        Stat(
            key="left_out",
            title="Left out",
            width=8,
            about="Entries, rows and cells of Microsoft's last answers that could not be read and are not served.",
            expr=f"sum(max by (tenant, collector, source) (o365_exporter_source_entries_left_out{{{OF}}}))",
            steps=looks.NONE_IS_CALM,
            empty=UNKNOWN,
            height=3,
        ),
        Stat(
            key="dropped",
            title="Series cut",
            width=8,
            about="Series that max_series cut: what they would say raises no alert.",
            expr=f"sum(max by (tenant, collector) (o365_exporter_series_dropped{{{OF}}}))",
            steps=looks.NONE_IS_CALM,
            empty=UNKNOWN,
            height=3,
            alerts=("O365SeriesDropped",),
        ),
    ),
)

TOKENS = Table(
    key="tokens",
    title="Tenants",
    about="The state of each tenant's token, and requests in the last hour.",
    columns=(
        TENANT,
        Label(name="state", title="Token", states=looks.states("o365_exporter_tenant_state", "state"), background=True),
        Value(title="", expr="max by (tenant, state) (o365_exporter_tenant_state)"),
        Value(title="Requests", expr="sum by (tenant) (increase(o365_exporter_graph_requests_total[1h]))", decimals=0),
        Value(
            title="Throttled",
            expr='sum by (tenant) (increase(o365_exporter_graph_requests_total{code="429"}[1h]))\n'
            "  or\n0 * max by (tenant) (o365_exporter_tenant_up)",
            decimals=0,
            steps=looks.NONE_IS_CALM,
        ),
        Value(
            title="Waited",
            expr="sum by (tenant) (increase(o365_exporter_graph_wait_seconds_total[1h]))\n"
            "  or\n0 * max by (tenant) (o365_exporter_tenant_up)",
            unit="s",
            decimals=1,
        ),
        Value(
            title="Failed polls",
            expr="sum by (tenant) (increase(o365_exporter_source_failures_total[1h]))\n"
            "  or\n0 * max by (tenant) (o365_exporter_tenant_up)",
            unit="short",
            decimals=0,
            steps=looks.NONE_IS_CALM,
        ),
    ),
    order=("-Failed polls",),
    height=7,
    alerts=("O365TenantUnreachable", "O365Throttled"),
)

LATE = f"({data_age(matchers=OF)})\n  / max by ({SOURCE}) (o365_exporter_source_interval_seconds{{{OF}}})"
SOURCES = Table(
    key="sources",
    title="Sources",
    about=f"The {ROWS} that have waited longest, measured by their interval: below 1 is punctual, from 3 on the data "
    "are stale. A source that never answered has no age and stands in the table beside.",
    columns=(
        TENANT,
        Label(name="collector", title="Collector", width=140),
        Label(name="source", title="Source", width=140),
        Value(
            title="Intervals",
            expr=f"topk({ROWS}, {LATE})",
            unit="short",
            decimals=1,
            steps=(
                (None, looks.GOOD),
                (1.5, looks.WORKING),
                (3, looks.BAD),
            ),
        ),
        Value(
            title="Age of data",
            expr=f"{data_age(matchers=OF)}\n  and on ({SOURCE})\ntopk({ROWS}, {LATE})",
            unit="s",
            decimals=1,
        ),
        Value(
            title="Interval",
            expr=f"max by ({SOURCE}) (o365_exporter_source_interval_seconds{{{OF}}})\n"
            f"  and on ({SOURCE})\ntopk({ROWS}, {LATE})",
            unit="s",
        ),
        Value(
            title="Left out",
            expr=f"max by ({SOURCE}) (o365_exporter_source_entries_left_out{{{OF}}})\n"
            f"  and on ({SOURCE})\ntopk({ROWS}, {LATE})",
            steps=looks.NONE_IS_CALM,
        ),
    ),
    order=("-Intervals",),
    width=14,
    alerts=("O365SourceStale",),
)
FAILING = Table(
    key="failing",
    title="Sources that are not ok",
    about=f"The {ROWS} in the gravest state. no_data and unsupported are answers too: Microsoft has nothing.",
    columns=(
        TENANT,
        Label(name="collector", title="Collector", width=140),
        Label(name="source", title="Source", width=130),
        Value(
            title="State",
            expr=f"topk({ROWS}, {coded(STATE, 'state', SOURCE, f',{OF}')} > {OK})",
            states=tuple(looks.coded_states(STATE, "state", looks.GOOD).values()),
            background=True,
            unit="short",
        ),
    ),
    order=("-State", "Tenant"),
    width=10,
    empty="none, if there are sources at all",
    alerts=("O365SourceStale", "O365PermissionMissing"),
)
PERMISSION = "tenant, permission"
LACKING = Table(
    key="permissions",
    title="Permissions that are required and not granted",
    about="By the app's token, which may be an hour older than the consent; where it cannot be read, nothing is shown.",
    columns=(
        TENANT,
        Label(name="permission", title="Permission"),
        Value(
            title="Granted",
            expr=f"topk({ROWS},\n  max by ({PERMISSION}) (o365_exporter_permission_granted) == 0\n"
            f"    and on ({PERMISSION})\n  max by ({PERMISSION}) (o365_exporter_permission_required)\n)",
            unit="short",
        ),
    ),
    order=("Tenant", "Permission"),
    width=24,
    empty="none, if there are tokens at all",
    alerts=("O365PermissionMissing",),
)

POLLS = Section(
    "polls",
    "Polls",
    (
        TOKENS,
        SOURCES,
        FAILING,
        LACKING,
        Timeline(
            key="states",
            title="States of sources",
            about=f"The {CUT} sources in the gravest state in the shown time; those that answered all the time are "
            "left out.",
            expr=troubled(STATE, "state", SOURCE, f",{OF}"),
            legend="{{tenant}}: {{collector}} {{source}}",
            unit="short",
            states=tuple(looks.coded_states(STATE, "state").values()),
            height=8,
            empty="none failed, if there are sources at all",
            alerts=("O365SourceStale",),
        ),
        Lines(
            key="failures",
            title="Failed polls",
            about="By reason, added over tenants and exporters.",
            lines=(
                Query(f"sum by (reason) (increase(o365_exporter_source_failures_total{{{OF}}}[{RATE}]))", "{{reason}}"),
            ),
            unit="short",
            colours=looks.states("o365_exporter_source_failures_total", "reason"),
            alerts=("O365Throttled", "O365SourceStale"),
            empty="no failed poll, if there are exporters at all",
        ),
        Lines(
            key="duration",
            title="How long polls take",
            about="The latest polls of all sources of a collector together, in the slowest tenant.",
            lines=(Query(f"max by (collector) (o365_exporter_collector_duration_seconds{{{OF}}})", "{{collector}}"),),
        ),
        Lines(
            key="collectors",
            title="Collectors that work",
            width=8,
            lowest_first=True,
            about="The share of tenants in which the latest poll of every source of the collector succeeded.",
            lines=(
                Query(
                    f"avg by (collector) (max by (tenant, collector) (o365_exporter_collector_success{{{OF}}}))",
                    "{{collector}}",
                ),
            ),
            unit="percentunit",
            maximum=1,
        ),
        Lines(
            key="age",
            title="Age of data",
            width=16,
            about=f"The {CUT} sources with the oldest data by the last value in the shown time; it outlives a restart.",
            lines=(
                Query(
                    leaders(f"max by ({SOURCE}) (tenant_source:o365_exporter_source_age:seconds{{{OF}}})", SOURCE),
                    "{{tenant}}: {{collector}} {{source}}",
                ),
            ),
            alerts=("O365SourceStale",),
        ),
    ),
)

TRAFFIC = Section(
    "traffic",
    "Requests to Microsoft",
    (
        Lines(
            key="outcomes",
            title="Requests by outcome",
            about="By HTTP status, or by why there was none. Added over tenants and exporters.",
            lines=(Query(f"sum by (code) (rate(o365_exporter_graph_requests_total[{RATE}]))", "{{code}}"),),
            unit="reqps",
        ),
        Lines(
            key="throttled",
            title="Throttled requests",
            about=f"Answers 429; the {CUT} tenants with most of them by the last value in the shown time.",
            lines=(
                Query(
                    leaders(
                        f'sum by (tenant) (rate(o365_exporter_graph_requests_total{{code="429"}}[{RATE}]))', "tenant"
                    ),
                    "{{tenant}}",
                ),
            ),
            unit="reqps",
            alerts=("O365Throttled",),
            empty="no answer 429, if there are exporters at all",
        ),
        Lines(
            key="routes",
            title="Requests by route",
            width=24,
            about=f"The {CUT} busiest routes by the last value in the shown time.",
            lines=(
                Query(leaders(f"sum by (api) (rate(o365_exporter_graph_requests_total[{RATE}]))", "api"), "{{api}}"),
            ),
            unit="reqps",
        ),
        Lines(
            key="waits",
            title="Waiting",
            about="Seconds waited in each second, by cause: asked for by Microsoft (retry_after), to stay within the "
            "limits (budget), after a failure (backoff). Many requests wait at once, so it can exceed 1.",
            lines=(Query(f"sum by (cause) (rate(o365_exporter_graph_wait_seconds_total[{RATE}]))", "{{cause}}"),),
            unit="s",
        ),
        Lines(
            key="latency",
            title="Duration of requests",
            about="Half of the requests are faster than the first line, 95 of 100 than the second.",
            lines=tuple(
                Query(
                    f"histogram_quantile({quantile}, "
                    f"sum by (le) (rate(o365_exporter_graph_request_duration_seconds_bucket[{RATE}])))",
                    name,
                )
                for quantile, name in ((0.5, "median"), (0.95, "95 of 100"))
            ),
        ),
        Lines(
            key="slow",
            title="Mean duration by route",
            width=24,
            about=f"Seconds until an answer was read; the {CUT} slowest routes at any moment.",
            lines=(
                Query(
                    f"topk({CUT}, sum by (api) (rate(o365_exporter_graph_request_duration_seconds_sum[{RATE}]))\n"
                    f"  / (sum by (api) (rate(o365_exporter_graph_request_duration_seconds_count[{RATE}])) > 0))",
                    "{{api}}",
                ),
            ),
        ),
    ),
)


def _process(key: str, title: str, about: str, *lines: tuple[str, str], unit: str = "") -> Lines:
    """Of the exporters' processes alone: other programs serve metrics of the same names."""
    return Lines(
        key=key,
        title=title,
        about=about,
        lines=tuple(Query(f"{expr} * {HERE}", "{{instance}}" + name) for expr, name in lines),
        unit=unit,
        width=6,
    )


RUNBOOKS = (
    'label_replace(label_replace(o365_exporter_runbooks_info, "folder", "/runbooks/", "", ".*"), '
    '"folder", "$1", "url", "(.+)")'
)
EXPORTERS = Table(
    key="exporters",
    title="Exporters",
    about="Each with its version and the folder of runbooks to which its alerts lead; `/runbooks/` is its own.",
    columns=(
        Label(name="instance", title="Exporter"),
        Label(name="version", title="Version"),
        Label(name="python_version", title="Python"),
        Label(name="folder", title="Runbooks"),
        Value(title="", expr="group by (instance, version, python_version) (o365_exporter_build_info)"),
        Value(title="", expr=f"group by (instance, folder) ({RUNBOOKS})"),
        Value(
            title="Running for", expr=f"max by (instance) ((time() - process_start_time_seconds) * {HERE})", unit="s"
        ),
        Value(
            title="Settings read",
            expr="max by (instance) (time() - o365_exporter_config_last_reload_success_timestamp_seconds)",
            unit="s",
        ),
    ),
    order=("Exporter",),
    height=5,
)

PROCESS = Section(
    "process",
    "The process",
    (
        EXPORTERS,
        _process(
            "memory",
            "Memory",
            "Resident, and virtual as the operating system counts it.",
            ("process_resident_memory_bytes", ""),
            ("process_virtual_memory_bytes", " virtual"),
        ),
        _process("cpu", "CPU", "Cores in use.", (f"rate(process_cpu_seconds_total[{RATE}])", ""), unit="short"),
        _process(
            "files",
            "Open files",
            "Descriptors that are open, and how many may be.",
            ("process_open_fds", ""),
            ("process_max_fds", " at most"),
            unit="short",
        ),
        _process(
            "uptime", "Running for", "Time since the start.", ("(time() - process_start_time_seconds)", ""), unit="s"
        ),
        Lines(
            key="state",
            title="State on disk",
            about="Seconds since the state of a tenant was last written to state_dir, and whether the latest attempt "
            "succeeded: 1 or 0. Without state_dir there is nothing.",
            lines=(
                Query("time() - o365_exporter_state_last_write_timestamp_seconds", "seconds since a write"),
                Query("o365_exporter_state_write_success", "could be written"),
            ),
            unit="short",
            width=12,
        ),
        Lines(
            key="turned_away",
            title="Clients turned away",
            about="Connections and requests that the exporter's HTTP server refused or cut, by reason, and requests "
            "that were not let in; docs/security.md explains the reasons.",
            lines=(
                Query(f"sum by (reason) (increase(o365_exporter_web_refused_total[{RATE}]))", "{{reason}}"),
                Query(
                    f"sum by (reason) (increase(o365_exporter_web_authentication_failures_total[{RATE}]))",
                    "not let in: {{reason}}",
                ),
            ),
            unit="short",
            width=12,
        ),
    ),
)

DASHBOARD = Dashboard(
    uid="o365-exporter",
    title="Microsoft 365: exporter",
    about="Whether the other pages can be believed: polls, their data's age, requests to Microsoft, waits, throttling.",
    sections=(NOW, POLLS, TRAFFIC, PROCESS),
    variables=(Variable("collector", "Collector", "label_values(o365_exporter_source_interval_seconds, collector)"),),
    since="now-6h",
    incidents=False,
)
