"""A gate that fails admits nobody and stops nobody."""

import asyncio
from collections.abc import Collection, Mapping
from typing import Any

import pytest

from hark.kernel.live import Rights
from hark.kernel.raw_asgi import Message
from hark.kernel.types import JournalEvent
from tests.intake.running import RunningFront, make_inbox, until
from tests.live.conftest import Listen
from tests.live.listening import happen, make_agent

pytestmark = pytest.mark.django_db(transaction=True)


class Moody:
    """A third party's gate, with a bug."""

    def __init__(self) -> None:
        self.asked = 0
        self.broken = False

    def rights(self, tickets: Collection[str]) -> Mapping[str, Rights]:
        self.asked += 1
        if "poison" in tickets:
            raise ValueError("no such ticket")
        return {} if self.broken else {ticket: Rights(visitor="conv_x") for ticket in tickets}

    def doubtful(self, tickets: Collection[str]) -> Collection[str]:
        if self.broken and self.asked < 3:
            self.asked += 1
            raise ValueError("not in the mood")
        return tickets

    def holders(self, subjects: Collection[str]) -> Mapping[str, int]:
        return {}

    def shown(self, event: JournalEvent) -> dict[str, Any]:
        return {"subject": event.subject}


def open_stream(front: RunningFront, gate: Moody, ticket: str) -> tuple[list[bytes], asyncio.Event]:
    """A client of this gate: what it was sent, and the event that its line is cut by."""
    sent: list[bytes] = []
    gone = asyncio.Event()

    async def receive() -> Message:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message.get("body", b""))
        if message["type"] == "http.response.body" and not message.get("more_body"):
            gone.set()

    async def serve() -> None:
        await front.front.hub.serve(receive, send, gate=gate, ticket=ticket, after="")

    async def begin() -> None:
        tasks.add(asyncio.get_running_loop().create_task(serve()))

    front.run(begin())
    return sent, gone


tasks: set[asyncio.Task[None]] = set()


def test_ticket_that_breaks_its_gate_is_sent_away_and_the_next_one_admitted(front: RunningFront) -> None:
    gate = Moody()
    poisoned, _ = open_stream(front, gate, "poison")
    until(lambda: b"retry: 2000\n\n" in poisoned)
    served, gone = open_stream(front, gate, "fine")
    until(lambda: any(b"id: " in part for part in served))
    happen("case_1", visitor="conv_x")
    until(lambda: any(b"case_1" in part for part in served))
    assert front.loop
    front.loop.call_soon_threadsafe(gone.set)


def test_check_that_fails_is_made_again_and_others_go_on_hearing(front: RunningFront, listen: Listen) -> None:
    gate = Moody()
    served, _ = open_stream(front, gate, "fine")
    until(lambda: any(b"id: " in part for part in served))
    inbox, team = make_inbox()
    ann = listen(make_agent("ann", team))
    gate.broken = True
    until(lambda: any(b"event: closed" in part for part in served), seconds=15)
    happen("case_1", inbox)
    until(ann.heard)
