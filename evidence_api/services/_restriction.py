"""Restricting an item, by hand or because the same file came in as a restricted one."""

import sqlalchemy as sa

from evidence_api.domain.custody import Sensitivity
from evidence_api.models import Evidence, Reader
from evidence_api.work import Work


def restrict(work: Work, item: Evidence, reason: str) -> None:
    """Mark the item restricted, and end the being named of all to whom it was shown as an ordinary one."""
    named_before = sa.select(Reader).where(Reader.evidence_id == item.id).order_by(Reader.user_id)
    for reader in work.session.scalars(named_before).all():
        work.session.delete(reader)
        named = str(work.known_as(item.case_id, reader.user_id))
        work.record(item, "evidence:drop_reader", data={"reader": named}, facts={"reason": reason})
    item.sensitivity = Sensitivity.RESTRICTED
    work.record(item, "evidence:restrict", facts={"reason": reason})
