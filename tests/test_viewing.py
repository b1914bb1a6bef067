"""Looking at an item's content in a page: who is asked for what, what is recorded, what the bytes carry along."""

import io
import os
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from PIL import ExifTags, Image
from werkzeug.test import TestResponse

from evidence_api.domain.roles import Role
from evidence_api.ledger.chain import facts_of
from evidence_api.ledger.entry import decode
from evidence_api.models import Evidence, Sitting
from evidence_api.work import Site
from tests.conftest import Persona, upload
from tests.people import Browser, Person, new_person

pytestmark = pytest.mark.usefixtures("quick_sign_in")

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8
MP4 = b"\0\0\0\x18ftypisom\0\0\0\0isommp42" + os.urandom(5000)
REASON = "Quarterly audit of the chain"
ROW = r"<tr>(<th scope=\"row\">((?:(?!</th>).)*)</th>(?:(?!</tr>).)*)</tr>"
HTML_ONLY = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@dataclass
class Room:
    """A person's browser, looking at one item."""

    person: Person
    browser: Browser
    id: str

    def begin(self, **fields: str) -> TestResponse:
        return self._send("view", fields)

    def download(self, **fields: str) -> TestResponse:
        return self._send("download", fields)

    def stop(self) -> TestResponse:
        return self._send("view/end", {})

    def _send(self, what: str, fields: dict[str, str]) -> TestResponse:
        data = {"csrf_token": self.browser.csrf, **fields}
        return self.browser.client.post(f"/items/{self.id}/{what}", data=data, headers=HTML_ONLY)

    def bytes(self, span: str | None = None) -> TestResponse:
        headers = {} if span is None else {"Range": f"bytes={span}"}
        return self.browser.client.get(f"/items/{self.id}/content", headers=headers)

    def page(self) -> str:
        answer = self.browser.client.get(f"/items/{self.id}")
        assert answer.status_code == 200
        return answer.get_data(as_text=True)

    def elsewhere(self) -> "Room":
        """The same person at another browser."""
        return Room(self.person, self.person.browser(), self.id)


Enter = Callable[..., Room]


@pytest.fixture
def enter(app: Flask, site: Site, investigator: Persona, case: dict[str, Any]) -> Enter:
    """Somebody new on the case, looking at an item of it."""

    def look(item: dict[str, Any], role: Role = Role.LAWYER, *, named: bool = True) -> Room:
        person = new_person(app, site, [role])
        if role is not Role.SUPERVISOR:
            body = {"user": str(person.id), "role": role.value}
            assert investigator.post(f"/cases/{case['id']}/assignments", body).status_code == 201
        if item["sensitivity"] == "restricted" and named:
            answer = investigator.post(f"/evidence/{item['id']}/readers", {"user": str(person.id)})
            assert answer.status_code == 201, answer.get_json()
        return Room(person, person.browser(), item["id"])

    return look


@pytest.fixture
def picture(investigator: Persona, case: dict[str, Any]) -> dict[str, Any]:
    return upload(investigator, case["id"], PNG + os.urandom(8))


@pytest.fixture
def restricted(investigator: Persona, case: dict[str, Any]) -> dict[str, Any]:
    """A video, restricted to those named."""
    item = upload(investigator, case["id"], MP4 + os.urandom(8))
    return restrict(investigator, item)


def restrict(investigator: Persona, item: dict[str, Any]) -> dict[str, Any]:
    body = {"sensitivity": "restricted", "reason": "Imagery of abuse"}
    answer = investigator.post(f"/evidence/{item['id']}/sensitivity", body)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.get_json()
    return found


def chain(investigator: Persona, item: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = investigator.get(f"/evidence/{item['id']}/custody").get_json()["items"]
    return found


def actions(investigator: Persona, item: dict[str, Any]) -> list[str]:
    """What happened to the item since it came in, but for what this file does to prepare it."""
    prepared = {"evidence:ingest", "evidence:restrict", "evidence:name_reader", "evidence:drop_reader"}
    return [link["action"] for link in chain(investigator, item) if link["action"] not in prepared]


def reasons(investigator: Persona, item: dict[str, Any], action: str) -> list[Any]:
    return [
        facts_of(decode(link["entry"].encode()), link["disclosures"]).get("reason")
        for link in chain(investigator, item)
        if link["action"] == action
    ]


def quiet_for(site: Site, item: dict[str, Any], minutes: float) -> None:
    passed = datetime.now(UTC) - timedelta(minutes=minutes)
    with site.engine.begin() as connection:
        which = Sitting.evidence_id == uuid.UUID(item["id"])
        assert connection.execute(sa.update(Sitting).where(which).values(last_at=passed)).rowcount == 1


def test_an_ordinary_video_plays_without_being_asked_and_is_one_view(
    enter: Enter, investigator: Persona, case: dict[str, Any]
) -> None:
    item = upload(investigator, case["id"], MP4)
    room = enter(item)
    assert "<video" in room.page()
    assert actions(investigator, item) == [], "opening the page is no view"
    for span in ("0-", "1000-1999", "4000-"):
        assert room.bytes(span).status_code == 206
    assert actions(investigator, item) == ["evidence:view"]


def test_a_range_in_the_middle_is_that_part_and_a_long_one_is_given_out_in_pieces(
    enter: Enter, investigator: Persona, case: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    item = upload(investigator, case["id"], MP4)
    room = enter(item)
    part = room.bytes("1000-1999")
    assert (part.status_code, part.data) == (206, MP4[1000:2000])
    assert part.headers["Content-Range"] == f"bytes 1000-1999/{len(MP4)}"
    monkeypatch.setattr("web.viewing.PIECE", 3000)
    given = b""
    while len(given) < len(MP4):
        piece = room.bytes(f"{len(given)}-")
        assert piece.headers["Content-Range"].startswith(f"bytes {len(given)}-")
        assert 0 < len(piece.data) <= 3000
        given += piece.data
    assert given == MP4
    beyond = room.bytes("999999-")
    assert (beyond.status_code, beyond.headers["Content-Range"]) == (416, f"bytes */{len(MP4)}")


def test_a_picture_is_shown_only_once_it_is_asked_for(
    enter: Enter, investigator: Persona, picture: dict[str, Any]
) -> None:
    room = enter(picture)
    html = room.page()
    assert "Show the picture" in html
    assert "<img" not in html
    assert room.bytes().status_code == 409
    assert actions(investigator, picture) == []
    begun = room.begin()
    assert (begun.status_code, begun.headers["Location"]) == (303, f"/items/{picture['id']}#content")
    assert f'<img class="shown" src="/items/{picture["id"]}/content"' in room.page()
    assert room.bytes().data.startswith(b"\x89PNG")
    assert actions(investigator, picture) == ["evidence:view"]
    assert room.stop().status_code == 303
    assert "<img" not in room.page()


def test_no_byte_of_a_restricted_item_is_given_to_a_page_without_a_code(
    enter: Enter, investigator: Persona, restricted: dict[str, Any]
) -> None:
    room = enter(restricted)
    html = room.page()
    assert "it may show abuse" in html
    assert "<video" not in html
    for span in (None, "0-9"):
        refused = room.bytes(span)
        assert refused.status_code == 403
        assert b"ftyp" not in refused.data
    without, wrong = room.begin(), room.begin(otp="123456")
    assert "This takes a fresh code" in without.get_data(as_text=True)
    assert "This code is not right" in wrong.get_data(as_text=True)
    assert (without.status_code, wrong.status_code) == (403, 403)
    assert "<video" not in room.page()
    assert room.bytes("0-9").status_code == 403
    assert actions(investigator, restricted) == []


def test_with_a_code_a_restricted_video_plays_within_the_sitting_and_each_look_is_recorded(
    enter: Enter, investigator: Persona, restricted: dict[str, Any]
) -> None:
    room = enter(restricted)
    assert room.begin(otp=room.person.fresh()).status_code == 303
    assert 'preload="none"' in room.page()
    first, second = room.bytes("0-99"), room.bytes("100-199")
    assert (first.status_code, second.status_code) == (206, 206)
    assert first.headers["Content-Disposition"].startswith("inline")
    assert actions(investigator, restricted) == ["evidence:view"]
    assert room.begin(otp=room.person.fresh()).status_code == 303
    assert actions(investigator, restricted) == ["evidence:view", "evidence:view"]


def test_fifteen_quiet_minutes_end_a_viewing_and_each_read_puts_that_off(
    enter: Enter, site: Site, restricted: dict[str, Any]
) -> None:
    room = enter(restricted)
    room.begin(otp=room.person.fresh())
    for _ in range(2):
        quiet_for(site, restricted, 14.9)
        assert room.bytes("0-9").status_code == 206
    quiet_for(site, restricted, 15.1)
    assert "<video" not in room.page()
    assert room.bytes("0-9").status_code == 403
    room.begin(otp=room.person.fresh())
    assert room.bytes("0-9").status_code == 206


def test_a_viewing_belongs_to_one_browser_session_and_a_token_has_none(
    enter: Enter, app: Flask, restricted: dict[str, Any]
) -> None:
    room = enter(restricted)
    room.begin(otp=room.person.fresh())
    other, path = room.elsewhere(), f"/api/v1/evidence/{restricted['id']}/content?shown=1"
    assert other.bytes("0-9").status_code == 403
    assert "<video" not in other.page()
    secret = room.person.token(scope="read")
    token = {"Authorization": f"Bearer {secret}", "Range": "bytes=0-9"}
    assert app.test_client().get(path, headers=token).status_code == 403
    assert room.bytes("0-9").status_code == 206
    assert room.browser.client.get(path, headers={"Range": "bytes=0-9"}).status_code == 206, "it is the same session"
    other.begin(otp=other.person.fresh())
    assert (other.bytes("0-9").status_code, room.bytes("0-9").status_code) == (206, 403)


def test_a_read_by_a_program_keeps_no_page_open(
    enter: Enter, app: Flask, site: Site, restricted: dict[str, Any]
) -> None:
    room = enter(restricted)
    room.begin(otp=room.person.fresh())
    secret = room.person.token(scope="read")
    headers = {"Authorization": f"Bearer {secret}", "X-OTP": room.person.fresh(), "Range": "bytes=0-9"}
    assert app.test_client().get(f"/api/v1/evidence/{restricted['id']}/content", headers=headers).status_code == 206
    assert room.bytes("0-9").status_code == 403


def test_a_viewing_begun_without_a_code_ends_as_the_item_is_restricted(
    enter: Enter, investigator: Persona, picture: dict[str, Any]
) -> None:
    room = enter(picture)
    room.begin()
    assert room.bytes().status_code == 200
    restrict(investigator, picture)
    assert investigator.post(f"/evidence/{picture['id']}/readers", {"user": str(room.person.id)}).status_code == 201
    assert room.bytes().status_code == 403
    assert "<img" not in room.page()


def test_a_viewing_begun_in_one_role_shows_nothing_in_another(
    enter: Enter, app: Flask, site: Site, investigator: Persona, case: dict[str, Any], picture: dict[str, Any]
) -> None:
    person = new_person(app, site, [Role.LAWYER, Role.SUPERVISOR])
    investigator.post(f"/cases/{case['id']}/assignments", {"user": str(person.id), "role": "lawyer"})
    room = Room(person, person.browser(), picture["id"])
    room.begin()
    assert room.bytes().status_code == 200
    assert room.browser.call("POST", "/session/role", json={"role": "supervisor"}).status_code in {200, 204}
    assert room.bytes().status_code == 422, "as supervisor she owes a reason"


def test_who_is_no_longer_named_sees_no_more_of_it_within_the_same_sitting(
    enter: Enter, investigator: Persona, restricted: dict[str, Any]
) -> None:
    room = enter(restricted)
    room.begin(otp=room.person.fresh())
    ended = f"/evidence/{restricted['id']}/readers/{room.person.id}/end"
    assert investigator.post(ended, {"reason": "Off the case"}).status_code == 204
    assert room.bytes("0-9").status_code == 403
    assert "you are not named to open it" in room.page()
    assert room.begin(otp=room.person.fresh()).status_code == 403


def test_a_supervisor_gives_her_reason_once_a_sitting_and_it_is_kept(
    enter: Enter, site: Site, investigator: Persona, picture: dict[str, Any]
) -> None:
    room = enter(picture, Role.SUPERVISOR)
    refused = room.begin()
    assert refused.status_code == 422
    assert "Say why you read the content" in refused.get_data(as_text=True)
    assert room.bytes().status_code == 422
    assert actions(investigator, picture) == []
    room.begin(reason=REASON)
    for _ in range(3):
        assert room.bytes().status_code == 200
    assert reasons(investigator, picture, "evidence:view") == [REASON]
    quiet_for(site, picture, 16)
    assert room.bytes().status_code == 422
    room.begin(reason="A second look")
    assert reasons(investigator, picture, "evidence:view") == [REASON, "A second look"]


def test_what_was_typed_stays_in_the_form_when_the_code_is_wrong(
    enter: Enter, investigator: Persona, supervisor: Persona, restricted: dict[str, Any]
) -> None:
    room = enter(restricted, Role.SUPERVISOR)
    again = room.begin(reason=REASON, otp="123456")
    assert again.status_code == 403
    assert REASON in again.get_data(as_text=True)
    assert actions(investigator, restricted) == []


def test_each_download_is_recorded_with_its_reason_and_is_named_by_the_ref(
    enter: Enter, investigator: Persona, picture: dict[str, Any]
) -> None:
    lawyer, supervisor = enter(picture), enter(picture, Role.SUPERVISOR)
    for _ in range(2):
        saved = lawyer.download()
        assert saved.status_code == 200
        assert saved.headers["Content-Disposition"] == f'attachment; filename="{picture["ref"].replace("/", "-")}.png"'
        assert len(saved.data) == picture["size"]
    assert supervisor.download().status_code == 422
    assert supervisor.download(reason=REASON).data == saved.data
    assert actions(investigator, picture) == ["evidence:download"] * 3
    assert reasons(investigator, picture, "evidence:download") == [None, None, REASON]


def test_a_restricted_item_takes_a_code_for_each_download_also_within_a_viewing(
    enter: Enter, investigator: Persona, restricted: dict[str, Any]
) -> None:
    room = enter(restricted)
    room.begin(otp=room.person.fresh())
    assert room.download().status_code == 403
    assert room.download(otp=room.person.fresh()).status_code == 200
    assert actions(investigator, restricted) == ["evidence:view", "evidence:download"]


HOSTILE = {
    "svg": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "html": b"<!doctype html><script>alert(1)</script>",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_what_could_run_in_a_browser_is_never_shown_by_it(
    enter: Enter, site: Site, investigator: Persona, case: dict[str, Any], kind: str
) -> None:
    item = upload(investigator, case["id"], HOSTILE[kind] + f"<!-- {uuid.uuid4()} -->".encode())
    media_type = {"svg": "image/svg+xml", "html": "text/html"}[kind]
    with site.engine.begin() as connection:
        which = Evidence.id == uuid.UUID(item["id"])
        connection.execute(sa.update(Evidence).where(which).values(media_type=media_type))
    room = enter(item)
    room.begin()
    before = actions(investigator, item)
    assert room.bytes().status_code == 409, "what no page can show is saved by its form alone"
    assert actions(investigator, item) == before
    answer = room.download()
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "<script>alert" not in room.page()


def test_a_text_is_shown_escaped_from_its_beginning(enter: Enter, investigator: Persona, case: dict[str, Any]) -> None:
    text = f"<script>alert(1)</script> {uuid.uuid4()} សួស្តី\n" + "line\n" * 20_000 + "the end"
    item = upload(investigator, case["id"], text.encode())
    room = enter(item)
    assert "alert(1)" not in room.page()
    room.begin()
    html = room.page()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "<script>alert" not in html
    assert "សួស្តី" in html
    assert "the end" not in html
    assert "This is the beginning" in html
    assert actions(investigator, item) == ["evidence:view"]


def test_a_text_that_the_store_does_not_give_leaves_the_rest_of_its_page(
    enter: Enter, site: Site, investigator: Persona, case: dict[str, Any]
) -> None:
    item = upload(investigator, case["id"], f"A statement {uuid.uuid4()}\n".encode())
    room = enter(item)
    room.begin()
    assert "A statement" in room.page()
    with site.engine.begin() as connection:
        gone = {"storage_key": f"objects/{uuid.uuid4()}", "storage_version": None}
        connection.execute(sa.update(Evidence).where(Evidence.id == uuid.UUID(item["id"])).values(**gone))
    html = room.page()
    assert "The store does not give out this text now" in html
    assert "custody-picture" in html
    assert "A statement" not in html


def test_content_carries_the_headers_that_keep_it_harmless(enter: Enter, picture: dict[str, Any]) -> None:
    room = enter(picture)
    room.begin()
    for answer in (room.bytes(), room.bytes("0-9"), room.download()):
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'; sandbox"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.mimetype == "image/png"


def test_a_quarantined_item_is_shown_to_nobody_but_a_supervisor(
    enter: Enter, site: Site, picture: dict[str, Any]
) -> None:
    lawyer, supervisor = enter(picture), enter(picture, Role.SUPERVISOR)
    lawyer.begin()
    with site.engine.begin() as connection:
        which = Evidence.id == uuid.UUID(picture["id"])
        connection.execute(sa.update(Evidence).where(which).values(quarantined=True))
    assert (lawyer.bytes().status_code, lawyer.begin().status_code, lawyer.download().status_code) == (409, 409, 409)
    assert "is quarantined" in lawyer.page()
    supervisor.begin(reason=REASON)
    assert supervisor.bytes().status_code == 200


def test_a_thing_has_no_content_and_a_stranger_finds_none(
    enter: Enter, app: Flask, site: Site, investigator: Persona, case: dict[str, Any], picture: dict[str, Any]
) -> None:
    thing = investigator.post(f"/cases/{case['id']}/items", {"title": "Phone", "tag": "RGH-07", "place": "Safe"})
    room = enter(thing.get_json())
    assert f"/items/{room.id}/view" not in room.page()
    assert (room.bytes().status_code, room.begin().status_code, room.download().status_code) == (404, 404, 404)
    person = new_person(app, site, [Role.LAWYER])
    outsider = Room(person, person.browser(), picture["id"])
    assert (outsider.bytes().status_code, outsider.begin().status_code, outsider.download().status_code) == (404,) * 3
    assert app.test_client().get(f"/items/{picture['id']}/content").status_code == 401


def test_what_the_file_claims_stands_beside_what_was_stated_and_differences_are_flagged_by_a_word(
    enter: Enter, investigator: Persona, case: dict[str, Any]
) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Make], exif[ExifTags.Base.Model] = "Kestrel", "P9"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2024:03:02 11:12:13"
    file = io.BytesIO()
    Image.effect_noise((64, 48), 60).convert("RGB").save(file, "JPEG", exif=exif)
    stated = {"device": "Nikon D5", "captured_at": "2024-03-02T04:12:00Z"}
    html = enter(upload(investigator, case["id"], file.getvalue(), **stated)).page()
    rows = {re.sub(r"<[^>]+>", "", head).split()[0]: row for row, head in re.findall(ROW, html, re.DOTALL)}
    assert "They differ" in rows["Device"]
    assert "Nikon D5" in rows["Device"]
    assert "Kestrel P9" in rows["Device"]
    assert "They differ" not in rows["Recorded"], "some zone makes the two the same moment"
    assert "does not say in which zone" in rows["Recorded"]
    assert "64 × 48 pixels" in rows["Size"]
    assert "Not stated" in rows["Size"]


@pytest.mark.parametrize("what", ["view", "download", "view/end"])
def test_a_form_without_its_token_opens_nothing(
    enter: Enter, investigator: Persona, picture: dict[str, Any], what: str
) -> None:
    room = enter(picture)
    assert room.browser.client.post(f"/items/{picture['id']}/{what}", headers=HTML_ONLY).status_code == 403
    assert actions(investigator, picture) == []
