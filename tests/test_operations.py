"""Operations: what each decision needs, who may take it, and what a roster does to those who are on it."""

import itertools
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from evidence_api.domain.operation import OPERATION, Danger, OperationState, Outcome
from evidence_api.domain.roles import OPERATOR, Role
from evidence_api.models import LedgerEntry, Operation, SafetyAssessment
from evidence_api.services import cases
from evidence_api.work import Site, begin
from tests.casework import (
    Made,
    assess,
    decided_charge,
    intervened,
    made,
    move,
    new_episode,
    new_operation,
    new_rescue,
    new_venue,
    new_victim,
)
from tests.conftest import Persona, upload

Case = dict[str, Any]


def today(days: int = 0) -> str:
    return (datetime.now(UTC).date() + timedelta(days=days)).isoformat()


def act(persona: Persona, operation: Made, action: str, **more: Any) -> Any:
    return persona.post(f"/operations/{operation['id']}/transitions", {"action": action, "reason": "Decided", **more})


def sign(persona: Persona, operation: Made, **more: Any) -> Any:
    body = {"authorised_on": today(), "reference": "AHTP 17/2026", **more}
    return persona.post(f"/operations/{operation['id']}/authorisation", body)


def ready(persona: Persona, case: Case, **fields: Any) -> Made:
    """A rescue that lacks nothing for its go."""
    rescue = new_rescue(persona, case["id"], **fields)
    assert sign(persona, rescue).status_code == 200
    return rescue


def put(persona: Persona, operation: Made, victim: str, **more: Any) -> Any:
    return persona.post(f"/operations/{operation['id']}/roster", {"victim": victim, **more})


def refused(response: Any, status: int, word: str = "") -> dict[str, Any]:
    body: dict[str, Any] = response.get_json()
    assert response.status_code == status, body
    assert word in f"{body['detail']} {body.get('errors', '')}", body
    return body


def where(persona: Persona, victim: str) -> str:
    return str(persona.get(f"/victims/{victim}").get_json()["whereabouts"])


def test_who_plans_an_operation_has_it_with_a_reference_of_its_own(
    investigator: Persona, lawyer: Persona, caseworker: Persona, shared_case: Case
) -> None:
    venue = new_venue(investigator, shared_case["id"])["id"]
    first = new_operation(investigator, shared_case["id"], planned_on=today(3), venue=venue, aftercare_places=40)
    assert first["ref"] == f"{shared_case['ref']}-O1"
    assert (first["state"], first["planner"], first["decider"]) == ("planned", str(investigator.id), None)
    assert first["allowed"] == ["go", "no_go", "abort"]
    second = new_operation(lawyer, shared_case["id"], kind="covert_visit", partner=None)
    listed = caseworker.get(f"/cases/{shared_case['id']}/operations").get_json()["items"]
    assert [one["id"] for one in listed] == [second["id"], first["id"]]
    only = caseworker.get(f"/cases/{shared_case['id']}/operations?kind=rescue").get_json()["items"]
    assert [one["id"] for one in only] == [first["id"]]
    assert caseworker.get(f"/operations/{first['id']}").get_json() == first


def test_operations_are_written_by_investigators_and_lawyers_and_hidden_from_who_is_not_on_the_case(
    investigator: Persona, colleague: Persona, supervisor: Persona, caseworker: Persona, shared_case: Case
) -> None:
    rescue = new_rescue(investigator, shared_case["id"])
    path = f"/operations/{rescue['id']}"
    body = {"case": shared_case["id"], "kind": "rescue"}
    assert supervisor.post("/operations", body).status_code == 403
    assert caseworker.post("/operations", body).status_code == 403
    assert colleague.post("/operations", body).status_code == 404
    for tail in ("", "/assessments", "/roster", "/next-steps", "/figures", "/operatives"):
        assert colleague.get(path + tail).status_code == 404
    assert colleague.get(f"/cases/{shared_case['id']}/operations").status_code == 404
    planned = colleague.get("/operations?state=planned&limit=200").get_json()["items"]
    assert rescue["id"] not in {one["id"] for one in planned}
    assert caseworker.call("PATCH", path, json={"planned_on": today()}).status_code == 403
    assert sign(caseworker, rescue).status_code == 403
    assert act(caseworker, rescue, "abort").status_code == 403
    assert caseworker.get(f"{path}/operatives").status_code == 403


def test_what_is_wrong_with_an_operation_is_told_by_field(investigator: Persona, case: Case) -> None:
    body = {"case": case["id"], "kind": "raid", "aftercare_places": -1, "planned_on": "soon", "colour": "red"}
    told = refused(investigator.post("/operations", body), 422)
    assert set(told["errors"]) == {"kind", "aftercare_places", "planned_on", "colour"}
    elsewhere = investigator.post("/cases", {"title": "Other", "kind": "child_labour", "country": "KH"}).get_json()
    venue = new_venue(investigator, elsewhere["id"])["id"]
    refused(investigator.post("/operations", {"case": case["id"], "kind": "rescue", "venue": venue}), 422, "venue")


def test_a_go_needs_all_that_it_says_it_needs(
    investigator: Persona, supervisor: Persona, site: Site, case: Case
) -> None:
    rescue = new_operation(investigator, case["id"], partner=None)
    path = f"/operations/{rescue['id']}"

    def wanting() -> list[str]:
        steps = supervisor.get(f"{path}/next-steps").get_json()["items"]
        found: list[str] = next(step for step in steps if step["action"] == "go")["open"]
        if found:
            assert refused(act(supervisor, rescue, "go"), 409)["detail"] == found[0]
        return found

    assert [sentence.rpartition(" ")[2] for sentence in wanting()] == ["assessment.", "partner.", "partner."]
    assert "safety assessment" in wanting()[0]
    assess(investigator, rescue["id"], scores={"leak": 5})
    assert wanting()[0] == "Too great a danger for a go: leak."
    assess(investigator, rescue["id"])
    assert "authority partner" in wanting()[0]
    refused(sign(investigator, rescue), 409, "partner")
    assert investigator.call("PATCH", path, json={"partner": "Anti-trafficking unit"}).status_code == 200
    assert wanting() == ["A rescue needs the written go of the authority partner."]
    refused(sign(investigator, rescue, authorised_on=today(3)), 422, "future")
    letter = upload(investigator, case["id"])["id"]
    assert sign(investigator, rescue, document=letter).get_json()["document"] == letter
    with begin(site, OPERATOR) as work:
        work.session.execute(sa.update(SafetyAssessment).values(assessed_on=date(2026, 1, 1)))
        work.record(f"operation:{rescue['id']}", "operation:assess")
    assert wanting() == ["Its safety assessment does not hold now. Assess the dangers anew."]
    assess(investigator, rescue["id"], assessed_on=today(-30))
    assert wanting() == []
    gone = act(supervisor, rescue, "go").get_json()
    assert (gone["state"], gone["decider"]) == ("go", str(supervisor.id))
    assert gone["decided_at"] is not None


def test_the_partner_s_go_is_the_partner_s_own(investigator: Persona, case: Case) -> None:
    rescue = ready(investigator, case)
    path = f"/operations/{rescue['id']}"
    same = investigator.call("PATCH", path, json={"partner": rescue["partner"]}).get_json()
    assert same["reference"] == "AHTP 17/2026"
    other = investigator.call("PATCH", path, json={"partner": "Provincial police", "aftercare_places": 3}).get_json()
    assert (other["authorised_on"], other["reference"], other["aftercare_places"]) == (None, None, 3)


def test_what_a_go_was_given_for_is_not_changed_under_it(
    investigator: Persona, supervisor: Persona, case: Case
) -> None:
    rescue = ready(investigator, case)
    path = f"/operations/{rescue['id']}"
    assert act(supervisor, rescue, "go").status_code == 200
    refused(investigator.call("PATCH", path, json={"planned_on": today()}), 409, "no-go")
    refused(sign(investigator, rescue), 409, "no-go")
    assert act(supervisor, rescue, "no_go").get_json()["state"] == "no_go"
    assert investigator.call("PATCH", path, json={"planned_on": today()}).get_json()["planned_on"] == today()


def test_a_go_does_not_outlive_what_it_rested_on(investigator: Persona, supervisor: Persona, case: Case) -> None:
    first, second = (new_venue(investigator, case["id"])["id"] for _ in range(2))
    rescue = ready(investigator, case, venue=first, planned_on=today(5))
    path = f"/operations/{rescue['id']}"

    def changed(**body: Any) -> list[str]:
        assert investigator.call("PATCH", path, json=body).status_code == 200
        steps = supervisor.get(f"{path}/next-steps").get_json()["items"]
        found: list[str] = next(step for step in steps if step["action"] == "go")["open"]
        return found

    written = "A rescue needs the written go of the authority partner."
    assert changed(planned_on=today(4), venue=first) == []
    assert changed(planned_on=today(6)) == [written]
    assert sign(investigator, rescue).status_code == 200
    assert changed(venue=second) == ["It needs a safety assessment.", written]
    (old,) = investigator.get(f"{path}/assessments").get_json()["items"]
    assert old["void_at"] is not None
    assert sign(investigator, rescue).status_code == 200
    assert assess(investigator, rescue["id"])["void_at"] is None
    assert act(supervisor, rescue, "go").status_code == 200
    assess(investigator, rescue["id"], scores={"leak": 4})
    assert investigator.get(path).get_json()["state"] == "go"
    assess(investigator, rescue["id"], scores={"leak": 5})
    back = investigator.get(path).get_json()
    assert (back["state"], back["decider"]) == ("no_go", None)
    told = [one["action"] for one in investigator.get(f"/cases/{case['id']}/timeline").get_json()["items"]]
    assert told.count("operation:no_go") == 1


def test_nobody_decides_on_what_she_planned_or_assessed_herself(
    investigator: Persona, supervisor: Persona, make_persona: Callable[..., Persona], site: Site, case: Case
) -> None:
    rescue, assessed = ready(investigator, case), ready(investigator, case)
    with begin(site, OPERATOR) as work:
        both = work.session.get_one(Operation, UUID(rescue["id"]))
        both.planner_id = supervisor.id
        work.session.execute(
            sa.update(SafetyAssessment)
            .where(SafetyAssessment.operation_id == UUID(assessed["id"]))
            .values(assessor_id=supervisor.id)
        )
        work.record(both, "operation:edit")
    other = make_persona(Role.SUPERVISOR)
    for operation in (rescue, assessed):
        for action in ("go", "no_go"):
            refused(act(supervisor, operation, action), 403, "Another supervisor")
        assert act(other, operation, "go").status_code == 200


def test_every_step_from_every_state_is_taken_or_refused_with_what_is_legal(
    investigator: Persona, supervisor: Persona, site: Site, case: Case
) -> None:
    who = {"go": supervisor, "no_go": supervisor, "conclude": investigator, "abort": supervisor}
    rescue = ready(investigator, case)
    for state, action in itertools.product(OperationState, OPERATION.actions):
        with begin(site, OPERATOR) as work:
            row = work.session.get_one(Operation, UUID(rescue["id"]))
            row.state = state
            work.record(row, "operation:edit")
        response = act(who[action], rescue, action)
        if action in OPERATION.allowed(state):
            assert response.status_code == 200, (state, action, response.get_json())
            assert response.get_json()["state"] == OPERATION.step(state, action).target
        else:
            told = refused(response, 409)
            assert (told["state"], told["allowed"]) == (state, OPERATION.allowed(state))
    for persona, action in ((investigator, "go"), (investigator, "no_go"), (supervisor, "conclude")):
        refused(act(persona, rescue, action), 403)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"expires_on": today(31)}, "expires_on"),
        ({"expires_on": today(-1)}, "expires_on"),
        ({"assessed_on": today(3)}, "assessed_on"),
        ({"scores": {"leak": 6}}, "scores.leak"),
        ({"scores": {"weather": 1}}, "scores.weather"),
    ],
)
def test_a_safety_assessment_scores_every_danger_and_expires(
    investigator: Persona, case: Case, fields: dict[str, Any], field: str
) -> None:
    path = f"/operations/{new_operation(investigator, case['id'])['id']}/assessments"
    body = {"assessed_on": today(), **fields, "scores": dict.fromkeys(Danger, 1) | fields.get("scores", {})}
    assert field in refused(investigator.post(path, body), 422)["errors"]
    refused(investigator.post(path, {"assessed_on": today(), "scores": {"leak": 1}}), 422, "scores.victims")


def test_an_assessment_holds_thirty_days_unless_it_says_less(investigator: Persona, case: Case) -> None:
    rescue = new_operation(investigator, case["id"])["id"]
    assert assess(investigator, rescue)["expires_on"] == today(30)
    made_ = assess(investigator, rescue, expires_on=today(7), note="Until the landlord is back")
    found = investigator.get(f"/operations/{rescue}/assessments").get_json()["items"]
    assert [one["expires_on"] for one in found] == [today(7), today(30)]
    assert found[0] == made_


# --- the roster -------------------------------------------------------------------------------------------------------


def test_a_rescue_of_some_with_one_missed_is_counted_and_opens_a_search(
    investigator: Persona, supervisor: Persona, caseworker: Persona, shared_case: Case
) -> None:
    rescue = ready(investigator, shared_case)
    path = f"/operations/{rescue['id']}"
    hers = [new_victim(investigator, shared_case["id"])["id"] for _ in range(6)]
    expected = made(investigator, f"{path}/roster/several", {"victims": hers})["items"]
    assert {one["outcome"] for one in expected} == {None}
    assert act(supervisor, rescue, "go").status_code == 200
    refused(act(investigator, rescue, "conclude"), 409, "6")
    freed = made(caseworker, f"{path}/roster/several", {"victims": hers[:3], "outcome": "rescued"})["items"]
    assert {one["whereabouts"] for one in freed} == {"rescued"}
    gone = put(investigator, rescue, hers[3], outcome="missed", reason="told_to_hide").get_json()
    assert (gone["whereabouts"], gone["how"]) == ("missed", "told_to_hide")
    refused(act(investigator, rescue, "conclude"), 409, "2")
    put(investigator, rescue, hers[4], outcome="self_exited")
    stays = put(investigator, rescue, hers[5], outcome="declined", reason="Afraid of the debt").get_json()
    assert stays["whereabouts"] == "in_exploitation"
    done = act(investigator, rescue, "conclude", occurred_at=f"{today(-1)}T12:00:00Z").get_json()
    assert (done["state"], done["held_on"]) == ("done", today(-1))
    assert investigator.get(f"{path}/figures").get_json() == {
        "expected": 6,
        "open": 0,
        "rescued": 3,
        "intercepted": 0,
        "self_exited": 1,
        "located": 0,
        "missed": 1,
        "declined": 1,
    }
    searches = investigator.get("/searches").get_json()["items"]
    assert [one["operation"] for one in searches if one["victim"] == hers[3]] == [rescue["id"]]
    assert where(caseworker, hers[3]) == "missed"


def test_an_outcome_is_put_right_and_she_with_it(investigator: Persona, case: Case) -> None:
    rescue = new_rescue(investigator, case["id"])
    victim = new_victim(investigator, case["id"])["id"]

    def now(outcome: str, **more: Any) -> str:
        answer = put(investigator, rescue, victim, outcome=outcome, **more)
        assert answer.status_code == 200, answer.get_json()
        return str(answer.get_json()["whereabouts"])

    assert now("rescued") == "rescued"
    assert now("rescued") == "rescued"
    assert now("missed", how="moved") == "missed"
    assert now("located") == "located"
    assert now("intercepted") == "intercepted"
    assert now("declined") == "in_exploitation"
    assert len(investigator.get(f"/operations/{rescue['id']}/roster").get_json()["items"]) == 1
    refused(put(investigator, rescue, victim, outcome="located"), 409)
    assert investigator.get(f"/operations/{rescue['id']}/figures").get_json()["declined"] == 1
    refused(put(investigator, rescue, victim), 409, "already")


def test_a_mistaken_miss_is_taken_back_and_she_comes_off_the_roster(
    investigator: Persona, lawyer: Persona, case: Case
) -> None:
    rescue = new_rescue(investigator, case["id"])
    victim = new_victim(investigator, case["id"])["id"]
    off = f"/operations/{rescue['id']}/roster/{victim}/end"
    put(investigator, rescue, victim, outcome="missed", reason="hid")
    refused(investigator.post(off, {"reason": "Twice"}), 409, "right outcome")
    back = put(investigator, rescue, victim, outcome="declined", reason="Another was missed").get_json()
    assert back["whereabouts"] == "in_exploitation"
    assert investigator.get(f"/victims/{victim}").get_json()["missed_how"] is None
    assert ends(investigator, victim) == ["mistaken"]
    refused(lawyer.post(off, {"reason": "Twice"}), 403, "investigator")
    assert investigator.post(off, {"reason": "She was never there"}).status_code == 204
    move(investigator, f"/victims/{victim}", "report_missing", axis="whereabouts")
    refused(lawyer.post(f"/victims/{victim}/transitions", WRONGLY), 403)
    move(investigator, f"/victims/{victim}", "correct", axis="whereabouts")
    assert where(investigator, victim) == "in_exploitation"
    assert ends(investigator, victim) == ["mistaken", "mistaken"]


WRONGLY = {"axis": "whereabouts", "action": "correct", "reason": "A mistake"}


def ends(persona: Persona, victim: str) -> list[str | None]:
    """How each search for her ended, null where it goes on; the latest first."""
    return [one["end"] for one in persona.get(f"/searches?victim={victim}").get_json()["items"]]


def test_what_is_past_is_written_down_and_moves_her_no_more(
    investigator: Persona, supervisor: Persona, case: Case
) -> None:
    first, second = (new_rescue(investigator, case["id"]) for _ in range(2))
    victim, other = (new_victim(investigator, case["id"])["id"] for _ in range(2))
    put(investigator, first, victim, outcome="rescued")
    move(investigator, f"/victims/{victim}", "report_missing", axis="whereabouts")
    corrected = put(investigator, first, victim, outcome="intercepted").get_json()
    assert (corrected["outcome"], corrected["whereabouts"]) == ("intercepted", "missing")
    long_ago = {"occurred_at": "2018-05-01T08:00:00Z"}
    before = {"action": "rescue", "axis": "whereabouts", "reason": "Found on paper", **long_ago}
    refused(investigator.post(f"/victims/{victim}/transitions", before), 409, "before her latest step")
    late = put(investigator, second, victim, outcome="rescued", **long_ago).get_json()
    assert (late["outcome"], late["whereabouts"]) == ("rescued", "missing")
    assert ends(investigator, victim) == [None]
    # Of whom it is not said when, it was on the day of the operation.
    over = ready(investigator, case)
    act(supervisor, over, "go")
    act(investigator, over, "conclude", occurred_at=f"{today(-9)}T08:00:00Z")
    move(investigator, f"/victims/{other}", "report_missing", axis="whereabouts", occurred_at=f"{today(-5)}T08:00:00Z")
    assert put(investigator, over, other, outcome="located").get_json()["whereabouts"] == "missing"
    assert put(investigator, second, other, outcome="located").get_json()["whereabouts"] == "located"


def test_a_rescue_that_was_none_leaves_nothing_behind(
    investigator: Persona, caseworker: Persona, shared_case: Case
) -> None:
    victim, venue = (make(investigator, shared_case["id"])["id"] for make in (new_victim, new_venue))
    rescue = new_rescue(investigator, shared_case["id"])

    def open_needs() -> list[str]:
        needs = caseworker.get(f"/victims/{victim}/steps?kind=need").get_json()["items"]
        return [need["due_at"] for need in needs if need["state"] == "planned"]

    new_episode(investigator, victim, venue, started_on=today(-90))
    at = {"occurred_at": f"{today(-2)}T08:00:00Z"}
    put(investigator, rescue, victim, outcome="rescued", **at)
    due = set(open_needs())
    assert len(due) == 1
    put(investigator, rescue, victim, outcome="self_exited")
    assert set(open_needs()) == due, "how she came out is put right, not when"
    put(investigator, rescue, victim, outcome="missed", reason="moved")
    assert open_needs() == []
    later = new_episode(investigator, victim, new_venue(investigator, shared_case["id"])["id"], started_on=today(-1))
    assert later["classification"] == "moved_without_exit"
    put(investigator, rescue, victim, outcome="rescued", **at)
    assert set(open_needs()) == due


def test_a_roster_that_another_has_changed_is_read_again_first(investigator: Persona, case: Case) -> None:
    rescue = new_rescue(investigator, case["id"])
    hers = [new_victim(investigator, case["id"])["id"] for _ in range(2)]
    path = f"/operations/{rescue['id']}"
    seen = {"If-Match": investigator.get(path).headers["ETag"]}
    first = investigator.post(f"{path}/roster", {"victim": hers[0]}, headers=seen)
    assert first.status_code == 200
    refused(investigator.post(f"{path}/roster", {"victim": hers[1]}, headers=seen), 412)
    seen = {"If-Match": first.headers["ETag"]}
    assert investigator.post(f"{path}/roster/{hers[0]}/end", {"reason": "Twice"}, headers=seen).status_code == 204
    refused(investigator.post(f"{path}/roster", {"victim": hers[1]}, headers=seen), 412)


def test_a_lawyer_says_who_is_to_be_brought_out_and_not_what_it_brought_them(
    investigator: Persona, lawyer: Persona, case: Case
) -> None:
    rescue = new_rescue(investigator, case["id"])
    victim = new_victim(investigator, case["id"])["id"]
    assert put(lawyer, rescue, victim).status_code == 200
    refused(put(lawyer, rescue, victim, outcome="rescued"), 403, "investigator or a caseworker")
    assert where(investigator, victim) == "in_exploitation"
    assert lawyer.post(f"/operations/{rescue['id']}/roster/{victim}/end", {"reason": "Twice"}).status_code == 204


def test_one_who_was_only_located_can_be_brought_out(investigator: Persona, case: Case) -> None:
    victim = new_victim(investigator, case["id"])["id"]
    for action in ("miss", "locate"):
        move(
            investigator,
            f"/victims/{victim}",
            action,
            axis="whereabouts",
            **({"how": "hid"} if action == "miss" else {}),
        )
    rescue = new_rescue(investigator, case["id"])
    assert put(investigator, rescue, victim, outcome="rescued").get_json()["whereabouts"] == "rescued"


def test_a_roster_takes_only_whom_the_case_knows_and_all_or_none(
    investigator: Persona, supervisor: Persona, case: Case
) -> None:
    rescue = new_rescue(investigator, case["id"])
    elsewhere = investigator.post("/cases", {"title": "Other", "kind": "child_labour", "country": "KH"}).get_json()
    strange, known = (new_victim(investigator, at["id"])["id"] for at in (elsewhere, case))
    refused(put(investigator, rescue, strange), 422, "does not know her")
    several = f"/operations/{rescue['id']}/roster/several"
    refused(investigator.post(several, {"victims": [known, strange], "outcome": "rescued"}), 422, "does not know her")
    refused(investigator.post(several, {"victims": [known, known]}), 422, "once")
    assert where(investigator, known) == "in_exploitation"
    refused(put(investigator, rescue, known, outcome="rescued", how="hid"), 422, "how")
    refused(put(supervisor, rescue, known), 403)
    assert put(investigator, rescue, known).status_code == 200
    assert investigator.post(f"/operations/{rescue['id']}/roster/{known}/end", {"reason": "Twice"}).status_code == 204
    assert investigator.get(f"/operations/{rescue['id']}/roster").get_json()["items"] == []


@pytest.mark.parametrize(
    ("state", "expected", "outcome"), [("no_go", 409, 409), ("aborted", 409, 409), ("done", 409, 200)]
)
def test_nothing_is_written_on_the_roster_of_what_is_not_carried_out(
    investigator: Persona, supervisor: Persona, case: Case, state: str, expected: int, outcome: int
) -> None:
    rescue = ready(investigator, case)
    steps = {"no_go": ["no_go"], "aborted": ["abort"], "done": ["go", "conclude"]}[state]
    for action in steps:
        assert act(investigator if action == "conclude" else supervisor, rescue, action).status_code == 200
    victim = new_victim(investigator, case["id"])["id"]
    assert put(investigator, rescue, victim).status_code == expected
    assert put(investigator, rescue, victim, outcome="rescued").status_code == outcome


def test_a_roster_comes_in_pages_that_join(investigator: Persona, case: Case) -> None:
    rescue = new_rescue(investigator, case["id"])
    hers = sorted(new_victim(investigator, case["id"])["id"] for _ in range(3))
    made(investigator, f"/operations/{rescue['id']}/roster/several", {"victims": hers})
    first = investigator.get(f"/operations/{rescue['id']}/roster?limit=2").get_json()
    rest = investigator.get(f"/operations/{rescue['id']}/roster?limit=2&cursor={first['next']}").get_json()
    assert [one["victim"] for one in first["items"] + rest["items"]] == hers
    assert rest["next"] is None


# --- the stages of the case -------------------------------------------------------------------------------------------


def stage(persona: Persona, case: Case, action: str, **more: Any) -> Any:
    return persona.post(f"/cases/{case['id']}/transitions", {"action": action, "reason": "It is time", **more})


def test_an_intervention_is_planned_with_an_assessment_a_partner_and_places(
    investigator: Persona, supervisor: Persona, case: Case
) -> None:
    assert stage(investigator, case, "investigate").status_code == 200
    new_rescue_of = {"case": case["id"], "kind": "rescue"}
    refused(stage(supervisor, case, "plan_intervention"), 409, "Plan a rescue first")
    new_operation(investigator, case["id"], kind="surveillance")
    refused(stage(supervisor, case, "plan_intervention"), 409, "Plan a rescue first")
    rescue = made(investigator, "/operations", new_rescue_of)
    refused(stage(supervisor, case, "plan_intervention"), 409, "safety assessment")
    assess(investigator, rescue["id"], assessed_on=today(-31), expires_on=today(-5))
    refused(stage(supervisor, case, "plan_intervention"), 409, "safety assessment")
    assess(investigator, rescue["id"])
    refused(stage(supervisor, case, "plan_intervention"), 409, "authority partner")
    path = f"/operations/{rescue['id']}"
    investigator.call("PATCH", path, json={"partner": "Police", "aftercare_places": 0})
    refused(stage(supervisor, case, "plan_intervention"), 409, "aftercare")
    investigator.call("PATCH", path, json={"aftercare_places": 1})
    assert stage(supervisor, case, "plan_intervention", occurred_at=f"{today(-3)}T12:00:00Z").status_code == 200


def test_an_assessment_that_held_when_it_was_planned_is_none_today(investigator: Persona, case: Case) -> None:
    assert stage(investigator, case, "investigate").status_code == 200
    rescue = new_operation(investigator, case["id"], aftercare_places=3)
    assess(investigator, rescue["id"], assessed_on=today(-300))
    then = stage(investigator, case, "plan_intervention", occurred_at=f"{today(-299)}T12:00:00Z")
    refused(then, 409, "safety assessment")


def test_an_intervention_is_recorded_once_everyone_on_the_roster_has_an_outcome(
    investigator: Persona, supervisor: Persona, case: Case
) -> None:
    assert stage(investigator, case, "investigate").status_code == 200
    rescue = ready(investigator, case)
    assert stage(supervisor, case, "plan_intervention").status_code == 200
    refused(stage(investigator, case, "intervene"), 409, "No rescue has been carried out")
    hers = [new_victim(investigator, case["id"])["id"] for _ in range(2)]
    made(investigator, f"/operations/{rescue['id']}/roster/several", {"victims": hers})
    refused(stage(investigator, case, "intervene"), 409, "No rescue has been carried out")
    put(investigator, rescue, hers[0], outcome="rescued")
    refused(stage(investigator, case, "intervene"), 409, "No rescue has been carried out")
    assert act(supervisor, rescue, "go").status_code == 200
    refused(stage(investigator, case, "intervene"), 409, "still open: 1")
    put(investigator, rescue, hers[1], outcome="missed", reason="hid")
    later = new_rescue(investigator, case["id"])
    put(investigator, later, hers[1])
    assert stage(investigator, case, "hold").status_code == 200
    assert stage(investigator, case, "resume").status_code == 200
    assert stage(investigator, case, "intervene").status_code == 200


def test_an_outcome_on_a_visit_and_an_abort_halfway_are_no_intervention(
    investigator: Persona, supervisor: Persona, case: Case
) -> None:
    stage(investigator, case, "investigate")
    rescue = ready(investigator, case)
    stage(supervisor, case, "plan_intervention")
    visit = new_operation(investigator, case["id"], kind="covert_visit")
    assess(investigator, visit["id"])
    hers = [new_victim(investigator, case["id"])["id"] for _ in range(2)]
    made(investigator, f"/operations/{rescue['id']}/roster/several", {"victims": hers})
    assert act(supervisor, rescue, "go").status_code == 200
    put(investigator, rescue, hers[0], outcome="rescued")
    refused(act(supervisor, rescue, "abort"), 409, "still open: 1")
    put(investigator, rescue, hers[1], outcome="declined")
    assert act(supervisor, rescue, "abort").status_code == 200
    put(investigator, visit, hers[1], outcome="declined")
    refused(stage(investigator, case, "intervene"), 409, "No rescue has been carried out")
    act(supervisor, visit, "go")
    refused(stage(investigator, case, "intervene"), 409, "No rescue has been carried out")


def test_a_rescue_that_found_nobody_is_one_once_it_is_concluded(
    investigator: Persona, supervisor: Persona, case: Case
) -> None:
    stage(investigator, case, "investigate")
    rescue = ready(investigator, case)
    stage(supervisor, case, "plan_intervention")
    act(supervisor, rescue, "go")
    refused(stage(investigator, case, "intervene"), 409, "No rescue")
    act(investigator, rescue, "conclude")
    assert stage(investigator, case, "intervene").status_code == 200


def test_guards_that_were_met_stay_met_when_a_case_is_reopened(
    investigator: Persona, lawyer: Persona, supervisor: Persona, site: Site, case: Case
) -> None:
    stage(investigator, case, "investigate")
    intervened(investigator, supervisor, case["id"])
    with begin(site, OPERATOR) as work:
        work.session.execute(sa.update(SafetyAssessment).values(assessed_on=date(2026, 1, 1)))
        work.record(f"case:{case['id']}", "case:edit")
    decided_charge(lawyer, supervisor, case["id"])
    for action in ("charge", "try", "judge"):
        assert stage(lawyer, case, action).status_code == 200
    assert stage(lawyer, case, "reopen", to="investigating").status_code == 200
    assert stage(investigator, case, "plan_intervention").status_code == 200
    assert stage(investigator, case, "intervene").status_code == 200


def test_a_case_that_has_ended_takes_no_operation_and_no_outcome(
    investigator: Persona, supervisor: Persona, case: Case
) -> None:
    rescue = ready(investigator, case)
    victim = new_victim(investigator, case["id"])["id"]
    assert stage(supervisor, case, "decline").status_code == 200
    refused(investigator.post("/operations", {"case": case["id"], "kind": "rescue"}), 409, "ended")
    refused(put(investigator, rescue, victim), 409, "ended")
    refused(act(supervisor, rescue, "go"), 409, "ended")
    refused(sign(investigator, rescue), 409, "ended")


def test_nothing_slips_into_a_case_that_is_being_ended(
    investigator: Persona, supervisor: Persona, site: Site, case: Case
) -> None:
    rescue = ready(investigator, case)
    asked = {"authority": "Police", "asks": "Who owns it?", "sent_on": today()}
    request = made(investigator, f"/cases/{case['id']}/requests", asked)["id"]
    victim = new_victim(investigator, case["id"])["id"]
    with ThreadPoolExecutor(2) as others:
        with begin(site, supervisor.actor()) as work:
            cases.transition(work, UUID(case["id"]), action="decline", reason="It is another's")
            late = others.submit(put, investigator, rescue, victim)
            withdrawn = others.submit(investigator.post, f"/requests/{request}/withdraw", {"reason": "Too late"})
            time.sleep(0.3)
        refused(late.result(), 409, "ended")
        refused(withdrawn.result(), 409, "ended")


def test_the_entries_of_an_operation_name_nobody_in_the_clear(
    investigator: Persona, supervisor: Persona, site: Site, case: Case
) -> None:
    rescue = ready(investigator, case, partner="Unit of Sokhom")
    victim = new_victim(investigator, case["id"])
    put(investigator, rescue, victim["id"], outcome="missed", reason="told_to_hide")
    operative = made(supervisor, "/operatives", {"person": "Chea Vanna"})
    made(investigator, f"/operations/{rescue['id']}/operatives", {"operative": operative["id"]})
    act(supervisor, rescue, "go")
    with begin(site, OPERATOR, read_only=True) as work:
        of = sa.select(LedgerEntry.body).where(LedgerEntry.subject == f"operation:{rescue['id']}")
        bodies = b"".join(work.session.scalars(of))
    secret = ["Sokhom", "AHTP", victim["id"], victim["pseudonym"], "missed", "told_to_hide", operative["id"], today(30)]
    assert [word for word in [*secret, operative["code"].join('""'), "Vanna"] if word.encode() in bodies] == []
    assert bodies.count(b'"action":"operation:') == 6


def test_every_outcome_has_its_figure(investigator: Persona, case: Case) -> None:
    rescue = new_operation(investigator, case["id"])
    assert set(investigator.get(f"/operations/{rescue['id']}/figures").get_json()) == {"expected", "open", *Outcome}


# --- operatives in an operation ---------------------------------------------------------------------------------------


def test_operatives_take_part_by_code_for_those_who_may_read_codes(
    investigator: Persona, lawyer: Persona, supervisor: Persona, case: Case
) -> None:
    rescue = new_operation(investigator, case["id"], kind="covert_visit")
    path = f"/operations/{rescue['id']}/operatives"
    operative = made(supervisor, "/operatives", {})
    refused(lawyer.post(path, {"operative": operative["id"]}), 403)
    assert made(investigator, path, {"operative": operative["id"]})["code"] == operative["code"]
    refused(investigator.post(path, {"operative": operative["id"]}), 409)
    assert [one["code"] for one in supervisor.get(path).get_json()["items"]] == [operative["code"]]
    assert lawyer.get(path).status_code == 403
    assert investigator.post(f"{path}/{operative['id']}/end", {"reason": "Ill"}).status_code == 204
    assert investigator.get(path).get_json()["items"] == []
    made(supervisor, f"/operatives/{operative['id']}/end", {"reason": "Left"})
    refused(investigator.post(path, {"operative": operative["id"]}), 422, "operative")
