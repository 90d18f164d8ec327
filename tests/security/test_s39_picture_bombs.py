"""Threat 39: what is small on the wire and enormous unpacked costs a moment and no more; no archive is opened."""

import gzip
import io
import time
import zipfile

from tests.kernel.picture_makers import moving, png_bomb
from tests.security.stranger import came_with
from tests.workspace.files import a_case, add
from tests.workspace.fixtures import SignedIn
from tests.workspace.makers import World


def archive_in_archive() -> bytes:
    """A zip of a zip of zeros."""
    inner, outer = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("zeros", bytes(20_000_000))
    with zipfile.ZipFile(outer, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("inner.zip", inner.getvalue())
    return outer.getvalue()


def test_bombs_are_kept_as_they_came_and_shown_as_files(world: World) -> None:
    bombs = {
        "huge.png": png_bomb(),
        "many.gif": moving(frames=320, size=(4, 4)),
        "zeros.gz": gzip.compress(bytes(30_000_000)),
        "in.zip": archive_in_archive(),
        "half.webp": b"RIFF\xff\xff\xff\x7fWEBPVP8X",
    }
    began = time.monotonic()
    message = came_with(world.square, bombs)
    assert time.monotonic() - began < 30
    files = {file.name: file for file in message.attachments.all()}
    assert {name: file.state for name, file in files.items()} == dict.fromkeys(bombs, "stored")
    assert {name: file.size for name, file in files.items()} == {name: len(raw) for name, raw in bombs.items()}
    assert files["huge.png"].preview == files["half.webp"].preview == files["zeros.gz"].preview == ""


def test_bomb_is_not_sent_on(world: World, signed_in: SignedIn) -> None:
    file = add(signed_in(world.tessa), a_case(world), "huge.png", png_bomb())
    assert file.state == "failed"
    assert "too large" in file.problem
