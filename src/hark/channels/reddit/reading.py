"""What Reddit lists, in Hark's words. Pure and total. Source: reddit.com/dev/api, and "Json" in its wiki.

A file holds a listing, one thing (`t1` a comment, `t3` a post, `t4` a message), or what the poll makes of it:
`{"thing": …}` with what only the poll knows, and `{"gone": "t1_…"}`.
"""

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from hark.channels.kit.attached import host_of, mime_of, name_of, web
from hark.channels.kit.careful_json import MAX_BATCH_BYTES, Json, Unreadable, loads
from hark.channels.kit.json_api import mapping, mappings
from hark.channels.kit.words import id_of, number_of, text_of
from hark.channels.types import Account, AttachmentRef, Inbound, Mention, Person, Raw

HOME = "https://www.reddit.com"
COMMENT, POST, MESSAGE = "t1", "t3", "t4"
GONE = frozenset({"[deleted]", "[removed]", "[ Removed by Reddit ]"})
TO_US = {"username_mention": "mention", "comment_reply": "reply", "post_reply": "reply"}
PICTURES = frozenset({"i.redd.it", "preview.redd.it"})
NAME = re.compile(r"(?<![\w/])/?u/([\w-]{2,30})", re.IGNORECASE)
POST_IN = re.compile(r"/comments/(\w{1,20})/")
FULL_NAME = re.compile(r"t[1-6]_\w{1,20}")
PURGE = ("must_purge",)


@dataclass(frozen=True, slots=True)
class _Found:
    """One thing, and what the poll adds."""

    kind: str
    data: dict[str, Any]
    edited: bool = False
    heard: bool = False
    backfilled: bool = False


def read_things(account: Account, raw: Raw) -> list[Inbound]:
    """The events of an arrival, in order; `unknown` with a problem for what cannot be read."""
    try:
        said = loads(raw.body, max_bytes=MAX_BATCH_BYTES)
    except Unreadable as problem:
        return [Inbound("unknown", account=account.key, raw_id=raw.id, problem=str(problem))]
    events = [_gone(said["gone"])] if isinstance(said, dict) and "gone" in said else _things(account, said)
    return [replace(one, account=account.key, raw_id=raw.id) for one in events]


def _gone(name: Json) -> Inbound:
    known = FULL_NAME.fullmatch(text_of(name))
    return Inbound("delete", known[0], policy=PURGE) if known else Inbound("unknown", problem="a deletion of nothing")


def _things(account: Account, said: Json) -> list[Inbound]:
    listed = said if isinstance(said, list) else [said]
    return [_event(account, found) for one in listed for found in _found(mapping(one))]


def _found(said: dict[str, Any]) -> list[_Found]:
    if said.get("kind") == "Listing":
        return [each for one in mappings(mapping(said.get("data")).get("children")) for each in _found(one)]
    if "thing" in said:
        thing, more = mapping(said["thing"]), {"heard": bool(said.get("heard"))}
        more |= {name: said.get(name) is True for name in ("edited", "backfilled")}
        return [_Found(text_of(thing.get("kind")), mapping(thing.get("data")), **more)]
    found = [_Found(text_of(said.get("kind")), mapping(said.get("data")))]
    replies = mapping(mapping(said.get("data")).get("replies"))  # a message brings its whole talk
    return found + (_found(replies) if replies and said.get("kind") == MESSAGE else [])


def _event(account: Account, found: _Found) -> Inbound:
    name = FULL_NAME.fullmatch(text_of(found.data.get("name")))
    if found.kind not in {COMMENT, POST, MESSAGE} or not name:
        return Inbound("unknown", problem="neither a comment nor a post nor a message")
    if _is_gone(found):
        return Inbound("delete", name[0], thread_id=_thread(found, name[0]), policy=PURGE)
    author, text, sent_at = _person(account, found.data), _text(found), time_at(found.data.get("created_utc"))
    problems = [] if author else ["the author is not named"]
    if sent_at is None:
        problems.append("the time cannot be read")
    thread = _thread(found, name[0])
    read = Inbound(
        "echo" if author and author.is_self else "message",
        external_id=name[0],
        thread_id=thread,
        parent_id=id_of(found.data.get("parent_id")),
        root_id=thread,
        visibility=_seen_by(found),  # type: ignore[arg-type]
        author=author,
        message_kind={COMMENT: "comment", POST: "post", MESSAGE: ""}[found.kind],
        subject=text_of(found.data.get("title") or found.data.get("link_title") or found.data.get("subject")),
        text=text,
        attachments=_attachments(found.data),
        mentions=tuple(Mention("", each[1], each.start(), each.end()) for each in NAME.finditer(text)),
        sent_at=sent_at,
        permalink=_link(found.data),
        targets_us=_target(account, found, text),  # type: ignore[arg-type]
        policy=("backfilled",) if found.backfilled else (),
        problem="; ".join(problems) or None,
    )
    if found.edited and read.kind == "message":
        return replace(read, kind="edit", sent_at=time_at(found.data.get("edited")) or sent_at)
    return read


def _is_gone(found: _Found) -> bool:
    """Words and author of what was deleted are replaced; what moderators removed keeps its author at times."""
    words = {text_of(found.data.get(name)).strip() for name in ("body", "selftext")}
    removed = found.data.get("removed_by_category") is not None and not words - {""} - GONE
    return bool(words & GONE) or (removed and found.kind == POST)


def _thread(found: _Found, name: str) -> str | None:
    """The post of a comment; the first message of a talk."""
    if found.kind == POST:
        return name
    if found.kind == MESSAGE:
        return id_of(found.data.get("first_message_name")) or name
    linked = POST_IN.search(text_of(found.data.get("context") or found.data.get("permalink")))
    return id_of(found.data.get("link_id")) or (f"{POST}_{linked[1]}" if linked else None)


def _seen_by(found: _Found) -> str:
    if found.kind == MESSAGE:
        return "private"
    return "limited" if text_of(found.data.get("subreddit_type")) == "private" else "public"


def _text(found: _Found) -> str:
    """The words as they were written; of a post the title first, and the address that it leads to."""
    if found.kind != POST:
        return text_of(found.data.get("body"))
    body, url = text_of(found.data.get("selftext")), text_of(found.data.get("url"))
    leads = url if not body and found.data.get("is_self") is not True and host_of(url) not in PICTURES else ""
    return "\n\n".join(part for part in (text_of(found.data.get("title")), body, leads) if part)


def _person(account: Account, said: dict[str, Any]) -> Person | None:
    """Known by the number of the account where Reddit tells it, else by the name, which nobody else ever gets."""
    name, number = text_of(said.get("author")), id_of(said.get("author_fullname"))
    if not name and text_of(said.get("subreddit")):  # moderators write in the name of their subreddit
        name, number = "", f"r/{text_of(said['subreddit'])}"
        return Person(number, network="reddit", handle=number, name=number, url=web(f"{HOME}/{number}") or "")
    if not name or name in GONE:
        return None
    ours = {each.casefold().removeprefix("u/") for each in account.self_ids | account.handles if each}
    return Person(
        number or f"u/{name}",
        network="reddit",
        handle=f"u/{name}",
        name=name,
        url=web(f"{HOME}/user/{name}") or "",
        is_self=name.casefold() in ours or (number or "") in account.self_ids,
    )


def _target(account: Account, found: _Found, text: str) -> str:
    ours = {each.casefold().removeprefix("u/") for each in account.self_ids | account.handles if each}
    if found.kind == MESSAGE:
        return "mention"
    if known := TO_US.get(text_of(found.data.get("type"))):
        return known
    if any(each[1].casefold() in ours for each in NAME.finditer(text)):
        return "mention"
    listed = account.settings.get("subreddits", ())
    owned = {str(one).casefold().removeprefix("r/") for one in listed} if isinstance(listed, list | tuple) else set()
    if text_of(found.data.get("subreddit")).casefold() in owned:
        return "owned_venue"
    return "keyword" if found.heard else "none"


def _attachments(said: dict[str, Any]) -> tuple[AttachmentRef, ...]:
    """Pictures that lie with Reddit itself."""
    urls = [text_of(said.get("url_overridden_by_dest") or said.get("url"))]
    urls += [
        text_of(mapping(one.get("s")).get("u"))
        for one in mapping(said.get("media_metadata")).values()
        if isinstance(one, dict)
    ]
    return tuple(
        AttachmentRef(url, mime_of(name_of(url)), None, name_of(url))
        for url in dict.fromkeys(urls)
        if host_of(url) in PICTURES and web(url)
    )[:50]


def _link(said: dict[str, Any]) -> str | None:
    path = text_of(said.get("permalink")) or text_of(said.get("context")).partition("?")[0]
    if path.startswith("/"):
        return web(HOME + path)
    is_message = text_of(said.get("name")).startswith(MESSAGE)
    return web(f"{HOME}/message/messages/{text_of(said.get('id'))}") if is_message else None


def time_at(said: Json) -> datetime | None:
    """Seconds since 1970, which Reddit writes as 1458434031.0."""
    seconds = number_of(int(said) if isinstance(said, float) and abs(said) < 1e12 else said, 1, 253_402_300_799)
    return datetime.fromtimestamp(seconds, UTC) if seconds else None
