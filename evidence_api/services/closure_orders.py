"""Orders that close a venue: drafted, approved by another, granted by a court, in force until they end (DESIGN.md
section 5). How long one may last, and how often the venue is to be looked at, the jurisdiction says."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from evidence_api.domain.closure import CLOSURE, GRANTED, ClosureState
from evidence_api.domain.errors import Conflict, InvalidInput, StaleVersion
from evidence_api.domain.jurisdiction import Deadlines
from evidence_api.domain.lifecycle import Step
from evidence_api.domain.sentences import sentence
from evidence_api.domain.venue import VENUE
from evidence_api.ledger.entry import Fact
from evidence_api.models import Case, ClosureOrder, Evidence, Venue
from evidence_api.policy import Permission
from evidence_api.services._checks import (
    TYPING,
    in_order,
    named_in_case,
    not_after_today,
    not_in_the_future,
    office_day,
    refuse_ended,
)
from evidence_api.services._court import jurisdiction_of
from evidence_api.services._pages import Page, page
from evidence_api.services._steps import NextStep, legal_steps
from evidence_api.work import Work, act, act_on

RULED = ("grant_temporary", "grant_permanent", "extend", "refuse", "discharge", "overturn")
"""Steps that a court takes: each needs what it wrote, but for a refusal, which may be spoken."""

LASTING = ("grant_temporary", "extend")
"""Steps that say until when the order lasts."""

_CLOSES = {True: "close_permanently", False: "close_temporarily"}


@act_on(Venue, Permission.CLOSURE_WRITE)
def draft(work: Work, venue: Venue, /, *, permanent: bool, grounds: str | None = None) -> ClosureOrder:
    """Draft an order that closes the venue, for good or for a time. Who drafts it never approves it, nor verifies the
    closing."""
    refuse_ended(work, venue.case_id)
    case = work.session.get_one(Case, venue.case_id)
    order = ClosureOrder(
        venue_id=venue.id,
        case_id=venue.case_id,
        ref=f"{case.ref}-CO{work.next_number(f'order:{case.id}')}",
        state=CLOSURE.initial,
        permanent=permanent,
        grounds=grounds,
        drafter_id=work.actor.user_id,
        created_at=work.now,
    )
    _seeks(work, venue)
    work.session.add(order)
    work.session.flush()
    work.record(
        order,
        "order:draft",
        data={"venue": str(venue.id), "permanent": permanent},
        facts={"ref": order.ref, "grounds": grounds},
        covers=[venue],
    )
    return order


def _seeks(work: Work, venue: Venue) -> None:
    """Whoever seeks the closing never verifies it."""
    venue.seekers = sorted({*venue.seekers, str(work.actor.user_id)})


@act_on(ClosureOrder, Permission.CLOSURE_WRITE, lock=False)
def edit(work: Work, order: ClosureOrder, /, **changes: Any) -> ClosureOrder:
    """Change a draft: `permanent`, `grounds`. Who changed it last is the one who drafted it. Raises Conflict once it is
    approved."""
    venue = _lock(work, order, Permission.CLOSURE_WRITE)
    if not changes:
        raise InvalidInput({"grounds": ["Give at least one thing to change."]})
    if order.state is not ClosureState.DRAFTED:
        raise Conflict(sentence("It is approved as it is: {state}. Withdraw it, and draft another.", state=order.state))
    for name, value in changes.items():
        setattr(order, name, value)
    assert work.actor.user_id is not None
    order.drafter_id = work.actor.user_id
    _seeks(work, venue)
    data: dict[str, Fact] = {"permanent": order.permanent} if "permanent" in changes else {}
    facts: dict[str, Fact] = {"grounds": order.grounds} if "grounds" in changes else {}
    work.record(order, "order:edit", data=data, facts=facts, covers=[venue])
    return order


@act_on(ClosureOrder, Permission.CASEWORK_READ, read_only=True)
def read(work: Work, order: ClosureOrder) -> ClosureOrder:
    """One order."""
    return order


@act_on(Venue, Permission.CASEWORK_READ, read_only=True)
def list_of_venue(work: Work, venue: Venue, *, limit: int = 50, cursor: UUID | None = None) -> Page[ClosureOrder]:
    """The orders about a venue, newest first."""
    query = work.query(ClosureOrder).where(ClosureOrder.venue_id == venue.id)
    return page(work, query, ClosureOrder.id, limit, cursor)


@act(Permission.CASEWORK_READ, read_only=True)
def list_orders(
    work: Work, *, limit: int = 50, cursor: UUID | None = None, state: ClosureState | None = None
) -> Page[ClosureOrder]:
    """The orders of all the actor's cases, newest first."""
    query = work.query(ClosureOrder)
    if state is not None:
        query = query.where(ClosureOrder.state == state)
    return page(work, query, ClosureOrder.id, limit, cursor)


@act(Permission.CASEWORK_READ, read_only=True)
def due(work: Work, *, limit: int = 50) -> tuple[list[ClosureOrder], None]:
    """Orders in force of the actor's cases that end soon, or have ended, or whose venue is to be inspected soon; the
    most pressing first."""
    near = office_day(work) + timedelta(days=work.site.settings.jurisdictions.default.deadlines.near)
    pressing = sa.func.min if work.session.get_bind().dialect.name == "sqlite" else sa.func.least
    first = pressing(
        sa.func.coalesce(ClosureOrder.expires_on, date.max), sa.func.coalesce(ClosureOrder.inspect_by, date.max)
    )
    query = work.query(ClosureOrder).where(
        ClosureOrder.state.in_(GRANTED), (ClosureOrder.expires_on <= near) | (ClosureOrder.inspect_by <= near)
    )
    return list(work.session.scalars(query.order_by(first, ClosureOrder.id).limit(limit))), None


@act(Permission.CASEWORK_READ, read_only=True)
def today(work: Work) -> date:
    """The day by which it is told what is overdue."""
    return office_day(work)


@act_on(ClosureOrder, Permission.CLOSURE_MOVE, lock=False)
def transition(
    work: Work,
    order: ClosureOrder,
    *,
    action: str,
    reason: str,
    court: str | None = None,
    court_ref: str | None = None,
    document: UUID | None = None,
    decided_on: date | None = None,
    expires_on: date | None = None,
    occurred_at: datetime | None = None,
) -> ClosureOrder:
    """Take the order a step on. `decided_on` is the day of the court's act, today unless given; `document` an item of
    the case with what it wrote.

    Enforcing it closes the venue, where its course allows. Raises IllegalTransition with what is legal now, Conflict
    for a guard that is not met.
    """
    work.require_role(CLOSURE, action, Permission.CLOSURE_MOVE, order)
    venue = _lock(work, order, Permission.CLOSURE_MOVE)
    not_in_the_future(work, "occurred_at", occurred_at, TYPING)
    not_after_today(work, decided_on=decided_on)
    named_in_case(work, Evidence, order.case_id, "document", document)
    row = work.step(CLOSURE, order.state, action, Permission.CLOSURE_MOVE, order)
    if action == "approve" and order.drafter_id == work.actor.user_id:
        told = "Another person than the one who drafted it approves it, whatever roles you hold."
        raise work.forbid(told, Permission.CLOSURE_MOVE, order)
    _only_with(action, court, court_ref, document, expires_on)
    open_points = _open_points(work, order, action)
    if open_points:
        raise Conflict(open_points[0])
    if action in RULED and action != "refuse" and document is None:
        raise InvalidInput({"document": ["Name the item with what the court wrote. Upload it to the case first."]})
    day = decided_on or office_day(work, occurred_at)
    if order.applied_on is not None:
        in_order("decided_on", order.applied_on, day)
    if action in LASTING:
        order.expires_on = _last_day(work, order, action, day, expires_on)
    _note(work, order, action, day, court, court_ref, document)
    if action == "apply":
        _seeks(work, venue)
    days = {"expires_on": order.expires_on.isoformat()} if action in LASTING and order.expires_on else {}
    data: dict[str, Fact] = {"decided_on": day.isoformat(), **days}
    if document is not None:
        data["document"] = str(document)
    work.transition(
        order,
        "state",
        CLOSURE,
        action,
        Permission.CLOSURE_MOVE,
        data=data,
        facts={"reason": reason, "court": court, "court_ref": court_ref},
        occurred_at=occurred_at,
        covers=[venue],
    )
    if order.state is ClosureState.ENFORCED:
        _close(work, order, venue, day, reason, occurred_at)
    assert row.target is order.state
    return order


@act_on(ClosureOrder, Permission.CASEWORK_READ, read_only=True)
def next_steps(work: Work, order: ClosureOrder) -> tuple[list[NextStep[ClosureState]], None]:
    """Every step that is legal from the state of the order, in the order of the table."""
    return legal_steps(work, CLOSURE, order.state, lambda action: _open_points(work, order, action)), None


def _lock(work: Work, order: ClosureOrder, permission: Permission) -> Venue:
    """Lock the venue, then the order: who inspects a venue locks them so too."""
    find = sa.select(Venue).where(Venue.id == order.venue_id)
    venue = work.session.scalars(
        find.with_for_update(of=Venue, key_share=True).execution_options(populate_existing=True)
    ).one()
    work.get(ClosureOrder, order.id, permission, lock=True)
    if work.if_match not in (None, order.version):
        raise StaleVersion
    return venue


def _only_with(
    action: str, court: str | None, court_ref: str | None, document: UUID | None, expires_on: date | None
) -> None:
    told = "This goes with another step. Leave it out."
    wrong = {
        name: [told]
        for name, given, fits in (
            ("court", court, action == "apply"),
            ("court_ref", court_ref, action == "apply"),
            ("expires_on", expires_on, action in LASTING),
            ("document", document, action not in ("approve", "withdraw")),
        )
        if given is not None and not fits
    }
    if action == "apply" and not (court and court_ref):
        wrong |= {name: ["Give the court and its reference."] for name in ("court", "court_ref") if name not in wrong}
    if action in LASTING and expires_on is None:
        wrong["expires_on"] = ["Give the last day of the order."]
    if wrong:
        raise InvalidInput(wrong)


def _deadlines(work: Work, order: ClosureOrder) -> Deadlines:
    return jurisdiction_of(work, order.case_id).deadlines


def _last_day(work: Work, order: ClosureOrder, action: str, day: date, expires_on: date | None) -> date:
    begin = day if action == "grant_temporary" else max(day, order.expires_on or day)
    latest = begin + timedelta(days=_deadlines(work, order).temporary_closure)
    if expires_on is None or not begin < expires_on <= latest:
        told = "Give a day after {begin}, and not after {latest}: it lasts no longer here."
        raise InvalidInput({"expires_on": [sentence(told, begin=begin.isoformat(), latest=latest.isoformat())]})
    return expires_on


def _note(
    work: Work,
    order: ClosureOrder,
    action: str,
    day: date,
    court: str | None,
    court_ref: str | None,
    document: UUID | None,
) -> None:
    """What the step changes of the order beside its state."""
    match action:
        case "approve":
            order.approver_id = work.actor.user_id
        case "apply":
            order.court, order.court_ref, order.applied_on = court, court_ref, day
        case "grant_temporary" | "grant_permanent":
            order.permanent, order.granted_on = action == "grant_permanent", day
            order.inspect_by = day + timedelta(days=_deadlines(work, order).inspection)
            if order.permanent:
                order.expires_on = None
        case "discharge" | "expire" | "overturn":
            order.inspect_by = None
    if document is not None and action in RULED:
        order.document_id = document


def _open_points(work: Work, order: ClosureOrder, action: str) -> list[str]:
    """What is still missing for a step, in sentences."""
    if action == "approve" and order.drafter_id == work.actor.user_id:
        return ["Another person than the one who drafted it approves it."]
    if action in ("extend", "expire") and order.permanent:
        return ["The order is permanent: it needs no longer term, and does not expire."]
    if action == "expire" and (order.expires_on is None or order.expires_on >= office_day(work)):
        return ["Its last day is not over yet."]
    return []


def _close(work: Work, order: ClosureOrder, venue: Venue, day: date, reason: str, occurred_at: datetime | None) -> None:
    """The venue is closed by the order, unless it was already, or its course does not lead there. Whose order closes it
    does not verify that, also where it was in use again meanwhile."""
    venue.seekers = sorted({*venue.seekers, str(order.drafter_id)})
    action = _CLOSES[order.permanent]
    legal: list[Step[Any]] = [step for step in VENUE.steps if step.action == action and venue.state in step.sources]
    if not legal:
        return
    venue.closed_on = day
    work.transition(
        venue,
        "state",
        VENUE,
        action,
        Permission.CLOSURE_MOVE,
        data={"order": str(order.id)},
        facts={"reason": reason},
        occurred_at=occurred_at,
    )
