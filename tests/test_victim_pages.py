"""The pages of victims: who is offered what, the forms, and an identity that is shown once."""

from typing import Any

import pytest

from evidence_api.domain.victim import AXES
from tests.casework import Made, move, new_perpetrator, new_victim
from tests.conftest import Persona
from tests.pages import beside, browser, led_to, shown, text, told, ways
from tests.test_web import submit

pytestmark = pytest.mark.usefixtures("quick_sign_in")

Case = dict[str, Any]
IDENTITY = {"name": "Sopheap Unheard", "born": "2009-03", "nationality": "Khmer-Krom", "contact": "aunt at 012 345"}
HOSTILE = '<script>alert("x")</script>'


@pytest.fixture
def victim(caseworker: Persona, shared_case: Case) -> Made:
    return new_victim(caseworker, shared_case["id"], estimated_age=13)


@pytest.fixture
def path(victim: Made) -> str:
    return f"/victims/{victim['id']}"


MINE = {"edit", "share", "identity", "identity/remove", "identity/reveal", "address", "consents/new", "keep-apart/new"}
"""What a caseworker is offered, where an identity is in the vault and no address."""


def test_each_role_is_offered_what_it_may_do_and_nothing_else(
    investigator: Persona, lawyer: Persona, supervisor: Persona, caseworker: Persona, victim: Made, path: str
) -> None:
    caseworker.call("PUT", f"{path}/identity", json=IDENTITY)
    everyone = {"edit", "share", "identity", "address", "consents", "keep-apart", "do"}
    outside = {"do/rescue", "do/intercept", "do/exit", "do/miss", "do/report_missing"}
    wanted = [
        (caseworker, MINE | outside | {"do/confirm", "do/rule_out", "do/contact"}),
        (investigator, outside),
        (lawyer, {"identity/reveal"}),
        (supervisor, {"share"}),
    ]
    for persona, offered in wanted:
        html = shown(browser(persona), path)
        mine = {way for way in ways(html, path) if way.partition("/")[0] in everyone}
        assert mine == offered, persona.role
        assert victim["pseudonym"] in text(html)


def test_who_knows_nothing_of_her_learns_nothing_from_any_of_her_pages(
    colleague: Persona, shared_case: Case, victim: Made, path: str
) -> None:
    client = browser(colleague)
    actions = {f"/do/{action}" for lifecycle in AXES.values() for action in lifecycle.actions}
    for way in {"", *(f"/{one}" for one in MINE), *actions}:
        assert victim["pseudonym"] not in shown(client, f"{path}{way}", 404)
    for way in ("", "/new"):
        shown(client, f"/cases/{shared_case['id']}/victims{way}", 404)


def test_no_title_or_address_of_a_page_names_her(caseworker: Persona, victim: Made, path: str) -> None:
    html = shown(browser(caseworker), path)
    assert victim["pseudonym"] not in html.partition("</title>")[0].partition("<title>")[2]
    assert victim["pseudonym"].split()[0] not in " ".join(ways(html, ""))


def test_she_is_registered_on_a_form_of_the_case_and_found_in_its_list(investigator: Persona, case: Case) -> None:
    client, here = browser(investigator), f"/cases/{case['id']}/victims"
    assert f'href="{here}"' in shown(client, f"/cases/{case['id']}")
    assert "Register her as soon as there is a sign of her" in shown(client, here)
    bad = submit(client, f"{here}/new", gender="female", languages="Khmer")
    assert "BCP 47" in told(bad, 422)
    sent = {"gender": "female", "estimated_age": "13", "languages": "km, vi", "country": "KH", "dependents": "2"}
    page = shown(client, led_to(submit(client, f"{here}/new", **sent)))
    assert all(word in text(page) for word in ("Khmer, Vietnamese", "Cambodia", "about 13 years", "Minor"))
    assert "about 13 years" in shown(client, f"{here}?whereabouts=in_exploitation")
    assert "No victim of the case is like this" in shown(client, f"{here}?whereabouts=missed")


def test_a_step_is_taken_on_a_form_and_stands_in_her_course(investigator: Persona, path: str) -> None:
    client = browser(investigator)
    again = told(submit(client, f"{path}/do/miss", reason="She was in the loft"), 422)
    assert "Fill this in" in beside(again, "how")
    page = shown(client, led_to(submit(client, f"{path}/do/miss", reason=HOSTILE, how="told_to_hide")))
    assert "She was told to hide" in page
    assert (HOSTILE in page, "&lt;script&gt;" in page) == (False, True)
    refused = told(submit(client, f"{path}/do/miss", reason="Again", how="hid"), 409)
    assert "This cannot be done now" in refused


def test_every_step_has_its_form(caseworker: Persona, path: str) -> None:
    client = browser(caseworker)
    for lifecycle in AXES.values():
        for action in lifecycle.actions:
            assert "What is then said of her" in shown(client, f"{path}/do/{action}"), action


def test_her_identity_goes_in_on_a_form_and_is_shown_once_and_never_cached(
    caseworker: Persona, lawyer: Persona, path: str
) -> None:
    client = browser(caseworker)
    assert "Put her identity into the vault" in shown(client, path)
    page = shown(client, led_to(submit(client, f"{path}/identity", **IDENTITY)))
    assert "Her identity is in the vault" in page
    assert "Change her identity" in page
    assert "Put her identity into the vault" not in page
    without = told(submit(client, f"{path}/identity/reveal", reason="To prepare her"), 422)
    assert "Fill this in" in beside(without, "otp")
    wrong = told(submit(client, f"{path}/identity/reveal", reason="To prepare her", otp="000000"), 403)
    assert "not right" in beside(wrong, "otp")
    reader = browser(lawyer)
    opened = submit(reader, f"{path}/identity/reveal", reason="To prepare her", otp=lawyer.otp())
    html = told(opened, 200)
    assert all(value in html for value in IDENTITY.values())
    assert opened.headers["Cache-Control"] == "no-store"
    assert IDENTITY["name"] not in html.partition("</title>")[0]
    for visitor in (client, reader):
        for way in ("", "/identity/reveal"):
            assert not [value for value in IDENTITY.values() if value in shown(visitor, f"{path}{way}")]


def test_what_is_typed_of_an_identity_is_kept_in_no_draft(caseworker: Persona, path: str) -> None:
    client = browser(caseworker)
    for way in ("identity", "address"):
        assert "Save draft" not in shown(client, f"{path}/{way}")
        submit(client, f"{path}/{way}", draft="quietly", name="Sopheap Typed", address="Typed street")
        again = shown(client, f"{path}/{way}")
        assert ("It is not sent yet" in again, "Typed" in again) == (False, False)


def test_an_address_goes_in_and_comes_out_for_a_caseworker_alone(
    caseworker: Persona, lawyer: Persona, path: str
) -> None:
    client = browser(caseworker)
    led_to(submit(client, f"{path}/address", address="Lotus-House, room 4"))
    opened = submit(client, f"{path}/address/reveal", reason="To visit her", otp=caseworker.otp())
    assert "Lotus-House, room 4" in told(opened, 200)
    told(submit(browser(lawyer), f"{path}/address/reveal", reason="To visit her", otp=lawyer.otp()), 403)
    page = shown(client, led_to(submit(client, f"{path}/address/remove")))
    assert "Her address is not in the vault yet" in page


def test_consents_and_whom_to_keep_away_are_kept_on_her_page(
    caseworker: Persona, investigator: Persona, shared_case: Case, path: str
) -> None:
    client = browser(caseworker)
    other = new_victim(caseworker, shared_case["id"])
    keeper = new_perpetrator(investigator, shared_case["id"], alias="Auntie")
    led_to(submit(client, f"{path}/consents/new", purpose="testimony", scope="By live link alone"))
    led_to(submit(client, f"{path}/keep-apart/new", barrier="do_not_place_with", victim=other["id"]))
    away = submit(client, f"{path}/keep-apart/new", barrier="do_not_contact", perpetrator=keeper["id"])
    page = shown(client, led_to(away))
    assert all(word in page for word in ("By live link alone", "Until she takes it back", other["pseudonym"], "Auntie"))
    (consent,) = caseworker.get(f"{path}/consents").get_json()["items"]
    shown(client, f"/consents/{consent['id']}/withdraw")
    assert "Withdrawn" in shown(client, led_to(submit(client, f"/consents/{consent['id']}/withdraw", reason="Afraid")))
    first = caseworker.get(f"{path}/keep-apart").get_json()["items"][0]
    shown(client, f"/keep-apart/{first['id']}/end")
    assert "Ended" in shown(client, led_to(submit(client, f"/keep-apart/{first['id']}/end", reason="Convicted")))


def test_another_case_is_chosen_among_those_that_do_not_know_her(
    supervisor: Persona, colleague: Persona, victim: Made, path: str
) -> None:
    other = colleague.post("/cases", {"title": "Kiln", "kind": "bonded_labour", "country": "KH"}).get_json()
    client = browser(supervisor)
    form = shown(client, f"{path}/share")
    assert (other["id"] in form, victim["cases"][0] in form) == (True, False)
    assert other["ref"] in shown(client, led_to(submit(client, f"{path}/share", case=other["id"])))


def test_her_care_is_drawn_as_a_way_and_declining_stands_beside_it(caseworker: Persona, path: str) -> None:
    client = browser(caseworker)
    move(caseworker, path, "contact", axis="care")
    assert 'aria-current="step">Contacted' in shown(client, path)
    move(caseworker, path, "decline", axis="care")
    assert "Declined care" in text(shown(client, path))
