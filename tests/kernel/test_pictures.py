"""Pictures made anew: upright, without place and camera, and nothing that a picture can be stops the house."""

import base64
import io
import time
from typing import Any

import pytest
from PIL import Image
from tests.kernel.picture_makers import moving, photo, png_bomb

from hark.kernel.hostile import read_in_child

MADE = "hark.kernel.pictures:made_anew"
TELLTALE = (b"Exif", b"Plumphone", b"GPS")


def anew(raw: bytes, longest: int = 0) -> dict[str, Any]:
    """As Hark does it: in the child."""
    outcome = read_in_child(MADE, raw, str(longest), seconds=20)
    assert outcome.note == ""
    said: dict[str, Any] = outcome.value
    return said


def opened(said: dict[str, Any]) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(said["bytes"])))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_neither_place_nor_camera_is_in_the_new_picture(kind: str) -> None:
    raw = photo(kind)
    assert b"Plumphone" in raw
    said = anew(raw)
    new = base64.b64decode(said["bytes"])
    assert [word for word in TELLTALE if word in new] == []
    picture = opened(said)
    assert picture.format == kind
    assert not picture.getexif()
    assert picture.size == (64, 40)


def test_picture_taken_on_its_side_stands_upright() -> None:
    said = anew(photo(size=(64, 40), orientation=6))
    assert (said["width"], said["height"]) == (40, 64)
    small = anew(photo(size=(640, 400), orientation=6), 64)
    assert (small["width"], small["height"]) == (40, 64)


@pytest.mark.parametrize("kind", ["GIF", "WEBP"])
def test_moving_picture_goes_on_moving_and_its_preview_stands_still(kind: str) -> None:
    raw = moving(kind)
    assert getattr(opened(anew(raw)), "n_frames", 1) == 3
    small = anew(raw, 16)
    assert small["mime"] in {"image/png", "image/jpeg"}
    assert max(small["width"], small["height"]) <= 16


@pytest.mark.parametrize(
    "raw",
    [b"", b"\x89PNG\r\n\x1a\n", photo()[:100], photo("PNG")[:60], b"GIF89a" + bytes(40), b"<svg/>", b"RIFF....WEBP"],
)
def test_broken_picture_is_a_word_and_no_accident(raw: bytes) -> None:
    assert anew(raw)["problem"]


def test_bombs_are_told_by_their_head() -> None:
    began = time.monotonic()
    assert "too large" in anew(png_bomb())["problem"]
    assert "too large" in anew(moving(frames=301))["problem"]
    assert time.monotonic() - began < 20
