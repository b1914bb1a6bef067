"""Accounts, roles, tokens: who may change them, and what every change leaves behind."""

import importlib
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pyotp
import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from flask import Flask
from werkzeug.test import TestResponse

from evidence_api.cli import main
from evidence_api.domain.roles import OPERATOR, Role, Scope
from evidence_api.models import LedgerEntry, Office, Token, User
from evidence_api.services import accounts
from evidence_api.setup import initialise
from evidence_api.work import Site, UnrecordedChange, begin
from tests.conftest import Persona, upload
from tests.people import PASSWORD, Person, asks_with, new_person


@pytest.fixture
def person(app: Flask, site: Site) -> Person:
    return new_person(app, site)


@pytest.fixture
def unbroken(site: Site, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """The `unbroken` command on this installation."""
    monkeypatch.setattr(importlib.import_module("evidence_api.cli._command"), "load", lambda: site.settings)

    def run(*words: str, stdin: str = "") -> Result:
        return CliRunner().invoke(main, words, input=stdin)

    return run


def grant(administrator: Persona, person: Person, role: str = "lawyer", **more: Any) -> Any:
    given = {"role": role, **({} if "otp" in more else {"otp": administrator.otp()}), **more}
    return administrator.post(f"/users/{person.id}/roles", {k: v for k, v in given.items() if v is not None})


def test_a_token_without_more_words_is_for_uploads_and_thirty_days(person: Person, app: Flask) -> None:
    given = {"username": person.username, "password": PASSWORD, "otp": person.code(), "name": "field laptop"}
    made = app.test_client().post("/api/v1/tokens", json=given)
    assert made.status_code == 201
    body = made.get_json()
    assert body["scope"] == "upload"
    assert body["token"].startswith("ub_")
    assert len(body["token"]) == 46
    left = datetime.fromisoformat(body["expires_at"]) - datetime.now(UTC)
    assert timedelta(days=29, hours=23) < left <= timedelta(days=30)


def test_an_upload_token_says_whose_it_is_and_reads_nothing(person: Person, app: Flask) -> None:
    token = person.token()
    me = asks_with(app, token, "GET", "/me").get_json()
    assert (me["username"], me["scope"], me["roles"]) == (person.username, "upload", ["investigator"])
    assert "csrf" not in me
    for path in ("/cases", "/evidence", "/people", "/tokens"):
        assert asks_with(app, token, "GET", path).status_code == 403, path
    assert asks_with(app, token, "DELETE", "/sessions?tokens=true").status_code == 403


def test_a_read_token_reads_and_changes_nothing(person: Person, app: Flask) -> None:
    token = person.token(scope="read")
    assert asks_with(app, token, "GET", "/cases").status_code == 200
    new_case = {"title": "Riverside", "kind": "forced_labour", "country": "KH"}
    assert asks_with(app, token, "POST", "/cases", json=new_case).status_code == 403
    assert person.actions()[-1] == "user:denied"


@pytest.mark.parametrize(
    "wrong", [{"days": 0}, {"days": 366}, {"scope": "everything"}, {"role": "supervisor"}, {"name": ""}, {"more": 1}]
)
def test_a_token_with_wrong_wishes_is_refused_in_sentences(person: Person, app: Flask, wrong: dict[str, Any]) -> None:
    given = {"username": person.username, "password": PASSWORD, "otp": person.code(), "name": "laptop", **wrong}
    answer = app.test_client().post("/api/v1/tokens", json=given)
    assert answer.status_code == 422
    assert list(answer.get_json()["errors"]) == list(wrong)


def test_an_expired_token_is_refused(person: Person, app: Flask, site: Site) -> None:
    token = person.token()
    with site.engine.begin() as connection:
        past = datetime.now(UTC) - timedelta(seconds=1)
        connection.execute(sa.update(Token).where(Token.user_id == person.id).values(expires_at=past))
    assert asks_with(app, token, "GET", "/me").status_code == 401


def test_she_lists_and_revokes_her_own_tokens_and_nobody_elses(person: Person, app: Flask, site: Site) -> None:
    token, other = person.token(scope="all", name="first"), person.token(name="second")
    listed = asks_with(app, token, "GET", "/tokens").get_json()["items"]
    assert [found["name"] for found in listed] == ["second", "first"]
    assert "token" not in listed[0]

    stranger = new_person(app, site)
    refused = asks_with(app, stranger.token(scope="all"), "DELETE", f"/tokens/{listed[0]['id']}")
    assert refused.status_code == 404
    assert stranger.actions()[-1] == "user:denied"

    assert asks_with(app, token, "DELETE", f"/tokens/{listed[0]['id']}").status_code == 204
    assert asks_with(app, other, "GET", "/me").status_code == 401
    assert asks_with(app, token, "DELETE", f"/tokens/{listed[0]['id']}").status_code == 409
    assert person.actions()[-1] == "user:token_revoked"


def test_a_role_taken_away_ends_what_acts_in_it(person: Person, app: Flask, administrator: Persona) -> None:
    assert grant(administrator, person).status_code == 200
    as_lawyer, as_investigator = person.token(role="lawyer"), person.token(role="investigator")
    given = {"role": "lawyer", "otp": administrator.otp()}
    assert administrator.post(f"/users/{person.id}/roles/revoke", given).get_json()["roles"] == ["investigator"]
    assert asks_with(app, as_lawyer, "GET", "/me").status_code == 401
    assert asks_with(app, as_investigator, "GET", "/me").status_code == 200
    assert person.actions()[-1] == "user:role_revoked"


def as_role(person: Person, role: Role) -> Persona:
    token = person.token(role=role.value, scope="all")
    return Persona(person.site, person.app, person.id, person.username, role, token, person.secret)


def assign(lead: Persona, case: dict[str, Any], person: Person, role: str) -> None:
    given = {"user": str(person.id), "role": role}
    assert lead.post(f"/cases/{case['id']}/assignments", given).status_code == 201


def revoke(administrator: Persona, person: Person, role: str) -> TestResponse:
    return administrator.post(f"/users/{person.id}/roles/revoke", {"role": role, "otp": administrator.otp()})


def test_a_role_granted_again_brings_back_no_case(
    app: Flask, site: Site, administrator: Persona, investigator: Persona, case: dict[str, Any]
) -> None:
    both = new_person(app, site, [Role.INVESTIGATOR, Role.LAWYER])
    assign(investigator, case, both, "lawyer")
    assert revoke(administrator, both, "lawyer").status_code == 200
    assigned = investigator.get(f"/cases/{case['id']}/assignments").get_json()["items"]
    assert str(both.id) not in [one["user"] for one in assigned]
    ended = investigator.get(f"/cases/{case['id']}/timeline").get_json()["items"][0]
    assert (ended["action"], ended["data"]["assigned_role"], ended["role"]) == (
        "case:unassign",
        "lawyer",
        "administrator",
    )
    assert grant(administrator, both, "lawyer").status_code == 200
    assert as_role(both, Role.LAWYER).get(f"/cases/{case['id']}").status_code == 404


def test_a_role_in_which_she_leads_a_case_or_holds_an_item_is_not_taken_away_before_that_is_settled(
    app: Flask, site: Site, administrator: Persona, investigator: Persona, case: dict[str, Any]
) -> None:
    both = new_person(app, site, [Role.INVESTIGATOR, Role.LAWYER])
    opened = as_role(both, Role.LAWYER).post("/cases", {"title": "Hers", "kind": "forced_labour", "country": "KH"})
    assert opened.status_code == 201
    assign(investigator, case, both, "investigator")
    upload(as_role(both, Role.INVESTIGATOR), case["id"])
    leads, holds = revoke(administrator, both, "lawyer"), revoke(administrator, both, "investigator")
    assert (leads.status_code, holds.status_code) == (409, 409)
    assert "leads a case" in leads.get_json()["detail"]
    assert "holds items" in holds.get_json()["detail"]
    assert as_role(both, Role.INVESTIGATOR).get(f"/cases/{case['id']}").status_code == 200


def test_a_lost_laptop_is_shut_at_once_and_the_answer_says_what_is_left_to_settle(
    app: Flask, site: Site, administrator: Persona, unbroken: Callable[..., Result]
) -> None:
    people = [new_person(app, site), new_person(app, site)]
    for person in people:
        hers = as_role(person, Role.INVESTIGATOR)
        opened = hers.post("/cases", {"title": "Hers", "kind": "forced_labour", "country": "KH"}).get_json()
        upload(hers, opened["id"])
        upload(hers, opened["id"])
    shut = administrator.post(f"/users/{people[0].id}/disable", {"otp": administrator.otp()})
    assert shut.status_code == 200
    assert (shut.get_json()["leads"], shut.get_json()["holds"]) == (1, 2)
    assert "cases led 1, items held 2" in unbroken("user", "disable", people[1].username).output


def test_wrong_codes_with_a_token_block_the_token_and_not_its_person(person: Person, app: Flask) -> None:
    stolen, other = person.token(scope="all"), person.token(scope="all", name="second")
    path, given = f"/users/{person.id}/disable", {"otp": "000000"}
    answers = [asks_with(app, stolen, "POST", path, json=given).status_code for _ in range(5)]
    assert answers == [403, 403, 403, 403, 429]
    assert asks_with(app, other, "POST", path, json=given).status_code == 403
    assert person.sign_in(otp=person.fresh()).status_code == 201
    assert asks_with(app, stolen, "POST", path, json=given).status_code == 429, "her sign-in does not free the thief"


@pytest.mark.parametrize("scope", ["upload", "read"])
def test_a_token_that_needs_no_code_cannot_try_one_out(person: Person, app: Flask, scope: str) -> None:
    token = person.token(scope=scope)
    code = person.fresh()
    before = person.actions()
    for otp in (*["000000"] * 6, code):
        assert asks_with(app, token, "POST", "/cases", headers={"X-OTP": otp}, json={}).status_code in {403, 422}
        assert asks_with(app, token, "GET", "/uploads", headers={"X-OTP": otp}).status_code in {200, 403}
    assert not {"user:code_refused", "user:code_used"} & set(person.actions()[len(before) :])
    assert person.sign_in(otp=code).status_code == 201


def test_unblocking_frees_her_tokens_too(person: Person, app: Flask, administrator: Persona) -> None:
    token = person.token(scope="all")
    path = f"/users/{person.id}/disable"
    while asks_with(app, token, "POST", path, json={"otp": "000000"}).status_code != 429:
        pass
    assert administrator.post(f"/users/{person.id}/unblock").status_code == 200
    assert asks_with(app, token, "POST", path, json={"otp": person.fresh()}).status_code == 403


def test_unblocking_while_she_signs_in_never_ends_in_a_deadlock(
    person: Person, app: Flask, administrator: Persona
) -> None:
    until = time.monotonic() + 3
    browser = person.browser()

    def unblock() -> set[int]:
        answers = set()
        while time.monotonic() < until:
            answers.add(administrator.post(f"/users/{person.id}/unblock").status_code)
        return answers

    def use_code() -> set[int]:
        answers = set()
        client = app.test_client()
        client.set_cookie("unbroken", cookie)
        while time.monotonic() < until:
            answers.add(client.get("/api/v1/cases", headers={"X-OTP": "000000"}).status_code)
        return answers

    found = browser.client.get_cookie("unbroken")
    assert found is not None
    cookie = found.value
    with ThreadPoolExecutor(3) as pool:
        running = [pool.submit(act) for act in (unblock, use_code, use_code)]
    assert set().union(*[one.result() for one in running]) <= {200, 429}


def test_the_last_role_stays(person: Person, administrator: Persona) -> None:
    given = {"role": "investigator", "otp": administrator.otp()}
    assert administrator.post(f"/users/{person.id}/roles/revoke", given).status_code == 409


def test_granting_a_role_needs_a_fresh_code_and_is_recorded(person: Person, administrator: Persona) -> None:
    assert grant(administrator, person, otp=None).get_json()["type"] == "step-up"
    assert grant(administrator, person, otp="123456").get_json()["type"] == "step-up"
    answer = grant(administrator, person)
    assert answer.get_json()["roles"] == ["investigator", "lawyer"]
    entry = person.entries()[-1]
    assert (entry["action"], entry["auth"], entry["data"]) == ("user:role_granted", "token+totp", {"role": "lawyer"})
    assert entry["actor"] == str(administrator.id)


def test_a_fresh_code_may_come_in_the_header(person: Person, administrator: Persona) -> None:
    headers = {"X-OTP": administrator.otp()}
    assert administrator.post(f"/users/{person.id}/roles", {"role": "lawyer"}, headers=headers).status_code == 200


def test_a_fresh_code_stays_used_although_the_act_was_refused(person: Person, administrator: Persona) -> None:
    code = administrator.otp()
    assert grant(administrator, person, "investigator", otp=code).status_code == 409
    assert grant(administrator, person, "lawyer", otp=code).get_json()["type"] == "step-up"


def test_a_changed_role_changes_the_etag_and_a_lost_race_is_told(person: Person, administrator: Persona) -> None:
    before = administrator.get(f"/users/{person.id}").headers["ETag"]
    assert grant(administrator, person).status_code == 200
    assert administrator.get(f"/users/{person.id}").headers["ETag"] != before
    given = {"role": "supervisor", "otp": administrator.otp()}
    late = administrator.post(f"/users/{person.id}/roles", given, headers={"If-Match": before})
    assert late.status_code == 412


@pytest.mark.parametrize("act", ["roles", "roles/revoke", "disable", "enable", "reset-authenticator"])
def test_nobody_changes_her_own_account_as_administrator(administrator: Persona, act: str) -> None:
    given = {"otp": administrator.otp(), **({"role": "supervisor"} if act.startswith("roles") else {})}
    answer = administrator.post(f"/users/{administrator.id}/{act}", given)
    assert answer.status_code == 403
    assert answer.get_json()["type"] == "forbidden"


def test_an_administrators_reach_for_a_role_of_her_own_is_recorded(administrator: Persona, site: Site) -> None:
    administrator.post(f"/users/{administrator.id}/roles", {"role": "supervisor", "otp": administrator.otp()})
    find = sa.select(LedgerEntry.action).where(LedgerEntry.subject == f"user:{administrator.id}")
    with site.engine.connect() as connection:
        assert connection.scalars(find.order_by(LedgerEntry.seq.desc())).first() == "user:denied"


@pytest.mark.parametrize("who", ["investigator", "lawyer", "supervisor", "caseworker"])
def test_only_an_administrator_manages_accounts(who: str, person: Person, request: pytest.FixtureRequest) -> None:
    asking: Persona = request.getfixturevalue(who)
    assert asking.get("/users").status_code == 403
    assert asking.get(f"/users/{person.id}").status_code == 403
    assert asking.post("/users", {"username": "anybody", "roles": ["lawyer"]}).status_code == 403
    assert asking.post(f"/users/{person.id}/roles", {"role": "lawyer"}).status_code == 403


def test_an_added_account_gets_an_initial_password_and_sets_itself_up(administrator: Persona, app: Flask) -> None:
    given = {"username": f"n{uuid.uuid4().hex[:8]}", "roles": ["lawyer", "supervisor"], "otp": administrator.otp()}
    answer = administrator.post("/users", given)
    assert answer.status_code == 201
    added = answer.get_json()
    assert added["user"]["enrolled"] is False
    first = {"username": given["username"], "password": added["password"]}
    assert app.test_client().post("/api/v1/enrolment", json=first).status_code == 200


@pytest.mark.parametrize("name", ["x", "-dash", "two words", "anna@example.org", "é-accent", "a" * 65])
def test_a_user_name_of_another_form_is_refused(administrator: Persona, name: str) -> None:
    answer = administrator.post("/users", {"username": name, "roles": ["lawyer"], "otp": administrator.otp()})
    assert answer.status_code == 422
    assert "username" in answer.get_json()["errors"]


def test_a_name_that_is_taken_is_told(administrator: Persona, person: Person) -> None:
    given = {"username": person.username.upper(), "roles": ["lawyer"], "otp": administrator.otp()}
    assert administrator.post("/users", given).get_json()["errors"]["username"] == [
        "This user name is taken. Take another."
    ]


def test_disabling_ends_everything_and_enabling_opens_it_again(
    person: Person, administrator: Persona, app: Flask
) -> None:
    token, browser = person.token(), person.browser()
    shut = administrator.post(f"/users/{person.id}/disable", {"otp": administrator.otp()})
    assert shut.get_json()["user"]["disabled"] is True
    assert asks_with(app, token, "GET", "/me").status_code == 401
    assert not browser.is_signed_in()
    assert administrator.post(f"/users/{person.id}/enable", {"otp": administrator.otp()}).status_code == 200
    assert person.sign_in(otp=person.fresh()).status_code == 201
    assert asks_with(app, token, "GET", "/me").status_code == 401


def test_unblocking_lets_her_in_at_once(person: Person, administrator: Persona) -> None:
    for _ in range(4):
        person.sign_in(password="wrong, all of it")
    assert person.sign_in().status_code == 429
    assert administrator.post(f"/users/{person.id}/unblock").status_code == 200
    assert person.sign_in().status_code == 201


def test_a_lost_phone_starts_the_account_again(person: Person, administrator: Persona, app: Flask) -> None:
    token, browser = person.token(), person.browser()
    answer = administrator.post(f"/users/{person.id}/reset-authenticator", {"otp": administrator.otp()})
    initial = answer.get_json()["password"]
    assert asks_with(app, token, "GET", "/me").status_code == 401
    assert not browser.is_signed_in()
    assert person.sign_in(otp=person.fresh()).status_code == 401
    assert person.sign_in(otp=person.recovery_codes[0]).status_code == 401
    begun = app.test_client().post("/api/v1/enrolment", json={"username": person.username, "password": initial})
    assert pyotp.parse_uri(begun.get_json()["otpauth_uri"]).secret != person.secret


def test_accounts_come_in_pages_that_miss_nobody(administrator: Persona, app: Flask, site: Site) -> None:
    newest = [str(new_person(app, site).id) for _ in range(3)][::-1]
    first = administrator.get("/users?limit=2").get_json()
    assert [user["id"] for user in first["items"]] == newest[:2]
    second = administrator.get(f"/users?limit=2&cursor={first['next']}").get_json()
    assert second["items"][0]["id"] == newest[2]


def test_people_of_the_office_can_be_looked_up_by_role_and_no_others(
    investigator: Persona, lawyer: Persona, app: Flask, site: Site
) -> None:
    elsewhere, gone = new_person(app, site, [Role.LAWYER]), new_person(app, site, [Role.LAWYER])
    with site.engine.begin() as connection:
        office = uuid.uuid4()
        connection.execute(sa.insert(Office).values(id=office, code=uuid.uuid4().hex[:6].upper(), name="x", zone="UTC"))
        connection.execute(sa.update(User).where(User.id == elsewhere.id).values(office_id=office))
    with begin(site, OPERATOR) as work:
        accounts.disable(work, gone.id)
    found = {person["id"] for person in investigator.get("/people?role=lawyer&limit=200").get_json()["items"]}
    assert str(lawyer.id) in found
    assert not {str(investigator.id), str(elsewhere.id), str(gone.id)} & found


def test_an_account_of_another_office_is_not_there_for_the_administrator(
    administrator: Persona, person: Person, site: Site
) -> None:
    with site.engine.begin() as connection:
        office = uuid.uuid4()
        connection.execute(sa.insert(Office).values(id=office, code=uuid.uuid4().hex[:6].upper(), name="x", zone="UTC"))
        connection.execute(sa.update(User).where(User.id == person.id).values(office_id=office))
    assert administrator.get(f"/users/{person.id}").status_code == 404


def test_nothing_about_an_account_changes_without_an_entry(person: Person, site: Site) -> None:
    with pytest.raises(UnrecordedChange), begin(site, OPERATOR) as work:
        work.session.get_one(User, person.id).must_change_password = True
    with pytest.raises(UnrecordedChange), begin(site, OPERATOR) as work:
        work.session.execute(sa.update(Token).where(Token.user_id == person.id).values(revoked_at=work.now))


@pytest.mark.parametrize("reason", ["line\none", "bell\x07", "x" * 2001])
def test_an_audit_reason_that_cannot_be_kept_is_refused(supervisor: Persona, reason: str) -> None:
    environ = {"HTTP_AUDIT_REASON": reason, "HTTP_AUTHORIZATION": f"Bearer {supervisor.token}"}
    answer = supervisor.app.test_client().get("/api/v1/cases", environ_overrides=environ)
    assert answer.status_code == 422
    assert "Audit-Reason" in answer.get_json()["errors"]


def test_the_first_rows_are_made_once_and_recorded(site: Site) -> None:
    assert initialise(site.settings, origin=site.origin, office="XX", name="Elsewhere") is False
    find = sa.select(LedgerEntry.action).where(LedgerEntry.subject == site.subject).order_by(LedgerEntry.seq)
    with site.engine.connect() as connection:
        assert connection.scalars(find).first() == "system:init"
        assert connection.scalar(sa.select(sa.func.count()).where(Office.code == "XX")) == 0


def test_the_command_adds_an_account_with_a_password_from_standard_input(
    unbroken: Callable[..., Result], app: Flask
) -> None:
    name = f"c{uuid.uuid4().hex[:8]}"
    done = unbroken("user", "add", name, "--role", "lawyer", "--role", "supervisor", "--password-stdin", stdin=PASSWORD)
    assert done.exit_code == 0, done.output
    uri = done.output.split()[-1]
    assert uri.startswith("otpauth://totp/")
    signed = {"username": name, "password": PASSWORD, "otp": pyotp.TOTP(pyotp.parse_uri(uri).secret).now()}
    assert app.test_client().post("/api/v1/session", json=signed).get_json()["roles"] == ["lawyer", "supervisor"]


def test_the_command_adds_an_account_with_an_initial_password(unbroken: Callable[..., Result], app: Flask) -> None:
    name = f"c{uuid.uuid4().hex[:8]}"
    done = unbroken("user", "add", name, "--role", "caseworker")
    first = {"username": name, "password": done.output.split()[-1]}
    assert app.test_client().post("/api/v1/enrolment", json=first).status_code == 200


def test_the_command_prints_a_token_as_its_last_word(
    unbroken: Callable[..., Result], person: Person, app: Flask
) -> None:
    done = unbroken("token", "add", person.username, "--scope", "read", "--days", "2", "--name", "script")
    assert done.exit_code == 0, done.output
    token = done.output.split()[-1]
    assert asks_with(app, token, "GET", "/me").get_json()["scope"] == "read"
    assert unbroken("token", "revoke", done.output.split()[1].strip(";")).exit_code == 0
    assert asks_with(app, token, "GET", "/me").status_code == 401
    entry = person.entries()[-1]
    assert (entry["action"], entry["actor"], entry["auth"]) == ("user:token_revoked", None, "cli")


def test_the_command_changes_roles_and_state(unbroken: Callable[..., Result], person: Person) -> None:
    assert "Roles: investigator, lawyer" in unbroken("user", "role", person.username, "--grant", "lawyer").output
    assert unbroken("user", "disable", person.username).exit_code == 0
    listed = next(line for line in unbroken("user", "list").output.splitlines() if person.username in line)
    assert "disabled" in listed
    assert unbroken("user", "enable", person.username).exit_code == 0
    assert unbroken("user", "unblock", person.username).exit_code == 0
    assert "Initial password" in unbroken("user", "reset", person.username).output
    expected = ["role_granted", "disabled", "enabled", "unblocked", "authenticator_reset"]
    assert person.actions()[-5:] == [f"user:{action}" for action in expected]


@pytest.mark.parametrize(
    ("words", "status", "sentence"),
    [
        (("user", "add", "x", "--role", "lawyer"), 2, "Take 2 to 64 letters"),
        (("user", "add", "someone", "--role", "king"), 2, "is not one of"),
        (("user", "add", "someone"), 2, "--role"),
        (("user", "disable", "nobody-at-all"), 2, "There is no such account"),
        (("token", "add", "nobody-at-all"), 2, "There is no such account"),
        (("token", "revoke", "0192e4a0-0000-7000-8000-000000000000"), 1, "There is nothing here"),
    ],
)
def test_a_command_that_cannot_be_done_says_why_in_a_sentence(
    unbroken: Callable[..., Result], words: tuple[str, ...], status: int, sentence: str
) -> None:
    done = unbroken(*words)
    assert done.exit_code == status
    assert sentence in done.output
    assert "Traceback" not in done.output


def test_a_token_made_for_a_disabled_account_is_refused(person: Person, site: Site) -> None:
    with begin(site, OPERATOR) as work:
        accounts.disable(work, person.id)
    with pytest.raises(Exception, match="disabled"), begin(site, OPERATOR) as work:
        accounts.add_token(work, person.id, scope=Scope.READ, days=1, name="x")
