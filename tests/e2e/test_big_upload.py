"""A file of 1 GiB through everything that can go wrong on its way, in a server whose memory stays as it was."""

import hashlib
import os
import random
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from evidence_api.work import Site
from tests.conftest import Persona
from tests.e2e.conftest import Server
from tests.e2e.test_tus_clients import digest, head, send_part, uploader, wait_for
from tests.test_uploads import items

MIB = 1 << 20
SIZE = 1 << 30
ALLOWED = 64 * MIB

pytestmark = [pytest.mark.filterwarnings("ignore::ResourceWarning"), pytest.mark.timeout(900)]


@pytest.fixture
def film(tmp_path: Path) -> Iterator[Path]:
    """No two of its blocks are the same, and no store can press it together much."""
    path = tmp_path / "film.mp4"
    block = bytearray(b"\xa7" + os.urandom(MIB - 1))
    with path.open("wb") as file:
        for number in range(SIZE // MIB):
            block[8:16] = number.to_bytes(8, "big")
            file.write(block)
    yield path
    path.unlink()


@pytest.fixture
def server(site: Site, tmp_path: Path) -> Iterator[Server]:
    """One process, so that the first upload warms the one that is measured."""
    started = Server(site.settings, tmp_path / "server.log", "--workers", "1")
    started.start()
    yield started
    started.kill()


def warm(server: Server, persona: Persona, case: str, path: Path) -> int:
    """Upload a file of some size; the server's peak of memory after that."""
    path.write_bytes(os.urandom(64 * MIB))
    uploader(server, persona, case, path).upload()
    return server.peak_memory()


def test_a_gibibyte_is_cut_and_its_server_killed_and_it_arrives_whole_in_constant_memory(
    server: Server, investigator: Persona, case: dict[str, Any], film: Path, tmp_path: Path
) -> None:
    before = warm(server, investigator, case["id"], tmp_path / "warm 1")
    upload = uploader(server, investigator, case["id"], film)
    upload.set_url(upload.create_url())

    # The line is cut at a random byte: not one that came through is lost.
    cut = random.randrange(SIZE // 4, SIZE // 2)
    send_part(server, investigator, upload.url, film, 0, cut).close()
    wait_for(lambda: head(server, investigator, upload.url).headers["Upload-Offset"] == str(cut), 60)
    assert server.peak_memory() - before < ALLOWED

    # The server is killed while bytes come.
    def send() -> None:
        with suppress(OSError):
            send_part(server, investigator, upload.url, film, cut, SIZE - 1).close()

    sender = threading.Thread(target=send)
    sender.start()
    wait_for(lambda: int(head(server, investigator, upload.url).headers["Upload-Offset"]) > cut, 60)
    server.kill()
    sender.join()

    # Another takes its place, and the client goes on.
    server.start()
    before = warm(server, investigator, case["id"], tmp_path / "warm 2")
    resumed = uploader(server, investigator, case["id"], film, url=upload.url, chunk_size=64 * MIB)
    assert resumed.offset > cut
    resumed.upload()
    assert server.peak_memory() - before < ALLOWED

    item = next(found for found in items(investigator, case) if found["size"] == SIZE)
    assert item["sha256"] == digest(film)
    content = investigator.get(f"/evidence/{item['id']}/content")
    given = hashlib.sha256()
    for chunk in content.iter_encoded():
        given.update(chunk)
    assert given.hexdigest() == item["sha256"]
