"""Searches as the consequence of a victim's whereabouts: one opens as she is missed, and ends when she is found."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from evidence_api.domain.victim import SearchEnd, SearchKind
from evidence_api.ledger.entry import Fact
from evidence_api.models import Search, Sighting, Victim
from evidence_api.work import Work


def open_search(work: Work, victim: Victim, kind: SearchKind, *, operation_id: UUID | None = None) -> Search:
    """See to it that she is searched for, in her home case. Call it with the victim locked.

    A search that is open already, such as one for somebody reported missing who turned out to be her, goes on as this.
    """
    search = next(iter(open_searches(work, victim.id)), None)
    if search is None:
        search = Search(case_id=victim.case_id, victim_id=victim.id, opened_at=work.now)
        work.session.add(search)
    search.kind = kind
    search.operation_id = operation_id or search.operation_id
    work.session.flush()
    facts: dict[str, Fact] = {"kind": kind.value, "victim": str(victim.id)}
    if operation_id is not None:
        facts["operation"] = str(operation_id)
    work.record(search, "search:open", facts=facts)
    return search


def end_searches(work: Work, victim: Victim, end: SearchEnd) -> None:
    """End every open search of hers. Call it with the victim locked."""
    for search in open_searches(work, victim.id):
        end_search(work, search, end)


def end_search(work: Work, search: Search, end: SearchEnd, reason: str | None = None) -> None:
    """End one search that is open, and record it."""
    search.ended_at, search.end = work.now, end
    facts: dict[str, Fact] = {"end": end.value}
    if reason is not None:
        facts["reason"] = reason
    work.record(search, "search:end", facts=facts)


def open_searches(work: Work, victim_id: UUID) -> Sequence[Search]:
    """The open searches of one victim, whatever case they are of; locked."""
    found = sa.select(Search).where(Search.victim_id == victim_id, Search.ended_at.is_(None)).order_by(Search.id)
    return work.session.scalars(found.with_for_update(of=Search, key_share=True)).all()


def add_sighting(
    work: Work,
    search: Search,
    *,
    seen_on: date,
    place: str | None = None,
    venue_id: UUID | None = None,
    note: str | None = None,
) -> Sighting:
    """Put on a search where she may have been seen."""
    sighting = Sighting(
        search_id=search.id, case_id=search.case_id, venue_id=venue_id, seen_on=seen_on, place=place, note=note
    )
    work.session.add(sighting)
    facts: dict[str, Fact] = {"seen_on": seen_on.isoformat(), "place": place, "note": note}
    work.record(search, "search:sighting", facts={**facts, "venue": str(venue_id) if venue_id else None})
    return sighting
