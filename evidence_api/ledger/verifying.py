"""Checking the chains as they are stored: every entry's bytes are hashed as they are and parsed; no column is trusted.

What a chain alone cannot show is a whole chain that vanished with everything that names it, or a tail cut off together
with its head row; that needs checkpoints outside.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evidence_api.keys import KeyMissing, KeyStore
from evidence_api.ledger.disclosure import open_disclosure
from evidence_api.ledger.entry import BadEntry, Entry, Fact, decode, genesis, moment
from evidence_api.ledger.stored import Row, as_bytes, as_hex, as_seq, entries, id_of, raw, time_text
from evidence_api.models.account import Installation
from evidence_api.models.ledger import ClockFaultInterval, Disclosure, LedgerEntry, LedgerHead, SubjectKey

PAGE = 2000


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with one subject, in a sentence. `warning` marks what is declared and explained.

    `code` says the same to programs, where the fault lies in a chain itself.
    """

    subject: str
    message: str
    seq: int | None = None
    warning: bool = False
    code: str = "other"


Interval = tuple[datetime, datetime]
Watch = Callable[[Row, Entry, Mapping[str, Fact | float]], Iterable[Fault]]
"""Is shown each entry that can be read, with the facts that its disclosures open, and says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A disclosure as stored, with the wrapped key of its subject."""

    name: str
    sealed: bytes
    wrapped: bytes


@dataclass(slots=True)
class Declared:
    """What the installation's own chain declares: when the clock was wrong, and the last time that each subject's chain
    was found broken."""

    intervals: list[Interval] = field(default_factory=list)
    broken: dict[str, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


def declared(session: Session) -> Declared:
    """Read what is declared from the entries; `faults` says where the table of clock faults differs from them."""
    found = Declared()
    names = {f"system:{id}" for r in session.execute(sa.select(raw(Installation.id))) if (id := id_of(f":{r.id}"))}
    spoken: dict[tuple[str, str], str] = {}
    query = (
        sa.select(raw(LedgerEntry.body))
        .where(LedgerEntry.subject.in_(names), LedgerEntry.action.in_(("system:clock_fault", "system:chain_fault")))
        .order_by(LedgerEntry.subject, LedgerEntry.seq)
    )
    for r in session.execute(query.execution_options(yield_per=PAGE)):
        try:
            entry = decode(as_bytes(r.body))
            if entry.action == "system:chain_fault":
                found.broken[str(entry.data.get("subject"))] = entry.recorded_at
            elif entry.action == "system:clock_fault":
                begins, ends = str(entry.data.get("begins_at")), str(entry.data.get("ends_at"))
                found.intervals.append((moment(begins), moment(ends)))
                spoken[_as_column(begins), _as_column(ends)] = entry.subject
        except BadEntry:
            continue
    kept = sa.select(time_text(session, ClockFaultInterval.begins_at), time_text(session, ClockFaultInterval.ends_at))
    rows = {(r.begins_at, r.ends_at) for r in session.execute(kept)}
    for _ in rows - spoken.keys():
        found.faults.append(Fault(min(names, default="system:"), "a clock fault is kept that no entry declares"))
    for subject in (spoken[interval] for interval in spoken.keys() - rows):
        found.faults.append(Fault(subject, "a clock fault that an entry declares is no longer kept"))
    return found


def _as_column(recorded_at: str) -> str:
    return f"{recorded_at[:10]} {recorded_at[11:26]}"


def verify_chains(
    session: Session, keys: KeyStore, log: str, subject: str | None = None, watch: Watch | None = None
) -> Iterator[Fault]:
    """Check every chain, or one: entries, heads and disclosures, each read once. Yields what is wrong.

    The session must see one snapshot, or the chain's head must be locked: else an append in between is a fault.
    """
    said = declared(session)
    if subject is None:
        yield from said.faults
    heads = _heads(session, subject)
    for name, group in groupby(_rows(session, subject), key=lambda pair: pair[0].subject):
        chain = _Chain(log, name, keys, said.intervals, watch)
        for row, sealed in group:
            yield from chain.check(row, sealed)
        yield from chain.end(heads.pop(name, None))
    for name in heads:
        yield Fault(name, "the chain has a head but no entries: they were removed", code="tail_cut")
    yield from _disclosures_of_nothing(session, subject)


def _rows(session: Session, subject: str | None) -> Iterator[tuple[Row, Sequence[Sealed]]]:
    """Entries by subject and `seq` with their disclosures, in pages: memory stays small whatever the ledger's size."""
    place = sa.tuple_(LedgerEntry.subject, LedgerEntry.seq)
    query = entries(session).order_by(LedgerEntry.subject, LedgerEntry.seq).limit(PAGE)
    kept = (
        sa.select(raw(Disclosure.entry_hash), raw(Disclosure.name), raw(Disclosure.sealed), raw(SubjectKey.wrapped))
        .select_from(LedgerEntry)
        .join(
            Disclosure,
            sa.and_(Disclosure.entry_hash == LedgerEntry.hash, Disclosure.subject == LedgerEntry.subject),
        )
        .outerjoin(SubjectKey, SubjectKey.subject == Disclosure.subject)
    )
    if subject is not None:
        query, kept = query.where(LedgerEntry.subject == subject), kept.where(LedgerEntry.subject == subject)
    after: tuple[Any, Any] | None = None
    while True:
        # A comparison of rows walks the index from there; `or` would walk it from the beginning for each page.
        page = session.execute(query if after is None else query.where(place > after)).all()
        if not page:
            return
        last = (page[-1].subject, page[-1].seq)
        within = kept.where(place <= last) if after is None else kept.where(place > after, place <= last)
        sealed: dict[str, list[Sealed]] = {}
        for d in session.execute(within):
            sealed.setdefault(d.entry_hash, []).append(Sealed(d.name, as_bytes(d.sealed), as_bytes(d.wrapped)))
        for r in page:
            yield Row.of(r), sealed.get(r.hash, ())
        if len(page) < PAGE:
            return
        after = last


class _Chain:
    """One chain under check, entry after entry."""

    def __init__(
        self, log: str, subject: str, keys: KeyStore, intervals: Sequence[Interval], watch: Watch | None
    ) -> None:
        self.log, self.subject, self.keys, self.intervals, self.watch = log, subject, keys, intervals, watch
        self.erasure = f"{subject.partition(':')[0]}:erase"
        self.expected, self.prev = 0, genesis(log, subject)
        self.recorded_at: datetime | None = None
        self.last: Row | None = None
        self.missing: list[int] = []
        self.key: bytes | None = None
        self.keyless = False

    def check(self, row: Row, sealed: Sequence[Sealed]) -> Iterator[Fault]:
        """What is wrong with the next entry, by `seq`."""
        try:
            entry = decode(row.body)
        except BadEntry as error:
            yield Fault(self.subject, f"the bytes are not an entry: {error}", row.seq, code="unreadable")
        else:
            yield from self._check_entry(row, entry)
            facts: dict[str, Fact | float] = {}
            if sealed:
                yield from self._open(row, entry, sealed, facts)
            if entry.action == self.erasure:
                self.missing.clear()
            if len(sealed) < len(entry.commitments):
                self.missing.append(row.seq)
            if self.watch is not None:
                yield from self.watch(row, entry, facts)
        self.expected, self.prev, self.last = self.expected + 1, row.actual, row

    def _check_entry(self, row: Row, entry: Entry) -> Iterator[Fault]:
        subject = self.subject
        yield from _check_columns(row, entry)
        if entry.log != self.log:
            yield Fault(subject, "the entry belongs to another log", row.seq, code="other_log")
        if entry.seq != self.expected:
            yield Fault(
                subject,
                f"entry {self.expected} is missing, or entries stand in another order: {entry.seq} follows",
                row.seq,
                code="missing",
            )
            self.expected = entry.seq
        if entry.prev != self.prev:
            yield Fault(
                subject,
                "it does not follow from the entry before it: one of the two was edited, inserted or removed",
                row.seq,
                code="not_following",
            )
        recorded, last = moment(entry.recorded_at), self.recorded_at
        if last is not None and recorded < last and not self._declared_wrong(last):
            yield Fault(subject, "its time is before that of the entry before it", row.seq, code="time_back")
        if self._declared_wrong(recorded):
            wrong = "recorded while the clock is declared to have been wrong"
            yield Fault(subject, wrong, row.seq, warning=True, code="clock_fault")
        self.recorded_at = recorded

    def _declared_wrong(self, at: datetime) -> bool:
        return any(begins <= at <= ends for begins, ends in self.intervals)

    def _open(
        self, row: Row, entry: Entry, sealed: Sequence[Sealed], facts: dict[str, Fact | float]
    ) -> Iterator[Fault]:
        if self.key is None and not self.keyless:
            try:
                self.key = self.keys.unwrap(self.subject, sealed[0].wrapped)
            except KeyMissing:
                self.keyless = True
                missing = "the key that opens its disclosures is missing, or the wrong master key is in use"
                yield Fault(self.subject, missing, code="key_missing")
        if self.key is None:
            return
        for kept in sealed:
            try:
                text = self.keys.open_with(self.key, kept.sealed, f"disclosure:{row.hash}:{kept.name}").decode("ascii")
                facts[kept.name] = open_disclosure(text, kept.name, entry.commitments.get(kept.name, ""))
            except (KeyMissing, BadEntry):
                yield Fault(self.subject, "a disclosure does not open its commitment", row.seq, code="disclosure")

    def end(self, head: tuple[int, str] | None) -> Iterator[Fault]:
        """What is wrong with the chain once its last entry was checked."""
        for seq in self.missing:
            yield Fault(self.subject, "a disclosure is gone, and no erasure is recorded", seq, code="disclosure")
        assert self.last is not None
        there = self.last.seq
        if head is None:
            yield Fault(self.subject, "the chain has entries but no head row", code="head_missing")
            return
        seq, hash_ = head
        message, code = None, "head_differs"
        if seq > there:
            code = "tail_cut"
            message = f"the chain's tail was cut off: its head says entry {seq}, the last one there is {there}"
        elif seq < there:
            message = f"the head row was set back: it says entry {seq}, the last one there is {there}"
        elif hash_ != self.last.actual:
            message = "the head row names another last entry than the one that is there"
        if message is not None:
            yield Fault(self.subject, message, code=code)


def _check_columns(row: Row, entry: Entry) -> Iterator[Fault]:
    columns = (row.entry_id, row.subject, row.seq, row.prev, row.hash, row.action, row.recorded_at)
    at = _as_column(entry.recorded_at)
    said = (as_hex(entry.id), entry.subject, entry.seq, entry.prev, row.actual, entry.action, at)
    if columns != said:
        names = ("id", "subject", "seq", "prev", "hash", "action", "recorded_at")
        for name, column, truth in zip(names, columns, said, strict=True):
            if column != truth:
                yield Fault(
                    row.subject, f"the column {name} differs from the entry's bytes", row.seq, code="column_differs"
                )


def _heads(session: Session, subject: str | None) -> dict[str, tuple[int, str]]:
    query = sa.select(raw(LedgerHead.subject), raw(LedgerHead.seq), raw(LedgerHead.hash))
    if subject is not None:
        query = query.where(LedgerHead.subject == subject)
    return {str(r.subject): (as_seq(r.seq), r.hash) for r in session.execute(query)}


def _disclosures_of_nothing(session: Session, subject: str | None) -> Iterator[Fault]:
    entry = sa.select(LedgerEntry.id).where(
        LedgerEntry.hash == Disclosure.entry_hash, LedgerEntry.subject == Disclosure.subject
    )
    query = sa.select(raw(Disclosure.subject)).where(~entry.exists()).distinct()
    if subject is not None:
        query = query.where(Disclosure.subject == subject)
    for r in session.execute(query):
        yield Fault(str(r.subject), "a disclosure belongs to no entry of the chain", code="disclosure")
