"""The work file: what was read is not asked for again, and nothing that cannot be trusted is believed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from o365_exporter.backfill import Part, WorkFile, WorkFileError, make_plan
from o365_exporter.commands.simulate import environment_of
from o365_exporter.graph import Remembered
from o365_exporter.graph.budget import Use
from o365_exporter.reports.trends import Days
from o365_exporter.settings import load
from o365_exporter.simulator import Simulator
from tests.fakes import NOON, FakeClock

DAYS = Days(date(2026, 3, 8), NOON, {"o365_exchange_emails sent": {date(2026, 3, 8): 7.0}}, ("Read",), 1, "it is odd")
HOUR = 3_600.0


@pytest.fixture
def parts() -> tuple[Part, ...]:
    """What there is to read of a tenant."""
    environ = environment_of(Simulator(FakeClock()), "http://127.0.0.1:365")
    return make_plan(load(None, environ).tenants).parts


@pytest.fixture
def part(parts: tuple[Part, ...]) -> Part:
    """The trend of mail."""
    return next(part for part in parts if part.history.name == "getEmailActivityCounts")


def test_what_was_read_is_there_in_the_next_run(tmp_path: Path, part: Part) -> None:
    """With the time at which the first run began, and what was used of Microsoft's limits."""
    output, use = tmp_path / "history.om", Use("usage_reports", 600, "getX", "/reports/getX", NOON, 3)
    with WorkFile.opened(output, NOON) as work:
        assert (work.is_resumed, part in work, work.limits("contoso")) == (False, False, Remembered())
        work.add(part, DAYS)
        work.note_limits("contoso", Remembered(uses=(use,)))
    with WorkFile.opened(output, NOON + HOUR) as work:
        assert (work.is_resumed, work.started_at, part in work) == (True, NOON, True)
        assert (work.records(part), work.limits("contoso").uses) == (DAYS, (use,))
        work.forget()
    assert list(tmp_path.iterdir()) == []


def test_others_may_not_read_it(tmp_path: Path) -> None:
    """It is of this user alone."""
    with WorkFile.opened(tmp_path / "x", NOON) as work:
        assert work.path.stat().st_mode & 0o777 == 0o600


def test_that_there_is_nothing_is_asked_again(tmp_path: Path, part: Part) -> None:
    """It may have been mended since; within a run it is known."""
    with WorkFile.opened(tmp_path / "x", NOON) as work:
        work.add_nothing(part, "No rows.")
        assert (part in work, work.nothing(part), work.records(part)) == (True, "No rows.", None)
    with WorkFile.opened(tmp_path / "x", NOON) as work:
        assert (part in work, work.nothing(part)) == (False, "")


Spoil = Callable[[bytes], bytes]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[:-1],
        lambda text: text[: -len(text) // 3],
        lambda text: text + b'{"key": ["contoso"',
        lambda text: text + b"\0\0\0\0",
        lambda text: text + b"[]\n",
        lambda text: text + b'{"tenant": "contoso", "limits": 3}\n',
    ],
    ids=["no line end", "cut", "a half line", "zeros", "no object", "no limits"],
)
def test_a_torn_end_costs_itself(tmp_path: Path, parts: tuple[Part, ...], spoil: Spoil) -> None:
    """What was written before it is good, what is added later too."""
    first, second, third, *_ = (each for each in parts if each.history.form is Days)
    with WorkFile.opened(tmp_path / "x", NOON) as work:
        work.add(first, DAYS)
        work.add(second, DAYS)
        path = work.path
    path.write_bytes(spoil(path.read_bytes()))
    with WorkFile.opened(tmp_path / "x", NOON) as work:
        assert (work.records(first), work.is_resumed, third in work) == (DAYS, True, False)
        assert work.records(second) in (DAYS, None)
        work.add(third, DAYS)
    with WorkFile.opened(tmp_path / "x", NOON) as work:
        assert (work.records(first), work.records(third)) == (DAYS, DAYS)


@pytest.mark.parametrize(
    ("key", "value"), [("started_at", NOON - 25 * HOUR), ("started_at", NOON + 1), ("version", "0")]
)
def test_what_is_too_old_or_of_another_version_is_dropped(tmp_path: Path, part: Part, key: str, value: Any) -> None:
    """It would leave a gap, or mean something else; that is said."""
    with WorkFile.opened(tmp_path / "x", NOON) as work:
        work.add(part, DAYS)
        path = work.path
    first, _, rest = path.read_text("utf-8").partition("\n")
    path.write_text(f"{json.dumps(json.loads(first) | {key: value})}\n{rest}", "utf-8")
    with WorkFile.opened(tmp_path / "x", NOON) as work:
        assert (work.is_resumed, work.has_begun_anew, work.started_at, part in work) == (False, True, NOON, False)


def test_another_file_is_left_alone(tmp_path: Path) -> None:
    """Somebody's file that has the name by chance."""
    other = tmp_path / "x.work"
    other.write_text("mine\n", "utf-8")
    with pytest.raises(WorkFileError, match="is another file; move it away"), WorkFile.opened(tmp_path / "x", NOON):
        pass
    assert other.read_text("utf-8") == "mine\n"


def test_two_runs_for_one_output(tmp_path: Path) -> None:
    """The second one is refused."""
    with WorkFile.opened(tmp_path / "x", NOON), pytest.raises(WorkFileError, match="another backfill writes"):  # noqa: SIM117 - the order matters
        with WorkFile.opened(tmp_path / "x", NOON):
            pass


def test_records_belong_to_a_tenant_and_not_to_its_name(tmp_path: Path, part: Part) -> None:
    """A tenant that has the name of another has none of its records."""
    other = replace(part, tenant=replace(part.tenant, tenant_id="another"))
    with WorkFile.opened(tmp_path / "x", NOON) as work:
        work.add(part, DAYS)
        assert (part in work, other in work) == (True, False)
