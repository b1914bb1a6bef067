"""Search: a part of a ref, title or tag finds what the one who asks may know of, and nothing else."""

from typing import Any
from uuid import uuid4

import pytest

from evidence_api.services import search
from evidence_api.work import Site, begin
from tests.conftest import Persona, upload

pytestmark = pytest.mark.usefixtures("quick_sign_in")


def word() -> str:
    """A word that nothing else has in its title."""
    return f"w{uuid4().hex[:12]}"


def open_case(lead: Persona, title: str) -> dict[str, Any]:
    opened: dict[str, Any] = lead.post(
        "/cases", {"title": title, "kind": "sex_trafficking", "country": "KH"}
    ).get_json()
    return opened


def found(persona: Persona, q: str, **more: str) -> list[str]:
    """The refs of what is found, in their order."""
    response = persona.get("/search", query_string={"q": q, **more})
    assert response.status_code == 200, response.get_json()
    return [one["ref"] for one in response.get_json()["items"]]


def test_a_part_of_a_title_finds_cases_and_items_the_newest_first(investigator: Persona) -> None:
    rare = word()
    case = open_case(investigator, f"The {rare} house")
    item = upload(investigator, case["id"], title=f"Door of the {rare}s")
    later = open_case(investigator, rare)
    assert found(investigator, rare) == [later["ref"], item["ref"], case["ref"]]
    assert found(investigator, rare, kind="case") == [later["ref"], case["ref"]]
    assert found(investigator, rare, kind="item") == [item["ref"]]


@pytest.mark.parametrize("written", ["Café Rouge", "Бар «Заря»", "QUÁN BIA"])
def test_capitals_do_not_matter_in_any_script(investigator: Persona, written: str) -> None:
    rare = word()
    case = open_case(investigator, f"{rare} {written}")
    for typed in (written.lower(), written.upper(), written):
        assert found(investigator, f"{rare} {typed}") == [case["ref"]]


@pytest.mark.parametrize("wildcard", ["%", "_", "\\", "/"])
def test_what_databases_take_for_wildcards_is_found_as_it_is_written(investigator: Persona, wildcard: str) -> None:
    rare = word()
    case = open_case(investigator, f"{rare}a{wildcard}b")
    open_case(investigator, f"{rare}axb")
    assert found(investigator, f"{rare}a{wildcard}b") == [case["ref"]]


def test_the_exact_ref_comes_first_before_all_that_is_newer(investigator: Persona) -> None:
    case = open_case(investigator, "Riverside")
    items = [upload(investigator, case["id"])["ref"] for _ in range(2)]
    newer = open_case(investigator, f"As in {case['ref']}")
    assert found(investigator, case["ref"].lower()) == [case["ref"], newer["ref"], *reversed(items)]
    assert found(investigator, items[0])[0] == items[0]


def test_a_thing_is_found_by_its_tag(investigator: Persona, case: dict[str, Any]) -> None:
    tag = word().upper()
    body = {"title": "Ledger book", "tag": tag, "place": "Safe"}
    item = investigator.post(f"/cases/{case['id']}/items", body).get_json()
    (one,) = investigator.get("/search", query_string={"q": tag.lower()}).get_json()["items"]
    assert one == {
        "kind": "item",
        "id": item["id"],
        "ref": item["ref"],
        "title": "Ledger book",
        "tag": tag,
        "case": case["id"],
    }


def test_what_one_may_not_know_of_is_not_found(
    investigator: Persona, colleague: Persona, supervisor: Persona, caseworker: Persona
) -> None:
    rare = word()
    case = open_case(investigator, rare)
    shown, hidden = (upload(investigator, case["id"], title=f"{rare} {number}") for number in range(2))
    assert found(colleague, rare) == []
    assert found(supervisor, rare) == [hidden["ref"], shown["ref"], case["ref"]]
    assigned = {"user": str(caseworker.id), "role": "caseworker"}
    assert investigator.post(f"/cases/{case['id']}/assignments", assigned).status_code == 201
    assert found(caseworker, rare) == [case["ref"]]
    assert investigator.post(f"/evidence/{shown['id']}/readers", {"user": str(caseworker.id)}).status_code == 201
    assert found(caseworker, rare) == [shown["ref"], case["ref"]]


def test_an_administrator_searches_nothing(administrator: Persona) -> None:
    assert administrator.get("/search?q=riverside").status_code == 403


def test_it_says_when_there_is_more_than_it_gives(investigator: Persona) -> None:
    rare = word()
    refs = [open_case(investigator, rare)["ref"] for _ in range(3)]
    some = investigator.get("/search", query_string={"q": rare, "limit": "2"}).get_json()
    assert ([one["ref"] for one in some["items"]], some["more"]) == ([refs[2], refs[1]], True)
    assert investigator.get("/search", query_string={"q": rare, "limit": "3"}).get_json()["more"] is False


def test_it_never_gives_more_than_fifty(site: Site, investigator: Persona) -> None:
    with begin(site, investigator.actor(), read_only=True) as work:
        assert len(search.find(work, q="pp").items) <= search.MOST == 50
    assert investigator.get("/search?q=pp&limit=51").status_code == 422


@pytest.mark.parametrize("q", ["", "a", " a ", "a" * 101])
def test_too_short_or_too_long_a_search_is_told_so(investigator: Persona, q: str) -> None:
    refused = investigator.get("/search", query_string={"q": q})
    assert (refused.status_code, list(refused.get_json()["errors"])) == (422, ["q"])
