"""`unbroken user` and `unbroken token`: accounts, for whoever runs the machine."""

import sys
from uuid import UUID

import click
from rich.console import Console
from rich.table import Table

from evidence_api.cli._command import Commands, opened_site
from evidence_api.domain.errors import InvalidInput
from evidence_api.domain.roles import OPERATOR, PERSONAL_ROLES, Role, Scope
from evidence_api.models import User
from evidence_api.policy import Permission
from evidence_api.services import accounts
from evidence_api.services.accounts import Added
from evidence_api.work import Work, begin

ROLES = click.Choice([role.value for role in PERSONAL_ROLES])
PAGE = 200


@click.group(cls=Commands)
def user() -> None:
    """People's accounts."""


@click.group(cls=Commands)
def token() -> None:
    """API tokens, for programs and field laptops."""


@user.declare(Permission.ACCOUNT_MANAGE, "add")
@click.argument("name")
@click.option("--role", "roles", multiple=True, required=True, type=ROLES, help="Repeat it for several.")
@click.option(
    "--password-stdin",
    is_flag=True,
    help="Read her password from standard input, and make her authenticator now. Without it she gets an initial "
    "password and sets up both at first sign-in.",
)
def add_user(name: str, roles: tuple[str, ...], password_stdin: bool) -> None:
    """Add an account. What it prints is shown this once."""
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else None
    with opened_site() as site, begin(site, OPERATOR) as work:
        added = accounts.add_user(work, username=name, roles=[Role(role) for role in roles], password=password)
    _show(added)


def _show(added: Added) -> None:
    click.echo(f"Account: {added.user.username} {added.user.id}")
    if added.password is not None:
        click.echo("At the first sign-in she changes this password and sets up her authenticator.")
        click.echo(f"Initial password: {added.password}")
    if added.otpauth_uri is not None:
        click.echo("Recovery codes, each good once where the authenticator is not at hand:")
        for code in added.recovery_codes:
            click.echo(f"  {code}")
        click.echo("For her authenticator:")
        click.echo(added.otpauth_uri)


@user.declare(Permission.ACCOUNT_MANAGE, "list")
def list_users() -> None:
    """List the accounts, newest first."""
    table = Table("name", "roles", "authenticator", "state", "id", box=None)
    cursor: str | None = ""
    with opened_site() as site, begin(site, OPERATOR, read_only=True) as work:
        while cursor is not None:
            found, cursor = accounts.list_users(work, limit=PAGE, cursor=UUID(cursor) if cursor else None)
            for one in found:
                enrolled = "yes" if one.enrolled_at else "not yet"
                state = "disabled" if one.disabled_at else "open"
                table.add_row(one.username, ", ".join(one.role_names), enrolled, state, str(one.id))
    Console(highlight=False, soft_wrap=True).print(table)


@user.declare(Permission.ACCOUNT_MANAGE, "role")
@click.argument("name")
@click.option("--grant", "granted", multiple=True, type=ROLES)
@click.option("--revoke", "revoked", multiple=True, type=ROLES)
def role(name: str, granted: tuple[str, ...], revoked: tuple[str, ...]) -> None:
    """Grant roles, take roles away, or show those that she has."""
    with opened_site() as site, begin(site, OPERATOR) as work:
        id = _find(work, name)
        for one in granted:
            accounts.grant_role(work, id, role=Role(one))
        for one in revoked:
            accounts.revoke_role(work, id, role=Role(one))
        click.echo(f"Roles: {', '.join(sorted(accounts.get_user(work, id).role_names))}")


@user.declare(Permission.ACCOUNT_MANAGE, "disable")
@click.argument("name")
def disable(name: str) -> None:
    """Shut an account; all that is signed in ends now."""
    with opened_site() as site, begin(site, OPERATOR) as work:
        disabled = accounts.disable(work, _find(work, name))
    click.echo("The account is disabled; its sessions and tokens have ended.")
    if disabled.leads or disabled.holds:
        click.echo(f"A supervisor settles what is left: open cases led {disabled.leads}, items held {disabled.holds}.")


@user.declare(Permission.ACCOUNT_MANAGE, "enable")
@click.argument("name")
def enable(name: str) -> None:
    """Open a disabled account again."""
    with opened_site() as site, begin(site, OPERATOR) as work:
        accounts.enable(work, _find(work, name))
    click.echo("The account is open.")


@user.declare(Permission.ACCOUNT_MANAGE, "unblock")
@click.argument("name")
def unblock(name: str) -> None:
    """Forget wrong tries, so that she may sign in at once."""
    with opened_site() as site, begin(site, OPERATOR) as work:
        accounts.unblock(work, _find(work, name))
    click.echo("The account is not blocked.")


@user.declare(Permission.ACCOUNT_MANAGE, "reset")
@click.argument("name")
def reset(name: str) -> None:
    """For a lost phone: a new initial password; she sets up password and authenticator anew."""
    with opened_site() as site, begin(site, OPERATOR) as work:
        added = accounts.reset_authenticator(work, _find(work, name))
    _show(added)


@token.declare(Permission.OPERATE, "add")
@click.argument("user")
@click.option("--role", type=ROLES, help="The role that it acts in; the first that the account has, if left out.")
@click.option(
    "--scope", type=click.Choice([scope.value for scope in Scope]), default=Scope.UPLOAD.value, show_default=True
)
@click.option("--days", type=click.IntRange(1, 365), default=30, show_default=True, help="Until it expires.")
@click.option("--name", default="command line", show_default=True, help="What it is for.")
def add_token(user: str, role: str | None, scope: str, days: int, name: str) -> None:
    """Make a token for an account. The token is the last word printed, this once."""
    with opened_site() as site, begin(site, OPERATOR) as work:
        made = accounts.add_token(
            work, _find(work, user), role=Role(role) if role else None, scope=Scope(scope), days=days, name=name
        )
    click.echo(f"Id: {made.row.id}; role: {made.row.role.value}; expires: {made.row.expires_at:%Y-%m-%d %H:%M} UTC")
    click.echo(f"Token: {made.secret}")


@token.declare(Permission.ACCOUNT_OWN, "revoke")
@click.argument("id", type=click.UUID)
def revoke_token(id: UUID) -> None:
    """End a token now."""
    with opened_site() as site, begin(site, OPERATOR) as work:
        accounts.revoke_token(work, id)
    click.echo("The token is revoked.")


def _find(work: Work, name: str) -> UUID:
    """The account of that name. Raises InvalidInput where there is none."""
    find = work.query(User).where(User.username == name.strip().casefold())
    found = work.session.scalars(find).one_or_none()
    if found is None:
        raise InvalidInput({"name": ["There is no such account. `unbroken user list` shows them."]})
    return found.id
