"""What venues of text messages have in common: whose number it is, which two talk, and who wants no more."""

from collections.abc import Iterable

from hark.channels.kit.numbers import number_of_network
from hark.channels.types import Person

MOST_MESSAGES = 10  # joined to one text; phones take more, people do not
REGION_HELP = "Two letters, such as BE: the country of numbers that come without a country code."


def texter(said: str, region: str, channel: str) -> Person:
    """Who texts. A number is the same person's over any venue of telephones, as far as numbers are anybody's.

    They change hands and can be forged: it is observed, never proved. What is no number (a name, a short code) is
    known within its channel alone.
    """
    number = "" if ":" in said else number_of_network(said, region)  # `whatsapp:+32…` is no telephone
    if number:
        return Person(number, network="phone", handle=number)
    return Person(said.strip()[:200], network="sms", scope=channel, handle=said.strip()[:200])


def pair(ours: str, theirs: str) -> str:
    """The thread between two numbers."""
    return f"{ours}:{theirs}"


def is_one_of(text: str, words: Iterable[str]) -> bool:
    """Is the whole text one of these words, whatever stands around it?"""
    said = " ".join("".join(letter if letter.isalnum() else " " for letter in text[:80].casefold()).split())
    return bool(said) and said in {" ".join(word.casefold().split()) for word in words}
