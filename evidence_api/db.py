"""The engine, the base of the mapped classes, and the column types that both databases share."""

import os
import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, ClassVar, TypeVar

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, Session

from evidence_api.domain.search import Searched

E = TypeVar("E", bound=StrEnum)

MAX_BUSY_SECONDS = 30
ROWS_AT_ONCE = 1000
"""In one statement: databases take only so many values."""


def new_id() -> uuid.UUID:
    """A UUIDv7 (RFC 9562): ordered by time in quarters of a microsecond (section 6.2, method 3), then 62 random bits,
    not to be guessed from another."""
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    value = milliseconds << 80 | (rest << 12) // 1_000_000 << 64 | int.from_bytes(os.urandom(8))
    value |= 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return uuid.UUID(int=value)


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """An aware moment in UTC. A naive one is a mistake and refused."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class ByValue(sa.types.TypeDecorator[E]):
    """An enum kept as its value, so that a name may change and the database need not."""

    impl = sa.String(40)
    cache_ok = True

    def __init__(self, kind: type[E]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: E | None, dialect: sa.Dialect) -> str | None:
        return None if value is None else self.kind(value).value

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> E | None:
        return None if value is None else self.kind(value)


class Base(DeclarativeBase):
    """Every mapped class. A change to one must have its ledger entry, unless it is `bookkeeping`."""

    bookkeeping = False
    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: UtcDateTime(), uuid.UUID: sa.Uuid()}

    @property
    def subject(self) -> str:
        """The chain that entries about this row belong to, `<kind>:<uuid>`."""
        raise NotImplementedError(f"{type(self).__name__} has no chain")

    @property
    def searched(self) -> Searched | None:
        """What the row is found by; None where it is not, or no longer, to be found."""
        return None

    @classmethod
    def is_searched(cls) -> sa.ColumnElement[bool]:
        """Which rows of a class that is `searched` are to be found."""
        return sa.true()

    def found_as(self, _session: Session) -> "Base":
        """The row that is found otherwise when this one changes."""
        return self


def make_engine(url: str) -> sa.Engine:
    """An engine with this service's rules: SQLite in WAL with full fsync and triggers that see REPLACE."""
    if sa.make_url(url).get_backend_name() == "sqlite":
        engine = sa.create_engine(url, connect_args={"timeout": MAX_BUSY_SECONDS}, hide_parameters=True)
        _sqlite_rules(engine)
        return engine
    engine = sa.create_engine(
        url, pool_size=16, max_overflow=16, pool_pre_ping=True, pool_timeout=MAX_BUSY_SECONDS, hide_parameters=True
    )

    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:
        # It would compile a query for longer than ours take, whenever it thinks that one costs much.
        connection.execute("SET jit = off")
        connection.commit()

    return engine


def _sqlite_rules(engine: sa.Engine) -> None:
    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        # Text that somebody altered to what is no UTF-8 is read all the same, and found by verification.
        connection.text_factory = lambda text: text.decode(errors="replace")
        # SQLite's own knows no letters but a to z.
        connection.create_function("lower", 1, lambda text: text and str(text).lower(), deterministic=True)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "recursive_triggers=ON"):
            connection.execute(f"PRAGMA {pragma}")

    # A deferred BEGIN that reads and then writes fails at once when another has written meanwhile.
    @event.listens_for(engine, "begin")
    def on_begin(connection: sa.Connection) -> None:
        read_only = connection.get_execution_options().get("read_only", False)
        patience = connection.get_execution_options().get("patience", MAX_BUSY_SECONDS)
        connection.exec_driver_sql(f"PRAGMA busy_timeout={int(patience * 1000)}")
        connection.exec_driver_sql(f"PRAGMA query_only={'ON' if read_only else 'OFF'}")
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


# SQLite's busy handler is unfair: one of eight writers can starve for seconds. A lock in the process is not.
_sqlite_writers = threading.Lock()


class GuardedSession(Session):
    """A session that, once an act works in it, nobody commits but the gate."""

    def commit(self) -> None:
        """Raises RuntimeError within an act, unless the gate has finished it."""
        if "work" in self.info and not self.info.get("finished"):
            raise RuntimeError("only the gate commits: leave it to begin()")
        super().commit()


READ_ONLY: Mapping[str, dict[str, Any]] = {
    "sqlite": {"read_only": True},
    # One snapshot for the whole read: else a chain and its head could be seen at two moments.
    "postgresql": {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
}


@contextmanager
def open_session(engine: sa.Engine, *, read_only: bool = False, patience: float | None = None) -> Iterator[Session]:
    """A session over one transaction; the database itself refuses a change where it is `read_only`.

    With `patience`, in seconds, it waits no longer than that each time that others are writing: then SQLAlchemy's
    TimeoutError or OperationalError is raised.
    """
    sqlite_writer = engine.dialect.name == "sqlite" and not read_only
    if sqlite_writer and not _sqlite_writers.acquire(timeout=-1 if patience is None else patience):
        raise sa.exc.TimeoutError("others are writing")
    try:
        bind = engine.execution_options(**READ_ONLY[engine.dialect.name]) if read_only else engine
        if patience is not None:
            bind = bind.execution_options(patience=patience)
        with GuardedSession(bind, expire_on_commit=False) as session:
            if patience is not None and engine.dialect.name == "postgresql":
                session.execute(sa.text(f"SET LOCAL lock_timeout = {int(patience * 1000)}"))
            yield session
    finally:
        if sqlite_writer:
            _sqlite_writers.release()


def database_time(session: Session) -> datetime:
    """The one clock: the database server's on PostgreSQL, this machine's on SQLite (LEDGER.md section 4)."""
    if session.get_bind().dialect.name == "postgresql":
        now: datetime = session.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
        return now.astimezone(UTC)
    return datetime.now(UTC)


def insert_if_absent(session: Session, model: type[Base], **values: object) -> None:
    """Insert a row unless its key is taken already, without an error and without a race."""
    insert_all_if_absent(session, model, [values])


def insert_all_if_absent(session: Session, model: type[Base], rows: Sequence[Mapping[str, object]]) -> None:
    """Insert each row unless its key is taken already, without an error and without a race."""
    dialect = session.get_bind().dialect.name
    for begin in range(0, len(rows), ROWS_AT_ONCE):
        insert = postgresql.insert(model) if dialect == "postgresql" else sqlite.insert(model)
        session.execute(insert.values(rows[begin : begin + ROWS_AT_ONCE]).on_conflict_do_nothing())
