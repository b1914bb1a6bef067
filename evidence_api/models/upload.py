"""Uploads under way, and remembered answers. All of it is bookkeeping: the act is the item's ingest."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from evidence_api.db import Base, ByValue, new_id
from evidence_api.models.account import User
from evidence_api.models.case import Case
from evidence_api.models.evidence import Evidence


class UploadState(StrEnum):
    """Receiving, or how it ended."""

    RECEIVING = "receiving"
    ADMITTED = "admitted"
    DUPLICATE = "duplicate"
    REFUSED = "refused"


class Upload(Base):
    """A resumable upload (tus 1.0.0). Everything that it needs to go on, in any process.

    `stated` is what the uploader said of the file, sealed. `lease_*` makes one request at a time its writer: a
    lease is renewed while bytes come, and a newer writer takes over once it has lapsed. `device_sha256` is what the
    device computed of the file, once it has said so.
    """

    __tablename__ = "upload"
    __table_args__ = (sa.Index(None, "state", "expires_at"), sa.Index(None, "user_id", "id"))
    bookkeeping = True

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Case.id))
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey(User.id))
    state: Mapped[UploadState] = mapped_column(ByValue(UploadState), default=UploadState.RECEIVING)
    size: Mapped[int] = mapped_column(sa.BigInteger)
    offset: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    storage_key: Mapped[str] = mapped_column(sa.String(200), unique=True)
    handle: Mapped[str] = mapped_column(sa.Text)
    stated: Mapped[bytes]
    tail: Mapped[dict[str, object] | None] = mapped_column(sa.JSON)
    evidence_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(Evidence.id))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    lease_holder: Mapped[str | None] = mapped_column(sa.String(100))
    lease_until: Mapped[datetime | None]
    device_sha256: Mapped[str | None] = mapped_column(sa.String(64))

    @property
    def subject(self) -> str:
        return f"upload:{self.id}"

    @property
    def duplicate(self) -> bool:
        """Whether the case had the same bytes already, in the item that `evidence_id` names."""
        return self.state is UploadState.DUPLICATE


class UploadSegment(Base):
    """A durable run of an upload's bytes with its own digest, since a hash in progress cannot be saved."""

    __tablename__ = "upload_segment"
    bookkeeping = True

    upload_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Upload.id, ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    offset: Mapped[int] = mapped_column(sa.BigInteger)
    size: Mapped[int] = mapped_column(sa.BigInteger)
    sha256: Mapped[str] = mapped_column(sa.String(64))
    etag: Mapped[str | None] = mapped_column(sa.String(200))


class Answer(Base):
    """What was answered to a POST with an Idempotency-Key, so that repeating it changes nothing."""

    __tablename__ = "answer"
    __table_args__ = (sa.Index(None, "created_at"),)
    bookkeeping = True

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey(User.id), primary_key=True)
    key: Mapped[str] = mapped_column(sa.String(200), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(sa.String(64))
    status: Mapped[int]
    sealed: Mapped[bytes]
    created_at: Mapped[datetime]
