"""One's appointments at a secret address, for a calendar program. Who knows it reads them until it is revoked."""

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from evidence_api import credentials
from evidence_api.domain.errors import Conflict, NotFound
from evidence_api.domain.roles import Actor, Role, Scope
from evidence_api.models import CalendarFeed, User
from evidence_api.policy import Permission
from evidence_api.services._pages import Page, page
from evidence_api.work import Work, act, act_on


@dataclass(frozen=True, slots=True)
class Opened:
    """A new address; its `secret` is told this once."""

    id: UUID
    role: Role
    secret: str


@dataclass(frozen=True, slots=True)
class Reader:
    """As whom a feed is read: its owner, in its role, who may only read. `language` is hers, if she has chosen one."""

    feed: UUID
    actor: Actor
    language: str | None


@act(Permission.CALENDAR_FEED)
def open_feed(work: Work) -> Opened:
    """Make an address for the role in which the actor acts. The one that she had for it ends."""
    secret = credentials.new_token_secret()
    mine = work.query(CalendarFeed).where(CalendarFeed.role == work.actor.role, CalendarFeed.revoked_at.is_(None))
    for former in work.session.scalars(mine.with_for_update(key_share=True)):
        former.revoked_at = work.now
    feed = CalendarFeed(
        user_id=work.actor.user_id,
        role=work.actor.role,
        digest=credentials.digest(secret),
        created_at=work.now,
    )
    work.session.add(feed)
    work.session.flush()
    work.record(feed, "user:feed_open", data={"feed": str(feed.id), "role": feed.role.value})
    return Opened(feed.id, work.actor.role, secret)


@act(Permission.CALENDAR_FEED, read_only=True)
def own(work: Work, *, limit: int = 50, cursor: UUID | None = None) -> Page[CalendarFeed]:
    """One's own addresses that are still good, newest first; never the secret."""
    return page(work, work.query(CalendarFeed).where(CalendarFeed.revoked_at.is_(None)), CalendarFeed.id, limit, cursor)


@act_on(CalendarFeed, Permission.CALENDAR_FEED)
def revoke(work: Work, feed: CalendarFeed) -> None:
    """End an address now."""
    if feed.revoked_at is not None:
        raise Conflict("The address is revoked already.")
    feed.revoked_at = work.now
    work.record(feed, "user:feed_revoke", data={"feed": str(feed.id)})


@act(Permission.SIGN_IN, read_only=True)
def reader(work: Work, *, secret: str) -> Reader:
    """Whose feed it is. Raises NotFound also where she is disabled or holds the role no longer."""
    find = (
        sa.select(CalendarFeed, User)
        .join(User, User.id == CalendarFeed.user_id)
        .where(
            CalendarFeed.digest == credentials.digest(secret),
            CalendarFeed.revoked_at.is_(None),
            User.disabled_at.is_(None),
        )
    )
    found = work.session.execute(find).one_or_none()
    if found is None or found.CalendarFeed.role not in found.User.role_names:
        raise NotFound
    actor = Actor(
        found.User.id, Role(found.CalendarFeed.role), "token", office_id=found.User.office_id, scope=Scope.READ
    )
    return Reader(found.CalendarFeed.id, actor, found.User.language)
