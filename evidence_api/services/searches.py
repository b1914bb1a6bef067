"""Searches: who is missed or missing, who was reported missing, where they may have been seen (DESIGN.md section 5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from evidence_api.domain.errors import Conflict
from evidence_api.domain.roles import Role
from evidence_api.domain.victim import OUT, SearchEnd, SearchKind
from evidence_api.ledger.entry import Fact
from evidence_api.models import Case, Operation, Search, Sighting, VaultFact, Venue, Victim, VictimCase
from evidence_api.policy import Permission
from evidence_api.services import _vault
from evidence_api.services._checks import not_after_today, running_case
from evidence_api.services._knowing import let_know
from evidence_api.services._pages import M, page
from evidence_api.services._searching import add_sighting, end_search, open_searches
from evidence_api.work import Work, act, act_on

OFFERED = 200
"""How many victims a form offers."""
NAME = "name"
"""The field of the vault in which the name of one who was reported missing is kept."""


@dataclass(frozen=True, slots=True)
class Sought:
    """A search as one person may know of it. `named`: the vault has a name; `last_seen_on` is the latest that was
    reported or seen; case and operation are null where they are not hers to know."""

    id: UUID
    kind: SearchKind
    case_id: UUID | None
    case_ref: str | None
    victim_id: UUID | None
    pseudonym: str | None
    operation_id: UUID | None
    description: str | None
    named: bool
    last_seen_on: date | None
    opened_at: datetime
    age: timedelta
    ended_at: datetime | None
    end: SearchEnd | None
    version: int


@dataclass(frozen=True, slots=True)
class Seen:
    """A sighting as one person may know of it: the venue is null where it is not hers to know."""

    id: UUID
    search_id: UUID
    seen_on: date
    place: str | None
    venue_id: UUID | None
    venue_ref: str | None
    note: str | None


@act(Permission.VICTIM_READ, read_only=True)
def list_searches(
    work: Work,
    *,
    limit: int = 50,
    cursor: UUID | None = None,
    open: bool | None = None,
    kind: SearchKind | None = None,
    victim: UUID | None = None,
) -> tuple[list[Sought], str | None]:
    """The searches of which the actor may know, the oldest first; with `victim`, only those for her."""
    query = work.query(Search)
    if victim is not None:
        query = query.where(Search.victim_id == victim)
    elif work.actor.role is not Role.SUPERVISOR:
        # Hers are few: found by her cases and by whom they know, each by its own index, not among all that there are.
        known = work.query(VictimCase)
        of_cases = sa.select(Search.id).where(Search.case_id.in_(work.query(Case).with_only_columns(Case.id)))
        for_hers = sa.select(Search.id).where(Search.victim_id.in_(known.with_only_columns(VictimCase.victim_id)))
        query = query.where(Search.id.in_(sa.union(of_cases, for_hers)))
    return _page(work, query, limit, cursor, open, kind)


@act_on(Case, Permission.VICTIM_READ, read_only=True)
def of_case(
    work: Work,
    case: Case,
    *,
    limit: int = 50,
    cursor: UUID | None = None,
    open: bool | None = None,
    kind: SearchKind | None = None,
) -> tuple[list[Sought], str | None]:
    """The searches of a case, and for those whom it knows, the oldest first."""
    known = sa.select(VictimCase.victim_id).where(VictimCase.case_id == case.id)
    query = work.query(Search).where((Search.case_id == case.id) | Search.victim_id.in_(known))
    return _page(work, query, limit, cursor, open, kind)


@act_on(Search, Permission.VICTIM_READ, read_only=True)
def read_search(work: Work, search: Search) -> Sought:
    """One search."""
    return _sought(work, [search])[0]


@act(Permission.SEARCH_WRITE)
def report(
    work: Work, *, case: UUID, description: str, last_seen_on: date | None = None, name: str | None = None
) -> Sought:
    """Open a search for somebody who was reported missing and is nobody yet whom the office knows.

    Her name goes into the vault, and is not given out again but by `reveal_name`.
    """
    within = running_case(work, case, Permission.SEARCH_WRITE)
    not_after_today(work, last_seen_on=last_seen_on)
    search = Search(
        case_id=within.id,
        kind=SearchKind.REPORTED,
        description=description,
        last_seen_on=last_seen_on,
        opened_at=work.now,
    )
    work.session.add(search)
    work.session.flush()
    if name is not None:
        _vault.put(work, search.subject, {NAME: name})
    facts: dict[str, Fact] = {"kind": search.kind.value, "description": description, "named": name is not None}
    if last_seen_on is not None:
        facts["last_seen_on"] = last_seen_on.isoformat()
    work.record(search, "search:open", facts=facts)
    return _sought(work, [search])[0]


@act_on(Search, Permission.IDENTITY_REVEAL)
def reveal_name(work: Work, search: Search, *, reason: str) -> dict[str, str | None]:
    """The name under which she was reported missing. It takes a fresh code, and is recorded with the reason."""
    work.step_up()
    known = _vault.open_all(work, search.subject, (NAME,))
    work.record(search, "search:identity_reveal", facts={"reason": reason})
    return {NAME: known.get(NAME)}


@act_on(Search, Permission.SEARCH_WRITE)
def sight(
    work: Work,
    search: Search,
    *,
    seen_on: date,
    place: str | None = None,
    venue: UUID | None = None,
    note: str | None = None,
) -> Seen:
    """Record that she may have been seen. Raises Conflict once the search has ended."""
    _refuse_ended(search)
    not_after_today(work, seen_on=seen_on)
    if venue is not None:
        work.get(Venue, venue, Permission.SEARCH_WRITE)
    sighting = add_sighting(work, search, seen_on=seen_on, place=place, venue_id=venue, note=note)
    work.session.flush()
    return _seen(work, [sighting])[0]


@act_on(Search, Permission.VICTIM_READ, read_only=True)
def sightings(
    work: Work, search: Search, *, limit: int = 50, cursor: UUID | None = None
) -> tuple[list[Seen], str | None]:
    """Where she may have been seen, the last recorded first; also what stands in searches that this one took in."""
    query = work.query(Sighting).where(Sighting.search_id.in_(_all_of(search)))
    found, following = page(work, query, Sighting.id, limit, cursor)
    return _seen(work, found), following


@act_on(Search, Permission.SEARCH_MATCH)
def match(work: Work, search: Search, *, victim: UUID, reason: str) -> Sought:
    """Settle that the one who was reported missing is this victim. The case of the search knows her from now on.

    Where she is out already, the search has ended; where another search for her is open, it goes on as that. Raises
    Conflict where it is settled already.
    """
    _refuse_ended(search)
    if search.victim_id is not None:
        raise Conflict("It is settled already who she is.")
    hers = work.get(Victim, victim, Permission.SEARCH_MATCH, lock=True)
    others = open_searches(work, hers.id)
    search.victim_id = hers.id
    let_know(work, search.case_id, hers)
    work.record(search, "search:match", facts={"victim": str(hers.id), "reason": reason})
    if hers.whereabouts in OUT:
        end_search(work, search, SearchEnd.LOCATED)
    elif others:
        goes_on = others[0]
        goes_on.last_seen_on = _later(goes_on.last_seen_on, _sought(work, [search])[0].last_seen_on)
        work.record(goes_on, "search:match", facts={"search": str(search.id)})
        end_search(work, search, SearchEnd.MERGED)
    return _sought(work, [search])[0]


@act_on(Search, Permission.SEARCH_MATCH, read_only=True)
def candidates(work: Work, _search: Search) -> Sequence[Victim]:
    """The victims that a form offers to match: the newest of those whom the actor may know of."""
    return work.session.scalars(work.query(Victim).order_by(Victim.id.desc()).limit(OFFERED)).all()


@act_on(Search, Permission.SEARCH_WRITE)
def end(work: Work, search: Search, *, end: SearchEnd, reason: str) -> Sought:
    """End a search because the report was mistaken. Raises Conflict for whoever is missed or missing: she is sought
    until she is found, and her whereabouts say so."""
    _refuse_ended(search)
    if search.kind is not SearchKind.REPORTED:
        raise Conflict("She is missed or missing. The search ends once she is found: record that on her own page.")
    end_search(work, search, end, reason)
    return _sought(work, [search])[0]


def _refuse_ended(search: Search) -> None:
    if search.ended_at is not None:
        raise Conflict("The search has ended.")


def _page(
    work: Work,
    query: sa.Select[Search],
    limit: int,
    cursor: UUID | None,
    open: bool | None,
    kind: SearchKind | None,
) -> tuple[list[Sought], str | None]:
    if open is not None:
        query = query.where(Search.ended_at.is_(None) if open else Search.ended_at.is_not(None))
    if kind is not None:
        query = query.where(Search.kind == kind)
    if cursor is not None:
        query = query.where(Search.id > cursor)
    rows = work.session.scalars(query.order_by(Search.id).limit(limit + 1)).all()
    more = len(rows) > limit
    return _sought(work, rows[:limit]), str(rows[limit - 1].id) if more else None


def _all_of(search: Search) -> sa.Select[UUID]:
    """The ids of the search and of those that it took in."""
    taken_in = (
        (Search.victim_id == search.victim_id)
        & (Search.end == SearchEnd.MERGED)
        & (Search.ended_at >= search.opened_at)
    )
    return sa.select(Search.id).where((Search.id == search.id) | taken_in)


def _sought(work: Work, searches: Sequence[Search]) -> list[Sought]:
    work.session.flush()
    cases = _mine(work, Case, Case.ref, {search.case_id for search in searches})
    hers = _mine(work, Victim, Victim.pseudonym, {search.victim_id for search in searches})
    operations = _mine(work, Operation, Operation.ref, {search.operation_id for search in searches})
    kept = sa.select(VaultFact.owner).where(VaultFact.owner.in_([search.subject for search in searches]))
    named = set(work.session.scalars(kept))
    seen = (
        sa.select(Sighting.search_id, sa.func.max(Sighting.seen_on).label("day"))
        .where(Sighting.search_id.in_([search.id for search in searches]))
        .group_by(Sighting.search_id)
    )
    last: dict[UUID, date] = {row.search_id: row.day for row in work.session.execute(seen)}
    return [
        Sought(
            one.id,
            one.kind,
            one.case_id if one.case_id in cases else None,
            cases.get(one.case_id),
            one.victim_id if one.victim_id in hers else None,
            hers.get(one.victim_id) if one.victim_id else None,
            one.operation_id if one.operation_id in operations else None,
            one.description,
            one.subject in named,
            _later(one.last_seen_on, last.get(one.id)),
            one.opened_at,
            (one.ended_at or work.now) - one.opened_at,
            one.ended_at,
            one.end,
            one.version,
        )
        for one in searches
    ]


def _seen(work: Work, found: Sequence[Sighting]) -> list[Seen]:
    venues = _mine(work, Venue, Venue.ref, {one.venue_id for one in found})
    return [
        Seen(
            one.id,
            one.search_id,
            one.seen_on,
            one.place,
            one.venue_id if one.venue_id in venues else None,
            venues.get(one.venue_id) if one.venue_id else None,
            one.note,
        )
        for one in found
    ]


def _mine(work: Work, model: type[M], name: InstrumentedAttribute[str], ids: set[UUID | None]) -> dict[UUID, str]:
    """By what people call each of these rows, of those of which the actor may know."""
    key = sa.inspect(model).primary_key[0]
    query = work.query(model).where(key.in_(ids)).with_only_columns(key, name)
    return {row[0]: row[1] for row in work.session.execute(query)}


def _later(one: date | None, other: date | None) -> date | None:
    return max((day for day in (one, other) if day is not None), default=None)
