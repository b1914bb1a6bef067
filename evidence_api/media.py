"""What a file is, and what it says of itself: media type, and the claims of its own metadata.

Everything here is read from content. A claim is what the file says (a camera's clock, its GPS), never a fact: it is
shown beside what the uploader stated, and a difference is flagged, not mended.

Files are hostile until proven otherwise. `sniff` looks at two bounded windows in plain Python. `read_claims` hands the
file to large parsers, one of them in C++, so it runs them in a child process with limits on memory, processor time,
wall time and bytes read, without the server's environment: a file that crashes or hangs a parser costs its claims,
nothing else.

The streams taken are seekable, read-only and binary; they may be range reads from a remote store.
"""

from __future__ import annotations

import codecs
import contextlib
import io
import json
import math
import os
import re
import struct
import subprocess
import sys
import threading
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import IO, Any, BinaryIO, cast

import puremagic

_WINDOW = 64 * 1024  # bytes looked at by sniff at each end of the file
_READ_BUDGET = 32 * 1024 * 1024  # bytes a parser may read: the index of a four-hour video is about 10 MiB
_MEMORY = 1024**3  # bytes of address space of the parsing process
_CPU_SECONDS = 10
_WALL_SECONDS = 30.0
_TEXT_LIMIT = 200  # characters kept of a device or software name

_UNKNOWN = "application/octet-stream"
_DONE = 2**64 - 1  # in place of an offset: the answer follows
_REQUEST = struct.Struct("<QQ")  # offset or _DONE, length in bytes

# ISO base media brands, from the MP4 registration authority (https://mp4ra.org/registered-types/brands).
_BRANDS = {
    b"qt  ": "video/quicktime",
    b"M4A ": "audio/mp4",
    b"M4B ": "audio/mp4",
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"heim": "image/heic",
    b"heis": "image/heic",
    b"mif1": "image/heif",
    b"avif": "image/avif",
    b"avis": "image/avif",
    b"crx ": "image/x-canon-cr3",
}
_RIFF = {b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo", b"WEBP": "image/webp"}
_OFFICE = {
    b"word/": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    b"xl/": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    b"ppt/": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
_ALIASES = {
    "image/x-ms-bmp": "image/bmp",
    "application/x-gzip": "application/gzip",
    "application/x-bzip2": "application/bzip2",
    "application/ogg": "audio/ogg",
}
# Two bytes are enough for these alone; as evidence of anything else they are chance.
_SHORT_MAGIC = {"image/x-ms-bmp", "audio/aac", "audio/mpeg"}

# Offsets from UTC in civil use, in minutes: the whole hours, and the others of the IANA time zone database.
_OFFSETS = (
    *(60 * hour for hour in range(-12, 15)),
    *(-570, -210, 210, 270, 330, 345, 390, 525, 570, 630, 765),
)


@dataclass(frozen=True)
class Claims:
    """What a file's own metadata says. None where it says nothing.

    `recorded_at` is ISO 8601 as the file has it: with an offset when `recorded_at_zone_known`, else the local time of
    an unknown zone, or a bare date. `latitude` and `longitude` are WGS 84 degrees, `width` and `height` pixels as
    stored. `device` is make and model. `readable` is False when the file is damaged, or a parser failed or ran into
    its limits.
    """

    recorded_at: str | None = None
    recorded_at_zone_known: bool = False
    latitude: float | None = None
    longitude: float | None = None
    device: str | None = None
    duration_seconds: float | None = None
    width: int | None = None
    height: int | None = None
    software: str | None = None
    readable: bool = True


@dataclass(frozen=True)
class Difference:
    """One statement of the uploader (`stated`) that the file contradicts (`claimed`), both as text to show."""

    field: str
    claimed: str
    stated: str


# --- the type ---------------------------------------------------------------------------------------------------------


def sniff(stream: BinaryIO | io.RawIOBase, size: int) -> str:
    """Return the media type of `size` bytes in `stream`, from at most 64 KiB at either end, never from a name.

    `application/octet-stream` when nothing is recognised. `text/plain` (or `text/html`) only when the bytes seen decode
    as UTF-8 or UTF-16 text without control characters. The answer says what a file is, not that it is harmless: never
    show `text/html` in a page of one's own origin. Errors of the stream itself pass through.
    """
    head = _read(stream, 0, min(size, _WINDOW))
    tail = _read(stream, max(len(head), size - _WINDOW), _WINDOW) if size > len(head) else b""
    if not head:
        return _UNKNOWN
    return _container_type(head) or _text_type(head, tail, whole=size <= len(head)) or _magic_type(head, tail)


def _container_type(head: bytes) -> str | None:
    """Formats that share a magic number and are told apart by what follows it."""
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        compatible = head[16 : min(int.from_bytes(head[:4], "big"), 256)]
        if brand in (b"mif1", b"msf1") and b"heic" in compatible:
            return "image/heic"
        if brand[:2] == b"3g":
            return "video/3gpp"
        return _BRANDS.get(brand, "video/mp4")
    # Before ftyp existed, a QuickTime file began with one of these; a box is 8 bytes or more, 1 marks a 64-bit length.
    if head[4:8] in (b"moov", b"mdat", b"wide") and (head[:4] == b"\0\0\0\1" or head[:4] >= b"\0\0\0\x08"):
        return "video/quicktime"
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12])
    if head[:4] == b"\x1aE\xdf\xa3":
        return "video/webm" if b"webm" in head[:64] else "video/x-matroska"
    if head[:4] == b"PK\x03\x04":
        if head[30:38] == b"mimetype" and (named := re.match(rb"application/[\w.+-]{1,80}", head[38:])):
            return str(named[0].removesuffix(b"PK"), "ascii")
        if b"[Content_Types].xml" in head:
            return next((kind for folder, kind in _OFFICE.items() if folder in head), "application/zip")
        return "application/zip"
    if len(head) > 188 * 4 and all(head[188 * i] == 0x47 for i in range(5)):
        return "video/mp2t"
    return None


def _text_type(head: bytes, tail: bytes, *, whole: bool) -> str | None:
    if head.startswith(b"%PDF-"):
        return None
    encoding = "utf-16" if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8"
    try:
        # A window may cut a character in two: only at its own end, and at most three bytes.
        text = codecs.getincrementaldecoder(encoding)().decode(head, final=whole)
        if tail and encoding == "utf-8":
            text += codecs.getincrementaldecoder(encoding)().decode(tail.lstrip(bytes(range(0x80, 0xC0))), final=True)
    except UnicodeDecodeError:
        return None
    if any(ord(c) < 32 and c not in "\t\n\r\f\x1b" for c in text):
        return None
    return "text/html" if re.match(r"\ufeff?\s*<(!doctype html|html)\b", text, re.IGNORECASE) else "text/plain"


def _magic_type(head: bytes, tail: bytes) -> str:
    try:
        matches = puremagic.magic_string(head + tail)
    except (puremagic.PureError, ValueError):
        return _UNKNOWN
    for match in matches:
        if match.mime_type and (len(match.byte_match) >= 3 or match.mime_type in _SHORT_MAGIC):
            return _ALIASES.get(match.mime_type, str(match.mime_type))
    return _UNKNOWN


def _read(stream: BinaryIO | io.RawIOBase, offset: int, length: int) -> bytes:
    """Up to `length` bytes from `offset`: fewer only at the end, though a raw stream may give them in pieces."""
    stream.seek(offset)
    pieces = []
    while length > 0 and (piece := stream.read(length)):
        pieces.append(piece)
        length -= len(piece)
    return b"".join(pieces)


# --- the claims -------------------------------------------------------------------------------------------------------


def read_claims(stream: BinaryIO | io.RawIOBase, size: int, media_type: str) -> Claims:
    """Read what the picture, audio or video of `size` bytes in `stream` says of itself; other types claim nothing.

    Reads at most 32 MiB, where the parser asks for it, and takes at most 30 s. Never raises for what the file holds:
    a damaged or hostile file gives `Claims(readable=False)`. Errors of the stream itself pass through.
    """
    if media_type.split("/")[0] not in ("image", "audio", "video"):
        return Claims()
    # A file path, not -m: the parser must not import the service. No environment: it must not hold its secrets.
    command = [sys.executable, "-I", os.path.abspath(__file__), str(size), media_type]
    try:
        parser = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={}, cwd="/"
        )
    except OSError:  # no memory or no process left: evidence is admitted all the same
        return Claims(readable=False)
    data, answers = cast(IO[bytes], parser.stdin), cast(IO[bytes], parser.stdout)
    limit = threading.Timer(_WALL_SECONDS, parser.kill)
    limit.start()
    try:
        return _checked(_serve(stream, data, answers))
    finally:
        limit.cancel()
        parser.kill()
        parser.wait()
        answers.close()
        with contextlib.suppress(BrokenPipeError):
            data.close()


def _serve(stream: BinaryIO | io.RawIOBase, data: IO[bytes], answers: IO[bytes]) -> bytes:
    """Give the parser the bytes it asks for until it answers, or dies (an empty answer)."""
    budget = _READ_BUDGET
    while True:
        request = answers.read(_REQUEST.size)
        if len(request) < _REQUEST.size:
            return b""
        offset, length = _REQUEST.unpack(request)
        if offset == _DONE:
            return answers.read(min(length, 65536))
        piece = _read(stream, offset, min(length, budget, 1024 * 1024))
        budget -= len(piece)
        try:
            data.write(struct.pack("<Q", len(piece)) + piece)
            data.flush()
        except BrokenPipeError:
            return b""


def _checked(answer: bytes) -> Claims:
    """Claims from the parser's answer, which is as little trusted as the file."""
    try:
        found = json.loads(answer)
    except ValueError:
        return Claims(readable=False)
    if not isinstance(found, dict):
        return Claims(readable=False)
    recorded_at, zone_known = _timestamp(found.get("recorded_at"))
    latitude, longitude = _number(found.get("latitude"), -90, 90), _number(found.get("longitude"), -180, 180)
    # 0, 0 is what a receiver writes that has no fix.
    placed = latitude is not None and longitude is not None and (latitude, longitude) != (0, 0)
    width, height = _number(found.get("width"), 1, 2**31), _number(found.get("height"), 1, 2**31)
    return Claims(
        recorded_at=recorded_at,
        recorded_at_zone_known=zone_known,
        latitude=latitude if placed else None,
        longitude=longitude if placed else None,
        device=_text(found.get("device")),
        duration_seconds=_number(found.get("duration_seconds"), 0, 10**9),
        width=None if width is None else int(width),
        height=None if height is None else int(height),
        software=_text(found.get("software")),
        readable=found.get("readable") is True,
    )


def _text(value: object) -> str | None:
    if not isinstance(value, str):
        return None
    printable = "".join(c if c.isprintable() else " " for c in value[: 4 * _TEXT_LIMIT])
    return " ".join(printable.split())[:_TEXT_LIMIT] or None


def _number(value: object, low: float, high: float) -> float | None:
    try:
        number = float(cast(Any, value))
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) and low <= number <= high else None


_TIMESTAMP = re.compile(
    r"(?:UTC )?(\d{4})[-:/](\d\d)[-:/](\d\d)"
    r"(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6})\d*)?)?)?\s*(Z|UTC|[+-]\d\d:?\d\d)?",
    re.ASCII,
)


def _timestamp(value: object) -> tuple[str | None, bool]:
    """ISO 8601 from the forms that EXIF, QuickTime, RIFF and libmediainfo write, and whether its zone is known."""
    found = _TIMESTAMP.match(value.strip()) if isinstance(value, str) else None
    if not found:
        return None, False
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    if (year, month, day) in (("1904", "01", "01"), ("1970", "01", "01")):
        return None, False  # The zero of QuickTime's clock and of Unix': a time that was never set.
    try:
        if hour is None:
            return date(int(year), int(month), int(day)).isoformat(), False
        moment = f"{year}-{month}-{day}T{hour}:{minute}:{second or '00'}" + (f".{fraction}" if fraction else "")
        if str(value).startswith("UTC "):
            zone = "UTC"
        if zone in ("Z", "UTC"):
            moment += "+00:00"
        elif zone:
            moment += f"{zone[:3]}:{zone[-2:]}"
        datetime.fromisoformat(moment)
    except ValueError:
        return None, False
    return moment, zone is not None


# --- the differences --------------------------------------------------------------------------------------------------


def differences(
    claims: Claims, captured_at: datetime | None, device: str | None, latitude: float | None, longitude: float | None
) -> list[Difference]:
    """Where the file contradicts what was stated. Silence on either side is no difference.

    - `captured_at` (aware): more than 120 s from the file's clock. A clock of unknown zone agrees when some offset
      from UTC that is in civil use brings it within 120 s; a bare date when the moment falls on it in some such zone.
    - `device`: neither text contains the other, capitals and spacing aside.
    - place: more than 500 m apart on the great circle, WGS 84 degrees.

    Raises ValueError for a `captured_at` without a zone.
    """
    found = []
    if captured_at and claims.recorded_at and not _same_moment(claims.recorded_at, captured_at):
        found.append(Difference("captured_at", claims.recorded_at, captured_at.isoformat()))
    if device and claims.device:
        stated, claimed = (" ".join(text.casefold().split()) for text in (device, claims.device))
        if stated not in claimed and claimed not in stated:
            found.append(Difference("device", claims.device, device))
    if None not in (latitude, longitude, claims.latitude, claims.longitude):
        there, here = (claims.latitude, claims.longitude), (latitude, longitude)
        if _metres(*cast(Any, there), *cast(Any, here)) > 500:
            found.append(Difference("place", *(f"{point[0]:.5f}, {point[1]:.5f}" for point in (there, here))))
    return found


def _same_moment(recorded_at: str, captured_at: datetime) -> bool:
    if captured_at.tzinfo is None:
        raise ValueError("captured_at needs a time zone")
    tolerance = timedelta(seconds=120)
    claimed = datetime.fromisoformat(recorded_at)
    if claimed.tzinfo is not None:
        return abs(claimed - captured_at) <= tolerance
    stated = captured_at.astimezone(UTC).replace(tzinfo=None)
    length = timedelta(days=1) if len(recorded_at) == len("2026-01-31") else timedelta(0)
    # Taken apart from the clock reading, so that the first and last days of the calendar do not overflow.
    return any(
        claimed - stated - tolerance <= timedelta(minutes=offset) <= claimed - stated + length + tolerance
        for offset in _OFFSETS
    )


def _metres(latitude_a: float, longitude_a: float, latitude_b: float, longitude_b: float) -> float:
    """Great-circle distance by the haversine formula, with the mean radius of the Earth (IUGG, 6 371 008.8 m)."""
    a, b = math.radians(latitude_a), math.radians(latitude_b)
    half_chord = (
        math.sin((b - a) / 2) ** 2
        + math.cos(a) * math.cos(b) * math.sin(math.radians(longitude_b - longitude_a) / 2) ** 2
    )
    return 2 * 6_371_008.8 * math.asin(math.sqrt(min(1.0, half_chord)))


# --- inside the parsing process ---------------------------------------------------------------------------------------


class _Remote(io.RawIOBase):
    """The file, read through the parent by offset and length."""

    def __init__(self, size: int, requests: IO[bytes], answers: IO[bytes]) -> None:
        self._size, self._requests, self._answers, self._position = size, requests, answers, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise OSError("seek before the start of the file")
        self._position = base + offset
        return self._position

    def readinto(self, buffer: Any) -> int:
        length = min(len(buffer), self._size - self._position)
        if length <= 0:
            return 0
        self._requests.write(_REQUEST.pack(self._position, length))
        self._requests.flush()
        (given,) = struct.unpack("<Q", self._answers.read(8))
        buffer[:given] = self._answers.read(given)
        self._position += given
        return int(given)


def _picture(stream: io.BufferedReader[_Remote]) -> dict[str, Any]:
    import exifread
    from exifread.utils import get_gps_coords
    from PIL import Image

    # Only headers are read, no pixel is decoded, so the size of a picture is no danger.
    Image.MAX_IMAGE_PIXELS = None
    found: dict[str, Any] = {}
    block = b""
    try:
        image = Image.open(stream)
        found["width"], found["height"] = image.size
        found["readable"] = True
        block = image.info.get("exif", b"")
    except Exception:  # HEIC, or damaged: libmediainfo may know the size
        found = {key: value for key, value in _recording(stream).items() if key in ("width", "height", "readable")}
    try:
        tags = exifread.process_file(stream, details=False, extract_thumbnail=False)
        if not tags and block:  # WebP as Google specifies it, without the prefix that exifread skips
            tags = exifread.process_file(io.BytesIO(block.removeprefix(b"Exif\0\0")), details=False)
    except Exception:
        return found
    if tags:
        found["readable"] = True

    def text(*names: str) -> str | None:
        return next((str(tags[name]).strip("\0 ") for name in names if name in tags and str(tags[name]).strip()), None)

    # DateTime is left out: programs that edit pictures set it.
    for kind, zone in (("Original", "OffsetTimeOriginal"), ("Digitized", "OffsetTimeDigitized")):
        if moment := text(f"EXIF DateTime{kind}"):
            fraction = text(f"EXIF SubSecTime{kind}")
            moment += f".{fraction}" if fraction and fraction.isdigit() else ""
            found["recorded_at"] = moment + (text(f"EXIF {zone}") or "")
            break
    found["device"] = _device(text("Image Make"), text("Image Model"))
    found["software"] = text("Image Software")
    try:
        found["latitude"], found["longitude"] = get_gps_coords(tags) or (None, None)
    except Exception:
        return found
    return found


def _recording(stream: io.BufferedReader[_Remote]) -> dict[str, Any]:
    from pymediainfo import MediaInfo

    report = json.loads(MediaInfo.parse(stream, output="JSON", parse_speed=0.0, buffer_size=64 * 1024))
    tracks = [track for track in report["media"]["track"] if isinstance(track, dict)]
    general: dict[str, Any] = next((track for track in tracks if track.get("@type") == "General"), {})
    seen = next((track for track in tracks if track.get("@type") in ("Video", "Image")), {})
    extra = general.get("extra") if isinstance(general.get("extra"), dict) else {}
    tags = {key.lower(): value for key, value in {**general, **(extra or {})}.items() if isinstance(value, str)}

    def tag(*names: str) -> str | None:
        return next((tags[name] for name in names if tags.get(name)), None)

    found: dict[str, Any] = {
        # Apple's own date has the zone of the place; QuickTime and MP4 creation times are UTC (ISO 14496-12, 8.2.2).
        "recorded_at": tag("com_apple_quicktime_creationdate", "recorded_date", "encoded_date", "creation_time"),
        "device": _device(
            tag("com_apple_quicktime_make", "com_android_manufacturer", "make", "encoded_hardware_companyname"),
            tag("com_apple_quicktime_model", "com_android_model", "model", "encoded_hardware_model"),
        ),
        "software": tag("com_apple_quicktime_software", "encoded_application", "encoder"),
        "duration_seconds": general.get("Duration"),
        "width": seen.get("Width"),
        "height": seen.get("Height"),
        "readable": any(track.get("@type") in ("Video", "Audio", "Image") for track in tracks),
    }
    place = _iso6709(tag("com_apple_quicktime_location_iso6709", "xyz", "recorded_location", "location") or "")
    if place:
        found["latitude"], found["longitude"] = place
    return found


def _iso6709(text: str) -> tuple[float, float] | None:
    """Degrees from ISO 6709 annex H: degrees, degrees and minutes, or degrees, minutes and seconds, by digits."""
    found = re.match(r"([+-])(\d{2}|\d{4}|\d{6})(\.\d+)?([+-])(\d{3}|\d{5}|\d{7})(\.\d+)?(?=[+\-/]|$)", text, re.ASCII)
    if not found:
        return None

    def degrees(sign: str, digits: str, fraction: str | None, width: int) -> float:
        parts = [digits[:width], *(digits[i : i + 2] for i in range(width, len(digits), 2))]
        parts[-1] += fraction or ""
        return math.copysign(sum(float(part) / 60.0**i for i, part in enumerate(parts)), -1 if sign == "-" else 1)

    sign_a, digits_a, fraction_a, sign_b, digits_b, fraction_b = found.groups()
    return degrees(sign_a, digits_a, fraction_a, 2), degrees(sign_b, digits_b, fraction_b, 3)


def _device(make: str | None, model: str | None) -> str | None:
    if make and model and model.casefold().startswith(make.casefold()):
        return model
    return " ".join(part for part in (make, model) if part) or None


def _parse() -> None:
    """The parsing process: size and media type as arguments, the file through the pipes, the claims as JSON."""
    import resource

    for kind, limit in (
        (resource.RLIMIT_AS, _MEMORY),
        (resource.RLIMIT_CPU, _CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (limit, limit))
    # The pipes move away from 0 and 1, where a library might read or print.
    with os.fdopen(os.dup(0), "rb") as answers, os.fdopen(os.dup(1), "wb") as requests:
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 0)
        os.dup2(nothing, 1)
        stream = io.BufferedReader(_Remote(int(sys.argv[1]), requests, answers), 64 * 1024)
        try:
            found = _picture(stream) if sys.argv[2].startswith("image/") else _recording(stream)
            answer = json.dumps(found, default=str).encode()
        except Exception:
            answer = b"{}"
        requests.write(_REQUEST.pack(_DONE, len(answer)) + answer)
        requests.flush()
        os._exit(0)  # Destructors of a confused parser are not worth waiting for.


if __name__ == "__main__":
    _parse()
