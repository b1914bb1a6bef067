"""Episodes, searches, alerts."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

from evidence_api.domain.victim import AlertKind, EpisodeClass, Exit, Exploitation, Means, SearchEnd, SearchKind

LABELS: Mapping[type, Mapping[str, Any]] = {
    EpisodeClass: {
        "first": _l("The first"),
        "moved_without_exit": _l("Moved without an exit"),
        "re_entered_after_exit": _l("Exploited again after an exit"),
    },
    Exit: {
        "rescued": _l("She was rescued"),
        "intercepted": _l("She was intercepted"),
        "self_exited": _l("She got out by herself"),
        "released": _l("She was let go"),
        "moved": _l("She was moved elsewhere"),
        "other": _l("In another way"),
    },
    Exploitation: {
        "sexual_exploitation": _l("Sexual exploitation"),
        "forced_labour": _l("Forced labour"),
        "slavery_and_practices": _l("Slavery or a practice like it"),
        "forced_marriage": _l("Forced marriage"),
        "forced_military": _l("Forced military service"),
        "organ_removal": _l("Removal of organs"),
        "other": _l("Another form"),
        "prostitution": _l("Sexual: prostitution"),
        "pornography": _l("Sexual: pornography"),
        "remote_interactive_services": _l("Sexual: live, over the internet"),
        "private_sexual_services": _l("Sexual: kept by one person"),
        "agriculture": _l("Labour: farming"),
        "aquafarming": _l("Labour: fishing and fish farming"),
        "begging": _l("Labour: begging"),
        "construction": _l("Labour: construction"),
        "domestic_work": _l("Labour: domestic work"),
        "hospitality": _l("Labour: hotels, bars and restaurants"),
        "illicit_activities": _l("Labour: illicit activities"),
        "manufacturing": _l("Labour: factories and workshops"),
        "mining_or_drilling": _l("Labour: mining or drilling"),
        "peddling": _l("Labour: selling in the street"),
        "transportation": _l("Labour: transport"),
    },
    Means: {
        "debt_bondage": _l("Debt bondage"),
        "takes_earnings": _l("Takes her earnings"),
        "restricts_financial_access": _l("Keeps her from her money"),
        "threats": _l("Threats"),
        "psychological_abuse": _l("Psychological abuse"),
        "physical_abuse": _l("Physical abuse"),
        "sexual_abuse": _l("Sexual abuse"),
        "deception": _l("False promises or deception"),
        "psychoactive_substances": _l("Drugs or alcohol"),
        "restricts_movement": _l("Keeps her from moving freely"),
        "restricts_medical_care": _l("Keeps her from medical care"),
        "excessive_working_hours": _l("Excessive working hours"),
        "uses_children": _l("Uses her children"),
        "threat_of_law_enforcement": _l("Threatens with the police or the authorities"),
        "withholds_necessities": _l("Withholds food, water or other necessities"),
        "withholds_documents": _l("Withholds her documents"),
        "other": _l("Other means"),
    },
    SearchKind: {
        "missed": _l("Missed by an intervention"),
        "missing": _l("Gone missing"),
        "reported": _l("Reported missing"),
    },
    SearchEnd: {
        "located": _l("She was found"),
        "mistaken": _l("The report was mistaken"),
        "merged": _l("It goes on as another search for her"),
    },
    AlertKind: {
        "moved_without_exit": _l("She was moved without an exit"),
        "re_entered_after_exit": _l("She is exploited again after an exit"),
        "located": _l("She was found"),
        "venue_reopened": _l("A closed venue is in use again"),
    },
}

ACTS: Mapping[str, Any] = {
    "victim:episode": _l("Episode of exploitation recorded"),
    "victim:episode_edit": _l("Episode of exploitation changed"),
    "search:open": _l("Search opened"),
    "search:identity_reveal": _l("Name of who is sought opened"),
    "search:match": _l("Who is sought matched"),
    "search:sighting": _l("Sighting recorded"),
    "search:end": _l("Search ended"),
    "case:alert": _l("Alert raised"),
    "case:alert_noted": _l("Note taken of an alert"),
}
