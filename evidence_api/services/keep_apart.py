"""Whom to keep away from a victim: a perpetrator, or another victim."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from evidence_api.domain.errors import Conflict, InvalidInput
from evidence_api.domain.victim import Barrier
from evidence_api.ledger.entry import Fact
from evidence_api.models import KeepApart, Perpetrator, Victim, VictimCase
from evidence_api.policy import Permission
from evidence_api.services._care import flag_conflict
from evidence_api.work import Work, act_on

OFFERED = 200
"""How many perpetrators and other victims a form offers, the newest."""


@dataclass(frozen=True, slots=True)
class Apart:
    """Whom to keep away from her. `perpetrator` or `victim`; none where the actor may not know of that person."""

    id: UUID
    barrier: Barrier
    since: datetime
    ended_at: datetime | None
    perpetrator: Perpetrator | None
    victim: Victim | None
    placement_conflict: bool = False
    """Whether, as it was recorded, she slept where it says that she must not."""


@act_on(Victim, Permission.VICTIM_EDIT, lock=False)
def add(
    work: Work, her: Victim, /, *, barrier: Barrier, perpetrator: UUID | None = None, victim: UUID | None = None
) -> Apart:
    """Record that somebody must be kept away from her: a perpetrator, or another victim, who is then kept away from
    each other. Where she sleeps in conflict with it, a step of her care is due at once."""
    if (perpetrator is None) == (victim is None):
        raise InvalidInput({"perpetrator": ["Give a perpetrator or another victim, one of the two."]})
    if victim == her.id:
        raise InvalidInput({"victim": ["This is herself. Give another victim."]})
    who = None if perpetrator is None else work.get(Perpetrator, perpetrator, Permission.CASEWORK_READ)
    # In one order, so that two who record it from both sides do not wait for each other.
    both = {id: work.get(Victim, id, Permission.VICTIM_READ, lock=True) for id in sorted({her.id, victim or her.id})}
    whom = None if victim is None else both[victim]
    so = (KeepApart.victim_id == her.id) & (KeepApart.other_victim_id == victim)
    if victim is None:
        so = (KeepApart.victim_id == her.id) & (KeepApart.perpetrator_id == perpetrator)
    else:
        so |= (KeepApart.victim_id == victim) & (KeepApart.other_victim_id == her.id)
    same = sa.select(KeepApart.id).where(so, KeepApart.barrier == barrier, KeepApart.ended_at.is_(None))
    if work.session.execute(same.limit(1)).first() is not None:
        raise Conflict("This is recorded already.")
    row = KeepApart(
        victim_id=her.id, barrier=barrier, perpetrator_id=perpetrator, other_victim_id=victim, since=work.now
    )
    work.session.add(row)
    work.session.flush()
    facts: dict[str, Fact] = {
        "barrier": barrier.value,
        "perpetrator": str(perpetrator) if perpetrator else None,
        "victim": str(victim) if victim else None,
    }
    work.record(her, "victim:keep_apart", data={"keep_apart": str(row.id)}, facts=facts)
    conflict = flag_conflict(work, her, other=victim, perpetrator=perpetrator)
    return Apart(row.id, barrier, row.since, None, who, whom, conflict)


@dataclass(frozen=True, slots=True)
class Near:
    """Who might have to be kept away from her: those of the actor's cases that know her, the newest first."""

    perpetrators: Sequence[Perpetrator]
    victims: Sequence[Victim]


@act_on(Victim, Permission.VICTIM_EDIT, read_only=True)
def near(work: Work, victim: Victim) -> Near:
    """Whom `add` may name, of the cases that know her; up to `OFFERED` of each."""
    hers = work.query(VictimCase).where(VictimCase.victim_id == victim.id).with_only_columns(VictimCase.case_id)
    suspects = work.query(Perpetrator).where(Perpetrator.case_id.in_(hers))
    known = sa.select(VictimCase.victim_id).where(VictimCase.case_id.in_(hers))
    others = work.query(Victim).where(Victim.id.in_(known), Victim.id != victim.id)
    return Near(
        work.session.scalars(suspects.order_by(Perpetrator.id.desc()).limit(OFFERED)).all(),
        work.session.scalars(others.order_by(Victim.id.desc()).limit(OFFERED)).all(),
    )


@act_on(Victim, Permission.VICTIM_READ, read_only=True)
def list_of_victim(work: Work, victim: Victim) -> tuple[list[Apart], None]:
    """Whom to keep away from her, from whichever side it was recorded; what has ended stands last."""
    hers = (KeepApart.victim_id == victim.id) | (KeepApart.other_victim_id == victim.id)
    rows = list(work.session.scalars(sa.select(KeepApart).where(hers).order_by(KeepApart.id.desc())))
    ids = {id for row in rows for id in (row.victim_id, row.other_victim_id)} - {victim.id}
    others = work.session.scalars(work.query(Victim).where(Victim.id.in_(ids)))
    people: dict[UUID | None, Victim] = {one.id: one for one in others}
    suspects = work.query(Perpetrator).where(Perpetrator.id.in_({row.perpetrator_id for row in rows}))
    known: dict[UUID | None, Perpetrator] = {one.id: one for one in work.session.scalars(suspects)}
    found = []
    for row in rows:
        other = row.other_victim_id if row.victim_id == victim.id else row.victim_id
        who, whom = known.get(row.perpetrator_id), people.get(other)
        found.append(Apart(row.id, row.barrier, row.since, row.ended_at, who, whom))
    return sorted(found, key=lambda one: one.ended_at is not None), None


@act_on(KeepApart, Permission.VICTIM_READ, read_only=True)
def read(work: Work, row: KeepApart) -> KeepApart:
    """One record of whom to keep away."""
    return row


@act_on(KeepApart, Permission.VICTIM_EDIT)
def end(work: Work, row: KeepApart, *, reason: str) -> None:
    """Record that this person need not be kept away any more."""
    if row.ended_at is not None:
        raise Conflict("This has ended already.")
    row.ended_at = work.now
    victim = work.session.get_one(Victim, row.victim_id)
    data: dict[str, Fact] = {"keep_apart": str(row.id)}
    work.record(victim, "victim:keep_apart_end", data=data, facts={"reason": reason})
