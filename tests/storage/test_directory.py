"""What only the directory adapter promises: files, permissions, and errors of the disk."""

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from evidence_api.storage import AlreadyExists, DirectoryStorage, Full, Mismatch, Missing, Unavailable
from evidence_api.storage.directory import ALLOCATION

from .child import PART, send
from .test_contract import DATA, read, sha256, store


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_files_are_read_only_and_directories_closed_to_others(directory: DirectoryStorage, key: str) -> None:
    store(directory, key)
    assert mode(directory.path(key)) == 0o400
    assert {mode(path) for path in [directory.root, *directory.root.iterdir()]} == {0o700}


def test_a_file_is_named_by_its_key_alone(directory: DirectoryStorage, key: str) -> None:
    store(directory, key)
    assert directory.path(key) == directory.root / key
    store(directory, f"{key}/thumbnail", b"small")
    assert sorted(directory.keys()) == [key, f"{key}/thumbnail"]
    assert list(directory.keys(f"{key}/")) == [f"{key}/thumbnail"]


def test_no_more_is_reserved_than_declared_and_nothing_is_left_over(directory: DirectoryStorage, key: str) -> None:
    receiver = directory.receive(key, 2 * ALLOCATION)
    receiver.write(b"abc")
    assert directory.incoming(key).stat().st_blocks * 512 <= ALLOCATION + PART
    receiver.suspend()
    assert directory.incoming(key).stat().st_size == 3


def test_what_was_received_before_the_last_flush_is_durable_at_this_one(directory: DirectoryStorage, key: str) -> None:
    receiver = directory.receive(key, None)
    receiver.write(b"abc")
    first = receiver.flush()
    receiver.write(b"de")
    first += receiver.flush()
    assert first[0].sha256 == sha256(b"abc")
    receiver.abort()


def test_of_two_uploads_to_one_key_one_is_refused(directory: DirectoryStorage, key: str) -> None:
    receiver = directory.receive(key, 3)
    with pytest.raises(AlreadyExists):
        directory.receive(key, 3)
    receiver.write(b"abc")
    directory.path(key).write_bytes(b"in the way")
    with pytest.raises(AlreadyExists):
        receiver.finish()
    assert directory.path(key).read_bytes() == b"in the way"


def test_resuming_after_a_kill_between_link_and_unlink_leaves_the_stored_file_alone(
    directory: DirectoryStorage, key: str
) -> None:
    stored = store(directory, key)
    os.link(directory.path(key), directory.incoming(key))
    receiver = directory.resume(key, len(DATA), key, [], None)
    assert not directory.incoming(key).exists()
    send(receiver, DATA)
    assert receiver.finish() == stored
    assert mode(directory.path(key)) == 0o400


def test_a_symbolic_link_is_not_followed(directory: DirectoryStorage, key: str, tmp_path: Path) -> None:
    store(directory, "objects/0", b"abc")
    (tmp_path / "secret").write_bytes(b"secret")
    directory.path(key).symlink_to(tmp_path / "secret")
    with pytest.raises(Unavailable):
        directory.read(key, None)


def test_a_file_cut_short_while_it_is_read_is_a_mismatch(directory: DirectoryStorage, key: str) -> None:
    stored = store(directory, key)
    reading = directory.read(key, stored.version)
    next(reading)
    directory.path(key).chmod(0o600)
    os.truncate(directory.path(key), PART)
    with pytest.raises(Mismatch):
        b"".join(reading)


def test_an_unfinished_file_shorter_than_its_segments_is_missing(directory: DirectoryStorage, key: str) -> None:
    receiver = directory.receive(key, len(DATA))
    send(receiver, DATA[:PART])
    segments, _ = receiver.suspend()
    os.truncate(directory.incoming(key), PART - 1)
    with pytest.raises(Missing):
        directory.resume(key, len(DATA), key, segments, None)


def test_more_than_the_disk_holds_is_refused_at_the_start(directory: DirectoryStorage, key: str) -> None:
    with pytest.raises(Full, match="free space"):
        directory.receive(key, 1 << 60)
    assert list(directory.keys("incoming/")) == []


def fails(number: int) -> Callable[..., int]:
    def call(*arguments: object) -> int:
        raise OSError(number, os.strerror(number))

    return call


@pytest.mark.parametrize(("number", "expected"), [(errno.ENOSPC, Full), (errno.EDQUOT, Full), (errno.EIO, Unavailable)])
def test_an_error_of_the_disk_says_what_to_do_without_the_path(
    directory: DirectoryStorage,
    key: str,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    expected: type[Exception],
) -> None:
    receiver = directory.receive(key, None)
    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", fails(number))
        with pytest.raises(expected) as caught:
            receiver.write(b"abc")
    assert str(directory.root) not in str(caught.value)
    receiver.write(b"abc")
    assert read(directory, receiver.finish()) == b"abc"


def test_bytes_that_could_not_be_synced_are_never_called_durable(
    directory: DirectoryStorage, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver = directory.receive(key, 6)
    monkeypatch.setattr(os, "fdatasync", fails(errno.EIO))
    receiver.write(b"abc")
    with pytest.raises(Unavailable):
        receiver.suspend()
    monkeypatch.undo()
    receiver.write(b"def")
    for again in (receiver.suspend, receiver.finish):
        with pytest.raises(Unavailable):
            again()
    assert list(directory.keys("objects/")) == []
    receiver.abort()


def test_a_write_that_the_disk_takes_in_pieces_is_whole(
    directory: DirectoryStorage, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pwrite = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda fd, data, offset: pwrite(fd, data[:1000], offset))
    assert read(directory, store(directory, key, DATA[:100_000])) == DATA[:100_000]


def levels(directory: DirectoryStorage) -> dict[str, str]:
    return {finding.code: finding.level for finding in directory.probe()}


def test_a_probe_finds_a_new_directory_good_but_without_locks(directory: DirectoryStorage) -> None:
    found = levels(directory)
    assert found.pop("free_space") in ("ok", "weak", "fault")
    assert found == {"writable": "ok", "write_once": "ok", "permissions": "ok", "locks": "weak"}


def test_a_probe_finds_a_directory_open_to_others_weak(directory: DirectoryStorage) -> None:
    directory.probe()
    directory.root.chmod(0o755)
    assert levels(directory)["permissions"] == "weak"


@pytest.mark.parametrize(("free", "level"), [(1 << 20, "fault"), (5 << 30, "weak"), (50 << 30, "ok")])
def test_a_probe_finds_a_disk_that_fills_up(
    directory: DirectoryStorage, monkeypatch: pytest.MonkeyPatch, free: int, level: str
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=free))
    assert levels(directory)["free_space"] == level


def test_a_probe_finds_a_place_that_is_no_directory(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert levels(DirectoryStorage(tmp_path / "file")) == {"writable": "fault"}


def test_a_probe_finds_a_file_system_that_overwrites(
    directory: DirectoryStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "exists", lambda self: False)
    assert levels(directory)["write_once"] == "fault"
