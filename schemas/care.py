"""Care of a victim in and out."""

from marshmallow import fields, validate

from evidence_api.domain.care import (
    BY_HAND,
    HOME_HOLDS,
    STEP,
    WHAT,
    AssessmentKind,
    ClaimKind,
    PlacementKind,
    Standing,
    StepKind,
    StepState,
)
from evidence_api.domain.victim import Willingness
from schemas.cases import COUNTRY
from schemas.common import In, Moment, Out, PageIn, ReasonIn, Text

MOST_MONEY = 10**15
"""In the smallest unit of any currency: no court has ordered more, and every program can add it up."""

OF_HER = [kind for kind in AssessmentKind if kind is not AssessmentKind.SAFETY]
"""What is assessed of a victim. The safety of an operation is assessed with the operation."""

CURRENCY = validate.Regexp(r"\A[A-Z]{3}\Z", error="Give the currency as three capital letters (ISO 4217), such as USD.")
MONEY = {"description": "In the smallest unit of the currency, such as cents."}


class AssessmentIn(In):
    """What an assessment came to."""

    kind = fields.Enum(AssessmentKind, by_value=True, required=True, validate=validate.OneOf(OF_HER))
    summary = Text(required=True, most=10_000, lines=True)
    favourable = fields.Boolean(
        metadata={"description": "Whether it is in her favour. Going home needs this of household safety and economy."}
    )
    score = fields.Integer(validate=validate.Range(0, 1000))
    assessed_on = fields.Date(required=True)
    expires_on = fields.Date(
        metadata={
            "description": "The last day on which it counts; left out, it does not expire. For household safety and "
            "economy this is at most so many days after it was made: " + str(HOME_HOLDS.days)
        }
    )


class AssessmentOut(Out):
    """An assessment."""

    id = fields.UUID()
    victim = fields.UUID(attribute="victim_id")
    kind = fields.Enum(AssessmentKind, by_value=True)
    summary = fields.String()
    favourable = fields.Boolean(allow_none=True)
    score = fields.Integer(allow_none=True)
    assessed_on = fields.Date()
    expires_on = fields.Date(allow_none=True)


class WillingnessIn(In):
    """What she said when she was asked."""

    willingness = fields.Enum(Willingness, by_value=True, required=True)
    note = Text(most=2000, lines=True, metadata={"description": "Kept in the ledger alone."})


class WillingnessOut(Out):
    """What she said last."""

    id = fields.UUID()
    willingness = fields.Enum(Willingness, by_value=True, allow_none=True)


class StepIn(In):
    """A step of her plan."""

    kind = fields.Enum(
        StepKind, by_value=True, required=True, validate=validate.OneOf([kind for kind in StepKind if kind in BY_HAND])
    )
    what = fields.String(
        validate=validate.Length(max=40),
        metadata={
            "description": "Of a service or of work, what it is.",
            "enum": [member.value for kind in BY_HAND & WHAT.keys() for member in WHAT[kind]],
        },
    )
    title = Text(metadata={"description": "In words; of a first or a skill, what it is."})
    partner = fields.UUID()
    due_at = Moment(metadata={"description": "By when; of a follow-up, when she is to be asked."})


class StepMoveIn(In):
    """Take a step of her care on."""

    action = fields.String(required=True, validate=validate.OneOf(STEP.actions))
    outcome = Text(most=10_000, lines=True)
    reason = Text(most=2000, lines=True, metadata={"description": "Needed to stop it. Kept in the ledger."})


class StepsIn(PageIn):
    """Which steps."""

    kind = fields.Enum(StepKind, by_value=True)


class StepOut(Out):
    """A step of her care."""

    id = fields.UUID()
    victim = fields.UUID(attribute="victim_id")
    kind = fields.Enum(StepKind, by_value=True)
    what = fields.String(allow_none=True)
    title = fields.String(allow_none=True)
    partner = fields.UUID(
        attribute="partner_id", allow_none=True, metadata={"description": "Null for who may not know of placements."}
    )
    state = fields.Enum(StepState, by_value=True)
    due_at = Moment(allow_none=True)
    began_on = fields.Date(allow_none=True)
    ended_on = fields.Date(allow_none=True)
    outcome = fields.String(allow_none=True)
    allowed = fields.Function(
        lambda step: STEP.allowed(step.state), metadata={"type": "array", "items": {"type": "string"}}
    )


class DueOut(Out):
    """An open step that is due within a day, or overdue."""

    id = fields.UUID()
    victim = fields.UUID(attribute="victim_id")
    pseudonym = fields.String()
    kind = fields.Enum(StepKind, by_value=True)
    what = fields.String(allow_none=True)
    title = fields.String(allow_none=True)
    state = fields.Enum(StepState, by_value=True)
    due_at = Moment()
    overdue = fields.Boolean()


class PlacementIn(In):
    """Where she sleeps from a day on. All but the day is kept sealed, and revealed with a reason and a code."""

    kind = fields.Enum(PlacementKind, by_value=True, required=True)
    from_on = fields.Date(required=True)
    partner = fields.UUID()
    address = Text(most=2000, lines=True)


class PlacementEndIn(ReasonIn):
    """She sleeps there no longer."""

    until_on = fields.Date(required=True)


class PlacementOut(Out):
    """That she was placed somewhere, and from when to when."""

    id = fields.UUID()
    victim = fields.UUID(attribute="victim_id")
    from_on = fields.Date()
    until_on = fields.Date(allow_none=True)


class PlacementRevealedOut(Out):
    """Where it is; null what is not kept."""

    kind = fields.Enum(PlacementKind, by_value=True, allow_none=True)
    partner = fields.UUID(attribute="partner_id", allow_none=True)
    address = fields.String(allow_none=True)


class StandingIn(In):
    """Her immigration status in a country from a day on."""

    standing = fields.Enum(Standing, by_value=True, required=True)
    country = fields.String(required=True, validate=COUNTRY)
    from_on = fields.Date(required=True)
    expires_on = fields.Date()


class StandingOut(Out):
    """Her immigration status in a country."""

    id = fields.UUID()
    victim = fields.UUID(attribute="victim_id")
    standing = fields.Enum(Standing, by_value=True)
    country = fields.String()
    from_on = fields.Date()
    expires_on = fields.Date(allow_none=True)


class ClaimIn(In):
    """Money that is owed to her."""

    kind = fields.Enum(ClaimKind, by_value=True, required=True)
    currency = fields.String(required=True, validate=CURRENCY)
    owed = fields.Integer(required=True, validate=validate.Range(1, MOST_MONEY), metadata=MONEY)
    ordered_on = fields.Date(required=True)


class ClaimOut(Out):
    """What is owed to her, and what of it was paid."""

    id = fields.UUID()
    victim = fields.UUID(attribute="victim_id")
    kind = fields.Enum(ClaimKind, by_value=True)
    currency = fields.String()
    owed = fields.Integer(metadata=MONEY)
    paid = fields.Integer(metadata=MONEY)
    ordered_on = fields.Date()


class PaymentIn(In):
    """What was paid."""

    amount = fields.Integer(required=True, validate=validate.Range(1, MOST_MONEY), metadata=MONEY)
    paid_on = fields.Date(required=True)


class PaymentOut(Out):
    """A part of a claim that was paid."""

    id = fields.UUID()
    amount = fields.Integer(metadata=MONEY)
    paid_on = fields.Date()
