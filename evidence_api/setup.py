"""Setting an installation up: tables, keys, origin, the first office. Each step is safe to repeat."""

import base64
import os
import re
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.orm import Session

import migrations
from evidence_api import counting, index
from evidence_api.config import BadSettings, Settings
from evidence_api.db import make_engine, new_id
from evidence_api.domain.custody import TAKEN, TAKING
from evidence_api.domain.roles import OPERATOR
from evidence_api.keys import KeyStore, new_key_file, read_key_file
from evidence_api.ledger.chain import disclosures_of, facts_of, happening
from evidence_api.ledger.entry import BadEntry, as_moment, decode, moment
from evidence_api.ledger.stored import Row, entries
from evidence_api.models import Evidence, TimelineEvent
from evidence_api.models.ledger import LedgerEntry
from evidence_api.models.timeline import capture
from evidence_api.services import accounts
from evidence_api.site import open_storage
from evidence_api.work import Site, begin

ORIGIN = re.compile(r"[a-z0-9.-]+(:\d+)?(/[a-z0-9._/-]+)?")


def alembic_config(connection: sa.Connection) -> Config:
    """Alembic, pointed at our migrations and working in this connection's transaction."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    config.attributes["connection"] = connection
    return config


def migrate(settings: Settings) -> None:
    """Bring the tables up to date, as the owner of the tables where one is named apart."""
    if not settings.migration_url and settings.database.startswith("sqlite"):
        settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = make_engine(settings.migration_url or settings.database)
    with engine.begin() as connection:
        command.upgrade(alembic_config(connection), "head")
        if settings.app_role:
            grant(connection, settings.app_role)
    engine.dispose()


def grant(connection: sa.Connection, role: str) -> None:
    """Give the application's role no more than it needs: INSERT and SELECT on the ledger (LEDGER.md section 4)."""
    quoted = connection.dialect.identifier_preparer.quote(role)
    connection.execute(sa.text(f"GRANT USAGE ON SCHEMA public TO {quoted}"))
    connection.execute(sa.text(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {quoted}"))
    connection.execute(sa.text(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {quoted}"))
    connection.execute(sa.text(f"REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM {quoted}"))
    connection.execute(sa.text(f"REVOKE UPDATE, DELETE, TRUNCATE ON {LedgerEntry.__tablename__} FROM {quoted}"))


def make_keys(settings: Settings) -> list[str]:
    """Make the key files that are not there yet; the uses of those made. Signing is Ed25519, the others AES-256."""
    made = []
    for use, path in settings.key_files.items():
        if path.exists():
            continue
        if use == "signing":
            _new_signing_key(path)
        else:
            new_key_file(path)
        made.append(use)
    return made


def _new_signing_key(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    seed = Ed25519PrivateKey.generate().private_bytes_raw()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(base64.b64encode(seed) + b"\n")


def check_origin(origin: str) -> str:
    """The origin, if it is a schemeless URL as C2SP tlog-checkpoint wants. Raises BadSettings."""
    if not ORIGIN.fullmatch(origin):
        raise BadSettings("The origin must be a schemeless URL such as evidence.example.org/ledger")
    return origin


def initialise(settings: Settings, *, origin: str, office: str, name: str, zone: str = accounts.UTC) -> bool:
    """The first rows, recorded as the first act; tables and keys are there. False where it was done before.

    Then what an upgrade could not fill in without keys is filled in.
    """
    keys = KeyStore(read_key_file(settings.key_files["master"]))
    site = Site(make_engine(settings.database), settings, keys, open_storage(settings), check_origin(origin), new_id())
    try:
        with begin(site, OPERATOR) as work:
            first = accounts.initialise(work, office=office, name=name, zone=zone)
        _fill_due(site)
        index.fill(site.engine)
        counting.fill(site.engine, site.keys, datetime.now(UTC))
        _fill_timeline(site)
        return first
    finally:
        site.engine.dispose()


def _fill_due(site: Site) -> None:
    """Of what was taken out before the register kept it: until when.

    It belongs to the migration, as far as that can do without keys. The chain says it, so no entry is made of it.
    """
    with site.engine.begin() as connection, Session(connection) as session:
        out = sa.select(Evidence.id).where(Evidence.state.in_(TAKEN), Evidence.due_at.is_(None))
        for id in session.scalars(out).all():
            taken = sa.select(LedgerEntry.body, LedgerEntry.hash).where(
                LedgerEntry.subject == f"evidence:{id}",
                LedgerEntry.action.in_([f"evidence:{verb}" for verb in TAKING]),
            )
            row = session.execute(taken.order_by(LedgerEntry.seq.desc()).limit(1)).one_or_none()
            with suppress(BadEntry):
                if row is not None:
                    opened = disclosures_of(session, site.keys, [row.hash]).get(row.hash, {})
                    due_at = as_moment(facts_of(decode(row.body), opened).get("due_at"))
                    connection.execute(sa.update(Evidence).where(Evidence.id == id).values(due_at=due_at))


AT_ONCE = 1000


def _fill_timeline(site: Site) -> None:
    """Of what was recorded before timelines were sorted by when it happened: an event for each, in the order of the
    entries; then one for each item whose capture is known and has none.

    What happened when stands in the bytes of an entry alone. Of one that was altered, its column says it.
    """
    with site.engine.begin() as connection, Session(connection) as session:
        there = sa.exists().where(TimelineEvent.entry == LedgerEntry.id)
        missing = entries(session).where(LedgerEntry.case_id.is_not(None), ~there).order_by(LedgerEntry.id)
        last = 0
        while rows := [Row.of(r) for r in session.execute(missing.where(LedgerEntry.id > last).limit(AT_ONCE))]:
            events = [happening(r.id, r.subject, r.action, UUID(r.case_id), _at(r), r.body) for r in rows if r.case_id]
            session.execute(sa.insert(TimelineEvent), events)
            last = rows[-1].id
        told = sa.exists().where(TimelineEvent.evidence_id == Evidence.id, TimelineEvent.entry.is_(None))
        captured = sa.select(Evidence.id, Evidence.case_id, Evidence.captured_at).where(
            Evidence.captured_at.is_not(None), ~told
        )
        items = [capture(id, case_id, at) for id, case_id, at in session.execute(captured.order_by(Evidence.id)) if at]
        if items:
            session.execute(sa.insert(TimelineEvent), items)


def _at(row: Row) -> datetime:
    """When an entry says that it happened; of one that cannot be read, when it was recorded, where that is known."""
    try:
        return moment(decode(row.body).occurred_at)
    except BadEntry:
        return row.at or datetime.fromtimestamp(0, UTC)
