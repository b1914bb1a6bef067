"""Restricting an item, by hand or because the same file came in as a restricted one, and to whom that closes it."""

from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa

from evidence_api.domain.custody import Sensitivity
from evidence_api.models import Evidence, Reader
from evidence_api.work import Work

NOTES = "evidence:notes"
"""The act by which something is written of the content of an item."""


def restrict(work: Work, item: Evidence, reason: str) -> None:
    """Mark the item restricted, and end the being named of all to whom it was shown as an ordinary one."""
    named_before = sa.select(Reader).where(Reader.evidence_id == item.id).order_by(Reader.user_id)
    for reader in work.session.scalars(named_before).all():
        work.session.delete(reader)
        named = str(work.known_as(item.case_id, reader.user_id))
        work.record(item, "evidence:drop_reader", data={"reader": named}, facts={"reason": reason})
    item.sensitivity = Sensitivity.RESTRICTED
    work.record(item, "evidence:restrict", facts={"reason": reason})


def closed_to(work: Work, ids: Collection[UUID]) -> set[UUID]:
    """Those of the items that are restricted and that the actor is not named to open. What is written of their content
    is not for her either."""
    if not ids:
        return set()
    named = sa.exists().where(Reader.evidence_id == Evidence.id, Reader.user_id == work.actor.user_id)
    found = sa.select(Evidence.id).where(Evidence.id.in_(ids), Evidence.sensitivity == Sensitivity.RESTRICTED, ~named)
    return set(work.session.scalars(found))
