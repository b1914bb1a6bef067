"""The link chart of a case: drawn here as SVG, with the same in words below it."""

from collections.abc import Sequence
from dataclasses import dataclass
from unicodedata import bidirectional
from uuid import UUID

from flask import render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from markupsafe import Markup

from evidence_api.api.contract import load
from evidence_api.domain.chart import MOST_DEPTH, NodeKind
from evidence_api.domain.link import Confidence, LinkKind, LinkRelation
from evidence_api.policy import Permission
from evidence_api.services import cases as casework
from evidence_api.services import chart as charts
from schemas.links import ChartIn
from web.cases import ROOMS, Room
from web.forms import options
from web.layered import HEIGHT, WIDTH, Layout, layout
from web.links import PAGES
from web.pages import Page, page, reading
from web.texts import direction, said

ROOMS.append(Room("chart", _l("Link chart"), Permission.CASE_READ))

COLUMNS = (
    (NodeKind.EVIDENCE,),
    (NodeKind.PERPETRATOR, NodeKind.CHARGE),
    (NodeKind.VICTIM, NodeKind.EPISODE),
    (NodeKind.VENUE, NodeKind.OPERATION),
)
NAMED = (NodeKind.PERPETRATOR, NodeKind.VENUE)
"""Those with a ref before their name. In a node it stands beside the kind, since the end of a line is cut off."""
FITS = 22
"""So many letters of a name stand in a node; a script of wide letters is cut off by the frame before that."""
PADDING = 12
LINES = (18, 37)
"""Where the two lines of a node stand: its kind, and its name."""


@dataclass(frozen=True, slots=True)
class Row:
    """A tie in words: what ties whom."""

    one: charts.Node
    what: str
    other: charts.Node
    confidence: Confidence | None


@page("/cases/<uuid:id>/chart", charts.chart)
def chart(id: UUID) -> Page:
    """Who and what is tied to whom in a case, and by what evidence."""
    typed = {name: value for name, value in request.args.items() if value and name != "kinds"}
    chosen = request.args.getlist("kinds")
    given = load(ChartIn, typed | ({"kinds": ",".join(chosen)} if chosen else {}))
    with reading() as work:
        case = casework.read_case(work, id)
        shown = charts.chart(work, id, **given)
        nodes = {node.key: node for node in shown.nodes}
        middle = next((node for node in shown.nodes if node.id == given.get("around")), None)
        return render_template(
            "chart.html",
            case=case,
            drawn=draw(id, shown) if nodes else None,
            nodes=shown.nodes,
            ties=[Row(nodes[tie.a], _what(tie), nodes[tie.b], tie.confidence) for tie in shown.ties],
            left_out=shown.left_out,
            name=_name,
            href=href,
            middle=middle,
            around=_around,
            linkable=[kind.value for kind in LinkKind],
            given=given,
            kinds=options(NodeKind),
            relations=options(LinkRelation),
            confidences=options(Confidence),
            depths=[(number, str(number)) for number in range(1, MOST_DEPTH + 1)],
            filtered=bool(request.args),
        )


def _what(tie: charts.Tie) -> str:
    if tie.detail is None:
        return said(tie.kind)
    return str(_("%(what)s: %(detail)s", what=said(tie.kind), detail=said(tie.detail)))


def _name(node: charts.Node) -> str:
    return node.name or str(ngettext("%(num)s item", "%(num)s items", node.items))


def href(case_id: UUID, node: charts.Node) -> str:
    """Where a node leads: to its page; of several items, to the items of the case."""
    if node.page is None:
        return url_for("pages.case_items", id=case_id)
    if node.kind is NodeKind.EVIDENCE:
        return url_for("pages.item", id=node.page)
    return url_for(PAGES[LinkKind(node.kind.value)], id=node.page)


def _around(case_id: UUID, node: charts.Node) -> str:
    return url_for("pages.chart", id=case_id, around=node.id, around_kind=node.kind.value)


def draw(case_id: UUID, shown: charts.Chart) -> Markup:
    """The chart, its columns from the side on which reading begins."""
    columns = [[node.key for node in shown.nodes if node.kind in kinds] for kinds in COLUMNS]
    found = layout(columns, [(tie.a, tie.b) for tie in shown.ties])
    between: dict[tuple[str, str], list[charts.Tie]] = {}
    for tie in shown.ties:
        one, other = sorted((tie.a, tie.b))
        between.setdefault((one, other), []).append(tie)
    rtl = direction() == "rtl"
    lines = [_line(found, a, b, ties, rtl) for (a, b), ties in between.items() if a != b]
    boxes = [_box(found, node, href(case_id, node), rtl) for node in shown.nodes]
    return Markup(
        '<svg class="chart columns-{columns}" viewBox="0 0 {width:.0f} {height:.0f}" role="group"'
        ' aria-labelledby="chart-title"><title id="chart-title">{title}</title>{lines}{boxes}</svg>'
    ).format(
        columns=sum(1 for column in columns if column),
        width=found.width,
        height=found.height,
        title=_("Link chart. The tables below say the same in words."),
        lines=Markup("").join(lines),
        boxes=Markup("").join(boxes),
    )


def _line(found: Layout[str], a: str, b: str, ties: Sequence[charts.Tie], rtl: bool) -> Markup:
    start, first, second, end = (f"{found.width - x if rtl else x:.1f} {y:.1f}" for x, y in found.curve(a, b).points)
    unsure = all(tie.confidence not in (None, Confidence.CERTAIN) for tie in ties)
    kinds = " ".join(sorted({tie.kind.value.replace("_", "-") for tie in ties}))
    return Markup('<path class="tie {kinds}{unsure}" d="M{start} C{first} {second} {end}"/>').format(
        kinds=kinds, unsure=" unsure" if unsure else "", start=start, first=first, second=second, end=end
    )


def _box(found: Layout[str], node: charts.Node, address: str, rtl: bool) -> Markup:
    """A node: a frame of its own that cuts off what is too long, since nobody can tell how wide a script is."""
    place = found.places[node.key]
    x = found.width - place.x - WIDTH if rtl else place.x
    kind, name = said(node.kind), _name(node)
    ref, called = name.split(" ", 1) if node.kind in NAMED else ("", name)
    return Markup(
        '<a class="node {css}" href="{href}"><title>{kind}: {name}</title>'
        '<rect class="frame" x="{x:.1f}" y="{y:.1f}" width="{width}" height="{height}" rx="8"/>'
        '<svg x="{x:.1f}" y="{y:.1f}" width="{width}" height="{height}">{lines}</svg></a>'
    ).format(
        css=node.kind.value,
        href=address,
        kind=kind,
        name=name,
        x=x,
        y=place.y,
        width=WIDTH,
        height=HEIGHT,
        lines=_text(f"{kind} {ref}".strip(), "kind", LINES[0]) + _text(_short(called), "name", LINES[1]),
    )


def _short(name: str) -> str:
    return name if len(name) <= FITS else f"{name[: FITS - 1].rstrip(' ,.')}…"


def _text(text: str, css: str, y: int) -> Markup:
    """A line that begins where its script begins, so that it is its end that is cut off."""
    first = next((bidirectional(c) for c in text if bidirectional(c) in ("L", "R", "AL")), "L")
    way, x = ("ltr", PADDING) if first == "L" else ("rtl", WIDTH - PADDING)
    return Markup('<text class="{css}" x="{x}" y="{y}" direction="{way}">{text}</text>').format(
        css=css, x=x, y=y, way=way, text=text
    )
