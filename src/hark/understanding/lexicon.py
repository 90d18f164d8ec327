"""The small language of rules: patterns of words with alternatives, endings and gaps, and what calls for them."""

import re
import tomllib
from collections.abc import Collection, Iterable, Mapping, Set
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from hark.kernel.errors import HarkError
from hark.understanding.ngrams import folded
from hark.understanding.types import FLAGS, LEVELS, Level
from hark.understanding.wordlists import word_list

# Words that stand in every other text: they tell nothing about which rules may apply.
COMMON = word_list("common")
BETWEEN = r"[^\w.!?\n]+"  # two words of one pattern stand in one sentence
APART = r"(?!\w)[^.!?\n]{1,90}?(?<!\w)"  # anything between two words of one sentence
GAP = rf"(?:{BETWEEN}\w+(?:'\w+)?){{0,6}}"
PLAIN = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")  # a word that stands in a text as one token, letter by letter
WHEN = ("always", "asked", "complains")  # in which messages a rule's floor counts
SIGNALS = ("human", "curse", "deadline", "trouble")
MOST_KNOWN = 20_000  # calling words a language remembers


class UnreadableRule(HarkError):
    """A rule file cannot be read."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a pattern: its alternatives, whether it may be missing."""

    alternatives: tuple[str, ...]
    optional: bool = False

    @property
    def expression(self) -> str:
        """As a regular expression."""
        return "(?:" + "|".join(_expression(word) for word in self.alternatives) + ")"

    @property
    def rarity(self) -> tuple[bool, int]:
        """How well this word tells that its pattern may apply: no common word in it, then its shortest alternative."""
        return COMMON.isdisjoint(self.alternatives), min(len(word.strip("*")) for word in self.alternatives)


def _expression(word: str) -> str:
    if word == "_":
        return r"\w+(?:'\w+)?"
    return "".join(r"\w*" if part == "*" else re.escape(part) for part in re.split(r"(\*)", word))


def parsed(pattern: str) -> list[Word | None]:
    """The pattern's words; None is a gap."""
    words: list[Word | None] = []
    for piece in pattern.split():
        if piece in ("...", "&"):
            words.append(None)
            continue
        optional = piece.endswith("?") and len(piece) > 1
        bare = tuple(word for word in piece.removesuffix("?").split("|") if word)
        if not bare:
            raise UnreadableRule(f"nothing between bars in the pattern {pattern!r}")
        words.append(Word(bare, optional))
    if not any(word and not word.optional for word in words):
        raise UnreadableRule(f"no word is needed in the pattern {pattern!r}")
    return words


def readable_pattern(pattern: str) -> bool:
    """Can it be used?"""
    try:
        return all(parsed(part) for part in pattern.split(" & "))
    except UnreadableRule:
        return False


def expression(pattern: str) -> str:
    """The pattern as a regular expression over readable text; `a & b` are both in one sentence, in either order."""
    first, both, second = pattern.partition(" & ")
    if both:
        one, other = expression(first), expression(second)
        return f"(?:{one}{APART}{other}|{other}{APART}{one})"
    parts: list[str] = []
    begun = False
    for word in parsed(pattern):
        if word is None:
            parts.append(GAP)
        elif word.optional:
            parts.append(rf"(?:{BETWEEN}{word.expression})?" if begun else rf"(?:{word.expression}{BETWEEN})?")
        else:
            parts.append(f"{BETWEEN if begun else ''}{word.expression}")
            begun = True
    return "".join(parts)


def matcher(patterns: Iterable[str]) -> re.Pattern[str] | None:
    """One expression for all patterns, at whole words; None when there are none."""
    joined = "|".join(expression(pattern) for pattern in patterns)
    return re.compile(rf"(?<!\w)(?:{joined})(?!\w)") if joined else None


@dataclass(frozen=True, eq=False)
class Rule:
    """What to look for, what it sets, and what a match must not touch."""

    name: str
    sets: str
    why: str
    patterns: tuple[str, ...]
    floor: Level = "low"
    by_deadline: Level = "low"
    unless: tuple[str, ...] = ()
    negatable: bool = True
    when: str = "always"

    @cached_property
    def parts(self) -> tuple["Part", ...]:
        """Its patterns one by one, in order."""
        return tuple(Part(pattern) for pattern in self.patterns)

    @cached_property
    def excused(self) -> re.Pattern[str] | None:
        """Where it does not."""
        return matcher(self.unless)


class Part:
    """One pattern of a rule, with the words of which one must stand in the text."""

    def __init__(self, pattern: str) -> None:
        needed = [word for word in parsed(pattern) if word and not word.optional and "_" not in word.alternatives]
        rarest = max(needed, key=lambda word: word.rarity)
        self.calls = tuple(max(word.split("-"), key=len) for word in rarest.alternatives)  # a token has no hyphen
        self._pattern = pattern
        told = (word.alternatives for word in needed if all(PLAIN.fullmatch(other) for other in word.alternatives))
        self._needs = tuple(frozenset(other.removesuffix("'s") for other in others) for others in told)
        self._exact = frozenset(bare(word) for word in self.calls if "*" not in word)
        self._wild = [re.compile(_expression(word)) for word in self.calls if "*" in word]

    def possible(self, words: Set[str]) -> bool:
        """Does the text hold a word for each place of the pattern that can be told by whole words?"""
        return not any(need.isdisjoint(words) for need in self._needs)

    def called_by(self, word: str) -> bool:
        """May this bare word stand in the pattern?"""
        return word in self._exact or any(wild.fullmatch(word) for wild in self._wild)

    @cached_property
    def expression(self) -> re.Pattern[str]:
        """Compiled when it is first called for."""
        return re.compile(rf"(?<!\w)(?:{expression(self._pattern)})(?!\w)")


@dataclass(frozen=True, eq=False)
class Lexicon:
    """The rules of one language."""

    language: str
    rules: tuple[Rule, ...]
    figures: re.Pattern[str] | None
    negators: frozenset[str]

    @cached_property
    def _known(self) -> dict[str, tuple[tuple[Rule, Part], ...]]:
        """Patterns by the calling words met so far."""
        return {}

    def candidates(self, calling: Collection[str], words: Set[str]) -> dict[Rule, dict[Part, None]]:
        """The rules that a text may meet, each with the patterns it may hold."""
        found: dict[Rule, dict[Part, None]] = {}
        for word in calling:
            known = self._known.get(word)
            for rule, part in self._meet(word) if known is None else known:
                if part.possible(words):
                    found.setdefault(rule, {})[part] = None
        return found

    def _meet(self, word: str) -> tuple[tuple[Rule, Part], ...]:
        """The patterns that one calling word may stand in, remembered."""
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        called = tuple((rule, part) for rule in self.rules for part in rule.parts if part.called_by(word))
        self._known[word] = called
        return called


def load_lexicon(path: Path, whys: Mapping[str, str] | None = None) -> Lexicon:
    """Read one language's file; an error names the file and the rule. `whys` serves rules that do not say why."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        rules = tuple(
            _rule({"why": (whys or {}).get(entry.get("name", "")), **entry}) for entry in content.get("rule", ())
        )
        figures = matcher(content.get("figures", ()))
    except (OSError, ValueError, TypeError, re.error, UnreadableRule) as error:
        raise UnreadableRule(f"{path.name}: {error}") from error
    return Lexicon(path.stem, rules, figures, frozenset(content.get("negators", ())))


def _rule(entry: Mapping[str, Any]) -> Rule:
    lists = {name: tuple(entry[name]) for name in ("patterns", "unless") if name in entry}
    rule = Rule(**{**entry, **lists})
    levels = {rule.floor, rule.by_deadline}
    if (
        rule.sets not in FLAGS + SIGNALS
        or not levels <= set(LEVELS)
        or not rule.patterns
        or not rule.why
        or rule.when not in WHEN
    ):
        raise UnreadableRule(f"the rule {rule.name!r} sets something unknown, looks for nothing or does not say why")
    return rule


def bare(token: str) -> str:
    """A token as rules are called by it: folded, without its hash sign or a possessive ending."""
    return folded(token).removeprefix("#").removesuffix("'s")


class Calls:
    """May a word call for a rule, of whatever language?"""

    def __init__(self, lexicons: Iterable[Lexicon]) -> None:
        """Collect the calling words of all rules."""
        rules = (rule for lexicon in lexicons for rule in lexicon.rules)
        words = {word for rule in rules for part in rule.parts for word in part.calls}
        self._exact = frozenset(bare(word) for word in words if "*" not in word)
        self._stems = frozenset(word[:-1] for word in words if word.find("*") == len(word) - 1)
        others = (word for word in words if "*" in word and word[:-1] not in self._stems)
        self._wild = [re.compile(_expression(word)) for word in sorted(others)]

    def __call__(self, word: str) -> bool:
        """Whether to ask the rules when this word stands in a text."""
        word = bare(word)
        stemmed = any(word[:size] in self._stems for size in range(2, len(word) + 1))
        return word in self._exact or stemmed or any(wild.fullmatch(word) for wild in self._wild)
