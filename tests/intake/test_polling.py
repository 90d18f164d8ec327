"""A polled channel has one reader, whose page and place are stored together, and whose failures are seen."""

import threading
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import pytest
from django.db import connections

from hark.channels.base import Venue
from hark.channels.errors import Retry
from hark.channels.registry import register_for_tests
from hark.channels.types import Account, Caps, Inbound, Page, Raw
from hark.intake.actions import polling
from hark.intake.models import Arrival, Poller
from hark.intake.pollers import Pollers, read
from hark.intake.queries import cursor_of, polled_channels, reading_problems
from hark.intake.types import LeaseLost
from hark.kernel.models import Event
from hark.kernel.time import monotonic, sleep
from hark.organisation.actions.channels import connect_channel
from hark.organisation.models import Brand, Channel
from tests.journey.makers import make_inbox

pytestmark = pytest.mark.django_db(transaction=True)


class Well(Venue):
    """A venue with a number of things to read, ten a page; it can fail, and it can be waited at."""

    key: ClassVar[str] = "well"
    name: ClassVar[str] = "Well"
    proof: ClassVar[str] = "simulated"
    caps: ClassVar[Caps] = Caps(private=True, poll=True)
    polled_type: ClassVar[str] = "text/plain"

    def __init__(self, depth: int = 0) -> None:
        self.said = "drop {}"
        self.depth, self.fails, self.waits = depth, False, False
        self.readers, self.most = 0, 0

    def parse(self, account: Account, raw: Raw) -> list[Inbound]:
        return []

    def poll(self, account: Account, cursor: str) -> Page:
        if self.fails:
            raise Retry(detail="The well is dry.")
        start = int(cursor or 0)
        end = min(self.depth, start + 10)
        return Page(
            tuple(Raw(self.said.format(n).encode()) for n in range(start, end)), str(end), more=end < self.depth
        )

    def watch(self, account: Account, cursor: str) -> Iterator[Page]:
        self.readers += 1
        self.most = max(self.most, self.readers)
        try:
            for page in super().watch(account, cursor):
                cursor = page.next_cursor
                yield page
            while self.waits:
                sleep(0.1)
                yield Page((), cursor)
        finally:
            self.readers -= 1


@pytest.fixture
def well() -> Iterator[Well]:
    venue = Well()
    with register_for_tests(venue):
        yield venue


@pytest.fixture
def channel(well: Well) -> Channel:
    return a_channel("one")


def a_channel(name: str) -> Channel:
    return connect_channel(
        actor="system", venue="well", external_id=name, name=name, inbox=make_inbox(), settings={}, secrets={}
    )


def until(look: Callable[[], Any]) -> None:
    end = monotonic() + 30
    while not look():
        assert monotonic() < end
        sleep(0.05)


def taken(channel: Channel) -> Any:
    Poller.objects.update(not_before=None, lease_until=None)
    return polling.take_channel([channel.pk])


def test_everything_is_read_once_and_the_place_is_kept(well: Well, channel: Channel) -> None:
    well.depth = 25
    read(taken(channel))
    assert Arrival.objects.count() == 25
    assert cursor_of(channel.pk) == "25"
    well.depth = 27
    read(taken(channel))
    assert Arrival.objects.count() == 27


def test_what_is_polled_is_stored_without_card_numbers(well: Well, channel: Channel) -> None:
    well.depth, well.said = 1, "Charged twice on 4111 1111 1111 1111, order {}"
    reader = polling.take_channel([channel.pk])
    assert reader
    read(reader)
    kept = bytes(Arrival.objects.get().body).decode()
    assert "4111 1111" not in kept
    assert kept.endswith("1111, order 0")


def test_a_page_and_its_place_are_stored_together_or_not_at_all(well: Well, channel: Channel) -> None:
    well.depth = 25
    first, second = taken(channel), taken(channel)  # the lease of the first ran out meanwhile
    with pytest.raises(LeaseLost):
        polling.store_page(first, arrivals=[], cursor="99")
    read(first)
    assert Arrival.objects.count() == 0
    assert cursor_of(channel.pk) == ""
    read(second)
    assert Arrival.objects.count() == 25


def test_many_workers_give_a_channel_one_reader(well: Well, channel: Channel) -> None:
    well.depth, well.waits = 30, True
    stop = threading.Event()
    workers = [Pollers(stop) for _ in range(4)]
    try:
        for _ in range(3):
            for worker in workers:
                worker.step()
        until(lambda: Arrival.objects.count() == 30)
        assert well.most == 1
        begun = monotonic()
    finally:
        stop.set()
        assert all(worker.join(10) for worker in workers)
    assert monotonic() - begun < 5
    assert well.readers == 0
    assert Poller.objects.get().lease_until is None, "whoever is next need not wait"


def test_two_workers_share_the_channels(well: Well, channel: Channel) -> None:
    a_channel("two")
    well.waits = True
    stop = threading.Event()
    workers = [Pollers(stop), Pollers(stop)]
    try:
        assert [worker.step() for worker in workers] == [True, True]
        until(lambda: well.readers == 2)
    finally:
        stop.set()
        assert all(worker.join(10) for worker in workers)


def test_a_reader_begins_anew_when_its_channel_has_changed(well: Well, channel: Channel) -> None:
    well.waits = True
    stop = threading.Event()
    worker = Pollers(stop)
    try:
        worker.step()
        until(lambda: well.readers == 1)
        Channel.objects.filter(pk=channel.pk).update(settings={"other": True})
        worker.step()
        until(lambda: well.readers == 0)
    finally:
        stop.set()
        assert worker.join(10)


def test_a_failure_is_said_and_tried_again_later_and_the_third_is_an_alarm(well: Well, channel: Channel) -> None:
    well.fails = True
    for failures in range(1, 4):
        read(taken(channel))
        row = reading_problems({channel.pk})[channel.pk]
        assert (row.problem, row.failures) == ("The well is dry.", failures)
        assert polling.take_channel([channel.pk]) is None
        assert Event.objects.filter(kind="channel.reading_failed").count() == (failures == 3)
    well.fails = False
    read(taken(channel))
    assert reading_problems({channel.pk}) == {}
    assert Event.objects.filter(kind="channel.reading_again").count() == 1


def test_a_paused_channel_is_not_read_and_one_without_permission_to_send_is(well: Well, channel: Channel) -> None:
    Channel.objects.update(state="auth_lost")
    assert polled_channels() == [channel.pk]
    Channel.objects.update(state="paused")
    assert polled_channels() == []
    assert polling.take_channel([channel.pk]) is None


def test_a_channel_that_can_call_us_is_not_polled(well: Well, channel: Channel) -> None:
    Well.caps = Caps(private=True, poll=True, webhook=True)
    try:
        assert polled_channels() == []
    finally:
        Well.caps = Caps(private=True, poll=True)
    connections.close_all()


def test_a_channel_that_can_call_us_is_polled_where_it_is_searched_for_words(well: Well, channel: Channel) -> None:
    Well.caps = Caps(private=True, poll=True, webhook=True, listen_keywords=True)
    try:
        assert polled_channels() == []
        Brand.objects.update(terms=[{"kind": "keyword", "text": "plum", "on": True}])
        assert polled_channels() == [channel.pk]
    finally:
        Well.caps = Caps(private=True, poll=True)
    connections.close_all()
