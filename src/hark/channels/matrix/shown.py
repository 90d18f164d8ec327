"""A room as an answer of /sync shows it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hark.channels.kit.words import id_of, number_of, text_of
from hark.channels.matrix.rooms import OPEN_RULES
from hark.channels.types import Account

READERS = frozenset({"public", "private", "limited"})


@dataclass(frozen=True, slots=True)
class Room:
    """A room as an answer of /sync shows it."""

    id: str
    readers: str | None
    ours: bool = False  # everything that is said in it is said to us
    answers_us: bool = False
    root: str | None = None  # of the thread of what is answered, where the poll has found it
    names: Mapping[str, str] = field(default_factory=dict)


def room_of(account: Account, room_id: str, about: Mapping[str, Any], direct: frozenset[str]) -> Room:
    """The room as an answer shows it; what a poll has found out about it counts first."""
    known = object_in(about.get("hark"))
    state = [one for one in listed(object_in(about.get("state")).get("events")) if isinstance(one, dict)]
    own = account.settings.get("own_rooms", ())
    return Room(
        room_id,
        text_of(known.get("readers")) if known.get("readers") in READERS else _readers(room_id, about, state, direct),
        ours=isinstance(own, list | tuple) and room_id in own,
        answers_us=known.get("answers_us") is True,
        root=id_of(known.get("root")),
        names={
            text_of(one.get("state_key")): text_of(object_in(one.get("content")).get("displayname"))
            for one in state
            if one.get("type") == "m.room.member"
        },
    )


def _readers(room_id: str, about: Mapping[str, Any], state: list[dict[str, Any]], direct: frozenset[str]) -> str | None:
    """Who can read a room, as far as an answer says it: its rule for joining, `m.direct`, the number of members."""
    rules = next((one for one in state if one.get("type") == "m.room.join_rules"), {})
    if object_in(rules.get("content")).get("join_rule") in OPEN_RULES:
        return "public"
    summary = object_in(about.get("summary"))
    joined = number_of(summary.get("m.joined_member_count"), 0, 1 << 40)
    if joined is None:
        return "private" if room_id in direct else None
    return "private" if joined <= 2 else "limited"


def direct_rooms(said: Mapping[str, Any]) -> frozenset[str]:
    """The rooms that the account's own list `m.direct` names, where the answer holds it."""
    events = [one for one in listed(object_in(said.get("account_data")).get("events")) if isinstance(one, dict)]
    lists = [object_in(one.get("content")).values() for one in events if one.get("type") == "m.direct"]
    return frozenset(room for rooms in lists for each in rooms for room in listed(each) if isinstance(room, str))


def object_in(value: Any) -> dict[str, Any]:
    """The value where it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def listed(value: Any) -> list[Any]:
    """The value where it is a list, else an empty one."""
    return value if isinstance(value, list) else []
