"""The chain of the audit, as arithmetic: each entry's hash covers the entry and the hash before it."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

BEGINNING = bytes(32)


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the audit."""

    number: int
    at: datetime
    actor: str
    verb: str
    subject: str
    details: Mapping[str, Any]
    address: str
    previous: bytes
    hash: bytes = b""


@dataclass(frozen=True, slots=True)
class Broken:
    """The first entry at which the chain does not hold, and why."""

    number: int
    why: str


def hash_of(entry: Entry) -> bytes:
    """SHA-256 over the canonical row: everything but the hash itself, as JSON with sorted keys, in UTC."""
    row = [
        entry.number,
        entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        entry.actor,
        entry.verb,
        entry.subject,
        dict(entry.details),
        entry.address,
        entry.previous.hex(),
    ]
    return hashlib.sha256(json.dumps(row, sort_keys=True, separators=(",", ":")).encode()).digest()


def first_broken(entries: Iterable[Entry], heads: Mapping[int, bytes]) -> Broken | None:
    """The first entry that was changed, taken out or put in; None when the chain is whole.

    `heads` (number → hash) were kept elsewhere: only they show that the end was cut off, or everything written anew.
    """
    last, previous = 0, BEGINNING
    for entry in entries:
        if entry.number != last + 1:
            return Broken(last + 1, "is missing")
        if entry.previous != previous:
            return Broken(entry.number, "does not follow the one before it")
        if entry.hash != hash_of(entry):
            return Broken(entry.number, "was changed")
        if heads.get(entry.number, entry.hash) != entry.hash:
            return Broken(entry.number, "is not the one whose hash was kept outside the database")
        last, previous = entry.number, entry.hash
    beyond = max(heads, default=0)
    return Broken(last + 1, "is missing: the end was cut off") if beyond > last else None
