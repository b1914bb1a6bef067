"""What can be booked, and why a time may not do."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext

from evidence_api.domain.scheduling import ResourceKind, Rule, Weight

LABELS: Mapping[type, Mapping[str, Any]] = {
    ResourceKind: {
        "room": _l("Room"),
        "link": _l("Link for video"),
        "vehicle": _l("Vehicle"),
        "waiting_area": _l("Waiting area"),
        "meeting_place": _l("Meeting place"),
        "interpreter": _l("Interpreter"),
        "driver": _l("Driver"),
        "guardian": _l("Guardian"),
        "support_person": _l("Support person"),
        "intermediary": _l("Intermediary"),
    },
    Weight: {
        "blocks": _l("Blocks"),
        "open": lazy_pgettext("booking", "Open"),
        "warns": _l("Warns"),
    },
    Rule: {
        "witness_busy": _l("Witness expected elsewhere"),
        "person_busy": _l("Person taken"),
        "room_busy": _l("Room taken"),
        "link_busy": _l("Link taken"),
        "interpreter_busy": _l("Interpreter taken"),
        "vehicle_busy": _l("Vehicle taken"),
        "witness_unavailable": _l("Witness cannot come"),
        "shared_vehicle": _l("Vehicle shared with the accused"),
        "shared_waiting_area": _l("Waiting area shared with the accused"),
        "shared_arrival": _l("Arrival at the same time as the accused"),
        "tied_to_perpetrator": _l("Somebody who cannot come with her"),
        "serves_both_sides": _l("Somebody who serves both sides"),
        "witnesses_together": _l("Two witnesses together"),
        "shelter_as_place": _l("Place that cannot be used"),
        "witness_missing": _l("Witness missing"),
        "witness_in_crisis": _l("Witness in a crisis"),
        "consent_missing": _l("Consent missing"),
        "consent_expired": _l("Consent expired"),
        "consent_withdrawn": _l("Consent withdrawn"),
        "no_assent": _l("Assent of the child missing"),
        "no_safe_guardian": _l("No safe guardian"),
        "measure_undecided": _l("Measure not decided"),
        "measure_refused": _l("Measure refused"),
        "statement_undisclosed": _l("Statement not disclosed"),
        "not_ready": _l("Witness not ready"),
        "long_child_session": _l("Long for a child"),
        "exams_or_holiday": _l("Exams or a holiday"),
        "arrival_on_the_day": _l("Arrival on the day"),
        "too_many_interviews": _l("Too many interviews"),
        "language_unmet": _l("No interpreter for her language"),
        "gender_unmet": _l("Interpreter of another gender"),
        "exhibit_not_ready": _l("Exhibit not ready"),
        "deadline_near": _l("Deadline near"),
    },
}

ACTS: Mapping[str, Any] = {
    "fall_back": _l("No longer confirmed"),
    "release": _l("Release"),
    "testimony:book": _l("Time booked for the witness"),
    "testimony:confirm_booking": _l("Booking of the witness confirmed"),
    "testimony:release": _l("Booking of the witness released"),
    "testimony:fall_back": _l("Booking of the witness no longer confirmed"),
    "resource:add": _l("Added what can be booked"),
    "resource:edit": _l("Changed what can be booked"),
    "resource:end": _l("Can be booked no more"),
    "resource:tie": _l("Tie to a perpetrator recorded"),
    "resource:tie_end": _l("Tie to a perpetrator ended"),
    "resource:engage": _l("Taken by a side"),
    "resource:engage_end": _l("No longer taken by a side"),
}
