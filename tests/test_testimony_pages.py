"""The pages of testimony and of the plans for the time after court: who is offered what, and the forms."""

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from evidence_api.domain.testimony import TestimonyState
from evidence_api.work import Site
from tests.casework import Made, consents, held_session, made, move, new_adult, new_testimony, preparing
from tests.conftest import Persona, upload
from tests.pages import beside, browser, led_to, shown, text, told, ways
from tests.pseudo import pseudo, unmarked
from tests.test_plans_after_court import new_partner
from tests.test_testimonies import day, moment, put
from tests.test_web import submit

pytestmark = pytest.mark.usefixtures("quick_sign_in")

Case = dict[str, Any]
HOSTILE = '<script>alert("x")</script>'
WHY = {"reason": "Her own word"}


def local(days: float) -> str:
    return (moment(days) + timedelta(hours=7)).strftime("%Y-%m-%dT%H:%M")


@pytest.fixture
def testimony(caseworker: Persona, lawyer: Persona, shared_case: Case) -> Made:
    return new_testimony(lawyer, shared_case["id"], new_adult(caseworker, shared_case["id"])["id"])


def test_a_witness_is_named_prepared_signed_for_and_ready_in_the_browser(
    lawyer: Persona, caseworker: Persona, shared_case: Case
) -> None:
    his, hers, case = browser(lawyer), browser(caseworker), f"/cases/{shared_case['id']}"
    victim = new_adult(caseworker, shared_case["id"])
    assert "Nobody testifies in the case yet." in shown(his, f"{case}/testimonies")
    assert f"{case}/testimonies" in shown(his, case)
    form = {"witness_kind": "victim", "label": "", "language": "km"}
    wrong = told(submit(his, f"{case}/testimonies/new", **form), 422)
    assert "Say who it is" in wrong or "does not know her" in beside(wrong, "witness")
    where = led_to(submit(his, f"{case}/testimonies/new", **form, witness=victim["id"]))
    assert victim["pseudonym"] in shown(his, where)
    # Others of the office may come before her there.
    assert "Witnesses who are not ready" in text(shown(his, "/"))
    assert "Assess first what the witness needs." in text(shown(his, where))
    led_to(submit(hers, f"{where}/needs", **{"needs.fear": HOSTILE, "assessed_on": day()}))
    assert HOSTILE not in shown(hers, where)
    for action in ("assess", "agree", "prepare"):
        led_to(submit(hers, f"{where}/do/{action}", **WHY))
    consents(caseworker, victim["id"])
    led_to(submit(his, f"{where}/measures/new", kind="screen", required="true"))
    measure = lawyer.get(f"/testimonies/{where.rsplit('/', 1)[1]}").get_json()["measures"][0]["id"]
    for action in ("apply", "refuse"):
        led_to(submit(his, f"/measures/{measure}/do/{action}", **WHY))
    assert "there is no new plan" in text(shown(his, where))
    led_to(submit(hers, f"/measures/{measure}/edit", required="true", plan="A closed court"))
    assert "A closed court" in text(shown(his, where))
    item = upload(lawyer, shared_case["id"])["id"]
    led_to(submit(his, f"{where}/statement", statement=item, disclosed_on=day()))
    led_to(submit(his, f"{where}/interviews", held_on=day()))
    for days, kind in enumerate(["court_visit", "roles", "memory_refresh", "safety_plan"], start=2):
        held_session(caseworker, where.rsplit("/", 1)[1], kind, days)
    assert "never rehearsed" in text(shown(hers, f"{where}/preparations/new"))
    at = {"starts_at": local(-1), "ends_at": local(-0.96)}
    led_to(submit(hers, f"{where}/preparations/new", kind="break_signal", **at))
    html = shown(hers, where)
    (session,) = re.findall(r"/preparations/([0-9a-f-]{36})/do/hold", html)
    led_to(submit(hers, f"/preparations/{session}/do/hold", **WHY))
    assert "do/make_ready" not in ways(shown(his, where), where)
    led_to(submit(his, f"{where}/sign"))
    assert f"{lawyer.username}" in text(shown(his, where))
    assert "The caseworker has not signed" in text(shown(his, where))
    led_to(submit(hers, f"{where}/sign"))
    led_to(submit(his, f"{where}/do/make_ready", **WHY))
    assert "Ready" in text(shown(his, where))
    assert where not in shown(his, "/")
    led_to(submit(hers, f"{where}/edit", language="vi"))
    assert "Lapsed" in text(shown(his, where))
    led_to(submit(hers, f"{where}/do/withdraw", **WHY))
    assert "Not willing any more" in text(shown(his, where))


def test_everybody_sees_what_she_may_do_with_a_testimony_and_no_more(
    lawyer: Persona,
    caseworker: Persona,
    investigator: Persona,
    supervisor: Persona,
    colleague: Persona,
    testimony: Made,
) -> None:
    where = f"/testimonies/{testimony['id']}"
    common = {"edit", "interviews", "needs", "measures/new", "preparations/new", "away", "do/decline", "do/withdraw"}
    assert ways(shown(browser(lawyer), where), where) == common | {"statement", "do/excuse"}
    assert ways(shown(browser(caseworker), where), where) == common | {"crisis"}
    assert ways(shown(browser(supervisor), where), where) == set()
    made(caseworker, f"{where}/needs", {"needs": {"health": "Faints"}, "assessed_on": day()})
    html = shown(browser(investigator), where)
    assert (ways(html, where), "Faints" in html) == (set(), False)
    assert "Faints" in shown(browser(supervisor), where)
    outside = browser(colleague)
    for path in (where, f"{where}/edit", f"{where}/do/withdraw", f"/cases/{testimony['case']}/testimonies"):
        assert testimony["ref"] not in shown(outside, path, 404)


def test_a_crisis_and_the_times_when_she_cannot_come_are_kept_in_the_browser(
    caseworker: Persona, testimony: Made
) -> None:
    hers, where = browser(caseworker), f"/testimonies/{testimony['id']}"
    led_to(submit(hers, f"{where}/crisis", **WHY))
    assert "She is in a crisis since" in text(shown(hers, where))
    led_to(submit(hers, f"{where}/crisis/end", **WHY))
    led_to(submit(hers, f"{where}/away", from_at=local(4), until_at=local(6), hard="true"))
    (away,) = re.findall(r"/unavailabilities/([0-9a-f-]{36})/end", shown(hers, where))
    assert "Not at all" in text(shown(hers, where))
    led_to(submit(hers, f"/unavailabilities/{away}/end"))
    assert "No such time is recorded." in text(shown(hers, where))


def test_a_session_that_does_not_do_is_refused_with_every_reason_in_words(
    site: Site, caseworker: Persona, testimony: Made
) -> None:
    put(site, testimony, state=TestimonyState.WILLING)
    hers, where = browser(caseworker), f"/testimonies/{testimony['id']}"
    form = {"kind": "roles", "starts_at": local(8), "ends_at": local(8.04)}
    led_to(submit(hers, f"{where}/preparations/new", **form))
    wrong = told(submit(hers, f"{where}/preparations/new", **form | {"kind": "court_visit"}), 409)
    planned = caseworker.get(f"{where}/preparations").get_json()["items"][0]
    at = {"starts_at": planned["starts_at"], "ends_at": planned["ends_at"]}
    answer = caseworker.post(f"{where}/preparations", {"kind": "court_visit", **at}).get_json()
    assert all(one["message"] in text(wrong) for one in answer["conflicts"])
    assert answer["conflicts"]


def test_an_operative_is_named_by_who_knows_operatives(lawyer: Persona, supervisor: Persona, shared_case: Case) -> None:
    operative = made(supervisor, "/operatives", {})
    one = made(lawyer, f"/cases/{shared_case['id']}/testimonies", {"witness_kind": "operative", "label": "Witness A"})
    client, where = browser(supervisor), f"/testimonies/{one['id']}"
    assert ways(shown(client, where), where) == {"operative"}
    led_to(submit(client, f"{where}/operative", operative=operative["id"]))
    assert operative["code"] in shown(client, where)
    assert operative["code"] not in shown(browser(lawyer), where)


def test_a_plan_for_the_time_after_court_is_made_in_the_browser(
    site: Site, lawyer: Persona, caseworker: Persona, supervisor: Persona, testimony: Made
) -> None:
    put(site, testimony, state=TestimonyState.ATTENDED)
    move(lawyer, f"/testimonies/{testimony['id']}", "conclude")
    plan = lawyer.get(f"/testimonies/{testimony['id']}").get_json()["plan"]["id"]
    where = f"/plans/{plan}"
    hers, his = browser(caseworker), browser(supervisor)
    for client in (hers, his):
        assert "After court: plans to agree on" in text(shown(client, "/"))
    assert where in shown(hers, f"/victims/{testimony['victim']}")
    assert where in shown(browser(lawyer), f"/testimonies/{testimony['id']}")
    assert "Nothing is offered to her yet." in text(shown(hers, where))
    assert ways(shown(his, where), where) == set()
    partner = new_partner(caseworker)
    assert partner["id"] not in shown(hers, f"{where}?service=legal")
    assert f"{where}/offers/{partner['id']}" in shown(hers, f"{where}?service=vocational")
    led_to(submit(hers, f"{where}/offers/{partner['id']}", service="vocational", note="From March"))
    led_to(submit(hers, f"{where}/offers/own", service="legal"))
    assert partner["name"] in text(shown(hers, where))
    assert partner["name"] not in text(shown(his, where))
    (first, _second) = re.findall(r"/offers/([0-9a-f-]{36})/withdraw", shown(hers, where))
    led_to(submit(hers, f"/offers/{first}/withdraw", **WHY))
    led_to(submit(hers, f"{where}/do/agree", **WHY))
    assert where not in shown(hers, "/")
    led_to(submit(hers, f"{where}/do/revise", **WHY))
    led_to(submit(hers, f"{where}/do/wants-nothing", **WHY))
    assert "She wants nothing." in text(shown(his, where))


def own_words(html: str) -> str:
    """The page without what has no language of ours: names in lists of choice, and the reference on paper."""
    chosen = r'<select id="(witness|guardian|document|statement|place|operative|partner)".*?</select>'
    ticked = r'<fieldset class="field" id="(people|resources)".*?</fieldset>'
    kept = re.sub(rf'(?s){chosen}|{ticked}|<p class="printed">.*?</p>', "", html)
    # The names of languages are not ours.
    return kept.replace("Khmer", "")


def of_ours(html: str) -> str:
    """The part of a first page that is about testimony or plans."""
    found = re.search(r'(?s)<section aria-labelledby="(?:unready|unagreed)".*?</section>', html)
    assert found, html
    return found[0]


def test_no_text_of_these_pages_is_left_unmarked_and_no_title_tells_anything(
    app: Flask, site: Site, lawyer: Persona, caseworker: Persona, testimony: Made
) -> None:
    preparing(lawyer, caseworker, testimony)
    where, case = f"/testimonies/{testimony['id']}", f"/cases/{testimony['case']}"
    measure = made(lawyer, f"{where}/measures", {"kind": "screen", "plan": "1"})
    session = {"kind": "roles", "starts_at": moment(5).isoformat(), "ends_at": moment(5.04).isoformat()}
    planned = made(caseworker, f"{where}/preparations", {**session, "note": "1"})
    away = {"from_at": moment(7).isoformat(), "until_at": moment(8).isoformat()}
    off = made(caseworker, f"{where}/unavailabilities", away)
    other = new_testimony(lawyer, testimony["case"], new_adult(caseworker, testimony["case"])["id"])
    put(site, other, state=TestimonyState.ATTENDED)
    move(lawyer, f"/testimonies/{other['id']}", "conclude")
    plan = "/plans/" + lawyer.get(f"/testimonies/{other['id']}").get_json()["plan"]["id"]
    partner = new_partner(caseworker, name="12", region="3")
    made(caseworker, f"{plan}/offers", {"service": "vocational", "partner": partner["id"], "note": "1"})
    paths = ["/", where, f"/testimonies/{other['id']}", f"{case}/testimonies", plan, f"{plan}?service=vocational"]
    paths += [f"{where}/{way}" for way in ("edit", "needs", "interviews", "away", "sign", "do/withdraw")]
    paths += [f"{where}/measures/new", f"{where}/preparations/new", f"/measures/{measure['id']}/edit"]
    paths += [f"/measures/{measure['id']}/do/waive", f"/preparations/{planned['id']}/do/cancel"]
    paths += [f"/unavailabilities/{off['id']}/end", f"{plan}/offers/own", f"{plan}/offers/{partner['id']}"]
    paths += [f"{plan}/do/wants-nothing", f"/victims/{other['victim']}"]
    his = ["/", where, f"{case}/testimonies/new", f"{where}/statement", f"/measures/{measure['id']}/do/grant"]
    names = (testimony["pseudonym"], other["pseudonym"], testimony["ref"], other["ref"])
    for persona, all_of_hers in ((caseworker, [*paths, f"{where}/crisis"]), (lawyer, his)):
        client = browser(persona)
        with pseudo(app):
            for path in all_of_hers:
                html = shown(client, path)
                assert unmarked(own_words(of_ours(html) if path == "/" else html)) == [], path
                title = html.partition("<title>")[2].partition("</title>")[0]
                assert not [name for name in names if name in title], path
