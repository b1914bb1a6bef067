"""Tips, imports and exports."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

from evidence_api.domain.table import Encoding, TableKind
from evidence_api.domain.tip import TipState

LABELS: Mapping[type, Mapping[str, Any]] = {
    TableKind: {
        "victims": _l("Victims"),
        "perpetrators": _l("Perpetrators"),
        "venues": _l("Venues"),
        "charges": _l("Charges"),
        "items": _l("Items"),
    },
    Encoding: {
        "utf-8": _l("UTF-8, as most programs save"),
        "utf-16": _l("UTF-16, “Unicode text” of older spreadsheets"),
        "cp1252": _l("Windows-1252, western Europe"),
    },
    TipState: {
        "new": _l("New"),
        "taken_up": _l("Taken up"),
        "dismissed": _l("Dismissed"),
    },
}

ACTS: Mapping[str, Any] = {
    "take_up": _l("Take up"),
    "dismiss": _l("Dismiss"),
    "tip:report": _l("Tip reported"),
    "tip:read": _l("Tip read"),
    "tip:take_up": _l("Tip taken up"),
    "tip:dismiss": _l("Tip dismissed"),
    "case:tip": _l("A tip led here"),
    "case:import": _l("Table imported"),
    "case:export": _l("Table exported"),
}
