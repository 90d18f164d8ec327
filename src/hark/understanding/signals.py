"""What lowers a message's score beside its words: repeating, shouting, waiting, asking for a person."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from rapidfuzz import fuzz

from hark.understanding.normalise import canonical, normalise
from hark.understanding.types import HistoryItem

SHOUTING_LETTERS, SHOUTING_SHARE = 12, 0.6
THREE_MARKS = re.compile(r"!(?:\s*!){2}")
UNANSWERED_FROM = 2
SAME_RATIO, PART_RATIO, PART_WORDS = 80, 95, 8
REMEMBERED = 1_000  # code points up to which an earlier text's canonical form is kept
SHORTEST_REPEAT = 2  # canonical words: "thanks" twice repeats nothing


def shouting(clean: str) -> bool:
    """Capitals in at least 60 % of at least 12 letters, or three exclamation marks."""
    if "!" in clean and THREE_MARKS.search(clean):
        return True
    capitals = sum(map(str.isupper, clean))
    if capitals < SHOUTING_LETTERS * SHOUTING_SHARE:
        return False
    cased = sum(map(str.isalpha, clean))
    return cased >= SHOUTING_LETTERS and capitals >= SHOUTING_SHARE * cased


def unanswered(history: Sequence[HistoryItem]) -> int:
    """How many of the contact's messages stand without an answer, this one counted."""
    count = 1
    for item in reversed(history):
        if item.author == "agent":
            break
        count += 1
    return count


def repeats(form: str, history: Sequence[HistoryItem]) -> bool:
    """Is this canonical text much like an earlier one of the contact?"""
    if form.count(" ") + 1 < SHORTEST_REPEAT:
        return False
    own = (_form(item.text) if len(item.text) <= REMEMBERED else _worked_out(item.text) for item in _own(history))
    return any(alike(form, earlier) for earlier in own if earlier)


def _own(history: Sequence[HistoryItem]) -> list[HistoryItem]:
    return [item for item in history if item.author == "contact"]


def _worked_out(text: str) -> str:
    return canonical(normalise(text))


# A thread's earlier messages come by again with each new one.
_form = lru_cache(maxsize=8_192)(_worked_out)


def alike(form: str, other: str) -> bool:
    """Near-equal as a whole, or the shorter one (of eight words or more) nearly inside the longer."""
    if fuzz.ratio(form, other, score_cutoff=SAME_RATIO):
        return True
    shorter, longer = sorted((form, other), key=len)
    if shorter.count(" ") + 1 < PART_WORDS or not _may_hold(longer, shorter):
        return False
    return bool(fuzz.partial_ratio(shorter, longer, score_cutoff=PART_RATIO))


def _may_hold(longer: str, shorter: str) -> bool:
    """Is 95 % alike possible? At most a tenth of the letters differ, so one of more pieces than that is whole."""
    pieces = len(shorter) // 10 + 1
    size = len(shorter) // pieces
    return any(shorter[start : start + size] in longer for start in range(0, size * pieces, size))


def signals_of(clean: str, form: str, ruled: Iterable[str], history: Sequence[HistoryItem]) -> tuple[str, ...]:
    """Names of what lowers the score, `unanswered` with its count; `ruled` is what the rules set."""
    set_by_rules = set(ruled)
    waiting = unanswered(history)
    found: list[str] = [name for name in ("abuse", "human", "curse") if name in set_by_rules]
    if history and repeats(form, history):
        found.append("repeat")
    if waiting >= UNANSWERED_FROM:
        found.append(f"unanswered:{waiting}")
    if shouting(clean):
        found.append("shouting")
    return tuple(found)
