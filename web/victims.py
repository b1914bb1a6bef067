"""Victims: the list of a case, a victim's page with her three axes, and the forms of what is done about her."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
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
    Barrier,
    Care,
    Gender,
    Identification,
    MissedHow,
    Purpose,
    Whereabouts,
)
from evidence_api.models import Consent, KeepApart, Victim
from evidence_api.policy import Permission
from evidence_api.services import cases as casework
from evidence_api.services import victims
from evidence_api.work import Work
from schemas.common import MAX_PAGE
from schemas.victims import VictimsIn
from web.cases import ROOMS, Room, asked, countries, further
from web.forms import Choices, Field, Form, Path, add, contract
from web.pages import SHOWN, Page, may, page, reading
from web.texts import ACTS, LABELS, said

ROOMS.append(Room("case_victims", _l("Victims"), Permission.VICTIM_READ))

CARE_COURSE = [care for care in Care if care is not Care.DECLINED]
"""Her way from the first contact to a life of her own; who declines care stands beside it."""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a victim's page, for who has the permission on her.

    `template` is included; it sees `victim`, and as `part` what `load(work, victim)` gives. It is a `<section>` with a
    heading of the second level.
    """

    template: str
    permission: Permission
    load: Callable[[Work, Victim], Any]


SECTIONS: list[Section] = []
"""Her care stands before her axes, all else after her identity, the last first; each module of pages adds its own."""


def language(code: str) -> str:
    """A language's name; the code itself where Babel knows none."""
    return str(get_locale().languages.get(code, code))


def _options(kind: type[StrEnum]) -> Choices:
    return [(member.value, said(member)) for member in kind]


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
        steps = [step for step in victims.next_steps(work, id)[0] if step.mine]
        return render_template(
            "victim.html",
            victim=found,
            cases=victims.cases_of(work, id),
            axes={
                axis: {
                    "state": getattr(found, axis.value),
                    "moves": [move for move in moves if move.axis is axis],
                    "steps": [step for step in steps if step.axis is axis],
                }
                for axis in Axis
            },
            care_course=CARE_COURSE,
            kept=victims.kept(work, id),
            consents=victims.consents(work, id, limit=SHOWN),
            apart=victims.kept_apart(work, id)[0],
            sections=[
                (section.template, section.load(work, found))
                for section in SECTIONS
                if may(work, section.permission, found)
            ],
            may={permission.value for permission in _HERS if may(work, permission, found)},
            spoken=[language(code) for code in found.languages],
            today=work.now.date(),
            sought=SOUGHT,
            labels=STEPS,
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

REASON = Field("reason", _l("Reason"), "lines", _l("It is kept in the ledger for good. Write no name of a person."))
CODE = Field("otp", _l("Code"), "code", always=True)


def _genders(_work: Work, _thing: Any) -> Choices:
    return _options(Gender)


def _yes_no(_work: Work, _thing: Any) -> Choices:
    return [("true", _l("Yes")), ("false", _l("No"))]


def _known(value: Callable[[Victim], Any]) -> Callable[[Any], Any]:
    """What stands in a field at first: nothing for somebody new."""
    return lambda thing: value(thing) if isinstance(thing, Victim) else None


def _minor(victim: Victim) -> str | None:
    return None if victim.minor is None else str(victim.minor).lower()


FACTS = [
    Field("gender", _l("Gender"), "choice", _l("As she says herself; else as she was met."), _genders),
    Field("minor", _l("Is she a minor?"), "choices", _l("Left open, the estimated age decides it."), _yes_no),
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


def _to_victim(_thing: Any, path: Path) -> str:
    return url_for("pages.victim", id=path["id"])


def _read(work: Work, id: UUID) -> Victim:
    return victims.read(work, id)


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
        thing=lambda work, id: casework.read_case(work, id),
        head="_case.html",
        back=lambda _thing, path: url_for("pages.case_victims", id=path["id"]),
        then=lambda victim, _path: url_for("pages.victim", id=victim.id),
        into="case",
    )
)


def _form(name: str, way: str, method: str, rule: str, title: Any, button: Any, *fields: Field, **more: Any) -> None:
    """A form about one victim."""
    add(
        Form(
            name,
            f"/victims/<uuid:id>/{way}",
            contract(method, f"/victims/<uuid:id>{rule}"),
            title,
            button,
            fields,
            **{"thing": _read, "head": "_victim_head.html", "back": _to_victim, **more},
        )
    )


_form(
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


def _hows(_work: Work, _victim: Victim) -> Choices:
    return _options(MissedHow)


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
        _form(
            f"victim_{_action}",
            f"do/{_action}",
            "POST",
            "/transitions",
            STEPS[_action],
            STEPS[_action],
            *(
                [Field("how", _l("How she was missed"), "choices", choices=_hows, always=True)]
                if _action == "miss"
                else []
            ),
            REASON,
            Field("occurred_at", _l("When it happened"), "moment", _l("Leave it empty if it is happening now.")),
            says=_follows(_axis, _action),
            fixed={"axis": _axis.value, "action": _action},
            done=_l("It is recorded."),
        )


def _other_cases(work: Work, victim: Victim) -> Choices:
    mine, _more = casework.list_cases(work, limit=MAX_PAGE, ended=False)
    known = {case.id for case in victims.cases_of(work, victim.id)}
    return [(str(case.id), f"{case.ref} {case.title}") for case in mine if case.id not in known]


_form(
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

# --- the vault --------------------------------------------------------------------------------------------------------


def _shown_once(template: str) -> Callable[[Any, Path], Page]:
    return lambda opened, path: render_template(template, opened=opened, back=_to_victim(None, path))


_form(
    "set_identity",
    "identity",
    "PUT",
    "/identity",
    _l("Put her identity into the vault"),
    _l("Put it into the vault"),
    Field("name", _l("Name")),
    Field("born", _l("Born"), hint=_l("As far as it is known: 2009-03-14, or 2009-03, or 2009.")),
    Field("nationality", _l("Nationality")),
    Field("contact", _l("How to reach her"), "lines", _l("Only ways that are safe for her.")),
    says=_l("What is left empty stays as it is. What is in the vault is never shown here."),
    done=_l("It is in the vault."),
    drafts=False,
)
_form(
    "remove_identity",
    "identity/remove",
    "PUT",
    "/identity",
    _l("Take her identity out of the vault"),
    _l("Take it out"),
    says=_l("Name, birth, nationality and contact are removed. Do this where they are those of somebody else."),
    fixed=dict.fromkeys(victims.IDENTITY),
    done=_l("It is out of the vault."),
    danger=True,
)
_form(
    "reveal_identity",
    "identity/reveal",
    "POST",
    "/identity/reveal",
    _l("Open her identity"),
    _l("Open it"),
    REASON,
    CODE,
    says=_l("It is shown this once. That you opened it, when and why is recorded for good."),
    shows=_shown_once("victim_identity.html"),
)
_form(
    "set_address",
    "address",
    "PUT",
    "/address",
    _l("Put her address into the vault"),
    _l("Put it into the vault"),
    Field("address", _l("Address"), "lines", _l("Where she lives, and how to find it."), always=True),
    says=_l("It takes the place of the one that is there."),
    done=_l("It is in the vault."),
    drafts=False,
)
_form(
    "remove_address",
    "address/remove",
    "PUT",
    "/address",
    _l("Take her address out of the vault"),
    _l("Take it out"),
    says=_l("The address is removed. Do this where she does not live there any more."),
    fixed=dict.fromkeys(victims.ADDRESS),
    done=_l("It is out of the vault."),
    danger=True,
)
_form(
    "reveal_address",
    "address/reveal",
    "POST",
    "/address/reveal",
    _l("Open her address"),
    _l("Open it"),
    REASON,
    CODE,
    says=_l("It is shown this once. That you opened it, when and why is recorded for good."),
    shows=_shown_once("victim_address.html"),
)

# --- consents, and whom to keep away ----------------------------------------------------------------------------------


def _purposes(_work: Work, _victim: Victim) -> Choices:
    return _options(Purpose)


_form(
    "add_consent",
    "consents/new",
    "POST",
    "/consents",
    _l("Record a consent"),
    _l("Record it"),
    Field("purpose", _l("What she consents to"), "choice", choices=_purposes),
    Field("scope", _l("How far it goes"), "lines", _l("In her words, and without names.")),
    Field("given_at", _l("When she gave it"), "moment", _l("Leave it empty if it is now.")),
    Field("expires_on", _l("The last day on which it holds"), "date"),
    says=_l("She may take it back at any time, and nobody has to approve that."),
    done=_l("The consent is recorded."),
)


def _to_hers(thing: Consent | KeepApart, _path: Path) -> str:
    return url_for("pages.victim", id=thing.victim_id)


add(
    Form(
        "withdraw_consent",
        "/consents/<uuid:id>/withdraw",
        contract("POST", "/consents/<uuid:id>/withdraw"),
        _l("She takes a consent back"),
        _l("Record that it is withdrawn"),
        [REASON],
        says=_l("From now on it does not hold any more."),
        done=_l("The consent is withdrawn."),
        thing=lambda work, id: victims.read_consent(work, id),
        head="_consent_head.html",
        back=_to_hers,
        danger=True,
    )
)


def _barriers(_work: Work, _victim: Victim) -> Choices:
    return _options(Barrier)


def _perpetrators(work: Work, victim: Victim) -> Choices:
    return [(str(one.id), f"{one.ref} {one.alias}") for one in victims.near(work, victim.id).perpetrators]


def _others(work: Work, victim: Victim) -> Choices:
    return [(str(one.id), one.pseudonym) for one in victims.near(work, victim.id).victims]


_form(
    "keep_apart",
    "keep-apart/new",
    "POST",
    "/keep-apart",
    _l("Keep somebody away from her"),
    _l("Record it"),
    Field("barrier", _l("How"), "choices", choices=_barriers),
    Field("perpetrator", _l("A perpetrator"), "choice", choices=_perpetrators),
    Field("victim", _l("Or another victim"), "choice", choices=_others),
    says=_l("Choose one of the two. Those who place her are held to it."),
    done=_l("It is recorded."),
    wrong=lambda apart: (
        _l("It is recorded. Her placement is in conflict with it: place her elsewhere. A step of her care is due now.")
        if apart.placement_conflict
        else None
    ),
)


add(
    Form(
        "end_keep_apart",
        "/keep-apart/<uuid:id>/end",
        contract("POST", "/keep-apart/<uuid:id>/end"),
        _l("Somebody need not be kept away any more"),
        _l("Record it"),
        [REASON],
        says=_l("From now on nobody is held to it."),
        done=_l("It is recorded."),
        thing=lambda work, id: victims.read_keep_apart(work, id),
        back=_to_hers,
        danger=True,
    )
)
