"""Content-Transfer-Encoding: a part's bytes as its author meant them. Lenient, linear, never raises."""

import binascii
import re

from hark.channels.email.reader.caps import Notes
from hark.channels.email.reader.structure import Part

NOT_BASE64 = bytes(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="))
MOST_PADDINGS = 1_000


def body_of(data: bytes, part: Part, notes: Notes) -> bytes:
    """The decoded body of a part."""
    raw, encoding = data[part.start : part.stop], _encoding(part)
    if encoding == "base64":
        return _base64(raw, notes)
    if encoding in {"quoted-printable", "quoted_printable"}:
        return binascii.a2b_qp(raw)
    if encoding in {"x-uuencode", "uuencode", "x-uue", "uue"}:
        return _uuencoded(raw)
    return raw


def size_of(data: bytes, part: Part) -> int:
    """How many bytes `body_of` gives."""
    if _encoding(part) == "base64":
        return sum(len(block) * 3 // 4 for block in _blocks(data[part.start : part.stop]))
    return len(body_of(data, part, Notes()))


def _encoding(part: Part) -> str:
    return part.headers.raw("content-transfer-encoding").strip(" \t\"'.;").lower()


def _base64(raw: bytes, notes: Notes) -> bytes:
    """Blocks one after the other; what is no letter of base64 is passed over."""
    decoded = b"".join(_block(block, notes) for block in _blocks(raw))
    if not decoded and raw.strip():
        notes.stopped("broken_encoding")
    return decoded


def _blocks(raw: bytes) -> list[bytes]:
    """The letters between paddings, of which there may be too many to mean anything."""
    letters = raw.translate(None, NOT_BASE64)
    if letters.count(b"=") > MOST_PADDINGS:
        letters = letters.replace(b"=", b"")
    return [block for block in re.split(rb"=+", letters) if block]


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
