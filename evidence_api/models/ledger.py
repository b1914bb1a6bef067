"""The ledger's tables. `ledger_entry.body` is the truth; every other column is derived from it."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from evidence_api.db import Base


class LedgerEntry(Base):
    """One entry: its exact bytes. The database refuses to change or remove a row."""

    __tablename__ = "ledger_entry"
    __table_args__ = (
        sa.UniqueConstraint("subject", "seq"),
        sa.UniqueConstraint("subject", "prev"),
        sa.Index(None, "case_id", "id"),
    )
    bookkeeping = True

    id: Mapped[int] = mapped_column(
        sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    body: Mapped[bytes]
    entry_id: Mapped[UUID] = mapped_column(unique=True)
    subject: Mapped[str] = mapped_column(sa.String(80))
    seq: Mapped[int] = mapped_column(sa.BigInteger)
    prev: Mapped[str] = mapped_column(sa.String(64))
    hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    action: Mapped[str] = mapped_column(sa.String(80))
    recorded_at: Mapped[datetime]
    case_id: Mapped[UUID | None]


class LedgerHead(Base):
    """The end of a subject's chain: the one row that an append locks."""

    __tablename__ = "ledger_head"
    bookkeeping = True

    subject: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    seq: Mapped[int] = mapped_column(sa.BigInteger)
    hash: Mapped[str] = mapped_column(sa.String(64))
    recorded_at: Mapped[datetime | None]


class Disclosure(Base):
    """What opens one commitment, sealed under the subject's key. Deleted by an erasure; the chain stands."""

    __tablename__ = "disclosure"
    __table_args__ = (sa.Index(None, "subject"),)
    bookkeeping = True

    entry_hash: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    subject: Mapped[str] = mapped_column(sa.String(80))
    sealed: Mapped[bytes]


class SubjectKey(Base):
    """A subject's key, wrapped by the master key, which is not in the database."""

    __tablename__ = "subject_key"
    bookkeeping = True

    subject: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    wrapped: Mapped[bytes]


class ClockFaultInterval(Base):
    """An interval in which the clock is declared to have been wrong; derived from `system:clock_fault`."""

    __tablename__ = "clock_fault"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    begins_at: Mapped[datetime]
    ends_at: Mapped[datetime]
