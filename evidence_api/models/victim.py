"""Victims and what is known of them apart from their identity, which is in the vault; searches and alerts."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from evidence_api.db import Base, ByValue, new_id
from evidence_api.domain.search import Kind, Searched
from evidence_api.domain.victim import (
    AlertKind,
    Barrier,
    Care,
    EpisodeClass,
    Exit,
    Gender,
    Identification,
    MissedHow,
    Purpose,
    SearchEnd,
    SearchKind,
    Whereabouts,
    Willingness,
)
from evidence_api.models.account import Office, User
from evidence_api.models.case import Case
from evidence_api.models.venue import Venue


class Victim(Base):
    """A person who is, or may be, a victim. People know her by her pseudonym, which says nothing of her.

    `case_id` is the case in which she was registered, and under whose names the acts on her chain are kept;
    `VictimCase`
    has all the cases that know her. `out_at` is when she last left her exploitation.
    """

    __tablename__ = "victim"
    __table_args__ = (sa.Index(None, "case_id", "id"), sa.Index(None, "office_id", "pseudonym", unique=True))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    office_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Office.id))
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Case.id))
    pseudonym: Mapped[str] = mapped_column(sa.String(40))
    gender: Mapped[Gender] = mapped_column(ByValue(Gender))
    minor: Mapped[bool | None]
    estimated_age: Mapped[int | None]
    languages: Mapped[list[str]] = mapped_column(sa.JSON)
    country: Mapped[str | None] = mapped_column(sa.String(2))
    family_members: Mapped[int | None]
    dependents: Mapped[int | None]
    identification: Mapped[Identification] = mapped_column(ByValue(Identification))
    whereabouts: Mapped[Whereabouts] = mapped_column(ByValue(Whereabouts))
    missed_how: Mapped[MissedHow | None] = mapped_column(ByValue(MissedHow))
    care: Mapped[Care] = mapped_column(ByValue(Care))
    willingness: Mapped[Willingness | None] = mapped_column(ByValue(Willingness))
    out_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    # As far as who reads may know of it; set by the use case.
    cases = cast("Sequence[UUID]", ())
    home = cast("UUID | None", None)
    told_willingness = cast("Willingness | None", None)

    @property
    def subject(self) -> str:
        return f"victim:{self.id}"

    @property
    def searched(self) -> Searched | None:
        return Searched(Kind.VICTIM, self.pseudonym, ())


class VictimCase(Base):
    """A case knows a victim: those assigned to it may know of her."""

    __tablename__ = "victim_case"
    __table_args__ = (sa.Index(None, "case_id", "victim_id"),)

    victim_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Victim.id), primary_key=True)
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Case.id), primary_key=True)
    since: Mapped[datetime]

    @property
    def subject(self) -> str:
        return f"victim:{self.victim_id}"

    def found_as(self, session: Session) -> Base:
        return session.get_one(Victim, self.victim_id)


class VaultFact(Base):
    """One field of what must not be known, sealed by itself under a key whose own key is outside the database.

    `owner` is the subject that it is about, such as `victim:<uuid>`.
    """

    __tablename__ = "vault_fact"

    owner: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    field: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    sealed: Mapped[bytes]
    changed_at: Mapped[datetime]

    @property
    def subject(self) -> str:
        return self.owner


class VaultKey(Base):
    """A key of the vault for one subject, wrapped by the master key of the vault that `master` names."""

    __tablename__ = "vault_key"
    bookkeeping = True

    owner: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    wrapped: Mapped[bytes]
    master: Mapped[str] = mapped_column(sa.String(16), index=True)


class Consent(Base):
    """What she has consented to, how far, until when."""

    __tablename__ = "consent"
    __table_args__ = (sa.Index(None, "victim_id", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    victim_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Victim.id))
    purpose: Mapped[Purpose] = mapped_column(ByValue(Purpose))
    scope: Mapped[str] = mapped_column(sa.Text)
    given_at: Mapped[datetime]
    expires_on: Mapped[date | None]
    withdrawn_at: Mapped[datetime | None]

    @property
    def subject(self) -> str:
        return f"victim:{self.victim_id}"


class KeepApart(Base):
    """A person whom a victim must not be placed with, or who must not contact her: a perpetrator or another victim."""

    __tablename__ = "keep_apart"
    __table_args__ = (
        sa.Index(None, "victim_id", "id"),
        sa.Index(None, "perpetrator_id"),
        sa.Index(None, "other_victim_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    victim_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Victim.id))
    barrier: Mapped[Barrier] = mapped_column(ByValue(Barrier))
    perpetrator_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("perpetrator.id"))
    other_victim_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(Victim.id))
    since: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    @property
    def subject(self) -> str:
        return f"victim:{self.victim_id}"


class Episode(Base):
    """A time of exploitation: whom, where, from when to when, by what means, how it ended. What is not known is null.

    `was_out`: as it was recorded, it was the first since she had come out.
    """

    __tablename__ = "episode"
    __table_args__ = (sa.Index(None, "victim_id", "started_on"), sa.Index(None, "venue_id", "victim_id"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    victim_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Victim.id))
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Case.id))
    venue_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(Venue.id))
    started_on: Mapped[date | None]
    ended_on: Mapped[date | None]
    exploitation: Mapped[list[str]] = mapped_column(sa.JSON)
    means: Mapped[list[str]] = mapped_column(sa.JSON)
    exit: Mapped[Exit | None] = mapped_column(ByValue(Exit))
    was_out: Mapped[bool] = mapped_column(default=False)
    classification: Mapped[EpisodeClass] = mapped_column(ByValue(EpisodeClass))
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    @property
    def subject(self) -> str:
        return f"victim:{self.victim_id}"


class Search(Base):
    """Somebody is sought. It stays open until she is found.

    One who is only `reported` missing is nobody yet whom the office knows: `victim_id` is null until a caseworker has
    matched her; her name, where it is known, is in the vault.
    """

    __tablename__ = "search_task"
    __table_args__ = (
        sa.Index(None, "case_id", "id"),
        sa.Index(None, "victim_id"),
        sa.Index(None, "ended_at", "case_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Case.id))
    victim_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(Victim.id))
    operation_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("operation.id"))
    kind: Mapped[SearchKind] = mapped_column(ByValue(SearchKind))
    description: Mapped[str | None] = mapped_column(sa.Text)
    last_seen_on: Mapped[date | None]
    opened_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end: Mapped[SearchEnd | None] = mapped_column(ByValue(SearchEnd))
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    @property
    def subject(self) -> str:
        return f"search:{self.id}"


class Sighting(Base):
    """Somebody who is sought may have been seen: when, where, by whose word."""

    __tablename__ = "sighting"
    __table_args__ = (sa.Index(None, "search_id", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    search_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Search.id))
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Case.id))
    venue_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(Venue.id))
    seen_on: Mapped[date]
    place: Mapped[str | None] = mapped_column(sa.String(200))
    note: Mapped[str | None] = mapped_column(sa.Text)

    @property
    def subject(self) -> str:
        return f"search:{self.search_id}"


class Alert(Base):
    """What a case that knows her, or a venue, must hear of; on the first pages of its people until one of
    them has taken note."""

    __tablename__ = "alert"
    __table_args__ = (sa.Index(None, "noted_at", "case_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Case.id))
    victim_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(Victim.id))
    episode_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(Episode.id))
    venue_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(Venue.id))
    kind: Mapped[AlertKind] = mapped_column(ByValue(AlertKind))
    raised_at: Mapped[datetime]
    noted_at: Mapped[datetime | None]
    noted_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(User.id))

    @property
    def subject(self) -> str:
        return f"case:{self.case_id}"
