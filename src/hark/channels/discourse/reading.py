"""What a Discourse forum delivers, in Hark's words. Pure and total. Source: docs.discourse.org, and its serializers.

A file holds the body of a webhook (the header X-Discourse-Event says what happened), an answer of `/posts.json` or
`/private-posts.json`, or a page of the poll: `{"post": …}` with what only the poll knows.
"""

import re
from dataclasses import dataclass, replace
from typing import Any

from hark.channels.kit.attached import mime_of, name_of, web
from hark.channels.kit.careful_json import MAX_BATCH_BYTES, Unreadable, loads
from hark.channels.kit.formatted import Cleaned
from hark.channels.kit.fragments import words_of_all
from hark.channels.kit.json_api import mapping, mappings
from hark.channels.kit.words import id_of, number_of, text_of, time_of
from hark.channels.types import Account, AttachmentRef, Inbound, Mention, Person, Raw

EVENT = "x-discourse-event"
LISTS = {"latest_posts": False, "private_posts": True}
REGULAR, BY_MODERATOR = 1, 2  # post types; 3 notes what was done, 4 is a whisper among the staff
QUOTE = re.compile(r'<aside class="quote\b[^<>]*>(?:(?!<aside\b).)*?</aside>', re.DOTALL)
UPLOAD = re.compile(r'(?:src|href)="([^"<>]{0,500}/uploads/[^"<>]{1,500})"')
NAMED = re.compile(r'class="mention"[^<>]*>@([\w.-]{1,100})<')
MOST = 50


@dataclass(frozen=True, slots=True)
class _Found:
    """One post, what happened to it, and what the poll adds."""

    post: dict[str, Any]
    event: str = "post_created"
    private: bool = False
    parent: str = ""
    backfilled: bool = False


def read_posts(account: Account, raw: Raw) -> list[Inbound]:
    """The events of an arrival, in order; `unknown` with a problem for what cannot be read."""
    try:
        body = loads(raw.body, max_bytes=MAX_BATCH_BYTES)
    except Unreadable as problem:
        return [Inbound("unknown", account=account.key, raw_id=raw.id, problem=str(problem))]
    said, event = mapping(body), text_of(raw.headers.get(EVENT)).strip().lower()
    events = _others(account, said, event)
    if events is None:
        found = [one for one in _posts(said, event) if not _is_strangers(account, one)]
        both = words_of_all([*map(_cooked, found), *(text_of(one.post.get("cooked")) for one in found)])
        words, shown = both[: len(found)], both[len(found) :]
        events = [_event(account, *each) for each in zip(found, words, shown, strict=True)]
    return [replace(one, account=account.key, raw_id=raw.id) for one in events]


def _posts(said: dict[str, Any], event: str) -> list[_Found]:
    for name, private in LISTS.items():
        if name in said:
            return [_Found(one, private=private) for one in mappings(said[name])]
    more = {"private": said.get("private") is True, "backfilled": said.get("backfilled") is True}
    kind = event or text_of(said.get("event")) or "post_created"
    return [_Found(mapping(said.get("post")), kind, parent=text_of(said.get("parent")), **more)]


def _others(account: Account, said: dict[str, Any], event: str) -> list[Inbound] | None:
    """What is about no post; None for posts."""
    if "post" in said or any(name in said for name in LISTS):
        return None
    if "like" in said:
        return [_like(account, mapping(said["like"]))]
    topic = id_of(mapping(said.get("topic")).get("id"))
    if topic:  # its first post comes by itself
        return [Inbound("profile", f"topic:{topic}", thread_id=topic, text=event or "topic")]
    if "ping" in said:
        return [Inbound("profile", "ping", text="ping")]
    return [Inbound("unknown", problem="neither a post nor a list of them")]


def _like(account: Account, said: dict[str, Any]) -> Inbound:
    post, who = mapping(said.get("post")), _person(account, mapping(said.get("user")))
    number = id_of(post.get("id"))
    if number is None or who is None:
        return Inbound("unknown", problem="a like without its post or its author")
    key = f"like:{number}:{who.external_id}"
    return Inbound("reaction", key, parent_id=number, thread_id=id_of(post.get("topic_id")), author=who, text="like")


def _is_strangers(account: Account, found: _Found) -> bool:
    """A webhook brings the private messages of the whole forum: they are read only where the settings say so."""
    by_hook = account.settings.get("incoming") == "webhook" and not account.settings.get("private_by_webhook")
    return by_hook and _is_private(found)


def _is_private(found: _Found) -> bool:
    return found.private or text_of(found.post.get("topic_archetype")) == "private_message"


def _cooked(found: _Found) -> str:
    """The post without what it quotes of others: those words are not the author's."""
    cooked = text_of(found.post.get("cooked"))
    for _ in range(5):  # a quotation may quote
        cooked, count = QUOTE.subn("", cooked)
        if not count:
            break
    return cooked


def _event(account: Account, found: _Found, words: Cleaned, shown: Cleaned) -> Inbound:
    post, number = found.post, id_of(found.post.get("id"))
    if number is None:
        return Inbound("unknown", problem="a post without an id")
    topic, at = id_of(post.get("topic_id")), time_of(post.get("created_at"))
    author = _person(account, post)
    if found.event == "post_destroyed":
        return Inbound("delete", number, thread_id=topic, sent_at=time_of(post.get("deleted_at")))
    kind = number_of(post.get("post_type"), 0, 9) or REGULAR
    if kind not in {REGULAR, BY_MODERATOR}:
        return Inbound("profile", number, thread_id=topic, author=author, sent_at=at)
    problems = [] if author else ["the author is not named"]
    if at is None:
        problems.append("the time cannot be read")
    read = Inbound(
        "echo" if author and author.is_self else "message",
        external_id=number,
        thread_id=topic,
        parent_id=_parent(found, topic),
        visibility="private" if _is_private(found) else "public",
        author=author,
        message_kind="" if _is_private(found) else "post",
        subject=text_of(post.get("topic_title")),
        text=words.text,
        html=shown.html or None,
        hidden_text=shown.hidden_text,
        attachments=_attachments(account, text_of(post.get("cooked"))),
        mentions=_mentions(text_of(post.get("cooked")), words.text),
        sent_at=at,
        permalink=_link(account, post, topic),
        targets_us=_target(account, found),  # type: ignore[arg-type]
        policy=_policy(found),
        problem="; ".join(problems) or None,
    )
    if found.event in {"post_edited", "post_recovered"} and read.kind == "message":
        return replace(read, kind="edit", sent_at=time_of(post.get("updated_at")) or at)
    return read


def _policy(found: _Found) -> tuple[str, ...]:
    """The forum's own machines have numbers below zero: what they write leaves nothing to do."""
    number = found.post.get("user_id")
    tags = {"backfilled": found.backfilled, "automatic": isinstance(number, int) and number < 0}
    return tuple(tag for tag, holds in tags.items() if holds)


def _parent(found: _Found, topic: str | None) -> str | None:
    """The post that is answered: by its id where the poll knows it, else by topic and number, as the forum names it."""
    above = number_of(found.post.get("reply_to_post_number"), 1, 1 << 40)
    return found.parent or (f"{topic}/{above}" if above and topic else None)


def _person(account: Account, said: dict[str, Any]) -> Person | None:
    key = id_of(said.get("user_id")) or (id_of(said.get("id")) if "post_number" not in said else None)
    handle = text_of(said.get("username"))
    if key is None:
        return None
    base = account.base_url.rstrip("/")
    return Person(
        key,
        network="discourse",
        scope=base.partition("://")[2],
        handle=f"@{handle}" if handle else "",
        name=text_of(said.get("name")) or text_of(said.get("display_username")),
        url=web(f"{base}/u/{handle}") or "" if handle else "",
        is_self=key in account.self_ids or _is_our_name(account, handle),
    )


def _is_our_name(account: Account, handle: str) -> bool:
    ours = {name.lstrip("@").casefold() for name in account.self_ids | account.handles if name}
    return bool(handle) and handle.casefold() in ours


def _target(account: Account, found: _Found) -> str:
    above = text_of(mapping(found.post.get("reply_to_user")).get("username"))
    if _is_our_name(account, above):
        return "reply"
    if any(_is_our_name(account, name) for name in NAMED.findall(text_of(found.post.get("cooked")))):
        return "mention"
    return "none" if account.settings.get("ours") is False else "owned_venue"


def _mentions(cooked: str, text: str) -> tuple[Mention, ...]:
    """Where the names of people stand, in the order in which they are named."""
    found: list[Mention] = []
    place = 0
    for name in NAMED.findall(cooked)[:MOST]:
        start = text.find(f"@{name}", place)
        if start >= 0:
            place = start + len(name) + 1
            found.append(Mention("", name, start, place))
    return tuple(found)


def _attachments(account: Account, cooked: str) -> tuple[AttachmentRef, ...]:
    """What was uploaded to the forum; of a picture the original, not the smaller one that is shown."""
    urls = list(dict.fromkeys(UPLOAD.findall(cooked)))[:MOST]
    whole = [url for url in urls if "/optimized/" not in url]
    found = []
    for url in whole or urls:
        full = (
            f"https:{url}"
            if url.startswith("//")
            else f"{account.base_url.rstrip('/')}{url}"
            if url[:1] == "/"
            else url
        )
        name = name_of(full) or url.rpartition("/")[2]
        found.append(AttachmentRef(full, mime_of(name), None, name))
    return tuple(found)


def _link(account: Account, post: dict[str, Any], topic: str | None) -> str | None:
    slug, number = text_of(post.get("topic_slug")) or "-", id_of(post.get("post_number"))
    return web(f"{account.base_url.rstrip('/')}/t/{slug}/{topic}/{number}") if topic and number else None
