"""What several acts of custody must find in order before they change anything."""

from uuid import UUID

import sqlalchemy as sa

from evidence_api.domain.errors import Conflict, Quarantined
from evidence_api.domain.roles import Role
from evidence_api.ledger.entry import BadEntry, Fact, decode
from evidence_api.models import CaseActor, Evidence, LedgerEntry
from evidence_api.policy import Permission
from evidence_api.work import Work


def in_place_of(work: Work, case_id: UUID, person: UUID) -> dict[str, Fact]:
    """Whom a supervisor acts for, to be recorded; it takes her a fresh code. Empty for who acts for herself."""
    if work.actor.role is not Role.SUPERVISOR:
        return {}
    work.step_up()
    return {"in_place_of": str(work.known_as(case_id, person))}


def foreign(work: Work, item: Evidence) -> bool:
    """Whether the actor neither gathered nor holds nor lent the item: nobody is her own second person."""
    return work.actor.user_id not in (item.collector_id, item.custodian_id, item.lender_id)


def is_second_person(work: Work, item: Evidence, action: str) -> bool:
    """Whether the item is foreign to the actor, and another did `action` last. Raises Conflict for a chain that does
    not say who."""
    found = sa.select(LedgerEntry.body).where(LedgerEntry.subject == item.subject, LedgerEntry.action == action)
    last = work.session.scalars(found.order_by(LedgerEntry.seq.desc()).limit(1)).one_or_none()
    # Who has done nothing in the case yet is not known in its chains, and a reader is not made known there.
    known = sa.select(CaseActor.actor).where(CaseActor.case_id == item.case_id, CaseActor.user_id == work.actor.user_id)
    try:
        hers = last is not None and decode(last).actor == str(work.session.scalars(known).one_or_none())
    except BadEntry:
        raise Conflict("The item's chain cannot be read. Verify the item first.") from None
    return foreign(work, item) and not hers


def second_person(work: Work, item: Evidence, action: str, permission: Permission) -> None:
    """Raise Forbidden for who is not another person than the one who did `action`, or whose the item is."""
    if not is_second_person(work, item, action):
        raise work.forbid("Another supervisor must lift this: you set it, or the item is yours.", permission, item)


def refuse_quarantined(item: Evidence) -> None:
    if item.quarantined:
        raise Quarantined("The item is quarantined. A supervisor must release it first.")
