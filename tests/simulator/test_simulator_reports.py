"""Usage reports: which are there, for which days, and what is in the files."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest

from o365_exporter.simulator import Simulator, SimulatorError, SimulatorOptions, Tenant, TenantOptions
from o365_exporter.simulator.reports import REPORTS
from o365_exporter.simulator.throttle import Charge
from tests.fakes import FakeClock
from tests.simulator.support import GraphUser, in_process

EMAIL = "getEmailActivityUserDetail"
MAILBOXES = "getMailboxUsageDetail"
QUOTAS = "getMailboxUsageQuotaStatusMailboxCounts"
SKYPE = "getSkypeForBusinessActivityUserDetail"
TEAMS = "getTeamsUserActivityUserDetail"
TEAMS_DEVICES = "getTeamsDeviceUsageUserDetail"

DATED = [name for name, report in REPORTS.items() if report.dated]
COUNTS = {
    EMAIL: ["Send Count", "Receive Count", "Read Count", "Meeting Created Count"],
    SKYPE: ["Total Peer-to-peer Session Count", "Total Organized Conference Count", "Participated Conference IM Count"],
    TEAMS: ["Team Chat Message Count", "Private Chat Message Count", "Call Count", "Meeting Count"],
}
SUNDAY, THURSDAY = "2026-03-08", "2026-03-05"


def total(rows: list[dict[str, str]], column: str) -> int:
    """The sum of a column."""
    return sum(int(row[column]) for row in rows)


# What can be asked for --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("function", REPORTS)
async def test_a_report_is_a_redirect_to_a_csv_file(user: GraphUser, simulator: Simulator, function: str) -> None:
    """Graph answers 302 without a body, and the other origin gives octets: mark, CRLF, and cells as documented."""
    answer = await user.get(f"/v1.0/reports/{function}(period='D7')")
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (302, b"", "text/plain")
    location = answer.headers["location"]
    assert location.startswith(f"https://reports.office.com/data/v1.0/download/{function}/D7?token=")
    assert simulator.download_url == "https://reports.office.com"
    file = await user.http.get(location)
    assert (file.status_code, file.headers["content-type"]) == (200, "application/octet-stream")
    assert file.content.startswith(b"\xef\xbb\xbfReport Refresh Date,")
    assert file.content.endswith(b"7\r\n")
    width = len(REPORTS[function].columns)
    assert {len(row) for row in csv.reader(file.content.decode("utf-8-sig").splitlines(keepends=True))} == {width}


def test_headers_are_those_of_the_documented_functions(shared: Path) -> None:
    """Every column of each report, in order, and the arguments that it takes."""
    facts = json.loads((shared / "graph" / "reports.json").read_text("utf-8"))["reports"]
    known = {one["name"]: one for one in facts}
    for name, report in REPORTS.items():
        assert report.columns == tuple(column["name"] for column in known[name]["columns"]), name
        assert report.dated == ("date" in known[name]["parameters"]), name
        assert report.kind == known[name]["kind"], name


def test_headers_are_those_of_the_shared_samples(shared: Path) -> None:
    """Every shared CSV file of a report that there is here has the same first line, but for a column announced."""
    samples = {path.stem.removeprefix("synthetic-").removesuffix("-empty"): path for path in _samples(shared)}
    compared = {name: samples[name.lower()] for name in REPORTS if name.lower() in samples}
    assert len(compared) >= 4
    for name, path in compared.items():
        header = path.read_text("utf-8-sig").splitlines()[0].split(",")
        assert [column for column in header if column != "Recipient Type"] == list(REPORTS[name].columns)


def _samples(shared: Path) -> list[Path]:
    return list((shared / "graph" / "samples").glob("*.csv"))


@pytest.mark.parametrize(("period", "days"), [("D7", 7), ("D30", 30), ("D90", 90), ("D180", 180)])
async def test_periods(user: GraphUser, period: str, days: int) -> None:
    """A trend has a row for each day, the newest first; details say how many days they are about."""
    rows = await user.table(QUOTAS, f"period='{period}'")
    newest = date.fromisoformat(SUNDAY)
    assert [row["Report Date"] for row in rows] == [f"{newest - timedelta(days=n)}" for n in range(days)]
    assert {row["Report Period"] for row in [*rows, *await user.table(EMAIL, f"period='{period}'")]} == {str(days)}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (f"{EMAIL}(period='D8')", "Invalid period value specified: D8. Use one of D7, D30, D90, D180."),
        (f"{EMAIL}(period=D7)", "Invalid period value specified: D7. Use one of D7, D30, D90, D180."),
        (f"{EMAIL}()", "Exactly one of the parameters 'period' and 'date' must be given."),
        (EMAIL, "Exactly one of the parameters 'period' and 'date' must be given."),
        (
            f"{EMAIL}(period='D7',date={SUNDAY})",
            "Exactly one of the parameters 'period' and 'date' must be given.",
        ),
        (f"{EMAIL}(date='{SUNDAY}')", "Invalid date value specified: the format is YYYY-MM-DD, without quotes."),
        (f"{EMAIL}(date=yesterday)", "Invalid date value specified: the format is YYYY-MM-DD, without quotes."),
        (
            f"{EMAIL}(date=2026-02-09)",
            "Invalid date value specified: 2026-02-09. Only support data for the past 28 days.",
        ),
        (
            f"{EMAIL}(date=2026-03-09)",
            "Invalid date value specified: 2026-03-09. Only support data for the past 28 days.",
        ),
        (f"{MAILBOXES}(date={SUNDAY})", f"The function {MAILBOXES} has no parameter 'date'."),
        ("getNothing(period='D7')", "Resource not found for the segment 'getNothing'."),
        (f"{EMAIL}(period='D7')?$format=application/json", "The simulator gives reports as text/csv only."),
    ],
)
async def test_what_cannot_be_asked_for(user: GraphUser, call: str, message: str) -> None:
    """Unknown functions, periods and arguments, and days without data, are a 400 that says why."""
    answer = await user.get(f"/v1.0/reports/{call}")
    assert (answer.status_code, answer.json()["error"]["message"]) == (400, message)


async def test_the_oldest_and_the_newest_day(user: GraphUser) -> None:
    """Twenty-eight days back, and the refresh date itself; what is beyond has a code of its own."""
    assert (await user.report(EMAIL, "date=2026-02-10")).status_code == 200
    assert (await user.report(EMAIL, f"date={SUNDAY}")).status_code == 200
    refused = await user.get(f"/v1.0/reports/{EMAIL}(date=2026-02-09)")
    assert refused.json()["error"]["code"] == "InvalidArgument"


async def test_permissions(user: GraphUser, contoso: Tenant) -> None:
    """Reports and their settings each need a permission of their own."""
    contoso.withdraw(["Reports.Read.All"])
    refused = await user.get(f"/v1.0/reports/{EMAIL}(period='D7')")
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "S2SUnauthorized")
    assert (await user.get("/v1.0/admin/reportSettings")).status_code == 200
    contoso.grant(["Reports.Read.All"])
    contoso.withdraw(["ReportSettings.Read.All"])
    user.forget_token()
    assert (await user.get(f"/v1.0/reports/{EMAIL}(period='D7')")).status_code == 302
    refused = await user.get("/v1.0/admin/reportSettings")
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "UnknownError")
    assert json.loads(refused.json()["error"]["message"])["error"]["code"] == "S2SUnauthorized"
    assert (await user.get(f"/v1.0/reports/{EMAIL}(period='D7')", token="none")).status_code == 401


async def test_national_clouds_have_reports_in_beta_only(clock: FakeClock) -> None:
    """Their v1.0 knows neither the functions nor the settings; beta has both, and in the global cloud too."""
    options = [TenantOptions(key="contoso"), TenantOptions(key="fabrikam", cloud="china")]
    simulator = Simulator(clock, SimulatorOptions(tenants=tuple(options)))
    calls = (f"reports/{EMAIL}(period='D7')", "admin/reportSettings")
    seen = {}
    for tenant in simulator.tenants.values():
        async with in_process(simulator, tenant.cloud.graph) as http:
            user = GraphUser(http, tenant)
            user._token = (await user.sign_in(scope=f"{tenant.cloud.graph}/.default")).json()["access_token"]
            for version in ("v1.0", "beta"):
                answers = [await user.get(f"/{version}/{call}") for call in calls]
                seen[tenant.key, version] = [answer.status_code for answer in answers]
    assert seen == {
        ("contoso", "v1.0"): [302, 200],
        ("contoso", "beta"): [302, 200],
        ("fabrikam", "v1.0"): [404, 404],
        ("fabrikam", "beta"): [302, 200],
    }


async def test_each_function_may_be_asked_14_times_in_10_minutes(user: GraphUser, simulator: Simulator) -> None:
    """The fifteenth request is told when to come again; other functions have a limit of their own."""
    path = f"/v1.0/reports/{EMAIL}(period='D7')"
    for number in range(14):
        argument = f"(date={SUNDAY})" if number % 2 else "(period='D7')"
        assert (await user.get(f"/v1.0/reports/{EMAIL}{argument}")).status_code == 302
    refused = await user.get(path)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "600")
    assert (await user.get(f"/v1.0/reports/{TEAMS}(period='D7')")).status_code == 302
    simulator.advance(600)
    assert (await user.get(path)).status_code == 302


async def test_all_apps_of_a_tenant_share_40_requests(user: GraphUser, simulator: Simulator, contoso: Tenant) -> None:
    """What others ask for counts too."""
    path = f"/v1.0/reports/{EMAIL}(period='D7')"
    for number in range(39):
        charge = Charge(f"app {number % 3}", contoso.tenant_id, 250, "usage_reports", 1, function=EMAIL)
        assert not simulator.throttle.judge(charge, simulator.clock.now()).throttled
    assert (await user.get(path)).status_code == 302
    assert (await user.get(path)).status_code == 429


# Time ---------------------------------------------------------------------------------------------------------------


async def test_reports_are_two_days_old_and_refreshed_once_a_day(user: GraphUser, simulator: Simulator) -> None:
    """At noon the day before yesterday is the last one covered, for a day; some time in the night that changes."""
    seen = []
    for _ in range(48):
        user.forget_token()
        rows = await user.table(QUOTAS)
        assert {row["Report Refresh Date"] for row in rows} == {rows[0]["Report Date"]}
        seen.append(rows[0]["Report Date"])
        simulator.advance(3_600)
    assert seen[0] == "2026-03-08"
    assert seen[-1] == "2026-03-10"
    changes = [hour for hour in range(1, 48) if seen[hour] != seen[hour - 1]]
    assert [change - changes[0] for change in changes] == [0, 24]
    assert 2 <= (12 + changes[0]) % 24 <= 10


async def test_functions_are_refreshed_at_different_hours(simulator: Simulator, contoso: Tenant) -> None:
    """In the small hours some reports are a day ahead of others."""
    simulator.advance(18 * 3_600)
    assert {contoso.refresh_date(name).isoformat() for name in REPORTS} == {"2026-03-08", "2026-03-09"}


async def test_the_numbers_of_a_day_stay_when_time_moves(user: GraphUser, simulator: Simulator) -> None:
    """A day that is over is told in the same way from then on."""
    first = await user.table(EMAIL, f"date={SUNDAY}")
    simulator.advance(3 * 86_400)
    user.forget_token()
    later = await user.table(EMAIL, f"date={SUNDAY}")
    assert [{**row, "Report Refresh Date": ""} for row in first] == [
        {**row, "Report Refresh Date": "", "Is Deleted": old["Is Deleted"], "Deleted Date": old["Deleted Date"]}
        for row, old in zip(later, first, strict=True)
    ]


# Contents -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("function", COUNTS)
async def test_a_week_is_the_sum_of_its_days(user: GraphUser, function: str) -> None:
    """Whoever adds up seven one-day reports gets the D7 report, person by person."""
    week = {row["User Principal Name"]: row for row in await user.table(function)}
    days: dict[str, Counter[str]] = {}
    for back in range(7):
        day = date.fromisoformat(SUNDAY) - timedelta(days=back)
        for row in await user.table(function, f"date={day}"):
            mine = days.setdefault(row["User Principal Name"], Counter())
            mine.update({column: int(row[column]) for column in COUNTS[function]})
    assert days.keys() < week.keys()
    for name, row in week.items():
        expected = days.get(name, Counter())
        assert [int(row[column]) for column in COUNTS[function]] == [expected[column] for column in COUNTS[function]]


@pytest.mark.parametrize("function", DATED)
async def test_one_day_has_rows_of_those_who_were_active_alone(user: GraphUser, function: str) -> None:
    """D7 has everybody; a weekday has some 60 % of them, a Sunday some 11 %."""
    week, weekday, sunday = [
        await user.table(function, one) for one in ("period='D7'", f"date={THURSDAY}", f"date={SUNDAY}")
    ]
    assert 0.5 < len(weekday) / len(week) < 0.7
    assert 0.05 < len(sunday) / len(week) < 0.2
    assert {row["Report Period"] for row in week} == {"7"}
    assert {row["Report Period"] for row in weekday} == {"1"}
    assert {row["Last Activity Date"] for row in weekday} == {THURSDAY}
    name = "Owner Principal Name" if "Owner Principal Name" in week[0] else "User Principal Name"
    assert {row[name] for row in week if row["Last Activity Date"] == SUNDAY} == {row[name] for row in sunday}


@pytest.mark.parametrize(
    "function", ["getOneDriveUsageAccountCounts", "getOneDriveUsageFileCounts", "getOneDriveUsageStorage"]
)
async def test_trends_of_onedrive_have_a_row_for_all_after_that_of_onedrive(user: GraphUser, function: str) -> None:
    """Two rows a day, the newest first, and the first of them is the smaller one: `All` is what to take."""
    rows = await user.table(function)
    (column,) = {"Total", "Storage Used (Byte)"} & rows[0].keys()
    assert [row["Site Type"] for row in rows] == ["OneDrive", "All"] * 7
    assert [row["Report Date"] for row in rows[:3]] == [SUNDAY, SUNDAY, "2026-03-07"]
    assert all(int(one[column]) < int(every[column]) for one, every in zip(rows[::2], rows[1::2], strict=True))


async def test_the_week_has_inactive_and_deleted_people(user: GraphUser) -> None:
    """Some were never active, some not for long, and some were deleted in the last 30 days."""
    rows = await user.table(EMAIL)
    assert len(rows) == 250
    activity = [row["Last Activity Date"] for row in rows]
    assert 10 < activity.count("") < 50
    assert sum("" < day < "2026-02-08" for day in activity) > 10
    deleted = [row for row in rows if row["Is Deleted"] == "True"]
    assert 3 <= len(deleted) <= 15
    assert all("2026-02-06" < row["Deleted Date"] <= SUNDAY for row in deleted)
    assert all(row["Last Activity Date"] < row["Deleted Date"] for row in deleted)
    assert {row["Deleted Date"] for row in rows if row["Is Deleted"] == "False"} == {""}


@pytest.mark.parametrize("users", [1, 2, 3])
async def test_the_smallest_tenant_has_activity_on_every_day(clock: FakeClock, users: int) -> None:
    """Somebody works on Sundays too, with every service."""
    simulator = Simulator(clock, SimulatorOptions.many(1, users=users))
    async with in_process(simulator) as http:
        user = GraphUser(http, simulator.tenants["contoso"])
        for function in DATED:
            assert len(await user.table(function, f"date={SUNDAY}")) >= 1


async def test_a_tenant_without_users_has_header_only(clock: FakeClock) -> None:
    """No people, no rows; trends have zeros."""
    simulator = Simulator(clock, SimulatorOptions.many(1, users=0))
    async with in_process(simulator) as http:
        user = GraphUser(http, simulator.tenants["contoso"])
        assert await user.table(EMAIL) == []
        assert (await user.table(QUOTAS))[0]["Under Limit"] == "0"


async def test_numbers_agree_within_a_row(user: GraphUser) -> None:
    """Sums are the sums of their parts, and durations are told twice."""
    for row in await user.table(SKYPE):
        parts = ("IM", "Audio", "Video", "App Sharing", "File Transfer")
        assert int(row["Total Peer-to-peer Session Count"]) == sum(
            int(row[f"Peer-to-peer {one} Count"]) for one in parts
        )
        assert (row["Organized Conference Last Activity Date"] == "") == (
            row["Total Organized Conference Count"] == "0"
        )
    for row in await user.table(TEAMS):
        assert int(row["Meeting Count"]) == int(row["Meetings Organized Count"]) + int(row["Meetings Attended Count"])
        assert _seconds(row["Audio Duration"]) == int(row["Audio Duration In Seconds"])
    assert total(await user.table(TEAMS, f"date={THURSDAY}"), "Meeting Count") > 100


def _seconds(duration: str) -> int:
    match = re.fullmatch(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?", duration)
    assert match
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return hours * 3_600 + minutes * 60 + seconds


async def test_mailboxes_are_of_every_quota_status(user: GraphUser) -> None:
    """The details count up to the newest row of the trend; the trend changes from day to day."""
    trend = await user.table(QUOTAS)
    counted = Counter(_status(row) for row in await user.table(MAILBOXES))
    names = ("Under Limit", "Warning Issued", "Send Prohibited", "Send/Receive Prohibited", "Indeterminate")
    assert {name: int(trend[0][name]) for name in names} == dict(counted)
    assert len(counted) == 5
    assert len({row["Warning Issued"] for row in trend}) > 1
    assert {sum(int(row[name]) for name in names) for row in trend} == {250}


def _status(row: dict[str, str]) -> str:
    used, limit = row["Storage Used (Byte)"], row["Prohibit Send/Receive Quota (Byte)"]
    if not used or not limit:
        return "Indeterminate"
    for column, status in (
        ("Prohibit Send/Receive Quota (Byte)", "Send/Receive Prohibited"),
        ("Prohibit Send Quota (Byte)", "Send Prohibited"),
        ("Issue Warning Quota (Byte)", "Warning Issued"),
    ):
        if int(used) > int(row[column]):
            return status
    return "Under Limit"


async def test_mailboxes_have_empty_cells(user: GraphUser) -> None:
    """Some have no storage and no item count, others no quotas; activity is that of mail."""
    rows = await user.table(MAILBOXES)
    without = [row for row in rows if row["Storage Used (Byte)"] == ""]
    assert without
    assert {row["Item Count"] for row in without} == {""}
    assert any(row["Issue Warning Quota (Byte)"] == "" for row in rows)
    active = {row["User Principal Name"] for row in rows if row["Last Activity Date"] == SUNDAY}
    assert active == {row["User Principal Name"] for row in await user.table(EMAIL, f"date={SUNDAY}")}


async def test_names_need_care(user: GraphUser) -> None:
    """Commas, quotes and line breaks within names, letters beyond ASCII, and no address twice."""
    rows = await user.table(EMAIL)
    names = [row["Display Name"] for row in rows]
    for sign in (",", '"', "\n"):
        assert any(sign in name for name in names), sign
    assert any(not name.isascii() for name in names)
    addresses = {row["User Principal Name"] for row in rows}
    assert len(addresses) == 250
    assert all(re.fullmatch(r"[a-z]+\.[a-z]+\d+@contoso\.onmicrosoft\.com", one) for one in addresses)
    ids = {row["User Id"] for row in await user.table(TEAMS_DEVICES)}
    assert all(re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}", one) for one in ids)


async def test_a_name_of_the_tenant_with_a_comma_and_per_cent(clock: FakeClock) -> None:
    """What an organization is called does no harm to its file."""
    one = TenantOptions(key="contoso", display_name='Rowe, "Ångström" & 100 % Söhne', users=5)
    simulator = Simulator(clock, SimulatorOptions(tenants=(one,)))
    async with in_process(simulator) as http:
        rows = await GraphUser(http, simulator.tenants["contoso"]).table(TEAMS)
    assert {row["Tenant Display Name"] for row in rows} == {one.display_name}


async def test_equal_seeds_give_equal_files(user: GraphUser, clock: FakeClock) -> None:
    """And other tenants' files differ."""
    mine = (await user.report(EMAIL)).content
    twins = Simulator(clock, SimulatorOptions.many(2))
    async with in_process(twins) as http:
        contoso, fabrikam = [(await GraphUser(http, one).report(EMAIL)).content for one in twins.tenants.values()]
    assert contoso == mine
    assert fabrikam != mine


async def test_a_row_does_not_depend_on_how_many_there_are(user: GraphUser, clock: FakeClock) -> None:
    """A tenant of twice the size begins with the same rows."""
    small = (await user.report(EMAIL)).content
    large = Simulator(clock, SimulatorOptions.many(1, users=500))
    async with in_process(large) as http:
        assert (await GraphUser(http, large.tenants["contoso"]).report(EMAIL)).content.startswith(small)


# What may be odd ----------------------------------------------------------------------------------------------------


async def test_concealed_names(user: GraphUser, contoso: Tenant) -> None:
    """Names become 32 hexadecimal digits, always the same for the same person; numbers stay; the setting tells."""
    open_ = await user.table(EMAIL)
    contoso.conceal_names()
    hidden, teams = await user.table(EMAIL), await user.table(TEAMS)
    for row in hidden:
        assert re.fullmatch(r"[0-9A-F]{32}", row["User Principal Name"])
        assert re.fullmatch(r"[0-9A-F]{32}", row["Display Name"])
    assert len({row["User Principal Name"] for row in hidden}) == 250
    assert {row["User Principal Name"] for row in teams} < {row["User Principal Name"] for row in hidden}
    assert all(re.fullmatch(r"[0-9A-F]{32}", row["User Id"]) for row in teams)
    assert [row["Send Count"] for row in hidden] == [row["Send Count"] for row in open_]
    assert (await user.json("/v1.0/admin/reportSettings"))["displayConcealedNames"] is True
    contoso.conceal_names(concealed=False)
    assert await user.table(EMAIL) == open_


async def test_the_settings_have_two_shapes(user: GraphUser, simulator: Simulator, shared: Path) -> None:
    """The object itself, or wrapped as in the example of Microsoft's page."""
    plain = await user.json("/v1.0/admin/reportSettings")
    assert plain["displayConcealedNames"] is False
    simulator.switch(report_settings="wrapped")
    wrapped = await user.json("/v1.0/admin/reportSettings")
    sample = json.loads((shared / "graph" / "samples" / "admin-reportsettings.json").read_text("utf-8"))
    assert wrapped == {"value": {**sample["value"], "displayConcealedNames": False}}


@pytest.mark.parametrize(
    ("spelling", "deleted", "device"),
    [
        ("mixed", {"True", "False"}, {"Yes", "No"}),
        ("true_false", {"True", "False"}, {"True", "False"}),
        ("yes_no", {"Yes", "No"}, {"Yes", "No"}),
        ("lower_case", {"true", "false"}, {"true", "false"}),
    ],
)
async def test_booleans(
    user: GraphUser, simulator: Simulator, spelling: str, deleted: set[str], device: set[str]
) -> None:
    """Every spelling that was seen."""
    simulator.switch(report_booleans=spelling)
    rows = await user.table(TEAMS_DEVICES)
    assert {row["Is Deleted"] for row in rows} == deleted
    assert {row["Used Windows"] for row in rows} == device


async def test_dates_with_time(user: GraphUser, simulator: Simulator) -> None:
    """Every date cell may have a time; empty ones stay empty."""
    simulator.switch(report_dates="date_and_time")
    rows = await user.table(MAILBOXES)
    assert {row["Report Refresh Date"] for row in rows} == {"2026-03-08T00:00:00"}
    assert {len(row["Last Activity Date"]) for row in rows} == {0, 19}


async def test_columns_in_another_order_missing_new_and_twice(user: GraphUser, contoso: Tenant) -> None:
    """Each mood of each function on its own; without keys the columns are as documented again."""
    usual = await user.table(EMAIL)
    contoso.set_report_columns(EMAIL, reverse=True)
    turned = await user.table(EMAIL)
    assert list(turned[0]) == list(reversed(usual[0]))
    assert turned == usual
    contoso.set_report_columns("getEmail*", missing=["Read Count"], added=["Recipient Type"], duplicated=["Send Count"])
    header = (await user.report(EMAIL)).text.splitlines()[0].split(",")
    assert header[-3:] == ["Report Period", "Recipient Type", "Send Count"]
    assert "Read Count" not in header
    row = (await user.table(EMAIL))[0]
    assert row["Recipient Type"] == "new, since today"
    assert row["Send Count"] == usual[0]["Send Count"]
    assert "Read Count" not in (await user.table(TEAMS))[0]
    contoso.set_report_columns(EMAIL)
    assert await user.table(EMAIL) == usual


async def test_unknown_reports_cannot_be_changed(contoso: Tenant) -> None:
    """A misspelt name is told, with those that there are."""
    with pytest.raises(SimulatorError, match=f"no report is called 'getMail'; there are {EMAIL}, "):
        contoso.set_report_state("getMail", "empty")


# Trends -----------------------------------------------------------------------------------------------------------

SAME_BY_DAY = {
    "getEmailActivityCounts": (EMAIL, {"Send": "Send Count", "Receive": "Receive Count", "Read": "Read Count"}),
    "getTeamsUserActivityCounts": (
        TEAMS,
        {
            "Team Chat Messages": "Team Chat Message Count",
            "Private Chat Messages": "Private Chat Message Count",
            "Calls": "Call Count",
            "Meetings": "Meeting Count",
            "Audio Duration": "Audio Duration In Seconds",
        },
    ),
    "getTeamsDeviceUsageUserCounts": (
        TEAMS_DEVICES,
        {kind: f"Used {kind}" for kind in ("Web", "iOS", "Windows", "Linux")},
    ),
}


@pytest.mark.parametrize(("trend", "detail", "columns"), [(name, *same) for name, same in SAME_BY_DAY.items()])
async def test_a_trend_has_the_sums_of_the_days_when_they_were_new(
    user: GraphUser, clock: FakeClock, trend: str, detail: str, columns: dict[str, str]
) -> None:
    """What the one-day file of the refresh date added up to on each of five days is what the trend says of these."""
    seen = {}
    for _ in range(5):
        user.forget_token()
        (day,) = {row["Report Refresh Date"] for row in await user.table(trend)}
        rows = await user.table(detail, f"date={day}")
        seen[day] = {
            ours: sum(int({"Yes": 1, "No": 0}.get(r[of], r[of])) for r in rows) for ours, of in columns.items()
        }
        await clock.advance(86_400)
    user.forget_token()
    told = {row["Report Date"]: {ours: int(row[ours]) for ours in columns} for row in await user.table(trend)}
    assert {day: told[day] for day in seen} == seen
    assert len(seen) == 5
    assert len({str(values) for values in seen.values()}) == 5
