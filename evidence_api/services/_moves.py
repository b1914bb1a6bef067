"""The steps of a victim on her three axes, and what follows from each (DESIGN.md section 5)."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from evidence_api.domain.errors import Conflict
from evidence_api.domain.lifecycle import Lifecycle
from evidence_api.domain.scheduling import Rule
from evidence_api.domain.sentences import sentence
from evidence_api.domain.victim import AXES, OUT, SOUGHT, AlertKind, Axis, MissedHow, SearchEnd, SearchKind, Whereabouts
from evidence_api.ledger.chain import disclosures_of, facts_of
from evidence_api.ledger.entry import BadEntry, Fact, decode, moment
from evidence_api.ledger.stored import Row, entries
from evidence_api.models import LedgerEntry, Victim
from evidence_api.policy import Permission
from evidence_api.services import _care
from evidence_api.services._alerts import raise_alert
from evidence_api.services._bookings import review
from evidence_api.services._checks import TYPING, not_in_the_future
from evidence_api.services._searching import end_searches, open_search
from evidence_api.work import Work

_SEARCHED_AS = {Whereabouts.MISSED: SearchKind.MISSED, Whereabouts.MISSING: SearchKind.MISSING}


@dataclass(frozen=True, slots=True)
class LastStep:
    """The latest step of hers on the axis of whereabouts, as her chain has it.

    `operation_id` is of the operation that brought it; `out_before` is when she had last come out before it.
    """

    operation_id: UUID | None
    occurred_at: datetime
    recorded_at: datetime
    out_before: datetime | None


def last_steps(work: Work, victims: Sequence[Victim]) -> dict[UUID, LastStep]:
    """The latest step of each that has taken one, with two queries. Steps of this very act are not among them."""
    of = {victim.subject: victim.id for victim in victims}
    query = entries(work.session).where(
        LedgerEntry.subject.in_(of), LedgerEntry.action == f"victim:{Axis.WHEREABOUTS.value}", LedgerEntry.seq > 0
    )
    rows = {row.subject: Row.of(row) for row in work.session.execute(query.order_by(LedgerEntry.seq))}
    opened = disclosures_of(work.session, work.keys, [row.hash for row in rows.values()])
    found = {}
    for subject, row in rows.items():
        with suppress(BadEntry, ValueError):
            entry = decode(row.body)
            facts = facts_of(entry, opened.get(row.hash, {}))
            operation, out_before = facts.get("operation"), facts.get("out_before")
            found[of[subject]] = LastStep(
                UUID(str(operation)) if operation else None,
                moment(entry.occurred_at),
                moment(entry.recorded_at),
                datetime.fromisoformat(str(out_before)) if out_before else None,
            )
    return found


def _refuse_past(work: Work, victim: Victim, occurred_at: datetime) -> None:
    last = last_steps(work, [victim]).get(victim.id)
    if last is not None and occurred_at < last.occurred_at:
        told = (
            "This was before her latest step, of {moment} UTC, and does not tell where she is now. "
            "Give a later time, or leave it out if it is so now."
        )
        raise Conflict(sentence(told, moment=f"{last.occurred_at:%Y-%m-%d %H:%M}"))


def move(
    work: Work,
    victim: Victim,
    axis: Axis,
    action: str,
    *,
    reason: str,
    permission: Permission,
    how: MissedHow | None = None,
    operation_id: UUID | None = None,
    occurred_at: datetime | None = None,
) -> None:
    """Take her a step on one axis, with all that follows from it. The caller has passed the gate and holds her locked.

    `how` is kept with a step to `missed`. `permission` is the one that a refusal names. Who moves her for an operation
    has settled what a past act of it may do; any other step on her whereabouts from before the latest is a Conflict.
    Raises Forbidden, IllegalTransition, Conflict also for a guard of her care, or InvalidInput for a time that has not
    come.
    """
    not_in_the_future(work, "occurred_at", occurred_at, TYPING)
    lifecycle: Lifecycle[Any] = AXES[axis]
    if axis is Axis.CARE:
        work.step(lifecycle, victim.care, action, permission, victim)
        _care.guard(work, victim, action)
    if axis is Axis.WHEREABOUTS and operation_id is None and occurred_at is not None:
        work.step(lifecycle, victim.whereabouts, action, permission, victim)
        _refuse_past(work, victim, occurred_at)
    was = victim.whereabouts
    facts: dict[str, Fact] = {"reason": reason, "how": how, "operation": str(operation_id) if operation_id else None}
    if axis is Axis.WHEREABOUTS and victim.out_at is not None:
        facts["out_before"] = victim.out_at.isoformat()
    work.transition(
        victim, axis.value, lifecycle, action, permission, facts=facts, occurred_at=occurred_at, private=True
    )
    if axis is Axis.CARE:
        _care.follow(work, victim, action)
    elif axis is Axis.WHEREABOUTS:
        _follow(work, victim, was, how, operation_id, occurred_at)


def _follow(
    work: Work,
    victim: Victim,
    was: Whereabouts,
    how: MissedHow | None,
    operation_id: UUID | None,
    occurred_at: datetime | None,
) -> None:
    now = victim.whereabouts
    if now is Whereabouts.MISSED:
        victim.missed_how = how
    if now in SOUGHT:
        open_search(work, victim, _SEARCHED_AS[now], operation_id=operation_id)
        work.session.flush()
        review(work, [victim.subject], {Rule.WITNESS_MISSING})
    if was in SOUGHT and now is Whereabouts.IN_EXPLOITATION:
        victim.missed_how = None
        end_searches(work, victim, SearchEnd.MISTAKEN)
    if now in OUT:
        victim.out_at = occurred_at or work.now
        end_searches(work, victim, SearchEnd.LOCATED)
        _care.open_needs(work, victim)
        if was in SOUGHT:
            raise_alert(work, victim, AlertKind.LOCATED)
