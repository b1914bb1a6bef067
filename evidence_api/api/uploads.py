"""Resumable uploads by tus 1.0.0 (https://tus.io/protocols/resumable-upload).

No transaction is open while bytes come: what is known of an upload is kept by short acts at checkpoints.
"""

import base64
import binascii
import hashlib
import threading
import time
import unicodedata
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any
from uuid import UUID

import structlog
from flask import Response, request
from werkzeug.exceptions import (
    BadRequest,
    HTTPException,
    MethodNotAllowed,
    PreconditionFailed,
    UnsupportedMediaType,
)
from werkzeug.http import http_date

from evidence_api import auth
from evidence_api.api.bodies import NOT_KEPT, Body, declared_length, place
from evidence_api.api.connections import keep_alive
from evidence_api.api.contract import Api, authorise, load
from evidence_api.db import new_id
from evidence_api.domain.errors import (
    CutShort,
    DigestMismatch,
    DomainError,
    Gone,
    InvalidInput,
    TooLarge,
    Unavailable,
)
from evidence_api.domain.roles import Actor
from evidence_api.models import Upload
from evidence_api.models.upload import UploadState
from evidence_api.services import uploads
from evidence_api.services.intake import OBJECTS, Content, Stated
from evidence_api.storage import Mismatch, Missing, Receiver, Segment, Storage, StorageError
from evidence_api.storage.port import INCOMING
from evidence_api.work import Site, Work, act_of, begin
from schemas.common import PageIn
from schemas.uploads import DigestIn, DigestOut, UploadIn, UploadOut

VERSION = "1.0.0"
EXTENSIONS = "creation,checksum,termination,expiration"
ALGORITHMS = {"sha256": hashlib.sha256, "sha1": hashlib.sha1}
"""SHA-1 is what the protocol demands of every server; it guards against noise on the line, never against people."""

CHECKPOINT_SECONDS = 3.0
PAUSE_SECONDS = 30.0
"""An S3 store takes nothing smaller than a part: on a slow line, what is short of one is put aside this often."""

MAX_METADATA = 16 << 10

log = structlog.get_logger()
api = Api("uploads", __name__)
api.before_app_request(keep_alive)


class ChecksumMismatch(HTTPException):
    """The bytes of one PATCH do not have the stated checksum (tus, extension checksum)."""

    code = 460
    name = "Checksum Mismatch"
    description = (
        "The bytes of this request do not have the checksum that was stated. They were dropped; send them again."
    )


@api.after_request
def _protocol(response: Response) -> Response:
    if request.url_rule is not None and "/uploads" in request.url_rule.rule:
        response.headers["Tus-Resumable"] = VERSION
        response.headers["Cache-Control"] = "no-store"
        if response.status_code == 412:
            response.headers["Tus-Version"] = VERSION
    return response


# --- resumable uploads ------------------------------------------------------------------------------------------------


def _check_version() -> None:
    if request.headers.get("Tus-Resumable") != VERSION:
        raise PreconditionFailed(f"This server speaks tus {VERSION}. Send Tus-Resumable: {VERSION}.")


def _number(name: str) -> int:
    value = request.headers.get(name, "")
    if not (value.isascii() and value.isdigit() and len(value) <= 18):
        raise InvalidInput({name: ["Give a number of bytes in this header."]})
    return int(value)


def _metadata() -> tuple[str, dict[str, str]]:
    """The header Upload-Metadata, as it is and read: pairs of a key and a value in Base64."""
    header = request.headers.get("Upload-Metadata", "")
    if len(header) > MAX_METADATA:
        raise InvalidInput({"Upload-Metadata": [f"It is longer than {MAX_METADATA} bytes."]})
    found: dict[str, str] = {}
    try:
        for pair in header.split(",") if header.strip() else ():
            key, _, value = pair.strip().partition(" ")
            if not key or key in found:
                raise InvalidInput({"Upload-Metadata": ["Every key is given once, and none is empty."]})
            found[key] = base64.b64decode(value.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise InvalidInput({"Upload-Metadata": ["Every value is UTF-8 in Base64."]}) from error
    return header, found


def _as_title(filename: str) -> str:
    """A file's name as a title: one line of at most 200 characters."""
    shown = "".join(" " if unicodedata.category(c) in {"Cc", "Cs"} else c for c in filename)
    return unicodedata.normalize("NFC", " ".join(shown.split()))[:200].strip()


def options(**_: UUID) -> Response:
    """What this server can do."""
    response = Response(status=204)
    response.headers["Tus-Version"] = VERSION
    response.headers["Tus-Extension"] = EXTENSIONS
    response.headers["Tus-Checksum-Algorithm"] = ",".join(ALGORITHMS)
    with begin(auth.current_site(), auth.current_actor(public=True), read_only=True) as work:
        response.headers["Tus-Max-Size"] = str(uploads.largest(work))
    return response


def create() -> Response:
    """Begin an upload. Whatever can be refused before the bytes have come, is."""
    site, actor = auth.current_site(), auth.current_actor()
    authorise(act_of(uploads.prepare), actor, {})
    _check_version()
    if "Upload-Defer-Length" in request.headers:
        raise InvalidInput({"Upload-Length": ["Say the size of the file at the beginning."]})
    size = _number("Upload-Length")
    if size == 0:
        raise InvalidInput({"Upload-Length": ["The file is empty."]})
    if size > site.settings.max_upload:
        raise TooLarge(f"A file may have {site.settings.max_upload} bytes.")
    header, metadata = _metadata()
    values = {name: value for name, value in metadata.items() if value != ""}
    if "title" not in values and "filename" in values:
        values["title"] = _as_title(values["filename"]) or "File without a name"
    given = load(UploadIn, values)
    case, stated = given.pop("case"), Stated(**given)
    with begin(site, actor, read_only=True) as work:
        case_id = uploads.prepare(work, case=case, stated=stated)
    key = f"{OBJECTS}{new_id()}"
    receiver = site.storage.receive(key, size)
    try:
        receiver.suspend()
        with begin(site, actor) as work:
            upload = uploads.create(
                work, case_id, key=key, handle=receiver.handle, size=size, stated=stated, metadata=header
            )
    except (DomainError, StorageError):
        with suppress(StorageError):
            site.storage.discard(INCOMING + key, None)
        raise
    response = Response(status=201)
    response.headers["Location"] = f"{request.script_root}{request.path}/{upload.id}"
    response.headers["Upload-Offset"] = "0"
    response.headers["Upload-Expires"] = http_date(upload.expires_at)
    return response


def head(id: UUID) -> Response:
    """Where the upload stands."""
    site, actor = auth.current_site(), auth.current_actor()
    authorise(act_of(uploads.offset), actor, {"id": id})
    _check_version()
    with begin(site, actor, read_only=True) as work:
        upload, metadata = uploads.offset(work, id)
    response = _standing(upload, 200)
    response.headers["Upload-Length"] = str(upload.size)
    # Who comes upon a locked session learns nothing of the file; to go on, its upload needs the offset alone.
    if metadata and not actor.locked:
        response.headers["Upload-Metadata"] = metadata
    return response


def _standing(upload: Upload, status: int) -> Response:
    response = Response(status=status)
    response.headers["Upload-Offset"] = str(upload.offset)
    if upload.state is UploadState.RECEIVING:
        response.headers["Upload-Expires"] = http_date(upload.expires_at)
    if upload.evidence_id is not None:
        response.headers["Upload-Evidence"] = str(upload.evidence_id)
    if upload.duplicate:
        response.headers["Upload-Duplicate"] = "true"
    return response


def patch(id: UUID) -> Response:
    """Take further bytes. The last ones make the file an item of evidence."""
    site, actor = auth.current_site(), auth.current_actor()
    authorise(act_of(uploads.take), actor, {"id": id})
    _check_version()
    if request.mimetype != "application/offset+octet-stream":
        raise UnsupportedMediaType("Send Content-Type: application/offset+octet-stream.")
    length = declared_length()
    offset = _number("Upload-Offset")
    digest, wanted = _checksum()
    began = time.monotonic()
    with place():
        with begin(site, actor) as work:
            position = uploads.take(work, id, offset=offset, length=length)
        writing = _Writing(site, actor, position, checked=digest is not None)
        writing.take(Body(length), digest, wanted)
    log.info("received", size=length, seconds=round(time.monotonic() - began, 3))
    with begin(site, actor, read_only=True) as work:
        return _standing(uploads.read(work, id), 204)


def _checksum() -> tuple[Any, bytes]:
    """The digest to compute over the body and what it must be; None where no checksum was sent."""
    header = request.headers.get("Upload-Checksum")
    if header is None:
        return None, b""
    algorithm, _, value = header.strip().partition(" ")
    try:
        digest = ALGORITHMS[algorithm]()
        wanted = base64.b64decode(value.strip(), validate=True)
    except (KeyError, binascii.Error) as error:
        known = ", ".join(ALGORITHMS)
        raise BadRequest(f"Upload-Checksum is one of {known}, a space, and the digest in Base64.") from error
    return digest, wanted


class _Writing:
    """The one request that writes to an upload just now, while it holds the lease.

    Once another has taken the lease, nothing is touched: the receiver is dropped as it is, neither suspended nor
    aborted, because the bytes in the store belong to the other.
    """

    def __init__(self, site: Site, actor: Actor, position: uploads.Position, *, checked: bool) -> None:
        self._site = site
        self._actor = actor
        self._at = position
        self._checked = checked
        self._kept = list(position.segments)
        self._segments: list[Segment] = []
        self._renewed = self._durable = time.monotonic()
        with self._refusing():
            self._receiver = self._resume(position.tail)

    def take(self, body: Body, digest: Any, wanted: bytes) -> None:
        """Take the whole body. What had come before a cut is kept, but for a body with a checksum."""
        try:
            self._receive(body, digest)
        except CutShort:
            self._stop()
            raise
        except StorageError:
            with suppress(DomainError, StorageError):
                self._stop()
            self._release()
            raise
        if digest is not None:
            if digest.digest() != wanted:
                self._stop()
                raise ChecksumMismatch
            self._checked = False
        if self._receiver.offset == self._at.size:
            self._conclude()
        else:
            self._stop()

    def _receive(self, body: Body, digest: Any) -> None:
        since, part = 0, self._site.storage.part_size
        for chunk in body:
            # Before the write, so that a lease that lapsed while nothing came is held again, or is lost.
            if since >= part or time.monotonic() - self._renewed >= CHECKPOINT_SECONDS:
                self._segments += self._receiver.flush()
                self._checkpoint()
                since = 0
                if not self._checked and time.monotonic() - self._durable >= PAUSE_SECONDS:
                    self._pause()
            self._receiver.write(chunk)
            if digest is not None:
                digest.update(chunk)
            since += len(chunk)

    def _checkpoint(self, tail: Segment | None = None, release: bool = False) -> None:
        began = time.monotonic()
        due = [] if self._checked else [s for s in self._segments if s.offset + s.size < self._at.size]
        with self._begin() as work:
            uploads.checkpoint(work, self._at.id, lease=self._at.lease, segments=due, tail=tail, release=release)
        self._kept += due
        self._segments = self._segments[len(due) :]
        self._renewed = began
        if due or tail is not None:
            self._durable = began

    def _begin(self) -> AbstractContextManager[Work]:
        return begin(self._site, self._actor)

    def _stop(self) -> None:
        """Keep what has come, unless a checksum still stands against it, and leave the upload to the next request."""
        self._checkpoint()
        tail = self._suspend()
        self._checkpoint(None if self._checked else tail, release=True)

    def _suspend(self) -> Segment | None:
        with self._renewing():
            segments, tail = self._receiver.suspend()
        self._segments += segments
        return tail

    def _pause(self) -> None:
        """Make durable what has come, and go on."""
        tail = self._suspend()
        self._checkpoint(tail)
        self._receiver = self._resume(tail)

    def _resume(self, tail: Segment | None) -> Receiver:
        at = self._at
        return self._site.storage.resume(at.key, at.size, at.handle, self._kept, tail)

    def _release(self) -> None:
        """Leave the upload as it was kept last. A lease that cannot be given up now lapses by itself."""
        with suppress(Exception), self._begin() as work:
            uploads.checkpoint(work, self._at.id, lease=self._at.lease, release=True)

    def _conclude(self) -> None:
        try:
            self._checkpoint()
            with self._refusing(), self._renewing():
                content = Content.of(self._site.storage, self._receiver.finish())
            with self._refusing(), self._begin() as work:
                item = uploads.conclude(work, self._at.id, lease=self._at.lease, content=content)
        except Exception:
            self._release()
            raise
        if item.duplicate:
            with suppress(StorageError):
                self._site.storage.discard(content.stored.key, content.stored.version)

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        """End the upload, and remove its bytes, on what no further request could mend."""
        try:
            yield
        except (InvalidInput, DigestMismatch):
            self._refuse()
            raise
        except Mismatch as error:
            self._refuse()
            raise Unavailable(NOT_KEPT) from error
        except Missing as error:
            self._refuse()
            raise Gone("The store has lost bytes of this upload. Begin a new one.") from error

    def _refuse(self) -> None:
        with self._begin() as work:
            uploads.refuse(work, self._at.id, lease=self._at.lease)
        _remove(self._site.storage, self._at.key)

    @contextmanager
    def _renewing(self) -> Iterator[None]:
        """Hold the lease while the store is busy: completing and reading back a large object takes a while."""
        done = threading.Event()

        def renew() -> None:
            while not done.wait(CHECKPOINT_SECONDS):
                # A lease that is lost shows at the act that follows.
                with suppress(Exception), self._begin() as work:
                    uploads.checkpoint(work, self._at.id, lease=self._at.lease)

        thread = threading.Thread(target=renew, daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()


def _remove(storage: Storage, key: str) -> None:
    # What cannot be removed now, the sweep finds.
    with suppress(StorageError):
        storage.discard(INCOMING + key, None)
        storage.discard(key, None)


def terminate(id: UUID) -> Response:
    """Give an upload up, and remove its bytes."""
    site, actor = auth.current_site(), auth.current_actor()
    authorise(act_of(uploads.terminate), actor, {"id": id})
    _check_version()
    with begin(site, actor) as work:
        key = uploads.terminate(work, id)
    _remove(site.storage, key)
    return Response(status=204)


def overridden(id: UUID) -> Response:
    """For networks that let no other method through (tus, X-HTTP-Method-Override)."""
    views = {"PATCH": patch, "DELETE": terminate, "HEAD": head}
    method = request.headers.get("X-HTTP-Method-Override", "")
    if method not in views:
        authorise(act_of(uploads.take), auth.current_actor(), {"id": id})
        raise MethodNotAllowed(
            ["HEAD", "PATCH", "DELETE", "GET", "OPTIONS"], "Name the method in X-HTTP-Method-Override."
        )
    return views[method](id)


# --- the contracts ----------------------------------------------------------------------------------------------------


def _header(name: str, description: str, required: bool = False, **schema: Any) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "required": required,
        "description": description,
        "schema": {"type": "string", **schema},
    }


_RESUMABLE = _header("Tus-Resumable", "The version of the protocol.", True, enum=[VERSION])
_OFFSET = _header("Upload-Offset", "The byte from which this request goes on.", True, pattern="^[0-9]{1,18}$")
_CHECKSUM = _header("Upload-Checksum", "sha256 or sha1, a space, and the digest of the body in Base64.")
_BYTES = {"content": {"application/offset+octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
_TUS = {411: "The length is not declared", 412: "Another version of tus"}
_WRITING = {
    **_TUS,
    409: "The upload stands at another byte",
    410: "Expired, or refused",
    423: "Another request is writing",
    460: "The checksum does not match",
}
for _rule in ("/uploads", "/uploads/<uuid:id>"):
    api.route("OPTIONS", _rule, uploads.largest, own=options, status=204, says="What the server can do (tus)")
api.route(
    "POST",
    "/uploads",
    uploads.prepare,
    own=create,
    status=201,
    also=_TUS,
    document={
        "parameters": [
            _RESUMABLE,
            _header("Upload-Length", "Bytes of the file.", True, pattern="^[0-9]{1,18}$"),
            _header(
                "Upload-Metadata", "case, filename, title and the other fields of a file, each value in Base64 (tus)."
            ),
        ]
    },
    says="Begin a resumable upload (tus)",
)
api.route("GET", "/uploads", uploads.list_own, query=PageIn, out=UploadOut, many=True, says="My uploads under way")
# HEAD before GET: a route for GET would answer it too.
api.route(
    "HEAD",
    "/uploads/<uuid:id>",
    uploads.offset,
    own=head,
    also={**_TUS, 410: "Expired, or refused"},
    document={"parameters": [_RESUMABLE]},
    says="Where an upload stands (tus)",
)
api.route("GET", "/uploads/<uuid:id>", uploads.read, out=UploadOut, says="Where an upload stands")
api.route(
    "PATCH",
    "/uploads/<uuid:id>",
    uploads.take,
    own=patch,
    status=204,
    also=_WRITING,
    document={"parameters": [_RESUMABLE, _OFFSET, _CHECKSUM], "requestBody": _BYTES},
    says="Send further bytes (tus)",
)
api.route(
    "DELETE",
    "/uploads/<uuid:id>",
    uploads.terminate,
    own=terminate,
    status=204,
    also=_TUS,
    document={"parameters": [_RESUMABLE]},
    says="Give an upload up (tus)",
)
api.route(
    "POST",
    "/uploads/<uuid:id>",
    uploads.take,
    own=overridden,
    status=204,
    also={**_WRITING, 200: "As HEAD"},
    document={
        "parameters": [
            _RESUMABLE,
            _header("X-HTTP-Method-Override", "The method that is meant.", True, enum=["PATCH", "DELETE", "HEAD"]),
        ],
        "requestBody": _BYTES,
    },
    says="Any of these, for networks that let only POST through (tus)",
)
api.route(
    "POST",
    "/uploads/<uuid:id>/digest",
    uploads.attest,
    body=DigestIn,
    out=DigestOut,
    also={409: "The file is not whole yet, or another digest was recorded"},
    says="Record the digest that the device computed while it sent the file",
)
