"""The whole story through the API: from the covert visit to the day she is independent, every guard refused before
it is met."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from evidence_api.domain.operation import Danger
from evidence_api.domain.roles import Role
from evidence_api.models import Token
from evidence_api.work import Site
from tests.casework import made, move, new_episode, new_operation, new_perpetrator, new_venue, new_victim
from tests.conftest import Persona, new_persona, upload
from tests.e2e.story import at, clock

FOUND_OUT = 37


class Office:
    """The people of the story, in the years in which it happens."""

    def __init__(self, site: Site, app: Flask) -> None:
        with clock(at(2019, 3, 1)):
            people = {role: new_persona(site, app, role) for role in Role if role not in (Role.SYSTEM, Role.NOBODY)}
            self.colleague = new_persona(site, app, Role.INVESTIGATOR)
        ids = [*(person.id for person in people.values()), self.colleague.id]
        with site.engine.begin() as connection:
            until = datetime.now(UTC) + timedelta(days=30)
            connection.execute(sa.update(Token).where(Token.user_id.in_(ids)).values(expires_at=until))
        self.investigator, self.lawyer = people[Role.INVESTIGATOR], people[Role.LAWYER]
        self.supervisor, self.caseworker = people[Role.SUPERVISOR], people[Role.CASEWORKER]

    def open_case(self, title: str) -> str:
        case = made(self.investigator, "/cases", {"title": title, "kind": "sex_trafficking", "country": "KH"})
        for person in (self.lawyer, self.caseworker, self.colleague):
            body = {"user": str(person.id), "role": person.role.value}
            made(self.investigator, f"/cases/{case['id']}/assignments", body)
        return str(case["id"])


def refused(persona: Persona, path: str, body: dict[str, Any], status: int = 409, says: str = "") -> None:
    """It is refused, and the sentence says why."""
    response = persona.post(path, body)
    assert response.status_code == status, response.get_json()
    assert says in response.get_json()["detail"], response.get_json()


def step(action: str, **fields: Any) -> dict[str, Any]:
    return {"action": action, "reason": "As it happened", **fields}


@contextmanager
def on(year: int, month: int, day: int) -> Iterator[str]:
    """On that day: its date, as programs write it."""
    with clock(at(year, month, day)):
        yield date(year, month, day).isoformat()


@pytest.fixture
def office(site: Site, app: Flask) -> Office:
    return Office(site, app)


def test_she_was_told_to_hide_and_is_found_again_and_the_house_becomes_a_community_centre(office: Office) -> None:
    investigator, lawyer, caseworker = office.investigator, office.lawyer, office.caseworker

    with on(2019, 3, 4):
        case = office.open_case("House by the ferry")
        move(investigator, f"/cases/{case}", "investigate")
        venue = new_venue(investigator, case)
        her = new_victim(investigator, case, minor=True, estimated_age=13)
        mother = new_perpetrator(investigator, case, alias="The mother", roles=["seller"])
        keeper = new_perpetrator(investigator, case)
        made(investigator, f"/perpetrators/{mother['id']}/victims", {"victim": her["id"], "relation": "parent"})
        first = new_episode(investigator, her["id"], venue["id"], started_on="2019-01-10")
        assert first["classification"] == "first"
        made(investigator, f"/venues/{venue['id']}/ties", {"perpetrator": keeper["id"], "kind": "owner"})

    footage = []
    for month in (4, 9, 14, 20):
        with on(2019 + month // 12, month % 12 + 1, 12) as today:
            visit = new_operation(investigator, case, kind="covert_visit", partner=None)
            item = upload(investigator, case, captured_at=f"{today}T02:00:00Z")
            footage.append(item)
            for kind, target in (("victim", her["id"]), ("venue", venue["id"]), ("operation", visit["id"])):
                relation = "shows" if kind == "victim" else "recorded_at" if kind == "venue" else "belongs_to"
                body = {"target_kind": kind, "target": target, "relation": relation}
                made(investigator, f"/evidence/{item['id']}/links", body)
            seen = {"observed_on": today, "seen": "open", "people": 38, "minors": 12}
            made(investigator, f"/venues/{venue['id']}/observations", seen)
    with on(2021, 2, 1):
        for action in ("observe", "confirm"):
            move(investigator, f"/venues/{venue['id']}", action)

    rescue = plan(office, case, venue["id"])
    with on(2021, 3, 10) as today:
        others = [new_victim(investigator, case, minor=n % 3 == 0) for n in range(FOUND_OUT)]
        for victim in (her, *others):
            made(investigator, f"/operations/{rescue}/roster", {"victim": victim["id"]})
        refused(investigator, f"/cases/{case}/transitions", step("intervene"), says="roster")
        refused(investigator, f"/operations/{rescue}/transitions", step("conclude"))
        for victim in others:
            body = {"victim": victim["id"], "outcome": "rescued", "reason": "Brought out"}
            made(investigator, f"/operations/{rescue}/roster", body)
        missed = {"victim": her["id"], "outcome": "missed", "reason": "told_to_hide"}
        made(investigator, f"/operations/{rescue}/roster", missed)
        figures = investigator.get(f"/operations/{rescue}/figures").get_json()
        assert (figures["rescued"], figures["missed"]) == (FOUND_OUT, 1)
        move(investigator, f"/operations/{rescue}", "conclude")
        move(investigator, f"/cases/{case}", "intervene")
        move(investigator, f"/venues/{venue['id']}", "intervene")
    known = caseworker.get(f"/victims/{her['id']}").get_json()
    assert (known["whereabouts"], known["missed_how"]) == ("missed", "told_to_hide")
    sought = caseworker.get("/searches?open=true").get_json()["items"]
    assert [(one["victim"], one["kind"]) for one in sought] == [(her["id"], "missed")]

    with on(2024, 5, 2) as today:
        second_case = office.open_case("Bar at the crossroads")
        bar = new_venue(investigator, second_case, kind="bar", description="Neon palm", area="Poipet")
        made(caseworker, f"/victims/{her['id']}/cases", {"case": second_case})
        again = new_episode(investigator, her["id"], bar["id"], started_on="2021-03-10")
        assert again["classification"] == "moved_without_exit"
        alerts = lawyer.get("/alerts?open=true").get_json()["items"]
        assert {one["case"] for one in alerts} == {case, second_case}
        assert {one["kind"] for one in alerts} == {"moved_without_exit"}
        move(investigator, f"/cases/{second_case}", "investigate")
        for action in ("observe", "confirm"):
            move(investigator, f"/venues/{bar['id']}", action)
    second_rescue = plan(office, second_case, bar["id"], at_once=True)
    with on(2024, 5, 4) as today:
        found = [her, *(new_victim(investigator, second_case) for _ in range(27))]
        for victim in found:
            body = {"victim": victim["id"], "outcome": "rescued", "reason": "Brought out"}
            made(investigator, f"/operations/{second_rescue}/roster", body)
        move(investigator, f"/operations/{second_rescue}", "conclude")
        made_whole = investigator.get(f"/operations/{second_rescue}/figures").get_json()
        assert (made_whole["rescued"], made_whole["missed"]) == (28, 0)
        ended = {"ended_on": today, "exit": "rescued"}
        assert investigator.call("PATCH", f"/episodes/{again['id']}", json=ended).status_code == 200
        assert caseworker.get("/searches?open=true").get_json()["items"] == []

    care_for(office, her["id"])
    close(office, case, venue["id"])

    happened = [event["action"] for event in pages_of(lawyer, f"/cases/{case}/timeline")]
    assert "operation:go" in happened
    assert not {"care:placement", "victim:address_set"} & set(happened), "a lawyer is not told where she sleeps"
    shown = lawyer.get(f"/links?target_kind=victim&target={her['id']}").get_json()["items"]
    assert {link["evidence"] for link in shown} == {item["id"] for item in footage}


def plan(office: Office, case: str, venue: str, at_once: bool = False) -> str:
    """A rescue with all that its go needs, each thing refused as long as it is missing."""
    investigator, supervisor = office.investigator, office.supervisor
    year, month, day = (2024, 5, 3) if at_once else (2021, 3, 1)
    with on(year, month, day) as today:
        refused(investigator, f"/cases/{case}/transitions", step("plan_intervention"))
        rescue = str(new_operation(investigator, case, partner=None, venue=venue)["id"])
        moves = f"/operations/{rescue}/transitions"
        refused(supervisor, moves, step("go"), says="assessment")
        scores = dict.fromkeys(Danger, 2)
        made(investigator, f"/operations/{rescue}/assessments", {"scores": scores, "assessed_on": today})
        refused(investigator, f"/cases/{case}/transitions", step("plan_intervention"), says="partner")
        assert investigator.call("PATCH", f"/operations/{rescue}", json={"partner": "Police unit"}).status_code == 200
        refused(investigator, f"/cases/{case}/transitions", step("plan_intervention"), says="aftercare")
        places = {"aftercare_places": 40}
        assert investigator.call("PATCH", f"/operations/{rescue}", json=places).status_code == 200
        move(investigator, f"/cases/{case}", "plan_intervention")
        refused(supervisor, moves, step("go"))
        made(investigator, f"/operations/{rescue}/authorisation", {"authorised_on": today, "reference": "PU 17/21"})
        refused(investigator, moves, step("go"), status=403)
        move(supervisor, f"/operations/{rescue}", "go")
    return rescue


def care_for(office: Office, her: str) -> None:
    """From the first needs to her own life: the home, the course, the job."""
    caseworker = office.caseworker
    moves = f"/victims/{her}/transitions"
    with on(2024, 5, 5) as today:
        needs = caseworker.get(f"/victims/{her}/steps?kind=need").get_json()["items"]
        assert needs
        assert all(need["state"] == "planned" for need in needs)
        for need in needs:
            move(caseworker, f"/steps/{need['id']}", "finish")
        made(caseworker, f"/victims/{her}/placements", {"kind": "shelter", "from_on": today, "address": "Lotus house"})
        move(caseworker, f"/victims/{her}", "confirm", axis="identification")
        move(caseworker, f"/victims/{her}", "contact", axis="care")
        refused(caseworker, moves, step("assess", axis="care"), says="assessment")
        initial = {"kind": "initial", "summary": "She wants to stay and learn.", "assessed_on": today}
        made(caseworker, f"/victims/{her}/assessments", initial)
        move(caseworker, f"/victims/{her}", "assess", axis="care")
        refused(caseworker, moves, step("engage", axis="care"), says="willing")
        made(caseworker, f"/victims/{her}/willingness", {"willingness": "willing"})
        for action in ("engage", "stabilise"):
            move(caseworker, f"/victims/{her}", action, axis="care")
    with on(2024, 9, 1) as today:
        course = made(caseworker, f"/victims/{her}/steps", {"kind": "skill", "title": "Tailoring course"})
        move(caseworker, f"/steps/{course['id']}", "begin")
        move(caseworker, f"/steps/{course['id']}", "finish")
        move(caseworker, f"/victims/{her}", "restore", axis="care")
        home = {"kind": "home", "from_on": today}
        refused(caseworker, f"/victims/{her}/placements", home, says="household")
        for kind in ("household_safety", "economic"):
            good = {"kind": kind, "summary": "It can be done.", "assessed_on": today, "favourable": True}
            made(caseworker, f"/victims/{her}/assessments", good)
        made(caseworker, f"/victims/{her}/placements", home)
        job = {"kind": "work", "what": "job", "title": "Tailor"}
        made(caseworker, f"/victims/{her}/steps", job)
        move(caseworker, f"/victims/{her}", "reintegrate", axis="care")
        ups = caseworker.get(f"/victims/{her}/steps?kind=follow_up").get_json()["items"]
        last = max(datetime.fromisoformat(up["due_at"]) for up in ups)
        assert last.date() >= date(2026, 9, 1)
    with on(2026, 10, 1):
        assert her in {due["victim"] for due in pages_of(caseworker, "/care/due")}
        move(caseworker, f"/victims/{her}", "become_independent", axis="care")


def close(office: Office, case: str, venue: str) -> None:
    """The house is closed, seen to be closed by another, and put to another use."""
    investigator, lawyer, colleague = office.investigator, office.lawyer, office.colleague
    moves = f"/venues/{venue}/transitions"
    with on(2026, 10, 5) as today:
        move(lawyer, f"/venues/{venue}", "seek_closure")
        move(lawyer, f"/venues/{venue}", "close_permanently")
        refused(colleague, moves, step("verify"), says="inspects")
        seen = {"inspected_on": today, "found": "closed"}
        made(investigator, f"/venues/{venue}/inspections", seen)
        refused(colleague, moves, step("verify"))
        item = upload(colleague, case)
        made(colleague, f"/venues/{venue}/inspections", {**seen, "evidence": item["id"]})
        move(colleague, f"/venues/{venue}", "verify")
        move(colleague, f"/venues/{venue}", "repurpose", new_use="Community centre")
        found = lawyer.get(f"/venues/{venue}").get_json()
        assert (found["state"], found["new_use"]) == ("repurposed", "Community centre")
        areas = lawyer.get("/venues/areas").get_json()["items"]
        assert {(area["area"], area["open"], area["closed"]) for area in areas} >= {
            ("Svay Pak", 0, 1),
            ("Poipet", 1, 0),
        }


def pages_of(persona: Persona, path: str) -> Iterator[dict[str, Any]]:
    """Everything of a list, page by page."""
    cursor = ""
    while True:
        answer = persona.get(f"{path}?limit=200{cursor}").get_json()
        yield from answer["items"]
        if answer["next"] is None:
            return
        cursor = f"&cursor={answer['next']}"
