"""What Mastodon delivers, in Hark's words. Pure and total. Source: docs.joinmastodon.org, Entities and Streaming.

A file holds a notification, a status, a list of either, or one event of the stream. Pages of the poll hold
`{"notification": …}` or `{"status": …}`, with what only the poll knows: `root` (the first post of the thread), `heard`
(the terms by which it was found) and `backfilled`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from hark.channels.kit.attached import mime_of, name_of, web
from hark.channels.kit.careful_json import MAX_BATCH_BYTES, Json, Unreadable, loads
from hark.channels.kit.formatted import Cleaned
from hark.channels.kit.fragments import words_of_all
from hark.channels.kit.json_api import mapping, mappings
from hark.channels.kit.words import id_of, number_of, text_of, time_of
from hark.channels.mastodon.people import is_ours, person_of
from hark.channels.types import Account, AttachmentRef, Inbound, Mention, Raw

SEEN_BY = {"public": "public", "unlisted": "public", "private": "limited", "direct": "private"}
SAID = frozenset({"mention", "quote", "status", "update"})  # notifications of what somebody has said, or says now
NOTED = {
    "favourite": "reaction", "reblog": "reaction", "pleroma:emoji_reaction": "reaction", "follow": "profile",
    "follow_request": "profile", "admin.sign_up": "profile", "moderation_warning": "channel_health",
    "severed_relationships": "channel_health",
}  # fmt: skip
NAMED = re.compile(r"\A(?:@[\w.-]+(?:@[\w.-]+)?\s+)+")
SSE = re.compile(rb"\Aevent:[ ]?([\w.]+)\r?\ndata:[ ]?(.*?)(?:\r?\n)*\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Found:
    """One thing in an arrival: what it is, and what the poll adds."""

    kind: str  # "notification", "status", "edit", "delete" or "" for what is none of them
    said: Json
    root: str = ""
    heard: bool = False
    backfilled: bool = False


def read_arrival(account: Account, raw: Raw) -> list[Inbound]:
    """The events of an arrival, in order; `unknown` with a problem for what cannot be read."""
    try:
        found = list(_found(_body(raw.body)))
    except Unreadable as problem:
        return [Inbound("unknown", account=account.key, raw_id=raw.id, problem=str(problem))]
    words = words_of_all([text_of(_status_in(one).get("content")) for one in found])
    events = (_event(account, one, read) for one, read in zip(found, words, strict=True))
    return [replace(event, account=account.key, raw_id=raw.id) for event in events]


def _body(body: bytes) -> Json:
    """JSON, or an event of the stream as it stands on the line."""
    event = SSE.match(body)
    if not event:
        return loads(body, max_bytes=MAX_BATCH_BYTES)
    return {"event": event[1].decode("ascii", "replace"), "payload": event[2].decode("utf-8", "replace")}


def _found(said: Json) -> Iterator[_Found]:
    for one in said if isinstance(said, list) else [said]:
        yield _one(mapping(one))


def _one(said: dict[str, Any]) -> _Found:
    if "event" in said:
        return _streamed(said)
    if "notification" in said or ("status" in said and "type" not in said):
        kind = "notification" if "notification" in said else "status"
        more = {"root": text_of(said.get("root")), "heard": bool(said.get("heard"))}
        return _Found(kind, mapping(said[kind]), backfilled=said.get("backfilled") is True, **more)  # type: ignore[arg-type]
    return _Found("notification" if "type" in said and "visibility" not in said else "status", said)


def _streamed(said: dict[str, Any]) -> _Found:
    """The payload of an event is JSON in a text; that of a deletion is the id alone."""
    event, payload = text_of(said.get("event")), said.get("payload")
    if event == "delete":
        return _Found("delete", text_of(payload))
    if isinstance(payload, str):
        payload = loads(payload.encode("utf-8", "replace"), max_bytes=MAX_BATCH_BYTES)
    kinds = {"update": "status", "status.update": "edit", "notification": "notification"}
    if event == "conversation":
        return _Found("status", mapping(mapping(payload).get("last_status")))
    return _Found(kinds.get(event, ""), mapping(payload))


def _status_in(found: _Found) -> dict[str, Any]:
    said = mapping(found.said)
    return mapping(said.get("status")) if found.kind == "notification" else said


def _event(account: Account, found: _Found, words: Cleaned) -> Inbound:
    if found.kind == "delete":
        gone = id_of(found.said)
        return Inbound("delete", gone) if gone else Inbound("unknown", problem="a deletion without an id")
    if found.kind == "notification":
        return _notification(account, found, words)
    if not found.kind:
        return Inbound("unknown", problem="an event of unknown type")
    post = _post(account, found, words)
    if found.kind == "edit" and post.kind == "message":
        return _as_edit(post, found.said)
    return post


def _notification(account: Account, found: _Found, words: Cleaned) -> Inbound:
    said, kind = found.said, text_of(found.said.get("type"))
    if kind in SAID:
        post = _post(account, found, words)
        if kind == "update" and post.kind == "message":
            return _as_edit(post, _status_in(found))
        quotes = kind == "quote" and post.targets_us == "none"
        return replace(post, targets_us="mention") if quotes else post
    number, about = id_of(said.get("id")), id_of(_status_in(found).get("id"))
    if number is None:
        return Inbound("unknown", problem="neither a status nor a notification with an id")
    noted = Inbound(
        NOTED.get(kind, "unknown"),  # type: ignore[arg-type]
        external_id=f"notification:{number}",
        author=person_of(account, said.get("account")),
        text=kind,
        sent_at=time_of(said.get("created_at")),
    )
    if noted.kind == "unknown":
        return replace(noted, text=None, problem="a notification of unknown type")
    return replace(noted, parent_id=about) if noted.kind == "reaction" else noted


def _as_edit(post: Inbound, said: dict[str, Any]) -> Inbound:
    """Other words for a post; `edited_at` says since when."""
    return replace(post, kind="edit", sent_at=time_of(said.get("edited_at")) or post.sent_at)


def _post(account: Account, found: _Found, words: Cleaned) -> Inbound:
    said = _status_in(found)
    number, author = id_of(said.get("id")), person_of(account, said.get("account"))
    if number is None or "visibility" not in said:
        return Inbound("unknown", external_id=number, problem="a status without id or visibility")
    if boosted := id_of(mapping(said.get("reblog")).get("id")):
        at = time_of(said.get("created_at"))
        return Inbound("reaction", number, parent_id=boosted, author=author, text="reblog", sent_at=at)
    text, lead = _text(said, words.text)
    ours = author is not None and author.is_self
    if ours and not lead:  # as it was written here: Hark puts the name of whom it answers before it
        text = NAMED.sub("", text)
    parent, sent_at = id_of(said.get("in_reply_to_id")), time_of(said.get("created_at"))
    problems = [] if author else ["the author is not named"]
    if sent_at is None:
        problems.append("the time cannot be read")
    return Inbound(
        "echo" if ours else "message",
        external_id=number,
        thread_id=found.root or (None if parent else number),
        parent_id=parent,
        root_id=found.root or (None if parent else number),
        visibility=SEEN_BY.get(text_of(said.get("visibility")), "limited"),  # type: ignore[arg-type]
        author=author,
        text=text,
        html=words.html if words.html and not lead else None,
        hidden_text=words.hidden_text,
        lang=id_of(said.get("language")),
        attachments=_attachments(number, said.get("media_attachments")),
        mentions=_mentions(said.get("mentions"), text, lead),
        sent_at=sent_at,
        permalink=web(text_of(said.get("url"))) or web(text_of(said.get("uri"))),
        targets_us=_target(account, said, heard=found.heard),  # type: ignore[arg-type]
        policy=("backfilled",) if found.backfilled else (),
        problem="; ".join(problems) or None,
    )


def _text(said: dict[str, Any], content: str) -> tuple[str, int]:
    """The words with the content warning before them and the choices of a poll behind; where the content begins."""
    warning = text_of(said.get("spoiler_text")).strip()
    lead = f"{warning}\n\n" if warning and content else warning
    titles = [text_of(one.get("title")) for one in mappings(mapping(said.get("poll")).get("options"), 50)]
    choices = "".join(f"\n- {title}" for title in titles if title)
    return f"{lead}{content}{choices}", len(lead)


def _target(account: Account, said: dict[str, Any], *, heard: bool) -> str:
    if is_ours(account, {"id": said.get("in_reply_to_account_id")}):
        return "reply"
    if any(is_ours(account, one) for one in mappings(said.get("mentions"), 200)):
        return "mention"
    return "keyword" if heard else "none"


def _mentions(said: Json, text: str, start: int) -> tuple[Mention, ...]:
    """Where the names stand. The server names the people, not the places; each is looked for once, in code points."""
    found, taken = [], set()
    for one in mappings(said, 100):
        name = text_of(one.get("username"))
        if not name:
            continue
        for match in re.finditer(rf"@{re.escape(name)}(?![\w-])", text[start:], re.IGNORECASE):
            first, last = start + match.start(), start + match.end()
            if first not in taken:
                taken.add(first)
                found.append(Mention(text_of(one.get("url")), text[first + 1 : last], first, last))
                break
    return tuple(sorted(found, key=lambda each: each.start))


def _attachments(status: str, said: Json) -> tuple[AttachmentRef, ...]:
    """By status and number: where the bytes lie today is asked when they are fetched."""
    return tuple(
        AttachmentRef(f"{status}/{number}", mime_of(name), size, name)
        for one in mappings(said, 100)
        if (number := id_of(one.get("id")))
        for name in [name_of(text_of(one.get("url")))]
        for size in [number_of(mapping(mapping(one.get("meta")).get("original")).get("size"), 0, 1 << 40)]
    )
