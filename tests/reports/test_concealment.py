"""Whether a tenant conceals the names in its reports, told once of all that is known of it."""

from __future__ import annotations

from datetime import date

import pytest

from o365_exporter.reports import CONCEALMENT, Setting, Usage
from o365_exporter.reports.recipes import Folded
from tests.stubs import derived_text


def named(*, concealed: bool | None) -> Usage:
    """The records of a report whose names are hashes, or not, or were not read."""
    return Usage(Folded(date(2026, 3, 8), 1, (), {}, {}, 0, concealed, ""), None)


@pytest.mark.parametrize(
    ("records", "told"),
    [
        ([], []),
        (["of another kind"], []),
        ([named(concealed=None)], []),
        ([named(concealed=None), named(concealed=False)], ["0.0"]),
        ([named(concealed=False), named(concealed=True)], ["1.0"]),
        ([named(concealed=True), Setting(names_concealed=False)], ["0.0"]),
        ([named(concealed=False), Setting(names_concealed=True)], ["1.0"]),
    ],
)
def test_concealed_names_are_told_once_for_each_tenant(records: list[object], told: list[str]) -> None:
    """By the tenant's setting where it is known, else by the names seen in any report, else not at all."""
    assert [line.split()[-1] for line in derived_text(CONCEALMENT, *records).splitlines()] == told
