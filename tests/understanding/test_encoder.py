"""The encoder beside the linear models: the same for a text whatever stands beside it, and never missed where it is not."""

import json
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hark.understanding.analyse import analyse
from hark.understanding.corrections import RelevanceCorrection, learn, learn_own_intents
from hark.understanding.encoder import MOST_PIECES, WIDTH, Encoded, Encoder, worded
from hark.understanding.intents import LEAST, learn_intents
from hark.understanding.loading import CARD, DEEP_FILES, FOLDER, GRAPH, PIECES, Models, load_models
from hark.understanding.types import BrandProfile, Context, Reading
from tests.understanding.conftest import PLUM, Read

MESSAGES = [
    "My parcel has not arrived and nobody answers",
    "thanks, you were brilliant today 😍",
    "where is my order?",
    "word " * 500,
    "@plumcare why was I charged twice???",
]


@pytest.fixture(scope="module")
def encoder(models: Models) -> Encoder:
    assert models.deep is not None, "the shipped encoder did not load"
    return models.deep.encoder


@pytest.fixture(scope="module")
def linear() -> Models:
    return load_models(linear=True)


class Counting:
    """An encoder that keeps what it was asked."""

    def __init__(self, inner: Encoder) -> None:
        self.inner, self.asked = inner, list[str]()

    def encode(self, cleans: list[str]) -> list[Encoded]:
        self.asked += cleans
        return self.inner.encode(cleans)


@pytest.fixture
def counted(models: Models) -> tuple[Models, Counting]:
    assert models.deep
    counting = Counting(models.deep.encoder)
    return replace(models, deep=replace(models.deep, encoder=counting)), counting  # type: ignore[arg-type]


def test_files_are_small_and_loaded_quickly() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) <= 35_000_000
    graph, pieces = (FOLDER / GRAPH).read_bytes(), (FOLDER / PIECES).read_bytes()
    seconds = []
    for _ in range(3):
        started = time.process_time()
        Encoder(graph, pieces)
        seconds.append(time.process_time() - started)
    assert min(seconds) < 0.5


def test_vectors_are_the_same_bytes_alone_and_in_company(encoder: Encoder) -> None:
    together = encoder.encode(MESSAGES)
    backwards = encoder.encode(MESSAGES[::-1])[::-1]
    for text, one, other in zip(MESSAGES, together, backwards, strict=True):
        alone = encoder.encode([text])[0]
        assert alone.windows.tobytes() == one.windows.tobytes() == other.windows.tobytes()
        assert alone.general.tobytes() == one.general.tobytes()


def test_number_of_threads_changes_nothing() -> None:
    graph, pieces = (FOLDER / GRAPH).read_bytes(), (FOLDER / PIECES).read_bytes()
    first, second = (Encoder(graph, pieces, threads=threads).encode(MESSAGES) for threads in (1, 3))
    assert all(a.windows.tobytes() == b.windows.tobytes() for a, b in zip(first, second, strict=True))


def test_probabilities_do_not_depend_on_the_batch(models: Models) -> None:
    contexts = [Context(brand="plum", addressed=True)] * len(MESSAGES)
    crowd = analyse(MESSAGES * 4, contexts * 4, models, {"plum": PLUM})
    for place, text in enumerate(MESSAGES):
        alone = analyse([text], contexts[:1], models, {"plum": PLUM})[0]
        for reading in crowd[place :: len(MESSAGES)]:
            assert reading == alone


def test_general_vector_has_length_one_and_brings_like_sentences_together(encoder: Encoder) -> None:
    late, where, fruit = encoder.encode(["my parcel is late", "my package has not arrived", "I had a banana for lunch"])
    assert late.general.shape == (WIDTH,)
    assert float(np.linalg.norm(late.general)) == pytest.approx(1.0, abs=1e-5)
    assert float(late.general @ where.general) > float(late.general @ fruit.general) + 0.2


def test_long_text_is_read_in_at_most_four_windows_that_ask(encoder: Encoder) -> None:
    windows = encoder.windows("calm words " * 400 + "why does nobody answer???")
    assert len(windows) == 4
    assert all(len(window) <= MOST_PIECES for window in windows)
    assert len(encoder.windows("")) == 1


def test_handles_links_and_emoji_reach_the_pieces_as_words() -> None:
    assert worded("@ann look http://x.example/a") == "@user look http"
    assert worded("so 😡😡😡😡").split() == ["so", "pouting", "face", "pouting", "face"]
    assert worded("plain text") == "plain text"
    assert worded("żółć, 日本") == "żółć, 日本"


def test_noise_and_other_languages_never_cost_the_encoder(counted: tuple[Models, Counting]) -> None:
    models, counting = counted
    noise = ["a plum tart with plum jam, the best fruit", "nothing of the name in here at all"]
    analyse(noise, [Context(brand="plum")] * 2, models, {"plum": PLUM})
    analyse(
        ["ich warte seit drei Wochen auf meine Rechnung", "", "😡😡"], [Context(language_hint="de")] * 3, models, {}
    )
    assert [text for text in counting.asked if "tart" not in text] == []
    analyse(noise[1:], [Context(brand="plum", addressed=True)], models, {"plum": PLUM})
    assert counting.asked[-1:] == noise[1:]


def test_other_languages_read_as_by_the_linear_models(models: Models, linear: Models) -> None:
    text = "ich warte seit drei Wochen auf meine Rechnung und niemand antwortet"
    one, other = (analyse([text], [Context()], each, {})[0] for each in (models, linear))
    assert replace(one, model_version="") == replace(other, model_version="")


def check_linear(reading: Reading, deep: Reading) -> None:
    assert reading.model_version.endswith("+linear")
    assert not deep.model_version.endswith("+linear")
    assert set(reading.as_json()) == set(deep.as_json())
    assert "intent" in reading.abstain


def test_linear_models_answer_in_the_same_shape(read: Read, linear: Models) -> None:
    check_linear(analyse(MESSAGES[:1], [Context()], linear, {})[0], read(MESSAGES[0]))


@pytest.fixture
def copied(tmp_path: Path) -> Iterator[Path]:
    shutil.copytree(FOLDER, tmp_path / "weights")
    yield tmp_path / "weights"
    shutil.rmtree(tmp_path / "weights")


def test_folder_of_ones_own_may_read_more_languages(copied: Path, models: Models) -> None:
    card = json.loads((copied / CARD).read_text(encoding="utf-8"))
    card["encoder"]["languages"] = ["en", "de"]
    (copied / CARD).write_text(json.dumps(card), encoding="utf-8")
    own = load_models(copied)
    assert own.version != models.version
    assert own.deep
    counting = Counting(own.deep.encoder)
    own = replace(own, deep=replace(own.deep, encoder=counting))  # type: ignore[arg-type]
    german = "ich warte seit drei Wochen auf meine Rechnung und niemand antwortet"
    analyse([german, "où est ma commande, personne ne répond"], [Context()] * 2, own, {})
    assert counting.asked == [german]


@pytest.mark.parametrize("name", DEEP_FILES)
def test_missing_or_damaged_file_leaves_the_linear_models(copied: Path, name: str, read: Read) -> None:
    path = copied / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    check_linear(analyse(MESSAGES[:1], [Context()], load_models(copied), {})[0], read(MESSAGES[0]))
    path.unlink()
    check_linear(analyse(MESSAGES[:1], [Context()], load_models(copied), {})[0], read(MESSAGES[0]))


@pytest.mark.parametrize("library", ["onnxruntime", "tokenizers"])
def test_missing_library_leaves_the_linear_models(monkeypatch: pytest.MonkeyPatch, read: Read, library: str) -> None:
    deep = read(MESSAGES[0])
    monkeypatch.setitem(sys.modules, library, None)
    check_linear(analyse(MESSAGES[:1], [Context()], load_models(), {})[0], deep)


def test_card_describes_every_stack(models: Models) -> None:
    card = json.loads((FOLDER / CARD).read_text(encoding="utf-8"))
    assert models.deep
    assert set(card["stacks"]) == set(models.deep.stacks)
    assert all(
        0.0 <= stack["alpha"] <= 1.0 and 0.25 <= stack["temperature"] <= 4.0 for stack in card["stacks"].values()
    )
    assert card["limits"]
    assert len(card["encoder"]["base_sha256"]) == 64


def test_built_in_intents_are_told_and_strange_ones_left_open(read: Read) -> None:
    assert read("could you please tell me when my order will be delivered?").intent.label == "order_status"
    assert read("I want my money back for the broken lamp").intent.label == "refund"
    assert read("please cancel my contract at the end of the month").intent.label == "cancel"
    strange = read("the eclipse will be visible from the southern hemisphere")
    assert strange.intent.label == "other"
    assert "intent" in strange.abstain


def test_brand_teaches_an_intent_of_its_own_from_five_examples(models: Models) -> None:
    texts = [
        "how do I get a roaming pass for Spain?",
        "does roaming work in Turkey?",
        "roaming charges in the US?",
        "turn on roaming for my trip to Italy",
        "my data does not roam abroad in France",
    ]
    assert models.deep
    named = [("plum", "roaming", text) for text in texts[:LEAST]]
    own = learn_own_intents(named, models.deep.near, *models.deep.examples)
    taught = replace(models, own_intents=own)
    asked = "will roaming be on when I travel to Greece?"
    reading = analyse([asked], [Context(brand="plum", addressed=True)], taught, {"plum": PLUM})[0]
    assert reading.intent.label == "roaming"
    fewer = learn_own_intents(named[:4], models.deep.near, *models.deep.examples)
    assert "roaming" not in fewer["plum"].names


def test_two_intents_are_the_least() -> None:
    with pytest.raises(ValueError, match="two"):
        learn_intents(["one"], np.ones((1, WIDTH), np.float32))


def test_corrections_teach_over_the_general_vector(models: Models) -> None:
    assert models.deep
    bare = replace(PLUM, products=(), exclude=(), about="")
    firm = [f"Plum {text}" for text in ("support is slow", "raised its prices", "app crashes", "billed me twice")]
    fruit = [f"plum {text}" for text in ("cake for tea", "trees in bloom", "jam recipe", "coloured dress")]
    corrections = [
        RelevanceCorrection("plum", text, relevant)
        for texts, relevant in ((firm, True), (fruit, False))
        for text in texts
    ]
    learnt = learn(corrections, {"plum": bare}, models.prior, models.deep.near)
    assert len(learnt["plum"].near) == WIDTH + 2
    taught = replace(models, brands=learnt)
    asked = ["a plum coloured scarf", "the plum pudding was sweet", "Plum still has not answered my complaint"]
    before, after = (
        [
            reading.relevance.p
            for reading in analyse(asked, [Context(brand="plum")] * 3, each, {"plum": bare})
            if reading.relevance
        ]
        for each in (models, taught)
    )
    assert after[0] < before[0]
    assert after[1] < 0.1
    assert after[2] > 0.9


def test_three_corrections_of_one_kind_move_what_comes_back_and_little_else(models: Models) -> None:
    assert models.deep
    apple = BrandProfile(
        "apple", "Apple", products=("watch", "phone"), about="Apple sells phones, watches and laptops."
    )
    said = (
        "Moved to the Big Apple last week and the rent is a joke",
        "Back in the Big Apple for the weekend",
        "The Big Apple never sleeps, neither do I",
    )
    corrections = [RelevanceCorrection("apple", text, relevant=False) for text in said]
    asked = ["Leaving the Big Apple tomorrow, sad", "Apple support never answers", "my Apple watch died"]

    def read(given: list[RelevanceCorrection]) -> list[float]:
        assert models.deep
        learnt = learn(given, {"apple": apple}, models.prior, models.deep.near)
        taught = replace(models, brands=learnt)
        found = analyse(asked, [Context(brand="apple")] * len(asked), taught, {"apple": apple})
        return [one.relevance.p for one in found if one.relevance]

    before, after = read([]), read(corrections)
    assert read(corrections[:2]) == before, "two are kept, and teach nothing"
    assert after[0] < before[0] - 0.2
    assert min(after[1:]) > 0.95
