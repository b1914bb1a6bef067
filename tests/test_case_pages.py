"""The pages of cases: who sees which, what comes next and who may do it, and the forms."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from evidence_api.domain.roles import Role
from tests.casework import decided_charge
from tests.conftest import Persona, upload
from tests.pages import beside, browser, led_to, shown, text, told, ways
from tests.pseudo import pseudo, unmarked
from tests.test_web import Page, csrf, submit

pytestmark = pytest.mark.usefixtures("quick_sign_in")

Case = dict[str, Any]
MakePersona = Callable[..., Persona]
HOSTILE = '<script>alert("x")</script>'


@pytest.fixture
def path(case: Case) -> str:
    return f"/cases/{case['id']}"


LOOKS = {
    *("items", "timeline", "victims", "searches", "perpetrators", "venues", "operations", "requests", "chart"),
    *("tables", "charges", "appeals", "exhibits", "hearings", "testimonies"),
}
"""What is there to be read."""


def assign(lead: Persona, case: Case, person: Persona) -> None:
    answer = lead.post(f"/cases/{case['id']}/assignments", {"user": str(person.id), "role": person.role.value})
    assert answer.status_code == 201, answer.get_json()


def step(persona: Persona, case: Case, action: str, **more: str) -> None:
    answer = persona.post(f"/cases/{case['id']}/transitions", {"action": action, "reason": "It is time.", **more})
    assert answer.status_code == 200, answer.get_json()


def read(persona: Persona, case: Case) -> Case:
    found: Case = persona.get(f"/cases/{case['id']}").get_json()
    return found


def test_everybody_on_a_case_sees_the_buttons_that_she_may_use_and_no_others(
    investigator: Persona, lawyer: Persona, supervisor: Persona, make_persona: MakePersona, case: Case, path: str
) -> None:
    caseworker = make_persona(Role.CASEWORKER)
    assign(investigator, case, caseworker)
    adds, leads = {"upload", "items/new"}, {"edit", "lead", "assign", "assignments/*/end"}
    wanted = [
        (investigator, adds | leads | {"do/investigate", "do/hold"}),
        (lawyer, adds | {"do/decline", "do/hold"}),
        (supervisor, leads | {"do/investigate", "do/decline", "do/hold"}),
        (caseworker, adds),
    ]
    for persona, buttons in wanted:
        html = shown(browser(persona), path)
        assert ways(html, path) - LOOKS == buttons, persona.role
        assert investigator.username in html


def test_only_who_may_open_cases_is_offered_to(
    investigator: Persona, caseworker: Persona, administrator: Persona
) -> None:
    assert 'href="/cases/new"' in shown(browser(investigator), "/cases")
    assert 'href="/cases/new"' not in shown(browser(caseworker), "/cases")
    shown(browser(caseworker), "/cases/new", 403)
    shown(browser(administrator), "/cases", 403)


def test_who_is_not_on_the_case_learns_nothing_from_any_of_its_pages(colleague: Persona, case: Case, path: str) -> None:
    client = browser(colleague)
    for page in ("", "/items", "/timeline", "/edit", "/lead", "/assign", "/do/investigate", "/items/new"):
        html = shown(client, f"{path}{page}", 404)
        assert case["ref"] not in html
        assert case["title"] not in html


def test_a_case_is_opened_on_its_form_and_then_shown(make_persona: MakePersona) -> None:
    client = browser(make_persona(Role.INVESTIGATOR))
    assert "No case is yours yet" in shown(client, "/cases")
    form = shown(client, "/cases/new")
    assert '<option value="KH">Cambodia</option>' in form
    assert '<option value="EU">' not in form
    where = led_to(submit(client, "/cases/new", title="Two boats", kind="forced_labour", country="KH"))
    html = shown(client, where)
    assert "Two boats" in html
    assert "Forced labour" in text(html)
    assert "Cambodia" in text(html)
    assert "The case is open." in html


def test_what_is_wrong_stands_beside_its_field_and_nothing_is_written(make_persona: MakePersona) -> None:
    client = browser(make_persona(Role.LAWYER))
    html = told(submit(client, "/cases/new", title="", kind="piracy", country="KH"), 422)
    assert beside(html, "title")
    assert beside(html, "kind")
    assert '<option value="KH" selected>' in html
    assert "No case is yours yet" in shown(client, "/cases")


def test_titles_and_reasons_are_shown_as_they_were_typed(investigator: Persona) -> None:
    client = browser(investigator)
    where = led_to(submit(client, "/cases/new", title=HOSTILE, kind="forced_labour", country="KH"))
    led_to(submit(client, f"{where}/do/investigate", reason=HOSTILE))
    for page in (where, f"{where}/timeline", f"{where}/edit", "/cases"):
        html = shown(client, page)
        assert "<script>alert" not in html
        assert "&lt;script&gt;alert" in html
    assert 'dir="auto">&lt;script&gt;' in shown(client, f"{where}/timeline")


def test_no_name_and_no_title_is_in_a_pages_title_or_address(
    investigator: Persona, item: dict[str, Any], case: Case, path: str
) -> None:
    client = browser(investigator)
    pages = ("", "/items", "/timeline", "/edit", "/lead", "/assign", "/do/investigate", "/items/new")
    for page in ("/cases", "/cases/new", *(f"{path}{page}" for page in pages)):
        html = shown(client, page)
        addresses = " ".join(re.findall(r'(?:href|action)="([^"]+)"', html))
        for word in (case["title"], item["title"], investigator.username):
            assert word not in Page(html).title
            assert word not in addresses
        assert Page(html).title.strip().endswith("– Unbroken")


def test_filters_are_kept_from_page_to_page(make_persona: MakePersona, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.cases.SHOWN", 1)
    persona = make_persona(Role.INVESTIGATOR)
    opened = [
        persona.post("/cases", {"title": f"Number {n}", "kind": kind, "country": "KH"}).get_json()
        for n, kind in enumerate(("forced_labour", "land_seizure", "forced_labour"))
    ]
    client = browser(persona)
    first = shown(client, "/cases?stage=&kind=forced_labour&lead=true&ended=false")
    assert "Number 2" in first
    assert '<option value="forced_labour" selected>' in first
    more = re.search(r'id="rows-next" href="([^"]+)"', first)
    assert more is not None
    following = more[1].replace("&amp;", "&")
    assert {"kind=forced_labour", "lead=true", "ended=false"} <= set(following.partition("?")[2].split("&"))
    second = shown(client, following)
    assert "Number 0" in second
    assert "Number 1" not in second
    assert 'id="rows-next"' not in second
    beginning = re.search(r'<a href="([^"]+)">From the beginning<', second)
    assert beginning is not None
    assert "Number 2" in shown(client, beginning[1].replace("&amp;", "&"))
    assert "Number 1" not in shown(client, beginning[1].replace("&amp;", "&"))
    assert "No case of yours is like this" in shown(client, "/cases?stage=closed")
    assert {case["stage"] for case in opened} == {"intake"}


def test_a_filter_takes_none_but_the_words_that_it_knows(investigator: Persona, path: str) -> None:
    client = browser(investigator)
    for page in ("/cases?stage=somewhere", "/cases?title=Riverside", f"{path}/items?state=lost", "/cases?cursor=1"):
        shown(client, page, 422)


def test_of_two_tabs_the_second_is_told_that_the_case_has_changed(investigator: Persona, case: Case, path: str) -> None:
    client = browser(investigator)
    form = shown(client, f"{path}/edit")
    version = re.findall(r'name="version" value="(\d+)"', form)[0]

    def save(title: str) -> Any:
        data = {"csrf_token": csrf(form), "version": version, "title": title, "country": "KH"}
        return client.post(f"{path}/edit", data=data)

    assert led_to(save("Riverside, north")) == path
    html = told(save("Riverside, south"), 412)
    assert "It was changed since you read it" in text(html)
    assert 'value="Riverside, south"' in html
    assert read(investigator, case)["title"] == "Riverside, north"


def test_the_next_stage_says_what_it_needs_and_is_taken_with_a_reason(
    investigator: Persona, lawyer: Persona, case: Case, path: str
) -> None:
    client = browser(investigator)
    page = text(shown(client, path))
    assert "Investigate Under investigation Nothing Investigator, Supervisor Investigate" in page
    html = told(submit(client, f"{path}/do/investigate", reason=""), 422)
    assert beside(html, "reason")
    assert read(investigator, case)["stage"] == "intake"
    form = {"reason": "Three witnesses came.", "occurred_at": "2026-01-05T10:00:00"}
    assert led_to(submit(client, f"{path}/do/investigate", **form)) == path
    after = shown(client, path)
    assert "Investigation begun" in text(after)
    assert re.search(r'<li class=""[^>]* aria-current="step">Under investigation', after)
    assert 'dir="auto">Three witnesses came.' in after


def test_a_step_that_is_not_hers_or_not_legal_is_refused_on_its_page(
    investigator: Persona, lawyer: Persona, case: Case, path: str
) -> None:
    html = told(submit(browser(investigator), f"{path}/do/charge", reason="It is time."), 403)
    assert "This is not for your role" in html
    html = told(submit(browser(lawyer), f"{path}/do/charge", reason="It is time."), 409)
    assert "cannot" in text(html)
    assert read(lawyer, case)["stage"] == "intake"


def test_an_open_hand_over_stands_in_the_way_of_the_end_and_is_said(
    investigator: Persona, lawyer: Persona, case: Case, item: dict[str, Any], path: str
) -> None:
    offered = investigator.post(f"/evidence/{item['id']}/transfers", {"to": str(lawyer.id), "reason": "For court."})
    assert offered.status_code == 201
    client = browser(lawyer)
    html = shown(client, path)
    assert "A hand-over in this case is neither accepted nor refused" in html
    assert "do/decline" not in ways(html, path)
    html = told(submit(client, f"{path}/do/decline", reason="Not ours."), 409)
    assert "A hand-over in this case is neither accepted nor refused" in html


def test_a_case_that_is_on_hold_shows_where_it_goes_on(
    investigator: Persona, supervisor: Persona, case: Case, path: str
) -> None:
    step(investigator, case, "investigate")
    step(supervisor, case, "hold")
    html = shown(browser(supervisor), path)
    assert "The case is on hold. It goes on from where it was: Under investigation." in text(html)
    assert led_to(submit(browser(supervisor), f"{path}/do/resume", reason="It goes on.")) == path
    assert read(supervisor, case)["stage"] == "investigating"


def test_a_case_charged_without_an_intervention_does_not_show_one(
    investigator: Persona, lawyer: Persona, supervisor: Persona, case: Case, path: str
) -> None:
    assert "Intervention carried out" in text(shown(browser(lawyer), path))
    step(investigator, case, "investigate")
    decided_charge(lawyer, supervisor, case["id"])
    step(lawyer, case, "charge")
    stages = shown(browser(lawyer), path).partition('<ol class="stages"')[2].partition("</ol>")[0]
    assert "Intervention" not in stages
    assert "Charged" in stages


def test_a_closed_case_is_reopened_to_where_she_says(
    lawyer: Persona, investigator: Persona, supervisor: Persona, case: Case, path: str
) -> None:
    step(investigator, case, "investigate")
    decided_charge(lawyer, supervisor, case["id"])
    for action in ("charge", "try", "judge"):
        step(lawyer, case, action)
    html = told(submit(browser(lawyer), f"{path}/do/reopen", reason="New facts."), 422)
    assert beside(html, "to")
    led_to(submit(browser(lawyer), f"{path}/do/reopen", reason="New facts.", to="investigating"))
    assert read(lawyer, case)["stage"] == "investigating"


def test_a_person_is_assigned_given_the_lead_and_taken_off(
    investigator: Persona, make_persona: MakePersona, case: Case, path: str
) -> None:
    other = make_persona(Role.INVESTIGATOR)
    client = browser(investigator)
    form = shown(client, f"{path}/assign")
    assert f'<option value="{investigator.id}"' not in form
    html = told(submit(client, f"{path}/assign", user=str(other.id), role="lawyer"), 422)
    assert beside(html, "role")
    assert other.username not in shown(client, path)

    led_to(submit(client, f"{path}/assign", user=str(other.id), role="investigator"))
    assert f"{other.username} Investigator" in text(shown(client, path))
    assert "Person assigned" in text(shown(client, f"{path}/timeline"))
    assert other.username in text(shown(client, f"{path}/timeline"))

    led_to(submit(client, f"{path}/lead", lead=str(other.id)))
    assert read(other, case)["lead"] == str(other.id)
    hers = browser(other)
    assignments = other.get(f"/cases/{case['id']}/assignments").get_json()["items"]
    old = next(one["id"] for one in assignments if one["user"] == str(investigator.id))
    html = told(submit(hers, f"{path}/assignments/{old}/end", reason=""), 422)
    assert investigator.username in html
    led_to(submit(hers, f"{path}/assignments/{old}/end", reason="She left the team."))
    shown(client, path, 404)


def test_who_leads_is_not_taken_off_before_another_leads(
    investigator: Persona, supervisor: Persona, case: Case
) -> None:
    path = f"/cases/{case['id']}"
    assignments = investigator.get(f"{path}/assignments").get_json()["items"]
    mine = next(one["id"] for one in assignments if one["user"] == str(investigator.id))
    html = told(submit(browser(supervisor), f"{path}/assignments/{mine}/end", reason="She left."), 409)
    assert "Give the lead to another first" in html


def test_a_thing_is_registered_and_led_to_its_label(investigator: Persona, case: Case, path: str) -> None:
    client = browser(investigator)
    html = told(submit(client, f"{path}/items/new", title="A phone", tag="", place=""), 422)
    assert beside(html, "tag")
    assert beside(html, "place")
    assert "Nothing is in the case yet" in shown(client, path)
    form = {"title": "A phone", "tag": f"T-{case['ref']}", "place": "Safe 2", "captured_at": "2026-01-05T10:00:00"}
    where = led_to(submit(client, f"{path}/items/new", **form))
    assert re.fullmatch(r"/items/[0-9a-f-]{36}", where)
    html = shown(client, where)
    assert "Print its label now" in html
    page = text(shown(client, path))
    assert "A phone Physical thing" in page
    assert "Place: Safe 2" in page


def test_the_items_of_a_case_can_be_filtered_and_say_who_holds_them(
    investigator: Persona, case: Case, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.cases.SHOWN", 1)
    first, second = (upload(investigator, case["id"], title=title) for title in ("Front door", "Back door"))
    answer = investigator.post(f"/evidence/{first['id']}/moves", {"action": "check_out", "reason": "To enlarge it."})
    assert answer.status_code == 200
    client = browser(investigator)
    html = shown(client, f"{path}/items")
    assert second["ref"] in html
    assert first["ref"] not in html
    more = re.search(r'id="rows-next" href="([^"]+)"', html)
    assert more is not None
    following = shown(client, more[1])
    assert first["ref"] in following
    assert f'<a href="{path}/items">From the beginning</a>' in following
    assert "From the beginning" not in html
    html = shown(client, f"{path}/items?state=checked_out")
    assert first["ref"] in html
    assert second["ref"] not in html
    assert investigator.username in html
    assert "No item of the case is like this" in shown(client, f"{path}/items?state=at_court")


def test_the_timeline_goes_on_where_the_page_before_ended(
    investigator: Persona, lawyer: Persona, case: Case, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.cases.SHOWN", 1)
    client = browser(investigator)
    html = shown(client, f"{path}/timeline")
    assert f"Person assigned: {lawyer.username} as Lawyer. By {investigator.username} (Investigator)." in text(html)
    more = re.search(r'id="events-next" href="([^"]+)"', html)
    assert more is not None
    html = shown(client, more[1])
    assert f"Case opened. By {investigator.username} (Investigator)." in text(html)
    assert "Country: Cambodia" in text(html)
    assert "Person assigned" not in text(html)


def test_a_caseworker_sees_in_the_timeline_nothing_of_items_not_shared_with_her(
    investigator: Persona, make_persona: MakePersona, case: Case, item: dict[str, Any], path: str
) -> None:
    caseworker = make_persona(Role.CASEWORKER)
    assign(investigator, case, caseworker)
    for page in (path, f"{path}/timeline", f"{path}/items"):
        html = shown(browser(caseworker), page)
        assert item["ref"] not in html
        assert item["title"] not in html


def own_words(html: str) -> str:
    """The page without the names of countries, which come from elsewhere, what people have named, and the ref below."""
    return re.sub(
        r'(?s)<select id="(country|original|user|lead)".*?</select>|<dd>Cambodia</dd>|<p class="printed">.*?</p>',
        "",
        html,
    )


def test_no_text_of_its_pages_is_left_unmarked(
    app: Flask, investigator: Persona, supervisor: Persona, case: Case, item: dict[str, Any], path: str
) -> None:
    step(investigator, case, "investigate")
    step(supervisor, case, "hold")
    client = browser(investigator)
    pages = ("", "/items", "/timeline", "/edit", "/lead", "/assign", "/do/resume", "/do/reopen", "/items/new")
    with pseudo(app):
        for page in ("/cases", "/cases?stage=closed", "/cases/new", *(f"{path}{page}" for page in pages)):
            assert unmarked(own_words(shown(client, page))) == [], page
        assert unmarked(told(submit(client, f"{path}/do/resume", reason=""), 422)) == []
