"""Does the tenant conceal the names in its usage reports?

Source: ``/admin/reportSettings``, every six hours. Permission: ReportSettings.Read.All; without it the answer is told
from the names that the usage reports bring, and nothing is amiss. Freshness: the moment of the poll.
Series: ``o365_report_names_concealed``, once for each tenant.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from pydantic import Field

from o365_exporter import fields
from o365_exporter.errors import PermissionMissingError, UnexpectedAnswerError, Unsupported
from o365_exporter.fields import Json
from o365_exporter.graph import Endpoint, GraphClient
from o365_exporter.metrics import Sample
from o365_exporter.reports import CONCEALMENT, Setting
from o365_exporter.source import Collector, CollectorOptions, Interval, Source

CONCEALED = "displayConcealedNames"
REPORT_SETTINGS = Endpoint(route="/admin/reportSettings", permissions=("ReportSettings.Read.All",))


class Options(CollectorOptions):
    """Settings of ``report_settings``."""

    interval: Interval = Field(default=6 * 3600, description="Time between two polls of the setting.")
    stale_after: Interval = Field(
        default=72 * 3600,
        description="Age at which the last good data are withdrawn while polls keep failing.",
    )


def parse_setting(entry: Json) -> Setting:
    """The setting; Microsoft's own example wraps the object in ``value``."""
    setting = fields.record(entry, "value") or entry
    if setting.get(CONCEALED) is None:
        raise UnexpectedAnswerError(f"Graph answered without {CONCEALED}, which is what was asked for.")
    return Setting(fields.flag(setting, CONCEALED))


class SettingsSource(Source[Setting]):
    """The tenant's setting; its series is derived of it together with what the reports say."""

    name = "settings"
    form = Setting
    endpoints = (REPORT_SETTINGS,)

    def __init__(self, options: Options) -> None:
        super().__init__(interval=options.interval, stale_after=options.stale_after)

    async def fetch(self, graph: GraphClient, previous: Setting | None, now: float) -> Setting:
        in_v1 = graph.identity.cloud.v1_report_settings
        endpoint = REPORT_SETTINGS if in_v1 else replace(REPORT_SETTINGS, version="beta")
        try:
            return parse_setting(await graph.get(endpoint))
        except PermissionMissingError:
            raise Unsupported(
                "The app may not read the setting that conceals names (ReportSettings.Read.All): whether they are "
                "concealed is told from the names in the reports."
            ) from None

    def samples(self, records: Setting, siblings: Mapping[str, Any]) -> Iterator[Sample]:
        yield from ()


COLLECTOR = Collector(
    name="report_settings",
    summary="Does the tenant conceal the names in its usage reports?",
    options=Options,
    metrics=(),
    sources=lambda options: (SettingsSource(options),),
    derived=(CONCEALMENT,),
    without="nothing: `o365_report_names_concealed` is then told from the names in the reports",
)
