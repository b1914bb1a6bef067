"""Who a victim is and where she lives: the forms that put it into the vault, take it out, open it for a reason."""

from collections.abc import Callable
from typing import Any

from flask import render_template
from flask_babel import lazy_gettext as _l

from evidence_api.services import identities
from web.forms import CODE, REASON, Field, Path
from web.pages import Page
from web.victims import on_victim, to_victim


def _shown_once(template: str) -> Callable[[Any, Path], Page]:
    return lambda opened, path: render_template(template, opened=opened, back=to_victim(None, path))


on_victim(
    "set_identity",
    "identity",
    "PUT",
    "/identity",
    _l("Put her identity into the vault"),
    _l("Put it into the vault"),
    Field("name", _l("Name")),
    Field("born", _l("Born"), hint=_l("As far as it is known: 2009-03-14, or 2009-03, or 2009.")),
    Field("nationality", _l("Nationality")),
    Field("contact", _l("How to reach her"), "lines", _l("Only ways that are safe for her.")),
    says=_l("What is left empty stays as it is. What is in the vault is never shown here."),
    done=_l("It is in the vault."),
    drafts=False,
)
on_victim(
    "remove_identity",
    "identity/remove",
    "PUT",
    "/identity",
    _l("Take her identity out of the vault"),
    _l("Take it out"),
    says=_l("Name, birth, nationality and contact are removed. Do this where they are those of somebody else."),
    fixed=dict.fromkeys(identities.IDENTITY),
    done=_l("It is out of the vault."),
    danger=True,
)
on_victim(
    "reveal_identity",
    "identity/reveal",
    "POST",
    "/identity/reveal",
    _l("Open her identity"),
    _l("Open it"),
    REASON,
    CODE,
    says=_l("It is shown this once. That you opened it, when and why is recorded for good."),
    shows=_shown_once("victim_identity.html"),
)
on_victim(
    "set_address",
    "address",
    "PUT",
    "/address",
    _l("Put her address into the vault"),
    _l("Put it into the vault"),
    Field("address", _l("Address"), "lines", _l("Where she lives, and how to find it."), always=True),
    says=_l("It takes the place of the one that is there."),
    done=_l("It is in the vault."),
    drafts=False,
)
on_victim(
    "remove_address",
    "address/remove",
    "PUT",
    "/address",
    _l("Take her address out of the vault"),
    _l("Take it out"),
    says=_l("The address is removed. Do this where she does not live there any more."),
    fixed=dict.fromkeys(identities.ADDRESS),
    done=_l("It is out of the vault."),
    danger=True,
)
on_victim(
    "reveal_address",
    "address/reveal",
    "POST",
    "/address/reveal",
    _l("Open her address"),
    _l("Open it"),
    REASON,
    CODE,
    says=_l("It is shown this once. That you opened it, when and why is recorded for good."),
    shows=_shown_once("victim_address.html"),
)
