"""Files and things that come in: what is said of them, and where an upload stands."""

from collections.abc import Mapping
from typing import Any

from marshmallow import EXCLUDE, fields, validate, validates_schema

from evidence_api.domain.custody import Derivation
from schemas.common import In, Moment, Out, Text
from schemas.evidence import DIGEST, whole_place

MAX_FILENAME = 1000


class Digest(fields.String):
    """A SHA-256 in hexadecimal digits, in either case; given out in lower case."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(validate=DIGEST, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        return super()._deserialize(value, attr, data, **kwargs).strip().lower()


class StatedIn(In):
    """What is said of a file that comes in."""

    title = Text(required=True)
    captured_at = Moment(metadata={"description": "When it was recorded."})
    method = Text(most=100, metadata={"description": "How it was recorded, such as body-worn camera."})
    device = Text()
    latitude = fields.Float(validate=validate.Range(-90, 90), metadata={"description": "Degrees, WGS 84."})
    longitude = fields.Float(validate=validate.Range(-180, 180), metadata={"description": "Degrees, WGS 84."})
    sha256 = Digest(metadata={"description": "As the device computed it; other bytes are refused."})
    original = fields.UUID(metadata={"description": "The item of the same case that this one is made from."})
    derivation = fields.Enum(Derivation, by_value=True, metadata={"description": "What it is to its original."})
    restricted = fields.Boolean(metadata={"description": "Imagery of abuse: opened only by those named."})

    @validates_schema
    def _whole_place(self, data: dict[str, Any], **_: Any) -> None:
        whole_place(data)


class FormIn(StatedIn):
    """A file in a form, with what is said of it. The file goes past this schema, straight into the store."""

    file = fields.Raw(required=True, metadata={"type": "string", "format": "binary", "description": "The file."})


class UploadIn(StatedIn):
    """The metadata of a resumable upload. Clients add keys of their own, which are left alone."""

    class Meta:
        unknown = EXCLUDE

    case = fields.String(required=True, validate=validate.Length(1, 64))
    filename = fields.String(validate=validate.Length(max=MAX_FILENAME))


class ItemIn(In):
    """A physical thing: what it is, the tag that is fixed to it, and where it is kept."""

    title = Text(required=True)
    tag = Text(required=True, most=100)
    place = Text(required=True)
    captured_at = Moment(metadata={"description": "When it was seized or handed in."})
    method = Text(most=100)
    original = fields.UUID(metadata={"description": "The item of the same case that it belongs to."})


class UploadOut(Out):
    """Where an upload stands. `offset` and `size` in bytes."""

    id = fields.UUID()
    case = fields.UUID(attribute="case_id")
    state = fields.String(
        validate=validate.OneOf(["receiving", "admitted", "duplicate", "refused"]),
        metadata={"description": "`duplicate`: the case had the same file already, as `evidence`."},
    )
    offset = fields.Integer()
    size = fields.Integer()
    expires_at = Moment()
    evidence = fields.UUID(attribute="evidence_id", allow_none=True)
    duplicate = fields.Boolean()


class DigestIn(In):
    """What the device computed of the file, while it sent it."""

    sha256 = Digest(required=True, metadata={"description": "SHA-256 of the whole file."})


class DigestOut(Out):
    """Whether the device and the store have the same bytes."""

    sha256 = fields.String(metadata={"description": "As the device computed it."})
    matches = fields.Boolean(metadata={"description": "False: the item is quarantined, unless the case had it before."})
