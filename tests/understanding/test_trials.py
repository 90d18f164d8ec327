"""A brand's model on trial: it learns in a moment, is measured on what it has not seen, and comes back from the table."""

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from itertools import chain, product

import numpy as np

from hark.understanding.corrections import RelevanceCorrection
from hark.understanding.encoder import Encoded, Encoder
from hark.understanding.loading import Models, load_models
from hark.understanding.trials import TRIED_FROM, Remembering, packed, try_out, unpacked
from hark.understanding.types import BrandProfile

PLUM = BrandProfile("plum", "Plum", ("@plumcare",), ("eSIM",), (), "", "en")
ABOUT = [f"we moved to plum {when} and {how}" for when, how in product(
    ("in May", "last week", "today", "with the kids", "again"), ("so far so good", "it is fine", "no complaints"))]  # fmt: skip
OTHER = [f"plum {dish} {when}, smells lovely" for dish, when in product(
    ("jam", "cake", "brandy", "compote", "tart"), ("in May", "last week", "today"))]  # fmt: skip


@cache
def linear() -> Models:
    """The models without the encoder."""
    return load_models(linear=True)


def told(texts: Sequence[str], *, relevant: bool) -> list[RelevanceCorrection]:
    """What agents said of these."""
    return [RelevanceCorrection("plum", text, relevant) for text in texts]


def mixed(*sides: Sequence[RelevanceCorrection]) -> list[RelevanceCorrection]:
    """In turn."""
    return list(chain.from_iterable(zip(*sides, strict=True)))


def test_trial_leaves_the_newest_fifth_out_of_the_probe_and_not_out_of_what_is_used() -> None:
    examples = mixed(told(ABOUT, relevant=True), told(OTHER, relevant=False))
    trial = try_out(examples, PLUM, linear(), None)
    assert trial.weights is not None
    assert trial.probe is not None
    assert (trial.weights.examples, trial.probe.examples, trial.tested) == (30, 24, 6)
    assert trial.right >= trial.right_before
    assert not trial.worse


def test_too_few_examples_tell_nothing_and_one_side_alone_teaches_nothing() -> None:
    few = mixed(told(ABOUT[:4], relevant=True), told(OTHER[:4], relevant=False))
    assert len(few) < TRIED_FROM
    trial = try_out(few, PLUM, linear(), None)
    assert (trial.tested, trial.worse) == (0, False)
    assert trial.weights is not None
    assert try_out(told(ABOUT, relevant=True), PLUM, linear(), None).weights is None


def test_an_evening_of_wrong_keys_is_found_out_on_the_newest() -> None:
    good = mixed(told(ABOUT[:10], relevant=True), told(OTHER[:10], relevant=False))
    before = try_out(good, PLUM, linear(), None).probe
    wrong = mixed(told(ABOUT[:10], relevant=False), told(OTHER[:10], relevant=True))
    newest = mixed(told(ABOUT[10:13], relevant=True), told(OTHER[10:13], relevant=False))
    trial = try_out([*wrong, *newest], PLUM, linear(), before)
    assert trial.worse, (trial.right, trial.right_before, trial.tested)


def test_weights_come_back_from_the_table_as_they_went_in() -> None:
    trial = try_out(mixed(told(ABOUT, relevant=True), told(OTHER, relevant=False)), PLUM, linear(), None)
    assert trial.weights is not None
    whole = replace(trial.weights, near=(0.25, -1.5, 0.00001))
    assert unpacked("plum", json.loads(json.dumps(packed(whole)))) == whole


def test_weights_of_corrections_count() -> None:
    opposite = [*told([ABOUT[0]] * 4, relevant=True), *told([ABOUT[0]] * 4, relevant=False)]
    heavy = [replace(one, weight=9.0 if one.relevant else 1.0) for one in opposite]
    rest = mixed(told(ABOUT[3:6], relevant=True), told(OTHER[:3], relevant=False))

    def p(examples: Sequence[RelevanceCorrection]) -> float:
        weights = try_out(examples, PLUM, linear(), None).weights
        assert weights is not None
        return weights.shift(ABOUT[0], 0.0)

    assert p([*rest, *heavy]) > p([*rest, *opposite])


def test_encoder_that_remembers_reads_each_text_once() -> None:
    read: list[str] = []

    class Counting(Encoder):
        def __init__(self) -> None:
            pass

        def encode(self, cleans: Sequence[str]) -> list[Encoded]:
            read.extend(cleans)
            return [Encoded(np.full(3, len(clean), np.float32), np.zeros((1, 6), np.float32)) for clean in cleans]

    encoder = Remembering(Counting())
    first = encoder.encode(["a", "bb", "a"])
    again = encoder.encode(["bb", "ccc"])
    assert read == ["a", "bb", "ccc"]
    assert [int(one.general[0]) for one in (*first, *again)] == [1, 2, 1, 2, 3]
