"""Strangers' pictures, made anew: Hark draws the new one, so neither a camera's notes nor a place go with it.

Pure, and imported in the killable child only (`kernel.hostile`): a decoder of pictures is no place for trust.
"""

import base64
import io
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

from PIL import Image, ImageOps

from hark.kernel.files import PICTURES, type_of

MOST_PIXELS = 40_000_000
MOST_FRAMES = 300
FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/gif": "GIF", "image/webp": "WEBP"}
QUALITY = 88
MOVING = frozenset({"GIF", "WEBP"})

Image.MAX_IMAGE_PIXELS = MOST_PIXELS
warnings.simplefilter("error", Image.DecompressionBombWarning)


def made_anew(raw: bytes, longest: str = "0") -> dict[str, Any]:
    """The same picture in the same format, upright, without EXIF; with `longest` a still no larger than that.

    `{mime, width, height, bytes (base64)}`, or `{problem}` in words for people.
    """
    if type_of(raw[:4096]) not in PICTURES:
        return {"problem": "This is no picture that Hark can show."}
    try:
        return _made_anew(raw, int(longest))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError):
        return {"problem": "This picture is too large to be shown."}
    except Exception:  # noqa: BLE001 - a decoder fails in as many ways as there are broken pictures
        return {"problem": "This picture is damaged."}


def _made_anew(raw: bytes, longest: int) -> dict[str, Any]:
    with Image.open(io.BytesIO(raw), formats=tuple(FORMATS.values())) as picture:
        if picture.width * picture.height > MOST_PIXELS:
            raise MemoryError
        if longest:
            picture.draft("RGB", (longest, longest))
            return _written([_upright(picture, longest)], "PNG" if _see_through(picture) else "JPEG")
        frames, kind = getattr(picture, "n_frames", 1), str(picture.format)
        if frames > MOST_FRAMES or frames * picture.width * picture.height > 2 * MOST_PIXELS:
            raise MemoryError
        if frames > 1 and kind in MOVING:
            pace = _pace(picture, frames)
            return _written(list(_frames(picture, frames)), kind, save_all=True, **pace)
        return _written([_upright(picture, 0)], kind, icc_profile=picture.info.get("icc_profile"))


def _upright(picture: Image.Image, longest: int) -> Image.Image:
    """The first frame as it is meant to be seen, in a mode that every format can write."""
    mode = "RGBA" if _see_through(picture) else "L" if picture.mode == "L" else "RGB"
    still = picture.convert(mode)
    if longest:
        still.thumbnail((longest, longest))
    ImageOps.exif_transpose(still, in_place=True)
    return _bare(still)


def _bare(picture: Image.Image) -> Image.Image:
    """Without anything that a writer could take over from the original."""
    picture.info.clear()
    return picture


def _see_through(picture: Image.Image) -> bool:
    return picture.mode in {"RGBA", "LA", "PA"} or "transparency" in picture.info


def _frames(picture: Image.Image, count: int) -> Iterator[Image.Image]:
    for number in range(count):
        picture.seek(number)
        yield _bare(picture.convert("RGBA"))


def _pace(picture: Image.Image, frames: int) -> dict[str, Any]:
    """How long each frame stays, and how often it all begins again."""
    durations = []
    for number in range(frames):
        picture.seek(number)
        durations.append(int(picture.info.get("duration") or 100))
    return {"duration": durations, "loop": int(picture.info.get("loop", 0))}


def _written(drawn: Sequence[Image.Image], kind: str, **options: Any) -> dict[str, Any]:
    first, target = drawn[0], io.BytesIO()
    if kind == "JPEG":
        first = first if first.mode in {"RGB", "L"} else first.convert("RGB")
        options["quality"] = QUALITY
    if kind == "PNG":
        options["compress_level"] = 3  # a fifth larger than the best, in a third of the time
    if len(drawn) > 1:
        options["append_images"] = drawn[1:]
    first.save(target, format=kind, **{name: value for name, value in options.items() if value is not None})
    mime = next(name for name, each in FORMATS.items() if each == kind)
    coded = base64.b64encode(target.getvalue()).decode()
    return {"mime": mime, "width": first.width, "height": first.height, "bytes": coded}
