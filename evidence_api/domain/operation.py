"""Operations: covert visits, surveillance, rescues; requests to authorities (DESIGN.md sections 4 and 5)."""

from datetime import timedelta
from enum import StrEnum

from evidence_api.domain.lifecycle import Lifecycle, step
from evidence_api.domain.roles import Role


class OperationKind(StrEnum):
    """What kind of operation it is."""

    COVERT_VISIT = "covert_visit"
    SURVEILLANCE = "surveillance"
    RESCUE = "rescue"


class OperationState(StrEnum):
    """How far it has come."""

    PLANNED = "planned"
    GO = "go"
    NO_GO = "no_go"
    DONE = "done"
    ABORTED = "aborted"


class Outcome(StrEnum):
    """What an operation brought for one person on its roster."""

    RESCUED = "rescued"
    INTERCEPTED = "intercepted"
    SELF_EXITED = "self_exited"
    LOCATED = "located"
    MISSED = "missed"
    DECLINED = "declined"


class RequestState(StrEnum):
    """Where a request to an authority stands."""

    SENT = "sent"
    REPLIED = "replied"
    WITHDRAWN = "withdrawn"


ASSESSMENT_HOLDS = timedelta(days=30)
"""How long a safety assessment is good for, at most."""

HIGHEST_RISK = 5
"""Each danger is scored from 1, hardly any, to this, certain."""

TOO_DANGEROUS = 5
"""A single danger of this score forbids the go."""


class Danger(StrEnum):
    """What a safety assessment scores."""

    VICTIMS = "victims"
    STAFF = "staff"
    BYSTANDERS = "bystanders"
    LEAK = "leak"
    RETALIATION = "retaliation"
    AFTERCARE = "aftercare"


_I, _L, _S = Role.INVESTIGATOR, Role.LAWYER, Role.SUPERVISOR

OPERATION: Lifecycle[OperationState] = Lifecycle(
    "operation",
    OperationState.PLANNED,
    [
        step("go", {OperationState.PLANNED, OperationState.NO_GO}, OperationState.GO, _S),
        step("no_go", {OperationState.PLANNED, OperationState.GO}, OperationState.NO_GO, _S),
        step("conclude", OperationState.GO, OperationState.DONE, _I, _L),
        step(
            "abort",
            {OperationState.PLANNED, OperationState.NO_GO, OperationState.GO},
            OperationState.ABORTED,
            _I,
            _L,
            _S,
        ),
    ],
)
"""`go` needs a safety assessment that holds, and for a rescue the authority partner's written go; `conclude` an
outcome for
everyone on the roster."""

REQUEST: Lifecycle[RequestState] = Lifecycle(
    "request",
    RequestState.SENT,
    [
        step("reply", RequestState.SENT, RequestState.REPLIED, _I, _L),
        step("withdraw", RequestState.SENT, RequestState.WITHDRAWN, _I, _L),
    ],
)
