"""What one person asks for and another decides."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from evidence_api.db import Base, ByValue, new_id
from evidence_api.domain.approval import ApprovalKind, ApprovalState
from evidence_api.models.account import Office, User


class Approval(Base):
    """An act that takes two people: asked for by one about `about`, decided by another, good until `expires_at`."""

    __tablename__ = "approval"
    __table_args__ = (sa.Index(None, "office_id", "state", "id"), sa.Index(None, "about"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    office_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Office.id))
    kind: Mapped[ApprovalKind] = mapped_column(ByValue(ApprovalKind))
    about: Mapped[str] = mapped_column(sa.String(80))
    asker_id: Mapped[UUID] = mapped_column(sa.ForeignKey(User.id))
    reason: Mapped[str] = mapped_column(sa.Text)
    state: Mapped[ApprovalState] = mapped_column(ByValue(ApprovalState))
    decider_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(User.id))
    asked_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    @property
    def subject(self) -> str:
        return self.about
