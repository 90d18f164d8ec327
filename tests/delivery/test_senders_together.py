"""Several senders at once: no overtaking, no doubles, and of undo and sender exactly one wins."""

import threading
from collections.abc import Callable, Iterator

import pytest
from django.db import connections, transaction

from hark.channels.registry import register_for_tests
from hark.delivery import actions
from hark.delivery.jobs import send_due
from hark.delivery.models import OutboxItem
from hark.delivery.types import OutboxState
from hark.kernel.ids import random_fraction
from hark.kernel.time import sleep
from hark.organisation.models import Channel
from tests.delivery.makers import a_channel, an_inbox, an_item
from tests.delivery.shelf import Shelf

pytestmark = pytest.mark.django_db(transaction=True)
SENDERS = 4


class SlowShelf(Shelf):
    """Each send takes a different time, so that an overtaking would show."""

    def send(self, *args, **kwargs):  # type: ignore[no-untyped-def]
        """Rest, then take it."""
        sleep(random_fraction() / 100)
        return super().send(*args, **kwargs)


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    venue = SlowShelf()
    with register_for_tests(venue):
        yield venue


def together(*works: Callable[[], object]) -> None:
    """Do all at once, each on a connection of its own."""
    start = threading.Barrier(len(works))

    def run(work: Callable[[], object]) -> None:
        try:
            start.wait(5)
            work()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads)


def send_until_empty() -> None:
    while send_due() or OutboxItem.objects.filter(state__in=["queued", "sending"]).exists():
        pass


def test_order_is_kept_per_conversation_under_four_senders(shelf: Shelf) -> None:
    channels = [a_channel(an_inbox(name), name) for name in ("one", "two", "three")]
    written = {
        (channel.pk, thread): [an_item(channel, f"{channel.pk} {thread} {n}", thread) for n in range(6)]
        for channel in channels
        for thread in ("a", "b")
    }
    together(*[send_until_empty] * SENDERS)
    assert len(shelf.attempts) == len(shelf.taken) == 36
    for (channel_id, thread), items in written.items():
        mine = [text for text in shelf.texts if text.startswith(f"{channel_id} {thread} ")]
        assert mine == [item.payload["text"] for item in items]
    assert set(OutboxItem.objects.values_list("state", flat=True)) == {OutboxState.SENT}


def test_reply_is_either_taken_back_or_sent_never_both(shelf: Shelf) -> None:
    channel = a_channel(an_inbox())
    items = [an_item(channel, str(number), f"t{number}") for number in range(24)]
    undone: list[str] = []

    def undo() -> None:
        for item in reversed(items):
            if actions.cancel(item_id=item.pk, actor="agent_x"):
                undone.append(item.payload["text"])

    together(undo, send_until_empty, send_until_empty)
    assert sorted(undone + shelf.texts, key=int) == [str(number) for number in range(24)]
    states = {item.payload["text"]: item.state for item in OutboxItem.objects.all()}
    assert {text for text, state in states.items() if state == OutboxState.CANCELLED} == set(undone)
    assert {text for text, state in states.items() if state == OutboxState.SENT} == set(shelf.texts)


def test_reply_written_earlier_but_stored_at_the_same_time_is_not_overtaken(shelf: Shelf) -> None:
    channel: Channel = a_channel(an_inbox())
    together(*[lambda n=n: [an_item(channel, f"{n}-{i}", "t1") for i in range(5)] for n in range(3)], send_until_empty)
    send_until_empty()
    numbered = [item.payload["text"] for item in OutboxItem.objects.order_by("id")]
    assert shelf.texts == numbered


def test_thread_in_which_somebody_writes_is_left_alone_until_he_is_done(shelf: Shelf) -> None:
    channel = a_channel(an_inbox())
    an_item(channel, "first", "t1")
    an_item(channel, "elsewhere", "t2")
    written, committed = threading.Event(), threading.Event()

    def write_slowly() -> None:
        with transaction.atomic():
            an_item(channel, "second", "t1")
            written.set()
            committed.wait(10)

    def send_meanwhile() -> None:
        written.wait(10)
        while send_due():
            pass
        seen_meanwhile.extend(shelf.texts)
        committed.set()

    seen_meanwhile: list[str] = []
    together(write_slowly, send_meanwhile)
    assert seen_meanwhile == ["elsewhere"]
    send_until_empty()
    assert shelf.texts == ["elsewhere", "first", "second"]
