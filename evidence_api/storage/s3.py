"""The storage port on an S3 store, through the ``minio`` client.

An object is one multipart upload: two parts are sent in threads of their own while the next is received, so that an
upload holds at most three parts in memory. Retention (GOVERNANCE) and legal hold are set on the finished version and
verified by HEAD, because stores drop these headers on multipart uploads. Reads name the version that was stored: with
unique keys that is what makes objects write-once, since stores ignore If-None-Match on versioned buckets.
"""

import hashlib
import math
import uuid
import weakref
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from xml.etree.ElementTree import ParseError

import minio
import urllib3
from minio.commonconfig import ENABLED, GOVERNANCE
from minio.datatypes import Part
from minio.error import MinioException, S3Error
from minio.helpers import check_bucket_name
from minio.retention import Retention

from .port import (
    INCOMING,
    MIB,
    PART_SIZE,
    READ_SIZE,
    AlreadyExists,
    Finding,
    Full,
    Mismatch,
    Missing,
    Segment,
    Stat,
    StorageError,
    Stored,
    Unavailable,
    check_key,
    end_of,
    verify_runs,
)

MIN_PART_SIZE = 5 * MIB
MAX_PARTS = 10_000
"""Limits of S3 (Amazon S3 User Guide, "Multipart upload limits")."""

PLANNED_PARTS = 9_000
"""Parts planned for a declared size: the rest is room for runs that a crash or a changed part size cut short."""

UNDER_WAY = 2
"""Parts sent at once: one waits for the store while the other is on its way."""

SLOWEST = MIB
"""Bytes a second at which a part must leave; urllib3 counts the sending of a body within the connect time-out."""

_GONE = {"NoSuchKey", "NoSuchVersion", "MethodNotAllowed"}  # the last: the version is a delete marker
_FULL = {"QuotaExceeded", "InsufficientStorage", "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded"}
_REFUSED = {"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "RequestTimeTooSkewed"}
_NO_LOCKS = {
    "ObjectLockConfigurationNotFoundError",
    "NoSuchObjectLockConfiguration",
    "InvalidRequest",
    "NotImplemented",
    "MethodNotAllowed",
}
_BAD_PART = {"InvalidPart", "InvalidPartOrder", "EntityTooSmall"}


def part_size_for(size: int | None, part_size: int) -> int:
    """Bytes of a part, such that an object of ``size`` bytes stays well below 10,000 parts."""
    return max(part_size, math.ceil((size or 0) / PLANNED_PARTS))


@contextmanager
def _mapped() -> Iterator[None]:
    """Errors of the client as storage errors, without address, bucket or key in the message."""
    try:
        yield
    except S3Error as error:
        raise _translate(error.code or "") from error
    except (MinioException, urllib3.exceptions.HTTPError, OSError, ValueError, ParseError) as error:
        raise Unavailable(
            "The S3 store does not answer as it should: check that it runs, has room and is reachable, then try again."
        ) from error


def _translate(code: str) -> StorageError:
    if code in _GONE:
        return Missing("The object is not in the S3 store: restore it from a replica or a backup.")
    if code in _FULL:
        return Full("The S3 store has no room left: enlarge it or its quota, then try again.")
    if code in _BAD_PART:
        return Mismatch("The S3 store does not hold the parts that were sent: upload the file again.")
    if code in _REFUSED:
        return Unavailable(
            f"The S3 store refuses the service ({code}): check access key, secret key, their policy, and both clocks."
        )
    return Unavailable(f"The S3 store answers with an error ({code or 'no code'}): look it up in the store's own log.")


class _Pool(urllib3.PoolManager):
    """Bounds every call in time: a full store hangs instead of failing. Gives a body of some size longer to leave."""

    def __init__(self, timeout: float) -> None:
        retries = urllib3.Retry(
            total=2,
            connect=2,
            read=1,
            status=2,
            redirect=False,
            backoff_factor=0.2,
            status_forcelist=(500, 502, 503, 504),
        )
        super().__init__(maxsize=16, retries=retries)
        self._seconds = timeout

    def urlopen(  # type: ignore[override]
        self, method: str, url: str, redirect: bool = True, **options: Any
    ) -> urllib3.BaseHTTPResponse:
        leaving = self._seconds + len(options.get("body") or b"") / SLOWEST
        options["timeout"] = urllib3.Timeout(connect=leaving, read=self._seconds)
        return super().urlopen(method, url, redirect, **options)


class _Client:
    """The calls that ``minio`` keeps private or does not have, on one bucket. Its public upload cannot be resumed.

    The version of ``minio`` is pinned by hash, and the contract test makes every one of these calls.
    """

    def __init__(self, client: minio.Minio, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def begin(self, key: str) -> str:
        return self._client._create_multipart_upload(self._bucket, key, {})

    def upload(self, key: str, handle: str, number: int, body: bytearray) -> str | None:
        """The part's ETag; null if the upload is gone."""
        try:
            # The annotation asks for bytes; any buffer is sent, and a copy would cost one part more.
            return self._client._upload_part(self._bucket, key, cast(bytes, body), {}, handle, number)
        except S3Error as error:
            if error.code != "NoSuchUpload":
                raise
            return None

    def put(self, key: str, body: bytearray) -> str | None:
        return self._client._put_object(self._bucket, key, cast(bytes, body)).version_id

    def complete(self, key: str, handle: str, runs: Sequence[Segment]) -> str | None:
        parts = [Part(run.number, run.etag or "") for run in runs]
        return self._client._complete_multipart_upload(self._bucket, key, handle, parts).version_id

    def going_on(self, key: str, handle: str) -> bool:
        try:
            self._client._list_parts(self._bucket, key, handle, max_parts=1)
        except S3Error as error:
            if error.code in ("NoSuchUpload", "NoSuchKey"):
                return False
            raise
        return True

    def abort(self, key: str, handle: str) -> None:
        with _suppress("NoSuchUpload"):
            self._client._abort_multipart_upload(self._bucket, key, handle)

    def unfinished(self, prefix: str) -> Iterator[tuple[str, str]]:
        """Key and handle of multipart uploads; of many under one key at least one."""
        marker: str | None = None
        while True:
            page = self._client._list_multipart_uploads(self._bucket, prefix=prefix, key_marker=marker)
            for upload in page.uploads:
                if upload.object_name and upload.upload_id:
                    yield upload.object_name, upload.upload_id
            marker = page.next_key_marker
            if not page.is_truncated or not marker:
                return

    def remove(self, key: str, version: str | None, *, bypass: bool) -> None:
        self._client._execute(
            "DELETE",
            self._bucket,
            key,
            headers={"x-amz-bypass-governance-retention": "true"} if bypass else None,
            query_params={"versionId": version} if version else None,
        )


@contextmanager
def _suppress(*codes: str) -> Iterator[None]:
    """Leaves out S3 errors with one of these codes."""
    try:
        yield
    except S3Error as error:
        if error.code not in codes:
            raise


class _Reading:
    """Chunks of a response, checked to be as many bytes as were announced."""

    def __init__(self, response: urllib3.BaseHTTPResponse, length: int) -> None:
        self._chunks = response.stream(READ_SIZE)
        self._left = length
        self._close = weakref.finalize(self, response.close)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        with _mapped():
            chunk = next(self._chunks, b"")
        self._left -= len(chunk)
        if not chunk:
            self._close()
            if self._left:
                raise Mismatch("The object ends before its size: verify it and restore it from a replica or a backup.")
            raise StopIteration
        return chunk


class S3Receiver:
    """One multipart upload. Parts are sent by threads of their own; a failure shows at the next call."""

    def __init__(
        self,
        storage: "S3Storage",
        key: str,
        size: int | None,
        handle: str,
        segments: Sequence[Segment],
        tail: Segment | None = None,
        buffer: bytes | None = b"",
    ) -> None:
        """``buffer`` is the tail's bytes; null if they are gone, because the object was completed before."""
        self.handle = handle
        self.offset = end_of(segments, tail)
        self._storage = storage
        self._key = key
        self._size = size
        self._part_size = part_size_for(size, storage.part_size)
        self._settled = buffer is None  # then bytes are only counted and hashed
        self._durable = [tail] if tail and self._settled else []
        self._runs = [*segments, *self._durable]
        self._buffer = bytearray(buffer or b"")
        self._digest = hashlib.sha256(self._buffer)
        self._sending: deque[Future[Segment]] = deque()
        self._pool: ThreadPoolExecutor | None = None
        self._closed = False
        self._version: str | None = None
        self._completed_here = False
        self._stored: Stored | None = None

    def write(self, chunk: bytes | memoryview) -> None:
        self._check_open()
        view = memoryview(chunk).cast("B")
        if self._size is not None and self.offset + len(view) > self._size:
            raise StorageError("More bytes arrived than were declared: upload the file again with its right size.")
        while view:
            if len(self._buffer) >= self._part_size:
                self._send()
            piece = view[: self._part_size - len(self._buffer)]
            self._digest.update(piece)
            self._buffer += piece
            self.offset += len(piece)
            view = view[len(piece) :]
        if len(self._buffer) >= self._part_size:
            self._send()

    def _check_open(self) -> None:
        if self._closed:
            raise StorageError("This upload is closed: resume it.")

    def _send(self) -> None:
        """Hand the buffer to a thread, once one is free."""
        self._land(waiting=UNDER_WAY - 1)
        number = len(self._runs) + len(self._sending) + 1
        if number > MAX_PARTS:
            raise StorageError(
                "The file has more parts than an S3 store takes: declare its size when the upload begins."
            )
        start = self.offset - len(self._buffer)
        segment = Segment(number, start, len(self._buffer), self._digest.hexdigest(), None)
        self._pool = self._pool or ThreadPoolExecutor(max_workers=UNDER_WAY, thread_name_prefix="storage-send")
        self._sending.append(self._pool.submit(self._upload, segment, self._buffer))
        self._buffer = bytearray()
        self._digest = hashlib.sha256()

    def _upload(self, segment: Segment, body: bytearray) -> Segment:
        if self._settled:
            return segment
        with _mapped():
            etag = self._storage.client.upload(self._key, self.handle, segment.number, body)
        if etag is None:
            self._settle()
        return replace(segment, etag=etag)

    def _settle(self) -> None:
        """The upload is gone: either it was completed before, or it is lost. Raises Missing if it is lost."""
        size = self.offset if self._size is None else self._size
        if not self._storage.is_stored(self._key, size):
            raise Missing("The S3 store no longer has this upload: upload the file again.")
        self._settled = True

    def _land(self, waiting: int = 0) -> None:
        """Take over the parts that were sent, and wait until no more than ``waiting`` are under way."""
        while self._sending and (len(self._sending) > waiting or self._sending[0].done()):
            segment = self._sending[0].result()
            self._sending.popleft()
            self._runs.append(segment)
            self._durable.append(segment)

    def _report(self) -> list[Segment]:
        durable, self._durable = self._durable, []
        return durable

    def flush(self) -> list[Segment]:
        self._check_open()
        self._land(waiting=UNDER_WAY)
        return self._report()

    def suspend(self) -> tuple[list[Segment], Segment | None]:
        self._check_open()
        self._land()
        tail = None
        if self._buffer:
            start = self.offset - len(self._buffer)
            tail = Segment(len(self._runs) + 1, start, len(self._buffer), self._digest.hexdigest(), None)
            self._storage.keep_tail(self._key, tail, self._buffer)
        self._close()
        return self._report(), tail

    def _close(self) -> None:
        self._closed = True
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None

    def finish(self) -> Stored:
        if self._stored is not None:
            return self._stored
        self._check_open()
        if self._size is not None and self.offset != self._size:
            raise StorageError("Not all bytes have arrived: resume the upload.")
        self._land()
        if self._buffer or not self._runs:
            self._send()
            self._land()
        version = self._complete()
        runs = [run for run in self._runs if run.size]
        try:
            sha256 = verify_runs(self._storage.read(self._key, version), runs)
        except Mismatch:
            if self._completed_here:
                self._storage.discard(self._key, version)
            raise
        self._storage.lock(self._key, version, self._storage.retention)
        # A tail left behind does no harm, and the sweeper finds it.
        with suppress(StorageError):
            self._storage.drop_tails(self._key)
        self._close()
        self._stored = Stored(self._key, version, self.offset, sha256)
        return self._stored

    def _complete(self) -> str | None:
        """Join the parts; the version. If an answer was lost, or a process killed here before, the object is there."""
        if not self._settled:
            try:
                with _mapped():
                    self._version = self._storage.client.complete(self._key, self.handle, self._runs)
                self._settled = self._completed_here = True
            except Mismatch:
                raise
            except StorageError:
                # Stores answer differently for an upload that is gone, Ceph with an internal error.
                with _mapped():
                    if self._storage.client.going_on(self._key, self.handle):
                        raise
                self._settle()
        if self._version is None:
            self._version = self._storage.stat(self._key, None).version
        return self._version

    def abort(self) -> None:
        self._close()
        if self._stored is None:
            with _mapped():
                self._storage.client.abort(self._key, self.handle)
            self._storage.drop_tails(self._key)


class S3Storage:
    """Objects in one bucket of an S3 store, locked as far as the bucket keeps locks; :meth:`probe` says how far."""

    name = "s3"

    def __init__(
        self,
        endpoint: str,
        access_key: str,
        secret_key: str,
        region: str,
        secure: bool,
        bucket: str,
        retention_days: int,
        part_size: int = PART_SIZE,
        timeout: float = 30,
    ) -> None:
        """Nothing is sent yet; :meth:`probe` makes the bucket.

        ``endpoint`` is host:port; ``part_size`` in bytes, at least 5 MiB; ``timeout`` in seconds for a try of a call.
        ``SSL_CERT_FILE`` names the certificates to trust. Raises ValueError for a setting that no store takes.
        """
        if part_size < MIN_PART_SIZE:
            raise ValueError("An S3 store takes parts of 5 MiB or more.")
        if retention_days < 1:
            raise ValueError("Objects are retained for one day or more.")
        check_bucket_name(bucket, strict=True)
        self.part_size = part_size
        self.retention = timedelta(days=retention_days)
        self._bucket = bucket
        self._minio = minio.Minio(
            endpoint, access_key, secret_key, secure=secure, region=region, http_client=_Pool(timeout)
        )
        self.client = _Client(self._minio, bucket)
        self._locks_seen = False

    def receive(self, key: str, size: int | None) -> S3Receiver:
        check_key(key)
        with suppress(Missing):
            self.stat(key, None)
            raise AlreadyExists("An object with this key is stored already; nothing was overwritten.")
        with _mapped():
            return S3Receiver(self, key, size, self.client.begin(key), [])

    def resume(self, key: str, size: int, handle: str, segments: Sequence[Segment], tail: Segment | None) -> S3Receiver:
        check_key(key)
        end = end_of(segments, tail)
        buffer = b""
        if tail is not None:
            try:
                buffer = b"".join(self._read(self._tail_key(key, end), None, 0, tail.size))
            except Missing:
                if not self.is_stored(key, size):
                    raise Missing("The S3 store lost a part of this upload: upload the file again.") from None
                return S3Receiver(self, key, size, handle, segments, tail, None)
            if hashlib.sha256(buffer).hexdigest() != tail.sha256:
                raise Mismatch("The S3 store returned other bytes than were received: upload the file again.")
        # What the row does not name is older than the tail, or newer and never committed.
        self.drop_tails(key, keep=end)
        return S3Receiver(self, key, size, handle, segments, tail, buffer)

    def is_stored(self, key: str, size: int) -> bool:
        """Whether an object of just this size is there: then it was completed before."""
        try:
            return self.stat(key, None).size == size
        except Missing:
            return False

    @staticmethod
    def _tail_key(key: str, end: int) -> str:
        return f"{INCOMING}{key}/{end}"

    def keep_tail(self, key: str, tail: Segment, body: bytearray) -> None:
        """Store the bytes that are short of a part, under a key of their own for each end."""
        with _mapped():
            self.client.put(self._tail_key(key, tail.offset + tail.size), body)

    def drop_tails(self, key: str, keep: int | None = None) -> None:
        """Remove the tails of an upload, but not the one that ends at ``keep``."""
        for name, version in self._versions(f"{INCOMING}{key}/"):
            if keep is None or name != self._tail_key(key, keep):
                self._remove(name, version)

    def read(self, key: str, version: str | None, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        check_key(key)
        return self._read(key, version, start, length)

    def _read(self, key: str, version: str | None, start: int, length: int | None) -> Iterator[bytes]:
        short = Mismatch("The object ends before the range asked for: verify it and restore it from a replica.")
        if start < 0 or (length is not None and length < 0):
            raise short
        response = None
        if length != 0:
            with _mapped(), _suppress("InvalidRange"):
                response = self._minio.get_object(
                    self._bucket, key, offset=start, length=length or 0, version_id=version
                )
        if response is None:
            if start + (length or 0) > self.stat(key, version).size:
                raise short
            return iter(())
        size = int(response.headers.get("content-length") or 0)
        reading = _Reading(response, size)
        if length is not None and size != length:
            raise short
        return reading

    def stat(self, key: str, version: str | None) -> Stat:
        try:
            with _mapped():
                found = self._minio.stat_object(self._bucket, key, version_id=version)
        except Missing:
            # A HEAD has no body: a bucket that is not there looks like an object that is not there.
            with _mapped():
                if not self._minio.bucket_exists(self._bucket):
                    raise Unavailable("The bucket is not in the S3 store: check the bucket's name.") from None
            raise
        headers = cast(Mapping[str, str], found.metadata or {})
        until = headers.get("x-amz-object-lock-retain-until-date")
        with _mapped():
            # Ceph writes nanoseconds, which minio's own get_object_retention cannot read.
            retained_until = datetime.fromisoformat(until) if until else None
        held = headers.get("x-amz-object-lock-legal-hold") == "ON"
        return Stat(found.size or 0, found.version_id, retained_until, held)

    def keeps_locks(self) -> bool:
        """Whether the bucket says that it has Object Lock. It cannot be switched off again, so a yes is remembered."""
        if not self._locks_seen:
            with _mapped(), _suppress(*_NO_LOCKS):
                self._minio.get_object_lock_config(self._bucket)
                self._locks_seen = True
        return self._locks_seen

    def lock(self, key: str, version: str | None, retention: timedelta) -> None:
        """Retain a version and hold it, if the bucket keeps locks. Raises StorageError if a HEAD does not show both."""
        if not self.keeps_locks():
            return
        until = datetime.now(UTC).replace(microsecond=0) + retention
        with _mapped():
            self._minio.set_object_retention(self._bucket, key, Retention(GOVERNANCE, until), version_id=version)
            self._minio.enable_object_legal_hold(self._bucket, key, version_id=version)
        seen = self.stat(key, version)
        if not seen.held or seen.retained_until is None or seen.retained_until < until:
            raise StorageError(
                "The S3 store took retention and legal hold, but does not show them: use one that keeps Object Lock."
            )

    def discard(self, key: str, version: str | None) -> None:
        if key.startswith(INCOMING):
            key = check_key(key.removeprefix(INCOMING))
            with _mapped():
                for name, handle in self.client.unfinished(key):
                    if name == key:
                        self.client.abort(key, handle)
            self.drop_tails(key)
        elif version is not None:
            self._remove(check_key(key), version)
        else:
            for name, each in self._versions(check_key(key)):
                if name == key:
                    self._remove(key, each)

    def _versions(self, prefix: str) -> Iterator[tuple[str, str | None]]:
        with _mapped():
            for found in self._minio.list_objects(self._bucket, prefix=prefix, recursive=True, include_version=True):
                yield found.object_name or "", found.version_id

    def _remove(self, key: str, version: str | None) -> None:
        with _mapped():
            # Refused where nothing is held; what is still held afterwards refuses to be removed.
            with suppress(S3Error):
                self._minio.disable_object_legal_hold(self._bucket, key, version_id=version)
            self.client.remove(key, version, bypass=True)

    def keys(self, prefix: str = "") -> Iterator[str]:
        if prefix.startswith(INCOMING):
            yield from self._unfinished(prefix)
            return
        with _mapped():
            for found in self._minio.list_objects(self._bucket, prefix=prefix, recursive=True):
                name = found.object_name or ""
                if not name.startswith(INCOMING):
                    yield name

    def _unfinished(self, prefix: str) -> Iterator[str]:
        seen: set[str] = set()
        with _mapped():
            for name, _ in self.client.unfinished(prefix.removeprefix(INCOMING)):
                seen.add(INCOMING + name)
            for found in self._minio.list_objects(self._bucket, prefix=prefix, recursive=True):
                seen.add((found.object_name or "").rpartition("/")[0])
        yield from seen

    def probe(self) -> list[Finding]:
        findings: list[Finding] = []
        key = f"probe/{uuid.uuid4()}"
        try:
            findings.append(self._probe_bucket())
            first = self._probe_versions(key, findings)
            if first is not None:
                self._probe_locks(key, first, findings)
        except StorageError as error:
            with suppress(StorageError):
                self.discard(key, None)
            return [*findings, Finding("store", "fault", str(error))]
        try:
            self.discard(key, None)
        except StorageError:
            message = (
                "Locked objects cannot be removed, not even on a court's order: allow s3:BypassGovernanceRetention."
            )
            findings.append(Finding("disposal", "weak", message))
        else:
            findings.append(Finding("disposal", "ok", "What a court orders to be disposed of can be removed."))
        return findings

    def _probe_bucket(self) -> Finding:
        with _mapped():
            if self._minio.bucket_exists(self._bucket):
                return Finding("bucket", "ok", "The bucket is there.")
            # Another process may make it at the same moment.
            with _suppress("BucketAlreadyOwnedByYou"):
                try:
                    self._minio.make_bucket(self._bucket, object_lock=True)
                except S3Error as error:
                    if error.code not in _NO_LOCKS:
                        raise
                    self._minio.make_bucket(self._bucket)
        return Finding("bucket", "ok", "The bucket was made.")

    def _probe_versions(self, key: str, findings: list[Finding]) -> str | None:
        """Overwrite a test object; the version of the first, if it can still be read."""
        with _mapped():
            first = self.client.put(key, bytearray(b"first"))
            self.client.put(key, bytearray(b"second"))
            enabled = self._minio.get_bucket_versioning(self._bucket).status == ENABLED
        kept = False
        if first is not None:
            with suppress(Missing, Mismatch):
                kept = b"".join(self.read(key, first)) == b"first"
        if enabled and kept:
            findings.append(Finding("versioning", "ok", "An overwritten object stays readable by its version."))
            return first
        message = "The bucket keeps no versions, so an object can be overwritten for good: enable versioning."
        findings.append(Finding("versioning", "weak", message))
        return None

    def _probe_locks(self, key: str, version: str, findings: list[Finding]) -> None:
        if not self.keeps_locks():
            message = "The bucket has no Object Lock, so evidence can be deleted: use a bucket made with Object Lock."
            findings.append(Finding("object_lock", "weak", message))
            return
        try:
            self.lock(key, version, timedelta(days=1))
        except StorageError as error:
            findings.append(Finding("object_lock", "fault", str(error)))
            return
        findings.append(Finding("object_lock", "ok", "Retention and legal hold are kept and shown."))
        refused = self._refuses_removal(key, version)
        with _mapped():
            self._minio.disable_object_legal_hold(self._bucket, key, version_id=version)
        if refused and self._refuses_removal(key, version):
            findings.append(Finding("removal", "ok", "The store refuses to remove a locked version."))
        else:
            message = "The store removes a locked version when it is asked to: use a store that keeps Object Lock."
            findings.append(Finding("removal", "weak", message))

    def _refuses_removal(self, key: str, version: str) -> bool:
        with _mapped(), suppress(S3Error):
            self.client.remove(key, version, bypass=False)
        try:
            self.stat(key, version)
        except Missing:
            return False
        return True
