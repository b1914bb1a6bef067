"""What a link chart is made of."""

from enum import StrEnum


class NodeKind(StrEnum):
    """What a node of the chart stands for."""

    EVIDENCE = "evidence"
    PERPETRATOR = "perpetrator"
    VICTIM = "victim"
    EPISODE = "episode"
    VENUE = "venue"
    OPERATION = "operation"
    CHARGE = "charge"


class TieKind(StrEnum):
    """What ties two nodes."""

    LINK = "link"
    EPISODE = "episode"
    VENUE_TIE = "venue_tie"
    VICTIM_TIE = "victim_tie"
    ROSTER = "roster"
    KEEP_APART = "keep_apart"
    HELD_AT = "held_at"
    CHARGED = "charged"


MOST_DEPTH = 3
"""Over how many ties a chart reaches from what is in its middle."""
