"""Dockets: what is before the courts on a day, for who goes there. It is printed, and may be left lying about."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from evidence_api.domain.calendar import span
from evidence_api.domain.charge import PENDING, ChargeState
from evidence_api.domain.hearing import HearingState
from evidence_api.domain.testimony import BookingState, MeasureKind, MeasureState
from evidence_api.models import Booking, Charge, Hearing, HearingCharge, Measure, Perpetrator, Testimony
from evidence_api.policy import Permission
from evidence_api.services._checks import office_zone
from evidence_api.services._court import witnesses
from evidence_api.services._names import known_as
from evidence_api.work import Work, act, act_on

BEFORE_COURT = PENDING | {ChargeState.CONVICTED, ChargeState.CONVICTED_LESSER}
"""What a hearing without counts of its own is about: all that the court of trial has still to decide."""
LEFT_OUT = (MeasureState.REFUSED, MeasureState.WAIVED)


@dataclass(frozen=True, slots=True)
class Protected:
    """A measure for a witness, and where it stands."""

    kind: MeasureKind
    state: MeasureState


@dataclass(frozen=True, slots=True)
class Heard:
    """A witness at a hearing: as she is called, and when."""

    testimony_id: UUID
    witness: str
    state: BookingState
    booking: Booking
    measures: Sequence[Protected]


@dataclass(frozen=True, slots=True)
class Listed:
    """A hearing as a docket lists it."""

    hearing: Hearing
    defendants: Sequence[str]
    witnesses: Sequence[Heard]


@act(Permission.HEARING_READ, read_only=True)
def docket(work: Work, *, on: date | None = None) -> tuple[list[Listed], None]:
    """The hearings of the actor's cases that begin on a day of the office, by default today: court by court, in the
    order of time. Defendants are named to who may know of charges, by the names by which people speak of them."""
    zone = office_zone(work)
    on = on or work.now.astimezone(zone).date()
    day = span(on, on, zone)
    rows = work.query(Hearing).where(
        Hearing.starts_at >= day.from_at,
        Hearing.starts_at < day.until_at,
        Hearing.state.in_((HearingState.SCHEDULED, HearingState.HELD)),
    )
    found = list(work.session.scalars(rows.order_by(Hearing.court, Hearing.starts_at, Hearing.room, Hearing.id)))
    return _listed(work, found), None


@act_on(Hearing, Permission.HEARING_READ, read_only=True)
def of_hearing(work: Work, hearing: Hearing) -> Listed:
    """One hearing as a docket lists it."""
    return _listed(work, [hearing])[0]


def _listed(work: Work, hearings: Sequence[Hearing]) -> list[Listed]:
    if not hearings:
        return []
    defendants, heard = _defendants(work, hearings), _heard(work, hearings)
    return [Listed(one, defendants.get(one.id, []), heard.get(one.id, [])) for one in hearings]


def _defendants(work: Work, hearings: Sequence[Hearing]) -> dict[UUID, list[str]]:
    """By hearing: those of its own counts, else all of the case who are before the court. Two queries."""
    name = known_as(Perpetrator.ref, Perpetrator.alias).label("name")
    named = work.query(Charge).join(Perpetrator, Perpetrator.id == Charge.perpetrator_id)
    own = (
        named.join(HearingCharge, HearingCharge.charge_id == Charge.id)
        .where(HearingCharge.hearing_id.in_([one.id for one in hearings]))
        .with_only_columns(HearingCharge.hearing_id, name)
    )
    found: dict[UUID, list[str]] = {}
    for row in work.session.execute(own.distinct().order_by(name)):
        found.setdefault(row.hearing_id, []).append(row.name)
    rest = {one.id: one.case_id for one in hearings if one.id not in found}
    whole = named.where(Charge.case_id.in_(set(rest.values())), Charge.state.in_(BEFORE_COURT))
    of_case: dict[UUID, list[str]] = {}
    for row in work.session.execute(whole.with_only_columns(Charge.case_id, name).distinct().order_by(name)):
        of_case.setdefault(row.case_id, []).append(row.name)
    return found | {id: of_case[case] for id, case in rest.items() if case in of_case}


def _heard(work: Work, hearings: Sequence[Hearing]) -> dict[UUID, list[Heard]]:
    """By hearing: who is booked for it, in the order of time, with the measures that she is to have."""
    booked = (
        work.query(Booking)
        .join(Testimony, Testimony.id == Booking.testimony_id)
        .where(Booking.hearing_id.in_([one.id for one in hearings]), Booking.state != BookingState.RELEASED)
        .with_only_columns(Booking, Testimony)
        .order_by(Booking.starts_at, Booking.id)
    )
    rows = work.session.execute(booked).all()
    called = witnesses(work, [testimony for _booking, testimony in rows])
    measures: dict[UUID, list[Protected]] = {}
    hers = work.query(Measure).where(Measure.testimony_id.in_(called), Measure.state.not_in(LEFT_OUT))
    for one in work.session.scalars(hers.order_by(Measure.kind)) if called else ():
        measures.setdefault(one.testimony_id, []).append(Protected(one.kind, one.state))
    found: dict[UUID, list[Heard]] = {}
    for booking, testimony in rows:
        heard = Heard(testimony.id, called[testimony.id], booking.state, booking, measures.get(testimony.id, []))
        found.setdefault(booking.hearing_id, []).append(heard)
    return found
