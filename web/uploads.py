"""Bringing files into a case with a browser: they go on after a cut, a closed lid or a restart."""

from uuid import UUID

from flask import render_template

from evidence_api.services import uploads
from web.pages import Page, page, reading


@page("/cases/<uuid:id>/upload", uploads.under_way)
def upload(id: UUID) -> Page:
    """Where files are chosen and sent, and what is left of earlier ones; the sending is the script's."""
    with reading() as work:
        case, standing = uploads.under_way(work, id)
        return render_template("upload.html", case=case, standing=standing)
