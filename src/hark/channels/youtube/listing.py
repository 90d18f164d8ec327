"""What is asked of YouTube while a channel is read, with a care for its quota: every call here costs one unit.

The newest threads of all videos come in one list, which is read often. An answer below an older comment moves nothing
in it; so once an hour the list is read far down, and the answers are listed where their number has changed.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from urllib.parse import urlencode

from hark.channels.kit.careful_json import Json
from hark.channels.kit.google import call
from hark.channels.kit.newest_first import Entry, Seen, Source, days_back, mark_of, raw_of
from hark.channels.kit.words import id_of, text_of, time_of
from hark.channels.types import Account, Raw
from hark.channels.youtube.reading import comments_in

API = "https://www.googleapis.com"
PAGE = 50
KEPT = 400  # a page with the answers that come with it, five to a comment at most
DEEP_PAGES = 10
MOST_ANSWERS = 20  # threads whose answers are listed in one reading


@dataclass(slots=True)
class Answers:
    """How many answers stood below each comment when they were last read; `deep_hour`: when the list was read far down.

    `first`: nothing is known yet, so only what comes with the list is read.
    """

    deep_hour: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    first: bool = False
    listed: int = 0

    def whole(self, account: Account, thread: dict[str, Json]) -> list[dict[str, Json]]:
        """The comments of a thread: with all answers where their number has changed and not all came with it."""
        comments = comments_in(thread)
        top, total = text_of(comments[0].get("id")), _total(thread)
        if not self.first and self.counts.get(top) != total and total > len(comments) - 1:
            if self.listed == MOST_ANSWERS:  # the next reading goes on here
                return comments
            comments, self.listed = [comments[0], *answers(account, top)], self.listed + 1
        self.counts[top] = total
        return comments


def source(account: Account, known: Answers) -> Source:
    """The newest threads, as a list to read."""
    entries = ([one for thread in page for one in _newest_first(account, thread, known)] for page in threads(account))
    return Source(entries, KEPT, days_back(account), lambda number: is_gone(account, number))


def threads(account: Account) -> Iterator[list[dict[str, Json]]]:
    """The comment threads of our channel, newest first, page by page."""
    asked = {
        "part": "snippet,replies",
        "allThreadsRelatedToChannelId": own_channel(account),
        "order": "time",
        "textFormat": "plainText",
        "maxResults": str(PAGE),
    }
    yield from _pages(account, "commentThreads", asked)


def answers(account: Account, comment: str) -> list[dict[str, Json]]:
    """All answers below a comment, at most two hundred."""
    asked = {"part": "snippet", "parentId": comment, "textFormat": "plainText", "maxResults": "100"}
    return [one for page in islice(_pages(account, "comments", asked), 2) for one in page]


def deeper(account: Account, known: Answers, hour: str, seen: Seen) -> list[Raw]:
    """What was written or changed below all comments in reach since the last deep reading; the first one only counts.

    What the reading of the newest has `seen` is left out.
    """
    since = time_of(f"{known.deep_hour}:00:00+00:00")
    after = Answers(hour, known.counts.copy(), first=since is None, listed=known.listed)
    entries, kept = list[Entry](), set[str]()
    for thread in (one for page in islice(threads(account), DEEP_PAGES) for one in page):
        comments = after.whole(account, thread)
        kept.add(text_of(comments[0].get("id")))
        entries += _oldest_first(thread, comments)
    known.deep_hour = hour
    known.counts = {top: count for top, count in after.counts.items() if top in kept}
    marks = dict(seen.entries)
    fresh = [one for one in entries if since is not None and _is_later(one, since)]
    return [raw_of(one, one.headers) for one in fresh if marks.get(one.id) != one.mark]


def is_gone(account: Account, comment: str) -> bool:
    """Is a comment no longer there? Of answers this is not asked: it would cost too much quota."""
    if "/" in comment:
        return False
    said = call(account, "GET", address(account, "comments", {"part": "id", "id": comment}))
    return said.get("items") == []


def own_channel(account: Account) -> str:
    """The id of our channel there."""
    return (text_of(account.settings.get("channel")) or account.external_id).strip()


def address(account: Account, what: str, asked: dict[str, str]) -> str:
    """Where to ask for something."""
    return f"{(account.base_url or API).rstrip('/')}/youtube/v3/{what}?{urlencode(asked)}"


def _pages(account: Account, what: str, asked: dict[str, str]) -> Iterator[list[dict[str, Json]]]:
    token = ""
    while True:
        said = call(account, "GET", address(account, what, {**asked, **({"pageToken": token} if token else {})}))
        items = said.get("items")
        yield [one for one in items if isinstance(one, dict)] if isinstance(items, list) else []
        token = text_of(said.get("nextPageToken"))
        if not token:
            return


def _newest_first(account: Account, thread: dict[str, Json], known: Answers) -> list[Entry]:
    return list(reversed(list(_oldest_first(thread, known.whole(account, thread)))))


def _oldest_first(thread: dict[str, Json], comments: list[dict[str, Json]]) -> Iterator[Entry]:
    video = thread.get("snippet")
    headers = {"video": text_of(video.get("videoId"))} if isinstance(video, dict) else {}
    for one in sorted(comments, key=lambda each: text_of(_snippet(each).get("publishedAt"))):
        number, snippet = id_of(one.get("id")), _snippet(one)
        if number is None:
            continue
        parent = id_of(snippet.get("parentId"))
        mark = mark_of(snippet.get("updatedAt"), snippet.get("textDisplay"), snippet.get("moderationStatus"))
        body = json.dumps({"items": [one]}).encode()
        yield Entry(
            f"{parent}/{number}" if parent else number, mark, body, time_of(snippet.get("publishedAt")), headers
        )


def _snippet(comment: dict[str, Json]) -> dict[str, Json]:
    snippet = comment.get("snippet")
    return snippet if isinstance(snippet, dict) else {}


def _total(thread: dict[str, Json]) -> int:
    count = _snippet(thread).get("totalReplyCount")
    return count if isinstance(count, int) else 0


def _is_later(entry: Entry, since: datetime) -> bool:
    said = _snippet(json.loads(entry.body)["items"][0])
    changed = time_of(said.get("updatedAt")) or entry.at
    return changed is None or changed >= since
