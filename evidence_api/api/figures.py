"""The figures of a year: `/api/v1/reports/figures`."""

from flask import Response, request

from evidence_api import auth
from evidence_api.api.contract import Api, load
from evidence_api.domain.figures import AGED, Figure, suppressed
from evidence_api.domain.roles import Actor
from evidence_api.domain.table import BOM, line
from evidence_api.services import figures
from evidence_api.work import begin
from schemas.figures import BehindIn, BehindOut, OfYearIn, RestatementOut, YearFiguresOut, YearIn

api = Api("figures", __name__)

COLUMNS = ("year", "as_known_on", "figure", "count", "adults", "children", "unknown_age")

api.route(
    "GET",
    "/reports/figures",
    figures.figures,
    query=YearIn,
    out=YearFiguresOut,
    says="The figures of a year, as known on any day",
)
api.route(
    "GET",
    "/reports/figures/behind",
    figures.behind,
    query=BehindIn,
    out=BehindOut,
    many=True,
    says="Everyone and everything that a figure counts",
)
api.route(
    "GET",
    "/reports/figures/restatements",
    figures.restatements,
    query=OfYearIn,
    out=RestatementOut,
    many=True,
    says="What changed the figures of a year after it was over",
)


def give_table(actor: Actor, **asked: object) -> Response:
    """The figures of the last years as a table to be given out, once that is recorded; small numbers are not told."""
    with begin(auth.current_site(), actor) as work:
        found = figures.publish(work, **asked)  # type: ignore[arg-type]
    rows = [BOM + line(COLUMNS)]
    for one in found:
        for figure in Figure:
            numbers = suppressed(one.counts[figure])
            ages = numbers[1:] if figure in AGED else ["", "", ""]
            rows.append(line((str(one.year), one.as_known_on.isoformat(), figure.value, numbers[0], *ages)))
    response = Response("".join(rows), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="figures-{found[-1].year}.csv"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _table() -> Response:
    return give_table(auth.current_actor(), **load(YearIn, request.args.to_dict()))


api.route(
    "GET",
    "/reports/figures.csv",
    figures.publish,
    query=YearIn,
    own=_table,
    document={"content": {"text/csv": {"schema": {"type": "string"}}}},
    says="The figures of the last years to be given out, as CSV, without small numbers; recorded",
)
