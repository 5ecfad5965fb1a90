"""Names that strangers give to things, read by other people's programs: not one series is lost or made."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_fd_to_metric_families as parse_lines
from prometheus_client.parser import text_string_to_metric_families as parse_text

from o365_exporter.catalogue import all_collectors
from o365_exporter.collectors.service_health import IssuesSource, Services
from o365_exporter.errors import Nothing, PollError
from o365_exporter.exposition import Assembler, Format, render
from o365_exporter.listing import ListSource
from o365_exporter.reports import PerUserOptions
from o365_exporter.reports.source import ReportSource
from o365_exporter.source import Source
from tests.reports.files import NOW, REFRESHED, ReportGraph
from tests.stubs import StubGraph, polled

Reader = Callable[[bytes], int]


def splitting(page: bytes) -> Any:
    r"""The lines as ``requests``' ``iter_lines(decode_unicode=True)`` gives them to Datadog's agent.

    ``OpenMetricsScraperMixin.poll`` hands them to the parser one by one, and ``str.splitlines`` also ends a line at
    ``\v``, ``\f``, ``\x1c`` to ``\x1e``, U+0085, U+2028 and U+2029.
    """
    return iter(page.decode().splitlines())


def counted(families: Iterable[Any]) -> int:
    """How many samples a parser has found."""
    return sum(len(family.samples) for family in families)


READERS: dict[str, tuple[Format, Reader]] = {
    "prometheus_client's text": (Format.TEXT, lambda page: counted(parse_text(page.decode()))),
    "prometheus_client's OpenMetrics": (
        Format.OPENMETRICS,
        lambda page: counted(parse_openmetrics(page.decode())),  # type: ignore[no-untyped-call]
    ),
    "Datadog's agent": (Format.TEXT, lambda page: counted(parse_lines(splitting(page)))),
    "a reader of lines": (
        Format.TEXT,
        lambda page: sum(not line.startswith("#") for line in splitting(page)),
    ),
}
SOURCES = [
    pytest.param(name, source, id=f"{name}-{source.name}")
    for name, collector in all_collectors().items()
    for source in collector.sources(
        collector.options(
            **({"per_user": PerUserOptions(enabled=True)} if "per_user" in collector.options.model_fields else {})
        )
    )
    if isinstance(source, ListSource | IssuesSource | ReportSource)
]
FOREIGN = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from(
            '\r\n\v\f\x1b\x1c\x1d\x1e\x85\u2028\u2029\u200b\u202e\u2066\ufeff\ud83d\u3164\ufe0f"\\,{}\u00a0'
        ),
    ),
    max_size=12,
)


def entry(text: str) -> dict[str, Any]:
    """An entry of any list, with this text in whatever becomes a label."""
    names = ("id", "service", "status", "appId", "displayName", "skuId", "skuPartNumber", "appliesTo", "title")
    more = ("capabilityStatus", "classification", "origin", "feature", "featureGroup")
    credential = {"keyId": text, "displayName": text, "endDateTime": "2026-03-10T00:00:00Z"}
    return dict.fromkeys((*names, *more), text) | {"passwordCredentials": [credential], "consumedUnits": 1}


def csv_file(source: ReportSource, text: str) -> bytes:
    """A report in which every text of a row is this one."""
    header = list(dict.fromkeys((*source._week.columns, *source._day.columns, "User Principal Name")))
    quoted = '"' + text.replace('"', '""') + '"'
    dates = {"Report Refresh Date": REFRESHED, "Report Date": REFRESHED, "Last Activity Date": REFRESHED}
    row = [dates.get(column, quoted if column == "User Principal Name" else "1") for column in header]
    return "\r\n".join((",".join(header), ",".join(row), "")).encode("utf-8", "replace")


def graph_of(source: Source[Any], text: str) -> StubGraph:
    """A Graph in which a stranger has named everything."""
    if isinstance(source, ReportSource):
        function, file = source.endpoints[0].counted_as, csv_file(source, text)
        return ReportGraph({f"{function} D7": file, f"{function} {REFRESHED}": file})
    return StubGraph({endpoint.route: [entry(text), entry("plain")] for endpoint in source.endpoints})


@pytest.mark.parametrize(("name", "source"), SOURCES)
@settings(max_examples=40, deadline=None)
@given(text=FOREIGN)
def test_no_reader_loses_or_makes_a_series(name: str, source: Source[Any], text: str) -> None:
    """Each source of the catalogue, so that a new one joins by itself: all readers count what was rendered."""
    try:
        records = asyncio.run(polled(source, graph_of(source, text), now=NOW))
    except (Nothing, PollError):
        return  # refused whole: nothing of it is served
    siblings: dict[str, Services] = {}
    samples = list(source.samples(records, siblings))
    assembler = Assembler(all_collectors()[name].all_metrics)
    for kind, (form, read) in READERS.items():
        page = b"".join(assembler.page(form, [render(samples, "contoso")]).pieces)
        assert read(page) == len(samples), kind
    for sample in samples:
        for value in sample.labels:
            assert value == value.strip()
            assert not {unicodedata.category(character) for character in value} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
