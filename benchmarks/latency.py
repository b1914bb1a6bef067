"""How long a person waits for a page's data while others upload, against the same request with nobody uploading."""

import multiprocessing
import uuid
from multiprocessing.synchronize import Barrier
from pathlib import Path
from statistics import quantiles

from benchmarks import machine, sending
from benchmarks.machine import Office
from benchmarks.measure import Figure
from benchmarks.sending import Payload
from evidence_api.services import intake
from evidence_api.work import begin

MIB = 1 << 20
UPLOADS = 4
ITEMS = 60


def latency(folder: Path, quick: bool) -> list[Figure]:
    """One item, and a list of 50, each with and without four uploads at once. A ratio above 1 is a longer wait."""
    size, idle = (64 * MIB, 100) if quick else (768 * MIB, 1000)
    with machine.office(folder / "latency") as office, machine.serving(office) as port:
        paths = _fill(office)
        alone = {name: sending.times(port, office.headers, path, idle) for name, path in paths.items()}
        with_others = _while_uploading(port, office, paths, size)
    return [
        Figure(f"{name}, {said}", "ms", quiet, busy, (busy / quiet,))
        for name in paths
        for said, quiet, busy in zip(
            ("p50", "p95"), _percentiles(alone[name]), _percentiles(with_others[name]), strict=True
        )
    ]


def _fill(office: Office) -> dict[str, str]:
    for _ in range(ITEMS):
        with begin(office.site, office.actor) as work:
            thing = intake.register(work, office.case, title="Ledger book", tag=str(uuid.uuid4()), place="Shelf")
    return {
        "GET one item during 4 uploads": f"/api/v1/evidence/{thing.id}",
        "GET a list of 50 during 4 uploads": f"/api/v1/cases/{office.case}/evidence?limit=50",
    }


def _while_uploading(port: int, office: Office, paths: dict[str, str], size: int) -> dict[str, list[float]]:
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(UPLOADS + 1)
    uploads = [
        context.Process(target=_upload, args=(port, office.headers, str(office.case), size, start))
        for _ in range(UPLOADS)
    ]
    found: dict[str, list[float]] = {name: [] for name in paths}
    for upload in uploads:
        upload.start()
    start.wait()
    while all(upload.is_alive() for upload in uploads):
        for name, path in paths.items():
            found[name] += sending.times(port, office.headers, path, 1)
    for upload in uploads:
        upload.join()
        if upload.exitcode:
            raise RuntimeError("An upload failed.")
    return found


def _upload(port: int, headers: dict[str, str], case: str, size: int, start: Barrier) -> None:
    payload = Payload(size)
    start.wait()
    sending.tus(port, headers, case, payload)


def _percentiles(times: list[float]) -> tuple[float, float]:
    cuts = quantiles(times, n=20)
    return cuts[9], cuts[18]
