"""The published clients, unchanged, against a real server that is killed and started again."""

import gc
import hashlib
import http.client
import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import requests
import sqlalchemy as sa
from tusclient.client import TusClient
from tusclient.storage.filestorage import FileStorage
from tusclient.uploader import Uploader

from evidence_api.api.bodies import MOST_AT_ONCE
from evidence_api.models import Upload
from evidence_api.work import Site
from tests.conftest import Persona
from tests.e2e.conftest import JS, Server
from tests.test_uploads import TUS, in_store, items

MIB = 1 << 20

# tuspy leaves its files and sockets to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


@pytest.fixture(autouse=True)
def _collected() -> Iterator[None]:
    yield
    gc.collect()


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "film.mp4"
    path.write_bytes(os.urandom(40 * MIB + 12_345))
    return path


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def uploader(server: Server, persona: Persona, case: str, path: Path, **options: Any) -> Uploader:
    client = TusClient(f"{server.api}/uploads", headers={"Authorization": f"Bearer {persona.token}"})
    return client.uploader(str(path), metadata={"case": case, "filename": path.name, "title": "Film"}, **options)


def head(server: Server, persona: Persona, url: str) -> requests.Response:
    return requests.head(url, headers={**TUS, "Authorization": f"Bearer {persona.token}"}, timeout=10)


def send_part(
    server: Server, persona: Persona, url: str, path: Path, offset: int, until: int
) -> http.client.HTTPConnection:
    """Announce the rest of the file, send it up to `until`, and leave the line as it is."""
    line = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    line.putrequest("PATCH", url.removeprefix(server.url))
    line.putheader("Authorization", f"Bearer {persona.token}")
    line.putheader("Tus-Resumable", "1.0.0")
    line.putheader("Upload-Offset", str(offset))
    line.putheader("Content-Type", "application/offset+octet-stream")
    line.putheader("Content-Length", str(path.stat().st_size - offset))
    line.endheaders()
    with path.open("rb") as file:
        file.seek(offset)
        while (at := file.tell()) < until:
            line.send(file.read(min(MIB, until - at)))
    return line


def wait_for(reached: Any, seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < until, "it did not come to that in time"
        time.sleep(0.05)


def test_tuspy_uploads_a_file(server: Server, investigator: Persona, case: dict[str, Any], film: Path) -> None:
    upload = uploader(server, investigator, case["id"], film)
    upload.upload()
    item = investigator.get(f"/evidence/{upload.request.response_headers['upload-evidence']}").get_json()
    assert (item["sha256"], item["size"]) == (digest(film), film.stat().st_size)
    assert (item["title"], item["filename"]) == ("Film", "film.mp4")


def test_tuspy_sends_its_checksums(server: Server, investigator: Persona, case: dict[str, Any], film: Path) -> None:
    uploader(server, investigator, case["id"], film, chunk_size=7 * MIB, upload_checksum=True).upload()
    assert [item["sha256"] for item in items(investigator, case)] == [digest(film)]


def test_tuspy_goes_on_after_the_server_was_killed(
    server: Server, investigator: Persona, case: dict[str, Any], film: Path, tmp_path: Path
) -> None:
    remembered = FileStorage(str(tmp_path / "urls.json"))
    options = {"chunk_size": 3 * MIB, "store_url": True, "url_storage": remembered}
    first = uploader(server, investigator, case["id"], film, **options)
    first.upload(stop_at=18 * MIB)
    url = first.url
    line = send_part(server, investigator, url, film, 18 * MIB, 20 * MIB)
    server.kill()
    line.close()
    server.start()
    again = uploader(server, investigator, case["id"], film, **options)
    assert again.url == url
    assert again.offset >= 18 * MIB, "what was answered for was lost"
    again.upload()
    assert [item["sha256"] for item in items(investigator, case)] == [digest(film)]


def test_a_line_that_is_cut_loses_nothing_that_came_through(
    server: Server, investigator: Persona, case: dict[str, Any], film: Path
) -> None:
    upload = uploader(server, investigator, case["id"], film)
    upload.set_url(upload.create_url())
    send_part(server, investigator, upload.url, film, 0, 17 * MIB + 4321).close()
    wait_for(lambda: head(server, investigator, upload.url).headers["Upload-Offset"] == str(17 * MIB + 4321))
    resumed = uploader(server, investigator, case["id"], film, url=upload.url)
    resumed.upload()
    assert [item["sha256"] for item in items(investigator, case)] == [digest(film)]


def test_on_a_slow_line_what_has_come_is_kept_soon(
    server: Server, investigator: Persona, case: dict[str, Any], film: Path
) -> None:
    upload = uploader(server, investigator, case["id"], film)
    upload.set_url(upload.create_url())
    line = send_part(server, investigator, upload.url, film, 0, 0)
    stop = threading.Event()

    def trickle() -> None:
        with suppress(OSError):
            while not stop.wait(0.1):
                line.send(os.urandom(4000))

    sender = threading.Thread(target=trickle)
    sender.start()
    try:
        wait_for(lambda: int(head(server, investigator, upload.url).headers["Upload-Offset"]) > 0, 60)
        server.kill()
    finally:
        stop.set()
        sender.join()
        line.close()
    server.start()
    assert int(head(server, investigator, upload.url).headers["Upload-Offset"]) > 0


def test_a_line_whose_other_end_vanishes_is_watched(
    server: Server, investigator: Persona, case: dict[str, Any], film: Path
) -> None:
    upload = uploader(server, investigator, case["id"], film)
    upload.set_url(upload.create_url())
    line = send_part(server, investigator, upload.url, film, 0, MIB)
    mine, theirs = (f":{port:04X}" for port in (line.sock.getsockname()[1], server.port))

    def timers() -> list[str]:
        rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        return [row[5].split(":")[0] for row in rows if row[1].endswith(theirs) and row[2].endswith(mine)]

    # Keep-alive (02) is the only timer of a connection that waits (proc(5), /proc/net/tcp); others end within moments.
    wait_for(lambda: timers() == ["02"])
    line.close()


def test_slow_uploads_leave_room_for_everyone_else_and_do_not_hold_up_the_end(
    site: Site, investigator: Persona, case: dict[str, Any], film: Path, tmp_path: Path
) -> None:
    server = Server(site.settings, tmp_path / "server.log", "--workers", "1")
    server.start()
    urls = []
    for _ in range(MOST_AT_ONCE + 1):
        upload = uploader(server, investigator, case["id"], film)
        upload.set_url(upload.create_url())
        urls.append(upload.url)
    lines = [send_part(server, investigator, url, film, 0, 1000) for url in urls[:-1]]
    try:
        wait_for(lambda: being_written(site, urls) == MOST_AT_ONCE)
        further = send_part(server, investigator, urls[-1], film, 0, 0)
        lines.append(further)
        refused = further.getresponse()
        assert (refused.status, refused.headers["Retry-After"]) == (503, "30")
        assert json.loads(refused.read())["type"] == "unavailable"
        assert requests.get(f"{server.url}/health/live", timeout=10).status_code == 200
        lines.pop(0).close()
        wait_for(lambda: took_bytes(server, investigator, urls[-1], film))
        assert server.end() < 12
    finally:
        server.kill()
        for line in lines:
            line.close()


def being_written(site: Site, urls: list[str]) -> int:
    ids = [UUID(url.rsplit("/", 1)[1]) for url in urls]
    find = sa.select(sa.func.count()).where(Upload.id.in_(ids), Upload.lease_holder.is_not(None))
    with site.engine.connect() as connection:
        return connection.scalars(find).one()


def took_bytes(server: Server, persona: Persona, url: str, path: Path) -> bool:
    """Another upload has found a place."""
    line = send_part(server, persona, url, path, 0, 1000)
    line.close()
    return head(server, persona, url).headers["Upload-Offset"] != "0"


def test_who_is_refused_a_large_body_reads_why(
    server: Server, colleague: Persona, investigator: Persona, case: dict[str, Any], film: Path
) -> None:
    with film.open("rb") as file:
        refused = requests.post(
            f"{server.api}/cases/{case['id']}/evidence",
            headers={"Authorization": f"Bearer {colleague.token}"},
            files={"file": file},
            data={"title": "Mine"},
            timeout=30,
        )
    assert (refused.status_code, refused.json()["type"]) == (404, "not-found")


def test_a_form_that_is_cut_on_a_real_line_leaves_nothing(
    server: Server, investigator: Persona, case: dict[str, Any], site: Site
) -> None:
    before = in_store(site)
    line = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    line.putrequest("POST", f"/api/v1/cases/{case['id']}/evidence")
    line.putheader("Authorization", f"Bearer {investigator.token}")
    line.putheader("Content-Type", "multipart/form-data; boundary=b")
    line.putheader("Content-Length", str(5 * MIB))
    line.endheaders()
    line.send(b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n' + os.urandom(2 * MIB))
    wait_for(lambda: in_store(site) != before)
    line.close()
    wait_for(lambda: in_store(site) == before)
    assert items(investigator, case) == []


def test_curl_uploads_a_form(server: Server, investigator: Persona, case: dict[str, Any], film: Path) -> None:
    command = [
        "curl",
        "--silent",
        "--show-error",
        "--fail-with-body",
        "--header",
        f"Authorization: Bearer {investigator.token}",
    ]
    fields = ["--form", "title=Film", "--form", f"file=@{film}", "--form", f"sha256={digest(film)}"]
    done = subprocess.run(
        [*command, *fields, f"{server.api}/cases/{case['id']}/evidence"], capture_output=True, text=True, check=True
    )
    item = json.loads(done.stdout)
    assert (item["sha256"], item["filename"]) == (digest(film), "film.mp4")


# --- tus-js-client ----------------------------------------------------------------------------------------------------


def run_js(node: str, server: Server, persona: Persona, case: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [node, str(JS / "upload.mjs"), f"{server.api}/uploads", persona.token, case, *arguments],
        stdout=subprocess.PIPE,
        text=True,
        cwd=JS,
    )


def test_tus_js_client_uploads_a_file_in_one_piece(
    server: Server, node: str, investigator: Persona, case: dict[str, Any], film: Path
) -> None:
    for duplicate in (False, True):
        said, _ = run_js(node, server, investigator, case["id"], str(film), "0").communicate(timeout=60)
        events = [json.loads(line) for line in said.splitlines()]
        evidence = next(event for event in events if "evidence" in event)
        assert evidence["duplicate"] is duplicate
        assert any(event.get("done") for event in events)
        item = investigator.get(f"/evidence/{evidence['evidence']}").get_json()
        assert (item["sha256"], item["filename"]) == (digest(film), "from a browser.mp4")


def test_tus_js_client_goes_on_by_itself_after_the_server_was_killed(
    server: Server, node: str, investigator: Persona, case: dict[str, Any], film: Path
) -> None:
    client = run_js(node, server, investigator, case["id"], str(film), str(4 * MIB))
    assert client.stdout is not None
    events: list[dict[str, Any]] = []
    killed = False
    for line in client.stdout:
        events.append(json.loads(line))
        if not killed and events[-1].get("accepted", 0) >= 16 * MIB:
            server.kill()
            server.start()
            killed = True
    assert client.wait(60) == 0, events
    assert killed
    assert any(event.get("done") for event in events)
    assert [item["sha256"] for item in items(investigator, case)] == [digest(film)]


def test_tus_js_client_gives_an_upload_up(
    server: Server, node: str, investigator: Persona, case: dict[str, Any], film: Path, site: Site
) -> None:
    before = in_store(site)
    client = run_js(node, server, investigator, case["id"], str(film), str(4 * MIB), "terminate")
    said, _ = client.communicate(timeout=60)
    assert any(json.loads(line).get("terminated") for line in said.splitlines()), said
    wait_for(lambda: in_store(site) == before)
    assert items(investigator, case) == []
