"""What stops nobody and is told all the same."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from o365_exporter.checking.doubts import concealed, doubts_of
from o365_exporter.checking.report import TokenCheck
from o365_exporter.filters import Filter
from o365_exporter.login import CLOUDS
from o365_exporter.reports import PerUserOptions, Setting, Usage, UsageOptions
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


@pytest.mark.parametrize(
    ("options", "hidden", "told"),
    [
        ({}, True, None),
        ({"users": Filter(include=("@contoso",))}, False, None),
        ({"users": Filter(include=("@contoso",))}, True, "collectors.teams_usage.users matches nobody"),
        ({"users": Filter(exclude=("@contoso",))}, True, "collectors.teams_usage.users leaves out nobody"),
        (
            {"users": Filter(include=("@contoso",)), "per_user": PerUserOptions(enabled=True)},
            True,
            "collectors.teams_usage.users matches nobody; "
            "collectors.teams_usage.per_user serves hashes in place of persons",
        ),
    ],
)
def test_concealed_names_where_names_are_needed(options: dict[str, Any], hidden: bool, told: str | None) -> None:
    """What chooses or shows persons by name is named with where the names are shown; totals alone need no word."""
    collectors = {"teams_usage": UsageOptions(**options)}
    tenant: Any = SimpleNamespace(name="contoso", cloud=CLOUDS["global"], collectors=collectors)
    records = {"teams_usage/users_activity": usage(date(2026, 3, 8), hashes=hidden)}
    found = list(doubts_of(tenant, TOKEN, None, records, NOON))
    if told is None:
        assert found == []
        return
    (doubt,) = found
    assert doubt.message == f"As long as names are concealed in tenant contoso, {told}."
    assert doubt.remedies == (
        "An administrator of the tenant shows the names: Microsoft 365 admin center > Settings > Org settings > "
        "Services > Reports, untick 'Display concealed user, group, and site names in all reports'. Else remove what "
        "chooses by name.",
    )
