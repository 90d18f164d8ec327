"""Asking a forum for its posts and for the private messages of our account.

Posts are listed by rising number, the newest 50 at once; what is behind is walked through in windows of numbers. The
newest list also shows what has been edited or is gone since it was last seen.
"""

import json
from typing import Any

from hark.channels.errors import Refused
from hark.channels.kit.json_api import JsonApi, as_cursor, mapping, mappings, places_in
from hark.channels.kit.words import id_of, number_of, text_of
from hark.channels.types import Account, Page, Raw

WINDOW = 49  # older forums give the 50 numbers up to and with `before`, newer ones those below it
MOST_BACK = 10_000
LISTS = {"latest_posts": "/posts.json", "private_posts": "/private-posts.json"}
LATE = 50  # a post may show itself after one with a higher number
Said = dict[str, Any]


def read_page(account: Account, api: JsonApi, cursor: str) -> Page:
    """The next posts, oldest first, of either list."""
    place, raws, more = places_in(cursor), [], False
    names = ["latest_posts"] if is_admin(api) else list(LISTS)  # asked each time: rights change
    lists = {name: _listed(api, name) for name in names}
    top = max((_number(one) for listed in lists.values() for one in listed), default=0)
    for name, newest in lists.items():
        state = mapping(place.get(name))
        if "last" not in state:
            back = number_of(account.settings.get("read_back"), 0, MOST_BACK) or 0
            state = {"last": max(0, top - back), "seen": {}, "until": top}
        found, state, rest = _next(api, name, newest, state)
        if not rest:  # posts of both lists share their numbers: a list with nothing new is read that far
            state["last"] = max(state["last"], top - LATE)
        raws += found
        place[name] = state
        more = more or rest
    return Page(tuple(raws), as_cursor(place), more)


def is_admin(api: JsonApi) -> bool:
    """An administrator is shown the private messages of everybody: then none are read. Raises one of the errors."""
    try:
        return mapping(mapping(api.get("/session/current.json")).get("current_user")).get("admin") is True
    except Refused:  # a key that may not ask this is one with narrow rights
        return False


def _next(api: JsonApi, name: str, newest: list[Said], state: Said) -> tuple[list[Raw], Said, bool]:
    """What of a list comes after its place, the place behind that, and whether there is more."""
    last, until = (number_of(state.get(each), 0, 1 << 60) or 0 for each in ("last", "until"))
    if not newest:
        return [], {"last": last, "seen": mapping(state.get("seen")), "until": until}, False
    window, reach = newest, _number(newest[-1])
    if last + 1 < _number(newest[0]):
        window, reach = _window(api, name, last, newest)
    fresh = [one for one in window if last < _number(one) <= reach]
    raws = [_raw(one, name, window, backfilled=_number(one) <= until) for one in fresh]
    more, seen = reach < _number(newest[-1]), mapping(state.get("seen"))
    if not more:
        changes, seen = _changes(newest, seen, name)
        raws = changes + raws
    return raws, {"last": max(last, reach), "seen": seen, "until": until}, more


def _window(api: JsonApi, name: str, last: int, newest: list[Said]) -> tuple[list[Said], int]:
    """The posts right behind a place, and how far they reach: so a long gap is read from its old end."""
    found = _listed(api, name, before=last + WINDOW + 1)
    reach = last + WINDOW
    first = _number(newest[0])
    if reach >= first - 1:  # the newest list goes on from here
        known = {_number(one) for one in found}
        return [*found, *(one for one in newest if _number(one) not in known)], _number(newest[-1])
    return found, reach


def _listed(api: JsonApi, name: str, before: int | None = None) -> list[Said]:
    """A list of posts, oldest first."""
    said = mapping(api.get(LISTS[name], [("before", str(before))] if before else []))
    known = [one for one in mappings(said.get(name), 200) if number_of(one.get("id"), 1, 1 << 60)]
    return sorted(known, key=_number)


def _number(post: Said) -> int:
    return number_of(post.get("id"), 0, 1 << 60) or 0


def _changes(newest: list[Said], seen: Said, name: str) -> tuple[list[Raw], Said]:
    """What the newest list says otherwise than before: other versions are edits, what is missing is gone."""
    there = {str(_number(one)): one for one in newest}
    low = _number(newest[0])
    kept = {number: version for number, version in seen.items() if number.isdigit() and int(number) >= low}
    changes = [_raw({"id": int(number)}, name, [], event="post_destroyed") for number in kept if number not in there]
    for number, version in kept.items():
        if number in there and _version(there[number]) != version:
            changes.append(_raw(there[number], name, newest, event="post_edited"))
    return changes, {number: _version(one) for number, one in there.items()}


def _version(post: Said) -> str:
    return text_of(post.get("version"))


def _raw(post: Said, name: str, around: list[Said], *, event: str = "", backfilled: bool = False) -> Raw:
    said: Said = {"post": post}
    if name == "private_posts":
        said["private"] = True
    if event:
        said["event"] = event
    if backfilled:
        said["backfilled"] = True
    above = post.get("reply_to_post_number")
    same = [one for one in around if one.get("topic_id") == post.get("topic_id") and one.get("post_number") == above]
    if above and same:
        said["parent"] = id_of(same[0].get("id"))
    return Raw(json.dumps(said).encode())
