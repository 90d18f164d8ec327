"""The web process: uvicorn over `hark.site.asgi`, on a socket of the supervisor's or one of its own."""

import socket

import uvicorn

from hark.kernel.health import pulse
from hark.site import boot
from hark.site.child import say_ready

DRAIN_SECONDS = 8


class Server(uvicorn.Server):
    """Says when it takes requests."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then tell the supervisor."""
        await super().startup(sockets=sockets)
        if self.started:
            say_ready()

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second: the event loop comes round."""
        pulse.beat()
        return await super().on_tick(counter)


def serve(line: socket.socket) -> None:
    """Take requests from `line` until SIGTERM or SIGINT; then finish those that run, within 8 s."""
    boot.wait_for_database(seconds=float("inf"))
    boot.open_the_key()
    config = uvicorn.Config(
        "hark.site.asgi:application",
        loop="auto",
        http="httptools",
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        log_level="warning",
        server_header=False,
        proxy_headers=False,  # addresses are read in one place, with HARK_TRUSTED_HOPS
        timeout_graceful_shutdown=DRAIN_SECONDS,
        backlog=2048,
    )
    Server(config).run(sockets=[line])
