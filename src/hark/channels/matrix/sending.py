"""Replies, their changes and files, each event under a transaction id of ours: sent twice it is there once."""

from typing import Any
from urllib.parse import urlencode

from hark.channels.errors import Ambiguous, Refused, Retry
from hark.channels.kit.carried import bytes_of
from hark.channels.kit.once import attempt
from hark.channels.kit.words import text_of
from hark.channels.matrix.calls import GONE, call, ours, refusal
from hark.channels.matrix.reading import MXC, permalink
from hark.channels.matrix.rooms import direct_room, find_direct_room, parts_of, refuse_unfit
from hark.channels.types import Account, Change, Outbound, OutboundFile, Receipt, Target
from hark.kernel.http import HttpRequest

UPLOAD, UPLOAD_SECONDS, MIME = "/_matrix/media/v3/upload", 60.0, "application/octet-stream"
FALLBACK = 200  # of an edit's words: clients that know no edits show them, all others the new content
KINDS = {"image": "m.image", "video": "m.video", "audio": "m.audio"}
PRIVATE_OF = "hark.private_of"


def deliver(account: Account, outbound: Outbound) -> Receipt:
    """One event for the words and one for each file. Nothing is published before all files are there."""
    room, root, moved = _room_for(account, outbound.target, private=outbound.visibility == "private")
    refuse_unfit(account, room, private=outbound.visibility == "private")
    contents = [_words(outbound)] if outbound.text or not outbound.attachments else []
    contents += [_file(account, file) for file in outbound.attachments]
    relation = {} if moved else _relation(outbound.target, root)
    more: dict[str, Any] = {PRIVATE_OF: outbound.private_of} if outbound.private_of else {}
    ids = []
    for number, content in enumerate(contents):
        key = f"{outbound.id}.{number}" if number else str(outbound.id)
        ids.append(_put(account, room, content | relation | more, key))
    return Receipt(tuple(ids), permalink=permalink(room, ids[0]))


def change(account: Account, wanted: Change) -> Receipt:
    """Other words for the first event, whose files stay; or all of them go. What is gone already is gone."""
    room = _room_of(account, wanted)
    if not wanted.gone:
        _put(account, room, _edit(wanted), str(wanted.id))
        return Receipt(())
    for number, event in enumerate(wanted.of):
        try:
            call(account, "PUT", "rooms", room, "redact", event, f"{wanted.id}.{number}", said={})
        except Refused as error:
            if error.code not in GONE:
                raise
    return Receipt(())


def _room_for(account: Account, target: Target, *, private: bool) -> tuple[str, str, bool]:
    """(room, root of the thread, is it another room than that of the message answered?)."""
    room, root = parts_of(target.thread)
    if private and root:
        return direct_room(account, target.person), "", True
    return room, root, False


def _room_of(account: Account, wanted: Change) -> str:
    room, root = parts_of(wanted.target.thread)
    if wanted.visibility == "private" and root:
        room = find_direct_room(account, wanted.target.person)
    if not room:
        raise Refused("no_room", "The room in which this reply stands is not there any more.")
    return room


def _relation(target: Target, root: str) -> dict[str, Any]:
    """In a thread, as an answer to one message of it (spec, 11.10.1.1); in private as an answer alone."""
    answered = {"m.in_reply_to": {"event_id": target.parent}} if target.parent else {}
    thread = {"rel_type": "m.thread", "event_id": root, "is_falling_back": not answered} if root else {}
    about = {"m.relates_to": {**thread, **answered}} if thread or answered else {}
    return {**about, "m.mentions": {"user_ids": [target.person]} if target.person else {}}


def _words(outbound: Outbound) -> dict[str, Any]:
    """A robot's words are a notice, which Matrix has for them: clients show it, and other robots leave it alone."""
    return {"msgtype": "m.notice" if outbound.author_kind == "bot" else "m.text", "body": outbound.text}


def _edit(wanted: Change) -> dict[str, Any]:
    words = {"msgtype": "m.text", "body": wanted.text}
    return {
        **words,
        "body": f"* {wanted.text[:FALLBACK]}",
        "m.mentions": {},
        "m.new_content": {**words, "m.mentions": {}},
        "m.relates_to": {"rel_type": "m.replace", "event_id": wanted.of[0]},
    }


def _file(account: Account, file: OutboundFile) -> dict[str, Any]:
    path = f"{UPLOAD}?{urlencode({'filename': file.name})}"
    wanted = HttpRequest("POST", path, body=bytes_of(file), max_bytes=65_536, total_seconds=UPLOAD_SECONDS)
    try:
        address = _address(attempt(ours(account, wanted, mime=file.mime or MIME), refusal=refusal).body)
    except Ambiguous as error:  # nothing is published by an upload
        raise Retry(detail="the line broke while a file was sent") from error
    kind = KINDS.get(file.mime.partition("/")[0], "m.file")
    about = {"mimetype": file.mime, "size": file.size}
    return {"msgtype": kind, "body": file.name, "filename": file.name, "url": address, "info": about}


def _address(body: bytes) -> str:
    found = MXC.search(body.decode("utf-8", "replace"))
    if not found:
        raise Retry(detail="the homeserver gave no address for a file")
    return found.group()


def _put(account: Account, room: str, content: dict[str, Any], key: str) -> str:
    event = text_of(call(account, "PUT", "rooms", room, "send", "m.room.message", key, said=content).get("event_id"))
    if not event:
        raise Retry(detail="the homeserver named no event")
    return event
