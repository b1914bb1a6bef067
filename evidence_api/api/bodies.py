"""Reading the body of a request that brings a file: exactly as long as announced, by few requests at once.

Bytes go from the socket to the store in small pieces, so that memory stays the same whatever the size of the file.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, cast

from flask import request
from prometheus_client import Counter
from werkzeug.exceptions import ClientDisconnected, LengthRequired

from evidence_api.domain.errors import CutShort, Unavailable
from evidence_api.logs import REGISTRY

SMALLEST_READ, LARGEST_READ = 4 << 10, 256 << 10

MOST_AT_ONCE = 48
"""Uploads that a process takes at the same time. On a slow line each holds one of its threads for hours, and there are
64 of them (`unbroken serve`): the rest stays for everyone else."""

RECEIVED = Counter("unbroken_received_bytes_total", "Bytes of files received.", registry=REGISTRY)

NOT_KEPT = "The store did not give back the bytes that were received, so nothing was kept. Send the file again."

_places = threading.BoundedSemaphore(MOST_AT_ONCE)


def declared_length() -> int:
    """Bytes of the body. Raises LengthRequired: a chunked body that was cut looks like one that is whole."""
    if request.content_length is None or "Transfer-Encoding" in request.headers:
        raise LengthRequired("Send Content-Length, and no chunked body.")
    return request.content_length


@contextmanager
def place() -> Iterator[None]:
    """One of the few threads that bodies may hold. Raises Unavailable, before anything is read, if none is left."""
    if not _places.acquire(blocking=False):
        raise Unavailable(
            "Too many files are coming in just now. Send it again soon; a resumable upload goes on where it stands."
        )
    try:
        yield
    finally:
        _places.release()


class Body:
    """The request's body, exactly as long as announced. Raises CutShort where it ends early."""

    def __init__(self, length: int) -> None:
        self._stream = cast(IO[bytes], request.environ["wsgi.input"])
        self.left = length

    def read(self, size: int) -> bytes:
        try:
            chunk = self._stream.read(min(size, self.left))
        except (OSError, ClientDisconnected):
            chunk = b""
        if not chunk and self.left:
            raise CutShort("The connection ended before all announced bytes had come.")
        self.left -= len(chunk)
        RECEIVED.inc(len(chunk))
        return chunk

    def __iter__(self) -> Iterator[bytes]:
        """Pieces that take about a second at most: on a slow line small ones, so that little is lost with a cut."""
        size = SMALLEST_READ
        while self.left:
            began = time.monotonic()
            yield self.read(size)
            taken = time.monotonic() - began
            if taken < 0.1:
                size = min(size * 2, LARGEST_READ)
            elif taken > 1:
                size = max(size // 2, SMALLEST_READ)
