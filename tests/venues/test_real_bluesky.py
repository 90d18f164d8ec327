"""The whole way through a real Bluesky network: mentions, threads, words, pictures, deletions, sessions."""

import os
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.test import override_settings

from hark.channels.accounts import account_at_work
from hark.channels.bluesky import Bluesky
from hark.channels.kit.oauth import ACCESS
from hark.channels.types import Raw
from hark.conversations.actions.changing import change_reply
from hark.conversations.actions.fetching import fetch_next_file
from hark.conversations.models import Case, Message
from hark.conversations.types import Visibility
from hark.delivery.jobs import send_due
from hark.intake.actions.checking import check_channel
from hark.kernel.ids import new_uuid
from hark.kernel.storage import read as read_file
from hark.kernel.time import now
from hark.organisation.models import Agent, Brand, Channel, ChannelSignIn
from hark.organisation.types import Role
from tests.conversations.desk import acts, an_agent, answers
from tests.venues.bluesky_network import RealNetwork, real_network
from tests.venues.transcript import Transcript
from tests.venues.whole_way import arrived, begun, look, settle, until

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("bluesky"),
    pytest.mark.slow,
    pytest.mark.skipif(not os.environ.get("HARK_VENUES"), reason="a slow proof: run `make venues`"),
    pytest.mark.timeout(1800),
]
PICTURE = b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")


@pytest.fixture(scope="module")
def network() -> Iterator[RealNetwork]:
    with real_network() as place:
        yield place


@pytest.fixture
def place(network: RealNetwork) -> Iterator[RealNetwork]:
    with override_settings(HARK_ALLOWED_NETWORKS=network.allowed):
        yield network


class Desk:
    """Plum's account, Maud, and Tessa at the desk."""

    def __init__(self, place: RealNetwork) -> None:
        self.care = place.somebody("plum", "Plum Care")
        self.maud = place.somebody("maud", "Maud Terlinden")
        self.agent: Agent = an_agent("Tessa", role=Role.SUPERVISOR)
        settings = {"handle": self.care.handle, "base_url": place.pds, "directory_url": place.plc}
        self.password = self.care.app_password()
        self.channel = begun("bluesky", self.care.handle, settings, {"password": self.password})
        check_channel(channel=self.channel)
        self.channel.refresh_from_db()
        Brand.objects.update(handles=[f"@{self.care.handle}"])


def replies_to(thread: dict[str, Any]) -> list[str]:
    """The words of the answers in a thread."""
    return [one["post"]["record"]["text"] for one in thread.get("replies", ()) if "post" in one]


def out(channel: Channel) -> Message:
    """The newest reply, once the network has taken it."""
    settle()
    return until(Message.objects.filter(channel=channel, direction="out", external_id__isnull=False).last)  # type: ignore[no-any-return]


def case_of(message: Message) -> Case:
    case = Message.objects.get(pk=message.pk).conversation.case
    assert case
    return case


def test_round_trip_through_a_real_network(place: RealNetwork) -> None:
    told = Transcript("bluesky", "tests/venues/test_real_bluesky.py")
    with told.step("Hark", "is begun by an app password; `check` says who it is"):
        desk = Desk(place)
        assert desk.care.did in desk.channel.settings["self_ids"]
        assert ChannelSignIn.objects.filter(channel=desk.channel).count() == 1
    first = _asked_and_answered(desk, told)
    _pictures(desk, told)
    _deleted(desk, told, first)
    _heard(desk, told)
    _again(desk, told)
    told.write(f"The network of `@atproto/dev-env` 0.3.215 on loopback, up in {place.up_in:.0f} s")


def _asked_and_answered(desk: Desk, told: Transcript) -> Message:
    maud, care, channel = desk.maud, desk.care, desk.channel
    with told.step("Maud", "mentions Plum: “Grüße 🎉 @plum….test, no signal since noon.”"):
        said = maud.mentioning(care, "Grüße 🎉 ", ", no signal since noon.")
        asked = maud.posts(**said)
    with told.step("Hark", "has it: a case, public, a mention whose place is counted in code points"):
        first = arrived(channel, said["text"])
        assert (first.external_id, first.visibility, first.targets_us) == (asked["uri"], "public", "mention")
        assert first.identity
        assert (first.identity.key, first.identity.handle) == (maud.did, maud.handle)
        [mention] = Bluesky().parse(account_at_work(channel), _raw_of(first))[0].mentions
        assert said["text"][mention.start : mention.end] == f"@{care.handle}"
    with told.step("Tessa", "answers; Maud's app shows it in the thread, with a link that can be pressed"):
        answers(desk.agent, case_of(first), "We look at it: https://plum.example/status", visibility=Visibility.PUBLIC)
        reply = out(channel)
        until(lambda: "We look at it: https://plum.example/status" in replies_to(maud.thread(asked["uri"])))
        shown = maud.thread(asked["uri"])["replies"][0]["post"]
        assert shown["uri"] == reply.external_id
        assert shown["record"]["reply"] == {"root": asked, "parent": asked}
        assert shown["record"]["facets"][0]["features"][0]["uri"] == "https://plum.example/status"
    with told.step("Hark", "sees its own reply come back: still one, none by a customer"):
        look(channel)
        assert Message.objects.filter(channel=channel).count() == 2
    with told.step("Maud", "answers the answer; it is in the same case, and Tessa's next reply is in the thread"):
        above = {"uri": shown["uri"], "cid": shown["cid"]}
        second = maud.answers(above, asked, "And now?")
        follow = arrived(channel, "And now?")
        assert (follow.conversation_id, follow.targets_us) == (first.conversation_id, "reply")
        answers(desk.agent, case_of(first), "In an hour.", visibility=Visibility.PUBLIC)
        settle()
        until(lambda: "In an hour." in replies_to(maud.thread(second["uri"])))
        assert maud.thread(second["uri"])["replies"][0]["post"]["record"]["reply"] == {"root": asked, "parent": second}
    with told.step("Tessa", "writes 700 characters; they stand there as three posts, each an answer to the one before"):
        long = " ".join(f"Sentence {number} of a long answer about your signal." for number in range(14))
        answers(desk.agent, case_of(first), long, visibility=Visibility.PUBLIC)
        settle()
        until(lambda: any(text.startswith("1/3") for text in replies_to(maud.thread(second["uri"]))))
        chain = next(
            one for one in maud.thread(second["uri"])["replies"] if one["post"]["record"]["text"].startswith("1/3")
        )
        words = [chain["post"]["record"]["text"]]
        while chain.get("replies"):
            chain = chain["replies"][0]
            words.append(chain["post"]["record"]["text"])
        assert [one[:3] for one in words] == ["1/3", "2/3", "3/3"]
    with told.step("Plum", "answers natively, in the app; Hark shows it as answered there"):
        care.answers(second, asked, "Our colleague is on it.")
        native = until(Message.objects.filter(channel=channel, native=True).first, lambda: look(channel))
        assert (native.text, native.conversation_id) == ("Our colleague is on it.", first.conversation_id)
    return first


def _raw_of(message: Message) -> Raw:
    arrival = message.arrival
    assert arrival
    return Raw(bytes(arrival.body))


def _pictures(desk: Desk, told: Transcript) -> None:
    maud, care, channel = desk.maud, desk.care, desk.channel
    with told.step("Maud", "mentions Plum with a picture; Hark fetches it from the server that her identity names"):
        blob = maud.uploads(PICTURE, "image/png")
        images = {"$type": "app.bsky.embed.images", "images": [{"alt": "A broken wheel", "image": blob}]}
        said = maud.mentioning(care, "Look ", ": broken.")
        maud.posts(**said, embed=images)
        shown = arrived(channel, said["text"])
        while fetch_next_file():
            pass
        kept = shown.attachments.get()
        assert (kept.name, kept.state) == ("A broken wheel", "stored")
        assert read_file(kept.sha256) == PICTURE


def _deleted(desk: Desk, told: Transcript, first: Message) -> None:
    maud, care, channel = desk.maud, desk.care, desk.channel
    with told.step("Maud", "deletes a post; Hark notices at its second look"):
        said = maud.mentioning(care, "", " my password is")
        slip = maud.posts(**said)
        wrong = arrived(channel, said["text"])
        maud.deletes(slip["uri"])
        until(lambda: Message.objects.filter(pk=wrong.pk, deleted_at__isnull=False).exists(), lambda: look(channel))
        assert not Message.objects.filter(pk=first.pk, deleted_at__isnull=False).exists()
    with told.step("Tessa", "takes a reply back; it is gone from Maud's app"):
        reply = Message.objects.filter(channel=channel, text="In an hour.").get()
        new = {"seen_text": reply.text, "idempotency_key": new_uuid(), "text": None}
        change_reply(message_id=reply.pk, author=acts(desk.agent), **new)
        settle()
        gone = lambda: maud.call("app.bsky.feed.getPosts", uris=reply.external_id)["posts"] == []  # noqa: E731
        until(gone)
    with told.step("Tessa", "answers a post that is gone; she is told so instead of an error"):
        said = maud.mentioning(care, "", " wait, never mind")
        never = maud.posts(**said)
        last = arrived(channel, said["text"])
        maud.deletes(never["uri"])
        until(lambda: maud.call("app.bsky.feed.getPosts", uris=never["uri"])["posts"] == [])
        late = answers(
            desk.agent, case_of(last), "Never mind?", visibility=Visibility.PUBLIC, conversation=last.conversation
        )
        settle()
        item = late.outbox_item
        assert item
        item.refresh_from_db()
        assert item.state == "refused"
        assert "not there any more" in item.error


def _heard(desk: Desk, told: Transcript) -> None:
    maud, channel = desk.maud, desk.channel
    with told.step(
        "Maud", "says “Brombeer” to nobody in particular; the word is listened for, and the post is found once"
    ):
        account = replace(account_at_work(channel), terms=("brombeer",))
        cursor = Bluesky().poll(account, "").next_cursor
        found = maud.posts("My new brombeer lost its wheel")
        maud.posts("Nothing but rain")
        page = until(lambda: (page := Bluesky().poll(account, cursor)).raws and page)
        [event] = [one for raw in page.raws for one in Bluesky().parse(account, raw)]
        assert (event.external_id, event.targets_us) == (found["uri"], "keyword")
        assert Bluesky().poll(account, page.next_cursor).raws == ()


def _again(desk: Desk, told: Transcript) -> None:
    channel = desk.channel
    with told.step("Hark", "prolongs its session with the refresh token, and opens a new one when that has ended"):
        access = account_at_work(channel).secrets[ACCESS]
        ChannelSignIn.objects.filter(channel=channel).update(access_ends_at=now() - timedelta(seconds=1))
        prolonged = account_at_work(channel).secrets[ACCESS]
        assert prolonged != access
        row = ChannelSignIn.objects.get(channel=channel)
        ChannelSignIn.objects.filter(pk=row.pk).update(ended_at=now(), ended_why="over", sealed_tokens=b"")
        assert account_at_work(channel).secrets[ACCESS] not in {access, prolonged}
        look(channel)


def test_the_same_reply_sent_twice_stands_there_once(place: RealNetwork) -> None:
    desk = Desk(place)
    said = desk.maud.mentioning(desk.care, "", " hello?")
    asked = desk.maud.posts(**said)
    case = case_of(arrived(desk.channel, said["text"]))
    reply = answers(desk.agent, case, "Once only.", visibility=Visibility.PUBLIC)
    settle()
    item = reply.outbox_item
    assert item
    type(item).objects.filter(pk=item.pk).update(state="queued", sent_at=None)
    while send_due():
        pass
    until(lambda: replies_to(desk.maud.thread(asked["uri"])) == ["Once only."])


def test_a_revoked_app_password_stops_sending_and_says_so(place: RealNetwork) -> None:
    desk = Desk(place)
    [named] = desk.care.call("com.atproto.server.listAppPasswords")["passwords"]
    desk.care.call("com.atproto.server.revokeAppPassword", {"name": named["name"]})
    ChannelSignIn.objects.update(access_ends_at=now() - timedelta(seconds=1))
    health = check_channel(channel=desk.channel)
    assert "app password" in health.problems[0]
    desk.channel.refresh_from_db()
    assert desk.channel.state == "auth_lost"
