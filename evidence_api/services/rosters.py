"""Rosters: who is to be brought out by an operation, and what it brought each of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm.attributes import flag_modified

from evidence_api.domain.errors import Conflict, InvalidInput
from evidence_api.domain.operation import OperationState, Outcome
from evidence_api.domain.roles import Role
from evidence_api.domain.sentences import sentence
from evidence_api.domain.victim import OUT, SOUGHT, Axis, MissedHow, Whereabouts
from evidence_api.ledger.entry import Fact
from evidence_api.models import Operation, RosterEntry, Victim, VictimCase
from evidence_api.policy import Permission
from evidence_api.services import _care
from evidence_api.services._checks import TYPING, not_in_the_future, office_day
from evidence_api.services._moves import LastStep, last_steps, move
from evidence_api.services._operations import lock_running
from evidence_api.work import Work, act, act_on

STEPS: Mapping[Outcome, tuple[str, Whereabouts]] = {
    Outcome.RESCUED: ("rescue", Whereabouts.RESCUED),
    Outcome.INTERCEPTED: ("intercept", Whereabouts.INTERCEPTED),
    Outcome.SELF_EXITED: ("exit", Whereabouts.SELF_EXITED),
    Outcome.LOCATED: ("locate", Whereabouts.LOCATED),
    Outcome.MISSED: ("miss", Whereabouts.MISSED),
}
"""What an outcome does to her whereabouts. Who declined stays where she is."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One person on a roster: what the operation brought her, null while that is open, and where she is now.

    `version` is the operation's, which every change of its roster raises.
    """

    operation_id: UUID
    victim_id: UUID
    pseudonym: str
    outcome: Outcome | None
    how: MissedHow | None
    decided_at: datetime | None
    whereabouts: Whereabouts
    version: int


@dataclass(frozen=True, slots=True)
class _Brought:
    """What is said of somebody: what the operation brought her, how, why, when."""

    outcome: Outcome | None
    reason: str | None
    how: MissedHow | None
    occurred_at: datetime | None


@act_on(Operation, Permission.ROSTER_WRITE, lock=False)
def put_on_roster(
    work: Work,
    operation: Operation,
    *,
    victim: UUID,
    outcome: Outcome | None = None,
    reason: str | None = None,
    how: MissedHow | None = None,
    occurred_at: datetime | None = None,
) -> Listed:
    """Put somebody on the roster, or say what the operation brought her, which moves her whereabouts.

    What happened to a person is never kept out for want of a go: an outcome may be given while the operation is
    planned, but not against a no-go. A later call corrects an earlier outcome. What was before her latest step moves
    her no more. Raises Forbidden for an outcome from a lawyer, Conflict or IllegalTransition.
    """
    return _put(work, operation, [victim], "victim", _Brought(outcome, reason, how, occurred_at))[0]


@act_on(Operation, Permission.ROSTER_WRITE, lock=False)
def put_several_on_roster(
    work: Work,
    operation: Operation,
    *,
    victims: Sequence[UUID],
    outcome: Outcome | None = None,
    reason: str | None = None,
    how: MissedHow | None = None,
    occurred_at: datetime | None = None,
) -> tuple[list[Listed], None]:
    """The same for several people at once: all of them or none."""
    return _put(work, operation, victims, "victims", _Brought(outcome, reason, how, occurred_at)), None


def _put(work: Work, operation: Operation, victims: Sequence[UUID], field: str, said: _Brought) -> list[Listed]:
    lock_running(work, operation, Permission.ROSTER_WRITE)
    not_in_the_future(work, "occurred_at", said.occurred_at, TYPING)
    how = said.how
    if said.outcome is Outcome.MISSED and how is None and said.reason in list(MissedHow):
        how = MissedHow(said.reason)
    if said.outcome is not Outcome.MISSED and how is not None:
        raise InvalidInput({"how": ["Only with the outcome missed is it said how."]})
    if said.outcome is not None:
        _refuse_lawyer(work, operation)
    people = _known_victims(work, operation, victims, field)
    if operation.state in (OperationState.NO_GO, OperationState.ABORTED):
        told = "The operation is not carried out: {state}. Nothing is written on its roster."
        raise Conflict(sentence(told, state=operation.state))
    last = {} if said.outcome is None else last_steps(work, people)
    brought = _Brought(said.outcome, said.reason, how, said.occurred_at)
    entries = [_give(work, operation, victim, brought, last.get(victim.id)) for victim in people]
    _raise_version(work, operation)
    return [_listed(entry, victim, operation) for entry, victim in zip(entries, people, strict=True)]


def _refuse_lawyer(work: Work, operation: Operation) -> None:
    if work.actor.role is Role.LAWYER:
        told = "What it brought her is said by an investigator or a caseworker: it moves her whereabouts."
        raise work.forbid(told, Permission.ROSTER_WRITE, operation)


def _raise_version(work: Work, operation: Operation) -> None:
    """So that who acts on the roster as it was (`If-Match`) is told that it has changed."""
    flag_modified(operation, "state")
    work.session.flush()


def _known_victims(work: Work, operation: Operation, victims: Sequence[UUID], field: str) -> list[Victim]:
    """The victims, locked in the order of their ids. Raises InvalidInput unless the operation's case knows them."""
    found = (
        work.query(Victim)
        .join(VictimCase, VictimCase.victim_id == Victim.id)
        .where(VictimCase.case_id == operation.case_id, Victim.id.in_(victims))
        .order_by(Victim.id)
    )
    lock = found.with_for_update(of=Victim, key_share=True).execution_options(populate_existing=True)
    known = list(work.session.scalars(lock))
    if len(known) < len(set(victims)):
        raise InvalidInput({field: ["This case does not know her yet. Register her in it, or share her with it."]})
    return known


def _give(work: Work, operation: Operation, victim: Victim, said: _Brought, last: LastStep | None) -> RosterEntry:
    entry = work.session.get(RosterEntry, (operation.id, victim.id))
    if said.outcome is None and entry is not None and entry.outcome is not None:
        raise Conflict("It is said already what the operation brought her. Give the right outcome instead.")
    if said.outcome is None and operation.state is OperationState.DONE:
        raise Conflict("The operation is over. Say what it brought her.")
    if entry is None:
        entry = RosterEntry(operation_id=operation.id, victim_id=victim.id, case_id=operation.case_id)
        work.session.add(entry)
    before, decided_at = entry.outcome, entry.decided_at
    entry.outcome, entry.how = said.outcome, said.how
    facts: dict[str, Fact] = {
        "victim": str(victim.id),
        "outcome": said.outcome,
        "how": said.how,
        "reason": said.reason,
    }
    work.record(operation, "operation:roster", facts=facts, occurred_at=said.occurred_at)
    if said.outcome is not None:
        entry.decided_at = work.now
        if not _is_past(work, operation, said.occurred_at, decided_at, last):
            _follow(work, operation, victim, before, said, last)
    return entry


def _is_past(
    work: Work, operation: Operation, occurred_at: datetime | None, decided_at: datetime | None, last: LastStep | None
) -> bool:
    """Whether she has taken a later step since: then that one says where she is.

    `decided_at` is when the outcome was given that this one corrects. Of whom it is not said when, it was on the day of
    the operation; while that has no go, now.
    """
    if last is None or last.operation_id == operation.id:
        return False
    if decided_at is not None and last.recorded_at > decided_at:
        return True
    if occurred_at is not None:
        return occurred_at < last.occurred_at
    day = _day_of(work, operation)
    return day is not None and day < office_day(work, last.occurred_at)


def _day_of(work: Work, operation: Operation) -> date | None:
    if operation.state is not OperationState.GO or operation.planned_on is None or operation.decided_at is None:
        return operation.held_on
    return max(operation.planned_on, office_day(work, operation.decided_at))


def _follow(
    work: Work,
    operation: Operation,
    victim: Victim,
    before: Outcome | None,
    said: _Brought,
    last: LastStep | None,
) -> None:
    """Move her whereabouts as the outcome says; where it corrects one, take her back first."""
    assert said.outcome is not None
    action, target = STEPS.get(said.outcome, ("", None))
    if victim.whereabouts is target:
        return
    out_at = victim.out_at
    is_out = victim.whereabouts in OUT
    mistaken = before is not None and STEPS.get(before, ("", None))[1] is victim.whereabouts
    # A correction says how she came out, or that she did not; of the time it says nothing unless it is given.
    occurred_at = said.occurred_at or (out_at if mistaken and is_out else None)

    def go(action: str, how: MissedHow | None = None) -> None:
        move(
            work,
            victim,
            Axis.WHEREABOUTS,
            action,
            reason=said.reason or operation.ref,
            permission=Permission.ROSTER_WRITE,
            how=how,
            operation_id=operation.id,
            occurred_at=occurred_at,
        )

    # One who was only located is still where she is exploited until she is brought out.
    if is_out and (mistaken or (target and victim.whereabouts is Whereabouts.LOCATED)):
        go("re_enter")
    if is_out and mistaken:
        victim.out_at = last.out_before if last else None
        if target not in OUT and out_at is not None:
            _care.stop_needs(work, victim, out_at)
    if mistaken and target is None and victim.whereabouts in SOUGHT:
        go("correct")
    if target:
        go(action, said.how)


def _listed(entry: RosterEntry, victim: Victim, operation: Operation) -> Listed:
    return Listed(
        entry.operation_id,
        entry.victim_id,
        victim.pseudonym,
        entry.outcome,
        entry.how,
        entry.decided_at,
        victim.whereabouts,
        operation.version,
    )


@act_on(Operation, Permission.ROSTER_WRITE, lock=False)
def take_off_roster(work: Work, operation: Operation, victim: UUID, *, reason: str) -> None:
    """Take somebody off the roster who was put on it by mistake.

    Raises Conflict once she has an outcome, but for `declined`, which has moved her nowhere; and Forbidden to a lawyer
    even then.
    """
    lock_running(work, operation, Permission.ROSTER_WRITE)
    entry = work.session.get(RosterEntry, (operation.id, victim))
    if entry is None:
        raise InvalidInput({"victim": ["She is not on the roster."]})
    if entry.outcome is not None:
        _refuse_lawyer(work, operation)
        if entry.outcome is not Outcome.DECLINED:
            raise Conflict("It is said already what the operation brought her. Give the right outcome instead.")
    work.session.delete(entry)
    work.record(operation, "operation:roster_off", facts={"victim": str(victim), "reason": reason})
    _raise_version(work, operation)


@act_on(Operation, Permission.CASEWORK_READ, read_only=True)
def roster(
    work: Work, operation: Operation, *, limit: int = 200, cursor: UUID | None = None
) -> tuple[list[Listed], str | None]:
    """Who is on the roster and what it brought them, in the order in which they were registered."""
    query = (
        sa.select(RosterEntry, Victim)
        .join(Victim, Victim.id == RosterEntry.victim_id)
        .where(RosterEntry.operation_id == operation.id)
        .order_by(RosterEntry.victim_id)
        .limit(limit + 1)
    )
    if cursor is not None:
        query = query.where(RosterEntry.victim_id > cursor)
    rows = [_listed(entry, victim, operation) for entry, victim in work.session.execute(query)]
    return rows[:limit], str(rows[limit - 1].victim_id) if len(rows) > limit else None


@act_on(Operation, Permission.ROSTER_WRITE, read_only=True)
def not_on_roster(work: Work, operation: Operation, *, limit: int = 500) -> list[Victim]:
    """Whom the case knows and the roster does not, the one registered last first."""
    on = sa.select(RosterEntry.victim_id).where(RosterEntry.operation_id == operation.id)
    known = sa.select(VictimCase.victim_id).where(VictimCase.case_id == operation.case_id)
    query = work.query(Victim).where(Victim.id.in_(known), Victim.id.not_in(on))
    return list(work.session.scalars(query.order_by(Victim.id.desc()).limit(limit)))


Figures = dict[str, int]
"""How many are on a roster (`expected`), how many of them have no outcome yet (`open`), and each outcome."""


@act_on(Operation, Permission.CASEWORK_READ, read_only=True)
def figures(work: Work, operation: Operation) -> Figures:
    """The roster of an operation in figures."""
    return _counted(work, [operation.id])[operation.id]


@act(Permission.CASEWORK_READ, read_only=True)
def figures_of(work: Work, *, operations: Sequence[UUID]) -> dict[UUID, Figures]:
    """The rosters of several operations in figures, with one query."""
    seen = work.session.scalars(work.query(Operation).where(Operation.id.in_(operations)))
    return _counted(work, [operation.id for operation in seen])


def _counted(work: Work, operations: Sequence[UUID]) -> dict[UUID, Figures]:
    counted = (
        sa.select(RosterEntry.operation_id, RosterEntry.outcome, sa.func.count())
        .where(RosterEntry.operation_id.in_(operations))
        .group_by(RosterEntry.operation_id, RosterEntry.outcome)
    )
    names = ["expected", "open", *(outcome.value for outcome in Outcome)]
    found = {id: dict.fromkeys(names, 0) for id in operations}
    for id, outcome, count in work.session.execute(counted):
        found[id][outcome.value if outcome else "open"] += count
        found[id]["expected"] += count
    return found
