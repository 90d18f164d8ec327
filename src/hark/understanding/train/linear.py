"""Each linear head: what it learns from, what it is calibrated on, what it is measured on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hark.understanding.heads import manners
from hark.understanding.normalise import normalise
from hark.understanding.train import figures
from hark.understanding.train.features import matrix
from hark.understanding.train.fitting import Doubles, Fitted, Recipe, Sparse, classifier, regression, shifted, tempered
from hark.understanding.train.sources import (
    CODES,
    UMSAB,
    Labelled,
    joined,
    keys_of,
    own_messages,
    paired,
    ratings,
    requests,
    semeval,
)

ENGLISH = Recipe(strength=0.3, iterations=60, kept=80_000)
OTHERS = Recipe(strength=1.0, iterations=80, kept=60_000)
OFFENCE = Recipe(strength=0.5, iterations=80, kept=40_000)
STRENGTH_OF_FEELING = Recipe(strength=3.0, iterations=60, kept=30_000)
EMOTION = Recipe(strength=1.0, iterations=80, kept=30_000)
OWN = Recipe(strength=10.0, iterations=200, kept=25_000)
WEAK = 0.05  # weight of a text whose label is only likely
FOLDS = 5  # of sectors
OFFENCE_WEIGHTS = (0.87, 1.23)
RIGHT_ENOUGH, FEWEST_KEPT = 0.62, 12  # of what is answered in a language, on its validation half
STRICTNESS = (0.0, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8)
NEVER = 1.01

Metrics = dict[str, Any]


@dataclass(frozen=True)
class Material:
    """What the heads are trained from. `extra` holds an installation's corrections: head → (texts, labels)."""

    folder: Path
    seed: int
    most: int | None = None
    extra: Mapping[str, Labelled] = field(default_factory=dict)

    def cut(self, labelled: Labelled) -> Labelled:
        """At most `most` texts, spread evenly: for a quick try."""
        if self.most is None or len(labelled.texts) <= self.most:
            return labelled
        return labelled.every(len(labelled.texts) // self.most, 0)

    def few(self, count: int) -> int:
        """`count`, or fewer for a quick try."""
        return min(count, self.most or count)

    def with_extra(self, head: str, labelled: Labelled) -> Labelled:
        """With what people corrected for this head."""
        return joined([labelled, self.extra[head]]) if head in self.extra else labelled


@dataclass(frozen=True)
class Trained:
    """A head with its figures and the languages it was validated on."""

    head: Fitted
    metrics: Metrics
    languages: tuple[str, ...]
    unseen: Doubles | None = None  # (n, 1): the logit of each written message by a head without its sector
    stricter: Mapping[str, float] = field(default_factory=dict)  # see `heads.Head`


def rooted(labels: Sequence[int]) -> NDArray[np.float64]:
    """Weight of each text: the root of its class's inverse frequency."""
    given = np.asarray(labels)
    counts = np.bincount(given).astype(np.float64)
    return np.asarray(np.sqrt(len(given) / len(counts) / np.maximum(counts, 1.0))[given])


def english_sentiment(material: Material) -> tuple[Trained, Labelled]:
    """On SemEval without TweetEval's validation texts; calibrated on one half of those, measured on the other."""
    validation = paired(material.folder / "tweeteval" / "sentiment", "val").without(set())
    tune, measure = validation.every(2, 0), validation.every(2, 1)
    train = semeval(material.folder / "semeval2017").without(keys_of(validation))
    train = material.with_extra("sentiment", material.cut(train))
    head = classifier(matrix(train.texts), train.labels, ENGLISH, sample=rooted(train.labels))
    head = tempered(head, head.logits(matrix(tune.texts)), tune.labels)
    return Trained(head, _three_class(head, measure), ("en",)), train


def _three_class(head: Fitted, measure: Labelled) -> Metrics:
    p = head.probabilities(matrix(measure.texts))
    kept = p.max(axis=1) >= head.surest
    right = p.argmax(axis=1) == np.asarray(measure.labels)
    return {
        "texts": len(measure.texts),
        "macro_recall": figures.macro_recall(measure.labels, p.argmax(axis=1)),
        "accuracy": figures.mean(right.tolist()),
        "calibration_error": figures.calibration_error(measure.labels, p),
        "answered": figures.mean(kept.tolist()),
        "accuracy_answered": figures.mean(right[kept].tolist()),
    }


def other_sentiment(material: Material) -> Trained:
    """One head for all other languages of UMSAB, by its own validation files: half to calibrate, half to measure."""
    folders = {name: material.folder / "umsab" / name for name in UMSAB}
    checks = {name: paired(folder, "val").without(set()) for name, folder in folders.items()}
    known = {key for check in checks.values() for key in keys_of(check)}
    train = material.cut(joined(paired(folder, "train") for folder in folders.values()).without(known))
    head = classifier(matrix(train.texts), train.labels, OTHERS)
    tune = joined(check.every(2, 0) for check in checks.values())
    head = tempered(head, head.logits(matrix(tune.texts)), tune.labels)
    strict = _stricter(head, {name: check.every(2, 0) for name, check in checks.items()})
    metrics: Metrics = {}
    for name, check in checks.items():
        half = check.every(2, 1)
        p = head.probabilities(matrix(half.texts))
        right = p.argmax(axis=1) == np.asarray(half.labels)
        metrics[f"macro_f1_{name}"] = figures.macro_f1(half.labels, p.argmax(axis=1))
        kept = p.max(axis=1) >= max(head.surest, strict.get(CODES[name], 0.0))
        metrics[f"answered_{name}"] = figures.mean(kept.tolist())
        metrics[f"accuracy_answered_{name}"] = figures.mean(right[kept].tolist()) if kept.any() else None
    metrics["macro_f1_mean"] = figures.mean([metrics[f"macro_f1_{name}"] for name in CODES])
    return Trained(head, metrics, tuple(sorted(CODES.values())), stricter=strict)


def _stricter(head: Fitted, checks: Mapping[str, Labelled]) -> dict[str, float]:
    """The sureness from which the head answers in a language in which it is wrong too often: where half of what is
    answered would be wrong it answers nothing."""
    found = {}
    for name, check in checks.items():
        p = head.probabilities(matrix(check.texts))
        sure, right = p.max(axis=1), p.argmax(axis=1) == np.asarray(check.labels)
        for level in STRICTNESS:
            kept = sure >= max(level, head.surest)
            if kept.sum() < FEWEST_KEPT:
                found[CODES[name]] = NEVER
                break
            if right[kept].mean() >= RIGHT_ENOUGH:
                if level > head.surest:
                    found[CODES[name]] = level
                break
    return found


def offensive(material: Material) -> Trained:
    """On OLID's tweets; half of its validation texts calibrate, half measure."""
    folder = material.folder / "tweeteval" / "offensive"
    validation = paired(folder, "val").without(set())
    tune, measure = validation.every(2, 0), validation.every(2, 1)
    train = material.cut(paired(folder, "train").without(keys_of(validation)))
    train = material.with_extra("offensive", train)
    weights = np.array(OFFENCE_WEIGHTS)[train.labels]
    head = classifier(matrix(train.texts), train.labels, OFFENCE, sample=weights)
    head = tempered(head, head.logits(matrix(tune.texts)), tune.labels)
    p = head.probabilities(matrix(measure.texts))
    return Trained(head, _two_class(measure.labels, p) | {"texts": len(measure.texts)}, ("en",))


def emotion(material: Material) -> Trained:
    """Four emotions on TweetEval's tweets; half of the validation texts calibrate, half measure."""
    folder = material.folder / "tweeteval" / "emotion"
    validation = paired(folder, "val").without(set())
    tune, measure = validation.every(2, 0), validation.every(2, 1)
    train = material.with_extra("emotion", material.cut(paired(folder, "train").without(keys_of(validation))))
    head = classifier(matrix(train.texts), train.labels, EMOTION, sample=rooted(train.labels))
    head = tempered(head, head.logits(matrix(tune.texts)), tune.labels)
    p = head.probabilities(matrix(measure.texts))
    metrics = {
        "texts": len(measure.texts),
        "macro_f1": figures.macro_f1(measure.labels, p.argmax(axis=1)),
        "calibration_error": figures.calibration_error(measure.labels, p),
    }
    return Trained(head, metrics, ("en",))


def _two_class(labels: Sequence[int], p: Doubles) -> Metrics:
    return {
        "macro_f1": figures.macro_f1(labels, (p >= 0.5).astype(int)),
        "auc": figures.auc(labels, p),
        "calibration_error": figures.calibration_error(labels, figures.two_class(p)),
        "accuracy_surest_80": figures.accuracy_of_surest(labels, figures.two_class(p), 0.8),
    }


def intensity(material: Material) -> Trained:
    """Ridge regression on VADER's ratings; every tenth snippet measures."""
    texts, values = ratings(material.folder / "vader")
    step = 1 if material.most is None else max(len(texts) // material.most, 1)
    texts, values = texts[::step], values[::step]
    rows, wanted = matrix(texts), np.array(values)
    held = np.arange(len(texts)) % 10 == 0
    head = regression(rows[~held], wanted[~held], STRENGTH_OF_FEELING)
    said = np.clip(head.logits(rows[held])[:, 0], -1.0, 1.0)
    metrics = {"texts": int(held.sum()), "correlation": round(float(np.corrcoef(said, wanted[held])[0, 1]), 4)}
    return Trained(head, metrics, ("en",))


@dataclass(frozen=True)
class OwnTexts:
    """Hark's written messages with weak texts beside them, ready for the heads that learn from both."""

    rows: Sparse
    beside: Doubles
    sectors: NDArray[np.str_]
    english: NDArray[np.bool_]
    messages: list[dict[str, Any]]


def beside(
    texts: Sequence[str], rows: Sparse, english: NDArray[np.bool_], sentiments: tuple[Fitted, Fitted]
) -> Doubles:
    """What complaint and asks look at beside the n-grams: the feeling's logits and the manner of writing."""
    feelings = np.where(english[:, None], sentiments[0].logits(rows), sentiments[1].logits(rows))
    written = np.array([manners(normalise(text)) for text in texts])
    return np.column_stack([feelings[:, 0] - feelings[:, 1], feelings[:, 2] - feelings[:, 1], written])


def own_texts(messages: list[dict[str, Any]], sentiments: tuple[Fitted, Fitted]) -> OwnTexts:
    """Features of a list of own messages."""
    texts = [message["text"] for message in messages]
    english = np.array([message["language"] == "en" for message in messages])
    rows = matrix(texts)
    sectors = np.array([message["sector"] for message in messages])
    return OwnTexts(rows, beside(texts, rows, english, sentiments), sectors, english, messages)


def from_own(
    own: OwnTexts, weak: Labelled, wanted: Callable[[dict[str, Any]], bool], sentiments: tuple[Fitted, Fitted]
) -> tuple[Fitted, Doubles, list[int], Doubles]:
    """Fit on own messages and weak texts; then each own message's p and logit by a model without its sector."""
    from scipy import sparse  # type: ignore[import-untyped]

    labels = np.array([int(wanted(message)) for message in own.messages])
    weak_rows = matrix(weak.texts)
    weak_beside = beside(weak.texts, weak_rows, np.ones(len(weak.texts), bool), sentiments)

    def fit(chosen: NDArray[np.bool_]) -> Fitted:
        return classifier(
            sparse.vstack([own.rows[chosen], weak_rows]).tocsr(),
            np.concatenate([labels[chosen], weak.labels]),
            OWN,
            sample=np.concatenate([np.ones(int(chosen.sum())), np.full(len(weak.texts), WEAK)]),
            beside=np.vstack([own.beside[chosen], weak_beside]),
        )

    logits = np.zeros((len(labels), 1))
    names = list(dict.fromkeys(own.sectors.tolist()))
    for fold in range(FOLDS):
        left_out = np.isin(own.sectors, names[fold::FOLDS])
        logits[left_out] = fit(~left_out).logits(own.rows[left_out], own.beside[left_out])
    head = shifted(fit(np.ones(len(labels), bool)), logits, labels.tolist())
    unseen = shifted(Fitted(np.zeros(0, np.int64), np.zeros((0, 1), np.float16), (0.0,)), logits, labels.tolist())
    moved = logits + unseen.bias[0]
    return head, 1.0 / (1.0 + np.exp(-moved[:, 0] / unseen.temperature)), labels.tolist(), moved


def picked(texts: Sequence[str], count: int, seed: int) -> list[str]:
    """`count` of the texts by lot, always the same for one seed."""
    places = np.random.default_rng(seed).permutation(len(texts))[:count]
    return [texts[place] for place in sorted(places.tolist())]


def complaint(material: Material, sentiments: tuple[Fitted, Fitted], tweets: Labelled) -> Trained:
    """Own messages, with tweets and plain requests as likely non-complaints; measured by left-out sectors."""
    own = own_texts(own_messages(), sentiments)
    parts = [(tweets.of(2), 1200), (tweets.of(1), 1500), (tweets.of(0), 600)]
    calm = [text for texts, count in parts for text in picked(texts, material.few(count), material.seed)]
    calm += picked(requests(material.folder / "clinc150"), material.few(1500), material.seed)
    weak = material.with_extra("complaint", Labelled(calm, [0] * len(calm)))
    head, p, labels, unseen = from_own(own, weak, lambda message: bool(message["complaint"]), sentiments)
    customers = own.sectors != "everyday"
    metrics = _two_class(np.array(labels)[customers].tolist(), p[customers]) | _by_sector(own, np.array(labels), p)
    metrics["false_alarms_everyday"] = figures.mean((p[~customers] >= 0.5).tolist())
    random_posts = paired(material.folder / "tweeteval" / "sentiment", "val").every(2, 1).texts
    metrics["said_on_random_tweets"] = figures.mean((_said(head, random_posts, sentiments) >= 0.5).tolist())
    return Trained(head, metrics, ("de", "en", "es", "fr", "it", "pt"), unseen)


def _by_sector(own: OwnTexts, labels: NDArray[np.int64], p: Doubles) -> Metrics:
    said = (p >= 0.5).astype(int)
    scores = [
        figures.macro_f1(labels[own.sectors == sector], said[own.sectors == sector])
        for sector in dict.fromkeys(own.sectors.tolist())
        if sector != "everyday"
    ]
    return {
        "macro_f1_mean_of_sectors": figures.mean(scores),
        "macro_f1_worst_sector": min(scores),
        "macro_f1_english": figures.macro_f1(labels[own.english], said[own.english]),
        "macro_f1_other_languages": figures.macro_f1(labels[~own.english], said[~own.english]),
    }


def _said(head: Fitted, texts: list[str], sentiments: tuple[Fitted, Fitted]) -> Doubles:
    rows = matrix(texts)
    return head.probabilities(rows, beside(texts, rows, np.ones(len(texts), bool), sentiments))


def asks(material: Material, sentiments: tuple[Fitted, Fitted], tweets: Labelled) -> Trained:
    """Is something asked (urgency normal or above)? Own messages, requests as likely yes, tweets as likely no."""
    own = own_texts(own_messages(), sentiments)
    wanting = picked(requests(material.folder / "clinc150"), material.few(800), material.seed)
    chatting = picked(tweets.texts, material.few(1600), material.seed)
    weak = Labelled(wanting + chatting, [1] * len(wanting) + [0] * len(chatting))
    weak = material.with_extra("asks", weak)
    head, p, labels, unseen = from_own(own, weak, lambda message: message["urgency"] != "low", sentiments)
    return Trained(head, _two_class(labels, p), ("de", "en", "es", "fr", "it", "pt"), unseen)
