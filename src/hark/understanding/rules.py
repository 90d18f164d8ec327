"""Stage 7: rules over words. They raise flags and urgency, say why, and are guarded against negation and figures."""

import re
from collections.abc import Collection, Iterable, Mapping, Set
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from hark.understanding.lexicon import Calls, Lexicon, Part, Rule, bare, load_lexicon, matcher, readable_pattern
from hark.understanding.ngrams import DIGIT
from hark.understanding.normalise import readable
from hark.understanding.types import FLAGS, LEVELS, BrandProfile

FOLDER = Path(__file__).parent / "data" / "rules"
LITERAL = ("deadline", "human", "curse")  # what is never a figure of speech
BEFORE = 3  # words before a match that may negate it
REACH = 48  # characters in which these words are looked for
CLAUSE = re.compile(r"[.,;:!?\n]")
PLAIN_WORDS = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")


@dataclass(frozen=True, slots=True)
class Called:
    """A text's bare words, and those of them that call for rules."""

    calling: Set[str]
    words: Set[str]


@dataclass(frozen=True, slots=True)
class Hit:
    """One rule that applied; `span` is in the normalised lower-case text."""

    rule: Rule
    span: tuple[int, int]


class Rulebook:
    """The rules of all languages; a language without rules is read with the English ones."""

    def __init__(self, lexicons: Mapping[str, Lexicon]) -> None:
        """`lexicons` by language; English must be among them."""
        self._lexicons = dict(lexicons)
        self._english = self._lexicons["en"]
        self.calls = Calls(self._lexicons.values())

    @property
    def languages(self) -> tuple[str, ...]:
        """Languages with rules of their own."""
        return tuple(sorted(self._lexicons))

    def lexicon(self, language: str) -> Lexicon:
        """The rules for texts of this language."""
        return self._lexicons.get(language, self._english)

    def called_by(self, words: Collection[str]) -> Called:
        """What these words call for: for a single text; a batch has it from the wordbook."""
        return Called({bare(word) for word in words if self.calls(word)}, {bare(word) for word in words})

    def figurative(self, text: str, language: str) -> bool:
        """Does a figure of speech stand in this normalised text?"""
        figures = self.lexicon(language).figures
        return bool(figures and figures.search(DIGIT.sub("0", readable(text))))

    def hits(self, text: str, language: str, called: Called, brand: BrandProfile | None = None) -> list[Hit]:
        """Every rule that applies to a normalised text, at its first unexcused place."""
        if not called.calling and not (brand and brand.lexicon):
            return []
        plain = DIGIT.sub("0", readable(text))
        lexicon = self.lexicon(language)
        own = _own_rules(brand.lexicon if brand else ())
        asked = lexicon.candidates(called.calling, called.words)
        ordered = [(rule, asked[rule]) for rule in lexicon.rules if rule in asked] if asked else []
        ordered += [(rule, dict.fromkeys(rule.parts)) for rule in own.rules]
        found = [_first(plain, rule, parts, lexicon, own) for rule, parts in ordered]
        return [hit for hit in found if hit]


@dataclass(frozen=True)
class _Own:
    """A brand's own lexicon, ready to use."""

    rules: tuple[Rule, ...]
    ignored: re.Pattern[str] | None


@lru_cache(maxsize=512)
def _own_rules(entries: tuple[tuple[str, str], ...]) -> _Own:
    """A brand's patterns by what they set: a flag, an urgency, or `ignore` for words that do not count.

    A pattern that cannot be read sets nothing here: `files.brands_from` has named it where it came in.
    """
    entries = tuple((target, pattern.lower()) for target, pattern in entries if readable_pattern(pattern.lower()))
    rules = []
    for target in dict.fromkeys(target for target, _ in entries):
        patterns = tuple(pattern for to, pattern in entries if to == target)
        if target in FLAGS:
            rules.append(Rule("brand", target, "stands in the brand's own list", patterns))
        elif target in LEVELS:
            rules.append(Rule("brand", "trouble", "stands in the brand's own list", patterns, floor=target))
    return _Own(tuple(rules), matcher(pattern for target, pattern in entries if target == "ignore"))


def _first(plain: str, rule: Rule, parts: Iterable[Part], lexicon: Lexicon, own: _Own) -> Hit | None:
    """The rule's first match that nothing excuses."""
    for span in sorted(match.span() for part in parts for match in part.expression.finditer(plain)):
        figures = lexicon.figures if rule.sets not in LITERAL else None
        guards = (figures, rule.excused, own.ignored)
        if rule.negatable and _negated(plain, span[0], lexicon.negators):
            continue
        if not any(_touches(guard, plain, span) for guard in guards if guard):
            return Hit(rule, span)
    return None


def _negated(plain: str, start: int, negators: frozenset[str]) -> bool:
    """Does one of the three words before, in the same clause, say no?"""
    clause = CLAUSE.split(plain[max(0, start - REACH) : start])[-1]
    return any(word in negators for word in PLAIN_WORDS.findall(clause)[-BEFORE:])


def _touches(guard: re.Pattern[str], plain: str, span: tuple[int, int]) -> bool:
    """Does a guarded phrase overlap the match?"""
    begin = max(0, span[0] - 2 * REACH)
    return any(
        excuse.start() < span[1] and excuse.end() > span[0] for excuse in guard.finditer(plain, begin, span[1] + REACH)
    )


def load_rules(folder: Path = FOLDER) -> Rulebook:
    """Read every language's file."""
    english = load_lexicon(folder / "en.toml")
    whys = {rule.name: rule.why for rule in english.rules}
    others = {path.stem: load_lexicon(path, whys) for path in sorted(folder.glob("*.toml")) if path.stem != "en"}
    return Rulebook({"en": english, **others})
