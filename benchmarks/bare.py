"""The limit for uploads: one bare loop of socket receive, SHA-256 and write, in a process of its own.

To a directory it ends with fsync; to S3 it sends the same parts through the `minio` client. It speaks just enough HTTP
for the same sender, and makes none of the service's promises: no permission, no resuming, no reading back, no record.
"""

import hashlib
import io
import multiprocessing
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import BinaryIO, cast

import minio

READ = 256 << 10
PART = 16 << 20

Take = Callable[[socket.socket, int], None]


class ToFile:
    """Receive, hash and write to one file, then fsync; with `again` read it back from the disk and hash it too."""

    def __init__(self, path: Path, *, again: bool) -> None:
        self._path = path
        self._again = again

    def __call__(self, connection: socket.socket, size: int) -> None:
        digest, view = hashlib.sha256(), memoryview(bytearray(READ))
        with self._path.open("wb") as file:
            while size:
                taken = connection.recv_into(view[: min(READ, size)])
                digest.update(view[:taken])
                file.write(view[:taken])
                size -= taken
            file.flush()
            os.fsync(file.fileno())
        if self._again:
            self._read_back(digest.digest())
        self._path.unlink()

    def _read_back(self, wanted: bytes) -> None:
        with self._path.open("rb", buffering=0) as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            if hashlib.file_digest(file, "sha256").digest() != wanted:
                raise RuntimeError("The disk gave back other bytes.")


class ToStore:
    """Receive and hash a part, send it, and so on; with `again` read the object back and hash it too."""

    def __init__(self, endpoint: str, access_key: str, secret_key: str, *, again: bool) -> None:
        self._settings = (endpoint, access_key, secret_key)
        self._again = again

    def __call__(self, connection: socket.socket, size: int) -> None:
        endpoint, access_key, secret_key = self._settings
        client = minio.Minio(endpoint, access_key=access_key, secret_key=secret_key, secure=False, region="us-east-1")
        if not client.bucket_exists("bare"):
            client.make_bucket("bare")
        source = _Hashed(connection)
        client.put_object("bare", "bare", cast(BinaryIO, source), size, part_size=PART, num_parallel_uploads=1)
        if self._again:
            response, digest = client.get_object("bare", "bare"), hashlib.sha256()
            for chunk in response.stream(1 << 20):
                digest.update(chunk)
            response.release_conn()
            if digest.digest() != source.digest.digest():
                raise RuntimeError("The store gave back other bytes.")
        client.remove_object("bare", "bare")


class _Hashed(io.RawIOBase):
    """A connection as a file that is hashed as it is read."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self.digest = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        buffer = bytearray(size)
        view, filled = memoryview(buffer), 0
        while filled < size and (taken := self._connection.recv_into(view[filled:])):
            self.digest.update(view[filled : filled + taken])
            filled += taken
        return bytes(view[:filled]) if filled < size else bytes(buffer)


@contextmanager
def looping(take: Take) -> Iterator[int]:
    """The loop in a process of its own; its port."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_loop, args=(take, theirs), daemon=True)
    process.start()
    try:
        yield ours.recv()
    finally:
        process.terminate()
        process.join()


def _loop(take: Take, told: Connection) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        told.send(listener.getsockname()[1])
        while True:
            connection, _ = listener.accept()
            with connection:
                head = b""
                while not head.endswith(b"\r\n\r\n"):
                    head += connection.recv(1)
                size = next(line.split(b":")[1] for line in head.split(b"\r\n") if line.startswith(b"Content-Length"))
                take(connection, int(size))
                connection.sendall(b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
