"""Who is, or was, what to a venue: its owner, its manager, its landlord."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from evidence_api.domain.errors import Conflict, InvalidInput
from evidence_api.domain.venue import VenueTieKind
from evidence_api.ledger.entry import Fact
from evidence_api.models import Perpetrator, Venue, VenueTie
from evidence_api.policy import Permission
from evidence_api.services._checks import named_in_case, not_after_today, running_case
from evidence_api.services._pages import page
from evidence_api.work import Work, act_on


@dataclass(frozen=True, slots=True)
class Tied:
    """What somebody was to a venue: a perpetrator, with her or his ref and alias, or one who is only named."""

    id: UUID
    venue_id: UUID
    perpetrator_id: UUID | None
    perpetrator_ref: str | None
    name: str | None
    kind: VenueTieKind
    from_on: date | None
    until_on: date | None


@act_on(Venue, Permission.VENUE_WRITE)
def add(
    work: Work,
    venue: Venue,
    *,
    kind: VenueTieKind,
    perpetrator: UUID | None = None,
    name: str | None = None,
    from_on: date | None = None,
    until_on: date | None = None,
) -> Tied:
    """Say what somebody was to the venue, from when to when: a perpetrator of the same case, or one who is named."""
    running_case(work, venue.case_id, Permission.VENUE_WRITE)
    if (perpetrator is None) == (name is None):
        raise InvalidInput({"perpetrator": ["Give a perpetrator of the case, or the name of somebody who is none."]})
    not_after_today(work, from_on=from_on, until_on=until_on)
    _refuse_backwards(from_on, until_on)
    found = named_in_case(work, Perpetrator, venue.case_id, "perpetrator", perpetrator)
    made = VenueTie(
        venue_id=venue.id,
        case_id=venue.case_id,
        perpetrator_id=perpetrator,
        name=name,
        kind=kind,
        from_on=from_on,
        until_on=until_on,
    )
    work.session.add(made)
    work.session.flush()
    data: dict[str, Fact] = {"tie": str(made.id), "kind": kind.value}
    if found is not None:
        data["perpetrator"] = str(found.id)
    work.record(venue, "venue:tie", data=data, facts={"name": name, **_days(from_on=from_on, until_on=until_on)})
    return _tied(made, found)


def _refuse_backwards(from_on: date | None, until_on: date | None) -> None:
    if from_on is not None and until_on is not None and until_on < from_on:
        raise InvalidInput({"until_on": ["This is before it began. Give a later day."]})


def _days(**days: date | None) -> dict[str, Fact | float]:
    return {name: day.isoformat() for name, day in days.items() if day is not None}


def _tied(tie: VenueTie, perpetrator: Perpetrator | None) -> Tied:
    ref, alias = (None, None) if perpetrator is None else (perpetrator.ref, perpetrator.alias)
    return Tied(tie.id, tie.venue_id, tie.perpetrator_id, ref, tie.name or alias, tie.kind, tie.from_on, tie.until_on)


@act_on(Venue, Permission.CASEWORK_READ, read_only=True)
def list_of_venue(work: Work, venue: Venue, *, limit: int, cursor: UUID | None = None) -> tuple[list[Tied], str | None]:
    """Who was what to the venue, newest first."""
    found, following = page(work, work.query(VenueTie).where(VenueTie.venue_id == venue.id), VenueTie.id, limit, cursor)
    ids = {one.perpetrator_id for one in found if one.perpetrator_id is not None}
    known = {p.id: p for p in work.session.scalars(work.query(Perpetrator).where(Perpetrator.id.in_(ids)))}
    return [_tied(one, known.get(one.perpetrator_id) if one.perpetrator_id else None) for one in found], following


@act_on(VenueTie, Permission.CASEWORK_READ, read_only=True)
def read(work: Work, tie: VenueTie) -> Tied:
    """What one person was to a venue."""
    return _tied(tie, None if tie.perpetrator_id is None else work.session.get(Perpetrator, tie.perpetrator_id))


@act_on(VenueTie, Permission.VENUE_WRITE)
def end(work: Work, tie: VenueTie, *, until_on: date, reason: str) -> Tied:
    """Say until when it was so."""
    running_case(work, tie.case_id, Permission.VENUE_WRITE)
    if tie.until_on is not None:
        raise Conflict("It has ended already.")
    not_after_today(work, until_on=until_on)
    _refuse_backwards(tie.from_on, until_on)
    tie.until_on = until_on
    work.record(tie, "venue:tie_end", data={"tie": str(tie.id)}, facts={"reason": reason, **_days(until_on=until_on)})
    return _tied(tie, None if tie.perpetrator_id is None else work.session.get(Perpetrator, tie.perpetrator_id))
