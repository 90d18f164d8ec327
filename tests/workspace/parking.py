"""Arrivals that could not be read."""

from itertools import count

from hark.intake.actions import accept, claim
from hark.intake.actions.parking import park as park_claimed
from hark.intake.models import Arrival
from hark.intake.types import NewArrival
from hark.kernel.time import database_now
from hark.organisation.models import Channel

numbers = count(1)


def park(channel: Channel, body: bytes = b'{"broken": <script>alert(1)</script>') -> str:
    """One parked arrival of a channel; gives its public key."""
    key = f"parked{next(numbers)}"
    accept(
        channel_id=channel.pk,
        arrivals=[NewArrival(key, "", {"content-type": "application/json"}, body, database_now())],
    )
    for one in claim(worker=0, workers=1, limit=10):
        park_claimed(claimed=one, error="it is not JSON")
    return str(Arrival.objects.get(dedupe_key=key).key)
