"""Card numbers taken out of a raw body before it is stored: where people's words stand in it, and nowhere else.

Venues' ids are long numbers too, so that only what holds text is looked at. A body without a card stays as it came,
byte for byte. What is not covered here (a charset other than UTF-8 and ASCII, a JSON name that we do not know as text)
is caught when the arrival is read, before its text is stored.
"""

import base64
import binascii
import json
import re
from collections.abc import Callable, Sequence
from urllib.parse import quote_plus, unquote_to_bytes

from hark.channels.kit.careful_json import Json, Unreadable, loads
from hark.kernel.cards import without_cards

TEXT_NAMES = frozenset(
    {"text", "body", "message", "content", "caption", "subject", "title", "html", "description", "comment", "review",
     "note", "transcript", "summary", "reply", "answer", "question", "msg", "quote", "snippet", "plain", "textbody",
     "htmlbody", "body-plain", "body-html", "stripped-text", "stripped-html", "strippedtextreply"}
)  # fmt: skip
OWN_FIELDS = b"hark_"  # of our own form: stamps and links, never words
MAIL_MASK = "**** "  # mail bodies may be seven-bit
SURE = "surrogateescape"
MOST_BYTES = 4 << 20
BOUNDARY = re.compile(rb'boundary\s*=\s*"?([^";\r\n]{1,70})', re.IGNORECASE)
Redact = Callable[[str], tuple[str, int]]


def without_cards_in(body: bytes, content_type: str, own_numbers: Sequence[str] = ()) -> bytes:
    """The body with card numbers cut to their last four digits. Total: what cannot be read is left to the reader."""
    kind = content_type.partition(";")[0].strip().lower()

    def redact(text: str) -> tuple[str, int]:
        return without_cards(text, own_numbers)

    if kind == "application/x-www-form-urlencoded":
        return _form(body, redact)
    if kind == "message/rfc822":
        return without_cards_in_mail(body, own_numbers)
    if kind.startswith("multipart/"):
        return _mime(body, redact, BOUNDARY.findall(content_type.encode("utf-8", "replace")), is_head=False)
    if kind.startswith("text/"):
        return _text(body, redact)
    return _json(body, redact) if not kind or kind.endswith("json") else body


def without_cards_in_mail(raw: bytes, own_numbers: Sequence[str] = ()) -> bytes:
    """A raw mail, looked at line by line without a parser: subjects, plain and quoted-printable text, base64 text.

    Files are left alone; boundaries and all other headers stay as they came.
    """

    def redact(text: str) -> tuple[str, int]:
        return without_cards(text, own_numbers, mask=MAIL_MASK)

    return _mime(raw, redact, BOUNDARY.findall(raw), is_head=True)


def _mime(raw: bytes, redact: Redact, boundaries: list[bytes], *, is_head: bool) -> bytes:
    """A mail, or a form with files (which begins with a border instead of headers)."""
    borders = {b"--" + border for border in boundaries}
    return b"".join(
        _head(lines, redact) if head else _mail_text(b"".join(lines), headers, redact)
        for lines, head, headers in _pieces(raw.splitlines(keepends=True), borders, is_head=is_head)
    )


def _pieces(lines: list[bytes], borders: set[bytes], *, is_head: bool) -> list[tuple[list[bytes], bool, bytes]]:
    """The mail in pieces: (lines, are they headers?, the headers they stand under in lower case)."""
    pieces: list[tuple[list[bytes], bool, bytes]] = []
    piece: list[bytes] = []
    headers = b""
    for line in lines:
        if line.startswith(b"--") and {line.rstrip(), line.rstrip().removesuffix(b"--")} & borders:
            pieces.append((piece, is_head, headers))
            piece, is_head = [], True
        piece.append(line)
        if is_head and not line.strip():
            headers = b"".join(piece).lower()
            pieces.append((piece, True, headers))
            piece, is_head = [], False
    return [*pieces, (piece, is_head, headers)]


def _head(lines: list[bytes], redact: Redact) -> bytes:
    return b"".join(_text(line, redact) if line.lower().startswith(b"subject:") else line for line in lines)


def _mail_text(block: bytes, headers: bytes, redact: Redact) -> bytes:
    kind = re.search(rb"^content-type:\s*([\w-]+)/", headers, re.MULTILINE)
    if b"filename" in headers or (kind and kind.group(1) not in {b"text", b"message", b"multipart"}):
        return block
    if not re.search(rb"^content-transfer-encoding:\s*base64", headers, re.MULTILINE):
        return _text(block, redact)
    try:
        plain = base64.b64decode(block, validate=False)
    except binascii.Error:
        return block
    clean = _text(plain, redact)
    return block if clean == plain else base64.encodebytes(clean).replace(b"\n", b"\r\n")


def _text(body: bytes, redact: Redact) -> bytes:
    text, count = redact(body.decode("utf-8", SURE))
    return text.encode("utf-8", SURE) if count else body


def _form(body: bytes, redact: Redact) -> bytes:
    parts = [_part(part, redact) for part in body.split(b"&")]
    return b"&".join(parts)


def _part(part: bytes, redact: Redact) -> bytes:
    name, equals, value = part.partition(b"=")
    if name.startswith(OWN_FIELDS):
        return part
    text, count = redact(unquote_to_bytes(value.replace(b"+", b" ")).decode("utf-8", SURE))
    return name + equals + quote_plus(text.encode("utf-8", SURE)).encode() if count else part


def _json(body: bytes, redact: Redact) -> bytes:
    try:
        value = loads(body, max_bytes=MOST_BYTES)
    except Unreadable:
        return _text(body, redact)
    clean, count = _walk(value, redact, is_text=False)
    return json.dumps(clean, separators=(",", ":")).encode() if count else body


def _walk(value: Json, redact: Redact, *, is_text: bool) -> tuple[Json, int]:
    """The same value with its texts cleaned; all that stands below a name of text is text."""
    if isinstance(value, str):
        return redact(value) if is_text else (value, 0)
    if isinstance(value, list):
        cleaned = [_walk(one, redact, is_text=is_text) for one in value]
        return [one for one, _ in cleaned], sum(count for _, count in cleaned)
    if isinstance(value, dict):
        each = {name: _walk(one, redact, is_text=is_text or name.lower() in TEXT_NAMES) for name, one in value.items()}
        return {name: one for name, (one, _) in each.items()}, sum(count for _, count in each.values())
    return value, 0
