"""Operatives: known by a code alone. Who is behind it is sealed in the vault, and takes two people to open."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from evidence_api.domain.approval import ApprovalKind
from evidence_api.domain.errors import Conflict, InvalidInput
from evidence_api.models import Operation, OperationOperative, Operative, User
from evidence_api.policy import Permission
from evidence_api.services import _vault
from evidence_api.services._approvals import use
from evidence_api.services._operations import lock_running, refuse_over
from evidence_api.services._pages import Page, page
from evidence_api.work import Work, act, act_on

CODES = frozenset(f"{letter}{number}" for letter in "ABCDEFGHJKLMNPQRSTUVWXYZ" for number in range(1, 1000))
"""A letter and a number that say nothing of anybody; without the letters that are read as digits."""


@act(Permission.OPERATIVE_WRITE)
def add(work: Work, *, person: str | None = None) -> Operative:
    """Give somebody who works covertly a code, drawn by lot. `person`, a user's id or a name, goes into the vault.

    Raises Conflict once every code is used.
    """
    find = sa.select(Operative.code).where(Operative.office_id == work.actor.office_id)
    free = sorted(CODES.difference(work.session.scalars(find)))
    if not free:
        raise Conflict("Every code is used. A code is never given twice, so no more operatives can be added.")
    operative = Operative(office_id=work.actor.office_id, code=secrets.choice(free), created_at=work.now)
    work.session.add(operative)
    work.session.flush()
    _seal(work, operative, person)
    work.record(operative, "operative:add", facts={"code": operative.code})
    return operative


@act_on(Operative, Permission.OPERATIVE_WRITE)
def set_identity(work: Work, operative: Operative, *, person: str) -> Operative:
    """Seal who is behind the code, once. Raises Conflict where somebody is, or for an operative who has ended."""
    if operative.ended_at is not None or _vault.fields_of(work, operative.subject):
        raise Conflict(
            "Who is behind a code is never replaced. End this operative, and add another with a code of her own."
        )
    _seal(work, operative, person)
    work.record(operative, "operative:identity_set")
    return operative


def _seal(work: Work, operative: Operative, person: str | None) -> None:
    user = _user(work, person)
    _vault.put(work, operative.subject, {"name": None if user else person, "user": str(user) if user else None})


def _user(work: Work, person: str | None) -> UUID | None:
    """The user of this office whose id it is; None where it is a name. Raises InvalidInput for another id."""
    try:
        id = UUID(person or "")
    except ValueError:
        return None
    if work.session.scalars(work.query(User).where(User.id == id)).first() is None:
        raise InvalidInput({"person": ["There is no such person in this office."]})
    return id


@act(Permission.OPERATIVE_READ, read_only=True)
def list_operatives(work: Work, *, limit: int = 50, cursor: UUID | None = None) -> Page[Operative]:
    """The operatives of the office by their codes, newest first."""
    return page(work, work.query(Operative), Operative.id, limit, cursor)


@act(Permission.OPERATIVE_READ, read_only=True)
def named(work: Work, *, ids: Collection[UUID]) -> list[Operative]:
    """Those of these operatives who are of the office."""
    return list(work.session.scalars(work.query(Operative).where(Operative.id.in_(ids))))


@act_on(Operative, Permission.OPERATIVE_READ, read_only=True)
def read(work: Work, operative: Operative) -> Operative:
    """One operative, by code."""
    return operative


@act_on(Operative, Permission.OPERATIVE_WRITE)
def end(work: Work, operative: Operative, *, reason: str) -> Operative:
    """She works covertly no more. Her code stays hers, and what it stands for stays sealed."""
    if operative.ended_at is not None:
        raise Conflict("This operative has ended already.")
    operative.ended_at = work.now
    work.record(operative, "operative:end", facts={"reason": reason})
    return operative


@dataclass(frozen=True, slots=True)
class Revealed:
    """Who is behind a code: a name, or the user name of an account."""

    id: UUID
    code: str
    name: str | None
    username: str | None


@act_on(Operative, Permission.OPERATIVE_IDENTITY)
def reveal(work: Work, operative: Operative, *, approval: UUID) -> Revealed:
    """Open who is behind a code, with a fresh code: once, by who asked, within 15 minutes of another person's yes."""
    work.step_up()
    used = use(work, approval, ApprovalKind.OPERATIVE_IDENTITY, operative.subject)
    sealed = _vault.open_all(work, operative.subject)
    user = sealed.get("user")
    username = user and work.session.scalars(sa.select(User.username).where(User.id == UUID(user))).one_or_none()
    work.record(operative, "operative:identity_reveal", data={"approval": str(used.id)}, facts={"reason": used.reason})
    return Revealed(operative.id, operative.code, sealed.get("name"), username)


# --- who takes part in an operation -----------------------------------------------------------------------------------


@act_on(Operation, Permission.OPERATION_WRITE, lock=False)
def add_to_operation(work: Work, operation: Operation, *, operative: UUID) -> Operative:
    """Let an operative take part. Only a commitment to her id stands in the case's chain, lest two cases tell of one
    person."""
    work.require(Permission.OPERATIVE_READ)
    lock_running(work, operation, Permission.OPERATION_WRITE)
    there = work.query(Operative).where(Operative.id == operative, Operative.ended_at.is_(None))
    found = work.session.scalars(there).one_or_none()
    if found is None:
        raise InvalidInput({"operative": ["There is no such operative in this office."]})
    refuse_over(operation)
    if work.session.get(OperationOperative, (operation.id, operative)) is not None:
        raise Conflict("This operative takes part already.")
    part = OperationOperative(operation_id=operation.id, operative_id=operative, case_id=operation.case_id)
    work.session.add(part)
    work.record(operation, "operation:operative", facts={"operative": str(operative)})
    return found


@act_on(Operation, Permission.OPERATION_WRITE, lock=False)
def take_off_operation(work: Work, operation: Operation, operative: UUID, *, reason: str) -> None:
    """Take an operative off who was named by mistake, or who does not take part after all."""
    work.require(Permission.OPERATIVE_READ)
    lock_running(work, operation, Permission.OPERATION_WRITE)
    part = work.session.get(OperationOperative, (operation.id, operative))
    if part is None:
        raise InvalidInput({"operative": ["This operative does not take part."]})
    refuse_over(operation)
    work.session.delete(part)
    work.record(operation, "operation:operative_off", facts={"operative": str(operative), "reason": reason})


@act_on(Operation, Permission.OPERATIVE_READ, read_only=True)
def of_operation(work: Work, operation: Operation) -> tuple[list[Operative], None]:
    """Who takes part, by code."""
    taking = sa.select(OperationOperative.operative_id).where(OperationOperative.operation_id == operation.id)
    query = work.query(Operative).where(Operative.id.in_(taking)).order_by(Operative.code)
    return list(work.session.scalars(query)), None
