"""What an office can book, whom it is tied to and what else takes it, in and out."""

from typing import Any

from marshmallow import fields, validate

from evidence_api.domain.appeal import Side
from evidence_api.domain.scheduling import ResourceKind
from evidence_api.domain.victim import Gender
from schemas.bookings import ConflictingOut
from schemas.common import LANGUAGE, In, Moment, Out, PageIn, ReasonIn, Text

LONGEST_BUFFER = 24 * 60


def _languages() -> fields.List[str]:
    return fields.List(fields.String(validate=LANGUAGE), validate=validate.Length(0, 50))


class ResourcesIn(PageIn):
    """Which of them."""

    kind = fields.Enum(ResourceKind, by_value=True)
    ended = fields.Boolean(load_default=False, metadata={"description": "Those that cannot be booked any more."})


class ResourceIn(In):
    """What can be booked."""

    kind = fields.Enum(ResourceKind, by_value=True, required=True)
    name = Text(required=True)
    languages = _languages()
    gender = fields.Enum(Gender, by_value=True, allow_none=True)
    buffer = fields.Integer(
        validate=validate.Range(0, LONGEST_BUFFER),
        metadata={"description": "Minutes until it can be used again."},
    )


class ResourceChangeIn(In):
    """What to change of it."""

    name = Text()
    languages = _languages()
    gender = fields.Enum(Gender, by_value=True, allow_none=True)
    buffer = fields.Integer(validate=validate.Range(0, LONGEST_BUFFER))


class ResourceOut(Out):
    """What can be booked."""

    id = fields.UUID()
    kind = fields.Enum(ResourceKind, by_value=True)
    name = fields.String()
    languages = fields.List(fields.String())
    gender = fields.Enum(Gender, by_value=True, allow_none=True)
    buffer = fields.Integer(metadata={"description": "Minutes until it can be used again."})
    created_at = Moment()
    ended_at = Moment(allow_none=True)


class ResourceTieIn(ReasonIn):
    """To whom it is tied, and why we think so."""

    perpetrator = fields.UUID(required=True)


class ResourceTieOut(Out):
    """That it is tied to a perpetrator."""

    id = fields.UUID()
    resource = fields.UUID(attribute="resource_id")
    perpetrator = fields.UUID(attribute="perpetrator_id")
    case = fields.UUID(attribute="case_id")
    since = Moment()
    ended_at = Moment(allow_none=True)


class EngagementIn(In):
    """Which side takes it, in which case, from when to when."""

    case = fields.UUID(required=True)
    side = fields.Enum(Side, by_value=True, required=True)
    from_at = Moment(required=True)
    until_at = Moment(required=True)


class EngagementOut(Out):
    """That a side takes it."""

    id = fields.UUID()
    resource = fields.UUID(attribute="resource_id")
    case = fields.UUID(attribute="case_id")
    side = fields.Enum(Side, by_value=True)
    from_at = Moment()
    until_at = Moment()
    ended_at = Moment(allow_none=True)


def _affected() -> fields.List[Any]:
    return fields.List(
        fields.Nested(ConflictingOut),
        metadata={"description": "What is booked and conflicts with it; none of that is confirmed any more."},
    )


class ResourceTieMadeOut(ResourceTieOut):
    """A new tie, and what is booked that it makes impossible."""

    affected = _affected()


class EngagementMadeOut(EngagementOut):
    """A new engagement, and what is booked that it makes impossible."""

    affected = _affected()
