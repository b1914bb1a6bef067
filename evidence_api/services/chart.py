"""The link chart of a case: who and what is tied to whom, and by what evidence, as far as the actor may know."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from evidence_api.db import Base
from evidence_api.domain.charge import ChargeState
from evidence_api.domain.chart import NodeKind, TieKind
from evidence_api.domain.errors import NotFound
from evidence_api.domain.link import Confidence, LinkRelation
from evidence_api.models import (
    Case,
    Charge,
    Episode,
    Evidence,
    KeepApart,
    Link,
    Operation,
    Perpetrator,
    RosterEntry,
    Venue,
    VenueTie,
    Victim,
    VictimCase,
    VictimTie,
)
from evidence_api.policy import Permission
from evidence_api.services._names import known_as
from evidence_api.sight import there_is
from evidence_api.work import Work, act_on

MOST_OF_A_KIND = 20
"""So many victims, perpetrators, venues and operations are in the first view of a case: first those with links or ties,
the newest of them first."""
MOST_NODES = 80
MOST_ITEMS = 24
"""Of more items than this, those that are about the same are told as one node with their number."""
MOST_ROWS = 2000
"""So many ties of one kind are read for a view."""

Key = tuple[NodeKind, UUID]


@dataclass(frozen=True, slots=True)
class Node:
    """A node. `id` is null and `name` empty where it stands for several items; `page` is whose page shows it."""

    key: str
    kind: NodeKind
    id: UUID | None
    page: UUID | None
    name: str
    items: int


@dataclass(frozen=True, slots=True)
class Tie:
    """What ties the nodes with the keys `a` and `b`; `detail` is what exactly, where that is one thing."""

    a: str
    b: str
    kind: TieKind
    detail: StrEnum | None
    confidence: Confidence | None


@dataclass(frozen=True, slots=True)
class Chart:
    """A view of a case. `left_out`: there is more than is told here."""

    nodes: list[Node]
    ties: list[Tie]
    left_out: bool


@dataclass(frozen=True, slots=True)
class _Raw:
    a: Key
    b: Key
    kind: TieKind
    detail: StrEnum | None = None
    confidence: Confidence | None = None


@dataclass(frozen=True, slots=True)
class _Asked:
    kinds: frozenset[NodeKind]
    relation: LinkRelation | None
    confidence: Confidence | None


@act_on(Case, Permission.CASE_READ, read_only=True)
def chart(
    work: Work,
    case: Case,
    *,
    kinds: frozenset[NodeKind] | None = None,
    relation: LinkRelation | None = None,
    confidence: Confidence | None = None,
    around: UUID | None = None,
    around_kind: NodeKind | None = None,
    depth: int = 1,
) -> Chart:
    """Some of every kind, those with links or ties first, then the newest, with what ties them; or what lies around one
    node, over `depth` ties at most.

    Raises NotFound where that node is none that the actor may know of in this case.
    """
    asked = _Asked(kinds or frozenset(NodeKind), relation, confidence)
    if around is None or around_kind is None:
        found, ties, left_out = _first_view(work, case, asked)
        return _told(work, case, found, ties, left_out)
    middle = (around_kind, around)
    if middle not in _named(work, case, [middle]):
        raise NotFound
    found, ties, left_out = _around(work, case, asked, middle, depth)
    return _told(work, case, found, ties, left_out, middle)


_Found = tuple[list[Key], list[_Raw], bool]


def _first_view(work: Work, case: Case, asked: _Asked) -> _Found:
    newest: Mapping[NodeKind, tuple[type[Base], InstrumentedAttribute[UUID], InstrumentedAttribute[UUID]]] = {
        NodeKind.VICTIM: (VictimCase, VictimCase.victim_id, VictimCase.case_id),
        NodeKind.PERPETRATOR: (Perpetrator, Perpetrator.id, Perpetrator.case_id),
        NodeKind.VENUE: (Venue, Venue.id, Venue.case_id),
        NodeKind.OPERATION: (Operation, Operation.id, Operation.case_id),
    }
    found: list[Key] = []
    left_out = False
    for kind, (model, key, of_case) in newest.items():
        if kind in asked.kinds:
            rows = work.query(model).with_only_columns(key).where(of_case == case.id)
            first = sa.or_(*_tied(case, asked, key)[kind]).desc()
            ids = list(work.session.scalars(rows.order_by(first, key.desc()).limit(MOST_OF_A_KIND + 1)))
            left_out |= len(ids) > MOST_OF_A_KIND
            found += [(kind, id) for id in ids[:MOST_OF_A_KIND]]
    ties, cut = _touching(work, asked, found)
    drawn_in = [key for tie in ties for key in (tie.a, tie.b) if key[0] in (NodeKind.EPISODE, NodeKind.CHARGE)]
    of_those, cut_too = _touching(work, asked, list(dict.fromkeys(drawn_in)))
    ties = list(dict.fromkeys(ties + of_those))
    there = set(found) | {key for tie in ties for key in (tie.a, tie.b) if key[0] in _DRAWN_IN}
    ties = [tie for tie in ties if tie.a in there and tie.b in there]
    return list(dict.fromkeys(found + [k for t in ties for k in (t.a, t.b)])), ties, left_out or cut or cut_too


def _tied(
    case: Case, asked: _Asked, key: InstrumentedAttribute[UUID]
) -> Mapping[NodeKind, Sequence[sa.ColumnElement[bool]]]:
    """By what one with this key is tied to anything, for each kind of what it may be the key of."""
    linked = there_is(Link.target_id == key, Link.case_id == case.id, *_links_asked(asked))
    return {
        NodeKind.VICTIM: (
            linked,
            there_is(VictimTie.victim_id == key, VictimTie.ended_at.is_(None)),
            there_is(RosterEntry.victim_id == key),
            there_is(Episode.victim_id == key, Episode.venue_id.is_not(None)),
            there_is(KeepApart.victim_id == key, KeepApart.ended_at.is_(None)),
            there_is(KeepApart.other_victim_id == key, KeepApart.ended_at.is_(None)),
        ),
        NodeKind.PERPETRATOR: (
            linked,
            there_is(VictimTie.perpetrator_id == key, VictimTie.ended_at.is_(None)),
            there_is(VenueTie.perpetrator_id == key),
            there_is(KeepApart.perpetrator_id == key, KeepApart.ended_at.is_(None)),
        ),
        NodeKind.VENUE: (
            linked,
            there_is(VenueTie.venue_id == key, VenueTie.perpetrator_id.is_not(None)),
            there_is(Episode.venue_id == key),
            there_is(Operation.venue_id == key),
        ),
        NodeKind.OPERATION: (
            linked,
            there_is(RosterEntry.operation_id == key),
            Operation.venue_id.is_not(None),
        ),
    }


_DRAWN_IN = frozenset({NodeKind.EVIDENCE, NodeKind.EPISODE, NodeKind.CHARGE})
"""What is in a first view because it is about what is in it."""


def _around(work: Work, case: Case, asked: _Asked, middle: Key, depth: int) -> _Found:
    found, frontier, ties, left_out = {middle: None}, [middle], dict[_Raw, None](), False
    for _step in range(depth + 1):
        read, cut = _touching(work, asked, frontier)
        left_out |= cut
        ties |= dict.fromkeys(read)
        near = dict.fromkeys(key for tie in read for key in (tie.a, tie.b) if key not in found)
        known = _named(work, case, near)
        frontier = [key for key in near if key in known]
        if _step == depth:
            break
        left_out |= len(found) + len(frontier) > MOST_NODES
        frontier = frontier[: MOST_NODES - len(found)]
        found |= dict.fromkeys(frontier)
    return list(found), [tie for tie in ties if tie.a in found and tie.b in found], left_out


def _touching(work: Work, asked: _Asked, keys: Sequence[Key]) -> tuple[list[_Raw], bool]:
    """Every tie with one of these at an end, and whether there are more than were read."""
    ids = {kind: [id for k, id in keys if k is kind] for kind in NodeKind}
    ties: list[_Raw] = []
    cut = False

    def read(
        model: Any,
        *columns: tuple[InstrumentedAttribute[Any], *tuple[NodeKind, ...]],
        told: Sequence[InstrumentedAttribute[Any]] = (),
        where: Sequence[Any] = (),
    ) -> list[Any]:
        """The rows of a table with a key of these kinds in one of the columns; of each row those columns, and what is
        `told` besides. Each column is asked by its own index."""
        nonlocal cut
        rows: dict[Any, Any] = {}
        keys = model.__table__.primary_key.columns.values()
        # Plain rows, and no more of them than is shown: of thousands, each column takes its time to read.
        wanted = dict.fromkeys([*keys, *(model.__table__.c[one.key] for one in (*(c for c, *_ in columns), *told))])
        known = work.query(model).with_only_columns(*wanted).where(*where).limit(MOST_ROWS + 1)
        for column, *kinds in columns:
            if sought := [id for kind in kinds for id in ids[kind]]:
                some = work.session.execute(known.where(column.in_(sought))).all()
                cut |= len(some) > MOST_ROWS
                rows |= {row[: len(keys)]: row for row in some[:MOST_ROWS]}
        return [rows[identity] for identity in sorted(rows)]

    if NodeKind.EVIDENCE in asked.kinds:
        ties += _links(read, asked)
    if NodeKind.VICTIM in asked.kinds:
        ties += _of_victims(read)
    for row in read(
        VenueTie,
        (VenueTie.venue_id, NodeKind.VENUE),
        (VenueTie.perpetrator_id, NodeKind.PERPETRATOR),
        told=[VenueTie.kind],
        where=[VenueTie.perpetrator_id.is_not(None)],
    ):
        ends = (NodeKind.PERPETRATOR, row.perpetrator_id), (NodeKind.VENUE, row.venue_id)
        ties.append(_Raw(*ends, TieKind.VENUE_TIE, row.kind))
    for row in read(
        Charge,
        (Charge.id, NodeKind.CHARGE),
        (Charge.perpetrator_id, NodeKind.PERPETRATOR),
        told=[Charge.state],
        where=[Charge.state != ChargeState.SUPERSEDED],
    ):
        ends = (NodeKind.PERPETRATOR, row.perpetrator_id), (NodeKind.CHARGE, row.id)
        ties.append(_Raw(*ends, TieKind.CHARGED, row.state))
    held = read(
        Operation,
        (Operation.id, NodeKind.OPERATION),
        (Operation.venue_id, NodeKind.VENUE),
        told=[Operation.kind],
        where=[Operation.venue_id.is_not(None)],
    )
    ties += [
        _Raw((NodeKind.OPERATION, row.id), (NodeKind.VENUE, row.venue_id), TieKind.HELD_AT, row.kind) for row in held
    ]
    return [tie for tie in ties if tie.a[0] in asked.kinds and tie.b[0] in asked.kinds], cut


def _links_asked(asked: _Asked) -> list[sa.ColumnElement[bool]]:
    where: list[sa.ColumnElement[bool]] = [Link.ended_at.is_(None)]
    if asked.relation is not None:
        where.append(Link.relation == asked.relation)
    if asked.confidence is not None:
        surest = list(Confidence)
        where.append(Link.confidence.in_(surest[: surest.index(asked.confidence) + 1]))
    return where


def _links(read: Any, asked: _Asked) -> list[_Raw]:
    targets = [kind for kind in NodeKind if kind is not NodeKind.EVIDENCE]
    rows = read(
        Link,
        (Link.evidence_id, NodeKind.EVIDENCE),
        (Link.target_id, *targets),
        told=[Link.target_kind, Link.relation, Link.confidence],
        where=_links_asked(asked),
    )
    return [
        _Raw(
            (NodeKind.EVIDENCE, row.evidence_id),
            (NodeKind(row.target_kind.value), row.target_id),
            TieKind.LINK,
            row.relation,
            row.confidence,
        )
        for row in rows
    ]


def _of_victims(read: Any) -> list[_Raw]:
    ties = []
    for row in read(
        Episode,
        (Episode.victim_id, NodeKind.VICTIM),
        (Episode.venue_id, NodeKind.VENUE),
        (Episode.id, NodeKind.EPISODE),
        told=[Episode.exit],
    ):
        victim, episode = (NodeKind.VICTIM, row.victim_id), (NodeKind.EPISODE, row.id)
        ties.append(_Raw(victim, episode, TieKind.EPISODE))
        if row.venue_id is not None:
            ties.append(_Raw(episode, (NodeKind.VENUE, row.venue_id), TieKind.EPISODE, row.exit))
    for row in read(
        VictimTie,
        (VictimTie.victim_id, NodeKind.VICTIM),
        (VictimTie.perpetrator_id, NodeKind.PERPETRATOR),
        told=[VictimTie.relation],
        where=[VictimTie.ended_at.is_(None)],
    ):
        ends = (NodeKind.PERPETRATOR, row.perpetrator_id), (NodeKind.VICTIM, row.victim_id)
        ties.append(_Raw(*ends, TieKind.VICTIM_TIE, row.relation))
    for row in read(
        RosterEntry,
        (RosterEntry.victim_id, NodeKind.VICTIM),
        (RosterEntry.operation_id, NodeKind.OPERATION),
        told=[RosterEntry.outcome],
    ):
        ends = (NodeKind.VICTIM, row.victim_id), (NodeKind.OPERATION, row.operation_id)
        ties.append(_Raw(*ends, TieKind.ROSTER, row.outcome))
    for row in read(
        KeepApart,
        (KeepApart.victim_id, NodeKind.VICTIM),
        (KeepApart.other_victim_id, NodeKind.VICTIM),
        (KeepApart.perpetrator_id, NodeKind.PERPETRATOR),
        told=[KeepApart.barrier],
        where=[KeepApart.ended_at.is_(None)],
    ):
        other = (
            (NodeKind.VICTIM, row.other_victim_id)
            if row.other_victim_id is not None
            else (NodeKind.PERPETRATOR, row.perpetrator_id)
        )
        ties.append(_Raw((NodeKind.VICTIM, row.victim_id), other, TieKind.KEEP_APART, row.barrier))
    return ties


def _told(
    work: Work, case: Case, found: Sequence[Key], ties: list[_Raw], left_out: bool, middle: Key | None = None
) -> Chart:
    ties = _without_bare_episodes(ties, middle)
    if middle is None:
        ties = _without_bare_charges(ties)
    tied = {key for tie in ties for key in (tie.a, tie.b)}
    names = _named(work, case, [key for key in found if key[0] not in _DRAWN_IN or key in tied])
    ties = [tie for tie in ties if tie.a in names and tie.b in names]
    of_items = (key for key in names if key[0] is NodeKind.EVIDENCE and key != middle)
    items = dict.fromkeys(sorted(of_items, key=lambda key: names[key][0]))
    nodes = [
        Node(_text(key), key[0], key[1], page, name, int(key[0] is NodeKind.EVIDENCE))
        for key, (name, page) in names.items()
        if key not in items
    ]
    shown = [Tie(_text(t.a), _text(t.b), t.kind, t.detail, t.confidence) for t in ties if t.a not in items]
    links = [tie for tie in ties if tie.a in items]
    if len(items) <= MOST_ITEMS:
        nodes += [Node(_text(key), key[0], key[1], key[1], names[key][0], 1) for key in items]
        shown += [Tie(_text(t.a), _text(t.b), t.kind, t.detail, t.confidence) for t in links]
    else:
        folded, of_folded, cut = _folded(links)
        nodes, shown, left_out = nodes + folded, shown + of_folded, left_out or cut
    order = list(NodeKind)
    nodes.sort(key=lambda node: (order.index(node.kind), -node.items, node.name, node.key))
    return Chart(nodes, list(dict.fromkeys(shown)), left_out)


def _without_bare_episodes(ties: list[_Raw], middle: Key | None) -> list[_Raw]:
    """An episode is a node where evidence is linked to it; else it is what ties a victim to a venue."""
    linked = {tie.b for tie in ties if tie.kind is TieKind.LINK} | {middle}
    bare: dict[Key, dict[NodeKind, Any]] = {}
    kept = []
    for tie in ties:
        episode = next((key for key in (tie.a, tie.b) if key[0] is NodeKind.EPISODE), None)
        if episode is None or episode in linked:
            kept.append(tie)
        else:
            ends = bare.setdefault(episode, {})
            other = tie.b if tie.a == episode else tie.a
            ends[other[0]] = tie, other
    for ends in bare.values():
        if NodeKind.VICTIM in ends and NodeKind.VENUE in ends:
            (_tie, victim), (at_venue, venue) = ends[NodeKind.VICTIM], ends[NodeKind.VENUE]
            kept.append(_Raw(victim, venue, TieKind.EPISODE, at_venue.detail))
    return kept


def _without_bare_charges(ties: list[_Raw]) -> list[_Raw]:
    """Of all charges, those to which evidence is linked; the others are in the matrix."""
    linked = {tie.b for tie in ties if tie.kind is TieKind.LINK}
    return [tie for tie in ties if tie.kind is not TieKind.CHARGED or tie.b in linked]


def _folded(links: Sequence[_Raw]) -> tuple[list[Node], list[Tie], bool]:
    """The items that are about the same as one node; of many such nodes, those of the most items."""
    about: dict[Key, set[Key]] = {}
    for tie in links:
        about.setdefault(tie.a, set()).add(tie.b)
    groups = Counter(frozenset(targets) for targets in about.values())
    most = sorted(groups.items(), key=lambda pair: (-pair[1], sorted(map(_text, pair[0]))))
    nodes, ties = [], []
    for number, (targets, count) in enumerate(most[:MOST_ITEMS], 1):
        key = f"{NodeKind.EVIDENCE}:{number}"
        nodes.append(Node(key, NodeKind.EVIDENCE, None, None, "", count))
        ties += [Tie(key, target, TieKind.LINK, None, None) for target in sorted(map(_text, targets))]
    return nodes, ties, len(most) > MOST_ITEMS


def _text(key: Key) -> str:
    return f"{key[0]}:{key[1]}"


def _named(work: Work, case: Case, keys: Iterable[Key]) -> dict[Key, tuple[str, UUID]]:
    """By what people know each of these, and whose page shows it; without what is not of this case, or hidden."""
    known = sa.exists().where(VictimCase.victim_id == Victim.id, VictimCase.case_id == case.id)
    queries = {
        NodeKind.EVIDENCE: work.query(Evidence)
        .with_only_columns(Evidence.id, Evidence.ref, Evidence.id)
        .where(Evidence.case_id == case.id),
        NodeKind.VICTIM: sa.select(Victim.id, Victim.pseudonym, Victim.id).where(known),
        NodeKind.EPISODE: sa.select(Episode.id, Victim.pseudonym, Victim.id)
        .join(Victim, Victim.id == Episode.victim_id)
        .where(known),
        NodeKind.PERPETRATOR: sa.select(
            Perpetrator.id, known_as(Perpetrator.ref, Perpetrator.alias), Perpetrator.id
        ).where(Perpetrator.case_id == case.id),
        NodeKind.VENUE: sa.select(Venue.id, known_as(Venue.ref, Venue.description), Venue.id).where(
            Venue.case_id == case.id
        ),
        NodeKind.OPERATION: sa.select(Operation.id, Operation.ref, Operation.id).where(Operation.case_id == case.id),
        NodeKind.CHARGE: work.query(Charge)
        .with_only_columns(Charge.id, Charge.ref, Charge.id)
        .where(Charge.case_id == case.id),
    }
    found: dict[Key, tuple[str, UUID]] = {}
    wanted: dict[NodeKind, list[UUID]] = {}
    for kind, id in keys:
        wanted.setdefault(kind, []).append(id)
    for kind, ids in wanted.items():
        key = queries[kind].selected_columns[0]
        rows = work.session.execute(queries[kind].where(key.in_(ids)))
        found |= {(kind, id): (name, page) for id, name, page in rows}
    return {key: found[key] for key in dict.fromkeys((k, i) for k, ids in wanted.items() for i in ids) if key in found}
