"""Searching, in and out."""

from marshmallow import fields, validate

from evidence_api.domain.search import Kind
from schemas.common import In, Out, Text

MOST = 50


class SearchIn(In):
    """What to look for: a part of a ref, a title or a tag."""

    q = Text(required=True, least=2, most=100)
    kind = fields.Enum(Kind, by_value=True)
    limit = fields.Integer(
        load_default=MOST, validate=validate.Range(1, MOST), metadata={"description": "How many at most."}
    )


class FindOut(Out):
    """A case or an item that matches."""

    kind = fields.Enum(Kind, by_value=True)
    id = fields.UUID()
    ref = fields.String()
    title = fields.String()
    tag = fields.String(allow_none=True)
    case = fields.UUID(attribute="case_id", metadata={"description": "The case that it is, or is in."})


class FindsOut(Out):
    """What was found. Where there is `more`, look for something narrower."""

    items = fields.List(fields.Nested(FindOut))
    more = fields.Boolean()
