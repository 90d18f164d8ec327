"""Raw ASGI in a few functions: what the front door and the live streams share, without a framework's cost a request."""

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterable, Iterator, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from types import CoroutineType
from typing import Any, TypeVar

from django.db import OperationalError, close_old_connections, connections

from hark.kernel.errors import HarkError

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Header = tuple[bytes, bytes]
T = TypeVar("T")

SAFE: tuple[Header, ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)
NOTHING_KEPT = "Nothing of it was kept. Go back in your browser: what you had written is usually still there."
# status → what a program is told, and what a person reads
REFUSED = {
    408: ("too slow", "That took too long to arrive", f"{NOTHING_KEPT} Please send it again."),
    413: ("too large", "That is too large", f"{NOTHING_KEPT} Choose smaller files, or fewer, and send it again."),
    503: ("try again later", "Too much arrives at once", f"{NOTHING_KEPT} Please send it again in a minute."),
}
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"></head>
<body><main><h1>{title}</h1><p>{words}</p></main></body></html>"""
LINGER_SECONDS = 1.0
LINGER_BYTES = 4 << 20
SMALL_BODY = 64 << 10
MOST_WAITING = 200


class BodyTooLarge(HarkError):
    """The request is larger than this address takes."""


class NoRoom(HarkError):
    """Too many large requests arrive at once. Please send it again."""


class BodyTooSlow(HarkError):
    """The request took too long to arrive."""


class ClientGone(HarkError):
    """The caller went away before the request was complete."""


def reply_headers(length: int, content_type: bytes, more: Iterable[Header] = ()) -> list[Header]:
    """Headers of a whole reply, the safe ones included."""
    return [(b"content-type", content_type), (b"content-length", b"%d" % length), *SAFE, *more]


async def answer(
    send: Send, status: int, body: bytes, *, content_type: bytes = b"application/json", headers: Iterable[Header] = ()
) -> None:
    """Send a whole reply."""
    said = reply_headers(len(body), content_type, headers)
    await send({"type": "http.response.start", "status": status, "headers": said})
    await send({"type": "http.response.body", "body": body})


async def refuse_unread(scope: Scope, receive: Receive, send: Send, status: int) -> None:
    """Answer a request whose body is not wanted, and close the connection. `status`: one of `REFUSED`.

    The answer goes out first; then what still comes is thrown away for a moment, because a socket closed with unread
    bytes is reset and the caller would never see the answer. A browser that shows pages gets a page in words.
    """
    error, title, words = REFUSED[status]
    wants_page = b"text/html" in (header(scope, b"accept") or b"")
    body = (PAGE.format(title=title, words=words) if wants_page else f'{{"error":"{error}"}}').encode()
    kind = b"text/html; charset=utf-8" if wants_page else b"application/json"
    said = reply_headers(len(body), kind, [(b"connection", b"close")])
    await send({"type": "http.response.start", "status": status, "headers": said})
    await send({"type": "http.response.body", "body": body, "more_body": True})
    thrown_away = 0
    try:
        async with asyncio.timeout(LINGER_SECONDS):
            while thrown_away < LINGER_BYTES:
                message = await receive()
                thrown_away += len(message.get("body", b""))
                if not message.get("more_body"):
                    break
    except TimeoutError:
        pass
    await send({"type": "http.response.body", "body": b""})


def header(scope: Scope, name: bytes) -> bytes | None:
    """The first header of this (lower-case) name."""
    for have, value in scope["headers"]:
        if have == name:
            found: bytes = value
            return found
    return None


def last_event(scope: Scope) -> str:
    """The last server-sent event the caller has seen: the browser's header, else `after` in the address."""
    sent = header(scope, b"last-event-id")
    if sent is not None:
        return sent.decode("latin-1")
    for pair in scope["query_string"].decode("latin-1").split("&"):
        name, _, value = pair.partition("=")
        if name == "after":
            return str(value)
    return ""


class Room:
    """So many bytes of large bodies may be on their way in at once; the small ones are bounded by their number."""

    def __init__(self, size: int) -> None:
        """All free."""
        self.free = size

    @contextlib.contextmanager
    def place(self, size: int) -> Iterator[Callable[[], None]]:
        """A function that takes `size` bytes when it turns out that they are needed. It raises NoRoom."""
        held = 0

        def take() -> None:
            nonlocal held
            if not held:
                if self.free < size:
                    raise NoRoom
                held = size
                self.free -= size

        try:
            yield take
        finally:
            self.free += held


large_bodies = Room(128 << 20)


async def read_body(scope: Scope, receive: Receive, *, cap: int, seconds: float) -> bytes:
    """The whole body. Never holds more than `cap` bytes and one chunk.

    Raises BodyTooLarge (at once when the announced length is over the cap), BodyTooSlow, NoRoom, ClientGone.
    """
    announced = header(scope, b"content-length")
    if announced is not None and (not announced.isdigit() or len(announced) > 15 or int(announced) > cap):
        raise BodyTooLarge
    message = await _first_chunk(receive, seconds)
    if not message.get("more_body"):
        return _whole(message.get("body", b""), cap, message)
    chunks, size = [message.get("body", b"")], len(message.get("body", b""))
    with large_bodies.place(cap) as taken:
        try:
            async with asyncio.timeout(seconds):
                while message.get("more_body") and size <= cap:
                    message = await receive()
                    chunks.append(message.get("body", b""))
                    size += len(chunks[-1])
                    if size > SMALL_BODY:
                        taken()
        except TimeoutError:
            raise BodyTooSlow from None
        return _whole(b"".join(chunks), cap, message)


async def _first_chunk(receive: Receive, seconds: float) -> Message:
    """The first part of the body, which is nearly always all of it and already here.

    So it is asked for before a timeout is armed: arming one costs more than all the rest of the reading (6 µs).
    """
    asked = receive()
    waits_for = None
    if isinstance(asked, CoroutineType):
        try:
            waits_for = asked.send(None)
        except StopIteration as done:
            here: Message = done.value
            return here
    try:
        async with asyncio.timeout(seconds):
            return await (_Begun(asked, waits_for) if isinstance(asked, CoroutineType) else asked)
    except TimeoutError:
        raise BodyTooSlow from None


class _Begun:
    """Goes on with a coroutine that has been begun by hand and waits for something."""

    def __init__(self, work: Coroutine[Any, Any, Message], waits_for: Any) -> None:
        self._work, self._waits_for = work, waits_for

    def __await__(self) -> Generator[Any, Any, Message]:
        """Hand what it waits for to the event loop, then let it go on."""
        came = False
        try:
            yield self._waits_for
            came = True
        finally:
            if not came:
                self._work.close()
        return (yield from self._work.__await__())


def _whole(body: bytes, cap: int, last: Message) -> bytes:
    """The body, unless it is too large or its sender vanished half-way."""
    if len(body) > cap:
        raise BodyTooLarge
    if last["type"] == "http.disconnect":
        raise ClientGone
    return body


def client_address(scope: Scope, trusted_hops: int) -> str:
    """The caller's address. X-Forwarded-For is believed for as many proxies as stand in front, counted from our end."""
    if trusted_hops > 0:
        forwarded = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for")
        places = [place.strip() for place in forwarded.decode("latin-1").split(",") if place.strip()]
        if len(places) >= trusted_hops:
            return places[-trusted_hops]
    client = scope.get("client")
    return str(client[0]) if client else ""


class DatabaseThreads:
    """A few threads for work on Django's connections beside an event loop. `close` gives every connection back."""

    def __init__(self, count: int, name: str) -> None:
        """`count` threads at most."""
        self._count, self._waiting = count, 0
        self._executor = ThreadPoolExecutor(max_workers=count, thread_name_prefix=name)

    async def run(self, work: Callable[[], T], *, seconds: float = 10) -> T:
        """Do `work` in a thread, on a connection that is checked before and let go when it is broken.

        Raises OperationalError when there is no answer in time, or when too many wait already: a frozen database
        must not use up the threads' line without bound.
        """
        if self._waiting >= MOST_WAITING:
            raise OperationalError("too many wait for the database")

        def tidy() -> T:
            close_old_connections()
            try:
                return work()
            finally:
                close_old_connections()

        self._waiting += 1
        try:
            async with asyncio.timeout(seconds):
                return await asyncio.get_running_loop().run_in_executor(self._executor, tidy)
        except TimeoutError:
            raise OperationalError("no answer from the database in time") from None
        finally:
            self._waiting -= 1

    async def close(self) -> None:
        """Close the connection of each thread, then end the threads."""
        await asyncio.to_thread(close_threads, self._executor, self._count)


def close_threads(executor: ThreadPoolExecutor, count: int) -> None:
    """End an executor of `count` threads, with the database connections that they hold."""
    barrier = threading.Barrier(count)

    def close_mine() -> None:
        with contextlib.suppress(threading.BrokenBarrierError):
            barrier.wait(5)  # so that each thread gets exactly one of these
        connections.close_all()

    for done in [executor.submit(close_mine) for _ in range(count)]:
        done.result()
    executor.shutdown()
