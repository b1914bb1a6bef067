"""Partners and referrals in and out."""

from marshmallow import fields, validate

from evidence_api.domain.care import REFERRAL, ReferralState, ServiceKind
from evidence_api.domain.victim import Gender
from schemas.cases import COUNTRY
from schemas.common import LANGUAGE, In, Moment, Out, PageIn, ReasonIn, Text

AGE = validate.Range(0, 120)
TAKES_ALL = {"description": "Whom it takes; an empty list: all."}
CAPACITY = {"description": "How many more it can take, as it says now."}


class PartnerIn(In):
    """An organisation and what it offers."""

    name = Text(required=True)
    country = fields.String(required=True, validate=COUNTRY)
    region = Text(required=True, most=100)
    offers = fields.List(
        fields.Enum(ServiceKind, by_value=True),
        required=True,
        validate=validate.Length(min=1, error="Give at least one thing that it offers."),
    )
    languages = fields.List(fields.String(validate=LANGUAGE), load_default=list)
    genders = fields.List(fields.Enum(Gender, by_value=True), load_default=list, metadata=TAKES_ALL)
    youngest = fields.Integer(validate=AGE, load_default=None, allow_none=True)
    oldest = fields.Integer(validate=AGE, load_default=None, allow_none=True)
    contact = Text(most=500, lines=True, load_default=None, allow_none=True)
    capacity = fields.Integer(validate=validate.Range(0, 10_000), load_default=None, allow_none=True, metadata=CAPACITY)


class PartnerChangeIn(In):
    """What to change of a partner."""

    name = Text()
    country = fields.String(validate=COUNTRY)
    region = Text(most=100)
    offers = fields.List(
        fields.Enum(ServiceKind, by_value=True),
        validate=validate.Length(min=1, error="Give at least one thing that it offers."),
    )
    languages = fields.List(fields.String(validate=LANGUAGE))
    genders = fields.List(fields.Enum(Gender, by_value=True), metadata=TAKES_ALL)
    youngest = fields.Integer(validate=AGE, allow_none=True)
    oldest = fields.Integer(validate=AGE, allow_none=True)
    contact = Text(most=500, lines=True, allow_none=True)
    capacity = fields.Integer(validate=validate.Range(0, 10_000), allow_none=True, metadata=CAPACITY)


class PartnersIn(PageIn):
    """Who would take her."""

    service = fields.Enum(ServiceKind, by_value=True)
    region = Text(most=100)
    language = fields.String(validate=LANGUAGE)
    gender = fields.Enum(Gender, by_value=True)
    age = fields.Integer(validate=AGE)
    ended = fields.Boolean(load_default=False, metadata={"description": "Only those whose partnership has ended."})


class PartnerOut(Out):
    """A partner."""

    id = fields.UUID()
    name = fields.String()
    country = fields.String()
    region = fields.String()
    offers = fields.List(fields.String())
    languages = fields.List(fields.String())
    genders = fields.List(fields.String(), metadata=TAKES_ALL)
    youngest = fields.Integer(allow_none=True)
    oldest = fields.Integer(allow_none=True)
    contact = fields.String(allow_none=True)
    capacity = fields.Integer(allow_none=True, metadata={"description": "How many more it can take."})
    capacity_at = Moment(allow_none=True, metadata={"description": "When it said so."})
    ended_at = Moment(allow_none=True)


class ReferralIn(In):
    """A service that she needs, and who is asked for it."""

    service = fields.Enum(ServiceKind, by_value=True, required=True)
    partner = fields.UUID(metadata={"description": "Left out: nobody offers it."})
    region = Text(most=100, metadata={"description": "Where it is needed; left out, the partner's own."})
    asked_on = fields.Date(metadata={"description": "Left out: today."})


class ReferralMoveIn(ReasonIn):
    """The partner's answer, or the referral taken back."""

    action = fields.String(required=True, validate=validate.OneOf(REFERRAL.actions))
    answered_on = fields.Date(metadata={"description": "Left out: today."})


class ReferralOut(Out):
    """A referral."""

    id = fields.UUID()
    victim = fields.UUID(attribute="victim_id")
    partner = fields.UUID(
        attribute="partner_id", allow_none=True, metadata={"description": "Null for who may not know of placements."}
    )
    service = fields.Enum(ServiceKind, by_value=True)
    region = fields.Function(
        lambda referral: referral.region or None,
        metadata={
            "type": ["string", "null"],
            "description": "Null of her shelter, once it was accepted, for who may not know of placements.",
        },
    )
    state = fields.Enum(ReferralState, by_value=True)
    asked_on = fields.Date()
    answered_on = fields.Date(allow_none=True)
    allowed = fields.Function(
        lambda referral: REFERRAL.allowed(referral.state), metadata={"type": "array", "items": {"type": "string"}}
    )


class UnmetOut(Out):
    """How many victims lack a service in a region."""

    region = fields.String()
    service = fields.Enum(ServiceKind, by_value=True)
    waiting = fields.Integer(metadata={"description": "A partner was asked and has not answered."})
    refused = fields.Integer(metadata={"description": "A partner refused, and no other has accepted."})
    unoffered = fields.Integer(metadata={"description": "Nobody offers it."})
