"""An item of evidence: what it is, who held it when, its chain with the exact bytes, and how to check it oneself."""

from base64 import urlsafe_b64decode
from collections.abc import Iterator
from uuid import UUID

import orjson
from flask import Response, render_template, request, url_for
from markupsafe import Markup

from evidence_api import auth
from evidence_api.api.contract import load
from evidence_api.domain.custody import HOLDERS
from evidence_api.domain.roles import Actor
from evidence_api.models import Evidence
from evidence_api.services import accounts, cases, chronicle, custody, evidence, handovers, viewing
from evidence_api.services import readers as named_readers
from evidence_api.work import Site, begin
from schemas.common import PageIn
from schemas.evidence import CustodyIn
from web import links as links_of
from web.pages import SHOWN, Page, page, reading
from web.picture import picture

SHOWN_ENTRIES = 50
LONG_CHAIN = 5000
"""So many entries are read and checked each time that an item's page is opened; of more, only when it is asked for."""
LINES = 1000


@page("/items/<uuid:id>", evidence.read)
def item(id: UUID) -> Page:
    """Where a label's QR code leads: what the item is, who holds it, and its custody as a picture."""
    with reading() as work:
        found = evidence.read(work, id)
        links, more = evidence.custody(work, id, limit=SHOWN_ENTRIES)
        count = chronicle.length(work, id)
        drawn = count <= LONG_CHAIN or "picture" in request.args
        case = cases.read_case(work, found.case_id)
        return render_template(
            "item.html",
            item=found,
            case=case,
            part=links_of.about(work, found, case),
            people=accounts.names(work, ids={found.custodian_id, found.collector_id}),
            acts=custody.acts(work, id),
            offer=handovers.open_offer(work, id),
            related=evidence.related(work, id),
            view=viewing.viewing_state(work, id),
            shown=picture(chronicle.chronicle(work, id)) if drawn else None,
            count=count,
            links=links,
            more=more,
            actors=evidence.actors(work, id, links=links),
            opened=opened,
            linked=linked,
            origin=work.site.origin,
            me=work.actor.user_id,
        )


def linked(item: Evidence) -> Markup:
    """The ref of an item as a link to it."""
    return Markup('<a href="{}" dir="ltr">{}</a>').format(url_for("pages.item", id=item.id), item.ref)


def opened(disclosure: str) -> str:
    """The fact that a disclosure holds, as text; empty where it cannot be read."""
    try:
        return str(orjson.loads(urlsafe_b64decode(disclosure + "=" * (-len(disclosure) % 4)))[2])
    except (ValueError, IndexError, TypeError):
        return ""


@page("/items", evidence.mine)
def my_items() -> Page:
    """What the reader holds, further on than the first page shows; for a caseworker, what is shared with her."""
    with reading() as work:
        asked = load(PageIn, {"limit": SHOWN, **request.args.to_dict()})
        held = evidence.mine if work.actor.role in HOLDERS else evidence.list_items
        items, following = held(work, **asked)
        following_url = url_for("pages.my_items", cursor=following) if following else None
        return render_template("items.html", items=items, next=following_url)


@page("/items/<uuid:id>/entries", evidence.custody)
def entries(id: UUID) -> Page:
    """The chain of an item, entry by entry, with the exact bytes behind each."""
    with reading() as work:
        asked = load(CustodyIn, {"limit": SHOWN_ENTRIES, **request.args.to_dict()})
        links, more = evidence.custody(work, id, **asked)
        return render_template(
            "entries.html",
            item=evidence.read(work, id),
            links=links,
            more=more,
            actors=evidence.actors(work, id, links=links),
            opened=opened,
        )


@page("/items/<uuid:id>/chain.txt", evidence.chain)
def chain(id: UUID) -> Page:
    """The exact bytes of every entry, one to a line, for `sha256sum`."""
    site, actor = auth.current_site(), auth.session_actor()
    with begin(site, actor, read_only=True) as work:
        name = evidence.read(work, id).ref.replace("/", "-")
        first = evidence.chain(work, id, limit=LINES)
    response = Response(_lines(site, actor, id, first), mimetype="text/plain")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.chain.txt"'
    return response


def _lines(site: Site, actor: Actor, id: UUID, found: list[tuple[int, bytes]]) -> Iterator[bytes]:
    """The entries from those that are found on. No transaction stays open for a reader who is slow."""
    while found:
        yield b"".join(body + b"\n" for _seq, body in found)
        with begin(site, actor, read_only=True) as work:
            found = evidence.chain(work, id, limit=LINES, after=found[-1][0])


@page("/items/<uuid:id>/label", evidence.read)
def label(id: UUID) -> Page:
    """The label with its QR code, on a page to print."""
    with reading() as work:
        return render_template("label.html", item=evidence.read(work, id))


@page("/items/<uuid:id>/readers", named_readers.readers)
def readers(id: UUID) -> Page:
    """Who is named to open the item."""
    with reading() as work:
        named = named_readers.named(work, id)
        return render_template("readers.html", item=evidence.read(work, id), named=named)
