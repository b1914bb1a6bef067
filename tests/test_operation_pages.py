"""The pages of operations, requests, operatives and second people: who is offered what, and the forms."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from evidence_api.domain.operation import Danger
from evidence_api.domain.roles import Role
from tests.casework import Made, assess, made, new_operation, new_rescue, new_victim
from tests.conftest import Persona, upload
from tests.pages import beside, browser, led_to, shown, text, told, ways
from tests.pseudo import pseudo, unmarked
from tests.test_web import submit

pytestmark = pytest.mark.usefixtures("quick_sign_in")

Case = dict[str, Any]
HOSTILE = '<script>alert("x")</script>'


def day(days: int = 0) -> str:
    return (datetime.now(UTC).date() + timedelta(days=days)).isoformat()


@pytest.fixture
def rescue(investigator: Persona, shared_case: Case) -> Made:
    return new_rescue(investigator, shared_case["id"])


def test_an_operation_is_planned_and_decided_on_in_the_browser(
    investigator: Persona, supervisor: Persona, shared_case: Case
) -> None:
    client, case = browser(investigator), f"/cases/{shared_case['id']}"
    assert "The case has no operation yet." in shown(client, f"{case}/operations")
    assert 'href="/cases/' in shown(client, case)
    form = {"kind": "rescue", "partner": HOSTILE, "planned_on": day(4), "aftercare_places": "40"}
    assert "Fill this in." in beside(told(submit(client, f"{case}/operations/new", **form | {"kind": ""}), 422), "kind")
    where = led_to(submit(client, f"{case}/operations/new", **form))
    scores = {f"scores.{danger}": "2" for danger in Danger}
    wrong = told(submit(client, f"{where}/assess", **scores | {"scores.leak": ""}, assessed_on=day()), 422)
    assert 'href="#scores.leak"' in wrong
    led_to(submit(client, f"{where}/assess", **scores, assessed_on=day()))
    html = shown(client, where)
    assert HOSTILE not in html
    assert "A rescue needs the written go of the authority partner." in html
    letter = upload(investigator, shared_case["id"])["id"]
    signed = {"authorised_on": day(), "reference": "17/2026", "document": letter}
    led_to(submit(client, f"{where}/authorisation", **signed))
    assert f"/items/{letter}" in shown(client, where)
    assert ways(shown(client, where), where) >= {"edit", "assess", "authorisation", "roster/expect", "do/abort"}
    assert "do/go" not in ways(shown(client, where), where)
    hers = browser(supervisor)
    assert where in shown(hers, "/")
    assert ways(shown(hers, where), where) == {"do/go", "do/no_go", "do/abort"}
    led_to(submit(hers, f"{where}/do/go", reason="It is safe enough"))
    assert f"By {supervisor.username}" in text(shown(hers, where))
    assert where not in shown(hers, "/")
    assert "edit" not in ways(shown(client, where), where)
    victim = new_victim(investigator, shared_case["id"])["id"]
    led_to(submit(client, f"{where}/roster/expect", victims=victim))
    led_to(submit(client, f"{where}/roster/{victim}", outcome="rescued"))
    assert "0 missed" not in text(shown(client, where))
    led_to(submit(client, f"{where}/do/conclude", reason="All are out"))
    assert "0 missed" in text(shown(client, where))


def test_the_roster_is_written_in_the_browser(investigator: Persona, supervisor: Persona, rescue: Made) -> None:
    client, where = browser(investigator), f"/operations/{rescue['id']}"
    some = [new_victim(investigator, rescue["case"]) for _ in range(3)]
    hers = [one["id"] for one in some]
    everybody: dict[str, Any] = {"victims": hers}
    two: dict[str, Any] = {"victims": hers[:2]}
    assert "Nobody is on the roster yet." in shown(client, where)
    assert some[0]["pseudonym"] in shown(client, f"{where}/roster/expect")
    led_to(submit(client, f"{where}/roster/expect", **everybody))
    assert some[0]["pseudonym"] not in shown(client, f"{where}/roster/expect")
    assert text(shown(client, where)).count("Open") >= 3
    led_to(submit(client, f"{where}/roster/outcomes", **two, outcome="rescued"))
    wrong = told(submit(client, f"{where}/roster/{hers[2]}", outcome="rescued", how="hid"), 422)
    assert "Only with the outcome missed" in beside(wrong, "how")
    led_to(submit(client, f"{where}/roster/{hers[2]}", outcome="missed", how="told_to_hide", reason="Under the bed"))
    said = text(shown(client, where))
    assert "3 on the roster" in said
    assert "2 rescued" in said
    assert "1 missed" in said
    spare = new_victim(investigator, rescue["case"])["id"]
    led_to(submit(client, f"{where}/roster/expect", victims=spare))
    led_to(submit(client, f"{where}/roster/{spare}/end", reason="Twice"))
    assert spare not in shown(client, where)
    listed = shown(browser(supervisor), f"/cases/{rescue['case']}/operations")
    assert rescue["ref"] in listed


def test_everybody_sees_what_she_may_do_with_an_operation_and_no_more(
    lawyer: Persona, supervisor: Persona, caseworker: Persona, colleague: Persona, rescue: Made
) -> None:
    where = f"/operations/{rescue['id']}"
    assert ways(shown(browser(lawyer), where), where) == {
        "edit",
        "assess",
        "authorisation",
        "roster/expect",
        "do/abort",
    }
    assert ways(shown(browser(caseworker), where), where) == {"roster/expect"}
    assert ways(shown(browser(supervisor), where), where) == {"do/no_go", "do/abort"}
    for hidden in (where, f"{where}/edit", f"{where}/do/abort", f"/cases/{rescue['case']}/operations"):
        html = shown(browser(colleague), hidden, 404)
        assert rescue["ref"] not in html
    shown(browser(caseworker), f"{where}/assess", 403)


def test_requests_are_written_answered_and_told_when_late(
    investigator: Persona, lawyer: Persona, caseworker: Persona, shared_case: Case
) -> None:
    client, where = browser(investigator), f"/cases/{shared_case['id']}/requests"
    assert "Nothing was asked of an authority yet." in shown(client, where)
    form = {"authority": "Ministry of Interior", "asks": HOSTILE, "sent_on": day(-9), "due_on": day(-2)}
    assert led_to(submit(client, f"{where}/new", **form)) == where
    assert "Overdue" in text(shown(client, where))
    ref = f"{shared_case['ref']}-R1"
    for persona in (investigator, lawyer):
        assert ref in shown(browser(persona), "/")
    assert ref not in shown(browser(caseworker), "/")
    found = investigator.get(f"/cases/{shared_case['id']}/requests").get_json()["items"][0]
    assert ways(shown(client, where), "/requests") == {"*/reply", "*/withdraw"}
    assert ways(shown(browser(caseworker), where), "/requests") == set()
    html = told(submit(client, f"/requests/{found['id']}/reply", replied_on=day(-20), reply="Yes"), 422)
    assert "before it was sent" in beside(html, "replied_on")
    assert led_to(submit(client, f"/requests/{found['id']}/reply", replied_on=day(), reply="No licence")) == where
    assert "No licence" in text(shown(client, where))
    assert ref not in shown(client, "/")


def test_two_supervisors_open_a_code_in_the_browser(
    supervisor: Persona, make_persona: Callable[..., Persona], investigator: Persona, lawyer: Persona
) -> None:
    second = make_persona(Role.SUPERVISOR)
    client, other = browser(supervisor), browser(second)
    led_to(submit(client, "/operatives/new", person="Chea Vanna"))
    operative = supervisor.get("/operatives?limit=1").get_json()["items"][0]
    assert operative["code"] in shown(client, "/operatives")
    html = shown(browser(investigator), "/operatives")
    assert (operative["code"] in html, "Ask to open it" in html) == (True, False)
    shown(browser(lawyer), "/operatives", 403)
    shown(browser(investigator), "/approvals", 403)
    where = f"/operatives/{operative['id']}"
    assert led_to(submit(client, f"{where}/ask", reason="The court asks")) == "/approvals"
    approval = supervisor.get("/approvals/mine").get_json()["items"][0]["id"]
    assert f"/approvals/{approval}/approve" in shown(other, "/")
    assert f"/approvals/{approval}/approve" not in shown(client, "/")
    assert operative["code"] in text(shown(other, f"/approvals/{approval}/approve"))
    assert "It takes" not in told(submit(client, f"/approvals/{approval}/approve", otp=supervisor.otp()), 403)
    led_to(submit(other, f"/approvals/{approval}/approve", otp=second.otp()))
    assert f"{where}/reveal" in shown(client, "/approvals")
    answer = submit(client, f"{where}/reveal", approval=approval, otp=supervisor.otp())
    assert (answer.status_code, "Chea Vanna" in answer.get_data(as_text=True)) == (200, True)
    assert "Vanna" not in answer.get_data(as_text=True).partition("</title>")[0]
    again = told(submit(client, f"{where}/reveal", approval=approval, otp=supervisor.otp()), 409)
    assert "Vanna" not in again
    assert f"{where}/reveal" not in shown(client, "/approvals")


def own_words(html: str) -> str:
    """The page without what has no language of ours: names in lists of choice, and the reference on paper."""
    chosen = r'<select id="(venue|document|operation|operative)".*?</select>'
    ticked = r'<fieldset class="field" id="victims".*?</fieldset>'
    return re.sub(rf'(?s){chosen}|{ticked}|<p class="printed">.*?</p>', "", html)


def test_no_text_of_these_pages_is_left_unmarked_and_no_title_tells_anything(
    app: Flask, investigator: Persona, supervisor: Persona, rescue: Made
) -> None:
    where, case = f"/operations/{rescue['id']}", f"/cases/{rescue['case']}"
    victim = new_victim(investigator, rescue["case"])
    made(investigator, f"{where}/roster", {"victim": victim["id"], "outcome": "missed", "reason": "hid"})
    operative = made(supervisor, "/operatives", {})
    made(investigator, f"{where}/operatives", {"operative": operative["id"]})
    made(investigator, f"{case}/requests", {"authority": "PP", "asks": "1", "sent_on": day(-3), "due_on": day(-2)})
    made(supervisor, "/approvals", {"kind": "operative_identity", "about": operative["id"], "reason": "1"})
    assess(investigator, rescue["id"], note="1")
    new_operation(investigator, rescue["case"], kind="covert_visit")
    hers = ["/operatives", "/operatives/new", "/approvals", f"/operatives/{operative['id']}/ask", where]
    his = [where, f"{case}/operations", f"{case}/requests", f"{where}/edit", f"{where}/assess", f"{case}/requests/new"]
    his += [f"{where}/roster/expect", f"{where}/roster/outcomes", f"{where}/roster/{victim['id']}"]
    for persona, paths in ((investigator, his), (supervisor, hers)):
        client = browser(persona)
        with pseudo(app):
            for path in paths:
                html = shown(client, path)
                assert unmarked(own_words(html)) == [], path
                title = html.partition("<title>")[2].partition("</title>")[0]
                for word in (rescue["ref"], victim["pseudonym"], operative["code"]):
                    assert word not in title
