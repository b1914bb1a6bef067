"""Tables taken out of a case. Taking one out is recorded, with how many rows it had."""

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from evidence_api.db import Base
from evidence_api.domain.table import TableKind
from evidence_api.models import Case, Charge, Evidence, Perpetrator, Venue, Victim, VictimCase
from evidence_api.policy import Permission
from evidence_api.work import Work, act_on


@dataclass(frozen=True, slots=True)
class Export:
    """A table that is about to be given out: what is in it, and the row after its newest, where reading begins."""

    kind: TableKind
    ref: str
    rows: int
    begin: UUID | None


@act_on(Case, Permission.VICTIM_READ)
def victims(work: Work, case: Case) -> Export:
    """The victims whom the case knows."""
    known = sa.select(VictimCase.victim_id).where(VictimCase.case_id == case.id)
    return _announced(work, case, TableKind.VICTIMS, Victim, Victim.id.in_(known))


@act_on(Case, Permission.CASEWORK_READ)
def perpetrators(work: Work, case: Case) -> Export:
    """Who is suspected in the case."""
    return _announced(work, case, TableKind.PERPETRATORS, Perpetrator, Perpetrator.case_id == case.id)


@act_on(Case, Permission.CASEWORK_READ)
def venues(work: Work, case: Case) -> Export:
    """The venues of the case."""
    return _announced(work, case, TableKind.VENUES, Venue, Venue.case_id == case.id)


@act_on(Case, Permission.CHARGE_READ)
def charges(work: Work, case: Case) -> Export:
    """The charges of the case, every edition."""
    return _announced(work, case, TableKind.CHARGES, Charge, Charge.case_id == case.id)


@act_on(Case, Permission.EVIDENCE_LIST)
def items(work: Work, case: Case) -> Export:
    """The items of the case that the actor may know of."""
    return _announced(work, case, TableKind.ITEMS, Evidence, Evidence.case_id == case.id)


def _announced(work: Work, case: Case, kind: TableKind, model: type[Base], within: sa.ColumnElement[bool]) -> Export:
    key = sa.inspect(model).primary_key[0]
    rows = work.query(model).where(within)
    count = work.session.execute(rows.with_only_columns(sa.func.count())).scalar_one()
    newest = work.session.execute(rows.with_only_columns(key).order_by(key.desc()).limit(1)).scalar_one_or_none()
    work.record(case, "case:export", data={"kind": kind.value, "rows": count})
    return Export(kind, case.ref, count, None if newest is None else UUID(int=newest.int + 1))
