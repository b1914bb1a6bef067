"""Testimony: witnesses, their measures, preparation and readiness, and plans for the time after court, in and out."""

from marshmallow import fields, validate

from evidence_api.domain.care import ServiceKind
from evidence_api.domain.roles import Role
from evidence_api.domain.testimony import (
    MEASURE,
    PLAN,
    SESSION,
    TESTIMONY,
    BookingState,
    MeasureKind,
    MeasureState,
    NeedCode,
    PlanState,
    PreparationKind,
    Requirement,
    SessionState,
    TestimonyState,
    WitnessKind,
)
from evidence_api.domain.victim import Gender
from schemas.common import LANGUAGE, ConflictOut, In, Moment, Out, PageIn, ReasonIn, Text

MOST_AT_ONCE = 20
"""How many people, or resources, one session takes."""


class TestimoniesIn(PageIn):
    """Which testimonies."""

    state = fields.Enum(TestimonyState, by_value=True)
    kind = fields.Enum(WitnessKind, by_value=True)


class TestimonyIn(In):
    """A witness of a case."""

    witness_kind = fields.Enum(WitnessKind, by_value=True, required=True)
    witness = Text(
        most=100,
        metadata={"description": "A victim's id; of anybody else a text that names nobody, such as `Expert 1`."},
    )
    label = Text(most=100, metadata={"description": "The same for one who is no victim, such as `Witness A`."})
    language = fields.String(validate=LANGUAGE, allow_none=True)
    interpreter_gender = fields.Enum(Gender, by_value=True, allow_none=True)


class TestimonyChangeIn(In):
    """What to change of a testimony; null takes it away."""

    label = Text(most=100)
    language = fields.String(validate=LANGUAGE, allow_none=True)
    interpreter_gender = fields.Enum(Gender, by_value=True, allow_none=True)
    guardian = fields.UUID(allow_none=True, metadata={"description": "Who comes with a child: a resource."})


class WitnessOperativeIn(In):
    """Which operative testifies."""

    operative = fields.UUID(required=True)


class TestimonyStepIn(ReasonIn):
    """Take a testimony a step."""

    action = fields.String(required=True, validate=validate.OneOf(TESTIMONY.actions))
    occurred_at = Moment(metadata={"description": "When it happened, if not now."})


class TestimonyNextOut(Out):
    """A step that a testimony can take from its state."""

    action = fields.String()
    target = fields.Enum(TestimonyState, by_value=True)
    roles = fields.List(fields.Enum(Role, by_value=True), metadata={"description": "Who may take it."})
    mine = fields.Boolean(metadata={"description": "Whether I may, in the role in which I act."})
    open = fields.List(
        fields.String(), metadata={"description": "What is still missing, in sentences. The first is what 409 says."}
    )


class TestimonyOut(Out):
    """A testimony."""

    id = fields.UUID()
    case = fields.UUID(attribute="case_id")
    ref = fields.String()
    witness_kind = fields.Enum(WitnessKind, by_value=True)
    victim = fields.UUID(attribute="victim_id", allow_none=True)
    pseudonym = fields.String(allow_none=True, metadata={"description": "Of a victim."})
    code = fields.String(allow_none=True, metadata={"description": "Of an operative, for who knows operatives."})
    label = fields.String(allow_none=True, metadata={"description": "Of anybody else."})
    state = fields.Enum(TestimonyState, by_value=True)
    language = fields.String(allow_none=True)
    interpreter_gender = fields.Enum(Gender, by_value=True, allow_none=True)
    guardian = fields.UUID(
        allow_none=True, metadata={"description": "Who comes with a child; for who reads what care she has."}
    )
    interviews = fields.Integer(metadata={"description": "How often the witness was interviewed."})
    statement = fields.UUID(allow_none=True, metadata={"description": "An item, for who may know of it."})
    disclosed_on = fields.Date(attribute="statement_disclosed_on", allow_none=True)
    in_crisis_since = Moment(
        attribute="crisis_since", allow_none=True, metadata={"description": "For who reads what care she has."}
    )
    concluded_on = fields.Date(allow_none=True)
    created_at = Moment()
    allowed = fields.Function(
        lambda testimony: TESTIMONY.allowed(testimony.state),
        metadata={"type": "array", "items": {"type": "string"}},
    )


class MeasureIn(In):
    """A measure that a witness needs."""

    kind = fields.Enum(MeasureKind, by_value=True, required=True)
    required = fields.Boolean(load_default=True)
    plan = Text(most=2000, lines=True, allow_none=True, metadata={"description": "What is done instead of it."})


class MeasureChangeIn(In):
    """What to change of a measure."""

    required = fields.Boolean()
    plan = Text(most=2000, lines=True, allow_none=True)


class MeasureStepIn(ReasonIn):
    """Take a measure a step."""

    action = fields.String(required=True, validate=validate.OneOf(MEASURE.actions))
    document = fields.UUID(metadata={"description": "The ruling, an item of the case."})
    decided_on = fields.Date(metadata={"description": "The day of the ruling, if not today."})
    plan = Text(
        most=2000, lines=True, metadata={"description": "With `refuse`: what is done instead. It may follow later."}
    )


class MeasureOut(Out):
    """A measure."""

    id = fields.UUID()
    testimony = fields.UUID(attribute="testimony_id")
    kind = fields.Enum(MeasureKind, by_value=True)
    required = fields.Boolean()
    state = fields.Enum(MeasureState, by_value=True)
    applied_on = fields.Date(allow_none=True)
    decided_on = fields.Date(allow_none=True)
    document = fields.UUID(attribute="document_id", allow_none=True)
    plan = fields.String(allow_none=True)
    allowed = fields.Function(
        lambda measure: MEASURE.allowed(measure.state), metadata={"type": "array", "items": {"type": "string"}}
    )


class BookedOut(Out):
    """A time that is booked for a witness, in short."""

    id = fields.UUID()
    hearing = fields.UUID(attribute="hearing_id")
    state = fields.Enum(BookingState, by_value=True)
    starts_at = Moment()
    ends_at = Moment()


class PlanOut(Out):
    """A plan for the time after court."""

    id = fields.UUID()
    testimony = fields.UUID(allow_none=True, metadata={"description": "Null where it is in a case that is not mine."})
    victim = fields.UUID(attribute="victim_id")
    state = fields.Enum(PlanState, by_value=True)
    wants_nothing = fields.Boolean(metadata={"description": "She wants nothing, by her own word."})
    agreed_on = fields.Date(allow_none=True)
    opened_at = Moment()
    allowed = fields.Function(
        lambda plan: PLAN.allowed(plan.state), metadata={"type": "array", "items": {"type": "string"}}
    )


class TestimonyWholeOut(TestimonyOut):
    """A testimony with all that hangs on it."""

    measures = fields.List(fields.Nested(MeasureOut))
    open = fields.List(fields.String(), metadata={"description": "What she lacks to be ready, in sentences."})
    bookings = fields.List(fields.Nested(BookedOut))
    plan = fields.Nested(PlanOut, allow_none=True)


class PointOut(Out):
    """One line of the checklist."""

    requirement = fields.Enum(Requirement, by_value=True)
    met = fields.Boolean()
    lacking = fields.List(fields.String(), metadata={"description": "In sentences; none where it is met."})


class SignatureOut(Out):
    """A signature under the checklist."""

    role = fields.Enum(Role, by_value=True)
    user = fields.UUID(attribute="user_id", allow_none=True)
    signed_at = Moment(allow_none=True)
    stands = fields.Boolean(metadata={"description": "Whether the checklist still is what was signed."})


class ReadinessOut(Out):
    """The checklist, and who has signed it."""

    ready = fields.Boolean()
    points = fields.List(fields.Nested(PointOut))
    signatures = fields.List(fields.Nested(SignatureOut))


class NeedTextsIn(In):
    """What was found, by need; what is left out is no need of hers."""

    class Meta(In.Meta):
        include = {need.value: Text(most=2000, lines=True) for need in NeedCode}  # noqa: RUF012


class NeedsIn(In):
    """What a witness needs to testify."""

    needs = fields.Nested(NeedTextsIn, load_default=dict)
    assessed_on = fields.Date(required=True)


class NeedsOut(Out):
    """What a witness needs to testify."""

    id = fields.UUID()
    needs = fields.Dict(keys=fields.String(), values=fields.String())
    assessed_on = fields.Date()
    assessor = fields.UUID(attribute="assessor_id")


class StatementIn(In):
    """The statement of a witness."""

    statement = fields.UUID(required=True, metadata={"description": "An item of the case."})
    disclosed_on = fields.Date(allow_none=True)


class InterviewIn(In):
    """An interview."""

    held_on = fields.Date(required=True)


class PreparationIn(In):
    """A session with one witness. What she will say is never rehearsed."""

    kind = fields.Enum(PreparationKind, by_value=True, required=True)
    starts_at = Moment(required=True)
    ends_at = Moment(required=True)
    place = fields.UUID(allow_none=True, metadata={"description": "A resource: a meeting place or a room."})
    people = fields.List(
        fields.UUID(),
        validate=validate.Length(max=MOST_AT_ONCE),
        metadata={"description": "Those of us who are there, by the ids of their accounts."},
    )
    resources = fields.List(
        fields.UUID(),
        validate=validate.Length(max=MOST_AT_ONCE),
        metadata={"description": "What else it takes, such as an interpreter or a vehicle."},
    )
    note = Text(most=2000, lines=True, allow_none=True)


class PreparationStepIn(ReasonIn):
    """A session was held, or is cancelled."""

    action = fields.String(required=True, validate=validate.OneOf(SESSION.actions))


class PreparationOut(Out):
    """A session with one witness."""

    id = fields.UUID()
    testimony = fields.UUID(attribute="testimony_id")
    kind = fields.Enum(PreparationKind, by_value=True)
    state = fields.Enum(SessionState, by_value=True)
    starts_at = Moment()
    ends_at = Moment()
    place = fields.UUID(attribute="place_id", allow_none=True)
    people = fields.List(fields.UUID())
    resources = fields.List(fields.UUID())
    note = fields.String(allow_none=True)
    warnings = fields.List(
        fields.Nested(ConflictOut), metadata={"description": "What is to be thought of; told when it is planned."}
    )
    allowed = fields.Function(
        lambda session: SESSION.allowed(session.state), metadata={"type": "array", "items": {"type": "string"}}
    )


class UnavailabilityIn(In):
    """When a witness cannot come. Why is not asked."""

    from_at = Moment(required=True)
    until_at = Moment(required=True)
    hard = fields.Boolean(load_default=True, metadata={"description": "False: she had better not come then."})


class UnavailabilityOut(Out):
    """When a witness cannot come."""

    id = fields.UUID()
    testimony = fields.UUID(attribute="testimony_id")
    from_at = Moment()
    until_at = Moment()
    hard = fields.Boolean()
    ended_at = Moment(allow_none=True)
    conflicts = fields.List(
        fields.Nested(ConflictOut), metadata={"description": "What is booked and does not do any more."}
    )


class RoomForHerIn(In):
    """For which service."""

    service = fields.Enum(ServiceKind, by_value=True, required=True)


class PlanOfferIn(In):
    """What is offered to her."""

    service = fields.Enum(ServiceKind, by_value=True, required=True)
    partner = fields.UUID(allow_none=True, metadata={"description": "Left out: the office itself offers it."})
    note = Text(most=2000, lines=True, allow_none=True)


class PlanOfferOut(Out):
    """What is offered to her. By which partner, and what is noted, is for those who may know where she sleeps."""

    id = fields.UUID()
    plan = fields.UUID(attribute="plan_id")
    service = fields.Enum(ServiceKind, by_value=True)
    partner = fields.UUID(attribute="partner_id", allow_none=True)
    by_office = fields.Boolean(metadata={"description": "The office itself offers it."})
    note = fields.String(allow_none=True)
    has_room = fields.Boolean(metadata={"description": "Whoever offers it can take her still."})
    withdrawn_at = Moment(allow_none=True)


class PlanStepIn(ReasonIn):
    """Take a plan a step."""

    action = fields.String(required=True, validate=validate.OneOf(PLAN.actions))
    wants_nothing = fields.Boolean(
        load_default=False, metadata={"description": "With `agree`: she wants nothing, by her own word."}
    )


class PlanNextOut(Out):
    """A step that a plan can take from its state."""

    action = fields.String()
    target = fields.Enum(PlanState, by_value=True)
    roles = fields.List(fields.Enum(Role, by_value=True))
    mine = fields.Boolean()
    open = fields.List(fields.String())
