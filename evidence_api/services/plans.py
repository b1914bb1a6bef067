"""The plan for the time after court: what there is at the end of it all that she can be offered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from evidence_api.domain.care import ServiceKind
from evidence_api.domain.errors import Conflict, InvalidInput, StaleVersion
from evidence_api.domain.testimony import PLAN, PlanState
from evidence_api.models import Partner, PlanOffer, PostCourtPlan, Testimony, Victim
from evidence_api.policy import Permission, refusal
from evidence_api.services._care import partner_of
from evidence_api.services._checks import office_day
from evidence_api.services._pages import Page, page
from evidence_api.services._plans import known_plans
from evidence_api.services._steps import NextStep, legal_steps
from evidence_api.services.partners import list_partners
from evidence_api.services.victims import ADULT
from evidence_api.work import Work, act, act_on

MOST = 200
"""How many partners are looked at for one service."""


@act_on(Victim, Permission.PLAN_READ, read_only=True)
def list_of_victim(work: Work, victim: Victim, *, limit: int = 50, cursor: UUID | None = None) -> Page[PostCourtPlan]:
    """Her plans for the time after court, one for each testimony that she gave, newest first."""
    query = work.query(PostCourtPlan).where(PostCourtPlan.victim_id == victim.id)
    found, following = page(work, query, PostCourtPlan.id, limit, cursor)
    return known_plans(work, found), following


@act_on(PostCourtPlan, Permission.PLAN_READ, read_only=True)
def read(work: Work, plan: PostCourtPlan) -> PostCourtPlan:
    """One plan."""
    return known_plans(work, [plan])[0]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A plan that is not agreed, for whom, after which testimony; its ref where the actor may know of that."""

    plan: PostCourtPlan
    pseudonym: str
    ref: str | None


@act(Permission.PLAN_READ, read_only=True)
def unagreed(work: Work, *, limit: int = 50) -> list[Waiting]:
    """Plans that are not agreed, of all the victims whom a case of the actor's knows; who has waited longest first."""
    query = work.query(PostCourtPlan).where(PostCourtPlan.state == PlanState.OPEN)
    query = query.join(Victim, Victim.id == PostCourtPlan.victim_id)
    rows = query.join(Testimony, Testimony.id == PostCourtPlan.testimony_id).add_columns(
        Victim.pseudonym, Testimony.ref
    )
    found = work.session.execute(rows.order_by(PostCourtPlan.opened_at, PostCourtPlan.id).limit(limit)).all()
    known_plans(work, [row[0] for row in found])
    return [Waiting(plan, pseudonym, ref if plan.testimony else None) for plan, pseudonym, ref in found]


# --- who has room for her ---------------------------------------------------------------------------------------------


@act_on(PostCourtPlan, Permission.PLAN_WRITE, read_only=True)
def partners(work: Work, plan: PostCourtPlan, *, service: ServiceKind) -> tuple[list[Partner], None]:
    """Partners that offer the service, speak a language of hers, take her gender and age, and have room; those that
    say how many they take first."""
    victim = work.session.get_one(Victim, plan.victim_id)
    found: dict[UUID, Partner] = {}
    languages: list[str | None] = [*victim.languages] or [None]
    for language in languages:
        rows, _more = list_partners(
            work, limit=MOST, service=service, language=language, gender=victim.gender, age=victim.estimated_age
        )
        found |= {one.id: one for one in rows if _takes(one, victim) and _has_room(one)}
    return sorted(found.values(), key=lambda one: (one.capacity is None, one.name.casefold())), None


def _takes(partner: Partner, victim: Victim) -> bool:
    """Whether it takes children, or adults, where her age is not known more closely."""
    if victim.estimated_age is not None or victim.minor is None:
        return True
    if victim.minor:
        return partner.youngest is None or partner.youngest < ADULT
    return partner.oldest is None or partner.oldest >= ADULT


def _has_room(partner: Partner) -> bool:
    """One that does not say how many it takes has room, until it says otherwise."""
    return partner.ended_at is None and partner.capacity != 0


# --- what is offered --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Offer:
    """What is offered in a plan, as the actor may know it: with whom she will be, and what is noted of that, is for
    those who may know where she sleeps. `has_room`: whoever offers it can still take her."""

    id: UUID
    plan_id: UUID
    service: ServiceKind
    partner_id: UUID | None
    by_office: bool
    note: str | None
    has_room: bool
    withdrawn_at: datetime | None


def _offers(work: Work, plan: PostCourtPlan) -> list[Offer]:
    rows = sa.select(PlanOffer, Partner).outerjoin(Partner, Partner.id == PlanOffer.partner_id)
    rows = rows.where(PlanOffer.plan_id == plan.id).order_by(PlanOffer.id)
    knows = refusal(work.session, work.actor, Permission.PLACEMENT, None) is None
    return [_as_known(offer, partner, knows=knows) for offer, partner in work.session.execute(rows)]


def _as_known(offer: PlanOffer, partner: Partner | None, *, knows: bool) -> Offer:
    return Offer(
        id=offer.id,
        plan_id=offer.plan_id,
        service=offer.service,
        partner_id=offer.partner_id if knows else None,
        by_office=offer.partner_id is None,
        note=offer.note if knows else None,
        has_room=partner is None or _has_room(partner),
        withdrawn_at=offer.withdrawn_at,
    )


@act_on(PostCourtPlan, Permission.PLAN_READ, read_only=True)
def offers(work: Work, plan: PostCourtPlan) -> tuple[list[Offer], None]:
    """What is offered in a plan, in the order in which it was; what was withdrawn too."""
    return _offers(work, plan), None


@act_on(PlanOffer, Permission.PLAN_READ, read_only=True)
def read_offer(work: Work, offer: PlanOffer) -> PlanOffer:
    """One offer."""
    return offer


@act_on(PostCourtPlan, Permission.PLAN_WRITE, lock=False)
def offer(
    work: Work, plan: PostCourtPlan, *, service: ServiceKind, partner: UUID | None = None, note: str | None = None
) -> Offer:
    """Put into her plan what a partner offers, or, without one, the office itself.

    Raises Conflict where the partner has no room left.
    """
    victim = _lock(work, plan)
    by = partner_of(work, partner) if partner else None
    if by is not None and service not in by.offers:
        raise InvalidInput({"service": ["This partner does not offer it."]})
    _refuse_agreed(plan)
    if by is not None and not _has_room(by):
        raise Conflict("This partner has said that it has no place left. Choose one that has room.")
    made = PlanOffer(plan_id=plan.id, victim_id=victim.id, service=service, partner_id=partner, note=note)
    work.session.add(made)
    work.session.flush()
    facts = {"service": service.value, "partner": str(partner) if partner else None, "note": note}
    work.record(victim, "plan:offer", data={"plan": str(plan.id), "offer": str(made.id)}, facts=facts)
    return _as_known(made, by, knows=True)


@act_on(PlanOffer, Permission.PLAN_WRITE, lock=False)
def withdraw_offer(work: Work, offer: PlanOffer, *, reason: str) -> PlanOffer:
    """Take an offer out of her plan: it does not hold any more."""
    plan = work.get(PostCourtPlan, offer.plan_id, Permission.PLAN_WRITE)
    if_match, work.if_match = work.if_match, None
    victim = _lock(work, plan)
    work.if_match = if_match
    work.get(PlanOffer, offer.id, Permission.PLAN_WRITE, lock=True)
    if offer.withdrawn_at is not None:
        raise Conflict("This offer is withdrawn already.")
    _refuse_agreed(plan)
    offer.withdrawn_at = work.now
    data = {"plan": str(plan.id), "offer": str(offer.id)}
    work.record(victim, "plan:offer_withdraw", data=data, facts={"reason": reason})
    return offer


def _lock(work: Work, plan: PostCourtPlan) -> Victim:
    """Lock the victim, then her plan; the victim."""
    victim = work.get(Victim, plan.victim_id, Permission.PLAN_WRITE, lock=True)
    work.get(PostCourtPlan, plan.id, Permission.PLAN_WRITE, lock=True)
    if work.if_match not in (None, plan.version):
        raise StaleVersion
    return victim


def _refuse_agreed(plan: PostCourtPlan) -> None:
    if plan.state is not PlanState.OPEN:
        raise Conflict("This plan is agreed. Revise it first.")


# --- its steps --------------------------------------------------------------------------------------------------------


@act_on(PostCourtPlan, Permission.PLAN_WRITE, lock=False)
def transition(
    work: Work, plan: PostCourtPlan, *, action: str, reason: str, wants_nothing: bool = False
) -> PostCourtPlan:
    """Agree on a plan with her, record that it is carried out, or open it again. `wants_nothing` is her own word, and
    makes an offer needless.

    Raises Conflict where nobody who has room offers her anything.
    """
    work.require_role(PLAN, action, Permission.PLAN_WRITE, plan)
    victim = _lock(work, plan)
    if wants_nothing and action != "agree":
        raise InvalidInput({"wants_nothing": ["She says so when the plan is agreed. Leave it out."]})
    row = work.step(PLAN, plan.state, action, Permission.PLAN_WRITE, plan)
    assert row.target is not None
    points = [] if wants_nothing else _missing(work, plan, action)
    if points:
        raise Conflict(points[0])
    moved = {"plan": str(plan.id), "from": plan.state.value, "to": row.target.value}
    plan.state = row.target
    if action == "agree":
        plan.wants_nothing, plan.agreed_on = wants_nothing, office_day(work)
    elif action == "revise":
        plan.wants_nothing, plan.agreed_on = False, None
    work.record(victim, f"plan:{action}", data=moved, facts={"reason": reason, "wants_nothing": wants_nothing})
    return known_plans(work, [plan])[0]


def _missing(work: Work, plan: PostCourtPlan, action: str) -> list[str]:
    """What a step lacks, in sentences, unless she wants nothing."""
    if action != "agree":
        return []
    standing: Sequence[Offer] = [one for one in _offers(work, plan) if one.withdrawn_at is None]
    if any(one.has_room for one in standing):
        return []
    if standing:
        return ["Nobody of those who offer her something has room any more. Find another who has."]
    return ["Nothing is offered to her yet. Add an offer, or record that she wants none."]


@act_on(PostCourtPlan, Permission.PLAN_READ, read_only=True)
def next_steps(work: Work, plan: PostCourtPlan) -> tuple[list[NextStep[PlanState]], None]:
    """Every step that is legal from where a plan is, in the order of the table."""
    return legal_steps(work, PLAN, plan.state, lambda action: _missing(work, plan, action)), None
