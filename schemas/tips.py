"""Tips in and out."""

from marshmallow import fields, validate

from evidence_api.domain.case import CaseKind
from evidence_api.domain.tip import TIP, TipState
from schemas.cases import COUNTRY
from schemas.common import In, Moment, Out, PageIn, ReasonIn, Text


class TipIn(In):
    """A suspicion."""

    text = Text(required=True, most=4000, lines=True, metadata={"description": "What is suspected, and why."})
    about = Text(metadata={"description": "The place that it is about, in words."})


class TipsIn(PageIn):
    """Which tips."""

    state = fields.Enum(TipState, by_value=True)


class TriageIn(ReasonIn):
    """What becomes of a tip. `take_up` needs `case`, or `title`, `kind` and `country` of a new one."""

    action = fields.String(required=True, validate=validate.OneOf(TIP.actions))
    case = fields.UUID(metadata={"description": "A case that is there."})
    title = Text(metadata={"description": "Of a new case."})
    kind = fields.Enum(CaseKind, by_value=True, metadata={"description": "Of a new case."})
    country = fields.String(validate=COUNTRY, metadata={"description": "Of a new case."})


class TipOut(Out):
    """Where a tip stands."""

    id = fields.UUID()
    state = fields.Enum(TipState, by_value=True)
    reported_at = Moment()


class ToldOut(TipOut):
    """A tip with what it says, for who decides on it, and who works on the case to which it led."""

    reporter = fields.UUID(
        attribute="reporter_id", allow_none=True, metadata={"description": "Null but for who decides on it."}
    )
    case = fields.UUID(attribute="case_id", allow_none=True, metadata={"description": "The case to which it led."})
    text = fields.String(allow_none=True)
    about = fields.String(allow_none=True)
