"""Values of strangers, made such that they can be stored: text without NUL, times with a zone, whole numbers."""

import re
from datetime import UTC, datetime

from hark.channels.kit.careful_json import Json

MAX_ID = 512
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # PostgreSQL takes no NUL, UTF-8 has no lone surrogates
EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}(?![\w-])")


def storable(text: str) -> str:
    """The text with what no database can hold replaced by U+FFFD; everything else, CRLF included, stays."""
    return UNSTORABLE.sub("\ufffd", text)


def text_of(value: Json) -> str:
    """Text from a JSON value; numbers as they stand (ids are text), nothing for anything else."""
    if isinstance(value, str):
        return storable(value)
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def id_of(value: Json) -> str | None:
    """An id as text of sane length, or None."""
    text = text_of(value).strip()
    return text if 0 < len(text) <= MAX_ID else None


def number_of(value: Json, low: int, high: int) -> int | None:
    """A whole number between `low` and `high`, or None."""
    fits = isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
    return value if fits else None


def time_of(value: Json) -> datetime | None:
    """An aware UTC time from ISO 8601 text with a zone, or None."""
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        read = datetime.fromisoformat(value)
        return read.astimezone(UTC) if read.tzinfo else None
    except (ValueError, OverflowError):
        return None


def mail_address(text: str) -> str:
    """The one e-mail address that a text is, in lower case; empty where it is none that mail could be sent to."""
    address = text.strip().lower()
    return address if len(address) <= 254 and address.isascii() and EMAIL.fullmatch(address) else ""


def claimed_addresses(text: str) -> tuple[tuple[str, str], ...]:
    """E-mail addresses that somebody typed into a text, as claims, at most three: kept and shown, never believed."""
    found = dict.fromkeys(match.group().lower() for match in EMAIL.finditer(text[:10_000]))
    return tuple(("email", address) for address in list(found)[:3])
