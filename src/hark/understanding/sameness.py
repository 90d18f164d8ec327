"""The same words again: near-duplicates by shingles and MinHash bands, with the rule of whose words may be folded."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hark.understanding.normalise import SHARED_AT_LEAST, canonical, normalise

SHINGLE = 4  # characters
BANDS, ROWS = 16, 3
LONGEST_COMPARED = 2_000  # characters of a canonical form; whoever repeats more than that repeats this much too
ALIKE = 0.80  # of both texts stand in the other in the same order
CONTAINED = 0.85  # of the shorter one's shingles stand in the longer one
SHORTEST_SHARE = 0.4  # of the longer text that a contained one must be: a quotation in a long text is not that text
HARDLY_ALIKE = 0.25  # shared shingles below which no two texts are compared letter by letter
EXACT_BELOW = 3  # words: of so few nothing may differ
SAME_WORD = 0.72  # of two words in one place: a slip of the pen, or another word
CONTENT = 4  # letters from which a word carries meaning
CROWDED = 16  # texts in one band from which it tells nothing: phrases that everybody uses

NUMBER = re.compile(r"\d+")
Bands = NDArray[np.int64]


def _constants(name: str, count: int) -> NDArray[np.uint64]:
    """Numbers without a pattern that are the same on every machine and in every release."""
    return np.frombuffer(hashlib.shake_128(name.encode()).digest(8 * count), "<u8").astype(np.uint64)


_FACTORS = _constants("factors", BANDS * ROWS).astype(np.uint32) | np.uint32(1)
_TERMS = _constants("terms", BANDS * ROWS).astype(np.uint32)
_PLACES = _constants("places", SHINGLE).astype(np.uint32) | np.uint32(1)
_JOINED = _constants("joined", ROWS) | np.uint64(1)
_NUMBERED = _constants("numbered", BANDS)
_IN_FULL = {
    "u": "you", "ur": "your", "r": "are", "pls": "please", "plz": "please", "thx": "thanks", "tx": "thanks",
    "bc": "because", "cuz": "because", "b4": "before", "gr8": "great", "msg": "message", "ppl": "people",
    "w": "with", "wo": "without", "tmrw": "tomorrow", "rly": "really", "abt": "about", "acct": "account",
    "govt": "government", "2nite": "tonight", "y": "why", "k": "ok", "okay": "ok", "im": "i m", "dont": "don t",
    "cant": "can t", "wont": "won t", "didnt": "didn t", "doesnt": "doesn t", "isnt": "isn t", "ive": "i ve",
}  # fmt: skip


def form_of(text: str) -> str:
    """The text as it is compared: canonical, with what is often shortened written out; '' where nothing is left."""
    words = canonical(normalise(text)).split(" ")
    return " ".join([_IN_FULL.get(word, word) for word in words])[:LONGEST_COMPARED].strip()


@dataclass(frozen=True)
class Utterance:
    """What somebody said, ready to be compared. `author` None: nobody knows who. `key`: what the text is known by."""

    form: str
    author: str | int | None = None
    key: str = ""

    @cached_property
    def words(self) -> list[str]:
        """Its words, in order."""
        return self.form.split()

    @property
    def is_long(self) -> bool:
        """May strangers' words be the same as these? Short ones are everybody's."""
        return self.form.count(" ") + 1 >= SHARED_AT_LEAST

    @cached_property
    def shingles(self) -> frozenset[str]:
        """Every four characters that stand in it."""
        form = self.form
        return frozenset(form[place : place + SHINGLE] for place in range(max(1, len(form) - SHINGLE + 1)))

    @cached_property
    def letters(self) -> dict[str, int]:
        """Where each character stands, as bits of a number."""
        places: dict[str, int] = {}
        for place, letter in enumerate(self.form):
            places[letter] = places.get(letter, 0) | 1 << place
        return places


def same_words(one: Utterance, other: Utterance) -> bool:
    """Do these two say the same in the same words? By one author in any length, else from eight words on both sides.

    The same text in which another number or name stands in one place is a template, and not the same. Never across
    brands: that is for the caller, who compares only what was said to one.
    """
    if not one.form or not other.form:
        return False
    ours = one.author is not None and one.author == other.author
    if not ours and not (one.is_long and other.is_long):
        return False
    if one.form == other.form:
        return True
    if min(len(one.words), len(other.words)) < EXACT_BELOW:
        return False
    return _overlap(one, other) and not _filled_in_otherwise(one.words, other.words)


def _overlap(one: Utterance, other: Utterance) -> bool:
    common = len(one.shingles & other.shingles)
    short, long = sorted((one, other), key=lambda each: len(each.form))
    if common / len(one.shingles | other.shingles) < HARDLY_ALIKE:
        return False
    if short.is_long and common / len(short.shingles) >= CONTAINED:
        return len(short.form) >= SHORTEST_SHARE * len(long.form)
    return 2 * _common_letters(one, other) >= ALIKE * (len(one.form) + len(other.form))


def _common_letters(one: Utterance, other: Utterance) -> int:
    """The length of their longest common subsequence, by Hyyrö's bits (2004): a step a letter."""
    places, whole = one.letters, (1 << len(one.form)) - 1
    row = whole
    for letter in other.form:
        hit = row & places.get(letter, 0)
        row = ((row + hit) | (row - hit)) & whole
    return len(one.form) - row.bit_count()


def _filled_in_otherwise(one: Sequence[str], other: Sequence[str]) -> bool:
    """Does another name or number stand in one place of the same text? Then it is a form that each filled in."""
    edits = SequenceMatcher(None, one, other, autojunk=False).get_opcodes()
    last = len(edits) - 1
    for number, (kind, *place) in enumerate(edits):
        if kind != "replace":
            continue
        here, there = one[place[0] : place[1]], other[place[2] : place[3]]
        if number == last and (there[0].startswith(here[-1]) or here[0].startswith(there[-1])):
            continue  # cut off in the middle of a word
        if _other_numbers(here, there):
            return True
        inside = 0 < number < last and max(len(here), len(there)) <= SHARED_AT_LEAST // 2
        if inside and _another_word(here, there):
            return True
    return False


def _other_numbers(here: Sequence[str], there: Sequence[str]) -> bool:
    """Do both hold numbers, and others? What letters stand around the digits does not matter."""
    ours, theirs = (NUMBER.findall(" ".join(words)) for words in (here, there))
    return bool(ours and theirs) and ours != theirs


def _another_word(here: Sequence[str], there: Sequence[str]) -> bool:
    """Do both hold a word of their own that is no slip of the other's?"""
    if max(map(len, here)) < CONTENT or max(map(len, there)) < CONTENT:
        return False
    joined = Utterance(" ".join(here)), Utterance(" ".join(there))
    return 2 * _common_letters(*joined) < SAME_WORD * sum(len(each.form) for each in joined)


def bands_of(forms: Sequence[str], scopes: Sequence[str]) -> Bands:
    """16 numbers a text, (n, 16): two texts of one scope that are alike share at least one, nearly always.

    `scopes` are the brands' keys, or whatever nothing may be folded across. Forms are not empty.
    """
    found = np.empty((len(forms), BANDS), np.int64)
    for place, (form, scope) in enumerate(zip(forms, scopes, strict=True)):
        rows = _signature(form).reshape(BANDS, ROWS).astype(np.uint64)
        found[place] = ((rows * _JOINED).sum(1) * np.uint64(0x9E3779B97F4A7C15) ^ _NUMBERED ^ _scope(scope)).view(
            np.int64
        )
    return found


def _scope(scope: str) -> np.uint64:
    return np.uint64(int.from_bytes(hashlib.sha256(scope.encode("utf-8", "surrogatepass")).digest()[:8]))


def _signature(form: str) -> NDArray[np.uint32]:
    codes = np.frombuffer(form.ljust(SHINGLE).encode("utf-32-le", "surrogatepass"), np.uint32)
    last = len(codes) - SHINGLE
    hashed = codes[: last + 1] * _PLACES[0]
    for place in range(1, SHINGLE):
        hashed += codes[place : last + 1 + place] * _PLACES[place]
    hashed ^= hashed >> np.uint32(15)
    hashed *= np.uint32(0x85EBCA6B)
    hashed ^= hashed >> np.uint32(13)
    least: NDArray[np.uint32] = (hashed[:, None] * _FACTORS + _TERMS).min(0)
    return least


def by_votes(met: Iterable[tuple[int, int]], *, most: int) -> list[int]:
    """Those met in most bands first, at most `most`; (band, who) each. A crowded band has no vote."""
    bands: dict[int, list[int]] = {}
    for band, who in met:
        bands.setdefault(band, []).append(who)
    votes = Counter(who for there in bands.values() if len(there) <= CROWDED for who in there)
    return [who for who, _ in sorted(votes.items(), key=lambda vote: (-vote[1], vote[0]))[:most]]


class Heard:
    """What was said so far, kept in memory: for files, where there is no database."""

    LOOKED_AT = 8

    def __init__(self) -> None:
        """Nothing was said yet."""
        self._firsts: list[tuple[Utterance, str]] = []
        self._bands: dict[int, list[int]] = {}
        self._own: dict[tuple[str, str | int], list[int]] = {}

    def first_of(self, said: Utterance, brand: str) -> Utterance:
        """The earliest that said the same to this brand; itself, where it is the first. Remembers it."""
        if not said.form:
            return said
        keys = bands_of([said.form], [brand])[0].tolist() if said.is_long else []
        met = [(key, who) for key in keys for who in self._bands.get(key, ())]
        near = by_votes(met, most=self.LOOKED_AT)
        own = self._own.get((brand, said.author), [])[-self.LOOKED_AT :] if said.author is not None else []
        found = next((who for who in dict.fromkeys([*near, *own]) if same_words(self._firsts[who][0], said)), None)
        if found is None:
            found = len(self._firsts)
            self._firsts.append((said, brand))
            for key in keys:
                there = self._bands.setdefault(key, [])
                if len(there) <= CROWDED:
                    there.append(found)
        if said.author is not None and found not in own:
            self._own.setdefault((brand, said.author), []).append(found)
        return self._firsts[found][0]
