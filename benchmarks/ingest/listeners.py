"""Many open pages: each a connection to `/live` that is only read. A process of its own.

Reads commands on standard input, one a line: `report` prints the figures so far as JSON and begins anew; end of input
ends it.
"""

import asyncio
import json
import resource
import sys
import time
from typing import cast

import uvloop

AT_ONCE = 500  # connections being opened at any moment


class Page(asyncio.Protocol):
    """One open page."""

    def __init__(self, house: "House", request: bytes) -> None:
        self.house, self.request, self.open = house, request, False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast("asyncio.Transport", transport).write(self.request)

    def data_received(self, data: bytes) -> None:
        moment = time.time()
        if not self.open and b"\nid: " in data:
            self.open = True
            self.house.opened()
        at = data.find(b'"sent":')
        while at >= 0:
            self.house.late.append(moment - int(data[at + 7 : at + 23]) / 1e6)
            at = data.find(b'"sent":', at + 23)

    def connection_lost(self, exc: Exception | None) -> None:
        self.house.lost += 1


class House:
    """All pages."""

    def __init__(self, port: int, sessions: list[str]) -> None:
        self.port, self.sessions = port, sessions
        self.late: list[float] = []
        self.count = self.lost = 0
        self.all_open = asyncio.Event()
        self.gate = asyncio.Semaphore(AT_ONCE)

    def opened(self) -> None:
        self.count += 1
        self.gate.release()
        if self.count == len(self.sessions):
            self.all_open.set()

    async def fill(self) -> float:
        """Open all pages; seconds it took until the last one heard where it stands."""
        loop, began = asyncio.get_running_loop(), time.perf_counter()
        for session in self.sessions:
            await self.gate.acquire()
            request = (
                f"GET /live HTTP/1.1\r\nhost: bench\r\naccept: text/event-stream\r\n"
                f"user-agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0\r\n"
                f"accept-language: en-GB,en;q=0.9\r\ncookie: hark_session={session}\r\n\r\n"
            ).encode()
            await loop.create_connection(lambda r=request: Page(self, r), "127.0.0.1", self.port)  # type: ignore[misc]
        await asyncio.wait_for(self.all_open.wait(), 60)
        return time.perf_counter() - began

    def report(self) -> str:
        """The figures, and begin anew."""
        late, self.late = sorted(self.late), []
        return json.dumps({"late": late, "open": self.count, "lost": self.lost})


async def main() -> None:
    """Open, say so, then answer commands."""
    job = json.loads(sys.stdin.readline())
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    house = House(job["port"], job["sessions"])
    print(json.dumps({"seconds": await house.fill()}), flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        print(house.report(), flush=True)


if __name__ == "__main__":
    uvloop.run(main())
