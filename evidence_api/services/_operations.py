"""What an operation still needs, for its own steps and for the stages of its case."""

from datetime import date
from uuid import UUID

import sqlalchemy as sa

from evidence_api.domain.errors import Conflict, StaleVersion
from evidence_api.domain.operation import (
    ASSESSMENT_HOLDS,
    TOO_DANGEROUS,
    Danger,
    OperationKind,
    OperationState,
)
from evidence_api.domain.sentences import sentence
from evidence_api.models import AuthorityRequest, Case, LedgerEntry, Operation, RosterEntry, SafetyAssessment
from evidence_api.policy import Permission
from evidence_api.services._checks import office_day, running_case
from evidence_api.work import Work

NOT_HELD = (OperationState.NO_GO, OperationState.ABORTED)
HELD = (OperationState.GO, OperationState.DONE)


def lock_running(work: Work, thing: Operation | AuthorityRequest, permission: Permission) -> None:
    """Lock the case that something is of, then the thing itself. For use cases that the gate lets in without a lock.

    Raises Conflict once the case has ended, StaleVersion where another act on the thing came between.
    """
    running_case(work, thing.case_id, permission)
    work.get(type(thing), thing.id, permission, lock=True)
    if work.if_match not in (None, thing.version):
        raise StaleVersion


def newest_assessments(work: Work, operations: list[UUID]) -> dict[UUID, SafetyAssessment]:
    """The safety assessment that counts for each operation: the one made last, unless it is void. With one query."""
    order = (SafetyAssessment.assessed_on, SafetyAssessment.id)
    found = sa.select(SafetyAssessment).where(
        SafetyAssessment.operation_id.in_(operations), SafetyAssessment.void_at.is_(None)
    )
    return {one.operation_id: one for one in work.session.scalars(found.order_by(*order))}


def unsafe(assessment: SafetyAssessment | None, day: date) -> list[str]:
    """What is wanting in the safety assessment for something that is done on that day, in sentences."""
    if assessment is None:
        return ["It needs a safety assessment."]
    if not assessment.assessed_on <= day <= min(assessment.expires_on, assessment.assessed_on + ASSESSMENT_HOLDS):
        return ["Its safety assessment does not hold now. Assess the dangers anew."]
    return []


def too_dangerous(assessment: SafetyAssessment) -> list[str]:
    """The dangers that forbid a go, in one sentence."""
    dangers = [danger for danger in Danger if assessment.scores[danger] >= TOO_DANGEROUS]
    return [sentence("Too great a danger for a go: {dangers}.", dangers=dangers)] if dangers else []


def open_outcomes(work: Work, operation: UUID) -> int:
    """For how many on the roster it is not yet said what the operation brought them."""
    open_ = sa.select(sa.func.count()).select_from(RosterEntry)
    return work.session.scalars(open_.where(RosterEntry.operation_id == operation, RosterEntry.outcome.is_(None))).one()


def has_outcomes(work: Work, operation: UUID) -> bool:
    """Whether it is said of anybody on the roster what the operation brought her."""
    known = sa.select(RosterEntry.victim_id).where(
        RosterEntry.operation_id == operation, RosterEntry.outcome.is_not(None)
    )
    return work.session.execute(known.limit(1)).first() is not None


def missing_outcomes(count: int) -> list[str]:
    """The sentence for a roster on which not everyone has an outcome."""
    told = "Not everyone on the roster has an outcome. Say for each what it brought her; still open: {count}."
    return [sentence(told, count=count)] if count else []


def unplanned(work: Work, case: Case) -> list[str]:
    """What an intervention planned now still needs: a rescue with an assessment, a partner, places to go to.

    A case that comes this way once more, after it was reopened, has met it already (DESIGN.md section 5).
    """
    before = sa.select(LedgerEntry.id).where(
        LedgerEntry.subject == case.subject, LedgerEntry.action == "case:plan_intervention"
    )
    if work.session.execute(before.limit(1)).first() is not None:
        return []
    found = sa.select(Operation).where(
        Operation.case_id == case.id, Operation.kind == OperationKind.RESCUE, Operation.state.not_in(NOT_HELD)
    )
    rescues = list(work.session.scalars(found))
    assessments = newest_assessments(work, [rescue.id for rescue in rescues])
    day = office_day(work)
    wanting = [_unready(rescue, assessments.get(rescue.id), day) for rescue in rescues]
    if not wanting:
        return ["Plan a rescue first: with its safety assessment, the authority partner and places in aftercare."]
    return min(wanting, key=len)


def _unready(rescue: Operation, assessment: SafetyAssessment | None, day: date) -> list[str]:
    points: list[str] = []
    if unsafe(assessment, day):
        points.append("The rescue needs a safety assessment that is at most 30 days old.")
    if not rescue.partner:
        points.append("The rescue needs an authority partner.")
    if not rescue.aftercare_places:
        points.append("The rescue needs places in aftercare for those who come out.")
    return points


def unfinished(work: Work, case: Case) -> list[str]:
    """What is still open before the intervention counts as carried out: a rescue that was given its go, and everyone on
    its roster with her outcome.

    An operation without a go does not hold it up, and counts for nothing.
    """
    counted = (
        sa.select(
            Operation.kind,
            Operation.state,
            sa.func.count(RosterEntry.victim_id).label("expected"),
            sa.func.count(RosterEntry.outcome).label("known"),
        )
        .outerjoin(RosterEntry, RosterEntry.operation_id == Operation.id)
        .where(Operation.case_id == case.id, Operation.state.in_(HELD))
        .group_by(Operation.id)
    )
    held = work.session.execute(counted).all()
    rescues = [row for row in held if row.kind is OperationKind.RESCUE]
    points = missing_outcomes(sum(row.expected - row.known for row in held))
    if not points and not any(row.known or row.state is OperationState.DONE for row in rescues):
        points = [
            "No rescue has been carried out yet. Once it has its go, say on its roster what it brought everyone, or "
            "conclude it."
        ]
    return points


def refuse_over(operation: Operation) -> None:
    """Raise Conflict for an operation that is done or aborted."""
    if operation.state in (OperationState.DONE, OperationState.ABORTED):
        raise Conflict(sentence("The operation is over: {state}.", state=operation.state))
