"""A headless Chromium, the distribution's own, with a profile that is new and asks nobody for anything."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

from tools import stack

OPTIONS = (
    "--headless",
    "--no-sandbox",  # containers have no user namespaces to make one of; only our own pages are looked at
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser, until the block ends.

    Raises:
        stack.MissingProgramError: it is not installed.
    """
    path = stack.program("chromium", "chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(OPTIONS))
        yield browser
        browser.close()
