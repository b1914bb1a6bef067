"""Tips: suspicions that somebody reports, and what becomes of them."""

from enum import StrEnum

from evidence_api.domain.lifecycle import Lifecycle, step
from evidence_api.domain.roles import Role


class TipState(StrEnum):
    """Where a tip stands."""

    NEW = "new"
    TAKEN_UP = "taken_up"
    DISMISSED = "dismissed"


TIP: Lifecycle[TipState] = Lifecycle(
    "tip",
    TipState.NEW,
    [
        step("take_up", {TipState.NEW, TipState.DISMISSED}, TipState.TAKEN_UP, Role.SUPERVISOR),
        step("dismiss", TipState.NEW, TipState.DISMISSED, Role.SUPERVISOR),
    ],
)
"""`take_up` leads it into a case, a new one or one that is there."""
