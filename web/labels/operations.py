"""Operations, requests to authorities, acts of two people."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext

from evidence_api.domain.approval import ApprovalKind, ApprovalState
from evidence_api.domain.operation import Danger, OperationKind, OperationState, Outcome, RequestState

LABELS: Mapping[type, Mapping[str, Any]] = {
    OperationKind: {
        "covert_visit": _l("Covert visit"),
        "surveillance": _l("Surveillance"),
        "rescue": _l("Rescue"),
    },
    OperationState: {
        "planned": lazy_pgettext("operation", "Planned"),
        "go": _l("Go"),
        "no_go": _l("No-go"),
        "done": _l("Carried out"),
        "aborted": _l("Aborted"),
    },
    Outcome: {
        "rescued": _l("Rescued"),
        "intercepted": _l("Intercepted"),
        "self_exited": _l("Got out by herself"),
        "located": _l("Located"),
        "missed": _l("Missed"),
        "declined": _l("Did not want to come"),
    },
    Danger: {
        "victims": _l("To the victims"),
        "staff": _l("To our own people"),
        "bystanders": _l("To bystanders"),
        "leak": _l("That it leaks out"),
        "retaliation": _l("Retaliation"),
        "aftercare": _l("To those in aftercare"),
    },
    RequestState: {
        "sent": _l("Sent"),
        "replied": _l("Answered"),
        "withdrawn": _l("Withdrawn"),
    },
    ApprovalKind: {
        "operative_identity": _l("Open who is behind an operative's code"),
    },
    ApprovalState: {
        "asked": _l("Waiting for an answer"),
        "approved": _l("Approved"),
        "refused": _l("Refused"),
        "withdrawn": _l("Withdrawn"),
        "used": _l("Used"),
    },
}

ACTS: Mapping[str, Any] = {
    "go": _l("Give the go"),
    "no_go": _l("Decide on a no-go"),
    "conclude": _l("Conclude"),
    "abort": _l("Abort"),
    "reply": _l("Record the reply"),
    "approve": _l("Approve"),
    "use": _l("Use the approval"),
    "operation:plan": _l("Operation planned"),
    "operation:edit": _l("Operation edited"),
    "operation:authorise": _l("Written go of the authority recorded"),
    "operation:assess": _l("Safety assessed"),
    "operation:go": _l("Go given"),
    "operation:no_go": _l("No-go decided"),
    "operation:conclude": _l("Operation concluded"),
    "operation:abort": _l("Operation aborted"),
    "operation:roster": _l("Roster written"),
    "operation:roster_off": _l("Somebody taken off the roster"),
    "operation:operative": _l("Operative takes part"),
    "operation:operative_off": _l("Operative taken off"),
    "operative:add": _l("Operative given a code"),
    "operative:identity_set": _l("Identity of the operative sealed"),
    "operative:identity_reveal": _l("Identity of the operative opened"),
    "operative:end": _l("Operative ended"),
    "operative:approval_ask": _l("Approval of a second person asked for"),
    "operative:approval_approve": _l("Approved by a second person"),
    "operative:approval_refuse": _l("Refused by a second person"),
    "operative:approval_withdraw": _l("Question to a second person withdrawn"),
    "operative:approval_use": _l("Approval used"),
    "request:send": _l("Request to an authority sent"),
    "request:reply": _l("Reply of the authority recorded"),
    "request:withdraw": _l("Request to the authority withdrawn"),
}
