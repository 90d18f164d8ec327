"""The relevance prior, learnt over many brands and measured on each brand by the others."""

from typing import Any

import numpy as np

from hark.understanding.corrections import RelevanceCorrection, learn
from hark.understanding.normalise import normalise
from hark.understanding.relevance import NAMES, Prior, evidence
from hark.understanding.train import figures
from hark.understanding.train.sources import own_posts
from hark.understanding.types import BrandProfile

STRENGTH = 0.3
CORRECTED = 10  # posts of a brand given as corrections when learning from them is measured

Posts = list[tuple[BrandProfile, str, int]]


def fit_prior(posts: Posts) -> Prior:
    """One logistic regression over the profile's features."""
    from sklearn.linear_model import LogisticRegression

    rows = np.array([evidence(normalise(text), brand).features for brand, text, _ in posts])
    model = LogisticRegression(C=STRENGTH, max_iter=1000).fit(rows, [label for *_, label in posts])
    return Prior(tuple(round(float(w), 5) for w in model.coef_[0]), round(float(model.intercept_[0]), 5))


def leave_one_brand_out(posts: Posts) -> dict[str, float]:
    """Means over brands, each read by a prior that never saw it; then those left by ten corrections, and with them."""
    plain, before, corrected = [], [], []
    for brand in {brand.key: brand for brand, *_ in posts}.values():
        own = [(text, label) for other, text, label in posts if other.key == brand.key]
        prior = fit_prior([post for post in posts if post[0].key != brand.key])
        plain.append(_scores(brand, own, prior, 0))
        before.append(_scores(brand, own, prior, CORRECTED, learning=False))
        corrected.append(_scores(brand, own, prior, CORRECTED))
    names = ("balanced_accuracy", "auc")
    found = {name: figures.mean([row[i] for row in plain]) for i, name in enumerate(names)}
    for stage, rows in (("before_10", before), ("after_10", corrected)):
        found |= {f"{name}_{stage}": figures.mean([row[i] for row in rows]) for i, name in enumerate(names)}
    return found | {"worst_balanced_accuracy": min(row[0] for row in plain), "brands": len(plain)}


def _scores(
    brand: BrandProfile, own: list[tuple[str, int]], prior: Prior, count: int, *, learning: bool = True
) -> tuple[float, float]:
    """Balanced accuracy and AUC on a brand's posts; `count` of them, half of each class, serve as corrections."""
    by_class = [[text for text, label in own if label == wanted] for wanted in (0, 1)]
    given = [
        RelevanceCorrection(brand.key, text, bool(label)) for label in (0, 1) for text in by_class[label][: count // 2]
    ]
    learnt = learn(given if learning else [], {brand.key: brand}, prior).get(brand.key)
    left = [(text, label) for label in (0, 1) for text in by_class[label][count // 2 :]]
    logits = []
    for text, _ in left:
        clean = normalise(text)
        known = prior.logit(evidence(clean, brand).features)
        logits.append(known + (learnt.shift(clean.lower(), known) if learnt else 0.0))
    labels = [label for _, label in left]
    return figures.macro_recall(labels, [int(logit >= 0) for logit in logits]), figures.auc(labels, logits)


def prior_and_figures() -> tuple[Prior, dict[str, Any]]:
    """The shipped prior with its honest figures."""
    posts = own_posts()
    return fit_prior(posts), leave_one_brand_out(posts) | {"features": len(NAMES), "posts": len(posts)}
