"""The length of a text as its venue counts it, a pure function for each way. `workspace/js/length.js` is its twin."""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import get_args

import regex

from hark.channels.types import Unit

UNITS: tuple[Unit, ...] = get_args(Unit)
CLUSTER = regex.compile(r"\X")
PICTURE = regex.compile(r"[\p{Extended_Pictographic}\p{Regional_Indicator}\u20e3]")

# 3GPP TS 23.038, 6.2.1: the default alphabet, and its extension table, whose characters are sent as two.
GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENSION = frozenset("\f^{}\\[~]|€")

# twitter/twitter-text, config/v3.json: what weighs one character; everything else weighs two, and a link 23.
LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
LINK_WEIGHT = 23
# X knows all top-level domains. Here a link without https:// ends in one of these; what only looks like one weighs at
# least as much as X can say, so that nothing is refused there that was taken here.
SURE_ENDS = "com|net|org|info|biz|edu|gov|app|dev|shop|store|online|site|io|co|tv|ai"
HOST = r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,8}"
REST = r"[a-z0-9!?*';:=+,.$/%#\[\]_~@|&-]*[a-z0-9=#/+&$%_~@-]"
LINK = regex.compile(
    r"(?:(?<![a-z0-9_@$#])(?<scheme>https?://)|(?<![a-z0-9_@.$#/-]))"
    rf"{HOST}(?:(?<sure>{SURE_ENDS})|[a-z]{{2,24}})(?![a-z0-9_@-])(?::[0-9]{{1,5}})?(?:/(?:{REST})?)?(?:\?{REST})?",
    regex.IGNORECASE | regex.ASCII,
)


@dataclass(frozen=True, slots=True)
class TextMessage:
    """A text as text messages: how much of its alphabet's units it uses, in how many messages, how much is left."""

    plain: bool  # in the GSM alphabet: 160 units in one message, 153 in each of several; else UCS-2: 70 and 67
    used: int
    messages: int
    left: int


def length(text: str, unit: str) -> int:
    """How long the venue says this text is, in its own `unit` (see `Unit`). Of text messages: how many it takes."""
    return COUNTS[unit](text)


def clusters(text: str) -> list[str]:
    """What people see as one character each: extended grapheme clusters (Unicode UAX #29, by the library `regex`)."""
    return CLUSTER.findall(text)  # type: ignore[no-any-return, unused-ignore]


def weighted(text: str) -> int:
    """Characters as X weighs them: most scripts one, CJK and any emoji two, a link 23.

    In Unicode's form NFC. Source: docs.x.com, "Counting characters", and twitter/twitter-text `config/v3.json`.
    """
    text = unicodedata.normalize("NFC", text)
    total, place = 0, 0
    for link in LINK.finditer(text):
        own = _weight(link.group())
        is_sure = link.group("scheme") or link.group("sure")
        total += _weight(text[place : link.start()]) + (LINK_WEIGHT if is_sure else max(LINK_WEIGHT, own))
        place = link.end()
    return total + _weight(text[place:])


def text_messages(text: str) -> TextMessage:
    """A text as a telephone network sends it (3GPP TS 23.038 and 23.040).

    In the GSM alphabet 160 units, or 153 in each of several joined messages; one other character makes it UCS-2: 70
    and 67 units of 16 bits. What needs two units is never torn between two messages.
    """
    plain = all(letter in GSM or letter in GSM_EXTENSION for letter in text)
    costs = [_units(letter, plain=plain) for letter in text]
    single, joined = (160, 153) if plain else (70, 67)
    used = sum(costs)
    if used <= single:
        return TextMessage(plain, used, 1 if text else 0, single - used)
    messages, room = 1, joined
    for cost in costs:
        if cost > room:
            messages, room = messages + 1, joined
        room -= cost
    return TextMessage(plain, used, messages, room)


def _units(letter: str, *, plain: bool) -> int:
    return 2 if (letter in GSM_EXTENSION if plain else letter > "\uffff") else 1


def _weight(text: str) -> int:
    """The weight of a text without links."""
    if text.isascii():
        return len(text)
    return sum(2 if PICTURE.search(one) else sum(map(_letter, one)) for one in clusters(text))


def _letter(letter: str) -> int:
    return 1 if any(first <= ord(letter) <= last for first, last in LIGHT) else 2


COUNTS: dict[str, Callable[[str], int]] = {
    "chars": len,
    "graphemes": lambda text: len(clusters(text)),
    "bytes": lambda text: len(text.encode("utf-8", "surrogatepass")),
    "utf16": lambda text: len(text.encode("utf-16-le", "surrogatepass")) // 2,
    "weighted": weighted,
    "sms": lambda text: text_messages(text).messages,
}
