"""Card numbers are found however they are written, and little else is taken for one."""

import random
import time
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hark.kernel.cards import without_cards

# beginning, length: numbers are generated, none belongs to anybody
MADE = (
    ("4", 16), ("4", 13), ("4", 19), ("51", 16), ("55", 16), ("2221", 16), ("2720", 16), ("34", 15), ("37", 15),
    ("6011", 16), ("65", 16), ("36", 14), ("300", 14), ("3530", 16), ("62", 16), ("62", 19), ("6759", 18), ("2202", 16),
)  # fmt: skip
SAID = (
    "{}", "my card is {}", "Please charge {} and tell me", "Karte: {}", "{}, 12/29, 123", "Visa {} exp 01/28",
    "I gave you ({}) on the phone yesterday, why again?", "Nr {}\nThanks, Maud", "card:{}.", "no! {} is the new one",
)  # fmt: skip
SEPARATORS = ("", " ", "-", ".", "\u00a0", "/", " - ", "\u2011", "_", "\u200b", "\u2009")
SCRIPTS = (0x30, 0x660, 0x966, 0xFF10)  # ASCII, Arabic, Devanagari, full width


def with_check_digit(digits: str) -> str:
    """The number with Luhn's digit behind it."""
    total = sum(int(each) if place % 2 else sum(divmod(int(each) * 2, 10)) for place, each in enumerate(digits[::-1]))
    return digits + str(-total % 10)


def card(dice: random.Random) -> str:
    """A number that could be a card's."""
    beginning, length = dice.choice(MADE)
    return with_check_digit(beginning + "".join(dice.choices("0123456789", k=length - len(beginning) - 1)))


def written(number: str, dice: random.Random) -> str:
    """The same number as people write it."""
    separator = dice.choice(SEPARATORS)
    sizes: Sequence[int] = (4, 6, 5) if len(number) == 15 else (4, 6, 4) if len(number) == 14 else (4,) * 5
    if dice.random() < 0.1:
        sizes = (1,) * 19
    groups, at = [], 0
    for size in sizes:
        groups.append(number[at : at + size])
        at += size
    script = dice.choice(SCRIPTS) if dice.random() < 0.2 else 0x30
    return separator.join(filter(None, groups)).translate({0x30 + n: script + n for n in range(10)})


def test_2000_generated_numbers_are_removed() -> None:
    dice = random.Random(27)
    missed = []
    for _ in range(2000):
        number, said = card(dice), dice.choice(SAID)
        text, count = without_cards(said.format(written(number, dice)))
        if count != 1 or f"•••• {number[-4:]}" not in text:
            missed.append(said.format(number))
    assert len(missed) <= 10, missed[:20]


def other(dice: random.Random) -> str:
    """Order, parcel, account and telephone numbers as people write them."""

    def digits(count: int) -> str:
        return "".join(dice.choices("0123456789", k=count))

    made = (
        lambda: f"my order {digits(dice.randint(6, 16))} has not come",
        lambda: f"order no. {digits(16)}",
        lambda: f"Bestellnummer: {digits(14)}",
        lambda: f"PL-{digits(10)}",
        lambda: f"ORD{digits(13)}",
        lambda: f"parcel 00{digits(18)}",
        lambda: f"tracking number is {digits(dice.randint(12, 18))}",
        lambda: f"#{digits(15)}",
        lambda: f"call me on +{dice.choice(('49151', '4477', '32470', '3161', '4179'))}{digits(8)}",
        lambda: f"+49 {digits(3)} {digits(4)} {digits(4)}",
        lambda: f"0049 {digits(3)} {digits(8)} or 0{digits(3)} / {digits(7)}",
        lambda: f"my number: 49151{digits(8)}",
        lambda: f"I am at 0{digits(2)} {digits(4)} {digits(4)}",
        lambda: f"IBAN DE{digits(2)} {digits(4)} {digits(4)} {digits(4)} {digits(4)} {digits(2)}",
        lambda: f"invoice {digits(8)} of 2026-10-04, customer {digits(9)}",
        lambda: f"IMEI 35{digits(13)}",
        lambda: f"SIM 8949{digits(15)}",
    )
    return dice.choice(made)()


def test_order_and_telephone_numbers_stay() -> None:
    dice = random.Random(28)
    hits = [text for text in (other(dice) for _ in range(10_000)) if without_cards(text)[1]]
    assert len(hits) <= 10, hits[:20]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("4111 1111 1111 1111", "•••• 1111"),
        ("Pay 4111111111111111 or 5555-5555-5555-4444!", "Pay •••• 1111 or •••• 4444!"),
        ("order 12345: 4111 1111 1111 1111", "order 12345: •••• 1111"),
        ("4111 1111 1111 1111 12/27 123", "•••• 1111 12/27 123"),
        ("４１１１ １１１１ １１１１ １１１１", "•••• 1111"),
        ("4111 1111 1111 1112", "4111 1111 1111 1112"),
        ("0000 0000 0000 0000", "0000 0000 0000 0000"),
        ("a4111111111111111", "a4111111111111111"),
        ("https://x.example/4111-not-a-card", "https://x.example/4111-not-a-card"),
        ("", ""),
    ],
)
def test_number_becomes_its_last_four_digits_and_the_rest_stays(text: str, left: str) -> None:
    assert without_cards(text)[0] == left


def test_brands_own_numbers_are_spared_and_nothing_else() -> None:
    text = "7741 4111111111111111 and 4111 1111 1111 1111"
    assert without_cards(text, ["7741 ################"])[0] == "7741 4111111111111111 and •••• 1111"
    assert without_cards("(.*)4111111111111111", [".*################"])[1] == 1


@given(st.text(max_size=80))
def test_what_is_cleaned_holds_no_card_any_more(text: str) -> None:
    once, _ = without_cards(text + " 4111-1111-1111-1111 ")
    assert without_cards(once)[1] == 0


@pytest.mark.parametrize("part", ["4", "4 ", "41-", "1 2 3 a ", "4111 1111 1111 111 ", "\u0664 "])
def test_time_grows_with_the_length_only(part: str) -> None:
    long, short = cost(part * (100_000 // len(part))), cost(part * (25_000 // len(part)))
    assert long < 9 * short + 0.1, "four times the length takes four times as long; were it its square, sixteen"


def cost(text: str) -> float:
    """Seconds of processor time, the better of two: how fast the machine is just now does not matter."""
    spans = []
    for _ in range(2):
        begun = time.process_time()
        without_cards(text)
        spans.append(time.process_time() - begun)
    return min(spans)
