"""Venues: their course from suspicion to another use, who is tied to them, what was seen there."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from evidence_api.domain.errors import Conflict, InvalidInput
from evidence_api.domain.lifecycle import Step
from evidence_api.domain.roles import PERSONAL_ROLES, Role
from evidence_api.domain.venue import CLOSED, VENUE, Seen, VenueKind, VenueState, VenueTieKind
from evidence_api.ledger.entry import Fact
from evidence_api.models import Case, Evidence, Inspection, Observation, Perpetrator, Venue, VenueTie
from evidence_api.policy import Permission
from evidence_api.services._checks import (
    TYPING,
    not_after_today,
    not_in_the_future,
    office_day,
    office_zone,
    running_case,
)
from evidence_api.services._pages import M, Page, page
from evidence_api.work import Work, act, act_on

CLOSING = ("close_temporarily", "close_permanently")
OFFERED = 200
"""How many venues and perpetrators a form offers, the newest."""


@act(Permission.VENUE_WRITE)
def register(work: Work, /, *, case: UUID, kind: VenueKind, description: str, **more: Any) -> Venue:
    """Put a venue into a case: `place`, `area`, `country` and coordinates as far as they are known."""
    within = running_case(work, case, Permission.VENUE_WRITE)
    venue = Venue(
        case_id=within.id,
        ref=f"{within.ref}-V{work.next_number(f'venue:{within.id}')}",
        kind=kind,
        description=description,
        state=VENUE.initial,
        created_at=work.now,
        **more,
    )
    work.session.add(venue)
    work.session.flush()
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
    occurred_at: datetime | None = None,
) -> Venue:
    """Take the venue a step on. Its course goes on after the case has ended: that it is in use again, or a school now,
    is worth knowing then too.

    Raises IllegalTransition with what is legal now, Conflict for a guard that is not met.
    """
    work.step(VENUE, venue.state, action, Permission.VENUE_MOVE, venue)
    not_in_the_future(work, "occurred_at", occurred_at, TYPING)
    for name, given, only in (("successor", successor, "displace"), ("new_use", new_use, "repurpose")):
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
    elif action == "reopen":
        venue.seekers = []
        venue.closed_on = venue.successor_id = venue.new_use = None
    work.transition(
        venue, "state", VENUE, action, Permission.VENUE_MOVE, data=data, facts=facts, occurred_at=occurred_at
    )
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


@dataclass(frozen=True, slots=True)
class NextStep:
    """A step that the venue can take from its state: by whom, whether by the actor, and what is still missing for
    it."""

    action: str
    target: VenueState | None
    roles: list[Role]
    mine: bool
    open: list[str]


@act_on(Venue, Permission.CASEWORK_READ, read_only=True)
def next_steps(work: Work, venue: Venue) -> tuple[list[NextStep], None]:
    """Every step that is legal from the state of the venue, in the order of the table."""
    return [_next_step(work, venue, row) for row in VENUE.steps if venue.state in row.sources], None


def _next_step(work: Work, venue: Venue, row: Step[VenueState]) -> NextStep:
    roles: list[Role] = [role for role in PERSONAL_ROLES if role in row.roles]
    points, _inspection = _open_points(work, venue, row.action)
    return NextStep(row.action, row.target, roles, work.actor.role in row.roles, points)


@act_on(Venue, Permission.VENUE_MOVE, read_only=True)
def possible_successors(work: Work, venue: Venue) -> Sequence[Venue]:
    """Where its trade can have moved to: the newest venues of all the cases of the actor."""
    query = work.query(Venue).where(Venue.id != venue.id).order_by(Venue.id.desc()).limit(OFFERED)
    return work.session.scalars(query).all()


# --- who is tied to it ------------------------------------------------------------------------------------------------


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
def tie(
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
    found = None
    if perpetrator is not None:
        mine = work.query(Perpetrator).where(Perpetrator.id == perpetrator, Perpetrator.case_id == venue.case_id)
        found = work.session.scalars(mine).one_or_none()
        if found is None:
            raise InvalidInput({"perpetrator": ["There is no such perpetrator in this case."]})
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
def ties(work: Work, venue: Venue, *, limit: int, cursor: UUID | None = None) -> tuple[list[Tied], str | None]:
    """Who was what to the venue, newest first."""
    found, following = page(work, work.query(VenueTie).where(VenueTie.venue_id == venue.id), VenueTie.id, limit, cursor)
    ids = {one.perpetrator_id for one in found if one.perpetrator_id is not None}
    known = {p.id: p for p in work.session.scalars(work.query(Perpetrator).where(Perpetrator.id.in_(ids)))}
    return [_tied(one, known.get(one.perpetrator_id) if one.perpetrator_id else None) for one in found], following


@act_on(VenueTie, Permission.CASEWORK_READ, read_only=True)
def read_tie(work: Work, tie: VenueTie) -> Tied:
    """What one person was to a venue."""
    return _tied(tie, None if tie.perpetrator_id is None else work.session.get(Perpetrator, tie.perpetrator_id))


@act_on(VenueTie, Permission.VENUE_WRITE)
def end_tie(work: Work, tie: VenueTie, *, until_on: date, reason: str) -> Tied:
    """Say until when it was so."""
    running_case(work, tie.case_id, Permission.VENUE_WRITE)
    if tie.until_on is not None:
        raise Conflict("It has ended already.")
    not_after_today(work, until_on=until_on)
    _refuse_backwards(tie.from_on, until_on)
    tie.until_on = until_on
    work.record(tie, "venue:tie_end", data={"tie": str(tie.id)}, facts={"reason": reason, **_days(until_on=until_on)})
    return _tied(tie, None if tie.perpetrator_id is None else work.session.get(Perpetrator, tie.perpetrator_id))


# --- what was seen there ----------------------------------------------------------------------------------------------


@act_on(Venue, Permission.VENUE_WRITE)
def observe(
    work: Work,
    venue: Venue,
    *,
    observed_on: date,
    seen: Seen,
    people: int | None = None,
    minors: int | None = None,
    note: str | None = None,
) -> Observation:
    """Note what was seen there on a day. It moves nothing: a step of its course does."""
    not_after_today(work, observed_on=observed_on)
    made = Observation(
        venue_id=venue.id,
        case_id=venue.case_id,
        observed_on=observed_on,
        seen=seen,
        people=people,
        minors=minors,
        note=note,
    )
    work.session.add(made)
    work.session.flush()
    work.record(
        venue,
        "venue:observation",
        data={"observation": str(made.id), "seen": seen.value},
        facts={"people": people, "minors": minors, "note": note, **_days(observed_on=observed_on)},
    )
    return made


@act_on(Venue, Permission.CASEWORK_READ, read_only=True)
def observations(work: Work, venue: Venue, *, limit: int, cursor: UUID | None = None) -> Page[Observation]:
    """What was seen there, the latest day first."""
    return _by_day(work, venue, Observation, Observation.observed_on, limit, cursor)


@act_on(Venue, Permission.VENUE_WRITE)
def inspect(
    work: Work,
    venue: Venue,
    *,
    inspected_on: date,
    found: Seen,
    evidence: UUID | None = None,
    note: str | None = None,
) -> Inspection:
    """Say that one went to see whether it is closed, when, and what one found; `evidence` is an item of the same
    case."""
    not_after_today(work, inspected_on=inspected_on)
    if evidence is not None:
        items = work.query(Evidence).where(Evidence.id == evidence, Evidence.case_id == venue.case_id)
        if work.session.scalars(items).one_or_none() is None:
            raise InvalidInput({"evidence": ["There is no such item in this case."]})
    made = Inspection(
        venue_id=venue.id,
        case_id=venue.case_id,
        inspector_id=work.actor.user_id,
        evidence_id=evidence,
        inspected_on=inspected_on,
        found=found,
        note=note,
    )
    work.session.add(made)
    work.session.flush()
    data: dict[str, Fact] = {"inspection": str(made.id), "found": found.value}
    if evidence is not None:
        data["evidence"] = str(evidence)
    work.record(venue, "venue:inspection", data=data, facts={"note": note, **_days(inspected_on=inspected_on)})
    return made


@act_on(Venue, Permission.CASEWORK_READ, read_only=True)
def inspections(work: Work, venue: Venue, *, limit: int, cursor: UUID | None = None) -> Page[Inspection]:
    """Who went to see whether it is closed, the latest day first."""
    return _by_day(work, venue, Inspection, Inspection.inspected_on, limit, cursor)


@act_on(Venue, Permission.CASEWORK_READ, read_only=True)
def refs_of_items(work: Work, venue: Venue, *, inspections: Collection[Inspection]) -> dict[UUID, str]:
    """The refs of the items that inspections rest on, by id; without those that the actor does not see."""
    ids = {one.evidence_id for one in inspections if one.evidence_id is not None}
    items = work.query(Evidence).where(Evidence.id.in_(ids), Evidence.case_id == venue.case_id)
    found = items.with_only_columns(Evidence.id, Evidence.ref)
    return {row.id: row.ref for row in work.session.execute(found)}


def _by_day(work: Work, venue: Venue, model: type[M], day: Any, limit: int, cursor: UUID | None) -> Page[M]:
    """The rows of a venue by their day, the latest first, and the cursor to go on from, if there is more."""
    table: Any = model
    query = work.query(model).where(table.venue_id == venue.id)
    last = None if cursor is None else work.session.scalars(query.where(table.id == cursor)).one_or_none()
    if last is not None:
        at = getattr(last, day.key)
        query = query.where((day < at) | ((day == at) & (table.id < cursor)))
    rows: list[Any] = list(work.session.scalars(query.order_by(day.desc(), table.id.desc()).limit(limit + 1)))
    return rows[:limit], str(rows[limit - 1].id) if len(rows) > limit else None


# --- areas ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Area:
    """How many venues of an area are in which state. Where no area is named, those of the country without one."""

    country: str | None
    area: str | None
    states: dict[VenueState, int]

    @property
    def open(self) -> int:
        return sum(count for state, count in self.states.items() if state not in CLOSED)

    @property
    def closed(self) -> int:
        return sum(count for state, count in self.states.items() if state in CLOSED)


@act(Permission.CASEWORK_READ, read_only=True)
def areas(
    work: Work, *, limit: int, cursor: UUID | None = None, country: str | None = None
) -> tuple[list[Area], str | None]:
    """How the venues stand that the actor may see, by country and area. `cursor` is a venue of the last area before."""
    place = sa.func.coalesce(Venue.country, "").label("country"), sa.func.coalesce(Venue.area, "").label("area")
    within = work.query(Venue)
    if country is not None:
        within = within.where(Venue.country == country)
    after = None
    if cursor is not None:
        after = work.session.execute(work.query(Venue).with_only_columns(*place).where(Venue.id == cursor)).first()
    listed = within
    if after is not None:
        listed = listed.where((place[0] > after.country) | ((place[0] == after.country) & (place[1] > after.area)))
    chosen = work.session.execute(listed.with_only_columns(*place).distinct().order_by(*place).limit(limit + 1)).all()
    shown = [tuple(row) for row in chosen[:limit]]
    counted = (
        within.with_only_columns(*place, Venue.state, sa.func.count().label("venues"))
        .where(sa.tuple_(*place).in_(shown))
        .group_by(*place, Venue.state)
    )
    found: dict[Any, dict[VenueState, int]] = {key: {} for key in shown}
    for row in work.session.execute(counted) if shown else ():
        found[row.country, row.area][row.state] = row.venues
    following = None
    if len(chosen) > limit:
        of_last = within.with_only_columns(Venue.id).where(sa.tuple_(*place).in_([shown[-1]]))
        following = str(work.session.scalars(of_last.limit(1)).one())
    return [Area(key[0] or None, key[1] or None, states) for key, states in found.items()], following
