"""Venues: where exploitation goes on, who is behind it, and how far its closing has come."""

from collections.abc import Collection
from functools import partial
from typing import Any
from uuid import UUID

from flask import render_template, url_for
from flask_babel import lazy_gettext as _l

from evidence_api.domain.case import ENDED
from evidence_api.domain.venue import VENUE, VenueKind, VenueState
from evidence_api.models import Inspection, Venue
from evidence_api.policy import Permission
from evidence_api.services import accounts, inspections, venue_ties, venues
from evidence_api.services import cases as casework
from evidence_api.work import Work
from schemas.venues import VenuesIn
from web.cases import ROOMS, Room, all_rows, asked, countries, further
from web.forms import REASON, WHEN, Choices, Field, Form, Path, about, add, contract, known, one_of, options
from web.pages import SHOWN, Page, Section, may, page, parts, reading
from web.texts import ACTS

NEWEST = 10
"""How many ties, observations and inspections a venue's page shows; each has a page of its own for all."""

STEPS: dict[str, Any] = {
    **{action: ACTS[action] for action in VENUE.actions},
    "intervene": _l("Record the intervention"),
    "reopen": _l("Record that it is in use again"),
}
"""What can be done with a venue; some names mean another thing with a case."""


SECTIONS: list[Section] = []
"""In the order in which they are shown; each module of pages adds its own."""

ROOMS.append(Room("case_venues", _l("Venues"), Permission.CASEWORK_READ))


@page("/cases/<uuid:id>/venues", venues.list_of_case)
def case_venues(id: UUID) -> Page:
    """The venues of a case, newest first."""
    given = asked(VenuesIn, SHOWN)
    with reading() as work:
        case = casework.read_case(work, id)
        found, following = venues.list_of_case(work, id, **given)
        return render_template(
            "case_venues.html",
            case=case,
            venues=found,
            more=further("pages.case_venues", following, id=id),
            given=given,
            kinds=options(VenueKind),
            states=options(VenueState),
            adds=case.stage not in ENDED and may(work, Permission.VENUE_WRITE),
        )


@page("/venues/<uuid:id>", venues.read)
def venue(id: UUID) -> Page:
    """One venue: what it is, how far its closing has come, who is behind it, what was seen there."""
    with reading() as work:
        found = venues.read(work, id)
        case = casework.read_case(work, found.case_id)
        ties, more_ties = venue_ties.list_of_venue(work, id, limit=NEWEST)
        observed, more_observed = inspections.observations(work, id, limit=NEWEST)
        inspected, more_inspected = inspections.inspections(work, id, limit=NEWEST)
        return render_template(
            "venue.html",
            venue=found,
            case=case,
            course=_course(found),
            steps=venues.next_steps(work, id)[0],
            acts=STEPS,
            ties=ties,
            more_ties=more_ties,
            observations=observed,
            more_observations=more_observed,
            inspections=inspected,
            more_inspections=more_inspected,
            **inspectors(work, id, inspected),
            writes=case.stage not in ENDED and may(work, Permission.VENUE_WRITE, found),
            notes=may(work, Permission.VENUE_WRITE, found),
            moves=may(work, Permission.VENUE_MOVE, found),
            inspects=may(work, Permission.VENUE_WRITE, found),
            sections=parts(work, SECTIONS, found),
        )


def _course(venue: Venue) -> list[VenueState]:
    """The states on the way to another use, with that closing which came of it, or which is hoped for."""
    left_out = {VenueState.DISPLACED, VenueState.TEMPORARILY_CLOSED}
    if venue.state is VenueState.TEMPORARILY_CLOSED:
        left_out = {VenueState.DISPLACED, VenueState.PERMANENTLY_CLOSED}
    return [state for state in VenueState if state not in left_out]


def inspectors(work: Work, id: UUID, found: Collection[Inspection]) -> dict[str, Any]:
    """The names of those who went, and the refs of what they brought."""
    return {
        "names": accounts.names(work, ids={one.inspector_id for one in found}),
        "items": inspections.refs_of_items(work, id, inspections=found),
    }


all_of_venue = partial(all_rows, "venue", venues.read, Permission.VENUE_WRITE)


# --- forms ------------------------------------------------------------------------------------------------------------


def to_venue(_thing: Any, path: Path) -> str:
    return url_for("pages.venue", id=path["id"])


ABOUT = (
    Field(
        "kind", _l("What kind of place"), "choice", choices=one_of(VenueKind), value=known(Venue, "kind"), always=True
    ),
    Field(
        "description",
        _l("How to know it"),
        hint=_l("Such as its sign or its gate. Write no name of a person."),
        value=known(Venue, "description"),
        always=True,
    ),
    Field("place", _l("Where it is, in words"), value=known(Venue, "place")),
    Field(
        "area",
        _l("Area"),
        hint=_l("The quarter, village or district, always written the same: venues are counted by it."),
        value=known(Venue, "area"),
    ),
    Field(
        "country",
        _l("Country"),
        "choice",
        choices=countries,
        value=lambda thing: thing.country,
    ),
    Field(
        "latitude",
        _l("Latitude, from -90 to 90"),
        "number",
        hint=_l("Give both, or neither."),
        value=known(Venue, "latitude"),
    ),
    Field("longitude", _l("Longitude, from -180 to 180"), "number", value=known(Venue, "longitude")),
)

add(
    Form(
        "new_venue",
        "/cases/<uuid:id>/venues/new",
        contract("POST", "/venues"),
        _l("Register a venue"),
        _l("Register it"),
        ABOUT,
        done=_l("The venue is registered. Note what was seen there, and who is behind it."),
        thing=casework.read_case,
        head="_case.html",
        into="case",
        back=lambda _thing, path: url_for("pages.case_venues", id=path["id"]),
        then=lambda venue, _path: url_for("pages.venue", id=venue.id),
    )
)


on_venue = partial(about, "/venues/<uuid:id>", thing=venues.read, head="_venue_head.html", back=to_venue)

on_venue(
    "edit_venue",
    "edit",
    "PATCH",
    "",
    _l("Edit the venue"),
    _l("Save"),
    *ABOUT,
    says=_l("What stood there before stays in the ledger."),
    done=_l("The venue is changed."),
    clears=True,
)


def _successors(work: Work, venue: Venue) -> Choices:
    return [(str(one.id), f"{one.ref} {one.description}") for one in venues.possible_successors(work, venue.id)]


SAYS = {
    "verify": _l("It takes an inspection with an item of evidence, by somebody who did not seek the closure."),
    "displace": _l("The trade has moved on. The venue that it moved to is registered first."),
    "reopen": _l("Whoever sought its closure does so anew, once it is to be closed again."),
}
MORE = {
    "displace": [Field("successor", _l("The venue that it moved to"), "choice", choices=_successors, always=True)],
    "repurpose": [
        Field("new_use", _l("What it is now"), hint=_l("Such as a school or a community centre.")),
        Field("new_use_by", _l("Who uses it now"), hint=_l("An organisation. Write no name of a person.")),
    ],
}

for _action in VENUE.actions:
    on_venue(
        f"venue_do_{_action}",
        f"do/{_action}",
        "POST",
        "/transitions",
        STEPS[_action],
        STEPS[_action],
        *MORE.get(_action, []),
        REASON,
        WHEN,
        says=SAYS.get(_action, ""),
        fixed={"action": _action},
        done=_l("The state of the venue has changed."),
        danger=_action in {"displace", "reopen"},
    )
