"""Operations, who is on their roster, operatives by code, requests to authorities."""

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from evidence_api.db import Base, ByValue, new_id
from evidence_api.domain.operation import OperationKind, OperationState, Outcome, RequestState
from evidence_api.domain.search import Kind, Searched
from evidence_api.domain.victim import MissedHow
from evidence_api.models.account import Office, User
from evidence_api.models.case import Case
from evidence_api.models.venue import Venue
from evidence_api.models.victim import Victim


class Operation(Base):
    """A covert visit, a surveillance or a rescue. `planner_id` never decides on it; `decider_id` is who gave the
    go, or not."""

    __tablename__ = "operation"
    __table_args__ = (sa.Index(None, "case_id", "id"), sa.Index(None, "venue_id"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Case.id))
    ref: Mapped[str] = mapped_column(sa.String(40), unique=True)
    kind: Mapped[OperationKind] = mapped_column(ByValue(OperationKind))
    state: Mapped[OperationState] = mapped_column(ByValue(OperationState))
    venue_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(Venue.id))
    partner: Mapped[str | None] = mapped_column(sa.String(200))
    authorised_on: Mapped[date | None]
    authorisation_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("evidence.id"))
    authorisation_ref: Mapped[str | None] = mapped_column(sa.String(100))
    aftercare_places: Mapped[int | None]
    planned_on: Mapped[date | None]
    held_on: Mapped[date | None]
    planner_id: Mapped[UUID] = mapped_column(sa.ForeignKey(User.id))
    decider_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(User.id))
    decided_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    @property
    def subject(self) -> str:
        return f"operation:{self.id}"

    @property
    def searched(self) -> Searched | None:
        return Searched(Kind.OPERATION, self.ref, (), (self.case_id,))


class RosterEntry(Base):
    """A person whom an operation is to bring out, and what it brought her; null until that is known."""

    __tablename__ = "roster_entry"
    __table_args__ = (sa.Index(None, "victim_id"),)

    operation_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Operation.id), primary_key=True)
    victim_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Victim.id), primary_key=True)
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Case.id))
    outcome: Mapped[Outcome | None] = mapped_column(ByValue(Outcome))
    how: Mapped[MissedHow | None] = mapped_column(ByValue(MissedHow))
    decided_at: Mapped[datetime | None]

    @property
    def subject(self) -> str:
        return f"operation:{self.operation_id}"


class SafetyAssessment(Base):
    """How dangerous an operation is: each danger scored, on a day, good until another.

    `void_at` is when it ceased to count before that, since the operation was to be at another venue.
    """

    __tablename__ = "safety_assessment"
    __table_args__ = (sa.Index(None, "operation_id", "assessed_on"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    operation_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Operation.id))
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Case.id))
    scores: Mapped[dict[str, int]] = mapped_column(sa.JSON)
    note: Mapped[str | None] = mapped_column(sa.Text)
    assessed_on: Mapped[date]
    expires_on: Mapped[date]
    void_at: Mapped[datetime | None]
    assessor_id: Mapped[UUID] = mapped_column(sa.ForeignKey(User.id))

    @property
    def subject(self) -> str:
        return f"operation:{self.operation_id}"


class Operative(Base):
    """Somebody who works covertly, known by a code alone. Who it is, the vault keeps; it takes two people to open
    it."""

    __tablename__ = "operative"
    __table_args__ = (sa.UniqueConstraint("office_id", "code"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    office_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Office.id))
    code: Mapped[str] = mapped_column(sa.String(20))
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    @property
    def subject(self) -> str:
        return f"operative:{self.id}"


class OperationOperative(Base):
    """An operative takes part in an operation."""

    __tablename__ = "operation_operative"

    operation_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Operation.id), primary_key=True)
    operative_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Operative.id), primary_key=True)
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Case.id))

    @property
    def subject(self) -> str:
        return f"operation:{self.operation_id}"


class AuthorityRequest(Base):
    """What an authority was asked for, until when it is to answer, and what it said."""

    __tablename__ = "authority_request"
    __table_args__ = (sa.Index(None, "case_id", "id"), sa.Index(None, "state", "due_on"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Case.id))
    operation_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(Operation.id))
    ref: Mapped[str] = mapped_column(sa.String(40), unique=True)
    authority: Mapped[str] = mapped_column(sa.String(200))
    asks: Mapped[str] = mapped_column(sa.Text)
    state: Mapped[RequestState] = mapped_column(ByValue(RequestState))
    sent_on: Mapped[date]
    due_on: Mapped[date | None]
    replied_on: Mapped[date | None]
    reply: Mapped[str | None] = mapped_column(sa.Text)
    reply_evidence_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("evidence.id"))
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    @property
    def subject(self) -> str:
        return f"request:{self.id}"
