"""Usage reports from a simulated Microsoft 365, by the real client, collectors and scheduler."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random
from typing import Any
from unittest.mock import patch

import httpx
import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from o365_exporter.catalogue import all_collectors, all_derived
from o365_exporter.filters import Filter
from o365_exporter.graph import GraphClient
from o365_exporter.http import ConnectionOptions, Http, open_http
from o365_exporter.http.client import Stream
from o365_exporter.login import CLOUDS, CredentialOptions
from o365_exporter.reports import PerUserOptions, Usage, UsageOptions
from o365_exporter.scheduler import Job, Scheduler, Tenant
from o365_exporter.simulator import Simulator, SimulatorOptions, TenantOptions
from o365_exporter.simulator import Tenant as SimulatedTenant
from o365_exporter.source import Source
from o365_exporter.store import Key, Store
from o365_exporter.telemetry import TenantFacts
from tests.app.rig import polling, rig, small
from tests.fakes import FakeClock
from tests.graph.simulated import client_of
from tests.graph.world import ImpatientClock

USAGE = ("exchange_usage", "skype_usage", "teams_usage", "report_settings")
EMAIL = "getEmailActivityUserDetail"
MAILBOX = "getMailboxUsageDetail"
QUOTA = "getMailboxUsageQuotaStatusMailboxCounts"
HOURS = 3600.0


@dataclass
class Site:
    """A tenant whose usage reports are polled."""

    simulator: Simulator
    clock: ImpatientClock
    tenant: Tenant
    scheduler: Scheduler
    store: Store
    graph: GraphClient
    logs: list[Any]

    @property
    def microsoft(self) -> SimulatedTenant:
        """The tenant in the simulator."""
        return self.simulator.tenants["contoso"]

    async def poll(self, after: float = 0.0) -> None:
        """Poll every source once; ``after`` so many hours."""
        self.clock.pass_time(after * HOURS)
        await self.scheduler.run_once([self.tenant])

    def told(self, collector: str, source: str) -> tuple[str, str]:
        """State and sentence of a source."""
        poll = self.store[Key("contoso", collector, source)]
        return poll.state, poll.message

    def states(self) -> set[str]:
        """The states of all sources."""
        return {poll.state for poll in self.store.of("contoso").values()}

    def page(self) -> str:
        """Everything that is served about the tenant."""
        blocks = [poll.rendered for poll in self.store.of("contoso").values()]
        return b"".join(
            block for rendered in (self.store.about("contoso"), *blocks) for block in rendered.values()
        ).decode()

    def values(self, beginning: str) -> dict[str, float]:
        """Series that begin so, without their tenant, and their values."""
        lines = (line.rsplit(" ", 1) for line in self.page().splitlines() if line.startswith(beginning))
        return {
            name.replace('{tenant="contoso"}', "").replace(',tenant="contoso"', ""): float(value)
            for name, value in lines
        }

    def downloads(self, function: str = "*") -> list[int | None]:
        """The status of every download of a function's files."""
        return [one.status for one in self.simulator.requests.find(f"/data/*/{function}/*")]


@asynccontextmanager
async def reports(
    *, collectors: tuple[str, ...] = USAGE, settings: dict[str, Any] | None = None, **options: Any
) -> AsyncIterator[Site]:
    """A tenant with these collectors, over real sockets.

    Args:
        collectors: those that poll.
        settings: of each of them.
        options: of the tenant in the simulator.
    """
    clock = ImpatientClock()
    simulator = Simulator(clock, _simulated(options))
    async with simulator.serve() as url, open_http(ConnectionOptions()) as http:
        graph = _client(simulator, http, clock, url)
        yield _site(simulator, clock, graph, collectors, settings or {})


@asynccontextmanager
async def in_cloud(cloud: str, *report_hosts: str) -> AsyncIterator[Site]:
    """A tenant of a cloud at that cloud's own addresses; all requests stay in this process."""
    clock = ImpatientClock()
    simulator = Simulator(clock, _simulated({"cloud": cloud}))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(simulator.app)) as client:
        http = Http(client, ConnectionOptions(report_hosts=report_hosts))
        graph = _client(simulator, http, clock, None)
        yield _site(simulator, clock, graph, USAGE, {})


def _simulated(options: dict[str, Any]) -> SimulatorOptions:
    usual = {"key": "contoso", "applications": 20, "issues": 10, "users": 300}
    return SimulatorOptions(tenants=(TenantOptions.model_validate(usual | options),))


def _client(simulator: Simulator, http: Http, clock: ImpatientClock, url: str | None) -> GraphClient:
    tenant = simulator.tenants["contoso"]
    return GraphClient(
        tenant_name="contoso",
        tenant_id=tenant.tenant_id,
        cloud=CLOUDS[next(name for name, cloud in CLOUDS.items() if cloud.graph == tenant.cloud.graph)],
        credential=CredentialOptions(client_id=tenant.client_id, client_secret=SecretStr(tenant.client_secret)),
        http=http,
        clock=clock,
        login_url=url,
        graph_url=url,
    )


def _site(
    simulator: Simulator, clock: ImpatientClock, graph: GraphClient, names: tuple[str, ...], settings: dict[str, Any]
) -> Site:
    store = Store()
    jobs = tuple(
        Job(Key("contoso", name, source.name), source, 100_000)
        for name in names
        for source in all_collectors()[name].sources(all_collectors()[name].options(**settings))
    )
    tenant = Tenant(TenantFacts("contoso", graph.identity.tenant_id, graph.identity.cloud), graph, jobs)
    scheduler = Scheduler(store, clock, Random(1), all_derived())  # noqa: S311 - jitter
    scheduler.watch([tenant])
    return Site(simulator, clock, tenant, scheduler, store, graph, [])


@pytest.fixture
def read() -> Iterator[list[int]]:
    """The size of every piece that is read of a report file."""
    sizes: list[int] = []
    pieces = Stream.pieces

    async def counted(stream: Stream) -> AsyncIterator[bytes]:
        async for piece in pieces(stream):
            if "etag" in stream.headers:
                sizes.append(len(piece))
            yield piece

    with patch.object(Stream, "pieces", counted):
        yield sizes


# The numbers ------------------------------------------------------------------------------------------------------


async def raw(site: Site, form: str) -> list[dict[str, str]]:
    """A report's rows as anybody would download them: ``NAME(period='D7')`` or ``NAME(date=…)``."""
    graph = f"{site.graph._root}/v1.0/reports/{form}"
    async with httpx.AsyncClient() as http:
        redirect = await http.get(graph, headers={"Authorization": f"Bearer {await site.graph.auth.token()}"})
        file = await http.get(redirect.headers["location"])
    return list(csv.DictReader(io.StringIO(file.content.decode("utf-8-sig"), newline="")))


async def as_the_plugins(site: Site, function: str) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """Rows that make up the total and rows that are active, told apart by Report Period as the plugins do."""
    week = await raw(site, f"{function}(period='D7')")
    day = await raw(site, f"{function}(date={week[0]['Report Refresh Date'][:10]})")
    rows = [*week, *day]
    total = [row for row in rows if int(row["Report Period"]) != 1]
    return total, [row for row in rows if int(row["Report Period"]) == 1]


def added(rows: list[dict[str, str]], column: str) -> int:
    """The sum of a column; empty is 0."""
    return sum(int(row[column] or 0) for row in rows)


def deleted(rows: list[dict[str, str]]) -> int:
    """How many of them are of what is deleted."""
    return sum(row["Is Deleted"].lower() in ("yes", "true") or bool(row["Deleted Date"]) for row in rows)


def as_label(column: str) -> str:
    """The text of a header as the value of a label."""
    return column.lower().replace(" ", "_").replace("/", "_")


def yes(rows: list[dict[str, str]], *columns: str) -> int:
    """How many cells of these columns say yes."""
    return sum(row[column].lower() in ("yes", "true") for row in rows for column in columns)


async def test_the_numbers_of_exchange_are_those_of_an_independent_count() -> None:
    """compat: email by the plugins' algorithm, mailboxes by the refresh date, quota status of the newest day."""
    async with reports(users=700) as site:
        await site.poll()
        total, active = await as_the_plugins(site, EMAIL)
        assert 0 < len(active) < len(total) == 700
        assert site.values("o365_exchange_email") == {
            "o365_exchange_email_users": len(total),
            "o365_exchange_email_deleted_users": deleted(total),
            "o365_exchange_email_active_users": len(active),
            'o365_exchange_emails{action="sent"}': added(active, "Send Count"),
            'o365_exchange_emails{action="received"}': added(active, "Receive Count"),
            'o365_exchange_emails{action="read"}': added(active, "Read Count"),
        }
        mailboxes = await raw(site, f"{MAILBOX}(period='D7')")
        used = [row for row in mailboxes if row["Last Activity Date"] == mailboxes[0]["Report Refresh Date"]]
        idle = [row for row in mailboxes if row not in used]
        assert site.values("o365_exchange_mailboxes{") | site.values("o365_exchange_mailbox_storage") == {
            'o365_exchange_mailboxes{activity="active"}': len(used),
            'o365_exchange_mailboxes{activity="inactive"}': len(idle),
            'o365_exchange_mailbox_storage_bytes{activity="active"}': added(used, "Storage Used (Byte)"),
            'o365_exchange_mailbox_storage_bytes{activity="inactive"}': added(idle, "Storage Used (Byte)"),
        }
        assert deleted(mailboxes), "a tenant has some"
        assert site.values("o365_exchange_deleted_") == {
            'o365_exchange_deleted_mailboxes{activity="active"}': deleted(used),
            'o365_exchange_deleted_mailboxes{activity="inactive"}': deleted(idle),
            'o365_exchange_deleted_mailbox_storage_bytes{activity="active"}': added(
                [row for row in used if deleted([row])], "Storage Used (Byte)"
            ),
            'o365_exchange_deleted_mailbox_storage_bytes{activity="inactive"}': added(
                [row for row in idle if deleted([row])], "Storage Used (Byte)"
            ),
        }
        newest = max(await raw(site, f"{QUOTA}(period='D7')"), key=lambda row: row["Report Date"])
        columns = ("Under Limit", "Warning Issued", "Send Prohibited", "Send/Receive Prohibited", "Indeterminate")
        assert site.values("o365_exchange_mailboxes_by_quota_status") == {
            f'o365_exchange_mailboxes_by_quota_status{{quota_status="{as_label(column)}"}}': int(newest[column])
            for column in columns
        }


async def test_the_numbers_of_skype_are_those_of_an_independent_count() -> None:
    """compat: users with their sessions and conferences, devices by kind."""
    async with reports(users=700) as site:
        await site.poll()
        total, active = await as_the_plugins(site, "getSkypeForBusinessActivityUserDetail")
        week, day = await as_the_plugins(site, "getSkypeForBusinessDeviceUsageUserDetail")
        kinds = {
            "windows": "Used Windows",
            "windows_phone": "Used Windows Phone",
            "android_phone": "Used Android Phone",
            "iphone": "Used iPhone",
            "ipad": "Used iPad",
        }
        assert site.values("o365_skype_") == {
            "o365_skype_users": len(total),
            "o365_skype_deleted_users": deleted(total),
            "o365_skype_active_users": len(active),
            "o365_skype_peer_to_peer_sessions": added(active, "Total Peer-to-peer Session Count"),
            'o365_skype_conferences{role="organized"}': added(active, "Total Organized Conference Count"),
            'o365_skype_conferences{role="participated"}': added(active, "Total Participated Conference Count"),
            "o365_skype_devices": yes(week, *kinds.values()),
            "o365_skype_active_devices": yes(day, *kinds.values()),
            **{f'o365_skype_device_users{{device="{kind}"}}': yes(day, column) for kind, column in kinds.items()},
        }
        assert active


async def test_the_numbers_of_teams_are_those_of_an_independent_count() -> None:
    """compat: users with messages, calls and meetings, and all device columns."""
    async with reports(users=700) as site:
        await site.poll()
        total, active = await as_the_plugins(site, "getTeamsUserActivityUserDetail")
        week, day = await as_the_plugins(site, "getTeamsDeviceUsageUserDetail")
        columns = [column for column in week[0] if column.startswith("Used ")]
        kinds = {as_label(column.removeprefix("Used ")): column for column in columns}
        assert len(kinds) == 8
        assert site.values("o365_teams_") == {
            "o365_teams_users": len(total),
            "o365_teams_deleted_users": deleted(total),
            "o365_teams_active_users": len(active),
            'o365_teams_messages{kind="team"}': added(active, "Team Chat Message Count"),
            'o365_teams_messages{kind="private"}': added(active, "Private Chat Message Count"),
            "o365_teams_calls": added(active, "Call Count"),
            "o365_teams_meetings": added(active, "Meeting Count"),
            "o365_teams_devices": yes(week, *columns),
            "o365_teams_active_devices": yes(day, *columns),
            **{f'o365_teams_device_users{{device="{kind}"}}': yes(day, column) for kind, column in kinds.items()},
        }
        assert active


# Redirects --------------------------------------------------------------------------------------------------------


def every_report() -> Iterator[Any]:
    """Every report of every collector, with each filter in use that is offered, and series for single persons."""
    for collector in all_collectors().values():
        if issubclass(collector.options, UsageOptions):
            fields = collector.options.model_fields.items()
            filters = {name: Filter(exclude=["nobody"]) for name, field in fields if field.annotation is Filter}
            chosen = collector.options(**filters, per_user=PerUserOptions(enabled=True))
            yield from (
                pytest.param(source, id=f"{collector.name}-{source.name}") for source in collector.sources(chosen)
            )


@pytest.mark.parametrize("source", list(every_report()))
async def test_every_report_has_the_columns_that_are_read(source: Source[Usage]) -> None:
    """As Microsoft documents them: those of the numbers, and that which a filter goes by."""
    clock = FakeClock()
    async with client_of(Simulator(clock), clock) as graph:
        records = await source.fetch(graph, None, clock.now())
    assert (records.week.missing, records.day and records.day.missing, records.lacking) in [
        ((), (), ""),
        ((), None, ""),
    ]


async def test_the_redirect_is_followed_by_hand_and_without_the_token() -> None:
    """Each file is fetched at the second origin, which sees no Authorization at all."""
    async with reports() as site:
        await site.poll()
        fetched = site.simulator.requests.find("/data/*")
        assert len(fetched) == 12
        assert {one.status for one in fetched} == {200}
        assert {one.headers["authorization"] for one in fetched} == {""}
        assert {one.headers["host"] for one in fetched} == {site.simulator.download_url.removeprefix("http://")}
        assert {one.headers["authorization"] for one in site.simulator.requests.find("/v1.0/reports/*")} == {"Bearer"}


async def test_a_forbidden_host_is_refused_and_named() -> None:
    """Nothing is asked of it; the state and the log say which host it is, and no more of the address."""
    async with reports(collectors=("exchange_usage",)) as site:
        site.simulator.switch(report_redirect="forbidden_host")
        with capture_logs() as logs:
            await site.poll()
        hosts = ", ".join(site.graph.identity.cloud.report_hosts)
        assert site.told("exchange_usage", "email_activity") == (
            "refused_redirect",
            "Graph points to https://reports.example.net for a report, which is not among the download hosts "
            f"({hosts}). If that host is Microsoft's, add it to report_hosts in the settings; else find out who "
            "answers here.",
        )
        assert any("https://reports.example.net" in str(line) for line in logs)
        assert site.downloads() == []


@pytest.mark.parametrize("redirect", ["twice", "twice_elsewhere"])
async def test_a_second_redirect_is_not_followed(redirect: str) -> None:
    """Wherever the file is said to be next, it ends there."""
    async with reports(collectors=("exchange_usage",)) as site:
        site.simulator.switch(report_redirect=redirect)
        await site.poll()
        host = site.simulator.download_url.removeprefix("http://").partition(":")[0]
        state, message = site.told("exchange_usage", "email_activity")
        assert state == "refused_redirect"
        assert message.startswith(host)
        assert message.endswith(" points elsewhere for a report (302): not followed.")
        assert site.downloads() == [302, 302, 302]


# Bodies that are no report ----------------------------------------------------------------------------------------

BODIES = {
    "html": ("unexpected_answer", "A web page came in place of a report: '<html><head><title>Access Denied</title>"),
    "wrong_header": ("unexpected_answer", "The report lacks the column Report Refresh Date, without which it cannot"),
    "empty": ("unexpected_answer", "The report has an empty body, without even a header."),
    "header_only": ("no_data", f"The report {EMAIL} has a header and no rows."),
    "truncated": ("truncated", " broke off before its end."),
    "not_found": ("unexpected_answer", "Graph knows nothing at the address asked for tenant contoso (404"),
    "bad_request": ("unexpected_answer", "Graph does not answer what was asked for tenant contoso (400"),
}


@pytest.mark.parametrize("framing", ["chunked", "length"])
@pytest.mark.parametrize("body", BODIES)
async def test_bodies_are_told_apart(body: Any, framing: str) -> None:
    """Each has its own state and sentence, whatever the framing, and touches no other source."""
    async with reports() as site:
        site.simulator.switch(report_framing=framing)
        site.microsoft.set_report_state(EMAIL, body)
        await site.poll()
        state, message = site.told("exchange_usage", "email_activity")
        assert state == BODIES[body][0]
        assert BODIES[body][1] in message
        assert site.values("o365_exchange_email") == {}
        others = {poll.state for key, poll in site.store.of("contoso").items() if key.source != "email_activity"}
        assert others == {"ok"}


async def test_no_report_is_taken_for_whole_whose_compression_lacks_its_end() -> None:
    """Every row that came is whole and HTTP has nothing to say: the values of before stay, until a whole file comes."""
    async with reports(users=300) as site:
        await site.poll()
        products = [f"o365_{product}_" for product in ("exchange", "skype", "teams", "report")]
        before, downloaded = [site.values(product) for product in products], len(site.downloads())
        site.simulator.add_fault(path="/data/*", wire="cut_gzip")
        await site.poll(48)
        failed = {key for key, poll in site.store.of("contoso").items() if poll.state == "truncated"}
        assert failed == {key for key in site.store.of("contoso") if key.collector != "report_settings"}
        assert [site.values(product) for product in products] == before
        site.simulator.faults.clear()
        await site.poll(1)
        assert site.states() == {"ok"}
        assert len(site.downloads()) > downloaded


async def test_a_body_whose_end_cannot_be_verified_is_refused() -> None:
    """Neither length nor chunks: nothing would tell a whole file from a part of it."""
    async with reports(collectors=("teams_usage",)) as site:
        site.simulator.switch(report_framing="close")
        await site.poll()
        state, message = site.told("teams_usage", "users_activity")
        assert state == "truncated"
        assert "gives neither the length of a report nor its end, so that a cut would not be seen." in message
        assert site.values("o365_teams_") == {}


@pytest.mark.parametrize(
    ("state", "expected"), [("not_found", "unsupported"), ("bad_request", "unsupported"), ("header_only", "no_data")]
)
async def test_the_retired_product_is_visible_and_no_failure(state: Any, expected: str) -> None:
    """400, 404 and a file without rows are states of Skype; nothing fails, and nothing is served as 0."""
    async with reports(collectors=("skype_usage",)) as site:
        site.microsoft.set_report_state("getSkype*", state)
        await site.poll()
        assert site.states() == {expected}
        assert site.values("o365_skype_") == {}
        assert site.values("o365_exporter_source_failures_total") == {}
        assert site.values("o365_exporter_collector_success") == {
            'o365_exporter_collector_success{collector="skype_usage"}': 1
        }


async def test_the_files_own_address_may_fail() -> None:
    """An error of the second origin is a failure that names its host; the next poll asks for a new address."""
    async with reports(collectors=("exchange_usage",)) as site:
        fault = site.simulator.add_fault(path="/data/*", status=403)
        await site.poll()
        state, message = site.told("exchange_usage", "mailbox_usage")
        assert state == "unexpected_answer"
        assert " answers a report's download with 403. The address may have aged on the way" in message
        site.simulator.faults.remove(fault)
        await site.poll(1)
        assert site.states() == {"ok"}


# Once for each refresh date ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("manner", "statuses"),
    [("honoured", [200]), ("file_only", [200, 304, 304, 304]), ("ignored", [200, 200, 200, 200])],
)
async def test_nothing_is_downloaded_twice_for_one_refresh_date(
    read: list[int], manner: str, statuses: list[int]
) -> None:
    """Four polls in a day read one file, and at most the beginning of the others; all of it on the next day."""
    async with reports(collectors=("exchange_usage",), users=20_000) as site:
        site.simulator.switch(report_etags=manner)
        await site.poll()
        first, size = site.values("o365_exchange_"), sum(read)
        assert size > 4_000_000
        for _ in range(3):
            await site.poll(3)
        assert site.downloads(MAILBOX) == statuses
        assert len(site.downloads(EMAIL)) == len(statuses) + 1, "the day's file is asked for once"
        beginnings = 3 * (2 * 64 * 1024 + 1_000) if manner == "ignored" else 0
        assert sum(read) - size <= beginnings, "64 KiB of each large file at a poll, the small one whole"
        assert site.values("o365_exchange_") == first
        assert site.states() == {"ok"}
        await site.poll(24)
        assert len(site.downloads(MAILBOX)) == len(statuses) + 1
        assert site.values("o365_exchange_") != first


async def test_a_stuck_report_stays_at_its_date() -> None:
    """Microsoft refreshes late: the timestamp of the report stands still beside those that move."""
    refreshed = "o365_report_refresh_timestamp_seconds"
    async with reports(collectors=("exchange_usage",)) as site:
        await site.poll()
        before = site.values(refreshed)
        site.microsoft.set_report_state(EMAIL, "stuck")
        fetched = len(site.downloads(EMAIL))
        await site.poll(24)
        await site.poll(24)
        moved = {name: value - before[name] for name, value in site.values(refreshed).items()}
        assert {days for name, days in moved.items() if EMAIL in name} == {0}
        assert {days for name, days in moved.items() if EMAIL not in name} == {48 * HOURS}
        assert len(site.downloads(EMAIL)) == fetched
        assert site.states() == {"ok"}


# Moods ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "mood",
    [
        {"reverse": True},
        {"added": ["Copilot Prompt Count", "Region"]},
        {"duplicated": ["Send Count", "Storage Used (Byte)"]},
        {"missing": ["Display Name", "Assigned Products"]},
    ],
    ids=["reversed", "new", "duplicated", "without those not read"],
)
async def test_columns_may_come_in_any_mood(mood: dict[str, Any]) -> None:
    """Order, new and duplicated columns, and the lack of those that nobody reads, change no number."""
    async with reports() as site:
        await site.poll()
        expected = site.values("o365_exchange_") | site.values("o365_skype_") | site.values("o365_teams_")
    async with reports() as site:
        site.microsoft.set_report_columns("*", **mood)
        await site.poll()
        assert site.values("o365_exchange_") | site.values("o365_skype_") | site.values("o365_teams_") == expected
        assert set(site.values("o365_report_missing_columns").values()) == {0}


async def test_a_missing_column_costs_its_series_alone() -> None:
    """What is made of it is absent, the report says how many it lacks, and the log which."""
    async with reports(collectors=("exchange_usage",)) as site:
        site.microsoft.set_report_columns(EMAIL, missing=["Read Count"])
        with capture_logs() as logs:
            await site.poll()
        assert set(site.values("o365_exchange_emails")) == {
            'o365_exchange_emails{action="sent"}',
            'o365_exchange_emails{action="received"}',
        }
        assert (
            site.values("o365_report_missing_columns")[f'o365_report_missing_columns{{period="day",report="{EMAIL}"}}']
            == 1
        )
        told = [line["message"] for line in logs if line["event"] == "odd answer"]
        assert f"The report {EMAIL} (day) lacks the columns Read Count; what is made of them is absent." in told


@pytest.mark.parametrize(
    "manner",
    [
        {"report_booleans": "true_false"},
        {"report_booleans": "yes_no"},
        {"report_booleans": "lower_case"},
        {"report_dates": "date_and_time"},
    ],
)
async def test_spellings_change_no_number(manner: dict[str, Any]) -> None:
    """Booleans in three spellings and dates with a time mean the same."""
    pages = []
    for switches in ({}, manner):
        async with reports() as site:
            site.simulator.switch(**switches)
            await site.poll()
            pages.append(site.values("o365_e") | site.values("o365_skype_") | site.values("o365_teams_"))
            assert site.states() == {"ok"}
    assert {k: v for k, v in pages[0].items() if "_exporter_" not in k} == {
        k: v for k, v in pages[1].items() if "_exporter_" not in k
    }


# Concealed names --------------------------------------------------------------------------------------------------

CONCEALED = "o365_report_names_concealed"
TOLD_FROM_NAMES = (
    "unsupported",
    "The app may not read the setting that conceals names (ReportSettings.Read.All): whether they are concealed is "
    "told from the names in the reports.",
)
WATCH_PERSONS = {"per_user": {"enabled": True}}


@pytest.mark.parametrize("shape", ["plain", "wrapped"])
@pytest.mark.parametrize("concealed", [True, False])
async def test_the_setting_is_the_tenants_word(concealed: bool, shape: str) -> None:
    """It is read in both shapes, and believed."""
    async with reports(collectors=("report_settings",), concealed_names=concealed) as site:
        site.simulator.switch(report_settings=shape)
        await site.poll()
        assert site.states() == {"ok"}
        assert site.values(CONCEALED) == {CONCEALED: concealed}


@pytest.mark.parametrize("concealed", [True, False])
async def test_without_the_permission_names_tell(concealed: bool) -> None:
    """The setting is unsupported, which is no failure, and the names in the reports say whether they are hashes."""
    roles = frozenset({"Reports.Read.All"})
    async with reports(concealed_names=concealed, roles=roles) as site:
        await site.poll()
        assert site.told("report_settings", "settings") == TOLD_FROM_NAMES
        assert site.values("o365_exporter_source_failures_total") == {}
    async with reports(collectors=("teams_usage",), settings=WATCH_PERSONS, concealed_names=concealed) as site:
        await site.poll()
        assert site.values(CONCEALED) == {CONCEALED: concealed}


async def test_series_of_concealed_persons_say_so() -> None:
    """They carry hashes, and the log says that these are no names."""
    async with reports(collectors=("teams_usage",), settings=WATCH_PERSONS, concealed_names=True) as site:
        with capture_logs() as logs:
            await site.poll()
        told = [line["message"] for line in logs if line["event"] == "odd answer"]
        assert told == [
            "The names in getTeamsUserActivityUserDetail are concealed: the series of single persons carry hashes."
        ]
        assert 'user="' in site.page()
        assert "@" not in site.page()


# Clouds and limits ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cloud", ["us_gov_l4", "us_gov_l5", "china"])
async def test_national_clouds_say_what_they_lack(cloud: str) -> None:
    """Unsupported with a sentence, and no request for any report."""
    async with in_cloud(cloud) as site:
        await site.poll()
        assert site.told("exchange_usage", "email_activity") == (
            "unsupported",
            f"The cloud {site.graph.identity.cloud.name} has usage reports only in Graph's beta, and the hosts of "
            "their files are not documented: name them in report_hosts to have the reports.",
        )
        assert site.states() - {"ok"} == {"unsupported"}
        assert site.simulator.requests.find("*/reports/*") == []
        assert site.values("o365_exporter_source_failures_total") == {}


@pytest.mark.parametrize("cloud", ["us_gov_l4", "us_gov_l5", "china"])
async def test_national_clouds_with_known_hosts_are_asked_in_beta(cloud: str) -> None:
    """With report_hosts the reports are read from the beta."""
    async with in_cloud(cloud, "reports.office.com") as site:
        site.simulator.switch(report_framing="length")
        await site.poll()
        assert site.simulator.requests.find("/v1.0/reports/*") == []
        assert len(site.simulator.requests.find("/beta/reports/*")) == 12
        assert site.states() == {"ok"}
        assert site.values("o365_exchange_email_users") == {"o365_exchange_email_users": 300}


async def test_the_limit_of_the_report_functions_is_never_met() -> None:
    """Polled far too often, requests wait for Microsoft's 14 in ten minutes; none is ever refused."""
    eager = {
        f"O365_COLLECTORS__{name}__{key}": value
        for name in ("EXCHANGE_USAGE", "SKYPE_USAGE", "TEAMS_USAGE")
        for key, value in (("INTERVAL", "15s"), ("STALE_AFTER", "1d"))
    }
    rest = {
        f"O365_COLLECTORS__{name}__ENABLED": "false"
        for name in ("SERVICE_HEALTH", "CREDENTIAL_EXPIRY", "SUBSCRIPTIONS")
    }
    async with rig(small("contoso", users=10), {**eager, **rest}) as made:
        made.simulator.switch(report_framing="length")
        async with polling(made):
            await made.clock.advance(1800)
            asked = made.simulator.requests.find(f"*/reports/{MAILBOX}*")
            assert 3 * 14 - 6 <= len(asked) <= 3 * 14 + 14
            assert 429 not in {one.status for one in made.simulator.requests}
            assert made.states("contoso") == {"ok"}


# Secrets ----------------------------------------------------------------------------------------------------------

Trouble = Callable[[Site], object]
TROUBLES: dict[str, Trouble] = {
    "none": lambda site: site.simulator.faults.clear(),
    "forbidden host": lambda site: site.simulator.switch(report_redirect="forbidden_host"),
    "second redirect": lambda site: site.simulator.switch(report_redirect="twice_elsewhere"),
    "page": lambda site: site.microsoft.set_report_state("*", "html"),
    "cut": lambda site: site.microsoft.set_report_state("*", "truncated"),
    "no end": lambda site: site.simulator.switch(report_framing="close"),
    "refused": lambda site: site.simulator.add_fault(path="/data/*", status=403),
    "down": lambda site: site.simulator.add_fault(path="/data/*", status=503),
    "broken": lambda site: site.simulator.add_fault(path="/data/*", wire="broken_connection"),
}


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
async def test_the_address_of_a_file_is_shown_nowhere(trouble: Trouble) -> None:
    """Its ticket is in no log line, series, sentence, error or repr, whatever goes wrong."""
    async with reports(collectors=("exchange_usage",)) as site:
        trouble(site)
        tickets: list[str] = []
        downloads = site.simulator._downloads
        address = downloads.address

        def noted(*call: Any) -> str:
            made = address(*call)
            tickets.append(made.partition("token=")[2])
            return made

        with patch.object(downloads, "address", noted), capture_logs() as logs:
            await site.poll()
        polls = site.store.of("contoso")
        shown = [site.page(), repr(logs), repr(polls), repr(site.graph), repr(site.tenant)]
        assert len(tickets) >= 3
        for text in shown:
            assert "token=" not in text
            assert "/data/v1.0" not in text
            assert not any(ticket in text or ticket[:24] in text for ticket in tickets)
