"""What a venue's alert mail says of a review: stars, words, name, link. Pure; for mails whose form nobody promises.

No venue documents its alerts, and they change. So what is looked for is what every such mail has, wherever it stands.
What is not found is left out, and said.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import unescape
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from hark.channels.email.types import Mail
from hark.channels.kit.formatted import cleaned
from hark.channels.kit.words import storable

LONGEST, MOST_LINES, MOST_LETTERS, LINE = 5_000, 400, 20_000, 300
Shapes = Sequence[re.Pattern[str]]

# Stars that one person gave are whole ones; a mean such as 4.5 is none of them.
UNIT = r"(?:stars?|bubbles?|sterne?n?|étoiles?|estrellas?|estrelas?|stelle)"
OF_FIVE = rf"(?<![\d.,/])([1-5])(?:[.,]0)?\s?(?:/|out of|of|von|sur|de|su)\s?5(?:[.,]0)?(?![\d/]|\.\d)(?:\s?{UNIT})?"
STARS = rf"(?<![\d.,/])([1-5])(?:[.,]0)?[ -]{{0,2}}{UNIT}\b"
DRAWN = r"(?<![★⭐])([★⭐]{1,5})\ufe0f?[☆✩]{0,4}(?![★⭐])"
SAID = re.compile(rf"{OF_FIVE}|{STARS}|{DRAWN}", re.IGNORECASE)
RATING_LINE = re.compile(rf"[\W_]*(?:rating\W+)?(?:{SAID.pattern})(?: rating| review)?[\W_]*", re.IGNORECASE)
PICTURE = re.compile(r'<img\b[^<>]{0,4000}?\balt="([^"<>]{1,120})"[^<>]{0,4000}>')
ANCHOR = re.compile(r'<a\b[^<>]{0,4000}?\bhref="(https://[^"<>\s]{1,1800})"[^<>]{0,4000}>')
LINK = re.compile(r"https://[^\s<>\"')\]]{4,1800}")
QUOTED = re.compile(r"(?ms)^[ \t>]*[“„«\"](.*)[”“»\"][ \t]*(?:…|\.\.\.)?[ \t]*$")
WROTE = r"(?:just |has |recently )?(?:wrote|written|left|posted|added|reviewed|rated|shared)\b"
NAMES = (
    re.compile(rf"^\W*(.{{1,60}}?) {WROTE}", re.IGNORECASE),
    re.compile(r"\breview (?:from|by) (.{1,60}?)\W*$", re.IGNORECASE),
    re.compile(r"\b(?:reviewed|written|posted) by (.{1,60}?)\W*$", re.IGNORECASE),
)
HANDED_ON = re.compile(r"^(?:\s*(?:fwd?|wg|tr|rv)\s*:\s*)+", re.IGNORECASE)
NOBODY = re.compile(r"\b(?:you|someone|somebody|a customer|a traveler|a traveller|a guest|a user)\b", re.IGNORECASE)
BUTTON = re.compile(r"\W*(?:read|respond|reply|view|see|go to|manage|report|answer)\b.{0,60}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Alert:
    """What was found; empty or None where nothing was."""

    rating: int | None = None
    words: str | None = None
    name: str = ""
    link: str = ""


def alert_in(mail: Mail, hosts: Sequence[str], shapes: Shapes) -> Alert:
    """What a mail tells of a review. `hosts` are the venue's, `shapes` what addresses of a review look like there."""
    texts = [text[:MOST_LETTERS] for text in (_as_text(mail.html), mail.text) if text]
    subject = HANDED_ON.sub("", mail.subject)
    return Alert(
        _rating(subject, texts),
        next(filter(None, map(_words, texts)), None),
        _name([subject, *(line for text in texts for line in _lines(text)[:40] if len(line) <= 200)]),
        next((one for text in texts for one in _links(text) if is_at(one, hosts) and number_in(one, shapes)), ""),
    )


def number_in(link: str, shapes: Shapes) -> str:
    """The review's id in its address; empty where there is none."""
    return next((found.group(1) for shape in shapes if (found := shape.search(link))), "")


def bare(link: str, number: str) -> str:
    """An address without what it says of the mail it stood in, which may let its reader in as the owner."""
    parts = urlsplit(link)
    if number in parts.path:
        return urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))
    kept = [(name, value) for name, value in parse_qsl(parts.query) if number in value]
    return urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode(kept), ""))


def is_at(link: str, hosts: Sequence[str]) -> bool:
    """Does an address lie at the venue? biz.yelp.com does, yelp.com.evil.example does not."""
    try:
        parts = urlsplit(link)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return False
    plain = parts.scheme == "https" and port in {None, 443} and not parts.username
    return plain and any(host == one or host.endswith(f".{one}") for one in hosts)


def _as_text(html: str) -> str:
    """A formatted mail as lines: what a picture is called, and where a link leads, stand on lines of their own."""
    if not html:
        return ""
    named = PICTURE.sub(lambda found: f"<p>{found.group(1)}</p>", html)
    return cleaned(ANCHOR.sub(lambda found: f"<p>{found.group(1)}</p><p>", named).replace("</a>", "</p>")).text


def _lines(text: str) -> list[str]:
    return [line[:LINE] for line in text.splitlines()[:MOST_LINES]]


def _rating(subject: str, texts: Sequence[str]) -> int | None:
    """The surest place first: a line of its own, then any line, then the subject, where it may be part of a name."""
    lines = [line for text in texts for line in _lines(text)]
    for places in ([one for one in lines if RATING_LINE.fullmatch(one)], lines, [subject]):
        found = next(filter(None, (SAID.search(one) for one in places)), None)
        if found:
            said = next(filter(None, found.groups()))
            return int(said) if said.isdigit() else len(said)
    return None


def _words(text: str) -> str | None:
    """What stands below the stars up to a link, without the button's words; else what stands in quotation marks."""
    lines = text.splitlines()[:MOST_LINES]
    place = next((number for number, line in enumerate(lines) if RATING_LINE.fullmatch(line[:LINE])), None)
    if place is not None:
        for block in _blocks(lines[place + 1 :]):
            if words := _plain("\n".join(block)):
                return words
    before = text[: found.start()] if (found := LINK.search(text)) else text
    quoted = QUOTED.search(before)
    return storable(quoted.group(1).strip("\n"))[:LONGEST] if quoted else None


def _blocks(lines: Iterable[str]) -> Iterator[list[str]]:
    """What stands between links, without the words of the button that leads there."""
    block: list[str] = []
    for line in lines:
        if not LINK.search(line):
            block.append(line)
            continue
        words = "\n".join(block).rstrip().splitlines()
        yield words[:-1] if words and BUTTON.fullmatch(words[-1]) else words
        block = []
    yield block


def _plain(block: str) -> str:
    """A block without the quotation marks around it."""
    quoted = QUOTED.fullmatch(block.strip())
    return storable((quoted.group(1) if quoted else block).strip())[:LONGEST]


def _name(texts: Iterable[str]) -> str:
    for text in texts:
        for shape in NAMES:
            found = shape.search(text.strip())
            name = found.group(1).strip(" -:,“”\"'") if found else ""
            if name and not NOBODY.search(name):
                return storable(name)[:200]
    return ""


def _links(text: str) -> Iterator[str]:
    yield from (unescape(one).rstrip(".,;:!?") for one in LINK.findall(text))
