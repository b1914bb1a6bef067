"""Links from an item of evidence to what it is about."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from evidence_api.db import Base, ByValue, new_id
from evidence_api.domain.link import Confidence, LinkKind, LinkRelation
from evidence_api.models.account import User
from evidence_api.models.case import Case
from evidence_api.models.evidence import Evidence


class Link(Base):
    """What an item shows, mentions or proves, by whose word. Unlinking ends it; what it was stays in the chain."""

    __tablename__ = "link"
    __table_args__ = (
        sa.Index(None, "evidence_id", "id"),
        sa.Index(None, "target_id"),
        sa.Index(None, "case_id", "target_kind", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Case.id))
    evidence_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Evidence.id))
    target_kind: Mapped[LinkKind] = mapped_column(ByValue(LinkKind))
    target_id: Mapped[UUID]
    relation: Mapped[LinkRelation] = mapped_column(ByValue(LinkRelation))
    confidence: Mapped[Confidence] = mapped_column(ByValue(Confidence))
    made_by_id: Mapped[UUID] = mapped_column(sa.ForeignKey(User.id))
    made_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    @property
    def subject(self) -> str:
        return f"evidence:{self.evidence_id}"
