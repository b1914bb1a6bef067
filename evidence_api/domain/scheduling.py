"""Scheduling that refuses harm: which rules there are, and what each forbids (DESIGN.md section 7)."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum

from evidence_api.domain.jurisdiction import Deadlines, Sittings


class ResourceKind(StrEnum):
    """What a session in court, or before it, takes up besides the witness."""

    ROOM = "room"
    LINK = "link"
    VEHICLE = "vehicle"
    WAITING_AREA = "waiting_area"
    MEETING_PLACE = "meeting_place"
    INTERPRETER = "interpreter"
    DRIVER = "driver"
    GUARDIAN = "guardian"
    SUPPORT_PERSON = "support_person"
    INTERMEDIARY = "intermediary"


PEOPLE = frozenset(
    {
        ResourceKind.INTERPRETER,
        ResourceKind.DRIVER,
        ResourceKind.GUARDIAN,
        ResourceKind.SUPPORT_PERSON,
        ResourceKind.INTERMEDIARY,
    }
)
"""Resources that are people: these can be tied to a perpetrator, or serve the other side."""

MOVING = PEOPLE | {ResourceKind.VEHICLE}
"""Resources that need time to come from one place to another."""


class Rule(StrEnum):
    """Why a time may not do."""

    WITNESS_BUSY = "witness_busy"
    PERSON_BUSY = "person_busy"
    ROOM_BUSY = "room_busy"
    LINK_BUSY = "link_busy"
    INTERPRETER_BUSY = "interpreter_busy"
    VEHICLE_BUSY = "vehicle_busy"
    WITNESS_UNAVAILABLE = "witness_unavailable"
    SHARED_VEHICLE = "shared_vehicle"
    SHARED_WAITING_AREA = "shared_waiting_area"
    SHARED_ARRIVAL = "shared_arrival"
    TIED_TO_PERPETRATOR = "tied_to_perpetrator"
    SERVES_BOTH_SIDES = "serves_both_sides"
    WITNESSES_TOGETHER = "witnesses_together"
    SHELTER_AS_PLACE = "shelter_as_place"
    WITNESS_MISSING = "witness_missing"
    WITNESS_IN_CRISIS = "witness_in_crisis"
    CONSENT_MISSING = "consent_missing"
    CONSENT_EXPIRED = "consent_expired"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    NO_ASSENT = "no_assent"
    NO_SAFE_GUARDIAN = "no_safe_guardian"
    MEASURE_UNDECIDED = "measure_undecided"
    MEASURE_REFUSED = "measure_refused"
    STATEMENT_UNDISCLOSED = "statement_undisclosed"
    NOT_READY = "not_ready"
    LONG_CHILD_SESSION = "long_child_session"
    EXAMS_OR_HOLIDAY = "exams_or_holiday"
    ARRIVAL_ON_THE_DAY = "arrival_on_the_day"
    TOO_MANY_INTERVIEWS = "too_many_interviews"
    LANGUAGE_UNMET = "language_unmet"
    GENDER_UNMET = "gender_unmet"
    EXHIBIT_NOT_READY = "exhibit_not_ready"
    DEADLINE_NEAR = "deadline_near"


class Weight(StrEnum):
    """What a rule does: it blocks at once, it is open and blocks the confirmation, or it only warns."""

    BLOCKS = "blocks"
    OPEN = "open"
    WARNS = "warns"


_OPEN = (
    Rule.CONSENT_MISSING,
    Rule.CONSENT_EXPIRED,
    Rule.CONSENT_WITHDRAWN,
    Rule.NO_ASSENT,
    Rule.NO_SAFE_GUARDIAN,
    Rule.MEASURE_UNDECIDED,
    Rule.MEASURE_REFUSED,
    Rule.STATEMENT_UNDISCLOSED,
    Rule.NOT_READY,
)
_WARNS = (
    Rule.LONG_CHILD_SESSION,
    Rule.EXAMS_OR_HOLIDAY,
    Rule.ARRIVAL_ON_THE_DAY,
    Rule.TOO_MANY_INTERVIEWS,
    Rule.LANGUAGE_UNMET,
    Rule.GENDER_UNMET,
    Rule.EXHIBIT_NOT_READY,
    Rule.DEADLINE_NEAR,
)
WEIGHTS: Mapping[Rule, Weight] = {
    **dict.fromkeys(Rule, Weight.BLOCKS),
    **dict.fromkeys(_OPEN, Weight.OPEN),
    **dict.fromkeys(_WARNS, Weight.WARNS),
}
"""Double-booking, unavailability and separation block a time at once; consent, measures and readiness block its
confirmation (DESIGN.md section 7)."""


@dataclass(frozen=True, slots=True)
class Window:
    """From a moment to before another, UTC."""

    from_at: datetime
    until_at: datetime

    def moved(self, by: timedelta) -> "Window":
        """The same length at another time."""
        return Window(self.from_at + by, self.until_at + by)

    def within(self, other: "Window") -> bool:
        """Whether it lies wholly in the other."""
        return other.from_at <= self.from_at and self.until_at <= other.until_at

    def meets(self, other: "Window") -> bool:
        """Whether the two have a moment in common."""
        return self.from_at < other.until_at and other.from_at < self.until_at


@dataclass(frozen=True, slots=True)
class Conflict:
    """One reason why a time does not do, in a sentence that names nobody who must not be known."""

    rule: Rule
    message: str

    @property
    def weight(self) -> Weight:
        return WEIGHTS[self.rule]


# --- what is known of a time ------------------------------------------------------------------------------------------

WITNESS, PERSON, ROOM, LINK, STAND = "witness", "person", "room", "link", "stand"
"""What can be taken besides resources: herself, one of us, a court's room or link, the witness stand of a hearing."""


@dataclass(frozen=True, slots=True)
class Taking:
    """Something that she needs is taken in a `window`: `what`, one of those above or a kind of resource. Ours must have
    ended `margin` before it: its buffer, and the way from one place to the other. `stays`: she needs it from when she
    arrives until she leaves. `here`: taken at the same place; `by_witness`, `in_preparation`: by another witness."""

    what: str
    window: Window
    margin: timedelta = timedelta(0)
    stays: bool = False
    here: bool = True
    by_witness: bool = False
    in_preparation: bool = False


@dataclass(frozen=True, slots=True)
class Accused:
    """An accused, or one of theirs, comes to a court: where they come from when to when, in what, where they wait."""

    stay: Window
    leaves: bool = False
    """Whether it is known when they leave."""
    same_court: bool = True
    vehicle: str | None = None
    waiting_area: str | None = None


@dataclass(frozen=True, slots=True)
class Helper:
    """A resource that is booked with her. `other_side`: it serves the defence in a case that knows her."""

    id: str
    kind: ResourceKind
    tied: bool = False
    other_side: bool = False
    languages: tuple[str, ...] = ()
    gender: str | None = None


@dataclass(frozen=True, slots=True)
class Permit:
    """A consent: from when, the last day on which it holds, when it was taken back."""

    given_at: datetime
    expires_on: date | None = None
    withdrawn_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Protection:
    """A protective measure that she needs. `decided`: by the court, whatever it said; `planned`: there is a plan
    instead of one that was refused."""

    decided: bool
    refused: bool = False
    planned: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the rules look at, of one session with one witness. `session` is the time itself; `arrives_at` and
    `leaves_at` are null where they are not known."""

    session: Window
    now: datetime
    zone: tzinfo
    customs: Sittings
    deadlines: Deadlines
    arrives_at: datetime | None = None
    leaves_at: datetime | None = None
    preparation: bool = False
    victim: bool = False
    child: bool = False
    missing: bool = False
    in_crisis: bool = False
    ready: bool = True
    comes_from_afar: bool = False
    recesses: int = 0
    interviews: int = 0
    language: str | None = None
    interpreted: bool = False
    interpreter_gender: str | None = None
    undisclosed: bool = False
    exhibit_lacks: bool = False
    shelter_named: bool = False
    consents: tuple[Permit, ...] = ()
    assents: tuple[Permit, ...] = ()
    protections: tuple[Protection, ...] = ()
    takings: tuple[Taking, ...] = ()
    unavailable: tuple[Window, ...] = ()
    better_not: tuple[Window, ...] = ()
    accused: tuple[Accused, ...] = ()
    helpers: tuple[Helper, ...] = ()

    @property
    def stay(self) -> Window:
        """From when she arrives until she leaves."""
        return Window(self.arrives_at or self.session.from_at, self.leaves_at or self.session.until_at)

    @property
    def day(self) -> date:
        """On which day she is heard, by the clock of the court."""
        return self.session.from_at.astimezone(self.zone).date()

    def days_before(self, days: int) -> datetime:
        """So many days before the session."""
        return self.session.from_at - timedelta(days=days)

    def is_taken(self, taking: Taking) -> bool:
        """Whether what is taken stands in the way of this time."""
        ours = self.stay if taking.stays else self.session
        return Window(ours.from_at, ours.until_at + taking.margin).meets(taking.window)

    def of_kind(self, *kinds: ResourceKind) -> list[Helper]:
        """The resources of these kinds that are booked with her."""
        return [one for one in self.helpers if one.kind in kinds]


# --- the rules --------------------------------------------------------------------------------------------------------

Test = Callable[[Facts], bool]
RULES: dict[Rule, tuple[Test, str]] = {}
"""When each rule is broken, and what is then said. No sentence says why somebody cannot come, who is tied to whom,
where she sleeps, or in which other case she is a witness."""


def _rule(rule: Rule, says: str) -> Callable[[Test], Test]:
    def declare(test: Test) -> Test:
        RULES[rule] = test, says
        return test

    return declare


def conflicts(facts: Facts, among: Collection[Rule] = frozenset(Rule)) -> list[Conflict]:
    """Every one of these rules that the time breaks, in the order of `Rule`."""
    return [
        Conflict(rule, RULES[rule][1])
        for rule in Rule
        if rule in among and not (facts.preparation and rule in _COURT_ALONE) and RULES[rule][0](facts)
    ]


BLOCKING = frozenset(rule for rule, weight in WEIGHTS.items() if weight is Weight.BLOCKS)
_COURT_ALONE = frozenset(_OPEN) | {Rule.DEADLINE_NEAR, Rule.EXHIBIT_NOT_READY, Rule.ARRIVAL_ON_THE_DAY}
"""Rules that ask whether she can be heard in court: they are no question of a session that prepares her for it."""

ROOMS = (ROOM, ResourceKind.ROOM, ResourceKind.WAITING_AREA, ResourceKind.MEETING_PLACE)
"""What she is in: whoever is there at that time meets her."""
PEOPLE_TAKEN = (PERSON, *sorted(PEOPLE - {ResourceKind.INTERPRETER}))


def _taken(facts: Facts, what: Collection[str]) -> bool:
    return any(one.what in what and facts.is_taken(one) for one in facts.takings)


@_rule(Rule.WITNESS_BUSY, "The witness is expected elsewhere at that time, or on the way.")
def witness_busy(facts: Facts) -> bool:
    return _taken(facts, [WITNESS])


@_rule(Rule.PERSON_BUSY, "One of those who are to be there is taken at that time, or on the way.")
def person_busy(facts: Facts) -> bool:
    return _taken(facts, PEOPLE_TAKEN)


@_rule(Rule.ROOM_BUSY, "A room is taken at that time.")
def room_busy(facts: Facts) -> bool:
    return _taken(facts, ROOMS)


@_rule(Rule.LINK_BUSY, "The link is taken at that time.")
def link_busy(facts: Facts) -> bool:
    return _taken(facts, [LINK, ResourceKind.LINK])


@_rule(Rule.INTERPRETER_BUSY, "The interpreter is taken at that time, or on the way.")
def interpreter_busy(facts: Facts) -> bool:
    return _taken(facts, [ResourceKind.INTERPRETER])


@_rule(Rule.VEHICLE_BUSY, "The vehicle is taken at that time, or on the way.")
def vehicle_busy(facts: Facts) -> bool:
    return _taken(facts, [ResourceKind.VEHICLE])


@_rule(Rule.WITNESS_UNAVAILABLE, "The witness cannot come at that time.")
def witness_unavailable(facts: Facts) -> bool:
    return any(window.meets(facts.stay) for window in facts.unavailable)


def _near(facts: Facts, accused: Accused) -> bool:
    """Whether they are there while she is, or within the time by which the two are kept apart."""
    apart = timedelta(minutes=facts.customs.apart)
    return Window(facts.stay.from_at - apart, facts.stay.until_at + apart).meets(accused.stay)


@_rule(Rule.SHARED_VEHICLE, "An accused, or somebody of theirs, comes in the same vehicle on that day.")
def shared_vehicle(facts: Facts) -> bool:
    hers = {one.id for one in facts.of_kind(ResourceKind.VEHICLE)}
    return any(
        accused.vehicle in hers and (_near(facts, accused) or _day(facts, accused) == facts.day)
        for accused in facts.accused
    )


def _day(facts: Facts, accused: Accused) -> date:
    return accused.stay.from_at.astimezone(facts.zone).date()


@_rule(Rule.SHARED_WAITING_AREA, "An accused, or somebody of theirs, waits in the same place at that time.")
def shared_waiting_area(facts: Facts) -> bool:
    hers = {one.id for one in facts.helpers if one.kind in ROOMS}
    return any(accused.waiting_area in hers and _near(facts, accused) for accused in facts.accused)


@_rule(Rule.SHARED_ARRIVAL, "An accused, or somebody of theirs, arrives or leaves at nearly the same time.")
def shared_arrival(facts: Facts) -> bool:
    apart = timedelta(minutes=facts.customs.apart)
    return any(
        accused.same_court
        and (
            abs(accused.stay.from_at - facts.stay.from_at) < apart
            or (accused.leaves and abs(accused.stay.until_at - facts.stay.until_at) < apart)
        )
        for accused in facts.accused
    )


@_rule(Rule.TIED_TO_PERPETRATOR, "Somebody who is to come with the witness cannot be used for this. Choose another.")
def tied_to_perpetrator(facts: Facts) -> bool:
    return any(one.tied for one in facts.of_kind(*PEOPLE, ResourceKind.VEHICLE))


@_rule(Rule.SERVES_BOTH_SIDES, "Somebody who is to come with the witness works for the other side too. Choose another.")
def serves_both_sides(facts: Facts) -> bool:
    return any(one.other_side for one in facts.of_kind(*PEOPLE))


@_rule(
    Rule.WITNESSES_TOGETHER, "Another witness is there at that time: no two are prepared together or hear each other."
)
def witnesses_together(facts: Facts) -> bool:
    return any(
        one.by_witness
        and one.here
        and one.what != WITNESS
        and (one.what in (STAND, *ROOMS) or (facts.preparation and one.in_preparation))
        and facts.is_taken(one)
        for one in facts.takings
    )


@_rule(Rule.SHELTER_AS_PLACE, "This place cannot be used, or named in an invitation. Choose another.")
def shelter_as_place(facts: Facts) -> bool:
    return facts.shelter_named


@_rule(Rule.WITNESS_MISSING, "The witness is missing. She is to be found first.")
def witness_missing(facts: Facts) -> bool:
    return facts.missing


@_rule(Rule.WITNESS_IN_CRISIS, "The witness is in a crisis. Nothing is booked until that is over.")
def witness_in_crisis(facts: Facts) -> bool:
    return facts.in_crisis


def standing(permits: Sequence[Permit], day: date) -> Rule | None:
    """Nothing where a consent holds on that day; else why none does. What was taken back, no older one makes good."""
    taken_back = max((one.withdrawn_at for one in permits if one.withdrawn_at), default=None)
    given = [one for one in permits if not one.withdrawn_at and not (taken_back and one.given_at <= taken_back)]
    if any(one.expires_on is None or one.expires_on >= day for one in given):
        return None
    if given:
        return Rule.CONSENT_EXPIRED
    return Rule.CONSENT_WITHDRAWN if taken_back else Rule.CONSENT_MISSING


@_rule(Rule.CONSENT_MISSING, "Consent to testify is missing.")
def consent_missing(facts: Facts) -> bool:
    return facts.victim and standing(facts.consents, facts.day) is Rule.CONSENT_MISSING


@_rule(Rule.CONSENT_EXPIRED, "Consent to testify does not last until that day.")
def consent_expired(facts: Facts) -> bool:
    return facts.victim and standing(facts.consents, facts.day) is Rule.CONSENT_EXPIRED


@_rule(Rule.CONSENT_WITHDRAWN, "Consent to testify was withdrawn.")
def consent_withdrawn(facts: Facts) -> bool:
    return facts.victim and standing(facts.consents, facts.day) is Rule.CONSENT_WITHDRAWN


@_rule(Rule.NO_ASSENT, "A child assents herself, beside her guardian's consent: that is missing for that day.")
def no_assent(facts: Facts) -> bool:
    return facts.child and standing(facts.assents, facts.day) is not None


@_rule(Rule.NO_SAFE_GUARDIAN, "A child comes with a safe guardian: none is booked.")
def no_safe_guardian(facts: Facts) -> bool:
    return facts.child and not any(not (one.tied or one.other_side) for one in facts.of_kind(ResourceKind.GUARDIAN))


def _undecided(facts: Facts) -> bool:
    return any(not one.decided for one in facts.protections)


@_rule(Rule.MEASURE_UNDECIDED, "A measure that protects the witness is not decided yet, and should be by now.")
def measure_undecided(facts: Facts) -> bool:
    return _undecided(facts) and facts.now >= facts.days_before(facts.deadlines.measure)


@_rule(Rule.MEASURE_REFUSED, "A measure that protects the witness was refused, and there is no other plan.")
def measure_refused(facts: Facts) -> bool:
    return any(one.refused and not one.planned for one in facts.protections)


@_rule(Rule.STATEMENT_UNDISCLOSED, "The statement of the witness is not disclosed, and should be by now.")
def statement_undisclosed(facts: Facts) -> bool:
    return facts.undisclosed and facts.now >= facts.days_before(facts.deadlines.disclosure)


@_rule(Rule.NOT_READY, "The witness is not ready: the checklist is not complete, or not signed.")
def not_ready(facts: Facts) -> bool:
    return not facts.ready


@_rule(Rule.LONG_CHILD_SESSION, "This is long for a child without a recess.")
def long_child_session(facts: Facts) -> bool:
    length = facts.session.until_at - facts.session.from_at
    return facts.child and length / (facts.recesses + 1) > timedelta(minutes=facts.customs.child_session)


@_rule(Rule.EXAMS_OR_HOLIDAY, "That day is a holiday, or had better be left free for the witness.")
def exams_or_holiday(facts: Facts) -> bool:
    return (
        facts.day in facts.customs.holidays
        or any(window.meets(facts.stay) for window in facts.better_not)
        or (facts.child and any(first <= facts.day <= last for first, last in facts.customs.exams))
    )


@_rule(
    Rule.ARRIVAL_ON_THE_DAY, "The witness comes from afar and arrives on the very day. Let her arrive the day before."
)
def arrival_on_the_day(facts: Facts) -> bool:
    """Whether she comes from afar, her needs assessment says: travel is one of her needs. Without a time of arrival she
    is taken to come as she is heard."""
    return facts.comes_from_afar and facts.stay.from_at.astimezone(facts.zone).date() == facts.day


@_rule(Rule.TOO_MANY_INTERVIEWS, "The witness was interviewed more often than is good for her.")
def too_many_interviews(facts: Facts) -> bool:
    return facts.interviews > facts.customs.interviews


@_rule(Rule.LANGUAGE_UNMET, "No interpreter for the language of the witness is booked.")
def language_unmet(facts: Facts) -> bool:
    there = facts.of_kind(ResourceKind.INTERPRETER)
    speaks = any(facts.language in one.languages for one in there)
    return facts.language is not None and (facts.interpreted or bool(there)) and not speaks


@_rule(Rule.GENDER_UNMET, "The witness asked for an interpreter of another gender.")
def gender_unmet(facts: Facts) -> bool:
    wanted = facts.interpreter_gender
    return wanted is not None and any(one.gender != wanted for one in facts.of_kind(ResourceKind.INTERPRETER))


@_rule(Rule.EXHIBIT_NOT_READY, "An exhibit of ours is not at hand, or is under examination.")
def exhibit_not_ready(facts: Facts) -> bool:
    return facts.exhibit_lacks


@_rule(Rule.DEADLINE_NEAR, "A deadline is near: a measure is to be decided, or the statement disclosed.")
def deadline_near(facts: Facts) -> bool:
    def is_near(days: int) -> bool:
        return facts.days_before(days + facts.deadlines.near) <= facts.now < facts.days_before(days)

    return (_undecided(facts) and is_near(facts.deadlines.measure)) or (
        facts.undisclosed and is_near(facts.deadlines.disclosure)
    )


# --- other times ------------------------------------------------------------------------------------------------------

GRID = timedelta(minutes=15)
FREE_TIMES = 3
LOOK = timedelta(days=14)
"""How long after the time that was asked for another is looked for."""

_AT_ANY_TIME = frozenset(
    {
        Rule.TIED_TO_PERPETRATOR,
        Rule.SERVES_BOTH_SIDES,
        Rule.SHELTER_AS_PLACE,
        Rule.WITNESS_MISSING,
        Rule.WITNESS_IN_CRISIS,
    }
)
"""What no other time mends."""


def nearest(facts: Facts, hearing: Window | None) -> list[Window]:
    """The nearest times of the same length on which nothing blocks: within the hearing, else while the court sits in
    the next days. At most `FREE_TIMES`, in their order."""
    if conflicts(facts, _AT_ANY_TIME):
        return []
    within = [] if hearing is None else _within(facts.session, hearing)
    return _free(facts, within) or _free(facts, _sittings(facts))


def _free(facts: Facts, times: Sequence[Window]) -> list[Window]:
    asked, found = facts.session.from_at, list[Window]()
    for window in sorted(times, key=lambda one: abs(one.from_at - asked)):
        moved = window.from_at - asked
        if window.from_at <= facts.now or not moved:
            continue
        # She comes as long before it, and leaves as long after it, as was asked for.
        arrives, leaves = (at and at + moved for at in (facts.arrives_at, facts.leaves_at))
        if not conflicts(replace(facts, session=window, arrives_at=arrives, leaves_at=leaves), BLOCKING):
            found.append(window)
            if len(found) == FREE_TIMES:
                break
    return sorted(found, key=lambda one: one.from_at)


def _within(asked: Window, span: Window) -> list[Window]:
    """Every time of that length on the grid, within a span of some days at most."""
    length, found = asked.until_at - asked.from_at, list[Window]()
    at = span.from_at
    while at + length <= span.until_at and at < span.from_at + LOOK:
        found.append(Window(at, at + length))
        at += GRID
    return found


def _sittings(facts: Facts) -> list[Window]:
    """Every time of that length on the grid while the court sits, from the day that was asked for on."""
    found = list[Window]()
    for days in range(LOOK.days):
        day = facts.day + timedelta(days=days)
        if facts.customs.sits_on(day):
            opens, closes = (_at(facts, day, clock) for clock in (facts.customs.opens, facts.customs.closes))
            found += _within(facts.session, Window(opens, closes))
    return found


def _at(facts: Facts, day: date, clock: time) -> datetime:
    return datetime.combine(day, clock, facts.zone).astimezone(facts.now.tzinfo)
