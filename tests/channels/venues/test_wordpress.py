"""WordPress passes the suite; what its missing list of changes asks of the cursor; what an answer needs."""

import html
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar

import pytest

from hark.channels.errors import Refused
from hark.channels.testing.conformance import ChannelConformance
from hark.channels.testing.conformance.bench import MOMENT, Visibility
from hark.channels.types import Account, Inbound, Outbound, Raw, Request, Target
from hark.channels.wordpress.place import MOST_KNOWN, Known, Place, place_in
from hark.channels.wordpress.reading import EDITED, EVENT, ROOT
from hark.channels.wordpress.venue import WordPress
from hark.kernel.ids import new_uuid
from hark.kernel.time import now
from tests.channels.accounts import a_call
from tests.channels.venues.blog import ME, Blog

SITE = "https://blog.plum.example"
BLOG = Account(
    "chan_blog",
    SITE,
    {"user": "care", "read_back_days": 3},
    {"password": "abcd EFGH 1234 ijkl MNOP 5678"},
    frozenset({SITE, str(ME)}),
    base_url=SITE,
)
VENUE = WordPress()


class TestWordPress(ChannelConformance):
    venue = VENUE
    samples = Path(__file__).parents[1] / "samples" / "wordpress"
    seen: ClassVar[Visibility] = "public"
    echo_carries_ref = False
    permission_ends = False  # an application password has no end; the missing right has a test of its own
    target = Target("5", "3:5", "5", "5", "guest:maud")

    def account(self) -> Account:
        return BLOG

    def genuine(self, body: bytes) -> Request:
        return a_call(body, {})

    def says(self, text: str, visibility: Visibility = "public", *, thread: str = "t1", at: datetime = MOMENT) -> Raw:
        said = {**a_comment(text), "date_gmt": at.strftime("%Y-%m-%dT%H:%M:%S")}
        return Raw(json.dumps(said).encode(), {ROOT: thread}, "1", at)

    def batch(self, count: int) -> tuple[Raw, list[str]]:
        comments = [a_comment(f"line {number}", number=number + 1) for number in range(count)]
        return Raw(json.dumps(comments).encode(), {}, "1", MOMENT), [str(one["id"]) for one in comments]

    @contextmanager
    def counterpart(self) -> Iterator[Blog]:
        with Blog(BLOG) as place:
            place.comments[5]["date_gmt"] = "2020-01-01T00:00:00"  # long before Hark came
            yield place


def a_comment(text: str, *, number: int = 0, parent: int = 0) -> dict[str, Any]:
    """A comment as WordPress lists it."""
    number = number or int(sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8], 16)
    return {
        "id": number,
        "post": 3,
        "parent": parent,
        "author": 0,
        "author_name": "Maud",
        "date_gmt": "2026-10-12T11:22:33",
        "content": {"raw": html.escape(text, quote=False)},
        "status": "approved",
    }


@pytest.fixture
def blog() -> Iterator[Blog]:
    with Blog(BLOG) as place:
        yield place


def begun(blog: Blog) -> str:
    """The cursor of a channel that begins now."""
    return VENUE.poll(fresh(blog), "").next_cursor


def fresh(blog: Blog, **more: Any) -> Account:
    """The account without reading back."""
    return replace(blog.account, settings={"user": "care", **more})


def heard(blog: Blog, cursor: str) -> tuple[list[Inbound], str]:
    """The events behind a cursor."""
    events: list[Inbound] = []
    for page in VENUE.watch(fresh(blog), cursor):
        events += [event for raw in page.raws for event in VENUE.parse(fresh(blog), raw)]
        cursor = page.next_cursor
    return events, cursor


def test_what_was_there_before_stays_outside_unless_it_is_read_back(blog: Blog) -> None:
    assert heard(blog, begun(blog))[0] == []
    [page] = VENUE.watch(blog.account, "")
    [event] = [event for raw in page.raws for event in VENUE.parse(blog.account, raw)]
    assert (event.external_id, event.policy) == ("5", ("backfilled",))


def test_edit_back_to_the_first_words_is_an_event_of_its_own(blog: Blog) -> None:
    cursor = begun(blog)
    number = int(blog.offer(1)[0])
    keys, texts = [], []
    for words in ("news 0", "other words", "news 0"):
        blog.comments[number]["content"]["raw"] = words
        page = VENUE.poll(fresh(blog), cursor)
        cursor = page.next_cursor
        keys += [raw.id for raw in page.raws]
        texts += [(event.kind, event.text) for raw in page.raws for event in VENUE.parse(fresh(blog), raw)]
    assert texts == [("message", "news 0"), ("edit", "other words"), ("edit", "news 0")]
    assert len(set(keys)) == 3


@pytest.mark.parametrize("fate", ["trash", "spam", "erased"])
def test_what_is_no_longer_public_is_deleted_once(blog: Blog, fate: str) -> None:
    cursor = begun(blog)
    ids = blog.offer(3)
    cursor = heard(blog, cursor)[1]
    if fate == "erased":
        del blog.comments[int(ids[1])]
    else:
        blog.comments[int(ids[1])]["status"] = fate
    events, cursor = heard(blog, cursor)
    assert [(event.kind, event.external_id) for event in events] == [("delete", ids[1])]
    assert heard(blog, cursor)[0] == []


def test_comments_beyond_the_newest_page_are_swept_page_by_page(blog: Blog) -> None:
    cursor = begun(blog)
    ids = blog.offer(350)
    cursor = heard(blog, cursor)[1]
    blog.comments[int(ids[10])]["content"]["raw"] = "edited"
    del blog.comments[int(ids[150])]
    found: list[tuple[str, str | None]] = []
    for _ in range(3):  # as many as there are older pages
        events, cursor = heard(blog, cursor)
        found += [(event.kind, event.external_id) for event in events]
    assert sorted(found) == [("delete", ids[150]), ("edit", ids[10])]


def test_a_page_that_moves_while_it_is_swept_deletes_nothing(blog: Blog) -> None:
    cursor = begun(blog)
    blog.offer(250)
    cursor = heard(blog, cursor)[1]
    for _ in range(6):
        blog.offer(7)
        events, cursor = heard(blog, cursor)
        assert [event.kind for event in events] == ["message"] * 7


def test_saved_from_the_spam_is_found_and_an_import_of_old_comments_is_not(blog: Blog) -> None:
    cursor = begun(blog)
    late, old = (int(one) for one in blog.offer(2))
    blog.comments[late]["status"] = "spam"
    blog.comments[old]["date_gmt"] = (now() - timedelta(days=900)).strftime("%Y-%m-%dT%H:%M:%S")
    events, cursor = heard(blog, cursor)
    assert events == []
    blog.comments[late]["status"] = "approved"
    assert [event.external_id for event in heard(blog, cursor)[0]] == [str(late)]


def test_the_cursor_stays_small_and_what_cannot_be_read_begins_anew() -> None:
    known = {number: Known("0123456789", 3, str(number)) for number in range(1, MOST_KNOWN + 501)}
    place = Place().knowing(known)
    assert (len(place.known), place.floor) == (MOST_KNOWN, 500)
    assert len(place.text) < 70_000
    assert place_in(place.text) == place
    assert place_in("") is place_in("{") is place_in("[]") is None


def test_an_answer_deep_in_a_thread_belongs_to_the_comment_at_its_top(blog: Blog) -> None:
    cursor = begun(blog)
    child = blog.add("child of an old one", parent=5)["id"]
    blog.add("grandchild", parent=child)
    events, _ = heard(blog, cursor)
    assert [(event.thread_id, event.parent_id, event.root_id) for event in events] == [
        ("3:5", "5", "5"),
        ("3:5", str(child), "5"),
    ]


def test_neither_address_nor_browser_of_a_reader_is_asked_for_or_kept(blog: Blog) -> None:
    cursor = begun(blog)
    blog.offer(1)
    page = VENUE.poll(fresh(blog), cursor)
    assert b"203.0.113.9" not in page.raws[0].body
    assert all("author_ip" not in call.query.get("_fields", "") for call in blog.calls)
    [event] = VENUE.parse(fresh(blog), page.raws[0])
    assert event.author
    assert event.author.claims == (("email", "maud@mail.example"),)
    assert "maud@" not in event.author.external_id


def test_a_guest_who_calls_himself_as_we_do_is_a_customer(blog: Blog) -> None:
    comment = {**a_comment("It is me."), "author_name": "Care", "author_email": "care@plum.example", "author": 0}
    [event] = VENUE.parse(BLOG, Raw(json.dumps(comment).encode()))
    assert event.kind == "message"


def test_an_answer_needs_a_comment_that_readers_can_see(blog: Blog) -> None:
    reply = Outbound(new_uuid(), Target("5", "3:5", "5", "5"), "public", "We look.")
    for status, words in (("hold", "waits for moderation"), ("spam", "no longer there"), ("trash", "no longer there")):
        blog.comments[5]["status"] = status
        with pytest.raises(Refused, match=words):
            VENUE.send(fresh(blog), reply)
    blog.comments[5]["status"] = "hold"
    assert VENUE.send(fresh(blog, approve=True), reply).external_ids
    assert blog.comments[5]["status"] == "approved"
    del blog.comments[5]
    with pytest.raises(Refused, match="no longer there"):
        VENUE.send(fresh(blog), Outbound(new_uuid(), reply.target, "public", "Other words."))


def test_another_reply_with_the_same_words_is_refused_and_the_same_reply_is_one(blog: Blog) -> None:
    reply = Outbound(new_uuid(), Target("5", "3:5", "5", "5"), "public", "Thank you.")
    first = VENUE.send(fresh(blog), reply)
    assert VENUE.send(fresh(blog), reply) == first
    with pytest.raises(Refused, match="same words"):
        VENUE.send(fresh(blog), replace(reply, id=new_uuid()))


def test_markup_of_an_agent_is_shown_and_never_works(blog: Blog) -> None:
    VENUE.send(fresh(blog), Outbound(new_uuid(), Target("5", "3:5", "5", "5"), "public", "<script>x</script> & 1 < 2"))
    [ours] = [one for one in blog.comments.values() if one["author"] == ME]
    assert ours["content"]["raw"] == "&lt;script&gt;x&lt;/script&gt; &amp; 1 &lt; 2"


def test_the_missing_right_is_named(blog: Blog) -> None:
    blog.rights = {"read": True}
    health = VENUE.check(fresh(blog))
    assert health.missing == ("moderate_comments",)
    assert "editor" in health.problems[0]


def test_an_address_that_is_none_is_refused_in_the_form() -> None:
    for bad in ("", "blog.example", "ftp://blog.example", "https://blog.example/?p=1", "http://[half"):
        assert VENUE.objections(Account("", settings={"base_url": bad})), bad
    assert not VENUE.objections(Account("", settings={"base_url": "https://shop.example/blog"}))


def test_an_edit_of_our_own_answer_names_nobody_as_its_author() -> None:
    ours = {**a_comment("We have looked at it.", number=15, parent=14), "author": ME}
    [event] = VENUE.parse(BLOG, Raw(json.dumps(ours).encode(), {EVENT: EDITED, ROOT: "14"}))
    assert (event.kind, event.external_id, event.author, event.sent_at) == ("edit", "15", None, None)
