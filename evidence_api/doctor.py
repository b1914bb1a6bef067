"""What is configured, what is weak and what to do: `unbroken doctor`."""

import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from evidence_api import index
from evidence_api.config import Settings
from evidence_api.db import open_session
from evidence_api.domain.case import Stage
from evidence_api.domain.errors import Unavailable
from evidence_api.models import LedgerEntry, VaultKey
from evidence_api.setup import alembic_config
from evidence_api.storage import Finding
from evidence_api.work import Site

MIN_FREE_BYTES = 10 << 30
PG_TRIGGERS = (
    "SELECT count(*) FROM pg_trigger WHERE tgrelid = to_regclass(:t) AND NOT tgisinternal AND tgenabled <> 'D'"
)


def examine(site: Site) -> Iterator[Finding]:
    """Everything that an operator should know, worst not first but by subject; the store is probed last."""
    settings = site.settings
    yield Finding("origin", "ok", f"The ledger's origin is {site.origin}.")
    yield from _environment(settings)
    yield _kinds(settings)
    yield from _law(settings)
    yield _mail(settings)
    yield from _keys(settings)
    yield from _database(site)
    yield from site.storage.probe()


def _mail(settings: Settings) -> Finding:
    if not settings.smtp_host:
        return Finding(
            "mail", "ok", "No reminders are sent. To send them, set UNBROKEN_SMTP_HOST and UNBROKEN_SMTP_FROM."
        )
    if settings.smtp_security == "none":
        told = "Reminders go out without TLS. Set UNBROKEN_SMTP_SECURITY to starttls or tls."
        return Finding("mail", "weak", told)
    return Finding("mail", "ok", f"Reminders are sent through {settings.smtp_host}.")


def _environment(settings: Settings) -> Iterator[Finding]:
    if settings.production:
        yield Finding("environment", "ok", "UNBROKEN_ENVIRONMENT is production.")
    else:
        yield Finding(
            "environment", "weak", "Cookies go over plain HTTP too. Set UNBROKEN_ENVIRONMENT=production behind TLS."
        )
    if settings.url:
        yield Finding("url", "ok", f"Labels and first sign-ins name {settings.url}.")
    else:
        yield Finding(
            "url",
            "weak" if settings.production else "ok",
            "Labels name the address that the request for them named. Set UNBROKEN_URL to the one that people type.",
        )
    if not settings.database_url:
        yield Finding("embedded", "ok", "The embedded default: SQLite and a directory. One machine; back it up.")
        free = shutil.disk_usage(settings.data).free
        yield Finding(
            "space", "ok" if free > MIN_FREE_BYTES else "weak", f"{free >> 30} GiB are free where the database is."
        )


def _kinds(settings: Settings) -> Finding:
    where = "the default" if settings.case_kinds == Path() else f"{settings.kinds_file}"
    used = []
    for kind in settings.kinds.on:
        left_out = [stage.value for stage in Stage if stage not in settings.kinds.stages(kind)]
        used.append(f"{kind.value} (without {', '.join(left_out)})" if left_out else kind.value)
    return Finding("case-kinds", "ok", f"Cases are of these kinds, by {where}: {'; '.join(used)}.")


def _law(settings: Settings) -> Iterator[Finding]:
    where = "the default" if settings.law == Path() else f"{settings.law_directory}"
    used = settings.jurisdictions
    for one in used.all.values():
        first = " It is that of every case that names none." if one is used.default else ""
        told = f"{one.name}, with {len(one.statutes)} statutes, by {where}.{first}"
        if one.fictional:
            told += " It is fictional: set UNBROKEN_JURISDICTIONS to files of your own law before you charge anybody."
        yield Finding(f"jurisdiction-{one.code}", "weak" if one.fictional and settings.production else "ok", told)


def _keys(settings: Settings) -> Iterator[Finding]:
    for use, path in settings.key_files.items():
        if not path.exists():
            if use != "signing":
                yield Finding(
                    f"key-{use}",
                    "fault",
                    f"The {use} key is missing. Restore it from your backup, or run `unbroken init`.",
                )
            continue
        # A group may read: where web and worker are different users, both need the master key.
        open_to_others = stat.S_IMODE(path.stat().st_mode) & (stat.S_IWGRP | stat.S_IRWXO)
        if open_to_others:
            yield Finding(f"key-{use}", "weak", f"The {use} key is open to others. Run: chmod 600 on its file.")
        else:
            yield Finding(f"key-{use}", "ok", f"The {use} key is there and closed to others.")
    signing = settings.key_files["signing"]
    if signing.exists() and _readable(signing):
        yield Finding(
            "key-signing-here",
            "weak",
            "This user can read the signing key, so a serving process under it could sign. "
            "Run web and worker as different users.",
        )


def _readable(path: Path) -> bool:
    try:
        path.read_bytes()
    except OSError:
        return False
    return True


def _database(site: Site) -> Iterator[Finding]:
    with site.engine.connect() as connection:
        head = ScriptDirectory.from_config(alembic_config(connection)).get_current_head()
        current = MigrationContext.configure(connection).get_current_revision()
    if current == head:
        yield Finding("migrations", "ok", "The tables are up to date.")
    else:
        yield Finding("migrations", "fault", "The tables are not up to date. Run `unbroken init`.")
    yield _guards(site)
    if current == head:
        yield _search(site)
        yield from _vault(site)


def _search(site: Site) -> Finding:
    with open_session(site.engine, read_only=True) as session:
        lacking = sum(1 for _ in index.lacking(session))
    if not lacking:
        return Finding("search", "ok", "Everything that can be searched for is in the index.")
    return Finding(
        "search", "weak", f"The index of the search lacks {lacking}: nobody finds them. Run `unbroken init`."
    )


def _vault(site: Site) -> Iterator[Finding]:
    try:
        masters = list(site.vault.masters())
    except Unavailable as error:
        yield Finding("vault", "fault", error.detail)
        return
    with open_session(site.engine, read_only=True) as session:
        used = set(session.scalars(sa.select(VaultKey.master).distinct()))
    if used - set(masters):
        yield Finding(
            "vault",
            "fault",
            "Some of the vault is sealed under a key that its key file does not hold: nobody can open it. "
            "Restore the key file from your backup.",
        )
    elif len(masters) > 1:
        yield Finding(
            "vault", "weak", "The exchange of the vault's key is not finished. Run `unbroken vault rotate` again."
        )
    else:
        yield Finding("vault", "ok", "Everything in the vault can be opened with its key.")


def _guards(site: Site) -> Finding:
    table = LedgerEntry.__tablename__
    if site.engine.dialect.name == "sqlite":
        with open_session(site.engine, read_only=True) as session:
            found = session.execute(
                sa.text("SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :t"), {"t": table}
            )
            guarded = found.scalar_one() >= 3
        return Finding("ledger-guards", "ok", "The database refuses change to the ledger.") if guarded else _unguarded()
    with open_session(site.engine, read_only=True) as session:
        triggers = session.execute(
            sa.text(PG_TRIGGERS),
            {"t": table},
        ).scalar_one()
        may_change = session.execute(
            sa.text("SELECT has_table_privilege(:t, 'UPDATE, DELETE, TRUNCATE')"), {"t": table}
        ).scalar_one()
    if triggers < 2:
        return _unguarded()
    if may_change:
        return Finding(
            "ledger-guards",
            "weak",
            "The application's database role may change the ledger if the triggers are dropped. "
            "Use a role of its own, with UNBROKEN_MIGRATION_URL and UNBROKEN_APP_ROLE.",
        )
    return Finding(
        "ledger-guards",
        "ok",
        "The database refuses change to the ledger, and the application's role may only add to it.",
    )


def _unguarded() -> Finding:
    return Finding(
        "ledger-guards",
        "fault",
        "The triggers that guard the ledger are missing. Find out who dropped them; then run `unbroken ledger verify`.",
    )
