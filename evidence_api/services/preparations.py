"""Sessions that prepare a witness for court, or let her settle after it. What she will say is never rehearsed."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from evidence_api.domain.errors import Conflict, InvalidInput
from evidence_api.domain.roles import CASE_ROLES
from evidence_api.domain.scheduling import ResourceKind
from evidence_api.domain.testimony import BEFORE_COURT, BOOKABLE, SESSION, PreparationKind
from evidence_api.ledger.entry import Fact
from evidence_api.models import Preparation, Resource, Testimony
from evidence_api.policy import Permission, is_assigned
from evidence_api.services import _bookings
from evidence_api.services._checks import TYPING
from evidence_api.services._pages import Page, page
from evidence_api.services._testimony import lock, lock_of
from evidence_api.work import Work, act, act_on

LONGEST = timedelta(hours=8)
"""A session of preparation takes no longer."""
PLACES = (ResourceKind.MEETING_PLACE, ResourceKind.ROOM)


@act_on(Testimony, Permission.TESTIMONY_SUPPORT, lock=False)
def add(
    work: Work,
    testimony: Testimony,
    *,
    kind: PreparationKind,
    starts_at: datetime,
    ends_at: datetime,
    place: UUID | None = None,
    people: Sequence[UUID] = (),
    resources: Sequence[UUID] = (),
    note: str | None = None,
) -> Preparation:
    """Plan a session with one witness: with whom of us, where, and what else it takes.

    Raises Clash where a rule forbids the time: the witness, somebody or something is taken, she cannot come, two
    witnesses would meet, or the place is a shelter. What only warns is in `warnings`.
    """
    if not timedelta(0) < ends_at - starts_at <= LONGEST:
        raise InvalidInput({"ends_at": ["A session ends after it begins, within eight hours."]})
    lock(work, testimony, Permission.TESTIMONY_SUPPORT)
    _check(work, testimony, place, people, resources)
    if kind in BEFORE_COURT and testimony.state not in BOOKABLE:
        raise Conflict("A witness is prepared once she is willing, and until she testifies.")
    made = Preparation(
        testimony_id=testimony.id,
        case_id=testimony.case_id,
        kind=kind,
        state=SESSION.initial,
        starts_at=starts_at,
        ends_at=ends_at,
        place_id=place,
        people=[str(one) for one in people],
        resources=[str(one) for one in resources],
        note=note,
    )
    work.session.add(made)
    work.session.flush()
    made.warnings = _bookings.check_session(work, testimony, made)
    work.record(
        testimony,
        "testimony:preparation",
        data={"preparation": str(made.id), "kind": kind.value},
        facts={
            "starts_at": starts_at.isoformat(),
            "ends_at": ends_at.isoformat(),
            "place": str(place) if place else None,
            "people": ", ".join(made.people),
            "resources": ", ".join(made.resources),
            "note": note,
        },
    )
    return made


def _check(
    work: Work, testimony: Testimony, place: UUID | None, people: Sequence[UUID], resources: Sequence[UUID]
) -> None:
    """Raise InvalidInput for whom or what the office does not have."""
    wanted = {*resources, *([place] if place else [])}
    query = work.query(Resource).where(Resource.id.in_(wanted), Resource.ended_at.is_(None))
    found = {one.id: one for one in work.session.scalars(query)}
    wrong = {}
    if place is not None and (place not in found or found[place].kind not in PLACES):
        wrong["place"] = ["Give a meeting place or a room that the office has."]
    if any(one not in found for one in resources):
        wrong["resources"] = ["One of these is not there any more. Choose anew."]
    if any(not is_assigned(work.session, testimony.case_id, one, CASE_ROLES) for one in people):
        wrong["people"] = ["Give people who are assigned to the case."]
    if wrong:
        raise InvalidInput(wrong)


@act_on(Testimony, Permission.CARE_READ, read_only=True)
def list_of_testimony(
    work: Work, testimony: Testimony, *, limit: int = 50, cursor: UUID | None = None
) -> Page[Preparation]:
    """The sessions of a witness, the one planned last first."""
    query = work.query(Preparation).where(Preparation.testimony_id == testimony.id)
    return page(work, query, Preparation.id, limit, cursor)


@act_on(Preparation, Permission.CARE_READ, read_only=True)
def read(work: Work, preparation: Preparation) -> Preparation:
    """One session."""
    return preparation


@act_on(Preparation, Permission.TESTIMONY_SUPPORT, lock=False)
def transition(work: Work, preparation: Preparation, *, action: str, reason: str) -> Preparation:
    """Record that a session was held, or cancel it. Raises Conflict for one that has not begun."""
    work.require_role(SESSION, action, Permission.TESTIMONY_SUPPORT, preparation)
    testimony = lock_of(work, preparation, Permission.TESTIMONY_SUPPORT)
    row = work.step(SESSION, preparation.state, action, Permission.TESTIMONY_SUPPORT, preparation)
    assert row.target is not None
    if action == "hold" and preparation.starts_at > work.now + TYPING:
        raise Conflict("This session has not begun yet.")
    data: dict[str, Fact] = {
        "preparation": str(preparation.id),
        "from": preparation.state.value,
        "to": row.target.value,
    }
    preparation.state = row.target
    _bookings.free_session(work, preparation)
    work.record(testimony, f"testimony:preparation_{action}", data=data, facts={"reason": reason})
    return preparation


@act(Permission.RESOURCE_READ, read_only=True)
def bookable(work: Work, *, kinds: Collection[ResourceKind], limit: int = 200) -> list[Resource]:
    """What of these kinds the office can book, by name."""
    query = work.query(Resource).where(Resource.kind.in_(kinds), Resource.ended_at.is_(None))
    return list(work.session.scalars(query.order_by(Resource.name, Resource.id).limit(limit)))


@act(Permission.RESOURCE_READ, read_only=True)
def booked(work: Work, *, ids: Collection[UUID]) -> dict[UUID, Resource]:
    """These resources by their ids; also those that are not there any more."""
    return {one.id: one for one in work.session.scalars(work.query(Resource).where(Resource.id.in_(ids)))}
