"""Group commit: all requests of this process that wait at one moment share a transaction."""

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

import psycopg

from hark.intake.actions.storing_link import COMMIT_SECONDS, FateUnknown, StoringLink
from hark.intake.types import NewArrival, NotStored
from hark.kernel.time import monotonic

log = logging.getLogger(__name__)

LINKS = 2
SECOND_AFTER = 16  # so many must wait before a second batch is on its way beside the first
MAX_WAITING = 2_000
MAX_WAITING_BYTES = 64 << 20
MAX_BATCH = 500
MAX_BATCH_BYTES = 8 << 20
REST_SECONDS = 0.25  # between two tries to reach the database
WAKE_SECONDS = 0.02  # between two NOTIFYs: each holds a lock of the whole server until its commit


class Waiting(NamedTuple):
    """One request that waits for its commit."""

    channel_id: int
    arrival: NewArrival
    stored: asyncio.Future[None]


class GroupCommit:
    """Stores arrivals for one event loop over connections of its own.

    `store` returns after the commit, never before; it raises NotStored when the fate of the commit is not known, too. A
    caller that goes away, and an arrival that cannot be stored, strand no neighbour. What waits is bounded.
    """

    def __init__(self) -> None:
        """Not running yet: `start` it on the loop that will use it."""
        self._waiting: deque[Waiting] = deque()
        self._bytes = 0
        self._idle: list[asyncio.Future[None]] = []
        self._busy = 0
        self._runners: list[asyncio.Task[None]] = []
        self._stopping = False
        self._woke_at = 0.0
        self._owes_wake = False

    def start(self) -> None:
        """Begin to commit."""
        loop = asyncio.get_running_loop()
        self._runners = [loop.create_task(self._run(StoringLink())) for _ in range(LINKS)]

    async def stop(self) -> None:
        """Commit what waits, then let the connections go. Nothing is stored afterwards."""
        self._stopping = True
        while self._idle:
            self._call_one()
        if self._runners:
            await asyncio.wait(self._runners, timeout=COMMIT_SECONDS + 5)

    async def store(self, channel_id: int, arrival: NewArrival) -> None:
        """Return once `arrival` is committed. Raises NotStored: answer 503, and the sender tries again."""
        if self._stopping:
            raise NotStored("stopping")
        size = len(arrival.body)
        if len(self._waiting) >= MAX_WAITING or self._bytes + size > MAX_WAITING_BYTES:
            raise NotStored("too many arrivals wait for the database", retry_after_seconds=5)
        stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(Waiting(channel_id, arrival, stored))
        self._bytes += size
        if self._idle and (not self._busy or len(self._waiting) >= SECOND_AFTER):
            self._call_one()
        await stored

    def _call_one(self) -> None:
        self._busy += 1
        self._idle.pop().set_result(None)

    async def _run(self, link: StoringLink) -> None:
        """One runner: sleeps until it is called, and goes on as long as there is something for it to do."""
        while not self._stopping:
            called = asyncio.get_running_loop().create_future()
            self._idle.append(called)
            await called
            while await self._did_something(link):
                pass
            self._busy -= 1  # no await since the last look: what comes from now on calls a runner again
        await link.close()

    async def _did_something(self, link: StoringLink) -> bool:
        if self._waiting and (self._busy == 1 or len(self._waiting) >= SECOND_AFTER or self._stopping):
            if await link.ready():
                await self._commit(link, self._take())
            else:
                await self._turn_away()
        elif self._owes_wake and self._wake_is_due():
            await self._wake(link)
        else:
            return False
        return True

    async def _turn_away(self) -> None:
        """Nobody waits longer than one try to reach the database."""
        while self._waiting:
            self._fail(self._take(), NotStored("the database cannot be reached", retry_after_seconds=2))
        await asyncio.sleep(REST_SECONDS)

    def _take(self) -> list[Waiting]:
        """The oldest that wait, as many as make a batch; those whose caller has gone are left out."""
        batch: list[Waiting] = []
        size = 0
        while self._waiting and len(batch) < MAX_BATCH and size < MAX_BATCH_BYTES:
            one = self._waiting.popleft()
            size += len(one.arrival.body)
            if not one.stored.done():
                batch.append(one)
        self._bytes -= size
        return batch

    async def _commit(self, link: StoringLink, batch: list[Waiting]) -> None:
        """Store the batch; halve it when one of it cannot be stored."""
        if not batch:
            return
        try:
            await link.store([(one.channel_id, one.arrival) for one in batch], wake=self._wake_is_due())
        except (psycopg.DataError, psycopg.IntegrityError) as error:
            if len(batch) > 1:
                middle = len(batch) // 2
                await self._commit(link, batch[:middle])
                await self._commit(link, batch[middle:])
            else:
                log.error("an arrival of channel %s cannot be stored: %s", batch[0].channel_id, type(error).__name__)
                self._fail(batch, NotStored(type(error).__name__, retry_after_seconds=60))
        except (psycopg.Error, OSError, FateUnknown) as error:
            log.warning("the fate of %d arrivals is not known: %s", len(batch), type(error).__name__)
            self._fail(batch, NotStored(type(error).__name__))
            await link.close()
        else:
            for one in batch:
                if not one.stored.done():  # its caller may have gone, and set_result would strand the others
                    one.stored.set_result(None)

    def _wake_is_due(self) -> bool:
        """May the workers be woken now? If not, it is owed to them and done a little later."""
        moment = monotonic()
        if moment >= self._woke_at + WAKE_SECONDS:
            self._woke_at, self._owes_wake = moment, False
            return True
        if not self._owes_wake:
            self._owes_wake = True
            asyncio.get_running_loop().call_later(WAKE_SECONDS, self._remember_wake)
        return False

    def _remember_wake(self) -> None:
        """Unless a batch has taken the word along in the meantime, or a runner is about to look."""
        if self._owes_wake and self._idle:
            self._call_one()

    async def _wake(self, link: StoringLink) -> None:
        try:
            await link.wake()
        except (psycopg.Error, OSError):
            await link.close()

    def _fail(self, batch: Sequence[Waiting], error: NotStored) -> None:
        for one in batch:
            if not one.stored.done():
                again = error.retry_after_seconds
                one.stored.set_exception(NotStored(error.detail, retry_after_seconds=again))
