"""Testimony: the witness, her protection and preparation, what is booked for her, and the plan for afterwards."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from evidence_api.db import Base, ByValue, new_id
from evidence_api.domain.care import ServiceKind
from evidence_api.domain.scheduling import Conflict
from evidence_api.domain.testimony import (
    BookingState,
    MeasureKind,
    MeasureState,
    PlanState,
    PreparationKind,
    SessionState,
    TestimonyState,
    WitnessKind,
)
from evidence_api.domain.victim import Gender
from evidence_api.models.account import User
from evidence_api.models.care import Partner
from evidence_api.models.case import Case
from evidence_api.models.evidence import Evidence
from evidence_api.models.hearing import Hearing, Resource
from evidence_api.models.operation import Operative
from evidence_api.models.victim import Victim


class Testimony(Base):
    """Somebody is to testify in a case. A victim is known by her pseudonym, an operative by a code, anybody else by a
    `label` such as `Expert 1`. `in_crisis_since`: nothing is booked for her until that is over. `guardian_id`: who
    comes with a child. `lawyer_signed_for` and `caseworker_signed_for` are digests of what each has signed for.
    """

    __tablename__ = "testimony"
    __table_args__ = (
        sa.Index(None, "case_id", "id"),
        sa.Index(None, "victim_id"),
        sa.Index(None, "operative_id"),
        sa.Index(None, "state", "case_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Case.id))
    ref: Mapped[str] = mapped_column(sa.String(40), unique=True)
    witness_kind: Mapped[WitnessKind] = mapped_column(ByValue(WitnessKind))
    victim_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(Victim.id))
    operative_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(Operative.id))
    label: Mapped[str | None] = mapped_column(sa.String(100))
    state: Mapped[TestimonyState] = mapped_column(ByValue(TestimonyState))
    language: Mapped[str | None] = mapped_column(sa.String(35))
    interpreter_gender: Mapped[Gender | None] = mapped_column(ByValue(Gender))
    interviews: Mapped[int] = mapped_column(default=0)
    statement_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(Evidence.id))
    statement_disclosed_on: Mapped[date | None]
    guardian_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(Resource.id))
    in_crisis_since: Mapped[datetime | None]
    lawyer_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(User.id))
    lawyer_signed_at: Mapped[datetime | None]
    lawyer_signed_for: Mapped[str | None] = mapped_column(sa.String(64))
    caseworker_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(User.id))
    caseworker_signed_at: Mapped[datetime | None]
    caseworker_signed_for: Mapped[str | None] = mapped_column(sa.String(64))
    concluded_on: Mapped[date | None]
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    # As far as who reads may know of it; set by the use case.
    pseudonym = cast("str | None", None)
    code = cast("str | None", None)
    guardian = cast("UUID | None", None)
    statement = cast("UUID | None", None)
    crisis_since = cast("datetime | None", None)
    open = cast("Sequence[str]", ())
    measures = cast("Sequence[Measure]", ())
    bookings = cast("Sequence[Booking]", ())
    plan = cast("PostCourtPlan | None", None)

    @property
    def subject(self) -> str:
        return f"testimony:{self.id}"

    @property
    def who(self) -> str:
        """Whom it takes up: the same person in every case in which she testifies."""
        if self.victim_id is not None:
            return f"victim:{self.victim_id}"
        return f"operative:{self.operative_id}" if self.operative_id is not None else self.subject


class NeedsAssessment(Base):
    """What a witness needs to testify: a line for each need that was found, on a day."""

    __tablename__ = "needs_assessment"
    __table_args__ = (sa.Index(None, "testimony_id", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    testimony_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Testimony.id))
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Case.id))
    needs: Mapped[dict[str, str]] = mapped_column(sa.JSON)
    assessed_on: Mapped[date]
    assessor_id: Mapped[UUID] = mapped_column(sa.ForeignKey(User.id))

    @property
    def subject(self) -> str:
        return f"testimony:{self.testimony_id}"


class Measure(Base):
    """A protective measure. `plan` is what is done instead of one that was refused."""

    __tablename__ = "measure"
    __table_args__ = (sa.UniqueConstraint("testimony_id", "kind"), sa.Index(None, "case_id"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    testimony_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Testimony.id))
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Case.id))
    kind: Mapped[MeasureKind] = mapped_column(ByValue(MeasureKind))
    required: Mapped[bool] = mapped_column(default=True)
    state: Mapped[MeasureState] = mapped_column(ByValue(MeasureState))
    applied_on: Mapped[date | None]
    decided_on: Mapped[date | None]
    document_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(Evidence.id))
    plan: Mapped[str | None] = mapped_column(sa.Text)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    @property
    def subject(self) -> str:
        return f"testimony:{self.testimony_id}"


class Preparation(Base):
    """A session with one witness, before court or after it. `people` are accounts, `resources` what else it takes."""

    __tablename__ = "preparation"
    __table_args__ = (sa.Index(None, "testimony_id", "id"), sa.Index(None, "starts_at"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    testimony_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Testimony.id))
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Case.id))
    kind: Mapped[PreparationKind] = mapped_column(ByValue(PreparationKind))
    state: Mapped[SessionState] = mapped_column(ByValue(SessionState))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    place_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(Resource.id))
    people: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    resources: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    note: Mapped[str | None] = mapped_column(sa.Text)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    # What warns of its time, where it was looked at.
    warnings = cast("Sequence[Conflict]", ())

    @property
    def subject(self) -> str:
        return f"testimony:{self.testimony_id}"


class Unavailability(Base):
    """A witness cannot come from a moment to another. Why is not asked, so that nobody can read it. `hard` false: it
    had better not be then, as of a school's exams."""

    __tablename__ = "unavailability"
    __table_args__ = (sa.Index(None, "who", "from_at"), sa.Index(None, "testimony_id"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    testimony_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Testimony.id))
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Case.id))
    who: Mapped[str] = mapped_column(sa.String(80))
    from_at: Mapped[datetime]
    until_at: Mapped[datetime]
    hard: Mapped[bool] = mapped_column(default=True)
    ended_at: Mapped[datetime | None]

    # What is booked and cannot stand beside it, where that was looked at.
    conflicts = cast("Sequence[Conflict]", ())

    @property
    def subject(self) -> str:
        return f"testimony:{self.testimony_id}"


class Booking(Base):
    """A time in a hearing for a witness: provisional until nothing is open. `measures` are the codes of those that it
    is booked with, `people` accounts, `resources` what else it takes."""

    __tablename__ = "booking"
    __table_args__ = (
        sa.Index(None, "testimony_id", "id"),
        sa.Index(None, "hearing_id"),
        sa.Index(None, "starts_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    testimony_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Testimony.id))
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Case.id))
    hearing_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Hearing.id))
    state: Mapped[BookingState] = mapped_column(ByValue(BookingState))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    arrives_at: Mapped[datetime | None]
    leaves_at: Mapped[datetime | None]
    recesses: Mapped[int] = mapped_column(default=0)
    measures: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    people: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    resources: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    @property
    def subject(self) -> str:
        return f"testimony:{self.testimony_id}"


class PostCourtPlan(Base):
    """What there is for a victim at the end of it all. `wants_nothing` is her own word."""

    __tablename__ = "post_court_plan"
    __table_args__ = (
        sa.UniqueConstraint("testimony_id"),
        sa.Index(None, "victim_id"),
        sa.Index(None, "state", "case_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    testimony_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Testimony.id))
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Case.id))
    victim_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Victim.id))
    state: Mapped[PlanState] = mapped_column(ByValue(PlanState))
    wants_nothing: Mapped[bool] = mapped_column(default=False)
    agreed_on: Mapped[date | None]
    opened_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    # As far as who reads may know of it; set by the use case.
    testimony = cast("UUID | None", None)

    @property
    def subject(self) -> str:
        return f"victim:{self.victim_id}"


class PlanOffer(Base):
    """What a partner, or the office itself, offers in a plan for the time after court."""

    __tablename__ = "plan_offer"
    __table_args__ = (sa.Index(None, "plan_id", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    plan_id: Mapped[UUID] = mapped_column(sa.ForeignKey(PostCourtPlan.id))
    victim_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Victim.id))
    service: Mapped[ServiceKind] = mapped_column(ByValue(ServiceKind))
    partner_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(Partner.id))
    note: Mapped[str | None] = mapped_column(sa.Text)
    withdrawn_at: Mapped[datetime | None]

    @property
    def subject(self) -> str:
        return f"victim:{self.victim_id}"
