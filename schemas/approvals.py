"""Acts that take two people, in and out."""

from marshmallow import fields

from evidence_api.domain.approval import APPROVAL, ApprovalKind, ApprovalState
from schemas.common import In, Moment, Out, ReasonIn, StepUpReasonIn, code


class AskIn(ReasonIn):
    """What another person is to decide on."""

    kind = fields.Enum(ApprovalKind, by_value=True, required=True)
    about = fields.UUID(required=True, metadata={"description": "The id of what it is about, such as an operative."})


class ApproveIn(In):
    """A yes, with a fresh code."""

    otp = code()


class RefuseIn(StepUpReasonIn):
    """A no, with a fresh code."""


class ApprovalOut(Out):
    """What was asked for, and where it stands. A question and a yes are good until `expires_at`."""

    id = fields.UUID()
    kind = fields.Enum(ApprovalKind, by_value=True)
    about = fields.String(metadata={"description": "The chain that it is about, `<kind>:<uuid>`."})
    asker = fields.UUID(attribute="asker_id")
    reason = fields.String()
    state = fields.Enum(ApprovalState, by_value=True)
    decider = fields.UUID(attribute="decider_id", allow_none=True)
    asked_at = Moment()
    expires_at = Moment()
    allowed = fields.Function(
        lambda approval: APPROVAL.allowed(approval.state), metadata={"type": "array", "items": {"type": "string"}}
    )
