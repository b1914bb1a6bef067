"""The calendar: all of a span once and in order, days as the office has them, and nothing that is not for who looks."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from evidence_api.db import Base
from evidence_api.domain.calendar import View, day_of, further, shown, span
from evidence_api.domain.charge import ChargeState
from evidence_api.domain.closure import ClosureState
from evidence_api.domain.hearing import HearingKind, HearingState
from evidence_api.domain.roles import OPERATOR
from evidence_api.domain.testimony import (
    BookingState,
    PreparationKind,
    SessionState,
    TestimonyState,
    WitnessKind,
)
from evidence_api.models import (
    Booking,
    Charge,
    ClosureOrder,
    Hearing,
    Office,
    Preparation,
    Testimony,
)
from evidence_api.work import Site, begin
from tests.casework import Made, made, move, new_hearing, new_perpetrator, new_venue, new_victim, sitting
from tests.conftest import Persona, upload
from tests.test_plans import reading, scanned

Case_ = dict[str, Any]
ZONES = ["UTC", "Asia/Phnom_Penh", "Europe/Berlin", "America/Sao_Paulo", "Africa/Cairo", "Pacific/Apia", "Asia/Beirut"]


def entries(persona: Persona, first: date, last: date) -> list[Made]:
    answer = persona.get(f"/calendar?from={first}&to={last}")
    assert answer.status_code == 200, answer.get_json()
    found: list[Made] = answer.get_json()["items"]
    return found


def of_case(found: list[Made], case: Case_) -> list[Made]:
    return [one for one in found if one["case"] == case["id"]]


# --- days -------------------------------------------------------------------------------------------------------------


@given(st.dates(date(1995, 1, 1), date(2045, 12, 31)), st.sampled_from(list(View)), st.sampled_from(ZONES))
def test_every_moment_of_a_view_is_of_one_of_its_days_and_pages_leave_no_day_out(
    on: date, view: View, name: str
) -> None:
    zone = ZoneInfo(name)
    first, last = shown(view, on)
    assert first <= on <= last
    window = span(first, last, zone)
    assert day_of(window.from_at, zone) >= first
    assert day_of(window.from_at - timedelta(microseconds=1), zone) < first
    assert day_of(window.until_at - timedelta(microseconds=1), zone) <= last
    assert span(last + timedelta(days=1), last + timedelta(days=1), zone).from_at == window.until_at
    before, after = shown(view, further(view, on, -1)), shown(view, further(view, on, 1))
    assert before[1] >= first - timedelta(days=1)
    assert after[0] <= last + timedelta(days=1)
    assert before[0] < first < after[0]
    if view is View.MONTH:
        assert (first.weekday(), last.weekday()) == (0, 6)
        assert {first + timedelta(days=n) for n in range((last - first).days + 1)} >= {
            on.replace(day=n) for n in range(1, 29)
        }


@pytest.mark.parametrize(("on", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 7, 1), 24)])
def test_a_day_is_as_long_as_the_clocks_make_it(on: date, hours: int) -> None:
    day = span(on, on, ZoneInfo("Europe/Berlin"))
    assert day.until_at - day.from_at == timedelta(hours=hours)


@pytest.fixture
def berlin(site: Site, lawyer: Persona) -> Iterator[None]:
    """The office, in a zone whose clocks change."""
    with begin(site, OPERATOR) as work:
        office = work.session.scalars(sa.select(Office)).first()
        assert office is not None
        was, office.zone = office.zone, "Europe/Berlin"
        work.record(office, "office:zone")
    yield
    with begin(site, OPERATOR) as work:
        work.session.get_one(Office, office.id).zone = was
        work.record(office, "office:zone")


def test_hearings_stand_on_the_days_of_the_office_also_when_the_clocks_change(
    lawyer: Persona, berlin: None, case: Case_
) -> None:
    midnight = datetime(2031, 10, 25, 22, 0, tzinfo=UTC)
    moments = [midnight - timedelta(minutes=1), midnight, midnight + timedelta(hours=24, minutes=59)]
    moments.append(midnight + timedelta(hours=25))
    refs = {}
    for moment in moments:
        times = {"starts_at": moment.isoformat(), "ends_at": (moment + timedelta(hours=1)).isoformat()}
        refs[new_hearing(lawyer, case["id"], **times, zone="Asia/Tokyo")["ref"]] = moment
    days = [25, 26, 26, 27]
    found = of_case(entries(lawyer, date(2031, 10, 25), date(2031, 10, 27)), case)
    assert [(one["ref"], one["on"]) for one in found] == [
        (ref, f"2031-10-{day}") for ref, day in zip(refs, days, strict=True)
    ]
    assert {one["zone"] for one in found} == {"Asia/Tokyo"}
    only = of_case(entries(lawyer, date(2031, 10, 26), date(2031, 10, 26)), case)
    assert [one["on"] for one in only] == ["2031-10-26"] * 2


# --- what stands in it ------------------------------------------------------------------------------------------------


def test_a_span_has_an_end_that_is_not_too_far(lawyer: Persona) -> None:
    for first, last in ((date(2026, 2, 1), date(2026, 1, 31)), (date(2026, 1, 1), date(2026, 4, 11))):
        answer = lawyer.get(f"/calendar?from={first}&to={last}")
        assert (answer.status_code, set(answer.get_json()["errors"])) == (422, {"to"})
    assert set(lawyer.get("/calendar").get_json()["errors"]) == {"from", "to"}
    assert set(lawyer.get("/calendar?from=soon&to=2026-13-01").get_json()["errors"]) == {"from", "to"}


@pytest.fixture
def busy(
    lawyer: Persona, investigator: Persona, caseworker: Persona, site: Site, shared_case: Case_
) -> tuple[Case_, date, Made]:
    """A case with one of everything that a calendar knows, on or about one day; that day, and the victim."""
    hearing = new_hearing(lawyer, shared_case["id"], days=150)
    start = datetime.fromisoformat(hearing["starts_at"])
    day, case = start.date(), UUID(shared_case["id"])
    victim = new_victim(caseworker, shared_case["id"])
    perpetrator = UUID(new_perpetrator(investigator, shared_case["id"])["id"])
    venue = UUID(new_venue(investigator, shared_case["id"])["id"])
    statement = UUID(upload(investigator, shared_case["id"])["id"])
    due = {"kind": "follow_up", "due_at": start.isoformat()}
    made(caseworker, f"/victims/{victim['id']}/steps", due)
    within: dict[str, Any] = {"case_id": case}
    with begin(site, OPERATOR) as work:
        away = work.site.settings.jurisdictions.default.deadlines.disclosure
        later = datetime.combine(day + timedelta(days=away), start.timetz())
        then = Hearing(
            **within,
            ref=f"{shared_case['ref']}-H2",
            kind=HearingKind.TRIAL,
            state=HearingState.SCHEDULED,
            court="Provincial court",
            zone="UTC",
            starts_at=later,
            ends_at=later + timedelta(hours=2),
            created_at=work.now,
        )
        kinds = (WitnessKind.VICTIM, UUID(victim["id"]), None), (WitnessKind.EXPERT, None, "Expert 1")
        witnesses = [
            Testimony(
                **within,
                ref=f"{shared_case['ref']}-T{number}",
                witness_kind=kind,
                victim_id=who,
                label=label,
                state=TestimonyState.PREPARING,
                statement_id=statement if who else None,
                created_at=work.now,
            )
            for number, (kind, who, label) in enumerate(kinds, 1)
        ]
        work.session.add_all([then, *witnesses])
        work.session.flush()
        first, expert = witnesses
        for testimony, of, at in ((expert, UUID(hearing["id"]), start), (first, then.id, later)):
            times = {"starts_at": at + timedelta(minutes=15), "ends_at": at + timedelta(minutes=45)}
            booked = {"testimony_id": testimony.id, "hearing_id": of, "state": BookingState.PROVISIONAL}
            work.session.add(Booking(**within, **booked, **times, created_at=work.now))
        session = {"kind": PreparationKind.COURT_VISIT, "state": SessionState.PLANNED}
        times = {"starts_at": start + timedelta(hours=3), "ends_at": start + timedelta(hours=4)}
        work.session.add(Preparation(**within, testimony_id=first.id, **session, **times))
        proposer = {"proposer_id": lawyer.id, "created_at": work.now}
        convicted = {"state": ChargeState.SENTENCED, "appeal_until": day, "count": 1, "statute": "DEMO-1"}
        work.session.add(
            Charge(**within, ref=f"{shared_case['ref']}-C1", perpetrator_id=perpetrator, **convicted, **proposer)
        )
        order = {"state": ClosureState.ENFORCED, "permanent": False, "expires_on": day, "inspect_by": day}
        work.session.add(
            ClosureOrder(
                **within,
                ref=f"{shared_case['ref']}-CO1",
                venue_id=venue,
                drafter_id=lawyer.id,
                created_at=work.now,
                **order,
            )
        )
        work.session.flush()
        changed = [one for one in work.session.identity_map.values() if isinstance(one, Base)]
        work.record(f"case:{case}", "case:edit", covers=changed)
    return shared_case, day, victim


EVERYBODY = {"hearing", "booking", "preparation", "disclosure", "closure_expires", "inspection_due"}


def test_everybody_finds_in_the_calendar_what_is_for_her_and_no_more(
    lawyer: Persona,
    investigator: Persona,
    supervisor: Persona,
    caseworker: Persona,
    colleague: Persona,
    administrator: Persona,
    busy: tuple[Case_, date, Made],
) -> None:
    case, day, victim = busy

    def kinds(persona: Persona) -> set[str]:
        found = entries(persona, day, day)
        hers = [one for one in found if one["case"] == case["id"] or one["about"] == victim["id"]]
        assert [one["on"] for one in hers] == [str(day)] * len(hers)
        assert len({(one["kind"], one["about"]) for one in hers}) == len(hers)
        timed = [one["starts_at"] for one in hers if one["starts_at"]]
        assert timed == sorted(timed)
        assert [bool(one["starts_at"]) for one in hers] == sorted(bool(one["starts_at"]) for one in hers)
        return {one["kind"] for one in hers}

    assert kinds(lawyer) == kinds(supervisor) == EVERYBODY | {"appeal_window"}
    assert kinds(investigator) == kinds(lawyer) - {"preparation"}, "how a witness is prepared is part of her care"
    assert kinds(caseworker) == EVERYBODY - {"booking"} | {"follow_up"}, "the expert is no victim"
    assert kinds(colleague) == set()
    assert administrator.get(f"/calendar?from={day}&to={day}").status_code == 403
    called = {one["kind"]: one["who"] for one in of_case(entries(lawyer, day, day), case)}
    assert (called["booking"], called["preparation"]) == ("Expert 1", victim["pseudonym"])


def test_what_is_over_is_due_no_more(
    lawyer: Persona, caseworker: Persona, site: Site, busy: tuple[Case_, date, Made]
) -> None:
    case, day, victim = busy
    id = UUID(case["id"])
    with begin(site, OPERATOR) as work:
        changes: list[tuple[Any, dict[str, Any]]] = [
            (Booking, {"state": BookingState.RELEASED}),
            (Preparation, {"state": SessionState.CANCELLED}),
            (Charge, {"state": ChargeState.FINAL}),
            (ClosureOrder, {"state": ClosureState.DISCHARGED}),
            (Testimony, {"statement_disclosed_on": day}),
        ]
        for model, values in changes:
            work.session.execute(sa.update(model).where(model.case_id == id).values(**values))
        work.record(f"case:{id}", "case:edit")
    steps = caseworker.get(f"/victims/{victim['id']}/steps?kind=follow_up").get_json()["items"]
    for step in steps:
        move(caseworker, f"/steps/{step['id']}", "finish")
    found = entries(caseworker, day, day)
    assert {one["kind"] for one in found if one["case"] == case["id"]} == {"hearing"}
    assert victim["id"] not in str(found)
    assert {one["kind"] for one in of_case(entries(lawyer, day, day), case)} == {"hearing"}


COURT = {"hearing", "booking", "preparation", "testimony", "charge", "closure_order", "care_step", "case_file"}
"""Tables that a calendar does not read from one end to the other."""

# --- how it is read ---------------------------------------------------------------------------------------------------


def test_a_calendar_a_docket_and_the_hearings_come_off_indexes(
    lawyer: Persona, supervisor: Persona, caseworker: Persona, site: Site, shared_case: Case_
) -> None:
    for persona in (supervisor, lawyer, caseworker):
        with reading(site) as asked:
            entries(persona, date(2042, 3, 1), date(2042, 3, 30))
            for path in ("/dockets?on=2042-03-03", "/hearings?from=2042-03-03&limit=5"):
                assert persona.get(path).status_code == 200
        with site.engine.connect() as connection:
            whole = [one for one in asked if scanned(connection, *one) & COURT]
        assert whole == []


def test_a_calendar_costs_the_database_the_same_however_much_stands_in_it(
    lawyer: Persona, site: Site, case: Case_
) -> None:
    asked: dict[int, int] = {}
    for many in (1, 4):
        for _ in range(many):
            new_hearing(lawyer, case["id"], days=250)
        with reading(site) as statements:
            entries(lawyer, sitting(250).date(), sitting(250).date())
        asked[many] = len(statements)
    assert asked[1] == asked[4]
