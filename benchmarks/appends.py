"""Appends per second through the gate, against bare SQL: read the head, insert the entry, update the head."""

import hashlib
import sqlite3
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import psycopg
import sqlalchemy as sa

from benchmarks import machine
from benchmarks.machine import Lacking, Office
from benchmarks.measure import Figure, in_turns
from evidence_api.domain.roles import OPERATOR
from evidence_api.ledger.entry import genesis, timestamp
from evidence_api.services import custody, intake
from evidence_api.work import begin

UNIT = "acts/s"
THREADS = (1, 8)
WARM = 3

Step = Callable[[], None]


def appends(folder: Path, quick: bool) -> list[Figure]:
    """On SQLite and, where it is installed, on PostgreSQL; each with 1 and with 8 threads, every one on its subject."""
    seconds, rounds = (0.5, 2) if quick else (2.0, 5)
    with machine.office(folder / "sqlite") as office:
        found = _figures("SQLite", office, seconds, rounds)
    try:
        with machine.postgres(folder) as url, machine.office(folder / "pg-office", DATABASE_URL=url) as office:
            found += _figures("PostgreSQL", office, seconds, rounds)
    except Lacking as lacking:
        print(lacking)
    return found


def _figures(database: str, office: Office, seconds: float, rounds: int) -> list[Figure]:
    found = []
    for threads in THREADS:
        said = f"{database}, {threads} thread{'s' if threads > 1 else ''}"
        with _bare(office, threads) as bare:
            recording = [_recording(office) for _ in range(threads)]
            moving = [_moving(office) for _ in range(threads)]
            found += in_turns(
                UNIT,
                rounds,
                partial(_rate, bare, seconds),
                {
                    f"begin and record, {said}": partial(_rate, recording, seconds),
                    f"check out or in, {said}": partial(_rate, moving, seconds),
                },
            )
    return found


def _rate(steps: list[Step], seconds: float) -> float:
    """All steps over and over, each in its thread; how many in all a second."""
    counts = [0] * len(steps)
    start = threading.Barrier(len(steps) + 1)

    def run(number: int) -> None:
        for _ in range(WARM):
            steps[number]()
        start.wait()
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            steps[number]()
            counts[number] += 1

    running = [threading.Thread(target=run, args=(number,)) for number in range(len(steps))]
    for thread in running:
        thread.start()
    start.wait()
    began = time.perf_counter()
    for thread in running:
        thread.join()
    return sum(counts) / (time.perf_counter() - began)


def _recording(office: Office) -> Step:
    """The least act: an entry and nothing else."""
    subject = f"bench:{uuid.uuid4()}"

    def step() -> None:
        with begin(office.site, OPERATOR) as work:
            work.record(subject, "bench:append", data={"n": 1})

    return step


def _moving(office: Office) -> Step:
    """A whole act: permission, need-to-know, the row's lock, the lifecycle, an entry with a sealed reason."""
    with begin(office.site, office.actor) as work:
        thing = intake.register(work, office.case, title="Ledger book", tag=str(uuid.uuid4()), place="Shelf")
    out = False

    def step() -> None:
        nonlocal out
        with begin(office.site, office.actor) as work:
            custody.move(work, thing.id, action="check_in" if out else "check_out", reason="For the hearing")
        out = not out

    return step


# --- the limit --------------------------------------------------------------------------------------------------------

INSERT = (
    "INSERT INTO ledger_entry (body, entry_id, subject, seq, prev, hash, action, recorded_at) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
UPDATE = "UPDATE ledger_head SET seq = ?, hash = ?, recorded_at = ? WHERE subject = ?"


@contextmanager
def _bare(office: Office, threads: int) -> Iterator[list[Step]]:
    """The same rows into the same tables, with the driver alone: a connection for each thread."""
    subjects = [f"bench:{uuid.uuid4()}" for _ in range(threads)]
    with office.site.engine.begin() as connection:
        for subject in subjects:
            connection.execute(
                sa.text("INSERT INTO ledger_head (subject, seq, hash) VALUES (:s, -1, :h)"),
                {"s": subject, "h": genesis(office.site.origin, subject)},
            )
    url = office.site.engine.url
    if url.get_backend_name() == "sqlite":
        writers = threading.Lock()
        lite = [sqlite3.connect(url.database or "", isolation_level=None, check_same_thread=False) for _ in subjects]
        for one in lite:
            one.execute("PRAGMA synchronous=FULL")
        yield [_on_sqlite(one, office, subject, writers) for one, subject in zip(lite, subjects, strict=True)]
        for one in lite:
            one.close()
    else:
        open_ones = [psycopg.connect(url.render_as_string(hide_password=False)) for _ in subjects]
        yield [_on_postgres(one, office, subject) for one, subject in zip(open_ones, subjects, strict=True)]
        for each in open_ones:
            each.close()


def _on_sqlite(connection: sqlite3.Connection, office: Office, subject: str, writers: threading.Lock) -> Step:
    def step() -> None:
        with writers:
            connection.execute("BEGIN IMMEDIATE")
            seq, prev = connection.execute("SELECT seq, hash FROM ledger_head WHERE subject = ?", (subject,)).fetchone()
            now = datetime.now(UTC)
            id, body, hash_ = _entry(office, subject, seq + 1, prev, now)
            at = now.strftime("%Y-%m-%d %H:%M:%S.%f")
            connection.execute(INSERT, (body, id.hex, subject, seq + 1, prev, hash_, "bench:append", at))
            connection.execute(UPDATE, (seq + 1, hash_, at, subject))
            connection.execute("COMMIT")

    return step


def _on_postgres(connection: "psycopg.Connection[Any]", office: Office, subject: str) -> Step:
    find = "SELECT seq, hash, clock_timestamp() FROM ledger_head WHERE subject = %s FOR UPDATE"

    def step() -> None:
        found = connection.execute(find, (subject,)).fetchone()
        assert found is not None
        seq, prev, now = found
        id, body, hash_ = _entry(office, subject, seq + 1, prev, now)
        row = (body, id, subject, seq + 1, prev, hash_, "bench:append", now)
        connection.execute(INSERT.replace("?", "%s"), row)
        connection.execute(UPDATE.replace("?", "%s"), (seq + 1, hash_, now, subject))
        connection.commit()

    return step


def _entry(office: Office, subject: str, seq: int, prev: str, now: datetime) -> tuple[uuid.UUID, bytes, str]:
    id = uuid.uuid4()
    fields = {
        "v": "entry/1",
        "log": office.site.origin,
        "id": str(id),
        "subject": subject,
        "seq": seq,
        "prev": prev,
        "action": "bench:append",
        "actor": None,
        "role": "system",
        "auth": "cli",
        "recorded_at": timestamp(now),
        "occurred_at": timestamp(now),
        "data": {"n": 1},
        "commitments": {},
    }
    body = orjson.dumps(fields, option=orjson.OPT_SORT_KEYS)
    return id, body, hashlib.sha256(body).hexdigest()
