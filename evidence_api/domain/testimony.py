"""Testimony: who testifies, how she is protected, prepared and heard, and what comes after (DESIGN.md section 5)."""

from enum import StrEnum

from evidence_api.domain.lifecycle import Lifecycle, step
from evidence_api.domain.roles import Role


class WitnessKind(StrEnum):
    """Who testifies."""

    VICTIM = "victim"
    OFFICER = "officer"
    EXPERT = "expert"
    OPERATIVE = "operative"
    OTHER = "other"


class TestimonyState(StrEnum):
    """How far it has come."""

    IDENTIFIED = "identified"
    ASSESSED = "assessed"
    WILLING = "willing"
    DECLINED = "declined"
    PREPARING = "preparing"
    READY = "ready"
    SCHEDULED = "scheduled"
    ATTENDED = "attended"
    PART_HEARD = "part_heard"
    CONCLUDED = "concluded"
    DEBRIEFED = "debriefed"
    PRERECORDED = "prerecorded"
    POSTPONED = "postponed"
    NO_SHOW = "no_show"
    EXCUSED = "excused"
    WITHDRAWN = "withdrawn"


_L, _C = Role.LAWYER, Role.CASEWORKER
_T = TestimonyState

HEARD = frozenset({_T.CONCLUDED, _T.DEBRIEFED})
"""She has testified to the end."""

TESTIFIED = HEARD | {_T.ATTENDED, _T.PART_HEARD, _T.PRERECORDED}
"""She has testified, to the end or not."""

BOOKABLE = frozenset({_T.WILLING, _T.PREPARING, _T.READY, _T.SCHEDULED, _T.PART_HEARD, _T.POSTPONED, _T.NO_SHOW})
"""A time may be booked for her: provisionally, until she is ready."""

OVER = HEARD | {_T.EXCUSED}
"""Nothing more comes of it. One who has declined or withdrawn may still agree."""

UNREADY = frozenset({_T.IDENTIFIED, _T.ASSESSED, _T.WILLING, _T.PREPARING, _T.POSTPONED, _T.NO_SHOW})
"""She is still to testify, and is not ready."""

_MAY_STILL = frozenset(_T) - HEARD - {_T.WITHDRAWN, _T.EXCUSED}

TESTIMONY: Lifecycle[TestimonyState] = Lifecycle(
    "testimony",
    _T.IDENTIFIED,
    [
        step("assess", _T.IDENTIFIED, _T.ASSESSED, _C, _L),
        step("agree", {_T.ASSESSED, _T.DECLINED, _T.WITHDRAWN}, _T.WILLING, _C, _L),
        step("decline", {_T.IDENTIFIED, _T.ASSESSED, _T.WILLING}, _T.DECLINED, _C, _L),
        step("prepare", {_T.WILLING, _T.READY, _T.POSTPONED, _T.NO_SHOW}, _T.PREPARING, _C, _L),
        step("make_ready", _T.PREPARING, _T.READY, _L),
        step("schedule", {_T.READY, _T.PART_HEARD}, _T.SCHEDULED, _L),
        step("attend", _T.SCHEDULED, _T.ATTENDED, _L, _C),
        step("part_hear", _T.ATTENDED, _T.PART_HEARD, _L),
        step("prerecord", {_T.READY, _T.SCHEDULED, _T.ATTENDED}, _T.PRERECORDED, _L),
        step("conclude", {_T.ATTENDED, _T.PART_HEARD, _T.PRERECORDED}, _T.CONCLUDED, _L),
        step("debrief", _T.CONCLUDED, _T.DEBRIEFED, _C, _L),
        step("postpone", {_T.READY, _T.SCHEDULED, _T.PART_HEARD}, _T.POSTPONED, _L, _C),
        step("miss", _T.SCHEDULED, _T.NO_SHOW, _L, _C),
        step("excuse", _MAY_STILL - {_T.ATTENDED, _T.PRERECORDED}, _T.EXCUSED, _L),
        step("withdraw", _MAY_STILL, _T.WITHDRAWN, _C, _L),
    ],
)
"""`assess` needs a needs assessment; `make_ready` the whole checklist, signed by a lawyer and a caseworker; `schedule`
a booking without anything open, which it confirms; `withdraw` is her word alone: it takes effect at once and releases
what was booked. `conclude` opens a plan for the time after court for one who is a victim."""


class Requirement(StrEnum):
    """What is on the checklist before a witness is ready."""

    CONSENT = "consent"
    ASSENT = "assent"
    GUARDIAN = "guardian"
    NEEDS = "needs"
    MEASURES = "measures"
    STATEMENT = "statement"
    PREPARATION = "preparation"
    LANGUAGE = "language"
    FOUND = "found"
    WELL = "well"


class MeasureKind(StrEnum):
    """How a witness is protected in court."""

    SCREEN = "screen"
    LIVE_LINK = "live_link"
    CLOSED_COURT = "closed_court"
    PRERECORDED = "prerecorded"
    INTERMEDIARY = "intermediary"
    SUPPORT_PERSON = "support_person"
    PSEUDONYM = "pseudonym"
    DISTORTION = "distortion"
    SEPARATE_ENTRANCE = "separate_entrance"
    INTERPRETER = "interpreter"


class MeasureState(StrEnum):
    """Where a measure stands."""

    NEEDED = "needed"
    APPLIED = "applied"
    GRANTED = "granted"
    REFUSED = "refused"
    ARRANGED = "arranged"
    USED = "used"
    WAIVED = "waived"


_M = MeasureState

MEASURE: Lifecycle[MeasureState] = Lifecycle(
    "measure",
    _M.NEEDED,
    [
        step("apply", {_M.NEEDED, _M.REFUSED}, _M.APPLIED, _L),
        step("grant", _M.APPLIED, _M.GRANTED, _L),
        step("refuse", _M.APPLIED, _M.REFUSED, _L),
        step("arrange", _M.GRANTED, _M.ARRANGED, _L, _C),
        step("use", _M.ARRANGED, _M.USED, _L, _C),
        step("waive", frozenset(_M) - {_M.USED, _M.WAIVED}, _M.WAIVED, _C),
        step("need", _M.WAIVED, _M.NEEDED, _L, _C),
    ],
)
"""`waive` is her own wish to go without it, told by her caseworker; `need` that she wants it after all."""


SETTLED = frozenset({_M.ARRANGED, _M.USED, _M.WAIVED})
"""A measure in these states stands in the way of nothing."""


class PreparationKind(StrEnum):
    """What a session before court, or after it, is for. What she will say is never rehearsed."""

    COURT_VISIT = "court_visit"
    ROLES = "roles"
    MEMORY_REFRESH = "memory_refresh"
    SAFETY_PLAN = "safety_plan"
    BREAK_SIGNAL = "break_signal"
    DEBRIEF = "debrief"


BEFORE_COURT = frozenset(PreparationKind) - {PreparationKind.DEBRIEF}
"""What is held before a witness who is a victim is ready."""


class SessionState(StrEnum):
    """What became of a preparation session."""

    PLANNED = "planned"
    HELD = "held"
    CANCELLED = "cancelled"


SESSION: Lifecycle[SessionState] = Lifecycle(
    "preparation",
    SessionState.PLANNED,
    [
        step("hold", SessionState.PLANNED, SessionState.HELD, _L, _C),
        step("cancel", SessionState.PLANNED, SessionState.CANCELLED, _L, _C),
    ],
)


class NeedCode(StrEnum):
    """What a needs assessment before testimony asks after."""

    FEAR = "fear"
    TRAUMA = "trauma"
    HEALTH = "health"
    LANGUAGE = "language"
    UNDERSTANDING = "understanding"
    FAMILY = "family"
    SAFETY = "safety"
    CHILDCARE = "childcare"
    TRAVEL = "travel"


class BookingState(StrEnum):
    """What a booked time is worth."""

    PROVISIONAL = "provisional"
    CONFIRMED = "confirmed"
    RELEASED = "released"


BOOKING: Lifecycle[BookingState] = Lifecycle(
    "booking",
    BookingState.PROVISIONAL,
    [
        step("confirm", BookingState.PROVISIONAL, BookingState.CONFIRMED, _L),
        step("fall_back", BookingState.CONFIRMED, BookingState.PROVISIONAL, _L, _C),
        step("release", {BookingState.PROVISIONAL, BookingState.CONFIRMED}, BookingState.RELEASED, _L, _C),
    ],
)
"""`fall_back` follows from something that is recorded later and makes impossible what was confirmed; nobody takes
it."""


class PlanState(StrEnum):
    """Where the plan for the time after court stands."""

    OPEN = "open"
    AGREED = "agreed"
    DONE = "done"


PLAN: Lifecycle[PlanState] = Lifecycle(
    "plan",
    PlanState.OPEN,
    [
        step("agree", PlanState.OPEN, PlanState.AGREED, _C),
        step("finish", PlanState.AGREED, PlanState.DONE, _C),
        step("revise", {PlanState.AGREED, PlanState.DONE}, PlanState.OPEN, _C),
    ],
)
"""`agree` needs an offer by somebody who has room for her, or her own word that she wants none."""
