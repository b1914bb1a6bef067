"""Reminders by e-mail on the afternoon before: how many appointments there are, and when the first is, and no more."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from evidence_api.db import insert_if_absent
from evidence_api.domain.errors import InvalidInput
from evidence_api.domain.roles import CASE_ROLES, Actor, Role, Scope
from evidence_api.models import Office, Reminder, User
from evidence_api.policy import Permission
from evidence_api.services.accounts import Me, me
from evidence_api.work import Work, act

SENT_FROM = time(16)
"""From when on, at the office, mail about the next day goes out."""
TRIES = 5
HELD = timedelta(minutes=5)
"""How long one that is being sent is left alone by others."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody who is to be reminded, as whom her calendar is read, and of which day."""

    user_id: UUID
    actors: Sequence[Actor]
    day: date


@dataclass(frozen=True, slots=True)
class Message:
    """What is to be said to whom: how many appointments, the first at which local time, if any has a time."""

    user_id: UUID
    day: date
    address: str
    language: str | None
    appointments: int
    first_at: time | None


@act(Permission.ACCOUNT_OWN)
def choose(work: Work, *, email: str | None, reminders: bool = True) -> Me:
    """Where reminders go, if anywhere. Raises InvalidInput for what is no address."""
    if email is not None and not _is_address(email):
        raise InvalidInput({"email": ["Give one address, such as somebody@example.org."]})
    assert work.actor.user_id is not None
    user = work.get(User, work.actor.user_id, Permission.ACCOUNT_OWN, lock=True)
    user.email, user.reminders = email, reminders
    work.record(user, "user:reminders", data={"reminders": reminders}, facts={"email": email})
    return me(work)


def _is_address(text: str) -> bool:
    name, at, host = text.rpartition("@")
    return bool(name and at and "." in host.strip(".")) and text.isascii() and not set(text) & set(' ,;<>()[]\\"')


@act(Permission.ACCOUNT_OWN, read_only=True)
def sent(work: Work, *, limit: int = 50) -> tuple[list[Reminder], None]:
    """What was sent to oneself, or is to be, the latest day first."""
    mine = sa.select(Reminder).where(Reminder.user_id == work.actor.user_id)
    return list(work.session.scalars(mine.order_by(Reminder.day.desc()).limit(limit))), None


@act(Permission.OPERATE, read_only=True)
def recipients(work: Work) -> list[Recipient]:
    """Who is to be looked at now: it is late enough at the office, and the next day is not noted for her yet."""
    found = []
    people = sa.select(User, Office.zone).join(Office, Office.id == User.office_id)
    wanted = people.where(User.email.is_not(None), User.reminders, User.disabled_at.is_(None))
    for user, zone in work.session.execute(wanted.order_by(User.id)).unique():
        local = work.now.astimezone(ZoneInfo(zone))
        day = local.date() + timedelta(days=1)
        if local.time() < SENT_FROM or work.session.get(Reminder, (user.id, day)) is not None:
            continue
        roles = [role for role in CASE_ROLES if role in user.role_names]
        actors = [_reading(user, role) for role in roles]
        if actors:
            found.append(Recipient(user.id, actors, day))
    return found


def _reading(user: User, role: Role) -> Actor:
    return Actor(user.id, role, "system", office_id=user.office_id, scope=Scope.READ)


@act(Permission.OPERATE)
def note(work: Work, *, user: UUID, day: date, appointments: int, first_at: datetime | None) -> None:
    """Note what somebody has on a day; where that is nothing, nothing is sent."""
    insert_if_absent(
        work.session,
        Reminder,
        user_id=user,
        day=day,
        appointments=appointments,
        first_at=first_at,
        made_at=work.now,
        tries=0,
        given_up_at=None if appointments else work.now,
    )


@act(Permission.OPERATE)
def claim(work: Work) -> list[Message]:
    """What is to be sent now, held for whoever claims it. One of a day that has come is not sent any more."""
    open_ = (
        sa.select(Reminder, User, Office.zone)
        .join(User, User.id == Reminder.user_id)
        .join(Office, Office.id == User.office_id)
        .where(
            Reminder.sent_at.is_(None),
            Reminder.given_up_at.is_(None),
            Reminder.claimed_until.is_(None) | (Reminder.claimed_until < work.now),
        )
        .with_for_update(of=Reminder, skip_locked=True)
    )
    messages = []
    for reminder, user, zone in work.session.execute(open_).unique():
        local = ZoneInfo(zone)
        reminder.tries += 1
        reminder.claimed_until = work.now + HELD
        late = reminder.day <= work.now.astimezone(local).date()
        if reminder.tries > TRIES or late or not (user.email and user.reminders):
            reminder.given_up_at = work.now
            continue
        first = None if reminder.first_at is None else reminder.first_at.astimezone(local).time()
        messages.append(Message(user.id, reminder.day, user.email, user.language, reminder.appointments, first))
    return messages


@act(Permission.OPERATE)
def note_sent(work: Work, *, user: UUID, day: date) -> None:
    """Note that a message has gone out."""
    work.session.get_one(Reminder, (user, day)).sent_at = work.now
