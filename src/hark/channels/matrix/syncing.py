"""A homeserver's news: one /sync after the other, and what it leaves out when there is much, read room by room.

Each event becomes an arrival of its own, in the shape of a /sync answer, with what `parse` cannot look up: who can read
the room, and whether an answer is one to us. Two things only the server can tell: an edit counts only by the author of
what it edits, and a long silence is cut short (`limited`) to its last events.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from hark.channels.errors import Ambiguous, Refused, Retry
from hark.channels.kit.words import text_of
from hark.channels.matrix.calls import SECONDS, call, found
from hark.channels.matrix.places import MOST_TRIES, Invited, Place, Stretch, place_in
from hark.channels.matrix.rooms import answer_invitation, join, readers_of
from hark.channels.types import Account, Page, Raw
from hark.kernel.time import now

READ = ("m.room.message", "m.room.encrypted", "m.room.redaction", "m.reaction", "m.sticker")
PAGE = 100
MOST_PAGES_BACK = 10
MOST_ABOVE = 8  # answers to answers that are not in a thread
MEMBERS = {"types": ["m.room.member"], "lazy_load_members": True, "include_redundant_members": True}
NOTHING: dict[str, Any] = {"types": []}


@dataclass(slots=True)
class Reader:
    """One reading of one account: what it has asked the homeserver about rooms and events."""

    account: Account
    readers: dict[str, str] = field(default_factory=dict)
    events: dict[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)

    def raws(self, room: str, said: Mapping[str, Any], events: Sequence[Any], *, old: bool = False) -> list[Raw]:
        """The arrivals that events of a room are; `said` holds the members who wrote."""
        members = _events(said.get("state"))
        return [self._raw(room, event, members, old=old) for event in events if self._counts(room, event)]

    def news(self, room: str, said: Mapping[str, Any], events: Sequence[Any]) -> list[Raw]:
        """The same, without what was said before we had anything to do with the room."""
        return self.raws(room, said, [one for one in events if not _before_us(one)])

    def readers_of(self, room: str) -> str:
        """Who can read a room, asked once a reading."""
        if room not in self.readers:
            self.readers[room] = readers_of(self.account, room)
        return self.readers[room]

    def _counts(self, room: str, event: Any) -> bool:
        """Can Hark read such an event, and where it edits another one, is it by the same author?"""
        if not isinstance(event, dict) or event.get("type") not in READ:
            return False
        self.events[room, text_of(event.get("event_id"))] = event
        relates = relation_of(event)
        edits = relates.get("rel_type") == "m.replace"
        return not edits or self._event(room, relates.get("event_id")).get("sender") == event.get("sender")

    def _event(self, room: str, event_id: Any) -> Mapping[str, Any]:
        """An event that another one names; empty where we cannot see it."""
        key = room, text_of(event_id)
        if key not in self.events:
            try:
                self.events[key] = found(self.account, "rooms", room, "event", key[1]) or {}
            except Refused:  # it lies before we came in
                self.events[key] = {}
        return self.events[key]

    def _raw(self, room: str, event: dict[str, Any], members: Sequence[Any], *, old: bool) -> Raw:
        author = [one for one in members if isinstance(one, dict) and one.get("state_key") == event.get("sender")]
        about = {"readers": self.readers_of(room), **self._answered(room, event)}
        said = {"hark": about, "state": {"events": author[-1:]}, "timeline": {"events": [event]}}
        body = json.dumps({"rooms": {"join": {room: said}}}, ensure_ascii=False).encode("utf-8", "replace")
        return Raw(body, {"backfilled": "yes"} if old else {}, text_of(event.get("event_id")))

    def _answered(self, room: str, event: Mapping[str, Any]) -> dict[str, Any]:
        """Is it an answer to us, and in which thread is what it answers? In private there is no question."""
        above = _mapping(relation_of(event).get("m.in_reply_to")).get("event_id")
        if not above or self.readers_of(room) == "private":
            return {}
        ours = self._event(room, above).get("sender") in self.account.self_ids
        return {"answers_us": ours, "root": self._root(room, above)}

    def _root(self, room: str, event_id: Any) -> str:
        """Where the thread of an event begins: its own root, or the first of what answers what."""
        for _ in range(MOST_ABOVE):
            relates = relation_of(self._event(room, event_id))
            if relates.get("rel_type") == "m.thread":
                return text_of(relates.get("event_id"))
            above = _mapping(relates.get("m.in_reply_to")).get("event_id")
            if not above:
                break
            event_id = above
        return text_of(event_id)


def next_page(account: Account, cursor: str, *, wait_seconds: float = 0.0) -> Page:
    """The first page that holds something, else the last; waits so long for news where there are none."""
    place = place_in(cursor)
    while True:
        page, place = _next(account, place, wait_seconds)
        if page.raws or not page.more:
            return page


def _next(account: Account, place: Place, wait_seconds: float) -> tuple[Page, Place]:
    reader, days = Reader(account), int(account.settings.get("read_back_days") or 0)
    if place.stretches:
        raws, left = _stretch(reader, place.stretches[0], now())
        place = replace(place, stretches=(*left, *place.stretches[1:]))
    elif place.since:
        raws, place = _news(reader, place, wait_seconds)
    else:
        raws, place = list[Raw](), _beginning(account, days)
    return Page(tuple(raws), place.written(), more=bool(place.stretches)), place


def _beginning(account: Account, days: int) -> Place:
    """From now on, and some days back where the settings say so."""
    said = _sync(account, "", 1, 0.0)
    joined = _rooms(said, "join")
    back = tuple(Stretch(room, days=days) for room in joined) if days else ()
    return _with_invitations(account, Place(text_of(said.get("next_batch")), back), said)


def _news(reader: Reader, place: Place, wait_seconds: float) -> tuple[list[Raw], Place]:
    """What has come since, and where to go on. What was left out is read next, before anything newer."""
    account = reader.account
    said = _sync(account, place.since, PAGE, 0.0 if place.invited else wait_seconds)
    until, raws, stretches = text_of(said.get("next_batch")), [], []
    for room, about in _rooms(said, "join").items():
        timeline = _mapping(about.get("timeline"))
        if timeline.get("limited") is True:
            stretches.append(Stretch(room, place.since, until))
        elif events := _events(timeline):
            raws += reader.news(room, about, events)
    place = _come_in(account, replace(place, since=until, stretches=tuple(stretches)))
    return raws, _with_invitations(account, place, said)


def _stretch(reader: Reader, stretch: Stretch, at: datetime) -> tuple[list[Raw], tuple[Stretch, ...]]:
    """The next events of a stretch, oldest first, and what is left of it."""
    if not stretch.start:
        return _back(reader, stretch, at), ()
    said = _messages(reader.account, stretch.room, "f", stretch.start, stretch.end)
    chunk, end = _listed(said.get("chunk")), text_of(said.get("end"))
    left = () if not end or end == stretch.start or not chunk else (replace(stretch, start=end),)
    return reader.news(stretch.room, {"state": {"events": said.get("state")}}, chunk), left


def _back(reader: Reader, stretch: Stretch, at: datetime) -> list[Raw]:
    """A room's events, newest read first, as far as the days go and at most a thousand; given oldest first."""
    oldest = (at - timedelta(days=stretch.days)).timestamp() * 1000 if stretch.days else 0
    events: list[Any] = []
    members: list[Any] = []
    start = ""
    for _ in range(MOST_PAGES_BACK):
        said = _messages(reader.account, stretch.room, "b", start, "")
        chunk = _listed(said.get("chunk"))
        events += [one for one in chunk if isinstance(one, dict) and _stamp(one) >= oldest]
        members += _listed(said.get("state"))
        start = text_of(said.get("end"))
        if not start or not chunk or _stamp(chunk[-1]) < oldest:
            break
    said = {"state": {"events": members}}
    return reader.raws(stretch.room, said, events[::-1], old=stretch.days is not None)


def _with_invitations(account: Account, place: Place, said: Mapping[str, Any]) -> Place:
    """Answer the invitations of a /sync; the rooms that we want are come into by the next reading."""
    found_rooms = []
    for room, about in _rooms(said, "invite").items():
        events = [one for one in _events(about.get("invite_state")) if isinstance(one, dict)]
        try:
            person = answer_invitation(account, room, events)
        except (Refused, Retry):  # declining in words is a courtesy; the invitation goes unanswered then
            continue
        if person:
            found_rooms.append(Invited(room, person))
    place = replace(place, invited=(*place.invited, *found_rooms))
    return _come_in(account, place) if found_rooms else place


def _come_in(account: Account, place: Place) -> Place:
    """Try to join what we were invited to; what was said there before we came is news."""
    stretches, waiting = list(place.stretches), []
    for one in place.invited:
        try:
            join(account, one.room, one.person)
        except (Retry, Ambiguous):
            if one.tries < MOST_TRIES:
                waiting.append(replace(one, tries=one.tries + 1))
        except Refused:  # taken back, or not allowed here
            continue
        else:
            stretches.append(Stretch(one.room))
    return replace(place, stretches=tuple(stretches), invited=tuple(waiting))


def _sync(account: Account, since: str, limit: int, wait_seconds: float) -> dict[str, Any]:
    wanted = {
        "presence": NOTHING,
        "account_data": NOTHING,
        "room": {
            "timeline": {"limit": limit, "types": READ},
            "state": MEMBERS,
            "ephemeral": NOTHING,
            "account_data": NOTHING,
        },
    }
    query = {"filter": json.dumps(wanted), "timeout": str(round(wait_seconds * 1000)), "set_presence": "offline"}
    if since:
        query["since"] = since
    return call(account, "GET", "sync", query=query, seconds=SECONDS + wait_seconds + (0 if since else 20))


def _messages(account: Account, room: str, direction: str, start: str, end: str) -> dict[str, Any]:
    wanted = {"types": READ, "lazy_load_members": True, "include_redundant_members": True}
    query = {"dir": direction, "limit": str(PAGE), "filter": json.dumps(wanted)}
    query |= {name: value for name, value in (("from", start), ("to", end)) if value}
    return call(account, "GET", "rooms", room, "messages", query=query)


def relation_of(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """What an event says it relates to."""
    return _mapping(_mapping(event.get("content")).get("m.relates_to"))


def _before_us(event: Any) -> bool:
    """Were we neither in the room nor invited when it was said (spec, `unsigned.membership`)?"""
    return _mapping(_mapping(event).get("unsigned")).get("membership") == "leave"


def _rooms(said: Mapping[str, Any], which: str) -> dict[str, Mapping[str, Any]]:
    rooms = _mapping(_mapping(said.get("rooms")).get(which))
    return {room: about for room, about in rooms.items() if isinstance(about, dict)}


def _events(holder: Any) -> list[Any]:
    return _listed(_mapping(holder).get("events"))


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _stamp(event: Any) -> float:
    stamp = _mapping(event).get("origin_server_ts")
    return stamp if isinstance(stamp, int) else 0.0


def pages(account: Account, cursor: str, *, wait_seconds: float) -> Iterator[Page]:
    """Page after page; while nothing is there an empty one whenever the wait is over."""
    while True:
        page = next_page(account, cursor, wait_seconds=wait_seconds)
        cursor = page.next_cursor
        yield page
