"""The calendar of whoever looks: what is before courts, with witnesses, and what is due, in the actor's cases.

Each kind is read for the whole span with one query, through need-to-know.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from evidence_api.domain.calendar import LONGEST, EntryKind, day_of, span
from evidence_api.domain.care import OPEN, StepKind
from evidence_api.domain.charge import ChargeState
from evidence_api.domain.closure import GRANTED
from evidence_api.domain.errors import InvalidInput
from evidence_api.domain.hearing import HearingState
from evidence_api.domain.roles import Role
from evidence_api.domain.scheduling import Window
from evidence_api.domain.sentences import sentence
from evidence_api.domain.testimony import BookingState, SessionState
from evidence_api.models import (
    Booking,
    CareStep,
    Case,
    Charge,
    ClosureOrder,
    Hearing,
    Preparation,
    Testimony,
    Victim,
)
from evidence_api.policy import Permission
from evidence_api.services._checks import office_zone
from evidence_api.services._court import may, refs, witnesses
from evidence_api.work import Work, act

APPEALABLE = frozenset(
    {
        ChargeState.CONVICTED,
        ChargeState.CONVICTED_LESSER,
        ChargeState.ACQUITTED,
        ChargeState.DISMISSED,
        ChargeState.SENTENCED,
    }
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a calendar. What is due has its day alone. `about` is the id of what `kind` says: of the testimony
    for what is about a witness, of the victim for a follow-up. `who` is a pseudonym, a code or a label."""

    kind: EntryKind
    about: UUID
    on: date
    ref: str
    case_id: UUID | None = None
    case_ref: str | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    zone: str | None = None
    what: StrEnum | None = None
    state: StrEnum | None = None
    who: str | None = None
    court: str | None = None
    room: str | None = None

    @property
    def off(self) -> bool:
        """Whether it does not take place."""
        return self.state in (HearingState.ADJOURNED, HearingState.CANCELLED)

    @property
    def _order(self) -> tuple[date, bool, datetime | None, str, str]:
        return (self.on, self.starts_at is not None, self.starts_at, self.kind.value, self.ref)


@dataclass(frozen=True, slots=True)
class _Asked:
    """The days that are asked for, the same as moments, and the zone of the office."""

    since: date
    until: date
    window: Window
    zone: ZoneInfo


@act(Permission.HEARING_READ, read_only=True)
def entries(work: Work, *, since: date, until: date) -> tuple[list[Entry], None]:
    """All that stands in the actor's calendar from a day to another, both included, in the order of time; what is due
    on a day comes first on it. Raises InvalidInput for more than a hundred days."""
    if not since <= until < since + timedelta(days=LONGEST):
        raise InvalidInput({"to": [sentence("Give a day from the first one on, within {days} days.", days=LONGEST)]})
    zone = office_zone(work)
    asked = _Asked(since, until, span(since, until, zone), zone)
    found = [entry for read in _KINDS for entry in read(work, asked)]
    return sorted(found, key=lambda entry: entry._order), None


def _hearings(work: Work, asked: _Asked) -> Iterable[Entry]:
    within = (Hearing.starts_at >= asked.window.from_at) & (Hearing.starts_at < asked.window.until_at)
    columns = (
        *(Hearing.id, Hearing.ref, Hearing.case_id, Hearing.kind, Hearing.state, Hearing.court, Hearing.room),
        *(Hearing.zone, Hearing.starts_at, Hearing.ends_at, Case.ref.label("case_ref")),
    )
    rows = work.query(Hearing).join(Case, Case.id == Hearing.case_id).where(within).with_only_columns(*columns)
    for row in work.session.execute(rows):
        yield Entry(
            EntryKind.HEARING,
            row.id,
            day_of(row.starts_at, asked.zone),
            row.ref,
            case_id=row.case_id,
            case_ref=row.case_ref,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            zone=row.zone,
            what=row.kind,
            state=row.state,
            court=row.court,
            room=row.room,
        )


def _bookings(work: Work, asked: _Asked) -> Iterable[Entry]:
    rows = work.session.execute(
        work.query(Booking)
        .join(Testimony, Testimony.id == Booking.testimony_id)
        .join(Hearing, Hearing.id == Booking.hearing_id)
        .where(
            Booking.starts_at >= asked.window.from_at,
            Booking.starts_at < asked.window.until_at,
            Booking.state != BookingState.RELEASED,
        )
        .with_only_columns(Booking, Testimony, Hearing.court, Hearing.room, Hearing.zone)
    ).all()
    called, cases = _called(work, [row.Testimony for row in rows])
    for row in rows:
        booking, testimony = row.Booking, row.Testimony
        yield Entry(
            EntryKind.BOOKING,
            testimony.id,
            day_of(booking.starts_at, asked.zone),
            testimony.ref,
            case_id=booking.case_id,
            case_ref=cases.get(booking.case_id),
            starts_at=booking.starts_at,
            ends_at=booking.ends_at,
            zone=row.zone,
            what=testimony.witness_kind,
            state=booking.state,
            who=called[testimony.id],
            court=row.court,
            room=row.room,
        )


def _called(work: Work, testimonies: list[Testimony]) -> tuple[dict[UUID, str], dict[UUID, str]]:
    cases = {testimony.case_id for testimony in testimonies}
    return witnesses(work, testimonies), refs(work, cases) if cases else {}


def _preparations(work: Work, asked: _Asked) -> Iterable[Entry]:
    if not may(work, Permission.CARE_READ):
        return
    rows = work.session.execute(
        work.query(Preparation)
        .join(Testimony, Testimony.id == Preparation.testimony_id)
        .where(
            Preparation.starts_at >= asked.window.from_at,
            Preparation.starts_at < asked.window.until_at,
            Preparation.state != SessionState.CANCELLED,
        )
        .with_only_columns(Preparation, Testimony)
    ).all()
    called, cases = _called(work, [row.Testimony for row in rows])
    for session, testimony in rows:
        yield Entry(
            EntryKind.PREPARATION,
            testimony.id,
            day_of(session.starts_at, asked.zone),
            testimony.ref,
            case_id=session.case_id,
            case_ref=cases.get(session.case_id),
            starts_at=session.starts_at,
            ends_at=session.ends_at,
            what=session.kind,
            state=session.state,
            who=called[testimony.id],
        )


def _appeal_windows(work: Work, asked: _Asked) -> Iterable[Entry]:
    if not may(work, Permission.CHARGE_READ):
        return
    rows = (
        work.query(Charge)
        .join(Case, Case.id == Charge.case_id)
        .where(Charge.appeal_until.between(asked.since, asked.until), Charge.state.in_(APPEALABLE))
        .with_only_columns(
            Charge.id, Charge.ref, Charge.case_id, Charge.appeal_until, Charge.state, Case.ref.label("case_ref")
        )
    )
    for row in work.session.execute(rows):
        yield Entry(
            EntryKind.APPEAL_WINDOW,
            row.id,
            row.appeal_until,
            row.ref,
            case_id=row.case_id,
            case_ref=row.case_ref,
            state=row.state,
        )


def _disclosures(work: Work, asked: _Asked) -> Iterable[Entry]:
    """The day by which a statement is to be with the defence: so many days before the first time that its witness is
    booked for, by the jurisdiction of the case."""
    jurisdictions = work.site.settings.jurisdictions
    most = timedelta(days=max(one.deadlines.disclosure for one in jurisdictions.all.values()) + 1)
    first = sa.func.min(Booking.starts_at).label("first")
    rows = work.session.execute(
        work.query(Booking)
        .join(Testimony, Testimony.id == Booking.testimony_id)
        .join(Case, Case.id == Testimony.case_id)
        .where(
            Booking.starts_at >= asked.window.from_at,
            Booking.starts_at < asked.window.until_at + most,
            Booking.state != BookingState.RELEASED,
            Testimony.statement_id.is_not(None),
            Testimony.statement_disclosed_on.is_(None),
        )
        .group_by(Testimony.id, Case.id)
        .with_only_columns(Testimony, first, Case.ref.label("case_ref"), Case.jurisdiction)
    ).all()
    called = witnesses(work, [row.Testimony for row in rows])
    for row in rows:
        before = timedelta(days=jurisdictions.of(row.jurisdiction).deadlines.disclosure)
        due = day_of(row.first, asked.zone) - before
        if asked.since <= due <= asked.until:
            one = row.Testimony
            yield Entry(
                EntryKind.DISCLOSURE,
                one.id,
                due,
                one.ref,
                case_id=one.case_id,
                case_ref=row.case_ref,
                who=called[one.id],
            )


def _expiring(work: Work, asked: _Asked) -> Iterable[Entry]:
    ends = ClosureOrder.expires_on.between(asked.since, asked.until) & ClosureOrder.permanent.is_(False)
    return _orders(work, EntryKind.CLOSURE_EXPIRES, ends, lambda order: order.expires_on)


def _inspections(work: Work, asked: _Asked) -> Iterable[Entry]:
    due = ClosureOrder.inspect_by.between(asked.since, asked.until)
    return _orders(work, EntryKind.INSPECTION_DUE, due, lambda order: order.inspect_by)


def _orders(
    work: Work, kind: EntryKind, due: sa.ColumnElement[bool], day: Callable[[ClosureOrder], date | None]
) -> Iterable[Entry]:
    rows = (
        work.query(ClosureOrder)
        .join(Case, Case.id == ClosureOrder.case_id)
        .where(due, ClosureOrder.state.in_(GRANTED))
        .with_only_columns(ClosureOrder, Case.ref.label("case_ref"))
    )
    for order, case_ref in work.session.execute(rows):
        on = day(order)
        assert on is not None
        yield Entry(kind, order.id, on, order.ref, case_id=order.case_id, case_ref=case_ref, state=order.state)


def _follow_ups(work: Work, asked: _Asked) -> Iterable[Entry]:
    """Whom a caseworker is to ask how she is, and when."""
    if work.actor.role is not Role.CASEWORKER:
        return
    rows = (
        work.query(CareStep)
        .join(Victim, Victim.id == CareStep.victim_id)
        .where(
            CareStep.kind == StepKind.FOLLOW_UP,
            CareStep.state.in_(OPEN),
            CareStep.due_at >= asked.window.from_at,
            CareStep.due_at < asked.window.until_at,
        )
        .with_only_columns(CareStep.victim_id, CareStep.due_at, CareStep.state, Victim.pseudonym)
    )
    for row in work.session.execute(rows):
        on = day_of(row.due_at, asked.zone)
        yield Entry(EntryKind.FOLLOW_UP, row.victim_id, on, row.pseudonym, state=row.state, who=row.pseudonym)


_KINDS: tuple[Callable[[Work, _Asked], Iterable[Entry]], ...] = (
    _hearings,
    _bookings,
    _preparations,
    _appeal_windows,
    _disclosures,
    _expiring,
    _inspections,
    _follow_ups,
)
