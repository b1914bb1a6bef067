"""Programs that send the least, and programs that send a null for everything that they do not know."""

from typing import Any

import pytest

from tests.casework import made, new_episode, new_operation, new_perpetrator, new_venue, new_victim
from tests.conftest import Persona

Case = dict[str, Any]


def test_the_least_that_a_program_sends_is_enough(
    investigator: Persona, caseworker: Persona, shared_case: Case, item: dict[str, Any]
) -> None:
    case = shared_case["id"]
    body = {"case": case, "gender": "female", "minor": True, "languages": ["km"]}
    victim = made(investigator, "/victims", body)
    assert {"id", "pseudonym", "identification", "whereabouts", "care"} <= victim.keys()
    venue = made(investigator, "/venues", {"case": case, "kind": "ktv", "description": "Neon palm", "country": "KH"})
    episode = made(investigator, "/episodes", {"victim": victim["id"], "venue": venue["id"], "means": ["deception"]})
    operation = made(investigator, "/operations", {"case": case, "kind": "rescue"})
    person = made(investigator, "/perpetrators", {"case": case, "alias": "Auntie", "roles": ["keeper"]})
    outcome = {"victim": victim["id"], "outcome": "missed", "reason": "told_to_hide"}
    made(investigator, f"/operations/{operation['id']}/roster", outcome)
    assert investigator.get(f"/victims/{victim['id']}").get_json()["missed_how"] == "told_to_hide"
    targets = {"victim": victim, "venue": venue, "episode": episode, "operation": operation, "perpetrator": person}
    for kind, target in targets.items():
        body = {"target_kind": kind, "target": target["id"], "relation": "shows"}
        made(investigator, f"/evidence/{item['id']}/links", body)
    assert investigator.get("/search?q=Auntie&kind=").get_json()["items"]


@pytest.mark.parametrize(
    ("make", "unknown"),
    [
        (new_venue, ("latitude", "longitude", "country", "place", "area")),
        (new_perpetrator, ("country", "note", "gender", "aliases")),
        (new_operation, ("partner", "planned_on", "venue", "aftercare_places")),
        (new_victim, ("estimated_age", "country", "family_members", "dependents", "minor")),
    ],
)
def test_a_null_for_what_is_not_known_is_as_good_as_leaving_it_out(
    investigator: Persona, case: Case, make: Any, unknown: tuple[str, ...]
) -> None:
    assert make(investigator, case["id"], **dict.fromkeys(unknown))["id"]


def test_an_episode_of_which_nothing_is_known_but_whose_it_was(investigator: Persona, case: Case) -> None:
    victim = new_victim(investigator, case["id"])
    unknown = dict.fromkeys(("started_on", "ended_on", "means", "exit"))
    found = new_episode(investigator, victim["id"], None, **unknown)
    assert (found["started_on"], found["exit"], found["means"]) == (None, None, [])


def test_what_must_be_there_is_not_left_out_by_a_null(investigator: Persona, case: Case) -> None:
    body = {"case": case["id"], "kind": None, "description": "Blue gate"}
    response = investigator.post("/venues", body)
    assert response.status_code == 422
    assert response.get_json()["errors"] == {"kind": ["Fill this in, or leave it out."]}
