"""The office's accounts, for its administrator: who has one, in which roles, and what is to be done with it."""

from typing import Any
from uuid import UUID

from flask import render_template, request, url_for
from flask_babel import lazy_gettext as _l

from evidence_api.api.contract import load
from evidence_api.domain.roles import PERSONAL_ROLES
from evidence_api.models import User
from evidence_api.services import accounts
from evidence_api.services.accounts import Added, Disabled
from evidence_api.work import Work
from schemas.common import PageIn
from web.forms import CODE, Choices, Field, Form, Path, add, contract, one_of, options
from web.pages import SHOWN, Page, page, reading


@page("/people", accounts.list_users)
def people() -> Page:
    """Everybody who has an account, newest first."""
    given = load(PageIn, request.args) | {"limit": SHOWN}
    with reading() as work:
        found, following = accounts.list_users(work, **given)
        return render_template(
            "people.html",
            people=found,
            blocked=accounts.blocked_until(work, found),
            more=url_for("pages.people", cursor=following) if following else "",
        )


@page("/people/<uuid:id>", accounts.get_user)
def person(id: UUID) -> Page:
    """One account, and what can be done with it. Nobody does it with her own."""
    with reading() as work:
        found = accounts.get_user(work, id)
        return render_template(
            "person.html",
            person=found,
            blocked=accounts.blocked_until(work, [found]),
            own=id == work.actor.user_id,
            grantable=[role for role in PERSONAL_ROLES if role not in found.role_names],
        )


def _of(_thing: Any, path: Path) -> str:
    return url_for("pages.person", id=path["id"])


def _initial_password(added: Added, _path: Path) -> Page:
    return render_template("initial_password.html", person=added.user, password=added.password)


def _settle(disabled: Disabled, path: Path) -> Page:
    return render_template("person_disabled.html", disabled=disabled, back=_of(disabled.user, path))


def _held(_work: Work, user: User) -> Choices:
    return options(user.role_names)


def _grantable(_work: Work, user: User) -> Choices:
    return options(role for role in PERSONAL_ROLES if role not in user.role_names)


add(
    Form(
        "new_person",
        "/people/new",
        contract("POST", "/users"),
        _l("Add a person"),
        _l("Make the account"),
        [
            Field(
                "username",
                _l("User name"),
                hint=_l("2 to 64 letters a to z, digits, dots, dashes or underscores. Others in the office see it."),
            ),
            Field(
                "roles",
                _l("Roles"),
                "checks",
                hint=_l("She may hold several, and acts in one at a time."),
                choices=one_of(PERSONAL_ROLES),
            ),
            CODE,
        ],
        says=_l("She gets an initial password, which is shown once, on the next page."),
        back=lambda _thing, _path: url_for("pages.people"),
        shows=_initial_password,
    )
)


def _act(name: str, route: str, title: Any, button: Any, *fields: Field, **more: Any) -> None:
    """A form about one account."""
    rule = f"/people/<uuid:id>/{route.rpartition('>/')[2]}"
    add(
        Form(
            name,
            rule,
            contract("POST", route),
            title,
            button,
            fields,
            thing=accounts.get_user,
            head="_person.html",
            back=_of,
            **more,
        )
    )


_act(
    "grant_role",
    "/users/<uuid:id>/roles",
    _l("Grant a role"),
    _l("Grant the role"),
    Field("role", _l("Role"), "choice", choices=_grantable),
    CODE,
    done=_l("The role is granted."),
)
_act(
    "revoke_role",
    "/users/<uuid:id>/roles/revoke",
    _l("Take a role away"),
    _l("Take the role away"),
    Field("role", _l("Role"), "choice", choices=_held),
    CODE,
    says=_l("Her sessions and tokens in this role end, and she is taken off the cases on which she works in it."),
    done=_l("The role is taken away."),
    danger=True,
)
_act(
    "disable_person",
    "/users/<uuid:id>/disable",
    _l("Disable the account"),
    _l("Disable the account"),
    CODE,
    says=_l("She cannot sign in any more, and everything that she is signed in to ends now. What she did stays."),
    shows=_settle,
    danger=True,
)
_act(
    "enable_person",
    "/users/<uuid:id>/enable",
    _l("Enable the account"),
    _l("Enable the account"),
    CODE,
    says=_l("She can sign in again, with her password and her authenticator as they were."),
    done=_l("The account is enabled."),
)
_act(
    "unblock_person",
    "/users/<uuid:id>/unblock",
    _l("Let her try again"),
    _l("Forget the wrong tries"),
    says=_l("After wrong passwords or codes she has to wait. This lets her try at once. Make sure that it was her."),
    done=_l("The wrong tries are forgotten. She can sign in at once."),
)
_act(
    "reset_authenticator",
    "/users/<uuid:id>/reset-authenticator",
    _l("Start the authenticator again"),
    _l("Start again"),
    CODE,
    says=_l(
        "For a lost or new phone. Her password, her authenticator and her recovery codes count no longer, and "
        "everything that she is signed in to ends. She gets a new initial password, which is shown once."
    ),
    shows=_initial_password,
    danger=True,
)
