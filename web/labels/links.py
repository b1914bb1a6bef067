"""Links from evidence, what a chart of them shows, and the kinds of happening of a timeline."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

from evidence_api.domain.chart import NodeKind, TieKind
from evidence_api.domain.link import Confidence, LinkKind, LinkRelation
from evidence_api.domain.timeline import Happening

LABELS: Mapping[type, Mapping[str, Any]] = {
    LinkKind: {
        "victim": _l("Victim"),
        "perpetrator": _l("Perpetrator"),
        "venue": _l("Venue"),
        "episode": _l("Episode"),
        "operation": _l("Operation"),
        "charge": _l("Charge"),
    },
    LinkRelation: {
        "shows": _l("Shows"),
        "mentions": _l("Mentions"),
        "recorded_at": _l("Recorded there"),
        "proves": _l("Proves"),
        "belongs_to": _l("Belongs to"),
    },
    Confidence: {
        "certain": _l("Certain"),
        "probable": _l("Probable"),
        "possible": _l("Possible"),
    },
    NodeKind: {
        "evidence": _l("Evidence"),
        "perpetrator": _l("Perpetrator"),
        "victim": _l("Victim"),
        "episode": _l("Episode"),
        "venue": _l("Venue"),
        "operation": _l("Operation"),
        "charge": _l("Charge"),
    },
    TieKind: {
        "link": _l("Evidence"),
        "episode": _l("Exploited there"),
        "venue_tie": _l("Tied to the venue"),
        "victim_tie": _l("To the victim"),
        "roster": _l("On the roster"),
        "keep_apart": _l("Keep apart"),
        "held_at": _l("Operation at"),
        "charged": _l("Charged with"),
    },
    Happening: {
        "recording": _l("Recordings and seizures"),
        "custody": _l("Custody of items"),
        "case": _l("The case"),
        "victim": _l("Victims"),
        "care": _l("Care"),
        "perpetrator": _l("Perpetrators"),
        "venue": _l("Venues"),
        "operation": _l("Operations and requests"),
        "court": _l("Charges, hearings and exhibits"),
        "testimony": _l("Testimony"),
    },
}

ACTS: Mapping[str, Any] = {
    "evidence:captured": _l("Recorded or seized"),
    "evidence:link": _l("Linked"),
    "evidence:unlink": _l("Link taken away"),
}
