"""The case: its kinds and its stages (DESIGN.md section 5)."""

from enum import StrEnum

from evidence_api.domain.lifecycle import Lifecycle, step
from evidence_api.domain.roles import Role


class CaseKind(StrEnum):
    """What the case is about."""

    SEX_TRAFFICKING = "sex_trafficking"
    FORCED_LABOUR = "forced_labour"
    BONDED_LABOUR = "bonded_labour"
    CHILD_LABOUR = "child_labour"
    FAMILY_VIOLENCE = "family_violence"
    LAND_SEIZURE = "land_seizure"
    POLICE_ABUSE = "police_abuse"
    ILLEGAL_DETENTION = "illegal_detention"
    MISSING_PERSON = "missing_person"


class Stage(StrEnum):
    """How far the case has come."""

    INTAKE = "intake"
    INVESTIGATING = "investigating"
    INTERVENTION_PLANNED = "intervention_planned"
    INTERVENED = "intervened"
    CHARGED = "charged"
    IN_TRIAL = "in_trial"
    JUDGED = "judged"
    MONITORING = "monitoring"
    CLOSED = "closed"
    DECLINED = "declined"
    RESOLVED = "resolved"
    ON_HOLD = "on_hold"


_I, _L, _S = Role.INVESTIGATOR, Role.LAWYER, Role.SUPERVISOR
ENDED = frozenset({Stage.CLOSED, Stage.DECLINED, Stage.RESOLVED})
_OPEN = frozenset(Stage) - ENDED - {Stage.ON_HOLD}

STAGES: Lifecycle[Stage] = Lifecycle(
    "case",
    Stage.INTAKE,
    [
        step("investigate", Stage.INTAKE, Stage.INVESTIGATING, _I, _S),
        step("plan_intervention", Stage.INVESTIGATING, Stage.INTERVENTION_PLANNED, _I, _S),
        step("intervene", Stage.INTERVENTION_PLANNED, Stage.INTERVENED, _I, _S),
        step("charge", {Stage.INVESTIGATING, Stage.INTERVENED}, Stage.CHARGED, _L),
        step("try", Stage.CHARGED, Stage.IN_TRIAL, _L),
        step("judge", Stage.IN_TRIAL, Stage.JUDGED, _L),
        step("monitor", Stage.JUDGED, Stage.MONITORING, _L, _S),
        step("close", Stage.MONITORING, Stage.CLOSED, _S),
        step("decline", {Stage.INTAKE, Stage.INVESTIGATING}, Stage.DECLINED, _L, _S),
        step("resolve", {Stage.INVESTIGATING, Stage.INTERVENED}, Stage.RESOLVED, _L, _S),
        step("hold", _OPEN, Stage.ON_HOLD, _I, _L, _S),
        step("resume", Stage.ON_HOLD, None, _I, _L, _S),
        step("reopen", {Stage.JUDGED, Stage.MONITORING, Stage.CLOSED}, Stage.IN_TRIAL, _L, _S),
    ],
)
"""`resume` returns to the stage that `hold` left. `reopen` leads back to trial, or, with `to=investigating`
because of new facts, to the investigation (see `reopened_to`)."""

REOPEN_TARGETS = (Stage.IN_TRIAL, Stage.INVESTIGATING)
