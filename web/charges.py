"""Charges: the matrix of a case, each charge with what proves it and what came of it; whose law applies."""

from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from babel import numbers
from flask import render_template, url_for
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from evidence_api.domain.case import ENDED
from evidence_api.domain.charge import (
    AMENDED_IN,
    ANSWERED,
    CHARGE,
    CONSEQUENT,
    SENTENCED_IN,
    UNPROVEN_IN,
    ChargeState,
    PleaKind,
    Running,
    SentenceKind,
    WithdrawalCode,
)
from evidence_api.domain.roles import Role
from evidence_api.models import Charge, Sentence
from evidence_api.policy import Permission
from evidence_api.services import accounts, charges, jurisdictions, perpetrators, proofs, verdicts
from evidence_api.services import cases as casework
from evidence_api.work import Work
from schemas.charges import ChargesIn
from schemas.common import MAX_PAGE
from web.cases import ROOMS, Room, asked, further, items_of
from web.forms import REASON, WHEN, Choices, Field, Form, Path, about, add, contract, known, one_of, options
from web.home import FEW, PARTS, Part
from web.labels.charges import ACTS as OF_CHARGES
from web.pages import SHOWN, Page, Section, may, page, parts, reading
from web.perpetrators import SECTIONS as OF_PERPETRATOR
from web.texts import ACTS, number, said

STEPS = {**ACTS, **OF_CHARGES}
"""What a step is called here: another room may call one of the same name otherwise."""

SECTIONS: list[Section] = []
"""In the order in which they are shown; each module of pages adds its own."""

ROOMS.append(Room("case_charges", _l("Charges"), Permission.CHARGE_READ))


@page("/cases/<uuid:id>/charges", charges.list_of_case)
def case_charges(id: UUID) -> Page:
    """The matrix of a case, and every edition of every charge."""
    given = asked(ChargesIn, SHOWN)
    with reading() as work:
        case = casework.read_case(work, id)
        found, following = charges.list_of_case(work, id, **given)
        return render_template(
            "case_charges.html",
            case=case,
            law=charges.law(work, id),
            matrix=charges.matrix(work, id),
            charges=found,
            defendants=charges.defendants(work, charges=found),
            more=further("pages.case_charges", following, id=id),
            given=given,
            states=options(ChargeState),
            adds=case.stage not in ENDED and may(work, Permission.CHARGE_WRITE),
            sentence_words=sentence_words,
        )


@page("/charges", charges.list_charges)
def all_charges() -> Page:
    """The charges of all my cases, newest first."""
    given = asked(ChargesIn, SHOWN)
    with reading() as work:
        found, following = charges.list_charges(work, **given)
        return render_template(
            "charges.html",
            charges=found,
            defendants=charges.defendants(work, charges=found),
            more=further("pages.all_charges", following),
            given=given,
            states=options(ChargeState),
        )


@page("/charges/<uuid:id>", charges.read)
def charge(id: UUID) -> Page:
    """One charge: what it says, what proves it, what comes next, what the court made of it, its editions."""
    with reading() as work:
        found = charges.read(work, id)
        case = casework.read_case(work, found.case_id)
        open_ = case.stage not in ENDED
        writes = open_ and may(work, Permission.CHARGE_WRITE, found)
        return render_template(
            "charge.html",
            charge=found,
            case=case,
            defendant=perpetrators.read(work, found.perpetrator_id),
            names=accounts.names(work, ids={one for one in (found.proposer_id, found.approver_id) if one}),
            elements=proofs.elements(work, id),
            steps=charges.next_steps(work, id)[0],
            step_labels=STEPS,
            record=verdicts.record(work, id),
            editions=charges.editions(work, id)[0],
            moves=open_ and may(work, Permission.CHARGE_MOVE, found),
            edits=writes and found.state is ChargeState.PROPOSED,
            amends=writes and found.state in AMENDED_IN,
            gathering=found.state in UNPROVEN_IN,
            proves=writes and found.state in UNPROVEN_IN,
            repleads=writes and found.state in ANSWERED,
            sentences=writes and found.state in SENTENCED_IN,
            sentence_words=sentence_words,
            sections=parts(work, SECTIONS, found),
        )


RUNNING = {Running.CONCURRENT: _l("concurrent"), Running.CONSECUTIVE: _l("consecutive")}


def sentence_words(one: Sentence) -> str:
    """What was imposed, in a phrase."""
    said_so = [said(one.kind)]
    if one.for_life:
        said_so.append(_("for life"))
    if one.days is not None:
        said_so.append(ngettext("%(count)s day", "%(count)s days", one.days, count=number(one.days)))
    if one.amount is not None:
        said_so.append(_money(one.amount, one.currency or ""))
    if one.running is not None:
        said_so.append(str(RUNNING[one.running]))
    if one.suspended:
        said_so.append(_("suspended"))
    return ", ".join(said_so)


def _money(amount: int, currency: str) -> str:
    whole = Decimal(amount).scaleb(-numbers.get_currency_precision(currency))
    return numbers.format_currency(whole, currency, locale=get_locale(), format_type="name", numbering_system="latn")


@page("/jurisdictions", jurisdictions.list_jurisdictions)
def all_jurisdictions() -> Page:
    """Whose law is in use."""
    with reading() as work:
        return render_template("jurisdictions.html", laws=jurisdictions.list_jurisdictions(work)[0])


@page("/jurisdictions/<string:code>", jurisdictions.read)
def jurisdiction(code: str) -> Page:
    """One jurisdiction: its statutes with their elements, its deadlines."""
    with reading() as work:
        return render_template("jurisdiction.html", law=jurisdictions.read(work, code))


# --- on other pages ---------------------------------------------------------------------------------------------------


def _in_state(state: ChargeState, work: Work) -> dict[str, Any]:
    found, more = charges.list_charges(work, state=state, limit=FEW)
    defendants = charges.defendants(work, charges=found)
    return {"charges": found, "more": more, "defendants": defendants} if found else {}


PARTS.append(Part("_home_proposals.html", {Role.SUPERVISOR}, partial(_in_state, ChargeState.PROPOSED)))
PARTS.append(
    Part("_home_warrants.html", {Role.LAWYER, Role.SUPERVISOR}, partial(_in_state, ChargeState.WARRANT_OUTSTANDING))
)


def _of_perpetrator(work: Work, thing: Any) -> dict[str, Any]:
    found, more = charges.list_charges(work, perpetrator=thing.id, limit=FEW)
    return {"charges": found, "more": more}


OF_PERPETRATOR.append(Section("_perpetrator_charges.html", Permission.CHARGE_READ, _of_perpetrator))


# --- forms ------------------------------------------------------------------------------------------------------------


def _to_charge(_thing: Any, path: Path) -> str:
    return url_for("pages.charge", id=path["id"])


def _read(work: Work, id: UUID, *_more: UUID) -> Charge:
    return charges.read(work, id)


def _statutes(work: Work, thing: Any) -> Choices:
    law = charges.law(work, getattr(thing, "case_id", thing.id))
    return [(one.code, f"{one.code} {one.title}") for one in law.statutes.values()]


def _perpetrators(work: Work, case: Any) -> Choices:
    found, _more = perpetrators.list_of_case(work, case.id, limit=MAX_PAGE)
    return [(str(one.id), f"{one.ref} {one.alias}") for one in found]


SAYS = (
    Field("statute", _l("Statute"), "choice", choices=_statutes, value=known(Charge, "statute")),
    Field(
        "particulars",
        _l("Particulars"),
        "lines",
        _l("What she or he is said to have done, where, and to whom by pseudonym."),
        value=known(Charge, "particulars"),
    ),
    Field("offence_from", _l("Day of the offence, or its first"), "date", value=known(Charge, "offence_from")),
    Field(
        "offence_until",
        _l("Its last day"),
        "date",
        _l("Where it went on for more than one. The limitation period begins then."),
        value=known(Charge, "offence_until"),
    ),
)

add(
    Form(
        "new_charge",
        "/cases/<uuid:id>/charges/new",
        contract("POST", "/cases/<uuid:id>/charges"),
        _l("Propose a charge"),
        _l("Propose it"),
        [
            Field("perpetrator", _l("Defendant"), "choice", choices=_perpetrators),
            Field("count", _l("Count"), "number", _l("Left empty: the next of this defendant.")),
            *SAYS,
        ],
        says=_l("You propose it; another person approves it before it is filed."),
        done=_l("The charge is proposed. Say now which items prove each element."),
        thing=casework.read_case,
        head="_case.html",
        back=lambda _thing, path: url_for("pages.case_charges", id=path["id"]),
        then=lambda made, _path: url_for("pages.charge", id=made.id),
    )
)

on_charge = partial(about, "/charges/<uuid:id>", thing=_read, head="_charge_head.html", back=_to_charge)

on_charge(
    "edit_charge",
    "edit",
    "PATCH",
    "",
    _l("Edit the proposed charge"),
    _l("Save"),
    *SAYS,
    says=_l("You propose it then, and another person approves it."),
    done=_l("The charge is changed."),
    clears=True,
)
on_charge(
    "amend_charge",
    "amend",
    "POST",
    "/amend",
    _l("Amend the charge"),
    _l("Amend it"),
    *SAYS,
    REASON,
    says=_l(
        "The next edition takes its place. Another person approves it, and it is filed anew. What proves the same is "
        "carried over."
    ),
    done=_l("The charge is amended. Its next edition waits for approval."),
    then=lambda made, _path: url_for("pages.charge", id=made.id),
    clears=True,
)


def _elements(work: Work, thing: Any) -> Choices:
    found = proofs.elements(work, thing.id).elements
    return [(one.code, one.text) for one in found]


on_charge(
    "prove",
    "prove",
    "POST",
    "/proofs",
    _l("Say what proves an element"),
    _l("Keep it"),
    Field("element", _l("Element of the offence"), "choices", choices=_elements),
    Field("evidence", _l("The item that proves it"), "choice", choices=items_of),
    Field("note", _l("Note"), "lines", _l("Such as where in the recording.")),
    done=_l("It is kept what proves the element."),
)
on_charge(
    "replead",
    "plea",
    "POST",
    "/pleas",
    _l("Change the plea"),
    _l("Record it"),
    Field("plea", _l("Plea"), "choices", choices=one_of(PleaKind)),
    Field("entered_on", _l("Entered on"), "date"),
    REASON,
    says=_l("The last plea counts. Those before it stay on record."),
    done=_l("The plea is changed."),
)
on_charge(
    "impose",
    "sentence",
    "POST",
    "/sentences",
    _l("Record a sentence"),
    _l("Record it"),
    Field("kind", _l("What was imposed"), "choice", choices=one_of(SentenceKind)),
    Field("imposed_on", _l("Imposed on"), "date"),
    Field("days", _l("Days"), "number", _l("Of imprisonment, probation or community service.")),
    Field("for_life", _l("For life"), "check"),
    Field("running", _l("Beside the defendant's other sentences"), "choice", choices=one_of(Running)),
    Field("suspended", _l("Suspended"), "check"),
    Field(
        "amount",
        _l("Amount"),
        "number",
        _l("Of a fine, restitution or forfeiture, in the smallest unit of the currency, such as cents."),
    ),
    Field("currency", _l("Currency"), hint=_l("Three capital letters, such as USD.")),
    Field("note", _l("Note"), "lines", _l("Such as what is forfeited, or to whom it is paid. Write no name.")),
    says=_l("Record each part of the sentence by itself, then close the sentence."),
    done=_l("The sentence is recorded."),
)


def _of_proof(work: Work, id: UUID) -> Any:
    return proofs.read(work, id)


add(
    Form(
        "end_proof",
        "/proofs/<uuid:id>/end",
        contract("POST", "/proofs/<uuid:id>/end"),
        _l("Take back that an item proves it"),
        _l("Take it back"),
        [REASON],
        done=_l("It is taken back."),
        thing=_of_proof,
        head="_proof_head.html",
        back=lambda proof, _path: url_for("pages.charge", id=proof.charge_id),
        danger=True,
    )
)
add(
    Form(
        "strike",
        "/sentences/<uuid:id>/strike",
        contract("POST", "/sentences/<uuid:id>/strike"),
        _l("Strike a sentence"),
        _l("Strike it"),
        [REASON],
        says=_l("For one that was recorded wrongly. What an appeal varied, its outcome says. It stays on record."),
        done=_l("The sentence is struck."),
        thing=lambda work, id: verdicts.read_sentence(work, id),
        head="_sentence_head.html",
        back=lambda imposed, _path: url_for("pages.charge", id=imposed.charge_id),
        danger=True,
    )
)


def _lesser(work: Work, thing: Any) -> Choices:
    lesser = proofs.elements(work, thing.id).lesser
    return [pair for pair in _statutes(work, thing) if pair[0] in lesser]


ON = Field("decided_on", _l("On which day"), "date", _l("Leave it empty if it is today."))
JUDGMENT = Field("document", _l("The judgment, an item of the case"), "choice", choices=items_of, always=True)
RULING = Field("document", _l("The ruling, an item of the case"), "choice", choices=items_of)
COURT = Field("court", _l("Court"), value=known(Charge, "court"))

TAKES: dict[str, tuple[Field, ...]] = {
    "file": (COURT, Field("court_ref", _l("The court's reference"), always=True), ON),
    "plead": (Field("plea", _l("Plea"), "choices", choices=one_of(PleaKind), always=True), ON),
    "list": (COURT, Field("court_ref", _l("The court's reference"), value=known(Charge, "court_ref"))),
    "convict": (JUDGMENT, ON),
    "convict_lesser": (Field("statute", _l("Of what"), "choice", choices=_lesser, always=True), JUDGMENT, ON),
    "acquit": (RULING, ON),
    "dismiss": (RULING, ON),
    "declare_mistrial": (RULING, ON),
    "withdraw": (Field("code", _l("Why it is given up"), "choice", choices=one_of(WithdrawalCode), always=True),),
    "abate": (ON,),
}
SAID = {
    "approve": _l("Your approval is kept with your name. Who proposed it never approves it."),
    "file": _l("It is before the court from then on."),
    "sentence": _l("From then on the sentence can be appealed, for as long as the jurisdiction says."),
    "issue_warrant": _l("It stays on the first pages until it is executed, or the charge abates or is withdrawn."),
    "execute_warrant": _l("The charge goes on from where it was."),
    "abate": _l("Such as upon the death of the defendant. What was found and imposed does not stand any more."),
}

for _action in CHARGE.actions:
    if _action not in CONSEQUENT:
        on_charge(
            f"charge_do_{_action}",
            f"do/{_action}",
            "POST",
            "/transitions",
            STEPS[_action],
            STEPS[_action],
            *TAKES.get(_action, ()),
            REASON,
            WHEN,
            says=SAID.get(_action, ""),
            fixed={"action": _action},
            done=_l("The state of the charge has changed."),
            danger=_action in {"withdraw", "abate"},
        )
