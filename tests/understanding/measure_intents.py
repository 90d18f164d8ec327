"""Intents from examples on public sets, never trained on: `python -m tests.understanding.measure_intents [--full]`.

Banking77: its training questions teach, its test questions are read. CLINC150: questions outside its scope are to be
refused. Ten examples an intent, or with `--full` all of them (two minutes of processor time more).
"""

import csv
import json
import sys
from collections.abc import Iterable

import numpy as np

from hark.understanding.encoder import Encoder
from hark.understanding.intents import GAIN, IntentModel, Vectors, learn_intents
from hark.understanding.loading import load_models
from hark.understanding.normalise import normalise
from hark.understanding.types import OTHER
from tests.paths import SHARED

DATA = SHARED / "data" / "understanding"
FEW = 10
Pairs = list[tuple[str, str]]


def few(pairs: Iterable[tuple[str, str]]) -> Pairs:
    """The first ten of each intent."""
    kept: dict[str, Pairs] = {}
    for text, name in pairs:
        kept.setdefault(name, []).append((text, name))
    return [pair for own in kept.values() for pair in own[:FEW]]


def vectors(encoder: Encoder, pairs: Pairs) -> Vectors:
    """General vectors, a row a text."""
    return np.stack([one.general for one in encoder.encode([normalise(text) for text, _ in pairs])])


def told(model: IntentModel, rows: Vectors, pairs: Pairs) -> tuple[float, float, float]:
    """Accuracy of the likeliest intent, share answered, share answered right."""
    logits = rows.astype(np.float64) @ model.weights * GAIN + model.bias
    likeliest = [model.names[place] for place in logits.argmax(axis=1)]
    answers = [model.read(row).label for row in rows]
    given = [name for _, name in pairs]
    right = np.mean([a == b for a, b in zip(likeliest, given, strict=True)])
    answered = np.mean([answer != OTHER for answer in answers])
    kept = np.mean([a == b for a, b in zip(answers, given, strict=True)])
    return float(right), float(answered), float(kept)


def main() -> None:
    """A line for each set."""
    deep = load_models().deep
    if deep is None:
        sys.exit("the encoder did not load")
    full = "--full" in sys.argv
    with (
        (DATA / "banking77" / "train.csv").open(encoding="utf-8") as train,
        (DATA / "banking77" / "test.csv").open(encoding="utf-8") as test,
    ):
        pairs = [[(row["text"], row["category"]) for row in csv.DictReader(file)] for file in (train, test)]
    clinc = json.loads((DATA / "clinc150" / "data_full.json").read_text(encoding="utf-8"))
    sets = {
        "Banking77": (pairs[0], pairs[1], []),
        "CLINC150": (clinc["train"], clinc["test"], clinc["oos_test"]),
    }
    for name, (train_pairs, test_pairs, strange) in sets.items():
        taught = train_pairs if full else few(train_pairs)
        model = learn_intents([intent for _, intent in taught], vectors(deep.encoder, taught))
        right, answered, kept = told(model, vectors(deep.encoder, test_pairs), test_pairs)
        line = f"{name}, {len(taught)} examples: right {right:.3f}; answered {answered:.3f}, and right {kept:.3f}"
        if strange:
            refused = 1.0 - told(model, vectors(deep.encoder, strange), strange)[1]
            line += f"; outside its scope refused {refused:.3f}"
        print(line, flush=True)


if __name__ == "__main__":
    main()
