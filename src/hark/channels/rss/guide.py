"""The steps by which a channel of feeds is connected, as docs/venues/rss.md has them."""

from hark.channels.types import Guide

GUIDE = Guide(
    "Which feed goes where",
    (
        (
            "Your own feeds: everything in them is taken, as said on your own page. A WordPress blog has one of its "
            "comments, at /comments/feed/."
        ),
        (
            "Feeds of saved searches: make them at a search engine for your words. Everything in them is taken, as "
            "found by listening."
        ),
        "Other blogs and news: only what holds one of the words that the brand listens for is taken.",
        "Where a feed asks for a password, type its host, user name and password; they are sent to that one host.",
        "The check asks each feed, and names those that are not there, are no feed, or ask for a password.",
    ),
)
