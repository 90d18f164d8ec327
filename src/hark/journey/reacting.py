"""Runs the reactions: follows the journal in commit order, one worker at a time, and tries again what failed."""

import logging
from collections.abc import Sequence
from itertools import pairwise

from django.db import transaction

from hark.journey.actions import due_failure, fail_again, forget_failure, remember_failure
from hark.journey.failing import describe, is_database_away
from hark.journey.models import FailedReaction
from hark.journey.reactions import REACTIONS, Reaction
from hark.kernel.actions import hold_reader, move_reader
from hark.kernel.queries import event_at, events_after, reader_position
from hark.kernel.types import JournalEvent, Position

READER = "reactions"
LOOKED_AT = 100
AT_ONCE = 20  # reactions in a step: a worker that is to stop must not wait for a long page
logger = logging.getLogger(__name__)


def react_step() -> bool:
    """Let the next events have their effects, or a failed one once more; True when there may be more.

    Any number of workers: one at a time holds the reader, whose place moves in the transaction of the effects. An event
    nobody reacts to costs nothing. Raises when the database is away: then what is not committed has not happened.
    """
    return _try_again() or _follow()


def _follow() -> bool:
    """Read a page of the journal once and react to it event by event, each in a transaction of its own."""
    place = reader_position(READER)
    events = events_after(place, limit=LOOKED_AT)
    stretches = _stretches(events)
    for passed in stretches[:AT_ONCE]:
        if not _react(place, passed):
            return False  # another worker is at it
        place = passed[-1].position
    return bool(stretches)


def _stretches(events: Sequence[JournalEvent]) -> list[Sequence[JournalEvent]]:
    """The events in pieces that each end with one that somebody reacts to; a full page of others is one piece."""
    ends = [number for number, event in enumerate(events, 1) if event.kind in REACTIONS]
    if not ends and len(events) == LOOKED_AT:
        ends = [LOOKED_AT]
    return [events[start:end] for start, end in pairwise([0, *ends])]


@transaction.atomic
def _react(place: Position, passed: Sequence[JournalEvent]) -> bool:
    """Let the last event of `passed` have its effects; False when the reader no longer stands at `place`."""
    if hold_reader(READER) != place:
        return False
    event = passed[-1]
    for reaction in REACTIONS.get(event.kind, ()):
        error = _attempt(reaction, event)
        if error is not None:
            remember_failure(event=event, reaction=reaction.__name__, error=describe(error))
    move_reader(name=READER, position=event.position)
    return True


@transaction.atomic
def _try_again() -> bool:
    failure = due_failure()
    if failure is None:
        return False
    error = _redo(failure)
    if error is None:
        forget_failure(failure)
    elif fail_again(failure, error=describe(error)):
        logger.error("reaction %s to %s was set aside: %s", failure.reaction, failure.kind, describe(error))
    return True


def _redo(failure: FailedReaction) -> Exception | None:
    event = event_at(xid=failure.event_xid, number=failure.event_id)
    named = {each.__name__: each for each in REACTIONS.get(failure.kind, ())}
    if event is None or failure.reaction not in named:  # a release that does not know this reaction any more
        return None
    return _attempt(named[failure.reaction], event)


def _attempt(reaction: Reaction, event: JournalEvent) -> Exception | None:
    """Do it within a savepoint, so that what it began is undone when it fails."""
    try:
        with transaction.atomic():
            reaction(event)
    except Exception as error:
        if is_database_away(error):
            raise
        return error
    return None
