"""Reading a Mastodon account: mentions, our own posts, what listening finds, and a sweep of what has come lately.

The cursor holds a place for each of them (docs.joinmastodon.org, methods: notifications, accounts, timelines, search,
statuses). Mentions come first and are never held up by the rest.
"""

import json
import re
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from hark.channels.errors import Refused
from hark.channels.kit.careful_json import Json
from hark.channels.kit.json_api import JsonApi, as_cursor, mapping, mappings, places_in
from hark.channels.kit.words import id_of, number_of, text_of, time_of
from hark.channels.mastodon.people import is_ours, own_number
from hark.channels.types import Account, Page, Raw
from hark.kernel.time import now

PAGE = 40  # the most that Mastodon gives at once
SWEPT = 100  # so many of the latest posts are looked at again
AT_ONCE = 20  # statuses that one request may name
TERMS = 4  # asked for with one reading: an account has 300 requests in 5 minutes, and mentions come first
BACK_PAGES = 25  # on connecting no more than 1,000 mentions are read back
START = "0"
Pairs = list[tuple[str, str]]
Said = dict[str, Any]


def read_page(account: Account, api: JsonApi, cursor: str) -> Page:
    """The next mentions, oldest first; when all of them are there, also our own posts, listening and the sweep."""
    place = places_in(cursor)
    if "mentions" not in place:
        place = _beginning(account, api)
    mentions = _newer(api, "/api/v1/notifications", text_of(place["mentions"]), _only_to_us())
    last, until = mentions[-1]["id"] if mentions else place["mentions"], text_of(place.get("until"))
    raws = [_mention(account, api, one, until) for one in mentions]
    seen = [mapping(one.get("status")) for one in mentions]
    more = len(mentions) >= PAGE
    place = {**place, "mentions": last}
    if not more:
        own = _own_posts(account, api, place)
        heard = _heard(account, api, place, {text_of(one.get("id")) for one in seen})
        swept = _sweep(api, place)
        raws += [_with_root(api, one) for one in own] + [_raw(one) for one in heard] + swept
        seen += own + [mapping(one["status"]) for one in heard]
    place["recent"] = _recent(place.get("recent"), seen)
    return Page(tuple(raws), as_cursor(place), more)


def _beginning(account: Account, api: JsonApi) -> Said:
    """Where to begin: at the newest mention, or so many days before it."""
    days = account.settings.get("read_back_days")
    days = days if isinstance(days, int) else 0
    newest, oldest = START, START
    since, query = now() - timedelta(days=days), _only_to_us()
    for page in range(BACK_PAGES if days else 1):
        older = [] if page == 0 else [("max_id", oldest)]
        found = _ordered(api.get("/api/v1/notifications", [*query, *older, ("limit", str(PAGE))]))
        newest = found[-1]["id"] if page == 0 and found else newest
        fresh = [one for one in found if (time_of(one.get("created_at")) or since) >= since] if days else []
        oldest = fresh[0]["id"] if fresh else oldest
        if len(fresh) < len(found) or len(found) < PAGE:
            break
    begin = _before(oldest) if days and oldest != START else newest
    return {"mentions": begin, "until": newest}


def _before(number: str) -> str:
    """The place just before an id, so that it is read itself."""
    return str(int(number) - 1) if number.isdigit() else number[:-1]


def _only_to_us() -> Pairs:
    return [("types[]", "mention"), ("types[]", "quote")]


def _newer(api: JsonApi, path: str, place: str, query: Iterable[tuple[str, str]]) -> list[Said]:
    """What comes right after a place, oldest first."""
    return _ordered(api.get(path, [*query, ("min_id", place or START), ("limit", str(PAGE))]))


def _ordered(said: Json) -> list[Said]:
    """Ids of one server grow; those of equal length sort as they grew."""
    known = [{**one, "id": number} for one in mappings(said, PAGE) if (number := id_of(one.get("id")))]
    return sorted(known, key=lambda one: (len(one["id"]), one["id"]))


def _mention(account: Account, api: JsonApi, said: Said, until: str) -> Raw:
    """A notification with the first post of its thread, where it answers somebody else than us."""
    status = mapping(said.get("status"))
    found: Said = {"notification": said}
    answers_us = is_ours(account, {"id": status.get("in_reply_to_account_id")})
    if (number := id_of(status.get("id"))) and id_of(status.get("in_reply_to_id")) and not answers_us:
        found["root"] = _root(api, number)
    if (len(said["id"]), said["id"]) <= (len(until), until):
        found["backfilled"] = True
    return _raw(found)


def _with_root(api: JsonApi, status: Said) -> Raw:
    """A post of ours with the first one of its thread: it may be read before the reply that it is has its receipt."""
    root = _root(api, status["id"]) if id_of(status.get("in_reply_to_id")) else ""
    return _raw({"status": status, "root": root} if root else {"status": status})


def _root(api: JsonApi, number: str) -> str:
    """Where the thread began, as far as we may see; empty where the server does not say."""
    try:
        said = mapping(api.get(f"/api/v1/statuses/{number}/context"))
    except Refused:
        return ""
    first = mappings(said.get("ancestors"))[:1]
    return id_of(first[0].get("id")) or "" if first else ""


def _own_posts(account: Account, api: JsonApi, place: Said) -> list[Said]:
    """What our account has posted since, from Hark or from elsewhere. None is read back."""
    number = own_number(account)
    if not number:
        return []
    path, query = f"/api/v1/accounts/{number}/statuses", [("exclude_reblogs", "true")]
    if "own" not in place:
        newest = _ordered(api.get(path, [*query, ("limit", "1")]))
        place["own"] = newest[-1]["id"] if newest else START
        return []
    found = _newer(api, path, text_of(place["own"]), query)
    place["own"] = found[-1]["id"] if found else place["own"]
    return found


def _heard(account: Account, api: JsonApi, place: Said, seen: set[str]) -> list[Said]:
    """Public posts with our terms that are not addressed to us, each once; one page for each way of listening."""
    found: dict[str, Said] = {}
    known = mapping(place.get("terms"))
    named = {f"{way}:{term}" for term in account.terms for way, *_ in _ways(term)}
    place["terms"] = {name: known[name] for name in known if name in named}
    for term in _whose_turn(account.terms, place):
        for way, path, query, inside in _ways(term):
            name = f"{way}:{term}"
            begun = name in known
            posts = _listened(api, path, query, inside, text_of(known.get(name)))
            place["terms"][name] = posts[-1]["id"] if posts else text_of(known.get(name)) or START
            for post in posts:
                if post["id"] not in seen and not _addressed(account, post):
                    more = {} if begun else {"backfilled": True}
                    found.setdefault(post["id"], {"status": post, "heard": [], **more})["heard"].append(term)
    return list(found.values())


def _whose_turn(terms: tuple[str, ...], place: Said) -> tuple[str, ...]:
    """All of a few terms; of many the next ones."""
    turn = number_of(place.pop("turn", 0), 0, 1 << 20) or 0
    if len(terms) <= TERMS:
        return terms
    place["turn"] = (turn + TERMS) % len(terms)
    return tuple(terms[(turn + step) % len(terms)] for step in range(TERMS))


def _ways(term: str) -> list[tuple[str, str, Pairs, str]]:
    """A hashtag for a term, and the search for its words: path, query, and where in the answer the posts stand."""
    tag = re.sub(r"[^\w]", "", term.lstrip("#"))
    words = [("q", f'"{term}"' if " " in term else term), ("type", "statuses")]
    ways = [("search", "/api/v2/search", words, "statuses")]
    is_name = "@" in term or not tag or tag.isdigit()
    return ways if is_name else [("tag", f"/api/v1/timelines/tag/{quote(tag)}", [], ""), *ways]


def _listened(api: JsonApi, path: str, query: Pairs, inside: str, place: str) -> list[Said]:
    """What is new there, oldest first; nothing where the server does not let us listen this way."""
    begun = [("min_id", place)] if place else []
    try:
        said = api.get(path, [*query, *begun, ("limit", str(PAGE))])
    except Refused:
        return []
    found = _ordered(mapping(said).get(inside) if inside else said)
    return [one for one in found if (len(one["id"]), one["id"]) > (len(place), place)]


def _addressed(account: Account, post: Said) -> bool:
    """Ours, or to us: then its notification brings it. Nor what was boosted, or is not public."""
    mentioned = any(is_ours(account, one) for one in mappings(post.get("mentions"), 200))
    own = is_ours(account, mapping(post.get("account")))
    return mentioned or own or bool(post.get("reblog")) or post.get("visibility") not in {"public", "unlisted"}


def _sweep(api: JsonApi, place: Said) -> list[Raw]:
    """Edits and deletions of the latest posts, in the words of the stream. A server before 4.3 tells neither."""
    recent = mapping(place.get("recent"))
    numbers = list(recent)
    changed: list[Raw] = []
    for start in range(0, len(numbers), AT_ONCE):
        asked = numbers[start : start + AT_ONCE]
        try:
            said = api.get("/api/v1/statuses", [("id[]", number) for number in asked])
        except Refused:
            return changed
        there = {text_of(one.get("id")): one for one in mappings(said, AT_ONCE)}
        for number in asked:
            if number not in there:
                changed.append(_raw({"event": "delete", "payload": number}))
                del recent[number]
            elif text_of(there[number].get("edited_at")) != recent[number]:
                changed.append(_raw({"event": "status.update", "payload": there[number]}))
                recent[number] = text_of(there[number].get("edited_at"))
    place["recent"] = recent
    return changed


def _recent(known: Json, seen: Sequence[Said]) -> dict[str, str]:
    """The latest posts by id, with the time of their last edit."""
    latest = {**mapping(known), **{one["id"]: text_of(one.get("edited_at")) for one in seen if id_of(one.get("id"))}}
    kept = sorted(latest, key=lambda number: (len(number), number))[-SWEPT:]
    return {number: text_of(latest[number]) for number in kept}


def _raw(said: Json) -> Raw:
    return Raw(json.dumps(said).encode())
