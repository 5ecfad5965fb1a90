"""What clients ask for and what they get."""

from __future__ import annotations

import pytest

from o365_exporter.exposition import Format, accepts_gzip, choose_format

TEXT, OPENMETRICS = Format.TEXT, Format.OPENMETRICS


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        # as captured from Prometheus 2.42, 2.53 and 3.5 (the last also with protobuf before it)
        (
            "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
            "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
            OPENMETRICS,
        ),
        (
            "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,"
            "text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
            OPENMETRICS,
        ),
        (
            "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
            "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
            "text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
            OPENMETRICS,
        ),
        (
            "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,"
            "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.3",
            OPENMETRICS,
        ),
        # without a wish, or with none that can be met
        ("", TEXT),
        ("*/*", TEXT),
        ("text/*", TEXT),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8", TEXT),
        ("application/json", TEXT),
        ("text/html, text/plain;q=0", TEXT),
        ("text/plain;q=0, application/openmetrics-text;q=0", TEXT),
        # versions that we do not have
        ("application/openmetrics-text;version=0.0.1", TEXT),
        ("application/openmetrics-text;version=2.0.0, text/plain;version=0.0.4;q=0.1", TEXT),
        ("application/openmetrics-text;version=999.0", TEXT),
        ("application/openmetrics-text;version=abc", TEXT),
        ("text/plain;version=1.0.0", TEXT),
        ("text/plain;version=1.0.0, application/openmetrics-text;version=1.0.0;q=0.1", OPENMETRICS),
        # quality decides, not order
        ("application/openmetrics-text;version=1.0.0;q=0.2,text/plain;version=0.0.4;q=0.5", TEXT),
        ("text/plain;q=0.5,application/openmetrics-text;q=0.6", OPENMETRICS),
        ("text/plain;version=0.0.4;q=0, */*", OPENMETRICS),
        ("application/*", OPENMETRICS),
        ("application/*;q=0.4, text/*;q=0.3", OPENMETRICS),
        # the most specific range decides
        ("*/*, application/openmetrics-text;q=0.1", TEXT),
        ("text/*;q=0.9, text/plain;q=0.1, application/openmetrics-text;q=0.5", OPENMETRICS),
        ("text/plain;q=0.9, text/plain;version=0.0.4;q=0.1, application/openmetrics-text;q=0.5", OPENMETRICS),
        # at equal quality what is named first
        ("text/plain, application/openmetrics-text", TEXT),
        ("application/openmetrics-text, text/plain", OPENMETRICS),
        # spelling
        (' Application/OpenMetrics-Text ; Version="1.0.0" ; Q=0.9 , text/plain;q=0.8', OPENMETRICS),
        ("application/openmetrics-text;charset=utf-8", OPENMETRICS),
        ("application/openmetrics-text;q=nonsense, text/plain;q=0.1", TEXT),
        ("application/openmetrics-text;q=-1, text/plain;q=0.1", TEXT),
        ("application/openmetrics-text;q=1.000, text/plain;q=0.999", OPENMETRICS),
        (",;,=;q,", TEXT),
    ],
)
def test_format(accept: str, form: Format) -> None:
    """The format that the client likes best is served, the text format where it likes none of ours."""
    assert choose_format(accept) is form


@pytest.mark.parametrize(
    ("accept_encoding", "accepted"),
    [
        ("gzip", True),
        ("GZIP", True),
        ("gzip, deflate, br", True),
        ("br;q=1.0, gzip;q=0.8, *;q=0.1", True),
        ("*", True),
        ("gzip;q=0.5, identity;q=0.5", True),
        ("identity;q=0, gzip", True),
        ("identity;q=0, *", True),
        ("", False),
        ("identity", False),
        ("deflate, br", False),
        ("gzip;q=0", False),
        ("gzip;q=0.000", False),
        ("gzip;q=0, *", False),
        ("*;q=0", False),
        ("identity;q=0", False),
        ("identity;q=1, gzip;q=0.5", False),
        ("gzip;q=nonsense", False),
    ],
)
def test_gzip(accept_encoding: str, accepted: bool) -> None:
    """Gzip is used only where it is allowed and not liked less than no coding."""
    assert accepts_gzip(accept_encoding) is accepted


def test_content_types() -> None:
    """Prometheus parses by the exact type and version."""
    assert OPENMETRICS.value == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    assert TEXT.value == "text/plain; version=0.0.4; charset=utf-8"
