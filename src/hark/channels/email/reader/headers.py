"""The header block of a mail or of a part: found, unfolded, capped. What claims to be ours (`X-Hark-…`) is not seen."""

import re
from collections.abc import Iterable

from hark.channels.email.reader.caps import ALL_HEADERS_BYTES, HEADER_BYTES, HEADER_LINES, Notes
from hark.channels.email.reader.charsets import header_text
from hark.channels.email.reader.words import decode_words, one_line

BLANK = re.compile(rb"\n\r?\n|\A\r?\n")
FIELD = re.compile(rb"([!-9;-~]{1,200})[ \t]*:")
ENVELOPE = re.compile(rb">?From [^\n]*\n")
FOLD = re.compile(r"\r?\n[ \t]*")
KNOWN = frozenset(
    [
        "from",
        "to",
        "cc",
        "subject",
        "date",
        "received",
        "message-id",
        "return-path",
        "mime-version",
        "content-type",
        "delivered-to",
        "sender",
        "x-mailer",
        "reply-to",
        "in-reply-to",
        "references",
        "content-transfer-encoding",
        "content-disposition",
    ]
)


class Headers:
    """Fields in order, raw; names in lower case."""

    def __init__(self, fields: Iterable[tuple[str, bytes]]) -> None:
        """`fields` as they stand, folded."""
        self._fields: dict[str, list[bytes]] = {}
        for name, value in fields:
            if not name.startswith("x-hark-"):
                self._fields.setdefault(name, []).append(value)

    def __contains__(self, name: str) -> bool:
        return name in self._fields

    def __bool__(self) -> bool:
        return bool(self._fields)

    def named(self, *beginnings: str) -> list[str]:
        """The names that begin so."""
        return [name for name in self._fields if name.startswith(beginnings)]

    def all(self, name: str) -> list[str]:
        """Every value of `name`, unfolded, topmost first, encoded words as they stand."""
        return [FOLD.sub(" ", header_text(value)).strip() for value in self._fields.get(name, ())]

    def raw(self, name: str) -> str:
        """The first value of `name`, or ''."""
        return next(iter(self.all(name)), "")

    def text(self, name: str, notes: Notes) -> str:
        """The first value of `name` as people read it, on one line, or ''."""
        return one_line(decode_words(self.raw(name), notes))


def read_headers(data: bytes, start: int, stop: int, notes: Notes) -> tuple[Headers, int]:
    """The headers at `start`, and where the body begins. A line that is none is passed over, or begins the body."""
    envelope = ENVELOPE.match(data, start, stop)
    start = envelope.end() if envelope else start
    blank = re.compile(rb"\r?\n").match(data, start, stop) or BLANK.search(data, start, stop)
    end = blank.end() if blank else stop
    cut = min(end, start + ALL_HEADERS_BYTES)
    lines = data[start:cut].split(b"\n")
    fields, body = _fields(lines[:HEADER_LINES])
    if fields and (cut < end or any(len(value) > HEADER_BYTES for _, value in fields)):
        notes.stopped("header_too_long")
    if fields and len(lines) > HEADER_LINES:
        notes.stopped("too_many_headers")
    return Headers((name, value[:HEADER_BYTES]) for name, value in fields), (end if body is None else start + body)


def _fields(lines: list[bytes]) -> tuple[list[tuple[str, bytes]], int | None]:
    """The fields, and where in the block the body begins when it does so without an empty line."""
    fields: list[tuple[str, list[bytes]]] = []
    place, junk = 0, None
    for line in lines:
        found = FIELD.match(line)
        if line[:1] in {b" ", b"\t"} and fields:
            if junk is None:
                fields[-1][1].append(line)
        elif found:
            fields.append((found[1].decode("ascii").lower(), [line[found.end() :]]))
            junk = None
        elif fields and fields[-1][1][-1].rstrip().endswith(b";") and b"=" in line:
            fields[-1][1].append(b" " + line)  # a parameter that somebody forgot to indent
        elif junk is None and line.strip():
            junk = place
        place += len(line) + 1
    if not _are_headers(fields, lines, junk):
        return [], 0
    return [(name, b"\n".join(some)) for name, some in fields], junk


def _are_headers(fields: list[tuple[str, list[bytes]]], lines: list[bytes], junk: int | None) -> bool:
    """Text that happens to hold a colon is no header."""
    if not fields:
        return not any(line.strip() for line in lines)
    return junk is None or any(name in KNOWN or name.startswith("x-") for name, _ in fields)
