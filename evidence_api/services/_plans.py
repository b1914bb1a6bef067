"""The plan for the time after court, for callers of several rooms."""

from collections.abc import Sequence

import sqlalchemy as sa

from evidence_api.domain.sentences import sentence
from evidence_api.domain.testimony import PLAN, TESTIFIED, PlanState
from evidence_api.models import Case, PostCourtPlan, Testimony, Victim
from evidence_api.work import Work


def known_plans(work: Work, plans: Sequence[PostCourtPlan]) -> list[PostCourtPlan]:
    """The plans with the testimony after which each was opened, where the actor may know of that; one query."""
    ids = [plan.testimony_id for plan in plans]
    there = work.query(Testimony).where(Testimony.id.in_(ids)).with_only_columns(Testimony.id)
    found = set(work.session.scalars(there)) if ids else set()
    for plan in plans:
        plan.testimony = plan.testimony_id if plan.testimony_id in found else None
    return list(plans)


def open_plan(work: Work, testimony: Testimony) -> None:
    """Open the plan of a victim who has testified, unless there is one. The caller holds the testimony locked."""
    assert testimony.victim_id is not None
    there = sa.select(PostCourtPlan.id).where(PostCourtPlan.testimony_id == testimony.id)
    if work.session.execute(there).first() is not None:
        return
    plan = PostCourtPlan(
        testimony_id=testimony.id,
        case_id=testimony.case_id,
        victim_id=testimony.victim_id,
        state=PLAN.initial,
        opened_at=work.now,
    )
    work.session.add(plan)
    work.session.flush()
    victim = work.session.get_one(Victim, testimony.victim_id)
    work.record(victim, "plan:open", data={"plan": str(plan.id)}, facts={"testimony": str(testimony.id)})


def unplanned(work: Work, case: Case) -> list[str]:
    """Which victims have testified, be it in part, and have no agreed plan for the time after court, one sentence each.
    What is not concluded has no plan yet."""
    open_ = sa.select(Testimony.ref).outerjoin(PostCourtPlan, PostCourtPlan.testimony_id == Testimony.id)
    open_ = open_.where(
        Testimony.case_id == case.id,
        Testimony.victim_id.is_not(None),
        Testimony.state.in_(TESTIFIED) | PostCourtPlan.id.is_not(None),
        PostCourtPlan.state.is_(None) | (PostCourtPlan.state == PlanState.OPEN),
    )
    told = "A victim has testified and has no agreed plan for the time after court: {ref}."
    return [sentence(told, ref=ref) for ref in work.session.scalars(open_.order_by(Testimony.id))]
