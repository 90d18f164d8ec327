"""Trying a brand's settings on a message: how it would be read, and why. Nothing is stored."""

from dataclasses import dataclass
from functools import cache

from hark.conversations.profiles import finished, models_for, profile_of
from hark.organisation.models import Brand
from hark.organisation.types import OwnReading
from hark.understanding.analyse import analyse
from hark.understanding.loading import Models, WeightsDamaged, load_models
from hark.understanding.types import Context
from hark.workspace.queries.shapes import FLAG_WORDS, KIND_WORDS

LONGEST = 2_000
SENTIMENTS = {"negative": "Unhappy", "neutral": "Calm", "positive": "Pleased"}
FIELDS = {
    "urgency": "Urgency", "complaint": "Complaint", "sentiment": "Mood", "offensive": "Tone", "intent": "Intent",
    "kind": "Kind", "language": "Language", "opt_out": "Opting out", "emotion": "Emotion",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class TriedShown:
    """How a message would be read: (what, value) pairs, (what, why) reasons. `trouble`: why it cannot be read."""

    text: str
    values: tuple[tuple[str, str], ...] = ()
    reasons: tuple[tuple[str, str], ...] = ()
    trouble: str = ""


@cache
def _models() -> Models:
    return load_models()


def tried_reading(brand: Brand, own: OwnReading, text: str) -> TriedShown:
    """How `text`, written to this brand, would be read with these settings. Stores nothing; no query."""
    text = text[:LONGEST]
    try:
        models = models_for(_models(), {brand.key: own})
    except WeightsDamaged as error:
        return TriedShown(text, trouble=error.message)
    profile = profile_of(brand, own)
    [read] = analyse([text], [Context(brand=brand.key, addressed=True)], models, {brand.key: profile})
    shape = {**read.as_json(), "relevance": None}  # it was written to us: that is no question here
    shape["reasons"] = [reason for reason in shape["reasons"] if reason["field"] != "relevance"]
    told = finished(text, shape, own)
    unsure = set(told["abstain"])
    flags = [FLAG_WORDS[name] for name, is_set in told["flags"].items() if is_set]
    kind = KIND_WORDS.get(told["kind"]["label"], "none").lower()
    values = (
        ("Kind", "wants no more messages" if told["opt_out"] else kind),
        ("Intent", "not sure" if "intent" in unsure else told["intent"]["label"].replace("_", " ")),
        ("Urgency", told["urgency"]["level"]),
        ("Mood", "not sure" if "sentiment" in unsure else SENTIMENTS[told["sentiment"]["label"]].lower()),
        ("Flags", ", ".join(flags).lower() or "none"),
    )
    return TriedShown(text, values, tuple((_field(one["field"]), one["why"]) for one in told["reasons"]))


def _field(name: str) -> str:
    flag = name.removeprefix("flags.")
    return FLAG_WORDS.get(flag, FIELDS.get(name, name.replace("_", " ").capitalize()))
