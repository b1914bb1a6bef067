"""What is done without being asked: expired uploads end, orphan objects are swept. Safe beside other workers."""

import signal
import threading

import structlog

from evidence_api.domain.roles import SYSTEM
from evidence_api.services import intake, upkeep, uploads
from evidence_api.work import Site, begin

INTERVAL_SECONDS = 60

log = structlog.get_logger()


def run_once(site: Site) -> dict[str, int]:
    """Everything once; how many uploads expired, orphans were swept and kept answers were forgotten."""
    with begin(site, SYSTEM) as work:
        expired = uploads.expire(work)
    with begin(site, SYSTEM) as work:
        swept = intake.sweep(work)
    with begin(site, SYSTEM) as work:
        forgotten = upkeep.forget_answers(work)
    return {"expired": expired, "swept": swept, "forgotten": forgotten}


def run(site: Site) -> None:
    """Until told to stop (SIGTERM, SIGINT), every minute. A failure is logged and tried again."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    while not stop.is_set():
        try:
            log.info("worker", **run_once(site))
        except Exception as error:
            log.error("worker failed", kind=type(error).__name__)
        stop.wait(INTERVAL_SECONDS)
