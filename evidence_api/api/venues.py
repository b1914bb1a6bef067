"""Venues: `/api/v1/venues`."""

from evidence_api.api.contract import Api
from evidence_api.services import areas, inspections, venue_ties, venues
from schemas.common import PageIn
from schemas.venues import (
    AreaOut,
    AreasIn,
    InspectionIn,
    InspectionOut,
    ObservationIn,
    ObservationOut,
    VenueChangeIn,
    VenueIn,
    VenueNextStepOut,
    VenueOut,
    VenuesIn,
    VenueStepIn,
    VenueTieEndIn,
    VenueTieIn,
    VenueTieOut,
)

api = Api("venues", __name__)

ONE = "/venues/<uuid:id>"

api.route("POST", "/venues", venues.register, body=VenueIn, out=VenueOut, status=201, says="Register a venue in a case")
api.route(
    "GET",
    "/cases/<uuid:id>/venues",
    venues.list_of_case,
    query=VenuesIn,
    out=VenueOut,
    many=True,
    says="The venues of a case, newest first",
)
api.route(
    "GET",
    "/venues",
    venues.list_all,
    query=VenuesIn,
    out=VenueOut,
    many=True,
    says="The venues of my cases, newest first",
)
api.route(
    "GET",
    "/venues/areas",
    areas.list_areas,
    query=AreasIn,
    out=AreaOut,
    many=True,
    says="How many venues of each area are open and closed, of those that I may see",
)
api.route("GET", ONE, venues.read, out=VenueOut, says="One venue")
api.route("PATCH", ONE, venues.edit, body=VenueChangeIn, out=VenueOut, says="Change what is known of a venue")
api.route(
    "POST",
    f"{ONE}/transitions",
    venues.transition,
    body=VenueStepIn,
    out=VenueOut,
    says="Take the venue a step on; 409 names what is allowed",
)
api.route(
    "GET",
    f"{ONE}/next-steps",
    venues.next_steps,
    out=VenueNextStepOut,
    many=True,
    says="The steps that are legal now: who may take each, and what is still missing for it",
)
api.route(
    "GET",
    f"{ONE}/ties",
    venue_ties.list_of_venue,
    query=PageIn,
    out=VenueTieOut,
    many=True,
    says="Who was what to it, and when",
)
api.route(
    "POST",
    f"{ONE}/ties",
    venue_ties.add,
    body=VenueTieIn,
    out=VenueTieOut,
    status=201,
    says="Say what somebody was to it",
)
api.route(
    "POST",
    "/venue-ties/<uuid:id>/end",
    venue_ties.end,
    body=VenueTieEndIn,
    out=VenueTieOut,
    says="Say until when somebody was that to it",
)
api.route(
    "GET",
    f"{ONE}/observations",
    inspections.observations,
    query=PageIn,
    out=ObservationOut,
    many=True,
    says="What was seen there, the latest day first",
)
api.route(
    "POST",
    f"{ONE}/observations",
    inspections.observe,
    body=ObservationIn,
    out=ObservationOut,
    status=201,
    says="Note what was seen there on a day",
)
api.route(
    "GET",
    f"{ONE}/inspections",
    inspections.inspections,
    query=PageIn,
    out=InspectionOut,
    many=True,
    says="Who went to see whether it is closed, the latest day first",
)
api.route(
    "POST",
    f"{ONE}/inspections",
    inspections.inspect,
    body=InspectionIn,
    out=InspectionOut,
    status=201,
    says="Say that one went to see whether it is closed",
)
