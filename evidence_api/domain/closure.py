"""Closure orders: a court shuts a venue, for a time or for good (DESIGN.md section 5)."""

from enum import StrEnum

from evidence_api.domain.lifecycle import Lifecycle, step
from evidence_api.domain.roles import Role


class ClosureState(StrEnum):
    """Where an order stands."""

    DRAFTED = "drafted"
    APPROVED = "approved"
    APPLIED = "applied"
    GRANTED_TEMPORARY = "granted_temporary"
    GRANTED_PERMANENT = "granted_permanent"
    REFUSED = "refused"
    SERVED = "served"
    ENFORCED = "enforced"
    EXTENDED = "extended"
    BREACHED = "breached"
    DISCHARGED = "discharged"
    EXPIRED = "expired"
    OVERTURNED = "overturned"
    WITHDRAWN = "withdrawn"


_I, _L, _S = Role.INVESTIGATOR, Role.LAWYER, Role.SUPERVISOR
_C = ClosureState

GRANTED = frozenset({_C.GRANTED_TEMPORARY, _C.GRANTED_PERMANENT, _C.SERVED, _C.ENFORCED, _C.EXTENDED, _C.BREACHED})
"""The order is in force."""

_SHUT = frozenset({_C.SERVED, _C.ENFORCED, _C.EXTENDED, _C.BREACHED})

CLOSURE: Lifecycle[ClosureState] = Lifecycle(
    "order",
    _C.DRAFTED,
    [
        step("approve", _C.DRAFTED, _C.APPROVED, _S),
        step("apply", _C.APPROVED, _C.APPLIED, _L),
        step("grant_temporary", _C.APPLIED, _C.GRANTED_TEMPORARY, _L),
        step(
            "grant_permanent", {_C.APPLIED, _C.SERVED, _C.ENFORCED, _C.EXTENDED, _C.BREACHED}, _C.GRANTED_PERMANENT, _L
        ),
        step("refuse", _C.APPLIED, _C.REFUSED, _L),
        step("serve", {_C.GRANTED_TEMPORARY, _C.GRANTED_PERMANENT}, _C.SERVED, _L, _I),
        step("enforce", {_C.SERVED, _C.EXTENDED, _C.BREACHED}, _C.ENFORCED, _L, _I),
        step("extend", _SHUT, _C.EXTENDED, _L),
        step("breach", {_C.SERVED, _C.ENFORCED, _C.EXTENDED}, _C.BREACHED, _L, _I),
        step("discharge", GRANTED, _C.DISCHARGED, _L),
        step("expire", GRANTED, _C.EXPIRED, _L, _S),
        step("overturn", GRANTED | {_C.EXPIRED}, _C.OVERTURNED, _L),
        step("withdraw", {_C.DRAFTED, _C.APPROVED, _C.APPLIED}, _C.WITHDRAWN, _L),
    ],
)
"""`approve` is by another than who drafted it; a grant needs the order itself, a temporary one its last day; only a
temporary one is extended, to a later day, and expires, once its last day is over."""
