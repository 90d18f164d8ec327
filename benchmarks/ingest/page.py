"""One open page that remembers when it first heard of each message."""

import asyncio
import re
import time
from typing import Self

NAMED = re.compile(rb'"message": ?"(msg_[0-9a-z]+)"')

RELOAD = re.compile(rb"event: reload\nid: (\S+)\n")


class Page(asyncio.Protocol):
    """An agent's `/live`. `seen`: message key → wall-clock time of the first event that names it.

    `reloads`: position → time when the page was told to fetch its lists anew, because more came at once than is sent.
    """

    def __init__(self) -> None:
        """Not open yet."""
        self.seen: dict[str, float] = {}
        self._transport: asyncio.Transport
        self.reloads: dict[str, float] = {}
        self._rest = b""
        self._greeted: asyncio.Event = asyncio.Event()

    @classmethod
    async def open(cls, port: int, session: str) -> Self:
        """A page that has been told where it stands in the journal."""
        transport, page = await asyncio.get_running_loop().create_connection(cls, "127.0.0.1", port)
        page._transport = transport
        transport.write(f"GET /live HTTP/1.1\r\nhost: 127.0.0.1\r\ncookie: hark_session={session}\r\n\r\n".encode())
        await asyncio.wait_for(page._greeted.wait(), 30)
        return page

    def close(self) -> None:
        """Leave."""
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        """Note the moment, then the names; a name may be cut in two."""
        moment = time.time()
        self._rest += data
        if b"\nid: " in self._rest:
            self._greeted.set()
        for told in RELOAD.finditer(self._rest):
            self.reloads.setdefault(told[1].decode(), moment)
        for found in NAMED.finditer(self._rest):
            self.seen.setdefault(found[1].decode(), moment)
        self._rest = self._rest[self._rest.rfind(b"\n") + 1 :] if b"\n" in data else self._rest
