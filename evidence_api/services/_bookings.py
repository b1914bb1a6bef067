"""Bookings of witnesses, for callers who hold the testimony, or the hearing, locked.

A time is taken under the locks of all that it takes up (`_occupancy.lock`), before any row of a booking is changed: so
no two who book wait for each other in a ring.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from evidence_api.domain.errors import Clash, InvalidInput
from evidence_api.domain.errors import Conflict as Refused
from evidence_api.domain.scheduling import LOOK, RULES, Conflict, Rule, Weight, Window, conflicts, nearest
from evidence_api.domain.testimony import (
    BOOKING,
    BookingState,
    PreparationKind,
    SessionState,
    TestimonyState,
)
from evidence_api.ledger.entry import Fact
from evidence_api.models import Attendance, Booking, Hearing, Occupancy, Preparation, Testimony, VictimCase
from evidence_api.policy import Permission
from evidence_api.services import _facts, _occupancy, _testimony
from evidence_api.services._facts import Asked
from evidence_api.work import Work

STANDING = (BookingState.PROVISIONAL, BookingState.CONFIRMED)
HEARD_IN_PART = frozenset({TestimonyState.ATTENDED, TestimonyState.PART_HEARD, TestimonyState.PRERECORDED})
"""She has been heard in what was booked and is past: that is kept."""
DAY = timedelta(days=1)

SEPARATION = frozenset({Rule.SHARED_VEHICLE, Rule.SHARED_WAITING_AREA, Rule.SHARED_ARRIVAL})


# --- looking at a time, and taking it ---------------------------------------------------------------------------------


def weigh(found: Iterable[Conflict], weight: Weight) -> list[Conflict]:
    """Those of a weight."""
    return [one for one in found if one.weight is weight]


def look_at(work: Work, asked: Asked) -> list[Conflict]:
    """Lock all that a time takes up and look at every rule. What only warns or is open is returned; what this took
    before is not yet given back. Raises Clash where one blocks, with the nearest times on which nothing does."""
    _occupancy.lock(work, asked.keys)
    (facts,) = _facts.gather(work, [asked], LOOK)
    found = conflicts(facts)
    blocked = weigh(found, Weight.BLOCKS)
    if blocked:
        span = None if asked.hearing is None else Window(asked.hearing.starts_at, asked.hearing.ends_at)
        told = "This time does not do. See why, and choose another."
        raise Clash(told, conflicts=blocked, nearest=nearest(facts, span))
    return found


def take(work: Work, asked: Asked) -> None:
    """Write down what a time takes up that was looked at in this act."""
    resources = _facts.kinds_of(work, [asked])
    kept = _occupancy.kept(work, asked.keys, asked.testimony.case_id)
    windows = _facts.windows(asked, resources)
    _occupancy.put(work, asked.source, windows, kept, asked.testimony.case_id, asked.place)


def check_session(work: Work, testimony: Testimony, session: Preparation) -> list[Conflict]:
    """Look at every rule for a preparation session that is to take place, and take what it takes up (its witness, its
    people, its place and resources); what it took before is given back. Flush the row first. Raises Clash where a rule
    blocks; what is returned only warns. No entry: the caller records hers."""
    asked = _facts.of_session(session, testimony)
    warnings = look_at(work, asked)
    take(work, asked)
    return warnings


def free_session(work: Work, session: Preparation) -> None:
    """Let go of what a session took up: it was held or cancelled."""
    _occupancy.free(work, _facts.session_source(session.id))


# --- confirming and releasing -----------------------------------------------------------------------------------------


def standing_of(work: Work, testimony: Testimony, states: Collection[BookingState] = STANDING) -> Sequence[Booking]:
    """What is booked for her, as it is now, in the order in which it was."""
    find = sa.select(Booking).where(Booking.testimony_id == testimony.id, Booking.state.in_(states))
    return work.session.scalars(find.order_by(Booking.id).execution_options(populate_existing=True)).all()


def confirm(work: Work, testimony: Testimony) -> None:
    """Confirm what is booked for her, with its entry. Every rule is looked at again, under the locks. Raises Clash with
    what is open or blocks, and Conflict where nothing is booked. The step `schedule` calls it, before it moves her."""
    bookings = standing_of(work, testimony, [BookingState.PROVISIONAL])
    if not bookings:
        raise Refused("No time is booked for the witness.")
    hearings = _hearings(work, bookings)
    asked = [_facts.of_booking(one, testimony, hearings[one.hearing_id]) for one in bookings]
    _occupancy.lock(work, [key for one in asked for key in one.keys])
    open_: list[Conflict] = []
    for facts in _facts.gather(work, asked):
        found = (one for one in conflicts(facts) if one.weight is not Weight.WARNS)
        open_ += [one for one in found if one not in open_]
    if open_:
        raise Clash("The booking cannot be confirmed yet. See what is open.", conflicts=open_)
    for booking in bookings:
        work.require_role(BOOKING, "confirm", Permission.TESTIMONY_WRITE, testimony)
        _move(work, booking, "confirm", "testimony:confirm_booking")


def _hearings(work: Work, bookings: Iterable[Booking]) -> Mapping[UUID, Hearing]:
    ids = {one.hearing_id for one in bookings}
    return {one.id: one for one in work.session.scalars(sa.select(Hearing).where(Hearing.id.in_(ids)))}


def _move(work: Work, booking: Booking, step: str, action: str, **facts: Fact) -> None:
    to = BOOKING.step(booking.state, step).target
    assert to is not None
    data: dict[str, Fact] = {"booking": str(booking.id), "from": booking.state.value, "to": to.value}
    booking.state = to
    work.record(booking, action, data=data, facts=facts)


def release(work: Work, booking: Booking, reason: str) -> None:
    """Let go of one booking, and of all that it took up."""
    _occupancy.free(work, _occupancy.booking_source(booking.hearing_id, booking.id))
    _move(work, booking, "release", "testimony:release", reason=reason)


def release_all(work: Work, testimony: Testimony, reason: str) -> None:
    """Let go of whatever is booked or planned for her, now: bookings are released, sessions not yet held cancelled,
    with an entry for each. What she has been heard in is kept, and sessions after which she is to settle."""
    release_booked(work, testimony, reason)
    planned = sa.select(Preparation).where(
        Preparation.testimony_id == testimony.id,
        Preparation.state == SessionState.PLANNED,
        Preparation.kind != PreparationKind.DEBRIEF,
    )
    for session in work.session.scalars(planned.order_by(Preparation.id)):
        data: dict[str, Fact] = {
            "preparation": str(session.id),
            "from": session.state.value,
            "to": SessionState.CANCELLED.value,
        }
        session.state = SessionState.CANCELLED
        free_session(work, session)
        work.record(testimony, "testimony:preparation_cancel", data=data, facts={"reason": reason})


def release_booked(work: Work, testimony: Testimony, reason: str) -> None:
    """Let go of whatever is booked for her, but for what she has been heard in. What prepares her goes on."""
    heard = testimony.state in HEARD_IN_PART
    for booking in standing_of(work, testimony):
        if not (heard and booking.starts_at <= work.now):
            release(work, booking, reason)


def postpone_all(work: Work, hearing: Hearing, reason: str) -> None:
    """Let go of whoever was booked for a hearing that does not take place; who was scheduled is postponed."""
    booked = sa.select(Booking.testimony_id).where(Booking.hearing_id == hearing.id, Booking.state.in_(STANDING))
    lock = sa.select(Testimony).where(Testimony.id.in_(booked)).order_by(Testimony.id).with_for_update(key_share=True)
    for testimony in work.session.scalars(lock.execution_options(populate_existing=True)).all():
        if testimony.state is TestimonyState.SCHEDULED:
            # Releases all that is booked for her, too.
            _testimony.move(work, testimony, "postpone", reason=reason, permission=Permission.TESTIMONY_MOVE)
            continue
        heard = testimony.state in HEARD_IN_PART
        for booking in standing_of(work, testimony):
            if booking.hearing_id == hearing.id and not (heard and booking.starts_at <= work.now):
                release(work, booking, reason)


# --- when something else has changed ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Standing:
    """Something that is booked or planned for a witness, and what conflicts with it now."""

    testimony: Testimony
    booking: Booking | None
    session: Preparation | None
    found: list[Conflict] = field(default_factory=list)

    @property
    def id(self) -> UUID:
        return self.it.id

    @property
    def it(self) -> Booking | Preparation:
        """What is booked or planned."""
        found = self.booking or self.session
        assert found is not None
        return found

    @property
    def starts_at(self) -> datetime:
        return self.it.starts_at

    @property
    def ends_at(self) -> datetime:
        return self.it.ends_at

    @property
    def conflicts(self) -> list[Conflict]:
        """What blocks."""
        return weigh(self.found, Weight.BLOCKS)

    @property
    def open(self) -> list[Conflict]:
        """What blocks a confirmation."""
        return weigh(self.found, Weight.OPEN)

    @property
    def warnings(self) -> list[Conflict]:
        return weigh(self.found, Weight.WARNS)


def stand(work: Work, bookings: Collection[UUID], sessions: Collection[UUID]) -> list[Standing]:
    """What is booked and planned, by its ids, with all that conflicts with it now; a fixed number of statements."""
    found: list[Standing] = []
    asked: list[Asked] = []
    if bookings:
        find = (
            sa.select(Booking, Testimony, Hearing)
            .join(Testimony, Testimony.id == Booking.testimony_id)
            .join(Hearing, Hearing.id == Booking.hearing_id)
            .where(Booking.id.in_(bookings), Booking.state.in_(STANDING))
        )
        for booking, testimony, hearing in work.session.execute(find):
            found.append(Standing(testimony, booking, None))
            asked.append(_facts.of_booking(booking, testimony, hearing))
    if sessions:
        planned = (
            sa.select(Preparation, Testimony)
            .join(Testimony, Testimony.id == Preparation.testimony_id)
            .where(Preparation.id.in_(sessions), Preparation.state == SessionState.PLANNED)
        )
        for session, testimony in work.session.execute(planned):
            found.append(Standing(testimony, None, session))
            asked.append(_facts.of_session(session, testimony))
    for standing, facts in zip(found, _facts.gather(work, asked), strict=True):
        standing.found.extend(conflicts(facts))
    return sorted(found, key=lambda one: (one.starts_at, one.id))


def taking(work: Work, keys: Collection[str]) -> tuple[set[UUID], set[UUID]]:
    """Which bookings and which sessions that are not over take one of these keys."""
    find = sa.select(Occupancy.source).where(Occupancy.key.in_(keys), Occupancy.until_at > work.now).distinct()
    sources = set(work.session.scalars(find))
    bookings = {UUID(one.partition("/")[2]) for one in sources if "/" in one}
    sessions = {UUID(one.removeprefix("preparation:")) for one in sources if one.startswith("preparation:")}
    return bookings, sessions


def review(
    work: Work, keys: Collection[str], rules: Collection[Rule], bookings: Collection[UUID] = ()
) -> list[Standing]:
    """Look again at what takes one of the keys, and at those bookings too, after something else was recorded: what
    breaks one of these rules now, as far as the actor may know of it. A confirmed booking that does falls back to
    provisional, with an entry of its own. Locks the keys: call it once all else is locked, and the new row flushed."""
    _occupancy.lock(work, keys)
    taken, sessions = taking(work, keys)
    affected = []
    for standing in stand(work, taken | set(bookings), sessions):
        made = [one for one in standing.found if one.rule in rules and one.weight is not Weight.WARNS]
        if not made:
            continue
        affected.append(Standing(standing.testimony, standing.booking, standing.session, made))
        if standing.booking is not None and standing.booking.state is BookingState.CONFIRMED:
            rules_broken = ", ".join(one.rule.value for one in made)
            _move(work, standing.booking, "fall_back", "testimony:fall_back", rules=rules_broken)
    known = work.query(Testimony).where(Testimony.id.in_([one.testimony.id for one in affected]))
    seen = {one.id for one in work.session.scalars(known)} if affected else set()
    return [one for one in affected if one.testimony.id in seen]


def take_guardian(work: Work, testimony: Testimony) -> None:
    """Somebody else comes with a child, or nobody any more: what is booked for her takes up that person, and what was
    confirmed without a safe one falls back. The caller holds the testimony locked, and has flushed it. Raises
    InvalidInput where the guardian is taken then."""
    ahead = [one for one in standing_of(work, testimony) if one.ends_at > work.now]
    hearings = _hearings(work, ahead)
    asked = [_facts.of_booking(one, testimony, hearings[one.hearing_id]) for one in ahead]
    _occupancy.lock(work, [testimony.who, *(key for one in asked for key in one.keys)])
    if testimony.guardian_id is not None:
        hers = _occupancy.resource_key(testimony.guardian_id)
        kept = _occupancy.kept(work, [hers], testimony.case_id)
        if any(_occupancy.taken(work, {hers: one.stay}, kept, one.source, one.place) for one in asked):
            raise InvalidInput({"guardian": [RULES[Rule.PERSON_BUSY][1]]})
    for one in asked:
        take(work, one)
    review(work, [testimony.who], {Rule.NO_SAFE_GUARDIAN, Rule.SERVES_BOTH_SIDES})


def apart(work: Work, attendance: Attendance) -> list[Conflict]:
    """What an accused, or one of theirs, who comes to a hearing makes impossible of what is booked: each rule once. A
    confirmed booking that is concerned falls back to provisional. Flush the row first; the hearing is locked."""
    hearing = work.session.get_one(Hearing, attendance.hearing_id)
    known = sa.select(VictimCase.victim_id).where(VictimCase.case_id == attendance.case_id)
    used = [id for id in (attendance.vehicle_id, attendance.waiting_area_id) if id]
    keys = [_occupancy.resource_key(id) for id in used]
    # Whoever books one of them in another case holds neither this case nor its hearing.
    hers = work.session.scalars(sa.select(Testimony).where(Testimony.victim_id.in_(known)))
    _occupancy.lock(work, [*keys, *{one.who for one in hers}])
    near = (
        sa.select(Booking.id)
        .join(Testimony, Testimony.id == Booking.testimony_id)
        .join(Hearing, Hearing.id == Booking.hearing_id)
        .where(
            Booking.state.in_(STANDING),
            Hearing.starts_at < hearing.ends_at + DAY,
            Hearing.ends_at > hearing.starts_at - DAY,
            (Booking.case_id == attendance.case_id) | Testimony.victim_id.in_(known),
        )
    )
    found = review(work, keys, SEPARATION, set(work.session.scalars(near)))
    return made_by(found)


def made_by(affected: Iterable[Standing]) -> list[Conflict]:
    """The conflicts of all of these, each rule once."""
    return list(dict.fromkeys(conflict for one in affected for conflict in one.found))
