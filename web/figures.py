"""The figures of a year: each with its list, as known on any day, and over the years."""

from typing import Any
from uuid import UUID

from flask import render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from evidence_api import auth, pdf
from evidence_api.api.contract import authorise, load
from evidence_api.api.figures import give_table
from evidence_api.domain.errors import InvalidInput
from evidence_api.domain.figures import AGED, RECKONED, Figure, suppressed
from evidence_api.policy import Permission
from evidence_api.services import figures
from evidence_api.work import act_of, begin
from schemas.figures import BehindIn, YearIn
from web.cases import further
from web.pages import SHOWN, Page, may, page, reading
from web.texts import language, said


def _asked(*others: str) -> dict[str, Any]:
    """What the address asks for; what in it cannot be used is left out, as if nobody had asked."""
    first = {"figure": Figure.RESCUED.value} if others else {}
    given = {name: value for name, value in request.args.items() if value and name in ("year", "as_known_on", *others)}
    try:
        return load(BehindIn if others else YearIn, first | given)
    except InvalidInput as error:
        kept = {name: value for name, value in given.items() if name not in error.errors}
        return load(BehindIn if others else YearIn, first | kept)


@page("/figures", figures.over_years)
def year_figures() -> Page:
    """All figures of a year beside those of the years before it."""
    given = _asked()
    with reading() as work:
        try:
            years = figures.over_years(work, until=given.get("year"), as_known_on=given.get("as_known_on"))
        except InvalidInput:
            given.pop("as_known_on")
            years = figures.over_years(work, until=given.get("year"))
        now = years[-1]
        restated, _none = figures.restatements(work, year=now.year)
        return render_template(
            "figures.html",
            years=years,
            current=now,
            given=given,
            highest={figure: max(one.counts[figure].count for one in years) for figure in Figure},
            figures=Figure,
            aged=AGED,
            reckoned=RECKONED,
            restated=restated[:SHOWN],
            publishes=may(work, Permission.FIGURES_PUBLISH),
        )


@page("/figures/behind", figures.behind)
def figure_behind() -> Page:
    """Who and what is behind a number."""
    given = {**_asked("figure", "cursor"), "limit": SHOWN}
    with reading() as work:
        found, following = figures.behind(work, **given)
        return render_template(
            "figure_behind.html",
            found=found,
            figure=given["figure"],
            reckoning=RECKONED[given["figure"]],
            year=given.get("year"),
            as_known_on=given.get("as_known_on"),
            more=further("pages.figure_behind", following),
            address=_address,
        )


def _address(kind: str, id: UUID) -> str:
    return url_for(f"pages.{kind}", id=id)


@page("/figures.csv", figures.publish, "POST")
def figures_table() -> Page:
    """The figures to be given out, as a table."""
    return give_table(auth.session_actor(), **_asked())


@page("/figures.pdf", figures.publish, "POST")
def figures_paper() -> Page:
    """The figures to be given out, on paper."""
    actor = auth.session_actor()
    authorise(act_of(figures.publish), actor, {})
    with begin(auth.current_site(), actor) as work:
        years = figures.publish(work, **_asked())
        made_at = work.now
    head = [_("Figure"), *(str(one.year) for one in years)]
    rows = [[said(figure), *(_cell(one, figure) for one in years)] for figure in Figure]
    blocks = [
        _("As known on %(day)s. Counts from 1 to 4 are not told.", day=years[-1].as_known_on.isoformat()),
        pdf.Table(head, rows, [4, *(1 for _year in years)]),
    ]
    paper = pdf.document(_("Figures"), blocks, made_at=made_at, language=language())
    answer = Response(paper, mimetype="application/pdf")
    answer.headers["Content-Disposition"] = f'attachment; filename="figures-{years[-1].year}.pdf"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _cell(one: figures.Figures, figure: Figure) -> str:
    numbers = suppressed(one.counts[figure])
    if figure not in AGED:
        return numbers[0]
    told: str = _("%(all)s (children: %(children)s)", all=numbers[0], children=numbers[2])
    return told
