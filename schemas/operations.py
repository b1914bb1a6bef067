"""Operations, their rosters, operatives by code, and requests to authorities, in and out."""

from marshmallow import ValidationError, fields, validate, validates_schema

from evidence_api.domain.operation import (
    HIGHEST_RISK,
    OPERATION,
    REQUEST,
    Danger,
    OperationKind,
    OperationState,
    Outcome,
    RequestState,
)
from evidence_api.domain.roles import Role
from evidence_api.domain.victim import MissedHow, Whereabouts
from schemas.common import In, Moment, Out, PageIn, ReasonIn, Text, code

MAX_PLACES = 10_000
MANY = 500
"""How many people a roster takes in one act."""


class OperationsIn(PageIn):
    """Which operations."""

    state = fields.Enum(OperationState, by_value=True)
    kind = fields.Enum(OperationKind, by_value=True)


class OperationIn(In):
    """A new operation."""

    case = fields.UUID(required=True)
    kind = fields.Enum(OperationKind, by_value=True, required=True)
    partner = Text(allow_none=True, metadata={"description": "The authority that acts with us, such as a police unit."})
    planned_on = fields.Date(allow_none=True)
    venue = fields.UUID(allow_none=True)
    aftercare_places = fields.Integer(
        allow_none=True,
        validate=validate.Range(0, MAX_PLACES),
        metadata={"description": "How many people aftercare can take in on that day."},
    )


class OperationChangeIn(In):
    """What to change of an operation; null takes it away."""

    partner = Text(allow_none=True)
    planned_on = fields.Date(allow_none=True)
    venue = fields.UUID(allow_none=True)
    aftercare_places = fields.Integer(allow_none=True, validate=validate.Range(0, MAX_PLACES))


class OperationOut(Out):
    """An operation."""

    id = fields.UUID()
    case = fields.UUID(attribute="case_id")
    ref = fields.String()
    kind = fields.Enum(OperationKind, by_value=True)
    state = fields.Enum(OperationState, by_value=True)
    venue = fields.UUID(attribute="venue_id", allow_none=True)
    partner = fields.String(allow_none=True)
    planned_on = fields.Date(allow_none=True)
    aftercare_places = fields.Integer(allow_none=True)
    authorised_on = fields.Date(
        allow_none=True, metadata={"description": "The day of the authority's written go; null where there is none."}
    )
    reference = fields.String(attribute="authorisation_ref", allow_none=True)
    document = fields.UUID(attribute="authorisation_id", allow_none=True)
    held_on = fields.Date(allow_none=True)
    planner = fields.UUID(attribute="planner_id")
    decider = fields.UUID(attribute="decider_id", allow_none=True, metadata={"description": "Who gave the go, or not."})
    decided_at = Moment(allow_none=True)
    created_at = Moment()
    allowed = fields.Function(
        lambda operation: OPERATION.allowed(operation.state), metadata={"type": "array", "items": {"type": "string"}}
    )


class AuthorisationIn(In):
    """The authority partner's written go."""

    authorised_on = fields.Date(required=True)
    reference = Text(required=True, most=100)
    document = fields.UUID(allow_none=True, metadata={"description": "The go itself, an item of the case."})


class ScoresIn(In):
    """How great each danger is, from 1, hardly any, to 5, certain."""

    class Meta(In.Meta):
        include = {  # noqa: RUF012
            danger.value: fields.Integer(required=True, validate=validate.Range(1, HIGHEST_RISK)) for danger in Danger
        }


class SafetyIn(In):
    """A safety assessment."""

    scores = fields.Nested(ScoresIn, required=True)
    assessed_on = fields.Date(required=True)
    expires_on = fields.Date(metadata={"description": "The last day on which it counts, within 30 days."})
    note = Text(most=4000, lines=True)


class SafetyOut(Out):
    """A safety assessment."""

    id = fields.UUID()
    scores = fields.Dict(keys=fields.String(), values=fields.Integer())
    assessed_on = fields.Date()
    expires_on = fields.Date()
    void_at = Moment(
        allow_none=True,
        metadata={"description": "Since when it counts no more, for the operation was moved to another venue."},
    )
    note = fields.String(allow_none=True)
    assessor = fields.UUID(attribute="assessor_id")


class OperationStepIn(ReasonIn):
    """Decide on an operation, conclude or abort it."""

    action = fields.String(required=True, validate=validate.OneOf(OPERATION.actions))
    occurred_at = Moment(metadata={"description": "When it happened, if not now."})


class OperationStepOut(Out):
    """A step that the operation can take from its state."""

    action = fields.String()
    target = fields.Enum(OperationState, by_value=True)
    roles = fields.List(fields.Enum(Role, by_value=True), metadata={"description": "Who may take it."})
    mine = fields.Boolean(metadata={"description": "Whether I may, in the role in which I act."})
    open = fields.List(
        fields.String(), metadata={"description": "What is still missing, in sentences. The first is what 409 says."}
    )


class OutcomeIn(In):
    """What an operation brought; null or left out while that is open."""

    outcome = fields.Enum(Outcome, by_value=True, allow_none=True)
    reason = Text(
        most=2000,
        lines=True,
        allow_none=True,
        metadata={"description": "With the outcome `missed`, one of the words of `how` says how."},
    )
    how = fields.Enum(MissedHow, by_value=True, allow_none=True, metadata={"description": "Only with `missed`."})
    occurred_at = Moment(metadata={"description": "When it happened, if not now."})


class RosterIn(OutcomeIn):
    """Somebody whom an operation is to bring out, and what it brought her."""

    victim = fields.UUID(required=True)


class RosterSeveralIn(OutcomeIn):
    """Several people at once."""

    victims = fields.List(fields.UUID(), required=True, validate=validate.Length(1, MANY))

    @validates_schema
    def each_once(self, data: dict[str, object], **_kwargs: object) -> None:
        """Raise ValidationError where one stands twice."""
        victims = data.get("victims", [])
        assert isinstance(victims, list)
        if len(set(victims)) < len(victims):
            raise ValidationError("Name each of them once.", "victims")


class RosterOut(Out):
    """One person on a roster."""

    operation = fields.UUID(attribute="operation_id")
    victim = fields.UUID(attribute="victim_id")
    pseudonym = fields.String()
    outcome = fields.Enum(Outcome, by_value=True, allow_none=True)
    how = fields.Enum(MissedHow, by_value=True, allow_none=True)
    decided_at = Moment(allow_none=True)
    whereabouts = fields.Enum(Whereabouts, by_value=True, metadata={"description": "Where she is now."})


class FiguresOut(Out):
    """A roster in figures: `expected` are on it, `open` of them have no outcome yet."""

    expected = fields.Integer()
    open = fields.Integer()
    rescued = fields.Integer()
    intercepted = fields.Integer()
    self_exited = fields.Integer()
    located = fields.Integer()
    missed = fields.Integer()
    declined = fields.Integer()


class TakesPartIn(In):
    """Who takes part."""

    operative = fields.UUID(required=True)


class OperativeIn(In):
    """Somebody who works covertly."""

    person = Text(
        metadata={"description": "Who it is: a user's id, or a name. It goes into the vault and is not given out."}
    )


class IdentityOfOperativeIn(In):
    """Who is behind a code."""

    person = Text(required=True, metadata={"description": "A user's id, or a name."})


class OperativeOut(Out):
    """An operative, by code."""

    id = fields.UUID()
    code = fields.String()
    created_at = Moment()
    ended_at = Moment(allow_none=True)


class RevealIn(In):
    """To open who is behind a code."""

    approval = fields.UUID(required=True, metadata={"description": "The yes of another person, not older than 15 min."})
    otp = code()


class RevealedOut(Out):
    """Who is behind a code."""

    id = fields.UUID()
    code = fields.String()
    name = fields.String(allow_none=True)
    username = fields.String(allow_none=True, metadata={"description": "Of the account, where it is one."})


class RequestsIn(PageIn):
    """Which requests to authorities."""

    state = fields.Enum(RequestState, by_value=True)
    overdue = fields.Boolean(load_default=False, metadata={"description": "Only those whose answer is late."})


class RequestIn(In):
    """What an authority is asked for."""

    authority = Text(required=True)
    asks = Text(required=True, most=4000, lines=True)
    sent_on = fields.Date(required=True)
    due_on = fields.Date(allow_none=True)
    operation = fields.UUID(allow_none=True)


class ReplyIn(In):
    """What the authority said."""

    replied_on = fields.Date(required=True)
    reply = Text(required=True, most=4000, lines=True)
    document = fields.UUID(allow_none=True, metadata={"description": "Its letter, an item of the case."})


class RequestOut(Out):
    """A request to an authority."""

    id = fields.UUID()
    case = fields.UUID(attribute="case_id")
    operation = fields.UUID(attribute="operation_id", allow_none=True)
    ref = fields.String()
    authority = fields.String()
    asks = fields.String()
    state = fields.Enum(RequestState, by_value=True)
    sent_on = fields.Date()
    due_on = fields.Date(allow_none=True)
    replied_on = fields.Date(allow_none=True)
    reply = fields.String(allow_none=True)
    document = fields.UUID(attribute="reply_evidence_id", allow_none=True)
    allowed = fields.Function(
        lambda request: REQUEST.allowed(request.state), metadata={"type": "array", "items": {"type": "string"}}
    )
