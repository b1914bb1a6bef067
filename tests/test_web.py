"""The pages, as a browser without script sees them."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from evidence_api.domain.roles import Role
from evidence_api.work import Site
from tests.conftest import Persona
from tests.people import PASSWORD, Person, asks_with, new_person, new_starter

pytestmark = pytest.mark.usefixtures("quick_sign_in")

NEW_PASSWORD = "seven boats before sunrise"
PAGES = ("/", "/password", "/sign-in", "/api/docs")


class Page(HTMLParser):
    """What matters of a page: the labels, the fields, the text, what it loads."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.labels: set[str] = set()
        self.fields: dict[str, dict[str, str | None]] = {}
        self.ids: list[str] = []
        self.loads: list[str] = []
        self.title = ""
        self._within = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        # The title of a drawing is not the page's.
        self._within = f"svg {tag}" if "svg" in self._within else tag
        self.ids += [str(found["id"])] if "id" in found else []
        if tag == "label":
            self.labels.add(str(found["for"]))
        if tag in {"input", "select"} and found.get("type") != "hidden" and "aria-hidden" not in found:
            self.fields[str(found["name"])] = found
        if tag in {"script", "iframe", "img"}:
            self.loads.append(str(found.get("src")))
        if tag == "link":
            self.loads.append(str(found.get("href")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "svg":
            self._within = ""

    def handle_data(self, data: str) -> None:
        if self._within == "title":
            self.title += data


def csrf(html: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', html)
    assert found is not None
    return found[1]


def submit(client: FlaskClient, path: str, page: str = "", **fields: str) -> TestResponse:
    """Fill in a form that is shown at `page`, and send it to `path`."""
    token = csrf(client.get(page or path).get_data(as_text=True))
    return client.post(path, data={"csrf_token": token, **fields})


def sign_in(client: FlaskClient, person: Person, **changes: str) -> TestResponse:
    given = {"username": person.username, "password": person.password, "otp": person.fresh(), **changes}
    return submit(client, "/sign-in", **given)


@pytest.fixture
def person(app: Flask, site: Site) -> Person:
    return new_person(app, site)


@pytest.fixture
def starter(app: Flask, site: Site) -> Person:
    return new_starter(app, site)


def test_a_stranger_is_led_to_sign_in(client: FlaskClient) -> None:
    for path in ("/", "/password"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["Location"]) == (302, "/sign-in")


def test_signing_in_leads_to_the_first_page(client: FlaskClient, person: Person) -> None:
    answer = sign_in(client, person)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    home = client.get("/").get_data(as_text=True)
    assert person.username in home
    assert "No case is yours yet" in home


def test_a_wrong_password_is_said_in_a_sentence_and_the_name_stays(client: FlaskClient, person: Person) -> None:
    answer = sign_in(client, person, password="wrong, all of it")
    html = answer.get_data(as_text=True)
    assert answer.status_code == 401
    assert 'role="alert" tabindex="-1" autofocus>The name, the password or the code is wrong' in html
    assert Page(html).title.startswith("To be mended: Sign in")
    assert Page(html).fields["username"]["value"] == person.username
    assert "wrong, all of it" not in html


def test_too_many_tries_say_how_long_to_wait(client: FlaskClient, person: Person) -> None:
    for _ in range(4):
        sign_in(client, person, password="wrong, all of it")
    answer = sign_in(client, person)
    assert answer.status_code == 429
    assert "Wait" in answer.get_data(as_text=True)


def test_an_empty_field_is_told_beside_the_field(client: FlaskClient) -> None:
    html = submit(client, "/sign-in", username="", password="").get_data(as_text=True)
    page = Page(html)
    assert page.fields["username"]["aria-invalid"] == "true"
    assert str(page.fields["username"]["aria-describedby"]).strip() in page.ids


def test_the_first_sign_in_leads_through_the_authenticator_to_recovery_codes(
    client: FlaskClient, starter: Person
) -> None:
    shown = submit(client, "/sign-in", username=starter.username, password=starter.password)
    html = shown.get_data(as_text=True)
    assert shown.status_code == 200
    assert "<svg" in html
    starter.secret = re.sub(r"\s", "", re.findall(r'class="secret">([^<]+)<', html)[0])

    def confirm(html: str, **changes: str) -> TestResponse:
        given = {"new_password": NEW_PASSWORD, "repeated": NEW_PASSWORD, "otp": starter.code(), **changes}
        return client.post("/enrolment", data={"csrf_token": csrf(html), **given})

    again = confirm(html, repeated="something else").get_data(as_text=True)
    assert "The two are not the same" in again
    again = confirm(again, new_password="short", repeated="short").get_data(as_text=True)
    assert "at least 12 characters" in again
    again = confirm(again, otp="123456").get_data(as_text=True)
    assert "This code is not right" in again
    assert starter.secret == re.sub(r"\s", "", re.findall(r'class="secret">([^<]+)<', again)[0])

    done = confirm(again)
    assert done.status_code == 200
    assert len(re.findall(r"<li><code>", done.get_data(as_text=True))) == 10
    assert client.get("/").status_code == 200


def test_the_authenticator_page_is_only_for_who_gave_the_right_password(client: FlaskClient, person: Person) -> None:
    token = csrf(client.get("/sign-in").get_data(as_text=True))
    answer = client.post("/enrolment", data={"csrf_token": token, "otp": person.code()})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/sign-in")


def test_an_initial_password_given_minutes_ago_counts_no_more(
    client: FlaskClient, starter: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.account.ENROLMENT_SECONDS", -1)
    html = submit(client, "/sign-in", username=starter.username, password=starter.password).get_data(as_text=True)
    answer = client.post("/enrolment", data={"csrf_token": csrf(html), "otp": "123456"})
    assert answer.headers["Location"] == "/sign-in"


@pytest.mark.parametrize("path", ["/sign-in", "/sign-out", "/sign-out-everywhere", "/role", "/password", "/enrolment"])
def test_a_form_without_its_token_does_nothing(client: FlaskClient, person: Person, path: str) -> None:
    sign_in(client, person)
    answer = client.post(path, data={"role": "lawyer", "csrf_token": "made-up"})
    assert answer.status_code == 403
    assert "load it again" in answer.get_data(as_text=True)
    assert client.get("/").status_code == 200


def test_she_switches_to_another_of_her_roles(client: FlaskClient, app: Flask, site: Site) -> None:
    person = new_person(app, site, [Role.ADMINISTRATOR, Role.LAWYER])
    sign_in(client, person)
    assert 'name="role" value="administrator">Act as Administrator<' in client.get("/").get_data(as_text=True)
    assert submit(client, "/role", page="/", role="administrator").status_code == 302
    html = client.get("/").get_data(as_text=True)
    assert "<h1>People</h1>" in html
    assert 'href="/cases"' not in html
    assert 'name="role" value="lawyer">Act as Lawyer<' in html


def test_the_password_is_changed_on_its_page(client: FlaskClient, person: Person) -> None:
    sign_in(client, person)
    given = {"password": PASSWORD, "new_password": NEW_PASSWORD, "repeated": NEW_PASSWORD}
    assert "This code is not right" in submit(client, "/password", **given, otp="123456").get_data(as_text=True)
    wrong = submit(client, "/password", **{**given, "password": "not this one"}, otp=person.fresh())
    assert "This is not your password now" in wrong.get_data(as_text=True)
    assert submit(client, "/password", **given, otp=person.fresh()).status_code == 302
    assert client.get("/").status_code == 200


def test_signing_out_ends_the_session(client: FlaskClient, person: Person) -> None:
    sign_in(client, person)
    assert submit(client, "/sign-out", page="/").headers["Location"] == "/sign-in"
    assert client.get("/").status_code == 302
    assert person.actions()[-1] == "user:sign_out"


def test_signing_out_everywhere_ends_other_browsers_and_tokens(client: FlaskClient, person: Person, app: Flask) -> None:
    token, other = person.token(), app.test_client()
    sign_in(client, person)
    sign_in(other, person)
    submit(client, "/sign-out-everywhere", page="/", tokens="1")
    assert other.get("/").status_code == 302
    assert asks_with(app, token, "GET", "/me").status_code == 401


def test_her_cases_are_on_the_first_page(
    client: FlaskClient, app: Flask, site: Site, person: Person, investigator: Persona, case: dict[str, str]
) -> None:
    investigator.post(f"/cases/{case['id']}/assignments", {"user": str(person.id), "role": "investigator"})
    sign_in(client, person)
    html = client.get("/").get_data(as_text=True)
    assert case["ref"] in html
    assert case["title"] in html


@pytest.mark.parametrize("path", ["/nowhere", "/enrolment"])
def test_a_wrong_address_is_told_as_a_page_to_browsers_and_as_a_problem_to_programs(
    client: FlaskClient, path: str
) -> None:
    page = client.get(path, headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert page.mimetype == "text/html"
    assert "There is no page at this address" in page.get_data(as_text=True)
    for asked in (path, f"/api/v1{path}"):
        assert client.get(asked, headers={"Accept": "*/*"}).mimetype == "application/problem+json"


def test_who_is_signed_in_already_is_led_on(client: FlaskClient, person: Person) -> None:
    sign_in(client, person)
    assert client.get("/sign-in").headers["Location"] == "/"


@pytest.mark.parametrize("path", PAGES)
def test_every_field_has_its_label_and_nothing_comes_from_elsewhere(
    client: FlaskClient, person: Person, path: str
) -> None:
    if path != "/sign-in":
        sign_in(client, person)
    page = Page(client.get(path).get_data(as_text=True))
    assert {str(field["id"]) for field in page.fields.values()} <= page.labels
    assert len(page.ids) == len(set(page.ids))
    assert all(address.startswith("/static/") for address in page.loads)
    assert person.username not in page.title


@pytest.mark.parametrize("path", [*PAGES, "/nowhere", "/api/v1/me", "/api/v1/openapi.json", "/health/live"])
def test_every_answer_has_the_security_headers(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "script-src 'self';" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert "Strict-Transport-Security" not in headers


def test_the_api_page_names_every_route(client: FlaskClient) -> None:
    html = client.get("/api/docs").get_data(as_text=True)
    for path in client.get("/api/v1/openapi.json").get_json()["paths"]:
        assert f">{path}<" in html


def test_in_production_the_cookie_and_the_site_are_for_https_alone(site: Site) -> None:
    from dataclasses import replace

    from evidence_api import create_app

    hardened = create_app(replace(site, settings=replace(site.settings, environment="production")))
    answer = hardened.test_client().get("/sign-in")
    assert "Secure" in answer.headers["Set-Cookie"]
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=")


def test_a_scanned_label_leads_to_the_item_for_those_on_the_case_and_to_nothing_for_others(
    site: Site, app: Flask, investigator: Persona, case: dict[str, Any], item: dict[str, Any]
) -> None:
    outsider, insider = (new_person(app, site, [Role.INVESTIGATOR]) for _ in range(2))
    assigned = investigator.post(f"/cases/{case['id']}/assignments", {"user": str(insider.id), "role": "investigator"})
    assert assigned.status_code == 201
    path = f"/items/{item['id']}"
    assert app.test_client().get(path).headers["Location"] == "/sign-in"
    assert outsider.browser().client.get(path).status_code == 404
    html = insider.browser().client.get(path).get_data(as_text=True)
    assert item["ref"] in html
    assert item["sha256"] in html
    assert investigator.username in html
    assert "Exact bytes" in html
    assert Page(html).title.strip() == "Item – Unbroken"
