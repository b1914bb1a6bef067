"""Care of a victim: assessments, steps, placements, money owed, referrals; the partners who offer it."""

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from evidence_api.db import Base, ByValue, new_id
from evidence_api.domain.care import (
    AssessmentKind,
    ClaimKind,
    ReferralState,
    ServiceKind,
    Standing,
    StepKind,
    StepState,
    counts_until,
)
from evidence_api.domain.search import Kind, Searched
from evidence_api.models.account import Office
from evidence_api.models.victim import Victim


class Partner(Base):
    """An organisation that offers something. `capacity` is how many more it can take, as it said at `capacity_at`."""

    __tablename__ = "partner"
    __table_args__ = (sa.Index(None, "office_id", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    office_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Office.id))
    name: Mapped[str] = mapped_column(sa.String(200))
    country: Mapped[str] = mapped_column(sa.String(2))
    region: Mapped[str] = mapped_column(sa.String(100))
    offers: Mapped[list[str]] = mapped_column(sa.JSON)
    languages: Mapped[list[str]] = mapped_column(sa.JSON)
    genders: Mapped[list[str]] = mapped_column(sa.JSON)
    youngest: Mapped[int | None]
    oldest: Mapped[int | None]
    contact: Mapped[str | None] = mapped_column(sa.String(500))
    capacity: Mapped[int | None]
    capacity_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    @property
    def subject(self) -> str:
        return f"partner:{self.id}"

    @property
    def searched(self) -> Searched | None:
        return None if self.ended_at else Searched(Kind.PARTNER, None, (self.name,))

    @classmethod
    def is_searched(cls) -> sa.ColumnElement[bool]:
        return cls.ended_at.is_(None)


class Assessment(Base):
    """What an assessment of a victim, or of the home that she would go to, came to. `favourable` null: not a
    question of it."""

    __tablename__ = "assessment"
    __table_args__ = (sa.Index(None, "victim_id", "kind", "assessed_on"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    victim_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Victim.id))
    kind: Mapped[AssessmentKind] = mapped_column(ByValue(AssessmentKind))
    favourable: Mapped[bool | None]
    score: Mapped[int | None]
    summary: Mapped[str] = mapped_column(sa.Text)
    assessed_on: Mapped[date]
    expires_on: Mapped[date | None]
    recorded_at: Mapped[datetime]

    @property
    def subject(self) -> str:
        return f"victim:{self.victim_id}"

    @property
    def counts_until(self) -> date | None:
        """The last day on which it counts."""
        return counts_until(self.kind, self.assessed_on, self.expires_on)


class CareStep(Base):
    """One thing to be done for her, or by her: a need of the first hours, a service of her plan, a first, a skill,
    work, a
    follow-up. `what` is a code of its kind, or null; `title` says it in words."""

    __tablename__ = "care_step"
    __table_args__ = (
        sa.Index(None, "victim_id", "id"),
        sa.Index(None, "state", "due_at", "id"),
        sa.Index(None, "kind", "state", "due_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    victim_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Victim.id))
    kind: Mapped[StepKind] = mapped_column(ByValue(StepKind))
    what: Mapped[str | None] = mapped_column(sa.String(40))
    title: Mapped[str | None] = mapped_column(sa.String(200))
    partner_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(Partner.id))
    state: Mapped[StepState] = mapped_column(ByValue(StepState))
    due_at: Mapped[datetime | None]
    began_on: Mapped[date | None]
    ended_on: Mapped[date | None]
    outcome: Mapped[str | None] = mapped_column(sa.Text)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    @property
    def subject(self) -> str:
        return f"victim:{self.victim_id}"


class Placement(Base):
    """That she sleeps somewhere, from when to when. What kind of place, whose, and where: the vault keeps it."""

    __tablename__ = "placement"
    __table_args__ = (sa.Index(None, "victim_id", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    victim_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Victim.id))
    from_on: Mapped[date]
    until_on: Mapped[date | None]

    @property
    def subject(self) -> str:
        return f"victim:{self.victim_id}"

    @property
    def sealed(self) -> str:
        """Under which owner the vault keeps the rest."""
        return f"placement:{self.id}"


class StandingRecord(Base):
    """Her immigration status in a country, from a day, until another."""

    __tablename__ = "standing_record"
    __table_args__ = (sa.Index(None, "victim_id", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    victim_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Victim.id))
    standing: Mapped[Standing] = mapped_column(ByValue(Standing))
    country: Mapped[str] = mapped_column(sa.String(2))
    from_on: Mapped[date]
    expires_on: Mapped[date | None]

    @property
    def subject(self) -> str:
        return f"victim:{self.victim_id}"


class Claim(Base):
    """Money that is owed to her, in the smallest unit of the currency (ISO 4217), and how much of it was paid."""

    __tablename__ = "claim"
    __table_args__ = (sa.Index(None, "victim_id", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    victim_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Victim.id))
    kind: Mapped[ClaimKind] = mapped_column(ByValue(ClaimKind))
    currency: Mapped[str] = mapped_column(sa.String(3))
    owed: Mapped[int] = mapped_column(sa.BigInteger)
    paid: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    ordered_on: Mapped[date]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    @property
    def subject(self) -> str:
        return f"victim:{self.victim_id}"


class Payment(Base):
    """A part of a claim that was paid."""

    __tablename__ = "payment"
    __table_args__ = (sa.Index(None, "claim_id", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    claim_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Claim.id))
    victim_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Victim.id))
    amount: Mapped[int] = mapped_column(sa.BigInteger)
    paid_on: Mapped[date]

    @property
    def subject(self) -> str:
        return f"victim:{self.victim_id}"


class Referral(Base):
    """A partner is asked to take her, or to do something for her. `region` is where it is needed; no partner:
    nobody offers it."""

    __tablename__ = "referral"
    __table_args__ = (
        sa.Index(None, "victim_id", "id"),
        sa.Index(None, "partner_id"),
        sa.Index(None, "state", "region"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    victim_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Victim.id))
    partner_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(Partner.id))
    service: Mapped[ServiceKind] = mapped_column(ByValue(ServiceKind))
    region: Mapped[str] = mapped_column(sa.String(100))
    state: Mapped[ReferralState] = mapped_column(ByValue(ReferralState))
    asked_on: Mapped[date]
    answered_on: Mapped[date | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    @property
    def subject(self) -> str:
        return f"victim:{self.victim_id}"
