"""A brand's colour is readable whatever it is."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hark.portal.colours import DARK_GROUND, DEFAULT, LIGHT_GROUND, brand_colours, contrast

COLOURS = st.tuples(*[st.integers(0, 255)] * 3).map(lambda rgb: "#{:02x}{:02x}{:02x}".format(*rgb))


@settings(deadline=None, max_examples=400)
@given(COLOURS)
def test_every_colour_becomes_readable_in_both_themes(colour: str) -> None:
    found = brand_colours(colour)
    assert contrast(found.light, LIGHT_GROUND) >= 4.5
    assert contrast(found.light, found.on_light) >= 4.5
    assert contrast(found.dark, DARK_GROUND) >= 4.5
    assert contrast(found.dark, found.on_dark) >= 4.5


def test_readable_colour_stays_as_it_is() -> None:
    assert brand_colours("#5a2873").light == "#5a2873"
    assert brand_colours("#d4a6ea").dark == "#d4a6ea"


@pytest.mark.parametrize("colour", ["", "red", "#12", "#0f6b5f; } body { display: none", "javascript:1", "#0f6b5g"])
def test_what_is_no_colour_becomes_the_usual_one(colour: str) -> None:
    assert brand_colours(colour) == brand_colours(DEFAULT)


def test_contrast_is_the_one_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
