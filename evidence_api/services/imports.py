"""Tables brought into a case: all of their rows, in one act, or none."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from evidence_api.domain.errors import InvalidInput, NotFound
from evidence_api.domain.table import Row, Table, TableKind
from evidence_api.keys import KeyMissing
from evidence_api.models import Case, ImportDraft
from evidence_api.policy import Permission, refusal
from evidence_api.services import charge_tables, perpetrators, venues, victims
from evidence_api.services._checks import refuse_ended
from evidence_api.services.drafts import TABLE_KEPT
from evidence_api.work import Work, act_on


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a table. `imported`: its rows are in the case; otherwise nothing is."""

    kind: TableKind
    imported: bool
    rows: Sequence[Row]

    @property
    def wrong(self) -> list[Row]:
        return [row for row in self.rows if row.errors]


class NotBroughtIn(Exception):
    """It was a trial, or a row is wrong: the act is undone. `report` says what would have become of the table."""

    def __init__(self, report: Report) -> None:
        super().__init__()
        self.report = report


REGISTER: Mapping[TableKind, tuple[Permission, Callable[..., Any]]] = {
    TableKind.VICTIMS: (Permission.VICTIM_REGISTER, victims.register),
    TableKind.PERPETRATORS: (Permission.PERPETRATOR_WRITE, perpetrators.register),
    TableKind.VENUES: (Permission.VENUE_WRITE, venues.register),
    TableKind.CHARGES: (Permission.CHARGE_WRITE, charge_tables.bring_in),
}
"""Who may register each kind, and the use case: for each row or, of charges, for all of them."""


@act_on(Case, Permission.IMPORT, read_only=True)
def kinds(work: Work, case: Case) -> list[TableKind]:
    """What the actor may import."""
    return [k for k, (permission, _) in REGISTER.items() if refusal(work.session, work.actor, permission, case) is None]


@act_on(Case, Permission.IMPORT)
def bring_in(work: Work, case: Case, *, kind: TableKind, rows: Sequence[Row], dry_run: bool) -> Report:
    """Register every row, as if each had been sent by itself. Raises NotBroughtIn, so that nothing of it is kept,
    where it is a trial or a row is wrong."""
    permission, register = REGISTER[kind]
    work.require(permission)
    refuse_ended(work, case.id)
    if kind is TableKind.CHARGES:
        register(work, case.id, rows=rows)
    for row in () if kind is TableKind.CHARGES else rows:
        if not row.errors:
            try:
                register(work, case=case.id, **row.said)
            except InvalidInput as error:
                row.errors = error.errors
    report = Report(kind, not dry_run, rows)
    if dry_run or report.wrong:
        raise NotBroughtIn(Report(kind, False, rows))
    work.record(case, "case:import", data={"kind": kind.value, "rows": len(rows)})
    _forget(work)
    return report


# --- a table between its upload and its import ------------------------------------------------------------------------


@act_on(Case, Permission.IMPORT)
def keep_table(work: Work, case: Case, *, kind: TableKind, table: Table) -> UUID:
    """Keep an uploaded table for an hour, sealed under the key of the actor's own account; one at a time."""
    work.require(REGISTER[kind][0])
    assert work.actor.user_id is not None
    _forget(work)
    content = json.dumps([kind, table.header, table.rows]).encode()
    draft = ImportDraft(user_id=work.actor.user_id, case_id=case.id, sealed=b"", saved_at=work.now)
    work.session.add(draft)
    work.session.flush()
    draft.sealed = work.keys.seal(work.session, work.actor.subject, content, f"import:{draft.id}")
    return draft.id


@act_on(Case, Permission.IMPORT, read_only=True)
def kept_table(work: Work, case: Case, id: UUID) -> tuple[TableKind, Table]:
    """The table that the actor has uploaded. Raises NotFound once it is gone."""
    draft = work.session.get(ImportDraft, id)
    mine = draft is not None and (draft.user_id, draft.case_id) == (work.actor.user_id, case.id)
    if draft is None or not mine or draft.saved_at < work.now - TABLE_KEPT:
        raise NotFound("The table is kept for an hour, and no longer. Upload it again.")
    try:
        opened = work.keys.open(work.session, work.actor.subject, draft.sealed, f"import:{draft.id}")
    except KeyMissing as error:
        raise NotFound from error
    kind, header, rows = json.loads(opened)
    return TableKind(kind), Table(header, [(line, cells) for line, cells in rows])


def _forget(work: Work) -> None:
    work.session.execute(sa.delete(ImportDraft).where(ImportDraft.user_id == work.actor.user_id))
