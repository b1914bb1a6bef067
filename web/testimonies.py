"""Testimony: who testifies, what she still needs, how she is protected and prepared; and the forms for it."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from flask import render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from evidence_api.domain.case import ENDED
from evidence_api.domain.lifecycle import Lifecycle
from evidence_api.domain.roles import Role
from evidence_api.domain.scheduling import ResourceKind
from evidence_api.domain.testimony import (
    MEASURE,
    OVER,
    SESSION,
    TESTIMONY,
    MeasureKind,
    NeedCode,
    PreparationKind,
    TestimonyState,
    WitnessKind,
)
from evidence_api.domain.victim import Gender
from evidence_api.models import Measure, Preparation, Testimony, Unavailability
from evidence_api.policy import Permission
from evidence_api.services import accounts, measures, operatives, preparations, testimonies, victims
from evidence_api.services import cases as casework
from evidence_api.work import Work
from schemas.common import MAX_PAGE
from schemas.testimonies import TestimoniesIn
from web.cases import ROOMS, Room, asked, further, items_of
from web.forms import (
    REASON,
    WHEN,
    Choices,
    Field,
    Form,
    Path,
    about,
    add,
    conflicting,
    contract,
    known,
    one_of,
    options,
)
from web.home import FEW, PARTS, Part
from web.labels.testimony import MEASURES, SESSIONS, STEPS
from web.pages import SHOWN, Page, Section, may, page, parts, reading
from web.texts import translated
from web.victims import language

SECTIONS: list[Section] = []
"""In the order in which they are shown; each module of pages adds its own."""

ROOMS.append(Room("case_testimonies", _l("Testimony"), Permission.TESTIMONY_READ))
PARTS.append(Part("_home_testimonies.html", {Role.LAWYER}, lambda work: testimonies.not_ready(work, limit=FEW)))


@page("/cases/<uuid:id>/testimonies", testimonies.list_of_case)
def case_testimonies(id: UUID) -> Page:
    """Who testifies in a case, newest first."""
    given = asked(TestimoniesIn, SHOWN)
    with reading() as work:
        case = casework.read_case(work, id)
        found, following = testimonies.list_of_case(work, id, **given)
        return render_template(
            "case_testimonies.html",
            case=case,
            testimonies=found,
            more=further("pages.case_testimonies", following, id=id),
            given=given,
            kinds=options(WitnessKind),
            states=options(TestimonyState),
            adds=case.stage not in ENDED and may(work, Permission.TESTIMONY_WRITE),
        )


@page("/testimonies/<uuid:id>", testimonies.read)
def testimony(id: UUID) -> Page:
    """One testimony: where it stands and what comes next, the checklist, what protects and prepares the witness."""
    with reading() as work:
        found = testimonies.read(work, id)
        case = casework.read_case(work, found.case_id)
        open_ = case.stage not in ENDED
        supports = open_ and may(work, Permission.TESTIMONY_SUPPORT, found)
        tells = may(work, Permission.CARE_READ, found)
        sessions = preparations.list_of_testimony(work, id, limit=MAX_PAGE)[0] if tells else []
        ready = testimonies.readiness(work, id)
        signed = {one.user_id for one in ready.signatures if one.user_id}
        places = {id for id in (found.guardian, *(one.place_id for one in sessions)) if id}
        return render_template(
            "testimony.html",
            testimony=found,
            case=case,
            steps=testimonies.next_steps(work, id)[0],
            moves=may(work, Permission.TESTIMONY_MOVE, found),
            step_labels=STEPS,
            over=found.state in OVER,
            spoken=language(found.language) if found.language else "",
            ready=ready,
            signs=open_
            and not ready.lacking
            and found.state in testimonies.SIGNED_IN
            and any(one.role is work.actor.role and not one.stands for one in ready.signatures),
            names=accounts.names(work, ids=signed),
            needs=next(iter(testimonies.needs_of(work, id, limit=1)[0]), None) if tells else None,
            codes=list(NeedCode),
            tells=tells,
            measures=[(one, _mine(work, MEASURE, one.state)) for one in found.measures],
            measure_labels=MEASURES,
            sessions=[(one, _settled(work, one)) for one in sessions],
            session_labels=SESSIONS,
            resources=preparations.booked(work, ids=places),
            away=testimonies.unavailabilities(work, id, limit=MAX_PAGE)[0],
            writes=open_ and may(work, Permission.TESTIMONY_WRITE, found),
            supports=supports,
            cares=supports and work.actor.role is Role.CASEWORKER,
            names_operative=open_
            and found.witness_kind is WitnessKind.OPERATIVE
            and may(work, Permission.TESTIMONY_OPERATIVE, found),
            plans=may(work, Permission.PLAN_READ, found),
            sections=parts(work, SECTIONS, found),
        )


def _mine(work: Work, lifecycle: Lifecycle[Any], state: Any) -> list[str]:
    return [one.action for one in lifecycle.steps if state in one.sources and work.actor.role in one.roles]


def _settled(work: Work, session: Preparation) -> list[str]:
    begun = session.starts_at <= work.now
    return [action for action in _mine(work, SESSION, session.state) if begun or action != "hold"]


# --- forms ------------------------------------------------------------------------------------------------------------


def _to_testimony(_thing: Any, path: Path) -> str:
    return url_for("pages.testimony", id=path["id"])


def _victims(work: Work, case: Any) -> Choices:
    found, _more = victims.list_of_case(work, case.id, limit=MAX_PAGE, cursor=None)
    return [(str(one.id), one.pseudonym) for one in found]


LANGUAGE = Field(
    "language",
    _l("In which language the witness testifies"),
    hint=_l("Its code, such as km, vi or en."),
    value=known(Testimony, "language"),
)
INTERPRETER = Field(
    "interpreter_gender",
    _l("Gender of the interpreter, if the witness asks for one"),
    "choice",
    choices=one_of(Gender),
    value=known(Testimony, "interpreter_gender"),
)
LABEL = Field(
    "label",
    _l("Anybody else: what the witness is called"),
    hint=_l("Such as Expert 1, or the name that an operative has in court. No name of a person."),
    value=known(Testimony, "label"),
)

add(
    Form(
        "new_testimony",
        "/cases/<uuid:id>/testimonies/new",
        contract("POST", "/cases/<uuid:id>/testimonies"),
        _l("Name a witness"),
        _l("Name the witness"),
        [
            Field("witness_kind", _l("Who testifies"), "choice", choices=one_of(WitnessKind)),
            Field("witness", _l("A victim: which"), "choice", choices=_victims),
            LABEL,
            LANGUAGE,
            INTERPRETER,
        ],
        says=_l("A victim is known by her pseudonym, anybody else by a text that names nobody."),
        done=_l("The witness is named. Assess now what the witness needs."),
        thing=casework.read_case,
        head="_case.html",
        back=lambda _thing, path: url_for("pages.case_testimonies", id=path["id"]),
        then=lambda testimony, _path: url_for("pages.testimony", id=testimony.id),
        drafts=False,
    )
)


def _read(work: Work, id: UUID, *_more: UUID) -> Testimony:
    return testimonies.read(work, id)


on_testimony = partial(
    about,
    "/testimonies/<uuid:id>",
    thing=_read,
    head="_testimony_head.html",
    back=_to_testimony,
    then=_to_testimony,
)


def _guardians(work: Work, _thing: Any) -> Choices:
    return [(str(one.id), one.name) for one in preparations.bookable(work, kinds=[ResourceKind.GUARDIAN])]


on_testimony(
    "edit_testimony",
    "edit",
    "PATCH",
    "",
    _l("Change what is known of the testimony"),
    _l("Save"),
    LANGUAGE,
    INTERPRETER,
    Field(
        "guardian",
        _l("Guardian who comes with a child"),
        "choice",
        _l("Somebody whom the office can book, and who is tied to no perpetrator."),
        choices=_guardians,
        value=known(Testimony, "guardian_id"),
        when=lambda _work, thing: thing.victim_id is not None,
    ),
    says=_l("Where it was signed for, it is to be signed anew."),
    done=_l("The testimony is changed."),
    clears=True,
    drafts=False,
)


def _operatives(work: Work, _thing: Any) -> Choices:
    found = operatives.list_operatives(work, limit=MAX_PAGE)[0]
    return [(str(one.id), one.code) for one in found if one.ended_at is None]


on_testimony(
    "name_operative",
    "operative",
    "POST",
    "/operative",
    _l("Say which operative it is"),
    _l("Keep it"),
    Field("operative", _l("Operative"), "choice", choices=_operatives),
    says=_l("The lawyer does not see it. So nobody is booked twice at the same time."),
    done=_l("It is kept which operative testifies."),
)
on_testimony(
    "assess_needs",
    "needs",
    "POST",
    "/needs",
    _l("Assess what the witness needs"),
    _l("Keep the assessment"),
    Field("needs.fear", _l("Of whom or what she is afraid"), "lines"),
    Field("needs.trauma", _l("What brings it all back to her"), "lines"),
    Field("needs.health", _l("Her health"), "lines"),
    Field("needs.language", _l("How she understands and makes herself understood"), "lines"),
    Field("needs.understanding", _l("What she knows of courts, and what she has to be told"), "lines"),
    Field("needs.family", _l("Her family"), "lines"),
    Field("needs.safety", _l("Her safety, on the way and in court"), "lines"),
    Field("needs.childcare", _l("Who looks after her children meanwhile"), "lines"),
    Field("needs.travel", _l("How she comes and goes"), "lines"),
    Field("assessed_on", _l("Assessed on"), "date"),
    says=_l("Leave empty what is no need. Write no name of a person, and no address."),
    done=_l("The assessment is kept. Record now which measures are to protect the witness."),
)
on_testimony(
    "name_statement",
    "statement",
    "POST",
    "/statement",
    _l("Name the statement"),
    _l("Keep it"),
    Field(
        "statement",
        _l("Which item is the statement"),
        "choice",
        choices=items_of,
        value=known(Testimony, "statement_id"),
    ),
    Field(
        "disclosed_on",
        _l("Disclosed on"),
        "date",
        _l("Leave it empty while the other side does not have it."),
        value=known(Testimony, "statement_disclosed_on"),
    ),
    done=_l("The statement is named."),
)
on_testimony(
    "count_interview",
    "interviews",
    "POST",
    "/interviews",
    _l("Record an interview"),
    _l("Record it"),
    Field("held_on", _l("Held on"), "date"),
    says=_l("Each interview costs the witness something. Too many are warned of."),
    done=_l("The interview is recorded."),
)
on_testimony(
    "begin_crisis",
    "crisis",
    "POST",
    "/crisis",
    _l("She is in a crisis"),
    _l("Record it"),
    REASON,
    says=_l("What is booked for her is released at once, and nothing is booked until you say that it is over."),
    done=_l("The crisis is recorded. Nothing is booked for her."),
    danger=True,
)
on_testimony(
    "end_crisis",
    "crisis/end",
    "POST",
    "/crisis/end",
    _l("The crisis is over"),
    _l("Record it"),
    REASON,
    says=_l("Times may be booked for her again. The checklist is signed anew."),
    done=_l("It is recorded that the crisis is over."),
)
on_testimony(
    "add_unavailability",
    "away",
    "POST",
    "/unavailabilities",
    _l("Record when the witness cannot come"),
    _l("Record it"),
    Field("from_at", _l("From"), "moment"),
    Field("until_at", _l("Until"), "moment"),
    Field(
        "hard",
        _l("The witness cannot come at all"),
        "check",
        _l("Not ticked: it had better be at another time, as during exams at school."),
        value=lambda _thing: "true",
    ),
    says=_l("Why is not asked, so that nobody can read it."),
    done=_l("It is recorded. Nothing is booked for the witness then."),
    wrong=conflicting,
    drafts=False,
)
on_testimony(
    "sign_readiness",
    "sign",
    "POST",
    "/sign",
    _l("Sign the checklist"),
    _l("Sign it"),
    says=_l(
        "You say that all of it is so. Your signature lapses as soon as something changes that you have signed for."
    ),
    done=_l("You have signed the checklist."),
)

SAYS: Mapping[str, Any] = {
    "decline": _l("What was booked is released. She may change her mind at any time."),
    "schedule": _l("The time that is booked for the witness is confirmed."),
    "conclude": _l("For a victim, a plan for the time after court is opened."),
    "excuse": _l("What was booked is released, and nothing more comes of this testimony."),
    "withdraw": _l("Her word is enough: nobody approves it. What was booked is released at once."),
}

for _action in TESTIMONY.actions:
    on_testimony(
        f"testimony_do_{_action}",
        f"do/{_action}",
        "POST",
        "/transitions",
        STEPS[_action],
        STEPS[_action],
        REASON,
        WHEN,
        says=SAYS.get(_action, ""),
        fixed={"action": _action},
        done=_l("The state of the testimony has changed."),
        danger=_action in {"decline", "excuse", "withdraw"},
    )


# --- measures ---------------------------------------------------------------------------------------------------------

PLAN = Field(
    "plan",
    _l("What is done instead"),
    "lines",
    _l("Without a new plan the witness is not ready. Write no name of a person."),
    value=known(Measure, "plan"),
)

on_testimony(
    "new_measure",
    "measures/new",
    "POST",
    "/measures",
    _l("Record a measure that the witness needs"),
    _l("Record it"),
    Field("kind", _l("What protects the witness"), "choice", choices=one_of(MeasureKind)),
    Field(
        "required",
        _l("Without it the witness is not ready"),
        "check",
        value=lambda _thing: "true",
    ),
    done=_l("The measure is recorded. Apply for it with the court."),
)


def _to_its_testimony(thing: Any, _path: Path) -> str:
    return url_for("pages.testimony", id=thing.testimony_id)


on_measure = partial(
    about,
    "/measures/<uuid:id>",
    thing=measures.read,
    head="_measure_head.html",
    back=_to_its_testimony,
    then=_to_its_testimony,
)

on_measure(
    "edit_measure",
    "edit",
    "PATCH",
    "",
    _l("Change the measure"),
    _l("Save"),
    Field(
        "required",
        _l("Without it the witness is not ready"),
        "check",
        value=lambda thing: "true" if isinstance(thing, Measure) and thing.required else "",
    ),
    PLAN,
    done=_l("The measure is changed."),
    clears=True,
)

RULING = (
    Field("decided_on", _l("Decided on"), "date", _l("Left empty: today.")),
    Field("document", _l("The ruling, an item of the case"), "choice", choices=items_of),
)

for _action in MEASURE.actions:
    on_measure(
        f"measure_do_{_action}",
        f"do/{_action}",
        "POST",
        "/transitions",
        MEASURES[_action],
        MEASURES[_action],
        REASON,
        *(RULING if _action in measures.RULINGS else ()),
        *([PLAN] if _action == "refuse" else []),
        fixed={"action": _action},
        done=_l("The state of the measure has changed."),
        danger=_action == "waive",
    )


# --- preparation ------------------------------------------------------------------------------------------------------


def _places(work: Work, _thing: Any) -> Choices:
    return [(str(one.id), one.name) for one in preparations.bookable(work, kinds=preparations.PLACES)]


def _besides(work: Work, _thing: Any) -> Choices:
    kinds = [kind for kind in ResourceKind if kind not in preparations.PLACES]
    return [(str(one.id), one.name) for one in preparations.bookable(work, kinds=kinds)]


def _has(choices: Callable[[Work, Any], Choices]) -> Callable[[Work, Any], bool]:
    """Asked for only where there is something to choose."""
    return lambda work, thing: bool(choices(work, thing))


def _people(work: Work, thing: Testimony) -> Choices:
    hers = {one.user_id: one.username for one in casework.people(work, thing.case_id)[0] if not one.disabled}
    return [(str(id), name) for id, name in hers.items()]


def _warned(made: Preparation) -> Any:
    if not made.warnings:
        return None
    told: Sequence[str] = [str(translated(one.message)) for one in made.warnings]
    return _("The session is planned. Think of this: %(warnings)s", warnings=" ".join(told))


NEVER_REHEARSED = _l("What she will say is never rehearsed: not its words, and not the answers to questions.")

on_testimony(
    "new_preparation",
    "preparations/new",
    "POST",
    "/preparations",
    _l("Plan a session"),
    _l("Plan it"),
    Field("kind", _l("What it is for"), "choice", choices=one_of(PreparationKind)),
    Field("starts_at", _l("From"), "moment"),
    Field("ends_at", _l("Until"), "moment"),
    Field("place", _l("Where"), "choice", _l("Never a shelter."), choices=_places, when=_has(_places)),
    Field("people", _l("Who of us is there"), "checks", choices=_people),
    Field("resources", _l("What else it takes"), "checks", choices=_besides, when=_has(_besides)),
    Field("note", _l("Note"), "lines", _l("Write no name of a person, and no address.")),
    says=NEVER_REHEARSED,
    done=_l("The session is planned."),
    wrong=_warned,
)

for _action in SESSION.actions:
    about(
        "/preparations/<uuid:id>",
        f"preparation_do_{_action}",
        f"do/{_action}",
        "POST",
        "/transitions",
        SESSIONS[_action],
        SESSIONS[_action],
        REASON,
        thing=preparations.read,
        head="_preparation_head.html",
        back=_to_its_testimony,
        then=_to_its_testimony,
        fixed={"action": _action},
        done=_l("The session is settled."),
    )


def _away(work: Work, id: UUID) -> Unavailability:
    return testimonies.read_unavailability(work, id)


about(
    "/unavailabilities/<uuid:id>",
    "end_unavailability",
    "end",
    "POST",
    "/end",
    _l("The witness can come after all"),
    _l("Record it"),
    thing=_away,
    head="_unavailability_head.html",
    back=_to_its_testimony,
    then=_to_its_testimony,
    done=_l("Times may be booked then again."),
)
