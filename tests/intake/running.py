"""The real front on a real uvicorn in a thread of this process, and small makers."""

import asyncio
import contextlib
import http.client
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import uvicorn
import uvloop
from django.db import connections
from django.test import override_settings

from hark.channels.registry import register_for_tests
from hark.kernel.ids import public_key
from hark.kernel.postgres import EmbeddedServer
from hark.organisation.actions.channels import connect_channel
from hark.organisation.models import Brand, Channel, Inbox, Team
from hark.site.front import Front
from tests.intake.bell import Bell, BigBell

T = TypeVar("T")


class RunningFront:
    """One web process's application, listening."""

    def __init__(self) -> None:
        self.front = Front()
        self.line = socket.socket()
        self.line.bind(("127.0.0.1", 0))
        self.port: int = self.line.getsockname()[1]
        self.server = uvicorn.Server(
            uvicorn.Config(
                self.front,
                http="httptools",
                loop="uvloop",
                ws="none",
                lifespan="on",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                timeout_graceful_shutdown=8,
            )
        )
        self.loop: asyncio.AbstractEventLoop | None = None
        self.thread = threading.Thread(target=self._serve, name="front")

    def _serve(self) -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            self.loop = runner.get_loop()
            runner.run(self.server.serve([self.line]))

    def start(self) -> None:
        self.thread.start()
        until(lambda: self.server.started and self.front.channels.loaded and self.front.hub.ready)

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(30)
        assert not self.thread.is_alive()

    def call(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        """One request on a connection of its own."""
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            link.request(method, path, body or None, headers or {})
            reply = link.getresponse()
            return reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read()
        finally:
            link.close()

    def post(self, channel: Channel | str, body: bytes, headers: dict[str, str]) -> int:
        """The status of one call at a channel's address."""
        key = channel if isinstance(channel, str) else channel.key
        return self.call("POST", f"/in/{key}", body, headers)[0]

    def knows(self, channel: Channel) -> Channel:
        """Let the front door learn of a channel now instead of within a second."""
        self.run(self.front.channels.refresh())
        assert self.front.channels.find(channel.key)
        return channel

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something on the front's event loop."""
        assert self.loop
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(20)


@contextmanager
def running_front() -> Iterator[RunningFront]:
    """Start, and stop whatever happened."""
    with register_for_tests(Bell(), BigBell()), override_settings(STATIC_ROOT=None):
        front = RunningFront()
        front.start()
        try:
            yield front
        finally:
            front.stop()


def until(condition: Callable[[], Any], seconds: float = 10) -> Any:
    """Wait until `condition` holds; fails when it does not in time."""
    deadline = time.monotonic() + seconds
    while not (held := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)
    return held


def make_inbox(name: str = "Care", *, only_assigned: bool = False) -> tuple[Inbox, Team]:
    """An inbox and the team that sees it."""
    brand, _ = Brand.objects.get_or_create(name="Plum", defaults={"key": public_key("brand")})
    team = Team.objects.create(key=public_key("team"), name=name)
    inbox = Inbox.objects.create(key=public_key("inbox"), name=name, brand=brand, only_assigned=only_assigned)
    inbox.teams.add(team)
    return inbox, team


def make_channel(venue: str = "bell", inbox: Inbox | None = None) -> Channel:
    """A connected channel."""
    return connect_channel(
        actor="system",
        venue=venue,
        external_id=public_key("ext"),
        name=venue,
        inbox=inbox or make_inbox()[0],
        settings={},
        secrets={},
    )


def kill(server: EmbeddedServer) -> None:
    """Kill -9 of the postmaster and all its children."""
    assert server.process
    connections.close_all()
    for number in family(server.process.pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)
    server.process.wait()


def family(process: int) -> list[int]:
    """A process and all that came from it."""
    try:
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    except FileNotFoundError:  # a worker of the database that has ended meanwhile
        return []
    return [process, *(number for child in children for number in family(int(child)))]
