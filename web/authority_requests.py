"""Requests to authorities: what was asked, what was said, and what is overdue."""

from datetime import date
from typing import Any
from uuid import UUID

from flask import render_template, url_for
from flask_babel import lazy_gettext as _l

from evidence_api.domain.case import ENDED
from evidence_api.domain.operation import RequestState
from evidence_api.domain.roles import Role
from evidence_api.models import AuthorityRequest, Case
from evidence_api.policy import Permission
from evidence_api.services import authority_requests, operations
from evidence_api.services import cases as casework
from evidence_api.work import Work
from schemas.common import MAX_PAGE
from schemas.operations import RequestsIn
from web.cases import ROOMS, Room, asked, further, items_of
from web.forms import REASON, Choices, Field, Form, Path, add, contract
from web.home import FEW, PARTS, Part
from web.pages import SHOWN, Page, may, page, reading

ROOMS.append(Room("case_requests", _l("Requests to authorities"), Permission.CASEWORK_READ))


@page("/cases/<uuid:id>/requests", authority_requests.list_of_case)
def case_requests(id: UUID) -> Page:
    """The requests of a case, newest first."""
    given = asked(RequestsIn, SHOWN)
    with reading() as work:
        case = casework.read_case(work, id)
        found, following = authority_requests.list_of_case(work, id, **given)
        return render_template(
            "case_requests.html",
            case=case,
            requests=found,
            late={one.id for one in found if _late(one, work.now.date())},
            more=further("pages.case_requests", following, id=id),
            given=given,
            writes=case.stage not in ENDED and may(work, Permission.OPERATION_WRITE),
        )


def _late(request: AuthorityRequest, today: date) -> bool:
    return request.state is RequestState.SENT and request.due_on is not None and request.due_on < today


def _overdue(work: Work) -> list[AuthorityRequest]:
    return authority_requests.list_requests(work, overdue=True, limit=FEW)[0]


PARTS.append(Part("_home_requests.html", {Role.INVESTIGATOR, Role.LAWYER}, _overdue))


def _operations(work: Work, case: Case) -> Choices:
    found, _more = operations.list_of_case(work, case.id, limit=MAX_PAGE)
    return [(str(one.id), one.ref) for one in found]


def _to_requests(thing: Any, _path: Path) -> str:
    return url_for("pages.case_requests", id=thing.case_id if isinstance(thing, AuthorityRequest) else thing.id)


add(
    Form(
        "new_request",
        "/cases/<uuid:id>/requests/new",
        contract("POST", "/cases/<uuid:id>/requests"),
        _l("Record a request to an authority"),
        _l("Record it"),
        [
            Field("authority", _l("Authority"), hint=_l("Such as a ministry or a police unit. No name of a person.")),
            Field("asks", _l("What it is asked for"), "lines", _l("Write no name of a person.")),
            Field("sent_on", _l("Sent on"), "date"),
            Field("due_on", _l("To be answered by"), "date", hint=_l("After that day it is overdue.")),
            Field(
                "operation",
                _l("For which operation"),
                "choice",
                choices=_operations,
                when=lambda work, case: bool(_operations(work, case)),
            ),
        ],
        done=_l("The request is recorded."),
        thing=lambda work, id: casework.read_case(work, id),
        head="_case.html",
        back=_to_requests,
        then=_to_requests,
    )
)


def _form(name: str, rule: str, title: Any, button: Any, *fields: Field, **more: Any) -> None:
    """A form about one request."""
    add(
        Form(
            name,
            f"/requests/<uuid:id>/{rule}",
            contract("POST", f"/requests/<uuid:id>/{rule}"),
            title,
            button,
            fields,
            thing=lambda work, id: authority_requests.read(work, id),
            head="_request_head.html",
            back=_to_requests,
            then=_to_requests,
            **more,
        )
    )


_form(
    "reply_to_request",
    "reply",
    _l("Record the reply"),
    _l("Record it"),
    Field("replied_on", _l("Answered on"), "date"),
    Field("reply", _l("What it said"), "lines", _l("Write no name of a person.")),
    Field("document", _l("Its letter, an item of the case"), "choice", choices=items_of),
    done=_l("The reply is recorded."),
)
_form(
    "withdraw_request",
    "withdraw",
    _l("Withdraw the request"),
    _l("Withdraw it"),
    REASON,
    done=_l("The request is not pursued any more."),
    danger=True,
)
