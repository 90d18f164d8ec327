"""A long answer becomes numbered parts."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hark.channels.kit.counting import clusters, length
from hark.channels.kit.splitting import MOST, CannotSplit, Shape, split
from tests.channels.texts import FAMILY, UNITS

ANSWER = (
    "We are sorry, Maud. Your parcel left our house on Monday and waits at the depot in Porto. "
    "You can follow it at https://example.com/track/123456789?lang=pt. Write to care@example.com or to @plum_care "
    "should it not be with you by Friday!"
)


def words_of(parts: list[str]) -> list[str]:
    """The parts without their numbers."""
    return [re.sub(r"^\d+/\d+ ", "", part) for part in parts] if len(parts) > 1 else parts


def test_a_short_text_stays_one_and_has_no_number() -> None:
    assert split("  Thank you.\n", Shape(20, "chars")) == ["Thank you."]
    assert split(" \n ", Shape(20, "chars")) == []


def test_parts_end_with_sentences_and_their_numbers_count() -> None:
    parts = split(ANSWER, Shape(110, "chars"))
    assert parts == [
        "1/3 We are sorry, Maud. Your parcel left our house on Monday and waits at the depot in Porto.",
        "2/3 You can follow it at https://example.com/track/123456789?lang=pt.",
        "3/3 Write to care@example.com or to @plum_care should it not be with you by Friday!",
    ]


def test_a_paragraph_is_a_better_end_than_a_sentence() -> None:
    text = "One two three. Four five six.\n\nSeven eight. Nine ten eleven twelve."
    assert split(text, Shape(50, "chars"))[0] == "1/2 One two three. Four five six."


def test_the_number_stands_where_the_venue_has_it() -> None:
    text = "First sentence here. Second sentence here."
    assert split(text, Shape(28, "chars", "after")) == ["First sentence here. 1/2", "Second sentence here. 2/2"]
    assert split(text, Shape(28, "chars", "none")) == ["First sentence here.", "Second sentence here."]


@pytest.mark.parametrize("limit", range(60, 130, 7))
@pytest.mark.parametrize("unit", ["chars", "weighted"])
def test_links_names_and_addresses_are_never_cut(limit: int, unit: str) -> None:
    said = "\n".join(split(ANSWER, Shape(limit, unit)))
    for whole in ("https://example.com/track/123456789?lang=pt", "care@example.com", "@plum_care"):
        assert whole in said


def test_what_is_longer_than_a_part_and_must_stay_whole_is_refused() -> None:
    with pytest.raises(CannotSplit, match="link"):
        split("See https://example.com/" + "a" * 80, Shape(60, "chars"))
    assert len(split("See https://example.com/" + "a" * 80 + " and " + "b" * 30, Shape(60, "weighted"))) == 2


def test_more_parts_than_the_venue_takes_are_refused() -> None:
    with pytest.raises(CannotSplit, match="more than 2 parts"):
        split(ANSWER, Shape(110, "chars"), most=2)
    with pytest.raises(CannotSplit, match=f"more than {MOST}"):
        split("word " * 4_000, Shape(20, "chars"), most=5_000)


def test_ten_parts_and_more_have_longer_numbers() -> None:
    parts = split("word " * 120, Shape(60, "chars"))
    assert len(parts) >= 10
    assert parts[0].startswith(f"1/{len(parts)} ")
    assert parts[-1].startswith(f"{len(parts)}/{len(parts)} ")


def test_scripts_without_spaces_are_cut_between_sentences_or_visible_characters() -> None:
    text = "ご不便をおかけして申し訳ございません。明日お届けします。" * 4
    parts = split(text, Shape(70, "weighted"))
    assert all(part.endswith("。") for part in parts)
    assert "".join(words_of(parts)) == text
    family = split(FAMILY * 30, Shape(14, "graphemes"))
    assert "".join(words_of(family)) == FAMILY * 30
    assert all(set(clusters(words)) == {FAMILY} for words in words_of(family))


def test_text_messages_are_filled_as_the_network_counts() -> None:
    plain = split("ab cd " * 60, Shape(1, "sms"))
    assert all(length(part, "sms") == 1 and len(part) > 140 for part in plain[:-1])
    wide = split("ыб вг " * 60, Shape(1, "sms"))
    assert all(length(part, "sms") == 1 and 60 < len(part) <= 70 for part in wide[:-1])


@settings(deadline=None, max_examples=150)
@given(st.text(max_size=400), st.integers(min_value=20, max_value=90), st.sampled_from(UNITS[:-1]))
def test_parts_fit_and_lose_only_white_space(text: str, limit: int, unit: str) -> None:
    try:
        parts = split(text, Shape(limit, unit))
    except CannotSplit:
        return
    assert all(length(part, unit) <= limit for part in parts)
    assert "".join("".join(words_of(parts)).split()) == "".join(text.split())


@settings(deadline=None, max_examples=100)
@given(st.lists(st.sampled_from(["Yes.", "a", "https://example.com/x", "@maud", "\n\n", FAMILY, "Wait!"]), max_size=90))
def test_what_is_one_thing_is_in_one_part(words: list[str]) -> None:
    text = " ".join(words)
    parts = words_of(split(text, Shape(50, "weighted")))
    assert " ".join(parts).split() == text.split()


@pytest.mark.parametrize("hostile", ["x", "@", "a.", "a/", "@a", "日本。", " \n", "👩‍", "a@", "http://"])
def test_long_odd_texts_take_no_long_time(hostile: str) -> None:
    text = hostile * (20_000 // len(hostile)) + " x"
    try:
        parts = split(text, Shape(280, "graphemes"), most=25)
    except CannotSplit:
        parts = []
    assert len(parts) <= 25
