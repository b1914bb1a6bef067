"""The parts that all schemas are made of."""

import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate

MAX_PAGE = 200
OTP_DESCRIPTION = "A fresh code from the authenticator; each code is good once."


class Text(fields.String):
    """Text: trimmed, NFC, not empty unless `blank`, no control characters but (if `lines`) line breaks and tabs."""

    def __init__(self, *, most: int = 200, blank: bool = False, lines: bool = False, **kwargs: Any) -> None:
        super().__init__(validate=validate.Length(min=0 if blank else 1, max=most), **kwargs)
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
        if moment.year < 1900 or moment.year > 9998:
            raise ValidationError("Give a year between 1900 and 9998.")
        return moment


def code(**kwargs: Any) -> fields.String:
    """A one-time code, or a recovery code."""
    kwargs.setdefault("metadata", {"description": OTP_DESCRIPTION})
    return fields.String(validate=validate.Length(min=6, max=40), **kwargs)


class In(Schema):
    """What comes in. A field that is not known is refused, so that a misspelt one is not lost."""

    class Meta:
        unknown = RAISE


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


class ProblemOut(Out):
    """A problem (RFC 9457). `type` is a slug that programs can count on."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    errors = fields.Dict(keys=fields.String(), values=fields.List(fields.String()))
    state = fields.String()
    allowed = fields.List(fields.String())
