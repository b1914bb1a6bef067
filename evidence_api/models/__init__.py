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
from evidence_api.models.case import Assignment, Case, CaseActor, Counter
from evidence_api.models.evidence import Evidence, Reader, Sitting, Transfer
from evidence_api.models.ledger import ClockFaultInterval, Disclosure, LedgerEntry, LedgerHead, SubjectKey
from evidence_api.models.upload import Answer, Upload, UploadSegment

__all__ = [
    "Answer",
    "Assignment",
    "AuthSession",
    "Case",
    "CaseActor",
    "ClockFaultInterval",
    "Counter",
    "Disclosure",
    "Evidence",
    "Installation",
    "LedgerEntry",
    "LedgerHead",
    "Office",
    "Reader",
    "RecoveryCode",
    "SessionPresence",
    "Sitting",
    "SubjectKey",
    "Token",
    "Transfer",
    "Tries",
    "Upload",
    "UploadSegment",
    "User",
    "UserRole",
]
