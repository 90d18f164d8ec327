"""Arrivals of every venue in one stream: each becomes one message, whatever comes beside it, twice or late."""

from datetime import timedelta

import pytest

from hark.conversations.models import Conversation, Message
from hark.intake.models import Arrival
from hark.intake.types import ArrivalState
from hark.journey.ledger import check
from hark.kernel.time import now
from tests.journey.mixed import a_channel, arrivals, played, stored

pytestmark = pytest.mark.django_db
EACH = 6


def test_every_venue_is_carried_in_one_stream_and_nothing_is_lost_or_doubled() -> None:
    channels = {key: a_channel(key, bench) for key, bench in played().items()}
    made = arrivals(EACH, at=now() - timedelta(minutes=5))
    stored(channels, made)
    stored(channels, made[::-1])  # all of it again, the other way round
    from tests.journey.venue import drain

    drain()
    parked = Arrival.objects.exclude(state=ArrivalState.DONE).values_list("channel__venue", "error")
    assert list(parked) == []
    for key, channel in channels.items():
        texts = sorted(Message.objects.filter(channel=channel).values_list("text", flat=True))
        assert texts == sorted(text for venue, text, _ in made if venue == key), key
        assert Conversation.objects.filter(channel=channel).exists()
    assert check().findings == []


def test_what_was_private_stays_private_and_public_public() -> None:
    channels = {key: a_channel(key, bench) for key, bench in played().items()}
    stored(channels, arrivals(2, at=now()))
    from tests.journey.venue import drain

    drain()
    for key, bench in played().items():
        seen = set(Message.objects.filter(channel=channels[key]).values_list("visibility", flat=True))
        assert seen == {bench.seen}, key
