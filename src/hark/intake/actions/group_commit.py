"""Group commit: all requests of this process that wait at one moment share a transaction."""

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from typing import Any, NamedTuple

import psycopg
from psycopg import AsyncConnection
from psycopg.errors import DeadlockDetected, Diagnostic, SerializationFailure

from hark.intake.actions.storing import OTHER_BYTES, STORE, columns, digests, renamed
from hark.intake.types import NewArrival, NotStored
from hark.kernel.async_db import connect

log = logging.getLogger(__name__)

# One statement is one transaction: its answer comes after the commit, in one round trip. The NOTIFY is one for all.
STORE_AND_WAKE = (
    f"WITH stored AS ({STORE} RETURNING 1) "  # noqa: S608 - constants
    "SELECT count(*), pg_notify('hark_arrivals', '') FROM stored"
)
MAX_WAITING = 2_000
MAX_WAITING_BYTES = 64 << 20
MAX_BATCH = 500
MAX_BATCH_BYTES = 8 << 20
COMMIT_SECONDS = 10
REST_SECONDS = 0.25  # between two tries to reach the database
TRIES = 3

Link = AsyncConnection[tuple[Any, ...]]


class Waiting(NamedTuple):
    """One request that waits for its commit."""

    channel_id: int
    arrival: NewArrival
    stored: asyncio.Future[None]


class FateUnknown(Exception):
    """The commit may or may not have happened."""


class GroupCommit:
    """Stores arrivals for one event loop over one connection of its own.

    `store` returns after the commit, never before; it raises NotStored when the fate of the commit is not known, too. A
    caller that goes away, and an arrival that cannot be stored, strand no neighbour. What waits is bounded.
    """

    def __init__(self) -> None:
        """Not running yet: `start` it on the loop that will use it."""
        self._waiting: deque[Waiting] = deque()
        self._bytes = 0
        self._wake = asyncio.Event()
        self._link: Link | None = None
        self._runner: asyncio.Task[None] | None = None
        self._abandoned: set[asyncio.Task[Any]] = set()
        self._warned = False
        self._stopping = False

    def start(self) -> None:
        """Begin to commit."""
        self._runner = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Commit what waits, then let the connection go. Nothing may be stored afterwards."""
        self._stopping = True
        self._wake.set()
        if self._runner:
            await asyncio.wait([self._runner], timeout=COMMIT_SECONDS + 5)
        if self._link:
            await self._link.close()

    async def store(self, channel_id: int, arrival: NewArrival) -> None:
        """Return once `arrival` is committed. Raises NotStored: answer 503, and the sender tries again."""
        if self._stopping:
            raise NotStored("stopping")
        size = len(arrival.body)
        if len(self._waiting) >= MAX_WAITING or self._bytes + size > MAX_WAITING_BYTES:
            raise NotStored("too many arrivals wait for the database", retry_after_seconds=5)
        stored = asyncio.get_running_loop().create_future()
        self._waiting.append(Waiting(channel_id, arrival, stored))
        self._bytes += size
        self._wake.set()
        await stored

    async def _run(self) -> None:
        while self._waiting or not self._stopping:
            await self._wake.wait()
            link = await self._linked() if self._waiting else None
            if link:
                await self._commit(link, self._take())
            elif self._waiting:
                await self._turn_away()
            if not self._waiting and not self._stopping:
                self._wake.clear()

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

    async def _linked(self) -> Link | None:
        """The connection, made anew when it is broken; None when the database cannot be reached now."""
        if self._link is not None and not self._link.closed and not self._link.broken:
            return self._link
        try:
            self._link = await connect(application_name="hark accept", statement_seconds=COMMIT_SECONDS - 2)
        except (psycopg.Error, OSError) as error:
            log.warning("arrivals cannot be stored: %s", type(error).__name__)
            self._link = None
        else:
            self._link.add_notice_handler(self._notice)
        return self._link

    def _notice(self, said: Diagnostic) -> None:
        """A cancelled wait for the standby comes as a mere warning beside a success (reliability reference, 13)."""
        self._warned = self._warned or said.severity_nonlocalized == "WARNING"

    async def _commit(self, link: Link, batch: list[Waiting]) -> None:
        """Store the batch; halve it when one of it cannot be stored."""
        if not batch:
            return
        try:
            await self._in_time(link, [(one.channel_id, one.arrival) for one in batch])
        except (psycopg.DataError, psycopg.IntegrityError) as error:
            if len(batch) > 1 and not link.broken:
                middle = len(batch) // 2
                await self._commit(link, batch[:middle])
                await self._commit(link, batch[middle:])
            else:
                log.error("an arrival of channel %s cannot be stored: %s", batch[0].channel_id, type(error).__name__)
                self._fail(batch, NotStored(type(error).__name__, retry_after_seconds=60))
        except (psycopg.Error, OSError, FateUnknown) as error:
            log.warning("the fate of %d arrivals is not known: %s", len(batch), type(error).__name__)
            self._fail(batch, NotStored(type(error).__name__))
            await self._drop()
        else:
            for one in batch:
                if not one.stored.done():  # its caller may have gone, and set_result would strand the others
                    one.stored.set_result(None)

    async def _drop(self) -> None:
        """Never go on with a connection that failed: it may lead to a server that has become read-only."""
        link, self._link = self._link, None
        if link is not None:
            await link.close()

    async def _in_time(self, link: Link, arrivals: Sequence[tuple[int, NewArrival]]) -> None:
        """Store within COMMIT_SECONDS; else leave the connection to its fate: a frozen server answers no cancel."""
        work = asyncio.get_running_loop().create_task(self._store(link, arrivals))
        done, _ = await asyncio.wait([work], timeout=COMMIT_SECONDS)
        if done:
            return await work
        self._link = None
        burial = asyncio.get_running_loop().create_task(_bury(work, link))
        self._abandoned.add(burial)
        burial.add_done_callback(self._abandoned.discard)
        raise FateUnknown

    async def _store(self, link: Link, arrivals: Sequence[tuple[int, NewArrival]]) -> None:
        stored = await self._insert(link, arrivals)
        if stored == len(arrivals):
            return
        found = await link.execute(OTHER_BYTES, digests(arrivals))
        again = renamed(arrivals, [place for (place,) in await found.fetchall()])
        if again:
            await self._insert(link, again)

    async def _insert(self, link: Link, arrivals: Sequence[tuple[int, NewArrival]]) -> int:
        """One transaction; tried again when it met another process over the same keys in another order."""
        parameters = columns(arrivals)
        for left in reversed(range(TRIES)):
            self._warned = False
            try:
                cursor = await link.execute(STORE_AND_WAKE, parameters)
            except (DeadlockDetected, SerializationFailure):
                if not left:
                    raise
                continue
            if self._warned:
                raise FateUnknown
            row = await cursor.fetchone()
            return int(row[0]) if row else 0
        raise AssertionError("unreachable")

    def _fail(self, batch: Sequence[Waiting], error: NotStored) -> None:
        for one in batch:
            if not one.stored.done():
                again = error.retry_after_seconds
                one.stored.set_exception(NotStored(error.detail, retry_after_seconds=again))


async def _bury(work: asyncio.Task[None], link: Link) -> None:
    """Close an abandoned connection once its server has answered after all."""
    await asyncio.wait([work])
    if not work.cancelled():
        work.exception()
    await link.close()
