"""The lock and the quick exit. A locked session answers every page with a question for a code, at the same address;
what was typed comes along and is sent on once the code is right."""

from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from evidence_api import auth
from evidence_api.domain.errors import CsrfFailed, StepUpRequired, TooManyTries
from evidence_api.services import health, sessions
from evidence_api.work import begin
from web.pages import Page, explain, frame_up, page, pages, refused
from web.returning import NEXT, own_page

CODE = "unlock_code"
NOT_KEPT = frozenset({"csrf_token", CODE, "otp", "password", "new_password", "repeated"})
"""What is asked for again: secrets do not stand in a page that waits."""
OPEN = frozenset({"pages.enter", "pages.enrol", "pages.leave", "pages.quick_exit", "pages.away"})


@pages.before_request
def guard() -> Page | None:
    """While the session is locked, ask for a code in place of every page; with the right one, the request goes on."""
    if request.endpoint in OPEN or not auth.by_session() or not auth.session_actor().locked:
        return None
    code = request.form.get(CODE, "").strip()[:40]
    if not code:
        return _locked({CODE: [_("Enter the code.")]} if CODE in request.form else {})
    try:
        auth.unlock(code)
    except StepUpRequired:
        return _locked({CODE: [_("This code is not right, or was used before. Wait for the next one.")]})
    except TooManyTries as error:
        return _locked({}, *refused(error))
    frame_up()
    return None


def _locked(errors: dict[str, list[str]], wrong: str = "", status: int = 423) -> Page:
    if request.method == "POST":
        action = request.path
        kept = [(name, value) for name, value in request.form.items(multi=True) if name not in NOT_KEPT]
    else:
        action = url_for("pages.unlock")
        kept = [(NEXT, request.full_path.rstrip("?"))]
    return render_template("locked.html", action=action, kept=kept, errors=errors, wrong=wrong, code=CODE), status


@page("/unlock", sessions.unlock, "POST")
def unlock() -> Page:
    """Where the locked page of a page that was only to be read leads back from; the code has been seen to before."""
    auth.session_actor()
    return redirect(own_page(request.form.get(NEXT, "")) or url_for("pages.home"), 303)


@page("/quick-exit", sessions.lock, "POST")
def quick_exit() -> Page:
    """Lock the session and show something else, at once."""
    if auth.by_session():
        with begin(auth.current_site(), auth.session_actor()) as work:
            sessions.lock(work)
    return _go_away()


@pages.errorhandler(CsrfFailed)
def hide_or_explain(error: CsrfFailed) -> Page:
    """A quick exit locks and hides even from an old form, as after another sign-in; any other is explained."""
    # The cookie goes with no request that another site began (SameSite=Strict), and a forged lock would cost a code.
    return quick_exit() if request.endpoint == "pages.quick_exit" else explain(error)


def _go_away() -> Response:
    away = redirect(url_for("pages.away"), 303)
    away.headers["Clear-Site-Data"] = '"cache"'
    return away


@page("/away", health.live)
def away() -> Page:
    """Nothing of ours. A form may not lead to another site (form-action), so this page leads on by itself."""
    return render_template("away.html", exit_url=auth.current_site().settings.exit_url)


@pages.app_context_processor
def idle() -> dict[str, Any]:
    """For `_lock.html`: the minutes until a page that is left alone locks itself."""
    return {"idle_minutes": auth.current_site().settings.idle_minutes}
