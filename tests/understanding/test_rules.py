"""Rules find what they name, spare figures of speech and negations, and can be extended by a brand."""

from pathlib import Path

import pytest

from hark.understanding.lexicon import UnreadableRule, expression, load_lexicon, parsed
from hark.understanding.ngrams import tokens
from hark.understanding.normalise import normalise
from hark.understanding.rules import Rulebook, load_rules
from hark.understanding.types import BrandProfile


@pytest.fixture(scope="module")
def rules() -> Rulebook:
    return load_rules()


def found(rules: Rulebook, text: str, language: str = "en", brand: BrandProfile | None = None) -> set[str]:
    clean = normalise(text)
    called = rules.called_by(tokens(clean.lower()))
    return {hit.rule.sets for hit in rules.hits(clean, language, called, brand)}


MEANT = [
    ("en", "safety", "The charger caught fire on my bed"),
    ("en", "safety", "I smell gas in the hallway"),
    ("en", "safety", "My son is bleeding and needs an ambulance"),
    ("en", "safety", "she burned her hand on your kettle"),
    ("en", "safety", "Found a piece of glass in the baby food"),
    ("en", "safety", "I don't want to live any more"),
    ("en", "legal", "You will hear from my lawyer on Friday"),
    ("en", "legal", "I'm taking this to the ombudsman"),
    ("en", "press", "I am a journalist and would like a comment"),
    ("en", "leave", "Please cancel my subscription"),
    ("en", "leave", "I'm switching provider tonight"),
    ("en", "outage", "is it down for everyone?"),
    ("en", "outage", "Our whole street has no power"),
    ("en", "abuse", "you are all idiots"),
    ("en", "abuse", "I will find you and smash your face"),
    ("en", "human", "let me speak to a real person"),
    ("en", "curse", "this fucking router"),
    ("de", "safety", "Das Ladegerät brennt!"),
    ("de", "legal", "Ich schalte meinen Anwalt ein"),
    ("de", "leave", "Ich kündige meinen Vertrag"),
    ("fr", "safety", "Mon bébé saigne"),
    ("fr", "legal", "J'ai saisi le médiateur"),
    ("fr", "outage", "Tout le quartier est sans courant"),
    ("es", "safety", "Huele a gas en la cocina"),
    ("es", "leave", "Quiero darme de baja"),
    ("it", "legal", "Mi rivolgo al mio avvocato"),
    ("it", "safety", "C'è odore di gas"),
    ("pt", "leave", "Quero cancelar o contrato"),
    ("nl", "safety", "Er is een gaslek"),
]
HARMLESS = [
    # fire, smoke, explosion
    "this album is pure fire",
    "he's on fire tonight, third goal",
    "fire sale at the outlet",
    "my legs are on fire after that run",
    "toy fire engine for my nephew",
    "explosive taste, that chilli",
    "exploding kittens night at ours",
    "no smoking area please",
    "grandad is on fire at bingo",
    "exploded laughing at the trailer",
    # injury, death
    "my spending chart is a heart attack in pastel colours",
    "the market is bleeding red and I eat crisps",
    "cut myself a slice of cake the size of a brick",
    "ambulance chasers or not, he is good",
    "drowning my sorrows in hummus",
    "suicide squad rewatch tonight",
    "allergic to mondays",
    "he choked in the penalty shootout again",
    # quitting, outage, abuse, takeover
    "unsubscribed from adulthood",
    "We've cancelled your stay free of charge",
    "mental outage, back after coffee",
    "she ate half the rat bait",
    "hacked a bookshelf out of pallets",
    "I'm dying laughing",
    "you killed it on stage",
    "that jacket is to die for",
    "hurts so good, leg day",
    "she broke my heart",
    "my phone died again",
    "knocked out by this pillow",
    "a good day to cut the cake",
    "he collapsed on the sofa laughing",
    # gas, shock, poison, blood
    "gas prices are up",
    "the beans gave me gas",
    "gas station snacks",
    "blood orange season",
    "cute poison, great band name",
    "shocked that the cat is asleep",
    "blood, sweat and tears",
    # law
    "court shoes with jeans?",
    "the tennis court is free at six",
    "ball is in your court",
    "my sister is a lawyer now",
    "watched a court drama",
    "a good lawyer is worth every penny",
    "suing my alarm clock",
    # press
    "press the button to open",
    "French press or filter?",
    "bench press 80 today",
    "press shot from the new collection",
    # leaving
    "went to leave a review",
    "leaving for a trip to Crete",
    "autumn leaves everywhere",
    "never again will i run ten k",
    "cancelled plans are the best plans",
    "switched to tea",
    "don't cancel on me on friday",
    # outage
    "down for a chat",
    "down for pizza? always",
    "feeling a bit down today",
    "get down on the dance floor",
    "write it down please",
    "the market is down two percent",
    # abuse
    "i am such an idiot",
    "stupid rain",
    "my cat is a fat lazy monster",
    "your app is stupid",
    "guinea pig cage",
]


@pytest.mark.parametrize(("language", "sets", "text"), MEANT)
def test_rule_finds_what_it_names(rules: Rulebook, language: str, sets: str, text: str) -> None:
    assert sets in found(rules, text, language)


@pytest.mark.parametrize("text", HARMLESS)
def test_harmless_use_of_a_rule_word_sets_no_flag(rules: Rulebook, text: str) -> None:
    assert found(rules, text) & {"safety", "legal", "press", "leave", "outage", "abuse"} == set()


@pytest.mark.parametrize(
    "text",
    ["it is not on fire", "nobody was electrocuted", "I would never sue you", "no food poisoning, luckily"],
)
def test_negated_rule_words_set_no_flag(rules: Rulebook, text: str) -> None:
    assert found(rules, text) & {"safety", "legal"} == set()


def test_negation_ends_with_its_clause(rules: Rulebook) -> None:
    assert "safety" in found(rules, "this is not a joke, the charger caught fire")


def test_words_of_another_language_are_not_read_as_english(rules: Rulebook) -> None:
    assert found(rules, "Die neue brand campaign ist ein gift", "en") == set()


def test_handles_and_links_set_nothing(rules: Rulebook) -> None:
    assert found(rules, "@lawyer https://x.example/caught-fire") == set()


def test_hidden_characters_do_not_hide_a_rule_word(rules: Rulebook) -> None:
    assert "safety" in found(rules, "it ca\u200bught f\u200bire")


def test_brand_extends_floors_and_ignores(rules: Rulebook) -> None:
    brand = BrandProfile(
        key="alarms",
        name="Alarms",
        lexicon=(("ignore", "caught fire"), ("leave", "send it back"), ("high", "red lamp")),
    )
    assert "safety" not in found(rules, "the test house caught fire", brand=brand)
    assert "leave" in found(rules, "I will send it back", brand=brand)
    hits = rules.hits("the red lamp blinks", "en", rules.called_by(["the", "red", "lamp", "blinks"]), brand)
    assert [hit.rule.floor for hit in hits] == ["high"]


def test_brand_pattern_that_cannot_be_read_sets_nothing(rules: Rulebook) -> None:
    brand = BrandProfile(key="x", name="X", lexicon=(("safety", "| |"), ("safety", "maybe?"), ("safety", "((")))
    assert found(rules, "all is well", brand=brand) == set()


@pytest.mark.parametrize("pattern", ["", "maybe?", "|", "... _?"])
def test_pattern_without_a_needed_word_is_refused(pattern: str) -> None:
    with pytest.raises(UnreadableRule):
        parsed(pattern)


def test_pattern_language_is_as_documented() -> None:
    import re

    def matches(pattern: str, text: str) -> bool:
        return re.search(rf"(?<!\w)(?:{expression(pattern)})(?!\w)", text) is not None

    assert matches("smell|smells of? gas", "it smells gas")
    assert matches("kill* it", "they killed it")
    assert matches("*fuck*", "motherfucking")
    assert matches("fly ... tomorrow", "we fly out to Rome tomorrow")
    assert not matches("fly ... tomorrow", "we fly. not tomorrow")
    assert matches("burn & her hand", "on her hand a burn")
    assert not matches("burn & her hand", "a burn. Then her hand")
    assert matches("in 00 minutes", "in 00 minutes")


def test_rule_file_with_a_fault_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "xx.toml"
    path.write_text('[[rule]]\nname = "odd"\nsets = "weather"\nwhy = "x"\npatterns = ["rain"]\n')
    with pytest.raises(UnreadableRule, match=r"xx\.toml.*odd"):
        load_lexicon(path)


def test_pathological_text_is_matched_in_time(rules: Rulebook) -> None:
    for text in ("you ' " * 4_000, "you are a " * 2_000, "burn " * 4_000, "a" * 20_000, "can't feel my " * 1_500):
        found(rules, text)


def test_calling_words_never_hide_a_rule(rules: Rulebook) -> None:
    """What the quick test by calling words leaves out, the full search does not find either."""
    for language, _, text in MEANT:
        clean = normalise(text)
        called = rules.called_by(tokens(clean.lower()))
        everything = type(called)(called.words, called.words)
        quick = {hit.rule.name for hit in rules.hits(clean, language, called)}
        assert quick == {hit.rule.name for hit in rules.hits(clean, language, everything)}
