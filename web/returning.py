"""Where to go on after signing in or unlocking: to a page of ours, and never to another site."""

from urllib.parse import urlsplit, urlunsplit

from flask import current_app, request, session, url_for
from werkzeug.exceptions import HTTPException

NEXT = "next"


def own_page(address: str) -> str | None:
    """The address, if it is that of a page of ours that can be read; None for any other."""
    try:
        parts = urlsplit(address)
        adapter = current_app.create_url_adapter(request)
        if not address.startswith("/") or parts.scheme or parts.netloc or adapter is None:
            return None
        endpoint, _ = adapter.match(parts.path, method="GET")
    except (ValueError, HTTPException):
        return None
    return urlunsplit(("", "", parts.path, parts.query, "")) if endpoint.startswith("pages.") else None


def remember_where() -> None:
    """Keep in the signed cookie which page was asked for, as she must sign in first. Never a query."""
    if request.method == "GET":
        session[NEXT] = request.path


def where_to() -> str:
    """The page that was asked for before signing in, once; else the first page. To be asked before the session opens,
    since that forgets everything."""
    return own_page(session.pop(NEXT, "")) or url_for("pages.home")
