"""The figures of a year, as they were known on any day: counted, never typed in, with the list behind each."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

import sqlalchemy as sa

from evidence_api.domain.errors import InvalidInput
from evidence_api.domain.figures import RECKONED, SUMMED, Band, Count, Figure, Reckoning
from evidence_api.models import Case, FigureFact, Office, Perpetrator, Venue, Victim
from evidence_api.policy import Permission
from evidence_api.services._checks import office_day, office_zone
from evidence_api.work import Work, act

KINDS = {
    **dict.fromkeys(Figure, "victim"),
    Figure.CONVICTED: "perpetrator",
    Figure.FACING_TRIAL: "perpetrator",
    Figure.VENUES_ORDERED_SHUT: "venue",
    Figure.VENUES_STILL_SHUT: "venue",
}
"""Of what kind they are whom a figure counts."""

YEARS = 5
"""How many years stand beside one another."""


@dataclass(frozen=True, slots=True)
class Figures:
    """All figures of a year, as known at the end of a day."""

    year: int
    as_known_on: date
    counts: dict[Figure, Count]


@dataclass(frozen=True, slots=True)
class Behind:
    """One who counts, as far as the actor may know: of whom is hidden from her she learns that somebody counts, no
    more."""

    kind: str
    id: UUID | None
    ref: str | None
    case_ref: str | None
    band: Band
    number: int
    from_on: date | None
    until_on: date | None


@dataclass(frozen=True, slots=True)
class Restatement:
    """A figure of a year became another after the year was over."""

    at: datetime
    figure: Figure
    change: int
    kind: str
    id: UUID | None
    ref: str | None


@act(Permission.FIGURES_READ, read_only=True)
def figures(work: Work, *, year: int | None = None, as_known_on: date | None = None) -> Figures:
    """The figures of a year, this one unless another is given, as known at the end of a day, or now."""
    year, day, known = _asked(work, year, as_known_on)
    return Figures(year, day, _counted(work, [year], known)[year])


@act(Permission.FIGURES_READ, read_only=True)
def over_years(work: Work, *, until: int | None = None, as_known_on: date | None = None) -> list[Figures]:
    """The figures of the years up to `until`, the oldest first."""
    until, day, known = _asked(work, until, as_known_on)
    years = range(until - YEARS + 1, until + 1)
    return [Figures(year, day, counts) for year, counts in _counted(work, years, known).items()]


@act(Permission.FIGURES_READ, read_only=True)
def behind(
    work: Work,
    *,
    figure: Figure,
    year: int | None = None,
    as_known_on: date | None = None,
    limit: int = 50,
    cursor: UUID | None = None,
) -> tuple[list[Behind], str | None]:
    """Everyone and everything that a figure counts, each once, in the order in which they were registered."""
    year, day, known = _asked(work, year, as_known_on)
    if year > day.year:
        return [], None
    rows = sa.select(FigureFact).where(*_in_year(work, figure, year), *_known(known))
    people = rows.with_only_columns(FigureFact.who).group_by(FigureFact.who).order_by(FigureFact.who).limit(limit + 1)
    if cursor is not None:
        people = people.where(FigureFact.who > f"{KINDS[figure]}:{cursor}")
    whom = list(work.session.scalars(people))
    firsts: dict[str, FigureFact] = {}
    of = rows.where(FigureFact.who.in_(whom[:limit])).order_by(FigureFact.who, FigureFact.from_on, FigureFact.id)
    for fact in work.session.scalars(of):
        firsts.setdefault(fact.who, fact)
    named = _named(work, firsts)
    items = [_behind(KINDS[figure], named.get(who), fact) for who, fact in firsts.items()]
    return items, whom[limit - 1].partition(":")[2] if len(whom) > limit else None


@act(Permission.FIGURES_READ, read_only=True)
def restatements(work: Work, *, year: int | None = None) -> tuple[list[Restatement], None]:
    """What became known of a year after it was over, and changed a figure; the latest first."""
    year, _day, _known_at = _asked(work, year, None)
    over = _end_of(work, date(year, 12, 31))
    found = []
    for figure in Figure:
        late = (FigureFact.known_from > over) | (FigureFact.known_until > over)
        of = sa.select(FigureFact.who).where(*_in_year(work, figure, year), late)
        facts: dict[str, list[FigureFact]] = defaultdict(list)
        for fact in work.session.scalars(
            sa.select(FigureFact).where(*_in_year(work, figure, year), FigureFact.who.in_(of))
        ):
            facts[fact.who].append(fact)
        for who, its in facts.items():
            moments = {m for fact in its for m in (fact.known_from, fact.known_until) if m is not None and m > over}
            for at in sorted(moments):
                change = _number(figure, _live(its, at)) - _number(figure, _live(its, at - timedelta(microseconds=1)))
                if change:
                    found.append((at, figure, change, who))
    named = _named(work, {who for *_, who in found})
    found.sort(key=lambda one: one[0], reverse=True)
    return [
        Restatement(at, figure, change, KINDS[figure], *named.get(who, _HIDDEN)[:2])
        for at, figure, change, who in found
    ], None


@act(Permission.FIGURES_PUBLISH)
def publish(work: Work, *, year: int | None = None, as_known_on: date | None = None) -> list[Figures]:
    """The figures of the last years to be given out of the office; that they are is recorded."""
    year, day, known = _asked(work, year, as_known_on)
    years = range(year - YEARS + 1, year + 1)
    office = work.session.get_one(Office, work.actor.office_id)
    work.record(office, "office:figures_publish", data={"year": year, "as_known_on": day.isoformat()})
    return [Figures(one, day, counts) for one, counts in _counted(work, years, known).items()]


def _asked(work: Work, year: int | None, as_known_on: date | None) -> tuple[int, date, datetime]:
    """The year, the day, and the moment at which that day ends, where the office is."""
    today = office_day(work)
    day = as_known_on or today
    if day > today:
        raise InvalidInput({"as_known_on": ["This day has not come yet. Give today or a day before."]})
    return year or today.year, day, _end_of(work, day)


def _end_of(work: Work, day: date) -> datetime:
    """The first moment after a day, where the office is."""
    return datetime.combine(day + timedelta(days=1), time.min, office_zone(work)).astimezone(UTC)


def _known(at: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        FigureFact.known_from < at,
        FigureFact.known_until.is_(None) | (FigureFact.known_until >= at),
    )


def _live(facts: Iterable[FigureFact], at: datetime) -> list[FigureFact]:
    return [f for f in facts if f.known_from <= at and (f.known_until is None or f.known_until > at)]


def _number(figure: Figure, facts: Sequence[FigureFact]) -> int:
    return max((fact.number for fact in facts), default=0) if figure in SUMMED else int(bool(facts))


def _in_year(work: Work, figure: Figure, year: int) -> tuple[sa.ColumnElement[bool], ...]:
    """What puts somebody into a year: a day in it, a while that meets it, or its last day."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    of = (FigureFact.office_id == work.actor.office_id, FigureFact.figure == figure, FigureFact.from_on <= last)
    match RECKONED[figure]:
        case Reckoning.EVENT:
            return (*of, FigureFact.from_on >= first)
        case Reckoning.DURING:
            return (*of, FigureFact.until_on.is_(None) | (FigureFact.until_on >= first))
        case Reckoning.YEAR_END:
            return (*of, FigureFact.until_on.is_(None) | (FigureFact.until_on > last))


def _counted(work: Work, years: Iterable[int], known: datetime) -> dict[int, dict[Figure, Count]]:
    """The figures of these years, as known before a moment. Of a year that had not begun then, none were."""
    last = (known - timedelta(microseconds=1)).astimezone(office_zone(work)).year
    found: dict[int, dict[Figure, Count]] = {}
    for year in years:
        found[year] = {figure: Count(figure, 0) for figure in Figure}
        for figure in Figure if year <= last else ():
            found[year][figure] = _count(work, figure, year, known)
    return found


def _count(work: Work, figure: Figure, year: int, known: datetime) -> Count:
    one = (
        sa.select(
            sa.func.max(sa.case((FigureFact.band == Band.CHILD, 2), (FigureFact.band == Band.ADULT, 1), else_=0)).label(
                "band"
            ),
            sa.func.max(FigureFact.number).label("number"),
        )
        .where(*_in_year(work, figure, year), *_known(known))
        .group_by(FigureFact.who)
        .subquery()
    )
    counted = sa.func.sum(one.c.number) if figure in SUMMED else sa.func.count()
    by_band = {band: int(n) for band, n in work.session.execute(sa.select(one.c.band, counted).group_by(one.c.band))}
    return Count(figure, sum(by_band.values()), by_band.get(1, 0), by_band.get(2, 0), by_band.get(0, 0))


def _behind(kind: str, name: "_Name | None", fact: FigureFact) -> Behind:
    if name is None:
        return Behind(kind, *_HIDDEN, Band.UNKNOWN, fact.number, None, None)
    return Behind(kind, *name, fact.band, fact.number, fact.from_on, fact.until_on)


_Name = tuple[UUID | None, str | None, str | None]
_HIDDEN: _Name = (None, None, None)


def _named(work: Work, whom: Iterable[str]) -> dict[str, _Name]:
    """Id, ref and case's ref of those that the actor may know of, with a query for each kind."""
    ids: dict[str, set[UUID]] = defaultdict(set)
    for who in whom:
        kind, _, id = who.partition(":")
        ids[kind].add(UUID(id))
    found: dict[str, _Name] = {}
    victims = work.query(Victim).where(Victim.id.in_(ids["victim"]))
    for victim in work.session.scalars(victims):
        found[victim.subject] = (victim.id, victim.pseudonym, None)
    models: tuple[type[Perpetrator] | type[Venue], ...] = (Perpetrator, Venue)
    for model in models:
        seen = work.query(model).join(Case, Case.id == model.case_id).where(model.id.in_(ids[model.__tablename__]))
        for row, case_ref in work.session.execute(seen.add_columns(Case.ref)):
            found[row.subject] = (row.id, row.ref, case_ref)
    return found
