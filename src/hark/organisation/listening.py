"""What a brand listens for: its saved searches, seeded from its profile, and how a word is found in a text. Pure."""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import lru_cache

from hark.organisation.models import Brand, Channel
from hark.organisation.types import Term, TermKind

READ_TO = 5_000  # characters of a text in which words are looked for


def terms_of(brand: Brand) -> tuple[Term, ...]:
    """What its profile offers (name, names at venues, products), then what was added; each says whether it is on."""
    kept = {folded(one["text"]): one for one in brand.terms}
    offered: dict[str, Term] = {}
    for kind, text in _of_profile(brand):
        key = folded(text)
        if key and key not in offered:
            offered[key] = Term(kind, text, on=bool(kept.get(key, {}).get("on")), profile=True)
    own = [Term(one["kind"], one["text"], on=bool(one["on"])) for key, one in kept.items() if key not in offered]
    return (*offered.values(), *own)


def listened_for(brand: Brand) -> tuple[str, ...]:
    """The words that are on, competitors' too."""
    return tuple(one.text for one in terms_of(brand) if one.on)


def listens_now(channel: Channel, at: datetime) -> bool:
    """May it listen? Not in the month in which it reached its ceiling; what is said to us is read all the same."""
    return channel.ceiling_reached != month_of(at)


def month_of(at: datetime) -> str:
    """2026-11, as UTC has it."""
    return f"{at.astimezone(UTC):%Y-%m}"


def rival_in(text: str, brand: Brand) -> str:
    """The competitor whom a text names that was found by listening and names nothing of ours; empty otherwise.

    Ours are the brand's name, its names at venues, and every word that is listened for and is no competitor's.
    """
    terms = terms_of(brand)
    rivals = [one.text for one in terms if one.on and one.kind == TermKind.COMPETITOR]
    if not rivals or (rival := first_in(text, rivals)) == "":
        return ""
    always = {TermKind.NAME, TermKind.HANDLE}
    ours = [one.text for one in terms if one.kind != TermKind.COMPETITOR and (one.on or one.kind in always)]
    return "" if first_in(text, ours) else rival


def first_in(text: str, words: Iterable[str]) -> str:
    """The first of these words or phrases that stands in the text, whole and in any case; empty where none does."""
    return next((word for word in words if stands_in(text, word)), "")


def stands_in(text: str, word: str) -> bool:
    """Does this word or phrase stand in the text, whole and in any case? Spaces between its words are alike."""
    return _pattern(word).search(text[:READ_TO]) is not None


def folded(text: str) -> str:
    """A word as it is compared."""
    return " ".join(text.casefold().split())


@lru_cache(maxsize=2_000)
def _pattern(word: str) -> re.Pattern[str]:
    phrase = r"\s+".join(re.escape(part) for part in word.split())
    return re.compile(rf"(?<!\w){phrase}(?!\w)", re.IGNORECASE)


def _of_profile(brand: Brand) -> Iterator[tuple[str, str]]:
    yield TermKind.NAME, brand.name
    for kind, words in ((TermKind.HANDLE, brand.handles), (TermKind.PRODUCT, brand.products)):
        for word in words:
            yield kind, word
