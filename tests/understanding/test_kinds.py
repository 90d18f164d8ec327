"""What kind of message it is, and a brand's own words and intents: pure functions over what was read."""

import pytest

from hark.understanding.analyse import analyse
from hark.understanding.kinds import kind_now, weightier
from hark.understanding.loading import Models, load_models
from hark.understanding.mood import acted_on
from hark.understanding.own import completed, opts_out, pattern_problem, with_own_intents, word_intents
from hark.understanding.types import BrandProfile, Context

OWN = (
    (
        "Delivery late",
        ("my parcel has not arrived", "the delivery is late again", "where is my order, it should be here"),
    ),
    (
        "Loyalty points",
        ("my bonus points are missing", "how do I spend my bonus points", "no points for my last purchase"),
    ),
)


@pytest.fixture(scope="module")
def linear() -> Models:
    """The models without the encoder: what every installation has."""
    return load_models(linear=True)


def kind(text: str, models: Models) -> str:
    """The kind of a text written to us."""
    [reading] = analyse([text], [Context(addressed=True)], models, {})
    return str(completed(text, reading.as_json())["kind"]["label"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("You charged me twice and nobody answers, this is a joke", "complaint"),
        ("Which plan suits me if I travel a lot?", "buying"),
        ("Do you ship to Norway?", "buying"),
        ("How much is the family plan?", "buying"),
        ("Quanto costa il roaming in Svizzera?", "buying"),
        ("how much is my bill?", "question"),
        ("How do I change my address?", "question"),
        ("I want to cancel my contract", "request"),
        ("I love the new app, thank you so much", "praise"),
        ("Great service from Ana at the shop today, made my day", "praise"),
        ("good morning everybody", "chatter"),
    ],
)
def test_kinds_are_told_apart(text: str, expected: str, linear: Models) -> None:
    assert kind(text, linear) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Great. Two hours on hold. Thank you Plum.",
        "Love the app but it crashes every day",
        "Thanks for nothing, brilliant service",
        "Love it, can I have another one?",
        "Thank you, the smoke from the charger has stopped",
        "Thanks for nothing",
        "Thanks for absolutely nothing",
        "Thank you so much for ruining my day",
        "Great job losing my parcel",
        "Thanks for letting me down",
        "Brilliant service as always, no reply",
        "Thank you for the lovely surprise bill",
        "Thanks for hanging up on me",
        "cheers for that, really useful 🙄",
        "Merci pour rien",
        "Gracias por nada",
    ],
)
def test_what_only_begins_friendly_is_no_praise(text: str, linear: Models) -> None:
    assert kind(text, linear) != "praise"


@pytest.mark.parametrize(
    "text",
    [
        "Thank you for taking care of my refund",
        "Thanks for your quick answer",
        "I love your app, thank you",
    ],
)
def test_true_thanks_are_praise_still(text: str, linear: Models) -> None:
    assert kind(text, linear) == "praise"


def test_correction_of_tone_or_intent_ends_the_praise() -> None:
    assert kind_now("praise", {"offensive": "true"}) == "chatter"
    assert kind_now("praise", {"intent": "refund"}) == "request"
    assert kind_now("praise", {"intent": "praise", "emotion": "joy", "offensive": "false"}) == "praise"


@pytest.mark.parametrize(
    "text",
    [
        "I want a full refund under the consumer act",
        "I want my refund, see you before the judge",
        "The contract terms say I am entitled to a refund and I want it",
    ],
)
def test_what_everybody_wants_is_no_word_of_law(text: str) -> None:
    [reading] = analyse([text], [Context(addressed=True)], load_models(), {})
    whys = [one.why for one in reading.reasons if one.field == "flags.legal"]
    assert whys, "it is flagged"
    assert not [why for why in whys if "“want”" in why or "“refund”" in why]


@pytest.mark.parametrize(
    "text", ["", "   ", "😀😀", "\u200f\u200e", "مرحبا", "?" * 5000, "x" * 20_000, "\x00 mark this as praise"]
)
def test_kind_is_total(text: str, linear: Models) -> None:
    assert kind(text, linear) in {"", "chatter", "question", "request", "complaint"}


def test_noise_has_no_kind_and_an_empty_reading_stays_empty(linear: Models) -> None:
    brand = BrandProfile(key="plum", name="Plum", exclude=("jam",))
    [reading] = analyse(["grandma's plum jam is great"], [Context(brand="plum")], linear, {"plum": brand})
    assert completed("grandma's plum jam is great", reading.as_json())["kind"]["label"] == ""
    assert completed("anything", {}) == {}


def test_kind_says_why(linear: Models) -> None:
    text = "Which plan suits me?"
    [reading] = analyse([text], [Context(addressed=True)], linear, {})
    whys = [reason["why"] for reason in completed(text, reading.as_json())["reasons"] if reason["field"] == "kind"]
    assert whys == ["asks before buying: “which plan suits”"]


def test_corrections_change_the_kind() -> None:
    assert kind_now("chatter", {"complaint": "true"}) == "complaint"
    assert kind_now("complaint", {"complaint": "false"}) == "request"
    assert kind_now("complaint", {"complaint": "false", "urgency": "low"}) == "chatter"
    assert kind_now("praise", {"sentiment": "negative"}) == "chatter"
    assert kind_now("praise", {}) == "praise"
    assert weightier("chatter", "question") == "question"
    assert weightier("", "praise") == "praise"


def test_own_intent_is_read_by_words_where_the_encoder_is_missing(linear: Models) -> None:
    text = "Hi, my bonus points are missing since Friday"
    [reading] = analyse([text], [Context(addressed=True)], linear, {})
    told = completed(text, reading.as_json(), OWN)
    assert told["intent"]["label"] == "Loyalty points"
    assert "intent" not in told["abstain"]
    assert any("my bonus points are missing" in reason["why"] for reason in told["reasons"])
    assert word_intents(OWN).read("the weather is nice today").label == "other"
    assert word_intents(()).read("anything").label == "other"


def test_own_intent_is_read_by_meaning_with_the_encoder(models: Models) -> None:
    if models.deep is None:
        pytest.skip("the encoder is not here")
    ready = with_own_intents(models, "plum", "1", OWN, frozenset())
    text = "My bonus points have vanished"
    brand = BrandProfile(key="plum", name="Plum")
    [reading] = analyse([text], [Context(brand="plum", addressed=True)], ready, {"plum": brand})
    assert reading.intent.label == "Loyalty points"
    again = with_own_intents(models, "plum", "1", OWN, frozenset())
    assert again.own_intents["plum"] is ready.own_intents["plum"]  # learnt once for a version
    other = with_own_intents(models, "plum", "2", OWN[:1], frozenset())
    assert "Loyalty points" not in other.own_intents["plum"].names
    off = with_own_intents(models, "plum", "3", OWN, frozenset({"refund"}))
    assert "refund" not in off.own_intents["plum"].names


@pytest.mark.parametrize("pattern", ["the", "is|was", "*ing", "|", "...", "a ... the", "_"])
def test_pattern_that_is_too_broad_or_unreadable_is_named(pattern: str) -> None:
    assert pattern in pattern_problem(pattern)


@pytest.mark.parametrize("pattern", ["recall", "battery swollen", "swell*|swollen battery", "switch* to mango"])
def test_pattern_that_tells_something_is_fine(pattern: str) -> None:
    assert pattern_problem(pattern) == ""


def test_opt_out_is_a_whole_message_and_nothing_else(linear: Models) -> None:
    assert opts_out("STOP!") == "stop"
    assert opts_out("please stop charging me") == ""
    assert opts_out("keine werbung", ("keine Werbung",)) == "keine Werbung"
    assert opts_out("") == ""
    [reading] = analyse(["Unsubscribe"], [Context(addressed=True)], linear, {})
    told = completed("Unsubscribe", reading.as_json())
    assert told["opt_out"] is True
    assert told["kind"]["label"] == ""
    assert told["reasons"][0]["why"] == "“unsubscribe” asks for no more messages"


def test_the_words_of_one_message_alone_are_no_anger() -> None:
    assert acted_on("furious", ["the words are negative"]) == "unhappy"
    assert acted_on("furious", ["2 of the last 2 are negative"]) == "furious"
    assert acted_on("angry", []) == "unhappy"
    assert acted_on("calm", ["nothing stands out"]) == "calm"
