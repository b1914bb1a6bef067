"""The timeline of a case: what happened in it and to whom it is about, and when its evidence came to be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from evidence_api.db import Base
from evidence_api.domain.errors import InvalidInput
from evidence_api.domain.timeline import CAPTURED, KINDS, PREFIXES, Happening, kind_of
from evidence_api.ledger.chain import disclosures_of, facts_of
from evidence_api.ledger.entry import BadEntry, Fact, decode, timestamp
from evidence_api.ledger.stored import Row, entries, id_of
from evidence_api.models import (
    Appeal,
    AuthorityRequest,
    Case,
    CaseActor,
    Charge,
    ClosureOrder,
    Evidence,
    Exhibit,
    LedgerEntry,
    Operation,
    Perpetrator,
    Testimony,
    TimelineEvent,
    User,
    Venue,
    Victim,
    VictimCase,
)
from evidence_api.policy import Permission, refusal
from evidence_api.services._restriction import NOTES, closed_to
from evidence_api.sight import there_is
from evidence_api.work import Work, act_on

NAMING = ("user", "lead", "receiver", "reader", "custodian")
"""Where an entry names the person whom the act is about."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Event:
    """One act in the life of a case, or the moment of an item's capture. `actor` is an account of this office, null
    for the system, and where the act is kept in a case that is not the reader's.

    `ref` is that of what the act is about, for a victim her pseudonym; null where it is about the case. `about` is the
    user name of the person to whom it was done, such as who was assigned; null where that is nobody else. `at` is
    where it stands in the timeline.
    """

    at: datetime
    kind: Happening | None
    subject: str
    seq: int
    action: str
    actor: UUID | None
    actor_name: str | None
    role: str
    recorded_at: datetime | None
    occurred_at: str
    hash: str
    data: dict[str, Fact]
    facts: dict[str, Fact | float]
    ref: str | None
    about: str | None


@act_on(Case, Permission.CASE_READ, read_only=True)
def timeline(
    work: Work, case: Case, *, limit: int, cursor: str | None = None, kind: Happening | None = None
) -> tuple[list[Event], str | None]:
    """What happened in the case and to the victims whom it knows, the latest first, as far as the actor is told."""
    e = TimelineEvent
    told = work.query(TimelineEvent).with_only_columns(e.id, e.at, e.entry, e.evidence_id)
    if kind is not None:
        told = told.where(_of_kind(kind))
    if cursor is not None:
        told = told.where(_behind(cursor))
    told = told.order_by(e.at.desc(), e.id.desc()).limit(limit + 1)
    known = there_is(VictimCase.victim_id == e.victim_id, VictimCase.case_id == case.id)
    shared = (
        sa.select(VictimCase.victim_id)
        .join(Victim, Victim.id == VictimCase.victim_id)
        .where(VictimCase.case_id == case.id, Victim.case_id != case.id)
    )
    # Each half reads no more than a page off its own index.
    own = told.where(e.case_id == case.id, e.victim_id.is_(None) | known).subquery()
    others = told.where(e.victim_id.in_(shared), e.case_id != case.id).subquery()
    both = sa.union_all(sa.select(own), sa.select(others)).subquery()
    found = work.session.execute(sa.select(both).order_by(both.c.at.desc(), both.c.id.desc()).limit(limit + 1)).all()
    shown = found[:limit]
    return _events(work, shown), _cursor(shown[-1].at, shown[-1].id) if len(found) > limit else None


def _of_kind(kind: Happening) -> sa.ColumnElement[bool]:
    longest_first = sorted(KINDS, key=len, reverse=True)
    rows = [
        (TimelineEvent.action.startswith(prefix, autoescape=True), sa.literal(KINDS[prefix].value))
        for prefix in longest_first
    ]
    begins = [TimelineEvent.action.startswith(prefix, autoescape=True) for prefix in PREFIXES[kind]]
    return sa.or_(*begins) & (sa.case(*rows) == kind.value)


def _cursor(at: datetime, id: int) -> str:
    """Where a page ended: when that happened, in microseconds since 1970, and which it is."""
    return f"{(at - _EPOCH) // timedelta(microseconds=1)}.{id}"


def _behind(cursor: str) -> sa.ColumnElement[bool]:
    """What comes behind `cursor`. Raises InvalidInput for one that no page gave."""
    at, _, last = cursor.partition(".")
    try:
        moment, id = _EPOCH + timedelta(microseconds=int(at)), int(last)
        if not 0 < id < 2**63:
            raise ValueError
    except (ValueError, OverflowError):
        raise InvalidInput({"cursor": ["Give the `next` of the page before."]}) from None
    # Both say the same; the first is the one that an index can be entered by.
    return (TimelineEvent.at <= moment) & ((TimelineEvent.at < moment) | (TimelineEvent.id < id))


People = Mapping[str, tuple[UUID, str]]
"""Account and user name, by the name under which a person acts in a case."""


def _events(work: Work, shown: Sequence[sa.Row[tuple[int, datetime, int | None, UUID | None]]]) -> list[Event]:
    captured = {f"evidence:{one.evidence_id}": one for one in shown if one.entry is None}
    acts = LedgerEntry.id.in_([one.entry for one in shown if one.entry is not None])
    firsts = LedgerEntry.subject.in_(captured) & (LedgerEntry.seq == 0)
    rows = [Row.of(r) for r in work.session.execute(entries(work.session).where(acts | firsts))]
    opened = disclosures_of(work.session, work.keys, [row.hash for row in rows])
    refs = _refs(work, {row.subject for row in rows})
    people = _people(work, {row.case_id for row in rows if row.case_id})
    by_entry = {row.id: _event(row, opened.get(row.hash, {}), people, refs) for row in rows}
    first = {event.subject: event for event in by_entry.values() if event.seq == 0}
    events = []
    for one in shown:
        event = by_entry.get(one.entry) if one.entry is not None else first.get(f"evidence:{one.evidence_id}")
        if event is not None and one.entry is None:
            event = replace(event, kind=Happening.RECORDING, action=CAPTURED, occurred_at=timestamp(one.at))
        if event is not None:
            events.append(replace(event, at=one.at))
    return _without_notes(work, _without_hidden(work, events))


_POINTING: Mapping[str, type[Base]] = {
    "case": Case,
    "venue": Venue,
    "successor": Venue,
    "victim": Victim,
    "perpetrator": Perpetrator,
    "operation": Operation,
    "testimony": Testimony,
}
"""Facts that are the id of something else, by their names."""


def _without_hidden(work: Work, events: Sequence[Event]) -> list[Event]:
    """The events without the facts that lead to what the actor may not know of: other cases know a victim too."""
    known, hidden = set[str](), set(_POINTING)
    if refusal(work.session, work.actor, Permission.CHARGE_READ, None) is not None:
        hidden.add("charges")
    for name, model in _POINTING.items():
        ids = {id_of(f":{event.facts[name]}") for event in events if name in event.facts}
        if ids:
            key = sa.inspect(model).primary_key[0]
            rows = work.session.scalars(work.query(model).where(key.in_(ids)).with_only_columns(key))
            known |= {str(id) for id in rows}
    return [
        replace(event, facts={k: v for k, v in event.facts.items() if k not in hidden or str(v) in known})
        for event in events
    ]


def _without_notes(work: Work, events: Sequence[Event]) -> list[Event]:
    """The events without what was written of an item that is restricted by now, for who may not open it."""
    noted = {event.subject: id for event in events if event.action == NOTES and (id := id_of(event.subject))}
    closed = closed_to(work, noted.values())
    return [
        replace(event, facts={}) if noted.get(event.subject) in closed and event.action == NOTES else event
        for event in events
    ]


def _people(work: Work, cases: set[str]) -> People:
    """Those who act in the cases that the actor may know of. Who works on another is not for her."""
    named = [id for id in (id_of(f"case:{case}") for case in cases) if id]
    ids = work.query(Case).where(Case.id.in_(named)).with_only_columns(Case.id)
    actors = (
        sa.select(CaseActor.actor, CaseActor.user_id, User.username)
        .join(User, User.id == CaseActor.user_id)
        .where(CaseActor.case_id.in_(ids))
    )
    return {str(actor): (id, name) for actor, id, name in work.session.execute(actors)}


_LETTER = sa.func.upper(sa.func.substr(sa.type_coerce(Exhibit.side, sa.String), 1, 1), type_=sa.String)
_NAMED: Mapping[str, tuple[type[Base], sa.SQLColumnExpression[str]]] = {
    "evidence": (Evidence, Evidence.ref),
    "victim": (Victim, Victim.pseudonym),
    "perpetrator": (Perpetrator, Perpetrator.ref),
    "venue": (Venue, Venue.ref),
    "operation": (Operation, Operation.ref),
    "request": (AuthorityRequest, AuthorityRequest.ref),
    "charge": (Charge, Charge.ref),
    "appeal": (Appeal, Appeal.ref),
    "exhibit": (Exhibit, _LETTER + "-" + sa.cast(Exhibit.number, sa.String)),
    "order": (ClosureOrder, ClosureOrder.ref),
}
"""By what people know the things that entries are about."""


def _refs(work: Work, subjects: set[str]) -> dict[str, str]:
    refs: dict[str, str] = {}
    for kind, (model, name) in _NAMED.items():
        ids = [id for id in map(id_of, sorted(s for s in subjects if s.startswith(f"{kind}:"))) if id]
        if ids:
            key = sa.inspect(model).primary_key[0]
            found = work.session.execute(sa.select(key, name).where(key.in_(ids)))
            refs |= {f"{kind}:{id}": ref for id, ref in found}
    return refs


def _event(row: Row, disclosures: Mapping[str, str], people: People, refs: Mapping[str, str]) -> Event:
    """As the entry says; of one that was altered and cannot be read, what the columns say."""
    columns, ref = (_EPOCH, kind_of(row.action), row.subject, row.seq, row.action), refs.get(row.subject)
    try:
        entry = decode(row.body)
    except BadEntry:
        at = "" if row.at is None else timestamp(row.at)
        return Event(*columns, None, None, "", row.at, at, row.hash, {}, {}, ref, None)
    actor, name = people.get(entry.actor or "", (None, None))
    named = next((str(entry.data[key]) for key in NAMING if key in entry.data), "")
    other, about = people.get(named, (None, None))
    return Event(
        *columns,
        actor,
        name,
        entry.role,
        row.at,
        entry.occurred_at,
        row.hash,
        dict(entry.data),
        facts_of(entry, disclosures),
        ref,
        None if other == actor else about,
    )
