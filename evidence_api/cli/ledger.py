"""`unbroken ledger`."""

import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from evidence_api import fixity
from evidence_api.cli._command import FOUND_A_FAULT, Commands, opened_site
from evidence_api.domain.errors import DomainError
from evidence_api.domain.roles import OPERATOR
from evidence_api.ledger.verifying import Fault
from evidence_api.policy import Permission
from evidence_api.services import accounts
from evidence_api.services import ledger as services
from evidence_api.work import Site, Work, begin

PAGE = 200
MOMENT = click.DateTime(["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S.%fZ"])


@click.group(cls=Commands)
def ledger() -> None:
    """The record of everything that was done."""


@ledger.declare(Permission.LEDGER_VERIFY, "verify")
@click.option(
    "--skip-objects", is_flag=True, help="Check the chains and the register only; do not read the objects again."
)
def verify(skip_objects: bool) -> None:
    """Check every chain, the register, and every object's bytes. A line for each fault; exit code 1 if there is any."""
    with opened_site() as site:
        faults = 0
        with begin(site, OPERATOR, read_only=True) as work:
            found = services.verify(work)
            while batch := list(islice(found, PAGE)):
                faults += sum(not fault.warning for fault in batch)
                for line in _lines(work, batch):
                    click.echo(line)
        read = 0
        if not skip_objects:
            for target, examined in _objects(site):
                read += 1
                if not examined.passed:
                    faults += 1
                    click.echo(f"FAIL {target.ref} (evidence:{target.id}): {examined.message}")
    objects = "objects not read" if skip_objects else f"{read} objects read"
    if faults:
        click.echo(f"{faults} {'fault' if faults == 1 else 'faults'} found; {objects}.")
        sys.exit(FOUND_A_FAULT)
    click.echo(
        f"All chains are whole; {objects}, every one as received."
        if not skip_objects
        else f"All chains are whole; {objects}."
    )


@ledger.declare(Permission.CLOCK_FAULT, "clock-fault")
@click.option("--from", "begins_at", required=True, type=MOMENT, help="When the clock began to be ahead, in UTC.")
@click.option("--to", "ends_at", required=True, type=MOMENT, help="The last time that it showed while it was, in UTC.")
@click.option("--reason", required=True, help="What was wrong with it.")
@click.option("--user", prompt="User name of a supervisor", help="The supervisor who declares it.")
@click.option("--otp", prompt="Code from her authenticator", help="A fresh code from her authenticator.")
def clock_fault(begins_at: datetime, ends_at: datetime, reason: str, user: str, otp: str) -> None:
    """Declare that the clock was ahead, where nobody can sign in for it. A supervisor gives a fresh code."""
    interval = {"begins_at": begins_at.replace(tzinfo=UTC), "ends_at": ends_at.replace(tzinfo=UTC)}
    with opened_site() as site:
        with begin(site, OPERATOR, read_only=True) as work:
            supervisor = accounts.supervisor_at_host(work, username=user)
        with begin(site, supervisor) as work:
            declared = services.declare_clock_fault(work, **interval, reason=reason, otp=otp)
        if isinstance(declared, DomainError):
            raise declared
    click.echo("The clock fault is declared, and acts go on. `unbroken ledger verify` names the entries of that time.")


def _lines(work: Work, faults: Sequence[Fault]) -> Iterator[str]:
    refs = services.refs(work, subjects=sorted({fault.subject for fault in faults}))
    for fault in faults:
        item = f"{refs[fault.subject]} ({fault.subject})" if fault.subject in refs else fault.subject
        entry = "" if fault.seq is None else f", entry {fault.seq}"
        yield f"{'NOTE' if fault.warning else 'FAIL'} {item}{entry}: {fault.message}"


def _objects(site: Site) -> Iterator[tuple[fixity.Target, fixity.Examined]]:
    columns = (
        TextColumn("Reading objects"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with begin(site, OPERATOR, read_only=True) as work:
        total = services.bytes_kept(work)
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("objects", total=total)
        after = None
        while True:
            with begin(site, OPERATOR, read_only=True) as work:
                page = services.objects(work, after=after, limit=PAGE)
            if not page:
                return
            for target in page:
                yield target, fixity.examine(site.storage, target)
                progress.advance(task, target.size)
            after = page[-1].id
