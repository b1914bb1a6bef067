"""Venues, who is tied to them, what was seen there."""

from datetime import date, datetime
from typing import cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from evidence_api.db import Base, ByValue, new_id
from evidence_api.domain.search import Kind, Searched
from evidence_api.domain.venue import Seen, VenueKind, VenueState, VenueTieKind
from evidence_api.models.account import User
from evidence_api.models.case import Case


class Venue(Base):
    """A place of exploitation. `area` is what its figures are counted by; `seekers` are the ids of those who have
    sought its closure since it was last in use, or recorded one that nobody had sought; `closed_on` is the day of that
    closure, in the office's zone."""

    __tablename__ = "venue"
    __table_args__ = (sa.Index(None, "case_id", "id"), sa.Index(None, "country", "area", "state", "case_id"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Case.id))
    ref: Mapped[str] = mapped_column(sa.String(40), unique=True)
    kind: Mapped[VenueKind] = mapped_column(ByValue(VenueKind))
    description: Mapped[str] = mapped_column(sa.String(200))
    place: Mapped[str | None] = mapped_column(sa.String(200))
    area: Mapped[str | None] = mapped_column(sa.String(100))
    country: Mapped[str | None] = mapped_column(sa.String(2))
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    state: Mapped[VenueState] = mapped_column(ByValue(VenueState))
    new_use: Mapped[str | None] = mapped_column(sa.String(200))
    seekers: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    closed_on: Mapped[date | None]
    new_use_by: Mapped[str | None] = mapped_column(sa.String(200))
    successor_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("venue.id"))
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    successor = cast("Venue | None", None)
    """The successor as far as who reads may know of it; set by the use case."""

    @property
    def subject(self) -> str:
        return f"venue:{self.id}"

    @property
    def searched(self) -> Searched | None:
        texts = (self.description, self.place, self.area)
        return Searched(Kind.VENUE, self.ref, texts, (self.case_id,))


class VenueTie(Base):
    """What somebody was to a venue, from when to when: a perpetrator, or one who is only named, such as a landlord."""

    __tablename__ = "venue_tie"
    __table_args__ = (sa.Index(None, "venue_id", "id"), sa.Index(None, "perpetrator_id"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    venue_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Venue.id))
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Case.id))
    perpetrator_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("perpetrator.id"))
    name: Mapped[str | None] = mapped_column(sa.String(200))
    kind: Mapped[VenueTieKind] = mapped_column(ByValue(VenueTieKind))
    from_on: Mapped[date | None]
    until_on: Mapped[date | None]

    @property
    def subject(self) -> str:
        return f"venue:{self.venue_id}"


class Observation(Base):
    """What was seen at a venue on a day."""

    __tablename__ = "observation"
    __table_args__ = (sa.Index(None, "venue_id", "observed_on"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    venue_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Venue.id))
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Case.id))
    observed_on: Mapped[date]
    seen: Mapped[Seen] = mapped_column(ByValue(Seen))
    people: Mapped[int | None]
    minors: Mapped[int | None]
    note: Mapped[str | None] = mapped_column(sa.Text)

    @property
    def subject(self) -> str:
        return f"venue:{self.venue_id}"


class Inspection(Base):
    """Somebody went to see whether a venue is closed, and has evidence of it."""

    __tablename__ = "inspection"
    __table_args__ = (sa.Index(None, "venue_id", "inspected_on"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    venue_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Venue.id))
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Case.id))
    inspector_id: Mapped[UUID] = mapped_column(sa.ForeignKey(User.id))
    evidence_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("evidence.id"))
    inspected_on: Mapped[date]
    found: Mapped[Seen] = mapped_column(ByValue(Seen))
    note: Mapped[str | None] = mapped_column(sa.Text)

    @property
    def subject(self) -> str:
        return f"venue:{self.venue_id}"
