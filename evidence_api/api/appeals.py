"""Appeals and the days until which one may come, exhibits and their list: `/api/v1/appeals`, `/exhibits`."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from flask import Response

from evidence_api import auth, pdf
from evidence_api.api.contract import Api
from evidence_api.domain.appeal import Side
from evidence_api.domain.roles import Actor
from evidence_api.domain.table import BOM, line
from evidence_api.models import Exhibit
from evidence_api.services import appeals, exhibits
from evidence_api.work import begin
from schemas.appeals import (
    AppealChangeIn,
    AppealIn,
    AppealNextStepOut,
    AppealOut,
    AppealsIn,
    AppealStepIn,
    DeadlineOut,
    DeadlinesIn,
    ExhibitIn,
    ExhibitNextStepOut,
    ExhibitOut,
    ExhibitsIn,
    ExhibitStepIn,
)

api = Api("appeals", __name__)
ONE = "/appeals/<uuid:id>"
EXHIBIT = "/exhibits/<uuid:id>"

api.route(
    "POST",
    "/cases/<uuid:id>/appeals",
    appeals.file,
    body=AppealIn,
    out=AppealOut,
    status=201,
    says="Record an appeal of a side against counts on which a court has decided",
)
api.route(
    "GET",
    "/cases/<uuid:id>/appeals",
    appeals.list_of_case,
    query=AppealsIn,
    out=AppealOut,
    many=True,
    says="The appeals of a case, newest first",
)
api.route("GET", ONE, appeals.read, out=AppealOut, says="One appeal")
api.route("PATCH", ONE, appeals.edit, body=AppealChangeIn, out=AppealOut, says="Change an appeal while it is filed")
api.route(
    "POST",
    f"{ONE}/transitions",
    appeals.transition,
    body=AppealStepIn,
    out=AppealOut,
    says="Take an appeal a step on, with all that it means for its counts and the case; 409 names what is allowed",
)
api.route(
    "GET",
    f"{ONE}/next-steps",
    appeals.next_steps,
    out=AppealNextStepOut,
    many=True,
    says="The steps that are legal now: who may take each, and what is still missing for it",
)
api.route(
    "GET",
    "/reports/deadlines",
    appeals.deadlines,
    query=DeadlinesIn,
    out=DeadlineOut,
    many=True,
    says="Until when an appeal may be filed against the counts of my cases, the one that ends first at the top",
)

api.route(
    "POST",
    "/cases/<uuid:id>/exhibits",
    exhibits.mark,
    body=ExhibitIn,
    out=ExhibitOut,
    status=201,
    says="Mark an exhibit of a side; it gets the next number",
)
api.route(
    "GET",
    "/cases/<uuid:id>/exhibits",
    exhibits.list_of_case,
    query=ExhibitsIn,
    out=ExhibitOut,
    many=True,
    says="The exhibits of a case, newest first",
)
api.route("GET", EXHIBIT, exhibits.read, out=ExhibitOut, says="One exhibit")
api.route(
    "POST",
    f"{EXHIBIT}/transitions",
    exhibits.transition,
    body=ExhibitStepIn,
    out=ExhibitOut,
    says="Say what became of an exhibit; 409 names what is allowed",
)
api.route(
    "GET",
    f"{EXHIBIT}/next-steps",
    exhibits.next_steps,
    out=ExhibitNextStepOut,
    many=True,
    says="The steps that are legal now: who may take each",
)

# --- the list, to be taken to court -----------------------------------------------------------------------------------

COLUMNS = ("label", "side", "item", "title", "description", "sha256", "state", "ruling", "decided_on")


def _row(one: Exhibit) -> dict[str, str]:
    item = one.item
    return {
        "label": one.label,
        "side": one.side.value,
        "item": item.ref if item else "",
        "title": item.title if item else "",
        "description": one.description or "",
        "sha256": (item.sha256 or "") if item else "",
        "state": one.state.value,
        "ruling": one.ruling or "",
        "decided_on": one.decided_on.isoformat() if one.decided_on else "",
    }


def give_csv(actor: Actor, id: UUID) -> Response:
    """The list as a table, once it is recorded that it is given out."""
    with begin(auth.current_site(), actor) as work:
        case, found = exhibits.take_list(work, id)
        rows = [_row(one) for one in found]
        name = f"{case.ref}-exhibits.csv"
    return given("".join([BOM, line(COLUMNS), *(line(row.values()) for row in rows)]), "text/csv", name)


@dataclass(frozen=True, slots=True)
class Words:
    """What stands on paper round the exhibits themselves; `said` names a side or a state."""

    title: str = "Exhibits"
    case: str = "Case {ref}"
    head: tuple[str, ...] = ("Exhibit", "Item", "What it is", "SHA-256", "State", "Ruling", "Decided on")
    number: str = pdf.NUMBER
    unknown: str = pdf.UNKNOWN
    language: str = "en"
    said: Callable[[StrEnum], str] = lambda member: member.value.capitalize()


def give_pdf(actor: Actor, id: UUID, words: Words) -> Response:
    """The list for paper, once it is recorded that it is given out."""
    with begin(auth.current_site(), actor) as work:
        case, found = exhibits.take_list(work, id)
        blocks: list[pdf.Block] = [words.case.format(ref=case.ref)]
        for side in Side:
            rows = [_on_paper(one, words) for one in found if one.side is side]
            if rows:
                blocks += [pdf.Heading(words.said(side)), pdf.Table(words.head, rows, (3, 6, 10, 9, 4, 8, 4))]
        name, at = f"{case.ref}-exhibits.pdf", work.now
    made = pdf.document(
        words.title,
        blocks,
        made_at=at,
        foot=f"{at:%Y-%m-%d %H:%M} UTC",
        number=words.number,
        unknown=words.unknown,
        language=words.language,
    )
    return given(made, "application/pdf", name)


def _on_paper(one: Exhibit, words: Words) -> list[str]:
    row = _row(one)
    what = " ".join(filter(None, (row["title"], row["description"])))
    return [row["label"], row["item"], what, row["sha256"], words.said(one.state), row["ruling"], row["decided_on"]]


def given(content: str | bytes, media_type: str, name: str) -> Response:
    """A file to be kept by whoever asked for it, and by nobody on the way."""
    response = Response(content, mimetype=media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response


api.route(
    "GET",
    "/cases/<uuid:id>/exhibits/list.csv",
    exhibits.take_list,
    own=lambda id: give_csv(auth.current_actor(), id),
    document={"content": {"text/csv": {"schema": {"type": "string"}}}},
    says="The exhibits of a case as a table; no cell of it is run as a formula. Recorded",
)
api.route(
    "GET",
    "/cases/<uuid:id>/exhibits/list.pdf",
    exhibits.take_list,
    own=lambda id: give_pdf(auth.current_actor(), id, Words()),
    document={"content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}},
    says="The exhibits of a case for paper. Recorded",
)
