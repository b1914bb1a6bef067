"""Exhibits: what each side puts before the court, under its own numbers; the list for the court."""

from collections.abc import Mapping
from functools import partial
from typing import Any
from uuid import UUID

from flask import render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from evidence_api import auth
from evidence_api.api.appeals import Words, give_csv, give_pdf
from evidence_api.domain.appeal import Side
from evidence_api.domain.case import ENDED
from evidence_api.domain.exhibit import EXHIBIT, RULED, ExhibitState
from evidence_api.models import Exhibit
from evidence_api.policy import Permission
from evidence_api.services import cases as casework
from evidence_api.services import exhibits, hearings
from evidence_api.work import Work
from schemas.appeals import ExhibitsIn
from schemas.common import MAX_PAGE
from web.cases import ROOMS, Room, asked, further, items_of
from web.forms import REASON, Choices, Field, Path, about, one_of, options
from web.pages import SHOWN, Page, may, page, reading
from web.texts import language, said

ROOMS.append(Room("case_exhibits", _l("Exhibits"), Permission.CHARGE_READ))

STEPS: Mapping[str, Any] = {
    "offer": _l("Offer it to the court"),
    "admit": _l("Record that it is admitted"),
    "exclude": _l("Record that it is excluded"),
    "return": _l("Record that it is returned"),
    "withdraw": _l("Withdraw the exhibit"),
}


@page("/cases/<uuid:id>/exhibits", exhibits.list_of_case)
def case_exhibits(id: UUID) -> Page:
    """The exhibits of a case, newest first, and what the court made of each."""
    given = asked(ExhibitsIn, SHOWN)
    with reading() as work:
        case = casework.read_case(work, id)
        found, following = exhibits.list_of_case(work, id, **given)
        writes = case.stage not in ENDED and may(work, Permission.EXHIBIT_WRITE, case)
        return render_template(
            "case_exhibits.html",
            case=case,
            exhibits=found,
            more=further("pages.case_exhibits", following, id=id),
            given=given,
            sides=options(Side),
            states=options(ExhibitState),
            acts={one.id: EXHIBIT.allowed(one.state) for one in found} if writes else {},
            titles=STEPS,
            writes=writes,
        )


@page("/cases/<uuid:id>/exhibits/list.csv", exhibits.take_list, "POST")
def exhibits_csv(id: UUID) -> Page:
    """The list as a table."""
    return give_csv(auth.session_actor(), id)


@page("/cases/<uuid:id>/exhibits/list.pdf", exhibits.take_list, "POST")
def exhibits_pdf(id: UUID) -> Page:
    """The list for paper, in her language."""
    head = (_("Exhibit"), _("Item"), _("What it is"), "SHA-256", _("State"), _("Ruling"), _("Decided on"))
    words = Words(
        title=_("Exhibits"),
        case=_("Case %(ref)s", ref="{ref}"),
        head=head,
        number=_("Page %(page)s of %(pages)s", page="{page}", pages="{pages}"),
        unknown=_("? stands for a letter for which no font is installed."),
        language=language(),
        said=said,
    )
    return give_pdf(auth.session_actor(), id, words)


# --- forms ------------------------------------------------------------------------------------------------------------


def _to_exhibits(thing: Any, _path: Path) -> str:
    return url_for("pages.case_exhibits", id=getattr(thing, "case_id", None) or thing.id)


def _hearings(work: Work, exhibit: Exhibit) -> Choices:
    found, _more = hearings.list_of_case(work, exhibit.case_id, limit=MAX_PAGE)
    return [(str(one.id), one.ref) for one in found]


about(
    "/cases/<uuid:id>",
    "new_exhibit",
    "exhibits/new",
    "POST",
    "/exhibits",
    _l("Mark an exhibit"),
    _l("Mark it"),
    Field("side", _l("Whose exhibit"), "choice", choices=one_of(Side)),
    Field("evidence", _l("The item of the case"), "choice", choices=items_of),
    Field(
        "description",
        _l("What it is"),
        hint=_l("Needed where it is no item of the case. Write no name of a person."),
    ),
    says=_l("It gets the next number of its side."),
    done=_l("The exhibit is marked."),
    thing=casework.read_case,
    head="_case.html",
    back=_to_exhibits,
)


def _read(work: Work, id: UUID) -> Exhibit:
    return exhibits.read(work, id)


on_exhibit = partial(about, "/exhibits/<uuid:id>", thing=_read, head="_exhibit_head.html", back=_to_exhibits)

for _action in EXHIBIT.actions:
    on_exhibit(
        f"exhibit_do_{_action}",
        f"do/{_action}",
        "POST",
        "/transitions",
        STEPS[_action],
        STEPS[_action],
        *(
            [
                Field("ruling", _l("What the court ruled"), "lines", _l("Write no name of a person."), always=True),
                Field("decided_on", _l("Decided on"), "date", _l("Leave it empty if it was today.")),
            ]
            if _action in RULED
            else []
        ),
        Field("hearing", _l("At which hearing"), "choice", choices=_hearings),
        REASON,
        fixed={"action": _action},
        done=_l("The state of the exhibit has changed."),
        danger=_action == "withdraw",
    )
