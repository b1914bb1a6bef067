"""What both adapters promise, on a real directory and a real S3 store."""

import hashlib
import json
import random
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evidence_api.storage import (
    AlreadyExists,
    DirectoryStorage,
    Mismatch,
    Missing,
    Receiver,
    S3Storage,
    Segment,
    Storage,
    StorageError,
    Stored,
)
from evidence_api.storage.port import check_key, verify_runs

from .child import MIB, PART, Place, Row, open_place, send

DATA = random.Random(7).randbytes(2 * PART + MIB // 3)  # two parts and a piece


def sha256(data: bytes | memoryview) -> str:
    return hashlib.sha256(data).hexdigest()


def store(storage: Storage, key: str, data: bytes = DATA) -> Stored:
    receiver = storage.receive(key, len(data))
    send(receiver, data)
    return receiver.finish()


def read(storage: Storage, stored: Stored, start: int = 0, length: int | None = None) -> bytes:
    return b"".join(storage.read(stored.key, stored.version, start, length))


def test_what_is_read_is_what_was_stored(storage: Storage, key: str) -> None:
    stored = store(storage, key)
    assert (stored.key, stored.size, stored.sha256) == (key, len(DATA), sha256(DATA))
    assert read(storage, stored) == DATA
    assert storage.stat(key, stored.version).size == len(DATA)
    assert key in storage.keys("objects/")
    assert list(storage.keys(f"incoming/{key}")) == []


@pytest.mark.parametrize("size", [0, 1, PART - 1, PART, PART + 1])
def test_sizes_around_a_part_are_stored(storage: Storage, key: str, size: int) -> None:
    stored = store(storage, key, DATA[:size])
    assert (stored.size, stored.sha256) == (size, sha256(DATA[:size]))
    assert read(storage, stored) == DATA[:size]


def test_an_object_of_unknown_size_is_stored(storage: Storage, key: str) -> None:
    receiver = storage.receive(key, None)
    send(receiver, DATA)
    assert receiver.finish() == receiver.finish()
    assert read(storage, receiver.finish()) == DATA


def test_an_empty_write_changes_nothing(storage: Storage, key: str) -> None:
    receiver = storage.receive(key, 3)
    receiver.write(b"")
    receiver.write(b"abc")
    receiver.write(memoryview(b""))
    assert receiver.offset == 3
    assert receiver.finish().sha256 == sha256(b"abc")


def test_more_bytes_than_declared_are_refused(storage: Storage, key: str) -> None:
    receiver = storage.receive(key, 3)
    receiver.write(b"ab")
    with pytest.raises(StorageError, match="declared"):
        receiver.write(b"cd")
    assert receiver.offset == 2
    receiver.abort()


def test_an_upload_that_lacks_bytes_is_not_finished(storage: Storage, key: str) -> None:
    receiver = storage.receive(key, 3)
    receiver.write(b"ab")
    with pytest.raises(StorageError, match="Not all bytes"):
        receiver.finish()
    receiver.write(b"c")
    assert receiver.finish().sha256 == sha256(b"abc")


def test_an_object_is_written_once(storage: Storage, key: str) -> None:
    stored = store(storage, key, b"first")
    with pytest.raises(AlreadyExists):
        storage.receive(key, 6)
    assert read(storage, stored) == b"first"


@pytest.mark.parametrize(
    "bad", ["", "objects", "objects/", "objects/../x", "/objects/1", "objects/IMG_1.jpg", "incoming/1", "objects/1/.."]
)
def test_a_key_that_this_service_does_not_make_is_refused(storage: Storage, bad: str) -> None:
    for use in (
        lambda: check_key(bad),
        lambda: storage.receive(bad, 1),
        lambda: storage.resume(bad, 1, "x", [], None),
        lambda: storage.read(bad, None),
        lambda: storage.discard("incoming/" + bad, None),
    ):
        with pytest.raises(ValueError, match="storage key"):
            use()


@pytest.mark.parametrize(
    ("start", "length"),
    [
        (0, None),
        (0, 1),
        (1, 2),
        (PART - 1, 2),
        (PART, MIB),
        (len(DATA) - 1, 1),
        (len(DATA), None),
        (len(DATA), 0),
        (5, 0),
    ],
)
def test_a_range_is_just_what_was_asked_for(storage: Storage, key: str, start: int, length: int | None) -> None:
    stored = store(storage, key)
    end = len(DATA) if length is None else start + length
    assert read(storage, stored, start, length) == DATA[start:end]


@pytest.mark.parametrize(("start", "length"), [(0, 6), (3, 3), (6, None), (6, 0), (9, 1), (-1, 2), (0, -1)])
def test_a_range_beyond_the_object_is_an_error_and_not_cut_short(
    storage: Storage, key: str, start: int, length: int | None
) -> None:
    stored = store(storage, key, b"abcde")
    with pytest.raises(Mismatch):
        storage.read(key, stored.version, start, length)


def test_chunks_are_small(storage: Storage, key: str) -> None:
    stored = store(storage, key)
    assert max(map(len, storage.read(key, stored.version))) <= MIB


def test_what_is_not_there_is_missing_at_the_call(storage: Storage, key: str) -> None:
    for length in (None, 0, 1):
        with pytest.raises(Missing):
            storage.read(key, None, 0, length)
    with pytest.raises(Missing):
        storage.stat(key, None)
    storage.discard(key, None)
    storage.discard(f"incoming/{key}", None)


def test_a_discarded_object_is_gone(storage: Storage, key: str) -> None:
    stored = store(storage, key, b"abc")
    storage.discard(key, stored.version)
    with pytest.raises(Missing):
        storage.stat(key, stored.version)
    assert list(storage.keys(key)) == []


def test_an_aborted_upload_leaves_nothing(storage: Storage, key: str) -> None:
    receiver = storage.receive(key, len(DATA))
    send(receiver, DATA[: PART + 9])
    assert list(storage.keys("incoming/" + key)) == [f"incoming/{key}"]
    segments, tail = receiver.suspend()
    receiver = storage.resume(key, len(DATA), receiver.handle, segments, tail)
    receiver.abort()
    receiver.abort()
    assert list(storage.keys("incoming/" + key)) == []
    with pytest.raises(Missing):
        storage.stat(key, None)


def test_a_finished_object_outlives_an_abort(storage: Storage, key: str) -> None:
    receiver = storage.receive(key, 3)
    receiver.write(b"abc")
    stored = receiver.finish()
    receiver.abort()
    assert read(storage, stored) == b"abc"


def test_an_upload_that_no_row_names_is_found_and_swept(storage: Storage, key: str) -> None:
    receiver = storage.receive(key, len(DATA))
    send(receiver, DATA[: PART + 9])
    receiver.suspend()
    assert f"incoming/{key}" in storage.keys("incoming/")
    assert key not in storage.keys("objects/")
    storage.discard(f"incoming/{key}", None)
    assert f"incoming/{key}" not in storage.keys("incoming/")


def test_a_suspended_receiver_takes_no_more(storage: Storage, key: str) -> None:
    receiver = storage.receive(key, 3)
    receiver.write(b"a")
    receiver.suspend()
    for use in (lambda: receiver.write(b"b"), receiver.flush, receiver.suspend, receiver.finish):
        with pytest.raises(StorageError, match="closed"):
            use()


def test_segments_and_tail_describe_what_was_received(storage: Storage, key: str) -> None:
    receiver = storage.receive(key, len(DATA))
    send(receiver, DATA)
    kept = receiver.flush()
    segments, tail = receiver.suspend()
    kept += segments + ([tail] if tail else [])
    assert [segment.number for segment in kept] == list(range(1, len(kept) + 1))
    end = 0
    for segment in kept:
        assert segment.offset == end
        end += segment.size
        assert segment.sha256 == sha256(DATA[segment.offset : end])
    assert end == len(DATA)


@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cuts=st.lists(st.integers(0, len(DATA)), max_size=5),
    flushes=st.booleans(),
    chunk=st.sampled_from([1000, 256 * 1024, 3 * MIB, 2 * PART]),
)
def test_an_upload_cut_anywhere_is_whole_in_the_end(place: Place, cuts: list[int], flushes: bool, chunk: int) -> None:
    storage = open_place(place)
    key = f"objects/{uuid.uuid4()}"
    receiver: Receiver = storage.receive(key, len(DATA))
    row = Row(receiver.handle, [])
    for cut in sorted(cuts):
        send(receiver, memoryview(DATA)[receiver.offset : cut], chunk)
        if flushes:
            row.segments += receiver.flush()
        segments, row.tail = receiver.suspend()
        row.segments += segments
        storage = open_place(place)
        receiver = storage.resume(key, len(DATA), row.handle, row.segments, row.tail)
        assert receiver.offset == cut
    send(receiver, memoryview(DATA)[receiver.offset :], chunk)
    stored = receiver.finish()
    assert stored.sha256 == sha256(DATA)
    assert read(storage, stored) == DATA
    assert list(storage.keys(f"incoming/{key}")) == []
    storage.discard(key, stored.version)


def test_bytes_that_no_row_names_are_dropped_on_resuming(storage: Storage, key: str) -> None:
    receiver = storage.receive(key, len(DATA))
    send(receiver, DATA[: PART + 9])
    segments, tail = receiver.suspend()
    lost = storage.resume(key, len(DATA), receiver.handle, segments, tail)
    send(lost, bytes(len(DATA) - lost.offset))
    lost.suspend()  # the process is killed before its commit
    receiver = storage.resume(key, len(DATA), receiver.handle, segments, tail)
    assert receiver.offset == PART + 9
    send(receiver, DATA[PART + 9 :])
    stored = receiver.finish()
    assert read(storage, stored) == DATA


def test_an_upload_whose_kept_bytes_are_gone_is_missing(storage: Storage, key: str) -> None:
    receiver = storage.receive(key, len(DATA))
    send(receiver, DATA[: PART + 9])
    segments, tail = receiver.suspend()
    storage.discard(f"incoming/{key}", None)
    with pytest.raises(Missing):
        storage.resume(key, len(DATA), receiver.handle, segments, tail)


def test_an_upload_aborted_by_another_process_cannot_be_finished(storage: Storage, key: str) -> None:
    receiver = storage.receive(key, PART)
    send(receiver, DATA[:PART])
    segments, tail = receiver.suspend()
    receiver = storage.resume(key, PART, receiver.handle, segments, tail)
    storage.discard(f"incoming/{key}", None)
    with pytest.raises(Missing):
        receiver.finish()
    assert list(storage.keys(key)) == []


def change_a_byte(storage: Storage, key: str, handle: str, data: bytes) -> None:
    """Reach behind the adapter into what it has received: the first part of an unfinished object."""
    other = bytes([data[0] ^ 1]) + data[1:]
    if isinstance(storage, DirectoryStorage):
        path = storage.incoming(key)
        with path.open("r+b") as file:
            file.write(other)
    else:
        assert isinstance(storage, S3Storage)
        storage.client.upload(key, handle, 1, bytearray(other))


def test_a_byte_flipped_before_the_end_is_found_and_nothing_is_stored(storage: Storage, key: str) -> None:
    receiver = storage.receive(key, len(DATA))
    send(receiver, DATA)
    while not receiver.flush():
        pass
    change_a_byte(storage, key, receiver.handle, DATA[:PART])
    with pytest.raises(Mismatch):
        receiver.finish()
    assert list(storage.keys(key)) == []
    receiver.abort()
    assert list(storage.keys(f"incoming/{key}")) == []


def test_a_byte_flipped_while_an_upload_sleeps_is_found(storage: Storage, key: str) -> None:
    receiver = storage.receive(key, len(DATA))
    send(receiver, DATA[: PART + 9])
    segments, tail = receiver.suspend()
    change_a_byte(storage, key, receiver.handle, DATA[:PART])
    receiver = storage.resume(key, len(DATA), receiver.handle, segments, tail)
    send(receiver, DATA[PART + 9 :])
    with pytest.raises(Mismatch):
        receiver.finish()
    receiver.abort()


def test_a_segment_whose_digest_is_not_what_was_kept_is_found(storage: Storage, key: str) -> None:
    receiver = storage.receive(key, len(DATA))
    send(receiver, DATA)
    segments, tail = receiver.suspend()
    segments[0] = replace(segments[0], sha256=sha256(b"other"))
    receiver = storage.resume(key, len(DATA), receiver.handle, segments, tail)
    with pytest.raises(Mismatch):
        receiver.finish()
    receiver.abort()


def test_segments_with_a_gap_are_refused(storage: Storage, key: str) -> None:
    receiver = storage.receive(key, len(DATA))
    send(receiver, DATA)
    segments, tail = receiver.suspend()
    with pytest.raises(ValueError, match="without a gap"):
        storage.resume(key, len(DATA), receiver.handle, segments[1:], tail)
    receiver.abort()


@pytest.mark.parametrize("sent", [0, 9, PART, PART + 9, len(DATA)])
def test_a_commit_lost_after_the_end_is_made_up_for(place: Place, key: str, sent: int) -> None:
    storage = open_place(place)
    receiver: Receiver = storage.receive(key, len(DATA))
    row = Row(receiver.handle, [])
    if sent:
        send(receiver, DATA[:sent])
        row.segments, row.tail = receiver.suspend()
        receiver = storage.resume(key, len(DATA), row.handle, row.segments, row.tail)
    send(receiver, DATA[sent:])
    stored = receiver.finish()
    # The row still says what it said before; the client sends the rest again, and is cut once more.
    storage = open_place(place)
    again = storage.resume(key, len(DATA), row.handle, row.segments, row.tail)
    assert again.offset == sent
    send(again, DATA[sent : sent + MIB])
    segments, row.tail = again.suspend()
    row.segments += segments
    again = open_place(place).resume(key, len(DATA), row.handle, row.segments, row.tail)
    send(again, memoryview(DATA)[again.offset :])
    assert again.finish() == stored
    assert read(storage, stored) == DATA
    assert list(storage.keys(f"incoming/{key}")) == []


def test_other_bytes_sent_after_a_lost_commit_are_found_and_the_object_stays(storage: Storage, key: str) -> None:
    stored = store(storage, key, DATA)
    again = storage.resume(key, len(DATA), "gone", [], None)
    send(again, bytes(len(DATA)))
    with pytest.raises(Mismatch):
        again.finish()
    again.abort()
    assert read(storage, stored) == DATA


def run_child(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.storage.child", *arguments]
    root = Path(__file__).parents[2]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False, timeout=120)


def test_a_process_killed_before_any_of_its_steps_loses_nothing(place: Place, tmp_path: Path) -> None:
    source = tmp_path / "film"
    source.write_bytes(DATA)
    storage = open_place(place)
    step = 0
    while True:
        step += 1
        key, path = f"objects/{uuid.uuid4()}", tmp_path / f"row-{step}"
        ended = run_child("upload", json.dumps(asdict(place)), key, str(source), str(path), str(step))
        if ended.returncode == 0:
            break
        assert ended.returncode == -signal.SIGKILL, ended.stderr
        if path.exists():
            row = Row.load(path)
            receiver = storage.resume(key, len(DATA), row.handle, row.segments, row.tail)
            send(receiver, memoryview(DATA)[receiver.offset :])
            stored = receiver.finish()
            assert stored.sha256 == sha256(DATA)
            assert read(storage, stored) == DATA
        else:
            with suppress(AlreadyExists):
                storage.receive(key, len(DATA)).abort()
            storage.discard(f"incoming/{key}", None)
        assert list(storage.keys(f"incoming/{key}")) == []
        storage.discard(key, None)
    assert step > 8


def test_memory_stays_the_same_for_a_large_object(place: Place, key: str) -> None:
    place = replace(place, part_size=16 * MIB)
    ended = run_child("memory", json.dumps(asdict(place)), key, str(300 * MIB))
    assert ended.returncode == 0, ended.stderr
    assert int(ended.stdout) < 64 * MIB


def test_a_good_store_has_no_faults(storage: Storage) -> None:
    findings = storage.probe()
    assert [finding for finding in findings if finding.level == "fault"] == []
    assert list(storage.keys("probe/")) == []


@pytest.mark.parametrize("change", [lambda b: b[:-1], lambda b: b + b"x", lambda b: b"x" + b[1:], lambda b: b""])
def test_reading_back_finds_every_kind_of_difference(change: Callable[[bytes], bytes]) -> None:
    runs = [Segment(1, 0, 4, sha256(b"abcd"), None), Segment(2, 4, 2, sha256(b"ef"), None)]
    assert verify_runs([b"ab", b"cde", b"f"], runs) == sha256(b"abcdef")
    with pytest.raises(Mismatch):
        verify_runs([change(b"abcdef")], runs)
