"""What stops nobody and is told all the same."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from o365_exporter.checking.doubts import concealed, doubts_of
from o365_exporter.checking.report import TokenCheck
from o365_exporter.login import CLOUDS
from o365_exporter.reports import Setting, Usage
from tests.fakes import NOON

TENANT: Any = SimpleNamespace(name="contoso", cloud=CLOUDS["global"])
TOKEN = TokenCheck(app="x", setting="certificate_file /run/own.pem")
DAY = 86400.0


def usage(day: date, *, hashes: bool | None = None) -> Usage:
    """A report that covers the days until this one."""
    week: Any = SimpleNamespace(refreshed=day, concealed=hashes)
    return Usage(week, None)


@pytest.mark.parametrize(
    ("days", "told"),
    [
        (31, []),
        (29, ["The credential of tenant contoso (certificate_file /run/own.pem) ends at 2026-04-08 12:00 UTC."]),
    ],
)
def test_a_credential_that_ends_soon(days: int, told: list[str]) -> None:
    """It is told a month before, whatever kind it is."""
    token = TokenCheck(app="x", setting=TOKEN.setting, credential_ends=NOON + days * DAY)
    assert [doubt.message for doubt in doubts_of(TENANT, token, None, {}, NOON)] == told


def test_reports_that_are_old() -> None:
    """Two to three days are usual; what is five days old is named."""
    records = {"a/usual": usage(date(2026, 3, 6)), "b/old": usage(date(2026, 3, 5)), "c/none": None}
    (doubt,) = doubts_of(TENANT, TOKEN, None, records, NOON)
    assert doubt.message == "Reports of tenant contoso are 5 days old or older: b/old."


@pytest.mark.parametrize(
    ("records", "told"),
    [
        ({}, None),
        ({"a": usage(date.min)}, None),
        ({"a": usage(date.min, hashes=False), "b": usage(date.min, hashes=True)}, True),
        ({"a": Setting(names_concealed=False), "b": usage(date.min, hashes=True)}, False),
    ],
)
def test_names_are_concealed(records: dict[str, Any], told: bool | None) -> None:
    """The tenant's setting tells, else the names seen; where nobody does it is not known."""
    assert concealed(records) is told
