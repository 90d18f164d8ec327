"""Lists that a venue gives newest first and changes in place, such as reviews: what is new, changed or gone in them.

The venue does not say what has changed since. So the cursor keeps the newest entries as they were last seen, each with
a mark, and a reading goes down the list to the first page that holds one of them unchanged.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hark.channels.kit.careful_json import MAX_BATCH_BYTES, Unreadable, loads
from hark.channels.kit.words import time_of
from hark.channels.types import Account, Raw
from hark.kernel.time import now

MOST_PAGES = 200
MOST_ASKED = 20  # how many missing entries are asked for by name in one reading
READ_BACK_HELP = "Older ones are shown on their authors' pages; they open no case and start no clock. 0: none."
NEW, CHANGED, BACKFILLED, GONE = "new", "changed", "backfilled", "gone"  # what the header `news` of an arrival says


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing in the list. `mark` differs when anything that matters in it does; `at` is when it was written.

    An answer of ours has the time of what it answers: it comes with that, or not at all. `headers` go with its arrival.
    """

    id: str
    mark: str
    body: bytes
    at: datetime | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Seen:
    """What the last reading saw: (id, mark), newest first, and the time of the newest writing (`until`)."""

    entries: tuple[tuple[str, str], ...] = ()
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """A list to read. `pages` are its pages, newest first; `kept` of its entries are remembered: more than a page has.

    `since`: what the first reading gives. `is_gone` is asked of entries that are missing between others; None: such a
    list tells nothing by that. Ids stand behind `prefix` in arrivals that say so.
    """

    pages: Iterable[Sequence[Entry]]
    kept: int
    since: datetime
    is_gone: Callable[[str], bool] | None = None
    prefix: str = ""


def news(seen: Seen | None, source: Source) -> tuple[list[Raw], Seen]:
    """The arrivals since `seen`, oldest first, and what is seen now. Their header `news` says what each is.

    `backfilled`: it comes with the first reading (no `seen`). `new`: written after all that was seen. Without the
    header: it was not remembered, and may be known all the same. `gone`: the body is {"gone": id}.
    """
    before = dict(seen.entries) if seen else {}
    found, whole = _read(before, source, first=seen is None)
    fresh = [one for one in found.values() if before.get(one.id) != one.mark]
    if seen is None:
        fresh = [one for one in fresh if one.at is None or one.at >= source.since]
    raws = [raw_of(one, _headers(seen, before, one)) for one in reversed(fresh)]
    missing = _missing(before, found, whole=whole) if source.is_gone else []
    raws += [_gone(source.prefix + one, before[one]) for one in missing if source.is_gone and source.is_gone(one)]
    kept = {one.id: one.mark for one in found.values()}
    kept |= {number: mark for number, mark in before.items() if number not in kept and number not in missing}
    times = [one.at for one in found.values() if one.at] + ([seen.until] if seen and seen.until else [])
    return raws, Seen(tuple(kept.items())[: source.kept], max(times, default=None))


def raw_of(entry: Entry, headers: Mapping[str, str]) -> Raw:
    """An entry as an arrival; unchanged it is the same arrival, however often it is given."""
    return Raw(entry.body, headers, _key(entry.id, entry.mark))


def seen_in(value: object) -> Seen | None:
    """What a part of a cursor says was seen; None where nothing was read yet, or it cannot be read."""
    if not isinstance(value, dict) or not isinstance(value.get("seen"), list):
        return None
    pairs = [one for one in value["seen"] if isinstance(one, list) and len(one) == 2]
    return Seen(tuple((str(number), str(mark)) for number, mark in pairs), time_of(value.get("until")))


def as_value(seen: Seen) -> dict[str, object]:
    """The same for a cursor."""
    return {"seen": [list(pair) for pair in seen.entries], "until": seen.until.isoformat() if seen.until else ""}


def cursor_in(cursor: str) -> Mapping[str, object]:
    """The parts of a cursor, by what was read; none where it is empty or cannot be read."""
    try:
        said = loads(cursor.encode(), max_bytes=MAX_BATCH_BYTES)
    except Unreadable:
        return {}
    return said if isinstance(said, dict) else {}


def days_back(account: Account) -> datetime:
    """Since when the first reading gives what it finds, by the setting `read_back_days`."""
    days = account.settings.get("read_back_days")
    return now() - timedelta(days=days if isinstance(days, int) else 0)


def mark_of(*parts: object) -> str:
    """A short mark of what matters in an entry."""
    return hashlib.sha256(json.dumps([str(part) for part in parts]).encode()).hexdigest()[:12]


def _read(before: dict[str, str], source: Source, *, first: bool) -> tuple[dict[str, Entry], bool]:
    """What stands above the last entry that is known unchanged, with it; and whether the list was read to its end."""
    found: dict[str, Entry] = {}
    for number, page in enumerate(source.pages, start=1):
        known = [place for place, one in enumerate(page) if before.get(one.id) == one.mark]
        for place, one in enumerate(page):
            if not known or place <= known[-1] or one.id in before:  # below they were forgotten, not missed
                found.setdefault(one.id, one)
        old = first and all(one.at is not None and one.at < source.since for one in page)
        if (page and (known or old)) or number == MOST_PAGES:
            return found, False
    return found, True


def _headers(seen: Seen | None, before: dict[str, str], one: Entry) -> dict[str, str]:
    if seen is None:
        return {**one.headers, "news": BACKFILLED}
    if one.id in before:
        return {**one.headers, "news": CHANGED}
    is_new = one.at is None or seen.until is None or one.at > seen.until
    return {**one.headers, "news": NEW} if is_new else {**one.headers}


def _missing(before: dict[str, str], found: dict[str, Entry], *, whole: bool) -> list[str]:
    """Those that stood before others which are still there, so that a page cannot have ended before them."""
    order = list(before)
    last = len(order) if whole else max((place for place, one in enumerate(order) if one in found), default=0)
    return [number for number in order[:last] if number not in found][:MOST_ASKED]


def _gone(number: str, mark: str) -> Raw:
    return Raw(json.dumps({"gone": number}).encode(), {"news": GONE}, _key(number, mark, GONE))


def _key(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:40]
