"""Links from evidence, and the chart of a case, in and out."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from evidence_api.domain.chart import MOST_DEPTH, NodeKind, TieKind
from evidence_api.domain.link import Confidence, LinkKind, LinkRelation
from schemas.common import In, Moment, Out, PageIn, Text


class LinkIn(In):
    """What an item is about."""

    target_kind = fields.Enum(LinkKind, by_value=True, required=True)
    target = fields.UUID(required=True)
    relation = fields.Enum(LinkRelation, by_value=True, required=True)
    confidence = fields.Enum(Confidence, by_value=True, load_default=Confidence.CERTAIN)
    note = Text(most=2000, lines=True)


class LinksIn(PageIn):
    """The evidence about what."""

    target_kind = fields.Enum(LinkKind, by_value=True, required=True)
    target = fields.UUID(required=True)


class EvidenceLinkOut(Out):
    """A link from an item to what it is about, by whose word. A note that was made with it stands in the item's
    chain."""

    id = fields.UUID()
    case = fields.UUID(attribute="case_id")
    evidence = fields.UUID(attribute="evidence_id")
    evidence_ref = fields.String()
    evidence_title = fields.String()
    target_kind = fields.Enum(LinkKind, by_value=True)
    target = fields.UUID(attribute="target_id")
    target_name = fields.String(
        metadata={"description": "A victim's pseudonym; a ref, with a perpetrator's alias or what a venue is."}
    )
    relation = fields.Enum(LinkRelation, by_value=True)
    confidence = fields.Enum(Confidence, by_value=True)
    made_by = fields.UUID(attribute="made_by_id")
    made_by_name = fields.String()
    made_at = Moment()


class Kinds(fields.String):
    """Several kinds, with commas between."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        names = super()._deserialize(value, *args, **kwargs).split(",")
        try:
            return frozenset(NodeKind(name) for name in names)
        except ValueError:
            raise ValidationError("Give kinds with commas between them.") from None


class ChartIn(In):
    """Which part of the chart."""

    kinds = Kinds(metadata={"description": "With commas between; all where it is left out: " + ", ".join(NodeKind)})
    relation = fields.Enum(LinkRelation, by_value=True, metadata={"description": "Only evidence linked in this way."})
    confidence = fields.Enum(
        Confidence, by_value=True, metadata={"description": "Only evidence linked with at least this certainty."}
    )
    around_kind = fields.Enum(
        NodeKind, by_value=True, metadata={"description": "With `around`: the kind of what is in the middle."}
    )
    around = fields.UUID(metadata={"description": "Only what is tied to this."})
    depth = fields.Integer(
        load_default=1,
        validate=validate.Range(1, MOST_DEPTH),
        metadata={"description": "With `around`: over how many ties at most."},
    )

    @validates_schema
    def _whole(self, data: dict[str, Any], **_: Any) -> None:
        for name, other in (("around", "around_kind"), ("around_kind", "around")):
            if name in data and other not in data:
                raise ValidationError("Give what is in the middle with its kind.", other)


class NodeOut(Out):
    """A person, a place, an episode, an operation, or evidence: one item, or as many as are about the same."""

    key = fields.String()
    kind = fields.Enum(NodeKind, by_value=True)
    id = fields.UUID(allow_none=True, metadata={"description": "Null for several items."})
    name = fields.String(metadata={"description": "Empty for several items."})
    items = fields.Integer(metadata={"description": "How many items this stands for; 0 for what is no evidence."})


class TieOut(Out):
    """What ties two nodes. `detail` is what exactly: a link's relation, a role, a barrier, how an episode ended."""

    a = fields.String()
    b = fields.String()
    kind = fields.Enum(TieKind, by_value=True)
    detail = fields.String(allow_none=True)
    confidence = fields.Enum(Confidence, by_value=True, allow_none=True)


class ChartOut(Out):
    """The link chart of a case."""

    nodes = fields.List(fields.Nested(NodeOut))
    ties = fields.List(fields.Nested(TieOut))
    left_out = fields.Boolean(metadata={"description": "There is more than is told here. Look around one node."})
