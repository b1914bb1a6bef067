"""Booking a witness into a hearing: provisionally, until nothing is open; and what conflicts with what is booked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

import sqlalchemy as sa

from evidence_api.db import new_id
from evidence_api.domain.errors import Conflict, InvalidInput
from evidence_api.domain.hearing import HearingState
from evidence_api.domain.scheduling import RULES, Rule, Weight
from evidence_api.domain.scheduling import Conflict as Reason
from evidence_api.domain.sentences import sentence
from evidence_api.domain.testimony import BOOKABLE, BOOKING, BookingState, MeasureKind, SessionState, TestimonyState
from evidence_api.models import Booking, Case, Hearing, Preparation, Resource, Testimony, User
from evidence_api.policy import Permission
from evidence_api.services import _bookings, _facts, _occupancy, _testimony
from evidence_api.services._bookings import STANDING, Standing, weigh
from evidence_api.services._checks import office_zone, refuse_ended
from evidence_api.services._pages import Page, page
from evidence_api.work import Work, act, act_on

LONGEST_STAY = timedelta(days=7)
"""So long before she is heard she may arrive, and so long after it leave."""
AHEAD = timedelta(days=14)
"""How far ahead conflicts are looked for, unless it is said."""
LONGEST_SPAN = timedelta(days=92)
_CANNOT_COME = Reason(Rule.WITNESS_UNAVAILABLE, RULES[Rule.WITNESS_UNAVAILABLE][1])


@dataclass(frozen=True, slots=True)
class Booked:
    """A booking, what is open until it can be confirmed, and what had better be otherwise."""

    booking: Booking
    open: list[Reason]
    warnings: list[Reason]

    @property
    def state(self) -> BookingState:
        return self.booking.state

    @property
    def version(self) -> int:
        return self.booking.version


@act_on(Testimony, Permission.TESTIMONY_WRITE, lock=False)
def book(
    work: Work,
    testimony: Testimony,
    *,
    hearing: UUID,
    starts_at: datetime,
    ends_at: datetime,
    measures: Sequence[MeasureKind] = (),
    arrives_at: datetime | None = None,
    leaves_at: datetime | None = None,
    recesses: int = 0,
    resources: Sequence[UUID] = (),
    people: Sequence[UUID] = (),
) -> Booked:
    """Book a time for her within a hearing, in place of what was booked provisionally. It is provisional: what is open
    is listed, and must be settled before it is confirmed. `arrives_at` and `leaves_at` are when she comes to the court
    and goes.

    Raises InvalidInput, Conflict where she or the hearing cannot be booked any more, and Clash with what blocks the
    time and the nearest on which nothing does.
    """
    sits = _locked(work, testimony, hearing)
    _in_order(sits, starts_at, ends_at, arrives_at, leaves_at)
    _there(work, resources, people)
    if testimony.state not in BOOKABLE:
        told = "A time is booked for a witness who is willing and has not testified yet. It stands here: {state}."
        raise Conflict(sentence(told, state=testimony.state))
    if sits.state is not HearingState.SCHEDULED:
        raise Conflict(sentence("This hearing is over: {state}. Choose another.", state=sits.state))
    made = Booking(
        id=new_id(),
        testimony_id=testimony.id,
        case_id=testimony.case_id,
        hearing_id=sits.id,
        state=BOOKING.initial,
        starts_at=starts_at,
        ends_at=ends_at,
        arrives_at=arrives_at,
        leaves_at=leaves_at,
        recesses=recesses,
        measures=[one.value for one in measures],
        people=[str(one) for one in dict.fromkeys(people)],
        resources=[str(one) for one in dict.fromkeys(resources)],
        created_at=work.now,
    )
    asked = _facts.of_booking(made, testimony, sits)
    _occupancy.lock(work, asked.keys)
    before = _bookings.standing_of(work, testimony, [BookingState.PROVISIONAL])
    for one in before:
        _occupancy.free(work, _occupancy.booking_source(one.hearing_id, one.id))
        one.state = BookingState.RELEASED
    found = _bookings.look_at(work, asked)
    work.session.add(made)
    work.session.flush()
    _bookings.take(work, asked)
    work.record(
        testimony,
        "testimony:book",
        data={
            "booking": str(made.id),
            "hearing": str(sits.id),
            "starts_at": starts_at.isoformat(),
            "ends_at": ends_at.isoformat(),
            "measures": ", ".join(made.measures),
            "replaces": ", ".join(str(one.id) for one in before),
        },
        facts={
            "arrives_at": arrives_at.isoformat() if arrives_at else None,
            "leaves_at": leaves_at.isoformat() if leaves_at else None,
            "recesses": recesses,
            "resources": ", ".join(made.resources),
            "people": ", ".join(made.people),
        },
    )
    return Booked(made, weigh(found, Weight.OPEN), weigh(found, Weight.WARNS))


def _locked(work: Work, testimony: Testimony, hearing: UUID) -> Hearing:
    """Lock the case, the hearing, then the testimony."""
    work.get(Case, testimony.case_id, Permission.TESTIMONY_WRITE, lock=True)
    refuse_ended(work, testimony.case_id)
    find = work.query(Hearing).where(Hearing.id == hearing, Hearing.case_id == testimony.case_id)
    lock = find.with_for_update(key_share=True).execution_options(populate_existing=True)
    found = work.session.scalars(lock).one_or_none()
    if found is None:
        raise InvalidInput({"hearing": ["There is no such hearing in this case."]})
    _testimony.lock(work, testimony, Permission.TESTIMONY_WRITE)
    return found


def _in_order(
    hearing: Hearing,
    starts_at: datetime,
    ends_at: datetime,
    arrives_at: datetime | None,
    leaves_at: datetime | None,
) -> None:
    wrong: dict[str, list[str]] = {}
    if ends_at <= starts_at:
        wrong["ends_at"] = ["This is not after the beginning. Look over both times."]
    elif starts_at < hearing.starts_at or ends_at > hearing.ends_at:
        wrong["starts_at"] = ["Give a time within the hearing."]
    if arrives_at is not None and not starts_at - LONGEST_STAY <= arrives_at <= starts_at:
        wrong["arrives_at"] = ["She arrives before she is heard, within a week."]
    if leaves_at is not None and not ends_at <= leaves_at <= ends_at + LONGEST_STAY:
        wrong["leaves_at"] = ["She leaves after she is heard, within a week."]
    if wrong:
        raise InvalidInput(wrong)


def _there(work: Work, resources: Sequence[UUID], people: Sequence[UUID]) -> None:
    wrong: dict[str, list[str]] = {}
    if resources:
        there = work.query(Resource).where(Resource.id.in_(resources), Resource.ended_at.is_(None))
        if len(list(work.session.scalars(there))) != len(set(resources)):
            wrong["resources"] = ["One of these is not there any more. Choose anew."]
    if people:
        able = work.query(User).where(User.id.in_(people), User.disabled_at.is_(None))
        if len(list(work.session.scalars(able))) != len(set(people)):
            wrong["people"] = ["One of these people is not in this office any more. Choose anew."]
    if wrong:
        raise InvalidInput(wrong)


@act_on(Testimony, Permission.TESTIMONY_WRITE, lock=False)
def confirm(work: Work, testimony: Testimony) -> Testimony:
    """Confirm anew what is booked for a witness who was scheduled already: a booking that fell back, or one more.

    Raises Clash with what is open or blocks; Conflict for one who is not scheduled, whom the step `schedule` confirms.
    """
    _testimony.lock(work, testimony, Permission.TESTIMONY_WRITE)
    if testimony.state is not TestimonyState.SCHEDULED:
        raise Conflict("This witness is not scheduled. Take that step: it confirms what is booked.")
    _bookings.confirm(work, testimony)
    return _testimony.known(work, [testimony])[0]


@act_on(Testimony, Permission.TESTIMONY_SUPPORT, lock=False)
def release(work: Work, testimony: Testimony, *, reason: str) -> Testimony:
    """Let go of what is booked for her; who was scheduled is postponed. Raises Conflict where nothing is booked."""
    _testimony.lock(work, testimony, Permission.TESTIMONY_SUPPORT)
    booked = _bookings.standing_of(work, testimony)
    if not booked:
        raise Conflict("No time is booked for the witness.")
    if testimony.state is TestimonyState.SCHEDULED:
        _testimony.move(work, testimony, "postpone", reason=reason, permission=Permission.TESTIMONY_SUPPORT)
        return _testimony.known(work, [testimony])[0]
    for one in booked:
        if not (testimony.state in _bookings.HEARD_IN_PART and one.starts_at <= work.now):
            _bookings.release(work, one, reason)
    return _testimony.known(work, [testimony])[0]


@act_on(Testimony, Permission.TESTIMONY_READ, read_only=True)
def list_of_testimony(
    work: Work, testimony: Testimony, *, limit: int = 50, cursor: UUID | None = None
) -> Page[Booking]:
    """What is and was booked for a witness, the newest first."""
    return page(work, work.query(Booking).where(Booking.testimony_id == testimony.id), Booking.id, limit, cursor)


@act_on(Testimony, Permission.TESTIMONY_READ, read_only=True)
def stands(work: Work, testimony: Testimony) -> list[Standing]:
    """What is booked for a witness and not over, with all that conflicts with it now."""
    mine = work.query(Booking).where(Booking.testimony_id == testimony.id, Booking.ends_at > work.now)
    ids = work.session.scalars(mine.where(Booking.state.in_(STANDING)).with_only_columns(Booking.id))
    return _told(work, _bookings.stand(work, set(ids), []))


@act(Permission.TESTIMONY_READ, read_only=True)
def list_conflicts(
    work: Work,
    *,
    since: date | datetime | None = None,
    until: date | datetime | None = None,
    limit: int = 50,
    cursor: UUID | None = None,
) -> tuple[list[Standing], str | None]:
    """What is booked or planned in a span of the actor's cases, the soonest first, and what conflicts with it now: a
    consent withdrawn since, an accused who comes at the same time. What nothing conflicts with is left out. Without a
    span: from now, for 14 days.

    Raises InvalidInput for a span that ends before it begins, or longer than 92 days.
    """
    begin = work.now if since is None else _moment(work, since)
    end = begin + AHEAD if until is None else _moment(work, until, timedelta(days=1))
    if not timedelta(0) < end - begin <= LONGEST_SPAN:
        raise InvalidInput({"to": ["Give a time after the first, within 92 days of it."]})
    bookings = (
        work.query(Booking)
        .where(Booking.state.in_(STANDING), Booking.starts_at < end, Booking.ends_at > begin)
        .with_only_columns(Booking.id, Booking.starts_at, sa.literal("booking").label("what"))
    )
    sessions = (
        work.query(Preparation)
        .where(Preparation.state == SessionState.PLANNED, Preparation.starts_at < end, Preparation.ends_at > begin)
        .with_only_columns(Preparation.id, Preparation.starts_at, sa.literal("session").label("what"))
    )
    if not _testimony.tells(work):
        sessions = sessions.where(sa.false())
    both = sa.union_all(bookings, sessions).subquery()
    rows = sa.select(both).order_by(both.c.starts_at, both.c.id).limit(limit + 1)
    if cursor is not None:
        after = _began(work, cursor)
        rows = rows.where((both.c.starts_at > after) | ((both.c.starts_at == after) & (both.c.id > cursor)))
    found = work.session.execute(rows).all()
    shown = found[:limit]
    of = {what: {row.id for row in shown if row.what == what} for what in ("booking", "session")}
    standing = [one for one in _bookings.stand(work, of["booking"], of["session"]) if one.found]
    return _told(work, standing), str(shown[-1].id) if len(found) > limit else None


def _told(work: Work, found: list[Standing]) -> list[Standing]:
    """What conflicts, as the actor may know it: how a witness is, those are told who read what care she has."""
    if not _testimony.tells(work):
        for one in found:
            plain = [_CANNOT_COME if reason.rule is Rule.WITNESS_IN_CRISIS else reason for reason in one.found]
            one.found[:] = dict.fromkeys(plain)
    return found


def _moment(work: Work, given: date | datetime, on: timedelta = timedelta(0)) -> datetime:
    """A moment; of a day of the office its beginning, or so long after that."""
    if isinstance(given, datetime):
        return given
    return datetime.combine(given + on, time(), office_zone(work)).astimezone(UTC)


def _began(work: Work, id: UUID) -> datetime:
    booking = work.session.get(Booking, id)
    found = booking or work.session.get(Preparation, id)
    if found is None:
        raise InvalidInput({"cursor": ["This is the id of nothing here. Copy it anew from where you have it."]})
    return found.starts_at
