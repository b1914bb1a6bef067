"""Being known to the service: sign-in, enrolment, the password, roles, signing out."""

import time
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import redirect, render_template, request, session, url_for
from flask_babel import gettext as _

from evidence_api import auth
from evidence_api.api.contract import load
from evidence_api.api.openapi import page as api_page
from evidence_api.domain.errors import DomainError, EnrolmentNeeded, InvalidInput, NotSignedIn, SignInFailed
from evidence_api.domain.roles import ANONYMOUS
from evidence_api.services import health, sign_in
from evidence_api.services.sign_in import Checked
from evidence_api.work import begin
from schemas.accounts import LanguageIn, NewPasswordIn, PasswordIn, RoleIn
from web.pages import Page, page, refused
from web.returning import where_to

ENROLMENT_SECONDS = 900
TICKET = "enrolling"


def _form(template: str, errors: Mapping[str, Sequence[str]], wrong: str = "", status: int = 422, **more: Any) -> Page:
    """A form once more, with what to mend: sentences by field, and one above for the whole."""
    return render_template(template, errors=errors, wrong=wrong, form=request.form, **more), status


def _fields(*names: str) -> dict[str, str]:
    """The form's fields, without those left empty."""
    return {name: request.form[name] for name in names if request.form.get(name)}


@page("/sign-in", sign_in.sign_in, "GET", "POST")
def enter() -> Page:
    if request.method == "GET":
        return redirect(url_for("pages.home")) if auth.by_session() else _form("sign_in.html", {}, status=200)
    try:
        checked = auth.checked(**load(PasswordIn, _fields("username", "password")))
        signed = auth.settle(ANONYMOUS, sign_in.sign_in, checked, otp=request.form.get("otp", "")[:40])
    except EnrolmentNeeded:
        session[TICKET] = {"user": str(checked.user_id), "seen": checked.seen, "until": time.time() + ENROLMENT_SECONDS}
        return _enrolment(checked, {})
    except InvalidInput as error:
        return _form("sign_in.html", error.errors)
    except DomainError as error:
        return _form("sign_in.html", {}, *refused(error))
    where = where_to()
    auth.open_browser(signed)
    return redirect(where)


@page("/language", health.live, "POST")
def speak() -> Page:
    """The language of this browser, until somebody who has chosen her own signs in."""
    session["language"] = load(LanguageIn, _fields("language"))["language"]
    return redirect(url_for("pages.enter"), 303)


@page("/enrolment", sign_in.confirm_enrolment, "POST")
def enrol() -> Page:
    checked = _ticket()
    given = _fields("otp", "new_password", "repeated")
    try:
        _same(given)
        signed = auth.settle(
            ANONYMOUS,
            sign_in.confirm_enrolment,
            checked,
            otp=given.get("otp", ""),
            new_password=given.get("new_password"),
        )
    except InvalidInput as error:
        return _enrolment(checked, error.errors, again=True)
    except SignInFailed:
        wrong = _("This code is not right. Wait for the next one on your phone, and check that its clock is right.")
        return _enrolment(checked, {"otp": [wrong]}, again=True)
    auth.open_browser(signed)
    return render_template("recovery_codes.html", codes=signed.recovery_codes)


def _ticket() -> Checked:
    """That the right initial password was given in this browser, minutes ago: the cookie is signed."""
    ticket = session.get(TICKET)
    if ticket is None or ticket["until"] < time.time():
        raise NotSignedIn
    return Checked(ticket["user"], UUID(ticket["user"]), True, ticket["seen"])


def _enrolment(checked: Checked, errors: Mapping[str, Sequence[str]], *, again: bool = False) -> Page:
    begun = auth.settle(ANONYMOUS, sign_in.begin_enrolment, checked, again=again)
    secret = begun.otpauth_uri.partition("secret=")[2].partition("&")[0]
    groups = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
    return _form(
        "enrolment.html",
        errors,
        status=422 if errors else 200,
        qr=auth.qr(begun.otpauth_uri),
        uri=begun.otpauth_uri,
        secret=groups,
        must_change=begun.must_change_password,
    )


def _same(given: dict[str, str]) -> None:
    if given.get("new_password") != given.pop("repeated", None):
        raise InvalidInput({"repeated": [_("The two are not the same. Type the new password again.")]})


@page("/role", sign_in.switch_role, "POST")
def switch() -> Page:
    actor = auth.session_actor()
    with begin(auth.current_site(), actor) as work:
        sign_in.switch_role(work, session=auth.session_secret(), **load(RoleIn, _fields("role")))
    return redirect(url_for("pages.home"))


@page("/password", sign_in.change_password, "GET", "POST")
def password() -> Page:
    actor = auth.session_actor()
    if request.method == "GET":
        return _form("password.html", {}, status=200)
    try:
        given = _fields("password", "new_password", "repeated", "otp")
        _same(given)
        given = load(NewPasswordIn, given)
        actor = auth.with_code(actor, given.pop("otp", None))
        if not actor.fresh:
            raise InvalidInput({"otp": ["This code is not right, or was used before. Wait for the next one."]})
        with begin(auth.current_site(), actor, read_only=True) as work:
            checked = sign_in.check_own_password(work, password=given["password"])
        secret = auth.session_secret()
        auth.settle(actor, sign_in.change_password, checked, new_password=given["new_password"], session=secret)
    except InvalidInput as error:
        return _form("password.html", error.errors)
    return redirect(url_for("pages.home"))


@page("/sign-out", sign_in.sign_out, "POST")
def leave() -> Page:
    with begin(auth.current_site(), auth.session_actor()) as work:
        sign_in.sign_out(work, session=auth.session_secret())
    auth.close_browser()
    return redirect(url_for("pages.enter"))


@page("/sign-out-everywhere", sign_in.sign_out_everywhere, "POST")
def leave_everywhere() -> Page:
    with begin(auth.current_site(), auth.session_actor()) as work:
        sign_in.sign_out_everywhere(work, tokens="tokens" in request.form)
    auth.close_browser()
    return redirect(url_for("pages.enter"))


@page("/api/docs", health.live)
def api_docs() -> Page:
    return api_page()
