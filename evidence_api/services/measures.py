"""Protective measures: what a witness needs in court, what the court ruled, and what is arranged."""

from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from evidence_api.domain.errors import Conflict, InvalidInput
from evidence_api.domain.scheduling import Rule
from evidence_api.domain.testimony import MEASURE, OVER, MeasureKind
from evidence_api.ledger.entry import Fact
from evidence_api.models import Evidence, Measure, Testimony
from evidence_api.policy import Permission
from evidence_api.services import _bookings
from evidence_api.services._checks import named_in_case, not_after_today, office_day
from evidence_api.services._pages import Page, page
from evidence_api.services._testimony import lock, lock_of
from evidence_api.work import Work, act_on

RULINGS = ("grant", "refuse")
"""Steps that the court takes."""


@act_on(Testimony, Permission.TESTIMONY_SUPPORT, lock=False)
def add(
    work: Work, testimony: Testimony, *, kind: MeasureKind, required: bool = True, plan: str | None = None
) -> Measure:
    """Record that a witness needs a measure, or would like one that is not `required`. Each kind stands once."""
    lock(work, testimony, Permission.TESTIMONY_SUPPORT)
    if testimony.state in OVER:
        raise Conflict("The testimony is over. Nothing more is changed in it.")
    there = sa.select(Measure.id).where(Measure.testimony_id == testimony.id, Measure.kind == kind)
    if work.session.execute(there).first() is not None:
        raise Conflict("This measure is recorded already. Go on with it there.")
    made = Measure(
        testimony_id=testimony.id,
        case_id=testimony.case_id,
        kind=kind,
        required=required,
        state=MEASURE.initial,
        plan=plan,
    )
    work.session.add(made)
    work.session.flush()
    data: dict[str, Fact] = {"measure": str(made.id), "kind": kind.value}
    work.record(testimony, "testimony:measure", data=data, facts={"required": required, "plan": plan})
    _look_again(work, testimony)
    return made


def _look_again(work: Work, testimony: Testimony) -> None:
    """What was confirmed falls back where she is not protected as she needs."""
    work.session.flush()
    _bookings.review(work, [testimony.who], {Rule.MEASURE_UNDECIDED, Rule.MEASURE_REFUSED})


@act_on(Testimony, Permission.TESTIMONY_READ, read_only=True)
def list_of_testimony(
    work: Work, testimony: Testimony, *, limit: int = 50, cursor: UUID | None = None
) -> Page[Measure]:
    """The measures of a witness, newest first."""
    return page(work, work.query(Measure).where(Measure.testimony_id == testimony.id), Measure.id, limit, cursor)


@act_on(Measure, Permission.TESTIMONY_READ, read_only=True)
def read(work: Work, measure: Measure) -> Measure:
    """One measure."""
    return measure


@act_on(Measure, Permission.TESTIMONY_SUPPORT, lock=False)
def edit(work: Work, measure: Measure, /, **changes: Any) -> Measure:
    """Change what is given: whether it is `required`, and the `plan` for what is done instead of one that was
    refused."""
    testimony = lock_of(work, measure, Permission.TESTIMONY_SUPPORT)
    if not changes:
        raise InvalidInput({"plan": ["Give at least one thing to change."]})
    for name, value in changes.items():
        setattr(measure, name, value)
    work.record(testimony, "testimony:measure_edit", data={"measure": str(measure.id)}, facts=changes)
    _look_again(work, testimony)
    return measure


@act_on(Measure, Permission.TESTIMONY_SUPPORT, lock=False)
def transition(
    work: Work,
    measure: Measure,
    *,
    action: str,
    reason: str,
    document: UUID | None = None,
    decided_on: date | None = None,
    plan: str | None = None,
) -> Measure:
    """Take a measure a step. `document` is the ruling, an item of the case; `plan` what is done instead of a measure
    that is refused. One that is refused may be applied for anew.

    Raises IllegalTransition with what is legal now, InvalidInput for a ruling where the court rules nothing.
    """
    work.require_role(MEASURE, action, Permission.TESTIMONY_SUPPORT, measure)
    not_after_today(work, decided_on=decided_on)
    testimony = lock_of(work, measure, Permission.TESTIMONY_SUPPORT)
    given = {"document": document, "decided_on": decided_on}
    strange = [name for name, value in given.items() if value is not None and action not in RULINGS]
    if strange:
        raise InvalidInput({name: ["This belongs to a ruling of the court. Leave it out."] for name in strange})
    if plan is not None and action != "refuse":
        raise InvalidInput({"plan": ["A plan stands in the place of a measure that is refused. Leave it out."]})
    named_in_case(work, Evidence, measure.case_id, "document", document)
    row = work.step(MEASURE, measure.state, action, Permission.TESTIMONY_SUPPORT, measure)
    assert row.target is not None
    data: dict[str, Fact] = {"measure": str(measure.id), "from": measure.state.value, "to": row.target.value}
    measure.state = row.target
    if action == "apply":
        measure.applied_on, measure.decided_on, measure.document_id = office_day(work), None, None
    if action in RULINGS:
        measure.decided_on, measure.document_id = decided_on or office_day(work), document
        data["decided_on"] = measure.decided_on.isoformat()
        if document is not None:
            data["document"] = str(document)
    if action == "refuse":
        # What was planned before does not answer the ruling.
        measure.plan = plan
    work.record(testimony, f"testimony:measure_{action}", data=data, facts={"reason": reason, "plan": plan})
    _look_again(work, testimony)
    return measure
