"""The venues of each area, counted."""

from flask import render_template

from evidence_api.domain.venue import VenueState
from evidence_api.services import areas
from schemas.venues import AreasIn
from web.cases import asked, countries, further
from web.pages import SHOWN, Page, page, reading


@page("/venues/areas", areas.list_areas)
def venue_areas() -> Page:
    """How many venues of each area are open and closed."""
    given = asked(AreasIn, SHOWN)
    with reading() as work:
        found, following = areas.list_areas(work, **given)
        return render_template(
            "venue_areas.html",
            areas=found,
            states=list(VenueState),
            more=further("pages.venue_areas", following),
            given=given,
            countries=countries(work, None),
        )
