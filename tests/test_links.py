"""Links from evidence to what it is about: made, ended, read from either end, and known to whom."""

import json
import uuid
from typing import Any

import pytest
import sqlalchemy as sa

from evidence_api.domain.case import Stage
from evidence_api.domain.roles import OPERATOR
from evidence_api.models import Case, LedgerEntry, VictimCase
from evidence_api.services import links
from evidence_api.work import Site, begin
from tests.casework import made, new_episode, new_operation, new_perpetrator, new_venue, new_victim
from tests.conftest import Persona, upload
from tests.test_lists import statements

Made = dict[str, Any]

KINDS = ("victim", "perpetrator", "venue", "episode", "operation")


def new_target(investigator: Persona, case: str, kind: str) -> str:
    if kind == "victim":
        return str(new_victim(investigator, case)["id"])
    if kind == "perpetrator":
        return str(new_perpetrator(investigator, case)["id"])
    if kind == "venue":
        return str(new_venue(investigator, case)["id"])
    if kind == "operation":
        return str(new_operation(investigator, case)["id"])
    return str(new_episode(investigator, new_victim(investigator, case)["id"], None)["id"])


def linked(persona: Persona, item: Made, kind: str, target: str, relation: str = "shows", **more: str) -> Made:
    body = {"target_kind": kind, "target": target, "relation": relation, **more}
    return made(persona, f"/evidence/{item['id']}/links", body)


def entries(site: Site, item: Made) -> list[LedgerEntry]:
    with begin(site, OPERATOR, read_only=True) as work:
        found = sa.select(LedgerEntry).where(LedgerEntry.subject == f"evidence:{item['id']}").order_by(LedgerEntry.seq)
        return list(work.session.scalars(found))


@pytest.mark.parametrize("kind", KINDS)
def test_an_item_is_linked_to_what_it_is_about_and_is_found_from_there(
    investigator: Persona, lawyer: Persona, case: Made, item: Made, kind: str
) -> None:
    target = new_target(investigator, case["id"], kind)
    link = linked(investigator, item, kind, target, "proves", confidence="probable", note="From minute four")
    assert (link["target_kind"], link["target"], link["relation"]) == (kind, target, "proves")
    assert (link["confidence"], link["made_by_name"]) == ("probable", investigator.username)
    assert lawyer.get(f"/evidence/{item['id']}/links").get_json() == {"items": [link], "next": None}
    assert lawyer.get(f"/links?target_kind={kind}&target={target}").get_json()["items"] == [link]
    assert lawyer.get(f"/links/{link['id']}").get_json() == link


def test_the_entry_of_a_link_ties_the_item_to_nobody_in_the_clear(
    investigator: Persona, site: Site, case: Made, item: Made
) -> None:
    victim = new_victim(investigator, case["id"])["id"]
    link = linked(investigator, item, "victim", victim, note="Room 4")
    last = entries(site, item)[-1]
    entry = json.loads(last.body)
    assert (entry["action"], entry["data"]) == ("evidence:link", {"link": link["id"]})
    assert set(entry["commitments"]) == {"target_kind", "target", "relation", "confidence", "note"}
    assert not any(word in last.body for word in (victim.encode(), b"shows", b"Room 4", b'"victim"'))
    chain = investigator.get(f"/evidence/{item['id']}/custody").get_json()["items"][-1]
    assert set(chain["disclosures"]) == set(entry["commitments"])


def test_a_link_is_certain_unless_less_is_said(investigator: Persona, case: Made, item: Made) -> None:
    venue = new_venue(investigator, case["id"])["id"]
    assert linked(investigator, item, "venue", venue)["confidence"] == "certain"


def test_the_same_link_twice_is_refused_and_another_relation_is_not(
    investigator: Persona, case: Made, item: Made
) -> None:
    venue = new_venue(investigator, case["id"])["id"]
    body = {"target_kind": "venue", "target": venue, "relation": "shows"}
    link = linked(investigator, item, "venue", venue)
    again = investigator.post(f"/evidence/{item['id']}/links", body | {"confidence": "possible"})
    assert (again.status_code, "already" in again.get_json()["detail"]) == (409, True)
    linked(investigator, item, "venue", venue, "recorded_at")
    assert investigator.post(f"/links/{link['id']}/end", {"reason": "Another gate"}).status_code == 204
    linked(investigator, item, "venue", venue)


def test_a_link_is_taken_away_with_a_reason_and_stays_in_the_chain(
    investigator: Persona, site: Site, case: Made, item: Made
) -> None:
    venue = new_venue(investigator, case["id"])["id"]
    link = linked(investigator, item, "venue", venue)
    path = f"/links/{link['id']}/end"
    assert set(investigator.post(path, {}).get_json()["errors"]) == {"reason"}
    assert investigator.post(path, {"reason": "It is the house next to it"}).status_code == 204
    assert investigator.get(f"/evidence/{item['id']}/links").get_json()["items"] == []
    assert investigator.get(f"/links?target_kind=venue&target={venue}").get_json()["items"] == []
    assert [entry.action for entry in entries(site, item)][-2:] == ["evidence:link", "evidence:unlink"]
    assert json.loads(entries(site, item)[-1].body)["data"] == {"link": link["id"]}
    assert investigator.post(path, {"reason": "Again"}).status_code == 409


def test_what_is_of_another_case_is_refused_and_what_she_may_not_see_is_not_there(
    investigator: Persona, colleague: Persona, case: Made, item: Made
) -> None:
    mine = investigator.post("/cases", {"title": "Quayside", "kind": "child_labour", "country": "KH"}).get_json()
    hers = colleague.post("/cases", {"title": "Uphill", "kind": "child_labour", "country": "KH"}).get_json()
    path = f"/evidence/{item['id']}/links"
    for kind in KINDS:
        other = {"target_kind": kind, "target": new_target(investigator, mine["id"], kind), "relation": "shows"}
        refused = investigator.post(path, other)
        assert (refused.status_code, list(refused.get_json()["errors"])) == (422, ["target"]), kind
        hidden = {"target_kind": kind, "target": new_target(colleague, hers["id"], kind), "relation": "shows"}
        absent = hidden | {"target": str(uuid.uuid4())}
        answers = [investigator.post(path, body) for body in (hidden, absent)]
        assert [answer.status_code for answer in answers] == [404, 404], kind
        assert answers[0].get_json() == answers[1].get_json()
        assert investigator.get(f"/links?target_kind={kind}&target={hidden['target']}").status_code == 404
        wrong_kind = {"target_kind": "venue" if kind != "venue" else "victim", "target": other["target"]}
        assert investigator.post(path, wrong_kind | {"relation": "shows"}).status_code == 404


def test_who_does_not_know_the_case_sees_neither_item_nor_link(
    investigator: Persona, colleague: Persona, case: Made, item: Made
) -> None:
    link = linked(investigator, item, "venue", new_venue(investigator, case["id"])["id"])
    assert colleague.get(f"/evidence/{item['id']}/links").status_code == 404
    assert colleague.get(f"/links/{link['id']}").status_code == 404
    assert colleague.post(f"/links/{link['id']}/end", {"reason": "Wrong"}).status_code == 404


def test_a_caseworker_links_her_own_documents_alone_and_sees_links_of_items_shared_with_her_alone(
    investigator: Persona, caseworker: Persona, shared_case: Made
) -> None:
    victim = new_victim(investigator, shared_case["id"])["id"]
    hers, shared, hidden = (upload(person, shared_case["id"]) for person in (caseworker, investigator, investigator))
    made(investigator, f"/evidence/{shared['id']}/readers", {"user": str(caseworker.id)})
    body = {"target_kind": "victim", "target": victim, "relation": "mentions"}
    assert caseworker.post(f"/evidence/{hers['id']}/links", body).status_code == 201
    of_shared = linked(investigator, shared, "victim", victim, "mentions")
    of_hidden = linked(investigator, hidden, "victim", victim, "mentions")
    assert caseworker.post(f"/evidence/{shared['id']}/links", body).status_code == 403
    assert caseworker.post(f"/evidence/{hidden['id']}/links", body).status_code == 404
    assert caseworker.post(f"/links/{of_shared['id']}/end", {"reason": "Wrong"}).status_code == 403
    assert caseworker.get(f"/links/{of_hidden['id']}").status_code == 404
    seen = caseworker.get(f"/links?target_kind=victim&target={victim}").get_json()["items"]
    assert {link["evidence"] for link in seen} == {hers["id"], shared["id"]}
    assert len(investigator.get(f"/links?target_kind=victim&target={victim}").get_json()["items"]) == 3


def test_who_no_longer_knows_the_victim_sees_no_link_to_her(
    investigator: Persona, site: Site, case: Made, item: Made
) -> None:
    victim = new_victim(investigator, case["id"])["id"]
    episode = new_episode(investigator, victim, None)["id"]
    links_made = [linked(investigator, item, "victim", victim), linked(investigator, item, "episode", episode)]
    venue = linked(investigator, item, "venue", new_venue(investigator, case["id"])["id"])
    with site.engine.begin() as connection:
        connection.execute(sa.delete(VictimCase).where(VictimCase.victim_id == uuid.UUID(victim)))
    assert investigator.get(f"/evidence/{item['id']}/links").get_json()["items"] == [venue]
    for link in links_made:
        assert investigator.get(f"/links/{link['id']}").status_code == 404
    told = investigator.get(f"/cases/{case['id']}/timeline").get_json()["items"]
    assert [event["data"] for event in told if event["action"] == "evidence:link"] == [{"link": venue["id"]}]
    chain = investigator.get(f"/evidence/{item['id']}/custody").get_json()["items"]
    assert [bool(one["disclosures"]) for one in chain if one["action"] == "evidence:link"] == [False, False, True]


def test_a_supervisor_reads_links_and_makes_none(
    investigator: Persona, supervisor: Persona, case: Made, item: Made
) -> None:
    venue = new_venue(investigator, case["id"])["id"]
    link = linked(investigator, item, "venue", venue)
    assert supervisor.get(f"/evidence/{item['id']}/links").get_json()["items"] == [link]
    body = {"target_kind": "venue", "target": venue, "relation": "proves"}
    assert supervisor.post(f"/evidence/{item['id']}/links", body).status_code == 403


def test_a_case_that_has_ended_takes_no_link_and_gives_none_up(
    investigator: Persona, site: Site, case: Made, item: Made
) -> None:
    venue = new_venue(investigator, case["id"])["id"]
    link = linked(investigator, item, "venue", venue)
    with site.engine.begin() as connection:
        connection.execute(sa.update(Case).where(Case.id == uuid.UUID(case["id"])).values(stage=Stage.DECLINED))
    body = {"target_kind": "venue", "target": venue, "relation": "proves"}
    for answer in (
        investigator.post(f"/evidence/{item['id']}/links", body),
        investigator.post(f"/links/{link['id']}/end", {"reason": "Wrong"}),
    ):
        assert (answer.status_code, "ended" in answer.get_json()["detail"]) == (409, True)


def test_links_come_in_pages_and_take_no_more_statements_when_there_are_more(
    investigator: Persona, site: Site, case: Made, item: Made
) -> None:
    def asked_for() -> int:
        with begin(site, investigator.actor(), read_only=True) as work, statements(site) as asked:
            links.of_item(work, uuid.UUID(item["id"]))
        return len(asked)

    linked(investigator, item, "venue", new_venue(investigator, case["id"])["id"])
    before = asked_for()
    for _ in range(4):
        linked(investigator, item, "venue", new_venue(investigator, case["id"])["id"])
    assert asked_for() == before
    path = f"/evidence/{item['id']}/links"
    first = investigator.get(f"{path}?limit=3").get_json()
    second = investigator.get(f"{path}?limit=3&cursor={first['next']}").get_json()
    whole = investigator.get(path).get_json()["items"]
    assert (first["items"] + second["items"], second["next"], len(whole)) == (whole, None, 5)


def test_what_is_wrong_with_a_link_is_told_by_field(investigator: Persona, item: Made) -> None:
    refused = investigator.post(f"/evidence/{item['id']}/links", {"target_kind": "court", "target": "x"})
    assert refused.status_code == 422
    assert set(refused.get_json()["errors"]) == {"target_kind", "target", "relation"}
