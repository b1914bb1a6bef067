"""The figures of a year: what is counted, and by what day (DESIGN.md sections 1 and 6).

A figure is never typed in. It is derived from what happened: somebody counts from a day, known from a moment.
"""

from dataclasses import dataclass
from enum import StrEnum


class Figure(StrEnum):
    """What is counted. People and venues are distinct: whoever was rescued twice in a year counts once."""

    RESCUED = "rescued"
    INTERCEPTED = "intercepted"
    DEPENDENTS = "dependents"
    CONVICTED = "convicted"
    FACING_TRIAL = "facing_trial"
    SERVED = "served"
    SERVED_FAMILY = "served_family"
    VENUES_ORDERED_SHUT = "venues_ordered_shut"
    VENUES_STILL_SHUT = "venues_still_shut"


class Band(StrEnum):
    """Of which age somebody was, as far as is known."""

    ADULT = "adult"
    CHILD = "child"
    UNKNOWN = "unknown"


class Reckoning(StrEnum):
    """How a day puts somebody into a year."""

    EVENT = "event"
    DURING = "during"
    YEAR_END = "year_end"


RECKONED: dict[Figure, Reckoning] = {
    Figure.RESCUED: Reckoning.EVENT,
    Figure.INTERCEPTED: Reckoning.EVENT,
    Figure.DEPENDENTS: Reckoning.EVENT,
    Figure.CONVICTED: Reckoning.EVENT,
    Figure.FACING_TRIAL: Reckoning.YEAR_END,
    Figure.SERVED: Reckoning.DURING,
    Figure.SERVED_FAMILY: Reckoning.DURING,
    Figure.VENUES_ORDERED_SHUT: Reckoning.EVENT,
    Figure.VENUES_STILL_SHUT: Reckoning.EVENT,
}

SUMMED = frozenset({Figure.DEPENDENTS, Figure.SERVED_FAMILY})
"""These count those round a person, who are no rows of their own; each person's only once."""

AGED = frozenset({Figure.RESCUED, Figure.INTERCEPTED, Figure.SERVED})
"""Of these, adults and children are told apart."""

SMALL = 5
"""What leaves the office names no count from 1 to below this: few people in a place are known by a number."""


@dataclass(frozen=True, slots=True)
class Count:
    """A figure of a year, and how many of it are of each age."""

    figure: Figure
    count: int
    adults: int = 0
    children: int = 0
    unknown_age: int = 0


def suppressed(count: Count) -> list[str]:
    """The numbers of a count (all, adults, children, of unknown age) as they may leave the office: a small one is not
    told, nor then any other of the ages. What is told of them would narrow it down, beside the whole, to one number."""
    parts = [count.adults, count.children, count.unknown_age] if count.figure in AGED else []
    narrow = any(map(_is_small, parts))
    return [
        f"<{SMALL}" if _is_small(count.count) else str(count.count),
        *("-" if narrow else str(part) for part in parts),
    ]


def _is_small(number: int) -> bool:
    return 0 < number < SMALL
