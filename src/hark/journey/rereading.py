"""Old messages are read again: a few at a time, whenever nothing new waits, by whichever worker is free."""

from dataclasses import replace
from typing import Any

from hark.conversations.actions.rereading import (
    end_rereading,
    keep_batch,
    lease_rereading,
    release_rereading,
    stop_rereading,
)
from hark.conversations.models import Rereading
from hark.conversations.queries.rereading import OldBatch, OldMessage, next_batch, running_rereading
from hark.intake.queries import backlog
from hark.journey.opening import addressed_by
from hark.journey.reading import HISTORY, ToRead, can_read, read_in_context
from hark.journey.rivals import rival_of
from hark.kernel.time import monotonic, sleep
from hark.organisation.queries import own_readings
from hark.understanding.types import Context, HistoryItem

TURN_SECONDS = 8.0  # of one job; the next one begins ten seconds after this one began
REST = 1.0  # seconds of rest for a second of reading: half of one thread at most is taken


def take_turn(*, seconds: float = TURN_SECONDS, rest: float = REST) -> bool:
    """Read old messages again for a while; True when a run is left that is neither done nor paused.

    Stops as soon as new messages wait. A worker that dies in here loses one batch, which another one reads again.
    """
    run = lease_rereading()
    if run is None:
        return running_rereading() is not None
    started = monotonic()
    while monotonic() - started < seconds and not intake_waits():
        began = monotonic()
        if not step(run):
            return False
        sleep((monotonic() - began) * rest)
        run.refresh_from_db()
    release_rereading(run_id=run.pk)
    return True


def step(run: Rereading) -> bool:
    """One batch of this run; False when it is over, paused, or cannot go on."""
    batch = next_batch(run)
    if batch is None:
        end_rereading(run_id=run.pk)
        return False
    if not can_read():
        stop_rereading(run_id=run.pk, problem="The models are damaged or missing: `hark doctor` says more.")
        return False
    return keep_batch(run_id=run.pk, batch=batch, readings=read_batch(batch))


def intake_waits() -> bool:
    """Does anything new wait?"""
    waiting, _, _ = backlog()
    return waiting > 0


def read_batch(batch: OldBatch) -> dict[int, Any]:
    """What the models of today read in these messages, by message."""
    messages = batch.messages
    own = own_readings({one.brand.pk for one in messages})
    whys = [addressed_by(one.visibility, one.targets_us) for one in messages]
    readings = read_in_context(
        [
            ToRead(one.said, _context(one, said_to_us=bool(why)), one.brand, own[one.brand.pk], why, _rival(one))
            for one, why in zip(messages, whys, strict=True)
        ]
    )
    return {one.id: reading for one, reading in zip(messages, readings, strict=True)}


def _rival(one: OldMessage) -> str:
    return rival_of(one.said, one.targets_us, one.brand)


def _context(one: OldMessage, *, said_to_us: bool) -> Context:
    """What the journey knew when the message came."""
    context = Context(
        language_hint=one.language or None, brand=one.brand.key, sent_at=one.sent_at, addressed=said_to_us
    )
    if one.author is None:
        return context
    items = [HistoryItem("agent" if it.ours else "contact", it.text, it.sent_at, it.score) for it in one.history]
    return replace(context, author="|".join(one.author), history=tuple(items[-HISTORY:]))
