"""The one command: `python -m benchmarks`, or `make bench`."""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import appends, court, latency, pages, people, uploads, verification
from benchmarks.machine import Lacking, describe
from benchmarks.measure import Figure, table

ALL: dict[str, Callable[[Path, bool], list[Figure]]] = {
    "directory": uploads.directory,
    "s3": uploads.s3,
    "appends": appends.appends,
    "ledger": verification.ledger,
    "register": verification.register,
    "objects": verification.objects,
    "latency": latency.latency,
    "pages": pages.pages,
    "people": people.people,
    "court": court.court,
}


def main() -> None:
    """Measure all, or what is asked for, and print one table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes, about a minute: that it runs, not how fast")
    parser.add_argument("--only", action="append", choices=ALL, help="measure this alone; repeat it for several")
    parser.add_argument("--folder", type=Path, help="a folder on the disk to measure; by default the temporary one")
    given = parser.parse_args()
    began = time.monotonic()
    figures: list[Figure] = []
    print(f"{describe()}; load {os.getloadavg()[0]:.1f}", flush=True)
    try:
        for name in given.only or ALL:
            figures += _measured(name, given.folder, given.quick)
    finally:
        print(f"\n{table(figures)}\n\n{time.monotonic() - began:.0f} seconds; load {os.getloadavg()[0]:.1f}")


def _measured(name: str, where: Path | None, quick: bool) -> list[Figure]:
    print(f"measuring: {name}", flush=True)
    with tempfile.TemporaryDirectory(prefix="unbroken-bench-", dir=where) as folder:
        # PostgreSQL runs as another user where this runs as root, and must get through.
        Path(folder).chmod(0o711)
        try:
            return ALL[name](Path(folder), quick)
        except Lacking as lacking:
            print(lacking)
            return []


if __name__ == "__main__":
    main()
