"""Perpetrators in and out."""

from marshmallow import fields, validate

from evidence_api.domain.perpetrator import PerpetratorRole, Relation
from evidence_api.domain.venue import VenueKind, VenueState, VenueTieKind
from evidence_api.domain.victim import Gender
from schemas.cases import COUNTRY
from schemas.common import In, Moment, Out, PageIn, Text

ROLES = validate.Length(min=1, max=len(PerpetratorRole), error="Give at least one role, and each once.")
ALIASES = validate.Length(max=50, error="Give fewer names: at most 50.")
ALIASES_DESCRIPTION = "Other names by which people speak of her or him."


class PerpetratorIn(In):
    """Somebody who is suspected, and is new to a case."""

    case = fields.UUID(required=True)
    alias = Text(required=True, most=100, metadata={"description": "The name by which people speak of her or him."})
    aliases = fields.List(Text(most=100), validate=ALIASES, metadata={"description": ALIASES_DESCRIPTION})
    roles = fields.List(fields.Enum(PerpetratorRole, by_value=True), validate=ROLES, required=True)
    gender = fields.Enum(Gender, by_value=True)
    country = fields.String(validate=COUNTRY)
    note = Text(most=2000, lines=True)


class PerpetratorChangeIn(In):
    """What to change; null takes it out."""

    alias = Text(most=100)
    aliases = fields.List(Text(most=100), validate=ALIASES, metadata={"description": ALIASES_DESCRIPTION})
    roles = fields.List(fields.Enum(PerpetratorRole, by_value=True), validate=ROLES)
    gender = fields.Enum(Gender, by_value=True)
    country = fields.String(allow_none=True, validate=COUNTRY)
    note = Text(allow_none=True, most=2000, lines=True)


class PerpetratorsIn(PageIn):
    """Which perpetrators."""

    role = fields.Enum(PerpetratorRole, by_value=True)


class PerpetratorOut(Out):
    """Somebody who is suspected."""

    id = fields.UUID()
    case = fields.UUID(attribute="case_id")
    ref = fields.String()
    alias = fields.String()
    aliases = fields.List(fields.String())
    roles = fields.List(
        fields.String(), metadata={"items": {"type": "string", "enum": [role.value for role in PerpetratorRole]}}
    )
    gender = fields.Enum(Gender, by_value=True)
    country = fields.String(allow_none=True)
    note = fields.String(allow_none=True)
    created_at = Moment()


class VictimTieIn(In):
    """What a perpetrator is, or did, to a victim of the same case."""

    victim = fields.UUID(required=True)
    relation = fields.Enum(Relation, by_value=True, required=True)


class VictimTieOut(Out):
    """What a perpetrator is, or did, to a victim."""

    id = fields.UUID()
    perpetrator = fields.UUID(attribute="perpetrator_id")
    victim = fields.UUID(attribute="victim_id")
    pseudonym = fields.String()
    relation = fields.Enum(Relation, by_value=True)
    family = fields.Boolean(
        metadata={"description": "Of her family: must not be told where she is, nor taken for a safe guardian."}
    )
    ended_at = Moment(allow_none=True)


class TiedVenueOut(Out):
    """What a perpetrator was to a venue."""

    id = fields.UUID()
    venue = fields.UUID(attribute="venue_id")
    ref = fields.String()
    venue_kind = fields.Enum(VenueKind, by_value=True)
    description = fields.String()
    state = fields.Enum(VenueState, by_value=True)
    kind = fields.Enum(VenueTieKind, by_value=True)
    from_on = fields.Date(allow_none=True)
    until_on = fields.Date(allow_none=True)


class PerpetratorAddressIn(In):
    """Where she or he is known to live or stay."""

    address = Text(required=True, most=2000, lines=True)


class PerpetratorAddressOut(Out):
    """Where she or he is known to live or stay."""

    address = fields.String()
