"""``make snapshots``: the status page as a browser shows it above simulated tenants, for docs/pictures."""

from __future__ import annotations

import argparse
import base64
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, NamedTuple

from playwright.sync_api import Browser

from tools import stack
from tools.browser import chromium

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SCENARIO = HERE / "status-page.toml"

SECONDS = 150
"""From the start of the demo to the pictures: Microsoft has written twice, and a tenant has failed for two minutes."""

QUALITY = 82


class Picture(NamedTuple):
    """One picture.

    Attributes:
        name: of its file.
        path: of the page.
        width: of the window, pixels.
        height: of the window, and so of the picture.
        scheme: how the reader's system is set.
    """

    name: str
    path: str
    width: int = 1280
    height: int = 860
    scheme: Literal["light", "dark"] = "light"


_ISSUE = "issue?tenant=contoso&id=EX1271043"

PICTURES = (
    Picture("status-page", ""),
    Picture("status-page-dark", "", scheme="dark"),
    Picture("status-page-phone", "", 390, 844),
    Picture("status-page-tenant", "tenant?name=contoso", height=1000),
    Picture("status-page-trouble", "tenant?name=tailspin", height=700),
    Picture("status-page-issue", _ISSUE, height=1000),
    Picture("status-page-issue-phone", _ISSUE, 390, 844, "dark"),
    Picture("status-page-wall", "wall", 1920, 1080),
)


def main() -> int:
    """Take all pictures anew."""
    parser = argparse.ArgumentParser(description="Take pictures of the status page above simulated tenants.")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "pictures", metavar="FOLDER", help="(%(default)s)")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="from the demo's start on (%(default)s)")
    arguments = parser.parse_args()
    try:
        with chromium() as browser, demo(arguments.seconds) as address:
            for picture in PICTURES:
                (arguments.out / f"{picture.name}.webp").write_bytes(taken(browser, address, picture))
    except (stack.MissingProgramError, TimeoutError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


@contextmanager
def demo(seconds: float) -> Iterator[str]:
    """The address of a demo that has run for so long; it ends with a slash."""
    listen, end = f"127.0.0.1:{stack.free_port()}", time.monotonic() + seconds
    command = [sys.executable, "-m", "o365_exporter", "demo", "--scenario", str(SCENARIO), "--listen", listen]
    with tempfile.TemporaryDirectory(prefix="pictures-") as folder:
        log = Path(folder) / "exporter.log"
        with stack.child(command, log):
            stack.until_up(f"http://{listen}/-/healthy", log)
            time.sleep(max(0, end - time.monotonic()))
            yield f"http://{listen}/"


def taken(browser: Browser, address: str, picture: Picture) -> bytes:
    """The picture as WebP, which playwright's own function does not make."""
    context = browser.new_context(
        viewport={"width": picture.width, "height": picture.height},
        color_scheme=picture.scheme,
        timezone_id="Europe/Berlin",
        locale="en-GB",
    )
    page = context.new_page()
    page.goto(address + picture.path)
    answer = context.new_cdp_session(page).send("Page.captureScreenshot", {"format": "webp", "quality": QUALITY})
    context.close()
    return base64.b64decode(answer["data"])


if __name__ == "__main__":
    sys.exit(main())
