"""From the venue's call to the agent's open page, and what a poison message does to its neighbours
(engine reference, what must hold 3 and 6).

    python -m benchmarks.ingest.visible [--seconds 40] [--rate 100] [--rounds 2]

`hark up` as it runs in production: its own database with fsync, one web process, two workers, models on. Calls of 1 KB
leave at a fixed pace whatever the answers; an agent's page hears `/live`. A message counts from the moment its call
should have left until the page has the event that names it.
"""

import argparse
import asyncio
import hashlib
import hmac
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.ingest.ground import percentile, table
from benchmarks.ingest.page import Page
from benchmarks.ingest.posts import calls

SECRET = "bench"
PORT = 8_733
CONNECTIONS = 16
POISON_EVERY_SECONDS = 4
WARM_SECONDS = 5


@contextmanager
def running_hark() -> Iterator[None]:
    """`hark up` in an empty folder; this process can read its tables."""
    with tempfile.TemporaryDirectory(prefix="hark-bench-") as folder:
        Path(folder).chmod(0o755)
        os.environ.update(HARK_DATA=folder, HARK_LOG_LEVEL="ERROR")
        hark = str(Path(sys.executable).with_name("hark"))
        process = subprocess.Popen([hark, "up", "--port", str(PORT), "--data", folder])
        try:
            for _ in range(600):
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{PORT}/livez", timeout=1).close()
                    break
                except OSError:
                    time.sleep(0.1)
            from hark.site import boot

            boot.enter(check_key=False)
            boot.wait_for_database()
            boot.open_the_key()
            yield
        finally:
            from django.db import connections

            connections.close_all()
            process.terminate()
            process.wait(40)


def furnish() -> tuple[list[Any], str]:
    """Three channels, the last one poisonous, and an agent's session.

    What the last one's authors are called fits every field, and no index: the drain cannot store them.
    """
    from django.contrib.sessions.backends.db import SessionStore

    from benchmarks.ingest.live_pages import session_of
    from hark.organisation.actions.channels import connect_channel
    from hark.organisation.actions.people import add_agent, add_brand, add_inbox, add_team
    from hark.organisation.types import NewBrand, NewInbox

    team = add_team(name="Care")
    brand = add_brand(brand=NewBrand(name="Plum", handles=("@plum",), products=("Kestrel",)))
    inbox = add_inbox(inbox=NewInbox(name="Care"), brand=brand, teams=[team])
    agent = add_agent(name="Ada", email="ada@plum.example", teams=[team], password="a long one, for once")  # noqa: S106
    channels = [
        connect_channel(actor="system", venue="simulated", external_id=name, name=name, inbox=inbox,
                        settings={"network": network}, secrets={"webhook": SECRET})
        for name, network in (("Square", "square"), ("Post", "post"), ("Odd", odd(400)))
    ]  # fmt: skip
    return channels, session_of(agent, SessionStore)


def odd(length: int) -> str:
    """Text that no compression makes small."""
    dice = random.Random(length)
    return "".join(chr(dice.randrange(0x20000, 0x2A000)) for _ in range(length))


def request(channel: Any, external_id: str, thread: str, body: bytes) -> bytes:
    """A signed call of the simulated venue."""
    stamp = str(int(time.time()))
    code = hmac.digest(SECRET.encode(), stamp.encode() + b"." + body, hashlib.sha256).hex()
    head = (
        f"POST /in/{channel.key} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
        f"simulated-timestamp: {stamp}\r\nsimulated-signature: {code}\r\nsimulated-delivery: {external_id}\r\n"
        f"simulated-thread: {thread}\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def poison(number: int, salt: str) -> tuple[str, str, bytes]:
    """A message whose author no index takes."""
    external_id = f"{salt}bad{number}"
    said = {"type": "post", "id": external_id, "text": "Odd.", "author": {"id": odd(500)}}
    return external_id, external_id, json.dumps({"events": [said]}).encode()


async def call(connections: asyncio.Queue[Any], message: bytes, due: float, taken: list[float]) -> None:
    """One call over a free connection, kept alive."""
    reader, writer = await connections.get()
    writer.write(message)
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
    await reader.readexactly(int(length[1]) if length else 0)
    assert head.startswith(b"HTTP/1.1 200"), head
    taken.append((time.time() - due) * 1_000)
    connections.put_nowait((reader, writer))


async def offer(channels: Sequence[Any], rate: int, seconds: int, salt: str, *, poisoned: bool) -> dict[str, Any]:
    """Call at the pace; when each message's call was due, by its external id, and how long the answers took."""
    connections: asyncio.Queue[Any] = asyncio.Queue()
    for _ in range(CONNECTIONS):
        connections.put_nowait(await asyncio.open_connection("127.0.0.1", PORT))
    due_at: dict[str, float] = {}
    taken: list[float] = []
    began, running = time.time() + 0.2, set()
    for number, one in enumerate(calls(rate * seconds, 2, salt=salt)):
        due = began + number / rate
        await asyncio.sleep(max(0.0, due - time.time()))
        due_at[one.external_id] = due
        messages = [request(channels[one.channel], one.external_id, one.thread, one.body)]
        if poisoned and number % (rate * POISON_EVERY_SECONDS) == rate:
            messages.append(request(channels[2], *poison(number, salt)))
        running |= {asyncio.create_task(call(connections, message, due, taken)) for message in messages}
    await asyncio.gather(*running)
    while not connections.empty():
        connections.get_nowait()[1].close()
    return {"due": due_at, "taken": taken}


async def measure(channels: Sequence[Any], session: str, rate: int, seconds: int, *, poisoned: bool) -> dict[str, Any]:
    """One phase with one open page."""
    page = await Page.open(PORT, session)
    salt = f"{time.time_ns():x}-"
    said = await offer(channels, rate, seconds, salt, poisoned=poisoned)
    deadline = time.time() + 15
    while len(page.seen) < len(said["due"]) and time.time() < deadline:
        await asyncio.sleep(0.1)
    page.close()
    return {**said, "seen": page.seen, "reloads": page.reloads, "salt": salt}


def late(figures: dict[str, Any], *, after: float) -> list[float]:
    """Milliseconds from call to page of every message whose call was due `after` seconds or later."""
    from hark.conversations.models import Message

    due, seen = figures["due"], figures["seen"]
    first = min(due.values()) + after
    keys = dict(Message.objects.filter(external_id__in=list(due)).values_list("external_id", "key"))
    assert len(keys) == len(due), f"{len(due) - len(keys)} messages are not there"
    unheard = {key for key in keys.values() if key not in seen}
    seen.update(by_reload(unheard, figures["reloads"]))
    assert all(key in seen for key in keys.values()), "the page has not heard of every message"
    figures["by_reload"] = len(unheard)
    return [(seen[keys[one]] - at) * 1_000 for one, at in due.items() if at >= first]


def by_reload(unheard: set[str], reloads: dict[str, float]) -> dict[str, float]:
    """When the page was told to fetch its lists anew, for messages that no event has named to it."""
    from hark.kernel.models import Event
    from hark.kernel.types import Position

    told = sorted((position, at) for text, at in reloads.items() if (position := Position.parse(text)))
    events = Event.objects.filter(kind="message.received", data__message__in=unheard)
    found = {}
    for key, xid, number in events.values_list("data__message", "xid", "id") if unheard else ():
        place = Position(int(xid), number)
        found[key] = next(at for position, at in told if position >= place)
    return found


def parked(salt: str) -> list[float]:
    """Seconds from the arrival of each poison message until people see it parked; waits for them, 75 s at most."""
    from hark.intake.models import Arrival
    from hark.kernel.models import Event

    mine = Arrival.objects.filter(dedupe_key__startswith=f"{salt}bad")
    deadline = time.time() + 75
    while mine.filter(state="received").exists() and time.time() < deadline:
        time.sleep(0.5)
    assert not mine.exclude(state="parked").exists(), "a poison message was read, or still waits"
    newest = Event.objects.filter(kind="arrival.parked").order_by("-at").values_list("at", flat=True)
    told = sorted(newest[: mine.count()])
    came = sorted(mine.values_list("received_at", flat=True))
    return [(at - then).total_seconds() for at, then in zip(told, came, strict=True)]


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=40)
    parser.add_argument("--rate", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=2)
    wanted = parser.parse_args()
    rows, waits = [], []
    with running_hark():
        channels, session = furnish()
        time.sleep(6)  # the front door looks for new channels every few seconds
        for number in range(1, wanted.rounds + 1):
            for poisoned in (False, True):
                figures = asyncio.run(measure(channels, session, wanted.rate, wanted.seconds, poisoned=poisoned))
                times = late(figures, after=WARM_SECONDS)
                if poisoned:
                    waits += parked(figures["salt"])
                rows.append((number, "one each 4 s" if poisoned else "none", len(times),
                             *(f"{percentile(times, share):.0f}" for share in (0.5, 0.9, 0.99, 1.0)),
                             figures["by_reload"],
                             f"{percentile(figures['taken'], 0.5):.0f} / {percentile(figures['taken'], 0.99):.0f}",
                             f"{os.getloadavg()[0]:.1f}"))  # fmt: skip
                print(*rows[-1], file=sys.stderr, flush=True)
    head = [
        "round",
        "poison",
        "messages",
        "p50 ms",
        "p90",
        "p99",
        "worst",
        "told by a reload",
        "answered, p50 / p99 ms",
        "load",
    ]
    print(table(head, rows))
    print(f"\n{len(waits)} poison messages, parked after {min(waits):.0f} to {max(waits):.0f} s.")


if __name__ == "__main__":
    main()
