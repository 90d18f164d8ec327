"""Replies leave through the real out-box while the counterpart fails: what became of each is counted there."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from hark.channels.email import sending
from hark.channels.kit.once import READS
from hark.channels.testing.conformance.bench import Bench, Counterpart
from hark.delivery import actions
from hark.delivery.jobs import send_due
from hark.delivery.models import OutboxItem
from hark.delivery.queries import delivery_words
from hark.delivery.types import About, OutboxState, pack
from hark.kernel import http
from hark.kernel.ids import new_uuid, public_key
from hark.kernel.time import database_now
from hark.organisation.actions.channels import resume_sending
from hark.organisation.models import Channel
from hark.organisation.types import ChannelState
from tests.delivery.test_sending import time_passes
from tests.journey.fault_rows import HELD, SHOWN, Row

UNSURE = ("hang", "answer lost")  # whoever forgets ids cannot be asked again
IMPATIENT_SECONDS = 0.5


class Desk:
    """Replies over one channel, and a counterpart that fails when told to."""

    def __init__(self, bench: Bench, channel: Channel, place: Counterpart) -> None:
        """Nothing is written yet."""
        self.bench, self.channel, self.place = bench, channel, place
        self.written: list[OutboxItem] = []

    def write(self, thread: str) -> OutboxItem:
        """One more reply in the out-box, with words of its own."""
        key, number = new_uuid(), len(self.written) + 1
        target = self.bench.target
        if self.bench.venue.caps_for(self.place.account).one_reply:  # each to another review
            target = replace(target, external_id=f"{target.external_id}{number}")
        said = self.bench.reply(f"Answer {number}: it is on its way.", id=key, target=target)
        item = actions.enqueue(
            channel_id=self.channel.pk,
            idempotency_key=key,
            thread=thread,
            inbox_id=self.channel.inbox_id,
            payload=pack(said, About(public_key("msg"), visitor="conv_x")),
            not_before=database_now(),
        )
        self.written.append(item)
        return item

    def later(self, **time: float) -> None:
        """Some time goes by, five minutes where nothing is said, and all that is due is sent."""
        time_passes(**(time or {"minutes": 5}))
        while send_due():
            pass

    def copies(self, item: OutboxItem) -> int:
        """How often the counterpart has this reply."""
        return sum(each["text"].strip() == item.payload["text"] for each in self.place.received())

    def is_shown(self, item: OutboxItem) -> bool:
        """Is a person asked whether it was sent?"""
        words = delivery_words(item, channel_state=self.channel.state, at=database_now())
        return words.words.startswith("This may have been sent") and "send_again" in words.acts


def patience(desk: Desk, how: str, times: int = 1) -> str:
    """The venue asks for patience, so many times; the reply waits and leaves."""
    item = desk.write(how)
    for attempt in range(1, times + 1):
        desk.place.fail(how)
        desk.later()
        item.refresh_from_db()
        assert (item.state, item.attempts, desk.copies(item)) == (OutboxState.QUEUED, attempt, 0)
        assert item.tried_at
        assert item.not_before - item.tried_at >= timedelta(seconds=2 if how == "429" else 0.5)
        assert not send_due(), "not before its time"
    desk.later()
    return fate(desk, item, attempts=times + 1)


def line_breaks(desk: Desk, how: str) -> str:
    """The venue falls silent after the reply has left; a day and more goes by."""
    item = desk.write(how)
    desk.place.fail(how)
    with impatient():
        desk.later()
    desk.later()
    desk.later(hours=30)
    remembers = desk.bench.venue.caps_for(desk.place.account).idempotent_send != "none"
    return fate(desk, item, attempts=2 if remembers else 1)


def revoked(desk: Desk, how: str) -> str:
    """The permission is taken away: all wait, what is written meanwhile too, and leave in their order."""
    items = [desk.write(how), desk.write(how)]
    desk.place.fail(how)
    desk.later()
    items.append(desk.write(how))
    desk.later(hours=30)
    desk.channel.refresh_from_db()
    assert desk.channel.state == ChannelState.AUTH_LOST
    assert [desk.copies(item) for item in items] == [0] * len(items)
    assert resume_sending(channel_id=desk.channel.pk, actor="test")
    desk.channel.refresh_from_db()
    desk.later()
    texts = [item.payload["text"] for item in items]
    assert [one["text"].strip() for one in desk.place.received()][-len(items) :] == texts
    cells = {fate(desk, item) for item in items}
    return cells.pop() if len(cells) == 1 else "in part"


def fate(desk: Desk, item: OutboxItem, attempts: int = 0) -> str:
    """What became of it: sent and there once, or shown to a person and there once at most."""
    item.refresh_from_db()
    assert not attempts or item.attempts == attempts
    if item.state == OutboxState.SENT and desk.copies(item) == 1:
        return HELD
    return SHOWN if desk.is_shown(item) and desk.copies(item) <= 1 else f"{item.state}: {item.error}"


@contextmanager
def impatient() -> Iterator[None]:
    """Whoever writes waits half a second for an answer, not ten (SMTP: sixty)."""
    fetch = http.fetch

    def quick(request: http.HttpRequest, **more: Any) -> http.HttpResponse:
        shorter = request if request.method in READS else replace(request, total_seconds=IMPATIENT_SECONDS)
        return fetch(shorter, **more)

    with patch.object(http, "fetch", quick), patch.object(sending, "VERDICT_SECONDS", IMPATIENT_SECONDS):
        yield


OUT: dict[str, Callable[[Desk], str]] = {
    "429": lambda desk: patience(desk, "429"),
    "429 alone": lambda desk: patience(desk, "429 alone"),
    "500 twice": lambda desk: patience(desk, "500", times=2),
    "hang": lambda desk: line_breaks(desk, "hang"),
    "answer lost": lambda desk: line_breaks(desk, "drop_reply"),
    "revoked": lambda desk: revoked(desk, "401"),
}


def send_badly(bench: Bench, channel: Channel, place: Counterpart, row: Row) -> None:
    """Every fault of sending; what is lost and doubled goes into the row."""
    desk = Desk(bench, channel, place)
    row.cells |= {name: play(desk) for name, play in OUT.items()}
    for item in desk.written:
        item.refresh_from_db()
        there, doubt = desk.copies(item), item.state == OutboxState.AMBIGUOUS
        row.taken, row.shown = row.taken + there, row.shown + doubt
        row.lost += not there and not doubt
        row.doubled += max(0, there - 1)
    row.replies = len(desk.written)
    row.doubled += len(place.received()) - row.taken  # whatever else it took, we have not written
