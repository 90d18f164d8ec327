"""Where the quoted part of a mail begins: what was answered to is folded, never lost.

The words for "wrote" and "From" in many languages are those of mail-parser-reply; it is asked about a few short windows
only, because its patterns are slow on long texts. An answer between the quoted lines is not cut.
"""

import re

from mailparser_reply.constants import MAIL_LANGUAGES

MOST_LINES = 3_000
MOST_WINDOWS = 60
LONGEST_WINDOW = 320
FLAGS = re.MULTILINE | re.IGNORECASE


def _words(key: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{said[key]})" for said in MAIL_LANGUAGES.values() if key in said), FLAGS)


WROTE, FIELDS = _words("wrote_header"), _words("from_header")
WROTE_TOO = re.compile(  # languages that are missing there, and other orders of the words
    r"[^\n]{0,300}\b(?:escreveu|пишет|написал(?:\(а\)|а)?|написав|kirjoitti|skrev|yazdı|írta|a scris|έγραψε|wrote"
    r"|schrieb|a écrit|escribió|ha scritto|schreef|napsal(?:\(a\)|a)?|napisał(?:\(a\)|a)?)\b[^\n]{0,120}[:：]"
    r"|[^\n]{0,300}(?:写道|寫道|写到|작성하였습니다|작성)[^\n]{0,20}[:：]",
    re.IGNORECASE,
)
FIELD_LINE = re.compile(r"[>\s*]*[^\W\d][\w\s]{0,20}\s?[:：]\*?\s?\S")
ORIGINAL = re.compile(
    r"[-_=]{2,}\s?(?:Original|Ursprüngliche|Oprindelig|Oorspronkelijk|Message d.origine|Messaggio orig|Mensaje orig"
    r"|Mensagem orig|Исходное|Opprinnelig|Ursprungligt|Původní|Wiadomość|原始邮件)[^\n]{0,40}",
    re.IGNORECASE,
)
RULE = re.compile(r"[-_=*\s]{3,}|[-_]{2,}[^\n]{3,60}[-_]{2,}")
FORWARDED = re.compile(r"(?:fwd?|wg|tr|rv|enc|doorst|vl|vb|i)\s*:", re.IGNORECASE)
FOOTER = re.compile(r"--|[-_=]{8,}")  # of a signature or of a mailing list


def quote_from(text: str, subject: str = "") -> int | None:
    """The code point where the quoted part begins; None where nothing is quoted, or nothing else was written."""
    lines = text.split("\n")[:MOST_LINES]
    begin = _first(lines, forwarded=bool(FORWARDED.match(subject.strip())))
    if begin is None or not any(line.strip() for line in lines[:begin]):
        return None
    return sum(len(line) + 1 for line in lines[:begin])


def _first(lines: list[str], *, forwarded: bool) -> int | None:
    """The line where it begins."""
    windows = 0
    for place, line in enumerate(lines):
        bare = line[: 2 * LONGEST_WINDOW].strip()
        if ORIGINAL.fullmatch(bare) and not forwarded:
            return _above(lines, place)
        if not bare or windows >= MOST_WINDOWS:
            continue
        if bare[-1] in ":：":
            windows += 1
            first = _wrote(lines, place)
            if first is not None and not _answered_between(lines[place + 1 :]):
                return _above(lines, first)
        elif not forwarded and FIELD_LINE.match(bare) and FIELD_LINE.match("".join(lines[place + 1 : place + 2])):
            windows += 1
            if _is_head(lines[place : place + 8]):
                return _above(lines, place)
    return _last_block(lines)


def _wrote(lines: list[str], place: int) -> int | None:
    """The first line of an introduction (`On Monday … wrote:`) that ends at `place` and spans up to three lines."""
    for first in range(place, max(-1, place - 3), -1):
        window = " ".join(line.strip() for line in lines[first : place + 1])
        if len(window) > LONGEST_WINDOW or not lines[first].strip():
            return None
        if any(letter.isdigit() for letter in window) and (WROTE.match(window) or WROTE_TOO.fullmatch(window)):
            return first
    return None


def _is_head(lines: list[str]) -> bool:
    """Three lines at least of another mail's head: From, Sent, To, Subject in some language."""
    window = "\n".join(line.strip()[:LONGEST_WINDOW] for line in lines)
    found = FIELDS.match(window)
    return found is not None and sum(bool(FIELD_LINE.match(line)) for line in found[0].strip("\n").split("\n")) >= 3


def _answered_between(rest: list[str]) -> bool:
    """Did somebody write below or between quoted lines? A line that a program broke off a quoted one is no answer."""
    marks = [None if not line.strip() else line.lstrip().startswith(">") for line in rest]
    if True not in marks:
        return False
    begun = marks.index(True)
    for place in range(begun + 1, len(marks)):
        if FOOTER.fullmatch(rest[place].strip()[:LONGEST_WINDOW]):
            return False
        broken_off = marks[place - 1] is True and place + 1 < len(marks) and marks[place + 1] is True
        if marks[place] is False and not broken_off:
            return True
    return False


def _last_block(lines: list[str]) -> int | None:
    """Quoted lines at the very end, without an introduction."""
    place = len(lines)
    while place and (not lines[place - 1].strip() or lines[place - 1].lstrip().startswith(">")):
        place -= 1
    quoted = any(line.strip() for line in lines[place:])
    return place if quoted else None


def _above(lines: list[str], place: int) -> int:
    """The rule and the empty lines above an introduction go with it."""
    while place and (not lines[place - 1].strip() or RULE.fullmatch(lines[place - 1].strip()[:200])):
        place -= 1
    return place
