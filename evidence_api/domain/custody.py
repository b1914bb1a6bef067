"""Custody of an item of evidence (DESIGN.md section 5)."""

from datetime import timedelta
from enum import StrEnum

from evidence_api.domain.lifecycle import Lifecycle, step
from evidence_api.domain.roles import Role


class Custody(StrEnum):
    """Where responsibility for the item lies."""

    IN_CUSTODY = "in_custody"
    OFFERED = "offered"
    CHECKED_OUT = "checked_out"
    AT_COURT = "at_court"


class TransferState(StrEnum):
    """How a hand-over ended, or that it has not."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Derivation(StrEnum):
    """What an item is to the original that it names."""

    WORKING_COPY = "working_copy"
    EXTRACT = "extract"
    PHOTOGRAPH = "photograph"


class Sensitivity(StrEnum):
    """Restricted: imagery of abuse. Opened only by those named, each time with a fresh code; never previewed."""

    ORDINARY = "ordinary"
    RESTRICTED = "restricted"


_I, _L, _S = Role.INVESTIGATOR, Role.LAWYER, Role.SUPERVISOR
OFFER_WAITS = timedelta(hours=24)
"""How long an offer may be open before somebody must ask."""

CHECKED_EVERY = timedelta(days=30)
"""How long an item may go without a check of its bytes and chain."""

HOLDERS = (_I, _L)
"""Who can be handed an item, and hand it on."""

CUSTODY: Lifecycle[Custody] = Lifecycle(
    "item",
    Custody.IN_CUSTODY,
    [
        step("check_out", Custody.IN_CUSTODY, Custody.CHECKED_OUT, _I),
        step("check_in", Custody.CHECKED_OUT, Custody.IN_CUSTODY, _I, _S),
        step("take_to_court", Custody.IN_CUSTODY, Custody.AT_COURT, _L, _I),
        step("return_from_court", Custody.AT_COURT, Custody.IN_CUSTODY, _L, _I, _S),
        step("offer", Custody.IN_CUSTODY, Custody.OFFERED, _I, _L, _S),
        step("accept", Custody.OFFERED, Custody.IN_CUSTODY, _I, _L),
        step("refuse", Custody.OFFERED, Custody.IN_CUSTODY, _I, _L),
        step("withdraw", Custody.OFFERED, Custody.IN_CUSTODY, _I, _L, _S),
    ],
)
"""Whoever is assigned may check an item out, or take it to court, and is its custodian until it comes back; only the
custodian offers and brings back; only the one named accepts or refuses. A supervisor acts in the place of a custodian
who cannot any more: her account is disabled, or she is assigned to the case no longer."""

TAKING = frozenset({"check_out", "take_to_court"})
RETURNING = frozenset({"check_in", "return_from_court"})
TAKEN = (Custody.CHECKED_OUT, Custody.AT_COURT)

TRANSFERS: Lifecycle[TransferState] = Lifecycle(
    "hand-over",
    TransferState.OFFERED,
    [
        step("accept", TransferState.OFFERED, TransferState.ACCEPTED, _I, _L),
        step("refuse", TransferState.OFFERED, TransferState.REFUSED, _I, _L),
        step("withdraw", TransferState.OFFERED, TransferState.WITHDRAWN, _I, _L, _S),
    ],
)
