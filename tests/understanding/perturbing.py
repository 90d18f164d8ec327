"""The same text as others post it: six ways in which a copy differs from what was said first. Seeded, no I/O."""

from collections.abc import Callable
from random import Random

SHORT = {
    "you": "u", "your": "ur", "are": "r", "please": "pls", "thanks": "thx", "because": "bc", "before": "b4",
    "people": "ppl", "tomorrow": "tmrw", "tonight": "2nite", "really": "rly", "about": "abt", "with": "w",
    "great": "gr8", "to": "2", "for": "4", "and": "&",
}  # fmt: skip
FRAMES = (
    ("RT", ""), ("", "same here"), ("Exactly this:", ""), ("so true!!", "#fail"), ("", "- via my phone"),
    ("This. ", "please share"), ("FYI", "https://t.co/a1b2c3"), ("wow", "smh"),
)  # fmt: skip
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def typos(text: str, random: Random) -> str:
    """3 % of the characters are doubled, lost, swapped or others."""
    kept = list(text)
    for place in range(len(kept)):
        if kept[place].isalpha() and random.random() < 0.03:
            kept[place] = random.choice(["", kept[place] * 2, random.choice(LETTERS), kept[place - 1] + kept[place]])
    return "".join(kept)


def other_handle(text: str, random: Random) -> str:
    """Said to somebody else, or to one more."""
    words = [f"@h{random.randrange(9999)}" if word.startswith("@") else word for word in text.split()]
    return " ".join([f"@h{random.randrange(9999)}", *words])


def framed(text: str, random: Random) -> str:
    """With a word before it or behind."""
    before, behind = random.choice(FRAMES)
    return f"{before} @h{random.randrange(9999)}: {text} {behind}"


def cut(text: str, _: Random) -> str:
    """The last 30 % are missing."""
    return text[: round(len(text) * 0.7)]


def hurried(text: str, random: Random) -> str:
    """Abbreviated, and here and there in capitals."""
    words = [SHORT.get(word.lower(), word) for word in text.split()]
    return " ".join(word.upper() if random.random() < 0.4 else word for word in words)


def dropped(text: str, random: Random) -> str:
    """12 % of the words are missing."""
    return " ".join(word for word in text.split() if random.random() >= 0.12)


WAYS: tuple[Callable[[str, Random], str], ...] = (typos, other_handle, framed, cut, hurried, dropped)
