"""A real browser for the tests of the pages: headless Chromium, in which every complaint of the page is a failure."""

import os
import shutil
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    WebError,
    expect,
    sync_playwright,
)

from tests.people import Person

if TYPE_CHECKING:
    from tests.e2e.conftest import Server

NewContext = Callable[..., BrowserContext]
"""Opens a fresh browser profile; takes what playwright's `new_context` takes, such as `viewport` or `locale`."""

PHONE: dict[str, Any] = {"viewport": {"width": 375, "height": 740}, "has_touch": True, "is_mobile": True}
SECONDS = 15


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The browser itself; `new_context` opens profiles in it."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        message = "Chromium is not installed; this test needs it: sudo apt-get install chromium"
        if os.environ.get("CI") or os.environ.get("UNBROKEN_REQUIRE_ALL"):
            pytest.fail(message, pytrace=False)
        pytest.skip(message)
    expect.set_options(timeout=SECONDS * 1000)
    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-background-networking", "--disable-dev-shm-usage"]
        browser = playwright.chromium.launch(executable_path=program, args=options)
        yield browser
        browser.close()


@pytest.fixture
def new_context(chromium: Browser) -> Iterator[NewContext]:
    """Fresh profiles, closed after the test. It fails if a script failed, the policy was broken or another host asked.

    A request that the server refused, or that a lost network kept from it, is no fault of a page: only a static file
    must always be there.
    """
    opened: list[BrowserContext] = []
    faults: list[str] = []

    def failed(error: WebError) -> None:
        faults.append(f"script: {error.error}")

    def said(message: ConsoleMessage) -> None:
        address = str(message.location.get("url", ""))
        unanswered = message.text.startswith("Failed to load resource")
        if message.type == "error" and not (unanswered and ("net::" in message.text or "/static/" not in address)):
            faults.append(f"console: {message.text} ({address})")

    def asked(request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme in ("http", "https", "ws", "wss") and address.hostname != "127.0.0.1":
            faults.append(f"request to another host: {address.hostname}")

    def new(**options: Any) -> BrowserContext:
        context = chromium.new_context(**options)
        context.set_default_timeout(SECONDS * 1000)
        context.on("weberror", failed)
        context.on("console", said)
        context.on("request", asked)
        opened.append(context)
        return context

    yield new
    for context in opened:
        context.close()
    assert not faults, "\n".join(faults)


def sign_in(page: Page, server: "Server", person: Person) -> None:
    """Sign a person in through the pages, and leave her on the first one."""
    page.goto(f"{server.url}/sign-in")
    page.fill("[name=username]", person.username)
    page.fill("[name=password]", person.password)
    page.fill("[name=otp]", person.fresh())
    page.press("[name=otp]", "Enter")
    page.wait_for_url(lambda address: "/sign-in" not in address)
