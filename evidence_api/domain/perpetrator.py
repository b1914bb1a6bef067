"""Perpetrators: their roles in a case, and what they are to a victim."""

from enum import StrEnum


class PerpetratorRole(StrEnum):
    """What somebody does in the trade."""

    RECRUITER = "recruiter"
    SELLER = "seller"
    LENDER = "lender"
    BUYER = "buyer"
    KEEPER = "keeper"
    PIMP = "pimp"
    TRAFFICKER = "trafficker"
    EMPLOYER = "employer"
    OFFICIAL = "official"


class Relation(StrEnum):
    """What somebody is to a victim."""

    PARENT = "parent"
    STEP_PARENT = "step_parent"
    SIBLING = "sibling"
    RELATIVE = "relative"
    PARTNER = "partner"
    FRIEND = "friend"
    NEIGHBOUR = "neighbour"
    RECRUITED = "recruited"
    SOLD = "sold"
    BOUGHT = "bought"
    HELD = "held"
    EMPLOYED = "employed"
    LENT_TO = "lent_to"
    OTHER = "other"


FAMILY = frozenset({Relation.PARENT, Relation.STEP_PARENT, Relation.SIBLING, Relation.RELATIVE, Relation.PARTNER})
"""Who must not be told where she is, nor taken for a safe guardian."""
