"""Relevance from the profile: the brand is told from the ordinary word it is called after."""

from dataclasses import replace

import pytest

from hark.understanding.corrections import RelevanceCorrection, learn
from hark.understanding.loading import Models
from hark.understanding.relevance import evidence, judged
from hark.understanding.types import BrandProfile
from tests.understanding.conftest import PLUM, Read


@pytest.mark.parametrize(
    "text",
    [
        "@plumcare my sim is dead",
        "Plum charged me twice for roaming, refund please",
        "anyone else with no signal on Plum today?",
        "switched from Plum to another network, support was hopeless",
        "is the Plum app down?",
    ],
)
def test_talk_about_the_brand_is_relevant(read: Read, text: str) -> None:
    assert read(text, brand="plum").relevance.label == "relevant"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "text",
    [
        "plum jam and fresh bread for breakfast",
        "the plum tree in our garden is in blossom",
        "a ripe plum, still warm from the sun",
        "grandma's plum tart, nothing beats it",
        "she painted her room plum and grey",
    ],
)
def test_the_ordinary_word_is_irrelevant(read: Read, text: str) -> None:
    assert read(text, brand="plum").relevance.label == "irrelevant"  # type: ignore[union-attr]


def test_handle_settles_it_and_a_longer_handle_does_not(read: Read) -> None:
    assert read("@plumcare hello", brand="plum").relevance.p >= 0.98  # type: ignore[union-attr]
    assert read("@plumcareful hello", brand="plum").relevance.p <= 0.1  # type: ignore[union-attr]


def test_text_that_names_nobody_is_hardly_ever_relevant(read: Read) -> None:
    reading = read("my sim has no signal", brand="plum")
    assert reading.relevance is not None
    assert reading.relevance.p <= 0.1
    assert any("names neither" in reason.why for reason in reading.reasons)


def test_without_a_brand_there_is_no_relevance(read: Read) -> None:
    assert read("Plum is down").relevance is None
    assert read("Plum is down", brand="unknown").relevance is None


def test_reason_names_the_word_that_decided(read: Read) -> None:
    reasons = [reason for reason in read("plum jam again", brand="plum").reasons if reason.field == "relevance"]
    assert reasons[0].why == "“jam” is on the brand's list of look-alikes"
    assert reasons[0].span == (5, 8)


@pytest.mark.parametrize("name", ["", "   ", "((", "O2", "C&A", "Ünlü", "a b"])
def test_any_name_can_be_looked_for(models: Models, name: str) -> None:
    brand = BrandProfile(key="x", name=name, handles=("@", " "), products=("((",), exclude=("[",))
    assert 0.0 <= judged(evidence(f"I love {name} and (( [", brand), models.prior).p <= 1.0


def test_three_corrections_of_either_class_teach_a_brand_and_two_do_not(models: Models) -> None:
    wrong = "Plum is the name of my new kitten"
    bare = replace(PLUM, products=(), exclude=(), about="")
    corrections = [RelevanceCorrection("plum", f"{wrong}, day {day}", relevant=False) for day in range(3)]
    corrections += [RelevanceCorrection("plum", f"Plum took my money {day}", relevant=True) for day in range(3)]
    assert learn(corrections[:5], {"plum": bare}, models.prior) == {}
    learnt = learn(corrections, {"plum": bare}, models.prior)["plum"]
    logit = models.prior.logit(evidence(wrong, bare).features)
    assert learnt.shift(wrong.lower(), logit) < 0.0
    assert learnt == learn(corrections, {"plum": bare}, models.prior)["plum"]
    assert len(learnt.words) <= 400


def test_corrections_change_the_reading_of_like_posts(models: Models) -> None:
    from hark.understanding.analyse import analyse
    from hark.understanding.types import Context

    text = "Plum the kitten is asleep"
    corrections = [
        RelevanceCorrection("plum", f"Plum the kitten {verb}", relevant=False) for verb in ("eats", "naps", "runs")
    ]
    corrections += [
        RelevanceCorrection("plum", f"Plum sends bills {when}", relevant=True) for when in ("late", "twice", "again")
    ]
    before = analyse([text], [Context(brand="plum")], models, {"plum": PLUM})[0].relevance
    learnt = replace(models, brands=learn(corrections, {"plum": PLUM}, models.prior))
    after = analyse([text], [Context(brand="plum")], learnt, {"plum": PLUM})[0].relevance
    assert before is not None
    assert after is not None
    assert after.p < before.p
    assert after.label == "irrelevant"


def test_correction_that_contradicts_a_sure_verdict_leaves_the_others_where_they_are(models: Models) -> None:
    from hark.understanding.analyse import analyse
    from hark.understanding.types import Context

    brand = BrandProfile(
        "orchard", "Orchard", (), ("delivery", "voucher", "points", "checkout"), ("tree", "bees", "frost")
    )
    near = models.deep.near if models.deep else None
    given = [
        ("please orchard bring back the lemon yoghurt", True),
        *(
            (text, True)
            for text in ("Orchard delivery was early", "My Orchard points vanished", "Orchard vouchers fail")
        ),
        *(
            (text, False)
            for text in ("frost in the orchard", "a tree in an orchard", "sheep in the orchard", "bees, an orchard")
        ),
    ]
    corrections = [RelevanceCorrection("orchard", text, relevant=relevant) for text, relevant in given]
    learnt = replace(models, brands=learn(corrections, {"orchard": brand}, models.prior, near))
    texts = [text for text, _ in given[1:]]
    found = analyse(texts, [Context(brand="orchard")] * len(texts), learnt, {"orchard": brand})
    wanted = ["relevant" if relevant else "irrelevant" for _, relevant in given[1:]]
    assert [one.relevance.label for one in found if one.relevance] == wanted
