"""What a case's timeline is read from: derived from the chains and the register, so that it can be sorted by when it
happened."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Mapped, mapped_column

from evidence_api.db import Base
from evidence_api.domain.timeline import CAPTURED
from evidence_api.models.evidence import Evidence


class TimelineEvent(Base):
    """An entry at the moment at which the act happened; or, without an entry, an item at the moment of its capture.

    `evidence_id`, `victim_id`, `testimony_id` and `link_id` name what a reader must be let to see first. What is about
    a victim stands under the case that registered her; other cases that know her find it by her id.
    """

    __tablename__ = "timeline_event"
    __table_args__ = (
        sa.Index(None, "case_id", "at", "id"),
        sa.Index(None, "victim_id", "at", "id"),
        sa.Index(None, "evidence_id"),
    )
    bookkeeping = True

    id: Mapped[int] = mapped_column(
        sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    entry: Mapped[int | None] = mapped_column(sa.BigInteger, unique=True)
    case_id: Mapped[UUID]
    at: Mapped[datetime]
    action: Mapped[str] = mapped_column(sa.String(80))
    evidence_id: Mapped[UUID | None]
    victim_id: Mapped[UUID | None]
    testimony_id: Mapped[UUID | None]
    link_id: Mapped[UUID | None]


@event.listens_for(Evidence, "after_insert")
def _captured(_mapper: Any, connection: sa.Connection, item: Evidence) -> None:
    if item.captured_at is not None:
        connection.execute(sa.insert(TimelineEvent).values(**capture(item.id, item.case_id, item.captured_at)))


@event.listens_for(Evidence, "after_update")
def _corrected(mapper: Any, connection: sa.Connection, item: Evidence) -> None:
    if sa.inspect(item).attrs.captured_at.history.has_changes():
        of_item = (TimelineEvent.evidence_id == item.id) & TimelineEvent.entry.is_(None)
        connection.execute(sa.delete(TimelineEvent).where(of_item))
        _captured(mapper, connection, item)


def capture(id: UUID, case_id: UUID, at: datetime) -> dict[str, Any]:
    """The values of the event that an item was captured."""
    return {"case_id": case_id, "at": at, "action": CAPTURED, "evidence_id": id}
