"""Direct messages at X, and its encrypted chats, into Hark's words. Pure and total.

The talk of two is named by the other's id: calls and answers of the API name their conversations differently.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from hark.channels.kit.careful_json import Json
from hark.channels.kit.words import id_of, text_of, time_of
from hark.channels.types import Account, Inbound, Person
from hark.channels.x.posts import Beside, ours, person, table, tables, words

ENCRYPTED = "An encrypted message. It can be read and answered at X alone."
ENCRYPTED_TAG = "encrypted"
MESSAGES = "https://x.com/messages"
LATEST = 32_503_680_000_000


@dataclass(frozen=True, slots=True)
class Heard:
    """A direct message: its id, who sent it, with whom we talk there, its words, when."""

    own: str | None
    sender: str | None
    talk: str | None
    text: str
    at: datetime | None


def read_pushed(account: Account, payload: Mapping[str, Json]) -> list[Inbound]:
    """The direct messages of a call, and what was read of ours."""
    users = {key: table(one.get("data")) or one for key, one in table(payload.get("users")).items() if table(one)}
    around = Beside(users, {}, {})
    found = [_pushed(account, one, around) for one in tables(payload.get("direct_message_events"))]
    found += [_read(account, one) for one in tables(payload.get("direct_message_mark_read_events"))]
    return found or [Inbound("unknown", problem="a call about direct messages without one")]


def read_event(account: Account, said: Mapping[str, Json], around: Beside) -> Inbound:
    """A direct message as the API lists it."""
    sender, own = id_of(said.get("sender_id")), id_of(said.get("id"))
    talk = text_of(said.get("dm_conversation_id"))
    if said.get("event_type") != "MessageCreate":
        return Inbound("profile", external_id=own or f"dm:{talk}", thread_id=talk or None)
    other, at = _other(account, talk, sender), time_of(said.get("created_at"))
    return _message(account, Heard(own, sender, other, words(said), at), around)


def read_chat(account: Account, kind: str, payload: Mapping[str, Json]) -> Inbound:
    """An encrypted message: that it came, from whom and when. Its words are not ours to read."""
    own, sender = id_of(payload.get("id")), id_of(payload.get("sender_id"))
    talk, at = text_of(payload.get("conversation_id")), moment(payload.get("created_at_msec"))
    other = _other(account, talk.replace(":", "-"), sender)
    event = _message(account, Heard(own, sender, other, ENCRYPTED, at), Beside({}, {}, {}))
    if kind == "chat.sent" and event.author:
        event = replace(event, kind="echo", author=replace(event.author, is_self=True))
    return replace(event, policy=(ENCRYPTED_TAG,), message_kind="encrypted")


def moment(value: Json) -> datetime | None:
    """An aware UTC time from thousandths of seconds since 1970, which X writes as text; None where it is none."""
    text = text_of(value)
    is_time = text.isascii() and text.isdigit() and len(text) <= 14 and int(text) < LATEST
    return datetime.fromtimestamp(int(text) / 1000, UTC) if is_time else None


def _pushed(account: Account, said: Mapping[str, Json], around: Beside) -> Inbound:
    made = table(said.get("message_create"))
    sender, to = id_of(made.get("sender_id")), id_of(table(made.get("target")).get("recipient_id"))
    other = to if sender in ours(account) else sender
    text, at = words(table(made.get("message_data"))), moment(said.get("created_timestamp"))
    return _message(account, Heard(id_of(said.get("id")), sender, other, text, at), around)


def _message(account: Account, heard: Heard, around: Beside) -> Inbound:
    if heard.own is None:
        return Inbound("unknown", problem="a direct message without an id")
    author = person(account, around.users.get(heard.sender or "", {}), heard.sender)
    is_ours = bool(author and author.is_self)
    lacks = [] if author else ["the author is not named"]
    lacks += [] if heard.at else ["the time cannot be read"]
    return Inbound(
        "echo" if is_ours else "message",
        external_id=heard.own,
        thread_id=heard.talk or heard.sender,
        visibility="private",
        author=author,
        message_kind="direct",
        text=heard.text,
        sent_at=heard.at,
        permalink=MESSAGES,
        targets_us="none" if is_ours else "owned_venue",
        problem="; ".join(lacks) or None,
    )


def _other(account: Account, talk: str, sender: str | None) -> str | None:
    """The other one of two: `1-2` names both. A group has a number of its own."""
    both = talk.split("-")
    if len(both) != 2:
        return id_of(talk) or sender
    others = [one for one in both if one not in ours(account)]
    return others[0] if len(others) == 1 else next((one for one in both if one == sender), None) or id_of(talk)


def _read(account: Account, said: Mapping[str, Json]) -> Inbound:
    sender, about = id_of(said.get("sender_id")), id_of(said.get("last_read_event_id"))
    reader: Person | None = person(account, {}, sender)
    state: Any = "read"
    return Inbound(
        "receipt",
        external_id=about or f"read:{sender}:{text_of(said.get('created_timestamp'))}",
        thread_id=sender,
        author=reader,
        state=state,
        state_of=about,
        sent_at=moment(said.get("created_timestamp")),
    )
