"""Acts that take two people: asked by one, decided by another, done within a while (DESIGN.md section 6)."""

from datetime import timedelta
from enum import StrEnum

from evidence_api.domain.lifecycle import Lifecycle, step
from evidence_api.domain.roles import PERSONAL_ROLES


class ApprovalKind(StrEnum):
    """What is asked for."""

    OPERATIVE_IDENTITY = "operative_identity"


class ApprovalState(StrEnum):
    """Where it stands. An answer is good until it is used or has expired."""

    ASKED = "asked"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    USED = "used"


ASKING_HOLDS = timedelta(hours=24)
"""How long a question waits for its answer."""

APPROVAL_HOLDS = timedelta(minutes=15)
"""How long a yes is good for."""

_A = ApprovalState

APPROVAL: Lifecycle[ApprovalState] = Lifecycle(
    "approval",
    _A.ASKED,
    [
        step("approve", _A.ASKED, _A.APPROVED, *PERSONAL_ROLES),
        step("refuse", _A.ASKED, _A.REFUSED, *PERSONAL_ROLES),
        step("withdraw", {_A.ASKED, _A.APPROVED}, _A.WITHDRAWN, *PERSONAL_ROLES),
        step("use", _A.APPROVED, _A.USED, *PERSONAL_ROLES),
    ],
)
"""Who may take part at all, the permission of each kind says; who asked withdraws and uses, another decides."""
