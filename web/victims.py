"""Victims: the list of a case, a victim's page with her three axes, and the forms of what is done about her."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from uuid import UUID

from flask import render_template, url_for
from flask_babel import get_locale
from flask_babel import lazy_gettext as _l

from evidence_api.domain.case import ENDED
from evidence_api.domain.victim import (
    AXES,
    OUT,
    SOUGHT,
    Axis,
    Care,
    Gender,
    Identification,
    MissedHow,
    Whereabouts,
)
from evidence_api.models import Victim
from evidence_api.policy import Permission
from evidence_api.services import cases as casework
from evidence_api.services import consents, identities, keep_apart, victims
from evidence_api.work import Work
from schemas.common import MAX_PAGE
from schemas.victims import VictimsIn
from web.cases import ROOMS, Room, asked, countries, further
from web.forms import REASON, WHEN, Choices, Field, Form, Path, about, add, contract, one_of, way
from web.pages import SHOWN, Page, Section, may, page, parts, reading
from web.texts import ACTS, LABELS

ROOMS.append(Room("case_victims", _l("Victims"), Permission.VICTIM_READ))

CARE_COURSE = [care for care in Care if care not in (Care.NONE, Care.DECLINED)]
"""Her way from the first contact to a life of her own; who declines care stands beside it."""


SECTIONS: list[Section] = []
"""Her care stands before her axes, all else after her identity, the last first; each module of pages adds its own."""


def next_steps(work: Work, victim: Victim) -> dict[str, Any]:
    """For a template: the `steps` that this person may take, by axis, and by action the `ways_on` to what they lack."""
    mine = [step for step in victims.next_steps(work, victim.id)[0] if step.mine]
    return {
        "steps": {axis: [step for step in mine if step.axis is axis] for axis in Axis},
        "ways_on": {step.action: way(step.first, {"id": victim.id}) for step in mine if step.first},
        "labels": STEPS,
    }


def language(code: str) -> str:
    """A language's name; the code itself where Babel knows none."""
    return str(get_locale().languages.get(code, code))


@page("/cases/<uuid:id>/victims", victims.list_of_case)
def case_victims(id: UUID) -> Page:
    """The victims whom a case knows, those registered last first."""
    given = asked(VictimsIn, SHOWN)
    filters = ("whereabouts", "care", "identification")
    with reading() as work:
        found, following = victims.list_of_case(work, id, **given)
        case = casework.read_case(work, id)
        return render_template(
            "case_victims.html",
            case=case,
            victims=found,
            more=further("pages.case_victims", following, id=id),
            given=given,
            filtered=any(given.get(name) for name in filters),
            options={"whereabouts": Whereabouts, "care": Care, "identification": Identification},
            registers=case.stage not in ENDED and may(work, Permission.VICTIM_REGISTER),
            sought=SOUGHT,
        )


@page("/victims/<uuid:id>", victims.read)
def victim(id: UUID) -> Page:
    """One victim: what is known of her, her three axes, and what other modules of pages add."""
    with reading() as work:
        found = victims.read(work, id)
        moves = victims.course(work, id)[0]
        return render_template(
            "victim.html",
            victim=found,
            cases=victims.cases_of(work, id),
            axes={
                axis: {
                    "state": getattr(found, axis.value),
                    "moves": [move for move in moves if move.axis is axis],
                }
                for axis in Axis
            },
            care_course=CARE_COURSE,
            kept=identities.kept(work, id),
            consents=consents.list_of_victim(work, id, limit=SHOWN),
            apart=keep_apart.list_of_victim(work, id)[0],
            sections=parts(work, SECTIONS, found),
            may={permission.value for permission in _HERS if may(work, permission, found)},
            spoken=[language(code) for code in found.languages],
            today=work.now.date(),
            sought=SOUGHT,
            **next_steps(work, found),
        )


_HERS = (
    Permission.VICTIM_EDIT,
    Permission.VICTIM_MOVE,
    Permission.VICTIM_SHARE,
    Permission.IDENTITY_WRITE,
    Permission.IDENTITY_REVEAL,
    Permission.ADDRESS,
)


STEPS: Mapping[str, Any] = {
    **ACTS,
    "confirm": _l("Confirm that she is a victim"),
    "decline": _l("Record that she declines care"),
}
"""What can be done about her. Two of the names are other acts elsewhere."""


# --- forms ------------------------------------------------------------------------------------------------------------


def yes_no(_work: Work, _thing: Any) -> Choices:
    """The choices of a question that may also stay open."""
    return [("true", _l("Yes")), ("false", _l("No"))]


def _known(value: Callable[[Victim], Any]) -> Callable[[Any], Any]:
    """What stands in a field at first: nothing for somebody new."""
    return lambda thing: value(thing) if isinstance(thing, Victim) else None


def _minor(victim: Victim) -> str | None:
    return None if victim.minor is None else str(victim.minor).lower()


FACTS = [
    Field("gender", _l("Gender"), "choice", _l("As she says herself; else as she was met."), one_of(Gender)),
    Field("minor", _l("Is she a minor?"), "choices", _l("Left open, the estimated age decides it."), yes_no),
    Field("estimated_age", _l("Estimated age"), "number", _l("In years.")),
    Field(
        "languages",
        _l("Languages"),
        "list",
        _l("Their codes with commas between, the best first: km for Khmer, vi for Vietnamese, en for English."),
    ),
    Field("country", _l("Country that she is from"), "choice", choices=countries),
    Field("family_members", _l("Members of her family"), "number"),
    Field("dependents", _l("People who depend on her"), "number", _l("Counted apart from her family.")),
]


def _filled(field: Field) -> Field:
    """The field with what is known of her."""
    value = _minor if field.name == "minor" else lambda victim: getattr(victim, field.name)
    return Field(field.name, field.label, field.kind, field.hint, field.choices, _known(value))


def to_victim(_thing: Any, path: Path) -> str:
    """Back to her own page."""
    return url_for("pages.victim", id=path["id"])


def to_her(thing: Any, _path: Path) -> str:
    """Back to the page of her whom a thing is about."""
    return url_for("pages.victim", id=thing.victim_id)


add(
    Form(
        "new_victim",
        "/cases/<uuid:id>/victims/new",
        contract("POST", "/victims"),
        _l("Register a victim"),
        _l("Register her"),
        FACTS,
        says=_l("She gets a pseudonym. Her name is asked for nowhere here: it goes into the vault, on her own page."),
        done=_l("She is registered. From now on she is spoken of by her pseudonym."),
        thing=casework.read_case,
        head="_case.html",
        back=lambda _thing, path: url_for("pages.case_victims", id=path["id"]),
        then=lambda victim, _path: url_for("pages.victim", id=victim.id),
        into="case",
    )
)


on_victim = partial(about, "/victims/<uuid:id>", thing=victims.read, head="_victim_head.html", back=to_victim)

on_victim(
    "edit_victim",
    "edit",
    "PATCH",
    "",
    _l("Change what is known of her"),
    _l("Save"),
    *map(_filled, FACTS),
    says=_l("What stood there before stays in the ledger."),
    done=_l("What is known of her is changed."),
    clears=True,
)


def _follows(axis: Axis, action: str) -> Any:
    """Where a step leads, and what it brings with it."""
    target = next(step.target for step in AXES[axis].steps if step.action == action)
    state = LABELS[type(target)][str(target)]
    if target in SOUGHT:
        return _l(
            "What is then said of her: %(state)s. A search opens, and stays open until she is found.", state=state
        )
    if target in OUT:
        return _l(
            "What is then said of her: %(state)s. Searches for her end, and the needs of 72 hours are listed.",
            state=state,
        )
    return _l("What is then said of her: %(state)s.", state=state)


for _axis, _lifecycle in AXES.items():
    for _action in _lifecycle.actions:
        on_victim(
            f"victim_{_action}",
            f"do/{_action}",
            "POST",
            "/transitions",
            STEPS[_action],
            STEPS[_action],
            *(
                [Field("how", _l("How she was missed"), "choices", choices=one_of(MissedHow), always=True)]
                if _action == "miss"
                else []
            ),
            REASON,
            WHEN,
            says=_follows(_axis, _action),
            fixed={"axis": _axis.value, "action": _action},
            done=_l("It is recorded."),
        )


def _other_cases(work: Work, victim: Victim) -> Choices:
    mine, _more = casework.list_cases(work, limit=MAX_PAGE, ended=False)
    known = {case.id for case in victims.cases_of(work, victim.id)}
    return [(str(case.id), f"{case.ref} {case.title}") for case in mine if case.id not in known]


on_victim(
    "share_victim",
    "share",
    "POST",
    "/cases",
    _l("Let another case know her"),
    _l("Let it know her"),
    Field("case", _l("Which of your cases"), "choice", choices=_other_cases),
    says=_l("Everybody who is assigned to that case then knows of her, and is told when she is in danger again."),
    done=_l("The other case knows her."),
)
