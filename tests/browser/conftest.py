"""A headless Chromium for all tests of this folder, in one event loop with the exporter that it looks at."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright

from tools.browser import OPTIONS

Opened = Callable[..., Awaitable[Page]]

_EXPECTED = re.compile("ERR_INTERNET_DISCONNECTED|ERR_CONNECTION_REFUSED|40[14] .")
"""What the browser says where a test cuts the line, ends the exporter, or asks for what is not there or not for all."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The browser lives as long as the session, so the loop does, too."""
    for item in items:
        if item.path.parent.name == "browser" and isinstance(item, pytest_asyncio.plugin.Coroutine):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """The browser, where it is installed."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("chromium is missing: apt-get install chromium")
    async with async_playwright() as playwright:
        found = await playwright.chromium.launch(executable_path=path, args=list(OPTIONS))
        yield found
        await found.close()


@pytest_asyncio.fixture(loop_scope="session")
async def opened(browser: Browser) -> AsyncIterator[Opened]:
    """Opens a page in a profile of its own; whatever the browser complains of there is a failure."""
    complaints: list[str] = []
    contexts = []

    async def open_page(address: str, **about: Any) -> Page:
        context = await browser.new_context(**{"timezone_id": "UTC", "locale": "en-GB"} | about)
        contexts.append(context)
        page = await context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await page.goto(address)
        return page

    yield open_page
    for context in contexts:
        await context.close()
    assert [each for each in complaints if not _EXPECTED.search(each)] == []
