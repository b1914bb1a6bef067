"""Money that is owed to her, and what of it was paid."""

from decimal import Decimal

from babel.numbers import get_currency_precision
from flask_babel import format_currency
from flask_babel import lazy_gettext as _l

from evidence_api.domain.care import ClaimKind
from evidence_api.services import care
from web.care import on_her_care, to_care_of
from web.forms import Field, Form, add, contract, one_of
from web.pages import pages


@pages.app_template_filter("money")
def money(amount: int, currency: str) -> str:
    """An amount in the smallest unit, as the language writes money."""
    return str(format_currency(Decimal(amount).scaleb(-get_currency_precision(currency)), currency))


_MINOR_UNIT = _l("In the smallest unit of the currency, such as cents: 12.50 US dollars are 1250.")

on_her_care(
    "new_claim",
    "claims/new",
    "POST",
    "/claims",
    _l("Record money that is owed to her"),
    _l("Record it"),
    Field("kind", _l("For what"), "choice", choices=one_of(ClaimKind)),
    Field("currency", _l("Currency"), hint=_l("Three capital letters (ISO 4217), such as USD.")),
    Field("owed", _l("How much is owed"), "number", _MINOR_UNIT),
    Field("ordered_on", _l("Ordered on"), "date"),
    done=_l("What is owed to her is recorded."),
)


add(
    Form(
        "new_payment",
        "/claims/<uuid:id>/payments/new",
        contract("POST", "/claims/<uuid:id>/payments"),
        _l("Record a payment"),
        _l("Record it"),
        [Field("amount", _l("How much was paid"), "number", _MINOR_UNIT), Field("paid_on", _l("Paid on"), "date")],
        done=_l("The payment is recorded."),
        thing=care.read_claim,
        head="_claim.html",
        back=to_care_of,
        then=to_care_of,
    )
)
