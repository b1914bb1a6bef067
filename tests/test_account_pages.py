"""My account: who I am, where I am signed in, my tokens and my language."""

import re

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from evidence_api.domain.languages import LANGUAGES
from evidence_api.domain.roles import Role
from evidence_api.models import RecoveryCode
from evidence_api.work import Site
from tests.pages import beside, led_to, shown, text, told
from tests.people import PASSWORD, Person, asks_with, new_person
from tests.pseudo import pseudo, unmarked
from tests.test_web import Page, sign_in, submit

pytestmark = pytest.mark.usefixtures("quick_sign_in")

NEW = "/account/tokens/new"


@pytest.fixture
def person(app: Flask, site: Site) -> Person:
    return new_person(app, site, [Role.INVESTIGATOR, Role.LAWYER])


@pytest.fixture
def hers(person: Person, app: Flask) -> FlaskClient:
    """The browser in which she is signed in."""
    client = app.test_client()
    assert sign_in(client, person).status_code == 302
    return client


def token_form(person: Person, **changes: str) -> dict[str, str]:
    form = {"name": "Field laptop", "role": "investigator", "scope": "upload", "days": "7"}
    return {**form, "password": PASSWORD, "otp": person.fresh(), **changes}


def test_it_says_who_she_is_and_in_which_of_her_roles_she_acts(hers: FlaskClient, person: Person) -> None:
    page = text(shown(hers, "/account"))
    assert f"User name {person.username}" in page
    assert "Acting as Investigator" in page
    assert "Recovery codes left 10" in page
    assert submit(hers, "/role", page="/account", role="lawyer").status_code == 302
    assert "Acting as Lawyer" in text(shown(hers, "/account"))


def test_few_recovery_codes_are_said_with_what_to_do(hers: FlaskClient, person: Person, site: Site) -> None:
    with site.engine.begin() as connection:
        codes = connection.scalars(sa.select(RecoveryCode.digest).where(RecoveryCode.user_id == person.id)).all()
        connection.execute(sa.delete(RecoveryCode).where(RecoveryCode.digest.in_(codes[:8])))
    assert "Ask your administrator to start your authenticator again" in shown(hers, "/account")


def test_her_sessions_are_listed_and_another_one_is_ended(hers: FlaskClient, person: Person, app: Flask) -> None:
    other = app.test_client()
    sign_in(other, person)
    html = shown(hers, "/account")
    assert html.count("This browser") == 1
    ends = re.findall(r'action="(/account/sessions/[0-9a-f-]{36}/end)"', html)
    assert len(ends) == 1
    assert led_to(submit(hers, ends[0], page="/account")) == "/account"
    assert other.get("/account").status_code == 302
    html = shown(hers, "/account")
    assert "The session is ended." in html
    assert "/account/sessions/" not in html
    assert "has ended already" in told(submit(hers, ends[0], page="/account"), 409)


def test_a_token_is_made_and_shown_once_with_how_to_upload(hers: FlaskClient, person: Person, app: Flask) -> None:
    answer = submit(hers, NEW, **token_form(person))
    html = told(answer, 200)
    secret = re.findall(r'<code class="secret"[^>]*>([^<]+)</code>', html)[0]
    assert answer.headers["Cache-Control"] == "no-store"
    assert "unbroken upload PATH... --case PP-" in html
    assert "--server http://localhost" in html
    who = asks_with(app, secret, "GET", "/me").get_json()
    assert (who["username"], who["role"], who["scope"]) == (person.username, "investigator", "upload")
    page = shown(hers, "/account")
    assert secret not in page
    assert "Field laptop Investigator Uploading only" in text(page)


def test_a_token_takes_the_password_and_a_fresh_code(hers: FlaskClient, person: Person) -> None:
    for changes in ({"password": "not this one"}, {"otp": "000000"}):
        html = told(submit(hers, NEW, **token_form(person, **changes)), 401)
        assert "The password or the code is wrong" in html
        assert 'value="Field laptop"' in html
        assert PASSWORD not in html
    assert "You have no token" in shown(hers, "/account")


def test_what_is_wrong_with_a_token_stands_beside_its_field(hers: FlaskClient, person: Person) -> None:
    html = told(submit(hers, NEW, **token_form(person, name="", days="366", password="")), 422)
    for field in ("name", "days", "password"):
        assert beside(html, field)
    assert beside(told(submit(hers, NEW, **token_form(person, days="a week")), 422), "days")
    assert beside(told(submit(hers, NEW, **token_form(person, role="administrator")), 422), "role")
    assert "You have no token" in shown(hers, "/account")


def test_a_token_is_revoked_on_a_page_that_names_it(hers: FlaskClient, person: Person, app: Flask) -> None:
    token = person.token(name="<script>laptop")
    html = shown(hers, "/account")
    assert "<script>laptop" not in html
    found = re.search(r'href="(/account/tokens/[0-9a-f-]{36}/revoke)"', html)
    assert found is not None
    assert "&lt;script&gt;laptop" in shown(hers, found[1])
    assert led_to(submit(hers, found[1])) == "/account"
    assert asks_with(app, token, "GET", "/me").status_code == 401
    assert "You have no token" in shown(hers, "/account")


def test_nobody_gets_at_anothers_sessions_and_tokens(hers: FlaskClient, person: Person, app: Flask, site: Site) -> None:
    token = person.token()
    html = shown(hers, "/account")
    other = app.test_client()
    sign_in(other, new_person(app, site))
    found = re.search(r'href="(/account/tokens/[0-9a-f-]{36}/revoke)"', html)
    assert found is not None
    shown(other, found[1], 404)
    assert submit(other, found[1], page="/account").status_code == 404
    assert asks_with(app, token, "GET", "/me").status_code == 200


def test_she_chooses_the_language_of_the_pages(hers: FlaskClient, person: Person) -> None:
    assert '<html lang="en" dir="ltr"' in shown(hers, "/account")
    assert beside(told(submit(hers, "/account/language", language="xx"), 422), "language")
    assert led_to(submit(hers, "/account/language", language="ar")) == "/account"
    assert '<html lang="ar" dir="rtl"' in shown(hers, "/account")


def test_she_signs_out_everywhere_from_here_and_may_keep_her_tokens(
    hers: FlaskClient, person: Person, app: Flask
) -> None:
    token, other = person.token(), app.test_client()
    sign_in(other, person)
    assert submit(hers, "/sign-out-everywhere", page="/account").headers["Location"] == "/sign-in"
    assert other.get("/account").status_code == 302
    assert asks_with(app, token, "GET", "/me").status_code == 200


def test_no_name_is_in_a_title_or_an_address(hers: FlaskClient, person: Person) -> None:
    person.token(name="Field laptop")
    for page in ("/account", NEW, "/account/language"):
        html = shown(hers, page)
        addresses = " ".join(re.findall(r'(?:href|action)="([^"]+)"', html))
        for word in (person.username, "laptop"):
            assert word not in Page(html).title
            assert word not in addresses


def test_no_text_of_its_pages_is_left_unmarked(hers: FlaskClient, app: Flask, person: Person) -> None:
    with pseudo(app):
        for page in ("/account", NEW):
            assert unmarked(shown(hers, page)) == [], page
        assert unmarked(shown(hers, "/account/language")) == list(LANGUAGES.values())
        assert unmarked(told(submit(hers, NEW, **token_form(person, password="not this one")), 401)) == []
        assert unmarked(told(submit(hers, NEW, **token_form(person)), 200)) == []
        assert unmarked(shown(hers, "/account")) == []
