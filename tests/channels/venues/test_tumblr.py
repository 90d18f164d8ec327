"""Tumblr passes the suite, and does what is its own. The samples were written after tumblr/docs."""

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from uuid import UUID, uuid5

import pytest

from hark.channels.errors import Refused, Retry
from hark.channels.kit.oauth import ACCESS
from hark.channels.testing.conformance import ChannelConformance
from hark.channels.testing.conformance.bench import MOMENT, Visibility
from hark.channels.testing.conformance.inbound import only
from hark.channels.testing.counterpart import Answer
from hark.channels.tumblr import Tumblr
from hark.channels.types import Account, Inbound, Outbound, Raw, Request, Target
from tests.channels.accounts import a_call
from tests.channels.venues.tumblr_place import ASKED, MAUD, OURS, PLUM, START, TOKEN, TumblrPlace, note, post, said

SAMPLES = Path(__file__).parents[1] / "samples" / "tumblr"
SETTINGS = {"blog": "plumcare", "client_id": "a-key", "read_back_days": 3650}
SELVES = frozenset({"plumcare", PLUM["uuid"]})
ACCOUNT = Account(
    "chan_tum", "plumcare", SETTINGS, {ACCESS: TOKEN, "client_secret": "an-app-secret-of-the-suite"}, SELVES
)
VENUE = Tumblr()


class TestTumblr(ChannelConformance):
    venue = VENUE
    samples = SAMPLES
    permission_ends = False  # Tumblr says which scopes it grants when somebody signs in
    echo_carries_ref = False
    seen = "public"
    target = Target(external_id=ASKED, thread=ASKED, root=ASKED, parent=ASKED, person=MAUD["uuid"])

    def account(self) -> Account:
        return ACCOUNT

    def genuine(self, body: bytes) -> Request:
        return a_call(body, {})

    def says(self, text: str, visibility: Visibility = "private", *, thread: str = "t1", at: datetime = MOMENT) -> Raw:
        number = str(uuid5(UUID(int=10), text).int)[:15]
        made = post(number, MAUD, text, at=int(at.timestamp()), trail=[{"post": {"id": thread}}])
        return Raw(json.dumps({"post": made}).encode(), {}, "1", at)

    def batch(self, count: int) -> tuple[Raw, list[str]]:
        made = [post(str(100 + number), MAUD, f"line {number}") for number in range(count)]
        return Raw(json.dumps({"response": {"posts": made}}).encode()), [one["id_string"] for one in made]

    def counterpart(self) -> TumblrPlace:
        return TumblrPlace(ACCOUNT)


def polled(place: TumblrPlace, cursor: str, account: Account | None = None) -> tuple[list[Inbound], str]:
    """The events of a page."""
    who = account or place.account
    page = VENUE.poll(who, cursor)
    return [event for raw in page.raws for event in VENUE.parse(who, raw)], page.next_cursor


def test_a_long_post_is_read_whole_and_its_names_stand_in_their_places() -> None:
    event = only(VENUE.parse(ACCOUNT, Raw((SAMPLES / "long_post.raw").read_bytes())))
    text = event.text or ""
    assert text.startswith("A week with my Plum\n\n🎉 Dear @plumcare")
    assert "Day 7" in text
    assert "- red\n\n“never again”" in text
    (name,) = event.mentions
    assert text[name.start : name.end] == "@plumcare"
    assert [file.ref for file in event.attachments] == ["https://64.media.tumblr.com/aaa/s1280x1920/wheel.jpg"]


def test_activity_of_many_pages_is_read_once_and_in_order() -> None:
    with TumblrPlace(ACCOUNT) as place:
        _, cursor = polled(place, "")
        same = [note(f"s{n}", "reply", START, target_post_id=OURS, reply_text=f"at once {n}") for n in range(5)]
        place.notes += same
        ids = place.offer(45)
        found, cursor = polled(place, cursor)
        assert [event.external_id for event in found if not (event.external_id or "").startswith("note:")] == ids
        assert len(found) == 50
        assert polled(place, cursor) == ([], cursor)


def test_a_post_that_is_not_shown_to_us_is_read_by_its_summary() -> None:
    with TumblrPlace(ACCOUNT) as place:
        _, cursor = polled(place, "")
        place.hidden.add("9000")
        place.notes.append(note("x", "reblog_with_content", post_id="9000", target_post_id=OURS, added_text="In short"))
        (event,) = polled(place, cursor)[0]
        assert (event.text, event.external_id, event.thread_id) == ("In short", "9000", OURS)
        assert event.problem == "only a summary of the post could be read"


def test_a_reply_is_answered_by_a_reblog_of_our_own_post_that_names_whoever_replied() -> None:
    with TumblrPlace(ACCOUNT) as place:
        _, cursor = polled(place, "")
        place.notes.append(note("r1", "reply", target_post_id=OURS, reply_text="does it fit?"))
        (event,) = polled(place, cursor)[0]
        assert (event.external_id, event.thread_id, event.targets_us) == (f"note:{OURS}:r1", OURS, "reply")
        target = Target(event.external_id or "", OURS, OURS, event.external_id or "", MAUD["uuid"])
        VENUE.send(place.account, TestTumblr().reply("It does.\n\nAll years.", target=target))
        assert (place.taken[0]["parent"], place.taken[0]["text"]) == (OURS, "@maud-rides It does.\n\nAll years.")
        echo = only(VENUE.parse(ACCOUNT, place.echo()))
        assert (echo.text, echo.thread_id) == ("It does.\n\nAll years.", OURS), "as the reply that it is"
        (mention,) = place.taken[0]["form"]["content"][0]["formatting"]
        assert (mention["start"], mention["end"], mention["blog"]) == (0, 11, {"uuid": MAUD["uuid"]})


def test_our_own_posts_come_back_and_none_is_read_back() -> None:
    with TumblrPlace(ACCOUNT) as place:
        assert polled(place, "")[0] == []
        _, cursor = polled(place, "")
        place.posts["9001"] = post("9001", PLUM, "From the app", trail=[{"post": {"id": ASKED}}])
        (event,) = polled(place, cursor)[0]
        assert (event.kind, event.external_id, event.parent_id) == ("echo", "9001", ASKED)


def test_tags_take_turns_so_that_the_day_s_requests_suffice() -> None:
    with TumblrPlace(ACCOUNT) as place:
        who = replace(place.account, terms=("plum", "#wheel"))
        cursor = ""
        for _ in range(2):
            _, cursor = polled(place, cursor, who)
        wanted = [place.mention("plum"), place.mention("wheel")]
        before, found = len(place.calls), []
        for _ in range(2):
            page, cursor = polled(place, cursor, who)
            found += page
        assert [event.external_id for event in found] == wanted
        assert len(place.calls) - before == 2 * 3


def test_what_is_gone_and_what_is_too_much_today_is_told() -> None:
    class Full(TumblrPlace):
        def failure(self, how: str) -> Answer:
            return said(403, "Forbidden", [{"title": "Your limit is reached", "code": 8023}])

    with Full(ACCOUNT) as place:
        place.fail("403")
        with pytest.raises(Retry) as wait:
            VENUE.send(place.account, TestTumblr().reply())
        assert wait.value.after_seconds == 3600
        del place.posts[ASKED]
        with pytest.raises(Refused, match="not there any more"):
            VENUE.send(place.account, TestTumblr().reply())


def test_there_is_no_private_talk() -> None:
    private: Outbound = TestTumblr().reply("Your order is 4711", "private")
    refused = VENUE.objection(ACCOUNT, private)
    assert refused
    assert "no private talk" in refused.human
    (ask,) = [event for event in TestTumblr().events() if event.message_kind == "ask"]
    assert (ask.visibility, ask.text) == ("private", "Where is my order?")


def test_check_finds_the_blog_and_the_sign_in_is_described() -> None:
    with TumblrPlace(ACCOUNT) as place:
        assert VENUE.check(place.account).self_ids == (PLUM["uuid"], "plumcare")
        other = replace(place.account, settings={**SETTINGS, "blog": "somebody-else"})
        assert "no blog 'somebody-else'" in VENUE.check(other).problems[0]
    oauth = VENUE.oauth(ACCOUNT)
    assert oauth
    assert oauth.scopes == ("basic", "write", "offline_access")
    assert VENUE.objections(replace(ACCOUNT, settings={"blog": "what is this"})).keys() == {"blog"}


def test_pictures_of_other_hosts_are_not_fetched() -> None:
    for url in ("https://media.tumblr.com.evil.example/x.jpg", "https://evil.example/.media.tumblr.com"):
        with pytest.raises(Refused):
            list(VENUE.media(ACCOUNT, url))
