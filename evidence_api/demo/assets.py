"""Demonstration media, drawn and computed here: no real person, place or recording, and marked so on every picture.

The story they belong to: in March 2023 investigators film a guest house; when the police come, one girl has been told
to hide and is missed. Three years later covert footage finds her in another house. Only places and things are shown.

The same call makes the same pictures, sound and scenes. The coordinates lie in open water, so that they accuse nobody.
"""

from __future__ import annotations

import itertools
import math
import random
import shutil
import struct
import wave
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, cast

import av
from PIL import ExifTags, Image, ImageChops, ImageDraw, ImageFilter, ImageFont

MARK = "DEMONSTRATION - FICTIONAL"  # a hyphen: Pillow's font has no dash

_ZONE = timezone(timedelta(hours=7))
_GUEST_HOUSE = (10.1012, 103.0521)
_KARAOKE = (10.1346, 103.0987)
_PHOTO = (1600, 1066)
_FRAME = (640, 360)
_FRAMES_PER_SECOND = 15
_MAKER = "Kestrel"  # no such maker of cameras

_Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Asset:
    """A file to upload and what the investigator states of it: an aware time, WGS 84 degrees, make and model."""

    path: Path
    title: str
    captured_at: datetime
    method: str
    device: str
    latitude: float
    longitude: float


def make_assets(directory: Path, big_bytes: int) -> list[Asset]:
    """Write the demonstration media into `directory`, oldest first; the last is a video of about `big_bytes` bytes.

    The camera that took the picture of the phone runs 26 minutes fast: a difference between statement and file to be
    flagged. The big file is a playable video followed by padding, at least as large as its scene (some 2 MB).
    Raises OSError when the directory cannot be written.
    """
    directory.mkdir(parents=True, exist_ok=True)
    house, bar = _GUEST_HOUSE, _KARAOKE
    pocket, phone, recorder = f"{_MAKER} Pocket 3", f"{_MAKER} P9", f"{_MAKER} R2"
    visit, rescue, return_visit = "covert visit", "police operation", "covert visit"

    def asset(name: str, title: str, when: datetime, method: str, device: str, place: tuple[float, float]) -> Asset:
        return Asset(directory / name, title, when, method, device, *place)

    street = asset(
        "street-at-dusk.jpg",
        "Street in front of the Riverside guest house",
        _at("2023-03-14 18:21:40"),
        visit,
        pocket,
        house,
    )
    door = asset(
        "doorway-red-lamp.jpg",
        "Side door of the Riverside guest house",
        _at("2023-03-14 18:34:05"),
        visit,
        pocket,
        house,
    )
    sound = asset(
        "corridor-sound.wav", "Sound of the corridor, second floor", _at("2023-03-14 19:02:10"), visit, recorder, house
    )
    ledger = asset(
        "ledger-page.jpg", "Page of the ledger with debts by number", _at("2023-04-02 06:15:30"), rescue, pocket, house
    )
    mobile = asset(
        "phone-of-the-keeper.jpg", "Phone left on the reception desk", _at("2023-04-02 07:05:00"), rescue, pocket, house
    )
    neon = asset(
        "blue-lotus-front.jpg", "Front of the Blue Lotus karaoke", _at("2026-02-18 19:38:20"), return_visit, phone, bar
    )
    passing = asset(
        "blue-lotus-passing.mp4",
        "Passing the Blue Lotus: she is seen",
        _at("2026-02-18 19:42:07"),
        return_visit,
        phone,
        bar,
    )
    night = asset(
        "blue-lotus-night.mp4",
        "Fixed camera opposite the Blue Lotus",
        _at("2026-02-19 02:10:00"),
        "fixed camera",
        phone,
        bar,
    )
    for picture, draw in ((street, _street), (door, _doorway), (ledger, _ledger), (mobile, _phone), (neon, _neon)):
        clock = timedelta(minutes=26) if picture is mobile else timedelta(0)
        _save_photo(draw(), picture, picture.captured_at + clock)
    _save_sound(sound, seconds=20)
    _save_video(passing, seconds=24, speed=1.0)
    _save_video(night, seconds=24, speed=0.0)
    _pad(night.path, big_bytes)
    return [street, door, sound, ledger, mobile, neon, passing, night]


def make_detail(picture: Asset, path: Path) -> None:
    """Write the middle of a picture, enlarged, to `path`: something made from an original, and marked as that is."""
    with Image.open(picture.path) as whole:
        width, height = whole.size
        detail = whole.convert("RGB").crop((width // 4, height // 5, width * 3 // 4, height * 7 // 10)).resize(_PHOTO)
    _marked(detail, "Detail, enlarged").save(path, "JPEG", quality=88)


def make_copy(picture: Asset, path: Path) -> None:
    """Write a picture at half its size to `path`, marked as the copy that it is."""
    with Image.open(picture.path) as whole:
        copy = whole.convert("RGB").resize((whole.width // 2, whole.height // 2))
    _marked(copy, "Copy").save(path, "JPEG", quality=85)


def make_longer(video: Asset, path: Path, size: int) -> None:
    """Write a video to `path` as a file of `size` bytes that plays the same."""
    shutil.copyfile(video.path, path)
    _pad(path, size)


def _seeded(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - chance for pictures, the same each time


def _at(local: str) -> datetime:
    return datetime.fromisoformat(local).replace(tzinfo=_ZONE)


# --- drawing ----------------------------------------------------------------------------------------------------------


def _font(size: int) -> ImageFont.FreeTypeFont:
    """The font that comes with Pillow, so that every machine draws the same."""
    return cast(ImageFont.FreeTypeFont, ImageFont.load_default(size))


def _gradient(size: tuple[int, int], *stops: tuple[float, _Colour]) -> Image.Image:
    """Colours from top (0) to bottom (1)."""
    column = Image.new("RGB", (1, size[1]))
    for y in range(size[1]):
        at = y / max(1, size[1] - 1)
        (a, low), (b, high) = next(pair for pair in itertools.pairwise(stops) if at <= pair[1][0])
        share = (at - a) / (b - a)
        mixed = [round(p + (q - p) * share) for p, q in zip(low, high, strict=True)]
        column.putpixel((0, y), (mixed[0], mixed[1], mixed[2]))
    return column.resize(size)


def _light(picture: Image.Image, shine: Callable[[ImageDraw.ImageDraw], None], blur: float) -> Image.Image:
    """Add what `shine` draws on black as light, spread by `blur` pixels."""
    layer = Image.new("RGB", picture.size)
    shine(ImageDraw.Draw(layer))
    # Spreading is done small: the result is smooth either way, and this is many times faster.
    small = layer.resize((picture.width // 4, picture.height // 4)).filter(ImageFilter.GaussianBlur(blur / 4))
    return ImageChops.add(picture, small.resize(picture.size, Image.Resampling.BICUBIC))


def _grain(picture: Image.Image, seed: int, strength: float) -> Image.Image:
    """The noise of a small sensor."""
    noise = Image.frombytes("L", picture.size, _seeded(seed).randbytes(picture.width * picture.height))
    noise = noise.filter(ImageFilter.GaussianBlur(0.8))
    return Image.blend(picture, ImageChops.overlay(picture, noise.convert("RGB")), strength)


def _marked(picture: Image.Image, note: str = "") -> Image.Image:
    """The picture with the band that says what it is."""
    height = max(22, picture.height // 19)
    band = Image.new("RGB", (picture.width, height), (250, 204, 21))
    draw = ImageDraw.Draw(band)
    font = _font(round(height * 0.58))
    draw.text((height * 0.5, height / 2), MARK, (24, 24, 27), font, anchor="lm")
    draw.text((picture.width - height * 0.5, height / 2), note, (24, 24, 27), font, anchor="rm")
    marked = picture.copy()
    marked.paste(band, (0, picture.height - height))
    return marked


def _street() -> Image.Image:
    width, height = _PHOTO
    at = _seeded(11)
    picture = _gradient(
        _PHOTO,
        (0.0, (26, 32, 66)),
        (0.30, (84, 70, 110)),
        (0.50, (226, 126, 84)),
        (0.57, (250, 186, 110)),
        (0.58, (58, 50, 56)),
        (1.0, (24, 22, 28)),
    )
    draw = ImageDraw.Draw(picture)
    vanish = (width * 0.52, height * 0.57)

    def point(side: int, depth: float, level: float) -> tuple[float, float]:
        """A point of the row of houses: 0 at the camera to 1 far away, level 0 at the street to 1 at the eaves."""
        near_x, near_y = (-0.05 * width, 1.05 * width)[side], height * (0.97 - 1.15 * level)
        scale = (1 - depth) ** 1.6
        return vanish[0] + (near_x - vanish[0]) * scale, vanish[1] + (near_y - vanish[1]) * scale

    def wall(side: int, a: float, b: float, low: float, high: float, colour: _Colour) -> None:
        corners = [point(side, a, low), point(side, b, low), point(side, b, high), point(side, a, high)]
        draw.polygon(corners, fill=colour)

    lit: list[list[tuple[float, float]]] = []
    for side in (0, 1):
        depths = [0.0, 0.16, 0.31, 0.45, 0.58, 0.69, 0.79, 0.87, 0.94]
        for _index, (a, b) in reversed(list(enumerate(itertools.pairwise(depths)))):
            top = at.uniform(0.72, 1.0)
            haze = round(70 * a)
            shade = at.randint(24, 40) + haze
            wall(side, a, b, 0, top, (shade + 8, shade, shade + 10))
            wall(side, a, b, top, top + 0.03, (shade - 12, shade - 14, shade - 8))
            span = b - a
            for floor in (0.36, 0.60):
                if floor + 0.16 > top:
                    continue
                for column in (0.14, 0.42, 0.70):
                    left, right = a + span * column, a + span * (column + 0.17)
                    frame = [
                        point(side, d, f)
                        for d, f in ((left, floor), (right, floor), (right, floor + 0.15), (left, floor + 0.15))
                    ]
                    if at.random() < 0.4:
                        warm = at.choice([(255, 208, 130), (255, 186, 100), (214, 224, 214)])
                        draw.polygon(frame, fill=warm)
                        lit.append(frame)
                    else:
                        draw.polygon(frame, fill=(shade - 14, shade - 14, shade - 4))
            wall(side, a + span * 0.12, b - span * 0.12, 0, 0.22, (shade - 16, shade - 18, shade - 12))
            wall(
                side,
                a + span * 0.04,
                b - span * 0.04,
                0.25,
                0.29,
                at.choice([(96, 52, 46), (50, 74, 84), (92, 84, 52)]),
            )
    road = [
        (width * 0.13, height),
        (vanish[0] - 8, vanish[1] + 4),
        (vanish[0] + 8, vanish[1] + 4),
        (width * 0.91, height),
    ]
    draw.polygon(road, fill=(44, 41, 48))
    for step in range(9):
        near, far = 1 - step * 0.11, 1 - step * 0.11 - 0.05
        low, high = (vanish[1] + (height - vanish[1]) * share**2.2 for share in (near, far))
        half = 9 * near**2.2
        draw.polygon(
            [
                (vanish[0] - half, low),
                (vanish[0] + half, low),
                (vanish[0] + half * 0.8, high),
                (vanish[0] - half * 0.8, high),
            ],
            fill=(150, 142, 128),
        )
    for x_near, depth in ((0.17, 0.0), (0.30, 0.42), (0.385, 0.68)):
        x, foot, head = width * x_near, height * (0.93 - 0.3 * depth), height * (0.04 + 0.42 * depth)
        thick = 11 * (1 - depth)
        draw.rectangle((x - thick / 2, head, x + thick / 2, foot), fill=(18, 17, 22))
        draw.rectangle((x - thick * 4, head + thick * 2, x + thick * 4, head + thick * 3), fill=(18, 17, 22))
    for sag in range(5):
        start, end = (width * 0.17, height * (0.055 + 0.018 * sag)), (width * 0.385, height * (0.335 + 0.006 * sag))
        wire = []
        for step in range(31):
            share = step / 30
            hang = math.sin(math.pi * share) * 42
            wire.append((start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share + hang))
        draw.line(wire, fill=(20, 19, 26), width=2)
        draw.line([(-20, height * (0.02 + 0.02 * sag)), start], fill=(20, 19, 26), width=2)
    sign = (1090, 330, 1420, 440)
    for arm in (345, 425):
        draw.line([(1420, arm), (1500, arm)], fill=(20, 19, 26), width=7)
    draw.rectangle(sign, fill=(20, 52, 50), outline=(236, 214, 150), width=4)
    draw.text((1255, 366), "RIVERSIDE", (250, 232, 176), _font(46), anchor="mm")
    draw.text((1255, 412), "guest house", (250, 232, 176), _font(32), anchor="mm")
    _motorbike(draw, 590, 900, 1.25, (16, 15, 19))

    def windows(light: ImageDraw.ImageDraw) -> None:
        for frame in lit:
            light.polygon(frame, fill=(190, 120, 50))

    picture = _light(picture, windows, 26)
    picture = _light(picture, lambda light: light.rectangle(sign, fill=(90, 80, 40)), 60)
    picture = _light(picture, lambda light: light.ellipse((700, 560, 960, 660), fill=(150, 70, 30)), 80)
    return _marked(_grain(picture, 12, 0.16), "Riverside guest house, 2023")


def _motorbike(draw: ImageDraw.ImageDraw, x: float, y: float, scale: float, colour: _Colour) -> None:
    """A parked motorbike from the side; (x, y) is where its rear wheel stands."""

    def at(*points: tuple[float, float]) -> list[tuple[float, float]]:
        return [(x + px * scale, y - py * scale) for px, py in points]

    for centre in (0, 128):
        box = at((centre - 34, 68), (centre + 34, 0))
        draw.ellipse((*box[0], *box[1]), outline=colour, width=round(9 * scale))
    draw.polygon(
        at((-40, 78), (46, 84), (62, 70), (96, 70), (112, 104), (124, 100), (108, 52), (52, 34), (8, 40)), fill=colour
    )
    draw.polygon(at((-34, 92), (52, 96), (56, 82), (-30, 78)), fill=colour)
    draw.line(at((112, 112), (128, 34)), fill=colour, width=round(9 * scale))
    draw.line(at((92, 122), (118, 112)), fill=colour, width=round(7 * scale))
    head = at((106, 112), (128, 92))
    draw.ellipse((*head[0], *head[1]), fill=colour)


def _doorway() -> Image.Image:
    width, height = _PHOTO
    at = _seeded(21)
    picture = Image.new("RGB", _PHOTO, (30, 28, 34))
    draw = ImageDraw.Draw(picture)
    for row in range(0, height, 46):
        for column in range(-1, width // 104 + 2):
            x = column * 104 + (row // 46 % 2) * 52
            shade = at.randint(-7, 7)
            draw.rectangle((x + 3, row + 3, x + 101, row + 43), fill=(72 + shade, 60 + shade, 62 + shade))
    draw.rectangle((0, 880, width, height), fill=(40, 37, 42))
    for x in range(-200, width + 200, 170):
        draw.line([(x, 880), (width / 2 + (x - width / 2) * 1.7, height)], fill=(30, 28, 33), width=4)
    draw.line([(0, 950), (width, 950)], fill=(30, 28, 33), width=4)
    draw.rectangle((580, 190, 1020, 884), fill=(42, 30, 28))
    draw.rectangle((616, 226, 984, 884), fill=(12, 9, 11))
    inside = _gradient((368, 658), (0.0, (112, 22, 22)), (0.55, (58, 14, 18)), (1.0, (18, 8, 10)))
    picture.paste(inside, (616, 226))
    draw = ImageDraw.Draw(picture)
    draw.polygon([(690, 884), (690, 330), (910, 330), (910, 884)], fill=(34, 10, 13))
    for step in range(7):
        y = 884 - step * 52
        draw.rectangle((700 + step * 8, y - 52, 900 - step * 8, y), fill=(52 + step * 7, 18 + step * 2, 20 + step * 2))
        draw.line([(700 + step * 8, y - 52), (900 - step * 8, y - 52)], fill=(104 + step * 8, 36, 34), width=4)
    for string in range(30):
        across = 622 + string * 12.4
        length = 130 + 15 * abs(string - 14.5) + at.randint(-8, 8)
        for bead in range(int(length // 9)):
            top = 230 + bead * 9
            colour = (150, 60, 48) if (bead + string) % 3 else (96, 34, 34)
            draw.ellipse((across - 3, top, across + 3, top + 7), fill=colour)
    draw.polygon([(616, 226), (520, 270), (520, 930), (616, 884)], fill=(56, 42, 36))
    for panel in ((300, 560), (620, 860)):
        draw.polygon(
            [(600, panel[0] - 8), (538, panel[0] + 14), (538, panel[1] + 24), (600, panel[1])],
            outline=(30, 22, 20),
            width=6,
        )
    draw.rectangle((540, 884, 1060, 930), fill=(62, 56, 58))
    draw.rectangle((500, 930, 1100, 984), fill=(52, 47, 50))
    draw.rectangle((1076, 420, 1186, 500), fill=(196, 188, 168), outline=(70, 62, 54), width=5)
    draw.text((1131, 460), "17B", (40, 44, 60), _font(46), anchor="mm")
    draw.line([(800, 0), (800, 92)], fill=(12, 11, 13), width=6)
    lamp = (706, 88, 894, 222)
    draw.rectangle((768, 78, 832, 96), fill=(20, 14, 14))
    draw.ellipse(lamp, fill=(226, 34, 30))
    for rib in range(1, 6):
        inset = 94 - abs(3 - rib) * 31.3
        draw.arc((800 - inset, 88, 800 + inset, 222), 0, 360, fill=(160, 16, 18), width=3)
    draw.ellipse((762, 118, 838, 194), fill=(255, 140, 96))
    draw.rectangle((768, 214, 832, 230), fill=(20, 14, 14))
    for thread in range(9):
        draw.line([(776 + thread * 6, 230), (776 + thread * 6, 272)], fill=(190, 30, 30), width=2)
    chair = (60, 84, 128)
    draw.polygon([(1196, 700), (1372, 700), (1360, 800), (1210, 800)], fill=chair)
    draw.polygon([(1196, 800), (1376, 800), (1396, 846), (1180, 846)], fill=(74, 100, 148))
    for x, lean in ((1196, -14), (1376, 14), (1226, -4), (1346, 4)):
        draw.line([(x, 840), (x + lean, 968)], fill=chair, width=14)
    for slot in range(5):
        draw.line([(1226 + slot * 30, 716), (1232 + slot * 27, 786)], fill=(40, 58, 92), width=6)
    shadow = _gradient(_PHOTO, (0.0, (255, 250, 250)), (0.4, (210, 200, 205)), (1.0, (110, 104, 120)))
    picture = ImageChops.multiply(picture, shadow)
    picture = _light(picture, lambda light: light.ellipse((600, 20, 1000, 330), fill=(150, 14, 10)), 130)
    picture = _light(picture, lambda light: light.ellipse(lamp, fill=(190, 40, 28)), 34)
    picture = _light(picture, lambda light: light.ellipse((560, 960, 1040, 1060), fill=(84, 10, 10)), 60)
    return _marked(_grain(picture, 22, 0.22), "Riverside guest house, 2023")


def _ledger() -> Image.Image:
    at = _seeded(31)
    page = _gradient((1060, 1440), (0.0, (240, 232, 208)), (0.6, (233, 222, 192)), (1.0, (224, 210, 176)))
    draw = ImageDraw.Draw(page)
    columns = (70, 190, 380, 520, 700, 880, 1010)
    for row in range(25):
        draw.line([(50, 190 + row * 48), (1024, 190 + row * 48)], fill=(164, 180, 196), width=2)
    for x in columns:
        draw.line([(x, 120), (x, 1400)], fill=(206, 128, 120), width=2)
    draw.text((70, 70), "Book 3, page 41", (40, 46, 90), _font(44), anchor="lm")

    def write(x: float, y: float, text: str, size: int = 34, ink: _Colour = (34, 40, 96)) -> None:
        """Like a hand: each sign a little off and a little turned, right-aligned at x."""
        x -= len(text) * size * 0.55
        for sign in text:
            tile = Image.new("L", (size * 2, size * 2))
            ImageDraw.Draw(tile).text((size, size), sign, 255, _font(size + at.randint(-2, 2)), anchor="mm")
            tile = tile.transform(
                tile.size, Image.Transform.AFFINE, (1, 0.22, -size * 0.22, 0, 1, 0), Image.Resampling.BICUBIC
            )
            tile = tile.rotate(at.uniform(-6, 6), Image.Resampling.BICUBIC)
            page.paste(ink, (round(x - size / 2), round(y - size + at.uniform(-3, 3))), tile)
            x += size * 0.55

    for x, heading in zip(columns[1:], ("No.", "Date", "Room", "In", "Fine", "Owed"), strict=True):
        draw.text((x - 14, 150), heading, (120, 50, 46), _font(30), anchor="rm")
    owed = {7: 1850, 9: 640, 12: 2310, 15: 975}
    for row in range(23):
        number = at.choice(list(owed))
        paid, fine = at.choice([10, 15, 15, 20, 25]), at.choice([0, 0, 0, 5, 10, 30])
        owed[number] += 12 + fine - paid // 2
        y = 218 + row * 48
        cells = (
            str(number),
            f"{1 + row * 31 // 23}/3",
            str(at.choice([3, 4, 6, 8])),
            str(paid),
            str(fine or "-"),
            str(owed[number]),
        )
        for x, cell in zip(columns[1:], cells, strict=True):
            write(x - 12, y, cell, ink=(150, 30, 34) if cell == cells[4] != "-" and fine > 5 else (34, 40, 96))
    draw.line([(860, 1352), (1020, 1344)], fill=(34, 40, 96), width=4)
    for _spot in range(240):
        left, top, size = at.uniform(0, 1060), at.uniform(0, 1440), at.uniform(0.5, 2.2)
        draw.ellipse((left, top, left + size, top + size), fill=(196, 176, 136))
    draw.arc((770, 1180, 1010, 1420), 20, 330, fill=(206, 182, 140), width=9)

    table = Image.new("RGB", _PHOTO, (92, 62, 42))
    wood = ImageDraw.Draw(table)
    for y in range(_PHOTO[1]):
        wave_ = 10 * math.sin(y * 0.045) + 6 * math.sin(y * 0.21 + 1)
        wood.line([(0, y), (_PHOTO[0], y)], fill=(round(92 + wave_), round(62 + wave_ * 0.7), round(42 + wave_ * 0.5)))
    for y in (240, 530, 830):
        wood.line([(0, y), (_PHOTO[0], y + 6)], fill=(48, 31, 22), width=5)
    picture = table.filter(ImageFilter.GaussianBlur(1.2))
    other = _gradient((1060, 1440), (0.0, (222, 212, 186)), (1.0, (206, 194, 160)))
    for leaf, centre, angle in ((other, (250, 560), 3.5), (page, (860, 540), -2.5)):
        small = (
            leaf.resize((795, 1080), Image.Resampling.LANCZOS)
            .convert("RGBA")
            .rotate(angle, Image.Resampling.BICUBIC, True)
        )
        corner = (centre[0] - small.width // 2, centre[1] - small.height // 2)
        shade = Image.new("L", _PHOTO)
        shade.paste(small.getchannel("A"), (corner[0] + 14, corner[1] + 18))
        shade = shade.filter(ImageFilter.GaussianBlur(16)).point(lambda value: value * 0.6)
        picture.paste((20, 12, 8), (0, 0), shade)
        picture.paste(small, corner, small)
    fold = Image.new("L", _PHOTO)
    ImageDraw.Draw(fold).line([(470, -20), (520, 1090)], fill=150, width=34)
    picture.paste((60, 46, 30), (0, 0), fold.filter(ImageFilter.GaussianBlur(18)))
    pen = ImageDraw.Draw(picture)
    pen.line([(1330, 300), (1510, 760)], fill=(24, 34, 84), width=30)
    pen.line([(1324, 284), (1336, 316)], fill=(12, 16, 40), width=34)
    pen.polygon([(1497, 766), (1523, 754), (1530, 812)], fill=(186, 186, 190))
    pen.line([(1342, 320), (1400, 468)], fill=(168, 172, 186), width=8)
    picture = ImageChops.multiply(
        picture, _gradient(_PHOTO, (0.0, (255, 252, 244)), (0.5, (248, 240, 228)), (1.0, (188, 176, 166)))
    )
    return _marked(_grain(picture, 32, 0.12), "Ledger, Riverside guest house, 2023")


def _phone() -> Image.Image:
    at = _seeded(41)
    picture = _gradient(_PHOTO, (0.0, (158, 162, 164)), (1.0, (118, 122, 126)))
    cloth = Image.frombytes("L", (400, 267), at.randbytes(400 * 267)).resize(_PHOTO, Image.Resampling.BICUBIC)
    picture = Image.blend(picture, ImageChops.overlay(picture, cloth.convert("RGB")), 0.12)
    shade = Image.new("L", _PHOTO)
    ImageDraw.Draw(shade).rounded_rectangle((556, 110, 996, 962), 60, fill=190)
    picture.paste((40, 42, 46), (0, 0), shade.filter(ImageFilter.GaussianBlur(22)))
    draw = ImageDraw.Draw(picture)
    draw.rounded_rectangle((540, 84, 980, 940), 56, fill=(22, 23, 27), outline=(62, 64, 70), width=6)
    draw.rounded_rectangle((562, 130, 958, 896), 26, fill=(14, 24, 40))
    screen = _gradient((396, 766), (0.0, (26, 58, 88)), (1.0, (12, 22, 40)))
    mask = Image.new("L", (396, 766))
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, 395, 765), 26, fill=255)
    picture.paste(screen, (562, 130), mask)
    draw.ellipse((752, 98, 768, 114), fill=(44, 48, 60))
    draw.text((586, 158), "06:58", (226, 232, 240), _font(26), anchor="lm")
    draw.text((934, 158), "31 %", (226, 232, 240), _font(26), anchor="rm")
    draw.text((760, 250), "06:58", (255, 255, 255), _font(92), anchor="mm")
    draw.text((760, 322), "Sunday 2 April", (206, 216, 228), _font(28), anchor="mm")
    notes = (
        ("Missed calls (7)", "Number 12, last 05:52"),
        ("New message", "Where is she. Keep her upstairs"),
        ("New message", "They have gone. Open at 8"),
    )
    for index, (head, line) in enumerate(notes):
        top = 390 + index * 128
        draw.rounded_rectangle((582, top, 938, top + 112), 18, fill=(48, 74, 102))
        draw.rounded_rectangle(
            (598, top + 20, 640, top + 62), 10, fill=((206, 72, 64), (72, 160, 98), (72, 160, 98))[index]
        )
        draw.text((656, top + 34), head, (255, 255, 255), _font(26), anchor="lm")
        draw.text((600, top + 86), line, (214, 224, 234), _font(22), anchor="lm")
    draw.rounded_rectangle((690, 868, 830, 876), 4, fill=(210, 218, 228))
    draw.line([(606, 140), (706, 300), (690, 420), (800, 560), (780, 700)], fill=(150, 166, 184), width=2)
    draw.line([(706, 300), (850, 340), (952, 330)], fill=(150, 166, 184), width=2)
    draw.rectangle((1060, 120, 1130, 930), fill=(244, 240, 228), outline=(60, 60, 60), width=3)
    for tick in range(156):
        y, long = 130 + tick * 4.94, 34 if tick % 10 == 0 else 22 if tick % 5 == 0 else 12
        draw.line([(1060, y), (1060 + long, y)], fill=(30, 30, 30), width=2)
        if tick % 10 == 0:
            draw.text((1100, y + 2), str(tick // 10), (30, 30, 30), _font(22), anchor="lm")
    draw.text((1112, 905), "cm", (30, 30, 30), _font(18), anchor="mm")
    tag = Image.new("RGBA", (360, 220), (246, 238, 214, 255))
    label = ImageDraw.Draw(tag)
    label.rectangle((4, 4, 355, 215), outline=(150, 40, 36), width=5)
    label.ellipse((20, 94, 50, 124), fill=(120, 124, 128, 255), outline=(90, 90, 90), width=4)
    label.text((200, 52), "EVIDENCE", (150, 40, 36), _font(44), anchor="mm")
    label.text((200, 112), "RGH-07", (34, 34, 38), _font(52), anchor="mm")
    label.text((200, 172), "reception desk", (34, 34, 38), _font(30), anchor="mm")
    turned = tag.rotate(7, Image.Resampling.BICUBIC, True)
    shade = Image.new("L", _PHOTO)
    shade.paste(turned.getchannel("A"), (108, 398))
    picture.paste((50, 52, 56), (0, 0), shade.filter(ImageFilter.GaussianBlur(10)).point(lambda value: value * 0.7))
    picture.paste(turned, (100, 386), turned)
    ImageDraw.Draw(picture).line([(140, 520), (60, 470), (30, 360), (90, 280)], fill=(206, 198, 176), width=4)
    picture = _light(picture, lambda light: light.ellipse((200, -300, 1400, 420), fill=(40, 38, 34)), 200)
    return _marked(_grain(picture, 42, 0.10), "Phone RGH-07, 2023")


def _neon() -> Image.Image:
    width, height = _PHOTO
    picture = _gradient(_PHOTO, (0.0, (10, 12, 26)), (0.5, (20, 20, 40)), (1.0, (14, 14, 22)))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((180, 130, 1420, 850), fill=(34, 32, 50))
    for x in range(180, 1420, 124):
        draw.line([(x, 130), (x, 850)], fill=(26, 24, 40), width=3)
    draw.rectangle((160, 110, 1440, 140), fill=(48, 46, 66))
    for x in (260, 470, 1010, 1220):
        draw.rectangle((x, 470, x + 130, 690), fill=(18, 16, 28), outline=(58, 54, 78), width=6)
        draw.rectangle((x + 8, 478, x + 122, 682), fill=(58, 22, 66))
        for fold in range(6):
            draw.line([(x + 16 + fold * 20, 478), (x + 12 + fold * 20, 682)], fill=(40, 14, 48), width=7)
    draw.rectangle((690, 480, 920, 852), fill=(12, 10, 18), outline=(92, 84, 120), width=8)
    draw.rectangle((702, 492, 803, 848), fill=(48, 16, 60))
    draw.rectangle((807, 492, 908, 848), fill=(38, 12, 50))
    for x in (786, 820):
        draw.rectangle((x, 650, x + 6, 720), fill=(198, 186, 140))
    draw.rectangle((0, 850, width, height), fill=(20, 20, 28))
    draw.rectangle((0, 850, width, 872), fill=(46, 46, 58))
    _motorbike(draw, 300, 930, 1.15, (8, 8, 12))
    _motorbike(draw, 1110, 950, 1.25, (8, 8, 12))

    def lotus(target: ImageDraw.ImageDraw, colour: _Colour, thick: int) -> None:
        for angle in (-64, -34, 0, 34, 64):
            turn = math.radians(angle)
            outline = []
            for step in range(41):
                along = step / 40 * 2
                reach, side = (along, 1) if along <= 1 else (2 - along, -1)
                x, y = side * 24 * math.sin(math.pi * reach), -104 * reach
                outline.append(
                    (400 + x * math.cos(turn) - y * math.sin(turn), 372 + x * math.sin(turn) + y * math.cos(turn))
                )
            target.line(outline, fill=colour, width=thick, joint="curve")

    def letters(target: ImageDraw.ImageDraw, blue: _Colour, pink: _Colour, thick: int) -> None:
        target.text((900, 262), "BLUE LOTUS", blue, _font(128), anchor="mm", stroke_width=thick, stroke_fill=blue)
        target.text((900, 372), "K A R A O K E", pink, _font(62), anchor="mm", stroke_width=thick, stroke_fill=pink)

    tube = Image.new("RGB", _PHOTO)
    tubes = ImageDraw.Draw(tube)
    letters(tubes, (120, 214, 255), (255, 120, 206), 1)
    lotus(tubes, (120, 214, 255), 7)
    tubes.rectangle((230, 176, 1370, 432), outline=(255, 96, 190), width=5)

    def glow(target: ImageDraw.ImageDraw) -> None:
        letters(target, (20, 110, 220), (220, 30, 150), 9)
        lotus(target, (20, 110, 220), 26)
        target.rectangle((230, 176, 1370, 432), outline=(190, 20, 120), width=20)

    picture = _light(picture, glow, 64)
    picture = _light(picture, glow, 16)
    picture = ImageChops.add(picture, tube)
    mirrored = picture.crop((0, 160, width, 850)).transpose(Image.Transpose.FLIP_TOP_BOTTOM).resize((width, 194))
    street = mirrored.filter(ImageFilter.GaussianBlur(9)).point(lambda value: value * 0.45)
    picture.paste(ImageChops.add(picture.crop((0, 872, width, height)), street), (0, 872))
    return _marked(_grain(picture, 52, 0.20), "Blue Lotus karaoke, 2026")


# --- files ------------------------------------------------------------------------------------------------------------


def _save_photo(picture: Image.Image, asset: Asset, clock: datetime) -> None:
    """JPEG with the EXIF of the camera, whose `clock` need not be right."""
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = _MAKER
    exif[ExifTags.Base.Model] = asset.device
    exif[ExifTags.Base.ImageDescription] = MARK
    inner: dict[int, Any] = exif.get_ifd(ExifTags.IFD.Exif)
    inner[ExifTags.Base.DateTimeOriginal] = clock.strftime("%Y:%m:%d %H:%M:%S")
    inner[ExifTags.Base.OffsetTimeOriginal] = "+07:00"
    place: dict[int, Any] = exif.get_ifd(ExifTags.IFD.GPSInfo)
    place[ExifTags.GPS.GPSLatitudeRef], place[ExifTags.GPS.GPSLatitude] = "N", _sexagesimal(asset.latitude)
    place[ExifTags.GPS.GPSLongitudeRef], place[ExifTags.GPS.GPSLongitude] = "E", _sexagesimal(asset.longitude)
    picture.save(asset.path, "JPEG", quality=88, exif=exif)


def _sexagesimal(degrees: float) -> tuple[float, float, float]:
    minutes = degrees % 1 * 60
    return float(int(degrees)), float(int(minutes)), round(minutes % 1 * 60, 2)


def _save_sound(asset: Asset, seconds: int) -> None:
    """A corridor at night: a fan's hum, music through a wall, insects. 16 kHz, mono, with RIFF INFO."""
    rate, at = 16000, _seeded(61)
    samples = bytearray()
    muffled = 0.0
    tune = (110.0, 130.8, 164.8, 146.8, 110.0, 98.0, 123.5, 130.8)
    for index in range(rate * seconds):
        t = index / rate
        beat = t % 0.5
        music = math.sin(2 * math.pi * 58 * t) * math.exp(-beat * 9)
        music += 0.35 * math.sin(2 * math.pi * tune[int(t * 2) % 8] * t) * math.exp(-beat * 3)
        muffled += 0.12 * (at.uniform(-1, 1) - muffled)
        hum = 0.10 * math.sin(2 * math.pi * 50 * t) + 0.05 * math.sin(2 * math.pi * 100 * t)
        insects = 0.03 * math.sin(2 * math.pi * 4300 * t) * max(0.0, math.sin(2 * math.pi * 17 * t)) * (t % 3 < 1.6)
        level = 0.30 * music + hum + insects + 0.18 * muffled
        fade = min(1.0, t * 2, (seconds - t) * 2)
        samples += struct.pack("<h", round(max(-1.0, min(1.0, level * fade)) * 28000))
    with wave.open(str(asset.path), "wb") as sound:
        sound.setparams((1, 2, rate, 0, "NONE", ""))
        sound.writeframes(samples)
    facts = {
        b"INAM": f"{MARK}: {asset.title}",
        b"ICRD": asset.captured_at.isoformat(),
        b"ISFT": asset.device,
    }
    info = b"INFO"
    for name, text in facts.items():
        value = text.encode("ascii") + b"\0"
        info += name + struct.pack("<I", len(value)) + value + b"\0" * (len(value) % 2)
    with asset.path.open("r+b") as file:
        file.seek(0, 2)
        file.write(b"LIST" + struct.pack("<I", len(info)) + info)
        size = file.tell()
        file.seek(4)
        file.write(struct.pack("<I", size - 8))


def _save_video(asset: Asset, seconds: int, speed: float) -> None:
    """H.264 in MP4 with a burnt-in clock: a street at night, passed at `speed` (0 for a fixed camera)."""
    sky, far, near = _layers()
    width, height = _FRAME
    facts = {
        "title": MARK,
        "creation_time": asset.captured_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "com.apple.quicktime.location.ISO6709": f"{asset.latitude:+08.4f}{asset.longitude:+09.4f}/",
        "com.android.manufacturer": _MAKER,
        "com.android.model": asset.device,
    }
    options = {"movflags": "use_metadata_tags+faststart"}
    with av.open(str(asset.path), "w", options=options) as clip:
        clip.metadata.update(facts)
        stream = clip.add_stream(
            "libx264", rate=_FRAMES_PER_SECOND, options={"crf": "24", "preset": "veryfast", "threads": "1"}
        )
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for index in range(seconds * _FRAMES_PER_SECOND):
            t = index / _FRAMES_PER_SECOND
            frame = sky.copy()
            shake = (round(2 * math.sin(t * 5.1) * speed), round(2 * math.sin(t * 3.7 + 1) * speed))
            walked = 40 + t * 26 * speed if speed else 250
            for layer, depth in ((far, 0.45), (near, 1.0)):
                frame.paste(layer, (shake[0] - round(walked * depth), shake[1]), layer)
            _passer(frame, t)
            frame = _marked(frame)
            draw = ImageDraw.Draw(frame)
            clock = (asset.captured_at + timedelta(seconds=t)).strftime("%Y-%m-%d %H:%M:%S.%f")[:-5]
            draw.rectangle((10, 10, 262, 34), fill=(0, 0, 0))
            draw.text((18, 22), f"CAM 3  {clock}", (240, 240, 240), _font(17), anchor="lm")
            if index // 8 % 2 == 0:
                draw.ellipse((width - 30, 14, width - 16, 28), fill=(220, 40, 40))
            image = av.VideoFrame.from_image(frame)  # type: ignore[no-untyped-call]
            clip.mux(stream.encode(image))
        clip.mux(stream.encode())


def _layers() -> tuple[Image.Image, Image.Image, Image.Image]:
    """The night sky and street, the houses across it, and what stands on this side, the last two wide and clear."""
    at = _seeded(71)
    _width, height = _FRAME
    sky = _gradient(_FRAME, (0.0, (12, 14, 30)), (0.62, (40, 34, 56)), (0.66, (30, 29, 36)), (1.0, (16, 16, 22)))
    far = Image.new("RGBA", (1100, height))
    draw = ImageDraw.Draw(far)
    x = -20
    while x < 1100:
        across, top = at.randint(90, 150), at.randint(60, 120)
        shade = at.randint(26, 44)
        draw.rectangle((x, top, x + across, 242), fill=(shade, shade - 2, shade + 12, 255))
        for floor in range(top + 14, 190, 38):
            for window in range(x + 12, x + across - 24, 32):
                colour = at.choice([(250, 200, 120), (90, 84, 110), (30, 30, 44), (30, 30, 44)])
                draw.rectangle((window, floor, window + 17, floor + 23), fill=(*colour, 255))
        draw.rectangle((x + 10, 204, x + across - 10, 242), fill=(20, 19, 28, 255))
        x += across + at.choice([0, 0, 10])
    draw.rectangle((430, 128, 620, 198), fill=(22, 18, 44, 255), outline=(255, 96, 190, 255), width=3)
    draw.text((525, 152), "BLUE LOTUS", (130, 218, 255, 255), _font(27), anchor="mm")
    draw.text((525, 180), "KARAOKE", (255, 120, 206, 255), _font(18), anchor="mm")
    halo = Image.new("RGBA", far.size)
    ImageDraw.Draw(halo).rectangle((410, 110, 640, 242), fill=(150, 60, 170, 90))
    far.alpha_composite(halo.filter(ImageFilter.GaussianBlur(18)))
    draw.rectangle((500, 202, 548, 242), fill=(120, 40, 130, 255))
    near = Image.new("RGBA", (1700, height))
    draw = ImageDraw.Draw(near)
    for x in range(60, 1700, 330):
        draw.rectangle((x, 30, x + 7, 320), fill=(10, 10, 14, 255))
        draw.rectangle((x - 30, 30, x + 7, 35), fill=(10, 10, 14, 255))
        draw.ellipse((x - 40, 32, x - 18, 44), fill=(255, 226, 160, 255))
    for x in (210, 640, 1010, 1340):
        _motorbike(draw, x, 322, 0.62, (10, 10, 14))
    draw.rectangle((0, 318, 1700, 322), fill=(44, 42, 52, 255))
    return sky, far, near


def _passer(frame: Image.Image, t: float) -> None:
    """A motorbike with its headlight that crosses the street every eight seconds."""
    x = round((t % 8) * 130) - 160
    bike = Image.new("RGBA", frame.size)
    draw = ImageDraw.Draw(bike)
    draw.polygon([(x + 66, 231), (x + 240, 244), (x + 240, 284)], fill=(255, 240, 190, 46))
    _motorbike(draw, x, 280, 0.52, (6, 6, 9))
    draw.ellipse((x + 58, 226, x + 68, 236), fill=(255, 246, 214, 255))
    draw.ellipse((x + 8, 212, x + 26, 232), fill=(6, 6, 9, 255))
    draw.polygon([(x + 4, 236), (x + 30, 230), (x + 36, 256), (x + 6, 256)], fill=(6, 6, 9, 255))
    frame.paste(bike, (0, 0), bike)


def _pad(path: Path, size: int) -> None:
    """Lengthen an MP4 to `size` bytes with boxes of type `free`, which players skip (ISO 14496-12, 8.1.2)."""
    block = _seeded(81).randbytes(1024 * 1024)
    with path.open("r+b") as file:
        file.seek(0, 2)
        missing = size - file.tell()
        if missing < 16:
            return
        file.write(struct.pack(">I4sQ", 1, b"free", missing))
        missing -= 16
        while missing > 0:
            missing -= file.write(block[:missing])
