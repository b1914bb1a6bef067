"""One's own sessions: locking and unlocking them, noting that they are in use, ending them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from evidence_api.domain.errors import Conflict
from evidence_api.models import AuthSession, SessionPresence
from evidence_api.policy import Permission
from evidence_api.services._pages import page
from evidence_api.work import Work, act, act_on


@dataclass(frozen=True, slots=True)
class OwnSession:
    """A live session of the actor's. `seen_at`, UTC, is to the minute; `current` is the one that asks."""

    row: AuthSession
    seen_at: datetime
    locked: bool
    current: bool


@act(Permission.ACCOUNT_SELF)
def lock(work: Work) -> None:
    """Lock this session, until a fresh code opens it. Raises Conflict for a token, which has none."""
    presence = _presence(work)
    if not presence.locked:
        presence.locked = True
        work.record(work.actor.subject, "user:session_locked", data={"session": str(presence.session_id)})


@act(Permission.ACCOUNT_SELF)
def unlock(work: Work) -> None:
    """Open this session again, with a fresh code. Nothing happens where it is open: another tab was faster.

    Raises StepUpRequired, and Conflict for a token.
    """
    presence = _presence(work)
    if work.actor.locked:
        work.step_up()
        presence.locked = False
        presence.seen_at = work.now
        work.record(work.actor.subject, "user:session_unlocked", data={"session": str(presence.session_id)})


@act(Permission.ACCOUNT_SELF)
def seen(work: Work) -> None:
    """Note that this session is in use."""
    _presence(work).seen_at = work.now


@act(Permission.ACCOUNT_OWN, read_only=True)
def list_own(work: Work, *, limit: int = 50, cursor: UUID | None = None) -> tuple[list[OwnSession], str | None]:
    """One's own live sessions, newest first."""
    live = work.query(AuthSession).where(AuthSession.ended_at.is_(None), AuthSession.expires_at > work.now)
    rows, following = page(work, live, AuthSession.id, limit, cursor)
    find = sa.select(SessionPresence).where(SessionPresence.session_id.in_([row.id for row in rows]))
    by_id = {presence.session_id: presence for presence in work.session.scalars(find)}
    return [
        OwnSession(row, by_id[row.id].seen_at, by_id[row.id].locked, row.id == work.actor.session_id) for row in rows
    ], following


@act_on(AuthSession, Permission.ACCOUNT_OWN)
def end(work: Work, session: AuthSession) -> None:
    """End one's own session, on this or another machine. Raises Conflict where it has ended."""
    if session.ended_at is not None:
        raise Conflict("This session has ended already.")
    session.ended_at = work.now
    work.record(session, "user:session_ended", data={"session": str(session.id)})


def _presence(work: Work) -> SessionPresence:
    """This session's, locked against other requests."""
    if work.actor.session_id is None:
        raise Conflict("A token has no session.")
    find = sa.select(SessionPresence).where(SessionPresence.session_id == work.actor.session_id)
    return work.session.scalars(find.with_for_update()).one()
