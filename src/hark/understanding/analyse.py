"""The one pure function: texts and their contexts in, readings out. No network, database, clock or randomness.

A cascade: relevance first, from the profile's words; what is not about the brand is still read by the linear heads and
the rules, which cost next to nothing, but gets no worked-out reasons, and no encoder later.
"""

from collections.abc import Mapping, Sequence

from hark.understanding.assemble import Passage, reading_of
from hark.understanding.heads import answers, manners
from hark.understanding.language import tongue
from hark.understanding.loading import Models
from hark.understanding.ngrams import tokens
from hark.understanding.normalise import canonical, normalise
from hark.understanding.relevance import Evidence, evidence, judged
from hark.understanding.types import BrandProfile, Context, Reading, Relevance

Brands = Mapping[str, BrandProfile]


def analyse(texts: Sequence[str], contexts: Sequence[Context], models: Models, brand_profiles: Brands) -> list[Reading]:
    """One reading a text, in order. Total: any text gets one, and never depends on its neighbours in the batch.

    A context whose brand has no profile is read without relevance. The same input gives the same reading.
    """
    if len(texts) != len(contexts):
        raise ValueError("as many contexts as texts")
    if not texts:
        return []
    passages = [_passage(text, context, models, brand_profiles) for text, context in zip(texts, contexts, strict=True)]
    spread = models.wordbook.spread([passage.words for passage in passages])
    guesses = [passage.tongue.guess for passage in passages]
    found = answers(spread, models.heads, guesses, [manners(passage.clean) for passage in passages])
    shares = spread.contributions()
    calling = spread.calling()
    bounds = zip(spread.starts.tolist(), spread.ends().tolist(), strict=True)
    return [
        reading_of(passage, row, found, shares[start + 1 : end], calling[row], models)
        for row, (passage, (start, end)) in enumerate(zip(passages, bounds, strict=True))
    ]


def _passage(text: str, context: Context, models: Models, brands: Brands) -> Passage:
    """A text made ready, with its language and its relevance."""
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
