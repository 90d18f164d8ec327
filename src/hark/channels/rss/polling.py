"""One feed after the other: what is new in it, and what reads otherwise than before."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from hashlib import sha256

from hark.channels.errors import AuthLost, Refused, SendError
from hark.channels.kit.careful_json import Json
from hark.channels.kit.once import attempt, error_of
from hark.channels.kit.words import text_of, time_of
from hark.channels.rss.place import MOST_KNOWN, FeedPlace, Place, place_in
from hark.channels.rss.reading import BACK, EDITED, EVENT, FOUND, NoFeed, feed_in, host_of
from hark.channels.types import Account, Page, Raw
from hark.kernel.http import HttpRequest, HttpResponse

MAX_BYTES = 4 << 20
OWN, SEARCH, OTHER = "own_feeds", "search_feeds", "other_feeds"
ACCEPT = "application/atom+xml, application/rss+xml, application/xml;q=0.9, */*;q=0.5"

Entry = dict[str, Json]


class Unchanged(SendError):
    """The server says that nothing is new (304)."""


@dataclass(slots=True)
class Fetched:
    """A feed as it is now."""

    entries: list[Entry]
    etag: str
    modified: str
    at: datetime | None
    raws: list[Raw] = field(default_factory=list)


def feeds_of(account: Account) -> dict[str, str]:
    """The addresses that are read, each with why: one's own, a saved search, or others' where only our words count."""
    found: dict[str, str] = {}
    for kind in (OTHER, SEARCH, OWN):
        listed = account.settings.get(kind, ())
        found |= (
            {str(one).strip(): kind for one in listed if str(one).strip()} if isinstance(listed, list | tuple) else {}
        )
    return found


def next_page(account: Account, cursor: str) -> Page:
    """The news of the first feed that has any, from the one whose turn it is. `check` names those that fail."""
    feeds = feeds_of(account)
    if not feeds:
        return Page((), cursor)
    place = place_in(cursor)
    place = place if place.turn < len(feeds) else Place(0, place.feeds)
    while True:
        raws, place = _one_feed(account, feeds, place)
        if raws or not place.turn:
            return Page(tuple(raws), place.text, more=place.turn > 0)


def _one_feed(account: Account, feeds: Mapping[str, str], place: Place) -> tuple[list[Raw], Place]:
    """The news of one feed. One that cannot be read is passed over until it can, unless it is the only one."""
    addresses = tuple(feeds)
    address = addresses[place.turn]
    before = place.feeds.get(address)
    try:
        raws, known = _news(account, address, feeds, before)
    except Unchanged:
        return [], place.after(addresses, before)
    except SendError:
        if len(addresses) == 1:
            raise
        return [], place.after(addresses, before)
    return raws, place.after(addresses, known)


def fetched(account: Account, address: str, before: FeedPlace | None = None) -> Fetched:
    """A feed, unless it is as it was. Raises Unchanged or one of the four errors."""
    headers = {"accept": ACCEPT, **_proof(account, address)}
    if before and before.etag:
        headers["if-none-match"] = before.etag
    if before and before.modified:
        headers["if-modified-since"] = before.modified
    answer = attempt(HttpRequest("GET", address, headers, max_bytes=MAX_BYTES), refusal=_refusal)
    try:
        said = feed_in(answer.body, answer.headers.get("content-type", ""), answer.url or address)
    except NoFeed as problem:
        raise Refused("no_feed", f"There is no feed at {address}: {problem}.") from problem
    etag, modified = (answer.headers.get(name, "")[:300] for name in ("etag", "last-modified"))
    return Fetched(said["entries"], etag, modified, _date(answer))


def _news(
    account: Account, address: str, feeds: Mapping[str, str], before: FeedPlace | None
) -> tuple[list[Raw], FeedPlace]:
    """The arrivals of a feed, oldest first, and what is known of it by then."""
    feed, kind = fetched(account, address, before), feeds[address]
    known = dict(before.known) if before else {}
    since = _since(account, feed) if before is None else None
    headers = {FOUND: "owned_venue" if kind == OWN else "keyword", **({BACK: "1"} if before is None else {})}
    raws = []
    for entry in _oldest_first(feed.entries):
        name, digest = _name(entry), text_of(entry.get("digest"))
        had = known.pop(name, None)
        known[name] = (digest, had[1] + (had[0] != digest) if had else 0)
        if (had and had[0] == digest) or not _is_wanted(account, kind, entry):
            continue
        if before is None and not (since and (time_of(entry.get("at")) or since) >= since):
            continue
        event = {EVENT: EDITED} if had else {}
        raws.append(
            _raw(entry, {**headers, **event}, f"{name}.{known[name][1]}.{digest}", address, several=len(feeds) > 1)
        )
    newest = dict(list(known.items())[-MOST_KNOWN:])
    return raws, FeedPlace(feed.etag, feed.modified, newest)


def _oldest_first(entries: list[Entry]) -> list[Entry]:
    """Feeds begin with the newest; where each entry says its time, that decides."""
    turned = entries[::-1]
    times = [at for entry in turned if (at := time_of(entry.get("at")))]
    if len(times) < len(turned):
        return turned
    return [turned[place] for _, place in sorted(zip(times, range(len(turned)), strict=True))]


def _since(account: Account, feed: Fetched) -> datetime | None:
    """From when on a feed that is read for the first time is read back; None: not at all."""
    days = account.settings.get("read_back_days")
    if not isinstance(days, int) or days <= 0:
        return None
    times = [at for entry in feed.entries if (at := time_of(entry.get("at")))]
    at = feed.at or max(times, default=None)
    return at - timedelta(days=days) if at else None


def _is_wanted(account: Account, kind: str, entry: Entry) -> bool:
    """In others' feeds only what holds one of the words that the channel listens for."""
    if kind != OTHER:
        return True
    words = " ".join(text_of(entry.get(name)) for name in ("title", "text", "html")).casefold()
    return any(term.casefold() in words for term in account.terms if term.strip())


def _name(entry: Entry) -> str:
    """An entry's id, short."""
    return sha256(text_of(entry.get("id")).encode("utf-8", "replace")).hexdigest()[:16]


def _raw(entry: Entry, headers: dict[str, str], key: str, address: str, *, several: bool) -> Raw:
    """One entry as an arrival. A bare number as id is that of its feed: where several are read, it says which."""
    if several and ":" not in text_of(entry.get("id")):
        entry = {**entry, "id": f"{address}#{entry['id']}"}
        key = f"{sha256(address.encode()).hexdigest()[:8]}.{key}"
    return Raw(json.dumps({"entry": entry}).encode(), headers, key)


def _proof(account: Account, address: str) -> dict[str, str]:
    """User name and password, for the feeds of the one host that the settings name."""
    password = account.secrets.get("password", "")
    if not password or host_of(address) != text_of(account.settings.get("host")).strip().lower():
        return {}
    pair = f"{text_of(account.settings.get('user'))}:{password}"
    return {"authorization": "Basic " + base64.b64encode(pair.encode()).decode("ascii")}


def _refusal(response: HttpResponse) -> SendError:
    if response.status == 304:
        return Unchanged()
    error = error_of(response)
    if isinstance(error, AuthLost):
        return AuthLost("The feed asks for a user name and a password (401).")
    return (
        Refused(error.code, f"The feed is not given out (code {error.code}).") if isinstance(error, Refused) else error
    )


def _date(response: HttpResponse) -> datetime | None:
    try:
        read = parsedate_to_datetime(response.headers.get("date", ""))
    except ValueError:
        return None
    return read if read.tzinfo else None


def sentence(address: str, error: SendError) -> str:
    """What is wrong with a feed, for an administrator."""
    words = error.human if isinstance(error, Refused) else error.detail or error.message
    return words if address in words else f"{address}: {words}"
