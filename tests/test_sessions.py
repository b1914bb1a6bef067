"""One's sessions: locked by hand or left alone, unlocked with a code, listed and ended."""

import base64
import os
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from evidence_api.config import BadSettings, load
from evidence_api.domain.roles import Role
from evidence_api.models import AuthSession, SessionPresence, Tries
from evidence_api.work import Site
from tests.people import Browser, Person, asks_with, new_person

pytestmark = pytest.mark.usefixtures("quick_sign_in")

TUS = {"Tus-Resumable": "1.0.0"}
PATCH = {**TUS, "Content-Type": "application/offset+octet-stream"}


@pytest.fixture
def person(app: Flask, site: Site) -> Person:
    return new_person(app, site)


def left_alone(person: Person, minutes: float) -> None:
    """As if no request had come for so long in any of her sessions."""
    hers = sa.select(AuthSession.id).where(AuthSession.user_id == person.id)
    with person.site.engine.begin() as connection:
        connection.execute(
            sa.update(SessionPresence)
            .where(SessionPresence.session_id.in_(hers))
            .values(seen_at=datetime.now(UTC) - timedelta(minutes=minutes))
        )


def quiet_minutes(person: Person) -> float:
    """Since her only session was last seen in use."""
    find = sa.select(SessionPresence.seen_at).join(AuthSession).where(AuthSession.user_id == person.id)
    with person.site.engine.connect() as connection:
        return (datetime.now(UTC) - connection.scalars(find).one()).total_seconds() / 60


def is_locked(browser: Browser) -> bool:
    answer = browser.call("GET", "/me")
    return answer.status_code == 423 and answer.get_json()["type"] == "locked"


def unlock(browser: Browser, otp: str) -> Any:
    return browser.call("POST", "/session/unlock", json={"otp": otp})


def case_of(browser: Browser) -> str:
    body = {"title": "Riverside", "kind": "sex_trafficking", "country": "KH"}
    return str(browser.call("POST", "/cases", json=body).get_json()["id"])


def into(case: str, size: int) -> dict[str, str]:
    pairs = {"case": case, "title": "Front door", "filename": "door.bin"}
    metadata = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in pairs.items())
    return {**TUS, "Upload-Length": str(size), "Upload-Metadata": metadata}


def test_a_locked_session_says_so_to_everything_it_is_asked(person: Person) -> None:
    browser = person.browser()
    case = case_of(browser)
    assert browser.call("POST", "/session/lock").status_code == 204
    asked: tuple[tuple[str, str], ...] = (
        ("GET", "/me"),
        ("GET", "/cases"),
        ("GET", f"/cases/{case}"),
        ("GET", f"/cases/{uuid.uuid4()}"),
        ("POST", f"/cases/{case}/transitions"),
        ("GET", "/people"),
        ("GET", "/tokens"),
        ("GET", "/me/sessions"),
        ("POST", "/password"),
        ("POST", "/session/role"),
        ("DELETE", "/sessions"),
    )
    for method, path in asked:
        answer = browser.call(method, path)
        problem = answer.get_json()
        assert (answer.status_code, problem["type"]) == (423, "locked"), (method, path)
        assert problem["detail"] == "This session is locked. Enter a code to go on."
    assert "user:denied" not in person.actions()


def test_an_upload_under_way_goes_on_while_the_session_is_locked(person: Person) -> None:
    browser = person.browser()
    content = os.urandom(2000)
    begun = browser.call("POST", "/uploads", headers=into(case_of(browser), len(content)))
    assert begun.status_code == 201, begun.get_json()
    path = begun.headers["Location"].partition("/api/v1")[2]
    headers = {**PATCH, "Upload-Offset": "0"}
    assert browser.call("PATCH", path, headers=headers, data=content[:1000]).status_code == 204

    browser.call("POST", "/session/lock")
    stands = browser.call("HEAD", path, headers=TUS).headers
    assert stands["Upload-Offset"] == "1000"
    assert "Upload-Metadata" not in stands
    headers = {**PATCH, "Upload-Offset": "1000"}
    assert browser.call("PATCH", path, headers=headers, data=content[1000:]).status_code == 204

    unlock(browser, person.fresh())
    ended = browser.call("GET", path).get_json()
    assert ended["state"] == "admitted"
    assert browser.call("GET", f"/evidence/{ended['evidence']}").get_json()["size"] == len(content)


def test_a_fresh_code_opens_it_again_and_both_are_in_the_ledger(person: Person) -> None:
    browser = person.browser()
    browser.call("POST", "/session/lock")
    browser.call("POST", "/session/lock")
    assert unlock(browser, person.fresh()).status_code == 204
    assert browser.is_signed_in()
    entries = [e for e in person.entries() if e["action"].startswith("user:session_")]
    assert [e["action"] for e in entries] == ["user:session_locked", "user:session_unlocked"]
    assert len({e["data"]["session"] for e in entries}) == 1
    assert entries[1]["auth"] == "session+totp"


def test_another_tab_that_asks_after_the_first_was_unlocked_needs_no_second_code(person: Person) -> None:
    browser = person.browser()
    browser.call("POST", "/session/lock")
    otp = person.fresh()
    assert unlock(browser, otp).status_code == 204
    assert unlock(browser, otp).status_code == 204
    assert person.actions().count("user:session_unlocked") == 1


def test_another_session_of_hers_stays_open(person: Person) -> None:
    first, second = person.browser(), person.browser()
    first.call("POST", "/session/lock")
    assert is_locked(first)
    assert second.is_signed_in()


def test_wrong_codes_open_nothing_and_have_to_wait(person: Person) -> None:
    browser = person.browser()
    browser.call("POST", "/session/lock")
    for _ in range(4):
        assert unlock(browser, "000000").get_json()["type"] == "step-up"
    assert unlock(browser, person.fresh()).status_code == 429
    assert is_locked(browser)
    person.block_ends()
    assert unlock(browser, person.fresh()).status_code == 204


def test_a_used_code_does_not_open_it(person: Person) -> None:
    browser = person.browser()
    used = person.code()
    browser.call("POST", "/session/lock")
    assert unlock(browser, used).status_code == 403
    assert browser.call("POST", "/session/unlock").status_code == 403
    assert is_locked(browser)


def test_it_takes_the_sessions_token_to_lock_or_unlock(person: Person) -> None:
    browser = person.browser()
    for path in ("/session/lock", "/session/unlock"):
        assert browser.client.post(f"/api/v1{path}").get_json()["type"] == "csrf"
    assert browser.is_signed_in()


def test_a_refusal_brings_the_token_that_is_good_to_who_is_signed_in_and_to_nobody_else(
    app: Flask, person: Person
) -> None:
    browser = person.browser()
    browser.call("POST", "/session/lock")
    refused = browser.client.post("/api/v1/session/unlock", headers={"X-CSRF-Token": "of yesterday"})
    assert (refused.status_code, refused.get_json()["type"]) == (403, "csrf")
    again = Browser(browser.client, refused.headers["X-CSRF-Token"])
    assert unlock(again, person.fresh()).status_code == 204
    assert "X-CSRF-Token" not in browser.client.get("/api/v1/me").headers
    assert "X-CSRF-Token" not in app.test_client().post("/api/v1/session/lock").headers


@contextmanager
def another_writes(person: Person) -> Iterator[None]:
    """What a request of hers has to write to, another transaction holds."""
    hers = sa.select(AuthSession.id).where(AuthSession.user_id == person.id)
    find = sa.select(SessionPresence).where(SessionPresence.session_id.in_(hers))
    with person.site.engine.begin() as connection:
        connection.execute(find.with_for_update())
        yield


def test_a_page_is_shown_soon_although_another_writes(person: Person) -> None:
    browser = person.browser()
    left_alone(person, 5)
    began = time.monotonic()
    with another_writes(person):
        assert browser.client.get("/password").status_code == 200
        assert browser.call("GET", "/me").status_code == 200
    assert time.monotonic() - began < 5
    assert quiet_minutes(person) > 4.9
    assert browser.client.get("/password").status_code == 200
    assert quiet_minutes(person) < 1


def test_a_lock_waits_for_another_that_writes_and_is_certain(person: Person) -> None:
    browser = person.browser()
    left_alone(person, 5)
    holds, ended = threading.Event(), threading.Event()

    def write() -> None:
        with another_writes(person):
            holds.set()
            time.sleep(3)
            ended.set()

    thread = threading.Thread(target=write)
    thread.start()
    assert holds.wait(10)
    assert browser.call("POST", "/session/lock").status_code == 204
    assert ended.is_set()
    thread.join()
    assert is_locked(browser)


def test_a_token_has_no_session_and_tries_out_no_code_here(person: Person) -> None:
    token = person.token(scope="upload")
    for path in ("/session/lock", "/session/unlock"):
        answer = asks_with(person.app, token, "POST", path, json={"otp": "000000"} if "unlock" in path else {})
        assert answer.status_code == 409
    assert "user:code_refused" not in person.actions()
    with person.site.engine.connect() as connection:
        failures = connection.scalars(sa.select(Tries.failures).where(Tries.key == str(person.id))).one_or_none()
    assert not failures


def test_a_session_that_is_left_alone_locks_itself(person: Person) -> None:
    browser = person.browser()
    left_alone(person, 14.9)
    assert browser.is_signed_in()
    left_alone(person, 15.1)
    assert is_locked(browser)
    assert is_locked(browser), "having asked does not open it"
    assert unlock(browser, person.fresh()).status_code == 204
    assert browser.is_signed_in()
    assert quiet_minutes(person) < 1


def test_a_request_shows_that_somebody_is_there_at_most_once_a_minute(person: Person) -> None:
    browser = person.browser()
    left_alone(person, 0.5)
    browser.call("GET", "/me")
    assert quiet_minutes(person) > 0.4
    left_alone(person, 5)
    browser.call("GET", "/cases")
    assert quiet_minutes(person) < 0.4


def test_a_running_upload_does_not_show_that_somebody_is_there(person: Person) -> None:
    browser = person.browser()
    case = case_of(browser)
    left_alone(person, 5)
    begun = browser.call("POST", "/uploads", headers=into(case, 1000))
    path = begun.headers["Location"].partition("/api/v1")[2]
    browser.call("PATCH", path, headers={**PATCH, "Upload-Offset": "0"}, data=b"x" * 500)
    assert quiet_minutes(person) > 4.9


def test_her_sessions_are_listed_and_ended_one_by_one(app: Flask, site: Site) -> None:
    person = new_person(app, site, (Role.LAWYER,))
    here, there = person.browser(), person.browser()
    there.call("POST", "/session/lock")
    mine, other = sorted(here.call("GET", "/me/sessions").get_json()["items"], key=lambda s: not s["current"])
    assert (mine["current"], mine["locked"], mine["role"]) == (True, False, "lawyer")
    assert (other["current"], other["locked"]) == (False, True)
    assert {"id", "created_at", "seen_at", "expires_at"} <= mine.keys()

    assert here.call("POST", f"/me/sessions/{other['id']}/end").status_code == 204
    assert there.call("GET", "/me").status_code == 401
    assert here.call("POST", f"/me/sessions/{other['id']}/end").status_code == 409
    assert [s["id"] for s in here.call("GET", "/me/sessions").get_json()["items"]] == [mine["id"]]
    assert "user:session_ended" in person.actions()


def test_nobody_ends_or_sees_the_session_of_another(app: Flask, site: Site, person: Person) -> None:
    other = new_person(app, site)
    hers = other.browser()
    id = hers.call("GET", "/me/sessions").get_json()["items"][0]["id"]
    browser = person.browser()
    assert browser.call("POST", f"/me/sessions/{id}/end").status_code == 404
    assert id not in browser.call("GET", "/me/sessions").get_data(as_text=True)
    assert hers.is_signed_in()


def test_an_ended_session_that_is_cleared_away_takes_its_presence_along(person: Person) -> None:
    browser = person.browser()
    with person.site.engine.begin() as connection:
        past = datetime.now(UTC) - timedelta(hours=1)
        connection.execute(sa.update(AuthSession).where(AuthSession.user_id == person.id).values(expires_at=past))
    assert not browser.is_signed_in()
    person.browser()
    find = sa.select(sa.func.count()).select_from(SessionPresence).join(AuthSession)
    with person.site.engine.connect() as connection:
        assert connection.scalars(find.where(AuthSession.user_id == person.id)).one() == 1


@pytest.mark.parametrize(
    "given",
    [
        {"UNBROKEN_IDLE_MINUTES": "0"},
        {"UNBROKEN_IDLE_MINUTES": "121"},
        {"UNBROKEN_EXIT_URL": "http://weather.example"},
        {"UNBROKEN_EXIT_URL": "javascript:alert(1)"},
        {"UNBROKEN_EXIT_URL": 'https://weather.example/"><script>'},
    ],
)
def test_settings_that_would_not_lock_or_lead_astray_are_refused(given: dict[str, str]) -> None:
    with pytest.raises(BadSettings):
        load(given)


def test_an_office_chooses_where_the_quick_exit_leads() -> None:
    address = "https://weather.example/today?place=here"
    assert load({"UNBROKEN_EXIT_URL": address}).exit_url == address
