"""Taking things in: the one way from stored bytes to an item of evidence, and the register of physical things."""

import io
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa
import structlog

from evidence_api.domain.custody import Derivation, Sensitivity
from evidence_api.domain.errors import DigestMismatch, InvalidInput
from evidence_api.ledger.entry import Fact, timestamp
from evidence_api.media import Claims, differences, read_claims, sniff
from evidence_api.models import Case, Evidence, Reader, Upload
from evidence_api.models.upload import UploadState
from evidence_api.policy import Permission
from evidence_api.services._checks import (
    CLOCKS_DIFFER,
    named_in_case,
    not_in_the_future,
    refuse_ended,
    refuse_taken_tag,
)
from evidence_api.services._restriction import restrict
from evidence_api.storage import Storage, Stored
from evidence_api.storage.port import INCOMING
from evidence_api.work import Work, act, act_on

log = structlog.get_logger()

OBJECTS = "objects/"
ORPHANED = timedelta(days=1)
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Stated:
    """What the uploader says of a file: kept beside what the file says of itself, and never mended.

    `filename` is exactly what the device called it. `sha256` is what the device computed, 64 lower-case hex digits.
    `latitude` and `longitude` are WGS 84 degrees.
    """

    title: str
    filename: str | None = None
    captured_at: datetime | None = None
    method: str | None = None
    device: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    sha256: str | None = None
    original: UUID | None = None
    derivation: Derivation | None = None
    restricted: bool = False

    def to_json(self) -> bytes:
        return orjson.dumps(asdict(self))

    @classmethod
    def from_json(cls, raw: bytes) -> "Stated":
        """Back from `to_json`."""
        found: dict[str, Any] = orjson.loads(raw)
        for name, kind in (("captured_at", datetime.fromisoformat), ("original", UUID), ("derivation", Derivation)):
            if found[name] is not None:
                found[name] = kind(found[name])
        return cls(**found)

    def check(self, work: Work, case: Case) -> Evidence | None:
        """The original that is named, if one is. Raises InvalidInput for what cannot be so."""
        not_in_the_future(work, "captured_at", self.captured_at, CLOCKS_DIFFER)
        if self.derivation is not None and self.original is None:
            raise InvalidInput({"original": ["Name the item that this one is made from."]})
        return named_in_case(work, Evidence, case.id, "original", self.original)


class _StoredFile(io.RawIOBase):
    """A finished object as a seekable file, by range reads."""

    def __init__(self, storage: Storage, stored: Stored) -> None:
        self._storage, self._stored, self._position = storage, stored, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._stored.size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: Any) -> int:
        wanted = max(0, min(len(buffer), self._stored.size - self._position))
        filled = 0
        if wanted:
            for chunk in self._storage.read(self._stored.key, self._stored.version, self._position, wanted):
                buffer[filled : filled + len(chunk)] = chunk
                filled += len(chunk)
        self._position += filled
        return filled


@dataclass(frozen=True, slots=True)
class Content:
    """A stored file, what it is and what it says of itself; read before a transaction is open, since it takes time."""

    stored: Stored
    media_type: str
    claims: Claims

    @classmethod
    def of(cls, storage: Storage, stored: Stored) -> "Content":
        """Look into a stored file. Never raises: what cannot be read is evidence all the same."""
        media_type, claims = "application/octet-stream", Claims(readable=False)
        stream = _StoredFile(storage, stored)
        try:
            media_type = sniff(stream, stored.size)[:100]
            claims = read_claims(stream, stored.size, media_type)
        except Exception as error:
            log.warning("claims unread", kind=type(error).__name__, size=stored.size)
        return cls(stored, media_type, claims)

    def said(self) -> dict[str, str | float | int | bool]:
        """The claims that the file makes, by name; empty where it makes none."""
        said = {name: value for name, value in asdict(self.claims).items() if value is not None}
        if self.claims.recorded_at is None:
            del said["recorded_at_zone_known"]
        if self.claims.readable:
            del said["readable"]
        return said


@act_on(Case, Permission.EVIDENCE_ADD)
def admit(work: Work, case: Case, *, content: Content, stated: Stated) -> Evidence:
    """Make a stored file an item of evidence, in the custody of the actor.

    If the case has the same bytes already in an item that the actor can see, that item comes back with `duplicate`
    set, and nothing is admitted. A quarantined item does not count: the new copy may be the only good one. What is
    made from a restricted item is restricted too, and a file that comes in as restricted is so wherever the case has
    it. Raises DigestMismatch, InvalidInput, Conflict for a case that has ended.
    """
    stored = content.stored
    if stated.sha256 is not None and stated.sha256 != stored.sha256:
        raise DigestMismatch(
            "The bytes received do not have the SHA-256 that was stated, so nothing was kept. "
            "Check the file on the device, and send it again."
        )
    original = stated.check(work, case)
    refuse_ended(work, case.id)
    restricted = stated.restricted or (original is not None and original.sensitivity is Sensitivity.RESTRICTED)
    if restricted:
        _restrict_same_bytes(work, case, stored.sha256)
    existing = _same_bytes(work, case, stored.sha256)
    if existing is not None:
        existing.duplicate = True
        work.record(
            existing,
            "evidence:duplicate",
            data={"sha256": stored.sha256, "size": stored.size},
            facts={"filename": stated.filename},
        )
        return existing
    found = differences(content.claims, stated.captured_at, stated.device, stated.latitude, stated.longitude)
    said = content.said()
    item = Evidence(
        case_id=case.id,
        ref=_next_ref(work, case),
        title=stated.title,
        storage_key=stored.key,
        storage_version=stored.version,
        sha256=stored.sha256,
        size=stored.size,
        media_type=content.media_type,
        captured_at=stated.captured_at,
        received_at=work.now,
        method=stated.method,
        device=stated.device,
        latitude=stated.latitude,
        longitude=stated.longitude,
        claims=said or None,
        differences=[asdict(difference) for difference in found] or None,
        original_id=stated.original,
        derivation=stated.derivation,
        sensitivity=Sensitivity.RESTRICTED if restricted else Sensitivity.ORDINARY,
        custodian_id=work.actor.user_id,
        collector_id=work.actor.user_id,
    )
    work.session.add(item)
    work.session.flush()
    if restricted:
        work.session.add(Reader(evidence_id=item.id, user_id=work.actor.user_id))
    _record_ingest(work, item, stated, said)
    item.filename = stated.filename  # type: ignore[assignment]
    return item


def _record_ingest(work: Work, item: Evidence, stated: Stated, said: dict[str, str | float | int | bool]) -> None:
    """The item's first entry: what was stored, openly; what people and the file itself say of it, as commitments."""
    data: dict[str, Fact] = {
        "sha256": item.sha256,
        "size": item.size,
        "media_type": item.media_type,
        "storage_key": item.storage_key,
        "version": item.storage_version,
        "sensitivity": item.sensitivity.value,
        "custodian": str(work.known_as(item.case_id)),
    }
    if stated.original is not None:
        data["original"] = str(stated.original)
    if stated.derivation is not None:
        data["derivation"] = stated.derivation.value
    facts: dict[str, Fact | float] = {
        "filename": stated.filename,
        "title": stated.title,
        "captured_at": _text(stated.captured_at),
        "method": stated.method,
        "device": stated.device,
        "latitude": stated.latitude,
        "longitude": stated.longitude,
        **{f"claimed_{name}": value for name, value in said.items()},
    }
    work.record(item, "evidence:ingest", data=data, facts=facts)


def _restrict_same_bytes(work: Work, case: Case, sha256: str) -> None:
    """Also those that the actor cannot see: what shows abuse is not left open because another brought it first."""
    ordinary = (
        sa.select(Evidence)
        .where(
            Evidence.case_id == case.id,
            Evidence.sha256 == sha256,
            Evidence.sensitivity == Sensitivity.ORDINARY,
        )
        .order_by(Evidence.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    for item in work.session.scalars(ordinary).all():
        restrict(work, item, "The same file came in as a restricted one.")


def _same_bytes(work: Work, case: Case, sha256: str) -> Evidence | None:
    same = work.query(Evidence).where(
        Evidence.case_id == case.id, Evidence.sha256 == sha256, Evidence.quarantined.is_(False)
    )
    # Locked: its chain is about to be appended to.
    lock = same.order_by(Evidence.id).limit(1).with_for_update(of=Evidence, key_share=True)
    return work.session.scalars(lock.execution_options(populate_existing=True)).one_or_none()


def _next_ref(work: Work, case: Case) -> str:
    return f"{case.ref}/E{work.next_number(f'evidence:{case.id}')}"


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else timestamp(moment)


@act_on(Case, Permission.EVIDENCE_ADD)
def register(
    work: Work,
    case: Case,
    *,
    title: str,
    tag: str,
    place: str,
    captured_at: datetime | None = None,
    method: str | None = None,
    original: UUID | None = None,
) -> Evidence:
    """Make a physical thing an item of evidence, in the custody of the actor. `captured_at` is when it was seized.

    Raises InvalidInput, also where the case has an item with this tag.
    """
    not_in_the_future(work, "captured_at", captured_at, CLOCKS_DIFFER)
    named_in_case(work, Evidence, case.id, "original", original)
    refuse_taken_tag(work, case.id, tag)
    refuse_ended(work, case.id)
    item = Evidence(
        case_id=case.id,
        ref=_next_ref(work, case),
        title=title,
        tag=tag,
        place=place,
        captured_at=captured_at,
        received_at=work.now,
        method=method,
        original_id=original,
        custodian_id=work.actor.user_id,
        collector_id=work.actor.user_id,
    )
    work.session.add(item)
    work.session.flush()
    data: dict[str, Fact] = {"custodian": str(work.known_as(case.id))}
    if original is not None:
        data["original"] = str(original)
    work.record(
        item,
        "evidence:register",
        data=data,
        facts={"title": title, "tag": tag, "place": place, "captured_at": _text(captured_at), "method": method},
    )
    return item


@act(Permission.OPERATE, read_only=True)
def sweep(work: Work) -> int:
    """Remove unfinished objects that no upload under way names and that are older than a day; how many.

    The age is that of the key, a UUIDv7. A finished object is never removed here, although a crash can leave one that
    no row names: after the database was restored from an older backup, every item received since looks just like it.
    """
    removed = 0
    old = (key for key in work.storage.keys(INCOMING + OBJECTS) if _age(key, work.now) > ORPHANED)
    while batch := {key.removeprefix(INCOMING): key for key in islice(old, _BATCH)}:
        under_way = sa.select(Upload.storage_key).where(Upload.state == UploadState.RECEIVING)
        for named in work.session.scalars(under_way.where(Upload.storage_key.in_(batch))):
            del batch[named]
        for key in batch.values():
            work.storage.discard(key, None)
        removed += len(batch)
    return removed


def _age(key: str, now: datetime) -> timedelta:
    try:
        milliseconds = UUID(key.rsplit("/", 1)[1]).int >> 80
        return now - datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return timedelta(0)
