"""Operations: planning, the danger, the authority's go and ours, who takes part by code."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from evidence_api.domain.errors import Conflict, InvalidInput
from evidence_api.domain.operation import (
    ASSESSMENT_HOLDS,
    OPERATION,
    Danger,
    OperationKind,
    OperationState,
)
from evidence_api.domain.roles import Role
from evidence_api.domain.sentences import sentence
from evidence_api.ledger.entry import Fact
from evidence_api.models import (
    Case,
    Evidence,
    Operation,
    SafetyAssessment,
    Venue,
)
from evidence_api.policy import Permission
from evidence_api.services._checks import (
    TYPING,
    named_in_case,
    not_after_today,
    not_in_the_future,
    office_day,
    running_case,
)
from evidence_api.services._operations import (
    has_outcomes,
    lock_running,
    missing_outcomes,
    newest_assessments,
    open_outcomes,
    refuse_over,
    too_dangerous,
    unsafe,
)
from evidence_api.services._pages import Page, page
from evidence_api.services._steps import NextStep, legal_steps
from evidence_api.work import Work, act, act_on

PREPARED = frozenset({OperationState.PLANNED, OperationState.NO_GO})
"""While it is being prepared. What a go was given for is not changed under it."""


@act(Permission.OPERATION_WRITE)
def plan(
    work: Work,
    *,
    case: UUID,
    kind: OperationKind,
    partner: str | None = None,
    planned_on: date | None = None,
    venue: UUID | None = None,
    aftercare_places: int | None = None,
) -> Operation:
    """Plan an operation of a case. Who plans it never decides on it."""
    of = running_case(work, case, Permission.OPERATION_WRITE)
    named_in_case(work, Venue, of.id, "venue", venue)
    operation = Operation(
        case_id=of.id,
        ref=f"{of.ref}-O{work.next_number(f'operation:{of.id}')}",
        kind=kind,
        state=OPERATION.initial,
        venue_id=venue,
        partner=partner,
        aftercare_places=aftercare_places,
        planned_on=planned_on,
        planner_id=work.actor.user_id,
        created_at=work.now,
    )
    work.session.add(operation)
    work.session.flush()
    work.record(
        operation,
        "operation:plan",
        data={"kind": kind.value},
        facts={"ref": operation.ref, **_facts(partner, planned_on, venue, aftercare_places)},
    )
    return operation


@act_on(Operation, Permission.OPERATION_WRITE, lock=False)
def edit(work: Work, operation: Operation, /, **changes: Any) -> Operation:
    """Change what is given: `partner`, `planned_on`, `venue`, `aftercare_places`. Null takes it away.

    Another partner has not given its go yet; nor has anybody for another venue, whose dangers nobody has assessed, or
    for a later day. Raises Conflict once the go is given.
    """
    lock_running(work, operation, Permission.OPERATION_WRITE)
    if not changes:
        raise InvalidInput({"planned_on": ["Give at least one thing to change."]})
    _still_prepared(work, operation)
    if "venue" in changes:
        named_in_case(work, Venue, operation.case_id, "venue", changes["venue"])
        changes["venue_id"] = changes.pop("venue")
    elsewhere = changes.get("venue_id", operation.venue_id) != operation.venue_id
    if elsewhere or _is_put_off(operation, changes) or changes.get("partner", operation.partner) != operation.partner:
        operation.authorised_on = operation.authorisation_ref = operation.authorisation_id = None
    if elsewhere:
        _void_assessments(work, operation)
    for name, value in changes.items():
        setattr(operation, name, value)
    facts = {name: None if value is None else str(value) for name, value in changes.items()}
    work.record(operation, "operation:edit", facts=facts)
    return operation


def _is_put_off(operation: Operation, changes: Mapping[str, object]) -> bool:
    before, day = operation.planned_on, changes.get("planned_on", operation.planned_on)
    return before is not None and (not isinstance(day, date) or day > before)


def _void_assessments(work: Work, operation: Operation) -> None:
    standing = sa.select(SafetyAssessment).where(
        SafetyAssessment.operation_id == operation.id, SafetyAssessment.void_at.is_(None)
    )
    for assessment in work.session.scalars(standing):
        assessment.void_at = work.now


def _facts(
    partner: str | None, planned_on: date | None, venue: UUID | None, aftercare_places: int | None
) -> dict[str, Fact]:
    return {
        "partner": partner,
        "planned_on": planned_on.isoformat() if planned_on else None,
        "venue": str(venue) if venue else None,
        "aftercare_places": aftercare_places,
    }


def _still_prepared(work: Work, operation: Operation) -> None:
    if operation.state not in PREPARED:
        told = "It has been decided: {state}. What was decided on is not changed; a no-go opens it again."
        raise Conflict(sentence(told, state=operation.state))


@act_on(Operation, Permission.CASEWORK_READ, read_only=True)
def read(work: Work, operation: Operation) -> Operation:
    """One operation."""
    return operation


@act(Permission.CASEWORK_READ, read_only=True)
def list_operations(
    work: Work,
    *,
    limit: int = 50,
    cursor: UUID | None = None,
    state: OperationState | None = None,
    kind: OperationKind | None = None,
) -> Page[Operation]:
    """The operations of all the actor's cases, newest first."""
    return page(work, _asked(work, state, kind), Operation.id, limit, cursor)


def _asked(work: Work, state: OperationState | None, kind: OperationKind | None) -> sa.Select[Operation]:
    query = work.query(Operation)
    if state is not None:
        query = query.where(Operation.state == state)
    return query if kind is None else query.where(Operation.kind == kind)


@act_on(Case, Permission.CASEWORK_READ, read_only=True)
def list_of_case(
    work: Work,
    case: Case,
    *,
    limit: int = 50,
    cursor: UUID | None = None,
    state: OperationState | None = None,
    kind: OperationKind | None = None,
) -> Page[Operation]:
    """The operations of a case, newest first."""
    return page(work, _asked(work, state, kind).where(Operation.case_id == case.id), Operation.id, limit, cursor)


# --- the danger, the authority's go, ours -----------------------------------------------------------------------------


@act_on(Operation, Permission.OPERATION_WRITE, lock=False)
def authorise(
    work: Work, operation: Operation, *, authorised_on: date, reference: str, document: UUID | None = None
) -> Operation:
    """Record the authority partner's written go. Raises Conflict where no partner is named."""
    lock_running(work, operation, Permission.OPERATION_WRITE)
    not_after_today(work, authorised_on=authorised_on)
    named_in_case(work, Evidence, operation.case_id, "document", document)
    _still_prepared(work, operation)
    if not operation.partner:
        raise Conflict("Name the authority partner first, then its written go.")
    operation.authorised_on = authorised_on
    operation.authorisation_ref = reference
    operation.authorisation_id = document
    work.record(
        operation,
        "operation:authorise",
        data={} if document is None else {"document": str(document)},
        facts={"authorised_on": authorised_on.isoformat(), "reference": reference, "partner": operation.partner},
    )
    return operation


@act_on(Operation, Permission.OPERATION_WRITE, lock=False)
def assess(
    work: Work,
    operation: Operation,
    *,
    scores: Mapping[Danger, int],
    assessed_on: date,
    expires_on: date | None = None,
    note: str | None = None,
) -> SafetyAssessment:
    """Score every danger, as seen on a day. It holds for 30 days, or until `expires_on` if that comes before.

    Where it forbids the go that was given, the operation is back at a no-go.
    """
    lock_running(work, operation, Permission.OPERATION_WRITE)
    not_after_today(work, assessed_on=assessed_on)
    latest = assessed_on + ASSESSMENT_HOLDS
    expires_on = expires_on or latest
    if not assessed_on <= expires_on <= latest:
        raise InvalidInput({"expires_on": ["Give a day within 30 days of the assessment."]})
    refuse_over(operation)
    assessment = SafetyAssessment(
        operation_id=operation.id,
        case_id=operation.case_id,
        scores={danger.value: scores[danger] for danger in Danger},
        note=note,
        assessed_on=assessed_on,
        expires_on=expires_on,
        assessor_id=work.actor.user_id,
    )
    work.session.add(assessment)
    work.session.flush()
    days: dict[str, Fact] = {"assessed_on": assessed_on.isoformat(), "expires_on": expires_on.isoformat()}
    work.record(
        operation,
        "operation:assess",
        data={"assessment": str(assessment.id)},
        facts={**assessment.scores, **days, "note": note},
    )
    points = _dangers(work, operation) if operation.state is OperationState.GO else []
    if points:
        _take_back_go(work, operation, points[0])
    return assessment


def _take_back_go(work: Work, operation: Operation, reason: str) -> None:
    """What the go rested on is gone. Nobody decides that: it follows, whoever assessed."""
    target = OPERATION.step(operation.state, "no_go").target
    assert target is not None
    moved = {"from": operation.state.value, "to": target.value}
    operation.state, operation.decider_id, operation.decided_at = target, None, work.now
    work.record(operation, "operation:no_go", data=moved, facts={"reason": reason})


@act_on(Operation, Permission.CASEWORK_READ, read_only=True)
def assessments(
    work: Work, operation: Operation, *, limit: int = 50, cursor: UUID | None = None
) -> Page[SafetyAssessment]:
    """The safety assessments of an operation, newest first."""
    of = work.query(SafetyAssessment).where(SafetyAssessment.operation_id == operation.id)
    return page(work, of, SafetyAssessment.id, limit, cursor)


@act_on(Operation, Permission.OPERATION_MOVE, lock=False)
def transition(
    work: Work, operation: Operation, *, action: str, reason: str, occurred_at: datetime | None = None
) -> Operation:
    """Decide on an operation, conclude or abort it. Who decided, and when, is kept.

    Raises Forbidden to who planned it, IllegalTransition with what is legal now, and Conflict for what it still needs.
    """
    work.require_role(OPERATION, action, Permission.OPERATION_MOVE, operation)
    lock_running(work, operation, Permission.OPERATION_MOVE)
    not_in_the_future(work, "occurred_at", occurred_at, TYPING)
    decides = action in ("go", "no_go")
    if decides and work.actor.role is Role.SUPERVISOR and _had_a_hand(work, operation):
        told = "Another supervisor must decide: you planned this operation, or assessed its dangers."
        raise work.forbid(told, Permission.OPERATION_MOVE, operation)
    work.step(OPERATION, operation.state, action, Permission.OPERATION_MOVE, operation)
    points = _open_points(work, operation, action)
    if points:
        raise Conflict(points[0])
    if decides:
        operation.decider_id, operation.decided_at = work.actor.user_id, work.now
    if action == "conclude":
        operation.held_on = office_day(work, occurred_at)
    work.transition(
        operation,
        "state",
        OPERATION,
        action,
        Permission.OPERATION_MOVE,
        facts={"reason": reason},
        occurred_at=occurred_at,
    )
    return operation


def _had_a_hand(work: Work, operation: Operation) -> bool:
    hers = sa.select(SafetyAssessment.id).where(
        SafetyAssessment.operation_id == operation.id, SafetyAssessment.assessor_id == work.actor.user_id
    )
    return operation.planner_id == work.actor.user_id or work.session.execute(hers.limit(1)).first() is not None


def _open_points(work: Work, operation: Operation, action: str) -> list[str]:
    """What is still missing for a step, in sentences. `transition` refuses for the first."""
    if action == "conclude" or (action == "abort" and has_outcomes(work, operation.id)):
        return missing_outcomes(open_outcomes(work, operation.id))
    if action != "go":
        return []
    points = _dangers(work, operation)
    if operation.kind is OperationKind.RESCUE:
        if not operation.partner:
            points.append("A rescue needs an authority partner.")
        if operation.authorised_on is None:
            points.append("A rescue needs the written go of the authority partner.")
    return points


def _dangers(work: Work, operation: Operation) -> list[str]:
    """What forbids a go today in the safety assessment that counts, or for want of one."""
    assessment = newest_assessments(work, [operation.id]).get(operation.id)
    points = unsafe(assessment, office_day(work))
    return points if assessment is None else points + too_dangerous(assessment)


@act_on(Operation, Permission.CASEWORK_READ, read_only=True)
def next_steps(work: Work, operation: Operation) -> tuple[list[NextStep[OperationState]], None]:
    """Every step that is legal from the state of the operation, in the order of the table."""
    found = legal_steps(work, OPERATION, operation.state, lambda action: _open_points(work, operation, action))
    if _had_a_hand(work, operation):
        found = [replace(step, mine=False) if step.action in ("go", "no_go") else step for step in found]
    return found, None
