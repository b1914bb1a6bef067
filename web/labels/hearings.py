"""Hearings and the calendar."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext

from evidence_api.domain.calendar import EntryKind, View
from evidence_api.domain.hearing import AdjournmentCode, HearingKind, HearingState

LABELS: Mapping[type, Mapping[str, Any]] = {
    HearingKind: {
        "remand": _l("Remand hearing"),
        "arraignment": _l("Arraignment"),
        "preliminary": _l("Preliminary hearing"),
        "pre_recording": _l("Pre-recording of evidence"),
        "trial": _l("Trial"),
        "verdict": _l("Verdict"),
        "sentencing": _l("Sentencing"),
        "appeal": _l("Hearing of an appeal"),
        "closure": _l("Hearing on closing a venue"),
        "compensation": _l("Hearing on compensation"),
        "other": _l("Another hearing"),
    },
    HearingState: {
        "scheduled": lazy_pgettext("hearing", "Set down"),
        "held": lazy_pgettext("hearing", "Held"),
        "adjourned": lazy_pgettext("hearing", "Adjourned"),
        "cancelled": lazy_pgettext("hearing", "Cancelled"),
    },
    AdjournmentCode: {
        "court_unavailable": _l("The court could not sit"),
        "judge_absent": _l("The judge was absent"),
        "prosecution_unready": _l("The prosecution was not ready"),
        "defence_absent": _l("Counsel for the defence was absent"),
        "defendant_absent": _l("A defendant was absent"),
        "witness_unavailable": _l("A witness could not come"),
        "measure_missing": _l("A protective measure was missing"),
        "interpreter_missing": _l("An interpreter was missing"),
        "new_evidence": _l("New evidence came in"),
        "other": _l("Another reason"),
    },
    EntryKind: {
        "hearing": _l("Hearing"),
        "booking": _l("Witness in court"),
        "preparation": _l("Preparation of a witness"),
        "appeal_window": _l("Last day for an appeal"),
        "disclosure": _l("Last day to disclose a statement"),
        "closure_expires": _l("Closure order ends"),
        "inspection_due": _l("Inspection due"),
        "follow_up": _l("Follow-up of care"),
    },
    View: {
        "month": lazy_pgettext("calendar", "Month"),
        "week": lazy_pgettext("calendar", "Week"),
        "day": lazy_pgettext("calendar", "Day"),
        "agenda": lazy_pgettext("calendar", "Agenda"),
    },
}

ACTS: Mapping[str, Any] = {
    "adjourn": _l("Adjourn"),
    "cancel": _l("Cancel"),
    "hearing:plan": _l("Hearing set down"),
    "hearing:edit": _l("Hearing changed"),
    "hearing:hold": _l("Hearing held"),
    "hearing:adjourn": _l("Hearing adjourned"),
    "hearing:cancel": _l("Hearing cancelled"),
    "hearing:attendance": _l("Recorded how somebody comes to court"),
    "hearing:attendance_end": _l("How somebody comes to court no longer holds"),
}
