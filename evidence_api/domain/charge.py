"""Charges: what somebody is accused of, count by count, from the proposal to the last word (DESIGN.md section 5)."""

from collections.abc import Mapping
from enum import StrEnum

from evidence_api.domain.lifecycle import Lifecycle, step
from evidence_api.domain.roles import Role


class ChargeState(StrEnum):
    """Where one version of a count stands."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    FILED = "filed"
    PLEADED = "pleaded"
    LISTED = "listed"
    IN_TRIAL = "in_trial"
    CONVICTED = "convicted"
    CONVICTED_LESSER = "convicted_lesser"
    ACQUITTED = "acquitted"
    DISMISSED = "dismissed"
    MISTRIAL = "mistrial"
    SENTENCED = "sentenced"
    FINAL = "final"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"
    WARRANT_OUTSTANDING = "warrant_outstanding"
    ABATED = "abated"
    QUASHED = "quashed"


class PleaKind(StrEnum):
    """What the defendant answered to a count."""

    GUILTY = "guilty"
    NOT_GUILTY = "not_guilty"
    NO_CONTEST = "no_contest"
    REFUSED = "refused"


class VerdictKind(StrEnum):
    """What a court found on a count."""

    CONVICTED = "convicted"
    CONVICTED_LESSER = "convicted_lesser"
    ACQUITTED = "acquitted"
    DISMISSED = "dismissed"
    MISTRIAL = "mistrial"


class SentenceKind(StrEnum):
    """What a court imposed. A time is in days, money in the smallest unit of its currency (ISO 4217)."""

    IMPRISONMENT = "imprisonment"
    PROBATION = "probation"
    COMMUNITY_SERVICE = "community_service"
    FINE = "fine"
    RESTITUTION = "restitution"
    FORFEITURE = "forfeiture"
    OTHER = "other"


class Running(StrEnum):
    """How a sentence runs beside the others of the same defendant."""

    CONCURRENT = "concurrent"
    CONSECUTIVE = "consecutive"


class WithdrawalCode(StrEnum):
    """Why the prosecution gave a count up."""

    INSUFFICIENT_EVIDENCE = "insufficient_evidence"
    WITNESS_SAFETY = "witness_safety"
    PLEA_TO_OTHER_COUNT = "plea_to_other_count"
    DUPLICATE = "duplicate"
    WRONG_PERSON = "wrong_person"
    PUBLIC_INTEREST = "public_interest"
    OTHER = "other"


TIMED = frozenset({SentenceKind.IMPRISONMENT, SentenceKind.PROBATION, SentenceKind.COMMUNITY_SERVICE})
MONEY = frozenset({SentenceKind.FINE, SentenceKind.RESTITUTION, SentenceKind.FORFEITURE})

_I, _L, _S = Role.INVESTIGATOR, Role.LAWYER, Role.SUPERVISOR
_C = ChargeState

CONVICTIONS = frozenset({_C.CONVICTED, _C.CONVICTED_LESSER, _C.SENTENCED, _C.FINAL})
"""A conviction stands."""

APPEALABLE = CONVICTIONS | {_C.ACQUITTED, _C.DISMISSED}
"""A court has decided, and a side may appeal against it."""

DECIDED = CONVICTIONS | {_C.ACQUITTED, _C.DISMISSED, _C.WITHDRAWN, _C.SUPERSEDED, _C.ABATED, _C.QUASHED}
"""Nothing of the count is left for the court of trial to decide. A quashed one comes back by `list`."""

PENDING = frozenset({_C.FILED, _C.PLEADED, _C.LISTED, _C.IN_TRIAL, _C.MISTRIAL, _C.WARRANT_OUTSTANDING})
"""The defendant is charged before a court, or faces trial."""

BEFORE_COURT = frozenset({_C.FILED, _C.PLEADED, _C.LISTED, _C.IN_TRIAL, _C.MISTRIAL})
"""It is before a court, and no warrant stops it."""

_OPEN = BEFORE_COURT | {_C.PROPOSED, _C.APPROVED}

CHARGE: Lifecycle[ChargeState] = Lifecycle(
    "charge",
    _C.PROPOSED,
    [
        step("approve", _C.PROPOSED, _C.APPROVED, _S),
        step("file", _C.APPROVED, _C.FILED, _L),
        step("plead", _C.FILED, _C.PLEADED, _L),
        step("list", {_C.PLEADED, _C.MISTRIAL, _C.QUASHED}, _C.LISTED, _L),
        step("begin", _C.LISTED, _C.IN_TRIAL, _L),
        step("convict", {_C.PLEADED, _C.IN_TRIAL}, _C.CONVICTED, _L),
        step("convict_lesser", {_C.PLEADED, _C.IN_TRIAL}, _C.CONVICTED_LESSER, _L),
        step("acquit", _C.IN_TRIAL, _C.ACQUITTED, _L),
        step("dismiss", {_C.FILED, _C.PLEADED, _C.LISTED, _C.IN_TRIAL}, _C.DISMISSED, _L),
        step("declare_mistrial", _C.IN_TRIAL, _C.MISTRIAL, _L),
        step("sentence", {_C.CONVICTED, _C.CONVICTED_LESSER}, _C.SENTENCED, _L),
        step("finalise", _C.SENTENCED, _C.FINAL, _L),
        step("withdraw", _OPEN | {_C.WARRANT_OUTSTANDING}, _C.WITHDRAWN, _L),
        step("supersede", _OPEN, _C.SUPERSEDED, _L),
        step("vary", {_C.SENTENCED, _C.FINAL}, _C.SENTENCED, _L),
        step("substitute", APPEALABLE, _C.CONVICTED_LESSER, _L),
        step("quash", APPEALABLE, _C.QUASHED, _L),
        step("abate", _OPEN | CONVICTIONS - {_C.FINAL} | {_C.WARRANT_OUTSTANDING}, _C.ABATED, _L),
        step("issue_warrant", BEFORE_COURT, _C.WARRANT_OUTSTANDING, _L),
        step("execute_warrant", _C.WARRANT_OUTSTANDING, None, _L),
    ],
)
"""`approve` is by another than who proposed it; `file` needs the court's reference; `plead` the plea; `convict` and
`convict_lesser` the judgment, and without a trial a plea of guilty or no contest; `sentence` at least one sentence;
`finalise` an appeal window that is over and no open appeal; `withdraw` its reason code; `vary`, `substitute` and
`quash` come of an appeal; `list` of a quashed count of a retrial that was ordered. `execute_warrant` returns to where
the warrant was issued."""


NEEDED: Mapping[str, tuple[str, ...]] = {
    "file": ("court_ref",),
    "plead": ("plea",),
    "convict": ("document",),
    "convict_lesser": ("document", "statute"),
    "substitute": ("document", "statute"),
    "withdraw": ("code",),
}
"""What a step must be told, beside its reason."""

TAKEN: Mapping[str, tuple[str, ...]] = {
    "court": ("file", "list"),
    "court_ref": ("file", "list"),
    "plea": ("plead",),
    "statute": ("convict_lesser", "substitute"),
    "code": ("withdraw",),
}
"""Which steps take what; a document and a day may come with any."""

CONSEQUENT = frozenset({"supersede", "vary", "substitute", "quash"})
"""Steps that nobody takes by themselves: they come of an amendment, or of an appeal."""

VERDICTS: Mapping[str, VerdictKind] = {
    "convict": VerdictKind.CONVICTED,
    "convict_lesser": VerdictKind.CONVICTED_LESSER,
    "acquit": VerdictKind.ACQUITTED,
    "dismiss": VerdictKind.DISMISSED,
    "declare_mistrial": VerdictKind.MISTRIAL,
}
"""What a court finds, by the step that says so."""

FINDINGS: Mapping[ChargeState, VerdictKind] = {
    _C.CONVICTED: VerdictKind.CONVICTED,
    _C.CONVICTED_LESSER: VerdictKind.CONVICTED_LESSER,
    _C.ACQUITTED: VerdictKind.ACQUITTED,
    _C.DISMISSED: VerdictKind.DISMISSED,
    _C.MISTRIAL: VerdictKind.MISTRIAL,
    _C.SENTENCED: VerdictKind.CONVICTED,
    _C.FINAL: VerdictKind.CONVICTED,
}
"""What a court found where a count stands so. Sentenced or final, it may have been a lesser offence too."""

WITHOUT_TRIAL = frozenset({PleaKind.GUILTY, PleaKind.NO_CONTEST})
"""Pleas on which a court convicts without a trial."""

ANSWERED = frozenset({_C.PLEADED, _C.LISTED, _C.IN_TRIAL})
"""The defendant has answered, and may answer otherwise."""

CHARGED = PENDING | CONVICTIONS | {_C.ACQUITTED, _C.DISMISSED, _C.QUASHED}
"""It came before a court, and was not given up since."""

SENTENCED_IN = frozenset({_C.CONVICTED, _C.CONVICTED_LESSER, _C.SENTENCED})
"""Sentences are recorded, and struck."""

UNPROVEN_IN = _OPEN | {_C.WARRANT_OUTSTANDING}
"""What proves it is still being gathered."""

AMENDED_IN = _OPEN
"""An amendment can take its place."""
