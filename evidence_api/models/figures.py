"""What the figures of a year are counted from: derived from what happened, with when it was known."""

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from evidence_api.db import Base, ByValue
from evidence_api.domain.figures import Band, Figure


class FigureFact(Base):
    """Somebody (`who`, a subject) counts in a figure from a day, until another or none; known from a moment, until
    another since when it is known to be otherwise. Nothing of it is ever changed or deleted but `known_until`."""

    __tablename__ = "figure_fact"
    __table_args__ = (
        sa.Index(None, "office_id", "figure", "from_on"),
        sa.Index(None, "who", "figure"),
        sa.Index(None, "office_id", "known_from"),
    )
    bookkeeping = True

    id: Mapped[int] = mapped_column(
        sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    office_id: Mapped[UUID]
    case_id: Mapped[UUID]
    figure: Mapped[Figure] = mapped_column(ByValue(Figure))
    who: Mapped[str] = mapped_column(sa.String(80))
    source: Mapped[str] = mapped_column(sa.String(80))
    band: Mapped[Band] = mapped_column(ByValue(Band))
    number: Mapped[int] = mapped_column(default=1)
    from_on: Mapped[date]
    until_on: Mapped[date | None]
    known_from: Mapped[datetime]
    known_until: Mapped[datetime | None]
