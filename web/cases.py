"""Cases: finding them, how far one has come and what its next stage needs, who works on it, what is in it."""

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any
from uuid import UUID

from flask import render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from marshmallow import Schema

from evidence_api.api.contract import load
from evidence_api.domain.care import ReferralState, StepState
from evidence_api.domain.case import ENDED, REOPEN_TARGETS, STAGES, CaseKind, Stage
from evidence_api.domain.custody import Custody
from evidence_api.domain.hearing import HearingState
from evidence_api.domain.link import Confidence, LinkKind, LinkRelation
from evidence_api.domain.perpetrator import Relation
from evidence_api.domain.roles import CASE_ROLES, Role
from evidence_api.domain.testimony import BookingState, MeasureState, PlanState, SessionState, TestimonyState
from evidence_api.domain.timeline import Happening
from evidence_api.domain.victim import Care, Identification, Whereabouts
from evidence_api.models import Case, Evidence
from evidence_api.policy import Permission
from evidence_api.services import accounts, evidence, jurisdictions
from evidence_api.services import cases as casework
from evidence_api.services import timeline as whole
from evidence_api.work import Work
from schemas.cases import CasesIn, TimelineIn
from schemas.common import MAX_PAGE, PageIn
from schemas.evidence import ItemsIn
from web.forms import REASON, WHEN, Choices, Field, Form, Path, about, add, contract, known, one_of, options
from web.pages import SHOWN, Page, may, page, reading
from web.texts import ACTS, LABELS, country, said, territories


@dataclass(frozen=True, slots=True)
class Room:
    """A page of its own about one side of a case, `pages.<name>` with the case's id, to which the case's page leads."""

    name: str
    label: Any
    permission: Permission


ROOMS: list[Room] = []
"""Each module of pages adds its own."""
_ORDER = (
    *("case_victims", "case_searches", "case_perpetrators", "case_venues", "case_operations", "case_requests"),
    *(
        "case_charges",
        "case_hearings",
        "case_testimonies",
        "case_exhibits",
        "case_appeals",
    ),
    *("chart", "case_tables"),
)
"""People, places, what is done about them; then what is made of all of it."""

NEWEST_ITEMS = 20
NEWEST_EVENTS = 10
NO_COUNTRY = {"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"}
"""Codes of two letters that name no country of ISO 3166."""


def _as_typed(_event: whole.Event, value: str) -> str:
    return value


def _country(_event: whole.Event, value: str) -> str:
    return country(value)


def _member(**kinds: type[StrEnum]) -> Callable[[whole.Event, str], str]:
    """Reads a code as the label of an enum's member: of which enum, an act's name says by what it begins with."""

    def read(event: whole.Event, value: str) -> str:
        begins = event.action.replace(":", "_")
        kind = next((kind for prefix, kind in kinds.items() if begins.startswith(prefix)), None)
        return said(kind(value)) if kind is not None and value in {member.value for member in kind} else value

    return read


FACTS: Mapping[str, tuple[Any, Callable[[whole.Event, str], str]]] = {
    "to": (
        _l("From then on"),
        _member(
            victim_identification=Identification,
            victim_whereabouts=Whereabouts,
            victim_care=Care,
            hearing=HearingState,
            care_step_moved=StepState,
            care_referral_moved=ReferralState,
            testimony_measure=MeasureState,
            testimony_preparation=SessionState,
            testimony_confirm_booking=BookingState,
            testimony_release=BookingState,
            testimony_fall_back=BookingState,
            testimony=TestimonyState,
            plan=PlanState,
        ),
    ),
    "target_kind": (_l("Linked to"), _member(evidence=LinkKind)),
    "relation": (_l("Relation"), _member(evidence=LinkRelation, perpetrator=Relation)),
    "confidence": (_l("How sure"), _member(evidence=Confidence)),
    "reason": (_l("Reason"), _as_typed),
    "title": (_l("Title"), _as_typed),
    "country": (_l("Country"), _country),
    "place": (_l("Place"), _as_typed),
    "note": (_l("Note"), _as_typed),
}
"""What a timeline shows of the facts of an act; the rest stands in the item's chain."""


def asked(schema: type[Schema], shown: int) -> dict[str, Any]:
    """What the address asks a list for, at most `shown` rows; what was left open in a filter is left out."""
    return load(schema, {name: value for name, value in request.args.items() if value}) | {"limit": shown}


def further(endpoint: str, cursor: str | None, **path: Any) -> str:
    """The address of the rows that follow, with the same filters; empty where there are no more."""
    if cursor is None:
        return ""
    kept: dict[str, Any] = {name: value for name, value in request.args.items() if value}
    return url_for(endpoint, **(kept | path | {"cursor": cursor}))


def all_rows(
    kind: str,
    read: Callable[[Work, UUID], Any],
    writes: Permission,
    id: UUID,
    what: str,
    rows_of: Callable[..., Any],
    also: Callable[[Work, UUID, Any], Mapping[str, Any]] = lambda _work, _id, _rows: {},
) -> Page:
    """The page `pages.<kind>_<what>` with all the rows of which a thing's own page shows the newest.

    `also` gives what the rows need besides.
    """
    given = asked(PageIn, SHOWN)
    with reading() as work:
        found = read(work, id)
        rows, following = rows_of(work, id, **given)
        return render_template(
            f"{kind}_rows.html",
            **{kind: found},
            what=what,
            rows=rows,
            more=further(f"pages.{kind}_{what}", following, id=id),
            writes=may(work, writes, found),
            **also(work, id, rows),
        )


def medium(item: Evidence) -> str:
    """What kind of thing an item is, in a word."""
    if item.sha256 is None:
        return str(_("Physical thing"))
    if item.media_type == "application/pdf":
        return str(_("Document"))
    names = {"video": _("Video"), "audio": _("Sound"), "image": _("Picture"), "text": _("Text")}
    return str(names.get((item.media_type or "").partition("/")[0], _("File")))


@page("/cases", casework.list_cases)
def cases() -> Page:
    """My cases, newest first."""
    given = asked(CasesIn, SHOWN)
    with reading() as work:
        found, following = casework.list_cases(work, **given)
        return render_template(
            "cases.html",
            cases=found,
            more=further("pages.cases", following),
            given=given,
            filtered=bool(set(request.args) - {"cursor"}),
            kinds=options(CaseKind),
            stages=options(Stage),
            opens=may(work, Permission.CASE_OPEN),
        )


@page("/cases/<uuid:id>", casework.read_case)
def case(id: UUID) -> Page:
    """One case: how far it has come, what comes next, who works on it, what is in it, what happened."""
    with reading() as work:
        found = casework.read_case(work, id)
        items, more_items = evidence.list_of_case(work, id, limit=NEWEST_ITEMS, cursor=None)
        events, more_events = whole.timeline(work, id, limit=NEWEST_EVENTS)
        return render_template(
            "case.html",
            **_about(found),
            course=casework.course(work, id),
            steps=casework.next_steps(work, id)[0],
            people=casework.people(work, id)[0],
            counts=casework.open_items(work, id),
            items=items,
            more_items=more_items,
            events=events,
            more_events=more_events,
            names=accounts.names(
                work,
                ids={
                    found.lead_id,
                    *(item.custodian_id for item in items),
                    *([found.closing_id] if found.closing_id else []),
                },
            ),
            edits=may(work, Permission.CASE_EDIT, found),
            assigns=may(work, Permission.CASE_ASSIGN, found),
            rooms=sorted(
                (room for room in ROOMS if may(work, room.permission, found)), key=lambda room: _ORDER.index(room.name)
            ),
            adds=found.stage not in ENDED and may(work, Permission.EVIDENCE_ADD, found),
            moves=may(work, Permission.CASE_STAGE, found),
        )


@page("/cases/<uuid:id>/items", evidence.list_of_case)
def case_items(id: UUID) -> Page:
    """All that is in a case, newest first."""
    given = asked(ItemsIn, SHOWN)
    with reading() as work:
        found = casework.read_case(work, id)
        items, following = evidence.list_of_case(work, id, **given)
        return render_template(
            "case_items.html",
            **_about(found),
            items=items,
            more=further("pages.case_items", following, id=id),
            given=given,
            states=options(Custody),
            names=accounts.names(work, ids={item.custodian_id for item in items}),
        )


@page("/cases/<uuid:id>/timeline", whole.timeline)
def timeline(id: UUID) -> Page:
    """All that happened in a case, the latest first."""
    given = asked(TimelineIn, SHOWN)
    with reading() as work:
        found = casework.read_case(work, id)
        events, following = whole.timeline(work, id, **given)
        return render_template(
            "timeline.html",
            **_about(found),
            events=events,
            more=further("pages.timeline", following, id=id),
            given=given,
            kinds=options(Happening),
        )


def _about(case: Case) -> dict[str, Any]:
    """What the templates of a case need of it, and to say it."""
    return {
        "case": case,
        "country": country(case.country),
        "medium": medium,
        "labels": FACTS,
        "roles": LABELS[Role],
    }


# --- forms ------------------------------------------------------------------------------------------------------------


def _to_case(_thing: Any, path: Path) -> str:
    return url_for("pages.case", id=path["id"])


def countries(_work: Work, _thing: Any) -> Choices:
    found = [(code, name) for code, name in territories().items() if len(code) == 2 and code not in NO_COUNTRY]
    return sorted(found, key=lambda pair: unicodedata.normalize("NFKD", pair[1].casefold()))


def case_kinds(work: Work, _thing: Any) -> Choices:
    return options(casework.kinds(work))


def case_of(thing: Any) -> UUID:
    """The case that something is of; of a case, itself."""
    found: UUID = getattr(thing, "case_id", thing.id)
    return found


def items_of(work: Work, thing: Any) -> Choices:
    """The items of the case that something is of."""
    found, _more = evidence.list_of_case(work, case_of(thing), limit=MAX_PAGE, cursor=None)
    return [(str(item.id), f"{item.ref} {item.title}") for item in found]


def _laws(work: Work, _thing: Any) -> Choices:
    return [(one.code, one.name) for one in jurisdictions.list_jurisdictions(work)[0]]


LAW = Field(
    "jurisdiction",
    _l("Whose law applies"),
    "choice",
    _l("It stays once somebody is charged. Left empty: the first that is in use."),
    choices=_laws,
    value=known(Case, "jurisdiction"),
    when=lambda work, thing: len(_laws(work, thing)) > 1,
)
TITLE = Field("title", _l("Title"), hint=_l("Short, and without the name of a person."), always=True)

add(
    Form(
        "new_case",
        "/cases/new",
        contract("POST", "/cases"),
        _l("Open a case"),
        _l("Open the case"),
        [
            TITLE,
            Field("kind", _l("What it is about"), "choice", choices=case_kinds),
            Field("country", _l("Country"), "choice", choices=countries),
            LAW,
        ],
        says=_l("You lead it, and are assigned to it."),
        done=_l("The case is open. Assign the people who work on it with you."),
        back=lambda _thing, _path: url_for("pages.cases"),
        then=lambda case, _path: url_for("pages.case", id=case.id),
    )
)


def _read(work: Work, id: UUID, *_more: UUID) -> Case:
    return casework.read_case(work, id)


_case_form = partial(about, "/cases/<uuid:id>", thing=_read, head="_case.html", back=_to_case)


def _leaders(work: Work, case: Case) -> Choices:
    assigned = casework.people(work, case.id)[0]
    found = {one.user_id: one for one in assigned if one.role in casework.LEADERS and not (one.disabled or one.lead)}
    return [(str(one.user_id), one.username) for one in found.values()]


def _assignable(work: Work, _case: Case) -> Choices:
    """Everybody else in the office who has a role of casework."""
    found, cursor = accounts.list_people(work, limit=MAX_PAGE)
    while cursor:
        more, cursor = accounts.list_people(work, limit=MAX_PAGE, cursor=UUID(cursor))
        found += more
    hers = {person: [role for role in person.role_names if role in CASE_ROLES] for person in found}
    return sorted(
        (
            (str(person.id), _("%(name)s (%(roles)s)", name=person.username, roles=", ".join(map(said, roles))))
            for person, roles in hers.items()
            if roles and person.id != work.actor.user_id
        ),
        key=lambda pair: pair[1],
    )


_case_form(
    "edit_case",
    "edit",
    "PATCH",
    "",
    _l("Edit the case"),
    _l("Save"),
    Field("title", TITLE.label, hint=TITLE.hint, value=lambda case: case.title, always=True),
    Field("country", _l("Country"), "choice", choices=countries, value=lambda case: case.country, always=True),
    LAW,
    says=_l("What stood there before stays in the ledger."),
    done=_l("The case is changed."),
)
_case_form(
    "give_lead",
    "lead",
    "PATCH",
    "",
    _l("Give the lead to another"),
    _l("Give the lead"),
    Field(
        "lead",
        _l("Who leads from now on"),
        "choice",
        hint=_l("An investigator, lawyer or supervisor who is assigned to the case. Assign her first."),
        choices=_leaders,
        always=True,
    ),
    done=_l("The case has another lead."),
)
_case_form(
    "assign",
    "assign",
    "POST",
    "/assignments",
    _l("Assign a person"),
    _l("Assign her"),
    Field("user", _l("Whom"), "choice", choices=_assignable),
    Field("role", _l("In which of her roles"), "choice", choices=one_of(CASE_ROLES)),
    says=_l("She sees the case from now on, as far as her role lets her."),
    done=_l("She is assigned."),
    then=_to_case,
)
_case_form(
    "unassign",
    "assignments/<uuid:assignment>/end",
    "POST",
    "/assignments/<uuid:assignment>/end",
    _l("Take a person off the case"),
    _l("Take her off"),
    REASON,
    says=_l("She sees nothing of the case any more in this role. What she did in it stays."),
    done=_l("She is off the case."),
    thing=lambda work, id, assignment: _assigned(work, id, assignment),
    head="_assigned.html",
    then=_to_case,
    danger=True,
)


def _assigned(work: Work, id: UUID, assignment: UUID) -> dict[str, Any]:
    found = next((one for one in casework.people(work, id)[0] if one.id == assignment), None)
    return {"case": casework.read_case(work, id), "assigned": found}


def _says(action: str) -> Any:
    """Where a step leads."""
    target = next(step.target for step in STAGES.steps if step.action == action)
    if target is None:
        return _l("The case goes on from where it was put on hold.")
    return _l("The case is then at this stage: %(stage)s.", stage=LABELS[Stage][target.value])


CLOSING = _l(
    "It takes a lawyer and a supervisor. The word of the first is kept; the case is closed once the other says so too. "
    "Any other step in between takes it back."
)
REOPENED = Field("to", _l("Where it goes on"), "choice", choices=one_of(REOPEN_TARGETS), always=True)

for _action in STAGES.actions:
    _case_form(
        f"do_{_action}",
        f"do/{_action}",
        "POST",
        "/transitions",
        ACTS[_action],
        ACTS[_action],
        *([REOPENED] if _action == "reopen" else []),
        REASON,
        WHEN,
        says="" if _action == "reopen" else CLOSING if _action == "close" else _says(_action),
        fixed={"action": _action},
        done=_l("It is kept.") if _action == "close" else _l("The stage of the case has changed."),
        then=_to_case,
        danger=_action in {"decline", "resolve", "close"},
    )


def _has_items(work: Work, case: Case) -> bool:
    return bool(evidence.list_of_case(work, case.id, limit=1, cursor=None)[0])


def _to_item(item: Evidence, _path: Path) -> str:
    return url_for("pages.item", id=item.id)


_case_form(
    "register",
    "items/new",
    "POST",
    "/items",
    _l("Register a physical thing"),
    _l("Register it"),
    Field("title", _l("What it is"), hint=_l("Without the name of a person.")),
    Field("tag", _l("Tag"), hint=_l("What is written on the tag that is fixed to it.")),
    Field("place", _l("Where it is kept"), hint=_l("Such as a safe or a shelf.")),
    Field("captured_at", _l("When it was seized or handed in"), "moment"),
    Field("method", _l("How it was come by"), hint=_l("Such as a seizure, or handed in by a witness.")),
    Field("original", _l("The item that it belongs to"), "choice", choices=items_of, when=_has_items),
    says=_l("You hold it from now on."),
    done=_l("The thing is registered, and you hold it. Print its label now and fix it to the thing."),
    then=_to_item,
)
