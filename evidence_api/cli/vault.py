"""`unbroken vault`."""

import click
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as Busy

from evidence_api.cli._command import Commands, opened_site
from evidence_api.domain.errors import Unavailable
from evidence_api.domain.roles import OPERATOR
from evidence_api.policy import Permission
from evidence_api.services import vault as services
from evidence_api.work import Site, begin

PATIENCE = 0.8
"""In seconds. It gives way sooner than PostgreSQL looks for a deadlock, so that nobody else's act is ended for it."""

BY_HAND = (
    "The vault's key file cannot be written from here. Put a new key into it as the first line, made by "
    "`head -c 32 /dev/urandom | base64`; then run this again."
)
DROP_BY_HAND = (
    "Everything is under the new master key, and recorded. The key file cannot be written from here: "
    "take every line but the first out of it."
)


@click.group(cls=Commands)
def vault() -> None:
    """Identities and addresses, and the keys under which they are sealed."""


@vault.declare(Permission.OPERATE, "rotate")
def rotate() -> None:
    """Exchange the vault's master key while everybody works on. Safe to run again if it was stopped."""
    with opened_site() as site:
        count = exchange(site)
    click.echo(
        f"The vault has another master key; the keys of {count} were wrapped anew. Back up the key file now, apart "
        "from the database. Older backups of the database need the older key file."
    )


def exchange(site: Site) -> int:
    """From the old master key to a new one; how many owners' keys were wrapped anew. Raises Unavailable."""
    try:
        with begin(site, OPERATOR, patience=PATIENCE) as work:
            services.begin_exchange(work)
        count = 0
        while True:
            with begin(site, OPERATOR) as work:
                done = services.rewrap(work)
            if not done:
                break
            count += done
        with begin(site, OPERATOR, patience=PATIENCE) as work:
            services.record_exchange(work)
        with begin(site, OPERATOR, patience=PATIENCE) as work:
            services.drop_old(work)
    except (OperationalError, Busy) as error:
        raise Unavailable("Others are writing just now. Nothing is lost: run this again.") from error
    except OSError as error:
        raise Unavailable(DROP_BY_HAND if len(site.vault.masters()) > 1 else BY_HAND) from error
    return count
