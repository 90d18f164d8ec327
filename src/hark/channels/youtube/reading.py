"""YouTube's comments, into Hark's words. Pure and total.

An arrival is an answer of `commentThreads.list` or `comments.list`, a thread, a comment, or our note that one is gone.
Source: developers.google.com/youtube/v3/docs/comments and …/commentThreads.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from hark.channels.kit.careful_json import MAX_BATCH_BYTES, Json, Unreadable, loads
from hark.channels.kit.newest_first import BACKFILLED, CHANGED, NEW
from hark.channels.kit.words import id_of, text_of, time_of
from hark.channels.types import Account, Inbound, Person, Raw

HELD = frozenset({"heldForReview", "likelySpam"})


def read_comments(account: Account, raw: Raw) -> list[Inbound]:
    """The events in an arrival, in its order; within a thread the comment before its answers."""
    try:
        body = loads(raw.body, max_bytes=MAX_BATCH_BYTES)
    except Unreadable as problem:
        return [Inbound("unknown", account=account.key, raw_id=raw.id, problem=str(problem))]
    return [replace(one, account=account.key, raw_id=raw.id) for one in _events(account, body, raw)]


def comments_in(item: Json) -> list[dict[str, Json]]:
    """The comments of a thread, the first one first, or the one comment that the item is."""
    if not isinstance(item, dict):
        return []
    snippet, replies = item.get("snippet"), item.get("replies")
    top = snippet.get("topLevelComment") if isinstance(snippet, dict) else None
    if not isinstance(top, dict):
        return [item]
    listed = replies.get("comments") if isinstance(replies, dict) else None
    return [top, *(one for one in listed if isinstance(one, dict))] if isinstance(listed, list) else [top]


def _events(account: Account, body: Json, raw: Raw) -> Iterator[Inbound]:
    listed = body.get("items") if isinstance(body, dict) else None
    if isinstance(body, dict) and listed is None and "snippet" in body:
        listed = [body]
    if isinstance(body, dict) and (gone := id_of(body.get("gone"))):
        yield Inbound("delete", gone, thread_id=gone, sent_at=raw.received_at)
    elif isinstance(listed, list):
        for item in listed:
            video = _video(item) or raw.headers.get("video", "")
            yield from [_comment(account, one, raw.headers, video) for one in comments_in(item)] or [_strange()]
    else:
        yield Inbound("unknown", problem="no list of comments")


def _comment(account: Account, said: dict[str, Json], headers: Mapping[str, str], video: str) -> Inbound:
    number, snippet = id_of(said.get("id")), said.get("snippet")
    if number is None or not isinstance(snippet, dict):
        return _strange()
    author = _author(account, snippet)
    made, changed = time_of(snippet.get("publishedAt")), time_of(snippet.get("updatedAt"))
    news = headers.get("news", "")
    later = bool(made and changed and changed > made)
    is_edit = news == CHANGED or (later and news not in {NEW, BACKFILLED})
    ours, parent = bool(author and author.is_self), id_of(snippet.get("parentId"))
    at = changed if is_edit else made
    policy = [*(["backfilled"] if news == BACKFILLED else [])]
    policy += ["held_for_review"] if text_of(snippet.get("moderationStatus")) in HELD else []
    return Inbound(
        "edit" if is_edit else "echo" if ours else "message",
        external_id=number,
        thread_id=parent or number,
        parent_id=parent,
        root_id=parent or number,
        visibility="public",
        author=None if ours and is_edit else author,
        message_kind="comment",
        text=text_of(snippet.get("textOriginal")) or text_of(snippet.get("textDisplay")),
        sent_at=at,
        permalink=_link(text_of(snippet.get("videoId")) or video, number, text_of(snippet.get("channelId"))),
        targets_us="none" if ours else "owned_venue",
        policy=tuple(policy),
        problem=None if at else "the time cannot be read",
    )


def _author(account: Account, snippet: dict[str, Json]) -> Person | None:
    """By the id of his channel; his handle may belong to another one tomorrow."""
    named = snippet.get("authorChannelId")
    key = id_of(named.get("value")) if isinstance(named, dict) else None
    if key is None:
        return None
    shown = text_of(snippet.get("authorDisplayName"))[:200]
    picture = text_of(snippet.get("authorProfileImageUrl"))
    return Person(
        key,
        network="youtube",
        handle=shown if shown.startswith("@") else "",
        name=shown,
        url=f"https://www.youtube.com/channel/{key}",
        avatar=picture if picture.startswith("https://") else "",
        is_self=key in account.self_ids,
    )


def _video(item: Json) -> str:
    snippet = item.get("snippet") if isinstance(item, dict) else None
    return text_of(snippet.get("videoId")) if isinstance(snippet, dict) else ""


def _link(video: str, comment: str, channel: str) -> str | None:
    """The comment below its video; for comments elsewhere the page of the channel's owner for all comments."""
    if video:
        return f"https://www.youtube.com/watch?v={video}&lc={comment}"
    return f"https://studio.youtube.com/channel/{channel}/comments" if channel else None


def _strange() -> Inbound:
    return Inbound("unknown", problem="a comment without an id")
