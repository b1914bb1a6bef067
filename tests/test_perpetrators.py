"""Perpetrators: who is suspected, what she or he is to a victim, and addresses that only the vault knows."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from evidence_api.domain.perpetrator import FAMILY, Relation
from evidence_api.domain.roles import Role
from tests.casework import made, new_perpetrator, new_venue, new_victim
from tests.conftest import Persona

Made = dict[str, Any]
ADDRESS = "House 12B, Street 271\nPhnom Penh"


@pytest.fixture
def perpetrator(investigator: Persona, case: Made) -> Made:
    return new_perpetrator(investigator, case["id"])


def tie(persona: Persona, perpetrator: Made, victim: Made, relation: str = "held") -> Any:
    return persona.post(f"/perpetrators/{perpetrator['id']}/victims", {"victim": victim["id"], "relation": relation})


def test_a_perpetrator_has_a_ref_of_the_case_and_is_found_by_what_she_does(investigator: Persona, case: Made) -> None:
    first = new_perpetrator(investigator, case["id"], roles=["keeper", "pimp", "keeper"], aliases=["Ming", "មីង"])
    second = new_perpetrator(investigator, case["id"], alias="The driver", roles=["recruiter"], gender="male")
    assert [first["ref"], second["ref"]] == [f"{case['ref']}-P1", f"{case['ref']}-P2"]
    assert (first["roles"], first["aliases"], first["gender"]) == (["keeper", "pimp"], ["Ming", "មីង"], "unknown")
    path = f"/cases/{case['id']}/perpetrators"
    for query, refs in (
        ("", [second, first]),
        ("?role=pimp", [first]),
        ("?role=recruiter", [second]),
        ("?role=official", []),
        ("?limit=1", [second]),
        (f"?cursor={second['id']}", [first]),
    ):
        assert investigator.get(f"{path}{query}").get_json()["items"] == refs, query


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"alias": ""}, "alias"),
        ({"roles": []}, "roles"),
        ({"roles": ["boss"]}, "roles.0"),
        ({"aliases": [" "]}, "aliases.0"),
        ({"country": "kh"}, "country"),
    ],
)
def test_what_cannot_be_is_refused(investigator: Persona, case: Made, wrong: Made, field: str) -> None:
    answer = investigator.post("/perpetrators", {"case": case["id"], "alias": "Auntie", "roles": ["keeper"], **wrong})
    assert answer.status_code == 422
    assert list(answer.get_json()["errors"]) == [field]


def test_what_is_known_can_be_changed_unless_it_was_changed_meanwhile(lawyer: Persona, perpetrator: Made) -> None:
    path = f"/perpetrators/{perpetrator['id']}"
    tag = lawyer.get(path).headers["ETag"]
    change = {"alias": "Grandmother", "roles": ["trafficker"], "note": "Speaks Vietnamese"}
    changed = lawyer.call("PATCH", path, json=change, headers={"If-Match": tag})
    assert changed.get_json() == perpetrator | change
    assert lawyer.call("PATCH", path, json={"alias": "Aunt"}, headers={"If-Match": tag}).status_code == 412
    assert lawyer.call("PATCH", path, json={}).status_code == 422
    assert lawyer.get(path).get_json() == changed.get_json()


def test_perpetrators_and_venues_are_listed_over_all_of_ones_cases(
    make_persona: Callable[..., Persona], colleague: Persona
) -> None:
    lead = make_persona(Role.LAWYER)
    body = {"title": "Hilltop", "kind": "forced_labour", "country": "KH"}
    cases = [made(lead, "/cases", body)["id"] for _ in range(2)]
    for path, new, query in (
        ("/perpetrators", new_perpetrator, "role=keeper"),
        ("/venues", new_venue, "kind=brothel&state=suspected"),
    ):
        known = [new(lead, case)["id"] for case in cases]
        assert [one["id"] for one in lead.get(path).get_json()["items"]] == known[::-1]
        assert [one["id"] for one in lead.get(f"{path}?{query}&limit=1").get_json()["items"]] == known[1:]
        assert not set(known) & {one["id"] for one in colleague.get(f"{path}?limit=200").get_json()["items"]}


def test_what_turns_out_to_be_wrong_is_taken_out(lawyer: Persona, investigator: Persona, case: Made) -> None:
    known = new_perpetrator(investigator, case["id"], country="KH", note="Limps")
    path = f"/perpetrators/{known['id']}"
    changed = lawyer.call("PATCH", path, json={"country": None, "note": None})
    assert (changed.status_code, changed.get_json()) == (200, {**known, "country": None, "note": None})


def test_who_may_do_what_with_a_perpetrator(
    investigator: Persona,
    lawyer: Persona,
    colleague: Persona,
    supervisor: Persona,
    caseworker: Persona,
    administrator: Persona,
    shared_case: Made,
) -> None:
    perpetrator = new_perpetrator(investigator, shared_case["id"])
    path = f"/perpetrators/{perpetrator['id']}"
    body = {"case": shared_case["id"], "alias": "Uncle", "roles": ["buyer"]}
    wanted = [
        (investigator, (200, 201, 200, 204, 200)),
        (lawyer, (200, 201, 200, 204, 200)),
        (supervisor, (200, 403, 403, 403, 403)),
        (caseworker, (200, 403, 403, 403, 403)),
        (colleague, (404, 404, 404, 404, 404)),
        (administrator, (404, 403, 404, 404, 404)),
    ]
    for persona, statuses in wanted:
        found = (
            persona.get(path).status_code,
            persona.post("/perpetrators", body).status_code,
            persona.call("PATCH", path, json={"note": "Seen in town"}).status_code,
            persona.call("PUT", f"{path}/address", json={"address": ADDRESS}).status_code,
            persona.post(f"{path}/address/reveal", {"reason": "To arrest", "otp": persona.otp()}).status_code,
        )
        assert found == statuses, persona.role


def test_a_case_that_has_ended_takes_no_more(investigator: Persona, lawyer: Persona, case: Made) -> None:
    perpetrator = new_perpetrator(investigator, case["id"])
    made(lawyer, f"/cases/{case['id']}/transitions", {"action": "decline", "reason": "No trafficking"})
    path = f"/perpetrators/{perpetrator['id']}"
    assert investigator.post("/perpetrators", {"case": case["id"], "alias": "A", "roles": ["buyer"]}).status_code == 409
    assert investigator.call("PATCH", path, json={"note": "Late"}).status_code == 409
    assert investigator.call("PUT", f"{path}/address", json={"address": ADDRESS}).status_code == 409


def test_family_of_a_victim_is_flagged(investigator: Persona, case: Made, perpetrator: Made) -> None:
    victim = new_victim(investigator, case["id"])
    for relation in Relation:
        answer = tie(investigator, perpetrator, victim, relation.value)
        assert answer.status_code == 201, answer.get_json()
        assert answer.get_json()["family"] is (relation in FAMILY), relation
    listed = investigator.get(f"/perpetrators/{perpetrator['id']}/victims").get_json()["items"]
    assert {(one["relation"], one["family"]) for one in listed} == {(one.value, one in FAMILY) for one in Relation}
    assert {(one["victim"], one["pseudonym"]) for one in listed} == {(victim["id"], victim["pseudonym"])}


def test_a_tie_to_a_victim_is_made_once_and_ended_with_a_reason(
    investigator: Persona, caseworker: Persona, shared_case: Made
) -> None:
    perpetrator, victim = new_perpetrator(investigator, shared_case["id"]), new_victim(investigator, shared_case["id"])
    held = tie(investigator, perpetrator, victim).get_json()
    assert tie(investigator, perpetrator, victim).status_code == 409
    end = f"/victim-ties/{held['id']}/end"
    assert investigator.post(end, {}).status_code == 422
    assert caseworker.post(end, {"reason": "She said so"}).status_code == 403
    ended = made(investigator, end, {"reason": "It was another"})
    assert ended["ended_at"]
    assert investigator.post(end, {"reason": "It was another"}).status_code == 409
    assert tie(investigator, perpetrator, victim).status_code == 201
    assert len(caseworker.get(f"/perpetrators/{perpetrator['id']}/victims").get_json()["items"]) == 2


def test_only_a_victim_whom_the_same_case_knows_can_be_tied(investigator: Persona, perpetrator: Made) -> None:
    other = made(investigator, "/cases", {"title": "Elsewhere", "kind": "sex_trafficking", "country": "KH"})
    for victim in (new_victim(investigator, other["id"]), {"id": str(uuid.uuid4())}):
        answer = tie(investigator, perpetrator, victim)
        assert list(answer.get_json()["errors"]) == ["victim"]


def test_an_address_is_revealed_only_for_a_reason_with_a_fresh_code_and_each_time_recorded(
    investigator: Persona, lawyer: Persona, perpetrator: Made
) -> None:
    path = f"/perpetrators/{perpetrator['id']}"
    nothing = lawyer.post(f"{path}/address/reveal", {"reason": "To arrest", "otp": lawyer.otp()})
    assert nothing.status_code == 409
    kept = investigator.call("PUT", f"{path}/address", json={"address": ADDRESS})
    assert (kept.status_code, kept.data) == (204, b"")
    assert lawyer.post(f"{path}/address/reveal", {"otp": lawyer.otp()}).status_code == 422
    without = lawyer.post(f"{path}/address/reveal", {"reason": "To arrest"})
    assert (without.status_code, without.get_json()["type"]) == (403, "step-up")
    for reason in ("To arrest", "To search the house"):
        answer = lawyer.post(f"{path}/address/reveal", {"reason": reason, "otp": lawyer.otp()})
        assert answer.get_json() == {"address": ADDRESS}
    with lawyer.site.engine.connect() as connection:
        find = sa.text("SELECT action, body FROM ledger_entry WHERE subject = :s ORDER BY seq")
        rows = connection.execute(find, {"s": f"perpetrator:{perpetrator['id']}"}).all()
        sealed = connection.execute(sa.text("SELECT sealed FROM vault_fact")).scalars().all()
    assert [row.action.partition(":")[2] for row in rows] == [
        "register",
        "address_set",
        "address_reveal",
        "address_reveal",
    ]
    stored = b" ".join(bytes(one) for one in [*sealed, *(row.body for row in rows)])
    for word in (b"Street 271", b"Auntie", b"To arrest", b"keeper"):
        assert word not in stored
    assert ADDRESS not in investigator.get(path).text + investigator.get(f"/cases/{perpetrator['case']}/timeline").text


def test_an_idempotent_reveal_is_never_kept_for_repeating(lawyer: Persona, perpetrator: Made) -> None:
    path = f"/perpetrators/{perpetrator['id']}/address"
    assert lawyer.call("PUT", path, json={"address": ADDRESS}).status_code == 204
    body = {"reason": "To arrest", "otp": lawyer.otp()}
    key = {"Idempotency-Key": str(uuid.uuid4())}
    assert lawyer.post(f"{path}/reveal", body, headers=key).status_code == 200
    assert ADDRESS.splitlines()[0] not in lawyer.post(f"{path}/reveal", body, headers=key).text


def test_the_chain_names_neither_the_victim_nor_what_was_done_to_her(
    investigator: Persona, case: Made, perpetrator: Made
) -> None:
    victim = new_victim(investigator, case["id"])
    tie(investigator, perpetrator, victim, "step_parent")
    with investigator.site.engine.connect() as connection:
        find = sa.text("SELECT body FROM ledger_entry WHERE subject = :s AND action = 'perpetrator:victim_tie'")
        body = bytes(connection.execute(find, {"s": f"perpetrator:{perpetrator['id']}"}).scalar_one())
    assert b"step_parent" not in body
    assert victim["id"].encode() not in body


def test_her_venues_are_listed_newest_first_page_by_page(investigator: Persona, case: Made, perpetrator: Made) -> None:
    venues = [new_venue(investigator, case["id"]) for _ in range(2)]
    for venue in venues:
        made(investigator, f"/venues/{venue['id']}/ties", {"kind": "owner", "perpetrator": perpetrator["id"]})
    path = f"/perpetrators/{perpetrator['id']}/venues?limit=1"
    first = investigator.get(path).get_json()
    second = investigator.get(f"{path}&cursor={first['next']}").get_json()
    assert [one["ref"] for one in first["items"] + second["items"]] == [venues[1]["ref"], venues[0]["ref"]]
    assert second["next"] is None
