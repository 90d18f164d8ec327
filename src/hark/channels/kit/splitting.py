"""The length of a text as a venue counts it, and cutting a long one into pieces of that length."""

import re
import unicodedata
from itertools import pairwise
from typing import Literal

Unit = Literal["chars", "graphemes", "bytes", "utf16"]
JOINER = "\u200d"


def length(text: str, unit: str) -> int:
    """How long the venue says this text is."""
    if unit == "bytes":
        return len(text.encode())
    if unit == "utf16":
        return len(text.encode("utf-16-le")) // 2
    return len(clusters(text)) if unit == "graphemes" else len(text)


def split(text: str, limit: int, unit: str) -> list[str]:
    """The text in pieces of at most `limit` units, cut at white space where there is any.

    Never cut inside what people see as one character, unless that alone is too long. Nothing is lost but the white
    space at the cuts.
    """
    pieces: list[str] = []
    rest = text.strip()
    while length(rest, unit) > limit:
        head = _head(rest, limit, unit)
        spaces = [match.start() for match in re.finditer(r"\s+", head) if match.start()]
        whole = rest[len(head) : len(head) + 1].isspace()
        cut = spaces[-1] if not whole and spaces and spaces[-1] >= len(head) // 2 else len(head)
        pieces.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [*pieces, rest] if rest else pieces


def _head(text: str, limit: int, unit: str) -> str:
    """The longest beginning within the limit, one visible character at least."""
    used, taken = 0, 0
    for cluster in clusters(text[: limit + 1] if unit != "graphemes" else text):
        used += length(cluster, unit)
        if used > limit and taken:
            break
        taken += len(cluster)
    return text[:taken]


def clusters(text: str) -> list[str]:
    """What people see as one character each: a base with its marks, joined emoji, flags, CRLF.

    The rules of UAX 29 that matter for chat; Hangul written as single letters and Indic conjuncts are taken apart.
    """
    cuts = [0]
    flags = 0
    for place, (before, here) in enumerate(pairwise(text), start=1):
        flags = flags + 1 if _is_flag(before) else 0
        if not _belongs(before, here, flags):
            cuts.append(place)
    cuts.append(len(text))
    return [text[start:end] for start, end in pairwise(cuts) if end > start]


def _belongs(before: str, here: str, flags: int) -> bool:
    """Does `here` continue the character that `before` ends?"""
    if before == "\r" and here == "\n":
        return True
    if here == JOINER or unicodedata.category(here) in {"Mn", "Me", "Mc"} or "\U0001f3fb" <= here <= "\U0001f3ff":
        return True
    return (before == JOINER and here > "\u2000") or (_is_flag(here) and flags % 2 == 1)


def _is_flag(letter: str) -> bool:
    return "\U0001f1e6" <= letter <= "\U0001f1ff"
