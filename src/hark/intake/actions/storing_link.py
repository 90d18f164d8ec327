"""One connection over which batches of arrivals are committed."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg import AsyncConnection
from psycopg.errors import DeadlockDetected, Diagnostic, SerializationFailure

from hark.intake.actions.storing import OTHER_BYTES, STORE, WAKE, columns, digests, renamed
from hark.intake.types import NewArrival
from hark.kernel.async_db import connect

log = logging.getLogger(__name__)

# One statement is one transaction: its answer comes after the commit, in one round trip.
# Binary parameters (%b): as text, psycopg escapes arrays byte by byte, 55 µs a row instead of 3.
STORE_ONLY = STORE.replace("%s", "%b")
STORE_AND_WAKE = f"WITH stored AS ({STORE_ONLY} RETURNING 1) SELECT count(*), pg_notify('{WAKE}', '') FROM stored"  # noqa: S608
COMMIT_SECONDS = 10
TRIES = 3

Batch = Sequence[tuple[int, NewArrival]]


class FateUnknown(Exception):
    """The commit may or may not have happened."""


class StoringLink:
    """Makes its connection when it is needed, and anew when it is broken; used by one caller at a time."""

    def __init__(self) -> None:
        """Not connected yet."""
        self._link: AsyncConnection[tuple[Any, ...]] | None = None
        self._abandoned: set[asyncio.Task[None]] = set()
        self._warned = False

    async def ready(self) -> bool:
        """Is there a connection? Tries to make one."""
        if self._link is not None and not self._link.closed:
            return True
        try:
            self._link = await connect(application_name="hark accept", statement_seconds=COMMIT_SECONDS - 2)
        except (psycopg.Error, OSError) as error:
            log.warning("arrivals cannot be stored: %s", type(error).__name__)
            return False
        self._link.add_notice_handler(self._notice)
        return True

    async def close(self) -> None:
        """Let go of the connection. Never go on with one that failed: it may lead to a server become read-only."""
        link, self._link = self._link, None
        if link is not None:
            await link.close()

    async def store(self, batch: Batch, *, wake: bool) -> None:
        """Commit `batch` in COMMIT_SECONDS and, with `wake`, tell the workers. Raises psycopg.Error, FateUnknown."""
        if self._link is None:
            raise FateUnknown
        work = asyncio.get_running_loop().create_task(self._store(self._link, batch, wake=wake))
        done, _ = await asyncio.wait([work], timeout=COMMIT_SECONDS)
        if done:
            return await work
        # A frozen server answers no cancel either: leave the connection to its fate and make another.
        burial = asyncio.get_running_loop().create_task(_bury(work, self._link))
        self._link = None
        self._abandoned.add(burial)
        burial.add_done_callback(self._abandoned.discard)
        raise FateUnknown

    async def wake(self) -> None:
        """Tell the workers that there is something; a lost word costs them no more than their next look."""
        if self._link is not None:
            await self._link.execute(f"NOTIFY {WAKE}")

    def _notice(self, said: Diagnostic) -> None:
        """A cancelled wait for the standby comes as a mere warning beside a success (reliability reference, 13)."""
        self._warned = self._warned or said.severity_nonlocalized == "WARNING"

    async def _store(self, link: AsyncConnection[tuple[Any, ...]], batch: Batch, *, wake: bool) -> None:
        if await self._insert(link, batch, wake=wake) == len(batch):
            return
        found = await link.execute(OTHER_BYTES, digests(batch))
        again = renamed(batch, [place for (place,) in await found.fetchall()])
        if again:
            await self._insert(link, again, wake=wake)

    async def _insert(self, link: AsyncConnection[tuple[Any, ...]], batch: Batch, *, wake: bool) -> int:
        """One transaction; tried again when it met another process over the same keys in another order."""
        parameters = columns(batch)
        for left in reversed(range(TRIES)):
            self._warned = False
            try:
                cursor = await link.execute(STORE_AND_WAKE if wake else STORE_ONLY, parameters, binary=True)
            except (DeadlockDetected, SerializationFailure):
                if not left:
                    raise
                continue
            if self._warned:
                raise FateUnknown
            if not wake:
                return cursor.rowcount
            row = await cursor.fetchone()
            return int(row[0]) if row else 0
        raise AssertionError("unreachable")


async def _bury(work: asyncio.Task[None], link: AsyncConnection[tuple[Any, ...]]) -> None:
    """Close an abandoned connection once its server has answered after all."""
    await asyncio.wait([work])
    if not work.cancelled():
        work.exception()
    await link.close()
