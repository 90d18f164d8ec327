"""Training runs from the data folder, writes what loads, and refuses to make things worse."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from hark.understanding.analyse import analyse
from hark.understanding.command import understand
from hark.understanding.loading import CARD, LINEAR, load_models
from hark.understanding.types import Context
from tests.paths import shared

pytest.importorskip("sklearn", reason="training needs the extra `train`")

from hark.understanding.train import NotBetter, OutOfTime, train
from hark.understanding.train.sources import DataMissing, Labelled, fold_key, keys_of, paired, semeval

pytestmark = [pytest.mark.xdist_group("training"), pytest.mark.timeout(300)]  # one training serves them all


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights of a quick try on a few hundred texts."""
    folder = tmp_path_factory.mktemp("weights")
    train(shared("data", "understanding"), folder, seed=3, most=300)
    return folder


@pytest.mark.slow
def test_quick_try_writes_weights_that_load_and_read(tried: Path) -> None:
    models = load_models(tried)
    card = json.loads((tried / CARD).read_text())
    assert card["seed"] == 3
    assert 0.3 < card["metrics"]["sentiment_en"]["macro_recall"] < 1.0
    assert analyse(["this is great, thank you"], [Context()], models, {})[0].model_version == models.version


@pytest.mark.slow
def test_better_models_are_not_overwritten(tried: Path) -> None:
    card = json.loads((tried / CARD).read_text())
    better = tried.parent / "better"
    better.mkdir()
    card["metrics"]["sentiment_en"]["macro_recall"] = 0.99
    (better / CARD).write_text(json.dumps(card))
    with pytest.raises(NotBetter):
        train(shared("data", "understanding"), better, most=100)
    assert not (better / LINEAR).exists()


def test_training_stops_when_its_minutes_are_spent(tmp_path: Path) -> None:
    with pytest.raises(OutOfTime):
        train(shared("data", "understanding"), tmp_path / "out", minutes=0.0, most=50)
    assert not (tmp_path / "out").exists()


def test_missing_data_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataMissing, match=r"sentiment"):
        train(tmp_path, tmp_path / "out")
    result = CliRunner().invoke(understand, ["train", "--data", str(tmp_path), "--out", str(tmp_path / "out")])
    assert result.exit_code == 2
    assert "Traceback" not in result.output


def test_no_validation_text_is_trained_on() -> None:
    folder = shared("data", "understanding")
    validation = paired(folder / "tweeteval" / "sentiment", "val")
    kept = semeval(folder / "semeval2017").without(keys_of(validation))
    assert keys_of(kept).isdisjoint(keys_of(validation))
    assert len(kept.texts) == len(keys_of(kept)) > 45_000


def test_folding_sees_through_case_handles_links_and_marks() -> None:
    assert fold_key("@ann LATE again!! http://x.example") == fold_key("late again")
    assert Labelled(["Late!", "late", "soon"], [0, 1, 2]).without(set()).labels == [0, 2]


def test_warning_is_decided_where_found_and_right_are_in_balance_or_as_right_as_asked() -> None:
    import numpy as np

    from hark.understanding.train.warnings import best_cut

    logits, labels = np.array([0.0, 1.0, 2.0, 3.0, 4.0, 5.0]), np.array([0, 0, 1, 0, 1, 1])
    assert best_cut(logits, labels) == 1.5
    assert best_cut(logits, labels, right=0.9) == 3.5
    assert best_cut(logits, labels, right=0.7) == 1.5


def test_held_out_sectors_are_in_no_training_file_and_no_message_twice() -> None:
    from hark.understanding.train.sources import own_messages

    learnt, held_out = own_messages(), own_messages("held_out")
    assert {one["sector"] for one in learnt}.isdisjoint(one["sector"] for one in held_out)
    keys = [fold_key(one["text"]) for one in learnt + held_out if fold_key(one["text"])]
    assert len(keys) == len(set(keys))
    assert len(learnt) >= 2_500
    assert len(held_out) >= 400
