"""The engine of `unbroken upload`: sends files over bad networks, resumably, by tus 1.0.0 (https://tus.io/protocols).

The SHA-256 is computed on this device and stated when an upload is created, so the server admits exactly these bytes or
nothing. Each part carries a SHA-256 of its own; parts grow on a good line and shrink on a bad one, since a part that is
cut has to be sent again.

What is needed to resume lies in `uploads.json` in `$XDG_STATE_HOME/unbroken` (by default `~/.local/state/unbroken`),
readable by its owner alone. The laptop may be seized: an entry names no file, only a digest of its path, size, time,
case and server, beside the address of the upload, and goes when the upload is done.

tuspy is not used: it has no time-outs, opens a new connection for each part, and offers no SHA-256.
"""

from __future__ import annotations

import contextlib
import enum
import hashlib
import io
import ipaddress
import json
import os
import random
import tempfile
import time
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, TypeVar
from urllib.parse import urljoin, urlsplit

import requests
from requests.auth import AuthBase
from rich.console import Console
from rich.filesize import decimal
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.text import Text

DONE, FAILED, WRONG_USE = 0, 1, 2

_MIB = 1024 * 1024
_SMALLEST_PART, _FIRST_PART, _LARGEST_PART = 64 * 1024, 2 * _MIB, 16 * _MIB  # bytes
_PART_SECONDS = 5.0  # what a part should take: little is lost when it is cut
_TIMEOUT = (30.0, 120.0)  # seconds to connect or for a send to move, and to wait for an answer
_LONGEST_PAUSE = 30.0  # seconds between two tries
_DOUBTS = 3  # how often a refusal that may be transient is met before it is believed
_STALE = 30 * 86400  # seconds after which a server has long dropped an unfinished upload

_T = TypeVar("_T")


class _WrongUse(Exception):
    """The call cannot be carried out as given; nothing was sent."""


class _Refused(Exception):
    """This file cannot be sent; the next one may."""


class _GiveUp(Exception):
    """No file can be sent now."""


class _Gone(Exception):
    """The server does not have this upload any more."""


class _Again(Exception):
    """What failed may succeed later; `pause` is the server's own wish, in seconds."""

    def __init__(self, reason: str, pause: float | None = None) -> None:
        super().__init__(reason)
        self.pause = pause


class _Outcome(enum.Enum):
    KEPT = enum.auto()
    KNOWN = enum.auto()
    FAILED = enum.auto()


def upload(
    paths: Sequence[Path],
    case: str,
    server: str,
    token: str,
    *,
    console: Console,
    title: str | None = None,
    method: str | None = None,
    device: str | None = None,
    captured_at: str | None = None,
    patience: float = 600.0,
) -> int:
    """Send files, and all files below directories, to a case; resume what an earlier call began.

    `case` is a case's ref or id, `server` its https address (http on this machine alone), `captured_at` an RFC 3339
    time with an offset, `patience` the seconds to go on trying without progress. With several files the title is
    followed by each file's name. Returns 0 when every file is kept by the server, now or before; 1 when one failed or
    the upload was stopped; 2, with nothing sent, when the call is wrong.
    """

    def say(message: str) -> None:
        console.print(Text(_printable(message)), soft_wrap=True)

    try:
        address = _checked_server(server)
        _check_time(captured_at)
        files, hidden, closed = _collect(paths)
    except _WrongUse as error:
        say(str(error))
        return WRONG_USE
    if hidden:
        say("Skipped 1 hidden file or folder." if hidden == 1 else f"Skipped {hidden} hidden files or folders.")
    for folder in closed:
        say(f"{folder}: this folder cannot be read.")
    facts = {"captured_at": captured_at, "method": method, "device": device}
    outcomes: list[_Outcome] = []
    with requests.Session() as session, _Screen(console, files) as screen:
        session.auth = _Bearer(token)
        session.headers["Tus-Resumable"] = "1.0.0"
        client = _Client(session, address, case, facts, patience, say, screen, _State())
        try:
            for file in files:
                named = f"{title}: {file.path.name}" if title and len(files) > 1 else title
                outcomes.append(client.send(file, named))
        except _GiveUp as error:
            say(str(error))
        except KeyboardInterrupt:
            say("Stopped. What was sent is kept: the same command goes on from there.")
    counts = [(outcomes.count(_Outcome.KEPT), "kept"), (outcomes.count(_Outcome.KNOWN), "already kept")]
    counts += [(outcomes.count(_Outcome.FAILED), "failed"), (len(files) - len(outcomes), "not finished")]
    say(", ".join(f"{count} {what}" for count, what in counts if count or what == "kept") + ".")
    return FAILED if closed or len(outcomes) < len(files) or _Outcome.FAILED in outcomes else DONE


# --- what is asked for ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _File:
    path: Path
    size: int  # bytes


def _checked_server(server: str) -> str:
    """The address without a trailing slash. A token must not cross a network in the clear."""
    try:
        parts = urlsplit(server)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host = ""
    if not host or parts.scheme not in ("http", "https") or parts.username or parts.query or parts.fragment:
        raise _WrongUse("The server's address looks like https://evidence.example.org.")
    if parts.scheme == "http" and not _is_this_machine(host):
        raise _WrongUse("Over http anyone on the way could read the evidence and the token. Give an https address.")
    return server.rstrip("/")


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _check_time(captured_at: str | None) -> None:
    try:
        known = captured_at is None or datetime.fromisoformat(captured_at).tzinfo is not None
    except ValueError:
        known = False
    if not known:
        raise _WrongUse("The time of capture needs a date, a time and an offset, as 2026-02-18T19:42:00+07:00.")


def _collect(paths: Sequence[Path]) -> tuple[list[_File], int, list[str]]:
    """The files asked for, each once, how many hidden entries were left out, and the folders that cannot be read."""
    found: dict[str, _File] = {}
    hidden = 0
    closed: list[str] = []

    def add(path: Path) -> None:
        found.setdefault(os.path.abspath(path), _File(path, path.stat().st_size))

    for path in paths:
        if path.is_dir():
            for folder, folders, names in os.walk(path, onerror=lambda error: closed.append(str(error.filename))):
                hidden += sum(name.startswith(".") for name in (*folders, *names))
                folders[:] = sorted(name for name in folders if not name.startswith("."))
                for name in sorted(names):
                    if not name.startswith(".") and (inside := Path(folder, name)).is_file():
                        add(inside)
        elif path.is_file():
            add(path)
        else:
            raise _WrongUse(f"{path}: there is no such file.")
    if not found and not closed:
        raise _WrongUse("There is no file to send.")
    return list(found.values()), hidden, closed


# --- what is seen -----------------------------------------------------------------------------------------------------


def _printable(text: str) -> str:
    """Text without what could steer a terminal: a file's name, or a server's answer, is not to be trusted."""
    return "".join(c if c.isprintable() else "\ufffd" for c in text)


class _Screen:
    """Bars on a terminal: the file at hand (reading, then sending) and all files; nothing elsewhere."""

    def __init__(self, console: Console, files: Sequence[_File]) -> None:
        self._console = console
        columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
        self._progress = Progress(
            TextColumn("{task.description}", markup=False), *columns, console=console, disable=not console.is_terminal
        )
        self._total = sum(file.size for file in files)
        self._before = 0  # bytes of the files that are done with
        self._file = self._progress.add_task("", total=None)
        self._all = self._progress.add_task(f"All {len(files)} files", total=self._total, visible=len(files) > 1)

    def __enter__(self) -> _Screen:
        if self._console.is_terminal:
            self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._console.is_terminal:
            self._progress.stop()

    def begin(self, doing: str, file: _File, offset: int = 0) -> None:
        """Start a bar anew, so that bytes sent by an earlier call do not count as speed."""
        name = file.path.name if len(file.path.name) <= 32 else file.path.name[:20] + "…" + file.path.name[-11:]
        self._progress.reset(self._file, total=file.size, completed=offset, description=_printable(f"{doing} {name}"))
        if offset:
            self._progress.reset(self._all, total=self._total, completed=self._before + offset)

    def read(self, offset: int) -> None:
        self._progress.update(self._file, completed=offset)

    def sent(self, offset: int) -> None:
        self._progress.update(self._file, completed=offset)
        self._progress.update(self._all, completed=self._before + offset)

    def end(self, file: _File) -> None:
        self._before += file.size
        self._progress.update(self._all, completed=self._before)


# --- what is remembered -----------------------------------------------------------------------------------------------


class _State:
    """Addresses of unfinished uploads by fingerprint, in a file replaced whole; a damaged one counts as empty."""

    def __init__(self) -> None:
        home = os.environ.get("XDG_STATE_HOME", "")
        base = Path(home) if os.path.isabs(home) else Path.home() / ".local" / "state"
        self._path = base / "unbroken" / "uploads.json"

    def get(self, key: str) -> str | None:
        entry = self._load().get(key)
        return str(entry["url"]) if entry else None

    def put(self, key: str, url: str) -> None:
        self._save({**self._load(), key: {"url": url, "begun": int(time.time())}})

    def drop(self, key: str) -> None:
        entries = self._load()
        if entries.pop(key, None):
            # An entry that stays does no harm: the server says that the upload is done.
            with contextlib.suppress(OSError):
                self._save(entries)

    def _load(self) -> dict[str, dict[str, Any]]:
        try:
            entries = json.loads(self._path.read_bytes())
            return {
                key: entry for key, entry in entries.items() if entry["url"] and time.time() - entry["begun"] < _STALE
            }
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return {}

    def _save(self, entries: dict[str, dict[str, Any]]) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self._path.parent)  # readable by its owner alone
        try:
            with os.fdopen(handle, "w") as target:
                json.dump(entries, target)
                target.flush()
                os.fsync(target.fileno())
            os.replace(name, self._path)
        except BaseException:
            os.unlink(name)
            raise


# --- what is sent -----------------------------------------------------------------------------------------------------


class _Bearer(AuthBase):
    """The token, set as `auth` because a netrc file would replace a mere header."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class _Part(io.BytesIO):
    """The body of one request, which tells how far it has been taken."""

    def __init__(self, data: bytes, taken: Callable[[int], None]) -> None:
        super().__init__(data)
        self._taken = taken

    def read(self, size: int | None = -1, /) -> bytes:
        block = super().read(size)
        self._taken(self.tell())
        return block


@dataclass
class _Transfer:
    """One upload under way: `offset` is what the server has confirmed, unless it `must_ask`."""

    url: str
    file: _File
    source: io.BufferedReader
    opened: os.stat_result
    offset: int = 0
    must_ask: bool = False
    part: int = _FIRST_PART
    doubts: int = 0
    evidence: str | None = None
    known_before: bool = False


class _Client:
    def __init__(
        self,
        session: requests.Session,
        server: str,
        case: str,
        facts: dict[str, str | None],
        patience: float,
        say: Callable[[str], None],
        screen: _Screen,
        state: _State,
    ) -> None:
        self._session, self._server, self._case, self._facts = session, server, case, facts
        self._patience, self._say, self._screen, self._state = patience, say, screen, state
        self._stuck_since: float | None = None
        self._failures = 0
        self._said = ""

    def send(self, file: _File, title: str | None) -> _Outcome:
        """Send one file whole and say what became of it. Raises _GiveUp when no other file would fare better."""
        name = str(file.path)
        started = time.monotonic()
        try:
            with file.path.open("rb") as source:
                digest, done = self._send_open(file, source, title)
        except _Refused as error:
            self._say(f"{name}: {error}")
            return _Outcome.FAILED
        except OSError as error:
            self._say(f"{name}: cannot be read ({error.strerror or 'input/output error'}).")
            return _Outcome.FAILED
        finally:
            self._screen.end(file)
        stated = f", SHA-256 {digest}" if digest else ""
        if done.known_before:
            self._say(f"{name}: already kept as {done.evidence}{stated}.")
            return _Outcome.KNOWN
        rate = decimal(int(file.size / max(time.monotonic() - started, 0.001)))
        speed = f", {rate}/s" if digest else ", resumed"
        self._say(f"{name}: kept as {done.evidence}, {decimal(file.size)}{speed}{stated}.")
        return _Outcome.KEPT

    def _send_open(self, file: _File, source: io.BufferedReader, title: str | None) -> tuple[str | None, _Transfer]:
        """The digest, unless an earlier call computed it, and the finished transfer."""
        opened = os.fstat(source.fileno())
        file = _File(file.path, opened.st_size)
        key = self._fingerprint(file.path, opened)
        for _ in range(_DOUBTS):
            digest = None
            url = self._state.get(key)
            if url is None:
                digest = self._hash(file, source, opened)
                created = self._persist(partial(self._create, file, title, digest))
                url = self._address_of(created)
                self._remember(key, url)
                transfer = _Transfer(url, file, source, opened, must_ask=file.size == 0)
                self._take(transfer, created)
            else:
                transfer = _Transfer(url, file, source, opened, must_ask=True)
            try:
                self._finish(transfer, resumed=digest is None)
            except _Gone:
                self._state.drop(key)
                self._say(f"{file.path}: the server has dropped the earlier upload; starting again.")
                continue
            except _Refused:
                self._state.drop(key)  # what was refused would be refused again
                raise
            self._state.drop(key)
            return digest, transfer
        raise _Refused("the server dropped the upload again and again. Ask your administrator.")

    def _finish(self, transfer: _Transfer, *, resumed: bool) -> None:
        """Take the transfer, step by step, to where the server names the evidence."""
        shown = False
        while transfer.evidence is None:
            before = transfer.offset
            try:
                if transfer.must_ask:
                    self._ask(transfer)
                else:
                    if not shown:
                        self._screen.begin("Sending", transfer.file, transfer.offset)
                        if resumed and transfer.offset:
                            share = f"{decimal(transfer.offset)} of {decimal(transfer.file.size)}"
                            self._say(f"{transfer.file.path}: going on after {share}.")
                        shown = True
                    self._send_part(transfer)
            except _Again as reason:
                transfer.must_ask = True
                self._wait(reason)
            if transfer.offset > before or transfer.evidence:
                transfer.doubts = 0
                self._moved()

    def _fingerprint(self, path: Path, opened: os.stat_result) -> str:
        parts = [os.path.abspath(path), opened.st_size, opened.st_mtime_ns, self._case, self._server]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def _remember(self, key: str, url: str) -> None:
        try:
            self._state.put(key, url)
        except OSError:
            self._say("This upload could not be noted on this device: if it is cut short, it begins anew.")

    def _hash(self, file: _File, source: io.BufferedReader, opened: os.stat_result) -> str:
        self._screen.begin("Reading", file)
        digest = hashlib.sha256()
        buffer = memoryview(bytearray(_MIB))
        source.seek(0)
        while count := source.readinto(buffer):
            digest.update(buffer[:count])
            self._screen.read(source.tell())
        self._check_unchanged(source, opened)
        return digest.hexdigest()

    def _check_unchanged(self, source: io.BufferedReader, opened: os.stat_result) -> None:
        now = os.fstat(source.fileno())
        if (now.st_size, now.st_mtime_ns) != (opened.st_size, opened.st_mtime_ns):
            raise _Refused("changed while it was sent. Wait until nothing writes to it any more, then send it again.")

    # --- one request each ---

    def _create(self, file: _File, title: str | None, digest: str) -> requests.Response:
        facts = {"case": self._case, "filename": file.path.name, "title": title, **self._facts, "sha256": digest}
        metadata = ",".join(
            f"{key} {b64encode(value.encode('utf-8', 'replace')).decode()}" for key, value in facts.items() if value
        )
        headers = {"Upload-Length": str(file.size), "Upload-Metadata": metadata}
        answer = self._exchange("POST", f"{self._server}/api/v1/uploads", headers)
        if answer.status_code in (403, 404):
            raise _GiveUp(f"Nothing can be sent to this case: {_problem(answer)}")
        if not answer.ok:
            raise _Refused(_problem(answer))
        return answer

    def _address_of(self, created: requests.Response) -> str:
        """The address of the upload: of the answer only path and query, so that the token goes to no other server."""
        location = created.headers.get("Location")
        if created.status_code != 201 or not location:
            self._not_ours()
        parts = urlsplit(urljoin(created.url, location))
        return urljoin(self._server, parts.path + (f"?{parts.query}" if parts.query else ""))

    def _ask(self, transfer: _Transfer) -> None:
        answer = self._exchange("HEAD", transfer.url)
        if answer.status_code in (403, 404, 410):
            raise _Gone
        if answer.status_code == 409:
            raise _Again("The server is busy with this file")
        if not answer.ok:
            raise _Refused(_problem(answer))
        self._take(transfer, answer)
        transfer.must_ask = False

    def _send_part(self, transfer: _Transfer) -> None:
        self._check_unchanged(transfer.source, transfer.opened)
        transfer.source.seek(transfer.offset)
        data = transfer.source.read(transfer.part)
        headers = {
            "Content-Type": "application/offset+octet-stream",
            "Upload-Offset": str(transfer.offset),
            "Upload-Checksum": "sha256 " + b64encode(hashlib.sha256(data).digest()).decode(),
        }
        start = transfer.offset
        body = _Part(data, lambda taken: self._screen.sent(start + taken))
        began = time.monotonic()
        # A part that is cut is lost, so the next is smaller, until one has gone through.
        full, transfer.part = transfer.part, max(_SMALLEST_PART, transfer.part // 2)
        # An empty body goes as such: requests would send an empty stream in chunks, without a length.
        answer = self._exchange("PATCH", transfer.url, headers, body if data else b"")
        if answer.status_code in (404, 410):
            raise _Gone
        if answer.status_code in (409, 460):  # another offset than the server's, or damaged on the way
            transfer.doubts += 1
            if transfer.doubts > _DOUBTS:
                raise _Refused(_problem(answer))
            raise _Again("The server did not take a part", pause=1.0)
        if not answer.ok:
            raise _Refused(_problem(answer))
        rate = len(data) / max(time.monotonic() - began, 0.001)
        transfer.part = min(max(int(rate * _PART_SECONDS), _SMALLEST_PART), full * 2, _LARGEST_PART)
        self._take(transfer, answer)
        if transfer.evidence is None and transfer.offset == transfer.file.size and not data:
            raise _Again("The server has the whole file and has not admitted it yet")

    def _take(self, transfer: _Transfer, answer: requests.Response) -> None:
        """What an answer says of the upload: how much is there, and at the end as what it is kept."""
        offset = answer.headers.get("Upload-Offset", "0" if answer.status_code == 201 else "")
        if not offset.isdecimal() or int(offset) > transfer.file.size:
            self._not_ours()
        transfer.offset = int(offset)
        transfer.evidence = answer.headers.get("Upload-Evidence")
        transfer.known_before = answer.headers.get("Upload-Duplicate") == "true"

    def _not_ours(self) -> NoReturn:
        raise _GiveUp(
            "The answer is not one of this service. Check the address, and whether the network asks to sign in first."
        )

    def _exchange(
        self, method: str, url: str, headers: dict[str, str] | None = None, body: _Part | bytes | None = None
    ) -> requests.Response:
        """One request. Raises _Again for what may pass, _GiveUp for what would meet every file; else the answer."""
        try:
            answer = self._session.request(
                method, url, headers=headers, data=body, timeout=_TIMEOUT, allow_redirects=False
            )
        except requests.exceptions.SSLError as error:
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                raise _GiveUp(
                    "The server could not prove who it is, so nothing was sent: its certificate is not trusted. "
                    "Someone on this network may be listening. Use another network, or ask your administrator."
                ) from None
            raise _Again("The connection was cut") from None
        except (requests.exceptions.ConnectTimeout, requests.exceptions.ReadTimeout):
            raise _Again("The server does not answer") from None
        except (requests.exceptions.ConnectionError, requests.exceptions.ChunkedEncodingError):
            raise _Again("There is no connection to the server") from None
        except requests.exceptions.RequestException:
            raise _GiveUp("The server cannot be reached at this address. Check it.") from None
        status = answer.status_code
        if 300 <= status < 400:
            raise _GiveUp(
                "The server is at another address now. Check it, and whether the network asks you to sign in."
            )
        if status == 401:
            raise _GiveUp(f"The server does not accept the token: {_problem(answer)}")
        if status == 423 or (status == 409 and _problem_type(answer).endswith("upload-locked")):
            raise _Again("The server is still busy with an earlier part of this file", _retry_after(answer))
        if status in (408, 425, 429):
            raise _Again("The server asks to wait", _retry_after(answer))
        if status >= 500 and status not in (501, 505):
            raise _Again(f"The server has a fault (status {status}: {_problem(answer)})", _retry_after(answer))
        return answer

    # --- trying again ---

    def _persist(self, step: Callable[[], _T]) -> _T:
        while True:
            try:
                done = step()
            except _Again as reason:
                self._wait(reason)
            else:
                self._moved()
                return done

    def _moved(self) -> None:
        if self._said:
            self._say("Going on.")
        self._stuck_since, self._failures, self._said = None, 0, ""

    def _wait(self, reason: _Again) -> None:
        """Pause, longer each time, until patience is at its end. The first time in silence: it mostly was a hiccup."""
        now = time.monotonic()
        if self._stuck_since is None:
            self._stuck_since = now
        left = self._stuck_since + self._patience - now
        why = str(reason).rstrip(".")
        if left <= 0:
            raise _GiveUp(f"{why}. Gave up after {_duration(self._patience)}; the same command goes on from there.")
        self._failures += 1
        if self._failures > 1 and why != self._said:
            self._say(f"{why}. Trying again for up to {_duration(left)}.")
            self._said = why
        # Spread, so that many clients do not return in step when a server comes back.
        pause = reason.pause or min(2.0 ** (self._failures - 1), _LONGEST_PAUSE) * random.uniform(0.5, 1)  # noqa: S311
        time.sleep(min(pause, max(left, 0.1)))


def _duration(seconds: float) -> str:
    if seconds >= 90:
        return f"{round(seconds / 60)} minutes"
    return f"{max(1, round(seconds))} seconds"


def _retry_after(answer: requests.Response) -> float | None:
    wish = answer.headers.get("Retry-After", "")
    return min(float(wish), 300.0) if wish.isdecimal() else None


def _problem_document(answer: requests.Response) -> dict[str, Any]:
    """The problem of RFC 9457 in an answer, empty where there is none."""
    with contextlib.suppress(ValueError):
        found = answer.json()
        if isinstance(found, dict):
            return found
    return {}


def _problem_type(answer: requests.Response) -> str:
    return str(_problem_document(answer).get("type", ""))


def _problem(answer: requests.Response) -> str:
    """A refusal in words: what the server says of it, with the fields at fault."""
    problem = _problem_document(answer)
    words = [str(problem[key]).rstrip(".") for key in ("detail", "title") if problem.get(key)][:1]
    errors = problem.get("errors")
    if isinstance(errors, dict):
        for field, messages in errors.items():
            texts = messages if isinstance(messages, list) else [messages]
            words.append(f"{field}: {' '.join(str(text).rstrip('.') for text in texts)}")
    return (". ".join(words) or f"the server refused with status {answer.status_code}")[:500] + "."
