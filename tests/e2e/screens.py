"""The pictures of the documentation, of an office with three years behind it: `make screens`.

python -m tests.e2e.screens docs/images
"""

import io
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from evidence_api.config import Settings
from evidence_api.demo.line import SlowLine
from evidence_api.setup import initialise, make_keys, migrate
from evidence_api.site import open_site
from tests.e2e.browser import sign_in
from tests.e2e.conftest import Server
from tests.e2e.story import Story
from tests.e2e.trial import court_day, tell

GUISE: dict[str, Any] = {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light", "locale": "en"}
COLOURS = 64
MARGIN = 8
"""Pixels."""
FILES = {"front room, second night.mp4": 24_000_000, "house sign.jpg": 3_100_000, "talk at the quay.m4a": 9_400_000}
"""Bytes of each file that is being sent."""
SLOW = 900_000
"""Bytes a second."""


def main(folder: Path) -> None:
    """Write every picture to the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as made, sync_playwright() as playwright:
        settings = Settings(data=Path(made) / "office")
        migrate(settings)
        make_keys(settings)
        initialise(settings, origin="example.org/ledger", office="PP", name="Phnom Penh", zone="Asia/Phnom_Penh")
        site = open_site(settings, probe=True)
        story, server = tell(site), Server(settings, Path(made) / "log")
        program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        server.start()
        try:
            keep(custody(browser, server, story), folder / "custody.png")
            keep(uploading(browser, server, story, Path(made)), folder / "upload.png")
            keep(chart(browser, server, story), folder / "chart.png")
            keep(caring(browser, server, story), folder / "caseworker.png")
            keep(matrix(browser, server, story), folder / "matrix.png")
            keep(month(browser, server, story), folder / "calendar.png")
        finally:
            browser.close()
            server.kill()
            site.engine.dispose()


def custody(browser: Browser, server: Server, story: Story) -> bytes:
    """Who held an item from the day that it was filmed."""
    page = signed_in(browser, server, story)
    page.goto(f"{server.url}/items/{story.items['video']['id']}")
    return part(page, "h1", "section[aria-labelledby=custody]")


def uploading(browser: Browser, server: Server, story: Story, folder: Path) -> bytes:
    """Files on their way over a slow line."""
    page = signed_in(browser, server, story)
    for name, size in FILES.items():
        (folder / name).write_bytes(os.urandom(size))
    with SlowLine(server.port, SLOW, 1 << 60) as line:
        page.goto(f"http://127.0.0.1:{line.port}/cases/{story.case['id']}/upload")
        page.set_input_files("#pick", [folder / name for name in FILES])
        page.fill("#all-method", "Hidden camera")
        page.get_by_role("button", name="Start upload", exact=True).click()
        first = page.locator("#files progress").first
        while float(first.evaluate("bar => bar.value")) < 35:
            page.wait_for_timeout(200)
        return part(page, "h1", "#files")


def chart(browser: Browser, server: Server, story: Story) -> bytes:
    """Who and what is tied to whom in a case, and by what evidence."""
    page = signed_in(browser, server, story)
    page.goto(f"{server.url}/cases/{story.case['id']}/chart")
    return part(page, "h1", "svg.chart")


def caring(browser: Browser, server: Server, story: Story) -> bytes:
    """The first page of a caseworker: alerts, who is sought, who is due."""
    page = signed_in(browser, server, story, "kunthea")
    return part(page, "h1", "section[aria-labelledby=care-due]")


def matrix(browser: Browser, server: Server, story: Story) -> bytes:
    """Who is charged with what in a case, and what came of it."""
    page = signed_in(browser, server, story, "mealea")
    page.goto(f"{server.url}/cases/{story.case['id']}/charges")
    return part(page, "h1", "section[aria-labelledby=matrix] table")


def month(browser: Browser, server: Server, story: Story) -> bytes:
    """What is before courts and due, in the month of the next hearings."""
    page = signed_in(browser, server, story, "mealea")
    page.goto(f"{server.url}/calendar?on={court_day(3).date()}")
    return part(page, "h1", "table.month")


def signed_in(browser: Browser, server: Server, story: Story, name: str = "sokha") -> Page:
    page = browser.new_context(**GUISE).new_page()
    sign_in(page, server, story.people[name])
    return page


def part(page: Page, first: str, last: str) -> bytes:
    """The page from one element to the end of another, and a little of what is round them."""
    page.evaluate("document.activeElement?.blur()")
    page.evaluate("scrollTo(0, 0)")
    page.mouse.move(0, 0)
    top, bottom = page.locator(first).first.bounding_box(), page.locator(last).bounding_box()
    assert top is not None
    assert bottom is not None
    y = top["y"] - MARGIN
    height = bottom["y"] + bottom["height"] + MARGIN - y
    return page.screenshot(full_page=True, clip={"x": 0, "y": y, "width": 1280, "height": height})


def keep(picture: bytes, path: Path) -> None:
    """Few colours and no more: a page has not many, and a clone is to stay light."""
    few = Image.open(io.BytesIO(picture)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    few.save(path, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
