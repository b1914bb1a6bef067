"""Perpetrators: who is suspected, what she or he is to whom, and where."""

from collections.abc import Callable
from dataclasses import dataclass
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
from schemas.common import PageIn
from schemas.perpetrators import PerpetratorsIn
from web.cases import ROOMS, Room, asked, countries, further
from web.forms import Choices, Field, Form, Path, add, contract
from web.pages import SHOWN, Page, may, page, reading
from web.texts import LABELS
from web.venues import REASON, options

NEWEST = 10
"""How many victims and venues a perpetrator's page shows; each has a page of its own for all."""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a perpetrator's page that another module shows.

    `load(work, perpetrator)` gives what `template` shows as `part`, beside `perpetrator`. Who has no `permission` does
    not see it.
    """

    template: str
    permission: Permission
    load: Callable[[Work, Perpetrator], Any]


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
            sections=[
                (section.template, section.load(work, found))
                for section in SECTIONS
                if may(work, section.permission, found)
            ],
        )


@page("/perpetrators/<uuid:id>/victims", perpetrators.victims)
def perpetrator_victims(id: UUID) -> Page:
    """Everybody to whom a perpetrator is, or was, something."""
    return _all(id, "victims", perpetrators.victims)


@page("/perpetrators/<uuid:id>/venues", perpetrators.venues)
def perpetrator_venues(id: UUID) -> Page:
    """Every venue to which a perpetrator is, or was, something."""
    return _all(id, "venues", perpetrators.venues)


def _all(id: UUID, what: str, load: Callable[..., Any]) -> Page:
    given = asked(PageIn, SHOWN)
    with reading() as work:
        found = perpetrators.read(work, id)
        rows, following = load(work, id, **given)
        return render_template(
            "perpetrator_rows.html",
            perpetrator=found,
            what=what,
            rows=rows,
            more=further(f"pages.perpetrator_{what}", following, id=id),
            writes=may(work, Permission.PERPETRATOR_WRITE, found),
        )


# --- forms ------------------------------------------------------------------------------------------------------------


def _to_perpetrator(_thing: Any, path: Path) -> str:
    return url_for("pages.perpetrator", id=path["id"])


def _said_of(name: str) -> Callable[[Any], Any]:
    """What stands in a field at first: what is known of one who is edited, nothing of one who is new."""
    return lambda thing: getattr(thing, name) if isinstance(thing, Perpetrator) else None


ABOUT = (
    Field(
        "alias",
        _l("Name by which people speak of her or him"),
        hint=_l("Everybody who works on the case sees it."),
        value=_said_of("alias"),
        always=True,
    ),
    Field("aliases", _l("Other names"), "list", hint=_l("With commas between them."), value=_said_of("aliases")),
    Field(
        "roles",
        _l("What she or he does"),
        "checks",
        choices=lambda _work, _thing: options(PerpetratorRole),
        value=_said_of("roles"),
        always=True,
    ),
    Field("gender", _l("Gender"), "choice", choices=lambda _work, _thing: options(Gender), value=_said_of("gender")),
    Field("country", _l("Country"), "choice", choices=countries, value=_said_of("country")),
    Field("note", _l("What else is known"), "lines", value=_said_of("note")),
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
        thing=lambda work, id: casework.read_case(work, id),
        head="_case.html",
        into="case",
        back=lambda _thing, path: url_for("pages.case_perpetrators", id=path["id"]),
        then=lambda perpetrator, _path: url_for("pages.perpetrator", id=perpetrator.id),
    )
)


def _perpetrator_form(
    name: str, path: str, method: str, rule: str, title: Any, button: Any, *fields: Field, **more: Any
) -> None:
    """A form about one perpetrator."""
    add(
        Form(
            name,
            f"/perpetrators/<uuid:id>/{path}",
            contract(method, f"/perpetrators/<uuid:id>{rule}"),
            title,
            button,
            fields,
            thing=lambda work, id: perpetrators.read(work, id),
            head="_perpetrator_head.html",
            back=_to_perpetrator,
            **more,
        )
    )


_perpetrator_form(
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


_perpetrator_form(
    "tie_victim",
    "victims/new",
    "POST",
    "/victims",
    _l("Say what she or he is to a victim"),
    _l("Save"),
    Field("victim", _l("The victim"), "choice", choices=_victims),
    Field("relation", _l("What she or he is, or did, to her"), "choice", choices=lambda _w, _t: options(Relation)),
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
        thing=lambda work, id: perpetrators.read_tie(work, id),
        head="_victim_tie_head.html",
        back=_to_tied,
        danger=True,
    )
)

_perpetrator_form(
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
_perpetrator_form(
    "reveal_perpetrator_address",
    "address/reveal",
    "POST",
    "/address/reveal",
    _l("Reveal known addresses"),
    _l("Reveal them"),
    REASON,
    Field("otp", _l("Code"), "code", always=True),
    says=_l("They are shown once. That you saw them, and why, is kept in the ledger."),
    shows=lambda revealed, path: render_template(
        "perpetrator_address.html", back=_to_perpetrator(None, path), **revealed
    ),
)
