"""Discourse passes the suite, and does what is its own. The samples were written after docs.discourse.org."""

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import pytest

from hark.channels.discourse import Discourse
from hark.channels.errors import Refused
from hark.channels.kit.signatures import hex_code
from hark.channels.testing.conformance import ChannelConformance
from hark.channels.testing.conformance.bench import MOMENT, Visibility
from hark.channels.testing.conformance.inbound import only
from hark.channels.types import Accepted, Account, Inbound, OutboundFile, Raw, Request, Target
from hark.kernel.storage import store
from tests.channels.accounts import a_call
from tests.channels.venues.discourse_place import KEY, MAUD, TALK, DiscoursePlace, post

SAMPLES = Path(__file__).parents[1] / "samples" / "discourse"
SECRET = "a-webhook-secret-of-the-suite"
SETTINGS = {"base_url": "https://forum.plum.example", "username": "plumcare", "read_back": 10_000}
OURS = frozenset({"3", "@plumcare"})
SECRETS = {"key": KEY, "webhook": SECRET}
ACCOUNT = Account("chan_forum", "forum", SETTINGS, SECRETS, OURS, base_url="https://forum.plum.example")
VENUE = Discourse()
CREATED = {"x-discourse-event": "post_created"}


class TestDiscourse(ChannelConformance):
    venue = VENUE
    samples = SAMPLES
    secret_name = "webhook"
    proof_headers = ("x-discourse-event-signature",)
    permission_ends = False  # a key says neither what it may do nor when it ends
    echo_carries_ref = False
    target = Target(external_id="7", thread="88", root="7", parent="7", person="17")

    def account(self) -> Account:
        return ACCOUNT

    def genuine(self, body: bytes) -> Request:
        signature = f"sha256={hex_code(SECRET.encode(), body)}"
        return a_call(body, {"x-discourse-event-signature": signature, "x-discourse-event-type": "post", **CREATED})

    def handshake(self) -> Request:
        ping = self.genuine(b'{"ping":"OK"}')
        return replace(ping, headers={**ping.headers, "x-discourse-event-type": "ping"})

    def says(self, text: str, visibility: Visibility = "private", *, thread: str = "t1", at: datetime = MOMENT) -> Raw:
        kind = "private_message" if visibility == "private" else "regular"
        number = uuid5(UUID(int=8), text).int % 1_000_000_007
        said = {**post(number, MAUD, text), "topic_id": thread, "topic_archetype": kind, "created_at": at.isoformat()}
        return Raw(json.dumps({"post": said}).encode(), CREATED, "1", at)

    def carried(self, text: str) -> str:
        return text.replace("\r\n", "\n")

    def batch(self, count: int) -> tuple[Raw, list[str]]:
        said = [post(100 + number, MAUD, f"line {number}") for number in range(count)]
        return Raw(json.dumps({"latest_posts": said}).encode()), [str(one["id"]) for one in said]

    def counterpart(self) -> DiscoursePlace:
        return DiscoursePlace(ACCOUNT)

    def reply(self, text: str = "Thank you.", visibility: Visibility | None = None, **more: Any) -> Any:
        """What is private goes into the private topic, unless the talk moves there."""
        made = super().reply(text, visibility, **more)
        talk = made.visibility == "private" and not made.private_of and made.target == self.target
        return replace(made, target=Target("8", str(TALK), "8", "8", "17")) if talk else made


def polled(place: DiscoursePlace, cursor: str) -> tuple[list[Inbound], str]:
    """The events of all pages there are."""
    found = []
    while True:
        page = VENUE.poll(place.account, cursor)
        found += [event for raw in page.raws for event in VENUE.parse(place.account, raw)]
        cursor = page.next_cursor
        if not page.more:
            return found, cursor


@pytest.mark.parametrize("window", [False, True])
def test_a_long_gap_is_read_from_its_old_end_by_older_and_newer_forums(*, window: bool) -> None:
    with DiscoursePlace(ACCOUNT) as place:
        place.window = window
        _, cursor = polled(place, "")
        place.next = 60
        wanted = []
        for number in range(260):  # posts that we may not see lie between
            number % 3 or wanted.append(place.says(f"line {number}"))
            place.number()
        assert [event.external_id for event in polled(place, cursor)[0]] == wanted


def test_the_first_private_message_after_years_of_posts_is_found_at_once() -> None:
    with DiscoursePlace(replace(ACCOUNT, settings={**SETTINGS, "read_back": 0})) as place:
        place.next = 500_000
        place.says("long ago")
        _, cursor = polled(place, "")
        place.next = 900_000
        place.offer(3)
        _, cursor = polled(place, cursor)
        place.next += 20
        number, before = place.says("for you", TALK), len(place.calls)
        assert [event.external_id for event in polled(place, cursor)[0]] == [number]
        assert len(place.calls) - before <= 8


def test_edits_and_deletions_among_the_newest_are_seen_once() -> None:
    with DiscoursePlace(ACCOUNT) as place:
        kept, changed, gone = place.offer(3)
        _, cursor = polled(place, "")
        place.posts[int(changed)] |= {"cooked": "<p>other words</p>", "version": 2}
        del place.posts[int(gone)]
        found, cursor = polled(place, cursor)
        assert [(event.kind, event.external_id) for event in found] == [("delete", gone), ("edit", changed)]
        assert polled(place, cursor) == ([], cursor)
        assert kept


def test_private_messages_come_beside_the_posts_and_answers_know_what_they_answer() -> None:
    with DiscoursePlace(ACCOUNT) as place:
        _, cursor = polled(place, "")
        public, private = place.says("in public"), place.says("for you", TALK)
        place.says("and more", reply_to_post_number=int(public))
        found = {event.text: event for event in polled(place, cursor)[0]}
        assert (found["in public"].visibility, found["for you"].visibility) == ("public", "private")
        assert (found["for you"].external_id, found["for you"].policy) == (private, ())
        assert found["and more"].parent_id == public


def test_an_administrator_reads_nobodys_private_messages() -> None:
    with DiscoursePlace(ACCOUNT) as place:
        place.me["admin"] = True
        assert "everybody's private messages" in VENUE.check(place.account).problems[0]
        _, cursor = polled(place, "")
        place.says("not for us", TALK)
        found, cursor = polled(place, cursor)
        assert found == []
        place.me["admin"] = False
        number = place.says("for us", TALK)
        assert [event.external_id for event in polled(place, cursor)[0]][-1] == number


def test_nothing_is_read_back_unless_it_was_asked_for() -> None:
    with DiscoursePlace(replace(ACCOUNT, settings={**SETTINGS, "read_back": 0})) as place:
        place.offer(60)
        found, cursor = polled(place, "")
        assert found == []
        assert [event.external_id for event in polled(place, cursor)[0]] == []
        number = place.says("now")
        assert [(event.external_id, event.policy) for event in polled(place, cursor)[0]] == [(number, ())]


def test_the_webhook_s_private_messages_are_left_out_unless_the_settings_want_them() -> None:
    raw = TestDiscourse().says("a secret between others")
    calls = replace(ACCOUNT, settings={**SETTINGS, "incoming": "webhook"})
    assert VENUE.parse(calls, raw) == []
    wanted = replace(calls, settings={**calls.settings, "private_by_webhook": True})
    assert only(VENUE.parse(wanted, raw)).visibility == "private"
    assert VENUE.caps_for(calls).webhook
    assert not VENUE.caps_for(calls).poll


def test_what_is_destroyed_and_recovered_with_the_same_bytes_is_two_arrivals() -> None:
    bench = TestDiscourse()
    request = bench.genuine(b'{"post":{"id":1}}')
    keys = set()
    for event in ("post_destroyed", "post_recovered"):
        verdict = VENUE.verify(ACCOUNT, replace(request, headers={**request.headers, "x-discourse-event": event}))
        assert isinstance(verdict, Accepted)
        assert verdict.headers == {"x-discourse-event": event}
        keys.add(verdict.dedupe_key)
    assert len(keys) == 2


def test_what_is_meant_for_one_never_goes_into_a_public_topic() -> None:
    with DiscoursePlace(ACCOUNT) as place:
        target = Target("7", "88", "7", "7", "17")
        private = replace(TestDiscourse().reply("Your order is 4711", "public"), visibility="private", target=target)
        with pytest.raises(Refused, match="is public"):
            VENUE.send(place.account, private)
        assert place.taken == []
        VENUE.send(place.account, replace(private, private_of="7"))
        assert (place.taken[0]["title"], place.taken[0]["visibility"]) == ("About: Wheel", "private")


def test_an_answer_to_what_is_gone_is_refused_in_words() -> None:
    with DiscoursePlace(ACCOUNT) as place:
        del place.asked[7]
        with pytest.raises(Refused, match="not there any more"):
            VENUE.send(place.account, TestDiscourse().reply("Hello", "public"))


def test_files_are_brought_to_the_forum_first(tmp_path: Path, settings: Any) -> None:
    settings.HARK_FILES = tmp_path
    picture = OutboundFile(store([b"picture"], most=100).sha256, "wheel.png", "image/png", 7)
    paper = replace(picture, name="invoice.pdf", mime="application/pdf")
    with DiscoursePlace(ACCOUNT) as place:
        VENUE.send(place.account, TestDiscourse().reply("See", "public", attachments=(picture, paper)))
        assert place.taken[0]["text"] == (
            "See\n\n![wheel.png](upload://abc.png)\n\n[invoice.pdf|attachment](upload://abc.png)"
        )


def test_a_forum_that_is_not_ours_is_for_us_only_where_it_says_so() -> None:
    theirs = replace(ACCOUNT, settings={**SETTINGS, "ours": False})
    body = json.dumps({"post": post(1, MAUD, "hello")}).encode()
    assert only(VENUE.parse(theirs, Raw(body, CREATED))).targets_us == "none"
    assert only(VENUE.parse(ACCOUNT, Raw(body, CREATED))).targets_us == "owned_venue"


def test_what_the_forum_s_own_machine_writes_leaves_nothing_to_do() -> None:
    body = json.dumps({"post": post(1, (-1, "system"), "Welcome to the forum")}).encode()
    assert only(VENUE.parse(ACCOUNT, Raw(body, CREATED))).policy == ("automatic",)


def test_uploads_come_from_the_forum_or_where_the_settings_say() -> None:
    with DiscoursePlace(ACCOUNT) as place:
        url = place.file(10)
        elsewhere = replace(place.account, base_url="https://forum.plum.example")
        with pytest.raises(Refused):
            list(VENUE.media(elsewhere, url))
        with pytest.raises(Refused):
            list(VENUE.media(place.account, f"{place.base_url}/session/current.json"))
        named = replace(elsewhere, settings={**SETTINGS, "sites": [place.base_url]})
        assert b"".join(VENUE.media(named, url)) == b"x" * 10
        assert "api-key" not in place.calls[-1].headers, "the key is the forum's alone"
        assert b"".join(VENUE.media(place.account, url)) == b"x" * 10
        assert place.calls[-1].headers["api-key"] == KEY
