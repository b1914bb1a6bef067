"""Tips that people report."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from evidence_api.db import Base, ByValue, new_id
from evidence_api.domain.tip import TipState
from evidence_api.models.account import Office, User
from evidence_api.models.case import Case


class Tip(Base):
    """A suspicion in somebody's words, kept in the vault: it may name people. `led_to_id` is the case to which it
    led."""

    __tablename__ = "tip"
    __table_args__ = (sa.Index(None, "office_id", "state", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    office_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Office.id))
    reporter_id: Mapped[UUID] = mapped_column(sa.ForeignKey(User.id))
    state: Mapped[TipState] = mapped_column(ByValue(TipState))
    led_to_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(Case.id))
    reported_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    @property
    def subject(self) -> str:
        return f"tip:{self.id}"
