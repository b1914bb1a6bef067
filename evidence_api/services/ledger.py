"""The ledger as a whole: verifying it against itself, against the register, and declaring that the clock was wrong."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from evidence_api import fixity
from evidence_api.db import new_id
from evidence_api.domain.custody import CUSTODY, RETURNING, TAKING, Sensitivity
from evidence_api.domain.errors import ClockFault, DomainError, InvalidInput, StepUpRequired
from evidence_api.ledger.entry import Entry, Fact, as_moment, moment, timestamp
from evidence_api.ledger.stored import Row, as_hex, id_of, raw, time_text
from evidence_api.ledger.verifying import PAGE, Fault, declared, verify_chains
from evidence_api.models import (
    Appeal,
    AuthorityRequest,
    CaseActor,
    Charge,
    ClockFaultInterval,
    ClosureOrder,
    Evidence,
    Exhibit,
    Hearing,
    LedgerEntry,
    LedgerHead,
    Operation,
    Perpetrator,
    Search,
    Testimony,
    Venue,
    Victim,
)
from evidence_api.policy import Permission
from evidence_api.services import sign_in
from evidence_api.work import Work, act

MAX_FAULTS = 1000
MAX_CLOCK_FAULT = timedelta(days=366)


@act(Permission.LEDGER_VERIFY, read_only=True)
def verify(work: Work) -> Iterator[Fault]:
    """Every chain, and the register of evidence against its chains. Yields what is wrong, if anything."""
    return _verify(work)


def _verify(work: Work) -> Iterator[Fault]:
    register = _Register(work)
    yield from verify_chains(work.session, work.keys, work.site.origin, watch=register.watch)
    yield from register.rest()


@act(Permission.LEDGER_VERIFY, read_only=True)
def summary(work: Work) -> dict[str, object]:
    """As `verify`, as one answer: how many entries were checked, and the first faults, what is a warning last."""
    faults: list[Fault] = []
    warnings: list[Fault] = []
    for fault in _verify(work):
        kind = warnings if fault.warning else faults
        if len(kind) < MAX_FAULTS:
            kind.append(fault)
    entries = work.session.execute(sa.select(sa.func.count()).select_from(LedgerEntry)).scalar_one()
    return {"chains": "fail" if faults else "pass", "entries": entries, "faults": (faults + warnings)[:MAX_FAULTS]}


@act(Permission.LEDGER_VERIFY, read_only=True)
def objects(work: Work, *, after: UUID | None, limit: int) -> list[fixity.Target]:
    """The next objects to read again, oldest first. Of a row that cannot be read, `verify` tells."""
    e = Evidence
    query = (
        sa.select(*(raw(c) for c in (e.id, e.ref, e.storage_key, e.storage_version, e.size, e.sha256)))
        .where(e.storage_key.is_not(None))
        .order_by(e.id)
    )
    if after is not None:
        query = query.where(e.id > after)
    found = (
        fixity.Target(id, str(r.ref), str(r.storage_key), r.storage_version, r.size, str(r.sha256))
        for r in work.session.execute(query.execution_options(yield_per=limit))
        if (id := id_of(f":{as_hex(r.id)}")) is not None and isinstance(r.size, int)
    )
    return list(islice(found, limit))


@act(Permission.LEDGER_VERIFY, read_only=True)
def refs(work: Work, *, subjects: list[str]) -> dict[str, str]:
    """The short refs of items, by subject, for lines that people read."""
    ids = [id for s in subjects if s.startswith("evidence:") and (id := id_of(s)) is not None]
    rows = work.session.execute(sa.select(raw(Evidence.id), raw(Evidence.ref)).where(Evidence.id.in_(ids)))
    return {_subject_of(r.id): str(r.ref) for r in rows}


@dataclass(slots=True)
class _Said:
    """What an item's chain says of it so far. People are named as the chain names them."""

    subject: str
    received: Mapping[str, Fact] = field(default_factory=dict)
    collector: str = ""
    custodian: str = ""
    lender: str = ""
    due_at: datetime | None = None
    due_said: bool = True
    strayed: int | None = None
    verified_at: str = ""
    state: str = CUSTODY.initial.value
    sensitivity: str = Sensitivity.ORDINARY.value
    held: bool = False
    quarantined: bool = False
    released_at: str = ""
    title: Fact | float = None
    cases: set[str | None] = field(default_factory=set)

    def note(self, row: Row, entry: Entry, facts: Mapping[str, Fact | float]) -> None:
        """Take the next entry into account. What it should say and does not is None."""
        verb = entry.action.removeprefix("evidence:")
        if entry.seq == 0:
            self.received, self.collector = entry.data, str(entry.actor)
        if verb in CUSTODY.actions:
            self.state = str(entry.data.get("to"))
        if verb in TAKING:
            self.lender, self.due_at = self.custodian, as_moment(facts.get("due_at"))
            self.due_said = ("due_at" in entry.commitments) == (self.due_at is not None)
        elif verb in RETURNING:
            if entry.data.get("custodian") != self.lender:
                self.strayed = row.seq
            self.lender, self.due_at, self.due_said = "", None, True
        if "custodian" in entry.data:
            self.custodian = str(entry.data["custodian"])
        if "sensitivity" in entry.data:
            self.sensitivity = str(entry.data["sensitivity"])
        match verb:
            case "restrict":
                self.sensitivity = Sensitivity.RESTRICTED.value
            case "unrestrict":
                self.sensitivity = Sensitivity.ORDINARY.value
            case "hold" | "lift_hold":
                self.held = verb == "hold"
            case "verify":
                self.verified_at = entry.recorded_at
            case "quarantine":
                self.quarantined = True
            case "release":
                self.quarantined, self.released_at = False, entry.recorded_at
            case "erase":
                self.title = None
        if "title" in entry.commitments:
            self.title = facts.get("title")
        self.cases.add(row.case_id)


_OfACase = type[
    Appeal
    | AuthorityRequest
    | Charge
    | ClosureOrder
    | Exhibit
    | Hearing
    | Operation
    | Perpetrator
    | Search
    | Testimony
    | Venue
    | Victim
]
OF_A_CASE: Mapping[str, _OfACase] = {
    "victim": Victim,
    "perpetrator": Perpetrator,
    "venue": Venue,
    "operation": Operation,
    "request": AuthorityRequest,
    "search": Search,
    "charge": Charge,
    "appeal": Appeal,
    "exhibit": Exhibit,
    "hearing": Hearing,
    "testimony": Testimony,
    "order": ClosureOrder,
}
"""What else has a chain that stands under a case, by the kind of the subject."""


class _Register:
    """The register of evidence against the chains, as these pass by. And no chain is without its item."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.broken = declared(work.session).broken
        self.said: list[_Said] = []
        self.seen: set[str] = set()
        self.under: dict[tuple[str, str | None], int] = {}

    def watch(self, row: Row, entry: Entry, facts: Mapping[str, Fact | float]) -> Iterator[Fault]:
        """By what the entry itself is about: the column beside it may have been altered."""
        kind, _, name = row.subject.partition(":")
        if kind == "evidence":
            if not self.said or self.said[-1].subject != row.subject:
                if len(self.said) == PAGE:
                    yield from self._check()
                self.said.append(_Said(row.subject))
            self.said[-1].note(row, entry, facts)
        elif kind in OF_A_CASE:
            if len(self.under) == PAGE:
                yield from self._check_cases()
            self.under.setdefault((row.subject, row.case_id), row.seq)
        elif kind != "upload" and row.case_id != (as_hex(name) if kind == "case" else None):
            yield Fault(row.subject, _OTHER_CASE, row.seq)

    def rest(self) -> Iterator[Fault]:
        """What is left to check once every chain has passed."""
        yield from self._check()
        yield from self._check_cases()
        for r in self.work.session.execute(sa.select(raw(Evidence.id)).execution_options(yield_per=PAGE)):
            if as_hex(r.id) not in self.seen:
                yield Fault(_subject_of(r.id), "the item is in the register, but its chain is gone")

    def _check_cases(self) -> Iterator[Fault]:
        """Each chain of a person, a place or an operation against the case that the register names."""
        batch, self.under = self.under, {}
        cases: dict[str, str] = {}
        for kind, model in OF_A_CASE.items():
            ids = {id for subject, _ in batch if subject.startswith(f"{kind}:") and (id := id_of(subject))}
            query = sa.select(raw(model.id), raw(model.case_id)).where(model.id.in_(ids))
            cases |= {as_hex(r.id): as_hex(r.case_id) for r in self.work.session.execute(query)}
        for (subject, case), seq in batch.items():
            kept = cases.get(as_hex(subject.partition(":")[2]))
            if kept is None:
                yield Fault(subject, "it has a chain, but is gone from the register")
            elif kept != case:
                yield Fault(subject, _OTHER_CASE, seq)

    def _check(self) -> Iterator[Fault]:
        batch, self.said = self.said, []
        ids = {said.subject: id for said in batch if (id := id_of(said.subject)) is not None}
        self.seen |= {id.hex for id in ids.values()}
        times = (time_text(self.work.session, column) for column in (Evidence.due_at, Evidence.verified_at))
        query = sa.select(*(raw(column) for column in _REGISTER), *times).where(Evidence.id.in_(ids.values()))
        items = {_subject_of(r.id): r for r in self.work.session.execute(query)}
        people = self._people(batch)
        for said in batch:
            item = items.get(said.subject)
            if item is None:
                yield Fault(said.subject, "the item has a chain, but is gone from the register")
            else:
                yield from self._check_item(item, said, people)

    def _people(self, batch: list[_Said]) -> dict[str, tuple[str, str]]:
        names = {name for said in batch for name in (said.collector, said.custodian, said.lender)}
        named = {id for name in names if (id := id_of(f":{name}"))}
        query = sa.select(raw(CaseActor.actor), raw(CaseActor.case_id), raw(CaseActor.user_id))
        rows = self.work.session.execute(query.where(CaseActor.actor.in_(named)))
        return {as_hex(r.actor): (as_hex(r.case_id), as_hex(r.user_id)) for r in rows}

    def _check_item(self, item: Any, said: _Said, people: Mapping[str, tuple[str, str]]) -> Iterator[Fault]:
        kept = {
            "sha256": item.sha256,
            "size": item.size,
            "storage_key": item.storage_key,
            "version": item.storage_version,
        }
        for name, value in kept.items():
            if said.received.get(name) != value:
                yield Fault(said.subject, f"the register's {name} differs from what the chain says was received", 0)
        quarantined = said.quarantined or self.broken.get(said.subject, "") > said.released_at
        for column, truth in (
            (str(item.state), said.state),
            (str(item.sensitivity), said.sensitivity),
            ("held" if item.held else "not held", "held" if said.held else "not held"),
            ("quarantined" if item.quarantined else "not quarantined", "quarantined" if quarantined else "released"),
        ):
            if column != truth and (column, truth) != ("not quarantined", "released"):
                yield Fault(said.subject, f"the register says {column}, the chain says {truth}")
        if said.title is not None and item.title != said.title:
            yield Fault(said.subject, "the register's title is not the one that the chain names")
        case = as_hex(item.case_id)
        if people.get(as_hex(said.custodian)) != (case, as_hex(item.custodian_id)):
            yield Fault(said.subject, "the register's custodian is not the one that the chain names")
        if people.get(as_hex(said.collector)) != (case, as_hex(item.collector_id)):
            yield Fault(said.subject, "the register's collector is not the one that the chain names")
        lender = None if item.lender_id is None else (case, as_hex(item.lender_id))
        if people.get(as_hex(said.lender)) != lender:
            yield Fault(said.subject, "the register's lender is not the one from whom the chain says it was taken")
        if said.strayed is not None:
            yield Fault(said.subject, "the item came back to another than the one from whom it was taken", said.strayed)
        if said.due_said and _of_column(item.due_at) != said.due_at:
            yield Fault(said.subject, "the register's due_at is not what the chain says")
        if not _same_act(_of_column(item.verified_at), max(said.verified_at, self.broken.get(said.subject, ""))):
            yield Fault(said.subject, "the register's verified_at is not the time of the chain's last verification")
        if said.cases != {case}:
            yield Fault(said.subject, _OTHER_CASE)


_AN_ACT_LASTS = timedelta(minutes=1)
_OTHER_CASE = "an entry stands under another case than what it is about"
_REGISTER = (
    Evidence.id,
    Evidence.case_id,
    Evidence.title,
    Evidence.storage_key,
    Evidence.storage_version,
    Evidence.sha256,
    Evidence.size,
    Evidence.sensitivity,
    Evidence.state,
    Evidence.custodian_id,
    Evidence.lender_id,
    Evidence.collector_id,
    Evidence.quarantined,
    Evidence.held,
)


def _of_column(value: object) -> datetime | None:
    """A moment as the register keeps it; the beginning of time for what is none, which no chain says."""
    return None if value is None else as_moment(f"{value}+00:00") or datetime.min.replace(tzinfo=UTC)


def _same_act(kept: datetime | None, recorded_at: str) -> bool:
    """Whether a moment that an act noted in the register goes with its entry, which is written as the act ends."""
    if kept is None or not recorded_at:
        return kept is None and not recorded_at
    return abs(kept - moment(recorded_at)) < _AN_ACT_LASTS


def _subject_of(id: object) -> str:
    found = id_of(f":{as_hex(id)}")
    return f"evidence:{found or id}"


@act(Permission.CLOCK_FAULT)
def declare_clock_fault(
    work: Work, *, begins_at: datetime, ends_at: datetime, reason: str, otp: str
) -> ClockFaultInterval | DomainError:
    """Say that the clock was ahead in this interval, so that acts can go on (LEDGER.md section 4).

    The code is used within the act and not before it: the chain of who acted while the clock was ahead takes no entry
    until the interval stands. A wrong code is returned as an error, to be raised after its count is committed. Raises
    InvalidInput for an interval in which nothing is recorded ahead of the clock: it would only allow setting it back.
    """
    if ends_at <= begins_at or ends_at - begins_at > MAX_CLOCK_FAULT:
        raise InvalidInput({"ends_at": ["The end must come after the beginning, within a year."]})
    ahead = sa.select(LedgerHead.subject).where(
        LedgerHead.recorded_at > work.now, LedgerHead.recorded_at.between(begins_at, ends_at)
    )
    if work.session.execute(ahead.limit(1)).first() is None:
        raise InvalidInput({"ends_at": ["Nothing in this interval is recorded ahead of the clock as it is now."]})
    used = sign_in.use_code(work, otp=otp, ahead=(begins_at, ends_at))
    if isinstance(used, DomainError):
        return used
    if not used:
        # Where her own chain is ahead, a wrong code is counted and cannot be recorded.
        with suppress(ClockFault):
            work.write_ledger()
        return StepUpRequired()
    if work.actor.auth != "cli":
        work.actor = replace(work.actor, auth=f"{work.actor.auth}+totp")
    interval = ClockFaultInterval(id=new_id(), begins_at=begins_at, ends_at=ends_at)
    work.session.add(interval)
    work.record(
        work.site.subject,
        "system:clock_fault",
        data={"begins_at": timestamp(begins_at), "ends_at": timestamp(ends_at)},
        facts={"reason": reason},
        covers=[interval],
    )
    return interval


@act(Permission.LEDGER_VERIFY, read_only=True)
def bytes_kept(work: Work) -> int:
    """How many bytes of evidence there are to read again."""
    return int(work.session.execute(sa.select(sa.func.sum(Evidence.size))).scalar_one() or 0)
