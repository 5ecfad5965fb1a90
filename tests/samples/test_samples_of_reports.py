"""Microsoft's samples of usage reports, from the redirect to the last number."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from o365_exporter.metrics import Metric
from o365_exporter.reports import Count, Measure, Report, Sum, usage_collector
from o365_exporter.source import Collector
from tests.conftest import SHARED
from tests.graph.world import GRAPH, Microsoft, microsoft
from tests.samples.watching import Watch, answer, watching

EMAIL = "getEmailActivityUserDetail"
FILES = "https://reports.office.com/data/download/"
FOLDER = SHARED / "graph" / "samples"
COUNTED = Metric("o365_sample", "Number of rows of a sample.")


@pytest.fixture
def world() -> Iterator[Microsoft]:
    """A Microsoft that answers what a test tells it to."""
    with microsoft() as fake:
        yield fake


def give(world: Microsoft, function: str, week: httpx.Response, day: httpx.Response | None = None) -> None:
    """Let Graph point to these files for a function, each at an address of its own."""
    for form, file in (("(period='D7')", week), ("(date=", day)):
        if file is not None:
            address = f"{FILES}{sha256(f'{function}{form}'.encode()).hexdigest()}"  # it names nothing, as Microsoft's
            redirect = httpx.Response(302, headers={"Location": address})
            world.graph(f"/reports/{function}{form}").mock(return_value=redirect)
            world.router.get(address).mock(return_value=file)


def header(file: httpx.Response) -> httpx.Response:
    """The header of a file, without a row."""
    return httpx.Response(200, content=file.content.partition(b"\n")[0] + b"\n")


def values(watch: Watch, source: str) -> dict[str, float]:
    """Series and value but for those about the report; the tenant's label left out."""
    lines = (line.rsplit(" ", 1) for line in watch.lines(source) if not line.startswith("o365_report_"))
    return {
        name.replace('{tenant="contoso"}', "").replace(',tenant="contoso"', ""): float(value) for name, value in lines
    }


async def test_report_redirect(world: Microsoft, shared: Path) -> None:
    """The address of Microsoft's own example is asked as it stands, without the token and without a further header."""
    world.graph("/reports/").mock(return_value=answer(shared, "report-redirect-302.json"))
    route = world.router.get(f"{FILES}JDFKdf2_eJXKS034dbc7e0t__XDe")
    route.mock(return_value=answer(shared, "getemailactivityuserdetail.csv"))
    async with watching("exchange_usage") as watch:
        await watch.poll()
    assert watch.told("email_activity") == ("ok", "")
    asked = [call.request for call in route.calls]
    assert asked
    usual = {"host", "accept", "user-agent", "accept-encoding", "connection"}
    assert {name for request in asked for name in request.headers} == usual


async def test_emails(world: Microsoft, shared: Path) -> None:
    """One person in seven days; on the refresh date the same person, with 86 sent, 3198 received and 388 read."""
    file = answer(shared, "getemailactivityuserdetail.csv")
    give(world, EMAIL, file, file)
    async with watching("exchange_usage") as watch:
        await watch.poll()
    assert values(watch, "email_activity") == {
        "o365_exchange_email_users": 1,
        "o365_exchange_email_deleted_users": 0,
        "o365_exchange_email_active_users": 1,
        'o365_exchange_emails{action="sent"}': 86,
        'o365_exchange_emails{action="received"}': 3198,
        'o365_exchange_emails{action="read"}': 388,
    }
    day = world.graph(f"/reports/{EMAIL}(date=").calls.last.request
    assert str(day.url) == f"{GRAPH}/reports/{EMAIL}(date=2017-09-01)"
    about = watch.lines("email_activity", "o365_report_refresh_timestamp_seconds", "o365_report_missing_columns")
    assert {line.rsplit(" ", 1)[1] for line in about} == {"0.0", "1.504224e+09"}


async def test_mailboxes(world: Microsoft, shared: Path) -> None:
    """Four mailboxes with quoted names, of which none was active on the refresh date itself; deleted ones count."""
    give(world, "getMailboxUsageDetail", answer(shared, "synthetic-getmailboxusagedetail.csv"))
    async with watching("exchange_usage") as watch:
        await watch.poll()
    assert values(watch, "mailbox_usage") == {
        'o365_exchange_mailboxes{activity="active"}': 0,
        'o365_exchange_mailboxes{activity="inactive"}': 4,
        'o365_exchange_mailbox_storage_bytes{activity="active"}': 0,
        'o365_exchange_mailbox_storage_bytes{activity="inactive"}': 12884901888 + 52828097740 + 53687091200,
        'o365_exchange_deleted_mailboxes{activity="active"}': 0,
        'o365_exchange_deleted_mailboxes{activity="inactive"}': 1,
        'o365_exchange_deleted_mailbox_storage_bytes{activity="active"}': 0,
        'o365_exchange_deleted_mailbox_storage_bytes{activity="inactive"}': 0,
    }


async def test_skype(world: Microsoft, shared: Path) -> None:
    """One person with 12 sessions; 1 conference attended and none organized."""
    file = answer(shared, "getskypeforbusinessactivityuserdetail.csv")
    give(world, "getSkypeForBusinessActivityUserDetail", file, file)
    async with watching("skype_usage") as watch:
        await watch.poll()
    assert values(watch, "users_activity") == {
        "o365_skype_users": 1,
        "o365_skype_deleted_users": 0,
        "o365_skype_active_users": 1,
        "o365_skype_peer_to_peer_sessions": 12,
        'o365_skype_conferences{role="organized"}': 0,
        'o365_skype_conferences{role="participated"}': 1,
    }


async def test_skype_without_rows(world: Microsoft, shared: Path) -> None:
    """A header and nothing else is no data: neither zeros nor a failure."""
    file = "synthetic-getskypeforbusinessactivityuserdetail-empty.csv"
    give(world, "getSkypeForBusinessActivityUserDetail", answer(shared, file))
    async with watching("skype_usage") as watch:
        await watch.poll()
    assert watch.told("users_activity") == (
        "no_data",
        "The report getSkypeForBusinessActivityUserDetail has a header and no rows.",
    )
    assert watch.lines("users_activity") == []
    assert watch["users_activity"].succeeded


async def test_teams_devices(world: Microsoft, shared: Path) -> None:
    """True and False in place of Yes and No: one person with two devices, active on a day whose file has no rows."""
    file = answer(shared, "getteamsdeviceusageuserdetail.csv")
    give(world, "getTeamsDeviceUsageUserDetail", file, header(file))
    async with watching("teams_usage") as watch:
        await watch.poll()
    assert values(watch, "devices_usage") == {"o365_teams_devices": 2}
    assert watch["devices_usage"].left_out == 1


async def test_teams_devices_on_a_day_without_anybody(world: Microsoft, shared: Path) -> None:
    """The same day without rows is zeros once the week says that nobody was active on it."""
    file = answer(shared, "getteamsdeviceusageuserdetail.csv")
    idle = httpx.Response(200, content=file.content.replace(b"value,2017-09-01", b"value,2017-08-30"))
    give(world, "getTeamsDeviceUsageUserDetail", idle, header(file))
    async with watching("teams_usage") as watch:
        await watch.poll()
    found = values(watch, "devices_usage")
    assert found.pop("o365_teams_devices") == 2
    assert set(found.values()) == {0}
    assert len(found) == 9


async def test_a_trend_over_seven_days(world: Microsoft, shared: Path) -> None:
    """A further report is a further row: of a trend the newest day counts."""
    sent = Metric("o365_sent", "Number of messages sent.")
    row = Report("counts", "getEmailActivityCounts", newest=(Measure(sent, Sum("Send")),), users="")
    give(world, row.function, answer(shared, "synthetic-getemailactivitycounts.csv"))
    async with watching("trend", usage_collector("trend", "How much mail?", (row,))) as watch:
        await watch.poll()
    assert values(watch, "counts") == {"o365_sent": 100}


async def test_names_are_concealed_by_a_setting(world: Microsoft, shared: Path) -> None:
    """The setting is read although the page wraps it, and is the tenant's word on its names."""
    world.graph("/admin/reportSettings").mock(return_value=answer(shared, "admin-reportsettings.json"))
    async with watching("report_settings") as watch:
        await watch.poll()
        assert watch.about("o365_report_names_concealed") == ['o365_report_names_concealed{tenant="contoso"} 1.0']
    assert watch.told("settings") == ("ok", "")


def function_of(entry: dict[str, dict[str, str]]) -> str:
    """The function that a sample answers."""
    return entry["request"]["path"].removeprefix("/reports/").partition("(")[0]


def report_files() -> list[tuple[str, str]]:
    """Every CSV sample, and its function."""
    if not FOLDER.is_dir():
        return []
    index = json.loads((FOLDER / "index.json").read_text("utf-8"))["samples"]
    return [(entry["file"], function_of(entry)) for entry in index if entry["file"].endswith(".csv")]


@pytest.mark.parametrize(("file", "function"), report_files())
async def test_every_report_file(world: Microsoft, shared: Path, file: str, function: str) -> None:
    """Whatever report it is, a row that counts is enough to read it; rows and refresh date are as csv reads them."""
    row = Report("any", function, population=(Measure(COUNTED, Count()),), users="")
    collector: Collector = usage_collector("any_report", "What is in a sample?", (row,))
    give(world, function, answer(shared, file))
    async with watching("any_report", collector) as watch:
        await watch.poll()
    rows = list(csv.DictReader(io.StringIO((FOLDER / file).read_text("utf-8-sig"))))
    assert watch["any"].state == ("ok" if rows else "no_data")
    assert values(watch, "any") == ({"o365_sample": len(rows)} if rows else {})
    if rows:
        assert f"{watch['any'].records.week.refreshed}" == rows[0]["Report Refresh Date"]
