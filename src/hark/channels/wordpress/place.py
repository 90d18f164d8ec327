"""How far a site has been read: the cursor of a WordPress channel.

WordPress has no list of changes: a comment that is edited, thrown away or saved from the spam looks like any other. So
the cursor knows the newest comments one by one, with a digest of their words.
"""

import json
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from hark.channels.kit.careful_json import Unreadable, loads
from hark.channels.kit.words import time_of

MOST_KNOWN = 2000  # some 50 kB of cursor


@dataclass(frozen=True, slots=True)
class Known:
    """A comment that Hark has: a digest of its words, how often they changed, the comment at the top of its thread."""

    digest: str
    changes: int = 0
    root: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """`known` by id; what is not above `floor` is not looked at any more.

    While a backlog is walked `page` says where: first down to its oldest page, then `up` again, so that the oldest
    comes first. `since` is the day from which on older comments are read back. `sweep` is the page that is compared
    next besides the newest one, and `above` the lowest id of the page compared before.
    """

    floor: int = 0
    known: dict[int, Known] = field(default_factory=dict)
    page: int = 1
    up: bool = False
    since: datetime | None = None
    sweep: int = 2
    above: int = 0

    @property
    def text(self) -> str:
        """As a cursor."""
        said: dict[str, Any] = {"floor": self.floor, "page": self.page, "sweep": self.sweep, "above": self.above}
        said |= {"up": self.up} if self.up else {}
        said |= {"since": self.since.isoformat()} if self.since else {}
        known = {str(number): [one.digest, one.changes, one.root] for number, one in sorted(self.known.items())}
        return json.dumps({**said, "known": known}, separators=(",", ":"))

    def knowing(self, found: dict[int, Known], gone: frozenset[int] = frozenset()) -> "Place":
        """With these known and those forgotten. The oldest of too many are let go, and never looked at again."""
        known = {number: one for number, one in {**self.known, **found}.items() if number not in gone}
        let_go = sorted(known)[: max(0, len(known) - MOST_KNOWN)]
        floor = max(self.floor, *let_go, 0)
        return replace(self, floor=floor, known={number: one for number, one in known.items() if number > floor})


def place_in(cursor: str) -> Place | None:
    """The place that a cursor tells; None at the beginning, and where it cannot be read."""
    try:
        said = loads(cursor.encode()) if cursor else None
    except Unreadable:
        return None
    if not isinstance(said, dict):
        return None
    known = {int(number): Known(*one) for number, one in said.get("known", {}).items()}
    place = Place(said["floor"], known, said["page"], sweep=said["sweep"], above=said["above"])
    return replace(place, up=said.get("up", False), since=time_of(said.get("since")))
