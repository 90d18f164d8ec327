"""The feed of a real WordPress: a reader's comment is heard through it, and an agent answers where it stands."""

import os
from collections.abc import Iterator

import pytest
from django.test import override_settings

from hark.channels.accounts import account_of
from hark.channels.rss.place import FeedPlace
from hark.channels.rss.polling import Unchanged, fetched
from hark.channels.rss.venue import Rss
from hark.channels.types import Account
from tests.venues.transcripts import Transcript
from tests.venues.whole_way import connected, poll, said_in
from tests.venues.wordpress_site import Site, wordpress_site

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("wordpress"),
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not os.environ.get("HARK_VENUES"), reason="a slow proof: run `make venues`"),
]


@pytest.fixture(scope="module")
def server() -> Iterator[Site]:
    with wordpress_site() as site:
        yield site


@pytest.fixture
def site(server: Site) -> Iterator[Site]:
    with override_settings(HARK_ALLOWED_NETWORKS=server.allowed):
        yield server


def test_what_a_real_feed_brings_is_a_case_with_its_link(site: Site) -> None:
    told = Transcript()
    feeds = {"own_feeds": [f"{site.url}/?feed=comments-rss2"], "other_feeds": [f"{site.url}/?feed=atom"]}
    channel = connected("rss", f"{site.url}/feeds", feeds, {})
    assert Rss().check(account_of(channel)).problems == ()
    poll(channel)
    assert said_in(channel) == []
    told.tell("Hark reads the site's two feeds (RSS 2.0 of its comments, Atom of its posts): it begins with what comes")
    number = site.comment("Grüße 🎉, where is my <b>SIM</b>?", "feed")
    poll(channel)
    [heard] = said_in(channel)
    told.tell("a reader comments, and the next poll brings it with its full text and its link as a case")
    assert heard.text == "Grüße 🎉, where is my SIM?"
    assert heard.permalink == f"{site.url}/?p={site.post}#comment-{number}"
    assert heard.conversation.case
    poll(channel)
    told.tell("the next poll is answered with 304 where nothing changed, and brings nothing twice")
    assert len(said_in(channel)) == 1
    told.keep("rss", f"The feeds of WordPress {site.version} on this machine.")


def test_an_unchanged_real_feed_is_answered_with_304(site: Site) -> None:
    address = f"{site.url}/?feed=rss2"
    first = fetched(Account(""), address)
    assert first.etag or first.modified
    with pytest.raises(Unchanged):
        fetched(Account(""), address, FeedPlace(first.etag, first.modified))
