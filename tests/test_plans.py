"""The lists of people, places and trials find their rows by an index, whatever the number of rows in the tables."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from evidence_api.work import Site
from tests.casework import (
    filed_charge,
    made,
    move,
    new_adult,
    new_episode,
    new_hearing,
    new_perpetrator,
    new_testimony,
    new_venue,
    new_victim,
)
from tests.conftest import Persona

GROWING = [
    "case_file",
    "victim",
    "victim_case",
    "venue",
    "perpetrator",
    "evidence",
    "link",
    "episode",
    "search_task",
    "alert",
    "care_step",
    "timeline_event",
    "victim_tie",
    "venue_tie",
    "roster_entry",
    "operation",
    "keep_apart",
    "ledger_entry",
    "search_text",
    "charge",
    "appeal",
    "exhibit",
    "element_proof",
    "verdict",
    "sentence",
    "hearing",
    "hearing_charge",
    "attendance",
    "occupancy",
    "testimony",
    "booking",
    "preparation",
    "unavailability",
    "measure",
    "post_court_plan",
    "closure_order",
    "inspection",
    "figure_fact",
]
"""Tables that no list reads from one end to the other."""

Asked = list[tuple[str, Any]]


@contextmanager
def reading(site: Site) -> Iterator[Asked]:
    """Every SELECT that the database is asked meanwhile, with its values."""
    asked: Asked = []

    def note(_c: Any, _cursor: Any, statement: str, values: Any, *_more: Any) -> None:
        if statement.startswith("SELECT"):
            asked.append((statement, values))

    sa.event.listen(site.engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        sa.event.remove(site.engine, "before_cursor_execute", note)


def scanned(connection: sa.Connection, statement: str, values: Any) -> set[str]:
    """The tables that the database would read from one end to the other, for want of an index."""
    if connection.dialect.name == "sqlite":
        if re.search(r"\bAND 0 = 1\b|\bWHERE 0 = 1\b", statement):
            # What a role sees nothing of is not begun to be read.
            return set()
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]
        named = r"(?:FROM|JOIN) (\w+) AS (\w+)"
        table = {alias: name for name, alias in re.findall(named, statement)}
        found = [line.split()[1] for line in plan if line.startswith("SCAN ") and " USING " not in line]
        return {table.get(name, name) for name in found}
    # So small a table is quickest read whole; without that it is read whole only where no index would do.
    connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
    plan = [row[0] for row in connection.exec_driver_sql(f"EXPLAIN {statement}", values)]
    return set(re.findall(r"Seq Scan on (\w+)", "\n".join(plan)))


@pytest.fixture
def paths(investigator: Persona, shared_case: dict[str, Any], item: dict[str, Any]) -> list[str]:
    """Every list of a case with a victim, a venue, a perpetrator and a link, and those over all cases."""
    case = f"/cases/{shared_case['id']}"
    victim = new_victim(investigator, shared_case["id"])["id"]
    venue = new_venue(investigator, shared_case["id"])["id"]
    new_perpetrator(investigator, shared_case["id"])
    new_episode(investigator, victim, venue)
    about = {"target_kind": "victim", "target": victim, "relation": "shows"}
    made(investigator, f"/evidence/{item['id']}/links", about)
    return [
        "/cases",
        "/victims",
        "/victims?whereabouts=missing",
        "/venues",
        "/perpetrators",
        *(f"{case}/{part}" for part in ("victims", "venues", "perpetrators", "timeline", "chart", "searches")),
        "/searches?open=true",
        "/alerts?open=true",
        "/care/due",
        f"/links?target_kind=victim&target={victim}",
        f"/links?target_kind=venue&target={venue}",
        "/search?q=gate",
        "/search?q=blau+gaet",
    ]


@pytest.mark.parametrize("role", ["supervisor", "investigator", "caseworker"])
def test_no_list_of_people_and_places_reads_a_whole_table(
    site: Site, paths: list[str], role: str, request: pytest.FixtureRequest
) -> None:
    allowed = [path for path in paths if role != "investigator" or path != "/care/due"]
    assert whole_tables(site, request.getfixturevalue(role), allowed) == {}


def whole_tables(site: Site, person: Persona, paths: list[str]) -> dict[str, list[str]]:
    """By path: the growing tables that are read from one end to the other for it."""
    asked: dict[str, Asked] = {}
    for path in paths:
        with reading(site) as asked[path]:
            assert person.get(path).status_code == 200, path
    return whole(site, asked)


def whole(site: Site, asked: dict[str, Asked]) -> dict[str, list[str]]:
    """By what was asked: the growing tables that the database would read from one end to the other for it."""
    with site.engine.connect() as connection:
        return {
            path: sorted(tables)
            for path, statements in asked.items()
            if (tables := {t for one in statements for t in scanned(connection, *one)}.intersection(GROWING))
        }


@pytest.mark.parametrize("path", ["timeline", "links", "search", "searches"])
def test_what_a_supervisor_may_know_is_looked_up_row_by_row(
    site: Site, supervisor: Persona, paths: list[str], item: dict[str, Any], path: str
) -> None:
    """PostgreSQL would rather list all that she may know, before it reads the first row of a page."""
    if site.engine.dialect.name == "sqlite":
        pytest.skip("SQLite always does")
    chosen = {"links": f"/evidence/{item['id']}/links", "search": "/search?q=gate", "searches": "/searches?open=true"}
    with reading(site) as asked:
        assert supervisor.get(chosen.get(path, f"/cases/{item['case']}/{path}")).status_code == 200
    with site.engine.connect() as connection:
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        plans = [connection.exec_driver_sql(f"EXPLAIN {statement}", values).scalars() for statement, values in asked]
    assert [line for plan in plans for line in plan if "hashed SubPlan" in line] == []


def test_no_query_is_compiled_by_the_database(site: Site) -> None:
    if site.engine.dialect.name == "sqlite":
        pytest.skip("SQLite never does")
    with site.engine.connect() as connection:
        assert connection.exec_driver_sql("SHOW jit").scalar_one() == "off"


@pytest.fixture
def court_paths(
    investigator: Persona, lawyer: Persona, caseworker: Persona, supervisor: Persona, shared_case: dict[str, Any]
) -> list[str]:
    """Every list of a case that is tried, with a charge, a hearing, a witness who is booked and an order, and those
    over all cases."""
    id = shared_case["id"]
    case, year = f"/cases/{id}", datetime.now(UTC).year
    charge = filed_charge(lawyer, supervisor, id)
    hearing = new_hearing(lawyer, id, charges=[charge["id"]])
    testimony = new_testimony(lawyer, id, new_adult(investigator, id)["id"])
    where = f"/testimonies/{testimony['id']}"
    made(caseworker, f"{where}/needs", {"needs": {}, "assessed_on": datetime.now(UTC).date().isoformat()})
    for action in ("assess", "agree"):
        move(caseworker, where, action)
    guide = made(caseworker, "/resources", {"kind": "interpreter", "name": "Sister Kolab"})["id"]
    begins = datetime.fromisoformat(hearing["starts_at"])
    times = {"starts_at": begins.isoformat(), "ends_at": (begins + timedelta(hours=1)).isoformat()}
    made(lawyer, f"{where}/book", {"hearing": hearing["id"], "resources": [guide], **times})
    venue = new_venue(investigator, id)["id"]
    order = made(lawyer, f"/venues/{venue}/closure-orders", {"permanent": True})["id"]
    days = [(begins.date() + timedelta(days=days)).isoformat() for days in (-3, 30)]
    return [
        *(f"{case}/{part}" for part in ("charges", "charges/matrix", "appeals", "exhibits", "hearings", "testimonies")),
        *("/charges", "/charges?state=warrant_outstanding", "/hearings", f"/hearings?from={days[0]}&to={days[1]}"),
        *(f"/charges/{charge['id']}{part}" for part in ("", "/editions", "/elements", "/record", "/next-steps")),
        *(f"/hearings/{hearing['id']}{part}" for part in ("", "/attendances")),
        f"/dockets?on={days[0]}",
        f"/calendar?from={days[0]}&to={days[1]}",
        f"/testimonies/conflicts?from={days[0]}&to={days[1]}",
        *(f"{where}{part}" for part in ("", "/bookings", "/measures", "/unavailabilities", "/readiness")),
        *("/resources", f"/resources/{guide}/ties", f"/resources/{guide}/engagements"),
        *("/closure-orders", "/closure-orders/due", f"/closure-orders/{order}", f"/venues/{venue}/closure-orders"),
        f"/venues/{venue}/inspections",
        *(f"/reports/figures{part}year={year}" for part in ("?", "/behind?figure=facing_trial&", "/restatements?")),
    ]


@pytest.mark.parametrize("role", ["supervisor", "lawyer"])
def test_no_list_of_what_is_before_the_courts_reads_a_whole_table(
    site: Site, court_paths: list[str], role: str, request: pytest.FixtureRequest
) -> None:
    assert whole_tables(site, request.getfixturevalue(role), court_paths) == {}


def test_a_time_is_booked_without_reading_a_whole_table(site: Site, court_paths: list[str], lawyer: Persona) -> None:
    """Whom and what it takes is looked up by its keys, the others by their times."""
    path = next(path for path in court_paths if path.endswith("/bookings"))
    booked = lawyer.get(path).get_json()["items"][0]
    body = {name: booked[name] for name in ("hearing", "starts_at", "ends_at", "resources")}
    with reading(site) as asked:
        made(lawyer, path.replace("/bookings", "/book"), body)
    assert len(asked) > 20
    assert whole(site, {path: asked}) == {}


TABLES = {
    "venues": ("kind,description\n", "brothel,Gate {}\n", ("kind", "description"), 0),
    "perpetrators": ("alias,roles\n", "Keeper {},keeper\n", ("alias", "roles"), 0),
    # Whether somebody has the pseudonym is asked for each.
    "victims": ("gender,estimated_age\n", "female,3{}\n", ("gender", "estimated_age"), 1),
}


@pytest.mark.parametrize("kind", TABLES)
def test_an_import_of_more_rows_reads_no_more(
    site: Site, investigator: Persona, case: dict[str, Any], kind: str
) -> None:
    head, row, columns, each = TABLES[kind]
    statements = []
    for count in (2, 9):
        csv = head + "".join(row.format(number) for number in range(count))
        body = {"kind": kind, "csv": csv, "mapping": {name: name for name in columns}}
        with reading(site) as asked:
            assert investigator.post(f"/cases/{case['id']}/imports", body).status_code == 200
        statements.append(len(asked))
    assert statements[1] - statements[0] <= 7 * each
