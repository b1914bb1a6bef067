"""The lists of people and places find their rows by an index, whatever the number of rows in the tables."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from evidence_api.work import Site
from tests.casework import made, new_episode, new_perpetrator, new_venue, new_victim
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
    person: Persona = request.getfixturevalue(role)
    allowed = [path for path in paths if role != "investigator" or path != "/care/due"]
    asked: dict[str, Asked] = {}
    for path in allowed:
        with reading(site) as asked[path]:
            assert person.get(path).status_code == 200, path
    with site.engine.connect() as connection:
        whole = {
            path: sorted(tables)
            for path, statements in asked.items()
            if (tables := {t for one in statements for t in scanned(connection, *one)}.intersection(GROWING))
        }
    assert whole == {}


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
