"""Commands that say what they need: one without a permission is refused when it is added."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from evidence_api.config import BadSettings, load
from evidence_api.domain.errors import DomainError, InvalidInput
from evidence_api.policy import Permission
from evidence_api.site import open_site
from evidence_api.storage import StorageError
from evidence_api.work import Site

FOUND_A_FAULT = 1
WRONG_USE = 2


class Declared(click.Command):
    """A command with the permission that its act needs. On the host itself the actor is the system's operator."""

    permission: Permission


class Commands(click.Group):
    """A group that refuses a command without a permission, at import."""

    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        if not isinstance(cmd, Commands) and not isinstance(getattr(cmd, "permission", None), Permission):
            raise TypeError(f"the command {cmd.name} declares no permission")
        super().add_command(cmd, name)

    def declare(self, permission: Permission, name: str, **options: Any) -> Callable[[Callable[..., Any]], Declared]:
        """As `click.command`, with the permission."""

        def make(function: Callable[..., Any]) -> Declared:
            made: Declared = click.command(name, cls=Declared, **options)(function)
            made.permission = permission
            self.add_command(made)
            return made

        return make


@contextmanager
def plain_errors() -> Iterator[None]:
    """What went wrong as one sentence on standard error, with the exit code that it deserves."""
    try:
        yield
    except BadSettings as error:
        _end(str(error), WRONG_USE)
    except InvalidInput as error:
        _end(" ".join(f"{field}: {' '.join(messages)}" for field, messages in error.errors.items()), WRONG_USE)
    except DomainError as error:
        _end(error.detail, FOUND_A_FAULT)
    except StorageError as error:
        _end(str(error), FOUND_A_FAULT)


def _end(message: str, status: int) -> None:
    click.echo(f"unbroken: {message}", err=True)
    sys.exit(status)


@contextmanager
def opened_site(*, probe: bool = False) -> Iterator[Site]:
    """The installation that the settings name, closed afterwards; errors in plain words."""
    with plain_errors():
        site = open_site(load(), probe=probe)
        try:
            yield site
        finally:
            site.engine.dispose()
