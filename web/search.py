"""Search. What is sought is sent in the body, so that it stands in no address and no history."""

from flask import render_template, request

from evidence_api import auth
from evidence_api.api.contract import authorise, load
from evidence_api.domain.errors import InvalidInput
from evidence_api.services import search as service
from evidence_api.work import act_of
from schemas.search import SearchIn
from web.pages import Page, page, reading


@page("/search", service.find, "GET", "POST")
def search() -> Page:
    q = request.form.get("q", "").strip()
    authorise(act_of(service.find), auth.session_actor(), {})
    with reading() as work:
        if request.method == "GET":
            return render_template("search.html", q="", found=None, errors={})
        try:
            found = service.find(work, **load(SearchIn, {"q": q}))
        except InvalidInput as error:
            return render_template("search.html", q=q, found=None, errors=error.errors), 422
        return render_template("search.html", q=q, found=found, errors={})
