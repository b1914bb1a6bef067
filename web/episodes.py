"""Episodes of exploitation: on a victim's page, on a venue's, and the forms that write them."""

from typing import Any
from uuid import UUID

from flask import render_template
from flask_babel import lazy_gettext as _l

from evidence_api.domain.victim import OUT, Exit, Exploitation, Means, Spell, in_order
from evidence_api.models import Episode, Venue, Victim
from evidence_api.policy import Permission
from evidence_api.services import episodes, searches, venues, victims
from evidence_api.services.episodes import Told
from evidence_api.work import Work
from schemas.common import PageIn
from web import venues as venue_pages
from web import victims as victim_pages
from web.cases import asked, further
from web.forms import Choices, Field, Form, add, contract, known, one_of
from web.pages import SHOWN, Page, Section, may, page, reading

NEWEST = 20
"""How many episodes another page shows; each has a page of its own for all."""


def _of_victim(work: Work, victim: Victim) -> dict[str, Any]:
    found, more = episodes.of_victim(work, victim.id, limit=NEWEST)
    return {
        "episodes": _in_time(found),
        "more": more,
        "goes_on": [one for one in found if not one.ended_on and not one.exit] if victim.whereabouts in OUT else [],
        "searches": searches.list_searches(work, victim=victim.id, open=True)[0],
        "writes": may(work, Permission.EPISODE_WRITE, victim),
    }


def _in_time(found: list[Told]) -> list[Told]:
    """The latest first; `found` in the order of recording, the last first."""
    recorded = found[::-1]
    order = in_order([Spell(one.started_on, one.ended_on) for one in recorded])
    return [recorded[place] for place in reversed(order)]


def _of_venue(work: Work, venue: Venue) -> dict[str, Any]:
    found, more = episodes.of_venue(work, venue.id, limit=NEWEST)
    return {"episodes": found, "more": more}


victim_pages.SECTIONS.append(Section("_victim_episodes.html", Permission.VICTIM_READ, _of_victim))
venue_pages.SECTIONS.append(Section("_venue_episodes.html", Permission.VICTIM_READ, _of_venue))


@page("/victims/<uuid:id>/episodes", episodes.of_victim)
def victim_episodes(id: UUID) -> Page:
    """All her episodes, the last recorded first."""
    given = asked(PageIn, SHOWN)
    with reading() as work:
        her = victims.read(work, id)
        found, following = episodes.of_victim(work, id, **given)
        return render_template(
            "episodes.html",
            victim=her,
            venue=None,
            episodes=found,
            more=further("pages.victim_episodes", following, id=id),
            writes=may(work, Permission.EPISODE_WRITE, her),
        )


@page("/venues/<uuid:id>/episodes", episodes.of_venue)
def venue_episodes(id: UUID) -> Page:
    """All episodes at a venue, the last recorded first."""
    given = asked(PageIn, SHOWN)
    with reading() as work:
        place = venues.read(work, id)
        found, following = episodes.of_venue(work, id, **given)
        return render_template(
            "episodes.html",
            victim=None,
            venue=place,
            episodes=found,
            more=further("pages.venue_episodes", following, id=id),
            writes=may(work, Permission.EPISODE_WRITE),
        )


# --- forms ------------------------------------------------------------------------------------------------------------


def known_venues(work: Work, _thing: Any) -> Choices:
    """The venues of which she may know, to choose from."""
    return [(str(venue.id), f"{venue.ref} {venue.description}") for venue in episodes.known_venues(work)]


FIELDS = (
    Field("started_on", _l("First day"), "date", _l("As near as it is known."), value=known(Episode, "started_on")),
    Field("ended_on", _l("Last day"), "date", _l("Leave it empty while it goes on."), value=known(Episode, "ended_on")),
    Field("exit", _l("How it ended"), "choice", choices=one_of(Exit), value=known(Episode, "exit")),
    Field(
        "exploitation",
        _l("Forms of exploitation"),
        "checks",
        choices=one_of(Exploitation),
        value=known(Episode, "exploitation"),
    ),
    Field(
        "means", _l("By what means she was controlled"), "checks", choices=one_of(Means), value=known(Episode, "means")
    ),
)


VENUE = Field("venue", _l("Venue"), "choice", _l("Where she was held or exploited."), known_venues)

add(
    Form(
        "new_episode",
        "/victims/<uuid:id>/episodes/new",
        contract("POST", "/episodes"),
        _l("Record an episode"),
        _l("Record it"),
        [VENUE, *FIELDS],
        says=_l("A time of exploitation, in one place. Where it is not her first, every case that knows her is told."),
        done=_l("The episode is recorded."),
        thing=victims.read,
        head="_victim_head.html",
        back=victim_pages.to_victim,
        then=victim_pages.to_her,
        into="victim",
    )
)
add(
    Form(
        "edit_episode",
        "/episodes/<uuid:id>/edit",
        contract("PATCH", "/episodes/<uuid:id>"),
        _l("Change an episode"),
        _l("Save"),
        [VENUE, *FIELDS],
        says=_l("What stood there before stays in the ledger. What is left empty stays as it is."),
        done=_l("The episode is changed."),
        thing=lambda work, id: work.get(Episode, id, Permission.EPISODE_WRITE),
        back=victim_pages.to_her,
        then=victim_pages.to_her,
    )
)
