"""Commitments and their disclosures: LEDGER.md section 3, in the form of SD-JWT (RFC 9901).

The commitment goes into the entry; the disclosure, which alone opens it, is kept apart, encrypted under the
subject's key. Leave a disclosure out and the chain still verifies.
"""

import base64
import hashlib
import os

import orjson

from evidence_api.ledger.entry import BadEntry, Fact

SALT_BYTES = 16


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def disclose(name: str, value: Fact | float) -> str:
    """A new disclosure of one fact, with 128 random bits of salt. The value is kept exactly."""
    return _b64(orjson.dumps([_b64(os.urandom(SALT_BYTES)), name, value]))


def commit(disclosure: str) -> str:
    """The commitment to a disclosure: 43 characters."""
    return _b64(hashlib.sha256(disclosure.encode("ascii")).digest())


def open_disclosure(disclosure: str, name: str, commitment: str) -> Fact | float:
    """The fact behind a commitment. Raises BadEntry if the disclosure is of another fact."""
    if commit(disclosure) != commitment:
        raise BadEntry("the disclosure does not open the commitment")
    try:
        raw = base64.urlsafe_b64decode(disclosure + "=" * (-len(disclosure) % 4))
        _salt, found, value = orjson.loads(raw)
    except ValueError as error:
        raise BadEntry("the disclosure cannot be read") from error
    if found != name:
        raise BadEntry("the disclosure names another fact")
    if not (value is None or isinstance(value, str | int | float | bool)):
        raise BadEntry("the disclosure holds no plain fact")
    return value
