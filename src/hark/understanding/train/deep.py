"""The encoder's part of the weights: heads on its vectors, stacked with the linear companion, measured on unseen text.

Sentiment, offence and emotion come from the tuned branch's own heads. What Hark's written messages teach (complaint,
asking, flags, pressing wording) is a logistic regression on both vectors; the branch itself never saw those messages,
so that a left-out sector is one that nothing was made with.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hark.understanding.dense import DENSE, SINGLE, STARTS, Dense, Stack
from hark.understanding.encoder import WIDTH, Encoded, Encoder
from hark.understanding.heads import WARNINGS, sigmoid, softmax
from hark.understanding.normalise import normalise
from hark.understanding.train import figures
from hark.understanding.train.fitting import KEPT_SHARE, TEMPERATURES, Doubles
from hark.understanding.train.linear import FOLDS, WEAK, Material, Metrics, Trained, picked
from hark.understanding.train.sources import Labelled, own_messages, requests
from hark.understanding.train.warnings import RARE, decided, tweets_without, wanted

ALPHAS = tuple(np.round(np.linspace(0.0, 1.0, 11), 1).tolist())
OWN_STRENGTH = 0.5  # inverse penalty of the heads on written messages
RARE_STRENGTH = 0.2
TUNED_GAIN = 0.1  # the tuned vector is longer than the general one
WEAK_OWN = {"complaint": ((2, 500), (1, 700), (0, 300)), "asks": ((0, 250), (1, 250), (2, 250))}
WEAK_REQUESTS = {"complaint": 600, "asks": 400}
WEAK_TEXTS = 1_000  # likely without any flag
Fit = tuple[Doubles, Doubles]


@dataclass
class Reader:
    """Encodes each text once, however many heads ask for it."""

    encoder: Encoder

    def __post_init__(self) -> None:
        """Nothing is known yet."""
        self._known: dict[str, Encoded] = {}

    def read(self, texts: Sequence[str]) -> list[Encoded]:
        """One result a text, in order."""
        fresh = list(dict.fromkeys(text for text in texts if text not in self._known))
        found = self.encoder.encode([normalise(text) for text in fresh])
        self._known.update(zip(fresh, found, strict=True))
        return [self._known[text] for text in texts]

    def rows(self, texts: Sequence[str]) -> Doubles:
        """(n, 768): the first window of each, general beside tuned."""
        return np.stack([one.windows[0] for one in self.read(texts)]).astype(np.float64)


def fitted(rows: Doubles, labels: ArrayLike, strength: float, sample: ArrayLike | None = None) -> Fit:
    """Logistic regression on both vectors, (768, k) and (k); the tuned one scaled to about the general one's length."""
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    scale = np.concatenate([np.full(WIDTH, 4.0), np.full(WIDTH, 4.0 * TUNED_GAIN)])
    with threadpool_limits(1):
        model = LogisticRegression(C=strength, max_iter=300).fit(rows * scale, np.asarray(labels), sample_weight=sample)
    return model.coef_.T * scale[:, None], np.asarray(model.intercept_, np.float64)


def from_tuned(weight: NDArray[np.float32], bias: NDArray[np.float32]) -> Fit:
    """A head of the tuned branch laid over both vectors; of two classes their difference."""
    if len(bias) == 2:
        weight, bias = weight[1:] - weight[:1], bias[1:] - bias[:1]
    return np.concatenate([np.zeros((WIDTH, len(bias))), weight.T.astype(np.float64)]), bias.astype(np.float64)


def assembled(fits: Mapping[str, Fit]) -> Dense:
    """All heads in the order of `DENSE`."""
    weights, bias = np.zeros((2 * WIDTH, len(SINGLE))), np.zeros(len(SINGLE))
    for name, (own, base) in fits.items():
        columns = slice(STARTS[name], STARTS[name] + DENSE[name])
        weights[:, columns], bias[columns] = own, base
    return Dense(weights.astype(np.float32).astype(np.float64), bias.astype(np.float32).astype(np.float64))


def logits_of(fit: Fit, encoded: Sequence[Encoded]) -> Doubles:
    """(n, k), over the windows as at run time."""
    weights, bias = fit
    found = [one.windows.astype(np.float64) @ weights + bias for one in encoded]
    single = len(bias) == 1
    return np.stack([rows.max(axis=0) if single else rows.mean(axis=0) for rows in found])


def probabilities(logits: Doubles) -> Doubles:
    """Of every class, also of a two-class head's single logit."""
    if logits.shape[1] > 1:
        return softmax(logits)
    positive = sigmoid(logits[:, 0])
    return np.column_stack([1.0 - positive, positive])


def stacked(dense: Doubles, linear: Doubles, labels: Sequence[int], *, move: bool = False) -> Stack:
    """α, T and threshold by likelihood on texts that neither part was trained on; `move` also shifts two classes."""
    truth = np.asarray(labels)

    def loss(alpha: float, shift: float, temperature: float) -> float:
        p = probabilities(Stack(alpha, shift, temperature, 0.5).joined(dense, linear))
        return float(-np.log(p[np.arange(len(truth)), truth] + 1e-12).mean())

    tried = []
    for alpha in ALPHAS:
        shift = _offset(alpha * dense + (1.0 - alpha) * linear, truth) if move else 0.0
        temperature = float(min(TEMPERATURES, key=lambda value: loss(alpha, shift, value)))
        tried.append((loss(alpha, shift, temperature), alpha, shift, temperature))
    _, alpha, shift, temperature = min(tried)
    p = probabilities(Stack(alpha, shift, temperature, 0.5).joined(dense, linear))
    surest = float(np.quantile(p.max(axis=1), 1.0 - KEPT_SHARE))
    return Stack(alpha, round(shift, 4), round(temperature, 4), round(surest, 4))


def _offset(logits: Doubles, truth: NDArray[np.int64]) -> float:
    """What moves the decision point to one half."""
    from sklearn.linear_model import LogisticRegression

    line = LogisticRegression(C=1e6).fit(logits, truth)
    return float(line.intercept_[0] / line.coef_[0, 0])


@dataclass(frozen=True)
class OwnHead:
    """A head from written messages: its weights, and each message's logit by one without its sector."""

    fit: Fit
    unseen: Doubles


def own_head(reader: Reader, labels: NDArray[np.int64], weak: Labelled, strength: float, rare: float = 1.0) -> OwnHead:
    """Fit on all English written messages and weak texts; then by left-out sectors."""
    messages = own_messages()
    english = np.array([message["language"] == "en" for message in messages])
    rows = reader.rows([message["text"] for message in messages])
    weak_rows = reader.rows(weak.texts) if weak.texts else np.zeros((0, 2 * WIDTH))
    sectors = np.array([message["sector"] for message in messages])

    def fit(chosen: NDArray[np.bool_]) -> Fit:
        sample = np.concatenate([np.where(labels[chosen] == 1, rare, 1.0), np.full(len(weak.texts), WEAK)])
        given = np.concatenate([labels[chosen], np.array(weak.labels, np.int64)])
        return fitted(np.concatenate([rows[chosen], weak_rows]), given, strength, sample)

    unseen = np.zeros((len(labels), 1))
    names = list(dict.fromkeys(sectors.tolist()))
    for fold in range(FOLDS):
        left_out = np.isin(sectors, names[fold::FOLDS])
        weights, bias = fit(english & ~left_out)
        unseen[left_out] = rows[left_out] @ weights + bias
    return OwnHead(fit(english), unseen)


def weak_texts(name: str, material: Material, tweets: Labelled) -> Labelled:
    """Texts whose label for this head is likely."""
    calm = [text for label, count in WEAK_OWN[name] for text in picked(tweets.of(label), material.few(count), 1)]
    asking = picked(requests(material.folder / "clinc150"), material.few(WEAK_REQUESTS[name]), 1)
    return Labelled(calm + asking, [0] * len(calm) + [int(name == "asks")] * len(asking))


@dataclass(frozen=True)
class Checks:
    """Validation texts of a public head, in two halves: each is measured by a stack that the other one has set."""

    tune: Labelled
    measure: Labelled


def public_head(fit: Fit, linear: Trained, checks: Checks, reader: Reader) -> tuple[Stack, Metrics]:
    """The stack of a head of the tuned branch, set by all validation texts, and its figures, cross-fitted."""
    from hark.understanding.train.features import matrix

    halves = (checks.tune, checks.measure)
    logits = [(logits_of(fit, reader.read(half.texts)), linear.head.logits(matrix(half.texts))) for half in halves]
    found, kept = [], []
    for own, other in ((0, 1), (1, 0)):
        by_other = stacked(*logits[other], halves[other].labels)
        found.append(probabilities(by_other.joined(*logits[own])))
        kept.append(found[-1].max(axis=1) >= by_other.surest)
    labels = [label for half in halves for label in half.labels]
    dense, beside = (np.concatenate(parts) for parts in zip(*logits, strict=True))
    stack = stacked(dense, beside, labels)
    figured = _figures(labels, np.concatenate(found), np.concatenate(kept))
    alone = figures.macro_f1(labels, probabilities(dense).argmax(axis=1))
    return stack, {**figured, "alpha": stack.alpha, "macro_f1_encoder_alone": alone}


def _figures(labels: Sequence[int], p: Doubles, kept: NDArray[np.bool_]) -> Metrics:
    right = p.argmax(axis=1) == np.asarray(labels)
    metrics: Metrics = {
        "texts": len(labels),
        "macro_recall": figures.macro_recall(labels, p.argmax(axis=1)),
        "macro_f1": figures.macro_f1(labels, p.argmax(axis=1)),
        "accuracy": figures.mean(right.tolist()),
        "calibration_error": figures.calibration_error(labels, p),
        "accuracy_surest_80": figures.accuracy_of_surest(labels, p, 0.8),
        "answered": figures.mean(kept.tolist()),
        "accuracy_answered": figures.mean(right[kept].tolist()),
        "curves": figures.curves(labels, p),
    }
    return metrics | ({"auc": figures.auc(labels, p[:, 1])} if p.shape[1] == 2 else {})


def two_class_own(name: str, head: OwnHead, linear: Doubles, labels: NDArray[np.int64]) -> tuple[Stack, Metrics]:
    """Complaint or asks: stack and figures by left-out sectors, English messages of customers."""
    messages = own_messages()
    english = np.array([message["language"] == "en" for message in messages])
    sectors = np.array([message["sector"] for message in messages])
    stack = stacked(head.unseen[english], linear[english], labels[english].tolist(), move=True)
    p = probabilities(stack.joined(head.unseen, linear))[:, 1]
    customers = english & (sectors != "everyday")
    said = (p >= 0.5).astype(int)
    counted = [(sectors == sector) & english for sector in dict.fromkeys(sectors[customers].tolist())]
    scores = [figures.macro_f1(labels[own], said[own]) for own in counted if own.sum() >= 8]
    metrics: Metrics = {
        "texts": int(customers.sum()),
        "alpha": stack.alpha,
        "macro_f1": figures.macro_f1(labels[customers], said[customers]),
        "macro_f1_mean_of_sectors": figures.mean(scores),
        "macro_f1_worst_sector": min(scores, default=0.0),
        "auc": figures.auc(labels[customers], p[customers]),
        "calibration_error": figures.calibration_error(labels[customers], figures.two_class(p[customers])),
        "curves": figures.curves(labels[customers], figures.two_class(p[customers])),
    }
    return stack, metrics


def warning_stack(
    name: str, head: OwnHead, linear: Doubles, labels: NDArray[np.int64], strangers: tuple[Doubles, Doubles]
) -> tuple[Stack, Metrics]:
    """A flag: the half of both logits, decided on English messages and on random posts.

    `linear`: each written message's logit by a head without its sector; `strangers`: dense and linear logits of posts
    that neither part learnt the flag from.
    """
    english = np.array([message["language"] == "en" for message in own_messages()])
    half = Stack(0.5, 0.0, 1.0, 0.5)
    joined, random = half.joined(head.unseen, linear)[:, 0], half.joined(*strangers)[:, 0]
    cut, metrics = decided(name, joined[english], labels[english], random)
    return Stack(0.5, round(-cut, 4), 1.0, 0.5), metrics


def own_stacks(
    material: Material, linear: Mapping[str, Trained], reader: Reader, tweets: Labelled, tell: Callable[[str], None]
) -> tuple[dict[str, Fit], dict[str, Stack], Metrics]:
    """All heads that written messages teach."""
    messages = own_messages()
    fits: dict[str, Fit] = {}
    stacks: dict[str, Stack] = {}
    metrics: Metrics = {}
    from hark.understanding.train.features import matrix

    calm, strange = tweets_without(material, tweets)
    calm = calm[:WEAK_TEXTS]
    strangers = reader.read(strange)
    unflagged = Labelled(calm, [0] * len(calm))
    for name in ("complaint", "asks", *WARNINGS):
        tell(f"{name}, with the encoder")
        labels = np.array([int(_wanted(name)(message)) for message in messages])
        companion = linear[name].unseen
        if companion is None:
            raise ValueError(f"{name}: no logits by left-out sector")
        if name in WARNINGS:
            head = own_head(reader, labels, unflagged, RARE_STRENGTH, RARE)
            beside = logits_of(head.fit, strangers), linear[name].head.logits(matrix(strange))
            stacks[name], metrics[name] = warning_stack(name, head, companion, labels, beside)
        else:
            head = own_head(reader, labels, weak_texts(name, material, tweets), OWN_STRENGTH)
            stacks[name], metrics[name] = two_class_own(name, head, companion, labels)
        fits[name] = head.fit
    return fits, stacks, metrics


def _wanted(name: str) -> Callable[[dict[str, Any]], bool]:
    if name == "complaint":
        return lambda message: bool(message["complaint"])
    if name == "asks":
        return lambda message: bool(message["urgency"] != "low")
    return wanted(name)
