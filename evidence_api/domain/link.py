"""Links from evidence to what it is about."""

from enum import StrEnum


class LinkKind(StrEnum):
    """What evidence is linked to."""

    VICTIM = "victim"
    PERPETRATOR = "perpetrator"
    VENUE = "venue"
    EPISODE = "episode"
    OPERATION = "operation"
    CHARGE = "charge"


class LinkRelation(StrEnum):
    """What the evidence does for it."""

    SHOWS = "shows"
    MENTIONS = "mentions"
    RECORDED_AT = "recorded_at"
    PROVES = "proves"
    BELONGS_TO = "belongs_to"


class Confidence(StrEnum):
    """How sure whoever links is."""

    CERTAIN = "certain"
    PROBABLE = "probable"
    POSSIBLE = "possible"
