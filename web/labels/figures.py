"""The figures of a year."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext

from evidence_api.domain.figures import Band, Figure, Reckoning

LABELS: Mapping[type, Mapping[str, Any]] = {
    Figure: {
        "rescued": _l("People rescued"),
        "intercepted": _l("People intercepted before they were exploited"),
        "dependents": _l("Dependents of those rescued or intercepted"),
        "convicted": _l("Perpetrators convicted, net of what was quashed"),
        "facing_trial": _l("Perpetrators charged or facing trial at the end of the year"),
        "served": _l("People served by aftercare"),
        "served_family": _l("Members of their families"),
        "venues_ordered_shut": _l("Venues ordered permanently shut"),
        "venues_still_shut": _l("Venues verified to be still shut after twelve months"),
    },
    Band: {
        "adult": _l("Adult"),
        "child": _l("Child"),
        "unknown": _l("Age not known"),
    },
    Reckoning: {
        "event": lazy_pgettext("figure", "By the day on which it happened"),
        "during": lazy_pgettext("figure", "At any time in the year"),
        "year_end": lazy_pgettext("figure", "On the last day of the year"),
    },
}

ACTS: Mapping[str, Any] = {
    "office:figures_publish": _l("Figures given out"),
}
