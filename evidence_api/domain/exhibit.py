"""Exhibits: what a side puts before the court, under a number of its own."""

from enum import StrEnum

from evidence_api.domain.lifecycle import Lifecycle, step
from evidence_api.domain.roles import Role


class ExhibitState(StrEnum):
    """What became of an exhibit."""

    MARKED = "marked"
    OFFERED = "offered"
    ADMITTED = "admitted"
    EXCLUDED = "excluded"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"


_L = Role.LAWYER
_E = ExhibitState

RULED = frozenset({"admit", "exclude"})
"""Steps by which the court rules on it."""

EXHIBIT: Lifecycle[ExhibitState] = Lifecycle(
    "exhibit",
    _E.MARKED,
    [
        step("offer", {_E.MARKED, _E.EXCLUDED}, _E.OFFERED, _L),
        step("admit", _E.OFFERED, _E.ADMITTED, _L),
        step("exclude", {_E.OFFERED, _E.ADMITTED}, _E.EXCLUDED, _L),
        step("return", {_E.MARKED, _E.OFFERED, _E.ADMITTED, _E.EXCLUDED}, _E.RETURNED, _L),
        step("withdraw", {_E.MARKED, _E.OFFERED}, _E.WITHDRAWN, _L),
    ],
)
"""`exclude` and `admit` say by which ruling. An excluded one may be offered anew, on other grounds."""
