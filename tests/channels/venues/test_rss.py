"""RSS and Atom pass the suite; feeds as they are found in the world, and what their bytes may not do to us."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar

import pytest

from hark.channels.errors import Refused, Retry
from hark.channels.rss.place import Place, place_in
from hark.channels.rss.venue import Rss
from hark.channels.testing.conformance import ChannelConformance
from hark.channels.testing.conformance.bench import MOMENT, Visibility
from hark.channels.types import Account, Inbound, Outbound, Raw, Request, Target
from hark.kernel.ids import new_uuid
from hark.kernel.time import now
from tests.channels.accounts import a_call
from tests.channels.venues.feeds import Feeds

VENUE = Rss()
READER = Account("chan_feeds", "inbox/Blogs", {"read_back_days": 3}, {"password": "not-the-right-one"})
HEAD = '<?xml version="1.0"?>'


class TestRss(ChannelConformance):
    venue = VENUE
    samples = Path(__file__).parents[1] / "samples" / "rss"
    seen: ClassVar[Visibility] = "public"
    permission_ends = False  # a feed has neither scopes nor an end

    def account(self) -> Account:
        return READER

    def genuine(self, body: bytes) -> Request:
        return a_call(body, {})

    def says(self, text: str, visibility: Visibility = "public", *, thread: str = "t1", at: datetime = MOMENT) -> Raw:
        name = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
        entry = {"id": f"tag:{thread},{name}", "title": "A title", "text": text, "at": at.isoformat()}
        return Raw(json.dumps({"entry": entry}).encode(), {}, "1", at)

    def batch(self, count: int) -> tuple[Raw, list[str]]:
        ids = [f"tag:n,{number}" for number in range(count)]
        items = "".join(f"<item><guid>{one}</guid><title>x</title></item>" for one in ids)
        return rss(items), ids

    @contextmanager
    def counterpart(self) -> Iterator[Feeds]:
        with Feeds(READER) as place:
            yield place


def rss(items: str) -> Raw:
    """A document with these items."""
    return Raw(f'{HEAD}<rss version="2.0"><channel><title>t</title>{items}</channel></rss>'.encode())


def read(body: bytes | Raw) -> list[Inbound]:
    return VENUE.parse(READER, body if isinstance(body, Raw) else Raw(body))


@pytest.fixture
def feeds() -> Iterator[Feeds]:
    with Feeds(READER) as place:
        yield place


def begins_now(feeds: Feeds, **more: Any) -> Account:
    return replace(feeds.account, settings={**feeds.account.settings, "read_back_days": 0, **more}, terms=("plum",))


def heard(account: Account, cursor: str) -> tuple[list[Inbound], str]:
    """The events behind a cursor."""
    events: list[Inbound] = []
    for page in VENUE.watch(account, cursor):
        events += [event for raw in page.raws for event in VENUE.parse(account, raw)]
        cursor = page.next_cursor
    return events, cursor


def test_full_text_is_kept_with_its_link_and_what_is_live_is_not() -> None:
    words = "<p>Long <b>words</b> <img src='https://t.example/1.gif'><script>alert(1)</script></p>" * 3
    content = f'<content:encoded xmlns:content="http://purl.org/rss/1.0/modules/content/"><![CDATA[{words}]]></content:encoded>'
    item = f"<item><title>T</title><link>https://b.example/1</link><description>Short</description>{content}</item>"
    [event] = read(rss(item))
    assert (event.permalink, event.subject) == ("https://b.example/1", "T")
    assert (event.text or "").count("Long words") == 3
    assert "script" not in (event.html or "")


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        ("<guid>tag:1</guid><link>https://b.example/1</link>", "tag:1"),
        ("<link>https://b.example/1</link>", "https://b.example/1"),
        ("", "sha256:"),
    ],
)
def test_an_entry_is_named_by_its_guid_else_its_link_else_its_words(names: str, wanted: str) -> None:
    [event] = read(rss(f"<item>{names}<title>Words</title></item>"))
    assert (event.external_id or "").startswith(wanted)


def test_broken_feeds_of_the_world_are_read_as_far_as_they_go() -> None:
    entity = read(f"{HEAD}<rss><channel><item><title>Fish &nbsp; & chips</title><guid>tag:1</guid></item>".encode())
    assert [event.external_id for event in entity] == ["tag:1"]
    latin = '<?xml version="1.0" encoding="iso-8859-1"?><rss><channel><item><title>Grüße</title></item></channel></rss>'
    assert read(latin.encode("latin-1"))[0].text == "Grüße"
    rdf = (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">'
        '<item rdf:about="https://b.example/1"><title>RSS 1.0</title><link>https://b.example/1</link></item></rdf:RDF>'
    )
    assert read(rdf.encode())[0].external_id == "https://b.example/1"


@pytest.mark.parametrize("body", [b"", b"<html><body>no</body></html>", b"\x89PNG", b'{"entry": 3}', b"<a>" * 2_000])
def test_what_is_no_feed_is_unknown_with_a_reason(body: bytes) -> None:
    assert [(event.kind, bool(event.problem)) for event in read(body)] == [("unknown", True)]


def test_entities_neither_grow_nor_read_files() -> None:
    steps = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(12))
    rest = "<rss><channel><item><title>{}</title></item></channel></rss>"
    bomb = f'{HEAD}<!DOCTYPE r [<!ENTITY e0 "aaaaaaaaaa">{steps}]>{rest.format("&e12;")}'
    assert all(len(event.text or "") < 10_000 for event in read(bomb.encode()))
    local = f'{HEAD}<!DOCTYPE r [<!ENTITY f SYSTEM "file:///etc/passwd">]>{rest.format("X &f;")}'
    assert "root:" not in json.dumps([event.text for event in read(local.encode())])


def test_an_entry_that_was_changed_is_an_edit_and_a_moved_counter_is_none(feeds: Feeds) -> None:
    account = begins_now(feeds)
    cursor = heard(account, "")[1]
    number = feeds.add("/own.xml", "Tariffs", "<p>Old<img src='https://c.example/1.gif'></p>")
    events, cursor = heard(account, cursor)
    assert [(event.kind, event.external_id) for event in events] == [("message", number)]
    feeds.items["/own.xml"][0]["words"] = "<p>Old<img src='https://c.example/2.gif'></p>"
    events, cursor = heard(account, cursor)
    assert events == []
    feeds.items["/own.xml"][0]["words"] = "<p>New</p>"
    events, cursor = heard(account, cursor)
    assert [(event.kind, event.external_id, event.text) for event in events] == [("edit", number, "New")]


def test_an_unchanged_feed_is_not_sent_again(feeds: Feeds) -> None:
    feeds.offer(2)
    cursor = heard(feeds.account, "")[1]
    assert heard(feeds.account, cursor) == ([], cursor)
    assert all("if-none-match" in call.headers for call in feeds.calls[2:])


def test_what_is_there_at_first_stays_outside_unless_it_is_read_back(feeds: Feeds) -> None:
    feeds.add("/own.xml", "Last year", at=now() - timedelta(days=300))
    feeds.add("/own.xml", "Yesterday", at=now() - timedelta(days=1))
    assert heard(begins_now(feeds), "")[0] == []
    [event] = heard(feeds.account, "")[0]
    assert (event.text, event.policy, event.targets_us) == ("Yesterday", ("backfilled",), "owned_venue")


def test_one_dead_feed_does_not_silence_the_others(feeds: Feeds) -> None:
    account = begins_now(feeds)
    cursor = heard(account, "")[1]
    feeds.broken.add("/others.xml")
    [number] = feeds.offer(1)
    events, cursor = heard(account, cursor)
    assert [event.external_id for event in events] == [number]
    assert ["others.xml" in problem for problem in VENUE.check(account).problems] == [True]
    feeds.broken.clear()
    late = feeds.mention("The plum again")
    assert [event.external_id for event in heard(account, cursor)[0]] == [late]


def test_the_only_feed_that_fails_is_told(feeds: Feeds) -> None:
    feeds.broken.add("/own.xml")
    with pytest.raises(Retry):
        VENUE.poll(begins_now(feeds, other_feeds=[]), "")


def test_numbers_as_ids_of_two_feeds_are_two(feeds: Feeds) -> None:
    account = begins_now(feeds)
    cursor = heard(account, "")[1]
    for path in feeds.items:
        feeds.add(path, "A plum")
        feeds.items[path][0]["id"] = "1"
    ids = {event.external_id for event in heard(account, cursor)[0]}
    assert len(ids) == 2


def test_the_password_goes_to_its_host_alone(feeds: Feeds) -> None:
    account = begins_now(feeds, host="forum.example")
    assert len(VENUE.check(account).problems) == 2
    assert all("authorization" not in call.headers for call in feeds.calls)


def test_no_reply_leaves_and_the_link_is_there() -> None:
    with pytest.raises(Refused):
        VENUE.send(READER, Outbound(new_uuid(), Target("tag:1", "tag:1"), "public", "Hello"))
    assert VENUE.caps.native_reply_url


def test_settings_name_at_least_one_address() -> None:
    assert VENUE.objections(Account(""))
    assert VENUE.objections(Account("", settings={"own_feeds": ["blog.example/feed"]}))
    assert VENUE.objections(Account("", settings={"own_feeds": ["https://me:secret@blog.example/feed"]}))
    assert not VENUE.objections(Account("", settings={"search_feeds": ["https://blog.example/feed"]}))


def test_a_cursor_that_cannot_be_read_begins_anew() -> None:
    assert place_in("") == place_in("{") == place_in("[]") == Place()


def test_an_emoji_that_wordpress_sends_as_a_picture_is_a_letter_again() -> None:
    picture = '<img src="https://s.w.org/72x72/1f389.png" alt="🎉" class="wp-smiley" style="height: 1em;" />'
    [event] = read(rss(f"<item><title>t</title><description><![CDATA[Grüße {picture}!]]></description></item>"))
    assert event.text == "Grüße 🎉!"
