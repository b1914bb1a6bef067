"""What every page is made with: the blueprint, the frame round a page, and how errors are told."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Blueprint, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from evidence_api import auth
from evidence_api.domain.errors import DomainError, NotSignedIn
from evidence_api.domain.roles import Role
from evidence_api.errors import HANDLED, problem
from evidence_api.policy import Permission, refusal
from evidence_api.services import accounts, handovers
from evidence_api.work import Work, act_of, begin
from web.returning import remember_where

pages = Blueprint("pages", __name__, template_folder="templates")

Page = str | tuple[str, int] | Response
View = TypeVar("View", bound=Callable[..., Page])
MAX_FORM_BYTES = 1 << 18
FORM_BYTES: dict[str, int] = {}
"""Pages that take more than that; each module of pages adds its own."""
SHOWN = 50
"""How many rows a page shows at once."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands round every page of a person who is signed in."""

    username: str
    role: Role
    roles: list[Role]
    office: str
    zone: str
    language: str | None
    waiting: int


def page(rule: str, use: Callable[..., Any], *methods: str) -> Callable[[View], View]:
    """Add a page. Raises TypeError, at import, where the use case behind it declares no permission."""
    act_of(use)
    return pages.route(rule, methods=methods or ("GET",), provide_automatic_options=False)


@contextmanager
def reading() -> Iterator[Work]:
    """One read-only transaction for all that a page shows, by who is signed in. Raises NotSignedIn."""
    with begin(auth.current_site(), auth.session_actor(), read_only=True) as work:
        yield work


def may(work: Work, permission: Permission, thing: Any = None) -> bool:
    """Whether to offer an act at all; the gate decides again when it is done."""
    return refusal(work.session, work.actor, permission, thing) is None


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a thing's page that another module of pages shows.

    `load(work, thing)` gives what `template` shows as `part`, beside the thing. It is a `<section>` with a heading of
    the second level. Who has no `permission` on the thing does not see it.
    """

    template: str
    permission: Permission
    load: Callable[[Work, Any], Any]


def parts(work: Work, sections: Sequence[Section], thing: Any) -> list[tuple[str, Any]]:
    """The template and the part of each of those sections that this person may see."""
    return [(one.template, one.load(work, thing)) for one in sections if may(work, one.permission, thing)]


@pages.before_request
def frame_up() -> None:
    """Every form carries its session's token; every page of a person has its frame."""
    request.max_content_length = FORM_BYTES.get(request.endpoint or "", MAX_FORM_BYTES)
    if request.method == "POST":
        auth.check_csrf(request.form.get("csrf_token"))
    g.frame = _frame() if auth.by_session() and not auth.session_actor().locked else None


def _frame() -> Frame:
    with reading() as work:
        me = accounts.me(work)
        counts = may(work, Permission.CUSTODY_DECIDE)
        return Frame(
            username=me.user.username,
            role=me.role,
            roles=[role for role in me.user.role_names if role is not me.role],
            office=me.office,
            zone=me.zone,
            language=me.language,
            waiting=handovers.count_offers(work) if counts else 0,
        )


@pages.app_context_processor
def framed() -> dict[str, Any]:
    """For every template: the frame, None for who is not signed in; and where people reach this installation."""
    return {"frame": g.get("frame"), "site_url": auth.site_url}


@pages.errorhandler(NotSignedIn)
def to_sign_in(_error: Exception) -> Response:
    remember_where()
    return redirect(url_for("pages.enter"))


def explain(error: Exception) -> Page:
    """What went wrong and what to do, as a page."""
    found = problem(error)
    return render_template("problem.html", title=found.body["title"], detail=found.body["detail"]), found.status


for _kind in HANDLED:
    pages.register_error_handler(_kind, explain)


def refused(error: DomainError) -> tuple[str, int]:
    """The sentence for a form that is shown once more, and the status that goes with it."""
    return error.detail, problem(error).status
