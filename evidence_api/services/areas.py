"""How the venues of each area stand: how many are open, how many closed."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from evidence_api.domain.venue import CLOSED, VenueState
from evidence_api.models import Venue
from evidence_api.policy import Permission
from evidence_api.work import Work, act


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
def list_areas(
    work: Work, *, limit: int, cursor: UUID | None = None, country: str | None = None
) -> tuple[list[Area], str | None]:
    """How the venues stand that the actor may see, by country and area. `cursor` is a venue of the last area before."""
    place = Venue.country, Venue.area
    within = work.query(Venue)
    if country is not None:
        within = within.where(Venue.country == country)
    # All areas at once, in one walk along the index: to choose those of a page would take another.
    counted = within.with_only_columns(*place, Venue.state, sa.func.count().label("venues"))
    found: dict[tuple[str, str], dict[VenueState, int]] = {}
    for row in work.session.execute(counted.group_by(*place, Venue.state)):
        states = found.setdefault((row.country or "", row.area or ""), {})
        states[row.state] = states.get(row.state, 0) + row.venues
    if cursor is not None:
        before = work.session.execute(work.query(Venue).with_only_columns(*place).where(Venue.id == cursor)).first()
        found = {
            key: states for key, states in found.items() if before is None or key > (before[0] or "", before[1] or "")
        }
    chosen = sorted(found)
    following = None
    if len(chosen) > limit:
        of_last = within.with_only_columns(Venue.id).where(*map(_is, place, chosen[limit - 1]))
        following = str(work.session.scalars(of_last.limit(1)).one())
    return [Area(key[0] or None, key[1] or None, found[key]) for key in chosen[:limit]], following


def _is(column: Any, said: str) -> sa.ColumnElement[bool]:
    condition: sa.ColumnElement[bool] = column == said if said else column.is_(None) | (column == "")
    return condition
