"""The pages of searches, alerts and episodes: who is shown what, what each form leads to, what is never shown."""

from collections.abc import Callable

import pytest

from evidence_api.domain.roles import Role
from tests.casework import Made, made, move, new_episode, new_venue, new_victim
from tests.conftest import Persona
from tests.pages import beside, browser, led_to, shown, text, told
from tests.test_web import submit

pytestmark = pytest.mark.usefixtures("quick_sign_in")

MakePersona = Callable[..., Persona]
NAME = "Sokha Chan"
SCAR = "A scar on her left hand"


@pytest.fixture
def people(make_persona: MakePersona) -> dict[Role, Persona]:
    """People who have nothing else to do, so that their first pages show this alone."""
    return {role: make_persona(role) for role in (Role.INVESTIGATOR, Role.LAWYER, Role.CASEWORKER, Role.SUPERVISOR)}


@pytest.fixture
def case(people: dict[Role, Persona]) -> Made:
    lead = people[Role.INVESTIGATOR]
    opened = made(lead, "/cases", {"title": "Riverside", "kind": "sex_trafficking", "country": "KH"})
    for role in (Role.LAWYER, Role.CASEWORKER):
        made(lead, f"/cases/{opened['id']}/assignments", {"user": str(people[role].id), "role": role.value})
    return opened


@pytest.fixture
def her(people: dict[Role, Persona], case: Made) -> Made:
    return new_victim(people[Role.INVESTIGATOR], case["id"])


@pytest.fixture
def report(people: dict[Role, Persona], case: Made) -> Made:
    body = {"case": case["id"], "description": SCAR, "last_seen_on": "2024-05-01", "name": NAME}
    return made(people[Role.LAWYER], "/searches", body)


def test_who_was_missed_stays_on_the_first_pages_of_those_responsible_until_she_is_found(
    people: dict[Role, Persona], colleague: Persona, her: Made
) -> None:
    move(people[Role.INVESTIGATOR], f"/victims/{her['id']}", "miss", axis="whereabouts", how="told_to_hide")
    # The supervisor's first page has the oldest of a whole office, in which every test works.
    clients = {role: browser(persona) for role, persona in people.items() if role is not Role.SUPERVISOR}
    for role, client in clients.items():
        page = text(shown(client, "/"))
        assert "Missing people" in page, role
        assert her["pseudonym"] in page, role
        assert "Missed by an intervention" in page, role
    assert her["pseudonym"] not in shown(browser(colleague), "/")
    move(people[Role.CASEWORKER], f"/victims/{her['id']}", "locate", axis="whereabouts")
    for role in (Role.INVESTIGATOR, Role.LAWYER, Role.CASEWORKER):
        page = text(shown(clients[role], "/"))
        assert "Missed by an intervention" not in page, role
        assert "She was found" in page, role


def test_an_alert_stands_on_the_first_page_until_one_of_the_case_takes_note(
    people: dict[Role, Persona], her: Made
) -> None:
    new_episode(people[Role.INVESTIGATOR], her["id"], None)
    new_episode(people[Role.INVESTIGATOR], her["id"], None)
    reader, taker = browser(people[Role.LAWYER]), browser(people[Role.CASEWORKER])
    assert "She was moved without an exit" in text(shown(reader, "/"))
    [alert] = people[Role.LAWYER].get("/alerts?open=true").get_json()["items"]
    path = f"/alerts/{alert['id']}/note"
    assert f'action="{path}"' in shown(taker, "/")
    assert led_to(submit(taker, path)) == "/"
    assert "You have taken note." in shown(taker, "/")
    assert "She was moved without an exit" not in text(shown(reader, "/"))
    kept = text(shown(reader, "/alerts?open=false"))
    assert people[Role.CASEWORKER].username in kept
    assert "Somebody has taken note of it already." in told(submit(reader, path), 409)


def test_a_report_is_made_seen_and_matched_in_the_browser_and_the_name_is_shown_once(
    people: dict[Role, Persona], her: Made, case: Made
) -> None:
    lawyer, caseworker = browser(people[Role.LAWYER]), browser(people[Role.CASEWORKER])
    form = f"/cases/{case['id']}/searches/new"
    assert "Save draft" not in shown(lawyer, form), "the name would be kept outside the vault"
    assert "Fill this in." in beside(told(submit(lawyer, form, description=""), 422), "description")
    where = led_to(submit(lawyer, form, description=SCAR, last_seen_on="2024-05-01", name=NAME))
    page = shown(lawyer, where)
    assert SCAR in page
    assert "In the vault" in text(page)
    assert NAME not in page
    assert where in shown(lawyer, f"/cases/{case['id']}/searches")
    assert f"{where}/match" not in page

    assert led_to(submit(lawyer, f"{where}/sightings", seen_on="2025-03-01", place="The market")) == where
    assert "The market" in shown(caseworker, where)

    opened = submit(caseworker, f"{where}/identity/reveal", reason="The family asks", otp=people[Role.CASEWORKER].otp())
    assert NAME in opened.get_data(as_text=True)
    assert NAME not in shown(caseworker, where)

    assert her["pseudonym"] in shown(caseworker, f"{where}/match")
    assert led_to(submit(caseworker, f"{where}/match", victim=her["id"], reason="It is she")) == where
    assert f"Search for {her['pseudonym']}" in text(shown(lawyer, where))


def test_each_is_offered_what_she_may_do_with_a_search_and_strangers_learn_nothing(
    people: dict[Role, Persona], colleague: Persona, administrator: Persona, report: Made, case: Made
) -> None:
    path = f"/searches/{report['id']}"
    offered = {
        Role.INVESTIGATOR: {"sightings", "end"},
        Role.LAWYER: {"sightings", "end", "identity/reveal"},
        Role.CASEWORKER: {"sightings", "end", "identity/reveal", "match"},
        Role.SUPERVISOR: set(),
    }
    for role, ways in offered.items():
        html = shown(browser(people[role]), path)
        assert {
            way for way in ("sightings", "end", "identity/reveal", "match") if f'href="{path}/{way}"' in html
        } == ways
    stranger = browser(colleague)
    for page in (path, f"{path}/sightings", f"{path}/end", f"/cases/{case['id']}/searches"):
        assert SCAR not in shown(stranger, page, 404)
    shown(browser(administrator), "/searches", 403)
    assert "Missing people" not in shown(browser(administrator), "/")


def test_a_mistaken_report_is_ended_on_its_form(people: dict[Role, Persona], report: Made) -> None:
    client = browser(people[Role.INVESTIGATOR])
    path = f"/searches/{report['id']}"
    assert led_to(submit(client, f"{path}/end", reason="She is at her aunt's")) == path
    assert "The report was mistaken" in text(shown(client, path))
    assert path not in shown(client, "/searches")
    assert path in shown(client, "/searches?open=false")


def test_an_episode_is_recorded_and_changed_on_her_page_and_shown_at_the_venue(
    people: dict[Role, Persona], her: Made, case: Made
) -> None:
    client = browser(people[Role.INVESTIGATOR])
    venue = new_venue(people[Role.INVESTIGATOR], case["id"])
    page = f"/victims/{her['id']}"
    assert "No episode is recorded yet." in shown(client, page)
    form = f"{page}/episodes/new"
    assert venue["ref"] in shown(client, form)
    wrong = told(submit(client, form, started_on="2020-02-02", ended_on="2020-02-01"), 422)
    assert "This lies before the beginning." in beside(wrong, "ended_on")
    assert led_to(submit(client, form, venue=venue["id"], started_on="2020-02-02", means="debt_bondage")) == page
    assert led_to(submit(client, form, started_on="2021-02-02")) == page
    said = text(shown(client, page))
    assert "Debt bondage" in said
    assert "Moved without an exit" in said
    assert said.index("Moved without an exit") < said.index("The first")
    [_, first] = people[Role.INVESTIGATOR].get(f"/victims/{her['id']}/episodes").get_json()["items"]
    edit = f"/episodes/{first['id']}/edit"
    assert 'value="2020-02-02"' in shown(client, edit)
    assert led_to(submit(client, edit, ended_on="2020-06-01", exit="rescued")) == page
    assert "Exploited again after an exit" in text(shown(client, page))
    assert her["pseudonym"] in shown(client, f"/venues/{venue['id']}")
    assert "debt bondage" in text(shown(client, f"/venues/{venue['id']}/episodes")).lower()
    shown(browser(people[Role.LAWYER]), form, 403)
    assert "episodes/new" not in shown(browser(people[Role.LAWYER]), page)


def test_no_title_and_no_address_names_anybody(people: dict[Role, Persona], her: Made, report: Made) -> None:
    move(people[Role.INVESTIGATOR], f"/victims/{her['id']}", "miss", axis="whereabouts", how="hid")
    client = browser(people[Role.CASEWORKER])
    [mine] = people[Role.CASEWORKER].get(f"/searches?victim={her['id']}").get_json()["items"]
    for path in ("/searches", "/alerts", f"/searches/{mine['id']}", f"/victims/{her['id']}/episodes"):
        title = shown(client, path).partition("<title>")[2].partition("</title>")[0]
        assert title.endswith("– Unbroken")
        assert her["pseudonym"] not in title
