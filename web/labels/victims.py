"""Victims, consents, whom to keep apart."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

from evidence_api.domain.victim import (
    Axis,
    Barrier,
    Care,
    Gender,
    Identification,
    MissedHow,
    Purpose,
    Whereabouts,
    Willingness,
)

LABELS: Mapping[type, Mapping[str, Any]] = {
    Axis: {
        "identification": _l("Identification"),
        "whereabouts": _l("Whereabouts"),
        "care": _l("Care"),
    },
    Gender: {
        "female": _l("Female"),
        "male": _l("Male"),
        "other": _l("Another"),
        "unknown": _l("Not known"),
    },
    Identification: {
        "possible": _l("Possible victim"),
        "confirmed": _l("Confirmed victim"),
        "not_victim": _l("Not a victim"),
    },
    Whereabouts: {
        "in_exploitation": _l("In exploitation"),
        "rescued": _l("Rescued"),
        "intercepted": _l("Intercepted"),
        "self_exited": _l("Got out by herself"),
        "missed": _l("Missed"),
        "missing": _l("Missing"),
        "located": _l("Located"),
    },
    MissedHow: {
        "hid": _l("She hid"),
        "told_to_hide": _l("She was told to hide"),
        "moved": _l("She had been moved"),
        "absent": _l("She was not there"),
    },
    Care: {
        "none": _l("No contact yet"),
        "contacted": _l("Contacted"),
        "assessed": _l("Assessed"),
        "engaged": _l("Engaged"),
        "declined": _l("Declined care"),
        "stabilising": _l("Stabilising"),
        "restoring": _l("Restoring"),
        "reintegrating": _l("Reintegrating"),
        "independent": _l("Independent"),
    },
    Willingness: {
        "willing": _l("Willing"),
        "undecided": _l("Undecided"),
        "unwilling": _l("Unwilling"),
    },
    Purpose: {
        "care": _l("Being cared for"),
        "data": _l("That we keep what we know of her"),
        "sharing": _l("That it is shared with others"),
        "testimony": _l("Giving testimony"),
        "testimony_assent": _l("Giving testimony: a child's own assent"),
        "recording": _l("Being recorded"),
        "medical": _l("Medical treatment"),
        "publicity": _l("That her story is told in public"),
    },
    Barrier: {
        "do_not_place_with": _l("Do not place together"),
        "do_not_contact": _l("No contact"),
    },
}

ACTS: Mapping[str, Any] = {
    "confirm": _l("Confirm"),
    "rule_out": _l("Rule out that she is a victim"),
    "rescue": _l("Record the rescue"),
    "intercept": _l("Record the interception"),
    "exit": _l("Record that she got out by herself"),
    "miss": _l("Record that she was missed"),
    "report_missing": _l("Report her missing"),
    "locate": _l("Record that she is located"),
    "re_enter": _l("Record that she is exploited again"),
    "correct": _l("Correct it: she was neither missed nor missing"),
    "contact": _l("Record the first contact"),
    "assess": _l("Record that she is assessed"),
    "engage": _l("Record that she is engaged"),
    "stabilise": _l("Record that she is stabilising"),
    "restore": _l("Record that she is restoring"),
    "reintegrate": _l("Record that she is reintegrating"),
    "become_independent": _l("Record that she is independent"),
    "set_back": _l("Record a setback"),
    "victim:register": _l("Victim registered"),
    "victim:edit": _l("What is known of her changed"),
    "victim:identification": _l("Her identification changed"),
    "victim:whereabouts": _l("Her whereabouts changed"),
    "victim:care": _l("Her care went a step on"),
    "victim:share": _l("Another case came to know her"),
    "victim:identity_set": _l("Her identity put into the vault"),
    "victim:identity_reveal": _l("Her identity opened"),
    "victim:address_set": _l("Her address put into the vault"),
    "victim:address_reveal": _l("Her address opened"),
    "victim:consent": _l("Consent recorded"),
    "victim:consent_withdraw": _l("Consent withdrawn"),
    "victim:keep_apart": _l("Recorded whom to keep away from her"),
    "victim:keep_apart_end": _l("Need not be kept away any more"),
    "system:vault_rotation": _l("Master key of the vault exchanged"),
}
