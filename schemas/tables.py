"""Tables in and out."""

from marshmallow import fields, validate

from evidence_api.domain.table import MOST_BYTES, TableKind
from schemas.common import In, Out

IMPORTED = (TableKind.VICTIMS, TableKind.PERPETRATORS, TableKind.VENUES, TableKind.CHARGES)


class ImportIn(In):
    """A table for a case."""

    kind = fields.Enum(
        TableKind,
        by_value=True,
        required=True,
        validate=validate.OneOf(IMPORTED, error="Only victims, perpetrators, venues and charges can be imported."),
    )
    csv = fields.String(
        required=True,
        validate=validate.Length(min=1, max=MOST_BYTES),
        metadata={"description": "The table. Its first line names the columns."},
    )
    mapping = fields.Dict(
        keys=fields.String(),
        values=fields.String(),
        required=True,
        metadata={"description": "For each field of what is registered, the name of the column."},
    )
    dry_run = fields.Boolean(load_default=False, metadata={"description": "Only say what would become of it."})


class RowOut(Out):
    """What became of a row."""

    line = fields.Integer(metadata={"description": "The line on which it begins; the first is 1."})
    texts = fields.Dict(
        keys=fields.String(), values=fields.String(), metadata={"description": "What it says, by field."}
    )
    errors = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.String()),
        metadata={"description": "What is wrong, in sentences by field."},
    )


class ReportOut(Out):
    """What became of a table. Where any row is wrong, nothing of it is in the case."""

    kind = fields.Enum(TableKind, by_value=True)
    imported = fields.Boolean()
    count = fields.Function(lambda report: len(report.rows), metadata={"type": "integer"})
    wrong = fields.Function(lambda report: len(report.wrong), metadata={"type": "integer"})
    rows = fields.List(fields.Nested(RowOut))
