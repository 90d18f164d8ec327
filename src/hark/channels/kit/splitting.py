"""An answer that is longer than its venue takes, as numbered parts: cut where a reader would pause, never inside a word
that means something as a whole.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import accumulate

import regex

from hark.channels.kit.counting import clusters, length

Fits = Callable[[str], bool]
SPACE = regex.compile(r"\s+")
MOST = 99  # no answer has more parts, whatever a venue would take
# What is never cut: links, addresses of mail, names with @ or #. Each begins where no other can: long texts stay quick.
WHOLE = regex.compile(
    r"(?:https?://|www\.)\S+|(?<!\S)\S*\w\.\w{2,24}/\S*"
    r"|(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+|(?<![\w.@-])[@#＠＃][\w.@-]*\w"
)
# Where a part may end, best first: the pattern, and how much of the part must be used by then.
PAUSES = (
    (regex.compile(r"\s*\n\s*\n"), 0.5),
    (regex.compile(r"(?<=[.!?…؟।][\"'”’»)\]]*)\s|(?<=[。！？][」』”）]*)(?![」』”）。！？])|\n"), 0.5),
    (regex.compile(r"\s+"), 0.0),
)


class CannotSplit(ValueError):
    """Why a text cannot be parts; its words are for people."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How parts are made: at most `limit` of `unit` each, number and all; it stands `before` or `after` the words."""

    limit: int
    unit: str
    numbering: str = "before"

    def numbered(self, words: str, part: int, parts: int) -> str:
        """`2/3 words`, as its reader gets it."""
        if self.numbering == "none" or parts == 1:
            return words
        return f"{words} {part}/{parts}" if self.numbering == "after" else f"{part}/{parts} {words}"

    def fits(self, words: str, part: int, parts: int) -> bool:
        """Does the venue take it, number and all?"""
        return length(self.numbered(words, part, parts), self.unit) <= self.limit


def split(text: str, shape: Shape, *, most: int = MOST) -> list[str]:
    """The text in parts that the venue takes, each with its number; only one, without a number, where it is short.

    A part ends with a paragraph, else with a sentence, else with a word; a word that alone is too long is cut between
    two visible characters. Links, names and addresses are never cut. Nothing is lost but the white space at the cuts.
    Raises CannotSplit where something that must stay whole does not fit, or more than `most` parts would be needed.
    """
    text = text.strip()
    if length(text, shape.unit) <= shape.limit:
        return [text] if text else []
    parts = 2
    while True:
        pieces = list(_pieces(text, shape, parts, min(most, MOST)))
        if len(pieces) <= parts:
            return [shape.numbered(words, place, len(pieces)) for place, words in enumerate(pieces, start=1)]
        parts = len(pieces)  # longer numbers never need fewer parts: this ends


def _pieces(text: str, shape: Shape, parts: int, most: int) -> Iterator[str]:
    """The words of each part, where their numbers say `of parts`."""
    cuts, start = _cuts(text), 0
    for part in range(1, most + 2):
        if start >= len(text):
            return
        if part > most:
            raise CannotSplit(f"It would take more than {most} parts, and this venue takes no more.")
        fits = partial(shape.fits, part=part, parts=max(part, parts))
        end = len(text) if fits(text[start:]) else _end(text, cuts, start, fits)
        yield text[start:end].rstrip()
        start = end + len(text[end:]) - len(text[end:].lstrip())


def _cuts(text: str) -> list[int]:
    """Every place where the text may be cut at all, its end last."""
    inside: set[int] = set()
    for whole in WHOLE.finditer(text):
        inside.update(range(whole.start() + 1, whole.end()))
    return [place for place in accumulate(map(len, clusters(text))) if place not in inside]


def _end(text: str, cuts: list[int], start: int, fits: Fits) -> int:
    """Where the part that begins at `start` ends. The rest of the text does not fit as a whole."""
    reach = _reach(text, cuts, start, fits)
    for pause, share in PAUSES:
        found = [one.start() for one in pause.finditer(text, start + 1, min(len(text), reach + 1))]
        ends = [place for place in found if place <= reach and _is_cut(cuts, place)]
        if ends and ends[-1] - start >= share * (reach - start):
            return ends[-1] if share or _is_word(text, ends[-1], start, reach, fits) else reach
    return reach


def _reach(text: str, cuts: list[int], start: int, fits: Fits) -> int:
    """The last place up to which it fits; found by steps that double, then by halves."""
    first = low = bisect_right(cuts, start)
    step = 1
    while low + step < len(cuts) and fits(text[start : cuts[low + step]].rstrip()):
        low, step = low + step, step * 2
    high = min(low + step, len(cuts))
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(text[start : cuts[middle]].rstrip()) else (low, middle)
    if low == first and not fits(text[start : cuts[first]].rstrip()):
        raise CannotSplit("Something in it, such as a link, is longer than this venue takes.")
    return cuts[low]


def _is_cut(cuts: list[int], place: int) -> bool:
    return cuts[bisect_right(cuts, place) - 1] == place


def _is_word(text: str, place: int, start: int, reach: int, fits: Fits) -> bool:
    """Is what follows a word that one part can hold? Else it is cut anyway, and nothing is gained by cutting before."""
    if place - start >= (reach - start) / 2:
        return True
    word = SPACE.split(text[place:].lstrip(), 1)[0]
    return fits(word)
