"""Finding cases, items, people, venues, operations and partners by the words of what is known of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from evidence_api import index
from evidence_api.db import Base
from evidence_api.domain.roles import Role
from evidence_api.domain.search import Kind, Sought, is_similar, is_spelt, misspellings, sought, words
from evidence_api.models import (
    Case,
    Charge,
    Evidence,
    Operation,
    Partner,
    Perpetrator,
    SearchSpelling,
    SearchText,
    Venue,
    Victim,
)
from evidence_api.policy import Permission
from evidence_api.sight import there_is, visible
from evidence_api.work import Work, act

MOST = 50
MANY_CASES = 500
"""Who has more is not sought for among those of her cases: so long a query would take longer."""

Groups = list[list[tuple[str, bool]]]
"""Of each group at least one token must be there, or (True) one that begins with it."""


@dataclass(frozen=True, slots=True)
class Find:
    """One that matches. `case_id` is the case that it is, or is in; a victim may be known in several, a partner is in
    none. `similar`: it is not spelt so, but nearly."""

    kind: Kind
    id: UUID
    ref: str | None
    title: str | None
    tag: str | None
    case_id: UUID | None
    similar: bool


@dataclass(frozen=True, slots=True)
class Finds:
    """What was found, and whether there is more than is given."""

    items: list[Find]
    more: bool


@act(Permission.SEARCH, read_only=True)
def find(work: Work, *, q: str, kind: Kind | None = None, limit: int = MOST) -> Finds:
    """What the actor may know of that has all words of `q`, or longer ones that begin with them; at most `limit`.

    What has `q` as its ref comes first, then what has the words whole, then the others, the newest first. Only where
    there is nothing: what has words that differ from them by a letter, from eight letters on by two.
    """
    search = _Search(work, kind, limit + 1)
    asked = sought(q)
    similar = False
    if asked:
        search.take(sa.select(SearchText).where(SearchText.ref == " ".join(words(q))), SearchText.id.desc())
        search.take_matching(asked, [[(token, False)] for one in asked for token in one.tokens], " {} ")
        search.take_matching(asked, [group for one in asked for group in _beginning(one)], " {}")
        if not search.found:
            similar = search.take_similar(asked)
    rows = search.found[:limit]
    return Finds(_told(work, rows, similar), len(search.found) > limit)


def _beginning(one: Sought) -> Groups:
    return [*([(token, False)] for token in one.tokens[:-1]), [(one.tokens[-1], True)]]


@dataclass
class _Search:
    """One search: what was found so far, never more than `most`."""

    work: Work
    kind: Kind | None
    most: int
    found: list[sa.Row[int, Kind, UUID]] = field(default_factory=list)

    def __post_init__(self) -> None:
        dialect = self.dialect = self.work.session.get_bind().dialect.name
        if dialect == "postgresql":
            # A plan for whatever is sought would take every word for a rare one.
            self.work.session.execute(sa.text("SET LOCAL plan_cache_mode = force_custom_plan"))
        self.marks = _marks_of_cases(self.work)

    def take_matching(self, asked: Sequence[Sought], groups: Groups, phrase: str) -> None:
        """Add what the index has. It knows no phrases: those are compared in the text."""
        if len(self.found) == self.most:
            return
        if self.kind is not None:
            groups = [[(index.of_kind(self.kind, token), beginning) for token, beginning in one] for one in groups]
        query = index.phrased(self.dialect, [*groups, *self.marks])
        matching = index.matching(sa.select(SearchText), self.dialect, query)
        phrases = [index.having(self.dialect, phrase.format(one.phrase)) for one in asked if len(one.parts) > 1]
        self.take(matching.where(*phrases), index.newest(self.dialect))

    def take(self, query: sa.Select[Any], order: Any) -> None:
        """Add what the actor may know of, and is not there yet."""
        hits: Any = SearchText
        told = query.with_only_columns(hits.id, hits.kind, hits.row_id)
        if self.dialect == "postgresql":
            # Brought in order first, so that only as many are looked up as are wanted; SQLite does so by itself.
            hits = told.order_by(order).offset(0).subquery().c
            told, order = sa.select(hits.id, hits.kind, hits.row_id), hits.id.desc()
        kinds = [self.kind] if self.kind else list(Kind)
        known = sa.or_(*((hits.kind == kind) & _is_known(self.work, kind, hits.row_id) for kind in kinds))
        new = told.where(known, hits.id.not_in([row.id for row in self.found])).order_by(order)
        self.found += self.work.session.execute(new.limit(self.most - len(self.found))).all()

    def take_similar(self, asked: Sequence[Sought]) -> bool:
        """Add what has words that are nearly those. The words are anybody's, but only rows that she may know of come
        of them."""
        groups: Groups = []
        forgiven = False
        for one in asked:
            beginning = _beginning(one)
            others = _similar_words(self.work, one.phrase) if is_spelt(one.phrase) else []
            beginning[-1] += [(word, False) for word in others]
            forgiven |= bool(others)
            groups += beginning
        if forgiven:
            self.take_matching(asked, groups, " {}")
        return forgiven


def _marks_of_cases(work: Work) -> Groups:
    """Who has few cases is sought for among their rows alone. That makes it quick, and is not what hides the others."""
    if work.actor.role in (Role.SUPERVISOR, Role.SYSTEM):
        return []
    cases = work.session.scalars(work.query(Case).with_only_columns(Case.id).limit(MANY_CASES + 1)).all()
    return [[(index.mark(), False), *((index.mark(case), False) for case in cases)]] if len(cases) <= MANY_CASES else []


def _is_known(work: Work, kind: Kind, row_id: Any) -> sa.ColumnElement[bool]:
    model = _KINDS[kind].model
    key = sa.inspect(model).primary_key[0]
    return there_is(key == row_id, visible(model, work.actor))


def _similar_words(work: Work, word: str) -> list[str]:
    near = sa.select(SearchSpelling.word).where(SearchSpelling.misspelling.in_(misspellings(word))).distinct()
    return [other for other in work.session.scalars(near) if is_similar(word, other)]


@dataclass(frozen=True, slots=True)
class _Told:
    """What is told of a find of a kind: the columns of its ref, its title, its tag and its case, where it has them."""

    model: type[Base]
    ref: Any = None
    title: Any = None
    tag: Any = None
    case_id: Any = None


_KINDS: Mapping[Kind, _Told] = {
    Kind.CASE: _Told(Case, Case.ref, Case.title, case_id=Case.id),
    Kind.ITEM: _Told(Evidence, Evidence.ref, Evidence.title, Evidence.tag, Evidence.case_id),
    Kind.VICTIM: _Told(Victim, Victim.pseudonym),
    Kind.PERPETRATOR: _Told(Perpetrator, Perpetrator.ref, Perpetrator.alias, case_id=Perpetrator.case_id),
    Kind.VENUE: _Told(Venue, Venue.ref, Venue.description, case_id=Venue.case_id),
    Kind.OPERATION: _Told(Operation, Operation.ref, case_id=Operation.case_id),
    Kind.PARTNER: _Told(Partner, title=Partner.name),
    Kind.CHARGE: _Told(Charge, Charge.ref, case_id=Charge.case_id),
}


def _told(work: Work, rows: Sequence[sa.Row[int, Kind, UUID]], similar: bool) -> list[Find]:
    """What is told of the finds, with one query for each kind among them."""
    told: dict[UUID, Any] = {}
    for kind in {row.kind for row in rows}:
        of = _KINDS[kind]
        key = sa.inspect(of.model).primary_key[0]
        ids = [row.row_id for row in rows if row.kind is kind]
        facts = (sa.null() if fact is None else fact for fact in (of.ref, of.title, of.tag, of.case_id))
        columns = sa.select(key, *facts).where(key.in_(ids))
        told.update({id: rest for id, *rest in work.session.execute(columns)})
    finds = []
    for row in rows:
        ref, title, tag, case_id = told[row.row_id]
        finds.append(Find(row.kind, row.row_id, ref, title, tag, case_id, similar))
    return finds
