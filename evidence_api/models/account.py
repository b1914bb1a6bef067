"""Offices, accounts, and the ways to be known: password, authenticator, session, token."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from evidence_api.db import Base, ByValue, new_id
from evidence_api.domain.roles import Role, Scope


class Installation(Base):
    """This installation: one row. `origin` names its ledger and never changes."""

    __tablename__ = "installation"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    origin: Mapped[str] = mapped_column(sa.String(200), unique=True)
    created_at: Mapped[datetime]

    @property
    def subject(self) -> str:
        return f"system:{self.id}"


class Office(Base):
    """A field office; its code begins the refs of its cases."""

    __tablename__ = "office"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    code: Mapped[str] = mapped_column(sa.String(8), unique=True)
    name: Mapped[str] = mapped_column(sa.String(200))
    zone: Mapped[str] = mapped_column(sa.String(64), default="UTC")

    @property
    def subject(self) -> str:
        return f"office:{self.id}"


class User(Base):
    """An account. Its authenticator secret is sealed under the account's own key."""

    __tablename__ = "user_account"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    office_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Office.id))
    username: Mapped[str] = mapped_column(sa.String(64), unique=True)
    password_hash: Mapped[str] = mapped_column(sa.String(200))
    must_change_password: Mapped[bool] = mapped_column(default=False)
    totp_sealed: Mapped[bytes | None]
    totp_last_step: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    enrolled_at: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    language: Mapped[str | None] = mapped_column(sa.String(8))
    email: Mapped[str | None] = mapped_column(sa.String(254))
    reminders: Mapped[bool] = mapped_column(default=True, server_default=sa.true())
    version: Mapped[int] = mapped_column(default=1)

    roles: Mapped[list["UserRole"]] = relationship(
        lazy="selectin", order_by="UserRole.role", cascade="all, delete-orphan"
    )

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    @property
    def subject(self) -> str:
        return f"user:{self.id}"

    @property
    def role_names(self) -> list[Role]:
        return [held.role for held in self.roles]


class UserRole(Base):
    """A role that an account may act in."""

    __tablename__ = "user_role"

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey(User.id), primary_key=True)
    role: Mapped[Role] = mapped_column(ByValue(Role), primary_key=True)

    @property
    def subject(self) -> str:
        return f"user:{self.user_id}"


class RecoveryCode(Base):
    """One of the codes that stand in for a lost authenticator; good once. Only its hash is kept."""

    __tablename__ = "recovery_code"

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey(User.id), primary_key=True)
    digest: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    used_at: Mapped[datetime | None]

    @property
    def subject(self) -> str:
        return f"user:{self.user_id}"


class Tries(Base):
    """Wrong passwords and codes in a row, by account, and by a short digest of a name that nobody has: answering
    both alike keeps secret which names exist. The digest's four hex digits bound the number of rows.

    Wrong codes that come with a token count by the token's id: whoever has stolen one must not be able to shut its
    person out."""

    __tablename__ = "sign_in_tries"
    bookkeeping = True

    key: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    failures: Mapped[int]
    blocked_until: Mapped[datetime | None]


class AuthSession(Base):
    """A browser's session. The cookie holds a random secret, the row its SHA-256."""

    __tablename__ = "auth_session"
    __table_args__ = (sa.Index(None, "user_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey(User.id))
    role: Mapped[Role] = mapped_column(ByValue(Role))
    digest: Mapped[str] = mapped_column(sa.String(64), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    @property
    def subject(self) -> str:
        return f"user:{self.user_id}"


class SessionPresence(Base):
    """When a session was last in use, to the minute, and whether it is locked. It changes at nearly every click; the
    acts of locking and unlocking have their entries all the same."""

    __tablename__ = "session_presence"
    bookkeeping = True

    session_id: Mapped[UUID] = mapped_column(sa.ForeignKey(AuthSession.id, ondelete="CASCADE"), primary_key=True)
    seen_at: Mapped[datetime]
    locked: Mapped[bool] = mapped_column(default=False)


class Token(Base):
    """An API token: one role, one scope, an end. Only its SHA-256 is kept."""

    __tablename__ = "api_token"
    __table_args__ = (sa.Index(None, "user_id", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey(User.id))
    role: Mapped[Role] = mapped_column(ByValue(Role))
    scope: Mapped[Scope] = mapped_column(ByValue(Scope))
    name: Mapped[str] = mapped_column(sa.String(100))
    digest: Mapped[str] = mapped_column(sa.String(64), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]

    @property
    def subject(self) -> str:
        return f"user:{self.user_id}"
