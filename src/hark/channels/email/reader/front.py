"""The parent's side of the reader."""

import hashlib
from datetime import datetime
from typing import Any

from hark.channels.email.reader.caps import MAIL_BYTES
from hark.channels.email.types import Address, Bounce, Mail, MailPart
from hark.kernel.hostile import read_in_child

READING = "hark.channels.email.reader.reading:read_in_steps"
PART = "hark.channels.email.reader.reading:part_in"


def read_mail(raw: bytes) -> Mail:
    """The mail in these bytes, as far as it could be read: `ok` and `note` say how far. Never raises; ≤ 2 s."""
    outcome = read_in_child(READING, raw[: MAIL_BYTES + 1])
    values = outcome.value or {"external_id": f"sha256:{hashlib.sha256(raw).hexdigest()}"}
    if outcome.note:
        values = {**values, "ok": False, "note": outcome.note}
    if len(raw) > MAIL_BYTES and values["external_id"].startswith("sha256:"):
        values = {**values, "external_id": f"sha256:{hashlib.sha256(raw).hexdigest()}"}
    return mail_from(values)


def part_of(raw: bytes, ref: str) -> bytes | None:
    """The bytes of the part `ref` (`MailPart.ref`), decoded; None where it is not there or cannot be had in time."""
    value = read_in_child(PART, raw[:MAIL_BYTES], ref).value
    return value if isinstance(value, bytes) else None


def mail_from(values: dict[str, Any]) -> Mail:
    """A mail from its JSON values."""
    return Mail(
        **{
            **values,
            "reply_to": _addresses(values.get("reply_to")),
            "to": _addresses(values.get("to")),
            "cc": _addresses(values.get("cc")),
            "delivered_to": tuple(values.get("delivered_to") or ()),
            "references": tuple(values.get("references") or ()),
            "authentication_results": tuple(values.get("authentication_results") or ()),
            "parts": tuple(MailPart(**one) for one in values.get("parts") or ()),
            "bounce": Bounce(**values["bounce"]) if values.get("bounce") else None,
            "date": datetime.fromisoformat(values["date"]) if values.get("date") else None,
        }
    )


def _addresses(listed: list[dict[str, str]] | None) -> tuple[Address, ...]:
    return tuple(Address(**one) for one in listed or ())
