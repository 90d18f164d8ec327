"""The relevance prior with the encoder's cosines: learnt over many brands, measured on each brand by the others."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hark.understanding.corrections import RelevanceCorrection, learn
from hark.understanding.encoder import Encoder, Vector
from hark.understanding.nearness import NEAR_NAMES, Nearness
from hark.understanding.normalise import normalise
from hark.understanding.relevance import NAMES, Prior, evidence
from hark.understanding.train import figures
from hark.understanding.train.fitting import Doubles
from hark.understanding.train.sources import own_posts
from hark.understanding.types import BrandProfile

STRENGTH = 1.0
COSINES = 4.0  # cosines lie close together: so much they are spread before fitting
WEIGHTS = (2.0, 0.5, 0.5, 0.5)  # of a post under its whole profile, and under each of the poorer ones
CORRECTED = 10


def _fit(rows: Doubles, labels: NDArray[np.int64], kinds: tuple[float, ...]) -> Prior:
    """One logistic regression; the spreading of the cosines ends up in the weights."""
    from sklearn.linear_model import LogisticRegression

    scale = np.concatenate([np.ones(len(NAMES)), np.full(len(NEAR_NAMES), COSINES)])
    model = LogisticRegression(C=STRENGTH, max_iter=2000).fit(
        rows * scale, labels, sample_weight=np.repeat(kinds, len(labels) // len(kinds))
    )
    return Prior(tuple(round(float(w), 5) for w in model.coef_[0] * scale), round(float(model.intercept_[0]), 5))


@dataclass(frozen=True)
class _Posts:
    """The posts with what was found of them, a row a post; `bare` are the same under profiles that lack something."""

    posts: list[tuple[BrandProfile, str, int]]
    vectors: list[Vector]
    keys: NDArray[np.str_]
    labels: NDArray[np.int64]
    rows: Doubles
    bare: tuple[Doubles, ...]

    def fit(self, chosen: NDArray[np.bool_]) -> Prior:
        """Over these posts, each under its whole profile and under poorer ones."""
        every = (self.rows, *self.bare)
        return _fit(np.concatenate([rows[chosen] for rows in every]), np.tile(self.labels[chosen], len(every)), WEIGHTS)


def _poorer(brand: BrandProfile) -> tuple[BrandProfile, ...]:
    """The profiles that a hasty hand would have written: no look-alikes, no products, the name alone."""
    return (
        replace(brand, exclude=()),
        replace(brand, products=(), about=""),
        replace(brand, products=(), exclude=(), about=""),
    )


def _posts(encoder: Encoder) -> _Posts:
    posts = own_posts()
    blank = Nearness(encoder, Prior((), 0.0))
    cleans = [normalise(text) for _, text, _ in posts]
    vectors = [one.general for one in encoder.encode(cleans)]

    def rows(profiles: list[BrandProfile]) -> Doubles:
        each = zip(cleans, profiles, vectors, strict=True)
        return np.array([blank.features(evidence(clean, brand), brand, vector) for clean, brand, vector in each])

    brands = [brand for brand, *_ in posts]
    poorer = [_poorer(brand) for brand in brands]
    return _Posts(
        posts,
        vectors,
        np.array([brand.key for brand in brands]),
        np.array([label for *_, label in posts], np.int64),
        rows(brands),
        tuple(rows([each[kind] for each in poorer]) for kind in range(3)),
    )


def near_prior_and_figures(encoder: Encoder) -> tuple[dict[str, Any], dict[str, Any]]:
    """The prior as the card holds it, and its figures by left-out brand: from the profile alone, then corrected."""
    posts = _posts(encoder)
    plain, bare, corrected = [], [], []
    for key in dict.fromkeys(posts.keys.tolist()):
        prior = posts.fit(posts.keys != key)
        own = np.flatnonzero(posts.keys == key).tolist()
        plain.append(_scores({place: prior.logit(posts.rows[place]) for place in own}, posts.labels))
        bare.append(_scores({place: prior.logit(posts.bare[2][place]) for place in own}, posts.labels))
        corrected.append(_corrected(Nearness(encoder, prior), posts, own))
    prior = posts.fit(np.ones(len(posts.keys), np.bool_))
    found = {
        "balanced_accuracy": figures.mean([row[0] for row in plain]),
        "auc": figures.mean([row[1] for row in plain]),
        "worst_balanced_accuracy": min(row[0] for row in plain),
        "balanced_accuracy_name_alone": figures.mean([row[0] for row in bare]),
        "auc_name_alone": figures.mean([row[1] for row in bare]),
        "balanced_accuracy_after_10": figures.mean([row[0] for row in corrected]),
        "auc_after_10": figures.mean([row[1] for row in corrected]),
        "brands": len(plain),
    }
    return {"features": [*NAMES, *NEAR_NAMES], "weights": list(prior.weights), "bias": prior.bias}, found


def _scores(logits: Mapping[int, float], labels: NDArray[np.int64]) -> tuple[float, float]:
    """Balanced accuracy and AUC of a brand's posts."""
    given = [int(labels[place]) for place in logits]
    values = list(logits.values())
    return figures.macro_recall(given, [int(value >= 0) for value in values]), figures.auc(given, values)


def _corrected(near: Nearness, posts: _Posts, own: list[int]) -> tuple[float, float]:
    """The same on the posts left when `CORRECTED` of them, half of each class, were given as corrections."""
    given: list[int] = []
    for wanted in (0, 1):
        given += [place for place in own if posts.labels[place] == wanted][: CORRECTED // 2]
    brand = posts.posts[given[0]][0]
    corrections = [RelevanceCorrection(brand.key, posts.posts[place][1], bool(posts.labels[place])) for place in given]
    learnt = learn(corrections, {brand.key: brand}, Prior((0.0,) * len(NAMES), 0.0), near)[brand.key]
    logits = {}
    for place in own:
        if place not in given:
            known = near.logit(evidence(normalise(posts.posts[place][1]), brand), brand, posts.vectors[place])
            logits[place] = known + learnt.shift_near(posts.vectors[place], known)
    return _scores(logits, posts.labels)
