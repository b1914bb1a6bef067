"""Cases, who is assigned to them, and the names under which people act within them."""

from datetime import datetime
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from evidence_api.db import Base, ByValue, new_id
from evidence_api.domain.case import STAGES, CaseKind, Stage
from evidence_api.domain.roles import Role
from evidence_api.domain.search import Kind, Searched
from evidence_api.models.account import Office, User


class Case(Base):
    """A case, known to people by its ref, such as PP-2026-0042. `jurisdiction` is whose law applies; null: that of the
    office. `closing_id` is the first of the two who agree that it is closed, and `closing_role` as what she did."""

    __tablename__ = "case_file"
    __table_args__ = (sa.Index(None, "office_id", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    ref: Mapped[str] = mapped_column(sa.String(32), unique=True)
    title: Mapped[str] = mapped_column(sa.String(200))
    kind: Mapped[CaseKind] = mapped_column(ByValue(CaseKind))
    country: Mapped[str] = mapped_column(sa.String(2))
    office_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Office.id))
    lead_id: Mapped[UUID] = mapped_column(sa.ForeignKey(User.id))
    stage: Mapped[Stage] = mapped_column(ByValue(Stage), default=Stage.INTAKE)
    held_from: Mapped[Stage | None] = mapped_column(ByValue(Stage))
    jurisdiction: Mapped[str | None] = mapped_column(sa.String(20))
    closing_id: Mapped[UUID | None]
    closing_role: Mapped[Role | None] = mapped_column(ByValue(Role))
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    course = STAGES
    """The steps that a case of its kind can take; the services give it those of this installation."""

    @property
    def subject(self) -> str:
        return f"case:{self.id}"

    @property
    def searched(self) -> Searched | None:
        return Searched(Kind.CASE, self.ref, (self.title,), (self.id,))

    @property
    def case_id(self) -> UUID:
        return self.id


class Assignment(Base):
    """A person works on a case, in a role, from then until it is ended."""

    __tablename__ = "assignment"
    __table_args__ = (sa.Index("ix_assignment_who", "user_id", "role", "case_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Case.id), index=True)
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey(User.id))
    role: Mapped[Role] = mapped_column(ByValue(Role))
    assigned_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    @property
    def subject(self) -> str:
        return f"case:{self.case_id}"


class CaseActor(Base):
    """The random name under which an account acts in one case's chains, so that two cases' bundles
    cannot be laid together to follow one person (LEDGER.md section 2)."""

    __tablename__ = "case_actor"
    bookkeeping = True

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Case.id), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey(User.id), primary_key=True)
    actor: Mapped[UUID] = mapped_column(unique=True, default=uuid4)


class Counter(Base):
    """The last number given out in a series, such as an office's cases of one year."""

    __tablename__ = "counter"
    bookkeeping = True

    series: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    last: Mapped[int]
