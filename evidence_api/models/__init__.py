"""The mapped classes, by subject."""

from evidence_api.models.account import (
    AuthSession,
    Installation,
    Office,
    RecoveryCode,
    SessionPresence,
    Token,
    Tries,
    User,
    UserRole,
)
from evidence_api.models.approval import Approval
from evidence_api.models.care import Assessment, CareStep, Claim, Partner, Payment, Placement, Referral, StandingRecord
from evidence_api.models.case import Assignment, Case, CaseActor, Counter
from evidence_api.models.draft import FormDraft, ImportDraft
from evidence_api.models.evidence import Evidence, Reader, Sitting, Transfer
from evidence_api.models.ledger import ClockFaultInterval, Disclosure, LedgerEntry, LedgerHead, SubjectKey
from evidence_api.models.link import Link
from evidence_api.models.operation import (
    AuthorityRequest,
    Operation,
    OperationOperative,
    Operative,
    RosterEntry,
    SafetyAssessment,
)
from evidence_api.models.perpetrator import Perpetrator, VictimTie
from evidence_api.models.search import SearchSpelling, SearchText
from evidence_api.models.timeline import TimelineEvent
from evidence_api.models.tip import Tip
from evidence_api.models.upload import Answer, Upload, UploadSegment
from evidence_api.models.venue import Inspection, Observation, Venue, VenueTie
from evidence_api.models.victim import (
    Alert,
    Consent,
    Episode,
    KeepApart,
    Search,
    Sighting,
    VaultFact,
    VaultKey,
    Victim,
    VictimCase,
)

__all__ = [
    "Alert",
    "Answer",
    "Approval",
    "Assessment",
    "Assignment",
    "AuthSession",
    "AuthorityRequest",
    "CareStep",
    "Case",
    "CaseActor",
    "Claim",
    "ClockFaultInterval",
    "Consent",
    "Counter",
    "Disclosure",
    "Episode",
    "Evidence",
    "FormDraft",
    "ImportDraft",
    "Inspection",
    "Installation",
    "KeepApart",
    "LedgerEntry",
    "LedgerHead",
    "Link",
    "Observation",
    "Office",
    "Operation",
    "OperationOperative",
    "Operative",
    "Partner",
    "Payment",
    "Perpetrator",
    "Placement",
    "Reader",
    "RecoveryCode",
    "Referral",
    "RosterEntry",
    "SafetyAssessment",
    "Search",
    "SearchSpelling",
    "SearchText",
    "SessionPresence",
    "Sighting",
    "Sitting",
    "StandingRecord",
    "SubjectKey",
    "TimelineEvent",
    "Tip",
    "Token",
    "Transfer",
    "Tries",
    "Upload",
    "UploadSegment",
    "User",
    "UserRole",
    "VaultFact",
    "VaultKey",
    "Venue",
    "VenueTie",
    "Victim",
    "VictimCase",
    "VictimTie",
]
