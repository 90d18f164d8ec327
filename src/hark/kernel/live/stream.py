"""One client's line, and the words that go over it (server-sent events)."""

import json

from hark.kernel.ids import random_fraction
from hark.kernel.live.rights import Gate, Rights
from hark.kernel.raw_asgi import SAFE, Message, Send
from hark.kernel.types import JournalEvent, Position

START: Message = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"text/event-stream; charset=utf-8"), (b"x-accel-buffering", b"no"), *SAFE],
}
RELOAD = "reload"  # the page must fetch its parts again: something was missed, or rights have changed
CLOSED = "closed"  # rights have ended; the page should ask who it is


class Stream:
    """One connected client; busy until its beginning has been sent."""

    __slots__ = ("busy", "frames", "gate", "last_sent", "open", "rights", "send", "ticket")

    def __init__(self, gate: Gate, ticket: str, rights: Rights, send: Send, *, last_sent: float, spread: float) -> None:
        """`spread` seconds back at most lies what counts as the last sending, so that not all hearts beat at once."""
        self.gate, self.ticket, self.rights, self.send = gate, ticket, rights, send
        self.frames: list[bytes] = []
        self.busy = self.open = True
        self.last_sent = last_sent - spread * random_fraction()


async def send_last(stream: Stream, last: bytes) -> None:
    """What still waits, the last word, and the end."""
    chunk = b"".join([*stream.frames, last])
    try:
        await stream.send({"type": "http.response.body", "body": chunk, "more_body": False})
    except (OSError, RuntimeError):  # it went by itself at the same moment
        return


def frame(gate: Gate, event: JournalEvent) -> bytes:
    """An event as its gate shows it."""
    data = json.dumps(gate.shown(event), separators=(",", ":"))
    return f"id: {event.position}\ndata: {data}\n\n".encode()


def special(name: str, position: Position) -> bytes:
    """A word to the page itself."""
    return f"event: {name}\nid: {position}\ndata: {{}}\n\n".encode()


def beat(position: Position) -> bytes:
    """A heartbeat that also moves the client's place on: an event without data only does that."""
    return f": still here\nid: {position}\n\n".encode()
