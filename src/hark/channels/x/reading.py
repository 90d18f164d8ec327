"""Calls of X's Activity API and answers of its API v2, into Hark's words. Pure and total."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from hark.channels.kit.careful_json import MAX_BATCH_BYTES, Json, Unreadable, loads
from hark.channels.kit.words import id_of, text_of, time_of
from hark.channels.types import Account, Inbound, Raw
from hark.channels.x.posts import Way, beside, ours, person, read_post, table
from hark.channels.x.talks import read_chat, read_event, read_pushed

FOUND = "found"  # the header in which a polled arrival says how it was found
OLDER = "older"  # the header of what was there before the channel was
WAYS: dict[str, Way] = {"mention": "mention", "keyword": "keyword", "reply": "reply", "quote": "quote"}
POSTS: dict[str, Way] = {
    "post.create": "",
    "post.mention.create": "mention",
    "post.reply.create": "reply",
    "post.quote.create": "quote",
}
ABOUT_US = ("post.mention", "post.reply", "post.quote", "dm.", "chat.")  # of these the filter names us
FOREIGN = "This is about another account than the one connected here; each needs a callback address of its own."
REVOKED = "X no longer lets Hark in: somebody took the access back. Sign in again."


def read_arrival(account: Account, raw: Raw) -> list[Inbound]:
    """The events of one arrival, in order; `unknown` with a problem for what cannot be read."""
    try:
        said = loads(raw.body, max_bytes=MAX_BATCH_BYTES)
    except Unreadable as problem:
        return [Inbound("unknown", account=account.key, raw_id=raw.id, problem=str(problem))]
    events = _events(account, said, WAYS.get(raw.headers.get(FOUND, ""), ""))
    older = ("backfilled",) if OLDER in raw.headers else ()
    return [replace(event, account=account.key, raw_id=raw.id, policy=(*event.policy, *older)) for event in events]


def _events(account: Account, said: Json, way: Way) -> list[Inbound]:
    if isinstance(said, list):
        return [event for one in said for event in _events(account, one if isinstance(one, dict) else {}, way)]
    answer = table(said)
    data = answer.get("data")
    if isinstance(data, dict) and "event_type" in data and "payload" in data:
        return _activity(account, data)
    if "matching_rules" in answer:  # the filtered stream, which finds by words
        way = way or "keyword"
    listed = data if isinstance(data, list) else [data] if isinstance(data, dict) else None
    if listed is None:
        return [] if table(answer.get("meta")).get("result_count") == 0 else [Inbound("unknown", problem="no data")]
    around = beside(answer.get("includes"))
    return [
        read_event(account, table(one), around) if "event_type" in table(one) else read_post(account, one, around, way)
        for one in listed
    ]


def _activity(account: Account, data: Mapping[str, Json]) -> list[Inbound]:
    """One event of the Activity API."""
    kind, payload = text_of(data.get("event_type")), table(data.get("payload"))
    owner = id_of(table(data.get("filter")).get("user_id"))
    if owner and kind.startswith(ABOUT_US):
        if account.external_id not in {"", owner}:
            return [Inbound("unknown", external_id=id_of(data.get("event_uuid")), problem=FOREIGN)]
        account = replace(account, self_ids=account.self_ids | {owner})
    if kind in POSTS:
        return [read_post(account, payload, beside(data.get("includes")), POSTS[kind])]
    if kind in {"dm.sent", "dm.received", "dm.read"}:
        return read_pushed(account, payload)
    if kind in {"chat.sent", "chat.received"}:
        return [read_chat(account, kind, payload)]
    return [OTHERS.get(kind, _passing)(account, data, payload)]


def _passing(account: Account, data: Mapping[str, Json], payload: Mapping[str, Json]) -> Inbound:
    """What nobody says to anybody."""
    own, kind = id_of(data.get("event_uuid")), text_of(data.get("event_type"))
    if kind.partition(".")[0] in PASSING and own:
        return Inbound("profile", external_id=own, message_kind=kind[:40])
    return Inbound("unknown", external_id=own, problem=f"an event of an unknown kind ({kind[:60]})")


def _deleted(account: Account, data: Mapping[str, Json], payload: Mapping[str, Json]) -> Inbound:
    """Its words must go here too."""
    own = id_of(payload.get("id"))
    if own is None:
        return Inbound("unknown", problem="a deletion that does not say of what")
    users, key = beside(data.get("includes")).users, id_of(payload.get("author_id"))
    author = person(account, users.get(key or "", {}), key)
    return Inbound("delete", external_id=own, visibility="public", author=author, policy=("must_purge",))


def _liked(account: Account, data: Mapping[str, Json], payload: Mapping[str, Json]) -> Inbound:
    own, of_whom = id_of(payload.get("id")), id_of(payload.get("liked_tweet_author_id"))
    if own is None:
        return Inbound("unknown", problem="a like without an id")
    kind = "reaction" if of_whom in ours(account) else "profile"
    at = time_of(payload.get("created_at"))
    return Inbound(kind, external_id=own, parent_id=id_of(payload.get("liked_tweet_id")), text="like", sent_at=at)  # type: ignore[arg-type]


def _revoked(account: Account, data: Mapping[str, Json], payload: Mapping[str, Json]) -> Inbound:
    own = id_of(data.get("event_uuid")) or f"revoked:{text_of(payload.get('date_time'))}"
    return Inbound("channel_health", external_id=own, text=REVOKED, sent_at=time_of(payload.get("date_time")))


OTHERS: dict[str, Callable[[Account, Mapping[str, Json], Mapping[str, Json]], Inbound]] = {
    "post.delete": _deleted,
    "like.create": _liked,
    "oauth.revoke": _revoked,
}
PASSING = frozenset({"follow", "profile", "mute", "block", "spaces", "news", "dm", "chat", "like"})
