"""Telegram's updates, in Hark's words. Pure and total. Source: core.telegram.org/bots/api, "Available types".

A file holds one Update, or an answer of getUpdates. An id is `chat:message`, for messages are counted in each chat
anew; a thread is the chat, or `chat:topic` in a group with topics.
"""

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hark.channels.kit.careful_json import MAX_BATCH_BYTES, Json, Unreadable, loads
from hark.channels.kit.json_api import mapping, mappings
from hark.channels.kit.words import id_of, number_of, text_of
from hark.channels.telegram.parts import attachments, mentions, names_us, words_of
from hark.channels.telegram.people import Said, chat_as_person, is_us, person_of
from hark.channels.types import Account, Inbound, Person, Raw

MESSAGES = {"message": False, "edited_message": True, "channel_post": False, "edited_channel_post": True}
SEEN_BY = {"private": "private", "channel": "public", "group": "limited", "supergroup": "limited"}
START = re.compile(r"/start(?:@\w+)?(?:\s.*)?\Z", re.DOTALL)
STOP = re.compile(r"/stop(?:@\w+)?\s*\Z")
BLOCKED = "Has blocked the bot."
REMOVED = frozenset({"kicked", "left"})


def read_updates(account: Account, raw: Raw) -> list[Inbound]:
    """The events of an arrival, in order; `unknown` with a problem for what cannot be read."""
    try:
        said = loads(raw.body, max_bytes=MAX_BATCH_BYTES)
    except Unreadable as problem:
        return [Inbound("unknown", account=account.key, raw_id=raw.id, problem=str(problem))]
    listed = said.get("result") if isinstance(said, dict) and "update_id" not in said else [said]
    if not isinstance(listed, list):
        return [Inbound("unknown", account=account.key, raw_id=raw.id, problem="neither an update nor a list of them")]
    return [replace(_update(account, mapping(one)), account=account.key, raw_id=raw.id) for one in listed]


def _update(account: Account, said: Said) -> Inbound:
    number = id_of(said.get("update_id"))
    if number is None:
        return Inbound("unknown", problem="an update without a number")
    for name, edited in MESSAGES.items():
        if name in said:
            return _message(account, mapping(said[name]), edited=edited)
    if "my_chat_member" in said:
        return _member(account, mapping(said["my_chat_member"]), f"update:{number}")
    if "message_reaction" in said or "callback_query" in said:
        return _reaction(account, said, f"update:{number}")
    return Inbound("unknown", external_id=f"update:{number}", problem="an update of unknown type")


def _message(account: Account, said: Said, *, edited: bool) -> Inbound:
    chat, number = mapping(said.get("chat")), id_of(said.get("message_id"))
    place = id_of(chat.get("id"))
    if number is None or place is None:
        return Inbound("unknown", problem="a message without its number or its chat")
    author = _author(account, said)
    text, is_caption = words_of(said)
    files = attachments(said)
    sent_at = time_at(said.get("edit_date") if edited else said.get("date"))
    problems = [] if author else ["the author is not named"]
    if sent_at is None:
        problems.append("the time cannot be read")
    parent = _answered(said)
    found = Inbound(
        "message",
        external_id=f"{place}:{number}",
        thread_id=_thread(said, place),
        parent_id=f"{place}:{above}" if (above := id_of(parent.get("message_id"))) else None,
        visibility=_seen_by(chat),  # type: ignore[arg-type]
        author=author,
        text=text or (None if files else ""),
        attachments=files,
        mentions=mentions(said, text, is_caption=is_caption),
        sent_at=sent_at,
        permalink=_link(said, chat, number),
        targets_us=_target(account, said, chat, parent),  # type: ignore[arg-type]
        problem="; ".join(problems) or None,
    )
    return _kind_of(found, said, edited=edited)


def _kind_of(found: Inbound, said: Said, *, edited: bool) -> Inbound:
    """What it is: ours, a change, a wish to hear no more, a press on Start, a note of Telegram's, or a message."""
    private, text = found.visibility == "private", found.text or ""
    if found.author and found.author.is_self:
        return replace(found, kind="echo")
    if not text and not found.attachments:
        return replace(found, kind="profile", text=None)  # who came, what was pinned, how a group is called now
    if edited:
        return replace(found, kind="edit")
    if private and STOP.match(text):
        return replace(found, kind="consent_stop")
    if private and START.match(text):
        return replace(found, policy=("automatic",))  # a button that everybody presses first
    return found


def _thread(said: Said, place: str) -> str:
    topic = id_of(said.get("message_thread_id")) if said.get("is_topic_message") is True else None
    return f"{place}:{topic}" if topic else place


def _answered(said: Said) -> Said:
    """The message it answers. In a topic all seems to answer the note that began the topic; that does not count."""
    parent = mapping(said.get("reply_to_message"))
    in_topic = said.get("is_topic_message") is True
    begins = "forum_topic_created" in parent or (in_topic and parent.get("message_id") == said.get("message_thread_id"))
    return {} if begins else parent


def _seen_by(chat: Said) -> str:
    """A group with a name of its own can be read by anybody, a channel without one only by whom it lets in."""
    kind = text_of(chat.get("type"))
    if kind in {"supergroup", "channel"}:
        return "public" if text_of(chat.get("username")) else "limited"
    return SEEN_BY.get(kind, "private")


def _author(account: Account, said: Said) -> Person | None:
    """A person, or the chat in whose name somebody writes."""
    spoken_for = mapping(said.get("sender_chat")) or (mapping(said.get("chat")) if "from" not in said else {})
    return chat_as_person(account, spoken_for) if spoken_for else person_of(account, said.get("from"))


def _target(account: Account, said: Said, chat: Said, parent: Said) -> str:
    if chat.get("type") == "private":
        return "owned_venue"
    if is_us(account, parent.get("from")):
        return "reply"
    return "mention" if names_us(account, said) else "none"


def _link(said: Said, chat: Said, number: str) -> str | None:
    """Groups and channels with a name of their own have addresses."""
    name = text_of(chat.get("username"))
    return (
        f"https://t.me/{name}/{number}" if chat.get("type") != "private" and re.fullmatch(r"\w{1,64}", name) else None
    )


def _member(account: Account, said: Said, number: str) -> Inbound:
    """Our own standing in a chat: whoever blocks the bot wants to hear no more."""
    chat, status = mapping(said.get("chat")), text_of(mapping(said.get("new_chat_member")).get("status"))
    known: dict[str, Any] = {
        "external_id": number,
        "thread_id": id_of(chat.get("id")),
        "author": person_of(account, said.get("from")),
        "sent_at": time_at(said.get("date")),
        "visibility": _seen_by(chat),
    }
    if chat.get("type") == "private" and status == "kicked" and known["author"]:
        return Inbound("consent_stop", text=BLOCKED, **known)
    kind = "channel_health" if status in REMOVED else "profile"
    return Inbound(kind, text=status, **known)  # type: ignore[arg-type]


def _reaction(account: Account, said: Said, number: str) -> Inbound:
    pressed, reacted = mapping(said.get("callback_query")), mapping(said.get("message_reaction"))
    about = mapping(pressed.get("message")) or reacted
    place, message = id_of(mapping(about.get("chat")).get("id")), id_of(about.get("message_id"))
    signs = [text_of(one.get("emoji")) for one in mappings(reacted.get("new_reaction"), 20)]
    return Inbound(
        "reaction",
        external_id=number,
        thread_id=place,
        parent_id=f"{place}:{message}" if place and message else None,
        author=person_of(account, pressed.get("from") or reacted.get("user")),
        text=text_of(pressed.get("data")) or "".join(signs),
        sent_at=time_at(reacted.get("date")),
    )


def time_at(said: Json) -> datetime | None:
    """Seconds since 1970, as Telegram tells times."""
    seconds = number_of(said, 1, 253_402_300_799)
    return datetime.fromtimestamp(seconds, UTC) if seconds else None
