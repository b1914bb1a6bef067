"""Accounts, sessions, tokens: `/api/v1/me`, `/session`, `/tokens`, `/enrolment`, `/password`, `/people`, `/users`.

Signing in takes two acts, since the password is checked with no transaction open, and sets a cookie: such views are
their own.
"""

from dataclasses import asdict
from typing import Any

import orjson
from flask import Response, request
from marshmallow import Schema

from evidence_api import auth
from evidence_api.api.contract import Api, authorise, load, read_json
from evidence_api.domain.errors import StepUpRequired
from evidence_api.domain.roles import ANONYMOUS
from evidence_api.services import accounts, sessions, sign_in
from evidence_api.services.sign_in import SignedIn
from evidence_api.work import act_of, begin
from schemas.accounts import (
    AddedOut,
    ConfirmIn,
    DisabledOut,
    EnrolledOut,
    EnrolmentOut,
    EverywhereIn,
    LanguageIn,
    MeOut,
    NewPasswordIn,
    NewTokenOut,
    OwnSessionOut,
    PasswordIn,
    PeopleIn,
    PersonOut,
    RoleIn,
    SessionIn,
    SessionOut,
    StepUpIn,
    StepUpRoleIn,
    TokenIn,
    TokenOut,
    UserIn,
    UserOut,
)
from schemas.common import PageIn

api = Api("accounts", __name__)


def _reply(schema: type[Schema], result: Any, status: int = 200, csrf: str | None = None) -> Response:
    body = orjson.dumps({**schema().dump(result), **({"csrf": csrf} if csrf else {})})
    return Response(body, status=status, mimetype="application/json")


def _checked(given: dict[str, Any]) -> sign_in.Checked:
    return auth.checked(given.pop("username"), given.pop("password"))


def _signed_in(schema: type[Schema], signed: SignedIn) -> Response:
    return _reply(schema, signed, 201, csrf=auth.open_browser(signed))


def create_token() -> Response:
    given = read_json(TokenIn)
    checked = _checked(given)
    return _reply(NewTokenOut, auth.settle(ANONYMOUS, sign_in.create_token, checked, **given), 201)


def open_session() -> Response:
    given = read_json(SessionIn)
    checked = _checked(given)
    return _signed_in(SessionOut, auth.settle(ANONYMOUS, sign_in.sign_in, checked, **given))


def begin_enrolment() -> Response:
    checked = _checked(read_json(PasswordIn))
    begun = auth.settle(ANONYMOUS, sign_in.begin_enrolment, checked)
    return _reply(EnrolmentOut, {**asdict(begun), "qr": auth.qr(begun.otpauth_uri)})


def confirm_enrolment() -> Response:
    given = read_json(ConfirmIn)
    checked = _checked(given)
    return _signed_in(EnrolledOut, auth.settle(ANONYMOUS, sign_in.confirm_enrolment, checked, **given))


def me() -> Response:
    with begin(auth.current_site(), auth.current_actor(), read_only=True) as work:
        found = accounts.me(work)
    return _reply(MeOut, found, csrf=auth.csrf_token() if auth.by_session() else None)


def close_session() -> Response:
    with begin(auth.current_site(), auth.current_actor()) as work:
        sign_in.sign_out(work, session=auth.session_secret())
    auth.close_browser()
    return Response(status=204)


def close_sessions() -> Response:
    actor = auth.current_actor()
    authorise(act_of(sign_in.sign_out_everywhere), actor, {})
    given = load(EverywhereIn, dict(request.args))
    with begin(auth.current_site(), actor) as work:
        sign_in.sign_out_everywhere(work, **given)
    auth.close_browser()
    return Response(status=204)


def switch_role() -> Response:
    actor = auth.current_actor()
    authorise(act_of(sign_in.switch_role), actor, {})
    given = read_json(RoleIn)
    with begin(auth.current_site(), actor) as work:
        sign_in.switch_role(work, session=auth.session_secret(), **given)
    return Response(status=204)


def unlock_session() -> Response:
    actor = auth.current_actor()
    given = read_json(StepUpIn)
    if auth.by_session():
        auth.unlock(given.get("otp") or request.headers.get("X-OTP"))
    else:
        with begin(auth.current_site(), actor) as work:
            sessions.unlock(work)
    return Response(status=204)


def change_password() -> Response:
    actor = auth.current_actor()
    authorise(act_of(sign_in.change_password), actor, {})
    given = read_json(NewPasswordIn)
    actor = auth.with_code(actor, given.pop("otp", None) or request.headers.get("X-OTP"))
    if not actor.fresh:
        raise StepUpRequired
    with begin(auth.current_site(), actor, read_only=True) as work:
        checked = sign_in.check_own_password(work, password=given["password"])
    session = auth.session_secret()
    auth.settle(actor, sign_in.change_password, checked, new_password=given["new_password"], session=session)
    return Response(status=204)


route = api.route
route(
    "POST",
    "/tokens",
    sign_in.create_token,
    body=TokenIn,
    out=NewTokenOut,
    status=201,
    own=create_token,
    also={401: "Wrong name, password or code"},
    says="Make a token for a program or a field laptop; its secret is shown once",
)
route("GET", "/tokens", accounts.list_tokens, query=PageIn, out=TokenOut, many=True, says="My tokens, newest first")
route("DELETE", "/tokens/<uuid:id>", accounts.revoke_token, status=204, says="Revoke one of my tokens")
route("GET", "/me", accounts.me, out=MeOut, own=me, says="Who I am")
route("PATCH", "/me", accounts.choose_language, body=LanguageIn, out=MeOut, says="Choose my language on the pages")
route(
    "POST",
    "/session",
    sign_in.sign_in,
    body=SessionIn,
    out=SessionOut,
    status=201,
    own=open_session,
    also={401: "Wrong name, password or code, or no authenticator yet (`enrolment-needed`)"},
    says="Sign in; the session comes as a cookie",
)
route("DELETE", "/session", sign_in.sign_out, own=close_session, status=204, says="Sign out")
route(
    "POST", "/session/role", sign_in.switch_role, body=RoleIn, own=switch_role, status=204, says="Act in another role"
)
route(
    "POST",
    "/session/lock",
    sessions.lock,
    status=204,
    says="Lock this session: uploads under way go on, nothing else does",
)
route(
    "POST",
    "/session/unlock",
    sessions.unlock,
    body=StepUpIn,
    own=unlock_session,
    status=204,
    says="Open this session again, with a fresh code",
)
route(
    "GET",
    "/me/sessions",
    sessions.list_own,
    query=PageIn,
    out=OwnSessionOut,
    many=True,
    says="My sessions on every machine, newest first",
)
route("POST", "/me/sessions/<uuid:id>/end", sessions.end, status=204, says="End one of my sessions")
route(
    "DELETE",
    "/sessions",
    sign_in.sign_out_everywhere,
    query=EverywhereIn,
    own=close_sessions,
    status=204,
    says="Sign out everywhere, and revoke all tokens if asked",
)
route(
    "POST",
    "/enrolment",
    sign_in.begin_enrolment,
    body=PasswordIn,
    out=EnrolmentOut,
    own=begin_enrolment,
    also={401: "Wrong name or password, or the authenticator is set up already"},
    says="First sign-in: a secret for the authenticator",
)
route(
    "POST",
    "/enrolment/confirm",
    sign_in.confirm_enrolment,
    body=ConfirmIn,
    out=EnrolledOut,
    status=201,
    own=confirm_enrolment,
    also={401: "Wrong name, password or code"},
    says="First sign-in: the authenticator works; recovery codes are shown once",
)
route(
    "POST",
    "/password",
    sign_in.change_password,
    body=NewPasswordIn,
    own=change_password,
    status=204,
    says="Change my password; other sessions end",
)
route("GET", "/people", accounts.list_people, query=PeopleIn, out=PersonOut, many=True, says="The people of my office")
route("GET", "/users", accounts.list_users, query=PageIn, out=UserOut, many=True, says="The office's accounts")
route(
    "POST",
    "/users",
    accounts.add_user,
    body=UserIn,
    out=AddedOut,
    status=201,
    says="Add an account; its initial password is shown once",
    secret=True,
)
route("GET", "/users/<uuid:id>", accounts.get_user, out=UserOut, says="One account")
route("POST", "/users/<uuid:id>/roles", accounts.grant_role, body=StepUpRoleIn, out=UserOut, says="Grant a role")
route(
    "POST",
    "/users/<uuid:id>/roles/revoke",
    accounts.revoke_role,
    body=StepUpRoleIn,
    out=UserOut,
    says="Take a role away",
)
route("POST", "/users/<uuid:id>/disable", accounts.disable, body=StepUpIn, out=DisabledOut, says="Shut an account")
route("POST", "/users/<uuid:id>/enable", accounts.enable, body=StepUpIn, out=UserOut, says="Open it again")
route("POST", "/users/<uuid:id>/unblock", accounts.unblock, out=UserOut, says="Forget wrong tries")
route(
    "POST",
    "/users/<uuid:id>/reset-authenticator",
    accounts.reset_authenticator,
    body=StepUpIn,
    out=AddedOut,
    says="For a lost phone: start again with an initial password",
    secret=True,
)
