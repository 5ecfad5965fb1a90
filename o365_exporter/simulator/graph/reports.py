"""Graph's side of usage reports: which are there, may this app have one, and where it is to be fetched."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from o365_exporter.simulator.clouds import CLOUDS
from o365_exporter.simulator.graph.errors import GraphError, bad_request
from o365_exporter.simulator.http import Request, Response
from o365_exporter.simulator.options import Switches
from o365_exporter.simulator.reports import REPORTS, Report
from o365_exporter.simulator.reports.windows import PERIODS
from o365_exporter.simulator.tenant import Tenant

REPORT_ROLES = frozenset({"Reports.Read.All"})
SETTINGS_ROLES = frozenset({"ReportSettings.Read.All", "ReportSettings.ReadWrite.All"})

_SETTINGS = re.compile(r"/admin/reportSettings/?", re.IGNORECASE)
_FUNCTION = re.compile(r"/reports/(?:microsoft\.graph\.)?(?P<name>[A-Za-z0-9]+)(?:\((?P<arguments>[^()]*)\))?/?")
_ARGUMENT = re.compile(r"(period|date)=(?:'([^']*)'|([\w-]+))")
_OLDEST = timedelta(days=28)


@dataclass(frozen=True)
class Wanted:
    """A report that was asked for. ``window`` is a period or a date."""

    report: Report
    window: str


def asks_for_settings(path: str) -> bool:
    """Whether a path below the version is that of the settings."""
    return _SETTINGS.fullmatch(path) is not None


def report_in(path: str) -> re.Match[str] | None:
    """The report function that a path below the version calls; None where it is no such path."""
    return _FUNCTION.fullmatch(path)


def require_cloud(version: str, tenant: Tenant, segment: str) -> None:
    """Raise 404 for v1.0 in national clouds, whose metadata has neither reports nor their settings."""
    if version == "v1.0" and tenant.cloud != CLOUDS["global"]:
        raise GraphError(404, "ResourceNotFound", f"Resource not found for the segment '{segment}'.")


def settings_answer(request: Request, tenant: Tenant, switches: Switches) -> Response:
    """Whether the tenant conceals names, in one of the two shapes that are documented."""
    settings = {"@odata.type": "#microsoft.graph.adminReportSettings", "displayConcealedNames": tenant.concealed_names}
    if switches.report_settings == "wrapped":
        return Response(200, {"value": settings})
    del settings["@odata.type"]
    version = request.path.split("/")[1]
    context = f"{request.origin}/{version}/$metadata#admin/reportSettings/$entity"
    return Response(200, {"@odata.context": context} | settings)


def wanted(request: Request, match: re.Match[str], tenant: Tenant, now: float) -> Wanted:
    """What is asked for.

    Raises:
        GraphError: 400 where function, argument or format is not known or out of range; what the tenant's report
            state says.
    """
    report = REPORTS.get(match["name"])
    if report is None:
        raise bad_request(f"Resource not found for the segment '{match['name']}'.")
    state = tenant.report_state(report.name)
    if state == "not_found":
        raise GraphError(404, "ResourceNotFound", f"Resource not found for the segment '{report.name}'.")
    if state == "bad_request":
        raise bad_request(f"The report {report.name} is not available.")
    if request.parameters.get("$format", "text/csv") != "text/csv":
        raise bad_request("The simulator gives reports as text/csv only.")
    return Wanted(report, _window(report, match["arguments"] or "", tenant, now))


def _window(report: Report, arguments: str, tenant: Tenant, now: float) -> str:
    """The one argument, checked."""
    match = _ARGUMENT.fullmatch(arguments.strip())
    if match is None:
        raise bad_request("Exactly one of the parameters 'period' and 'date' must be given.")
    name, quoted, bare = match.groups()
    if name == "period":
        if quoted not in PERIODS:
            raise bad_request(f"Invalid period value specified: {quoted or bare}. Use one of {', '.join(PERIODS)}.")
        return str(quoted)
    if not report.dated:
        raise bad_request(f"The function {report.name} has no parameter 'date'.")
    return _date(bare or "", datetime.fromtimestamp(now, UTC).date(), tenant.refresh_date(report.name))


def _date(text: str, today: date, refresh: date) -> str:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise bad_request("Invalid date value specified: the format is YYYY-MM-DD, without quotes.") from None
    if not today - _OLDEST <= day <= refresh:  # microsoft-graph-docs#8946; a day too recent has the same message
        raise bad_request(
            f"Invalid date value specified: {day}. Only support data for the past 28 days.", "InvalidArgument"
        )
    return f"{day}"
