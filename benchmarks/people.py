"""People and places: how long lists, search, timeline and link chart take, and whether that grows with the tables."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from urllib.parse import quote
from uuid import UUID

import sqlalchemy as sa

from benchmarks import machine, sending
from benchmarks.crowd import FULL, Crowd, Size, crowd
from benchmarks.machine import Lacking
from benchmarks.measure import Figure
from evidence_api.domain.roles import Role

MOST_MS = 100.0
"""What a request may take at p95."""

PAGE = 50
BOTH = (Role.SUPERVISOR, Role.INVESTIGATOR)
CARING = (Role.SUPERVISOR, Role.CASEWORKER)


@dataclass(frozen=True)
class Asked:
    """A request, by the path that it has in an office, and by whom it is made."""

    name: str
    path: Callable[[Crowd], str]
    roles: Sequence[Role] = BOTH


ASKED = (
    Asked("cases", lambda o: "/cases?"),
    Asked("victims of a case", lambda o: f"/cases/{o.typical}/victims?"),
    Asked("victims of the largest case", lambda o: f"/cases/{o.largest}/victims?"),
    Asked("venues of the largest case", lambda o: f"/cases/{o.largest}/venues?"),
    Asked("perpetrators of the largest case", lambda o: f"/cases/{o.largest}/perpetrators?"),
    Asked("searches", lambda o: "/searches?open=true&"),
    Asked("alerts", lambda o: "/alerts?open=true&"),
    Asked("care that is due", lambda o: "/care/due?", CARING),
    Asked("partners", lambda o: "/partners?service=medical&"),
    Asked("needs that nobody meets", lambda o: "/partners/unmet", CARING),
    Asked("areas", lambda o: "/venues/areas?"),
    Asked("links of an item", lambda o: f"/evidence/{o.item}/links?", (*BOTH, Role.CASEWORKER)),
    Asked("links about a victim", lambda o: f"/links?target_kind=victim&target={o.victim}&"),
    Asked("links about a venue", lambda o: f"/links?target_kind=venue&target={o.venue}&"),
    Asked("timeline of a case", lambda o: f"/cases/{o.typical}/timeline?"),
    Asked("timeline of the largest case", lambda o: f"/cases/{o.largest}/timeline?", (*BOTH, Role.CASEWORKER)),
    Asked("chart of a case", lambda o: f"/cases/{o.typical}/chart?", (*BOTH, Role.CASEWORKER)),
    Asked("chart of the largest case", lambda o: f"/cases/{o.largest}/chart?"),
    Asked("chart around a victim", lambda o: f"/cases/{o.largest}/chart?around_kind=victim&around={o.victim}"),
    Asked("search, pseudonym", lambda o: f"/search?q={quote(o.pseudonym)}&"),
    Asked("search, beginning of a word", lambda o: "/search?q=sy&"),
    Asked("search, common word", lambda o: "/search?q=house&"),
    Asked("search, common word, victims", lambda o: "/search?q=house&kind=victim&"),
    Asked("search, two common words", lambda o: "/search?q=footage+house&"),
    Asked("search, misspelt", lambda o: "/search?q=cormorent&"),
    Asked("search, Khmer", lambda o: f"/search?q={quote('ភ្នំពេញ')}&"),
)


def people(folder: Path, quick: bool) -> list[Figure]:
    """A tenth of the people and places, and all of them, asked in turns; on SQLite and on PostgreSQL."""
    found = _measured("SQLite", folder / "sqlite", None, quick)
    try:
        with machine.postgres(folder) as url:
            found += _measured("PostgreSQL", folder / "postgresql", url, quick)
    except Lacking as lacking:
        print(lacking)
    return found


@dataclass(frozen=True)
class _Served:
    """An office that is filled, and the port of its server."""

    port: int
    crowd: Crowd
    engine: sa.Engine

    def times(self, asked: Asked, role: Role, count: int) -> list[float]:
        path = f"/api/v1{asked.path(self.crowd)}"
        if path.endswith(("?", "&")) and "/chart" not in path:
            path += f"limit={PAGE}"
        return sending.times(self.port, {"Authorization": f"Bearer {self.crowd.tokens[role]}"}, path, count)


def _measured(database: str, folder: Path, url: str | None, quick: bool) -> list[Figure]:
    small, large, rounds, count = (0.1, 0.2, 2, 5) if quick else (0.1, 1.0, 3, 20)
    with ExitStack() as offices:
        tenth, whole = (
            offices.enter_context(_office(folder / name, _database(url, name), FULL.part(share)))
            for name, share in (("tenth", small), ("whole", large))
        )
        found = [_bare(database, tenth, whole, rounds, count)]
        for asked in ASKED:
            for role in asked.roles:
                found.append(
                    _figure(f"{asked.name}, {role.value}, {database}", asked, role, tenth, whole, rounds, count)
                )
                print(found[-1].name, round(found[-1].service, 1), flush=True)
    return found


@contextmanager
def _office(data: Path, url: str | None, size: Size) -> Iterator[_Served]:
    data.parent.mkdir(exist_ok=True)
    with machine.office(data, **({} if url is None else {"DATABASE_URL": url})) as office:
        began = perf_counter()
        filled = crowd(office, size)
        print(f"{size.victims} victims made in {perf_counter() - began:.0f} s", flush=True)
        with machine.serving(office) as port:
            yield _Served(port, filled, office.site.engine)


def _database(url: str | None, name: str) -> str | None:
    """A database of its own on the server."""
    if url is None:
        return None
    engine = sa.create_engine(sa.make_url(url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    engine.dispose()
    return sa.make_url(url).set(database=name).render_as_string(hide_password=False)


def _figure(name: str, asked: Asked, role: Role, tenth: _Served, whole: _Served, rounds: int, count: int) -> Figure:
    """The p95 of each round against what it may be; in the name the medians, and how the time has grown."""
    small, large, p95 = list[float](), list[float](), list[float]()
    for office in (tenth, whole):
        office.times(asked, role, 2)
    for _ in range(rounds):
        small += tenth.times(asked, role, count)
        last = whole.times(asked, role, count)
        large += last
        p95.append(quantiles(last, n=20)[18])
    grown = median(large) / median(small)
    said = f"{name}: p50 {median(small):.1f} → {median(large):.1f} ms, ×{grown:.2f}"
    return Figure(said, "ms", MOST_MS, quantiles(large, n=20)[18], tuple(one / MOST_MS for one in p95))


def _bare(database: str, tenth: _Served, whole: _Served, rounds: int, count: int) -> Figure:
    """The page of a list against the machine's own limit: its rows alone, by the driver, in one statement."""
    asked = next(one for one in ASKED if one.name == "victims of the largest case")
    bare, service, ratios = list[float](), list[float](), list[float]()
    for _ in range(rounds):
        alone = _page(whole.engine, whole.crowd.largest, count)
        served = whole.times(asked, Role.SUPERVISOR, count)
        bare, service = bare + alone, service + served
        ratios.append(median(served) / median(alone))
    name = f"{asked.name}, against one bare statement for its rows, p50, {database}"
    return Figure(name, "ms", median(bare), median(service), tuple(ratios))


def _page(engine: sa.Engine, case: UUID, count: int) -> list[float]:
    mark, key = ("?", case.hex) if engine.dialect.name == "sqlite" else ("%s", case)
    where = "FROM victim_case k JOIN victim v ON v.id = k.victim_id WHERE k.case_id ="
    query = f"SELECT v.* {where} {mark} ORDER BY k.victim_id DESC LIMIT {PAGE + 1}"
    found = []
    with engine.connect() as connection:
        cursor = connection.connection.cursor()
        for _ in range(count):
            began = perf_counter()
            cursor.execute(query, (key,))
            cursor.fetchall()
            found.append((perf_counter() - began) * 1000)
        cursor.close()
    return found
