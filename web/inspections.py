"""What was seen at a venue and who went to see whether it is closed: all of it, and the forms that note it."""

from uuid import UUID

from flask_babel import lazy_gettext as _l

from evidence_api.domain.venue import Seen
from evidence_api.services import inspections
from web.cases import items_of
from web.forms import Field, one_of
from web.pages import Page, page
from web.venues import all_of_venue, inspectors, on_venue


@page("/venues/<uuid:id>/observations", inspections.observations)
def venue_observations(id: UUID) -> Page:
    """All that was seen at a venue."""
    return all_of_venue(id, "observations", inspections.observations)


@page("/venues/<uuid:id>/inspections", inspections.inspections)
def venue_inspections(id: UUID) -> Page:
    """Everybody who went to see whether a venue is closed."""
    return all_of_venue(id, "inspections", inspections.inspections, inspectors)


on_venue(
    "new_observation",
    "observations/new",
    "POST",
    "/observations",
    _l("Note what was seen there"),
    _l("Save"),
    Field("observed_on", _l("Day"), "date"),
    Field("seen", _l("It was"), "choices", choices=one_of(Seen)),
    Field("people", _l("How many people seemed to be exploited there"), "number"),
    Field("minors", _l("How many of them seemed to be minors"), "number"),
    Field("note", _l("What else was seen"), "lines"),
    says=_l("It does not change the state of the venue."),
    done=_l("The observation is noted."),
)
on_venue(
    "new_inspection",
    "inspections/new",
    "POST",
    "/inspections",
    _l("Note an inspection"),
    _l("Save"),
    Field("inspected_on", _l("Day"), "date"),
    Field("found", _l("You found it"), "choices", choices=one_of(Seen)),
    Field(
        "evidence",
        _l("The item of evidence that shows it"),
        "choice",
        hint=_l("Without one, the inspection verifies nothing."),
        choices=items_of,
    ),
    Field("note", _l("What else you found"), "lines"),
    says=_l("You went to see whether the venue is closed."),
    done=_l("The inspection is noted."),
)
