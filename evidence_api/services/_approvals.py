"""What needs the yes of a second person: by kind, who may take part and what it is about; and the use of a yes."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from evidence_api.db import Base
from evidence_api.domain.approval import APPROVAL, ApprovalKind
from evidence_api.domain.errors import Conflict, InvalidInput
from evidence_api.domain.sentences import sentence
from evidence_api.ledger.entry import Fact
from evidence_api.models import Approval, Operative
from evidence_api.policy import Permission
from evidence_api.work import Work


@dataclass(frozen=True, slots=True)
class Rule:
    """Who asks for an act of this kind and who decides on it hold `permission`; it is about a row of `model`."""

    permission: Permission
    model: type[Base]


RULES: Mapping[ApprovalKind, Rule] = {
    ApprovalKind.OPERATIVE_IDENTITY: Rule(Permission.OPERATIVE_IDENTITY, Operative),
}


def take_step(work: Work, approval: Approval, action: str, reason: str | None = None) -> None:
    """Move an approval along and record it on the chain of what it is about.

    Raises IllegalTransition, or Conflict once its time is over.
    """
    rule = RULES[approval.kind]
    row = work.step(APPROVAL, approval.state, action, rule.permission, approval)
    if approval.expires_at < work.now and action != "withdraw":
        raise Conflict(sentence("The time for it is over: {state}. Ask anew.", state=approval.state))
    assert row.target is not None
    approval.state = row.target
    tell(work, approval, action, reason)


def tell(work: Work, approval: Approval, action: str, reason: str | None) -> None:
    """The entry about a step, on the chain of what it is about, such as `operative:approval_approve`."""
    noun, _, id = approval.about.partition(":")
    about = work.session.get_one(RULES[approval.kind].model, UUID(id))
    facts: dict[str, Fact] = {} if reason is None else {"reason": reason}
    data: dict[str, Fact] = {"approval": str(approval.id), "kind": approval.kind.value}
    work.record(about, f"{noun}:approval_{action}", data=data, facts=facts)


def use(work: Work, id: UUID, kind: ApprovalKind, about: str) -> Approval:
    """Use up the yes to the actor's own question about this very thing: it is good once, and not for long.

    Raises InvalidInput where there is no such question of hers, Conflict where it is not answered with yes, or too
    late.
    """
    find = work.query(Approval).where(
        Approval.id == id, Approval.kind == kind, Approval.about == about, Approval.asker_id == work.actor.user_id
    )
    approval = work.session.scalars(find.with_for_update(of=Approval)).one_or_none()
    if approval is None:
        raise InvalidInput({"approval": ["You have not asked for this. Ask first; another person then decides."]})
    take_step(work, approval, "use")
    return approval
