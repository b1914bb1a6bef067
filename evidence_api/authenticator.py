"""An account's authenticator: its sealed secret, its codes, each good once, and the recovery codes beside it."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy import CursorResult

from evidence_api import credentials
from evidence_api.models import ClockFaultInterval, RecoveryCode, User
from evidence_api.work import Work

Interval = tuple[datetime, datetime]
CONTEXT = "totp"
DRIFT = timedelta(seconds=2 * credentials.TOTP_SECONDS)
"""How far the moment at which a code was used may lie from the beginning of its step."""


def issue_secret(work: Work, user: User) -> str:
    """Give the account a new secret, in place of any other; the otpauth URI to show once."""
    secret = credentials.new_totp_secret()
    user.totp_sealed = work.keys.seal(work.session, user.subject, secret.encode(), CONTEXT)
    user.totp_last_step = 0
    return credentials.otpauth_uri(secret, user.username)


def issued_uri(work: Work, user: User) -> str:
    """The otpauth URI of the secret that was issued. Raises KeyMissing where there is none."""
    return credentials.otpauth_uri(_secret(work, user), user.username)


def _secret(work: Work, user: User) -> str:
    return work.keys.open(work.session, user.subject, user.totp_sealed or b"", CONTEXT).decode()


def use_code(work: Work, user: User, code: str, *, ahead: Interval | None = None) -> bool:
    """Use up a code. Of two requests with the same one, one wins: the database compares and sets.

    `ahead` is an interval that this act itself is about to declare to be one in which the clock was ahead.
    """
    if user.totp_sealed is None:
        return False
    secret = _secret(work, user)
    last = work.session.scalars(sa.select(User.totp_last_step).where(User.id == user.id)).one()
    step = credentials.totp_step(secret, code, work.now, 0 if _used_ahead(work, last, ahead) else last)
    if step is None:
        return False
    return _changed_one(
        work, sa.update(User).where(User.id == user.id, User.totp_last_step == last).values(totp_last_step=step)
    )


def _used_ahead(work: Work, last: int, ahead: Interval | None) -> bool:
    """The last code was used while the clock was ahead, as is declared: it must not shut out the codes of now."""
    used = datetime.fromtimestamp(last * credentials.TOTP_SECONDS, UTC)
    if used <= work.now + DRIFT:
        return False
    if ahead is not None and ahead[0] <= used + DRIFT and ahead[1] >= used - DRIFT:
        return True
    declared = sa.select(ClockFaultInterval.id).where(
        ClockFaultInterval.begins_at <= used + DRIFT, ClockFaultInterval.ends_at >= used - DRIFT
    )
    return work.session.execute(declared.limit(1)).first() is not None


def issue_recovery_codes(work: Work, user: User) -> list[str]:
    """Ten new recovery codes in place of any others, to show once."""
    work.session.execute(sa.delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    codes = credentials.new_recovery_codes()
    work.session.add_all(RecoveryCode(user_id=user.id, digest=credentials.recovery_digest(code)) for code in codes)
    return codes


def use_recovery_code(work: Work, user: User, code: str) -> bool:
    """Use up a recovery code."""
    unused = sa.update(RecoveryCode).where(
        RecoveryCode.user_id == user.id,
        RecoveryCode.digest == credentials.recovery_digest(code),
        RecoveryCode.used_at.is_(None),
    )
    return _changed_one(work, unused.values(used_at=work.now))


def recovery_codes_left(work: Work, user: User) -> int:
    """How many recovery codes are not used yet."""
    unused = sa.select(sa.func.count()).where(RecoveryCode.user_id == user.id, RecoveryCode.used_at.is_(None))
    return work.session.scalars(unused).one()


def remove(work: Work, user: User) -> None:
    """Take the authenticator and the recovery codes away: the next sign-in sets up a new one."""
    user.totp_sealed = None
    user.enrolled_at = None
    work.session.execute(sa.delete(RecoveryCode).where(RecoveryCode.user_id == user.id))


def _changed_one(work: Work, statement: sa.Update) -> bool:
    result = work.session.execute(statement.execution_options(synchronize_session=False))
    return cast(CursorResult[Any], result).rowcount == 1
