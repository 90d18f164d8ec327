"""Near-duplicates: found however they are disturbed, never across brands, forms and polite words apart."""

import pytest

from hark.understanding.passed_on import is_passed_on
from hark.understanding.sameness import Heard, Utterance, bands_of, by_votes, form_of, same_words
from tests.paths import shared
from tests.understanding.measure_same_words import copies_of, measured, tweets, written

BURNT = "My new kettle burst into flames this morning and nobody there picks up the phone"
FIRST, SECOND = 1025301389973566342, -3057144081080979430


def say(text: str, author: str | None = "ann") -> Utterance:
    return Utterance(form_of(text), author)


def test_copies_of_written_messages_are_found_and_nothing_else() -> None:
    texts = written()
    found = measured(texts, copies_of(texts, 600))
    assert found.recall >= 0.98
    assert found.precision >= 0.99
    assert len(found.asked) == 6


def test_copies_among_many_tweets_are_found_and_nothing_else() -> None:
    shared("data", "understanding", "semeval2017")
    texts = tweets(8_000)
    found = measured(texts, copies_of(texts, 900))
    assert found.recall >= 0.97
    assert found.precision >= 0.98
    assert min(found.right[way] / asked for way, asked in found.asked.items()) >= 0.94


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (BURNT, f"RT @ann: {BURNT}", True),
        (BURNT, BURNT.upper() + " https://t.co/abc", True),
        (BURNT, "My new kettle burst into flames this morning and nobdy there picks up teh fone", True),
        (BURNT, "My new toaster stands on the shelf this morning and nobody there wants to buy it", False),
        ("Where is my order 4811, it should have been here by Monday", "Where is my order 5173, it should have been here by Monday", False),
        ("I am stuck in Utrecht since this morning and no train goes anywhere", "I am stuck in Maastricht since this morning and no train goes anywhere", False),
        ("Thank you so much, Plum!", "thank you so much plum", False),
        (BURNT, "Somebody wrote this: " + BURNT + ". " + "I read it twice and think that whoever says so should show a picture first. " * 4, False),
    ],
)  # fmt: skip
def test_strangers_say_the_same_only_in_the_same_words(one: str, other: str, *, same: bool) -> None:
    assert same_words(say(one, "ann"), say(other, "bob")) is same
    assert same_words(say(other, "bob"), say(one, "ann")) is same


def test_short_words_are_the_same_for_one_author_only() -> None:
    assert same_words(say("Thank you so much, Plum!", "ann"), say("thank you so much plum", "ann"))
    assert same_words(say("No answer yet", "ann"), say("no anwser yet", "ann"))
    assert not same_words(say("yes", "ann"), say("yet", "ann")), "of so few words nothing may differ"
    assert not same_words(say("thank you", None), say("thank you", None))
    assert not same_words(say("", "ann"), say("", "ann"))


def test_the_first_is_kept_and_brands_stay_apart() -> None:
    heard = Heard()
    first, copy = say(BURNT, "ann"), say("@h " + BURNT + "!!", "bob")
    assert heard.first_of(first, "plum") is first
    assert heard.first_of(copy, "plum") is first
    assert heard.first_of(copy, "pear") is copy


def test_bands_do_not_depend_on_what_else_is_read() -> None:
    alone = bands_of([form_of(BURNT)], ["plum"])
    among = bands_of([form_of("Something else that is said"), form_of(BURNT)], ["plum", "plum"])
    assert alone[0].tolist() == among[1].tolist()
    assert set(alone[0].tolist()).isdisjoint(bands_of([form_of(BURNT)], ["pear"])[0].tolist())
    assert alone[0, :2].tolist() == [FIRST, SECOND], "stored bands must be found by the next release too"


def test_a_crowded_band_has_no_vote() -> None:
    crowd = [(1, who) for who in range(17)]
    assert by_votes([*crowd, (2, 5), (3, 5), (2, 4)], most=8) == [5, 4]


@pytest.mark.parametrize(
    "text",
    ["", "🙂" * 50, "\u202eabc\u0000" * 9, "\ud800 lone", "a" * 100_000, "العربية نص طويل من ثماني كلمات على الأقل هنا", "9 " * 5_000],
)  # fmt: skip
def test_any_text_is_compared_without_an_exception(text: str) -> None:
    heard = Heard()
    for author in ("ann", "bob", None):
        assert heard.first_of(Utterance(form_of(text), author), "plum").form == form_of(text)


@pytest.mark.parametrize(
    ("text", "passed_on"),
    [
        ("Plum Recalls Forty Thousand Kettles After Fires In Three Countries https://news.example/1", True),
        ("Plum raises prices for the third time this year, analysts say https://news.example/2", True),
        ("Thank you so much for your help and have a lovely day everyone", True),
        ("Vielen Dank für die schnelle Hilfe und noch einen schönen Tag", True),
        (BURNT, False),
        ("@plumcare kettle burst into flames this morning, picture here https://t.co/abc of it", False),
        ("Thank you for the help but my order 4811 is still not here today", False),
        ("Thank you for nothing, the parcel went to Antwerp again and it was broken", False),
        ("Is the Plum network down in Utrecht since noon today? https://t.co/abc", False),
        ("Plum is great", False),
    ],
)
def test_headlines_and_polite_phrases_are_told_from_own_words(text: str, *, passed_on: bool) -> None:
    assert is_passed_on(text) is passed_on
