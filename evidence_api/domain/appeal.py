"""Appeals against verdicts and sentences, and what comes of them (DESIGN.md section 5)."""

from collections.abc import Mapping
from enum import StrEnum

from evidence_api.domain.lifecycle import Lifecycle, step
from evidence_api.domain.roles import Role


class Side(StrEnum):
    """Whose it is, in court."""

    PROSECUTION = "prosecution"
    DEFENCE = "defence"
    COURT = "court"


class AppealState(StrEnum):
    """Where an appeal stands."""

    FILED = "filed"
    REFUSED = "refused"
    ADMITTED = "admitted"
    HEARD = "heard"
    DISMISSED = "dismissed"
    VARIED = "varied"
    SUBSTITUTED = "substituted"
    QUASHED = "quashed"
    RETRIAL_ORDERED = "retrial_ordered"
    WITHDRAWN = "withdrawn"


_L = Role.LAWYER
_A = AppealState

OPEN = frozenset({_A.FILED, _A.ADMITTED, _A.HEARD})

OUTCOMES = frozenset({"dismiss", "vary", "substitute", "quash", "order_retrial"})
"""Steps by which a court decides on it, in a judgment."""

TAKEN: Mapping[str, frozenset[str]] = {
    "document": OUTCOMES,
    "decided_on": OUTCOMES | {"refuse", "withdraw"},
    "sentences": frozenset({"vary", "substitute"}),
    "statute": frozenset({"substitute"}),
}
"""Which steps take what, beside the reason."""

NEEDED: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(OUTCOMES, ("document",)),
    "vary": ("document", "sentences"),
    "substitute": ("document", "statute"),
}
"""What a step must be told."""

APPEAL: Lifecycle[AppealState] = Lifecycle(
    "appeal",
    _A.FILED,
    [
        step("refuse", _A.FILED, _A.REFUSED, _L),
        step("admit", _A.FILED, _A.ADMITTED, _L),
        step("hear", _A.ADMITTED, _A.HEARD, _L),
        step("dismiss", _A.HEARD, _A.DISMISSED, _L),
        step("vary", _A.HEARD, _A.VARIED, _L),
        step("substitute", _A.HEARD, _A.SUBSTITUTED, _L),
        step("quash", _A.HEARD, _A.QUASHED, _L),
        step("order_retrial", _A.HEARD, _A.RETRIAL_ORDERED, _L),
        step("withdraw", OPEN, _A.WITHDRAWN, _L),
    ],
)
"""`vary` puts other sentences in the place of those that stood, `substitute` a conviction of another offence, `quash`
takes the conviction away, `order_retrial` too and lists the count anew. Each outcome needs the judgment."""
