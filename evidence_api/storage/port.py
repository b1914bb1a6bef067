"""The storage port: what the service asks of whatever keeps the bytes of evidence.

Two adapters make the same promises, held by one contract test: a directory and an S3 store. An object is written once,
under a key that nobody else uses, and read back from the store before it is said to be stored. Sizes and offsets are in
bytes, times are UTC, digests are SHA-256 in lower-case hex.

Keys look like ``objects/<uuid>``. What is unfinished under a key shows as ``incoming/<key>`` in :meth:`Storage.keys`,
so that a sweeper can find uploads that no row names. One upload has one receiver at a time, by the caller's lock.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

MIB = 1 << 20
PART_SIZE = 16 * MIB
READ_SIZE = MIB
INCOMING = "incoming/"

_KEY = re.compile(r"[a-z]+/[0-9a-f-]+(?:/[0-9A-Za-z_-][0-9A-Za-z._-]*)*")


class StorageError(Exception):
    """The store could not do what was asked; the message says what to do."""


class Missing(StorageError):
    """The object, or what was kept of an unfinished one, is not in the store."""


class Mismatch(StorageError):
    """The bytes read back from the store are not those that were received."""


class Full(StorageError):
    """The store has no room left."""


class Unavailable(StorageError):
    """The store does not answer, answers with an error, or refuses the service."""


class AlreadyExists(StorageError):
    """An object with this key is stored already; objects are written once."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A durable run of bytes of an unfinished object.

    ``number`` counts from 1; ``offset`` and ``size`` are bytes; ``sha256`` is that of the run, computed as it was
    received; ``etag`` is the ETag of an S3 part, elsewhere null.
    """

    number: int
    offset: int
    size: int
    sha256: str
    etag: str | None


@dataclass(frozen=True, slots=True)
class Stored:
    """A finished object: ``sha256`` is that of what was read back; ``version`` is null where a store keeps none."""

    key: str
    version: str | None
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Stat:
    """What the store says of an object: bytes, version, and the locks on it (``retained_until`` in UTC)."""

    size: int
    version: str | None
    retained_until: datetime | None
    held: bool


@dataclass(frozen=True, slots=True)
class Finding:
    """What a probe saw: ``weak`` works but protects less than it should, ``fault`` does not work.

    The message says what to do.
    """

    code: str
    level: Literal["ok", "weak", "fault"]
    message: str


class Receiver(Protocol):
    """Takes the bytes of one object, in order. Used by one thread at a time."""

    @property
    def offset(self) -> int:
        """The next byte expected: all that was received so far, durable or not."""
        ...

    @property
    def handle(self) -> str:
        """Opaque state to keep with the upload's row; set from the start."""
        ...

    def write(self, chunk: bytes | memoryview) -> None:
        """Take the next bytes. Raises StorageError beyond the declared size, Full, Unavailable, Missing."""
        ...

    def flush(self) -> list[Segment]:
        """The segments that became durable since the last call.

        It does not wait for what is under way: in a directory, what was received before the previous call is reported
        now at the latest; in S3, all but two parts under way and bytes short of one part.
        """
        ...

    def suspend(self) -> tuple[list[Segment], Segment | None]:
        """Make everything received durable and close: the segments not yet reported, and the tail.

        The tail is what S3 cannot take as a part yet: it is kept as a small object. A directory has none.
        """
        ...

    def finish(self) -> Stored:
        """Complete the object, read all of it back from the store, compare, lock it, and say what was stored.

        May be called again after any error but Mismatch, and after a crash on a receiver resumed from the old state.
        Raises Mismatch if a byte read back differs from what was received, AlreadyExists, StorageError if bytes are
        outstanding or a lock was not kept, Full, Unavailable.
        """
        ...

    def abort(self) -> None:
        """Remove everything received, and close. May be called twice; leaves an object alone once it is finished."""
        ...


class Storage(Protocol):
    """Where the bytes are kept. Safe to use from many threads."""

    name: str
    part_size: int

    def receive(self, key: str, size: int | None) -> Receiver:
        """Begin an object of ``size`` bytes, or of unknown size. Raises AlreadyExists, Full, Unavailable."""
        ...

    def resume(self, key: str, size: int, handle: str, segments: Sequence[Segment], tail: Segment | None) -> Receiver:
        """Go on at the end of the segments and the tail; what lies beyond is dropped.

        If the object was completed before (the process was killed between finish and the caller's commit), the bytes
        sent again are counted and hashed only, and finish() compares them with the object. Raises Missing if what the
        segments name is gone, Mismatch if it is not what was kept.
        """
        ...

    def read(self, key: str, version: str | None, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """The bytes from ``start``, in chunks of at most 1 MiB.

        Raises at the call: Missing; Mismatch if the object ends before ``start + length``. While reading: Mismatch or
        Unavailable if the bytes end early; they are never cut short in silence.
        """
        ...

    def stat(self, key: str, version: str | None) -> Stat:
        """Size and locks of an object. Raises Missing."""
        ...

    def discard(self, key: str, version: str | None) -> None:
        """Remove an object (all versions if none is named) or what is unfinished, ``incoming/<key>``, even if locked.

        Nothing happens if it is not there.
        """
        ...

    def keys(self, prefix: str = "") -> Iterator[str]:
        """Keys of finished objects; with a prefix that starts with ``incoming/``, of unfinished ones. Unordered."""
        ...

    def probe(self) -> list[Finding]:
        """Try out what the store really does. Never raises for what it finds."""
        ...


def check_key(key: str) -> str:
    """The key itself. Raises ValueError unless it is one that this service makes."""
    if not _KEY.fullmatch(key) or key.startswith(INCOMING):
        raise ValueError("A storage key is a kind and an identifier, such as objects/<uuid>.")
    return key


def end_of(segments: Sequence[Segment], tail: Segment | None) -> int:
    """The offset at which an upload goes on. Raises ValueError if the segments have a gap or overlap."""
    end = 0
    for number, segment in enumerate([*segments, *([tail] if tail else [])], 1):
        if segment.offset != end or segment.number != number or segment.size <= 0:
            raise ValueError("The segments of an upload follow each other without a gap.")
        end += segment.size
    return end


def verify_runs(chunks: Iterable[bytes], runs: Sequence[Segment]) -> str:
    """The SHA-256 of all that was read back. Raises Mismatch unless the runs, and nothing more, are what was read.

    The runs' digests cover every byte received, also before a resume, where the state of a running digest is lost. They
    are compared in a second thread: hashlib releases the GIL, so this takes little longer than one pass.
    """
    whole = hashlib.sha256()
    expected = iter(runs)
    run = next(expected, None)
    digest = hashlib.sha256()
    missing = run.size if run else 0

    def compare(chunk: bytes) -> None:
        nonlocal run, digest, missing
        view = memoryview(chunk)
        while view:
            if run is None:
                raise Mismatch("The store returned more bytes than were received: upload the file again.")
            digest.update(view[:missing])
            taken = min(missing, len(view))
            view = view[taken:]
            missing -= taken
            if not missing:
                if digest.hexdigest() != run.sha256:
                    raise Mismatch("The store returned other bytes than were received: upload the file again.")
                run = next(expected, None)
                digest = hashlib.sha256()
                missing = run.size if run else 0

    comparing: Future[None] | None = None
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="storage-verify") as pool:
        for chunk in chunks:
            if comparing is not None:
                comparing.result()
            comparing = pool.submit(compare, chunk)
            whole.update(chunk)
        if comparing is not None:
            comparing.result()
    if run is not None:
        raise Mismatch("The store returned fewer bytes than were received: upload the file again.")
    return whole.hexdigest()
