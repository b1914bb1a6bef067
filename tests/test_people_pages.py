"""The pages of the office's accounts, for its administrator."""

import re
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from evidence_api.domain.roles import Role
from evidence_api.models import User
from evidence_api.work import Site
from tests.conftest import Persona
from tests.pages import beside, browser, led_to, shown, text, told, ways
from tests.people import Person, new_person
from tests.pseudo import pseudo, unmarked
from tests.test_web import Page, sign_in, submit

pytestmark = pytest.mark.usefixtures("quick_sign_in")

MakePersona = Callable[..., Persona]


@pytest.fixture
def client(administrator: Persona) -> FlaskClient:
    return browser(administrator)


@pytest.fixture
def person(app: Flask, site: Site) -> Person:
    return new_person(app, site)


@pytest.fixture
def path(person: Person) -> str:
    return f"/people/{person.id}"


def roles(administrator: Persona, person: Person) -> set[str]:
    return set(administrator.get(f"/users/{person.id}").get_json()["roles"])


def test_nobody_but_an_administrator_sees_the_accounts(
    investigator: Persona, supervisor: Persona, person: Person, path: str
) -> None:
    for persona in (investigator, supervisor):
        for page in ("/people", "/people/new", path, f"{path}/roles", f"{path}/disable"):
            assert person.username not in shown(browser(persona), page, 403)


def test_the_list_leads_to_each_account_and_goes_on(
    client: FlaskClient, person: Person, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.people.SHOWN", 1)
    html = shown(client, "/people")
    assert f'href="{path}"' in html
    assert f"{person.username} Investigator" in text(html)
    more = re.search(r'id="rows-next" href="([^"]+)"', html)
    assert more is not None
    following = shown(client, more[1])
    assert person.username not in following
    assert "cursor=" in more[1]


def test_a_new_account_shows_its_initial_password_once_and_at_no_address(
    client: FlaskClient, administrator: Persona, app: Flask, site: Site
) -> None:
    answer = submit(client, "/people/new", username="chanthou.s", roles="lawyer", otp=administrator.otp())
    html = told(answer, 200)
    password = re.findall(r'<code class="secret"[^>]*>([^<]+)</code>', html)[0]
    assert answer.headers["Cache-Control"] == "no-store"
    assert password not in str(answer.headers)
    assert "chanthou.s" not in Page(html).title
    assert "http://localhost/sign-in" in html
    found = re.search(r'href="(/people/[0-9a-f-]{36})"', html)
    assert found is not None
    assert password not in shown(client, found[1])
    assert "Not signed in yet" in shown(client, found[1])
    newcomer = app.test_client()
    begun = submit(newcomer, "/sign-in", username="chanthou.s", password=password)
    assert 'class="secret"' in told(begun, 200)


def test_an_account_may_hold_several_roles_from_the_start(client: FlaskClient, administrator: Persona) -> None:
    form = {"username": "dalin", "roles": ["lawyer", "supervisor"], "otp": administrator.otp()}
    html = told(submit(client, "/people/new", **form), 200)  # type: ignore[arg-type]
    found = re.search(r'href="(/people/[0-9a-f-]{36})"', html)
    assert found is not None
    assert "Lawyer Supervisor" in text(shown(client, found[1]))


def test_what_is_wrong_with_a_new_account_stands_beside_each_field_and_none_is_made(
    client: FlaskClient, administrator: Persona, site: Site
) -> None:
    html = told(submit(client, "/people/new", username="", otp=""), 422)
    for field in ("username", "roles", "otp"):
        assert beside(html, field)
    html = told(submit(client, "/people/new", username="No Spaces", roles="lawyer", otp=administrator.otp()), 422)
    assert "2 to 64 letters" in beside(html, "username")
    assert re.search(r'value="lawyer"[^>]* checked', html)
    html = told(submit(client, "/people/new", username="vannak", roles="lawyer", otp="000000"), 403)
    assert "This code is not right" in beside(html, "otp")
    with site.engine.connect() as connection:
        found = connection.scalars(sa.select(User.username).where(User.username.in_(["no spaces", "vannak"]))).all()
    assert found == []


def test_a_role_is_granted_and_taken_away_with_a_fresh_code_each(
    client: FlaskClient, administrator: Persona, person: Person, path: str
) -> None:
    assert "roles/revoke" not in ways(shown(client, path), path)
    assert 'value="investigator"' not in shown(client, f"{path}/roles").partition('name="role"')[2]
    assert "This code is not right" in told(submit(client, f"{path}/roles", role="lawyer", otp="000000"), 403)
    assert roles(administrator, person) == {"investigator"}
    assert led_to(submit(client, f"{path}/roles", role="lawyer", otp=administrator.otp())) == path
    assert "The role is granted." in shown(client, path)
    assert roles(administrator, person) == {"investigator", "lawyer"}
    assert led_to(submit(client, f"{path}/roles/revoke", role="lawyer", otp=administrator.otp())) == path
    assert roles(administrator, person) == {"investigator"}


def test_who_disables_an_account_is_told_what_a_supervisor_has_to_settle(
    client: FlaskClient, administrator: Persona, make_persona: MakePersona
) -> None:
    leaver = make_persona(Role.INVESTIGATOR)
    for _ in range(2):
        leaver.post("/cases", {"title": "Riverside", "kind": "forced_labour", "country": "KH"})
    case = leaver.get("/cases").get_json()["items"][0]["id"]
    thing = {"title": "A phone", "tag": f"T-{leaver.username}", "place": "Safe 2"}
    assert leaver.post(f"/cases/{case}/items", thing).status_code == 201
    path = f"/people/{leaver.id}"
    html = told(submit(client, f"{path}/disable", otp=administrator.otp()), 200)
    assert "2 open cases that she leads need another lead." in html
    assert "1 item that she holds must be handed over to another." in html
    assert "Riverside" not in html
    html = shown(client, path)
    assert "Disabled" in text(html)
    assert {"enable", "disable"} & ways(html, path) == {"enable"}
    assert led_to(submit(client, f"{path}/enable", otp=administrator.otp())) == path
    assert {"enable", "disable"} & ways(shown(client, path), path) == {"disable"}


def test_who_leads_and_holds_nothing_leaves_nothing_to_settle(
    client: FlaskClient, administrator: Persona, person: Person, path: str
) -> None:
    html = told(submit(client, f"{path}/disable", otp=administrator.otp()), 200)
    assert "there is nothing to settle" in html


def test_who_has_to_wait_after_wrong_tries_is_let_in_at_once(
    client: FlaskClient, app: Flask, person: Person, path: str
) -> None:
    assert "unblock" not in ways(shown(client, path), path)
    for _ in range(5):
        sign_in(app.test_client(), person, password="wrong, all of it")
    assert sign_in(app.test_client(), person).status_code == 429
    assert "Has to wait" in shown(client, "/people")
    assert "unblock" in ways(shown(client, path), path)
    assert led_to(submit(client, f"{path}/unblock")) == path
    assert sign_in(app.test_client(), person).status_code == 302


def test_a_lost_phone_is_answered_with_a_new_start(
    client: FlaskClient, administrator: Persona, app: Flask, person: Person, path: str
) -> None:
    hers = app.test_client()
    sign_in(hers, person)
    html = told(submit(client, f"{path}/reset-authenticator", otp=administrator.otp()), 200)
    password = re.findall(r'<code class="secret"[^>]*>([^<]+)</code>', html)[0]
    assert hers.get("/account").status_code == 302
    begun = submit(app.test_client(), "/sign-in", username=person.username, password=password)
    assert 'class="secret"' in told(begun, 200)


def test_nobody_changes_her_own_account(client: FlaskClient, administrator: Persona) -> None:
    path = f"/people/{administrator.id}"
    html = shown(client, path)
    assert "Nobody changes her own roles or account" in html
    assert ways(html, path) == set()
    form: dict[str, Any] = {"role": "lawyer", "otp": administrator.otp()}
    assert "Nobody changes her own" in told(submit(client, f"{path}/roles", **form), 403)
    assert administrator.get("/me").get_json()["roles"] == ["administrator"]


def test_no_page_has_a_name_in_its_title_or_address(client: FlaskClient, person: Person, path: str) -> None:
    pages = ("", "/roles", "/roles/revoke", "/disable", "/enable", "/unblock", "/reset-authenticator")
    for page in ("/people", "/people/new", *(f"{path}{page}" for page in pages)):
        html = shown(client, page)
        assert person.username not in Page(html).title
        assert person.username not in " ".join(re.findall(r'(?:href|action)="([^"]+)"', html))
        assert Page(html).title.strip().endswith("– Unbroken")


def test_no_text_of_its_pages_is_left_unmarked(
    app: Flask, client: FlaskClient, administrator: Persona, path: str
) -> None:
    pages = ("", "/roles", "/roles/revoke", "/disable", "/enable", "/unblock", "/reset-authenticator")
    with pseudo(app):
        for page in ("/people", "/people/new", f"/people/{administrator.id}", *(f"{path}{page}" for page in pages)):
            assert unmarked(shown(client, page)) == [], page
        assert unmarked(told(submit(client, f"{path}/reset-authenticator", otp=administrator.otp()), 200)) == []
        assert unmarked(told(submit(client, f"{path}/disable", otp=administrator.otp()), 200)) == []
        assert unmarked(told(submit(client, "/people/new", username=""), 422)) == []
