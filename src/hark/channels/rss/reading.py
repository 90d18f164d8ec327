"""Entries of feeds, into Hark's words. Pure and total; the XML itself is read in a child that may be killed."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from hark.channels.kit.careful_json import Json, Unreadable, loads
from hark.channels.kit.formatted import Cleaned, cleaned_all
from hark.channels.kit.words import id_of, storable, text_of, time_of
from hark.channels.types import Account, Inbound, Person, Raw
from hark.kernel.hostile import read_in_child

ENTRIES = "hark.channels.rss.feed:entries_in"
SECONDS = 4.0  # of work, for 4 MB
EVENT, BACK, FOUND = "rss-event", "rss-back", "rss-found"
EDITED = "edited"
TROUBLE = {"timeout": "it takes too long to read", "memory": "it is too large to read", "crashed": "it cannot be read"}
NO_TIME = "the feed does not say when it was written"
LONGEST_ID = 400


class NoFeed(ValueError):
    """These bytes are no feed; its text says why."""


def feed_in(body: bytes, content_type: str = "", address: str = "") -> dict[str, Any]:
    """What a feed says, in plain values. Raises NoFeed."""
    outcome = read_in_child(ENTRIES, body, content_type[:200], address[:2000], seconds=SECONDS)
    if outcome.value is None:
        raise NoFeed(TROUBLE.get(outcome.note, "it cannot be read"))
    if not outcome.value["kind"] and not outcome.value["entries"]:
        raise NoFeed("it is neither RSS nor Atom")
    found: dict[str, Any] = outcome.value
    return found


def read_entries(account: Account, raw: Raw) -> list[Inbound]:
    """The events of a feed's document, in its order, or of one entry as a poll stores it."""
    try:
        entries = [_stored(raw.body)] if raw.body.lstrip()[:1] == b"{" else feed_in(raw.body)["entries"]
    except (NoFeed, Unreadable) as problem:
        return [Inbound("unknown", account=account.key, raw_id=raw.id, problem=str(problem))]
    shown = cleaned_all([text_of(one.get("html")) for one in entries])
    events = [_event(one, clean, raw.headers) for one, clean in zip(entries, shown, strict=True)]
    return [replace(event, account=account.key, raw_id=raw.id) for event in events]


def _stored(body: bytes) -> dict[str, Json]:
    said = loads(body)
    entry = said.get("entry") if isinstance(said, dict) else None
    if not isinstance(entry, dict):
        raise Unreadable("no entry of a feed")
    return entry


def _event(said: Mapping[str, Json], clean: Cleaned, headers: Mapping[str, str]) -> Inbound:
    number = (id_of(said.get("id")) or "")[:LONGEST_ID]
    if not number:
        return Inbound("unknown", problem="an entry without anything that names it")
    title, link, at = text_of(said.get("title")), link_in(said.get("link")), time_of(said.get("at"))
    words, found = clean.text or text_of(said.get("text")), headers.get(FOUND, "owned_venue")
    event = Inbound(
        "message",
        external_id=number,
        thread_id=number,
        root_id=number,
        visibility="public",
        author=_author(said, number, link),
        message_kind="post",
        subject=title,
        text=words if words.strip() else title,
        html=clean.html or None,
        hidden_text=clean.hidden_text,
        lang=(text_of(said.get("lang")) or None),
        sent_at=at,
        permalink=link or None,
        targets_us="keyword" if found == "keyword" else "owned_venue",
        policy=("backfilled",) if headers.get(BACK) else (),
        problem=None if at else NO_TIME,
    )
    # A feed does not say when an entry was changed: the moment at which Hark saw it stands for that.
    return replace(event, kind="edit", sent_at=None, problem=None) if headers.get(EVENT) == EDITED else event


def _author(said: Mapping[str, Json], number: str, link: str) -> Person:
    """Who names a page of his own is known by it; of all others nothing is known but a name, which many may bear."""
    url = link_in(said.get("author_url"))
    host = host_of(link or number)
    return Person(
        storable(url or f"entry:{number}")[: LONGEST_ID + 10],
        network="rss",
        scope=host,
        name=text_of(said.get("author"))[:200],
        url=url,
    )


def link_in(said: Json) -> str:
    """Only web addresses become links."""
    text = text_of(said).strip()
    return text if text.startswith(("https://", "http://")) and len(text) <= 2000 else ""


def host_of(address: str) -> str:
    """The host of an address, empty where it is none."""
    try:
        return (urlsplit(address).hostname or "") if "://" in address else ""
    except ValueError:
        return ""
