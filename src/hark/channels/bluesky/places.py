"""How far an account has been read: lists whose newest come first, and the posts that are looked at again.

An entry can appear below newer ones (a post whose author's clock is slow), so the last hours are read again; what is
known of them is remembered by short hashes.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hark.channels.kit.careful_json import Unreadable, loads
from hark.channels.kit.words import time_of

OVERLAP = timedelta(hours=3)
MOST_PAGES = 10
MOST_KNOWN = 1000
MOST_WATCHED = 100
WATCHED_FOR = timedelta(days=3)
MISSED_BEFORE_GONE = 2
Item = Mapping[str, Any]
Fetch = Callable[[str], tuple[list[Item], str]]


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a list has been read: up to `at`, never below `begun`. `back`, `floor`: a stretch is still being read."""

    at: str = ""
    known: tuple[str, ...] = ()
    begun: str = ""
    back: str = ""
    floor: str = ""


@dataclass(frozen=True, slots=True)
class Watched:
    """A post that somebody may delete, and how often it was not there."""

    uri: str
    at: str
    missed: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """All that a reader must know."""

    heard: Mark = Mark()
    own: Mark = Mark()
    terms: Mapping[str, Mark] = field(default_factory=dict)
    watched: tuple[Watched, ...] = ()

    def written(self) -> str:
        """As the opaque cursor."""
        said = {
            "heard": _row(self.heard),
            "own": _row(self.own),
            "terms": {term: _row(mark) for term, mark in sorted(self.terms.items())},
            "watched": [[one.uri, one.at, one.missed] for one in self.watched],
        }
        return json.dumps(said, separators=(",", ":"), ensure_ascii=False)


def place_in(cursor: str) -> Place:
    """The place that a cursor is; the beginning where it is none."""
    try:
        said = loads(cursor.encode())
        return Place(
            _mark(said["heard"]),
            _mark(said["own"]),
            {term: _mark(row) for term, row in said["terms"].items()},
            tuple(Watched(*row) for row in said["watched"]),
        )
    except (Unreadable, KeyError, TypeError, ValueError, AttributeError):
        return Place()


def read_on(fetch: Fetch, mark: Mark, at: datetime, *, days: int = 0) -> tuple[list[Item], Mark]:
    """What a list holds that is not known, oldest first, and how far it has been read then.

    At the first reading that is nothing, or what is `days` old at most.
    """
    begun = _time(mark.begun) or at - timedelta(days=days)
    floor = _time(mark.floor) or max(begun, (_time(mark.at) or begun) - OVERLAP)
    first = not mark.at and not days
    cursor, newest, seen, inside = mark.back, mark.at, list[Item](), list[Item]()
    for _ in range(MOST_PAGES):
        items, cursor = fetch(cursor)
        dated = [(time_of(item.get("indexedAt")) or at, item) for item in items]
        newest = max(newest, *(_text(when) for when, _ in dated)) if dated else newest
        new = [item for when, item in dated if when >= floor]
        inside, seen = [*inside, *new], [*seen, *(items if first else new)]
        if not cursor or len(new) < len(items):
            cursor = ""
            break
    known = frozenset(mark.known)
    kept = [*(mark.known if cursor or mark.back else ()), *map(_short, reversed(seen))]
    full = len(kept) > MOST_KNOWN and not cursor
    after = Mark(
        at=newest or _text(at),
        known=tuple(dict.fromkeys(kept))[-MOST_KNOWN:] if not cursor else tuple(dict.fromkeys(kept)),
        begun=newest if full else _text(begun),
        back=cursor,
        floor=_text(floor) if cursor else "",
    )
    return [item for item in reversed(inside) if _short(item) not in known], after


def watching(watched: Iterable[Watched], new: Iterable[Item], at: datetime) -> tuple[Watched, ...]:
    """The posts to look at again: the newest hundred of the last three days."""
    all_of_them = [*watched, *(Watched(str(one["uri"]), _text(at)) for one in new)]
    alive = [one for one in all_of_them if (_time(one.at) or at) > at - WATCHED_FOR]
    return tuple({one.uri: one for one in alive}.values())[-MOST_WATCHED:]


def missing(watched: Iterable[Watched], there: frozenset[str]) -> tuple[list[str], tuple[Watched, ...]]:
    """(what is gone: not there twice in a row, the posts that are still looked at)."""
    seen = [replace(one, missed=0 if one.uri in there else one.missed + 1) for one in watched]
    gone = [one.uri for one in seen if one.missed >= MISSED_BEFORE_GONE]
    return gone, tuple(one for one in seen if one.missed < MISSED_BEFORE_GONE)


def _short(item: Item) -> str:
    """A short name of a post, for remembering that it is known."""
    return hashlib.sha256(str(item.get("uri")).encode("utf-8", "replace")).hexdigest()[:12]


def _row(mark: Mark) -> list[Any]:
    return [mark.at, list(mark.known), mark.begun, mark.back, mark.floor]


def _mark(row: Any) -> Mark:
    at, known, *rest = row
    return Mark(at, tuple(known), *rest)


def _time(text: str) -> datetime | None:
    return time_of(text) if text else None


def _text(moment: datetime) -> str:
    """In UTC with milliseconds, so that texts sort as the moments do."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
