"""The pages: thin, server-rendered, over the same use cases as the API, in process. No script, no other host."""

from flask import Flask, render_template, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from evidence_api.api import answer_http
from web import headers
from web.pages import pages as blueprint


def register(app: Flask) -> None:
    """Add the pages, and the security headers of every answer, the API's too."""
    headers.register(app)
    app.register_blueprint(blueprint)
    for status in (404, 405):
        app.register_error_handler(status, answer_unknown)


def answer_unknown(error: HTTPException) -> Response | tuple[str, int]:
    """An address that is no page: as a page for a browser, as a problem for a program."""
    asked = request.accept_mimetypes.best_match(["application/problem+json", "text/html"])
    if request.path.startswith("/api/") or asked != "text/html":
        return answer_http(error)
    detail = "There is no page at this address. It may have been mistyped."
    return render_template("problem.html", title="No such page", detail=detail), error.code or 404
