"""Protective measures, each with its own state, and the sessions that prepare a witness."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from evidence_api.domain.lifecycle import Lifecycle
from evidence_api.domain.testimony import MEASURE, SESSION, TestimonyState
from evidence_api.models import Measure, Preparation
from evidence_api.work import Site
from tests.casework import Made, made, new_adult, new_testimony
from tests.conftest import Persona, upload
from tests.test_testimonies import day, lacking, moment, put, told

Case = dict[str, Any]
REASON = {"reason": "As the court ruled"}


@pytest.fixture
def testimony(site: Site, caseworker: Persona, lawyer: Persona, shared_case: Case) -> Made:
    one = new_testimony(lawyer, shared_case["id"], new_adult(caseworker, shared_case["id"])["id"])
    put(site, one, state=TestimonyState.PREPARING)
    return one


def step(persona: Persona, measure: Made, action: str, **more: Any) -> Any:
    return persona.post(f"/measures/{measure['id']}/transitions", {"action": action, **REASON, **more})


def new_measure(persona: Persona, testimony: Made, **fields: Any) -> Made:
    return made(persona, f"/testimonies/{testimony['id']}/measures", {"kind": "live_link", **fields})


def test_a_measure_goes_from_needed_to_used_with_its_ruling(
    lawyer: Persona, caseworker: Persona, supervisor: Persona, testimony: Made
) -> None:
    where = f"/testimonies/{testimony['id']}/measures"
    told(supervisor.post(where, {"kind": "live_link"}), 403)
    one = new_measure(caseworker, testimony)
    told(lawyer.post(where, {"kind": "live_link"}), 409, "already")
    told(step(caseworker, one, "apply"), 403)
    told(step(lawyer, one, "grant"), 409, "apply")
    told(step(lawyer, one, "apply", decided_on=day()), 422, "ruling")
    assert told(step(lawyer, one, "apply"), 200)["applied_on"]
    told(step(lawyer, one, "grant", document=str(uuid.uuid4())), 422, "no such item")
    told(step(lawyer, one, "grant", decided_on=day(3)), 422, "future")
    told(step(lawyer, one, "grant", plan="Something else"), 422)
    ruling = upload(lawyer, testimony["case"])["id"]
    granted = told(step(lawyer, one, "grant", document=ruling, decided_on=day(-1)), 200)
    assert (granted["state"], granted["document"], granted["decided_on"]) == ("granted", ruling, day(-1))
    assert lacking(lawyer, testimony)["measures"]
    assert told(step(caseworker, one, "arrange"), 200)["state"] == "arranged"
    assert "measures" not in lacking(lawyer, testimony)
    assert told(step(caseworker, one, "use"), 200)["allowed"] == []


def test_a_refused_measure_needs_a_new_plan_and_can_be_applied_for_anew(
    lawyer: Persona, caseworker: Persona, testimony: Made
) -> None:
    one = new_measure(lawyer, testimony, plan="Nothing yet")
    told(step(lawyer, one, "apply"), 200)
    assert told(step(lawyer, one, "refuse"), 200)["plan"] is None
    assert "no new plan" in lacking(lawyer, testimony)["measures"][0]
    where = f"/measures/{one['id']}"
    told(caseworker.call("PATCH", where, json={}), 422)
    assert caseworker.call("PATCH", where, json={"plan": "A screen"}).get_json()["plan"] == "A screen"
    assert "measures" not in lacking(lawyer, testimony)
    assert told(step(lawyer, one, "apply"), 200)["decided_on"] is None
    assert told(step(lawyer, one, "refuse", plan="Closed court"), 200)["plan"] == "Closed court"
    assert "measures" not in lacking(lawyer, testimony)


def test_she_may_go_without_a_measure_by_her_own_wish_and_take_that_back(
    lawyer: Persona, caseworker: Persona, testimony: Made
) -> None:
    one = new_measure(lawyer, testimony)
    told(step(lawyer, one, "waive"), 403)
    told(step(caseworker, one, "waive"), 200)
    assert "measures" not in lacking(lawyer, testimony)
    told(step(caseworker, one, "need"), 200)
    assert lacking(lawyer, testimony)["measures"]
    assert lawyer.call("PATCH", f"/measures/{one['id']}", json={"required": False}).status_code == 200
    assert "measures" not in lacking(lawyer, testimony)
    assert [found["id"] for found in lawyer.get(f"/testimonies/{testimony['id']}/measures").get_json()["items"]] == [
        one["id"]
    ]


def test_every_step_of_a_measure_and_of_a_session_is_done_or_refused_with_what_is_legal(
    site: Site, caseworker: Persona, lawyer: Persona, testimony: Made
) -> None:
    one = new_measure(lawyer, testimony)
    begun = moment(-3)
    body = {"kind": "roles", "starts_at": begun.isoformat(), "ends_at": (begun + timedelta(hours=1)).isoformat()}
    session = made(lawyer, f"/testimonies/{testimony['id']}/preparations", body)
    tables: list[tuple[Lifecycle[Any], Any, Made, str]] = [
        (MEASURE, Measure, one, "measures"),
        (SESSION, Preparation, session, "preparations"),
    ]
    for table, model, thing, path in tables:
        states = type(table.initial)
        for state in states:
            for action in table.actions:
                with site.engine.begin() as connection:
                    of = sa.update(model).where(model.id == uuid.UUID(thing["id"]))
                    connection.execute(of.values(state=state))
                persona = (
                    lawyer if any(lawyer.role in s.roles for s in table.steps if s.action == action) else caseworker
                )
                response = persona.post(f"/{path}/{thing['id']}/transitions", {"action": action, **REASON})
                if action in table.allowed(state):
                    assert response.status_code == 200, (state, action, response.get_json())
                else:
                    assert told(response, 409)["allowed"] == table.allowed(state), (state, action)


# --- sessions ---------------------------------------------------------------------------------------------------------


def session(days: float, **fields: Any) -> dict[str, Any]:
    begins = moment(days).replace(hour=4, minute=0, second=0)
    body = {"kind": "roles", "starts_at": begins.isoformat(), "ends_at": (begins + timedelta(hours=1)).isoformat()}
    return {**body, **fields}


def test_a_session_is_planned_held_and_counts(
    lawyer: Persona, caseworker: Persona, investigator: Persona, testimony: Made
) -> None:
    where = f"/testimonies/{testimony['id']}/preparations"
    place = made(caseworker, "/resources", {"kind": "meeting_place", "name": "Office, second floor"})
    vehicle = made(caseworker, "/resources", {"kind": "vehicle", "name": "White van"})
    told(investigator.post(where, session(-2)), 403)
    told(caseworker.post(where, session(-2, ends_at=session(-2)["starts_at"])), 422, "ends after it begins")
    told(caseworker.post(where, session(-2, place=vehicle["id"])), 422, "meeting place or a room")
    told(caseworker.post(where, session(-2, people=[str(uuid.uuid4())])), 422, "assigned to the case")
    told(caseworker.post(where, session(-2, resources=[str(uuid.uuid4())])), 422, "Choose anew")
    body = session(-2, place=place["id"], people=[str(lawyer.id)], resources=[vehicle["id"]], note="By the back door")
    one = made(caseworker, where, body)
    assert (one["state"], one["note"]) == ("planned", "By the back door")
    path = f"/preparations/{one['id']}/transitions"
    assert told(lawyer.post(path, {"action": "hold", **REASON}), 200)["state"] == "held"
    ahead = made(caseworker, where, session(9))
    early = caseworker.post(f"/preparations/{ahead['id']}/transitions", {"action": "hold", **REASON})
    told(early, 409, "not begun")
    assert "roles" not in str(lacking(lawyer, testimony)["preparation"])


def test_two_sessions_are_not_at_once_and_one_that_is_cancelled_frees_the_time(
    lawyer: Persona, caseworker: Persona, testimony: Made
) -> None:
    where = f"/testimonies/{testimony['id']}/preparations"
    one = made(caseworker, where, session(12))
    clash = told(caseworker.post(where, session(12, kind="court_visit")), 409)
    assert "witness_busy" in {found["rule"] for found in clash["conflicts"]}
    told(caseworker.post(f"/preparations/{one['id']}/transitions", {"action": "cancel", **REASON}), 200)
    made(caseworker, where, session(12, kind="court_visit"))
    other = new_testimony(lawyer, testimony["case"], new_adult(caseworker, testimony["case"])["id"])
    told(caseworker.post(f"/testimonies/{other['id']}/preparations", session(14)), 409, "once she is willing")
    settling = made(caseworker, f"/testimonies/{other['id']}/preparations", session(14, kind="debrief"))
    assert settling["kind"] == "debrief"


def test_what_is_said_in_the_clear_of_a_session_tells_no_place_and_no_person(
    site: Site, caseworker: Persona, lawyer: Persona, testimony: Made
) -> None:
    made(
        caseworker,
        f"/testimonies/{testimony['id']}/preparations",
        session(16, note="Zanzibar", people=[str(lawyer.id)]),
    )
    with site.engine.connect() as connection:
        of = sa.text("SELECT body FROM ledger_entry WHERE subject = :subject")
        bodies = [bytes(row[0]) for row in connection.execute(of, {"subject": f"testimony:{testimony['id']}"})]
    assert any(b"testimony:preparation" in body for body in bodies)
    assert not any(word in body for body in bodies for word in (b"Zanzibar", str(lawyer.id).encode()))
