"""Perpetrators and venues."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext

from evidence_api.domain.perpetrator import PerpetratorRole, Relation
from evidence_api.domain.venue import Seen, VenueKind, VenueState, VenueTieKind

LABELS: Mapping[type, Mapping[str, Any]] = {
    PerpetratorRole: {
        "recruiter": _l("Recruiter"),
        "seller": _l("Seller"),
        "lender": _l("Lender"),
        "buyer": _l("Buyer"),
        "keeper": _l("Keeper"),
        "pimp": _l("Pimp"),
        "trafficker": _l("Trafficker"),
        "employer": _l("Employer"),
        "official": _l("Official"),
    },
    Relation: {
        "parent": _l("Parent"),
        "step_parent": _l("Step-parent"),
        "sibling": _l("Brother or sister"),
        "relative": _l("Other relative"),
        "partner": _l("Husband, wife or partner"),
        "friend": _l("Friend"),
        "neighbour": _l("Neighbour"),
        "recruited": _l("Recruited her"),
        "sold": _l("Sold her"),
        "bought": _l("Bought her"),
        "held": _l("Held her"),
        "employed": _l("Employed her"),
        "lent_to": _l("Lent to her"),
        "other": _l("Something else"),
    },
    VenueKind: {
        "brothel": _l("Brothel"),
        "bar": _l("Bar"),
        "ktv": _l("Karaoke (KTV)"),
        "massage": _l("Massage parlour"),
        "kiln": _l("Brick kiln"),
        "factory": _l("Factory"),
        "farm": _l("Farm"),
        "household": _l("Household"),
        "street": _l("Street"),
        "online": _l("Online"),
        "other": _l("Another kind of place"),
    },
    VenueState: {
        "suspected": _l("Suspected"),
        "under_observation": _l("Under observation"),
        "confirmed": _l("Confirmed"),
        "intervened": _l("Intervention took place"),
        "closure_sought": _l("Closure sought"),
        "temporarily_closed": _l("Closed for a time"),
        "permanently_closed": _l("Closed for good"),
        "verified_closed": _l("Verified as closed"),
        "repurposed": _l("In another use"),
        "displaced": _l("Displaced"),
    },
    VenueTieKind: {
        "owner": _l("Owner"),
        "landlord": _l("Landlord"),
        "manager": _l("Manager"),
        "keeper": _l("Keeper"),
        "works_at": _l("Works there"),
        "buys_at": _l("Buys there"),
    },
    Seen: {
        "open": _l("Open"),
        "closed": lazy_pgettext("venue", "Closed"),
        "unclear": _l("Unclear"),
    },
}

ACTS: Mapping[str, Any] = {
    "observe": _l("Put under observation"),
    "confirm": _l("Confirm"),
    "seek_closure": _l("Seek its closure"),
    "close_temporarily": _l("Record its closing for a time"),
    "close_permanently": _l("Record its closing for good"),
    "verify": _l("Verify that it is closed"),
    "repurpose": _l("Record its new use"),
    "displace": _l("Record where it moved to"),
    "perpetrator:register": _l("Perpetrator registered"),
    "perpetrator:edit": _l("Perpetrator edited"),
    "perpetrator:victim_tie": _l("Perpetrator tied to a victim"),
    "perpetrator:victim_tie_end": _l("Tie to a victim ended"),
    "perpetrator:address_set": _l("Address of a perpetrator kept"),
    "perpetrator:address_reveal": _l("Address of a perpetrator revealed"),
    "venue:register": _l("Venue registered"),
    "venue:edit": _l("Venue edited"),
    "venue:observe": _l("Venue put under observation"),
    "venue:confirm": _l("Venue confirmed"),
    "venue:intervene": _l("Intervention at the venue"),
    "venue:seek_closure": _l("Closure of the venue sought"),
    "venue:close_temporarily": _l("Venue closed for a time"),
    "venue:close_permanently": _l("Venue closed for good"),
    "venue:verify": _l("Closing of the venue verified"),
    "venue:repurpose": _l("Venue put to another use"),
    "venue:reopen": _l("Venue in use again"),
    "venue:displace": _l("Venue displaced"),
    "venue:tie": _l("Person tied to the venue"),
    "venue:tie_end": _l("Tie of a person to the venue ended"),
    "venue:observation": _l("Observation at the venue noted"),
    "venue:inspection": _l("Inspection of the venue noted"),
}
