"""The lock of a page that is open, in a real browser whose clock is turned forward."""

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, Page, Route, expect

from evidence_api.work import Site
from tests.e2e.browser import NewContext, sign_in
from tests.e2e.conftest import Server
from tests.people import Person, new_person

TYPED = "half a new password"


@pytest.fixture
def person(app: Flask, site: Site) -> Person:
    return new_person(app, site)


@pytest.fixture
def context(new_context: NewContext, server: Server, person: Person) -> BrowserContext:
    """A profile in which she is signed in, with a clock that the test turns."""
    context = new_context()
    page = context.new_page()
    sign_in(page, server, person)
    page.close()
    context.clock.install()
    return context


def open_form(context: BrowserContext, server: Server) -> Page:
    page = context.new_page()
    page.goto(f"{server.url}/password")
    page.fill("[name=new_password]", TYPED)
    return page


def unlock(page: Page, code: str) -> None:
    page.fill("#lock-code", code)
    page.press("#lock-code", "Enter")


def test_a_page_left_alone_covers_itself_and_keeps_what_was_typed(
    context: BrowserContext, server: Server, person: Person
) -> None:
    page = open_form(context, server)
    page.clock.fast_forward("14:10")
    expect(page.locator("#lock-warning")).to_contain_text("locks in a minute")
    with page.expect_response("**/session/lock"):
        page.clock.fast_forward("01:00")
    expect(page.locator("#lock")).to_be_visible()
    expect(page.locator("main")).to_be_hidden()
    expect(page.locator("header")).to_be_hidden()
    expect(page.locator("#lock-code")).to_be_focused()
    assert person.actions()[-1] == "user:session_locked"

    for _ in range(2):
        page.keyboard.press("Escape")
        page.clock.fast_forward(2000)
    expect(page.locator("#lock")).to_be_visible()
    unlock(page, "000000")
    expect(page.locator("#lock-error")).to_contain_text("This code is not right")
    unlock(page, person.fresh())
    expect(page.locator("#lock")).to_be_hidden()
    expect(page.locator("[name=new_password]")).to_have_value(TYPED)
    assert person.actions()[-1] == "user:session_unlocked"


def test_what_she_does_in_one_tab_counts_in_the_other_and_so_does_unlocking(
    context: BrowserContext, server: Server, person: Person
) -> None:
    first, second = open_form(context, server), open_form(context, server)
    context.clock.fast_forward("10:00")
    second.bring_to_front()
    second.press("[name=new_password]", "a")
    context.clock.fast_forward("10:00")
    expect(first.locator("#lock")).to_be_hidden()
    context.clock.fast_forward("06:00")
    for page in (first, second):
        expect(page.locator("#lock")).to_be_visible()
    unlock(second, person.fresh())
    for page in (first, second):
        expect(page.locator("#lock")).to_be_hidden()
    expect(first.locator("[name=new_password]")).to_have_value(TYPED)


def test_a_lock_that_is_slow_on_its_way_does_not_arrive_after_the_code_that_opens_it(
    context: BrowserContext, server: Server, person: Person
) -> None:
    held: list[Route] = []
    context.route("**/session/lock", lambda route: held.append(route))
    first, second = open_form(context, server), open_form(context, server)
    context.clock.fast_forward("15:10")
    for page in (first, second):
        expect(page.locator("#lock")).to_be_visible()
    unlock(second, person.fresh())
    second.wait_for_timeout(500)
    assert len(held) == 1
    held[0].continue_()
    for page in (first, second):
        expect(page.locator("#lock")).to_be_hidden()
    moves = [action for action in person.actions() if action.startswith("user:session_")]
    assert moves[-2:] == ["user:session_locked", "user:session_unlocked"]


def test_a_laptop_that_was_closed_for_hours_shows_nothing_at_the_first_touch(
    context: BrowserContext, server: Server
) -> None:
    page = open_form(context, server)
    shown = page.evaluate(
        """() => {
            const now = Date.now();
            Date.now = () => now + 3 * 3600_000;
            dispatchEvent(new Event("pointermove"));
            return document.querySelector("main").checkVisibility();
        }"""
    )
    assert shown is False


@pytest.mark.parametrize("way", ["the button", "Escape three times"])
def test_the_quick_exit_hides_the_page_and_back_shows_it_no_more(
    context: BrowserContext, server: Server, person: Person, way: str
) -> None:
    page = context.new_page()
    page.goto(f"{server.url}/password")
    page.goto(f"{server.url}/password?again")
    if way == "the button":
        page.click("#leave button")
    else:
        for _ in range(3):
            page.keyboard.press("Escape")
    page.wait_for_url(f"{server.url}/away")
    expect(page.locator("body")).not_to_contain_text("Unbroken")
    # The page is gone before the server has answered.
    for _ in range(100):
        if person.actions()[-1] == "user:session_locked":
            break
        page.wait_for_timeout(100)
    page.go_back()
    expect(page.locator("[name=unlock_code]")).to_be_visible()


def test_without_script_the_quick_exit_works_the_same(
    new_context: NewContext, server: Server, person: Person, context: BrowserContext
) -> None:
    plain = new_context(java_script_enabled=False, storage_state=context.storage_state())
    page = plain.new_page()
    page.goto(f"{server.url}/password")
    page.click("#leave button")
    page.wait_for_url(f"{server.url}/away")
    page.goto(f"{server.url}/password")
    expect(page.locator("[name=unlock_code]")).to_be_visible()


def sign_in_again(context: BrowserContext, server: Server, first: Person, then: Person) -> None:
    """In another tab she signs out, and she or somebody else in: the token of every page that is open is old."""
    tab = context.new_page()
    tab.goto(f"{server.url}/password")
    tab.evaluate("fetch('/api/v1/session', {method: 'DELETE', headers: {'X-CSRF-Token': document.body.dataset.csrf}})")
    tab.wait_for_function("fetch('/api/v1/me').then(answer => answer.status === 401)")
    sign_in(tab, server, then)
    tab.close()


def test_a_tab_of_before_the_last_sign_in_locks_the_session_all_the_same(
    context: BrowserContext, server: Server, person: Person
) -> None:
    page = open_form(context, server)
    sign_in_again(context, server, person, person)
    with page.expect_response(lambda answer: answer.url.endswith("/session/lock") and answer.status == 204):
        page.clock.fast_forward("15:10")
    assert person.actions()[-1] == "user:session_locked"
    unlock(page, person.fresh())
    expect(page.locator("#lock")).to_be_hidden()
    expect(page.locator("[name=new_password]")).to_have_value(TYPED)
    assert person.actions()[-1] == "user:session_unlocked"


def test_a_tab_of_before_the_last_sign_in_leaves_quickly_and_locks_the_session(
    context: BrowserContext, server: Server, person: Person
) -> None:
    page = open_form(context, server)
    sign_in_again(context, server, person, person)
    page.click("#leave button")
    page.wait_for_url(f"{server.url}/away")
    for _ in range(100):
        if person.actions()[-1] == "user:session_locked":
            break
        page.wait_for_timeout(100)
    assert person.actions()[-1] == "user:session_locked"


def test_a_page_of_hers_is_not_uncovered_by_the_code_of_another_who_signed_in_since(
    context: BrowserContext, server: Server, person: Person, app: Flask, site: Site
) -> None:
    page, other = open_form(context, server), new_person(app, site)
    sign_in_again(context, server, person, other)
    with page.expect_response(lambda answer: answer.url.endswith("/session/lock") and answer.status == 204):
        page.clock.fast_forward("15:10")
    with page.expect_navigation():
        unlock(page, other.fresh())
    expect(page.locator("[name=new_password]")).to_have_value("")
    expect(page.locator("body")).to_contain_text(other.username)
    expect(page.locator("body")).not_to_contain_text(person.username)
