"""Where a victim sleeps. The vault alone knows what kind of place it is, with which partner, and its address; from when
to when she is placed, her caseworkers may know. What a guard must know of where she sleeps, it opens for itself.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from evidence_api.domain.care import ANOTHER_PARTNER, GOING_HOME, PlacementKind
from evidence_api.domain.errors import Conflict, Unprepared
from evidence_api.models import KeepApart, Placement, Victim
from evidence_api.policy import Permission
from evidence_api.services import _vault
from evidence_api.services._care import partner_of, partners_of, refuse_home
from evidence_api.services._checks import in_order, not_after_today
from evidence_api.services._pages import Page, page
from evidence_api.work import Work, act_on


@act_on(Victim, Permission.PLACEMENT)
def place(
    work: Work,
    victim: Victim,
    *,
    kind: PlacementKind,
    from_on: date,
    partner: UUID | None = None,
    address: str | None = None,
) -> Placement:
    """Record where she sleeps from a day on. Where she slept until then ends on that day.

    Raises Unprepared where she would go home although that is not found safe, or to a partner with whom somebody stays
    whom she is to be kept apart from.
    """
    not_after_today(work, from_on=from_on)
    if kind in GOING_HOME:
        refuse_home(work, victim)
    if partner is not None:
        # Locked, so that two who are kept apart are not placed there at the same moment.
        partner_of(work, partner, lock=True)
        _refuse_together(work, victim, partner, from_on)
    open_ = sa.select(Placement).where(Placement.victim_id == victim.id, Placement.until_on.is_(None))
    before = work.session.scalars(open_.execution_options(populate_existing=True)).one_or_none()
    if before is not None:
        in_order("from_on", before.from_on, from_on)
        before.until_on = from_on
    made = Placement(victim_id=victim.id, from_on=from_on)
    work.session.add(made)
    work.session.flush()
    kept = {"kind": kind.value, "partner": str(partner) if partner else None, "address": address}
    work.record(
        victim,
        "care:placement",
        data={"placement": str(made.id)},
        facts={"from_on": from_on.isoformat()},
        covers=_vault.put(work, made.sealed, kept),
    )
    return made


def _refuse_together(work: Work, victim: Victim, partner: UUID, from_on: date) -> None:
    """Whom she is kept apart from is looked up for her safety, whether the actor knows of that person or not."""
    standing = KeepApart.ended_at.is_(None) & KeepApart.other_victim_id.is_not(None)
    others: sa.CompoundSelect[Any] = sa.union(
        sa.select(KeepApart.other_victim_id).where(standing, KeepApart.victim_id == victim.id),
        sa.select(KeepApart.victim_id).where(standing, KeepApart.other_victim_id == victim.id),
    )
    if partner in partners_of(work, work.session.scalars(others).all(), from_on):
        told = "Somebody stays with this partner from whom she is to be kept apart. Place her elsewhere."
        raise Unprepared(told, first=ANOTHER_PARTNER)


@act_on(Placement, Permission.PLACEMENT, lock=False)
def end_placement(work: Work, placement: Placement, *, until_on: date, reason: str) -> Placement:
    """She sleeps there no longer, and it is not known yet where she goes."""
    victim = work.get(Victim, placement.victim_id, Permission.PLACEMENT, lock=True)
    # Read again: while the lock was awaited, she may have been placed elsewhere.
    work.session.refresh(placement)
    not_after_today(work, until_on=until_on)
    in_order("until_on", placement.from_on, until_on)
    if placement.until_on is not None:
        raise Conflict("This placement has ended already.")
    placement.until_on = until_on
    facts = {"until_on": until_on.isoformat(), "reason": reason}
    work.record(victim, "care:placement_end", data={"placement": str(placement.id)}, facts=facts)
    return placement


@act_on(Victim, Permission.PLACEMENT, read_only=True)
def placements(work: Work, victim: Victim, *, limit: int = 50, cursor: UUID | None = None) -> Page[Placement]:
    """From when to when she was placed somewhere, newest first."""
    return page(work, work.query(Placement).where(Placement.victim_id == victim.id), Placement.id, limit, cursor)


@act_on(Placement, Permission.PLACEMENT, read_only=True)
def read_placement(work: Work, placement: Placement) -> Placement:
    """One placement: from when to when."""
    return placement


@dataclass(frozen=True, slots=True)
class Revealed:
    """Where a placement of hers is. Each is null where it is not kept, or was erased."""

    victim_id: UUID
    kind: PlacementKind | None
    partner_id: UUID | None
    address: str | None


@act_on(Placement, Permission.PLACEMENT)
def reveal(work: Work, placement: Placement, *, reason: str) -> Revealed:
    """Where a placement is, for a reason and with a fresh code. Each time is in the ledger."""
    work.step_up()
    victim = work.session.get_one(Victim, placement.victim_id)
    work.record(victim, "care:placement_reveal", data={"placement": str(placement.id)}, facts={"reason": reason})
    kept = _vault.open_all(work, placement.sealed)
    kind, partner = kept.get("kind"), kept.get("partner")
    return Revealed(
        placement.victim_id,
        PlacementKind(kind) if kind else None,
        UUID(partner) if partner else None,
        kept.get("address"),
    )
