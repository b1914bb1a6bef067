"""Who may do what: one enum and one table (DESIGN.md section 6).

Default deny. A cell of the table is absent (never), `ALWAYS`, or a condition on the actor and the thing. Conditions
see rows that need-to-know (`sight.py`) has already let through.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evidence_api.db import Base
from evidence_api.domain.custody import HOLDERS
from evidence_api.domain.roles import CASE_ROLES, Actor, Role, Scope
from evidence_api.domain.sentences import sentence
from evidence_api.models import Assignment, Case, Evidence, Link, Reader, Tip, Transfer, User, UserRole


class Permission(StrEnum):
    """Everything that can be asked of the service."""

    SIGN_IN = "sign_in"
    ACCOUNT_SELF = "account_self"
    ACCOUNT_OWN = "account_own"
    ACCOUNT_MANAGE = "account_manage"
    ACCOUNT_LOOK_UP = "account_look_up"
    CASE_OPEN = "case_open"
    CASE_READ = "case_read"
    CASE_EDIT = "case_edit"
    CASE_ASSIGN = "case_assign"
    CASE_STAGE = "case_stage"
    EVIDENCE_ADD = "evidence_add"
    UPLOAD_OWN = "upload_own"
    SEARCH = "search"
    EVIDENCE_LIST = "evidence_list"
    EVIDENCE_READ = "evidence_read"
    EVIDENCE_OPEN = "evidence_open"
    EVIDENCE_VERIFY = "evidence_verify"
    EVIDENCE_CORRECT = "evidence_correct"
    EVIDENCE_SHARE = "evidence_share"
    CUSTODY_MOVE = "custody_move"
    CUSTODY_OFFER = "custody_offer"
    CUSTODY_DECIDE = "custody_decide"
    CUSTODY_HOLD = "custody_hold"
    QUARANTINE_RELEASE = "quarantine_release"
    EVIDENCE_LINK = "evidence_link"
    VICTIM_READ = "victim_read"
    VICTIM_REGISTER = "victim_register"
    VICTIM_EDIT = "victim_edit"
    VICTIM_MOVE = "victim_move"
    VICTIM_SHARE = "victim_share"
    EPISODE_WRITE = "episode_write"
    SEARCH_WRITE = "search_write"
    SEARCH_MATCH = "search_match"
    ALERT_NOTE = "alert_note"
    IDENTITY_WRITE = "identity_write"
    IDENTITY_REVEAL = "identity_reveal"
    ADDRESS = "address"
    PLACEMENT = "placement"
    CARE_READ = "care_read"
    CARE_WRITE = "care_write"
    CASEWORK_READ = "casework_read"
    PERPETRATOR_WRITE = "perpetrator_write"
    PERPETRATOR_ADDRESS = "perpetrator_address"
    VENUE_WRITE = "venue_write"
    VENUE_MOVE = "venue_move"
    OPERATION_WRITE = "operation_write"
    OPERATION_MOVE = "operation_move"
    ROSTER_WRITE = "roster_write"
    OPERATIVE_READ = "operative_read"
    OPERATIVE_WRITE = "operative_write"
    OPERATIVE_IDENTITY = "operative_identity"
    APPROVAL = "approval"
    PARTNER_READ = "partner_read"
    PARTNER_WRITE = "partner_write"
    TIP_REPORT = "tip_report"
    TIP_READ = "tip_read"
    TIP_TRIAGE = "tip_triage"
    IMPORT = "import"
    CHARGE_READ = "charge_read"
    CHARGE_WRITE = "charge_write"
    CHARGE_MOVE = "charge_move"
    EXHIBIT_WRITE = "exhibit_write"
    HEARING_READ = "hearing_read"
    HEARING_WRITE = "hearing_write"
    TESTIMONY_READ = "testimony_read"
    TESTIMONY_WRITE = "testimony_write"
    TESTIMONY_MOVE = "testimony_move"
    TESTIMONY_SUPPORT = "testimony_support"
    TESTIMONY_OPERATIVE = "testimony_operative"
    RESOURCE_READ = "resource_read"
    RESOURCE_WRITE = "resource_write"
    CALENDAR_FEED = "calendar_feed"
    CLOSURE_WRITE = "closure_write"
    CLOSURE_MOVE = "closure_move"
    PLAN_READ = "plan_read"
    PLAN_WRITE = "plan_write"
    FIGURES_READ = "figures_read"
    FIGURES_PUBLISH = "figures_publish"
    OFFICE_OVERSEE = "office_oversee"
    CLOCK_FAULT = "clock_fault"
    LEDGER_VERIFY = "ledger_verify"
    HEALTH = "health"
    OPERATE = "operate"


Condition = Callable[[Session, Actor, Any], bool]


def ALWAYS(_session: Session, _actor: Actor, _thing: Any) -> bool:
    """Whenever the actor can see the thing at all."""
    return True


def is_lead(_session: Session, actor: Actor, case: Case) -> bool:
    """Only who leads the case."""
    return case.lead_id == actor.user_id


def is_custodian(_session: Session, actor: Actor, item: Evidence) -> bool:
    """Only who holds the item."""
    return item.custodian_id == actor.user_id


def is_party(_session: Session, actor: Actor, transfer: Transfer) -> bool:
    """Only who offers or who is offered to; which of the two, the use case says."""
    return actor.user_id in (transfer.from_id, transfer.to_id)


def has_left(session: Session, _actor: Actor, item: Evidence) -> bool:
    """Only where who holds the item cannot hand it on herself: disabled, or no longer assigned."""
    return not is_assigned(session, item.case_id, item.custodian_id, HOLDERS)


def giver_has_left(session: Session, _actor: Actor, transfer: Transfer) -> bool:
    """Only where who offers the item cannot withdraw the offer herself: disabled, or no longer assigned."""
    return not is_assigned(session, transfer.case_id, transfer.from_id, HOLDERS)


def is_assigned(session: Session, case_id: UUID, user_id: UUID, roles: Sequence[Role] = CASE_ROLES) -> bool:
    """The person is assigned to the case in one of these roles, still holds it, and her account is enabled."""
    found = (
        sa.select(Assignment.id)
        .join(User, User.id == Assignment.user_id)
        .join(UserRole, (UserRole.user_id == User.id) & (UserRole.role == Assignment.role))
        .where(
            Assignment.case_id == case_id,
            Assignment.user_id == user_id,
            Assignment.role.in_(roles),
            Assignment.ended_at.is_(None),
            User.disabled_at.is_(None),
        )
    )
    return session.execute(found.limit(1)).first() is not None


def may_open(session: Session, actor: Actor, item: Evidence) -> bool:
    """A restricted item is opened only by those named; another by whoever sees it."""
    return item.sensitivity != "restricted" or is_named(session, actor, item)


def is_named(session: Session, actor: Actor, item: Evidence) -> bool:
    """The person is named as a reader of the item."""
    return session.get(Reader, (item.id, actor.user_id)) is not None


def is_own(session: Session, actor: Actor, thing: Evidence | Link) -> bool:
    """A caseworker: only what she brought in herself, and its links."""
    item = session.get_one(Evidence, thing.evidence_id) if isinstance(thing, Link) else thing
    return item.collector_id == actor.user_id


def led_here(session: Session, actor: Actor, tip: Tip) -> bool:
    """Only who is assigned to the case to which the tip led."""
    led_to, person = tip.led_to_id, actor.user_id
    return led_to is not None and person is not None and is_assigned(session, led_to, person, (actor.role,))


_I, _L, _S, _C, _A = Role.INVESTIGATOR, Role.LAWYER, Role.SUPERVISOR, Role.CASEWORKER, Role.ADMINISTRATOR
_ALL: dict[Role, Condition] = dict.fromkeys((_I, _L, _S, _C, _A), ALWAYS)
_CASEWORK: dict[Role, Condition] = dict.fromkeys((_I, _L, _S, _C), ALWAYS)
_SYS = Role.SYSTEM

TABLE: Mapping[Permission, Mapping[Role, Condition]] = {
    Permission.SIGN_IN: {},
    Permission.HEALTH: {},
    Permission.ACCOUNT_SELF: _ALL,
    Permission.ACCOUNT_OWN: {**_ALL, _SYS: ALWAYS},
    Permission.ACCOUNT_MANAGE: {_A: ALWAYS, _SYS: ALWAYS},
    Permission.ACCOUNT_LOOK_UP: {_I: ALWAYS, _L: ALWAYS, _S: ALWAYS, _C: ALWAYS, _A: ALWAYS},
    Permission.CASE_OPEN: {_I: ALWAYS, _L: ALWAYS, _S: ALWAYS},
    Permission.CASE_READ: {_I: ALWAYS, _L: ALWAYS, _S: ALWAYS, _C: ALWAYS},
    Permission.CASE_EDIT: {_I: is_lead, _L: is_lead, _S: ALWAYS},
    Permission.CASE_ASSIGN: {_I: is_lead, _L: is_lead, _S: ALWAYS},
    Permission.CASE_STAGE: {_I: ALWAYS, _L: ALWAYS, _S: ALWAYS},
    Permission.EVIDENCE_ADD: {_I: ALWAYS, _L: ALWAYS, _C: ALWAYS},
    Permission.UPLOAD_OWN: {_I: ALWAYS, _L: ALWAYS, _C: ALWAYS},
    Permission.SEARCH: {_I: ALWAYS, _L: ALWAYS, _S: ALWAYS, _C: ALWAYS},
    Permission.EVIDENCE_LIST: {_I: ALWAYS, _L: ALWAYS, _S: ALWAYS, _C: ALWAYS},
    Permission.EVIDENCE_READ: {_I: ALWAYS, _L: ALWAYS, _S: ALWAYS, _C: ALWAYS},
    Permission.EVIDENCE_OPEN: {_I: may_open, _L: may_open, _S: may_open, _C: may_open},
    Permission.EVIDENCE_VERIFY: {_I: ALWAYS, _L: ALWAYS, _S: ALWAYS},
    Permission.EVIDENCE_CORRECT: {_I: ALWAYS, _L: ALWAYS},
    Permission.EVIDENCE_SHARE: {_I: is_custodian, _L: is_custodian, _S: ALWAYS},
    Permission.CUSTODY_MOVE: {_I: ALWAYS, _L: ALWAYS, _S: has_left},
    Permission.CUSTODY_OFFER: {_I: is_custodian, _L: is_custodian, _S: has_left},
    Permission.CUSTODY_DECIDE: {_I: is_party, _L: is_party, _S: giver_has_left},
    Permission.CUSTODY_HOLD: {_L: ALWAYS, _S: ALWAYS},
    Permission.QUARANTINE_RELEASE: {_S: ALWAYS},
    Permission.EVIDENCE_LINK: {_I: ALWAYS, _L: ALWAYS, _C: is_own},
    Permission.VICTIM_READ: _CASEWORK,
    Permission.VICTIM_REGISTER: {_I: ALWAYS, _C: ALWAYS},
    Permission.VICTIM_EDIT: {_C: ALWAYS},
    Permission.VICTIM_MOVE: {_I: ALWAYS, _C: ALWAYS},
    Permission.VICTIM_SHARE: {_S: ALWAYS, _C: ALWAYS},
    Permission.EPISODE_WRITE: {_I: ALWAYS, _C: ALWAYS},
    Permission.SEARCH_WRITE: {_I: ALWAYS, _L: ALWAYS, _C: ALWAYS},
    Permission.SEARCH_MATCH: {_C: ALWAYS},
    Permission.ALERT_NOTE: _CASEWORK,
    Permission.IDENTITY_WRITE: {_C: ALWAYS},
    Permission.IDENTITY_REVEAL: {_L: ALWAYS, _C: ALWAYS},
    Permission.ADDRESS: {_C: ALWAYS},
    Permission.PLACEMENT: {_C: ALWAYS},
    Permission.CARE_READ: {_L: ALWAYS, _S: ALWAYS, _C: ALWAYS},
    Permission.CARE_WRITE: {_C: ALWAYS},
    Permission.CASEWORK_READ: _CASEWORK,
    Permission.PERPETRATOR_WRITE: {_I: ALWAYS, _L: ALWAYS},
    Permission.PERPETRATOR_ADDRESS: {_I: ALWAYS, _L: ALWAYS},
    Permission.VENUE_WRITE: {_I: ALWAYS, _L: ALWAYS},
    Permission.VENUE_MOVE: {_I: ALWAYS, _L: ALWAYS, _S: ALWAYS},
    Permission.OPERATION_WRITE: {_I: ALWAYS, _L: ALWAYS},
    Permission.OPERATION_MOVE: {_I: ALWAYS, _L: ALWAYS, _S: ALWAYS},
    Permission.ROSTER_WRITE: {_I: ALWAYS, _L: ALWAYS, _C: ALWAYS},
    Permission.OPERATIVE_READ: {_I: ALWAYS, _S: ALWAYS},
    Permission.OPERATIVE_WRITE: {_S: ALWAYS},
    Permission.OPERATIVE_IDENTITY: {_S: ALWAYS},
    Permission.APPROVAL: {_S: ALWAYS},
    Permission.PARTNER_READ: _CASEWORK,
    Permission.PARTNER_WRITE: {_S: ALWAYS, _C: ALWAYS},
    Permission.TIP_REPORT: _CASEWORK,
    Permission.TIP_READ: {_I: led_here, _L: led_here, _S: ALWAYS, _C: led_here},
    Permission.TIP_TRIAGE: {_S: ALWAYS},
    Permission.IMPORT: {_I: ALWAYS, _L: ALWAYS, _C: ALWAYS},
    Permission.CHARGE_READ: {_I: ALWAYS, _L: ALWAYS, _S: ALWAYS},
    Permission.CHARGE_WRITE: {_L: ALWAYS},
    Permission.CHARGE_MOVE: {_L: ALWAYS, _S: ALWAYS},
    Permission.EXHIBIT_WRITE: {_L: ALWAYS},
    Permission.HEARING_READ: _CASEWORK,
    Permission.HEARING_WRITE: {_L: ALWAYS},
    Permission.TESTIMONY_READ: _CASEWORK,
    Permission.TESTIMONY_WRITE: {_L: ALWAYS},
    Permission.TESTIMONY_MOVE: {_L: ALWAYS, _C: ALWAYS},
    Permission.TESTIMONY_SUPPORT: {_L: ALWAYS, _C: ALWAYS},
    Permission.TESTIMONY_OPERATIVE: {_I: ALWAYS, _S: ALWAYS},
    Permission.RESOURCE_READ: _CASEWORK,
    Permission.RESOURCE_WRITE: {_L: ALWAYS, _C: ALWAYS},
    Permission.CALENDAR_FEED: _CASEWORK,
    Permission.CLOSURE_WRITE: {_L: ALWAYS},
    Permission.CLOSURE_MOVE: {_I: ALWAYS, _L: ALWAYS, _S: ALWAYS},
    Permission.PLAN_READ: {_L: ALWAYS, _S: ALWAYS, _C: ALWAYS},
    Permission.PLAN_WRITE: {_C: ALWAYS},
    Permission.FIGURES_READ: {_L: ALWAYS, _S: ALWAYS, _C: ALWAYS},
    Permission.FIGURES_PUBLISH: {_S: ALWAYS},
    Permission.OFFICE_OVERSEE: {_S: ALWAYS},
    Permission.CLOCK_FAULT: {_S: ALWAYS},
    Permission.LEDGER_VERIFY: {_S: ALWAYS, _SYS: ALWAYS},
    Permission.OPERATE: {_SYS: ALWAYS},
}
"""SIGN_IN and HEALTH are for anyone, signed in or not: `PUBLIC`."""

PUBLIC = frozenset({Permission.SIGN_IN, Permission.HEALTH})

SCOPES: Mapping[Scope, frozenset[Permission]] = {
    Scope.UPLOAD: frozenset({Permission.ACCOUNT_SELF, Permission.UPLOAD_OWN, Permission.EVIDENCE_ADD}),
    Scope.READ: frozenset(
        {
            Permission.ACCOUNT_SELF,
            Permission.ACCOUNT_LOOK_UP,
            Permission.CASE_READ,
            Permission.SEARCH,
            Permission.EVIDENCE_LIST,
            Permission.EVIDENCE_READ,
            Permission.EVIDENCE_OPEN,
            Permission.EVIDENCE_VERIFY,
            Permission.VICTIM_READ,
            Permission.CARE_READ,
            Permission.CASEWORK_READ,
            Permission.OPERATIVE_READ,
            Permission.PARTNER_READ,
            Permission.CHARGE_READ,
            Permission.HEARING_READ,
            Permission.TESTIMONY_READ,
            Permission.RESOURCE_READ,
            Permission.PLAN_READ,
            Permission.FIGURES_READ,
            Permission.OFFICE_OVERSEE,
            Permission.LEDGER_VERIFY,
        }
    ),
    Scope.ALL: frozenset(Permission),
}
"""What a token of each scope may be used for, whatever its role. Every token may ask whose it is."""

LOCKED = PUBLIC | SCOPES[Scope.UPLOAD]
"""What a locked session is still good for: an upload under way goes on, and she can unlock it or sign out."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why not, in a sentence for the one who asked."""

    detail: str


def refusal(session: Session, actor: Actor, permission: Permission, thing: Base | None) -> Refusal | None:
    """None where the actor may; otherwise why not. Visibility has been settled before."""
    if permission in PUBLIC:
        return None
    if permission not in SCOPES[actor.scope]:
        return Refusal(
            sentence("This token reaches only this far: {scope}. Use one that reaches further.", scope=actor.scope)
        )
    condition = TABLE[permission].get(actor.role)
    if condition is None:
        return Refusal(sentence("This is not for your role: {role}.", role=actor.role))
    if thing is not None and not condition(session, actor, thing):
        return Refusal(_REASONS[condition])
    return None


_REASONS: Mapping[Condition, str] = {
    is_lead: "Only the lead of the case, or a supervisor, may do this.",
    is_custodian: "Only the item's custodian may do this.",
    is_party: "Only the two people of the hand-over may do this.",
    has_left: "The item's custodian does this. A supervisor does, once the custodian is disabled or off the case.",
    giver_has_left: "Who offered the item does this. A supervisor does, once she is disabled or off the case.",
    is_own: "A caseworker does this with what she brought in herself.",
    led_here: "A supervisor reads it, and who is assigned to the case to which it led.",
    may_open: "The item is restricted, and you are not named to open it.",
}
