"""The demonstration's own folder: marked, made anew each time, and never one that it did not make."""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from evidence_api.config import BadSettings

MARKER = "DEMONSTRATION.txt"
MARK = """A demonstration of Unbroken. Everything in this folder is fictional.
`unbroken demo` deletes this whole folder each time that it begins: keep nothing of your own here.
"""


@contextmanager
def fresh_folder(path: Path) -> Iterator[Path]:
    """The folder, empty but for its mark and this run's alone until the end.

    Raises BadSettings for a folder with anything in it that no demonstration made, and for one in use.
    """
    marker = path / MARKER
    if path.is_symlink() or (path.exists() and not path.is_dir()):
        raise BadSettings(f"{path} is not a folder. Name another one with --data.")
    if path.exists() and any(path.iterdir()) and not _is_ours(marker):
        raise BadSettings(
            f"{path} holds something that no demonstration made, so it is left alone. Name another folder with --data."
        )
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        with marker.open("a+") as lock:
            _claim(lock.fileno(), path)
            for child in path.iterdir():
                if child.is_dir() and not child.is_symlink():
                    shutil.rmtree(child)
                elif child != marker:
                    child.unlink()
            marker.write_text(MARK)
            yield path.resolve()
    except PermissionError as error:
        raise BadSettings(f"{path} cannot be written. Name another folder with --data.") from error


def _is_ours(marker: Path) -> bool:
    return marker.is_file() and not marker.is_symlink() and marker.read_text(errors="replace") == MARK


def _claim(descriptor: int, path: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise BadSettings(
            f"A demonstration is running in {path}. Stop it with Ctrl-C there, or name another folder with --data."
        ) from error
