"""What is done without being asked: expired uploads end, unfinished objects are swept. Safe beside other workers."""

import signal
import threading

import structlog

from evidence_api.domain.roles import SYSTEM
from evidence_api.services import drafts, intake, upkeep, uploads
from evidence_api.work import Site, begin

INTERVAL_SECONDS = 60
SWEEP_EVERY = 60

log = structlog.get_logger()


def sweep(site: Site) -> int:
    """Remove unfinished objects that were left; how many. It lists the store, so it holds no lock on the database."""
    with begin(site, SYSTEM, read_only=True) as work:
        return intake.sweep(work)


def run_once(site: Site, *, with_sweep: bool = True) -> dict[str, int]:
    """Everything once; how many uploads expired, objects were swept, answers and drafts forgotten."""
    with begin(site, SYSTEM) as work:
        expired = uploads.expire(work)
    swept = sweep(site) if with_sweep else 0
    with begin(site, SYSTEM) as work:
        forgotten = upkeep.forget_answers(work) + drafts.forget_old(work)
    return {"expired": expired, "swept": swept, "forgotten": forgotten}


def run(site: Site) -> None:
    """Until told to stop (SIGTERM, SIGINT), every minute, the sweep every hour. A failure is logged and tried again."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    rounds = 0
    while not stop.is_set():
        try:
            log.info("worker", **run_once(site, with_sweep=rounds % SWEEP_EVERY == 0))
        except Exception as error:
            log.error("worker failed", kind=type(error).__name__)
        rounds += 1
        stop.wait(INTERVAL_SECONDS)
