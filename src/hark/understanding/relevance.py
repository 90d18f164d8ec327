"""Stage 8, relevance: is this brand meant, or the ordinary word it is called after? Told from its profile."""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import exp
from pathlib import Path

from hark.understanding.normalise import readable
from hark.understanding.types import BrandProfile, Reason, Relevance, Relevant
from hark.understanding.wordlists import word_list

FILE = Path(__file__).parent / "data" / "relevance.toml"
HANDLE_P, STRANGER_P = 0.99, 0.03  # a handle settles it; without name and handle nothing speaks for the brand
RELEVANT_FROM, IRRELEVANT_TO = 0.6, 0.4
WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
SENTENCE_START = re.compile(r"(?:^|[.!?:\n]\s*|^\W+)$")
STOPWORDS = word_list("stop")
NAMES = (
    "product", "products", "exclude", "excludes", "about", "company", "companies", "market", "world", "worlds",
    "capital", "small", "starts", "article", "owner", "toward", "possessive", "plural", "hashtag", "question",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Prior:
    """Logistic weights over the profile's features, learnt once over many brands."""

    weights: tuple[float, ...]
    bias: float

    def logit(self, features: Sequence[float]) -> float:
        """Evidence that the brand is meant."""
        return self.bias + sum(weight * value for weight, value in zip(self.weights, features, strict=True))


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one text shows about one brand; the words are given with their spans in the normalised text."""

    handle: tuple[int, int] | None
    name: tuple[int, int] | None
    features: tuple[float, ...]
    products: tuple[tuple[int, int], ...] = ()
    excludes: tuple[tuple[int, int], ...] = ()
    company: tuple[tuple[int, int], ...] = ()
    world: tuple[tuple[int, int], ...] = ()


class WordGroups:
    """Lists of words with endings, asked all at once."""

    def __init__(self, groups: Mapping[str, Iterable[str]]) -> None:
        """`groups`: name to words, where `stem*` stands for any ending."""
        self._exact: dict[str, set[str]] = {}
        self._stems: dict[str, set[str]] = {}
        for name, words in groups.items():
            for word in words:
                table = self._stems if word.endswith("*") else self._exact
                table.setdefault(word.removesuffix("*"), set()).add(name)
        self._of = lru_cache(maxsize=50_000)(self._find)

    def of(self, word: str) -> frozenset[str]:
        """The groups that a lower-case word stands in."""
        return self._of(word)

    def _find(self, word: str) -> frozenset[str]:
        found = set(self._exact.get(word.removesuffix("'s"), ()))
        for size in range(2, len(word) + 1):
            found |= self._stems.get(word[:size], set())
        return frozenset(found)


@lru_cache(maxsize=1)
def generic_words() -> WordGroups:
    """The shipped lists of words around any brand's name."""
    return WordGroups(tomllib.loads(FILE.read_text(encoding="utf-8")))


@dataclass(frozen=True)
class _Prepared:
    """A profile ready to be looked for."""

    name: re.Pattern[str]
    handles: re.Pattern[str] | None
    words: WordGroups
    capital: bool
    phrases: tuple[tuple[str, re.Pattern[str]], ...]


@lru_cache(maxsize=512)
def _prepared(brand: BrandProfile) -> _Prepared:
    name_words = {word.lower() for word in WORD.findall(brand.name)}
    lists = {"product": brand.products, "exclude": brand.exclude}
    single = {
        group: [_stem(entry) for entry in entries if " " not in entry.strip()] for group, entries in lists.items()
    }
    about = {_stem(word) for word in WORD.findall(brand.about) if len(word) > 2 and word.lower() not in STOPWORDS}
    single["about"] = [word for word in about if word.removesuffix("*") not in name_words]
    phrases = [(group, _whole(entry)) for group, entries in lists.items() for entry in entries if " " in entry.strip()]
    handles = "|".join(re.escape(handle.lower().lstrip("@")) for handle in brand.handles if handle.strip("@ "))
    return _Prepared(
        name=re.compile(rf"(?<![\w@])#?{_flexible(brand.name)}(?:'s|(s))?(?!\w)", re.IGNORECASE),
        handles=re.compile(rf"(?<!\w)@(?:{handles})(?![\w])") if handles else None,
        words=WordGroups(single),
        capital=brand.name != brand.name.lower(),
        phrases=tuple(phrases),
    )


def _stem(word: str) -> str:
    """The word with any ending, less a plural s."""
    word = word.strip().lower()
    return word if len(word) < 4 else word.removesuffix("s") + "*"


def _flexible(name: str) -> str:
    """The name with any white space between its words; one that matches nothing when it is blank."""
    return r"\s+".join(re.escape(word) for word in name.split()) or r"(?!)"


def _whole(phrase: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){_flexible(phrase)}s?(?!\w)", re.IGNORECASE)


def evidence(clean: str, brand: BrandProfile) -> Evidence:
    """What a normalised text shows."""
    ready = _prepared(brand)
    lowered = clean.lower()
    handle = ready.handles.search(lowered) if ready.handles else None
    names = list(ready.name.finditer(clean))
    if handle or not names:
        return Evidence(handle.span() if handle else None, None, (0.0,) * len(NAMES))
    found = _words_around(readable(clean), ready, [match.span() for match in names])
    shape = _shape(clean, names, capital=ready.capital)
    features = (*_counts(found), *shape, float("?" in clean))
    spans = {group: tuple(found[group][:2]) for group in ("product", "exclude", "company", "world")}
    return Evidence(
        None, names[0].span(), features, spans["product"], spans["exclude"], spans["company"], spans["world"]
    )


Spans = dict[str, list[tuple[int, int]]]


def _words_around(plain: str, ready: _Prepared, names: list[tuple[int, int]]) -> Spans:
    """Spans of the words of each group, the name itself left out."""
    found: Spans = {group: [] for group in ("product", "exclude", "about", "company", "market", "world")}
    generic = generic_words()
    for match in WORD.finditer(plain):
        if any(start <= match.start() < end for start, end in names):
            continue
        for group in ready.words.of(match[0]) | generic.of(match[0]):
            if group in found:
                found[group].append(match.span())
    for group, phrase in ready.phrases:
        found[group].extend(match.span() for match in phrase.finditer(plain))
    return found


def _counts(found: Spans) -> tuple[float, ...]:
    """Whether a word of the group is there, and for the strong groups how many more."""

    def more(group: str) -> float:
        return min(max(len(found[group]) - 1, 0), 3) / 2

    def there(group: str) -> float:
        return float(bool(found[group]))

    return (
        there("product"), more("product"), there("exclude"), more("exclude"), there("about"),
        there("company"), more("company"), there("market"), there("world"), more("world"),
    )  # fmt: skip


def _shape(clean: str, names: list[re.Match[str]], *, capital: bool) -> tuple[float, ...]:
    """How the name is written and what stands directly before it."""
    shouted = clean.isupper()
    first = [match for match in names if not SENTENCE_START.search(clean[: match.start()])]
    written = [match[0].lstrip("#") for match in first]
    before = [_word_before(clean[: match.start()]) for match in names]
    generic = generic_words()
    groups = [generic.of(word) for word in before if word]
    as_own = capital and not shouted and any(not word.islower() for word in written)
    in_small = capital and any(match[0].lstrip("#").islower() for match in names) and not as_own
    return (
        float(as_own),
        float(in_small),
        float(not first),
        float(any("article" in group for group in groups)),
        float(any("owner" in group for group in groups)),
        float(any("toward" in group for group in groups)),
        float(any(match[0].lower().endswith("'s") for match in names)),
        float(any(match[1] for match in names)),
        float(any(match[0].startswith("#") for match in names)),
    )


def _word_before(text: str) -> str:
    """The word directly before, in lower case; nothing when another sentence ends there."""
    found = re.search(r"([^\W_]+(?:'[^\W_]+)?)[ \t]*[\"'(]?$", text[-40:])
    return found[1].lower() if found else ""


def judged(shown: Evidence, prior: Prior, shift: float = 0.0, known: float | None = None) -> Relevance:
    """The probability that the brand is meant; `shift` is what the brand's own corrections add to the logit.

    `known`: the logit where it was worked out already, with cosines that `shown` does not hold.
    """
    if shown.handle:
        return Relevance(HANDLE_P, "relevant")
    if not shown.name:
        return Relevance(STRANGER_P, "irrelevant")
    logit = (prior.logit(shown.features) if known is None else known) + shift
    p = round(1.0 / (1.0 + exp(-max(-30.0, min(30.0, logit)))), 4)
    return Relevance(p, label(p))


def label(p: float) -> Relevant:
    """The name of a probability."""
    return "relevant" if p >= RELEVANT_FROM else "irrelevant" if p <= IRRELEVANT_TO else "unsure"


def explained(shown: Evidence, verdict: Relevance, clean: str, brand: BrandProfile) -> list[Reason]:
    """Why, strongest first; spans are in the normalised text."""
    if shown.handle:
        return [Reason("relevance", f"addresses {clean[slice(*shown.handle)]}", shown.handle)]
    if not shown.name:
        return [Reason("relevance", f"names neither {brand.name} nor a handle of it")]
    for_brand = [
        (shown.products, "is one of the brand's products"),
        (shown.company, "is how people speak of a company"),
    ]
    against = [
        (shown.excludes, "is on the brand's list of look-alikes"),
        (shown.world, "is how the ordinary word is used"),
    ]
    sides = for_brand if verdict.p >= 0.5 else against
    reasons = [Reason("relevance", f"“{clean[slice(*spans[0])]}” {why}", spans[0]) for spans, why in sides if spans]
    return reasons or [Reason("relevance", _by_shape(shown, verdict, clean), shown.name)]


def _by_shape(shown: Evidence, verdict: Relevance, clean: str) -> str:
    """What the name's own writing tells, where no word around it does."""
    value = dict(zip(NAMES, shown.features, strict=True))
    written = clean[slice(*(shown.name or (0, 0)))]
    if verdict.p >= 0.5:
        return (
            f"“{written}” is written as a name" if value["capital"] else f"“{written}” stands as a name in the sentence"
        )
    if value["article"] or value["owner"]:
        return f"“{written}” stands behind an article, like an ordinary word"
    return (
        f"“{written}” is written in small letters"
        if value["small"]
        else f"little around “{written}” speaks of the brand"
    )
