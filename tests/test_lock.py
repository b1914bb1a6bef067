"""The lock and the quick exit, as a browser without script sees them."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from evidence_api import create_app
from evidence_api.domain.roles import Role
from evidence_api.models import AuthSession, SessionPresence
from evidence_api.work import Site
from tests.conftest import Persona
from tests.people import Browser, Person, new_person

pytestmark = pytest.mark.usefixtures("quick_sign_in")


@pytest.fixture
def person(app: Flask, site: Site) -> Person:
    return new_person(app, site, (Role.INVESTIGATOR, Role.LAWYER))


@pytest.fixture
def browser(person: Person) -> Browser:
    """Her browser, and its session is locked."""
    browser = person.browser()
    assert browser.call("POST", "/session/lock").status_code == 204
    return browser


def post(browser: Browser, path: str, **fields: str) -> TestResponse:
    return browser.client.post(path, data={"csrf_token": browser.csrf, **fields})


def hidden(html: str) -> dict[str, str]:
    """The fields that the locked page's form carries along."""
    form = re.findall(r"<form.*?</form>", html, re.S)[0]
    found = re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', form)
    return {unescape(name): unescape(value) for name, value in found}


def action(html: str) -> str:
    return unescape(re.findall(r'<form[^>]* action="([^"]*)"', html)[0])


def send_on(browser: Browser, answer: TestResponse, code: str) -> TestResponse:
    """Fill in the locked page, and send it."""
    html = answer.get_data(as_text=True)
    return browser.client.post(action(html), data={**hidden(html), "unlock_code": code})


def test_a_locked_session_shows_nothing_of_hers_at_any_address(browser: Browser, person: Person) -> None:
    for path in ("/", "/password", "/api/docs", "/items/0199c4a1-0000-7000-8000-000000000000"):
        answer = browser.client.get(path)
        html = answer.get_data(as_text=True)
        assert answer.status_code == 423, path
        assert 'name="unlock_code"' in html
        assert "Sign out" in html
        for hers in (person.username, str(person.id), "investigator", "PP"):
            assert hers not in html


def test_the_right_code_leads_back_to_where_she_was(browser: Browser, person: Person) -> None:
    answer = send_on(browser, browser.client.get("/password"), person.fresh())
    assert (answer.status_code, answer.headers["Location"]) == (303, "/password")
    assert browser.client.get("/password").status_code == 200


def test_what_was_typed_is_sent_on_once_the_code_is_right(browser: Browser, person: Person) -> None:
    answer = post(browser, "/role", role="lawyer", note='<b>"Riverside"</b>\r\nsecond line')
    assert answer.status_code == 423
    kept = hidden(answer.get_data(as_text=True))
    assert (kept["role"], kept["note"]) == ("lawyer", '<b>"Riverside"</b>\r\nsecond line')
    assert "user:role_switched" not in person.actions()

    again = send_on(browser, answer, "000000")
    assert again.status_code == 423
    assert "This code is not right" in again.get_data(as_text=True)
    assert hidden(again.get_data(as_text=True))["note"] == kept["note"]

    send_on(browser, again, person.fresh())
    assert person.actions()[-2:] == ["user:session_unlocked", "user:role_switched"]
    assert browser.call("GET", "/me").get_json()["role"] == "lawyer"


def test_no_secret_waits_in_the_locked_page(browser: Browser) -> None:
    secret = {"password": "seven boats", "new_password": "at sunrise", "repeated": "at sunrise", "otp": "123456"}
    html = post(browser, "/password", **secret).get_data(as_text=True)
    for value in secret.values():
        assert value not in html
    assert hidden(html).keys() == {"csrf_token"}


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "\\\\evil.example",
        "/\t/evil.example",
        "https:evil.example",
        "javascript:alert(1)",
        "/no-such-page",
        "/api/v1/me",
        "/sign-out",
        "/static/style.css",
        "password",
        "//[",
        "",
    ],
)
def test_nobody_is_led_to_another_site_or_to_no_page(browser: Browser, person: Person, address: str) -> None:
    answer = post(browser, "/unlock", next=address, unlock_code=person.fresh())
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")


def test_wrong_codes_have_to_wait_longer_and_longer(browser: Browser, person: Person) -> None:
    for _ in range(4):
        assert post(browser, "/unlock", next="/", unlock_code="000000").status_code == 423
    answer = post(browser, "/unlock", next="/", unlock_code=person.fresh())
    assert answer.status_code == 429
    assert "Wait" in answer.get_data(as_text=True)
    assert browser.client.get("/").status_code == 423


def test_an_unlock_that_another_site_sends_is_refused(browser: Browser, person: Person) -> None:
    answer = browser.client.post("/unlock", data={"next": "/", "unlock_code": person.fresh()})
    assert answer.status_code == 403
    assert browser.client.get("/").status_code == 423


def test_a_page_left_alone_too_long_is_locked_without_any_script(person: Person) -> None:
    browser = person.browser()
    assert browser.client.get("/password").status_code == 200
    hers = sa.select(AuthSession.id).where(AuthSession.user_id == person.id)
    with person.site.engine.begin() as connection:
        connection.execute(
            sa.update(SessionPresence)
            .where(SessionPresence.session_id.in_(hers))
            .values(seen_at=datetime.now(UTC) - timedelta(minutes=16))
        )
    assert browser.client.get("/").status_code == 423


def test_unlocking_in_one_tab_opens_the_other(browser: Browser, person: Person) -> None:
    waiting = post(browser, "/role", role="lawyer")
    send_on(browser, browser.client.get("/"), person.fresh())
    assert browser.client.get("/password").status_code == 200
    send_on(browser, waiting, "a code that is not asked for any more")
    assert "user:role_switched" in person.actions()


def test_she_can_sign_out_of_a_locked_session_and_in_again(browser: Browser, person: Person) -> None:
    answer = post(browser, "/sign-out")
    assert answer.headers["Location"] == "/sign-in"
    assert browser.client.get("/").headers["Location"] == "/sign-in"
    person.sign_in(browser.client, otp=person.fresh())
    assert browser.client.get("/password").status_code == 200


def test_the_quick_exit_locks_at_once_and_shows_nothing_of_ours(person: Person) -> None:
    browser = person.browser()
    answer = post(browser, "/quick-exit")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/away")
    assert answer.headers["Clear-Site-Data"] == '"cache"'
    assert browser.client.get("/").status_code == 423
    away = browser.client.get("/away")
    html = away.get_data(as_text=True)
    assert away.headers["Cache-Control"] == "no-store"
    assert "<title>Home</title>" in html
    for ours in ("Unbroken", "evidence", "/static/", person.username):
        assert ours not in html


def test_the_quick_exit_hides_the_page_whatever_state_the_session_is_in(client: FlaskClient, browser: Browser) -> None:
    answers = [
        client.post("/quick-exit"),
        browser.client.post("/quick-exit", data={"csrf_token": "of yesterday"}),
        post(browser, "/quick-exit"),
    ]
    assert [(a.status_code, a.headers["Location"]) for a in answers] == [(303, "/away")] * 3


def test_the_quick_exit_locks_even_from_a_page_of_before_the_last_sign_in(person: Person) -> None:
    browser = person.browser()
    old = browser.csrf
    browser.call("DELETE", "/session")
    person.sign_in(browser.client, otp=person.fresh())
    assert browser.client.get("/password").status_code == 200
    answer = browser.client.post("/quick-exit", data={"csrf_token": old})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/away")
    assert browser.client.get("/password").status_code == 423
    assert person.actions()[-1] == "user:session_locked"


def test_the_quick_exit_leads_where_the_office_says(site: Site) -> None:
    elsewhere = create_app(replace(site, settings=replace(site.settings, exit_url="https://weather.example/?a=1&b=2")))
    html = elsewhere.test_client().get("/away").get_data(as_text=True)
    assert '<meta http-equiv="refresh" content="0;url=https://weather.example/?a=1&amp;b=2">' in html


def test_after_signing_in_she_comes_to_the_page_she_wanted_once(
    client: FlaskClient, investigator: Persona, item: dict[str, str], person: Person
) -> None:
    path = f"/items/{item['id']}"
    assert client.get(f"{path}?q=Riverside").headers["Location"] == "/sign-in"
    for wanted in (path, "/"):
        html = client.get("/sign-in").get_data(as_text=True)
        token = re.findall(r'name="csrf_token" value="([^"]+)"', html)[0]
        given = {"username": person.username, "password": person.password, "otp": person.fresh()}
        assert client.post("/sign-in", data={"csrf_token": token, **given}).headers["Location"] == wanted
        html = client.get("/password").get_data(as_text=True)
        token = re.findall(r'name="csrf_token" value="([^"]+)"', html)[0]
        client.post("/sign-out", data={"csrf_token": token})
