"""A venue that calls: keep-alive connections that post signed, distinct bodies of 1 KB. A process of its own.

Closed: each connection sends its next call when the last was answered. Open: calls leave at a fixed pace whatever the
answers, and a latency counts from the moment the call should have left.
"""

import asyncio
import hashlib
import hmac
import json
import os
import sys
import time
from dataclasses import dataclass, field
from typing import cast

import uvloop

BODY_BYTES = 1_024
OK = b"HTTP/1.1 200"
END = b"}"  # of every answer of the front door


@dataclass
class Job:
    """What to do, as JSON on the command line."""

    port: int
    path: str
    secret: str
    clients: int
    seconds: float
    rate: float = 0  # calls a second; 0: closed
    prepared: int = 100_000


@dataclass
class Tally:
    """What came of it."""

    latencies: list[float] = field(default_factory=list)
    other: int = 0


def prepare(job: Job) -> list[bytes]:
    """Whole requests, made before the clock starts."""
    secret, stamp, salt = job.secret.encode(), str(int(time.time())), os.urandom(4).hex()
    requests = []
    for number in range(job.prepared):
        text = f'{{"events":[{{"kind":"message","id":"{salt}-{number}","text":"'
        body = (text + "a" * (BODY_BYTES - len(text) - 4) + '"}]}').encode()
        code = hmac.digest(secret, stamp.encode() + b"." + body, hashlib.sha256).hex()
        head = (
            f"POST {job.path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n"
            f"simulated-timestamp: {stamp}\r\nsimulated-signature: {code}\r\nsimulated-delivery: {salt}-{number}\r\n"
            f"simulated-thread: t{number % 5_000}\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        requests.append(head.encode() + body)
    return requests


class Caller(asyncio.Protocol):
    """One connection, one call at a time."""

    def __init__(self, run: "Run") -> None:
        self.run = run
        self.began = 0.0
        self.reply = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.run.free(self)

    def send(self, request: bytes, began: float) -> None:
        self.began = began
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self.reply += data
        if not self.reply.endswith(END):  # head and body may come in two pieces
            return
        if self.reply.startswith(OK):
            self.run.tally.latencies.append(time.perf_counter() - self.began)
        else:
            self.run.tally.other += 1
        self.reply = b""
        self.run.free(self)


class Run:
    """All connections of one measurement."""

    def __init__(self, job: Job) -> None:
        self.job, self.tally = job, Tally()
        self.requests = prepare(job)
        self.idle: list[Caller] = []
        self.late: list[float] = []
        self.running = False

    def free(self, caller: Caller) -> None:
        """This connection has nothing to do."""
        if self.running and not self.job.rate:
            self.next(caller, time.perf_counter())
        elif self.late:
            self.next(caller, self.late.pop(0))
        else:
            self.idle.append(caller)

    def next(self, caller: Caller, began: float) -> None:
        if self.requests:
            caller.send(self.requests.pop(), began)
        else:
            self.running = False

    async def measure(self) -> dict[str, float]:
        loop = asyncio.get_running_loop()
        for _ in range(self.job.clients):
            await loop.create_connection(lambda: Caller(self), "127.0.0.1", self.job.port)
        self.running = True
        began = time.perf_counter()
        if self.job.rate:
            await self.pace(began)
        else:
            idle, self.idle = self.idle, []
            for caller in idle:
                self.free(caller)
            while self.running and time.perf_counter() - began < self.job.seconds:
                await asyncio.sleep(0.05)
        self.running = False
        took = time.perf_counter() - began
        ordered = sorted(self.tally.latencies)
        await asyncio.sleep(0.3)
        at = lambda share: ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1_000  # noqa: E731
        return {
            "rate": len(ordered) / took,
            "p50": at(0.5),
            "p99": at(0.99),
            "worst": ordered[-1] * 1_000,
            "other": self.tally.other,
            "calls": len(ordered),
        }

    async def pace(self, began: float) -> None:
        """Send what is due; what finds no free connection waits, and its wait counts."""
        sent = 0
        while (passed := time.perf_counter() - began) < self.job.seconds and self.requests:
            while sent < passed * self.job.rate:
                due = began + sent / self.job.rate
                sent += 1
                if self.idle:
                    self.next(self.idle.pop(), due)
                else:
                    self.late.append(due)
            await asyncio.sleep(0.0005)


async def main() -> None:
    """Measure and print the figures as JSON."""
    run = Run(Job(**json.loads(sys.argv[1])))
    print(json.dumps(await run.measure()))


if __name__ == "__main__":
    uvloop.run(main())
