"""Encoded words of headers (RFC 2047), as programs really write them: `=?utf-8?Q?Gr=C3=BCn?=`."""

import binascii
import re
from itertools import groupby

from hark.channels.email.reader.caps import ENCODED_WORDS, Notes
from hark.channels.email.reader.charsets import decoded

WORD = re.compile(r"=\?([^?\s]{1,80})\?([bBqQ])\?([^?]*)\?=")
GAP = re.compile(r"(\?=)[ \t\r\n]+(?==\?[^?\s]{1,80}\?[bBqQ]\?)")
CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
SURROGATES = re.compile("[\ud800-\udfff]")
DIRECTIONS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069\u061c]")


def one_line(text: str) -> str:
    """Without line ends and other controls, trimmed."""
    return SURROGATES.sub("\ufffd", CONTROLS.sub(" ", text)).strip()


def decode_words(text: str, notes: Notes) -> str:
    """A header's text with its encoded words read; letters that were split between neighbouring words are joined."""
    if "=?" not in text:
        return text
    pieces = WORD.split(GAP.sub(r"\1", text), ENCODED_WORDS)
    if len(pieces) > 4 * ENCODED_WORDS and WORD.search(pieces[-1]):
        notes.stopped("header_too_long")
    found = [pieces[0]]
    run: list[tuple[str, bytes]] = []
    for place in range(1, len(pieces), 4):
        charset, kind, said, after = pieces[place : place + 4]
        charset = charset.partition("*")[0].lower()
        run.append((charset, _bytes(kind, said, charset)))
        if after or place + 4 >= len(pieces):
            found += [*_joined(run, notes), after]
            run = []
    return "".join(found)


def _joined(run: list[tuple[str, bytes]], notes: Notes) -> list[str]:
    groups = groupby(run, key=lambda one: one[0])
    return [decoded(b"".join(data for _, data in some), charset, notes) for charset, some in groups]


def _bytes(kind: str, said: str, charset: str) -> bytes:
    try:
        raw = said.encode("ascii" if said.isascii() else charset, "replace")  # letters that should have been encoded
    except (LookupError, UnicodeError, ValueError):
        raw = said.encode("utf-8", "replace")
    if kind in "qQ":
        return binascii.a2b_qp(raw.replace(b"_", b" "), header=False)
    letters = re.sub(rb"[^A-Za-z0-9+/]", b"", raw)
    letters = letters[: len(letters) - (len(letters) % 4 == 1)]
    return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))
