"""Hearings: nothing is taken twice at a time, nothing moves away from under a witness, what is adjourned goes on."""

import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from evidence_api.domain.roles import OPERATOR, Role
from evidence_api.domain.scheduling import ResourceKind
from evidence_api.domain.testimony import BookingState, MeasureKind, MeasureState, TestimonyState, WitnessKind
from evidence_api.models import Booking, Hearing, LedgerEntry, Measure, Occupancy, Resource, Testimony, User
from evidence_api.work import Site, begin
from tests.casework import Made, made, move, new_hearing, new_perpetrator, new_victim, sitting
from tests.conftest import Persona

Case = dict[str, Any]


def refused(response: Any, status: int, word: str = "") -> dict[str, Any]:
    body: dict[str, Any] = response.get_json()
    assert response.status_code == status, body
    assert word in f"{body['detail']} {body.get('errors', '')}", body
    return body


def body(days: int = 3, hour: int = 9, hours: float = 2, **fields: Any) -> dict[str, Any]:
    """A hearing in a room of its own, unless one is named."""
    starts = sitting(days, hour)
    times = {"starts_at": starts.isoformat(), "ends_at": (starts + timedelta(hours=hours)).isoformat()}
    return {"court": "Provincial court", "room": f"Room {uuid.uuid4().hex}", "kind": "trial", **times, **fields}


def post(persona: Persona, case: Case, **fields: Any) -> Any:
    return persona.post(f"/cases/{case['id']}/hearings", body(**fields))


def patch(persona: Persona, hearing: Made, **fields: Any) -> Any:
    return persona.call("PATCH", f"/hearings/{hearing['id']}", json=fields)


def act(persona: Persona, hearing: Made, action: str, **fields: Any) -> Any:
    return persona.post(f"/hearings/{hearing['id']}/transitions", {"action": action, "reason": "So it was", **fields})


def booked(site: Site, hearing: Made, victim: str, state: BookingState = BookingState.CONFIRMED) -> UUID:
    """A time in the middle of the hearing for a victim; her testimony."""
    start = datetime.fromisoformat(hearing["starts_at"])
    with begin(site, OPERATOR) as work:
        testimony = Testimony(
            case_id=UUID(hearing["case"]),
            ref=f"T-{uuid.uuid4().hex[:12]}",
            witness_kind=WitnessKind.VICTIM,
            victim_id=UUID(victim),
            state=TestimonyState.SCHEDULED,
            created_at=work.now,
        )
        work.session.add(testimony)
        work.session.flush()
        work.session.add(
            Booking(
                testimony_id=testimony.id,
                case_id=testimony.case_id,
                hearing_id=UUID(hearing["id"]),
                state=state,
                starts_at=start + timedelta(minutes=30),
                ends_at=start + timedelta(minutes=90),
                arrives_at=start + timedelta(minutes=15),
                created_at=work.now,
            )
        )
        kinds = (MeasureKind.SCREEN, MeasureState.GRANTED), (MeasureKind.LIVE_LINK, MeasureState.WAIVED)
        for kind, stands in kinds:
            work.session.add(
                Measure(testimony_id=testimony.id, case_id=testimony.case_id, kind=kind, required=True, state=stands)
            )
        work.record(testimony, "testimony:book")
        return testimony.id


def taken(site: Site, hearing: Made) -> int:
    with begin(site, OPERATOR, read_only=True) as work:
        mine = sa.select(sa.func.count()).select_from(Occupancy).where(Occupancy.source == f"hearing:{hearing['id']}")
        return work.session.execute(mine).scalar_one()


# --- setting it down --------------------------------------------------------------------------------------------------


def test_a_hearing_is_set_down_with_its_court_room_times_and_people(
    lawyer: Persona, investigator: Persona, caseworker: Persona, shared_case: Case
) -> None:
    made_ = post(lawyer, shared_case, people=[str(investigator.id), str(lawyer.id)], link="https://court.example/7")
    assert made_.status_code == 201, made_.get_json()
    hearing = made_.get_json()
    assert hearing["ref"] == f"{shared_case['ref']}-H1"
    assert (hearing["state"], hearing["zone"], hearing["warnings"]) == ("scheduled", "UTC", [])
    assert hearing["allowed"] == ["hold", "adjourn", "cancel"]
    assert set(hearing["people"]) == {str(investigator.id), str(lawyer.id)}
    second = new_hearing(lawyer, shared_case["id"], zone="Asia/Tokyo")
    assert (second["ref"], second["zone"]) == (f"{shared_case['ref']}-H2", "Asia/Tokyo")
    assert caseworker.get(f"/hearings/{hearing['id']}").get_json() == hearing
    listed = caseworker.get(f"/cases/{shared_case['id']}/hearings").get_json()["items"]
    assert {one["id"] for one in listed} == {hearing["id"], second["id"]}


def test_hearings_are_written_by_lawyers_and_hidden_from_who_is_not_on_the_case(
    lawyer: Persona,
    investigator: Persona,
    caseworker: Persona,
    supervisor: Persona,
    colleague: Persona,
    shared_case: Case,
) -> None:
    hearing = new_hearing(lawyer, shared_case["id"])
    for persona in (investigator, caseworker, supervisor):
        refused(post(persona, shared_case), 403)
        refused(patch(persona, hearing, room="7"), 403)
        refused(act(persona, hearing, "cancel"), 403)
        assert persona.get(f"/hearings/{hearing['id']}").status_code == 200
    refused(post(colleague, shared_case), 404)
    for tail in ("", "/attendances"):
        assert colleague.get(f"/hearings/{hearing['id']}{tail}").status_code == 404
    day = hearing["starts_at"][:10]
    for path in (f"/hearings?from={day}&to={day}&limit=200", f"/dockets?on={day}", f"/calendar?from={day}&to={day}"):
        assert hearing["ref"] not in colleague.get(path).get_data(as_text=True)
        assert hearing["ref"] in investigator.get(path).get_data(as_text=True)


def test_what_is_wrong_with_a_hearing_is_told_by_field(
    lawyer: Persona, colleague: Persona, investigator: Persona, case: Case
) -> None:
    told = refused(
        lawyer.post(f"/cases/{case['id']}/hearings", {"kind": "party", "zone": "Mars/One", "colour": 1}), 422
    )
    assert set(told["errors"]) == {"kind", "zone", "colour", "court", "starts_at", "ends_at"}
    refused(post(lawyer, case, hours=0), 422, "end after it begins")
    refused(post(lawyer, case, hours=-1), 422, "end after it begins")
    refused(post(lawyer, case, hours=24.5), 422, "longer than a day")
    refused(post(lawyer, case, people=[str(colleague.id)]), 422, "assigned to this case")
    refused(post(lawyer, case, charges=[str(uuid.uuid4())]), 422, "no such charge")
    assert lawyer.get(f"/cases/{case['id']}/hearings").get_json()["items"] == []


@pytest.mark.parametrize(
    ("days", "hour", "words"),
    [
        (5, 9, ["day of the week"]),
        (0, 7, ["sits from 08:00 to 17:00"]),
        (0, 16, ["sits from 08:00 to 17:00"]),
        (0, 9, []),
    ],
)
def test_a_time_at_which_the_court_does_not_sit_is_warned_of_and_taken(
    lawyer: Persona, case: Case, days: int, hour: int, words: list[str]
) -> None:
    monday = sitting(60, 9) - timedelta(days=sitting(60, 9).weekday())
    starts = monday + timedelta(days=7 + days, hours=hour - 9)
    times = {"starts_at": starts.isoformat(), "ends_at": (starts + timedelta(hours=2)).isoformat()}
    hearing = new_hearing(lawyer, case["id"], **times)
    assert len(hearing["warnings"]) == len(words)
    assert all(word in told for word, told in zip(words, hearing["warnings"], strict=True))


# --- nothing is taken twice -------------------------------------------------------------------------------------------


def test_a_room_a_link_and_a_person_are_taken_once_at_a_time_in_any_case(
    lawyer: Persona, investigator: Persona, case: Case
) -> None:
    other = investigator.post("/cases", {"title": "Quayside", "kind": "sex_trafficking", "country": "KH"}).get_json()
    investigator.post(f"/cases/{other['id']}/assignments", {"user": str(lawyer.id), "role": "lawyer"})
    link, room = f"https://court.example/{uuid.uuid4()}", f"Room {uuid.uuid4()}"
    people = [str(lawyer.id)]
    first = post(lawyer, case, days=200, room=room, link=link, people=people).get_json()
    told = refused(post(lawyer, other, days=200, hour=10, room=room.upper(), link=link, people=people), 409, "taken")
    assert told["type"] == "clash"
    assert [one["rule"] for one in told["conflicts"]] == ["link_busy", "room_busy", "person_busy"]
    assert first["ref"] not in str(told)
    assert len(told["nearest"]) == 3
    for free in told["nearest"]:
        assert datetime.fromisoformat(free["ends_at"]) - datetime.fromisoformat(free["starts_at"]) == timedelta(hours=2)
    assert sitting(200, 11).isoformat() in {free["starts_at"] for free in told["nearest"]}
    nearest = told["nearest"][0]
    there = post(lawyer, other, room=room, link=link, people=people, **nearest)
    assert (there.status_code, there.get_json().get("warnings")) == (201, [])
    elsewhere = body(days=200, room=room, court="Appeal court")
    assert lawyer.post(f"/cases/{other['id']}/hearings", elsewhere).status_code == 201
    rules = refused(post(lawyer, case, days=200, room=room), 409)["conflicts"]
    assert [one["rule"] for one in rules] == ["room_busy"]


def test_of_many_who_want_one_room_at_once_one_gets_it(
    lawyer: Persona, investigator: Persona, site: Site, case: Case
) -> None:
    room = f"Room {uuid.uuid4()}"

    def ask(_number: int) -> int:
        return int(post(lawyer, case, days=300, room=room).status_code)

    with ThreadPoolExecutor(8) as pool:
        codes = sorted(pool.map(ask, range(8)))
    assert codes == [201] + [409] * 7


# --- moving it --------------------------------------------------------------------------------------------------------


def test_a_hearing_that_is_moved_is_checked_anew_and_its_old_time_is_free(lawyer: Persona, case: Case) -> None:
    room = f"Room {uuid.uuid4()}"
    first = post(lawyer, case, days=20, room=room).get_json()
    second = post(lawyer, case, days=21, room=room).get_json()
    times = {name: first[name] for name in ("starts_at", "ends_at")}
    told = refused(patch(lawyer, second, **times), 409)
    assert [one["rule"] for one in told["conflicts"]] == ["room_busy"]
    later = (datetime.fromisoformat(first["ends_at"]) + timedelta(hours=1)).isoformat()
    refused(patch(lawyer, first, starts_at=later), 422, "end after it begins")
    moved = patch(lawyer, first, starts_at=sitting(22).isoformat(), ends_at=(sitting(22, 12)).isoformat())
    assert moved.status_code == 200, moved.get_json()
    assert patch(lawyer, second, **times).status_code == 200
    assert patch(lawyer, second, room=None).get_json()["room"] is None
    assert post(lawyer, case, days=20, room=room).status_code == 201
    refused(patch(lawyer, second), 422, "at least one")
    refused(lawyer.call("PATCH", f"/hearings/{first['id']}", json={"room": "9"}, headers={"If-Match": '"v1"'}), 412)


@pytest.mark.parametrize("state", [BookingState.CONFIRMED, BookingState.PROVISIONAL])
def test_a_hearing_does_not_move_away_from_under_a_witness(
    lawyer: Persona, caseworker: Persona, site: Site, shared_case: Case, state: BookingState
) -> None:
    hearing = new_hearing(lawyer, shared_case["id"])
    booked(site, hearing, new_victim(caseworker, shared_case["id"])["id"], state)
    start = datetime.fromisoformat(hearing["starts_at"])
    refused(patch(lawyer, hearing, starts_at=(start + timedelta(minutes=31)).isoformat()), 409, "witness is booked")
    refused(patch(lawyer, hearing, ends_at=(start + timedelta(minutes=89)).isoformat()), 409, "witness is booked")
    refused(patch(lawyer, hearing, court="Appeal court"), 409, "booked at this court")
    assert patch(lawyer, hearing, starts_at=(start + timedelta(minutes=30)).isoformat()).status_code == 200
    with begin(site, OPERATOR) as work:
        for booking in work.session.scalars(sa.select(Booking).where(Booking.hearing_id == UUID(hearing["id"]))):
            booking.state = BookingState.RELEASED
            work.record(booking, "testimony:release")
    assert patch(lawyer, hearing, court="Appeal court").status_code == 200


# --- what became of it ------------------------------------------------------------------------------------------------


def test_an_adjourned_hearing_frees_its_room_and_goes_on_in_the_same_act(
    lawyer: Persona, site: Site, case: Case
) -> None:
    room = f"Room {uuid.uuid4()}"
    hearing = post(lawyer, case, days=30, room=room, people=[str(lawyer.id)]).get_json()
    refused(act(lawyer, hearing, "adjourn"), 422, "why it is adjourned")
    refused(act(lawyer, hearing, "cancel", code="judge_absent"), 422, "adjournment alone")
    refused(act(lawyer, hearing, "cancel", outcome="None"), 422, "no outcome")
    times = {"starts_at": sitting(31).isoformat(), "ends_at": sitting(31, 12).isoformat()}
    earlier = {"starts_at": sitting(29).isoformat(), "ends_at": sitting(29, 12).isoformat()}
    told = refused(act(lawyer, hearing, "adjourn", code="judge_absent", next=earlier), 422, "later")
    assert set(told["errors"]) == {"next.starts_at"}
    refused(act(lawyer, hearing, "adjourn", code="judge_absent", next={**times, "ends_at": times["starts_at"]}), 422)
    blocking = new_hearing(lawyer, case["id"], room=room, **times)
    refused(act(lawyer, hearing, "adjourn", code="judge_absent", next=times), 409)
    assert lawyer.get(f"/hearings/{hearing['id']}").get_json()["state"] == "scheduled"
    assert taken(site, hearing) == 2
    done = act(lawyer, hearing, "adjourn", code="judge_absent", outcome="At noon", next={**times, "room": "7"})
    assert done.status_code == 200, done.get_json()
    adjourned = done.get_json()
    assert (adjourned["state"], adjourned["code"], adjourned["outcome"]) == ("adjourned", "judge_absent", "At noon")
    assert (adjourned["allowed"], taken(site, hearing)) == ([], 0)
    following = lawyer.get(f"/hearings/{adjourned['next']}").get_json()
    assert (following["follows"], following["room"], following["people"]) == (hearing["id"], "7", [str(lawyer.id)])
    assert (following["kind"], following["court"]) == (hearing["kind"], hearing["court"])
    assert post(lawyer, case, days=30, room=room).status_code == 201
    refused(act(lawyer, hearing, "hold"), 409)
    refused(patch(lawyer, hearing, room="8"), 409, "It is over")
    assert act(lawyer, blocking, "cancel").get_json()["state"] == "cancelled"
    with begin(site, OPERATOR, read_only=True) as work:
        mine = sa.select(LedgerEntry.action).where(LedgerEntry.subject == f"hearing:{hearing['id']}")
        assert list(work.session.scalars(mine.order_by(LedgerEntry.id))) == ["hearing:plan", "hearing:adjourn"]


def test_a_hearing_is_held_on_its_day_and_not_before(lawyer: Persona, case: Case) -> None:
    later = new_hearing(lawyer, case["id"])
    refused(act(lawyer, later, "hold"), 409, "later day")
    now = datetime.now(UTC)
    times = {"starts_at": (now - timedelta(hours=2)).isoformat(), "ends_at": (now - timedelta(hours=1)).isoformat()}
    hearing = new_hearing(lawyer, case["id"], **times)
    held = act(lawyer, hearing, "hold", outcome="Two witnesses were heard").get_json()
    assert (held["state"], held["outcome"], held["warnings"]) == ("held", "Two witnesses were heard", [])
    refused(act(lawyer, hearing, "adjourn", code="other"), 409)


@pytest.mark.parametrize("action", ["adjourn", "cancel"])
def test_whoever_was_booked_for_a_hearing_that_does_not_take_place_is_postponed(
    lawyer: Persona, caseworker: Persona, site: Site, shared_case: Case, action: str
) -> None:
    hearing = new_hearing(lawyer, shared_case["id"])
    testimony = booked(site, hearing, new_victim(caseworker, shared_case["id"])["id"])
    code = {"code": "judge_absent"} if action == "adjourn" else {}
    assert act(lawyer, hearing, action, **code).status_code == 200
    with begin(site, OPERATOR, read_only=True) as work:
        assert work.session.get_one(Testimony, testimony).state is TestimonyState.POSTPONED
        states = work.session.scalars(sa.select(Booking.state).where(Booking.testimony_id == testimony)).all()
        assert states == [BookingState.RELEASED]


# --- lists, dockets ---------------------------------------------------------------------------------------------------


def test_hearings_are_listed_in_whole_pages_in_the_order_of_time(
    make_persona: Callable[..., Persona], investigator: Persona
) -> None:
    hers = make_persona(Role.LAWYER)
    case = investigator.post("/cases", {"title": "Quayside", "kind": "sex_trafficking", "country": "KH"}).get_json()
    investigator.post(f"/cases/{case['id']}/assignments", {"user": str(hers.id), "role": "lawyer"})
    made_ = [new_hearing(hers, case["id"], days=days) for days in (44, 41, 41, 43, 42)]
    order = [one["id"] for one in sorted(made_, key=lambda one: (one["starts_at"], one["id"]))]

    def walk(path: str) -> list[str]:
        found: list[str] = []
        cursor = ""
        while True:
            answer = hers.get(f"{path}limit=2{cursor}").get_json()
            found += [one["id"] for one in answer["items"]]
            if answer["next"] is None:
                return found
            cursor = f"&cursor={answer['next']}"

    assert walk("/hearings?") == order
    assert walk(f"/cases/{case['id']}/hearings?") == order[::-1]
    first, last = sitting(41).date(), sitting(42).date()
    assert (
        walk(f"/hearings?from={first}&to={last}&")
        == order[: len([o for o in made_ if o["starts_at"][:10] <= f"{last}"])]
    )
    act(hers, made_[0], "cancel")
    assert walk("/hearings?state=cancelled&") == [made_[0]["id"]]


def test_a_docket_lists_the_day_court_by_court_with_witnesses_as_they_may_be_called(
    make_persona: Callable[..., Persona], lawyer: Persona, caseworker: Persona, site: Site, shared_case: Case
) -> None:
    day = sitting(90).date()
    late = post(lawyer, shared_case, days=90, hour=13, court="Appeal court").get_json()
    early = post(lawyer, shared_case, days=90, hour=9, court="Appeal court", kind="verdict").get_json()
    other = post(lawyer, shared_case, days=90, hour=8).get_json()
    gone = post(lawyer, shared_case, days=90, hour=14).get_json()
    act(lawyer, gone, "cancel")
    victim = new_victim(caseworker, shared_case["id"])
    booked(site, late, victim["id"])
    for persona in (lawyer, caseworker):
        listed = persona.get(f"/dockets?on={day}").get_json()["items"]
        mine = [one for one in listed if one["case"] == shared_case["id"]]
        assert [one["hearing"] for one in mine] == [early["id"], late["id"], other["id"]]
        assert [one["witness"] for one in mine[1]["witnesses"]] == [victim["pseudonym"]]
        assert mine[1]["witnesses"][0]["measures"] == [{"kind": "screen", "state": "granted"}]


# --- how the accused come ---------------------------------------------------------------------------------------------


def resource(site: Site, persona: Persona, kind: ResourceKind) -> str:
    with begin(site, OPERATOR) as work:
        office = work.session.get_one(User, persona.id).office_id
        made_ = Resource(office_id=office, kind=kind, name=f"{kind} {uuid.uuid4().hex[:6]}", created_at=work.now)
        work.session.add(made_)
        work.session.flush()
        work.record(made_, "resource:add")
        return str(made_.id)


def test_how_an_accused_comes_is_recorded_once_moves_with_the_hearing_and_can_be_taken_off(
    lawyer: Persona, investigator: Persona, caseworker: Persona, site: Site, shared_case: Case
) -> None:
    hearing = new_hearing(lawyer, shared_case["id"], days=15)
    path = f"/hearings/{hearing['id']}/attendances"
    perpetrator = new_perpetrator(investigator, shared_case["id"])["id"]
    area = resource(site, lawyer, ResourceKind.WAITING_AREA)
    start = datetime.fromisoformat(hearing["starts_at"])
    come = {"perpetrator": perpetrator, "arrives_at": (start - timedelta(hours=1)).isoformat(), "waiting_area": area}
    refused(investigator.post(path, come), 403)
    refused(lawyer.post(path, {**come, "perpetrator": str(uuid.uuid4())}), 422, "no such perpetrator")
    refused(lawyer.post(path, {**come, "vehicle": area}), 422, "to book")
    refused(lawyer.post(path, {**come, "leaves_at": come["arrives_at"]}), 422, "before the arrival")
    refused(lawyer.post(path, {**come, "arrives_at": (start + timedelta(days=3)).isoformat()}), 422, "within the day")
    attendance = made(lawyer, path, come)
    refused(lawyer.post(path, come), 409, "recorded already")
    found = caseworker.get(path).get_json()["items"]
    assert [(one["perpetrator"], one["waiting_area"]) for one in found] == [(perpetrator, area)]
    times = {
        "starts_at": (start + timedelta(days=1)).isoformat(),
        "ends_at": (start + timedelta(days=1, hours=1)).isoformat(),
    }
    assert patch(lawyer, hearing, **times).status_code == 200
    moved = datetime.fromisoformat(caseworker.get(path).get_json()["items"][0]["arrives_at"])
    assert moved == start + timedelta(hours=23)
    end = f"{path}/{attendance['id']}/end"
    assert lawyer.post(end, {"reason": "By video"}).status_code == 204
    refused(lawyer.post(end, {"reason": "By video"}), 409)
    assert caseworker.get(path).get_json()["items"] == []


def test_the_accused_come_to_the_hearing_that_follows_as_to_the_one_that_is_adjourned(
    lawyer: Persona, investigator: Persona, shared_case: Case
) -> None:
    hearing = new_hearing(lawyer, shared_case["id"], days=16)
    perpetrator = new_perpetrator(investigator, shared_case["id"])["id"]
    come = {"perpetrator": perpetrator, "arrives_at": hearing["starts_at"]}
    made(lawyer, f"/hearings/{hearing['id']}/attendances", come)
    times = {"starts_at": sitting(18, 13).isoformat(), "ends_at": sitting(18, 14).isoformat()}
    following = act(lawyer, hearing, "adjourn", code="judge_absent", next=times).get_json()["next"]
    assert lawyer.get(f"/hearings/{hearing['id']}/attendances").get_json()["items"] == []
    (found,) = lawyer.get(f"/hearings/{following}/attendances").get_json()["items"]
    assert found["perpetrator"] == perpetrator
    assert datetime.fromisoformat(found["arrives_at"]) == sitting(18, 13)


def test_it_is_told_when_an_accused_comes_or_is_moved_to_where_a_witness_arrives(
    lawyer: Persona, investigator: Persona, caseworker: Persona, site: Site, shared_case: Case
) -> None:
    hearing = new_hearing(lawyer, shared_case["id"], days=17)
    start = datetime.fromisoformat(hearing["starts_at"])
    booked(site, hearing, new_victim(caseworker, shared_case["id"])["id"])
    other = new_hearing(lawyer, shared_case["id"], **body(days=17, hour=13))
    path, come = (
        f"/hearings/{other['id']}/attendances",
        {"perpetrator": new_perpetrator(lawyer, shared_case["id"])["id"]},
    )
    assert made(lawyer, path, {**come, "arrives_at": other["starts_at"]})["conflicts"] == []
    later = start + timedelta(minutes=15)
    times = {"starts_at": later.isoformat(), "ends_at": (later + timedelta(hours=2)).isoformat()}
    (warning,) = patch(lawyer, other, **times).get_json()["warnings"]
    assert "arrives or leaves at nearly the same time" in warning
    listed = lawyer.get(f"/dockets?on={start.date()}").get_json()["items"]
    states = [heard["state"] for one in listed if one["hearing"] == hearing["id"] for heard in one["witnesses"]]
    assert states == ["provisional"]
    assert lawyer.get(f"/hearings/{other['id']}").get_json()["warnings"] == []
    path, come = (
        f"/hearings/{hearing['id']}/attendances",
        {"perpetrator": new_perpetrator(investigator, shared_case["id"])["id"]},
    )
    told = made(lawyer, path, {**come, "arrives_at": (start + timedelta(minutes=20)).isoformat()})
    assert [one["rule"] for one in told["conflicts"]] == ["shared_arrival"]


def test_nothing_is_set_down_in_a_case_that_has_ended(lawyer: Persona, supervisor: Persona, case: Case) -> None:
    hearing = new_hearing(lawyer, case["id"])
    move(supervisor, f"/cases/{case['id']}", "decline")
    refused(post(lawyer, case), 409, "has ended")
    refused(patch(lawyer, hearing, room="7"), 409, "has ended")
    refused(act(lawyer, hearing, "cancel"), 409, "has ended")


def test_nothing_of_a_hearing_stands_in_the_clear_in_its_chain(lawyer: Persona, site: Site, case: Case) -> None:
    hearing = post(lawyer, case, days=400, court="Secret court", room="Secret room", people=[str(lawyer.id)]).get_json()
    move(lawyer, f"/hearings/{hearing['id']}", "cancel", reason="A secret reason")
    with begin(site, OPERATOR, read_only=True) as work:
        rows: Sequence[Any] = work.session.scalars(
            sa.select(LedgerEntry).where(LedgerEntry.subject == f"hearing:{hearing['id']}")
        ).all()
        clear = str([row.body for row in rows])
        assert len(rows) == 2
        for word in ("ecret", str(lawyer.id)):
            assert word not in clear
        assert work.session.get_one(Hearing, UUID(hearing["id"])).state == "cancelled"
