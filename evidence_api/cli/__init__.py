"""The `unbroken` command. Exit codes: 0 done, 1 it found a fault, 2 wrong use."""

import click

from evidence_api.cli._command import Commands
from evidence_api.cli.accounts import token, user
from evidence_api.cli.ledger import ledger
from evidence_api.cli.operate import operate
from evidence_api.cli.upload import client
from evidence_api.cli.vault import vault


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="unbroken", prog_name="unbroken")
def main() -> None:
    """Evidence that holds in court, no case or person forgotten.

    Settings come from UNBROKEN_* variables; `unbroken doctor` says what is set, what is weak and what to do.
    """


for _group in (operate, client):
    for _declared in _group.commands.values():
        main.add_command(_declared)
for _group in (user, token, ledger, vault):
    main.add_command(_group)
