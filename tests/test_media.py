"""Media types and claims, on real files made here, on damaged ones and on hostile ones."""

from __future__ import annotations

import io
import struct
import time
import wave
import zipfile
import zlib
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image

from evidence_api import media
from evidence_api.media import Claims, Difference, differences, read_claims, sniff

PHNOM = timezone(timedelta(hours=7))


def jpeg(*, zone: str | None = "+07:00", extra: dict[int, Any] | None = None, kind: str = "JPEG") -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Fictional"
    exif[ExifTags.Base.Model] = "Fictional Pocket 3"
    exif[ExifTags.Base.Software] = "Firmware 1.2"
    inner: dict[int, Any] = exif.get_ifd(ExifTags.IFD.Exif)
    inner[ExifTags.Base.DateTimeOriginal] = "2026:02:18 18:42:10"
    if zone:
        inner[ExifTags.Base.OffsetTimeOriginal] = zone
    place: dict[int, Any] = exif.get_ifd(ExifTags.IFD.GPSInfo)
    place[ExifTags.GPS.GPSLatitudeRef], place[ExifTags.GPS.GPSLatitude] = "N", (10.0, 30.0, 36.0)
    place[ExifTags.GPS.GPSLongitudeRef], place[ExifTags.GPS.GPSLongitude] = "W", (102.0, 45.0, 0.0)
    for tag, value in (extra or {}).items():
        exif[tag] = value
    out = io.BytesIO()
    Image.new("RGB", (320, 200), "navy").save(out, kind, exif=exif)
    return out.getvalue()


def wav(seconds: int = 2, info: dict[bytes, bytes] | None = None) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(16000 * seconds))
    chunks = b"".join(
        name + struct.pack("<I", len(text) + len(text) % 2) + text + b"\0" * (len(text) % 2)
        for name, text in (info or {}).items()
    )
    data = out.getvalue() + (b"LIST" + struct.pack("<I", len(chunks) + 4) + b"INFO" + chunks if info else b"")
    return data[:4] + struct.pack("<I", len(data) - 8) + data[8:]


@pytest.fixture(scope="session")
def mp4(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return video(tmp_path_factory.mktemp("media") / "clip.mp4")


def video(path: Path, **metadata: str) -> bytes:
    facts = metadata or {
        "creation_time": "2026-02-18T12:10:05Z",
        "com.apple.quicktime.location.ISO6709": "+10.5100-102.7500+004.000/",
        "com.apple.quicktime.make": "Fictional",
        "com.apple.quicktime.model": "Pocket 3",
        "com.apple.quicktime.software": "1.2",
    }
    with av.open(str(path), "w", options={"movflags": "use_metadata_tags"}) as clip:
        clip.metadata.update(facts)
        stream = clip.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        for step in range(30):
            frame = av.VideoFrame(320, 180, "yuv420p")
            for plane in frame.planes:
                plane.update(bytes([step * 8]) * plane.buffer_size)
            clip.mux(stream.encode(frame))
        clip.mux(stream.encode())
    return path.read_bytes()


def claims_of(data: bytes) -> Claims:
    return read_claims(io.BytesIO(data), len(data), sniff(io.BytesIO(data), len(data)))


def type_of(data: bytes) -> str:
    return sniff(io.BytesIO(data), len(data))


# --- the type ---------------------------------------------------------------------------------------------------------


def image(kind: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(out, kind)
    return out.getvalue()


def archive(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as target:
        for name in names:
            target.writestr(name, "application/vnd.oasis.opendocument.text" if name == "mimetype" else "<x/>")
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (image("JPEG"), "image/jpeg"),
        (image("PNG"), "image/png"),
        (image("TIFF"), "image/tiff"),
        (image("GIF"), "image/gif"),
        (image("WEBP"), "image/webp"),
        (image("BMP"), "image/bmp"),
        (image("AVIF"), "image/avif"),
        (image("PDF"), "application/pdf"),
        (wav(), "audio/wav"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "image/heic"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "image/heic"),
        (b"\0\0\0\x18ftypM4A \0\0\0\0M4A mp42", "audio/mp4"),
        (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", "video/quicktime"),
        (b"\0\0\0\x08wide\0\0\0\x20mdat" + bytes(24), "video/quicktime"),
        (b"\0\0\0\x18ftyp3gp5\0\0\0\0isom3gp5", "video/3gpp"),
        (archive("a.txt"), "application/zip"),
        (archive("[Content_Types].xml", "word/document.xml"), media._OFFICE[b"word/"]),
        (archive("mimetype", "content.xml"), "application/vnd.oasis.opendocument.text"),
        (b"From the first day she was kept on the second floor.\n", "text/plain"),
        ("បន្ទប់ទីពីរ\n".encode(), "text/plain"),
        ("\ufeffplain, from a phone\r\n".encode("utf-16"), "text/plain"),
        (b"BM is how the ledger marks her\n", "text/plain"),
        (b"<!DOCTYPE html><html><body>chat</body></html>", "text/html"),
        (b"text that is not \xff\xfe text", "application/octet-stream"),
        (b"text with a \0 in it", "application/octet-stream"),
        (bytes(5000), "application/octet-stream"),
        (b"", "application/octet-stream"),
    ],
)
def test_the_type_is_told_by_the_content(data: bytes, expected: str) -> None:
    assert type_of(data) == expected


@pytest.mark.parametrize(
    ("suffix", "expected"),
    [("mp4", "video/mp4"), ("mov", "video/quicktime"), ("mkv", "video/x-matroska"), ("3gp", "video/3gpp")],
)
def test_containers_written_by_a_real_muxer_are_told_apart(tmp_path: Path, suffix: str, expected: str) -> None:
    assert type_of(video(tmp_path / f"clip.{suffix}")) == expected


def test_a_long_text_is_text_though_the_windows_cut_letters_in_two() -> None:
    for shift in range(3):
        assert type_of(b"x" * shift + "ខ្មែរ".encode() * 20_000) == "text/plain"


def test_a_long_file_that_only_begins_as_text_is_not_text() -> None:
    assert type_of(b"a" * 200_000 + bytes(10)) == "application/octet-stream"


def test_sniffing_a_huge_file_reads_two_small_windows() -> None:
    huge = Huge(b"\0\0\0\x18ftypisom\0\0\0\0isommp42", 4 * 1024**3, b"")
    assert sniff(huge, huge.size) == "video/mp4"
    assert huge.taken <= 2 * 64 * 1024


@given(st.binary(max_size=2000))
def test_no_bytes_make_sniffing_fail(data: bytes) -> None:
    assert "/" in type_of(data)


# --- pictures ---------------------------------------------------------------------------------------------------------


def test_a_photo_says_when_where_and_with_what_it_was_taken() -> None:
    claims = claims_of(jpeg())
    assert (claims.recorded_at, claims.recorded_at_zone_known) == ("2026-02-18T18:42:10+07:00", True)
    assert claims.latitude == pytest.approx(10.51)
    assert claims.longitude == pytest.approx(-102.75)
    assert (claims.device, claims.software) == ("Fictional Pocket 3", "Firmware 1.2")
    assert (claims.width, claims.height, claims.readable) == (320, 200, True)


def test_a_photo_without_a_zone_keeps_its_local_time_and_says_so() -> None:
    claims = claims_of(jpeg(zone=None))
    assert (claims.recorded_at, claims.recorded_at_zone_known) == ("2026-02-18T18:42:10", False)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "AVIF"])
def test_other_picture_formats_carry_the_same_claims(kind: str) -> None:
    claims = claims_of(jpeg(kind=kind))
    assert (claims.width, claims.height, claims.device) == (320, 200, "Fictional Pocket 3")
    assert claims.recorded_at == "2026-02-18T18:42:10+07:00"


def test_a_tiff_says_with_what_it_was_taken() -> None:
    claims = claims_of(jpeg(kind="TIFF"))
    assert (claims.width, claims.height, claims.device) == (320, 200, "Fictional Pocket 3")


def test_the_time_a_program_last_saved_a_picture_is_not_taken_for_its_recording() -> None:
    out = io.BytesIO()
    exif = Image.Exif()
    exif[ExifTags.Base.DateTime] = "2026:03:01 08:00:00"
    Image.new("RGB", (4, 4)).save(out, "JPEG", exif=exif)
    assert claims_of(out.getvalue()).recorded_at is None


def test_control_characters_in_a_device_name_are_not_passed_on() -> None:
    claims = claims_of(jpeg(extra={ExifTags.Base.Make: "Evil\x1b[2J\nCorp", ExifTags.Base.Model: "x" * 5000}))
    assert claims.device is not None
    assert claims.device.startswith("Evil [2J Corp xxx")
    assert claims.device.isprintable()
    assert len(claims.device) == 200


def test_a_decompression_bomb_costs_nothing() -> None:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0))
    bomb += chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(200_000_000), 9))
    bomb += chunk(b"IDAT", zlib.compress(bytes(50_000_000), 9)) + chunk(b"IEND", b"")
    started = time.monotonic()
    claims = claims_of(bomb)
    assert time.monotonic() - started < 5
    assert claims.width in (60_000, None)


# --- sound and moving pictures ----------------------------------------------------------------------------------------


def test_a_video_says_when_where_with_what_and_how_long(mp4: bytes) -> None:
    claims = claims_of(mp4)
    assert (claims.recorded_at, claims.recorded_at_zone_known) == ("2026-02-18T12:10:05+00:00", True)
    assert (claims.latitude, claims.longitude) == (10.51, -102.75)
    assert (claims.device, claims.software) == ("Fictional Pocket 3", "1.2")
    assert claims.duration_seconds == pytest.approx(3.0)
    assert (claims.width, claims.height, claims.readable) == (320, 180, True)


def test_the_date_with_the_zone_of_the_place_is_preferred(tmp_path: Path) -> None:
    data = video(
        tmp_path / "clip.mov",
        **{"creation_time": "2026-02-18T12:10:05Z", "com.apple.quicktime.creationdate": "2026-02-18T19:10:05+0700"},
    )
    assert claims_of(data).recorded_at == "2026-02-18T19:10:05+07:00"


def test_the_place_as_phones_write_it_is_read(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "clip.mov"), "w") as clip:  # without keys, the muxer writes the user data box ©xyz
        clip.metadata.update({"location": "-08.5000+115.2500/"})
        stream = clip.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        clip.mux(stream.encode(av.VideoFrame(64, 64, "yuv420p")))
        clip.mux(stream.encode())
    claims = claims_of((tmp_path / "clip.mov").read_bytes())
    assert (claims.latitude, claims.longitude) == (-8.5, 115.25)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("+11.5564+104.9282/", (11.5564, 104.9282)),
        ("+1133.384+10455.692+012/", (11.5564, 104.928200)),
        ("-113323.04-1045541.52/", (-11.5564, -104.9282)),
        ("+11.5564", None),
        ("somewhere", None),
    ],
)
def test_places_are_read_in_every_notation_of_iso_6709(text: str, place: tuple[float, float] | None) -> None:
    assert media._iso6709(text) == (None if place is None else pytest.approx(place, abs=1e-6))


def test_a_sound_recording_says_how_long_it_is_and_when_it_was_made() -> None:
    claims = claims_of(wav(3, {b"ICRD": b"2026-02-18", b"ISFT": b"Recorder 2"}))
    assert claims.duration_seconds == pytest.approx(3.0)
    assert (claims.recorded_at, claims.recorded_at_zone_known) == ("2026-02-18", False)
    assert claims.software == "Recorder 2"
    assert claims.readable


def test_a_clock_that_was_never_set_is_no_claim(tmp_path: Path) -> None:
    assert claims_of(video(tmp_path / "clip.mp4", title="no date")).recorded_at is None
    assert media._timestamp("UTC 1904-01-01 00:00:00") == (None, False)
    assert media._timestamp("0000:00:00 00:00:00") == (None, False)
    assert media._timestamp("UTC 2026-02-18 12:10:05") == ("2026-02-18T12:10:05+00:00", True)


def test_files_that_are_no_media_claim_nothing() -> None:
    assert claims_of(b"a plain note\n") == Claims()


class Huge(io.RawIOBase):
    """A file of `size` bytes that is nowhere: a head, zeros, a tail. Counts what is taken from it."""

    def __init__(self, head: bytes, size: int, tail: bytes, delay: float = 0) -> None:
        self.head, self.size, self.tail, self.delay = head, size, tail, delay
        self.position = self.taken = 0

    def seek(self, offset: int, whence: int = 0) -> int:
        self.position = {0: 0, 1: self.position, 2: self.size}[whence] + offset
        return self.position

    def read(self, length: int = -1) -> bytes:
        assert length >= 0, "the whole file was asked for"
        time.sleep(self.delay)
        length = min(length, 50_000, max(0, self.size - self.position))  # short reads, as from a socket
        body = bytearray(length)
        for start, part in ((0, self.head), (self.size - len(self.tail), self.tail)):
            low, high = max(start, self.position), min(start + len(part), self.position + length)
            if low < high:
                body[low - self.position : high - self.position] = part[low - start : high - start]
        self.position += length
        self.taken += length
        return bytes(body)


def test_a_video_of_gigabytes_with_its_index_at_the_end_is_read_by_ranges(mp4: bytes) -> None:
    start = mp4.index(b"mdat") - 4
    index = mp4[mp4.index(b"moov") - 4 :]
    size = 5 * 1024**3
    box = struct.pack(">I4sQ", 1, b"mdat", size - start - len(index))
    huge = Huge(mp4[:start] + box, size, index)
    claims = read_claims(huge, size, "video/mp4")
    assert (claims.latitude, claims.device) == (10.51, "Fictional Pocket 3")
    assert claims.duration_seconds == pytest.approx(3.0)
    assert huge.taken <= 33 * 1024 * 1024


# --- damage and malice ------------------------------------------------------------------------------------------------


def test_a_file_cut_anywhere_is_read_as_far_as_it_goes_and_never_fails(mp4: bytes) -> None:
    for data in (jpeg(), jpeg(kind="TIFF"), jpeg(kind="PNG"), wav(1, {b"ICRD": b"2026-02-18"}), mp4):
        kind = type_of(data)
        for part in range(1, 12):
            cut = data[: len(data) * part // 12]
            claims = read_claims(io.BytesIO(cut), len(cut), kind)
            assert claims.recorded_at in (None, "2026-02-18T18:42:10+07:00", "2026-02-18", "2026-02-18T12:10:05+00:00")


def test_what_cannot_be_read_at_all_is_said_so() -> None:
    for kind in ("image/jpeg", "video/mp4", "audio/wav"):
        assert read_claims(io.BytesIO(b"\xff\xd8not really"), 12, kind) == Claims(readable=False)


def test_a_size_that_is_larger_than_the_file_does_no_harm(mp4: bytes) -> None:
    assert read_claims(io.BytesIO(mp4[:500]), len(mp4), "video/mp4").readable in (True, False)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_damage_makes_reading_claims_fail(mp4: bytes, data: st.DataObject) -> None:
    whole = bytearray(data.draw(st.sampled_from([jpeg(), jpeg(kind="TIFF"), wav(1, {b"ICRD": b"2026"}), mp4])))
    kind = type_of(bytes(whole))
    for _ in range(data.draw(st.integers(1, 8))):
        where = data.draw(st.integers(0, min(len(whole), 4000) - 1))
        patch = data.draw(st.binary(min_size=1, max_size=8))
        whole[where : where + len(patch)] = patch
    claims = read_claims(io.BytesIO(bytes(whole)), len(whole), kind)
    assert claims.latitude is None or -90 <= claims.latitude <= 90
    assert claims.device is None or claims.device.isprintable()


def test_a_parser_that_never_ends_is_ended(monkeypatch: pytest.MonkeyPatch, mp4: bytes) -> None:
    monkeypatch.setattr(media, "_WALL_SECONDS", 0.3)
    started = time.monotonic()
    slow = Huge(mp4[:400], 1024**3, b"", delay=0.2)
    assert read_claims(slow, slow.size, "video/mp4") == Claims(readable=False)
    assert time.monotonic() - started < 3


@pytest.mark.parametrize("fault", ["os.kill(os.getpid(), 11)", "bytes(4 * 1024**3)", "x = b'x'\n    while True: pass"])
def test_a_parser_that_crashes_swells_or_spins_costs_only_the_claims(
    fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Path(media.__file__).read_text()
    before = "def _picture(stream: io.BufferedReader[_Remote]) -> dict[str, Any]:\n"
    assert before in source
    broken = tmp_path / "media.py"
    broken.write_text(source.replace(before, f"{before}    {fault}\n").replace("_CPU_SECONDS = 10", "_CPU_SECONDS = 1"))
    monkeypatch.setattr(media, "__file__", str(broken))
    assert claims_of(jpeg()) == Claims(readable=False)


def test_the_parser_sees_nothing_of_the_servers_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNBROKEN_S3_SECRET_KEY", "made-up")
    spy = tmp_path / "media.py"
    report = '    return {"software": ",".join(os.environ), "readable": True}\n'
    before = "def _picture(stream: io.BufferedReader[_Remote]) -> dict[str, Any]:\n"
    spy.write_text(Path(media.__file__).read_text().replace(before, before + report))
    monkeypatch.setattr(media, "__file__", str(spy))
    claims = claims_of(jpeg())
    assert claims.readable
    assert "UNBROKEN" not in (claims.software or "")


def test_a_fault_of_the_store_is_not_taken_for_a_fault_of_the_file() -> None:
    class Broken(io.RawIOBase):
        def seek(self, offset: int, whence: int = 0) -> int:
            return offset

        def read(self, length: int = -1) -> bytes:
            raise ConnectionError("the store went away")

    with pytest.raises(ConnectionError):
        read_claims(Broken(), 1000, "video/mp4")


# --- the differences --------------------------------------------------------------------------------------------------

CLAIMED = Claims("2026-02-18T18:42:10+07:00", True, 10.51, 102.75, "Fictional Pocket 3")
TAKEN = datetime(2026, 2, 18, 11, 42, 10, tzinfo=UTC)


def test_what_agrees_is_not_flagged() -> None:
    assert differences(CLAIMED, TAKEN + timedelta(seconds=120), "fictional  POCKET", 10.5136, 102.7501) == []


def test_silence_on_either_side_is_no_difference() -> None:
    assert differences(CLAIMED, None, None, None, None) == []
    assert differences(Claims(readable=False), TAKEN, "Phone", 10.0, 102.0) == []


def test_a_time_a_device_and_a_place_that_differ_are_each_flagged() -> None:
    found = differences(CLAIMED, TAKEN - timedelta(seconds=121), "Phone 9", 10.5146, 102.75)
    assert found == [
        Difference("captured_at", "2026-02-18T18:42:10+07:00", "2026-02-18T11:40:09+00:00"),
        Difference("device", "Fictional Pocket 3", "Phone 9"),
        Difference("place", "10.51000, 102.75000", "10.51460, 102.75000"),
    ]


@pytest.mark.parametrize(
    ("stated", "agrees"),
    [
        (datetime(2026, 2, 18, 11, 42, 10, tzinfo=UTC), True),  # +07:00
        (datetime(2026, 2, 18, 18, 42, 10, tzinfo=PHNOM), True),
        (datetime(2026, 2, 18, 12, 57, 30, tzinfo=UTC), True),  # +05:45, Kathmandu
        (datetime(2026, 2, 18, 4, 42, 10, tzinfo=UTC), True),  # +14:00
        (datetime(2026, 2, 18, 11, 55, 0, tzinfo=UTC), False),  # 12 minutes off
        (datetime(2026, 2, 18, 3, 42, 10, tzinfo=UTC), False),  # +15:00 is no zone
        (datetime(2026, 2, 19, 11, 42, 10, tzinfo=UTC), False),  # a day off
    ],
)
def test_a_clock_of_unknown_zone_agrees_in_any_zone_that_exists(stated: datetime, agrees: bool) -> None:
    assert (differences(Claims("2026-02-18T18:42:10"), stated, None, None, None) == []) is agrees


@pytest.mark.parametrize(
    ("stated", "agrees"),
    [
        (datetime(2026, 2, 18, 11, 0, tzinfo=UTC), True),
        (datetime(2026, 2, 17, 12, 0, tzinfo=UTC), True),  # already the 18th at +14:00
        (datetime(2026, 2, 16, 12, 0, tzinfo=UTC), False),
        (datetime(2026, 2, 20, 12, 0, tzinfo=UTC), False),
    ],
)
def test_a_bare_date_agrees_with_any_moment_of_that_day(stated: datetime, agrees: bool) -> None:
    assert (differences(Claims("2026-02-18"), stated, None, None, None) == []) is agrees


def test_a_place_across_the_date_line_is_near() -> None:
    assert differences(Claims(latitude=-17.0, longitude=179.999), None, None, -17.0, -179.999) == []


def test_a_stated_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        differences(CLAIMED, TAKEN.replace(tzinfo=None), None, None, None)
