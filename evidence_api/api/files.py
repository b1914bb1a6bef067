"""Items coming in by one request: a file with its form, or a physical thing. Resumable uploads are in `uploads`."""

import time
from contextlib import suppress
from typing import IO, Any, cast
from uuid import UUID

import orjson
import structlog
from flask import Response, request
from werkzeug.exceptions import BadRequest, UnsupportedMediaType
from werkzeug.formparser import MultiPartParser

from evidence_api import auth
from evidence_api.api.bodies import LARGEST_READ, NOT_KEPT, Body, declared_length, place
from evidence_api.api.contract import Api, answer, authorise, load
from evidence_api.db import new_id
from evidence_api.domain.errors import CutShort, DomainError, InvalidInput, TooLarge, Unavailable
from evidence_api.domain.roles import Scope
from evidence_api.services import intake
from evidence_api.services.intake import OBJECTS, Content, Stated
from evidence_api.storage import Mismatch, Receiver, Storage, StorageError, Stored
from evidence_api.work import act_of, begin
from schemas.evidence import EvidenceOut
from schemas.uploads import MAX_FILENAME, FormIn, ItemIn, StatedIn

MAX_FIELDS = 32
MAX_FIELD_BYTES = 1 << 20
"""All the form's fields together, and what the parser keeps in memory."""

MAX_FORM_SECONDS = 12 * 3600
"""What no row names is swept from the store after a day; a longer upload must be a resumable one."""

log = structlog.get_logger()
api = Api("files", __name__)


class _FormFile:
    """Where the form parser writes the file: straight into the store."""

    def __init__(self, storage: Storage, most: int) -> None:
        self._storage = storage
        self._most = most
        self._receiver: Receiver | None = None
        self._until = time.monotonic() + MAX_FORM_SECONDS
        self._key = f"{OBJECTS}{new_id()}"
        self.filename: str | None = None

    def open(self, filename: str | None, **_: Any) -> IO[bytes]:
        """What the parser calls a stream factory."""
        if self._receiver is not None:
            raise InvalidInput({"file": ["Send one file at a time."]})
        if filename is not None and len(filename) > MAX_FILENAME:
            raise InvalidInput({"file": [f"Its name is longer than {MAX_FILENAME} characters."]})
        self._receiver = self._storage.receive(self._key, None)
        self.filename = filename
        return cast(IO[bytes], self)

    def write(self, chunk: bytes) -> None:
        assert self._receiver is not None
        if self._receiver.offset + len(chunk) > self._most:
            raise TooLarge(f"A file may have {self._most} bytes.")
        if time.monotonic() > self._until:
            raise CutShort("This took too long for one request. Use a resumable upload: `unbroken upload`.")
        self._receiver.write(chunk)

    def seek(self, _offset: int) -> None:
        """The parser goes back to the start, for readers that this file does not have."""

    def finish(self) -> Stored:
        """Raises InvalidInput where no file came, or an empty one."""
        if self._receiver is None:
            raise InvalidInput({"file": ["Send the file in the field `file`."]})
        if self._receiver.offset == 0:
            raise InvalidInput({"file": ["The file is empty."]})
        try:
            return self._receiver.finish()
        except Mismatch as error:
            raise Unavailable(NOT_KEPT) from error

    def remove(self) -> None:
        """Leave nothing in the store."""
        # What cannot be removed now, the sweep finds.
        with suppress(StorageError):
            if self._receiver is not None:
                self._receiver.abort()
                self._storage.discard(self._key, None)


KNOWN_OUT = EvidenceOut(only=("id", "case", "sha256", "size", "duplicate"))


def add_file(id: UUID) -> Response:
    """One file in one form. Who may not, is told so before the body is read."""
    site, actor = auth.current_site(), auth.current_actor()
    authorise(act_of(intake.admit), actor, {"id": id})
    length = declared_length()
    boundary = request.mimetype_params.get("boundary", "")
    if request.mimetype != "multipart/form-data" or not boundary or not boundary.isascii():
        raise UnsupportedMediaType("Send a form, with Content-Type: multipart/form-data.")
    most = site.settings.max_upload
    if length > most + MAX_FIELD_BYTES:
        raise TooLarge(f"A file may have {most} bytes.")
    file = _FormFile(site.storage, most)
    began = time.monotonic()
    try:
        with place():
            stated = _read_form(file, length, boundary)
        content = Content.of(site.storage, file.finish())
    except BaseException:
        file.remove()
        raise
    # Should it be unknown whether this was committed, the object stays: it does no harm.
    try:
        with begin(site, actor) as work:
            item = intake.admit(work, id, content=content, stated=stated)
            response = answer(ADD_FILE, item, work)
            if item.duplicate and actor.scope is Scope.UPLOAD:
                # What another said of the file is not for a token that can only bring files.
                response.set_data(orjson.dumps(KNOWN_OUT.dump(item)))
    except DomainError:
        file.remove()
        raise
    if item.duplicate:
        file.remove()
    log.info("received", size=content.stored.size, seconds=round(time.monotonic() - began, 3))
    return response


def _read_form(file: _FormFile, length: int, boundary: str) -> Stated:
    body = Body(length)
    parser = MultiPartParser(
        cast(Any, file.open),
        max_form_memory_size=MAX_FIELD_BYTES,
        buffer_size=LARGEST_READ,
        max_form_parts=MAX_FIELDS,
    )
    try:
        fields, files = parser.parse(cast(IO[bytes], body), boundary.encode("ascii"), length)
    except ValueError as error:
        raise BadRequest("The body is not a form that can be read.") from error
    values = {str(name): value for name, value in fields.items() if value != ""}
    twice = [name for name in fields if len(fields.getlist(name)) > 1]
    if twice:
        raise InvalidInput({str(name): ["Give this once."] for name in twice})
    if any(name != "file" for name in files):
        raise InvalidInput({"file": ["Send the file in the field `file`."]})
    return Stated(filename=file.filename or None, **load(StatedIn, values))


_FORM = {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": FormIn}}}}

api.route(
    "POST",
    "/cases/<uuid:id>/evidence",
    intake.admit,
    own=add_file,
    out=EvidenceOut,
    status=201,
    answer=lambda item: 200 if item.duplicate else 201,
    also={
        200: "The case has the same file already: this item",
        400: "The body was cut short, or is no form",
        411: "The length is not declared",
    },
    document=_FORM,
    says="Add a file to a case",
)
ADD_FILE = api.routes[-1]

api.route(
    "POST",
    "/cases/<uuid:id>/items",
    intake.register,
    body=ItemIn,
    out=EvidenceOut,
    status=201,
    says="Add a physical thing to a case",
)
