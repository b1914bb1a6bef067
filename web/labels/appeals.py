"""Appeals, exhibits, closing a case."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext

from evidence_api.domain.appeal import AppealState, Side
from evidence_api.domain.exhibit import ExhibitState

LABELS: Mapping[type, Mapping[str, Any]] = {
    Side: {
        "prosecution": _l("Prosecution"),
        "defence": _l("Defence"),
        "court": _l("Court"),
    },
    AppealState: {
        "filed": lazy_pgettext("appeal", "Filed"),
        "refused": lazy_pgettext("appeal", "Not let in"),
        "admitted": lazy_pgettext("appeal", "Let in"),
        "heard": lazy_pgettext("appeal", "Heard"),
        "dismissed": lazy_pgettext("appeal", "Dismissed"),
        "varied": _l("Sentence varied"),
        "substituted": _l("Another conviction put in its place"),
        "quashed": _l("Conviction quashed"),
        "retrial_ordered": _l("Retrial ordered"),
        "withdrawn": lazy_pgettext("appeal", "Withdrawn"),
    },
    ExhibitState: {
        "marked": lazy_pgettext("exhibit", "Marked"),
        "offered": lazy_pgettext("exhibit", "Offered to the court"),
        "admitted": lazy_pgettext("exhibit", "Admitted"),
        "excluded": lazy_pgettext("exhibit", "Excluded"),
        "returned": lazy_pgettext("exhibit", "Returned"),
        "withdrawn": lazy_pgettext("exhibit", "Withdrawn"),
    },
}

ACTS: Mapping[str, Any] = {
    "admit": _l("Admit"),
    "hear": _l("Record that it was heard"),
    "dismiss": _l("Dismiss"),
    "vary": _l("Vary the sentence"),
    "substitute": _l("Put another conviction in its place"),
    "quash": _l("Quash the conviction"),
    "order_retrial": _l("Order a retrial"),
    "exclude": _l("Exclude"),
    "return": _l("Return"),
    "case:close_agreed": _l("First of two agreed that the case is closed"),
    "appeal:file": _l("Appeal filed"),
    "appeal:edit": _l("Appeal edited"),
    "appeal:refuse": _l("Appeal not let in"),
    "appeal:admit": _l("Appeal let in"),
    "appeal:hear": _l("Appeal heard"),
    "appeal:dismiss": _l("Appeal dismissed"),
    "appeal:vary": _l("Sentence varied on appeal"),
    "appeal:substitute": _l("Another conviction put in place on appeal"),
    "appeal:quash": _l("Conviction quashed on appeal"),
    "appeal:order_retrial": _l("Retrial ordered on appeal"),
    "appeal:withdraw": _l("Appeal withdrawn"),
    "charge:vary": _l("Sentence of the charge varied"),
    "charge:substitute": _l("Another conviction put in the place of the charge's"),
    "charge:appeal_window": _l("Time for an appeal begins anew"),
    "exhibit:mark": _l("Exhibit marked"),
    "exhibit:offer": _l("Exhibit offered to the court"),
    "exhibit:admit": _l("Exhibit admitted"),
    "exhibit:exclude": _l("Exhibit excluded"),
    "exhibit:return": _l("Exhibit returned"),
    "exhibit:withdraw": _l("Exhibit withdrawn"),
}
