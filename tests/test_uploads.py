"""Resumable uploads: what is received is kept, whoever cuts, kills or disturbs, and nothing is admitted by halves."""

import base64
import hashlib
import io
import os
import random
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from evidence_api.domain.roles import SYSTEM, Role, Scope
from evidence_api.models import Evidence, Upload, UploadSegment
from evidence_api.services import uploads
from evidence_api.work import Site, begin
from tests.conftest import Persona, upload

TUS = {"Tus-Resumable": "1.0.0"}
OCTETS = "application/offset+octet-stream"


def encode(metadata: dict[str, str | bytes]) -> str:
    def value(given: str | bytes) -> str:
        return base64.b64encode(given.encode() if isinstance(given, str) else given).decode()

    return ",".join(f"{key} {value(given)}" for key, given in metadata.items())


def create(persona: Persona, case: str, size: int, **metadata: str | bytes) -> TestResponse:
    given = {"filename": "front door.mp4", **metadata}
    headers = {**TUS, "Upload-Length": str(size), "Upload-Metadata": encode({"case": case, **given})}
    return persona.post("/uploads", headers=headers)


def start(persona: Persona, case: str, size: int, **metadata: str | bytes) -> str:
    response = create(persona, case, size, **metadata)
    assert response.status_code == 201, response.get_json()
    return response.headers["Location"]


def send(persona: Persona, url: str, offset: int, data: bytes, **headers: str) -> TestResponse:
    sent = {**TUS, "Upload-Offset": str(offset), **{name.replace("_", "-"): value for name, value in headers.items()}}
    return persona.call("PATCH", url, data=data, content_type=OCTETS, headers=sent)


def send_cut(persona: Persona, url: str, offset: int, announced: int, data: bytes, **headers: str) -> TestResponse:
    """A PATCH of which only `data` comes before the line is cut."""
    return send_stream(persona, url, offset, announced, io.BytesIO(data), **headers)


def send_stream(
    persona: Persona, url: str, offset: int, announced: int, stream: io.BytesIO, **headers: str
) -> TestResponse:
    sent = {**TUS, "Upload-Offset": str(offset), **headers}
    length = {"CONTENT_LENGTH": str(announced)}
    return persona.call("PATCH", url, input_stream=stream, content_type=OCTETS, headers=sent, environ_overrides=length)


def stands_at(persona: Persona, url: str) -> int:
    response = persona.call("HEAD", url, headers=TUS)
    assert response.status_code == 200
    return int(response.headers["Upload-Offset"])


def read_item(persona: Persona, id: str) -> dict[str, Any]:
    found: dict[str, Any] = persona.get(f"/evidence/{id}").get_json()
    return found


def items(persona: Persona, case: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = persona.get(f"/cases/{case['id']}/evidence").get_json()["items"]
    return found


def in_store(site: Site) -> set[str]:
    return {*site.storage.keys("objects/"), *site.storage.keys("incoming/objects/")}


def change(site: Site, url: str, **values: Any) -> None:
    """Change an upload's row behind the service's back."""
    with site.engine.begin() as connection:
        connection.execute(sa.update(Upload).where(Upload.id == uuid.UUID(url.rsplit("/", 1)[1])).values(**values))


class Meanwhile(io.BytesIO):
    """A body while which is read, something else happens: once, before its first byte."""

    def __init__(self, data: bytes, act: Callable[[], Any]) -> None:
        super().__init__(data)
        self.act = act
        self.outcome: Any = None

    def read(self, size: int | None = -1) -> bytes:
        act, self.act = self.act, lambda: self.outcome
        self.outcome = act()
        return super().read(size)


def send_while(persona: Persona, url: str, offset: int, body: Meanwhile) -> TestResponse:
    return send_stream(persona, url, offset, len(body.getvalue()), body)


@pytest.fixture
def failing_admission() -> Iterator[None]:
    """The database fails at the commit of the next admission, once."""

    def fail(session: Session) -> None:
        if any(isinstance(row, Evidence) for row in session.identity_map.values()):
            event.remove(Session, "before_commit", fail)
            raise OperationalError("COMMIT", None, Exception("disk I/O error"))

    event.listen(Session, "before_commit", fail)
    yield
    if event.contains(Session, "before_commit", fail):
        event.remove(Session, "before_commit", fail)


# --- the whole way ----------------------------------------------------------------------------------------------------


def test_an_upload_in_one_piece_becomes_an_item_of_evidence(investigator: Persona, case: dict[str, Any]) -> None:
    data = os.urandom(300_000)
    url = start(investigator, case["ref"], len(data), title="The front door", device="Phone 7")
    done = send(investigator, url, 0, data)
    assert done.status_code == 204
    assert done.headers["Upload-Offset"] == str(len(data))
    item = read_item(investigator, done.headers["Upload-Evidence"])
    assert (item["sha256"], item["size"]) == (hashlib.sha256(data).hexdigest(), len(data))
    assert (item["title"], item["filename"], item["device"]) == ("The front door", "front door.mp4", "Phone 7")
    assert item["custodian"] == item["collector"] == str(investigator.id)
    content = investigator.get(f"/evidence/{item['id']}/content")
    assert content.data == data
    assert stands_at(investigator, url) == len(data)
    state = investigator.get(url).get_json()
    assert (state["state"], state["evidence"], state["duplicate"]) == ("admitted", item["id"], False)


def test_a_cut_upload_resumes_where_it_stopped(investigator: Persona, case: dict[str, Any], site: Site) -> None:
    data = random.randbytes(site.storage.part_size + 3_000_000)
    url = start(investigator, case["id"], len(data))
    offset, rounds = 0, 0
    while offset < len(data):
        rounds += 1
        cut = random.randrange(offset, len(data) + 1) if rounds < 4 else len(data)
        if cut == len(data):
            response = send(investigator, url, offset, data[offset:])
            break
        response = send_cut(investigator, url, offset, len(data) - offset, data[offset:cut])
        assert response.status_code == 400
        assert response.get_json()["type"] == "cut-short"
        offset = stands_at(investigator, url)
        assert offset == cut, "a byte that was received was lost"
    assert response.status_code == 204
    item = read_item(investigator, response.headers["Upload-Evidence"])
    assert item["sha256"] == hashlib.sha256(data).hexdigest()


def test_many_small_pieces_make_the_same_file(investigator: Persona, case: dict[str, Any]) -> None:
    data = os.urandom(5000)
    url = start(investigator, case["id"], len(data))
    for at in range(0, 5000, 700):
        response = send(investigator, url, at, data[at : at + 700])
        assert response.status_code == 204
    assert read_item(investigator, response.headers["Upload-Evidence"])["sha256"] == hashlib.sha256(data).hexdigest()


def test_what_is_stated_is_sealed_while_the_upload_lasts_and_unreadable_afterwards(
    investigator: Persona, case: dict[str, Any], site: Site
) -> None:
    url = start(investigator, case["id"], 10, title="Secret place")
    with site.engine.begin() as connection:
        stated = connection.execute(sa.select(Upload.stated).order_by(Upload.id.desc()).limit(1)).scalar_one()
    assert b"Secret" not in stated
    send(investigator, url, 0, os.urandom(10))
    with begin(site, SYSTEM, read_only=True) as work:
        kept = work.session.get_one(Upload, uuid.UUID(url.rsplit("/", 1)[1]))
        assert kept.stated == b""
        left = work.session.scalars(sa.select(UploadSegment).where(UploadSegment.upload_id == kept.id)).all()
        assert left == []
        with pytest.raises(Exception, match="no key"):
            work.keys.open(work.session, kept.subject, stated, "upload:stated")


def test_the_metadata_come_back_as_the_client_gave_them(investigator: Persona, case: dict[str, Any]) -> None:
    given = encode({"case": case["id"], "filename": "a.mp4", "filetype": "video/mp4", "relativePath": "x/y"})
    created = investigator.post("/uploads", headers={**TUS, "Upload-Length": "10", "Upload-Metadata": given})
    assert created.status_code == 201
    assert "Upload-Expires" in created.headers
    head = investigator.call("HEAD", created.headers["Location"], headers=TUS)
    assert head.headers["Upload-Metadata"] == given
    assert head.headers["Upload-Length"] == "10"
    assert head.headers["Cache-Control"] == "no-store"


def test_my_uploads_under_way_are_listed(make_persona: Any, investigator: Persona, case: dict[str, Any]) -> None:
    lone = make_persona(Role.INVESTIGATOR)
    investigator.post(f"/cases/{case['id']}/assignments", {"user": str(lone.id), "role": "investigator"})
    urls = [start(lone, case["id"], 10) for _ in range(3)]
    send(lone, urls[0], 0, os.urandom(10))
    first = lone.get("/uploads?limit=1").get_json()
    second = lone.get(f"/uploads?limit=1&cursor={first['next']}").get_json()
    assert [page["items"][0]["id"] for page in (first, second)] == [url.rsplit("/", 1)[1] for url in (urls[2], urls[1])]
    assert second["next"] is None
    assert first["items"][0]["state"] == "receiving"


def test_a_token_for_uploads_alone_is_enough(make_persona: Any, investigator: Persona, case: dict[str, Any]) -> None:
    field = make_persona(Role.INVESTIGATOR, scope=Scope.UPLOAD)
    investigator.post(f"/cases/{case['id']}/assignments", {"user": str(field.id), "role": "investigator"})
    url = start(field, case["id"], 10)
    assert send(field, url, 0, os.urandom(10)).status_code == 204
    assert field.get(url).status_code == 200


# --- the protocol -----------------------------------------------------------------------------------------------------


def test_the_server_says_what_it_can_do(client: Any) -> None:
    response = client.options("/api/v1/uploads")
    assert response.status_code == 204
    assert response.headers["Tus-Version"] == "1.0.0"
    assert set(response.headers["Tus-Extension"].split(",")) == {"creation", "checksum", "termination", "expiration"}
    assert set(response.headers["Tus-Checksum-Algorithm"].split(",")) == {"sha256", "sha1"}
    assert int(response.headers["Tus-Max-Size"]) > 2**30


def test_every_answer_names_the_version_of_the_protocol(investigator: Persona, client: Any) -> None:
    unknown = investigator.call("HEAD", f"/uploads/{uuid.uuid4()}", headers=TUS)
    assert (unknown.status_code, unknown.headers["Tus-Resumable"]) == (404, "1.0.0")
    stranger = client.post("/api/v1/uploads", headers=TUS)
    assert (stranger.status_code, stranger.headers["Tus-Resumable"]) == (401, "1.0.0")


def test_another_version_of_the_protocol_is_refused(investigator: Persona, case: dict[str, Any]) -> None:
    url = start(investigator, case["id"], 10)
    for version in ({}, {"Tus-Resumable": "0.2.2"}):
        response = investigator.call("HEAD", url, headers=version)
        assert (response.status_code, response.headers["Tus-Version"]) == (412, "1.0.0")


def test_a_wrong_offset_is_refused_and_changes_nothing(investigator: Persona, case: dict[str, Any]) -> None:
    url = start(investigator, case["id"], 100)
    send(investigator, url, 0, b"x" * 40)
    for offset in (0, 39, 41):
        assert send(investigator, url, offset, b"y" * 10).status_code == 409
    assert send(investigator, url, -1, b"y" * 10).status_code == 422
    assert stands_at(investigator, url) == 40


def test_more_bytes_than_declared_are_refused_and_change_nothing(investigator: Persona, case: dict[str, Any]) -> None:
    url = start(investigator, case["id"], 100)
    send(investigator, url, 0, b"x" * 40)
    assert send(investigator, url, 40, b"y" * 61).status_code == 413
    assert send(investigator, url, 40, b"y" * 60).status_code == 204


def test_another_media_type_and_a_chunked_body_are_refused(investigator: Persona, case: dict[str, Any]) -> None:
    url = start(investigator, case["id"], 100)
    other = investigator.call("PATCH", url, data=b"x", content_type="text/plain", headers={**TUS, "Upload-Offset": "0"})
    assert other.status_code == 415
    chunked = {**TUS, "Upload-Offset": "0", "Transfer-Encoding": "chunked"}
    stream = io.BytesIO(b"x" * 10)
    assert investigator.call("PATCH", url, input_stream=stream, content_type=OCTETS, headers=chunked).status_code == 411
    assert stands_at(investigator, url) == 0


def test_another_method_may_be_named_in_a_header(investigator: Persona, case: dict[str, Any]) -> None:
    data = os.urandom(50)
    url = start(investigator, case["id"], 50)
    for at in (0, 25):
        headers = {**TUS, "Upload-Offset": str(at), "X-HTTP-Method-Override": "PATCH"}
        sent = investigator.post(url, data=data[at : at + 25], content_type=OCTETS, headers=headers)
        assert sent.status_code == 204
    assert "Upload-Evidence" in sent.headers
    head = investigator.post(url, headers={**TUS, "X-HTTP-Method-Override": "HEAD"})
    assert head.headers["Upload-Offset"] == "50"
    assert investigator.post(url, headers={**TUS, "X-HTTP-Method-Override": "PUT"}).status_code == 405


@pytest.mark.parametrize("algorithm", ["sha256", "sha1"])
def test_a_right_checksum_is_taken(investigator: Persona, case: dict[str, Any], algorithm: str) -> None:
    data = os.urandom(9000)
    url = start(investigator, case["id"], len(data))
    for at in (0, 4000):
        piece = data[at:] if at else data[:4000]
        sum_ = base64.b64encode(hashlib.new(algorithm, piece).digest()).decode()
        sent = send(investigator, url, at, piece, Upload_Checksum=f"{algorithm} {sum_}")
        assert sent.status_code == 204
    assert read_item(investigator, sent.headers["Upload-Evidence"])["sha256"] == hashlib.sha256(data).hexdigest()


def test_a_wrong_checksum_drops_the_bytes_of_that_request_alone(investigator: Persona, case: dict[str, Any]) -> None:
    data = os.urandom(9000)
    url = start(investigator, case["id"], len(data))
    send(investigator, url, 0, data[:4000])
    wrong = base64.b64encode(hashlib.sha256(b"other").digest()).decode()
    refused = send(investigator, url, 4000, data[4000:], Upload_Checksum=f"sha256 {wrong}")
    assert refused.status_code == 460
    assert refused.mimetype == "application/problem+json"
    assert stands_at(investigator, url) == 4000
    done = send(investigator, url, 4000, data[4000:])
    assert read_item(investigator, done.headers["Upload-Evidence"])["sha256"] == hashlib.sha256(data).hexdigest()


def test_a_cut_body_with_a_checksum_is_dropped(investigator: Persona, case: dict[str, Any]) -> None:
    data = os.urandom(9000)
    url = start(investigator, case["id"], len(data))
    right = base64.b64encode(hashlib.sha256(data).digest()).decode()
    cut = send_cut(investigator, url, 0, len(data), data[:5000], **{"Upload-Checksum": f"sha256 {right}"})
    assert cut.status_code == 400
    assert stands_at(investigator, url) == 0
    assert send(investigator, url, 0, data, Upload_Checksum=f"sha256 {right}").status_code == 204


@pytest.mark.parametrize("checksum", ["md5 1B2M2Y8AsgTpgAmY7PhCfg==", "sha256", "sha256 ?"])
def test_an_unknown_checksum_is_refused_before_the_bytes(
    investigator: Persona, case: dict[str, Any], checksum: str
) -> None:
    url = start(investigator, case["id"], 10)
    assert send(investigator, url, 0, b"x" * 10, Upload_Checksum=checksum).status_code in {400, 460}
    assert stands_at(investigator, url) == 0


# --- what is refused at the beginning ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Upload-Length": "0"}, 422),
        ({"Upload-Length": "-1"}, 422),
        ({"Upload-Length": "1e3"}, 422),
        ({}, 422),
        ({"Upload-Defer-Length": "1"}, 422),
        ({"Upload-Length": str(2**50)}, 413),
    ],
)
def test_an_upload_begins_with_a_size_that_can_be(
    investigator: Persona, case: dict[str, Any], headers: dict[str, str], status: int
) -> None:
    metadata = encode({"case": case["id"], "filename": "a"})
    response = investigator.post("/uploads", headers={**TUS, "Upload-Metadata": metadata, **headers})
    assert response.status_code == status
    assert response.get_json()["detail"]


@pytest.mark.parametrize(
    "metadata",
    [
        {"title": "x" * 201},
        {"filename": "x" * 1001},
        {"filename": b"\xff\xfe"},
        {"captured_at": "yesterday"},
        {"captured_at": "2999-01-01T00:00:00Z"},
        {"latitude": "91", "longitude": "0"},
        {"latitude": "1"},
        {"sha256": "abc"},
        {"original": str(uuid.uuid4())},
        {"derivation": "extract"},
        {"restricted": "perhaps"},
        {"padding": "x" * 20_000},
    ],
)
def test_metadata_that_cannot_be_so_are_refused(
    investigator: Persona, case: dict[str, Any], site: Site, metadata: dict[str, str | bytes]
) -> None:
    before = in_store(site)
    response = create(investigator, case["id"], 10, **metadata)
    assert response.status_code == 422
    assert response.get_json()["errors"]
    assert in_store(site) == before


@pytest.mark.parametrize("metadata", ["case", "case !!!", "case YQ==,case YQ==", " ,", "title YQ=="])
def test_metadata_that_cannot_be_read_are_refused(investigator: Persona, metadata: str) -> None:
    response = investigator.post("/uploads", headers={**TUS, "Upload-Length": "10", "Upload-Metadata": metadata})
    assert response.status_code == 422


def test_a_case_that_is_not_shared_is_not_there(colleague: Persona, case: dict[str, Any]) -> None:
    for named in (case["id"], case["ref"], str(uuid.uuid4()), "PP-1999-0001"):
        assert create(colleague, named, 10).status_code == 404


def test_a_supervisor_uploads_nothing(supervisor: Persona, case: dict[str, Any]) -> None:
    assert create(supervisor, case["id"], 10).status_code == 403


def test_an_upload_is_visible_to_its_owner_alone(
    investigator: Persona, lawyer: Persona, colleague: Persona, case: dict[str, Any]
) -> None:
    url = start(investigator, case["id"], 10)
    for other in (lawyer, colleague):
        assert send(other, url, 0, b"x" * 10).status_code == 404
        assert other.call("HEAD", url, headers=TUS).status_code == 404
        assert other.call("DELETE", url, headers=TUS).status_code == 404
        assert other.get(url).status_code == 404
    assert stands_at(investigator, url) == 0


def test_who_loses_the_case_midway_cannot_go_on(investigator: Persona, make_persona: Any, case: dict[str, Any]) -> None:
    leaving = make_persona(Role.INVESTIGATOR)
    assigned = investigator.post(f"/cases/{case['id']}/assignments", {"user": str(leaving.id), "role": "investigator"})
    url = start(leaving, case["id"], 20)
    assert send(leaving, url, 0, b"x" * 10).status_code == 204
    ended = investigator.post(
        f"/cases/{case['id']}/assignments/{assigned.get_json()['id']}/end", {"reason": "Leaves the office"}
    )
    assert ended.status_code == 204, ended.get_json()
    assert send(leaving, url, 10, b"x" * 10).status_code == 404
    assert items(investigator, case) == []


# --- two at once, and the dead ----------------------------------------------------------------------------------------


def test_of_two_writers_the_second_is_told_to_wait(investigator: Persona, case: dict[str, Any]) -> None:
    data = os.urandom(1000)
    url = start(investigator, case["id"], len(data))
    body = Meanwhile(data, lambda: send(investigator, url, 0, data))
    done = send_while(investigator, url, 0, body)
    assert body.outcome.status_code == 423
    assert body.outcome.get_json()["type"] == "upload-locked"
    assert done.status_code == 204
    assert read_item(investigator, done.headers["Upload-Evidence"])["sha256"] == hashlib.sha256(data).hexdigest()


def test_nothing_is_locked_for_others_while_bytes_are_received(investigator: Persona, case: dict[str, Any]) -> None:
    other = create(investigator, case["id"], 1000)
    body = Meanwhile(os.urandom(1000), lambda: upload(investigator, case["id"]))
    assert send_while(investigator, other.headers["Location"], 0, body).status_code == 204
    assert body.outcome["state"] == "in_custody"


def test_a_writer_who_was_silent_too_long_stops_at_once_when_another_has_taken_over(
    investigator: Persona, case: dict[str, Any], site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evidence_api.api.uploads.CHECKPOINT_SECONDS", 0)
    data = os.urandom(100_000)
    url = start(investigator, case["id"], len(data))

    def another_takes_over() -> TestResponse:
        change(site, url, lease_until=datetime.now(UTC) - timedelta(seconds=1))
        return send(investigator, url, 0, data[:60_000])

    body = Meanwhile(b"?" * 80_000, another_takes_over)
    assert send_while(investigator, url, 0, body).status_code == 423
    assert body.outcome.status_code == 204
    assert stands_at(investigator, url) == 60_000
    done = send(investigator, url, 60_000, data[60_000:])
    assert read_item(investigator, done.headers["Upload-Evidence"])["sha256"] == hashlib.sha256(data).hexdigest()


def test_a_writer_who_was_silent_too_long_goes_on_when_nobody_has_taken_over(
    investigator: Persona, case: dict[str, Any], site: Site
) -> None:
    url = start(investigator, case["id"], 1000)
    lapse = Meanwhile(os.urandom(1000), lambda: change(site, url, lease_until=datetime.now(UTC) - timedelta(seconds=1)))
    assert send_while(investigator, url, 0, lapse).status_code == 204


def test_an_upload_that_is_given_up_while_it_is_written_leaves_nothing(
    investigator: Persona, case: dict[str, Any], site: Site
) -> None:
    before = in_store(site)
    url = start(investigator, case["id"], 1000)
    body = Meanwhile(os.urandom(1000), lambda: investigator.call("DELETE", url, headers=TUS))
    assert send_while(investigator, url, 0, body).status_code == 404
    assert body.outcome.status_code == 204
    assert in_store(site) == before
    assert items(investigator, case) == []


def test_the_lease_of_a_process_that_died_here_is_taken_over_at_once(
    investigator: Persona, case: dict[str, Any], site: Site
) -> None:
    program = "from evidence_api.services import uploads; print(uploads._new_lease())"
    dead = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip()
    url = start(investigator, case["id"], 10)
    change(site, url, lease_holder=dead, lease_until=datetime.now(UTC) + timedelta(hours=1))
    assert send(investigator, url, 0, os.urandom(10)).status_code == 204


def test_a_process_with_the_number_of_a_dead_one_is_not_taken_for_it(
    investigator: Persona, case: dict[str, Any], site: Site
) -> None:
    place, pid, started, token = uploads._new_lease().split(" ")
    url = start(investigator, case["id"], 10)
    reused = f"{place} {pid} {int(started) - 1} {token}"
    change(site, url, lease_holder=reused, lease_until=datetime.now(UTC) + timedelta(hours=1))
    assert send(investigator, url, 0, os.urandom(10)).status_code == 204


def test_the_lease_of_another_machine_lasts_until_it_lapses(
    investigator: Persona, case: dict[str, Any], site: Site
) -> None:
    url = start(investigator, case["id"], 10)
    change(site, url, lease_holder="elsewhere 1 1 abc", lease_until=datetime.now(UTC) + timedelta(hours=1))
    assert send(investigator, url, 0, os.urandom(10)).status_code == 423
    change(site, url, lease_until=datetime.now(UTC) - timedelta(seconds=1))
    assert send(investigator, url, 0, os.urandom(10)).status_code == 204


def test_a_checkpoint_is_kept_while_bytes_still_come(investigator: Persona, case: dict[str, Any], site: Site) -> None:
    part = site.storage.part_size
    data = random.randbytes(4 * part)
    url = start(investigator, case["id"], len(data))

    class Dies(io.BytesIO):
        """A line, and a server, that are gone after three parts: nobody gets to tidy up."""

        def read(self, size: int | None = -1) -> bytes:
            if self.tell() >= 3 * part + 1_000_000:
                raise KeyboardInterrupt
            return super().read(size)

    with pytest.raises(KeyboardInterrupt):
        send_stream(investigator, url, 0, len(data), Dies(data))
    kept = stands_at(investigator, url)
    assert part <= kept <= 3 * part
    change(site, url, lease_until=datetime.now(UTC) - timedelta(seconds=1))
    done = send(investigator, url, kept, data[kept:])
    assert read_item(investigator, done.headers["Upload-Evidence"])["sha256"] == hashlib.sha256(data).hexdigest()


def test_what_is_short_of_a_part_is_put_aside_while_bytes_come_slowly(
    investigator: Persona, case: dict[str, Any], site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evidence_api.api.uploads.CHECKPOINT_SECONDS", 0)
    monkeypatch.setattr("evidence_api.api.uploads.PAUSE_SECONDS", 0)
    data = os.urandom(300_000)
    url = start(investigator, case["id"], len(data))

    class Dies(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() > 150_000:
                raise KeyboardInterrupt
            return super().read(size)

    with pytest.raises(KeyboardInterrupt):
        send_stream(investigator, url, 0, len(data), Dies(data))
    kept = stands_at(investigator, url)
    assert kept > 50_000
    change(site, url, lease_until=datetime.now(UTC) - timedelta(seconds=1))
    done = send(investigator, url, kept, data[kept:])
    assert read_item(investigator, done.headers["Upload-Evidence"])["sha256"] == hashlib.sha256(data).hexdigest()


# --- how it ends ------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("failing_admission")
def test_an_admission_that_the_database_refuses_leaves_nothing_by_halves_and_can_be_repeated(
    investigator: Persona, case: dict[str, Any]
) -> None:
    data = os.urandom(100_000)
    url = start(investigator, case["id"], len(data))
    send(investigator, url, 0, data[:60_000])
    failed = send(investigator, url, 60_000, data[60_000:])
    assert failed.status_code == 503
    assert items(investigator, case) == []
    offset = stands_at(investigator, url)
    assert offset < len(data), "who is told that all bytes are there must find the item there"
    done = send(investigator, url, offset, data[offset:])
    assert done.status_code == 204
    found = items(investigator, case)
    assert [item["sha256"] for item in found] == [hashlib.sha256(data).hexdigest()]
    assert investigator.get(f"/evidence/{found[0]['id']}/content").data == data


@pytest.mark.usefixtures("failing_admission")
def test_other_bytes_in_the_repetition_are_not_admitted(
    investigator: Persona, case: dict[str, Any], site: Site
) -> None:
    before = in_store(site)
    url = start(investigator, case["id"], 1000)
    assert send(investigator, url, 0, os.urandom(1000)).status_code == 503
    offset = stands_at(investigator, url)
    assert send(investigator, url, offset, os.urandom(1000 - offset)).status_code == 503
    assert items(investigator, case) == []
    assert investigator.call("HEAD", url, headers=TUS).status_code == 410
    assert in_store(site) == before


def test_bytes_without_the_stated_sha256_are_not_admitted(
    investigator: Persona, case: dict[str, Any], site: Site
) -> None:
    before = in_store(site)
    data = os.urandom(1000)
    url = start(investigator, case["id"], 1000, sha256=hashlib.sha256(b"other").hexdigest())
    send(investigator, url, 0, data[:400])
    refused = send(investigator, url, 400, data[400:])
    assert (refused.status_code, refused.get_json()["type"]) == (422, "digest-mismatch")
    assert items(investigator, case) == []
    assert in_store(site) == before
    assert investigator.get(url).get_json()["state"] == "refused"
    assert investigator.call("HEAD", url, headers=TUS).status_code == 410
    assert send(investigator, url, 0, data).status_code == 410


def test_bytes_with_the_stated_sha256_are_admitted(investigator: Persona, case: dict[str, Any]) -> None:
    data = os.urandom(1000)
    url = start(investigator, case["id"], 1000, sha256=hashlib.sha256(data).hexdigest().upper())
    assert "Upload-Evidence" in send(investigator, url, 0, data).headers


def test_the_same_file_again_is_said_so_with_where_it_is(
    investigator: Persona, case: dict[str, Any], site: Site
) -> None:
    data = os.urandom(1000)
    first = upload(investigator, case["id"], data)
    before = in_store(site)
    url = start(investigator, case["id"], 1000, filename="again.mp4")
    done = send(investigator, url, 0, data)
    assert done.status_code == 204
    assert (done.headers["Upload-Evidence"], done.headers["Upload-Duplicate"]) == (first["id"], "true")
    assert investigator.call("HEAD", url, headers=TUS).headers["Upload-Duplicate"] == "true"
    state = investigator.get(url).get_json()
    assert (state["state"], state["evidence"], state["duplicate"]) == ("duplicate", first["id"], True)
    assert [item["id"] for item in items(investigator, case)] == [first["id"]]
    assert in_store(site) == before
    chain = investigator.get(f"/evidence/{first['id']}/custody").get_json()["items"]
    assert [link["action"] for link in chain] == ["evidence:ingest", "evidence:duplicate"]


def test_an_upload_that_is_given_up_leaves_nothing(investigator: Persona, case: dict[str, Any], site: Site) -> None:
    before = in_store(site)
    url = start(investigator, case["id"], 1000)
    send(investigator, url, 0, os.urandom(500))
    assert investigator.call("DELETE", url, headers=TUS).status_code == 204
    assert in_store(site) == before
    assert investigator.call("HEAD", url, headers=TUS).status_code == 404


def test_what_was_admitted_is_not_removed_by_giving_the_upload_up(investigator: Persona, case: dict[str, Any]) -> None:
    data = os.urandom(1000)
    url = start(investigator, case["id"], 1000)
    done = send(investigator, url, 0, data)
    assert investigator.call("DELETE", url, headers=TUS).status_code == 409
    assert investigator.get(f"/evidence/{done.headers['Upload-Evidence']}/content").data == data


@pytest.fixture
def tidy(site: Site) -> None:
    """What other tests have left to expire is gone."""
    with begin(site, SYSTEM) as work:
        uploads.expire(work)


@pytest.mark.usefixtures("tidy")
def test_an_upload_that_is_left_too_long_expires(investigator: Persona, case: dict[str, Any], site: Site) -> None:
    before = in_store(site)
    url = start(investigator, case["id"], 1000)
    send(investigator, url, 0, os.urandom(500))
    change(site, url, expires_at=datetime.now(UTC) - timedelta(seconds=1))
    assert investigator.call("HEAD", url, headers=TUS).status_code == 410
    assert send(investigator, url, 500, os.urandom(500)).status_code == 410
    with begin(site, SYSTEM) as work:
        assert uploads.expire(work) == 1
    assert in_store(site) == before
    assert investigator.call("HEAD", url, headers=TUS).status_code == 404


@pytest.mark.usefixtures("tidy")
def test_bytes_that_are_lost_because_their_sender_was_taken_off_the_case_are_told_to_the_lead(
    investigator: Persona, make_persona: Any, case: dict[str, Any], site: Site
) -> None:
    leaving = make_persona(Role.INVESTIGATOR)
    body = {"user": str(leaving.id), "role": "investigator"}
    assignment = investigator.post(f"/cases/{case['id']}/assignments", body).get_json()
    begun, empty = start(leaving, case["id"], 1000), start(leaving, case["id"], 2000)
    assert send(leaving, begun, 0, os.urandom(400)).status_code == 204
    ended = investigator.post(f"/cases/{case['id']}/assignments/{assignment['id']}/end", {"reason": "Moved"})
    assert ended.status_code == 204
    assert send(leaving, begun, 400, os.urandom(600)).status_code == 404
    for url in (begun, empty):
        change(site, url, expires_at=datetime.now(UTC) - timedelta(seconds=1))
    with begin(site, SYSTEM) as work:
        assert uploads.expire(work) == 2
    last, before = investigator.get(f"/cases/{case['id']}/timeline?limit=2").get_json()["items"]
    assert (last["action"], last["actor"]) == ("case:upload_expired", None)
    assert (last["data"]["size"], last["data"]["received"]) == (1000, 400)
    assert before["action"] == "case:unassign"


@pytest.mark.usefixtures("tidy")
def test_neither_an_upload_in_time_nor_an_admitted_file_expires(
    investigator: Persona, case: dict[str, Any], site: Site
) -> None:
    going_on = start(investigator, case["id"], 1000)
    ended = start(investigator, case["id"], 1000)
    evidence = send(investigator, ended, 0, os.urandom(1000)).headers["Upload-Evidence"]
    change(site, ended, expires_at=datetime.now(UTC) - timedelta(seconds=1))
    with begin(site, SYSTEM) as work:
        assert uploads.expire(work) == 0
    assert stands_at(investigator, going_on) == 0
    assert investigator.get(f"/evidence/{evidence}/content").status_code == 200
    assert investigator.get(ended).status_code == 404
