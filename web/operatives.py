"""Operatives by their codes, and what waits for a second person."""

from functools import partial
from typing import Any
from uuid import UUID

from flask import render_template, url_for
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext

from evidence_api.domain.approval import ApprovalKind, ApprovalState
from evidence_api.domain.roles import Role
from evidence_api.models import Approval, Operation, Operative
from evidence_api.policy import Permission
from evidence_api.services import accounts, approvals, operatives
from evidence_api.services.operatives import Revealed
from evidence_api.work import Work
from schemas.common import MAX_PAGE, PageIn
from web.cases import asked, further
from web.forms import CODE, REASON, Choices, Field, Form, Path, about, add, contract
from web.home import FEW, PARTS, Part
from web.operations import on_operation
from web.pages import SHOWN, Page, may, page, reading


@page("/operatives", operatives.list_operatives)
def office_operatives() -> Page:
    """The operatives of the office, by code."""
    given = asked(PageIn, SHOWN)
    with reading() as work:
        found, following = operatives.list_operatives(work, **given)
        return render_template(
            "operatives.html",
            operatives=found,
            more=further("pages.office_operatives", following),
            writes=may(work, Permission.OPERATIVE_WRITE),
            asks=may(work, Permission.OPERATIVE_IDENTITY),
        )


@page("/approvals", approvals.waiting)
def open_approvals() -> Page:
    """What waits for my decision, and what I have asked for."""
    given = asked(PageIn, SHOWN)
    with reading() as work:
        waiting, following = approvals.waiting(work, **given)
        mine, _more = approvals.asked(work, limit=FEW)
        return render_template(
            "approvals.html",
            **_told(work, waiting),
            mine=[
                (one, one.state in (ApprovalState.ASKED, ApprovalState.APPROVED) and one.expires_at > work.now)
                for one in mine
            ],
            codes=_codes(work, [*waiting, *mine]),
            more=further("pages.open_approvals", following),
        )


def _told(work: Work, waiting: list[Approval]) -> dict[str, Any]:
    return {"waiting": waiting, "names": accounts.names(work, ids={one.asker_id for one in waiting})}


def _codes(work: Work, rows: list[Approval]) -> dict[str, Operative]:
    """The operatives that questions are about, by their chains."""
    about = (one.about.partition(":") for one in rows)
    ids = {UUID(id) for kind, _colon, id in about if kind == "operative"}
    return {one.subject: one for one in operatives.named(work, ids=ids)}


def _waiting(work: Work) -> dict[str, Any] | None:
    waiting, _more = approvals.waiting(work, limit=FEW)
    return {**_told(work, waiting), "codes": _codes(work, waiting)} if waiting else None


PARTS.append(Part("_home_approvals.html", {Role.SUPERVISOR}, _waiting))


def _to_operatives(_thing: Any, _path: Path) -> str:
    return url_for("pages.office_operatives")


def _to_approvals(_thing: Any, _path: Path) -> str:
    return url_for("pages.open_approvals")


PERSON = Field(
    "person",
    _l("Who it is"),
    hint=_l("It goes into the vault. It takes two people to open it again."),
)

add(
    Form(
        "new_operative",
        "/operatives/new",
        contract("POST", "/operatives"),
        _l("Give an operative a code"),
        _l("Draw a code"),
        [PERSON],
        says=_l("The code is drawn by lot and says nothing of anybody. Wherever she acts, the code stands for her."),
        done=_l("The operative has a code."),
        back=_to_operatives,
        then=_to_operatives,
        drafts=False,
    )
)


_form = partial(
    about,
    "/operatives/<uuid:id>",
    thing=operatives.read,
    head="_operative_head.html",
    back=_to_operatives,
    then=_to_operatives,
)

_form(
    "seal_operative",
    "identity",
    "PUT",
    "/identity",
    _l("Seal who is behind the code"),
    _l("Seal it"),
    PERSON,
    says=_l("It takes the place of what was sealed before."),
    done=_l("It is sealed in the vault."),
    drafts=False,
)
_form(
    "end_operative",
    "end",
    "POST",
    "/end",
    _l("End the operative"),
    _l("End"),
    REASON,
    says=_l("She works covertly no more. Her code stays hers."),
    done=_l("The operative has ended."),
    danger=True,
)
add(
    Form(
        "ask_operative",
        "/operatives/<uuid:id>/ask",
        contract("POST", "/approvals"),
        _l("Ask to open who is behind the code"),
        _l("Ask"),
        [REASON],
        says=_l("Another supervisor decides within a day. After her yes you have 15 minutes to open it, once."),
        into="about",
        fixed={"kind": ApprovalKind.OPERATIVE_IDENTITY.value},
        done=_l("You have asked. Another supervisor decides."),
        thing=operatives.read,
        head="_operative_head.html",
        back=_to_operatives,
        then=_to_approvals,
    )
)


def _given(work: Work, operative: Operative) -> Choices:
    """The yes that she has for this operative and not used."""
    mine, _more = approvals.asked(work, limit=MAX_PAGE)
    good = [
        one
        for one in mine
        if one.about == operative.subject and one.state is ApprovalState.APPROVED and one.expires_at > work.now
    ]
    return [(str(one.id), _l("Approved")) for one in good]


def _revealed(found: Revealed, _path: Path) -> Page:
    return render_template("operative_revealed.html", found=found)


_form(
    "reveal_operative",
    "reveal",
    "POST",
    "/reveal",
    _l("Open who is behind the code"),
    _l("Open it"),
    Field("approval", _l("The yes of another supervisor"), "choice", choices=_given),
    CODE,
    says=_l("It is shown once, on the next page, and stands in the ledger with your name."),
    shows=_revealed,
    back=_to_approvals,
    then=None,
)


def _question(work: Work, id: UUID) -> dict[str, Any]:
    found = approvals.read(work, id)
    return {
        "approval": found,
        "asker": accounts.names(work, ids={found.asker_id}).get(found.asker_id, ""),
        "code": _codes(work, [found]).get(found.about),
    }


_decision = partial(
    about,
    "/approvals/<uuid:id>",
    thing=_question,
    head="_approval_head.html",
    back=_to_approvals,
    then=_to_approvals,
)

_decision(
    "approve_approval",
    "approve",
    "POST",
    "/approve",
    _l("Approve"),
    _l("Approve"),
    CODE,
    says=_l("Who asked may then act, once and within 15 minutes."),
    done=_l("It is approved."),
)
_decision(
    "refuse_approval",
    "refuse",
    "POST",
    "/refuse",
    _l("Refuse"),
    _l("Refuse"),
    REASON,
    CODE,
    done=_l("It is refused."),
    danger=True,
)
_decision(
    "withdraw_approval",
    "withdraw",
    "POST",
    "/withdraw",
    _l("Take the question back"),
    _l("Take it back"),
    REASON,
    done=_l("It is taken back."),
)


# --- who takes part in an operation -----------------------------------------------------------------------------------


def _free(work: Work, operation: Operation) -> Choices:
    taking = {one.id for one in operatives.of_operation(work, operation.id)[0]}
    found, _more = operatives.list_operatives(work, limit=MAX_PAGE)
    return [(str(one.id), one.code) for one in found if one.ended_at is None and one.id not in taking]


on_operation(
    "add_operative",
    "operatives/add",
    "POST",
    "/operatives",
    _l("Let an operative take part"),
    _l("Add the code"),
    Field("operative", lazy_pgettext("operative", "Code"), "choice", choices=_free),
    done=_l("The operative takes part, by code."),
)
on_operation(
    "remove_operative",
    "operatives/<uuid:operative>/end",
    "POST",
    "/operatives/<uuid:operative>/end",
    _l("Take an operative off"),
    _l("Take off"),
    REASON,
    done=_l("The operative is off the operation."),
    danger=True,
)
