"""Perpetrators: who is suspected, what she or he is to whom, and where."""

from functools import partial
from typing import Any
from uuid import UUID

from flask import render_template, url_for
from flask_babel import lazy_gettext as _l

from evidence_api.domain.case import ENDED
from evidence_api.domain.perpetrator import PerpetratorRole, Relation
from evidence_api.domain.victim import Gender
from evidence_api.models import Perpetrator
from evidence_api.policy import Permission
from evidence_api.services import cases as casework
from evidence_api.services import perpetrators
from evidence_api.services.perpetrators import TiedVictim
from evidence_api.work import Work
from schemas.perpetrators import PerpetratorsIn
from web.cases import ROOMS, Room, all_rows, asked, countries, further
from web.forms import CODE, REASON, Choices, Field, Form, Path, about, add, contract, known, one_of, options
from web.pages import SHOWN, Page, Section, may, page, parts, reading
from web.texts import LABELS

NEWEST = 10
"""How many victims and venues a perpetrator's page shows; each has a page of its own for all."""


SECTIONS: list[Section] = []
"""In the order in which they are shown; each module of pages adds its own."""

ROOMS.append(Room("case_perpetrators", _l("Perpetrators"), Permission.CASEWORK_READ))


@page("/cases/<uuid:id>/perpetrators", perpetrators.list_of_case)
def case_perpetrators(id: UUID) -> Page:
    """Who is suspected in a case, newest first."""
    given = asked(PerpetratorsIn, SHOWN)
    with reading() as work:
        case = casework.read_case(work, id)
        found, following = perpetrators.list_of_case(work, id, **given)
        return render_template(
            "case_perpetrators.html",
            case=case,
            perpetrators=found,
            more=further("pages.case_perpetrators", following, id=id),
            given=given,
            roles=options(PerpetratorRole),
            labels=LABELS[PerpetratorRole],
            adds=case.stage not in ENDED and may(work, Permission.PERPETRATOR_WRITE),
        )


@page("/perpetrators/<uuid:id>", perpetrators.read)
def perpetrator(id: UUID) -> Page:
    """One perpetrator: who she or he is, to whom, and where."""
    with reading() as work:
        found = perpetrators.read(work, id)
        case = casework.read_case(work, found.case_id)
        victims, more_victims = perpetrators.victims(work, id, limit=NEWEST)
        venues, more_venues = perpetrators.venues(work, id, limit=NEWEST)
        addresses = may(work, Permission.PERPETRATOR_ADDRESS, found)
        return render_template(
            "perpetrator.html",
            perpetrator=found,
            case=case,
            labels=LABELS[PerpetratorRole],
            victims=victims,
            more_victims=more_victims,
            venues=venues,
            more_venues=more_venues,
            writes=case.stage not in ENDED and may(work, Permission.PERPETRATOR_WRITE, found),
            addresses=addresses,
            kept=addresses and perpetrators.has_address(work, id),
            sections=parts(work, SECTIONS, found),
        )


_all = partial(all_rows, "perpetrator", perpetrators.read, Permission.PERPETRATOR_WRITE)


@page("/perpetrators/<uuid:id>/victims", perpetrators.victims)
def perpetrator_victims(id: UUID) -> Page:
    """Everybody to whom a perpetrator is, or was, something."""
    return _all(id, "victims", perpetrators.victims)


@page("/perpetrators/<uuid:id>/venues", perpetrators.venues)
def perpetrator_venues(id: UUID) -> Page:
    """Every venue to which a perpetrator is, or was, something."""
    return _all(id, "venues", perpetrators.venues)


# --- forms ------------------------------------------------------------------------------------------------------------


def _to_perpetrator(_thing: Any, path: Path) -> str:
    return url_for("pages.perpetrator", id=path["id"])


ABOUT = (
    Field(
        "alias",
        _l("Name by which people speak of her or him"),
        hint=_l("Everybody who works on the case sees it."),
        value=known(Perpetrator, "alias"),
        always=True,
    ),
    Field(
        "aliases", _l("Other names"), "list", hint=_l("With commas between them."), value=known(Perpetrator, "aliases")
    ),
    Field(
        "roles",
        _l("What she or he does"),
        "checks",
        choices=one_of(PerpetratorRole),
        value=known(Perpetrator, "roles"),
        always=True,
    ),
    Field("gender", _l("Gender"), "choice", choices=one_of(Gender), value=known(Perpetrator, "gender")),
    Field("country", _l("Country"), "choice", choices=countries, value=known(Perpetrator, "country")),
    Field("note", _l("What else is known"), "lines", value=known(Perpetrator, "note")),
)

add(
    Form(
        "new_perpetrator",
        "/cases/<uuid:id>/perpetrators/new",
        contract("POST", "/perpetrators"),
        _l("Register a perpetrator"),
        _l("Register her or him"),
        ABOUT,
        done=_l("The perpetrator is registered. Say what she or he is to which victim and venue."),
        thing=casework.read_case,
        head="_case.html",
        into="case",
        back=lambda _thing, path: url_for("pages.case_perpetrators", id=path["id"]),
        then=lambda perpetrator, _path: url_for("pages.perpetrator", id=perpetrator.id),
    )
)


_form = partial(
    about, "/perpetrators/<uuid:id>", thing=perpetrators.read, head="_perpetrator_head.html", back=_to_perpetrator
)

_form(
    "edit_perpetrator",
    "edit",
    "PATCH",
    "",
    _l("Edit the perpetrator"),
    _l("Save"),
    *ABOUT,
    says=_l("What stood there before stays in the ledger."),
    done=_l("The perpetrator is changed."),
    clears=True,
)


def _victims(work: Work, perpetrator: Perpetrator) -> Choices:
    return [(str(one.id), one.pseudonym) for one in perpetrators.possible_victims(work, perpetrator.id)]


_form(
    "tie_victim",
    "victims/new",
    "POST",
    "/victims",
    _l("Say what she or he is to a victim"),
    _l("Save"),
    Field("victim", _l("The victim"), "choice", choices=_victims),
    Field("relation", _l("What she or he is, or did, to her"), "choice", choices=one_of(Relation)),
    says=_l("Family must not be told where she is, nor be taken for safe."),
    done=_l("It is noted."),
)


def _to_tied(tie: TiedVictim, _path: Path) -> str:
    return url_for("pages.perpetrator", id=tie.perpetrator_id)


add(
    Form(
        "end_victim_tie",
        "/victim-ties/<uuid:id>/end",
        contract("POST", "/victim-ties/<uuid:id>/end"),
        _l("Say that it is not so, or no longer"),
        _l("End it"),
        [REASON],
        says=_l("What it was stays in the ledger."),
        done=_l("It has ended."),
        thing=perpetrators.read_tie,
        head="_victim_tie_head.html",
        back=_to_tied,
        danger=True,
    )
)

_form(
    "set_perpetrator_address",
    "address",
    "PUT",
    "/address",
    _l("Keep known addresses"),
    _l("Keep them"),
    Field("address", _l("Addresses"), "lines", hint=_l("All that are known. They replace what was kept before.")),
    says=_l("They are kept in the vault, and shown only for a reason, with a fresh code."),
    done=_l("The addresses are in the vault."),
    drafts=False,
)
_form(
    "reveal_perpetrator_address",
    "address/reveal",
    "POST",
    "/address/reveal",
    _l("Reveal known addresses"),
    _l("Reveal them"),
    REASON,
    CODE,
    says=_l("They are shown once. That you saw them, and why, is kept in the ledger."),
    shows=lambda revealed, path: render_template(
        "perpetrator_address.html", back=_to_perpetrator(None, path), **revealed
    ),
)
