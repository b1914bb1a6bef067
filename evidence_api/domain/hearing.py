"""Hearings: when a court sits on a case, where, about what."""

from enum import StrEnum

from evidence_api.domain.lifecycle import Lifecycle, step
from evidence_api.domain.roles import Role


class HearingKind(StrEnum):
    """What a hearing is for."""

    REMAND = "remand"
    ARRAIGNMENT = "arraignment"
    PRELIMINARY = "preliminary"
    PRE_RECORDING = "pre_recording"
    TRIAL = "trial"
    VERDICT = "verdict"
    SENTENCING = "sentencing"
    APPEAL = "appeal"
    CLOSURE = "closure"
    COMPENSATION = "compensation"
    OTHER = "other"


class HearingState(StrEnum):
    """What became of a hearing."""

    SCHEDULED = "scheduled"
    HELD = "held"
    ADJOURNED = "adjourned"
    CANCELLED = "cancelled"


class AdjournmentCode(StrEnum):
    """Why a hearing did not take place, or was broken off."""

    COURT_UNAVAILABLE = "court_unavailable"
    JUDGE_ABSENT = "judge_absent"
    PROSECUTION_UNREADY = "prosecution_unready"
    DEFENCE_ABSENT = "defence_absent"
    DEFENDANT_ABSENT = "defendant_absent"
    WITNESS_UNAVAILABLE = "witness_unavailable"
    MEASURE_MISSING = "measure_missing"
    INTERPRETER_MISSING = "interpreter_missing"
    NEW_EVIDENCE = "new_evidence"
    OTHER = "other"


_L = Role.LAWYER
_H = HearingState

HEARING: Lifecycle[HearingState] = Lifecycle(
    "hearing",
    _H.SCHEDULED,
    [
        step("hold", _H.SCHEDULED, _H.HELD, _L),
        step("adjourn", _H.SCHEDULED, _H.ADJOURNED, _L),
        step("cancel", _H.SCHEDULED, _H.CANCELLED, _L),
    ],
)
"""`adjourn` needs its reason code, and takes the new time where it is known: a hearing of its own. Whoever was booked
for one that is adjourned or cancelled is postponed."""
