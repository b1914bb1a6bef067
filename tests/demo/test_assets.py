"""The demonstration media: real files with real metadata, marked as fictional, the same each time."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import av
import pytest
from PIL import Image

from evidence_api.demo.assets import MARK, Asset, make_assets, make_detail
from evidence_api.media import Claims, differences, read_claims, sniff

BIG = 6_000_000


@pytest.fixture(scope="module")
def assets(tmp_path_factory: pytest.TempPathFactory) -> list[Asset]:
    return make_assets(tmp_path_factory.mktemp("assets") / "media", BIG)


def claims_of(asset: Asset) -> Claims:
    size = asset.path.stat().st_size
    with asset.path.open("rb") as file:
        return read_claims(file, size, sniff(file, size))


def test_there_are_pictures_a_sound_and_videos_oldest_first(assets: list[Asset]) -> None:
    assert [asset.path.suffix for asset in assets] == [".jpg", ".jpg", ".wav", ".jpg", ".jpg", ".jpg", ".mp4", ".mp4"]
    assert [asset.captured_at for asset in assets] == sorted(asset.captured_at for asset in assets)
    types = {".jpg": "image/jpeg", ".wav": "audio/wav", ".mp4": "video/mp4"}
    for asset in assets:
        with asset.path.open("rb") as file:
            assert sniff(file, asset.path.stat().st_size) == types[asset.path.suffix]


def test_the_files_say_what_is_stated_of_them_but_for_one_clock(assets: list[Asset]) -> None:
    for asset in assets:
        claims = claims_of(asset)
        assert claims.readable
        assert claims.recorded_at
        assert claims.device == (None if asset.path.suffix == ".wav" else asset.device)
        found = differences(claims, asset.captured_at, asset.device, asset.latitude, asset.longitude)
        fast_clock = ["captured_at"] if asset.path.name == "phone-of-the-keeper.jpg" else []
        assert [difference.field for difference in found] == fast_clock


def test_every_picture_and_frame_bears_the_mark(assets: list[Asset], tmp_path: Path) -> None:
    detail = replace(assets[0], path=tmp_path / "detail.jpg")
    make_detail(assets[0], detail.path)
    for asset in [*assets, detail]:
        if asset.path.suffix == ".jpg":
            with Image.open(asset.path) as picture:
                shown = picture.convert("RGB")
        elif asset.path.suffix == ".mp4":
            with av.open(str(asset.path)) as clip:
                shown = next(iter(clip.decode(video=0))).to_image()  # type: ignore[no-untyped-call]
        else:
            assert MARK.encode() in asset.path.read_bytes()
            continue
        band = shown.crop((0, shown.height - shown.height // 25, shown.width // 3, shown.height - 4))
        data = band.tobytes()
        colours = {tuple(round(channel / 64) for channel in data[at : at + 3]) for at in range(0, len(data), 3)}
        assert (4, 3, 0) in colours, "the yellow band"
        assert (0, 0, 0) in colours, "the letters on it"


def test_the_videos_play_and_move(assets: list[Asset]) -> None:
    for asset in assets[-2:]:
        with av.open(str(asset.path)) as clip:
            every = enumerate(clip.decode(video=0))
            frames = [frame.to_image() for index, frame in every if index in (0, 30, 359)]  # type: ignore[no-untyped-call]
        assert len(frames) == 3, "24 seconds at 15 frames"
        assert len({hashlib.sha256(frame.tobytes()).digest() for frame in frames}) == 3
        assert frames[0].size == (640, 360)


def test_the_big_video_has_the_size_asked_for(assets: list[Asset]) -> None:
    assert assets[-1].path.stat().st_size == BIG


def test_the_same_call_makes_the_same_files(assets: list[Asset], tmp_path: Path) -> None:
    for first, second in zip(assets, make_assets(tmp_path, BIG), strict=True):
        assert first.path.read_bytes() == second.path.read_bytes()
