"""Care of a victim: its guards, the first 72 hours, going home, follow-ups, placements, money; and who sees what."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from evidence_api.domain.care import FOLLOW_UP_MONTHS, Need, months_on
from evidence_api.ledger.chain import disclosures_of
from evidence_api.models import LedgerEntry
from evidence_api.work import begin
from tests.casework import Made, made, move, new_perpetrator, new_victim
from tests.conftest import Persona, days_ago

TODAY = datetime.now(UTC).date()
PATH_HOME = ("stabilise", "restore")


def days(count: int) -> str:
    return (TODAY + timedelta(days=count)).isoformat()


@pytest.fixture
def victim(caseworker: Persona, shared_case: Made) -> Made:
    return new_victim(caseworker, shared_case["id"])


@pytest.fixture
def path(victim: Made) -> str:
    return f"/victims/{victim['id']}"


def assess(caseworker: Persona, path: str, kind: str, **fields: Any) -> Made:
    body = {"kind": kind, "summary": "She sleeps and eats.", "assessed_on": days(-1), **fields}
    return made(caseworker, f"{path}/assessments", body)


def care(caseworker: Persona, path: str, *actions: str) -> None:
    for action in actions:
        move(caseworker, path, action, axis="care")


def refused(caseworker: Persona, path: str, action: str) -> str:
    """What is said when the step of her care is refused for its guard."""
    answer = caseworker.post(f"{path}/transitions", {"axis": "care", "action": action, "reason": "It is time."})
    assert answer.status_code == 409, answer.get_json()
    assert "allowed" not in answer.get_json(), "the lifecycle has the step; a guard must stand before it"
    detail: str = answer.get_json()["detail"]
    return detail


def engage(caseworker: Persona, path: str) -> None:
    care(caseworker, path, "contact")
    assess(caseworker, path, "initial")
    care(caseworker, path, "assess")
    made(caseworker, f"{path}/willingness", {"willingness": "willing"})
    care(caseworker, path, "engage")


def items(persona: Persona, path: str) -> list[Made]:
    answer = persona.get(path)
    assert answer.status_code == 200, answer.get_json()
    found: list[Made] = answer.get_json()["items"]
    return found


def invalid(persona: Persona, path: str, body: Made) -> set[str]:
    answer = persona.post(path, body)
    assert answer.status_code == 422, answer.get_json()
    return set(answer.get_json()["errors"])


def new_partner(caseworker: Persona, **fields: Any) -> str:
    body = {"name": f"Hope {uuid.uuid4().hex[:6]}", "country": "KH", "region": "Kandal", "offers": ["shelter"]}
    return str(made(caseworker, "/partners", {**body, **fields})["id"])


def test_she_is_assessed_after_an_assessment_and_engaged_after_she_has_said_that_she_is_willing(
    caseworker: Persona, path: str
) -> None:
    care(caseworker, path, "contact")
    assess(caseworker, path, "health")
    assert "initial assessment" in refused(caseworker, path, "assess")
    assess(caseworker, path, "initial")
    care(caseworker, path, "assess")
    assert "willing" in refused(caseworker, path, "engage")
    for answer in ("undecided", "unwilling"):
        made(caseworker, f"{path}/willingness", {"willingness": answer, "note": "She wants to think."})
        refused(caseworker, path, "engage")
    said = made(caseworker, f"{path}/willingness", {"willingness": "willing"})
    assert said["willingness"] == "willing"
    care(caseworker, path, "engage")
    care(caseworker, path, "decline", "contact", "assess")
    refused(caseworker, path, "engage")


def test_the_way_home_needs_both_assessments_in_her_favour_and_still_good(caseworker: Persona, path: str) -> None:
    engage(caseworker, path)
    care(caseworker, path, *PATH_HOME)
    home = {"kind": "home", "from_on": days(0)}

    def blocked(*kinds: str) -> None:
        said = refused(caseworker, path, "reintegrate")
        assert {kind for kind in ("household_safety", "economic") if kind in said} == set(kinds), said
        for place in ("home", "relatives"):
            assert caseworker.post(f"{path}/placements", {**home, "kind": place}).status_code == 409

    blocked("household_safety", "economic")
    assess(caseworker, path, "economic", favourable=True)
    blocked("household_safety")
    assess(caseworker, path, "household_safety", favourable=True, assessed_on=days(-9), expires_on=days(-1))
    blocked("household_safety")
    assess(caseworker, path, "household_safety", favourable=True, expires_on=days(0))
    assess(caseworker, path, "economic", favourable=False)
    blocked("economic")
    assess(caseworker, path, "economic", favourable=True)
    made(caseworker, f"{path}/placements", home)
    care(caseworker, path, "reintegrate")


def test_what_a_step_of_her_care_lacks_is_said_beforehand_to_who_may_take_it_in_the_words_of_the_refusal(
    caseworker: Persona, investigator: Persona, lawyer: Persona, path: str
) -> None:
    def lacks(persona: Persona, action: str) -> list[str] | None:
        steps = {step["action"]: step for step in items(persona, f"{path}/next-steps") if step["axis"] == "care"}
        found: list[str] | None = steps[action]["open"]
        return found

    def said_of(action: str) -> None:
        assert lacks(caseworker, action) == [refused(caseworker, path, action)]
        for other in (investigator, lawyer):
            assert lacks(other, action) is None, "it tells of her care, and the step is not hers to take"

    care(caseworker, path, "contact")
    said_of("assess")
    assert lacks(caseworker, "decline") == []
    assess(caseworker, path, "initial")
    assert lacks(caseworker, "assess") == []
    care(caseworker, path, "assess")
    said_of("engage")
    made(caseworker, f"{path}/willingness", {"willingness": "willing"})
    assert lacks(caseworker, "engage") == []
    care(caseworker, path, "engage", *PATH_HOME)
    said_of("reintegrate")
    made(caseworker, f"{path}/placements", {"kind": "independent", "from_on": days(0)})
    assert lacks(caseworker, "reintegrate") == []


@pytest.mark.parametrize("expires_on", [{}, {"expires_on": days(900)}])
def test_a_home_that_was_assessed_half_a_year_ago_is_assessed_anew(
    caseworker: Persona, path: str, expires_on: Made
) -> None:
    home = {"kind": "home", "from_on": days(0)}
    assess(caseworker, path, "household_safety", favourable=True)
    assess(caseworker, path, "economic", favourable=True, assessed_on=days(-182), **expires_on)
    assert "economic" in caseworker.post(f"{path}/placements", home).get_json()["detail"]
    assess(caseworker, path, "economic", favourable=True, assessed_on=days(-178), **expires_on)
    made(caseworker, f"{path}/placements", home)


def test_she_does_not_go_home_to_a_suspect_of_her_family_until_the_household_was_found_safe_since(
    caseworker: Persona, investigator: Persona, shared_case: Made, victim: Made, path: str
) -> None:
    def refuses() -> bool:
        answers = [
            caseworker.post(f"{path}/placements", {"kind": k, "from_on": days(0)}) for k in ("home", "relatives")
        ]
        said = {answer.get_json()["detail"] for answer in answers} | {refused(caseworker, path, "reintegrate")}
        assert {answer.status_code for answer in answers} == {409}
        return len(said) == 1 and "family" in said.pop()

    engage(caseworker, path)
    care(caseworker, path, *PATH_HOME)
    for kind in ("household_safety", "economic"):
        assess(caseworker, path, kind, favourable=True, assessed_on=days(0))
    suspect = new_perpetrator(investigator, shared_case["id"])["id"]
    ties = f"/perpetrators/{suspect}/victims"
    made(investigator, ties, {"victim": victim["id"], "relation": "neighbour"})
    made(caseworker, f"{path}/keep-apart", {"barrier": "do_not_contact", "perpetrator": suspect})
    tie = made(investigator, ties, {"victim": victim["id"], "relation": "parent"})
    assert refuses()
    assess(caseworker, path, "household_safety", favourable=True, assessed_on=days(-1))
    assert refuses(), "an assessment that was made before and is only recorded now says nothing of it"
    assess(caseworker, path, "household_safety", favourable=True, assessed_on=days(0))
    made(caseworker, f"{path}/placements", {"kind": "home", "from_on": days(0)})
    made(caseworker, f"{path}/keep-apart", {"barrier": "do_not_place_with", "perpetrator": suspect})
    assert refuses(), "a barrier that came after the assessment holds too"
    assert made(investigator, f"/victim-ties/{tie['id']}/end", {"reason": "It was another man."})
    care(caseworker, path, "reintegrate")


def test_follow_ups_by_hand_take_the_place_of_those_alone_that_are_near(caseworker: Persona, path: str) -> None:
    engage(caseworker, path)
    care(caseworker, path, *PATH_HOME)
    made(caseworker, f"{path}/placements", {"kind": "independent", "from_on": days(0)})
    for count in (34, 1000):
        made(caseworker, f"{path}/steps", {"kind": "follow_up", "due_at": days_ago(-count).isoformat()})
    care(caseworker, path, "reintegrate")
    assert len(items(caseworker, f"{path}/steps?kind=follow_up")) == len(FOLLOW_UP_MONTHS) + 1


def test_who_has_a_place_of_her_own_goes_her_way_without_an_assessment_of_a_home(
    caseworker: Persona, path: str
) -> None:
    engage(caseworker, path)
    care(caseworker, path, *PATH_HOME)
    made(caseworker, f"{path}/placements", {"kind": "shelter", "from_on": days(-3)})
    refused(caseworker, path, "reintegrate")
    made(caseworker, f"{path}/placements", {"kind": "independent", "from_on": days(0)})
    care(caseworker, path, "reintegrate")


def test_follow_ups_reach_24_months_beyond_the_day_on_which_she_goes_her_own_way(
    caseworker: Persona, path: str
) -> None:
    engage(caseworker, path)
    care(caseworker, path, *PATH_HOME)
    made(caseworker, f"{path}/placements", {"kind": "independent", "from_on": days(0)})
    assert not items(caseworker, f"{path}/steps?kind=follow_up")
    care(caseworker, path, "reintegrate")
    planned = sorted(items(caseworker, f"{path}/steps?kind=follow_up"), key=lambda one: str(one["due_at"]))
    due = [datetime.fromisoformat(one["due_at"]).date() for one in planned]
    assert due == [months_on(datetime.now(UTC), months).date() for months in FOLLOW_UP_MONTHS]
    for one in planned[5:]:
        made(caseworker, f"/steps/{one['id']}/transitions", {"action": "stop", "reason": "She moves."})
    care(caseworker, path, "become_independent")
    open_ = [one for one in items(caseworker, f"{path}/steps?kind=follow_up") if one["state"] == "planned"]
    assert sorted(datetime.fromisoformat(one["due_at"]).date() for one in open_) == due


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [("2024-01-31", 1, "2024-02-29"), ("2024-12-31", 2, "2025-02-28"), ("2024-06-30", 24, "2026-06-30")],
)
def test_a_month_that_is_too_short_ends_on_its_last_day(start: str, months: int, end: str) -> None:
    assert months_on(datetime.fromisoformat(start), months) == datetime.fromisoformat(end)


def test_the_first_72_hours_are_a_checklist_opened_once_each_time_that_she_comes_out(
    caseworker: Persona, investigator: Persona, path: str
) -> None:
    assert not items(caseworker, f"{path}/steps")
    out = days_ago(1)
    move(investigator, path, "rescue", axis="whereabouts", occurred_at=out.isoformat())
    needs = items(caseworker, f"{path}/steps?kind=need")
    assert {one["what"] for one in needs} == {need.value for need in Need}
    assert {datetime.fromisoformat(one["due_at"]) for one in needs} == {out + timedelta(hours=72)}
    done = made(caseworker, f"/steps/{needs[0]['id']}/transitions", {"action": "finish", "outcome": "Seen."})
    assert (done["state"], done["ended_on"], done["allowed"]) == ("done", TODAY.isoformat(), ["resume"])
    move(investigator, path, "report_missing", axis="whereabouts", occurred_at=out.isoformat())
    move(investigator, path, "locate", axis="whereabouts", occurred_at=out.isoformat())
    assert len(items(caseworker, f"{path}/steps?kind=need")) == len(Need), "the same coming out"
    move(investigator, path, "report_missing", axis="whereabouts")
    move(investigator, path, "locate", axis="whereabouts")
    needs = items(caseworker, f"{path}/steps?kind=need")
    states = sorted(one["state"] for one in needs)
    assert states == ["done"] + ["planned"] * len(Need) + ["stopped"] * (len(Need) - 1)


def test_what_is_due_comes_to_her_caseworkers_the_longest_due_first(
    caseworker: Persona, colleague: Persona, make_persona: Any, path: str, victim: Made
) -> None:
    late = made(caseworker, f"{path}/steps", {"kind": "follow_up", "due_at": days_ago(400).isoformat()})
    made(caseworker, f"{path}/steps", {"kind": "follow_up", "due_at": days_ago(-40).isoformat()})
    soon = made(
        caseworker, f"{path}/steps", {"kind": "skill", "title": "Tailoring", "due_at": days_ago(-0.5).isoformat()}
    )
    closed = made(
        caseworker, f"{path}/steps", {"kind": "first", "title": "A letter", "due_at": days_ago(401).isoformat()}
    )
    made(caseworker, f"/steps/{closed['id']}/transitions", {"action": "finish"})
    found, cursor = [], ""
    while True:
        page = caseworker.get(f"/care/due?limit=2{cursor}").get_json()
        found += page["items"]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    mine = [one for one in found if one["victim"] == victim["id"]]
    assert [(one["id"], one["overdue"]) for one in mine] == [(late["id"], True), (soon["id"], False)]
    assert [one["due_at"] for one in found] == sorted(one["due_at"] for one in found)
    outsider = make_persona(caseworker.role)
    assert not items(outsider, "/care/due")
    assert colleague.get("/care/due").status_code == 403


def test_a_plan_says_what_each_step_is(caseworker: Persona, path: str) -> None:
    steps = f"{path}/steps"
    assert invalid(caseworker, steps, {"kind": "service", "what": "job"}) == {"what"}
    assert invalid(caseworker, steps, {"kind": "work"}) == {"what"}
    assert invalid(caseworker, steps, {"kind": "first"}) == {"title"}
    assert invalid(caseworker, steps, {"kind": "skill", "what": "medical", "title": "Sewing"}) == {"what"}
    assert invalid(caseworker, steps, {"kind": "follow_up"}) == {"due_at"}
    assert invalid(caseworker, steps, {"kind": "need", "what": "food"}) == {"kind"}
    assert invalid(caseworker, steps, {"kind": "service", "what": "legal", "partner": str(uuid.uuid4())}) == {"partner"}
    step = made(caseworker, steps, {"kind": "work", "what": "freedom_business", "title": "Bakery"})
    moves = f"/steps/{step['id']}/transitions"
    assert made(caseworker, moves, {"action": "begin"})["began_on"] == TODAY.isoformat()
    assert invalid(caseworker, moves, {"action": "stop"}) == {"reason"}
    assert made(caseworker, moves, {"action": "stop", "reason": "She is ill."})["state"] == "stopped"
    again = caseworker.post(moves, {"action": "begin"})
    assert (again.status_code, again.get_json()["allowed"]) == (409, ["resume"])
    assert made(caseworker, moves, {"action": "resume", "reason": "She is well."})["ended_on"] is None


def test_an_assessment_needs_its_answer_and_days_in_order(caseworker: Persona, path: str) -> None:
    body = {"kind": "household_safety", "summary": "The aunt is kind.", "assessed_on": days(0)}
    assert invalid(caseworker, f"{path}/assessments", body) == {"favourable"}
    assert invalid(caseworker, f"{path}/assessments", {**body, "favourable": True, "expires_on": days(-1)}) == {
        "expires_on"
    }
    assert invalid(caseworker, f"{path}/assessments", {**body, "favourable": True, "assessed_on": days(3)}) == {
        "assessed_on"
    }
    assert invalid(caseworker, f"{path}/assessments", {**body, "kind": "safety"}) == {"kind"}


def test_she_sleeps_in_one_place_at_a_time(caseworker: Persona, path: str) -> None:
    placements = f"{path}/placements"
    first = made(caseworker, placements, {"kind": "hospital", "from_on": days(-5)})
    assert first.keys() == {"id", "victim", "from_on", "until_on"}
    assert invalid(caseworker, placements, {"kind": "shelter", "from_on": days(-6)}) == {"from_on"}
    second = made(caseworker, placements, {"kind": "shelter", "from_on": days(-2)})
    assert [(one["id"], one["until_on"]) for one in items(caseworker, placements)] == [
        (second["id"], None),
        (first["id"], days(-2)),
    ]
    end = f"/placements/{second['id']}/end"
    assert invalid(caseworker, end, {"until_on": days(-3), "reason": "She left."}) == {"until_on"}
    assert made(caseworker, end, {"until_on": days(0), "reason": "She left."})["until_on"] == days(0)
    assert caseworker.post(end, {"until_on": days(0), "reason": "She left."}).status_code == 409


def test_two_who_are_kept_apart_never_stay_with_one_partner(
    caseworker: Persona, shared_case: Made, victim: Made, path: str
) -> None:
    other = new_victim(caseworker, shared_case["id"])
    shelter, elsewhere = new_partner(caseworker), new_partner(caseworker)
    body = {"kind": "shelter", "from_on": days(0), "partner": shelter}
    apart = made(caseworker, f"{path}/keep-apart", {"barrier": "do_not_place_with", "victim": other["id"]})
    there = made(caseworker, f"{path}/placements", body)
    refused = caseworker.post(f"/victims/{other['id']}/placements", body)
    assert refused.status_code == 409
    assert victim["pseudonym"] not in refused.get_data(as_text=True)
    made(caseworker, f"/victims/{other['id']}/placements", {**body, "partner": elsewhere})
    made(caseworker, f"/placements/{there['id']}/end", {"until_on": days(0), "reason": "She moves on."})
    made(caseworker, f"/victims/{other['id']}/placements", body)
    assert caseworker.post(f"{path}/placements", body).status_code == 409, "the barrier holds both ways"
    assert (apart["barrier"], apart["placement_conflict"]) == ("do_not_place_with", False)
    back = caseworker.post(
        f"/victims/{other['id']}/keep-apart", {"barrier": "do_not_place_with", "victim": victim["id"]}
    )
    assert back.status_code == 409, "it is the same barrier from the other side"


def test_a_barrier_against_somebody_beside_whom_she_sleeps_is_kept_and_is_to_be_solved_at_once(
    caseworker: Persona, investigator: Persona, shared_case: Made, victim: Made, path: str
) -> None:
    other = new_victim(caseworker, shared_case["id"])
    partner = new_partner(caseworker)
    for one in (victim, other):
        made(
            caseworker,
            f"/victims/{one['id']}/placements",
            {"kind": "shelter", "from_on": days(0), "partner": partner},
        )
    apart = made(caseworker, f"{path}/keep-apart", {"barrier": "do_not_place_with", "victim": other["id"]})
    assert apart["placement_conflict"] is True
    (step,) = items(caseworker, f"{path}/steps?kind=placement_conflict")
    assert (step["title"], step["partner"], step["state"]) == (None, None, "planned")
    due = [one for one in items(caseworker, "/care/due?limit=200") if one["victim"] == victim["id"]]
    assert [one["id"] for one in due] == [step["id"]]
    for kind in ("household_safety", "economic"):
        assess(caseworker, path, kind, favourable=True)
    made(caseworker, f"{path}/placements", {"kind": "home", "from_on": days(0)})
    father = new_perpetrator(investigator, shared_case["id"])["id"]
    made(investigator, f"/perpetrators/{father}/victims", {"victim": victim["id"], "relation": "parent"})
    barrier = {"barrier": "do_not_contact", "perpetrator": father}
    assert made(caseworker, f"{path}/keep-apart", barrier)["placement_conflict"] is True


def test_an_address_is_revealed_for_a_reason_with_a_code_and_each_time_is_kept(
    caseworker: Persona, path: str, victim: Made
) -> None:
    where = "Street 271, behind the pagoda"
    partner = new_partner(caseworker)
    body = {"kind": "shelter", "from_on": days(0), "partner": partner, "address": where}
    answer = caseworker.post(f"{path}/placements", body)
    assert where not in answer.get_data(as_text=True)
    reveal = f"/placements/{answer.get_json()['id']}/address/reveal"
    assert caseworker.post(reveal, {"reason": "To visit her."}).status_code == 403
    assert invalid(caseworker, reveal, {"otp": caseworker.otp()}) == {"reason"}
    shown = made(caseworker, reveal, {"reason": "To visit her.", "otp": caseworker.otp()})
    assert shown == {"kind": "shelter", "partner": partner, "address": where}
    listed = str(items(caseworker, f"{path}/placements"))
    assert not [secret for secret in (where, "shelter", partner) if secret in listed]
    assert actions(caseworker, victim)[-2:] == ["care:placement", "care:placement_reveal"]


def actions(persona: Persona, victim: Made) -> list[str]:
    """Every act on her chain, in order."""
    find = (
        sa.select(LedgerEntry.action).where(LedgerEntry.subject == f"victim:{victim['id']}").order_by(LedgerEntry.seq)
    )
    with persona.site.engine.connect() as connection:
        return list(connection.scalars(find))


def test_what_is_owed_to_her_is_never_paid_twice(caseworker: Persona, path: str) -> None:
    body = {"kind": "wages", "currency": "USD", "owed": 120_000, "ordered_on": days(-30)}
    assert invalid(caseworker, f"{path}/claims", {**body, "currency": "usd", "owed": 0}) == {"currency", "owed"}
    claim = made(caseworker, f"{path}/claims", body)
    pay = f"/claims/{claim['id']}/payments"
    assert made(caseworker, pay, {"amount": 50_000, "paid_on": days(-2)})["paid"] == 50_000
    refused = caseworker.post(pay, {"amount": 70_001, "paid_on": days(0)})
    assert "70000" in refused.get_json()["errors"]["amount"][0]
    assert made(caseworker, pay, {"amount": 70_000, "paid_on": days(0)})["paid"] == 120_000
    assert [one["amount"] for one in items(caseworker, pay)] == [70_000, 50_000]
    assert items(caseworker, f"{path}/claims")[0]["paid"] == 120_000


def test_her_immigration_status_is_kept_over_time(caseworker: Persona, path: str) -> None:
    body = {"standing": "irregular", "country": "TH", "from_on": days(-90)}
    made(caseworker, f"{path}/standings", body)
    made(
        caseworker,
        f"{path}/standings",
        {**body, "standing": "reflection_period", "from_on": days(0), "expires_on": days(45)},
    )
    assert [one["standing"] for one in items(caseworker, f"{path}/standings")] == ["reflection_period", "irregular"]
    assert invalid(caseworker, f"{path}/standings", {**body, "expires_on": days(-91)}) == {"expires_on"}


def test_care_is_written_by_her_caseworker_read_by_lawyer_and_supervisor_and_hidden_from_all_others(
    caseworker: Persona,
    lawyer: Persona,
    supervisor: Persona,
    investigator: Persona,
    colleague: Persona,
    make_persona: Any,
    path: str,
) -> None:
    partner = new_partner(caseworker)
    step = made(caseworker, f"{path}/steps", {"kind": "service", "what": "shelter", "partner": partner})
    claim = made(caseworker, f"{path}/claims", {"kind": "wages", "currency": "KHR", "owed": 1, "ordered_on": days(0)})
    placed = made(caseworker, f"{path}/placements", {"kind": "shelter", "from_on": days(0), "partner": partner})
    reads = [f"{path}/{room}" for room in ("assessments", "steps", "standings", "claims", "referrals")]
    reads += [f"/steps/{step['id']}", f"/claims/{claim['id']}/payments"]
    stranger = make_persona(caseworker.role)
    for read in reads:
        statuses = [
            one.get(read).status_code for one in (caseworker, lawyer, supervisor, investigator, colleague, stranger)
        ]
        assert statuses == [200, 200, 200, 403, 404, 404], read
    for persona in (lawyer, supervisor, investigator):
        assert persona.get(f"{path}/placements").status_code == 403
        reveal = persona.post(f"/placements/{placed['id']}/address/reveal", {"reason": "Why", "otp": persona.otp()})
        assert reveal.status_code == 403
        assert persona.post(f"/steps/{step['id']}/transitions", {"action": "finish"}).status_code == 403
        assert persona.post(f"{path}/steps", {"kind": "first", "title": "A letter"}).status_code == 403
        assert persona.post(f"{path}/willingness", {"willingness": "willing"}).status_code == 403
    assert items(caseworker, f"{path}/steps")[0]["partner"] == partner
    for persona in (lawyer, supervisor):
        assert items(persona, f"{path}/steps")[0]["partner"] is None, "with whom she is, tells where she is"
        assert persona.get(f"/steps/{step['id']}").get_json()["partner"] is None


def test_the_ledger_says_what_kind_of_act_it_was_and_commits_to_the_rest(
    caseworker: Persona, path: str, victim: Made
) -> None:
    partner = new_partner(caseworker)
    engage(caseworker, path)
    step = made(caseworker, f"{path}/steps", {"kind": "service", "what": "counselling", "partner": partner})
    made(caseworker, f"/steps/{step['id']}/transitions", {"action": "finish", "outcome": "She spoke of the river."})
    made(caseworker, f"{path}/placements", {"kind": "shelter", "from_on": days(0), "partner": partner})
    find = sa.select(LedgerEntry).where(LedgerEntry.subject == f"victim:{victim['id']}")
    with begin(caseworker.site, caseworker.actor(), read_only=True) as work:
        found = list(work.session.scalars(find))
        opened = str(disclosures_of(work.session, work.keys, [entry.hash for entry in found]))
    bodies = b"".join(entry.body for entry in found).decode()
    for secret in ("willing", "counselling", "shelter", partner, 'favourable":true', "river"):
        assert f'"{secret}' not in bodies.replace('"willingness":', "").replace("care:willingness", ""), secret
    assert "river" not in opened
    assert partner not in opened, "with whom she sleeps, is in the vault alone"
    assert "shelter" not in opened
    assert {entry.case_id for entry in found} == {uuid.UUID(victim["cases"][0])}


def test_care_goes_on_after_the_case_has_ended(
    caseworker: Persona, lawyer: Persona, shared_case: Made, path: str
) -> None:
    ended = lawyer.post(f"/cases/{shared_case['id']}/transitions", {"action": "decline", "reason": "No evidence."})
    assert ended.status_code == 200, ended.get_json()
    assert assess(caseworker, path, "health")["kind"] == "health"


def test_what_changed_meanwhile_is_not_overwritten(caseworker: Persona, path: str) -> None:
    step = made(caseworker, f"{path}/steps", {"kind": "skill", "title": "Tailoring"})
    moves = f"/steps/{step['id']}/transitions"
    read = caseworker.get(f"/steps/{step['id']}").headers["ETag"]
    made(caseworker, moves, {"action": "begin"})
    late = caseworker.post(moves, {"action": "stop", "reason": "She is ill."}, headers={"If-Match": read})
    assert late.status_code == 412
