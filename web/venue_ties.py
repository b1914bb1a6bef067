"""Who is behind a venue: all of them, and the forms that say who, and until when."""

from uuid import UUID

from flask import url_for
from flask_babel import lazy_gettext as _l

from evidence_api.domain.venue import VenueTieKind
from evidence_api.models import Venue
from evidence_api.services import perpetrators
from evidence_api.services import venue_ties as ties
from evidence_api.services.venue_ties import Tied
from evidence_api.work import Work
from schemas.common import MAX_PAGE
from web.forms import REASON, Choices, Field, Form, Path, add, contract, one_of
from web.pages import Page, page
from web.venues import all_of_venue, on_venue


@page("/venues/<uuid:id>/ties", ties.list_of_venue)
def venue_ties(id: UUID) -> Page:
    """Everybody who was something to a venue."""
    return all_of_venue(id, "ties", ties.list_of_venue)


def _perpetrators(work: Work, venue: Venue) -> Choices:
    found, _more = perpetrators.list_of_case(work, venue.case_id, limit=MAX_PAGE)
    return [(str(one.id), f"{one.ref} {one.alias}") for one in found]


on_venue(
    "new_venue_tie",
    "ties/new",
    "POST",
    "/ties",
    _l("Say what somebody was to the venue"),
    _l("Save"),
    Field("kind", _l("What she or he was"), "choice", choices=one_of(VenueTieKind)),
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
        thing=ties.read,
        head="_venue_tie_head.html",
        back=_to_tied,
    )
)
