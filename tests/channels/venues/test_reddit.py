"""Reddit passes the suite, and does what is its own. Samples: recorded by PRAW's tests (see NOTICE), and own ones."""

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import pytest

from hark.channels.errors import Refused, Retry
from hark.channels.kit.oauth import ACCESS
from hark.channels.reddit import Reddit
from hark.channels.testing.conformance import ChannelConformance
from hark.channels.testing.conformance.bench import MOMENT, Visibility
from hark.channels.testing.conformance.inbound import only
from hark.channels.types import Account, Change, Inbound, Raw, Request, Target
from tests.channels.accounts import a_call
from tests.channels.venues.reddit_place import ASKED, MAUD, ME, START, TALK, TOKEN, RedditPlace, comment, message

SAMPLES = Path(__file__).parents[1] / "samples" / "reddit"
SETTINGS = {"username": "plumcare", "client_id": "an-id", "subreddits": ["plum"], "read_back_days": 3650}
OURS = frozenset({"plumcare", "u/plumcare", "t2_plum1", "t2_3ebyblla"})  # the last is ours in the samples
ACCOUNT = Account(
    "chan_red", "plumcare", SETTINGS, {ACCESS: TOKEN, "client_secret": "an-app-secret-of-the-suite"}, OURS
)
VENUE = Reddit()


class TestReddit(ChannelConformance):
    venue = VENUE
    samples = SAMPLES
    permission_ends = False  # Reddit says which scopes it grants when somebody signs in, and a sign-in has no end
    echo_carries_ref = False
    seen = "public"
    target = Target(external_id=ASKED, thread="t3_post01", root="t3_post01", parent=ASKED, person="t2_maud1")

    def account(self) -> Account:
        return ACCOUNT

    def genuine(self, body: bytes) -> Request:
        return a_call(body, {})

    def says(self, text: str, visibility: Visibility = "private", *, thread: str = "t1", at: datetime = MOMENT) -> Raw:
        number, made = str(uuid5(UUID(int=9), text).int)[:12], int(at.timestamp())
        public = comment(f"t1_{number}", MAUD, text, made, link_id=f"t3_{thread}")
        private = message(f"t4_{number}", MAUD, text, made, first_message_name=f"t4_{thread}")
        return Raw(json.dumps(private if visibility == "private" else public).encode(), {}, "1", at)

    def batch(self, count: int) -> tuple[Raw, list[str]]:
        said = [comment(f"t1_{number}", MAUD, f"line {number}") for number in range(count)]
        listing = {"kind": "Listing", "data": {"children": said}}
        return Raw(json.dumps(listing).encode()), [one["data"]["name"] for one in said]

    def counterpart(self) -> RedditPlace:
        return RedditPlace(ACCOUNT)

    def reply(self, text: str = "Thank you.", visibility: Visibility | None = None, **more: Any) -> Any:
        """What is private answers a message, unless the talk moves there."""
        made = super().reply(text, visibility, **more)
        talk = made.visibility == "private" and not made.private_of and made.target == self.target
        return replace(made, target=Target(TALK, TALK, TALK, TALK, "t2_maud1")) if talk else made


def polled(place: RedditPlace, cursor: str) -> tuple[list[Inbound], str]:
    """The events of a page."""
    page = VENUE.poll(place.account, cursor)
    assert not page.more
    return [event for raw in page.raws for event in VENUE.parse(place.account, raw)], page.next_cursor


def test_edits_and_deletions_are_found_once_each_and_must_be_purged() -> None:
    with RedditPlace(ACCOUNT) as place:
        kept, changed, gone, vanished = place.offer(4)
        _, cursor = polled(place, "")
        place.things[changed]["data"] |= {"body": "other words", "edited": float(START + 60)}
        place.things[gone]["data"] |= {"body": "[deleted]", "author": "[deleted]"}
        place.lists["/message/inbox"].remove(vanished)
        del place.things[vanished]
        found, cursor = polled(place, cursor)
        assert [(event.kind, event.external_id) for event in found] == [
            ("edit", changed),
            ("delete", gone),
            ("delete", vanished),
        ]
        assert found[0].text == "other words"
        assert all("must_purge" in event.policy for event in found[1:])
        assert polled(place, cursor) == ([], cursor)
        assert kept


def test_what_lists_late_is_found_and_what_was_seen_is_not_told_again() -> None:
    with RedditPlace(ACCOUNT) as place:
        place.offer(3)
        _, cursor = polled(place, "")
        late = place.add(comment("t1_late", MAUD, "late", START + 1), "/message/inbox")
        assert [event.external_id for event in polled(place, cursor)[0]] == [late]


def test_our_subreddits_are_places_of_our_own_and_our_own_words_come_back() -> None:
    with RedditPlace(ACCOUNT) as place:
        _, cursor = polled(place, "")
        place.add(comment("t1_a", MAUD, "in yours", START + 9, subreddit="Plum", type=""), "/r/plum/comments")
        place.add(
            comment("t1_b", ME, "from the app", START + 10, type=""), "/user/plumcare/overview", "/r/plum/comments"
        )
        place.lists["/r/plum/new"] = []
        found, _ = polled(place, cursor)
        assert [(event.external_id, event.kind, event.targets_us) for event in found] == [
            ("t1_a", "message", "owned_venue"),
            ("t1_b", "echo", "none"),
        ]


def test_a_subreddit_that_is_closed_to_us_stops_nothing_else() -> None:
    with RedditPlace(ACCOUNT) as place:
        _, cursor = polled(place, "")  # nobody has made the listings of r/plum: they are forbidden
        (number,) = place.offer(1)
        assert [event.external_id for event in polled(place, cursor)[0]] == [number]


def test_what_reddit_refuses_with_200_is_refused_in_its_words() -> None:
    with RedditPlace(ACCOUNT) as place:
        place.trouble = [["THREAD_LOCKED", "Comments are locked.", "parent"]]
        with pytest.raises(Refused, match="Comments are locked"):
            VENUE.send(place.account, TestReddit().reply())
        place.trouble = [["RATELIMIT", "Take a break for 5 minutes before trying again.", "ratelimit"]]
        with pytest.raises(Retry) as wait:
            VENUE.send(place.account, TestReddit().reply())
        assert wait.value.after_seconds == 300


def test_what_is_meant_for_one_is_never_posted_below_a_comment() -> None:
    private = replace(TestReddit().reply("Your order is 4711"), visibility="private")
    with RedditPlace(ACCOUNT) as place:
        with pytest.raises(Refused, match="is public"):
            VENUE.send(place.account, private)
        (name,) = VENUE.send(place.account, replace(private, private_of=ASKED)).external_ids
        assert name == place.taken[0]["id"]
        del place.things[ASKED]
        with pytest.raises(Refused, match="not there any more"):
            VENUE.send(place.account, replace(private, private_of=ASKED))


def test_messages_cannot_be_changed() -> None:
    with RedditPlace(ACCOUNT) as place:
        change = Change(UUID(int=1), UUID(int=2), ("t4_x",), Target(), "private", "Other words.")
        for each in (change, replace(change, gone=True)):
            with pytest.raises(Refused):
                VENUE.change(place.account, each)


def test_a_sign_in_lasts_and_proves_the_app_in_the_header() -> None:
    oauth = VENUE.oauth(ACCOUNT)
    assert oauth
    assert (oauth.more["duration"], oauth.secret_in_header, oauth.client_id) == ("permanent", True, "an-id")
    assert VENUE.oauth(replace(ACCOUNT, settings={})) is None
    (guide,) = VENUE.guides("https://hark.example/back/")
    assert guide.values == (("redirect uri", "https://hark.example/back/"),)
    assert "approve" in guide.steps[0]


def test_check_says_who_signed_in() -> None:
    with RedditPlace(ACCOUNT) as place:
        assert VENUE.check(place.account).self_ids == ("t2_plum1", "u/plumcare")
        other = replace(place.account, settings={**SETTINGS, "username": "somebody"})
        assert "not as u/somebody" in VENUE.check(other).problems[0]


def test_names_in_a_text_stand_where_they_are() -> None:
    event = only(
        VENUE.parse(ACCOUNT, Raw(json.dumps(comment("t1_1", MAUD, "🎉 ask /u/PlumCare or u/tom", type="")).encode()))
    )
    assert [event.text[each.start : each.end] for each in event.mentions if event.text] == ["/u/PlumCare", "u/tom"]
    assert event.targets_us == "mention"
