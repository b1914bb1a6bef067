"""Charges and what courts made of them, appeals, exhibits."""

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from evidence_api.db import Base, ByValue, new_id
from evidence_api.domain.appeal import AppealState, Side
from evidence_api.domain.charge import (
    ChargeState,
    PleaKind,
    Running,
    SentenceKind,
    VerdictKind,
    WithdrawalCode,
)
from evidence_api.domain.exhibit import ExhibitState
from evidence_api.domain.search import Kind, Searched
from evidence_api.models.account import User
from evidence_api.models.case import Case
from evidence_api.models.evidence import Evidence
from evidence_api.models.perpetrator import Perpetrator


class Charge(Base):
    """One version of a count against somebody: `edition` 1 and, once amended, the next, which names the one that it
    `supersedes`. `held_from` is where a warrant stopped it."""

    __tablename__ = "charge"
    __table_args__ = (
        sa.UniqueConstraint("case_id", "perpetrator_id", "count", "edition"),
        sa.Index(None, "case_id", "id"),
        sa.Index(None, "perpetrator_id"),
        sa.Index(None, "state", "case_id"),
        sa.Index(None, "appeal_until"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Case.id))
    ref: Mapped[str] = mapped_column(sa.String(40), unique=True)
    perpetrator_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Perpetrator.id))
    count: Mapped[int]
    edition: Mapped[int] = mapped_column(default=1)
    supersedes_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("charge.id"))
    statute: Mapped[str] = mapped_column(sa.String(40))
    particulars: Mapped[str | None] = mapped_column(sa.Text)
    offence_from: Mapped[date | None]
    offence_until: Mapped[date | None]
    state: Mapped[ChargeState] = mapped_column(ByValue(ChargeState))
    held_from: Mapped[ChargeState | None] = mapped_column(ByValue(ChargeState))
    proposer_id: Mapped[UUID] = mapped_column(sa.ForeignKey(User.id))
    approver_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(User.id))
    court: Mapped[str | None] = mapped_column(sa.String(200))
    court_ref: Mapped[str | None] = mapped_column(sa.String(100))
    filed_on: Mapped[date | None]
    decided_on: Mapped[date | None]
    appeal_until: Mapped[date | None]
    withdrawal: Mapped[WithdrawalCode | None] = mapped_column(ByValue(WithdrawalCode))
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    @property
    def subject(self) -> str:
        return f"charge:{self.id}"

    @property
    def searched(self) -> Searched | None:
        return Searched(Kind.CHARGE, self.ref, (self.court_ref, self.particulars), (self.case_id,))


class ElementProof(Base):
    """An item that proves an element of the offence, as somebody sees it."""

    __tablename__ = "element_proof"
    __table_args__ = (sa.Index(None, "charge_id", "id"), sa.Index(None, "evidence_id"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    charge_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Charge.id))
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Case.id))
    element: Mapped[str] = mapped_column(sa.String(40))
    evidence_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Evidence.id))
    note: Mapped[str | None] = mapped_column(sa.Text)
    since: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    @property
    def subject(self) -> str:
        return f"charge:{self.charge_id}"


class Plea(Base):
    """What the defendant answered, on a day; the last one counts."""

    __tablename__ = "plea"
    __table_args__ = (sa.Index(None, "charge_id", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    charge_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Charge.id))
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Case.id))
    plea: Mapped[PleaKind] = mapped_column(ByValue(PleaKind))
    entered_on: Mapped[date]

    @property
    def subject(self) -> str:
        return f"charge:{self.charge_id}"


class Verdict(Base):
    """What a court found, on a day. `statute` is the offence of which it convicted; `document_id` the judgment.
    `ended_at`: since when it does not stand any more, as an appeal took it away."""

    __tablename__ = "verdict"
    __table_args__ = (sa.Index(None, "charge_id", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    charge_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Charge.id))
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Case.id))
    verdict: Mapped[VerdictKind] = mapped_column(ByValue(VerdictKind))
    statute: Mapped[str | None] = mapped_column(sa.String(40))
    decided_on: Mapped[date]
    document_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(Evidence.id))
    recorded_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    @property
    def subject(self) -> str:
        return f"charge:{self.charge_id}"


class Sentence(Base):
    """What was imposed on a count: days, or money in the smallest unit of its currency. `ended_at`: since when it does
    not stand any more, as an appeal varied it or took it away."""

    __tablename__ = "sentence"
    __table_args__ = (sa.Index(None, "charge_id", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    charge_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Charge.id))
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Case.id))
    kind: Mapped[SentenceKind] = mapped_column(ByValue(SentenceKind))
    running: Mapped[Running | None] = mapped_column(ByValue(Running))
    suspended: Mapped[bool] = mapped_column(default=False)
    for_life: Mapped[bool] = mapped_column(default=False)
    days: Mapped[int | None]
    amount: Mapped[int | None] = mapped_column(sa.BigInteger)
    currency: Mapped[str | None] = mapped_column(sa.String(3))
    note: Mapped[str | None] = mapped_column(sa.Text)
    imposed_on: Mapped[date]
    recorded_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    @property
    def subject(self) -> str:
        return f"charge:{self.charge_id}"


class Appeal(Base):
    """An appeal by a side against one or more counts of a case. `late_reason`: why it may come after the window; null
    where it came within."""

    __tablename__ = "appeal"
    __table_args__ = (sa.Index(None, "case_id", "id"), sa.Index(None, "state", "case_id"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Case.id))
    ref: Mapped[str] = mapped_column(sa.String(40), unique=True)
    side: Mapped[Side] = mapped_column(ByValue(Side))
    state: Mapped[AppealState] = mapped_column(ByValue(AppealState))
    court: Mapped[str | None] = mapped_column(sa.String(200))
    court_ref: Mapped[str | None] = mapped_column(sa.String(100))
    grounds: Mapped[str | None] = mapped_column(sa.Text)
    filed_on: Mapped[date]
    late_reason: Mapped[str | None] = mapped_column(sa.Text)
    decided_on: Mapped[date | None]
    document_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(Evidence.id))
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    counts: Mapped[list[Charge]] = relationship(
        secondary="appeal_charge", order_by=Charge.id, lazy="selectin", viewonly=True
    )
    """The counts that it is about."""

    @property
    def subject(self) -> str:
        return f"appeal:{self.id}"

    @property
    def late(self) -> bool:
        return self.late_reason is not None


class AppealCharge(Base):
    """A count that an appeal is about."""

    __tablename__ = "appeal_charge"
    __table_args__ = (sa.Index(None, "charge_id"),)

    appeal_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Appeal.id), primary_key=True)
    charge_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Charge.id), primary_key=True)
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Case.id))

    @property
    def subject(self) -> str:
        return f"appeal:{self.appeal_id}"


class Exhibit(Base):
    """What a side puts before the court, numbered per case and side, such as P-1. An exhibit of the other side need not
    be an item of ours."""

    __tablename__ = "exhibit"
    __table_args__ = (
        sa.UniqueConstraint("case_id", "side", "number"),
        sa.Index(None, "case_id", "id"),
        sa.Index(None, "evidence_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Case.id))
    side: Mapped[Side] = mapped_column(ByValue(Side))
    number: Mapped[int]
    evidence_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(Evidence.id))
    description: Mapped[str | None] = mapped_column(sa.String(200))
    state: Mapped[ExhibitState] = mapped_column(ByValue(ExhibitState))
    hearing_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("hearing.id"))
    ruling: Mapped[str | None] = mapped_column(sa.Text)
    decided_on: Mapped[date | None]
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    item: Mapped[Evidence | None] = relationship(lazy="selectin", viewonly=True)
    """The item of ours that it is, where it is one."""

    @property
    def subject(self) -> str:
        return f"exhibit:{self.id}"

    @property
    def label(self) -> str:
        """Its number as it is called in court."""
        return f"{self.side.value[0].upper()}-{self.number}"
