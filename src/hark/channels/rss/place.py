"""How far the feeds of a channel have been read: its cursor."""

import json
from dataclasses import dataclass, field, replace

from hark.channels.kit.careful_json import Json, Unreadable, loads

MOST_KNOWN = 500  # entries of one feed


@dataclass(frozen=True, slots=True)
class FeedPlace:
    """How a server marks a feed's state; of each entry a digest of its words, and how often they changed."""

    etag: str = ""
    modified: str = ""
    known: dict[str, tuple[str, int]] = field(default_factory=dict)

    @property
    def said(self) -> Json:
        """As JSON."""
        return {
            "etag": self.etag,
            "modified": self.modified,
            "known": {key: list(one) for key, one in self.known.items()},
        }


@dataclass(frozen=True, slots=True)
class Place:
    """Each feed by its address; `turn` is the one whose page comes next."""

    turn: int = 0
    feeds: dict[str, FeedPlace] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """As a cursor."""
        feeds = {address: one.said for address, one in sorted(self.feeds.items())}
        return json.dumps({"turn": self.turn, "feeds": feeds}, separators=(",", ":"))

    def after(self, addresses: tuple[str, ...], feed: FeedPlace | None) -> "Place":
        """One feed further; None: this one has never been read. What is no longer listened to is forgotten."""
        feeds = {address: one for address, one in self.feeds.items() if address in addresses}
        if feed:
            feeds[addresses[self.turn]] = feed
        return replace(self, turn=(self.turn + 1) % len(addresses), feeds=feeds)


def place_in(cursor: str) -> Place:
    """The place that a cursor tells; the beginning where it cannot be read."""
    try:
        said = loads(cursor.encode(), max_bytes=8 << 20) if cursor else None
    except Unreadable:
        return Place()
    if not isinstance(said, dict):
        return Place()
    feeds = {address: _feed(one) for address, one in said["feeds"].items()}
    return Place(said["turn"], feeds)


def _feed(said: Json) -> FeedPlace:
    known = {key: (digest, changes) for key, (digest, changes) in said["known"].items()}
    return FeedPlace(said["etag"], said["modified"], known)
