"""Operations: what one still needs for its go, who decided, who is on its roster and what it brought each of them."""

from functools import partial
from typing import Any
from uuid import UUID

from flask import render_template, url_for
from flask_babel import lazy_gettext as _l

from evidence_api.domain.case import ENDED
from evidence_api.domain.operation import OPERATION, Danger, OperationKind, OperationState
from evidence_api.domain.roles import Role
from evidence_api.models import Operation
from evidence_api.policy import Permission
from evidence_api.services import accounts, operations, operatives, rosters, venues
from evidence_api.services import cases as casework
from evidence_api.work import Work
from schemas.common import MAX_PAGE
from schemas.operations import OperationsIn
from web.cases import ROOMS, Room, asked, case_of, further, items_of
from web.forms import REASON, WHEN, Choices, Field, Form, Path, about, add, contract, known, one_of, options
from web.home import FEW, PARTS, Part
from web.pages import SHOWN, Page, Section, may, page, parts, reading
from web.texts import ACTS

OVER = (OperationState.DONE, OperationState.ABORTED)


SECTIONS: list[Section] = []
"""In the order in which they are shown; each module of pages adds its own."""

ROOMS.append(Room("case_operations", _l("Operations"), Permission.CASEWORK_READ))


@page("/cases/<uuid:id>/operations", operations.list_of_case)
def case_operations(id: UUID) -> Page:
    """The operations of a case, newest first, with what they brought."""
    given = asked(OperationsIn, SHOWN)
    with reading() as work:
        case = casework.read_case(work, id)
        found, following = operations.list_of_case(work, id, **given)
        return render_template(
            "case_operations.html",
            case=case,
            operations=found,
            figures=rosters.figures_of(work, operations=[one.id for one in found]),
            more=further("pages.case_operations", following, id=id),
            given=given,
            kinds=options(OperationKind),
            states=options(OperationState),
            adds=case.stage not in ENDED and may(work, Permission.OPERATION_WRITE),
        )


@page("/operations/<uuid:id>", operations.read)
def operation(id: UUID) -> Page:
    """One operation: what it is, what its go still needs and who decided, the dangers, the roster, who takes part."""
    with reading() as work:
        found = operations.read(work, id)
        case = casework.read_case(work, found.case_id)
        codes = may(work, Permission.OPERATIVE_READ, found)
        open_ = case.stage not in ENDED
        writes = open_ and may(work, Permission.OPERATION_WRITE, found)
        people, more = rosters.roster(work, id, limit=MAX_PAGE)
        of = [found.venue_id] if found.venue_id else []
        return render_template(
            "operation.html",
            operation=found,
            case=case,
            venue=next((venues.read(work, venue) for venue in of), None),
            names=accounts.names(work, ids={one for one in (found.planner_id, found.decider_id) if one}),
            steps=operations.next_steps(work, id)[0],
            moves=open_ and may(work, Permission.OPERATION_MOVE, found),
            assessment=next(iter(operations.assessments(work, id, limit=1)[0]), None),
            dangers=list(Danger),
            figures=rosters.figures(work, id),
            roster=people,
            more_roster=more,
            operatives=operatives.of_operation(work, id)[0] if codes else None,
            edits=writes and found.state in operations.PREPARED,
            assesses=writes and found.state not in OVER,
            lists=open_
            and found.state not in (OperationState.NO_GO, OperationState.ABORTED)
            and may(work, Permission.ROSTER_WRITE, found),
            tells=work.actor.role is not Role.LAWYER,
            over=found.state in OVER,
            sections=parts(work, SECTIONS, found),
        )


def _undecided(work: Work) -> list[Operation]:
    return operations.list_operations(work, state=OperationState.PLANNED, limit=FEW)[0]


PARTS.append(Part("_home_operations.html", {Role.SUPERVISOR}, _undecided))


# --- forms ------------------------------------------------------------------------------------------------------------


def _to_operation(_thing: Any, path: Path) -> str:
    return url_for("pages.operation", id=path["id"])


def _venues(work: Work, thing: Any) -> Choices:
    found, _more = venues.list_of_case(work, case_of(thing), limit=MAX_PAGE)
    return [(str(one.id), f"{one.ref} {one.description}") for one in found]


PLAN = (
    Field(
        "partner",
        _l("Authority partner"),
        hint=_l("The unit that acts with us. A rescue needs one. Write no name of a person."),
        value=known(Operation, "partner"),
    ),
    Field("planned_on", _l("Planned for"), "date", value=known(Operation, "planned_on")),
    Field("venue", _l("Venue"), "choice", choices=_venues, value=known(Operation, "venue_id")),
    Field(
        "aftercare_places",
        _l("Places in aftercare"),
        "number",
        hint=_l("How many people can be taken in on that day."),
        value=known(Operation, "aftercare_places"),
    ),
)

add(
    Form(
        "new_operation",
        "/cases/<uuid:id>/operations/new",
        contract("POST", "/operations"),
        _l("Plan an operation"),
        _l("Plan it"),
        [Field("kind", _l("What kind of operation"), "choice", choices=one_of(OperationKind)), *PLAN],
        says=_l("You plan it; a supervisor decides on it."),
        done=_l("The operation is planned. Assess its dangers, and put on its roster whom it is to bring out."),
        thing=casework.read_case,
        head="_case.html",
        into="case",
        back=lambda _thing, path: url_for("pages.case_operations", id=path["id"]),
        then=lambda operation, _path: url_for("pages.operation", id=operation.id),
    )
)


def _read(work: Work, id: UUID, *_more: UUID) -> Operation:
    return operations.read(work, id)


on_operation = partial(
    about,
    "/operations/<uuid:id>",
    thing=_read,
    head="_operation_head.html",
    back=_to_operation,
    then=_to_operation,
)

on_operation(
    "edit_operation",
    "edit",
    "PATCH",
    "",
    _l("Edit the operation"),
    _l("Save"),
    *PLAN,
    says=_l(
        "With another partner or venue, or on a later day, the written go is to be recorded anew; at another venue the "
        "dangers are to be assessed anew too."
    ),
    done=_l("The operation is changed."),
)
on_operation(
    "authorise_operation",
    "authorisation",
    "POST",
    "/authorisation",
    _l("Record the authority's written go"),
    _l("Record it"),
    Field("authorised_on", _l("Given on"), "date"),
    Field("reference", _l("Its reference"), hint=_l("As it stands on the letter.")),
    Field("document", _l("The letter, an item of the case"), "choice", choices=items_of),
    done=_l("The written go of the authority is recorded."),
)


def _scores(_work: Work, _thing: Any) -> Choices:
    return [
        ("1", _l("1, hardly any")),
        ("2", _l("2, small")),
        ("3", _l("3, real")),
        ("4", _l("4, great")),
        ("5", _l("5, certain: no go")),
    ]


on_operation(
    "assess_operation",
    "assess",
    "POST",
    "/assessments",
    _l("Assess the dangers"),
    _l("Keep the assessment"),
    *(
        Field(f"scores.{danger.value}", label, "choice", choices=_scores, always=True)
        for danger, label in (
            (Danger.VICTIMS, _l("Danger to the victims")),
            (Danger.STAFF, _l("Danger to our own people")),
            (Danger.BYSTANDERS, _l("Danger to bystanders")),
            (Danger.LEAK, _l("Danger that it leaks out")),
            (Danger.RETALIATION, _l("Danger of retaliation")),
            (Danger.AFTERCARE, _l("Danger to those in aftercare")),
        )
    ),
    Field("assessed_on", _l("Assessed on"), "date"),
    Field("expires_on", _l("Good until"), "date", hint=_l("Leave it empty for 30 days, the longest that it holds.")),
    Field("note", _l("Why, and what is done against it"), "lines", _l("Write no name of a person.")),
    done=_l("The assessment is kept. It holds for 30 days at most."),
)

SAYS = {
    "go": _l("Your decision is kept with your name."),
    "no_go": _l("Your decision is kept with your name. The operation can be prepared anew."),
    "conclude": _l("Everyone on the roster has an outcome then."),
    "abort": _l("Nothing more is written on its roster."),
}

for _action in OPERATION.actions:
    on_operation(
        f"operation_do_{_action}",
        f"do/{_action}",
        "POST",
        "/transitions",
        ACTS[_action],
        ACTS[_action],
        REASON,
        WHEN,
        says=SAYS[_action],
        fixed={"action": _action},
        done=_l("The state of the operation has changed."),
        danger=_action in {"no_go", "abort"},
    )
