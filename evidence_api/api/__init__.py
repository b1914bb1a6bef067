"""The JSON API under `/api/v1`: thin routes over the use cases."""

from flask import Flask, Response, jsonify
from werkzeug.exceptions import HTTPException

from evidence_api import auth
from evidence_api.api import (
    accounts,
    appeals,
    approvals,
    bookings,
    care,
    cases,
    charges,
    closure,
    episodes,
    evidence,
    exports,
    feeds,
    figures,
    files,
    health,
    hearings,
    imports,
    ledger,
    links,
    operations,
    partners,
    perpetrators,
    resources,
    search,
    testimonies,
    tips,
    uploads,
    venues,
    victims,
)
from evidence_api.api.contract import Api
from evidence_api.api.openapi import api as openapi
from evidence_api.domain.errors import CsrfFailed
from evidence_api.errors import HANDLED, MEDIA_TYPE, problem

PREFIX = "/api/v1"
APIS: tuple[Api, ...] = (
    accounts.api,
    cases.api,
    closure.api,
    evidence.api,
    files.api,
    uploads.api,
    search.api,
    tips.api,
    imports.api,
    exports.api,
    feeds.api,
    figures.api,
    ledger.api,
    links.api,
    victims.api,
    perpetrators.api,
    venues.api,
    care.api,
    partners.api,
    episodes.api,
    operations.api,
    charges.api,
    appeals.api,
    hearings.api,
    approvals.api,
    testimonies.api,
    bookings.api,
    resources.api,
    openapi,
)
OUTSIDE: tuple[Api, ...] = (health.api,)


def register(app: Flask) -> None:
    """Add every route, and the one place where errors become problems."""
    for api in APIS:
        app.register_blueprint(api, url_prefix=PREFIX)
    for api in OUTSIDE:
        app.register_blueprint(api)
    for kind in HANDLED:
        app.register_error_handler(kind, answer_problem)
    app.register_error_handler(HTTPException, answer_http)


def answer_problem(error: Exception) -> Response:
    """A domain error as a problem."""
    found = problem(error)
    response = jsonify(found.body)
    response.status_code = found.status
    response.mimetype = MEDIA_TYPE
    response.headers.update(found.headers)
    if isinstance(error, CsrfFailed) and auth.by_session():
        # After another sign-in the token of an open page is old. No page of another site can read this one.
        response.headers["X-CSRF-Token"] = auth.csrf_token()
    return response


def answer_http(error: HTTPException) -> Response:
    """An error of the protocol itself, such as an unknown path, in the same form."""
    status = error.code or 500
    slug = error.name.lower().replace(" ", "-")
    response = jsonify({"type": slug, "title": error.name, "status": status, "detail": str(error.description)})
    response.status_code = status
    response.mimetype = MEDIA_TYPE
    for name, value in error.get_headers():
        if name.lower() not in {"content-type", "content-length"}:
            response.headers[name] = value
    return response
