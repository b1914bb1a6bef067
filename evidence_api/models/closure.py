"""Orders that close a venue."""

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from evidence_api.db import Base, ByValue, new_id
from evidence_api.domain.closure import ClosureState
from evidence_api.models.account import User
from evidence_api.models.case import Case
from evidence_api.models.evidence import Evidence
from evidence_api.models.venue import Venue


class ClosureOrder(Base):
    """An order that shuts a venue: `permanent` as it was sought, then as it was granted. `expires_on` is the last day
    of one that is not. While it is in force the venue is to be looked at by `inspect_by`."""

    __tablename__ = "closure_order"
    __table_args__ = (
        sa.Index(None, "venue_id", "id"),
        sa.Index(None, "case_id", "id"),
        sa.Index(None, "state", "expires_on"),
        sa.Index(None, "inspect_by"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    venue_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Venue.id))
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Case.id))
    ref: Mapped[str] = mapped_column(sa.String(40), unique=True)
    state: Mapped[ClosureState] = mapped_column(ByValue(ClosureState))
    permanent: Mapped[bool]
    grounds: Mapped[str | None] = mapped_column(sa.Text)
    drafter_id: Mapped[UUID] = mapped_column(sa.ForeignKey(User.id))
    approver_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(User.id))
    court: Mapped[str | None] = mapped_column(sa.String(200))
    court_ref: Mapped[str | None] = mapped_column(sa.String(100))
    applied_on: Mapped[date | None]
    granted_on: Mapped[date | None]
    expires_on: Mapped[date | None]
    inspect_by: Mapped[date | None]
    document_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(Evidence.id))
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    @property
    def subject(self) -> str:
        return f"order:{self.id}"
