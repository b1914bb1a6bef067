"""Episodes through the API: how each is classified, whom that alerts, what follows for her whereabouts."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from evidence_api.domain.roles import Role
from tests.casework import Made, made, move, new_episode, new_venue, new_victim
from tests.conftest import Persona

MakePersona = Callable[..., Persona]
TODAY = datetime.now(UTC).date()


def on(days_ago: int) -> str:
    return (TODAY - timedelta(days=days_ago)).isoformat()


@pytest.fixture
def her(investigator: Persona, shared_case: Made) -> Made:
    return new_victim(investigator, shared_case["id"])


@pytest.fixture
def venue(investigator: Persona, shared_case: Made) -> Made:
    return new_venue(investigator, shared_case["id"])


@pytest.fixture
def elsewhere(colleague: Persona) -> Made:
    """A case of which the people of the other one know nothing."""
    return made(colleague, "/cases", {"title": "Hilltop", "kind": "forced_labour", "country": "KH"})


def alerts(persona: Persona, her: Made, **query: str) -> list[Made]:
    found: list[Made] = persona.get("/alerts", query_string={"limit": "200", **query}).get_json()["items"]
    return [alert for alert in found if alert["victim"] == her["id"]]


def whereabouts(persona: Persona, her: Made) -> str:
    found: str = persona.get(f"/victims/{her['id']}").get_json()["whereabouts"]
    return found


def share(persona: Persona, her: Made, case: Made) -> None:
    made(persona, f"/victims/{her['id']}/cases", {"case": case["id"]})


def test_what_is_not_known_of_an_episode_is_null(investigator: Persona, her: Made) -> None:
    made_ = made(investigator, "/episodes", {"victim": her["id"], "started_on": None, "exit": None})
    read = investigator.get(f"/episodes/{made_['id']}")
    assert read.get_json() == made_
    assert {made_[name] for name in ("venue", "venue_ref", "started_on", "ended_on", "exit")} == {None}
    assert made_["classification"] == "first"
    assert (made_["victim"], made_["case"]) == (her["id"], her["cases"][0])


def test_a_later_episode_is_a_move_unless_the_one_before_ended_by_an_exit(
    investigator: Persona, caseworker: Persona, her: Made, venue: Made
) -> None:
    first = new_episode(investigator, her["id"], venue["id"], started_on="2015-03-01", ended_on="2016-01-01")
    second = new_episode(caseworker, her["id"], None, started_on="2016-01-05", exit="rescued", ended_on="2018-01-01")
    third = new_episode(caseworker, her["id"], None, started_on="2019-01-01")
    found = [one["classification"] for one in (first, second, third)]
    assert found == ["first", "moved_without_exit", "re_entered_after_exit"]
    listed = investigator.get(f"/victims/{her['id']}/episodes").get_json()["items"]
    assert [one["id"] for one in listed] == [one["id"] for one in (third, second, first)]


def test_every_case_that_knows_her_is_alerted_and_nobody_else(
    investigator: Persona,
    lawyer: Persona,
    caseworker: Persona,
    colleague: Persona,
    supervisor: Persona,
    make_persona: MakePersona,
    elsewhere: Made,
    her: Made,
    venue: Made,
) -> None:
    stranger = make_persona(Role.INVESTIGATOR)
    made(stranger, "/cases", {"title": "Quay", "kind": "forced_labour", "country": "KH"})
    share(supervisor, her, elsewhere)
    new_episode(investigator, her["id"], venue["id"], started_on="2015-03-01")
    assert alerts(investigator, her) == []
    later = new_episode(investigator, her["id"], None, started_on="2018-03-01")
    for persona in (investigator, lawyer, caseworker):
        found = alerts(persona, her)
        assert [(one["kind"], one["case"], one["episode"]) for one in found] == [
            ("moved_without_exit", her["cases"][0], later["id"])
        ], persona.role
    assert [one["case"] for one in alerts(colleague, her)] == [elsewhere["id"]]
    assert {one["case"] for one in alerts(supervisor, her)} == {elsewhere["id"], her["cases"][0]}
    assert alerts(stranger, her) == []
    assert stranger.post(f"/alerts/{alerts(colleague, her)[0]['id']}/note").status_code == 404


def test_an_alert_stands_until_somebody_of_the_case_takes_note(
    investigator: Persona, lawyer: Persona, her: Made
) -> None:
    new_episode(investigator, her["id"], None)
    new_episode(investigator, her["id"], None)
    [alert] = alerts(lawyer, her, open="true")
    noted = lawyer.post(f"/alerts/{alert['id']}/note")
    assert noted.status_code == 200
    assert noted.get_json()["noted_by"] == lawyer.username
    assert alerts(investigator, her, open="true") == []
    assert [one["id"] for one in alerts(investigator, her, open="false")] == [alert["id"]]
    assert investigator.post(f"/alerts/{alert['id']}/note").status_code == 409


def test_only_an_episode_that_runs_since_she_came_out_takes_her_back_into_exploitation(
    investigator: Persona, caseworker: Persona, her: Made, venue: Made
) -> None:
    new_episode(investigator, her["id"], venue["id"], started_on=on(900))
    move(caseworker, f"/victims/{her['id']}", "rescue", axis="whereabouts", occurred_at=f"{on(600)}T09:00:00Z")
    told = new_episode(caseworker, her["id"], None, started_on=on(700))
    assert (told["classification"], whereabouts(caseworker, her)) == ("moved_without_exit", "rescued")
    over = new_episode(caseworker, her["id"], None, started_on=on(90), ended_on=on(80), exit="released")
    assert (over["classification"], whereabouts(caseworker, her)) == ("re_entered_after_exit", "rescued")
    running = new_episode(caseworker, her["id"], None, started_on=on(9))
    assert running["classification"] == "re_entered_after_exit"
    assert whereabouts(caseworker, her) == "in_exploitation"


def test_one_who_came_out_re_entered_once_and_after_that_she_is_moved(
    investigator: Persona, caseworker: Persona, her: Made
) -> None:
    move(caseworker, f"/victims/{her['id']}", "exit", axis="whereabouts", occurred_at=f"{on(600)}T09:00:00Z")
    again = new_episode(investigator, her["id"], None, started_on=on(9))
    assert again["classification"] == "re_entered_after_exit"
    assert whereabouts(caseworker, her) == "in_exploitation"
    moved = new_episode(investigator, her["id"], None, started_on=on(3))
    assert moved["classification"] == "moved_without_exit"
    move(caseworker, f"/victims/{her['id']}", "rescue", axis="whereabouts")
    patched = investigator.call("PATCH", f"/episodes/{again['id']}", json={"means": ["threats"]}).get_json()
    assert patched["classification"] == "re_entered_after_exit"


def test_when_the_end_of_one_becomes_known_the_next_is_classified_anew(
    investigator: Persona, her: Made, venue: Made
) -> None:
    first = new_episode(investigator, her["id"], venue["id"], started_on="2015-03-01")
    second = new_episode(investigator, her["id"], None, started_on="2018-03-01")
    answer = investigator.call(
        "PATCH", f"/episodes/{first['id']}", json={"ended_on": "2017-01-01", "exit": "self_exited"}
    )
    assert answer.status_code == 200
    assert answer.get_json()["exit"] == "self_exited"
    assert answer.headers["ETag"] != ""
    now = investigator.get(f"/episodes/{second['id']}").get_json()
    assert now["classification"] == "re_entered_after_exit"


def test_a_change_to_what_somebody_else_changed_meanwhile_is_refused(investigator: Persona, her: Made) -> None:
    episode = new_episode(investigator, her["id"], None)
    read = investigator.get(f"/episodes/{episode['id']}").headers["ETag"]
    path = f"/episodes/{episode['id']}"
    assert investigator.call("PATCH", path, json={"exit": "moved"}, headers={"If-Match": read}).status_code == 200
    assert investigator.call("PATCH", path, json={"exit": None}, headers={"If-Match": read}).status_code == 412


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"started_on": "2020-02-02", "ended_on": "2020-02-01"}, "ended_on"),
        ({"started_on": on(-3)}, "started_on"),
        ({"means": ["magic"]}, "means.0"),
        ({"exit": "vanished"}, "exit"),
    ],
)
def test_bad_days_and_codes_are_named_and_nothing_is_written(
    investigator: Persona, her: Made, body: dict[str, Any], field: str
) -> None:
    answer = investigator.post("/episodes", {"victim": her["id"], **body})
    assert answer.status_code == 422
    assert list(answer.get_json()["errors"]) == [field]
    assert investigator.get(f"/victims/{her['id']}/episodes").get_json()["items"] == []


def test_her_episodes_are_written_by_investigators_and_caseworkers_who_know_her(
    lawyer: Persona, supervisor: Persona, administrator: Persona, colleague: Persona, caseworker: Persona, her: Made
) -> None:
    episode = new_episode(caseworker, her["id"], None)
    for persona, create, change in ((lawyer, 403, 403), (supervisor, 403, 403), (colleague, 404, 404)):
        assert persona.post("/episodes", {"victim": her["id"]}).status_code == create, persona.role
        path = f"/episodes/{episode['id']}"
        assert persona.call("PATCH", path, json={"exit": "moved"}).status_code == change, persona.role
    assert lawyer.get(f"/episodes/{episode['id']}").status_code == 200
    assert administrator.get(f"/episodes/{episode['id']}").status_code == 404


def test_a_venue_that_is_not_hers_to_know_cannot_be_named_and_is_not_shown(
    investigator: Persona, colleague: Persona, supervisor: Persona, elsewhere: Made, her: Made, venue: Made
) -> None:
    theirs = new_venue(colleague, elsewhere["id"])
    assert investigator.post("/episodes", {"victim": her["id"], "venue": theirs["id"]}).status_code == 404
    episode = new_episode(investigator, her["id"], venue["id"])
    share(supervisor, her, elsewhere)
    seen = colleague.get(f"/episodes/{episode['id']}").get_json()
    assert (seen["venue"], seen["venue_ref"], seen["case"]) == (None, None, None)
    assert seen["means"] == ["debt_bondage"]
    assert colleague.get(f"/venues/{venue['id']}/episodes").status_code == 404


def test_a_venue_in_another_case_makes_that_case_know_her_where_one_records_it_who_may_share_her(
    investigator: Persona, caseworker: Persona, make_persona: MakePersona, her: Made
) -> None:
    other = made(investigator, "/cases", {"title": "Quay", "kind": "forced_labour", "country": "KH"})
    reader = make_persona(Role.LAWYER)
    for persona in (reader, caseworker):
        assigned = {"user": str(persona.id), "role": persona.role}
        made(investigator, f"/cases/{other['id']}/assignments", assigned)
    unknown = investigator.post("/episodes", {"victim": her["id"], "case": other["id"]})
    assert unknown.status_code == 422
    there = new_venue(investigator, other["id"])
    first = new_episode(investigator, her["id"], there["id"])
    assert first["case"] == her["cases"][0]
    assert reader.get(f"/victims/{her['id']}").status_code == 404
    assert reader.post(f"/victims/{her['id']}/identity/reveal", {"reason": "x", "otp": reader.otp()}).status_code == 404
    second = new_episode(caseworker, her["id"], there["id"])
    assert second["case"] == her["cases"][0]
    assert reader.get(f"/victims/{her['id']}").status_code == 200
    listed = reader.get(f"/venues/{there['id']}/episodes").get_json()["items"]
    assert [one["id"] for one in listed] == [second["id"], first["id"]]
    assert new_episode(investigator, her["id"], there["id"])["case"] == other["id"]
    assert len(alerts(reader, her)) == 2


def test_an_episode_goes_past_a_case_that_has_ended(
    investigator: Persona, lawyer: Persona, supervisor: Persona, caseworker: Persona, shared_case: Made, her: Made
) -> None:
    other = made(investigator, "/cases", {"title": "Quay", "kind": "forced_labour", "country": "KH"})
    there = new_venue(investigator, other["id"])
    share(supervisor, her, other)
    assert new_episode(investigator, her["id"], there["id"])["case"] == other["id"]
    move(supervisor, f"/cases/{other['id']}", "decline")
    kept = new_episode(investigator, her["id"], there["id"])
    assert (kept["case"], kept["venue"]) == (shared_case["id"], there["id"])
    move(lawyer, f"/cases/{shared_case['id']}", "decline")
    assert investigator.post("/episodes", {"victim": her["id"]}).status_code == 409


def test_every_episode_that_turns_out_to_be_another_raises_an_alert(investigator: Persona, her: Made) -> None:
    late = new_episode(investigator, her["id"], None, started_on="2018-03-01")
    early = new_episode(investigator, her["id"], None, started_on="2015-03-01")
    assert [investigator.get(f"/episodes/{one['id']}").get_json()["classification"] for one in (early, late)] == [
        "first",
        "moved_without_exit",
    ]
    assert [(one["kind"], one["episode"]) for one in alerts(investigator, her)] == [("moved_without_exit", late["id"])]


def test_an_episode_is_changed_by_those_alone_who_work_on_the_case_in_which_it_is_kept(
    investigator: Persona, colleague: Persona, supervisor: Persona, elsewhere: Made, her: Made
) -> None:
    episode = new_episode(investigator, her["id"], None)
    share(supervisor, her, elsewhere)
    refused = colleague.call("PATCH", f"/episodes/{episode['id']}", json={"exit": "moved"})
    assert refused.status_code == 403
    assert refused.get_json()["detail"].startswith("This episode is kept in a case that is not yours.")


def test_the_venue_of_an_episode_can_be_corrected(
    investigator: Persona,
    caseworker: Persona,
    colleague: Persona,
    elsewhere: Made,
    shared_case: Made,
    her: Made,
    venue: Made,
) -> None:
    episode = new_episode(investigator, her["id"], venue["id"])
    path = f"/episodes/{episode['id']}"
    right, theirs = new_venue(investigator, shared_case["id"]), new_venue(colleague, elsewhere["id"])
    changed = investigator.call("PATCH", path, json={"venue": right["id"]}).get_json()
    assert (changed["venue"], changed["venue_ref"]) == (right["id"], right["ref"])
    assert investigator.call("PATCH", path, json={"venue": theirs["id"]}).status_code == 404
    assigned = {"user": str(caseworker.id), "role": "caseworker"}
    made(colleague, f"/cases/{elsewhere['id']}/assignments", assigned)
    assert caseworker.call("PATCH", path, json={"venue": theirs["id"]}).get_json()["venue"] == theirs["id"]
    assert colleague.get(f"/victims/{her['id']}").status_code == 200
    assert investigator.call("PATCH", path, json={"venue": None}).get_json()["venue"] is None
    assert caseworker.get(path).get_json()["venue"] == theirs["id"], "she took out what she did not see"
    assert caseworker.call("PATCH", path, json={"venue": None}).status_code == 200
    assert caseworker.get(path).get_json()["venue"] is None


def test_two_people_who_change_two_episodes_of_one_woman_at_once_both_get_through(
    investigator: Persona, caseworker: Persona, her: Made
) -> None:
    ones = [new_episode(investigator, her["id"], None, started_on=f"20{year}-01-01") for year in (10, 12)]
    persons = (investigator, caseworker)

    def change(persona: Persona, episode: Made, day: int) -> int:
        body = {"ended_on": f"2014-01-{day:02}", "exit": "moved"}
        return persona.call("PATCH", f"/episodes/{episode['id']}", json=body).status_code

    with ThreadPoolExecutor(2) as both:
        for day in range(1, 6):
            statuses = both.map(change, persons, ones if day % 2 else ones[::-1], (day, day))
            assert list(statuses) == [200, 200]


def test_the_entry_of_an_episode_says_nothing_in_the_clear(
    supervisor: Persona, investigator: Persona, her: Made
) -> None:
    new_episode(investigator, her["id"], None, started_on="2015-03-01")
    new_episode(investigator, her["id"], None, started_on="2018-03-01")
    entries = supervisor.get(f"/cases/{her['cases'][0]}/timeline").get_json()["items"]
    written = [one for one in entries if one["action"] in ("victim:episode", "case:alert")]
    assert written
    assert all(set(one["data"]) <= {"alert"} for one in written)
