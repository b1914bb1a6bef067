"""Cases: opening, assigning, stages, the timeline."""

import io
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from evidence_api.domain.roles import Role
from tests import test_uploads as uploads
from tests.casework import decided_charge, given_go, made, new_rescue, new_victim
from tests.conftest import Persona, upload


def go(persona: Persona, case: dict[str, Any], action: str, **more: Any) -> Any:
    return persona.post(f"/cases/{case['id']}/transitions", {"action": action, "reason": "It is time", **more})


def test_who_opens_a_case_leads_it_and_finds_it_in_her_list(investigator: Persona) -> None:
    response = investigator.post("/cases", {"title": "Riverside", "kind": "sex_trafficking", "country": "KH"})
    assert response.status_code == 201
    case = response.get_json()
    assert case["lead"] == str(investigator.id)
    assert case["stage"] == "intake"
    assert case["ref"].startswith(f"PP-{datetime.now(UTC).year}-")
    assert case["id"] in [found["id"] for found in investigator.get("/cases").get_json()["items"]]


def test_refs_of_cases_count_up_without_a_gap(investigator: Persona) -> None:
    body = {"title": "Riverside", "kind": "sex_trafficking", "country": "KH"}
    refs = [investigator.post("/cases", body).get_json()["ref"] for _ in range(3)]
    numbers = [int(ref.rsplit("-", 1)[1]) for ref in refs]
    assert numbers == list(range(numbers[0], numbers[0] + 3))


def test_a_colleague_sees_the_case_once_she_is_assigned_and_no_longer_when_that_ends(
    investigator: Persona, colleague: Persona, case: dict[str, Any]
) -> None:
    path = f"/cases/{case['id']}"
    assert colleague.get(path).status_code == 404
    assigned = investigator.post(f"{path}/assignments", {"user": str(colleague.id), "role": "investigator"})
    assert colleague.get(path).status_code == 200
    ended = investigator.post(f"{path}/assignments/{assigned.get_json()['id']}/end", {"reason": "Leave"})
    assert ended.status_code == 204
    assert colleague.get(path).status_code == 404


def test_only_the_lead_or_a_supervisor_assigns(lawyer: Persona, colleague: Persona, case: dict[str, Any]) -> None:
    body = {"user": str(colleague.id), "role": "investigator"}
    assert lawyer.post(f"/cases/{case['id']}/assignments", body).status_code == 403


def test_a_person_is_assigned_only_in_a_role_that_she_holds(
    investigator: Persona, colleague: Persona, case: dict[str, Any]
) -> None:
    body = {"user": str(colleague.id), "role": "lawyer"}
    refused = investigator.post(f"/cases/{case['id']}/assignments", body)
    assert refused.status_code == 422
    assert "role" in refused.get_json()["errors"]


def test_a_second_assignment_in_the_same_role_is_a_conflict(
    investigator: Persona, lawyer: Persona, case: dict[str, Any]
) -> None:
    body = {"user": str(lawyer.id), "role": "lawyer"}
    assert investigator.post(f"/cases/{case['id']}/assignments", body).status_code == 409


def test_the_lead_cannot_be_taken_off_but_can_give_the_lead_away(
    investigator: Persona, lawyer: Persona, case: dict[str, Any]
) -> None:
    path = f"/cases/{case['id']}"
    mine = next(a for a in investigator.get(f"{path}/assignments").get_json()["items"] if a["user"] == case["lead"])
    assert investigator.post(f"{path}/assignments/{mine['id']}/end", {"reason": "Leave"}).status_code == 409
    assert investigator.call("PATCH", path, json={"lead": str(lawyer.id)}).get_json()["lead"] == str(lawyer.id)


def test_a_supervisor_sees_every_case_of_her_office_and_an_administrator_none(
    supervisor: Persona, administrator: Persona, case: dict[str, Any]
) -> None:
    assert supervisor.get(f"/cases/{case['id']}").status_code == 200
    assert administrator.get(f"/cases/{case['id']}").status_code == 404


def test_a_case_goes_through_its_stages_each_by_those_whose_work_it_is(
    investigator: Persona, lawyer: Persona, supervisor: Persona, case: dict[str, Any]
) -> None:
    rescue = given_go(investigator, supervisor, new_rescue(investigator, case["id"]))
    freed = {"victim": new_victim(investigator, case["id"])["id"], "outcome": "rescued"}
    made(investigator, f"/operations/{rescue['id']}/roster", freed)
    decided_charge(lawyer, supervisor, case["id"])
    for persona, action, stage in (
        (investigator, "investigate", "investigating"),
        (supervisor, "plan_intervention", "intervention_planned"),
        (investigator, "intervene", "intervened"),
        (lawyer, "charge", "charged"),
        (lawyer, "try", "in_trial"),
        (lawyer, "judge", "judged"),
        (lawyer, "monitor", "monitoring"),
        (supervisor, "close", "monitoring"),
        (lawyer, "close", "closed"),
    ):
        response = go(persona, case, action)
        assert response.status_code == 200, response.get_json()
        assert response.get_json()["stage"] == stage


def test_an_illegal_step_is_a_conflict_that_names_what_is_allowed(investigator: Persona, case: dict[str, Any]) -> None:
    refused = go(investigator, case, "intervene")
    assert refused.status_code == 409
    assert refused.get_json()["state"] == "intake"
    assert "investigate" in refused.get_json()["allowed"]


def test_a_case_on_hold_returns_to_where_it_was(investigator: Persona, case: dict[str, Any]) -> None:
    go(investigator, case, "investigate")
    assert go(investigator, case, "hold").get_json()["stage"] == "on_hold"
    assert go(investigator, case, "resume").get_json()["stage"] == "investigating"


def test_a_judged_case_may_reopen_to_trial_or_for_new_facts(
    investigator: Persona, lawyer: Persona, supervisor: Persona, case: dict[str, Any]
) -> None:
    go(investigator, case, "investigate")
    decided_charge(lawyer, supervisor, case["id"])
    for action in ("charge", "try", "judge"):
        assert go(lawyer, case, action).status_code == 200
    assert go(lawyer, case, "reopen", to="charged").status_code == 422
    assert go(lawyer, case, "reopen", to="investigating").get_json()["stage"] == "investigating"


def test_a_case_with_a_hand_over_in_the_air_cannot_close(
    investigator: Persona, lawyer: Persona, supervisor: Persona, case: dict[str, Any]
) -> None:
    item = upload(investigator, case["id"])
    investigator.post(f"/evidence/{item['id']}/transfers", {"to": str(lawyer.id), "reason": "For court"})
    go(investigator, case, "investigate")
    decided_charge(lawyer, supervisor, case["id"])
    for action in ("charge", "try", "judge", "monitor"):
        go(lawyer, case, action)
    refused = go(supervisor, case, "close")
    assert refused.status_code == 409
    assert "hand-over" in refused.get_json()["detail"]


def test_the_timeline_tells_every_act_with_who_did_it_and_why(
    investigator: Persona, supervisor: Persona, case: dict[str, Any], item: dict[str, Any]
) -> None:
    go(supervisor, case, "investigate")
    events = investigator.get(f"/cases/{case['id']}/timeline").get_json()["items"]
    actions = [event["action"] for event in events]
    assert actions == ["case:investigate", "evidence:ingest", "case:assign", "case:open"]
    assert events[0]["actor"] == str(supervisor.id)
    assert events[0]["facts"]["reason"] == "It is time"
    assert events[0]["data"] == {"from": "intake", "to": "investigating"}


def test_the_timeline_comes_in_pages_that_join_without_a_gap(investigator: Persona, case: dict[str, Any]) -> None:
    for number in range(5):
        investigator.call("PATCH", f"/cases/{case['id']}", json={"title": f"Title {number}"})
    path = f"/cases/{case['id']}/timeline"
    whole = investigator.get(path).get_json()["items"]
    pages, cursor = [], ""
    while True:
        page = investigator.get(f"{path}?limit=2{cursor}").get_json()
        pages += page["items"]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert pages == whole


def test_lists_of_cases_come_in_keyset_pages_newest_first(investigator: Persona) -> None:
    for _ in range(3):
        investigator.post("/cases", {"title": "One", "kind": "child_labour", "country": "KH"})
    first = investigator.get("/cases?limit=2").get_json()
    second = investigator.get(f"/cases?limit=2&cursor={first['next']}").get_json()
    ids = [case["id"] for case in first["items"] + second["items"]]
    assert ids == sorted(ids, reverse=True)
    assert len(set(ids)) == len(ids)


def test_what_is_wrong_with_a_case_is_told_by_field(investigator: Persona) -> None:
    refused = investigator.post("/cases", {"title": " ", "kind": "theft", "country": "Cambodia", "colour": "red"})
    assert refused.status_code == 422
    assert refused.content_type == "application/problem+json"
    assert set(refused.get_json()["errors"]) == {"title", "kind", "country", "colour"}


def test_a_case_that_does_not_exist_is_not_found(investigator: Persona) -> None:
    assert investigator.get(f"/cases/{uuid.uuid4()}").status_code == 404


# --- who works on it --------------------------------------------------------------------------------------------------


def assign(lead: Persona, case: dict[str, Any], person: Persona) -> str:
    body = {"user": str(person.id), "role": person.role.value}
    response = lead.post(f"/cases/{case['id']}/assignments", body)
    assert response.status_code == 201, response.get_json()
    return str(response.get_json()["id"])


def end(lead: Persona, case: dict[str, Any], assignment: str) -> Any:
    return lead.post(f"/cases/{case['id']}/assignments/{assignment}/end", {"reason": "Moved"})


def test_nobody_assigns_herself(supervisor: Persona, investigator: Persona, case: dict[str, Any]) -> None:
    for persona in (supervisor, investigator):
        body = {"user": str(persona.id), "role": persona.role.value}
        refused = persona.post(f"/cases/{case['id']}/assignments", body)
        assert (refused.status_code, refused.get_json()["type"]) == (403, "forbidden")


def test_nobody_is_taken_off_while_she_has_an_item_out_or_a_hand_over_open(
    investigator: Persona, make_persona: Callable[..., Persona], case: dict[str, Any]
) -> None:
    leaving = make_persona(Role.INVESTIGATOR)
    assignment = assign(investigator, case, leaving)
    taken, hers, offered = (
        upload(investigator, case["id"]),
        upload(leaving, case["id"]),
        upload(investigator, case["id"]),
    )

    def move(action: str) -> None:
        moved = leaving.post(f"/evidence/{taken['id']}/moves", {"action": action, "reason": "Needed"})
        assert moved.status_code == 200

    def offer(giver: Persona, item: dict[str, Any], to: Persona) -> str:
        body = {"to": str(to.id), "reason": "For court"}
        return str(giver.post(f"/evidence/{item['id']}/transfers", body).get_json()["id"])

    move("check_out")
    refused = end(investigator, case, assignment)
    assert (refused.status_code, "brings it back" in refused.get_json()["detail"]) == (409, True)
    move("check_in")
    for giver, item, to in ((leaving, hers, investigator), (investigator, offered, leaving)):
        transfer = offer(giver, item, to)
        refused = end(investigator, case, assignment)
        assert (refused.status_code, "offered" in refused.get_json()["detail"]) == (409, True)
        assert giver.post(f"/transfers/{transfer}/withdraw", {"reason": "Not now"}).status_code == 200
    assert end(investigator, case, assignment).status_code == 204


def test_only_one_who_may_lead_and_is_assigned_and_enabled_becomes_the_lead(
    investigator: Persona,
    caseworker: Persona,
    supervisor: Persona,
    administrator: Persona,
    make_persona: Callable[..., Persona],
    case: dict[str, Any],
) -> None:
    gone = make_persona(Role.INVESTIGATOR)
    assign(investigator, case, gone)
    assign(investigator, case, caseworker)
    administrator.post(f"/users/{gone.id}/disable", {"otp": administrator.otp()})
    for person in (gone, caseworker, supervisor):
        refused = investigator.call("PATCH", f"/cases/{case['id']}", json={"lead": str(person.id)})
        assert (refused.status_code, list(refused.get_json()["errors"])) == (422, ["lead"])
    assign(investigator, case, supervisor)
    led = investigator.call("PATCH", f"/cases/{case['id']}", json={"lead": str(supervisor.id)})
    assert led.get_json()["lead"] == str(supervisor.id)


# --- stages -----------------------------------------------------------------------------------------------------------


def test_a_stage_was_not_reached_in_the_future(investigator: Persona, case: dict[str, Any]) -> None:
    for moment in ("2999-01-01T00:00:00Z", "1800-01-01T00:00:00Z"):
        refused = go(investigator, case, "investigate", occurred_at=moment)
        assert (refused.status_code, list(refused.get_json()["errors"])) == (422, ["occurred_at"])


def test_what_is_wrong_in_a_step_is_said_before_that_the_step_is_illegal(lawyer: Persona, case: dict[str, Any]) -> None:
    refused = go(lawyer, case, "reopen", to="charged")
    assert (refused.status_code, list(refused.get_json()["errors"])) == (422, ["to"])


@pytest.mark.parametrize("ending", ["decline", "resolve"])
def test_a_case_does_not_end_in_any_way_with_a_hand_over_in_the_air(
    investigator: Persona, lawyer: Persona, case: dict[str, Any], item: dict[str, Any], ending: str
) -> None:
    go(investigator, case, "investigate")
    investigator.post(f"/evidence/{item['id']}/transfers", {"to": str(lawyer.id), "reason": "For court"})
    refused = go(lawyer, case, ending)
    assert (refused.status_code, "hand-over" in refused.get_json()["detail"]) == (409, True)


@pytest.mark.parametrize("ending", ["decline", "resolve"])
def test_a_case_that_has_ended_takes_nothing_in_and_gives_nothing_out_but_takes_back(
    investigator: Persona, lawyer: Persona, case: dict[str, Any], item: dict[str, Any], ending: str
) -> None:
    out = upload(investigator, case["id"])
    assert lawyer.post(f"/evidence/{out['id']}/moves", {"action": "take_to_court", "reason": "x"}).status_code == 200
    url = uploads.start(investigator, case["id"], 100)
    uploads.send(investigator, url, 0, b"x" * 40)
    go(investigator, case, "investigate")
    assert go(lawyer, case, ending).status_code == 200
    file = {"title": "Late", "file": (io.BytesIO(b"late"), "late.bin")}
    refusals = [
        investigator.post(f"/cases/{case['id']}/evidence", data=file, content_type="multipart/form-data"),
        investigator.post(f"/cases/{case['id']}/items", {"title": "Book", "tag": "BAG-9", "place": "Safe"}),
        uploads.create(investigator, case["id"], 100),
        uploads.send(investigator, url, 40, b"y" * 60),
        investigator.post(f"/evidence/{item['id']}/transfers", {"to": str(lawyer.id), "reason": "For court"}),
        lawyer.post(f"/evidence/{item['id']}/moves", {"action": "take_to_court", "reason": "Needed"}),
    ]
    for refused in refusals:
        assert refused.status_code == 409
        assert refused.get_json()["detail"].startswith("The case has ended: ")
    back = lawyer.post(f"/evidence/{out['id']}/moves", {"action": "return_from_court", "reason": "Done"})
    assert back.status_code == 200


def test_of_an_offer_and_the_end_of_the_case_at_once_only_one_is_taken(
    investigator: Persona, lawyer: Persona, supervisor: Persona
) -> None:
    body = {"title": "Riverside", "kind": "sex_trafficking", "country": "KH"}
    for _ in range(12):
        case = investigator.post("/cases", body).get_json()
        assign(investigator, case, lawyer)
        item = upload(investigator, case["id"])
        go(investigator, case, "investigate")
        path, offer = f"/evidence/{item['id']}/transfers", {"to": str(lawyer.id), "reason": "For court"}
        acts = (lambda: investigator.post(path, offer), lambda: go(supervisor, case, "resolve"))  # noqa: B023
        with ThreadPoolExecutor(2) as both:
            offered, ended = [asked.result().status_code for asked in [both.submit(act) for act in acts]]
        assert (offered, ended) in ((201, 409), (409, 200))
