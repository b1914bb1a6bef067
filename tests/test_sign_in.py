"""Signing in: passwords, codes, sessions, and what wrong tries cost."""

import importlib
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyotp
import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher
from click.testing import CliRunner, Result
from flask import Flask
from flask.testing import FlaskClient
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from evidence_api import create_app, credentials, work
from evidence_api.cli import main
from evidence_api.db import Base
from evidence_api.domain.roles import ANONYMOUS, OPERATOR, Role
from evidence_api.ledger import chain
from evidence_api.ledger.entry import decode
from evidence_api.models import AuthSession, ClockFaultInterval, LedgerEntry, Tries, User
from evidence_api.services import accounts, ledger, sign_in
from evidence_api.work import Site, begin
from tests.golden.office import installation
from tests.people import PASSWORD, Person, asks_with, new_person, new_starter

NEW_PASSWORD = "seven boats before sunrise"


@pytest.fixture
def person(app: Flask, site: Site) -> Person:
    return new_person(app, site)


@pytest.fixture
def starter(app: Flask, site: Site) -> Person:
    return new_starter(app, site)


def test_name_password_and_code_open_a_session(person: Person, client: FlaskClient) -> None:
    answer = person.sign_in(client)
    assert answer.status_code == 201
    assert answer.get_json()["role"] == "investigator"
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("unbroken=")
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    me = client.get("/api/v1/me").get_json()
    assert me["id"] == str(person.id)
    assert me["csrf"]
    entry = person.entries()[-1]
    assert (entry["action"], entry["actor"], entry["auth"]) == ("user:sign_in", str(person.id), "session+totp")


@pytest.mark.parametrize(
    "changes", [{"password": "another walk by the river"}, {"otp": "000000"}, {"otp": "none-of-these"}]
)
def test_a_wrong_password_or_code_is_refused_in_the_same_words(
    person: Person, client: FlaskClient, changes: dict[str, str]
) -> None:
    answer = person.sign_in(client, **changes)
    assert answer.status_code == 401
    assert answer.get_json()["type"] == "sign-in-failed"
    assert client.get("/api/v1/me").status_code == 401


def test_the_user_name_may_be_typed_in_capitals(person: Person) -> None:
    assert person.sign_in(username=person.username.upper()).status_code == 201


def test_a_code_is_good_once(person: Person) -> None:
    code = person.code()
    assert person.sign_in(otp=code).status_code == 201
    assert person.sign_in(otp=code).status_code == 401


def test_of_two_simultaneous_uses_of_one_code_one_wins(person: Person) -> None:
    code, together = person.code(), threading.Barrier(4)

    def use() -> int:
        together.wait()
        return person.sign_in(otp=code).status_code

    with ThreadPoolExecutor(4) as pool:
        answers = [future.result() for future in [pool.submit(use) for _ in range(4)]]
    assert answers.count(201) == 1


def test_a_phone_may_be_half_a_minute_off_and_no_more(app: Flask, site: Site) -> None:
    for steps, expected in ((-1, 201), (1, 201), (-3, 401), (3, 401)):
        person = new_person(app, site)
        assert person.sign_in(otp=person.code(steps)).status_code == expected, steps


def test_a_code_older_than_the_last_one_used_is_refused(person: Person) -> None:
    assert person.sign_in(otp=person.code(1)).status_code == 201
    assert person.sign_in(otp=person.code(0)).status_code == 401


def test_a_recovery_code_signs_in_once_and_says_how_many_are_left(person: Person) -> None:
    code = person.recovery_codes[3]
    answer = person.sign_in(otp=code.upper().replace("-", " "))
    assert answer.status_code == 201
    assert answer.get_json()["recovery_codes_left"] == 9
    assert person.sign_in(otp=code).status_code == 401
    assert person.entries()[-2]["auth"] == "session"


def test_a_recovery_code_makes_no_token_and_is_no_fresh_code(person: Person, app: Flask) -> None:
    given = {"username": person.username, "password": PASSWORD, "otp": person.recovery_codes[0], "name": "laptop"}
    assert app.test_client().post("/api/v1/tokens", json=given).status_code == 401
    change = {"password": PASSWORD, "new_password": NEW_PASSWORD, "otp": person.recovery_codes[0]}
    assert person.browser().call("POST", "/password", json=change).get_json()["type"] == "step-up"


def test_three_wrong_tries_are_free_and_then_each_waits_twice_as_long(person: Person, site: Site) -> None:
    waits = []
    for _ in range(14):
        person.block_ends()
        assert person.sign_in(password="wrong, all of it").status_code == 401
        with site.engine.connect() as connection:
            until = connection.scalar(sa.select(Tries.blocked_until).where(Tries.key == str(person.id)))
        waits.append(round((until - datetime.now(UTC)).total_seconds()) if until else 0)
    assert [max(0, wait) for wait in waits[:3]] == [0, 0, 0]
    for wait, expected in zip(waits[3:], [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900], strict=True):
        assert expected - 2 <= wait <= expected


def test_while_she_is_blocked_even_the_right_password_waits_and_nothing_is_recorded(person: Person) -> None:
    for _ in range(5):
        person.block_ends()
        person.sign_in(password="wrong, all of it")
    before = person.actions()
    answer = person.sign_in()
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["Retry-After"]) <= 4
    assert person.actions() == before
    assert before.count("user:sign_in_failed") == 5


def test_a_good_sign_in_forgets_the_wrong_tries(person: Person, site: Site) -> None:
    for _ in range(3):
        person.sign_in(password="wrong, all of it")
    assert person.sign_in().status_code == 201
    for _ in range(3):
        assert person.sign_in(password="wrong, all of it").status_code == 401


def test_wrong_codes_block_as_wrong_passwords_do(person: Person) -> None:
    for _ in range(4):
        assert person.sign_in(otp="123456").status_code == 401
    assert person.sign_in().status_code == 429


def test_wrong_fresh_codes_block_too(person: Person) -> None:
    browser = person.browser()
    change = {"password": PASSWORD, "new_password": NEW_PASSWORD}
    for _ in range(4):
        answer = browser.call("POST", "/password", json={**change, "otp": "123456"})
        assert answer.get_json()["type"] == "step-up"
    assert browser.call("POST", "/password", json={**change, "otp": person.fresh()}).status_code == 429
    assert person.actions()[-4:] == ["user:code_refused"] * 4


def test_a_failed_try_is_recorded_by_the_system_since_nobody_was_known(person: Person) -> None:
    person.sign_in(password="wrong, all of it")
    entry = person.entries()[-1]
    assert (entry["action"], entry["actor"], entry["role"]) == ("user:sign_in_failed", None, "system")
    assert entry["data"] == {"tries": 1}


def test_a_name_that_nobody_has_is_answered_like_a_wrong_password(person: Person, app: Flask) -> None:
    unknown = {"username": f"x{person.username[1:]}", "password": "wrong, all of it", "otp": "123456"}

    def tries(given: dict[str, str]) -> tuple[list[tuple[int, str]], float]:
        answers, seconds = [], []
        for _ in range(5):
            begun = time.perf_counter()
            answer = app.test_client().post("/api/v1/session", json=given)
            seconds.append(time.perf_counter() - begun)
            answers.append((answer.status_code, answer.get_json()["type"]))
        return answers, min(seconds[:4])

    known, known_seconds = tries({**unknown, "username": person.username})
    nobody, nobody_seconds = tries(unknown)
    assert known == nobody == [(401, "sign-in-failed")] * 4 + [(429, "too-many-tries")]
    assert 0.4 < nobody_seconds / known_seconds < 2.5


def test_first_sign_in_sets_up_authenticator_and_password(starter: Person, client: FlaskClient) -> None:
    who = {"username": starter.username, "password": starter.password}
    answer = client.post("/api/v1/session", json={**who, "otp": "000000"})
    assert answer.get_json()["type"] == "enrolment-needed"

    begun = client.post("/api/v1/enrolment", json=who).get_json()
    assert begun["must_change_password"] is True
    assert begun["qr"].startswith("<svg")
    starter.secret = pyotp.parse_uri(begun["otpauth_uri"]).secret

    confirm = {**who, "otp": starter.code()}
    assert "new_password" in client.post("/api/v1/enrolment/confirm", json=confirm).get_json()["errors"]
    done = client.post("/api/v1/enrolment/confirm", json={**confirm, "new_password": NEW_PASSWORD})
    assert done.status_code == 201
    assert len(set(done.get_json()["recovery_codes"])) == 10
    me = client.get("/api/v1/me").get_json()
    assert me["enrolled"] is True
    assert me["recovery_codes_left"] == 10

    assert starter.sign_in(otp=starter.fresh()).status_code == 401
    assert starter.sign_in(otp=starter.fresh(), password=NEW_PASSWORD).status_code == 201
    assert starter.actions()[:4] == ["user:created", "user:enrolment_begun", "user:enrolled", "user:sign_in"]


def test_the_code_that_confirmed_the_authenticator_is_used_up(starter: Person, client: FlaskClient) -> None:
    who = {"username": starter.username, "password": starter.password}
    begun = client.post("/api/v1/enrolment", json=who).get_json()
    starter.secret = pyotp.parse_uri(begun["otpauth_uri"]).secret
    code = starter.code()
    client.post("/api/v1/enrolment/confirm", json={**who, "otp": code, "new_password": NEW_PASSWORD})
    assert starter.sign_in(password=NEW_PASSWORD, otp=code).status_code == 401


def test_a_wrong_first_code_changes_no_password(starter: Person, client: FlaskClient) -> None:
    who = {"username": starter.username, "password": starter.password}
    client.post("/api/v1/enrolment", json=who)
    wrong = {**who, "otp": "123456", "new_password": NEW_PASSWORD}
    assert client.post("/api/v1/enrolment/confirm", json=wrong).status_code == 401
    assert client.post("/api/v1/enrolment", json=who).status_code == 200


def test_an_authenticator_cannot_be_set_up_twice_nor_the_password_guessed_that_way(person: Person, app: Flask) -> None:
    client = app.test_client()
    right = client.post("/api/v1/enrolment", json={"username": person.username, "password": PASSWORD})
    wrong = client.post("/api/v1/enrolment", json={"username": person.username, "password": "wrong, all of it"})
    assert right.get_json() == wrong.get_json()
    assert right.status_code == 401
    assert person.sign_in().status_code == 201


@pytest.mark.parametrize(
    ("password", "sentence"),
    [
        ("short", "at least 12 characters"),
        ("x1y2z3" * 43, "at most 256 characters"),
        ("password1234", "first that a stranger would try"),
        ("aaaaaaaaaaaabb", "first that a stranger would try"),
        ("all about {name} here", "must not contain your user name"),
    ],
)
def test_a_weak_password_is_refused_with_a_sentence_that_helps(person: Person, password: str, sentence: str) -> None:
    given = {"password": PASSWORD, "new_password": password.format(name=person.username.upper()), "otp": person.fresh()}
    browser = person.browser()
    answer = browser.call("POST", "/password", json={**given, "otp": person.fresh()})
    assert answer.status_code == 422
    assert sentence in " ".join(answer.get_json()["errors"]["new_password"])


def test_changing_the_password_needs_the_old_one_and_a_fresh_code(person: Person) -> None:
    browser = person.browser()
    given = {"password": PASSWORD, "new_password": NEW_PASSWORD}
    assert browser.call("POST", "/password", json=given).get_json()["type"] == "step-up"
    wrong = browser.call("POST", "/password", json={**given, "password": "not this", "otp": person.fresh()})
    assert wrong.get_json()["errors"] == {"password": ["This is not your password now."]}
    assert browser.call("POST", "/password", json={**given, "otp": person.fresh()}).status_code == 204
    assert person.sign_in(otp=person.fresh()).status_code == 401
    assert person.sign_in(otp=person.fresh(), password=NEW_PASSWORD).status_code == 201


def test_a_changed_password_ends_every_other_session(person: Person) -> None:
    here, there = person.browser(), person.browser()
    given = {"password": PASSWORD, "new_password": NEW_PASSWORD, "otp": person.fresh()}
    assert here.call("POST", "/password", json=given).status_code == 204
    assert here.is_signed_in()
    assert not there.is_signed_in()


def test_a_session_planted_before_sign_in_is_not_the_one_after(person: Person, app: Flask, client: FlaskClient) -> None:
    victim_page = client.get("/sign-in")
    planted = victim_page.headers["Set-Cookie"].partition(";")[0].partition("=")[2]
    assert person.sign_in(client).status_code == 201
    stranger = app.test_client()
    stranger.set_cookie("unbroken", planted)
    assert stranger.get("/api/v1/me").status_code == 401


def test_a_session_changes_nothing_without_its_own_token(person: Person, app: Flask, site: Site) -> None:
    browser, other = person.browser(), new_person(app, site).browser()
    for headers in ({}, {"X-CSRF-Token": "made-up"}, {"X-CSRF-Token": other.csrf}):
        answer = browser.client.delete("/api/v1/session", headers=headers)
        assert answer.status_code == 403
        assert answer.get_json()["type"] == "csrf"
    assert browser.is_signed_in()
    assert browser.call("DELETE", "/session").status_code == 204


def test_a_token_needs_no_csrf_header(person: Person, app: Flask) -> None:
    assert asks_with(app, person.token(scope="all"), "DELETE", "/sessions").status_code == 204


def test_after_sign_out_a_copied_cookie_is_worth_nothing(person: Person, app: Flask) -> None:
    browser = person.browser()
    cookie = browser.client.get_cookie("unbroken")
    assert cookie is not None
    assert browser.call("DELETE", "/session").status_code == 204
    thief = app.test_client()
    thief.set_cookie("unbroken", cookie.value)
    assert thief.get("/api/v1/me").status_code == 401
    assert person.actions()[-1] == "user:sign_out"


def test_sign_out_everywhere_ends_every_session_and_tokens_if_asked(person: Person, app: Flask) -> None:
    here, there, token = person.browser(), person.browser(), person.token()
    assert here.call("DELETE", "/sessions").status_code == 204
    assert not here.is_signed_in()
    assert not there.is_signed_in()
    assert asks_with(app, token, "GET", "/me").status_code == 200
    assert person.browser().call("DELETE", "/sessions?tokens=true").status_code == 204
    assert asks_with(app, token, "GET", "/me").status_code == 401


def test_a_session_ends_after_twelve_hours(person: Person, site: Site) -> None:
    browser = person.browser()
    with site.engine.begin() as connection:
        ends = connection.scalar(sa.select(AuthSession.expires_at).where(AuthSession.user_id == person.id))
        assert ends is not None
        assert timedelta(hours=11, minutes=59) < ends - datetime.now(UTC) <= timedelta(hours=12)
        past = datetime.now(UTC) - timedelta(seconds=1)
        connection.execute(sa.update(AuthSession).where(AuthSession.user_id == person.id).values(expires_at=past))
    assert not browser.is_signed_in()


def test_a_disabled_account_is_out_at_once_and_cannot_come_back(person: Person, site: Site) -> None:
    browser = person.browser()
    with begin(site, OPERATOR) as work:
        accounts.disable(work, person.id)
    assert not browser.is_signed_in()
    assert person.sign_in(otp=person.fresh()).get_json()["type"] == "sign-in-failed"


def test_she_acts_in_one_of_her_roles_at_a_time(app: Flask, site: Site) -> None:
    person = new_person(app, site, [Role.LAWYER, Role.INVESTIGATOR])
    browser = person.browser()
    assert browser.call("GET", "/me").get_json()["role"] == "investigator"
    assert browser.call("POST", "/session/role", json={"role": "lawyer"}).status_code == 204
    assert browser.call("GET", "/me").get_json()["role"] == "lawyer"
    refused = browser.call("POST", "/session/role", json={"role": "supervisor"})
    assert refused.status_code == 422
    assert person.sign_in(otp=person.fresh(), role="lawyer").get_json()["role"] == "lawyer"
    token = person.token(scope="all")
    assert asks_with(app, token, "POST", "/session/role", json={"role": "lawyer"}).status_code == 409


def test_a_hash_of_other_parameters_is_made_anew_at_sign_in(person: Person, site: Site) -> None:
    weaker = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    with site.engine.begin() as connection:
        connection.execute(sa.update(User).where(User.id == person.id).values(password_hash=weaker))
    assert person.sign_in().status_code == 201
    with site.engine.connect() as connection:
        now = connection.scalar(sa.select(User.password_hash).where(User.id == person.id))
    assert now is not None
    assert not credentials.needs_rehash(now)


def test_no_more_than_two_passwords_are_hashed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    running, most, lock = 0, 0, threading.Lock()

    class Slow:
        def verify(self, _hash: str, _password: bytes) -> bool:
            nonlocal running, most
            with lock:
                running += 1
                most = max(most, running)
            time.sleep(0.02)
            with lock:
                running -= 1
            return True

    monkeypatch.setattr(credentials, "_hasher", Slow())
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: credentials.verify_password("$argon2id$", "x"), range(8)))
    assert most == 2


@dataclass
class Ahead:
    """A supervisor who signed in while the clock was an hour ahead, and when that was; it is right again. She has a
    token that she made before."""

    person: Person
    token: str
    then: datetime

    def interval(self, **changes: Any) -> dict[str, Any]:
        begins, ends = self.then - timedelta(minutes=1), self.then + timedelta(minutes=1)
        return {"begins_at": begins.isoformat(), "ends_at": ends.isoformat(), "reason": "Battery", **changes}

    def declare(self, **changes: Any) -> TestResponse:
        given = self.interval(**changes)
        return asks_with(self.person.app, self.token, "POST", "/ledger/clock-faults", json=given)


@pytest.fixture
def ahead(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Ahead]:
    """In an installation of its own, whose chains nobody else verifies."""
    with installation(tmp_path, request) as site:
        person, then = new_person(create_app(site), site, [Role.SUPERVISOR]), datetime.now(UTC) + timedelta(hours=1)
        token = person.token(scope="all")
        with pytest.MonkeyPatch.context() as patch:
            for module in (chain, work):
                patch.setattr(module, "database_time", lambda _session: then)
            assert person.sign_in(otp=person.code(120)).status_code == 201
        yield Ahead(person, token, then)


def test_a_supervisor_who_acted_while_the_clock_was_ahead_declares_it_herself(ahead: Ahead) -> None:
    person, site = ahead.person, ahead.person.site
    assert person.sign_in().get_json()["type"] == "clock-fault"
    assert ahead.declare().get_json()["type"] == "step-up"
    answer = ahead.declare(otp=person.code())
    assert answer.status_code == 201, answer.get_json()
    assert person.entries()[-1]["action"] == "user:code_used"
    assert person.sign_in(otp=person.code(1)).status_code == 201, "codes of now are good again, each once"
    assert person.sign_in(otp=person.code(1)).status_code == 401
    with begin(site, OPERATOR, read_only=True) as work:
        assert [fault for fault in ledger.verify(work) if not fault.warning] == []


def test_a_wrong_code_declares_nothing_and_counts_although_her_chain_takes_no_entry(ahead: Ahead) -> None:
    before = ahead.person.actions()
    answers = [ahead.declare(otp="000000") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [403, 403, 403, 403, 429]
    assert answers[0].get_json()["type"] == "step-up"
    assert ahead.person.actions() == before
    with ahead.person.site.engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(ClockFaultInterval)) == 0


def test_only_an_interval_in_which_something_is_recorded_ahead_of_the_clock_can_be_declared(ahead: Ahead) -> None:
    code = ahead.person.code()
    for other in (timedelta(days=-1), timedelta(hours=-1), timedelta(days=1)):
        begins = ahead.then + other
        ends = begins + timedelta(minutes=10)
        answer = ahead.declare(otp=code, begins_at=begins.isoformat(), ends_at=ends.isoformat())
        assert answer.status_code == 422, other
        assert "ends_at" in answer.get_json()["errors"]
    assert ahead.declare(otp=code).status_code == 201, "the code was not used up"


def test_where_nobody_can_sign_in_a_supervisor_declares_the_fault_at_the_host_with_her_code(
    ahead: Ahead, monkeypatch: pytest.MonkeyPatch
) -> None:
    person, site = ahead.person, ahead.person.site
    monkeypatch.setattr(importlib.import_module("evidence_api.cli._command"), "load", lambda: site.settings)
    begins, ends = (f"{ahead.then + timedelta(minutes=m):%Y-%m-%dT%H:%M:%S}" for m in (-1, 1))
    words = ["ledger", "clock-fault", "--from", begins, "--to", ends, "--reason", "Battery"]

    def run(name: str, code: str) -> Result:
        return CliRunner().invoke(main, words, input=f"{name}\n{code}\n")

    assert "No supervisor has this name" in run(new_person(person.app, site).username, "000000").output
    assert "fresh code" in run(person.username, "000000").output
    done = run(person.username, person.code())
    assert done.exit_code == 0, done.output
    assert person.sign_in(otp=person.code(1)).status_code == 201
    find = sa.select(LedgerEntry.body).where(LedgerEntry.subject == site.subject).order_by(LedgerEntry.seq.desc())
    with site.engine.connect() as connection:
        entry = decode(bytes(connection.scalars(find.limit(1)).one()))
    expected = ("system:clock_fault", str(person.id), "supervisor", "cli")
    assert (entry.action, entry.actor, entry.role, entry.auth) == expected


def _whole_life(person: Person) -> list[str]:
    """Everything that she does with secrets; the secrets."""
    code = person.code()
    person.sign_in(password="wrong, all of it")
    person.sign_in(otp=code)
    token = person.token(name="her laptop")
    asks_with(person.app, token, "GET", "/me")
    asks_with(person.app, token + "x", "GET", "/me")
    browser = person.browser()
    cookie = browser.client.get_cookie("unbroken")
    assert cookie is not None
    person.app.test_client().post("/api/v1/session", data=b'{"password": "broken json')
    browser.call("DELETE", "/session")
    return [PASSWORD, "wrong, all of it", token, cookie.value, person.secret, person.recovery_codes[0], "her laptop"]


def test_knowing_a_session_or_token_takes_one_query_and_writes_nothing(person: Person, site: Site) -> None:
    browser, token = person.browser(), person.token()
    with browser.client.session_transaction() as cookie:
        secret = cookie["_user_id"]
    for credentials_ in ({"session": secret}, {"token": token}):
        asked: list[str] = []
        with begin(site, ANONYMOUS, read_only=True) as work:
            connection = work.session.connection()
            sa.event.listen(connection, "before_cursor_execute", lambda *call: asked.append(call[2]))  # noqa: B023
            actor = sign_in.who_is(work, **credentials_)
        assert actor is not None
        assert actor.user_id == person.id
        assert len(asked) == 1
        assert asked[0].startswith("SELECT")


def test_a_try_that_waits_for_another_ones_success_is_served(person: Person) -> None:
    person.sign_in(password="wrong, all of it")
    together = threading.Barrier(4)

    def use(steps: int) -> int:
        together.wait()
        return person.sign_in(otp=person.code(steps)).status_code

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(use, [-1, 0, 1, 1]))
    assert set(answers) <= {201, 401}
    assert 201 in answers


def test_no_secret_and_no_name_is_logged(person: Person, caplog: pytest.LogCaptureFixture) -> None:
    with capture_logs() as logs:
        secrets = _whole_life(person)
    said = repr(logs) + caplog.text
    assert "request" in said
    for secret in [*secrets, person.username]:
        assert secret not in said


def test_no_secret_is_kept_as_it_is(person: Person, site: Site) -> None:
    secrets = _whole_life(person)
    with site.engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            kept = repr(connection.execute(sa.select(table)).all())
            for secret in secrets:
                if (table.name, secret) != ("api_token", "her laptop"):
                    assert secret not in kept, table.name


def test_no_name_stands_in_an_entry(person: Person) -> None:
    _whole_life(person)
    assert person.username not in repr(person.entries())
    assert "username" in person.entries()[0]["commitments"]


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH"])
@pytest.mark.parametrize("header", ["Basic eDp5", "Bearer", "Bearer ub_made-up", "bearer  ", "ünknown"])
def test_credentials_that_are_not_ours_are_refused(client: FlaskClient, method: str, header: str) -> None:
    path = {"GET": "/api/v1/me", "POST": "/api/v1/cases", "PATCH": "/api/v1/cases/0192e4a0-0000-7000-8000-000000000000"}
    answer = client.open(path[method], method=method, headers={"Authorization": header}, json={})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_password_is_checked_without_holding_up_the_database(
    person: Person, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    checking, go_on = threading.Event(), threading.Event()
    verify: Callable[[str | None, str], bool] = credentials.verify_password

    def slow(hashed: str | None, password: str) -> bool:
        checking.set()
        assert go_on.wait(10)
        return verify(hashed, password)

    monkeypatch.setattr(credentials, "verify_password", slow)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(person.sign_in)
        assert checking.wait(10)
        with begin(site, OPERATOR) as work:
            accounts.unblock(work, person.id)
        go_on.set()
        assert answer.result().status_code == 201
