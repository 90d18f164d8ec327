"""The verbs of RSS and Atom."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import urlsplit

from hark.channels.base import Venue
from hark.channels.errors import SendError
from hark.channels.kit.setting import setting
from hark.channels.rss.guide import GUIDE
from hark.channels.rss.polling import OTHER, OWN, SEARCH, feeds_of, fetched, next_page, sentence
from hark.channels.rss.reading import read_entries
from hark.channels.types import Account, Caps, Guide, Health, Inbound, Page, Raw

MOST_FEEDS = 50
READ_BACK_HELP = (
    "Of what a feed holds when it is read for the first time. It opens no case and starts no clock. 0: nothing."
)


@dataclass(frozen=True)
class Settings:
    """Which feeds are read, and what of them is taken."""

    own_feeds: tuple[str, ...] = setting(
        (), label="Your own feeds", help="Such as that of the comments on your blog: everything in them is taken."
    )
    search_feeds: tuple[str, ...] = setting(
        (), label="Feeds of saved searches", help="Made by a search engine for your words: everything in them is taken."
    )
    other_feeds: tuple[str, ...] = setting(
        (), label="Other blogs and news", help="Only what holds one of the words that you listen for is taken."
    )
    read_back_days: int = setting(0, label="Days to read back", help=READ_BACK_HELP, low=0, high=3650)
    host: str = setting(
        "",
        label="Host with a password",
        help="Such as forum.example.org, where a feed is not for everybody.",
        part="Sign-in",
    )
    user: str = setting("", label="User name")
    password: str = setting("", label="Password", secret=True, help="Sent to that host alone.")


class Rss(Venue):
    """Blogs, news, forums, saved searches: whatever has a feed. Answers are given at the venue."""

    key: ClassVar[str] = "rss"
    name: ClassVar[str] = "RSS"
    intro: ClassVar[str] = (
        "Blogs, news and saved searches: what their feeds (RSS, Atom) bring is heard, and answered there."
    )
    proof: ClassVar[str] = "real server"
    caps: ClassVar[Caps] = Caps(edits_in=True, poll=True, listen_keywords=True, native_reply_url=True)
    Settings = Settings
    poll_seconds: ClassVar[float] = 300.0  # most feeds ask for less than that

    def guides(self, redirect: str) -> tuple[Guide, ...]:
        """Which feed goes into which list."""
        return (GUIDE,)

    def objections(self, account: Account) -> Mapping[str, str]:
        """At least one feed, and each is a web address."""
        found = {}
        for name in (OWN, SEARCH, OTHER):
            listed = account.settings.get(name, ())
            bad = [str(one) for one in listed if not _is_address(str(one))] if isinstance(listed, list | tuple) else []
            if bad:
                found[name] = f"{bad[0]!r} is not written like https://blog.example/feed."
        if len(feeds_of(account)) > MOST_FEEDS:
            found[OTHER] = f"One channel reads at most {MOST_FEEDS} feeds."
        return found or ({} if feeds_of(account) else {OWN: "Name at least one feed."})

    def check(self, account: Account) -> Health:
        """Is each feed there, and is it one?"""
        problems = []
        for address in feeds_of(account):
            try:
                fetched(account, address)
            except SendError as error:
                problems.append(sentence(address, error))
        return Health(tuple(problems), (account.key,), caps=self.caps_for(account))

    def parse(self, account: Account, raw: Raw) -> list[Inbound]:
        """The entries of a feed, or the one entry that a poll stored."""
        return read_entries(account, raw)

    def poll(self, account: Account, cursor: str) -> Page:
        """What is new in the feed whose turn it is."""
        return next_page(account, cursor)


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text.strip())
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and not parts.username
