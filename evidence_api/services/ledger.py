"""The ledger as a whole: verifying it against itself, against the register, and declaring that the clock was wrong."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

import sqlalchemy as sa

from evidence_api import fixity
from evidence_api.db import new_id
from evidence_api.domain.custody import CUSTODY
from evidence_api.domain.errors import InvalidInput
from evidence_api.ledger.entry import BadEntry, Entry, decode, timestamp
from evidence_api.ledger.verifying import PAGE, Fault, Row, rows_of, verify_chains
from evidence_api.models import CaseActor, ClockFaultInterval, Evidence, LedgerEntry
from evidence_api.policy import Permission
from evidence_api.work import Work, act

MAX_FAULTS = 1000
MAX_CLOCK_FAULT = timedelta(days=366)


@act(Permission.LEDGER_VERIFY, read_only=True)
def verify(work: Work) -> Iterator[Fault]:
    """Every chain, and the register of evidence against its chains. Yields what is wrong, if anything."""
    return _verify(work)


def _verify(work: Work) -> Iterator[Fault]:
    yield from verify_chains(work.session, work.keys, work.site.origin)
    yield from _check_register(work)


@act(Permission.LEDGER_VERIFY, read_only=True)
def summary(work: Work) -> dict[str, object]:
    """As `verify`, as one answer: how many entries were checked, and the first faults."""
    faults = list(islice(_verify(work), MAX_FAULTS))
    entries = work.session.execute(sa.select(sa.func.count()).select_from(LedgerEntry)).scalar_one()
    failed = any(not f.warning for f in faults)
    return {"chains": "fail" if failed else "pass", "entries": entries, "faults": faults}


@act(Permission.LEDGER_VERIFY, read_only=True)
def objects(work: Work, *, after: UUID | None, limit: int) -> list[fixity.Target]:
    """The next objects to read again, oldest first."""
    query = sa.select(Evidence).where(Evidence.storage_key.is_not(None)).order_by(Evidence.id).limit(limit)
    if after is not None:
        query = query.where(Evidence.id > after)
    return [found for item in work.session.scalars(query) if (found := fixity.target(item)) is not None]


@act(Permission.LEDGER_VERIFY, read_only=True)
def refs(work: Work, *, subjects: list[str]) -> dict[str, str]:
    """The short refs of items, by subject, for lines that people read."""
    ids = [UUID(s.split(":")[1]) for s in subjects if s.startswith("evidence:")]
    rows = work.session.execute(sa.select(Evidence.id, Evidence.ref).where(Evidence.id.in_(ids)))
    return {f"evidence:{id}": ref for id, ref in rows}


def _check_register(work: Work) -> Iterator[Fault]:
    """Each item's row says what its chain says: object, custodian, state. And no chain is without its item."""
    after: UUID | None = None
    while True:
        query = sa.select(Evidence).order_by(Evidence.id).limit(PAGE)
        items = list(work.session.scalars(query if after is None else query.where(Evidence.id > after)))
        if not items:
            break
        yield from _check_items(work, items)
        after = items[-1].id
        work.session.expunge_all()
    yield from _chains_without_item(work)


def _check_items(work: Work, items: list[Evidence]) -> Iterator[Fault]:
    people = {
        a.actor: a.user_id
        for a in work.session.scalars(sa.select(CaseActor).where(CaseActor.case_id.in_({i.case_id for i in items})))
    }
    bodies = sa.select(LedgerEntry.subject, LedgerEntry.body).where(LedgerEntry.subject.in_([i.subject for i in items]))
    chains: dict[str, list[Entry]] = {}
    for subject, body in work.session.execute(bodies.order_by(LedgerEntry.subject, LedgerEntry.seq)):
        try:
            chains.setdefault(subject, []).append(decode(bytes(body)))
        except BadEntry:
            continue
    for item in items:
        yield from _check_item(item, chains.get(item.subject, []), people)


def _check_item(item: Evidence, chain: list[Entry], people: dict[UUID, UUID]) -> Iterator[Fault]:
    if not chain:
        yield Fault(item.subject, "the item is in the register, but its chain is gone")
        return
    first = chain[0].data
    kept = {"sha256": item.sha256, "size": item.size, "storage_key": item.storage_key, "version": item.storage_version}
    for name, value in kept.items():
        if first.get(name) != value:
            yield Fault(item.subject, f"the register's {name} differs from what the chain says was received", 0)
    moves = [e for e in chain if e.action.removeprefix("evidence:") in CUSTODY.actions]
    state = str(moves[-1].data["to"]) if moves else CUSTODY.initial.value
    if item.state.value != state:
        yield Fault(item.subject, f"the register says {item.state.value}, the chain says {state}")
    holders = [e.data["custodian"] for e in chain if "custodian" in e.data]
    if not holders or people.get(UUID(str(holders[-1]))) != item.custodian_id:
        yield Fault(item.subject, "the register's custodian is not the one that the chain names")


def _chains_without_item(work: Work) -> Iterator[Fault]:
    """By what the chains themselves say: the column beside an entry may have been altered."""
    heads: list[Row] = []
    for row in rows_of(work.session, first_only=True):
        heads.append(row)
        if len(heads) == PAGE:
            yield from _missing_items(work, heads)
            heads = []
    yield from _missing_items(work, heads)


def _missing_items(work: Work, heads: list[Row]) -> Iterator[Fault]:
    ids = {UUID(row.subject.split(":")[1]) for row in heads if row.subject.startswith("evidence:")}
    found = set(work.session.scalars(sa.select(Evidence.id).where(Evidence.id.in_(ids))))
    for id in sorted(ids - found):
        yield Fault(f"evidence:{id}", "the item has a chain, but is gone from the register")


@act(Permission.CLOCK_FAULT)
def declare_clock_fault(work: Work, *, begins_at: datetime, ends_at: datetime, reason: str) -> ClockFaultInterval:
    """Say that the clock was wrong in this interval, so that acts can go on (LEDGER.md section 4)."""
    work.step_up()
    if ends_at <= begins_at or ends_at - begins_at > MAX_CLOCK_FAULT:
        raise InvalidInput({"ends_at": ["The end must come after the beginning, within a year."]})
    interval = ClockFaultInterval(id=new_id(), begins_at=begins_at, ends_at=ends_at)
    work.session.add(interval)
    work.record(
        work.site.subject,
        "system:clock_fault",
        data={"begins_at": timestamp(begins_at), "ends_at": timestamp(ends_at)},
        facts={"reason": reason},
        covers=interval,
    )
    return interval


@act(Permission.LEDGER_VERIFY, read_only=True)
def bytes_kept(work: Work) -> int:
    """How many bytes of evidence there are to read again."""
    return int(work.session.execute(sa.select(sa.func.sum(Evidence.size))).scalar_one() or 0)
