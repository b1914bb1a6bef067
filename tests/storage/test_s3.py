"""What only the S3 adapter promises: locks, versions, and surviving a store that misbehaves."""

import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import cast

import minio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from minio.error import S3Error

from evidence_api.storage import Finding, Mismatch, Missing, S3Storage, StorageError, Unavailable
from evidence_api.storage.s3 import MAX_PARTS, part_size_for
from tests.servers import S3Server

from .child import MIB, PART, Place, open_place, send
from .test_contract import DATA, read, sha256, store


@pytest.fixture
def client(s3_server: S3Server) -> minio.Minio:
    """Someone with the same keys, past the adapter."""
    server = s3_server
    return minio.Minio(server.endpoint, server.access_key, server.secret_key, secure=False, region=server.region)


def levels(findings: list[Finding]) -> dict[str, str]:
    return {finding.code: finding.level for finding in findings}


def test_a_stored_version_is_retained_and_held(s3: S3Storage, key: str) -> None:
    stored = store(s3, key, b"abc")
    seen = s3.stat(key, stored.version)
    assert seen.version == stored.version is not None
    assert seen.held
    assert seen.retained_until is not None
    left = seen.retained_until - datetime.now(UTC)
    assert timedelta(hours=23, minutes=59) < left <= timedelta(days=1)


def test_a_stored_version_cannot_be_deleted_without_lifting_both_locks(
    s3: S3Storage, key: str, bucket: Place, client: minio.Minio
) -> None:
    stored = store(s3, key, b"abc")
    with pytest.raises(S3Error, match="lock"):
        client.remove_object(bucket.bucket, key, version_id=stored.version)
    with pytest.raises(S3Error, match="lock"):
        s3.client.remove(key, stored.version, bypass=True)  # held
    client.disable_object_legal_hold(bucket.bucket, key, version_id=stored.version)
    with pytest.raises(S3Error, match="lock"):
        client.remove_object(bucket.bucket, key, version_id=stored.version)  # retained
    assert read(s3, stored) == b"abc"


def test_a_stored_version_stays_readable_when_its_key_is_overwritten_or_deleted(s3: S3Storage, key: str) -> None:
    stored = store(s3, key, b"abc")
    s3.client.put(key, bytearray(b"other"))
    assert read(s3, stored) == b"abc"
    s3.client.remove(key, None, bypass=False)  # a delete marker
    assert read(s3, stored) == b"abc"
    with pytest.raises(Missing):
        s3.stat(key, None)
    s3.discard(key, None)
    with pytest.raises(Missing):
        s3.stat(key, stored.version)


def test_a_suspended_upload_keeps_one_tail(s3: S3Storage, key: str, bucket: Place, client: minio.Minio) -> None:
    receiver = s3.receive(key, len(DATA))
    handle, segments, tail = receiver.handle, [], None
    for cut in range(1, 6):
        send(receiver, DATA[receiver.offset : cut * 1000])
        new, tail = receiver.suspend()
        segments += new
        receiver = s3.resume(key, len(DATA), handle, segments, tail)
        tails = client.list_objects(bucket.bucket, prefix=f"incoming/{key}", recursive=True, include_version=True)
        assert [each.size for each in tails] == [cut * 1000]
    send(receiver, DATA[receiver.offset :])
    stored = receiver.finish()
    assert read(s3, stored) == DATA


def test_a_changed_tail_is_found(s3: S3Storage, key: str) -> None:
    receiver = s3.receive(key, 10)
    receiver.write(b"abc")
    segments, tail = receiver.suspend()
    s3.client.put(f"incoming/{key}/3", bytearray(b"abd"))
    with pytest.raises(Mismatch):
        s3.resume(key, 10, receiver.handle, segments, tail)


def test_an_upload_goes_on_after_the_part_size_was_changed(bucket: Place, key: str) -> None:
    sizes = [2 * PART, PART, 3 * PART]
    receiver = open_place(bucket).receive(key, len(DATA))
    handle, kept, tail = receiver.handle, [], None
    for size, cut in zip(sizes, [PART + MIB, PART + 2 * MIB, len(DATA)], strict=True):
        storage = open_place(replace(bucket, part_size=size))
        segments, tail = receiver.suspend()
        kept += segments
        receiver = storage.resume(key, len(DATA), handle, kept, tail)
        send(receiver, DATA[receiver.offset : cut])
    assert receiver.finish().sha256 == sha256(DATA)


@given(st.integers(0, 5 * 1024**4), st.sampled_from([PART, 16 * MIB, 64 * MIB]))
def test_an_object_of_any_size_that_s3_takes_stays_below_the_limit_of_parts(size: int, part_size: int) -> None:
    chosen = part_size_for(size, part_size)
    assert part_size <= chosen <= 5 * 1024**3
    assert -(-size // chosen) <= MAX_PARTS - 1000
    assert part_size_for(None, part_size) == part_size


@pytest.mark.parametrize("setting", [{"part_size": PART - 1}, {"retention_days": 0}, {"bucket": "No Bucket"}])
def test_settings_that_no_store_takes_are_refused(bucket: Place, setting: dict[str, object]) -> None:
    options = {"bucket": bucket.bucket, "retention_days": 1, "part_size": PART} | setting
    with pytest.raises(ValueError, match=r"parts|day|bucket"):
        S3Storage("127.0.0.1:1", "a", "b", "us-east-1", False, **options)  # type: ignore[arg-type]


# What a probe finds


def test_a_probe_makes_the_bucket_with_object_lock_and_finds_it_good(s3_server: S3Server) -> None:
    place = Place(endpoint=s3_server.endpoint, bucket=f"probe-{uuid.uuid4()}")
    expected = dict.fromkeys(["bucket", "versioning", "object_lock", "removal", "disposal"], "ok")
    assert levels(open_place(place).probe()) == expected
    assert levels(open_place(place).probe()) == expected


def test_a_bucket_without_object_lock_is_weak_and_still_stores(s3_server: S3Server, client: minio.Minio) -> None:
    bucket = f"versions-{uuid.uuid4()}"
    client.make_bucket(bucket)
    client.set_bucket_versioning(bucket, minio.versioningconfig.VersioningConfig("Enabled"))
    storage = cast(S3Storage, open_place(Place(endpoint=s3_server.endpoint, bucket=bucket)))
    assert levels(storage.probe()) == {"bucket": "ok", "versioning": "ok", "object_lock": "weak", "disposal": "ok"}
    stored = store(storage, f"objects/{uuid.uuid4()}", b"abc")
    assert stored.version is not None
    assert storage.stat(stored.key, stored.version).retained_until is None
    assert read(storage, stored) == b"abc"


def test_a_bucket_without_versions_is_weak_and_still_stores(s3_server: S3Server, client: minio.Minio, key: str) -> None:
    bucket = f"plain-{uuid.uuid4()}"
    client.make_bucket(bucket)
    storage = cast(S3Storage, open_place(Place(endpoint=s3_server.endpoint, bucket=bucket)))
    assert levels(storage.probe()) == {"bucket": "ok", "versioning": "weak", "disposal": "ok"}
    assert list(client.list_objects(bucket, recursive=True)) == []
    receiver = storage.receive(key, 3)
    receiver.write(b"ab")
    segments, tail = receiver.suspend()
    receiver = storage.resume(key, 3, receiver.handle, segments, tail)
    receiver.write(b"c")
    stored = receiver.finish()
    assert stored.version is None
    assert read(storage, stored) == b"abc"
    storage.discard(stored.key, stored.version)
    versions = client.list_objects(bucket, recursive=True, include_version=True)
    assert [found.object_name for found in versions] == []


def test_wrong_keys_are_a_fault_that_says_what_to_check(bucket: Place) -> None:
    storage = open_place(bucket, secret_key="another-secret")
    (finding,) = storage.probe()
    assert (finding.code, finding.level) == ("store", "fault")
    assert "secret key" in finding.message
    with pytest.raises(Unavailable):
        storage.receive(f"objects/{uuid.uuid4()}", 1)


def test_a_bucket_that_is_not_there_is_not_a_missing_object(s3_server: S3Server) -> None:
    storage = open_place(Place(endpoint=s3_server.endpoint, bucket=f"none-{uuid.uuid4()}"))
    key = f"objects/{uuid.uuid4()}"
    for use in (lambda: storage.stat(key, None), lambda: storage.read(key, None), lambda: storage.receive(key, 1)):
        with pytest.raises(Unavailable):
            use()


# A store that misbehaves, behind a proxy


@contextmanager
def proxy(
    server: S3Server, answer: Callable[[bytes], bytes] = lambda data: data, cut_after: int | None = None
) -> Iterator[str]:
    """A proxy before the store: changes the bytes of its answers, or ends each connection after so many of them."""
    listener = socket.create_server(("127.0.0.1", 0))
    host, port = server.endpoint.split(":")
    threads: list[threading.Thread] = []

    def pump(source: socket.socket, sink: socket.socket, answers: bool) -> None:
        passed = 0
        with suppress(OSError):
            while data := source.recv(1 << 16):
                data = answer(data) if answers else data
                if answers and cut_after is not None:
                    data = data[: cut_after - passed]
                    passed += len(data)
                sink.sendall(data)
                if answers and passed == cut_after:
                    break
        for each in (source, sink):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def serve() -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection((host, int(port)))
                pair = [
                    threading.Thread(target=pump, args=(near, far, False)),
                    threading.Thread(target=pump, args=(far, near, True)),
                ]
                for thread in pair:
                    thread.start()

                def close(
                    near: socket.socket = near, far: socket.socket = far, pair: list[threading.Thread] = pair
                ) -> None:
                    for thread in pair:
                        thread.join()
                    near.close()
                    far.close()

                closing = threading.Thread(target=close)
                closing.start()
                threads.append(closing)

    serving = threading.Thread(target=serve)
    serving.start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        serving.join()


def test_a_store_that_takes_locks_but_does_not_show_them_is_an_error(
    s3_server: S3Server, bucket: Place, key: str
) -> None:
    with proxy(s3_server, lambda data: data.replace(b"x-amz-object-lock-", b"x-amz-forgotten-lo")) as endpoint:
        storage = open_place(replace(bucket, endpoint=endpoint))
        receiver = storage.receive(key, 3)
        receiver.write(b"abc")
        with pytest.raises(StorageError, match="does not show them"):
            receiver.finish()
        assert levels(storage.probe())["object_lock"] == "fault"
    # Once the store is mended, the same upload is finished.
    storage = open_place(bucket)
    receiver = storage.resume(key, 3, receiver.handle, [], None)
    receiver.write(b"abc")
    assert storage.stat(key, receiver.finish().version).held


def test_a_byte_changed_in_what_is_read_back_is_found_and_nothing_stays(
    s3_server: S3Server, bucket: Place, key: str
) -> None:
    with proxy(s3_server, lambda data: data.replace(b"evidence", b"evidencf")) as endpoint:
        storage = open_place(replace(bucket, endpoint=endpoint))
        with pytest.raises(Mismatch):
            store(storage, key, b"this is evidence")
    assert list(open_place(bucket).keys(key)) == []


def test_an_answer_cut_short_is_never_a_short_object(s3_server: S3Server, bucket: Place, key: str) -> None:
    stored = store(open_place(bucket), key)
    with proxy(s3_server, cut_after=MIB) as endpoint:
        storage = open_place(replace(bucket, endpoint=endpoint))
        with pytest.raises((Unavailable, Mismatch)):
            b"".join(storage.read(key, stored.version))


@pytest.fixture
def silent() -> Iterator[Place]:
    """A store that takes connections and never answers, as a full one does."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        yield Place(endpoint=f"127.0.0.1:{listener.getsockname()[1]}", bucket="silent-bucket")


def test_a_store_that_never_answers_does_not_hang_the_service(silent: Place) -> None:
    storage = open_place(silent, timeout=0.2)
    key = f"objects/{uuid.uuid4()}"
    began = time.monotonic()
    for use in (
        lambda: storage.stat(key, None),
        lambda: storage.receive(key, 3),
        lambda: storage.read(key, None),
        lambda: storage.discard(key, "v"),
        lambda: list(storage.keys()),
    ):
        with pytest.raises(Unavailable, match="does not answer"):
            use()
    assert [finding.level for finding in storage.probe()] == ["fault"]
    assert time.monotonic() - began < 20


def test_a_part_that_cannot_be_sent_is_an_error_and_the_upload_goes_on_later(
    silent: Place, bucket: Place, key: str
) -> None:
    working = open_place(bucket)
    handle = working.receive(key, len(DATA)).handle
    hanging = cast(S3Storage, open_place(silent, timeout=0.2))
    receiver = working.resume(key, len(DATA), handle, [], None)
    receiver.write(DATA[:9])
    segments, tail = receiver.suspend()
    receiver = working.resume(key, len(DATA), handle, segments, tail)
    receiver._storage = hanging  # type: ignore[attr-defined]  # the store fills up now
    began = time.monotonic()
    send(receiver, DATA[9:PART])
    with pytest.raises(Unavailable):
        receiver.suspend()
    assert time.monotonic() - began < 60
    receiver = working.resume(key, len(DATA), handle, segments, tail)
    send(receiver, DATA[9:])
    assert receiver.finish().sha256 == sha256(DATA)


def test_a_store_that_is_down_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    storage = open_place(Place(endpoint=f"127.0.0.1:{port}", bucket="nobody-there"), timeout=0.2)
    with pytest.raises(Unavailable) as caught:
        storage.stat(f"objects/{uuid.uuid4()}", None)
    assert str(port) not in str(caught.value)
