"""A process that uploads and can be killed at any step; it keeps its rows in a file, as the service does in a database.

python -m tests.storage.child upload PLACE KEY SOURCE ROWS STEP    dies by SIGKILL before its STEPth act on the store
python -m tests.storage.child memory PLACE KEY SIZE                prints by how many bytes its peak memory grew
"""

import json
import os
import resource
import signal
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import urllib3

from evidence_api.storage import DirectoryStorage, Receiver, S3Storage, Segment, Storage

MIB = 1 << 20
PART = 5 * MIB
CHUNK = 256 * 1024


@dataclass(frozen=True)
class Place:
    """Where a store is; the root of a directory, or an endpoint and a bucket."""

    root: str = ""
    endpoint: str = ""
    bucket: str = ""
    part_size: int = PART


def open_place(place: Place, **options: Any) -> Storage:
    """The store as another process would open it."""
    if place.root:
        return DirectoryStorage(Path(place.root), part_size=place.part_size)
    settings: dict[str, Any] = {
        "access_key": os.environ.get("UNBROKEN_TEST_S3_ACCESS_KEY", "testaccess"),
        "secret_key": os.environ.get("UNBROKEN_TEST_S3_SECRET_KEY", "testsecret123"),
        "region": "us-east-1",
        "secure": False,
        "retention_days": 1,
        "part_size": place.part_size,
    }
    return S3Storage(place.endpoint, bucket=place.bucket, **(settings | options))


@dataclass
class Row:
    """What the service keeps of an unfinished upload."""

    handle: str
    segments: list[Segment]
    tail: Segment | None = None

    @classmethod
    def load(cls, path: Path) -> "Row":
        row = json.loads(path.read_text())
        tail = row["tail"] and Segment(**row["tail"])
        return cls(row["handle"], [Segment(**segment) for segment in row["segments"]], tail)

    def save(self, path: Path) -> None:
        draft = path.with_suffix(".draft")
        draft.write_text(json.dumps(asdict(self)))
        draft.replace(path)


def send(receiver: Receiver, data: bytes | memoryview, chunk: int = CHUNK) -> None:
    """Write in chunks, as bytes come from a socket."""
    view = memoryview(data)
    for start in range(0, len(view), chunk):
        receiver.write(view[start : start + chunk])


def upload(storage: Storage, key: str, data: bytes, path: Path) -> None:
    """An upload that is cut once, in the middle of a part, and goes on."""
    receiver = storage.receive(key, len(data))
    row = Row(receiver.handle, [])
    row.save(path)
    cut = PART + PART // 3
    for start in range(0, cut, CHUNK):
        receiver.write(data[start : min(start + CHUNK, cut)])
        row.segments += receiver.flush()
        row.save(path)
    segments, row.tail = receiver.suspend()
    row.segments += segments
    row.save(path)
    receiver = storage.resume(key, len(data), row.handle, row.segments, row.tail)
    send(receiver, memoryview(data)[receiver.offset :])
    receiver.finish()


def die_before(step: int) -> None:
    """Arrange for SIGKILL before the given act on the store, counted from 1: a request, or a change to a directory."""
    left = step

    def act() -> None:
        nonlocal left
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)

    request = urllib3.PoolManager.urlopen

    def urlopen(self: urllib3.PoolManager, *arguments: Any, **options: Any) -> urllib3.BaseHTTPResponse:
        act()
        return request(self, *arguments, **options)

    urllib3.PoolManager.urlopen = urlopen  # type: ignore[method-assign]

    def audit(event: str, arguments: Sequence[object]) -> None:
        changes = event in ("os.chmod", "os.truncate", "os.link", "os.remove", "os.mkdir")
        if changes or (event == "open" and "incoming" in str(arguments[0])):
            act()

    sys.addaudithook(audit)


def measure(storage: Storage, key: str, size: int) -> int:
    """Store an object, read it, and say by how many bytes the peak of this process's memory grew."""
    piece = os.urandom(MIB)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    receiver = storage.receive(key, size)
    for _ in range(size // MIB):
        receiver.write(piece)
        receiver.flush()
    stored = receiver.finish()
    assert sum(map(len, storage.read(key, stored.version))) == size
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024


if __name__ == "__main__":
    command, where, key, *rest = sys.argv[1:]
    storage = open_place(Place(**json.loads(where)))
    if command == "memory":
        print(measure(storage, key, int(rest[0])))
    else:
        source, rows, step = rest
        die_before(int(step))
        upload(storage, key, Path(source).read_bytes(), Path(rows))
