"""Each rule of scheduling: a time that breaks it, and one beside it that does not."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence_api.domain.jurisdiction import Deadlines, Sittings
from evidence_api.domain.scheduling import (
    BLOCKING,
    RULES,
    STAND,
    WEIGHTS,
    WITNESS,
    Accused,
    Facts,
    Helper,
    Permit,
    Protection,
    ResourceKind,
    Rule,
    Taking,
    Weight,
    Window,
    conflicts,
    nearest,
)

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
START = datetime(2027, 3, 3, 3, 0, tzinfo=UTC)
"""A Wednesday, ten in the morning at the court."""
SESSION = Window(START, START + 2 * timedelta(hours=1))
HELD = Permit(START - 90 * DAY)

GOOD = Facts(
    session=SESSION,
    now=START - 60 * DAY,
    zone=ZoneInfo("Asia/Phnom_Penh"),
    customs=Sittings(
        days=frozenset({1, 2, 3, 4, 5}),
        opens=time(8),
        closes=time(17),
        travel=60,
        apart=45,
        child_session=60,
        interviews=3,
        holidays=frozenset({date(2027, 3, 8)}),
        exams=((date(2027, 3, 15), date(2027, 3, 19)),),
    ),
    deadlines=Deadlines(remand=3, appeal=30, disclosure=14, measure=7, temporary_closure=90, inspection=90, near=7),
    recesses=1,
    victim=True,
    child=True,
    consents=(HELD,),
    assents=(HELD,),
    helpers=(
        Helper("g", ResourceKind.GUARDIAN),
        Helper("i", ResourceKind.INTERPRETER, languages=("km",), gender="female"),
    ),
    language="km",
    interpreted=True,
    interpreter_gender="female",
)
"""A child who is heard, with all that she needs: no rule is broken."""


def taken(what: str, minutes: int = 0, **more: Any) -> dict[str, Any]:
    """It is taken until so many minutes after the session begins."""
    at = START + minutes * MINUTE
    return {"takings": (Taking(what, Window(at - DAY, at), **more),)}


def accused(minutes: int, **more: Any) -> dict[str, Any]:
    """An accused comes so many minutes after the session begins, and stays for hours."""
    at = START + minutes * MINUTE
    return {"accused": (Accused(Window(at, at + 8 * 60 * MINUTE), **more),)}


def helper(kind: ResourceKind, **more: Any) -> dict[str, Any]:
    return {"helpers": (*GOOD.helpers, Helper("h", kind, **more))}


def on(day: date) -> dict[str, Any]:
    start = datetime.combine(day, time(3), UTC)
    return {"session": Window(start, start + (SESSION.until_at - SESSION.from_at))}


def days_before(days: float) -> datetime:
    return START - days * DAY


VEHICLE, AREA = helper(ResourceKind.VEHICLE), helper(ResourceKind.WAITING_AREA)
UNDECIDED = {"protections": (Protection(decided=False),)}
PAST = Permit(START - 90 * DAY, expires_on=date(2027, 3, 2))
LAST = Permit(START - 90 * DAY, expires_on=date(2027, 3, 3))
BACK = Permit(START - 90 * DAY, withdrawn_at=START - 80 * DAY)
ANEW = Permit(START - 70 * DAY)
ROOM_OF_ANOTHER = {"by_witness": True}

CASES: Mapping[Rule, tuple[dict[str, Any], dict[str, Any]]] = {
    Rule.WITNESS_BUSY: (taken(WITNESS, 1), taken(WITNESS)),
    Rule.PERSON_BUSY: (taken("person", 1), taken("person")),
    Rule.ROOM_BUSY: (taken("room", 1), taken("room")),
    Rule.LINK_BUSY: (taken("link", 1), taken("link")),
    Rule.INTERPRETER_BUSY: (taken("interpreter", 1), taken("interpreter")),
    Rule.VEHICLE_BUSY: (taken("vehicle", 1), taken("vehicle")),
    Rule.WITNESS_UNAVAILABLE: (
        {"unavailable": (Window(START - DAY, START + MINUTE),)},
        {"unavailable": (Window(START - DAY, START),)},
    ),
    Rule.SHARED_VEHICLE: (
        {**VEHICLE, **accused(-180, vehicle="h", same_court=False)},
        {**VEHICLE, **accused(-180, vehicle="another", same_court=False)},
    ),
    Rule.SHARED_WAITING_AREA: (
        {**AREA, **accused(164, waiting_area="h", same_court=False)},
        {**AREA, **accused(165, waiting_area="h", same_court=False)},
    ),
    Rule.SHARED_ARRIVAL: (accused(44), accused(45)),
    Rule.TIED_TO_PERPETRATOR: (helper(ResourceKind.DRIVER, tied=True), helper(ResourceKind.DRIVER)),
    Rule.SERVES_BOTH_SIDES: (
        helper(ResourceKind.SUPPORT_PERSON, other_side=True),
        helper(ResourceKind.ROOM, other_side=True),
    ),
    Rule.WITNESSES_TOGETHER: (
        taken(STAND, 1, **ROOM_OF_ANOTHER),
        taken(ResourceKind.VEHICLE, 1, **ROOM_OF_ANOTHER),
    ),
    Rule.SHELTER_AS_PLACE: ({"shelter_named": True}, {}),
    Rule.WITNESS_MISSING: ({"missing": True}, {}),
    Rule.WITNESS_IN_CRISIS: ({"in_crisis": True}, {}),
    Rule.CONSENT_MISSING: ({"consents": ()}, {"consents": (), "victim": False, "child": False}),
    Rule.CONSENT_EXPIRED: ({"consents": (PAST,)}, {"consents": (LAST,)}),
    Rule.CONSENT_WITHDRAWN: ({"consents": (HELD, BACK)}, {"consents": (HELD, BACK, ANEW)}),
    Rule.NO_ASSENT: ({"assents": (PAST,)}, {"assents": (), "child": False}),
    Rule.NO_SAFE_GUARDIAN: (
        {"helpers": (Helper("g", ResourceKind.GUARDIAN, tied=True), *GOOD.helpers[1:])},
        {"helpers": GOOD.helpers[1:], "child": False},
    ),
    Rule.MEASURE_UNDECIDED: ({**UNDECIDED, "now": days_before(7)}, {**UNDECIDED, "now": days_before(7) - MINUTE}),
    Rule.MEASURE_REFUSED: (
        {"protections": (Protection(decided=True, refused=True),)},
        {"protections": (Protection(decided=True, refused=True, planned=True),)},
    ),
    Rule.STATEMENT_UNDISCLOSED: (
        {"undisclosed": True, "now": days_before(14)},
        {"undisclosed": True, "now": days_before(14) - MINUTE},
    ),
    Rule.NOT_READY: ({"ready": False}, {}),
    Rule.LONG_CHILD_SESSION: ({"recesses": 0}, {"recesses": 0, "child": False}),
    Rule.EXAMS_OR_HOLIDAY: (on(date(2027, 3, 8)), on(date(2027, 3, 9))),
    Rule.ARRIVAL_ON_THE_DAY: (
        {"comes_from_afar": True},
        {"comes_from_afar": True, "arrives_at": START - DAY},
    ),
    Rule.TOO_MANY_INTERVIEWS: ({"interviews": 4}, {"interviews": 3}),
    Rule.LANGUAGE_UNMET: ({"language": "vi"}, {"language": "vi", "helpers": GOOD.helpers[:1], "interpreted": False}),
    Rule.GENDER_UNMET: ({"interpreter_gender": "male"}, {"interpreter_gender": None}),
    Rule.EXHIBIT_NOT_READY: ({"exhibit_lacks": True}, {}),
    Rule.DEADLINE_NEAR: ({**UNDECIDED, "now": days_before(14)}, {**UNDECIDED, "now": days_before(7)}),
}

MORE: list[tuple[Rule, bool, dict[str, Any]]] = [
    # Time that is kept beside a booking: its own buffer and the way to another place.
    (
        Rule.VEHICLE_BUSY,
        True,
        {"takings": (Taking("vehicle", Window(SESSION.until_at, SESSION.until_at + DAY), 5 * MINUTE),)},
    ),
    (Rule.VEHICLE_BUSY, False, {"takings": (Taking("vehicle", Window(SESSION.until_at, SESSION.until_at + DAY)),)}),
    # What she needs while she stays is taken for longer than she is heard.
    (Rule.WITNESS_BUSY, True, {**taken(WITNESS, -10, stays=True), "arrives_at": START - 11 * MINUTE}),
    (Rule.WITNESS_BUSY, False, {**taken(WITNESS, -10, stays=True), "arrives_at": START - 10 * MINUTE}),
    (Rule.WITNESS_UNAVAILABLE, True, {"unavailable": (Window(START - DAY, START),), "arrives_at": START - MINUTE}),
    # People are told apart from rooms and things.
    (Rule.PERSON_BUSY, True, taken(ResourceKind.DRIVER, 1)),
    (Rule.PERSON_BUSY, False, taken(ResourceKind.INTERPRETER, 1)),
    (Rule.ROOM_BUSY, True, taken(ResourceKind.WAITING_AREA, 1)),
    # Two who would meet.
    (Rule.WITNESSES_TOGETHER, True, {**taken("person", 1, by_witness=True, in_preparation=True), "preparation": True}),
    (Rule.WITNESSES_TOGETHER, False, taken("person", 1, by_witness=True)),
    (Rule.WITNESSES_TOGETHER, False, taken(STAND, 0, by_witness=True)),
    (Rule.SHARED_ARRIVAL, False, accused(0, same_court=False)),
    (
        Rule.SHARED_ARRIVAL,
        True,
        {"accused": (Accused(Window(START - DAY, SESSION.until_at + 44 * MINUTE), leaves=True),)},
    ),
    (Rule.SHARED_ARRIVAL, False, {"accused": (Accused(Window(START - DAY, SESSION.until_at + 44 * MINUTE)),)}),
    (Rule.SHARED_VEHICLE, False, {**VEHICLE, **accused(-2 * 24 * 60, vehicle="h", same_court=False)}),
    (Rule.TIED_TO_PERPETRATOR, True, helper(ResourceKind.INTERPRETER, tied=True, languages=("km",), gender="female")),
    (Rule.TIED_TO_PERPETRATOR, False, helper(ResourceKind.ROOM, tied=True)),
    (Rule.NO_SAFE_GUARDIAN, True, {"helpers": GOOD.helpers[1:]}),
    (Rule.CONSENT_MISSING, False, {"consents": (PAST,)}),
    (Rule.CONSENT_WITHDRAWN, False, {"consents": (PAST,)}),
    (Rule.MEASURE_UNDECIDED, False, {"protections": (Protection(decided=True),), "now": START}),
    (Rule.STATEMENT_UNDISCLOSED, False, {"now": START}),
    (Rule.DEADLINE_NEAR, True, {"undisclosed": True, "now": days_before(21)}),
    (Rule.DEADLINE_NEAR, False, {"undisclosed": True, "now": days_before(21) - MINUTE}),
    (Rule.EXAMS_OR_HOLIDAY, True, on(date(2027, 3, 15))),
    (Rule.EXAMS_OR_HOLIDAY, False, {**on(date(2027, 3, 15)), "child": False}),
    (Rule.EXAMS_OR_HOLIDAY, True, {"better_not": (Window(START, START + MINUTE),)}),
    (Rule.LANGUAGE_UNMET, True, {"helpers": GOOD.helpers[:1]}),
    # Whether she can be heard in court is no question of a session that prepares her.
    (Rule.NOT_READY, False, {"ready": False, "preparation": True}),
    (Rule.CONSENT_MISSING, False, {"consents": (), "preparation": True}),
    (Rule.SHELTER_AS_PLACE, True, {"shelter_named": True, "preparation": True}),
]


def broken(**facts: Any) -> set[Rule]:
    return {one.rule for one in conflicts(replace(GOOD, **facts))}


def test_every_rule_has_its_weight_its_test_and_a_sentence() -> None:
    assert CASES.keys() == RULES.keys() == WEIGHTS.keys() == set(Rule)
    assert all(says.endswith(".") for _test, says in RULES.values())
    assert broken() == set()


@pytest.mark.parametrize("rule", Rule)
def test_a_rule_speaks_where_it_is_broken_and_only_there(rule: Rule) -> None:
    breaks, keeps = CASES[rule]
    assert rule in broken(**breaks)
    assert rule not in broken(**keeps)


@pytest.mark.parametrize(("rule", "speaks", "facts"), MORE)
def test_a_rule_in_the_cases_that_are_easily_taken_for_others(rule: Rule, speaks: bool, facts: dict[str, Any]) -> None:
    assert (rule in broken(**facts)) == speaks


def test_no_sentence_tells_who_why_or_where() -> None:
    # A perpetrator, a shelter, another case, or the reason of an unavailability is never named: nothing is filled in.
    assert not any("{" in says for _test, says in RULES.values())
    for word in ("perpetrator", "shelter", "tied", "case"):
        assert not any(word in says.casefold() for _test, says in RULES.values())


HEARING = Window(START - timedelta(hours=1), START + timedelta(hours=5))


def test_the_nearest_times_lie_in_the_hearing_and_nothing_blocks_there() -> None:
    facts = replace(GOOD, **taken(WITNESS, 90))
    found = nearest(facts, HEARING)
    assert [one.from_at - START for one in found] == [90 * MINUTE, 105 * MINUTE, 120 * MINUTE]
    assert all(one.within(HEARING) for one in found)


def test_where_the_hearing_has_no_time_left_the_court_s_next_sittings_are_named() -> None:
    facts = replace(GOOD, takings=(Taking(WITNESS, Window(HEARING.from_at - DAY, HEARING.until_at + 2 * DAY)),))
    found = [one.from_at.astimezone(GOOD.zone) for one in nearest(facts, HEARING)]
    # The weekend lies between them, and a holiday.
    assert [f"{one:%a %H:%M}" for one in found] == ["Fri 15:00", "Tue 08:00", "Tue 08:15"]


@pytest.mark.parametrize("rule", [Rule.WITNESS_MISSING, Rule.SHELTER_AS_PLACE, Rule.TIED_TO_PERPETRATOR])
def test_what_no_other_time_mends_has_no_nearest_times(rule: Rule) -> None:
    assert nearest(replace(GOOD, **CASES[rule][0]), HEARING) == []


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(-600, 600), st.integers(15, 300), st.integers(0, 90)), max_size=5))
def test_no_time_is_offered_on_which_anything_blocks(spans: list[tuple[int, int, int]]) -> None:
    takings = tuple(
        Taking(WITNESS, Window(START + at * MINUTE, START + (at + length) * MINUTE), margin * MINUTE)
        for at, length, margin in spans
    )
    facts = replace(GOOD, takings=takings)
    for window in nearest(facts, HEARING):
        assert not conflicts(replace(facts, session=window), BLOCKING)
        assert window.until_at - window.from_at == SESSION.until_at - SESSION.from_at


def test_a_weight_is_that_of_the_table_of_what_blocks_when() -> None:
    assert Weight.OPEN is WEIGHTS[Rule.NOT_READY]
    assert {Rule.WITNESS_BUSY, Rule.WITNESS_UNAVAILABLE, Rule.SHARED_ARRIVAL, Rule.SHELTER_AS_PLACE} <= BLOCKING
    assert WEIGHTS[Rule.DEADLINE_NEAR] is Weight.WARNS
