"""The figures of a year, in and out."""

from marshmallow import fields, validate

from evidence_api.domain.figures import Band, Figure
from schemas.common import In, Moment, Out, PageIn


class OfYearIn(In):
    """Which year."""

    year = fields.Integer(
        validate=validate.Range(1990, 2200), metadata={"description": "This year, unless another is given."}
    )


class YearIn(OfYearIn):
    """Which year, as known when."""

    as_known_on = fields.Date(metadata={"description": "As known at the end of this day; now, unless one is given."})


class BehindIn(YearIn, PageIn):
    """What is behind which figure."""

    figure = fields.Enum(Figure, by_value=True, required=True)


class CountOut(Out):
    """A figure, and of people how many were adults, children, or of an age that is not known."""

    count = fields.Integer()
    adults = fields.Integer()
    children = fields.Integer()
    unknown_age = fields.Integer()


class YearFiguresOut(Out):
    """All figures of a year, by their names."""

    year = fields.Integer()
    as_known_on = fields.Date()
    figures = fields.Dict(keys=fields.Enum(Figure, by_value=True), values=fields.Nested(CountOut), attribute="counts")


class BehindOut(Out):
    """One who counts. Of whom you may not know there is no id, no ref, no age and no day."""

    kind = fields.String()
    id = fields.UUID(allow_none=True)
    ref = fields.String(allow_none=True)
    case_ref = fields.String(allow_none=True)
    band = fields.Enum(Band, by_value=True)
    number = fields.Integer()
    from_on = fields.Date(allow_none=True)
    until_on = fields.Date(allow_none=True)


class RestatementOut(Out):
    """A figure of a year became another after the year was over: by how many, because of whom."""

    at = Moment()
    figure = fields.Enum(Figure, by_value=True)
    change = fields.Integer()
    kind = fields.String()
    id = fields.UUID(allow_none=True)
    ref = fields.String(allow_none=True)
