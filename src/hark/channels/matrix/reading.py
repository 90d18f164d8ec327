"""An answer of /sync, into Hark's words. Pure and total."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from typing import Any
from urllib.parse import quote, unquote

from hark.channels.kit.careful_json import MAX_BATCH_BYTES, Json, Unreadable, loads
from hark.channels.kit.words import id_of, number_of, text_of
from hark.channels.matrix.rooms import thread_of
from hark.channels.matrix.shown import Room, direct_rooms, listed, object_in, room_of
from hark.channels.types import Account, AttachmentRef, Inbound, Mention, Person, Raw

FILES = frozenset({"m.image", "m.file", "m.audio", "m.video"})
MXC = re.compile(r"mxc://[A-Za-z0-9.:\[\]-]{1,255}/[A-Za-z0-9_~-]{1,255}")
NAMED = re.compile(r'<a\s+href="https://matrix\.to/#/(@[^"?]{1,255})[^"]{0,255}"[^<>]{0,100}>([^<>]{1,255})</a>')
QUOTED = re.compile(r"(?:^> .*\n)+\n", re.MULTILINE)  # what older clients put before an answer
LATEST = 253_402_300_799_000  # the last second that a datetime holds
MANY = 100
SEALED = "This message is end-to-end encrypted, so Hark cannot read it. Read and answer it in a Matrix client."
SEALED_FILE = "An encrypted file, which Hark cannot read. Open it in a Matrix client."


def read_sync(account: Account, raw: Raw) -> list[Inbound]:
    """The events of the rooms we are in, in order; `unknown` with a problem for what cannot be read."""
    try:
        said = loads(raw.body, max_bytes=MAX_BATCH_BYTES)
    except Unreadable as problem:
        return [Inbound("unknown", account=account.key, raw_id=raw.id, problem=str(problem))]
    if not isinstance(said, dict) or not ("rooms" in said or "next_batch" in said):
        return [Inbound("unknown", account=account.key, raw_id=raw.id, problem="no answer of /sync")]
    policy = ("backfilled",) if raw.headers.get("backfilled") else ()
    return [
        replace(event, account=account.key, raw_id=raw.id, policy=(*policy, *event.policy))
        for event in _events(account, said)
    ]


def _events(account: Account, said: Mapping[str, Any]) -> Iterator[Inbound]:
    direct = direct_rooms(said)
    joined = object_in(object_in(said.get("rooms")).get("join"))
    for room_id, about in joined.items():
        if id_of(room_id) is None or not isinstance(about, dict):
            yield Inbound("unknown", problem="a room without an id, or without events")
            continue
        room = room_of(account, room_id, about, direct)
        for event in listed(object_in(about.get("timeline")).get("events")):
            yield _event(account, room, event)


def _event(account: Account, room: Room, said: Json) -> Inbound:
    if not isinstance(said, dict):
        return Inbound("unknown", problem="an event that is no object")
    kind, event_id = text_of(said.get("type")), id_of(said.get("event_id"))
    if event_id is None:
        return Inbound("unknown", problem="an event without an id")
    read = KINDS.get(kind)
    gone = "redacted_because" in object_in(said.get("unsigned"))
    if gone and kind in WRITTEN:
        return _deleted(account, room, said, event_id)
    if read is None:
        problem = "an event of a type that Hark does not read"
        return Inbound("unknown", external_id=event_id, sent_at=_time(said), problem=problem)
    return read(account, room, said)


def _message(account: Account, room: Room, said: dict[str, Any]) -> Inbound:
    content = object_in(said.get("content"))
    relates = object_in(content.get("m.relates_to"))
    if relates.get("rel_type") == "m.replace" and id_of(relates.get("event_id")):
        return _edit(account, room, said, relates)
    event = _said(account, room, said, content)
    files, problem = _files(content, text_of(said.get("type")))
    text = _words(content, relates, has_file=bool(files or problem))
    automatic = content.get("msgtype") == "m.notice" and event.kind == "message"
    return replace(
        event,
        text=text,
        attachments=files,
        mentions=_mentions(content, text),
        targets_us=_target(account, room, content, text),
        policy=("automatic",) if automatic else (),
        problem="; ".join(filter(None, (event.problem, problem))) or None,
    )


def _encrypted(account: Account, room: Room, said: dict[str, Any]) -> Inbound:
    """It is shown that somebody wrote, and where it can be read."""
    event = _said(account, room, said, object_in(said.get("content")))
    target = _target(account, room, {}, "")
    return replace(event, text="", targets_us=target, problem="; ".join(filter(None, (event.problem, SEALED))))


def _said(account: Account, room: Room, said: dict[str, Any], content: Mapping[str, Any]) -> Inbound:
    """What all messages have: id, thread, author, time."""
    event_id, author = text_of(said.get("event_id")), _person(account, room, said)
    relates = object_in(content.get("m.relates_to"))
    root = id_of(relates.get("event_id")) if relates.get("rel_type") == "m.thread" else None
    answered = id_of(object_in(relates.get("m.in_reply_to")).get("event_id"))
    parent = root if root and relates.get("is_falling_back") is True else answered or root
    problems = [] if author else ["the author is not named"]
    if _time(said) is None:
        problems.append("the time cannot be read")
    return Inbound(
        "echo" if author and author.is_self else "message",
        external_id=event_id,
        thread_id=thread_of(room.id, room.readers or "private", root or room.root or parent or event_id),
        parent_id=parent,
        root_id=root,
        visibility=room.readers,  # type: ignore[arg-type]
        author=author,
        message_kind="message",
        sent_at=_time(said),
        permalink=permalink(room.id, event_id),
        client_ref=_our_reference(said) if author and author.is_self else None,
        problem="; ".join(problems) or None,
    )


def _edit(account: Account, room: Room, said: dict[str, Any], relates: Mapping[str, Any]) -> Inbound:
    """Other words for a message: those of `m.new_content` (spec, 11.38). One that Hark itself has sent is no news."""
    content = object_in(said.get("content"))
    new = object_in(content.get("m.new_content")) or content
    original = text_of(relates.get("event_id"))
    thread = object_in(new.get("m.relates_to"))
    root = id_of(thread.get("event_id")) if thread.get("rel_type") == "m.thread" else None
    text, author = _words(new, {}, has_file=text_of(new.get("msgtype")) in FILES), _person(account, room, said)
    return Inbound(
        "echo" if author and author.is_self and _our_reference(said) else "edit",
        external_id=original,
        thread_id=thread_of(room.id, room.readers or "private", root or original),
        visibility=room.readers,  # type: ignore[arg-type]
        author=author,
        text=text,
        mentions=_mentions(new, text),
        targets_us=_target(account, room, new, text),
        sent_at=_time(said),
        permalink=permalink(room.id, original),
    )


def _redaction(account: Account, room: Room, said: dict[str, Any]) -> Inbound:
    """A deletion. What it deletes stands in the event, or from room version 11 on in its content."""
    about = id_of(said.get("redacts")) or id_of(object_in(said.get("content")).get("redacts"))
    if about is None:
        return Inbound("unknown", external_id=text_of(said["event_id"]), problem="a deletion of nothing")
    return Inbound("delete", external_id=about, author=_person(account, room, said), sent_at=_time(said))


def _deleted(account: Account, room: Room, said: dict[str, Any], event_id: str) -> Inbound:
    """A message that was deleted before we came to read it."""
    because = object_in(object_in(said.get("unsigned")).get("redacted_because"))
    by = _person(account, room, because) if because else None
    return Inbound("delete", external_id=event_id, author=by, sent_at=_time(because) or _time(said))


def _reaction(account: Account, room: Room, said: dict[str, Any]) -> Inbound:
    relates = object_in(object_in(said.get("content")).get("m.relates_to"))
    return Inbound(
        "reaction",
        external_id=text_of(said["event_id"]),
        parent_id=id_of(relates.get("event_id")),
        text=text_of(relates.get("key"))[:MANY],
        author=_person(account, room, said),
        sent_at=_time(said),
    )


WRITTEN = frozenset({"m.room.message", "m.room.encrypted", "m.sticker"})
KINDS: dict[str, Callable[[Account, Room, dict[str, Any]], Inbound]] = {
    "m.room.message": _message,
    "m.sticker": _message,
    "m.room.encrypted": _encrypted,
    "m.room.redaction": _redaction,
    "m.reaction": _reaction,
}


def permalink(room: str, event_id: str) -> str:
    """Where any Matrix client can be opened at a message."""
    via = room.partition(":")[2]
    path = f"{quote(room, safe='!:')}/{quote(event_id, safe='$:')}"
    return f"https://matrix.to/#/{path}{'?via=' + quote(via, safe=':') if via else ''}"


def _person(account: Account, room: Room, said: Mapping[str, Any]) -> Person | None:
    key = id_of(said.get("sender"))
    if key is None:
        return None
    name = room.names.get(key) or key.removeprefix("@").partition(":")[0]
    url = f"https://matrix.to/#/{quote(key, safe='@:')}"
    return Person(key, network="matrix", handle=key, name=name, url=url, is_self=key in account.self_ids)


def _words(content: Mapping[str, Any], relates: Mapping[str, Any], *, has_file: bool) -> str:
    """What somebody wrote: the body; of a file its caption, where it has one (spec, 11.2.1.2)."""
    body, name = text_of(content.get("body")), text_of(content.get("filename"))
    if has_file:
        return body if name and name != body else ""
    if relates.get("m.in_reply_to") and (quoted := QUOTED.match(body)):
        return body[quoted.end() :]
    return body


def _files(content: Mapping[str, Any], kind: str) -> tuple[tuple[AttachmentRef, ...], str]:
    """The file of a message, and what is wrong with it."""
    if text_of(content.get("msgtype")) not in FILES and kind != "m.sticker":
        return (), ""
    if isinstance(content.get("file"), dict):
        return (), SEALED_FILE
    address = text_of(content.get("url"))
    if not MXC.fullmatch(address):
        return (), "a file without an address"
    info = object_in(content.get("info"))
    name = text_of(content.get("filename")) or text_of(content.get("body"))
    return (AttachmentRef(address, text_of(info.get("mimetype")), number_of(info.get("size"), 0, 1 << 50), name),), ""


def _mentions(content: Mapping[str, Any], text: str) -> tuple[Mention, ...]:
    """Whom a message names: links to people in its HTML, and ids of those in `m.mentions`, where its text has them."""
    named = [
        (unquote(key), unescape(shown)) for key, shown in NAMED.findall(text_of(content.get("formatted_body"))[:65_536])
    ]
    meant = listed(object_in(content.get("m.mentions")).get("user_ids"))
    named += [(key, key) for key in meant if isinstance(key, str)]
    found: dict[str, Mention] = {}
    for key, shown in named[:MANY]:
        start = text.find(shown) if shown else -1
        if start >= 0 and key not in found:
            found[key] = Mention(text_of(key), shown, start, start + len(shown))
    return tuple(found.values())


def _target(account: Account, room: Room, content: Mapping[str, Any], text: str) -> Any:
    """Is it said to us? In private and in rooms of ours always; elsewhere where it answers us or names us."""
    if room.ours or room.readers == "private":
        return "owned_venue"
    if room.answers_us:
        return "reply"
    meant = listed(object_in(content.get("m.mentions")).get("user_ids"))
    if any(own and (own in meant or own in text) for own in account.self_ids):
        return "mention"
    return "mention" if any(own and own in text for own in account.handles) else "none"


def _our_reference(said: Mapping[str, Any]) -> str | None:
    """The transaction id under which we sent it: the reply's id, with a number where it is one of several events."""
    return id_of(text_of(object_in(said.get("unsigned")).get("transaction_id")).partition(".")[0])


def _time(said: Mapping[str, Any]) -> datetime | None:
    stamp = number_of(said.get("origin_server_ts"), 0, LATEST)
    return None if stamp is None else datetime.fromtimestamp(stamp / 1000, UTC)
