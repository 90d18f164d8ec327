"""Stage 4: words, pairs of words and characters 2-5, hashed by crc32 into two families of 2^18 slots.

A message's features are sums over its words, so whatever one word adds can be kept for the next message with that word:
`wordbook.Wordbook` does, and that is where the speed comes from.
"""

import re
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

BITS = 18
SLOTS = 1 << BITS
LONGEST_WORD = 40
BOUNDARY = ""  # the word before the first and after the last
MOST_WORDS = 3_000

TOKEN = re.compile(
    r"https?://\S+|www\.\S+|@\w+"
    r"|#?[^\W_]{1,40}(?:'[^\W_]{1,20}){0,2}"
    r"|[:;=][-o']?[()\[\]dp/\\|*]+|<3+|[!?]+|\.\.+|[^\w\s]"
)
REPEATED = re.compile(r"(.)\1{2,}")
DIGIT = re.compile(r"\d")

Slots = NDArray[np.int64]


def tokens(lowered: str) -> list[str]:
    """The words, emoji and marks of a normalised lower-case text, in order, as they stand there."""
    return TOKEN.findall(lowered)[:MOST_WORDS]


def folded(token: str) -> str:
    """The token as the models know it: handles and links alike, digits alike, no letter more than twice in a row."""
    if token.startswith("@") and len(token) > 1:
        return "@user"
    if token.startswith(("http", "www.")) and ("://" in token or "." in token):
        return "http"
    return DIGIT.sub("0", REPEATED.sub(r"\1\1", token))[:LONGEST_WORD]


def checksum(word: str) -> int:
    """crc32 of the word's UTF-8 bytes."""
    return crc32(word.encode("utf-8", "replace"))


def character_slots(word: str) -> list[int]:
    """Slots of the characters 2-5 of one folded word, with a space at either side; none for the boundary."""
    if not word:
        return []
    padded = f" {word} "
    grams = (padded[i : i + n] for n in range(2, 6) for i in range(len(padded) - n + 1))
    return [checksum(gram) & (SLOTS - 1) for gram in grams]


def pair_slots(checksums: NDArray[np.uint32]) -> Slots:
    """Slots of each word with its follower: one fewer than there are words. The same table as single words."""
    left, right = checksums[:-1], checksums[1:]
    mixed = (left * np.uint32(0x9E3779B1)) ^ (right * np.uint32(0x85EBCA77) + np.uint32(0x27D4EB2F))
    return (mixed >> np.uint32(32 - BITS)).astype(np.int64)
