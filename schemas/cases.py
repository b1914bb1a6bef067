"""Cases in and out."""

from marshmallow import fields, validate

from evidence_api.domain.case import STAGES, CaseKind, Stage
from evidence_api.domain.roles import CASE_ROLES, Role
from evidence_api.domain.timeline import Happening
from schemas.common import In, Moment, Out, PageIn, ReasonIn, Text

COUNTRY = validate.Regexp(r"\A[A-Z]{2}\Z", error="Give the country as two capital letters (ISO 3166-1), such as KH.")


class CaseIn(In):
    """A new case."""

    title = Text(required=True)
    kind = fields.Enum(CaseKind, by_value=True, required=True)
    country = fields.String(required=True, validate=COUNTRY)
    jurisdiction = Text(
        most=20,
        metadata={"description": "The code of the one whose law applies; without it, the first that is in use."},
    )


class CaseChangeIn(In):
    """What to change of a case."""

    title = Text()
    country = fields.String(validate=COUNTRY)
    jurisdiction = Text(most=20, metadata={"description": "As long as nothing is charged."})
    lead = fields.UUID(
        metadata={"description": "Who leads from now on: an investigator, lawyer or supervisor assigned to the case."}
    )


class CasesIn(PageIn):
    """Which cases."""

    stage = fields.Enum(Stage, by_value=True)
    kind = fields.Enum(CaseKind, by_value=True)
    lead = fields.Boolean(load_default=False, metadata={"description": "Only those that I lead."})
    ended = fields.Boolean(
        metadata={"description": "True: only closed, declined and resolved ones; false: only the others."}
    )


class StageIn(ReasonIn):
    """Take the case a stage on."""

    action = fields.String(required=True, validate=validate.OneOf(STAGES.actions))
    to = fields.Enum(Stage, by_value=True, metadata={"description": "Only with `reopen`: in_trial or investigating."})
    occurred_at = Moment(metadata={"description": "When it happened, if not now."})


class CaseOut(Out):
    """A case."""

    id = fields.UUID()
    ref = fields.String()
    title = fields.String()
    kind = fields.Enum(CaseKind, by_value=True)
    country = fields.String()
    jurisdiction = fields.String(allow_none=True, metadata={"description": "Null: the first that is in use."})
    stage = fields.Enum(Stage, by_value=True)
    closing = fields.UUID(
        attribute="closing_id",
        allow_none=True,
        metadata={"description": "The first of the two who agree to close it, until the other does too."},
    )
    closing_role = fields.Enum(
        Role,
        by_value=True,
        allow_none=True,
        metadata={"description": "As what she agreed. Any other step takes it back."},
    )
    lead = fields.UUID(attribute="lead_id")
    created_at = Moment()
    allowed = fields.Function(
        lambda case: case.course.allowed(case.stage), metadata={"type": "array", "items": {"type": "string"}}
    )


class AssignmentIn(In):
    """Who is to work on the case, in which of her roles."""

    user = fields.UUID(required=True)
    role = fields.Enum(
        Role,
        by_value=True,
        required=True,
        validate=validate.OneOf(CASE_ROLES, error="Give one of the roles of casework."),
    )


class AssignmentOut(Out):
    """Who works on the case."""

    id = fields.UUID()
    user = fields.UUID(attribute="user_id")
    role = fields.Enum(Role, by_value=True, metadata={"enum": [role.value for role in CASE_ROLES]})
    assigned_at = Moment()


class AssignedOut(AssignmentOut):
    """A person who works on the case, in one role."""

    username = fields.String()
    lead = fields.Boolean(metadata={"description": "She leads the case."})
    disabled = fields.Boolean(metadata={"description": "Her account is shut."})


class NextStepOut(Out):
    """A step that the case can take from its stage."""

    action = fields.String()
    target = fields.Enum(
        Stage,
        by_value=True,
        allow_none=True,
        metadata={"description": "Where it leads; for `resume`, the stage that was left."},
    )
    choices = fields.List(
        fields.Enum(Stage, by_value=True), metadata={"description": "What `to` may name, where it may name anything."}
    )
    roles = fields.List(fields.Enum(Role, by_value=True), metadata={"description": "Who may take it."})
    mine = fields.Boolean(metadata={"description": "Whether the role in which I act is among them."})
    open = fields.List(
        fields.String(), metadata={"description": "What is still missing, in sentences. The first is what 409 says."}
    )


class TimelineIn(In):
    """Which part of the timeline."""

    limit = fields.Integer(load_default=50, validate=validate.Range(1, 200))
    cursor = fields.String(
        load_default=None, validate=validate.Length(1, 80), metadata={"description": "The `next` of the page before."}
    )
    kind = fields.Enum(Happening, by_value=True, metadata={"description": "Only what happened of this kind."})


class EventOut(Out):
    """One act on the case or on what hangs on it; or, of the kind `recording`, the moment of an item's capture, with
    what its first entry says."""

    kind = fields.Enum(Happening, by_value=True, allow_none=True)
    subject = fields.String()
    seq = fields.Integer()
    action = fields.String()
    actor = fields.UUID(allow_none=True, metadata={"description": "Who acted; null for the system."})
    actor_name = fields.String(allow_none=True)
    role = fields.String()
    recorded_at = Moment(allow_none=True)
    occurred_at = fields.String()
    hash = fields.String()
    data = fields.Dict()
    facts = fields.Dict()
    ref = fields.String(
        allow_none=True,
        metadata={"description": "Of what it is about, of a victim her pseudonym; null where it is about the case."},
    )
    about = fields.String(
        allow_none=True, metadata={"description": "To whom it was done, such as who was assigned: her user name."}
    )
