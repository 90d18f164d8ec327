"""The files of the command line: brands, input lines, corrections; each read with a clear word on what is wrong."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from hark.kernel.errors import HarkError
from hark.understanding.lexicon import readable_pattern
from hark.understanding.types import FLAGS, LEVELS, BrandProfile, Context, HistoryItem

LEXICON_TARGETS = (*FLAGS, "high", "critical", "ignore")
MOST_HISTORY = 200
VALUES: Mapping[str, tuple[object, ...]] = {
    "relevance": ("relevant", "irrelevant"),
    "sentiment": ("negative", "neutral", "positive"),
    "complaint": (True, False, "true", "false"),
    "offensive": (True, False, "true", "false"),
    "emotion": ("anger", "joy", "optimism", "sadness", "none"),
    "urgency": LEVELS,
    **{f"flags.{flag}": (True, False, "true", "false") for flag in FLAGS},
}


class Unreadable(HarkError):
    """The file cannot be read."""


class BadLine(HarkError):
    """This line is not in the form that the documentation describes."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One input line, ready to be read."""

    id: str
    text: str
    context: Context


@dataclass(frozen=True, slots=True)
class Correction:
    """One line of a corrections file."""

    field: str
    value: object
    text: str
    brand: str | None


def brands_from(content: object) -> dict[str, BrandProfile]:
    """The profiles by key. Raises Unreadable, naming the brand and what is wrong with it."""
    entries = content.get("brands") if isinstance(content, Mapping) else None
    if not isinstance(entries, list):
        raise Unreadable('brands: expected {"brands": [...]}')
    profiles: dict[str, BrandProfile] = {}
    for place, entry in enumerate(entries, start=1):
        profile = _brand(entry, place)
        if profile.key in profiles:
            raise Unreadable(f"brands: the key {profile.key!r} stands twice")
        profiles[profile.key] = profile
    return profiles


def _brand(entry: object, place: int) -> BrandProfile:
    if not isinstance(entry, Mapping):
        raise Unreadable(f"brand {place}: expected an object")
    key, name = entry.get("key"), entry.get("name")
    if not isinstance(key, str) or not key or not isinstance(name, str) or not name.strip():
        raise Unreadable(f"brand {place}: `key` and `name` are needed")
    about, language = entry.get("about") or "", entry.get("language")
    if not isinstance(about, str) or not (language is None or isinstance(language, str)):
        raise Unreadable(f"brand {key!r}: `about` and `language` are text")
    return BrandProfile(
        key=key,
        name=name,
        handles=_strings(entry, "handles", key),
        products=_strings(entry, "products", key),
        exclude=_strings(entry, "exclude", key),
        about=about,
        language=language,
        lexicon=_lexicon(entry.get("lexicon"), key),
    )


def _strings(entry: Mapping[Any, Any], field: str, key: str) -> tuple[str, ...]:
    value = entry.get(field) or []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise Unreadable(f"brand {key!r}: `{field}` is a list of texts")
    return tuple(item for item in value if item.strip())


def _lexicon(value: object, key: str) -> tuple[tuple[str, str], ...]:
    """Flag, level or `ignore` → patterns, flat."""
    if value is None:
        return ()
    if not isinstance(value, Mapping) or not set(value) <= set(LEXICON_TARGETS):
        raise Unreadable(f"brand {key!r}: `lexicon` maps any of {', '.join(LEXICON_TARGETS)} to lists of patterns")
    pairs = tuple((target, pattern) for target in value for pattern in _strings(value, target, key))
    for _, pattern in pairs:
        if not readable_pattern(pattern.lower()):
            raise Unreadable(f"brand {key!r}: the pattern {pattern!r} cannot be used")
    return pairs


def line_from(content: object, brands: Mapping[str, BrandProfile]) -> Asked:
    """One input line. Raises BadLine in words that name the field; an unknown brand is told by `unknown_brand`."""
    if not isinstance(content, Mapping):
        raise BadLine("expected an object")
    name, text, author = content.get("id"), content.get("text"), content.get("author")
    if not isinstance(name, str):
        raise BadLine("`id` is a text")
    if not isinstance(text, str):
        raise BadLine("`text` is a text")
    if author is not None and not isinstance(author, str):
        raise BadLine("`author` is a text")
    brand = unknown_brand(content, brands)
    context = Context(
        brand=brand,
        sent_at=instant(content.get("sent_at")),
        history=_history(content.get("history")),
        author=author if author is not None else f"line {name}",
    )
    return Asked(name, text, context)


def unknown_brand(content: Mapping[Any, Any], brands: Mapping[str, BrandProfile]) -> str | None:
    """The line's brand, one of the brands file. Raises Unreadable otherwise: a fault of that file, not of the line."""
    brand = content.get("brand")
    if brand is None:
        return None
    if not isinstance(brand, str):
        raise BadLine("`brand` is a key of the brands file")
    if brand not in brands:
        raise Unreadable(f"brands: no brand {brand!r}, which a line names")
    return brand


def _history(value: object) -> tuple[HistoryItem, ...]:
    if value is None:
        return ()
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise BadLine("`history` is a list")
    return tuple(_item(entry) for entry in value[-MOST_HISTORY:])


def _item(entry: object) -> HistoryItem:
    if not isinstance(entry, Mapping) or entry.get("author") not in ("contact", "agent"):
        raise BadLine("`history`: `author` is contact or agent")
    text, score = entry.get("text", ""), entry.get("score")
    if not isinstance(text, str):
        raise BadLine("`history`: `text` is a text")
    good = isinstance(score, int | float) and not isinstance(score, bool) and -1.0 <= score <= 1.0
    if score is not None and not good:
        raise BadLine("`history`: `score` is a number from -1 to 1")
    sent_at = instant(entry.get("sent_at"))
    return HistoryItem(entry["author"], text, sent_at, float(score) if score is not None else None)


def instant(value: object) -> datetime | None:
    """RFC 3339; null, missing or unreadable is None. Without an offset it is taken as UTC."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value.replace("Z", "+00:00").replace("z", "+00:00"))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def correction_from(content: object, place: int) -> Correction:
    """One corrections line. Raises Unreadable, naming the line."""
    if not isinstance(content, Mapping) or not isinstance(content.get("text"), str):
        raise Unreadable(f"corrections, line {place}: expected an object with `text`, `field` and `value`")
    field, value, brand = content.get("field"), content.get("value"), content.get("brand")
    if field == "intent" and isinstance(value, str):
        return Correction("intent", value, content["text"], brand)
    if not isinstance(field, str) or value not in VALUES.get(field, ()):
        raise Unreadable(f"corrections, line {place}: unknown field or value")
    if brand is not None and not isinstance(brand, str):
        raise Unreadable(f"corrections, line {place}: `brand` is a key of the brands file")
    return Correction(field, {"true": True, "false": False}.get(str(value), value), content["text"], brand)
