"""How a report is asked for, and whether it can be."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from o365_exporter.errors import Unsupported
from o365_exporter.graph import Endpoint, GraphClient

_CLOCKS_DIFFER = timedelta(days=1)


def report_endpoint(function: str, form: str) -> Endpoint:
    """The address of a report; ``form`` are its arguments with their parentheses."""
    return Endpoint(
        route=f"/reports/{function}{form}",
        permissions=("Reports.Read.All",),
        limits="usage_reports",
        counted_as=function,
        answers="file",
    )


def in_cloud(endpoint: Endpoint, graph: GraphClient) -> Endpoint:
    """The address in the tenant's cloud: the national ones have reports in beta only.

    Raises:
        Unsupported: nobody has written down which hosts the files are on there, and the settings do not either.
    """
    cloud = graph.identity.cloud
    if not graph.may_download:
        raise Unsupported(
            f"The cloud {cloud.name} has usage reports only in Graph's beta, and the hosts of their files are not "
            "documented: name them in report_hosts to have the reports."
        )
    return endpoint if cloud.v1_usage_reports else replace(endpoint, version="beta")


def latest_day(now: float) -> date:
    """The last day that a report can speak of at this wall clock (seconds)."""
    return datetime.fromtimestamp(now, UTC).date() + _CLOCKS_DIFFER
