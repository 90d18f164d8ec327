"""Traffic for the tests of the journey: calls of the simulated venue, stored as the front door would."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from hark.intake.actions import accept
from hark.intake.types import NewArrival
from hark.journey.jobs import drain_step
from hark.kernel.time import now
from hark.organisation.models import Channel

POISON = "POISON"


def direct(number: int | str, thread: str = "t1", who: str = "u1", **more: Any) -> dict[str, Any]:
    """A direct message as the simulated venue posts it."""
    said = {"type": "direct", "id": f"p{number}", "thread": thread, "text": f"Line {number}: no signal since Monday."}
    author = {"id": who, "name": f"Name of {who}", "handle": f"@{who}"}
    return {**said, "author": author, "at": now().isoformat(), **more}


def arrive(
    channel: Channel, *calls: Sequence[dict[str, Any]] | dict[str, Any] | bytes, key: str = "", **more: Any
) -> int:
    """Store each call as one arrival; how many were new. `key` names the delivery instead of the digest."""
    return accept(channel_id=channel.pk, arrivals=[arrival(call, key, **more) for call in calls])


def arrival(
    call: Sequence[dict[str, Any]] | dict[str, Any] | bytes, key: str = "", at: datetime | None = None
) -> NewArrival:
    """One call of the venue."""
    if isinstance(call, bytes):
        body, lane = call, ""
    else:
        events = [call] if isinstance(call, dict) else list(call)
        body, lane = json.dumps({"events": events}).encode(), str(events[0].get("thread", "")) if events else ""
    return NewArrival(key, lane, {}, body, at or now())


def drain(workers: int = 1) -> None:
    """Let every worker take what is there until nothing is left for now."""
    while any([drain_step(worker, workers) for worker in range(workers)]):  # noqa: C419 - every one of them
        pass
