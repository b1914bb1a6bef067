"""What the acts on accounts and the acts of signing in share."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from evidence_api import credentials
from evidence_api.domain.errors import Conflict, InvalidInput
from evidence_api.domain.roles import PERSONAL_ROLES, Role, Scope
from evidence_api.domain.sentences import sentence
from evidence_api.models import AuthSession, Token, User
from evidence_api.work import Work

MAX_TOKEN_DAYS = 365
USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,63}")


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token and its secret, which is shown once."""

    row: Token
    secret: str


def new_token(work: Work, user: User, *, role: Role | None, scope: Scope, days: int, name: str) -> NewToken:
    """Make a token for the account and record it. Raises InvalidInput for a role not held or a wrong number of days."""
    if not 1 <= days <= MAX_TOKEN_DAYS:
        raise InvalidInput({"days": [sentence("Give between 1 and {most} days.", most=MAX_TOKEN_DAYS)]})
    if user.disabled_at is not None:
        raise Conflict("The account is disabled.")
    secret = credentials.new_token_secret()
    token = Token(
        user_id=user.id,
        role=role_held(user, role),
        scope=scope,
        name=name,
        digest=credentials.digest(secret),
        created_at=work.now,
        expires_at=work.now + timedelta(days=days),
    )
    work.session.add(token)
    work.session.flush()
    made = {"token": str(token.id), "role": token.role.value, "scope": scope.value, "days": days}
    work.record(user, "user:token_created", data=made, facts={"name": name})
    return NewToken(token, secret)


def role_held(user: User, wanted: Role | None) -> Role:
    """The role to act in: the one wanted, or the first that the account has. Raises InvalidInput for one it has not."""
    held = [role for role in PERSONAL_ROLES if role in user.role_names]
    if wanted is not None and wanted not in held:
        raise InvalidInput({"role": [sentence("The account has these roles: {roles}.", roles=held)]})
    return wanted or held[0]


def end_all(
    work: Work, user: User, *, role: Role | None = None, tokens: bool = True, keep: str | None = None
) -> Mapping[str, int]:
    """End the account's sessions, but the one with the secret `keep`, and its tokens; or those in one role.

    How many of each it were.
    """
    sessions = sa.update(AuthSession).where(AuthSession.user_id == user.id, AuthSession.ended_at.is_(None))
    revoked = sa.update(Token).where(Token.user_id == user.id, Token.revoked_at.is_(None))
    if role is not None:
        sessions, revoked = sessions.where(AuthSession.role == role), revoked.where(Token.role == role)
    if keep is not None:
        sessions = sessions.where(AuthSession.digest != credentials.digest(keep))
    counts = {"sessions": len(work.session.scalars(sessions.values(ended_at=work.now).returning(AuthSession.id)).all())}
    if tokens:
        counts["tokens"] = len(work.session.scalars(revoked.values(revoked_at=work.now).returning(Token.id)).all())
    return counts
