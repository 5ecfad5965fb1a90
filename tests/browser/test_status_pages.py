"""The pages as somebody sees them in a browser."""

from __future__ import annotations

import re
from pathlib import Path

import bcrypt
import pytest
import yaml
from playwright.async_api import Page, Route, expect

from o365_exporter.simulator import SimulatorOptions
from tests.app.rig import only
from tests.browser.conftest import Opened
from tests.browser.shown import HEALTH, Shown, calm, numbered, shown
from tests.fakes import settle

TITLE = "Mail is delivered late"
WORDS = "<p>Current status: we're restarting a <b>part</b> of the infrastructure.</p>"
CUT = """[...document.querySelectorAll(".tiles p")].filter(
    (text) => text.scrollHeight > text.clientHeight + 1
        || text.getBoundingClientRect().bottom + 8 > text.parentElement.getBoundingClientRect().bottom).length"""
"""How many texts of the wall are cut, or touch the edge of their tile."""

PHONE = {"viewport": {"width": 390, "height": 844}}


async def incident(made: Shown, tenant: str = "contoso", title: str = TITLE, words: str = WORDS) -> None:
    """Mail is late in a tenant, and Microsoft has written of it twice."""
    simulated = made.simulator.tenants[tenant]
    simulated.open_issue("Exchange", title, issue_id="EX900001", classification="incident")
    await made.minutes(1)
    simulated.add_post("EX900001", words)
    await made.minutes(7)


async def is_too_wide(page: Page) -> bool:
    """Whether somebody has to scroll sideways."""
    return bool(await page.evaluate("document.documentElement.scrollWidth > innerWidth"))


async def test_two_clicks_from_the_overview_to_microsofts_latest_words(opened: Opened) -> None:
    """Tenant, issue; the latest post is the first, and the issue itself in the admin center is one more."""
    async with shown(calm("contoso", "fabrikam")) as made:
        await incident(made)
        page = await opened(made.address)
        await expect(page.get_by_role("heading", level=1)).to_have_text("Microsoft reports trouble in 1 of 2 tenants")
        assert await page.locator("tbody .name").all_text_contents() == ["contoso", "fabrikam"]
        await page.get_by_role("link", name="contoso").click()
        await page.get_by_role("link", name=TITLE).click()
        posts = page.locator(".posts > li")
        await expect(posts.first).to_contain_text("10 Mar 2026, 12:01 UTC · the latest")
        await expect(posts.first).to_contain_text("we're restarting a part of the infrastructure.")
        await expect(posts.first.locator("b")).to_have_text("part")
        assert await posts.count() == 2
        link = page.get_by_role("link", name="EX900001 in the admin center")
        assert await link.get_attribute("href") == "https://admin.microsoft.com/#/servicehealth/:/alerts/EX900001"


async def test_a_tenant_that_cannot_be_asked(opened: Opened) -> None:
    """It is no tenant where all is well; its page has the reason, once, with the remedy and the runbook."""
    async with shown(calm("contoso", "fabrikam")) as made:
        made.simulator.add_fault(tenant="contoso", path="*", status=503)
        await made.minutes(60)
        page = await opened(made.address)
        row = page.get_by_role("row").filter(has_text="contoso")
        await expect(row).to_contain_text("Incomplete: 2 of 2 sources in trouble")
        await row.get_by_role("link").click()
        await expect(page.locator(".note.blind")).to_have_count(1)
        await expect(page.locator(".note.blind")).to_contain_text("The service is not available.")
        await page.locator(".note.blind").get_by_role("link", name="unavailable").click()
        assert page.url.endswith("docs/troubleshooting#unavailable")


async def test_foreign_text_is_text(opened: Opened) -> None:
    """A script in a title or a post is not run and breaks no page; the browser has nothing to complain of."""
    script = "<script>document.title = 'taken'</script><img src=x onerror=\"document.title = 'taken'\">"
    async with shown(calm("contoso")) as made:
        await incident(made, title=script, words=f"<p>Look: {script}<a href='javascript:alert(1)'>here</a></p>")
        page = await opened(f"{made.address}tenant?name=contoso")
        assert await page.title() == "contoso: Exchange Online not healthy; 1 open incident. – Microsoft 365"
        await page.get_by_role("link", name="<script>").click()
        await expect(page.locator("h1")).to_have_text(script)
        assert "taken" not in await page.title() or "script" in await page.title()
        assert await page.locator("main img, main script, main [onerror]").count() == 0
        await expect(page.locator(".words").first).to_have_text("Look: here")
        assert await page.locator(".words a[href]").count() == 0


@pytest.mark.parametrize(
    "name", ["..", ".", "a/b?c=d#e", "<b>&amp;", "%2e%2e%2f", "tenant?name=x", "söhne 🚂", "a\u2028b", '"']
)
async def test_strange_names(opened: Opened, name: str) -> None:
    """Whatever a tenant is called, its pages, metrics, calendar and polls are those of no other."""
    called = {**HEALTH, "O365_TENANTS__CONTOSO__NAME": name}
    async with shown(calm("contoso"), called, poll_now=True) as made:
        await incident(made)
        page = await opened(made.address)
        await page.locator("tbody .name").click()
        await expect(page.locator("h1")).to_have_text(name)
        links = [await page.get_by_role("link", name=text).get_attribute("href") for text in ("metrics", "Calendar")]
        for link in links:
            assert (await made.get(str(link))).status_code == 200
        await page.get_by_role("button", name="Poll service_health overviews now").click()
        await expect(page.locator("h1")).to_have_text(name)
        await page.get_by_role("link", name=TITLE).click()
        await expect(page.locator(".words").first).to_contain_text("restarting a part")
        await page.locator(".path a").last.click()
        await expect(page.locator("h1")).to_have_text(name)


async def test_no_secret_is_on_a_page() -> None:
    """The settings in effect are, with stars for what signs in."""
    async with shown(calm("contoso")) as made:
        page = (await made.get("tenant?name=contoso")).text
        assert "<code>client_secret</code></td><td><code>**********</code>" in page
        assert made.simulator.tenants["contoso"].client_secret not in page


async def test_a_hundred_tenants(opened: Opened) -> None:
    """Fifty on a page, those in trouble first; looked for and filtered, and the address holds all of that."""
    async with shown(numbered(100)) as made:
        await incident(made, "tenant077")
        page = await opened(made.address)
        rows = page.locator("tbody tr")
        assert await rows.count() == 50
        await expect(rows.first).to_contain_text("tenant077")
        await page.get_by_role("link", name="Next").click()
        await expect(page.locator(".pages")).to_contain_text("51 to 100 of 100")
        await page.get_by_role("searchbox").fill("TENANT07")
        await page.keyboard.press("Enter")
        await expect(rows).to_have_count(10)
        await page.get_by_role("link", name="All right").click()
        await expect(rows).to_have_count(9)
        assert page.url == f"{made.address}?q=TENANT07&state=ok"
        await page.get_by_role("searchbox").fill("exchange")
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("No tenant is like that.")).to_be_visible()


async def test_before_anything_is_known(opened: Opened) -> None:
    """The pages say that they do not know."""
    async with shown(calm("contoso"), polls=False) as made:
        page = await opened(made.address)
        await expect(page.locator("h1")).to_have_text(re.compile("nothing is known about the health"))
        await expect(page.locator(".hero")).to_contain_text("Microsoft has not been heard about its services yet.")
        cells = ["not known", "not known", "nothing known", "not known", "none yet"]
        assert [text.strip() for text in await page.get_by_role("cell").all_inner_texts()] == cells
        await page.get_by_role("link", name="contoso").click()
        await expect(page.locator(".hero")).to_contain_text("Nothing has been heard about the health of its services.")


async def test_an_exporter_that_ends_while_somebody_looks(opened: Opened) -> None:
    """The page stays where it is, and says that it is old."""
    async with shown(calm("contoso")) as made:
        page = await opened("about:blank")
        await page.clock.install()
        await page.goto(made.address)
        assert made.server is not None
        made.server.cancel()
        await settle()
        await page.clock.fast_forward(61_000)
        await expect(page.locator("#silent")).to_contain_text("The exporter does not answer")
        await expect(page.locator("h1")).to_contain_text("All is well")


async def test_a_page_while_first_polls_are_under_way(opened: Opened) -> None:
    """What has answered is there, what has not is told as not tried yet, and a page opened early fills by itself."""
    async with shown(calm("contoso"), polls=False) as made:
        page = await opened("about:blank")
        await page.clock.install()
        await page.goto(made.address)
        await expect(page.locator("h1")).to_contain_text("2 sources not tried yet")
        contoso = made.app.fleet.tenants[0]
        await made.app.scheduler.poll(contoso, contoso.jobs[0])
        async with page.expect_navigation():
            await page.clock.fast_forward(61_000)
        await expect(page.locator("tbody")).to_contain_text("1 source not tried yet")
        await expect(page.get_by_role("cell").first).to_have_text("none of 30")


async def test_a_password_is_asked_for(opened: Opened, tmp_path: Path) -> None:
    """Nobody sees a tenant without it; with it pages look as ever and load themselves anew."""
    users = {"screen": bcrypt.hashpw(b"hallway", bcrypt.gensalt(4)).decode()}
    file = tmp_path / "web.yml"
    file.write_text(yaml.safe_dump({"basic_auth_users": users}), "utf-8")
    async with shown(calm("contoso"), web_config_file=file) as made:
        assert (await made.get("")).status_code == 401
        login = {"username": "screen", "password": "hallway"}
        page = await opened("about:blank", http_credentials=login)
        await page.clock.install()
        await page.goto(f"{made.address}wall")
        await expect(page.locator(".tiles")).to_contain_text("contoso")
        async with page.expect_navigation():
            await page.clock.fast_forward(61_000)
        await expect(page.locator(".tiles")).to_contain_text("contoso")


async def test_a_message_of_the_message_centre(opened: Opened) -> None:
    """From the tenant's page to its words, sanitised, with the day until when something must be done."""
    async with shown(calm("contoso"), only("message_center")) as made:
        made.simulator.tenants["contoso"].add_message(
            "Change your <b>connectors</b>", action_in_days=9, body="<p>By <b>March</b>.</p><script>a</script>"
        )
        await made.minutes(12 * 60)
        page = await opened(f"{made.address}tenant?name=contoso")
        await page.get_by_role("link", name="Change your <b>connectors</b>").click()
        await expect(page.locator("h1")).to_have_text("Change your <b>connectors</b>")
        await expect(page.locator(".facts")).to_contain_text("in 8 days")
        await expect(page.locator(".words")).to_contain_text("By March.")
        assert await page.get_by_role("link", name="in the admin center").count() == 1


async def test_a_line_that_is_cut_is_told(opened: Opened) -> None:
    """What is on a screen when nobody answers any more is called old, and is mended when somebody does."""
    async with shown(calm("contoso")) as made:
        page = await opened("about:blank")
        await page.clock.install()
        await page.goto(f"{made.address}wall")
        await expect(page.locator("#silent")).to_be_hidden()
        await page.context.set_offline(True)
        await page.clock.fast_forward(61_000)
        await expect(page.locator("#silent")).to_contain_text("The exporter does not answer: what is here is from")
        await page.context.set_offline(False)
        async with page.expect_navigation():
            await page.clock.fast_forward(11_000)
        await expect(page.locator("#silent")).to_be_hidden()


async def test_pages_load_themselves_anew(opened: Opened) -> None:
    """Each minute, with what was looked for; where somebody is typing they wait."""
    async with shown(calm("contoso")) as made:
        page = await opened("about:blank")
        await page.clock.install()
        await page.goto(f"{made.address}?q=cont")
        await incident(made)
        await page.get_by_role("searchbox").fill("conto")
        await page.clock.fast_forward(61_000)
        await expect(page.locator("h1")).to_contain_text("All is well")
        assert await page.get_by_role("searchbox").input_value() == "conto"
        await page.get_by_role("searchbox").fill("cont")
        async with page.expect_navigation():
            await page.clock.fast_forward(11_000)
        await expect(page.locator("h1")).to_contain_text("Exchange Online not healthy")
        assert page.url == f"{made.address}?q=cont"


async def test_a_page_keeps_its_place(opened: Opened) -> None:
    """Who reads further down, with something unfolded, finds both again."""
    async with shown(calm("contoso")) as made:
        page = await opened("about:blank")
        await page.clock.install()
        await page.goto(f"{made.address}tenant?name=contoso")
        await page.get_by_text("Settings in effect").click()
        await page.evaluate("scrollTo(0, 600)")
        async with page.expect_navigation():
            await page.clock.fast_forward(61_000)
        await expect(page.locator("#settings table")).to_be_visible()
        await page.wait_for_function("scrollY === 600")


async def test_without_scripts(opened: Opened) -> None:
    """Everything is there, in UTC, and the page loads itself anew all the same."""
    async with shown(calm("contoso")) as made:
        await incident(made)
        page = await opened(f"{made.address}issue?tenant=contoso&id=EX900001", java_script_enabled=False)
        await expect(page.locator(".posts time").first).to_have_text("10 Mar 2026, 12:01 UTC")
        await expect(page.locator(".words").first).to_contain_text("restarting a part")
        assert await page.locator("meta[http-equiv=refresh]").get_attribute("content") == "60"


async def test_a_page_without_scripts_loads_itself_anew(opened: Opened) -> None:
    """Chromium follows what the page says, under the page's own policy: here after one second instead of sixty."""
    async with shown(calm("contoso")) as made:
        page = await opened("about:blank", java_script_enabled=False)

        async def hastened(route: Route) -> None:
            answer = await route.fetch()
            await route.fulfill(response=answer, body=(await answer.text()).replace('content="60"', 'content="1"', 1))

        await page.route("**/*", hastened)
        await page.goto(f"{made.address}?q=cont")
        await incident(made)
        await expect(page.locator("h1")).to_contain_text("Exchange Online not healthy")
        assert page.url == f"{made.address}?q=cont"


async def test_a_strip_has_the_days_before_the_first_poll(opened: Opened) -> None:
    """Narrow bars as Microsoft lists them, once a second poll has asked."""
    async with shown(SimulatorOptions.many(1, users=10)) as made:
        page = await opened(f"{made.address}tenant?name=contoso")
        strip = page.locator(".services li", has_text="Sway").get_by_role("img")
        await expect(strip).to_have_attribute("aria-label", "Last 14 days: no issue, 13 days not known")
        await made.minutes(7)
        await page.reload()
        await expect(strip).to_have_attribute(
            "aria-label",
            "Last 14 days: 2026-02-28 incident by Microsoft’s list",
        )
        assert await strip.locator("rect.trouble[width='5'][height='10']").count() == 1
        await expect(strip.locator("title").first).to_have_text("2026-02-28 incident by Microsoft’s list")


async def test_times_in_the_readers_zone(opened: Opened) -> None:
    """With UTC beside them, whose date is told where it is another one."""
    async with shown(calm("contoso")) as made:
        await incident(made)
        address = f"{made.address}issue?tenant=contoso&id=EX900001"
        page = await opened(address, timezone_id="Europe/Berlin")
        await expect(page.locator(".posts time").first).to_have_text("10 Mar 2026, 13:01 (12:01 UTC)")
        page = await opened(address, timezone_id="Pacific/Auckland")
        await expect(page.locator(".posts time").first).to_have_text("11 Mar 2026, 01:01 (10 Mar 2026, 12:01 UTC)")


async def test_a_phone(opened: Opened) -> None:
    """Nobody has to scroll sideways, whatever a tenant and an issue are called."""
    async with shown(calm("contoso")) as made:
        await incident(made, title="Donaudampfschifffahrtsgesellschaft" * 5, words=f"<pre>{'x' * 300}</pre>")
        page = await opened(made.address, **PHONE)
        for path in (
            "",
            "tenant?name=contoso",
            "issue?tenant=contoso&id=EX900001",
            "wall",
            "runbooks/",
            "tenant?name=x",
        ):
            await page.goto(made.address + path)
            assert not await is_too_wide(page), path


async def test_the_latest_words_on_a_phone(opened: Opened) -> None:
    """Nobody has to scroll to Microsoft's latest sentence; what is known besides follows."""
    async with shown(calm("contoso")) as made:
        await incident(made)
        page = await opened(f"{made.address}issue?tenant=contoso&id=EX900001", **PHONE)
        words = await page.locator(".words").first.bounding_box()
        facts = await page.locator(".facts").bounding_box()
        assert words is not None
        assert facts is not None
        assert words["y"] + words["height"] < PHONE["viewport"]["height"]
        assert facts["y"] > words["y"]
        assert not await is_too_wide(page)


async def test_the_wall_of_thirty(opened: Opened) -> None:
    """All of them are on one screen, none is cut, and those in trouble come first."""
    async with shown(numbered(30)) as made:
        await incident(made, "tenant017")
        page = await opened(f"{made.address}wall", viewport={"width": 1920, "height": 1080})
        tiles = page.locator(".tiles > li")
        assert await tiles.count() == 30
        await expect(tiles.first).to_contain_text("In trouble: Exchange Online not healthy; 1 open incident.")
        assert await page.evaluate("document.documentElement.scrollHeight <= innerHeight")
        assert await page.evaluate(CUT) == 0


@pytest.mark.parametrize("size", [(1920, 1080), (1360, 900)])
async def test_long_names_on_the_wall(opened: Opened, size: tuple[int, int]) -> None:
    """Names that differ at their end are told apart: they have two lines, and none is cut."""
    names = [f"contoso_production_{number:02}" for number in range(30)]
    async with shown(calm(*names)) as made:
        await incident(made, names[7])
        page = await opened(f"{made.address}wall", viewport={"width": size[0], "height": size[1]})
        tiles = page.locator(".tiles > li")
        assert await tiles.count() == 30
        assert await page.evaluate(CUT) == 0
        names_cut = (
            "[...document.querySelectorAll('.tiles a')].filter((a) => a.scrollHeight > a.clientHeight + 1).length"
        )
        assert await page.evaluate(names_cut) == 0


async def test_a_wall_of_more(opened: Opened) -> None:
    """The worst have tiles, and the last tile counts the others."""
    async with shown(numbered(32)) as made:
        page = await opened(f"{made.address}wall", viewport={"width": 1920, "height": 1080})
        assert await page.locator(".tiles > li").count() == 30
        await expect(page.locator(".tiles > li").last).to_contain_text(re.compile(r"3 more\s+all right: 3"))


@pytest.mark.parametrize("size", [(1920, 1080), (1360, 900), (1080, 1920)])
async def test_the_wall_of_one(opened: Opened, size: tuple[int, int]) -> None:
    """Its own sentence is above the tiles, so these are its open issues, and lead to Microsoft's words; none is cut."""
    async with shown(SimulatorOptions.many(1, users=10)) as made:
        page = await opened(f"{made.address}wall", viewport={"width": size[0], "height": size[1]})
        assert await page.locator(".tiles > li").count() == 6
        assert await page.evaluate("document.documentElement.scrollHeight <= innerHeight")
        assert await page.evaluate(CUT) == 0
        await expect(page.locator(".tiles > li.trouble").first).to_contain_text("Incident: Some users' email messages")
        await page.get_by_role("link", name="Some users' email messages").click()
        await expect(page.locator("#posts")).to_be_visible()
    async with shown(calm("contoso")) as made:
        page = await opened(f"{made.address}wall")
        await expect(page.locator(".tiles > li")).to_contain_text("All 30 services healthy")


@pytest.mark.parametrize(("scheme", "ground"), [("light", "rgb(246, 247, 245)"), ("dark", "rgb(18, 22, 24)")])
async def test_light_and_dark(opened: Opened, scheme: str, ground: str) -> None:
    """As the reader's system is set."""
    async with shown(calm("contoso")) as made:
        page = await opened(made.address, color_scheme=scheme)
        assert await page.evaluate("getComputedStyle(document.body).backgroundColor") == ground


async def test_poll_now(opened: Opened) -> None:
    """A button polls a source out of turn, leads back, and says so; once a minute."""
    async with shown(calm("contoso"), poll_now=True) as made:
        await made.clock.advance(90)
        page = await opened(f"{made.address}tenant?name=contoso")
        made.simulator.requests.clear()
        await page.get_by_role("button", name="Poll service_health issues now").click()
        await expect(page.get_by_role("status").first).to_contain_text("It is being polled")
        await made.clock.advance(1)
        assert made.simulator.requests.find("*/issues")
        await page.get_by_role("button", name="Poll service_health issues now").click()
        await expect(page.get_by_text("try again in 59 seconds")).to_be_visible()
