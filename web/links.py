"""Links from evidence: what an item is about, on its page; the evidence, on the pages of people and places; forms."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from evidence_api.domain.case import ENDED
from evidence_api.domain.link import Confidence, LinkKind, LinkRelation
from evidence_api.models import Case, Evidence
from evidence_api.policy import Permission
from evidence_api.services import cases, evidence, links
from evidence_api.work import Work
from schemas.common import PageIn
from web import charges, operations, perpetrators, venues, victims
from web.cases import asked, further
from web.forms import Choices, Field, Form, Path, add, contract, one_of
from web.labels.links import LABELS
from web.pages import SHOWN, Page, Section, may, page, reading
from web.texts import day

FEW = 10
"""How many links the page of a person or a place shows."""

PAGES = {
    LinkKind.VICTIM: "pages.victim",
    LinkKind.EPISODE: "pages.victim",
    LinkKind.PERPETRATOR: "pages.perpetrator",
    LinkKind.VENUE: "pages.venue",
    LinkKind.OPERATION: "pages.operation",
    LinkKind.CHARGE: "pages.charge",
}
"""Where people read about what is linked; of an episode, on the victim's page."""

TITLES = {
    LinkKind.VICTIM: _l("Link a victim"),
    LinkKind.PERPETRATOR: _l("Link a perpetrator"),
    LinkKind.VENUE: _l("Link a venue"),
    LinkKind.EPISODE: _l("Link an episode"),
    LinkKind.OPERATION: _l("Link an operation"),
    LinkKind.CHARGE: _l("Link a charge"),
}


def about(work: Work, item: Evidence, case: Case) -> dict[str, Any]:
    """What `_about.html` shows of an item: its links, and how to make and end them for who may."""
    shown, more = links.of_item(work, item.id, limit=SHOWN)
    return {
        "links": shown,
        "more": url_for("pages.item_links", id=item.id, cursor=more) if more else "",
        "pages": PAGES,
        "titles": TITLES,
        "edits": case.stage not in ENDED and may(work, Permission.EVIDENCE_LINK, item),
    }


@page("/items/<uuid:id>/links", links.of_item)
def item_links(id: UUID) -> Page:
    """All that an item is about."""
    given = asked(PageIn, SHOWN)
    with reading() as work:
        item = evidence.read(work, id)
        shown, following = links.of_item(work, id, **given)
        part = about(work, item, cases.read_case(work, item.case_id)) | {"links": shown, "more": ""}
        return render_template(
            "item_links.html", item=item, part=part, more=further("pages.item_links", following, id=id)
        )


def evidence_of(kind: LinkKind) -> Callable[[Work, Any], dict[str, Any]]:
    """What `_evidence.html` shows on the page of somebody or something of this kind."""

    def load(work: Work, thing: Any) -> dict[str, Any]:
        shown, more = links.of_target(work, target_kind=kind, target=thing.id, limit=FEW)
        return {
            "links": shown,
            "more": more,
            "kind": kind.value,
            "id": thing.id,
            "case": getattr(thing, "case_id", None),
        }

    return load


victims.SECTIONS.append(Section("_evidence.html", Permission.EVIDENCE_LIST, evidence_of(LinkKind.VICTIM)))
perpetrators.SECTIONS.append(Section("_evidence.html", Permission.EVIDENCE_LIST, evidence_of(LinkKind.PERPETRATOR)))
venues.SECTIONS.append(Section("_evidence.html", Permission.EVIDENCE_LIST, evidence_of(LinkKind.VENUE)))
operations.SECTIONS.append(Section("_evidence.html", Permission.EVIDENCE_LIST, evidence_of(LinkKind.OPERATION)))
charges.SECTIONS.append(Section("_evidence.html", Permission.EVIDENCE_LIST, evidence_of(LinkKind.CHARGE)))


@page("/evidence-of/<any(victim,perpetrator,venue,episode,operation,charge):kind>/<uuid:id>", links.of_target)
def evidence_about(kind: str, id: UUID) -> Page:
    """All the evidence about somebody or something."""
    given = asked(PageIn, SHOWN)
    with reading() as work:
        shown, following = links.of_target(work, target_kind=LinkKind(kind), target=id, **given)
        what = links.target(work, target_kind=LinkKind(kind), target=id)
        return render_template(
            "evidence_about.html",
            links=shown,
            more=further("pages.evidence_about", following, kind=kind, id=id),
            what=what,
            back=url_for(PAGES[LinkKind(kind)], id=what.page),
            kind=LinkKind(kind),
        )


# --- forms ------------------------------------------------------------------------------------------------------------


def _item(work: Work, id: UUID) -> Evidence:
    return evidence.read(work, id)


def _to_item(_thing: Any, path: Path) -> str:
    return url_for("pages.item", id=path["id"], _anchor="about-what")


def _targets(kind: LinkKind) -> Callable[[Work, Evidence], Choices]:
    def choices(work: Work, item: Evidence) -> Choices:
        return [(str(one.id), _target(one)) for one in links.targets(work, item.id, target_kind=kind)]

    return choices


def _target(one: links.Target) -> str:
    if one.started_on is None and one.ended_on is None:
        return one.name
    since, until = day(one.started_on).striptags(), day(one.ended_on).striptags()
    return str(_("%(name)s, %(since)s – %(until)s", name=one.name, since=since, until=until))


for _kind, _title in TITLES.items():
    add(
        Form(
            f"link_{_kind.value}",
            f"/items/<uuid:id>/link/{_kind.value}",
            contract("POST", "/evidence/<uuid:id>/links"),
            _title,
            _l("Link it"),
            [
                Field(
                    "target",
                    LABELS[LinkKind][_kind.value],
                    "choice",
                    _l("What the case knows, the newest first."),
                    choices=_targets(_kind),
                ),
                Field("relation", _l("What the item does for it"), "choices", choices=one_of(LinkRelation)),
                Field(
                    "confidence",
                    _l("How sure you are"),
                    "choices",
                    choices=one_of(Confidence),
                    value=lambda _item: Confidence.CERTAIN.value,
                    always=True,
                ),
                Field("note", _l("Note"), "lines", _l("Such as where in the recording. It stays in the item's chain.")),
            ],
            says=_l("It is kept who linked it, when, and how sure she was. The link can be taken away, with a reason."),
            done=_l("The item is linked."),
            thing=_item,
            head="_item_head.html",
            back=_to_item,
            then=lambda made, _path: url_for("pages.item", id=made.evidence_id, _anchor="about-what"),
            fixed={"target_kind": _kind.value},
        )
    )

add(
    Form(
        "unlink",
        "/links/<uuid:id>/end",
        contract("POST", "/links/<uuid:id>/end"),
        _l("Take a link away"),
        _l("Take it away"),
        [Field("reason", _l("Reason"), "lines", _l("It stands in the item's chain for good."))],
        says=_l("What the link said stays in the item's chain."),
        done=_l("The link is taken away."),
        thing=lambda work, id: links.read(work, id),
        head="_link_head.html",
        back=lambda link, _path: url_for("pages.item", id=link.evidence_id, _anchor="about-what"),
        danger=True,
    )
)
