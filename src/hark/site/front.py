"""The web process's one application: a raw front door and live streams before Django's pages (docs/decisions/0020)."""

import asyncio
import contextlib
import gc
import logging
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Coroutine
from types import FrameType
from typing import Any

from a2wsgi import WSGIMiddleware
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.db import OperationalError

from hark.intake.actions import GroupCommit
from hark.intake.views.door import PREFIX as DOOR
from hark.intake.views.door import FrontDoor
from hark.intake.views.known_channels import KnownChannels
from hark.kernel import health
from hark.kernel.live import LiveHub
from hark.kernel.raw_asgi import (
    BodyTooLarge,
    BodyTooSlow,
    ClientGone,
    DatabaseThreads,
    Message,
    NoRoom,
    Receive,
    Scope,
    Send,
    answer,
    client_address,
    close_threads,
    read_body,
    refuse_unread,
)
from hark.kernel.time import monotonic
from hark.portal.live import PREFIX as CHAT
from hark.portal.live import SUFFIX as CHAT_LIVE
from hark.portal.live import VisitorLive
from hark.site.giving_files import Held, give, naming_files
from hark.workspace.live import PATH as AGENT_LIVE
from hark.workspace.live import AgentLive

log = logging.getLogger(__name__)

Application = Callable[[Scope, Receive, Send], Awaitable[None]]

# What `Front._behind` takes before Django's pages do; the matrix of rights (tests/security) has a row for each.
RAW_PATHS = (f"{DOOR}*", AGENT_LIVE, f"{CHAT}*{CHAT_LIVE}", "/livez", "/readyz")
PAGE_THREADS = 8
DATABASE_THREADS = 4
MOST_PAGES = 256
PAGE_BODY_BYTES = 2 << 20
LONG_BODIES = {"/encounters/new/": 12 << 20}  # a form with scans; other files come in by pieces
PAGE_BODY_SECONDS = 20.0
DRAIN_SECONDS = 5.0
START_SECONDS = 3.0
MOST_FILES = 65_536


class Pages:
    """Django's pages in a bounded pool of threads. A thread is taken only when the whole request is here."""

    def __init__(self, trusted_hops: int) -> None:
        """One pool for the process."""
        self._bridge = WSGIMiddleware(naming_files(WSGIHandler()), workers=PAGE_THREADS)  # type: ignore[arg-type]
        self._trusted_hops = trusted_hops
        self._running = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Show one page; "later" when too many wait for a thread."""
        if scope["method"] not in ("GET", "HEAD"):
            try:
                body = await read_body(
                    scope, receive, cap=LONG_BODIES.get(scope["path"], PAGE_BODY_BYTES), seconds=PAGE_BODY_SECONDS
                )
            except BodyTooLarge:
                return await refuse_unread(scope, receive, send, 413)
            except BodyTooSlow:
                return await refuse_unread(scope, receive, send, 408)
            except NoRoom:
                return await refuse_unread(scope, receive, send, 503)
            except ClientGone:
                return None
            receive = _replay(body, receive)
        if self._running >= MOST_PAGES:
            return await answer(send, 503, b'{"error":"try again later"}', headers=[(b"retry-after", b"2")])
        port = (scope.get("client") or ("", 0))[1]
        scope["client"] = (client_address(scope, self._trusted_hops), port)
        if settings.SECURE:
            scope["scheme"] = "https"  # Hark's own address says so; the proxy in front speaks plain HTTP to us
        return await self._show(scope, receive, send)

    async def _show(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One page by a thread; a stored file goes out after the thread is free again."""
        held = Held(send)
        self._running += 1
        try:
            await self._bridge(scope, receive, held)  # type: ignore[arg-type]
        finally:
            self._running -= 1
        if held.place:
            await give(held.place, send)

    async def close(self) -> None:
        """End the threads."""
        await asyncio.to_thread(close_threads, self._bridge.executor, PAGE_THREADS)


def _replay(body: bytes, receive: Receive) -> Receive:
    """A request whose body has been read already."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


class Front:
    """Which request goes where; starts and ends what stands behind."""

    def __init__(self) -> None:
        """Nothing runs before the lifespan starts."""
        self._threads = DatabaseThreads(DATABASE_THREADS, "front")
        self.commit = GroupCommit()
        self.channels = KnownChannels(self._threads)
        self.hub = LiveHub(self._threads)
        hops: int = settings.HARK_TRUSTED_HOPS
        self._door = FrontDoor(self.channels, self.commit, self._threads, trusted_hops=hops)
        self._agents, self._visitors, self._pages = AgentLive(self.hub), VisitorLive(self.hub), Pages(hops)
        self._tasks: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, or the life of the process."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._behind(scope["path"])(scope, receive, send)

    def _behind(self, path: str) -> Application:
        if path.startswith(DOOR):
            return self._door
        if path == AGENT_LIVE:
            return self._agents
        if path.startswith(CHAT) and path.endswith(CHAT_LIVE):
            return self._visitors
        return self._health if path in ("/livez", "/readyz") else self._pages

    async def _health(self, scope: Scope, _receive: Receive, send: Send) -> None:
        alive = scope["path"] == "/livez"
        try:
            status, body = health.live() if alive else await self._threads.run(health.ready, seconds=3)
        except OperationalError:
            status, body = 503, "not ready"
        await answer(send, status, body.encode(), content_type=b"text/plain; charset=utf-8")

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        _allow_many_connections()
        self.commit.start()
        self.hub.start()
        self._spawn(self.channels.follow())
        self._spawn(_beat())
        self._listen_for_the_end()
        await self._settle_in()
        if in_main_thread():
            gc.collect()
            gc.freeze()  # Django's objects stay; each look through them for garbage stopped everything for 40 ms
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._end()
        await send({"type": "lifespan.shutdown.complete"})

    async def _settle_in(self) -> None:
        """Callers had rather wait at the port than be told to come again; a lost database does not stop the start."""
        patience = monotonic() + START_SECONDS
        while not (self.channels.loaded and self.hub.ready) and monotonic() < patience:
            await asyncio.sleep(0.02)

    async def _end(self) -> None:
        """No request runs any more; what waits is committed first."""
        await self.commit.stop()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.hub.stop()
        await self._pages.close()
        await self._threads.close()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _listen_for_the_end(self) -> None:
        """Live streams never end by themselves, and the server speaks of its end only after them: so hear it too."""
        if not in_main_thread():
            return
        loop = asyncio.get_running_loop()
        for sign in (signal.SIGTERM, signal.SIGINT):
            before = signal.getsignal(sign)

            def told(number: int, place: FrameType | None, before: Any = before) -> None:
                with contextlib.suppress(RuntimeError):  # the loop has ended already
                    loop.call_soon_threadsafe(self.drain)
                if callable(before):
                    before(number, place)

            signal.signal(sign, told)

    def drain(self) -> None:
        """Send the live clients away, spread over some seconds."""
        self._spawn(self.hub.drain(DRAIN_SECONDS))


def in_main_thread() -> bool:
    """Are we a process of our own, and not a thread of a test?"""
    return threading.current_thread() is threading.main_thread()


async def _beat() -> None:
    """Show that the loop comes round; `/livez` looks at it."""
    while True:
        health.pulse.beat()
        await asyncio.sleep(0.5)


def _allow_many_connections() -> None:
    """Every open page is a file to the system, whose usual first limit is 1,024; we may go up to its last one."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
