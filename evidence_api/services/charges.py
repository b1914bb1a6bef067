"""Charges: proposed, approved by another person, filed, and taken to the last word, edition by edition."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from evidence_api.domain.charge import CHARGE, CONSEQUENT, ChargeState, PleaKind, VerdictKind, WithdrawalCode
from evidence_api.domain.errors import Conflict, InvalidInput
from evidence_api.domain.jurisdiction import Jurisdiction, Statute
from evidence_api.domain.roles import PERSONAL_ROLES, Role
from evidence_api.domain.sentences import sentence
from evidence_api.ledger.entry import Fact
from evidence_api.models import Case, Charge, ElementProof, Perpetrator, Plea, Sentence, Verdict
from evidence_api.policy import Permission
from evidence_api.services import _charges
from evidence_api.services._charges import law_of, lock_running, missing, title_of
from evidence_api.services._checks import in_order, named_in_case, not_after_today, office_day, refuse_ended
from evidence_api.services._pages import Page, page
from evidence_api.work import Work, act, act_on


@act_on(Case, Permission.CHARGE_WRITE)
def propose(
    work: Work,
    case: Case,
    *,
    perpetrator: UUID,
    statute: str,
    count: int | None = None,
    particulars: str | None = None,
    offence_from: date | None = None,
    offence_until: date | None = None,
) -> Charge:
    """Propose a count against somebody; without its number, the next. Who proposes it never approves it."""
    refuse_ended(work, case.id)
    named_in_case(work, Perpetrator, case.id, "perpetrator", perpetrator)
    _known(work, case.id, statute)
    _days(work, offence_from, offence_until)
    last = sa.select(sa.func.max(Charge.count)).where(Charge.case_id == case.id, Charge.perpetrator_id == perpetrator)
    following = (work.session.execute(last).scalar_one() or 0) + 1
    taken = sa.select(Charge.id).where(
        Charge.case_id == case.id, Charge.perpetrator_id == perpetrator, Charge.count == count
    )
    if count is not None and work.session.execute(taken.limit(1)).first() is not None:
        told = "There is this count against this person already. Amend it, or give another number, such as {number}."
        raise Conflict(sentence(told, number=following))
    charge = Charge(
        case_id=case.id,
        ref=f"{case.ref}-C{work.next_number(f'charge:{case.id}')}",
        perpetrator_id=perpetrator,
        count=count or following,
        edition=1,
        statute=statute,
        particulars=particulars,
        offence_from=offence_from,
        offence_until=offence_until,
        state=CHARGE.initial,
        proposer_id=work.actor.user_id,
        created_at=work.now,
    )
    work.session.add(charge)
    work.session.flush()
    work.record(charge, "charge:propose", data=_data(charge), facts=_facts(charge))
    return charge


def _known(work: Work, case_id: UUID, statute: str) -> Statute:
    law = law_of(work, case_id)
    found = law.statutes.get(statute)
    if found is None:
        told = "There is no such statute in the jurisdiction of this case. Give one of: {choices}."
        raise InvalidInput({"statute": [sentence(told, choices=list(law.statutes))]})
    return found


def _days(work: Work, offence_from: date | None, offence_until: date | None) -> None:
    not_after_today(work, offence_from=offence_from, offence_until=offence_until)
    if offence_until is not None and offence_from is None:
        raise InvalidInput({"offence_from": ["Give its first day too."]})
    if offence_from is not None:
        in_order("offence_until", offence_from, offence_until)


def _data(charge: Charge) -> dict[str, Fact]:
    return {
        "perpetrator": str(charge.perpetrator_id),
        "statute": charge.statute,
        "count": charge.count,
        "edition": charge.edition,
    }


def _facts(charge: Charge) -> dict[str, Fact | float]:
    return {
        "ref": charge.ref,
        "particulars": charge.particulars,
        "offence_from": charge.offence_from.isoformat() if charge.offence_from else None,
        "offence_until": charge.offence_until.isoformat() if charge.offence_until else None,
    }


@act_on(Charge, Permission.CHARGE_WRITE, lock=False)
def edit(work: Work, charge: Charge, /, **changes: Any) -> Charge:
    """Change what is given while it is proposed: `statute`, `particulars`, `offence_from`, `offence_until`. Null takes
    it away. Who changed it last is the one who proposes it."""
    lock_running(work, charge, Permission.CHARGE_WRITE)
    if not changes:
        raise InvalidInput({"particulars": ["Give at least one thing to change."]})
    if charge.state is not ChargeState.PROPOSED:
        told = "It is no proposal any more: {state}. Amend it; the amendment is approved anew."
        raise Conflict(sentence(told, state=charge.state))
    if "statute" in changes and changes["statute"] != charge.statute:
        _known(work, charge.case_id, changes["statute"])
        _end_misfits(work, charge, changes["statute"])
    for name, value in changes.items():
        setattr(charge, name, value)
    _days(work, charge.offence_from, charge.offence_until)
    assert work.actor.user_id is not None
    charge.proposer_id = work.actor.user_id
    told_facts = {name: value for name, value in _facts(charge).items() if name in changes}
    data: dict[str, Fact] = {"statute": charge.statute} if "statute" in changes else {}
    work.record(charge, "charge:edit", data=data, facts=told_facts)
    return charge


def _end_misfits(work: Work, charge: Charge, statute: str) -> None:
    for proof in _proofs(work, charge):
        if not _fits(work, proof.element, charge.statute, statute):
            proof.ended_at = work.now


def _proofs(work: Work, charge: Charge) -> Sequence[ElementProof]:
    standing = sa.select(ElementProof).where(ElementProof.charge_id == charge.id, ElementProof.ended_at.is_(None))
    return work.session.scalars(standing.order_by(ElementProof.id)).all()


def _fits(work: Work, element: str, before: str, after: str) -> bool:
    """What proved an element of one statute proves it of another that has the same element, word for word."""
    if before == after:
        return True
    law = work.site.settings.jurisdictions
    one, other = (
        {e for e in s.elements if e.code == element} if (s := law.statute(c)) else set() for c in (before, after)
    )
    return bool(one & other)


@act_on(Charge, Permission.CHARGE_WRITE, lock=False)
def amend(work: Work, charge: Charge, /, *, reason: str, **changes: Any) -> Charge:
    """Put a next edition in the place of a charge, which is superseded: another `statute`, `particulars`,
    `offence_from` or `offence_until`. It is approved and filed anew; what proves the same is carried over.

    Raises Conflict once the charge is decided.
    """
    case = lock_running(work, charge, Permission.CHARGE_WRITE)
    if all(getattr(charge, name) == value for name, value in changes.items()):
        raise InvalidInput({"statute": ["Give at least one thing that it says otherwise."]})
    work.step(CHARGE, charge.state, "supersede", Permission.CHARGE_WRITE, charge)
    statute = changes.get("statute", charge.statute)
    _known(work, case.id, statute)
    dates = {name: changes.get(name, getattr(charge, name)) for name in ("offence_from", "offence_until")}
    _days(work, **dates)
    edition = Charge(
        case_id=case.id,
        ref=f"{charge.ref.removesuffix(f'.{charge.edition}')}.{charge.edition + 1}",
        perpetrator_id=charge.perpetrator_id,
        count=charge.count,
        edition=charge.edition + 1,
        supersedes_id=charge.id,
        statute=statute,
        particulars=changes.get("particulars", charge.particulars),
        **dates,
        state=CHARGE.initial,
        proposer_id=work.actor.user_id,
        court=charge.court,
        created_at=work.now,
    )
    work.session.add(edition)
    work.session.flush()
    carried = [proof for proof in _proofs(work, charge) if _fits(work, proof.element, charge.statute, statute)]
    work.session.add_all(
        ElementProof(
            charge_id=edition.id,
            case_id=case.id,
            element=proof.element,
            evidence_id=proof.evidence_id,
            note=proof.note,
            since=work.now,
        )
        for proof in carried
    )
    work.transition(
        charge,
        "state",
        CHARGE,
        "supersede",
        Permission.CHARGE_WRITE,
        data={"by": str(edition.id)},
        facts={"reason": reason},
    )
    data: dict[str, Fact] = {**_data(edition), "supersedes": str(charge.id), "proofs": len(carried)}
    work.record(edition, "charge:amend", data=data, facts={**_facts(edition), "reason": reason})
    return edition


@act_on(Charge, Permission.CHARGE_READ, read_only=True)
def read(work: Work, charge: Charge) -> Charge:
    """One charge."""
    return charge


@act(Permission.CHARGE_READ, read_only=True)
def list_charges(
    work: Work,
    *,
    limit: int = 50,
    cursor: UUID | None = None,
    state: ChargeState | None = None,
    perpetrator: UUID | None = None,
) -> Page[Charge]:
    """The charges of all the actor's cases, newest first."""
    return page(work, _asked(work, state, perpetrator), Charge.id, limit, cursor)


def _asked(work: Work, state: ChargeState | None, perpetrator: UUID | None) -> sa.Select[Charge]:
    query = work.query(Charge)
    if state is not None:
        query = query.where(Charge.state == state)
    return query if perpetrator is None else query.where(Charge.perpetrator_id == perpetrator)


@act_on(Case, Permission.CHARGE_READ, read_only=True)
def list_of_case(
    work: Work,
    case: Case,
    *,
    limit: int = 50,
    cursor: UUID | None = None,
    state: ChargeState | None = None,
    perpetrator: UUID | None = None,
) -> Page[Charge]:
    """The charges of a case, every edition, newest first."""
    return page(work, _asked(work, state, perpetrator).where(Charge.case_id == case.id), Charge.id, limit, cursor)


@act_on(Charge, Permission.CHARGE_READ, read_only=True)
def editions(work: Work, charge: Charge) -> tuple[list[Charge], None]:
    """Every edition of the same count, newest first."""
    same = sa.select(Charge).where(
        Charge.case_id == charge.case_id, Charge.perpetrator_id == charge.perpetrator_id, Charge.count == charge.count
    )
    return list(work.session.scalars(same.order_by(Charge.edition.desc()))), None


@act(Permission.CHARGE_READ, read_only=True)
def defendants(work: Work, *, charges: Sequence[Charge]) -> dict[UUID, Perpetrator]:
    """Who is charged, by id, with one query."""
    people = work.query(Perpetrator).where(Perpetrator.id.in_({one.perpetrator_id for one in charges}))
    return {one.id: one for one in work.session.scalars(people)}


@act_on(Case, Permission.CHARGE_READ, read_only=True)
def law(work: Work, case: Case) -> Jurisdiction:
    """Whose law applies to a case."""
    return law_of(work, case.id)


# --- step by step -----------------------------------------------------------------------------------------------------


@act_on(Charge, Permission.CHARGE_MOVE, lock=False)
def transition(
    work: Work,
    charge: Charge,
    *,
    action: str,
    reason: str,
    document: UUID | None = None,
    court: str | None = None,
    court_ref: str | None = None,
    plea: PleaKind | None = None,
    statute: str | None = None,
    code: WithdrawalCode | None = None,
    decided_on: date | None = None,
    occurred_at: datetime | None = None,
) -> Charge:
    """Take a charge a step on.

    Raises Forbidden to who proposed it, where it is to be approved, IllegalTransition with what is legal now, and
    Conflict for what it still needs.
    """
    work.require_role(CHARGE, action, Permission.CHARGE_MOVE, charge)
    lock_running(work, charge, Permission.CHARGE_MOVE)
    if action == "approve" and charge.proposer_id == work.actor.user_id:
        told = "Another person must approve it: you proposed it."
        raise work.forbid(told, Permission.CHARGE_MOVE, charge)
    _charges.take_step(
        work,
        charge,
        action,
        reason=reason,
        document=document,
        court=court,
        court_ref=court_ref,
        plea=plea,
        statute=statute,
        code=code,
        decided_on=decided_on,
        occurred_at=occurred_at,
    )
    return charge


@dataclass(frozen=True, slots=True)
class NextStep:
    """A step that the charge can take: by whom, whether by the actor, and what is still missing for it."""

    action: str
    target: ChargeState | None
    roles: list[Role]
    mine: bool
    open: list[str]


@act_on(Charge, Permission.CHARGE_READ, read_only=True)
def next_steps(work: Work, charge: Charge) -> tuple[list[NextStep], None]:
    """Every step that can be taken from the state of the charge, in the order of the table; not what comes of another
    act, such as of an amendment or an appeal."""
    barred = charge.proposer_id == work.actor.user_id
    return [
        NextStep(
            row.action,
            row.target or charge.held_from,
            [role for role in PERSONAL_ROLES if role in row.roles],
            work.actor.role in row.roles and not (barred and row.action == "approve"),
            missing(work, charge, row.action, office_day(work)),
        )
        for row in CHARGE.steps
        if charge.state in row.sources and row.action not in CONSEQUENT
    ], None


# --- the matrix -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cell:
    """A count against a defendant in its standing edition, with the last plea, the verdict and the sentences that
    stand."""

    charge: UUID
    ref: str
    count: int
    edition: int
    statute: str
    title: str
    state: ChargeState
    plea: PleaKind | None
    verdict: VerdictKind | None
    found: str | None
    """The statute of which the court convicted."""
    decided_on: date | None
    appeal_until: date | None
    sentences: list[Sentence]


@dataclass(frozen=True, slots=True)
class Defendant:
    """Somebody who is charged, with a cell for each count of hers or his."""

    perpetrator: UUID
    ref: str
    alias: str
    cells: list[Cell]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Defendants by counts. `counts` has the number of every count that somebody is charged with."""

    counts: list[int]
    defendants: list[Defendant]


@act_on(Case, Permission.CHARGE_READ, read_only=True)
def matrix(work: Work, case: Case) -> Matrix:
    """Who is charged with what, and what came of it, in the order in which they were registered."""
    standing = (
        work.query(Charge)
        .where(Charge.case_id == case.id, Charge.state != ChargeState.SUPERSEDED)
        .order_by(Charge.perpetrator_id, Charge.count)
    )
    found = work.session.scalars(standing).all()
    ids = [one.id for one in found]
    pleas = {one.charge_id: one.plea for one in _of(work, Plea, ids)}
    verdicts = {one.charge_id: one for one in _of(work, Verdict, ids) if one.ended_at is None}
    sentences: dict[UUID, list[Sentence]] = {}
    for one in _of(work, Sentence, ids):
        if one.ended_at is None:
            sentences.setdefault(one.charge_id, []).append(one)
    people = defendants(work, charges=found)
    cells: dict[UUID, list[Cell]] = {}
    for charge in found:
        verdict = verdicts.get(charge.id)
        cells.setdefault(charge.perpetrator_id, []).append(
            Cell(
                charge.id,
                charge.ref,
                charge.count,
                charge.edition,
                charge.statute,
                title_of(work, charge.statute),
                charge.state,
                pleas.get(charge.id),
                verdict.verdict if verdict else None,
                verdict.statute if verdict else None,
                charge.decided_on,
                charge.appeal_until,
                sentences.get(charge.id, []),
            )
        )
    return Matrix(
        sorted({charge.count for charge in found}),
        [Defendant(one.id, one.ref, one.alias, cells[one.id]) for _id, one in sorted(people.items())],
    )


def _of(work: Work, model: Any, charges: list[UUID]) -> Sequence[Any]:
    rows: Sequence[Any] = work.session.scalars(
        sa.select(model).where(model.charge_id.in_(charges)).order_by(model.id)
    ).all()
    return rows
