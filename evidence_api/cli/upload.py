"""`unbroken upload`: the field's way in, on a bad line."""

import os
import sys
from pathlib import Path

import click
from rich.console import Console

from evidence_api.cli._command import WRONG_USE, Commands
from evidence_api.policy import Permission
from evidence_api.upload_client import upload as run


@click.group(cls=Commands)
def client() -> None:
    """Commands that speak to a server."""


@client.declare(Permission.UPLOAD_OWN, "upload")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--case", "case", required=True, help="The case's ref, such as PP-2026-0042.")
@click.option("--server", required=True, help="The server, such as https://evidence.example.org.")
@click.option(
    "--token", envvar="UNBROKEN_TOKEN", help="The token; better in the variable UNBROKEN_TOKEN, where no one sees it."
)
@click.option("--title", help="What it is. By default each file's own name.")
@click.option("--method", help="How it was made, such as covert_camera.")
@click.option("--device", help="With what it was made.")
@click.option("--captured-at", help="When it was made, such as 2026-03-01T21:15:00+07:00.")
def upload(
    paths: tuple[Path, ...],
    case: str,
    server: str,
    token: str | None,
    title: str | None,
    method: str | None,
    device: str | None,
    captured_at: str | None,
) -> None:
    """Upload files and folders to a case. Stop it at any time; the same command goes on where it stopped."""
    if not token:
        click.echo(
            "unbroken: set UNBROKEN_TOKEN to your token; your supervisor or administrator can make one.", err=True
        )
        sys.exit(WRONG_USE)
    console = Console(stderr=False, no_color="NO_COLOR" in os.environ)
    sys.exit(
        run(
            paths,
            case,
            server,
            token,
            console=console,
            title=title,
            method=method,
            device=device,
            captured_at=captured_at,
        )
    )
