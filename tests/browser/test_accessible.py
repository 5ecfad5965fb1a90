"""Every page by axe, which knows the rules of WCAG 2.2 AA that a program can check."""

from __future__ import annotations

from itertools import product

import pytest
from axe_playwright_python.async_playwright import Axe

from tests.app.rig import small
from tests.browser.conftest import Opened
from tests.browser.shown import shown

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
ISSUE = "issue?tenant=contoso&id=EX900001"
PAGES = ("", "?q=nobody", "wall", "tenant?name=contoso", "tenant?name=fabrikam", "tenant?name=nobody", ISSUE)
BOOKS = (
    "runbooks/",
    "runbooks/service-health",
    "docs/troubleshooting",
    "docs/",
    "docs/metrics",
    "docs/status-page",
)


@pytest.mark.long("accessible", 40)
async def test_axe_finds_nothing(opened: Opened) -> None:
    """On any page, large or small, light or dark, with trouble of every kind."""
    async with shown(small("contoso", "fabrikam"), {}, poll_now=True) as made:
        made.simulator.add_fault(tenant="fabrikam", path="*/issues*", status=403)
        made.simulator.tenants["contoso"].open_issue("Exchange", "Mail is late", issue_id="EX900001")
        await made.minutes(7)
        for scheme, width in product(("light", "dark"), (390, 1280)):
            screen = {"width": width, "height": 900}
            page = await opened(made.address, color_scheme=scheme, viewport=screen, bypass_csp=True)
            for path in (*PAGES, *(BOOKS if (scheme, width) == ("dark", 390) else ())):
                await page.goto(made.address + path)
                found = await Axe().run(page, options=RULES)
                assert found.violations_count == 0, f"{path}, {scheme}, {width}: {found.generate_report()}"
