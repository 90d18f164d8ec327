"""Asking Reddit: the inbox, subreddits, the search for terms, what we wrote ourselves, and what changed since.

Listings are newest first and may lose what a place points to, so a place is a time and the names seen at its edge.
"""

import json
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from hark.channels.errors import Refused
from hark.channels.kit.careful_json import Json
from hark.channels.kit.json_api import JsonApi, as_cursor, mapping, mappings, places_in
from hark.channels.kit.words import id_of, number_of, text_of
from hark.channels.reddit.reading import time_at
from hark.channels.types import Account, Page, Raw
from hark.kernel.time import now

PAGE = 100
MOST_PAGES = 10  # Reddit lists no more than a thousand
SEEN = 200  # names kept for each source
SWEPT = 100  # so many of the latest comments and posts are looked at again
Pairs = list[tuple[str, str]]
Said = dict[str, Any]


def read_page(account: Account, api: JsonApi, cursor: str) -> Page:
    """What is new in each source, oldest first, then what became of the latest."""
    place, known, raws = places_in(cursor), set[str](), []
    since = now() - timedelta(days=number_of(account.settings.get("read_back_days"), 0, 3650) or 0)
    sources, things = mapping(place.get("sources")), []
    place = {"sources": {}, "recent": place.get("recent")}
    for name, path, query, heard in _sources(account):
        state = mapping(sources.get(name))
        begins = "at" not in state
        if begins:
            state = {"at": int(since.timestamp()), "seen": [], "until": int(now().timestamp())}
        try:
            found = _new(api, path, query, state)
        except Refused:
            if name == "inbox":  # without it nothing works; of the others one may be closed to us
                raise
            place["sources"][name] = state
            continue
        place["sources"][name] = _moved(state, found)
        fresh = [one for one in found if _name(one) not in known]
        known.update(_name(one) for one in fresh)
        things += fresh
        raws += [_raw(one, heard=heard, until=state.get("until")) for one in fresh]
    changes, recent = _sweep(api, _pairs(place["recent"]))
    place["recent"] = _recent(recent, things)
    return Page(tuple(raws + changes), as_cursor(place), more=False)


def _sources(account: Account) -> Iterable[tuple[str, str, Pairs, bool]]:
    """(name, path, query, found by its words): what is to us comes first, so that nothing else names it."""
    yield "inbox", "/message/inbox", [], False
    subreddits = "+".join(_subreddits(account))
    if subreddits:
        yield "comments", f"/r/{subreddits}/comments", [], False
        yield "posts", f"/r/{subreddits}/new", [], False
    name = _own_name(account)
    if name:
        yield "own", f"/user/{name}/overview", [("sort", "new")], False
        yield "sent", "/message/sent", [], False
    for term in account.terms:
        words = [("q", f'"{term}"'), ("sort", "new"), ("type", "link"), ("t", "all")]
        yield f"term:{term}", "/search", words, True


def _subreddits(account: Account) -> list[str]:
    listed = account.settings.get("subreddits", ())
    names = [str(one).strip().removeprefix("/").removeprefix("r/") for one in listed if str(one).strip()]
    return [name for name in names if name.replace("_", "").isalnum()][:100]


def _own_name(account: Account) -> str:
    name = text_of(account.settings.get("username")).strip().removeprefix("u/")
    return name if name.replace("_", "").replace("-", "").isalnum() else ""


def _new(api: JsonApi, path: str, query: Pairs, state: Said) -> list[Said]:
    """What was made since the place and not seen before, oldest first."""
    at, seen = number_of(state.get("at"), 0, 1 << 40) or 0, set(state.get("seen") or ())
    found: list[Said] = []
    after = ""
    for _ in range(MOST_PAGES):
        more = [("after", after)] if after else []
        said = mapping(mapping(api.get(path, [*query, *more, ("limit", str(PAGE)), ("raw_json", "1")])).get("data"))
        listed = mappings(said.get("children"), PAGE)
        fresh = [one for one in listed if _made(one) >= at]
        found += [one for one in fresh if _name(one) not in seen]
        after = text_of(said.get("after"))
        if not after or len(fresh) < len(listed):
            break
    return sorted(found, key=lambda one: (_made(one), _name(one)))


def _made(thing: Said) -> int:
    at = time_at(mapping(thing.get("data")).get("created_utc"))
    return int(at.timestamp()) if at else 0


def _name(thing: Said) -> str:
    return id_of(mapping(thing.get("data")).get("name")) or ""


def _moved(state: Said, found: list[Said]) -> Said:
    """A minute of overlap: what is listed late is found all the same, for its name has not been seen."""
    if not found:
        return state
    newest = max(_made(one) for one in found)
    seen = [*(state.get("seen") or ()), *(_name(one) for one in found)][-SEEN * MOST_PAGES :]
    at = max(number_of(state.get("at"), 0, 1 << 40) or 0, newest - 60)
    kept = seen if len(found) > SEEN else seen[-SEEN:]
    return {**state, "at": at, "seen": kept}


def _pairs(said: Json) -> dict[str, str]:
    """The latest comments and posts, oldest first, each with the time of its last edit."""
    listed = said if isinstance(said, list) else []
    return {str(one[0]): str(one[1]) for one in listed if isinstance(one, list) and len(one) == 2}


def _sweep(api: JsonApi, recent: dict[str, str]) -> tuple[list[Raw], dict[str, str]]:
    """Other words and deletions of the latest comments and posts: one request names all of them."""
    if not recent:
        return [], recent
    said = mapping(mapping(api.get("/api/info", [("id", ",".join(recent)), ("raw_json", "1")])).get("data"))
    there = {_name(one): one for one in mappings(said.get("children"), SWEPT)}
    changes: list[Raw] = []
    kept: dict[str, str] = {}
    for name, edited in recent.items():
        one = there.get(name)
        if one is None:
            changes.append(Raw(json.dumps({"gone": name}).encode()))
        elif _is_deleted(one):
            changes.append(Raw(json.dumps({"thing": one}).encode()))
        else:
            kept[name] = _edited(one)
            if kept[name] != edited:
                changes.append(Raw(json.dumps({"thing": one, "edited": True}).encode()))
    return changes, kept


def _is_deleted(thing: Said) -> bool:
    data = mapping(thing.get("data"))
    return any(text_of(data.get(name)).strip() in {"[deleted]", "[removed]"} for name in ("body", "selftext"))


def _edited(thing: Said) -> str:
    at = time_at(mapping(thing.get("data")).get("edited"))
    return str(int(at.timestamp())) if at else ""


def _recent(known: dict[str, str], things: list[Said]) -> list[list[str]]:
    latest = {**known, **{_name(one): _edited(one) for one in things if _name(one)[:3] in {"t1_", "t3_"}}}
    return [[name, edited] for name, edited in latest.items()][-SWEPT:]


def _raw(thing: Said, *, heard: bool, until: Json) -> Raw:
    said: Said = {"thing": thing}
    if heard:
        said["heard"] = True
    if _made(thing) < (number_of(until, 0, 1 << 40) or 0):
        said["backfilled"] = True
    return Raw(json.dumps(said).encode())
