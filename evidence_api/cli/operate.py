"""`unbroken init`, `serve`, `worker`, `doctor`, `demo`: running an installation."""

import sys
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape

from evidence_api import doctor as checks
from evidence_api import logs
from evidence_api.cli._command import FOUND_A_FAULT, Commands, opened_site, plain_errors
from evidence_api.config import BadSettings, load
from evidence_api.domain.roles import OPERATOR
from evidence_api.policy import Permission
from evidence_api.services import accounts
from evidence_api.services.accounts import UTC
from evidence_api.setup import check_origin, initialise, make_keys, migrate
from evidence_api.site import open_storage
from evidence_api.work import begin

MARKS = {"ok": "[green]ok   [/green]", "weak": "[yellow]weak [/yellow]", "fault": "[red]fault[/red]"}
DEFAULT_ORIGIN = "unbroken.example/ledger"
ZONE = "by its IANA name, such as Asia/Phnom_Penh"


@click.group(cls=Commands)
def operate() -> None:
    """Commands for whoever runs the machine."""


@operate.declare(Permission.OPERATE, "init")
@click.option(
    "--origin", help="The name of the ledger, for ever: a schemeless URL such as evidence.example.org/ledger."
)
@click.option("--office", help="The office's code, which begins the refs of its cases, such as PP.")
@click.option("--name", help="The office's name.")
@click.option("--zone", default=UTC, show_default=True, help=f"The time zone in which times are shown, {ZONE}.")
@click.option("--no-keys", is_flag=True, help="Make no keys: they were made apart and are given as files.")
def init(origin: str | None, office: str | None, name: str | None, zone: str, no_keys: bool) -> None:
    """Set up tables, keys, the store, the ledger's origin and the office. Safe to run again, also after an upgrade."""
    with plain_errors():
        settings = load()
        migrate(settings)
        made = [] if no_keys else make_keys(settings)
        code = office or settings.office
        first = initialise(
            settings,
            origin=check_origin(origin or settings.origin or DEFAULT_ORIGIN),
            office=code,
            name=name or code,
            zone=zone,
        )
        faults = [finding for finding in open_storage(settings).probe() if finding.level == "fault"]
    if made:
        click.echo(
            f"Keys made: {', '.join(made)}. Back up the folder of keys now, apart from the database: "
            "without it sealed facts are lost."
        )
    click.echo(
        "The installation is ready. Next: unbroken user add NAME --role administrator"
        if first
        else "The installation is up to date."
    )
    for finding in faults:
        click.echo(f"unbroken: {finding.message}", err=True)
    if faults:
        sys.exit(FOUND_A_FAULT)


@operate.declare(Permission.OPERATE, "office")
@click.option("--zone", required=True, help=f"The time zone, {ZONE}.")
def office(zone: str) -> None:
    """Change the time zone in which the office's times are shown. What is recorded stays in UTC."""
    with opened_site() as site, begin(site, OPERATOR) as work:
        changed = accounts.set_zone(work, zone=zone)
    click.echo(f"Times are shown in {changed.zone}.")


@operate.declare(Permission.OPERATE, "serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", type=click.IntRange(1, 64), help="Processes; by default 1 on SQLite and 2 on PostgreSQL.")
def serve(host: str, port: int, workers: int | None) -> None:
    """Serve the API and the pages."""
    from granian.constants import Interfaces
    from granian.server import Server

    with opened_site() as site:
        embedded = site.engine.dialect.name == "sqlite"
    click.echo(f"Serving on http://{host}:{port} (stop with Ctrl-C)", err=True)
    Server(
        "evidence_api:serve_app",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers or (1 if embedded else 2),
        # Slow uploads each hold a thread, up to `MOST_AT_ONCE` of them; the others leave room for everyone else.
        blocking_threads=64,
        # A body that never ends would hold up the end for ever. Docker kills after ten seconds.
        workers_kill_timeout=8,
        backlog=1024,
        respawn_failed_workers=True,
        log_enabled=True,
        log_access=False,
        websockets=False,
    ).serve()


@operate.declare(Permission.OPERATE, "worker")
@click.option("--once", is_flag=True, help="Do everything once and end.")
def worker(once: bool) -> None:
    """End expired uploads and sweep what was left unfinished."""
    from evidence_api import worker as loop

    with opened_site() as site:
        logs.configure_output()
        if once:
            done = loop.run_once(site)
            click.echo(f"{done['expired']} uploads expired, {done['swept']} unfinished objects swept.")
        else:
            loop.run(site)


@operate.declare(Permission.OPERATE, "doctor")
def doctor() -> None:
    """Say what is configured, what is weak and what to do. Exit code 1 if anything is at fault."""
    console = Console(highlight=False, soft_wrap=True)
    with opened_site() as site:
        findings = list(checks.examine(site))
    for finding in findings:
        console.print(f"{MARKS[finding.level]} {escape(finding.message)}")
    if any(finding.level == "fault" for finding in findings):
        sys.exit(FOUND_A_FAULT)


@operate.declare(Permission.OPERATE, "demo")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="Where to keep it; by default a folder of its own that is made anew.",
)
@click.option("--no-serve", is_flag=True, help="End after the main job has run, without a server.")
def demo(port: int, data: Path | None, no_serve: bool) -> None:
    """Load a fictional office, run the main job before your eyes, and serve it."""
    with plain_errors():
        try:
            from evidence_api.demo import run
        except ModuleNotFoundError as error:
            raise BadSettings("The demonstration makes its own videos: pip install 'unbroken[demo]' first.") from error
        sys.exit(run(port=port, data=data, serve=not no_serve))
