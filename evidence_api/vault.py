"""The vault: who somebody is and where she lives, each field sealed by itself, under keys outside the database.

An owner is the subject that a fact is about, such as `victim:<uuid>`. Each has a key of its own, wrapped by a master
key of the vault; destroying an owner's key makes its facts unreadable, as in `evidence_api.keys`.

The vault's key file is its own, so that a process without it serves no identity. It holds one master key, or several
while they are exchanged: one a line, in base64, the newest first. The newest wraps; each opens what it wrapped. The
file is read at every use, so that running processes follow an exchange at once.
AES-256-GCM throughout (NIST SP 800-38D).
"""

import base64
import binascii
import hashlib
import os
from collections.abc import Collection, Iterable
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evidence_api.db import insert_if_absent
from evidence_api.domain.errors import Unavailable
from evidence_api.keys import KEY_BYTES, KeyMissing, seal, unseal
from evidence_api.models import VaultFact, VaultKey

NAME_DIGITS = 16


def name_of(master: bytes) -> str:
    """What a master key is known by: 16 hex digits of its SHA-256, which tell nothing of a random key."""
    return hashlib.sha256(master).hexdigest()[:NAME_DIGITS]


class Vault:
    """Seals and opens the facts of owners; exchanges the master key."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def seal(self, session: Session, owner: str, field: str, value: str) -> bytes:
        """Encrypt one field under the owner's key, made at first use. Raises Unavailable where the vault is shut."""
        return seal(self._owner_key(session, owner), value.encode(), _context(owner, field))

    def open(self, session: Session, facts: Iterable[VaultFact]) -> dict[str, dict[str, str]]:
        """The fields by owner, in plain text; none of an owner whose key was destroyed. Raises Unavailable where the
        vault is shut, or where they were sealed under another key or altered."""
        rows = list(facts)
        if not rows:
            return {}
        masters = self.masters()
        find = sa.select(VaultKey.owner, VaultKey.wrapped, VaultKey.master).where(
            VaultKey.owner.in_({fact.owner for fact in rows})
        )
        keys = {owner: _unwrap(masters, owner, wrapped, master) for owner, wrapped, master in session.execute(find)}
        opened: dict[str, dict[str, str]] = {}
        for fact in rows:
            if fact.owner in keys:
                value = _unseal(keys[fact.owner], fact.sealed, _context(fact.owner, fact.field))
                opened.setdefault(fact.owner, {})[fact.field] = value.decode()
        return opened

    def destroy(self, session: Session, owner: str) -> None:
        """Delete the owner's key: none of its facts can be read again, but from an older backup."""
        session.execute(sa.delete(VaultKey).where(VaultKey.owner == owner))

    def masters(self) -> dict[str, bytes]:
        """The master keys by their names, the newest first. Raises Unavailable where the file is no key file."""
        try:
            keys = [base64.b64decode(line, validate=True) for line in self._path.read_bytes().split()]
        except (OSError, binascii.Error) as error:
            raise Unavailable(_NO_KEY_FILE) from error
        if not keys or any(len(key) != KEY_BYTES for key in keys):
            raise Unavailable(_NO_KEY_FILE)
        return {name_of(key): key for key in keys}

    def add_master(self, session: Session) -> str:
        """Put a new master key first, unless an exchange is under way; the name of the newest. Raises OSError."""
        _keep_others_out(session)
        masters = list(self.masters().values())
        if len(masters) == 1:
            masters.insert(0, os.urandom(KEY_BYTES))
            self._write(masters)
        return name_of(masters[0])

    def rewrap(self, session: Session, most: int) -> int:
        """Wrap up to `most` owners' keys with the newest master key; how many it were. Raises Unavailable."""
        masters = self.masters()
        newest, key = next(iter(masters.items()))
        find = sa.select(VaultKey.owner, VaultKey.wrapped, VaultKey.master).where(VaultKey.master != newest)
        rows = session.execute(find.order_by(VaultKey.owner).limit(most).with_for_update()).all()
        for owner, wrapped, master in rows:
            fresh = seal(key, _unwrap(masters, owner, wrapped, master), _wrapping(owner))
            session.execute(
                sa.update(VaultKey).where(VaultKey.owner == owner).values(wrapped=fresh, master=newest),
                execution_options={"synchronize_session": False},
            )
        return len(rows)

    def unused(self, session: Session) -> list[str]:
        """The names of the master keys but the newest under which there is no owner's key, and can be none until this
        transaction ends."""
        _keep_others_out(session)
        used = set(session.scalars(sa.select(VaultKey.master).distinct()))
        return [name for name in list(self.masters())[1:] if name not in used]

    def drop_masters(self, names: Collection[str]) -> None:
        """Take these master keys out of the file. Raises OSError."""
        kept = {name: key for name, key in self.masters().items() if name not in names}
        if len(kept) < len(self.masters()):
            self._write(kept.values())

    def _write(self, masters: Iterable[bytes]) -> None:
        fresh = self._path.with_name(f"{self._path.name}.new")
        fresh.unlink(missing_ok=True)
        was = self._path.stat()
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.writelines(base64.b64encode(key) + b"\n" for key in masters)
                os.fchmod(descriptor, was.st_mode & 0o777)
                if (was.st_uid, was.st_gid) != (os.geteuid(), os.getegid()):
                    os.fchown(descriptor, was.st_uid, was.st_gid)
                file.flush()
                os.fsync(descriptor)
            fresh.replace(self._path)
        finally:
            fresh.unlink(missing_ok=True)
        folder = os.open(self._path.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)

    def _owner_key(self, session: Session, owner: str) -> bytes:
        find = sa.select(VaultKey.wrapped, VaultKey.master).where(VaultKey.owner == owner)
        row = session.execute(find).one_or_none()
        if row is None:
            _stay_while_in_use(session)
            newest, key = next(iter(self.masters().items()))
            fresh = seal(key, os.urandom(KEY_BYTES), _wrapping(owner))
            insert_if_absent(session, VaultKey, owner=owner, wrapped=fresh, master=newest)
            row = session.execute(find).one()
        return _unwrap(self.masters(), owner, row.wrapped, row.master)


_NO_KEY_FILE = "The vault is shut: its key file is missing or is no key file. Ask whoever runs this installation."
_OTHER_KEY = (
    "This cannot be opened: the vault's key file is not the one under which it was sealed, or it was altered. "
    "Ask whoever runs this installation."
)


def _context(owner: str, field: str) -> str:
    return f"vault:{owner}:{field}"


def _wrapping(owner: str) -> str:
    return f"vault-key:{owner}"


def _unwrap(masters: dict[str, bytes], owner: str, wrapped: bytes, master: str) -> bytes:
    if master not in masters:
        raise Unavailable(_OTHER_KEY)
    return _unseal(masters[master], wrapped, _wrapping(owner))


def _unseal(key: bytes, sealed: bytes, context: str) -> bytes:
    try:
        return unseal(key, sealed, context)
    except KeyMissing as error:
        raise Unavailable(_OTHER_KEY) from error


# Whoever makes an owner's key reads the file under the one lock; whoever changes the file holds the other. So no key
# is made under a master key that is about to be dropped. On SQLite, a transaction that writes is alone anyway.
def _stay_while_in_use(session: Session) -> None:
    _lock(session, "ROW EXCLUSIVE")


def _keep_others_out(session: Session) -> None:
    _lock(session, "EXCLUSIVE")


def _lock(session: Session, mode: str) -> None:
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.text(f"LOCK TABLE {VaultKey.__tablename__} IN {mode} MODE"))
