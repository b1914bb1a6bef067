"""What was seen at a venue, and who went to see whether it is closed."""

from collections.abc import Collection
from datetime import date
from typing import Any
from uuid import UUID

from evidence_api.domain.venue import Seen
from evidence_api.ledger.entry import Fact
from evidence_api.models import Evidence, Inspection, Observation, Venue
from evidence_api.policy import Permission
from evidence_api.services._checks import named_in_case, not_after_today
from evidence_api.services._closure import inspected
from evidence_api.services._pages import M, Page
from evidence_api.work import Work, act_on


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
        facts={"people": people, "minors": minors, "note": note, "observed_on": observed_on.isoformat()},
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
    named_in_case(work, Evidence, venue.case_id, "evidence", evidence)
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
    work.record(venue, "venue:inspection", data=data, facts={"note": note, "inspected_on": inspected_on.isoformat()})
    inspected(work, made)
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
