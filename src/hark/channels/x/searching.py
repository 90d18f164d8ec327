"""What is new at X since the last look: mentions, direct messages, and posts that hold a word we listen for.

X gives the newest first. A look goes through the pages down to what is known, and gives them oldest first. Where more
came than one look takes, the gap below is kept in the cursor and read next.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from hark.channels.kit.careful_json import Json, Unreadable, loads
from hark.channels.kit.words import id_of, number_of, text_of
from hark.channels.types import Account, Page, Raw
from hark.channels.x.api import ask
from hark.channels.x.posts import Beside, beside, table, tables
from hark.channels.x.reading import FOUND, OLDER

PER_PAGE, MOST_PAGES = 100, 5
FIRST_PAGE, MOST_BACK = 10, 800
NOTHING_YET = "0"  # the place of a source in which nothing was when it was first looked at
DIRECT_PER_PAGE = 20  # X cannot be asked for direct messages since one: what is read again is charged once a day
LONGEST_QUERY, MOST_QUERIES = 512, 5
FIELDS = {
    "tweet__fields": "attachments,author_id,conversation_id,created_at,edit_history_tweet_ids,entities,"
    "in_reply_to_user_id,lang,note_tweet,referenced_tweets",
    "expansions": "author_id,attachments.media_keys,referenced_tweets.id",
    "user__fields": "name,profile_image_url,public_metrics,username,verified",
    "media__fields": "alt_text,preview_image_url,type,url,variants",
}
DIRECT_FIELDS = {
    "dm_event__fields": "created_at,dm_conversation_id,event_type,sender_id,text",
    "event_types": "MessageCreate",
    "expansions": "sender_id",
    "user__fields": FIELDS["user__fields"],
}
PLAIN = frozenset("@#$_")
Asking = Callable[[str], dict[str, Json]]  # from a page's token to its answer


@dataclass(frozen=True, slots=True)
class Place:
    """How far one source is read: everything up to `since`; and of `gap`, what lies below it and above `gap_since`."""

    since: str = ""
    gap: str = ""
    gap_since: str = ""


@dataclass(slots=True)
class Look:
    """One look at one source: what it found, newest first, and how far it read."""

    name: str
    how: str
    raws: list[Raw] = field(default_factory=list)
    place: Place = Place()
    more: bool = False

    def add(self, answer: dict[str, Json], who: str, *, after: str = "", older: bool = False) -> list[str]:
        """Take what an answer holds that is newer than `after`; its ids."""
        around, found = beside(answer.get("includes")), []
        for said in tables(answer.get("data")):
            own = id_of(said.get("id"))
            if own and _age(own) > _age(after):
                found.append(own)
                self.raws.append(_as_raw(said, own, _includes(said, around, who), self.how, older=older))
        return found


def read_page(account: Account, cursor: str, *, mentions: bool, direct: bool) -> Page:
    """What is new in all sources. Raises what the first call that fails raises: nothing is lost, all is read again."""
    places = _places(cursor)
    looks: list[Look] = []
    if mentions:
        looks.append(_posts(account, "mention", places.get("mention", Place()), f"/2/users/{_own(account)}/mentions"))
    looks += list(_listening(account, places))
    if direct:
        looks.append(_direct(account, places.get("direct", Place())))
    kept = {**places, **{look.name: look.place for look in looks}}
    raws = {raw.id: raw for look in looks for raw in reversed(look.raws)}
    return Page(tuple(raws.values()), _cursor(kept), any(look.more for look in looks))


def queries(account: Account) -> list[str]:
    """What X is asked for the words we listen for: as few queries as their length allows; nothing for no words.

    Our own posts, and those that name us, come another way and cheaper.
    """
    own = [f"-from:{_own(account)}", *(f"-@{handle.lstrip('@')}" for handle in sorted(account.handles))]
    tail = " ".join(["", "-is:retweet", *own])
    found: list[list[str]] = []
    for word in dict.fromkeys(filter(None, map(_quoted, account.terms))):
        if found and len(f"({' OR '.join([*found[-1], word])}){tail}") <= LONGEST_QUERY:
            found[-1].append(word)
        elif len(f"({word}){tail}") <= LONGEST_QUERY:
            found.append([word])
    return [f"({' OR '.join(words)}){tail}" for words in found[:MOST_QUERIES]]


def _quoted(term: str) -> str:
    """A word as it is, anything else as a phrase, so that no sign in it is an order to X."""
    word = " ".join(term.replace('"', " ").split())
    plain = word[1:] if word[:1] in PLAIN else word
    return (
        word if plain.replace("_", "a").isalnum() and word.upper() not in {"OR", "AND"} else f'"{word}"' if word else ""
    )


def _listening(account: Account, places: dict[str, Place]) -> Iterator[Look]:
    """Each query has a place of its own; other words make another query, which begins with the newest of a week."""
    for query in queries(account):
        name = f"keyword:{query}"
        yield _posts(account, name, places.get(name, Place()), "/2/tweets/search/recent", query=query)
    wanted = {f"keyword:{query}" for query in queries(account)}
    for name in [name for name in places if name.startswith("keyword:") and name not in wanted]:
        del places[name]


def _posts(account: Account, name: str, place: Place, path: str, **more: str) -> Look:
    """Posts newer than the place; or, where there is a gap, those in it."""
    is_search = bool(more)
    since = place.gap_since or place.since
    bounds = {"since_id": "" if since == NOTHING_YET else since, "until_id": place.gap}
    token_name = "next_token" if is_search else "pagination_token"
    back = 0 if is_search else _read_back(account)
    size = str(PER_PAGE if place.since or back else FIRST_PAGE)

    def page(token: str) -> dict[str, Json]:
        return ask(account, "GET", path, max_results=size, **{token_name: token}, **bounds, **more, **FIELDS)

    look = Look(name, "keyword" if is_search else "mention")
    if not place.since:
        return _first(look, page, back)
    return _on(look, place, page)


def _first(look: Look, page: Asking, back: int) -> Look:
    """The first look only finds out where the news begins, but for so many older posts as shall be read back."""
    newest, token, who = "", "", "author_id"
    for _ in range(MOST_BACK // PER_PAGE):
        answer = page(token)
        newest = max([newest, *look.add(answer, who, older=True)], key=_age)
        token = text_of(table(answer.get("meta")).get("next_token"))
        if not token or len(look.raws) >= back:
            break
    del look.raws[back:]
    look.place = Place(newest or NOTHING_YET)
    return look


def _on(look: Look, place: Place, page: Asking) -> Look:
    """What is newer than the place. Where more is there than one look takes, the older of it becomes a gap."""
    token, newest, oldest = "", "", ""
    for _ in range(MOST_PAGES):
        answer = page(token)
        ids = look.add(answer, "author_id")
        newest = max([newest, *ids], key=_age)
        oldest = min([*([oldest] if oldest else []), *ids], key=_age, default="")
        token = text_of(table(answer.get("meta")).get("next_token"))
        if not token:
            break
    top = place.since if place.gap else max(place.since, newest, key=_age)
    look.more = bool(token and oldest)
    look.place = Place(top, oldest, place.gap_since or place.since) if look.more else Place(top)
    return look


def _direct(account: Account, place: Place) -> Look:
    """Direct messages down to the last one known."""
    look, token, newest, back = Look("direct", "direct"), "", place.since, _read_back(account)
    size = str(DIRECT_PER_PAGE)
    for _ in range(MOST_PAGES):
        answer = ask(account, "GET", "/2/dm_events", max_results=size, pagination_token=token, **DIRECT_FIELDS)
        events = len(tables(answer.get("data")))
        fresh = look.add(answer, "sender_id", after=place.since, older=not place.since)
        newest = max([newest, *fresh], key=_age)
        token = text_of(table(answer.get("meta")).get("next_token"))
        if not token or len(fresh) < events or (not place.since and len(look.raws) >= back):
            break
    if not place.since:
        del look.raws[back:]
    look.place = Place(newest or NOTHING_YET)
    return look


def _read_back(account: Account) -> int:
    return number_of(account.settings.get("read_back"), 0, MOST_BACK) or 0


def _includes(said: dict[str, Json], around: Beside, who: str) -> dict[str, Json]:
    """What came along with just this post."""
    keys = table(said.get("attachments")).get("media_keys")
    refers = [text_of(one.get("id")) for one in tables(said.get("referenced_tweets"))]
    media = list(map(text_of, keys)) if isinstance(keys, list) else []
    wanted = (
        ("users", around.users, [text_of(said.get(who))]),
        ("tweets", around.posts, refers),
        ("media", around.media, media),
    )
    found = {name: [there[key] for key in named if key in there] for name, there, named in wanted}
    return {name: listed for name, listed in found.items() if listed}


def _as_raw(said: dict[str, Json], own: str, includes: dict[str, Json], how: str, *, older: bool) -> Raw:
    """One post as an arrival of its own. Its id tells copies: found twice, it is stored once."""
    body = json.dumps({"data": said, "includes": includes})
    headers = {FOUND: how, **({OLDER: "yes"} if older else {})}
    return Raw(body.encode(), headers, f"{'dm' if how == 'direct' else 'post'}:{own}")


def _age(own: str) -> tuple[int, str]:
    """Ids rise with time; as texts they are compared by length first, without arithmetic."""
    return len(own), own


def _own(account: Account) -> str:
    return account.external_id or text_of(account.settings.get("user_id"))


def _places(cursor: str) -> dict[str, Place]:
    try:
        said: dict[str, Any] = table(loads(cursor.encode())) if cursor else {}
    except Unreadable:
        said = {}
    kept = {name: table(one) for name, one in said.items()}
    return {
        name: Place(text_of(one.get("since")), text_of(one.get("gap")), text_of(one.get("gap_since")))
        for name, one in kept.items()
    }


def _cursor(places: dict[str, Place]) -> str:
    said = {
        name: {
            key: value for key, value in (("since", one.since), ("gap", one.gap), ("gap_since", one.gap_since)) if value
        }
        for name, one in places.items()
    }
    return json.dumps(said, sort_keys=True)
