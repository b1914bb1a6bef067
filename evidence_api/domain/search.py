"""What can be searched for."""

from enum import StrEnum


class Kind(StrEnum):
    """What a find is."""

    CASE = "case"
    ITEM = "item"
