"""Search. What is sought is sent in the body, so that it stands in no address and no history."""

from collections.abc import Mapping, Sequence

from flask import render_template, request
from flask_babel import lazy_gettext as _l

from evidence_api import auth
from evidence_api.api.contract import authorise, load
from evidence_api.domain.errors import InvalidInput
from evidence_api.domain.search import Kind
from evidence_api.services import search as service
from evidence_api.work import act_of
from schemas.search import SearchIn
from web.pages import Page, page, reading

KINDS = {
    "case": _l("Cases"),
    "item": _l("Items"),
    "victim": _l("Victims"),
    "perpetrator": _l("Perpetrators"),
    "venue": _l("Venues"),
    "operation": _l("Operations"),
    "partner": _l("Partners"),
    "charge": _l("Charges"),
}
"""What the finds of each kind stand under. The page of one is `pages.<kind>`."""


@page("/search", service.find, "GET", "POST")
def search() -> Page:
    q, kind = request.form.get("q", "").strip(), request.form.get("kind", "")
    authorise(act_of(service.find), auth.session_actor(), {})
    found: service.Finds | None = None
    errors: Mapping[str, Sequence[str]] = {}
    status = 200
    with reading() as work:
        if request.method == "POST":
            try:
                found = service.find(work, **load(SearchIn, {"q": q, **({"kind": kind} if kind else {})}))
            except InvalidInput as error:
                errors, status = error.errors, 422
        groups: dict[Kind, list[service.Find]] = {}
        for one in found.items if found else ():
            groups.setdefault(one.kind, []).append(one)
        shown = {"q": q, "kind": kind, "found": found, "groups": groups, "errors": errors}
        return render_template("search.html", kinds=KINDS, **shown), status
