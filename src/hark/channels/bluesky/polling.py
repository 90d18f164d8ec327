"""What is new for an account: what was said to it, what it said itself elsewhere, what its words find, what is gone.

Bluesky has no list of deletions; the posts of the last days are looked at again. A post is an arrival of its own, under
its address, in the shape of the answer it came in.
"""

import json
from datetime import datetime
from typing import Any

from hark.channels.bluesky.calls import read
from hark.channels.bluesky.places import Fetch, Item, Mark, Place, Watched, missing, place_in, read_on, watching
from hark.channels.kit.words import text_of
from hark.channels.types import Account, Page, Raw
from hark.kernel.time import now

HEARD = ("mention", "reply", "quote")
PAGE, POSTS = 100, 25
DELETED = "app.bsky.feed.post"


def next_page(account: Account, cursor: str) -> Page:
    """Everything that is new, oldest first; `more` where a long stretch is still to be read."""
    place, at = place_in(cursor), now()
    days = int(account.settings.get("read_back_days") or 0)
    own = text_of(read(account, "com.atproto.server.getSession").get("did"))
    heard, mark = read_on(_heard(account), place.heard, at, days=days)
    ours, own_mark = read_on(_own(account, own), place.own, at)
    found, terms = _found(account, place, at)
    spoken = {text_of(one.get("uri")) for one in (*heard, *ours)}
    found = [one for one in found if text_of(one.get("uri")) not in spoken and _author(one) != own]
    gone, watched = _gone(account, place.watched)
    after = Place(mark, own_mark, terms, watching(watched, (*heard, *found), at))
    raws = [
        *(_raw("notifications", one, own, old=not place.heard.at) for one in heard),
        *(_raw("posts", one, own) for one in ours),
        *(_raw("posts", one, own) for one in found),
        *(_deletion(uri, at) for uri in gone),
    ]
    more = any(one.back for one in (mark, own_mark, *terms.values()))
    return Page(tuple(raws), after.written(), more=more)


def _heard(account: Account) -> Fetch:
    """Who has mentioned, answered or quoted us."""

    def page(cursor: str) -> tuple[list[Item], str]:
        query = [("limit", str(PAGE)), *(("reasons", reason) for reason in HEARD), *_from(cursor)]
        said = read(account, "app.bsky.notification.listNotifications", query)
        return [one for one in _listed(said.get("notifications")) if one.get("reason") in HEARD], _next(said)

    return page


def _own(account: Account, did: str) -> Fetch:
    """What we have said, in Hark or elsewhere."""

    def page(cursor: str) -> tuple[list[Item], str]:
        query = [("actor", did), ("filter", "posts_with_replies"), ("limit", str(PAGE)), *_from(cursor)]
        said = read(account, "app.bsky.feed.getAuthorFeed", query)
        posts = [one.get("post") for one in _listed(said.get("feed")) if "reason" not in one]  # a reason: a repost
        return [one for one in posts if isinstance(one, dict) and _author(one) == did], _next(said)

    return page


def _search(account: Account, term: str) -> Fetch:
    """Posts with a word or phrase of ours."""
    wanted = f'"{term}"' if " " in term else term

    def page(cursor: str) -> tuple[list[Item], str]:
        query = [("q", wanted), ("sort", "latest"), ("limit", str(PAGE)), *_from(cursor)]
        said = read(account, "app.bsky.feed.searchPosts", query)
        return [*_listed(said.get("posts"))], _next(said)

    return page


def _found(account: Account, place: Place, at: datetime) -> tuple[list[Item], dict[str, Mark]]:
    """What the account's words find, each post once, and how far each word has been read."""
    found: dict[str, Item] = {}
    marks = {}
    for term in account.terms:
        items, marks[term] = read_on(_search(account, term), place.terms.get(term, Mark()), at)
        found |= {text_of(one.get("uri")): one for one in items}
    return list(found.values()), marks


def _gone(account: Account, watched: tuple[Watched, ...]) -> tuple[list[str], tuple[Watched, ...]]:
    there: set[str] = set()
    for start in range(0, len(watched), POSTS):
        query = [("uris", one.uri) for one in watched[start : start + POSTS]]
        there |= {
            text_of(one.get("uri")) for one in _listed(read(account, "app.bsky.feed.getPosts", query).get("posts"))
        }
    return missing(watched, frozenset(there))


def _raw(name: str, item: Item, own: str, *, old: bool = False) -> Raw:
    body = json.dumps({name: [item], "hark": {"self": own}}, ensure_ascii=False).encode("utf-8", "replace")
    return Raw(body, {"backfilled": "yes"} if old else {}, text_of(item.get("uri")))


def _deletion(uri: str, at: datetime) -> Raw:
    """As Jetstream would have told it."""
    did, _, rest = uri.removeprefix("at://").partition("/")
    commit = {"operation": "delete", "collection": DELETED, "rkey": rest.rpartition("/")[2]}
    said = {"did": did, "time_us": round(at.timestamp() * 1_000_000), "kind": "commit", "commit": commit}
    return Raw(json.dumps(said).encode(), {}, f"deleted {uri}")


def _author(post: Any) -> str:
    author = post.get("author") if isinstance(post, dict) else None
    return text_of(author.get("did")) if isinstance(author, dict) else ""


def _listed(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _from(cursor: str) -> list[tuple[str, str]]:
    return [("cursor", cursor)] if cursor else []


def _next(said: dict[str, Any]) -> str:
    return text_of(said.get("cursor"))
