"""Partners: who would take her, what each can take now, referrals, and what nobody gives."""

import uuid
from typing import Any

import pytest

from tests.casework import Made, made, new_victim
from tests.conftest import Persona
from tests.test_care import days, invalid, items


@pytest.fixture
def victim(caseworker: Persona, shared_case: Made) -> Made:
    return new_victim(caseworker, shared_case["id"])


@pytest.fixture
def region() -> str:
    """A region of this test's own."""
    return f"Kâmpóng {uuid.uuid4().hex[:8]}"


def new_partner(persona: Persona, region: str, **fields: Any) -> Made:
    body = {"name": "Hope House", "country": "KH", "region": region, "offers": ["shelter", "counselling"]}
    return made(persona, "/partners", {**body, **fields})


def change(persona: Persona, partner: Made, **fields: Any) -> Made:
    answer = persona.call("PATCH", f"/partners/{partner['id']}", json=fields)
    assert answer.status_code == 200, answer.get_json()
    found: Made = answer.get_json()
    return found


def refer(caseworker: Persona, victim: Made, **fields: Any) -> Made:
    return made(caseworker, f"/victims/{victim['id']}/referrals", {"service": "shelter", **fields})


def answer(caseworker: Persona, referral: Made, action: str) -> Made:
    return made(caseworker, f"/referrals/{referral['id']}/transitions", {"action": action, "reason": "They wrote."})


def test_a_search_finds_who_would_take_her(caseworker: Persona, lawyer: Persona, region: str) -> None:
    girls = new_partner(caseworker, region, genders=["female"], youngest=8, oldest=17, languages=["km", "vi"])
    open_ = new_partner(caseworker, region, offers=["vocational", "shelter"], languages=["km"])
    women = new_partner(caseworker, region, genders=["female", "other"], youngest=18)

    def found(**asked: Any) -> set[str]:
        query = "&".join(f"{name}={value}" for name, value in {"region": region, **asked}.items())
        return {one["id"] for one in items(lawyer, f"/partners?{query}")}

    assert found() == {girls["id"], open_["id"], women["id"]}
    assert found(service="vocational") == {open_["id"]}
    assert found(gender="female", age=13) == {girls["id"], open_["id"]}
    assert found(gender="male") == {open_["id"]}
    assert found(age=17) == {girls["id"], open_["id"]}
    assert found(age=18) == {women["id"], open_["id"]}
    assert found(language="vi") == {girls["id"]}
    assert found(region=region.upper()) == found()


def test_its_word_on_places_has_its_date_and_an_ended_one_is_asked_no_more(
    caseworker: Persona, victim: Made, region: str
) -> None:
    partner = new_partner(caseworker, region)
    assert (partner["capacity"], partner["capacity_at"]) == (None, None)
    first = change(caseworker, partner, capacity=3)["capacity_at"]
    again = change(caseworker, partner, capacity=3)["capacity_at"]
    assert first < again, "the same number is a new word"
    assert change(caseworker, partner, contact="Ask for the matron")["capacity_at"] == again
    assert change(caseworker, partner, capacity=None)["capacity_at"] is None
    ended = made(caseworker, f"/partners/{partner['id']}/end", {"reason": "It closed."})
    assert ended["ended_at"]
    assert caseworker.post(f"/partners/{partner['id']}/end", {"reason": "Again."}).status_code == 409
    assert not items(caseworker, f"/partners?region={region}")
    assert [one["id"] for one in items(caseworker, f"/partners?region={region}&ended=true")] == [partner["id"]]
    body = {"service": "shelter", "partner": partner["id"]}
    assert invalid(caseworker, f"/victims/{victim['id']}/referrals", body) == {"partner"}


def test_a_partner_is_described_in_order(caseworker: Persona, region: str) -> None:
    body = {"name": "Hope House", "country": "KH", "region": region, "offers": ["shelter"]}
    assert invalid(caseworker, "/partners", {**body, "offers": []}) == {"offers"}
    assert invalid(caseworker, "/partners", {**body, "youngest": 18, "oldest": 12}) == {"oldest"}
    assert invalid(caseworker, "/partners", {**body, "capacity": -1}) == {"capacity"}
    partner = new_partner(caseworker, region, youngest=12)
    assert caseworker.call("PATCH", f"/partners/{partner['id']}", json={"oldest": 11}).status_code == 422
    assert caseworker.call("PATCH", f"/partners/{partner['id']}", json={}).status_code == 422
    stale = {"If-Match": caseworker.get(f"/partners/{partner['id']}").headers["ETag"]}
    change(caseworker, partner, capacity=1)
    late = caseworker.call("PATCH", f"/partners/{partner['id']}", json={"capacity": 2}, headers=stale)
    assert late.status_code == 412


def test_one_who_is_accepted_takes_a_place_and_one_withdrawn_gives_it_back(
    caseworker: Persona, shared_case: Made, victim: Made, region: str
) -> None:
    partner = new_partner(caseworker, region, capacity=1)

    def places() -> int:
        found: int = caseworker.get(f"/partners/{partner['id']}").get_json()["capacity"]
        return found

    referral = refer(caseworker, victim, partner=partner["id"])
    assert (referral["state"], referral["region"], referral["asked_on"]) == ("waiting", region, days(0))
    twice = caseworker.post(f"/victims/{victim['id']}/referrals", {"service": "shelter", "partner": partner["id"]})
    assert twice.status_code == 409
    assert places() == 1
    assert answer(caseworker, referral, "accept")["answered_on"] == days(0)
    assert places() == 0
    second = refer(caseworker, new_victim(caseworker, shared_case["id"]), partner=partner["id"])
    accept = {"action": "accept", "reason": "They wrote."}
    full = caseworker.post(f"/referrals/{second['id']}/transitions", accept)
    assert (full.status_code, "raise" in full.get_json()["detail"]) == (409, True)
    answer(caseworker, referral, "withdraw")
    assert places() == 1
    answer(caseworker, second, "accept")
    assert places() == 0
    answer(caseworker, second, "withdraw")
    assert places() == 1
    refused = refer(caseworker, victim, partner=partner["id"], service="counselling")
    answer(caseworker, refused, "refuse")
    assert places() == 1
    again = caseworker.post(f"/referrals/{refused['id']}/transitions", {"action": "accept", "reason": "They wrote."})
    assert (again.status_code, again.get_json()["allowed"]) == (409, [])


def test_a_referral_asks_for_what_the_partner_offers_or_names_a_region(
    caseworker: Persona, victim: Made, region: str
) -> None:
    partner, path = new_partner(caseworker, region), f"/victims/{victim['id']}/referrals"
    assert invalid(caseworker, path, {"service": "legal", "partner": partner["id"]}) == {"service"}
    assert invalid(caseworker, path, {"service": "legal"}) == {"region"}
    assert invalid(caseworker, path, {"service": "legal", "region": region, "asked_on": days(3)}) == {"asked_on"}
    nobody = refer(caseworker, victim, service="legal", region=region)
    accept = {"action": "accept", "reason": "They wrote."}
    assert caseworker.post(f"/referrals/{nobody['id']}/transitions", accept).status_code == 409
    assert answer(caseworker, nobody, "withdraw")["state"] == "withdrawn"


def test_unmet_needs_are_counted_by_region_and_service_over_the_victims_whom_one_may_know(
    caseworker: Persona, lawyer: Persona, supervisor: Persona, make_persona: Any, shared_case: Made, region: str
) -> None:
    one, two, three = (new_victim(caseworker, shared_case["id"]) for _ in range(3))
    full, far = new_partner(caseworker, region), new_partner(caseworker, region)
    answer(caseworker, refer(caseworker, one, partner=full["id"]), "refuse")
    answer(caseworker, refer(caseworker, two, partner=full["id"]), "refuse")
    refer(caseworker, two, partner=far["id"])
    refer(caseworker, three, partner=far["id"])
    refer(caseworker, three, service="legal", region=region)

    def here(persona: Persona) -> dict[str, tuple[int, int, int]]:
        rows = [row for row in items(persona, "/partners/unmet") if row["region"] == region]
        return {row["service"]: (row["waiting"], row["refused"], row["unoffered"]) for row in rows}

    for persona in (caseworker, lawyer, supervisor):
        assert here(persona) == {"shelter": (2, 2, 0), "legal": (0, 0, 1)}
    assert here(make_persona(caseworker.role)) == {}
    answer(caseworker, refer(caseworker, one, partner=far["id"]), "accept")
    assert here(lawyer) == {"shelter": (2, 1, 0), "legal": (0, 0, 1)}
    assert {name for row in items(lawyer, "/partners/unmet") for name in row} == {
        "region", "service", "waiting", "refused", "unoffered",
    }  # fmt: skip


def test_caseworkers_and_supervisors_keep_the_directory_and_all_of_casework_read_it(
    caseworker: Persona,
    supervisor: Persona,
    investigator: Persona,
    lawyer: Persona,
    administrator: Persona,
    victim: Made,
    region: str,
) -> None:
    partner = new_partner(supervisor, region)
    referral = refer(caseworker, victim, partner=partner["id"])
    everybody = (caseworker, supervisor, lawyer, investigator, administrator)
    assert [p.get(f"/partners/{partner['id']}").status_code for p in everybody] == [200, 200, 200, 200, 403]
    assert [p.get("/partners/unmet").status_code for p in everybody] == [200, 200, 200, 403, 403]
    for persona in (investigator, lawyer):
        assert persona.post("/partners", {}).status_code == 403
        assert persona.call("PATCH", f"/partners/{partner['id']}", json={"capacity": 1}).status_code == 403
        assert persona.post(f"/partners/{partner['id']}/end", {"reason": "Why"}).status_code == 403
    for persona in (investigator, lawyer, supervisor):
        move = {"action": "accept", "reason": "Why"}
        assert persona.post(f"/referrals/{referral['id']}/transitions", move).status_code == 403
        assert persona.post(f"/victims/{victim['id']}/referrals", {"service": "legal"}).status_code == 403
    assert caseworker.get(f"/referrals/{referral['id']}").get_json()["partner"] == partner["id"]
    for persona in (lawyer, supervisor):
        assert persona.get(f"/referrals/{referral['id']}").get_json()["partner"] is None
        assert items(persona, f"/victims/{victim['id']}/referrals")[0]["partner"] is None
        assert persona.get(f"/referrals/{referral['id']}").get_json()["region"] == region
    answer(caseworker, referral, "accept")
    assert region not in str(lawyer.get(f"/cases/{victim['cases'][0]}/timeline").get_json())
    elsewhere = refer(caseworker, victim, partner=partner["id"], service="counselling")
    answer(caseworker, elsewhere, "accept")
    for persona, seen in ((lawyer, None), (supervisor, None), (caseworker, region)):
        assert persona.get(f"/referrals/{referral['id']}").get_json()["region"] == seen, "it tells where she sleeps"
        found = {one["service"]: one["region"] for one in items(persona, f"/victims/{victim['id']}/referrals")}
        assert found == {"shelter": seen, "counselling": region}
