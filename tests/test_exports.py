"""Tables taken out of a case: by who may see the rows, recorded, and never run as formulas."""

import csv
import io
from typing import Any

import pytest
import sqlalchemy as sa

from evidence_api.domain.table import BOM
from evidence_api.models import LedgerEntry
from evidence_api.work import Site
from tests.casework import new_perpetrator, new_venue, new_victim
from tests.conftest import Persona, upload
from tests.pages import browser, shown
from tests.test_imports import bring
from tests.test_web import csrf

pytestmark = pytest.mark.usefixtures("quick_sign_in")

FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "＝1+1", "＋1", "－1", "＠x", "'=1", "''=1", "a=1")


def taken(persona: Persona, case: dict[str, Any], kind: str, status: int = 200) -> str:
    answer = persona.get(f"/cases/{case['id']}/export/{kind}.csv")
    assert answer.status_code == status, answer.get_data(as_text=True)
    return answer.get_data().decode()


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix(BOM), newline="")))


def test_a_table_has_every_row_once_newest_first(
    investigator: Persona, case: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evidence_api.api.exports.MAX_PAGE", 2)
    made = [new_venue(investigator, case["id"], description=f"Gate {n}") for n in range(5)]
    text = taken(investigator, case, "venues")
    assert text.startswith(BOM)
    assert [row["ref"] for row in rows(text)] == [venue["ref"] for venue in reversed(made)]
    assert rows(text)[0]["description"] == "Gate 4"


def test_taking_one_out_is_recorded_with_how_many_rows(site: Site, investigator: Persona, case: dict[str, Any]) -> None:
    new_venue(investigator, case["id"])
    taken(investigator, case, "venues")
    with site.engine.connect() as connection:
        find = sa.select(LedgerEntry.body).where(LedgerEntry.subject == f"case:{case['id']}")
        body = connection.scalars(find.order_by(LedgerEntry.seq.desc()).limit(1)).one()
    assert b'"case:export"' in body
    assert b'"data":{"kind":"venues","rows":1}' in body


def test_no_cell_is_run_as_a_formula_and_an_import_brings_it_back_as_it_was(
    investigator: Persona, case: dict[str, Any]
) -> None:
    for text in FORMULAS:
        new_perpetrator(investigator, case["id"], alias=text, aliases=[text])
    exported = taken(investigator, case, "perpetrators")
    cells = [cell for row in rows(exported) for cell in row.values()]
    assert not [cell for cell in cells if cell[:1] in tuple("=+-@＝＋－＠\t\r")]
    other = investigator.post("/cases", {"title": "Other", "kind": "child_labour", "country": "KH"}).get_json()
    mapping = {name: name for name in ("alias", "aliases", "roles", "gender")}
    assert bring(investigator, other, "perpetrators", exported, mapping).status_code == 200
    found = investigator.get(f"/cases/{other['id']}/perpetrators").get_json()["items"]
    assert sorted(one["alias"] for one in found) == sorted(FORMULAS)
    assert all(one["aliases"] == [one["alias"]] for one in found)


def test_a_table_of_victims_has_their_pseudonyms_and_nothing_that_tells_who_they_are(
    caseworker: Persona, lawyer: Persona, shared_case: dict[str, Any]
) -> None:
    victim = new_victim(caseworker, shared_case["id"], estimated_age=15)
    found = rows(taken(lawyer, shared_case, "victims"))
    assert [(row["pseudonym"], row["minor"], row["languages"]) for row in found] == [
        (victim["pseudonym"], "true", "km")
    ]
    assert set(found[0]) == {
        *("pseudonym", "gender", "minor", "estimated_age", "languages", "country", "family_members", "dependents"),
        *("identification", "whereabouts", "missed_how", "care", "out_at", "created_at"),
    }


def test_a_caseworker_takes_out_only_the_items_that_are_shared_with_her(
    investigator: Persona, caseworker: Persona, shared_case: dict[str, Any]
) -> None:
    upload(investigator, shared_case["id"])
    assert len(rows(taken(investigator, shared_case, "items"))) == 1
    assert rows(taken(caseworker, shared_case, "items")) == []


@pytest.mark.parametrize("kind", ["victims", "perpetrators", "venues", "items"])
def test_only_who_may_see_the_case_takes_anything_out(
    colleague: Persona, administrator: Persona, supervisor: Persona, case: dict[str, Any], kind: str
) -> None:
    taken(colleague, case, kind, status=404)
    taken(administrator, case, kind, status=404)
    assert taken(supervisor, case, kind).count("\n") == 1


def test_the_page_gives_the_table_under_a_name_that_says_only_the_ref(
    investigator: Persona, case: dict[str, Any]
) -> None:
    client = browser(investigator)
    page = shown(client, f"/cases/{case['id']}/tables")
    answer = client.post(f"/cases/{case['id']}/export/venues", data={"csrf_token": csrf(page)})
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{case["ref"]}-venues.csv"'
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.get_data().decode().startswith(BOM)
    assert client.get(f"/cases/{case['id']}/export/venues").status_code == 405
