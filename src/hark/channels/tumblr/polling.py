"""Asking Tumblr: a blog's activity, each post of it read whole, our own posts, and posts with our tags.

An app has 5,000 requests a day, so that one reading takes three and tags take turns.
"""

import json
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from hark.channels.errors import Refused
from hark.channels.kit.careful_json import Json
from hark.channels.kit.json_api import JsonApi, as_cursor, mapping, mappings, places_in
from hark.channels.kit.words import id_of, number_of, text_of
from hark.channels.tumblr.reading import SAID
from hark.channels.types import Account, Page, Raw
from hark.kernel.time import now

TYPES = ("reply", "mention_in_reply", "mention_in_post", "reblog_with_content", "conversational_note", "ask")
WITH_POSTS = frozenset({"mention_in_post", "reblog_with_content", "conversational_note", "user_mention"})
MOST_PAGES = 20
OWN = 20  # the most posts that one request gives
SEEN = 200
Said = dict[str, Any]


def read_page(account: Account, api: JsonApi, blog: str, cursor: str) -> Page:
    """What is new, oldest first."""
    place = places_in(cursor)
    begins = "at" not in place
    if begins:
        days = number_of(account.settings.get("read_back_days"), 0, 3650) or 0
        place = {"at": int((now() - timedelta(days=days)).timestamp()), "until": int(now().timestamp()), "seen": []}
    notes = _activity(api, blog, place)
    raws = [_raw(_whole(api, one), place) for one in notes]
    place["at"] = max([_at(place["at"]), *(_at(one.get("timestamp")) - 60 for one in notes)])
    raws += [_raw({"post": one}, place) for one in _own(api, blog, place)]
    raws += [_raw({"post": one, "heard": True}, place) for one in _heard(account, api, place)]
    return Page(tuple(raws), as_cursor(place))


def _activity(api: JsonApi, blog: str, place: Said) -> list[Said]:
    """Activities since the place that were not seen, oldest first; the ends of pages overlap by a second."""
    path, since, seen = f"/v2/blog/{quote(blog)}/notifications", _at(place["at"]), set(place["seen"])
    asked = [("rollups", "false"), *((f"types[{n}]", kind) for n, kind in enumerate(TYPES))]
    found: dict[str, Said] = {}
    before = 0
    for _ in range(MOST_PAGES):
        more = [("before", str(before))] if before else []
        listed = mappings(_response(api.get(path, [*asked, *more])).get("notifications"), 500)
        fresh = [one for one in listed if _at(one.get("timestamp")) >= since]
        news = {_key(one): one for one in fresh if _key(one) not in found}
        found.update(news)
        oldest = min((_at(one.get("timestamp")) for one in listed), default=0)
        if len(fresh) < len(listed) or not listed or oldest == 0:
            break
        before = oldest + 1 if news else oldest
    kept = [one for key, one in found.items() if key not in seen]
    place["seen"] = [*place["seen"], *sorted(_key(one) for one in kept)]
    if len(kept) <= SEEN:
        place["seen"] = place["seen"][-SEEN:]
    return sorted(kept, key=lambda one: (_at(one.get("timestamp")), _key(one)))


def _key(note: Said) -> str:
    parts = (text_of(note.get(name)) for name in ("type", "timestamp", "from_tumblelog_name", "post_id"))
    return id_of(note.get("id")) or "|".join(parts)


def _whole(api: JsonApi, note: Said) -> Said:
    """An activity with the post that it tells of, read whole; where that is not shown to us, with its summary."""
    who = text_of(note.get("from_tumblelog_uuid")) or text_of(note.get("from_tumblelog_name"))
    number = id_of(note.get("post_id"))
    if text_of(note.get("type")) not in WITH_POSTS or not who or not number:
        return {"notification": note}
    post = post_of(api, who, number)
    return {"notification": note, "post": post} if post else {"notification": note}


def post_of(api: JsonApi, blog: str, number: str) -> Said:
    """A post in the Neue Post Format; empty where there is none. Raises one of the other errors."""
    try:
        said = _response(api.get(f"/v2/blog/{quote(blog, safe=':')}/posts", [("id", number), ("npf", "true")]))
    except Refused as error:
        if error.code not in {"403", "404"}:
            raise
        return {}
    found = mappings(said.get("posts"), 1)
    return found[0] if found else {}


def _own(api: JsonApi, blog: str, place: Said) -> list[Said]:
    """What our blog has posted since; none is read back."""
    said = _response(api.get(f"/v2/blog/{quote(blog)}/posts", [("npf", "true"), ("limit", str(OWN))]))
    listed = mappings(said.get("posts"), OWN)
    newest = max((_number(one) for one in listed), default=0)
    known = number_of(place.get("own"), 0, 1 << 63)
    place["own"] = max(newest, known or 0)
    return [one for one in sorted(listed, key=_number) if known is not None and _number(one) > known]


def _heard(account: Account, api: JsonApi, place: Said) -> list[Said]:
    """Posts with one of our tags: each reading asks for the next one."""
    if not account.terms:
        place.pop("turn", None)
        return []
    turn = (number_of(place.get("turn"), 0, 1 << 30) or 0) % len(account.terms)
    place["turn"] = (turn + 1) % len(account.terms)
    term, known = account.terms[turn], mapping(place.get("tags"))
    listed = _response(api.get("/v2/tagged", [("tag", term.lstrip("#")), ("npf", "true"), ("limit", str(OWN))]))
    posts = mappings(listed.get("posts") if isinstance(listed, dict) and "posts" in listed else listed.get("list"), OWN)
    last = number_of(known.get(term), 0, 1 << 63)
    newest = max((_number(one) for one in posts), default=0)
    place["tags"] = {**{one: known[one] for one in account.terms if one in known}, term: max(newest, last or 0)}
    fresh = [one for one in sorted(posts, key=_number) if _number(one) > (last or 0)]
    return [one for one in fresh if not _names_us(account, one)]


def _names_us(account: Account, post: Said) -> bool:
    """Ours, or one that names us: the activity brings that."""
    ours = {each.casefold() for each in account.self_ids | account.handles}
    blogs = [mapping(post.get("blog")), *_mentioned(post)]
    return any(
        text_of(blog.get(name)).casefold() in ours for blog in blogs for name in ("name", "uuid") if blog.get(name)
    )


def _mentioned(post: Said) -> list[Said]:
    blocks = mappings(post.get("content"), 1_000)
    return [mapping(one.get("blog")) for block in blocks for one in mappings(block.get("formatting"), 200)]


def _number(post: Said) -> int:
    text = text_of(post.get("id_string")) or text_of(post.get("id"))
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0


def _at(said: Json) -> int:
    return number_of(said, 0, 1 << 40) or 0


def _response(said: Json) -> Said:
    """What is in the envelope; a list there becomes one that is named."""
    inside = mapping(said).get("response")
    return {"list": inside} if isinstance(inside, list) else mapping(inside)


def _raw(said: Said, place: Said) -> Raw:
    made = max(_at(mapping(said.get(name)).get("timestamp")) for name in ("notification", "post"))
    is_note = text_of(mapping(said.get("notification")).get("type")) in SAID
    if (is_note or said.get("heard")) and made < _at(place.get("until")):
        said = {**said, "backfilled": True}
    return Raw(json.dumps(said).encode())
