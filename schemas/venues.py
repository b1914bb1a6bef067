"""Venues in and out."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from evidence_api.domain.roles import Role
from evidence_api.domain.venue import CLOSED, VENUE, Seen, VenueKind, VenueState, VenueTieKind
from schemas.cases import COUNTRY
from schemas.common import In, Moment, Out, PageIn, ReasonIn, Text
from schemas.evidence import whole_place

MOST_PEOPLE = 10_000


class _Placed(In):
    """What is said of a venue, as far as it is known; null where it is not."""

    place = Text(allow_none=True, metadata={"description": "Where it is, in words."})
    area = Text(
        allow_none=True,
        most=100,
        metadata={"description": "The quarter, village or district by which it is counted."},
    )
    country = fields.String(allow_none=True, validate=COUNTRY)
    latitude = fields.Float(
        allow_none=True, validate=validate.Range(-90, 90), metadata={"description": "Degrees, WGS 84."}
    )
    longitude = fields.Float(
        allow_none=True, validate=validate.Range(-180, 180), metadata={"description": "Degrees, WGS 84."}
    )

    @validates_schema
    def _whole_place(self, data: dict[str, Any], **_: Any) -> None:
        whole_place(data)


class VenueIn(_Placed):
    """A venue that is new to a case."""

    case = fields.UUID(required=True)
    kind = fields.Enum(VenueKind, by_value=True, required=True)
    description = Text(required=True)


class VenueChangeIn(_Placed):
    """What to change of a venue."""

    kind = fields.Enum(VenueKind, by_value=True)
    description = Text()


class VenuesIn(PageIn):
    """Which venues."""

    kind = fields.Enum(VenueKind, by_value=True)
    state = fields.Enum(VenueState, by_value=True)


class VenueStepIn(ReasonIn):
    """Take a venue a step on."""

    action = fields.String(required=True, validate=validate.OneOf(VENUE.actions))
    successor = fields.UUID(metadata={"description": "Only with `displace`, which needs it: the venue it moved to."})
    new_use = Text(metadata={"description": "Only with `repurpose`: what it is now."})
    new_use_by = Text(metadata={"description": "Only with `repurpose`: who uses it now, such as an organisation."})
    occurred_at = Moment(metadata={"description": "When it happened, if not now."})


class VenueOut(Out):
    """A venue. `successor` is null, too, where it is in a case that is not shared with the reader."""

    id = fields.UUID()
    case = fields.UUID(attribute="case_id")
    ref = fields.String()
    kind = fields.Enum(VenueKind, by_value=True)
    description = fields.String()
    place = fields.String(allow_none=True)
    area = fields.String(allow_none=True)
    country = fields.String(allow_none=True)
    latitude = fields.Float(allow_none=True)
    longitude = fields.Float(allow_none=True)
    state = fields.Enum(VenueState, by_value=True)
    closed = fields.Function(lambda venue: venue.state in CLOSED, metadata={"type": "boolean"})
    closed_on = fields.Date(allow_none=True)
    new_use = fields.String(allow_none=True)
    new_use_by = fields.String(allow_none=True)
    successor = fields.UUID(attribute="successor.id", dump_default=None, allow_none=True)
    created_at = Moment()
    allowed = fields.Function(
        lambda venue: VENUE.allowed(venue.state), metadata={"type": "array", "items": {"type": "string"}}
    )


class VenueNextStepOut(Out):
    """A step that the venue can take from its state."""

    action = fields.String()
    target = fields.Enum(VenueState, by_value=True)
    roles = fields.List(fields.Enum(Role, by_value=True), metadata={"description": "Who may take it."})
    mine = fields.Boolean(metadata={"description": "Whether the role in which I act is among them."})
    open = fields.List(
        fields.String(), metadata={"description": "What is still missing, in sentences. The first is what 409 says."}
    )


class VenueTieIn(In):
    """What somebody was to a venue: a perpetrator of the case, or one who is only named, such as a landlord."""

    perpetrator = fields.UUID()
    name = Text(metadata={"description": "Instead of a perpetrator."})
    kind = fields.Enum(VenueTieKind, by_value=True, required=True)
    from_on = fields.Date()
    until_on = fields.Date()


class VenueTieEndIn(ReasonIn):
    """Until when it was so, and how that is known."""

    until_on = fields.Date(required=True)


class VenueTieOut(Out):
    """What somebody was to a venue."""

    id = fields.UUID()
    venue = fields.UUID(attribute="venue_id")
    perpetrator = fields.UUID(attribute="perpetrator_id", allow_none=True)
    perpetrator_ref = fields.String(allow_none=True)
    name = fields.String(allow_none=True, metadata={"description": "As given; of a perpetrator, the alias."})
    kind = fields.Enum(VenueTieKind, by_value=True)
    from_on = fields.Date(allow_none=True)
    until_on = fields.Date(allow_none=True)


class ObservationIn(In):
    """What was seen at a venue on a day."""

    observed_on = fields.Date(required=True)
    seen = fields.Enum(Seen, by_value=True, required=True)
    people = fields.Integer(
        validate=validate.Range(0, MOST_PEOPLE), metadata={"description": "How many seemed to be exploited there."}
    )
    minors = fields.Integer(validate=validate.Range(0, MOST_PEOPLE), metadata={"description": "How many of them."})
    note = Text(most=2000, lines=True)

    @validates_schema
    def _minors_among_people(self, data: dict[str, Any], **_: Any) -> None:
        if "people" in data and data.get("minors", 0) > data["people"]:
            raise ValidationError("There cannot be more minors than people.", "minors")


class ObservationOut(Out):
    """What was seen at a venue on a day."""

    id = fields.UUID()
    venue = fields.UUID(attribute="venue_id")
    observed_on = fields.Date()
    seen = fields.Enum(Seen, by_value=True)
    people = fields.Integer(allow_none=True)
    minors = fields.Integer(allow_none=True)
    note = fields.String(allow_none=True)


class InspectionIn(In):
    """That one went to see whether a venue is closed."""

    inspected_on = fields.Date(required=True)
    found = fields.Enum(Seen, by_value=True, required=True)
    evidence = fields.UUID(metadata={"description": "An item of the same case. Without one, it verifies nothing."})
    note = Text(most=2000, lines=True)


class InspectionOut(Out):
    """Somebody went to see whether a venue is closed."""

    id = fields.UUID()
    venue = fields.UUID(attribute="venue_id")
    inspector = fields.UUID(attribute="inspector_id")
    inspected_on = fields.Date()
    found = fields.Enum(Seen, by_value=True)
    evidence = fields.UUID(attribute="evidence_id", allow_none=True)
    note = fields.String(allow_none=True)


class AreasIn(PageIn):
    """Which areas."""

    country = fields.String(validate=COUNTRY)


class AreaOut(Out):
    """How many venues of an area are in which state, of those that the reader may see."""

    country = fields.String(allow_none=True)
    area = fields.String(allow_none=True, metadata={"description": "Null: the venues for which none is named."})
    states = fields.Dict(keys=fields.Enum(VenueState, by_value=True), values=fields.Integer())
    open = fields.Integer()
    closed = fields.Integer(metadata={"description": "Closed, even for a time, put to another use, or displaced."})
