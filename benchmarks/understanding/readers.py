"""Who is measured: each gives one of negative, neutral, positive for a text; Hark's whole reading is made for it."""

import pickle
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.understanding.texts import training_tweets, tuning_tweets
from hark.understanding.train.figures import macro_recall
from hark.understanding.types import FEELINGS

Reader = Callable[[Sequence[str]], list[int]]
BATCH = 256
VADER_NEUTRAL = 0.05  # its authors' own thresholds
TEXTBLOB_NEUTRAL = 0.05
WORDS = 2  # of an n-gram
STRENGTHS = (0.25, 1.0, 4.0)  # C of the regression, the best of these


class NotInstalled(Exception):
    """The other program is not there."""


def vader(_: Path) -> Reader:
    """VADER's rules and lexicon."""
    try:
        from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer
    except ImportError as error:
        raise NotInstalled from error
    reader = SentimentIntensityAnalyzer()
    return lambda texts: [_three(reader.polarity_scores(text)["compound"], VADER_NEUTRAL) for text in texts]


def textblob(_: Path) -> Reader:
    """TextBlob's default analyser."""
    try:
        from textblob import TextBlob
    except ImportError as error:
        raise NotInstalled from error
    return lambda texts: [_three(TextBlob(text).sentiment.polarity, TEXTBLOB_NEUTRAL) for text in texts]


def _three(score: float, neutral: float) -> int:
    return FEELINGS.index("positive" if score >= neutral else "negative" if score <= -neutral else "neutral")


def train_tfidf(data: Path, folder: Path) -> None:
    """What a good hour with scikit-learn gives: words and pairs, tf-idf, a class-balanced logistic regression.

    Its strength is chosen on the half of the validation tweets on which Hark's own settings are chosen too.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    words = TfidfVectorizer(ngram_range=(1, WORDS), min_df=2, sublinear_tf=True)
    given, tuning = training_tweets(data), tuning_tweets(data)
    rows, asked = words.fit_transform(given.texts), None
    best: tuple[float, Any] = (0.0, None)
    for strength in STRENGTHS:
        head = LogisticRegression(C=strength, class_weight="balanced", max_iter=500).fit(rows, given.labels)
        asked = words.transform(tuning.texts) if asked is None else asked
        best = max(best, (macro_recall(tuning.labels, head.predict(asked)), head), key=lambda one: one[0])
    (folder / "tfidf.pickle").write_bytes(pickle.dumps(make_pipeline(words, best[1])))


def tfidf(folder: Path) -> Reader:
    """The model that `train_tfidf` has left."""
    try:
        import sklearn  # noqa: F401
    except ImportError as error:
        raise NotInstalled from error
    model = pickle.loads((folder / "tfidf.pickle").read_bytes())  # noqa: S301 - written by this program a minute ago
    return lambda texts: [int(label) for label in model.predict(list(texts))]


def hark_linear(_: Path) -> Reader:
    """Hark without the encoder."""
    return _hark(linear=True)


def hark_full(_: Path) -> Reader:
    """Hark as it is shipped."""
    return _hark(linear=False)


def _hark(*, linear: bool) -> Reader:
    from hark.understanding import Context, analyse, load_models

    models = load_models(linear=linear)
    if not linear and models.deep is None:
        raise NotInstalled

    def read(texts: Sequence[str]) -> list[int]:
        found: list[int] = []
        for start in range(0, len(texts), BATCH):
            some = texts[start : start + BATCH]
            found += [FEELINGS.index(one.sentiment.label) for one in analyse(some, [Context()] * len(some), models, {})]
        return found

    return read


READERS: dict[str, Callable[[Path], Reader]] = {
    "VADER": vader,
    "TextBlob": textblob,
    "tf-idf, logistic regression": tfidf,
    "Hark, linear alone": hark_linear,
    "Hark": hark_full,
}
