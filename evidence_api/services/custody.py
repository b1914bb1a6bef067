"""Custody: check-out and -in, court, hold, correction. Each act says who is responsible now."""

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa

from evidence_api.domain.custody import CUSTODY, RETURNING, TAKING, Sensitivity
from evidence_api.domain.errors import Conflict, InvalidInput
from evidence_api.domain.roles import Role
from evidence_api.domain.sentences import Term, sentence
from evidence_api.ledger.entry import Fact
from evidence_api.models import Evidence, LedgerEntry
from evidence_api.policy import Permission, refusal
from evidence_api.services._checks import (
    CLOCKS_DIFFER,
    TYPING,
    has_ended,
    not_in_the_future,
    refuse_ended,
    refuse_taken_tag,
)
from evidence_api.services._custody import foreign, in_place_of, is_second_person, refuse_quarantined, second_person
from evidence_api.services._restriction import NOTES
from evidence_api.work import Work, act_on

CORRECTABLE = frozenset({"title", "captured_at", "method", "device", "latitude", "longitude", "tag", "place"})

ACTS: Mapping[str, Permission] = {
    "offer": Permission.CUSTODY_OFFER,
    **dict.fromkeys(sorted(TAKING | RETURNING), Permission.CUSTODY_MOVE),
    "verify": Permission.EVIDENCE_VERIFY,
    "note": Permission.EVIDENCE_CORRECT,
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
    goes_out = not item.quarantined and not has_ended(work, item.case_id)
    restricted = item.sensitivity is Sensitivity.RESTRICTED
    now = {
        "offer": goes_out,
        "note": not restricted,
        "hold": not item.held,
        "lift_hold": item.held and supervises and _may_undo(work, item, "evidence:hold"),
        "restrict": not restricted,
        "unrestrict": restricted and supervises and _may_undo(work, item, "evidence:restrict"),
        "release": item.quarantined and foreign(work, item),
        **dict.fromkeys(TAKING, goes_out),
        **dict.fromkeys(RETURNING, supervises or item.custodian_id == work.actor.user_id),
    }
    return [
        name
        for name, permission in ACTS.items()
        if now.get(name, True)
        and (name not in CUSTODY.actions or _from_here(work, item, name))
        and refusal(work.session, work.actor, permission, item) is None
    ]


def _may_undo(work: Work, item: Evidence, action: str) -> bool:
    try:
        return is_second_person(work, item, action)
    except Conflict:
        return False


def _from_here(work: Work, item: Evidence, action: str) -> bool:
    return any(
        step.action == action and item.state in step.sources and work.actor.role in step.roles for step in CUSTODY.steps
    )


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
    if due_at is not None and due_at <= (occurred_at or work.now):
        raise InvalidInput({"due_at": ["Give a time after the one at which the item is taken."]})
    data = in_place_of(work, item.case_id, item.custodian_id) if action in RETURNING else {}
    work.step(CUSTODY, item.state, action, Permission.CUSTODY_MOVE, item)
    if action in TAKING:
        assert work.actor.user_id is not None
        refuse_ended(work, item.case_id)
        refuse_quarantined(item)
        item.lender_id, item.custodian_id = item.custodian_id, work.actor.user_id
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
    second_person(work, item, "evidence:hold", Permission.CUSTODY_HOLD)
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


@act_on(Evidence, Permission.EVIDENCE_CORRECT)
def note(work: Work, item: Evidence, *, text: str | None) -> Evidence:
    """Write what is said or seen in the item, such as a transcript. What was written before stays in its chain.

    Whoever sees the item reads its notes. So a restricted one takes none: its transcript is an item of its own. What
    was written before it was restricted is from then on for those alone who may open it, and is searched for no longer.
    """
    if item.sensitivity is Sensitivity.RESTRICTED:
        raise Conflict("The item is restricted. Upload its transcript as an item made from it, and restrict that.")
    item.notes = item.content = text
    work.record(item, NOTES, facts={"text": text})
    return item


def _as_facts(changes: Mapping[str, object]) -> dict[str, Fact | float]:
    return {
        n: v if isinstance(v, str | int | float) else v.isoformat()
        for n, v in changes.items()
        if isinstance(v, str | int | float | datetime)
    }
