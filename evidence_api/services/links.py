"""Links from an item of evidence to what it is about: made, ended, and read from either end."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from evidence_api.db import Base
from evidence_api.domain.errors import Conflict, InvalidInput
from evidence_api.domain.link import Confidence, LinkKind, LinkRelation
from evidence_api.models import Charge, Episode, Evidence, Link, Operation, Perpetrator, User, Venue, Victim, VictimCase
from evidence_api.policy import Permission
from evidence_api.services._checks import refuse_ended
from evidence_api.services._names import known_as
from evidence_api.work import Work, act, act_on

TARGETS: Mapping[LinkKind, tuple[type[Base], Permission]] = {
    LinkKind.VICTIM: (Victim, Permission.VICTIM_READ),
    LinkKind.EPISODE: (Episode, Permission.VICTIM_READ),
    LinkKind.PERPETRATOR: (Perpetrator, Permission.CASEWORK_READ),
    LinkKind.VENUE: (Venue, Permission.CASEWORK_READ),
    LinkKind.OPERATION: (Operation, Permission.CASEWORK_READ),
    LinkKind.CHARGE: (Charge, Permission.CHARGE_READ),
}


@dataclass(frozen=True, slots=True)
class Linked:
    """A link with the names of both its ends, and of who made it. `target_page` is the id of what has a page of its
    own: of an episode, the victim's."""

    id: UUID
    case_id: UUID
    evidence_id: UUID
    evidence_ref: str
    evidence_title: str
    target_kind: LinkKind
    target_id: UUID
    target_name: str
    target_page: UUID
    relation: LinkRelation
    confidence: Confidence
    made_by_id: UUID
    made_by_name: str
    made_at: datetime


@act_on(Evidence, Permission.EVIDENCE_LINK)
def link(
    work: Work,
    item: Evidence,
    *,
    target_kind: LinkKind,
    target: UUID,
    relation: LinkRelation,
    confidence: Confidence = Confidence.CERTAIN,
    note: str | None = None,
) -> Linked:
    """Say what an item shows, mentions or proves. The entry names the link alone: what it leads to is a commitment."""
    model, permission = TARGETS[target_kind]
    thing = work.get(model, target, permission)
    if not _known_to(work, item.case_id, thing):
        raise InvalidInput({"target": ["This is not known to the item's case. Link what belongs to the same case."]})
    same = sa.select(Link.id).where(
        Link.evidence_id == item.id,
        Link.target_kind == target_kind,
        Link.target_id == target,
        Link.relation == relation,
        Link.ended_at.is_(None),
    )
    if work.session.execute(same.limit(1)).first() is not None:
        raise Conflict("The item is linked to it in this way already.")
    refuse_ended(work, item.case_id)
    made = Link(
        case_id=item.case_id,
        evidence_id=item.id,
        target_kind=target_kind,
        target_id=target,
        relation=relation,
        confidence=confidence,
        made_by_id=work.actor.user_id,
        made_at=work.now,
    )
    work.session.add(made)
    work.session.flush()
    work.record(
        item,
        "evidence:link",
        data={"link": str(made.id)},
        facts={
            "target_kind": target_kind.value,
            "target": str(target),
            "relation": relation.value,
            "confidence": confidence.value,
            "note": note,
        },
    )
    return _linked(work, [made])[0]


def _known_to(work: Work, case_id: UUID, thing: Base) -> bool:
    """A victim, and her episodes, are known to several cases; what else there is belongs to one."""
    victim = thing.id if isinstance(thing, Victim) else thing.victim_id if isinstance(thing, Episode) else None
    if victim is not None:
        return work.session.get(VictimCase, (victim, case_id)) is not None
    return bool(getattr(thing, "case_id", None) == case_id)


@act_on(Link, Permission.EVIDENCE_LINK)
def unlink(work: Work, link: Link, *, reason: str) -> None:
    """End a link that was wrong, or is no longer held. What it said stays in the item's chain."""
    item = work.get(Evidence, link.evidence_id, Permission.EVIDENCE_LINK, lock=True)
    if link.ended_at is not None:
        raise Conflict("This link has been taken away already.")
    refuse_ended(work, item.case_id)
    link.ended_at = work.now
    work.record(item, "evidence:unlink", data={"link": str(link.id)}, facts={"reason": reason})


@act_on(Link, Permission.EVIDENCE_READ, read_only=True)
def read(work: Work, link: Link) -> Linked:
    """One link."""
    return _linked(work, [link])[0]


@act_on(Evidence, Permission.EVIDENCE_READ, read_only=True)
def of_item(
    work: Work, item: Evidence, *, limit: int = 50, cursor: UUID | None = None
) -> tuple[list[Linked], str | None]:
    """What an item is about, the newest link first."""
    return _page(work, work.query(Link).where(Link.evidence_id == item.id), limit, cursor)


@act(Permission.EVIDENCE_LIST, read_only=True)
def of_target(
    work: Work, *, target_kind: LinkKind, target: UUID, limit: int = 50, cursor: UUID | None = None
) -> tuple[list[Linked], str | None]:
    """The evidence about somebody or something, the newest link first."""
    model, permission = TARGETS[target_kind]
    work.get(model, target, permission)
    about = work.query(Link).where(Link.target_id == target, Link.target_kind == target_kind)
    return _page(work, about, limit, cursor)


@dataclass(frozen=True, slots=True)
class About:
    """By what people know somebody or something, and whose page shows it: of an episode, the victim's."""

    name: str
    page: UUID


@act(Permission.EVIDENCE_LIST, read_only=True)
def target(work: Work, *, target_kind: LinkKind, target: UUID) -> About:
    """What evidence can be about, by its id."""
    model, permission = TARGETS[target_kind]
    work.get(model, target, permission)
    return About(*_named(work, {(target_kind, target)})[target_kind, target])


@dataclass(frozen=True, slots=True)
class Target:
    """What an item can be linked to; an episode with the days between which it lies, as far as they are known."""

    id: UUID
    name: str
    started_on: date | None = None
    ended_on: date | None = None


MOST_TARGETS = 200


@act_on(Evidence, Permission.EVIDENCE_LINK, read_only=True)
def targets(work: Work, item: Evidence, *, target_kind: LinkKind) -> list[Target]:
    """What the item's case knows of this kind, the newest 200."""
    known = VictimCase.case_id == item.case_id
    victims: Any = (
        work.query(Victim)
        .join(VictimCase, VictimCase.victim_id == Victim.id)
        .where(known)
        .with_only_columns(Victim.id, Victim.pseudonym)
    )
    episodes: Any = (
        work.query(Episode)
        .join(Victim, Victim.id == Episode.victim_id)
        .join(VictimCase, VictimCase.victim_id == Victim.id)
        .where(known)
        .with_only_columns(Episode.id, Victim.pseudonym, Episode.started_on, Episode.ended_on)
    )
    queries: Mapping[LinkKind, sa.Select[Any]] = {
        LinkKind.VICTIM: victims,
        LinkKind.EPISODE: episodes,
        LinkKind.PERPETRATOR: _of_case(work, item, Perpetrator, known_as(Perpetrator.ref, Perpetrator.alias)),
        LinkKind.VENUE: _of_case(work, item, Venue, known_as(Venue.ref, Venue.description)),
        LinkKind.OPERATION: _of_case(work, item, Operation, Operation.ref),
        LinkKind.CHARGE: _of_case(work, item, Charge, Charge.ref),
    }
    query = queries[target_kind]
    newest = query.order_by(query.selected_columns[0].desc()).limit(MOST_TARGETS)
    return [Target(*row) for row in work.session.execute(newest)]


def _of_case(work: Work, item: Evidence, model: Any, name: Any) -> sa.Select[Any]:
    query: sa.Select[Any] = work.query(model).with_only_columns(model.id, name).where(model.case_id == item.case_id)
    return query


def _page(work: Work, query: sa.Select[Link], limit: int, cursor: UUID | None) -> tuple[list[Linked], str | None]:
    query = query.where(Link.ended_at.is_(None))
    if cursor is not None:
        query = query.where(Link.id < cursor)
    rows = list(work.session.scalars(query.order_by(Link.id.desc()).limit(limit + 1)))
    return _linked(work, rows[:limit]), str(rows[limit - 1].id) if len(rows) > limit else None


def _linked(work: Work, rows: Sequence[Link]) -> list[Linked]:
    items = {
        id: (ref, title)
        for id, ref, title in work.session.execute(
            sa.select(Evidence.id, Evidence.ref, Evidence.title).where(
                Evidence.id.in_({row.evidence_id for row in rows})
            )
        )
    }
    people = sa.select(User.id, User.username).where(User.id.in_({row.made_by_id for row in rows}))
    names = {row.id: row.username for row in work.session.execute(people)}
    targets = _named(work, {(row.target_kind, row.target_id) for row in rows})
    return [
        Linked(
            row.id,
            row.case_id,
            row.evidence_id,
            *items[row.evidence_id],
            row.target_kind,
            row.target_id,
            *targets[row.target_kind, row.target_id],
            row.relation,
            row.confidence,
            row.made_by_id,
            names[row.made_by_id],
            row.made_at,
        )
        for row in rows
    ]


def _named(work: Work, targets: Iterable[tuple[LinkKind, UUID]]) -> dict[tuple[LinkKind, UUID], tuple[str, UUID]]:
    """By what people know each of these, and whose page shows it; one query for each kind that is there.

    The caller has seen to it that the actor may know of them.
    """
    ids: dict[LinkKind, list[UUID]] = {}
    for kind, id in targets:
        ids.setdefault(kind, []).append(id)
    queries = {
        LinkKind.VICTIM: sa.select(Victim.id, Victim.pseudonym, Victim.id),
        LinkKind.EPISODE: sa.select(Episode.id, Victim.pseudonym, Victim.id).join(
            Victim, Victim.id == Episode.victim_id
        ),
        LinkKind.PERPETRATOR: sa.select(Perpetrator.id, known_as(Perpetrator.ref, Perpetrator.alias), Perpetrator.id),
        LinkKind.VENUE: sa.select(Venue.id, known_as(Venue.ref, Venue.description), Venue.id),
        LinkKind.OPERATION: sa.select(Operation.id, Operation.ref, Operation.id),
        LinkKind.CHARGE: sa.select(Charge.id, Charge.ref, Charge.id),
    }
    found: dict[tuple[LinkKind, UUID], tuple[str, UUID]] = {}
    for kind, wanted in ids.items():
        key = queries[kind].selected_columns[0]
        rows = work.session.execute(queries[kind].where(key.in_(wanted)))
        found |= {(kind, id): (name, page) for id, name, page in rows}
    return found
