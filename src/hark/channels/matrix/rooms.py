"""Rooms: who can read them, which is our private one with a person, and what becomes of invitations."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from hark.channels.errors import Refused
from hark.channels.kit.signatures import hex_code, signature
from hark.channels.kit.words import text_of
from hark.channels.matrix.calls import call, found, unpublished
from hark.channels.types import Account

Readers = Literal["public", "private", "limited"]
OPEN_RULES = frozenset({"public", "knock", "restricted", "knock_restricted"})  # whoever wants to can come in
THERE = frozenset({"join", "invite"})
ENCRYPTED = (
    "This room is end-to-end encrypted, and Hark cannot read or write in encrypted rooms. Answer in a Matrix client."
)
DECLINED = "This account cannot read encrypted rooms. Please write to it in a room without encryption."
NOT_PRIVATE = "More people than the two of you can read this room by now, so a private reply does not go there."


def thread_of(room: str, readers: str, root: str) -> str:
    """The thread in Hark's words: a private room is one talk, in every other room each thread is one."""
    return room if readers == "private" or not root else f"{room} {root}"


def parts_of(thread: str) -> tuple[str, str]:
    """(room, root of the thread) of a thread; the root is empty in a private room."""
    room, _, root = thread.partition(" ")
    return room, root


def readers_of(account: Account, room: str) -> Readers:
    """Who can read a room: everybody, two people, or a closed group."""
    rules = found(account, "rooms", room, "state", "m.room.join_rules") or {}
    if rules.get("join_rule") in OPEN_RULES:
        return "public"
    members = call(account, "GET", "rooms", room, "joined_members").get("joined")
    return "private" if isinstance(members, dict) and len(members) <= 2 else "limited"


def is_encrypted(account: Account, room: str) -> bool:
    """Is it end-to-end encrypted?"""
    return found(account, "rooms", room, "state", "m.room.encryption") is not None


def refuse_unfit(account: Account, room: str, *, private: bool) -> None:
    """Raise Refused where a reply must not go into this room: it is encrypted, or others would read it too."""
    if is_encrypted(account, room):
        raise Refused("encrypted", ENCRYPTED)
    if private and readers_of(account, room) != "private":
        raise Refused("not_private", NOT_PRIVATE)


def direct_room(account: Account, person: str) -> str:
    """Our private room with a person; made where there is none, under a name of its own, so that twice is one."""
    room = find_direct_room(account, person) or _made(account, person)
    note_direct_room(account, person, room)
    return room


def _made(account: Account, person: str) -> str:
    alias = _alias(account, person)
    about = {
        "preset": "trusted_private_chat",
        "is_direct": True,
        "invite": [person],
        "room_alias_name": alias[1:].partition(":")[0],
    }
    try:
        room = text_of(unpublished(account, "POST", "createRoom", said=about).get("room_id"))
    except Refused as error:
        if error.code != "M_ROOM_IN_USE":
            raise
        room = _room_named(account, alias)  # somebody was quicker, or the answer did not reach us
    if not room:
        raise Refused("no_room", "The homeserver made no private room.")
    return room


def find_direct_room(account: Account, person: str) -> str:
    """The private room with a person that is there already, empty where none is. Whoever has left is invited again."""
    for room in _listed(_direct_rooms(account).get(person)):
        if _membership(account, room, person) in THERE and _membership(account, room, account.external_id) == "join":
            return room
    room = _room_named(account, _alias(account, person))
    if room and _membership(account, room, person) not in THERE:
        unpublished(account, "POST", "rooms", room, "invite", said={"user_id": person})
    return room


def note_direct_room(account: Account, person: str, room: str) -> None:
    """Let every client of the account know that this room is the private one with a person (`m.direct`)."""
    rooms = _direct_rooms(account)
    known = _listed(rooms.get(person))
    if room not in known:
        said = {**rooms, person: [*known, room]}
        unpublished(account, "PUT", "user", account.external_id, "account_data", "m.direct", said=said)


def answer_invitation(account: Account, room: str, events: Sequence[Mapping[str, Any]]) -> str:
    """Who invited us into a room that we shall join; empty where we shall not. Encrypted ones are declined in words."""
    if any(event.get("type") == "m.room.encryption" for event in events):
        unpublished(account, "POST", "rooms", room, "leave", said={"reason": DECLINED})
        return ""
    wanted = account.settings.get("invitations", "private")
    ours = next((one for one in events if _is_ours(account, one)), None)
    if ours is None or wanted == "none":
        return ""
    content = ours.get("content")
    direct = isinstance(content, dict) and content.get("is_direct") is True
    return text_of(ours.get("sender")) if direct or wanted == "all" else ""


def join(account: Account, room: str, person: str) -> None:
    """Come into a room; one to which its first person invited us for a private talk is noted as such."""
    unpublished(account, "POST", "rooms", room, "join", said={})
    if readers_of(account, room) == "private":
        note_direct_room(account, person, room)


def _is_ours(account: Account, event: Mapping[str, Any]) -> bool:
    return event.get("type") == "m.room.member" and event.get("state_key") == account.external_id


def _direct_rooms(account: Account) -> dict[str, Any]:
    return found(account, "user", account.external_id, "account_data", "m.direct") or {}


def _membership(account: Account, room: str, person: str) -> str:
    """What a person is in a room; empty where he never was there, or we no longer are."""
    try:
        return text_of((found(account, "rooms", room, "state", "m.room.member", person) or {}).get("membership"))
    except Refused:
        return ""


def _room_named(account: Account, alias: str) -> str:
    return text_of((found(account, "directory", "room", alias) or {}).get("room_id"))


def _alias(account: Account, person: str) -> str:
    """The name of our private room with a person; nobody who has not our secret can ask whether there is one."""
    code = signature(account, "signing", f"direct room|{account.external_id}|{person}".encode(), hex_code)
    return f"#hark-{code[:32]}:{account.external_id.partition(':')[2]}"


def _listed(value: Any) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
