"""What several acts of custody must find in order before they change anything."""

from uuid import UUID

import sqlalchemy as sa

from evidence_api.domain.errors import Conflict, Quarantined
from evidence_api.domain.roles import Role
from evidence_api.ledger.entry import BadEntry, Fact, decode
from evidence_api.models import Evidence, LedgerEntry
from evidence_api.policy import Permission
from evidence_api.work import Work


def in_place_of(work: Work, case_id: UUID, person: UUID) -> dict[str, Fact]:
    """Whom a supervisor acts for, to be recorded; it takes her a fresh code. Empty for who acts for herself."""
    if work.actor.role is not Role.SUPERVISOR:
        return {}
    work.step_up()
    return {"in_place_of": str(work.known_as(case_id, person))}


def second_person(work: Work, item: Evidence, action: str, permission: Permission) -> None:
    """Raise Forbidden for who did `action` last, or gathered or holds the item: nobody is her own second person."""
    found = sa.select(LedgerEntry.body).where(LedgerEntry.subject == item.subject, LedgerEntry.action == action)
    last = work.session.scalars(found.order_by(LedgerEntry.seq.desc()).limit(1)).one_or_none()
    try:
        hers = last is not None and decode(last).actor == str(work.known_as(item.case_id))
    except BadEntry:
        raise Conflict("The item's chain cannot be read. Verify the item first.") from None
    if hers or work.actor.user_id in (item.collector_id, item.custodian_id):
        raise work.forbid("Another supervisor must lift this: you set it, or the item is yours.", permission, item)


def refuse_quarantined(item: Evidence) -> None:
    if item.quarantined:
        raise Quarantined("The item is quarantined. A supervisor must release it first.")
