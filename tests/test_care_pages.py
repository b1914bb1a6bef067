"""The pages of care and of partners: what each role is shown, the buttons, the forms, and the first pages."""

import re

import pytest

from tests.casework import Made, made, move, new_victim
from tests.conftest import Persona, days_ago
from tests.pages import beside, browser, led_to, shown, text, told, ways
from tests.test_care import assess, days, engage, items
from tests.test_web import csrf, submit
from web.home import FEW

pytestmark = pytest.mark.usefixtures("quick_sign_in")

WHERE = "Street 271, behind the pagoda"


@pytest.fixture
def victim(caseworker: Persona, shared_case: Made) -> Made:
    return new_victim(caseworker, shared_case["id"])


@pytest.fixture
def path(victim: Made) -> str:
    return f"/victims/{victim['id']}"


def new_partner(caseworker: Persona, **fields: object) -> Made:
    body = {"name": "Hope <b>House</b>", "country": "KH", "region": "Kandal", "offers": ["shelter"], "capacity": 2}
    return made(caseworker, "/partners", {**body, **fields})


def test_a_caseworker_ticks_off_the_first_needs_and_sees_who_needs_contact_today(
    caseworker: Persona, shared_case: Made, path: str, victim: Made
) -> None:
    move(caseworker, path, "rescue", axis="whereabouts", occurred_at=days_ago(4).isoformat())
    client = browser(caseworker)
    home = shown(client, "/")
    assert "Who needs contact today" in text(home)
    assert victim["pseudonym"] in text(home)
    assert text(home).count("Overdue") == FEW
    assert victim["pseudonym"] in text(shown(client, "/care"))
    assert "8 needs of her first hours are still open." in text(shown(client, path))
    page = shown(client, f"{path}/care")
    finish = re.findall(r'action="(/steps/[^"]+/finish)"', page)
    assert len(finish) == 8
    assert "Done Seen by a doctor" in text(page)
    for address in finish:
        answer = client.post(address, data={"csrf_token": csrf(page)})
        assert led_to(answer) == f"{path}/care"
    assert {one["state"] for one in items(caseworker, f"{path}/steps")} == {"done"}
    assert victim["pseudonym"] not in text(shown(client, "/care"))
    assert "still open" not in text(shown(client, path))
    assert "From then on: Done" in text(shown(client, f"/cases/{shared_case['id']}/timeline"))


def test_every_form_of_her_care_writes_what_it_says(caseworker: Persona, path: str) -> None:
    partner = new_partner(caseworker)
    client = browser(caseworker)
    forms = {
        "assessments/new": {"kind": "initial", "assessed_on": days(0), "summary": "She eats.", "favourable": "true"},
        "willingness": {"willingness": "willing", "note": "She said so twice."},
        "services/new": {"what": "counselling", "title": "On Tuesdays", "partner": partner["id"]},
        "firsts/new": {"title": "The first letter"},
        "skills/new": {"title": "Tailoring", "due_at": "2031-05-01T10:00"},
        "work/new": {"what": "job", "title": "Bakery"},
        "follow-ups/new": {"due_at": "2031-06-01T10:00"},
        "standings/new": {"standing": "reflection_period", "country": "TH", "from_on": days(0)},
        "claims/new": {"kind": "wages", "currency": "USD", "owed": "120050", "ordered_on": days(0)},
        "referrals/new": {"service": "legal", "region": "Kandal"},
    }
    for rule, fields in forms.items():
        assert led_to(submit(client, f"{path}/{rule}", **fields)) == f"{path}/care", rule
    claim = items(caseworker, f"{path}/claims")[0]
    assert led_to(submit(client, f"/claims/{claim['id']}/payments/new", amount="50", paid_on=days(0))) == f"{path}/care"
    referral = items(caseworker, f"{path}/referrals")[0]
    assert led_to(submit(client, f"/referrals/{referral['id']}/withdraw", reason="Met.")) == f"{path}/care"
    html = shown(client, f"{path}/care")
    for words in (
        "She eats.",
        "Willing",
        "On Tuesdays",
        "Hope <b>House</b>",
        "The first letter",
        "Tailoring",
        "Bakery",
    ):
        assert words in text(html), words
    for words in ("1 May 2031", "1 Jun 2031", "Reflection period", "Thailand", "US$1,200.50", "US$0.50", "Withdrawn"):
        assert words in text(html), words
    assert "<b>House" not in html
    step = next(one for one in items(caseworker, f"{path}/steps") if one["kind"] == "skill")
    # A trial begins too, and is called otherwise.
    assert "<h1>Begin</h1>" in shown(client, f"/steps/{step['id']}/begin")
    for action, fields in {
        "begin": {},
        "stop": {"reason": "She is ill."},
        "resume": {},
        "finish": {"outcome": "Sews."},
    }.items():
        assert led_to(submit(client, f"/steps/{step['id']}/{action}", **fields)) == f"{path}/care"
    assert "Sews." in text(shown(client, f"{path}/care"))


def test_what_a_guard_refuses_is_said_on_the_form(caseworker: Persona, path: str) -> None:
    client = browser(caseworker)
    refused = told(submit(client, f"{path}/placements/new", kind="home", from_on=days(0)), 409)
    assert "Safety of the household, Economy of the household" in text(refused)
    assert "fill" in beside(told(submit(client, f"{path}/firsts/new"), 422), "title").casefold()
    html = told(
        submit(client, f"{path}/claims/new", kind="wages", currency="dollars", owed="1", ordered_on=days(0)), 422
    )
    assert "USD" in beside(html, "currency")


@pytest.mark.parametrize("page", ["", "/care"])
def test_a_step_of_her_care_is_offered_once_nothing_is_missing_for_it(
    caseworker: Persona, path: str, page: str
) -> None:
    client = browser(caseworker)

    def way_to(action: str, lacks: str, first: str) -> None:
        html = shown(client, path + page)
        assert f"Missing {lacks}" in text(html)
        assert f"do/{action}" not in ways(html, path)
        assert first in ways(html, path)

    move(caseworker, path, "contact", axis="care")
    way_to("assess", "Record the initial assessment first. Record an assessment", "assessments/new")
    assess(caseworker, path, "initial")
    html = shown(client, path + page)
    assert "do/assess" in ways(html, path)
    assert "Missing" not in text(html)
    move(caseworker, path, "assess", axis="care")
    way_to("engage", "Ask her first, and record that she is willing. Ask whether she wants care", "willingness")


def test_where_she_may_not_be_placed_the_refusal_leads_on(
    caseworker: Persona, shared_case: Made, path: str, victim: Made
) -> None:
    client, partner, other = browser(caseworker), new_partner(caseworker), new_victim(caseworker, shared_case["id"])

    def leads_to(persona_path: str, **fields: str) -> str:
        html = told(submit(client, f"{persona_path}/placements/new", from_on=days(0), **fields), 409)
        found = re.search(r'<p class="wrong" role="alert"[^>]*>[^<]+ <a href="([^"]+)">', html)
        assert found, html
        return found[1]

    assert leads_to(path, kind="home") == f"{path}/assessments/new"
    made(caseworker, f"{path}/keep-apart", {"barrier": "do_not_place_with", "victim": other["id"]})
    made(caseworker, f"{path}/placements", {"kind": "shelter", "from_on": days(0), "partner": partner["id"]})
    assert leads_to(f"/victims/{other['id']}", kind="shelter", partner=partner["id"]) == "/partners"


def test_what_is_due_stands_first_on_the_page_of_her_care_and_what_is_done_is_folded_away(
    caseworker: Persona, path: str
) -> None:
    move(caseworker, path, "rescue", axis="whereabouts")
    for title, due_at in (("The first letter", days_ago(1)), ("Tailoring", days_ago(-400))):
        made(caseworker, f"{path}/steps", {"kind": "skill", "title": title, "due_at": due_at.isoformat()})
    client = browser(caseworker)

    def headings() -> list[str]:
        return re.findall(r'<h2 id="([a-z-]+)"', shown(client, f"{path}/care").partition("</main>")[0])

    assert headings()[:3] == ["needs", "today", "next"]
    due = shown(client, f"{path}/care").partition('id="today"')[2].partition("</section>")[0]
    assert "The first letter" in due
    assert "Tailoring" not in due
    for need in items(caseworker, f"{path}/steps?kind=need"):
        made(caseworker, f"/steps/{need['id']}/transitions", {"action": "finish"})
    assert headings()[0] == "today"
    assert headings()[-1] == "needs"
    folded = shown(client, f"{path}/care").partition('id="needs"')[2]
    assert "<details><summary>Done or stopped: 8</summary>" in folded
    assert "Seen by a doctor" in folded.partition("<details>")[2]


def test_where_she_sleeps_is_for_her_caseworkers_alone_and_its_address_is_shown_once(
    caseworker: Persona, lawyer: Persona, supervisor: Persona, investigator: Persona, path: str
) -> None:
    partner = new_partner(caseworker, name="Lotus House")
    client = browser(caseworker)
    placed = submit(
        client, f"{path}/placements/new", kind="shelter", from_on=days(0), partner=partner["id"], address=WHERE
    )
    assert led_to(placed) == f"{path}/placements"
    made(caseworker, f"{path}/steps", {"kind": "service", "what": "shelter", "partner": partner["id"]})
    html = shown(client, f"{path}/placements")
    assert not [secret for secret in ("Lotus House", WHERE, "Shelter") if secret in html]
    reveal = f"/placements/{items(caseworker, f'{path}/placements')[0]['id']}/address/reveal"
    answer = submit(client, reveal, reason="To visit her.", otp=caseworker.otp())
    told_once = text(answer.get_data(as_text=True))
    assert answer.status_code == 200
    assert not [words for words in ("Lotus House", WHERE, "Shelter") if words not in told_once]
    assert answer.headers["Cache-Control"] == "no-store"
    for persona, care in ((lawyer, 200), (supervisor, 200), (investigator, 403)):
        other = browser(persona)
        assert other.get(f"{path}/placements").status_code == 403
        assert other.get(reveal).status_code == 403
        html = shown(other, f"{path}/care", care)
        assert "Lotus House" not in html
        assert "/placements" not in html
        assert not ways(html, path) - {"care"}, "she is offered no act that is not hers"
        assert ("What is done for her" in shown(other, path)) is (care == 200)


def test_the_way_home_opens_with_both_assessments(caseworker: Persona, path: str) -> None:
    engage(caseworker, path)
    for action in ("stabilise", "restore"):
        move(caseworker, path, action, axis="care")
    for kind in ("household_safety", "economic"):
        assess(caseworker, path, kind, favourable=True)
    client = browser(caseworker)
    assert led_to(submit(client, f"{path}/placements/new", kind="home", from_on=days(0)))
    move(caseworker, path, "reintegrate", axis="care")
    assert text(shown(client, f"{path}/care")).count("Follow-up ") >= 10


def test_the_directory_shows_who_would_take_her(
    caseworker: Persona, lawyer: Persona, investigator: Persona, administrator: Persona
) -> None:
    client = browser(caseworker)
    added = submit(
        client,
        "/partners/new",
        name="River School",
        country="KH",
        region="Takeo",
        offers="vocational",
        languages="km, vi",
        genders="female",
        youngest="14",
        contact="Ask for the head",
        capacity="0",
    )
    where = led_to(added)
    html = shown(client, where)
    assert ways(html, where) == {"capacity", "edit", "end"}
    for words in ("Vocational training", "Aged 14 or older", "Khmer, Vietnamese", "Full", "Ask for the head"):
        assert words in text(html), words
    reader = browser(lawyer)
    assert not ways(shown(reader, where), where)
    asks = "/partners?service=vocational&region=Takeo&gender=female&age="
    assert "River School" in shown(reader, asks + "14")
    assert "No partner is like this." in text(shown(reader, asks + "13"))
    assert 'href="/partners/unmet"' in shown(reader, "/partners")
    assert 'href="/partners/unmet"' not in shown(browser(investigator), "/partners")
    assert browser(administrator).get("/partners").status_code == 403
    assert led_to(submit(client, f"{where}/capacity", capacity="4")) == where
    kept = {"country": "KH", "region": "Takeo", "offers": "vocational"}
    assert led_to(submit(client, f"{where}/edit", name="River College", **kept)) == where
    assert "River College" in shown(client, where)
    assert "Aged 14 or older" in text(shown(client, where))
    assert led_to(submit(client, f"{where}/end", reason="It closed.")) == where
    assert "The partnership ended" in text(shown(reader, where))
    assert not ways(shown(client, where), where)


def test_needs_unmet_are_counted_and_a_supervisor_meets_them_first(
    caseworker: Persona, supervisor: Persona, victim: Made, path: str
) -> None:
    made(caseworker, f"{path}/referrals", {"service": "legal", "region": "Aaa Province"})
    client = browser(supervisor)
    for page in ("/", "/partners/unmet"):
        assert "Aaa Province Legal help 1 0 0" in text(shown(client, page)), page
    assert victim["pseudonym"] not in shown(client, "/partners/unmet")


def test_titles_and_addresses_of_the_pages_name_nobody(caseworker: Persona, path: str, victim: Made) -> None:
    partner = new_partner(caseworker, name="Orchid Shelter")
    client = browser(caseworker)
    for page in (f"{path}/care", f"{path}/placements", f"/partners/{partner['id']}", f"{path}/services/new", "/care"):
        title = re.search(r"<title>(.*?)</title>", shown(client, page), re.S)
        assert title, page
        assert not [name for name in (victim["pseudonym"], "Orchid") if name in title[1]], page
