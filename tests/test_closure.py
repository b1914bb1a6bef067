"""Orders that close a venue: each guard refused and then met, what follows from each, and what is due."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from evidence_api.domain.closure import CLOSURE, ClosureState
from evidence_api.domain.roles import OPERATOR, Role
from evidence_api.models import ClosureOrder
from evidence_api.work import Site, begin
from tests.casework import Made, made, move, new_venue
from tests.conftest import Persona, upload

TODAY = datetime.now(UTC).date()


def day(days: int) -> str:
    return (TODAY + timedelta(days=days)).isoformat()


@pytest.fixture
def venue(investigator: Persona, case: Made) -> Made:
    found = new_venue(investigator, case["id"])
    for action in ("confirm", "intervene"):
        move(investigator, f"/venues/{found['id']}", action)
    return found


@pytest.fixture
def ruling(lawyer: Persona, case: Made) -> str:
    return str(upload(lawyer, case["id"], b"By order of the court")["id"])


@pytest.fixture
def order(lawyer: Persona, venue: Made) -> Made:
    return made(lawyer, f"/venues/{venue['id']}/closure-orders", {"permanent": True, "grounds": "Used as a brothel"})


def refused(persona: Persona, order: Made, action: str, status: int, **given: Any) -> str:
    body = {"action": action, "reason": "As ordered", **given}
    answer = persona.post(f"/closure-orders/{order['id']}/transitions", body)
    assert answer.status_code == status, answer.get_json()
    return str(answer.get_json())


def go(persona: Persona, order: Made, action: str, **given: Any) -> Made:
    return move(persona, f"/closure-orders/{order['id']}", action, **given)


def applied(lawyer: Persona, supervisor: Persona, order: Made) -> None:
    go(supervisor, order, "approve")
    go(lawyer, order, "apply", court="Municipal court", court_ref="C 17/2026", decided_on=day(-2))


def test_who_drafts_an_order_never_approves_it_and_a_court_s_act_needs_what_it_wrote(
    lawyer: Persona, supervisor: Persona, order: Made, ruling: str
) -> None:
    assert order["state"] == "drafted"
    assert "not for your role" in refused(lawyer, order, "approve", 403)
    go(supervisor, order, "approve")
    assert "Give the court and its reference." in refused(lawyer, order, "apply", 422)
    go(lawyer, order, "apply", court="Municipal court", court_ref="C 17/2026", decided_on=day(-1))
    assert "what the court wrote" in refused(lawyer, order, "grant_permanent", 422)
    assert "goes with another step" in refused(lawyer, order, "grant_permanent", 422, court="Another", document=ruling)
    assert "Look over both days" in refused(lawyer, order, "grant_permanent", 422, document=ruling, decided_on=day(-9))
    granted = go(lawyer, order, "grant_permanent", document=ruling)
    assert (granted["permanent"], granted["expires_on"], granted["inspect_by"]) == (True, None, day(90))


def test_a_temporary_order_lasts_no_longer_than_the_jurisdiction_allows_and_is_extended_to_a_later_day(
    lawyer: Persona, supervisor: Persona, order: Made, ruling: str
) -> None:
    applied(lawyer, supervisor, order)
    for last in (None, day(0), day(-1), day(400)):
        assert "expires_on" in refused(
            lawyer, order, "grant_temporary", 422, document=ruling, **({"expires_on": last} if last else {})
        )
    granted = go(lawyer, order, "grant_temporary", document=ruling, expires_on=day(60))
    assert (granted["permanent"], granted["expires_on"]) == (False, day(60))
    go(lawyer, order, "serve")
    assert "expires_on" in refused(lawyer, order, "extend", 422, document=ruling, expires_on=day(59))
    assert go(lawyer, order, "extend", document=ruling, expires_on=day(100))["expires_on"] == day(100)
    assert "not over yet" in refused(lawyer, order, "expire", 409)


def test_enforcing_closes_the_venue_and_a_breach_is_on_record_until_it_is_enforced_again(
    lawyer: Persona, supervisor: Persona, investigator: Persona, venue: Made, order: Made, ruling: str
) -> None:
    applied(lawyer, supervisor, order)
    go(lawyer, order, "grant_permanent", document=ruling)
    go(investigator, order, "serve")
    go(investigator, order, "enforce", decided_on=day(0))
    closed = investigator.get(f"/venues/{venue['id']}").get_json()
    assert (closed["state"], closed["closed_on"]) == ("permanently_closed", day(0))
    go(investigator, order, "breach", reason="Lights and music behind the shutters")
    reopened = move(investigator, f"/venues/{venue['id']}", "reopen")
    assert reopened["state"] == "confirmed"
    heard = supervisor.get("/alerts?open=true").get_json()["items"]
    assert [one["venue"] for one in heard if one["venue"] == venue["id"]] == [venue["id"]]
    assert next(one for one in heard if one["venue"])["kind"] == "venue_reopened"
    move(investigator, f"/venues/{venue['id']}", "intervene")
    go(investigator, order, "enforce")
    assert investigator.get(f"/venues/{venue['id']}").get_json()["state"] == "permanently_closed"
    verified = lawyer.post(f"/venues/{venue['id']}/transitions", {"action": "verify", "reason": "It is shut"})
    assert "Another person must verify it" in verified.get_json()["detail"]
    timeline = str(lawyer.get(f"/cases/{venue['case']}/timeline").get_json())
    assert "order:breach" in timeline


def test_the_drafter_s_own_inspection_neither_verifies_the_closing_nor_puts_off_the_next(
    lawyer: Persona, supervisor: Persona, investigator: Persona, venue: Made, order: Made, ruling: str
) -> None:
    applied(lawyer, supervisor, order)
    go(lawyer, order, "grant_permanent", document=ruling)
    go(lawyer, order, "serve")
    go(lawyer, order, "enforce")
    path = f"/venues/{venue['id']}"
    seen = {"inspected_on": day(0), "found": "closed", "evidence": ruling}
    made(lawyer, f"{path}/inspections", seen)
    assert lawyer.get(f"/closure-orders/{order['id']}").get_json()["inspect_by"] == day(90)
    step = {"action": "verify", "reason": "Seen"}
    assert investigator.post(f"{path}/transitions", step).status_code == 409
    item = upload(investigator, venue["case"], b"The shutters are down")
    made(investigator, f"{path}/inspections", {**seen, "evidence": item["id"]})
    assert investigator.post(f"{path}/transitions", step).status_code == 200
    used = move(investigator, path, "repurpose", new_use="A community centre", new_use_by="The parish")
    assert (used["new_use"], used["new_use_by"]) == ("A community centre", "The parish")


def test_whoever_changed_the_draft_or_took_it_to_court_verifies_nothing_either(
    lawyer: Persona,
    supervisor: Persona,
    investigator: Persona,
    make_persona: Callable[[Role], Persona],
    venue: Made,
    order: Made,
    ruling: str,
) -> None:
    writer, applicant = make_persona(Role.LAWYER), make_persona(Role.LAWYER)
    for one in (writer, applicant):
        body = {"user": str(one.id), "role": "lawyer"}
        made(investigator, f"/cases/{venue['case']}/assignments", body)
    path = f"/closure-orders/{order['id']}"
    assert writer.call("PATCH", path, json={"grounds": "Used as a bar"}).get_json()["drafter"] == str(writer.id)
    applied(applicant, supervisor, order)
    go(lawyer, order, "grant_permanent", document=ruling, decided_on=day(-1))
    go(lawyer, order, "serve")
    go(lawyer, order, "enforce")
    seen = {"inspected_on": day(0), "found": "closed", "evidence": ruling}
    for one in (writer, applicant):
        made(one, f"/venues/{venue['id']}/inspections", seen)
        assert lawyer.get(path).get_json()["inspect_by"] == day(89)
        verified = one.post(f"/venues/{venue['id']}/transitions", {"action": "verify", "reason": "It is shut"})
        assert (verified.status_code, "Another person" in verified.get_json()["detail"]) == (409, True)


def test_what_ends_soon_or_is_to_be_inspected_soon_stands_first(
    site: Site, lawyer: Persona, supervisor: Persona, colleague: Persona, order: Made, ruling: str
) -> None:
    applied(lawyer, supervisor, order)
    go(lawyer, order, "grant_temporary", document=ruling, expires_on=day(60))

    def due(persona: Persona) -> list[str]:
        return [one["id"] for one in persona.get("/closure-orders/due").get_json()["items"]]

    assert order["id"] not in due(lawyer)
    with begin(site, OPERATOR) as work:
        found = work.session.get_one(ClosureOrder, order_id(order))
        found.expires_on = TODAY - timedelta(days=1)
        work.record(found, "order:edit")
    assert due(lawyer)[0] == order["id"]
    assert order["id"] not in due(colleague)
    assert colleague.get(f"/closure-orders/{order['id']}").status_code == 404
    assert go(lawyer, order, "expire")["inspect_by"] is None
    assert order["id"] not in due(lawyer)


def order_id(order: Made) -> Any:
    from uuid import UUID

    return UUID(order["id"])


def test_a_draft_is_edited_and_what_is_approved_is_not(lawyer: Persona, supervisor: Persona, order: Made) -> None:
    path = f"/closure-orders/{order['id']}"
    changed = lawyer.call("PATCH", path, json={"permanent": False, "grounds": None})
    assert (changed.status_code, changed.get_json()["permanent"], changed.get_json()["grounds"]) == (200, False, None)
    stale = lawyer.call("PATCH", path, json={"permanent": True}, headers={"If-Match": '"v1"'})
    assert stale.status_code == 412
    assert lawyer.call("PATCH", path, json={}).status_code == 422
    go(supervisor, order, "approve")
    assert lawyer.call("PATCH", path, json={"permanent": True}).status_code == 409


@pytest.mark.parametrize("state", ClosureState)
def test_every_step_from_every_state_is_taken_or_refused_with_what_is_legal(
    site: Site, lawyer: Persona, supervisor: Persona, order: Made, state: ClosureState
) -> None:
    with begin(site, OPERATOR) as work:
        found = work.session.get_one(ClosureOrder, order_id(order))
        found.state = state
        work.record(found, "order:edit")
    for action in CLOSURE.actions:
        if action in CLOSURE.allowed(state):
            continue
        persona = supervisor if action == "approve" else lawyer
        answer = persona.post(
            f"/closure-orders/{order['id']}/transitions", {"action": action, "reason": "Trying"}
        ).get_json()
        assert answer["status"] == 409
        assert answer["allowed"] == CLOSURE.allowed(state)
