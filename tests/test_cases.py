"""Cases: opening, assigning, stages, the timeline."""

import uuid
from datetime import UTC, datetime
from typing import Any

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
    for persona, action, stage in (
        (investigator, "investigate", "investigating"),
        (supervisor, "plan_intervention", "intervention_planned"),
        (investigator, "intervene", "intervened"),
        (lawyer, "charge", "charged"),
        (lawyer, "try", "in_trial"),
        (lawyer, "judge", "judged"),
        (lawyer, "monitor", "monitoring"),
        (supervisor, "close", "closed"),
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
    investigator: Persona, lawyer: Persona, case: dict[str, Any]
) -> None:
    go(investigator, case, "investigate")
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
