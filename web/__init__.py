"""The pages: thin, server-rendered, over the same use cases as the API, in process. Nothing comes from another host."""

from flask import Flask, render_template, request
from flask_babel import gettext as _
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from evidence_api.api import answer_http
from web import (
    account,
    cases,
    custody,
    design,
    headers,
    home,
    items,
    lock,
    own,
    people,
    search,
    static,
    texts,
    uploads,
    viewing,
)
from web.pages import pages as blueprint

ROOMS = (account, cases, custody, design, home, items, lock, own, people, search, uploads, viewing)
"""Each adds its pages to the blueprint as it is imported."""


def register(app: Flask) -> None:
    """Add the pages, and the security headers of every answer, the API's too."""
    headers.register(app)
    texts.register(app)
    static.register(app)
    app.register_blueprint(blueprint)
    for status in (404, 405):
        app.register_error_handler(status, answer_unknown)


def answer_unknown(error: HTTPException) -> Response | tuple[str, int]:
    """An address that is no page: as a page for a browser, as a problem for a program."""
    asked = request.accept_mimetypes.best_match(["application/problem+json", "text/html"])
    if request.path.startswith("/api/") or asked != "text/html":
        return answer_http(error)
    detail = _("There is no page at this address. It may have been mistyped.")
    return render_template("problem.html", title=_("No such page"), detail=detail), error.code or 404
