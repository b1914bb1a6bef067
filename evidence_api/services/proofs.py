"""What proves a charge: for each element of the offence the items that prove it, and what is still unproven."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa

from evidence_api.domain.charge import UNPROVEN_IN
from evidence_api.domain.errors import Conflict, InvalidInput
from evidence_api.domain.jurisdiction import Element
from evidence_api.domain.sentences import sentence
from evidence_api.models import Charge, ElementProof, Evidence
from evidence_api.policy import Permission
from evidence_api.services._charges import last_day, lock_running, title_of
from evidence_api.services._checks import named_in_case
from evidence_api.work import Work, act_on


@dataclass(frozen=True, slots=True)
class Proof:
    """An item that proves an element, with the item's ref and title."""

    id: UUID
    charge_id: UUID
    element: str
    evidence_id: UUID
    evidence_ref: str
    evidence_title: str
    note: str | None
    since: datetime


@dataclass(frozen=True, slots=True)
class Proven:
    """An element of the offence, and what proves it."""

    code: str
    text: str
    proofs: list[Proof]


@dataclass(frozen=True, slots=True)
class Elements:
    """What must be proven for a charge. `unproven` has the codes of the elements that nothing proves yet;
    `limitation_until` is the last day on which it can be charged, null where there is always time, or the day of the
    offence is not known."""

    statute: str
    title: str
    limitation_until: date | None
    lesser: list[str]
    elements: list[Proven]
    unproven: list[str]


@act_on(Charge, Permission.CHARGE_READ, read_only=True)
def elements(work: Work, charge: Charge) -> Elements:
    """Each element of the offence with the items that prove it, the oldest first."""
    standing = _PROOFS.where(ElementProof.charge_id == charge.id, ElementProof.ended_at.is_(None))
    found = [Proof(*row) for row in work.session.execute(standing.order_by(ElementProof.id))]
    statute = work.site.settings.jurisdictions.statute(charge.statute)
    # Of a statute that no file has any more, the elements that were proven.
    known = statute.elements if statute else tuple(Element(code, code) for code in {one.element: None for one in found})
    proven = [Proven(one.code, one.text, [proof for proof in found if proof.element == one.code]) for one in known]
    return Elements(
        charge.statute,
        title_of(work, charge.statute),
        last_day(work, charge),
        list(statute.lesser) if statute else [],
        proven,
        [one.code for one in proven if not one.proofs],
    )


_PROOFS = sa.select(
    ElementProof.id,
    ElementProof.charge_id,
    ElementProof.element,
    ElementProof.evidence_id,
    Evidence.ref,
    Evidence.title,
    ElementProof.note,
    ElementProof.since,
).join(Evidence, Evidence.id == ElementProof.evidence_id)


@act_on(ElementProof, Permission.CHARGE_READ, read_only=True)
def read(work: Work, proof: ElementProof) -> Proof:
    """One proof."""
    return _told(work, proof)


def _told(work: Work, proof: ElementProof) -> Proof:
    return Proof(*work.session.execute(_PROOFS.where(ElementProof.id == proof.id)).one())


@act_on(Charge, Permission.CHARGE_WRITE, lock=False)
def prove(work: Work, charge: Charge, *, element: str, evidence: UUID, note: str | None = None) -> Proof:
    """Say that an item proves an element of the offence. Raises Conflict once the charge is decided."""
    lock_running(work, charge, Permission.CHARGE_WRITE)
    named_in_case(work, Evidence, charge.case_id, "evidence", evidence)
    statute = work.site.settings.jurisdictions.statute(charge.statute)
    codes = [one.code for one in statute.elements] if statute else []
    if element not in codes:
        raise InvalidInput({"element": [sentence("Give one of: {choices}.", choices=codes)]})
    if charge.state not in UNPROVEN_IN:
        raise Conflict(sentence("It is decided: {state}. What was to be proven stays as it was.", state=charge.state))
    same = sa.select(ElementProof.id).where(
        ElementProof.charge_id == charge.id,
        ElementProof.element == element,
        ElementProof.evidence_id == evidence,
        ElementProof.ended_at.is_(None),
    )
    if work.session.execute(same.limit(1)).first() is not None:
        raise Conflict("The item is said to prove this already.")
    proof = ElementProof(
        charge_id=charge.id,
        case_id=charge.case_id,
        element=element,
        evidence_id=evidence,
        note=note,
        since=work.now,
    )
    work.session.add(proof)
    work.session.flush()
    data = {"proof": str(proof.id), "element": element, "evidence": str(evidence)}
    work.record(charge, "charge:prove", data=data, facts={"note": note})
    return _told(work, proof)


@act_on(ElementProof, Permission.CHARGE_WRITE, lock=False)
def end(work: Work, proof: ElementProof, *, reason: str) -> None:
    """Say that an item does not prove it after all. What was said stays in the charge's chain."""
    charge = work.get(Charge, proof.charge_id, Permission.CHARGE_WRITE)
    lock_running(work, charge, Permission.CHARGE_WRITE)
    work.session.refresh(proof)
    if charge.state not in UNPROVEN_IN:
        raise Conflict(sentence("It is decided: {state}. What was to be proven stays as it was.", state=charge.state))
    if proof.ended_at is not None:
        raise Conflict("This has been taken back already.")
    proof.ended_at = work.now
    work.record(charge, "charge:prove_end", data={"proof": str(proof.id)}, facts={"reason": reason})
