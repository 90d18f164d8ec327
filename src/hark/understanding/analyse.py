"""The one pure function: texts and their contexts in, readings out. No network, database, clock or randomness.

A cascade: relevance first, from the profile's words. What is surely not about the brand costs no encoder: it is read by
the linear heads and the rules, which cost next to nothing, and gets no worked-out reasons.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from hark.understanding.assemble import Passage, reading_of
from hark.understanding.encoder import Encoded, Vector
from hark.understanding.heads import Deep, answers, manners
from hark.understanding.language import tongue
from hark.understanding.loading import DeepModels, Models
from hark.understanding.ngrams import tokens
from hark.understanding.normalise import canonical, normalise
from hark.understanding.relevance import Evidence, evidence, judged
from hark.understanding.types import BrandProfile, Context, Intent, Reading, Relevance

Brands = Mapping[str, BrandProfile]
NOISE_TO = 0.03  # probability by the words alone to which a text is surely not about the brand


def analyse(texts: Sequence[str], contexts: Sequence[Context], models: Models, brand_profiles: Brands) -> list[Reading]:
    """One reading a text, in order. Total: any text gets one, and never depends on its neighbours in the batch.

    A context whose brand has no profile is read without relevance. The same input gives the same reading.
    """
    if len(texts) != len(contexts):
        raise ValueError("as many contexts as texts")
    if not texts:
        return []
    passages = [_passage(text, context, models, brand_profiles) for text, context in zip(texts, contexts, strict=True)]
    encoded = _encoded(passages, models)
    if models.deep:
        passages = [
            _deeper(passage, one.general, models, models.deep) if one else passage
            for passage, one in zip(passages, encoded, strict=True)
        ]
    spread = models.wordbook.spread([passage.words for passage in passages])
    guesses = [passage.tongue.guess for passage in passages]
    found = answers(
        spread, models.heads, guesses, [manners(passage.clean) for passage in passages], _dense(encoded, models)
    )
    shares = spread.contributions()
    calling = spread.calling()
    bounds = zip(spread.starts.tolist(), spread.ends().tolist(), strict=True)
    return [
        reading_of(passage, row, found, shares[start + 1 : end], calling[row], models)
        for row, (passage, (start, end)) in enumerate(zip(passages, bounds, strict=True))
    ]


def _passage(text: str, context: Context, models: Models, brands: Brands) -> Passage:
    """A text made ready, with its language and its relevance by words alone."""
    clean = normalise(text)
    brand = brands.get(context.brand) if context.brand else None
    spoken = tongue(clean, models.detect, context.language_hint or (brand.language if brand else None))
    lowered = clean.lower()
    shown = evidence(clean, brand) if brand else None
    form = canonical(clean)
    return Passage(
        raw=text,
        clean=clean,
        form=form,
        words=tokens(lowered),
        tongue=spoken,
        context=context,
        brand=brand,
        shown=shown,
        relevance=_relevance(shown, brand, lowered, models) if shown and brand else None,
        letters=sum(map(str.isalpha, form)),
    )


def _relevance(shown: Evidence, brand: BrandProfile, lowered: str, models: Models) -> Relevance:
    """The profile's verdict, shifted by what the brand's corrections taught."""
    learnt = models.brands.get(brand.key)
    if learnt is None or shown.handle or not shown.name:
        return judged(shown, models.prior)
    return judged(shown, models.prior, learnt.shift(lowered, models.prior.logit(shown.features)))


def _encoded(passages: Sequence[Passage], models: Models) -> list[Encoded | None]:
    """The vectors of what may matter; None for noise, blank texts and languages that the encoder does not know."""
    found: list[Encoded | None] = [None] * len(passages)
    if models.deep:
        chosen = [place for place, passage in enumerate(passages) if _worth_it(passage, models.deep)]
        vectors = models.deep.encoder.encode([passages[place].clean for place in chosen])
        for place, one in zip(chosen, vectors, strict=True):
            found[place] = one
    return found


def _worth_it(passage: Passage, deep: DeepModels) -> bool:
    """Is it not surely noise, and in words that the encoder knows?"""
    if passage.tongue.guess not in deep.languages or not passage.form:
        return False
    return passage.context.addressed or passage.relevance is None or passage.relevance.p > NOISE_TO


def _deeper(passage: Passage, general: Vector, models: Models, deep: DeepModels) -> Passage:
    """With the intent, and relevance judged again with the cosines where the name alone did not settle it."""
    brand, shown = passage.brand, passage.shown
    intents = models.own_intents.get(brand.key, deep.intents) if brand else deep.intents
    intent: Intent = intents.read(general)
    if brand is None or shown is None or shown.handle or not shown.name:
        return replace(passage, intent=intent)
    learnt = models.brands.get(brand.key)
    if learnt and not learnt.near:  # corrected by words only: they shift the words' verdict, which stands already
        return replace(passage, intent=intent)
    logit = deep.near.logit(shown, brand, general)
    shift = learnt.shift_near(general, logit) if learnt else 0.0
    verdict = judged(shown, deep.near.prior, shift, known=logit)
    return replace(passage, intent=intent, relevance=verdict)


def _dense(encoded: Sequence[Encoded | None], models: Models) -> Deep | None:
    if models.deep is None:
        return None
    return Deep([models.deep.dense.logits(one) if one else None for one in encoded], models.deep.stacks)
