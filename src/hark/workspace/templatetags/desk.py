"""Icons, keys and shapes of the design, one tag each, so that no template repeats their markup."""

import re
from collections.abc import Iterable

from django import template
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from hark.conversations.matter import ordinal as ordinal_words
from hark.kernel.files import size_words
from hark.kernel.html import name_html
from hark.understanding.outgoing import NAMES
from hark.understanding.own import SHIPPED
from hark.understanding.types import OTHER

register = template.Library()

REMOVED_CARD = re.compile(r"(?:•|\*){4} \d{4}\b")
SHAPES = {
    "down": "M1.5 2h9L6 10.5z",
    "up": "M1.5 10h9L6 1.5z",
    "bar": "M1 6h10",
    "well": "M2 6.5l2.7 2.7L10 3",
    "late": "M6 1.5l5 9H1zM6 5v2.3M6 9v0",
    "ill": "M2.5 2.5l7 7M9.5 2.5l-7 7",
    "paused": "M4 2.5v7M8 2.5v7",
}
MOOD_SHAPES = {
    "furious": "down", "angry": "down", "unhappy": "down", "pleased": "up", "delighted": "up", "calm": "bar",
}  # fmt: skip


@register.filter
def person(name: str) -> SafeString:
    """A name that its writer chose: isolated, so that it cannot turn the words around it."""
    return name_html(name)


@register.filter
def ordinal(number: int) -> str:
    """3rd, 4th."""
    return ordinal_words(number)


@register.filter
def size(count: int) -> str:
    """How large a file is."""
    return size_words(count)


@register.filter
def weblink(address: str) -> str:
    """An address that a stranger gave, if it is one of the web; else nothing, so that no link is drawn."""
    return address if address.lower().startswith(("https://", "http://")) else ""


@register.filter
def holds_removed_card(text: str) -> bool:
    """Was a card's number taken out of this text?"""
    return bool(REMOVED_CARD.search(text or ""))


@register.simple_tag
def icon(name: str, label: str = "", kind: str = "") -> SafeString:
    """A drawing of the sprite; with `label` it has a name of its own, else it is silent."""
    said = format_html('role="img" aria-label="{}"', label) if label else format_html('aria-hidden="{}"', "true")
    css = f"icon icon--{kind}" if kind else "icon"
    return format_html('<svg class="{}" {}><use href="{}#i-{}"/></svg>', css, said, static("workspace/icons.svg"), name)


VERDICT_SHAPES = {"full": ("none", ""), "crossed": ("none", "M2.8 9.2l6.4-6.4"), "dashed": ("2 2", "")}


@register.simple_tag
def verdict(name: str) -> SafeString:
    """A verdict's shape: full, crossed or dashed circle."""
    return format_html(
        '<svg viewBox="0 0 12 12" aria-hidden="true"><circle cx="6" cy="6" r="4.5" stroke-dasharray="{}"/>'
        '<path d="{}"/></svg>',
        *VERDICT_SHAPES[name],
    )


@register.simple_tag
def shape(name: str) -> SafeString:
    """A small shape that stands before a word."""
    return format_html('<svg viewBox="0 0 12 12" aria-hidden="true"><path d="{}"/></svg>', SHAPES[name])


@register.simple_tag
def mood(kind: str, word: str) -> SafeString:
    """Direction says which way, a filled shape says strongly, the word says it all."""
    return format_html('<span class="mood mood--{}">{}{}</span>', kind, shape(MOOD_SHAPES.get(kind, "bar")), word)


@register.simple_tag
def key(*names: str) -> SafeString:
    """A key, drawn on or beside what it presses; readers of screens hear it from `aria-keyshortcuts`."""
    return format_html(
        '<span class="keycaps" aria-hidden="true">{}</span>',
        format_html_join("", '<span class="key">{}</span>', ((name,) for name in names)),
    )


CORRECTION_CHOICES = {
    "sentiment": (("negative", "Unhappy"), ("neutral", "Calm"), ("positive", "Pleased"), ("", "Does not apply")),
    "urgency": (("low", "Low"), ("normal", "Normal"), ("high", "Urgent"), ("critical", "Critical")),
    "complaint": (("false", "No"), ("true", "Yes")),
    "relevance": (("relevant", "Yes"), ("irrelevant", "No")),
    "offensive": (("false", "No"), ("true", "Yes")),
    "emotion": (
        ("anger", "Anger"), ("joy", "Joy"), ("optimism", "Hope"), ("sadness", "Sadness"), ("none", "None of these"),
        ("", "Does not apply"),
    ),
    "intent": (
        *((name, name.replace("_", " ").capitalize()) for name in SHIPPED),
        (OTHER, "None of these"),
        ("", "Does not apply"),
    ),
}  # fmt: skip


@register.simple_tag
def correction_choices() -> dict[str, tuple[tuple[str, str], ...]]:
    """What each field of a reading can be corrected to."""
    return CORRECTION_CHOICES


@register.filter
def findings(kinds: Iterable[str]) -> str:
    """What was found in a reply, in words."""
    return ", ".join(NAMES.get(kind, kind).lower() for kind in kinds)
