"""Domain errors as problems (RFC 9457): the one table from what went wrong to what is answered.

The `type` of a problem is a plain slug, a relative reference that names the kind of problem for programs.
Denials are recorded by the gate, `evidence_api.work.begin`, before they come here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from evidence_api.domain import errors as e
from evidence_api.storage import StorageError

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is answered: HTTP status, body members, extra headers."""

    status: int
    body: Mapping[str, Any]
    headers: Mapping[str, str]


TABLE: Mapping[type[Exception], tuple[int, str, str]] = {
    e.NotFound: (404, "not-found", "Not found"),
    e.Hidden: (404, "not-found", "Not found"),
    e.Forbidden: (403, "forbidden", "Not allowed"),
    e.InvalidInput: (422, "invalid-input", "The input is at fault"),
    e.StepUpRequired: (403, "step-up", "A fresh code is needed"),
    e.Conflict: (409, "conflict", "Not possible now"),
    e.Clash: (409, "clash", "The time does not do"),
    e.IllegalTransition: (409, "illegal-transition", "Not possible from this state"),
    e.Quarantined: (409, "quarantined", "The item is quarantined"),
    e.StaleVersion: (412, "stale", "It has changed"),
    e.Locked: (423, "upload-locked", "Another request is writing"),
    e.Gone: (410, "gone", "No longer there"),
    e.DigestMismatch: (422, "digest-mismatch", "The digest does not match"),
    e.CutShort: (400, "cut-short", "The body was cut short"),
    e.TooLarge: (413, "too-large", "Too large"),
    e.RangeNotSatisfiable: (416, "range", "No such range"),
    e.ClockFault: (503, "clock-fault", "The server's clock is wrong"),
    e.Unavailable: (503, "unavailable", "Not available just now"),
    e.NotSignedIn: (401, "not-signed-in", "Not signed in"),
    e.SessionLocked: (423, "locked", "Locked"),
    e.CsrfFailed: (403, "csrf", "The session's token is missing"),
    e.SignInFailed: (401, "sign-in-failed", "Sign-in failed"),
    e.EnrolmentNeeded: (401, "enrolment-needed", "Set up the authenticator first"),
    e.TooManyTries: (429, "too-many-tries", "Too many tries"),
    StorageError: (503, "unavailable", "The store does not answer"),
    OperationalError: (503, "unavailable", "The database does not answer"),
    PoolTimeout: (503, "unavailable", "Too busy just now"),
}

RETRY_AFTER = "30"
"""Seconds, in the header that goes with 503 (RFC 9110 section 10.2.3)."""

UNAVAILABLE = "The service cannot do this just now; nothing was changed. Try again in a minute."


def problem(error: Exception) -> Problem:
    """The problem for an error. Raises KeyError for one that is no domain error: that is a defect, answered 500."""
    status, slug, title = next(TABLE[kind] for kind in type(error).__mro__ if kind in TABLE)
    detail = error.detail if isinstance(error, e.DomainError) else UNAVAILABLE
    body: dict[str, Any] = {"type": slug, "title": title, "status": status, "detail": detail}
    headers: dict[str, str] = {}
    if isinstance(error, e.InvalidInput):
        body["errors"] = error.errors
    if isinstance(error, e.IllegalTransition):
        body |= {"state": error.state, "allowed": error.allowed}
    if isinstance(error, e.Clash):
        body["conflicts"] = [{"rule": one.rule.value, "message": str(one.message)} for one in error.conflicts]
        body["nearest"] = [
            {"starts_at": one.from_at.isoformat(), "ends_at": one.until_at.isoformat()} for one in error.nearest
        ]
    if isinstance(error, e.RangeNotSatisfiable):
        headers["Content-Range"] = f"bytes */{error.size}"
    if slug == "unavailable":
        headers["Retry-After"] = RETRY_AFTER
    if isinstance(error, e.TooManyTries):
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, e.NotSignedIn):
        headers["WWW-Authenticate"] = 'Bearer realm="unbroken"'
    return Problem(status, body, headers)


HANDLED: tuple[type[Exception], ...] = (e.DomainError, StorageError, OperationalError, PoolTimeout)
