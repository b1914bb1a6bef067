"""The steps of charges and what they need: for the use cases of charges, of appeals and of the stages of a case."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from evidence_api.domain.appeal import OPEN, AppealState
from evidence_api.domain.charge import (
    CHARGE,
    CHARGED,
    DECIDED,
    MONEY,
    NEEDED,
    TAKEN,
    TIMED,
    VERDICTS,
    WITHOUT_TRIAL,
    ChargeState,
    PleaKind,
    Running,
    SentenceKind,
    VerdictKind,
    WithdrawalCode,
)
from evidence_api.domain.errors import Conflict, InvalidInput, StaleVersion
from evidence_api.domain.jurisdiction import Jurisdiction
from evidence_api.domain.sentences import sentence
from evidence_api.ledger.entry import Fact
from evidence_api.models import Appeal, AppealCharge, Case, Charge, Evidence, Plea, Sentence, Verdict
from evidence_api.policy import Permission
from evidence_api.services._checks import (
    TYPING,
    in_order,
    named_in_case,
    not_after_today,
    not_in_the_future,
    office_day,
    office_zone,
    running_case,
)
from evidence_api.work import Work

QUASHING = (AppealState.QUASHED, AppealState.RETRIAL_ORDERED)
"""Outcomes of an appeal that take a verdict away."""


def lock_running(work: Work, charge: Charge, permission: Permission) -> Case:
    """Lock the case of a charge, then the charge. For use cases that the gate lets in without a lock.

    Raises Conflict once the case has ended, StaleVersion where another act on the charge came between.
    """
    case = running_case(work, charge.case_id, permission)
    work.get(Charge, charge.id, permission, lock=True)
    if work.if_match not in (None, charge.version):
        raise StaleVersion
    return case


def law_of(work: Work, case_id: UUID) -> Jurisdiction:
    """The jurisdiction of a case."""
    return work.site.settings.jurisdictions.of(work.session.get_one(Case, case_id).jurisdiction)


def title_of(work: Work, code: str) -> str:
    """What an offence is called; of one that no file has any more, its code."""
    statute = work.site.settings.jurisdictions.statute(code)
    return statute.title if statute is not None else code


def last_day(work: Work, charge: Charge) -> date | None:
    """The last day on which it can be charged; none where there is always time, or the day of the offence is not
    known."""
    statute = work.site.settings.jurisdictions.statute(charge.statute)
    offence = charge.offence_until or charge.offence_from
    return statute.last_day(offence) if statute is not None and offence is not None else None


# --- for the stages of a case -----------------------------------------------------------------------------------------


def has_charges(work: Work, case: Case) -> bool:
    """Whether anything was ever charged in the case."""
    return work.session.execute(sa.select(Charge.id).where(Charge.case_id == case.id).limit(1)).first() is not None


def uncharged(work: Work, case: Case) -> list[str]:
    """What is missing before a case counts as charged: a charge that came before a court."""
    filed = sa.select(Charge.id).where(Charge.case_id == case.id, Charge.state.in_(CHARGED))
    if work.session.execute(filed.limit(1)).first() is not None:
        return []
    return ["No charge is filed yet. Propose one; once another person has approved it, file it with the court."]


def undecided(work: Work, case: Case) -> list[str]:
    """What is missing before a case counts as judged: every charge decided. A fugitive's warrant holds nothing up."""
    settled = DECIDED | {ChargeState.WARRANT_OUTSTANDING}
    open_ = sa.select(sa.func.count()).select_from(Charge)
    count = work.session.scalars(open_.where(Charge.case_id == case.id, Charge.state.not_in(settled))).one()
    told = "Not every charge is decided. Record the verdict of each, or withdraw it; still open: {count}."
    return [sentence(told, count=count)] if count else []


# --- a step -----------------------------------------------------------------------------------------------------------


def take_step(
    work: Work,
    charge: Charge,
    action: str,
    *,
    reason: str,
    permission: Permission = Permission.CHARGE_MOVE,
    document: UUID | None = None,
    court: str | None = None,
    court_ref: str | None = None,
    plea: PleaKind | None = None,
    statute: str | None = None,
    code: WithdrawalCode | None = None,
    decided_on: date | None = None,
    occurred_at: datetime | None = None,
    appeal: UUID | None = None,
) -> None:
    """Take a charge a step on, with all that follows, and record it; with `appeal`, the one of which the step comes.
    The caller has passed the gate and holds the case and the charge locked.

    Raises InvalidInput for what the step must be told and was not, IllegalTransition, Conflict for what it still needs.
    """
    given: dict[str, Any] = {
        "document": document,
        "court": court,
        "court_ref": court_ref,
        "plea": plea,
        "statute": statute,
        "code": code,
    }
    _complete(action, given)
    not_in_the_future(work, "occurred_at", occurred_at, TYPING)
    not_after_today(work, decided_on=decided_on)
    named_in_case(work, Evidence, charge.case_id, "document", document)
    work.step(CHARGE, charge.state, action, permission, charge)
    day = decided_on or office_day(work, occurred_at)
    in_order("decided_on", charge.filed_on or charge.offence_until or charge.offence_from or day, day)
    if action == "convict_lesser":
        _one_of_the_lesser(work, charge, statute)
    points = missing(work, charge, action, day) if appeal is None else []
    if points:
        raise Conflict(points[0])
    target = charge.held_from if action == "execute_warrant" else None
    _follow(work, charge, action, day, given)
    data: dict[str, Fact] = {
        name: str(given[name]) for name in ("document", "plea", "statute", "code") if given[name] is not None
    }
    work.transition(
        charge,
        "state",
        CHARGE,
        action,
        permission,
        target=target,
        data={
            **data,
            **({"decided_on": day.isoformat()} if action in _DATED else {}),
            **({"appeal": str(appeal)} if appeal is not None else {}),
        },
        facts={"reason": reason, **{name: given[name] for name in ("court", "court_ref") if given[name] is not None}},
        occurred_at=occurred_at,
    )


_DATED = frozenset({"file", "plead", "sentence", "vary", "substitute", "quash", *VERDICTS})
"""Acts of a court, whose day is told beside them."""


def _complete(action: str, given: Mapping[str, Any]) -> None:
    errors = {name: ["Fill this in."] for name in NEEDED.get(action, ()) if given[name] is None}
    strange = [name for name, steps in TAKEN.items() if given[name] is not None and action not in steps]
    errors |= {name: ["This step does not take it. Leave it out."] for name in strange}
    if errors:
        raise InvalidInput(errors)


def _one_of_the_lesser(work: Work, charge: Charge, statute: str | None) -> None:
    known = work.site.settings.jurisdictions.statute(charge.statute)
    lesser = known.lesser if known is not None else ()
    if statute in lesser:
        return
    if not lesser:
        raise InvalidInput({"statute": ["This offence has no lesser one in its jurisdiction."]})
    raise InvalidInput({"statute": [sentence("Give one of: {choices}.", choices=list(lesser))]})


def missing(work: Work, charge: Charge, action: str, day: date) -> list[str]:
    """What is still missing for a step that is taken on that day, in sentences."""
    match action:
        case "approve" | "file":
            return _barred(work, charge, day)
        case "convict" | "convict_lesser" if charge.state is ChargeState.PLEADED:
            last = newest_plea(work, charge.id)
            if last is None or last.plea not in WITHOUT_TRIAL:
                return ["Without a trial, a conviction needs a plea of guilty or of no contest. List it for trial."]
        case "sentence" if not standing_sentences(work, charge.id):
            return ["Record at least one sentence first."]
        case "finalise":
            return _unfinal(work, charge, day)
        case "quash" if not _taken_away(work, charge, QUASHING):
            return ["A verdict is quashed by an appeal. Record the outcome of the appeal."]
        case "vary" | "substitute":
            return ["This comes of an appeal. Record the outcome of the appeal."]
        case "list" if charge.state is ChargeState.QUASHED and not _taken_away(
            work, charge, (AppealState.RETRIAL_ORDERED,)
        ):
            return ["No retrial was ordered. Nothing is left of this charge."]
        case "supersede":
            return ["It is superseded by its next edition. Amend the charge."]
    return []


def _barred(work: Work, charge: Charge, day: date) -> list[str]:
    last = last_day(work, charge)
    # What was filed in time was charged in time, however often it is amended since.
    first = work.session.scalars(
        sa.select(sa.func.min(Charge.filed_on)).where(
            Charge.case_id == charge.case_id,
            Charge.perpetrator_id == charge.perpetrator_id,
            Charge.count == charge.count,
        )
    ).one()
    if last is None or min(day, first or day) <= last:
        return []
    return [sentence("The limitation period is over: it could be charged until {day}.", day=last.isoformat())]


def _unfinal(work: Work, charge: Charge, day: date) -> list[str]:
    points: list[str] = []
    if charge.appeal_until is not None and day <= charge.appeal_until:
        told = "It can be appealed until {day}. It is final once that day is over."
        points.append(sentence(told, day=charge.appeal_until.isoformat()))
    if _taken_away(work, charge, OPEN):
        points.append("An appeal is open. It is final once that is decided.")
    return points


def _taken_away(work: Work, charge: Charge, states: Any) -> bool:
    """Whether an appeal against the last verdict is in one of these states."""
    last = sa.select(sa.func.max(Verdict.recorded_at)).where(Verdict.charge_id == charge.id).scalar_subquery()
    found = (
        sa.select(Appeal.id)
        .join(AppealCharge, AppealCharge.appeal_id == Appeal.id)
        .where(AppealCharge.charge_id == charge.id, Appeal.state.in_(states), Appeal.created_at >= last)
    )
    return work.session.execute(found.limit(1)).first() is not None


def _follow(work: Work, charge: Charge, action: str, day: date, given: Mapping[str, Any]) -> None:
    """What a step brings with it."""
    charge.court = given["court"] or charge.court
    charge.court_ref = given["court_ref"] or charge.court_ref
    if action == "approve":
        charge.approver_id = work.actor.user_id
    elif action == "file":
        charge.filed_on = day
    elif action == "plead":
        enter_plea(work, charge, given["plea"], day)
    elif action in VERDICTS:
        _find(work, charge, VERDICTS[action], day, given["statute"], given["document"])
    elif action == "sentence":
        extend_window(work, charge)
    elif action == "withdraw":
        charge.withdrawal, charge.decided_on = given["code"], day
    elif action == "vary":
        for one in standing_sentences(work, charge.id):
            one.ended_at = _since(work, day)
    elif action == "substitute":
        end_standing(work, charge, day)
        _find(work, charge, VerdictKind.CONVICTED_LESSER, day, given["statute"], given["document"])
    elif action in ("quash", "abate"):
        end_standing(work, charge, day)
        charge.decided_on, charge.appeal_until = day, None
    elif action == "list":
        end_standing(work, charge, day)
        charge.decided_on = charge.appeal_until = None
    if action == "issue_warrant":
        charge.held_from = charge.state
    elif charge.state is ChargeState.WARRANT_OUTSTANDING:
        charge.held_from = None


def _find(
    work: Work, charge: Charge, verdict: VerdictKind, day: date, statute: str | None, document: UUID | None
) -> None:
    convicted = verdict in (VerdictKind.CONVICTED, VerdictKind.CONVICTED_LESSER)
    work.session.add(
        Verdict(
            charge_id=charge.id,
            case_id=charge.case_id,
            verdict=verdict,
            statute=(statute or charge.statute) if convicted else None,
            decided_on=day,
            document_id=document,
            recorded_at=work.now,
        )
    )
    if verdict is not VerdictKind.MISTRIAL:
        charge.decided_on = day
        charge.appeal_until = day + timedelta(days=law_of(work, charge.case_id).deadlines.appeal)


# --- what hangs on a charge -------------------------------------------------------------------------------------------


def enter_plea(work: Work, charge: Charge, plea: PleaKind, day: date) -> Plea:
    """Keep what the defendant answered."""
    entered = Plea(charge_id=charge.id, case_id=charge.case_id, plea=plea, entered_on=day)
    work.session.add(entered)
    return entered


def newest_plea(work: Work, charge_id: UUID) -> Plea | None:
    """The answer that counts."""
    pleas = sa.select(Plea).where(Plea.charge_id == charge_id).order_by(Plea.id.desc())
    return work.session.scalars(pleas.limit(1)).one_or_none()


def standing_sentences(work: Work, charge_id: UUID) -> list[Sentence]:
    """What is imposed and stands."""
    standing = sa.select(Sentence).where(Sentence.charge_id == charge_id, Sentence.ended_at.is_(None))
    return list(work.session.scalars(standing.order_by(Sentence.id)))


def end_standing(work: Work, charge: Charge, day: date) -> None:
    """What was found and imposed does not stand any more, from the day of the court's act on. The rows stay."""
    found = sa.select(Verdict).where(Verdict.charge_id == charge.id, Verdict.ended_at.is_(None))
    for one in (*work.session.scalars(found), *standing_sentences(work, charge.id)):
        one.ended_at = _since(work, day)


def _since(work: Work, day: date) -> datetime:
    """Now, or the end of a day before: an act of a court counts from its day, however late it is recorded."""
    return min(work.now, datetime.combine(day, time.max, office_zone(work)).astimezone(UTC))


def extend_window(work: Work, charge: Charge) -> None:
    """From the last sentence on, the window for an appeal is open anew."""
    last = max(one.imposed_on for one in standing_sentences(work, charge.id))
    charge.appeal_until = last + timedelta(days=law_of(work, charge.case_id).deadlines.appeal)


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
    """Record what a court imposed on a count: `days`, or an `amount` in the smallest unit of its currency.

    The caller has passed the gate and holds the case and the charge locked. Raises InvalidInput for what does not fit
    its kind.
    """
    not_after_today(work, imposed_on=imposed_on)
    in_order("imposed_on", charge.decided_on or imposed_on, imposed_on)
    wrong = misfits(kind, days, amount, currency, for_life, running, note)
    if wrong:
        raise InvalidInput(wrong)
    imposed = Sentence(
        charge_id=charge.id,
        case_id=charge.case_id,
        kind=kind,
        running=running,
        suspended=suspended,
        for_life=for_life,
        days=days,
        amount=amount,
        currency=currency,
        note=note,
        imposed_on=imposed_on,
        recorded_at=work.now,
    )
    work.session.add(imposed)
    work.session.flush()
    work.record(
        charge,
        "charge:impose",
        data={
            "sentence": str(imposed.id),
            "kind": kind.value,
            "days": days,
            "for_life": for_life,
            "suspended": suspended,
            "running": running.value if running else None,
            "imposed_on": imposed_on.isoformat(),
        },
        facts={"amount": amount, "currency": currency, "note": note},
    )
    if charge.state is ChargeState.SENTENCED:
        extend_window(work, charge)
    return imposed


def misfits(
    kind: SentenceKind,
    days: int | None,
    amount: int | None,
    currency: str | None,
    for_life: bool,
    running: Running | None,
    note: str | None,
) -> dict[str, list[str]]:
    """What does not fit its kind, by field."""
    wrong: dict[str, list[str]] = {}
    if for_life and kind is not SentenceKind.IMPRISONMENT:
        wrong["for_life"] = ["Only imprisonment is for life."]
    elif kind in TIMED and for_life == (days is not None):
        life = kind is SentenceKind.IMPRISONMENT
        wrong["days"] = ["Give the number of days, or say that it is for life." if life else "Give the number of days."]
    if kind not in TIMED:
        time = {"days": days, "running": running}
        wrong |= {name: ["This kind of sentence has no time."] for name, got in time.items() if got is not None}
    if kind not in MONEY:
        money = {"amount": amount, "currency": currency}
        wrong |= {name: ["This kind of sentence is not about money."] for name, got in money.items() if got is not None}
    elif (amount is None) != (currency is None):
        wrong["currency" if currency is None else "amount"] = ["Give the amount and its currency."]
    elif amount is None and kind is not SentenceKind.FORFEITURE:
        wrong["amount"] = ["Give the amount and its currency."]
    elif amount is None and note is None:
        wrong["amount"] = ["Give the amount, or note what is forfeited."]
    if kind is SentenceKind.OTHER and note is None:
        wrong["note"] = ["Say what was imposed."]
    return wrong


def strike(work: Work, charge: Charge, imposed: Sentence, *, reason: str) -> None:
    """A sentence does not stand any more. The caller has passed the gate and holds the case and the charge locked."""
    if imposed.ended_at is not None:
        raise Conflict("This sentence does not stand any more.")
    imposed.ended_at = work.now
    work.record(charge, "charge:strike", data={"sentence": str(imposed.id)}, facts={"reason": reason})
