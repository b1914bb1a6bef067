"""Venues: their course with every guard, who is behind them, what was seen there, and how areas stand."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from evidence_api.domain.roles import Role
from evidence_api.domain.venue import CLOSED, VENUE, VenueState
from evidence_api.models import Evidence, Venue
from evidence_api.work import Site
from tests.casework import made, move, new_perpetrator, new_venue
from tests.conftest import Persona, upload

Made = dict[str, Any]
TODAY = datetime.now(UTC).date()
YESTERDAY = TODAY - timedelta(days=1)


@pytest.fixture
def venue(investigator: Persona, case: Made) -> Made:
    return new_venue(investigator, case["id"])


def put(site: Site, venue: Made, **columns: Any) -> None:
    """Set a venue where a test begins, past its course."""
    with site.engine.begin() as connection:
        connection.execute(sa.update(Venue).where(Venue.id == uuid.UUID(venue["id"])).values(**columns))


def step(persona: Persona, venue: Made, action: str, **more: Any) -> Any:
    return persona.post(f"/venues/{venue['id']}/transitions", {"action": action, "reason": "It is so.", **more})


def inspect(persona: Persona, venue: Made, **more: Any) -> Made:
    body = {"inspected_on": TODAY.isoformat(), "found": "closed", **more}
    return made(persona, f"/venues/{venue['id']}/inspections", body)


def close(persona: Persona, venue: Made) -> None:
    for action in ("confirm", "seek_closure", "close_permanently"):
        move(persona, f"/venues/{venue['id']}", action)


def test_a_venue_has_a_ref_of_its_case_and_says_what_is_allowed(investigator: Persona, case: Made) -> None:
    where = {"latitude": 11.5564, "longitude": 104.9282, "place": "Behind the market"}
    first = new_venue(investigator, case["id"], **where)
    second = new_venue(investigator, case["id"], kind="kiln")
    assert [first["ref"], second["ref"]] == [f"{case['ref']}-V1", f"{case['ref']}-V2"]
    assert first["state"] == "suspected"
    assert first["allowed"] == ["observe", "confirm", "displace"]
    assert {name: first[name] for name in where} == where
    listed = investigator.get(f"/cases/{case['id']}/venues").get_json()["items"]
    assert [one["id"] for one in listed] == [second["id"], first["id"]]
    for query, ids in (("kind=kiln", [second["id"]]), ("state=confirmed", []), ("limit=1", [second["id"]])):
        found = investigator.get(f"/cases/{case['id']}/venues?{query}").get_json()
        assert [one["id"] for one in found["items"]] == ids, query
    assert investigator.get(f"/cases/{case['id']}/venues?cursor={second['id']}").get_json()["items"][0] == first


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"latitude": 11.5}, "longitude"),
        ({"longitude": 104.9}, "latitude"),
        ({"latitude": 90.5, "longitude": 0}, "latitude"),
        ({"latitude": 0, "longitude": -180.5}, "longitude"),
        ({"country": "Cambodia"}, "country"),
        ({"kind": "hotel"}, "kind"),
    ],
)
def test_a_place_is_whole_and_on_the_map(investigator: Persona, case: Made, wrong: Made, field: str) -> None:
    body = {"case": case["id"], "kind": "bar", "description": "Red lamp", **wrong}
    answer = investigator.post("/venues", body)
    assert answer.status_code == 422
    assert list(answer.get_json()["errors"]) == [field]
    assert investigator.get(f"/cases/{case['id']}/venues").get_json()["items"] == []


def test_what_is_known_of_a_venue_can_be_changed_unless_it_was_changed_meanwhile(lawyer: Persona, venue: Made) -> None:
    path = f"/venues/{venue['id']}"
    tag = lawyer.get(path).headers["ETag"]
    changed = lawyer.call("PATCH", path, json={"area": "Toul Kork", "kind": "ktv"}, headers={"If-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != tag
    assert lawyer.get(path).get_json() | {"area": "Toul Kork", "kind": "ktv"} == changed.get_json()
    late = lawyer.call("PATCH", path, json={"area": "Daun Penh"}, headers={"If-Match": tag})
    assert late.status_code == 412
    assert lawyer.call("PATCH", path, json={}).status_code == 422
    assert lawyer.call("PATCH", path, json={"latitude": 11.5}).status_code == 422
    assert lawyer.get(path).get_json()["area"] == "Toul Kork"


def test_who_may_do_what_with_a_venue(
    investigator: Persona,
    colleague: Persona,
    supervisor: Persona,
    caseworker: Persona,
    administrator: Persona,
    shared_case: Made,
) -> None:
    venue = new_venue(investigator, shared_case["id"])
    path = f"/venues/{venue['id']}"
    body = {"case": shared_case["id"], "kind": "bar", "description": "Red lamp"}
    seen = {"observed_on": TODAY.isoformat(), "seen": "open"}
    inspection = {"inspected_on": TODAY.isoformat(), "found": "open"}
    wanted = [
        (investigator, (200, 201, 201, 201, 200)),
        (supervisor, (200, 403, 403, 403, 403)),
        (caseworker, (200, 403, 403, 403, 403)),
        (colleague, (404, 404, 404, 404, 404)),
        (administrator, (404, 403, 404, 404, 404)),
    ]
    for persona, statuses in wanted:
        found = (
            persona.get(path).status_code,
            persona.post("/venues", body).status_code,
            persona.post(f"{path}/observations", seen).status_code,
            persona.post(f"{path}/inspections", inspection).status_code,
            step(persona, venue, "observe").status_code,
        )
        assert found == statuses, persona.role
        assert persona.get(f"/cases/{shared_case['id']}/venues").status_code == statuses[0], persona.role


def test_every_action_from_every_state_is_taken_or_refused_with_what_is_legal_now(
    site: Site, investigator: Persona, lawyer: Persona, case: Made, venue: Made, item: Made
) -> None:
    successor = new_venue(investigator, case["id"])
    inspect(lawyer, venue, evidence=item["id"])
    clean = {"seekers": [str(investigator.id)], "closed_on": YESTERDAY, "successor_id": None}
    for state in VenueState:
        for action in VENUE.actions:
            put(site, venue, state=state, **clean)
            answer = step(lawyer, venue, action, **({"successor": successor["id"]} if action == "displace" else {}))
            allowed = VENUE.allowed(state)
            if action in allowed:
                assert answer.status_code == 200, (state, action, answer.get_json())
                assert answer.get_json()["state"] == VENUE.step(state, action).target
            else:
                assert answer.status_code == 409, (state, action)
                assert (answer.get_json()["state"], answer.get_json()["allowed"]) == (state.value, allowed)


def test_a_supervisor_verifies_and_does_nothing_else(
    site: Site, investigator: Persona, lawyer: Persona, supervisor: Persona, venue: Made, item: Made
) -> None:
    inspect(investigator, venue, evidence=item["id"])
    put(site, venue, state=VenueState.PERMANENTLY_CLOSED, seekers=[str(lawyer.id)], closed_on=YESTERDAY)
    for action in VENUE.actions:
        assert step(supervisor, venue, action).status_code == (200 if action == "verify" else 403), action


def test_a_closing_is_verified_only_by_what_another_than_the_seeker_found_later_with_evidence(
    investigator: Persona, lawyer: Persona, supervisor: Persona, venue: Made, item: Made
) -> None:
    before = inspect(investigator, venue, inspected_on=YESTERDAY.isoformat(), evidence=item["id"])
    close(lawyer, venue)
    sentence = "Somebody who did not seek the closure inspects it first"
    by_the_seeker = {"evidence": item["id"]}
    for persona, not_enough in (
        (investigator, {}),
        (investigator, {"found": "open", "evidence": item["id"]}),
        (investigator, {"found": "unclear", "evidence": item["id"]}),
        (lawyer, by_the_seeker),
    ):
        refused = step(supervisor, venue, "verify")
        assert refused.status_code == 409
        assert refused.get_json()["detail"].startswith(sentence)
        inspect(persona, venue, **not_enough)
    assert step(supervisor, venue, "verify").status_code == 409
    missing = supervisor.get(f"/venues/{venue['id']}/next-steps").get_json()["items"]
    assert [one["open"][0].startswith(sentence) for one in missing if one["action"] == "verify"] == [True]
    good = inspect(investigator, venue, evidence=item["id"])
    refused = step(lawyer, venue, "verify")
    assert refused.status_code == 409
    assert refused.get_json()["detail"].startswith("Another person must verify it")
    assert step(supervisor, venue, "verify").get_json()["state"] == "verified_closed"
    days = supervisor.get(f"/venues/{venue['id']}/inspections").get_json()["items"]
    assert (days[0]["id"], days[-1]["id"]) == (good["id"], before["id"])


def test_who_records_a_closing_that_nobody_sought_does_not_verify_it(
    investigator: Persona, lawyer: Persona, venue: Made, item: Made
) -> None:
    for action in ("confirm", "intervene", "close_temporarily"):
        move(investigator, f"/venues/{venue['id']}", action)
    inspect(investigator, venue, evidence=item["id"])
    assert step(lawyer, venue, "verify").status_code == 409
    inspect(lawyer, venue, evidence=item["id"])
    assert step(investigator, venue, "verify").status_code == 409
    assert step(lawyer, venue, "verify").status_code == 200


def test_who_ever_sought_a_closing_since_it_was_last_in_use_does_not_verify_it(
    investigator: Persona, lawyer: Persona, supervisor: Persona, venue: Made, item: Made
) -> None:
    for persona, action in (
        (investigator, "confirm"),
        (investigator, "seek_closure"),
        (investigator, "close_temporarily"),
        (lawyer, "seek_closure"),
        (lawyer, "close_permanently"),
    ):
        move(persona, f"/venues/{venue['id']}", action)
    inspect(investigator, venue, evidence=item["id"])
    inspect(lawyer, venue, evidence=item["id"])
    refused = [step(persona, venue, "verify").get_json()["detail"] for persona in (investigator, lawyer)]
    assert all(detail.startswith("Another person must verify it") for detail in refused)
    assert step(supervisor, venue, "verify").status_code == 409
    move(lawyer, f"/venues/{venue['id']}", "reopen")
    for action in ("seek_closure", "close_permanently"):
        move(lawyer, f"/venues/{venue['id']}", action)
    assert step(investigator, venue, "verify").status_code == 200


def test_an_item_that_came_in_before_the_closing_is_no_evidence_of_it(
    site: Site, investigator: Persona, lawyer: Persona, venue: Made, item: Made
) -> None:
    close(lawyer, venue)
    inspect(investigator, venue, evidence=item["id"])
    with site.engine.begin() as connection:
        earlier = datetime.now(UTC) - timedelta(days=2)
        one = sa.update(Evidence).where(Evidence.id == uuid.UUID(item["id"]))
        connection.execute(one.values(received_at=earlier))
    assert step(investigator, venue, "verify").status_code == 409
    with site.engine.begin() as connection:
        connection.execute(one.values(received_at=datetime.now(UTC)))
    assert step(investigator, venue, "verify").status_code == 200


def test_what_is_wrong_is_said_to_those_alone_who_may_take_the_step(supervisor: Persona, venue: Made) -> None:
    for wrong in ({"new_use": "A school"}, {"occurred_at": "2999-01-01T00:00:00Z"}):
        assert step(supervisor, venue, "confirm", **wrong).status_code == 403


def test_what_turns_out_to_be_wrong_of_a_venue_is_taken_out(investigator: Persona, case: Made) -> None:
    where = {"latitude": 11.5564, "longitude": 104.9282, "place": "Behind the market"}
    venue = new_venue(investigator, case["id"], **where)
    path = f"/venues/{venue['id']}"
    assert investigator.call("PATCH", path, json={"latitude": None}).status_code == 422
    assert investigator.call("PATCH", path, json={"latitude": None, "longitude": 1.5}).status_code == 422
    nothing = dict.fromkeys(("latitude", "longitude", "place", "area", "country"))
    changed = investigator.call("PATCH", path, json=nothing)
    assert (changed.status_code, investigator.get(path).get_json()) == (200, {**venue, **nothing})


def test_an_old_inspection_verifies_no_later_closing(
    site: Site, investigator: Persona, lawyer: Persona, venue: Made, item: Made
) -> None:
    close(lawyer, venue)
    inspect(investigator, venue, evidence=item["id"])
    move(investigator, f"/venues/{venue['id']}", "reopen")
    move(lawyer, f"/venues/{venue['id']}", "seek_closure")
    move(lawyer, f"/venues/{venue['id']}", "close_permanently")
    put(site, venue, closed_on=TODAY + timedelta(days=1))
    assert step(investigator, venue, "verify").status_code == 409


def test_the_day_of_a_closing_is_when_it_happened(investigator: Persona, lawyer: Persona, venue: Made) -> None:
    move(investigator, f"/venues/{venue['id']}", "confirm")
    move(lawyer, f"/venues/{venue['id']}", "seek_closure")
    closed = move(lawyer, f"/venues/{venue['id']}", "close_temporarily", occurred_at="2026-01-15T09:00:00Z")
    assert closed["closed_on"] == "2026-01-15"
    assert closed["closed"] is True
    ahead = step(lawyer, venue, "close_permanently", occurred_at="2199-01-01T00:00:00Z")
    assert list(ahead.get_json()["errors"]) == ["occurred_at"]
    reopened = move(lawyer, f"/venues/{venue['id']}", "reopen")
    assert (reopened["state"], reopened["closed_on"], reopened["closed"]) == ("confirmed", None, False)


def test_a_displaced_venue_names_its_successor_and_never_comes_round_to_itself(
    investigator: Persona, colleague: Persona, case: Made, venue: Made
) -> None:
    second, third = (new_venue(investigator, case["id"]) for _ in range(2))
    refused = step(investigator, venue, "displace")
    assert refused.status_code == 409
    assert refused.get_json()["detail"].startswith("Name the venue that it moved to.")
    others = made(colleague, "/cases", {"title": "Elsewhere", "kind": "sex_trafficking", "country": "KH"})
    hidden = new_venue(colleague, others["id"])
    for wrong in (venue["id"], hidden["id"], str(uuid.uuid4())):
        answer = step(investigator, venue, "displace", successor=wrong)
        assert list(answer.get_json()["errors"]) == ["successor"], wrong
    move(investigator, f"/venues/{venue['id']}", "displace", successor=second["id"])
    move(investigator, f"/venues/{second['id']}", "displace", successor=third["id"])
    assert investigator.get(f"/venues/{venue['id']}").get_json()["successor"] == second["id"]
    looped = step(investigator, third, "displace", successor=venue["id"])
    assert looped.status_code == 409
    assert "displaced to this one" in looped.get_json()["detail"]
    assert move(investigator, f"/venues/{venue['id']}", "reopen")["successor"] is None
    assert move(investigator, f"/venues/{third['id']}", "displace", successor=venue["id"])["state"] == "displaced"


def test_a_successor_in_a_case_that_is_not_shared_stays_unknown(
    investigator: Persona, lawyer: Persona, venue: Made
) -> None:
    own = made(investigator, "/cases", {"title": "Elsewhere", "kind": "sex_trafficking", "country": "KH"})
    successor = new_venue(investigator, own["id"])
    moved = move(investigator, f"/venues/{venue['id']}", "displace", successor=successor["id"])
    assert moved["successor"] == successor["id"]
    assert lawyer.get(f"/venues/{venue['id']}").get_json()["successor"] is None
    listed = lawyer.get(f"/cases/{venue['case']}/venues").get_json()["items"]
    assert [one["successor"] for one in listed] == [None]


def test_what_a_venue_becomes_is_kept_and_goes_with_that_step_alone(site: Site, lawyer: Persona, venue: Made) -> None:
    wrong = step(lawyer, venue, "confirm", new_use="A school")
    assert list(wrong.get_json()["errors"]) == ["new_use"]
    wrong = step(lawyer, venue, "confirm", successor=venue["id"])
    assert list(wrong.get_json()["errors"]) == ["successor"]
    put(site, venue, state=VenueState.VERIFIED_CLOSED)
    assert move(lawyer, f"/venues/{venue['id']}", "repurpose", new_use="A school")["new_use"] == "A school"
    assert move(lawyer, f"/venues/{venue['id']}", "reopen")["new_use"] is None


def test_its_course_goes_on_after_the_case_has_ended_and_nothing_else_does(
    investigator: Persona, lawyer: Persona, case: Made, venue: Made
) -> None:
    move(lawyer, f"/cases/{case['id']}", "decline")
    assert step(investigator, venue, "confirm").status_code == 200
    seen = {"observed_on": TODAY.isoformat(), "seen": "closed"}
    assert investigator.post(f"/venues/{venue['id']}/observations", seen).status_code == 201
    assert investigator.post(f"/venues/{venue['id']}/ties", {"kind": "owner", "name": "Ms Chan"}).status_code == 409
    assert investigator.call("PATCH", f"/venues/{venue['id']}", json={"area": "X"}).status_code == 409
    body = {"case": case["id"], "kind": "bar", "description": "Red lamp"}
    assert investigator.post("/venues", body).status_code == 409


def test_who_is_behind_it_over_time_is_told_by_the_venue_and_by_the_perpetrator(
    investigator: Persona, case: Made, venue: Made
) -> None:
    path = f"/venues/{venue['id']}/ties"
    keeper = new_perpetrator(investigator, case["id"])
    landlord = made(investigator, path, {"kind": "landlord", "name": "Mr Sok Chanrith", "from_on": "2019-01-01"})
    kept = made(investigator, path, {"kind": "keeper", "perpetrator": keeper["id"], "from_on": "2024-05-01"})
    assert (kept["perpetrator_ref"], kept["name"]) == (keeper["ref"], keeper["alias"])
    ties = investigator.get(path).get_json()["items"]
    assert ties == [kept, landlord]
    early = investigator.post(f"/venue-ties/{kept['id']}/end", {"until_on": "2024-04-30", "reason": "She left"})
    assert list(early.get_json()["errors"]) == ["until_on"]
    ended = made(investigator, f"/venue-ties/{kept['id']}/end", {"until_on": "2025-05-01", "reason": "She left"})
    assert ended["until_on"] == "2025-05-01"
    again = investigator.post(f"/venue-ties/{kept['id']}/end", {"until_on": "2025-06-01", "reason": "She left"})
    assert again.status_code == 409
    hers = investigator.get(f"/perpetrators/{keeper['id']}/venues").get_json()["items"]
    assert [(one["venue"], one["ref"], one["until_on"]) for one in hers] == [(venue["id"], venue["ref"], "2025-05-01")]


def test_a_tie_names_one_person_of_the_case_and_days_that_have_come(
    investigator: Persona, colleague: Persona, case: Made, venue: Made
) -> None:
    other = made(investigator, "/cases", {"title": "Elsewhere", "kind": "sex_trafficking", "country": "KH"})
    foreign = new_perpetrator(investigator, other["id"])
    tomorrow = (TODAY + timedelta(days=2)).isoformat()
    for body, field in (
        ({}, "perpetrator"),
        ({"name": "Mr Sok Chanrith", "perpetrator": foreign["id"]}, "perpetrator"),
        ({"perpetrator": foreign["id"]}, "perpetrator"),
        ({"name": "Mr Sok Chanrith", "from_on": tomorrow}, "from_on"),
        ({"name": "Mr Sok Chanrith", "from_on": "2024-02-01", "until_on": "2024-01-31"}, "until_on"),
        ({"name": "Mr Sok Chanrith", "from_on": "yesterday"}, "from_on"),
    ):
        answer = investigator.post(f"/venues/{venue['id']}/ties", {"kind": "owner", **body})
        assert list(answer.get_json()["errors"]) == [field], body
    tie = made(investigator, f"/venues/{venue['id']}/ties", {"kind": "owner", "name": "Mr Sok Chanrith"})
    end = {"until_on": "2024-01-01", "reason": "Sold"}
    assert colleague.post(f"/venue-ties/{tie['id']}/end", end).status_code == 404


def test_observations_come_by_their_day_page_by_page(investigator: Persona, venue: Made) -> None:
    path = f"/venues/{venue['id']}/observations"
    days = ["2025-03-01", "2025-01-01", "2025-02-01", "2025-02-01"]
    for people, day in enumerate(days):
        made(investigator, path, {"observed_on": day, "seen": "open", "people": people, "minors": 0})
    found: list[tuple[str, int]] = []
    following: str | None = ""
    while following is not None:
        page = investigator.get(f"{path}?limit=1{f'&cursor={following}' if following else ''}").get_json()
        found += [(one["observed_on"], one["people"]) for one in page["items"]]
        following = page["next"]
    assert found == [("2025-03-01", 0), ("2025-02-01", 3), ("2025-02-01", 2), ("2025-01-01", 1)]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"people": 3, "minors": 4}, "minors"),
        ({"people": -1}, "people"),
        ({"seen": "empty"}, "seen"),
        ({"observed_on": (TODAY + timedelta(days=2)).isoformat()}, "observed_on"),
    ],
)
def test_an_observation_that_cannot_be_is_refused(investigator: Persona, venue: Made, wrong: Made, field: str) -> None:
    body = {"observed_on": TODAY.isoformat(), "seen": "open", **wrong}
    answer = investigator.post(f"/venues/{venue['id']}/observations", body)
    assert list(answer.get_json()["errors"]) == [field]


def test_an_inspection_rests_on_an_item_of_the_same_case_that_the_inspector_sees(
    investigator: Persona, venue: Made
) -> None:
    other = made(investigator, "/cases", {"title": "Elsewhere", "kind": "sex_trafficking", "country": "KH"})
    foreign = upload(investigator, other["id"])
    for evidence in (foreign["id"], str(uuid.uuid4())):
        body = {"inspected_on": TODAY.isoformat(), "found": "closed", "evidence": evidence}
        answer = investigator.post(f"/venues/{venue['id']}/inspections", body)
        assert list(answer.get_json()["errors"]) == ["evidence"]
    late = {"inspected_on": (TODAY + timedelta(days=2)).isoformat(), "found": "closed"}
    assert investigator.post(f"/venues/{venue['id']}/inspections", late).status_code == 422


def test_areas_count_what_the_reader_may_see_and_nothing_else(
    site: Site, make_persona: Callable[..., Persona], caseworker: Persona
) -> None:
    mine, other = make_persona(Role.INVESTIGATOR), make_persona(Role.INVESTIGATOR)
    body = {"title": "Areas", "kind": "sex_trafficking", "country": "KH"}
    my_case, others = (made(one, "/cases", body)["id"] for one in (mine, other))
    new_venue(other, others, area="Svay Pak")
    for state in (VenueState.SUSPECTED, VenueState.CONFIRMED, VenueState.CONFIRMED, *CLOSED):
        put(site, new_venue(mine, my_case, area="Svay Pak"), state=state)
    made(mine, "/venues", {"case": my_case, "kind": "online", "description": "A page"})
    new_venue(mine, my_case, area="Area 9", country="VN")

    found = mine.get("/venues/areas").get_json()["items"]
    said = [(one["country"], one["area"], one["open"], one["closed"]) for one in found]
    assert said == [(None, None, 1, 0), ("KH", "Svay Pak", 3, len(CLOSED)), ("VN", "Area 9", 1, 0)]
    assert found[1]["states"] == {"suspected": 1, "confirmed": 2, **{state.value: 1 for state in CLOSED}}
    assert [one["area"] for one in mine.get("/venues/areas?country=VN").get_json()["items"]] == ["Area 9"]
    paged, following = [], "?limit=1"
    while following:
        page = mine.get(f"/venues/areas{following}").get_json()
        paged += page["items"]
        following = page["next"] and f"?limit=1&cursor={page['next']}"
    assert paged == found
    assert [one["open"] for one in other.get("/venues/areas").get_json()["items"]] == [1]


def test_no_name_place_or_reason_stands_in_the_clear_in_the_chain(
    site: Site, investigator: Persona, venue: Made
) -> None:
    made(investigator, f"/venues/{venue['id']}/ties", {"kind": "landlord", "name": "Mr Sok Chanrith"})
    made(
        investigator,
        f"/venues/{venue['id']}/observations",
        {"observed_on": TODAY.isoformat(), "seen": "open", "note": "Two girls at the window"},
    )
    move(investigator, f"/venues/{venue['id']}", "confirm", reason="Her own word")
    with site.engine.connect() as connection:
        bodies = connection.execute(
            sa.text("SELECT action, body FROM ledger_entry WHERE subject = :s ORDER BY seq"),
            {"s": f"venue:{venue['id']}"},
        ).all()
    assert [row.action for row in bodies] == ["venue:register", "venue:tie", "venue:observation", "venue:confirm"]
    clear = b" ".join(bytes(row.body) for row in bodies)
    for word in (b"Chanrith", b"Blue gate", b"Svay Pak", b"window", b"Her own word"):
        assert word not in clear
    assert b'"to":"confirmed"' in clear
