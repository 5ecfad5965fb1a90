"""The usage collectors: the same numbers as the Centreon plugins on the same files, and what goes beyond them."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr

from o365_exporter.collectors import exchange_usage, skype_usage, teams_usage
from o365_exporter.errors import (
    AuthError,
    NetworkError,
    NoData,
    PermissionMissingError,
    PollError,
    UnexpectedAnswerError,
    Unsupported,
)
from o365_exporter.filters import Filter
from o365_exporter.reports import PerUserOptions, Usage, UsageOptions
from o365_exporter.source import Source
from tests.reports.files import REFRESHED, File, ReportGraph, csv_of, polled
from tests.stubs import text_of

EMAIL = "getEmailActivityUserDetail"
EMAIL_HEADER = (
    "Report Refresh Date,User Principal Name,Display Name,Is Deleted,Deleted Date,Last Activity Date,"
    "Send Count,Receive Count,Read Count,Assigned Products,Report Period"
)
MAILBOX = "getMailboxUsageDetail"
MAILBOX_HEADER = (
    "Report Refresh Date,User Principal Name,Is Deleted,Last Activity Date,Item Count,Storage Used (Byte),Report Period"
)
QUOTA = "getMailboxUsageQuotaStatusMailboxCounts"
QUOTA_HEADER = (
    "Report Refresh Date,Under Limit,Warning Issued,Send Prohibited,Send/Receive Prohibited,Indeterminate,"
    "Report Date,Report Period"
)
SKYPE = "getSkypeForBusinessActivityUserDetail"
SKYPE_HEADER = (
    "Report Refresh Date,User Principal Name,Last Activity Date,Total Peer-to-peer Session Count,"
    "Total Organized Conference Count,Total Participated Conference Count,Report Period"
)
SKYPE_DEVICES = "getSkypeForBusinessDeviceUsageUserDetail"
SKYPE_DEVICES_HEADER = (
    "Report Refresh Date,User Principal Name,Last Activity Date,Used Windows,Used Windows Phone,Used Android Phone,"
    "Used iPhone,Used iPad,Report Period"
)
TEAMS = "getTeamsUserActivityUserDetail"
TEAMS_HEADER = (
    "Report Refresh Date,User Id,User Principal Name,Team Chat Message Count,Private Chat Message Count,Call Count,"
    "Meeting Count,Report Period"
)
TEAMS_DEVICES = "getTeamsDeviceUsageUserDetail"
TEAMS_DEVICES_HEADER = (
    "Report Refresh Date,User Id,User Principal Name,Used Web,Used Windows Phone,Used iOS,Used Mac,Used Android Phone,"
    "Used Windows,Used Chrome OS,Used Linux,Report Period"
)
PRODUCTS = '"OFFICE 365 E5, TEAMS"'


def source(module: Any, name: str, **options: Any) -> Source[Usage]:
    """The source of a collector's report with these options."""
    chosen = module.COLLECTOR.options(**options)
    return next(each for each in module.COLLECTOR.sources(chosen) if each.name == name)


def email_row(user: str, sent: int, received: int, read: int, period: int, *, deleted: bool = False) -> list[object]:
    """A row of the email report."""
    return [REFRESHED, user, user, deleted, "", REFRESHED, sent, received, read, PRODUCTS, period]


def email_files(week: int = 4, day: tuple[int, int, int] = (3, 7, 5)) -> ReportGraph:
    """The oracle's population of four, one of them deleted, of whom one was active."""
    rows = [email_row(f"user{n}", 50, 60, 70, 7, deleted=n == 3) for n in range(week)]
    return ReportGraph(
        {
            f"{EMAIL} D7": csv_of(EMAIL_HEADER, *rows),
            f"{EMAIL} {REFRESHED}": csv_of(EMAIL_HEADER, email_row("user0", *day, 1)),
        }
    )


def values_of(text: str, *, without: str = "o365_report_") -> dict[str, float]:
    """Series and value; the tenant's label left out."""
    lines = [line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith(without)]
    short = {name.replace(',tenant="contoso"', "").replace('{tenant="contoso"}', ""): value for name, value in lines}
    return {name: float(value) for name, value in short.items()}


async def test_oracle_of_the_original_on_email() -> None:
    """compat: four rows in seven days, one deleted, one active with 3/7/5 on the day: 1 of 4, 3, 7, 5."""
    email = source(exchange_usage, "email_activity")
    records = await polled(email, email_files())
    assert text_of(email, records) == (
        'o365_exchange_email_active_users{tenant="contoso"} 1.0\n'
        'o365_exchange_email_deleted_users{tenant="contoso"} 1.0\n'
        'o365_exchange_email_users{tenant="contoso"} 4.0\n'
        'o365_exchange_emails{action="read",tenant="contoso"} 5.0\n'
        'o365_exchange_emails{action="received",tenant="contoso"} 7.0\n'
        'o365_exchange_emails{action="sent",tenant="contoso"} 3.0\n'
        'o365_report_missing_columns{period="D7",report="getEmailActivityUserDetail",tenant="contoso"} 0.0\n'
        'o365_report_missing_columns{period="day",report="getEmailActivityUserDetail",tenant="contoso"} 0.0\n'
        'o365_report_refresh_timestamp_seconds{period="D7",report="getEmailActivityUserDetail",tenant="contoso"} '
        "1.7731008e+09\n"
        'o365_report_refresh_timestamp_seconds{period="day",report="getEmailActivityUserDetail",tenant="contoso"} '
        "1.7731008e+09\n"
        'o365_report_rows{period="D7",report="getEmailActivityUserDetail",tenant="contoso"} 4.0\n'
        'o365_report_rows{period="day",report="getEmailActivityUserDetail",tenant="contoso"} 1.0\n'
    )


async def test_the_seeds_example_on_email() -> None:
    """compat: 141 of 1532 active, 9478 sent, 62197 received, 24401 read."""
    graph = email_files(week=1532)
    totals = {"sent": 9478, "received": 62197, "read": 24401}
    sent, received, read = ([total // 141 + (n < total % 141) for n in range(141)] for total in totals.values())
    active = [email_row(f"user{n}", sent[n], received[n], read[n], 1) for n in range(141)]
    graph.files[f"{EMAIL} {REFRESHED}"] = csv_of(EMAIL_HEADER, *active)
    email = source(exchange_usage, "email_activity")
    assert values_of(text_of(email, await polled(email, graph))) == {
        "o365_exchange_email_active_users": 141,
        "o365_exchange_email_users": 1532,
        "o365_exchange_email_deleted_users": 1,
        'o365_exchange_emails{action="sent"}': 9478,
        'o365_exchange_emails{action="received"}': 62197,
        'o365_exchange_emails{action="read"}': 24401,
    }


async def test_a_filtered_user_who_is_not_active_gives_active_0_of_1() -> None:
    """compat: the filter changes population and totals alike, as the plugin's does."""
    graph = email_files()
    graph.files[f"{EMAIL} D7"] = csv_of(EMAIL_HEADER, email_row("alice", 0, 0, 0, 7), email_row("BOB", 0, 0, 0, 7))
    email = source(exchange_usage, "email_activity", users=Filter(include=("bob",)))
    records = await polled(email, graph)
    values = values_of(text_of(email, records))
    assert values["o365_exchange_email_active_users"] == 0
    assert values["o365_exchange_email_users"] == 1
    assert records.week.rows == 2, "rows are those of the file, whatever the filter says"


async def test_oracle_of_the_original_on_mailboxes() -> None:
    """compat: active is last activity on the refresh date; the others' storage is inactive; only D7 is asked for."""
    rows = [
        [REFRESHED, "a", "False", REFRESHED, 10, 96_000_000_000, 7],
        [REFRESHED, "b", "False", "2026-03-08", 20, 99_000_000_000, 7],
        [REFRESHED, "c", "False", f"{REFRESHED}T00:00:00Z", 30, 1000, 7],
        [REFRESHED, "d", "True", "", "", "", 7],
    ]
    graph = ReportGraph({f"{MAILBOX} D7": csv_of(MAILBOX_HEADER, *rows)})
    mailboxes = source(exchange_usage, "mailbox_usage")
    assert values_of(text_of(mailboxes, await polled(mailboxes, graph))) == {
        'o365_exchange_mailboxes{activity="active"}': 2,
        'o365_exchange_mailboxes{activity="inactive"}': 2,
        'o365_exchange_mailbox_storage_bytes{activity="active"}': 96_000_001_000,
        'o365_exchange_mailbox_storage_bytes{activity="inactive"}': 99_000_000_000,
        'o365_exchange_deleted_mailboxes{activity="active"}': 0,
        'o365_exchange_deleted_mailboxes{activity="inactive"}': 1,
        'o365_exchange_deleted_mailbox_storage_bytes{activity="active"}': 0,
        'o365_exchange_deleted_mailbox_storage_bytes{activity="inactive"}': 0,
    }
    assert graph.asked == [f"{MAILBOX} D7"]
    assert [endpoint.route for endpoint in mailboxes.endpoints] == [f"/reports/{MAILBOX}(period='{{period}}')"]


async def test_quota_status_is_that_of_the_newest_day_wherever_it_stands() -> None:
    """The row with the greatest Report Date counts, not the first."""
    rows = [[REFRESHED, n, n + 1, n + 2, n + 3, n + 4, day, 7] for n, day in ((10, "2026-03-08"), (90, REFRESHED))]
    quota = source(exchange_usage, "mailbox_quota")
    records = await polled(quota, ReportGraph({f"{QUOTA} D7": csv_of(QUOTA_HEADER, *rows)}))
    statuses = ("under_limit", "warning_issued", "send_prohibited", "send_receive_prohibited", "indeterminate")
    assert values_of(text_of(quota, records)) == {
        f'o365_exchange_mailboxes_by_quota_status{{quota_status="{status}"}}': 90 + position
        for position, status in enumerate(statuses)
    }


async def test_oracle_of_the_original_on_skype_users() -> None:
    """compat: two rows in seven days, one on the day with 2/3/4: 1 of 2, p2p 2, organised 3, participated 4."""
    graph = ReportGraph(
        {
            f"{SKYPE} D7": csv_of(SKYPE_HEADER, *([REFRESHED, user, REFRESHED, 9, 9, 9, 7] for user in "ab")),
            f"{SKYPE} {REFRESHED}": csv_of(SKYPE_HEADER, [REFRESHED, "a", REFRESHED, 2, 3, 4, 1]),
        }
    )
    users = source(skype_usage, "users_activity")
    assert values_of(text_of(users, await polled(users, graph))) == {
        "o365_skype_active_users": 1,
        "o365_skype_users": 2,
        "o365_skype_peer_to_peer_sessions": 2,
        'o365_skype_conferences{role="organized"}': 3,
        'o365_skype_conferences{role="participated"}': 4,
    }


async def test_oracle_of_the_original_on_skype_devices() -> None:
    """compat: flags 2, 2 and 0 in seven days, Windows alone on the day: 1 of 4, Windows 1, the others 0."""
    week = [("Yes", "No", "Yes", "No", "No"), ("No", "Yes", "No", "No", "True"), ("No",) * 5]
    graph = ReportGraph(
        {
            f"{SKYPE_DEVICES} D7": csv_of(SKYPE_DEVICES_HEADER, *([REFRESHED, "u", "", *flags, 7] for flags in week)),
            f"{SKYPE_DEVICES} {REFRESHED}": csv_of(
                SKYPE_DEVICES_HEADER, [REFRESHED, "u", REFRESHED, "Yes", "No", "No", "No", "No", 1]
            ),
        }
    )
    devices = source(skype_usage, "devices_usage")
    assert values_of(text_of(devices, await polled(devices, graph))) == {
        "o365_skype_active_devices": 1,
        "o365_skype_devices": 4,
        'o365_skype_device_users{device="windows"}': 1,
        'o365_skype_device_users{device="windows_phone"}': 0,
        'o365_skype_device_users{device="android_phone"}': 0,
        'o365_skype_device_users{device="iphone"}': 0,
        'o365_skype_device_users{device="ipad"}': 0,
    }


async def test_the_seeds_example_on_skype() -> None:
    """compat: 0 of 1 active on 2020-09-27: a day without rows is zero, since the week has some."""
    graph = ReportGraph(
        {
            f"{SKYPE_DEVICES} D7": csv_of(
                SKYPE_DEVICES_HEADER, ["2020-09-27", "u", "", "Yes", "No", "No", "No", "No", 7]
            ),
            f"{SKYPE_DEVICES} 2020-09-27": csv_of(SKYPE_DEVICES_HEADER),
        }
    )
    devices = source(skype_usage, "devices_usage")
    values = values_of(text_of(devices, await polled(devices, graph)))
    assert values.pop("o365_skype_devices") == 1
    assert set(values.values()) == {0}


async def test_teams_users_and_all_device_columns() -> None:
    """The same rules as Skype; Chrome OS and Linux count, which the plugin leaves out."""
    graph = ReportGraph(
        {
            f"{TEAMS} D7": csv_of(TEAMS_HEADER, *([REFRESHED, "i", user, 9, 9, 9, 9, 7] for user in "abc")),
            f"{TEAMS} {REFRESHED}": csv_of(TEAMS_HEADER, [REFRESHED, "i", "a", 1, 2, 3, 4, 1]),
            f"{TEAMS_DEVICES} D7": csv_of(TEAMS_DEVICES_HEADER, [REFRESHED, "i", "a", *["Yes"] * 8, 7]),
            f"{TEAMS_DEVICES} {REFRESHED}": csv_of(
                TEAMS_DEVICES_HEADER, [REFRESHED, "i", "a", "Yes", "No", "No", "No", "No", "Yes", "Yes", "No", 1]
            ),
        }
    )
    users, devices = source(teams_usage, "users_activity"), source(teams_usage, "devices_usage")
    assert values_of(text_of(users, await polled(users, graph))) == {
        "o365_teams_users": 3,
        "o365_teams_active_users": 1,
        'o365_teams_messages{kind="team"}': 1,
        'o365_teams_messages{kind="private"}': 2,
        "o365_teams_calls": 3,
        "o365_teams_meetings": 4,
    }
    values = values_of(text_of(devices, await polled(devices, graph)))
    assert (values["o365_teams_devices"], values["o365_teams_active_devices"]) == (8, 3)
    assert {name for name, value in values.items() if value == 1} == {
        f'o365_teams_device_users{{device="{device}"}}' for device in ("web", "windows", "chrome_os")
    }


async def test_nothing_is_downloaded_twice_for_one_refresh_date() -> None:
    """At the second poll the week's first row is read and the file closed, and the day is not asked for at all."""
    rows = [email_row(f"user{n}", 1, 1, 1, 7) for n in range(20_000)]
    week = File(csv_of(EMAIL_HEADER, *rows))
    graph = email_files()
    graph.files[f"{EMAIL} D7"] = week
    email = source(exchange_usage, "email_activity")
    first = await polled(email, graph)
    assert sum(week.read) == len(week.body)
    week.read.clear()
    second = await polled(email, graph, first)
    assert second == first
    assert week.read == [65536], "one piece holds the first row"
    assert graph.asked == [f"{EMAIL} D7", f"{EMAIL} {REFRESHED}", f"{EMAIL} D7"]


async def test_an_unchanged_file_is_told_by_its_etag() -> None:
    """Where the conditional request is honoured, not even the first row is read."""
    graph = email_files()
    graph.files[f"{EMAIL} D7"] = File(csv_of(EMAIL_HEADER, email_row("u", 1, 1, 1, 7)), etag='"v1"')
    email = source(exchange_usage, "email_activity")
    first = await polled(email, graph)
    unchanged = graph.files[f"{EMAIL} D7"] = File(b"", etag='"v1"', unchanged=True)
    assert await polled(email, graph, first) == first
    assert graph.etags == ["", "", '"v1"']
    assert unchanged.read == []


async def test_a_new_refresh_date_is_read_whole() -> None:
    """When Microsoft has refreshed, week and day are read anew."""
    graph = email_files()
    email = source(exchange_usage, "email_activity")
    first = await polled(email, graph)
    newer = ["2026-03-11", "u", "u", "False", "", "", 0, 0, 0, PRODUCTS, 7]
    graph.files[f"{EMAIL} D7"] = csv_of(EMAIL_HEADER, newer)
    graph.files[f"{EMAIL} 2026-03-11"] = csv_of(EMAIL_HEADER)
    values = values_of(text_of(email, await polled(email, graph, first)))
    assert (values["o365_exchange_email_users"], values["o365_exchange_email_active_users"]) == (1, 0)


def idle_row(user: str) -> list[object]:
    """A row of somebody who was last active before the refresh date."""
    return [REFRESHED, user, user, "False", "", "2026-03-01", 0, 0, 0, PRODUCTS, 7]


async def test_a_day_without_rows_is_asked_for_again() -> None:
    """The one-day file may come later than the week's; until it has rows nobody was active, where the week says so."""
    graph = email_files()
    graph.files[f"{EMAIL} D7"] = csv_of(EMAIL_HEADER, idle_row("ann"), idle_row("bob"))
    graph.files[f"{EMAIL} {REFRESHED}"] = csv_of(EMAIL_HEADER)
    email = source(exchange_usage, "email_activity")
    first = await polled(email, graph)
    graph.files[f"{EMAIL} {REFRESHED}"] = csv_of(EMAIL_HEADER, email_row("user0", 3, 7, 5, 1))
    second = await polled(email, graph, first)
    active = [values_of(text_of(email, found))["o365_exchange_email_active_users"] for found in (first, second)]
    assert active == [0, 1]


async def test_a_day_that_fails_does_not_cost_the_week_again() -> None:
    """While the one-day file cannot be had, the 7-day file is not downloaded at every try."""
    graph = email_files()
    week = File(csv_of(EMAIL_HEADER, *(email_row(f"user{n}", 1, 1, 1, 7) for n in range(20_000))))
    good, graph.files[f"{EMAIL} {REFRESHED}"] = graph.files[f"{EMAIL} {REFRESHED}"], NetworkError("no")
    graph.files[f"{EMAIL} D7"] = week
    email = source(exchange_usage, "email_activity")
    unfinished = None
    for _ in range(3):
        with pytest.raises(NetworkError) as failed:
            await polled(email, graph, unfinished)
        unfinished = failed.value.unfinished
    assert sum(week.read) == len(week.body) + 2 * 65536
    graph.files[f"{EMAIL} {REFRESHED}"] = good
    records = await polled(email, graph, unfinished)
    assert records.week.rows == 20_000
    assert records.day is not None


async def test_columns_in_any_order_and_number() -> None:
    """Reordered, new and doubled columns change nothing."""
    header = (
        "Extra,Report Period,Read Count,Receive Count,Send Count,User Principal Name,Report Refresh Date,Send Count"
    )
    rows = [["x", 7, 5, 7, 3, "u", REFRESHED, 99]]
    graph = ReportGraph({f"{EMAIL} D7": csv_of(header, *rows), f"{EMAIL} {REFRESHED}": csv_of(header, *rows)})
    email = source(exchange_usage, "email_activity")
    assert values_of(text_of(email, await polled(email, graph)))['o365_exchange_emails{action="sent"}'] == 3


async def test_a_missing_column_costs_its_series_and_is_counted() -> None:
    """What would be made of it is absent and not zero, and a remark names it."""
    graph = email_files()
    header = EMAIL_HEADER.replace("Read Count,", "")
    graph.files[f"{EMAIL} {REFRESHED}"] = csv_of(header, [REFRESHED, "u", "u", "", "", REFRESHED, 3, 7, PRODUCTS, 1])
    email = source(exchange_usage, "email_activity")
    records = await polled(email, graph)
    text = text_of(email, records)
    assert 'action="read"' not in text
    assert 'o365_exchange_emails{action="sent",tenant="contoso"} 3.0' in text
    assert f'o365_report_missing_columns{{period="day",report="{EMAIL}",tenant="contoso"}} 1.0' in text
    assert list(email.remarks(records)) == [
        f"The report {EMAIL} (day) lacks the columns Read Count; what is made of them is absent."
    ]


@pytest.mark.parametrize(
    ("body", "error", "complaint"),
    [
        (csv_of(EMAIL_HEADER), NoData, f"The report {EMAIL} has a header and no rows."),
        (b"", UnexpectedAnswerError, "The report has an empty body, without even a header."),
        (b"\xef\xbb\xbf\r\n", UnexpectedAnswerError, "The report has an empty body, without even a header."),
        (b"<html>Sign in</html>", UnexpectedAnswerError, "A web page came in place of a report"),
        (b"id,name\r\n1,2\r\n", UnexpectedAnswerError, "lacks the column Report Refresh Date"),
        (
            csv_of(EMAIL_HEADER, [REFRESHED, "u"]),
            UnexpectedAnswerError,
            "1 of the 1 rows of the report cannot be used; the first, because it has 2 cells under 11 columns.",
        ),
        (
            csv_of(EMAIL_HEADER, ["", *"abcdefghij"]),
            UnexpectedAnswerError,
            "1 of the 1 rows of the report cannot be used; the first, because it has no Report Refresh Date.",
        ),
    ],
)
async def test_bodies_that_are_no_report_are_told_apart(body: bytes, error: type[Exception], complaint: str) -> None:
    """Header only, empty, a web page, a wrong header and ragged rows each have a state or sentence of their own."""
    with pytest.raises(error, match=complaint.replace("(", r"\(")):
        await polled(source(exchange_usage, "email_activity"), ReportGraph({f"{EMAIL} D7": body}))


@pytest.mark.parametrize("status", [400, 404])
async def test_the_retired_product_is_unsupported_where_graph_knows_it_no_more(status: int) -> None:
    """A 400 or 404 for Skype is a state and no failure; for any other report it stays a failure."""
    gone = UnexpectedAnswerError("no such thing", status=status, code="UnknownError")
    with pytest.raises(Unsupported, match="the product is retired"):
        await polled(source(skype_usage, "users_activity"), ReportGraph({f"{SKYPE} D7": gone}))
    with pytest.raises(UnexpectedAnswerError):
        await polled(source(teams_usage, "users_activity"), ReportGraph({f"{TEAMS} D7": gone}))


@pytest.mark.parametrize(
    "error",
    [
        PermissionMissingError("no role", status=403, code="Authorization_RequestDenied"),
        AuthError("no such app", status=400, code="AADSTS700016"),
        UnexpectedAnswerError("a web page of a proxy", status=404),
    ],
)
async def test_other_failures_of_the_retired_product_are_failures(error: PollError) -> None:
    """A missing permission, a refused login and a proxy's page are not hidden behind the retirement."""
    with pytest.raises(type(error)):
        await polled(source(skype_usage, "users_activity"), ReportGraph({f"{SKYPE} D7": error}))


async def test_national_clouds_need_a_word_on_their_hosts() -> None:
    """Without report_hosts the state is unsupported, with a sentence; with them Graph's beta is asked."""
    files = {
        f"{EMAIL} D7": csv_of(EMAIL_HEADER, email_row("u", 1, 1, 1, 7)),
        f"{EMAIL} {REFRESHED}": csv_of(EMAIL_HEADER),
    }
    graph = ReportGraph(files, cloud="us_gov_l4")
    email = source(exchange_usage, "email_activity")
    with pytest.raises(Unsupported, match="name them in report_hosts to have the reports"):
        await polled(email, graph)
    graph.may_download = True
    await polled(email, graph)
    assert graph.versions == ["beta", "beta"]


async def test_persons_have_series_only_where_somebody_chose_them() -> None:
    """Off by default; include chooses who, and changes no total."""
    graph = email_files()
    graph.files[f"{EMAIL} {REFRESHED}"] = csv_of(
        EMAIL_HEADER, *(email_row(user, 1, 2, 3, 1) for user in ("ann", "bob"))
    )
    off = source(exchange_usage, "email_activity")
    assert "user=" not in text_of(off, await polled(off, graph))
    on = source(exchange_usage, "email_activity", per_user=PerUserOptions(enabled=True, include=("ann",)))
    text = text_of(on, await polled(on, graph))
    assert 'o365_exchange_user_emails{action="received",tenant="contoso",user="ann"} 2.0' in text
    assert "bob" not in text
    assert 'o365_exchange_emails{action="received",tenant="contoso"} 4.0' in text


async def test_persons_beyond_the_limit_are_cut_and_counted() -> None:
    """Of five persons three are served, and six series were cut."""
    graph = email_files()
    graph.files[f"{EMAIL} {REFRESHED}"] = csv_of(EMAIL_HEADER, *(email_row(user, 1, 2, 3, 1) for user in "abcde"))
    email = source(exchange_usage, "email_activity", per_user=PerUserOptions(enabled=True, limit=3))
    records = await polled(email, graph)
    assert text_of(email, records).count("o365_exchange_user_emails") == 9
    assert email.dropped(records) == 6


async def test_names_can_be_keyed_hashes() -> None:
    """With a key the label is a HMAC that another key does not give; the name is nowhere."""
    rows = [[REFRESHED, "Ann@contoso.com", "False", REFRESHED, 10, 500, 7]]
    labels = set()
    for key in ("one", "two"):
        persons = PerUserOptions(enabled=True, hash_key=SecretStr(key))
        mailboxes = source(exchange_usage, "mailbox_usage", per_user=persons)
        records = await polled(mailboxes, ReportGraph({f"{MAILBOX} D7": csv_of(MAILBOX_HEADER, *rows)}))
        text = text_of(mailboxes, records)
        assert "contoso.com" not in text
        assert "contoso.com" not in repr(records)
        labels |= set(records.week.each)
    assert len(labels) == 2
    assert all(len(label) == 32 for label in labels)


@pytest.mark.parametrize("name", ["ann@contoso.com", "Ann@Contoso.com", "ANN@CONTOSO.COM"])
def test_a_person_keeps_its_hash_whatever_the_capitals(name: str) -> None:
    """Microsoft's files spell one person now so, now so; the digest is what `openssl dgst -sha256 -hmac one` gives."""
    assert PerUserOptions(hash_key=SecretStr("one")).label(name) == "449d9bcaf9edb9dd3cf9676d08f204f4"


async def test_concealed_names_are_recognised() -> None:
    """Hashes of 32 hexadecimal digits in place of names are seen, and filters and persons say so."""
    graph = email_files()
    rows = [email_row(f"{n:032X}", 1, 1, 1, 7) for n in range(3)]
    graph.files[f"{EMAIL} D7"] = graph.files[f"{EMAIL} {REFRESHED}"] = csv_of(EMAIL_HEADER, *rows)
    options = {"users": Filter(exclude=("bob",)), "per_user": PerUserOptions(enabled=True)}
    email = source(exchange_usage, "email_activity", **options)
    records = await polled(email, graph)
    assert records.names_concealed
    assert list(email.remarks(records)) == [
        f"The names in {EMAIL} are concealed, so the filter on names sees hashes.",
        f"The names in {EMAIL} are concealed: the series of single persons carry hashes.",
    ]
    plain = await polled(source(exchange_usage, "email_activity"), email_files())
    assert plain.names_concealed is False


@pytest.mark.parametrize(("names", "concealed"), [(["A" * 32], True), (["A" * 32, "ann"], False), ([""], None)])
async def test_most_names_decide(names: list[str], concealed: bool | None) -> None:
    """One hash alone is enough, one of two is not, and a report without names says nothing."""
    rows = [[REFRESHED, name, "False", REFRESHED, 1, 1, 7] for name in names]
    mailboxes = source(exchange_usage, "mailbox_usage", per_user=PerUserOptions(enabled=True))
    records = await polled(mailboxes, ReportGraph({f"{MAILBOX} D7": csv_of(MAILBOX_HEADER, *rows)}))
    assert records.names_concealed is concealed


async def test_a_filter_on_names_needs_the_column_of_names() -> None:
    """Without it nobody could be told apart, and a total of everybody would be shown as that of a few."""
    header = EMAIL_HEADER.replace("User Principal Name", "Somebody")
    graph = ReportGraph({f"{EMAIL} D7": csv_of(header, email_row("u", 1, 1, 1, 7))})
    with pytest.raises(UnexpectedAnswerError, match="lacks the column User Principal Name"):
        await polled(source(exchange_usage, "email_activity", users=Filter(include=("u",))), graph)


async def test_a_report_without_any_column_that_is_read_is_another_report() -> None:
    """That nothing at all can be made of a file is a failure, and not a report that is well."""
    graph = ReportGraph({f"{QUOTA} D7": csv_of(EMAIL_HEADER, email_row("u", 1, 1, 1, 7))})
    with pytest.raises(UnexpectedAnswerError, match="lacks every column that is read; it begins 'report refresh date"):
        await polled(source(exchange_usage, "mailbox_quota"), graph)


async def test_mailboxes_have_a_filter_of_their_own() -> None:
    """FILTERMAILBOX and FILTERUSER of the seeds are two settings."""
    rows = [[REFRESHED, user, "False", REFRESHED, 10, 500, 7] for user in ("ann", "bob")]
    graph = ReportGraph({f"{MAILBOX} D7": csv_of(MAILBOX_HEADER, *rows)})
    options = {"users": Filter(include=("nobody",)), "mailboxes": Filter(include=("ann",))}
    mailboxes = source(exchange_usage, "mailbox_usage", **options)
    values = values_of(text_of(mailboxes, await polled(mailboxes, graph)))
    assert values['o365_exchange_mailboxes{activity="active"}'] == 1


def test_teams_usage_is_rows_and_nothing_else() -> None:
    """Adding a report is adding a row: the module has no class and no function of its own."""
    own = [value for value in vars(teams_usage).values() if getattr(value, "__module__", "") == teams_usage.__name__]
    assert own == []
    assert teams_usage.COLLECTOR.options is UsageOptions
