"""The bytes of an entry: LEDGER.md section 2, RFC 8785.

`encode` is the only maker of entry bytes; `decode` is the strict reader that every check uses. Nothing here
touches a database or a clock.
"""

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import orjson

VERSION = "entry/1"
MAX_BYTES = 65_535
MAX_INTEGER = 2**53 - 1
AUTHS = frozenset({"session", "session+totp", "token", "token+totp", "cli", "system"})

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SUBJECT = re.compile(r"[a-z][a-z_]*:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ACTION = re.compile(r"[a-z][a-z_]*:[a-z][a-z_]*")
_HASH = re.compile(r"[0-9a-f]{64}")
_COMMITMENT = re.compile(r"[A-Za-z0-9_-]{43}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
_NUL_TO_DEL = re.compile(r"[^\x20-\x7e]")

# The canonical form (RFC 8785), possessive so that no bytes make it slow: sorted members, no space, shortest escapes.
_STRING = rb'"(?:[^"\\\x00-\x1f]++|\\["\\bfnrt]|\\u00(?:0[0-7bef]|1[0-9a-f]))*+"'
_VALUE = rb"(?:%s|true|false|null|0|-?[1-9]\d*+)" % _STRING
_OBJECT = rb"\{(?:%s:%s(?:,%s:%s)*+)?+\}" % (_STRING, _VALUE, _STRING, _VALUE)
_PLAIN = rb'"[^"\\]*+"'
_CANONICAL = re.compile(
    rb'\{"action":%(p)b,"actor":(?:null|%(p)b),"auth":%(p)b,"commitments":(%(o)b),"data":(%(o)b),"id":%(p)b,"log":%(s)b,'
    rb'"occurred_at":%(p)b,"prev":%(p)b,"recorded_at":%(p)b,"role":%(s)b,"seq":(?:0|[1-9]\d*+),"subject":%(p)b,"v":%(p)b\}'
    % {b"p": _PLAIN, b"s": _STRING, b"o": _OBJECT}
)
_MEMBER = re.compile(rb"%s:%s" % (_STRING, _VALUE))

Fact = str | int | bool | None


class BadEntry(ValueError):
    """Bytes or fields that are not an entry of this version."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry, as its bytes say. `recorded_at` and `occurred_at` are UTC to the microsecond."""

    log: str
    id: str
    subject: str
    seq: int
    prev: str
    action: str
    actor: str | None
    role: str
    auth: str
    recorded_at: str
    occurred_at: str
    data: Mapping[str, Fact]
    commitments: Mapping[str, str]
    v: str = VERSION


MEMBERS = frozenset(Entry.__slots__)


def genesis(log: str, subject: str) -> str:
    """What `prev` is in a subject's first entry: 64 hex digits."""
    return hashlib.sha256(f"genesis/1\n{log}\n{subject}".encode()).hexdigest()


def entry_hash(body: bytes) -> str:
    """SHA-256 of an entry's bytes, 64 hex digits: what the next entry's `prev` names."""
    return hashlib.sha256(body).hexdigest()


def leaf_hash(body: bytes) -> bytes:
    """The entry as a leaf of the tree (RFC 6962 section 2.1), 32 bytes."""
    return hashlib.sha256(b"\x00" + body).digest()


def timestamp(moment: datetime) -> str:
    """An aware moment in the ledger's form: UTC, always six digits of the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")


@lru_cache(maxsize=1024)
def moment(text: str) -> datetime:
    """The moment that a ledger time stamp names. Raises BadEntry where it names none."""
    if not _TIME.fullmatch(text):
        raise BadEntry("a time that is not YYYY-MM-DDTHH:MM:SS.ffffffZ")
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise BadEntry("a time that no calendar has") from error


def as_moment(value: object) -> datetime | None:
    """The moment, in UTC, that a fact names with its offset; None where it names none."""
    try:
        return datetime.fromisoformat(str(value)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def encode(entry: Entry) -> bytes:
    """The canonical bytes. Strings are NFC-normalised first. Raises BadEntry outside the fixed subset."""
    fields = {name: _normal(getattr(entry, name)) for name in MEMBERS}
    _check(fields)
    try:
        body = orjson.dumps(fields, option=orjson.OPT_SORT_KEYS)
    except (TypeError, orjson.JSONEncodeError) as error:
        raise BadEntry("an entry that cannot be written as JSON") from error
    if len(body) > MAX_BYTES:
        raise BadEntry(f"an entry of {len(body)} bytes; the most is {MAX_BYTES}")
    return body


def decode(body: bytes) -> Entry:
    """Read an entry strictly: exactly its members, each of its type, in the canonical form.

    The bytes are never written again to compare. Raises BadEntry.
    """
    if len(body) > MAX_BYTES:
        raise BadEntry(f"an entry of {len(body)} bytes; the most is {MAX_BYTES}")
    try:
        fields = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadEntry("not JSON") from error
    if not isinstance(fields, dict):
        raise BadEntry("not an object")
    _check(fields)
    _check_form(body, fields)
    return Entry(**fields)


def _check_form(body: bytes, fields: Mapping[str, Any]) -> None:
    form = _CANONICAL.fullmatch(body)
    held = form is not None and (body.isascii() or unicodedata.is_normalized("NFC", body.decode()))
    if form is not None and held:
        for text, members in zip(form.groups(), (fields["commitments"], fields["data"]), strict=True):
            # A member that is there twice is lost in reading.
            held = held and list(members) == sorted(members) and len(_MEMBER.findall(text)) == len(members)
    if not held:
        raise BadEntry("not in the canonical form")


def _normal(value: Any) -> Any:
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, Mapping):
        return {key: _normal(item) for key, item in value.items()}
    return value


def _check(fields: Mapping[str, Any]) -> None:
    if fields.keys() != MEMBERS:
        raise BadEntry("not exactly the members of an entry")
    _must(fields["v"] == VERSION, "v")
    _must(isinstance(fields["log"], str) and fields["log"] != "", "log")
    for name, form in (("subject", _SUBJECT), ("action", _ACTION), ("prev", _HASH)):
        _must(isinstance(fields[name], str) and form.fullmatch(fields[name]) is not None, name)
    _must(
        isinstance(fields["seq"], int) and not isinstance(fields["seq"], bool) and 0 <= fields["seq"] <= MAX_INTEGER,
        "seq",
    )
    _must(_is_uuid(fields["id"]), "id")
    _must(fields["actor"] is None or _is_uuid(fields["actor"]), "actor")
    _must(isinstance(fields["role"], str) and fields["role"].isascii() and fields["role"] != "", "role")
    _must(isinstance(fields["auth"], str) and fields["auth"] in AUTHS, "auth")
    for name in ("recorded_at", "occurred_at"):
        _must(isinstance(fields[name], str), name)
        moment(fields[name])
    _must(isinstance(fields["data"], dict), "data")
    for key, value in fields["data"].items():
        _must(isinstance(key, str) and key.isascii(), "data")
        _must(value is None or isinstance(value, str | bool) or _is_integer(value), f"data.{key}")
    _must(isinstance(fields["commitments"], dict), "commitments")
    for key, value in fields["commitments"].items():
        _must(isinstance(key, str) and key.isascii(), "commitments")
        _must(isinstance(value, str) and _COMMITMENT.fullmatch(value) is not None, f"commitments.{key}")


def _must(held: bool, member: str) -> None:
    if not held:
        raise BadEntry(f"{_NUL_TO_DEL.sub('?', member)} is not of its form")


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and abs(value) <= MAX_INTEGER


def _is_uuid(value: object) -> bool:
    return isinstance(value, str) and _UUID.fullmatch(value) is not None
