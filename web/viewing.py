"""The content of an item in its page: beginning to look, the bytes for the player, saving; and what the file claims."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import redirect, render_template, request, url_for
from flask_babel import format_datetime
from flask_babel import gettext as _
from markupsafe import Markup

from evidence_api import auth
from evidence_api.api import answer_problem
from evidence_api.api.contract import authorise, load
from evidence_api.api.evidence import give_out, ranged
from evidence_api.domain.errors import (
    Conflict,
    Denied,
    DomainError,
    InvalidInput,
    NotFound,
    NotSignedIn,
    StepUpRequired,
)
from evidence_api.media import Claims, differences
from evidence_api.models import Evidence
from evidence_api.services import evidence, viewing
from evidence_api.work import Work, act_of, begin
from schemas.evidence import OpeningIn
from web.forms import code_wrong
from web.pages import Page, page, pages, reading, refused
from web.texts import day, number, when

PIECE = 4 << 20
"""At most so many bytes are given out at once: a player that plays asks again, and so keeps its viewing alive."""


@page("/items/<uuid:id>/content", viewing.open_content)
def item_content(id: UUID) -> Page:
    """The bytes, for the player, the picture and the document in the item's page."""
    try:
        with reading() as work:
            state = viewing.viewing_state(work, id)
        if state.may and not (state.given or state.needs_code or state.needs_reason):
            raise Conflict(str(_("Begin to look on the page of the item first, or download it there.")))
        return ranged(auth.session_actor(), id, shown=True, most=PIECE)
    except DomainError as error:
        # It is no page that asks for this.
        return answer_problem(error)


@page("/items/<uuid:id>/view", viewing.begin_viewing, "POST")
def view_item(id: UUID) -> Page:
    """Begin to look; the item's page then shows it."""
    return _open(id, viewing.begin_viewing, lambda _work, _nothing: redirect(_shown_at(id), 303))


@page("/items/<uuid:id>/download", viewing.download, "POST")
def download_item(id: UUID) -> Page:
    """Save the whole content."""
    return _open(id, viewing.download, give_out)


@page("/items/<uuid:id>/view/end", viewing.end_viewing, "POST")
def end_viewing(id: UUID) -> Page:
    """Look no more."""
    with begin(auth.current_site(), auth.session_actor()) as work:
        viewing.end_viewing(work, id)
    return redirect(_shown_at(id), 303)


def _shown_at(id: UUID) -> str:
    return url_for("pages.item", id=id, _anchor="content")


def _open(id: UUID, use: Callable[..., Any], then: Callable[[Work, Any], Page]) -> Page:
    actor = auth.session_actor()
    try:
        try:
            given = load(OpeningIn, {name: request.form[name] for name in OpeningIn().fields if request.form.get(name)})
        except InvalidInput:
            authorise(act_of(use), actor, {"id": id})
            raise
        with begin(auth.current_site(), auth.with_code(actor, given.pop("otp", None))) as work:
            return then(work, use(work, id, **given))
    except InvalidInput as error:
        return _again(id, error.errors, status=422)
    except StepUpRequired:
        return _again(id, {"otp": [code_wrong()]}, status=403)
    except (Denied, NotFound, NotSignedIn):
        raise
    except DomainError as error:
        return _again(id, {}, *refused(error))


def _again(id: UUID, errors: Mapping[str, Sequence[str]], wrong: str = "", status: int = 422) -> Page:
    with reading() as work:
        html = render_template(
            "viewing.html",
            item=evidence.read(work, id),
            state=viewing.viewing_state(work, id),
            errors=errors,
            wrong=wrong,
            reason=request.form.get("reason", ""),
        )
    return html, status


@dataclass(frozen=True, slots=True)
class Compared:
    """One fact, as the uploader stated it and as the file claims it; empty where one is silent."""

    name: str
    stated: str | Markup
    claimed: str | Markup
    differs: bool = False


@pages.app_template_global()
def compared(item: Evidence) -> list[Compared]:
    """What is stated of an item beside what its file says of itself, without the facts that neither tells."""
    said: dict[str, Any] = item.claims or {}
    claims = Claims(**said)
    differing = {
        found.field for found in differences(claims, item.captured_at, item.device, item.latitude, item.longitude)
    }
    pixels = _("%(width)s × %(height)s pixels", width=claims.width, height=claims.height) if claims.width else ""
    rows = [
        Compared(_("Recorded"), when(item.captured_at), _recorded(claims), "captured_at" in differing),
        Compared(_("Device"), item.device or "", claims.device or "", "device" in differing),
        Compared(
            _("Place"),
            _place(item.latitude, item.longitude),
            _place(claims.latitude, claims.longitude),
            "place" in differing,
        ),
        Compared(_("Length"), "", _length(claims.duration_seconds)),
        Compared(_("Size of the picture"), "", pixels),
        Compared(_("Made with"), "", claims.software or ""),
    ]
    return [row for row in rows if row.stated or row.claimed]


def _recorded(claims: Claims) -> str | Markup:
    if claims.recorded_at is None:
        return ""
    moment = datetime.fromisoformat(claims.recorded_at)
    if claims.recorded_at_zone_known:
        return when(moment)
    if len(claims.recorded_at) == len("2026-01-31"):
        return day(moment.date())
    local = format_datetime(moment, "medium", rebase=False)
    return str(_("%(moment)s by its own clock; the file does not say in which zone", moment=local))


def _place(latitude: float | None, longitude: float | None) -> str:
    return "" if latitude is None or longitude is None else f"{latitude:.5f}, {longitude:.5f}"


def _length(seconds: float | None) -> str:
    if seconds is None:
        return ""
    if seconds < 60:
        return str(_("%(seconds)s seconds", seconds=number(round(seconds, 1))))
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"
