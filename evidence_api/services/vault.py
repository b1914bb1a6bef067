"""Exchanging the vault's master key, in acts that may each be the last: begun again, it goes on where it stopped."""

from evidence_api.policy import Permission
from evidence_api.work import Work, act

AT_ONCE = 500
"""How many owners' keys one transaction wraps anew."""


@act(Permission.OPERATE)
def begin_exchange(work: Work) -> None:
    """Put a new master key into the key file, unless an exchange is under way. Raises OSError, Unavailable."""
    work.site.vault.add_master(work.session)


@act(Permission.OPERATE)
def rewrap(work: Work, *, most: int = AT_ONCE) -> int:
    """Wrap up to `most` owners' keys with the new master key; how many it were. Raises Unavailable."""
    return work.site.vault.rewrap(work.session, most)


@act(Permission.OPERATE)
def record_exchange(work: Work) -> None:
    """Record which master key is in use, and which are dropped since nothing is wrapped by them any more."""
    newest = next(iter(work.site.vault.masters()))
    dropped = " ".join(work.site.vault.unused(work.session))
    work.record(work.site.subject, "system:vault_rotation", data={"key": newest, "dropped": dropped})


@act(Permission.OPERATE)
def drop_old(work: Work) -> None:
    """Take the master keys under which nothing is wrapped out of the key file. Raises OSError."""
    work.site.vault.drop_masters(work.site.vault.unused(work.session))
