"""Items of evidence, files and physical things alike, and the hand-overs between people."""

from datetime import datetime
from typing import cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from evidence_api.db import Base, ByValue, new_id
from evidence_api.domain.custody import Custody, Derivation, Sensitivity, TransferState
from evidence_api.domain.roles import Role
from evidence_api.domain.search import Kind, Searched
from evidence_api.models.account import User
from evidence_api.models.case import Case


class Evidence(Base):
    """An item. A file has `storage_key`, `sha256` and `size`; a physical thing has `tag` and `place`.

    The file's name is not here: it is a committed fact of the item's first entry. `claims` is what the file says
    of itself, beside what the uploader stated; `differences` names where the two disagree. `lender_id` is who gets the
    item back when it is checked in or returned, `due_at` by when.
    """

    __tablename__ = "evidence"
    __table_args__ = (
        sa.Index(None, "case_id", "id"),
        sa.Index(None, "case_id", "sha256"),
        sa.Index(None, "custodian_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Case.id))
    ref: Mapped[str] = mapped_column(sa.String(40), unique=True)
    title: Mapped[str] = mapped_column(sa.String(200))
    storage_key: Mapped[str | None] = mapped_column(sa.String(200), unique=True)
    storage_version: Mapped[str | None] = mapped_column(sa.String(200))
    sha256: Mapped[str | None] = mapped_column(sa.String(64))
    size: Mapped[int | None] = mapped_column(sa.BigInteger)
    media_type: Mapped[str | None] = mapped_column(sa.String(100))
    captured_at: Mapped[datetime | None]
    received_at: Mapped[datetime]
    method: Mapped[str | None] = mapped_column(sa.String(100))
    device: Mapped[str | None] = mapped_column(sa.String(200))
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    claims: Mapped[dict[str, object] | None] = mapped_column(sa.JSON)
    differences: Mapped[list[dict[str, str]] | None] = mapped_column(sa.JSON)
    tag: Mapped[str | None] = mapped_column(sa.String(100))
    place: Mapped[str | None] = mapped_column(sa.String(200))
    notes: Mapped[str | None] = mapped_column(sa.Text, deferred=True)
    original_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("evidence.id"))
    derivation: Mapped[Derivation | None] = mapped_column(ByValue(Derivation))
    sensitivity: Mapped[Sensitivity] = mapped_column(ByValue(Sensitivity), default=Sensitivity.ORDINARY)
    state: Mapped[Custody] = mapped_column(ByValue(Custody), default=Custody.IN_CUSTODY)
    custodian_id: Mapped[UUID] = mapped_column(sa.ForeignKey(User.id))
    lender_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(User.id))
    collector_id: Mapped[UUID] = mapped_column(sa.ForeignKey(User.id))
    quarantined: Mapped[bool] = mapped_column(default=False)
    held: Mapped[bool] = mapped_column(default=False)
    verified_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    # Told with the item, but not columns of it.
    filename = None
    duplicate = False
    content = cast("str | None", None)
    """The notes, for whoever may open the item."""

    @property
    def subject(self) -> str:
        return f"evidence:{self.id}"

    @property
    def searched(self) -> Searched | None:
        told = None if self.sensitivity is Sensitivity.RESTRICTED else self.notes
        return Searched(Kind.ITEM, self.ref, (self.title, self.tag, told), (self.case_id,))


class Reader(Base):
    """A person named to open a restricted item, or a caseworker with whom an item is shared."""

    __tablename__ = "evidence_reader"

    evidence_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Evidence.id), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey(User.id), primary_key=True)

    @property
    def subject(self) -> str:
        return f"evidence:{self.evidence_id}"


class Sitting(Base):
    """One person's unbroken viewing of one item; 15 minutes of quiet end it.

    `session_id` is the browser's session whose pages show it without asking again, begun in that `role`, and
    `with_code` or without; null where it was read in another way.
    """

    __tablename__ = "sitting"
    bookkeeping = True

    evidence_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Evidence.id), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey(User.id), primary_key=True)
    last_at: Mapped[datetime]
    session_id: Mapped[UUID | None]
    role: Mapped[Role | None] = mapped_column(ByValue(Role))
    with_code: Mapped[bool] = mapped_column(default=False)


class Transfer(Base):
    """A hand-over from one custodian to another; it counts only once the other has accepted."""

    __tablename__ = "transfer"
    __table_args__ = (
        sa.Index(None, "to_id", "id"),
        sa.Index(
            "uq_transfer_one_open_offer",
            "evidence_id",
            unique=True,
            sqlite_where=sa.text("state = 'offered'"),
            postgresql_where=sa.text("state = 'offered'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Case.id))
    evidence_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Evidence.id))
    from_id: Mapped[UUID] = mapped_column(sa.ForeignKey(User.id))
    to_id: Mapped[UUID] = mapped_column(sa.ForeignKey(User.id))
    state: Mapped[TransferState] = mapped_column(ByValue(TransferState), default=TransferState.OFFERED)
    offered_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    @property
    def subject(self) -> str:
        return f"evidence:{self.evidence_id}"
