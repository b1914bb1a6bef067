"""What the care axis of a victim needs, and what follows from her steps, for callers who hold her locked; and what care
and referrals share."""

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime
from typing import TypeVar
from uuid import UUID

import sqlalchemy as sa

from evidence_api.domain.care import (
    ASKING,
    ASSESSING,
    ELSEWHERE,
    FOLLOW_UP_MONTHS,
    FOLLOW_UPS_MEET,
    FOR_HOME,
    GOING_HOME,
    OPEN,
    AssessmentKind,
    Need,
    PlacementKind,
    StepKind,
    StepState,
    months_on,
)
from evidence_api.domain.errors import InvalidInput, Unprepared
from evidence_api.domain.perpetrator import FAMILY
from evidence_api.domain.sentences import sentence
from evidence_api.domain.victim import FIRST_HOURS, Willingness
from evidence_api.models import Assessment, CareStep, KeepApart, Partner, Placement, Referral, Victim, VictimTie
from evidence_api.policy import Permission, refusal
from evidence_api.services import _vault
from evidence_api.services._checks import office_day
from evidence_api.work import Work

WithPartner = TypeVar("WithPartner", CareStep, Referral)


def guard(work: Work, victim: Victim, action: str) -> None:
    """Raise Unprepared where a step of her care needs what is not there yet (DESIGN.md section 5).

    `become_independent` has no guard that can fail: the follow-ups that it needs are made up by `follow`.
    """
    if action == "assess" and _latest(work, victim, AssessmentKind.INITIAL) is None:
        raise Unprepared("Record the initial assessment first.", first=ASSESSING)
    if action == "engage" and victim.willingness is not Willingness.WILLING:
        raise Unprepared("Ask her first, and record that she is willing.", first=ASKING)
    if action == "reintegrate" and _kind_now(work, victim) not in ELSEWHERE:
        refuse_home(work, victim)


def refuse_home(work: Work, victim: Victim) -> None:
    """Raise Unprepared unless the newest household safety assessment and the newest economic one are in her favour, and
    still good today; and where somebody of her family is suspected, unless that household was found safe since.

    That is looked up for her safety, whether the actor knows of the suspect or not.
    """
    lacking = [kind for kind in AssessmentKind if kind in FOR_HOME and not _in_favour(work, victim, kind)]
    if lacking:
        needed = "Going home needs these assessments, in her favour and not expired. Record them first: {kinds}."
        raise Unprepared(sentence(needed, kinds=lacking), first=ASSESSING)
    ties = sa.select(VictimTie.since).where(VictimTie.victim_id == victim.id, VictimTie.ended_at.is_(None))
    barriers = sa.select(KeepApart.since).where(KeepApart.victim_id == victim.id, KeepApart.ended_at.is_(None))
    family = _family(victim)
    found = sa.union_all(
        ties.where(VictimTie.perpetrator_id.in_(family)), barriers.where(KeepApart.perpetrator_id.in_(family))
    )
    since = max(work.session.scalars(found), default=None)
    safe = _latest(work, victim, AssessmentKind.HOUSEHOLD_SAFETY)
    if since and safe and (safe.recorded_at < since or safe.assessed_on < office_day(work, since)):
        raise Unprepared(
            "Somebody of her family is suspected, or is to be kept away from her. Assess the safety of the household "
            "anew first: the last assessment was made before that was known.",
            first=ASSESSING,
        )


def _family(victim: Victim) -> sa.Select[UUID]:
    """The suspects who are of her family."""
    hers = sa.select(VictimTie.perpetrator_id).where(VictimTie.victim_id == victim.id, VictimTie.ended_at.is_(None))
    return hers.where(VictimTie.relation.in_(sorted(FAMILY)))


def _kind_now(work: Work, victim: Victim) -> PlacementKind | None:
    """Of what kind the place is in which she sleeps; none where that is not known."""
    current = sa.select(Placement).where(Placement.victim_id == victim.id, Placement.until_on.is_(None))
    kinds = _sealed(work, current, "kind")
    return PlacementKind(next(iter(kinds))) if kinds else None


def _sealed(work: Work, query: sa.Select[Placement], field: str) -> set[str]:
    """What the vault keeps in this field of these placements."""
    owners = [placement.sealed for placement in work.session.scalars(query)]
    return {kept[field] for kept in _vault.open_each(work, owners, [field]).values() if field in kept}


def partners_of(work: Work, victims: Collection[UUID], on: date) -> set[UUID]:
    """With which partners these victims sleep on a day, or will after it."""
    then = sa.select(Placement).where(
        Placement.victim_id.in_(victims), Placement.until_on.is_(None) | (Placement.until_on > on)
    )
    return {UUID(kept) for kept in _sealed(work, then, "partner")}


def flag_conflict(work: Work, victim: Victim, *, other: UUID | None, perpetrator: UUID | None) -> bool:
    """Whether she sleeps where a new barrier says that she must not: then she has a step of care that is due at once,
    which names nobody. The caller holds her and the other victim locked."""
    if other is not None:
        today = office_day(work)
        conflict = bool(partners_of(work, [victim.id], today) & partners_of(work, [other], today))
    else:
        family = work.session.scalars(_family(victim))
        conflict = perpetrator in set(family) and _kind_now(work, victim) in GOING_HOME
    if conflict:
        _plan(work, victim, StepKind.PLACEMENT_CONFLICT, [(None, work.now)])
    return conflict


def follow(work: Work, victim: Victim, action: str) -> None:
    """What a step of her care brings with it: follow-ups until 24 months from the day on which she goes her own way.

    Those that are open already stand, and serve for the dates near to them.
    """
    if action == "decline":
        # She is asked anew before she is engaged again.
        victim.willingness = None
    if action not in ("reintegrate", "become_independent"):
        return
    open_ = work.session.scalars(
        sa.select(CareStep.due_at).where(
            CareStep.victim_id == victim.id, CareStep.kind == StepKind.FOLLOW_UP, CareStep.state.in_(OPEN)
        )
    )
    there = [moment for moment in open_ if moment is not None]
    due = [months_on(work.now, months) for months in FOLLOW_UP_MONTHS]
    lacking = [moment for moment in due if all(abs(moment - one) > FOLLOW_UPS_MEET for one in there)]
    _plan(work, victim, StepKind.FOLLOW_UP, [(None, moment) for moment in lacking])


def open_needs(work: Work, victim: Victim) -> None:
    """The checklist of her first 72 hours, once for each time that she comes out. What an earlier one left open is
    stopped."""
    due = (victim.out_at or work.now) + FIRST_HOURS
    before = _needs(work, victim)
    if any(need.due_at == due and need.state is not StepState.STOPPED for need in before):
        return
    _stop(work, before)
    _plan(work, victim, StepKind.NEED, [(what, due) for what in Need])


def stop_needs(work: Work, victim: Victim, out_at: datetime) -> None:
    """Stop what is open of the checklist that began at that moment: she had not come out after all."""
    _stop(work, [need for need in _needs(work, victim) if need.due_at == out_at + FIRST_HOURS])


def _needs(work: Work, victim: Victim) -> Sequence[CareStep]:
    """Her checklists, locked: who ticks off one of them meanwhile waits, and is told that it has changed."""
    hers = sa.select(CareStep).where(CareStep.victim_id == victim.id, CareStep.kind == StepKind.NEED)
    lock = hers.order_by(CareStep.id).with_for_update(key_share=True).execution_options(populate_existing=True)
    return work.session.scalars(lock).all()


def _stop(work: Work, needs: Sequence[CareStep]) -> None:
    for need in needs:
        if need.state in OPEN:
            need.state, need.ended_on = StepState.STOPPED, office_day(work)


def partner_of(work: Work, id: UUID, *, lock: bool = False) -> Partner:
    """A partner of the office that has not ended. Raises InvalidInput."""
    find = work.query(Partner).where(Partner.id == id)
    if lock:
        find = find.with_for_update(key_share=True).execution_options(populate_existing=True)
    found = work.session.scalars(find).one_or_none()
    if found is None or found.ended_at is not None:
        raise InvalidInput({"partner": ["There is no such partner, or it has ended."]})
    return found


def without_partners(work: Work, rows: list[WithPartner]) -> list[WithPartner]:
    """The rows as this actor may know them: with whom she is, is known to those who may know where she sleeps."""
    if refusal(work.session, work.actor, Permission.PLACEMENT, None) is not None:
        for row in rows:
            # Apart from the session, so that what is hidden is never written.
            work.session.expunge(row)
            row.partner_id = None
    return rows


def _plan(work: Work, victim: Victim, kind: StepKind, wanted: list[tuple[Need | None, datetime]]) -> None:
    for what, due in wanted:
        work.session.add(CareStep(victim_id=victim.id, kind=kind, what=what, state=StepState.PLANNED, due_at=due))
    if wanted:
        last = max(due for _, due in wanted).astimezone(UTC).isoformat()
        work.record(victim, "care:step", facts={"kind": kind, "steps": len(wanted), "due_at": last})


def _in_favour(work: Work, victim: Victim, kind: AssessmentKind) -> bool:
    found = _latest(work, victim, kind)
    if found is None or not found.favourable:
        return False
    return found.counts_until is None or found.counts_until >= office_day(work)


def _latest(work: Work, victim: Victim, kind: AssessmentKind) -> Assessment | None:
    find = sa.select(Assessment).where(Assessment.victim_id == victim.id, Assessment.kind == kind)
    return work.session.scalars(find.order_by(Assessment.assessed_on.desc(), Assessment.id.desc()).limit(1)).first()
