"""After court: each victim who has testified has a plan, with somebody who has room for her."""

import uuid
from typing import Any

import pytest
import sqlalchemy as sa

from evidence_api.domain.roles import OPERATOR
from evidence_api.domain.testimony import PLAN, PlanState, TestimonyState
from evidence_api.models import Case as CaseRow
from evidence_api.models import Partner, PostCourtPlan
from evidence_api.services._plans import unplanned
from evidence_api.work import Site, begin
from tests.casework import Made, made, move, new_adult, new_testimony
from tests.conftest import Persona
from tests.test_testimonies import put, told

Case = dict[str, Any]
REASON = {"reason": "As she wishes"}


@pytest.fixture
def testimony(caseworker: Persona, lawyer: Persona, shared_case: Case) -> Made:
    victim = new_adult(caseworker, shared_case["id"], estimated_age=24)
    return new_testimony(lawyer, shared_case["id"], victim["id"])


@pytest.fixture
def plan(site: Site, lawyer: Persona, testimony: Made) -> Made:
    """The plan of somebody who has testified."""
    put(site, testimony, state=TestimonyState.ATTENDED)
    move(lawyer, f"/testimonies/{testimony['id']}", "conclude")
    found: Made = lawyer.get(f"/victims/{testimony['victim']}/plans").get_json()["items"][0]
    return found


def new_partner(persona: Persona, **fields: Any) -> Made:
    body = {"name": f"Lotus {uuid.uuid4().hex[:6]}", "country": "KH", "region": "Kandal", "offers": ["vocational"]}
    return made(persona, "/partners", {**body, "languages": ["km"], "capacity": 2, **fields})


def step(persona: Persona, plan: Made, action: str, **more: Any) -> Any:
    return persona.post(f"/plans/{plan['id']}/transitions", {"action": action, **REASON, **more})


def lacking(site: Site, case: str) -> list[str]:
    with begin(site, OPERATOR, read_only=True) as work:
        return unplanned(work, work.session.get_one(CaseRow, uuid.UUID(case)))


def test_who_testified_in_part_and_then_withdraws_has_a_plan_too_and_only_one(
    site: Site, lawyer: Persona, caseworker: Persona, shared_case: Case, testimony: Made
) -> None:
    put(site, testimony, state=TestimonyState.PART_HEARD)
    path = f"/testimonies/{testimony['id']}"
    move(caseworker, path, "withdraw")

    def plans() -> list[str]:
        return [one["state"] for one in caseworker.get(f"/victims/{testimony['victim']}/plans").get_json()["items"]]

    assert plans() == ["open"]
    assert [testimony["ref"] in told for told in lacking(site, shared_case["id"])] == [True]
    put(site, testimony, state=TestimonyState.ATTENDED)
    move(lawyer, path, "conclude")
    assert plans() == ["open"]


def test_a_concluded_testimony_opens_a_plan_for_a_victim_alone(
    site: Site, lawyer: Persona, caseworker: Persona, investigator: Persona, shared_case: Case, testimony: Made
) -> None:
    expert = new_testimony(lawyer, shared_case["id"], "Expert 1", witness_kind="expert")
    for one in (expert, testimony):
        put(site, one, state=TestimonyState.PART_HEARD)
    # She has testified, if in part: a case does not close upon that because nobody concludes it.
    assert [testimony["ref"] in told for told in lacking(site, shared_case["id"])] == [True]
    concluded = move(lawyer, f"/testimonies/{expert['id']}", "conclude")
    assert concluded["concluded_on"]
    assert lawyer.get(f"/testimonies/{expert['id']}").get_json()["plan"] is None
    move(lawyer, f"/testimonies/{testimony['id']}", "conclude")
    plan = lawyer.get(f"/testimonies/{testimony['id']}").get_json()["plan"]
    assert (plan["state"], plan["victim"]) == ("open", testimony["victim"])
    assert caseworker.get(f"/plans/{plan['id']}").get_json()["testimony"] == testimony["id"]
    told(investigator.get(f"/plans/{plan['id']}"), 403)
    assert [testimony["ref"] in told for told in lacking(site, shared_case["id"])] == [True]
    assert told(step(caseworker, plan, "agree", wants_nothing=True), 200)["wants_nothing"] is True
    assert lacking(site, shared_case["id"]) == []
    move(caseworker, f"/testimonies/{testimony['id']}", "debrief")
    told(step(caseworker, plan, "revise"), 200)
    assert len(lacking(site, shared_case["id"])) == 1


def test_only_partners_that_take_her_and_have_room_are_named(caseworker: Persona, lawyer: Persona, plan: Made) -> None:
    fits = new_partner(caseworker)
    says_nothing = new_partner(caseworker, capacity=None)
    others: list[dict[str, Any]] = [
        {"capacity": 0},
        {"languages": ["vi"]},
        {"genders": ["male"]},
        {"youngest": 30},
        {"oldest": 17},
        {"offers": ["legal"]},
    ]
    wrong = {new_partner(caseworker, **fields)["id"] for fields in others}
    where = f"/plans/{plan['id']}/partners"
    told(lawyer.get(f"{where}?service=vocational"), 403)
    told(caseworker.get(where), 422)
    found = [one["id"] for one in caseworker.get(f"{where}?service=vocational").get_json()["items"]]
    assert {fits["id"], says_nothing["id"]} <= set(found)
    assert not wrong & set(found)
    assert found.index(fits["id"]) < found.index(says_nothing["id"])


def test_a_plan_is_agreed_with_an_offer_by_somebody_who_has_room(
    site: Site, caseworker: Persona, lawyer: Persona, supervisor: Persona, plan: Made
) -> None:
    where = f"/plans/{plan['id']}/offers"
    told(step(caseworker, plan, "agree"), 409, "Nothing is offered")
    told(step(lawyer, plan, "agree"), 403)
    partner = new_partner(caseworker, capacity=1)
    full = new_partner(caseworker, capacity=0)
    told(lawyer.post(where, {"service": "vocational"}), 403)
    told(caseworker.post(where, {"service": "vocational", "partner": full["id"]}), 409, "no place left")
    told(caseworker.post(where, {"service": "legal", "partner": partner["id"]}), 422, "does not offer")
    told(caseworker.post(where, {"service": "legal", "partner": str(uuid.uuid4())}), 422)
    offer = made(caseworker, where, {"service": "vocational", "partner": partner["id"], "note": "From March"})
    assert (offer["partner"], offer["has_room"], offer["by_office"]) == (partner["id"], True, False)
    for persona in (lawyer, supervisor):
        (shown,) = persona.get(where).get_json()["items"]
        assert (shown["service"], shown["partner"], shown["note"]) == ("vocational", None, None)
    with site.engine.begin() as connection:
        connection.execute(sa.update(Partner).where(Partner.id == uuid.UUID(partner["id"])).values(capacity=0))
    told(step(caseworker, plan, "agree"), 409, "has room any more")
    assert caseworker.post(f"/offers/{offer['id']}/withdraw", REASON).status_code == 204
    told(caseworker.post(f"/offers/{offer['id']}/withdraw", REASON), 409)
    told(step(caseworker, plan, "agree"), 409, "Nothing is offered")
    own = made(caseworker, where, {"service": "legal"})
    assert own["by_office"] is True
    agreed = told(step(caseworker, plan, "agree"), 200)
    assert (agreed["state"], agreed["wants_nothing"]) == ("agreed", False)
    assert agreed["agreed_on"]
    told(caseworker.post(where, {"service": "medical"}), 409, "Revise it first")
    told(caseworker.post(f"/offers/{own['id']}/withdraw", REASON), 409, "Revise it first")
    told(step(caseworker, plan, "finish", wants_nothing=True), 422)
    assert told(step(caseworker, plan, "finish"), 200)["state"] == "done"
    assert told(step(caseworker, plan, "revise"), 200)["agreed_on"] is None


def test_every_step_of_a_plan_is_done_or_refused_with_what_is_legal(
    site: Site, caseworker: Persona, plan: Made
) -> None:
    made(caseworker, f"/plans/{plan['id']}/offers", {"service": "legal"})
    for state in PlanState:
        for action in PLAN.actions:
            with site.engine.begin() as connection:
                of = sa.update(PostCourtPlan).where(PostCourtPlan.id == uuid.UUID(plan["id"]))
                connection.execute(of.values(state=state))
            response = step(caseworker, plan, action)
            if action in PLAN.allowed(state):
                assert response.status_code == 200, (state, action)
            else:
                assert told(response, 409)["allowed"] == PLAN.allowed(state), (state, action)
    steps = caseworker.get(f"/plans/{plan['id']}/next-steps").get_json()["items"]
    assert all(one["mine"] for one in steps)
