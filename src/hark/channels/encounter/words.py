"""What an agent notes of an encounter, and the bytes it is stored as before anything reads it."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime

WAYS = {
    "counter": "Shop counter",
    "letter": "Letter",
    "call": "Call elsewhere",
    "visit": "Visit",
    "elsewhere": "Elsewhere",
}


@dataclass(frozen=True, slots=True)
class NotedFile:
    """A scan or photo that is stored already, under its hash."""

    sha256: str
    name: str
    mime: str
    size: int


@dataclass(frozen=True, slots=True)
class Met:
    """One encounter. `network`, `scope` and `person` name an identity of whoever was met; `settled`: nothing is left
    to do, so no case is opened."""

    id: str
    way: str
    place: str
    at: datetime
    said: str
    done: str
    person: str
    name: str = ""
    network: str = "encounter"
    scope: str = ""
    handle: str = ""
    email: str = ""
    phone: str = ""
    settled: bool = False
    files: tuple[NotedFile, ...] = ()


def heading(way: str, place: str) -> str:
    """How and where, in a few words."""
    return ", ".join(filter(None, (WAYS.get(way, WAYS["elsewhere"]), place.strip())))


def body_of(met: Met) -> bytes:
    """The encounter as it is stored."""
    return json.dumps({**asdict(met), "at": met.at.isoformat()}, ensure_ascii=False).encode()
