"""Venues: where exploitation goes on, and their course from suspicion to another use."""

from collections.abc import Collection, Sequence
from datetime import datetime, time
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from evidence_api.db import new_id
from evidence_api.domain.errors import Conflict, InvalidInput
from evidence_api.domain.venue import VENUE, Seen, VenueKind, VenueState
from evidence_api.domain.victim import AlertKind
from evidence_api.ledger.entry import Fact
from evidence_api.models import Case, Evidence, Inspection, Venue
from evidence_api.policy import Permission
from evidence_api.services._alerts import raise_venue_alert
from evidence_api.services._checks import (
    TYPING,
    not_in_the_future,
    office_day,
    office_zone,
    running_case,
)
from evidence_api.services._pages import Page, page
from evidence_api.services._steps import NextStep, legal_steps
from evidence_api.work import Work, act, act_on

CLOSING = ("close_temporarily", "close_permanently")
OFFERED = 200
"""How many venues a form offers, the newest."""


@act(Permission.VENUE_WRITE)
def register(work: Work, /, *, case: UUID, kind: VenueKind, description: str, **more: Any) -> Venue:
    """Put a venue into a case: `place`, `area`, `country` and coordinates as far as they are known."""
    within = running_case(work, case, Permission.VENUE_WRITE)
    venue = Venue(
        id=new_id(),
        case_id=within.id,
        ref=f"{within.ref}-V{work.next_number(f'venue:{within.id}')}",
        kind=kind,
        description=description,
        state=VENUE.initial,
        created_at=work.now,
        **more,
    )
    work.session.add(venue)
    facts = {"ref": venue.ref, "description": description, **more}
    work.record(venue, "venue:register", data={"kind": kind.value}, facts=facts)
    return venue


@act_on(Case, Permission.CASEWORK_READ, read_only=True)
def list_of_case(
    work: Work,
    case: Case,
    *,
    limit: int,
    cursor: UUID | None = None,
    kind: VenueKind | None = None,
    state: VenueState | None = None,
) -> Page[Venue]:
    """The venues of a case, newest first."""
    return _listed(work, work.query(Venue).where(Venue.case_id == case.id), limit, cursor, kind, state)


@act(Permission.CASEWORK_READ, read_only=True)
def list_all(
    work: Work,
    *,
    limit: int,
    cursor: UUID | None = None,
    kind: VenueKind | None = None,
    state: VenueState | None = None,
) -> Page[Venue]:
    """The venues of all the cases of the actor, newest first."""
    return _listed(work, work.query(Venue), limit, cursor, kind, state)


def _listed(
    work: Work,
    query: sa.Select[Venue],
    limit: int,
    cursor: UUID | None,
    kind: VenueKind | None,
    state: VenueState | None,
) -> Page[Venue]:
    if kind is not None:
        query = query.where(Venue.kind == kind)
    if state is not None:
        query = query.where(Venue.state == state)
    found, following = page(work, query, Venue.id, limit, cursor)
    return _with_successors(work, found), following


@act_on(Venue, Permission.CASEWORK_READ, read_only=True)
def read(work: Work, venue: Venue) -> Venue:
    """One venue."""
    return _with_successors(work, [venue])[0]


@act(Permission.CASEWORK_READ, read_only=True)
def refs(work: Work, *, ids: Collection[UUID]) -> dict[UUID, str]:
    """The refs of venues that the actor may know of, by id."""
    found = work.query(Venue).where(Venue.id.in_(ids)).with_only_columns(Venue.id, Venue.ref)
    return {row.id: row.ref for row in work.session.execute(found)}


@act_on(Venue, Permission.VENUE_WRITE)
def edit(work: Work, venue: Venue, /, **changes: Any) -> Venue:
    """Change what is given; null where something turns out to be wrong or unknown."""
    running_case(work, venue.case_id, Permission.VENUE_WRITE)
    if not changes:
        raise InvalidInput({"description": ["Give at least one thing to change."]})
    for name, value in changes.items():
        setattr(venue, name, value)
    kind = changes.pop("kind", None)
    work.record(venue, "venue:edit", data={} if kind is None else {"kind": kind.value}, facts=changes)
    return _with_successors(work, [venue])[0]


def _with_successors(work: Work, venues: list[Venue]) -> list[Venue]:
    """The same venues, each with its successor, unless that is in a case which the actor does not know."""
    ids = {venue.successor_id for venue in venues if venue.successor_id is not None}
    known = (
        {found.id: found for found in work.session.scalars(work.query(Venue).where(Venue.id.in_(ids)))} if ids else {}
    )
    for venue in venues:
        venue.successor = known.get(venue.successor_id) if venue.successor_id else None
    return venues


# --- its course -------------------------------------------------------------------------------------------------------


@act_on(Venue, Permission.VENUE_MOVE)
def transition(
    work: Work,
    venue: Venue,
    *,
    action: str,
    reason: str,
    successor: UUID | None = None,
    new_use: str | None = None,
    new_use_by: str | None = None,
    occurred_at: datetime | None = None,
) -> Venue:
    """Take the venue a step on. Its course goes on after the case has ended: that it is in use again, or a school now,
    is worth knowing then too.

    Raises IllegalTransition with what is legal now, Conflict for a guard that is not met.
    """
    work.step(VENUE, venue.state, action, Permission.VENUE_MOVE, venue)
    not_in_the_future(work, "occurred_at", occurred_at, TYPING)
    for name, given, only in (
        ("successor", successor, "displace"),
        ("new_use", new_use, "repurpose"),
        ("new_use_by", new_use_by, "repurpose"),
    ):
        if given is not None and action != only:
            raise InvalidInput({name: ["This goes with another step. Leave it out."]})
    follower = None if successor is None else _successor(work, venue, successor)
    facts: dict[str, Fact | float] = {"reason": reason}
    data: dict[str, Fact] = {}
    if action == "seek_closure" or (action in CLOSING and not venue.seekers):
        venue.seekers = sorted({*venue.seekers, str(work.actor.user_id)})
    if action in CLOSING:
        venue.closed_on = office_day(work, occurred_at)
    elif action == "verify":
        open_points, inspection = _open_points(work, venue, action)
        if inspection is None:
            raise Conflict(open_points[0])
        data["inspection"] = str(inspection.id)
    elif action == "displace":
        if follower is None:
            raise Conflict("Name the venue that it moved to. Register that one first.")
        _refuse_loop(work, venue, follower)
        venue.successor_id = follower.id
        facts["successor"] = str(follower.id)
    elif action == "repurpose":
        venue.new_use = facts["new_use"] = new_use
        venue.new_use_by = facts["new_use_by"] = new_use_by
    elif action == "reopen":
        venue.seekers = []
        venue.closed_on = venue.successor_id = venue.new_use = venue.new_use_by = None
    work.transition(
        venue, "state", VENUE, action, Permission.VENUE_MOVE, data=data, facts=facts, occurred_at=occurred_at
    )
    if action == "reopen":
        raise_venue_alert(work, venue, AlertKind.VENUE_REOPENED)
    return _with_successors(work, [venue])[0]


def _successor(work: Work, venue: Venue, id: UUID) -> Venue:
    found = work.session.scalars(work.query(Venue).where(Venue.id == id, Venue.id != venue.id)).one_or_none()
    if found is None:
        raise InvalidInput({"successor": ["There is no such other venue in your cases."]})
    return found


def _refuse_loop(work: Work, venue: Venue, follower: Venue) -> None:
    # One displacement at a time: two that cross would each see no loop.
    work.next_number("venue:displace")
    after: UUID | None = follower.id
    while after is not None:
        if after == venue.id:
            raise Conflict("That venue was displaced to this one. Reopen it first, if it is in use again.")
        after = work.session.get_one(Venue, after, populate_existing=True).successor_id


def _open_points(work: Work, venue: Venue, action: str) -> tuple[list[str], Inspection | None]:
    """What is still missing for a step, in sentences, and the inspection that it rests on where nothing is."""
    if action != "verify":
        return [], None
    if str(work.actor.user_id) in venue.seekers:
        return ["Another person must verify it: you sought its closure, or recorded it."], None
    closed_on = venue.closed_on or office_day(work)
    found = (
        sa.select(Inspection)
        .join(Evidence, Evidence.id == Inspection.evidence_id)
        .where(
            Inspection.venue_id == venue.id,
            Inspection.found == Seen.CLOSED,
            Inspection.inspected_on >= closed_on,
            Inspection.inspector_id.not_in([UUID(id) for id in venue.seekers]),
            Evidence.received_at >= datetime.combine(closed_on, time.min, office_zone(work)),
        )
        .order_by(Inspection.inspected_on.desc(), Inspection.id.desc())
        .limit(1)
    )
    inspection = work.session.scalars(found).one_or_none()
    if inspection is None:
        return [
            "Somebody who did not seek the closure inspects it first, on the day of the closure or later, finds it "
            "closed, and has an item of evidence of it that has come in since."
        ], None
    return [], inspection


@act_on(Venue, Permission.CASEWORK_READ, read_only=True)
def next_steps(work: Work, venue: Venue) -> tuple[list[NextStep[VenueState]], None]:
    """Every step that is legal from the state of the venue, in the order of the table."""
    return legal_steps(work, VENUE, venue.state, lambda action: _open_points(work, venue, action)[0]), None


@act_on(Venue, Permission.VENUE_MOVE, read_only=True)
def possible_successors(work: Work, venue: Venue) -> Sequence[Venue]:
    """Where its trade can have moved to: the newest venues of all the cases of the actor."""
    query = work.query(Venue).where(Venue.id != venue.id).order_by(Venue.id.desc()).limit(OFFERED)
    return work.session.scalars(query).all()
