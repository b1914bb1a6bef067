"""By what people know a place or a suspect."""

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute


def known_as(ref: InstrumentedAttribute[str], name: InstrumentedAttribute[str]) -> sa.ColumnElement[str]:
    """The ref, then what people call it: two may be called alike."""
    return ref + " " + name
