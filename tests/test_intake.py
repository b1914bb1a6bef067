"""Files in one request, and physical things: what comes in is admitted whole and as it is, or not at all."""

import base64
import io
import json
import os
import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from evidence_api import create_app
from evidence_api.domain.roles import SYSTEM, Role, Scope
from evidence_api.services import intake
from evidence_api.storage import DirectoryStorage, Storage, Unavailable
from evidence_api.work import Site, begin
from tests.conftest import Persona, upload
from tests.test_media import jpeg
from tests.test_uploads import TUS, encode, failing_admission, in_store, items

__all__ = ["failing_admission"]

BOUNDARY = "--boundary"


def form(parts: list[tuple[str, str | None, bytes]]) -> bytes:
    """A multipart body, byte for byte as written here: field name, file name or None, content."""
    body = b""
    for name, filename, content in parts:
        given = f'; filename="{filename}"' if filename is not None else ""
        body += (
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{given}\r\n\r\n'.encode() + content + b"\r\n"
        )
    return body + f"--{BOUNDARY}--\r\n".encode()


def post(persona: Persona, case: str, body: bytes, announced: int | None = None, **kwargs: Any) -> TestResponse:
    length = {"CONTENT_LENGTH": str(len(body) if announced is None else announced)}
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    stream = io.BytesIO(body)
    kwargs = {"input_stream": stream, "content_type": kind, "environ_overrides": length, **kwargs}
    return persona.call("POST", f"/cases/{case}/evidence", **kwargs)


def facts(persona: Persona, item: dict[str, Any], seq: int = 0) -> dict[str, Any]:
    """The facts of one entry, opened from its disclosures as a reader of the chain would."""
    link = persona.get(f"/evidence/{item['id']}/custody").get_json()["items"][seq]
    opened = [json.loads(base64.urlsafe_b64decode(text + "==")) for text in link["disclosures"].values()]
    return {name: value for _, name, value in opened}


def data_of(persona: Persona, item: dict[str, Any], seq: int = 0) -> dict[str, Any]:
    entry: dict[str, Any] = json.loads(persona.get(f"/evidence/{item['id']}/custody").get_json()["items"][seq]["entry"])
    found: dict[str, Any] = entry["data"]
    return found


# --- one file in one request ------------------------------------------------------------------------------------------


def test_a_file_becomes_an_item_with_all_that_was_said_of_it(investigator: Persona, case: dict[str, Any]) -> None:
    content = os.urandom(300_000)
    said = {
        "title": "The front door",
        "captured_at": "2026-02-18T18:42:10+07:00",
        "method": "body-worn camera",
        "device": "Phone 7",
        "latitude": "11.5564",
        "longitude": "104.9282",
        "sha256": sha256(content).hexdigest(),
    }
    item = upload(investigator, case["id"], content, **said)
    assert item["sha256"] == sha256(content).hexdigest()
    assert item["size"] == 300_000
    assert item["media_type"] == "application/octet-stream"
    assert item["captured_at"] == "2026-02-18T11:42:10+00:00"
    assert (item["latitude"], item["longitude"]) == (11.5564, 104.9282)
    assert item["ref"] == f"{case['ref']}/E1"
    assert item["custodian"] == item["collector"] == str(investigator.id)
    assert (item["state"], item["sensitivity"], item["duplicate"]) == ("in_custody", "ordinary", False)
    assert investigator.get(f"/evidence/{item['id']}/content").data == content
    recorded = data_of(investigator, item)
    assert (recorded["sha256"], recorded["size"]) == (item["sha256"], 300_000)
    assert facts(investigator, item) == {
        "title": "The front door",
        "filename": "front door.bin",
        "captured_at": "2026-02-18T11:42:10.000000Z",
        "method": "body-worn camera",
        "device": "Phone 7",
        "latitude": 11.5564,
        "longitude": 104.9282,
    }


def test_items_are_numbered_within_their_case(investigator: Persona, case: dict[str, Any]) -> None:
    refs = [upload(investigator, case["id"])["ref"] for _ in range(3)]
    assert refs == [f"{case['ref']}/E{n}" for n in (1, 2, 3)]


def test_fields_may_come_after_the_file_and_empty_ones_count_as_left_out(
    investigator: Persona, case: dict[str, Any]
) -> None:
    body = form([("file", "a.bin", b"content"), ("device", None, b""), ("title", None, b"Last")])
    response = post(investigator, case["id"], body)
    assert response.status_code == 201
    assert (response.get_json()["title"], response.get_json()["device"]) == ("Last", None)


@pytest.mark.parametrize(
    "content",
    [b"\r\n", b"\r\n--" + BOUNDARY.encode()[:-1], b"\r" * 70_000, b"\n" * 70_000, b"--" * 40_000, b"a"],
    ids=["line break", "almost a boundary", "CR", "LF", "dashes", "one byte"],
)
def test_content_that_looks_like_the_form_arrives_unchanged(
    investigator: Persona, case: dict[str, Any], content: bytes
) -> None:
    body = form([("title", None, b"Odd"), ("file", "a.bin", content)])
    item = post(investigator, case["id"], body).get_json()
    assert item["sha256"] == sha256(content).hexdigest()


@pytest.mark.parametrize(
    ("parts", "field"),
    [
        ([("title", None, b"No file")], "file"),
        ([("title", None, b"Empty"), ("file", "a.bin", b"")], "file"),
        ([("title", None, b"Two"), ("file", "a", b"1"), ("file", "b", b"2")], "file"),
        ([("title", None, b"Elsewhere"), ("attachment", "a", b"1")], "file"),
        ([("file", "a", b"1")], "title"),
        ([("file", "a", b"1"), ("title", None, b"x" * 201)], "title"),
        ([("file", "a", b"1"), ("title", None, b"One"), ("title", None, b"Two")], "title"),
        ([("file", "a", b"1"), ("title", None, b"x"), ("colour", None, b"red")], "colour"),
        ([("file", "a", b"1"), ("title", None, b"x"), ("latitude", None, b"12")], "longitude"),
        (
            [("file", "a", b"1"), ("title", None, b"x"), ("latitude", None, b"NaN"), ("longitude", None, b"1")],
            "latitude",
        ),
        ([("file", "a", b"1"), ("title", None, b"x"), ("captured_at", None, b"2999-01-01T00:00:00Z")], "captured_at"),
        ([("file", "a", b"1"), ("title", None, b"x"), ("sha256", None, b"abc")], "sha256"),
        ([("file", "a", b"1"), ("title", None, b"x"), ("derivation", None, b"extract")], "original"),
        ([("file", "x" * 1001, b"1"), ("title", None, b"x")], "file"),
    ],
)
def test_a_form_at_fault_is_refused_and_leaves_nothing(
    investigator: Persona, case: dict[str, Any], site: Site, parts: list[tuple[str, str | None, bytes]], field: str
) -> None:
    before = in_store(site)
    response = post(investigator, case["id"], form(parts))
    assert response.status_code == 422
    assert list(response.get_json()["errors"]) == [field]
    assert in_store(site) == before
    assert items(investigator, case) == []


@pytest.mark.parametrize("cut", [1, 60, 100, 50_000, -30, -1])
def test_a_cut_body_is_refused_and_leaves_nothing(
    investigator: Persona, case: dict[str, Any], site: Site, cut: int
) -> None:
    before = in_store(site)
    body = form([("title", None, b"Cut"), ("file", "a.bin", os.urandom(100_000))])
    response = post(investigator, case["id"], body[:cut], announced=len(body))
    assert (response.status_code, response.get_json()["type"]) == (400, "cut-short")
    assert in_store(site) == before
    assert items(investigator, case) == []


@pytest.mark.parametrize("body", [b"", b"no form at all", form([("file", "a", b"1")])[:-8]])
def test_what_is_no_form_is_refused(investigator: Persona, case: dict[str, Any], site: Site, body: bytes) -> None:
    before = in_store(site)
    assert post(investigator, case["id"], body).status_code in {400, 422}
    assert in_store(site) == before


def test_a_chunked_body_is_refused(investigator: Persona, case: dict[str, Any]) -> None:
    body = form([("title", None, b"Chunked"), ("file", "a.bin", b"content")])
    chunked = {"wsgi.input_terminated": True, "CONTENT_LENGTH": ""}
    response = post(investigator, case["id"], body, headers={"Transfer-Encoding": "chunked"}, environ_overrides=chunked)
    assert response.status_code == 411


def test_another_kind_of_body_is_refused(investigator: Persona, case: dict[str, Any]) -> None:
    assert post(investigator, case["id"], b"{}", content_type="application/json").status_code == 415


class Unread(io.BytesIO):
    """A body that nobody may read."""

    def read(self, size: int | None = -1) -> bytes:
        raise AssertionError("the body was read")


def test_who_may_not_is_told_so_before_the_body_is_read(
    colleague: Persona, supervisor: Persona, case: dict[str, Any]
) -> None:
    body = form([("title", None, b"Mine"), ("file", "a.bin", b"content")])
    for persona, status in ((colleague, 404), (supervisor, 403)):
        assert post(persona, case["id"], body, input_stream=Unread()).status_code == status
    assert post(colleague, str(uuid.uuid4()), body, input_stream=Unread()).status_code == 404


@pytest.mark.parametrize("announced", [True, False])
def test_a_file_that_is_too_large_is_refused_and_leaves_nothing(
    investigator: Persona, case: dict[str, Any], site: Site, announced: bool
) -> None:
    small = replace(site, settings=replace(site.settings, max_upload=1000))
    narrow = replace(investigator, app=create_app(small))
    before = in_store(site)
    body = form([("title", None, b"Large"), ("file", "a.bin", os.urandom(2_000_000 if announced else 1001))])
    assert post(narrow, case["id"], body).status_code == 413
    assert in_store(site) == before
    assert post(narrow, case["id"], form([("title", None, b"x"), ("file", "a", os.urandom(1000))])).status_code == 201


def test_bytes_without_the_stated_sha256_are_refused_and_leave_nothing(
    investigator: Persona, case: dict[str, Any], site: Site
) -> None:
    before = in_store(site)
    body = form([("sha256", None, b"0" * 64), ("title", None, b"Other"), ("file", "a.bin", b"content")])
    response = post(investigator, case["id"], body)
    assert (response.status_code, response.get_json()["type"]) == (422, "digest-mismatch")
    assert in_store(site) == before
    assert items(investigator, case) == []


def test_the_same_file_again_is_said_so_and_recorded(
    investigator: Persona, lawyer: Persona, case: dict[str, Any], site: Site
) -> None:
    first = upload(investigator, case["id"], b"the same")
    before = in_store(site)
    again = post(lawyer, case["id"], form([("title", None, b"Again"), ("file", "other name.bin", b"the same")]))
    assert again.status_code == 200
    assert (again.get_json()["id"], again.get_json()["duplicate"]) == (first["id"], True)
    assert again.get_json()["title"] == first["title"]
    assert in_store(site) == before
    assert facts(investigator, first, 1) == {"filename": "other name.bin"}
    assert data_of(investigator, first, 1) == {"sha256": first["sha256"], "size": 8}


def test_a_file_sent_as_restricted_is_restricted_wherever_the_case_has_it(
    investigator: Persona, lawyer: Persona, make_persona: Any, case: dict[str, Any]
) -> None:
    worker = make_persona(Role.CASEWORKER)
    investigator.post(f"/cases/{case['id']}/assignments", {"user": str(worker.id), "role": "caseworker"})
    content = os.urandom(100)
    seen, unseen = upload(lawyer, case["id"], content), upload(worker, case["id"], content)
    body = form([("title", None, b"Abuse"), ("restricted", None, b"true"), ("file", "a.bin", content)])
    again = post(investigator, case["id"], body)
    assert (again.status_code, again.get_json()["id"]) == (200, min(seen["id"], unseen["id"]))
    assert again.get_json()["sensitivity"] == "restricted"
    for item, last in ((seen, ["evidence:restrict", "evidence:duplicate"]), (unseen, ["evidence:restrict"])):
        assert investigator.get(f"/evidence/{item['id']}").get_json()["sensitivity"] == "restricted"
        links = investigator.get(f"/evidence/{item['id']}/custody").get_json()["items"]
        assert [link["action"] for link in links][1:] == last
        opened = lawyer.get(f"/evidence/{item['id']}/content", headers={"X-OTP": lawyer.otp()})
        assert opened.status_code == 403


def test_a_token_for_uploads_alone_is_not_told_what_another_said_of_the_same_file(
    investigator: Persona, make_persona: Any, case: dict[str, Any]
) -> None:
    field = make_persona(Role.INVESTIGATOR, scope=Scope.UPLOAD)
    investigator.post(f"/cases/{case['id']}/assignments", {"user": str(field.id), "role": "investigator"})
    content = os.urandom(100)
    first = upload(investigator, case["id"], content, device="Phone 7")
    again = post(field, case["id"], form([("title", None, b"Again"), ("file", "a.bin", content)]))
    assert again.status_code == 200
    wanted = {name: first[name] for name in ("id", "case", "sha256", "size")}
    assert again.get_json() == {**wanted, "duplicate": True}


def test_the_same_file_in_another_case_is_an_item_of_its_own(investigator: Persona, case: dict[str, Any]) -> None:
    other = investigator.post("/cases", {"title": "Other", "kind": "sex_trafficking", "country": "KH"}).get_json()
    content = os.urandom(100)
    assert upload(investigator, case["id"], content)["id"] != upload(investigator, other["id"], content)["id"]


def test_a_caseworker_is_not_told_of_an_item_that_she_cannot_see(
    investigator: Persona, make_persona: Any, case: dict[str, Any]
) -> None:
    worker = make_persona(Role.CASEWORKER)
    investigator.post(f"/cases/{case['id']}/assignments", {"user": str(worker.id), "role": "caseworker"})
    content = os.urandom(100)
    theirs = upload(investigator, case["id"], content)
    assert upload(worker, case["id"], content)["id"] != theirs["id"]


@pytest.mark.usefixtures("failing_admission")
def test_an_admission_that_the_database_refuses_admits_nothing(investigator: Persona, case: dict[str, Any]) -> None:
    body = form([("title", None, b"Twice"), ("file", "a.bin", b"content")])
    assert post(investigator, case["id"], body).status_code == 503
    assert items(investigator, case) == []
    assert post(investigator, case["id"], body).status_code == 201


HOSTILE = [
    "../../etc/passwd",
    "..\\..\\windows\\system32",
    "C:\\Users\\Owner\\film.mp4",
    "/dev/null",
    "a\tb; filename=c",
    "name with NUL \x00 inside",
    "\N{PILE OF POO}" * 255,
    "ល្ខោនខោល.mp4",
    "e\N{COMBINING ACUTE ACCENT} is not é",
    "<script>alert(1)</script>",
    "'; DROP TABLE evidence; --",
    "%2e%2e%2f",
    ".",
    " ",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_name_is_kept_exactly_and_is_no_path(
    investigator: Persona, case: dict[str, Any], site: Site, name: str
) -> None:
    content = os.urandom(100)
    headers = {**TUS, "Upload-Length": "100", "Upload-Metadata": encode({"case": case["id"], "filename": name})}
    url = investigator.post("/uploads", headers=headers).headers["Location"]
    kind = "application/offset+octet-stream"
    sent = investigator.call("PATCH", url, data=content, content_type=kind, headers={**TUS, "Upload-Offset": "0"})
    resumed = {"id": sent.headers["Upload-Evidence"]}
    assert facts(investigator, resumed)["filename"] == name
    assert investigator.get(f"/evidence/{resumed['id']}").get_json()["title"]
    # A backslash is an escape in a form's header, and stays one here.
    in_form = post(
        investigator,
        case["id"],
        form([("title", None, b"x"), ("file", name.replace("\\", "\\\\"), os.urandom(100))]),
    ).get_json()
    assert facts(investigator, in_form)["filename"] == name
    assert all(uuid.UUID(key.rsplit("/", 1)[1]) for key in in_store(site))


def test_no_file_name_reaches_the_log(investigator: Persona, case: dict[str, Any]) -> None:
    with capture_logs() as said:
        body = form([("title", None, b"Hidden house"), ("file", "Safe house.jpg", b"\xff\xd8\xff")])
        assert post(investigator, case["id"], body).status_code == 201
    assert {"received", "request"} <= {line["event"] for line in said}
    assert "house" not in str(said)


# --- what the file says of itself -------------------------------------------------------------------------------------


def test_what_the_file_says_stands_beside_what_was_stated_and_differences_are_flagged(
    investigator: Persona, case: dict[str, Any]
) -> None:
    stated = {"captured_at": "2026-02-19T18:42:10+07:00", "device": "Other", "latitude": "50", "longitude": "8"}
    item = upload(investigator, case["id"], jpeg(), **stated)
    assert item["media_type"] == "image/jpeg"
    assert item["captured_at"] == "2026-02-19T11:42:10+00:00", "what was stated is not mended"
    assert item["claims"]["recorded_at"] == "2026-02-18T18:42:10+07:00"
    assert item["claims"]["device"] == "Fictional Pocket 3"
    assert {difference["field"] for difference in item["differences"]} >= {"captured_at", "device"}
    recorded = facts(investigator, item)
    assert recorded["claimed_recorded_at"] == "2026-02-18T18:42:10+07:00"
    assert recorded["claimed_latitude"] == pytest.approx(10.51)
    assert "claimed_software" in recorded


def test_where_file_and_uploader_agree_nothing_is_flagged(investigator: Persona, case: dict[str, Any]) -> None:
    item = upload(investigator, case["id"], jpeg(), captured_at="2026-02-18T11:42:10Z", device="fictional pocket 3")
    assert item["differences"] is None


def test_a_picture_that_cannot_be_read_is_evidence_all_the_same(investigator: Persona, case: dict[str, Any]) -> None:
    damaged = jpeg()[:50] + os.urandom(2000)
    item = upload(investigator, case["id"], damaged)
    assert item["media_type"] == "image/jpeg"
    assert item["sha256"] == sha256(damaged).hexdigest()


def test_a_store_that_fails_when_the_file_is_looked_into_loses_no_evidence(site: Site, monkeypatch: Any) -> None:
    def fail(*_: Any) -> Iterator[bytes]:
        raise Unavailable("away")

    receiver = site.storage.receive(f"objects/{uuid.uuid4()}", None)
    receiver.write(jpeg())
    stored = receiver.finish()
    monkeypatch.setattr(type(site.storage), "read", fail)
    content = intake.Content.of(site.storage, stored)
    assert (content.media_type, content.said()) == ("application/octet-stream", {"readable": False})


# --- originals, restricted items, physical things ---------------------------------------------------------------------


def test_a_working_copy_names_its_original(investigator: Persona, case: dict[str, Any]) -> None:
    original = upload(investigator, case["id"])
    copy = upload(investigator, case["id"], original=original["id"], derivation="working_copy")
    assert (copy["original"], copy["derivation"]) == (original["id"], "working_copy")
    assert data_of(investigator, copy)["original"] == original["id"]


def test_an_original_of_another_case_is_refused(investigator: Persona, case: dict[str, Any]) -> None:
    other = investigator.post("/cases", {"title": "Other", "kind": "sex_trafficking", "country": "KH"}).get_json()
    original = upload(investigator, other["id"])
    parts = [("title", None, b"x"), ("original", None, original["id"].encode()), ("file", "a", b"1")]
    response = post(investigator, case["id"], form(parts))
    assert (response.status_code, list(response.get_json()["errors"])) == (422, ["original"])


def test_what_is_made_from_a_restricted_item_is_restricted_too(
    investigator: Persona, lawyer: Persona, case: dict[str, Any]
) -> None:
    original = upload(investigator, case["id"], restricted="true")
    copy = upload(investigator, case["id"], original=original["id"], derivation="working_copy")
    for item in (original, copy):
        assert item["sensitivity"] == "restricted"
        assert (
            investigator.get(f"/evidence/{item['id']}/content", headers={"X-OTP": investigator.otp()}).status_code
            == 200
        )
        assert lawyer.get(f"/evidence/{item['id']}/content", headers={"X-OTP": lawyer.otp()}).status_code == 403


def test_a_physical_thing_is_an_item_too(investigator: Persona, case: dict[str, Any]) -> None:
    said = {"title": "Ledger book", "tag": "PP-0007", "place": "Cabinet 3", "captured_at": "2026-02-18T11:42:10Z"}
    response = investigator.post(f"/cases/{case['id']}/items", said)
    assert response.status_code == 201
    item = response.get_json()
    assert (item["tag"], item["place"], item["sha256"], item["size"]) == ("PP-0007", "Cabinet 3", None, None)
    assert item["ref"] == f"{case['ref']}/E1"
    assert item["custodian"] == str(investigator.id)
    assert facts(investigator, item)["place"] == "Cabinet 3"
    assert "Cabinet" not in json.dumps(data_of(investigator, item))
    photo = upload(investigator, case["id"], jpeg(), original=item["id"], derivation="photograph")
    assert photo["original"] == item["id"]


def test_two_things_of_a_case_never_have_one_tag(investigator: Persona, case: dict[str, Any]) -> None:
    said = {"title": "Phone", "tag": "PP-0008", "place": "Cabinet 3"}
    assert investigator.post(f"/cases/{case['id']}/items", said).status_code == 201
    assert investigator.post(f"/cases/{case['id']}/items", said).status_code == 422


def test_a_thing_of_a_case_that_is_not_shared_cannot_be_registered(colleague: Persona, case: dict[str, Any]) -> None:
    said = {"title": "Phone", "tag": "PP-0009", "place": "Cabinet 3"}
    assert colleague.post(f"/cases/{case['id']}/items", said).status_code == 404


# --- the sweep --------------------------------------------------------------------------------------------------------


def key_of_age(hours: float) -> str:
    id = int((time.time() - hours * 3600) * 1000) << 80 | 0x7 << 76 | 0x2 << 62 | int.from_bytes(os.urandom(7))
    return f"objects/{uuid.UUID(int=id)}"


def store(storage: Storage, key: str, *, finish: bool) -> str:
    receiver = storage.receive(key, 3)
    if finish:
        receiver.write(b"abc")
        receiver.finish()
        return key
    receiver.suspend()
    return f"incoming/{key}"


def test_the_sweep_removes_unfinished_objects_that_no_row_names_and_never_a_finished_one(
    investigator: Persona, case: dict[str, Any], site: Site
) -> None:
    item = upload(investigator, case["id"])
    url = investigator.post(
        "/uploads",
        headers={**TUS, "Upload-Length": "9", "Upload-Metadata": encode({"case": case["id"], "filename": "a"})},
    ).headers["Location"]
    named = in_store(site)
    unfinished = store(site.storage, key_of_age(25), finish=False)
    # After a restore from an older backup the items received since are known to no row.
    kept = {store(site.storage, key_of_age(25), finish=True), store(site.storage, key_of_age(23), finish=False)}
    with begin(site, SYSTEM, read_only=True) as work:
        assert intake.sweep(work) == 1
    assert in_store(site) == named | kept
    assert unfinished not in in_store(site)
    assert investigator.get(f"/evidence/{item['id']}/content").status_code == 200
    assert investigator.call("HEAD", url, headers=TUS).status_code == 200
    for key in kept:
        site.storage.discard(key, None)


def test_the_sweep_keeps_old_evidence_and_old_uploads(
    investigator: Persona, case: dict[str, Any], site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    ages = iter([key_of_age(1000), key_of_age(1000)])
    monkeypatch.setattr("evidence_api.api.files.new_id", lambda: next(ages).removeprefix("objects/"))
    item = upload(investigator, case["id"])
    url = investigator.post(
        "/uploads",
        headers={**TUS, "Upload-Length": "9", "Upload-Metadata": encode({"case": case["id"], "filename": "a"})},
    ).headers["Location"]
    with begin(site, SYSTEM, read_only=True) as work:
        assert intake.sweep(work) == 0
    assert investigator.get(f"/evidence/{item['id']}/content").status_code == 200
    sent = {**TUS, "Upload-Offset": "0"}
    kind = "application/offset+octet-stream"
    assert investigator.call("PATCH", url, data=b"123456789", content_type=kind, headers=sent).status_code == 204


def test_the_embedded_store_is_a_directory_of_files_without_names(site: Site, item: dict[str, Any]) -> None:
    if isinstance(site.storage, DirectoryStorage):
        names = [path.name for path in site.storage.root.rglob("*") if path.is_file()]
        assert all(uuid.UUID(name) for name in names)
