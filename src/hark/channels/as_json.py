"""A normalised event as one line of JSON, with the keys of the channels reference, section 2.1."""

import json
from datetime import UTC, datetime
from typing import Any

from hark.channels.types import AttachmentRef, Inbound, Mention, Person

KEYS = (
    *("kind", "account", "raw_id", "external_id", "thread_id", "parent_id", "root_id", "visibility", "author"),
    *("text", "html", "lang", "attachments", "mentions", "rating", "sent_at", "permalink", "targets_us", "client_ref"),
    *("state", "state_of", "expires_reply_at", "policy", "problem"),
)
LINE_ENDS = str.maketrans({letter: f"\\u{ord(letter):04x}" for letter in "\x85\u2028\u2029"})  # to many readers
WORDS = frozenset({"text", "html"})  # empty words are known; any other empty text is a thing not known


def as_line(event: Inbound) -> bytes:
    """The event as UTF-8 without any line end in it. A lone surrogate is escaped, never a reason to fail."""
    return json.dumps(as_json(event), ensure_ascii=False).translate(LINE_ENDS).encode("utf-8", "backslashreplace")


def as_json(event: Inbound) -> dict[str, Any]:
    """The event as JSON values: null for what is not known, ids as text, times in UTC with `Z`."""
    return {key: _value(key, getattr(event, key)) for key in KEYS}


def _value(key: str, value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, tuple):
        return [_value("", one) for one in value]
    if isinstance(value, Person):
        return _person(value)
    if isinstance(value, AttachmentRef):
        return {"ref": value.ref, "mime": value.mime or None, "size": value.size, "name": value.name or None}
    if isinstance(value, Mention):
        return {
            "external_id": value.external_id or None,
            "handle": value.handle or None,
            "start": value.start,
            "end": value.end,
        }
    return value if key in WORDS or value != "" else None


def _person(person: Person) -> dict[str, Any]:
    return {
        "external_id": person.external_id or None,
        "scope_of_id": person.scope or None,
        "handle": person.handle or None,
        "name": person.name or None,
        "url": person.url or None,
        "avatar": person.avatar or None,
        "is_self": person.is_self,
        "followers": person.followers,
        "verified": person.verified,
    }
