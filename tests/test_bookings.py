"""Booking witnesses: what blocks at once, what blocks the confirmation, what only warns; and what is recorded later."""

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evidence_api.domain.roles import Role
from evidence_api.domain.scheduling import Rule
from evidence_api.models import Consent, LedgerEntry, Occupancy, OccupancyLock, Testimony, Victim
from evidence_api.work import Site
from tests.casework import (
    Made,
    consents,
    made,
    move,
    new_adult,
    new_hearing,
    new_perpetrator,
    new_testimony,
    new_victim,
    ready,
    sitting,
)
from tests.conftest import Persona

Case = dict[str, Any]
FAR = 40
"""Working days ahead: no deadline is near."""
HOUR = timedelta(hours=1)


@dataclass
class Court:
    """A hearing from nine to five, and a witness who is ready for it."""

    site: Site
    lawyer: Persona
    caseworker: Persona
    case: str
    hearing: Made
    testimony: Made

    def at(self, hour: float) -> datetime:
        """An hour of the hearing's day, counted from its beginning."""
        return datetime.fromisoformat(self.hearing["starts_at"]) + hour * HOUR

    def body(self, start: float = 1, hours: float = 1, **more: Any) -> dict[str, Any]:
        times = {"starts_at": self.at(start).isoformat(), "ends_at": self.at(start + hours).isoformat()}
        return {"hearing": self.hearing["id"], "measures": [], **times, **more}

    def book(self, start: float = 1, hours: float = 1, *, testimony: Made | None = None, **more: Any) -> Any:
        where = f"/testimonies/{(testimony or self.testimony)['id']}"
        return self.lawyer.post(f"{where}/book", self.body(start, hours, **more))

    def another(self, **state: Any) -> Made:
        """One more witness, ready too."""
        return witness(self.site, self.lawyer, self.caseworker, self.case, **state)

    def resource(self, kind: str, **fields: Any) -> str:
        body = {"kind": kind, "name": f"{kind} {uuid.uuid4().hex}", **fields}
        return str(made(self.caseworker, "/resources", body)["id"])

    def put(self, **values: Any) -> None:
        put(self.site, self.testimony, **values)

    def open_now(self) -> Made:
        """What conflicts with what is booked for her, as the list says."""
        span = f"from={self.at(-24):%Y-%m-%d}&to={self.at(24):%Y-%m-%d}&limit=200"
        items = self.lawyer.get(f"/testimonies/conflicts?{span}").get_json()["items"]
        found: Made = next((one for one in items if one["testimony"] == self.testimony["id"]), {})
        return found

    def booking(self, testimony: Made | None = None) -> Made:
        """What was booked last."""
        where = f"/testimonies/{(testimony or self.testimony)['id']}/bookings"
        found: Made = self.lawyer.get(where).get_json()["items"][0]
        return found


def put(site: Site, testimony: Made, **values: Any) -> None:
    """As if it had come so far."""
    with site.engine.begin() as connection:
        of = sa.update(Testimony).where(Testimony.id == uuid.UUID(testimony["id"]))
        connection.execute(of.values(**values))


def witness(site: Site, lawyer: Persona, caseworker: Persona, case: str, **state: Any) -> Made:
    victim = new_adult(caseworker, case)["id"]
    consents(caseworker, victim)
    found = new_testimony(lawyer, case, victim)
    put(site, found, **{"state": "ready", **state})
    return found


def long_hearing(lawyer: Persona, case: str, days: int = FAR, **fields: Any) -> Made:
    starts = sitting(days, 2)
    times = {"starts_at": starts.isoformat(), "ends_at": (starts + 8 * HOUR).isoformat()}
    return new_hearing(lawyer, case, **times, **fields)


@pytest.fixture
def court(site: Site, lawyer: Persona, caseworker: Persona, shared_case: Case) -> Court:
    case = shared_case["id"]
    return Court(site, lawyer, caseworker, case, long_hearing(lawyer, case), witness(site, lawyer, caseworker, case))


def rules(found: list[dict[str, str]]) -> set[str]:
    return {one["rule"] for one in found}


def clash(response: Any) -> Made:
    found: Made = response.get_json()
    assert (response.status_code, found.get("type")) == (409, "clash"), found
    return found


def booked(response: Any) -> Made:
    found: Made = response.get_json()
    assert response.status_code == 200, found
    return found


# --- a booking --------------------------------------------------------------------------------------------------------


def test_a_time_is_booked_provisionally_and_another_takes_its_place(court: Court) -> None:
    first = booked(court.book(1, measures=["screen"], recesses=1))
    assert (first["state"], first["open"]) == ("provisional", [])
    assert first["booking"]["measures"] == ["screen"]
    second = booked(court.book(1.5))
    states = {
        one["id"]: one["state"]
        for one in court.lawyer.get(f"/testimonies/{court.testimony['id']}/bookings").get_json()["items"]
    }
    assert states == {first["booking"]["id"]: "released", second["booking"]["id"]: "provisional"}


@pytest.mark.parametrize(
    ("start", "hours", "more", "field"),
    [
        (-1, 1, {}, "starts_at"),
        (7.5, 1, {}, "starts_at"),
        (2, 0, {}, "ends_at"),
        (2, 1, {"arrives_at": 2.5}, "arrives_at"),
        (2, 1, {"leaves_at": 2.5}, "leaves_at"),
        (2, 1, {"resources": [str(uuid.uuid4())]}, "resources"),
        (2, 1, {"people": [str(uuid.uuid4())]}, "people"),
        (2, 1, {"hearing": str(uuid.uuid4())}, "hearing"),
    ],
)
def test_a_time_lies_within_the_hearing_and_takes_what_is_there(
    court: Court, start: float, hours: float, more: dict[str, Any], field: str
) -> None:
    more = {name: court.at(value).isoformat() if isinstance(value, float) else value for name, value in more.items()}
    response = court.book(start, hours, **more)
    assert (response.status_code, list(response.get_json()["errors"])) == (422, [field])


def test_nothing_is_booked_for_who_is_not_willing_or_at_a_hearing_that_is_over(court: Court) -> None:
    court.put(state="identified")
    assert court.book().status_code == 409
    court.put(state="willing")
    assert rules(booked(court.book())["open"]) == {"not_ready"}
    move(court.lawyer, f"/hearings/{court.hearing['id']}", "cancel")
    assert "over" in court.book().get_json()["detail"]


# --- what blocks at once ----------------------------------------------------------------------------------------------

Setup = Callable[[Court], dict[str, Any]]


def _interpreter(court: Court) -> dict[str, Any]:
    found = court.resource("interpreter", buffer=30)
    elsewhere = long_hearing(court.lawyer, court.case, court="Supreme court")
    booked(court.book(2.75, testimony=court.another(), hearing=elsewhere["id"], resources=[found]))
    # Ours ends three quarters of an hour before, and she needs half an hour and then an hour for the way.
    return {"resources": [found]}


def _person(court: Court) -> dict[str, Any]:
    elsewhere = long_hearing(court.lawyer, court.case, court="Supreme court", people=[str(court.caseworker.id)])
    assert elsewhere
    return {"people": [str(court.caseworker.id)]}


def _vehicle(court: Court) -> dict[str, Any]:
    found = court.resource("vehicle")
    body = {
        "case": court.case,
        "side": "court",
        "from_at": court.at(1.5).isoformat(),
        "until_at": court.at(2).isoformat(),
    }
    made(court.lawyer, f"/resources/{found}/engagements", body)
    return {"resources": [found]}


def _room(court: Court) -> dict[str, Any]:
    found = court.resource("waiting_area")
    elsewhere = long_hearing(court.lawyer, court.case)
    booked(court.book(1, testimony=court.another(), hearing=elsewhere["id"], resources=[found]))
    return {"resources": [found]}


def _link(court: Court) -> dict[str, Any]:
    found = court.resource("link")
    elsewhere = long_hearing(court.lawyer, court.case)
    booked(court.book(1, testimony=court.another(), hearing=elsewhere["id"], resources=[found]))
    return {"resources": [found]}


def _unavailable(court: Court) -> dict[str, Any]:
    span = {"from_at": court.at(-24).isoformat(), "until_at": court.at(1.5).isoformat()}
    made(court.caseworker, f"/testimonies/{court.testimony['id']}/unavailabilities", span)
    return {}


def _attends(court: Court, **more: Any) -> None:
    body = {"perpetrator": new_perpetrator(court.lawyer, court.case)["id"], "arrives_at": court.at(4).isoformat()}
    made(court.lawyer, f"/hearings/{court.hearing['id']}/attendances", {**body, **more})


def _accused_arrives(court: Court) -> dict[str, Any]:
    _attends(court, arrives_at=court.at(1.25).isoformat())
    return {}


def _accused_waits(court: Court) -> dict[str, Any]:
    found = court.resource("waiting_area")
    _attends(court, waiting_area=found, arrives_at=court.at(0).isoformat())
    return {"resources": [found]}


def _accused_rides(court: Court) -> dict[str, Any]:
    found = court.resource("vehicle")
    _attends(court, vehicle=found)
    return {"resources": [found]}


def _tied(court: Court) -> dict[str, Any]:
    found = court.resource("driver")
    body = {"perpetrator": new_perpetrator(court.lawyer, court.case)["id"], "reason": "Her brother"}
    made(court.lawyer, f"/resources/{found}/ties", body)
    return {"resources": [found]}


def _both_sides(court: Court) -> dict[str, Any]:
    found = court.resource("interpreter")
    past = {"from_at": court.at(-2400).isoformat(), "until_at": court.at(-2390).isoformat()}
    made(court.lawyer, f"/resources/{found}/engagements", {"case": court.case, "side": "defence", **past})
    return {"resources": [found]}


def _together(court: Court) -> dict[str, Any]:
    booked(court.book(1.5, testimony=court.another()))
    return {}


def _shelter(court: Court) -> dict[str, Any]:
    name = f"Lotus {uuid.uuid4().hex}"
    body = {"name": name, "country": "KH", "region": "Kandal", "offers": ["shelter"]}
    made(court.caseworker, "/partners", body)
    return {"resources": [court.resource("waiting_area", name=f"Hall of {name.upper()}, ground floor")]}


def _where_she_sleeps(court: Court) -> dict[str, Any]:
    street = f"{uuid.uuid4().int % 997} Street {uuid.uuid4().hex[:8]}"
    placed = {"kind": "hospital", "from_on": datetime.now(UTC).date().isoformat(), "address": f"{street}, Phnom Penh"}
    made(court.caseworker, f"/victims/{court.testimony['victim']}/placements", placed)
    return {"resources": [court.resource("meeting_place", name=f"House at {street}")]}


def _missing(court: Court) -> dict[str, Any]:
    with court.site.engine.begin() as connection:
        hers = sa.update(Victim).where(Victim.id == uuid.UUID(court.testimony["victim"]))
        connection.execute(hers.values(whereabouts="missing"))
    return {}


def _crisis(court: Court) -> dict[str, Any]:
    made(court.caseworker, f"/testimonies/{court.testimony['id']}/crisis", {"reason": "x"})
    return {}


@pytest.mark.parametrize(
    ("rule", "setup"),
    [
        (Rule.INTERPRETER_BUSY, _interpreter),
        (Rule.PERSON_BUSY, _person),
        (Rule.VEHICLE_BUSY, _vehicle),
        (Rule.ROOM_BUSY, _room),
        (Rule.LINK_BUSY, _link),
        (Rule.WITNESS_UNAVAILABLE, _unavailable),
        (Rule.SHARED_ARRIVAL, _accused_arrives),
        (Rule.SHARED_WAITING_AREA, _accused_waits),
        (Rule.SHARED_VEHICLE, _accused_rides),
        (Rule.TIED_TO_PERPETRATOR, _tied),
        (Rule.SERVES_BOTH_SIDES, _both_sides),
        (Rule.WITNESSES_TOGETHER, _together),
        (Rule.SHELTER_AS_PLACE, _shelter),
        (Rule.SHELTER_AS_PLACE, _where_she_sleeps),
        (Rule.WITNESS_MISSING, _missing),
        (Rule.WITNESS_IN_CRISIS, _crisis),
    ],
)
def test_what_does_harm_blocks_at_once_and_says_when_it_would_not(court: Court, rule: Rule, setup: Setup) -> None:
    assert "booking" in booked(court.book())
    made(court.lawyer, f"/testimonies/{court.testimony['id']}/release", {"reason": "Anew"})
    found = clash(court.book(**(more := setup(court))))
    assert rule.value in rules(found["conflicts"])
    assert court.booking()["state"] == "released"
    within = [free for free in found["nearest"] if free["ends_at"] <= court.hearing["ends_at"]]
    for free in within[:1]:
        assert booked(court.book(**more, **free))


def test_she_is_busy_wherever_she_testifies_and_no_other_case_is_named(
    court: Court, make_persona: Callable[..., Persona], investigator: Persona
) -> None:
    lawyer = make_persona(Role.LAWYER)
    other = investigator.post("/cases", {"title": "Other", "kind": "sex_trafficking", "country": "KH"}).get_json()
    for persona, role in ((lawyer, "lawyer"), (court.caseworker, "caseworker")):
        made(investigator, f"/cases/{other['id']}/assignments", {"user": str(persona.id), "role": role})
    made(court.caseworker, f"/victims/{court.testimony['victim']}/cases", {"case": other["id"]})
    hers = new_testimony(lawyer, other["id"], court.testimony["victim"])
    put(court.site, hers, state="ready")
    there = Court(
        court.site,
        lawyer,
        court.caseworker,
        other["id"],
        long_hearing(lawyer, other["id"], court="Supreme court"),
        hers,
    )
    booked(there.book(3))
    found = clash(court.book(1.5))
    assert rules(found["conflicts"]) == {"witness_busy"}
    assert other["ref"] not in str(found)
    # Two hours and a half later she is back, an hour's way between the two courts.
    assert {free["starts_at"][11:16] for free in found["nearest"]} & {f"{court.at(1):%H:%M}"}
    booked(court.book(1))


# --- what blocks the confirmation -------------------------------------------------------------------------------------


def schedule(court: Court) -> Any:
    body = {"action": "schedule", "reason": "As booked"}
    return court.lawyer.post(f"/testimonies/{court.testimony['id']}/transitions", body)


def test_a_booking_without_anything_open_is_confirmed_by_the_step_and_what_ends_later_shows(
    site: Site, lawyer: Persona, caseworker: Persona, shared_case: Case
) -> None:
    case = shared_case["id"]
    testimony = new_testimony(lawyer, case, new_adult(caseworker, case)["id"])
    testimony = ready(lawyer, caseworker, testimony)
    court = Court(site, lawyer, caseworker, case, long_hearing(lawyer, case), testimony)
    assert schedule(court).status_code == 409
    assert booked(court.book())["open"] == []
    assert schedule(court).get_json()["state"] == "scheduled"
    assert (court.booking()["state"], court.open_now()) == ("confirmed", {})
    consent = caseworker.get(f"/victims/{testimony['victim']}/consents").get_json()["items"][0]
    with site.engine.begin() as connection:
        hers = sa.update(Consent).where(Consent.id == uuid.UUID(consent["id"]))
        connection.execute(hers.values(expires_on=court.at(-24).date()))
    assert rules(court.open_now()["open"]) == {"consent_expired"}
    booked(court.book(2))
    open_ = clash(lawyer.post(f"/testimonies/{testimony['id']}/confirm", {}))
    assert rules(open_["conflicts"]) == {"consent_expired"}
    consents(caseworker, testimony["victim"])
    made(lawyer, f"/testimonies/{testimony['id']}/confirm", {})
    assert court.booking()["state"] == "confirmed"
    made(caseworker, f"/testimonies/{testimony['id']}/release", {"reason": "She asked"})
    assert (court.booking()["state"], lawyer.get(f"/testimonies/{testimony['id']}").get_json()["state"]) == (
        "released",
        "postponed",
    )


def actions(site: Site, testimony: Made) -> set[str]:
    with site.engine.connect() as connection:
        subject = f"testimony:{testimony['id']}"
        rows = connection.scalars(sa.select(LedgerEntry.action).where(LedgerEntry.subject == subject))
        return {action.partition(":")[2] for action in rows}


def test_what_is_open_is_told_and_what_warns_is_told_apart(court: Court) -> None:
    child = new_victim(court.caseworker, court.case, minor=True)["id"]
    hers = new_testimony(court.lawyer, court.case, child)
    put(court.site, hers, state="willing", interviews=9, language="vi", interpreter_gender="female")
    measure = {"kind": "interpreter"}
    made(court.lawyer, f"/testimonies/{hers['id']}/measures", measure)
    interpreter = court.resource("interpreter", languages=["km"], gender="male")
    found = booked(court.book(1, 5, testimony=hers, resources=[interpreter]))
    assert rules(found["open"]) == {"consent_missing", "no_assent", "no_safe_guardian", "not_ready"}
    assert {"long_child_session", "too_many_interviews", "language_unmet", "gender_unmet"} <= rules(found["warnings"])
    consents(court.caseworker, child, expires_on=f"{court.at(-24):%Y-%m-%d}")
    consents(court.caseworker, child, "testimony_assent")
    guardian = court.resource("guardian")
    found = booked(court.book(1, 1, testimony=hers, resources=[guardian]))
    assert rules(found["open"]) == {"consent_expired", "not_ready"}


def test_near_the_hearing_a_measure_is_decided_and_a_statement_disclosed(
    site: Site, lawyer: Persona, caseworker: Persona, shared_case: Case
) -> None:
    case = shared_case["id"]
    testimony = witness(site, lawyer, caseworker, case)
    soon = Court(site, lawyer, caseworker, case, long_hearing(lawyer, case, 2), testimony)
    item = lawyer.get(f"/cases/{case}/evidence").get_json()["items"]
    assert item == []
    measure = made(lawyer, f"/testimonies/{testimony['id']}/measures", {"kind": "screen"})
    assert rules(booked(soon.book())["open"]) == {"measure_undecided"}
    move(lawyer, f"/measures/{measure['id']}", "apply")
    move(lawyer, f"/measures/{measure['id']}", "refuse")
    assert rules(booked(soon.book())["open"]) == {"measure_refused"}


# --- what is recorded later -------------------------------------------------------------------------------------------


@pytest.fixture
def confirmed(court: Court) -> str:
    """Her booking is confirmed, with a driver."""
    driver = court.resource("driver")
    booked(court.book(resources=[driver]))
    court.put(state="scheduled")
    made(court.lawyer, f"/testimonies/{court.testimony['id']}/confirm", {})
    assert court.booking()["state"] == "confirmed"
    return driver


def test_a_tie_found_later_answers_with_what_it_makes_impossible(
    court: Court, confirmed: str, colleague: Persona, caseworker: Persona
) -> None:
    body = {"perpetrator": new_perpetrator(court.lawyer, court.case)["id"], "reason": "His cousin"}
    assert colleague.post(f"/resources/{confirmed}/ties", body).status_code == 403
    tie = made(court.lawyer, f"/resources/{confirmed}/ties", body)
    assert [(one["testimony"], rules(one["conflicts"])) for one in tie["affected"]] == [
        (court.testimony["id"], {"tied_to_perpetrator"})
    ]
    assert court.booking()["state"] == "provisional"
    assert rules(court.open_now()["conflicts"]) == {"tied_to_perpetrator"}
    assert "cousin" not in str(court.open_now())
    assert "fall_back" in actions(court.site, court.testimony)
    assert court.lawyer.post(f"/resources/{confirmed}/ties", body).status_code == 409
    assert caseworker.get(f"/resources/{confirmed}/ties").get_json()["items"] == []
    ended = court.lawyer.post(f"/resources/{confirmed}/ties/{tie['id']}/end", {"reason": "Another man"})
    assert ended.status_code == 204
    made(court.lawyer, f"/testimonies/{court.testimony['id']}/confirm", {})
    assert court.booking()["state"] == "confirmed"


def test_an_engagement_found_later_takes_the_driver_away(court: Court, confirmed: str) -> None:
    span = {"from_at": court.at(0).isoformat(), "until_at": court.at(3).isoformat()}
    found = made(court.lawyer, f"/resources/{confirmed}/engagements", {"case": court.case, "side": "defence", **span})
    assert rules(found["affected"][0]["conflicts"]) == {"person_busy", "serves_both_sides"}
    assert court.booking()["state"] == "provisional"
    where = f"/resources/{confirmed}/engagements"
    assert court.lawyer.post(f"{where}/{found['id']}/end", {"reason": "A mistake"}).status_code == 204
    assert court.open_now() == {}


def test_an_accused_who_comes_at_the_same_time_never_goes_unnoticed(court: Court, confirmed: str) -> None:
    body = {"perpetrator": new_perpetrator(court.lawyer, court.case)["id"], "arrives_at": court.at(1).isoformat()}
    found = made(court.lawyer, f"/hearings/{court.hearing['id']}/attendances", body)
    assert rules(found["conflicts"]) == {"shared_arrival"}
    assert court.booking()["state"] == "provisional"
    where = f"/testimonies/{court.testimony['id']}"
    assert rules(clash(court.lawyer.post(f"{where}/confirm", {}))["conflicts"]) == {"shared_arrival"}
    booked(court.book(3))
    made(court.lawyer, f"{where}/confirm", {})


def test_how_an_accused_comes_is_recorded_under_the_locks_of_every_witness(court: Court) -> None:
    never_booked = court.another()
    _attends(court)
    with court.site.engine.connect() as connection:
        locks = set(connection.scalars(sa.select(OccupancyLock.key)))
    assert {f"victim:{one['victim']}" for one in (court.testimony, never_booked)} <= locks


def test_when_she_cannot_come_is_recorded_whatever_is_booked(court: Court, confirmed: str) -> None:
    span = {"from_at": court.at(0).isoformat(), "until_at": court.at(1.5).isoformat()}
    where = f"/testimonies/{court.testimony['id']}/unavailabilities"
    assert made(court.caseworker, where, {**span, "hard": False})["conflicts"] == []
    assert court.booking()["state"] == "confirmed"
    assert rules(made(court.caseworker, where, span)["conflicts"]) == {"witness_unavailable"}
    assert court.booking()["state"] == "provisional"


def test_a_guardian_who_is_named_later_comes_with_one_child_at_a_time(court: Court) -> None:
    aunt, uncle = court.resource("guardian"), court.resource("guardian")
    other = court.another()
    booked(court.book(testimony=other, hearing=long_hearing(court.lawyer, court.case)["id"]))
    booked(court.book())

    def comes(testimony: Made, guardian: str | None) -> Any:
        return court.caseworker.call("PATCH", f"/testimonies/{testimony['id']}", json={"guardian": guardian})

    assert comes(other, aunt).status_code == 200
    refused = comes(court.testimony, aunt)
    assert (refused.status_code, [*refused.get_json()["errors"]]) == (422, ["guardian"])
    assert comes(court.testimony, uncle).status_code == 200
    assert court.lawyer.post(f"/resources/{uncle}/end", {"reason": "Moved away"}).status_code == 409
    assert comes(other, None).status_code == 200
    assert comes(court.testimony, aunt).status_code == 200


def test_whoever_turns_out_to_be_a_child_or_is_missing_is_not_confirmed_any_more(court: Court, confirmed: str) -> None:
    where = f"/victims/{court.testimony['victim']}"
    assert court.caseworker.call("PATCH", where, json={"minor": True}).status_code == 200
    assert court.booking()["state"] == "provisional"
    consents(court.caseworker, court.testimony["victim"], "testimony_assent")
    body = {"guardian": court.resource("guardian")}
    assert court.caseworker.call("PATCH", f"/testimonies/{court.testimony['id']}", json=body).status_code == 200
    made(court.lawyer, f"/testimonies/{court.testimony['id']}/confirm", {})
    nobody = {"guardian": None}
    assert court.caseworker.call("PATCH", f"/testimonies/{court.testimony['id']}", json=nobody).status_code == 200
    assert court.booking()["state"] == "provisional"
    assert court.caseworker.call("PATCH", where, json={"minor": False}).status_code == 200
    made(court.lawyer, f"/testimonies/{court.testimony['id']}/confirm", {})
    for action in ("rescue", "report_missing"):
        assert court.booking()["state"] == "confirmed"
        move(court.caseworker, where, action, axis="whereabouts")
    assert court.booking()["state"] == "provisional"


def test_what_protects_her_and_is_not_settled_takes_the_confirmation_back(
    site: Site, lawyer: Persona, caseworker: Persona, shared_case: Case
) -> None:
    case = shared_case["id"]
    soon = Court(site, lawyer, caseworker, case, long_hearing(lawyer, case, 2), witness(site, lawyer, caseworker, case))
    where = f"/testimonies/{soon.testimony['id']}"
    booked(soon.book())
    soon.put(state="scheduled")
    made(lawyer, f"{where}/confirm", {})
    measure = made(lawyer, f"{where}/measures", {"kind": "screen"})
    assert soon.booking()["state"] == "provisional"
    move(caseworker, f"/measures/{measure['id']}", "waive")
    made(lawyer, f"{where}/confirm", {})
    move(caseworker, f"/measures/{measure['id']}", "need")
    assert soon.booking()["state"] == "provisional"
    assert rules(soon.open_now()["open"]) == {"measure_undecided"}


def test_a_longer_buffer_holds_for_what_is_booked_already(court: Court, confirmed: str) -> None:
    elsewhere = long_hearing(court.lawyer, court.case)
    other = court.another()
    start = {"testimony": other, "hearing": elsewhere["id"], "resources": [confirmed]}
    booked(court.book(2, 0.5, **start))
    made(court.lawyer, f"/testimonies/{other['id']}/release", {"reason": "x"})
    changed = court.lawyer.call("PATCH", f"/resources/{confirmed}", json={"buffer": 45})
    assert changed.get_json()["buffer"] == 45
    assert rules(clash(court.book(2.5, 0.5, **start))["conflicts"]) == {"person_busy"}
    assert court.lawyer.post(f"/resources/{confirmed}/end", {"reason": "Sold"}).status_code == 409


def test_an_adjourned_hearing_lets_everybody_go(court: Court, confirmed: str) -> None:
    body = {"action": "adjourn", "reason": "The judge is ill", "code": "judge_absent"}
    made(court.lawyer, f"/hearings/{court.hearing['id']}/transitions", body)
    assert court.booking()["state"] == "released"
    assert court.lawyer.get(f"/testimonies/{court.testimony['id']}").get_json()["state"] == "postponed"
    with court.site.engine.connect() as connection:
        mine = sa.select(Occupancy.id).where(Occupancy.source.contains(court.hearing["id"]))
        assert connection.execute(mine).all() == []


def test_who_may_see_and_who_may_book(
    court: Court, colleague: Persona, investigator: Persona, supervisor: Persona, caseworker: Persona
) -> None:
    where = f"/testimonies/{court.testimony['id']}/book"
    assert colleague.post(where, court.body()).status_code == 404
    for persona in (investigator, supervisor, caseworker):
        assert persona.post(where, court.body()).status_code == 403
    booked(court.book(resources=[court.resource("interpreter")]))
    assert colleague.get("/testimonies/conflicts").get_json()["items"] == []
    for path in ("from=2027-01-01&to=2026-01-01", "from=2026-01-01&to=2027-01-01", "from=never"):
        assert court.lawyer.get(f"/testimonies/conflicts?{path}").status_code == 422


# --- at once ----------------------------------------------------------------------------------------------------------


def test_of_sixteen_who_book_at_once_one_wins_each_key(
    site: Site, lawyer: Persona, caseworker: Persona, investigator: Persona
) -> None:
    courts = []
    for _ in range(4):
        opened = investigator.post("/cases", {"title": "x", "kind": "sex_trafficking", "country": "KH"}).get_json()
        for persona, role in ((lawyer, "lawyer"), (caseworker, "caseworker")):
            made(investigator, f"/cases/{opened['id']}/assignments", {"user": str(persona.id), "role": role})
        hearing = long_hearing(lawyer, opened["id"])
        courts += [
            Court(site, lawyer, caseworker, opened["id"], hearing, witness(site, lawyer, caseworker, opened["id"]))
            for _ in range(4)
        ]
    one, other = courts[0].resource("interpreter"), courts[0].resource("vehicle")
    # Each takes both in another order, so that locks taken as they come would wait for each other in a ring.
    wanted = [(court, [one, other] if n % 2 else [other, one]) for n, court in enumerate(courts)]
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda pair: pair[0].book(1, resources=pair[1]).status_code, wanted))
    assert sorted(answers) == [200, *[409] * 15]
    # And the stand of each hearing: four witnesses of each want the same hour.
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda court: court.book(4).status_code, courts))
    assert sorted(answers) == [200] * 4 + [409] * 12


# --- whatever is done -------------------------------------------------------------------------------------------------

ACTS = st.one_of(
    st.tuples(st.just("book"), st.integers(0, 2), st.integers(0, 1), st.integers(0, 12), st.integers(0, 3)),
    st.tuples(st.just("confirm"), st.integers(0, 2)),
    st.tuples(st.just("release"), st.integers(0, 2)),
    st.tuples(st.just("engage"), st.integers(0, 12)),
    st.tuples(st.just("attend"), st.integers(0, 1), st.integers(0, 12)),
    st.tuples(st.just("unavailable"), st.integers(0, 2), st.integers(0, 12)),
    st.tuples(
        st.just("end"),
    ),
)


@settings(max_examples=4, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ACTS, min_size=8, max_size=12))
def test_no_schedule_that_can_be_reached_does_harm(court: Court, acts: list[tuple[Any, ...]]) -> None:
    """Two hearings in two towns, three witnesses, one driver. Whatever is done, none of them is in two places, nobody
    hears another, and nothing is confirmed that anything blocks."""
    lawyer, case = court.lawyer, court.case
    hearings = [long_hearing(lawyer, case, court=f"Court {n} {uuid.uuid4().hex}") for n in range(2)]
    people = [court.another(state="scheduled") for _ in range(3)]
    driver = court.resource("driver")
    engagements, attending = list[str](), list[tuple[str, str]]()

    def act(name: str, *given: int) -> None:
        if name == "book":
            who, where, at, uses = given
            more = {"resources": [driver]} if uses % 2 else {}
            court.book(at / 2, 1, testimony=people[who], hearing=hearings[where]["id"], **more)
        elif name in ("confirm", "release"):
            lawyer.post(f"/testimonies/{people[given[0]]['id']}/{name}", {"reason": "x"} if name == "release" else {})
            put(court.site, people[given[0]], state="scheduled")
        elif name == "engage":
            span = {"from_at": court.at(given[0] / 2).isoformat(), "until_at": court.at(given[0] / 2 + 1).isoformat()}
            body = {"case": case, "side": "court", **span}
            engagements.append(made(lawyer, f"/resources/{driver}/engagements", body)["id"])
        elif name == "attend":
            where, at = given
            body = {"perpetrator": new_perpetrator(lawyer, case)["id"], "arrives_at": court.at(at / 2).isoformat()}
            answer = lawyer.post(f"/hearings/{hearings[where]['id']}/attendances", body)
            if answer.status_code == 201:
                attending.append((hearings[where]["id"], answer.get_json()["id"]))
        elif name == "unavailable":
            who, at = given
            span = {"from_at": court.at(at / 2).isoformat(), "until_at": court.at(at / 2 + 1).isoformat()}
            lawyer.post(f"/testimonies/{people[who]['id']}/unavailabilities", span)
        else:
            for id in engagements:
                lawyer.post(f"/resources/{driver}/engagements/{id}/end", {"reason": "x"})
            for hearing, id in attending:
                lawyer.post(f"/hearings/{hearing}/attendances/{id}/end", {"reason": "x"})
            engagements.clear()
            attending.clear()

    for name, *what in acts:
        act(name, *what)
    standing = [
        (who["id"], one)
        for who in people
        for one in lawyer.get(f"/testimonies/{who['id']}/bookings").get_json()["items"]
        if one["state"] != "released"
    ]
    for (her, first), (other, second) in combinations(standing, 2):
        apart = first["hearing"] != second["hearing"]
        shares = her == other or bool(set(first["resources"]) & set(second["resources"]))
        way = timedelta(hours=1) if shares and apart else timedelta(0)
        begin, end = sorted((first, second), key=lambda one: str(one["starts_at"]))
        gap = datetime.fromisoformat(end["starts_at"]) - datetime.fromisoformat(begin["ends_at"])
        assert gap >= way or (apart and not shares), (first, second)
    span = f"from={court.at(-24):%Y-%m-%d}&to={court.at(24):%Y-%m-%d}&limit=200"
    listed = lawyer.get(f"/testimonies/conflicts?{span}").get_json()["items"]
    assert [one for one in listed if one.get("state") == "confirmed" and (one["conflicts"] or one["open"])] == []
