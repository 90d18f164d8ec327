"""Pictures, made anew by the child that may be killed."""

import base64
from dataclasses import dataclass

from hark.kernel.hostile import read_in_child

SECONDS = 30.0  # 40 megapixels on a busy machine; a telephone's picture takes half a second
TOO_MUCH = {"timeout": "This picture takes too long to be read.", "memory": "This picture is too large to be shown."}


@dataclass(frozen=True, slots=True)
class Redrawn:
    """A picture made anew, or in words why there is none."""

    data: bytes = b""
    width: int | None = None
    height: int | None = None
    problem: str = ""


def redrawn(raw: bytes, *, longest: int = 0) -> Redrawn:
    """The picture without what a camera writes into it; with `longest` a still of that size at most.

    Never raises for what the bytes are. Not inside a transaction, and in no page: it may wait for a free child.
    """
    outcome = read_in_child("hark.kernel.pictures:made_anew", raw, str(longest), seconds=SECONDS)
    said = outcome.value or {}
    if outcome.note or "bytes" not in said:
        return Redrawn(problem=TOO_MUCH.get(outcome.note) or said.get("problem") or "This picture is damaged.")
    return Redrawn(base64.b64decode(said["bytes"]), said["width"], said["height"])
