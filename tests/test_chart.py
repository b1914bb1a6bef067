"""The link chart of a case: who and what is tied to whom, what is left out, and who sees what of it."""

import uuid
from typing import Any

import pytest
import sqlalchemy as sa

from evidence_api.models import VictimCase
from evidence_api.services import chart
from evidence_api.work import Site, begin
from tests.casework import made, new_episode, new_operation, new_perpetrator, new_venue, new_victim
from tests.conftest import Persona, upload
from tests.test_links import linked
from tests.test_lists import statements

Made = dict[str, Any]


def view(persona: Persona, case: Made, **asked: str) -> Made:
    answer = persona.get(f"/cases/{case['id']}/chart", query_string=asked)
    assert answer.status_code == 200, answer.get_json()
    found: Made = answer.get_json()
    return found


def names(found: Made) -> set[tuple[str, str]]:
    return {(node["kind"], node["name"]) for node in found["nodes"]}


def ties(found: Made) -> set[tuple[str, str, str, str | None]]:
    named = {node["key"]: node["name"] for node in found["nodes"]}
    return {(named[tie["a"]], tie["kind"], named[tie["b"]], tie["detail"]) for tie in found["ties"]}


@pytest.fixture
def story(investigator: Persona, case: Made, item: Made) -> Made:
    """A girl who was held by a keeper at a venue, filmed there, and is to be fetched out."""
    victim, keeper, venue = (
        new_victim(investigator, case["id"]),
        new_perpetrator(investigator, case["id"], alias="ម៉ែដាញ"),
        new_venue(investigator, case["id"]),
    )
    episode = new_episode(investigator, victim["id"], venue["id"])
    operation = new_operation(investigator, case["id"], venue=venue["id"])
    made(investigator, f"/perpetrators/{keeper['id']}/victims", {"victim": victim["id"], "relation": "held"})
    made(investigator, f"/venues/{venue['id']}/ties", {"perpetrator": keeper["id"], "kind": "keeper"})
    linked(investigator, item, "venue", venue["id"], "recorded_at")
    linked(investigator, item, "victim", victim["id"], confidence="possible")
    return {
        "case": case,
        "item": item,
        "victim": victim,
        "keeper": keeper,
        "venue": venue,
        "episode": episode,
        "operation": operation,
    }


def test_it_tells_who_and_what_is_tied_to_whom(lawyer: Persona, story: Made) -> None:
    found = view(lawyer, story["case"])
    her, item = story["victim"]["pseudonym"], story["item"]["ref"]
    keeper, gate = f"{story['keeper']['ref']} ម៉ែដាញ", f"{story['venue']['ref']} Blue gate"
    assert names(found) == {
        ("evidence", item),
        ("perpetrator", keeper),
        ("victim", her),
        ("venue", gate),
        ("operation", story["operation"]["ref"]),
    }
    assert ties(found) == {
        (item, "link", gate, "recorded_at"),
        (item, "link", her, "shows"),
        (her, "episode", gate, None),
        (keeper, "victim_tie", her, "held"),
        (keeper, "venue_tie", gate, "keeper"),
        (story["operation"]["ref"], "held_at", gate, "rescue"),
    }
    assert not found["left_out"]


def test_an_episode_stands_on_its_own_where_evidence_is_linked_to_it(investigator: Persona, story: Made) -> None:
    linked(investigator, story["item"], "episode", story["episode"]["id"], "proves")
    found = view(investigator, story["case"])
    her = story["victim"]["pseudonym"]
    assert ("episode", her) in names(found)
    kinds = {node["key"]: node["kind"] for node in found["nodes"]}
    drawn = {(kinds[tie["a"]], kinds[tie["b"]]) for tie in found["ties"]}
    assert {("evidence", "episode"), ("victim", "episode"), ("episode", "venue")} <= drawn
    assert ("victim", "venue") not in drawn


def test_it_is_filtered_by_kind_relation_and_certainty(investigator: Persona, story: Made) -> None:
    people = view(investigator, story["case"], kinds="victim,perpetrator")
    assert {node["kind"] for node in people["nodes"]} == {"victim", "perpetrator"}
    assert {tie["kind"] for tie in people["ties"]} == {"victim_tie"}
    shows = view(investigator, story["case"], relation="shows")
    assert {tie["detail"] for tie in shows["ties"] if tie["kind"] == "link"} == {"shows"}
    sure = view(investigator, story["case"], confidence="probable")
    assert {tie["confidence"] for tie in sure["ties"] if tie["kind"] == "link"} == {"certain"}


def test_it_reaches_as_far_as_asked_around_one_node(investigator: Persona, story: Made) -> None:
    around = {"around": story["item"]["id"], "around_kind": "evidence"}
    near = view(investigator, story["case"], **around)
    assert {node["kind"] for node in near["nodes"]} == {"evidence", "victim", "venue"}
    far = view(investigator, story["case"], **around, depth="2")
    assert {node["kind"] for node in far["nodes"]} == {"evidence", "victim", "venue", "perpetrator", "operation"}
    for kind, of in (("operation", "operation"), ("perpetrator", "keeper")):
        one = view(investigator, story["case"], around=story[of]["id"], around_kind=kind)
        assert "venue" in {node["kind"] for node in one["nodes"]}


def test_what_is_not_of_the_case_is_no_middle(investigator: Persona, case: Made, story: Made) -> None:
    other = investigator.post("/cases", {"title": "Quayside", "kind": "child_labour", "country": "KH"}).get_json()
    for id in (new_venue(investigator, other["id"])["id"], uuid.uuid4()):
        answer = investigator.get(f"/cases/{case['id']}/chart?around={id}&around_kind=venue")
        assert answer.status_code == 404
    for wrong in ("kinds=people", f"around={uuid.uuid4()}", "around_kind=venue", "depth=9", "relation=knows"):
        assert investigator.get(f"/cases/{case['id']}/chart?{wrong}").status_code == 422, wrong


def test_who_is_not_assigned_sees_nothing(colleague: Persona, story: Made) -> None:
    assert colleague.get(f"/cases/{story['case']['id']}/chart").status_code == 404


def test_a_caseworker_sees_of_the_evidence_what_is_shared_with_her(
    investigator: Persona, caseworker: Persona, shared_case: Made, story: Made
) -> None:
    found = view(caseworker, shared_case)
    assert "evidence" not in {node["kind"] for node in found["nodes"]}
    assert "link" not in {tie["kind"] for tie in found["ties"]}
    around = {"around": story["item"]["id"], "around_kind": "evidence"}
    assert caseworker.get(f"/cases/{shared_case['id']}/chart", query_string=around).status_code == 404
    made(investigator, f"/evidence/{story['item']['id']}/readers", {"user": str(caseworker.id)})
    assert ("evidence", story["item"]["ref"]) in names(view(caseworker, shared_case))


def test_a_victim_whom_the_case_no_longer_knows_is_not_in_it_nor_what_ties_her(
    investigator: Persona, site: Site, story: Made
) -> None:
    with site.engine.begin() as connection:
        connection.execute(sa.delete(VictimCase).where(VictimCase.victim_id == uuid.UUID(story["victim"]["id"])))
    found = view(investigator, story["case"])
    assert "victim" not in {node["kind"] for node in found["nodes"]}
    assert {tie["kind"] for tie in found["ties"]} == {"link", "venue_tie", "held_at"}


def test_many_items_about_the_same_are_told_as_one_with_their_number(
    investigator: Persona, case: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chart, "MOST_ITEMS", 3)
    venue, keeper = new_venue(investigator, case["id"]), new_perpetrator(investigator, case["id"])
    for number in range(5):
        item = upload(investigator, case["id"])
        linked(investigator, item, "venue", venue["id"])
        if number > 2:
            linked(investigator, item, "perpetrator", keeper["id"])
    found = view(investigator, case)
    folded = [node for node in found["nodes"] if node["kind"] == "evidence"]
    assert [(node["items"], node["id"], node["name"]) for node in folded] == [(3, None, ""), (2, None, "")]
    tied = {key: {tie["b"] for tie in found["ties"] if tie["a"] == key} for key in (n["key"] for n in folded)}
    assert list(tied.values()) == [
        {f"venue:{venue['id']}"},
        {f"venue:{venue['id']}", f"perpetrator:{keeper['id']}"},
    ]
    assert not found["left_out"]


def test_a_large_case_is_told_in_part_and_says_so(
    investigator: Persona, site: Site, case: Made, item: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked_for() -> int:
        with begin(site, investigator.actor(), read_only=True) as work, statements(site) as asked:
            chart.chart(work, uuid.UUID(case["id"]))
        return len(asked)

    monkeypatch.setattr(chart, "MOST_OF_A_KIND", 2)
    refs = [new_venue(investigator, case["id"], description=f"House {n}") for n in range(2)]
    before = asked_for()
    assert not view(investigator, case)["left_out"]
    refs += [new_venue(investigator, case["id"], description=f"House {n}") for n in range(2, 4)]
    houses = [("venue", f"{one['ref']} House {n}") for n, one in enumerate(refs)]
    found = view(investigator, case)
    assert (names(found), found["left_out"]) == ({houses[2], houses[3]}, True)
    assert asked_for() == before
    assert names(view(investigator, case, around=refs[0]["id"], around_kind="venue")) == {houses[0]}
    linked(investigator, item, "venue", refs[1]["id"], "recorded_at")
    tied = view(investigator, case)
    assert names(tied) == {houses[1], houses[3], ("evidence", item["ref"])}
