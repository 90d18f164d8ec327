"""Payment cards' numbers, found in what people write and taken out: `4111 1111 1111 1111` becomes `•••• 1111`.

A number counts as a card's when a scheme has given out such a beginning and length and its check digit is right, over
any separators and in any script's digits. What only looks like one is left alone: telephone numbers, account numbers,
numbers that the words before them call an order's or a parcel's, and what a brand says its own numbers look like.
Pure; linear in the length of the text.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import accumulate, takewhile

import phonenumbers

MASK = "•••• "
RUN = re.compile(r"\d(?:[\W_]{0,3}\d){12,}")
GROUP = re.compile(r"\d+")
# (beginnings, lengths): ISO/IEC 7812 as the schemes publish it
SCHEMES = tuple(
    (re.compile(beginnings), frozenset(lengths))
    for beginnings, lengths in (
        (r"4", (13, 16, 19)),  # Visa
        (r"5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720", (16,)),  # Mastercard
        (r"3[47]", (15,)),  # American Express
        (r"6011|64[4-9]|65", (16, 17, 18, 19)),  # Discover
        (r"30[0-5]|3095|3[689]", (14, 16, 17, 18, 19)),  # Diners Club
        (r"352[89]|35[3-8]", (16, 17, 18, 19)),  # JCB
        (r"62|81", (16, 17, 18, 19)),  # UnionPay
        (r"5018|5020|5038|5893|6304|6759|676[1-3]", range(13, 20)),  # Maestro
        (r"220[0-4]", (16, 17, 18, 19)),  # Mir
        (r"60|82|508|506|509|636", (16, 19)),  # RuPay, Verve, Elo
        (r"9792", (16,)),  # Troy
    )
)
DOUBLED = bytes(0x30 + sum(divmod(2 * (sign - 0x30), 10)) if 0x30 <= sign <= 0x39 else 0x30 for sign in range(256))
CARD_SHAPES = {(4, 6, 5), (4, 6, 4), (4, 4, 5), (4, 3, 3, 3), (6, 13), (8, 8)}  # beside groups of four
CARD_WORD = re.compile(r"card|visa|master|maestro|amex|american exp|karte|carte|tarjeta|carta|kaart|cart[ãa]o", re.I)
OTHER_WORD = re.compile(
    r"(?:order|parcel|track\w*|shipment|consignment|delivery|invoice|ticket|case|ref(?:erence)?|booking|customer|serial"
    r"|imei|iccid|sim|account|contract|bestell\w*|sendung\w*|rechnung\w*|auftrag\w*|kunden\w*|vorgang\w*|paket\w*"
    r"|commande|colis|facture|suivi|pedido|env[ií]o|factura|ordine|spedizione|fattura|bestelling|pakket|factuur"
    r"|encomenda|fatura|phone|tele(?:fon\w*|phone)?|tel|mobile|handy|cell|call(?: me)?(?: on| at)?|fax|whatsapp)"
    r"\W{0,3}(?:(?:no|nr|num|number|nummer|num[ée]ro|n[uú]mero|numero|id|code|is|ist|est|es|was|war|the|my)\W{0,3}){0,3}$",
    re.I,
)
NEAR = 48  # characters before a number whose words say what it is


def without_cards(text: str, own_numbers: Sequence[str] = (), *, mask: str = MASK) -> tuple[str, int]:
    """`text` with each card's number as `mask` and its last four digits, and how many there were.

    `own_numbers` are a brand's patterns (`#` stands for a digit, all else for itself): what fits one is no card.
    """
    found = list(_cards(text, own_numbers)) if RUN.search(text) else []
    for start, end, last in reversed(found):
        text = text[:start] + mask + last + text[end:]
    return text, len(found)


def own_numbers_in(text: str, own_numbers: Sequence[str]) -> set[str]:
    """The numbers in a text that fit one of a brand's patterns, in capitals."""
    return {match.group().upper() for each in own_numbers for match in _pattern(each).finditer(text)}


def _cards(text: str, own_numbers: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    spared = [match.span() for each in own_numbers for match in _pattern(each).finditer(text)]
    for run in RUN.finditer(text):
        if not _is_something_else(text, run):
            yield from (card for card in _cards_in(text, Run(run)) if not _inside(card, spared))


class Run:
    """Groups of digits that stand together: where each lies in the text, and all their digits in ASCII."""

    def __init__(self, run: re.Match[str]) -> None:
        """Look at them once."""
        found = list(GROUP.finditer(run.group()))
        self.places = [(run.start() + match.start(), run.start() + match.end()) for match in found]
        self.digits = _plain("".join(match.group() for match in found))
        self.ends = list(accumulate(end - start for start, end in self.places))

    def number(self, first: int, last: int) -> str:
        """The digits of the groups from `first` to `last`."""
        return self.digits[self.ends[first - 1] if first else 0 : self.ends[last]]

    def shape(self, first: int, last: int) -> tuple[int, ...]:
        """How many digits each of these groups has."""
        return tuple(end - start for start, end in self.places[first : last + 1])


def _cards_in(text: str, run: Run) -> Iterator[tuple[int, int, str]]:
    """Cards from the left: whole groups of digits together, the longest that is one."""
    first = 0
    while first < len(run.places):
        last = next((last for last in _ends(run, first) if _is_card(text, run, first, last)), None)
        if last is None:
            first += 1
            continue
        yield run.places[first][0], run.places[last][1], run.number(first, last)[-4:]
        first = last + 1


def _ends(run: Run, first: int) -> list[int]:
    """The last groups with which 13 to 19 digits are together, the longest first."""
    before = run.ends[first - 1] if first else 0
    ends = takewhile(lambda last: run.ends[last] - before <= 19, range(first, len(run.places)))
    return [last for last in ends if run.ends[last] - before >= 13][::-1]


def _is_card(text: str, run: Run, first: int, last: int) -> bool:
    """A part of a longer run must also be written the way cards are."""
    number = run.number(first, last)
    if not (_scheme(number) and _check_digit_fits(number)):
        return False
    shape = run.shape(first, last)
    grouped = shape in CARD_SHAPES or (len(shape) > 3 and set(shape[:-1]) == {4} and shape[-1] <= 4)
    whole = first == 0 and last == len(run.places) - 1
    if not (whole or grouped or len(shape) == 1 or set(shape) == {1}):
        return False
    before = text[max(0, run.places[first][0] - NEAR) : run.places[first][0]]
    if grouped or CARD_WORD.search(before):
        return True
    return not OTHER_WORD.search(before) and not (len(number) == 13 and _is_telephone(number))


def _is_something_else(text: str, run: re.Match[str]) -> bool:
    """Part of a longer word, an international telephone number, an IBAN, a numbered thing (#…)."""
    before, after = text[max(0, run.start() - 12) : run.start()], text[run.end() : run.end() + 1]
    if before.endswith(("+", "#", "№")) or re.search(r"(?:^|\W)[A-Z]{2}$", before):
        return True
    word = re.search(r"[^\W\d_]+[-_/]?$", before)
    return after.isalpha() or bool(word and not CARD_WORD.search(word.group()))


def _inside(card: tuple[int, int, str], spared: list[tuple[int, int]]) -> bool:
    return any(start <= card[0] and card[1] <= end for start, end in spared)


def _plain(digits: str) -> str:
    """The same digits in ASCII, whatever script they were written in."""
    return digits if digits.isascii() else "".join(str(unicodedata.decimal(digit)) for digit in digits)


def _scheme(number: str) -> bool:
    return any(len(number) in lengths and beginnings.match(number) for beginnings, lengths in SCHEMES)


def _check_digit_fits(number: str) -> bool:
    """Luhn's check. One digit repeated fits now and then and is nobody's card."""
    signs = number.encode("ascii")
    total = sum(signs[-1::-2]) + sum(signs[-2::-2].translate(DOUBLED)) - 0x30 * len(signs)
    return total % 10 == 0 and len(set(number)) > 1


def _is_telephone(number: str) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(f"+{number}"))
    except phonenumbers.NumberParseException:
        return False


@lru_cache(maxsize=256)
def _pattern(own: str) -> re.Pattern[str]:
    return re.compile("".join(r"\d" if sign == "#" else re.escape(sign) for sign in own), re.IGNORECASE)
