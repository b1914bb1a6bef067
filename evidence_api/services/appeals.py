"""Appeals against verdicts and sentences: filing them in time, their steps, and the days until which one may come."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from evidence_api.domain.appeal import APPEAL, NEEDED, OPEN, OUTCOMES, TAKEN, AppealState, Side
from evidence_api.domain.case import Stage
from evidence_api.domain.charge import APPEALABLE
from evidence_api.domain.errors import Conflict, InvalidInput
from evidence_api.domain.sentences import sentence
from evidence_api.ledger.entry import Fact
from evidence_api.models import Appeal, AppealCharge, Case, Charge, Evidence
from evidence_api.policy import Permission
from evidence_api.services import _appeals
from evidence_api.services._checks import (
    TYPING,
    in_order,
    named_in_case,
    not_after_today,
    not_in_the_future,
    office_day,
    refuse_ended,
)
from evidence_api.services._pages import Page, page
from evidence_api.services._steps import NextStep, legal_steps
from evidence_api.work import Work, act, act_on


@act_on(Case, Permission.CHARGE_WRITE)
def file(
    work: Work,
    case: Case,
    *,
    charges: Sequence[UUID],
    side: Side,
    filed_on: date,
    court: str | None = None,
    court_ref: str | None = None,
    grounds: str | None = None,
    late_reason: str | None = None,
) -> Appeal:
    """Record that a side appeals against counts on which a court has decided. After the window of one of them it takes
    the reason for which it may still come. In a closed case too: courts may let an appeal in years later."""
    if case.stage is not Stage.CLOSED:
        refuse_ended(work, case.id)
    not_after_today(work, filed_on=filed_on)
    counts = _appeals.lock_counts(work, charges)
    if {one.id for one in counts if one.case_id == case.id} != set(charges):
        raise InvalidInput({"charges": ["There is no such charge in this case."]})
    for one in counts:
        if one.state not in APPEALABLE:
            told = "No court has decided on this count: {ref}. Its state is: {state}."
            raise InvalidInput({"charges": [sentence(told, ref=one.ref, state=one.state)]})
        in_order("filed_on", one.decided_on or filed_on, filed_on)
    _not_twice(work, counts, side)
    _in_time(counts, filed_on, late_reason)
    appeal = Appeal(
        case_id=case.id,
        ref=f"{case.ref}-A{work.next_number(f'appeal:{case.id}')}",
        side=side,
        state=APPEAL.initial,
        court=court,
        court_ref=court_ref,
        grounds=grounds,
        filed_on=filed_on,
        late_reason=late_reason,
        created_at=work.now,
    )
    work.session.add(appeal)
    work.session.flush()
    work.session.add_all(AppealCharge(appeal_id=appeal.id, charge_id=one.id, case_id=case.id) for one in counts)
    work.session.flush()
    work.session.refresh(appeal, ["counts"])
    work.record(
        appeal,
        "appeal:file",
        data={
            "side": side.value,
            "filed_on": filed_on.isoformat(),
            "late": appeal.late,
            **{f"charge_{number}": str(one.id) for number, one in enumerate(appeal.counts, 1)},
        },
        facts={"ref": appeal.ref, **_facts(court, court_ref, grounds), "late_reason": late_reason},
    )
    return appeal


def _not_twice(work: Work, counts: Sequence[Charge], side: Side) -> None:
    open_ = (
        sa.select(Appeal.ref)
        .join(AppealCharge, AppealCharge.appeal_id == Appeal.id)
        .where(AppealCharge.charge_id.in_([one.id for one in counts]), Appeal.side == side, Appeal.state.in_(OPEN))
    )
    ref = work.session.scalars(open_.limit(1)).one_or_none()
    if ref is not None:
        raise Conflict(sentence("This side has appealed against one of these counts already: {ref}.", ref=ref))


def _in_time(counts: Sequence[Charge], filed_on: date, late_reason: str | None) -> None:
    missed = [one for one in counts if one.appeal_until is not None and filed_on > one.appeal_until]
    if missed and late_reason is None:
        until = missed[0].appeal_until
        assert until is not None
        told = "It comes too late: the time for {ref} ended on {day}. Say why it may still come."
        raise InvalidInput({"late_reason": [sentence(told, ref=missed[0].ref, day=until.isoformat())]})
    if late_reason is not None and not missed:
        raise InvalidInput({"late_reason": ["It comes in time. Leave this out."]})


def _facts(court: str | None, court_ref: str | None, grounds: str | None) -> dict[str, Fact]:
    return {"court": court, "court_ref": court_ref, "grounds": grounds}


@act_on(Case, Permission.CHARGE_READ, read_only=True)
def list_of_case(
    work: Work, case: Case, *, limit: int = 50, cursor: UUID | None = None, state: AppealState | None = None
) -> Page[Appeal]:
    """The appeals of a case, newest first."""
    query = work.query(Appeal).where(Appeal.case_id == case.id)
    if state is not None:
        query = query.where(Appeal.state == state)
    return page(work, query, Appeal.id, limit, cursor)


@act_on(Case, Permission.CHARGE_READ, read_only=True)
def counts(work: Work, case: Case) -> list[Charge]:
    """The counts of a case on which a court has decided, so that a side may appeal against them."""
    query = work.query(Charge).where(Charge.case_id == case.id, Charge.state.in_(APPEALABLE))
    return list(work.session.scalars(query.order_by(Charge.id)))


@act_on(Appeal, Permission.CHARGE_READ, read_only=True)
def read(work: Work, appeal: Appeal) -> Appeal:
    """One appeal."""
    return appeal


@act_on(Appeal, Permission.CHARGE_WRITE, lock=False)
def edit(work: Work, appeal: Appeal, /, **changes: Any) -> Appeal:
    """Change what is given, while it is filed and no more: `court`, `court_ref`, `grounds`. Null takes it away."""
    _appeals.lock(work, appeal, Permission.CHARGE_WRITE)
    if not changes:
        raise InvalidInput({"grounds": ["Give at least one thing to change."]})
    if appeal.state is not AppealState.FILED:
        raise Conflict(sentence("The court has taken it up: {state}. It is not changed any more.", state=appeal.state))
    for name, value in changes.items():
        setattr(appeal, name, value)
    work.record(appeal, "appeal:edit", facts=changes)
    return appeal


@act_on(Appeal, Permission.CHARGE_WRITE, lock=False)
def transition(
    work: Work,
    appeal: Appeal,
    *,
    action: str,
    reason: str,
    document: UUID | None = None,
    decided_on: date | None = None,
    statute: str | None = None,
    sentences: Sequence[Mapping[str, Any]] | None = None,
    occurred_at: datetime | None = None,
) -> Appeal:
    """Take an appeal a step on, with all that it means for its counts and their case, in the same act."""
    case = _appeals.lock(work, appeal, Permission.CHARGE_WRITE)
    given = {"document": document, "decided_on": decided_on, "statute": statute, "sentences": sentences or None}
    _complete(action, given)
    not_in_the_future(work, "occurred_at", occurred_at, TYPING)
    not_after_today(work, decided_on=decided_on)
    in_order("decided_on", appeal.filed_on, decided_on)
    named_in_case(work, Evidence, appeal.case_id, "document", document)
    _known_offence(work, case, statute)
    work.step(APPEAL, appeal.state, action, Permission.CHARGE_WRITE, appeal)
    points = _appeals.missing(work, appeal, action)
    if points:
        raise Conflict(points[0])
    day = decided_on or office_day(work, occurred_at)
    if action in TAKEN["decided_on"]:
        appeal.decided_on = day
    appeal.document_id = document
    work.transition(
        appeal,
        "state",
        APPEAL,
        action,
        Permission.CHARGE_WRITE,
        data={
            **({"decided_on": day.isoformat()} if appeal.decided_on else {}),
            **({"document": str(document)} if document else {}),
            **({"statute": statute} if statute else {}),
        },
        facts={"reason": reason},
        occurred_at=occurred_at,
    )
    if action in OUTCOMES:
        _appeals.follow(
            work,
            case,
            appeal,
            action,
            reason=reason,
            day=day,
            document=document,
            statute=statute,
            sentences=sentences or (),
        )
    return appeal


def _complete(action: str, given: Mapping[str, Any]) -> None:
    errors = {name: ["Fill this in."] for name in NEEDED.get(action, ()) if given[name] is None}
    strange = [name for name, steps in TAKEN.items() if given[name] is not None and action not in steps]
    errors |= {name: ["This step does not take it. Leave it out."] for name in strange}
    if errors:
        raise InvalidInput(errors)


def _known_offence(work: Work, case: Case, statute: str | None) -> None:
    known = work.site.settings.jurisdictions.of(case.jurisdiction).statutes
    if statute is not None and statute not in known:
        raise InvalidInput({"statute": [sentence("Give one of: {choices}.", choices=list(known))]})


@act_on(Appeal, Permission.CHARGE_READ, read_only=True)
def next_steps(work: Work, appeal: Appeal) -> tuple[list[NextStep[AppealState]], None]:
    """Every step that is legal from the state of the appeal, in the order of the table."""
    return legal_steps(work, APPEAL, appeal.state, lambda action: _appeals.missing(work, appeal, action)), None


# --- until when one may come ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Deadline:
    """Until when an appeal may be filed against a count. `near`: there is little time left, by the law of the case."""

    charge: UUID
    ref: str
    case: UUID
    case_ref: str
    until: date
    days_left: int
    near: bool


@act(Permission.CHARGE_READ, read_only=True)
def deadlines(
    work: Work, *, limit: int = 50, cursor: UUID | None = None, case: UUID | None = None
) -> tuple[list[Deadline], str | None]:
    """The open windows for an appeal in all the actor's cases, or in one, the one that ends first at the top."""
    today = office_day(work)
    query = work.query(Charge).where(Charge.state.in_(APPEALABLE), Charge.appeal_until >= today)
    if case is not None:
        query = query.where(Charge.case_id == case)
    key = sa.tuple_(Charge.appeal_until, Charge.id)
    last = work.session.scalars(work.query(Charge).where(Charge.id == cursor)).one_or_none() if cursor else None
    if last is not None and last.appeal_until is not None:
        query = query.where(key > sa.tuple_(sa.literal(last.appeal_until), sa.literal(last.id)))
    rows = query.join(Case, Case.id == Charge.case_id).with_only_columns(
        Charge.id, Charge.ref, Charge.case_id, Case.ref, Charge.appeal_until, Case.jurisdiction
    )
    found = work.session.execute(rows.order_by(Charge.appeal_until, Charge.id).limit(limit + 1)).all()
    laws = work.site.settings.jurisdictions
    shown = []
    for id, ref, case_id, case_ref, until, jurisdiction in found[:limit]:
        assert until is not None
        left = (until - today).days
        near = left <= laws.of(jurisdiction).deadlines.near
        shown.append(Deadline(id, ref, case_id, case_ref, until, left, near))
    return shown, str(shown[-1].charge) if len(found) > limit else None
