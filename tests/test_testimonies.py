"""Testimony: who testifies, each guard refused and then met, signatures that lapse, and willingness withdrawn."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from evidence_api.domain.roles import Role
from evidence_api.domain.testimony import OVER, TESTIMONY, MeasureState, Requirement, TestimonyState
from evidence_api.models import LedgerEntry, PostCourtPlan, Testimony
from evidence_api.work import Site
from tests.casework import (
    Made,
    consents,
    held_session,
    made,
    move,
    new_adult,
    new_perpetrator,
    new_testimony,
    new_victim,
    preparing,
    ready,
)
from tests.conftest import Persona, upload

Case = dict[str, Any]
REASON = {"reason": "Her own word"}


def day(days: int = 0) -> str:
    return (datetime.now(UTC).date() + timedelta(days=days)).isoformat()


def moment(days: float) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) + timedelta(days=days)


def step(persona: Persona, testimony: Made, action: str, **more: Any) -> Any:
    return persona.post(f"/testimonies/{testimony['id']}/transitions", {"action": action, **REASON, **more})


def told(response: Any, status: int, word: str = "") -> dict[str, Any]:
    found: dict[str, Any] = response.get_json()
    assert response.status_code == status, found
    assert word in str(found), found
    return found


def put(site: Site, testimony: Made, **values: Any) -> None:
    """As if it had come so far."""
    with site.engine.begin() as connection:
        of = sa.update(Testimony).where(Testimony.id == uuid.UUID(testimony["id"]))
        connection.execute(of.values(**values))


def lacking(persona: Persona, testimony: Made) -> dict[str, list[str]]:
    found = persona.get(f"/testimonies/{testimony['id']}/readiness").get_json()
    return {point["requirement"]: point["lacking"] for point in found["points"] if not point["met"]}


def signed(persona: Persona, testimony: Made) -> set[str]:
    found = persona.get(f"/testimonies/{testimony['id']}/readiness").get_json()
    return {one["role"] for one in found["signatures"] if one["stands"]}


@pytest.fixture
def testimony(caseworker: Persona, lawyer: Persona, shared_case: Case) -> Made:
    return new_testimony(lawyer, shared_case["id"], new_adult(caseworker, shared_case["id"])["id"])


# --- who testifies ----------------------------------------------------------------------------------------------------


def test_a_victim_is_named_once_and_known_by_her_pseudonym(
    lawyer: Persona, caseworker: Persona, investigator: Persona, colleague: Persona, shared_case: Case
) -> None:
    where = f"/cases/{shared_case['id']}/testimonies"
    victim = new_adult(caseworker, shared_case["id"])
    body = {"witness_kind": "victim", "witness": victim["id"]}
    told(lawyer.post(where, {**body, "witness": str(uuid.uuid4())}), 422, "does not know her")
    told(investigator.post(where, body), 403)
    told(colleague.post(where, body), 404)
    one = made(lawyer, where, body)
    assert (one["ref"], one["state"], one["pseudonym"]) == (
        f"{shared_case['ref']}-T1",
        "identified",
        victim["pseudonym"],
    )
    told(lawyer.post(where, body), 409, "already")
    for persona in (investigator, caseworker, lawyer):
        assert [found["id"] for found in persona.get(where).get_json()["items"]] == [one["id"]]
    told(colleague.get(f"/testimonies/{one['id']}"), 404)


def test_officers_and_experts_have_no_names_and_caseworkers_do_not_know_of_them(
    lawyer: Persona, caseworker: Persona, shared_case: Case
) -> None:
    where = f"/cases/{shared_case['id']}/testimonies"
    told(lawyer.post(where, {"witness_kind": "expert"}), 422, "such as Expert 1")
    expert = new_testimony(lawyer, shared_case["id"], "Expert 1", witness_kind="expert")
    officer = new_testimony(lawyer, shared_case["id"], "Officer 1", witness_kind="officer")
    told(lawyer.post(where, {"witness_kind": "expert", "witness": "Expert 1"}), 409)
    assert caseworker.get(where).get_json()["items"] == []
    told(caseworker.get(f"/testimonies/{expert['id']}"), 404)
    kept = lawyer.get(f"{where}?kind=officer").get_json()["items"]
    assert [one["id"] for one in kept] == [officer["id"]]
    first = lawyer.get(f"{where}?limit=1").get_json()
    assert lawyer.get(f"{where}?limit=1&cursor={first['next']}").get_json()["items"][0]["id"] == expert["id"]
    assert lawyer.get(f"{where}?state=ready").get_json()["items"] == []
    changed = lawyer.call("PATCH", f"/testimonies/{expert['id']}", json={"label": "Expert 2", "language": "en"})
    assert changed.get_json()["label"] == "Expert 2"


def test_an_operative_testifies_under_a_pseudonym_and_only_who_knows_operatives_says_which(
    lawyer: Persona, investigator: Persona, supervisor: Persona, shared_case: Case, site: Site
) -> None:
    where = f"/cases/{shared_case['id']}/testimonies"
    operative = made(supervisor, "/operatives", {})
    body = {"witness_kind": "operative", "witness": operative["id"]}
    told(lawyer.post(where, body), 422, "adds which one")
    one = made(lawyer, where, {"witness_kind": "operative", "label": "Witness A"})
    path = f"/testimonies/{one['id']}"
    told(lawyer.post(f"{path}/operative", {"operative": operative["id"]}), 403)
    told(investigator.post(f"{path}/operative", {"operative": str(uuid.uuid4())}), 422)
    assert made(investigator, f"{path}/operative", {"operative": operative["id"]})["code"] == operative["code"]
    assert lawyer.get(path).get_json()["code"] is None
    other = made(lawyer, where, {"witness_kind": "operative", "label": "Witness B"})
    told(supervisor.post(f"/testimonies/{other['id']}/operative", {"operative": operative["id"]}), 409)
    with site.engine.connect() as connection:
        of = sa.select(LedgerEntry.body).where(LedgerEntry.subject == f"testimony:{one['id']}")
        written = b"".join(bytes(body) for body in connection.scalars(of))
    assert operative["id"].encode() not in written
    assert b"Witness A" not in written


# --- steps and guards -------------------------------------------------------------------------------------------------


def test_every_legal_step_is_done_and_every_state_refuses_another_with_what_is_legal(
    site: Site, lawyer: Persona, testimony: Made
) -> None:
    guarded = {"assess", "make_ready", "schedule"}
    for state in TestimonyState:
        legal = TESTIMONY.allowed(state)
        for action in [*legal, next(action for action in TESTIMONY.actions if action not in legal)]:
            put(site, testimony, state=state)
            response = step(lawyer, testimony, action)
            if action not in legal:
                assert told(response, 409)["allowed"] == legal, (state, action)
            elif action in guarded:
                assert "allowed" not in told(response, 409), (state, action)
            else:
                assert response.status_code == 200, (state, action, response.get_json())
            if action == "conclude":
                with site.engine.begin() as connection:
                    hers = PostCourtPlan.testimony_id == uuid.UUID(testimony["id"])
                    connection.execute(sa.delete(PostCourtPlan).where(hers))


def test_her_needs_are_assessed_before_she_is_asked(lawyer: Persona, caseworker: Persona, testimony: Made) -> None:
    told(step(caseworker, testimony, "assess"), 409, "Assess first what the witness needs")
    needs = {"fear": "Of the keeper", "travel": "Comes by boat"}
    where = f"/testimonies/{testimony['id']}/needs"
    told(caseworker.post(where, {"needs": {"luck": "None"}, "assessed_on": day()}), 422)
    told(caseworker.post(where, {"needs": needs, "assessed_on": day(3)}), 422, "future")
    made(caseworker, where, {"needs": needs, "assessed_on": day()})
    assert lawyer.get(where).get_json()["items"][0]["needs"] == needs
    assert told(step(caseworker, testimony, "assess"), 200)["state"] == "assessed"


def test_what_she_needs_is_not_for_investigators(investigator: Persona, caseworker: Persona, testimony: Made) -> None:
    where = f"/testimonies/{testimony['id']}"
    made(caseworker, f"{where}/needs", {"needs": {"health": "Faints"}, "assessed_on": day()})
    told(investigator.get(f"{where}/needs"), 403)
    told(investigator.get(f"{where}/preparations"), 403)
    assert "Faints" not in investigator.get(where).get_data(as_text=True)


def test_the_whole_checklist_is_met_point_by_point(
    site: Site, lawyer: Persona, caseworker: Persona, shared_case: Case
) -> None:
    child = new_victim(caseworker, shared_case["id"])
    one = made(lawyer, f"/cases/{shared_case['id']}/testimonies", {"witness_kind": "victim", "witness": child["id"]})
    where = f"/testimonies/{one['id']}"
    put(site, one, state=TestimonyState.PREPARING, in_crisis_since=moment(0))
    move(caseworker, f"/victims/{child['id']}", "report_missing", axis="whereabouts")
    measure = made(lawyer, f"{where}/measures", {"kind": "screen"})
    assert lacking(lawyer, one).keys() == set(Requirement)
    told(lawyer.post(f"{where}/sign"), 409)
    told(step(lawyer, one, "make_ready"), 409, "Consent to testify is missing")
    expired = consents(caseworker, child["id"], given_at=moment(-9).isoformat(), expires_on=day(-3))
    assert lacking(lawyer, one)["consent"] == ["Consent to testify has expired."]
    made(caseworker, f"/consents/{expired['id']}/withdraw", REASON)
    put(site, one, state=TestimonyState.PREPARING)
    assert lacking(lawyer, one)["consent"] == ["Consent to testify was withdrawn."]
    consents(caseworker, child["id"])
    consents(caseworker, child["id"], "testimony_assent")
    guardian = made(caseworker, "/resources", {"kind": "guardian", "name": "Aunt of the second"})
    driver = made(caseworker, "/resources", {"kind": "driver", "name": "Driver"})
    wrong = caseworker.call("PATCH", where, json={"guardian": driver["id"]})
    told(wrong, 422, "no such guardian")
    assert caseworker.call("PATCH", where, json={"guardian": guardian["id"]}).status_code == 200
    made(caseworker, f"{where}/needs", {"assessed_on": day()})
    for action in ("apply", "grant", "arrange"):
        move(lawyer, f"/measures/{measure['id']}", action)
    statement = upload(lawyer, shared_case["id"])["id"]
    made(lawyer, f"{where}/statement", {"statement": statement})
    assert lacking(lawyer, one)["statement"] == ["The statement of the witness is not disclosed yet."]
    made(lawyer, f"{where}/statement", {"statement": statement, "disclosed_on": day()})
    asked = {"language": "km", "interpreter_gender": "female"}
    assert lawyer.call("PATCH", where, json=asked).status_code == 200
    assert "An interpreter is asked for" in lacking(lawyer, one)["language"][0]
    interpreter = made(lawyer, f"{where}/measures", {"kind": "interpreter", "required": False})
    assert interpreter["state"] == MeasureState.NEEDED
    move(caseworker, f"/victims/{child['id']}", "locate", axis="whereabouts")
    made(caseworker, f"{where}/crisis/end", REASON)
    assert lacking(lawyer, one).keys() == {"preparation"}
    kinds = ["court_visit", "roles", "memory_refresh", "safety_plan", "break_signal"]
    for days, kind in enumerate(kinds, start=2):
        held_session(caseworker, one["id"], kind, days)
    assert lacking(lawyer, one) == {}
    told(step(lawyer, one, "make_ready"), 409, "has not signed")
    for persona in (lawyer, caseworker):
        made(persona, f"{where}/sign", {})
    told(step(caseworker, one, "make_ready"), 403)
    assert told(step(lawyer, one, "make_ready"), 200)["state"] == "ready"
    # What comes out of a guardian later is told, and stands in the way of a time being confirmed.
    perpetrator = new_perpetrator(lawyer, shared_case["id"])
    made(lawyer, f"/resources/{guardian['id']}/ties", {"perpetrator": perpetrator["id"], "reason": "His sister"})
    assert lacking(caseworker, one).keys() == {"guardian"}
    assert "cannot come" in str(caseworker.get(where).get_json()["open"])
    told(caseworker.call("PATCH", where, json={"guardian": guardian["id"]}), 422, "Name another")


def test_a_witness_who_is_no_victim_needs_the_lawyer_s_signature_alone(
    lawyer: Persona, site: Site, shared_case: Case
) -> None:
    expert = new_testimony(lawyer, shared_case["id"], "Expert 7", witness_kind="expert")
    put(site, expert, state=TestimonyState.PREPARING)
    where = f"/testimonies/{expert['id']}"
    assert lacking(lawyer, expert).keys() == {"needs", "statement"}
    made(lawyer, f"{where}/needs", {"assessed_on": day()})
    item = upload(lawyer, shared_case["id"])["id"]
    made(lawyer, f"{where}/statement", {"statement": item, "disclosed_on": day()})
    told(step(lawyer, expert, "make_ready"), 409, "lawyer has not signed")
    assert made(lawyer, f"{where}/sign", {})["ready"] is True
    assert told(step(lawyer, expert, "make_ready"), 200)["state"] == "ready"


def test_a_signature_lapses_when_anything_changes_that_was_signed_for(
    lawyer: Persona, caseworker: Persona, shared_case: Case, testimony: Made
) -> None:
    preparing(lawyer, caseworker, testimony)
    where = f"/testimonies/{testimony['id']}"
    measure = made(lawyer, f"{where}/measures", {"kind": "screen", "required": False})
    extra = upload(lawyer, shared_case["id"])["id"]
    consent = consents(caseworker, testimony["victim"])["id"]
    changes: list[Callable[[], Any]] = [
        lambda: move(lawyer, f"/measures/{measure['id']}", "apply"),
        lambda: made(lawyer, f"{where}/statement", {"statement": extra, "disclosed_on": day()}),
        lambda: made(caseworker, f"{where}/needs", {"needs": {"fear": "More"}, "assessed_on": day()}),
        lambda: held_session(caseworker, testimony["id"], "roles", 20),
        lambda: lawyer.call("PATCH", where, json={"language": "vi"}),
        lambda: made(caseworker, f"{where}/crisis", REASON) and made(caseworker, f"{where}/crisis/end", REASON),
        lambda: consents(caseworker, testimony["victim"]),
    ]
    assert consent
    for change in changes:
        for persona in (lawyer, caseworker):
            made(persona, f"{where}/sign", {})
        assert signed(lawyer, testimony) == {"lawyer", "caseworker"}
        change()
        assert signed(lawyer, testimony) == set()
        told(step(lawyer, testimony, "make_ready"), 409, "has not signed")


def test_nobody_signs_twice_even_with_two_roles(
    site: Site, lawyer: Persona, caseworker: Persona, supervisor: Persona, testimony: Made
) -> None:
    preparing(lawyer, caseworker, testimony)
    where = f"/testimonies/{testimony['id']}"
    made(caseworker, f"{where}/sign", {})
    told(caseworker.post(f"{where}/sign"), 403, "Another person")
    told(supervisor.post(f"{where}/sign"), 403)
    put(site, testimony, lawyer_id=caseworker.id)
    assert signed(lawyer, testimony) == {"caseworker"}
    with site.engine.begin() as connection:
        of = sa.select(Testimony.caseworker_signed_for).where(Testimony.id == uuid.UUID(testimony["id"]))
        digest = connection.execute(of).scalar_one()
    # The lawyer who has signed as a caseworker somewhere else in her day is no second person.
    put(site, testimony, caseworker_id=lawyer.id, caseworker_signed_for=digest, lawyer_id=None)
    told(lawyer.post(f"{where}/sign"), 403, "Another person")


# --- willingness ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.CASEWORKER, Role.LAWYER])
def test_she_may_withdraw_at_any_time_and_it_takes_effect_at_once(
    site: Site, lawyer: Persona, caseworker: Persona, testimony: Made, role: Role
) -> None:
    persona = caseworker if role is Role.CASEWORKER else lawyer
    never = OVER | {TestimonyState.WITHDRAWN}
    for state in TestimonyState:
        put(site, testimony, state=state)
        response = step(persona, testimony, "withdraw")
        if state in never:
            told(response, 409)
        else:
            assert told(response, 200)["state"] == "withdrawn", state


def test_withdrawing_releases_what_was_booked_and_planned_and_what_was_signed(
    lawyer: Persona, caseworker: Persona, testimony: Made
) -> None:
    ready(lawyer, caseworker, testimony)
    where = f"/testimonies/{testimony['id']}"
    begins, ends = moment(40).replace(hour=3), moment(40).replace(hour=6)
    at = {"starts_at": begins.isoformat(), "ends_at": ends.isoformat()}
    court = {"court": "Provincial court", "room": testimony["id"], "kind": "trial", **at}
    hearing = made(lawyer, f"/cases/{testimony['case']}/hearings", court)
    booked = {"hearing": hearing["id"], "starts_at": at["starts_at"], "ends_at": at["ends_at"]}
    made(lawyer, f"{where}/book", booked)
    assert [one["state"] for one in lawyer.get(where).get_json()["bookings"]] == ["provisional"]
    later = {"starts_at": moment(30).isoformat(), "ends_at": moment(30.1).isoformat(), "kind": "roles"}
    session = made(caseworker, f"{where}/preparations", later)
    assert told(step(lawyer, testimony, "schedule"), 200)["state"] == "scheduled"
    assert [one["state"] for one in lawyer.get(where).get_json()["bookings"]] == ["confirmed"]
    assert told(step(caseworker, testimony, "withdraw"), 200)["state"] == "withdrawn"
    assert lawyer.get(where).get_json()["bookings"] == []
    assert caseworker.get(f"/preparations/{session['id']}").get_json()["state"] == "cancelled"
    assert signed(lawyer, testimony) == set()
    # Her time is free: she may be booked again, once she is willing again.
    assert told(step(caseworker, testimony, "agree"), 200)["state"] == "willing"
    made(lawyer, f"{where}/book", booked)
    assert told(step(caseworker, testimony, "postpone"), 409)["allowed"]


def test_a_consent_taken_back_ends_her_testimony_in_every_case_that_knows_her(
    lawyer: Persona, caseworker: Persona, investigator: Persona, testimony: Made
) -> None:
    body = {"title": "Harbour", "kind": "sex_trafficking", "country": "KH"}
    other = made(investigator, "/cases", body)["id"]
    for persona in (lawyer, caseworker):
        made(investigator, f"/cases/{other}/assignments", {"user": str(persona.id), "role": persona.role.value})
    made(caseworker, f"/victims/{testimony['victim']}/cases", {"case": other})
    second = new_testimony(lawyer, other, testimony["victim"])
    first, again = (consents(caseworker, testimony["victim"])["id"] for _ in range(2))
    care = consents(caseworker, testimony["victim"], "care")["id"]
    made(caseworker, f"/consents/{care}/withdraw", REASON)
    made(caseworker, f"/consents/{first}/withdraw", REASON)
    states = [lawyer.get(f"/testimonies/{one['id']}").get_json()["state"] for one in (testimony, second)]
    assert states == ["withdrawn", "withdrawn"]
    # What she gave before she took one back does not hold either.
    assert lacking(lawyer, testimony)["consent"] == ["Consent to testify was withdrawn."]
    move(caseworker, f"/testimonies/{testimony['id']}", "agree")
    consents(caseworker, testimony["victim"])
    made(caseworker, f"/consents/{again}/withdraw", REASON)
    assert lacking(lawyer, testimony)["consent"]


def test_a_crisis_is_told_by_the_caseworker_and_releases_what_is_booked(
    lawyer: Persona, caseworker: Persona, testimony: Made
) -> None:
    ready(lawyer, caseworker, testimony)
    where = f"/testimonies/{testimony['id']}"
    later = {"starts_at": moment(31).isoformat(), "ends_at": moment(31.1).isoformat(), "kind": "roles"}
    session = made(caseworker, f"{where}/preparations", later)
    told(lawyer.post(f"{where}/crisis", REASON), 403)
    assert made(caseworker, f"{where}/crisis", REASON)["in_crisis_since"]
    told(caseworker.post(f"{where}/crisis", REASON), 409)
    assert caseworker.get(f"/preparations/{session['id']}").get_json()["state"] == "cancelled"
    told(caseworker.post(f"{where}/preparations", later), 409)
    assert made(caseworker, f"{where}/crisis/end", REASON)["in_crisis_since"] is None
    told(caseworker.post(f"{where}/crisis/end", REASON), 409)
    made(caseworker, f"{where}/preparations", later)


# --- when she cannot come, and what else is kept ----------------------------------------------------------------------


def test_when_she_cannot_come_is_kept_without_a_reason(lawyer: Persona, caseworker: Persona, testimony: Made) -> None:
    where = f"/testimonies/{testimony['id']}/unavailabilities"
    body = {"from_at": moment(10).isoformat(), "until_at": moment(12).isoformat()}
    told(caseworker.post(where, {**body, "reason": "Exams"}), 422)
    told(caseworker.post(where, {**body, "until_at": body["from_at"]}), 422)
    one = made(caseworker, where, body)
    for action in ("decline", "agree"):
        assert told(step(caseworker, testimony, action), 200)
    session = {"kind": "roles", "starts_at": moment(11).isoformat(), "ends_at": moment(11.1).isoformat()}
    told(lawyer.post(f"/testimonies/{testimony['id']}/preparations", session), 409)
    made(caseworker, f"/unavailabilities/{one['id']}/end", {})
    told(caseworker.post(f"/unavailabilities/{one['id']}/end"), 409)
    assert lawyer.get(where).get_json()["items"] == []
    made(lawyer, f"/testimonies/{testimony['id']}/preparations", session)
    assert [one["rule"] for one in made(caseworker, where, body)["conflicts"]] == ["witness_unavailable"]
    made(caseworker, where, {**body, "hard": False})


def test_interviews_are_counted(lawyer: Persona, testimony: Made) -> None:
    where = f"/testimonies/{testimony['id']}/interviews"
    told(lawyer.post(where, {"held_on": day(2)}), 422)
    assert [made(lawyer, where, {"held_on": day()})["interviews"] for _ in range(2)] == [1, 2]


def test_two_changes_at_once_are_told_apart_by_their_version(lawyer: Persona, testimony: Made) -> None:
    where = f"/testimonies/{testimony['id']}"
    etag = lawyer.get(where).headers["ETag"]
    assert lawyer.call("PATCH", where, json={"language": "vi"}, headers={"If-Match": etag}).status_code == 200
    assert lawyer.call("PATCH", where, json={"language": "en"}, headers={"If-Match": etag}).status_code == 412


def test_next_steps_say_who_may_take_them_and_what_is_missing(caseworker: Persona, testimony: Made) -> None:
    steps = caseworker.get(f"/testimonies/{testimony['id']}/next-steps").get_json()["items"]
    assert {one["action"]: (one["mine"], bool(one["open"])) for one in steps} == {
        "assess": (True, True),
        "decline": (True, False),
        "excuse": (False, False),
        "withdraw": (True, False),
    }


def test_a_timeline_tells_everybody_of_testimony_as_much_as_she_may_know(
    lawyer: Persona, caseworker: Persona, investigator: Persona, supervisor: Persona, shared_case: Case, testimony: Made
) -> None:
    where = f"/testimonies/{testimony['id']}"
    made(caseworker, f"{where}/needs", {"needs": {"health": "Faints"}, "assessed_on": day()})
    made(caseworker, f"{where}/crisis", {"reason": "Cannot sleep"})
    made(caseworker, f"{where}/crisis/end", {"reason": "Sleeps again"})
    move(caseworker, where, "assess", reason="In her room")
    secret = made(
        lawyer, f"/cases/{shared_case['id']}/testimonies", {"witness_kind": "operative", "label": "Witness A"}
    )
    operative = made(supervisor, "/operatives", {})["id"]
    made(supervisor, f"/testimonies/{secret['id']}/operative", {"operative": operative})

    def told_to(persona: Persona) -> tuple[set[str], str]:
        answer = persona.get(f"/cases/{shared_case['id']}/timeline?kind=testimony&limit=200")
        return {one["action"] for one in answer.get_json()["items"]}, answer.get_data(as_text=True)

    actions, said = told_to(investigator)
    assert actions == {"testimony:add", "testimony:assess", "testimony:operative"}
    assert not [word for word in ("Faints", "Cannot sleep", "Sleeps again") if word in said]
    actions, said = told_to(lawyer)
    assert actions == {
        "testimony:add",
        "testimony:assess",
        "testimony:needs",
        "testimony:crisis",
        "testimony:crisis_over",
    }
    assert operative not in said
    actions, said = told_to(caseworker)
    assert "Faints" in said
    assert secret["id"] not in said
