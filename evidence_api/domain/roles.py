"""Who acts, and how the actor was known."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    """A hat that a person wears; she may hold several, and acts in one at a time."""

    INVESTIGATOR = "investigator"
    LAWYER = "lawyer"
    SUPERVISOR = "supervisor"
    CASEWORKER = "caseworker"
    ADMINISTRATOR = "administrator"
    SYSTEM = "system"
    NOBODY = "nobody"


PERSONAL_ROLES = tuple(role for role in Role if role not in (Role.SYSTEM, Role.NOBODY))
CASE_ROLES = (Role.INVESTIGATOR, Role.LAWYER, Role.SUPERVISOR, Role.CASEWORKER)


class Scope(StrEnum):
    """What a token is good for. A field laptop may be seized, so `upload` is the default."""

    UPLOAD = "upload"
    READ = "read"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever asks for an act: one person in one role, or the system.

    `auth` is a word of LEDGER.md section 2. `fresh` says that a one-time code came with this very request and
    was good. `audit_reason` is the supervisor's reason for reading content. `token_id` names the token that was sent,
    `session_id` the browser's session. A `locked` session reaches as far as a token for uploads, until a code opens it;
    `due` says that it is time to note that the session is in use.
    """

    user_id: UUID | None
    role: Role
    auth: str
    office_id: UUID | None = None
    scope: Scope = Scope.ALL
    fresh: bool = False
    audit_reason: str | None = None
    token_id: UUID | None = None
    session_id: UUID | None = None
    locked: bool = False
    due: bool = False

    @property
    def subject(self) -> str:
        """The actor's own chain, which takes her denials."""
        return f"user:{self.user_id}"


SYSTEM = Actor(None, Role.SYSTEM, "system")
OPERATOR = Actor(None, Role.SYSTEM, "cli")
ANONYMOUS = Actor(None, Role.NOBODY, "session")
"""Whoever is not signed in. No row of the table of permissions is for her; only public acts are open."""
