"""What can go wrong, in the words of the user. `evidence_api.errors` gives each its HTTP answer.

Every message says what to do. None carries a name, a title, a file name or free text from a record,
because messages end up in logs and on screens that others see.
"""

from collections.abc import Mapping, Sequence

from evidence_api.domain.scheduling import Conflict as Reason
from evidence_api.domain.scheduling import Window
from evidence_api.domain.sentences import sentence


class DomainError(Exception):
    """The act was refused and nothing was changed."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class NotFound(DomainError):
    """There is no such thing, as far as this actor may know."""

    def __init__(self, detail: str = "There is nothing here, or it is not shared with you.") -> None:
        super().__init__(detail)


class Denied(DomainError):
    """An actor reached for what is not hers. It is recorded on her own chain."""

    def __init__(self, detail: str, *, permission: str, subject: str | None = None) -> None:
        super().__init__(detail)
        self.permission = permission
        self.subject = subject


class Hidden(Denied, NotFound):
    """It exists, but need-to-know hides it. Told to the actor as `NotFound`, recorded as a denial."""

    def __init__(self, *, permission: str, subject: str) -> None:
        Denied.__init__(self, NotFound().detail, permission=permission, subject=subject)


class Forbidden(Denied):
    """The actor may see it, but not do this to it."""


class InvalidInput(DomainError):
    """What was sent is at fault; `errors` has sentences by field."""

    def __init__(
        self, errors: Mapping[str, Sequence[str]], detail: str = "Some of what was sent needs mending."
    ) -> None:
        super().__init__(detail)
        self.errors = {field: list(messages) for field, messages in errors.items()}


class StepUpRequired(DomainError):
    """The act needs a fresh one-time code in the request."""

    def __init__(self, detail: str = "Send a fresh code from your authenticator with this request.") -> None:
        super().__init__(detail)


class Conflict(DomainError):
    """The state of things does not allow the act now."""


class Unprepared(Conflict):
    """Something else is to be done first; `first` names it, so that a page can lead there."""

    def __init__(self, detail: str, *, first: str) -> None:
        super().__init__(detail)
        self.first = first


class Clash(Conflict):
    """A time does not do: `conflicts` says why, rule by rule, `nearest` which of the times about it would."""

    def __init__(self, detail: str, *, conflicts: Sequence[Reason], nearest: Sequence[Window] = ()) -> None:
        super().__init__(detail)
        self.conflicts = list(conflicts)
        self.nearest = list(nearest)


class IllegalTransition(Conflict):
    """The lifecycle has no such step from here; `allowed` has the actions that it does have."""

    def __init__(self, detail: str, *, state: str, allowed: Sequence[str]) -> None:
        super().__init__(detail)
        self.state = state
        self.allowed = list(allowed)


class Quarantined(Conflict):
    """The item's bytes do not match its record; a supervisor must look first."""


class StaleVersion(DomainError):
    """Somebody else changed it since it was read."""

    def __init__(self) -> None:
        super().__init__("It was changed since you read it. Read it again and repeat your change if it still applies.")


class Locked(DomainError):
    """Another request is working on the same upload just now."""


class Gone(DomainError):
    """It was there and is no more, by intent."""


class DigestMismatch(DomainError):
    """The bytes received are not those that the sender meant to send."""


class CutShort(DomainError):
    """Fewer or more bytes came than were announced."""


class TooLarge(DomainError):
    """More than the announced, or allowed, number of bytes."""


class RangeNotSatisfiable(DomainError):
    """The range begins beyond the end of the object, which has `size` bytes."""

    def __init__(self, size: int) -> None:
        super().__init__("The range begins beyond the end.")
        self.size = size


class ClockFault(DomainError):
    """The server's clock is behind what is already recorded (LEDGER.md section 4)."""


class Unavailable(DomainError):
    """The store or the database does not answer; try again later."""


class NotSignedIn(DomainError):
    """No valid session or token came with the request."""

    def __init__(self, detail: str = "Sign in, or send a valid token.") -> None:
        super().__init__(detail)


class SessionLocked(DomainError):
    """The browser's session is locked, or was left alone for too long."""

    def __init__(self) -> None:
        super().__init__("This session is locked. Enter a code to go on.")


class CsrfFailed(DomainError):
    """A browser's request that does not show that it came from the user's own act."""

    def __init__(self) -> None:
        super().__init__(
            "Send this session's token in X-CSRF-Token; GET /api/v1/me gives it. On a page: load it again."
        )


class SignInFailed(NotSignedIn):
    """Name, password or code is wrong; which of them is not said."""

    def __init__(self) -> None:
        super().__init__("The name, the password or the code is wrong, or the code was used before.")


class EnrolmentNeeded(NotSignedIn):
    """The password was right, but the account has no authenticator yet."""

    def __init__(self) -> None:
        super().__init__("Set up your authenticator first: POST /api/v1/enrolment, or open the sign-in page.")


class TooManyTries(DomainError):
    """Back-off after wrong passwords or codes. `retry_after` in seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(sentence("Too many wrong tries. Wait {seconds} seconds and try again.", seconds=retry_after))
        self.retry_after = retry_after
