"""The storage port on a directory of write-once files.

An unfinished object is a file under ``incoming/``, taken to its final name with link(2), which never replaces a file.
Files end with mode 0400, directories have 0700. Reading back goes to the disk, not to the copy in memory: the file is
synced and dropped from the page cache (posix_fadvise) first, which on an SSD adds up to a second for each GiB. A file
system that ignores the advice answers from its cache.
"""

import errno
import hashlib
import os
import shutil
import stat
import uuid
import weakref
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

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

ALLOCATION = 64 * MIB
"""Bytes reserved ahead of writing: long extents, yet no whole disk for a client that only declares a size."""

GIB = 1 << 30


@contextmanager
def _mapped() -> Iterator[None]:
    """Operating system errors as storage errors, without the path in the message."""
    try:
        yield
    except FileNotFoundError as error:
        raise Missing("The object is not in the storage directory: restore it from a backup.") from error
    except FileExistsError as error:
        raise AlreadyExists("An object with this key is stored already; nothing was overwritten.") from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise Full("The storage directory has no room left: free space on its disk, then try again.") from error
        raise Unavailable(
            f"The storage directory cannot be used ({errno.errorcode.get(error.errno or 0, 'error')}): "
            "check that its disk is mounted, sound and writable by the service."
        ) from error


def _sync_directory(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


class _Reading:
    """Chunks of an open file; closes it at the end, or when nobody reads any more."""

    def __init__(self, fd: int, length: int) -> None:
        self._fd = fd
        self._left = length
        self._close = weakref.finalize(self, os.close, fd)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if not self._left:
            self._close()
            raise StopIteration
        with _mapped():
            chunk = os.read(self._fd, min(self._left, READ_SIZE))
        if not chunk:
            raise Mismatch("The object ends before its size: verify it and restore it from a backup.")
        self._left -= len(chunk)
        return chunk


class DirectoryReceiver:
    """One unfinished file. Runs of about a part are synced in a second thread while the next is received."""

    def __init__(
        self, storage: "DirectoryStorage", key: str, size: int | None, fd: int | None, runs: Sequence[Segment]
    ) -> None:
        """``fd`` is null for an object that was completed before: then bytes are only counted and hashed."""
        self.handle = key
        self.offset = end_of(runs, None)
        self._storage = storage
        self._key = key
        self._size = size
        self._fd = fd
        self._close_file = weakref.finalize(self, os.close, fd) if fd is not None else None
        self._runs = list(runs)
        self._run_size = 0
        self._digest = hashlib.sha256()
        self._allocated = self.offset
        self._syncing: deque[tuple[Segment, Future[None]]] = deque()
        self._durable: list[Segment] = []
        self._pool: ThreadPoolExecutor | None = None
        self._closed = False
        self._synced = False
        self._stored: Stored | None = None

    def write(self, chunk: bytes | memoryview) -> None:
        self._check_open()
        view = memoryview(chunk).cast("B")
        if self._size is not None and self.offset + len(view) > self._size:
            raise StorageError("More bytes arrived than were declared: upload the file again with its right size.")
        if self._fd is not None:
            with _mapped():
                self._write(self._fd, view)
        self._digest.update(view)
        self.offset += len(view)
        self._run_size += len(view)
        if self._run_size >= self._storage.part_size:
            self._cut()

    def _check_open(self) -> None:
        if self._closed:
            raise StorageError("This upload is closed: resume it.")

    def _write(self, fd: int, view: memoryview) -> None:
        position, end = self.offset, self.offset + len(view)
        if end > self._allocated:
            ahead = end + ALLOCATION
            self._allocated = max(end, ahead if self._size is None else min(ahead, self._size))
            try:
                os.posix_fallocate(fd, position, self._allocated - position)
            except OSError as error:
                if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL):
                    raise
        while view:
            written = os.pwrite(fd, view, position)
            position += written
            view = view[written:]

    def _cut(self) -> None:
        """End the run and begin syncing it. At most two runs wait, so that a slow disk holds back the sender."""
        if not self._run_size:
            return
        start = self.offset - self._run_size
        segment = Segment(len(self._runs) + 1, start, self._run_size, self._digest.hexdigest(), None)
        self._runs.append(segment)
        self._run_size = 0
        self._digest = hashlib.sha256()
        if self._fd is None:
            self._durable.append(segment)
            return
        self._pool = self._pool or ThreadPoolExecutor(max_workers=1, thread_name_prefix="storage-sync")
        self._syncing.append((segment, self._pool.submit(os.fdatasync, self._fd)))
        self._collect(waiting=2)

    def _collect(self, waiting: int) -> None:
        """Take over what is synced, and wait until no more than ``waiting`` runs are not."""
        while self._syncing and (len(self._syncing) > waiting or self._syncing[0][1].done()):
            segment, syncing = self._syncing[0]
            with _mapped():
                syncing.result()
            self._syncing.popleft()
            self._durable.append(segment)

    def flush(self) -> list[Segment]:
        self._check_open()
        self._cut()
        self._collect(waiting=1)
        return self._report()

    def _report(self) -> list[Segment]:
        durable, self._durable = self._durable, []
        return durable

    def suspend(self) -> tuple[list[Segment], Segment | None]:
        self._check_open()
        self._sync()
        self._close()
        return self._report(), None

    def _sync(self) -> None:
        self._cut()
        self._collect(waiting=0)
        if self._fd is not None:
            with _mapped():
                os.ftruncate(self._fd, self.offset)
                os.fsync(self._fd)

    def _close(self) -> None:
        self._closed = True
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None
        if self._close_file is not None:
            self._close_file()

    def finish(self) -> Stored:
        if self._stored is not None:
            return self._stored
        self._check_open()
        if self._size is not None and self.offset != self._size:
            raise StorageError("Not all bytes have arrived: resume the upload.")
        path, incoming = self._storage.path(self._key), self._storage.incoming(self._key)
        if self._fd is None:
            self._cut()
            sha256 = self._read_back(path)
        else:
            if not self._synced:
                with _mapped():
                    os.fchmod(self._fd, 0o400)
                self._sync()
                self._synced = True
            sha256 = self._read_back(incoming)
            with _mapped():
                self._publish(incoming, path)
        self._close()
        self._stored = Stored(self._key, None, self.offset, sha256)
        return self._stored

    def _publish(self, incoming: Path, path: Path) -> None:
        try:
            os.link(incoming, path)
        except FileExistsError:
            if not os.path.samefile(incoming, path):
                raise
        _sync_directory(path.parent)
        incoming.unlink()

    def _read_back(self, path: Path) -> str:
        with _mapped():
            fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
            reading = _Reading(fd, os.fstat(fd).st_size)
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        return verify_runs(reading, self._runs)

    def abort(self) -> None:
        self._close()
        if self._stored is None and self._fd is not None:
            with _mapped():
                self._storage.incoming(self._key).unlink(missing_ok=True)


class DirectoryStorage:
    """Objects as files under ``root``. Anyone who may change the files may remove them: a directory has no locks."""

    name = "directory"

    def __init__(self, root: Path, part_size: int = PART_SIZE) -> None:
        """``part_size`` in bytes: how much is received between two syncs. Directories are made when needed."""
        self.root = root
        self.part_size = part_size

    def path(self, key: str) -> Path:
        """The file of a finished object. Raises ValueError for a key that is none."""
        kind, _, rest = check_key(key).partition("/")
        return self.root / kind / rest.replace("/", "~")

    def incoming(self, key: str) -> Path:
        """The file of an unfinished object."""
        return self.root / INCOMING / self.path(key).relative_to(self.root)

    def receive(self, key: str, size: int | None) -> DirectoryReceiver:
        path, incoming = self.path(key), self.incoming(key)
        with _mapped():
            for parent in (path.parent, incoming.parent):
                self._make(parent)
            if path.exists():
                raise FileExistsError
            if size is not None and size > shutil.disk_usage(self.root).free:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            fd = os.open(incoming, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
            receiver = DirectoryReceiver(self, key, size, fd, [])
            _sync_directory(incoming.parent)
        return receiver

    def _make(self, path: Path) -> None:
        if not path.is_dir():
            self._make(path.parent)
            with suppress(FileExistsError):
                path.mkdir(mode=0o700)
            _sync_directory(path.parent)

    def resume(
        self, key: str, size: int, handle: str, segments: Sequence[Segment], tail: Segment | None
    ) -> DirectoryReceiver:
        segments = [*segments, *([tail] if tail else [])]
        end = end_of(segments, None)
        path, incoming = self.path(key), self.incoming(key)
        with _mapped():
            if path.exists():
                if path.stat().st_size != size:
                    raise FileExistsError
                # Killed between link and unlink: both names are one file, which must not be opened for writing again.
                incoming.unlink(missing_ok=True)
                return DirectoryReceiver(self, key, size, None, segments)
            incoming.chmod(0o600)
            fd = os.open(incoming, os.O_RDWR | os.O_NOFOLLOW)
            receiver = DirectoryReceiver(self, key, size, fd, segments)
            if os.fstat(fd).st_size < end:
                raise Missing("The storage directory lost a part of this upload: upload the file again.")
            os.ftruncate(fd, end)
        return receiver

    def read(self, key: str, version: str | None, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        path = self.path(key)
        with _mapped():
            fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
            size = os.fstat(fd).st_size
            length = size - start if length is None else length
            reading = _Reading(fd, length)
            if start < 0 or length < 0 or start + length > size:
                raise Mismatch("The object ends before the range asked for: verify it and restore it from a backup.")
            os.lseek(fd, start, os.SEEK_SET)
        return reading

    def stat(self, key: str, version: str | None) -> Stat:
        with _mapped():
            return Stat(self.path(key).stat().st_size, None, None, False)

    def discard(self, key: str, version: str | None) -> None:
        unfinished = key.startswith(INCOMING)
        path = self.incoming(key.removeprefix(INCOMING)) if unfinished else self.path(key)
        with _mapped():
            path.unlink(missing_ok=True)

    def keys(self, prefix: str = "") -> Iterator[str]:
        unfinished = prefix.startswith(INCOMING)
        top = self.root / INCOMING if unfinished else self.root
        for kind in self._entries(top):
            if kind + "/" == INCOMING or not (top / kind).is_dir():
                continue
            for name in self._entries(top / kind):
                key = f"{INCOMING if unfinished else ''}{kind}/{name.replace('~', '/')}"
                if key.startswith(prefix):
                    yield key

    @staticmethod
    def _entries(directory: Path) -> Iterator[str]:
        try:
            entries = os.scandir(directory)
        except FileNotFoundError:
            return
        except OSError as error:
            raise Unavailable("The storage directory cannot be listed: check its disk and permissions.") from error
        with entries:
            for entry in entries:
                yield entry.name

    def probe(self) -> list[Finding]:
        key = f"probe/{uuid.uuid4()}"
        try:
            with _mapped():
                self._make(self.root)
            findings = self._probe_writing(key)
            free = shutil.disk_usage(self.root).free
            mode = stat.S_IMODE(self.root.stat().st_mode)
        except (StorageError, OSError) as error:
            message = str(error) if isinstance(error, StorageError) else "The storage directory cannot be read."
            return [Finding("writable", "fault", message)]
        room = f"{free // GIB} GiB are free on the disk of the storage directory"
        if free < GIB:
            findings.append(Finding("free_space", "fault", f"{room}: free at least 1 GiB, uploads fail without it."))
        elif free < 10 * GIB:
            findings.append(Finding("free_space", "weak", f"{room}: free some, a film is several GiB."))
        else:
            findings.append(Finding("free_space", "ok", f"{room}."))
        if mode & 0o007:
            findings.append(
                Finding("permissions", "weak", "Any user of this machine may enter the storage directory: chmod 700.")
            )
        else:
            findings.append(Finding("permissions", "ok", "Only the service enters the storage directory."))
        findings.append(
            Finding(
                "locks",
                "weak",
                "A directory keeps no locks: whoever administers this machine can remove files. Keep backups "
                "elsewhere, or use an S3 store with Object Lock.",
            )
        )
        return findings

    def _probe_writing(self, key: str) -> list[Finding]:
        receiver = self.receive(key, 5)
        try:
            receiver.write(b"probe")
            receiver.finish()
        finally:
            receiver.abort()
        try:
            self.receive(key, 5).abort()
        except AlreadyExists:
            once = Finding("write_once", "ok", "A stored object cannot be overwritten.")
        else:
            once = Finding("write_once", "fault", "A stored object was overwritten: use another file system.")
        self.discard(key, None)
        return [Finding("writable", "ok", "A test object was written and read back."), once]
