"""Service health: what does Microsoft say is wrong, since when, and when did it last write?"""

from __future__ import annotations

from tools.dashboards import looks
from tools.dashboards.boards import messages
from tools.dashboards.boards.parts import TENANT, UNKNOWN, trust
from tools.dashboards.links import HEALTH, HISTORY, ISSUE
from tools.dashboards.model import Bars, Dashboard, Label, Lines, Query, Section, Stat, Table, Timeline, Value, Variable
from tools.dashboards.queries import CUT, ROWS, coded, rows

OF = "service_name=~`${service:regex}`"
INCIDENT = 'classification=~"incident|unknown"'
ADVISORY = 'classification="advisory"'
EVERY = 'classification=~".+"'
HEALTHY = f"min by (tenant, service_id, service_name) (o365_service_healthy{{{OF}}})"
OPEN = f"max by (tenant, service_id, service_name, classification) (o365_service_open_issues{{{OF},%s}})"
AFFECTED = 20
"""How many services the timeline shows at most; those that were well all the time would only hide them."""


def _issues(what: str, kind: str, labels: str = "", is_open: int = 1) -> str:
    """A number of the issues that are open, or resolved; ``labels`` are carried over from the info."""
    same = "on (tenant, service_id, issue_id, job, instance)"
    return (
        f"max by (tenant, service_id, issue_id{', ' * bool(labels)}{labels}) (\n"
        f"  ({what})\n"
        f"    * {same} group_left ({labels})\n"
        f"  o365_service_issue_info{{{OF},{kind}}}\n"
        f"    and {same}\n"
        f"  o365_service_issue_open == {is_open}\n"
        ")"
    )


def _status(kind: str) -> str:
    same = "on (tenant, service_id, issue_id, job, instance)"
    return (
        "max by (tenant, service_id, issue_id, status) (\n"
        "  o365_service_issue_status\n"
        f"    and {same}\n"
        f"  o365_service_issue_info{{{OF},{kind}}}\n"
        f"    and {same}\n"
        "  o365_service_issue_open == 1\n"
        ")"
    )


def _newest(expr: str, kind: str) -> str:
    """A column of the open issues that began last."""
    last = _issues("o365_service_issue_start_timestamp_seconds", kind)
    return rows(expr, "tenant, service_id, issue_id", f"topk({ROWS}, {last})")


def _resolved(what: str, labels: str = "") -> str:
    """A column of the issues that ended last; one without an end counts by its beginning."""
    at = "o365_service_issue_end_timestamp_seconds or o365_service_issue_start_timestamp_seconds"
    last = _issues(at, EVERY, "", 0)
    return rows(_issues(what, EVERY, labels, 0), "tenant, service_id, issue_id", f"topk({ROWS}, {last})")


def _table(key: str, title: str, kind: str, about: str, *alerts: str) -> Table:
    start = "o365_service_issue_start_timestamp_seconds"
    post = "o365_service_issue_last_post_timestamp_seconds"
    return Table(
        key=key,
        title=title,
        about=f"The {ROWS} that began last. {about}",
        columns=(
            TENANT,
            Label(name="service_name", title="Service", width=150),
            Label(name="issue_id", title="Issue", links=(ISSUE,), width=110),
            Label(name="title", title="Title", width=310),
            Label(name="status", title="Status", states=looks.states("o365_service_issue_status", "status"), width=170),
            Value(
                title="Open for",
                expr=_newest(_issues(f"time() - {start}", kind, "service_name, title, feature"), kind),
                unit="s",
                decimals=1,
                width=110,
            ),
            Value(title="Began", expr=_newest(_issues(f"1000 * {start}", kind), kind), unit="dateTimeAsIso", width=165),
            Value(
                title="Last post",
                expr=_newest(_issues(f"time() - {post}", kind), kind),
                unit="s",
                decimals=1,
                steps=looks.SECONDS_WITHOUT_POST,
                width=100,
            ),
            Value(title="Posts", expr=_newest(_issues("o365_service_issue_posts", kind), kind), width=70),
            Value(title="", expr=_newest(_status(kind), kind)),
            Label(name="feature", title="Feature"),
            Label(name="service_id", title=""),
        ),
        order=("-Open for",),
        height=6,
        alerts=alerts,
        links=(HEALTH,),
        empty="none open, unless sources fail",
    )


NOW = Section(
    "now",
    "Now",
    (
        Stat(
            key="unhealthy",
            title="Unhealthy",
            about="Services whose status is none of the healthy ones, added over the tenants.",
            expr=f"sum(1 - {HEALTHY})",
            steps=looks.NONE_IS_CALM,
            empty=UNKNOWN,
            alerts=("O365ServiceIncident", "O365ServiceDegraded", "O365ServiceStatusUnknown"),
        ),
        Stat(
            key="incidents",
            title="Open incidents",
            about="Added over the tenants. An issue of a class that this version does not know counts as an incident.",
            expr=f"sum({OPEN % INCIDENT})",
            steps=looks.NONE_IS_GOOD,
            empty=UNKNOWN,
            alerts=("O365ServiceDegraded",),
        ),
        Stat(
            key="advisories",
            title="Open advisories",
            about="Added over the tenants. An advisory limits a service; nobody has to be woken.",
            expr=f"sum({OPEN % ADVISORY})",
            steps=looks.SOME_IS_NOTABLE,
            empty=UNKNOWN,
            alerts=("O365ServiceAdvisory",),
        ),
        Stat(
            key="silence",
            title="Longest silence",
            about="Of the open incidents, the one about which Microsoft has not written for longest. Without an open "
            "incident there is none.",
            expr="max(" + _issues("time() - o365_service_issue_last_post_timestamp_seconds", INCIDENT) + ")",
            unit="s",
            decimals=1,
            steps=looks.SECONDS_WITHOUT_POST,
            empty="no incident",
            optional=True,
            alerts=("O365IncidentWithoutPost",),
        ),
        *trust("service_health"),
    ),
)

STATUS = "o365_service_health_status"
TIMELINE = Timeline(
    key="timeline",
    title="Status of services",
    about=f"The {AFFECTED} services, of all the tenants shown, that were unhealthy for longest in the shown time; "
    "others are left out. Gaps are times without data.",
    expr=(
        coded(STATUS, "status", "tenant, service_id, service_name", f",{OF}")
        + "\n  and on (tenant, service_id)\n"
        + f"topk({AFFECTED}, 1 - min by (tenant, service_id) (\n"
        f"  avg_over_time(o365_service_healthy{{{OF}}}[$__range] @ end())\n) > 0)"
    ),
    legend="{{tenant}}: {{service_name}}",
    unit="short",
    states=tuple(looks.coded_states(STATUS, "status").values()),
    height=10,
    empty="no service was unhealthy, unless sources fail",
    links=(HISTORY,),
)

SERVICES = Table(
    key="services",
    title="Services that are not healthy",
    about=f"As of now; the {ROWS} in the gravest state.",
    columns=(
        TENANT,
        Label(name="service_name", title="Service"),
        Value(
            title="Status",
            expr=f"topk({ROWS}, {coded(STATUS, 'status', 'tenant, service_name', f',{OF}')}\n"
            f"  and on (tenant, service_name)\nmin by (tenant, service_name) (o365_service_healthy{{{OF}}}) == 0)",
            states=tuple(looks.coded_states(STATUS, "status", looks.GOOD).values()),
            background=True,
            unit="short",
        ),
    ),
    order=("-Status", "Service", "Tenant"),
    width=12,
    height=7,
    empty="none, unless sources fail",
    alerts=("O365ServiceIncident", "O365ServiceDegraded"),
    links=(HEALTH,),
)

SPREAD = Bars(
    key="spread",
    title="Tenants that an incident touches",
    about=f"How many of the shown tenants list the same open incident; the {CUT} incidents with most of them.",
    bars=(
        Query(
            f"topk({CUT}, count by (issue_id, service_name) (max by (tenant, issue_id, service_name) (\n"
            f"  o365_service_issue_info{{{OF},{INCIDENT}}}\n"
            "    and on (tenant, service_id, issue_id, job, instance)\n"
            "  o365_service_issue_open == 1\n"
            ")))",
            "{{issue_id}} {{service_name}}",
        ),
    ),
    unit="short",
    steps=((None, looks.WARNING),),
    height=7,
    empty="none, unless sources fail",
    optional=True,
)

HISTORY_OF = Section(
    "history",
    "History",
    (
        Lines(
            key="open_over_time",
            title="Open issues",
            about="Added over the tenants.",
            lines=(Query(f"sum by (classification) ({OPEN % EVERY})", "{{classification}}"),),
            decimals=0,
            colours=looks.states("o365_service_open_issues", "classification"),
            alerts=("O365ServiceAdvisory",),
        ),
        Bars(
            key="healthy_share",
            title="Time healthy",
            about=f"The share of the shown time in which a service was healthy; the {CUT} worst, below 100 %.",
            bars=(
                Query(
                    f"bottomk({CUT}, min by (tenant, service_name) (\n"
                    f"  avg_over_time(o365_service_healthy{{{OF}}}[$__range])\n) < 1)",
                    "{{tenant}}: {{service_name}}",
                ),
            ),
            unit="percentunit",
            decimals=2,
            maximum=1,
            steps=looks.SHARE_OF_TIME,
            empty="none was unhealthy, unless sources fail",
            optional=True,
        ),
        Table(
            key="resolved",
            title="Resolved issues",
            about=f"The {ROWS} issues that ended last, for as long as keep_resolved of the settings holds them.",
            columns=(
                TENANT,
                Label(name="service_name", title="Service", width=150),
                Label(name="issue_id", title="Issue", links=(ISSUE,), width=110),
                Label(
                    name="classification", title="Class", states=looks.past("o365_service_issue_open", "classification")
                ),
                Label(name="title", title="Title", width=260),
                Value(
                    title="Began",
                    expr=_resolved(
                        "1000 * o365_service_issue_start_timestamp_seconds", "service_name, title, classification"
                    ),
                    unit="dateTimeAsIso",
                    width=165,
                ),
                Value(
                    title="Ended",
                    expr=_resolved("1000 * o365_service_issue_end_timestamp_seconds"),
                    unit="dateTimeAsIso",
                    width=165,
                ),
                Value(
                    title="Lasted",
                    expr=_resolved(
                        "o365_service_issue_end_timestamp_seconds - o365_service_issue_start_timestamp_seconds"
                    ),
                    unit="s",
                    decimals=1,
                    width=90,
                ),
                Value(
                    title="Changed",
                    expr=_resolved("1000 * o365_service_issue_last_modified_timestamp_seconds"),
                    unit="dateTimeAsIso",
                    width=165,
                ),
                Label(name="service_id", title=""),
            ),
            order=("-Ended",),
            height=6,
            links=(HISTORY,),
        ),
    ),
)

DASHBOARD = Dashboard(
    uid="o365-service-health",
    title="Microsoft 365: service health",
    about="Microsoft's own word about its services: states over time, open incidents and advisories, "
    "messages, history.",
    sections=(
        NOW,
        Section("service_health", "Services", (TIMELINE, SERVICES, SPREAD)),
        Section(
            "issues",
            "Issues",
            (
                _table(
                    "open_incidents",
                    "Incidents",
                    INCIDENT,
                    "Click an issue to read it in the admin centre. After 36 hours without a post ask for news.",
                    "O365ServiceIncident",
                    "O365ServiceDegraded",
                    "O365IncidentWithoutPost",
                ),
                _table(
                    "open_advisories",
                    "Advisories",
                    ADVISORY,
                    "Limits that Microsoft has described; some stay for months.",
                    "O365ServiceAdvisory",
                ),
            ),
        ),
        messages.SECTION,
        HISTORY_OF,
    ),
    variables=(Variable("service", "Service", "label_values(o365_service_healthy, service_name)"),),
    links=(HEALTH, HISTORY),
    since="now-7d",
)
