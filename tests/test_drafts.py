"""What is typed into a long form is kept for her until it is sent: sealed, hers alone, for a while."""

import re
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from evidence_api.models import FormDraft
from evidence_api.services import drafts
from evidence_api.work import Site
from evidence_api.worker import run_once
from tests.conftest import Persona, days_ago
from tests.pages import browser, led_to, shown, told
from tests.test_web import csrf, submit
from web.forms import LONG, SECRET, Field, Form, contract

pytestmark = pytest.mark.usefixtures("quick_sign_in")

SECRETLY = "Auntie keeps them behind the bar."


def kept(site: Site, persona: Persona) -> list[Any]:
    with site.engine.connect() as connection:
        mine = FormDraft.user_id == persona.id
        return list(connection.execute(sa.select(FormDraft.place, FormDraft.sealed).where(mine)))


@pytest.fixture(autouse=True)
def _nothing_kept(site: Site) -> None:
    with site.engine.begin() as connection:
        connection.execute(sa.delete(FormDraft))


@pytest.fixture
def client(investigator: Persona) -> FlaskClient:
    return browser(investigator)


@pytest.fixture
def form_at(case: dict[str, Any]) -> str:
    """Where a long form is."""
    return f"/cases/{case['id']}/do/investigate"


def test_a_draft_is_kept_shown_again_and_dropped_once_it_is_sent(
    site: Site, investigator: Persona, client: FlaskClient, form_at: str
) -> None:
    assert led_to(submit(client, form_at, reason=SECRETLY, occurred_at="2026-01-02T03:04", draft="save")) == form_at
    html = shown(client, form_at)
    assert "Nothing is sent yet" in html
    assert "What you typed on " in html
    assert SECRETLY in html
    assert 'value="2026-01-02T03:04"' in html
    place, sealed = kept(site, investigator)[0]
    assert place == form_at
    assert b"Auntie" not in sealed
    assert led_to(submit(client, form_at, reason=SECRETLY)) == form_at.partition("/do/")[0]
    assert kept(site, investigator) == []
    assert SECRETLY not in shown(client, form_at)


def test_a_form_that_was_not_taken_keeps_its_draft(
    site: Site, investigator: Persona, client: FlaskClient, form_at: str
) -> None:
    submit(client, form_at, occurred_at="2026-01-02T03:04", draft="save")
    told(submit(client, form_at, reason=""), 422)
    assert len(kept(site, investigator)) == 1


def test_a_draft_is_discarded(site: Site, investigator: Persona, client: FlaskClient, form_at: str) -> None:
    submit(client, form_at, reason=SECRETLY, draft="quietly")
    assert 'name="draft" value="discard"' in shown(client, form_at)
    assert led_to(submit(client, form_at, draft="discard")) == form_at
    assert kept(site, investigator) == []
    assert "What you typed on " not in shown(client, form_at)


def test_the_script_keeps_it_without_a_word(client: FlaskClient, form_at: str) -> None:
    answer = submit(client, form_at, reason=SECRETLY, draft="quietly")
    assert (answer.status_code, answer.get_data()) == (204, b"")
    assert "Nothing is sent yet" not in shown(client, form_at)
    token = {"csrf_token": "another", "draft": "quietly"}
    assert client.post(form_at, data={"reason": "x", **token}).status_code != 204


def test_a_draft_is_hers_alone(client: FlaskClient, lawyer: Persona, form_at: str) -> None:
    submit(client, form_at, reason=SECRETLY, draft="save")
    assert SECRETLY not in shown(browser(lawyer), form_at)


def test_a_draft_of_what_was_changed_since_is_told_so_when_it_is_sent(
    client: FlaskClient, investigator: Persona, case: dict[str, Any]
) -> None:
    path = f"/cases/{case['id']}/do/investigate"
    form = shown(client, path)
    version = re.findall(r'name="version" value="(\d+)"', form)[0]
    draft = {"csrf_token": csrf(form), "version": version, "reason": "Three witnesses came.", "draft": "save"}
    client.post(path, data=draft)
    investigator.call("PATCH", f"/cases/{case['id']}", json={"title": "Riverside, north"})
    form = shown(client, path)
    assert "Three witnesses came." in form
    assert f'name="version" value="{version}"' in form
    del draft["draft"]
    html = told(client.post(path, data={**draft, "csrf_token": csrf(form)}), 412)
    assert "It was changed since you read it" in html
    assert investigator.get(f"/cases/{case['id']}").get_json()["stage"] == "intake"


def test_who_may_not_do_it_keeps_no_draft_of_it(site: Site, caseworker: Persona, form_at: str) -> None:
    client = browser(caseworker)
    page = shown(client, "/tips/new")
    data = {"csrf_token": csrf(page), "reason": "x", "draft": "save"}
    assert client.post(form_at, data=data).status_code == 404
    assert kept(site, caseworker) == []


def test_a_locked_session_keeps_nothing(site: Site, investigator: Persona, client: FlaskClient, form_at: str) -> None:
    page = shown(client, form_at)
    client.post("/quick-exit", data={"csrf_token": csrf(page)})
    answer = client.post(form_at, data={"csrf_token": csrf(page), "reason": SECRETLY, "draft": "quietly"})
    assert answer.status_code == 423
    assert kept(site, investigator) == []


def test_only_the_newest_fifty_are_kept(
    site: Site, investigator: Persona, client: FlaskClient, monkeypatch: pytest.MonkeyPatch, case: dict[str, Any]
) -> None:
    monkeypatch.setattr(drafts, "MOST", 2)
    for action in ("investigate", "hold", "decline"):
        submit(client, f"/cases/{case['id']}/do/{action}", reason=action, draft="quietly")
    places = {place.rpartition("/")[2] for place, _ in kept(site, investigator)}
    assert places == {"hold", "decline"}


def test_after_two_weeks_it_is_gone(site: Site, investigator: Persona, client: FlaskClient, form_at: str) -> None:
    submit(client, form_at, reason=SECRETLY, draft="quietly")
    with site.engine.begin() as connection:
        connection.execute(sa.update(FormDraft).values(saved_at=days_ago(14.1)))
    assert SECRETLY not in shown(client, form_at)
    run_once(site, with_sweep=False)
    assert kept(site, investigator) == []


def form(*kinds: str, **more: Any) -> Form:
    fields = [Field(f"field{n}", "", kind) for n, kind in enumerate(kinds)]
    return Form("x", "/x", contract("POST", "/tips"), "", "", fields, **more)


def test_long_forms_keep_drafts_and_those_that_take_a_code_never() -> None:
    assert form("lines").kept
    assert form(*["text"] * LONG).kept
    assert not form("text").kept
    for secret in SECRET:
        assert not form("lines", secret).kept
    assert form("text", drafts=True).kept
    assert not form("lines", drafts=False).kept


def test_a_code_or_a_password_is_never_kept(
    site: Site, investigator: Persona, client: FlaskClient, administrator: Persona, form_at: str
) -> None:
    boss = browser(administrator)
    page = shown(boss, "/people/new")
    assert "data-draft" not in page
    data = {"csrf_token": csrf(page), "username": "somebody", "otp": "123456", "draft": "save"}
    assert boss.post("/people/new", data=data).status_code == 422
    assert kept(site, administrator) == []
    submit(client, form_at, reason=SECRETLY, otp="123456", password="secret", draft="quietly")
    shown_again = shown(client, form_at)
    assert "123456" not in shown_again
