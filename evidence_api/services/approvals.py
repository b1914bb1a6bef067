"""Acts that take two people: one asks, another decides with a fresh code, the first then acts once and soon."""

from uuid import UUID

from evidence_api.domain.approval import APPROVAL, APPROVAL_HOLDS, ASKING_HOLDS, ApprovalKind, ApprovalState
from evidence_api.domain.errors import NotFound
from evidence_api.models import Approval
from evidence_api.policy import Permission, refusal
from evidence_api.services._approvals import RULES, take_step, tell
from evidence_api.services._pages import Page, page
from evidence_api.work import Work, act, act_on


@act(Permission.APPROVAL)
def ask(work: Work, *, kind: ApprovalKind, about: UUID, reason: str) -> Approval:
    """Ask for an act of this kind about the thing of that id. The question waits for a day."""
    rule = RULES[kind]
    thing = work.get(rule.model, about, rule.permission)
    work.require(rule.permission, thing)
    approval = Approval(
        office_id=work.actor.office_id,
        kind=kind,
        about=thing.subject,
        asker_id=work.actor.user_id,
        reason=reason,
        state=APPROVAL.initial,
        asked_at=work.now,
        expires_at=work.now + ASKING_HOLDS,
    )
    work.session.add(approval)
    work.session.flush()
    tell(work, approval, "ask", reason)
    return approval


@act(Permission.APPROVAL, read_only=True)
def waiting(work: Work, *, limit: int = 50, cursor: UUID | None = None) -> Page[Approval]:
    """What others have asked for and the actor may decide, newest first."""
    mine = [kind for kind, rule in RULES.items() if refusal(work.session, work.actor, rule.permission, None) is None]
    query = work.query(Approval).where(
        Approval.kind.in_(mine),
        Approval.state == ApprovalState.ASKED,
        Approval.expires_at > work.now,
        Approval.asker_id != work.actor.user_id,
    )
    return page(work, query, Approval.id, limit, cursor)


@act(Permission.APPROVAL, read_only=True)
def asked(work: Work, *, limit: int = 50, cursor: UUID | None = None) -> Page[Approval]:
    """What the actor has asked for, newest first."""
    return page(work, work.query(Approval).where(Approval.asker_id == work.actor.user_id), Approval.id, limit, cursor)


@act_on(Approval, Permission.APPROVAL, read_only=True)
def read(work: Work, approval: Approval) -> Approval:
    """One question, to those who may take part in acts of its kind."""
    _takes_part(work, approval)
    return approval


@act_on(Approval, Permission.APPROVAL)
def approve(work: Work, approval: Approval) -> Approval:
    """Say yes, with a fresh code. It is good for 15 minutes, once, for the one who asked."""
    _decide(work, approval)
    take_step(work, approval, "approve")
    approval.decider_id, approval.expires_at = work.actor.user_id, work.now + APPROVAL_HOLDS
    return approval


@act_on(Approval, Permission.APPROVAL)
def refuse(work: Work, approval: Approval, *, reason: str) -> Approval:
    """Say no, with a fresh code."""
    _decide(work, approval)
    take_step(work, approval, "refuse", reason)
    approval.decider_id = work.actor.user_id
    return approval


@act_on(Approval, Permission.APPROVAL)
def withdraw(work: Work, approval: Approval, *, reason: str) -> Approval:
    """Take back one's own question, answered or not, before the yes is used."""
    if approval.asker_id != work.actor.user_id:
        raise work.forbid("Only the person who asked may take it back.", Permission.APPROVAL, approval)
    take_step(work, approval, "withdraw", reason)
    return approval


def _takes_part(work: Work, approval: Approval) -> None:
    if refusal(work.session, work.actor, RULES[approval.kind].permission, None) is not None:
        raise NotFound


def _decide(work: Work, approval: Approval) -> None:
    _takes_part(work, approval)
    if approval.asker_id == work.actor.user_id:
        told = "This takes two people: another than the one who asked must decide, whatever roles you hold."
        raise work.forbid(told, Permission.APPROVAL, approval)
    work.step_up()
