"""Keys: a master key in a file outside the database wraps one key per subject; those seal what is sensitive.

Destroying a subject's key makes everything sealed under it unreadable (LEDGER.md section 3), but for older backups of
the database, which hold the wrapped key until they are destroyed too.
AES-256-GCM throughout (NIST SP 800-38D), a random 96-bit nonce before each ciphertext.
"""

import base64
import os
from collections.abc import Iterable
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from evidence_api.db import insert_all_if_absent, insert_if_absent
from evidence_api.models.ledger import SubjectKey

KEY_BYTES = 32
NONCE_BYTES = 12


class KeyMissing(Exception):
    """The key is gone: erased on purpose, or the wrong master key is in use."""


def new_key_file(path: Path) -> None:
    """Write a fresh 256-bit key, readable by its owner alone. Raises FileExistsError rather than replace one."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(base64.b64encode(os.urandom(KEY_BYTES)) + b"\n")
        file.flush()
        os.fsync(file.fileno())


def read_key_file(path: Path) -> bytes:
    """The 32 bytes of a key file. Raises ValueError with what to do."""
    try:
        key = base64.b64decode(path.read_bytes().strip(), validate=True)
    except (OSError, ValueError) as error:
        raise ValueError(
            f"{path} is not a readable key file; run `unbroken init`, or restore it from your backup"
        ) from error
    if len(key) != KEY_BYTES:
        raise ValueError(f"{path} must hold {KEY_BYTES} bytes in base64")
    return key


def seal(key: bytes, plaintext: bytes, context: str) -> bytes:
    """Encrypt under a key of 32 bytes: the nonce, then the ciphertext. `context` must be the same at opening."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plaintext, context.encode())


def unseal(key: bytes, sealed: bytes, context: str) -> bytes:
    """Decrypt what `seal` made. Raises KeyMissing under another key or context, or where it was altered."""
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], context.encode())
    except (InvalidTag, ValueError) as error:
        raise KeyMissing("sealed under another key, or altered") from error


class KeyStore:
    """Seals and opens facts about a subject. One database read a call at most."""

    def __init__(self, master: bytes) -> None:
        self._master = master

    def seal(self, session: Session, subject: str, plaintext: bytes, context: str) -> bytes:
        """Encrypt under the subject's key, made at first use. `context` must be the same at opening."""
        return seal(self.subject_key(session, subject, create=True), plaintext, context)

    def open(self, session: Session, subject: str, sealed: bytes, context: str) -> bytes:
        """Decrypt. Raises KeyMissing where the key was destroyed or `sealed` was altered."""
        return unseal(self.subject_key(session, subject), sealed, context)

    def seal_with(self, key: bytes, plaintext: bytes, context: str) -> bytes:
        """Encrypt under a subject's key already in hand."""
        return seal(key, plaintext, context)

    def open_with(self, key: bytes, sealed: bytes, context: str) -> bytes:
        """Decrypt with a subject's key already in hand. Raises KeyMissing."""
        return unseal(key, sealed, context)

    def subject_key(self, session: Session, subject: str, *, create: bool = False) -> bytes:
        """The subject's own key, unwrapped. Raises KeyMissing if there is none and none is to be made."""
        find = select(SubjectKey.wrapped).where(SubjectKey.subject == subject)
        wrapped = session.execute(find).scalar_one_or_none()
        if wrapped is None and create:
            fresh = seal(self._master, os.urandom(KEY_BYTES), f"key:{subject}")
            insert_if_absent(session, SubjectKey, subject=subject, wrapped=fresh)
            wrapped = session.execute(find).scalar_one()
        if wrapped is None:
            raise KeyMissing("there is no key for this subject")
        return self.unwrap(subject, wrapped)

    def subject_keys(self, session: Session, subjects: Iterable[str], *, create: bool = False) -> dict[str, bytes]:
        """The keys of several subjects, unwrapped; a subject without one is left out, unless one is to be made.
        Raises as `unwrap`."""
        asked = list(subjects)
        find = select(SubjectKey.subject, SubjectKey.wrapped).where(SubjectKey.subject.in_(asked))
        found = {key.subject: key.wrapped for key in session.execute(find)}
        if create and len(found) < len(asked):
            missing = [subject for subject in asked if subject not in found]
            fresh = [{"subject": s, "wrapped": seal(self._master, os.urandom(KEY_BYTES), f"key:{s}")} for s in missing]
            insert_all_if_absent(session, SubjectKey, fresh)
            found |= {key.subject: key.wrapped for key in session.execute(find)}
        return {subject: self.unwrap(subject, wrapped) for subject, wrapped in found.items()}

    def unwrap(self, subject: str, wrapped: bytes) -> bytes:
        """A subject's key from its wrapped form. Raises KeyMissing under another master key."""
        return unseal(self._master, wrapped, f"key:{subject}")

    def destroy(self, session: Session, subject: str) -> None:
        """Delete the subject's key: nothing sealed under it can be read again, but from an older backup."""
        session.execute(delete(SubjectKey).where(SubjectKey.subject == subject))
