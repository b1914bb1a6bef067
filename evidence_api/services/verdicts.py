"""What courts made of a charge: pleas, verdicts and sentences, each a row of its own that stays."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from evidence_api.domain.charge import ANSWERED, SENTENCED_IN, ChargeState, PleaKind, Running, SentenceKind
from evidence_api.domain.errors import Conflict
from evidence_api.domain.sentences import sentence
from evidence_api.models import Charge, Plea, Sentence, Verdict
from evidence_api.policy import Permission
from evidence_api.services import _charges
from evidence_api.services._charges import lock_running
from evidence_api.services._checks import in_order, not_after_today
from evidence_api.work import Work, act_on


@dataclass(frozen=True, slots=True)
class CourtRecord:
    """All that a court made of a charge, the oldest first. What has `ended_at` does not stand any more."""

    pleas: list[Plea]
    verdicts: list[Verdict]
    sentences: list[Sentence]


@act_on(Charge, Permission.CHARGE_READ, read_only=True)
def record(work: Work, charge: Charge) -> CourtRecord:
    """What the defendant answered, what the court found and imposed."""
    return CourtRecord(*(_of(work, model, charge.id) for model in (Plea, Verdict, Sentence)))


def _of(work: Work, model: Any, charge_id: UUID) -> list[Any]:
    return list(work.session.scalars(sa.select(model).where(model.charge_id == charge_id).order_by(model.id)))


@act_on(Charge, Permission.CHARGE_WRITE, lock=False)
def replead(work: Work, charge: Charge, *, plea: PleaKind, entered_on: date, reason: str) -> Plea:
    """Record that the defendant answers otherwise. The last answer counts; those before it stay.

    Raises Conflict before the first answer, which is a step of the charge, and after the verdict.
    """
    lock_running(work, charge, Permission.CHARGE_WRITE)
    not_after_today(work, entered_on=entered_on)
    in_order("entered_on", charge.filed_on or entered_on, entered_on)
    if charge.state not in ANSWERED:
        told = "A plea is changed between the first answer and the verdict. The state is: {state}."
        raise Conflict(sentence(told, state=charge.state))
    entered = _charges.enter_plea(work, charge, plea, entered_on)
    work.session.flush()
    data = {"plea": plea.value, "entered_on": entered_on.isoformat()}
    work.record(charge, "charge:replead", data=data, facts={"reason": reason})
    return entered


@act_on(Charge, Permission.CHARGE_WRITE, lock=False)
def impose(
    work: Work,
    charge: Charge,
    *,
    kind: SentenceKind,
    imposed_on: date,
    days: int | None = None,
    amount: int | None = None,
    currency: str | None = None,
    for_life: bool = False,
    running: Running | None = None,
    suspended: bool = False,
    note: str | None = None,
) -> Sentence:
    """Record what the court imposed for this count. Several may stand beside one another."""
    lock_running(work, charge, Permission.CHARGE_WRITE)
    _still_sentenced(charge)
    return _charges.impose(
        work,
        charge,
        kind=kind,
        imposed_on=imposed_on,
        days=days,
        amount=amount,
        currency=currency,
        for_life=for_life,
        running=running,
        suspended=suspended,
        note=note,
    )


@act_on(Sentence, Permission.CHARGE_READ, read_only=True)
def read_sentence(work: Work, imposed: Sentence) -> Sentence:
    """One sentence."""
    return imposed


@act_on(Sentence, Permission.CHARGE_WRITE, lock=False)
def strike(work: Work, imposed: Sentence, *, reason: str) -> Sentence:
    """Strike a sentence that was recorded wrongly. What an appeal varied, its outcome says.

    Raises Conflict for the last one of a charge that counts as sentenced.
    """
    charge = work.get(Charge, imposed.charge_id, Permission.CHARGE_WRITE)
    lock_running(work, charge, Permission.CHARGE_WRITE)
    work.session.refresh(imposed)
    _still_sentenced(charge)
    standing = _charges.standing_sentences(work, charge.id)
    if charge.state is ChargeState.SENTENCED and [one.id for one in standing] == [imposed.id]:
        raise Conflict("It is the only sentence. Record the one that takes its place first.")
    _charges.strike(work, charge, imposed, reason=reason)
    if charge.state is ChargeState.SENTENCED:
        work.session.flush()
        _charges.extend_window(work, charge)
    return imposed


def _still_sentenced(charge: Charge) -> None:
    if charge.state not in SENTENCED_IN:
        told = "Sentences are recorded once the court has convicted, until it is final. The state is: {state}."
        raise Conflict(sentence(told, state=charge.state))
