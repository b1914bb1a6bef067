"""Static files, under an address that changes with their content, so that a browser may keep them for good.

One name stands for all of them, so that a script can load another beside it by a relative address.
"""

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from flask import Flask, Response, request, url_for
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from werkzeug.exceptions import NotFound

FOLDER = Path(__file__).parent / "static"
FOR_GOOD = "public, max-age=31536000, immutable"
TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
    ".wasm": "application/wasm",
    ".woff2": "font/woff2",
}
"""Not as each machine has it: a script or a style of another type is not taken by a browser."""

PACKED_ALREADY = frozenset({".bcmap", ".png", ".woff2"})
SMALLEST_PACKED = 500


@dataclass(frozen=True, slots=True)
class _File:
    body: bytes
    packed: bytes | None
    media_type: str


class _Sessions(SecureCookieSessionInterface):
    """Sessions have nothing to do with static files: a browser keeps these whoever is signed in."""

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if request.endpoint != "static":
            super().save_session(app, session, response)


def register(app: Flask) -> None:
    """Serve the files, and give the templates `asset(filename)`."""
    app.add_url_rule("/static/<version>/<path:filename>", "static", _serve, provide_automatic_options=False)
    app.session_interface = _Sessions()
    app.jinja_env.globals["asset"] = asset


def asset(filename: str) -> str:
    """The address of a static file, named by its path under `static/`."""
    return url_for("static", version=_version(), filename=filename)


@cache
def _names() -> frozenset[str]:
    return frozenset(file.relative_to(FOLDER).as_posix() for file in FOLDER.rglob("*") if file.is_file())


@cache
def _version() -> str:
    digest = hashlib.sha256()
    for name in sorted(_names()):
        digest.update(f"{name}\0".encode() + hashlib.sha256((FOLDER / name).read_bytes()).digest())
    return digest.hexdigest()[:16]


@cache
def _read(name: str) -> _File:
    body = (FOLDER / name).read_bytes()
    suffix = Path(name).suffix
    worth = len(body) >= SMALLEST_PACKED and suffix not in PACKED_ALREADY
    media_type = TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    return _File(body, gzip.compress(body, mtime=0) if worth else None, media_type)


def _serve(version: str, filename: str) -> Response:
    """One file. Under the address of another version, as while servers are being changed, it is not kept."""
    if filename not in _names():
        raise NotFound
    file = _read(filename)
    packed = file.packed is not None and request.accept_encodings["gzip"] > 0
    response = Response(file.packed if packed else file.body, mimetype=file.media_type)
    if packed:
        response.content_encoding = "gzip"
    if file.packed is not None:
        response.vary.add("Accept-Encoding")
    if version == _version():
        response.headers["Cache-Control"] = FOR_GOOD
    return response
