"""Instagram passes the suite, and what is special about it."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import pytest

from hark.channels.errors import Refused
from hark.channels.instagram.guide import SCOPES
from hark.channels.instagram.venue import Instagram
from hark.channels.testing.conformance import ChannelConformance
from hark.channels.testing.conformance.bench import MOMENT, Visibility
from hark.channels.testing.conformance.inbound import no_sockets
from hark.channels.testing.counterpart import Answer, Call
from hark.channels.types import Account, Change, Outbound, Raw, Request, Standing, Target
from tests.channels.venues.meta_place import SECRETS, MetaPlace, handshake, signed

OWN, PERSON, MEDIA, COMMENT = "17841405822304914", "1234567890123456", "17900000000000001", "18000000000000001"
ACCOUNT = Account("chan_ig", OWN, {"account_id": OWN}, SECRETS, frozenset({OWN}))
VENUE = Instagram()
PUBLIC = Outbound(UUID(int=9), Target(COMMENT, MEDIA, MEDIA, COMMENT, PERSON), "public", "We are sorry.")
PRIVATE = replace(PUBLIC, target=Target("m1", PERSON, "m1", "m1", PERSON), visibility="private")
MOVED = replace(PUBLIC, visibility="private", private_of=COMMENT)


class InstagramPlace(MetaPlace):
    """Graph, as the token of the account's Page sees it."""

    def __init__(self) -> None:
        super().__init__(ACCOUNT, SCOPES)
        self.comments: dict[str, str | None] = {}

    def taken_or_told(self, call: Call) -> Answer:
        own = call.path.removeprefix("/")
        if call.method == "GET" and own == OWN and "mentioned" in call.query["fields"]:
            return self._mentioned(call.query["fields"])
        if call.method == "GET":
            return Answer(200, {"id": OWN, "username": "plumprams"}) if own == OWN else self.refuse(100)
        if own == "me/messages":
            return self._message(call.json())
        if own.endswith(("/replies", "/mentions")):
            return self._comment(own, call.json())
        if self.comments.get(own) is None or call.method != "DELETE":
            return self.refuse(100, error_subcode=33)
        self.comments[own] = None
        return Answer(200, {"success": True})

    def _mentioned(self, fields: str) -> Answer:
        if fields == "mentioned_comment.comment_id(180){text,username,media{permalink}}":
            there = {
                "text": "@plumprams again 😡",
                "username": "maud",
                "media": {"permalink": "https://www.instagram.com/p/A/"},
            }
            return Answer(200, {"mentioned_comment": {**there, "id": "180"}, "id": OWN})
        if fields == "mentioned_media.media_id(179){caption,username,permalink}":
            there = {"caption": "With my @plumprams", "username": "jan", "permalink": "https://www.instagram.com/p/B/"}
            return Answer(200, {"mentioned_media": {**there, "id": "179"}, "id": OWN})
        return self.refuse(100)

    def _message(self, said: dict[str, Any]) -> Answer:
        own = self.take(
            f"ig_ours{len(self.taken)}",
            text=said["message"]["text"],
            visibility="private",
            private_of=said["recipient"].get("comment_id"),
        )
        return Answer(200, {"recipient_id": PERSON, "message_id": own})

    def _comment(self, place: str, said: dict[str, Any]) -> Answer:
        under = place.partition("/")[0]
        own = self.take(f"1800{len(self.taken)}", text=said["message"], visibility="public", parent=under, place=place)
        self.taken[-1]["said"] = said
        self.comments[own] = said["message"]
        return Answer(200, {"id": own})

    def echo(self) -> Raw:
        last = self.taken[-1]
        if last["visibility"] == "public":
            return a_change(a_comment(last["text"], own=last["id"], author=OWN))
        message = {"mid": last["id"], "text": last["text"], "is_echo": True}
        return a_talk({"sender": {"id": OWN}, "recipient": {"id": PERSON}, "timestamp": 1, "message": message})

    def published(self, external_id: str) -> str | None:
        return self.comments[external_id]


class TestInstagram(ChannelConformance):
    venue = VENUE
    samples = Path(__file__).parents[1] / "samples" / "instagram"
    secret_name = "app_secret"
    proof_headers = ("x-hub-signature-256",)
    seen = "public"  # what can be taken away later is public
    echo_carries_ref = False
    target = PUBLIC.target

    def account(self) -> Account:
        return ACCOUNT

    def genuine(self, body: bytes) -> Request:
        return signed(body)

    def handshake(self) -> Request:
        return handshake()

    def says(self, text: str, visibility: Visibility = "private", *, thread: str = "t1", at: datetime = MOMENT) -> Raw:
        if visibility == "private":
            return a_talk(a_message(text, at=at, sender=thread))
        return a_change(a_comment(text, media=thread), at=at)

    def batch(self, count: int) -> tuple[Raw, list[str]]:
        said = [a_comment(f"line {number}") for number in range(count)]
        return a_change(*said), [each["id"] for each in said]

    def counterpart(self) -> InstagramPlace:
        return InstagramPlace()

    def forbidden(self) -> tuple[Outbound, ...]:
        closed = replace(PRIVATE, standing=Standing(MOMENT, MOMENT))
        late = (f"private_until:{MOMENT.isoformat()}",)
        twice, too_late = Standing(MOMENT, private_replies=1), Standing(MOMENT, policy=late)
        return (closed, replace(MOVED, standing=twice), replace(MOVED, standing=too_late))


def a_message(text: str, *, at: datetime = MOMENT, sender: str = PERSON) -> dict[str, Any]:
    message = {"mid": f"ig_{uuid5(UUID(int=8), text)}", "text": text}
    stamp = int(at.timestamp() * 1000)
    return {"sender": {"id": sender}, "recipient": {"id": OWN}, "timestamp": stamp, "message": message}


def a_comment(text: str, *, own: str = "", media: str = MEDIA, author: str = PERSON) -> dict[str, Any]:
    who = {"id": author, "username": "maud"}
    return {"id": own or f"c_{uuid5(UUID(int=8), text)}", "from": who, "text": text, "media": {"id": media}}


def a_call(at: datetime, **lists: Any) -> Raw:
    entry = {"id": OWN, "time": int(at.timestamp()), **lists}
    return Raw(json.dumps({"object": "instagram", "entry": [entry]}).encode(), {}, "1", MOMENT)


def a_talk(*items: dict[str, Any]) -> Raw:
    return a_call(MOMENT, messaging=list(items))


def a_change(*values: dict[str, Any], field: str = "comments", at: datetime = MOMENT) -> Raw:
    return a_call(at, changes=[{"field": field, "value": value} for value in values])


def test_answer_to_an_answer_goes_under_the_comment_that_it_answers() -> None:
    with InstagramPlace() as place:
        VENUE.send(place.account, PUBLIC)
        VENUE.send(place.account, replace(PUBLIC, target=Target("1800R", MEDIA, COMMENT, "1800R", PERSON)))
        assert [each["place"] for each in place.taken] == [f"{COMMENT}/replies"] * 2


def test_mention_elsewhere_is_answered_where_it_stands() -> None:
    (event,) = VENUE.parse(ACCOUNT, a_change({"media_id": "179", "comment_id": "180"}, field="mentions"))
    assert event.problem
    target = Target(event.external_id or "", event.thread_id or "", event.parent_id or "", event.external_id or "", "")
    answer = replace(PUBLIC, target=target, standing=Standing(MOMENT, policy=event.policy))
    with InstagramPlace() as place:
        VENUE.send(place.account, answer)
        (taken,) = place.taken
        assert taken["place"] == f"{OWN}/mentions"
        assert taken["said"] == {"media_id": "179", "comment_id": "180", "message": PUBLIC.text}


def test_story_mention_opens_the_window_as_a_message_does() -> None:
    story = {"type": "story_mention", "payload": {"url": "https://lookaside.fbsbx.com/ig_messaging_cdn/?asset_id=1"}}
    said = a_message("")
    said["message"] |= {"attachments": [story]}
    (event,) = VENUE.parse(ACCOUNT, a_talk(said))
    assert event.text == "Mentioned us in a story."
    assert event.expires_reply_at == MOMENT + timedelta(hours=24)
    assert event.attachments


def test_comment_during_a_broadcast_has_no_week_for_a_private_answer() -> None:
    live, usual = (VENUE.parse(ACCOUNT, a_change(a_comment("hello"), field=field))[0] for field in LIVE_AND_USUAL)
    assert live.policy == ()
    assert usual.policy == (f"private_until:{(MOMENT + timedelta(days=7)).isoformat()}",)


LIVE_AND_USUAL = ("live_comments", "comments")


def test_words_that_are_out_cannot_be_changed() -> None:
    change = Change(UUID(int=1), UUID(int=2), ("1800",), PUBLIC.target, "public", "Other words.")
    for bad in (change, replace(change, gone=True, visibility="private")):
        with no_sockets(), pytest.raises(Refused, match="Instagram lets nobody"):
            VENUE.change(ACCOUNT, bad)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"media_id": "179", "comment_id": "180"}, "@maud: @plumprams again 😡\nhttps://www.instagram.com/p/A/\n"),
        ({"media_id": "179"}, "@jan: With my @plumprams\nhttps://www.instagram.com/p/B/\n"),
    ],
)
def test_words_of_a_mention_are_fetched_as_its_file(value: dict[str, str], words: str) -> None:
    (event,) = VENUE.parse(ACCOUNT, a_change(value, field="mentions"))
    (file,) = event.attachments
    with InstagramPlace() as place:
        assert b"".join(VENUE.media(place.account, file.ref)).decode() == words
    for bad in ("mention:179:1){id}", "mention::", "mention:x:y"):
        with no_sockets(), pytest.raises(Refused):
            list(VENUE.media(ACCOUNT, bad))
