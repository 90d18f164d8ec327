"""What is new at a site, and what has become of what was there."""

import hashlib
import json
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from hark.channels.errors import Refused
from hark.channels.kit.words import id_of
from hark.channels.types import Account, Page, Raw
from hark.channels.wordpress.calls import COMMENTS, PER_PAGE, Comment, call, listed
from hark.channels.wordpress.place import Known, Place, place_in
from hark.channels.wordpress.reading import BACK, DEEPEST, EDITED, EVENT, ROOT, number_of_parent, time_in, words_in

SWEPT_DAYS = 30
MOST_PAGES = 200  # of a backlog: 20,000 comments
MOST_GONE = 100  # asked about in one call


@dataclass(slots=True)
class Look:
    """One page of comments as the site lists them, newest first, by id."""

    comments: dict[int, Comment]
    at: datetime | None

    @property
    def is_full(self) -> bool:
        """Is there probably another page behind it?"""
        return len(self.comments) >= PER_PAGE

    @property
    def lowest(self) -> int:
        """The oldest of it."""
        return min(self.comments, default=0)


@dataclass(slots=True)
class Found:
    """What a look brought, oldest first, and what is known by it."""

    raws: list[Raw] = field(default_factory=list)
    known: dict[int, Known] = field(default_factory=dict)
    gone: set[int] = field(default_factory=set)


def next_page(account: Account, cursor: str) -> Page:
    """One page of news. When that was the last, it and one older page are compared with what is known."""
    place = place_in(cursor)
    look = _look(account, place.page if place else 1)
    if place is None:
        days = account.settings.get("read_back_days")
        if not isinstance(days, int) or days <= 0 or look.at is None:
            return Page((), Place(floor=max(look.comments, default=0)).text)
        place = Place(since=look.at - timedelta(days=days))
    fresh = _fresh(place, look)
    if not place.up and look.is_full and len(fresh) == len(look.comments) and place.page < MOST_PAGES:
        return Page((), replace(place, page=place.page + 1).text, more=True)
    found = Found()
    _take(account, place, look, fresh, found)
    if place.page > 1:
        place = replace(place.knowing(found.known), page=place.page - 1, up=True)
        return Page(tuple(found.raws), place.text, more=True)
    place = _compared(account, replace(place, up=False, since=None), look, found)
    return Page(tuple(found.raws), place.text)


def _look(account: Account, page: int) -> Look:
    try:
        comments, answer = listed(account, {"page": page})
    except Refused as error:
        if error.code != "rest_comment_invalid_page_number" and page == 1:
            raise
        return Look({}, None)  # fewer than there were
    numbered = {int(number): one for one in comments if (number := id_of(one.get("id"))) and number.isdecimal()}
    return Look(numbered, answer.at)


def _fresh(place: Place, look: Look) -> list[int]:
    """Comments that Hark does not have, oldest first: new, or saved from the spam. Old ones that were imported stay."""
    first = place.since or (look.at and look.at - timedelta(days=SWEPT_DAYS))
    return sorted(
        number
        for number, one in look.comments.items()
        if number > place.floor and number not in place.known and not (first and (time_in(one) or first) < first)
    )


def _take(account: Account, place: Place, look: Look, fresh: list[int], found: Found) -> None:
    """What is new on a page, then what reads otherwise than it did."""
    for number in fresh:
        comment = look.comments[number]
        root = _root(account, comment, {**place.known, **found.known})
        found.known[number] = one = Known(_digest(comment), 0, root)
        found.raws.append(_raw(number, comment, one, {BACK: "1"} if place.since else {}))
    for number, comment in sorted(look.comments.items()):
        before, digest = place.known.get(number), _digest(comment)
        if before and before.digest != digest:
            found.known[number] = one = Known(digest, before.changes + 1, before.root)
            found.raws.append(_raw(number, comment, one, {EVENT: EDITED}))


def _compared(account: Account, place: Place, newest: Look, found: Found) -> Place:
    """The newest page and a further one of those that are known are compared; what is missing is asked for."""
    missing = _missing(place, newest, 0)
    if newest.is_full and min(place.known, default=0) < newest.lowest:
        above = place.above or newest.lowest
        look = _look(account, place.sweep)
        _take(account, place, look, _fresh(place, look), found)
        missing |= _missing(place, look, above)
        ended = not look.is_full or min(place.known, default=0) >= look.lowest
        place = replace(place, sweep=2 if ended else place.sweep + 1, above=0 if ended else look.lowest)
    gone = _gone(account, sorted(missing)[:MOST_GONE])
    found.raws += [_gone_raw(number, place.known[number]) for number in sorted(gone)]
    return place.knowing(found.known, frozenset(gone))


def _missing(place: Place, look: Look, above: int) -> set[int]:
    """What is known and should stand on this page, and does not. `above`: the lowest id of the page before; 0: none."""
    low = look.lowest if look.is_full else 0
    return {number for number in place.known if low < number and (not above or number < above)} - look.comments.keys()


def _gone(account: Account, numbers: list[int]) -> set[int]:
    """Those of them that are public no more, asked by name: pages move while they are read."""
    if not numbers:
        return set()
    there, _ = listed(account, {"include": ",".join(map(str, numbers))}, "id")
    return set(numbers) - {int(number) for one in there if (number := id_of(one.get("id"))) and number.isdecimal()}


def _root(account: Account, comment: Comment, known: dict[int, Known]) -> str:
    """The comment at the top of the thread; what is not known is asked for, which is seldom."""
    number = id_of(comment.get("id")) or ""
    parent = number_of_parent(comment)
    for _ in range(DEEPEST):
        if not parent:
            break
        number = parent
        if parent.isdecimal() and (above := known.get(int(parent))):
            return above.root
        parent = _parent_of(account, parent)
    return number


def _parent_of(account: Account, number: str) -> str:
    try:
        said = call(account, "GET", f"{COMMENTS}/{number}", {"context": "edit", "_fields": "id,parent"}).said
    except Refused:  # it is gone: whatever stood above it
        return ""
    return number_of_parent(said) if isinstance(said, dict) else ""


def _raw(number: int, comment: Comment, known: Known, headers: dict[str, str]) -> Raw:
    """A comment as it came, under a key that a repeated page gives again and a later change does not."""
    key = f"{number}.{known.changes}.{known.digest}"
    return Raw(json.dumps(_kept(comment)).encode(), {**headers, ROOT: known.root}, key)


def _gone_raw(number: int, known: Known) -> Raw:
    said = {"deleted": True, "previous": {"id": number}}  # as WordPress itself answers a deletion
    return Raw(json.dumps(said).encode(), {}, f"{number}.gone.{known.changes}")


def _kept(comment: Comment) -> Comment:
    """Without what Hark has no use for, should a site send it though nobody asked."""
    return {name: one for name, one in comment.items() if name not in {"author_ip", "author_user_agent", "_links"}}


def _digest(comment: Comment) -> str:
    return hashlib.sha256(words_in(comment).encode("utf-8", "replace")).hexdigest()[:10]
