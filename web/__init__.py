"""The pages: thin, server-rendered, over the same use cases as the API, in process. Nothing comes from another host."""

from contextlib import suppress
from importlib import import_module

from flask import Flask, g, render_template, request
from flask_babel import gettext as _
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from evidence_api import logs
from evidence_api.api import answer_http
from web import headers, static, tables, texts
from web.pages import pages as blueprint

ROOMS = (
    "account",
    "appeals",
    "areas",
    "authority_requests",
    "bookings",
    "calendar",
    "care",
    "care_steps",
    "closure",
    "cases",
    "charges",
    "chart",
    "claims",
    "consents",
    "custody",
    "design",
    "episodes",
    "exhibits",
    "feeds",
    "figures",
    "hearings",
    "home",
    "identities",
    "inspections",
    "items",
    "keep_apart",
    "links",
    "lock",
    "operations",
    "operatives",
    "own",
    "partners",
    "people",
    "perpetrators",
    "placements",
    "plans",
    "resources",
    "rosters",
    "search",
    "searches",
    "tables",
    "testimonies",
    "tips",
    "uploads",
    "venue_ties",
    "venues",
    "victims",
    "viewing",
)
"""Each adds its pages to the blueprint as it is imported."""

for _room in ROOMS:
    import_module(f"{__name__}.{_room}")


def register(app: Flask) -> None:
    """Add the pages, and the security headers of every answer, the API's too."""
    headers.register(app)
    texts.register(app)
    static.register(app)
    app.request_class = tables.InMemory
    app.register_blueprint(blueprint)
    app.register_error_handler(HTTPException, answer_refused)
    app.register_error_handler(500, answer_defect)


def _for_browser() -> bool:
    asked = request.accept_mimetypes.best_match(["application/problem+json", "text/html"])
    return asked == "text/html" and not request.path.startswith("/api/")


def answer_refused(error: HTTPException) -> Response | tuple[str, int]:
    """What the protocol refuses, such as an unknown address: as a page for a browser, as a problem for a program."""
    status = error.code or 500
    if not _for_browser():
        return answer_http(error)
    if status in (404, 405):
        title, detail = _("No such page"), _("There is no page at this address. It may have been mistyped.")
    elif status == 413:
        title = _("Too much for one form")
        detail = _("Nothing was changed. Go back and shorten what you wrote.")
    else:
        title = _("This could not be read")
        detail = _("Nothing was changed. Go back, load the page again and repeat it.")
    return render_template("problem.html", title=title, detail=detail), status


def answer_defect(error: Exception) -> tuple[Response | str, int]:
    """A defect of ours: as a page for a browser, unless it is every page that broke."""
    answer = logs.defect(error)
    if not _for_browser():
        return answer
    g.frame = None
    with suppress(Exception):
        detail = _("Nothing was changed. Tell your administrator this number: %(number)s", number=g.request_id)
        return render_template("problem.html", title=_("A fault of ours"), detail=detail), 500
    return answer
