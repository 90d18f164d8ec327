"""Where a reader of a homeserver stands: the token of /sync, the stretches still to be read, the rooms to come into."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from hark.channels.kit.careful_json import Unreadable, loads

MOST_TRIES = 20  # to come into a room of a server that is away


@dataclass(frozen=True, slots=True)
class Stretch:
    """Events of a room still to be read: forwards from `start` to `end`, or, where `start` is empty, all of them.

    `days`: only the newest, which are older than the channel; None: they are news.
    """

    room: str
    start: str = ""
    end: str = ""
    days: int | None = None


@dataclass(frozen=True, slots=True)
class Invited:
    """A room that we shall come into, who asked us, and how often it could not be done."""

    room: str
    person: str
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """How far an account has been read."""

    since: str = ""
    stretches: tuple[Stretch, ...] = ()
    invited: tuple[Invited, ...] = ()

    def written(self) -> str:
        """As the opaque cursor."""
        said = {
            "since": self.since,
            "stretches": [[one.room, one.start, one.end, one.days] for one in self.stretches],
            "invited": [[one.room, one.person, one.tries] for one in self.invited],
        }
        return json.dumps(said, separators=(",", ":"))


def place_in(cursor: str) -> Place:
    """The place that a cursor is; the beginning where it is none."""
    try:
        said = loads(cursor.encode())
    except Unreadable:
        return Place()
    if not isinstance(said, dict):
        return Place()
    return Place(
        str(said.get("since", "")),
        tuple(_read(said.get("stretches"), lambda row: Stretch(*row))),
        tuple(_read(said.get("invited"), lambda row: Invited(*row))),
    )


def _read(rows: Any, made: Callable[[Any], Any]) -> Iterable[Any]:
    return [made(row) for row in rows] if isinstance(rows, list) else []
