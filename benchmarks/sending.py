"""The sender: what a client on the same machine sends, to the service and to the bare loop alike."""

import http.client
import os
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

BLOCK = 1 << 20
BOUNDARY = "bench-boundary"


@dataclass(frozen=True)
class Payload:
    """`size` bytes (whole MiB) unlike those of any other payload, made without taking up the memory for them."""

    size: int
    _block: bytes = field(default_factory=lambda: os.urandom(BLOCK))

    def __iter__(self) -> Iterator[bytes]:
        for _ in range(self.size // BLOCK):
            yield self._block


def _call(port: int, method: str, path: str, headers: Mapping[str, str], body: Iterator[bytes] | bytes) -> str:
    """One request; the answer's Location. Raises RuntimeError for anything but success."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
    try:
        connection.request(method, path, body, dict(headers))
        response = connection.getresponse()
        answer = response.read()
        if response.status >= 300:
            raise RuntimeError(f"{method} {path}: {response.status} {answer!r}")
        return response.headers.get("Location", "")
    finally:
        connection.close()


def bare(port: int, payload: Payload) -> float:
    """Send to the bare loop; seconds."""
    began = time.perf_counter()
    _call(port, "PUT", "/", {"Content-Length": str(payload.size)}, iter(payload))
    return time.perf_counter() - began


def tus(port: int, headers: Mapping[str, str], case: str, payload: Payload) -> float:
    """A resumable upload in one PATCH; seconds from its creation until the file is admitted."""
    known = {"case": case, "title": "Bench", "filename": "bench.bin"}
    metadata = ",".join(f"{name} {b64encode(value.encode()).decode()}" for name, value in known.items())
    common = {**headers, "Tus-Resumable": "1.0.0"}
    began = time.perf_counter()
    created = {**common, "Upload-Length": str(payload.size), "Upload-Metadata": metadata, "Content-Length": "0"}
    location = _call(port, "POST", "/api/v1/uploads", created, b"")
    sent = {
        **common,
        "Upload-Offset": "0",
        "Content-Type": "application/offset+octet-stream",
        "Content-Length": str(payload.size),
    }
    _call(port, "PATCH", location, sent, iter(payload))
    return time.perf_counter() - began


def form(port: int, headers: Mapping[str, str], case: str, payload: Payload) -> float:
    """The same as one form (`curl -F`); seconds."""
    head = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="title"\r\n\r\nBench\r\n'
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="bench.bin"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    ).encode()
    tail = f"\r\n--{BOUNDARY}--\r\n".encode()

    def body() -> Iterator[bytes]:
        yield head
        yield from payload
        yield tail

    sent = {
        **headers,
        "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
        "Content-Length": str(len(head) + payload.size + len(tail)),
    }
    began = time.perf_counter()
    _call(port, "POST", f"/api/v1/cases/{case}/evidence", sent, body())
    return time.perf_counter() - began


def times(
    port: int, headers: Mapping[str, str], path: str, count: int, body: bytes | None = None, status: int = 200
) -> list[float]:
    """Milliseconds of `count` GETs, or POSTs of a body, on one connection. Raises RuntimeError for another status."""
    method = "GET" if body is None else "POST"
    connection, found = http.client.HTTPConnection("127.0.0.1", port, timeout=60), []
    for _ in range(count):
        began = time.perf_counter()
        connection.request(method, path, body, dict(headers))
        response = connection.getresponse()
        answer = response.read()
        if response.status != status:
            raise RuntimeError(f"{method} {path}: {response.status} {answer!r}")
        found.append((time.perf_counter() - began) * 1000)
    connection.close()
    return found
