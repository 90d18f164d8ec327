"""What Bluesky tells, into Hark's words: a list of notifications, posts, one post view, one event of Jetstream."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from hark.channels.kit.careful_json import MAX_BATCH_BYTES, Json, Unreadable, loads
from hark.channels.kit.words import id_of, number_of, text_of, time_of
from hark.channels.types import Account, AttachmentRef, Inbound, Mention, Person, Raw

POST = "app.bsky.feed.post"
MENTION = "app.bsky.richtext.facet#mention"
HEARD = frozenset({"mention", "reply", "quote"})
NOTED = frozenset({"like", "repost", "follow", "like-via-repost", "repost-via-repost"})
LATEST = 253_402_300_799_000_000
MANY = 100


def read_answer(account: Account, raw: Raw) -> list[Inbound]:
    """The events in it, in order; `unknown` with a problem for what cannot be read. Pure and total."""
    try:
        said = loads(raw.body, max_bytes=MAX_BATCH_BYTES)
    except Unreadable as problem:
        return [Inbound("unknown", account=account.key, raw_id=raw.id, problem=str(problem))]
    own = account.self_ids | ({text_of(_object(_object(said).get("hark")).get("self"))} - {""})
    policy = ("backfilled",) if raw.headers.get("backfilled") else ()
    return [
        replace(event, account=account.key, raw_id=raw.id, policy=(*policy, *event.policy))
        for event in _events(own, said)
    ]


def _events(own: frozenset[str], said: Json) -> Iterator[Inbound]:
    if isinstance(said, list):
        said = {"posts": said}
    if not isinstance(said, dict):
        yield Inbound("unknown", problem="no object and no list")
    elif "commit" in said or text_of(said.get("kind")) in {"commit", "identity", "account"}:
        yield _commit(own, said)
    elif isinstance(said.get("notifications"), list):
        yield from (_notified(own, one) for one in said["notifications"])
    elif isinstance(said.get("posts"), list):
        yield from (_post(own, one) for one in said["posts"])
    elif isinstance(said.get("feed"), list):
        yield from (_post(own, _object(one).get("post")) for one in said["feed"])
    else:
        yield _post(own, said)


def _notified(own: frozenset[str], said: Json) -> Inbound:
    """Somebody has mentioned, answered or quoted us; likes, reposts and followers are no messages."""
    if not isinstance(said, dict):
        return Inbound("unknown", problem="a notification that is no object")
    reason = text_of(said.get("reason"))
    if reason in HEARD:
        return _post(own, said, heard=reason)
    problem = "a notification that is no message" if reason in NOTED else "a notification of unknown reason"
    return Inbound(
        "unknown", external_id=id_of(said.get("uri")), sent_at=time_of(said.get("indexedAt")), problem=problem
    )


def _commit(own: frozenset[str], said: dict[str, Any]) -> Inbound:
    """One change of somebody's repository, as Jetstream tells it."""
    commit, did = _object(said.get("commit")), id_of(said.get("did"))
    rkey, stamp = id_of(commit.get("rkey")), number_of(said.get("time_us"), 0, LATEST)
    if commit.get("collection") != POST or did is None or rkey is None:
        return Inbound("unknown", problem="a change of something other than a post")
    uri, at = f"at://{did}/{POST}/{rkey}", None if stamp is None else datetime.fromtimestamp(stamp / 1e6, UTC)
    author = {"did": did, "handle": ""}
    if commit.get("operation") == "delete":
        return Inbound("delete", external_id=uri, author=_person(own, author), sent_at=at, visibility="public")
    seen = at.isoformat() if at else None
    return _post(own, {"uri": uri, "author": author, "record": commit.get("record"), "indexedAt": seen})


def _post(own: frozenset[str], said: Json, heard: str = "") -> Inbound:
    uri = id_of(_object(said).get("uri"))
    if uri is None:
        return Inbound("unknown", problem="a post without an address")
    record, author = _object(said.get("record")), _person(own, said.get("author"))
    words, reply = text_of(record.get("text")), _object(record.get("reply"))
    parent, root = (id_of(_object(reply.get(name)).get("uri")) for name in ("parent", "root"))
    mentions = _mentions(record)
    sent_at = time_of(record.get("createdAt")) or time_of(said.get("indexedAt"))
    problems = [
        *([] if author else ["the author is not named"]),
        *([] if record else ["the post itself is not there"]),
        *([] if sent_at else ["the time cannot be read"]),
    ]
    langs = record.get("langs")
    return Inbound(
        "echo" if author and author.is_self else "message",
        external_id=uri,
        thread_id=root or uri,
        parent_id=parent,
        root_id=root,
        visibility="public",
        author=author,
        message_kind="post",
        text=words,
        lang=id_of(langs[0]) if isinstance(langs, list) and langs else None,
        attachments=_attachments(author, _object(record.get("embed"))),
        mentions=mentions,
        sent_at=sent_at,
        permalink=permalink(uri),
        targets_us=_target(own, heard, mentions, (parent, root)),
        problem="; ".join(problems) or None,
    )


def _target(own: frozenset[str], heard: str, mentions: tuple[Mention, ...], above: tuple[str | None, ...]) -> Any:
    """An answer to us, or a mention; a quotation speaks of us too. What came by neither was found by its words."""
    if heard == "reply" or _owner(above[0]) in own:
        return "reply"
    if heard or any(one.external_id in own for one in mentions):
        return "mention"
    return "keyword"


def _mentions(record: Mapping[str, Any]) -> tuple[Mention, ...]:
    """Facets count bytes of UTF-8; Hark counts code points (docs.bsky.app, "Rich text")."""
    said = record.get("text")
    raw = said.encode("utf-8", "replace") if isinstance(said, str) else b""
    found = []
    for facet in _listed(record.get("facets"))[:MANY]:
        index = _object(facet.get("index"))
        first, last = (number_of(index.get(name), 0, len(raw)) for name in ("byteStart", "byteEnd"))
        did = next(
            (text_of(one.get("did")) for one in _listed(facet.get("features")) if one.get("$type") == MENTION), ""
        )
        if did and first is not None and last is not None and first < last:
            start, end = (len(raw[:place].decode("utf-8", "replace")) for place in (first, last))
            found.append(Mention(did, text_of(raw[first:last].decode("utf-8", "replace")), start, end))
    return tuple(found)


def _attachments(author: Person | None, embed: Mapping[str, Any]) -> tuple[AttachmentRef, ...]:
    """Pictures and films, as blobs of their author's repository; the alternative text is the name."""
    media = _object(embed.get("media")) or embed
    shown = [(_object(one.get("image")), text_of(one.get("alt"))) for one in _listed(media.get("images"))[:MANY]]
    shown += [(_object(media.get("video")), text_of(media.get("alt")))]
    did = author.external_id if author else ""
    return tuple(
        AttachmentRef(f"{did}/{cid}", text_of(blob.get("mimeType")), number_of(blob.get("size"), 0, 1 << 50), alt[:200])
        for blob, alt in shown
        if did and (cid := id_of(_object(blob.get("ref")).get("$link")))
    )


def _person(own: frozenset[str], said: Json) -> Person | None:
    did = id_of(_object(said).get("did"))
    if did is None:
        return None
    avatar = text_of(said.get("avatar"))
    return Person(
        did,
        network="bluesky",
        handle=text_of(said.get("handle")),
        name=text_of(said.get("displayName")),
        url=f"https://bsky.app/profile/{quote(did, safe=':')}",
        avatar=avatar if avatar.startswith("https://") and len(avatar) <= 2000 else "",
        is_self=did in own,
        verified=_object(said.get("verification")).get("verifiedStatus") == "valid",
    )


def permalink(uri: str) -> str:
    """Where a person can open a post."""
    return f"https://bsky.app/profile/{quote(_owner(uri), safe=':')}/post/{quote(uri.rpartition('/')[2], safe='')}"


def _owner(uri: str | None) -> str:
    """Whose repository an address lies in."""
    return (uri or "").removeprefix("at://").partition("/")[0]


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _listed(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
