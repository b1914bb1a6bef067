"""What is done without being asked: expired uploads end, unfinished objects are swept, reminders are sent. Safe beside
other workers."""

import signal
import threading

import structlog

from evidence_api import mail
from evidence_api.domain.roles import SYSTEM
from evidence_api.services import calendar, drafts, intake, reminders, upkeep, uploads
from evidence_api.work import Site, begin

INTERVAL_SECONDS = 60
SWEEP_EVERY = 60

log = structlog.get_logger()


def sweep(site: Site) -> int:
    """Remove unfinished objects that were left; how many. It lists the store, so it holds no lock on the database."""
    with begin(site, SYSTEM, read_only=True) as work:
        return intake.sweep(work)


def remind(site: Site) -> int:
    """Send the reminders that are due; how many went out. No lock is held while a mail server is spoken to."""
    if not site.settings.smtp_host:
        return 0
    with begin(site, SYSTEM, read_only=True) as work:
        due = reminders.recipients(work)
    for one in due:
        found = set()
        for actor in one.actors:
            with begin(site, actor, read_only=True) as work:
                entries, _none = calendar.entries(work, since=one.day, until=one.day)
                found |= {(entry.kind, entry.about, entry.starts_at) for entry in entries if not entry.off}
        first = min((start for *_about, start in found if start is not None), default=None)
        with begin(site, SYSTEM) as work:
            reminders.note(work, user=one.user_id, day=one.day, appointments=len(found), first_at=first)
    with begin(site, SYSTEM) as work:
        messages = reminders.claim(work)
    sent = 0
    for message in messages:
        subject, text = mail.reminder(message.language, message.appointments, message.first_at, site.settings.url)
        try:
            mail.send(site.settings, message.address, subject, text)
        except mail.NotSent as error:
            log.warning("mail not sent", kind=str(error))
            continue
        with begin(site, SYSTEM) as work:
            reminders.note_sent(work, user=message.user_id, day=message.day)
        sent += 1
    return sent


def run_once(site: Site, *, with_sweep: bool = True) -> dict[str, int]:
    """Everything once; how many uploads expired, objects were swept, answers and drafts forgotten, reminders
    sent."""
    with begin(site, SYSTEM) as work:
        expired = uploads.expire(work)
    swept = sweep(site) if with_sweep else 0
    with begin(site, SYSTEM) as work:
        forgotten = upkeep.forget_answers(work) + drafts.forget_old(work)
    return {"expired": expired, "swept": swept, "forgotten": forgotten, "reminded": remind(site)}


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
