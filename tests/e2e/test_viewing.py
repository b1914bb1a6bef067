"""A real browser looks at content: a video plays, a picture appears, a document is paged through, under the policy."""

import io
import math
from pathlib import Path
from typing import Any, cast

import av
import pytest
from flask import Flask
from PIL import Image
from playwright.sync_api import Page, expect

from evidence_api.domain.roles import Role
from evidence_api.work import Site
from tests.conftest import Persona, upload
from tests.e2e.browser import PHONE, NewContext, sign_in
from tests.e2e.conftest import Server
from tests.people import Person, new_person

SECONDS = 12
PAGES = 3


def film(path: Path, codec: str) -> bytes:
    """A moving square, in `path`'s format."""
    noise = Image.effect_noise((320, 240), 90)
    with av.open(str(path), "w") as clip:
        stream = cast(av.VideoStream, clip.add_stream(codec, rate=15, options={"b": "200k"}))
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for index in range(SECONDS * 15):
            picture = noise.rotate(index).convert("RGB")
            picture.paste((200, 40, 40), (index, 100, index + 40, 140))
            clip.mux(stream.encode(av.VideoFrame.from_image(picture)))  # type: ignore[no-untyped-call]
        clip.mux(stream.encode())
    return path.read_bytes()


def document() -> bytes:
    """A PDF of three pages, each with a line of text in a font that every reader has."""
    kids = " ".join(f"{4 + 2 * index} 0 R" for index in range(PAGES))
    parts = [
        "<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Kids[{kids}]/Count {PAGES}>>",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    for index in range(PAGES):
        text = f"BT /F1 36 Tf 60 700 Td (Statement, sheet {index + 1}) Tj ET 0.8 0.1 0.1 rg 60 500 200 80 re f"
        resources = "/Resources<</Font<</F1 3 0 R>>>>"
        parts.append(f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]{resources}/Contents {5 + 2 * index} 0 R>>")
        parts.append(f"<</Length {len(text)}>>stream\n{text}\nendstream")
    made, places = b"%PDF-1.7\n", []
    for number, part in enumerate(parts, 1):
        places.append(len(made))
        made += f"{number} 0 obj{part}endobj\n".encode()
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    head = f"xref\n0 {len(parts) + 1}\n0000000000 65535 f \n{table}trailer<</Size {len(parts) + 1}/Root 1 0 R>>"
    return made + f"{head}\nstartxref\n{len(made)}\n%%EOF".encode()


@pytest.fixture
def person(app: Flask, site: Site, investigator: Persona, case: dict[str, Any]) -> Person:
    made = new_person(app, site, [Role.LAWYER])
    body = {"user": str(made.id), "role": "lawyer"}
    assert investigator.post(f"/cases/{case['id']}/assignments", body).status_code == 201
    return made


def until(page: Page, condition: str) -> None:
    """Wait for a condition, asked again and again: the pages' policy keeps the browser from waiting for a text."""
    for _ in range(100):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(100)
    pytest.fail(condition)


def look_at(page: Page, server: Server, item: dict[str, Any]) -> None:
    page.goto(f"{server.url}/items/{item['id']}")


def actions(investigator: Persona, item: dict[str, Any]) -> list[str]:
    links = investigator.get(f"/evidence/{item['id']}/custody").get_json()["items"]
    return [link["action"] for link in links if link["action"] in {"evidence:view", "evidence:download"}]


@pytest.mark.parametrize(("name", "codec"), [("clip.webm", "libvpx"), ("clip.mp4", "libx264")])
def test_a_video_plays_and_is_wound_forward_and_nothing_is_fetched_before(
    server: Server,
    new_context: NewContext,
    tmp_path: Path,
    investigator: Persona,
    case: dict[str, Any],
    person: Person,
    name: str,
    codec: str,
) -> None:
    item = upload(investigator, case["id"], film(tmp_path / name, codec))
    page = new_context().new_page()
    sign_in(page, server, person)
    look_at(page, server, item)
    video = page.locator("video")
    expect(video).to_be_visible()
    page.wait_for_timeout(500)
    assert actions(investigator, item) == [], "no byte before play is pressed"
    video.evaluate("v => { v.muted = true; return v.play() }")
    until(page, "document.querySelector('video').currentTime > 0.3")
    video.evaluate(f"v => {{ v.currentTime = {SECONDS - 2} }}")
    until(page, f"document.querySelector('video').currentTime > {SECONDS - 1.8}")
    assert video.evaluate("v => v.error") is None
    assert actions(investigator, item) == ["evidence:view"]


def test_a_restricted_video_plays_once_a_code_was_given(
    server: Server, new_context: NewContext, tmp_path: Path, investigator: Persona, case: dict[str, Any], person: Person
) -> None:
    item = upload(investigator, case["id"], film(tmp_path / "clip.webm", "libvpx"))
    restrict = {"sensitivity": "restricted", "reason": "Imagery of abuse"}
    investigator.post(f"/evidence/{item['id']}/sensitivity", restrict)
    investigator.post(f"/evidence/{item['id']}/readers", {"user": str(person.id)})
    page = new_context(**PHONE).new_page()
    sign_in(page, server, person)
    look_at(page, server, item)
    expect(page.get_by_text("it may show abuse")).to_be_visible()
    expect(page.locator("video")).to_have_count(0)
    page.fill("#opening-code", person.fresh())
    page.get_by_role("button", name="Show the video").click()
    video = page.locator("video")
    expect(video).to_be_visible()
    video.evaluate("v => { v.muted = true; return v.play() }")
    until(page, "document.querySelector('video').currentTime > 0.3")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="Stop looking").click()
    expect(page.locator("video")).to_have_count(0)
    assert actions(investigator, item) == ["evidence:view"]


def test_a_picture_appears_when_it_is_asked_for(
    server: Server, new_context: NewContext, investigator: Persona, case: dict[str, Any], person: Person
) -> None:
    file = io.BytesIO()
    Image.effect_noise((640, 400), 60).save(file, "PNG")
    item = upload(investigator, case["id"], file.getvalue())
    page = new_context().new_page()
    sign_in(page, server, person)
    look_at(page, server, item)
    expect(page.locator("img")).to_have_count(0)
    page.get_by_role("button", name="Show the picture").click()
    until(page, "document.querySelector('img.shown')?.naturalWidth === 640")
    assert actions(investigator, item) == ["evidence:view"]


def drawn(page: Page) -> str:
    """What a pixel of the coloured bar on the sheet looks like now, and where the reader is."""
    return str(
        page.evaluate(
            """() => { const c = document.querySelector("canvas");
            const [r, g, b] = c.getContext("2d").getImageData(c.width * 0.25, c.height * 0.36, 1, 1).data;
            return r > 150 && g < 80 && b < 80 ? "bar" : `${r} ${g} ${b}` }"""
        )
    )


def test_a_document_is_paged_through_enlarged_and_read_out(
    server: Server, new_context: NewContext, investigator: Persona, case: dict[str, Any], person: Person
) -> None:
    item = upload(investigator, case["id"], document())
    page = new_context().new_page()
    sign_in(page, server, person)
    look_at(page, server, item)
    assert actions(investigator, item) == []
    page.get_by_role("button", name="Show the document").click()
    where = page.locator(".document [role=status]")
    expect(where).to_have_text(f"Page 1 of {PAGES}")
    words = page.locator(".document .words")
    expect(words).to_have_text("Statement, sheet 1")
    assert drawn(page) == "bar"
    expect(page.get_by_role("button", name="Previous page")).to_be_disabled()
    for number in range(2, PAGES + 1):
        page.get_by_role("button", name="Next page").click()
        expect(words).to_have_text(f"Statement, sheet {number}")
    expect(where).to_have_text(f"Page {PAGES} of {PAGES}")
    expect(page.get_by_role("button", name="Next page")).to_be_disabled()
    before = page.locator("canvas").bounding_box()
    page.get_by_role("button", name="Larger").click()
    until(page, f"document.querySelector('canvas').clientWidth > {math.floor(before['width'] * 1.2)}")  # type: ignore[index]
    expect(page.locator(".document .wrong")).to_be_hidden()
    assert actions(investigator, item) == ["evidence:view"]
