"""Being known: passwords, codes, sessions, and the back-off after wrong ones.

A password takes a tenth of a second to check, so `check_password` does it with no transaction open; what it found goes
to the act. An act that is refused after a wrong try must still keep the count, so it *returns* the error and is
committed; whoever asked raises it.

Locks are taken in this order everywhere: the account, its tries, its chain.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil
from uuid import UUID

import sqlalchemy as sa

from evidence_api import authenticator, credentials
from evidence_api.authenticator import Interval
from evidence_api.db import UtcDateTime, insert_if_absent
from evidence_api.domain.errors import (
    Conflict,
    DomainError,
    EnrolmentNeeded,
    InvalidInput,
    SignInFailed,
    TooManyTries,
)
from evidence_api.domain.roles import SYSTEM, Actor, Role, Scope
from evidence_api.models import AuthSession, SessionPresence, Token, Tries, User, UserRole
from evidence_api.policy import Permission
from evidence_api.services._accounts import USERNAME, NewToken, end_all, new_token, role_held
from evidence_api.work import Work, act

SESSION_HOURS = 12
FREE_TRIES = 3
MAX_WAIT_SECONDS = 900
RENEWED_AFTER = timedelta(minutes=1)
"""How exactly it is known when a session was last in use, so that not every click is a write."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a name and a password turned out to be. `seen` is the SHA-256 of the password's hash as it was then."""

    tries: str
    user_id: UUID | None
    right: bool
    seen: str | None
    rehashed: str | None = None


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session: its secret goes into the cookie. `recovery_codes` are those just made, to be shown once."""

    secret: str
    user: User
    role: Role
    recovery_codes_left: int
    recovery_codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What to put into the authenticator, and whether a new password is due too."""

    otpauth_uri: str
    must_change_password: bool


@act(Permission.SIGN_IN, read_only=True)
def who_is(work: Work, *, session: str | None = None, token: str | None = None) -> Actor | None:
    """Whose session or token it is, by one indexed query; None where it is not, or no longer, good.

    A role that was taken away and a disabled account end both at once. A session that is locked, or was left alone for
    `idle_minutes`, is good for uploads only.
    """
    model = AuthSession if token is None else Token
    ended = AuthSession.ended_at if token is None else Token.revoked_at
    find = (
        sa.select(User.id, User.office_id, model.role, model.id)
        .join(User, User.id == model.user_id)
        .join(UserRole, (UserRole.user_id == User.id) & (UserRole.role == model.role))
        .where(model.digest == credentials.digest(token or session or ""))
        .where(ended.is_(None), model.expires_at > sa.func.now(), User.disabled_at.is_(None))
    )
    if token is not None:
        by_token = work.session.execute(find.add_columns(Token.scope)).one_or_none()
        if by_token is None:
            return None
        user_id, office_id, role, id, scope = by_token
        return Actor(user_id, role, "token", office_id=office_id, scope=scope, token_id=id)
    now = sa.type_coerce(sa.func.now(), UtcDateTime())
    presence = find.add_columns(SessionPresence.locked, SessionPresence.seen_at, now).join(
        SessionPresence, SessionPresence.session_id == AuthSession.id
    )
    by_session = work.session.execute(presence).one_or_none()
    if by_session is None:
        return None
    user_id, office_id, role, id, locked, seen_at, at = by_session
    idle = timedelta(minutes=work.site.settings.idle_minutes)
    locked = locked or at - seen_at >= idle
    return Actor(
        user_id,
        role,
        "session",
        office_id=office_id,
        scope=Scope.UPLOAD if locked else Scope.ALL,
        session_id=id,
        locked=locked,
        due=not locked and at - seen_at >= min(RENEWED_AFTER, idle / 4),
    )


@act(Permission.SIGN_IN, read_only=True)
def check_password(work: Work, *, username: str, password: str) -> Checked:
    """Check a password, for an act that follows. Raises TooManyTries while the name is blocked."""
    name = username.strip().casefold()
    find = sa.select(User.id, User.password_hash).where(User.username == name)
    # What is no user name at all may hold what a database refuses.
    found = work.session.execute(find).one_or_none() if USERNAME.fullmatch(name) else None
    user_id, hashed = found or (None, None)
    key = str(user_id) if user_id else f"nobody:{credentials.digest(name)[:4]}"
    tries = work.session.get(Tries, key)
    if tries is not None and (wait := _wait(tries, work.now)):
        raise TooManyTries(wait)
    return _check(work, key, user_id, hashed, password)


@act(Permission.ACCOUNT_OWN, read_only=True)
def check_own_password(work: Work, *, password: str) -> Checked:
    """Check the actor's own password, for an act that follows. Raises TooManyTries while she is blocked."""
    assert work.actor.user_id is not None
    hashed = work.session.scalars(sa.select(User.password_hash).where(User.id == work.actor.user_id)).one()
    key = str(work.actor.user_id)
    tries = work.session.get(Tries, key)
    if tries is not None and (wait := _wait(tries, work.now)):
        raise TooManyTries(wait)
    return _check(work, key, work.actor.user_id, hashed, password)


def _check(work: Work, key: str, user_id: UUID | None, hashed: str | None, password: str) -> Checked:
    # The hash takes its time: hold no connection meanwhile.
    work.session.rollback()
    right = credentials.verify_password(hashed, password)
    rehashed = credentials.hash_password(password) if right and hashed and credentials.needs_rehash(hashed) else None
    return Checked(key, user_id, right, credentials.digest(hashed) if hashed else None, rehashed)


@act(Permission.SIGN_IN)
def sign_in(work: Work, checked: Checked, *, otp: str, role: Role | None = None) -> SignedIn | DomainError:
    """Open a session, with a code or a recovery code."""
    user = _prove(work, checked, otp, authenticator.use_code, authenticator.use_recovery_code)
    return user if isinstance(user, DomainError) else _open_session(work, user, role)


@act(Permission.SIGN_IN)
def create_token(
    work: Work,
    checked: Checked,
    *,
    otp: str,
    name: str,
    role: Role | None = None,
    scope: Scope = Scope.UPLOAD,
    days: int = 30,
) -> NewToken | DomainError:
    """A token for a program or a field laptop, for the one who proves who she is."""
    user = _prove(work, checked, otp, authenticator.use_code)
    if isinstance(user, DomainError):
        return user
    work.actor = replace(work.actor, role=role_held(user, role))
    return new_token(work, user, role=role, scope=scope, days=days, name=name)


@act(Permission.SIGN_IN)
def begin_enrolment(work: Work, checked: Checked, *, again: bool = False) -> Enrolment | DomainError:
    """First sign-in: a new authenticator secret, or `again` the one issued before, for who mistyped its first code.

    It counts once a code of it was confirmed.
    """
    user = _unenrolled(work, checked)
    if isinstance(user, DomainError):
        return user
    if again and user.totp_sealed is not None:
        return Enrolment(authenticator.issued_uri(work, user), user.must_change_password)
    uri = authenticator.issue_secret(work, user)
    work.record(user, "user:enrolment_begun")
    return Enrolment(uri, user.must_change_password)


@act(Permission.SIGN_IN)
def confirm_enrolment(
    work: Work, checked: Checked, *, otp: str, new_password: str | None = None
) -> SignedIn | DomainError:
    """The authenticator works: from here on it is needed. Opens a session and shows the recovery codes.

    Raises InvalidInput where a new password is due and there is none, or a weak one.
    """
    user = _unenrolled(work, checked)
    if isinstance(user, DomainError):
        return user
    # The code first: a refusal is committed with its count, and must not take a new password with it.
    if not authenticator.use_code(work, user, otp):
        return _failed(work, checked)
    if user.must_change_password:
        _set_password(user, new_password)
    elif new_password is not None:
        raise InvalidInput({"new_password": ["The password need not change now. Leave this out."]})
    user.enrolled_at = work.now
    user.must_change_password = False
    codes = authenticator.issue_recovery_codes(work, user)
    _forget_tries(work, checked.tries)
    work.actor = _known(work.actor, user, "session+totp")
    work.record(user, "user:enrolled")
    return replace(_open_session(work, user, None), recovery_codes=tuple(codes))


@act(Permission.ACCOUNT_OWN)
def change_password(
    work: Work, checked: Checked, *, new_password: str, session: str | None = None
) -> DomainError | None:
    """Change one's own password, with the old one and a fresh code. Every other session ends; tokens stay."""
    work.step_up()
    user = _holder(work, checked)
    if (wait := _wait(_lock_tries(work, checked.tries), work.now)) > 0:
        return TooManyTries(wait)
    if user is None:
        _count(work, checked.tries)
        work.record(work.actor.subject, "user:password_refused")
        return InvalidInput({"password": ["This is not your password now."]})
    _set_password(user, new_password)
    ended = end_all(work, user, tokens=False, keep=session)
    work.record(user, "user:password_changed", data=ended)
    return None


@act(Permission.ACCOUNT_SELF)
def use_code(work: Work, *, otp: str, ahead: Interval | None = None) -> bool | DomainError:
    """Use up a fresh code for a further act of the same request. False where it is wrong, which counts as a try.

    `ahead` is an interval that this very act declares to be one in which the clock was ahead.
    """
    assert work.actor.user_id is not None
    user = work.get(User, work.actor.user_id, Permission.ACCOUNT_SELF, lock=True)
    key = str(work.actor.token_id or user.id)
    if (wait := _wait(_lock_tries(work, key), work.now)) > 0:
        return TooManyTries(wait)
    if user.enrolled_at is None or not authenticator.use_code(work, user, otp, ahead=ahead):
        work.record(user, "user:code_refused", data={"tries": _count(work, key)})
        return False
    _forget_tries(work, key)
    work.record(user, "user:code_used")
    return True


@act(Permission.ACCOUNT_SELF)
def sign_out(work: Work, *, session: str) -> None:
    """End this session. Nothing happens where it has ended already."""
    open_one = work.query(AuthSession).where(
        AuthSession.digest == credentials.digest(session), AuthSession.ended_at.is_(None)
    )
    found = work.session.scalars(open_one.with_for_update()).one_or_none()
    if found is not None:
        found.ended_at = work.now
        work.record(found, "user:sign_out", data={"session": str(found.id)})


@act(Permission.ACCOUNT_OWN)
def sign_out_everywhere(work: Work, *, tokens: bool = False) -> None:
    """End every session of the actor and, if asked, revoke every token."""
    assert work.actor.user_id is not None
    user = work.get(User, work.actor.user_id, Permission.ACCOUNT_OWN, lock=True)
    work.record(user, "user:sign_out_everywhere", data=end_all(work, user, tokens=tokens))


@act(Permission.ACCOUNT_OWN)
def switch_role(work: Work, *, session: str, role: Role) -> None:
    """Act in another of one's own roles, in this session."""
    assert work.actor.user_id is not None
    user = work.get(User, work.actor.user_id, Permission.ACCOUNT_OWN)
    this = work.query(AuthSession).where(AuthSession.digest == credentials.digest(session))
    found = work.session.scalars(this.with_for_update()).one_or_none()
    if found is None:
        raise Conflict("A token keeps its role. Make another token for another role.")
    found.role = role_held(user, role)
    work.record(found, "user:role_switched", data={"session": str(found.id), "to": found.role.value})


Use = Callable[[Work, User, str], bool]


def _prove(work: Work, checked: Checked, otp: str, *ways: Use) -> User | DomainError:
    """The account, if password and code are right; the actor is then known. Otherwise what to answer."""
    user = _holder(work, checked)
    if (wait := _wait(_lock_tries(work, checked.tries), work.now)) > 0:
        return TooManyTries(wait)
    if user is None:
        return _failed(work, checked)
    if user.enrolled_at is None:
        return EnrolmentNeeded()
    used = next((way for way in ways if way(work, user, otp)), None)
    if used is None:
        return _failed(work, checked)
    if checked.rehashed is not None:
        user.password_hash = checked.rehashed
    _forget_tries(work, checked.tries)
    work.actor = _known(work.actor, user, "session+totp" if used is authenticator.use_code else "session")
    return user


def _unenrolled(work: Work, checked: Checked) -> User | DomainError:
    """The account, if the password is right and there is no authenticator yet. One that has it answers as a wrong
    password does, since enrolment asks for no code and would tell a stranger that he guessed the password."""
    user = _holder(work, checked)
    if (wait := _wait(_lock_tries(work, checked.tries), work.now)) > 0:
        return TooManyTries(wait)
    if user is None or user.enrolled_at is not None:
        return _failed(work, checked)
    work.actor = _known(work.actor, user, "session")
    return user


def _holder(work: Work, checked: Checked) -> User | None:
    """The account behind a right password, locked; None if it is wrong, or was changed or disabled meanwhile."""
    if checked.user_id is None or not checked.right:
        return None
    user = work.session.scalars(sa.select(User).where(User.id == checked.user_id).with_for_update(of=User)).one()
    unchanged = credentials.digest(user.password_hash) == checked.seen
    return user if unchanged and user.disabled_at is None else None


def _known(actor: Actor, user: User, auth: str) -> Actor:
    return replace(actor, user_id=user.id, office_id=user.office_id, role=role_held(user, None), auth=auth)


def _open_session(work: Work, user: User, role: Role | None) -> SignedIn:
    secret = credentials.new_session_secret()
    opened = AuthSession(
        user_id=user.id,
        role=role_held(user, role),
        digest=credentials.digest(secret),
        created_at=work.now,
        expires_at=work.now + timedelta(hours=SESSION_HOURS),
    )
    work.session.execute(
        sa.delete(AuthSession).where(AuthSession.user_id == user.id, AuthSession.expires_at < work.now)
    )
    work.session.add(opened)
    work.session.flush()
    work.session.add(SessionPresence(session_id=opened.id, seen_at=work.now))
    work.actor = replace(work.actor, role=opened.role)
    work.record(user, "user:sign_in", data={"session": str(opened.id)})
    return SignedIn(secret, user, opened.role, authenticator.recovery_codes_left(work, user))


def _set_password(user: User, password: str | None) -> None:
    if password is None:
        raise InvalidInput({"new_password": ["Choose a password of your own."]})
    faults = credentials.password_faults(password, user.username)
    if not faults and credentials.verify_password(user.password_hash, password):
        faults = ["It is the old password. Take another."]
    if faults:
        raise InvalidInput({"new_password": faults})
    user.password_hash = credentials.hash_password(password)


def _lock_tries(work: Work, key: str) -> Tries:
    insert_if_absent(work.session, Tries, key=key, failures=0, blocked_until=None)
    find = sa.select(Tries).where(Tries.key == key).with_for_update().execution_options(populate_existing=True)
    return work.session.scalars(find).one()


def _wait(tries: Tries, now: datetime) -> int:
    """Seconds until the next try, rounded up; 0 if it may be now."""
    return 0 if tries.blocked_until is None else max(0, ceil((tries.blocked_until - now).total_seconds()))


def _count(work: Work, key: str) -> int:
    """Count a wrong try, and block from the fourth in a row: 2 s, 4 s, 8 s … 15 minutes. How many it were."""
    tries = _lock_tries(work, key)
    tries.failures += 1
    over = tries.failures - FREE_TRIES
    if over > 0:
        # Capped before it is raised to a power: a patient guesser must not overflow it.
        tries.blocked_until = work.now + timedelta(seconds=min(2 ** min(over, 10), MAX_WAIT_SECONDS))
    return tries.failures


def _failed(work: Work, checked: Checked) -> SignInFailed:
    count = _count(work, checked.tries)
    if checked.user_id is not None:
        # Nobody is known yet: it is the system that saw the try.
        work.actor = SYSTEM
        work.record(f"user:{checked.user_id}", "user:sign_in_failed", data={"tries": count})
    return SignInFailed()


def _forget_tries(work: Work, key: str) -> None:
    # The row stays: another request may be waiting for its lock.
    work.session.execute(sa.update(Tries).where(Tries.key == key).values(failures=0, blocked_until=None))
