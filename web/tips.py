"""Tips: reporting a suspicion, my own tips, and what a supervisor makes of those of the office."""

from typing import Any
from uuid import UUID

from flask import render_template, url_for
from flask_babel import lazy_gettext as _l

from evidence_api import auth
from evidence_api.domain.roles import Role
from evidence_api.domain.tip import TIP, TipState
from evidence_api.models import Tip
from evidence_api.policy import Permission
from evidence_api.services import accounts, cases, tips
from evidence_api.work import Work, begin
from schemas.common import MAX_PAGE
from schemas.tips import TipsIn
from web.cases import TITLE, asked, case_kinds, countries, further
from web.forms import REASON, Choices, Field, Form, Path, add, contract
from web.home import FEW, PARTS, Part
from web.pages import SHOWN, Page, may, page, reading


def _new(work: Work) -> Any:
    count = tips.count_new(work)
    return count and {"count": count, "tips": tips.list_tips(work, limit=FEW, state=TipState.NEW)[0]}


PARTS.append(Part("_home_tips.html", {Role.SUPERVISOR}, _new))


@page("/tips", tips.list_tips)
def tips_list() -> Page:
    """A supervisor: those of the office, at first those that wait for her. Others: my own, and those of my cases."""
    given = asked(TipsIn, SHOWN)
    with reading() as work:
        triages = may(work, Permission.TIP_TRIAGE)
        if triages and given.get("state") is None:
            given["state"] = TipState.NEW
        found, following = tips.list_tips(work, **given)
        return render_template(
            "tips.html",
            tips=found,
            more=further("pages.tips_list", following),
            given=given,
            triages=triages,
            readable=tips.readable(work, tips=found),
            states=list(TipState),
        )


@page("/tips/<uuid:id>", tips.read)
def tip(id: UUID) -> Page:
    """What a tip says, and for who decides on it what can be made of it."""
    with begin(auth.current_site(), auth.session_actor()) as work:
        found = tips.read(work, id)
        ref = cases.read_case(work, found.case_id).ref if found.case_id else ""
        return render_template(
            "tip.html",
            tip=found,
            case_ref=ref,
            names=accounts.names(work, ids={found.reporter_id} if found.reporter_id else set()),
            allowed=TIP.allowed(found.state) if may(work, Permission.TIP_TRIAGE) else [],
        )


add(
    Form(
        "new_tip",
        "/tips/new",
        contract("POST", "/tips"),
        _l("Report a suspicion"),
        _l("Report it"),
        [
            Field(
                "text",
                _l("What you suspect, and why"),
                "lines",
                _l("Who, what, where, since when, and how you know. You may write names here: it is kept encrypted."),
            ),
            Field("about", _l("The place that it is about"), hint=_l("Such as a street, a bar or a village.")),
        ],
        drafts=False,
        says=_l("A supervisor of your office reads it and decides what becomes of it. You see here how far it is."),
        done=_l("Your suspicion is reported."),
        back=lambda _thing, _path: url_for("pages.tips_list"),
    )
)


def _cases(work: Work, _tip: Tip) -> Choices:
    found, _more = cases.list_cases(work, limit=MAX_PAGE, ended=False)
    return [(str(case.id), f"{case.ref} {case.title}") for case in found]


def _back(_thing: Any, path: Path) -> str:
    return url_for("pages.tip", id=path["id"])


def _triage(name: str, way: str, action: str, title: Any, button: Any, *fields: Field, **more: Any) -> None:
    add(
        Form(
            name,
            f"/tips/<uuid:id>/{way}",
            contract("POST", "/tips/<uuid:id>/transitions"),
            title,
            button,
            [*fields, REASON],
            fixed={"action": action},
            thing=tips.read_state,
            head="_tip.html",
            back=_back,
            then=lambda _tip, _path: url_for("pages.tips_list"),
            **more,
        )
    )


_triage(
    "take_up_tip",
    "take-up",
    "take_up",
    _l("Take the tip up into a case"),
    _l("Take it up"),
    Field("case", _l("The case that it leads to"), "choice", choices=_cases, always=True),
    done=_l("The tip is taken up."),
)
_triage(
    "open_tip",
    "open-case",
    "take_up",
    _l("Open a case for the tip"),
    _l("Open the case"),
    TITLE,
    Field("kind", _l("What it is about"), "choice", choices=case_kinds, always=True),
    Field("country", _l("Country"), "choice", choices=countries, always=True),
    says=_l("You lead the case, and are assigned to it. Assign the people who work on it, and give the lead to one."),
    done=_l("The case is open, and the tip is taken up."),
)
_triage(
    "dismiss_tip",
    "dismiss",
    "dismiss",
    _l("Dismiss the tip"),
    _l("Dismiss it"),
    says=_l("It can still be taken up later."),
    done=_l("The tip is dismissed."),
    danger=True,
)
