"""Custody: hand-overs, check-out and -in, hold, correction, restriction. Each act says who is responsible now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from evidence_api.domain.custody import (
    CUSTODY,
    HOLDERS,
    OFFER_WAITS,
    RETURNING,
    TAKING,
    TRANSFERS,
    Sensitivity,
    TransferState,
)
from evidence_api.domain.errors import Conflict, InvalidInput, Quarantined
from evidence_api.domain.roles import Role
from evidence_api.domain.sentences import Term, sentence
from evidence_api.ledger.entry import BadEntry, Fact, decode
from evidence_api.models import Assignment, Case, Evidence, LedgerEntry, Reader, Transfer, User, UserRole
from evidence_api.policy import Permission, is_assigned, refusal
from evidence_api.services._checks import CLOCKS_DIFFER, TYPING, not_in_the_future, refuse_ended, refuse_taken_tag
from evidence_api.services._pages import Page, page
from evidence_api.services._restriction import restrict
from evidence_api.work import Work, act, act_on

CORRECTABLE = frozenset({"title", "captured_at", "method", "device", "latitude", "longitude", "tag", "place"})


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
        **_in_place_of(work, item.case_id, item.custodian_id),
    }
    refuse_ended(work, item.case_id)
    _refuse_quarantined(item)
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
    _refuse_quarantined(item)
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
    giver = _in_place_of(work, transfer.case_id, transfer.from_id)
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


ACTS: Mapping[str, Permission] = {
    "offer": Permission.CUSTODY_OFFER,
    **dict.fromkeys(sorted(TAKING | RETURNING), Permission.CUSTODY_MOVE),
    "verify": Permission.EVIDENCE_VERIFY,
    "correct": Permission.EVIDENCE_CORRECT,
    "hold": Permission.CUSTODY_HOLD,
    "lift_hold": Permission.CUSTODY_HOLD,
    "restrict": Permission.EVIDENCE_SHARE,
    "unrestrict": Permission.EVIDENCE_SHARE,
    "share": Permission.EVIDENCE_SHARE,
    "release": Permission.QUARANTINE_RELEASE,
}
"""What can be done with an item, and the permission that it takes."""


@act_on(Evidence, Permission.EVIDENCE_READ, read_only=True)
def acts(work: Work, item: Evidence) -> list[str]:
    """What is offered to the actor to do with the item now, of `ACTS`. The gate decides again when it is done."""
    supervises = work.actor.role is Role.SUPERVISOR
    now = {
        "offer": not item.quarantined,
        "hold": not item.held,
        "lift_hold": item.held and supervises,
        "restrict": item.sensitivity is Sensitivity.ORDINARY,
        "unrestrict": item.sensitivity is Sensitivity.RESTRICTED and supervises,
        "release": item.quarantined,
        **dict.fromkeys(TAKING, not item.quarantined),
        **dict.fromkeys(RETURNING, supervises or item.custodian_id == work.actor.user_id),
    }
    return [
        name
        for name, permission in ACTS.items()
        if now.get(name, True)
        and (name not in CUSTODY.actions or _from_here(work, item, name))
        and refusal(work.session, work.actor, permission, item) is None
    ]


def _from_here(work: Work, item: Evidence, action: str) -> bool:
    return any(
        step.action == action and item.state in step.sources and work.actor.role in step.roles for step in CUSTODY.steps
    )


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


@act_on(Evidence, Permission.CUSTODY_MOVE)
def move(
    work: Work,
    item: Evidence,
    *,
    action: str,
    reason: str,
    place: str | None = None,
    due_at: datetime | None = None,
    occurred_at: datetime | None = None,
) -> Evidence:
    """Check the item out or in, take it to court or bring it back.

    Who takes it is its custodian until she brings it back; then it is again with the one who had it before. For a
    custodian who has left, a supervisor brings it back, with a fresh code.
    """
    if action not in TAKING | RETURNING:
        raise InvalidInput(
            {"action": [sentence("Give one of: {choices}.", choices=[*map(Term, sorted(TAKING | RETURNING))])]}
        )
    if action in RETURNING and item.custodian_id != work.actor.user_id and work.actor.role is not Role.SUPERVISOR:
        raise work.forbid("Only the person who took the item may bring it back.", Permission.CUSTODY_MOVE, item)
    not_in_the_future(work, "occurred_at", occurred_at, TYPING)
    data = _in_place_of(work, item.case_id, item.custodian_id) if action in RETURNING else {}
    work.step(CUSTODY, item.state, action, Permission.CUSTODY_MOVE, item)
    if action in TAKING:
        refuse_ended(work, item.case_id)
        _refuse_quarantined(item)
        item.lender_id, item.custodian_id = item.custodian_id, _me(work)
    else:
        item.custodian_id, item.lender_id = item.lender_id or item.custodian_id, None
    item.due_at = due_at if action in TAKING else None
    item.place = place or item.place
    data["custodian"] = str(work.known_as(item.case_id, item.custodian_id))
    facts = {"reason": reason, "place": place, "due_at": None if due_at is None else due_at.isoformat()}
    work.transition(
        item, "state", CUSTODY, action, Permission.CUSTODY_MOVE, data=data, facts=facts, occurred_at=occurred_at
    )
    return item


@act_on(Evidence, Permission.CUSTODY_HOLD)
def hold(work: Work, item: Evidence, *, reason: str) -> Evidence:
    """Put the item under legal hold: it cannot be disposed of."""
    if item.held:
        raise Conflict("The item is under legal hold already.")
    item.held = True
    work.record(item, "evidence:hold", facts={"reason": reason})
    return item


@act_on(Evidence, Permission.CUSTODY_HOLD)
def lift_hold(work: Work, item: Evidence, *, reason: str) -> Evidence:
    """End the legal hold. Only a supervisor, with a fresh code, who did not set it and to whom the item is foreign."""
    if work.actor.role is not Role.SUPERVISOR:
        raise work.forbid("Only a supervisor may lift a legal hold.", Permission.CUSTODY_HOLD, item)
    _second_person(work, item, "evidence:hold", Permission.CUSTODY_HOLD)
    work.step_up()
    if not item.held:
        raise Conflict("The item is not under legal hold.")
    item.held = False
    work.record(item, "evidence:lift_hold", facts={"reason": reason})
    return item


@act_on(Evidence, Permission.EVIDENCE_CORRECT)
def correct(work: Work, item: Evidence, /, *, corrects: str, reason: str, **changes: object) -> Evidence:
    """Correct what was said of the item. The wrong entry stays; a new one names it by its hash."""
    changed = {name: value for name, value in changes.items() if value is not None}
    if not changed:
        raise InvalidInput({"title": ["Give at least one fact to correct."]})
    known = sa.select(LedgerEntry.id).where(LedgerEntry.subject == item.subject, LedgerEntry.hash == corrects)
    if work.session.execute(known).first() is None:
        raise InvalidInput({"corrects": ["There is no entry with this hash in the item's chain."]})
    captured_at, tag = changed.get("captured_at"), changed.get("tag")
    not_in_the_future(work, "captured_at", captured_at if isinstance(captured_at, datetime) else None, CLOCKS_DIFFER)
    refuse_taken_tag(work, item.case_id, str(tag) if tag else None, item.id)
    for name, value in changed.items():
        setattr(item, name, value)
    work.record(item, "evidence:correct", data={"corrects": corrects}, facts={"reason": reason, **_as_facts(changed)})
    return item


def _as_facts(changes: Mapping[str, object]) -> dict[str, Fact | float]:
    return {
        n: v if isinstance(v, str | int | float) else v.isoformat()
        for n, v in changes.items()
        if isinstance(v, str | int | float | datetime)
    }


@act_on(Evidence, Permission.EVIDENCE_SHARE)
def name_reader(work: Work, item: Evidence, *, user: UUID) -> Reader:
    """Name a person who may open the item: a restricted one, or one shared with a caseworker. Never oneself."""
    if user == work.actor.user_id:
        raise work.forbid("Another person must name you.", Permission.EVIDENCE_SHARE, item)
    if not (is_assigned(work.session, item.case_id, user) or _supervises(work, item.case_id, user)):
        raise InvalidInput({"user": ["This person is not assigned to the case."]})
    if work.session.get(Reader, (item.id, user)) is not None:
        raise Conflict("This person is named already.")
    reader = Reader(evidence_id=item.id, user_id=user)
    work.session.add(reader)
    work.record(item, "evidence:name_reader", data={"reader": str(work.known_as(item.case_id, user))})
    return reader


@act_on(Evidence, Permission.EVIDENCE_SHARE)
def drop_reader(work: Work, item: Evidence, user: UUID, *, reason: str) -> None:
    """End a person's being named."""
    reader = work.session.get(Reader, (item.id, user))
    if reader is None:
        raise Conflict("This person is not named.")
    work.session.delete(reader)
    work.record(
        item, "evidence:drop_reader", data={"reader": str(work.known_as(item.case_id, user))}, facts={"reason": reason}
    )


@act_on(Evidence, Permission.EVIDENCE_SHARE)
def set_sensitivity(work: Work, item: Evidence, *, sensitivity: Sensitivity, reason: str) -> Evidence:
    """Mark the item restricted (imagery of abuse), or ordinary again.

    Who was named before is named no longer once it is restricted: to be shown an ordinary item is another thing. A
    restriction is lifted by a supervisor, with a fresh code, who did not set it and to whom the item is foreign.
    """
    if sensitivity is Sensitivity.ORDINARY:
        if work.actor.role is not Role.SUPERVISOR:
            raise work.forbid("Only a supervisor may lift a restriction.", Permission.EVIDENCE_SHARE, item)
        _second_person(work, item, "evidence:restrict", Permission.EVIDENCE_SHARE)
        work.step_up()
    if sensitivity is item.sensitivity:
        raise Conflict(sentence("The item is this already: {sensitivity}.", sensitivity=sensitivity))
    if sensitivity is Sensitivity.RESTRICTED:
        restrict(work, item, reason)
    else:
        item.sensitivity = sensitivity
        work.record(item, "evidence:unrestrict", facts={"reason": reason})
    return item


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


def _in_place_of(work: Work, case_id: UUID, person: UUID) -> dict[str, Fact]:
    """Whom a supervisor acts for, to be recorded; it takes her a fresh code. Empty for who acts for herself."""
    if work.actor.role is not Role.SUPERVISOR:
        return {}
    work.step_up()
    return {"in_place_of": str(work.known_as(case_id, person))}


def _second_person(work: Work, item: Evidence, action: str, permission: Permission) -> None:
    """Raise Forbidden for who did `action` last, or gathered or holds the item: nobody is her own second person."""
    found = sa.select(LedgerEntry.body).where(LedgerEntry.subject == item.subject, LedgerEntry.action == action)
    last = work.session.scalars(found.order_by(LedgerEntry.seq.desc()).limit(1)).one_or_none()
    try:
        hers = last is not None and decode(last).actor == str(work.known_as(item.case_id))
    except BadEntry:
        raise Conflict("The item's chain cannot be read. Verify the item first.") from None
    if hers or work.actor.user_id in (item.collector_id, item.custodian_id):
        raise work.forbid("Another supervisor must lift this: you set it, or the item is yours.", permission, item)


def _supervises(work: Work, case_id: UUID, user: UUID) -> bool:
    found = (
        sa.select(User.id)
        .join(UserRole, UserRole.user_id == User.id)
        .join(Case, Case.office_id == User.office_id)
        .where(Case.id == case_id, User.id == user, UserRole.role == Role.SUPERVISOR, User.disabled_at.is_(None))
    )
    return work.session.execute(found).first() is not None


def _refuse_quarantined(item: Evidence) -> None:
    if item.quarantined:
        raise Quarantined("The item is quarantined. A supervisor must release it first.")


def _me(work: Work) -> UUID:
    assert work.actor.user_id is not None
    return work.actor.user_id
