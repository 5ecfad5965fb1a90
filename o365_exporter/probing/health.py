"""``service-status``: the state of each service, and the issues behind it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from o365_exporter.probing.finding import Asked, Found, Mode, Option, counting
from o365_exporter.probing.judging import Block, Item, State
from o365_exporter.probing.reading import Reading, Row
from o365_exporter.probing.sources import troubles

_STATUS = "o365_service_health_status"
_HEALTHY = "o365_service_healthy"
_INFO = "o365_service_issue_info"
_OPEN = "o365_service_issue_open"
_ISSUE_STATUS = "o365_service_issue_status"
_START = "o365_service_issue_start_timestamp_seconds"

_STATE = State(
    "status",
    "status is '{status}'",
    (
        "service_name",
        "status",
        "classification",
        "issue_title",
        "issue_startDateTime",
        "issue_id",
        "issue_status",
        "issue_resolved",
        "healthy",  # ours, not the plugin's: what the status page and the alerts go by
    ),
    critical="%{status} !~ /serviceOperational|serviceRestored/i",
    trouble=" [issue: {classification}, {issue_id}, {issue_startDateTime}, {issue_title}]",
)

_NO_ISSUE: dict[str, str | float] = {
    "classification": "-",
    "issue_title": "-",
    "issue_startDateTime": "-",
    "issue_id": "-",
    "issue_status": "-",
    "issue_resolved": 0.0,
}


class _Issues:
    """The issues of a tenant, put together of their series once."""

    def __init__(self, reading: Reading) -> None:
        self._open = {_key(row): row.value for row in reading.rows(_OPEN)}
        self._status = {_key(row): row.labels.get("status", "-") for row in reading.rows(_ISSUE_STATUS)}
        self._start = {_key(row): row.value for row in reading.rows(_START)}
        self._of: defaultdict[str, list[Row]] = defaultdict(list)
        for row in reading.rows(_INFO):
            self._of[row.labels.get("service_id", "")].append(row)

    def of(self, service: str) -> Iterator[dict[str, str | float]]:
        """The macros of each issue of a service, in the order of their ids."""
        for row in sorted(self._of.get(service, ()), key=_key):
            key = _key(row)
            yield {
                "classification": row.labels.get("classification", "-"),
                "issue_title": row.labels.get("title", "-"),
                "issue_startDateTime": _written(self._start.get(key)),
                "issue_id": row.labels.get("issue_id", "-"),
                "issue_status": self._status.get(key, "-"),
                "issue_resolved": float(self._open.get(key) == 0),
            }


def _key(row: Row) -> tuple[str, str]:
    return row.labels.get("service_id", ""), row.labels.get("issue_id", "")


def _written(timestamp: float | None) -> str:
    """A time as Graph writes it."""
    return "-" if timestamp is None else f"{datetime.fromtimestamp(timestamp, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _items(reading: Reading, asked: Asked) -> Iterator[Item]:
    issues = _Issues(reading)
    healthy = {row.labels.get("service_id", ""): row.value for row in reading.rows(_HEALTHY)}
    for row in sorted(reading.rows(_STATUS), key=_key):
        service, name = row.labels.get("service_id", ""), row.labels.get("service_name", "")
        if asked.keeps("include-service-name", name) and not asked.drops("exclude-service-name", name):
            macros: dict[str, str | float] = {"service_name": name, "status": row.labels.get("status", "")}
            if service in healthy:
                macros["healthy"] = healthy[service]
            for issue in _told(list(issues.of(service)), asked):
                yield Item(f"Service '{name}' ", macros | issue)


def _find(reading: Reading, asked: Asked) -> Found:
    items = list(_items(reading, asked))
    wrong = [
        *troubles(reading, "service_health", "overviews"),
        *troubles(reading, "service_health", "issues"),
    ]
    if not items and not wrong:
        wrong = ["No services found. The filters leave none: mend --include- and --exclude- options."]
    summary = "All services are ok" if len(items) > 1 else ""
    return Found([Block((_STATE,), items, summary)], wrong)


def _told(issues: Sequence[dict[str, str | float]], asked: Asked) -> Iterator[dict[str, str | float]]:
    """An item for each issue that passes the filters, or one without an issue where a service has no open one."""
    hides_resolved = asked.filters.get("exclude-resolved") != "0"
    left = [issue for issue in issues if not (hides_resolved and issue["issue_resolved"])]
    for issue in left or [_NO_ISSUE]:
        classification = str(issue["classification"])
        if asked.keeps("include-classification", classification) and not asked.drops(
            "exclude-classification", classification
        ):
            yield issue


SERVICE_STATUS = Mode(
    "service-status",
    ("service-health",),
    "The status of each Microsoft 365 service, and the issues behind it.",
    (_STATUS, _HEALTHY, _INFO, _OPEN, _ISSUE_STATUS, _START),
    (_STATE,),
    (
        Option(("include-service-name", "filter-service-name", "service"), "only services whose name has this pattern"),
        Option(("exclude-service-name",), "no service whose name has this pattern"),
        Option(
            ("include-classification",),
            "only issues of such a classification (incident, advisory), and no service without one",
        ),
        Option(("exclude-classification",), "no issue of such a classification"),
        Option(("exclude-resolved",), "0 to show resolved issues too", "1", ("0", "1")),
        *counting(),
    ),
    _find,
    (
        ("Watch Exchange", "--tenant contoso --include-service-name Exchange"),
        (
            "Agree with the status page and the alerts, for which a published review and a false alarm are healthy",
            "--critical-status '%{healthy} == 0'",
        ),
        (
            "Let an advisory be a WARNING",
            """--critical-status '%{healthy} == 0 && %{classification} eq "incident"' --warning '%{healthy} == 0'""",
        ),
    ),
)
