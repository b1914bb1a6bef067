"""The ledger's tables as they are, sound or altered: no column is converted on the way, so none can stop a reader."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from evidence_api.ledger.entry import entry_hash
from evidence_api.models.ledger import LedgerEntry


@dataclass(frozen=True, slots=True)
class Row:
    """An entry as stored: its bytes, their hash, and the columns beside them.

    Ids are 32 hex digits; `recorded_at` is UTC, `YYYY-MM-DD HH:MM:SS.ffffff`. In an altered row they may be any text.
    """

    id: int
    body: bytes
    actual: str
    entry_id: str
    subject: str
    seq: int
    prev: str
    hash: str
    action: str
    recorded_at: str
    case_id: str | None

    @classmethod
    def of(cls, r: Any) -> "Row":
        """From a row of `entries`."""
        body = as_bytes(r.body)
        return cls(
            id=r.id,
            body=body,
            actual=entry_hash(body),
            entry_id=as_hex(r.entry_id),
            subject=str(r.subject),
            seq=as_seq(r.seq),
            prev=r.prev,
            hash=r.hash,
            action=r.action,
            recorded_at=r.recorded_at,
            case_id=None if r.case_id is None else as_hex(r.case_id),
        )

    @property
    def at(self) -> datetime | None:
        """What the column `recorded_at` says; None where it says no time."""
        try:
            return datetime.fromisoformat(self.recorded_at).replace(tzinfo=UTC)
        except (TypeError, ValueError):
            return None


def raw(column: InstrumentedAttribute[Any]) -> sa.Label[Any]:
    """The column as the driver gives it. The column types of the models raise where SQLite holds something else."""
    return sa.type_coerce(column, sa.types.NullType()).label(column.key)


def time_text(session: Session, column: InstrumentedAttribute[Any]) -> sa.Label[Any]:
    """A moment as text in UTC, `YYYY-MM-DD HH:MM:SS.ffffff`: the driver cannot read every moment of PostgreSQL's."""
    if session.get_bind().dialect.name == "postgresql":
        return sa.func.to_char(sa.func.timezone("UTC", column), "YYYY-MM-DD HH24:MI:SS.US").label(column.key)
    return raw(column)


def entries(session: Session) -> sa.Select[Any]:
    """A select of entries, each to be read with `Row.of`."""
    e = LedgerEntry
    plain = (e.id, e.body, e.entry_id, e.subject, e.seq, e.prev, e.hash, e.action, e.case_id)
    return sa.select(*(raw(column) for column in plain), time_text(session, e.recorded_at))


def as_bytes(value: object) -> bytes:
    """A BLOB's bytes; none where something else was put there."""
    return bytes(value) if isinstance(value, bytes | memoryview) else b""


def as_seq(value: object) -> int:
    """An entry's place in its chain; -1, which none has, where something else was put there."""
    return value if isinstance(value, int) else -1


def as_hex(value: object) -> str:
    """The 32 hex digits of a UUID in either database's form."""
    return value.hex if isinstance(value, UUID) else str(value).replace("-", "")


def id_of(subject: str) -> UUID | None:
    """The UUID that a subject, `<kind>:<uuid>`, names; None where it names none."""
    try:
        return UUID(subject.partition(":")[2])
    except ValueError:
        return None
