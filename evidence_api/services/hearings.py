"""Hearings: when a court sits on a case, where, about what; what becomes of it; how the accused come to it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from evidence_api.domain.calendar import span
from evidence_api.domain.errors import Conflict as Refused
from evidence_api.domain.errors import InvalidInput, StaleVersion
from evidence_api.domain.hearing import HEARING, AdjournmentCode, HearingKind, HearingState
from evidence_api.domain.scheduling import Conflict, ResourceKind, Window
from evidence_api.domain.sentences import sentence
from evidence_api.domain.testimony import BookingState
from evidence_api.ledger.entry import Fact
from evidence_api.models import (
    Assignment,
    Attendance,
    Booking,
    Case,
    Charge,
    Hearing,
    HearingCharge,
    Office,
    Perpetrator,
    Resource,
    User,
)
from evidence_api.policy import Permission
from evidence_api.services import _bookings, _court, _occupancy
from evidence_api.services._checks import named_in_case, office_zone, refuse_ended, running_case
from evidence_api.services._court import moment
from evidence_api.services._names import known_as
from evidence_api.services._pages import Page
from evidence_api.work import Work, act, act_on

LONGEST = timedelta(days=1)

OFFERED = 200
"""How many things to book a form offers."""

TAKES = frozenset({"starts_at", "ends_at", "court", "room", "link", "people"})
"""What of a hearing decides on what it takes up."""


# --- setting it down, moving it ---------------------------------------------------------------------------------------


@act_on(Case, Permission.HEARING_WRITE)
def plan(
    work: Work,
    case: Case,
    *,
    court: str,
    kind: HearingKind,
    starts_at: datetime,
    ends_at: datetime,
    room: str | None = None,
    link: str | None = None,
    zone: str | None = None,
    charges: Sequence[UUID] = (),
    people: Sequence[UUID] = (),
) -> Hearing:
    """Set down a hearing of a case. `zone` is that of the court, by default the office's; `people` are those of us who
    are there; without `charges` it is about all that are before the court.

    Raises Clash where a room, a link or a person is taken then, in whatever case.
    """
    refuse_ended(work, case.id)
    hearing = _set_down(
        work,
        case,
        court=court,
        kind=kind,
        starts_at=starts_at,
        ends_at=ends_at,
        room=room,
        link=link,
        zone=zone or work.session.get_one(Office, case.office_id).zone,
        people=_people(work, case.id, people),
        charges=charges,
    )
    return _told(work, [hearing])[0]


def _set_down(
    work: Work, case: Case, *, charges: Sequence[UUID], coming: Sequence[Attendance] = (), **given: Any
) -> Hearing:
    hearing = Hearing(
        case_id=case.id,
        ref=f"{case.ref}-H{work.next_number(f'hearing:{case.id}')}",
        state=HEARING.initial,
        created_at=work.now,
        **given,
    )
    _in_order(hearing)
    work.session.add(hearing)
    work.session.flush()
    _about(work, hearing, charges)
    _lock(work, hearing, coming)
    _court.take(work, hearing)
    for one in coming:
        _come(work, one, hearing)
    follows = {"follows": str(hearing.follows_id)} if hearing.follows_id else {}
    work.record(
        hearing,
        "hearing:plan",
        data={"kind": hearing.kind.value, "starts_at": hearing.starts_at.isoformat(), **follows},
        facts={"ref": hearing.ref, **_facts({**given, "charges": charges})},
    )
    return hearing


def _in_order(hearing: Hearing) -> None:
    if hearing.ends_at <= hearing.starts_at:
        raise InvalidInput({"ends_at": ["It must end after it begins."]})
    if hearing.ends_at - hearing.starts_at > LONGEST:
        raise InvalidInput({"ends_at": ["It is longer than a day. Set down a hearing for each day."]})


def _facts(given: Mapping[str, Any]) -> dict[str, Fact]:
    """As an entry takes them: several in one text."""
    return {
        name: "; ".join(map(str, value))
        if isinstance(value, list | tuple)
        else value.isoformat()
        if isinstance(value, datetime)
        else None
        if value is None
        else str(value)
        for name, value in given.items()
    }


def _people(work: Work, case_id: UUID, people: Sequence[UUID]) -> list[str]:
    """Those of us who are there, each once. Raises InvalidInput for one who does not work on the case."""
    wanted = set(people)
    assigned = (
        sa.select(User.id)
        .join(Assignment, Assignment.user_id == User.id)
        .where(
            User.id.in_(wanted),
            User.disabled_at.is_(None),
            Assignment.case_id == case_id,
            Assignment.ended_at.is_(None),
        )
    )
    if wanted and wanted - set(work.session.scalars(assigned)):
        raise InvalidInput({"people": ["Name only people who are assigned to this case."]})
    return sorted(map(str, wanted))


def _about(work: Work, hearing: Hearing, charges: Sequence[UUID]) -> None:
    """The counts that it is about, in place of those that it was. Raises InvalidInput for one of another case."""
    wanted = set(charges)
    there = work.query(Charge).where(Charge.id.in_(wanted), Charge.case_id == hearing.case_id)
    if wanted and wanted - {charge.id for charge in work.session.scalars(there)}:
        raise InvalidInput({"charges": ["There is no such charge in this case."]})
    rows = {row.charge_id: row for row in work.session.scalars(_charges_of(work, [hearing.id]))}
    for id in sorted(wanted - rows.keys()):
        work.session.add(HearingCharge(hearing_id=hearing.id, charge_id=id, case_id=hearing.case_id))
    for id in rows.keys() - wanted:
        work.session.delete(rows[id])
    work.session.flush()


def _charges_of(work: Work, hearings: Sequence[UUID]) -> sa.Select[HearingCharge]:
    return work.query(HearingCharge).where(HearingCharge.hearing_id.in_(hearings))


def _locked(work: Work, hearing: Hearing) -> Case:
    """Lock the case, then the hearing, which is to be held yet. Raises Refused where it is not, StaleVersion where
    another act on it came between."""
    case = running_case(work, hearing.case_id, Permission.HEARING_WRITE)
    work.get(Hearing, hearing.id, Permission.HEARING_WRITE, lock=True)
    if work.if_match not in (None, hearing.version):
        raise StaleVersion
    return case


def _still_scheduled(hearing: Hearing) -> None:
    if hearing.state is not HearingState.SCHEDULED:
        told = "It is over: {state}. Set down a new hearing instead."
        raise Refused(sentence(told, state=hearing.state))


@act_on(Hearing, Permission.HEARING_WRITE, lock=False)
def edit(work: Work, hearing: Hearing, /, **changes: Any) -> Hearing:
    """Change what is given. What it takes up is checked anew; how the accused come moves with it, and `warnings` says
    where a witness who is booked would meet them then: her booking is not confirmed any more.

    Raises Refused where a witness who is booked would be booked outside of it, or at another court, and Clash.
    """
    _locked(work, hearing)
    _still_scheduled(hearing)
    if not changes:
        raise InvalidInput({"starts_at": ["Give at least one thing to change."]})
    facts = _facts(changes)
    if "charges" in changes:
        _about(work, hearing, changes.pop("charges"))
    if "people" in changes:
        changes["people"] = _people(work, hearing.case_id, changes["people"])
    before, court, met = hearing.starts_at, hearing.court, list[Conflict]()
    for name, value in changes.items():
        setattr(hearing, name, value)
    _in_order(hearing)
    if changes.keys() & TAKES:
        _not_from_under_witnesses(work, hearing, court)
        if hearing.starts_at != before:
            met = _move_attendances(work, hearing, hearing.starts_at - before)
        work.session.flush()
        _court.take(work, hearing)
    work.record(hearing, "hearing:edit", facts=facts)
    work.session.flush()
    told = _told(work, [hearing])[0]
    told.warnings = [*told.warnings, *(conflict.message for conflict in met)]
    return told


def _not_from_under_witnesses(work: Work, hearing: Hearing, court: str) -> None:
    booked = sa.select(Booking.starts_at, Booking.ends_at).where(
        Booking.hearing_id == hearing.id, Booking.state != BookingState.RELEASED
    )
    times = work.session.execute(booked).all()
    if any(row.starts_at < hearing.starts_at or row.ends_at > hearing.ends_at for row in times):
        raise Refused("A witness is booked outside of that time. Release what is booked, or adjourn the hearing.")
    if times and hearing.court != court:
        raise Refused("Witnesses are booked at this court. Release what is booked, or adjourn the hearing.")


def _standing(work: Work, hearing: Hearing) -> Sequence[Attendance]:
    standing = sa.select(Attendance).where(Attendance.hearing_id == hearing.id, Attendance.ended_at.is_(None))
    return work.session.scalars(standing.order_by(Attendance.id)).all()


def _lock(work: Work, hearing: Hearing, coming: Sequence[Attendance]) -> None:
    """Hold all that a hearing takes up, and what those use who come to it. All at once: who locks some first, and
    others then, may wait for who does it the other way round."""
    used = {id for one in coming for id in (one.waiting_area_id, one.vehicle_id) if id}
    _occupancy.lock(work, [*_court.keys_of(hearing), *map(_occupancy.resource_key, used)])


def _come(work: Work, before: Attendance, hearing: Hearing) -> None:
    """Somebody comes to the hearing that follows as she or he was to come to the one before."""
    by = hearing.starts_at - work.session.get_one(Hearing, before.hearing_id).starts_at
    attendance = Attendance(
        hearing_id=hearing.id,
        case_id=hearing.case_id,
        perpetrator_id=before.perpetrator_id,
        arrives_at=before.arrives_at and before.arrives_at + by,
        leaves_at=before.leaves_at and before.leaves_at + by,
        waiting_area_id=before.waiting_area_id,
        vehicle_id=before.vehicle_id,
    )
    work.session.add(attendance)
    work.session.flush()
    _bookings.apart(work, attendance)


def _move_attendances(work: Work, hearing: Hearing, by: timedelta) -> list[Conflict]:
    """They come so much later, or earlier; what conflicts with what is booked for a witness then."""
    coming = _standing(work, hearing)
    _lock(work, hearing, coming)
    met: list[Conflict] = []
    for attendance in coming:
        attendance.arrives_at = attendance.arrives_at and attendance.arrives_at + by
        attendance.leaves_at = attendance.leaves_at and attendance.leaves_at + by
        work.session.flush()
        met += _bookings.apart(work, attendance)
    return list(dict.fromkeys(met))


# --- what became of it ------------------------------------------------------------------------------------------------


@act_on(Hearing, Permission.HEARING_WRITE, lock=False)
def transition(
    work: Work,
    hearing: Hearing,
    *,
    action: str,
    reason: str,
    code: AdjournmentCode | None = None,
    outcome: str | None = None,
    next: Mapping[str, Any] | None = None,
) -> Hearing:
    """Record that it was held, adjourned (why, by its code, and until when where that is known) or cancelled. Whoever
    was booked for one that does not take place is postponed, what it took up is free, and nobody comes to it.

    Raises IllegalTransition, InvalidInput, Refused for one held on a day to come, Clash for the next one's time.
    """
    work.require_role(HEARING, action, Permission.HEARING_WRITE, hearing)
    case = _locked(work, hearing)
    work.step(HEARING, hearing.state, action, Permission.HEARING_WRITE, hearing)
    _fits(action, code, outcome, next)
    if action == "hold":
        zone = ZoneInfo(hearing.zone)
        if hearing.starts_at.astimezone(zone).date() > work.now.astimezone(zone).date():
            raise Refused("It is set down for a later day. Move it first, if it has taken place already.")
    coming = [] if action == "hold" else _standing(work, hearing)
    if action != "hold":
        _bookings.postpone_all(work, hearing, reason)
        _occupancy.free(work, _occupancy.hearing_source(hearing.id))
    for one in coming:
        one.ended_at = work.now
    hearing.adjournment = code
    hearing.outcome = outcome
    work.transition(
        hearing,
        "state",
        HEARING,
        action,
        Permission.HEARING_WRITE,
        data={"code": code.value} if code else None,
        facts={"reason": reason, "outcome": outcome},
    )
    if next is not None:
        _go_on(work, case, hearing, next, coming)
    work.session.flush()
    return _told(work, [hearing])[0]


def _fits(action: str, code: AdjournmentCode | None, outcome: str | None, next: Mapping[str, Any] | None) -> None:
    wrong: dict[str, list[str]] = {}
    if action == "adjourn" and code is None:
        wrong["code"] = ["Say why it is adjourned."]
    if action != "adjourn":
        only = "Leave this out: it belongs to an adjournment alone."
        wrong |= {name: [only] for name, given in (("code", code), ("next", next)) if given is not None}
    if action == "cancel" and outcome is not None:
        wrong["outcome"] = ["Leave this out: what does not take place has no outcome."]
    if wrong:
        raise InvalidInput(wrong)


def _go_on(work: Work, case: Case, hearing: Hearing, next: Mapping[str, Any], coming: Sequence[Attendance]) -> None:
    """The hearing that follows one that is adjourned: the same but for its time, and its room where that is given.
    The accused come to it in the same way."""
    if next["starts_at"] <= hearing.starts_at:
        raise InvalidInput({"next.starts_at": ["It must begin later than the one that is adjourned."]})
    about = [row.charge_id for row in work.session.scalars(_charges_of(work, [hearing.id]))]
    same = {name: getattr(hearing, name) for name in ("court", "kind", "room", "link", "zone", "people")}
    try:
        _set_down(work, case, **{**same, **next}, charges=sorted(about), coming=coming, follows_id=hearing.id)
    except InvalidInput as error:
        raise InvalidInput({f"next.{name}": told for name, told in error.errors.items()}) from error


# --- reading ----------------------------------------------------------------------------------------------------------


def _told(work: Work, hearings: Sequence[Hearing]) -> list[Hearing]:
    """With the counts that each is about, the one that follows it, and what speaks against its time; as far as the
    actor may know, with one query for each."""
    ids = [hearing.id for hearing in hearings]
    if not ids:
        return []
    about = (
        work.query(Charge)
        .join(HearingCharge, HearingCharge.charge_id == Charge.id)
        .where(HearingCharge.hearing_id.in_(ids))
        .with_only_columns(HearingCharge.hearing_id, Charge.id)
        .order_by(Charge.id)
    )
    charges: dict[UUID, list[UUID]] = {}
    for row in work.session.execute(about):
        charges.setdefault(row.hearing_id, []).append(row.id)
    following = sa.select(Hearing.follows_id, Hearing.id).where(Hearing.follows_id.in_(ids))
    after = {row.follows_id: row.id for row in work.session.execute(following)}
    cases = sa.select(Case.id, Case.jurisdiction).where(Case.id.in_({hearing.case_id for hearing in hearings}))
    law = {row.id: work.site.settings.jurisdictions.of(row.jurisdiction) for row in work.session.execute(cases)}
    for hearing in hearings:
        hearing.charges = charges.get(hearing.id, [])
        hearing.next_id = after.get(hearing.id)
        window = Window(hearing.starts_at, hearing.ends_at)
        due = hearing.state is HearingState.SCHEDULED
        sittings = law[hearing.case_id].sittings
        hearing.warnings = _court.outside(sittings, window, ZoneInfo(hearing.zone)) if due else []
    return list(hearings)


@act_on(Hearing, Permission.HEARING_READ, read_only=True)
def read(work: Work, hearing: Hearing) -> Hearing:
    """One hearing."""
    return _told(work, [hearing])[0]


@act(Permission.HEARING_READ, read_only=True)
def list_hearings(
    work: Work,
    *,
    limit: int = 50,
    cursor: UUID | None = None,
    since: date | None = None,
    until: date | None = None,
    state: HearingState | None = None,
) -> Page[Hearing]:
    """The hearings of all the actor's cases in the order of time, from a day to another where they are given."""
    query = work.query(Hearing)
    zone = office_zone(work)
    if since is not None:
        query = query.where(Hearing.starts_at >= span(since, since, zone).from_at)
    if until is not None:
        query = query.where(Hearing.starts_at < span(until, until, zone).until_at)
    if state is not None:
        query = query.where(Hearing.state == state)
    if cursor is not None:
        at = _time_of(cursor)
        query = query.where((Hearing.starts_at > at) | ((Hearing.starts_at == at) & (Hearing.id > cursor)))
    return _page(work, query.order_by(Hearing.starts_at, Hearing.id), limit)


@act_on(Case, Permission.HEARING_READ, read_only=True)
def list_of_case(
    work: Work, case: Case, *, limit: int = 50, cursor: UUID | None = None, state: HearingState | None = None
) -> Page[Hearing]:
    """The hearings of a case, the latest first."""
    query = work.query(Hearing).where(Hearing.case_id == case.id)
    if state is not None:
        query = query.where(Hearing.state == state)
    if cursor is not None:
        at = _time_of(cursor)
        query = query.where((Hearing.starts_at < at) | ((Hearing.starts_at == at) & (Hearing.id < cursor)))
    return _page(work, query.order_by(Hearing.starts_at.desc(), Hearing.id.desc()), limit)


def _time_of(cursor: UUID) -> Any:
    return sa.select(Hearing.starts_at).where(Hearing.id == cursor).scalar_subquery()


def _page(work: Work, query: sa.Select[Hearing], limit: int) -> Page[Hearing]:
    rows = list(work.session.scalars(query.limit(limit + 1)))
    following = str(rows[limit - 1].id) if len(rows) > limit else None
    return _told(work, rows[:limit]), following


# --- how the accused come ---------------------------------------------------------------------------------------------


@act_on(Hearing, Permission.HEARING_WRITE, lock=False)
def attend(
    work: Work,
    hearing: Hearing,
    *,
    perpetrator: UUID,
    arrives_at: datetime,
    leaves_at: datetime | None = None,
    waiting_area: UUID | None = None,
    vehicle: UUID | None = None,
) -> Attendance:
    """Record how an accused, or one of theirs, comes to a hearing, so that no witness meets them.

    What is booked for a witness who would meet them is answered in `conflicts`, and not confirmed any more. Raises
    Refused where it is recorded already.
    """
    _locked(work, hearing)
    _still_scheduled(hearing)
    of = named_in_case(work, Perpetrator, hearing.case_id, "perpetrator", perpetrator)
    assert of is not None
    if not hearing.starts_at - LONGEST <= arrives_at < hearing.ends_at:
        raise InvalidInput({"arrives_at": ["Give a time within the day before the end of the hearing."]})
    if leaves_at is not None and leaves_at <= arrives_at:
        raise InvalidInput({"leaves_at": ["This lies before the arrival. Look over both times."]})
    _resource(work, "waiting_area", ResourceKind.WAITING_AREA, waiting_area)
    _resource(work, "vehicle", ResourceKind.VEHICLE, vehicle)
    if any(one.perpetrator_id == of.id for one in _standing(work, hearing)):
        raise Refused("It is recorded already how this person comes. End that first.")
    attendance = Attendance(
        hearing_id=hearing.id,
        case_id=hearing.case_id,
        perpetrator_id=of.id,
        arrives_at=arrives_at,
        leaves_at=leaves_at,
        waiting_area_id=waiting_area,
        vehicle_id=vehicle,
    )
    work.session.add(attendance)
    work.session.flush()
    work.record(
        hearing,
        "hearing:attendance",
        data={"attendance": str(attendance.id)},
        facts={
            "perpetrator": str(of.id),
            "arrives_at": moment(arrives_at),
            "leaves_at": moment(leaves_at),
            "waiting_area": str(waiting_area) if waiting_area else None,
            "vehicle": str(vehicle) if vehicle else None,
        },
    )
    attendance.conflicts = _bookings.apart(work, attendance)
    return attendance


def _resource(work: Work, field: str, kind: ResourceKind, id: UUID | None) -> None:
    there = work.query(Resource).where(Resource.id == id, Resource.kind == kind, Resource.ended_at.is_(None))
    if id is not None and work.session.scalars(there).one_or_none() is None:
        raise InvalidInput({field: [sentence("There is no such thing to book in this office: {kind}.", kind=kind)]})


@act_on(Hearing, Permission.HEARING_WRITE, lock=False)
def end_attendance(work: Work, hearing: Hearing, attendance: UUID, *, reason: str) -> None:
    """They do not come, or not so. What was recorded stays."""
    _locked(work, hearing)
    found = next((one for one in _standing(work, hearing) if one.id == attendance), None)
    if found is None:
        raise Refused("This is not recorded any more. Load the page again.")
    found.ended_at = work.now
    work.record(hearing, "hearing:attendance_end", data={"attendance": str(found.id)}, facts={"reason": reason})


@dataclass(frozen=True, slots=True)
class Coming:
    """How somebody comes to a hearing, and what she or he, and all that is used, is called."""

    id: UUID
    hearing_id: UUID
    perpetrator_id: UUID
    arrives_at: datetime | None
    leaves_at: datetime | None
    waiting_area_id: UUID | None
    vehicle_id: UUID | None
    perpetrator: str
    waiting_area: str | None
    vehicle: str | None


@act_on(Hearing, Permission.HEARING_READ, read_only=True)
def attendances(work: Work, hearing: Hearing) -> tuple[list[Coming], None]:
    """How the accused and theirs come to a hearing, in the order in which they arrive."""
    area, vehicle = aliased(Resource), aliased(Resource)
    rows = (
        work.query(Attendance)
        .join(Perpetrator, Perpetrator.id == Attendance.perpetrator_id)
        .outerjoin(area, area.id == Attendance.waiting_area_id)
        .outerjoin(vehicle, vehicle.id == Attendance.vehicle_id)
        .where(Attendance.hearing_id == hearing.id, Attendance.ended_at.is_(None))
        .with_only_columns(
            *(Attendance.id, Attendance.hearing_id, Attendance.perpetrator_id),
            *(Attendance.arrives_at, Attendance.leaves_at, Attendance.waiting_area_id, Attendance.vehicle_id),
            known_as(Perpetrator.ref, Perpetrator.alias).label("perpetrator"),
            area.name.label("waiting_area"),
            vehicle.name.label("vehicle"),
        )
        .order_by(Attendance.arrives_at, Attendance.id)
    )
    return [Coming(**row) for row in work.session.execute(rows).mappings()], None


@act(Permission.HEARING_READ, read_only=True)
def refs(work: Work, *, ids: Iterable[UUID]) -> dict[UUID, str]:
    """The references of those of these hearings that the actor knows."""
    rows = work.query(Hearing).where(Hearing.id.in_(set(ids))).with_only_columns(Hearing.id, Hearing.ref)
    return {row.id: row.ref for row in work.session.execute(rows)}


@act(Permission.RESOURCE_READ, read_only=True)
def bookable(work: Work, *, kind: ResourceKind) -> list[tuple[UUID, str]]:
    """What the office has of a kind to book, by name."""
    rows = work.query(Resource).where(Resource.kind == kind, Resource.ended_at.is_(None))
    return [(one.id, one.name) for one in work.session.scalars(rows.order_by(Resource.name).limit(OFFERED))]
