"""What an office books for sessions with witnesses: rooms, links, vehicles, interpreters, guardians; whom they are tied
to, and what else takes them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from evidence_api.domain.appeal import Side
from evidence_api.domain.errors import Conflict, InvalidInput
from evidence_api.domain.scheduling import PEOPLE, ResourceKind, Rule, Window
from evidence_api.domain.victim import Gender
from evidence_api.ledger.entry import Fact
from evidence_api.models import Booking, Case, Engagement, Occupancy, Perpetrator, Resource, ResourceTie, Testimony
from evidence_api.policy import Permission
from evidence_api.services import _bookings, _occupancy
from evidence_api.services._bookings import Standing
from evidence_api.services._pages import Page, page
from evidence_api.work import Work, act, act_on

TYING = frozenset({Rule.TIED_TO_PERPETRATOR, Rule.NO_SAFE_GUARDIAN})
ENGAGING = frozenset(
    {
        Rule.SERVES_BOTH_SIDES,
        Rule.NO_SAFE_GUARDIAN,
        Rule.PERSON_BUSY,
        Rule.ROOM_BUSY,
        Rule.LINK_BUSY,
        Rule.INTERPRETER_BUSY,
        Rule.VEHICLE_BUSY,
    }
)
TIED = PEOPLE | {ResourceKind.VEHICLE}
"""What can belong to, or serve, a perpetrator."""


@act(Permission.RESOURCE_WRITE)
def add(
    work: Work,
    *,
    kind: ResourceKind,
    name: str,
    languages: Sequence[str] = (),
    gender: Gender | None = None,
    buffer: int = 0,
) -> Resource:
    """Add what the office can book. `buffer`: minutes until it can be used again."""
    assert work.actor.office_id is not None
    made = Resource(
        office_id=work.actor.office_id,
        kind=kind,
        name=name,
        languages=list(languages),
        gender=gender,
        buffer=buffer,
        created_at=work.now,
    )
    work.session.add(made)
    work.session.flush()
    facts = _facts_of(name=name, languages=list(languages), gender=gender, buffer=buffer)
    work.record(made, "resource:add", data={"kind": kind.value}, facts=facts)
    return made


def _facts_of(**given: Any) -> dict[str, Fact]:
    return {
        name: ", ".join(value) if isinstance(value, list) else value if value is None else str(value)
        for name, value in given.items()
    }


@act_on(Resource, Permission.RESOURCE_READ, read_only=True)
def read(work: Work, resource: Resource) -> Resource:
    """One of them."""
    return resource


@act(Permission.RESOURCE_READ, read_only=True)
def list_resources(
    work: Work,
    *,
    limit: int = 50,
    cursor: UUID | None = None,
    kind: ResourceKind | None = None,
    ended: bool = False,
) -> Page[Resource]:
    """What the office can book, the newest first; with `ended`, what it could."""
    query = work.query(Resource).where(Resource.ended_at.is_not(None) if ended else Resource.ended_at.is_(None))
    return page(work, query if kind is None else query.where(Resource.kind == kind), Resource.id, limit, cursor)


@act_on(Resource, Permission.RESOURCE_WRITE)
def edit(work: Work, resource: Resource, /, **changes: Any) -> Resource:
    """Change what is given: `name`, `languages`, `gender`, `buffer`. A new buffer holds for what is booked already."""
    if not changes:
        raise InvalidInput({"name": ["Give at least one thing to change."]})
    _refuse_ended(resource)
    longer = timedelta(minutes=changes.get("buffer", resource.buffer) - resource.buffer)
    for name, value in changes.items():
        setattr(resource, name, value)
    if longer:
        key = _occupancy.resource_key(resource.id)
        _occupancy.lock(work, [key])
        taken = sa.select(Occupancy).where(Occupancy.key == key, Occupancy.until_at > work.now)
        for row in work.session.scalars(taken):
            row.until_at, row.elsewhere_at = row.until_at + longer, row.elsewhere_at + longer
    work.record(resource, "resource:edit", facts=_facts_of(**changes))
    return resource


def _refuse_ended(resource: Resource) -> None:
    if resource.ended_at is not None:
        raise Conflict("This cannot be booked any more. Add it anew.")


@act_on(Resource, Permission.RESOURCE_WRITE)
def end(work: Work, resource: Resource, *, reason: str) -> Resource:
    """It cannot be booked any more. Raises Conflict where it is booked still."""
    _refuse_ended(resource)
    key = _occupancy.resource_key(resource.id)
    _occupancy.lock(work, [key])
    if any(_bookings.taking(work, [key])):
        raise Conflict("It is booked still. Book something else there first.")
    resource.ended_at = work.now
    work.record(resource, "resource:end", facts={"reason": reason})
    return resource


# --- ties -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Made:
    """What was recorded, and what is booked that it makes impossible: nothing of that is confirmed any more."""

    it: Any
    affected: list[Standing]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.it, name)


@act_on(Resource, Permission.RESOURCE_WRITE)
def tie(work: Work, resource: Resource, *, perpetrator: UUID, reason: str) -> Made:
    """Record that it is tied to a perpetrator of a case that the actor knows: kin, paid by, works for. Nothing is
    booked with it any more; what is booked already is answered, and no longer confirmed."""
    _refuse_ended(resource)
    if resource.kind not in TIED:
        raise Conflict("Only a person or a vehicle is tied to somebody.")
    known = work.session.scalars(work.query(Perpetrator).where(Perpetrator.id == perpetrator)).one_or_none()
    if known is None:
        raise InvalidInput({"perpetrator": ["There is no such perpetrator in your cases."]})
    same = sa.select(ResourceTie.id).where(
        ResourceTie.resource_id == resource.id,
        ResourceTie.perpetrator_id == known.id,
        ResourceTie.ended_at.is_(None),
    )
    if work.session.execute(same.limit(1)).first() is not None:
        raise Conflict("This is recorded already.")
    made = ResourceTie(
        resource_id=resource.id, perpetrator_id=known.id, case_id=known.case_id, since=work.now, ended_at=None
    )
    work.session.add(made)
    work.session.flush()
    facts: dict[str, Fact] = {"perpetrator": str(known.id), "reason": reason}
    work.record(resource, "resource:tie", data={"tie": str(made.id)}, facts=facts)
    return Made(made, _bookings.review(work, [_occupancy.resource_key(resource.id)], TYING, _guarded(work, resource)))


def _guarded(work: Work, resource: Resource) -> set[UUID]:
    """A guardian who was named after the booking was made is not among what it takes up."""
    if resource.kind is not ResourceKind.GUARDIAN:
        return set()
    hers = sa.select(Testimony.id).where(Testimony.guardian_id == resource.id)
    booked = sa.select(Booking.id).where(Booking.testimony_id.in_(hers), Booking.state.in_(_bookings.STANDING))
    return set(work.session.scalars(booked.where(Booking.ends_at > work.now)))


@act_on(Resource, Permission.RESOURCE_READ, read_only=True)
def ties(work: Work, resource: Resource, *, limit: int = 50, cursor: UUID | None = None) -> Page[ResourceTie]:
    """To whom it is tied, of perpetrators whom the actor knows; also what has ended. Newest first."""
    return page(
        work, work.query(ResourceTie).where(ResourceTie.resource_id == resource.id), ResourceTie.id, limit, cursor
    )


@act_on(Resource, Permission.RESOURCE_WRITE)
def end_tie(work: Work, resource: Resource, tie: UUID, *, reason: str) -> None:
    """It is not, or no longer, tied to this perpetrator."""
    found = work.session.scalars(
        work.query(ResourceTie).where(ResourceTie.id == tie, ResourceTie.resource_id == resource.id)
    ).one_or_none()
    if found is None or found.ended_at is not None:
        raise Conflict("This is not recorded any more. Load the page again.")
    found.ended_at = work.now
    work.record(resource, "resource:tie_end", data={"tie": str(found.id)}, facts={"reason": reason})


# --- engagements ------------------------------------------------------------------------------------------------------


@act_on(Resource, Permission.RESOURCE_WRITE)
def engage(work: Work, resource: Resource, *, case: UUID, side: Side, from_at: datetime, until_at: datetime) -> Made:
    """Record that a side in a case takes it, beside our own bookings. It is taken then; who serves the defence serves
    no witness of ours in a case that knows her. What is booked already is answered, and no longer confirmed."""
    _refuse_ended(resource)
    if until_at <= from_at:
        raise InvalidInput({"until_at": ["This is not after the beginning. Look over both times."]})
    of = work.session.scalars(work.query(Case).where(Case.id == case)).one_or_none()
    if of is None:
        raise InvalidInput({"case": ["There is no such case, or it is not shared with you."]})
    made = Engagement(
        resource_id=resource.id, case_id=of.id, side=side, from_at=from_at, until_at=until_at, ended_at=None
    )
    work.session.add(made)
    work.session.flush()
    key = _occupancy.resource_key(resource.id)
    _occupancy.lock(work, [key])
    # It is so, whatever is booked: nothing is asked of it.
    kept = _occupancy.kept(work, [key], of.id)
    _occupancy.put(work, _source(made), {key: Window(from_at, until_at)}, kept, of.id)
    facts: dict[str, Fact] = {
        "case": str(of.id),
        "side": side.value,
        "from_at": from_at.isoformat(),
        "until_at": until_at.isoformat(),
    }
    work.record(resource, "resource:engage", data={"engagement": str(made.id)}, facts=facts)
    return Made(made, _bookings.review(work, [key], ENGAGING))


def _source(engagement: Engagement) -> str:
    return f"engagement:{engagement.id}"


@act_on(Resource, Permission.RESOURCE_READ, read_only=True)
def engagements(work: Work, resource: Resource, *, limit: int = 50, cursor: UUID | None = None) -> Page[Engagement]:
    """What takes it beside our own bookings, in cases that the actor knows; also what has ended. Newest first."""
    return page(work, work.query(Engagement).where(Engagement.resource_id == resource.id), Engagement.id, limit, cursor)


@act_on(Resource, Permission.RESOURCE_WRITE)
def end_engagement(work: Work, resource: Resource, engagement: UUID, *, reason: str) -> None:
    """It is not taken by this after all."""
    found = work.session.scalars(
        work.query(Engagement).where(Engagement.id == engagement, Engagement.resource_id == resource.id)
    ).one_or_none()
    if found is None or found.ended_at is not None:
        raise Conflict("This is not recorded any more. Load the page again.")
    found.ended_at = work.now
    _occupancy.free(work, _source(found))
    work.record(resource, "resource:engage_end", data={"engagement": str(found.id)}, facts={"reason": reason})


@act(Permission.RESOURCE_READ, read_only=True)
def refs(work: Work, *, ids: Collection[UUID]) -> dict[UUID, str]:
    """The references of those cases and perpetrators, among these, whom the actor knows."""
    found: dict[UUID, str] = {}
    for model in (Case, Perpetrator):
        rows = work.query(model).where(model.id.in_(ids)).with_only_columns(model.id, model.ref)
        found |= {row.id: row.ref for row in work.session.execute(rows)} if ids else {}
    return found
