"""The pages of booking: the form that says what conflicts and offers other times, and what can be booked."""

import re
from datetime import datetime
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from evidence_api.models import Office
from evidence_api.work import Site
from tests.casework import made, new_perpetrator
from tests.conftest import Persona
from tests.pages import browser, led_to, shown, text, told, ways
from tests.pseudo import pseudo, unmarked
from tests.test_bookings import Court, booked, court
from tests.test_web import submit

__all__ = ["court"]
pytestmark = pytest.mark.usefixtures("quick_sign_in")

Case = dict[str, Any]


def local(site: Site, moment: datetime) -> str:
    """As it is typed into a form: in the office's zone."""
    from sqlalchemy.orm import Session

    with Session(site.engine) as session:
        zone = session.query(Office).first()
        assert zone is not None
        return moment.astimezone(ZoneInfo(zone.zone)).strftime("%Y-%m-%dT%H:%M")


def times(court: Court, start: float, end: float) -> dict[str, Any]:
    at = {"starts_at": local(court.site, court.at(start)), "ends_at": local(court.site, court.at(end))}
    return {"hearing": court.hearing["id"], **at}


def test_a_conflict_is_said_in_words_and_another_time_is_one_press_away(court: Court, lawyer: Persona) -> None:
    client, where = browser(lawyer), f"/testimonies/{court.testimony['id']}"
    assert "No time is booked." in text(shown(client, where))
    assert court.hearing["ref"] in shown(client, f"{where}/book")
    booked(court.book(1, testimony=court.another()))
    form = times(court, 1, 2)
    html = told(submit(client, f"{where}/book", **form, arrives_at=local(court.site, court.at(0.5))), 409)
    assert "Another witness is there at that time" in text(html)
    offered = [unescape(one) for one in re.findall(r'name="instead" value="([^"]+)"', html)]
    assert len(offered) == 3
    chosen = next(one for one in offered if one.startswith(f"{court.at(2):%Y-%m-%dT%H:%M}"))
    # What was typed is sent again with it; she comes half an hour before, as was typed.
    led_to(submit(client, f"{where}/book", **form, arrives_at=local(court.site, court.at(0.5)), instead=chosen))
    found = court.booking()
    begins, arrives = (datetime.fromisoformat(found[name]) for name in ("starts_at", "arrives_at"))
    assert (begins, arrives) == (court.at(2), court.at(1.5))
    assert ways(shown(client, where), where) >= {"book", "release"}
    nonsense = told(submit(client, f"{where}/book", **times(court, 1, 2), instead="soon"), 409)
    assert "Another witness is there" in nonsense
    assert led_to(submit(client, f"{where}/release", reason="She asked")) == where
    assert court.booking()["state"] == "released"


def test_what_conflicts_stands_on_the_first_page_and_on_its_own(
    court: Court, lawyer: Persona, caseworker: Persona
) -> None:
    client = browser(lawyer)
    driver = court.resource("driver")
    soon = Court(court.site, lawyer, caseworker, court.case, court.hearing, court.testimony)
    booked(soon.book(resources=[driver]))
    perpetrator = new_perpetrator(lawyer, court.case, alias="Uncle Bun")
    form = {"perpetrator": perpetrator["id"], "reason": "His brother"}
    where = f"/resources/{driver}"
    assert led_to(submit(client, f"{where}/tie", **form)) == where
    html = shown(client, where)
    assert "One booking conflicts with it now" in html
    assert perpetrator["ref"] in html
    day = f"{court.at(0):%Y-%m-%d}"
    html = shown(client, f"/testimonies/conflicts?from={day}&to={day}")
    assert court.testimony["ref"] in html
    assert "Somebody who is to come with the witness cannot be used for this." in text(html)
    for secret in ("Uncle Bun", "brother", perpetrator["ref"]):
        assert secret not in html
    assert "Blocks" in text(shown(client, f"/testimonies/{court.testimony['id']}"))
    tie = lawyer.get(f"{where}/ties").get_json()["items"][0]["id"]
    assert led_to(submit(client, f"{where}/ties/{tie}/end", reason="Another man")) == where
    hers = shown(browser(caseworker), where)
    assert perpetrator["ref"] not in hers
    assert ways(hers, where) == {"edit", "end", "tie", "engage"}


def test_what_can_be_booked_is_added_changed_and_ended(lawyer: Persona, supervisor: Persona, case: Case) -> None:
    client = browser(lawyer)
    where = led_to(submit(client, "/resources/new", kind="interpreter", name="Interpreter <7>", languages="km, vi"))
    assert "Interpreter &lt;7&gt;" in shown(client, "/resources?kind=interpreter")
    submit(client, f"{where}/edit", name="Interpreter 8", languages="km", gender="female", buffer="30")
    assert "Interpreter 8" in shown(client, where)
    span = {"from_at": "2030-01-01T09:00", "until_at": "2030-01-01T10:00"}
    led_to(submit(client, f"{where}/engage", case=case["id"], side="defence", **span))
    html = shown(client, where)
    assert case["ref"] in html
    engagement = lawyer.get(f"{where}/engagements").get_json()["items"][0]["id"]
    led_to(submit(client, f"{where}/engagements/{engagement}/end", reason="A mistake"))
    led_to(submit(client, f"{where}/end", reason="Retired"))
    assert ways(shown(client, where), where) == set()
    assert ways(shown(browser(supervisor), "/resources"), "/resources") & {"new"} == set()


def test_the_coming_days_stand_on_a_lawyer_s_first_page(
    site: Site, lawyer: Persona, caseworker: Persona, shared_case: Case
) -> None:
    from tests.test_bookings import long_hearing, witness

    case = shared_case["id"]
    testimony = witness(site, lawyer, caseworker, case, state="willing")
    soon = Court(site, lawyer, caseworker, case, long_hearing(lawyer, case, 1), testimony)
    booked(soon.book())
    html = shown(browser(lawyer), "/")
    assert "What is booked and conflicts" in html
    assert testimony["ref"] in html


def test_no_text_is_left_unmarked(app: Flask, court: Court, lawyer: Persona) -> None:
    client = browser(lawyer)
    driver = court.resource("driver", name="7", gender="male", buffer=5)
    made(lawyer, f"/resources/{driver}/ties", {"perpetrator": new_perpetrator(lawyer, court.case)["id"], "reason": "1"})
    court.put(state="willing")
    booked(court.book())
    day = f"{court.at(0):%Y-%m-%d}"
    paths = [f"/testimonies/conflicts?from={day}&to={day}", f"/resources/{driver}", f"/resources/{driver}/edit"]
    with pseudo(app):
        for path in [*paths, "/resources/new"]:
            html = shown(client, path)
            plain = re.sub(r'(?s)<select id="(perpetrator|case)".*?</select>', "", html)
            assert unmarked(re.sub(r'(?s)<p class="printed">.*?</p>', "", plain)) == [], path
            assert court.testimony["ref"] not in html.partition("</title>")[0]
