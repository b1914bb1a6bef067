"""Hand-overs: offered, accepted with a fresh code, refused, withdrawn; and who waits for whom."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from evidence_api.domain.custody import CUSTODY, HOLDERS, OFFER_WAITS, TRANSFERS, TransferState
from evidence_api.domain.errors import InvalidInput
from evidence_api.domain.roles import Role
from evidence_api.ledger.entry import Fact
from evidence_api.models import Assignment, Case, Evidence, Transfer, User, UserRole
from evidence_api.policy import Permission, is_assigned
from evidence_api.services._checks import refuse_ended
from evidence_api.services._custody import in_place_of, refuse_quarantined
from evidence_api.services._pages import Page, page
from evidence_api.work import Work, act, act_on


@act_on(Evidence, Permission.CUSTODY_OFFER)
def offer(work: Work, item: Evidence, *, to: UUID, reason: str) -> Transfer:
    """Offer the item to another person of the case. It stays with the custodian until the other accepts.

    In the place of a custodian who has left, a supervisor does so, with a fresh code, and never to herself.
    """
    if to == item.custodian_id:
        raise InvalidInput({"to": ["The item is with this person already."]})
    if to == work.actor.user_id:
        raise work.forbid("Another supervisor must hand the item to you.", Permission.CUSTODY_OFFER, item)
    if not is_assigned(work.session, item.case_id, to, HOLDERS):
        raise InvalidInput(
            {"to": ["Only an investigator or lawyer who is assigned to the case can be handed an item."]}
        )
    receiver: dict[str, Fact] = {
        "receiver": str(work.known_as(item.case_id, to)),
        **in_place_of(work, item.case_id, item.custodian_id),
    }
    refuse_ended(work, item.case_id)
    refuse_quarantined(item)
    work.transition(item, "state", CUSTODY, "offer", Permission.CUSTODY_OFFER, data=receiver, facts={"reason": reason})
    transfer = Transfer(
        case_id=item.case_id,
        evidence_id=item.id,
        from_id=item.custodian_id,
        to_id=to,
        state=TransferState.OFFERED,
        offered_at=work.now,
    )
    work.session.add(transfer)
    work.session.flush()
    return transfer


@act_on(Transfer, Permission.CUSTODY_DECIDE)
def accept(work: Work, transfer: Transfer) -> Transfer:
    """Take the item over. Only the person offered to, with a fresh code from her own authenticator."""
    _only(work, transfer, transfer.to_id, "Only the person to whom the item is offered may accept it.")
    work.step_up()
    item = _decide(work, transfer, "accept")
    refuse_quarantined(item)
    item.custodian_id = transfer.to_id
    custodian: dict[str, Fact] = {"custodian": str(work.known_as(item.case_id, transfer.to_id))}
    work.transition(item, "state", CUSTODY, "accept", Permission.CUSTODY_DECIDE, data=custodian)
    return transfer


@act_on(Transfer, Permission.CUSTODY_DECIDE)
def refuse(work: Work, transfer: Transfer, *, reason: str) -> Transfer:
    """Decline the item. It stays with the one who offered it."""
    _only(work, transfer, transfer.to_id, "Only the person to whom the item is offered may refuse it.")
    item = _decide(work, transfer, "refuse")
    work.transition(item, "state", CUSTODY, "refuse", Permission.CUSTODY_DECIDE, facts={"reason": reason})
    return transfer


@act_on(Transfer, Permission.CUSTODY_DECIDE)
def withdraw(work: Work, transfer: Transfer, *, reason: str) -> Transfer:
    """Take an offer back that is neither accepted nor refused; for a giver who has left, a supervisor does."""
    if work.actor.role is not Role.SUPERVISOR:
        _only(work, transfer, transfer.from_id, "Only the person who offered the item may withdraw the offer.")
    giver = in_place_of(work, transfer.case_id, transfer.from_id)
    item = _decide(work, transfer, "withdraw")
    work.transition(item, "state", CUSTODY, "withdraw", Permission.CUSTODY_DECIDE, data=giver, facts={"reason": reason})
    return transfer


@act(Permission.EVIDENCE_LIST, read_only=True)
def list_transfers(
    work: Work, *, limit: int, cursor: UUID | None, mine: bool, state: TransferState | None
) -> Page[Transfer]:
    """Hand-overs in the actor's cases, newest first; with `mine`, only those offered to her."""
    query = work.query(Transfer)
    if mine:
        query = query.where(Transfer.to_id == work.actor.user_id)
    if state is not None:
        query = query.where(Transfer.state == state)
    return page(work, query, Transfer.id, limit, cursor)


@act(Permission.EVIDENCE_LIST, read_only=True)
def count_offers(work: Work) -> int:
    """How many items are offered to the actor and wait for her."""
    offered = work.query(Transfer).where(Transfer.to_id == work.actor.user_id, Transfer.state == TransferState.OFFERED)
    return work.session.scalars(sa.select(sa.func.count()).select_from(offered.subquery())).one()


@dataclass(frozen=True, slots=True)
class Waiting:
    """A hand-over, mostly an open one, with what it is about and between whom. `late`: offered over 24 hours ago."""

    id: UUID
    evidence_id: UUID
    ref: str
    title: str
    case_id: UUID
    case_ref: str
    from_id: UUID
    from_name: str
    to_id: UUID
    to_name: str
    offered_at: datetime
    to_me: bool
    late: bool


@act(Permission.EVIDENCE_LIST, read_only=True)
def waiting(work: Work, *, limit: int = 50, cursor: UUID | None = None) -> tuple[list[Waiting], str | None]:
    """The open offers to the actor and by her, the longest open first."""
    mine = (Transfer.to_id == work.actor.user_id) | (Transfer.from_id == work.actor.user_id)
    if cursor is not None:
        mine &= Transfer.id > cursor
    found = _told(work, mine & (Transfer.state == TransferState.OFFERED), limit + 1)
    return found[:limit], str(found[limit - 1].id) if len(found) > limit else None


@act_on(Evidence, Permission.EVIDENCE_READ, read_only=True)
def open_offer(work: Work, item: Evidence) -> Waiting | None:
    """The hand-over of the item that is neither accepted nor refused, if there is one."""
    open_ = Transfer.state == TransferState.OFFERED
    return next(iter(_told(work, open_ & (Transfer.evidence_id == item.id), 1)), None)


@act_on(Transfer, Permission.EVIDENCE_READ, read_only=True)
def told(work: Work, transfer: Transfer) -> Waiting:
    """A hand-over, open or decided, with what it is about and between whom."""
    return _told(work, Transfer.id == transfer.id, 1)[0]


def _told(work: Work, which: sa.ColumnElement[bool], limit: int) -> list[Waiting]:
    giver, receiver, me = aliased(User), aliased(User), work.actor.user_id
    query = (
        work.query(Transfer)
        .join(Evidence, Evidence.id == Transfer.evidence_id)
        .join(Case, Case.id == Transfer.case_id)
        .join(giver, giver.id == Transfer.from_id)
        .join(receiver, receiver.id == Transfer.to_id)
        .where(which)
        .with_only_columns(
            Transfer.id,
            Transfer.evidence_id,
            Evidence.ref,
            Evidence.title,
            Transfer.case_id,
            Case.ref.label("case_ref"),
            Transfer.from_id,
            giver.username.label("from_name"),
            Transfer.to_id,
            receiver.username.label("to_name"),
            Transfer.offered_at,
            (Transfer.to_id == me).label("to_me"),
            (Transfer.offered_at < work.now - OFFER_WAITS).label("late"),
        )
        .order_by(Transfer.id)
        .limit(limit)
    )
    return [Waiting(**row) for row in work.session.execute(query).mappings()]


@act_on(Transfer, Permission.EVIDENCE_READ, read_only=True)
def read_transfer(work: Work, transfer: Transfer) -> Transfer:
    """One hand-over."""
    return transfer


@act_on(Evidence, Permission.CUSTODY_OFFER, read_only=True)
def receivers(work: Work, item: Evidence) -> list[User]:
    """To whom the item can be offered: who is assigned to the case to hold items, but not who holds it."""
    find = (
        sa.select(User)
        .join(Assignment, Assignment.user_id == User.id)
        .join(UserRole, (UserRole.user_id == User.id) & (UserRole.role == Assignment.role))
        .where(
            Assignment.case_id == item.case_id,
            Assignment.role.in_(HOLDERS),
            Assignment.ended_at.is_(None),
            User.disabled_at.is_(None),
            User.id.not_in([item.custodian_id, work.actor.user_id]),
        )
        .distinct()
        .order_by(User.username)
    )
    return list(work.session.scalars(find))


def _decide(work: Work, transfer: Transfer, action: str) -> Evidence:
    row = work.step(TRANSFERS, transfer.state, action, Permission.CUSTODY_DECIDE, transfer)
    assert row.target is not None
    transfer.state = row.target
    transfer.decided_at = work.now
    lock = (
        sa.select(Evidence)
        .where(Evidence.id == transfer.evidence_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return work.session.scalars(lock).one()


def _only(work: Work, transfer: Transfer, person: UUID, detail: str) -> None:
    if work.actor.user_id != person:
        raise work.forbid(detail, Permission.CUSTODY_DECIDE, transfer)
