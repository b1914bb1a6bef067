"""Venues: where exploitation goes on, who is behind it, and how far its closing has come."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from flask import render_template, url_for
from flask_babel import lazy_gettext as _l

from evidence_api.domain.case import ENDED
from evidence_api.domain.venue import VENUE, Seen, VenueKind, VenueState, VenueTieKind
from evidence_api.models import Inspection, Venue
from evidence_api.policy import Permission
from evidence_api.services import accounts, evidence, perpetrators, venues
from evidence_api.services import cases as casework
from evidence_api.services.venues import Tied
from evidence_api.work import Work
from schemas.common import MAX_PAGE, PageIn
from schemas.venues import AreasIn, VenuesIn
from web.cases import ROOMS, Room, asked, countries, further
from web.forms import Choices, Field, Form, Path, add, contract
from web.pages import SHOWN, Page, may, page, reading
from web.texts import ACTS, said

NEWEST = 10
"""How many ties, observations and inspections a venue's page shows; each has a page of its own for all."""

STEPS: dict[str, Any] = {
    **{action: ACTS[action] for action in VENUE.actions},
    "intervene": _l("Record the intervention"),
    "reopen": _l("Record that it is in use again"),
}
"""What can be done with a venue; some names mean another thing with a case."""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a venue's page that another module shows.

    `load(work, venue)` gives what `template` shows as `part`, beside `venue`. Who has no `permission` does not see it.
    """

    template: str
    permission: Permission
    load: Callable[[Work, Venue], Any]


SECTIONS: list[Section] = []
"""In the order in which they are shown; each module of pages adds its own."""

ROOMS.append(Room("case_venues", _l("Venues"), Permission.CASEWORK_READ))


def options(kind: type[StrEnum]) -> Choices:
    """What a choice of one of an enum's members offers."""
    return [(member.value, said(member)) for member in kind]


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


@page("/venues/areas", venues.areas)
def venue_areas() -> Page:
    """How many venues of each area are open and closed."""
    given = asked(AreasIn, SHOWN)
    with reading() as work:
        found, following = venues.areas(work, **given)
        return render_template(
            "venue_areas.html",
            areas=found,
            states=list(VenueState),
            more=further("pages.venue_areas", following),
            given=given,
            countries=countries(work, None),
        )


@page("/venues/<uuid:id>", venues.read)
def venue(id: UUID) -> Page:
    """One venue: what it is, how far its closing has come, who is behind it, what was seen there."""
    with reading() as work:
        found = venues.read(work, id)
        case = casework.read_case(work, found.case_id)
        ties, more_ties = venues.ties(work, id, limit=NEWEST)
        observed, more_observed = venues.observations(work, id, limit=NEWEST)
        inspected, more_inspected = venues.inspections(work, id, limit=NEWEST)
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
            **_inspectors(work, id, inspected),
            writes=case.stage not in ENDED and may(work, Permission.VENUE_WRITE, found),
            notes=may(work, Permission.VENUE_WRITE, found),
            moves=may(work, Permission.VENUE_MOVE, found),
            inspects=may(work, Permission.VENUE_WRITE, found),
            sections=[
                (section.template, section.load(work, found))
                for section in SECTIONS
                if may(work, section.permission, found)
            ],
        )


def _course(venue: Venue) -> list[VenueState]:
    """The states on the way to another use, with that closing which came of it, or which is hoped for."""
    left_out = {VenueState.DISPLACED, VenueState.TEMPORARILY_CLOSED}
    if venue.state is VenueState.TEMPORARILY_CLOSED:
        left_out = {VenueState.DISPLACED, VenueState.PERMANENTLY_CLOSED}
    return [state for state in VenueState if state not in left_out]


def _inspectors(work: Work, id: UUID, inspections: Collection[Inspection]) -> dict[str, Any]:
    return {
        "names": accounts.names(work, ids={one.inspector_id for one in inspections}),
        "items": venues.refs_of_items(work, id, inspections=inspections),
    }


@page("/venues/<uuid:id>/ties", venues.ties)
def venue_ties(id: UUID) -> Page:
    """Everybody who was something to a venue."""
    return _all(id, "ties", venues.ties)


@page("/venues/<uuid:id>/observations", venues.observations)
def venue_observations(id: UUID) -> Page:
    """All that was seen at a venue."""
    return _all(id, "observations", venues.observations)


@page("/venues/<uuid:id>/inspections", venues.inspections)
def venue_inspections(id: UUID) -> Page:
    """Everybody who went to see whether a venue is closed."""
    return _all(id, "inspections", venues.inspections)


def _all(id: UUID, what: str, load: Callable[..., Any]) -> Page:
    given = asked(PageIn, SHOWN)
    with reading() as work:
        found = venues.read(work, id)
        rows, following = load(work, id, **given)
        return render_template(
            "venue_rows.html",
            venue=found,
            what=what,
            rows=rows,
            more=further(f"pages.venue_{what}", following, id=id),
            writes=may(work, Permission.VENUE_WRITE, found),
            **(_inspectors(work, id, rows) if what == "inspections" else {}),
        )


# --- forms ------------------------------------------------------------------------------------------------------------


def _to_venue(_thing: Any, path: Path) -> str:
    return url_for("pages.venue", id=path["id"])


def _of_enum(kind: type[StrEnum]) -> Callable[[Work, Any], Choices]:
    return lambda _work, _thing: options(kind)


def _said_of(name: str) -> Callable[[Any], Any]:
    """What stands in a field at first: what is known of a venue that is edited, nothing of one that is new."""
    return lambda thing: getattr(thing, name) if isinstance(thing, Venue) else None


ABOUT = (
    Field("kind", _l("What kind of place"), "choice", choices=_of_enum(VenueKind), value=_said_of("kind"), always=True),
    Field(
        "description",
        _l("How to know it"),
        hint=_l("Such as its sign or its gate. Write no name of a person."),
        value=_said_of("description"),
        always=True,
    ),
    Field("place", _l("Where it is, in words"), value=_said_of("place")),
    Field(
        "area",
        _l("Area"),
        hint=_l("The quarter, village or district, always written the same: venues are counted by it."),
        value=_said_of("area"),
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
        value=_said_of("latitude"),
    ),
    Field("longitude", _l("Longitude, from -180 to 180"), "number", value=_said_of("longitude")),
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
        thing=lambda work, id: casework.read_case(work, id),
        head="_case.html",
        into="case",
        back=lambda _thing, path: url_for("pages.case_venues", id=path["id"]),
        then=lambda venue, _path: url_for("pages.venue", id=venue.id),
    )
)


def _venue_form(
    name: str, path: str, method: str, rule: str, title: Any, button: Any, *fields: Field, **more: Any
) -> None:
    """A form about one venue."""
    add(
        Form(
            name,
            f"/venues/<uuid:id>/{path}",
            contract(method, f"/venues/<uuid:id>{rule}"),
            title,
            button,
            fields,
            thing=lambda work, id: venues.read(work, id),
            head="_venue_head.html",
            back=_to_venue,
            **more,
        )
    )


REASON = Field("reason", _l("Reason"), "lines", _l("It is kept in the ledger for good. Write no name of a person."))

_venue_form(
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
    "displace": Field("successor", _l("The venue that it moved to"), "choice", choices=_successors, always=True),
    "repurpose": Field("new_use", _l("What it is now"), hint=_l("Such as a school or a community centre.")),
}

for _action in VENUE.actions:
    _venue_form(
        f"venue_do_{_action}",
        f"do/{_action}",
        "POST",
        "/transitions",
        STEPS[_action],
        STEPS[_action],
        *([MORE[_action]] if _action in MORE else []),
        REASON,
        Field("occurred_at", _l("When it happened"), "moment", _l("Leave it empty if it is happening now.")),
        says=SAYS.get(_action, ""),
        fixed={"action": _action},
        done=_l("The state of the venue has changed."),
        danger=_action in {"displace", "reopen"},
    )


def _perpetrators(work: Work, venue: Venue) -> Choices:
    found, _more = perpetrators.list_of_case(work, venue.case_id, limit=MAX_PAGE)
    return [(str(one.id), f"{one.ref} {one.alias}") for one in found]


_venue_form(
    "new_venue_tie",
    "ties/new",
    "POST",
    "/ties",
    _l("Say what somebody was to the venue"),
    _l("Save"),
    Field("kind", _l("What she or he was"), "choice", choices=_of_enum(VenueTieKind)),
    Field("perpetrator", _l("A perpetrator of the case"), "choice", choices=_perpetrators),
    Field("name", _l("Or a name"), hint=_l("Of somebody who is no perpetrator, such as a landlord.")),
    Field("from_on", _l("From"), "date"),
    Field("until_on", _l("Until"), "date", hint=_l("Leave it empty if it is so still.")),
    done=_l("It is noted."),
)


def _to_tied(tie: Tied, _path: Path) -> str:
    return url_for("pages.venue", id=tie.venue_id)


add(
    Form(
        "end_venue_tie",
        "/venue-ties/<uuid:id>/end",
        contract("POST", "/venue-ties/<uuid:id>/end"),
        _l("Say until when it was so"),
        _l("Save"),
        [Field("until_on", _l("Until"), "date"), REASON],
        done=_l("It is noted."),
        thing=lambda work, id: venues.read_tie(work, id),
        head="_venue_tie_head.html",
        back=_to_tied,
    )
)

_venue_form(
    "new_observation",
    "observations/new",
    "POST",
    "/observations",
    _l("Note what was seen there"),
    _l("Save"),
    Field("observed_on", _l("Day"), "date"),
    Field("seen", _l("It was"), "choices", choices=_of_enum(Seen)),
    Field("people", _l("How many people seemed to be exploited there"), "number"),
    Field("minors", _l("How many of them seemed to be minors"), "number"),
    Field("note", _l("What else was seen"), "lines"),
    says=_l("It does not change the state of the venue."),
    done=_l("The observation is noted."),
)


def _items(work: Work, venue: Venue) -> Choices:
    found, _more = evidence.list_of_case(work, venue.case_id, limit=MAX_PAGE, cursor=None)
    return [(str(item.id), f"{item.ref} {item.title}") for item in found]


_venue_form(
    "new_inspection",
    "inspections/new",
    "POST",
    "/inspections",
    _l("Note an inspection"),
    _l("Save"),
    Field("inspected_on", _l("Day"), "date"),
    Field("found", _l("You found it"), "choices", choices=_of_enum(Seen)),
    Field(
        "evidence",
        _l("The item of evidence that shows it"),
        "choice",
        hint=_l("Without one, the inspection verifies nothing."),
        choices=_items,
    ),
    Field("note", _l("What else you found"), "lines"),
    says=_l("You went to see whether the venue is closed."),
    done=_l("The inspection is noted."),
)
