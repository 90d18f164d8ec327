"""A brand as the models know it: what it says of itself, with its own words and intents. Pure."""

from collections.abc import Mapping
from typing import Any

from hark.organisation.models import Brand
from hark.organisation.types import OwnReading, WordList
from hark.understanding.loading import Models
from hark.understanding.own import Examples, completed, with_own_intents
from hark.understanding.types import BrandProfile


def profile_of(brand: Brand, own: OwnReading) -> BrandProfile:
    """The profile of a brand, its own words in it."""
    return BrandProfile(
        key=brand.key,
        name=brand.name,
        handles=tuple(brand.handles),
        products=tuple(brand.products),
        exclude=tuple(brand.exclude),
        about=brand.about,
        language=brand.language or None,
        lexicon=tuple((name, pattern) for name, pattern in own.words if name != WordList.OPT_OUT),
    )


def models_for(models: Models, own: Mapping[str, OwnReading]) -> Models:
    """The models with the intents of these brands, by brand key; learnt once for each version of their settings."""
    for key, one in own.items():
        models = with_own_intents(models, key, str(one.version), examples_of(one), one.intents_off)
    return models


def examples_of(own: OwnReading) -> Examples:
    """The brand's intents as the models learn them."""
    return tuple((intent.name, intent.examples) for intent in own.intents)


def finished(text: str, reading: Mapping[str, Any], own: OwnReading) -> Mapping[str, Any]:
    """A reading with what follows from the brand's own words and intents, and its kind."""
    return completed(text, reading, examples_of(own), own.of_list(WordList.OPT_OUT))
