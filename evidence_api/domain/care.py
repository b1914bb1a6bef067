"""Care: from the first needs to the last follow-up; partners and referrals (DESIGN.md sections 4 and 5)."""

from calendar import monthrange
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum

from evidence_api.domain.lifecycle import Lifecycle, step
from evidence_api.domain.roles import Role


class AssessmentKind(StrEnum):
    """What is assessed. `safety` is that of an operation; the others are about a victim."""

    SAFETY = "safety"
    INITIAL = "initial"
    RISK = "risk"
    HEALTH = "health"
    HOUSEHOLD_SAFETY = "household_safety"
    ECONOMIC = "economic"


FOR_HOME = frozenset({AssessmentKind.HOUSEHOLD_SAFETY, AssessmentKind.ECONOMIC})
"""Both must be there, in her favour and still good, before she goes home."""

HOME_HOLDS = timedelta(days=180)
"""How long an assessment of a home counts at most: who lives there, and on what, changes within half a year."""


class StepKind(StrEnum):
    """What a step of care is."""

    NEED = "need"
    SERVICE = "service"
    FIRST = "first"
    SKILL = "skill"
    WORK = "work"
    FOLLOW_UP = "follow_up"
    PLACEMENT_CONFLICT = "placement_conflict"


class Need(StrEnum):
    """What is to be met in the first 72 hours."""

    SAFETY = "safety"
    MEDICAL = "medical"
    FOOD = "food"
    CLOTHING = "clothing"
    SHELTER = "shelter"
    INTERPRETER = "interpreter"
    RIGHTS = "rights"
    CONTACT = "contact"


class ServiceKind(StrEnum):
    """What a partner, or the office itself, offers."""

    SHELTER = "shelter"
    COUNSELLING = "counselling"
    MEDICAL = "medical"
    EDUCATION = "education"
    VOCATIONAL = "vocational"
    LEGAL = "legal"
    SPIRITUAL = "spiritual"
    EMPLOYMENT = "employment"
    INTERPRETING = "interpreting"
    RETURN = "return"


class WorkKind(StrEnum):
    """Work of her own."""

    JOB = "job"
    FREEDOM_BUSINESS = "freedom_business"
    OWN_BUSINESS = "own_business"


WHAT: Mapping[StepKind, type[Need] | type[ServiceKind] | type[WorkKind]] = {
    StepKind.NEED: Need,
    StepKind.SERVICE: ServiceKind,
    StepKind.WORK: WorkKind,
}
"""The codes that say what a step of a kind is; steps of the other kinds have words alone."""

BY_HAND = frozenset(StepKind) - {StepKind.NEED, StepKind.PLACEMENT_CONFLICT}
"""The kinds that people add; the needs of the first hours, and a placement that must end, come by themselves."""


class StepState(StrEnum):
    """Where a step of care stands."""

    PLANNED = "planned"
    ACTIVE = "active"
    DONE = "done"
    STOPPED = "stopped"


class PlacementKind(StrEnum):
    """Where she sleeps."""

    SHELTER = "shelter"
    FOSTER = "foster"
    HOME = "home"
    RELATIVES = "relatives"
    INDEPENDENT = "independent"
    HOSPITAL = "hospital"


GOING_HOME = frozenset({PlacementKind.HOME, PlacementKind.RELATIVES})

ELSEWHERE = frozenset({PlacementKind.FOSTER, PlacementKind.INDEPENDENT})
"""Whoever lives here goes her own way from here, and not home."""


class Standing(StrEnum):
    """Her immigration status."""

    NATIONAL = "national"
    REFLECTION_PERIOD = "reflection_period"
    TEMPORARY = "temporary"
    PERMANENT = "permanent"
    ASYLUM = "asylum"
    IRREGULAR = "irregular"
    RETURNED = "returned"
    UNKNOWN = "unknown"


class ClaimKind(StrEnum):
    """What money is owed to her for."""

    WAGES = "wages"
    DAMAGES = "damages"
    RESTITUTION = "restitution"
    STATE_FUND = "state_fund"


class ReferralState(StrEnum):
    """Where a referral to a partner stands."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


WAS_ACCEPTED = frozenset({ReferralState.ACCEPTED, ReferralState.WITHDRAWN})
"""She may be, or have been, where she was referred to."""

FOLLOW_UP_MONTHS = (1, 2, 3, 6, 9, 12, 15, 18, 21, 24)
"""When she is to be asked how she is, counted from the day on which she goes her own way."""

FOLLOW_UPS_MEET = timedelta(days=14)
"""A follow-up that is open so near to another date serves for both: the dates lie a month apart at least."""

ASSESSING, ASKING, ANOTHER_PARTNER = "assessing", "asking", "another_partner"
"""What is to be done first where something is refused: assess, ask her what she wants, look for another partner."""

OPEN = frozenset({StepState.PLANNED, StepState.ACTIVE})
"""A step that is still to be done."""

_C = Role.CASEWORKER

STEP: Lifecycle[StepState] = Lifecycle(
    "step",
    StepState.PLANNED,
    [
        step("begin", StepState.PLANNED, StepState.ACTIVE, _C),
        step("finish", {StepState.PLANNED, StepState.ACTIVE}, StepState.DONE, _C),
        step("stop", {StepState.PLANNED, StepState.ACTIVE}, StepState.STOPPED, _C),
        step("resume", {StepState.STOPPED, StepState.DONE}, StepState.ACTIVE, _C),
    ],
)

REFERRAL: Lifecycle[ReferralState] = Lifecycle(
    "referral",
    ReferralState.WAITING,
    [
        step("accept", ReferralState.WAITING, ReferralState.ACCEPTED, _C),
        step("refuse", ReferralState.WAITING, ReferralState.REFUSED, _C),
        step("withdraw", {ReferralState.WAITING, ReferralState.ACCEPTED}, ReferralState.WITHDRAWN, _C),
    ],
)


def counts_until(kind: AssessmentKind, assessed_on: date, expires_on: date | None) -> date | None:
    """The last day on which an assessment counts; none where it does not expire."""
    if kind not in FOR_HOME:
        return expires_on
    return min(assessed_on + HOME_HOLDS, expires_on or date.max)


def months_on(moment: datetime, months: int) -> datetime:
    """The same day and time so many months later; the last day of a month that is too short."""
    years, month = divmod(moment.month - 1 + months, 12)
    year, month = moment.year + years, month + 1
    return moment.replace(year=year, month=month, day=min(moment.day, monthrange(year, month)[1]))
