"""Who is asking: the bearer token or the browser's session of this request, and the fresh code that came with it."""

import unicodedata
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import replace
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

import segno
from flask import Flask, current_app, g, request, session
from flask_login import (  # type: ignore[import-untyped]
    LoginManager,
    UserMixin,
    current_user,
    login_user,
    logout_user,
)
from flask_wtf.csrf import CSRFProtect, generate_csrf, validate_csrf  # type: ignore[import-untyped]
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from wtforms import ValidationError

from evidence_api.domain.errors import CsrfFailed, DomainError, InvalidInput, NotSignedIn
from evidence_api.domain.roles import ANONYMOUS, Actor, Scope
from evidence_api.domain.sentences import sentence
from evidence_api.services import sessions, sign_in
from evidence_api.services.sign_in import Checked, SignedIn
from evidence_api.work import Site, Work, begin

COOKIE = "unbroken"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
MAX_REASON = 2000
PATIENCE = 0.5
"""Seconds that a request waits for others that write, to note that somebody is there."""

P = ParamSpec("P")
R = TypeVar("R")


class Browser(UserMixin):  # type: ignore[misc]
    """A browser that is signed in: the secret of its session, and who acts in it."""

    def __init__(self, secret: str, actor: Actor) -> None:
        self.secret = secret
        self.actor = actor

    def get_id(self) -> str:
        return self.secret


def configure(app: Flask) -> None:
    """Sessions and their cookie: signed, with a random secret that the database knows by its hash."""
    app.config.update(
        SESSION_COOKIE_NAME=COOKIE,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        SESSION_COOKIE_SECURE=current_site(app).settings.production,
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_TIME_LIMIT=None,
    )
    CSRFProtect(app)
    manager = LoginManager(app)
    # It would bind the session to an address and a browser; on a mobile network the address changes.
    manager.session_protection = None

    @manager.user_loader  # type: ignore[untyped-decorator]
    def load(secret: str) -> Browser | None:
        with begin(current_site(), ANONYMOUS, read_only=True) as work:
            actor = sign_in.who_is(work, session=secret)
        # An upload goes on by itself: it does not say that somebody is there.
        if actor and actor.due and request.blueprint != "uploads":
            # A page is shown all the same where this has to wait: the next one notes it.
            with suppress(OperationalError, PoolTimeout), begin(current_site(), actor, patience=PATIENCE) as work:
                sessions.seen(work)
        return Browser(secret, actor) if actor else None


def current_site(app: Flask | None = None) -> Site:
    """The installation that this application serves."""
    return cast(Site, (app or current_app).extensions["unbroken"])


def site_url() -> str:
    """Where people reach this installation, with a slash at the end: what is printed, and told to a new colleague.

    As configured; without that, as this request named it, which is whatever its sender wrote.
    """
    return f"{current_site().settings.url.rstrip('/')}/" if current_site().settings.url else request.host_url


def current_actor(*, public: bool = False) -> Actor:
    """Who is asking. A public act is asked by nobody: no credentials are read for it.

    Raises NotSignedIn, CsrfFailed for a session's unsafe request without its token, InvalidInput for a bad reason.
    """
    if public:
        return ANONYMOUS
    if "Authorization" in request.headers:
        actor = _bearer(request.headers["Authorization"])
    else:
        actor = session_actor()
        if request.method not in SAFE:
            check_csrf(request.headers.get("X-CSRF-Token"))
    return replace(actor, audit_reason=_audit_reason())


def _bearer(header: str) -> Actor:
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NotSignedIn
    with begin(current_site(), ANONYMOUS, read_only=True) as work:
        actor = sign_in.who_is(work, token=token.strip())
    if actor is None:
        raise NotSignedIn
    return actor


def session_actor() -> Actor:
    """Who is signed in with this browser, for pages that check their form's token themselves. Raises NotSignedIn."""
    if not current_user.is_authenticated:
        raise NotSignedIn
    return cast(Browser, current_user).actor


def by_session() -> bool:
    """Whether this request is a signed-in browser's; a token goes before the cookie."""
    return "Authorization" not in request.headers and bool(current_user.is_authenticated)


def session_secret() -> str:
    """The secret of this browser's session; empty for a token."""
    return cast(Browser, current_user).secret if by_session() else ""


def check_csrf(token: str | None) -> None:
    """Raise CsrfFailed unless the token is this session's own, so that no other site's page can have sent this."""
    try:
        validate_csrf(token)
    except ValidationError as error:
        raise CsrfFailed from error


def _audit_reason() -> str | None:
    header = request.headers.get("Audit-Reason")
    if header is None:
        return None
    # WSGI gives a header as Latin-1; people write UTF-8.
    with suppress(UnicodeError):
        header = header.encode("latin-1").decode("utf-8")
    reason = header.strip()
    if len(reason) > MAX_REASON:
        raise InvalidInput({"Audit-Reason": [sentence("Give at most {max} characters.", max=MAX_REASON)]})
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in reason):
        raise InvalidInput({"Audit-Reason": ["It has control characters. Take them out."]})
    return reason or None


def with_code(actor: Actor, otp: str | None, *, scopes: Collection[Scope] = (Scope.ALL,)) -> Actor:
    """The actor with a fresh code, if the one given is good. It is used up at once, whatever becomes of the act.

    `scopes` are those of the tokens whose acts can need a code here: with any other, nobody may try out codes.
    Raises TooManyTries after wrong ones.
    """
    if otp is None or actor.user_id is None or actor.scope not in scopes:
        return actor
    if not settle(actor, sign_in.use_code, otp=otp):
        return actor
    return replace(actor, fresh=True, auth=f"{actor.auth}+totp")


def unlock(otp: str | None) -> None:
    """Open this browser's session again with a fresh code; the request goes on as if it had never been locked.

    Raises NotSignedIn, TooManyTries, and StepUpRequired for a wrong code.
    """
    actor = session_actor()
    if actor.locked:
        # Only a session's: with a stolen token for uploads nobody may try out codes.
        actor = with_code(actor, otp, scopes=(Scope.UPLOAD,))
        with begin(current_site(), actor) as work:
            sessions.unlock(work)
        cast(Browser, current_user).actor = replace(session_actor(), scope=Scope.ALL, locked=False)


def checked(username: str, password: str) -> Checked:
    """Check a password for an act that follows. Raises TooManyTries."""
    with begin(current_site(), ANONYMOUS, read_only=True) as work:
        return sign_in.check_password(work, username=username, password=password)


def settle(actor: Actor, use: Callable[Concatenate[Work, P], R | DomainError], *args: P.args, **kwargs: P.kwargs) -> R:
    """Do an act that keeps count of wrong tries: it is committed, and only then is the error that it returns raised."""
    with begin(current_site(), actor) as work:
        outcome = use(work, *args, **kwargs)
    if isinstance(outcome, DomainError):
        raise outcome
    return outcome


def open_browser(signed: SignedIn) -> str:
    """Give this browser the new session and keep nothing of the one before but its language. The new CSRF token."""
    language = session.get("language")
    session.clear()
    if language is not None:
        session["language"] = language
    login_user(Browser(signed.secret, ANONYMOUS))
    return csrf_token()


def close_browser() -> None:
    """Forget the session in this browser."""
    logout_user()
    session.clear()


def csrf_token() -> str:
    """The token that this session's unsafe requests must carry."""
    g.pop("csrf_token", None)
    token: Any = generate_csrf()
    return str(token)


def qr(otpauth_uri: str) -> str:
    """The URI as a QR code, an SVG image: black on white, as readers expect on dark pages too."""
    return segno.make(otpauth_uri, error="m").svg_inline(scale=5, border=4, light="#fff", dark="#000")
