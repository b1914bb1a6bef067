"""Hearings, who attends them, what is taken up by them, and what people are told of them in time."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from evidence_api.db import Base, ByValue, new_id
from evidence_api.domain.appeal import Side
from evidence_api.domain.hearing import AdjournmentCode, HearingKind, HearingState
from evidence_api.domain.roles import Role
from evidence_api.domain.scheduling import Conflict, ResourceKind
from evidence_api.domain.victim import Gender
from evidence_api.models.account import Office, User
from evidence_api.models.case import Case
from evidence_api.models.charge import Charge
from evidence_api.models.perpetrator import Perpetrator


class Hearing(Base):
    """A court sits on a case, in a room or by a link. `zone` is that of the court (IANA); `people` are the accounts of
    those of us who are there."""

    __tablename__ = "hearing"
    __table_args__ = (
        sa.Index(None, "case_id", "starts_at"),
        sa.Index(None, "starts_at", "id"),
        sa.Index(None, "follows_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Case.id))
    ref: Mapped[str] = mapped_column(sa.String(40), unique=True)
    kind: Mapped[HearingKind] = mapped_column(ByValue(HearingKind))
    state: Mapped[HearingState] = mapped_column(ByValue(HearingState))
    court: Mapped[str] = mapped_column(sa.String(200))
    room: Mapped[str | None] = mapped_column(sa.String(100))
    link: Mapped[str | None] = mapped_column(sa.String(500))
    zone: Mapped[str] = mapped_column(sa.String(64))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    people: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    adjournment: Mapped[AdjournmentCode | None] = mapped_column(ByValue(AdjournmentCode))
    follows_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("hearing.id"))
    outcome: Mapped[str | None] = mapped_column(sa.Text)
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    # As far as who reads may know of it; set by the use case.
    charges = cast("Sequence[UUID]", ())
    next_id = cast("UUID | None", None)
    warnings = cast("Sequence[str]", ())

    @property
    def subject(self) -> str:
        return f"hearing:{self.id}"


class HearingCharge(Base):
    """A count that a hearing is about. One without any is about all that are before the court."""

    __tablename__ = "hearing_charge"
    __table_args__ = (sa.Index(None, "charge_id"),)

    hearing_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Hearing.id), primary_key=True)
    charge_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Charge.id), primary_key=True)
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Case.id))

    @property
    def subject(self) -> str:
        return f"hearing:{self.hearing_id}"


class Resource(Base):
    """A room, a link, a vehicle, an interpreter: what can be booked once at a time. `buffer` in minutes is how long it
    takes before it can be used elsewhere."""

    __tablename__ = "resource"
    __table_args__ = (sa.Index(None, "office_id", "kind", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    office_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Office.id))
    kind: Mapped[ResourceKind] = mapped_column(ByValue(ResourceKind))
    name: Mapped[str] = mapped_column(sa.String(200))
    languages: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    gender: Mapped[Gender | None] = mapped_column(ByValue(Gender))
    buffer: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    @property
    def subject(self) -> str:
        return f"resource:{self.id}"


class ResourceTie(Base):
    """Somebody who can be booked is tied to a perpetrator: kin, paid by, works for. Why is a fact of the ledger."""

    __tablename__ = "resource_tie"
    __table_args__ = (sa.Index(None, "resource_id"), sa.Index(None, "perpetrator_id"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    resource_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Resource.id))
    perpetrator_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Perpetrator.id))
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Case.id))
    since: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    @property
    def subject(self) -> str:
        return f"resource:{self.resource_id}"


class Engagement(Base):
    """Somebody or something that can be booked is taken by a side in a case, beside our own bookings."""

    __tablename__ = "engagement"
    __table_args__ = (sa.Index(None, "resource_id", "from_at"), sa.Index(None, "case_id", "id"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    resource_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Resource.id))
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Case.id))
    side: Mapped[Side] = mapped_column(ByValue(Side))
    from_at: Mapped[datetime]
    until_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    @property
    def subject(self) -> str:
        return f"resource:{self.resource_id}"


class Attendance(Base):
    """An accused, or one of theirs, comes to a hearing: when, how, where they wait."""

    __tablename__ = "attendance"
    __table_args__ = (sa.Index(None, "hearing_id"), sa.Index(None, "arrives_at"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    hearing_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Hearing.id))
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Case.id))
    perpetrator_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Perpetrator.id))
    arrives_at: Mapped[datetime | None]
    leaves_at: Mapped[datetime | None]
    waiting_area_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(Resource.id))
    vehicle_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(Resource.id))
    ended_at: Mapped[datetime | None]

    # What is booked and cannot stand beside it, where that was looked at.
    conflicts = cast("Sequence[Conflict]", ())

    @property
    def subject(self) -> str:
        return f"hearing:{self.hearing_id}"


class Occupancy(Base):
    """Somebody or something is taken from a moment to another, with its buffer: `key` is whom or what, `source` by
    which hearing, booking, session or engagement. At another `place` it can be used from `elsewhere_at` on. Derived,
    so that a time is checked with one look."""

    __tablename__ = "occupancy"
    __table_args__ = (sa.Index(None, "key", "elsewhere_at"), sa.Index(None, "source"))
    bookkeeping = True

    id: Mapped[int] = mapped_column(
        sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    key: Mapped[str] = mapped_column(sa.String(200))
    from_at: Mapped[datetime]
    until_at: Mapped[datetime]
    elsewhere_at: Mapped[datetime]
    place: Mapped[str] = mapped_column(sa.String(80))
    source: Mapped[str] = mapped_column(sa.String(80))
    case_id: Mapped[UUID]


class OccupancyLock(Base):
    """One row for each that can be taken: whoever books it holds the row, so that two never book it at once."""

    __tablename__ = "occupancy_lock"
    bookkeeping = True

    key: Mapped[str] = mapped_column(sa.String(200), primary_key=True)


class CalendarFeed(Base):
    """A secret address at which somebody's appointments can be read by a calendar program, until it is revoked. Only
    its digest is kept."""

    __tablename__ = "calendar_feed"
    __table_args__ = (sa.Index(None, "user_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey(User.id))
    role: Mapped[Role] = mapped_column(ByValue(Role))
    digest: Mapped[str] = mapped_column(sa.String(64), unique=True)
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]

    @property
    def subject(self) -> str:
        return f"user:{self.user_id}"


class Reminder(Base):
    """The message that somebody is to get by e-mail about the appointments of a day, and what became of it. Whoever
    sends it holds it until `claimed_until`."""

    __tablename__ = "reminder"
    __table_args__ = (sa.Index(None, "sent_at", "given_up_at"),)
    bookkeeping = True

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey(User.id), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    appointments: Mapped[int]
    first_at: Mapped[datetime | None]
    made_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    claimed_until: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    given_up_at: Mapped[datetime | None]
