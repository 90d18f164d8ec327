"""Pictures made in the test: with a place in them, broken, far too large."""

import io
import struct
import zlib
from typing import Any

from PIL import Image

PLACE = {1: "N", 2: (51.0, 2.0, 30.0), 3: "E", 4: (3.0, 43.0, 12.0)}


def photo(kind: str = "JPEG", size: tuple[int, int] = (64, 40), *, orientation: int = 1, **more: Any) -> bytes:
    """A picture as a telephone takes it: with camera, orientation and place."""
    picture = Image.new("RGB", size, (90, 43, 110))
    picture.paste((240, 200, 60), (0, 0, size[0] // 2, size[1] // 2))
    exif = Image.Exif()
    exif[271], exif[272], exif[274] = "Plumphone", "Nine", orientation
    exif.get_ifd(0x8825).update(PLACE)
    target = io.BytesIO()
    picture.save(target, format=kind, exif=exif, **more)
    return target.getvalue()


def moving(kind: str = "GIF", frames: int = 3, size: tuple[int, int] = (20, 20)) -> bytes:
    """A picture that moves."""
    drawn = [Image.new("RGB", size, (number * 40 % 255, 0, 0)) for number in range(frames)]
    target = io.BytesIO()
    drawn[0].save(target, format=kind, save_all=True, append_images=drawn[1:], duration=80, loop=0)
    return target.getvalue()


def png_bomb(width: int = 40_000, height: int = 40_000) -> bytes:
    """A PNG of one colour that is small as a file and enormous as a picture."""
    line = zlib.compressobj(9)
    row = b"\x00" + bytes(width // 8)
    packed = b"".join([*(line.compress(row) for _ in range(height)), line.flush()])

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")
