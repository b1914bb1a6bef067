"""Tables brought into a case: what the columns say, a trial, all rows or none."""

import re
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event

from evidence_api.domain.table import MOST_ROWS, line, neutral, parse, plain
from evidence_api.models import ImportDraft, LedgerEntry
from evidence_api.work import Site
from evidence_api.worker import run_once
from tests.casework import new_venue
from tests.conftest import Persona, days_ago
from tests.pages import beside, browser, led_to, shown, text, told
from tests.test_web import csrf

pytestmark = pytest.mark.usefixtures("quick_sign_in")

VENUES = "Type;Description;Area;Country\nBrothel;Blue gate;Svay Pak;KH\nKTV;=1+1;;\n\n"
MAPPING = {"kind": "Type", "description": "Description", "area": "Area", "country": "Country"}


def bring(persona: Persona, case: dict[str, Any], kind: str, csv: str, mapping: dict[str, str], **more: Any) -> Any:
    return persona.post(f"/cases/{case['id']}/imports", {"kind": kind, "csv": csv, "mapping": mapping, **more})


def venues(persona: Persona, case: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = persona.get(f"/cases/{case['id']}/venues").get_json()["items"]
    return found


def last_entry(site: Site, case: dict[str, Any]) -> bytes:
    with site.engine.connect() as connection:
        find = sa.select(LedgerEntry.body).where(LedgerEntry.subject == f"case:{case['id']}")
        return bytes(connection.scalars(find.order_by(LedgerEntry.seq.desc()).limit(1)).one())


def test_every_row_is_registered_as_if_by_itself(site: Site, investigator: Persona, case: dict[str, Any]) -> None:
    answer = bring(investigator, case, "venues", VENUES, MAPPING)
    report = answer.get_json()
    assert (answer.status_code, report["imported"], report["count"], report["wrong"]) == (200, True, 2, 0)
    assert [row["line"] for row in report["rows"]] == [2, 3]
    second, first = venues(investigator, case)
    assert (first["ref"], first["kind"], first["area"]) == (f"{case['ref']}-V1", "brothel", "Svay Pak")
    assert (second["description"], second["area"]) == ("=1+1", None)
    assert b'"case:import"' in last_entry(site, case)
    assert b'"rows":2' in last_entry(site, case)
    assert new_venue(investigator, case["id"])["ref"] == f"{case['ref']}-V3"


def test_a_trial_says_what_the_import_says_and_leaves_nothing(
    site: Site, investigator: Persona, case: dict[str, Any]
) -> None:
    before = last_entry(site, case)
    tried = bring(investigator, case, "venues", VENUES, MAPPING, dry_run=True).get_json()
    assert (tried["imported"], venues(investigator, case), last_entry(site, case)) == (False, [], before)
    done = bring(investigator, case, "venues", VENUES, MAPPING).get_json()
    assert tried["rows"] == done["rows"]
    assert venues(investigator, case)[1]["ref"] == f"{case['ref']}-V1"


def test_where_a_row_is_wrong_each_is_named_and_nothing_is_imported(
    investigator: Persona, case: dict[str, Any]
) -> None:
    csv = VENUES + 'palace;"x";\nbar;"two\nlines";;KH\nbar;;;Cambodia\n'
    answer = bring(investigator, case, "venues", csv, MAPPING)
    errors = answer.get_json()["errors"]
    assert answer.status_code == 422
    assert errors.keys() == {"line 5.kind", "line 6.description", "line 8.description", "line 8.country"}
    tried = bring(investigator, case, "venues", csv, MAPPING, dry_run=True)
    assert (tried.status_code, tried.get_json()["wrong"]) == (200, 3)
    assert venues(investigator, case) == []


def test_what_the_use_case_refuses_is_a_wrong_row_too(investigator: Persona, case: dict[str, Any]) -> None:
    csv = "Sex,Age,Minor\nfemale,12,no\nfemale,30,no\n"
    mapping = {"gender": "Sex", "estimated_age": "Age", "minor": "Minor"}
    answer = bring(investigator, case, "victims", csv, mapping)
    assert answer.get_json()["errors"].keys() == {"line 2.estimated_age"}
    assert investigator.get(f"/cases/{case['id']}/victims").get_json()["items"] == []


def test_several_in_one_cell_are_divided(investigator: Persona, case: dict[str, Any]) -> None:
    csv = "Name,Other names,Role\nAuntie,Mrs K; The Boss,Keeper; Recruiter\n"
    mapping = {"alias": "Name", "aliases": "Other names", "roles": "Role"}
    assert bring(investigator, case, "perpetrators", csv, mapping).status_code == 200
    found = investigator.get(f"/cases/{case['id']}/perpetrators").get_json()["items"][0]
    assert (found["aliases"], found["roles"]) == (["Mrs K", "The Boss"], ["keeper", "recruiter"])


def test_who_a_victim_is_never_comes_by_a_table(caseworker: Persona, shared_case: dict[str, Any]) -> None:
    csv = "Full name,Sex,Phone\nSokha Chan,female,012 345\n"
    answer = bring(caseworker, shared_case, "victims", csv, {"gender": "Sex", "country": "Full name"})
    assert "Identities are not imported" in answer.get_json()["errors"]["mapping.country"][0]
    assert bring(caseworker, shared_case, "victims", csv, {"gender": "Sex"}).status_code == 200


def test_only_who_may_register_such_a_thing_by_itself_may_import_it(
    investigator: Persona,
    lawyer: Persona,
    caseworker: Persona,
    supervisor: Persona,
    colleague: Persona,
    shared_case: dict[str, Any],
) -> None:
    victims = ("victims", "Sex\nfemale\n", {"gender": "Sex"})
    places = ("venues", VENUES, MAPPING)
    allowed = {
        (who.role.value, table[0]): bring(who, shared_case, *table, dry_run=True).status_code
        for who in (investigator, lawyer, caseworker, supervisor)
        for table in (victims, places)
    }
    assert {key for key, status in allowed.items() if status == 200} == {
        ("investigator", "victims"),
        ("investigator", "venues"),
        ("lawyer", "venues"),
        ("caseworker", "victims"),
    }
    assert set(allowed.values()) == {200, 403}
    assert bring(colleague, shared_case, *places).status_code == 404


def test_nothing_is_imported_into_a_case_that_has_ended(
    lawyer: Persona, investigator: Persona, case: dict[str, Any]
) -> None:
    lawyer.post(f"/cases/{case['id']}/transitions", {"action": "decline", "reason": "Not ours"})
    assert bring(investigator, case, "venues", VENUES, MAPPING).status_code == 409


@pytest.mark.parametrize(
    ("csv", "says"),
    [
        ("Type,Description\n", "no row"),
        ("Type,Type\nbar,bar\n", "same name: Type"),
        ('Type,Description\nbar,"never ended\n', "Line 2 cannot be read"),
        ("Type,Description\nbar,Blue gate, south\n", "Line 2 has more cells"),
        ("Type,Description\n" + "bar,Gate\n" * (MOST_ROWS + 1), "more than 5000 rows"),
        (",".join(f"c{n}" for n in range(101)) + "\n" + "x\n", "more than 100 columns"),
    ],
)
def test_a_file_that_is_no_table_is_refused_with_what_to_do(
    investigator: Persona, case: dict[str, Any], csv: str, says: str
) -> None:
    answer = bring(investigator, case, "venues", csv, {"kind": "Type", "description": "Description"})
    assert answer.status_code == 422
    assert says in answer.get_json()["errors"]["csv"][0]


def test_a_mapping_names_what_is_there(investigator: Persona, case: dict[str, Any]) -> None:
    answer = bring(investigator, case, "venues", VENUES, {"kind": "Sort", "owner": "Type"})
    assert answer.get_json()["errors"].keys() == {"mapping.kind", "mapping.owner", "mapping.description"}
    assert bring(investigator, case, "items", VENUES, {}).status_code == 422


def test_a_hundred_rows_are_registered_with_few_statements_each(
    site: Site, investigator: Persona, case: dict[str, Any]
) -> None:
    """5,000 rows must take less than 20 s, which statements decide more than anything else."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        statements.append(statement)

    event.listen(site.engine, "before_cursor_execute", note)
    csv = "Sex,Age\n" + "female,15\n" * 100
    answer = bring(investigator, case, "victims", csv, {"gender": "Sex", "estimated_age": "Age"})
    event.remove(site.engine, "before_cursor_execute", note)
    assert answer.get_json()["count"] == 100
    assert len(statements) < 100 * 10


@given(st.lists(st.text(alphabet=st.sampled_from("='+-@\t\r\n ＝＋－＠\u200b\ufeffa,\";")), min_size=2, max_size=4))
def test_what_an_export_made_harmless_an_import_makes_whole(cells: list[str]) -> None:
    for cell in cells:
        assert plain(neutral(cell)) == cell
        assert not re.match(r"[\s\u200b\ufeff]*[=+\-@＝＋－＠]", neutral(cell))
    table = parse(line(["a"] * 1 + [f"b{n}" for n in range(len(cells))]) + line(["x", *cells]))
    assert table.rows[0][1] == ["x", *cells]


# --- the pages --------------------------------------------------------------------------------------------------------


def upload(client: FlaskClient, case: dict[str, Any], content: bytes, **fields: str) -> Any:
    path = f"/cases/{case['id']}/import"
    data = {"csrf_token": csrf(shown(client, path)), "kind": "venues", **fields}
    # By hand: the test's own client would write a large file to a disk.
    parts = [f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{data[name]}\r\n' for name in data]
    file = '--x\r\nContent-Disposition: form-data; name="csv"; filename="list.csv"\r\n\r\n'
    body = "".join([*parts, file]).encode() + content + b"\r\n--x--\r\n"
    return client.post(path, data=body, content_type="multipart/form-data; boundary=x")


def test_the_pages_lead_from_the_file_over_the_mapping_and_a_trial_to_the_import(
    site: Site, investigator: Persona, case: dict[str, Any]
) -> None:
    client = browser(investigator)
    page = shown(client, f"/cases/{case['id']}/tables")
    assert f"/cases/{case['id']}/import" in page
    mapping = led_to(upload(client, case, VENUES.encode()))
    html = shown(client, mapping)
    assert re.search(r'<select id="kind".*?<option value="Type" selected', html, re.DOTALL)
    assert "Blue gate" in html
    form = {"csrf_token": csrf(html), **MAPPING, "description": ""}
    html = told(client.post(mapping, data=form), 422)
    assert beside(html, "description")
    form["description"] = "Description"
    html = told(client.post(mapping, data=form), 200)
    assert "All 2 rows can be imported. Nothing is yet." in html
    assert venues(investigator, case) == []
    listed = client.post(mapping, data={**form, "import": "1"}).location
    assert listed == f"/cases/{case['id']}/venues"
    html = shown(client, listed)
    assert "2 rows are imported." in html
    assert "Blue gate" in html
    assert len(venues(investigator, case)) == 2
    assert led_to(client.get(mapping)) == f"/cases/{case['id']}/import"


def test_the_page_names_the_rows_that_are_wrong(investigator: Persona, case: dict[str, Any]) -> None:
    client = browser(investigator)
    mapping = led_to(upload(client, case, (VENUES + "palace;x\n").encode()))
    form = {"csrf_token": csrf(shown(client, mapping)), **MAPPING, "import": "1"}
    html = text(told(client.post(mapping, data=form), 422))
    assert "1 row is wrong, so nothing is imported" in html
    assert re.search(r"5 palace · x .*Give one of", html)
    assert venues(investigator, case) == []


@pytest.mark.parametrize(
    ("content", "encoding", "taken"),
    [
        ("Type,Description\nbar,Café ភ្នំពេញ\n".encode("utf-8-sig"), "", True),
        ("Type,Description\nbar,Café ភ្នំពេញ\n".encode("utf-16"), "", True),
        ("Type,Description\nbar,Café\n".encode("utf-16-le"), "utf-16", True),
        ("Type,Description\nbar,Café\n".encode("cp1252"), "cp1252", True),
        ("Type,Description\nbar,Café\n".encode("cp1252"), "", False),
        ("sep=|\r\nType|Description\r\nbar|Café\r\n".encode(), "", True),
    ],
)
def test_a_file_is_read_as_its_program_saved_it(
    investigator: Persona, case: dict[str, Any], content: bytes, encoding: str, taken: bool
) -> None:
    client = browser(investigator)
    answer = upload(client, case, content, encoding=encoding)
    if taken:
        assert "Café" in shown(client, led_to(answer))
    else:
        assert "Say how it was saved" in beside(told(answer, 422), "csv")


def test_an_uploaded_table_is_sealed_hers_alone_and_gone_after_an_hour(
    site: Site, caseworker: Persona, investigator: Persona, shared_case: dict[str, Any]
) -> None:
    hers = browser(caseworker)
    content = b"Full name,Sex,Remarks\nSokha,female,Secret\n"
    mapping = led_to(upload(hers, shared_case, content, kind="victims"))
    html = shown(hers, mapping)
    assert "Secret" in html
    assert "Sokha" not in html
    assert led_to(browser(investigator).get(mapping)) == f"/cases/{shared_case['id']}/import"
    with site.engine.begin() as connection:
        mine = ImportDraft.user_id == caseworker.id
        sealed = connection.scalars(sa.select(ImportDraft.sealed).where(mine)).one()
        assert b"Secret" not in sealed
        connection.execute(sa.update(ImportDraft).where(mine).values(saved_at=days_ago(0.05)))
    assert led_to(hers.get(mapping)) == f"/cases/{shared_case['id']}/import"
    run_once(site, with_sweep=False)
    with site.engine.connect() as connection:
        assert connection.scalars(sa.select(ImportDraft.id).where(mine)).all() == []


def test_a_file_that_is_too_large_or_missing_is_refused_on_its_page(
    investigator: Persona, case: dict[str, Any]
) -> None:
    client = browser(investigator)
    assert "larger than 5 MB" in told(upload(client, case, b"a" * (5 << 20) + b"b"), 422)
    assert beside(told(upload(client, case, b""), 422), "csv")
    assert upload(client, case, b"a" * (7 << 20)).status_code == 413
