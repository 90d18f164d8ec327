"""What a brand adds to how its messages are read, and how it answers moods."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F

from hark.kernel.errors import HarkError, NotFound
from hark.kernel.ids import public_key
from hark.organisation.actions.audit import audit
from hark.organisation.models import Brand, BrandIntent, BrandReading, MoodPlan
from hark.organisation.types import LEAST_EXAMPLES, MOST_EXAMPLES, MOST_INTENTS, OwnIntent, Plan


class ExamplesMissing(HarkError):
    """An intent needs at least 3 different examples, so that it can be told from the others."""


class TooManyExamples(HarkError):
    """At most 20 examples. Keep those that differ most."""


class SameExamples(HarkError):
    """Another intent has one of these examples. A sentence can tell only one intent."""


class IntentNameTaken(HarkError):
    """There is already an intent of that name."""


class TooManyIntents(HarkError):
    """A brand has at most 40 intents of its own. Remove one that is not used."""


@transaction.atomic
def keep_words(*, brand: Brand, words: Mapping[str, Iterable[str]], buying: tuple[str, str], thanks: str) -> None:
    """Replace the brand's word lists, the (tag, skill) of buying questions, and its line of thanks. One transaction."""
    row = _locked(brand)
    row.words = {name: list(patterns) for name, patterns in words.items()}
    row.buying_tag, row.buying_skill = buying
    row.thanks = thanks
    row.save(update_fields=["words", "buying_tag", "buying_skill", "thanks"])
    _changed(brand, "brand.words_changed", counts={name: len(patterns) for name, patterns in row.words.items()})


@transaction.atomic
def switch_intents(*, brand: Brand, off: Collection[str]) -> None:
    """Say which of the shipped intents do not count for this brand. One transaction."""
    _locked(brand)
    BrandReading.objects.filter(brand=brand).update(intents_off=sorted(off))
    _changed(brand, "brand.intents_switched", off=sorted(off))


@transaction.atomic
def keep_intent(*, brand: Brand, intent: OwnIntent, key: str = "") -> BrandIntent:
    """Add an intent of the brand's own, or replace the one of that key. One transaction.

    Raises NotFound, ExamplesMissing, TooManyExamples, SameExamples, IntentNameTaken, TooManyIntents.
    """
    _locked(brand)
    examples = list(dict.fromkeys(intent.examples))
    _check(brand, examples, key)
    values = {**{name: getattr(intent, name) for name in ("name", "tag", "skill", "reply")}, "examples": examples}
    try:
        with transaction.atomic():
            if key:
                if not BrandIntent.objects.filter(brand=brand, key=key).update(**values):
                    raise NotFound
            else:
                key = BrandIntent.objects.create(key=public_key("intent"), brand=brand, **values).key
    except IntegrityError:
        raise IntentNameTaken from None
    _changed(brand, "brand.intent_kept", intent=key, examples=len(examples))
    return BrandIntent.objects.get(key=key)


@transaction.atomic
def remove_intent(*, brand: Brand, key: str) -> None:
    """The intent counts no more; what was read with it keeps its reading. Raises NotFound."""
    _locked(brand)
    if not BrandIntent.objects.filter(brand=brand, key=key).delete()[0]:
        raise NotFound
    _changed(brand, "brand.intent_removed", intent=key)


@transaction.atomic
def keep_plans(*, brand: Brand, plans: Iterable[Plan]) -> None:
    """Replace how the brand answers moods. One transaction; the next message is placed by it."""
    rows = [MoodPlan(brand=brand, **asdict(plan)) for plan in plans]
    fields = ["reply_percent", "skill", "tone", "tells_seniors"]
    MoodPlan.objects.bulk_create(rows, update_conflicts=True, unique_fields=["brand", "level"], update_fields=fields)
    audit("brand.plans_changed", brand.key, percent={row.level: row.reply_percent for row in rows})


def _check(brand: Brand, examples: list[str], key: str) -> None:
    if len({_folded(one) for one in examples}) < LEAST_EXAMPLES:
        raise ExamplesMissing
    if len(examples) > MOST_EXAMPLES:
        raise TooManyExamples
    others = list(BrandIntent.objects.filter(brand=brand).exclude(key=key))
    if not key and len(others) >= MOST_INTENTS:
        raise TooManyIntents
    here = {_folded(one) for one in examples}
    shared = next((one for one in others if not here.isdisjoint(map(_folded, one.examples))), None)
    if shared is not None:
        raise SameExamples(shared.name)


def _folded(example: str) -> str:
    return " ".join(example.casefold().split())


def _locked(brand: Brand) -> BrandReading:
    """The brand's row, made where there is none; whoever changes it meanwhile waits."""
    BrandReading.objects.bulk_create([BrandReading(brand=brand, version=0)], ignore_conflicts=True)
    return BrandReading.objects.select_for_update().get(brand=brand)


def _changed(brand: Brand, verb: str, **details: Any) -> None:
    BrandReading.objects.filter(brand=brand).update(version=F("version") + 1)
    audit(verb, brand.key, actor="", **details)
