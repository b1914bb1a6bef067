"""Where she sleeps: from when to when, sealed; each look takes a reason and a code."""

from functools import partial
from typing import Any
from uuid import UUID

from flask import render_template, url_for
from flask_babel import lazy_gettext as _l

from evidence_api.domain.care import PlacementKind
from evidence_api.models import Placement
from evidence_api.services import care, partners
from evidence_api.services import placements as placing
from evidence_api.services.placements import Revealed
from schemas.common import PageIn
from web.care import PARTNER, on_her_care
from web.cases import asked, further
from web.forms import CODE, REASON, Field, Path, about, one_of
from web.pages import SHOWN, Page, page, reading


@page("/victims/<uuid:id>/placements", placing.placements)
def placements(id: UUID) -> Page:
    """From when to when she was placed somewhere; where, each reveals."""
    given = asked(PageIn, SHOWN)
    with reading() as work:
        found, following = placing.placements(work, id, **given)
        return render_template(
            "placements.html",
            victim=care.cared_for(work, id),
            placements=found,
            more=further("pages.placements", following, id=id),
        )


def _to_placements(_thing: Any, path: Path) -> str:
    return url_for("pages.placements", id=path["id"])


def _to_placements_of(placement: Placement, _path: Path) -> str:
    return url_for("pages.placements", id=placement.victim_id)


on_her_care(
    "new_placement",
    "placements/new",
    "POST",
    "/placements",
    _l("Place her"),
    _l("Place her"),
    Field("kind", _l("Where she sleeps"), "choice", choices=one_of(PlacementKind)),
    Field("from_on", _l("From"), "date"),
    PARTNER,
    Field("address", _l("Address"), "lines"),
    says=_l(
        "What kind of place it is, with which partner and where is sealed: each look takes a reason and a code. Where "
        "she slept until then ends on that day."
    ),
    done=_l("Her placement is recorded."),
    back=_to_placements,
    then=_to_placements,
    drafts=False,
)


def _address(found: Revealed, _path: Path) -> Page:
    back = url_for("pages.placements", id=found.victim_id)
    with reading() as work:
        names = partners.names(work, ids=[found.partner_id] if found.partner_id else [])
        return render_template("placement_address.html", found=found, names=names, back=back)


_on_placement = partial(
    about, "/placements/<uuid:id>", thing=placing.read_placement, head="_placement.html", back=_to_placements_of
)

_on_placement(
    "end_placement",
    "end",
    "POST",
    "/end",
    _l("End the placement"),
    _l("End the placement"),
    Field("until_on", _l("Until"), "date"),
    REASON,
    says=_l("If she sleeps elsewhere now, place her there instead: this one then ends by itself."),
    done=_l("The placement has ended."),
    then=_to_placements_of,
)
_on_placement(
    "reveal_placement",
    "address/reveal",
    "POST",
    "/address/reveal",
    _l("Reveal where she sleeps"),
    _l("Reveal where she sleeps"),
    REASON,
    CODE,
    says=_l("It is shown once. That you have seen it, and why, is in the ledger."),
    shows=_address,
)
