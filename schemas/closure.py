"""Orders that close a venue, in and out."""

from marshmallow import fields, validate

from evidence_api.domain.closure import CLOSURE, ClosureState
from evidence_api.domain.roles import Role
from schemas.common import In, Moment, Out, PageIn, ReasonIn, Text


class ClosureOrderIn(In):
    """An order to be drafted."""

    permanent = fields.Boolean(required=True, metadata={"description": "Whether it is sought for good."})
    grounds = Text(most=4000, lines=True, allow_none=True)


class ClosureOrderChangeIn(In):
    """What to change of a draft."""

    permanent = fields.Boolean()
    grounds = Text(most=4000, lines=True, allow_none=True)


class ClosureOrdersIn(PageIn):
    """Which orders."""

    state = fields.Enum(ClosureState, by_value=True)


class ClosureStepIn(ReasonIn):
    """Take an order a step on."""

    action = fields.String(required=True, validate=validate.OneOf(CLOSURE.actions))
    court = Text(metadata={"description": "Only with `apply`, which needs it."})
    court_ref = Text(most=100, metadata={"description": "The court's reference; only with `apply`, which needs it."})
    document = fields.UUID(
        metadata={
            "description": "An item of the case with what the court wrote; a grant, an extension, an end need it."
        }
    )
    decided_on = fields.Date(metadata={"description": "The day of the act, if not today."})
    expires_on = fields.Date(metadata={"description": "The last day; with `grant_temporary` and `extend`."})
    occurred_at = Moment(metadata={"description": "When it happened, if not now."})


class ClosureOrderOut(Out):
    """An order that closes a venue. `inspect_by`: by when the venue is to be looked at next."""

    id = fields.UUID()
    venue = fields.UUID(attribute="venue_id")
    case = fields.UUID(attribute="case_id")
    ref = fields.String()
    state = fields.Enum(ClosureState, by_value=True)
    permanent = fields.Boolean()
    grounds = fields.String(allow_none=True)
    drafter = fields.UUID(attribute="drafter_id")
    approver = fields.UUID(attribute="approver_id", allow_none=True)
    court = fields.String(allow_none=True)
    court_ref = fields.String(allow_none=True)
    applied_on = fields.Date(allow_none=True)
    granted_on = fields.Date(allow_none=True)
    expires_on = fields.Date(allow_none=True)
    inspect_by = fields.Date(allow_none=True)
    document = fields.UUID(attribute="document_id", allow_none=True)
    created_at = Moment()
    allowed = fields.Function(
        lambda order: CLOSURE.allowed(order.state), metadata={"type": "array", "items": {"type": "string"}}
    )


class ClosureNextStepOut(Out):
    """A step that the order can take from its state."""

    action = fields.String()
    target = fields.Enum(ClosureState, by_value=True)
    roles = fields.List(fields.Enum(Role, by_value=True), metadata={"description": "Who may take it."})
    mine = fields.Boolean(metadata={"description": "Whether the role in which I act is among them."})
    open = fields.List(
        fields.String(), metadata={"description": "What is still missing, in sentences. The first is what 409 says."}
    )
