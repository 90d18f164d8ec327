"""What should be looked at again before everybody can read an answer: found in its words and in what is known. Pure."""

import hashlib
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from pathlib import Path

import phonenumbers

from hark.kernel.cards import MASK
from hark.understanding.language import NO_WORDS, Detector, load_detector
from hark.understanding.lexicon import matcher
from hark.understanding.normalise import canonical, normalise, readable

FILE = Path(__file__).parent / "data" / "outgoing.toml"
EMAIL = re.compile(r"(?<![\w.+%-])[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
DATE = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}")
HOME_PHONE = re.compile(rf"(?<![\w./-])(?!{DATE.pattern})\(?0[1-9](?:[\s()/.-]{{0,3}}\d){{7,10}}(?![\w/-])")
DIGITS = re.compile(r"\d[\d ()/.-]{5,}\d")
OTHER_NUMBER = re.compile(
    r"(?:#|order|parcel|track\w*|shipment|invoice|ticket|case|ref\w*|booking|bestell\w*|sendung\w*|rechnung\w*|commande"
    r"|colis|pedido|ordine|zending|factuur)(?: ?(?:no|nr|number|nummer|id))?\W{0,3}$",
    re.IGNORECASE,
)
IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?:[ ]?[A-Z0-9]{4}){2,7}(?:[ ]?[A-Z0-9]{1,3})?\b")
NUMBERED = re.compile(r"\w[\w/-]{4,38}\w")
FEWEST_DIGITS = 4
INITIALS = re.compile(r"\^([A-Z]{1,3})\W*$")
FREE_OF_CHARGE = re.compile(r"^0[89]00")
ANSWER_LETTERS, ASKED_LETTERS, SURE = 40, 20, 0.85
FEWEST_WORDS, ALIKE = 3, 0.92
NAMES = {
    "email": "E-mail address", "phone": "Telephone number", "iban": "Bank account", "card": "Card number",
    "told": "Told us in private", "abuse": "Rude words", "offers": "An offer", "language": "Another language",
    "account": "Another brand", "signature": "Another signature", "twice": "The same answer again",
}  # fmt: skip
LANGUAGES = {
    "de": "German", "en": "English", "es": "Spanish", "fr": "French", "it": "Italian", "nl": "Dutch",
    "pt": "Portuguese",
}  # fmt: skip
NEIGHBOURS = ({"nl", "af"}, {"da", "no", "nb", "nn", "sv"}, {"es", "gl", "pt", "ca"}, {"cs", "sk"}, {"hr", "sr", "bs"})


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to look at: what it is, which words, and why it matters. `code` is the same for the same words."""

    kind: str
    found: str
    why: str

    @property
    def name(self) -> str:
        """What it is."""
        return NAMES[self.kind]

    @property
    def code(self) -> str:
        """What the page sends back when its author has looked and sends all the same."""
        return f"{self.kind}-{hashlib.sha256(self.found.encode()).hexdigest()[:12]}"

    def __str__(self) -> str:
        """In one line."""
        return f"{self.name}: “{self.found}”. {self.why}"


@dataclass(frozen=True, slots=True)
class Talk:
    """What is known where an answer goes.

    `asked` is the message answered; `in_public` and `in_private` are what the customer wrote (and told us of himself),
    `ours` what the house itself says: saved texts, its addresses and names. `earlier` are our answers in the same
    thread. `others` are names of our other brands, `initials` those of the author.
    """

    asked: str = ""
    in_public: str = ""
    in_private: str = ""
    ours: str = ""
    earlier: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    initials: str = ""


Check = Callable[[str, Talk], Iterable[Finding]]


def look_over(text: str, talk: Talk) -> tuple[Finding, ...]:
    """Everything in `text` that its author should look at once more; nothing in an ordinary answer."""
    clean = normalise(text)
    found = [finding for check in CHECKS for finding in check(clean, talk)]
    return tuple({finding.code: finding for finding in found}.values())


def _addresses(text: str, talk: Talk) -> Iterator[Finding]:
    for found in EMAIL.findall(text):
        address = found.lower()
        office = address.partition("@")[0] in _words("offices")
        if not office and address not in f"{talk.ours}\n{talk.in_public}".lower():
            yield Finding("email", found, "Everybody would read it.")


def _phones(text: str, talk: Talk) -> Iterator[Finding]:
    """International numbers, and what begins with one zero as at home; not those that are free or the house's own."""
    known = {_digits(run)[-8:] for run in DIGITS.findall(f"{talk.ours}\n{talk.in_public}")}
    text = IBAN.sub(" ", text)
    abroad = [match.raw_string for match in phonenumbers.PhoneNumberMatcher(text, None)]
    at_home = [match[0] for match in HOME_PHONE.finditer(text) if not OTHER_NUMBER.search(text[: match.start()][-30:])]
    for found in [*abroad, *at_home]:
        digits = _digits(found)
        if digits[-8:] not in known and not FREE_OF_CHARGE.match(digits):
            yield Finding("phone", found, "Everybody would read it.")


def _accounts(text: str, _: Talk) -> Iterator[Finding]:
    for found in IBAN.findall(text):
        if _is_iban(found.replace(" ", "")):
            yield Finding("iban", found, "Everybody would read it.")
    if MASK in text:
        yield Finding("card", MASK + "…", "It was cut, but everybody would read its end.")


def _only_private(text: str, talk: Talk) -> Iterator[Finding]:
    """Numbers of orders, customers, parcels that the customer gave us where nobody else reads."""
    private, known = _squeezed(talk.in_private), _squeezed(f"{talk.in_public}\n{talk.ours}")
    for found in NUMBERED.findall(text):
        number = _squeezed(found)
        if len(_digits(number)) < FEWEST_DIGITS or DATE.fullmatch(found):
            continue
        if number in private and number not in known:
            yield Finding("told", found, "The customer has not said this in public.")


def _abuse(text: str, _: Talk) -> Iterator[Finding]:
    yield from _matching("abuse", text, "Nobody should read this from us.")


def _offers(text: str, talk: Talk) -> Iterator[Finding]:
    """A first form: words that sell, where the customer has asked for nothing of the kind."""
    asked = _matcher("asked")
    if asked is None or not asked.search(readable(normalise(f"{talk.in_public}\n{talk.in_private}\n{talk.asked}"))):
        yield from _matching("offers", text, "Nobody asked for one. This check only looks for words.")


def _language(text: str, talk: Talk) -> Iterator[Finding]:
    """Only where both are long and clear enough to tell."""
    ours, theirs = _told(text, ANSWER_LETTERS), _told(talk.asked, ASKED_LETTERS)
    if not ours or not theirs or ours == theirs or any({ours, theirs} <= group for group in NEIGHBOURS):
        return
    if ours not in {_told(line, ASKED_LETTERS) for line in talk.in_public.splitlines()}:
        theirs, ours = LANGUAGES.get(theirs, theirs), LANGUAGES.get(ours, ours)
        yield Finding("language", text[:40], f"The customer wrote in {theirs}, this is {ours}.")


def _account(text: str, talk: Talk) -> Iterator[Finding]:
    """Names of our other brands that nobody has mentioned, and somebody else's initials."""
    said = f"{talk.asked}\n{talk.in_public}\n{talk.in_private}\n{talk.ours}".lower()
    for name in talk.others:
        if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) and name.lower() not in said:
            yield Finding("account", name, "This goes out under a different name.")
    signed = INITIALS.search(text)
    if signed and talk.initials and signed[1] != talk.initials:
        yield Finding("signature", signed[0].strip(), f"Yours would be ^{talk.initials}.")


def _twice(text: str, talk: Talk) -> Iterator[Finding]:
    words = canonical(text).split()
    if len(words) < FEWEST_WORDS:
        return
    for earlier in talk.earlier:
        said = canonical(normalise(earlier)).split()
        if words == said or (len(words) >= 2 * FEWEST_WORDS and SequenceMatcher(None, words, said).ratio() >= ALIKE):
            yield Finding("twice", text[:40], "It stands in this thread already.")
            return


CHECKS: tuple[Check, ...] = (
    _addresses, _phones, _accounts, _only_private, _abuse, _offers, _language, _account, _twice,
)  # fmt: skip


def _matching(name: str, text: str, why: str) -> Iterator[Finding]:
    pattern = _matcher(name)
    if pattern and (found := pattern.search(readable(text))):
        yield Finding(name, text[found.start() : found.end()], why)


def _told(text: str, letters: int) -> str:
    """The language of a text that is long and clear enough, else nothing."""
    words = readable(normalise(text)).replace("\n", " ")[:300]
    if len(NO_WORDS.sub("", words)) < letters:
        return ""
    code, chance = _detector()(words)
    return code if chance >= SURE else ""


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def _squeezed(text: str) -> str:
    return re.sub(r"[^\w\n]", "", text).replace("_", "").lower()


def _is_iban(account: str) -> bool:
    """ISO 13616: the number moved and spelt in digits leaves 1."""
    spelt = "".join(str(int(sign, 36)) for sign in account[4:] + account[:4])
    return 15 <= len(account) <= 34 and int(spelt) % 97 == 1


@lru_cache(maxsize=1)
def _detector() -> Detector:
    return load_detector()


@lru_cache(maxsize=1)
def _lists() -> dict[str, str]:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


@lru_cache(maxsize=4)
def _words(name: str) -> frozenset[str]:
    return frozenset(_lists()[name].split())


@lru_cache(maxsize=4)
def _matcher(name: str) -> re.Pattern[str] | None:
    """One pattern a line; of `asked` one a word."""
    text = _lists()[name]
    return matcher(text.split() if name == "asked" else text.strip().splitlines())
