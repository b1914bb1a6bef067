"""The parts that all schemas are made of."""

import unicodedata
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from evidence_api.domain.scheduling import Rule
from evidence_api.domain.sentences import Template

MAX_PAGE = 200
LANGUAGE = validate.Regexp(
    r"\A[a-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z", error="Give a language by its code (BCP 47), such as km or vi."
)
OTP_DESCRIPTION = "A fresh code from the authenticator; each code is good once."


FAULTS: Mapping[type[fields.Field[Any]], Mapping[str, str]] = {
    fields.Field: {
        "required": "Fill this in.",
        "null": "Fill this in, or leave it out.",
        "validator_failed": "This is not right. Look it over.",
    },
    fields.String: {"invalid": "Give a text.", "invalid_utf8": "Give a text in UTF-8."},
    fields.UUID: {"invalid_uuid": "This is the id of nothing here. Copy it anew from where you have it."},
    fields.Number: {"invalid": "Give a number.", "too_large": "This number is too large."},
    fields.Integer: {"invalid": "Give a whole number."},
    fields.Float: {"special": "Give a number."},
    fields.Boolean: {"invalid": "Give true or false."},
    fields.DateTime: {"invalid": "Give a date and a time.", "format": "Give a date and a time."},
    fields.Date: {"invalid": "Give a date.", "format": "Give a date."},
    fields.Enum: {"unknown": Template("Give one of: {choices}.")},
    fields.List: {"invalid": "Give a list."},
    fields.Mapping: {"invalid": "Give names with their values."},
    fields.Nested: {"type": "Give names with their values."},
}
"""What is wrong with a field, in sentences that say what to do; the library's own are for programmers."""

for _field, _sentences in FAULTS.items():
    _field.default_error_messages = {**_field.default_error_messages, **_sentences}
validate.Length.message_min = Template("Give at least {min} characters.")
validate.Length.message_max = Template("Give at most {max} characters.")
validate.Length.message_all = Template("Give between {min} and {max} characters.")
validate.Range.message_min = Template("Give {min} or more.")
validate.Range.message_max = Template("Give {max} or less.")
validate.Range.message_all = Template("Give a number from {min} to {max}.")
validate.OneOf.default_message = Template("Give one of: {choices}.")


class Text(fields.String):
    """Text: trimmed, NFC, not empty unless `blank`, no control characters but (if `lines`) line breaks and tabs."""

    def __init__(
        self, *, least: int = 1, most: int = 200, blank: bool = False, lines: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(validate=validate.Length(min=0 if blank else least, max=most), **kwargs)
        self.keep = "\n\t" if lines else ""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        text = unicodedata.normalize("NFC", super()._deserialize(value, attr, data, **kwargs)).strip()
        if any(unicodedata.category(c) in {"Cc", "Cs"} and c not in self.keep for c in text):
            raise ValidationError("It has control characters. Take them out.")
        return text


class Moment(fields.AwareDateTime):
    """A moment as RFC 3339. Without a zone it is taken as UTC; given out in UTC."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="iso", default_timezone=UTC, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> datetime:
        moment = super()._deserialize(value, attr, data, **kwargs)
        try:
            moment = moment.astimezone(UTC)
        except OverflowError:
            moment = datetime.min.replace(tzinfo=UTC)
        possible_year(moment)
        return moment


def possible_year(day: date) -> None:
    """Raise ValidationError for a year at which days can no longer be added or taken away."""
    if not 1900 <= day.year <= 9998:
        raise ValidationError("Give a year between 1900 and 9998.")


def code(**kwargs: Any) -> fields.String:
    """A one-time code, or a recovery code."""
    kwargs.setdefault("metadata", {"description": OTP_DESCRIPTION})
    return fields.String(validate=validate.Length(min=6, max=40), **kwargs)


class In(Schema):
    """What comes in. A field that is not known is refused, so that a misspelt one is not lost."""

    class Meta:
        unknown = RAISE

    error_messages = {  # noqa: RUF012
        "unknown": "This is not known here. Leave it out, or look up how it is spelt.",
        "type": "Give names with their values.",
    }

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        """Every day that comes in has a possible year."""
        if isinstance(field_obj, fields.Date):
            field_obj.validators = [*field_obj.validators, possible_year]


class PageIn(In):
    """Which page of a list: at most `limit` items, going on from the `next` of the page before."""

    limit = fields.Integer(
        load_default=50, validate=validate.Range(1, MAX_PAGE), metadata={"description": "How many at most."}
    )
    cursor = fields.UUID(load_default=None, metadata={"description": "The `next` of the page before."})


class ReasonIn(In):
    """Why."""

    reason = Text(required=True, most=2000, lines=True)


class StepUpReasonIn(ReasonIn):
    """Why, with a fresh code."""

    otp = code()


class Out(Schema):
    """What goes out."""


class ConflictOut(Out):
    """Why a time does not do."""

    rule = fields.Enum(Rule, by_value=True)
    message = fields.String(metadata={"description": "A sentence for people; it names nobody who must not be known."})


class WindowOut(Out):
    """A time."""

    starts_at = Moment(attribute="from_at")
    ends_at = Moment(attribute="until_at")


class ProblemOut(Out):
    """A problem (RFC 9457). `type` is a slug that programs can count on."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    errors = fields.Dict(keys=fields.String(), values=fields.List(fields.String()))
    state = fields.String()
    allowed = fields.List(fields.String())
    conflicts = fields.List(fields.Nested(ConflictOut), metadata={"description": "Why a time does not do."})
    nearest = fields.List(fields.Nested(WindowOut), metadata={"description": "The nearest times that would do."})
