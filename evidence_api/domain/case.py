"""The case: its kinds and its stages (DESIGN.md section 5), and which of them an installation uses."""

from collections.abc import Collection, Mapping
from enum import StrEnum

from evidence_api.domain.lifecycle import Lifecycle, Step, step
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
        step("close", Stage.MONITORING, Stage.CLOSED, _L, _S),
        step("decline", {Stage.INTAKE, Stage.INVESTIGATING}, Stage.DECLINED, _L, _S),
        step("resolve", {Stage.INVESTIGATING, Stage.INTERVENED}, Stage.RESOLVED, _L, _S),
        step("hold", _OPEN, Stage.ON_HOLD, _I, _L, _S),
        step("resume", Stage.ON_HOLD, None, _I, _L, _S),
        step("reopen", {Stage.JUDGED, Stage.MONITORING, Stage.CLOSED}, Stage.IN_TRIAL, _L, _S),
    ],
)
"""`close` takes two people, one of each of its roles. `resume` returns to the stage that `hold` left. `reopen` leads
back to trial, or, with `to=investigating` because of new facts, to the investigation (see `reopened_to`)."""

REOPEN_TARGETS = (Stage.IN_TRIAL, Stage.INVESTIGATING)


class BadKinds(ValueError):
    """The kinds and their stages cannot be used so; the message says which and what to do."""


class CaseKinds:
    """The kinds of cases that are in use, and for each the stages that apply to it."""

    def __init__(self, without: Mapping[CaseKind, Collection[Stage]]) -> None:
        """`without` names, for each kind in use, the stages that do not apply. Raises BadKinds."""
        if not without:
            raise BadKinds("no kind is on; switch on at least one")
        self._stages = {kind: frozenset(Stage) - frozenset(off) for kind, off in without.items()}
        self._courses = {kind: _narrowed(stages) for kind, stages in self._stages.items()}
        for kind in without:
            self._check(kind)

    @property
    def on(self) -> list[CaseKind]:
        """The kinds in which a new case may be opened, in the order in which they are known."""
        return [kind for kind in CaseKind if kind in self._stages]

    def stages(self, kind: CaseKind) -> frozenset[Stage]:
        """The stages that apply to a kind; of one that is no longer in use, all."""
        return self._stages.get(kind, frozenset(Stage))

    def course(self, kind: CaseKind, stage: Stage) -> Lifecycle[Stage]:
        """The steps of a case of that kind. One that stands where its kind has no stage any more, since the
        configuration was changed, goes on by the whole table, so that nobody is stuck."""
        return self._courses.get(kind, STAGES) if stage in self.stages(kind) else STAGES

    def _check(self, kind: CaseKind) -> None:
        course = self._courses[kind]
        reached = _reached(course, Stage.INTAKE)
        lost = [stage.value for stage in Stage if stage in self._stages[kind] and stage not in reached]
        if lost:
            raise BadKinds(f"{kind.value} never comes to: {', '.join(lost)}; name these among its `without` too")
        for stage in Stage:
            if stage in reached - ENDED and not _reached(course, stage) & ENDED:
                raise BadKinds(f"{kind.value} has no way from {stage.value} to an end; leave one, such as `resolved`")


def _narrowed(stages: frozenset[Stage]) -> Lifecycle[Stage]:
    rows = [
        Step(row.action, row.sources & stages, row.target, row.roles)
        for row in STAGES.steps
        if row.sources & stages and (row.target is None or row.target in stages)
    ]
    return Lifecycle(STAGES.noun, STAGES.initial, rows)


def _reached(course: Lifecycle[Stage], start: Stage) -> set[Stage]:
    """Every stage that can come of `start`, and itself. Resuming returns to where a case was, so it reaches nothing
    new, but from the hold itself anything open."""
    reached = {start}
    while True:
        targets = {row.target for row in course.steps if row.sources & reached and row.target is not None}
        if Stage.ON_HOLD in reached and start is Stage.ON_HOLD:
            targets |= {source for row in course.steps if row.action == "hold" for source in row.sources}
        if targets <= reached:
            return reached
        reached |= targets
