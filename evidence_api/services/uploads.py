"""Resumable uploads: where each stands, and which request may write to it.

All of it is in the database, so that any process goes on where another was cut or killed. The offset kept here never
reaches the size before the file is admitted: both happen in one transaction, so that a client who is told that all
bytes are there can rely on the item being there too.
"""

import os
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa

from evidence_api.db import new_id
from evidence_api.domain.errors import Conflict, Gone, Locked, NotFound, TooLarge
from evidence_api.domain.sentences import sentence
from evidence_api.ledger.entry import Fact
from evidence_api.models import Case, Evidence, Upload, UploadSegment
from evidence_api.models.upload import UploadState
from evidence_api.policy import Permission
from evidence_api.services import intake
from evidence_api.services._checks import has_ended, refuse_ended
from evidence_api.services._pages import Page, page
from evidence_api.services.intake import Content, Stated
from evidence_api.storage import Segment
from evidence_api.storage.port import INCOMING
from evidence_api.work import Work, act, act_on

LEASE_SECONDS = 15
"""How long a writer may be silent before another takes over."""

ATTESTED_WITHIN = timedelta(days=7)
"""How long after a file came in its device may still say what it computed."""

_STATED = "upload:stated"
_EXPIRED_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Position:
    """Where an upload stands, and the lease under which one request may write on. Sizes and offsets in bytes."""

    id: UUID
    lease: str
    key: str
    size: int
    handle: str
    offset: int
    segments: Sequence[Segment]
    tail: Segment | None


# --- the lease --------------------------------------------------------------------------------------------------------


def _place() -> str:
    """This boot of this machine and this process namespace: within it, a process id and its start name one process."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}/{os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return ""


def _started(pid: str) -> str | None:
    """When a process started, in clock ticks since boot (proc(5), /proc/pid/stat); None if it runs no more."""
    try:
        after_name = Path(f"/proc/{int(pid)}/stat").read_text().rpartition(")")[2].split()
    except (OSError, ValueError):
        return None
    return None if after_name[0] in "ZX" else after_name[19]


def _new_lease() -> str:
    pid = str(os.getpid())
    return f"{_place()} {pid} {_started(pid)} {uuid.uuid4().hex[:8]}"


def _died(lease: str) -> bool:
    """Whether the lease's holder was a process of this machine that runs no more."""
    place, pid, started, _ = lease.split(" ")
    return place != "" and place == _place() and _started(pid) != started


def _leased(work: Work, upload: Upload) -> bool:
    """Whether a request is writing just now."""
    if upload.lease_holder is None or upload.lease_until is None:
        return False
    return upload.lease_until > work.now and not _died(upload.lease_holder)


def _check_lease(upload: Upload, lease: str) -> None:
    # A lapsed lease that nobody has taken meanwhile is as good as new.
    if upload.lease_holder != lease:
        raise Locked("Another request has taken over this upload. Ask for its offset and go on from there.")


# --- the acts ---------------------------------------------------------------------------------------------------------


@act(Permission.HEALTH, read_only=True)
def largest(work: Work) -> int:
    """The largest file that is taken, in bytes."""
    return work.site.settings.max_upload


@act(Permission.UPLOAD_OWN, read_only=True)
def prepare(work: Work, *, case: str, stated: Stated) -> UUID:
    """The id of the case that `case` names by id or ref, once all that can be refused before the bytes come is refused.

    Raises NotFound, Forbidden, InvalidInput, Conflict for a case that has ended.
    """
    found = work.get(Case, _case_id(work, case), Permission.EVIDENCE_ADD)
    work.require(Permission.EVIDENCE_ADD, found)
    stated.check(work, found)
    refuse_ended(work, found.id)
    return found.id


def _case_id(work: Work, case: str) -> UUID:
    try:
        return UUID(case)
    except ValueError:
        found = work.session.execute(sa.select(Case.id).where(Case.ref == case)).scalar_one_or_none()
    if found is None:
        raise NotFound
    return found


@act_on(Case, Permission.EVIDENCE_ADD)
def create(work: Work, case: Case, *, key: str, handle: str, size: int, stated: Stated, metadata: str) -> Upload:
    """Remember an upload that the store is ready for. `metadata` is the client's own header, given back as it was."""
    upload = Upload(
        id=new_id(),
        case_id=case.id,
        user_id=work.actor.user_id,
        size=size,
        storage_key=key,
        handle=handle,
        created_at=work.now,
        expires_at=work.now + timedelta(days=work.site.settings.upload_days),
    )
    kept = orjson.dumps({"stated": stated.to_json().decode(), "metadata": metadata})
    upload.stated = work.keys.seal(work.session, upload.subject, kept, _STATED)
    work.session.add(upload)
    return upload


def _kept(work: Work, upload: Upload) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(work.keys.open(work.session, upload.subject, upload.stated, _STATED))
    return found


@act_on(Upload, Permission.UPLOAD_OWN, read_only=True)
def read(work: Work, upload: Upload) -> Upload:
    """One's own upload, also one that has ended."""
    return upload


@act_on(Upload, Permission.UPLOAD_OWN, read_only=True)
def offset(work: Work, upload: Upload) -> tuple[Upload, str | None]:
    """One's own upload and the client's metadata, to go on from there. Raises Gone if it was refused or expired."""
    _check_alive(work, upload)
    return upload, _kept(work, upload)["metadata"] if upload.state is UploadState.RECEIVING else None


def _check_alive(work: Work, upload: Upload) -> None:
    if upload.state is UploadState.REFUSED:
        raise Gone("This upload was refused and its bytes were removed. Begin a new one.")
    if upload.state is UploadState.RECEIVING and upload.expires_at <= work.now:
        raise Gone("This upload was left too long and has expired. Begin a new one.")


@act(Permission.UPLOAD_OWN, read_only=True)
def list_own(work: Work, *, limit: int, cursor: UUID | None) -> Page[Upload]:
    """One's own uploads under way, newest first."""
    return _receiving(work, limit, cursor)


def _receiving(work: Work, limit: int, cursor: UUID | None) -> Page[Upload]:
    query = work.query(Upload).where(
        Upload.user_id == work.actor.user_id, Upload.state == UploadState.RECEIVING, Upload.expires_at > work.now
    )
    return page(work, query, Upload.id, limit, cursor)


@dataclass(frozen=True, slots=True)
class Standing:
    """An upload under way, for the person whose it is. Sizes in bytes."""

    id: UUID
    case_id: UUID
    size: int
    offset: int
    expires_at: datetime
    title: str
    filename: str | None


@act_on(Case, Permission.UPLOAD_OWN, read_only=True)
def under_way(work: Work, case: Case) -> tuple[Case, list[Standing]]:
    """The case, and one's own uploads into it that can still go on, oldest first."""
    own = (
        work.query(Upload)
        .where(
            Upload.case_id == case.id,
            Upload.user_id == work.actor.user_id,
            Upload.state == UploadState.RECEIVING,
            Upload.expires_at > work.now,
        )
        .order_by(Upload.id)
    )
    return case, _standing(work, work.session.scalars(own).all())


@act(Permission.UPLOAD_OWN, read_only=True)
def standing(work: Work, *, limit: int) -> list[Standing]:
    """One's own uploads into any case that can still go on, newest first."""
    return _standing(work, _receiving(work, limit, None)[0])


def _standing(work: Work, uploads: Sequence[Upload]) -> list[Standing]:
    keys = work.keys.subject_keys(work.session, [upload.subject for upload in uploads])
    found = []
    for upload in uploads:
        kept = orjson.loads(work.keys.open_with(keys[upload.subject], upload.stated, _STATED))
        stated = Stated.from_json(kept["stated"].encode())
        found.append(
            Standing(
                upload.id, upload.case_id, upload.size, upload.offset, upload.expires_at, stated.title, stated.filename
            )
        )
    return found


@act_on(Upload, Permission.UPLOAD_OWN)
def take(work: Work, upload: Upload, *, offset: int, length: int) -> Position:
    """Become the one request that may write to the upload: `length` bytes from `offset` on.

    Raises Gone, Locked while another writes, Conflict if `offset` is not where the upload stands or the case has ended,
    TooLarge.
    """
    _check_alive(work, upload)
    if upload.state is UploadState.RECEIVING:
        refuse_ended(work, upload.case_id)
    if upload.state is UploadState.RECEIVING and _leased(work, upload):
        raise Locked("Another request is writing to this upload just now. Wait a moment, then ask for its offset.")
    if upload.state is not UploadState.RECEIVING or upload.offset != offset:
        raise Conflict(sentence("This upload stands at byte {offset}. Go on from there.", offset=upload.offset))
    if offset + length > upload.size:
        raise TooLarge("These are more bytes than the upload's length leaves.")
    upload.lease_holder = _new_lease()
    upload.lease_until = work.now + timedelta(seconds=LEASE_SECONDS)
    rows = sa.select(UploadSegment).where(UploadSegment.upload_id == upload.id).order_by(UploadSegment.number)
    segments = [Segment(row.number, row.offset, row.size, row.sha256, row.etag) for row in work.session.scalars(rows)]
    tail = None if upload.tail is None else Segment(**upload.tail)  # type: ignore[arg-type]
    return Position(
        upload.id, upload.lease_holder, upload.storage_key, upload.size, upload.handle, upload.offset, segments, tail
    )


@act_on(Upload, Permission.UPLOAD_OWN)
def checkpoint(
    work: Work,
    upload: Upload,
    *,
    lease: str,
    segments: Sequence[Segment] = (),
    tail: Segment | None = None,
    release: bool = False,
) -> None:
    """Keep what has become durable, and the lease for another while; or give the lease up with `release`.

    Raises Locked where another request has taken over: then nothing may be touched any more.
    """
    _check_lease(upload, lease)
    if segments or tail is not None:
        work.session.add_all(UploadSegment(upload_id=upload.id, **asdict(segment)) for segment in segments)
        last = tail or segments[-1]
        upload.offset = last.offset + last.size
        upload.tail = None if tail is None else asdict(tail)
        upload.expires_at = work.now + timedelta(days=work.site.settings.upload_days)
    upload.lease_holder = None if release else lease
    upload.lease_until = None if release else work.now + timedelta(seconds=LEASE_SECONDS)


@act_on(Upload, Permission.UPLOAD_OWN)
def conclude(work: Work, upload: Upload, *, lease: str, content: Content) -> Evidence:
    """Admit the whole file. Raises Locked, and what `intake.admit` raises."""
    _check_lease(upload, lease)
    stated = Stated.from_json(_kept(work, upload)["stated"].encode())
    item = intake.admit(work, upload.case_id, content=content, stated=stated)
    _end(work, upload, UploadState.DUPLICATE if item.duplicate else UploadState.ADMITTED)
    upload.offset = upload.size
    upload.evidence_id = item.id
    return item


@dataclass(frozen=True, slots=True)
class Attested:
    """What the device computed, and whether the store has the same."""

    sha256: str
    matches: bool


@act_on(Upload, Permission.UPLOAD_OWN)
def attest(work: Work, upload: Upload, *, sha256: str) -> Attested:
    """Record in the item's chain what the device computed of the file while it sent it. Once; saying it again is heard.

    A mismatch quarantines the item that this upload made, as long as it is still with the uploader and the case goes
    on: what another has taken over since is not hers to stop. One that the case had before was received whole from
    another hand: then only the upload is in doubt. Raises Conflict before the file is admitted, more than 7 days
    after, and for another digest.
    """
    if upload.evidence_id is None:
        raise Conflict("The file has not come in whole. Send the rest first.")
    if upload.device_sha256 not in (None, sha256):
        raise Conflict("Another digest was recorded for this upload already. A record is not changed.")
    find = sa.select(Evidence).where(Evidence.id == upload.evidence_id).with_for_update(key_share=True)
    item = work.session.scalars(find.execution_options(populate_existing=True)).one()
    found = Attested(sha256, item.sha256 == sha256)
    if upload.device_sha256 is None:
        if not upload.duplicate and work.now - item.received_at > ATTESTED_WITHIN:
            raise Conflict("The file came in more than 7 days ago. Its digest is no longer taken; verify the item.")
        upload.device_sha256 = sha256
        work.record(item, "evidence:device_digest", data={"sha256": sha256, "matches": found.matches})
        hers = item.custodian_id == upload.user_id and not has_ended(work, item.case_id)
        if hers and not (found.matches or upload.duplicate or item.quarantined):
            item.quarantined = True
            work.record(item, "evidence:quarantine", data={"reason_code": "device_mismatch"})
    return found


@act_on(Upload, Permission.UPLOAD_OWN)
def refuse(work: Work, upload: Upload, *, lease: str) -> None:
    """End an upload that can never be admitted; its bytes are to be removed from the store once this is committed."""
    _check_lease(upload, lease)
    _end(work, upload, UploadState.REFUSED)


def _end(work: Work, upload: Upload, state: UploadState) -> None:
    """What the uploader stated stands in the item's chain now, or nowhere."""
    upload.state = state
    upload.lease_holder = upload.lease_until = upload.tail = None
    upload.stated = b""
    work.keys.destroy(work.session, upload.subject)
    work.session.execute(sa.delete(UploadSegment).where(UploadSegment.upload_id == upload.id))


@act_on(Upload, Permission.UPLOAD_OWN)
def terminate(work: Work, upload: Upload) -> str:
    """Forget an upload; the key of the bytes, which are to be removed from the store once this is committed.

    A request that is still writing stops at its next checkpoint. Raises Conflict for what has been admitted.
    """
    if upload.evidence_id is not None:
        raise Conflict("This upload has ended, and its file is evidence now. Evidence is not removed in this way.")
    _end(work, upload, UploadState.REFUSED)
    work.session.delete(upload)
    return upload.storage_key


@act(Permission.OPERATE)
def expire(work: Work) -> int:
    """Remove uploads that nobody went on with in time, from store and database; how many. Ended ones are forgotten.

    Where bytes are lost with it, the case is told, as when the one who sent them was taken off it meanwhile.
    """
    left = (
        sa.select(Upload)
        .where(Upload.expires_at <= work.now, Upload.lease_until.is_(None) | (Upload.lease_until <= work.now))
        .order_by(Upload.expires_at)
        .limit(_EXPIRED_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    removed = 0
    for upload in work.session.scalars(left).all():
        if upload.state is UploadState.RECEIVING:
            # Should this not be committed, the bytes are missing for an upload that has expired anyway.
            work.storage.discard(INCOMING + upload.storage_key, None)
            work.storage.discard(upload.storage_key, None)
            removed += 1
            if upload.offset:
                lost: dict[str, Fact] = {
                    "size": upload.size,
                    "received": upload.offset,
                    "user": str(work.known_as(upload.case_id, upload.user_id)),
                }
                work.record(work.session.get_one(Case, upload.case_id), "case:upload_expired", data=lost)
        _end(work, upload, upload.state)
        work.session.delete(upload)
    return removed
