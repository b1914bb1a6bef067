"""Exhibits: what each side puts before the court, under numbers of its own, and what the court made of it."""

from datetime import date
from uuid import UUID

import sqlalchemy as sa

from evidence_api.domain.appeal import Side
from evidence_api.domain.errors import InvalidInput, StaleVersion
from evidence_api.domain.exhibit import EXHIBIT, RULED, ExhibitState
from evidence_api.domain.sentences import sentence
from evidence_api.models import Case, Evidence, Exhibit, Hearing
from evidence_api.policy import Permission
from evidence_api.services._checks import named_in_case, not_after_today, office_day, running_case
from evidence_api.services._pages import Page, page
from evidence_api.services._steps import NextStep, legal_steps
from evidence_api.work import Work, act_on

GONE = (ExhibitState.RETURNED, ExhibitState.WITHDRAWN)
"""It is before the court no more."""


@act_on(Case, Permission.EXHIBIT_WRITE)
def mark(
    work: Work, case: Case, *, side: Side, evidence: UUID | None = None, description: str | None = None
) -> Exhibit:
    """Mark an exhibit: it gets the next number of its side. An item of the case, or what is not ours in words."""
    running_case(work, case.id, Permission.EXHIBIT_WRITE)
    item = named_in_case(work, Evidence, case.id, "evidence", evidence)
    if item is None and description is None:
        raise InvalidInput({"evidence": ["Name an item of the case, or describe what it is."]})
    if item is not None:
        _not_twice(work, item, side)
    exhibit = Exhibit(
        case_id=case.id,
        side=side,
        number=work.next_number(f"exhibit:{case.id}:{side.value}"),
        evidence_id=evidence,
        description=description,
        state=EXHIBIT.initial,
        created_at=work.now,
    )
    work.session.add(exhibit)
    work.session.flush()
    work.record(
        exhibit,
        "exhibit:mark",
        data={"side": side.value, "number": exhibit.number, **({"evidence": str(evidence)} if evidence else {})},
        facts={"description": description},
    )
    return exhibit


def _not_twice(work: Work, item: Evidence, side: Side) -> None:
    same = work.query(Exhibit).where(Exhibit.evidence_id == item.id, Exhibit.side == side, Exhibit.state.not_in(GONE))
    there = work.session.scalars(same.limit(1)).one_or_none()
    if there is not None:
        raise InvalidInput(
            {"evidence": [sentence("It is an exhibit of this side already: {label}.", label=there.label)]}
        )


@act_on(Case, Permission.CHARGE_READ, read_only=True)
def list_of_case(
    work: Work,
    case: Case,
    *,
    limit: int = 50,
    cursor: UUID | None = None,
    side: Side | None = None,
    state: ExhibitState | None = None,
) -> Page[Exhibit]:
    """The exhibits of a case, newest first."""
    query = work.query(Exhibit).where(Exhibit.case_id == case.id)
    if side is not None:
        query = query.where(Exhibit.side == side)
    if state is not None:
        query = query.where(Exhibit.state == state)
    return page(work, query, Exhibit.id, limit, cursor)


@act_on(Case, Permission.CHARGE_READ)
def take_list(work: Work, case: Case) -> tuple[Case, list[Exhibit]]:
    """All the exhibits of a case, to be given out: by side and number. That they are taken out is recorded."""
    order = sa.case({side: place for place, side in enumerate(Side)}, value=Exhibit.side)
    query = work.query(Exhibit).where(Exhibit.case_id == case.id).order_by(order, Exhibit.number)
    found = list(work.session.scalars(query))
    work.record(case, "case:export", data={"kind": "exhibits", "rows": len(found)})
    return case, found


@act_on(Exhibit, Permission.CHARGE_READ, read_only=True)
def read(work: Work, exhibit: Exhibit) -> Exhibit:
    """One exhibit."""
    return exhibit


@act_on(Exhibit, Permission.EXHIBIT_WRITE, lock=False)
def transition(
    work: Work,
    exhibit: Exhibit,
    *,
    action: str,
    reason: str,
    hearing: UUID | None = None,
    ruling: str | None = None,
    decided_on: date | None = None,
) -> Exhibit:
    """Say what became of an exhibit. Admitting and excluding take the court's ruling."""
    running_case(work, exhibit.case_id, Permission.EXHIBIT_WRITE)
    work.get(Exhibit, exhibit.id, Permission.EXHIBIT_WRITE, lock=True)
    if work.if_match not in (None, exhibit.version):
        raise StaleVersion
    ruled = action in RULED
    if ruled and ruling is None:
        raise InvalidInput({"ruling": ["Say by which ruling of the court."]})
    strange = [name for name, value in (("ruling", ruling), ("decided_on", decided_on)) if value and not ruled]
    if strange:
        raise InvalidInput({name: ["This step does not take it. Leave it out."] for name in strange})
    not_after_today(work, decided_on=decided_on)
    named_in_case(work, Hearing, exhibit.case_id, "hearing", hearing)
    work.step(EXHIBIT, exhibit.state, action, Permission.EXHIBIT_WRITE, exhibit)
    day = decided_on or office_day(work)
    exhibit.hearing_id = hearing or exhibit.hearing_id
    if ruled:
        exhibit.ruling, exhibit.decided_on = ruling, day
    work.transition(
        exhibit,
        "state",
        EXHIBIT,
        action,
        Permission.EXHIBIT_WRITE,
        data={
            **({"hearing": str(hearing)} if hearing else {}),
            **({"decided_on": day.isoformat()} if ruled else {}),
        },
        facts={"reason": reason, **({"ruling": ruling} if ruled else {})},
    )
    return exhibit


@act_on(Exhibit, Permission.CHARGE_READ, read_only=True)
def next_steps(work: Work, exhibit: Exhibit) -> tuple[list[NextStep[ExhibitState]], None]:
    """Every step that is legal from the state of the exhibit, in the order of the table."""
    return legal_steps(work, EXHIBIT, exhibit.state, lambda _action: []), None
