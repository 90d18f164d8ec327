"""How often somebody has come about one matter: what counts as a contact, and which cases are one matter. Pure.

Contacts are counted, not messages. What was decided and why stands in decision 0097.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

THIRD = 3  # from this contact on a case is marked
PAUSE = timedelta(hours=1)  # what is written sooner after the last word goes on with the same talk
SHARED_WORDS = 2
LONGEST_THANKS = 200
THANKS = re.compile(r"\b(?:thank|thx|cheers|dank|merci|gracias|grazie|bedankt|obrigad|tak\b|tack\b)", re.IGNORECASE)
VARIABLE = re.compile(r"\{\{.*?\}\}")
WORD = re.compile(r"[^\W_]+")
ANY_WORDS, ONE_WORD = r"(?:\S+ ){0,8}?", r"(?:\S+ )?"  # that a variable of a saved reply may have become
SHARE = 0.5  # of the words of whichever case says less
# What people of every matter write, as PostgreSQL stems it: it tells no matter from another.
SAID_ALWAYS = frozenset({
    "hello", "hi", "hey", "dear", "pleas", "thank", "help", "answer", "repli", "still", "again", "wait", "need",
    "want", "get", "got", "day", "week", "today", "yesterday", "problem", "question", "team", "servic", "custom",
    "support", "hallo", "bitt", "dank", "helf", "hilf", "antwort", "frag", "bonjour", "merc", "aid", "répons", "hola",
    "graci", "favor", "ayud", "respuest", "ciao", "grazi", "aiut",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was said on a case: by the person (`theirs`) or by one of us. `thanks`: it asks for nothing."""

    at: datetime
    case_id: int
    conversation_id: int
    theirs: bool
    venue: str = ""
    thanks: bool = False


@dataclass(frozen=True, slots=True)
class Contact:
    """One time that the person came: where, when, and in which case."""

    at: datetime
    case_id: int
    venue: str


@dataclass(frozen=True, slots=True)
class Said:
    """What a case is about: numbers of the brand's own pattern, and words that tell it from others."""

    numbers: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()


def only_thanks(text: str) -> bool:
    """Does a message say thank you, and ask nothing?"""
    return bool(THANKS.search(text)) and "?" not in text and len(text) <= LONGEST_THANKS


def same_number(one: Said, other: Said) -> str:
    """Both name the same order, parcel or contract."""
    shared = sorted(one.numbers & other.numbers)
    return f"both name {shared[0]}" if shared else ""


def alike_words(one: Said, other: Said) -> str:
    """Both say what they are about in the same words."""
    mine, theirs = one.words - SAID_ALWAYS, other.words - SAID_ALWAYS
    shared = mine & theirs
    if len(shared) < SHARED_WORDS or len(shared) < SHARE * min(len(mine), len(theirs)):
        return ""
    return "told in the same words"


# By what two cases of one person are one matter; a topic that both have will be one more line here.
RULES: tuple[Callable[[Said, Said], str], ...] = (same_number, alike_words)


def why_same(one: Said, other: Said) -> str:
    """Why two cases are one matter; empty when they are not."""
    return next((why for rule in RULES if (why := rule(one, other))), "")


def contacts(
    lines: Iterable[Line], resolved: Mapping[int, Sequence[datetime]], *, since: datetime | None = None
) -> list[Contact]:
    """The person's contacts in order. `resolved`: when each case was closed; what was before `since` does not count.

    A message begins one when the matter was closed before it; or when an hour has passed since the last word and we
    have answered there meanwhile, or it comes another way. One that only thanks begins none.
    """
    found: list[Contact] = []
    newest: Line | None = None
    theirs: Line | None = None
    answered: set[int] = set()
    for line in sorted(lines, key=lambda one: one.at):
        if since is not None and line.at < since:
            continue
        if line.theirs:
            if not line.thanks and _begins(line, newest, theirs, answered, resolved):
                found.append(Contact(line.at, line.case_id, line.venue))
                answered.clear()
            theirs = line
        else:
            answered.add(line.conversation_id)
        newest = line
    return found


def _begins(
    line: Line,
    newest: Line | None,
    theirs: Line | None,
    answered: set[int],
    resolved: Mapping[int, Sequence[datetime]],
) -> bool:
    if newest is None or theirs is None:
        return True
    if any(theirs.at < at <= line.at for at in resolved.get(line.case_id, ())):
        return True
    another_way = line.conversation_id != theirs.conversation_id
    return line.at - newest.at >= PAUSE and (another_way or line.conversation_id in answered)


def ordinal(number: int) -> str:
    """3rd, 4th, 21st."""
    if number % 100 in {11, 12, 13}:
        return f"{number}th"
    return f"{number}{({1: 'st', 2: 'nd', 3: 'rd'}).get(number % 10, 'th')}"


def is_saved_only(text: str, saved: Iterable[str]) -> bool:
    """Is a reply nothing but saved texts, whatever their variables were filled with? Signs and spaces do not count."""
    rest = words = _bare(text)
    for each in sorted(saved, key=len, reverse=True):
        if _bare(VARIABLE.sub(" ", each)):
            rest = _pattern(each).sub(" ", rest)
    return bool(words) and not rest.strip()


@lru_cache(maxsize=512)
def _pattern(saved: str) -> re.Pattern[str]:
    """A saved text as it may have been sent; at its end a variable is one word, so that what was added stays."""
    *first, last = [re.escape(_bare(part)) for part in VARIABLE.split(saved)]
    within = "".join(f"{part}{ANY_WORDS}" for part in first)
    if not last and first:
        within = within.removesuffix(ANY_WORDS) + ONE_WORD
    return re.compile(rf"(?<!\S){within}{last}")


def _bare(text: str) -> str:
    """The words of a text, each with a space behind it."""
    return "".join(f"{word.lower()} " for word in WORD.findall(text))
