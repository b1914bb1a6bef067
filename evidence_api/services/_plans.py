"""The plan for the time after court, for callers of several rooms."""

import sqlalchemy as sa

from evidence_api.domain.sentences import sentence
from evidence_api.domain.testimony import HEARD, PLAN, PlanState
from evidence_api.models import Case, PostCourtPlan, Testimony, Victim
from evidence_api.work import Work


def open_plan(work: Work, testimony: Testimony) -> None:
    """Open the plan of a victim who has testified to the end. The caller holds the testimony locked."""
    assert testimony.victim_id is not None
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
    """Which victims have testified to the end and have no agreed plan for the time after court, one sentence each."""
    open_ = sa.select(Testimony.ref).outerjoin(PostCourtPlan, PostCourtPlan.testimony_id == Testimony.id)
    open_ = open_.where(
        Testimony.case_id == case.id,
        Testimony.victim_id.is_not(None),
        Testimony.state.in_(HEARD),
        PostCourtPlan.state.is_(None) | (PostCourtPlan.state == PlanState.OPEN),
    )
    told = "A victim has testified and has no agreed plan for the time after court: {ref}."
    return [sentence(told, ref=ref) for ref in work.session.scalars(open_.order_by(Testimony.id))]
