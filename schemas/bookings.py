"""What is booked for witnesses, and what conflicts with it, in and out."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from marshmallow import fields, validate

from evidence_api.domain.testimony import BookingState, MeasureKind
from schemas.common import ConflictOut, In, Moment, Out, PageIn, possible_year

MOST_AT_ONCE = 20
"""How many people, or resources, one booking takes."""


class BookingIn(In):
    """A time for a witness within a hearing."""

    hearing = fields.UUID(required=True)
    starts_at = Moment(required=True)
    ends_at = Moment(required=True)
    measures = fields.List(
        fields.Enum(MeasureKind, by_value=True), metadata={"description": "With which protective measures."}
    )
    arrives_at = Moment(allow_none=True, metadata={"description": "When she comes to the court; as she is heard."})
    leaves_at = Moment(allow_none=True, metadata={"description": "When she leaves it; as she has been heard."})
    recesses = fields.Integer(validate=validate.Range(0, 20))
    resources = fields.List(
        fields.UUID(),
        validate=validate.Length(0, MOST_AT_ONCE),
        metadata={"description": "What it takes: an interpreter, a vehicle, a waiting area."},
    )
    people = fields.List(
        fields.UUID(), validate=validate.Length(0, MOST_AT_ONCE), metadata={"description": "Users who come with her."}
    )


class BookingOut(Out):
    """What is booked for a witness."""

    id = fields.UUID()
    testimony = fields.UUID(attribute="testimony_id")
    hearing = fields.UUID(attribute="hearing_id")
    state = fields.Enum(BookingState, by_value=True)
    starts_at = Moment()
    ends_at = Moment()
    arrives_at = Moment(allow_none=True)
    leaves_at = Moment(allow_none=True)
    recesses = fields.Integer()
    measures = fields.List(fields.String())
    resources = fields.List(fields.UUID())
    people = fields.List(fields.UUID())
    created_at = Moment()


class BookingMadeOut(Out):
    """A booking, and how it stands with the rules."""

    booking = fields.Nested(BookingOut)
    state = fields.Enum(BookingState, by_value=True)
    open = fields.List(fields.Nested(ConflictOut), metadata={"description": "What blocks its confirmation."})
    warnings = fields.List(fields.Nested(ConflictOut), metadata={"description": "What had better be otherwise."})


class DayOrMoment(fields.Field[date | datetime]):
    """A day of the office, or a moment as RFC 3339."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> date | datetime:
        try:
            day = date.fromisoformat(str(value))
        except ValueError:
            return Moment().deserialize(str(value).replace(" ", "+"))
        possible_year(day)
        return day


class ConflictsIn(PageIn):
    """From when to when. A day of the office is meant from its beginning to its end."""

    since = DayOrMoment(data_key="from", metadata={"description": "Without it, now."})
    until = DayOrMoment(data_key="to", metadata={"description": "Without it, 14 days later."})


class ConflictingOut(Out):
    """Something booked or planned for a witness, and what conflicts with it now."""

    id = fields.UUID(metadata={"description": "Of the booking or the session."})
    testimony = fields.UUID(attribute="testimony.id")
    ref = fields.String(attribute="testimony.ref")
    case = fields.UUID(attribute="testimony.case_id")
    hearing = fields.UUID(attribute="booking.hearing_id", metadata={"description": "Only of a booking."})
    state = fields.Enum(BookingState, by_value=True, attribute="booking.state")
    starts_at = Moment()
    ends_at = Moment()
    conflicts = fields.List(fields.Nested(ConflictOut), metadata={"description": "What blocks."})
    open = fields.List(fields.Nested(ConflictOut), metadata={"description": "What blocks a confirmation."})
    warnings = fields.List(fields.Nested(ConflictOut))
