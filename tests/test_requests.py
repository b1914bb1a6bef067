"""Requests to authorities: sent, answered or withdrawn, and which answers are late."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from evidence_api.domain.operation import REQUEST, RequestState
from tests.casework import Made, made, new_operation
from tests.conftest import Persona, upload

Case = dict[str, Any]


def day(days: int = 0) -> str:
    return (datetime.now(UTC).date() + timedelta(days=days)).isoformat()


def send(persona: Persona, case: Case, **fields: Any) -> Made:
    body = {"authority": "Ministry of Interior", "asks": "The licence of the bar", "sent_on": day(-20), **fields}
    return made(persona, f"/cases/{case['id']}/requests", body)


def reply(persona: Persona, request: Made, **fields: Any) -> Any:
    body = {"replied_on": day(-1), "reply": "There is none", **fields}
    return persona.post(f"/requests/{request['id']}/reply", body)


def withdraw(persona: Persona, request: Made) -> Any:
    return persona.post(f"/requests/{request['id']}/withdraw", {"reason": "Known by now"})


def test_a_request_is_sent_and_answered_with_the_letter(investigator: Persona, lawyer: Persona, case: Case) -> None:
    operation = new_operation(investigator, case["id"])["id"]
    request = send(investigator, case, operation=operation, due_on=day(-2))
    assert (request["ref"], request["state"], request["operation"]) == (f"{case['ref']}-R1", "sent", operation)
    assert request["allowed"] == ["reply", "withdraw"]
    letter = upload(investigator, case["id"])["id"]
    answered = reply(lawyer, request, document=letter).get_json()
    assert (answered["state"], answered["reply"], answered["document"]) == ("replied", "There is none", letter)
    assert lawyer.get(f"/requests/{request['id']}").get_json() == answered


def test_what_is_overdue_is_found_over_all_my_cases(
    investigator: Persona, lawyer: Persona, colleague: Persona, case: Case
) -> None:
    late = send(investigator, case, due_on=day(-2))
    answered = send(investigator, case, due_on=day(-2))
    reply(investigator, answered)
    for due in (day(2), None):
        send(investigator, case, due_on=due)
    of_case = investigator.get(f"/cases/{case['id']}/requests?overdue=true").get_json()["items"]
    assert [one["id"] for one in of_case] == [late["id"]]
    for persona in (investigator, lawyer):
        found = [one["id"] for one in persona.get("/requests?overdue=true&limit=200").get_json()["items"]]
        assert late["id"] in found
        assert answered["id"] not in found
    assert late["id"] not in [one["id"] for one in colleague.get("/requests?overdue=true").get_json()["items"]]
    states = investigator.get(f"/cases/{case['id']}/requests?state=replied").get_json()["items"]
    assert [one["id"] for one in states] == [answered["id"]]


def test_requests_are_for_those_on_the_case_and_written_by_investigators_and_lawyers(
    investigator: Persona, colleague: Persona, supervisor: Persona, caseworker: Persona, shared_case: Case
) -> None:
    request = send(investigator, shared_case)
    path = f"/cases/{shared_case['id']}/requests"
    body = {"authority": "Police", "asks": "A car", "sent_on": day()}
    assert colleague.post(path, body).status_code == 404
    assert colleague.get(path).status_code == 404
    assert reply(colleague, request).status_code == 404
    for persona in (supervisor, caseworker):
        assert persona.post(path, body).status_code == 403
        assert reply(persona, request).status_code == 403
        assert persona.get(path).get_json()["items"][0]["id"] == request["id"]


@pytest.mark.parametrize("state", RequestState)
@pytest.mark.parametrize("action", REQUEST.actions)
def test_every_step_from_every_state_is_taken_or_refused(
    investigator: Persona, case: Case, state: RequestState, action: str
) -> None:
    request = send(investigator, case)
    if state is not RequestState.SENT:
        {"replied": reply, "withdrawn": withdraw}[state](investigator, request)
    answer = {"reply": reply, "withdraw": withdraw}[action](investigator, request)
    assert answer.status_code == (200 if action in REQUEST.allowed(state) else 409)
    if answer.status_code == 409:
        assert answer.get_json()["allowed"] == REQUEST.allowed(state)


def test_what_is_wrong_with_a_request_is_told_by_field(investigator: Persona, case: Case) -> None:
    path = f"/cases/{case['id']}/requests"
    body = {"authority": "Police", "asks": "A car", "sent_on": day(-5)}
    elsewhere = investigator.post("/cases", {"title": "Other", "kind": "child_labour", "country": "KH"}).get_json()
    foreign = new_operation(investigator, elsewhere["id"])["id"]
    for field, value in (("due_on", day(-6)), ("sent_on", day(3)), ("operation", foreign), ("asks", " ")):
        answer = investigator.post(path, {**body, field: value})
        assert (answer.status_code, list(answer.get_json()["errors"])) == (422, [field])
    request = send(investigator, case)
    letter = upload(investigator, elsewhere["id"])["id"]
    for field, value in (("replied_on", day(-21)), ("replied_on", day(3)), ("document", letter)):
        answer = reply(investigator, request, **{field: value})
        assert (answer.status_code, list(answer.get_json()["errors"])) == (422, [field])


def test_a_case_that_has_ended_takes_no_request_and_no_reply(
    investigator: Persona, lawyer: Persona, case: Case
) -> None:
    request = send(investigator, case)
    assert lawyer.post(f"/cases/{case['id']}/transitions", {"action": "decline", "reason": "No"}).status_code == 200
    body = {"authority": "Police", "asks": "A car", "sent_on": day()}
    for answer in (
        investigator.post(f"/cases/{case['id']}/requests", body),
        reply(investigator, request),
        withdraw(investigator, request),
    ):
        assert (answer.status_code, "ended" in answer.get_json()["detail"]) == (409, True)
