"""Exhibits: numbered per case and side, what the court made of each, and their list as a table and on paper."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from evidence_api.domain.exhibit import EXHIBIT
from tests.casework import Made, move, new_exhibit
from tests.conftest import Persona, upload
from tests.paper import read

NOW = datetime.now(UTC)


def step(persona: Persona, exhibit: Made, action: str, **fields: Any) -> Any:
    return persona.post(f"/exhibits/{exhibit['id']}/transitions", {"action": action, "reason": "As it was", **fields})


def mark(persona: Persona, case: Made, **fields: Any) -> Any:
    return persona.post(f"/cases/{case['id']}/exhibits", {"side": "prosecution", **fields})


def test_each_side_has_numbers_of_its_own_in_each_case(
    lawyer: Persona, investigator: Persona, caseworker: Persona, shared_case: Made
) -> None:
    case = shared_case["id"]
    item = upload(investigator, case)["id"]
    first = new_exhibit(lawyer, case, evidence=item)
    others = [
        new_exhibit(lawyer, case, side=side, description="A letter") for side in ("defence", "court", "prosecution")
    ]
    assert [one["label"] for one in (first, *others)] == ["P-1", "D-1", "C-1", "P-2"]
    assert (first["evidence"], first["state"], others[0]["description"]) == (item, "marked", "A letter")
    again = mark(lawyer, shared_case, evidence=item)
    assert "P-1" in again.get_json()["errors"]["evidence"][0]
    assert new_exhibit(lawyer, case, side="defence", evidence=item)["label"] == "D-2"
    path = f"/cases/{case}/exhibits"
    assert [one["label"] for one in lawyer.get(f"{path}?side=defence").get_json()["items"]] == ["D-2", "D-1"]
    assert investigator.get(f"/exhibits/{first['id']}").get_json() == first
    assert investigator.post(path, {"side": "defence", "description": "A letter"}).status_code == 403
    assert caseworker.get(f"/exhibits/{first['id']}").status_code == 404
    other = investigator.post("/cases", {"title": "Other", "kind": "forced_labour", "country": "KH"}).get_json()
    body = {"user": str(lawyer.id), "role": "lawyer"}
    assert investigator.post(f"/cases/{other['id']}/assignments", body).status_code == 201
    assert new_exhibit(lawyer, other["id"], description="A rope")["label"] == "P-1"
    assert "no such item" in mark(lawyer, other, evidence=item).get_json()["errors"]["evidence"][0]


def test_an_exhibit_is_an_item_or_described(lawyer: Persona, case: Made) -> None:
    assert "evidence" in mark(lawyer, case).get_json()["errors"]
    assert "side" in mark(lawyer, case, side="witness", description="A letter").get_json()["errors"]


def test_the_court_admits_or_excludes_an_exhibit_by_a_ruling(lawyer: Persona, supervisor: Persona, case: Made) -> None:
    exhibit = new_exhibit(lawyer, case["id"], description="A ledger of debts")
    assert step(lawyer, exhibit, "admit", ruling="Relevant").get_json()["allowed"] == ["offer", "return", "withdraw"]
    assert step(supervisor, exhibit, "offer").status_code == 403
    step(lawyer, exhibit, "offer")
    assert "ruling" in step(lawyer, exhibit, "exclude").get_json()["errors"]
    assert "ruling" in step(lawyer, exhibit, "withdraw", ruling="Relevant").get_json()["errors"]
    assert "no such hearing" in step(lawyer, exhibit, "offer", hearing=exhibit["id"]).get_json()["errors"]["hearing"][0]
    day = (NOW.date() - timedelta(days=3)).isoformat()
    excluded = step(lawyer, exhibit, "exclude", ruling="Seized without a warrant", decided_on=day).get_json()
    assert (excluded["state"], excluded["ruling"], excluded["decided_on"]) == (
        "excluded",
        "Seized without a warrant",
        day,
    )
    assert excluded["allowed"] == ["offer", "return"]
    step(lawyer, exhibit, "offer")
    admitted = step(lawyer, exhibit, "admit", ruling="The keeper consented").get_json()
    assert (admitted["state"], admitted["ruling"]) == ("admitted", "The keeper consented")
    assert step(lawyer, exhibit, "return").get_json()["allowed"] == []
    events = lawyer.get(f"/cases/{case['id']}/timeline").get_json()["items"]
    mine = [one for one in events if one["subject"] == f"exhibit:{exhibit['id']}"]
    assert {one["action"] for one in mine} <= {"exhibit:mark", *(f"exhibit:{action}" for action in EXHIBIT.actions)}
    assert "warrant" not in str([one["data"] for one in mine])


def test_an_item_that_was_withdrawn_can_be_marked_again(lawyer: Persona, investigator: Persona, case: Made) -> None:
    item = upload(investigator, case["id"])["id"]
    first = new_exhibit(lawyer, case["id"], evidence=item)
    tag = lawyer.get(f"/exhibits/{first['id']}").headers["ETag"]
    move(lawyer, f"/exhibits/{first['id']}", "withdraw")
    lost = lawyer.call(
        "POST",
        f"/exhibits/{first['id']}/transitions",
        json={"action": "offer", "reason": "Late"},
        headers={"If-Match": tag},
    )
    assert lost.status_code == 412
    assert new_exhibit(lawyer, case["id"], evidence=item)["label"] == "P-2"


# --- the list ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def listed(lawyer: Persona, investigator: Persona, case: Made) -> Made:
    """A case with exhibits of both sides, one of which looks like a formula."""
    item = upload(investigator, case["id"], title="Ledger of debts")
    first = new_exhibit(lawyer, case["id"], evidence=item["id"])
    new_exhibit(lawyer, case["id"], side="defence", description='=HYPERLINK("//x","A letter")')
    move(lawyer, f"/exhibits/{first['id']}", "offer")
    return {**case, "item": item}


def test_the_list_of_exhibits_as_a_table_runs_no_formula(lawyer: Persona, caseworker: Persona, listed: Made) -> None:
    path = f"/cases/{listed['id']}/exhibits/list.csv"
    answer = lawyer.get(path)
    assert (answer.mimetype, answer.headers["Cache-Control"]) == ("text/csv", "no-store")
    rows = list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig"))))
    assert [row["label"] for row in rows] == ["P-1", "D-1"]
    item = listed["item"]
    assert (rows[0]["item"], rows[0]["title"], rows[0]["sha256"]) == (item["ref"], "Ledger of debts", item["sha256"])
    assert rows[1]["description"].startswith("'=HYPERLINK")
    assert caseworker.get(path).status_code == 404
    told = lawyer.get(f"/cases/{listed['id']}/timeline").get_json()["items"][0]
    assert (told["action"], told["data"]) == ("case:export", {"kind": "exhibits", "rows": 2})


def test_the_list_of_exhibits_on_paper_says_the_same(lawyer: Persona, listed: Made) -> None:
    answer = lawyer.get(f"/cases/{listed['id']}/exhibits/list.pdf")
    assert (answer.mimetype, answer.headers["Cache-Control"]) == ("application/pdf", "no-store")
    found = read(answer.get_data())
    assert (found.title, len(found.pages)) == ("Exhibits", 1)
    page = found.pages[0]
    for said in (listed["ref"], "Prosecution", "P-1", "Ledger of debts", "Offered", "Defence", "D-1", "Page 1 of 1"):
        assert said in page
    assert listed["ref"] not in found.title
