"""Reading an object again and comparing it with what the register says of it. No transaction is open meanwhile."""

import hashlib
from dataclasses import dataclass
from uuid import UUID

from evidence_api.models import Evidence
from evidence_api.storage import Mismatch, Missing, Storage


@dataclass(frozen=True, slots=True)
class Target:
    """An object to be read again: where it is, and what it must be. `size` in bytes."""

    id: UUID
    ref: str
    key: str
    version: str | None
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Examined:
    """What was found. `sha256` is that of the bytes read, null where they could not all be read."""

    passed: bool
    sha256: str | None
    message: str


def target(item: Evidence) -> Target | None:
    """What to read again for an item; None for a physical thing."""
    if item.storage_key is None or item.size is None or item.sha256 is None:
        return None
    return Target(item.id, item.ref, item.storage_key, item.storage_version, item.size, item.sha256)


def examine(storage: Storage, wanted: Target) -> Examined:
    """Read the whole object and hash it. Raises StorageError only where the store does not answer."""
    digest, size = hashlib.sha256(), 0
    try:
        for chunk in storage.read(wanted.key, wanted.version):
            digest.update(chunk)
            size += len(chunk)
    except (Missing, ValueError):
        return Examined(False, None, "the object is not in the store")
    except Mismatch:
        return Examined(False, None, "the object ends early")
    if size != wanted.size:
        return Examined(False, digest.hexdigest(), f"the object has {size} bytes, the register says {wanted.size}")
    if digest.hexdigest() != wanted.sha256:
        return Examined(
            False, digest.hexdigest(), "the object's bytes differ from those received: its SHA-256 does not match"
        )
    return Examined(True, digest.hexdigest(), "the object's bytes are those received")
