"""Pages assembled from finished pieces."""

from __future__ import annotations

from o365_exporter.exposition import Assembler, Format, Page, render, shown
from o365_exporter.metrics import Metric
from o365_exporter.store import Key, Poll, Store
from tests.fakes import NOON

UNITS = Metric("o365_sku_units", 'Units of "a" SKU,\nby state (C:\\x).', ("state",))
FAILURES = Metric("o365_exporter_source_failures_total", "Failed polls.", ("reason",), type="counter")
UNUSED = Metric("o365_applications", "Applications.")
METRICS = (FAILURES, UNUSED, UNITS)

TEXT = rb"""# HELP o365_exporter_source_failures_total Failed polls.
# TYPE o365_exporter_source_failures_total counter
o365_exporter_source_failures_total{reason="auth",tenant="a"} 2.0
# HELP o365_sku_units Units of "a" SKU,\nby state (C:\\x).
# TYPE o365_sku_units gauge
o365_sku_units{state="on",tenant="a"} 1.0
o365_sku_units{state="on",tenant="b"} 3.0
process_open_fds 7.0
"""

OPENMETRICS = rb"""# HELP o365_exporter_source_failures Failed polls.
# TYPE o365_exporter_source_failures counter
o365_exporter_source_failures_total{reason="auth",tenant="a"} 2.0
# HELP o365_sku_units Units of \"a\" SKU,\nby state (C:\\x).
# TYPE o365_sku_units gauge
o365_sku_units{state="on",tenant="a"} 1.0
o365_sku_units{state="on",tenant="b"} 3.0
process_open_fds 7.0
# EOF
"""


def filled() -> Store:
    """Two tenants, one of which has a withdrawn poll as well."""
    store = Store()
    store.put_about("a", render([FAILURES.at(2, reason="auth")], "a"))
    store.put_about("b", {})
    for tenant, units, taken_at in (("a", 1, NOON), ("b", 3, NOON), ("b-old", 9, NOON - 61)):
        rendered = render([UNITS.at(units, state="on")], tenant)
        poll = Poll(interval=10, stale_after=60, rendered=rendered, taken_at=taken_at)
        store.put(Key(tenant, "subscriptions", "skus"), poll)
    return store


def joined(form: Format, tenants: set[str] | None = None, process_wide: bytes = b"") -> bytes:
    """The page at noon; its length and its chunks agree with its pieces."""
    page = Assembler(METRICS).page(form, shown(filled(), NOON, tenants), process_wide)
    assert b"".join(page.chunks()) == b"".join(page.pieces)
    assert page.length == len(b"".join(page.pieces))
    return b"".join(page.pieces)


def test_the_text_format() -> None:
    """Families follow the catalogue, each with one header; families without samples and withdrawn polls are absent."""
    assert joined(Format.TEXT, process_wide=b"process_open_fds 7.0\n") == TEXT


def test_openmetrics() -> None:
    """OpenMetrics shares the sample lines; counters' families lose ``_total``, help escapes quotes, and it ends."""
    assert joined(Format.OPENMETRICS, process_wide=b"process_open_fds 7.0\n") == OPENMETRICS


def test_one_tenant() -> None:
    """A tenant's page has its series and nobody else's."""
    assert joined(Format.TEXT, {"b"}) == (
        b'# HELP o365_sku_units Units of "a" SKU,\\nby state (C:\\\\x).\n'
        b"# TYPE o365_sku_units gauge\n"
        b'o365_sku_units{state="on",tenant="b"} 3.0\n'
    )


def test_nothing_known_yet() -> None:
    """An empty page is valid in both formats."""
    assert joined(Format.TEXT, set()) == b""
    assert joined(Format.OPENMETRICS, set()) == b"# EOF\n"


def test_an_undeclared_metric_is_served_without_header() -> None:
    """A metric that no collector declares is a fault that must be seen, not values that vanish."""
    page = Assembler([]).page(Format.OPENMETRICS, [{"o365_other": b'o365_other{tenant="a"} 1.0\n'}])
    assert b"".join(page.pieces) == b'o365_other{tenant="a"} 1.0\n# EOF\n'


def test_chunks_are_large() -> None:
    """Thousands of pieces go out in few writes, and none is lost."""
    page = Page([b"x" * 100] * 10_000)
    chunks = list(page.chunks())
    assert len(chunks) == 4
    assert b"".join(chunks) == b"x" * 1_000_000
    assert list(Page([b"x" * 300_000]).chunks()) == [b"x" * 300_000]
    assert list(Page([]).chunks()) == []
