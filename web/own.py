"""My account: who I am, my roles and language, and everything that is signed in as me."""

from typing import Any
from uuid import UUID

from flask import g, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from evidence_api import auth
from evidence_api.api.contract import load
from evidence_api.domain.errors import DomainError, InvalidInput, SignInFailed
from evidence_api.domain.languages import LANGUAGES
from evidence_api.domain.roles import ANONYMOUS, Scope
from evidence_api.models import Token
from evidence_api.policy import Permission
from evidence_api.services import accounts, feeds, reminders, sessions, sign_in
from evidence_api.work import Work
from schemas.accounts import TokenIn
from web.forms import Choices, Field, Form, Path, add, contract, options
from web.home import FEW
from web.pages import Page, may, page, reading, refused

MOST = 200
"""More sessions and tokens than anybody has; the oldest beyond it are left out."""


@page("/account", accounts.me)
def account() -> Page:
    """Who I am, and where I am signed in."""
    with reading() as work:
        booked = may(work, Permission.CALENDAR_FEED)
        return render_template(
            "account.html",
            me=accounts.me(work),
            feeds=feeds.own(work)[0] if booked else None,
            reminders=reminders.sent(work, limit=FEW)[0],
            sessions=sessions.list_own(work, limit=MOST)[0],
            tokens=accounts.list_tokens(work, limit=MOST)[0],
        )


def _account(_thing: Any, _path: Path) -> str:
    return url_for("pages.account")


def _languages(_work: Work, _thing: Any) -> Choices:
    return list(LANGUAGES.items())


add(
    Form(
        "language",
        "/account/language",
        contract("PATCH", "/me"),
        _l("Language"),
        _l("Choose"),
        [
            Field(
                "language",
                _l("Language of the pages"),
                "choice",
                choices=_languages,
                value=lambda me: me.language,
                hint=_l("Until you choose one, it is your browser's."),
            )
        ],
        thing=lambda work: accounts.me(work),
        back=_account,
    )
)

add(
    Form(
        "end_session",
        "/account/sessions/<uuid:id>/end",
        contract("POST", "/me/sessions/<uuid:id>/end"),
        _l("End a session"),
        _l("End the session"),
        [],
        says=_l("Whoever uses that browser must sign in again."),
        done=_l("The session is ended."),
        back=_account,
    )
)


def _own_token(work: Work, id: UUID) -> Token:
    return work.get(Token, id, Permission.ACCOUNT_OWN)


add(
    Form(
        "revoke_token",
        "/account/tokens/<uuid:id>/revoke",
        contract("DELETE", "/tokens/<uuid:id>"),
        _l("Revoke a token"),
        _l("Revoke the token"),
        [],
        says=_l("Programs and laptops that use it can do nothing more. Uploads under way stop; a new token goes on."),
        done=_l("The token is revoked."),
        thing=_own_token,
        head="_token.html",
        back=_account,
        danger=True,
    )
)


@page("/account/tokens/new", sign_in.create_token, "GET", "POST")
def new_token() -> Page:
    """A token for a program or a field laptop. It takes what signing in takes, since it stands in for it."""
    auth.session_actor()
    if request.method == "GET":
        return _token_form({}, status=200)
    try:
        given = load(TokenIn, _typed())
        checked = auth.checked(given.pop("username"), given.pop("password"))
        made = auth.settle(ANONYMOUS, sign_in.create_token, checked, **given)
    except InvalidInput as error:
        return _token_form(error.errors)
    except SignInFailed as error:
        return _token_form({}, _("The password or the code is wrong, or the code was used before."), refused(error)[1])
    except DomainError as error:
        return _token_form({}, *refused(error))
    return render_template("token.html", made=made)


def _typed() -> dict[str, Any]:
    names = ("name", "role", "scope", "password", "otp")
    found: dict[str, Any] = {name: request.form[name] for name in names if request.form.get(name)}
    days = request.form.get("days", "").strip()
    return {"username": g.frame.username, **found, **({"days": int(days[:9])} if days.isdecimal() else {"days": days})}


def _token_form(errors: Any, wrong: str = "", status: int = 422) -> Page:
    with reading() as work:
        me = accounts.me(work)
    html = render_template(
        "new_token.html",
        errors=errors,
        wrong=wrong,
        typed=request.form,
        role=me.role,
        roles=options(me.user.role_names),
        scopes=options(Scope),
        back=url_for("pages.account"),
    )
    return html, status
