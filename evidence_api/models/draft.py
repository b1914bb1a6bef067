"""What somebody has typed or uploaded and not sent yet, sealed under the key of her own account."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from evidence_api.db import Base, new_id
from evidence_api.models.account import User
from evidence_api.models.case import Case


class FormDraft(Base):
    """What somebody has typed into the form at `place`, its path, and not sent yet."""

    __tablename__ = "form_draft"
    bookkeeping = True

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey(User.id), primary_key=True)
    place: Mapped[str] = mapped_column(sa.String(300), primary_key=True)
    sealed: Mapped[bytes]
    saved_at: Mapped[datetime] = mapped_column(index=True)


class ImportDraft(Base):
    """A table that somebody has uploaded and not brought into the case yet."""

    __tablename__ = "import_draft"
    bookkeeping = True

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey(User.id), index=True)
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Case.id))
    sealed: Mapped[bytes]
    saved_at: Mapped[datetime] = mapped_column(index=True)
