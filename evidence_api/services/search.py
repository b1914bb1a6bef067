"""Finding a case or an item by a part of its ref, title or tag."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from evidence_api.domain.search import Kind
from evidence_api.models import Case, Evidence
from evidence_api.policy import Permission
from evidence_api.work import Work, act

MOST = 50


@dataclass(frozen=True, slots=True)
class Find:
    """One case or item that matches. `case_id` is the case that it is, or is in."""

    kind: Kind
    id: UUID
    ref: str
    title: str
    tag: str | None
    case_id: UUID


@dataclass(frozen=True, slots=True)
class Finds:
    """What was found, and whether there is more than is given."""

    items: list[Find]
    more: bool


@act(Permission.SEARCH, read_only=True)
def find(work: Work, *, q: str, kind: Kind | None = None, limit: int = MOST) -> Finds:
    """What the actor may know of whose ref, title or tag contains `q`, in capitals or not.

    What has `q` as its ref comes first, then the newest; at most `limit`.
    """
    found = [one for of in ([kind] if kind else Kind) for one in _SEARCHES[of](work, q, limit + 1)]
    found.sort(key=lambda one: (one.ref.lower() == q.lower(), one.id), reverse=True)
    return Finds(found[:limit], len(found) > limit)


def _cases(work: Work, q: str, limit: int) -> list[Find]:
    query = work.query(Case).with_only_columns(Case.id, Case.ref, Case.title, sa.null(), Case.id)
    return _run(work, Kind.CASE, query, (Case.ref, Case.title), q, limit)


def _items(work: Work, q: str, limit: int) -> list[Find]:
    query = work.query(Evidence).with_only_columns(
        Evidence.id, Evidence.ref, Evidence.title, Evidence.tag, Evidence.case_id
    )
    return _run(work, Kind.ITEM, query, (Evidence.ref, Evidence.title, Evidence.tag), q, limit)


def _run(work: Work, kind: Kind, query: Any, texts: tuple[Any, ...], q: str, limit: int) -> list[Find]:
    id, ref = query.selected_columns[:2]
    # One comparison a row instead of three: no text has a line break in it, and no `q`.
    text = reduce(lambda one, other: one + "\n" + sa.func.coalesce(other, ""), texts)
    exact = sa.func.lower(ref) == sa.func.lower(q)
    matching = query.where(text.icontains(q, autoescape=True)).order_by(exact.desc(), id.desc()).limit(limit)
    return [Find(kind, *row) for row in work.session.execute(matching)]


_SEARCHES: Mapping[Kind, Callable[[Work, str, int], list[Find]]] = {Kind.CASE: _cases, Kind.ITEM: _items}
