"""Hearings, how the accused come to them, dockets and the calendar, in and out."""

import zoneinfo

from marshmallow import ValidationError, fields, validate, validates

from evidence_api.domain.calendar import EntryKind, View
from evidence_api.domain.hearing import HEARING, AdjournmentCode, HearingKind, HearingState
from evidence_api.domain.testimony import BookingState, MeasureKind, MeasureState
from schemas.common import ConflictOut, In, Moment, Out, PageIn, ReasonIn, Text

MANY = 100
"""How many counts, or people, a hearing takes."""


class HearingsIn(PageIn):
    """Which hearings of a case."""

    state = fields.Enum(HearingState, by_value=True)


class AllHearingsIn(HearingsIn):
    """Which hearings of all my cases."""

    since = fields.Date(data_key="from", metadata={"description": "From this day of the office on."})
    until = fields.Date(data_key="to", metadata={"description": "The last day of the office."})


class HearingIn(In):
    """A new hearing."""

    court = Text(required=True)
    kind = fields.Enum(HearingKind, by_value=True, required=True)
    starts_at = Moment(required=True)
    ends_at = Moment(required=True)
    room = Text(most=100, allow_none=True)
    link = Text(most=500, allow_none=True, metadata={"description": "By which those join who are not in the room."})
    zone = Text(most=64, metadata={"description": "That of the court (IANA); without it, the office's."})
    charges = fields.List(
        fields.UUID(),
        validate=validate.Length(max=MANY),
        metadata={"description": "The counts that it is about; without any, all that are before the court."},
    )
    people = fields.List(
        fields.UUID(), validate=validate.Length(max=MANY), metadata={"description": "Those of us who are there."}
    )

    @validates("zone")
    def known_zone(self, value: str, **_kwargs: object) -> None:
        """Raise ValidationError for what the IANA time zone database does not have."""
        if value != "UTC" and value not in zoneinfo.available_timezones():
            raise ValidationError("Give a time zone by its IANA name, such as Asia/Phnom_Penh.")


class HearingChangeIn(HearingIn):
    """What to change of a hearing; null takes the room or the link away."""

    court = Text()
    kind = fields.Enum(HearingKind, by_value=True)
    starts_at = Moment()
    ends_at = Moment()


class HearingOut(Out):
    """A hearing."""

    id = fields.UUID()
    case = fields.UUID(attribute="case_id")
    ref = fields.String()
    kind = fields.Enum(HearingKind, by_value=True)
    state = fields.Enum(HearingState, by_value=True)
    court = fields.String()
    room = fields.String(allow_none=True)
    link = fields.String(allow_none=True)
    zone = fields.String()
    starts_at = Moment()
    ends_at = Moment()
    charges = fields.List(fields.UUID())
    people = fields.List(fields.UUID())
    code = fields.Enum(AdjournmentCode, by_value=True, attribute="adjournment", allow_none=True)
    follows = fields.UUID(
        attribute="follows_id", allow_none=True, metadata={"description": "The one that was adjourned to this."}
    )
    next = fields.UUID(attribute="next_id", allow_none=True, metadata={"description": "The one it was adjourned to."})
    outcome = fields.String(allow_none=True)
    created_at = Moment()
    warnings = fields.List(
        fields.String(),
        metadata={"description": "What speaks against the time, in sentences: the court is not expected to sit then."},
    )
    allowed = fields.Function(
        lambda hearing: HEARING.allowed(hearing.state), metadata={"type": "array", "items": {"type": "string"}}
    )


class NextHearingIn(In):
    """The hearing to which one is adjourned: the same but for what is given."""

    starts_at = Moment(required=True)
    ends_at = Moment(required=True)
    room = Text(most=100)


class HearingStepIn(ReasonIn):
    """What became of a hearing."""

    action = fields.String(required=True, validate=validate.OneOf(HEARING.actions))
    code = fields.Enum(AdjournmentCode, by_value=True, metadata={"description": "Why it is adjourned."})
    outcome = Text(most=4000, lines=True, metadata={"description": "What came of it."})
    next = fields.Nested(NextHearingIn, metadata={"description": "Until when it is adjourned, where that is known."})


class AttendanceIn(In):
    """How an accused, or one of theirs, comes to a hearing."""

    perpetrator = fields.UUID(required=True)
    arrives_at = Moment(required=True)
    leaves_at = Moment()
    waiting_area = fields.UUID(metadata={"description": "Where they wait: what the office has to book."})
    vehicle = fields.UUID(metadata={"description": "In what they come: what the office has to book."})


class AttendanceOut(Out):
    """How an accused, or one of theirs, comes to a hearing."""

    id = fields.UUID()
    hearing = fields.UUID(attribute="hearing_id")
    perpetrator = fields.UUID(attribute="perpetrator_id")
    arrives_at = Moment(allow_none=True)
    leaves_at = Moment(allow_none=True)
    waiting_area = fields.UUID(attribute="waiting_area_id", allow_none=True)
    vehicle = fields.UUID(attribute="vehicle_id", allow_none=True)
    conflicts = fields.List(
        fields.Nested(ConflictOut), metadata={"description": "What is booked and does not do any more."}
    )


class DocketIn(In):
    """Of which day."""

    on = fields.Date(metadata={"description": "A day of the office; without it, today."})


class ProtectedOut(Out):
    """A measure for a witness."""

    kind = fields.Enum(MeasureKind, by_value=True)
    state = fields.Enum(MeasureState, by_value=True)


class HeardOut(Out):
    """A witness on a docket."""

    testimony = fields.UUID(attribute="testimony_id")
    witness = fields.String(metadata={"description": "A pseudonym, a code, a label or a reference."})
    state = fields.Enum(BookingState, by_value=True)
    starts_at = Moment(attribute="booking.starts_at")
    ends_at = Moment(attribute="booking.ends_at")
    measures = fields.List(fields.Nested(ProtectedOut))


class ListedOut(Out):
    """A hearing on a docket."""

    hearing = fields.UUID(attribute="hearing.id")
    case = fields.UUID(attribute="hearing.case_id")
    ref = fields.String(attribute="hearing.ref")
    kind = fields.Enum(HearingKind, by_value=True, attribute="hearing.kind")
    state = fields.Enum(HearingState, by_value=True, attribute="hearing.state")
    court = fields.String(attribute="hearing.court")
    room = fields.String(attribute="hearing.room", allow_none=True)
    zone = fields.String(attribute="hearing.zone")
    starts_at = Moment(attribute="hearing.starts_at")
    ends_at = Moment(attribute="hearing.ends_at")
    defendants = fields.List(
        fields.String(), metadata={"description": "Reference and alias; none for who may not know of charges."}
    )
    witnesses = fields.List(fields.Nested(HeardOut))


class CalendarIn(In):
    """From a day to another of the office, both included."""

    since = fields.Date(data_key="from", required=True)
    until = fields.Date(data_key="to", required=True)


class ViewIn(In):
    """How the calendar is looked at, and at which day."""

    view = fields.Enum(View, by_value=True, load_default=View.MONTH)
    on = fields.Date()


class EntryOut(Out):
    """One line of a calendar."""

    kind = fields.Enum(EntryKind, by_value=True)
    about = fields.UUID(
        metadata={"description": "The hearing, testimony, charge, closure order or victim that it is about."}
    )
    on = fields.Date(metadata={"description": "The day in the zone of the office."})
    ref = fields.String()
    case = fields.UUID(attribute="case_id", allow_none=True)
    case_ref = fields.String(allow_none=True)
    starts_at = Moment(allow_none=True, metadata={"description": "Null for what is due on a day."})
    ends_at = Moment(allow_none=True)
    zone = fields.String(allow_none=True, metadata={"description": "That of the court."})
    what = fields.String(allow_none=True, metadata={"description": "Of what kind the hearing, witness or session is."})
    state = fields.String(allow_none=True)
    who = fields.String(allow_none=True, metadata={"description": "A pseudonym, a code, a label or a reference."})
    court = fields.String(allow_none=True)
    room = fields.String(allow_none=True)
