"""Content-Transfer-Encoding: a part's bytes as its author meant them. Lenient, linear, never raises."""

import binascii
import re

from hark.channels.email.reader.caps import Notes
from hark.channels.email.reader.structure import Part

NOT_BASE64 = bytes(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="))
MOST_PADDINGS = 1_000


def body_of(data: bytes, part: Part, notes: Notes) -> bytes:
    """The decoded body of a part."""
    raw = data[part.start : part.stop]
    encoding = part.headers.raw("content-transfer-encoding").strip(" \t\"'.;").lower()
    if encoding == "base64":
        return _base64(raw, notes)
    if encoding in {"quoted-printable", "quoted_printable"}:
        return binascii.a2b_qp(raw)
    if encoding in {"x-uuencode", "uuencode", "x-uue", "uue"}:
        return _uuencoded(raw)
    return raw


def size_of(data: bytes, part: Part) -> int:
    """How many bytes `body_of` gives."""
    return len(body_of(data, part, Notes()))


def _base64(raw: bytes, notes: Notes) -> bytes:
    """Blocks one after the other, each with or without its padding; what is no letter of base64 is passed over."""
    letters = raw.translate(None, NOT_BASE64)
    if letters.count(b"=") > MOST_PADDINGS:
        letters = letters.replace(b"=", b"")
    decoded = b"".join(_block(block, notes) for block in re.split(rb"=+", letters) if block)
    if not decoded and raw.strip():
        notes.stopped("broken_encoding")
    return decoded


def _block(letters: bytes, notes: Notes) -> bytes:
    over = len(letters) % 4
    if over == 1:
        notes.mended("broken_encoding")
        letters = letters[:-1]
    return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))


def _uuencoded(raw: bytes) -> bytes:
    begin = re.search(rb"^begin [0-7]{3,4} [^\r\n]*\r?\n", raw, re.MULTILINE)
    found = []
    for line in raw[begin.end() if begin else 0 :].splitlines():
        if line.strip() == b"end":
            break
        try:
            found.append(binascii.a2b_uu(line))
        except binascii.Error:  # a line that is longer than it says, as some encoders write it
            found.append(binascii.a2b_uu(line[: ((line[0] - 32) & 63) * 4 // 3 + 5]) if _is_uu(line) else b"")
    return b"".join(found)


def _is_uu(line: bytes) -> bool:
    try:
        binascii.a2b_uu(line[: ((line[0] - 32) & 63) * 4 // 3 + 5])
    except (binascii.Error, IndexError):
        return False
    return True
