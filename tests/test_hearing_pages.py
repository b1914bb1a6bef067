"""Pages of hearings, the docket and the calendar: worked without script, telling nothing in titles or addresses."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from evidence_api.domain.calendar import View, further, shown
from evidence_api.domain.roles import Role
from evidence_api.domain.testimony import BookingState
from evidence_api.work import Site
from tests.casework import Made, move, new_charge, new_hearing, new_perpetrator, new_victim, sitting
from tests.conftest import Persona
from tests.pages import beside, browser, led_to, text, told, ways
from tests.pages import shown as page
from tests.pseudo import pseudo, unmarked
from tests.test_hearings import booked, taken
from tests.test_web import submit
from web.calendar import IN_A_CELL

pytestmark = pytest.mark.usefixtures("quick_sign_in")
Case = dict[str, Any]


def local(moment: datetime) -> str:
    """As a browser sends it; the office is in UTC."""
    return moment.strftime("%Y-%m-%dT%H:%M")


def filled(days: int = 60, **fields: Any) -> dict[str, Any]:
    times = {"starts_at": local(sitting(days)), "ends_at": local(sitting(days, 11))}
    return {"kind": "trial", "court": "Provincial court", "room": "Room <7>", **times, **fields}


def test_a_hearing_is_set_down_moved_and_adjourned_in_the_browser(
    lawyer: Persona, caseworker: Persona, site: Site, shared_case: Case
) -> None:
    client, where = browser(lawyer), f"/cases/{shared_case['id']}/hearings"
    assert "The case has no hearing yet." in page(client, where)
    charge = new_charge(lawyer, shared_case["id"])
    form = filled(people=str(lawyer.id), charges=charge["id"], link="https://court.example/7")
    wrong = told(submit(client, f"{where}/new", **{**form, "ends_at": form["starts_at"]}), 422)
    assert "must end after it begins" in beside(wrong, "ends_at")
    hearing = led_to(submit(client, f"{where}/new", **form))
    html = page(client, hearing)
    assert "Room &lt;7&gt;" in html
    assert all(word in html for word in (charge["ref"], lawyer.username, "https://court.example/7"))
    assert 'datetime-local" value="' + local(sitting(60)) in page(client, f"{hearing}/edit")
    clash = told(submit(client, f"{where}/new", **form), 409)
    assert "The room is taken by another hearing at that time." in clash
    assert "The link is taken" in clash
    assert clash.count("autofocus") == 1
    instead = re.findall(r'name="instead" value="([^"]+)"', clash)
    assert len(instead) == 3
    other = led_to(submit(client, f"{where}/new", **form, instead=instead[0]))
    led_to(submit(client, f"{other}/do/cancel", reason="Set down twice"))
    led_to(submit(client, f"{hearing}/edit", **filled(room="")))
    said = text(page(client, hearing))
    assert "All that is before the court" in said
    assert "Who of us is there" not in said
    wrong = told(
        submit(client, f"{hearing}/do/adjourn", reason="Ill", code="judge_absent", **{"next.ends_at": "x"}), 422
    )
    assert "Give a date and a time" in wrong
    following = {"next.starts_at": local(sitting(61)), "next.ends_at": local(sitting(61, 12)), "next.room": "Room 8"}
    victim = new_victim(caseworker, shared_case["id"])
    booked(site, lawyer.get(hearing).get_json() | {"case": shared_case["id"]}, victim["id"])
    assert victim["pseudonym"] in page(client, hearing)
    led_to(submit(client, f"{hearing}/do/adjourn", reason="Ill", code="judge_absent", **following))
    html = page(client, hearing)
    assert "The judge was absent" in html
    assert ways(html, hearing) == set()
    found = re.search(r'Adjourned to</dt><dd><a href="([^"]+)"', html)
    assert found is not None
    assert "Room 8" in page(client, found[1])
    assert hearing in page(client, found[1])
    assert len(re.findall(r'<th scope="row">', page(client, where))) == 3
    assert len(re.findall(r'<th scope="row">', page(client, f"{where}?state=adjourned"))) == 1


def test_how_an_accused_comes_is_recorded_in_the_browser_and_everybody_sees_what_she_may_do(
    lawyer: Persona, investigator: Persona, caseworker: Persona, colleague: Persona, shared_case: Case
) -> None:
    hearing = new_hearing(lawyer, shared_case["id"], days=70)
    client, where = browser(lawyer), f"/hearings/{hearing['id']}"
    perpetrator = new_perpetrator(investigator, shared_case["id"], alias="Uncle <b>")
    arrives = local(sitting(70, 8))
    wrong = told(
        submit(client, f"{where}/attendances/new", perpetrator=perpetrator["id"], arrives_at="2020-01-01T08:00"), 422
    )
    assert "within the day before" in beside(wrong, "arrives_at")
    led_to(submit(client, f"{where}/attendances/new", perpetrator=perpetrator["id"], arrives_at=arrives))
    assert "Uncle &lt;b&gt;" in page(client, where)
    every = {"edit", "do/hold", "do/adjourn", "do/cancel", "attendances/new", "attendances/*/end"}
    assert ways(page(client, where), where) == every
    for persona in (investigator, caseworker):
        assert ways(page(browser(persona), where), where) == set()
        page(browser(persona), f"{where}/edit", 403)
    for path in (where, f"{where}/edit", f"/cases/{shared_case['id']}/hearings"):
        assert hearing["ref"] not in page(browser(colleague), path, 404)
    end = next(iter(re.findall(rf'href="({where}/attendances/[^"]+/end)"', page(client, where))))
    led_to(submit(client, end, reason="By video"))
    assert "Uncle" not in text(page(client, where))
    refused = told(submit(client, f"{where}/do/hold", reason="Done"), 409)
    assert "later day" in refused


# --- the calendar -----------------------------------------------------------------------------------------------------


@pytest.fixture
def hers(make_persona: Callable[..., Persona], investigator: Persona, case: Case) -> Persona:
    """A lawyer with nothing else in her calendar."""
    person = make_persona(Role.LAWYER)
    investigator.post(f"/cases/{case['id']}/assignments", {"user": str(person.id), "role": "lawyer"})
    return person


def at(hers: Persona, case: Case, moment: datetime, **fields: Any) -> Made:
    times = {"starts_at": moment.isoformat(), "ends_at": (moment + timedelta(minutes=5)).isoformat()}
    return new_hearing(hers, case["id"], **times, **fields)


def test_every_hearing_of_a_span_stands_once_in_each_view_on_its_day(hers: Persona, case: Case) -> None:
    first = datetime(2033, 1, 28, 23, 50, tzinfo=UTC)
    made = [at(hers, case, first + timedelta(hours=11 * number)) for number in range(24)]
    on = {one["ref"]: date.fromisoformat(one["starts_at"][:10]) for one in made}
    last, client = max(on.values()), browser(hers)
    for view in View:
        at_day, found = first.date(), set[str]()
        while shown(view, at_day)[0] <= last:
            begins, ends = shown(view, at_day)
            html = page(client, f"/calendar?view={view.value}&on={at_day}")
            seen = [
                (ref, date.fromisoformat(day))
                for day, part in re.findall(r'id="d(\d{4}-\d\d-\d\d)"(.*?)(?=id="d\d{4}|</main>)', html, re.DOTALL)
                for ref in re.findall(r'translate="no">([^<]+)</span></a>', part)
            ]
            assert sorted(seen) == sorted((ref, day) for ref, day in on.items() if begins <= day <= ends), view
            found |= {ref for ref, _day in seen}
            at_day = further(view, at_day, 1)
        assert found == set(on), view


def test_a_full_day_of_a_month_leads_to_the_day_itself(hers: Persona, case: Case) -> None:
    start = datetime(2034, 5, 3, 8, tzinfo=UTC)
    refs = [at(hers, case, start + timedelta(minutes=10 * number))["ref"] for number in range(IN_A_CELL + 2)]
    client = browser(hers)
    month = page(client, "/calendar?on=2034-05-20")
    assert [ref in month for ref in refs] == [True] * IN_A_CELL + [False] * 2
    assert "2 more" in text(month)
    day = page(client, "/calendar?view=day&on=2034-05-03")
    assert [day.index(ref) for ref in refs] == sorted(day.index(ref) for ref in refs)


def test_the_calendar_says_what_counts_and_leads_on_and_back(hers: Persona, case: Case) -> None:
    hearing = at(hers, case, datetime(2034, 3, 8, 3, tzinfo=UTC), zone="Asia/Tokyo", room="Room 7")
    gone = at(hers, case, datetime(2034, 3, 8, 4, tzinfo=UTC))
    move(hers, f"/hearings/{gone['id']}", "cancel")
    client = browser(hers)
    said = text(page(client, "/calendar?view=day&on=2034-03-08"))
    assert "12:00 in Tokyo" in said
    assert "Room 7" in said
    assert said.count("Cancelled") == 1
    for view, before, after in (
        ("month", "2034-02-01", "2034-04-01"),
        ("week", "2034-03-01", "2034-03-15"),
        ("day", "2034-03-07", "2034-03-09"),
        ("agenda", "2034-02-08", "2034-04-05"),
    ):
        html = page(client, f"/calendar?view={view}&on=2034-03-08")
        assert f'rel="prev" href="/calendar?view={view}&amp;on={before}"' in html
        assert f'rel="next" href="/calendar?view={view}&amp;on={after}"' in html
        assert f"/hearings/{hearing['id']}" in html
    told_ = page(client, "/calendar?view=year", 422)
    assert "Traceback" not in told_
    assert "Nothing stands in your calendar" in page(client, "/calendar?view=agenda&on=2035-01-01")


def test_a_docket_names_defendants_to_who_prosecutes(
    lawyer: Persona, caseworker: Persona, supervisor: Persona, site: Site, shared_case: Case
) -> None:
    hearing = new_hearing(lawyer, shared_case["id"], days=110)
    perpetrator = new_perpetrator(lawyer, shared_case["id"], alias="Uncle Seven")
    charge = new_charge(lawyer, shared_case["id"], perpetrator=perpetrator["id"])
    where = f"/dockets?on={sitting(110).date()}"
    assert "Uncle Seven" not in page(browser(lawyer), where), "it is not before the court yet"
    move(supervisor, f"/charges/{charge['id']}", "approve")
    move(lawyer, f"/charges/{charge['id']}", "file", court="Provincial court", court_ref="CC 1")
    victim = new_victim(caseworker, shared_case["id"])
    booked(site, hearing, victim["id"], BookingState.PROVISIONAL)
    said = text(page(browser(lawyer), where))
    assert "Uncle Seven" in said
    assert f"{victim['pseudonym']} " in said
    assert "Screen" in said
    listed = page(browser(caseworker), where)
    assert ("Uncle Seven" in listed, victim["pseudonym"] in listed) == (False, True)
    other = lawyer.call("PATCH", f"/hearings/{hearing['id']}", json={"charges": [charge["id"]]})
    assert other.status_code == 200
    assert lawyer.get(where).get_json()["items"][0]["defendants"] == [f"{perpetrator['ref']} Uncle Seven"]
    assert caseworker.get(where).get_json()["items"][0]["defendants"] == []
    assert "No hearing of your cases" in page(browser(lawyer), "/dockets?on=2035-01-01")
    assert taken(site, hearing) == 1


def test_a_lawyers_first_page_begins_with_her_next_days_and_who_is_not_ready(
    hers: Persona, caseworker: Persona, investigator: Persona, site: Site, case: Case
) -> None:
    client = browser(hers)
    assert "Nothing stands in your calendar for the next seven days." in page(client, "/")
    hearing = at(hers, case, datetime.now(UTC) + timedelta(minutes=1))
    at(hers, case, datetime.now(UTC) + timedelta(days=8))
    victim = new_victim(investigator, case["id"])
    booked(site, hearing, victim["id"], BookingState.PROVISIONAL)
    html = page(client, "/")
    begins = html.partition("<h1>")[2]
    assert begins.index("The next seven days") < begins.index("Witnesses who are not ready") < begins.index("My cases")
    assert re.findall(r"<h2[^>]*>([^<]+)", begins)[0] == "The next seven days"
    assert hearing["ref"] in begins
    assert victim["pseudonym"] in begins
    assert "The next seven days" not in page(browser(investigator), "/")


def test_no_text_of_these_pages_is_left_unmarked_and_no_title_tells_anything(
    app: Flask, lawyer: Persona, investigator: Persona, caseworker: Persona, site: Site, shared_case: Case
) -> None:
    hearing = new_hearing(
        lawyer, shared_case["id"], days=120, court="1", room="1", zone="Asia/Tokyo", people=[str(lawyer.id)]
    )
    perpetrator = new_perpetrator(investigator, shared_case["id"], alias="1")
    come = {"perpetrator": perpetrator["id"], "arrives_at": hearing["starts_at"]}
    assert lawyer.post(f"/hearings/{hearing['id']}/attendances", come).status_code == 201
    victim = new_victim(caseworker, shared_case["id"])
    booked(site, hearing, victim["id"])
    day, where = sitting(120).date(), f"/hearings/{hearing['id']}"
    paths = [where, f"{where}/edit", f"{where}/do/adjourn", f"{where}/attendances/new", f"/dockets?on={day}"]
    paths += [f"/calendar?view={view.value}&on={day}" for view in View]
    paths += [f"/cases/{shared_case['id']}/hearings", f"/cases/{shared_case['id']}/hearings/new"]
    client = browser(lawyer)
    with pseudo(app):
        for path in paths:
            html = page(client, path)
            title = html.partition("<title>")[2].partition("</title>")[0]
            for word in (hearing["ref"], victim["pseudonym"], shared_case["ref"]):
                assert word not in title
            left = r'(?s)<time.*?</time>|<select id="(perpetrator|vehicle|waiting_area)".*?</select>'
            left += r'|<fieldset class="field" id="(people|charges)".*?</fieldset>|<p class="printed">.*?</p>'
            left += r"|<thead>.*?</thead>|<h1>.*?</h1>|<caption.*?</caption>|<dl>.*?</dl>|Provincial court"
            assert unmarked(re.sub(left, "", html)) == [], path
        mine = re.search(r'(?s)<section aria-labelledby="next-days">.*?</section>', page(client, "/"))
        assert mine is not None
        assert unmarked(mine[0]) == []
