"""Searching, in and out."""

from marshmallow import fields, validate

from evidence_api.domain.search import Kind
from schemas.common import In, Out, Text

MOST = 50


class SearchIn(In):
    """What to look for: words, or how they begin, in refs, titles, tags, notes, pseudonyms, aliases and places."""

    q = Text(required=True, least=2, most=100)
    kind = fields.Enum(Kind, by_value=True)
    limit = fields.Integer(
        load_default=MOST, validate=validate.Range(1, MOST), metadata={"description": "How many at most."}
    )


class FindOut(Out):
    """One that matches."""

    kind = fields.Enum(Kind, by_value=True)
    id = fields.UUID()
    ref = fields.String(allow_none=True, metadata={"description": "Of a victim, her pseudonym; null for a partner."})
    title = fields.String(
        allow_none=True,
        metadata={"description": "Title, alias, description or name; null for a victim and an operation."},
    )
    tag = fields.String(allow_none=True)
    case = fields.UUID(
        attribute="case_id",
        allow_none=True,
        metadata={"description": "The case that it is, or is in; null for a victim and a partner."},
    )
    similar = fields.Boolean(metadata={"description": "It is not spelt so, but nearly."})


class FindsOut(Out):
    """What was found. Where there is `more`, look for something narrower."""

    items = fields.List(fields.Nested(FindOut))
    more = fields.Boolean()
