"""How long a text is, as venues count."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hark.channels.kit import counting
from hark.channels.kit.counting import clusters, length, text_messages
from tests.channels.texts import COUNTED, FAMILY, UNITS


@pytest.mark.parametrize("row", COUNTED, ids=[f"{row[0][:12]!a}" for row in COUNTED])
def test_a_text_is_as_long_as_its_venue_says(row: tuple[str, int, int, int, int, int, int]) -> None:
    text, *wanted = row
    assert dict(zip(UNITS, wanted, strict=True)) == {unit: length(text, unit) for unit in UNITS}


def test_every_way_of_counting_has_its_function() -> None:
    assert set(UNITS) == set(counting.UNITS) == set(counting.COUNTS)


def test_what_is_seen_as_one_is_one() -> None:
    assert clusters("e\u0301🇵🇹🇪🇪👍🏽\r\n" + FAMILY) == ["e\u0301", "🇵🇹", "🇪🇪", "👍🏽", "\r\n", FAMILY]


def test_a_text_message_says_how_much_is_left_in_it() -> None:
    assert (text_messages("a" * 150).left, text_messages("a" * 161).left) == (10, 145)
    assert (text_messages("ы").plain, text_messages("ы").left) == (False, 69)


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=120), st.sampled_from(UNITS))
def test_any_text_has_a_length(text: str, unit: str) -> None:
    assert (length(text, unit) == 0) == (text == "")


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=120))
def test_the_clusters_of_a_text_are_the_text(text: str) -> None:
    assert "".join(clusters(text)) == text
