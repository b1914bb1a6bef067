"""Upload throughput: tus and one form through the real server, against the bare loop."""

from collections.abc import Callable
from pathlib import Path

from benchmarks import bare, machine, sending
from benchmarks.machine import Office
from benchmarks.measure import Figure, in_turns
from benchmarks.sending import Payload

MIB = 1 << 20
UNIT = "MB/s"


def directory(folder: Path, quick: bool) -> list[Figure]:
    """1 GiB into the embedded default."""
    size, rounds = (64 * MIB, 2) if quick else (1024 * MIB, 3)
    found = []
    with machine.office(folder / "directory") as office, machine.serving(office) as port:
        for said, again in (("", False), (", limit reads back too", True)):
            with bare.looping(bare.ToFile(folder / "bare", again=again)) as limit:
                found += _figures("directory", office, port, limit, size, rounds, said)
    return found


def s3(folder: Path, quick: bool) -> list[Figure]:
    """512 MiB into an S3 store on the same machine, which keeps it in memory."""
    size, rounds = (64 * MIB, 2) if quick else (512 * MIB, 3)
    found = []
    with (
        machine.s3(folder) as settings,
        machine.office(folder / "s3-office", **settings) as office,
        machine.serving(office) as port,
    ):
        keys = settings["S3_ENDPOINT"], settings["S3_ACCESS_KEY"], settings["S3_SECRET_KEY"]
        for said, again in (("", False), (", limit reads back too", True)):
            with bare.looping(bare.ToStore(*keys, again=again)) as limit:
                found += _figures("S3", office, port, limit, size, rounds, said)
    return found


def _figures(where: str, office: Office, port: int, limit: int, size: int, rounds: int, said: str) -> list[Figure]:
    case = str(office.case)

    def rate(seconds: float) -> float:
        for key in list(office.site.storage.keys("objects/")):
            office.site.storage.discard(key, None)
        return size / seconds / 1e6

    services: dict[str, Callable[[], float]] = {
        f"upload, {where}, tus{said}": lambda: rate(sending.tus(port, office.headers, case, Payload(size))),
        f"upload, {where}, form{said}": lambda: rate(sending.form(port, office.headers, case, Payload(size))),
    }
    return in_turns(UNIT, rounds, lambda: rate(sending.bare(limit, Payload(size))), services)
