"""Items of evidence, their content and custody: `/api/v1/evidence`, `/api/v1/transfers`."""

import io
from collections.abc import Callable
from uuid import UUID

import segno
from flask import Response, request
from markupsafe import escape
from werkzeug.http import parse_range_header

from evidence_api import auth, fixity
from evidence_api.api.contract import Api, Route, authorise
from evidence_api.domain.errors import InvalidInput
from evidence_api.domain.roles import Actor, Scope
from evidence_api.models import Evidence
from evidence_api.services import custody, evidence, handovers, readers, viewing
from evidence_api.work import Work, begin
from schemas.common import PageIn, ReasonIn, StepUpReasonIn
from schemas.evidence import (
    AcceptIn,
    AllItemsIn,
    CorrectionIn,
    CustodyIn,
    EvidenceOut,
    ItemOut,
    ItemsIn,
    LinkOut,
    MoveIn,
    NotesIn,
    OverviewOut,
    ReaderIn,
    ReaderOut,
    SensitivityIn,
    TransferIn,
    TransferOut,
    TransfersIn,
    UncheckedIn,
    VerdictOut,
    WaitingOut,
    WithdrawIn,
)

api = Api("evidence", __name__)

EXTENSIONS = {"image/jpeg": "jpg", "image/png": "png", "video/mp4": "mp4", "audio/wav": "wav", "application/pdf": "pdf"}

SEALED = "default-src 'none'; frame-ancestors 'none'; sandbox"
"""What is given out runs nothing, loads nothing, stands in no frame and has no origin."""

LABEL = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 360 160" width="90mm" height="40mm">
<rect width="360" height="160" fill="#fff"/>{code}
<g font-family="sans-serif" fill="#000"><text x="165" y="42" font-size="20" font-weight="bold">{ref}</text>
<text x="165" y="72" font-size="15">{tag}</text><text x="165" y="100" font-size="12">Received {received}</text>
<text x="165" y="140" font-size="11">Scan to see its custody.</text></g></svg>
"""


def content(id: UUID) -> Response:
    """The bytes of an item, whole or a range, streamed; the read is recorded before the first byte is given out."""
    actor = auth.current_actor()
    shown = request.args.get("shown", "0")
    if set(request.args) - {"shown"} or shown not in {"0", "1"}:
        authorise(CONTENT.act, actor, {"id": id})
        raise InvalidInput({"shown": ["Give shown=1 for a page, or nothing."]})
    if request.method == "HEAD":
        with begin(auth.current_site(), actor, read_only=True) as work:
            return _about(evidence.read(work, id), inline=False)
    actor = auth.with_code(actor, request.headers.get("X-OTP"), scopes=(Scope.ALL, Scope.READ))
    return ranged(actor, id, shown=shown == "1")


def ranged(actor: Actor, id: UUID, *, shown: bool, most: int | None = None) -> Response:
    """The range of an item's bytes that the request asks for, at most `most` of them; the whole where it names none."""
    if_range = request.headers.get("If-Range")
    if_range = None if if_range is None else if_range.strip('"')
    with begin(auth.current_site(), actor) as work:
        return give_out(work, viewing.open_content(work, id, span=_span(most), if_range=if_range, shown=shown))


def give_out(work: Work, opened: viewing.Opened) -> Response:
    """The answer that streams what was opened, with all that the headers say of it."""
    response = _about(opened.item, inline=opened.inline)
    wanted, start, stop = opened.target, opened.start, opened.stop
    response.response = work.storage.read(wanted.key, wanted.version, start, stop - start)
    response.content_length = stop - start
    if opened.partial:
        response.status_code = 206
        response.headers["Content-Range"] = f"bytes {start}-{stop - 1}/{wanted.size}"
    return response


def _about(item: Evidence, *, inline: bool) -> Response:
    """An answer with all that the headers say of an item's content, and no content yet."""
    media_type = item.media_type or "application/octet-stream"
    response = Response(mimetype=media_type)
    response.content_length = item.size or 0
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["Cache-Control"] = "no-store"
    if item.sha256 is not None:
        response.set_etag(item.sha256)
    name = f"{item.ref.replace('/', '-')}.{EXTENSIONS.get(media_type, 'bin')}"
    response.headers["Content-Disposition"] = f'{"inline" if inline else "attachment"}; filename="{name}"'
    response.headers["Content-Security-Policy"] = SEALED
    return response


def _span(most: int | None) -> viewing.Span | None:
    """The one byte range asked for, no longer than `most`; a player asks again for what follows (RFC 9110 section
    15.3.7). Several ranges, or another unit, are answered with the whole (section 14.2)."""
    found = parse_range_header(request.headers.get("Range"))
    if found is None or found.units != "bytes" or len(found.ranges) != 1:
        return None

    def span(size: int) -> tuple[int, int] | None:
        asked = found.range_for_length(size)
        return asked if asked is None or most is None else (asked[0], min(asked[1], asked[0] + most))

    return span


def label(id: UUID) -> Response:
    """A label to print: the ref, the tag and a QR code that leads to the item. It names nobody and nothing else."""
    actor = auth.current_actor()
    with begin(auth.current_site(), actor, read_only=True) as work:
        item = evidence.read(work, id)
    code = io.BytesIO()
    segno.make(f"{auth.site_url()}items/{id}", error="m").save(
        code, kind="svg", xmldecl=False, svgns=False, scale=4, border=2, nl=False
    )
    svg = LABEL.format(
        ref=item.ref, tag=escape(item.tag or ""), received=f"{item.received_at:%Y-%m-%d}", code=code.getvalue().decode()
    )
    response = Response(svg, mimetype="image/svg+xml")
    response.headers["Content-Security-Policy"] = SEALED.replace(";", "; style-src 'unsafe-inline';", 1)
    return response


def _examine(target_of: Callable[..., fixity.Target | None]) -> Callable[..., fixity.Examined | None]:
    """Before an act that judges an item: read its object again, with no transaction open."""

    def prepare(actor: Actor, id: UUID) -> fixity.Examined | None:
        site = auth.current_site()
        with begin(site, actor, read_only=True) as work:
            wanted = target_of(work, id)
        return None if wanted is None else fixity.examine(site.storage, wanted)

    return prepare


route = api.route
route(
    "GET",
    "/cases/<uuid:id>/evidence",
    evidence.list_of_case,
    query=ItemsIn,
    out=EvidenceOut,
    many=True,
    says="The case's items",
)
route(
    "GET", "/evidence", evidence.list_items, query=AllItemsIn, out=EvidenceOut, many=True, says="Items of all my cases"
)
route(
    "GET",
    "/evidence/unchecked",
    evidence.list_unchecked,
    query=UncheckedIn,
    out=EvidenceOut,
    many=True,
    says="The office's items: never checked first, then the one whose check lies longest back",
)
route("GET", "/reports/overview", evidence.overview, out=OverviewOut, says="The office in figures")
route("GET", "/evidence/<uuid:id>", evidence.read, out=ItemOut, says="One item")
route(
    "GET",
    "/evidence/<uuid:id>/content",
    viewing.open_content,
    own=content,
    also={206: "A range of the bytes", 416: "The range begins beyond the end"},
    document={
        "parameters": [
            {
                "name": "shown",
                "in": "query",
                "schema": {"type": "string", "enum": ["0", "1"]},
                "description": "1 where it is shown in a page.",
            },
            {"name": "Range", "in": "header", "schema": {"type": "string"}, "description": "One range of bytes."},
            {
                "name": "Audit-Reason",
                "in": "header",
                "schema": {"type": "string"},
                "description": "A supervisor's reason.",
            },
            {
                "name": "X-OTP",
                "in": "header",
                "schema": {"type": "string"},
                "description": "A fresh code, for a restricted item.",
            },
        ],
        "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}},
    },
    says="The bytes of an item; each read is recorded",
)
route(
    "GET",
    "/evidence/<uuid:id>/custody",
    evidence.custody,
    query=CustodyIn,
    out=LinkOut,
    many=True,
    says="The item's chain, entry by entry",
)
route(
    "GET",
    "/evidence/<uuid:id>/label",
    evidence.read,
    own=label,
    document={"content": {"image/svg+xml": {"schema": {"type": "string"}}}},
    says="A label with a QR code, to print and scan",
)
route(
    "POST",
    "/evidence/<uuid:id>/verify",
    evidence.verified,
    prepare=_examine(evidence.to_verify),
    out=VerdictOut,
    says="Read the object again and check the chain; a mismatch quarantines the item",
)
route(
    "POST",
    "/evidence/<uuid:id>/release",
    evidence.release,
    prepare=_examine(evidence.to_release),
    body=StepUpReasonIn,
    out=EvidenceOut,
    says="Release from quarantine, once the bytes match again",
)
route(
    "POST",
    "/evidence/<uuid:id>/transfers",
    handovers.offer,
    body=TransferIn,
    out=TransferOut,
    status=201,
    says="Offer the item to another",
)
route(
    "GET",
    "/transfers",
    handovers.list_transfers,
    query=TransfersIn,
    out=TransferOut,
    many=True,
    says="Hand-overs, newest first",
)
route(
    "GET",
    "/transfers/waiting",
    handovers.waiting,
    query=PageIn,
    out=WaitingOut,
    many=True,
    says="Open offers to me and by me, with names, the longest open first",
)
route("GET", "/transfers/<uuid:id>", handovers.read_transfer, out=TransferOut, says="One hand-over")
route(
    "POST",
    "/transfers/<uuid:id>/accept",
    handovers.accept,
    body=AcceptIn,
    out=TransferOut,
    says="Take the item over, with a fresh code",
)
route("POST", "/transfers/<uuid:id>/refuse", handovers.refuse, body=ReasonIn, out=TransferOut, says="Decline the item")
route(
    "POST",
    "/transfers/<uuid:id>/withdraw",
    handovers.withdraw,
    body=WithdrawIn,
    out=TransferOut,
    says="Take an open offer back",
)
route(
    "POST",
    "/evidence/<uuid:id>/moves",
    custody.move,
    body=MoveIn,
    out=EvidenceOut,
    says="Check out or in, take to court, bring back",
)
route("POST", "/evidence/<uuid:id>/hold", custody.hold, body=ReasonIn, out=EvidenceOut, says="Put under legal hold")
route(
    "POST",
    "/evidence/<uuid:id>/lift-hold",
    custody.lift_hold,
    body=StepUpReasonIn,
    out=EvidenceOut,
    says="End the legal hold",
)
route(
    "POST",
    "/evidence/<uuid:id>/corrections",
    custody.correct,
    body=CorrectionIn,
    out=EvidenceOut,
    says="Correct what was said; the wrong entry stays",
)
route(
    "POST",
    "/evidence/<uuid:id>/notes",
    custody.note,
    body=NotesIn,
    out=ItemOut,
    says="Write what is said or seen in it: a transcript, notes",
)
route(
    "POST",
    "/evidence/<uuid:id>/sensitivity",
    readers.set_sensitivity,
    body=SensitivityIn,
    out=EvidenceOut,
    says="Restrict the item, or lift the restriction",
)
route(
    "GET",
    "/evidence/<uuid:id>/readers",
    readers.readers,
    out=ReaderOut,
    many=True,
    says="Who is named to open the item",
)
route(
    "POST",
    "/evidence/<uuid:id>/readers",
    readers.name_reader,
    body=ReaderIn,
    out=ReaderOut,
    status=201,
    says="Name a person who may open it",
)
route(
    "POST",
    "/evidence/<uuid:id>/readers/<uuid:user>/end",
    readers.drop_reader,
    body=ReasonIn,
    status=204,
    says="End a person's being named",
)

CONTENT: Route = next(r for r in api.routes if r.own is content)
