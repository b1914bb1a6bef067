"""Orders that close a venue: on its page, on pages of their own, and what is due on the first page."""

from functools import partial
from typing import Any
from uuid import UUID

from flask import render_template, url_for
from flask_babel import lazy_gettext as _l

from evidence_api.domain.case import ENDED
from evidence_api.domain.closure import CLOSURE, ClosureState
from evidence_api.domain.roles import Role
from evidence_api.models import ClosureOrder, Venue
from evidence_api.policy import Permission
from evidence_api.services import accounts, closure_orders, venues
from evidence_api.services import cases as casework
from evidence_api.work import Work
from schemas.closure import ClosureOrdersIn
from web import venues as venue_pages
from web.cases import asked, further, items_of
from web.forms import REASON, WHEN, Field, Path, about, known, options
from web.home import FEW, PARTS, Part
from web.labels.closure import ACTS as OF_CLOSURE
from web.pages import SHOWN, Page, Section, may, page, reading
from web.texts import ACTS

STEPS = {**ACTS, **OF_CLOSURE}
"""What a step is called here: another room may call one of the same name otherwise."""

_Due = dict[str, Any]


def _due(work: Work) -> _Due:
    found, _none = closure_orders.due(work, limit=FEW)
    return {"orders": found, "refs": _refs(work, found), "today": closure_orders.today(work)} if found else {}


def _refs(work: Work, orders: list[ClosureOrder]) -> dict[UUID, str]:
    return venues.refs(work, ids={order.venue_id for order in orders})


PARTS.append(Part("_home_closures.html", {Role.INVESTIGATOR, Role.LAWYER, Role.SUPERVISOR}, _due))


def _of_venue(work: Work, venue: Venue) -> dict[str, Any]:
    found, more = closure_orders.list_of_venue(work, venue.id, limit=FEW)
    case = casework.read_case(work, venue.case_id)
    drafts = case.stage not in ENDED and may(work, Permission.CLOSURE_WRITE, venue)
    return {"orders": found, "more": more, "drafts": drafts}


venue_pages.SECTIONS.append(Section("_venue_closures.html", Permission.CASEWORK_READ, _of_venue))


@page("/closure-orders", closure_orders.list_orders)
def all_closure_orders() -> Page:
    """The orders of my cases, newest first."""
    given = asked(ClosureOrdersIn, SHOWN)
    with reading() as work:
        found, following = closure_orders.list_orders(work, **given)
        return render_template(
            "closure_orders.html",
            orders=found,
            refs=_refs(work, found),
            more=further("pages.all_closure_orders", following),
            given=given,
            states=options(ClosureState),
        )


@page("/closure-orders/<uuid:id>", closure_orders.read)
def closure_order(id: UUID) -> Page:
    """One order: how far it has come, until when it lasts, what it needs."""
    with reading() as work:
        found = closure_orders.read(work, id)
        venue = venues.read(work, found.venue_id)
        return render_template(
            "closure_order.html",
            order=found,
            venue=venue,
            case=casework.read_case(work, found.case_id),
            names=accounts.names(work, ids={one for one in (found.drafter_id, found.approver_id) if one}),
            steps=closure_orders.next_steps(work, id)[0],
            today=closure_orders.today(work),
            moves=may(work, Permission.CLOSURE_MOVE, found),
            edits=found.state is ClosureState.DRAFTED and may(work, Permission.CLOSURE_WRITE, found),
            acts=STEPS,
        )


# --- forms ------------------------------------------------------------------------------------------------------------

ABOUT = (
    Field(
        "permanent",
        _l("It is sought for good, and not only for a time"),
        "check",
        value=known(ClosureOrder, "permanent"),
    ),
    Field(
        "grounds",
        _l("Grounds"),
        "lines",
        hint=_l("Why the court is to close it. Write no name of a person."),
        value=known(ClosureOrder, "grounds"),
    ),
)

venue_pages.on_venue(
    "new_closure_order",
    "closure-orders/new",
    "POST",
    "/closure-orders",
    _l("Draft an order that closes it"),
    _l("Draft it"),
    *ABOUT,
    says=_l("A supervisor approves it. Who drafts it does not verify later that the venue is closed."),
    done=_l("The order is drafted. A supervisor approves it next."),
    then=lambda order, _path: url_for("pages.closure_order", id=order.id),
)


def _to_order(_thing: Any, path: Path) -> str:
    return url_for("pages.closure_order", id=path["id"])


on_order = partial(
    about, "/closure-orders/<uuid:id>", thing=closure_orders.read, head="_closure_head.html", back=_to_order
)

on_order(
    "edit_closure_order",
    "edit",
    "PATCH",
    "",
    _l("Edit the draft"),
    _l("Save"),
    *ABOUT,
    done=_l("The draft is changed."),
    clears=True,
)

DOCUMENT = Field(
    "document", _l("What the court wrote"), "choice", _l("An item of the case. Upload it first."), choices=items_of
)
DAY = Field("decided_on", _l("On which day"), "date", _l("Leave it empty if it was today."))
LAST = Field("expires_on", _l("Its last day"), "date", always=True)
COURT = (
    Field("court", _l("Court"), always=True),
    Field("court_ref", _l("The court's reference"), always=True),
)
FIELDS = {
    "apply": (*COURT, DAY),
    "grant_temporary": (DOCUMENT, DAY, LAST),
    "grant_permanent": (DOCUMENT, DAY),
    "refuse": (DOCUMENT, DAY),
    "serve": (DAY,),
    "enforce": (DAY,),
    "extend": (DOCUMENT, DAY, LAST),
    "breach": (DOCUMENT, DAY),
    "discharge": (DOCUMENT, DAY),
    "overturn": (DOCUMENT, DAY),
}
SAYS = {
    "enforce": _l("The venue is closed by it, where its course allows."),
    "breach": _l("Say what was seen. That the venue is in use again is a step of the venue."),
}

for _action in CLOSURE.actions:
    on_order(
        f"closure_do_{_action}",
        f"do/{_action}",
        "POST",
        "/transitions",
        STEPS[_action],
        STEPS[_action],
        *FIELDS.get(_action, ()),
        REASON,
        WHEN,
        says=SAYS.get(_action, ""),
        fixed={"action": _action},
        done=_l("The state of the order has changed."),
        danger=_action in {"withdraw", "overturn", "discharge"},
    )
