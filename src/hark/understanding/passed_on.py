"""Headlines, shared links and polite phrases: words that many people use and none of them made."""

import re

from hark.understanding.normalise import SHARED_AT_LEAST, canonical, normalise
from hark.understanding.wordlists import word_list

LINK = re.compile(r"https?://\S+|www\.\S+", re.IGNORECASE)
ADDRESSED = re.compile(r"\s*[.!]?@\w")
SHARE_MARK = re.compile(r"\b(?:via|breaking|rt|exclusive|watch|video|live|eilmeldung|última hora|ultima ora)\b", re.I)
CAPITALISED = 0.6  # of its longer words: so a headline is written
LONG_WORD = 4
POLITE_SHARE = 0.6  # of its words: then there is nothing in it but politeness


def is_passed_on(text: str) -> bool:
    """Is this a headline, a shared link or a polite phrase? Folded it counts as that, and as nobody's complaint.

    By its form alone: nobody speaks or is spoken to in it and it has a link or is written like a headline; or it holds
    politeness and nothing else. Where it cannot be told, as in languages without a list, it is somebody's own words.
    """
    clean = normalise(text)
    words = canonical(clean).split()
    if len(words) < SHARED_AT_LEAST:
        return False
    polite = word_list("polite")
    if sum(word in polite for word in words) >= POLITE_SHARE * len(words) and not _says_more(words, polite):
        return True
    spoken = not word_list("persons").isdisjoint(words) or "?" in clean or "!" in clean or ADDRESSED.match(clean)
    return not spoken and (bool(LINK.search(clean)) or bool(SHARE_MARK.search(clean)) or _is_title(clean))


def _says_more(words: list[str], polite: frozenset[str]) -> bool:
    """A number, or several words in a row beyond politeness: there is a matter in it."""
    if any(letter.isdigit() for word in words for letter in word):
        return True
    run = 0
    for word in words:
        run = 0 if word in polite else run + 1
        if run > 1:
            return True
    return False


def _is_title(clean: str) -> bool:
    """Are nearly all of its longer words capitalised, and not shouted?"""
    longer = [word for word in re.findall(r"[^\W\d_]+", LINK.sub("", clean)) if len(word) >= LONG_WORD]
    titled = sum(word[0].isupper() and not word.isupper() for word in longer)
    return len(longer) >= LONG_WORD and titled >= CAPITALISED * len(longer)
