"""The loop of polled channels. Any number of processes may run it; each channel has one reader at a time."""

import logging
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import closing

from django.db import connection, connections

from hark.channels import registry
from hark.channels.accounts import account_at_work
from hark.channels.base import Venue
from hark.channels.errors import SendError
from hark.channels.kit.cards import without_cards_in
from hark.channels.types import Page
from hark.intake.actions import polling
from hark.intake.queries import cursor_of, polled_channels
from hark.intake.types import LeaseLost, NewArrival, Polled
from hark.kernel.errors import HarkError
from hark.kernel.loops import DATABASE_AWAY, describe, place_of
from hark.kernel.time import now
from hark.organisation.models import Channel

logger = logging.getLogger(__name__)


class Pollers:
    """The readers of this process, each in a thread of its own because a venue may keep its line open for minutes."""

    def __init__(self, stop: threading.Event) -> None:
        """Every reader ends within seconds once `stop` is set."""
        self._stop = stop
        self._readers: dict[Polled, tuple[threading.Thread, threading.Event]] = {}

    def step(self) -> bool:
        """Hold on to what is being read, and begin to read one more channel; True when there was one."""
        self._readers = {reader: pair for reader, pair in self._readers.items() if pair[0].is_alive()}
        kept = polling.renew(self._readers)
        for reader, (_, end) in self._readers.items():
            if reader.channel_id not in kept:
                end.set()
        busy = {reader.channel_id for reader in self._readers}
        taken = polling.take_channel([number for number in polled_channels() if number not in busy])
        if taken is None or self._stop.is_set():
            return False
        end = threading.Event()
        thread = threading.Thread(target=self._read, args=(taken, end), name=f"poll-{taken.channel_id}", daemon=True)
        self._readers[taken] = thread, end
        thread.start()
        return True

    def join(self, seconds: float) -> bool:
        """Wait for the readers after `stop`; True when all have ended."""
        for thread, _ in self._readers.values():
            thread.join(seconds)
        return not any(thread.is_alive() for thread, _ in self._readers.values())

    def _read(self, reader: Polled, end: threading.Event) -> None:
        try:
            read(reader, lambda: end.is_set() or self._stop.is_set())
        finally:
            connections.close_all()


def read(reader: Polled, ended: Callable[[], bool] = lambda: False) -> None:
    """Read a channel, page by page, until nothing more is there or `ended` says so.

    1. The venue gives a page. Nothing there is marked or deleted by that.
    2. The page, its cost and the place of the next are stored in one transaction, which asks for the lease.
    3. Only then is the venue asked for the next page, and may mark what it gave before.
    A failure is written on the channel and tried again later. Whoever lost the lease leaves quietly.
    """
    try:
        channel = Channel.objects.select_related("inbox__brand").get(pk=reader.channel_id)
        venue, account = registry.venue(channel.venue), account_at_work(channel)
        with closing(_pages(venue.watch(account, cursor_of(channel.pk)))) as pages:
            for page in pages:
                arrivals, cost = [*_arrivals(page, venue, channel)], venue.read_cost(account, page)
                polling.store_page(reader, arrivals=arrivals, cursor=page.next_cursor, cost=cost)
                connection.close()  # a long poll holds no connection
                if ended():
                    break
        polling.let_go(reader, rest_seconds=0.0 if ended() else venue.poll_seconds)
    except LeaseLost:
        logger.info("channel %s is read by another process", reader.channel_id)
    except DATABASE_AWAY as problem:
        logger.warning("channel %s: the page was not stored: %s", reader.channel_id, describe(problem))
    except Exception as problem:  # noqa: BLE001 - a third party's poll may raise anything; one channel ends no other
        logger.warning("channel %s was not read: %s at %s", reader.channel_id, describe(problem), place_of(problem))
        polling.reading_failed(reader, problem=_sentence(problem))


def _pages(pages: Iterator[Page]) -> Generator[Page, None, None]:
    """The venue's pages, as something that can be closed whatever the venue made them with."""
    yield from pages


def _arrivals(page: Page, venue: Venue, channel: Channel) -> Iterator[NewArrival]:
    """A page's arrivals, without card numbers. Without a delivery id the digest of the bytes tells copies."""
    for raw in page.raws:
        body = without_cards_in(raw.body, venue.polled_type, channel.inbox.brand.own_numbers)
        yield NewArrival(raw.id, "", raw.headers, body, raw.received_at or now())


def _sentence(problem: Exception) -> str:
    """For the channel's page: the venue's code words its own failures, of others only the type is told."""
    if isinstance(problem, SendError):
        return getattr(problem, "human", "") or problem.detail or problem.message
    return problem.message if isinstance(problem, HarkError) else f"Reading failed unexpectedly ({describe(problem)})."
