"""What a victim consents to: the forms that record it, and that she takes it back."""

from flask_babel import lazy_gettext as _l

from evidence_api.domain.victim import Purpose
from evidence_api.services import consents
from web.forms import REASON, Field, Form, add, contract, one_of
from web.victims import on_victim, to_her

on_victim(
    "add_consent",
    "consents/new",
    "POST",
    "/consents",
    _l("Record a consent"),
    _l("Record it"),
    Field("purpose", _l("What she consents to"), "choice", choices=one_of(Purpose)),
    Field("scope", _l("How far it goes"), "lines", _l("In her words, and without names.")),
    Field("given_at", _l("When she gave it"), "moment", _l("Leave it empty if it is now.")),
    Field("expires_on", _l("The last day on which it holds"), "date"),
    says=_l("She may take it back at any time, and nobody has to approve that."),
    done=_l("The consent is recorded."),
)

add(
    Form(
        "withdraw_consent",
        "/consents/<uuid:id>/withdraw",
        contract("POST", "/consents/<uuid:id>/withdraw"),
        _l("She takes a consent back"),
        _l("Record that it is withdrawn"),
        [REASON],
        says=_l("From now on it does not hold any more."),
        done=_l("The consent is withdrawn."),
        thing=consents.read,
        head="_consent_head.html",
        back=to_her,
        danger=True,
    )
)
