"""The first page: my work, by role. What waits for somebody stands before what is merely there."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from flask import render_template, request, url_for

from evidence_api.api.contract import load
from evidence_api.domain.roles import Role
from evidence_api.services import accounts, cases, evidence, handovers, uploads
from evidence_api.work import Work
from schemas.evidence import UncheckedIn
from web.pages import Page, page, reading
from web.people import people

FEW = 3
"""How many cases, uploads and offers the first page shows, and how many rows each part."""
FIRST = 8
"""How many items the first page shows: it is to be light on a slow line, and the lists have the rest."""


@page("/", accounts.me)
def home() -> Page:
    with reading() as work:
        show = _PAGES.get(work.actor.role)
        if show is not None:
            template, things = show(work)
            mine = sorted((part for part in PARTS if work.actor.role in part.roles), key=_place)
            loaded = [(part.template, part.load(work)) for part in mine]
            return render_template(template, **things, parts=[pair for pair in loaded if pair[1]])
    # Shown here: being led on to it would cost a slow line one more way to the server and back.
    return people()


Shown = tuple[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the first page of some roles, above what is merely there.

    `load(work)` gives what `template` shows as `part`; where it gives nothing, the part is left out.
    """

    template: str
    roles: Collection[Role]
    load: Callable[[Work], Any]


PARTS: list[Part] = []
"""Each module of pages adds its own."""
_ORDER = (
    "calendar",
    "conflicts",
    "deadlines",
    "operations",
    "proposals",
    "approvals",
    "tips",
    "alerts",
    "closures",
    "testimonies",
    "plans",
    "care",
    "requests",
    "searches",
    "warrants",
    "unmet",
)
"""What only she can decide comes first, then what has changed, then what is late, then what goes on."""


def _place(part: Part) -> int:
    return _ORDER.index(part.template.removeprefix("_home_").removesuffix(".html"))


def _caseworker(work: Work) -> Shown:
    mine, _more = cases.list_cases(work, limit=FEW, cursor=None)
    shared, more = evidence.list_items(work, limit=FIRST, cursor=None)
    return "home.html", {"cases": mine, "items": shared, "more": more, "uploads": _uploads(work), "waiting": None}


def _holder(work: Work) -> Shown:
    mine, _more = cases.list_cases(work, limit=FEW, cursor=None, ended=False)
    held, more = evidence.mine(work, limit=FIRST)
    waiting = handovers.waiting(work, limit=FEW)
    return "home.html", {"cases": mine, "items": held, "more": more, "uploads": _uploads(work), "waiting": waiting}


def _uploads(work: Work) -> Any:
    return uploads.standing(work, limit=FEW)


def _supervisor(work: Work) -> Shown:
    asked = load(UncheckedIn, {"limit": FIRST, **request.args.to_dict()})
    items, following = evidence.list_unchecked(work, **asked)
    names = accounts.names(work, ids={item.custodian_id for item in items})
    query: dict[str, Any] = {**request.args.to_dict(), "cursor": following}
    return "home_supervisor.html", {
        "overview": evidence.overview(work),
        "items": items,
        "names": names,
        "waiting": handovers.waiting(work, limit=FEW),
        "asked": asked,
        "next": url_for("pages.home", **query) if following else None,
    }


_PAGES: Mapping[Role, Callable[[Work], Shown]] = {
    Role.INVESTIGATOR: _holder,
    Role.LAWYER: _holder,
    Role.CASEWORKER: _caseworker,
    Role.SUPERVISOR: _supervisor,
}
