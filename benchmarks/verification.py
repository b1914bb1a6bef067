"""How fast the ledger and the objects are verified, against bare parsing and hashing of the same bytes."""

import hashlib
import os
import sqlite3
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import orjson
import sqlalchemy as sa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from benchmarks import machine
from benchmarks.machine import Office
from benchmarks.measure import Figure, in_turns
from evidence_api import fixity
from evidence_api.db import open_session
from evidence_api.domain.roles import OPERATOR
from evidence_api.ledger import disclosure
from evidence_api.ledger.entry import Entry, encode, entry_hash, genesis, moment, timestamp
from evidence_api.ledger.verifying import verify_chains
from evidence_api.models import Disclosure, LedgerEntry, LedgerHead
from evidence_api.services import custody, intake
from evidence_api.services import ledger as services
from evidence_api.work import begin

MIB = 1 << 20
CHAIN = 20
FETCH = 2000


def ledger(folder: Path, quick: bool) -> list[Figure]:
    """100,000 entries in chains of 20: entries alone, and with a sealed fact for each entry."""
    entries, rounds = (4_000, 2) if quick else (100_000, 3)
    with machine.office(folder / "ledger") as office:
        _fill(office, entries)
        database = office.site.engine.url.database or ""
        found = in_turns(
            "entries/s",
            rounds,
            lambda: entries / _bare_pass(database),
            {"verify entries": lambda: entries / _verify(office)},
        )
    with machine.office(folder / "facts") as office:
        sealed = _fill(office, entries, with_fact=True)
        database = office.site.engine.url.database or ""
        keys = _seal(office, sealed)
        found += in_turns(
            "entries/s",
            rounds,
            lambda: entries / (_bare_pass(database) + _bare_opening(database, keys)),
            {"verify entries with a sealed fact each": lambda: entries / _verify(office)},
        )
    return found


def _verify(office: Office) -> float:
    began = time.perf_counter()
    with open_session(office.site.engine, read_only=True) as session:
        faults = list(verify_chains(session, office.site.keys, office.site.origin))
    if faults:
        raise RuntimeError(f"The chains that were made for this do not verify: {faults[0]}")
    return time.perf_counter() - began


def _bare_pass(database: str) -> float:
    """Parse and hash every entry, and do nothing with it."""
    began = time.perf_counter()
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute("SELECT body FROM ledger_entry ORDER BY subject, seq")
        while page := rows.fetchmany(FETCH):
            for (body,) in page:
                orjson.loads(body)
                hashlib.sha256(body).hexdigest()
    return time.perf_counter() - began


def _bare_opening(database: str, keys: dict[str, bytes]) -> float:
    """Decrypt, parse and hash every disclosure, the keys being at hand."""
    began = time.perf_counter()
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute("SELECT subject, entry_hash, name, sealed FROM disclosure ORDER BY subject")
        while page := rows.fetchmany(FETCH):
            for subject, hash_, name, sealed in page:
                if subject in keys:
                    context = f"disclosure:{hash_}:{name}".encode()
                    text = AESGCM(keys[subject]).decrypt(sealed[:12], sealed[12:], context)
                    hashlib.sha256(text).digest()
    return time.perf_counter() - began


Sealed = list[tuple[str, str, str]]


def _fill(office: Office, entries: int, *, with_fact: bool = False) -> Sealed:
    """Sound chains, written straight into the tables; for each entry what its commitment hides, if it has one."""
    sealed: Sealed = []
    with office.site.engine.begin() as connection:
        for _ in range(entries // CHAIN):
            rows, head = _chain(office.site.origin, sealed, with_fact)
            connection.execute(sa.insert(LedgerEntry), rows)
            connection.execute(sa.insert(LedgerHead), [head])
    return sealed


def _chain(log: str, sealed: Sealed, with_fact: bool) -> tuple[list[dict[str, object]], dict[str, object]]:
    subject = f"bench:{uuid.uuid4()}"
    prev, rows, actor = genesis(log, subject), [], str(uuid.uuid4())
    for seq in range(CHAIN):
        text, now = disclosure.disclose("reason", "For the hearing of the morning"), timestamp(datetime.now(UTC))
        data = {"from": "in_custody", "to": "checked_out", "custodian": str(uuid.uuid4())}
        entry = Entry(
            log=log,
            id=str(uuid.uuid4()),
            subject=subject,
            seq=seq,
            prev=prev,
            action="bench:check_out",
            actor=actor,
            role="investigator",
            auth="session+totp",
            recorded_at=now,
            occurred_at=now,
            data=data,
            commitments={"reason": disclosure.commit(text)} if with_fact else {},
        )
        body = encode(entry)
        hash_ = entry_hash(body)
        rows.append(
            {
                "body": body,
                "entry_id": uuid.UUID(entry.id),
                "subject": subject,
                "seq": seq,
                "prev": prev,
                "hash": hash_,
                "action": entry.action,
                "recorded_at": moment(now),
            }
        )
        if with_fact:
            sealed.append((subject, hash_, text))
        prev = hash_
    return rows, {"subject": subject, "seq": seq, "hash": prev, "recorded_at": moment(now)}


def _seal(office: Office, sealed: Sealed) -> dict[str, bytes]:
    """Keep the disclosures; the key of each subject."""
    keys: dict[str, bytes] = {}
    with open_session(office.site.engine) as session:
        for subject, hash_, text in sealed:
            if subject not in keys:
                keys[subject] = office.site.keys.subject_key(session, subject, create=True)
            context = f"disclosure:{hash_}:reason"
            box = office.site.keys.seal_with(keys[subject], text.encode(), context)
            session.execute(sa.insert(Disclosure).values(entry_hash=hash_, name="reason", subject=subject, sealed=box))
        session.commit()
    return keys


def objects(folder: Path, quick: bool) -> list[Figure]:
    """One object of 1 GiB read again, against hashlib over the same file."""
    size, rounds = (128 * MIB, 2) if quick else (1024 * MIB, 5)
    with machine.office(folder / "objects") as office:
        receiver = office.site.storage.receive(f"objects/{uuid.uuid4()}", size)
        for chunk in _random(size):
            receiver.write(chunk)
        stored = receiver.finish()
        path = next((folder / "objects" / "objects").rglob(stored.key.split("/")[1]))
        target = fixity.Target(uuid.uuid4(), "", stored.key, stored.version, stored.size, stored.sha256)

        def again() -> float:
            began = time.perf_counter()
            if not fixity.examine(office.site.storage, target).passed:
                raise RuntimeError("The object is not what was stored.")
            return size / (time.perf_counter() - began) / 1e6

        _hash(path)
        return in_turns("MB/s", rounds, lambda: size / _hash(path) / 1e6, {"verify an object, directory": again})


def _random(size: int) -> Iterator[bytes]:
    block = os.urandom(MIB)
    for _ in range(size // MIB):
        yield block


def _hash(path: Path) -> float:
    began = time.perf_counter()
    with path.open("rb", buffering=0) as file:
        hashlib.file_digest(file, "sha256").digest()
    return time.perf_counter() - began


def register(folder: Path, quick: bool) -> list[Figure]:
    """The whole of `unbroken ledger verify --skip-objects` over real items, against a bare pass over their entries."""
    items, moves, rounds = (50, 4, 2) if quick else (500, 18, 3)
    with machine.office(folder / "register") as office:
        for number in range(items):
            with begin(office.site, office.actor) as work:
                thing = intake.register(work, office.case, title="Ledger book", tag=str(number), place="Shelf")
                work.write_ledger()
                for move in range(moves):
                    action = "check_in" if move % 2 else "check_out"
                    custody.move(work, thing.id, action=action, reason="For the hearing")
                    work.write_ledger()
        database = office.site.engine.url.database or ""
        with begin(office.site, OPERATOR, read_only=True) as work:
            entries = work.session.execute(sa.select(sa.func.count()).select_from(LedgerEntry)).scalar_one()

        def whole() -> float:
            began = time.perf_counter()
            with begin(office.site, OPERATOR, read_only=True) as work:
                faults = list(services.verify(work))
            if faults:
                raise RuntimeError(f"The office that was made for this does not verify: {faults[0]}")
            return entries / (time.perf_counter() - began)

        return in_turns(
            "entries/s", rounds, lambda: entries / _bare_pass(database), {"verify ledger and register, items": whole}
        )
