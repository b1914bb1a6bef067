"""The upload client against a small tus server that can fail in every way that networks and servers do."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import random
import signal
import stat
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from evidence_api import upload_client
from evidence_api.upload_client import upload

TOKEN = "made-up-token"


@dataclass
class Upload:
    metadata: dict[str, str]
    length: int
    data: bytearray = field(default_factory=bytearray)
    evidence: str | None = None
    duplicate: bool = False


@dataclass
class Store:
    """What outlives a server, and the faults that the next requests meet: (method, what happens)."""

    uploads: dict[str, Upload] = field(default_factory=dict)
    faults: list[tuple[str, Callable[[Handler], bool]]] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    parts: list[int] = field(default_factory=list)
    seconds_per_mib: float = 0.0

    @property
    def only(self) -> Upload:
        (upload,) = self.uploads.values()
        return upload


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    store: Store

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def answer(self, status: int, body: dict[str, Any] | None = None, **headers: str) -> bool:
        data = json.dumps(body).encode() if body else b""
        self.send_response(status)
        if body:
            self.send_header("Content-Type", "application/problem+json")
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)
        return True

    def cut(self) -> bool:
        self.close_connection = True
        self.connection.close()
        return True

    def handle_any(self) -> None:
        self.store.requests.append(self.command)
        length = int(self.headers.get("Content-Length", 0))
        if self.command == "PATCH" and self.store.seconds_per_mib:
            time.sleep(self.store.seconds_per_mib * length / 2**20)
        body = self.rfile.read(length)
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self.answer(401, {"title": "Sign in", "detail": "The token has expired."})
            return
        if self.headers.get("Tus-Resumable") != "1.0.0":
            self.answer(412)
            return
        for index, (method, fault) in enumerate(self.store.faults):
            if method == self.command:
                del self.store.faults[index]
                if fault(self):
                    return
                break
        if self.command == "POST":
            self.create()
        else:
            self.carry_on(body)

    do_POST = do_HEAD = do_PATCH = handle_any

    def create(self) -> None:
        if self.path != "/api/v1/uploads":
            self.answer(404)
            return
        pairs = (pair.split(" ") for pair in self.headers["Upload-Metadata"].split(","))
        metadata = {key: base64.b64decode(value).decode() for key, value in pairs}
        if metadata["case"] != "PP-2026-0042":
            self.answer(404, {"title": "Not found", "detail": "There is no such case."})
            return
        if metadata["filename"].endswith(".exe"):
            self.answer(422, {"title": "Invalid", "errors": {"filename": ["Programs are no evidence."]}})
            return
        name = uuid.uuid4().hex
        made = self.store.uploads[name] = Upload(metadata, int(self.headers["Upload-Length"]))
        self.admit(made)
        self.answer(201, Location=f"/api/v1/uploads/{name}")

    def carry_on(self, body: bytes) -> None:
        upload = self.store.uploads.get(self.path.rsplit("/", 1)[1])
        if upload is None:
            self.answer(404)
            return
        if self.command == "PATCH":
            if int(self.headers["Upload-Offset"]) != len(upload.data):
                self.answer(409, {"title": "Conflict", "detail": "The offset is another."})
                return
            kind, digest = self.headers["Upload-Checksum"].split(" ")
            assert kind == "sha256"
            if base64.b64decode(digest) != hashlib.sha256(body).digest():
                self.answer(460, {"title": "Checksum mismatch"})
                return
            upload.data += body
            self.store.parts.append(len(body))
            self.admit(upload)
        headers: dict[str, Any] = {"Upload_Offset": str(len(upload.data)), "Upload_Length": str(upload.length)}
        if upload.evidence:
            headers["Upload_Evidence"] = upload.evidence
        if upload.duplicate:
            headers["Upload_Duplicate"] = "true"
        self.answer(204 if self.command == "PATCH" else 200, **headers)

    def admit(self, made: Upload) -> None:
        if len(made.data) == made.length and made.evidence is None:
            digest = hashlib.sha256(made.data).hexdigest()
            assert digest == made.metadata["sha256"]
            others = [u for u in self.store.uploads.values() if u.evidence and u.metadata["sha256"] == digest]
            made.evidence = others[0].evidence if others else str(uuid.uuid4())
            made.duplicate = bool(others)


class Server:
    def __init__(self, store: Store, port: int = 0) -> None:
        handler = type("Bound", (Handler,), {"store": store})
        self._http = ThreadingHTTPServer(("127.0.0.1", port), handler)
        self._http.daemon_threads = True
        self.port = self._http.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def server(store: Store) -> Iterator[str]:
    running = Server(store)
    yield running.url
    running.stop()


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "unbroken" / "uploads.json"


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "clip.mp4"
    path.write_bytes(random.Random(7).randbytes(5_000_000))
    return path


@dataclass
class Result:
    code: int
    text: str


def send(server: str, *paths: Path, case: str = "PP-2026-0042", token: str = TOKEN, **options: Any) -> Result:
    out = io.StringIO()
    code = upload(list(paths), case, server, token, console=Console(file=out, width=80), **options)
    assert "\x1b" not in out.getvalue()
    return Result(code, out.getvalue())


def later(server: str, *paths: Path, **options: Any) -> tuple[threading.Thread, list[Result]]:
    results: list[Result] = []
    thread = threading.Thread(target=lambda: results.append(send(server, *paths, **options)))
    thread.start()
    return thread, results


def until(true: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.01)


# --- what goes well ---------------------------------------------------------------------------------------------------


def test_a_file_arrives_whole_with_what_is_known_of_it(server: str, store: Store, clip: Path, state: Path) -> None:
    facts = {"title": "Second floor", "method": "covert", "device": "Pocket 3"}
    result = send(server, clip, captured_at="2026-02-18T19:42:00+07:00", **facts)
    kept = store.only
    digest = hashlib.sha256(clip.read_bytes()).hexdigest()
    assert result.code == 0
    assert bytes(kept.data) == clip.read_bytes()
    assert kept.metadata == {
        **facts,
        "case": "PP-2026-0042",
        "filename": "clip.mp4",
        "captured_at": "2026-02-18T19:42:00+07:00",
        "sha256": digest,
    }
    first, last = result.text.splitlines()
    assert f"clip.mp4: kept as {kept.evidence}" in first
    assert digest in first
    assert last == "1 kept."
    assert json.loads(state.read_text()) == {}


def test_folders_are_sent_whole_without_what_is_hidden(server: str, store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "visit"
    for name in ("a.jpg", "floor/b.jpg", ".c.jpg", ".trash/d.jpg", "floor/.e"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    result = send(server, folder, folder / "a.jpg", title="Visit")
    assert result.code == 0
    assert [made.metadata["title"] for made in store.uploads.values()] == ["Visit: a.jpg", "Visit: b.jpg"]
    assert "Skipped 3 hidden files or folders." in result.text
    assert result.text.endswith("2 kept.\n")


def test_a_file_that_the_case_has_is_said_to_be_kept_already(server: str, store: Store, clip: Path) -> None:
    send(server, clip)
    result = send(server, clip)
    assert result.code == 0
    assert "already kept as" in result.text
    assert result.text.endswith("0 kept, 1 already kept.\n")


def test_an_empty_file_is_sent_too(server: str, store: Store, tmp_path: Path) -> None:
    (tmp_path / "empty.txt").touch()
    assert send(server, tmp_path / "empty.txt").code == 0
    assert store.only.evidence


def test_parts_grow_on_a_good_line_to_sixteen_mebibytes(server: str, store: Store, tmp_path: Path) -> None:
    path = tmp_path / "long.mp4"
    path.write_bytes(bytes(60 * 2**20))
    assert send(server, path).code == 0
    assert max(store.parts) == 16 * 2**20


def test_parts_stay_small_on_a_slow_line(
    server: str, store: Store, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload_client, "_PART_SECONDS", 0.2)
    store.seconds_per_mib = 0.4
    assert send(server, clip).code == 0
    assert max(store.parts[1:]) < 2**20


def test_a_terminal_shows_progress_and_a_pipe_gets_plain_lines(server: str, clip: Path, tmp_path: Path) -> None:
    out = io.StringIO()
    console = Console(file=out, width=140, force_terminal=True, color_system=None)
    assert upload([clip], "PP-2026-0042", server, TOKEN, console=console) == 0
    assert "Sending clip.mp4" in out.getvalue()
    assert "5.0/5.0 MB" in out.getvalue()
    other = tmp_path / "other.txt"
    other.write_text("plain")
    assert len(send(server, other).text.splitlines()) == 2


def test_a_name_that_would_steer_the_terminal_is_shown_harmlessly(server: str, store: Store, tmp_path: Path) -> None:
    path = tmp_path / "evil\x1b[2J\n[red]name"
    path.write_text("x")
    result = send(server, path)
    assert result.code == 0
    assert "[red]name: kept" in result.text
    assert store.only.metadata["filename"] == path.name


# --- what is cut short ------------------------------------------------------------------------------------------------


def client_process(server: str, path: Path) -> subprocess.Popen[str]:
    code = (
        "import sys; from pathlib import Path; from rich.console import Console\n"
        "from evidence_api.upload_client import upload\n"
        f"sys.exit(upload([Path({str(path)!r})], 'PP-2026-0042', {server!r}, {TOKEN!r}, console=Console()))"
    )
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)


def test_a_client_killed_mid_way_goes_on_where_it_stopped(
    server: str, store: Store, tmp_path: Path, state: Path
) -> None:
    path = tmp_path / "long.mp4"
    path.write_bytes(random.Random(3).randbytes(30 * 2**20))
    store.seconds_per_mib = 0.05
    first = client_process(server, path)
    until(lambda: len(store.parts) >= 2)
    first.kill()
    first.communicate()
    sent = len(store.only.data)
    assert 0 < sent < path.stat().st_size
    assert stat.S_IMODE(state.stat().st_mode) == 0o600
    assert "long.mp4" not in state.read_text()

    store.seconds_per_mib, store.requests = 0, []
    result = send(server, path)
    assert result.code == 0
    assert "going on after" in result.text
    assert bytes(store.only.data) == path.read_bytes()
    assert store.requests[0] == "HEAD"
    assert "POST" not in store.requests


def test_a_client_killed_after_the_last_byte_learns_that_the_file_is_kept(
    server: str, store: Store, clip: Path, state: Path
) -> None:
    send(server, clip)
    opened = clip.stat()
    parts = [str(clip), opened.st_size, opened.st_mtime_ns, "PP-2026-0042", server]
    key = hashlib.sha256(json.dumps(parts).encode()).hexdigest()
    (name,) = store.uploads
    entry = {"url": f"{server}/api/v1/uploads/{name}", "begun": int(time.time())}
    state.write_text(json.dumps({key: entry}))
    result = send(server, clip)
    assert result.code == 0
    assert "1 kept." in result.text
    assert len(store.uploads) == 1


def test_stopping_with_the_keyboard_says_how_to_go_on(server: str, store: Store, tmp_path: Path) -> None:
    path = tmp_path / "long.mp4"
    path.write_bytes(bytes(30 * 2**20))
    store.seconds_per_mib = 0.2
    running = client_process(server, path)
    until(lambda: len(store.parts) >= 1)
    running.send_signal(signal.SIGINT)
    text, _ = running.communicate(timeout=20)
    assert running.returncode == 1
    assert "Stopped. What was sent is kept: the same command goes on from there." in text
    assert "0 kept, 1 not finished." in text


def test_a_server_that_restarts_is_waited_for(store: Store, clip: Path) -> None:
    first = Server(store)
    store.seconds_per_mib = 0.3
    thread, results = later(first.url, clip)
    until(lambda: len(store.parts) >= 1)
    first.stop()
    store.faults += [("PATCH", Handler.cut)]  # what the old server was still about to take
    time.sleep(1.5)
    second = Server(store, first.port)
    thread.join(30)
    second.stop()
    assert results[0].code == 0
    assert bytes(store.only.data) == clip.read_bytes()


def test_cuts_faults_and_locks_are_tried_again(
    server: str, store: Store, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload_client, "_LONGEST_PAUSE", 0.05)
    locked = {"type": "https://example.org/problems/upload-locked", "title": "Locked"}
    store.faults += [
        ("POST", Handler.cut),
        ("POST", lambda h: h.answer(503, Retry_After="0")),
        ("PATCH", Handler.cut),
        ("HEAD", lambda h: h.answer(423)),
        ("HEAD", lambda h: h.answer(409)),
        ("PATCH", lambda h: h.answer(500, {"title": "Fault"})),
        ("PATCH", lambda h: h.answer(460)),
        ("PATCH", lambda h: h.answer(409, locked)),
    ]
    result = send(server, clip)
    assert result.code == 0
    assert store.faults == []
    assert bytes(store.only.data) == clip.read_bytes()
    assert "Trying again for up to 10 minutes." in result.text
    assert "Going on." in result.text


def test_another_offset_than_the_clients_is_taken_from_the_server(server: str, store: Store, clip: Path) -> None:
    def take_and_cut(handler: Handler) -> bool:
        """The server kept the part, but its answer was lost."""
        start = len(store.only.data)
        store.only.data += clip.read_bytes()[start : start + 1000]
        return handler.cut()

    store.faults += [("PATCH", take_and_cut)]
    assert send(server, clip).code == 0
    assert bytes(store.only.data) == clip.read_bytes()


def test_an_upload_that_the_server_dropped_begins_anew(server: str, store: Store, clip: Path) -> None:
    def drop(handler: Handler) -> bool:
        store.uploads.clear()
        return handler.answer(404)

    store.faults += [("PATCH", lambda h: False), ("PATCH", drop)]
    result = send(server, clip)
    assert result.code == 0
    assert "the server has dropped the earlier upload; starting again" in result.text
    assert bytes(store.only.data) == clip.read_bytes()


def test_patience_ends_and_says_so(server: str, store: Store, clip: Path, tmp_path: Path) -> None:
    store.faults += [("PATCH", lambda h: h.answer(503))] * 50
    result = send(server, clip, tmp_path / "clip.mp4", patience=2)
    assert result.code == 1
    assert "Gave up after 2 seconds; the same command goes on from there." in result.text
    store.faults.clear()
    assert send(server, clip).code == 0
    assert len(store.uploads) == 1


def test_a_server_that_is_not_there_is_said_to_be_out_of_reach(store: Store, clip: Path) -> None:
    gone = Server(store)
    gone.stop()
    result = send(gone.url, clip, patience=2)
    assert result.code == 1
    assert "There is no connection to the server." in result.text
    assert "0 kept, 1 not finished." in result.text


# --- what is refused --------------------------------------------------------------------------------------------------


def test_a_refused_file_does_not_stop_the_others(server: str, store: Store, clip: Path, tmp_path: Path) -> None:
    program = tmp_path / "a.exe"
    program.write_bytes(b"MZ")
    result = send(server, program, clip)
    assert result.code == 1
    assert "a.exe: Invalid. filename: Programs are no evidence." in result.text
    assert result.text.endswith("1 kept, 1 failed.\n")


def test_a_refusal_at_the_end_is_shown_and_forgotten(server: str, store: Store, clip: Path, state: Path) -> None:
    detail = "The file is not the one that was announced: its SHA-256 differs."
    store.faults += [("PATCH", lambda h: h.answer(422, {"title": "Mismatch", "detail": detail}))]
    result = send(server, clip)
    assert result.code == 1
    assert detail in result.text
    assert json.loads(state.read_text()) == {}


def test_a_conflict_that_stays_is_believed(server: str, store: Store, clip: Path) -> None:
    store.faults += [("PATCH", lambda h: h.answer(409, {"detail": "The case is closed."}))] * 9
    result = send(server, clip)
    assert result.code == 1
    assert "clip.mp4: The case is closed." in result.text


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"token": "expired"}, "The server does not accept the token: The token has expired."),
        ({"case": "PP-2026-9999"}, "Nothing can be sent to this case: There is no such case."),
    ],
)
def test_what_would_stop_every_file_stops_at_the_first(
    server: str, store: Store, clip: Path, tmp_path: Path, options: dict[str, str], sentence: str
) -> None:
    (tmp_path / "b.txt").write_text("b")
    result = send(server, clip, tmp_path / "b.txt", **options)
    assert result.code == 1
    assert sentence in result.text
    assert store.requests == ["POST"]
    assert result.text.endswith("0 kept, 2 not finished.\n")


@pytest.mark.parametrize("status", [200, 302])
def test_a_network_that_asks_to_sign_in_is_not_taken_for_the_server(
    server: str, store: Store, clip: Path, status: int
) -> None:
    store.faults += [("POST", lambda h: h.answer(status, Location="http://portal.example/"))]
    result = send(server, clip)
    assert result.code == 1
    assert "the network asks" in result.text


def test_the_token_goes_to_no_other_server(server: str, store: Store, clip: Path) -> None:
    def elsewhere(handler: Handler) -> bool:
        store.uploads["u"] = Upload({"sha256": hashlib.sha256(clip.read_bytes()).hexdigest()}, 5_000_000)
        return handler.answer(201, Location="https://other.example/api/v1/uploads/u")

    store.faults += [("POST", elsewhere)]
    assert send(server, clip).code == 0
    assert store.only.evidence


def test_a_file_that_vanishes_fails_and_the_others_are_sent(
    server: str, store: Store, clip: Path, tmp_path: Path
) -> None:
    brief = tmp_path / "brief.txt"
    brief.write_text("x")

    def vanish(handler: Handler) -> bool:
        brief.unlink()
        return False

    store.faults += [("POST", vanish)]
    result = send(server, clip, brief)
    assert result.code == 1
    assert "brief.txt: cannot be read (No such file or directory)." in result.text
    assert result.text.endswith("1 kept, 1 failed.\n")


def test_a_file_that_is_still_written_to_is_not_sent_half(server: str, store: Store, clip: Path) -> None:
    def record(handler: Handler) -> bool:
        with clip.open("ab") as still:
            still.write(b"more")
        return False

    store.faults += [("POST", record)]
    result = send(server, clip)
    assert result.code == 1
    assert "changed while it was sent" in result.text
    assert send(server, clip).code == 0


@pytest.mark.parametrize(
    ("server_address", "options", "sentence"),
    [
        ("http://evidence.example.org", {}, "Give an https address."),
        ("evidence.example.org", {}, "looks like https://evidence.example.org"),
        ("https://user@evidence.example.org", {}, "looks like https://evidence.example.org"),
        ("https://evidence.example.org:port", {}, "looks like https://evidence.example.org"),
        ("http://localhost:1", {"captured_at": "2026-02-18T19:42:00"}, "an offset"),
        ("http://localhost:1", {"captured_at": "yesterday"}, "an offset"),
    ],
)
def test_a_wrong_call_is_answered_in_a_sentence_and_sends_nothing(
    clip: Path, server_address: str, options: dict[str, str], sentence: str
) -> None:
    result = send(server_address, clip, **options)
    assert result.code == 2
    assert sentence in result.text


def test_paths_that_hold_no_file_are_a_wrong_call(server: str, store: Store, clip: Path, tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    assert send(server, clip, tmp_path / "missing.mp4").code == 2
    assert send(server, tmp_path / "nothing").code == 2
    assert store.requests == []


def test_a_damaged_state_file_is_no_obstacle(server: str, store: Store, clip: Path, state: Path) -> None:
    state.parent.mkdir(parents=True)
    for damage in ("", "[]", '{"a": 1}', '{"a": {"url": "x"}}', "{"):
        state.write_text(damage)
        assert send(server, clip).code == 0


def test_a_netrc_file_does_not_replace_the_token(
    server: str, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    assert send(server, clip).code == 0
