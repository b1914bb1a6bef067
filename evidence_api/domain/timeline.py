"""What a timeline of a case is made of, by kind of happening."""

from collections.abc import Mapping
from enum import StrEnum


class Happening(StrEnum):
    """The kind of what happened."""

    RECORDING = "recording"
    CUSTODY = "custody"
    CASE = "case"
    VICTIM = "victim"
    CARE = "care"
    PERPETRATOR = "perpetrator"
    VENUE = "venue"
    OPERATION = "operation"
    COURT = "court"
    TESTIMONY = "testimony"


CAPTURED = "evidence:captured"
"""Not an act that anybody recorded, but the moment at which an item came to be: a film was shot, a thing seized."""

PREFIXES: Mapping[Happening, tuple[str, ...]] = {
    Happening.RECORDING: (CAPTURED,),
    Happening.CUSTODY: ("evidence:",),
    Happening.CASE: ("case:",),
    Happening.VICTIM: ("victim:", "search:"),
    Happening.CARE: ("care:", "victim:care", "plan:"),
    Happening.PERPETRATOR: ("perpetrator:",),
    Happening.VENUE: ("venue:", "order:"),
    Happening.OPERATION: ("operation:", "request:"),
    Happening.COURT: ("charge:", "appeal:", "exhibit:", "hearing:"),
    Happening.TESTIMONY: ("testimony:",),
}
"""With what an act begins that is of this kind; the longest that fits decides."""

KINDS: Mapping[str, Happening] = {prefix: kind for kind, prefixes in PREFIXES.items() for prefix in prefixes}


def kind_of(action: str) -> Happening | None:
    """The kind of an act; None for one that no timeline tells of."""
    fitting = [prefix for prefix in KINDS if action.startswith(prefix)]
    return KINDS[max(fitting, key=len)] if fitting else None
