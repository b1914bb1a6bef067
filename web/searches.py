"""Who is missed or missing: the searches, where she was seen, and the alerts to those who know her."""

from typing import Any
from uuid import UUID

from flask import render_template, url_for
from flask_babel import lazy_gettext as _l

from evidence_api.domain.case import ENDED
from evidence_api.domain.roles import CASE_ROLES
from evidence_api.domain.victim import SearchEnd, SearchKind
from evidence_api.policy import Permission
from evidence_api.services import alerts, searches
from evidence_api.services import cases as casework
from evidence_api.services.searches import Sought
from evidence_api.work import Work
from schemas.common import PageIn
from schemas.episodes import AlertsIn, AllSearchesIn, SearchesIn
from web.cases import ROOMS, Room, asked, further
from web.episodes import known_venues
from web.forms import CODE, REASON, Choices, Field, Form, Path, add, contract, options
from web.home import FEW, PARTS, Part
from web.pages import SHOWN, Page, may, page, reading

ROOMS.append(Room("case_searches", _l("Missing people"), Permission.VICTIM_READ))

SOUGHT = 15
"""How many who are sought the first page shows: they stay on it until they are found."""

Few = tuple[list[Any], bool] | None


def _open_alerts(work: Work) -> Few:
    found, more = alerts.list_alerts(work, limit=FEW, open=True)
    return (found, more is not None) if found else None


def _open_searches(work: Work) -> Few:
    found, more = searches.list_searches(work, limit=SOUGHT, open=True)
    return (found, more is not None) if found else None


PARTS.append(Part("_home_alerts.html", CASE_ROLES, _open_alerts))
PARTS.append(Part("_home_searches.html", CASE_ROLES, _open_searches))


@page("/searches", searches.list_searches)
def all_searches() -> Page:
    """Who is sought, the oldest search first."""
    given = {"open": True} | asked(AllSearchesIn, SHOWN)
    with reading() as work:
        found, following = searches.list_searches(work, **given)
        return render_template(
            "searches.html",
            case=None,
            searches=found,
            more=further("pages.all_searches", following),
            given=given,
            kinds=options(SearchKind),
            reports=False,
        )


@page("/cases/<uuid:id>/searches", searches.of_case)
def case_searches(id: UUID) -> Page:
    """Who is sought in a case, and of those whom it knows, the oldest search first."""
    given = {"open": True} | asked(SearchesIn, SHOWN)
    with reading() as work:
        found, following = searches.of_case(work, id, **given)
        case = casework.read_case(work, id)
        return render_template(
            "searches.html",
            case=case,
            searches=found,
            more=further("pages.case_searches", following, id=id),
            given=given,
            kinds=options(SearchKind),
            reports=case.stage not in ENDED and may(work, Permission.SEARCH_WRITE),
        )


@page("/searches/<uuid:id>", searches.read_search)
def one_search(id: UUID) -> Page:
    """One search: who is sought, for how long, where she was seen."""
    given = asked(PageIn, SHOWN)
    with reading() as work:
        found = searches.read_search(work, id)
        seen, following = searches.sightings(work, id, **given)
        goes_on = found.ended_at is None
        return render_template(
            "one_search.html",
            search=found,
            sightings=seen,
            more=further("pages.one_search", following, id=id),
            writes=goes_on and may(work, Permission.SEARCH_WRITE),
            ends=goes_on and found.kind is SearchKind.REPORTED and may(work, Permission.SEARCH_WRITE),
            matches=goes_on and found.victim_id is None and may(work, Permission.SEARCH_MATCH),
            reveals=found.named and may(work, Permission.IDENTITY_REVEAL),
        )


@page("/alerts", alerts.list_alerts)
def all_alerts() -> Page:
    """What the cases must hear of, newest first."""
    given = {"open": True} | asked(AlertsIn, SHOWN)
    with reading() as work:
        found, following = alerts.list_alerts(work, **given)
        return render_template("alerts.html", alerts=found, more=further("pages.all_alerts", following), given=given)


# --- forms ------------------------------------------------------------------------------------------------------------


def _to_search(_thing: Any, path: Path) -> str:
    return url_for("pages.one_search", id=path["id"])


def _victims(work: Work, search: Sought) -> Choices:
    return [(str(victim.id), victim.pseudonym) for victim in searches.candidates(work, search.id)]


def _revealed(found: dict[str, str | None], path: Path) -> Page:
    return render_template("search_name.html", name=found["name"], back=_to_search(None, path))


add(
    Form(
        "new_search",
        "/cases/<uuid:id>/searches/new",
        contract("POST", "/searches"),
        _l("Report somebody missing"),
        _l("Open the search"),
        [
            Field(
                "description", _l("What she looks like"), "lines", _l("What others may know her by. Never her name.")
            ),
            Field("last_seen_on", _l("Last seen on"), "date"),
            Field("name", _l("Her name"), hint=_l("It goes into the vault, and is not shown again.")),
        ],
        says=_l(
            "For somebody whom no case knows yet. One who is registered is reported missing on her own page. The "
            "search stays open until a caseworker has matched her, and she is found."
        ),
        done=_l("The search is open."),
        thing=casework.read_case,
        head="_case.html",
        back=lambda _thing, path: url_for("pages.case_searches", id=path["id"]),
        then=lambda search, _path: url_for("pages.one_search", id=search.id),
        into="case",
        drafts=False,
    )
)


def _form(name: str, way: str, title: Any, button: Any, *fields: Field, **more: Any) -> None:
    """A form about one search."""
    add(
        Form(
            name,
            f"/searches/<uuid:id>/{way}",
            contract("POST", f"/searches/<uuid:id>/{way}"),
            title,
            button,
            fields,
            **{"thing": searches.read_search, "head": "_search_head.html", "back": _to_search, **more},
        )
    )


_form(
    "new_sighting",
    "sightings",
    _l("Record a sighting"),
    _l("Record it"),
    Field("seen_on", _l("Seen on"), "date"),
    Field("place", _l("Where, in words")),
    Field("venue", _l("At a venue that is known"), "choice", choices=known_venues),
    Field("note", _l("By whose word, and how sure"), "lines", _l("Write no name of a person.")),
    done=_l("The sighting is recorded. The search goes on until she is found."),
)
_form(
    "match_search",
    "match",
    _l("Match her to a victim"),
    _l("It is she"),
    Field("victim", _l("The victim"), "choice", choices=_victims),
    REASON,
    says=_l(
        "The case in which she was reported knows her from now on. Where she is out already, the search ends; where "
        "another search for her is open, it goes on as that."
    ),
    done=_l("It is settled who she is."),
)
_form(
    "end_search",
    "end",
    _l("End a search because the report was mistaken"),
    _l("End the search"),
    REASON,
    says=_l("Only where nobody was missing. Whoever is found is matched to a victim, and her whereabouts say so."),
    fixed={"end": SearchEnd.MISTAKEN.value},
    done=_l("The search has ended."),
    danger=True,
)
_form(
    "reveal_search_name",
    "identity/reveal",
    _l("Open the name of who is sought"),
    _l("Show it to me"),
    REASON,
    CODE,
    says=_l("It is shown this once. That you opened it is recorded, with your reason."),
    shows=_revealed,
)

add(
    Form(
        "note_alert",
        "/alerts/<uuid:id>/note",
        contract("POST", "/alerts/<uuid:id>/note"),
        _l("Take note of an alert"),
        _l("Take note"),
        [],
        says=_l("It leaves the first pages of everybody on the case. That you took note is recorded."),
        done=_l("You have taken note."),
        thing=alerts.read_alert,
        head="_alert_head.html",
    )
)
