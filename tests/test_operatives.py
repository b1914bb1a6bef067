"""Operatives: a code for everybody, a name for nobody but the two who open it together."""

import itertools
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from evidence_api.domain.approval import APPROVAL, ApprovalState
from evidence_api.domain.roles import OPERATOR, Role
from evidence_api.models import Approval, LedgerEntry, UserRole, VaultFact
from evidence_api.services import operatives
from evidence_api.work import Site, begin
from tests.casework import Made, made
from tests.conftest import Persona

NAME = "Chea Vanna of Toul Kork"


@pytest.fixture(scope="module")
def second(make_persona: Callable[..., Persona]) -> Persona:
    """Another supervisor."""
    return make_persona(Role.SUPERVISOR)


@pytest.fixture
def operative(supervisor: Persona) -> Made:
    return made(supervisor, "/operatives", {"person": NAME})


def ask(persona: Persona, operative: Made) -> Made:
    body = {"kind": "operative_identity", "about": operative["id"], "reason": "The court asks who filmed"}
    return made(persona, "/approvals", body)


def decide(persona: Persona, approval: Made, action: str = "approve", **more: Any) -> Any:
    body = {"otp": persona.otp(), **more} if action != "withdraw" else more
    return persona.post(f"/approvals/{approval['id']}/{action}", body)


def reveal(persona: Persona, operative: Made, approval: Made, **more: Any) -> Any:
    body = {"approval": approval["id"], "otp": persona.otp(), **more}
    return persona.post(f"/operatives/{operative['id']}/reveal", body)


def later(site: Site, approval: Made) -> None:
    """Its time is over."""
    with begin(site, OPERATOR) as work:
        row = work.session.get_one(Approval, uuid.UUID(approval["id"]))
        row.expires_at = work.now - timedelta(seconds=1)
        work.record(row, "operative:approval_ask")


def entries(site: Site, operative: Made) -> list[bytes]:
    with begin(site, OPERATOR, read_only=True) as work:
        of = sa.select(LedgerEntry.body).where(LedgerEntry.subject == f"operative:{operative['id']}")
        return list(work.session.scalars(of.order_by(LedgerEntry.seq)))


def test_an_operative_has_a_code_drawn_by_lot_and_lists_tell_nothing_else(
    supervisor: Persona, investigator: Persona, lawyer: Persona, caseworker: Persona, administrator: Persona
) -> None:
    some = [made(supervisor, "/operatives", {"person": NAME}) for _ in range(8)]
    codes = [one["code"] for one in some]
    assert len(set(codes)) == 8
    # By lot: of forty thousand orders, only these two say who came first.
    assert codes not in (sorted(codes), sorted(codes, reverse=True))
    for one in some:
        assert set(one) == {"id", "code", "created_at", "ended_at"}
        assert one["code"][0].isupper()
        assert one["code"][1:].isdecimal()
    listed = investigator.get("/operatives?limit=2").get_json()
    assert [one["id"] for one in listed["items"]] == [some[7]["id"], some[6]["id"]]
    for persona in (lawyer, caseworker, administrator):
        assert persona.get("/operatives").status_code == 403
    for persona in (investigator, lawyer, caseworker, administrator):
        assert persona.post("/operatives", {"person": NAME}).status_code == 403


def test_two_people_open_who_is_behind_a_code_once(
    supervisor: Persona, second: Persona, operative: Made, site: Site
) -> None:
    asked = ask(supervisor, operative)
    assert asked["id"] in [one["id"] for one in second.get("/approvals").get_json()["items"]]
    assert asked["id"] not in [one["id"] for one in supervisor.get("/approvals").get_json()["items"]]
    assert reveal(supervisor, operative, asked).status_code == 409
    approved = decide(second, asked).get_json()
    assert (approved["state"], approved["decider"]) == ("approved", str(second.id))
    answer = reveal(supervisor, operative, asked)
    assert answer.get_json() == {"id": operative["id"], "code": operative["code"], "name": NAME, "username": None}
    assert reveal(supervisor, operative, asked).status_code == 409
    assert supervisor.get(f"/approvals/{asked['id']}").get_json()["state"] == "used"
    told = [body.split(b'"action":"')[1].split(b'"')[0].decode() for body in entries(site, operative)]
    assert told == [
        "operative:add",
        "operative:approval_ask",
        "operative:approval_approve",
        "operative:approval_use",
        "operative:identity_reveal",
    ]


def test_an_account_behind_a_code_is_told_by_its_user_name(
    supervisor: Persona, second: Persona, colleague: Persona
) -> None:
    operative = made(supervisor, "/operatives", {})
    assert supervisor.post("/operatives", {"person": str(uuid.uuid4())}).status_code == 422
    set_ = supervisor.call("PUT", f"/operatives/{operative['id']}/identity", json={"person": str(colleague.id)})
    assert set_.status_code == 200
    asked = ask(supervisor, operative)
    decide(second, asked)
    answer = reveal(supervisor, operative, asked).get_json()
    assert (answer["name"], answer["username"]) == (None, colleague.username)


def test_who_is_behind_a_code_is_sealed_once(supervisor: Persona, second: Persona, operative: Made) -> None:
    unnamed = made(supervisor, "/operatives", {})
    made(supervisor, f"/operatives/{unnamed['id']}/end", {"reason": "Left"})
    for one in (operative, unnamed):
        answer = supervisor.call("PUT", f"/operatives/{one['id']}/identity", json={"person": "Somebody else"})
        assert (answer.status_code, "add another" in answer.get_json()["detail"]) == (409, True)
    asked = ask(supervisor, operative)
    decide(second, asked)
    assert reveal(supervisor, operative, asked).get_json()["name"] == NAME


def test_when_every_code_is_used_it_is_said_so(
    supervisor: Persona, operative: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operatives, "CODES", frozenset({operative["code"]}))
    answer = supervisor.post("/operatives", {"person": NAME})
    assert (answer.status_code, "Every code is used" in answer.get_json()["detail"]) == (409, True)


def test_nobody_is_her_own_second_person_whichever_roles_she_holds(
    make_persona: Callable[..., Persona], lawyer: Persona, operative: Made, site: Site
) -> None:
    supervisor = make_persona(Role.SUPERVISOR)
    asked = ask(supervisor, operative)
    for action in ("approve", "refuse"):
        more = {"reason": "No"} if action == "refuse" else {}
        answer = decide(supervisor, asked, action, **more)
        assert (answer.status_code, "another" in answer.get_json()["detail"]) == (403, True)
    with begin(site, OPERATOR) as work:
        work.session.add(UserRole(user_id=supervisor.id, role=Role.LAWYER))
        work.record(f"user:{supervisor.id}", "user:role_granted")
    assert decide(supervisor, asked).status_code == 403
    assert decide(lawyer, asked).status_code == 403


def test_only_who_may_know_of_operatives_asks_and_decides(
    supervisor: Persona, investigator: Persona, administrator: Persona, operative: Made
) -> None:
    body = {"kind": "operative_identity", "about": operative["id"], "reason": "Curious"}
    asked = ask(supervisor, operative)
    for persona in (investigator, administrator):
        assert persona.post("/approvals", body).status_code == 403
        assert persona.get("/approvals").status_code == 403
        assert decide(persona, asked).status_code == 403
        assert reveal(persona, operative, asked).status_code == 403
    assert supervisor.post("/approvals", {**body, "about": str(uuid.uuid4())}).status_code == 404


def test_deciding_and_opening_take_a_fresh_code(supervisor: Persona, second: Persona, operative: Made) -> None:
    asked = ask(supervisor, operative)
    assert second.post(f"/approvals/{asked['id']}/approve", {}).get_json()["type"] == "step-up"
    assert decide(second, asked, otp="000000").status_code == 403
    decide(second, asked)
    answer = supervisor.post(f"/operatives/{operative['id']}/reveal", {"approval": asked["id"]})
    assert answer.get_json()["type"] == "step-up"
    assert reveal(supervisor, operative, asked).status_code == 200


def test_a_yes_is_good_for_who_asked_and_for_what_she_asked_about(
    supervisor: Persona, second: Persona, operative: Made
) -> None:
    asked = ask(supervisor, operative)
    decide(second, asked)
    assert reveal(second, operative, asked).status_code == 422
    assert reveal(supervisor, made(supervisor, "/operatives", {"person": "Another"}), asked).status_code == 422
    assert reveal(supervisor, operative, asked).status_code == 200


def test_a_question_and_a_yes_are_good_for_a_while(
    supervisor: Persona, second: Persona, operative: Made, site: Site
) -> None:
    unanswered, answered = ask(supervisor, operative), ask(supervisor, operative)
    later(site, unanswered)
    answer = decide(second, unanswered)
    assert (answer.status_code, "Ask anew" in answer.get_json()["detail"]) == (409, True)
    assert unanswered["id"] not in [one["id"] for one in second.get("/approvals").get_json()["items"]]
    decide(second, answered)
    later(site, answered)
    assert reveal(supervisor, operative, answered).status_code == 409


def test_every_step_from_every_state_is_taken_or_refused(
    supervisor: Persona, second: Persona, operative: Made, site: Site
) -> None:
    asked = ask(supervisor, operative)
    for state, action in itertools.product(ApprovalState, APPROVAL.actions):
        with begin(site, OPERATOR) as work:
            row = work.session.get_one(Approval, uuid.UUID(asked["id"]))
            row.state, row.expires_at = state, work.now + timedelta(minutes=5)
            work.record(row, "operative:approval_ask")
        if action == "use":
            answer = reveal(supervisor, operative, asked)
        else:
            who = supervisor if action == "withdraw" else second
            answer = decide(who, asked, action, **({} if action == "approve" else {"reason": "Decided"}))
        legal = APPROVAL.allowed(state)
        assert answer.status_code == (200 if action in legal else 409), (state, action, answer.get_json())
        if action not in legal:
            assert answer.get_json()["allowed"] == legal
    assert decide(second, ask(supervisor, operative), "withdraw", reason="Not mine").status_code == 403


def test_nothing_of_an_operative_is_in_the_ledger_the_log_or_the_tables(
    supervisor: Persona, second: Persona, site: Site, capfd: pytest.CaptureFixture[str]
) -> None:
    operative = made(supervisor, "/operatives", {"person": NAME})
    asked = ask(supervisor, operative)
    decide(second, asked)
    assert reveal(supervisor, operative, asked).get_json()["name"] == NAME
    supervisor.call("PUT", f"/operatives/{operative['id']}/identity", json={"person": f"{NAME} junior"})
    made(supervisor, f"/operatives/{operative['id']}/end", {"reason": "Moved on"})
    assert supervisor.post(f"/operatives/{operative['id']}/end", {"reason": "Again"}).status_code == 409
    written = capfd.readouterr()
    with begin(site, OPERATOR, read_only=True) as work:
        sealed = list(work.session.scalars(sa.select(VaultFact.sealed)))
    for place in [*entries(site, operative), *sealed, (written.out + written.err).encode()]:
        for word in (NAME.encode(), b"Vanna", b"The court asks", f'"{operative["code"]}"'.encode()):
            assert word not in place
