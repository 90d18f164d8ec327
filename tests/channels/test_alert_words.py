"""What alert mails say of a review, in the forms that venues give them."""

import re

import pytest

from hark.channels.email.alert_words import alert_in, bare, is_at
from hark.channels.email.types import Mail

HOSTS, SHAPES = ("venue.example",), (re.compile(r"/r/(\d+)"),)
LINK = "https://www.venue.example/r/7"


def found(text: str, subject: str = "", html: str = "") -> tuple[int | None, str | None, str]:
    """(stars, words, name)."""
    said = alert_in(Mail(subject=subject, text=text, html=html), HOSTS, SHAPES)
    return said.rating, said.words, said.name


@pytest.mark.parametrize(
    ("line", "stars"),
    [
        ("4 star rating", 4),
        ("Rating: 3 of 5 bubbles", 3),
        ("2/5", 2),
        ("5.0 out of 5", 5),
        ("★★★☆☆", 3),
        ("⭐⭐", 2),
        ("1 étoile", 1),
        ("4.5 of 5", None),
        ("4.5 stars", None),
        ("12/5/2026", None),
        ("Room 305", None),
        ("", None),
    ],
)
def test_stars_are_found_in_the_forms_they_have_and_means_are_none(line: str, stars: int | None) -> None:
    assert found(f"Hello.\n{line}\nFine.\n{LINK}")[0] == stars


@pytest.mark.parametrize(
    ("subject", "name"),
    [
        ("Maud T. wrote a review of Plum", "Maud T."),
        ("Fwd: Maud T. just reviewed Plum", "Maud T."),
        ("New review from Nuno P", "Nuno P"),
        ("Someone left a review", ""),
        ("You have a new review", ""),
    ],
)
def test_names_are_found_and_nobody_is_not_a_name(subject: str, name: str) -> None:
    assert found("Hello.", subject)[2] == name


def test_words_end_at_the_button_and_the_footer_stays_out() -> None:
    text = f"2 stars\n\nSlow.\nSee you never.\n\nRespond to this review\n{LINK}\n\nUnsubscribe\nhttps://venue.example/u"
    assert found(text)[1] == "Slow.\nSee you never."


def test_words_in_quotation_marks_are_taken_where_no_stars_stand_above_them() -> None:
    assert found(f"Somebody said:\n“One “big” step.\nThanks.”\n{LINK}")[1] == "One “big” step.\nThanks."


def test_formatted_mail_is_read_where_the_plain_one_says_nothing() -> None:
    html = f'<p>Nuno P. wrote:</p><img alt="4 star rating"><p>Good.</p><a href="{LINK}?k=1">Respond</a><p>Bye</p>'
    assert found("Open as HTML.", html=html) == (4, "Good.", "Nuno P.")
    assert alert_in(Mail(html=html, text="Open."), HOSTS, SHAPES).link == f"{LINK}?k=1"


def test_only_addresses_of_the_venue_are_shown_and_without_their_keys() -> None:
    assert is_at(LINK, HOSTS)
    for bad in (
        "http://www.venue.example/r/7",
        "https://venue.example.evil.example/r/7",
        "https://a@venue.example/r/7",
    ):
        assert not is_at(bad, HOSTS)
    assert bare(f"{LINK}?token=s&u=1#x", "7") == LINK
    assert bare("https://www.venue.example/reviews?token=s&id=77", "77") == "https://www.venue.example/reviews?id=77"
