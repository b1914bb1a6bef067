"""Appeals: in time or late, step by step, what each outcome does to counts and case; closing a case by two."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evidence_api.domain.appeal import APPEAL
from evidence_api.domain.case import Stage
from evidence_api.domain.charge import ChargeState
from evidence_api.domain.roles import Role
from evidence_api.models import Case, Charge, Sentence, Verdict
from evidence_api.work import Site
from tests.casework import Made, convicted, filed_charge, heard_appeal, made, move, new_appeal, new_perpetrator
from tests.conftest import Persona, upload

TODAY = datetime.now(UTC).date()
PRISON = {"kind": "imprisonment", "days": 3650}
FINE = {"kind": "fine", "amount": 500_000, "currency": "USD"}


def day(days: int = 0) -> str:
    return (TODAY + timedelta(days=days)).isoformat()


def step(persona: Persona, appeal: Made, action: str, **fields: Any) -> Any:
    return persona.post(f"/appeals/{appeal['id']}/transitions", {"action": action, "reason": "As it was", **fields})


def file(persona: Persona, case: str, *charges: Made, **fields: Any) -> Any:
    body = {"charges": [one["id"] for one in charges], "side": "defence", "filed_on": day(), **fields}
    return persona.post(f"/cases/{case}/appeals", body)


def close(persona: Persona, case: Made) -> Any:
    return persona.post(f"/cases/{case['id']}/transitions", {"action": "close", "reason": "All is done"})


def now(persona: Persona, thing: Made, path: str = "charges") -> Made:
    found: Made = persona.get(f"/{path}/{thing['id']}").get_json()
    return found


def standing(site: Site, charge: Made) -> tuple[list[str], list[str]]:
    """The verdicts and the sentences of a count that stand."""
    with site.engine.connect() as connection:
        of = UUID(charge["id"])
        verdicts = sa.select(Verdict.verdict).where(Verdict.charge_id == of, Verdict.ended_at.is_(None))
        sentences = sa.select(Sentence.kind).where(Sentence.charge_id == of, Sentence.ended_at.is_(None))
        return list(connection.scalars(verdicts)), sorted(connection.scalars(sentences.order_by(Sentence.id)))


def decided_long_ago(site: Site, charge: Made, days: int = 60) -> None:
    """As if the court had decided then, and the time for an appeal were over."""
    with site.engine.begin() as connection:
        past = {"decided_on": TODAY - timedelta(days=days), "filed_on": TODAY - timedelta(days=days + 5)}
        past |= {"appeal_until": TODAY - timedelta(days=days - 30)}
        connection.execute(sa.update(Charge).where(Charge.id == UUID(charge["id"])).values(**past))


def put(site: Site, case: Made, stage: Stage, **more: Any) -> None:
    with site.engine.begin() as connection:
        connection.execute(sa.update(Case).where(Case.id == UUID(case["id"])).values(stage=stage, **more))


@pytest.fixture
def judgment(investigator: Persona, case: Made) -> str:
    return str(upload(investigator, case["id"])["id"])


@pytest.fixture
def guilty(lawyer: Persona, supervisor: Persona, case: Made, judgment: str) -> Made:
    """A count of which a court convicted and for which it imposed imprisonment."""
    return sentenced(lawyer, supervisor, case, judgment)


def sentenced(lawyer: Persona, supervisor: Persona, case: Made, judgment: str, **fields: Any) -> Made:
    charge = convicted(lawyer, supervisor, case["id"], judgment, **fields)
    made(lawyer, f"/charges/{charge['id']}/sentences", {**PRISON, "imposed_on": day()})
    return move(lawyer, f"/charges/{charge['id']}", "sentence")


# --- filing -----------------------------------------------------------------------------------------------------------


def test_an_appeal_is_filed_against_decided_counts_and_read_by_those_who_prosecute(
    lawyer: Persona, investigator: Persona, supervisor: Persona, caseworker: Persona, colleague: Persona,
    shared_case: Made, guilty: Made,
) -> None:  # fmt: skip
    appeal = new_appeal(lawyer, shared_case["id"], guilty, court_ref="CA 9/2026", grounds="No interpreter")
    assert (appeal["ref"], appeal["state"]) == (f"{shared_case['ref']}-A1", "filed")
    assert (appeal["charges"], appeal["late"], appeal["late_reason"]) == ([guilty["id"]], False, None)
    assert appeal["allowed"] == ["refuse", "admit", "withdraw"]
    for persona in (investigator, supervisor):
        assert now(persona, appeal, "appeals") == appeal
        assert step(persona, appeal, "admit").status_code == 403
    assert now(lawyer, appeal, "appeals")["grounds"] == "No interpreter"
    for persona in (caseworker, colleague):
        assert persona.get(f"/appeals/{appeal['id']}").status_code == 404
    assert lawyer.get(f"/cases/{shared_case['id']}/appeals?state=heard").get_json()["items"] == []
    again = file(lawyer, shared_case["id"], guilty)
    assert (again.status_code, appeal["ref"] in again.get_json()["detail"]) == (409, True)
    assert file(lawyer, shared_case["id"], guilty, side="prosecution").status_code == 201


def test_what_is_wrong_with_an_appeal_is_said_by_field(
    lawyer: Persona, supervisor: Persona, case: Made, guilty: Made, judgment: str
) -> None:
    open_ = filed_charge(lawyer, supervisor, case["id"])
    assert "No court has decided" in file(lawyer, case["id"], open_).get_json()["errors"]["charges"][0]
    wrong = file(lawyer, case["id"], guilty, {"id": judgment})
    assert wrong.get_json()["errors"] == {"charges": ["There is no such charge in this case."]}
    assert "once" in file(lawyer, case["id"], guilty, guilty).get_json()["errors"]["charges"][0]
    assert "charges" in file(lawyer, case["id"]).get_json()["errors"]
    assert "side" in file(lawyer, case["id"], guilty, side="court").get_json()["errors"]
    assert "future" in file(lawyer, case["id"], guilty, filed_on=day(3)).get_json()["errors"]["filed_on"][0]
    assert "before" in file(lawyer, case["id"], guilty, filed_on=day(-3)).get_json()["errors"]["filed_on"][0]
    assert lawyer.get(f"/cases/{case['id']}/appeals").get_json()["items"] == []


def test_an_appeal_after_its_time_needs_a_reason_and_is_kept_as_late(
    lawyer: Persona, site: Site, case: Made, guilty: Made
) -> None:
    in_time = file(lawyer, case["id"], guilty, late_reason="He was ill")
    assert in_time.get_json()["errors"] == {"late_reason": ["It comes in time. Leave this out."]}
    decided_long_ago(site, guilty)
    late = file(lawyer, case["id"], guilty)
    assert day(-30) in late.get_json()["errors"]["late_reason"][0]
    assert file(lawyer, case["id"], guilty, filed_on=day(-30)).status_code == 201
    kept = new_appeal(lawyer, case["id"], guilty, side="prosecution", late_reason="New evidence was found")
    assert (kept["late"], kept["late_reason"]) == (True, "New evidence was found")


def test_an_appeal_is_changed_while_it_is_filed_and_no_more(lawyer: Persona, case: Made, guilty: Made) -> None:
    appeal = new_appeal(lawyer, case["id"], guilty)
    path = f"/appeals/{appeal['id']}"
    tag = lawyer.get(path).headers["ETag"]
    changed = lawyer.call("PATCH", path, json={"grounds": "Too long", "court": None}, headers={"If-Match": tag})
    assert (changed.get_json()["grounds"], changed.get_json()["court"]) == ("Too long", None)
    assert lawyer.call("PATCH", path, json={"grounds": "Other"}, headers={"If-Match": tag}).status_code == 412
    assert lawyer.call("PATCH", path, json={}).status_code == 422
    move(lawyer, path, "admit")
    assert lawyer.call("PATCH", path, json={"grounds": "Other"}).status_code == 409


# --- outcomes ---------------------------------------------------------------------------------------------------------


def test_every_outcome_needs_the_judgment_and_takes_nothing_that_is_not_its_own(
    lawyer: Persona, case: Made, guilty: Made, judgment: str
) -> None:
    appeal = heard_appeal(lawyer, case["id"], guilty)
    for action in ("dismiss", "vary", "substitute", "quash", "order_retrial"):
        assert step(lawyer, appeal, action).get_json()["errors"]["document"] == ["Fill this in."]
    assert "sentences" in step(lawyer, appeal, "vary", document=judgment).get_json()["errors"]
    assert "statute" in step(lawyer, appeal, "substitute", document=judgment).get_json()["errors"]
    known = step(lawyer, appeal, "substitute", document=judgment, statute="KH-1")
    assert "DEMO-2" in known.get_json()["errors"]["statute"][0]
    assert "statute" in step(lawyer, appeal, "quash", document=judgment, statute="DEMO-2").get_json()["errors"]
    assert "document" in step(lawyer, appeal, "withdraw", document=judgment).get_json()["errors"]
    assert step(lawyer, appeal, "quash", document=guilty["id"]).status_code == 422
    assert step(lawyer, appeal, "quash", document=judgment, decided_on=day(-3)).status_code == 422
    wrong = step(lawyer, appeal, "vary", document=judgment, sentences=[FINE, {"kind": "imprisonment"}])
    assert list(wrong.get_json()["errors"]) == ["sentences.1.days"]
    assert now(lawyer, appeal, "appeals")["state"] == "heard"
    assert now(lawyer, guilty)["state"] == "sentenced"


def test_a_dismissed_appeal_leaves_all_as_it_was_and_opens_the_time_for_the_next(
    lawyer: Persona, site: Site, case: Made, guilty: Made, judgment: str
) -> None:
    decided_long_ago(site, guilty)
    appeal = heard_appeal(lawyer, case["id"], guilty, filed_on=day(-40))
    done = step(lawyer, appeal, "dismiss", document=judgment, decided_on=day(-2)).get_json()
    assert (done["state"], done["decided_on"], done["document"]) == ("dismissed", day(-2), judgment)
    assert standing(site, guilty) == (["convicted"], ["imprisonment"])
    assert (now(lawyer, guilty)["state"], now(lawyer, guilty)["appeal_until"]) == ("sentenced", day(28))


def test_a_varied_sentence_takes_the_place_of_the_one_that_stood(
    lawyer: Persona, supervisor: Persona, site: Site, case: Made, guilty: Made, judgment: str
) -> None:
    other = sentenced(lawyer, supervisor, case, judgment)
    appeal = heard_appeal(lawyer, case["id"], guilty, other)
    unsaid = step(lawyer, appeal, "vary", document=judgment, sentences=[FINE])
    assert list(unsaid.get_json()["errors"]) == ["sentences.0.charge"]
    stranger = step(lawyer, appeal, "vary", document=judgment, sentences=[{**FINE, "charge": judgment}])
    assert "not about this count" in stranger.get_json()["errors"]["sentences.0.charge"][0]
    imposed = [{**FINE, "charge": guilty["id"]}, {"kind": "probation", "days": 400, "charge": guilty["id"]}]
    assert step(lawyer, appeal, "vary", document=judgment, sentences=imposed).get_json()["state"] == "varied"
    assert standing(site, guilty) == (["convicted"], ["fine", "probation"])
    assert standing(site, other) == (["convicted"], ["imprisonment"])
    kept = lawyer.get(f"/charges/{guilty['id']}/record").get_json()["sentences"]
    assert [one["kind"] for one in kept if one["ended_at"]] == ["imprisonment"]


def test_another_conviction_takes_the_place_of_the_one_that_stood(
    lawyer: Persona, supervisor: Persona, site: Site, case: Made, guilty: Made, judgment: str
) -> None:
    appeal = heard_appeal(lawyer, case["id"], guilty)
    body = {"document": judgment, "statute": "DEMO-2"}
    assert step(lawyer, appeal, "substitute", **body).get_json()["state"] == "substituted"
    assert (now(lawyer, guilty)["state"], standing(site, guilty)) == ("convicted_lesser", (["convicted_lesser"], []))
    verdicts = lawyer.get(f"/charges/{guilty['id']}/record").get_json()["verdicts"]
    assert [(one["statute"], bool(one["ended_at"])) for one in verdicts] == [("DEMO-1", True), ("DEMO-2", False)]
    other = sentenced(lawyer, supervisor, case, judgment)
    second = heard_appeal(lawyer, case["id"], other)
    step(lawyer, second, "substitute", **body, sentences=[FINE, {"kind": "probation", "days": 90}])
    assert now(lawyer, other)["state"] == "sentenced"
    assert standing(site, other) == (["convicted_lesser"], ["fine", "probation"])


def test_a_quashed_conviction_leaves_nothing_and_a_judged_case_as_it_is(
    lawyer: Persona, site: Site, case: Made, guilty: Made, judgment: str
) -> None:
    put(site, case, Stage.JUDGED)
    appeal = heard_appeal(lawyer, case["id"], guilty)
    assert step(lawyer, appeal, "quash", document=judgment).get_json()["state"] == "quashed"
    assert (now(lawyer, guilty)["state"], standing(site, guilty)) == ("quashed", ([], []))
    assert now(lawyer, guilty)["appeal_until"] is None
    assert now(lawyer, case, "cases")["stage"] == "judged"
    back = lawyer.post(f"/charges/{guilty['id']}/transitions", {"action": "list", "reason": "Once more"})
    assert "No retrial was ordered" in back.get_json()["detail"]


@pytest.mark.parametrize("stage", [Stage.JUDGED, Stage.CLOSED, Stage.ON_HOLD])
def test_a_retrial_lists_the_count_anew_and_leads_the_case_back_to_trial_by_itself(
    lawyer: Persona, site: Site, case: Made, guilty: Made, judgment: str, stage: Stage
) -> None:
    put(site, case, stage, closing_id=lawyer.id, closing_role=Role.LAWYER, held_from=Stage.MONITORING)
    appeal = heard_appeal(lawyer, case["id"], guilty)
    assert step(lawyer, appeal, "order_retrial", document=judgment).get_json()["state"] == "retrial_ordered"
    assert (now(lawyer, guilty)["state"], standing(site, guilty)) == ("listed", ([], []))
    events = lawyer.get(f"/cases/{case['id']}/timeline").get_json()["items"]
    told = {one["action"]: one["data"] for one in events[:4]}
    assert told.keys() == {"appeal:order_retrial", "charge:quash", "charge:list", "case:reopen"}
    assert told["case:reopen"]["appeal"] == appeal["id"]
    if stage is Stage.ON_HOLD:
        assert now(lawyer, case, "cases")["stage"] == "on_hold"
        move(lawyer, f"/cases/{case['id']}", "resume")
    found = now(lawyer, case, "cases")
    assert (found["stage"], found["closing"]) == ("in_trial", None)
    path = f"/charges/{guilty['id']}"
    move(lawyer, path, "begin")
    assert move(lawyer, path, "convict", document=judgment)["state"] == "convicted"
    assert standing(site, guilty) == (["convicted"], [])


def test_what_a_court_took_away_does_not_stand_from_its_day_on_however_late_it_is_recorded(
    lawyer: Persona, site: Site, case: Made, guilty: Made, judgment: str
) -> None:
    decided_long_ago(site, guilty)
    appeal = heard_appeal(lawyer, case["id"], guilty, filed_on=day(-40))
    step(lawyer, appeal, "order_retrial", document=judgment, decided_on=day(-10))
    record = lawyer.get(f"/charges/{guilty['id']}/record").get_json()
    assert [one["ended_at"][:10] for one in record["verdicts"] + record["sentences"]] == [day(-10)] * 2


def test_an_acquittal_can_be_taken_to_a_retrial_but_is_no_conviction_to_be_quashed(
    lawyer: Persona, supervisor: Persona, site: Site, case: Made, judgment: str
) -> None:
    charge = filed_charge(lawyer, supervisor, case["id"])
    path = f"/charges/{charge['id']}"
    move(lawyer, path, "plead", plea="not_guilty")
    for action in ("list", "begin", "acquit"):
        move(lawyer, path, action)
    appeal = heard_appeal(lawyer, case["id"], charge, side="prosecution")
    assert "No conviction stands" in step(lawyer, appeal, "quash", document=judgment).get_json()["detail"]
    assert step(lawyer, appeal, "order_retrial", document=judgment).status_code == 200
    assert (now(lawyer, charge)["state"], standing(site, charge)) == ("listed", ([], []))


def test_an_appeal_against_a_verdict_that_is_gone_changes_nothing_any_more(
    lawyer: Persona, site: Site, case: Made, guilty: Made, judgment: str
) -> None:
    first = heard_appeal(lawyer, case["id"], guilty)
    second = heard_appeal(lawyer, case["id"], guilty, side="prosecution")
    step(lawyer, first, "substitute", document=judgment, statute="DEMO-2", sentences=[FINE])
    for action, more in (("vary", {"sentences": [PRISON]}), ("quash", {}), ("order_retrial", {})):
        refused = step(lawyer, second, action, document=judgment, **more)
        assert (refused.status_code, "another than the one" in refused.get_json()["detail"]) == (409, True)
    steps = {
        one["action"]: one["open"] for one in lawyer.get(f"/appeals/{second['id']}/next-steps").get_json()["items"]
    }
    assert (steps["dismiss"], len(steps["quash"])) == ([], 1)
    assert standing(site, guilty) == (["convicted_lesser"], ["fine"])
    assert step(lawyer, second, "dismiss", document=judgment).status_code == 200


def test_a_step_out_of_turn_says_what_can_be_done(lawyer: Persona, case: Made, guilty: Made, judgment: str) -> None:
    appeal = new_appeal(lawyer, case["id"], guilty)
    refused = step(lawyer, appeal, "dismiss", document=judgment)
    assert (refused.status_code, refused.get_json()["allowed"]) == (409, ["refuse", "admit", "withdraw"])


def test_what_of_an_appeal_is_free_text_is_no_plain_part_of_the_ledger(
    lawyer: Persona, case: Made, guilty: Made, judgment: str
) -> None:
    appeal = heard_appeal(lawyer, case["id"], guilty, grounds="The witness Dara")
    step(lawyer, appeal, "vary", document=judgment, sentences=[{**FINE, "note": "To the fund of Dara"}])
    events = lawyer.get(f"/cases/{case['id']}/timeline?kind=court").get_json()["items"]
    mine = [one for one in events if one["subject"] in (f"appeal:{appeal['id']}", f"charge:{guilty['id']}")]
    assert {"appeal:file", "appeal:vary", "charge:vary", "charge:impose"} <= {one["action"] for one in mine}
    assert "Dara" not in str([one["data"] for one in mine])
    assert "Court of appeal" not in str([one["data"] for one in mine])


# --- until when one may come ------------------------------------------------------------------------------------------


def test_the_days_until_which_an_appeal_may_come_stand_in_order_with_what_is_left(
    lawyer: Persona, supervisor: Persona, colleague: Persona, site: Site, case: Made, judgment: str
) -> None:
    soon, later, over = (sentenced(lawyer, supervisor, case, judgment) for _ in range(3))
    decided_long_ago(site, soon, 27)
    decided_long_ago(site, over, 31)
    path = f"/reports/deadlines?case={case['id']}"
    mine = lawyer.get(path).get_json()["items"]
    assert [(one["charge"], one["until"], one["days_left"], one["near"]) for one in mine] == [
        (soon["id"], day(3), 3, True),
        (later["id"], day(30), 30, False),
    ]
    first = lawyer.get(f"{path}&limit=1").get_json()
    assert lawyer.get(f"{path}&limit=1&cursor={first['next']}").get_json() == {"items": mine[1:], "next": None}
    assert soon["id"] in {one["charge"] for one in lawyer.get("/reports/deadlines?limit=200").get_json()["items"]}
    assert colleague.get(path).get_json()["items"] == []


# --- closing a case ---------------------------------------------------------------------------------------------------


def test_a_case_is_closed_by_a_lawyer_and_a_supervisor_together(
    lawyer: Persona, supervisor: Persona, investigator: Persona, site: Site, case: Made
) -> None:
    put(site, case, Stage.MONITORING)
    assert close(investigator, case).status_code == 403
    agreed = close(lawyer, case).get_json()
    assert (agreed["stage"], agreed["closing"], agreed["closing_role"]) == ("monitoring", str(lawyer.id), "lawyer")
    assert close(lawyer, case).status_code == 403
    steps = lawyer.get(f"/cases/{case['id']}/next-steps").get_json()["items"]
    assert [(one["mine"], one["roles"]) for one in steps if one["action"] == "close"] == [(False, ["supervisor"])]
    closed = close(supervisor, case).get_json()
    assert (closed["stage"], closed["closing"]) == ("closed", None)
    events = investigator.get(f"/cases/{case['id']}/timeline").get_json()["items"]
    assert [one["action"] for one in events[:2]] == ["case:close", "case:close_agreed"]
    assert [one["actor"] for one in events[:2]] == [str(supervisor.id), str(lawyer.id)]


def test_any_other_step_takes_back_what_the_first_of_two_said(
    lawyer: Persona, supervisor: Persona, make_persona: Any, investigator: Persona, site: Site, case: Made
) -> None:
    put(site, case, Stage.MONITORING)
    assert close(supervisor, case).get_json()["closing_role"] == "supervisor"
    other = close(make_persona(Role.SUPERVISOR), case)
    assert (other.status_code, "same role" in other.get_json()["detail"]) == (409, True)
    for action in ("hold", "resume"):
        move(investigator, f"/cases/{case['id']}", action)
    assert now(lawyer, case, "cases")["closing"] is None
    assert close(lawyer, case).get_json()["stage"] == "monitoring"


def test_a_case_is_not_ended_while_a_charge_is_undecided(
    lawyer: Persona, supervisor: Persona, site: Site, case: Made
) -> None:
    charge = filed_charge(lawyer, supervisor, case["id"])
    put(site, case, Stage.MONITORING)
    refused = close(lawyer, case)
    assert (refused.status_code, "Not every charge is decided" in refused.get_json()["detail"]) == (409, True)
    put(site, case, Stage.INVESTIGATING)
    for action in ("decline", "resolve"):
        step = {"action": action, "reason": "Nothing comes of it"}
        assert lawyer.post(f"/cases/{case['id']}/transitions", step).status_code == 409
    move(lawyer, f"/charges/{charge['id']}", "withdraw", code="public_interest")
    put(site, case, Stage.MONITORING)
    assert close(lawyer, case).status_code == 200


def test_a_case_is_not_closed_while_an_appeal_is_open_or_may_come(
    lawyer: Persona, supervisor: Persona, site: Site, case: Made, guilty: Made, judgment: str
) -> None:
    put(site, case, Stage.MONITORING)
    refused = close(lawyer, case)
    assert (refused.status_code, refused.get_json()["detail"]) == (
        409,
        f"An appeal may be filed until {day(30)}: {guilty['ref']}. The case stays open until then.",
    )
    decided_long_ago(site, guilty)
    appeal = new_appeal(lawyer, case["id"], guilty, late_reason="He was ill")
    assert appeal["ref"] in close(supervisor, case).get_json()["detail"]
    move(lawyer, f"/appeals/{appeal['id']}", "refuse")
    assert close(supervisor, case).status_code == 200
    assert close(lawyer, case).get_json()["stage"] == "closed"


# --- whatever happens -------------------------------------------------------------------------------------------------

HELD = {
    ChargeState.CONVICTED: (1, False),
    ChargeState.CONVICTED_LESSER: (1, False),
    ChargeState.SENTENCED: (1, True),
    ChargeState.FINAL: (1, True),
    ChargeState.QUASHED: (0, False),
    ChargeState.LISTED: (0, False),
}
"""For each state: how many verdicts stand, and whether sentences do."""


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(APPEAL.actions), min_size=2, max_size=5))
def test_after_any_appeals_exactly_what_the_state_of_the_count_says_stands(
    lawyer: Persona, supervisor: Persona, site: Site, case: Made, judgment: str, outcomes: list[str]
) -> None:
    charge = sentenced(lawyer, supervisor, case, judgment, perpetrator=new_perpetrator(lawyer, case["id"])["id"])
    for outcome in outcomes:
        filed = file(lawyer, case["id"], charge)
        if filed.status_code == 201:
            appeal = filed.get_json()
            for action in () if outcome in ("refuse", "admit") else ("admit", "hear"):
                step(lawyer, appeal, action)
            more: dict[str, Any] = {"statute": "DEMO-2"} if outcome == "substitute" else {}
            more |= {"sentences": [FINE]} if outcome == "vary" else {}
            more |= {} if outcome in ("refuse", "admit", "hear", "withdraw") else {"document": judgment}
            step(lawyer, appeal, outcome, **more)
        verdicts, sentences = standing(site, charge)
        state = ChargeState(now(lawyer, charge)["state"])
        assert (len(verdicts), bool(sentences)) == HELD[state], state
