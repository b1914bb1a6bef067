"""Files brought into a case with a real browser: on a slow line, a bad one, and one that ends."""

import hashlib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, Dialog, Locator, Page, expect

from evidence_api.demo.line import SlowLine
from evidence_api.work import Site
from tests.e2e.browser import PHONE, NewContext, sign_in
from tests.e2e.conftest import Server
from tests.people import Browser, Person, new_person

MIB = 1 << 20
PATIENT = 60_000
"""Milliseconds."""


@dataclass
class Desk:
    """An investigator with a case of her own: her browser, and the API to look at what has arrived."""

    server: Server
    person: Person
    api: Browser
    case: dict[str, Any]
    context: BrowserContext
    page: Page

    def open(self, line: SlowLine | None = None) -> None:
        """The upload page of her case, over a line of its own if one is given."""
        host = f"http://127.0.0.1:{line.port}" if line else self.server.url
        self.page.goto(f"{host}/cases/{self.case['id']}/upload")

    def choose(self, *paths: Path) -> None:
        self.page.set_input_files("#pick", [str(path) for path in paths])

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def rows(self, state: str) -> Locator:
        return self.page.locator(f"#files > [data-state={state}]")

    def items(self) -> list[dict[str, Any]]:
        """What the case has, oldest first."""
        found = self.api.call("GET", f"/cases/{self.case['id']}/evidence").get_json()["items"]
        return [self.api.call("GET", f"/evidence/{each['id']}").get_json() for each in reversed(found)]

    def chain(self, item: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
        links = self.api.call("GET", f"/evidence/{item['id']}/custody").get_json()["items"]
        return [(link["action"], json.loads(link["entry"])["data"]) for link in links]

    def kept(self, path: Path) -> None:
        """The file is the case's one item, and what the device computed of it stands in the chain."""
        item, digest = self.items()[0], digest_of(path)
        assert (len(self.items()), item["sha256"], item["filename"]) == (1, digest, path.name)
        assert ("evidence:device_digest", {"sha256": digest, "matches": True}) in self.chain(item)


def digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def a_file(folder: Path, name: str, size: int) -> Path:
    path = folder / name
    path.write_bytes(os.urandom(size))
    return path


@pytest.fixture
def person(app: Flask, site: Site) -> Person:
    return new_person(app, site)


def sit_down(server: Server, person: Person, context: BrowserContext) -> Desk:
    api = person.browser()
    body = {"title": "Riverside", "kind": "sex_trafficking", "country": "KH"}
    case = api.call("POST", "/cases", json=body).get_json()
    page = context.new_page()
    sign_in(page, server, person)
    return Desk(server, person, api, case, context, page)


@pytest.fixture
def desk(server: Server, person: Person, new_context: NewContext) -> Desk:
    return sit_down(server, person, new_context())


@pytest.fixture
def slow(server: Server) -> Iterator[SlowLine]:
    """A line of 4 MB a second to the server."""
    with SlowLine(server.port, 4e6, 1 << 60) as line:
        yield line


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return a_file(tmp_path, "night 3, back door.mp4", 16 * MIB + 321)


def until_sent(desk: Desk, percent: int) -> None:
    """Wait until the first file has come so far."""
    bar = desk.page.locator("#files progress").first
    for _ in range(400):
        if float(bar.get_attribute("value") or bar.evaluate("bar => bar.value")) >= percent:
            return
        desk.page.wait_for_timeout(50)
    pytest.fail("the upload does not go on")


def test_files_that_are_chosen_arrive_with_what_is_said_of_them(desk: Desk, tmp_path: Path) -> None:
    files = [a_file(tmp_path, f"IMG_{number}.bin", 50_000 * number) for number in (1, 2, 3)]
    desk.open()
    desk.choose(*files)
    desk.page.fill("#all-title", "Front door")
    desk.page.fill("#all-method", "Telephone")
    desk.page.fill("#all-captured_at", "2026-11-01T20:15:00")
    second = desk.page.locator("#files > li").nth(1)
    second.get_by_text("Say something different of this file").click()
    second.get_by_label("Title").fill("The sign")
    second.get_by_label("Imagery of abuse").select_option("true")
    desk.press("Start upload")
    expect(desk.rows("done")).to_have_count(3)
    found = {item["filename"]: item for item in desk.items()}
    assert [found[file.name]["title"] for file in files] == ["Front door (1)", "The sign", "Front door (2)"]
    assert [found[file.name]["sensitivity"] for file in files] == ["ordinary", "restricted", "ordinary"]
    for file in files:
        item, digest = found[file.name], digest_of(file)
        assert (item["sha256"], item["method"], item["quarantined"]) == (digest, "Telephone", False)
        assert item["captured_at"] == "2026-11-01T20:15:00+00:00"
        assert desk.chain(item)[-1] == ("evidence:device_digest", {"sha256": digest, "matches": True})
    desk.page.get_by_role("link", name="Open item").first.click()
    expect(desk.page).to_have_url(re.compile(r"/items/[0-9a-f-]{36}$"))


def test_when_a_file_was_changed_is_offered_and_never_taken_by_itself(desk: Desk, tmp_path: Path) -> None:
    files = [a_file(tmp_path, name, 1000) for name in ("a.bin", "b.bin")]
    for file in files:
        os.utime(file, (1_790_000_000, 1_790_000_000))
    desk.open()
    desk.choose(*files)
    first = desk.page.locator("#files > li").first
    first.get_by_text("Say something different of this file").click()
    first.get_by_role("button", name="Use this time").click()
    desk.press("Start upload")
    expect(desk.rows("done")).to_have_count(2)
    found = {item["filename"]: item["captured_at"] for item in desk.items()}
    assert found == {"a.bin": "2026-09-21T14:13:20+00:00", "b.bin": None}


def test_files_can_be_dropped(desk: Desk) -> None:
    desk.open()
    dropped = desk.page.evaluate_handle(
        "() => { const all = new DataTransfer(); all.items.add(new File(['two sisters'], 'note.txt')); return all }"
    )
    desk.page.dispatch_event("#drop", "drop", {"dataTransfer": dropped})
    desk.press("Start upload")
    expect(desk.rows("done")).to_have_count(1)
    assert [item["sha256"] for item in desk.items()] == [hashlib.sha256(b"two sisters").hexdigest()]


def test_after_a_reload_the_same_file_goes_on_where_it_was(desk: Desk, film: Path, slow: SlowLine) -> None:
    asked: list[str] = []

    def leave(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    desk.page.on("dialog", leave)
    desk.open(slow)
    desk.choose(film)
    desk.page.fill("#all-title", "Back door")
    desk.press("Start upload")
    until_sent(desk, 40)
    desk.page.reload()
    assert asked == ["beforeunload"], "nobody was warned"
    left = desk.page.locator("#standing li")
    expect(left).to_contain_text("Back door")
    expect(left).to_contain_text(film.name)
    desk.choose(film)
    expect(desk.rows("done")).to_have_count(1, timeout=PATIENT)
    expect(left).to_have_count(0)
    desk.kept(film)
    assert desk.items()[0]["title"] == "Back door"
    assert slow.passed < 1.3 * film.stat().st_size, "what had arrived was sent again"


def test_who_leaves_quickly_is_not_held_up_by_an_upload(desk: Desk, film: Path, slow: SlowLine) -> None:
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    desk.page.on("dialog", stay)
    desk.open(slow)
    desk.choose(film)
    desk.press("Start upload")
    until_sent(desk, 10)
    with desk.page.expect_navigation():
        desk.press("Leave quickly")
    assert desk.page.locator("#upload").count() == 0
    assert asked == []


def test_what_the_browser_has_forgotten_the_server_still_knows(desk: Desk, film: Path, slow: SlowLine) -> None:
    desk.open(slow)
    desk.choose(film)
    desk.press("Start upload")
    until_sent(desk, 40)
    desk.page.evaluate("localStorage.clear()")
    desk.page.reload()
    desk.choose(film)
    expect(desk.rows("done")).to_have_count(1, timeout=PATIENT)
    desk.kept(film)
    assert slow.passed < 1.3 * film.stat().st_size, "what had arrived was sent again"


def test_what_stays_on_the_device_names_nothing_and_goes_when_it_is_done(
    desk: Desk, film: Path, slow: SlowLine
) -> None:
    desk.open(slow)
    desk.choose(film)
    desk.page.fill("#all-title", "Back door")
    desk.press("Start upload")
    until_sent(desk, 20)
    kept = desk.page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert re.search(r"unbroken-upload:[0-9a-f]{64}", kept)
    assert not re.search(r"night|door|mp4|Back|Riverside", kept)
    expect(desk.rows("done")).to_have_count(1, timeout=PATIENT)
    assert "unbroken-upload" not in desk.page.evaluate("JSON.stringify({...localStorage})")


def test_an_upload_goes_on_by_itself_when_the_network_comes_back(desk: Desk, film: Path, slow: SlowLine) -> None:
    desk.open(slow)
    desk.choose(film)
    desk.press("Start upload")
    until_sent(desk, 30)
    desk.context.set_offline(True)
    # The connection that is open would live on: it ends with the server.
    desk.server.kill()
    desk.server.start()
    expect(desk.rows("waiting")).to_contain_text("No connection", timeout=PATIENT)
    desk.context.set_offline(False)
    expect(desk.rows("done")).to_have_count(1, timeout=PATIENT)
    desk.kept(film)


def test_an_upload_goes_on_by_itself_when_the_server_was_killed_and_started_again(
    desk: Desk, film: Path, slow: SlowLine
) -> None:
    desk.open(slow)
    desk.choose(film)
    desk.press("Start upload")
    until_sent(desk, 50)
    desk.server.kill()
    expect(desk.rows("waiting")).to_contain_text("No connection", timeout=PATIENT)
    desk.server.start()
    expect(desk.rows("done")).to_have_count(1, timeout=PATIENT)
    desk.kept(film)


def test_a_paused_upload_waits_and_goes_on_where_it_was(desk: Desk, film: Path, slow: SlowLine) -> None:
    desk.open(slow)
    desk.choose(film)
    desk.press("Start upload")
    until_sent(desk, 30)
    desk.press("Pause")
    expect(desk.rows("paused")).to_have_count(1)
    # What lies in the machine's own buffers still goes through; then nothing does.
    for _ in range(20):
        stood = slow.passed
        desk.page.wait_for_timeout(700)
        if slow.passed == stood:
            break
    assert slow.passed == stood < film.stat().st_size, "bytes are sent all the same"
    desk.press("Resume all")
    expect(desk.rows("done")).to_have_count(1, timeout=PATIENT)
    desk.kept(film)
    assert slow.passed < 1.3 * film.stat().st_size, "what had arrived was sent again"


def test_an_upload_that_is_given_up_leaves_nothing(desk: Desk, film: Path, slow: SlowLine) -> None:
    desk.page.on("dialog", lambda dialog: dialog.accept())
    desk.open(slow)
    desk.choose(film)
    desk.press("Start upload")
    until_sent(desk, 20)
    with desk.page.expect_response(lambda answer: answer.request.method == "DELETE"):
        desk.press("Give it up")
    expect(desk.page.locator("#files > li")).to_have_count(0)
    assert desk.api.call("GET", "/uploads").get_json()["items"] == []
    assert "unbroken-upload" not in desk.page.evaluate("JSON.stringify({...localStorage})")


def test_a_file_that_the_case_has_leads_to_the_item(desk: Desk, tmp_path: Path) -> None:
    file = a_file(tmp_path, "a.bin", 40_000)
    desk.open()
    for state in ("done", "duplicate"):
        desk.choose(file)
        desk.press("Start upload")
        expect(desk.rows(state)).to_have_count(1)
    expect(desk.rows("duplicate")).to_contain_text("The case has this file already")
    (item,) = desk.items()
    link = desk.page.get_by_role("link", name="Open the item that the case has")
    assert link.get_attribute("href") == f"/items/{item['id']}"


def test_what_is_refused_is_said_and_can_be_mended(desk: Desk, tmp_path: Path) -> None:
    desk.open()
    desk.choose(a_file(tmp_path, "a.bin", 4000))
    desk.page.fill("#all-latitude", "11.5")
    desk.press("Start upload")
    expect(desk.rows("refused")).to_contain_text("Give latitude and longitude together.")
    desk.page.fill("#all-longitude", "104.9")
    desk.press("Try again")
    expect(desk.rows("done")).to_have_count(1)
    assert [(item["latitude"], item["longitude"]) for item in desk.items()] == [(11.5, 104.9)]


def test_who_was_signed_out_signs_in_in_another_tab_and_resumes(desk: Desk, film: Path, slow: SlowLine) -> None:
    desk.open(slow)
    desk.choose(film)
    desk.press("Start upload")
    until_sent(desk, 30)
    desk.press("Pause")
    expect(desk.rows("paused")).to_have_count(1)
    desk.context.clear_cookies()
    desk.press("Resume")
    expect(desk.rows("stopped")).to_contain_text("Sign in again in another tab")
    tab = desk.context.new_page()
    sign_in(tab, desk.server, desk.person)
    tab.close()
    desk.press("Resume all")
    expect(desk.rows("done")).to_have_count(1, timeout=PATIENT)
    desk.kept(film)


def test_a_page_of_before_the_last_sign_in_is_unlocked_without_losing_its_upload(desk: Desk, film: Path) -> None:
    with SlowLine(desk.server.port, 1e6, 1 << 60) as line:
        desk.open(line)
        desk.choose(film)
        desk.press("Start upload")
        until_sent(desk, 10)
        tab = desk.context.new_page()
        tab.goto(f"{desk.server.url}/account")
        tab.evaluate(
            "fetch('/api/v1/session', {method: 'DELETE', headers: {'X-CSRF-Token': document.body.dataset.csrf}})"
        )
        sign_in(tab, desk.server, desk.person)
        tab.close()
        loads: list[str] = []
        desk.page.on("load", lambda page: loads.append(page.url))
        with desk.page.expect_response(lambda answer: answer.url.endswith("/session/lock") and answer.status == 204):
            desk.page.evaluate(
                "() => { const now = Date.now; Date.now = () => now() + 3600_000;"
                " dispatchEvent(new Event('pointermove')); Date.now = now }"
            )
        desk.page.fill("#lock-code", desk.person.fresh())
        desk.page.press("#lock-code", "Enter")
        expect(desk.page.locator("#lock")).to_be_hidden()
        expect(desk.rows("done")).to_have_count(1, timeout=PATIENT)
    assert loads == []
    desk.kept(film)


def test_an_upload_does_not_hang_when_what_computes_the_digest_comes_late(desk: Desk, tmp_path: Path) -> None:
    file = a_file(tmp_path, "a.bin", 300_000)
    desk.open()
    desk.page.route("**/hasher.js", lambda route: route.abort())
    desk.choose(file)
    desk.press("Start upload")
    expect(desk.rows("checking")).to_have_count(1)
    desk.page.wait_for_timeout(2000)
    expect(desk.rows("checking")).to_have_count(1)
    desk.page.unroute("**/hasher.js")
    expect(desk.rows("done")).to_have_count(1)
    desk.kept(file)


def test_a_device_that_cannot_compute_the_digest_says_so_and_may_try_again(desk: Desk, tmp_path: Path) -> None:
    file = a_file(tmp_path, "a.bin", 300_000)
    desk.open()
    desk.page.route("**/hasher.js", lambda route: route.abort())
    desk.choose(file)
    desk.press("Start upload")
    expect(desk.rows("kept")).to_contain_text("The digest could not be computed on this device", timeout=PATIENT)
    desk.page.unroute("**/hasher.js")
    desk.choose(file)
    expect(desk.rows("done")).to_have_count(1)
    desk.kept(file)


@pytest.mark.parametrize(
    ("status", "says"), [(404, "could not be put on the record"), (409, "Another digest stands on the record")]
)
def test_a_file_that_is_kept_is_called_kept_although_its_digest_is_refused(
    desk: Desk, tmp_path: Path, status: int, says: str
) -> None:
    file = a_file(tmp_path, "a.bin", 4000)
    desk.open()
    desk.page.route("**/digest", lambda route: route.fulfill(status=status, json={"type": "x", "detail": "No."}))
    desk.choose(file)
    desk.press("Start upload")
    expect(desk.rows("kept")).to_contain_text(says)
    (item,) = desk.items()
    assert desk.page.get_by_role("link", name="Open item").get_attribute("href") == f"/items/{item['id']}"


def test_after_a_reload_the_digest_of_what_has_arrived_is_told_and_nothing_is_sent_again(
    desk: Desk, film: Path
) -> None:
    desk.page.on("dialog", lambda dialog: dialog.accept())
    with SlowLine(desk.server.port, 20e6, 1 << 60) as line:
        desk.open(line)
        desk.page.route("**/hasher.js", lambda route: route.abort())
        desk.choose(film)
        desk.press("Start upload")
        expect(desk.rows("checking")).to_have_count(1, timeout=PATIENT)
        desk.page.unroute("**/hasher.js")
        desk.page.reload()
        desk.choose(film)
        expect(desk.rows("done")).to_have_count(1, timeout=PATIENT)
        assert line.passed < 1.3 * film.stat().st_size, "it was sent again"
    desk.kept(film)
    assert "unbroken-upload" not in desk.page.evaluate("JSON.stringify({...localStorage})")


def test_a_time_is_the_offices_as_in_every_form_also_when_its_clock_is_changed(desk: Desk) -> None:
    times = [
        (zone, f"{day}T{hour:02}:{minute}:00")
        for zone in ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Phnom_Penh")
        for day in ("2026-03-08", "2026-03-29", "2026-04-05", "2026-10-04", "2026-10-25", "2026-11-01", "2011-12-31")
        for hour in range(24)
        for minute in (15, 45)
    ]
    desk.open()
    found = desk.page.evaluate(
        """async (times) => {
            const clock = document.querySelector("[rel=modulepreload][href$='/upload/clock.js']").href;
            const { momentOf } = await import(clock);
            return times.map(([zone, local]) => momentOf(local, zone));
        }""",
        times,
    )
    wrong = [
        (zone, local)
        for (zone, local), moment in zip(times, found, strict=True)
        if datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
        != datetime.fromisoformat(moment)
    ]
    assert wrong == []


def test_a_year_of_two_digits_is_asked_again(desk: Desk, tmp_path: Path) -> None:
    desk.open()
    desk.choose(a_file(tmp_path, "a.bin", 4000))
    desk.page.fill("#all-captured_at", "0026-11-01T20:15:00")
    desk.press("Start upload")
    expect(desk.rows("refused")).to_contain_text("Give the year with four digits.")
    desk.page.fill("#all-captured_at", "2026-11-01T20:15:00")
    desk.press("Try again")
    expect(desk.rows("done")).to_have_count(1)
    assert [item["captured_at"] for item in desk.items()] == ["2026-11-01T20:15:00+00:00"]


def test_an_upload_works_on_a_telephone(
    server: Server, person: Person, new_context: NewContext, tmp_path: Path
) -> None:
    desk = sit_down(server, person, new_context(**PHONE))
    desk.open()
    photograph = a_file(tmp_path, "a-photograph-with-a-very-long-name-that-no-telephone-shows-in-one-line.jpg", 90_000)
    desk.page.set_input_files("#camera", str(photograph))
    desk.page.get_by_text("Say something different of this file").tap()
    assert desk.page.evaluate("document.documentElement.scrollWidth") == 375, "the page is wider than the telephone"
    desk.page.get_by_role("button", name="Start upload").tap()
    expect(desk.rows("done")).to_have_count(1)
    desk.kept(photograph)


def test_without_javascript_the_page_names_the_other_way(
    server: Server, person: Person, new_context: NewContext
) -> None:
    desk = sit_down(server, person, new_context(java_script_enabled=False))
    desk.open()
    # Chromium shows it where scripts are switched off, but not where a test switches them off.
    said = desk.page.locator("noscript").text_content() or ""
    assert "unbroken upload" in said
    assert desk.case["ref"] in said
    expect(desk.page.locator("#upload")).to_be_hidden()
