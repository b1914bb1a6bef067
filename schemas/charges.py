"""Jurisdictions, charges and what courts made of them, in and out."""

from datetime import time
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from evidence_api.domain.charge import (
    CHARGE,
    ChargeState,
    PleaKind,
    Running,
    SentenceKind,
    VerdictKind,
    WithdrawalCode,
)
from evidence_api.domain.roles import Role
from schemas.common import In, Moment, Out, PageIn, ReasonIn, Text

MOST_COUNT = 1000
MOST_DAYS = 36_600 * 10
MOST_MONEY = 10**15
CURRENCY = validate.Regexp(r"\A[A-Z]{3}\Z", error="Give the currency as three capital letters (ISO 4217), such as USD.")


# --- jurisdictions ----------------------------------------------------------------------------------------------------


class ElementOut(Out):
    """Something that must be proven for an offence."""

    code = fields.String()
    text = fields.String()


class StatuteOut(Out):
    """An offence."""

    code = fields.String()
    title = fields.String()
    elements = fields.List(fields.Nested(ElementOut))
    limitation_years = fields.Integer(
        allow_none=True, metadata={"description": "After so many years it cannot be charged; null: at any time."}
    )
    limitation_from_majority = fields.Boolean(
        metadata={"description": "The years begin when the victim has come of age."}
    )
    lesser = fields.List(fields.String(), metadata={"description": "Of which a court may convict instead."})


class DeadlinesOut(Out):
    """How long each takes, in days."""

    remand = fields.Integer(metadata={"description": "From the arrest to the first hearing."})
    appeal = fields.Integer(metadata={"description": "From the verdict or the sentence."})
    disclosure = fields.Integer(metadata={"description": "Before a hearing: statements are with the defence."})
    measure = fields.Integer(metadata={"description": "Before a hearing: it is decided on measures of protection."})
    temporary_closure = fields.Integer(metadata={"description": "The longest term of an order."})
    inspection = fields.Integer(metadata={"description": "Between two inspections of a venue that is shut."})
    near = fields.Integer(metadata={"description": "From so many days before it on, a deadline is near."})


class SpanOut(Out):
    """Two days, and those between."""

    first = fields.Function(lambda span: span[0].isoformat(), metadata={"type": "string", "format": "date"})
    last = fields.Function(lambda span: span[1].isoformat(), metadata={"type": "string", "format": "date"})


def _clock(name: str) -> fields.Function:
    def told(sittings: Any) -> str:
        moment: time = getattr(sittings, name)
        return moment.isoformat("minutes")

    return fields.Function(told, metadata={"type": "string", "description": "Local time."})


class SittingsOut(Out):
    """When courts sit, and what is kept when people are called to them; in minutes, where it is a time."""

    days = fields.Function(
        lambda sittings: sorted(sittings.days),
        metadata={"type": "array", "items": {"type": "integer"}, "description": "Monday is 1."},
    )
    opens = _clock("opens")
    closes = _clock("closes")
    travel = fields.Integer()
    apart = fields.Integer()
    child_session = fields.Integer()
    interviews = fields.Integer(metadata={"description": "More of one witness are too many."})
    holidays = fields.Function(
        lambda sittings: [day.isoformat() for day in sorted(sittings.holidays)],
        metadata={"type": "array", "items": {"type": "string", "format": "date"}},
    )
    exams = fields.List(fields.Nested(SpanOut))


class ByCode(fields.List[Any]):
    """What is kept by its code, as a list."""

    def _serialize(self, value: Any, *args: Any, **kwargs: Any) -> list[Any] | None:
        return super()._serialize(list(value.values()), *args, **kwargs)


class JurisdictionsOut(Out):
    """A set of rules."""

    code = fields.String()
    name = fields.String()
    fictional = fields.Boolean(metadata={"description": "Made up: the law of no country."})
    source = fields.String(metadata={"description": "Where the text of the law was read."})


class JurisdictionOut(JurisdictionsOut):
    """A set of rules, whole."""

    deadlines = fields.Nested(DeadlinesOut)
    sittings = fields.Nested(SittingsOut)
    statutes = ByCode(fields.Nested(StatuteOut))


# --- charges ----------------------------------------------------------------------------------------------------------


class ChargesIn(PageIn):
    """Which charges."""

    state = fields.Enum(ChargeState, by_value=True)
    perpetrator = fields.UUID()


class ChargeIn(In):
    """A count against somebody."""

    perpetrator = fields.UUID(required=True)
    statute = Text(required=True, most=40, metadata={"description": "Its code in the jurisdiction of the case."})
    count = fields.Integer(
        validate=validate.Range(1, MOST_COUNT), metadata={"description": "Its number; without it, the next."}
    )
    particulars = Text(allow_none=True, most=8000, lines=True)
    offence_from = fields.Date(allow_none=True)
    offence_until = fields.Date(
        allow_none=True, metadata={"description": "Its last day, where it went on for more than one."}
    )


class ChargeRowIn(In):
    """A row of a table of charges: an edition of a count and, where a court imposed something, one sentence of it.
    Several rows of the same edition are its several sentences; they say the same of it, or say it
    once."""

    case_ref = Text(most=40, metadata={"description": "Where it is given, of this case."})
    perpetrator = Text(required=True, metadata={"description": "Her or his ref or name in this case."})
    count = fields.Integer(required=True, validate=validate.Range(1, MOST_COUNT))
    edition = fields.Integer(validate=validate.Range(1, MOST_COUNT), metadata={"description": "By default 1."})
    statute = Text(most=40)
    particulars = Text(most=8000, lines=True)
    offence_from = fields.Date()
    offence_until = fields.Date()
    disposition = fields.Enum(
        ChargeState, by_value=True, metadata={"description": "What became of it; by default it is proposed."}
    )
    withdrawal = fields.Enum(WithdrawalCode, by_value=True, metadata={"description": "Why it was withdrawn."})
    held_from = fields.Enum(
        ChargeState, by_value=True, metadata={"description": "How it stood when the warrant was issued."}
    )
    filed_on = fields.Date()
    court = Text()
    court_ref = Text(most=100)
    plea = fields.Enum(PleaKind, by_value=True, metadata={"description": "The last one."})
    pleaded_on = fields.Date()
    decided_on = fields.Date()
    convicted_of = Text(most=40, metadata={"description": "The statute, where it is another than that of the charge."})
    appeal_until = fields.Date(metadata={"description": "By default as the jurisdiction says."})
    sentence = fields.Enum(SentenceKind, by_value=True)
    days = fields.Integer(validate=validate.Range(1, MOST_DAYS))
    for_life = fields.Boolean()
    amount = fields.Integer(
        validate=validate.Range(1, MOST_MONEY),
        metadata={"description": "In the smallest unit of its currency, such as cents."},
    )
    currency = fields.String(validate=CURRENCY)
    running = fields.Enum(Running, by_value=True)
    suspended = fields.Boolean()
    imposed_on = fields.Date()
    sentence_note = Text(most=2000, lines=True)


class ChargeLineOut(Out):
    """The same, as it is given out."""

    perpetrator = fields.String()
    count = fields.Integer()
    edition = fields.Integer()
    statute = fields.String()
    particulars = fields.String(allow_none=True)
    offence_from = fields.Date(allow_none=True)
    offence_until = fields.Date(allow_none=True)
    disposition = fields.Enum(ChargeState, by_value=True)
    withdrawal = fields.Enum(WithdrawalCode, by_value=True, allow_none=True)
    held_from = fields.Enum(ChargeState, by_value=True, allow_none=True)
    filed_on = fields.Date(allow_none=True)
    court = fields.String(allow_none=True)
    court_ref = fields.String(allow_none=True)
    plea = fields.Enum(PleaKind, by_value=True, allow_none=True)
    pleaded_on = fields.Date(allow_none=True)
    decided_on = fields.Date(allow_none=True)
    convicted_of = fields.String(allow_none=True)
    appeal_until = fields.Date(allow_none=True)
    sentence = fields.Enum(SentenceKind, by_value=True, allow_none=True)
    days = fields.Integer(allow_none=True)
    for_life = fields.Boolean(allow_none=True)
    amount = fields.Integer(allow_none=True)
    currency = fields.String(allow_none=True)
    running = fields.Enum(Running, by_value=True, allow_none=True)
    suspended = fields.Boolean(allow_none=True)
    imposed_on = fields.Date(allow_none=True)
    sentence_note = fields.String(allow_none=True)


class ChargeChangeIn(In):
    """What to change while it is proposed; null takes it away."""

    statute = Text(most=40)
    particulars = Text(allow_none=True, most=8000, lines=True)
    offence_from = fields.Date(allow_none=True)
    offence_until = fields.Date(allow_none=True)


class AmendIn(ChargeChangeIn, ReasonIn):
    """What the next edition says otherwise, and why; null takes it away."""


class ChargeStepIn(ReasonIn):
    """Take a charge a step on."""

    action = fields.String(required=True, validate=validate.OneOf(CHARGE.actions))
    document = fields.UUID(
        metadata={"description": "An item of the case, such as the judgment. To convict, and to convict of less."}
    )
    court = Text(metadata={"description": "To file, or to list."})
    court_ref = Text(most=100, metadata={"description": "The court's own reference. To file."})
    plea = fields.Enum(PleaKind, by_value=True, metadata={"description": "To plead."})
    statute = Text(most=40, metadata={"description": "The lesser offence. To convict of less."})
    code = fields.Enum(WithdrawalCode, by_value=True, metadata={"description": "Why. To withdraw."})
    decided_on = fields.Date(metadata={"description": "The day of the act of the court, if not today."})
    occurred_at = Moment(metadata={"description": "When it happened, if not now."})


class ChargeOut(Out):
    """One edition of a count against somebody."""

    id = fields.UUID()
    case = fields.UUID(attribute="case_id")
    ref = fields.String()
    perpetrator = fields.UUID(attribute="perpetrator_id")
    count = fields.Integer()
    edition = fields.Integer(metadata={"description": "1, and more for each amendment."})
    supersedes = fields.UUID(attribute="supersedes_id", allow_none=True)
    statute = fields.String()
    particulars = fields.String(allow_none=True)
    offence_from = fields.Date(allow_none=True)
    offence_until = fields.Date(allow_none=True)
    state = fields.Enum(ChargeState, by_value=True)
    proposer = fields.UUID(attribute="proposer_id")
    approver = fields.UUID(attribute="approver_id", allow_none=True)
    court = fields.String(allow_none=True)
    court_ref = fields.String(allow_none=True)
    filed_on = fields.Date(allow_none=True)
    decided_on = fields.Date(allow_none=True)
    appeal_until = fields.Date(
        allow_none=True, metadata={"description": "The last day on which it can be appealed, by the jurisdiction."}
    )
    withdrawal = fields.Enum(WithdrawalCode, by_value=True, allow_none=True)
    created_at = Moment()
    allowed = fields.Function(
        lambda charge: CHARGE.allowed(charge.state), metadata={"type": "array", "items": {"type": "string"}}
    )


class ChargeNextStepOut(Out):
    """A step that the charge can take."""

    action = fields.String()
    target = fields.Enum(ChargeState, by_value=True, allow_none=True)
    roles = fields.List(fields.Enum(Role, by_value=True))
    mine = fields.Boolean(metadata={"description": "Whether I may take it."})
    open = fields.List(fields.String(), metadata={"description": "What is still missing."})


# --- what courts made of them -----------------------------------------------------------------------------------------


class PleaIn(ReasonIn):
    """What the defendant answers otherwise."""

    plea = fields.Enum(PleaKind, by_value=True, required=True)
    entered_on = fields.Date(required=True)


class PleaOut(Out):
    """What the defendant answered; the last answer counts."""

    id = fields.UUID()
    plea = fields.Enum(PleaKind, by_value=True)
    entered_on = fields.Date()


class CourtVerdictOut(Out):
    """What the court found."""

    id = fields.UUID()
    verdict = fields.Enum(VerdictKind, by_value=True)
    statute = fields.String(allow_none=True, metadata={"description": "Of which it convicted."})
    decided_on = fields.Date()
    document = fields.UUID(attribute="document_id", allow_none=True)
    recorded_at = Moment()
    ended_at = Moment(allow_none=True, metadata={"description": "Since when it does not stand any more."})


class SentenceIn(In):
    """What a court imposed."""

    kind = fields.Enum(SentenceKind, by_value=True, required=True)
    days = fields.Integer(validate=validate.Range(1, MOST_DAYS), metadata={"description": "Of what has a time."})
    amount = fields.Integer(
        validate=validate.Range(1, MOST_MONEY),
        metadata={"description": "Of money, in the smallest unit of its currency, such as cents."},
    )
    currency = fields.String(validate=CURRENCY)
    for_life = fields.Boolean(load_default=False)
    running = fields.Enum(Running, by_value=True, metadata={"description": "Beside the others of the defendant."})
    suspended = fields.Boolean(load_default=False)
    imposed_on = fields.Date(required=True)
    note = Text(most=2000, lines=True)

    @validates_schema
    def _one(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("for_life") and "days" in data:
            raise ValidationError("Give the number of days, or say that it is for life.", "days")


class SentenceOut(Out):
    """What a court imposed."""

    id = fields.UUID()
    charge = fields.UUID(attribute="charge_id")
    kind = fields.Enum(SentenceKind, by_value=True)
    days = fields.Integer(allow_none=True)
    amount = fields.Integer(allow_none=True)
    currency = fields.String(allow_none=True)
    for_life = fields.Boolean()
    running = fields.Enum(Running, by_value=True, allow_none=True)
    suspended = fields.Boolean()
    imposed_on = fields.Date()
    note = fields.String(allow_none=True)
    recorded_at = Moment()
    ended_at = Moment(allow_none=True, metadata={"description": "Since when it does not stand any more."})


class CourtRecordOut(Out):
    """All that a court made of a charge, the oldest first."""

    pleas = fields.List(fields.Nested(PleaOut))
    verdicts = fields.List(fields.Nested(CourtVerdictOut))
    sentences = fields.List(fields.Nested(SentenceOut))


# --- what proves them -------------------------------------------------------------------------------------------------


class ProofIn(In):
    """An item that proves an element."""

    element = Text(required=True, most=40, metadata={"description": "The code of the element in the statute."})
    evidence = fields.UUID(required=True, metadata={"description": "An item of the case."})
    note = Text(most=2000, lines=True)


class ProofOut(Out):
    """An item that proves an element."""

    id = fields.UUID()
    charge = fields.UUID(attribute="charge_id")
    element = fields.String()
    evidence = fields.UUID(attribute="evidence_id")
    evidence_ref = fields.String()
    evidence_title = fields.String()
    note = fields.String(allow_none=True)
    since = Moment()


class ProvenOut(ElementOut):
    """An element of the offence, and what proves it."""

    proofs = fields.List(fields.Nested(ProofOut))


class ElementsOut(Out):
    """What must be proven for a charge."""

    statute = fields.String()
    title = fields.String()
    limitation_until = fields.Date(
        allow_none=True,
        metadata={"description": "The last day on which it can be charged; null: at any time, or it is not known."},
    )
    lesser = fields.List(fields.String())
    elements = fields.List(fields.Nested(ProvenOut))
    unproven = fields.List(fields.String(), metadata={"description": "Codes of elements that nothing proves yet."})


# --- the matrix -------------------------------------------------------------------------------------------------------


class CellOut(Out):
    """A count against a defendant, in its standing edition."""

    charge = fields.UUID()
    ref = fields.String()
    count = fields.Integer()
    edition = fields.Integer()
    statute = fields.String()
    title = fields.String()
    state = fields.Enum(ChargeState, by_value=True)
    plea = fields.Enum(PleaKind, by_value=True, allow_none=True)
    verdict = fields.Enum(VerdictKind, by_value=True, allow_none=True)
    convicted_of = fields.String(attribute="found", allow_none=True)
    decided_on = fields.Date(allow_none=True)
    appeal_until = fields.Date(allow_none=True)
    sentences = fields.List(fields.Nested(SentenceOut))


class DefendantOut(Out):
    """Somebody who is charged."""

    perpetrator = fields.UUID()
    ref = fields.String()
    alias = fields.String()
    cells = fields.List(fields.Nested(CellOut), metadata={"description": "One for each count of hers or his."})


class MatrixOut(Out):
    """Defendants by counts."""

    counts = fields.List(fields.Integer())
    defendants = fields.List(fields.Nested(DefendantOut))
