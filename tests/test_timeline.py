"""The timeline of a case: in the order in which it happened, told to each as far as it is for her, in whole pages."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from evidence_api import setup
from evidence_api.domain.roles import PERSONAL_ROLES, Actor, Role
from evidence_api.domain.timeline import Happening, kind_of
from evidence_api.models import TimelineEvent
from evidence_api.sight import TOLD, told
from evidence_api.work import Site
from tests.casework import made, move, new_perpetrator, new_venue, new_victim
from tests.conftest import Persona, days_ago, upload
from tests.test_cases import assign, go
from tests.test_links import linked

Made = dict[str, Any]
Events = list[dict[str, Any]]


def events(persona: Persona, case: Made, **asked: object) -> Events:
    answer = persona.get(f"/cases/{case['id']}/timeline", query_string={"limit": 200, **asked})
    assert answer.status_code == 200, answer.get_json()
    found: Events = answer.get_json()["items"]
    return found


def actions(persona: Persona, case: Made, **asked: object) -> list[str]:
    return [event["action"] for event in events(persona, case, **asked)]


def in_pages(persona: Persona, case: Made, limit: int) -> list[Events]:
    pages: list[Events] = []
    cursor: dict[str, str] = {}
    while True:
        path = f"/cases/{case['id']}/timeline"
        page = persona.get(path, query_string={"limit": limit, **cursor}).get_json()
        pages.append(page["items"])
        if page["next"] is None:
            return pages
        cursor = {"cursor": page["next"]}


def moment(days: float) -> str:
    return days_ago(days).isoformat(timespec="microseconds")


# --- the order --------------------------------------------------------------------------------------------------------


def test_what_happened_earlier_stands_further_down_whenever_it_was_written_down(
    investigator: Persona, case: Made
) -> None:
    film = upload(investigator, case["id"], captured_at=moment(30))
    go(investigator, case, "investigate", occurred_at=moment(10))
    tape = upload(investigator, case["id"], captured_at=moment(20))
    upload(investigator, case["id"])
    told_of = events(investigator, case)
    assert [(event["action"], event["ref"]) for event in told_of[-3:]] == [
        ("case:investigate", None),
        ("evidence:captured", tape["ref"]),
        ("evidence:captured", film["ref"]),
    ]
    assert [event["occurred_at"] for event in told_of] == sorted((e["occurred_at"] for e in told_of), reverse=True)
    assert [event["action"] for event in told_of].count("evidence:captured") == 2, "of the third nobody knows"
    assert [event["action"] for event in told_of].count("evidence:ingest") == 3


def test_a_recording_is_told_with_what_its_first_entry_says(investigator: Persona, case: Made) -> None:
    captured = days_ago(30)
    item = upload(investigator, case["id"], captured_at=captured.isoformat())
    of_item = [event for event in events(investigator, case) if event["subject"] == f"evidence:{item['id']}"]
    received, recorded = of_item
    assert (received["kind"], recorded["kind"]) == ("custody", "recording")
    assert datetime.fromisoformat(recorded["occurred_at"]) == captured
    same = ("seq", "hash", "facts", "data", "actor", "actor_name", "role", "ref", "recorded_at")
    assert {name: recorded[name] for name in same} == {name: received[name] for name in same}


def test_a_corrected_time_of_capture_moves_the_recording(investigator: Persona, case: Made) -> None:
    item = upload(investigator, case["id"], captured_at=moment(30))
    later = upload(investigator, case["id"])
    for one, days in ((item, 3), (later, 5)):
        first = investigator.get(f"/evidence/{one['id']}/custody").get_json()["items"][0]["hash"]
        body = {"corrects": first, "captured_at": moment(days), "reason": "The clock was wrong"}
        made(investigator, f"/evidence/{one['id']}/corrections", body)
    recorded = [event["ref"] for event in events(investigator, case, kind="recording")]
    assert recorded == [item["ref"], later["ref"]]


def test_pages_join_without_a_gap_although_much_happened_at_one_moment(investigator: Persona, case: Made) -> None:
    at = moment(7)
    for _ in range(5):
        upload(investigator, case["id"], captured_at=at)
    whole = events(investigator, case)
    pages = in_pages(investigator, case, 3)
    assert [event for page in pages for event in page] == whole
    assert all(len(page) == 3 for page in pages[:-1])


@pytest.mark.parametrize("cursor", ["x", "1", "1.", ".1", "1.-1", "9" * 40 + ".1", "1." + "9" * 40])
def test_a_cursor_that_no_page_gave_is_told(investigator: Persona, case: Made, cursor: str) -> None:
    answer = investigator.get(f"/cases/{case['id']}/timeline", query_string={"cursor": cursor})
    assert (answer.status_code, list(answer.get_json()["errors"])) == (422, ["cursor"])


def test_it_tells_one_kind_of_happening_if_asked(investigator: Persona, case: Made) -> None:
    item = upload(investigator, case["id"], captured_at=moment(2))
    victim, venue = new_victim(investigator, case["id"]), new_venue(investigator, case["id"])
    linked(investigator, item, "venue", venue["id"])
    expected = {
        Happening.RECORDING: {"evidence:captured"},
        Happening.CUSTODY: {"evidence:ingest", "evidence:link"},
        Happening.CASE: {"case:open", "case:assign"},
        Happening.VICTIM: {"victim:register"},
        Happening.VENUE: {"venue:register"},
        Happening.PERPETRATOR: set(),
        Happening.OPERATION: set(),
        Happening.CARE: set(),
        Happening.COURT: set(),
        Happening.TESTIMONY: set(),
    }
    for kind in Happening:
        assert set(actions(investigator, case, kind=kind.value)) == expected[kind], kind
    refs = {event["subject"].split(":")[0]: event["ref"] for event in events(investigator, case)}
    assert refs == {"case": None, "evidence": item["ref"], "victim": victim["pseudonym"], "venue": venue["ref"]}


# --- who is told what -------------------------------------------------------------------------------------------------


@pytest.fixture
def her(investigator: Persona, caseworker: Persona, shared_case: Made) -> Made:
    """A victim of the case of whom everything is done that not everybody is told."""
    victim = new_victim(investigator, shared_case["id"])
    path = f"/victims/{victim['id']}"
    for field, value in (("identity", {"name": "Sok Chanthy"}), ("address", {"address": "House 4"})):
        assert caseworker.call("PUT", f"{path}/{field}", json=value).status_code in (200, 204)
        made(caseworker, f"{path}/{field}/reveal", {"reason": "To call her", "otp": caseworker.otp()})
    move(caseworker, path, "contact", axis="care")
    today = datetime.now(UTC).date().isoformat()
    made(caseworker, f"{path}/assessments", {"kind": "initial", "summary": "Sleeps badly", "assessed_on": today})
    made(caseworker, f"{path}/placements", {"kind": "shelter", "from_on": today})
    return victim


IDENTITY = {"victim:identity_set", "victim:identity_reveal"}
ADDRESS = {"victim:address_set", "victim:address_reveal"}
CARE = {"care:assessment", "victim:care"}
PLACEMENT = {"care:placement"}


@pytest.mark.usefixtures("her")
def test_each_role_is_told_what_is_for_it(
    investigator: Persona, lawyer: Persona, supervisor: Persona, caseworker: Persona, shared_case: Made
) -> None:
    private = IDENTITY | ADDRESS | CARE | PLACEMENT
    for persona, is_told in (
        (investigator, set()),
        (lawyer, IDENTITY | CARE),
        (supervisor, IDENTITY | ADDRESS | CARE),
        (caseworker, private),
    ):
        seen = set(actions(persona, shared_case))
        assert seen & private == is_told, persona.role
        assert {"case:open", "victim:register"} <= seen, persona.role


def test_neither_a_name_nor_an_address_is_in_anybodys_timeline(
    investigator: Persona, lawyer: Persona, supervisor: Persona, caseworker: Persona, shared_case: Made, her: Made
) -> None:
    for persona in (investigator, lawyer, supervisor, caseworker):
        text = persona.get(f"/cases/{shared_case['id']}/timeline?limit=200").get_data(as_text=True)
        assert her["pseudonym"] in text
        assert "Chanthy" not in text
        assert "House 4" not in text


@pytest.mark.usefixtures("her")
def test_what_is_not_told_leaves_no_gap_in_the_pages(investigator: Persona, shared_case: Made) -> None:
    whole = events(investigator, shared_case)
    for limit in (1, 2, 3):
        pages = in_pages(investigator, shared_case, limit)
        assert [event for page in pages for event in page] == whole
        assert all(len(page) == limit for page in pages[:-1])


def test_a_caseworker_is_told_of_items_shared_with_her_and_of_her_own_alone(
    investigator: Persona, caseworker: Persona, shared_case: Made
) -> None:
    hidden, shared = (upload(investigator, shared_case["id"], captured_at=moment(3)) for _ in range(2))
    own = upload(caseworker, shared_case["id"])
    made(investigator, f"/evidence/{shared['id']}/readers", {"user": str(caseworker.id)})
    of_items = {e["ref"] for e in events(caseworker, shared_case) if e["subject"].startswith("evidence:")}
    assert of_items == {shared["ref"], own["ref"]}
    assert hidden["ref"] in {event["ref"] for event in events(investigator, shared_case)}
    assert len(events(caseworker, shared_case, kind="recording")) == 1


def test_what_happens_to_a_victim_is_told_in_every_case_that_knows_her_and_in_no_other(
    investigator: Persona, supervisor: Persona, make_persona: Callable[..., Persona], case: Made
) -> None:
    other = investigator.post("/cases", {"title": "Quayside", "kind": "child_labour", "country": "KH"}).get_json()
    third = investigator.post("/cases", {"title": "Uphill", "kind": "child_labour", "country": "KH"}).get_json()
    elsewhere = make_persona(Role.LAWYER)
    assign(investigator, other, elsewhere)
    victim = new_victim(investigator, case["id"])
    made(supervisor, f"/victims/{victim['id']}/cases", {"case": other["id"]})
    new_perpetrator(investigator, case["id"])
    for persona, where in ((investigator, case), (elsewhere, other)):
        about_her = [e["action"] for e in events(persona, where) if e["subject"] == f"victim:{victim['id']}"]
        assert about_her == ["victim:share", "victim:register"]
    assert "perpetrator:register" not in actions(elsewhere, other)
    assert {e["actor_name"] for e in events(investigator, case)} == {investigator.username, supervisor.username}
    told_elsewhere = [(e["actor"], e["actor_name"], e["about"]) for e in events(elsewhere, other) if e["ref"]]
    assert told_elsewhere == [(None, None, None)] * 2
    assert in_pages(elsewhere, other, 2)[0] == events(elsewhere, other)[:2]
    assert set(actions(investigator, third)) == {"case:open"}


def test_where_a_venue_was_displaced_to_is_told_to_those_alone_who_know_that_one(
    investigator: Persona, lawyer: Persona, case: Made
) -> None:
    own = investigator.post("/cases", {"title": "Uphill", "kind": "child_labour", "country": "KH"}).get_json()
    venue, successor = (new_venue(investigator, one["id"]) for one in (case, own))
    move(investigator, f"/venues/{venue['id']}", "displace", successor=successor["id"])
    for persona, told_of in ((investigator, successor["id"]), (lawyer, None)):
        [displaced] = [e for e in events(persona, case) if e["action"] == "venue:displace"]
        assert displaced["facts"].get("successor") == told_of, persona.role


def says(site: Site, role: Role, action: str) -> bool:
    with site.engine.connect() as connection:
        asked = told(sa.literal(action), Actor(uuid.uuid4(), role, "token"))
        return bool(connection.execute(sa.select(sa.case((asked, 1), else_=0))).scalar_one())


@pytest.mark.parametrize("role", PERSONAL_ROLES)
def test_an_act_that_the_table_does_not_know_is_told_to_nobody(site: Site, role: Role) -> None:
    for action in ("verdict:file", "operative:add", "partner:add", "victims:x", "xcase:open", "case_open:x"):
        assert not says(site, role, action), action


def test_the_longest_name_decides(site: Site) -> None:
    for action, roles in (
        ("operation:operative_off", {Role.INVESTIGATOR, Role.SUPERVISOR}),
        ("care:placement_end", {Role.CASEWORKER}),
        ("care:placement_reveal", {Role.SUPERVISOR, Role.CASEWORKER}),
        ("care:step", {Role.LAWYER, Role.SUPERVISOR, Role.CASEWORKER}),
        ("victim:whereabouts", {Role.INVESTIGATOR, Role.LAWYER, Role.SUPERVISOR, Role.CASEWORKER}),
        ("perpetrator:address_reveal", {Role.INVESTIGATOR, Role.LAWYER, Role.SUPERVISOR}),
    ):
        assert {role for role in PERSONAL_ROLES if says(site, role, action)} == roles, action


def test_everything_that_is_told_has_its_kind() -> None:
    assert [prefix for prefix in TOLD if kind_of(prefix) is None] == []


# --- filling in -------------------------------------------------------------------------------------------------------


def test_what_was_recorded_before_there_was_a_timeline_is_filled_in_and_no_more(
    investigator: Persona, site: Site, case: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setup, "AT_ONCE", 2)
    item = upload(investigator, case["id"], captured_at=moment(4))
    go(investigator, case, "investigate", occurred_at=moment(2))
    linked(investigator, item, "venue", new_venue(investigator, case["id"])["id"])
    before = events(investigator, case)
    with site.engine.begin() as connection:
        connection.execute(sa.delete(TimelineEvent).where(TimelineEvent.case_id == uuid.UUID(case["id"])))
    assert events(investigator, case) == []
    for _ in range(2):
        setup._fill_timeline(site)
        assert events(investigator, case) == before
    with site.engine.connect() as connection:
        filled = connection.execute(
            sa.select(sa.func.count(TimelineEvent.link_id)).where(TimelineEvent.case_id == uuid.UUID(case["id"]))
        )
        assert filled.scalar_one() == 1
    assert before[-1]["action"] in ("case:open", "evidence:captured")
    assert timedelta(days=3) < datetime.now(UTC) - datetime.fromisoformat(before[-1]["occurred_at"])
