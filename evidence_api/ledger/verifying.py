"""Checking the chains as they are stored: every entry's bytes are hashed as they are and parsed; no column is trusted.

What a chain alone cannot show is a whole chain that vanished with everything that names it, or a tail cut off together
with its head row; that needs checkpoints outside.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evidence_api.keys import KeyMissing, KeyStore
from evidence_api.ledger.disclosure import open_disclosure
from evidence_api.ledger.entry import BadEntry, Entry, decode, entry_hash, genesis, moment
from evidence_api.models.ledger import ClockFaultInterval, Disclosure, LedgerEntry, LedgerHead, SubjectKey

PAGE = 2000


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with one subject, in a sentence. `warning` marks what is declared and explained."""

    subject: str
    message: str
    seq: int | None = None
    warning: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """An entry as stored: its bytes and the columns beside them."""

    body: bytes
    entry_id: str
    subject: str
    seq: int
    prev: str
    hash: str
    action: str
    recorded_at: datetime


Interval = tuple[datetime, datetime]


def check_chain(
    log: str, subject: str, rows: Sequence[Row] | Iterator[Row], faults: Sequence[Interval] = ()
) -> Iterator[Fault]:
    """Everything wrong with one chain, its rows in `seq` order. Yields nothing for a sound chain."""
    expected, prev, last = 0, genesis(log, subject), None
    for row in rows:
        actual = entry_hash(row.body)
        try:
            entry = decode(row.body)
        except BadEntry as error:
            yield Fault(subject, f"the bytes are not an entry: {error}", row.seq)
        else:
            yield from _check_columns(row, entry, actual)
            if entry.log != log:
                yield Fault(subject, "the entry belongs to another log", row.seq)
            if entry.seq != expected:
                yield Fault(
                    subject,
                    f"entry {expected} is missing, or entries stand in another order: {entry.seq} follows",
                    row.seq,
                )
                expected = entry.seq
            if entry.prev != prev:
                yield Fault(
                    subject,
                    "it does not follow from the entry before it: one of the two was edited, inserted or removed",
                    row.seq,
                )
            recorded = moment(entry.recorded_at)
            if last is not None and recorded < last and not _covered(last, faults):
                yield Fault(subject, "its time is before that of the entry before it", row.seq)
            if _covered(recorded, faults):
                yield Fault(subject, "recorded while the clock is declared to have been wrong", row.seq, warning=True)
            last = recorded
        expected, prev = expected + 1, actual


def _check_columns(row: Row, entry: Entry, actual: str) -> Iterator[Fault]:
    derived = (row.entry_id, row.subject, row.seq, row.prev, row.hash, row.action, row.recorded_at)
    said = (entry.id, entry.subject, entry.seq, entry.prev, actual, entry.action, moment(entry.recorded_at))
    names = ("id", "subject", "seq", "prev", "hash", "action", "recorded_at")
    for name, column, truth in zip(names, derived, said, strict=True):
        if column != truth:
            yield Fault(row.subject, f"the column {name} differs from the entry's bytes", row.seq)


def _covered(at: datetime, faults: Sequence[Interval]) -> bool:
    return any(begins <= at <= ends for begins, ends in faults)


def clock_faults(session: Session) -> list[Interval]:
    """The intervals in which the clock was declared wrong."""
    return [(f.begins_at, f.ends_at) for f in session.scalars(sa.select(ClockFaultInterval))]


def rows_of(session: Session, subject: str | None = None, *, first_only: bool = False) -> Iterator[Row]:
    """Stored entries by subject and `seq`, read in pages so that memory stays small whatever the ledger's size."""
    e = LedgerEntry
    query = (
        sa.select(e.body, e.entry_id, e.subject, e.seq, e.prev, e.hash, e.action, e.recorded_at)
        .order_by(e.subject, e.seq)
        .limit(PAGE)
    )
    if subject is not None:
        query = query.where(e.subject == subject)
    if first_only:
        query = query.where(e.seq == 0)
    after: tuple[str, int] | None = None
    while True:
        # A comparison of rows walks the index from there; `or` would walk it from the beginning for each page.
        page = query if after is None else query.where(sa.tuple_(e.subject, e.seq) > after)
        found = session.execute(page).all()
        for r in found:
            yield Row(bytes(r.body), str(r.entry_id), r.subject, r.seq, r.prev, r.hash, r.action, r.recorded_at)
        if len(found) < PAGE:
            return
        after = (found[-1].subject, found[-1].seq)


def verify_chains(session: Session, keys: KeyStore, log: str, subject: str | None = None) -> Iterator[Fault]:
    """Check every chain, or one: entries, heads and disclosures. Yields the faults; `count` entries are read once."""
    faults = clock_faults(session)
    heads = _heads(session, subject)
    for name, group in groupby(rows_of(session, subject), key=lambda row: row.subject):
        end: list[Row] = []
        yield from check_chain(log, name, _remember(group, end), faults)
        yield from _check_head(name, heads.pop(name, None), end[-1])
    for name in heads:
        yield Fault(name, "the chain has a head but no entries: they were removed")
    yield from _check_disclosures(session, keys, subject)


def _remember(rows: Iterator[Row], end: list[Row]) -> Iterator[Row]:
    for row in rows:
        end[:] = [row]
        yield row


def _heads(session: Session, subject: str | None) -> dict[str, tuple[int, str]]:
    query = sa.select(LedgerHead.subject, LedgerHead.seq, LedgerHead.hash)
    if subject is not None:
        query = query.where(LedgerHead.subject == subject)
    return {r.subject: (r.seq, r.hash) for r in session.execute(query)}


def _check_head(subject: str, head: tuple[int, str] | None, last: Row) -> Iterator[Fault]:
    if head is None:
        yield Fault(subject, "the chain has entries but no head row")
    elif head[0] > last.seq:
        yield Fault(
            subject, f"the chain's tail was cut off: its head says entry {head[0]}, the last one there is {last.seq}"
        )
    elif head[0] < last.seq:
        yield Fault(subject, f"the head row was set back: it says entry {head[0]}, the last one there is {last.seq}")
    elif head[1] != entry_hash(last.body):
        yield Fault(subject, "the head row names another last entry than the one that is there", last.seq)


def _check_disclosures(session: Session, keys: KeyStore, subject: str | None) -> Iterator[Fault]:
    """Every disclosure that is kept opens its commitment. One that is absent is withheld or erased: no fault."""
    query = (
        sa.select(
            Disclosure.subject,
            Disclosure.entry_hash,
            Disclosure.name,
            Disclosure.sealed,
            SubjectKey.wrapped,
            LedgerEntry.body,
            LedgerEntry.seq,
        )
        .outerjoin(SubjectKey, SubjectKey.subject == Disclosure.subject)
        .outerjoin(
            LedgerEntry, sa.and_(LedgerEntry.subject == Disclosure.subject, LedgerEntry.hash == Disclosure.entry_hash)
        )
        .order_by(Disclosure.subject)
    )
    if subject is not None:
        query = query.where(Disclosure.subject == subject)
    result = session.execute(query.execution_options(yield_per=PAGE))
    for (name, wrapped), group in groupby(result, key=lambda r: (r.subject, r.wrapped)):
        try:
            key = keys.unwrap(name, wrapped or b"")
        except KeyMissing:
            yield Fault(name, "the key that opens its disclosures is missing, or the wrong master key is in use")
            continue
        for row in group:
            if row.body is None:
                yield Fault(name, "a disclosure belongs to no entry of the chain")
                continue
            try:
                text = keys.open_with(key, row.sealed, f"disclosure:{row.entry_hash}:{row.name}").decode("ascii")
                open_disclosure(text, row.name, decode(bytes(row.body)).commitments.get(row.name, ""))
            except (KeyMissing, BadEntry):
                yield Fault(name, "a disclosure does not open its commitment", row.seq)
