"""The clients of one process: who hears what, when it is written, and whether they may still listen."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import psycopg
from django.db import DatabaseError, InterfaceError

from hark.kernel.live.admission import Admission, Unavailable
from hark.kernel.live.journal import MISSED_ROWS, Follower
from hark.kernel.live.rights import Gate, Place, Rights
from hark.kernel.live.stream import CLOSED, RELOAD, START, Stream, beat, frame, send_last, special
from hark.kernel.raw_asgi import DatabaseThreads, Receive, Send
from hark.kernel.time import monotonic
from hark.kernel.types import JournalEvent, Position

log = logging.getLogger(__name__)

SEND_SECONDS = 0.25  # a client is written to at most four times a second
BEAT_SECONDS = 15.0
CHECK_SECONDS = 3.0
CHECK_AT_ONCE = 500
MOST_HOLDING = 200_000
STALE_SECONDS = 5.0  # rights older than this deliver nothing
MOST_FRAMES = 200  # waiting for a slow client; beyond it the page reloads
MOST_STREAMS = 20_000
MOST_STREAMS_A_TICKET = 16
DRAIN_STEPS = 50
RETRY = b"retry: 500\n\n"


class LiveHub:
    """All live clients of one process. `start` it on its event loop; `drain` before the process ends."""

    def __init__(self, threads: DatabaseThreads) -> None:
        """`threads` is where the gates are asked."""
        self._threads = threads
        self._admission = Admission(threads)
        self._journal = Follower(self._prepare)
        self._streams: set[Stream] = set()
        self._places: defaultdict[Place, set[Stream]] = defaultdict(set)
        self._tickets: defaultdict[tuple[Gate, str], int] = defaultdict(int)
        self._late: set[Stream] = set()
        self._ticking = False
        self._draining = False
        self._checked_at = 0.0
        self._holding: dict[str, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def ready(self) -> bool:
        """Is there something to be heard yet?"""
        return self._journal.ready

    def start(self) -> None:
        """Begin to follow the journal."""
        for lasting in (self._journal.follow, self._watch_rights, self._keep_alive):
            self._keep(lasting)

    async def drain(self, seconds: float) -> None:
        """Close all streams, spread over `seconds`, so that the clients do not come back all at once."""
        self._draining = True
        streams = list(self._streams)
        for step in range(DRAIN_STEPS if streams else 0):
            for stream in streams[step::DRAIN_STEPS]:
                self._close(stream, RETRY)
            await asyncio.sleep(seconds / DRAIN_STEPS)

    async def stop(self) -> None:
        """Let go of everything."""
        self._draining = True
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._journal.close()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _keep(self, lasting: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run what must never end, and begin it anew should it fail all the same."""

        def ended(task: asyncio.Task[None]) -> None:
            self._tasks.discard(task)
            if not task.cancelled():
                log.error("a part of the live pages has failed", exc_info=task.exception())
                asyncio.get_running_loop().call_later(1.0, self._keep, lasting)

        task = asyncio.get_running_loop().create_task(lasting())
        self._tasks.add(task)
        task.add_done_callback(ended)

    # One client ---------------------------------------------------------------------------------------------------

    async def serve(self, receive: Receive, send: Send, *, gate: Gate, ticket: str, after: str) -> bool:
        """Serve one client until it goes or its rights end. False, with nothing sent, when the ticket gives no rights.

        `after` is the id of the last event it has seen (empty: it wants what happens from now on). What it missed is
        read from the journal, nothing left out and nothing twice; `event: reload` where that is not possible. When
        there is nothing to be had now it is told to come back: a browser gives up for ever on any other answer.
        """
        try:
            rights = await self._admission.ask(gate, ticket)
        except Unavailable:
            return await _not_now(send)
        if rights is None:
            return False
        full = len(self._streams) >= MOST_STREAMS or self._tickets.get((gate, ticket), 0) >= MOST_STREAMS_A_TICKET
        if full or self._draining or not self.ready:
            return await _not_now(send)
        await send(START)
        self._holding.update(dict.fromkeys(rights.held, rights.agent_id or 0))
        stream = Stream(
            gate, ticket, replace(rights, held=frozenset()), send, last_sent=monotonic(), spread=BEAT_SECONDS
        )
        self._enter(stream)
        until = self._journal.position  # no await since entering: what comes behind it, the stream hears by itself
        try:
            await self._send(stream, await self._beginning(stream, after, until))
            while (await receive())["type"] != "http.disconnect":
                pass
        finally:
            self._leave(stream)
        return True

    async def _beginning(self, stream: Stream, after: str, until: Position) -> bytes:
        """The first bytes of a stream that hears everything behind `until` by itself."""
        here = b"id: %s\n\n" % str(until).encode()
        if not after:
            return RETRY + here
        position = Position.parse(after)
        missed = None
        if position is not None and position <= until:
            try:
                missed = await self._missed(stream.rights, position, until)
            except (psycopg.Error, OSError, DatabaseError, InterfaceError) as error:
                log.warning("what a client missed cannot be read: %s", type(error).__name__)
        if missed is None:
            return RETRY + special(RELOAD, until)
        return b"".join([RETRY, *(frame(stream.gate, event) for event in missed), here])

    async def _missed(self, rights: Rights, position: Position, until: Position) -> list[JournalEvent] | None:
        """What it missed; None when the page must be drawn anew, also where it may have lost what it held."""
        found = await self._journal.missed(rights, position, until)
        if found is None:
            return None
        holders = await self._holders(found)
        wanted = [event for event in found if rights.concerns(event, holders)]
        heard = {event.position for event in wanted}
        lost = any(event.inbox_id in rights.held_inboxes and event.position not in heard for event in found)
        return wanted if len(wanted) <= MISSED_ROWS and not lost else None

    def _enter(self, stream: Stream) -> None:
        self._streams.add(stream)
        self._tickets[stream.gate, stream.ticket] += 1
        for place in stream.rights.places():
            self._places[place].add(stream)

    def _leave(self, stream: Stream) -> None:
        if not stream.open:
            return
        stream.open = False
        self._streams.discard(stream)
        self._late.discard(stream)
        self._tickets[stream.gate, stream.ticket] -= 1
        if not self._tickets[stream.gate, stream.ticket]:
            del self._tickets[stream.gate, stream.ticket]
        self._forget_places(stream)

    def _forget_places(self, stream: Stream) -> None:
        for place in stream.rights.places():
            self._places[place].discard(stream)
            if not self._places[place]:
                del self._places[place]

    def _close(self, stream: Stream, last: bytes) -> None:
        if stream.open:
            self._leave(stream)
            self._spawn(send_last(stream, last))

    # What happened ------------------------------------------------------------------------------------------------

    async def _prepare(self, events: Sequence[JournalEvent]) -> Callable[[JournalEvent], None]:
        if self._streams and monotonic() - self._checked_at > STALE_SECONDS:
            await self._check_rights()
        now = await self._holders(events)
        before = {event.subject: self._holding.get(event.subject, 0) for event in events}
        if len(self._holding) > MOST_HOLDING:
            self._holding.clear()
        self._holding.update(now)
        return partial(self._tell, now=now, before=before)

    async def _holders(self, events: Sequence[JournalEvent]) -> dict[str, int]:
        """Who holds the subjects of those events that somebody may hear only as their holder."""
        held = [event for event in events if event.agent_id is None and ("held", event.inbox_id) in self._places]
        found = {event.subject: 0 for event in held}
        for gate in {stream.gate for event in held for stream in self._places["held", event.inbox_id or 0]}:
            found.update(await self._threads.run(partial(gate.holders, {event.subject for event in held})))
        return found

    def _tell(self, event: JournalEvent, now: Mapping[str, int], before: Mapping[str, int]) -> None:
        """Queue one event for those it concerns. Who held its subject before still hears that it does no longer."""
        places: list[Place] = [("visitor", event.visitor)]
        if event.agent_id is not None:
            places.append(("agent", event.agent_id))
        elif event.inbox_id is not None:
            places += [("inbox", event.inbox_id), ("held", event.inbox_id)]
        frames: dict[Gate, bytes] = {}
        for place in places:
            holds = (now.get(event.subject), before.get(event.subject)) if place[0] == "held" else None
            for stream in self._places.get(place, ()):
                if holds and stream.rights.agent_id not in holds:
                    continue
                if stream.gate not in frames:
                    frames[stream.gate] = frame(stream.gate, event)
                self._queue(stream, frames[stream.gate], event.position)

    def _queue(self, stream: Stream, made: bytes, position: Position) -> None:
        stream.frames.append(made)
        if len(stream.frames) > MOST_FRAMES:
            stream.frames = [special(RELOAD, position)]
        self._flush(stream)

    def _flush(self, stream: Stream) -> None:
        """Write what waits, unless the client is being written to or was a moment ago."""
        if stream.busy or not stream.frames or not stream.open:
            return
        moment = monotonic()
        if moment < stream.last_sent + SEND_SECONDS:
            self._late.add(stream)
            if not self._ticking:
                self._ticking = True
                asyncio.get_running_loop().call_later(0.05, self._tick)
            return
        chunk = b"".join(stream.frames)
        stream.frames.clear()
        stream.busy = True
        stream.last_sent = moment
        self._spawn(self._send(stream, chunk))

    def _tick(self) -> None:
        self._ticking = False
        late, self._late = self._late, set()
        for stream in late:
            self._flush(stream)

    async def _send(self, stream: Stream, chunk: bytes) -> None:
        """Write; a slow client only holds up itself, since nobody else waits for this."""
        if not stream.open:
            return
        try:
            await stream.send({"type": "http.response.body", "body": chunk, "more_body": True})
        except (OSError, RuntimeError):  # it went, or was closed, at this moment
            self._leave(stream)
            return
        stream.busy = False
        self._flush(stream)

    async def _keep_alive(self) -> None:
        """Tell quiet clients that the line is alive, and how far they have come."""
        while True:
            await asyncio.sleep(0.5)
            moment, here = monotonic(), self._journal.position
            for stream in [each for each in self._streams if moment - each.last_sent >= BEAT_SECONDS]:
                if not stream.busy and not stream.frames:
                    self._queue(stream, beat(here), here)
                    stream.last_sent = moment - SEND_SECONDS  # an event right behind a heartbeat need not wait

    # Rights -------------------------------------------------------------------------------------------------------

    async def _watch_rights(self) -> None:
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            try:
                await self._check_rights()
            except (DatabaseError, InterfaceError) as error:
                log.warning("rights cannot be checked, live pages wait: %s", type(error).__name__)

    async def _check_rights(self) -> None:
        """Ask all gates again; close those without rights, move those whose rights changed."""
        asked_at = monotonic()
        for gate in {stream.gate for stream in self._streams}:
            tickets = {stream.ticket for stream in self._streams if stream.gate is gate}
            doubtful = list(await self._threads.run(partial(gate.doubtful, tickets)))
            for start in range(0, len(doubtful), CHECK_AT_ONCE):
                await self._check_again(gate, set(doubtful[start : start + CHECK_AT_ONCE]))
        self._checked_at = asked_at

    async def _check_again(self, gate: Gate, tickets: set[str]) -> None:
        found = await self._threads.run(partial(gate.rights, tickets))
        for stream in [each for each in self._streams if each.gate is gate and each.ticket in tickets]:
            self._apply(stream, found.get(stream.ticket))

    def _apply(self, stream: Stream, rights: Rights | None) -> None:
        here = self._journal.position
        if rights is None:
            self._close(stream, special(CLOSED, here))
        elif set(rights.places()) != set(stream.rights.places()):
            self._holding.update(dict.fromkeys(rights.held, rights.agent_id or 0))
            self._forget_places(stream)
            stream.rights = replace(rights, held=frozenset())
            for place in rights.places():
                self._places[place].add(stream)
            self._queue(stream, special(RELOAD, here), here)


async def _not_now(send: Send) -> bool:
    await send(START)
    await send({"type": "http.response.body", "body": b"retry: 2000\n\n"})
    return True
