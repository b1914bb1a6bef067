"""Perpetrators and what they are to victims."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from evidence_api.db import Base, ByValue, new_id
from evidence_api.domain.perpetrator import Relation
from evidence_api.domain.search import Kind, Searched
from evidence_api.domain.victim import Gender
from evidence_api.models.case import Case
from evidence_api.models.victim import Victim


class Perpetrator(Base):
    """Somebody who is suspected. `alias` is the name by which people speak of her or him; addresses are in the
    vault."""

    __tablename__ = "perpetrator"
    __table_args__ = (sa.Index(None, "case_id", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Case.id))
    ref: Mapped[str] = mapped_column(sa.String(40), unique=True)
    alias: Mapped[str] = mapped_column(sa.String(100))
    aliases: Mapped[list[str]] = mapped_column(sa.JSON)
    roles: Mapped[list[str]] = mapped_column(sa.JSON)
    gender: Mapped[Gender] = mapped_column(ByValue(Gender))
    country: Mapped[str | None] = mapped_column(sa.String(2))
    note: Mapped[str | None] = mapped_column(sa.Text)
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    @property
    def subject(self) -> str:
        return f"perpetrator:{self.id}"

    @property
    def searched(self) -> Searched | None:
        texts = (self.alias, *self.aliases, self.note)
        return Searched(Kind.PERPETRATOR, self.ref, texts, (self.case_id,))


class VictimTie(Base):
    """What a perpetrator is, or did, to a victim."""

    __tablename__ = "victim_tie"
    __table_args__ = (sa.Index(None, "perpetrator_id", "id"), sa.Index(None, "victim_id"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    perpetrator_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Perpetrator.id))
    victim_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Victim.id))
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Case.id))
    relation: Mapped[Relation] = mapped_column(ByValue(Relation))
    since: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    @property
    def subject(self) -> str:
        return f"perpetrator:{self.perpetrator_id}"
