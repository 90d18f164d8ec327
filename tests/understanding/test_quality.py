"""Floors under the figures of docs/understanding.md, measured on texts that nothing was trained or tuned on.

The floors stand a little below what was measured, so that they catch a loss and not the weather.
"""

import numpy as np
import pytest

from hark.understanding.analyse import analyse
from hark.understanding.loading import Models, load_models
from hark.understanding.train import figures
from hark.understanding.train.held_out import figures_on
from hark.understanding.train.sources import Labelled, own_messages, paired
from hark.understanding.types import FEELINGS, Context, Reading
from tests.paths import shared


def test_held_out_sectors_stay_above_their_floor(models: Models) -> None:
    measured = figures_on(own_messages("held_out"), models)
    assert measured["complaint_macro_f1"] >= 0.81
    assert measured["complaint_auc"] >= 0.9
    assert measured["sentiment_macro_recall"] >= 0.7
    assert measured["urgency_kappa"] >= 0.77
    assert measured["urgency_macro_f1"] >= 0.68
    assert measured["critical_found"] >= 0.73
    assert measured["critical_right"] >= 0.63
    assert measured["critical_called_low"] <= 0.02
    assert measured["low_called_high"] <= 0.06
    assert measured["flags_macro_f1"] >= 0.79
    assert measured["flags_found"] >= 0.79
    assert measured["flags_right"] >= 0.77
    assert measured["safety_found"] >= 0.83
    assert measured["safety_right"] >= 0.68


def test_each_brand_is_told_by_what_was_learnt_on_the_others() -> None:
    pytest.importorskip("sklearn", reason="measuring by left-out brand fits models")
    from hark.understanding.train.prior import leave_one_brand_out
    from hark.understanding.train.sources import own_posts

    measured = leave_one_brand_out(own_posts())
    assert measured["brands"] >= 12
    assert measured["balanced_accuracy"] >= 0.9
    assert measured["auc"] >= 0.95
    assert measured["auc_after_10"] >= 0.95


@pytest.fixture(scope="module")
def half() -> Labelled:
    """Tweets that nothing was trained or tuned on."""
    return paired(shared("data", "understanding", "tweeteval", "sentiment"), "val").without(set()).every(2, 1)


@pytest.fixture(scope="module")
def tweets(half: Labelled, models: Models) -> list[Reading]:
    """What the models say of them."""
    return analyse(half.texts, [Context(language_hint="en")] * len(half.texts), models, {})


def test_english_tweets_are_felt_as_well_as_the_card_says(half: Labelled, tweets: list[Reading]) -> None:
    said = [FEELINGS.index(reading.sentiment.label) for reading in tweets]
    answered = np.array(["sentiment" not in reading.abstain for reading in tweets])
    right = np.array(said) == np.array(half.labels)
    assert figures.macro_recall(half.labels, said) >= 0.67
    assert answered.mean() >= 0.7
    assert right[answered].mean() >= 0.73


def test_linear_models_alone_still_feel_english_tweets(half: Labelled) -> None:
    readings = analyse(half.texts, [Context(language_hint="en")] * len(half.texts), load_models(linear=True), {})
    said = [FEELINGS.index(reading.sentiment.label) for reading in readings]
    assert figures.macro_recall(half.labels, said) >= 0.67


def test_languages_are_told_or_left_open(models: Models) -> None:
    codes = {
        "arabic": "ar",
        "english": "en",
        "french": "fr",
        "german": "de",
        "italian": "it",
        "portuguese": "pt",
        "spanish": "es",
    }
    answered = right = total = 0
    for name, code in codes.items():
        texts = paired(shared("data", "understanding", "umsab", name), "val").texts
        found = [reading.language for reading in analyse(texts, [Context()] * len(texts), models, {})]
        total += len(found)
        answered += sum(language != "und" for language in found)
        right += sum(language == code for language in found)
    assert answered / total >= 0.88
    assert right / answered >= 0.98


def test_random_tweets_raise_few_flags(tweets: list[Reading]) -> None:
    for flag, most in {
        "safety": 0.025,
        "legal": 0.01,
        "press": 0.01,
        "leave": 0.01,
        "outage": 0.01,
        "abuse": 0.015,
    }.items():
        assert np.mean([getattr(reading.flags, flag) for reading in tweets]) <= most, flag
    assert np.mean([reading.complaint >= 0.5 for reading in tweets]) <= 0.12


def test_measures_are_computed_as_named() -> None:
    assert figures.macro_recall([0, 0, 1, 1], [0, 1, 1, 1]) == 0.75
    assert figures.macro_f1([0, 1], [0, 1]) == 1.0
    assert figures.auc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]) == 0.75
    assert figures.auc([0, 1], [0.5, 0.5]) == 0.5
    assert figures.weighted_kappa([0, 1, 2, 3], [0, 1, 2, 3], 4) == 1.0
    assert figures.weighted_kappa([0, 0, 3, 3], [3, 3, 0, 0], 4) == -1.0
