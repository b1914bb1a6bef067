"""Static files: kept by a browser for good, since their address changes with what is in them."""

import gzip
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from web.static import FOLDER, asset

PACKED = {"Accept-Encoding": "gzip, deflate, br"}
KEPT = "public, max-age=31536000, immutable"


@pytest.fixture
def style(app: Flask) -> str:
    """The address of the style sheet."""
    with app.test_request_context():
        return asset("style.css")


def test_a_page_names_files_by_an_address_that_may_be_kept_for_good(client: FlaskClient, style: str) -> None:
    assert re.fullmatch(r"/static/[0-9a-f]{16}/style\.css", style)
    assert f'href="{style}"' in client.get("/sign-in").get_data(as_text=True)
    answer = client.get(style)
    assert (answer.mimetype, answer.headers["Cache-Control"]) == ("text/css", KEPT)
    assert answer.get_data() == (FOLDER / "style.css").read_bytes()
    assert "Set-Cookie" not in answer.headers


def test_a_file_comes_packed_where_the_browser_can_unpack_it(client: FlaskClient, style: str) -> None:
    packed, plain = client.get(style, headers=PACKED), client.get(style)
    assert (packed.headers["Content-Encoding"], packed.headers["Vary"]) == ("gzip", "Accept-Encoding")
    assert gzip.decompress(packed.get_data()) == plain.get_data()
    assert "Content-Encoding" not in plain.headers
    assert plain.headers["Vary"] == "Accept-Encoding", "a cache between would give the one for the other"


def test_under_the_address_of_another_version_nothing_is_kept(client: FlaskClient) -> None:
    answer = client.get("/static/0123456789abcdef/style.css")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("upload.js", "text/javascript"),
        ("vendor/pdfjs-dist/legacy/build/pdf.min.mjs", "text/javascript"),
        ("vendor/@noble/hashes/sha2.js", "text/javascript"),
        ("icon.svg", "image/svg+xml"),
    ],
)
def test_scripts_and_pictures_have_the_type_that_browsers_insist_on(
    app: Flask, client: FlaskClient, name: str, media_type: str
) -> None:
    with app.test_request_context():
        address = asset(name)
    assert client.get(address).mimetype == media_type


@pytest.mark.parametrize("name", ["../pages.py", "%2e%2e/pages.py", "vendor/../../pages.py", "/etc/passwd", "vendor"])
def test_nothing_but_static_files_is_served(client: FlaskClient, style: str, name: str) -> None:
    assert client.get(style.removesuffix("style.css") + name).status_code in (404, 308)


def test_what_is_published_by_others_comes_with_its_licence() -> None:
    packages = {"@noble/hashes", "htmx.org", "pdfjs-dist", "tus-js-client"}
    assert [package for package in packages if not (FOLDER / "vendor" / package / "LICENSE").is_file()] == []
