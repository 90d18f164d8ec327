"""Two feeds for the suite: one of our own pages, one of somebody else's. Both ask for a password."""

import base64
from datetime import datetime, timedelta
from email.utils import format_datetime
from hashlib import sha256
from html import escape
from typing import Any

from hark.channels.testing.counterpart import Answer, Call, HttpCounterpart
from hark.channels.types import Account
from hark.kernel.time import now

PASSWORD = "a-password-of-the-suite"


class Feeds(HttpCounterpart):
    """`/own.xml` is read whole, of `/others.xml` only what holds our words."""

    def __init__(self, account: Account) -> None:
        """`account`: who listens."""
        super().__init__(account)
        self.items: dict[str, list[dict[str, Any]]] = {"/own.xml": [], "/others.xml": []}
        self.broken: set[str] = set()
        own, others = (f"{self.base_url}{path}" for path in self.items)
        settings = {
            **account.settings,
            "own_feeds": [own],
            "other_feeds": [others],
            "host": "127.0.0.1",
            "user": "care",
        }
        self.account = Account(account.key, account.external_id, settings, {"password": PASSWORD}, account.self_ids)

    def add(self, path: str, title: str, words: str = "", at: datetime | None = None) -> str:
        """A new item on top; its id."""
        items = self.items[path]
        at = at or now() - timedelta(hours=1) + timedelta(seconds=len(items))
        items.insert(0, {"id": f"tag:plum.example,2026:{path}/{len(items)}", "title": title, "words": words, "at": at})
        return str(items[0]["id"])

    def answer(self, call: Call) -> Answer:
        """The feed, or 304 where it is as it was."""
        proof = base64.b64encode(f"care:{PASSWORD}".encode()).decode()
        if call.headers.get("authorization") != f"Basic {proof}":
            return Answer(401)
        if call.path in self.broken:
            return Answer(500)
        if call.path not in self.items:
            return Answer(404)
        body = document(self.items[call.path])
        etag = f'"{sha256(body).hexdigest()[:12]}"'
        if call.headers.get("if-none-match") == etag:
            return Answer(304, headers={"etag": etag})
        return Answer(200, body, {"etag": etag, "content-type": "application/rss+xml; charset=utf-8"})

    def offer(self, count: int) -> list[str]:
        """News on our own page."""
        return [self.add("/own.xml", f"news {number}") for number in range(count)]

    def mention(self, text: str) -> str:
        """Somebody writes on his own page."""
        return self.add("/others.xml", text)


def document(items: list[dict[str, Any]]) -> bytes:
    """RSS 2.0 with these items."""
    made = "".join(
        f'<item><guid isPermaLink="false">{one["id"]}</guid><title>{escape(one["title"])}</title>'
        f"<description>{escape(one['words'])}</description><pubDate>{format_datetime(one['at'])}</pubDate></item>"
        for one in items
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>Plum</title>{made}</channel></rss>'.encode()
