"""A venue that can be searched gets its brand's words, and is searched no more at its channel's ceiling."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, ClassVar

import pytest
from django.db import IntegrityError

from hark.channels.accounts import account_of
from hark.channels.base import Venue
from hark.channels.registry import register_for_tests
from hark.channels.types import Account, Caps, Inbound, Page, Raw
from hark.intake.actions import polling
from hark.intake.models import Arrival, Poller
from hark.intake.pollers import Pollers, read
from hark.intake.queries import cursor_of, polled_channels
from hark.intake.types import LeaseLost
from hark.kernel.time import monotonic, sleep
from hark.organisation.actions.channels import connect_channel
from hark.organisation.actions.listening import add_term, switch_term
from hark.organisation.actions.spending import set_ceiling
from hark.organisation.models import Brand, Channel, ChannelCost
from tests.journey.makers import make_inbox

pytestmark = pytest.mark.django_db(transaction=True)


class Square(Venue):
    """A square full of talk: what is said to us comes for nothing, each find of a word costs half a dollar."""

    key: ClassVar[str] = "priced"
    name: ClassVar[str] = "Square"
    proof: ClassVar[str] = "simulated"
    caps: ClassVar[Caps] = Caps(public=True, poll=True, listen_keywords=True)
    polled_type: ClassVar[str] = "text/plain"

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []
        self.waits = False
        self.readers = 0

    def parse(self, account: Account, raw: Raw) -> list[Inbound]:
        return []

    def poll(self, account: Account, cursor: str) -> Page:
        self.asked.append(account.terms)
        turn = int(cursor or 0)
        finds = tuple(Raw(f"find {turn} {word}".encode()) for word in account.terms)
        return Page((Raw(f"to us {turn}".encode()), *finds), str(turn + 1))

    def read_cost(self, account: Account, page: Page) -> tuple[str, str] | None:
        finds = sum(raw.body.startswith(b"find") for raw in page.raws)
        return (str(finds * 0.5), "USD") if finds else None

    def watch(self, account: Account, cursor: str) -> Iterator[Page]:
        self.readers += 1
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
def square() -> Iterator[Square]:
    venue = Square()
    with register_for_tests(venue):
        yield venue


@pytest.fixture
def channel(square: Square) -> Channel:
    return connect_channel(
        actor="system", venue="priced", external_id="one", name="one", inbox=make_inbox(), settings={}, secrets={}
    )


@pytest.fixture
def brand(channel: Channel) -> Brand:
    return channel.inbox.brand


def turn(channel: Channel) -> None:
    """The channel is read once."""
    read(taken(channel))


def taken(channel: Channel) -> Any:
    Poller.objects.update(not_before=None, lease_until=None)
    return polling.take_channel([channel.pk])


def until(look: Callable[[], Any]) -> None:
    end = monotonic() + 30
    while not look():
        assert monotonic() < end
        sleep(0.05)


def test_the_words_that_are_on_are_listened_for_from_the_next_reading_on(
    square: Square, channel: Channel, brand: Brand
) -> None:
    turn(channel)
    switch_term(brand=brand, text="Plum", on=True)
    add_term(brand=brand, kind="competitor", text="Pear")
    turn(channel)
    switch_term(brand=brand, text="Pear", on=True)
    turn(channel)
    switch_term(brand=brand, text="Plum", on=False)
    turn(channel)
    assert square.asked == [(), ("Plum",), ("Plum", "Pear"), ("Pear",)]


def test_a_venue_that_cannot_be_searched_gets_no_words(channel: Channel, brand: Brand) -> None:
    switch_term(brand=brand, text="Plum", on=True)
    Channel.objects.filter(pk=channel.pk).update(venue="simulated")
    assert account_of(Channel.objects.get(pk=channel.pk)).terms == ()
    Channel.objects.filter(pk=channel.pk).update(venue="gone")
    assert account_of(Channel.objects.get(pk=channel.pk)).terms == ()


def test_a_channel_that_can_call_us_is_asked_while_it_listens_for_words(
    channel: Channel, brand: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Square, "caps", replace(Square.caps, webhook=True))
    assert polled_channels() == []
    switch_term(brand=brand, text="Plum", on=True)
    assert polled_channels() == [channel.pk]
    set_ceiling(channel_id=channel.pk, whole=0, actor="ada")
    assert polled_channels() == []


def test_what_a_page_costs_is_kept_with_the_page_or_not_at_all(square: Square, channel: Channel, brand: Brand) -> None:
    switch_term(brand=brand, text="Plum", on=True)
    turn(channel)
    cost = ChannelCost.objects.get()
    assert (cost.currency, cost.reading_micros, cost.sending_micros, cost.reads) == ("USD", 500_000, 0, 2)
    lost, _ = taken(channel), taken(channel)  # the lease of the first ran out meanwhile
    with pytest.raises(LeaseLost):
        polling.store_page(lost, arrivals=[], cursor="9", cost=("5", "USD"))
    mine = taken(channel)
    with pytest.raises(IntegrityError):  # the place of the next page cannot be stored, so nothing is
        polling.store_page(mine, arrivals=[], cursor=None, cost=("5", "USD"))  # type: ignore[arg-type]
    cost.refresh_from_db()
    assert cost.reading_micros == 500_000
    assert cursor_of(channel.pk) == "1"


def test_at_the_ceiling_listening_pauses_and_what_is_said_to_us_is_still_read(
    square: Square, channel: Channel, brand: Brand
) -> None:
    switch_term(brand=brand, text="Plum", on=True)
    set_ceiling(channel_id=channel.pk, whole=1, actor="ada")
    for _ in range(4):
        turn(channel)
    assert square.asked == [("Plum",), ("Plum",), (), ()]
    bodies = [bytes(one.body).decode() for one in Arrival.objects.order_by("pk")]
    assert [one for one in bodies if one.startswith("to us")] == [f"to us {number}" for number in range(4)]
    assert [one for one in bodies if one.startswith("find")] == ["find 0 Plum", "find 1 Plum"]
    set_ceiling(channel_id=channel.pk, whole=5, actor="ada")
    turn(channel)
    assert square.asked[-1] == ("Plum",)


def test_a_line_that_is_held_open_begins_anew_with_other_words_and_at_the_ceiling(
    square: Square, channel: Channel, brand: Brand
) -> None:
    square.waits = True
    stop = threading.Event()
    worker = Pollers(stop)

    def changes(act: Callable[[], object]) -> None:
        act()
        worker.step()
        until(lambda: square.readers == 0)
        Poller.objects.update(not_before=None, lease_until=None)
        until(worker.step)
        until(lambda: square.readers == 1)

    try:
        worker.step()
        until(lambda: square.readers == 1)
        changes(lambda: switch_term(brand=brand, text="Plum", on=True))
        until(lambda: len(square.asked) == 2)
        until(ChannelCost.objects.exists)
        changes(lambda: set_ceiling(channel_id=channel.pk, whole=0, actor="ada"))
        until(lambda: len(square.asked) == 3)
    finally:
        stop.set()
        assert worker.join(10)
    assert square.asked == [(), ("Plum",), ()]
