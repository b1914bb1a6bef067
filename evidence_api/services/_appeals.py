"""What appeals mean for their counts and their case: for the use cases of appeals and for closing a case."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from evidence_api.domain.appeal import OPEN
from evidence_api.domain.case import Stage
from evidence_api.domain.charge import APPEALABLE, CONVICTIONS, ChargeState
from evidence_api.domain.errors import InvalidInput, StaleVersion
from evidence_api.domain.sentences import sentence
from evidence_api.models import Appeal, AppealCharge, Case, Charge, Verdict
from evidence_api.policy import Permission
from evidence_api.services import _charges
from evidence_api.services._checks import office_day
from evidence_api.work import Work

REOPENED = (Stage.JUDGED, Stage.MONITORING, Stage.CLOSED)
SENTENCED = (ChargeState.SENTENCED, ChargeState.FINAL)

GROUNDS: Mapping[str, tuple[frozenset[ChargeState], str]] = {
    "vary": (frozenset(SENTENCED), "No sentence stands that could be varied: {ref}."),
    "substitute": (APPEALABLE, "No verdict stands in whose place another could be put: {ref}."),
    "quash": (CONVICTIONS, "No conviction stands that could be quashed: {ref}."),
    "order_retrial": (APPEALABLE, "No verdict stands that a retrial could be ordered for: {ref}."),
}
"""For each outcome that changes its counts, where these must stand, and what is said where one does not."""


# --- for closing a case -----------------------------------------------------------------------------------------------


def open_windows(work: Work, case: Case) -> list[str]:
    """What of the case may still come before a court of appeal, or is there, one sentence each."""
    appeals = sa.select(Appeal.ref).where(Appeal.case_id == case.id, Appeal.state.in_(OPEN)).order_by(Appeal.id)
    points: list[str] = [
        sentence("An appeal is open: {ref}. It is decided or withdrawn first.", ref=ref)
        for ref in work.session.scalars(appeals)
    ]
    windows = sa.select(Charge.ref, Charge.appeal_until).where(
        Charge.case_id == case.id, Charge.state.in_(APPEALABLE), Charge.appeal_until >= office_day(work)
    )
    told = "An appeal may be filed until {day}: {ref}. The case stays open until then."
    return points + [
        sentence(told, day=str(until), ref=ref) for ref, until in work.session.execute(windows.order_by(Charge.id))
    ]


# --- locks ------------------------------------------------------------------------------------------------------------


def lock_counts(work: Work, ids: Sequence[UUID]) -> list[Charge]:
    """The counts, locked in the order of their ids. The caller holds their case locked."""
    find = work.query(Charge).where(Charge.id.in_(ids)).order_by(Charge.id)
    locked = find.with_for_update(of=Charge, key_share=True).execution_options(populate_existing=True)
    return list(work.session.scalars(locked))


def lock(work: Work, appeal: Appeal, permission: Permission) -> Case:
    """Lock the case of an appeal, its counts, then the appeal: of a closed case too, as courts of appeal take their
    time. Raises StaleVersion where another act on the appeal came between."""
    case = work.get(Case, appeal.case_id, permission, lock=True)
    counts = sa.select(AppealCharge.charge_id).where(AppealCharge.appeal_id == appeal.id)
    lock_counts(work, list(work.session.scalars(counts)))
    work.get(Appeal, appeal.id, permission, lock=True)
    if work.if_match not in (None, appeal.version):
        raise StaleVersion
    return case


# --- outcomes ---------------------------------------------------------------------------------------------------------


def missing(work: Work, appeal: Appeal, action: str) -> list[str]:
    """What stands against a step, in sentences."""
    if action not in GROUNDS:
        return []
    states, told = GROUNDS[action]
    points: list[str] = [sentence(told, ref=one.ref) for one in appeal.counts if one.state not in states]
    replaced = sa.select(Charge.ref).join(Verdict, Verdict.charge_id == Charge.id)
    replaced = replaced.where(
        Charge.id.in_([one.id for one in appeal.counts if one.state in states]),
        Verdict.ended_at.is_(None),
        Verdict.recorded_at > appeal.created_at,
    )
    told = "The verdict is another than the one that was appealed against: {ref}. Dismiss or withdraw this appeal."
    points += [sentence(told, ref=ref) for ref in work.session.scalars(replaced.order_by(Charge.id))]
    return points


def follow(
    work: Work,
    case: Case,
    appeal: Appeal,
    action: str,
    *,
    reason: str,
    day: date,
    document: UUID | None,
    statute: str | None,
    sentences: Sequence[Mapping[str, Any]],
) -> None:
    """What an outcome does to the counts and to the case. The caller holds them locked and has moved the appeal."""
    work.session.flush()
    imposed = _by_count(appeal, sentences)
    told: dict[str, Any] = {"reason": reason, "decided_on": day, "document": document, "appeal": appeal.id}
    permission = Permission.CHARGE_WRITE
    for charge in appeal.counts:
        match action:
            case "vary" if charge.id in imposed:
                _charges.take_step(work, charge, "vary", permission=permission, **told)
                _impose(work, charge, imposed[charge.id], day)
            case "dismiss" | "vary" if charge.state in APPEALABLE:
                _open_window(work, charge, appeal, day)
            case "substitute":
                _charges.take_step(work, charge, "substitute", permission=permission, statute=statute, **told)
                if charge.id in imposed:
                    _impose(work, charge, imposed[charge.id], day)
                    _charges.take_step(work, charge, "sentence", permission=permission, **told)
            case "quash":
                _charges.take_step(work, charge, "quash", permission=permission, **told)
            case "order_retrial":
                _charges.take_step(work, charge, "quash", permission=permission, **told)
                _charges.take_step(work, charge, "list", permission=permission, **told)
    work.session.flush()
    if action in ("quash", "order_retrial"):
        _reopen(work, case, appeal, reason)


def _by_count(appeal: Appeal, sentences: Sequence[Mapping[str, Any]]) -> dict[UUID, list[dict[str, Any]]]:
    """The sentences by the count for which each is. Raises InvalidInput where that is not said, or wrong."""
    mine = {one.id for one in appeal.counts}
    found: dict[UUID, list[dict[str, Any]]] = {}
    for number, one in enumerate(sentences):
        given = {**one, "number": number}
        charge = given.pop("charge", None) or (min(mine) if len(mine) == 1 else None)
        if charge is None:
            raise InvalidInput({f"sentences.{number}.charge": ["Say for which of its counts this is."]})
        if charge not in mine:
            raise InvalidInput({f"sentences.{number}.charge": ["The appeal is not about this count."]})
        found.setdefault(charge, []).append(given)
    return found


def _impose(work: Work, charge: Charge, sentences: Sequence[Mapping[str, Any]], day: date) -> None:
    for one in sentences:
        given = {"imposed_on": day, **one}
        number = given.pop("number")
        try:
            _charges.impose(work, charge, **given)
        except InvalidInput as error:
            named = {f"sentences.{number}.{name}": found for name, found in error.errors.items()}
            raise InvalidInput(named) from error


def _open_window(work: Work, charge: Charge, appeal: Appeal, day: date) -> None:
    """What a court of appeal leaves standing may go to the next one, within the same time."""
    until = day + timedelta(days=_charges.law_of(work, charge.case_id).deadlines.appeal)
    charge.appeal_until = max(until, charge.appeal_until or until)
    data = {"appeal": str(appeal.id), "appeal_until": charge.appeal_until.isoformat()}
    work.record(charge, "charge:appeal_window", data=data)


def _reopen(work: Work, case: Case, appeal: Appeal, reason: str) -> None:
    """Lead a case that was judged back to trial where something of it is to be decided anew. One on hold resumes
    there."""
    held = case.stage is Stage.ON_HOLD
    before = case.held_from if held else case.stage
    if before not in REOPENED or Stage.IN_TRIAL not in work.site.settings.kinds.stages(case.kind):
        return
    if not _charges.undecided(work, case):
        return
    case.closing_id = case.closing_role = None
    facts, data = {"reason": reason}, {"appeal": str(appeal.id)}
    if held:
        case.held_from = Stage.IN_TRIAL
        work.record(case, "case:reopen", data={"from": before.value, "to": Stage.IN_TRIAL.value, **data}, facts=facts)
        return
    course = work.site.settings.kinds.course(case.kind, case.stage)
    work.transition(
        case, "stage", course, "reopen", Permission.CASE_STAGE, target=Stage.IN_TRIAL, data=data, facts=facts
    )
