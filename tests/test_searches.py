"""Searches through the API: who is missed or missing is sought until she is found; who was reported is matched."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from evidence_api.domain.case import Stage
from evidence_api.domain.roles import Role
from evidence_api.models import Case
from tests.casework import Made, made, move, new_episode, new_venue, new_victim
from tests.conftest import Persona

MakePersona = Callable[..., Persona]
TODAY = datetime.now(UTC).date().isoformat()
NAME = "Sokha Chan"


@pytest.fixture
def her(investigator: Persona, shared_case: Made) -> Made:
    return new_victim(investigator, shared_case["id"])


@pytest.fixture
def report(lawyer: Persona, shared_case: Made) -> Made:
    """Somebody reported missing, whom the office does not know."""
    body = {"case": shared_case["id"], "description": "A scar on her left hand", "last_seen_on": "2024-05-01"}
    return made(lawyer, "/searches", {**body, "name": NAME})


def step(persona: Persona, her: Made, action: str, **more: str) -> None:
    move(persona, f"/victims/{her['id']}", action, axis="whereabouts", **more)


def searches(persona: Persona, her: Made, **query: str) -> list[Made]:
    answer = persona.get("/searches", query_string={"victim": her["id"], **query})
    found: list[Made] = answer.get_json()["items"]
    return found


def kinds_of_alerts(persona: Persona, her: Made) -> list[str]:
    found = persona.get("/alerts?limit=200").get_json()["items"]
    return [alert["kind"] for alert in found if alert["victim"] == her["id"]]


def close(lawyer: Persona, case: Made) -> list[str]:
    steps = lawyer.get(f"/cases/{case['id']}/next-steps").get_json()["items"]
    return [sentence for one in steps if one["action"] == "close" for sentence in one["open"]]


def test_one_who_was_missed_is_sought_until_she_is_found(
    investigator: Persona, caseworker: Persona, lawyer: Persona, her: Made
) -> None:
    step(investigator, her, "miss", how="told_to_hide")
    [search] = searches(lawyer, her, open="true")
    assert (search["kind"], search["victim"], search["case"]) == ("missed", her["id"], her["cases"][0])
    assert search["days"] == 0
    for reason in ("mistaken", "located", "merged"):
        refused = investigator.post(f"/searches/{search['id']}/end", {"end": reason, "reason": "Enough"})
        assert refused.status_code == (409 if reason == "mistaken" else 422)
    assert searches(lawyer, her, open="true") == [search]
    step(caseworker, her, "locate")
    [ended] = searches(lawyer, her)
    assert (ended["end"], ended["ended_at"] is not None) == ("located", True)
    assert kinds_of_alerts(lawyer, her) == ["located"]


@pytest.mark.parametrize("found", ["rescue", "intercept", "exit", "locate"])
def test_whatever_way_she_is_found_ends_the_search(investigator: Persona, her: Made, found: str) -> None:
    step(investigator, her, "report_missing")
    assert [one["kind"] for one in searches(investigator, her, open="true")] == ["missing"]
    step(investigator, her, found)
    assert searches(investigator, her, open="true") == []


def test_where_she_was_seen_in_another_venue_is_put_on_the_search_and_does_not_end_it(
    investigator: Persona, shared_case: Made, her: Made
) -> None:
    venue = new_venue(investigator, shared_case["id"])
    step(investigator, her, "miss", how="hid")
    new_episode(investigator, her["id"], venue["id"], started_on="2019-01-01", ended_on="2019-02-01", exit="moved")
    [search] = searches(investigator, her, open="true")
    path = f"/searches/{search['id']}/sightings"
    assert investigator.get(path).get_json()["items"] == []
    new_episode(investigator, her["id"], venue["id"], started_on=TODAY)
    [sighting] = investigator.get(path).get_json()["items"]
    assert (sighting["venue"], sighting["venue_ref"], sighting["seen_on"]) == (venue["id"], venue["ref"], TODAY)
    [still] = searches(investigator, her, open="true")
    assert still["last_seen_on"] == TODAY


def test_sightings_are_kept_and_the_latest_day_is_shown(
    investigator: Persona, caseworker: Persona, supervisor: Persona, colleague: Persona, report: Made
) -> None:
    path = f"/searches/{report['id']}/sightings"
    for persona, day in ((investigator, "2025-03-01"), (caseworker, "2025-02-01")):
        made(persona, path, {"seen_on": day, "place": "The market", "note": "By a neighbour"})
    assert supervisor.post(path, {"seen_on": "2025-03-01"}).status_code == 403
    assert colleague.post(path, {"seen_on": "2025-03-01"}).status_code == 404
    future = (datetime.now(UTC) + timedelta(days=3)).date().isoformat()
    assert "seen_on" in investigator.post(path, {"seen_on": future}).get_json()["errors"]
    assert [one["seen_on"] for one in supervisor.get(path).get_json()["items"]] == ["2025-02-01", "2025-03-01"]
    assert supervisor.get(f"/searches/{report['id']}").get_json()["last_seen_on"] == "2025-03-01"


def test_the_name_of_one_reported_missing_is_never_echoed(
    lawyer: Persona, caseworker: Persona, investigator: Persona, supervisor: Persona, report: Made, shared_case: Made
) -> None:
    assert report["named"] is True
    assert report["last_seen_on"] == "2024-05-01"
    for persona in (lawyer, caseworker, investigator, supervisor):
        for path in (f"/searches/{report['id']}", "/searches", f"/cases/{shared_case['id']}/timeline"):
            assert NAME not in persona.get(path).get_data(as_text=True)
    path = f"/searches/{report['id']}/identity/reveal"
    for persona in (lawyer, caseworker):
        assert persona.post(path, {"reason": "The family asks"}).status_code == 403
        opened = persona.post(path, {"reason": "The family asks", "otp": persona.otp()})
        assert opened.get_json() == {"name": NAME}
    for persona in (investigator, supervisor):
        assert persona.post(path, {"reason": "The family asks", "otp": persona.otp()}).status_code == 403
    assert lawyer.get(f"/searches/{report['id']}").get_json()["named"] is True


def test_searches_are_seen_by_whoever_is_on_a_case_that_knows_her(
    investigator: Persona, colleague: Persona, supervisor: Persona, make_persona: MakePersona, her: Made, report: Made
) -> None:
    elsewhere = made(colleague, "/cases", {"title": "Hilltop", "kind": "forced_labour", "country": "KH"})
    step(investigator, her, "miss", how="hid")
    [search] = searches(investigator, her)
    assert colleague.get(f"/searches/{search['id']}").status_code == 404
    made(supervisor, f"/victims/{her['id']}/cases", {"case": elsewhere["id"]})
    seen = colleague.get(f"/searches/{search['id']}").get_json()
    assert (seen["case"], seen["case_ref"], seen["victim"]) == (None, None, her["id"])
    of_case = colleague.get(f"/cases/{elsewhere['id']}/searches").get_json()["items"]
    assert [one["id"] for one in of_case] == [search["id"]]
    assert colleague.get(f"/searches/{report['id']}").status_code == 404
    mine = investigator.get(f"/cases/{her['cases'][0]}/searches?open=true").get_json()["items"]
    assert [one["id"] for one in mine] == [report["id"], search["id"]]
    assert make_persona(Role.ADMINISTRATOR).get("/searches").status_code == 403


def test_a_report_is_matched_by_a_caseworker_and_goes_on_while_she_is_exploited(
    lawyer: Persona, investigator: Persona, caseworker: Persona, her: Made, report: Made
) -> None:
    body = {"victim": her["id"], "reason": "Her sister knew the photograph"}
    path = f"/searches/{report['id']}/match"
    assert lawyer.post(path, body).status_code == 403
    assert investigator.post(path, body).status_code == 403
    matched = made(caseworker, path, body)
    assert (matched["victim"], matched["pseudonym"], matched["end"]) == (her["id"], her["pseudonym"], None)
    assert caseworker.post(path, body).status_code == 409
    step(investigator, her, "miss", how="hid")
    [search] = searches(lawyer, her, open="true")
    assert (search["id"], search["kind"]) == (report["id"], "missed")
    assert lawyer.post(f"/searches/{report['id']}/end", {"end": "mistaken", "reason": "Enough"}).status_code == 409


def test_one_who_is_out_already_is_found_by_the_match(caseworker: Persona, her: Made, report: Made) -> None:
    step(caseworker, her, "rescue")
    matched = made(caseworker, f"/searches/{report['id']}/match", {"victim": her["id"], "reason": "It is she"})
    assert matched["end"] == "located"


def test_a_report_of_one_who_is_sought_already_goes_on_as_that_search_with_its_sightings(
    caseworker: Persona, her: Made, report: Made
) -> None:
    step(caseworker, her, "miss", how="absent")
    [search] = searches(caseworker, her)
    seen = made(caseworker, f"/searches/{report['id']}/sightings", {"seen_on": "2025-03-01", "place": "The market"})
    matched = made(caseworker, f"/searches/{report['id']}/match", {"victim": her["id"], "reason": "It is she"})
    assert matched["end"] == "merged"
    [still] = searches(caseworker, her, open="true")
    assert (still["id"], still["last_seen_on"]) == (search["id"], "2025-03-01")
    assert caseworker.get(f"/searches/{search['id']}/sightings").get_json()["items"] == [seen]


def test_a_match_makes_the_case_of_the_report_know_her(colleague: Persona, caseworker: Persona, her: Made) -> None:
    elsewhere = made(colleague, "/cases", {"title": "Hilltop", "kind": "missing_person", "country": "KH"})
    made(colleague, f"/cases/{elsewhere['id']}/assignments", {"user": str(caseworker.id), "role": "caseworker"})
    search = made(colleague, "/searches", {"case": elsewhere["id"], "description": "Tall", "name": None})
    assert search["named"] is False
    made(caseworker, f"/searches/{search['id']}/match", {"victim": her["id"], "reason": "It is she"})
    assert colleague.get(f"/searches/{search['id']}").get_json()["pseudonym"] == her["pseudonym"]
    assert colleague.get(f"/victims/{her['id']}").status_code == 200


def test_a_report_that_was_mistaken_ends_once_and_takes_no_more_sightings(lawyer: Persona, report: Made) -> None:
    ended = made(lawyer, f"/searches/{report['id']}/end", {"end": "mistaken", "reason": "She is at her aunt's"})
    assert ended["end"] == "mistaken"
    assert lawyer.post(f"/searches/{report['id']}/end", {"end": "mistaken", "reason": "Again"}).status_code == 409
    assert lawyer.post(f"/searches/{report['id']}/sightings", {"seen_on": "2025-03-01"}).status_code == 409


def test_the_oldest_search_stands_first_and_the_pages_follow_one_another(lawyer: Persona, shared_case: Made) -> None:
    mine = [
        made(lawyer, "/searches", {"case": shared_case["id"], "description": f"Number {number}"})["id"]
        for number in range(3)
    ]
    path = f"/cases/{shared_case['id']}/searches?kind=reported&limit=2"
    first = lawyer.get(path).get_json()
    second = lawyer.get(f"{path}&cursor={first['next']}").get_json()
    assert [one["id"] for one in first["items"] + second["items"]] == mine
    assert second["next"] is None


def test_a_case_is_not_closed_while_somebody_whom_it_knows_is_sought(
    lawyer: Persona, investigator: Persona, supervisor: Persona, her: Made, shared_case: Made
) -> None:
    with lawyer.site.engine.begin() as connection:
        connection.execute(sa.update(Case).where(Case.id == UUID(shared_case["id"])).values(stage=Stage.MONITORING))
    closing = {"action": "close", "reason": "All is done"}
    step(investigator, her, "miss", how="hid")
    search = made(lawyer, "/searches", {"case": shared_case["id"], "description": "Tall"})
    assert len(close(lawyer, shared_case)) == 2
    refused = supervisor.post(f"/cases/{shared_case['id']}/transitions", closing)
    assert refused.status_code == 409
    assert "missed or missing" in refused.get_json()["detail"]
    step(investigator, her, "locate")
    assert ["Match her" in sentence for sentence in close(lawyer, shared_case)] == [True]
    made(lawyer, f"/searches/{search['id']}/end", {"end": "mistaken", "reason": "She is at her aunt's"})
    assert close(lawyer, shared_case) == []
    for persona in (supervisor, lawyer):
        assert persona.post(f"/cases/{shared_case['id']}/transitions", closing).status_code == 200
    assert lawyer.get(f"/cases/{shared_case['id']}").get_json()["stage"] == "closed"


def test_a_case_is_not_resolved_while_somebody_is_sought_but_it_can_be_declined(
    lawyer: Persona, investigator: Persona, her: Made, shared_case: Made
) -> None:
    path = f"/cases/{shared_case['id']}/transitions"
    step(investigator, her, "miss", how="hid")
    made(investigator, path, {"action": "investigate", "reason": "Begun"})
    refused = lawyer.post(path, {"action": "resolve", "reason": "All is done"})
    assert refused.status_code == 409
    assert "missed or missing" in refused.get_json()["detail"]
    assert lawyer.post(path, {"action": "decline", "reason": "Not ours"}).status_code == 200


def test_a_report_into_a_case_that_is_not_hers_is_not_found_whatever_it_says(
    colleague: Persona, shared_case: Made
) -> None:
    body = {"case": shared_case["id"], "description": "Tall", "last_seen_on": "2999-01-01"}
    assert colleague.post("/searches", body).status_code == 404
