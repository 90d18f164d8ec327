"""From a social venue to an agent and back: what a stand-in of each says is read, answered, and not told again."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from hark.channels.accounts import account_of
from hark.channels.kit.oauth import Grant
from hark.channels.registry import venue
from hark.channels.testing.counterpart import HttpCounterpart
from hark.conversations.actions.reply import reply
from hark.conversations.models import Case, Message
from hark.conversations.types import Author, Direction
from hark.delivery.jobs import send_due
from hark.delivery.models import OutboxItem
from hark.intake.actions import polling
from hark.intake.models import Arrival, Poller
from hark.intake.pollers import read
from hark.kernel.ids import new_uuid
from hark.kernel.time import now
from hark.organisation.actions.channel_sign_in import keep_sign_in
from hark.organisation.actions.channels import connect_channel
from hark.organisation.models import Channel, Inbox
from hark.organisation.types import Role
from tests.channels.venues import (
    discourse_place,
    mastodon_place,
    reddit_place,
    telegram_place,
    test_discourse,
    test_mastodon,
    test_reddit,
    test_telegram,
    test_tumblr,
    tumblr_place,
)
from tests.journey.makers import make_agent, make_inbox
from tests.journey.venue import drain

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass(frozen=True)
class Trip:
    """A venue, its stand-in, and how somebody writes to us there in public."""

    key: str
    bench: Any
    asks: Callable[[Any], str]


def mastodon_asks(place: mastodon_place.MastodonPlace) -> str:
    said = mastodon_place.status(
        place.number(), "@care my Plum SIM is dead since Monday", created_at=now().isoformat(),
        mentions=[mastodon_place.named(mastodon_place.ME)],
    )  # fmt: skip
    place.notify(said)
    return str(said["id"])


def telegram_asks(place: telegram_place.TelegramPlace) -> str:
    (name,) = place.offer(1)
    place.updates[-1]["message"] |= {"text": "my Plum SIM is dead since Monday", "date": int(now().timestamp())}
    return name


def discourse_asks(place: discourse_place.DiscoursePlace) -> str:
    place.next = 10  # a young forum
    return place.says("my Plum SIM is dead since Monday", created_at=now().isoformat())


def reddit_asks(place: reddit_place.RedditPlace) -> str:
    place.start = int(now().timestamp())
    said = reddit_place.comment("t1_now", reddit_place.MAUD, "u/plumcare my Plum SIM is dead", int(now().timestamp()))
    return place.add(said, "/message/inbox")


def tumblr_asks(place: tumblr_place.TumblrPlace) -> str:
    number, at = place.number(), int(now().timestamp())
    place.posts[number] = tumblr_place.post(number, tumblr_place.MAUD, "@plumcare my Plum SIM is dead", at=at)
    place.notes.append(tumblr_place.note("now", "mention_in_post", at, post_id=number))
    return number


TRIPS = (
    Trip("mastodon", test_mastodon.TestMastodon(), mastodon_asks),
    Trip("telegram", test_telegram.TestTelegram(), telegram_asks),
    Trip("discourse", test_discourse.TestDiscourse(), discourse_asks),
    Trip("reddit", test_reddit.TestReddit(), reddit_asks),
    Trip("tumblr", test_tumblr.TestTumblr(), tumblr_asks),
)


@contextmanager
def connected(trip: Trip) -> Iterator[tuple[Channel, HttpCounterpart]]:
    """The venue's channel at its stand-in, signed in where somebody has to, without undo time."""
    with trip.bench.counterpart() as place:
        account, inbox = place.account, make_inbox()
        Inbox.objects.filter(pk=inbox.pk).update(undo_seconds=0)
        settings = {**account.settings, "base_url": place.base_url, "read_back_days": 0, "read_back": 0}
        channel = connect_channel(
            actor="system", venue=trip.key, external_id=account.external_id, name=trip.key, inbox=inbox,
            settings={**settings, "self_ids": sorted(account.self_ids)}, secrets=dict(account.secrets),
            connected_at=now() - timedelta(days=1),
        )  # fmt: skip
        oauth = venue(trip.key).oauth(account_of(channel))
        if oauth:
            grant = Grant(account.secrets["access_token"], "a-refresh-token")
            keep_sign_in(channel_id=channel.pk, of=oauth.of, grant=grant, actor="system")
        yield channel, place


def asked(channel: Channel) -> None:
    """One reading of the channel, and all that follows from it."""
    Poller.objects.update(not_before=None, lease_until=None)
    taken = polling.take_channel([channel.pk])
    assert taken
    pages = iter((False, True))  # a line that stays open is closed after its second page
    read(taken, lambda: next(pages, True))
    assert Poller.objects.get(channel=channel).problem == ""
    drain()


@pytest.mark.parametrize("trip", TRIPS, ids=[trip.key for trip in TRIPS])
def test_a_question_is_read_answered_in_its_place_and_not_told_again(trip: Trip) -> None:
    with connected(trip) as (channel, place):
        asked(channel)
        number = trip.asks(place)
        asked(channel)
        message = Message.objects.get(channel=channel)
        assert (message.external_id, message.direction) == (number, Direction.INBOUND)
        case, agent = Case.objects.get(), make_agent(role=Role.OWNER)
        reply(
            case_id=case.pk, conversation_id=message.conversation_id, author=Author(agent.pk, agent.key, agent.name),
            text="Sorry. A new one is on its way.", visibility=message.visibility, idempotency_key=new_uuid(),
            seen_message_id=None, send_anyway=True,
        )  # fmt: skip
        while send_due():
            pass
        item = OutboxItem.objects.get()
        assert item.state == "sent"
        assert len(item.external_ids) == 1
        taken = place.received()[-1]
        assert (taken["text"], len(place.received())) == ("Sorry. A new one is on its way.", 1)
        for _ in range(2):
            asked(channel)
        assert Message.objects.count() == 2, "our own answer came back as the reply that it is"
        assert set(Arrival.objects.values_list("outcome", flat=True)) <= {"message", "echo"}
