"""Appeals and the days until which one may come; exhibits."""

from marshmallow import ValidationError, fields, validate

from evidence_api.domain.appeal import APPEAL, AppealState, Side
from evidence_api.domain.exhibit import EXHIBIT, ExhibitState
from evidence_api.domain.roles import Role
from schemas.charges import SentenceIn
from schemas.common import In, Moment, Out, PageIn, ReasonIn, Text

MOST_COUNTS = 100
MOST_SENTENCES = 100


def _each_once(ids: list[object]) -> None:
    if len(set(ids)) < len(ids):
        raise ValidationError("Name each of them once.")


class AppealsIn(PageIn):
    """Which appeals."""

    state = fields.Enum(AppealState, by_value=True)


class AppealChangeIn(In):
    """What to change of an appeal while it is filed; null takes it away."""

    court = Text(allow_none=True)
    court_ref = Text(allow_none=True, most=100)
    grounds = Text(allow_none=True, most=4000, lines=True)


class AppealIn(In):
    """An appeal that a side has filed."""

    charges = fields.List(
        fields.UUID(),
        required=True,
        validate=[validate.Length(1, MOST_COUNTS), _each_once],
        metadata={"description": "The counts that it is about. What is decided on it is decided on all of them."},
    )
    side = fields.Enum(Side, by_value=True, required=True, validate=validate.NoneOf([Side.COURT]))
    filed_on = fields.Date(required=True)
    court = Text(metadata={"description": "The court of appeal."})
    court_ref = Text(most=100, metadata={"description": "Its reference."})
    grounds = Text(most=4000, lines=True)
    late_reason = Text(
        most=2000, lines=True, metadata={"description": "Needed after the time for an appeal: why it may still come."}
    )


class AppealOut(Out):
    """An appeal."""

    id = fields.UUID()
    case = fields.UUID(attribute="case_id")
    ref = fields.String()
    side = fields.Enum(Side, by_value=True)
    state = fields.Enum(AppealState, by_value=True)
    charges = fields.Function(
        lambda appeal: [str(count.id) for count in appeal.counts],
        metadata={"type": "array", "items": {"type": "string", "format": "uuid"}},
    )
    court = fields.String(allow_none=True)
    court_ref = fields.String(allow_none=True)
    grounds = fields.String(allow_none=True)
    filed_on = fields.Date()
    late = fields.Boolean(metadata={"description": "It came after the time for an appeal."})
    late_reason = fields.String(allow_none=True)
    decided_on = fields.Date(allow_none=True)
    document = fields.UUID(attribute="document_id", allow_none=True, metadata={"description": "The judgment."})
    created_at = Moment()
    allowed = fields.Function(
        lambda appeal: APPEAL.allowed(appeal.state), metadata={"type": "array", "items": {"type": "string"}}
    )


class AppealSentenceIn(SentenceIn):
    """What the court of appeal imposed."""

    charge = fields.UUID(metadata={"description": "For which count; may be left out where there is only one."})
    imposed_on = fields.Date(metadata={"description": "If not on the day of the judgment."})


class AppealStepIn(ReasonIn):
    """Take an appeal a step on."""

    action = fields.String(required=True, validate=validate.OneOf(APPEAL.actions))
    document = fields.UUID(metadata={"description": "The judgment, an item of the case: needed for every outcome."})
    decided_on = fields.Date(metadata={"description": "If not today."})
    statute = fields.String(
        validate=validate.Length(1, 40), metadata={"description": "With `substitute`: of what it convicted instead."}
    )
    sentences = fields.List(
        fields.Nested(AppealSentenceIn),
        validate=validate.Length(1, MOST_SENTENCES),
        metadata={"description": "With `vary` and `substitute`: what stands now on the counts that they name."},
    )
    occurred_at = Moment(metadata={"description": "When it happened, if not now."})


class AppealNextStepOut(Out):
    """A step that the appeal can take from its state."""

    action = fields.String()
    target = fields.Enum(AppealState, by_value=True)
    roles = fields.List(fields.Enum(Role, by_value=True), metadata={"description": "Who may take it."})
    mine = fields.Boolean(metadata={"description": "Whether I may, in the role in which I act."})
    open = fields.List(
        fields.String(), metadata={"description": "What is still missing, in sentences. The first is what 409 says."}
    )


class DeadlinesIn(PageIn):
    """Which deadlines."""

    case = fields.UUID(metadata={"description": "Only those of this case."})


class DeadlineOut(Out):
    """Until when an appeal may be filed against a count."""

    charge = fields.UUID()
    ref = fields.String(metadata={"description": "Of the count."})
    case = fields.UUID()
    case_ref = fields.String()
    until = fields.Date(metadata={"description": "The last day on which an appeal is in time."})
    days_left = fields.Integer(metadata={"description": "0 on the last day."})
    near = fields.Boolean(metadata={"description": "There is little time left, by the law of the case."})


class ExhibitsIn(PageIn):
    """Which exhibits."""

    side = fields.Enum(Side, by_value=True)
    state = fields.Enum(ExhibitState, by_value=True)


class ExhibitIn(In):
    """A new exhibit: an item of the case, or what is not ours in words."""

    side = fields.Enum(Side, by_value=True, required=True)
    evidence = fields.UUID(metadata={"description": "The item of the case that it is."})
    description = Text(metadata={"description": "What it is; without the name of a person."})


class ExhibitStepIn(ReasonIn):
    """What became of an exhibit."""

    action = fields.String(required=True, validate=validate.OneOf(EXHIBIT.actions))
    hearing = fields.UUID(metadata={"description": "At which hearing of the case."})
    ruling = Text(most=2000, lines=True, metadata={"description": "With `admit` and `exclude`: what the court ruled."})
    decided_on = fields.Date(metadata={"description": "With `admit` and `exclude`, if not today."})


class ExhibitOut(Out):
    """An exhibit."""

    id = fields.UUID()
    case = fields.UUID(attribute="case_id")
    label = fields.String(metadata={"description": "As it is called in court, such as P-1."})
    side = fields.Enum(Side, by_value=True)
    number = fields.Integer(metadata={"description": "Among those of its side in the case, from 1."})
    evidence = fields.UUID(attribute="evidence_id", allow_none=True)
    description = fields.String(allow_none=True)
    state = fields.Enum(ExhibitState, by_value=True)
    hearing = fields.UUID(attribute="hearing_id", allow_none=True)
    ruling = fields.String(allow_none=True)
    decided_on = fields.Date(allow_none=True)
    created_at = Moment()
    allowed = fields.Function(
        lambda exhibit: EXHIBIT.allowed(exhibit.state), metadata={"type": "array", "items": {"type": "string"}}
    )


class ExhibitNextStepOut(Out):
    """A step that the exhibit can take from its state."""

    action = fields.String()
    target = fields.Enum(ExhibitState, by_value=True)
    roles = fields.List(fields.Enum(Role, by_value=True), metadata={"description": "Who may take it."})
    mine = fields.Boolean(metadata={"description": "Whether I may, in the role in which I act."})
