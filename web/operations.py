"""Operations: what one still needs for its go, who decided, who is on its roster and what it brought each of them."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from flask import render_template, url_for
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext

from evidence_api.domain.case import ENDED
from evidence_api.domain.operation import OPERATION, Danger, OperationKind, OperationState, Outcome
from evidence_api.domain.roles import Role
from evidence_api.domain.victim import MissedHow
from evidence_api.models import Operation
from evidence_api.policy import Permission
from evidence_api.services import accounts, evidence, operations, operatives, rosters, venues
from evidence_api.services import cases as casework
from evidence_api.work import Work
from schemas.common import MAX_PAGE
from schemas.operations import OperationsIn
from web.cases import ROOMS, Room, asked, further
from web.forms import Choices, Field, Form, Path, add, contract
from web.home import FEW, PARTS, Part
from web.pages import SHOWN, Page, may, page, reading
from web.texts import ACTS, said

OVER = (OperationState.DONE, OperationState.ABORTED)


@dataclass(frozen=True, slots=True)
class Section:
    """A part of an operation's page that another module shows.

    `load(work, operation)` gives what `template` shows as `part`. Who has no `permission` does not see it.
    """

    template: str
    permission: Permission
    load: Callable[[Work, Operation], Any]


SECTIONS: list[Section] = []
"""In the order in which they are shown; each module of pages adds its own."""

ROOMS.append(Room("case_operations", _l("Operations"), Permission.CASEWORK_READ))


def _options(kind: type[StrEnum]) -> Choices:
    return [(member.value, said(member)) for member in kind]


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
            kinds=_options(OperationKind),
            states=_options(OperationState),
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
            operatives=operations.operatives(work, id)[0] if codes else None,
            edits=writes and found.state in operations.PREPARED,
            assesses=writes and found.state not in OVER,
            lists=open_
            and found.state not in (OperationState.NO_GO, OperationState.ABORTED)
            and may(work, Permission.ROSTER_WRITE, found),
            tells=work.actor.role is not Role.LAWYER,
            over=found.state in OVER,
            sections=[
                (section.template, section.load(work, found))
                for section in SECTIONS
                if may(work, section.permission, found)
            ],
        )


def _undecided(work: Work) -> list[Operation]:
    return operations.list_operations(work, state=OperationState.PLANNED, limit=FEW)[0]


PARTS.append(Part("_home_operations.html", {Role.SUPERVISOR}, _undecided))


# --- forms ------------------------------------------------------------------------------------------------------------


def _to_operation(_thing: Any, path: Path) -> str:
    return url_for("pages.operation", id=path["id"])


def _of_enum(kind: type[StrEnum]) -> Callable[[Work, Any], Choices]:
    return lambda _work, _thing: _options(kind)


def _case_of(thing: Any) -> UUID:
    """The case that something is of; of a case, itself."""
    found: UUID = getattr(thing, "case_id", thing.id)
    return found


def _venues(work: Work, thing: Any) -> Choices:
    found, _more = venues.list_of_case(work, _case_of(thing), limit=MAX_PAGE)
    return [(str(one.id), f"{one.ref} {one.description}") for one in found]


def items_of(work: Work, thing: Any) -> Choices:
    """The items of the case that something is of."""
    found, _more = evidence.list_of_case(work, _case_of(thing), limit=MAX_PAGE, cursor=None)
    return [(str(item.id), f"{item.ref} {item.title}") for item in found]


def _known(name: str) -> Callable[[Any], Any]:
    return lambda thing: getattr(thing, name) if isinstance(thing, Operation) else None


PLAN = (
    Field(
        "partner",
        _l("Authority partner"),
        hint=_l("The unit that acts with us. A rescue needs one. Write no name of a person."),
        value=_known("partner"),
    ),
    Field("planned_on", _l("Planned for"), "date", value=_known("planned_on")),
    Field("venue", _l("Venue"), "choice", choices=_venues, value=_known("venue_id")),
    Field(
        "aftercare_places",
        _l("Places in aftercare"),
        "number",
        hint=_l("How many people can be taken in on that day."),
        value=_known("aftercare_places"),
    ),
)

add(
    Form(
        "new_operation",
        "/cases/<uuid:id>/operations/new",
        contract("POST", "/operations"),
        _l("Plan an operation"),
        _l("Plan it"),
        [Field("kind", _l("What kind of operation"), "choice", choices=_of_enum(OperationKind)), *PLAN],
        says=_l("You plan it; a supervisor decides on it."),
        done=_l("The operation is planned. Assess its dangers, and put on its roster whom it is to bring out."),
        thing=lambda work, id: casework.read_case(work, id),
        head="_case.html",
        into="case",
        back=lambda _thing, path: url_for("pages.case_operations", id=path["id"]),
        then=lambda operation, _path: url_for("pages.operation", id=operation.id),
    )
)


def _form(name: str, path: str, method: str, rule: str, title: Any, button: Any, *fields: Field, **more: Any) -> None:
    """A form about one operation."""
    add(
        Form(
            name,
            f"/operations/<uuid:id>/{path}",
            contract(method, f"/operations/<uuid:id>{rule}"),
            title,
            button,
            fields,
            **{
                "thing": lambda work, id, *_more: operations.read(work, id),
                "head": "_operation_head.html",
                "back": _to_operation,
                "then": _to_operation,
                **more,
            },
        )
    )


REASON = Field("reason", _l("Reason"), "lines", _l("It is kept in the ledger for good. Write no name of a person."))
WHEN = Field("occurred_at", _l("When it happened"), "moment", _l("Leave it empty if it is happening now."))

_form(
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
_form(
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


_form(
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
    _form(
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


def _unlisted(work: Work, operation: Operation) -> Choices:
    return [(str(victim.id), victim.pseudonym) for victim in rosters.not_on_roster(work, operation.id)]


def _open(work: Work, operation: Operation) -> Choices:
    listed, _more = rosters.roster(work, operation.id, limit=MAX_PAGE)
    return [(str(one.victim_id), one.pseudonym) for one in listed if one.outcome is None]


OUTCOME = Field("outcome", _l("What it brought"), "choice", choices=_of_enum(Outcome), always=True)
HOW = Field(
    "how",
    _l("If missed, how"),
    "choice",
    choices=_of_enum(MissedHow),
)
WHY = Field("reason", _l("What happened"), "lines", _l("It is kept in the ledger for good. Write no name of a person."))

_form(
    "expect",
    "roster/expect",
    "POST",
    "/roster/several",
    _l("Put on the roster"),
    _l("Put them on it"),
    Field(
        "victims",
        _l("Whom it is to bring out"),
        "checks",
        hint=_l("Those of the case who are not on it yet. Register others in the case first."),
        choices=_unlisted,
    ),
    done=_l("They are on the roster."),
)
_form(
    "outcome_of_several",
    "roster/outcomes",
    "POST",
    "/roster/several",
    _l("Give several the same outcome"),
    _l("Record it"),
    Field("victims", _l("For whom"), "checks", choices=_open),
    OUTCOME,
    HOW,
    WHY,
    WHEN,
    done=_l("It is recorded what the operation brought them."),
)


def _listed(work: Work, id: UUID, victim: UUID) -> dict[str, Any]:
    found = operations.read(work, id)
    rows, cursor = rosters.roster(work, id, limit=MAX_PAGE)
    while cursor and not any(one.victim_id == victim for one in rows):
        rows, cursor = rosters.roster(work, id, limit=MAX_PAGE, cursor=UUID(cursor))
    return {"operation": found, "listed": next((one for one in rows if one.victim_id == victim), None)}


def _said_of(name: str) -> Callable[[Any], Any]:
    return lambda thing: getattr(thing["listed"], name, None)


_form(
    "outcome",
    "roster/<uuid:victim>",
    "POST",
    "/roster",
    _l("What the operation brought her"),
    _l("Record it"),
    Field("outcome", OUTCOME.label, "choice", choices=OUTCOME.choices, value=_said_of("outcome"), always=True),
    Field("how", HOW.label, "choice", choices=HOW.choices, value=_said_of("how")),
    WHY,
    WHEN,
    says=_l(
        "Her whereabouts change with it, unless something later is known of her. Whoever was missed is searched for "
        "until she is found."
    ),
    done=_l("It is recorded what the operation brought her."),
    thing=_listed,
    head="_roster_head.html",
)
_form(
    "take_off_roster",
    "roster/<uuid:victim>/end",
    "POST",
    "/roster/<uuid:victim>/end",
    _l("Take her off the roster"),
    _l("Take her off"),
    REASON,
    says=_l("For who was put on it by mistake."),
    done=_l("She is off the roster."),
    thing=_listed,
    head="_roster_head.html",
    danger=True,
)


def _free(work: Work, operation: Operation) -> Choices:
    taking = {one.id for one in operations.operatives(work, operation.id)[0]}
    found, _more = operatives.list_operatives(work, limit=MAX_PAGE)
    return [(str(one.id), one.code) for one in found if one.ended_at is None and one.id not in taking]


_form(
    "add_operative",
    "operatives/add",
    "POST",
    "/operatives",
    _l("Let an operative take part"),
    _l("Add the code"),
    Field("operative", lazy_pgettext("operative", "Code"), "choice", choices=_free),
    done=_l("The operative takes part, by code."),
)
_form(
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
