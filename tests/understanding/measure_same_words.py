"""How well copies are found: `python -m tests.understanding.measure_same_words [--show]`.

Everything that stands in SemEval-2017 (English tweets) and in the messages that the project wrote is said once, each by
an author of his own; then copies come, each differing in one of six ways, by yet other authors. Recall: copies that are
folded into what they copy. Pair precision: of all that were folded, those folded into the right one.
"""

import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from random import Random
from time import process_time

from hark.understanding.sameness import Heard, Utterance, form_of
from hark.understanding.train.sources import own_messages
from tests.paths import SHARED
from tests.understanding.perturbing import WAYS

ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
TWEETS = SHARED / "data" / "understanding" / "semeval2017"
Copies = list[tuple[str, str, str]]  # way, text, the form that it copies


@dataclass
class Found:
    """What became of the copies."""

    asked: dict[str, int] = field(default_factory=dict)
    right: dict[str, int] = field(default_factory=dict)
    wrong: list[tuple[str, str, str]] = field(default_factory=list)
    missed: list[tuple[str, str, str]] = field(default_factory=list)
    among: list[tuple[str, str]] = field(default_factory=list)  # what was folded before any copy came
    seconds: float = 0.0

    @property
    def recall(self) -> float:
        """Copies folded into what they copy."""
        return sum(self.right.values()) / sum(self.asked.values())

    @property
    def precision(self) -> float:
        """Of those folded, the ones folded rightly."""
        right = sum(self.right.values())
        return right / (right + len(self.wrong))


def tweets(limit: int) -> list[str]:
    """So many texts; one said twice in this set stands once."""
    lines = (line for path in sorted(TWEETS.glob("*.txt")) for line in path.read_text("utf-8").splitlines())
    texts = (line.split("\t")[2] for line in lines if line.count("\t") > 1)
    return distinct(ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) for text in texts)[:limit]


def written() -> list[str]:
    """What the project wrote itself."""
    return distinct(one["text"] for name in ("messages", "held_out") for one in own_messages(name))


def distinct(texts: Iterable[str]) -> list[str]:
    """Each form once, and only what may be folded for strangers."""
    return list({form: text for text in texts if Utterance(form := form_of(text)).is_long}.values())


def copies_of(texts: Sequence[str], number: int, seed: int = 2026) -> Copies:
    """So many copies, the six ways in turn. Random: the cut or thinned text that has fewer than eight words is none."""
    random = Random(seed)
    copies: Copies = []
    for place in random.sample(range(len(texts)), len(texts)):
        way = WAYS[len(copies) % len(WAYS)]
        text = way(texts[place], random)
        if Utterance(form_of(text)).is_long:
            copies.append((way.__name__, text, form_of(texts[place])))
        if len(copies) == number:
            break
    return copies


def measured(texts: Sequence[str], copies: Copies) -> Found:
    """Everything is said once, then the copies come."""
    heard, firsts, found = Heard(), {}, Found()
    for place, text in enumerate(texts):
        said = Utterance(form_of(text), author=place)
        first = heard.first_of(said, "plum")
        firsts[said.form] = first.form
        if first is not said:
            found.among.append((said.form, first.form))
    began = process_time()
    for number, (way, text, original) in enumerate(copies):
        said = Utterance(form_of(text), author=f"copy{number}")
        first = heard.first_of(said, "plum")
        found.asked[way] = found.asked.get(way, 0) + 1
        if first.form == firsts[original] and first is not said:
            found.right[way] = found.right.get(way, 0) + 1
        elif first is said:
            found.missed.append((way, said.form, original))
        else:
            found.wrong.append((way, said.form, first.form))
    found.seconds = process_time() - began
    return found


def main() -> None:
    """A table."""
    sets = [("written by the project", written())]
    sets += [("English tweets", tweets(18_000))] if TWEETS.exists() else []
    for name, texts in sets:
        copies = copies_of(texts, 2_100)
        found = measured(texts, copies)
        ways = ", ".join(f"{way} {found.right.get(way, 0) / asked:.3f}" for way, asked in found.asked.items())
        print(f"{name}: {len(texts):,} texts, {len(copies):,} copies, {1000 * found.seconds / len(copies):.2f} ms each")
        print(f"  recall {found.recall:.3f}, pair precision {found.precision:.3f}; {ways}")
        print(f"  of the texts themselves {len(found.among)} were folded into another one")
        if "--show" in sys.argv:
            for title, rows in (("missed", found.missed), ("wrong", found.wrong), ("among", found.among)):
                for row in rows[:25]:
                    print(title, *row, sep="\n    ")


if __name__ == "__main__":
    main()
