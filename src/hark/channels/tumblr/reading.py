"""What Tumblr shows of a blog's activity and of posts, in Hark's words. Pure and total.

Source: tumblr/docs `api.md` (notifications, posts) and `npf-spec.md` (Neue Post Format, which counts in code points).
A file holds an answer of `/notifications`, of `/posts` or of `/tagged`, one of their items, or a page of the poll:
`{"notification": …, "post": …}` or `{"post": …}` with what only the poll knows.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from hark.channels.kit.attached import host_of, mime_of, name_of, web
from hark.channels.kit.careful_json import MAX_BATCH_BYTES, Json, Unreadable, loads
from hark.channels.kit.json_api import mapping, mappings
from hark.channels.kit.words import id_of, number_of, text_of
from hark.channels.types import Account, AttachmentRef, Inbound, Mention, Person, Raw

HOME = "https://www.tumblr.com"
MEDIA = ".media.tumblr.com"
SAID = {
    "reply": "reply", "mention_in_reply": "mention", "mention_in_post": "mention", "reblog_with_content": "reply",
    "conversational_note": "reply", "ask": "owned_venue", "user_mention": "mention",
}  # fmt: skip
NOTED = {
    "like": "reaction", "reblog_naked": "reaction", "follow": "profile", "new_group_blog_member": "profile",
    "answered_ask": "profile", "post_attribution": "profile", "what_you_missed": "profile",
    "post_flagged": "channel_health", "post_appeal_accepted": "channel_health",
    "post_appeal_rejected": "channel_health",
}  # fmt: skip
LISTS = {"quote": "“{}”", "ordered-list-item": "- {}", "unordered-list-item": "- {}"}
MOST_BLOCKS = 1_000


@dataclass(frozen=True, slots=True)
class _Found:
    """An activity, a post, or both, and what the poll adds."""

    note: dict[str, Any]
    post: dict[str, Any]
    heard: bool = False
    backfilled: bool = False


def read_activity(account: Account, raw: Raw) -> list[Inbound]:
    """The events of an arrival, in order; `unknown` with a problem for what cannot be read."""
    try:
        said = loads(raw.body, max_bytes=MAX_BATCH_BYTES)
    except Unreadable as problem:
        return [Inbound("unknown", account=account.key, raw_id=raw.id, problem=str(problem))]
    return [replace(_event(account, one), account=account.key, raw_id=raw.id) for one in _found(said)]


def _found(said: Json) -> list[_Found]:
    if isinstance(said, list):
        return [each for one in said for each in _found(one)]
    body = mapping(said)
    if "response" in body:
        return _found(body["response"])
    if "notifications" in body:
        return [_Found(one, {}) for one in mappings(body["notifications"])]
    if "posts" in body and "content" not in body:
        return [_Found({}, one) for one in mappings(body["posts"])]
    if "notification" in body or "post" in body:
        more = {name: body.get(name) is True for name in ("heard", "backfilled")}
        return [_Found(mapping(body.get("notification")), mapping(body.get("post")), **more)]
    is_post = "content" in body or "reblog_key" in body or "post_url" in body
    return [_Found({}, body) if is_post else _Found(body, {})]


def _event(account: Account, found: _Found) -> Inbound:
    kind = text_of(found.note.get("type"))
    if found.post:
        return _post(account, found, SAID.get(kind, ""))
    if kind in SAID:
        return _note(account, found.note, kind, backfilled=found.backfilled)
    number = _note_number(found.note)
    if kind not in NOTED or number is None:
        return Inbound("unknown", external_id=number, problem="neither a post nor an activity that is known")
    who, at = _from(account, found.note), time_at(found.note.get("timestamp"))
    target = id_of(found.note.get("target_post_id"))
    return Inbound(NOTED[kind], number, parent_id=target, author=who, text=kind, sent_at=at)  # type: ignore[arg-type]


def _note(account: Account, note: dict[str, Any], kind: str, *, backfilled: bool) -> Inbound:
    """What is no post of its own: a reply below a post, an ask; or a post that could not be fetched, summed up."""
    number, target, at = _note_number(note), id_of(note.get("target_post_id")), time_at(note.get("timestamp"))
    who = _from(account, note)
    own = id_of(note.get("post_id")) if kind not in {"reply", "mention_in_reply", "ask"} else None
    if number is None:
        return Inbound("unknown", problem="an activity without a time")
    text = next(
        (words for name in ("reply_text", "added_text", "target_post_summary") if (words := text_of(note.get(name)))),
        "",
    )
    problems = [] if who else ["the author is not named"]
    if own:
        problems.append("only a summary of the post could be read")
    return Inbound(
        "echo" if who and who.is_self else "message",
        external_id=own or number,
        thread_id=target or own or number,
        parent_id=target,
        root_id=target,
        visibility="private" if kind == "ask" else "public",
        author=who,
        message_kind="ask" if kind == "ask" else "reply",
        text=text,
        sent_at=at,
        permalink=_link_to(account, target) if kind != "ask" else f"{HOME}/inbox",
        targets_us=SAID[kind],  # type: ignore[arg-type]
        policy=("backfilled",) if backfilled else (),
        problem="; ".join(problems) or None,
    )


def _note_number(note: dict[str, Any]) -> str | None:
    """`note:` with the post that it is about, so that an answer knows what to reblog."""
    target, number = id_of(note.get("target_post_id")) or "0", id_of(note.get("id"))
    made = number or f"{text_of(note.get('timestamp'))}-{text_of(note.get('from_tumblelog_name'))}"
    return f"note:{target}:{made}"[:500] if number or time_at(note.get("timestamp")) else None


def _post(account: Account, found: _Found, target: str) -> Inbound:
    post = found.post
    number = id_of(post.get("id_string")) or id_of(post.get("id"))
    if number is None:
        return Inbound("unknown", problem="a post without an id")
    author, at = _blog(account, post), time_at(post.get("timestamp"))
    text, mentions = _words(post)
    ours = author is not None and author.is_self
    if ours and mentions and mentions[0].start == 0:  # as it was written here: Hark puts whom it answers before it
        text, mentions = text[mentions[0].end :].lstrip(), ()
    trail = [mapping(one.get("post")) for one in mappings(post.get("trail"), 500)]
    above = id_of(post.get("parent_post_id")) or (id_of(trail[-1].get("id")) if trail else None)
    root = (id_of(trail[0].get("id")) if trail else None) or above or number
    problems = [] if author else ["the author is not named"]
    if at is None:
        problems.append("the time cannot be read")
    if not text and not _files(post) and above:  # passed on without a word
        return Inbound("reaction", number, parent_id=above, author=author, text="reblog", sent_at=at)
    return Inbound(
        "echo" if ours else "message",
        external_id=number,
        thread_id=root,
        parent_id=above,
        root_id=root,
        visibility="limited" if post.get("state") == "private" else "public",
        author=author,
        message_kind="post",
        text=text,
        attachments=_files(post),
        mentions=mentions,
        sent_at=at,
        permalink=web(text_of(post.get("post_url"))),
        targets_us=target or _target(account, mentions, heard=found.heard),  # type: ignore[arg-type]
        policy=("backfilled",) if found.backfilled else (),
        problem="; ".join(problems) or None,
    )


def _target(account: Account, mentions: tuple[Mention, ...], *, heard: bool) -> str:
    if any(is_ours(account, each.external_id, each.handle) for each in mentions):
        return "mention"
    return "keyword" if heard else "none"


def _words(post: dict[str, Any]) -> tuple[str, tuple[Mention, ...]]:
    """All that this blog wrote, block by block, with the places of names; of an old post its title and body."""
    pieces: list[str] = []
    mentions: list[Mention] = []
    place = 0
    for block in mappings(post.get("content"), MOST_BLOCKS):
        form = LISTS.get(text_of(block.get("subtype")), "{}")
        text = text_of(block.get("text") or block.get("title") or block.get("alt_text"))
        if block.get("type") == "link":
            text = "\n".join(
                part for part in (text, text_of(block.get("description")), text_of(block.get("url"))) if part
            )
        if not text:
            continue
        mentions += _mentions(block, text, place + form.index("{}"))
        pieces.append(form.format("{}").replace("{}", text))
        place += len(pieces[-1]) + 2
    legacy = [text_of(post.get(name)) for name in ("title", "summary")] if "content" not in post else []
    return "\n\n".join([*pieces, *(one for one in legacy if one)]), tuple(mentions)


def _mentions(block: dict[str, Any], text: str, place: int) -> list[Mention]:
    found = []
    for one in mappings(block.get("formatting"), 200):
        start, end = number_of(one.get("start"), 0, len(text)), number_of(one.get("end"), 0, len(text))
        blog = mapping(one.get("blog"))
        if one.get("type") == "mention" and start is not None and end is not None and start < end:
            handle = text[start:end].lstrip("@")
            found.append(
                Mention(text_of(blog.get("uuid")) or text_of(blog.get("name")), handle, place + start, place + end)
            )
    return found


def _files(post: dict[str, Any]) -> tuple[AttachmentRef, ...]:
    """Pictures, videos and sound that lie with Tumblr; of several sizes the largest."""
    urls = []
    for block in mappings(post.get("content"), MOST_BLOCKS):
        media = block.get("media")
        sizes = mappings(media, 50) if isinstance(media, list) else [mapping(media)]
        largest = max(sizes, key=lambda one: number_of(one.get("width"), 0, 1 << 20) or 0, default={})
        urls.append(text_of(largest.get("url")))
    kept = [url for url in dict.fromkeys(urls) if web(url) and is_theirs(url)]
    return tuple(AttachmentRef(url, mime_of(name_of(url)), None, name_of(url)) for url in kept[:100])


def is_theirs(url: str) -> bool:
    """Does it lie where Tumblr keeps what is uploaded?"""
    return f".{host_of(url)}".endswith(MEDIA)


def _blog(account: Account, post: dict[str, Any]) -> Person | None:
    """The blog of a post, by the number that it keeps when it takes another name."""
    blog = mapping(post.get("blog"))
    name = text_of(blog.get("name")) or text_of(post.get("blog_name"))
    key = text_of(blog.get("uuid")) or text_of(post.get("tumblelog_uuid")) or name
    return _person(account, key, name, text_of(blog.get("title")))


def _from(account: Account, note: dict[str, Any]) -> Person | None:
    name = text_of(note.get("from_tumblelog_name"))
    return _person(account, text_of(note.get("from_tumblelog_uuid")) or name, name, "")


def _person(account: Account, key: str, name: str, title: str) -> Person | None:
    if not id_of(key):
        return None
    url = web(f"{HOME}/{name}") if name.replace("-", "").isalnum() else None
    ours = is_ours(account, key, name)
    return Person(key, network="tumblr", handle=name, name=title or name, url=url or "", is_self=ours)


def is_ours(account: Account, key: str, name: str) -> bool:
    """Is it our own blog, by its number or its name?"""
    ours = {each.casefold().removeprefix("@") for each in account.self_ids | account.handles if each}
    return any(each and each.casefold() in ours for each in (key, name))


def _link_to(account: Account, post: str | None) -> str | None:
    name = text_of(account.settings.get("blog")).removesuffix(".tumblr.com")
    return web(f"{HOME}/{name}/{post}") if name.replace("-", "").isalnum() and post else None


def time_at(said: Json) -> datetime | None:
    """Seconds since 1970."""
    seconds = number_of(said, 1, 253_402_300_799)
    return datetime.fromtimestamp(seconds, UTC) if seconds else None
