"""Care of a victim: assessments, her willingness, steps of her plan, standing, what is owed to her.

It goes on after a case has ended. Her chain says what kind of act it was; all else is a commitment, and what people
write about her is not in the ledger but for a reason. Nor is the partner of a step or a referral: where she goes is not
for all who are told of the act.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from evidence_api.domain.care import (
    FOR_HOME,
    OPEN,
    STEP,
    WHAT,
    AssessmentKind,
    ClaimKind,
    Standing,
    StepKind,
    StepState,
)
from evidence_api.domain.errors import InvalidInput
from evidence_api.domain.roles import Role
from evidence_api.domain.sentences import sentence
from evidence_api.domain.victim import Willingness
from evidence_api.ledger.entry import Fact
from evidence_api.models import (
    Assessment,
    CareStep,
    Claim,
    Payment,
    StandingRecord,
    Victim,
    VictimCase,
)
from evidence_api.policy import Permission
from evidence_api.services._care import partner_of, without_partners
from evidence_api.services._checks import in_order, not_after_today, office_day
from evidence_api.services._pages import Page, page
from evidence_api.work import Work, act, act_on

SOON = timedelta(days=1)
"""How long before it is due a step is shown as due."""


# --- assessments and willingness --------------------------------------------------------------------------------------


@act_on(Victim, Permission.CARE_WRITE)
def assess(
    work: Work,
    victim: Victim,
    *,
    kind: AssessmentKind,
    summary: str,
    assessed_on: date,
    favourable: bool | None = None,
    score: int | None = None,
    expires_on: date | None = None,
) -> Assessment:
    """Record what an assessment came to. Those that going home needs say whether they are in her favour."""
    not_after_today(work, assessed_on=assessed_on)
    if kind in FOR_HOME and favourable is None:
        raise InvalidInput({"favourable": ["Say whether it is in her favour: going home depends on it."]})
    in_order("expires_on", assessed_on, expires_on)
    made = Assessment(
        victim_id=victim.id,
        kind=kind,
        summary=summary,
        favourable=favourable,
        score=score,
        assessed_on=assessed_on,
        expires_on=expires_on,
        recorded_at=work.now,
    )
    _keep(work, made)
    work.record(
        victim,
        "care:assessment",
        data={"assessment": str(made.id)},
        facts={"kind": kind, "favourable": favourable, "score": score, "assessed_on": assessed_on.isoformat()},
    )
    return made


@act_on(Victim, Permission.CARE_READ, read_only=True)
def assessments(work: Work, victim: Victim, *, limit: int = 50, cursor: UUID | None = None) -> Page[Assessment]:
    """Her assessments, newest first."""
    return page(work, work.query(Assessment).where(Assessment.victim_id == victim.id), Assessment.id, limit, cursor)


@act_on(Victim, Permission.CARE_READ, read_only=True)
def cared_for(work: Work, victim: Victim) -> Victim:
    """The victim, for who may read of her care."""
    return victim


@act_on(Victim, Permission.CARE_WRITE)
def ask(work: Work, victim: Victim, *, willingness: Willingness, note: str | None = None) -> Victim:
    """Record what she said when she was asked whether she wants to go on with care. She may change her mind."""
    victim.willingness = willingness
    work.record(victim, "care:willingness", facts={"willingness": willingness, "note": note})
    return victim


# --- steps ------------------------------------------------------------------------------------------------------------


@act_on(Victim, Permission.CARE_WRITE)
def plan(
    work: Work,
    victim: Victim,
    *,
    kind: StepKind,
    what: str | None = None,
    title: str | None = None,
    partner: UUID | None = None,
    due_at: datetime | None = None,
) -> CareStep:
    """Add a step to her plan. A service and work have a code, a first and a skill have words, a follow-up has its
    time."""
    if kind in WHAT:
        codes = [member.value for member in WHAT[kind]]
        if what not in codes:
            raise InvalidInput({"what": [sentence("Give one of: {choices}.", choices=codes)]})
    elif what is not None:
        raise InvalidInput({"what": ["Leave this out, and say it in the title."]})
    elif kind is StepKind.FOLLOW_UP:
        if due_at is None:
            raise InvalidInput({"due_at": ["Say when she is to be asked."]})
    elif title is None:
        raise InvalidInput({"title": ["Say what it is."]})
    made = CareStep(
        victim_id=victim.id,
        kind=kind,
        what=what,
        title=title,
        partner_id=partner_of(work, partner).id if partner else None,
        state=StepState.PLANNED,
        due_at=due_at,
    )
    _keep(work, made)
    work.record(
        victim,
        "care:step",
        data={"step": str(made.id)},
        facts={"kind": kind, "what": what, "due_at": due_at.isoformat() if due_at else None},
    )
    return made


@act_on(CareStep, Permission.CARE_WRITE)
def move_step(
    work: Work, step: CareStep, *, action: str, outcome: str | None = None, reason: str | None = None
) -> CareStep:
    """Begin, finish, stop or resume a step. Stopping says why."""
    victim = _victim(work, step.victim_id)
    row = work.step(STEP, step.state, action, Permission.CARE_WRITE, step)
    assert row.target is not None
    if action == "stop" and reason is None:
        raise InvalidInput({"reason": ["Say why it is stopped."]})
    was, step.state = step.state, row.target
    today = office_day(work)
    step.ended_on = None if step.state in OPEN else today
    if step.state is not StepState.STOPPED:
        step.began_on = step.began_on or today
    step.outcome = outcome or step.outcome
    work.record(
        victim,
        "care:step_moved",
        data={"step": str(step.id)},
        facts={"action": action, "from": was, "to": step.state, "reason": reason},
    )
    return step


@act_on(CareStep, Permission.CARE_READ, read_only=True)
def read_step(work: Work, step: CareStep) -> CareStep:
    """One step."""
    return without_partners(work, [step])[0]


@act_on(Victim, Permission.CARE_READ, read_only=True)
def steps(
    work: Work, victim: Victim, *, limit: int = 50, cursor: UUID | None = None, kind: StepKind | None = None
) -> Page[CareStep]:
    """The steps of her care, newest first."""
    query = work.query(CareStep).where(CareStep.victim_id == victim.id)
    if kind is not None:
        query = query.where(CareStep.kind == kind)
    found, following = page(work, query, CareStep.id, limit, cursor)
    return without_partners(work, found), following


@dataclass(frozen=True, slots=True)
class Due:
    """An open step that is due within a day, or overdue; a need of the first hours is due from the first."""

    id: UUID
    victim_id: UUID
    pseudonym: str
    kind: StepKind
    what: str | None
    title: str | None
    state: StepState
    due_at: datetime
    overdue: bool


@act(Permission.CARE_READ, read_only=True)
def due(work: Work, *, limit: int = 50, cursor: UUID | None = None) -> tuple[list[Due], str | None]:
    """What is due or overdue for the victims whom a case of the actor's knows, the longest due first."""
    parts = [part.limit(limit + 1).subquery() for part in _due(work, cursor)]
    first = sa.union_all(*map(sa.select, parts)).subquery()
    query = (
        sa.select(CareStep)
        .join(Victim, Victim.id == CareStep.victim_id)
        .where(CareStep.id.in_(sa.select(first.c.id)))
        .with_only_columns(
            CareStep.id,
            CareStep.victim_id,
            Victim.pseudonym,
            CareStep.kind,
            CareStep.what,
            CareStep.title,
            CareStep.state,
            CareStep.due_at,
            (CareStep.due_at < work.now).label("overdue"),
        )
        .order_by(CareStep.due_at, CareStep.id)
        .limit(limit + 1)
    )
    found = [Due(**row) for row in work.session.execute(query).mappings()]
    return found[:limit], str(found[limit - 1].id) if len(found) > limit else None


def _due(work: Work, cursor: UUID | None) -> Sequence[sa.Select[Any]]:
    """The ids of the open steps behind the cursor that are due, the longest due first, in one or more parts; each
    reads no more than it gives off one index."""
    soon, need = work.now + SOON, CareStep.kind == StepKind.NEED
    query: sa.Select[Any] = work.query(CareStep).where(CareStep.due_at.is_not(None))
    if cursor is not None:
        after = sa.select(CareStep.due_at).where(CareStep.id == cursor).scalar_subquery()
        query = query.where((CareStep.due_at > after) | ((CareStep.due_at == after) & (CareStep.id > cursor)))
    query = query.with_only_columns(CareStep.id).order_by(CareStep.due_at, CareStep.id)
    if work.actor.role is Role.SUPERVISOR:
        due = (CareStep.due_at <= soon, need & (CareStep.due_at > soon))
        return [query.where(CareStep.state == state, which) for state in sorted(OPEN) for which in due]
    # Those for her victims are few. An expression, so that they are not sought among all that are open.
    is_open = sa.func.coalesce(CareStep.state, sa.null()).in_(sorted(OPEN))
    hers = work.query(VictimCase).with_only_columns(VictimCase.victim_id)
    return [query.where(CareStep.victim_id.in_(hers), is_open, (CareStep.due_at <= soon) | need)]


# --- standing ---------------------------------------------------------------------------------------------------------


@act_on(Victim, Permission.CARE_WRITE)
def set_standing(
    work: Work, victim: Victim, *, standing: Standing, country: str, from_on: date, expires_on: date | None = None
) -> StandingRecord:
    """Record her immigration status in a country from a day on."""
    in_order("expires_on", from_on, expires_on)
    made = StandingRecord(
        victim_id=victim.id, standing=standing, country=country, from_on=from_on, expires_on=expires_on
    )
    _keep(work, made)
    facts = {"standing": standing, "country": country, "from_on": from_on.isoformat()}
    work.record(victim, "care:standing", data={"standing": str(made.id)}, facts=facts)
    return made


@act_on(Victim, Permission.CARE_READ, read_only=True)
def standings(work: Work, victim: Victim, *, limit: int = 50, cursor: UUID | None = None) -> Page[StandingRecord]:
    """Her immigration status over time, the newest record first."""
    mine = work.query(StandingRecord).where(StandingRecord.victim_id == victim.id)
    return page(work, mine, StandingRecord.id, limit, cursor)


# --- what is owed to her ----------------------------------------------------------------------------------------------


@act_on(Victim, Permission.CARE_WRITE)
def claim(work: Work, victim: Victim, *, kind: ClaimKind, currency: str, owed: int, ordered_on: date) -> Claim:
    """Record money that is owed to her, in the smallest unit of the currency."""
    not_after_today(work, ordered_on=ordered_on)
    made = Claim(victim_id=victim.id, kind=kind, currency=currency, owed=owed, paid=0, ordered_on=ordered_on)
    _keep(work, made)
    facts: dict[str, Fact] = {"kind": kind, "currency": currency, "owed": owed, "ordered_on": ordered_on.isoformat()}
    work.record(victim, "care:claim", data={"claim": str(made.id)}, facts=facts)
    return made


@act_on(Victim, Permission.CARE_READ, read_only=True)
def claims(work: Work, victim: Victim, *, limit: int = 50, cursor: UUID | None = None) -> Page[Claim]:
    """What is owed to her and what of it was paid, newest first."""
    return page(work, work.query(Claim).where(Claim.victim_id == victim.id), Claim.id, limit, cursor)


@act_on(Claim, Permission.CARE_READ, read_only=True)
def read_claim(work: Work, claim: Claim) -> Claim:
    """One claim."""
    return claim


@act_on(Claim, Permission.CARE_WRITE)
def pay(work: Work, claim: Claim, *, amount: int, paid_on: date) -> Claim:
    """Record that a part of it, or all, was paid to her. Raises InvalidInput for more than is still owed."""
    not_after_today(work, paid_on=paid_on)
    left = claim.owed - claim.paid
    if amount > left:
        raise InvalidInput({"amount": [sentence("Only this much is still owed: {left}. Look it over.", left=left)]})
    victim = _victim(work, claim.victim_id)
    claim.paid += amount
    work.session.add(Payment(claim_id=claim.id, victim_id=victim.id, amount=amount, paid_on=paid_on))
    facts: dict[str, Fact] = {"amount": amount, "paid_on": paid_on.isoformat()}
    work.record(victim, "care:payment", data={"claim": str(claim.id)}, facts=facts)
    return claim


@act_on(Claim, Permission.CARE_READ, read_only=True)
def payments(work: Work, claim: Claim, *, limit: int = 50, cursor: UUID | None = None) -> Page[Payment]:
    """What was paid of a claim, newest first."""
    return page(work, work.query(Payment).where(Payment.claim_id == claim.id), Payment.id, limit, cursor)


# --- what several of them need ----------------------------------------------------------------------------------------


def _victim(work: Work, id: UUID) -> Victim:
    return work.session.get_one(Victim, id)


def _keep(work: Work, made: Assessment | CareStep | StandingRecord | Claim) -> None:
    work.session.add(made)
    work.session.flush()
